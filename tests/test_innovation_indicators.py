"""Innovation modes and the frontier: mixes add up, distances are solved by hand, and linear catch-up settles where it must."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from redqueen.errors import Refused
from redqueen.evidence.income import read_income
from redqueen.indicators.frontier import RED_QUEEN_COLUMNS, distance_to_frontier, frontier_levels, red_queen, relative_income
from redqueen.indicators.innovation import product_process_mix, research_intensity, research_mix

SPENDING = arrays(float, (3, 4), elements=st.floats(0.001, 1e6))


# Mixes


def test_the_research_mix_of_beijing_is_that_of_its_parts():
    mix = research_mix([11.6, 2.1, 0.0], [25.1, 4.6, 0.0], [63.3, 93.3, 0.0])
    assert mix.basic[:2] == pytest.approx([0.116, 0.021], rel=1e-12) and mix.experimental[1] == pytest.approx(0.933, rel=1e-12)
    assert np.isnan([part[2] for part in mix]).all()


@settings(max_examples=50, deadline=None)
@given(SPENDING, SPENDING, SPENDING, st.floats(0.01, 100))
def test_parts_of_research_add_up_to_one_in_any_unit(basic, applied, experimental, unit):
    mix = research_mix(basic, applied, experimental)
    assert sum(mix) == pytest.approx(np.ones((3, 4)), rel=1e-12)
    for part, same in zip(mix, research_mix(unit * basic, unit * applied, unit * experimental), strict=True):
        assert part == pytest.approx(same, rel=1e-9)


def test_a_part_that_is_not_known_leaves_no_share():
    assert np.isnan(research_mix(np.nan, 1.0, 1.0)).all()


def test_product_and_process_are_parted_as_solved_by_hand():
    mix = product_process_mix([1.0, 0.0], [3.0, 0.0], [4.0, 5.0], [2.0, 0.0])
    assert mix.novel.tolist() == [0.1, 0] and mix.second.tolist() == [0.3, 0]
    assert mix.process.tolist() == [0.6, 1] and mix.product == pytest.approx([0.4, 0], rel=1e-15)
    assert mix.novel_in_product[0] == 0.25 and np.isnan(mix.novel_in_product[1])


@settings(max_examples=50, deadline=None)
@given(SPENDING, SPENDING, SPENDING)
def test_product_and_process_add_up_to_one(novel, second, process):
    mix = product_process_mix(novel, second, process)
    assert mix.product + mix.process == pytest.approx(np.ones((3, 4)), rel=1e-12)
    assert mix.novel == pytest.approx(mix.product * mix.novel_in_product, rel=1e-9)


def test_research_intensity_needs_an_income():
    assert research_intensity([2.0, 1.0], [100.0, 0.0])[0] == 0.02
    assert np.isnan(research_intensity([2.0, 1.0], [100.0, 0.0])[1])


# The frontier


def test_the_frontier_is_the_best_or_a_high_quantile_of_those_known():
    levels = np.array([[1.0, 2.0, 5.0, np.nan], [np.nan] * 4])
    assert frontier_levels(levels)[0] == 5 and np.isnan(frontier_levels(levels)[1])
    assert frontier_levels(levels, quantile=0.5)[0] == 2
    assert frontier_levels(levels, quantile=0.75)[0] == 3.5


def test_distance_is_zero_on_the_frontier_and_the_log_of_how_many_times_less():
    distance = distance_to_frontier(np.array([8.0, 4.0, 1.0, 0.0]))
    assert distance[:3] == pytest.approx([0, np.log(2), np.log(8)], abs=1e-15) and np.isnan(distance[3])
    assert distance_to_frontier(np.array([8.0, 4.0, 1.0]), quantile=0.5)[0] == pytest.approx(-np.log(2))
    logs = np.array([-1.0, 0.5, 2.0])
    assert distance_to_frontier(logs, logs=True).tolist() == [3.0, 1.5, 0.0]


@settings(max_examples=50, deadline=None)
@given(arrays(float, (3, 5), elements=st.floats(0.001, 1e6)), st.floats(0.01, 100))
def test_distance_depends_neither_on_the_unit_nor_on_the_order_of_regions(levels, unit):
    distance = distance_to_frontier(levels)
    assert distance_to_frontier(unit * levels) == pytest.approx(distance, abs=1e-9)
    assert distance_to_frontier(levels[:, ::-1])[:, ::-1] == pytest.approx(distance, abs=1e-12)
    assert (distance >= 0).all() and (distance.min(axis=1) == 0).all()


# The Red Queen


def rows(name, values):
    """Give a table of region, year and a value from {region: {year: value}}."""
    cells = [(region, year, value) for region, of in values.items() for year, value in of.items()]
    return pd.DataFrame(cells, columns=["region", "year", name])


LEVELS = {
    "leader": {2000: 8.0, 2010: 16.0},
    "runner": {2000: 2.0, 2010: 4.0},
    "catcher": {2000: 1.0, 2010: 4.0},
    "laggard": {2000: 4.0, 2010: 4.0 * 2**0.5},
    "sleeper": {2000: 4.0, 2010: 4.0},
}
INCOME = {region: {2000: 10.0, 2010: 10.0 + place} for place, region in enumerate(LEVELS)}


def test_who_runs_to_stay_in_place_spends_all_its_progress_on_it():
    table = red_queen(rows("level", LEVELS), rows("income", INCOME)).set_index(["region", "year"])
    assert table.reset_index().columns.tolist() == list(RED_QUEEN_COLUMNS)
    now = table.xs(2010, level="year")
    doubling = np.log(2)
    doublings = {"leader": 0, "runner": 2, "catcher": 2, "laggard": 1.5, "sleeper": 2}
    assert (now["distance"] / doubling).to_dict() == pytest.approx(doublings, abs=1e-12)
    spent = now["spent_on_staying"].drop("sleeper").to_dict()
    assert spent == pytest.approx({"leader": 1, "runner": 1, "catcher": 0.5, "laggard": 2})
    # Who made no progress spent none of it.
    assert np.isnan(now.loc["sleeper", "spent_on_staying"]) and now.loc["sleeper", "distance_change"] == pytest.approx(doubling)
    assert now["frontier_growth"].to_numpy() == pytest.approx(np.full(5, doubling))
    assert now["net_growth"].to_numpy() == pytest.approx(-now["distance_change"].to_numpy(), abs=1e-15)
    assert (now["since"] == 2000).all()
    before = table.xs(2000, level="year")
    assert before["distance_change"].isna().all() and before["relative_income"].tolist() == [100.0] * 5


def test_income_stands_beside_distance_in_its_own_unit_and_against_the_best():
    now = red_queen(rows("level", LEVELS), rows("income", INCOME)).query("year == 2010").set_index("region")
    assert now.loc["leader", ["income", "relative_income"]].tolist() == pytest.approx([10, 100 * 10 / 14])
    assert now.loc["sleeper", "income_growth"] == pytest.approx(np.log(1.4))
    assert now.loc["leader", "relative_income_change"] == pytest.approx(100 * 10 / 14 - 100)


def test_a_frontier_that_is_given_takes_the_place_of_the_best_region():
    """A simulated region's frontier is that of what it makes: quality + distance, in logs."""
    levels = rows("level", {"delta": {1: -1.0, 11: 0.5}}).assign(frontier=[0.0, 1.0])
    table = red_queen(levels, rows("income", {"delta": {1: 1.0, 11: 2.0}}), logs=True)
    last = table.iloc[-1]
    assert (last["distance"], last["own_growth"], last["frontier_growth"]) == (0.5, 1.5, 1.0)
    assert last["spent_on_staying"] == pytest.approx(2 / 3) and last["net_growth"] == 0.5


def test_a_change_needs_the_year_that_far_back_and_no_other():
    levels = rows("level", {"a": {2000: 1.0, 2004: 2.0, 2005: 3.0}})
    income = rows("income", {"a": {2000: 1.0, 2004: 1.0, 2005: 1.0}})
    table = red_queen(levels, income, span=5).set_index("year")
    assert table["own_growth"].notna().to_dict() == {2000: False, 2004: False, 2005: True}


def test_regions_and_years_of_one_table_alone_are_left_out():
    levels = rows("level", {"a": {2000: 1.0, 2001: 1.0}, "b": {2000: 2.0}})
    income = rows("income", {"a": {2000: 3.0}, "c": {2000: 9.0}})
    table = red_queen(levels, income)
    assert table[["region", "year"]].to_numpy().tolist() == [["a", 2000]]
    # The frontiers are those of all who are known: b and c stay in them.
    assert table["distance"][0] == pytest.approx(np.log(2)) and table["relative_income"][0] == pytest.approx(100 / 3)
    assert red_queen(levels.iloc[:0], income).columns.tolist() == list(RED_QUEEN_COLUMNS)


def test_linear_catch_up_settles_at_phi_over_phi_plus_g():
    """A frontier that grows by g, and a region that closes phi of its gap to it in every year, in levels."""
    phi, g, years = 0.08, 0.02, 600
    frontier, level = 1.0, 0.01
    path = {"leader": {}, "follower": {}}
    for year in range(years):
        path["leader"][year], path["follower"][year] = frontier, level
        # Exact for a year: the gap shrinks at phi while the frontier moves at g.
        ratio = level / frontier
        settled = phi / (phi + g)
        ratio = settled + (ratio - settled) * np.exp(-(phi + g))
        frontier *= np.exp(g)
        level = ratio * frontier
    table = red_queen(rows("level", path), rows("income", path)).set_index(["region", "year"])
    last = table.loc["follower", years - 1]
    assert np.exp(-last["distance"]) == pytest.approx(phi / (phi + g), rel=1e-9)
    assert last["spent_on_staying"] == pytest.approx(1, rel=1e-9)
    # On the way there it ran faster than the frontier.
    assert table.loc["follower", 20]["spent_on_staying"] < 0.5


def test_all_faults_are_refused_at_once():
    levels = rows("level", {"a": {2000: 0.0, 2001: 1.0}})
    levels = pd.concat([levels, levels.iloc[[1]]])
    with pytest.raises(Refused) as refused:
        red_queen(levels, rows("incom", {"a": {2000: 1.0}}))
    text = str(refused.value)
    assert "3 faults" in text and "a in 2001 stands twice" in text and "no logarithm" in text and "did you mean 'incom'" in text


def test_logs_may_be_below_zero_but_incomes_may_not():
    levels = rows("level", {"a": {2000: -1.0}})
    assert red_queen(levels, rows("income", {"a": {2000: 1.0}}), logs=True)["distance"].tolist() == [0.0]
    with pytest.raises(Refused, match="no logarithm"):
        red_queen(levels, rows("income", {"a": {2000: -1.0}}), logs=True)


def test_whoever_caught_up_with_the_united_states_ran_faster_than_they_did(data_directory):
    """Incomes per head of 1960 and 2010 against the United States: Taiwan from 12 to 76 %, India from 7 to 9 (Maddison 2023)."""
    income = read_income(data_directory / "indicators" / "maddison2023_gdppc_2011ppp.csv")
    income = income[income["year"].isin([1960, 2010])]
    of_leader = income[income["region"] == "USA"].set_index("year")["income"]
    levels = income.rename(columns={"income": "level"}).assign(frontier=income["year"].map(of_leader))
    table = red_queen(levels, income, span=50)
    relative = relative_income(income, to="USA").set_index(["region", "year"])["relative_income"]
    distance = table.set_index(["region", "year"])["distance"]
    assert (100 * np.exp(-distance)).to_dict() == pytest.approx(relative.to_dict(), rel=1e-12)
    staying = table[table["year"] == 2010].set_index("region")["spent_on_staying"]
    assert staying["USA"] == 1 and staying["TWN"] < staying["ISR"] < 1 and staying["KOR"] < 0.5 < staying["IND"] < 1
