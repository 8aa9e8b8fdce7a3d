"""Claims about worlds made from evidence: each rule by hand, the whole file on small tables, and the real six countries."""

import hashlib
import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import world_tables
from hypothesis import given, settings
from hypothesis import strategies as some
from table_worlds import INCOME, PATENTS, STAGES, TABLE, changed, made, of, refusal  # noqa: F401

from redqueen.cases.brought import Table
from redqueen.cases.case import read_case
from redqueen.cases.from_evidence import world_text, write_world
from redqueen.cases.measures import Measures, Tables, measure
from redqueen.cli import main
from redqueen.evidence.classifications import industry, sector_names
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.formats import read_evidence
from redqueen.model.endowments import ENDOWMENTS

FILES = Path(__file__).parent / "files"
JOBS, PEOPLE = FILES / "world_jobs.csv", FILES / "world_people_abroad.csv"
POPULATION, ARTICLES = FILES / "world_population.csv", FILES / "world_articles.csv"
# Numbers in the file have four significant digits.
ROUNDED = 5e-4


# The whole file, on small tables worked by hand


def test_the_small_world_is_what_its_tables_say(made):
    case = made()
    assert case.world.regions == ("USA", "TWN", "ROW")
    # Value added over the wage: 150, 84 / 0.5, and 54 / 0.4 in KOR with 110 / 0.5 where incomes are not known.
    assert case.world.endowments["base_wage"] == pytest.approx([1.0, 0.5, 164 / 355], rel=ROUNDED)
    heads = [10_000 * x / 673 for x in (150, 168, 355)]
    assert case.world.endowments["workers"] == pytest.approx(heads, rel=ROUNDED)
    # TWN's users outside the sector buy 8 + 29 of 545; the wage bill is 10,000 x 398 / 673; odds 3.3 x 0.5^1.2 = 1.43641.
    spending = 1.6 * 10_000 * 398 / 673 * 37 / 545
    assert of(case, "frontier_market", "TWN") == pytest.approx(spending * 1.43641 / 2.43641, rel=ROUNDED)
    assert of(case, "value_market", "TWN") == pytest.approx(spending / 2.43641, rel=ROUNDED)
    # Patents a year before 2000: 120, 12 and 20 + 44; per value added 0.8, 1 / 7 and 16 / 41. Those of 2000 are not yet known.
    assert of(case, "first_quality", "TWN", "design") == pytest.approx(0.25 * math.log(1 / 5.6), rel=ROUNDED)
    assert of(case, "first_quality", "TWN", "assembly") == pytest.approx(0.4 * math.log(0.5), rel=ROUNDED)
    assert of(case, "first_quality", "ROW", "brand") == pytest.approx(0.25 * math.log(20 / 41), rel=ROUNDED)
    talent = 0.7 * heads[1] * 0.5**0.4 * (1 / 5.6) ** 0.2
    assert of(case, "first_talent", "TWN") == pytest.approx(talent, rel=ROUNDED)
    assert of(case, "graduates", "TWN") == pytest.approx(0.008 * talent, rel=ROUNDED)
    # 364 firms by output, 300, 160 and 355, and 12 each.
    assert case.world.endowments["first_firms"].sum(axis=1).tolist() == [146, 83, 171]


def test_the_small_world_is_as_far_and_as_tied_as_its_trade(made):
    case = made()
    usa, twn, row = range(3)
    # USA and TWN sell each other 21 and 66, at home 200 and 45.
    apart = -math.log(21 * 66 / (200 * 45)) / (2 * 3.35)
    distance, ties = case.world.endowments["distance"], case.world.endowments["first_tie_share"]
    assert distance[usa, twn] == pytest.approx(apart, rel=ROUNDED)
    assert (distance == distance.T).all()
    # The sector buys of its own kind 100 in USA, 50 in TWN and 120 in the rest.
    expected = [[0, 0.5 * 20 / 100, 0.5 * 20 / 100], [0.5 * 10 / 50, 0, 0.5 * 10 / 50], [0.5 * 10 / 120, 0.5 * 10 / 120, 0]]
    assert ties == pytest.approx(np.array(expected), rel=ROUNDED)
    assert ties[row, usa] != ties[usa, row]


def test_the_table_says_how_much_suppliers_buy_of_suppliers(made):
    # The sector's inputs are 815 - 398, of which 270 are its own.
    case, own_share = made(), 270 / 417
    components = STAGES.index("components")
    assert case.world.endowments["input_units"][components] == pytest.approx(own_share * 0.25 / 0.29, rel=ROUNDED)
    assert case.world.endowments["materials_per_unit"][components] == pytest.approx((1 - own_share) * 0.25, rel=ROUNDED)


def test_a_table_wholly_asked_for_has_no_rest(made):
    assert made(regions=("USA", "TWN"), table=FILES / "two_regions_2000.csv").world.regions == ("USA", "TWN")


def test_the_rest_without_any_known_income_is_chosen_and_says_so():
    # SGP has an income, but the table does not tell what it makes.
    measured = measure(TABLE, PATENTS, INCOME, ["USA", "TWN", "KOR"], 2000, "electronics")
    assert measured.income[-1] == 20_000
    assert measured.rest_source.startswith("chosen")


def test_the_rest_says_whose_income_it_has():
    measured = measure(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, "electronics")
    assert "of KOR, who make 33 % of the rest's value added; half" in measured.rest_source


def test_every_number_says_where_it_is_from(made):
    case = made()
    assert all(case.provenance.values())
    content = tomllib.loads(Path(case.file).read_text())
    for section in (*content["region"], *content["pair"], *content["stage"]):
        for key, value in section.items():
            if key not in ("name", "code", "from", "to", "input", "industry", "ships"):
                assert set(value) == {"value", "source"}, key
    declared = {endowment.name for endowment in ENDOWMENTS if endowment.shape in (("region",), ("region", "stage"))}
    assert all(declared <= section.keys() for section in content["region"])


def test_the_file_names_its_inputs_and_their_checksums(made):
    text = Path(made().file).read_text()
    for path in (TABLE, PATENTS, INCOME):
        assert f"# SHA-256 of {path.name}: {hashlib.sha256(path.read_bytes()).hexdigest()}" in text
    assert "# Made by: redqueen world --input-output four_regions_2000.csv" in text
    assert str(FILES) not in text


def test_the_same_inputs_give_the_same_bytes(made, tmp_path):
    first = Path(made().file).read_bytes()
    (tmp_path / "other").mkdir()
    assert Path(made(name="other/small.toml").file).read_bytes() == first
    assert Path(made(regions=["USA", "TWN"]).file).read_bytes() == first


def test_regions_may_be_named(made):
    assert made(regions=["United States", "Chinese Taipei"]).world.regions == ("USA", "TWN", "ROW")


def test_any_file_name_gives_a_name_that_a_case_may_have(made):
    assert made(name="my world, 2.toml").name == "my_world_2"


@settings(derandomize=True, max_examples=40, deadline=None)
@given(seed=some.integers(0, 2**32 - 1), n_regions=some.integers(2, 9), spread=some.floats(0.0, 5.0))
def test_any_measures_make_a_file_that_can_be_read(seed, n_regions, spread, tmp_path_factory):
    # Log-normal measures, from alike to a hundred thousand times apart; some patents, sales and purchases are nil.
    draws = np.random.default_rng(seed)
    size, pairs = (n_regions,), (n_regions, n_regions)
    output, sales, purchases = (np.exp(spread * draws.normal(size=shape)) for shape in (size, pairs, pairs))
    # Some stocks are drawn down; in a balanced table somebody outside the sector always buys, if any value is added.
    use = np.append(output[0], output[1:] * draws.uniform(-0.2, 1, n_regions - 1))
    none = Evidence("long_table", "regions", pd.DataFrame(), {})
    tables = {name: Table(f"--{name}", Path(f"{name}.csv"), none) for name in ("flows", "patents", "income")}
    measured = Measures(
        regions=tuple(f"R{place}" for place in range(n_regions)), industry="electronics", sector="ELE", year=2000,
        unit="million USD",
        tables=Tables(**tables), income_unit="", output=output, value_added=output * draws.uniform(0.01, 0.99, size),
        exports=output * draws.uniform(0, 1, size),
        imported_inputs=draws.uniform(0, 1, size), use=use, purchases=purchases * (draws.uniform(size=pairs) < 0.7),
        sales=sales * (draws.uniform(size=pairs) < 0.7), own_share=draws.uniform(),
        patents=output[::-1] * (draws.uniform(size=size) < 0.7),
        patent_years=(1995, 1999), income=np.exp(spread * draws.normal(size=size)), rest_source="",
    )
    path = tmp_path_factory.mktemp("worlds") / "any.toml"
    path.write_text(world_text(measured, "any", "redqueen world", []), encoding="utf-8")
    assert read_case(path).world.regions == measured.regions


# Tables of people


def test_the_workforce_follows_jobs_where_a_table_tells_them(made):
    # Jobs are 300,000 and 420,000; KOR and the others have what 135 and 220 of value added over income make at 720 to 318.
    jobs = np.array([300.0, 420.0, 355 * 720 / 318])
    case = made(jobs=JOBS)
    assert case.world.endowments["workers"] == pytest.approx(10_000 * jobs / jobs.sum(), rel=ROUNDED)
    assert case.provenance["region.USA.workers"].startswith("brought: world_jobs.csv, 300,000 jobs in ELE, 2000")
    assert "over base_wage, at the jobs for each of it elsewhere (world_jobs.csv, which tells none of ROW)" in case.provenance[
        "region.ROW.workers"
    ]


def test_jobs_of_some_of_the_rest_count_for_them(made, tmp_path):
    told = changed(
        tmp_path / "jobs.csv", JOBS, ("Taiwan,LOW,2000,jobs,thousand persons,900", "KOR,ELE,2000,jobs,thousand persons,270")
    )
    case = made(jobs=told)
    jobs = np.array([300.0, 420.0, 270 + 220 * 990 / 453])
    assert case.world.endowments["workers"] == pytest.approx(10_000 * jobs / jobs.sum(), rel=ROUNDED)
    assert "36 % of them told" in case.provenance["region.ROW.workers"]


def test_a_table_of_jobs_without_a_region_leaves_it_its_value_added_and_says_so(made, tmp_path):
    written = write_world(
        TABLE, PATENTS, INCOME, ["USA", "TWN", "KOR"], 2000, tmp_path / "three.toml", jobs=JOBS,
    )
    world = read_case(written.path).world
    jobs = np.array([300.0, 420.0, 135 * 720 / 318, 220 * 720 / 318])
    assert world.endowments["workers"] == pytest.approx(10_000 * jobs / jobs.sum(), rel=ROUNDED)
    assert "world_jobs.csv does not tell the jobs of KOR: value added over income stands instead" in written.lacking


def test_socio_economic_accounts_tell_jobs(made, tmp_path):
    head = ["country", "variable", "description", "code", *map(float, range(2000, 2002))]
    rows = [
        [one, "EMP", "Electrical and optical equipment", "30t33", *jobs] for one,
        jobs in (("USA", (300.0, 310.0)), ("TWN", (420.0, 500.0)))
    ]
    book = world_tables.write_xlsb(tmp_path / "accounts.xlsb", [head, *rows], "DATA")
    case = made(jobs=book)
    assert case.world.endowments["workers"] == pytest.approx(made(jobs=JOBS).world.endowments["workers"])
    # The industries tell which release the accounts are of.
    assert case.provenance["region.TWN.workers"].startswith("wiod_2013: 420,000 jobs in c14, 2000")


def test_colleagues_abroad_follow_co_authored_articles(made):
    case = made(ties=ARTICLES)
    plain = made().world.endowments["first_tie_share"]
    # Of articles with abroad USA has 300, TWN 100, KOR 260 and JPN 40; a fifth of colleagues are abroad.
    met = 0.5 * 0.2 * np.array([[0, 90 / 300, 210 / 300], [90 / 100, 0, 10 / 100], [210 / 300, 10 / 300, 0]])
    assert case.world.endowments["first_tie_share"] == pytest.approx(plain + met, rel=ROUNDED)
    assert "colleagues by 90 co-authored articles (ncses_sei, 1996) of 100 abroad, taken to be 0.2 of all" in case.provenance[
        "pair.TWN.USA.first_tie_share"
    ]


def test_co_inventions_at_home_tell_how_many_colleagues_are_abroad(made, tmp_path):
    ties = tmp_path / "ties.csv"
    # One direction is enough. TWN invents 60 with itself, USA does not tell.
    ties.write_text(
        "region,partner,year,measure,value\nTWN,USA,2001,co-inventions,30\nTWN,KOR,2001,co-inventions,10\n"
        "TWN,TWN,2001,local co-inventions,60\nTWN,USA,2001,co-authored articles,7\n"
    )
    case = made(ties=ties)
    plain = made().world.endowments["first_tie_share"]
    met = 0.5 * np.array([[0, 0.2, 0], [0.3, 0, 0.1], [0, 0.2, 0]])
    assert case.world.endowments["first_tie_share"] == pytest.approx(plain + met, rel=ROUNDED)
    assert "30 co-inventions (ties.csv, 2001) of 40 abroad and 60 at home" in case.provenance["pair.TWN.USA.first_tie_share"]


def test_a_region_without_ties_in_the_table_has_its_colleagues_at_home(tmp_path):
    ties = tmp_path / "ties.csv"
    ties.write_text("region,partner,year,value\nUSA,JPN,2000,5\n")
    written = write_world(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, tmp_path / "small.toml", ties=ties)
    case = read_case(written.path)
    assert case.world.endowments["first_tie_share"][1].tolist() == [0.1, 0.0, 0.1]
    assert case.provenance["pair.TWN.USA.first_tie_share"].endswith("colleagues at home, for ties.csv tells no ties of TWN")
    assert written.lacking == ("ties.csv tells no ties of TWN: its colleagues are at home",)


def test_talent_lives_abroad_as_people_of_its_origin_do(made):
    case = made(diaspora=PEOPLE, population=POPULATION)
    talent, away = case.world.endowments["first_talent"], case.world.endowments["first_diaspora"]
    # Singapore's people are not counted: how many there are at home is not known.
    shares = np.array([[0, 10 / 250_000, 0], [200 / 20_000, 0, 0], [300 / 40_000, 0, 0]])
    assert away == pytest.approx(talent[:, None] * shares, rel=2 * ROUNDED)
    said = case.provenance["pair.TWN.USA.first_diaspora"]
    assert said.startswith(
        "brought: world_people_abroad.csv, 200,000 people of TWN in USA, 2000, for 20,000,000 at home (world_population.csv, 2000)"
    )
    assert said.endswith("which is taken to emigrate as others do at least")
    assert case.provenance["pair.TWN.ROW.first_diaspora"] == "default: world_people_abroad.csv tells of nobody in ROW"
    assert not any("people living abroad" in item for item in case.not_modelled)


def test_the_table_of_incomes_may_hold_the_population(made, tmp_path):
    income = tmp_path / "maddison.csv"
    income.write_text("countrycode,year,gdppc,pop\nUSA,2000,40000,250000\nTWN,2000,20000,20000\nKOR,2000,16000,40000\n")
    by_option = made(income=income, diaspora=PEOPLE, population=POPULATION).world.endowments["first_diaspora"]
    assert made(income=income, diaspora=PEOPLE).world.endowments["first_diaspora"] == pytest.approx(by_option)


def test_the_file_names_the_tables_of_people_too(made):
    case = made(jobs=JOBS, ties=ARTICLES, diaspora=PEOPLE, population=POPULATION)
    text = Path(case.file).read_text()
    for path in (JOBS, ARTICLES, PEOPLE, POPULATION):
        assert f"# SHA-256 of {path.name}: {hashlib.sha256(path.read_bytes()).hexdigest()}" in text
    files = "--jobs world_jobs.csv --ties world_articles.csv --diaspora world_people_abroad.csv --population world_population.csv"
    assert f" {files} " in text
    assert {source.partition(":")[0] for source in case.provenance.values()} <= {*case.sources, "chosen", "default"}


def test_the_numbers_are_counted_by_where_they_are_from(tmp_path):
    plain = write_world(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, tmp_path / "plain.toml")
    rich = write_world(TABLE, PATENTS, INCOME, ["USA", "TWN"], 2000, tmp_path / "rich.toml", diaspora=PEOPLE, population=POPULATION)
    n_regions, n_stages = 3, 6
    by_region = [one.name for one in ENDOWMENTS if one.shape == ("region",)]
    for written in (plain, rich):
        counts = {name: sum(found.get(name, 0) for found in written.endowments.values()) for name in by_region}
        assert set(counts.values()) == {n_regions}
        assert written.endowments["data"]["first_quality"] == n_regions * n_stages
        assert written.endowments["data"]["distance"] == 3
        assert {kind: sum(found.values()) for kind, found in written.endowments.items()} == written.numbers
    assert plain.endowments["defaults"]["first_diaspora"] == 6
    # People of USA in TWN, of TWN in USA, and of KOR in USA.
    assert rich.endowments["data"]["first_diaspora"] == 3
    assert rich.endowments["defaults"]["first_diaspora"] == 3
    assert sum(rich.numbers.values()) == sum(plain.numbers.values())


def test_the_command_says_where_the_numbers_are_from(tmp_path, capsys):
    words = ["world", "--input-output", TABLE, "--patents", PATENTS, "--income", INCOME, "--regions", "USA,TWN", "--year", 2000]
    words = [*map(str, words), "--jobs", str(JOBS), "-o", str(tmp_path / "small.toml")]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    counts = told["numbers"]
    kinds = f"{counts['data']} numbers from data, {counts['chosen']} chosen by a stated rule, {counts['defaults']} defaults."
    assert kinds in shown
    assert "red_tape (3)" in shown and told["endowments"]["defaults"]["red_tape"] == 3
    assert told["lacking"] == ["world_jobs.csv does not tell the jobs of ROW: value added over income stands instead"]
    assert told["written"] == str(tmp_path / "small.toml")


# Other layouts


SQUARE_ENDS = ("TAXES", "VA", "OUTPUT")


def write_square(path, of):
    """Writes a world of world_tables as one square table, the layout of WIOD's 2013 release."""
    labels = [f"{region}_{sector}" for region, sector in of.producers]
    rows = [["row", *labels, *(f"{region}_FD" for region in of.regions), "OUTPUT"]]
    rows += [[label, *of.intermediate[at], *of.final[at].sum(axis=1), of.output[at]] for at, label in enumerate(labels)]
    nothing = [0.0] * (len(of.regions) + 1)
    rows += [[name, *values, *nothing] for name, values in zip(SQUARE_ENDS, (of.taxes, of.value_added, of.output), strict=True)]
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def same_worlds(one, other):
    assert one.world.regions == other.world.regions
    for name, values in one.world.endowments.items():
        assert other.world.endowments[name] == pytest.approx(values), name


def test_any_layout_of_the_same_flows_makes_the_same_world(made, tmp_path):
    regions = ("USA", "TWN", "ROW")
    for n_final, write, source in (
        (6, lambda of: world_tables.write_icio(tmp_path / "2000.csv", of), "oecd_icio"),
        (
            5,
            lambda of: world_tables.write_xlsb(
                tmp_path / "WIOT2000_Nov16_ROW.xlsb", world_tables.wiod_rows(of, 2016, 2000), "2000"
            ), "wiod_2016"
        ),
    ):
        of = world_tables.world(regions, ("A01", "C26"), n_final, margins=1)
        case = made(table=write(of))
        same_worlds(case, made(table=write_square(tmp_path / "square_2000.csv", of)))
        assert case.provenance["region.USA.workers"].startswith(f"{source}: value added of C26, 2000")
        assert source in case.sources and "wiod_2013" not in case.sources


def test_of_several_years_the_one_asked_for_is_taken(made, tmp_path):
    folder = tmp_path / "icio"
    folder.mkdir()
    for year in (1999, 2000, 2001):
        of = world_tables.world(("USA", "TWN", "ROW"), ("A01", "C26"), 6, seed=year)
        world_tables.write_icio(folder / f"ICIO2023_{year}.csv", of)
    (tmp_path / "alone").mkdir()
    alone = world_tables.write_icio(
        tmp_path / "alone" / "2000.csv", world_tables.world(("USA", "TWN", "ROW"), ("A01", "C26"), 6, seed=2000)
    )
    case = made(table=folder)
    same_worlds(case, made(table=alone))
    assert f"# SHA-256 of icio/ICIO2023_2000.csv: {hashlib.sha256(alone.read_bytes()).hexdigest()}" in Path(
        made(table=folder).file
    ).read_text()
    text = refusal(folder, PATENTS, INCOME, ["USA", "TWN"], 2003, tmp_path / "none.toml")
    assert "the tables are of 1999, 2000, 2001, not of 2003" in text


def test_a_table_kept_by_redqueen_makes_the_same_world(made, tmp_path):
    for option, file in (("table", TABLE), ("patents", PATENTS), ("income", INCOME), ("jobs", JOBS)):
        kept = tmp_path / f"{option}.parquet"
        assert main(["read", str(file), "-o", str(kept)]) == 0
        same_worlds(made(**{"jobs": JOBS, option: kept}), made(jobs=JOBS))


def test_patents_by_subclass_are_those_by_field(made, tmp_path):
    subclasses = dict(zip(industry("electronics").technologies, "H01M H04N H04B H04L H03K G06F G06Q H01L".split(), strict=True))
    rows = pd.read_csv(PATENTS).rename(columns={"region": "country", "technology": "activity"}).drop(columns="is_country")
    rows = rows[rows["activity"].isin(subclasses)].assign(activity=rows["activity"].map(subclasses))
    # Lasers and drugs are not electronics.
    others = [pd.DataFrame({"country": ["USA"], "activity": [code], "year": [1999], "patents": [500]}) for code in ("H01S", "A61K")]
    path = tmp_path / "subclasses.csv"
    pd.concat([rows, *others]).to_csv(path, index=False)
    case = made(patents=path)
    same_worlds(case, made())
    assert case.provenance["region.USA.first_talent"].startswith("brought: subclasses.csv, 120 patents a year in 1998-1999")


def test_patents_of_european_regions_are_added_up_by_country(tmp_path):
    folder = tmp_path / "regpat"
    folder.mkdir()
    people = ["1|EP1|10|US06001|US|1|0.5", "1|EP1|11|TW001|TW|1|0.5", "2|EP2|12|US36001|US|1|1", "3|EP3|13|KR011|KR|1|1"]
    (folder / "202208_EPO_Inv_reg.txt").write_text(
        "\n".join(["appln_id|app_nbr|person_id|reg_code|ctry_code|reg_share|inv_share", *people, ""])
    )
    classes = ["1|1999|2000|H01L021/027", "2|1998|2000|G06F 9/00", "3|1999|2000|A61K 31/00"]
    (folder / "202208_EPO_IPC.txt").write_text("\n".join(["appln_id|prio_year|app_year|IPC", *classes, ""]))
    measured = measure(TABLE, folder, INCOME, ["USA", "TWN", "KOR"], 2000, "electronics")
    assert measured.patents.tolist() == [0.75, 0.25, 0.0, 0.0]
    case = read_case(write_world(TABLE, folder, INCOME, ["USA", "TWN", "KOR"], 2000, tmp_path / "w.toml").path)
    assert any("European Patent Office" in item for item in case.not_modelled)
    assert "# SHA-256 of regpat/202208_EPO_IPC.txt: " in Path(case.file).read_text()


def test_electronics_is_found_in_every_classification_and_glass_is_not_taken_for_it():
    electronics = industry("electronics")
    assert electronics.sector_in(["A01", "C26", "C27"]) == "C26"
    assert electronics.sector_in(["26", "27"]) == "26"
    # In ISIC 3, C26 is glass and cement.
    assert electronics.sector_in(["C26", "C29", "C30T33X", "C31"]) == "C30T33X"


def test_the_square_tables_of_wiod_have_words_for_their_sectors(data_directory):
    names = sector_names()
    assert list(names)[:35] == [f"c{number}" for number in range(1, 36)]
    listed = pd.read_csv(data_directory / "wiod" / "industries.csv").set_index("industry")["industry_name"]
    for code, words in listed.items():
        # The words differ; how they begin does not.
        assert names[code].casefold()[:4] == words.casefold()[:4], code
    small = read_evidence(data_directory / "wiod" / "small_10x10_2000.csv.gz", progress=False)
    assert small.name_of("ELE", "activity") == "Electrical and optical equipment"


def test_a_long_table_of_incomes_is_not_called_maddisons(made):
    case = made()
    assert "maddison_2023" not in case.sources
    assert case.provenance["region.TWN.base_wage"].startswith("brought: income_four.csv, GDP per head of 20,000 in 2000")
