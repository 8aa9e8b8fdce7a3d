"""Each rule that makes a world from evidence, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from redqueen.cases import endowing

STAGES = [stage.name for stage in endowing.CHAIN]


def test_the_richest_region_earns_one_and_talent_twice_that():
    wage = endowing.wages(np.array([40_000.0, 1_250.0]))
    assert wage.tolist() == [1.0, 1 / 32]
    # 32^0.6 = 8
    assert endowing.skilled_wages(wage) == pytest.approx([2.0, 0.25])


def test_workers_are_value_added_over_the_wage():
    assert endowing.workers(np.array([300.0, 100.0]), np.array([1.0, 0.5])) == pytest.approx([6000.0, 4000.0])


def test_a_region_merged_with_another_has_the_workers_of_both():
    value_added, income = np.array([300.0, 100.0, 50.0]), np.array([4.0, 2.0, 1.0])
    apart = endowing.workers(value_added, income)
    together = endowing.rest_income(income[1:], value_added[1:])
    merged = endowing.workers(np.array([300.0, 150.0]), np.array([4.0, together]))
    assert merged[1] == pytest.approx(apart[1:].sum())


def test_a_world_is_large_enough_for_its_smallest_region():
    # Shares of 1/2, 1/100 and 1/1,000: 10,000 do, 15,000 give 150, 40,000 are the most.
    for smallest, world in ((0.5, 10_000), (0.01, 15_000), (0.001, 40_000)):
        assert endowing.workers(np.array([1 - smallest, smallest]), np.ones(2)).sum() == pytest.approx(world)


def test_the_smallest_region_and_the_poorest_stay_within_what_a_world_may_state():
    assert endowing.workers(np.array([1.0, 1e-9]), np.ones(2))[1] == endowing.LEAST_FIRMS
    assert endowing.wages(np.array([150_000.0, 500.0]))[1] == endowing.LEAST_WAGE


def test_spending_follows_use_and_the_rich_want_the_best():
    frontier, value = endowing.markets(np.array([300.0, 100.0]), np.array([1.0, 1 / 32]), np.array([5000.0, 96_000.0]))
    # The wage bill is 5000 + 3000, spending 1.6 times that; odds are 3.3 and 3.3 / 64.
    assert frontier + value == pytest.approx([9600.0, 3200.0])
    assert frontier == pytest.approx([9600.0 * 3.3 / 4.3, 3200.0 * 0.0515625 / 1.0515625])


def test_stocks_drawn_down_are_no_negative_market():
    frontier, value = endowing.markets(np.array([300.0, -5.0]), np.array([1.0, 0.5]), np.array([5000.0, 5000.0]))
    assert (frontier[1], value[1]) == (0.0, 0.0)


def test_quality_follows_patents_where_one_thinks_and_income_where_one_makes():
    quality = endowing.first_quality(np.array([1.0, math.exp(-2)]), np.array([1.0, math.exp(-1)]))
    assert quality[0] == pytest.approx(np.zeros(6))
    assert dict(zip(STAGES, quality[1], strict=True)) == pytest.approx(
        {"design": -0.5, "components": -0.4, "fabrication": -0.4, "assembly": -0.4, "software": -0.5, "brand": -0.5}
    )


def test_no_patents_and_deep_poverty_start_at_the_least_quality():
    known = endowing.knowledge(np.array([10.0, 0.0]), np.array([5.0, 5.0]))
    assert known.tolist() == [1.0, 0.001]
    quality = endowing.first_quality(known, np.array([1.0, 0.005]))
    assert (quality[1] == endowing.LEAST_QUALITY).all()


def test_without_patents_anywhere_no_region_is_behind_by_them():
    assert endowing.knowledge(np.zeros(2), np.ones(2)).tolist() == [1.0, 1.0]


def test_patents_bring_designers_and_processing_brings_makers():
    # Patents per value added are 1.5 and 0.5 of the world's; vertical specialisation 25 % and 1 % against 13 %.
    mix = endowing.stage_mix(
        patents=np.array([30.0, 10.0]), value_added=np.array([50.0, 50.0]), output=np.array([100.0, 100.0]),
        exports=np.array([50.0, 10.0]), imported_inputs=np.array([0.5, 0.1]),
    )
    thinks, makes = 1.5**0.3, (25 / 13) ** 0.25
    first = np.array([thinks, 1.0, makes, makes, thinks, thinks])
    # 1 / 13 is below the least relative measure, 0.1.
    thinks, makes = 0.5**0.3, 0.1**0.25
    second = np.array([thinks, 1.0, makes, makes, thinks, thinks])
    assert mix[0] == pytest.approx(first / first.sum())
    assert mix[1] == pytest.approx(second / second.sum())


def test_who_adds_little_value_assembles():
    # Output per value added is 4 and 2, the world's 200 / 75: 1.5 and 0.75 of it.
    mix = endowing.stage_mix(
        patents=np.array([25.0, 50.0]), value_added=np.array([25.0, 50.0]), output=np.array([100.0, 100.0]),
        exports=np.array([10.0, 10.0]), imported_inputs=np.array([0.2, 0.2]),
    )
    assert mix[:, STAGES.index("assembly")] == pytest.approx([1.5 / 6.5, 0.75 / 5.75])


def test_firms_follow_output_and_no_region_is_without():
    alike = np.full((2, 6), 1 / 6)
    # 400 firms, 12 for each region, 376 by output: 294 and 106; 106 / 6 leaves 4 to give, to the first stages.
    heads = np.array([6000.0, 4000.0])
    firms = endowing.first_firms(np.array([300.0, 100.0]), alike, heads)
    assert firms.tolist() == [[49] * 6, [18, 18, 18, 18, 17, 17]]
    firms = endowing.first_firms(np.array([1e9, 1e-9]), alike, heads)
    assert firms[1].tolist() == [2] * 6


def test_every_region_has_a_lead_firm():
    mix = np.array([[0.2, 0.2, 0.2, 0.2, 0.2, 0.0]] * 2)
    firms = endowing.first_firms(np.array([1.0, 1.0]), mix, np.array([5000.0, 5000.0]))
    assert (firms[:, -1] == 1).all()
    assert firms.sum() == 400


def test_talent_is_split_between_schooling_and_research():
    heads, wage, known = np.full(3, 1000.0), np.array([1.0, 1 / 32, 1.0]), np.array([1.0, 1 / 32, 1 / 32])
    # 32^0.4 = 4 and 32^0.2 = 2
    assert endowing.talent(heads, wage, known) == pytest.approx([700.0, 700.0 / 8, 700.0 / 2])


def test_graduates_replace_those_who_retire():
    assert endowing.graduates(np.array([1000.0])) == pytest.approx([8.0])


def test_venture_money_and_exits_come_with_income():
    heads, wage = np.array([1000.0, 1000.0]), np.array([1.0, 0.25])
    assert endowing.venture_money(heads, wage) == pytest.approx([5.5, 5.5 / 8])
    assert endowing.venture_exit(wage) == pytest.approx([1.0, 1 / 16])


def test_distance_is_what_is_not_traded():
    apart = 100 * math.exp(-endowing.BETWEEN_CONTINENTS)
    sales = np.array([[100.0, apart, 0.0], [apart, 100.0, 100.0], [5.0, 100.0, 100.0]])
    # Another continent is 1; one-way trade is none; as much abroad as at home is no distance.
    assert endowing.distances(sales) == pytest.approx(np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0]]))


def test_nothing_sold_at_home_is_near():
    assert endowing.distances(np.array([[0.0, 5.0], [5.0, 10.0]]))[0, 1] == 0.0


def test_half_of_the_ties_follow_purchases():
    purchases = np.array([[60.0, 10.0, 0.0], [40.0, 30.0, 0.0], [0.0, 0.0, 0.0]])
    shares = endowing.first_tie_shares(purchases)
    assert shares.tolist() == [[0.0, 0.2, 0.0], [0.125, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_the_other_half_of_the_ties_follows_collaboration():
    purchases = np.array([[60.0, 10.0], [40.0, 30.0]])
    colleagues = np.array([[np.nan, np.nan], [0.3, 0.0]])
    # Without a word of the first region its colleagues are at home: half of 40 %. The second: half of 25 % and half of 30 %.
    assert endowing.first_tie_shares(purchases, colleagues) == pytest.approx(np.array([[0.0, 0.2], [0.275, 0.0]]))


def test_a_fifth_of_colleagues_are_abroad_where_those_at_home_are_not_told():
    together = np.array([[0.0, 30.0, 10.0], [30.0, 0.0, 0.0], [10.0, 0.0, 0.0]])
    shares = endowing.colleague_shares(together, abroad=np.array([50.0, 30.0, 0.0]), home=np.array([np.nan, 70.0, np.nan]))
    assert shares[0] == pytest.approx([0.0, 0.2 * 30 / 50, 0.2 * 10 / 50])
    assert shares[1] == pytest.approx([30 / 100, 0.0, 0.0])
    assert np.isnan(shares[2]).all()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(seed=some.integers(0, 2**32 - 1), n=some.integers(2, 6), home=some.floats(0.0, 1.0))
def test_ties_abroad_are_never_more_than_all_even_when_rounded(seed, n, home):
    draws = np.random.default_rng(seed)
    purchases, together = draws.uniform(size=(2, n, n)) ** 3
    np.fill_diagonal(purchases, home * purchases.diagonal())
    np.fill_diagonal(together, 0.0)
    colleagues = endowing.colleague_shares(together, together.sum(axis=1), home * draws.uniform(size=n))
    shares = endowing.first_tie_shares(purchases, colleagues)
    assert (shares >= 0).all() and (shares.diagonal() == 0).all()
    assert sum(float(f"{share:.4g}") for share in shares[0]) <= 1.0


def test_jobs_size_a_region_whatever_it_earns():
    heads = endowing.workers(np.array([300.0, 100.0]), np.array([1.0, 0.5]), np.array([2e6, 3e6]))
    assert heads == pytest.approx([4000.0, 6000.0])


def test_jobs_that_are_not_told_are_those_that_value_added_makes_likely():
    # 30 jobs for each unit of value added over income where they are told.
    jobs = endowing.all_jobs(
        np.array([60.0, np.nan, 30.0, np.nan]), np.array([4.0, 3.0, 2.0, -1.0]), np.array([2.0, 1.0, 2.0, 1.0])
    )
    assert jobs == pytest.approx([60.0, 90.0, 30.0, 0.0])


@settings(derandomize=True, max_examples=30, deadline=None)
@given(seed=some.integers(0, 2**32 - 1))
def test_jobs_that_follow_value_added_over_income_change_no_region(seed):
    draws = np.random.default_rng(seed)
    value_added, wage = draws.uniform(1, 5, 4), np.append(1.0, draws.uniform(0.1, 1, 3))
    told = np.where(draws.uniform(size=4) < 0.5, value_added / wage, np.nan)
    told[0] = value_added[0] / wage[0]
    jobs = endowing.all_jobs(1e4 * told, value_added, wage)
    assert endowing.workers(value_added, wage, jobs) == pytest.approx(endowing.workers(value_added, wage))


def test_talent_emigrates_as_others_do():
    away = endowing.first_diaspora(np.array([1000.0, 200.0]), np.array([[np.nan, 0.02], [np.nan, 0.5]]))
    assert away.tolist() == [[0.0, 20.0], [0.0, 100.0]]


def test_what_a_stage_buys_is_split_without_changing_its_cost():
    price = {"design": 0.29, "components": 0.52, "fabrication": 0.65}
    for own_share in (0.0, 0.4, 1.0):
        split = endowing.chain_inputs(own_share)
        for stage in endowing.CHAIN:
            units, materials = split[stage.name]
            assert units * price.get(stage.input, 0.0) + materials == pytest.approx(stage.other_cost)
            assert units * price.get(stage.input, 0.0) == pytest.approx(own_share * stage.other_cost if stage.input else 0.0)


def test_the_weights_of_the_chain_add_up_to_one():
    assert sum(stage.quality_weight for stage in endowing.CHAIN) == pytest.approx(1.0)
