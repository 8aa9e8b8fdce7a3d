"""What governments' programmes and the switches of channels do: to whom, how often, at what cost, and nothing else."""

import numpy
import pytest
from scipy import stats
from worlds import differences, toy

from redqueen.model import kinds
from redqueen.model.founding import found
from redqueen.model.instruments import INDEX, INSTRUMENTS
from redqueen.model.quarter import run_quarter
from redqueen.model.rules.census import take_census
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.government import levy_public_cost, spend_public_money
from redqueen.model.rules.ties import renew_ties
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import PROGRAMMES, burn_in, simulate, suspended_regions, use_instruments

#: A right rule fails with one of ten thousand seeds, and the seeds are fixed.
SMALLEST_P = 1e-4
SEED = 5
WORLD = toy(quarters=16, state_share=0.2)
#: Room for what is rare: novel projects and meetings abroad.
LARGE = toy(quarters=24, scale=1.0)
QUIET = {"first_ties": 0.0, "diaspora_rate": 0.0, "tie_decay": 0.01}


@pytest.fixture(scope="module")
def start():
    return burn_in(WORLD, SEED)


def state_of(instruments, region=1, firms=((0, 20), (3000, 20)), parameters=None, **endowments):
    """Give a state of two regions, lead firms in both and makers who know nobody in the second, under instruments there."""
    world = toy(
        regions=2, stages=("components", "brand"), first_firms=numpy.array(firms), integrated_share=0.0, burn_in=0,
        parameters=QUIET | (parameters or {}), associations=0.0, **endowments,
    )
    state = found(world, seed=1)
    schedule = Schedule.empty(1, 2)
    for name, dose in instruments.items():
        schedule.set(name, region, 0, 1, dose)
    use_instruments(state, schedule, 0)
    state.make_room(spare=64)
    take_census(state)
    change_environment(state)
    state.reset_outcomes()
    return state


def acts(parameters=None, world=WORLD, **uses):
    """Run a world of three regions with instruments in the second from the first quarter to the last, accounts checked."""
    schedule = Schedule.empty(world.quarters, 3)
    for name, dose in uses.items():
        schedule.set(name, 1, 0, world.quarters, dose)
    return simulate(world, schedule, seed=SEED, parameters=parameters, check=True)


# Fairs


def test_fairs_take_firms_abroad_where_makers_meet_lead_firms_and_lead_firms_show_their_brand():
    state = state_of({"export_promotion": 0.2}, parameters={"fair_cost": 3.0, "local_tie": 0.4})
    before = state.arrays["brand"].copy()
    renew_ties(state)
    arrays = state.arrays
    visits = arrays["paid_abroad"][1] / (3.0 * arrays["wage"][0])
    assert visits == pytest.approx(round(visits)) and stats.binomtest(round(visits), 3020, 0.2).pvalue > SMALLEST_P
    makers = numpy.flatnonzero((arrays["region_of"] == 1) & (arrays["product_of"] < 0) & (arrays["alive"] == 1))
    met = arrays["contact"][makers][arrays["contact"][makers] >= 0]
    assert len(met) and (arrays["region_of"][met] == 0).all() and (arrays["product_of"][met] >= 0).all()
    shown = arrays["brand"] - before
    assert set(shown[:, 0]) <= {0.0, 3.0} and not shown[:, 1].any()
    assert len(met) + (shown[:, 0] > 0).sum() == round(visits)
    assert (arrays["tie_kind"][makers][arrays["contact"][makers] >= 0] == kinds.FAIR_TIE).all()


# The channels of a diaspora


def test_compatriots_introduce_to_customers_as_often_as_the_channel_is_open():
    for share in (0.0, 0.5, 1.0):
        firms = ((200, 20), (3000, 0))
        state = state_of(
            {}, firms=firms, parameters={"diaspora_rate": 0.1, "diaspora_customers": share},
            first_diaspora=numpy.array([[0, 0], [500.0, 0]])
        )
        renew_ties(state)
        arrays = state.arrays
        makers = numpy.flatnonzero((arrays["region_of"] == 1) & (arrays["alive"] == 1))
        met = arrays["contact"][makers][arrays["contact"][makers] >= 0]
        leads = int((arrays["product_of"][met] >= 0).sum())
        # Of any firm abroad, one in eleven is a lead firm.
        assert len(met) > 50 and stats.binomtest(leads, len(met), share + (1 - share) / 11).pvalue > SMALLEST_P


@pytest.mark.parametrize("channel", ["diaspora_customers", "diaspora_partners", "diaspora_technology"])
def test_a_channel_of_the_diaspora_matters_only_where_there_is_one(channel):
    """Closed channels change a world with talent abroad and leave one without any as it was."""
    for abroad in (0.0, 200.0):
        world = toy(
            quarters=24, scale=1.0, first_diaspora=abroad * (1 - numpy.eye(3)), emigration=0.0, parameters={"diaspora_rate": 0.1}
        )
        closed = simulate(world, seed=SEED, parameters={channel: 0.0})
        assert (differences(simulate(world, seed=SEED), closed) == []) == (abroad == 0.0)


@pytest.mark.parametrize("channel", ["diaspora_practice", "diaspora_strategy"])
def test_advice_from_abroad_reaches_only_those_who_ask_for_it(channel):
    """Practice goes to extension officers, strategy to whoever seeks strengths: without them the switches do nothing."""
    asked = {"diaspora_practice": "capacity_building", "diaspora_strategy": "smart_specialisation"}[channel]
    without = {channel: 0.0}
    assert differences(acts(), acts(without)) == []
    uses = {asked: 40.0, "diaspora_network": 5.0}
    assert differences(acts(world=LARGE, **uses), acts(without, LARGE, **uses)) != []


# Smart specialisation


def strengths(error, table=0.0):
    """Give how many stages of a region are misjudged in each quarter of 40 years of seeking."""
    schedule = Schedule.empty(160, 3)
    schedule.set("smart_specialisation", 1, 0, 160, 1.0)
    schedule.set("public_private_partnership", 1, 0, 160, table)
    world = toy(quarters=160, scale=0.15)
    history = simulate(world, schedule, seed=SEED, parameters={"discovery_error": error, "diaspora_strategy": 0.0})
    assert world.burn_in % 4 == 0
    return history.arrays["strengths_misjudged"][:, 1]


def test_without_error_nothing_is_misjudged_when_strengths_are_sought():
    """Only within a year may a belief be out of date: in its first quarter it never is."""
    assert strengths(0.0)[::4].max() == 0.0
    assert (strengths(3.0, table=1.0) == strengths(0.0)).all()


def test_firms_at_the_table_make_the_belief_truer_not_the_outcome():
    wide, shared, narrow = (strengths(2.0, table)[::4].mean() for table in (0.0, 0.7, 1.0))
    assert wide > shared > narrow
    # Half of what is known of a stage is lost in a wide error: of six stages three would be guessed wrong.
    assert 1.0 < wide < 3.5
    alone = acts(public_private_partnership=1.0)
    assert differences(alone, acts()) == [], "a table without a fund decides nothing and costs nothing"


def test_grants_pay_their_share_of_projects_of_private_firms_in_believed_strengths(start):
    uses = {"smart_specialisation": 60.0}
    parameters = {"discovery_error": 0.0, "grant_share": 0.5}
    schedule = Schedule.empty(WORLD.quarters, 3)
    schedule.set("smart_specialisation", 1, 0, 16, uses["smart_specialisation"])
    state = start.copy()
    for quarter in range(8):
        use_instruments(state, schedule, quarter)
        run_quarter(state)
        arrays = state.arrays
        supported = (arrays["project_public"] > 0.0) & (arrays["project"] != kinds.IDLE) & (arrays["alive"] == 1)[:, None]
        firms, stages = numpy.nonzero(supported)
        assert (arrays["project_public"][supported] == parameters["grant_share"]).all()
        assert (arrays["region_of"][firms] == 1).all() and (arrays["owner"][firms] == kinds.PRIVATE).all()
    assert supported.any() and state.arrays["project_subsidies"][1] > 0.0


def test_grants_never_cost_much_more_than_the_money_set_aside():
    """Promises are paid over years, at later wages: over the run they stay near the fund."""
    history = acts(smart_specialisation=5.0)
    wages = history.arrays["wage"][:, 1]
    assert history.arrays["project_subsidies"][:, 1].sum() <= 1.3 * 5.0 * wages.sum()


# Lessons, churn, stops


def test_lessons_are_shared_only_between_regions_that_share():
    uses = {"capacity_building": 40.0, "shared_lessons": 1.0}
    free = {"sharing_cost": 0.0}
    assert differences(acts(free, **uses), acts(free, capacity_building=40.0)) == [], "one region alone has nobody to share with"
    schedule = Schedule.empty(LARGE.quarters, 3)
    for region in (0, 1):
        for name, dose in uses.items():
            schedule.set(name, region, 0, LARGE.quarters, dose)
    both = simulate(LARGE, schedule, seed=SEED, parameters=free, check=True)
    schedule.intensity[INDEX["shared_lessons"]] = 0.0
    assert differences(both, simulate(LARGE, schedule, seed=SEED, parameters=free)) != []


def test_churn_suspends_programmes_for_whole_years_with_its_chance():
    years = [suspended_regions(seed, 4 * year, numpy.array([0.0, 0.3, 1.0])) for seed in range(40) for year in range(25)]
    counts = numpy.sum(years, axis=0)
    assert counts[0] == 0 and counts[2] == 1000 and stats.binomtest(int(counts[1]), 1000, 0.3).pvalue > SMALLEST_P
    assert all(
        (
            suspended_regions(1, quarter, numpy.full(3, 0.5)) == suspended_regions(1, quarter - quarter % 4, numpy.full(3, 0.5))
        ).all() for quarter in range(40)
    )


def test_a_government_that_always_changes_its_mind_does_nothing():
    everything = {row.name: min(row.high, 20.0) for row in INSTRUMENTS if row.name in PROGRAMMES}
    assert differences(acts(policy_churn=1.0, **everything), acts()) == []


def test_a_region_that_stops_running_starts_no_project_and_one_that_bans_novelty_starts_no_novel_one():
    stopped, banned, usual = acts(world=LARGE, research_stop=1.0), acts(world=LARGE, novelty_stop=1.0), acts(world=LARGE)
    assert not stopped.arrays["starts"][:, 1].any() and usual.arrays["starts"][:, 1].any()
    novel = kinds.MODES.index("novel")
    assert not banned.arrays["starts"][:, 1, novel].any() and banned.arrays["starts"][:, 1].any()
    assert usual.arrays["starts"][:, 1, novel].any()


# Borders, corporations, recombination


def test_an_embargo_costs_income_and_hides_what_others_learn():
    schedule = Schedule.empty(WORLD.quarters, 3)
    schedule.set("embargo", 1, 0, 16, 1.0)
    closed = simulate(WORLD, schedule, seed=SEED, parameters={"autarky_loss": 0.0}, check=True)
    poorer = simulate(WORLD, schedule, seed=SEED, parameters={"autarky_loss": 0.5}, check=True)
    assert poorer.arrays["outlay"][:, 1].sum() < 0.7 * closed.arrays["outlay"][:, 1].sum()
    known = closed.arrays["public_knowledge"]
    assert (known[-1, 1] < known[-1, 0]).any()
    assert (known[-1, 1] <= known[-1, 0]).all() and (known[-1, 0] == known[-1, 2]).all()
    open_world = simulate(WORLD, seed=SEED).arrays["public_knowledge"]
    assert (open_world == open_world[:, :1]).all()


def test_without_unbundling_every_firm_does_everything():
    firms = numpy.zeros((3, 6))
    firms[:, 5] = [12, 6, 4]
    world = toy(quarters=60, first_firms=firms, integrated_share=1.0, parameters={"unbundling": 0.0}, founding=3.0, state_share=0.2)
    history = simulate(world, seed=SEED, check=True)
    arrays = history.state.arrays
    alive = arrays["alive"] == 1
    assert (arrays["stages"][alive] == 0b111111).all() and (arrays["product_of"][alive] >= 0).all()
    assert history.arrays["entries"].sum() > 10 and not history.yearly["flows"][:, :, :5].any()


def test_recombination_can_be_confined_to_home_or_abroad():
    mixed = toy(quarters=24, scale=1.0, first_tie_share=0.3)
    for switch in ("recombination_home", "recombination_abroad"):
        assert differences(acts({switch: 0.0}, mixed), acts(world=mixed)) != []
    alone = toy(regions=1, quarters=16)
    assert differences(simulate(alone, seed=SEED), simulate(alone, seed=SEED, parameters={"recombination_abroad": 0.0})) == []


# One budget


def test_households_get_what_public_spending_falls_short_of_its_floor():
    floor = numpy.linspace(5.0, 80.0, 16)
    schedule = Schedule.empty(WORLD.quarters, 3)
    schedule.intensity[INDEX["spending_floor"], :, 1] = floor
    schedule.set("capacity_building", 1, 0, 16, 30.0)
    history = simulate(WORLD, schedule, seed=SEED, check=True)
    arrays = history.arrays
    officers = arrays["public_wages"][:, 1]
    assert (officers < floor).any() and (officers > floor).any()
    assert (arrays["public_cost"][:, 1] == numpy.maximum(officers, floor)).all()
    assert arrays["transfers"][:, 1] == pytest.approx(numpy.maximum(0.0, floor - officers), abs=1e-12)


def test_equal_spending_is_equal_bit_for_bit():
    """The placebo of a policy: the same money, quarter by quarter, to households."""
    cost = acts(capacity_building=30.0, technology_park=0.4, diaspora_network=5.0).arrays["public_cost"]
    schedule = Schedule.empty(WORLD.quarters, 3)
    schedule.intensity[INDEX["spending_floor"]] = cost
    placebo = simulate(WORLD, schedule, seed=SEED, check=True)
    assert cost.any() and placebo.arrays["public_cost"].tobytes() == cost.tobytes()
    assert placebo.arrays["transfers"].tobytes() == cost.tobytes()


def test_a_state_firms_people_found_state_firms_as_often_as_the_state_owns_firms():
    # Units that are given up become private firms, and returnees come from other states' firms.
    parameters = {"spinoff_rate": 0.4, "unbundling_spinoff": 0.0, "returnee_founders": 0.0}
    history = simulate(toy(quarters=40, state_share=1.0, parameters=parameters), seed=SEED)
    arrays = history.state.arrays
    spun_off = (arrays["alive"] == 1) & (arrays["parent"] != 0) & (arrays["born"] > 8) & (arrays["owner"] != kinds.AFFILIATE)
    assert spun_off.any() and (arrays["owner"][spun_off] == kinds.STATE).all()


def test_levies_follow_the_floor():
    state = state_of({"spending_floor": 9.0})
    spend_public_money(state)
    levy_public_cost(state)
    assert state.arrays["public_cost"].tolist() == [0.0, 9.0] and state.arrays["levy"][1] == 9.0
