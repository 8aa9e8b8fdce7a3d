"""The case of the iPad: sourced, with the chain and the rivals that its question asks about."""

from dataclasses import replace

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.policy import lay_out_policy

SEED = 3
RIVALS = {
    "display_in_china": ("china", {"display", "touch"}), "memory_in_china": ("china", {"memory"}),
    "assembly_in_korea": ("south_korea", {"assembly"}), "assembly_in_usa": ("usa", {"assembly"}),
}


@pytest.fixture(scope="module")
def ipad():
    return case("ipad")


@pytest.fixture(scope="module")
def begun(ipad):
    """Gives the world cut to two years, and its state after burn-in."""
    world = replace(ipad.world, quarters=8)
    return world, burn_in(world, SEED)


def of(read, endowment, region, stage=None):
    found = read.world.endowments[endowment][read.world.regions.index(region)]
    return found if stage is None else found[read.world.stages.index(stage)]


def test_every_number_has_a_source_and_every_source_is_cited(ipad):
    texts = [*ipad.provenance.values(), *(fact.source for fact in ipad.facts)]
    texts += [policy.source for policy in ipad.policies.values()]
    for name, source in ipad.provenance.items():
        assert source == "default" or source.startswith("chosen: ") or any(source.startswith(known) for known in ipad.sources), name
    assert {known for known in ipad.sources if not any(known in text.split(":")[0] for text in texts)} == set()
    assert ipad.world.parameters == {}


def test_who_kept_value_jobs_and_wages_is_held_out(ipad):
    kept = [fact for fact in ipad.facts if fact.measured is not None and fact.measured.kept]
    assert {fact.measured.kept for fact in kept} == {"value", "jobs", "wages"}
    assert {fact.region for fact in kept if fact.measured.kept == "value"} == set(ipad.world.regions)
    assert all(fact.held_out for fact in ipad.facts)
    assert {fact.measured.of for fact in kept} == {"usa"}


def test_bounds_of_value_add_up_as_the_table_of_nsf_does(ipad):
    low = {fact.region: fact.bounds[0] for fact in ipad.facts if fact.name.startswith("ipad_value")}
    high = {fact.region: fact.bounds[1] for fact in ipad.facts if fact.name.startswith("ipad_value")}
    # Apple 30.1 and American suppliers 2.4, Korea 6.8, Japan 1.4, Taiwan 1.4, assembly 1.6: what the table gives a place.
    assert sum(low.values()) == pytest.approx(30.1 + 2.4 + 6.8 + 1.4 + 1.4 + 1.6)
    spread = {region: high[region] - low[region] for region in low}
    assert spread.pop("usa") == pytest.approx(5.0 + 15.0)
    assert all(width == pytest.approx(5.0) for width in spread.values())


def test_costs_of_stages_are_those_of_the_teardown(ipad):
    world, endowments = ipad.world, ipad.world.endowments
    cost = {}
    # Inputs are earlier stages, so that their costs are there; each where the teardown's suppliers are.
    for stage, region in (
        ("design", "usa"), ("memory", "south_korea"), ("parts", "chinese_taipei"), ("display", "south_korea"),
        ("touch", "chinese_taipei"), ("assembly", "china"),
    ):
        place = world.stages.index(stage)
        skilled = endowments["skilled_share"][place]
        pay = of(ipad, "base_wage", region) * (1 - skilled) + of(ipad, "base_skilled_wage", region) * skilled
        bought = {"memory": "design", "parts": "design", "display": "parts", "touch": "parts"}.get(stage)
        cost[stage] = endowments["workers_per_unit"][place] * pay + endowments["materials_per_unit"][place]
        cost[stage] += endowments["input_units"][place] * cost[bought] if bought else 0
    # Hundreds of dollars; what is missing are suppliers' margins, a few per cent to a tenth.
    for stage, dollars in {"memory": 29.5, "parts": 126, "display": 65, "touch": 30, "assembly": 9}.items():
        assert 0.85 * dollars < 100 * cost[stage] < dollars, stage


def test_each_place_is_nearest_the_best_where_the_document_says(ipad):
    for stage, best in (("memory", "south_korea"), ("software", "usa"), ("brand", "usa"), ("assembly", "chinese_taipei")):
        assert max(ipad.world.regions, key=lambda region: of(ipad, "first_quality", region, stage)) == best
    assert max(ipad.world.regions, key=lambda region: of(ipad, "first_firms", region, "assembly")) == "china"


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_is_what_happened_until_2005_and_aims_at_its_stage(ipad, name):
    region, stages = RIVALS[name]
    world, schedule, happened = ipad.world, ipad.schedule(name), ipad.schedule("as_it_happened")
    first = round((2005 - world.start) * 4)
    assert (schedule.intensity[:, :first] == happened.intensity[:, :first]).all()
    place = world.regions.index(region)
    assert (numpy.delete(schedule.intensity, place, axis=2) == numpy.delete(happened.intensity, place, axis=2)).all()
    aim = sum(1 << world.stages.index(stage) for stage in stages)
    row = INDEX["capacity_building"]
    assert schedule.intensity[row, first, place] > 0 and schedule.target[row, first, place] == aim


def test_every_policy_closes_its_accounts(ipad, begun):
    world, state = begun
    for name in ipad.policies:
        schedule = lay_out_policy(replace(ipad.policy(name), changes=_at_once(ipad.policy(name))), world)
        history = simulate(world, schedule, seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name


def _at_once(policy):
    """Gives the changes of a policy that are not over before it ends, from the start on: the last aim of each."""
    return tuple(replace(change, start=None) for change in policy.changes if change.until is None)


def test_pay_at_the_start_is_what_base_wages_say(ipad):
    world = replace(ipad.world, quarters=4)
    wage = numpy.mean([simulate(world, seed=seed).arrays["wage"].mean(axis=0) for seed in (1, 2, 3)], axis=0)
    gap = wage / world.endowments["base_wage"]
    # Labour at home is not scarce yet: the figures of 2001 stand about as they were written.
    assert (gap / gap[0] > 0.8).all() and (gap / gap[0] < 1.35).all()


def test_no_place_dies_and_the_mainland_assembles(ipad):
    history = simulate(ipad.world, ipad.schedule("as_it_happened"), seed=SEED)
    firms = history.arrays["firms"]
    assert (firms[-4:].mean(axis=0) > firms[:4].mean(axis=0) / 3).all()
    made = history.arrays["stage_units"][-4:].sum(axis=0)[:, ipad.world.stages.index("assembly")]
    assert made.argmax() == ipad.world.regions.index("china")
