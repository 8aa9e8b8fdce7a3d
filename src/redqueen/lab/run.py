"""Run the members of a trial in threads: one burn-in a seed, then every arm from a copy of it."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy

from redqueen.lab.arms import COST, Arm, begin, runs_after
from redqueen.model.simulate import burn_in, simulate
from redqueen.model.world import World

#: Called with the position of the arm, the position of the seed and the history, in the calling thread.
Keep = Callable[[int, int, Any], None]


def run_members(
    world: World,
    arms: Mapping[str, Arm],
    seeds: Sequence[int],
    keep: Keep,
    *,
    parameters: Mapping[str, float] | None = None,
    threads: int = 1,
    check: bool = False,
    advance: Callable[[int], None] = lambda quarters: None,
) -> None:
    """Runs every arm under every seed and hands each history to `keep`.

    An arm is a `Schedule`; or has begin(world, seed) that gives a schedule and a government; or is `ToppedUp`, which runs
    after earlier arms of the mapping, in each seed. Members come in the order of seeds, all arms of one before those of the
    next, so that a stopped trial is balanced. What is computed does not depend on `threads`. `advance` is told the quarters
    done. An error in a member names its policy and seed, and stops the others.
    """
    names = list(arms)
    after = _positions_before(arms)
    needed = {position for earlier in after for position in earlier}
    overrides = dict(parameters or {})
    # Step 0 of a seed is its burn-in, step p + 1 its arm p: older seeds come first.
    ready = [(seed, 0) for seed in range(len(seeds))]
    running: dict[Future[Any], tuple[int, int]] = {}
    states: dict[int, Any] = {}
    costs: dict[int, dict[int, numpy.ndarray]] = {}
    left = dict.fromkeys(range(len(seeds)), len(names))

    def member(seed: int, step: int) -> Any:
        if step == 0:
            return burn_in(world, seed=seeds[seed], parameters=overrides, check=check)
        known = [costs[seed][position] for position in after[step - 1]]
        schedule, government = begin(arms[names[step - 1]], world, seeds[seed], known)
        options = {} if government is None else {"government": government}
        return simulate(
            world, schedule, seed=seeds[seed], parameters=overrides, check=check, state=states[seed], **options
        )

    executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="member")
    try:
        while ready or running:
            while ready and len(running) < threads:
                task = heapq.heappop(ready)
                running[executor.submit(member, *task)] = task
            for future in sorted(wait(running, return_when=FIRST_COMPLETED).done, key=running.__getitem__):
                seed, step = running.pop(future)
                result = _result(future, seeds[seed], names[step - 1] if step else None)
                if step == 0:
                    states[seed], costs[seed] = result, {}
                    advance(world.burn_in)
                else:
                    keep(step - 1, seed, result)
                    advance(world.quarters)
                    left[seed] -= 1
                    if step - 1 in needed:
                        costs[seed][step - 1] = result.arrays[COST]
                for position in _freed(after, step - 1, costs[seed]):
                    heapq.heappush(ready, (seed, position + 1))
                if left[seed] == 0:
                    del states[seed], costs[seed]
    except BaseException:
        # Members under way cannot be stopped, but nobody waits for them.
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def available_threads() -> int:
    """Counts the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _positions_before(arms: Mapping[str, Arm]) -> list[tuple[int, ...]]:
    """Lists, for each arm, the positions of those it runs after."""
    names = list(arms)
    found = []
    for position, (name, arm) in enumerate(arms.items()):
        unknown = [other for other in runs_after(arm) if other not in names[:position]]
        if unknown:
            raise ValueError(f"the arm '{name}' runs after {', '.join(unknown)}, which must come before it")
        found.append(tuple(names.index(other) for other in runs_after(arm)))
    return found


def _freed(after: Sequence[tuple[int, ...]], done: int, costs: Mapping[int, numpy.ndarray]) -> list[int]:
    """Lists the arms that may run once arm `done` has ended (-1: the burn-in), given the costs known in that seed."""
    if done < 0:
        return [position for position, earlier in enumerate(after) if not earlier]
    return [position for position, earlier in enumerate(after) if done in earlier and costs.keys() >= set(earlier)]


def _result(future: Future[Any], seed: int, policy: str | None) -> Any:
    try:
        return future.result()
    except Exception as error:
        error.add_note(f"in seed {seed}, {'burn-in' if policy is None else f'policy {policy}'}")
        raise
