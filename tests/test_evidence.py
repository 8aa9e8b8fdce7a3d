"""Claims about the readers of real tables and the cited facts: what they read, and what they refuse."""

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from redqueen.errors import Refused
from redqueen.evidence.classifications import industry, sector_groups, technologies_of
from redqueen.evidence.facts import fact, facts, read_facts, sources
from redqueen.evidence.income import read_income
from redqueen.evidence.input_output import read_input_output
from redqueen.evidence.patents import read_patents

FILES = Path(__file__).parent / "files"
TABLE = FILES / "two_regions_2000.csv"
WHOLE_LAYOUT = FILES / "two_regions_whole_layout_2000.csv"
PATENTS = FILES / "patents.csv"
READERS = {"two_regions_2000.csv": read_input_output, "patents.csv": read_patents, "income_long.csv": read_income}


def refusal(reader, path, **options):
    with pytest.raises(Refused) as caught:
        reader(path, **options)
    return str(caught.value)


# Input-output tables


def test_an_aggregated_table_is_read_as_it_stands():
    table = read_input_output(TABLE)
    assert (table.regions, table.sectors, table.year) == (("USA", "TWN"), ("LOW", "ELE"), 2000)
    assert table.unit == "million current USD"
    assert table.intermediate[table.position("TWN", "ELE"), table.position("USA", "ELE")] == 60
    assert table.final_demand.tolist() == [[260, 40], [150, 50], [40, 80], [100, 50]]
    assert table.value_added.tolist() == [300, 200, 140, 130]
    assert table.output.tolist() == [500, 400, 200, 300]
    assert table.total_final_demand.tolist() == table.final_demand.sum(axis=1).tolist()
    assert table.notes == ()


def test_the_whole_layout_gives_the_same_table(tmp_path):
    small = read_input_output(TABLE)
    parquet = tmp_path / "full_2000.parquet"
    pd.read_csv(WHOLE_LAYOUT).to_parquet(parquet)
    for path in (WHOLE_LAYOUT, parquet):
        whole = read_input_output(path)
        assert whole.sectors == ("c13", "c14")
        for array in ("intermediate", "final_demand", "value_added", "output"):
            assert (getattr(whole, array) == getattr(small, array)).all(), array
        assert "output is the sum of the row: the table does not state it" in whole.notes


def test_the_order_of_rows_does_not_matter(tmp_path):
    path = tmp_path / "turned_2000.csv"
    pd.read_csv(TABLE).iloc[::-1].to_csv(path, index=False)
    assert (read_input_output(path).intermediate == read_input_output(TABLE).intermediate).all()


def test_without_final_demand_its_sum_by_producer_is_still_known(tmp_path):
    path = tmp_path / "flows_2000.csv"
    pd.read_csv(TABLE).drop(columns=["USA_FD", "TWN_FD"]).to_csv(path, index=False)
    table = read_input_output(path)
    assert table.final_demand is None
    assert table.total_final_demand.tolist() == [300, 200, 120, 150]
    assert any("final demand by destination is absent" in note for note in table.notes)


def test_the_year_is_given_or_found_in_the_name(changed):
    unnamed = changed(TABLE, name="table.csv")
    assert "the file's name holds none (give the year)" in refusal(read_input_output, unnamed)
    assert read_input_output(unnamed, year=1999).year == 1999
    renamed = changed(TABLE, name="table_1999_2000.csv")
    assert "holds 1999 and 2000" in refusal(read_input_output, renamed)
    assert "taken as the table of 1999" in read_input_output(TABLE, year=1999).notes[0]


def test_merging_keeps_the_balance_and_what_is_asked_for():
    table = read_input_output(TABLE)
    merged = table.merged(regions=["TWN"], sectors={"ALL": ["LOW", "ELE"]})
    assert (merged.regions, merged.sectors) == (("TWN", "ROW"), ("ALL",))
    # The first row by hand: Taiwan's sales to itself, 30 + 20 + 10 + 60, and abroad, 20 + 10 + 20 + 60.
    assert merged.intermediate.tolist() == [[120, 110], [110, 290]]
    assert merged.final_demand.tolist() == [[130, 140], [90, 410]]
    assert merged.output.tolist() == [500, 900]
    assert (merged.intermediate.sum(axis=0) + merged.value_added).tolist() == [500, 900]


def test_merging_refuses_what_is_not_there():
    table = read_input_output(TABLE)
    with pytest.raises(Refused) as caught:
        table.merged(regions=["TWM"], sectors={"ALL": ["LOW"]})
    assert "no region 'TWM' (did you mean 'TWN'?)" in str(caught.value)
    assert "the sector ELE is in no group" in str(caught.value)


def test_an_industry_finds_its_sector_in_either_layout():
    electronics = industry("electronics")
    assert electronics.sector_in(["LOW", "ELE"]) == "ELE"
    assert electronics.sector_in(["c13", "c14"]) == "c14"
    with pytest.raises(Refused, match="it would be ELE or c14 or .*; the table has LOW"):
        electronics.sector_in(["LOW"])
    with pytest.raises(Refused, match="did you mean 'electronics'"):
        industry("electronic")


def test_every_industry_of_the_release_is_in_one_sector():
    held = [code for group in sector_groups().values() for code in group]
    assert sorted(held, key=lambda code: int(code[1:])) == [f"c{number}" for number in range(1, 36)]


def test_there_are_35_fields_and_8_are_electrical():
    areas = ["electrical engineering", "instruments", "chemistry", "mechanical engineering", "other fields"]
    assert len(set(technologies_of(areas))) == 35
    assert len(industry("electronics").technologies) == 8


@pytest.mark.parametrize(
    ("replacement", "complaint"),
    [
        (("USA_ELE,60.0", "USA_ELE,160.0"), "USA_ELE does not balance: sales add up to 500.0, output is 400.0"),
        (("VA,300.0", "VA,200.0"), "USA_LOW does not balance: purchases and value added add up to 400.0, output is 500.0"),
        (("OUTPUT,500.0,400.0", "OUTPUT,500.0,900.0"), "USA_ELE does not balance: the OUTPUT row says 900.0"),
        (("OUTPUT,500.0", "OUTPUT,-500.0"), "two_regions_2000.csv:7: USA_LOW: '-500.0' is below 0"),
        (("40.0,500.0", "40.0,-500.0"), "two_regions_2000.csv:2: OUTPUT: '-500.0' is below 0"),
        (("TWN_ELE,20.0", "TWN_ELE,-20.0"), "two_regions_2000.csv:5: USA_LOW: '-20.0' is below 0"),
        (("USA_LOW,100.0", "USA_LOW,many"), "two_regions_2000.csv:2: USA_LOW: 'many' is not a number"),
        (("USA_LOW,100.0", "USA_LOW,inf"), "two_regions_2000.csv:2: USA_LOW: 'inf' is not a number"),
        (("USA_LOW,100.0", "USA_LOW,"), "two_regions_2000.csv:2: USA_LOW: the cell is empty"),
        (("TWN_LOW,20.0", "TWN_LAW,20.0"), "TWN_LOW: the row is missing"),
        (("TWN_LOW,20.0", "TWN_LAW,20.0"), "TWN_LAW: no column bears the name of this row"),
        (("TWN_LOW,20.0", ",20.0"), "(no label): no column bears the name of this row"),
        (("TWN_LOW,20.0", "USA_ELE,20.0"), "two_regions_2000.csv:4: the row 'USA_ELE' stands twice"),
        (("TWN_LOW,TWN_ELE", "TWN_LOW,USA_ELE"), "USA_ELE: the column stands twice in the header"),
        (("TWN_LOW,TWN_ELE", "TWN_LOW,ELE"), "TWN_ELE: the column is missing"),
        (("TWN_LOW,TWN_ELE", "TWN_LOW,ELE"), "ELE: the column is neither REGION_SECTOR"),
        (("TWN_FD", "JPN_FD"), "JPN: final demand of a region without producers"),
        (("TWN_FD", "JPN_FD"), "TWN_FD: the column is missing"),
        (("TWN", "TAW"), "region: no country is called 'TAW' (did you mean"),
        (("TWN", "US"), "two regions of the table are USA"),
    ],
)
def test_a_faulty_table_is_refused_and_the_fault_named(changed, replacement, complaint):
    assert complaint in refusal(read_input_output, changed(TABLE, replacement))


def test_all_faults_of_a_table_are_said_at_once(changed):
    text = refusal(
        read_input_output, changed(TABLE, ("USA_LOW,100.0", "USA_LOW,many"), ("VA,300.0", "VA,"), ("TWN_ELE,20.0", "TWN_ELE,-1"))
    )
    assert text.startswith("input-output table: 3 faults")


def test_an_output_from_nothing_needs_no_inputs_and_the_reverse_is_refused(tmp_path):
    table = pd.read_csv(WHOLE_LAYOUT).set_index("row")
    table.loc["TWN_c14"] = 0
    idle_and_buying = tmp_path / "t_2000.csv"
    table.to_csv(idle_and_buying)
    assert "nothing is produced, yet inputs are bought: 110.0" in refusal(read_input_output, idle_and_buying)
    table["TWN_c14"] = 0
    idle = tmp_path / "idle_2000.csv"
    table.to_csv(idle)
    assert read_input_output(idle).output[3] == 0


def test_rounded_cells_balance_within_rounding_and_no_further(changed):
    assert read_input_output(changed(TABLE, ("40.0,500.0", "40.0,501.0"), ("OUTPUT,500.0", "OUTPUT,501.0")))
    beyond = changed(TABLE, ("40.0,500.0", "40.0,510.0"), ("OUTPUT,500.0", "OUTPUT,510.0"))
    assert "does not balance" in refusal(read_input_output, beyond)


def test_a_table_cut_anywhere_is_refused_or_lacks_nothing(tmp_path):
    whole = read_input_output(TABLE)
    text = TABLE.read_text()
    path = tmp_path / "cut_2000.csv"
    accepted = set()
    for length in range(len(text)):
        path.write_text(text[:length])
        try:
            table = read_input_output(path)
        except Refused:
            continue
        accepted.add(text[:length].count("\n"))
        assert (table.intermediate == whole.intermediate).all() and (table.final_demand == whole.final_demand).all()
        assert (table.output == whole.output).all() and (table.value_added == whole.value_added).all()
    # The closing rows can be derived; a cut above them is always noticed.
    assert accepted <= {4, 5, 6}


# Patents


def test_patents_are_those_of_countries_by_code():
    table = read_patents(PATENTS)
    assert table.columns.tolist() == ["region", "technology", "year", "patents"]
    assert set(table["region"]) == {"TWN", "USA"}
    assert len(table) == 16
    row = table[(table["region"] == "TWN") & (table["technology"] == "semiconductors") & (table["year"] == 1999)]
    assert row["patents"].item() == 200


@pytest.mark.parametrize(
    ("replacement", "complaint"),
    [
        (("technology,region", "field,region"), "patents.csv:1: the table has the columns field, region, is_country"),
        (("technology,region", "field,region"), "technology: the column is missing"),
        (("patents,table", "patent,table"), "patents: the column is missing (did you mean 'patent'?)"),
        (("Taiwan,True,High,1999,200.0", "Taiwan,True,High,1999,-200.0"), "patents.csv:5: patents: '-200.0' is below 0"),
        (("Taiwan,True,High,1999,200.0", "Taiwan,True,High,1998,200.0"), "'TWN, semiconductors, 1998' stands twice"),
        (("Taiwan,True,High,1999,200.0", "Taiwan,maybe,High,1999,200.0"), "'maybe' is neither True nor False"),
        (("Taiwan,True,High,1999,200.0", "Taiwan,True,High,1999.5,200.0"), "year: '1999.5' is not a whole number"),
        (("Taiwan,True,High,1999,200.0", "Taiwan,True,High,1999,"), "patents.csv:5: patents: is missing"),
        (("Taiwan,True,High,1999,200.0", ",True,High,1999,200.0"), "patents.csv:5: region: is missing"),
        (("World,False", "World,True"), "region: 'World' is a group of countries"),
        (("True", "False"), "no row is of a country"),
        (("United States", "Untied States"), "no country is called 'Untied States' (did you mean 'United States'"),
    ],
)
def test_faulty_patents_are_refused_and_the_fault_named(changed, replacement, complaint):
    assert complaint in refusal(read_patents, changed(PATENTS, replacement))


def test_many_faults_of_one_kind_are_counted_not_listed(changed):
    text = refusal(read_patents, changed(PATENTS, (".0,", ".0x,")))
    assert "11 more rows where the value is not a number" in text
    assert len(text.splitlines()) == 1 + 5 + 1


# Income


def test_the_three_layouts_of_income_agree():
    wide, long, maddison = (read_income(FILES / f"income_{kind}.csv") for kind in ("wide", "long", "maddison"))
    pd.testing.assert_frame_equal(wide, long)
    pd.testing.assert_frame_equal(maddison.drop(columns="population"), wide.drop(columns="population"))
    assert wide["region"].tolist() == ["KOR", "TWN", "TWN", "USA", "USA"]
    assert wide["population"].isna().all()
    assert maddison["population"].tolist() == [25.7e6, 10.8e6, 11.15e6, 180.7e6, 183.7e6]


@pytest.mark.parametrize(
    ("name", "replacement", "complaint"),
    [
        ("income_wide.csv", ("year", "period"), "year: the column is missing; the table has period, TWN"),
        ("income_wide.csv", ("South Korea", "Taiwan"), "two columns are TWN"),
        ("income_wide.csv", ("South Korea", "Suoth Korea"), "no country is called 'Suoth Korea' (did you mean"),
        ("income_wide.csv", ("1200.0", "-1200.0"), "income_wide.csv:2: TWN: '-1200.0' is not above zero"),
        ("income_wide.csv", ("1961.0", "1960.0"), "'TWN, 1960' stands twice"),
        ("income_long.csv", ("TWN,1961", "TWN,1960"), "income_long.csv:3: region year: 'TWN, 1960' stands twice"),
        ("income_long.csv", ("region", "place"), "no column names the region"),
        ("income_long.csv", ("1300", "x"), "income_long.csv:3: value: 'x' is not a number"),
        ("income_maddison.csv", ("11150", "-1"), "income_maddison.csv:3: pop: '-1' is below 0"),
    ],
)
def test_faulty_incomes_are_refused_and_the_fault_named(changed, name, replacement, complaint):
    assert complaint in refusal(read_income, changed(FILES / name, replacement))


# Damage that any file may have


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_is_not_there_suggests_its_neighbour(name):
    text = refusal(READERS[name], FILES / f"x{name}")
    assert "no such file" in text and f"'{name}'" in text


@pytest.mark.parametrize("name", READERS)
def test_an_empty_file_and_a_header_alone_are_refused(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"")
    assert "the file is empty" in refusal(READERS[name], path)
    path.write_text((FILES / name).read_text().splitlines()[0] + "\n")
    assert "a header and no rows" in refusal(READERS[name], path)
    path.write_text("\n\n")
    assert "names no columns" in refusal(READERS[name], path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_wrong_delimiter_is_named(name, delimiter, tmp_path):
    path = tmp_path / name
    pd.read_csv(FILES / name).to_csv(path, sep=delimiter, index=False)
    text = refusal(READERS[name], path)
    assert f"separated by {'a tab' if delimiter == chr(9) else repr(delimiter)}, not by ','" in text


@pytest.mark.parametrize("name", READERS)
def test_tabs_are_right_in_a_tsv(name, tmp_path):
    path = tmp_path / name.replace(".csv", ".tsv")
    pd.read_csv(FILES / name).to_csv(path, sep="\t", index=False)
    READERS[name](path)


@pytest.mark.parametrize("name", READERS)
def test_a_compressed_file_is_read_whole_or_refused(name, tmp_path):
    packed = gzip.compress((FILES / name).read_bytes(), mtime=0)
    path = tmp_path / f"{name}.gz"
    path.write_bytes(packed)
    READERS[name](path)
    for length in range(1, len(packed), 7):
        path.write_bytes(packed[:length])
        assert str(path) in refusal(READERS[name], path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_refused(name, ending, seed, tmp_path):
    # Any bytes will do: a valid table among them is beyond chance.
    path = tmp_path / f"random_2000{ending}"
    path.write_bytes(np.random.default_rng(seed).bytes(3000))
    assert str(path) in refusal(READERS[name], path)


@pytest.mark.parametrize("name", READERS)
def test_a_table_of_another_kind_is_refused(name):
    for other in READERS:
        if other != name:
            assert other in refusal(READERS[name], FILES / other)


@pytest.mark.parametrize("name", READERS)
def test_rows_of_another_length_are_refused(name, tmp_path):
    lines = (FILES / name).read_text().splitlines()
    width, path = len(lines[0].split(",")), tmp_path / name

    def refused(*changed):
        path.write_text("\n".join([*changed, ""]))
        return refusal(READERS[name], path)

    assert f"{name}:2: the row has {width + 2} cells, the header {width}" in refused(
        lines[0], *(line + ",1,2" for line in lines[1:])
    )
    assert f"{name}:4: the row has {width + 2} cells, the header {width}" in refused(*lines[:3], lines[3] + ",1,2", *lines[4:])
    assert f"{name}:4: the row has {width - 1} cells, the header {width}" in refused(
        *lines[:3], lines[3].rpartition(",")[0], *lines[4:]
    )
    assert f"{name}:4: the line is empty" in refused(*lines[:3], "", *lines[3:])


def test_an_unknown_ending_and_a_folder_are_refused(tmp_path, changed):
    assert "tables are read from .csv" in refusal(read_patents, changed(PATENTS, name="patents.text"))
    assert "is a folder" in refusal(read_patents, tmp_path)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "patents.csv"
    path.write_bytes(PATENTS.read_text().replace("Taiwan", "T\u00e4iwan").encode("latin-1"))
    assert "not UTF-8 (save it as UTF-8)" in refusal(read_patents, path)


def test_without_pyarrow_the_extra_is_named(monkeypatch, tmp_path):
    path = tmp_path / "full_2000.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install redqueen[evidence]" in refusal(read_input_output, path)


# Facts


def test_every_fact_is_cited_and_bounded():
    names = [entry.name for entry in facts()]
    assert len(names) == len(set(names)) > 50
    for entry in facts():
        assert entry.citation() and entry.measured_as and entry.unit, entry.name
        if entry.range == "tenth":
            bounds = sorted([0.9 * entry.value, 1.1 * entry.value])
            assert [entry.low, entry.high] == pytest.approx(bounds), entry.name
        if entry.value is not None:
            assert entry.hit(entry.value), entry.name


def test_what_is_held_out_is_income_parks_returns_and_value_shares():
    held_out = {entry.name.rpartition("_")[0] for entry in facts() if entry.held_out}
    families = ("relative_income", "hsinchu_park", "student_return", "ipad_")
    assert all(name.startswith(families) for name in held_out)
    assert all(entry.held_out for entry in facts() if entry.name.startswith(families))


def test_a_fact_is_hit_between_its_bounds_only():
    tail = fact("firm_size_tail")
    assert tail.hit(0.8) and tail.hit(1.3) and not tail.hit(0.79) and not tail.hit(1.31)
    assert not tail.hit(float("nan"))
    hopping = fact("job_hopping_in_computers")
    assert hopping.high is None and hopping.hit(1e9) and not hopping.hit(0.5)


def test_an_unknown_fact_is_refused_with_the_nearest():
    with pytest.raises(Refused, match="did you mean 'learning_curve'"):
        fact("learning_curv")


def test_sources_name_publisher_licence_and_citation_and_no_address():
    for source in sources().values():
        assert source.publisher and source.licence and source.citation
        assert "http" not in source.citation and "www" not in source.citation


def test_all_faults_of_a_file_of_facts_are_said_at_once(tmp_path):
    path = tmp_path / "facts.toml"
    path.write_text(
        """
        stray = 1
        [one]
        says = "x"
        low = 3
        high = 2
        range = "statd"
        unit = "%"
        sources = ["axtel_2001"]
        held_out = false
        measured_as = "x"
        colour = "red"
        [two]
        says = 5
        low = true
        """
    )
    text = refusal(read_facts, path)
    for complaint in (
        "stray: a fact is a table",
        "one: low, value and high are out of order: [3, 2]",
        "one.range: 'statd' is not one of stated",
        "one.sources: no source is called 'axtel_2001' (did you mean 'axtell_2001'",
        "one.colour: no such entry",
        "two.unit: the entry is missing",
        "two.says: '5' is not of the kind str",
        "two.low: 'True' is not of the kind",
    ):
        assert complaint in text
    path.write_text("not = toml = at all")
    assert "not a readable TOML file" in refusal(read_facts, path)
