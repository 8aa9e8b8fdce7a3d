"""Run members for several who ask at once, and keep them: the first members of everybody first, none of those who have left."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from redqueen.lab.arms import Arm, begin
from redqueen.lab.dataset import Recorder, dataset
from redqueen.lab.fingerprints import arm_digest, parameter_hash, world_hash
from redqueen.lab.jobs import Member, available_threads, failure_words
from redqueen.model.schedule import Deciding, Decision
from redqueen.model.simulate import burn_in, simulate
from redqueen.model.state import State

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.trial import Trial

__all__ = ["Firms", "Pool", "Request"]

#: Bytes of members, and burnt-in states, that are kept unless asked otherwise: about 500 members of a small case.
MOST_BYTES, MOST_STATES = 400_000_000, 200

#: Seconds between looks whether the pool was closed.
_LOOK = 0.5

#: How far the pool's threads give way to others: niceness, at most 19. Linux alone sets it by thread.
_NICENESS = 15

_Key = tuple[str, str, int]


class Firms(NamedTuple):
    """Lists the firms alive at the end of a run that have been at work for a quarter: region by position, people employed."""

    region: numpy.ndarray
    employees: numpy.ndarray


class _Kept(NamedTuple):
    """What is kept of a member: what it has shown, and its firms at the end."""

    member: Member
    firms: Firms

    @property
    def bytes(self) -> int:
        arrays = (*self.member.arrays.values(), *self.member.yearly.values(), *self.firms)
        return sum(array.nbytes for array in arrays)


@dataclass(eq=False)
class Request:
    """Follows what somebody has asked for: the members of a trial, seed by seed, as they come in.

    `left` are places (policy, seed) still to be run, by positions, in their order; `served` counts those that were begun for it,
    `came` those that have come in since.
    """

    trial: Trial
    tell: Callable[[Request], None]
    order: int
    left: list[tuple[int, int]]
    keys: Mapping[tuple[int, int], _Key]
    found: dict[tuple[int, int], _Kept] = field(default_factory=dict)
    served: int = 0
    came: int = 0
    cancelled: bool = False

    @property
    def done(self) -> bool:
        """Says whether every member is there."""
        return len(self.found) == len(self.keys)

    @property
    def begins(self) -> bool:
        """Says whether the first member that is run for it is under way: alone, so that it comes soon."""
        return self.served > 0 and self.came == 0

    def run(self, policy: str) -> int:
        """Counts the seeds that have been run under a policy."""
        place = self.trial.policies.index(policy)
        return sum(1 for one, _ in list(self.found) if one == place)

    def result(self, variables: Sequence[str] | None = None) -> xarray.Dataset:
        """Gives what has come in as the trial's dataset, the rest missing; only some variables where they are named."""
        trial = self.trial
        recorder = Recorder(len(trial.policies), 1, len(trial.seeds), variables)
        # Others come in while these are laid out.
        for (policy, seed), kept in list(self.found.items()):
            recorder.keep((policy, 0, seed), kept.member)
        return dataset(recorder, trial.world, trial.policies, trial.seeds, self._attributes)

    @functools.cached_property
    def _attributes(self) -> dict[str, Any]:
        return self.trial.attributes(next(iter(self.trial.worlds)))

    def firms(self, policy: str) -> list[Firms]:
        """Gives the firms at the end of every run under a policy that has come in and did not fail."""
        place = self.trial.policies.index(policy)
        found = sorted(self.found.items(), key=lambda item: item[0])
        return [kept.firms for (one, _), kept in found if one == place and not kept.member.failure]


class Pool:
    """Runs the members of trials of one world in threads, and keeps them and burnt-in states, the least used going first.

    A member is run once for all who wait for it, and stopped within a quarter when nobody does any more. What is computed does not
    depend on the number of threads, on who else asks or on what was kept. Callbacks come from the pool's threads.
    """

    def __init__(self, threads: int | None = None, most_bytes: int = MOST_BYTES):
        self.threads = threads or available_threads()
        self.most_bytes = most_bytes
        self._change = threading.Condition()
        self._requests: list[Request] = []
        self._running: dict[_Key, list[tuple[Request, tuple[int, int]]]] = {}
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._states: OrderedDict[tuple[str, int], State] = OrderedDict()
        self._burning: set[tuple[str, int]] = set()
        self._count, self._closed = 0, False
        self._workers = [threading.Thread(target=self._work, name=f"pool-{place}", daemon=True) for place in range(self.threads)]
        for worker in self._workers:
            worker.start()

    def ask(self, trial: Trial, tell: Callable[[Request], None]) -> Request:
        """Asks for every member of a trial; `tell` is called as each comes in, once at least, the last time when all are there."""
        place = world_hash(trial.world) + parameter_hash(trial.world, trial.parameters)
        digests = [arm_digest(trial.arms[name]) for name in trial.policies]
        keys = {
            (policy, seed): (place, digests[policy], trial.seeds[seed])
            for seed in range(len(trial.seeds))
            for policy in range(len(digests))
        }
        with self._change:
            self._count += 1
            request = Request(trial, tell, self._count, [], keys)
            for at, key in keys.items():
                kept = self._kept.get(key)
                if kept is None:
                    request.left.append(at)
                else:
                    self._kept.move_to_end(key)
                    request.found[at] = kept
            if request.left:
                self._requests.append(request)
                self._change.notify_all()
        if request.found:
            tell(request)
        return request

    def run(self, trial: Trial, tell: Callable[[Request], None] = lambda request: None) -> Request:
        """Runs a trial to its end; failed members are missing from its result."""
        there = threading.Event()

        def told(request: Request) -> None:
            tell(request)
            if request.done:
                there.set()

        request = self.ask(trial, told)
        try:
            while not there.wait(_LOOK):
                if self._closed:
                    raise RuntimeError("the pool was closed before the trial had run")
        finally:
            self.cancel(request)
        return request

    def cancel(self, request: Request) -> None:
        """Forgets a request; members that nobody else waits for are stopped."""
        with self._change:
            request.cancelled = True
            self._requests = [one for one in self._requests if one is not request]

    def close(self) -> None:
        """Stops all threads."""
        with self._change:
            self._closed = True
            for request in self._requests:
                request.cancelled = True
            self._requests = []
            self._change.notify_all()
        for worker in self._workers:
            worker.join(timeout=5)

    def _work(self) -> None:
        _give_way()
        while True:
            task = self._next()
            if task is None:
                return
            request, at, key = task
            kept = self._run(request.trial, at, key)
            with self._change:
                waiting = self._running.pop(key)
                if kept is not None:
                    # A failure may have been of the moment: it is told, not kept.
                    if not kept.member.failure:
                        self._keep(key, kept)
                    for one, place in waiting:
                        one.found[place] = kept
                        one.came += 1
                else:
                    # Stopped: whoever joined in the meantime still needs it.
                    for one, place in waiting:
                        if not one.cancelled:
                            one.served -= 1
                            one.left.insert(0, place)
                            if one not in self._requests:
                                self._requests.append(one)
                self._change.notify_all()
            for one in {id(one): one for one, _ in waiting}.values():
                if kept is not None and not one.cancelled:
                    one.tell(one)

    def _next(self) -> tuple[Request, tuple[int, int], _Key] | None:
        """Waits for a member to run: of the request that fewest were begun for, then of the newest."""
        with self._change:
            while not self._closed:
                for request in sorted(self._requests, key=lambda one: (one.served, -one.order)):
                    if request.begins:
                        continue
                    while request.left:
                        at = request.left.pop(0)
                        key = request.keys[at]
                        request.served += 1
                        if not request.left:
                            self._requests.remove(request)
                        if key in self._running:
                            self._running[key].append((request, at))
                            continue
                        kept = self._kept.get(key)
                        if kept is not None:
                            request.found[at] = kept
                            request.came += 1
                            threading.Thread(target=request.tell, args=(request,), daemon=True).start()
                            continue
                        self._running[key] = [(request, at)]
                        return request, at, key
                self._change.wait()
            return None

    def _run(self, trial: Trial, at: tuple[int, int], key: _Key) -> _Kept | None:
        """Runs one member; None where nobody waits for it any more."""
        none = Firms(numpy.empty(0, int), numpy.empty(0))
        try:
            state = self._state(trial, key)
            arm: Arm = trial.arms[trial.policies[at[0]]]
            schedule, government = begin(arm, trial.world, key[2])
            watch = _Watch(government, lambda: self._unwanted(key))
            parameters = dict(trial.parameters)
            history = simulate(trial.world, schedule, seed=key[2], parameters=parameters, state=state, government=watch)
            member = Member(history.arrays, history.yearly, tuple(watch.decisions))
            return _Kept(member, _firms(history.state))
        except _Unwanted:
            return None
        except Exception as error:
            return _Kept(Member({}, {}, failure=failure_words(error)), none)

    def _state(self, trial: Trial, key: _Key) -> State:
        """Gives the burnt-in state of a world and a seed, made once."""
        place = (key[0], key[2])
        with self._change:
            while place in self._burning:
                self._change.wait()
            if place in self._states:
                self._states.move_to_end(place)
                return self._states[place]
            self._burning.add(place)
        state = None
        try:
            state = burn_in(trial.world, key[2], dict(trial.parameters))
        finally:
            with self._change:
                self._burning.discard(place)
                if state is not None:
                    self._states[place] = state
                    while len(self._states) > MOST_STATES:
                        self._states.popitem(last=False)
                self._change.notify_all()
        return state

    def _keep(self, key: _Key, kept: _Kept) -> None:
        self._kept[key] = kept
        self._bytes += kept.bytes
        while self._bytes > self.most_bytes and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.bytes

    def _unwanted(self, key: _Key) -> bool:
        return self._closed or all(request.cancelled for request, _ in self._running[key])


class _Unwanted(Exception):
    """Ends a member that nobody waits for."""


class _Watch:
    """Lets a government decide, if there is one, and ends the run when nobody waits for it."""

    def __init__(self, government: Deciding | None, unwanted: Callable[[], bool]):
        self.government, self.unwanted = government, unwanted

    def decide(self, quarter: int, record: Mapping[str, numpy.ndarray]) -> None:
        if self.unwanted():
            raise _Unwanted
        if self.government is not None:
            self.government.decide(quarter, record)

    @property
    def decisions(self) -> Sequence[Decision]:
        return () if self.government is None else self.government.decisions


def _give_way() -> None:
    """Lets whoever waits for a picture, the server and the page that draws it, go before the thread that calls this."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _firms(state: State) -> Firms:
    arrays: dict[str, Any] = state.arrays
    working = (arrays["alive"] == 1) & (arrays["born"] < state.quarter - 1)
    return Firms(arrays["region_of"][working].copy(), arrays["employees"][working].copy())
