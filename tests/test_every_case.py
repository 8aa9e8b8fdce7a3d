"""Every bundled case, short: its accounts close, nothing done is nothing changed, and its file keeps the rules of the library."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from redqueen.cases.case import bundled, case
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.government import Programme
from redqueen.policies.policy import lay_out_policy
from redqueen.studies.known import happened

#: The systems of the two documents.
SYSTEMS = (
    "corporate-lab", "silicon-valley", "ipad", "hsinchu", "sv-hsinchu-shanghai", "ireland", "india", "israel", "three-regions",
    "korea",
    "red-queen", "indigenous-standard", "sunset-industry", "recipes",
)
SEED, QUARTERS = 7, 8


@pytest.fixture(scope="module", params=bundled())
def read(request):
    return case(request.param)


@pytest.fixture(scope="module")
def started(read):
    """Give the case's world, eight quarters long, and its state after burn-in, whose accounts close too."""
    world = replace(read.world, quarters=QUARTERS)
    return world, burn_in(world, SEED, check=True)


def busiest(plan):
    """Give where the two years begin in which most instruments are used: policies act late, and the runs here are short."""
    used = (plan.intensity != 0).any(axis=2).sum(axis=0)
    sums = numpy.convolve(used, numpy.ones(QUARTERS), "valid")
    return int(sums.argmax())


def window(plan, start, dose):
    return Schedule(plan.intensity[:, start : start + QUARTERS] * dose, plan.target[:, start : start + QUARTERS].copy())


def short(read, name, dose=1.0):
    """Lay a policy out over its busiest two years, at a part of its strength: a schedule, or a programme of governments."""
    laid_out = lay_out_policy(read.policy(name), read.world)
    if isinstance(laid_out, Schedule):
        return window(laid_out, busiest(laid_out), dose)
    start = min(min(seat.first for seat in laid_out.seats), laid_out.quarters - QUARTERS)
    seats = tuple(
        replace(seat, first=max(0, seat.first - start), options=tuple(window(option, start, dose) for option in seat.options))
        for seat in laid_out.seats
    )
    return Programme(window(laid_out.fixed, start, dose), seats, laid_out.regions)


def run(read, started, name, dose=1.0, check=False):
    world, state = started
    plan = short(read, name, dose)
    schedule, government = plan.begin(world, SEED) if isinstance(plan, Programme) else (plan, None)
    return simulate(world, schedule, seed=SEED, state=state, check=check, government=government)


def test_every_system_of_the_documents_is_there():
    assert set(SYSTEMS) <= set(bundled())


def test_accounts_close_every_quarter_under_every_policy(read, started):
    for name in read.policies:
        history = run(read, started, name, check=True)
        assert (history.arrays["firms"].sum(axis=1) > 0).all(), name


def test_a_policy_at_strength_zero_changes_nothing(read, started):
    world, state = started
    nothing = simulate(world, seed=SEED, state=state)
    for name in read.policies:
        history = run(read, started, name, dose=0.0)
        for key, array in nothing.arrays.items():
            assert numpy.array_equal(array, history.arrays[key], equal_nan=True), (name, key)
        for key, array in nothing.yearly.items():
            assert numpy.array_equal(array, history.yearly[key], equal_nan=True), (name, key)


def test_every_policy_does_something_at_its_own_strength(read, started):
    """Guards the test above: what is laid out there is not nothing to begin with."""
    for name in set(read.policies) - {"none"}:
        plan = short(read, name)
        plans = [option for seat in plan.seats for option in seat.options] if isinstance(plan, Programme) else [plan]
        assert any(one.intensity.any() for one in plans), name


def test_every_region_keeps_firms_at_the_start_where_nothing_is_done(read, started):
    world, state = started
    firms = simulate(world, seed=SEED, state=state).arrays["firms"]
    began_with = read.world.endowments["first_firms"].sum(axis=1) > 0
    assert [name for name, here, then in zip(world.regions, firms.T, began_with, strict=True) if then and not here.all()] == []


def test_every_number_has_a_source_or_is_marked_as_chosen(read):
    for name, source in read.provenance.items():
        assert source == "default" or source.startswith(
            ("chosen: ", "default: ")
        ) or source.partition(":")[0] in read.sources, (name, source)


def test_every_source_is_cited(read):
    texts = [*read.provenance.values(), *(fact.source for fact in read.facts)]
    for policy in read.policies.values():
        texts += [policy.source, *(part.source for part in (*policy.changes, *policy.governments))]
    words = " ; ".join(texts)
    assert [name for name in read.sources if name not in words] == []


def test_no_case_has_parameters_of_its_own(read):
    assert read.world.parameters == {} and "parameters" not in tomllib.loads(Path(read.file).read_text(encoding="utf-8"))


def test_every_fact_is_measured_or_says_why_not(read):
    for fact in read.facts:
        assert (fact.measured is None) != (not fact.not_measured), fact.name
        assert fact.source.partition(":")[0].strip() in read.sources, (fact.name, fact.source)


def test_every_case_asks_a_question_that_its_policies_can_answer(read):
    assert read.question.endswith("?") and read.story.strip() and read.happened.strip() and read.not_modelled
    assert read.name == Path(read.file).stem and read.world.burn_in == 40
    # Facts are set beside a policy that is run by default.
    assert len(read.policies) >= 4 and happened(read) in read.policies
