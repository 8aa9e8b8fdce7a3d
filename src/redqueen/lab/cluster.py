"""Run the blocks of a trial on a Dask cluster: one started on this machine, or one that is there already.

A task is a block, given to one worker that has shown to run the same code; what comes back says which code computed it, and
is thrown away if that is another. So the bits are those of a run in threads. Only this process knows what is finished: a worker
that goes away, or a scheduler that does, costs the blocks that were on it, which are given out again.
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import queue
import time
import uuid
import zlib
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from redqueen.errors import Faults, Refused, nearest
from redqueen.lab.arms import COST, runs_after
from redqueen.lab.jobs import Job, Keep, Member, available_threads, failure_words, run_job
from redqueen.lab.run import THREADS
from redqueen.lab.workers import ANSWER, EXTRA, LOOK, PROTOCOL, REMEDY, Code, Crew, code_here, local_cluster, packed, quietly

__all__ = ["DASK", "check_place_to_run", "run_here", "run_on_cluster"]

#: Starts a cluster on this machine.
DASK = "dask"
#: Workers that a block may lose; and times that it may be lost otherwise, before that is taken for no accident.
KILLS, LOSSES = 3, 10


def check_place_to_run(on: str, faults: Faults) -> None:
    """Notes what is wrong with a place to run: "threads", "dask" or the address of a Dask scheduler (tcp://host:port)."""
    if on == THREADS:
        return
    if on != DASK and not on.startswith(PROTOCOL):
        known = f"{THREADS}, {DASK} (a cluster of this machine), or the address of a Dask scheduler, tcp://host:port"
        remedy = f"{nearest(on, (THREADS, DASK))} there is {known}".strip()
        faults.add(f"nothing can be run on '{on}'", field="on", remedy=remedy)
    elif on != DASK and not _is_address(on):
        faults.add(f"'{on}' is not the address of a scheduler", field="on", remedy="as in tcp://10.0.0.5:8786")
    elif find_spec("distributed") is None:
        faults.add(
            "this needs the library distributed, which is not installed", field="on",
            remedy=f"pip install redqueen[{EXTRA}], or run in {THREADS}",
        )


def run_on_cluster(
    jobs: Sequence[Job],
    keep: Keep,
    *,
    on: str = DASK,
    workers: int | None = None,
    check: bool = False,
    advance: Callable[[float], None] = lambda quarters: None,
    start: Callable[[int], Mapping[str, Member] | None] = lambda position: {},
) -> None:
    """Runs every arm of every job on a cluster; `keep`, `check`, `advance` and `start` are as in `run_jobs`, and so are the bits.

    `on` is "dask" or the address of a scheduler; `workers` is the number of processes that a cluster of this machine gets (one a
    processor unless given), for another the number of jobs that are run there at once (all its threads unless given). A cluster
    is started, or joined, once there is a job to run. A job whose worker goes away is run again, alone on a worker, and fails
    when that has happened `KILLS` times. A scheduler, or workers, that are away for a minute (`workers.WAIT`) are refused.
    """
    faults = Faults()
    check_place_to_run(on, faults)
    faults.refuse_if_any()
    tasks = _Tasks(jobs, advance, start)
    if not tasks.any_left():
        return
    count = min(workers or available_threads(), len(jobs))
    with quietly(), local_cluster(count) if on == DASK else contextlib.nullcontext(on) as address, Crew(address) as crew:
        crew.assemble()
        _Dispatch(tasks, crew, keep, check, at_once=None if on == DASK else workers).run()


def run_here(code: tuple[str, str, str], setting: bytes, rest: bytes, check: bool) -> tuple[tuple[str, str, str], bytes]:
    """Runs a job where this process has the code that is asked for; called on workers, by name.

    Gives the code that it has, and the members or an error, pickled: nothing of what another version would have found.
    """
    here = code_here()
    if here != tuple(code):
        return here, b""
    content: Any
    try:
        world, arms = pickle.loads(zlib.decompress(setting))
        seed, parameters, variables, known = pickle.loads(rest)
        content = run_job(Job(world, arms, seed, parameters, variables), known, check)
    except Exception as error:
        content = error
    return here, _portable(content)


@dataclass
class _Task:
    """Follows a job: what is known of it, who has it, and how often it was lost."""

    position: int
    job: Job
    known: Mapping[str, Member]
    worker: str = ""
    future: Any = None
    kills: int = 0
    losses: int = 0


class _Tasks:
    """Gives out the jobs in their order, those first that were lost; claims a job only when it is asked for."""

    def __init__(self, jobs: Sequence[Job], advance: Callable[[float], None], start: Callable[[int], Mapping[str, Member] | None]):
        self.jobs, self.advance, self.start = jobs, advance, start
        self.again: deque[_Task] = deque()
        #: Those whose worker went away: it may have been their doing, so that they run alone.
        self.alone: deque[_Task] = deque()
        self.begun = 0

    @property
    def fresh(self) -> int:
        """Counts the jobs that have not been asked for."""
        return len(self.jobs) - self.begun

    def any_left(self) -> bool:
        """Says whether there is anything to give out."""
        if not self.again and not self.alone:
            task = self.next()
            self.again.extend([] if task is None else [task])
        return bool(self.again or self.alone)

    def next(self) -> _Task | None:
        """Gives the next task that may run beside others."""
        if self.again:
            return self.again.popleft()
        while self.fresh:
            position = self.begun
            self.begun += 1
            known = self.start(position)
            if known is None:
                continue
            job = self.jobs[position]
            if job.arms.keys() <= known.keys():
                self.advance(job.quarters)
                continue
            self.advance(len(known) * job.world.quarters)
            return _Task(position, job, known)
        return None

    def back(self, task: _Task) -> None:
        """Takes a task back, to be given out again."""
        (self.alone if task.kills else self.again).append(task)


class _Dispatch:
    """Gives tasks to workers and takes in what they find."""

    def __init__(self, tasks: _Tasks, crew: Crew, keep: Keep, check: bool, at_once: int | None):
        self.tasks, self.crew, self.keep, self.check, self.at_once = tasks, crew, keep, check, at_once
        self.in_flight: dict[str, _Task] = {}
        self.finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.names = (f"redqueen-{uuid.uuid4().hex[:8]}-{number}" for number in itertools.count())
        self.settings: dict[tuple[int, int], tuple[Any, Any, bytes]] = {}

    def run(self) -> None:
        """Runs until nothing is left."""
        looked = time.monotonic()
        while self.in_flight or self.tasks.any_left():
            if time.monotonic() - looked > LOOK:
                self._look()
                looked = time.monotonic()
            self._hand_out()
            with contextlib.suppress(queue.Empty):
                self._take(self.finished.get(timeout=LOOK))

    def _look(self) -> None:
        self.crew.look()
        for name, task in list(self.in_flight.items()):
            if task.worker not in self.crew.fit:
                del self.in_flight[name]
                # What a scheduler took with it was cancelled, and who has other code was left out; otherwise the worker went away.
                self._lost(task, killed=not task.future.cancelled() and task.worker not in self.crew.unfit)

    def _hand_out(self) -> None:
        while self.crew.connected and (self.at_once is None or len(self.in_flight) < self.at_once):
            if self.tasks.alone and (worker := self._room(alone=True)):
                task: _Task | None = self.tasks.alone.popleft()
            elif worker := self._room(alone=False):
                task = self.tasks.next()
            else:
                return
            if task is None:
                return
            name, content = next(self.names), self._content(task)
            try:
                task.future = self.crew.give(worker, name, run_here, tuple(self.crew.code), *content, self.check)
            except OSError:
                self.tasks.back(task)
                return
            task.worker = worker
            self.in_flight[name] = task
            task.future.add_done_callback(self.finished.put)

    def _room(self, *, alone: bool) -> str | None:
        """Gives the worker with most threads free; one that nobody uses for a task that is to run alone."""
        loads = Counter(task.worker for task in self.in_flight.values())
        shut = {task.worker for task in self.in_flight.values() if task.kills}
        threads = {worker: self.crew.fit[worker] for worker in self.crew.open if worker not in shut}
        # One more each than they can run, so that nobody waits for the next; but not at the end, where others would be idle.
        ahead = 1 if self.tasks.fresh > sum(threads.values()) else 0
        room = {worker: count - loads[worker] for worker, count in threads.items() if not (alone and loads[worker])}
        best = max(room, key=room.__getitem__, default=None)
        return best if best is not None and room[best] + ahead > 0 else None

    def _content(self, task: _Task) -> tuple[bytes, bytes]:
        """Pickles a job; what many jobs share is packed once."""
        job = task.job
        shared = id(job.world), id(job.arms)
        if shared not in self.settings:
            self.settings[shared] = job.world, job.arms, zlib.compress(packed((job.world, dict(job.arms))), 1)
        # Of what is known already only costs are needed, where others are topped up to them.
        needed = {other for arm in job.arms.values() for other in runs_after(arm)}
        known = {name: Member({COST: one.arrays[COST]} if name in needed else {}, {}) for name, one in task.known.items()}
        return self.settings[shared][2], packed((job.seed, dict(job.parameters), job.variables, known))

    def _take(self, future: Any) -> None:
        """Takes in a task that is finished, one way or the other."""
        task = self.in_flight.pop(future.key, None)
        if task is None:
            return
        if future.status == "error":
            error = future.exception(timeout=ANSWER)
            killed = type(error).__name__ == "KilledWorker"
            if not killed:
                self.crew.leave_out(task.worker, failure_words(error))
            self._lost(task, killed=killed)
            return
        answer = self._fetch(task)
        if answer is None:
            self._lost(task, killed=False)
            return
        code, content = answer
        future.release()
        if tuple(code) != self.crew.code:
            self.crew.leave_out(task.worker, f"it runs {Code(*code)}")
            self._lost(task, killed=False)
            return
        found = pickle.loads(content)
        if isinstance(found, Exception):
            raise found
        self._finish(task, found)

    def _fetch(self, task: _Task) -> tuple[tuple[str, str, str], bytes] | None:
        """Gives what a worker found; None where it went away before it was fetched."""
        seconds = LOOK * 2
        while seconds <= ANSWER * 2 and task.worker in self.crew.fit:
            try:
                return self.crew.fetch(task.future, seconds)
            except TimeoutError:
                # A slow line, or nobody at the other end.
                self.crew.look()
                seconds *= 2
            except OSError:
                return None
        return None

    def _lost(self, task: _Task, *, killed: bool) -> None:
        """Has a task run again, or fail."""
        task.future.release()
        task.kills += killed
        task.losses += not killed
        if task.losses > LOSSES:
            raise Refused.one(
                f"the same block was lost {task.losses} times, and no worker with it", field=self.crew.address,
                remedy=f"see its logs; {REMEDY}",
            )
        if task.kills >= KILLS:
            reason = f"lost with its worker {task.kills} times: killed, perhaps for want of memory"
            self._finish(task, {name: Member({}, {}, failure=reason) for name in task.job.arms if name not in task.known})
        else:
            self.tasks.back(task)

    def _finish(self, task: _Task, found: Mapping[str, Member]) -> None:
        for name in task.job.arms:
            if name in found:
                self.keep(task.position, name, found[name])
                self.tasks.advance(task.job.world.quarters)
        self.tasks.advance(task.job.world.burn_in)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname and parts.port) and not (parts.path or parts.query or parts.username)
    except ValueError:
        return False


def _portable(content: Any) -> bytes:
    """Pickles members, or an error even where it cannot be pickled as it is."""
    if not isinstance(content, Exception):
        return pickle.dumps(content)
    try:
        portable = pickle.dumps(content)
        pickle.loads(portable)
    except Exception:
        return pickle.dumps(RuntimeError(failure_words(content)))
    return portable
