"""Projects: what is chosen, what can be known, what comes of it and who pays, against figures worked out by hand.

Frequencies are compared with their probabilities over thousands of firms that are alike but for their luck; every p-value
must exceed 1e-4: a right rule fails with one of ten thousand seeds, and the seeds are fixed.
"""

import numpy
import pytest
from scipy import stats
from worlds import toy

from redqueen import decisions, draws
from redqueen.model import kinds
from redqueen.model.founding import found
from redqueen.model.rules.accounts import close_books
from redqueen.model.rules.census import take_census
from redqueen.model.rules.innovation import innovate
from redqueen.model.rules.mobility import move_people
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments

SMALLEST_P = 1e-4
MANY = 8000
ASSUMED = {
    "frontier_quality_taste": 6.0, "value_quality_taste": 2.5, "frontier_price_elasticity": 3.0, "value_price_elasticity": 4.5,
    "consider": 1.0, "discount": 0.02, "obsolescence_rate": 0.05, "appropriation": 0.35, "bargaining": 0.5, "hope": 0.4,
    "choice_temperature": 0.6, "attention": 1.0,
    "imitation_share": 0.5, "property_protection": 0.2, "tacit": 0.4, "tie_lag": 0.1, "rival_lag": 0.25, "first_ties": 0.0,
    "process_gain": 0.02, "process_limit": 0.8, "production_gain": 0.1, "training_sensitivity": 3.0,
    "interface_cost": 0.35, "flexibility_eases": 0.6, "flexibility_speeds": 0.3, "capacity_growth": 0.08,
    "second_quarters": 7.0, "process_quarters": 4.0, "production_quarters": 3.0, "novel_quarters": 10.0,
    "second_staff": 2.0, "process_staff": 3.0, "production_staff": 1.5, "novel_staff": 2.5,
    "project_fee": 0.3, "project_size": 0.05, "project_size_exponent": 0.5,
    "novelty_success": 0.3, "novelty_jump": 0.4, "novelty_tail": 3.0, "novelty_offset": 0.4, "novelty_base": 0.5,
    "novelty_jump_most": 1e9, "design_mutation": 0.0,
    "novelty_unlearns_cost": 0.5, "novelty_unlearns_experience": 0.4, "gap_penalty": 0.0,
}


def makers(number=MANY, instruments=None, target=None, parameters=None, **endowments):
    """Give a state with component makers alike but for their luck, rich, and one lead firm after them.

    Another maker lives abroad.
    """
    world = toy(
        regions=2, stages=("components", "brand"), first_firms=[[number, 1], [1, 0]], integrated_share=0.0, burn_in=0,
        parameters=ASSUMED | (parameters or {}), **endowments,
    )
    state = found(world, seed=1)
    schedule = Schedule.empty(1, 2)
    for name, dose in (instruments or {}).items():
        schedule.set(name, 0, 0, 1, dose, target)
    use_instruments(state, schedule, 0)
    take_census(state)
    arrays, alive = state.arrays, slice(0, number)
    arrays["cash"][...] = 1e6
    arrays["quality"][alive, 0] = 0.0
    arrays["flexibility"][alive, 0] = 0.0
    arrays["experience"][alive, 0] = 100.0
    arrays["stage_revenue"][alive, 0] = 10.0
    arrays["employees"][alive] = 16.0
    arrays["public_knowledge"][:] = 0.9
    state.modularity = 0.5
    return state


def test_projects_are_chosen_by_their_return():
    """Shares of the modes and of idleness = a logit of ln(benefit / cost) / temperature; nobody knows anyone, so novelty is out.

    A supplier keeps what bargaining leaves it; quality of a part is large against the part's own price.
    """
    state = makers(mobility=0.1, impatience=0.01)
    innovate(state)
    started = numpy.bincount(state.arrays["project"][:MANY, 0], minlength=5)
    weight, elasticity = state.arrays["quality_weight"][0], 0.5 * (3.0 + 4.5)
    part = state.arrays["standard_cost"][0] / state.arrays["standard_cost"].sum()
    gains = {
        kinds.SECOND: 0.5 * (6.0 + 2.5) * weight / part * 0.5 * (1.0 - 0.2) * (0.9 - 0.4),
        kinds.PROCESS: elasticity * 0.02,
        kinds.PRODUCTION: elasticity * (0.35 * 0.5 * 0.6 + 0.08) * 0.1 / (1.0 + 3.0 * 0.1),
    }
    values = numpy.zeros(5)
    values[kinds.IDLE] = 1.0
    for mode, staff, quarters in ((kinds.SECOND, 2.0, 7), (kinds.PROCESS, 3.0, 4), (kinds.PRODUCTION, 1.5, 3)):
        cost = staff * (0.3 + 0.05 * 16.0**0.5) * quarters * 2.0
        benefit = 0.35 * 0.5 * (10.0 + 0.4 * 10.0) * gains[mode] * numpy.exp(-0.03 * quarters) / (0.03 + 0.05)
        values[mode] = (benefit / cost) ** (1.0 / 0.6)
    modes = [kinds.IDLE, kinds.SECOND, kinds.PROCESS, kinds.PRODUCTION]
    expected = MANY * values[modes] / values.sum()
    assert started[kinds.NOVEL] == 0 and expected.min() > 50.0
    assert stats.chisquare(started[modes], expected).pvalue > SMALLEST_P


@pytest.mark.parametrize(
    ("flexibility", "quarters"), [(0.0, {kinds.SECOND: 7, kinds.PROCESS: 4}), (1.0, {kinds.SECOND: 5, kinds.PROCESS: 3})]
)
def test_a_flexible_firm_needs_less_time(flexibility, quarters):
    """Length x (1 - 0.3 x flexibility), rounded: 7 and 4.9, 4 and 2.8 quarters."""
    state = makers(500)
    state.arrays["flexibility"][:500, 0] = flexibility
    innovate(state)
    for mode, length in quarters.items():
        left = state.arrays["project_left"][:500, 0][state.arrays["project"][:500, 0] == mode]
        assert len(left) and (left == length).all()


@pytest.mark.parametrize(("cash", "cost", "starts"), [(0.0, 0.0, False), (1e6, 1e6, False), (1e6, 0.0, True)])
def test_a_project_needs_money_beyond_a_quarters_cost(cash, cost, starts):
    state = makers(50, credit=0.0)
    state.arrays["cash"][...] = cash
    state.arrays["cost"][...] = cost
    innovate(state)
    assert bool(state.arrays["starts"].sum() > 0.0) == starts


def test_banks_hold_back_for_novelty():
    """With credit alone and none of it for novelty, all other modes start and no novel project does."""
    state = makers(200, parameters={"bank_for_novelty": 0.0, "credit_share": 3.0}, credit=1.0)
    state.arrays["contact"][:200] = numpy.arange(200)[::-1, None]
    state.arrays["design"][:200, 0] = numpy.arange(1, 201)
    state.arrays["cash"][...] = 0.0
    state.arrays["revenue"][:200] = 1e4
    innovate(state)
    assert state.arrays["starts"][0, kinds.NOVEL - 1] == 0.0 < state.arrays["starts"].sum()


def test_attention_limits_how_many_projects_run():
    """One project, and one more for every doubling of 1 + heads / scale."""
    for heads, limit in ((10.0, 1), (31.0, 2), (91.0, 3)):
        world = toy(
            regions=1, first_firms=[[0, 0, 0, 0, 0, 40]], integrated_share=1.0, parameters=ASSUMED | {"attention_scale": 30.0},
            burn_in=0
        )
        state = found(world, seed=2)
        take_census(state)
        state.arrays["cash"][...] = 1e6
        state.arrays["employees"][...] = heads
        state.arrays["product_sales"][...] = 1e3
        state.arrays["public_knowledge"][:] = 2.0
        innovate(state)
        running = (state.arrays["project"][:40] != kinds.IDLE).sum(axis=1)
        assert running.max() == limit


def test_a_mandate_lets_nothing_start_but_novelty():
    """Makers who know each other: half of the choices are bound by a mandate of one half, all by a mandate of one."""
    shares = []
    for mandate in (0.0, 0.5, 1.0):
        state = makers(2000, instruments={"novelty_mandate": mandate})
        acquaint(state, 2000)
        innovate(state)
        shares.append(state.arrays["starts"][0, 1:].sum() / 2000)
    assert shares[2] == 0.0
    # A share of 2000 is off by 0.011 one time in three; six times that is far below the difference of a wrong rule.
    assert shares[1] == pytest.approx(0.5 * shares[0], abs=0.035)


def test_a_mandate_on_another_stage_binds_nobody():
    free, bound = (makers(300, instruments={"novelty_mandate": dose}, target=0b10) for dose in (0.0, 1.0))
    for state in (free, bound):
        acquaint(state, 300)
        innovate(state)
    assert (free.arrays["project"][:300] == bound.arrays["project"][:300]).all()


def acquaint(state, number):
    """Let every maker know its neighbour in the list, with a design that differs in half of its bits."""
    state.arrays["contact"][:number] = ((numpy.arange(number) + 1) % number)[:, None]
    state.arrays["strength"][:number] = 1.0
    state.arrays["design"][:number, 0] = numpy.where(numpy.arange(number) % 2, 0, 2**32 - 1).astype(numpy.uint64)


def finishing(mode, number=MANY, worth=0.8, design=2**32 - 1, source=0.5, **options):
    """Give makers whose project of a mode ends this quarter, after innovation."""
    state = makers(number, parameters={"consider": 0.0} | options.pop("parameters", {}), **options)
    arrays = state.arrays
    arrays["project"][:number, 0] = mode
    arrays["project_left"][:number, 0] = 1
    arrays["project_worth"][:number, 0] = worth
    arrays["project_design"][:number, 0] = design
    arrays["project_source"][:number, 0] = source
    arrays["design"][:number, 0] = 0
    arrays["cost_progress"][:number, 0] = -0.2
    innovate(state)
    return state


def test_novelty_succeeds_as_often_as_designs_fit():
    """Chance = p x 2 fit x talent to be had.

    Fit = a draw of the pair x 4 h (1 - h), with h the share of bits that differ: here 1/2.
    """
    state = makers(1)
    key = draws.key(state.seed, decisions.COMPLEMENTARITY, 0)
    fit = draws.uniform(key, 2**32 - 1, 0)
    done = finishing(kinds.NOVEL)
    assert done.arrays["ends"][0, 0] == MANY
    assert stats.binomtest(int(done.arrays["successes"][0, 0]), MANY, 0.3 * 2.0 * fit).pvalue > SMALLEST_P


def test_novel_gains_have_the_declared_tail():
    """gain = scale (u^(-1/tail) - 0.4)(0.5 + fit) worth: solved for u it is uniform."""
    fit = draws.uniform(draws.key(1, decisions.COMPLEMENTARITY, 0), 2**32 - 1, 0)
    gained = finishing(kinds.NOVEL).arrays["quality"][:MANY, 0]
    gained = gained[gained > 0.0]
    u = (gained / (0.4 * (0.5 + fit) * 0.8) + 0.4) ** -3.0
    assert stats.kstest(u, "uniform").pvalue > SMALLEST_P


def test_the_same_design_and_the_opposite_combine_to_nothing():
    for design in (0, 2**64 - 1):
        assert finishing(kinds.NOVEL, 500, design=design).arrays["successes"].sum() == 0.0
    without_bits = finishing(kinds.NOVEL, 500, design=2**64 - 1, parameters={"bit_designs": 0.0})
    assert without_bits.arrays["successes"].sum() > 0.0


def test_a_new_design_takes_each_bit_from_either_parent_and_unlearns():
    state = finishing(kinds.NOVEL)
    won = state.arrays["quality"][:MANY, 0] > 0.0
    child = state.arrays["design"][:MANY, 0][won]
    assert not (child >> numpy.uint64(32)).any(), "bits that the parents share stay"
    ones = numpy.array([int(design).bit_count() for design in child])
    assert stats.binomtest(int(ones.sum()), 32 * len(ones), 0.5).pvalue > SMALLEST_P
    upset = numpy.minimum(1.0, state.arrays["quality"][:MANY, 0][won] / 0.4)
    assert state.arrays["experience"][:MANY, 0][won] == pytest.approx(100.0 * (1.0 - 0.4 * upset), rel=1e-12)
    assert state.arrays["cost_progress"][:MANY, 0][won] == pytest.approx(-0.2 * (1.0 - 0.5 * upset), rel=1e-12)
    assert (state.arrays["experience"][:MANY, 0][~won] == 100.0).all()


def test_imitation_closes_its_share_of_the_gap():
    """Half to one and a half times the mean share, what property protects apart; never beyond the source."""
    gained = finishing(kinds.SECOND, instruments={"property_rights": 0.1}).arrays["quality"][:MANY, 0]
    share = gained / 0.5 / (0.5 * (1.0 - 0.2 - 0.1))
    assert stats.kstest(share, "uniform", args=(0.5, 1.0)).pvalue > SMALLEST_P
    whole = finishing(kinds.SECOND, 500, instruments={"property_rights": -0.2}, parameters={"imitation_share": 0.9})
    assert whole.arrays["quality"][:500, 0].max() == 0.5


def test_imitation_of_the_worse_gains_nothing():
    assert (finishing(kinds.SECOND, 100, source=-0.5).arrays["quality"][:100, 0] == 0.0).all()


def test_process_gains_shrink_towards_the_limit():
    state = finishing(kinds.PROCESS)
    step = (-0.2 - state.arrays["cost_progress"][:MANY, 0]) / (0.02 * (1.0 - 0.2 / 0.8))
    assert stats.kstest(step, "uniform", args=(0.5, 1.0)).pvalue > SMALLEST_P


def test_training_pays_less_where_people_hop():
    """Flexibility gains production gain x (1 - flexibility) / (1 + sensitivity x mobility), times at most one."""
    for mobility in (0.0, 0.2):
        state = finishing(kinds.PRODUCTION, mobility=mobility)
        gain = state.arrays["flexibility"][:MANY, 0] * (1.0 + 3.0 * mobility) / 0.1
        assert gain.max() == pytest.approx(1.0, rel=1e-12)
        # Half of the draws of 0.5 to 1.5 are cut to one.
        assert stats.binomtest(int((gain > 1.0 - 1e-9).sum()), MANY, 0.5).pvalue > SMALLEST_P


def test_scarce_talent_weakens_research():
    """Half of the talent wanted: novelty succeeds half as often and imitation closes root a half of what it would."""
    fit = draws.uniform(draws.key(1, decisions.COMPLEMENTARITY, 0), 2**32 - 1, 0)
    for mode in (kinds.NOVEL, kinds.SECOND):
        state = makers(parameters={"consider": 0.0})
        arrays = state.arrays
        arrays["crowding"][0] = 0.5
        arrays["project"][:MANY, 0], arrays["project_left"][:MANY, 0] = mode, 1
        arrays["project_worth"][:MANY, 0], arrays["project_source"][:MANY, 0] = 1.0, 1.0
        arrays["design"][:MANY, 0], arrays["project_design"][:MANY, 0] = 0, 2**32 - 1
        innovate(state)
        if mode == kinds.NOVEL:
            assert stats.binomtest(int(arrays["successes"][0, 0]), MANY, 0.5 * 0.3 * 2.0 * fit).pvalue > SMALLEST_P
        else:
            assert stats.kstest(
                arrays["quality"][:MANY, 0] / (0.5**0.5 * 0.5 * 0.8), "uniform", args=(0.5, 1.0)
            ).pvalue > SMALLEST_P


# What a firm can know


def source_of(state):
    """Give the quality that the first maker would imitate: with imitation alone worth its money, it starts such a project."""
    for _ in range(200):
        innovate(state)
        if state.arrays["project"][0, 0] == kinds.SECOND:
            return state.arrays["project_source"][0, 0]
        state.arrays["project"][0, 0] = kinds.IDLE
        state.quarter += 1
    raise AssertionError("no project of imitation in 200 quarters")


def test_products_tell_all_but_what_is_tacit():
    assert source_of(makers(3)) == pytest.approx(0.9 - 0.4, rel=1e-12)


def test_a_contact_tells_what_its_tie_carries():
    state = makers(3)
    state.arrays["contact"][0, 0], state.arrays["strength"][0, 0], state.arrays["quality"][1, 0] = 1, 0.6, 1.5
    assert source_of(state) == pytest.approx(1.5 - 0.1 * 0.4, rel=1e-12)


def test_a_customer_tells_of_its_other_supplier():
    state = makers(3)
    state.arrays["contact"][0, 0], state.arrays["quality"][1, 0] = 3, 1.5
    state.arrays["supplier"][0, 0] = 1
    assert source_of(state) == pytest.approx(1.5 - 0.25, rel=1e-12)


def test_a_laboratory_shares_what_it_knows_with_local_firms_in_its_stages():
    for target, owner, source in ((0b01, kinds.PRIVATE, 1.2), (0b10, kinds.PRIVATE, 0.5), (0b01, kinds.AFFILIATE, 0.5)):
        state = makers(3, instruments={"public_research_organisation": 10.0}, target=target)
        state.arrays["public_quality"][0, 0] = 1.2
        state.arrays["owner"][0] = owner
        assert source_of(state) == pytest.approx(source, rel=1e-12)


def test_an_officer_passes_on_the_best_local_practice_and_does_part_of_the_work():
    state = makers(3, instruments={"capacity_building": 5.0}, parameters={"extension_lag": 0.1, "extension_help": 0.3})
    state.arrays["extension_coverage"][0] = 1.0
    state.arrays["best_practice"][0, 0] = 1.3
    assert source_of(state) == pytest.approx(1.2, rel=1e-12)
    heads = 2.0 * (0.3 + 0.05 * 16.0**0.5)
    assert state.arrays["project_staff"][0, 0] == pytest.approx(0.7 * heads, rel=1e-12)


@pytest.mark.parametrize(("bloc", "source"), [(0, 1.5), (1, 0.5)])
def test_nothing_is_heard_across_a_closed_border(bloc, source):
    state = makers(3)
    abroad = 4
    assert state.arrays["region_of"][abroad] == 1
    state.arrays["contact"][0, 0], state.arrays["strength"][0, 0], state.arrays["quality"][abroad, 0] = abroad, 1.0, 1.5
    state.arrays["bloc_of"][:] = [bloc, 0]
    assert source_of(state) == pytest.approx(source, rel=1e-12)


# Who pays


def test_a_project_is_paid_in_advance_and_its_staff_from_what_was_set_aside():
    """Over its life a project costs heads x quarters x skilled wage; the firm pays it at once and gets paid back nothing."""
    state = makers(40, instruments={"novelty_subsidy": 0.6}, parameters={"overhead": 0.0, "payout": 0.0, "forgetting": 0.0})
    acquaint(state, 40)
    state.arrays["units"][...] = 0.0
    before = state.arrays["cash"].copy()
    innovate(state)
    arrays = state.arrays
    novel = numpy.flatnonzero(arrays["project"][:40, 0] == kinds.NOVEL)
    assert len(novel) > 0
    heads = 2.5 * (0.3 + 0.05 * 16.0**0.5)
    set_aside = heads * 10 * 2.0 * (1.0 - 0.6)
    assert (before - arrays["cash"])[novel] == pytest.approx(set_aside, rel=1e-9)
    assert arrays["escrow"][novel] == pytest.approx(set_aside, rel=1e-12)
    state.reset_outcomes()
    arrays["revenue"][...] = 0.0
    money = arrays["cash"][novel].copy()
    close_books(state)
    assert arrays["escrow"][novel] == pytest.approx(set_aside * 0.9, rel=1e-12)
    assert arrays["cash"][novel] == pytest.approx(money, rel=1e-9)
    novel_staff = heads * len(novel)
    assert arrays["project_subsidies"][0] == pytest.approx(novel_staff * 2.0 * 0.6, rel=1e-12)


# Job-hopping


@pytest.mark.parametrize(("lead", "carried"), [(0.5, 0.1 * 0.5), (3.0, 0.1 * 1.0), (-0.5, 0.0)])
def test_a_mover_carries_part_of_the_old_employers_lead(lead, carried):
    """Of two makers one leads: when the other hires from it, it gains a tenth of the lead, of one log unit at most."""
    sure = {"mobility_size": 0.0, "mover_knowledge": 0.1, "mover_experience": 0.05, "hire_tie": 0.5, "leave_tie": 0.3}
    for quarter in range(300):
        state = makers(2, parameters=sure, mobility=0.5)
        state.quarter = quarter
        state.arrays["quality"][1, 0] = lead
        move_people(state)
        hired = state.arrays["contact"][0, 0] == 1 and state.arrays["strength"][0, 0] == 0.5
        if hired and state.arrays["moves"][0] == 1.0:
            assert state.arrays["quality"][0, 0] == pytest.approx(carried, abs=1e-12)
            assert state.arrays["experience"][:2, 0] == pytest.approx([100.0, 95.0], rel=1e-12)
            assert state.arrays["contact"][1, 0] == 0 and state.arrays["strength"][1, 0] == 0.3
            return
    raise AssertionError("nobody moved in 300 quarters")


def test_nobody_hires_where_leaving_is_banned():
    state = makers(500, instruments={"labour_mobility": -0.2}, mobility=0.1)
    move_people(state)
    assert state.arrays["moves"][0] == 0.0
