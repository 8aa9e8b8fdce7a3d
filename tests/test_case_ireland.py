"""The case of Ireland: sourced, sound, and with the mechanism that its question needs."""

from dataclasses import replace

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, simulate

SEED = 3


@pytest.fixture(scope="module")
def ireland():
    return case("ireland")


@pytest.fixture(scope="module")
def start(ireland):
    """Gives the world of the case cut to two years, and its state after burn-in."""
    world = replace(ireland.world, quarters=8)
    return world, burn_in(world, SEED)


def begins(read, policy, instrument):
    """Gives the years in which the use of an instrument in Ireland rises."""
    world = read.world
    used = read.schedule(policy).intensity[INDEX[instrument], :, world.regions.index("ireland")]
    return [world.start + quarter / 4 for quarter in numpy.flatnonzero(numpy.diff(used, prepend=0.0) > 0)]


def test_every_number_has_a_source_and_every_source_is_cited(ireland):
    for name, source in ireland.provenance.items():
        assert source == "default" or source.startswith("chosen: ") or source.split(":")[0] in ireland.sources, (name, source)
    texts = [*ireland.provenance.values(), *(fact.source for fact in ireland.facts)]
    texts += [policy.source for policy in ireland.policies.values()]
    assert [identity for identity in ireland.sources if not any(identity in text for text in texts)] == []


def test_nothing_is_overridden_and_only_income_at_the_start_is_not_held_out(ireland):
    assert ireland.world.parameters == {}
    assert [fact.name for fact in ireland.facts if not fact.held_out] == ["income_1960"]
    assert all(fact.measured or fact.not_measured for fact in ireland.facts)


def test_what_was_done_begins_when_it_did(ireland):
    for instrument, years in (
        ("foreign_investment", [1960, 1970]), ("university_expansion", [1973, 1976, 1980.5, 2001]), ("local_links", [1985]),
        ("capacity_building", [1994]), ("venture_capital", [1996]), ("exit_for_ventures", [1997]),
    ):
        assert begins(ireland, "as_it_happened", instrument) == years, instrument
    assert begins(ireland, "links_earlier", "local_links") == [1970]


@pytest.mark.parametrize(
    ("policy", "dropped"),
    [
        ("no_links", {"local_links"}), ("no_technical_colleges", {"university_expansion"}),
        ("no_investment", {"foreign_investment", "local_links"}),
    ],
)
def test_an_arm_without_a_part_differs_in_that_part_alone(ireland, policy, dropped):
    happened, without = (ireland.schedule(name).intensity for name in ("as_it_happened", policy))
    assert {name for name, row in INDEX.items() if (happened[row] != without[row]).any()} == dropped
    assert not any(without[INDEX[name]].any() for name in dropped)


def test_investment_alone_is_the_attraction_of_foreign_firms_and_nothing_else(ireland):
    happened, alone = (ireland.schedule(name).intensity for name in ("as_it_happened", "investment_alone"))
    assert {name for name, row in INDEX.items() if alone[row].any()} == {"foreign_investment"}
    assert (alone[INDEX["foreign_investment"]] == happened[INDEX["foreign_investment"]]).all()


def test_only_ireland_acts(ireland):
    place = ireland.world.regions.index("ireland")
    for name in ireland.policies:
        elsewhere = numpy.delete(ireland.schedule(name).intensity, place, axis=2)
        assert not elsewhere.any(), name


def test_computers_ship_from_assembly_and_software_from_packaging(ireland):
    world = ireland.world
    ships = dict(zip(world.industries, (world.stages[stage] for stage in world.shipping_stage), strict=True))
    brands = dict(zip(world.industries, (world.stages[stage] for stage in world.brand_stage), strict=True))
    assert ships == {"computers": "assembly", "software": "packaging"}
    assert brands == {"computers": "makers", "software": "publishers"}


def test_every_policy_closes_its_accounts(ireland, start):
    world, state = start
    for name in ireland.policies:
        # The last two years, in which all that was ever done still acts.
        schedule = ireland.schedule(name)
        last = Schedule(schedule.intensity[:, -8:].copy(), schedule.target[:, -8:].copy())
        history = simulate(world, last, seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name


def test_pay_at_the_start_is_what_base_wages_say(ireland, start):
    world, state = start
    wage = simulate(world, seed=SEED, state=state).arrays["wage"][:4].mean(axis=0)
    gap = wage / world.endowments["base_wage"]
    assert (gap / gap[world.regions.index("usa")] > 0.75).all() and (gap / gap[world.regions.index("usa")] < 1.35).all()


def test_attraction_brings_more_foreign_firms(ireland):
    world = replace(ireland.world, quarters=80)
    place = world.regions.index("ireland")
    opened = dict.fromkeys(("none", "investment_alone"), 0.0)
    for seed in (1, 2):
        state = burn_in(world, seed)
        for name in opened:
            history = simulate(world, ireland.schedule(name).cut(80), seed=seed, state=state)
            opened[name] += history.arrays["affiliates_opened"][:, place].sum()
    # Six looks for one, of which the first ten years have three: at least twice as many sites in any luck.
    assert opened["investment_alone"] > 2 * opened["none"]
