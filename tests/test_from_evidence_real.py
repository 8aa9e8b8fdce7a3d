"""Worlds of the real six countries."""

import math

import numpy as np
import pytest
from table_worlds import INCOME, PATENTS, STAGES, TABLE, changed, made, of, refusal  # noqa: F401

from redqueen.cases import endowing
from redqueen.cases.case import read_case
from redqueen.cases.from_evidence import write_world
from redqueen.model.endowments import ENDOWMENTS

SIX = ("USA", "TWN", "CHN", "KOR", "IRL", "IND")


def six(data_directory, out, table="small_10x10_2000.csv.gz", **options):
    return read_case(
        write_world(
            data_directory / "wiod" / table, data_directory / "ncses" / "uspto_utility_country_wipo35_year.csv.gz",
            data_directory / "indicators" / "maddison2023_gdppc_2011ppp.csv", SIX, 2000, out, **options,
        ).path
    )


def test_the_six_countries_can_be_read_and_do_not_depend_on_how_the_table_is_aggregated(data_directory, tmp_path):
    small = six(data_directory, tmp_path / "small.toml")
    full = six(data_directory, tmp_path / "full.toml", "full_2000.parquet")
    assert small.world.regions == (*SIX, "ROW")
    for endowment in ENDOWMENTS:
        # The aggregated table is rounded to whole millions, which shows in its smallest flows.
        assert small.world.endowments[endowment.name] == pytest.approx(full.world.endowments[endowment.name], rel=0.02, abs=2e-3)


def test_the_six_countries_differ_as_one_knows(data_directory, tmp_path):
    case = six(data_directory, tmp_path / "six.toml")
    wage = {region: of(case, "base_wage", region) for region in SIX}
    assert sorted(wage, key=wage.get, reverse=True) == ["USA", "IRL", "TWN", "KOR", "CHN", "IND"]
    firms = {region: of(case, "first_firms", region) / of(case, "first_firms", region).sum() for region in SIX}
    assembly, design = STAGES.index("assembly"), STAGES.index("design")
    assert firms["CHN"][assembly] > firms["USA"][assembly]
    assert firms["USA"][design] > firms["TWN"][design] > firms["CHN"][design]
    distance = case.world.endowments["distance"]
    place = case.world.regions.index
    assert distance[place("TWN"), place("CHN")] < distance[place("USA"), place("CHN")] < distance[place("USA"), place("IND")]


def test_the_six_countries_begin_as_their_tables_say(data_directory, tmp_path):
    from redqueen.model.simulate import burn_in, simulate

    world = six(data_directory, tmp_path / "six.toml").world
    place = world.regions.index
    for seed in (1, 2, 3):
        history = simulate(world, seed=seed, state=burn_in(world, seed, check=seed == 1))
        assert (history.arrays["firms"][0] >= 1).all()
        assert np.isfinite(history.arrays["value_added"]).all()
        # The rules fix who could work, not who does: a factor of three is a gross error, not noise.
        jobs, heads = history.arrays["jobs"][0], world.endowments["workers"]
        ratio = (jobs / jobs.sum()) / (heads / heads.sum())
        assert (ratio > 1 / 3).all() and (ratio < 3).all()
        assert history.arrays["wage"][0, place("TWN")] < history.arrays["wage"][0, place("USA")]


def test_between_continents_is_the_median_pair_of_the_table(data_directory):
    from redqueen.evidence.input_output import read_input_output
    from redqueen.indicators.value_chain import gross_exports

    table = read_input_output(data_directory / "wiod" / "small_10x10_2000.csv.gz")
    n_regions, place = len(table.regions), table.sectors.index("ELE")
    trade = gross_exports(table.intermediate, table.final_demand, n_regions)[place]
    sales = trade + np.diag(table.output.reshape(n_regions, -1)[:, place] - trade.sum(axis=1))
    continent = {"USA": 1, "MEX": 1, "DEU": 2, "IRL": 2, "TWN": 3, "CHN": 3, "KOR": 3, "JPN": 3, "IND": 3}
    pairs = [
        -0.5 * math.log(sales[a, b] * sales[b, a] / (sales[a, a] * sales[b, b]))
        for a, one in enumerate(table.regions) for b, other in enumerate(table.regions)
        if a < b and one in continent and other in continent and continent[one] != continent[other]
    ]
    assert np.median(pairs) == pytest.approx(endowing.BETWEEN_CONTINENTS, abs=0.01)


def test_the_real_ties_bring_colleagues_abroad_and_change_nothing_else(data_directory, tmp_path):
    plain = six(data_directory, tmp_path / "plain.toml").world
    tied = six(data_directory, tmp_path / "tied.toml", ties=data_directory / "ncses" / "coauthored_articles_pairs.csv.gz").world
    for name in plain.endowments:
        if name != "first_tie_share":
            assert (tied.endowments[name] == plain.endowments[name]).all(), name
    more = tied.endowments["first_tie_share"] - plain.endowments["first_tie_share"]
    # A tenth of all ties: a fifth of the half that is not with suppliers.
    assert more.sum(axis=1)[:-1] == pytest.approx(0.1, abs=1e-3)
    # The rest of the world holds many countries, whose ties with one another stay within it.
    assert 0 < more[-1].sum() < 0.1
    twn, usa = SIX.index("TWN"), SIX.index("USA")
    assert more[twn, usa] == more[twn].max()
