"""The pool: the same members as a trial's own run, each once, for whoever asks; those nobody waits for are stopped."""

import threading
import time

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.lab import pool as pools
from redqueen.lab.futures import futures, futures_everywhere
from redqueen.lab.outcomes import BY_NAME, series, variables_of
from redqueen.lab.pool import Pool
from redqueen.lab.structure import firm_sizes, supplies_between, ties_between, ties_by_kind, value_by_stage
from redqueen.lab.tables import simulated_tables
from redqueen.lab.trial import Trial

CASE = "sunset-industry"


@pytest.fixture(scope="module")
def whole():
    trial = Trial(case(CASE), ["networks", "none"], 4, reference="none")
    return trial, trial.run(threads=2, progress=False)


@pytest.fixture
def pool():
    made = Pool(2)
    yield made
    made.close()


def same(first, second):
    assert set(first.data_vars) == set(second.data_vars)
    for name in first.data_vars:
        assert numpy.array_equal(first[name].values, second[name].values, equal_nan=True), name
    assert first.attrs == second.attrs


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_members_are_those_of_the_trial(whole, threads):
    trial, result = whole
    made = Pool(threads)
    told = []
    request = made.run(trial, lambda one: told.append(len(one.found)))
    assert request.done and max(told) == trial.members
    same(request.result(), result)
    same(request.result(variables_of((BY_NAME["jobs"],))), result[list(variables_of((BY_NAME["jobs"],)))])
    made.close()


def test_a_government_decides_as_in_the_trial(pool):
    trial = Trial(case("red-queen"), ["local_experiments"], [3], quarters=30)
    same(pool.run(trial).result(), trial.run(progress=False))


def test_members_known_are_not_run_again(whole, pool, monkeypatch):
    trial, result = whole
    runs = []
    simulate = pools.simulate
    monkeypatch.setattr(pools, "simulate", lambda *one, **more: runs.append(more["seed"]) or simulate(*one, **more))
    pool.run(trial)
    assert len(runs) == trial.members
    same(pool.run(trial).result(), result)
    longer = Trial(trial.case, trial.policies, 5, reference="none")
    pool.run(longer)
    assert len(runs) == longer.members


def test_two_who_ask_for_the_same_share_its_members(whole, monkeypatch):
    trial, result = whole
    runs = []
    simulate = pools.simulate
    monkeypatch.setattr(pools, "simulate", lambda *one, **more: runs.append(more["seed"]) or simulate(*one, **more))
    made = Pool(2)
    there = [threading.Event() for _ in range(3)]
    requests = [made.ask(trial, lambda one, event=event: event.set() if one.done else None) for event in there]
    assert all(event.wait(60) for event in there)
    assert len(runs) == trial.members
    for request in requests:
        same(request.result(), result)
    made.close()


def test_the_first_members_of_everybody_come_before_second_ones(pool):
    trials = [Trial(case(CASE), ["networks"], list(range(first, first + 8))) for first in (1, 101, 201)]
    order = []
    done = threading.Event()

    def told(request):
        order.append(request.trial.seeds[0])
        if len(order) >= 9:
            done.set()

    requests = [pool.ask(trial, told) for trial in trials]
    assert done.wait(60)
    for request in requests:
        pool.cancel(request)
    # Two run at once, so that each may be two ahead of another.
    for first in (1, 101, 201):
        assert first in order[:7], order


def test_the_first_member_of_somebody_runs_alone(monkeypatch):
    """The other thread would slow it, and whoever waits would see nothing sooner."""
    simulate, lock, running, beside = pools.simulate, threading.Lock(), [], []

    def watched(*one, **more):
        with lock:
            beside.append(len(running))
            running.append(more["seed"])
        try:
            return simulate(*one, **more)
        finally:
            with lock:
                running.remove(more["seed"])

    monkeypatch.setattr(pools, "simulate", watched)
    made = Pool(4)
    trial = Trial(case(CASE), ["networks"], 8)
    request = made.run(trial)
    made.close()
    assert request.done and beside[:2] == [0, 0] and max(beside) > 0


def test_what_nobody_waits_for_is_stopped_within_a_quarter(whole, pool):
    trial, result = whole
    long = Trial(case("red-queen"), ["as_it_is"], [1, 2])
    started = threading.Event()
    state = pool._state
    pool._state = lambda *one: (state(*one), started.set())[0]
    request = pool.ask(long, lambda one: None)
    assert started.wait(60)
    pool.cancel(request)
    there = threading.Event()
    pool.ask(trial, lambda one: there.set() if one.done else None)
    assert there.wait(60)
    assert not request.found, "a member went on to its end though nobody waited for it"


def test_a_member_that_fails_says_why_and_the_others_go_on(whole, pool, monkeypatch):
    trial, result = whole
    simulate = pools.simulate

    def failing(*one, **more):
        if more["seed"] == 2:
            raise FloatingPointError("no number")
        return simulate(*one, **more)

    monkeypatch.setattr(pools, "simulate", failing)
    found = pool.run(trial).result()
    assert (found["failure"].sel(seed=2) == "FloatingPointError: no number").all()
    for name in result.data_vars:
        assert numpy.array_equal(found[name].sel(seed=[1, 3, 4]), result[name].sel(seed=[1, 3, 4]), equal_nan=True)


def test_what_is_kept_is_bounded(whole):
    trial, result = whole
    made = Pool(2, most_bytes=1)
    same(made.run(trial).result(), result)
    assert len(made._kept) == 1
    made.close()


def test_closing_ends_whoever_runs(pool):
    request = pool.ask(Trial(case("red-queen"), ["as_it_is"], 20), lambda one: None)
    begun = time.monotonic()
    pool.close()
    assert time.monotonic() - begun < 5 and not request.done
    assert not any(worker.is_alive() for worker in pool._workers)


def some_missing(result, policy, seeds):
    """Gives a result in which a policy lacks some seeds."""
    return result.where(~((result["policy"] == policy) & result["seed"].isin(seeds)))


@pytest.mark.parametrize("outcome", ["value_added", "distance_to_frontier"])
def test_stand_ins_are_the_reference_moved_by_the_mean_effect(whole, outcome):
    trial, result = whole
    reference = trial.reference
    fans = futures_everywhere(some_missing(result, "networks", [2, 3, 4]), outcome, standing_in=reference)
    values = series(result, BY_NAME[outcome])
    base = values.sel(policy=reference).values
    ratio = BY_NAME[outcome].compared == "ratio"
    mine = values.sel(policy="networks", seed=1).values
    moved = base * (mine / base[0]) if ratio else base + (mine - base[0])
    for place, region in enumerate(values["region"].values):
        expected = numpy.quantile(moved[:, :, place], 0.5, axis=0)
        assert numpy.allclose(fans[region, "networks"].median, expected, rtol=1e-12, atol=1e-12)


def test_once_all_are_run_none_stands_in(whole):
    trial, result = whole
    fans = futures_everywhere(result, "jobs", standing_in=trial.reference)
    for (region, policy), one in fans.items():
        assert numpy.array_equal(one.median, futures(result, "jobs", region, [policy])[0].median)


def test_a_policy_without_members_has_no_future_but_nothing_fails(whole):
    trial, result = whole
    lacking = some_missing(result, "networks", [1, 2, 3, 4])
    for one in futures_everywhere(lacking, "jobs", ["networks"], standing_in=trial.reference).values():
        assert numpy.isnan(one.median).all()


def test_structure_is_what_the_tables_of_a_run_say(whole):
    trial, result = whole
    member = result.isel(policy=[0], seed=[0])
    tables = {one.kind: one for one in simulated_tables(result.isel(policy=0, seed=0))}
    year = int(result["year"].values[-1])
    rows = tables["activities"].rows
    added = rows[(rows["measure"] == "value added") & (rows["year"] == year)].set_index(["region", "activity"])["value"]
    value = value_by_stage(member).isel(policy=0)
    for (region, stage), one in added.items():
        assert float(value.sel(region=region, stage=stage.replace("-", "_"))) == pytest.approx(one)
    ties = tables["ties"].rows
    ties = ties[(ties["measure"] == "ties") & (ties["year"] == year)].set_index(["region", "partner"])["value"]
    between = ties_between(member).isel(policy=0)
    for (region, other), one in ties.items():
        assert float(between.sel(region=region, to_region=other)) == one
    flows = supplies_between(member).isel(policy=0)
    assert float(flows.sum()) == pytest.approx(float(member["flows"].isel(year=-1).sum()))
    kinds = ties_by_kind(member, (result.sizes["quarter"] - 1, result.sizes["quarter"])).isel(policy=0)
    assert numpy.allclose(kinds.sum("tie_kind"), member["ties"].isel(policy=0, seed=0, quarter=-1).sum("tie_kind"))


def test_sizes_are_shares_of_all_firms_of_all_runs(pool, whole):
    trial, result = whole
    request = pool.run(trial)
    members = request.firms(trial.policies[0])
    found = firm_sizes(members)
    assert len(members) == 4 and sum(found.share) == pytest.approx(1.0)
    people = numpy.concatenate([one.employees for one in members])
    for low, high, share in zip(found.edges, found.edges[1:], found.share, strict=False):
        last = high == found.edges[-1]
        assert share == pytest.approx(((people >= low) & ((people < high) | last)).mean())
    parts = [firm_sizes(members, place) for place in range(len(trial.world.regions))]
    assert sum(one.firms for one in parts) == pytest.approx(found.firms)
    assert found.firms <= float(result["firms"].isel(policy=0, quarter=-1).sum("region").mean())
    assert firm_sizes([]).median is None
