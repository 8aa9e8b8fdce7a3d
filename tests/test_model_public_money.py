"""Public money, related quotients, services and outcomes against closed forms."""

import numpy
import pytest
from closed_forms import small
from worlds import toy

from redqueen.model.founding import found
from redqueen.model.rules.census import take_census
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.government import levy_public_cost, spend_public_money
from redqueen.model.rules.labour import set_wages
from redqueen.model.rules.outcomes import measure_outcomes
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments

#: Closed forms of a few hundred steps agree up to the rounding of so many steps.
STEPS = {"rel": 1e-10}


def test_a_venture_pool_settles_at_what_flows_in_over_what_leaks():
    state = small(parameters={"venture_leak": 0.02}, venture_money=3.0, instruments={"venture_capital": 5.0})
    for _ in range(2000):
        state.reset_outcomes()
        spend_public_money(state)
    assert state.arrays["venture_pool"][0] == pytest.approx(8.0 / 0.02, **STEPS)
    assert state.arrays["venture_public"][0] == 5.0


def test_related_quotients_follow_sales_and_the_trade_of_inputs():
    """Two regions: the second sells a larger part of its sales in components, which it sells on to nobody's inputs."""
    world = toy(
        regions=2, stages=("components", "brand"), first_firms=[[2, 2], [3, 1]], integrated_share=0.0, burn_in=0,
        parameters={"discovery_error": 0.0}
    )
    state = found(world, seed=1)
    schedule = Schedule.empty(1, 2)
    schedule.set("smart_specialisation", 1, 0, 1, 60.0)
    use_instruments(state, schedule, 0)
    take_census(state)
    state.arrays["stage_revenue"][:8] = [[10, 0], [10, 0], [0, 40], [0, 40], [20, 0], [20, 0], [20, 0], [0, 10]]
    state.reset_outcomes()
    spend_public_money(state)
    shares = numpy.array([60 / 80, 10 / 90])
    assert state.arrays["quotient"][1] == pytest.approx(shares / (70 / 170), rel=1e-12)
    assert state.arrays["strengths"][1] == 0b01 and state.arrays["strengths_misjudged"][1] == 0.0
    assert state.arrays["grant_fund"][1] == 60.0 * state.arrays["wage"][1] and state.arrays["grant_chance"][1] == 1.0
    assert not state.arrays["grants"].any(), "nobody is paid before a project starts"


def test_a_champion_puts_its_share_into_capacity_and_keeps_the_rest():
    state = small(parameters={"champion_capacity": 0.4, "capacity_price": 2.0}, instruments={"national_champion": 50.0})
    state.arrays["revenue"][1] = 10.0
    change_environment(state)
    assert state.arrays["champion"][0] == 1
    cash, capacity = state.arrays["cash"][1], state.arrays["capacity"][1, 1]
    spend_public_money(state)
    assert state.arrays["cash"][1] - cash == pytest.approx(30.0, rel=1e-12)
    assert state.arrays["capacity"][1, 1] - capacity == pytest.approx(20.0 / (2.0 * 1.0 * 0.3), rel=1e-12)


def test_money_to_households_is_counted_in_wages():
    state = small(instruments={"lump_sum": 7.0})
    state.arrays["wage"][0] = 3.0
    state.reset_outcomes()
    spend_public_money(state)
    assert state.arrays["transfers"][0] == 21.0


def test_services_employ_whom_incomes_pay_for_as_far_as_there_are_people():
    """Share of spending income / wage, of those whom the chain leaves; what cannot be hired still tightens the market."""
    for income, employed, tight in ((300.0, 150.0, 1.0), (3000.0, 900.0, (100.0 + 1500.0) / (0.7 * 1000.0))):
        state = small(
            parameters={"local_services": 0.5, "wage_slack": 0.7, "wage_speed": 1.0, "wage_tightness": 1.5}, workers=1000.0,
            workers_growth=0.0
        )
        change_environment(state)
        state.reset_outcomes()
        state.arrays["jobs"][0], state.arrays["spending_income"][0] = 100.0, income
        set_wages(state)
        assert state.arrays["service_jobs"][0] == pytest.approx(employed, rel=1e-12)
        assert state.arrays["wage"][0] == pytest.approx(tight**1.5, rel=1e-12)


def test_outcomes_weigh_quality_and_distance_by_revenue():
    state = small(firms=2)
    state.arrays["quality"][:2, 0], state.arrays["quality"][2:4, 1] = [0.5, 0.1], [1.0, 0.0]
    state.arrays["stage_revenue"][:4] = [[30.0, 0.0], [10.0, 0.0], [0.0, 60.0], [0.0, 0.0]]
    state.arrays["frontier"][:] = [0.6, 1.1]
    state.arrays["value_added"][0], state.arrays["price_index"][0], state.arrays["base_price_index"][0] = 50.0, 0.8, 2.0
    state.arrays["labour_normal"][0] = 25.0
    state.arrays["owner"][1] = 1
    measure_outcomes(state)
    arrays = state.arrays
    assert arrays["stage_quality"][0] == pytest.approx([0.4, 1.0], rel=1e-12)
    assert arrays["quality_made"][0] == pytest.approx((40.0 * 0.4 + 60.0 * 1.0) / 100.0, rel=1e-12)
    assert arrays["quality_local"][0] == pytest.approx((30.0 * 0.5 + 60.0 * 1.0) / 90.0, rel=1e-12), "without the affiliate"
    assert arrays["distance_to_frontier"][0] == pytest.approx((40.0 * 0.2 + 60.0 * 0.1) / 100.0, rel=1e-12)
    assert arrays["income_per_head"][0] == pytest.approx(50.0 * 2.0 / 0.8 / 25.0, rel=1e-12)
    assert arrays["firms"][0] == 4.0 and arrays["stage_firms"][0].tolist() == [2.0, 2.0]


def test_the_levy_is_the_public_cost_less_tariffs_raised():
    state = small(instruments={"lump_sum": 7.0})
    state.reset_outcomes()
    spend_public_money(state)
    state.arrays["tariff_paid"][0], state.arrays["tariff_forgone"][0], state.arrays["public_wages"][0] = 2.0, 1.5, 4.0
    levy_public_cost(state)
    assert state.arrays["public_cost"][0] == pytest.approx(7.0 + 1.5 + 4.0, rel=1e-12)
    assert state.arrays["levy"][0] == pytest.approx(7.0 + 4.0 - 2.0, rel=1e-12)
