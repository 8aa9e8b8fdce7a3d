"""A diagnosis says what the tables say, no more, and what they do not say."""

import json

import numpy as np
import pandas as pd
import pytest

from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.input_output import InputOutput
from redqueen.indicators.leontief import Leontief
from redqueen.studies.diagnose import diagnose

YEARS = range(2000, 2008)
REGIONS = ("TWN", "KOR", "JPN", "DEU", "IRL")
ACTIVITIES = ("chips", "cars", "drugs", "food")
# Chips are Taiwan's, cars Germany's; Ireland goes from food to drugs.
BASE = np.array(
    [[900, 100, 50, 100], [400, 400, 100, 200], [500, 900, 300, 300], [200, 1200, 500, 300], [50, 20, 20, 300]], dtype=float
)


def activities(years=YEARS, *, noise=0.0) -> Evidence:
    generator = np.random.default_rng(11)
    rows = []
    for year in years:
        values = BASE * np.exp(noise * generator.standard_normal(BASE.shape))
        values[4, 2] *= 1.35 ** (year - 2000)
        values[4, 3] *= 0.8 ** (year - 2000)
        rows += [
            (region, activity, year, "exports", values[place, other])
            for place, region in enumerate(REGIONS) for other, activity in enumerate(ACTIVITIES)
        ]
    frame = pd.DataFrame(rows, columns=["region", "activity", "year", "measure", "value"])
    return Evidence("long_table", "activities", frame, {"exports": "million USD"})


def accounts() -> Evidence:
    """A chain of two regions: Taiwan makes chips for Korea's phones; all final users are in Korea."""
    intermediate = np.zeros((4, 4))
    intermediate[0, 3] = 60.0
    final = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 100.0]])
    table = InputOutput(
        ("TWN", "KOR"), ("chips", "phones"), 2005, intermediate, final, np.array([60.0, 0.0, 0.0, 40.0]),
        np.array([60.0, 0, 0, 100.0])
    )
    return Evidence("square_table", "input_output", pd.DataFrame(), {"sales": "million USD"}, tables=(table,))


def by_region(measure: str, values: dict[str, dict[int, float]], unit: str = "USD") -> Evidence:
    rows = [(region, year, measure, float(value)) for region, series in values.items() for year, value in series.items()]
    return Evidence("long_table", "regions", pd.DataFrame(rows, columns=["region", "year", "measure", "value"]), {measure: unit})


def test_strengths_are_the_activities_above_one_those_of_most_weight_first():
    found = diagnose([activities()], "Taiwan")
    assert [row.activity for row in found.strengths] == ["chips"]
    values = BASE.copy()
    values[4, 2] *= 1.35**7
    values[4, 3] *= 0.8**7
    by_hand = values[0, 0] / values[0].sum() / (values[:, 0].sum() / values.sum())
    assert found.strengths[0].rca == pytest.approx(by_hand, rel=1e-12)
    assert found.strengths[0].beyond == pytest.approx(values[0, 0] - values[0].sum() * values[:, 0].sum() / values.sum(), rel=1e-12)


def test_noise_widens_the_interval():
    def width(noise: float) -> float:
        row = diagnose([activities(noise=noise)], "TWN").strengths[0]
        return np.log(row.high / row.low)

    assert width(0.01) < width(0.2)


def test_a_table_of_one_year_has_no_interval_and_no_forecast():
    found = diagnose([activities([2007])], "IRL")
    assert all(row.low is None and row.sure is None and row.before is None for row in found.strengths)
    assert all(row.probability is None for row in found.adjacent)
    assert found.change == [] and found.forecasts[0]["note"]


def test_what_a_region_gained_and_lost_is_told():
    changed = diagnose([activities()], "Ireland").change[0]
    assert [row["activity"] for row in changed["gained"]] == ["drugs"]
    assert [row["activity"] for row in changed["lost"]] == []
    assert changed["diversity"] == [1, 2]


def test_a_diagnosis_of_an_earlier_year_knows_nothing_later():
    known_then = diagnose([activities(range(2000, 2005))], "IRL")
    looking_back = diagnose([activities()], "IRL", 2004)
    assert looking_back.strengths == known_then.strengths
    assert looking_back.change == known_then.change and looking_back.adjacent == known_then.adjacent


def test_who_keeps_the_value_of_a_chain_is_told():
    found = diagnose([accounts()], "TWN", 2005).chain
    phones = next(one for one in found["kept"] if one["activity"] == "phones")
    assert phones["share"] == pytest.approx(60) and phones["value"] == pytest.approx(60)
    assert found["domestic_share"] == pytest.approx(100) and found["backward"] == pytest.approx(0, abs=1e-9)
    assert found["sectors"][0]["upstreamness"] == pytest.approx(2)


def test_jobs_that_a_chain_supports_need_a_table_of_jobs():
    rows = pd.DataFrame(
        [("TWN", "chips", 2005, "jobs", 12.0), ("KOR", "phones", 2005, "jobs", 30.0)],
        columns=["region", "activity", "year", "measure", "value"]
    )
    jobs = Evidence("long_table", "activities", rows, {"jobs": "people"})
    assert next(one for one in diagnose([accounts()], "TWN", 2005).chain["kept"])["jobs"] is None
    kept = diagnose([jobs, accounts()], "TWN", 2005).chain["kept"]
    assert next(one for one in kept if one["activity"] == "phones")["jobs"] == pytest.approx(12)


def test_a_region_that_the_input_output_table_does_not_show_is_said_so():
    found = diagnose([activities(), accounts()], "Ireland")
    assert found.chain == {}
    assert any("does not show IRL" in note for note in found.notes)


def test_catching_up_is_told_from_running_to_stay_in_place():
    values = {"USA": {2000: 100, 2010: 150}, "TWN": {2000: 30, 2010: 60}, "JPN": {2000: 60, 2010: 80}}
    found = diagnose([by_region("income per head", values)], "TWN", 2010).innovation["frontier"][0]
    assert found["leader"] == "United States"
    assert found["before"] == pytest.approx(30) and found["value"] == pytest.approx(40)
    assert found["growth"] == pytest.approx(100 * (2**0.1 - 1))


def test_a_region_of_a_country_is_not_ranked_with_the_country():
    provinces = by_region("R&D spending", {"CHN": {2010: 100}, "Beijing": {2010: 20}, "Guangdong": {2010: 30}})
    countries = by_region("R&D spending", {"CHN": {2010: 9}, "USA": {2010: 12}, "JPN": {2010: 5}})
    figure = diagnose([provinces, countries], "Guangdong").innovation["figures"][0]
    assert (figure["rank"], figure["of"]) == (1, 2)
    figure = diagnose([provinces, countries], "China").innovation["figures"][0]
    assert (figure["rank"], figure["of"], figure["value"]) == (2, 3, 9)


def test_a_year_after_all_tables_is_refused():
    with pytest.raises(Refused, match="the last year is 2007"):
        diagnose([activities()], "TWN", 2050)


def test_a_frontier_of_many_regions_is_not_one_small_rich_place():
    values = {f"place {number}": {2000: 10 + number, 2010: 10 + number} for number in range(30)}
    values["place 29"] = {2000: 5000, 2010: 5000}
    found = diagnose([by_region("income per head", values)], "place 28").innovation["frontier"][0]
    assert found["leader"] is None and found["value"] == pytest.approx(100, abs=10)


def test_the_mix_of_research_adds_up():
    tables = [by_region(name, {"TWN": {2010: value}, "KOR": {2010: 1}}) for name, value in
              (("basic research", 1), ("applied research", 2), ("experimental development", 5))]
    mix = diagnose(tables, "TWN").innovation["mix"]
    assert [
        mix[name] for name in ("basic research", "applied research", "experimental development")
    ] == pytest.approx([12.5, 25, 62.5])


def test_ties_are_told_with_what_sizes_alone_would_give():
    pairs = {("TWN", "JPN"): 30.0, ("TWN", "DEU"): 10.0, ("JPN", "DEU"): 60.0}
    rows = [
        (a, b, 2007, "co-authored articles", value) for (one, other), value in pairs.items() for a, b,
        value in ((one, other, value), (other, one, value))
    ]
    ties = Evidence(
        "x", "ties", pd.DataFrame(rows, columns=["region", "partner", "year", "measure", "value"]),
        {"co-authored articles": "articles"}
    )
    found = diagnose([activities(), ties], "TWN").openness[0]
    assert [
        (row["region"], row["name"], row["share"]) for row in found["largest"]
    ] == [("JPN", "Japan", 75.0), ("DEU", "Germany", 25.0)]
    assert found["largest"][0]["affinity"] == pytest.approx(30 * 200 / (40 * 90))


def test_peers_are_alike_and_the_region_comes_first():
    found = diagnose([activities()], "DEU").peers
    assert [row["region"] for row in found][:2] == ["DEU", "JPN"]
    assert found[0]["similarity"] == pytest.approx(1)


def test_a_published_figure_does_not_take_the_place_of_the_panels_own():
    published = by_region("diversity", {region: {2007: 500.0} for region in REGIONS})
    rows = diagnose([activities(), published], "DEU").peers
    assert all(row["diversity"] <= len(ACTIVITIES) for row in rows)


def test_an_unknown_region_is_refused_with_the_nearest():
    with pytest.raises(Refused, match="did you mean"):
        diagnose([activities()], "IRLL")


def test_the_command_prints_one_json_document_of_the_promised_shape(tmp_path, capsys):
    table = activities()
    path = tmp_path / "exports.csv"
    table.rows.assign(unit="million USD").to_csv(path, index=False)
    assert main(["diagnose", str(path), "--region", "TWN", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"region", "year", "strengths", "adjacent", "chain", "innovation", "peers"} <= document.keys()
    assert {"activity", "rca", "low", "high"} <= document["strengths"][0].keys()
    assert {"activity", "density", "probability"} <= document["adjacent"][0].keys()
    assert document["strengths"][0]["activity"] == "chips"


def test_the_page_and_the_figure_are_written_whole_and_only_over_our_own(tmp_path, capsys):
    path = tmp_path / "exports.csv"
    activities().rows.assign(unit="million USD").to_csv(path, index=False)
    for name in ("page.html", "page.png", "page.svg"):
        place = tmp_path / name
        assert main(["diagnose", str(path), "--region", "TWN", "-o", str(place)]) == 0
        first = place.read_bytes()
        assert main(["diagnose", str(path), "--region", "TWN", "-o", str(place)]) == 0
        assert place.read_bytes() == first
    page = (tmp_path / "page.html").read_text()
    assert "chips" in page and "<svg" in page and "src=" not in page and "href=\"http" not in page
    mine = tmp_path / "mine.html"
    mine.write_text("my own page")
    assert main(["diagnose", str(path), "--region", "TWN", "-o", str(mine)]) == 2
    assert mine.read_text() == "my own page" and "did not make it" in capsys.readouterr().err


def test_all_faults_of_a_command_come_together(tmp_path, capsys):
    assert main(["diagnose", str(tmp_path / "none.csv"), "--year", "soon", "-o", str(tmp_path / "page.doc")]) == 2
    said = capsys.readouterr().err
    assert "--region" in said and "--year" in said and ".html" in said


@pytest.fixture(scope="module")
def real_patents(data_directory):
    from redqueen.evidence.formats import read_tables

    return read_tables([data_directory / "ncses" / "uspto_utility_country_wipo35_year.csv.gz"])


@pytest.mark.parametrize(
    ("region", "best"),
    [
        ("Taiwan", "semiconductors"), ("Chinese Taipei", "semiconductors"), ("Israel", "computer technology"),
        ("Ireland", "medical technology")
    ]
)
def test_real_patents_tell_what_is_known_of_a_country(real_patents, few_trees, region, best):
    assert best in [row.activity for row in diagnose(real_patents, region, 2006).strengths][:3]


def test_a_chain_without_exports_is_no_fault():
    alone = accounts()
    table = alone.tables[0]
    closed = InputOutput(
        table.regions, table.sectors, 2005, np.zeros((4, 4)), np.array([[5.0, 0], [0, 0], [0, 3.0], [0, 2.0]]),
        np.array([5.0, 0, 3, 2]), np.array([5.0, 0, 3, 2])
    )
    assert np.isfinite(Leontief.of(closed).output_by_market).all()
    found = diagnose([Evidence("square_table", "input_output", pd.DataFrame(), {"sales": "USD"}, tables=(closed,))], "TWN")
    assert found.chain["exports"] == 0 and found.chain["sectors"] == []


def test_a_simulated_run_is_diagnosed_like_a_real_region(no_figures, tmp_path, capsys):
    place = tmp_path / "run"
    assert main(["run", "recipes", "--quarters", "24", "-o", str(place)]) == 0
    capsys.readouterr()
    assert main(["diagnose", str(place), "--region", "low_wage", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["chain"]["exports"] > 0 and document["openness"] and document["innovation"]["frontier"]
    assert sum(row["share_of_region"] for row in document["strengths"]) <= 100.0001
