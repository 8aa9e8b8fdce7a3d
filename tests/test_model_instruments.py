"""Instruments at zero, at their limits and across a border.

None of them is magic at zero, all of them close the accounts at their limits, and none reaches across a border at once.
"""

import numpy
import pytest
from worlds import differences, toy

from redqueen.model.fields import FIELDS
from redqueen.model.instruments import INSTRUMENTS, NAMES
from redqueen.model.quarter import run_quarter
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, simulate, use_instruments

SEED = 3
WORLD = toy(quarters=16, tariff=0.2, red_tape=1.0, state_share=0.3)
#: Keeps open-ended instruments sane in a world of a few hundred firms: officers, graduates, wages.
MOST = {"university_expansion": 100.0, "capacity_building": 100.0, "public_research_organisation": 200.0}
MOST_MONEY = 2000.0
ONE_STAGE = 0b000100


def limits(instrument):
    """Give the least and the most of an instrument that a test world can bear."""
    return instrument.low, min(instrument.high, MOST.get(instrument.name, MOST_MONEY))


DOSES = [pytest.param(row, dose, id=f"{row.name} {dose:g}") for row in INSTRUMENTS for dose in limits(row) if dose != 0.0]


@pytest.fixture(scope="module")
def start():
    return burn_in(WORLD, SEED, check=True)


@pytest.fixture(scope="module")
def baseline(start):
    return simulate(WORLD, seed=SEED, state=start, check=True)


def schedule_of(**uses):
    """Give a schedule in which instruments act on one region from the third quarter to the fourteenth."""
    schedule = Schedule.empty(WORLD.quarters, len(WORLD.regions))
    for name, (region, dose, target) in uses.items():
        schedule.set(name, region, 2, 14, dose, target)
    return schedule


@pytest.mark.parametrize("name", NAMES)
def test_an_instrument_at_zero_is_no_instrument(start, baseline, name):
    targeted = dict(zip(NAMES, INSTRUMENTS, strict=True))[name].targeted
    for region in range(3):
        history = simulate(WORLD, schedule_of(**{name: (region, 0.0, ONE_STAGE if targeted else None)}), seed=SEED, state=start)
        assert differences(history, baseline) == []


def test_all_instruments_at_zero_are_none(start, baseline):
    schedule = schedule_of(**{row.name: (1, 0.0, ONE_STAGE if row.targeted else None) for row in INSTRUMENTS})
    history = simulate(WORLD, schedule, seed=SEED, state=start)
    assert differences(history, baseline) == []
    assert all(
        history.state.arrays[name].tobytes() == array.tobytes() for name,
        array in baseline.state.arrays.items() if not name.endswith("_target")
    )


def test_a_null_policy_changes_nothing(start, baseline):
    assert differences(simulate(WORLD, Schedule.empty(16, 3), seed=SEED, state=start), baseline) == []


def test_instruments_aimed_at_no_stage_do_nothing_to_firms(start, baseline):
    """Aimed at nothing, targeted instruments only cost what their people cost: with free people they would be nothing."""
    uses = {row.name: (1, 0.5 * row.high, 0) for row in INSTRUMENTS if row.targeted and row.high <= 1.0}
    assert len(uses) >= 4
    assert differences(simulate(WORLD, schedule_of(**uses), seed=SEED, state=start), baseline) == []


@pytest.mark.parametrize("region", range(3))
@pytest.mark.parametrize(("instrument", "dose"), DOSES)
def test_accounts_close_at_the_limits_of_every_instrument(start, instrument, dose, region):
    history = simulate(WORLD, schedule_of(**{instrument.name: (region, dose, None)}), seed=SEED, state=start, check=True)
    assert all(numpy.isfinite(array).all() for array in history.arrays.values())
    cost = history.arrays["public_cost"]
    assert not cost[:, [other for other in range(3) if other != region]].any(), "only the region that acts pays"
    assert not cost[:2].any(), "nobody pays before"
    # What was promised to a running project is paid until it ends.
    assert instrument.name in ("novelty_subsidy", "smart_specialisation") or not cost[14:].any(), "nobody pays after"


@pytest.mark.parametrize("seed", range(6))
def test_accounts_close_under_many_instruments_at_once(start, seed):
    generator = numpy.random.default_rng(seed)
    schedule = Schedule.empty(WORLD.quarters, len(WORLD.regions))
    for row in INSTRUMENTS:
        for region in range(3):
            if generator.random() < 0.4:
                first = int(generator.integers(0, 12))
                target = int(generator.integers(0, 64)) if row.targeted else None
                schedule.set(
                    row.name, region, first, first + int(generator.integers(1, 12)), generator.uniform(*limits(row)), target
                )
    simulate(WORLD, schedule, seed=SEED, state=start, check=True)


def test_accounts_close_when_everybody_closes_the_border_and_opens_it_again(start):
    schedule = Schedule.empty(WORLD.quarters, len(WORLD.regions))
    for region in range(3):
        schedule.set("embargo", region, 2, 8, 1.0)
    history = simulate(WORLD, schedule, seed=SEED, state=start, check=True)
    closed = history.yearly["final_sales"][1].sum(axis=1)
    assert not (closed - numpy.diag(numpy.diag(closed))).any(), "nothing crosses a closed border"
    opened = history.yearly["final_sales"][3].sum(axis=1)
    assert (opened - numpy.diag(numpy.diag(opened))).any()


def test_an_embargo_stops_trade_ties_and_migration(start):
    history = simulate(WORLD, schedule_of(embargo=(1, 1.0, None)), seed=SEED, state=start, check=True)
    assert not history.arrays["emigrants"][2:14, 1].any() and history.arrays["emigrants"][14:, 1].all()
    assert not history.arrays["exports"][2:14, 1].any() and history.arrays["exports"][:2, 1].all()
    flows = history.yearly["flows"][1]
    assert not flows[1][:, [0, 2]].any() and not flows[[0, 2]][:, :, 1].any()


SEALED = {
    "diaspora_rate": 0.1, "emigration_rate": 0.02, "talent_retirement": 0.01, "affiliate_rate": 0.05, "unbundling_spinoff": 0.0
}


def test_nobody_outside_moves_into_a_closed_region_or_gets_to_know_it():
    """With nobody founding firms, who take their parents' ties along, no tie across the border is made and no talent crosses it."""
    world = toy(founding=0.0, first_diaspora=60.0, parameters=SEALED)
    state = burn_in(world, SEED)
    schedule = Schedule.empty(1, 3)
    schedule.set("embargo", 0, 0, 1, 1.0)
    use_instruments(state, schedule, 0)
    known, living = ties_across(state, 0), state.arrays["talent"].copy()
    for quarter in range(1, 9):
        run_quarter(state)
        now = ties_across(state, 0)
        assert known and now <= known
        assert state.arrays["talent"][1:, 0] == pytest.approx(living[1:, 0] * 0.99**quarter, rel=1e-12)
        assert state.arrays["talent"][0, 1:] == pytest.approx(living[0, 1:] * 0.99**quarter, rel=1e-12)
        known = now


def ties_across(state, region):
    """Give all pairs of firms, by lineage, that know each other across the border of a region."""
    arrays, pairs = state.arrays, set()
    for firm in numpy.flatnonzero(arrays["alive"]):
        for other in arrays["contact"][firm]:
            if other >= 0 and (arrays["region_of"][firm] == region) != (arrays["region_of"][other] == region):
                pairs.add((int(arrays["lineage"][firm]), int(arrays["lineage"][other])))
    return pairs


#: In the quarter in which they begin, these reach firms elsewhere at once: through prices, demand, orders or a new site.
REACHES_ABROAD = {
    "wage_subsidy", "home_market", "indigenous_standard", "free_trade", "embargo", "national_champion", "smart_specialisation",
    "foreign_investment"
}
#: Slots that newborn firms take and ties with the region that acts may differ; what a firm is, has and does may not.
SLOTS_AND_TIES = {"contact", "strength", "tie_kind", "free_slots", "product_of", "owner_firm", "input_supplier"}
OWN = [
    field.name for field in FIELDS if field.role == "stock" and field.shape[:1] == ("firm",) and field.name not in SLOTS_AND_TIES
]


@pytest.mark.parametrize("instrument", [row for row in INSTRUMENTS if row.name not in REACHES_ABROAD], ids=lambda row: row.name)
def test_an_instrument_leaves_firms_elsewhere_alone_in_its_first_quarter(start, instrument):
    """Not one bit of what firms of other regions are, have and do differs: their luck is their own."""
    with_it, without = start.copy(), start.copy()
    schedule = Schedule.empty(1, 3)
    use_instruments(without, schedule, 0)
    schedule.set(instrument.name, 1, 0, 1, limits(instrument)[1])
    use_instruments(with_it, schedule, 0)
    run_quarter(with_it)
    run_quarter(without)
    assert lives(with_it, (0, 2)) == lives(without, (0, 2))


def test_public_research_does_change_firms_at_home(start):
    """The test above can fail: in the region that acts, firms do change."""
    with_it, without = start.copy(), start.copy()
    schedule = Schedule.empty(1, 3)
    schedule.set("technology_park", 1, 0, 1, 1.0)
    use_instruments(with_it, schedule, 0)
    run_quarter(with_it)
    run_quarter(without)
    assert lives(with_it, (1,)) != lives(without, (1,))


def lives(state, regions):
    """Give all that living firms of some regions are and have, by lineage."""
    firms = numpy.flatnonzero(state.arrays["alive"].astype(bool) & numpy.isin(state.arrays["region_of"], regions))
    return {int(state.arrays["lineage"][firm]): {name: state.arrays[name][firm].tobytes() for name in OWN} for firm in firms}


def test_only_money_that_is_levied_is_spent(start):
    """A payment to households is levied on the same households in the same quarter: nothing but rounding is left of it."""
    history = simulate(WORLD, schedule_of(lump_sum=(1, 50.0, None)), seed=SEED, state=start, check=True)
    assert history.arrays["levy"][2:14, 1] == pytest.approx(
        history.arrays["transfers"][2:14, 1] - history.arrays["tariff_paid"][2:14, 1]
    )
