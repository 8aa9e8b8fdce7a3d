"""Firms come and go: who founds, with what money and what knowledge, and why firms end.

Frequencies are compared with their probabilities over thousands of firms that are alike but for their luck; every p-value
must exceed 1e-4: a right rule fails with one of ten thousand seeds, and the seeds are fixed.
"""

import numpy
import pytest
from scipy import stats
from worlds import toy

from redqueen.model import kinds
from redqueen.model.founding import found
from redqueen.model.rules.accounts import close_books
from redqueen.model.rules.census import take_census
from redqueen.model.rules.entry import found_firms
from redqueen.model.rules.exit import end_firms
from redqueen.model.rules.talent import move_talent
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments

SMALLEST_P = 1e-4
MANY = 6000
#: Everybody who wants to found does, with family money, and nothing else happens.
EAGER = {
    "spinoff_rate": 1.0, "spinoff_size": 0.0, "fresh_entry": 0.0, "lead_entry": 0.0, "bank_start": 0.0, "informal_start": 1.0,
    "informal_capital": 0.5,
    "start_capital": 8.0, "inherit_loss": 0.05, "inherit_spread": 0.1, "inherit_ties": 0.5, "heritage": 1.0, "first_ties": 0.0,
}
#: No firm ends but for the reason under test.
LASTING = {"exit_hazard": 0.0, "giving_up": 0.0, "obsolete_gap": 1e9, "informal_share": 0.0}


def makers(number=MANY, instruments=None, parameters=None, **endowments):
    """Give a state of one region with component makers alike but for their luck and, after them, one lead firm."""
    world = toy(
        regions=1, stages=("components", "brand"), first_firms=[[number, 1]], integrated_share=0.0, burn_in=0,
        parameters=parameters, **endowments
    )
    state = found(world, seed=1)
    schedule = Schedule.empty(1, 1)
    for name, dose in (instruments or {}).items():
        schedule.set(name, 0, 0, 1, dose)
    use_instruments(state, schedule, 0)
    state.make_room(spare=2 * number + 64)
    take_census(state)
    state.reset_outcomes()
    state.arrays["quality"][:number, 0] = 0.3
    state.arrays["flexibility"][:number, 0] = 0.2
    state.arrays["cash"][:number] = 10.0
    return state


def founding(number=MANY, profit=3.0, **options):
    """Give a state after people left makers that earn so much before projects, and the slots of the newborn."""
    state = makers(number, **options)
    state.arrays["revenue"][:number], state.arrays["cost"][:number] = 10.0 + profit, 10.0
    old = state.arrays["alive"] == 1
    found_firms(state)
    return state, numpy.flatnonzero((state.arrays["alive"] == 1) & ~old)


def is_likely(count, number, chance):
    return stats.binomtest(int(count), number, chance).pvalue > SMALLEST_P


# Founding


@pytest.mark.parametrize(
    ("profit", "crowding", "founding_habit"), [(1.35, 1.0, 0.5), (5.0, 1.0, 0.5), (5.0, 0.4, 0.5), (5.0, 1.0, 0.1)]
)
def test_people_leave_for_a_profit_like_their_firms_where_talent_is_to_be_had(profit, crowding, founding_habit):
    """Chance = rate x founding x talent to be had x x / (1 + x).

    x is the profit over the pay of a maker's people: 0.65 + 0.35 x 2.
    """
    state = makers(parameters=EAGER, founding=founding_habit)
    state.arrays["revenue"][:MANY], state.arrays["cost"][:MANY] = 10.0 + profit, 10.0
    state.arrays["crowding"][0] = crowding
    found_firms(state)
    x = profit / (0.65 * 1.0 + 0.35 * 2.0)
    assert is_likely(state.arrays["spinoffs"][0], MANY, founding_habit * crowding * x / (1.0 + x))


def test_nobody_leaves_to_make_a_loss():
    assert len(founding(500, profit=-1.0, parameters=EAGER)[1]) == 0


def test_larger_firms_have_more_to_leave():
    parameters = EAGER | {"spinoff_rate": 0.2, "spinoff_size": 0.5}
    state = makers(parameters=parameters)
    state.arrays["revenue"][:MANY], state.arrays["cost"][:MANY], state.arrays["employees"][:MANY] = 11.35, 10.0, 20.0
    found_firms(state)
    assert is_likely(state.arrays["spinoffs"][0], MANY, 0.2 * 0.5 * (1.0 + 0.5 * numpy.log(21.0)))


def test_founders_take_along_most_of_what_their_firm_knows():
    """Quality = the parent's less a loss and a normal spread.

    Its design and flexibility; half of its ties and the parent itself.
    """
    state = makers(parameters=EAGER)
    state.arrays["revenue"][:MANY], state.arrays["cost"][:MANY] = 1e6, 10.0
    state.arrays["design"][:MANY, 0] = numpy.arange(MANY)
    state.arrays["contact"][:MANY, :4] = (numpy.arange(MANY)[:, None] + [10, 20, 30, 40]) % MANY
    state.arrays["strength"][:MANY, :4] = 0.3
    found_firms(state)
    arrays = state.arrays
    born = numpy.flatnonzero((arrays["alive"] == 1) & (arrays["parent"] != 0))
    assert len(born) > 0.99 * MANY
    deviation = (arrays["quality"][born, 0] - (0.3 - 0.05)) / 0.1
    assert stats.kstest(deviation, "norm").pvalue > SMALLEST_P
    parents = {int(lineage): firm for firm, lineage in enumerate(arrays["lineage"][:MANY])}
    parent = numpy.array([parents[int(lineage)] for lineage in arrays["parent"][born]])
    assert (arrays["design"][born, 0] == parent).all() and (arrays["flexibility"][born, 0] == 0.2).all()
    taken = sum((arrays["contact"][born] == ((parent + step) % MANY)[:, None]).any(axis=1).sum() for step in (10, 20, 30, 40))
    assert is_likely(taken, 4 * len(born), 0.5)
    kind = arrays["tie_kind"][born][arrays["contact"][born] == parent[:, None]]
    assert len(kind) == len(born) and (kind == kinds.SPINOFF_TIE).all()


def test_without_heritage_founders_know_what_anyone_knows():
    parameters = EAGER | {"heritage": 0.0, "tacit": 0.4}
    state, born = founding(2000, parameters=parameters)
    open_to_all = state.arrays["public_knowledge"][0, 0] - 0.4
    assert stats.kstest((state.arrays["quality"][born, 0] - open_to_all) / 0.1, "norm").pvalue > SMALLEST_P
    assert (state.arrays["contact"][born] == -1).all()


@pytest.mark.parametrize(("credit", "tape", "deregulation"), [(1.0, 0.0, 0.0), (0.4, 0.0, 0.0), (1.0, 1.0, 0.0), (1.0, 1.0, 0.5)])
def test_money_to_start_comes_from_banks_or_half_of_it_from_families(credit, tape, deregulation):
    """Banks fund 0.3 x depth of starts, families 0.4 with half the capital; red tape makes both as much harder to find."""
    parameters = EAGER | {"bank_start": 0.3, "informal_start": 0.4}
    state = makers(parameters=parameters, credit=credit, red_tape=tape, instruments={"deregulation": deregulation})
    state.arrays["revenue"][:MANY], state.arrays["cost"][:MANY] = 1e9, 10.0
    old = state.arrays["alive"] == 1
    found_firms(state)
    cash = state.arrays["cash"][(state.arrays["alive"] == 1) & ~old]
    hurdle = 1.0 + tape * (1.0 - deregulation)
    assert set(cash) <= {8.0, 4.0}
    assert is_likely((cash == 8.0).sum(), MANY, 0.3 * credit / hurdle)
    assert is_likely((cash == 4.0).sum(), MANY, 0.4 / hurdle)
    assert state.arrays["capital_raised"][0] == pytest.approx(cash.sum(), rel=1e-12)


def test_funds_back_starts_while_they_have_money_and_hope():
    """Chance = 0.5 x (expected return - hurdle), at most one; each start takes a ticket from the pool and carries it as cash."""
    parameters = EAGER | {"informal_start": 0.0, "venture_ticket": 12.0, "venture_start_chance": 0.5, "venture_hurdle": 0.2}
    for expected, chance in ((0.8, 0.5 * 0.6), (9.0, 0.5)):
        state = makers(parameters=parameters)
        state.arrays["revenue"][:MANY], state.arrays["cost"][:MANY] = 1e9, 10.0
        state.arrays["venture_return"][0] = expected
        state.arrays["venture_pool"][0] = 1e9
        found_firms(state)
        backed = state.arrays["backing"] == kinds.BACKED
        assert is_likely(backed.sum(), MANY, chance)
        assert state.arrays["venture_firms"][0] == backed.sum()
        assert (state.arrays["cash"][backed] == 8.0 + 12.0).all() and (state.arrays["ticket"][backed] == 12.0).all()
        assert 1e9 - state.arrays["venture_pool"][0] == pytest.approx(12.0 * backed.sum(), rel=1e-9)


def test_an_empty_fund_backs_nobody():
    parameters = EAGER | {"informal_start": 0.0, "venture_ticket": 12.0, "venture_start_chance": 1.0}
    state = makers(200, parameters=parameters)
    state.arrays["revenue"][:200], state.arrays["cost"][:200] = 1e9, 10.0
    state.arrays["venture_pool"][0] = 30.0
    found_firms(state)
    assert state.arrays["entries"][0] == 2.0 and state.arrays["venture_pool"][0] == pytest.approx(6.0, rel=1e-12)


def test_a_lead_firm_starts_with_a_product_and_twice_the_capital():
    state, born = founding(300, parameters=EAGER | {"lead_entry": 1.0})
    assert len(born) > 0 and (state.arrays["product_of"][born] >= 0).all()
    assert (state.arrays["cash"][born] == 0.5 * 2.0 * 8.0).all()
    assert (state.arrays["stages"][born] == 0b10).all()


def test_founders_of_a_stage_that_their_firm_only_bought_know_what_a_customer_sees():
    """People of a lead firm that is no maker found makers.

    They bring its supplier's quality less what that kept to itself, or what anyone knows.
    """
    parameters = EAGER | {"rival_lag": 0.25, "tacit": 0.4}
    for supplied, known in ((1.5, 1.25), (-2.0, -0.4)):
        state = makers(1, parameters=parameters)
        state.arrays["revenue"][1], state.arrays["cost"][1] = 1e9, 10.0
        state.arrays["supplier"][0, 0] = 0
        state.arrays["quality"][0, 0], state.arrays["public_knowledge"][0, 0] = supplied, 0.0
        found_firms(state)
        child = numpy.flatnonzero(state.arrays["parent"] == state.arrays["lineage"][1])
        assert state.arrays["stages"][child] == [0b01] and state.arrays["quality"][child, 0] == pytest.approx([known], rel=1e-12)


def test_an_affiliates_people_found_firms_only_if_it_is_linked():
    for linked in (0, 1):
        state = makers(400, parameters=EAGER)
        state.arrays["revenue"][:400], state.arrays["cost"][:400] = 1e9, 10.0
        state.arrays["owner"][:400], state.arrays["linked"][:400] = kinds.AFFILIATE, linked
        found_firms(state)
        assert bool(state.arrays["spinoffs"][0]) == bool(linked)


def test_researchers_found_firms_at_the_level_of_their_laboratory():
    """Rate x researchers x founding, one at most a quarter; over many quarters as often as that, in the stages aimed at."""
    parameters = EAGER | {"public_spinoff": 0.002, "inherit_spread": 0.0}
    state = makers(1, parameters=parameters, instruments={"public_research_organisation": 100.0})
    state.arrays["public_quality"][0] = [0.7, 0.9]
    state.arrays["public_research_organisation_target"][0] = 0b01
    for _ in range(1000):
        found_firms(state)
        state.quarter += 1
    born = numpy.flatnonzero(state.arrays["born"] > 0)
    assert is_likely(state.arrays["public_spinoffs"][0], 1000, 0.2)
    assert state.arrays["quality"][born, 0] == pytest.approx(numpy.full(len(born), 0.7 - 0.05), rel=1e-12)


def test_talent_of_other_trades_founds_firms():
    state = makers(1, parameters=EAGER | {"fresh_entry": 0.001}, first_talent=250.0)
    for _ in range(1000):
        found_firms(state)
        state.quarter += 1
    assert is_likely(state.arrays["entries"][0], 1000, 0.25)


def test_returnees_found_as_many_firms_as_expected():
    """Founders per returnee x returnees, kept exactly: 3.4 a quarter are three, and four in two quarters of five."""
    world = toy(
        regions=2, stages=("components", "brand"), first_firms=[[5, 1], [1, 1]], burn_in=0, graduates=0.0, founding=1.0,
        base_skilled_wage=1.0,
        first_diaspora=[[0.0, 0.0], [1e6, 0.0]],
        parameters=EAGER | {"return_rate": 0.0034, "returnee_founders": 0.001, "talent_retirement": 0.0},
    )
    founded = []
    for quarter in range(400):
        state = found(world, seed=1)
        state.quarter = quarter
        take_census(state)
        state.reset_outcomes()
        move_talent(state)
        founded.append(int(state.arrays["returnee_firms"][1]))
        assert state.arrays["returnees"][1] == pytest.approx(3400.0, rel=1e-12) and state.arrays["returnee_firms"][0] == 0.0
    assert set(founded) == {3, 4} and is_likely(founded.count(4), 400, 0.4)


# Ending


def ended(state, number):
    """Say which of the first firms end this quarter."""
    end_firms(state)
    return state.arrays["alive"][:number] == 0


def test_some_firms_end_for_reasons_outside_the_model():
    state = makers(parameters=LASTING | {"exit_hazard": 0.02})
    assert is_likely(ended(state, MANY).sum(), MANY, 0.02)


def test_founders_of_disappointing_firms_give_up_now_and_then():
    state = makers(parameters=LASTING | {"giving_up": 0.1})
    state.arrays["disappointing"][: MANY // 2] = 1
    gone = ended(state, MANY)
    assert is_likely(gone[: MANY // 2].sum(), MANY // 2, 0.1) and not gone[MANY // 2 :].any()


def test_a_firm_ends_when_its_debt_passes_what_it_can_borrow():
    """Cash and what is set aside, against the bank's line (one quarter of revenue) and informal money (a quarter of cost)."""
    state = makers(6, parameters=LASTING | {"informal_share": 0.25, "credit_share": 1.0}, credit=1.0)
    state.arrays["revenue"][:6], state.arrays["cost"][:6] = 8.0, 12.0
    state.arrays["cash"][:6] = [-10.9, -11.1, -13.9, -14.1, 0.0, 5.0]
    state.arrays["escrow"][:6] = [0.0, 0.0, 3.0, 3.0, 0.0, 0.0]
    assert ended(state, 6).tolist() == [False, True, False, True, False, False]
    assert state.arrays["capital_lost"][0] == pytest.approx(-11.1 - 14.1 + 3.0, rel=1e-12)


def test_what_an_ended_firm_leaves_goes_to_its_owners():
    state = makers(3, parameters=LASTING | {"exit_hazard": 1.0})
    held = (state.arrays["cash"] + state.arrays["escrow"])[:4].sum()
    end_firms(state)
    assert state.arrays["dividends"][0] == pytest.approx(held, rel=1e-12) == state.arrays["dividends_received"][0]


def test_a_firm_far_behind_in_every_stage_is_obsolete():
    state = makers(3, parameters=LASTING | {"obsolete_gap": 2.0})
    state.arrays["bloc_frontier"][:] = 1.0
    state.arrays["quality"][:3, 0] = [-0.9, -1.1, -1.1]
    # The last one also does the brand stage, and well.
    state.arrays["stages"][2], state.arrays["quality"][2, 1] = 0b11, 0.0
    assert ended(state, 3).tolist() == [False, True, False]


def test_a_venture_is_sold_for_its_stake_in_three_years_of_sales():
    """Sold when grown, where exits are allowed: the pool gets stake x price x revenue, and funds learn from the return."""
    terms = {
        "venture_exit_heads": 8.0, "venture_stake": 0.3, "venture_price": 12.0, "venture_memory": 0.05, "venture_patience": 40.0
    }
    state = makers(4, parameters=LASTING | terms, venture_exit=0.4, instruments={"exit_for_ventures": 0.6})
    arrays = state.arrays
    arrays["backing"][:3], arrays["ticket"][:3], arrays["revenue"][:3] = kinds.BACKED, 10.0, 20.0
    arrays["employees"][:4] = [9.0, 7.0, 7.0, 9.0]
    arrays["born"][:3], state.quarter = [60, 60, 10], 61
    arrays["venture_return"][0], arrays["venture_pool"][0] = 1.0, 0.0
    end_firms(state)
    assert arrays["backing"][:4].tolist() == [kinds.EXITED, kinds.BACKED, kinds.WRITTEN_OFF, kinds.UNBACKED]
    fetched = 0.3 * 12.0 * 20.0
    assert arrays["venture_pool"][0] == pytest.approx(fetched + state.parameters.venture_writeoff * 10.0, rel=1e-12)
    learnt = 1.0 + 0.05 * (fetched / 10.0 - 1.0)
    assert arrays["venture_return"][0] == pytest.approx(learnt + 0.05 * (state.parameters.venture_writeoff - learnt), rel=1e-12)
    assert arrays["venture_exits"][0] == 1.0 and (arrays["ticket"][[0, 2]] == 0.0).all()


def test_nothing_is_sold_where_exits_are_not_allowed():
    state = makers(200, parameters=LASTING, venture_exit=0.0)
    state.arrays["backing"][:200], state.arrays["ticket"][:200], state.arrays["employees"][:200] = kinds.BACKED, 10.0, 100.0
    state.arrays["born"][:200] = 0
    end_firms(state)
    assert state.arrays["venture_exits"][0] == 0.0


def test_nothing_points_at_an_ended_firm_and_its_affiliate_goes_on_alone():
    state = makers(3, parameters=LASTING)
    arrays, lead = state.arrays, 3
    arrays["contact"][:2, 0], arrays["input_supplier"][0, 1], arrays["supplier"][0, 0], arrays["trust"][0, 0] = 2, 2, 2, 0.5
    arrays["owner"][1], arrays["owner_firm"][1], arrays["owner_region"][1] = kinds.AFFILIATE, 2, 0
    arrays["champion"][0] = lead
    arrays["cash"][[2, lead]] = -1e9
    end_firms(state)
    assert not arrays["alive"][[2, lead]].any()
    assert (arrays["contact"][:2, 0] == -1).all() and arrays["input_supplier"][0, 1] == -1 and arrays["champion"][0] == -1
    assert arrays["owner"][1] == kinds.PRIVATE and arrays["owner_firm"][1] == -1
    assert arrays["product_firm"][0] == -1 and state.n_free_products == state.n_products


# What makes a firm disappointing


@pytest.mark.parametrize(("revenue", "disappointing"), [(0.70, 1), (0.95, 0)])
def test_running_a_firm_is_weighed_against_a_job(revenue, disappointing):
    """Own work (at most one head) is paid like any job; with sales below overhead the rest of a job's pay is not earned.

    Overhead 0.5 wages, so half a head: 0.5 x pay + revenue - 0.5 against 0.65 x pay, with pay 0.65 + 0.35 x 2 = 1.35.
    """
    state = makers(1, parameters={"overhead": 0.5, "founder_income": 0.65})
    state.arrays["units"][0], state.arrays["revenue"][0] = 0.0, revenue
    close_books(state)
    assert state.arrays["employees"][0] == 0.5
    assert state.arrays["disappointing"][0] == disappointing
    assert (0.5 * 1.35 + revenue - 0.5 < 0.65 * 1.35) == bool(disappointing)


def test_a_park_carries_its_part_of_the_overhead_of_local_firms():
    state = makers(2, parameters={"overhead": 0.4}, instruments={"technology_park": 0.75})
    state.arrays["owner"][1] = kinds.AFFILIATE
    state.arrays["alive"][2] = 0
    take_census(state)
    close_books(state)
    assert state.arrays["overhead_subsidies"][0] == pytest.approx(0.75 * 0.4, rel=1e-12)
    assert state.arrays["cost"][:2] == pytest.approx([0.25 * 0.4, 0.4], rel=1e-12)
