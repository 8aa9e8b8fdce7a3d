"""Stocks that grow, fade and settle, against closed forms.

Learning, knowledge, talent, capacity, brands, trust, wages and money.
"""

import numpy
import pytest
from closed_forms import small
from worlds import toy

from redqueen.model.founding import found
from redqueen.model.quarter import run_quarter
from redqueen.model.rules.accounts import close_books
from redqueen.model.rules.census import take_census
from redqueen.model.rules.costs import measure_effort
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.labour import set_wages, spend_incomes
from redqueen.model.rules.sourcing import choose_suppliers
from redqueen.model.rules.talent import move_talent
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments

#: Closed forms of a few hundred steps agree up to the rounding of so many steps.
STEPS = {"rel": 1e-10}


# Learning by doing


def effort_at(experience, others=0.0, **parameters):
    """Give the effort of a maker with some experience beside another with some."""
    state = small(firms=2, parameters=parameters)
    state.arrays["experience"][:2, 0] = [experience, others]
    measure_effort(state)
    return state.arrays["unit_effort"][0, 0]


@pytest.mark.parametrize("exponent", [0.1, 0.32, 0.45])
def test_effort_falls_by_two_to_the_minus_b_with_every_doubling(exponent):
    """Wright's law; the exponent is what McNerney et al. (2011) derive as 1 / (gamma d) of a design's components."""
    own = [effort_at(experience, wright_exponent=exponent, learning_from_others=0.0) for experience in (50.0, 100.0, 200.0, 1600.0)]
    assert own[1] / own[0] == pytest.approx(2.0**-exponent, rel=1e-12)
    assert own[2] / own[1] == pytest.approx(2.0**-exponent, rel=1e-12)
    assert own[3] / own[2] == pytest.approx(8.0**-exponent, rel=1e-12)


def test_rivals_of_mean_experience_teach_their_share():
    """Own 100 and 8 rivals of mean experience (100 + 300) / 2 at a quarter each teach as much as 500 of one's own alone."""
    taught = {"wright_exponent": 0.3, "learning_rivals": 8.0}
    alone = effort_at(500.0, others=0.0, **taught, learning_from_others=0.0)
    scale = (1.0 + 0.25 * 8.0) ** 0.3
    assert effort_at(100.0, others=300.0, **taught, learning_from_others=0.25) == pytest.approx(alone * scale, rel=1e-12)
    assert effort_at(100.0, others=400.0, learning_from_others=0.0) == effort_at(100.0, learning_from_others=0.0)


@pytest.mark.parametrize(("closed", "taught"), [(0.0, 400.0), (1.0, 100.0)])
def test_nobody_learns_across_a_closed_border(closed, taught):
    """The mean experience of the firms that a region may trade with: of makers with 100 and 700, or of the one at home."""
    world = toy(
        regions=2, stages=("components", "brand"), first_firms=[[1, 0], [1, 0]], burn_in=0,
        parameters={"wright_exponent": 0.3, "learning_from_others": 0.5, "learning_rivals": 6.0}
    )
    state = found(world, seed=1)
    schedule = Schedule.empty(1, 2)
    schedule.set("embargo", 1, 0, 1, closed)
    use_instruments(state, schedule, 0)
    take_census(state)
    change_environment(state)
    state.arrays["experience"][:2, 0] = [100.0, 700.0]
    measure_effort(state)
    effective = (100.0 + 0.5 * 6.0 * taught) / state.arrays["first_experience_of"][0]
    assert state.arrays["unit_effort"][0, 0] == pytest.approx(effective**-0.3, rel=1e-12)


@pytest.mark.parametrize("firms", [1, 3, 40])
def test_a_typical_firm_starts_with_standard_effort_in_a_small_and_in_a_large_world(firms):
    """Effective experience is measured against that of a typical firm when the world began."""
    state = small(firms=firms, parameters={"first_experience": 20.0, "capacity_start": 4.0, "learning_from_others": 0.5})
    state.arrays["experience"][...] = 80.0
    measure_effort(state)
    assert state.arrays["unit_effort"][:firms, 0] == pytest.approx(1.0, rel=1e-12)


def test_congestion_adds_what_passes_usable_capacity():
    state = small(parameters={"congestion": 0.4})
    measure_effort(state)
    calm = state.arrays["unit_effort"][0, 0]
    state.arrays["capacity"][0, 0], state.arrays["financed"][0], state.arrays["planned"][0, 0] = 10.0, 0.5, 8.0
    measure_effort(state)
    assert state.arrays["unit_effort"][0, 0] == pytest.approx(calm * (1.0 + 0.4 * (8.0 / 5.0 - 1.0)), rel=1e-12)


def test_in_a_run_with_learning_alone_effort_follows_wrights_line():
    """Through 60 quarters of a world that only learns, ln effort falls by b with ln effective experience, firm by firm."""
    still = {
        "consider": 0.0, "turbulence": 0.0, "congestion": 0.0, "spinoff_rate": 0.0, "fresh_entry": 0.0, "returnee_founders": 0.0,
        "affiliate_rate": 0.0,
        "exit_hazard": 0.0, "giving_up": 0.0, "informal_share": 1e9, "obsolete_gap": 1e9, "take_back": 0.0,
        "unbundling_spinoff": 0.0,
        "mover_experience": 0.0, "wright_exponent": 0.25, "learning_from_others": 0.4, "learning_rivals": 20.0,
    }
    state = found(toy(parameters=still), seed=3)
    for _ in range(60):
        experience, before = state.arrays["experience"].copy(), in_house(state)
        run_quarter(state)
        mean = (experience * before).sum(axis=0) / before.sum(axis=0)
        effective = (experience + 0.4 * 20.0 * mean) / state.arrays["first_experience_of"]
        kept = before & in_house(state)
        slope_away = numpy.log(state.arrays["unit_effort"][kept]) + 0.25 * numpy.log(effective[kept])
        assert kept.any() and numpy.abs(slope_away).max() < 1e-9


def in_house(state):
    """Say which living firm does which stage."""
    stages = numpy.arange(state.n_stages, dtype=numpy.uint64)
    return (state.arrays["alive"][:, None] == 1) & ((state.arrays["stages"][:, None] >> stages) & numpy.uint64(1) == 1)


def test_a_new_epoch_takes_part_of_what_was_learnt():
    """With an epoch's end for sure, progress, experience and flexibility of all firms keep their shares."""
    state = small(
        firms=2,
        parameters={"turbulence": 1.0, "epoch_keeps_cost": 0.6, "epoch_keeps_experience": 0.7, "epoch_keeps_flexibility": 0.8}
    )
    for name in ("cost_progress", "experience", "flexibility"):
        state.arrays[name][:2, 0] = 0.5
    change_environment(state)
    assert state.arrays["epoch"].tolist() == [1, 1]
    for name, share in (("cost_progress", 0.6), ("experience", 0.7), ("flexibility", 0.8)):
        assert state.arrays[name][:2, 0] == pytest.approx(0.5 * share, rel=1e-12)


def test_epochs_end_as_often_as_the_world_is_turbulent():
    """One of 2000 quarters and stages off by more than 0.018 would be a wrong rule: four standard errors."""
    state = small(parameters={"turbulence": 0.05})
    for quarter in range(1000):
        state.quarter = quarter
        change_environment(state)
    assert state.arrays["epoch"].sum() / 2000 == pytest.approx(0.05, abs=0.0195)


# Books of a firm


def books(quarters, arrays=None, instruments=None, **options):
    """Give a state after its books were closed so often, with units and sales held where they are put."""
    state = small(instruments=instruments, **options)
    state.arrays["cash"][:] = 0.0
    for name, value in (arrays or {}).items():
        state.arrays[name][0] = value
    measure_effort(state)
    for _ in range(quarters):
        state.reset_outcomes()
        close_books(state)
    return state


def test_experience_settles_at_output_over_forgetting():
    state = books(400, {"units": [7.0, 0.0], "experience": [90.0, 0.0], "planned": [7.0, 0.0]}, parameters={"forgetting": 0.05})
    settled = 7.0 / 0.05
    assert state.arrays["experience"][0, 0] == pytest.approx(settled + (90.0 - settled) * 0.95**400, **STEPS)


def test_plans_follow_orders_at_their_speed():
    state = books(9, {"units": [7.0, 0.0], "planned": [2.0, 0.0]}, parameters={"planning_speed": 0.35})
    assert state.arrays["planned"][0, 0] == pytest.approx(7.0 - 5.0 * 0.65**9, **STEPS)


def test_capacity_grows_at_its_speed_to_what_is_planned():
    """A rigid firm grows by the given share a quarter until its capacity is what it plans to make."""
    free = {"capacity_price": 0.0, "capacity_growth": 0.1, "flexibility_decay": 0.0}
    start = {"units": [50.0, 0.0], "planned": [50.0, 0.0], "capacity": [4.0, 0.0], "flexibility": [0.5, 0.0]}
    assert books(10, start, parameters=free).arrays["capacity"][0, 0] == pytest.approx(4.0 * (1.0 + 0.1 * 1.5) ** 10, **STEPS)
    assert books(60, start, parameters=free).arrays["capacity"][0, 0] == 50.0


def test_idle_capacity_goes_at_its_speed_but_not_below_the_first():
    idle = {"units": [1.0, 0.0], "planned": [1.0, 0.0], "capacity": [100.0, 0.0]}
    scrapped = {"capacity_shrink": 0.05, "capacity_start": 4.0}
    assert books(20, idle, parameters=scrapped).arrays["capacity"][0, 0] == pytest.approx(100.0 * 0.95**20, **STEPS)
    assert books(200, idle, parameters=scrapped).arrays["capacity"][0, 0] == 4.0


def test_capacity_is_bought_with_money_at_hand():
    """Cash beyond a quarter's cost buys capacity at price x wage x workers per unit; nothing is bought on top."""
    start = {"units": [50.0, 0.0], "planned": [50.0, 0.0], "capacity": [40.0, 0.0], "flexibility": [0.0, 0.0]}
    options = {
        "parameters": {"capacity_price": 2.0, "capacity_growth": 0.2, "payout": 0.0, "overhead": 0.0}, "credit": 0.0,
        "materials_per_unit": 0.0
    }
    poor = books(1, start | {"cash": 0.0}, **options)
    assert poor.arrays["capacity"][0, 0] == 40.0 and poor.arrays["capacity_paid"][0] == 0.0
    cost = poor.arrays["cost"][0]
    rich = books(1, start | {"cash": 2.0 * cost + 1.0}, **options)
    bought = 1.0 / (2.0 * 1.0 * 0.2)
    assert rich.arrays["capacity"][0, 0] == pytest.approx(40.0 + bought, **STEPS)
    assert rich.arrays["cash"][0] == pytest.approx(cost, **STEPS) and rich.arrays["capacity_paid"][0] == pytest.approx(1.0, **STEPS)


def test_flexibility_fades_at_its_rate():
    state = books(30, {"flexibility": [0.4, 0.0]}, parameters={"flexibility_decay": 0.02})
    assert state.arrays["flexibility"][0, 0] == pytest.approx(0.4 * 0.98**30, **STEPS)


def test_a_brand_settles_at_what_is_spent_over_its_fading():
    """brand' = (1 - decay) brand + money / wage: with steady sales it settles at that over the decay."""
    known = {"marketing_share": 0.05, "marketing_fixed": 2.0, "brand_decay": 0.1}
    state = small(parameters=known)
    state.arrays["wage"][0] = 2.5
    state.arrays["market_sales"][0, 0] = 300.0
    for _ in range(300):
        state.reset_outcomes()
        close_books(state)
    assert state.arrays["brand"][0, 0] == pytest.approx((0.05 * 300.0 / 2.5 + 2.0) / 0.1, **STEPS)


def test_debt_is_bank_credit_first_and_informal_money_beyond():
    """Interest = credit rate x debt within the line + informal rate x what exceeds it; the line is revenue x share x depth."""
    rates = {"credit_rate": 0.02, "informal_rate": 0.06, "credit_share": 0.8}
    for debt, due in ((-5.0, 0.0), (3.0, 0.02 * 3.0), (20.0, 0.02 * 4.0 + 0.06 * 16.0)):
        state = books(1, {"cash": -debt, "revenue": 10.0}, parameters=rates, credit=0.5)
        assert state.arrays["interest_paid"][0] == pytest.approx(due, rel=1e-12)


@pytest.mark.parametrize(("owner", "line"), [("private", 10.0 * 0.7), ("state", 10.0 * 1.3)])
def test_a_biased_bank_takes_from_private_firms_and_gives_to_the_states(owner, line):
    state = small(
        parameters={"credit_rate": 0.02, "informal_rate": 0.06, "credit_share": 1.0}, instruments={"state_credit_bias": 0.3}
    )
    state.arrays["owner"][0] = {"private": 0, "state": 2}[owner]
    state.arrays["cash"][0], state.arrays["revenue"][0] = -20.0, 10.0
    state.reset_outcomes()
    close_books(state)
    assert state.arrays["interest_paid"][0] == pytest.approx(0.02 * line + 0.06 * (20.0 - line), rel=1e-12)


def test_owners_get_part_of_what_exceeds_the_reserve():
    keeps = {"payout": 0.3, "surplus_wages": 10.0, "surplus_revenue": 2.0, "overhead": 0.5}
    state = books(1, {"cash": 100.0, "revenue": 6.0}, parameters=keeps)
    held = 100.0 + 6.0 - 0.5
    assert state.arrays["dividends"][0] == pytest.approx(0.3 * (held - 10.0 * 1.0 - 2.0 * 6.0), rel=1e-12)
    assert state.arrays["dividends_received"][0] == state.arrays["dividends"][0]


def test_a_firm_runs_as_far_as_its_money_goes():
    """financed = (cash + credit + informal money) / a quarter's cost, between the least share and one."""
    terms = {
        "informal_share": 0.25, "financed_least": 0.2, "overhead": 1.0, "credit_share": 1.0, "credit_rate": 0.0,
        "informal_rate": 0.0
    }
    for cash, financed in ((1.4, 0.4 + 0.25), (9.0, 1.0), (-5.0, 0.2)):
        state = books(1, {"cash": cash, "revenue": 0.0}, parameters=terms)
        assert state.arrays["cost"][0] == 1.0
        assert state.arrays["financed"][0] == pytest.approx(financed, rel=1e-12)


def test_trust_grows_towards_its_limit():
    state = small(parameters={"trust_growth": 0.06, "trust_limit": 0.8, "switching_threshold": 1e9, "take_back": 0.0})
    state.arrays["supplier"][0, 0] = 0
    for _ in range(25):
        choose_suppliers(state)
    assert state.arrays["trust"][0, 0] == pytest.approx(0.8 * (1.0 - 0.94**25), **STEPS)


# Knowledge


@pytest.mark.parametrize(("growth", "speed"), [(0.02, 0.04), (0.005, 0.2), (0.1, 0.01)])
def test_public_knowledge_stays_a_fixed_part_of_a_growing_frontier(growth, speed):
    """Catching up at speed phi with a frontier that grows by g a quarter settles at phi / (phi + g) of it."""
    state = small(firms=5, parameters={"publication_rate": speed, "turbulence": 0.0})
    ratio = 0.0
    for quarter in range(1500):
        # The rule is linear, so that quality may stand for a level instead of a logarithm.
        frontier = (1.0 + growth) ** (quarter - 1400)
        state.arrays["quality"][:5, 0] = frontier
        if quarter == 0:
            state.arrays["public_knowledge"][:] = 0.0
        ratio = state.arrays["public_knowledge"][0, 0] / frontier
        change_environment(state)
        state.quarter += 1
    assert ratio == pytest.approx(speed / (speed + growth), rel=1e-9)


def test_public_knowledge_is_never_forgotten():
    state = small(firms=5)
    state.arrays["quality"][:5, 0] = -3.0
    before = state.arrays["public_knowledge"][0, 0]
    change_environment(state)
    assert state.arrays["frontier"][0] == -3.0 and state.arrays["public_knowledge"][0, 0] == before


def test_the_frontier_is_the_mean_of_the_best_five():
    state = small(firms=9)
    state.arrays["quality"][:9, 0] = [0.3, -0.5, 0.9, 0.1, 0.9, -2.0, 0.4, 0.2, 0.25]
    change_environment(state)
    assert state.arrays["frontier"][0] == pytest.approx((0.9 + 0.9 + 0.4 + 0.3 + 0.25) / 5.0, rel=1e-12)


@pytest.mark.parametrize(("access", "opened"), [(0.0, -0.4), (0.5, 0.15), (1.0, 0.7)])
def test_a_laboratory_learns_what_is_open_to_it(access, opened):
    """dq = speed x staff / (staff + half x stages) x gap.

    The gap is to what products tell or, through advisers, to the frontier less a lag.
    """
    state = small(
        firms=5, instruments={"public_research_organisation": 30.0, "overseas_advisers": access},
        parameters={
            "public_speed": 0.1, "public_staff_half": 10.0, "public_lag": 0.3, "tacit": 0.4, "publication_rate": 0.0,
            "turbulence": 0.0
        },
    )
    state.arrays["quality"][...] = 1.0
    state.arrays["public_knowledge"][:] = 0.0
    state.arrays["public_quality"][:] = -2.0
    for _ in range(12):
        change_environment(state)
    speed = 0.1 * 30.0 / (30.0 + 10.0 * 2)
    assert state.arrays["public_quality"][0] == pytest.approx(numpy.full(2, opened - (2.0 + opened) * (1.0 - speed) ** 12), **STEPS)


def test_interfaces_become_modular_along_a_logistic_curve():
    state = small(modularity=(0.2, 0.9, 30.0), parameters={"modularity_steepness": 0.06})
    for quarter, expected in ((30, 0.55), (0, 0.2 + 0.7 / (1.0 + numpy.exp(1.8))), (2000, 0.9)):
        state.quarter = quarter
        change_environment(state)
        assert state.modularity == pytest.approx(expected, rel=1e-12)


# People


def test_talent_at_home_grows_to_graduates_over_retirement():
    state = small(
        parameters={"talent_retirement": 0.01}, first_talent=200.0, graduates=5.0, instruments={"university_expansion": 3.0}
    )
    for _ in range(150):
        state.reset_outcomes()
        move_talent(state)
    settled = 8.0 / 0.01
    assert state.arrays["talent"][0, 0] == pytest.approx(settled + (200.0 - settled) * 0.99**150, **STEPS)
    assert state.arrays["talent_home"][0] == state.arrays["talent"][0, 0]


def test_talent_abroad_settles_where_those_who_leave_replace_those_who_come_home_or_retire():
    """Two regions with fixed pay: a linear system of two stocks, solved by hand."""
    gap = numpy.log(2.0)
    world = toy(
        regions=2, stages=("brand",), first_firms=1.0, base_skilled_wage=[2.0, 1.0], first_talent=[0.0, 300.0],
        graduates=[0.0, 6.0],
        first_diaspora=[[0.0, 0.0], [40.0, 0.0]], emigration=[0.0, 2.0], founding=0.0,
        parameters={"emigration_rate": 0.01, "return_rate": 0.03, "talent_retirement": 0.02},
    )
    state = found(world, seed=1)
    take_census(state)
    for _ in range(1500):
        state.reset_outcomes()
        move_talent(state)
    leaves, returns, stays = 0.01 * 2.0 * gap, 0.03 * numpy.exp(-gap), 0.98
    # home = (stays home + graduates)(1 - leaves) + stays abroad returns; abroad = stays abroad (1 - returns) + (stays home +
    # graduates) leaves
    system = numpy.array([[1.0 - stays * (1.0 - leaves), -stays * returns], [-stays * leaves, 1.0 - stays * (1.0 - returns)]])
    home, abroad = numpy.linalg.solve(system, [6.0 * (1.0 - leaves), 6.0 * leaves])
    assert state.arrays["talent"][1] == pytest.approx([abroad, home], **STEPS)
    assert home + abroad == pytest.approx(6.0 / 0.02, rel=1e-12)


def test_wages_settle_where_the_labour_market_puts_them():
    """ln w* = ln base + tightness ln(employed / (slack x workers)), never below base; the gap closes by the speed each quarter."""
    terms = {"wage_speed": 0.1, "wage_tightness": 1.5, "wage_slack": 0.5, "local_services": 0.0}
    for jobs, settled in ((450.0, 1.5**1.5), (100.0, 1.0)):
        state = small(parameters=terms, workers=600.0, workers_growth=0.0, wage_growth=0.0)
        state.arrays["wage"][0] = 3.0
        for _ in range(20):
            state.reset_outcomes()
            state.arrays["jobs"][0] = jobs
            set_wages(state)
        assert numpy.log(state.arrays["wage"][0]) == pytest.approx(
            numpy.log(settled) + (numpy.log(3.0) - numpy.log(settled)) * 0.9**20, abs=1e-12
        )


def test_pay_of_talent_settles_where_its_market_puts_it():
    terms = {"skilled_speed": 0.2, "skilled_tightness": 0.8, "skilled_slack": 0.6, "talent_share": 0.5}
    for wanted, scarce, crowding in ((300.0, 1.5, 1.0 / 1.5), (10.0, 0.6, 1.0)):
        state = small(parameters=terms, wage_growth=0.0)
        for _ in range(400):
            state.reset_outcomes()
            state.arrays["talent_home"][0] = 400.0
            state.arrays["skilled_staff"][0] = wanted
            set_wages(state)
        assert state.arrays["skilled_wage"][0] == pytest.approx(2.0 * scarce**0.8, rel=1e-9)
        assert state.arrays["crowding"][0] == pytest.approx(crowding, rel=1e-12)


def test_spending_follows_disposable_income():
    state = small(parameters={"income_memory": 0.1})
    state.arrays["spending_income"][0] = 20.0
    for _ in range(15):
        state.reset_outcomes()
        for name, money in (("wages_paid", 70.0), ("dividends_received", 20.0), ("interest_paid", 5.0), ("transfers", 15.0)):
            state.arrays[name][0] = money
        state.arrays["levy"][0] = 10.0
        spend_incomes(state)
    assert state.arrays["spending_income"][0] == pytest.approx(100.0 - 80.0 * 0.9**15, **STEPS)
