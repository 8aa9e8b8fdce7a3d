"""Run the members of a trial in threads: one burn-in a block, then every arm from a copy of it."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy

from redqueen.lab.arms import COST, Arm, begin, runs_after
from redqueen.model.schedule import Decision
from redqueen.model.simulate import burn_in, simulate
from redqueen.model.world import World

__all__ = ["Job", "Keep", "Member", "available_threads", "failure_words", "run_job", "run_jobs"]


class Member(NamedTuple):
    """Holds what one arm of one block has shown, or the reason why it failed.

    `arrays` [quarter, ...] and `yearly` [year, ...] are float64 by name, those of a failed member empty.
    """

    arrays: Mapping[str, numpy.ndarray]
    yearly: Mapping[str, numpy.ndarray]
    decisions: tuple[Decision, ...] = ()
    failure: str = ""


@dataclass(frozen=True)
class Job:
    """States a block: the arms that a world is run under, in one seed and at one point of the uncertain parameters.

    An arm is a `Schedule`; or has begin(world, seed) that gives a schedule and a government; or is `ToppedUp`, which runs
    after earlier arms of the mapping. Only `variables` are kept (None: all that are recorded), and costs that others are topped up
    to.
    """

    world: World
    arms: Mapping[str, Arm]
    seed: int
    parameters: Mapping[str, float] = field(default_factory=dict)
    variables: tuple[str, ...] | None = None

    @property
    def quarters(self) -> int:
        """Gives the quarters that it computes, burn-in included."""
        return self.world.burn_in + len(self.arms) * self.world.quarters


#: Called in the calling thread with the position of the job, the name of the arm and what it has shown.
Keep = Callable[[int, str, Member], None]


def run_jobs(
    jobs: Sequence[Job],
    keep: Keep,
    *,
    threads: int = 1,
    check: bool = False,
    advance: Callable[[float], None] = lambda quarters: None,
    start: Callable[[int], Mapping[str, Member] | None] = lambda position: {},
) -> None:
    """Runs every arm of every job and hands each member to `keep`; what is computed does not depend on `threads`.

    Jobs are begun in their order, and all arms of one before those of the next, so that a stopped trial is balanced. `start` is
    asked, as a job's turn comes, for the members that are known already and did not fail: they are not run again; None passes the
    job over.
    A member that fails says why and the others go on; with `check`, the ledger's errors are raised. `advance` is told the
    quarters done.
    """
    for arms in {id(job.arms): job.arms for job in jobs}.values():
        _check_order(arms)
    # Step 0 of a job is its burn-in, step p + 1 its arm p: older jobs come first.
    ready = [(position, 0) for position in range(len(jobs))]
    running: dict[Future[Any], tuple[int, int]] = {}
    under_way: dict[int, _UnderWay] = {}
    executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="member")
    try:
        while ready or running:
            while ready and len(running) < threads:
                position, step = heapq.heappop(ready)
                if step == 0:
                    known = start(position)
                    if known is None:
                        continue
                    under_way[position] = _UnderWay(jobs[position], known, check)
                    if not under_way[position].left:
                        del under_way[position]
                        advance(jobs[position].quarters)
                        continue
                    advance(len(known) * jobs[position].world.quarters)
                running[executor.submit(under_way[position].step, step)] = position, step
            for future in sorted(wait(running, return_when=FIRST_COMPLETED).done if running else (), key=running.__getitem__):
                position, step = running.pop(future)
                mine = under_way[position]
                for name, member in mine.finish(step, future):
                    keep(position, name, member)
                    advance(mine.job.world.quarters)
                if step == 0:
                    advance(mine.job.world.burn_in)
                for arm in mine.freed():
                    heapq.heappush(ready, (position, arm + 1))
                if not mine.left:
                    del under_way[position]
    except BaseException:
        # Members under way cannot be stopped, but nobody waits for them.
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def run_job(job: Job, known: Mapping[str, Member] | None = None, check: bool = False) -> dict[str, Member]:
    """Runs one job in the calling thread and gives its members by arm, `known` ones left out."""
    found: dict[str, Member] = {}
    run_jobs([job], lambda position, name, member: found.update({name: member}), check=check, start=lambda position: known or {})
    return found


def available_threads() -> int:
    """Counts the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _UnderWay:
    """Follows a job: its burnt-in state, which arms are left, and what those that others run after have cost."""

    def __init__(self, job: Job, known: Mapping[str, Member], check: bool):
        self.job, self.check = job, check
        self.names = list(job.arms)
        self.needed = {other for arm in job.arms.values() for other in runs_after(arm)}
        self.left = {name for name in self.names if name not in known}
        self.waiting = set(self.left)
        self.costs: dict[str, numpy.ndarray] = {}
        self.failures: dict[str, str] = {}
        self.state: Any = None
        for name, member in known.items():
            self._note(name, member)

    def step(self, step: int) -> Any:
        """Burns the world in (step 0), or runs an arm."""
        job = self.job
        if step == 0:
            return burn_in(job.world, seed=job.seed, parameters=dict(job.parameters), check=self.check)
        arm = job.arms[self.names[step - 1]]
        schedule, government = begin(arm, job.world, job.seed, [self.costs[other] for other in runs_after(arm)])
        options: dict[str, Any] = {} if government is None else {"government": government}
        history = simulate(
            job.world, schedule, seed=job.seed, parameters=dict(job.parameters), check=self.check, state=self.state, **options
        )
        return _member(history, job.variables, self.names[step - 1] in self.needed)

    def finish(self, step: int, future: Future[Any]) -> list[tuple[str, Member]]:
        """Takes in what a step gave; gives the members that are finished by it, failed ones among them."""
        try:
            result = future.result()
        except Exception as error:
            where = f"in seed {self.job.seed}, {f'policy {self.names[step - 1]}' if step else 'burn-in'}"
            if self.check:
                error.add_note(where)
                raise
            result = Member({}, {}, failure=failure_words(error))
            # Without its burn-in nothing of a block can be run.
            finished = sorted(self.left, key=self.names.index) if step == 0 else [self.names[step - 1]]
            return [pair for name in finished for pair in self._finish(name, result)]
        if step == 0:
            self.state = result
            return []
        return self._finish(self.names[step - 1], result)

    def freed(self) -> list[int]:
        """Gives the positions of the arms that may run now, each once."""
        if self.state is None:
            return []
        free = [name for name in self.waiting if self.costs.keys() >= set(runs_after(self.job.arms[name]))]
        self.waiting -= set(free)
        return sorted(map(self.names.index, free))

    def _finish(self, name: str, member: Member) -> list[tuple[str, Member]]:
        if name not in self.left:
            return []
        self.left.discard(name)
        self.waiting.discard(name)
        self._note(name, member)
        finished = [(name, member)]
        if member.failure:
            for other in [other for other in self.names if name in runs_after(self.job.arms[other])]:
                finished += self._finish(other, Member({}, {}, failure=f"runs after {name}, which failed"))
        return finished

    def _note(self, name: str, member: Member) -> None:
        """Notes what a member has cost where others run after it."""
        if name in self.needed and not member.failure:
            self.costs[name] = member.arrays[COST]


def _member(history: Any, variables: Iterable[str] | None, with_cost: bool) -> Member:
    wanted = None if variables is None else {*variables, *((COST,) if with_cost else ())}

    def kept(arrays: Mapping[str, numpy.ndarray]) -> dict[str, numpy.ndarray]:
        return {name: array for name, array in arrays.items() if wanted is None or name in wanted}

    return Member(kept(history.arrays), kept(history.yearly), tuple(history.decisions))


def _check_order(arms: Mapping[str, Arm]) -> None:
    names = list(arms)
    for position, (name, arm) in enumerate(arms.items()):
        unknown = [other for other in runs_after(arm) if other not in names[:position]]
        if unknown:
            raise ValueError(f"the arm '{name}' runs after {', '.join(unknown)}, which must come before it")


def failure_words(error: BaseException) -> str:
    """Says in one line why a member failed, or whatever else did."""
    return " ".join(f"{type(error).__name__}: {error}".split())
