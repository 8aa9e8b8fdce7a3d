"""Branch members of a trial at a date: what has happened stays, and from then on each goes on in several ways, luck the same."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy

from redqueen.lab.arms import begin
from redqueen.model.instruments import INSTRUMENTS
from redqueen.model.parameters import DEFAULTS
from redqueen.model.schedule import ALL_STAGES, Deciding, Decision, Schedule
from redqueen.model.simulate import History, simulate
from redqueen.model.state import Parameters, State
from redqueen.model.world import World
from redqueen.policies.government import Programme

__all__ = ["Branch", "Branches", "Origin"]

_LOW = numpy.array([instrument.low for instrument in INSTRUMENTS])[:, None]
_HIGH = numpy.array([instrument.high for instrument in INSTRUMENTS])[:, None]


class Origin(NamedTuple):
    """Addresses a member: its luck and its assumptions; and the luck of what is still to come, where that is to be another."""

    seed: int
    parameters: Mapping[str, float]
    luck: int | None = None


@dataclass(frozen=True)
class Branch:
    """Says what is different from the date on; nothing unless said.

    `added` is put on top of the plan's own intensities [instrument, quarter, region], within the range of each instrument.
    `endowments` gives numbers of the world that hold from then on, by name; `parameters` assumptions; `scaled` multiplies each
    member's own.
    """

    added: Schedule | None = None
    endowments: Mapping[str, numpy.ndarray] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    scaled: Mapping[str, float] = field(default_factory=dict)


class Branches:
    """Holds members of a world under a plan up to quarter `now`, to go on from there until quarter `until`.

    The plan is a schedule or has governments, which go on deciding in each branch by themselves. The past of each member is run
    once, at the first call of `run`, in threads; `advance` is told the quarters done. No result depends on the number of threads.
    """

    def __init__(
        self,
        world: World,
        plan: Schedule | Programme,
        origins: Sequence[Origin],
        *,
        now: int,
        until: int | None = None,
        threads: int = 1,
        advance: Callable[[float], None] = lambda quarters: None,
    ):
        self.world, self.plan, self.origins = world, plan, list(origins)
        self.now, self.until = now, world.quarters if until is None else until
        self.threads, self.advance = threads, advance
        self._pasts: dict[tuple[Any, ...], tuple[History, Schedule, Deciding | None]] = {}

    def quarters(self, branches: int) -> int:
        """Gives the quarters that so many branches compute, the past included."""
        return len(self.origins) * (self.world.burn_in + self.now + branches * (self.until - self.now))

    def run(self, *branches: Branch) -> list[list[History]]:
        """Gives the history of every member in every branch, [branch][member]; each begins with the member's past."""
        if not self._pasts:
            # Origins that differ in what is still to come alone share a past.
            pasts = {_past_of(origin): origin for origin in self.origins}
            self._pasts = dict(zip(pasts, self._in_threads(self._past, list(pasts.values())), strict=True))
            self.advance((len(self.origins) - len(pasts)) * (self.world.burn_in + self.now))
        tasks = [(branch, place) for branch in branches for place in range(len(self.origins))]
        histories = self._in_threads(lambda task: self._onward(*task), tasks)
        return [histories[first : first + len(self.origins)] for first in range(0, len(tasks), len(self.origins))]

    def _past(self, origin: Origin) -> tuple[History, Schedule, Deciding | None]:
        schedule, government = begin(self.plan, self.world, origin.seed)
        options: dict[str, Any] = {} if government is None else {"government": government}
        history = simulate(self.world, schedule, seed=origin.seed, parameters=dict(origin.parameters), until=self.now, **options)
        self.advance(self.world.burn_in + self.now)
        return history, schedule, government

    def _onward(self, branch: Branch, place: int) -> History:
        origin = self.origins[place]
        past, schedule, government = self._pasts[_past_of(origin)]
        if government is not None:
            # It edits its schedule: each branch needs both of its own.
            schedule, government = copy.deepcopy((schedule, government))
        if branch.added is not None:
            own, schedule = schedule, _added(schedule, branch.added)
            government = None if government is None else _BesideOthers(government, own, branch.added, schedule)
        state = _changed(past.state, self.world, origin, branch)
        options: dict[str, Any] = {} if government is None else {"government": government}
        history = simulate(
            self.world,
            schedule,
            seed=origin.seed,
            parameters=dict(origin.parameters),
            state=state,
            after=past,
            until=self.until,
            **options,
        )
        self.advance(self.until - self.now)
        return history

    def _in_threads(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        with ThreadPoolExecutor(self.threads, thread_name_prefix="member") as executor:
            try:
                return list(executor.map(work, tasks))
            except BaseException:
                # Members under way cannot be stopped, but nobody waits for them.
                executor.shutdown(wait=False, cancel_futures=True)
                raise


def _past_of(origin: Origin) -> tuple[Any, ...]:
    return origin.seed, *sorted(origin.parameters.items())


def _changed(state: State, world: World, origin: Origin, branch: Branch) -> State:
    """Gives the state in which a branch begins: the member's own, or a copy in which something is different."""
    if not branch.endowments and not branch.parameters and not branch.scaled and origin.luck is None:
        return state
    twin = state.copy()
    for name, values in branch.endowments.items():
        twin.arrays[name][...] = values
    if branch.parameters or branch.scaled:
        given = {**DEFAULTS, **world.parameters, **origin.parameters, **branch.parameters}
        twin.parameters = Parameters({**given, **{name: factor * given[name] for name, factor in branch.scaled.items()}})
    if origin.luck is not None:
        twin.seed = origin.luck
    return twin


def _added(own: Schedule, added: Schedule) -> Schedule:
    """Gives the schedule that does both: intensities add up within the instruments' ranges, and the plan's aim stays where it has
    one.
    """
    intensity = numpy.clip(own.intensity + added.intensity, _LOW[:, None], _HIGH[:, None])
    target = numpy.where((own.intensity != 0) & (own.target != ALL_STAGES), own.target, added.target)
    return Schedule(intensity, numpy.where(added.intensity == 0, own.target, target))


class _BesideOthers:
    """Lets a government edit its own schedule, and has what is used of it add up with what others do."""

    def __init__(self, government: Deciding, own: Schedule, added: Schedule, used: Schedule):
        self.government, self.own, self.added, self.used = government, own, added, used

    def decide(self, quarter: int, record: Mapping[str, numpy.ndarray]) -> None:
        self.government.decide(quarter, record)
        now = slice(quarter, quarter + 1)
        both = _added(*(Schedule(one.intensity[:, now], one.target[:, now]) for one in (self.own, self.added)))
        self.used.intensity[:, now], self.used.target[:, now] = both.intensity, both.target

    @property
    def decisions(self) -> Sequence[Decision]:
        return self.government.decisions
