"""Whom firms meet, hire from and settle with: ties, movers, diasporas and foreign sites.

Frequencies are compared with their probabilities over thousands of firms that are alike but for their luck; every p-value
must exceed 1e-4: a right rule fails with one of ten thousand seeds, and the seeds are fixed.
"""

import numpy
import pytest
from scipy import stats
from worlds import toy

from redqueen.model import kinds
from redqueen.model.founding import found
from redqueen.model.rules.affiliates import open_affiliates
from redqueen.model.rules.census import take_census
from redqueen.model.rules.costs import measure_effort, price_units
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.mobility import move_people
from redqueen.model.rules.sourcing import choose_suppliers
from redqueen.model.rules.ties import renew_ties
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments

SMALLEST_P = 1e-4
MANY = 6000
QUIET = {"first_ties": 0.0, "diaspora_rate": 0.0, "mobility_size": 0.0}


def strangers(number=MANY, instruments=None, parameters=None, leads=1, region=0, **endowments):
    """Give a state of two regions: makers who know nobody and some lead firms in the first, one maker in the second."""
    world = toy(
        regions=2, stages=("components", "brand"), first_firms=[[number, leads], [1, 0]], integrated_share=0.0, burn_in=0,
        parameters=QUIET | (parameters or {}), **endowments,
    )
    state = found(world, seed=1)
    schedule = Schedule.empty(1, 2)
    for name, dose in (instruments or {}).items():
        schedule.set(name, region, 0, 1, dose)
    use_instruments(state, schedule, 0)
    state.make_room(spare=leads + number + 64)
    take_census(state)
    change_environment(state)
    state.reset_outcomes()
    return state


def is_likely(count, number, chance):
    return stats.binomtest(int(count), number, chance).pvalue > SMALLEST_P


# Ties


def test_ties_fade_and_the_weakest_are_lost():
    state = strangers(2, parameters={"tie_decay": 0.1, "tie_least": 0.35}, associations=0.0)
    state.arrays["contact"][0, :2], state.arrays["strength"][0, :2] = [1, 2], [0.5, 0.4]
    for _ in range(3):
        renew_ties(state)
    assert state.arrays["strength"][0, 0] == pytest.approx(0.5 * 0.9**3, rel=1e-12)
    assert state.arrays["contact"][0].tolist()[:2] == [1, -1]


def test_associations_bring_firms_together_and_what_the_public_adds_it_pays_for():
    """Chance = habit + support + what a park adds; each meeting paid in the part that support has in the chance."""
    terms = {"park_meetings": 0.05, "meeting_cost": 0.2, "local_tie": 0.4}
    state = strangers(parameters=terms, associations=0.1, instruments={"associations_support": 0.25, "technology_park": 1.0})
    renew_ties(state)
    met = state.arrays["programme_costs"][0] / (0.2 * 1.0 * 0.25 / 0.4)
    assert met == pytest.approx(round(met), abs=1e-6) and is_likely(round(met), MANY + 1, 0.4)
    kind = state.arrays["tie_kind"][state.arrays["contact"] >= 0]
    assert (kind == kinds.LOCAL_TIE).all() and (state.arrays["strength"][state.arrays["contact"] >= 0] == 0.4).all()


def test_the_contacts_of_contacts_are_met_first():
    """Everybody knows one firm that knows one other: some meet that one, drawn from the lists of ties."""
    state = strangers(400, associations=1.0, parameters={"local_tie": 0.9})
    state.arrays["contact"][:398], state.arrays["strength"][:398] = 398, 0.5
    state.arrays["contact"][398], state.arrays["strength"][398] = 399, 0.5
    renew_ties(state)
    # The popular firm's list fills as it is met, so the share is no round number; by chance one in 400 would meet the last.
    assert (state.arrays["contact"][:398] == 399).any(axis=1).sum() > 20


def test_a_full_list_keeps_its_strongest_ties():
    """The ninth acquaintance takes the place of the weakest, if it is stronger."""
    for strength, replaced in ((0.3, True), (0.9, False)):
        state = strangers(200, associations=1.0, parameters={"local_tie": 0.5, "tie_decay": 0.0})
        state.arrays["contact"][0], state.arrays["strength"][0] = numpy.arange(2, 10), strength
        before = set(state.arrays["contact"][0].tolist())
        renew_ties(state)
        assert (set(state.arrays["contact"][0].tolist()) != before) is replaced


def test_compatriots_abroad_tie_firms_together():
    """Chance = rate x (1 + network) x share of the region's talent that lives there; the network's part of each is paid abroad."""
    terms = {"diaspora_rate": 0.1, "introduction_cost": 0.3, "diaspora_tie": 0.5}
    diaspora = [[0.0, 300.0], [0.0, 0.0]]
    state = strangers(
        parameters=terms, associations=0.0, first_talent=[700.0, 10.0], first_diaspora=diaspora,
        instruments={"diaspora_network": 3.0}, base_skilled_wage=[2.0, 1.5],
    )
    renew_ties(state)
    abroad = MANY + 1
    tied = (state.arrays["contact"][: MANY + 1] == abroad).any(axis=1).sum()
    assert is_likely(tied, MANY + 1, 0.1 * 4.0 * 300.0 / 1001.0)
    assert state.arrays["paid_abroad"][0] == pytest.approx(tied * 0.3 * 1.5 * 3.0 / 4.0, rel=1e-9)
    assert (state.arrays["tie_kind"][: MANY + 1][state.arrays["contact"][: MANY + 1] == abroad] == kinds.DIASPORA_TIE).all()


# Movers


def test_firms_hire_as_often_as_people_hop():
    """Chance = (habit + freedom) x (1 + size effect x ln(1 + heads)); who draws itself hires nobody."""
    state = strangers(parameters={"mobility_size": 0.5}, mobility=0.1, instruments={"labour_mobility": 0.05})
    state.arrays["employees"][:MANY] = 10.0
    state.arrays["employees"][MANY] = 10.0
    move_people(state)
    chance = 0.15 * (1.0 + 0.5 * numpy.log(11.0)) * (1.0 - 1.0 / (MANY + 1))
    assert is_likely(state.arrays["moves"][0], MANY + 1, chance)


def test_a_champion_hires_more_than_others():
    hired = 0
    for quarter in range(300):
        state = strangers(3, mobility=0.0, parameters={"champion_poaching": 0.5})
        state.quarter = quarter
        state.arrays["champion"][0] = 3
        move_people(state)
        hired += int(state.arrays["moves"][0])
    # One draw in four is the champion itself.
    assert is_likely(hired, 300, 0.5 * 0.75)


def test_projects_slip_when_someone_leaves_and_are_paid_for_longer():
    state = strangers(2000, mobility=0.3, parameters={"mover_delay": 0.4})
    state.arrays["project"][:2000, 0], state.arrays["project_left"][:2000, 0], state.arrays[
        "project_budget"
    ][:2000, 0] = kinds.PROCESS, 3, 2.5
    cash = state.arrays["cash"].copy()
    move_people(state)
    slipped = state.arrays["project_left"][:2000, 0] - 3
    assert is_likely(slipped.sum(), int(state.arrays["moves"][0]), 0.4 * 2000 / 2001)
    assert state.arrays["escrow"][:2000] == pytest.approx(2.5 * slipped, rel=1e-12)
    assert (cash - state.arrays["cash"])[:2000] == pytest.approx(2.5 * slipped, abs=1e-9)


def test_an_affiliates_people_stay_unless_it_is_linked():
    for linked in (0, 1):
        state = strangers(500, mobility=0.4)
        state.arrays["owner"][:501], state.arrays["linked"][:501] = kinds.AFFILIATE, linked
        move_people(state)
        assert bool(state.arrays["moves"][0]) == bool(linked)


# Foreign sites


def investors(number=4000, attraction=3.0, links=0.5, cash=1e6, wage=0.01, **parameters):
    """Give a state in which many rich lead firms buy dear parts on the pool and may look at a cheap region."""
    terms = {
        "affiliate_rate": 0.1, "affiliate_gain": 0.1, "affiliate_cash": 20.0, "site_cost": 2.0, "link_cost": 3.0,
        "trust_limit": 0.8,
        "learning_from_others": 0.0, "affiliate_introductions": 0.0, "start_capital": 8.0, "capacity_price": 2.0,
        "capacity_start": 4.0,
    }
    state = strangers(
        1, leads=number, region=1, parameters=terms | parameters, base_wage=[1.0, wage], base_skilled_wage=[2.0, wage],
        instruments={"foreign_investment": attraction, "local_links": links},
    )
    arrays = state.arrays
    arrays["cash"][...] = cash
    arrays["first_experience_of"][:] = 1.0
    measure_effort(state)
    price_units(state)
    arrays["pool_price"][:, 0] = 10.0
    return state


def test_lead_firms_look_at_sites_as_often_as_they_are_attracted_and_open_where_it_is_cheaper():
    """Chance = rate x (1 + attraction), one stage besides the brand; a visit costs the host the part that it attracted."""
    state = investors()
    open_affiliates(state)
    visits = state.arrays["programme_costs"][1] - state.arrays["linked"].sum() * 3.0 * 0.01
    visits /= 2.0 * 0.01 * 0.75
    assert visits == pytest.approx(round(visits), abs=1e-4) and is_likely(round(visits), 4000, 0.1 * 4.0)
    opened = numpy.flatnonzero(state.arrays["owner"] == kinds.AFFILIATE)
    assert len(opened) == round(visits) == state.arrays["affiliates_opened"][1]
    assert is_likely(state.arrays["linked"].sum(), len(opened), 0.5)
    owners = state.arrays["owner_firm"][opened]
    assert (state.arrays["region_of"][opened] == 1).all() and (state.arrays["owner_region"][opened] == 0).all()
    assert (state.arrays["supplier"][state.arrays["product_of"][owners], 0] == opened).all()
    assert (state.arrays["trust"][state.arrays["product_of"][owners], 0] == 0.8).all()


def test_a_site_is_paid_for_by_its_owner():
    """Capacity at the host's wage and starting capital leave the owner; the capital is the affiliate's cash."""
    state = investors(cash=1000.0)
    open_affiliates(state)
    opened = numpy.flatnonzero(state.arrays["owner"] == kinds.AFFILIATE)
    owners = state.arrays["owner_firm"][opened]
    machines = 2.0 * 0.01 * 0.2 * 4.0
    assert state.arrays["cash"][opened] == pytest.approx(numpy.full(len(opened), 8.0 * 0.01), rel=1e-9)
    assert 1000.0 - state.arrays["cash"][owners] == pytest.approx(numpy.full(len(opened), machines + 8.0 * 0.01), rel=1e-6)
    assert state.arrays["capacity_paid"][0] == pytest.approx(machines * len(opened), rel=1e-9)
    assert state.arrays["capital_moved"][0] == state.arrays["capital_raised"][1] == pytest.approx(
        8.0 * 0.01 * len(opened), rel=1e-9
    )


@pytest.mark.parametrize("hindrance", [{"cash": 19.0}, {"wage": 500.0}, {"affiliate_gain": 1.0}])
def test_no_site_is_opened_without_money_or_gain(hindrance):
    state = investors(number=500, **hindrance)
    open_affiliates(state)
    assert state.arrays["affiliates_opened"].sum() == 0.0


# Making or buying


def makers_of_everything(number=2000, **parameters):
    """Give lead firms that do all of a chain of two stages, and one maker whom they all know."""
    terms = {
        "match_spread": 0.0, "scan": 0.0, "take_back": 0.0, "switching_threshold": 0.0, "interface_cost": 0.0, "pool_share": 0.0,
        "start_capital": 8.0,
        "first_ties": 0.0, "unbundling_spinoff": 0.3, "inherit_spread": 0.0, "inherit_ties": 0.0,
    }
    world = toy(
        regions=1, stages=("components", "brand"), first_firms=[[1, number]], integrated_share=1.0, burn_in=0,
        parameters=terms | parameters
    )
    state = found(world, seed=1)
    state.make_room(spare=number + 64)
    take_census(state)
    state.arrays["contact"][1 : number + 1, 0] = 0
    state.arrays["quality"][...] = 0.0
    state.arrays["cash"][...] = 100.0
    state.arrays["experience"][...] = 50.0
    measure_effort(state)
    price_units(state)
    state.arrays["unit_cost"][0, 0] = 1e-3
    state.reset_outcomes()
    return state


def test_a_unit_given_up_becomes_a_firm_now_and_then_with_all_it_knows():
    state = makers_of_everything()
    state.arrays["quality"][1:2001, 0] = 0.25
    choose_suppliers(state)
    assert (state.arrays["supplier"][:2000, 0] == 0).all() and (state.arrays["stages"][1:2001] == 0b10).all()
    born = numpy.flatnonzero(state.arrays["parent"] != 0)
    assert is_likely(len(born), 2000, 0.3) and state.arrays["spinoffs"][0] == len(born)
    assert (state.arrays["quality"][born, 0] == 0.25).all() and (state.arrays["experience"][born, 0] == 50.0).all()
    assert (state.arrays["cash"][born] == 8.0).all()
    gave = numpy.isin(state.arrays["lineage"], state.arrays["parent"][born])
    assert (state.arrays["cash"][gave] == 92.0).all() and gave.sum() == len(born)


def test_a_dear_supplier_makes_lead_firms_do_it_themselves():
    """With a chance, where what is known less a loss beats all by the threshold, and there is money for the capacity."""
    for cash, chance in ((1e4, 0.4), (1.0, 0.0)):
        state = makers_of_everything(
            take_back=0.4, take_back_cash=60.0, take_back_threshold=0.09, take_back_loss=0.15, capacity_price=2.0
        )
        arrays = state.arrays
        arrays["stages"][1:2001], arrays["supplier"][:2000, 0] = 0b10, 0
        arrays["unit_cost"][0, 0] = 1e3
        arrays["pool_price"][:, 0] = 1e3
        arrays["cash"][...], arrays["product_units"][:2000] = cash, 6.0
        choose_suppliers(state)
        done = (arrays["supplier"][:2000, 0] == numpy.arange(1, 2001)) & (arrays["stages"][1:2001] == 0b11)
        assert is_likely(done.sum(), 2000, chance) if chance else not done.any()
        if chance:
            took = numpy.flatnonzero(done) + 1
            assert (arrays["capacity"][took, 0] == 6.0).all()
            assert arrays["quality"][took, 0] == pytest.approx(numpy.full(len(took), -0.15), abs=1e-12)
            assert cash - arrays["cash"][took] == pytest.approx(numpy.full(len(took), 2.0 * 1.0 * 0.2 * 6.0), rel=1e-6)


def test_a_gain_below_the_threshold_is_not_worth_taking_back():
    state = makers_of_everything(take_back=1.0, take_back_cash=1.0, take_back_threshold=1e6)
    state.arrays["stages"][1:2001], state.arrays["supplier"][:2000, 0] = 0b10, 0
    state.arrays["unit_cost"][0, 0], state.arrays["pool_price"][:, 0] = 1e3, 1e3
    choose_suppliers(state)
    assert (state.arrays["stages"][1:2001] == 0b10).all()


def test_a_rivals_own_unit_takes_orders_now_and_then():
    """All lead firms buy on a dear pool and know one that makes for itself, cheaply."""
    state = makers_of_everything(captive_for_sale=0.35)
    arrays = state.arrays
    arrays["stages"][2:2001], arrays["supplier"][1:2000, 0] = 0b10, -1
    arrays["contact"][2:2001, 0] = 1
    arrays["unit_cost"][1, 0], arrays["pool_price"][:, 0] = 1e-3, 10.0
    choose_suppliers(state)
    assert is_likely((arrays["supplier"][1:2000, 0] == 1).sum(), 1999, 0.35)


@pytest.mark.parametrize(("costs", "pool", "chosen"), [((1.0, 0.9), 5.0, 1), ((0.8, 0.9), 5.0, 0), ((1.0, 0.9), 0.5, -1)])
def test_suppliers_buy_inputs_where_they_are_cheapest(costs, pool, chosen):
    """Among known makers at cost and least margin and the pool at its price; interfaces are free here. Orders become ties."""
    world = toy(
        regions=1, stages=("components", "fabrication", "brand"), first_firms=[[2, 1, 1]], integrated_share=0.0, burn_in=0,
        parameters={"interface_cost": 0.0, "input_review": 1.0, "first_ties": 0.0, "supply_tie": 0.6, "scan": 0.0},
    )
    state = found(world, seed=1)
    take_census(state)
    measure_effort(state)
    price_units(state)
    maker = 2
    state.arrays["contact"][maker, :2], state.arrays["strength"][maker, :2] = [0, 1], 0.2
    state.arrays["unit_cost"][:2, 0], state.arrays["pool_price"][:, 0] = costs, pool
    choose_suppliers(state)
    assert state.arrays["input_supplier"][maker, 1] == chosen
    if chosen >= 0:
        slot = state.arrays["contact"][maker].tolist().index(chosen)
        assert state.arrays["strength"][maker, slot] == 0.6 and state.arrays["tie_kind"][maker, slot] == kinds.SUPPLY_TIE
