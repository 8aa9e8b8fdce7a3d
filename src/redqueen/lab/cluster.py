"""Run the blocks of a trial on a Dask cluster: one started on this machine, or one that is there already.

A task is a block, given to one worker that has shown to run the same code; what comes back says which code computed it, and
is thrown away if that is another. So the bits are those of a run in threads. Only this process knows what is finished: a worker
that goes away, or a scheduler that does, costs the blocks that were on it, which are given out again.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import itertools
import logging
import os
import pickle
import queue
import signal
import tempfile
import time
import uuid
import warnings
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy

import redqueen
from redqueen.errors import Fault, Faults, Refused, nearest, require
from redqueen.lab.arms import COST, runs_after
from redqueen.lab.fingerprints import code_digest
from redqueen.lab.jobs import Job, Keep, Member, available_threads, run_job
from redqueen.lab.run import THREADS

__all__ = ["DASK", "check_place_to_run", "code_here", "run_here", "run_on_cluster"]

#: Starts a cluster on this machine.
DASK = "dask"
_PROTOCOL = "tcp://"
_EXTRA = "cluster"
#: Seconds to wait for a scheduler that was named, for one answer of it, and for workers or a scheduler that went away.
CONNECT, ANSWER, WAIT = 10.0, 30.0, 60.0
#: Seconds between looks at who is there.
LOOK = 0.5
#: Workers that a block may lose; and times that it may be lost otherwise, before that is taken for no accident.
KILLS, LOSSES = 3, 10
_KEPT = "with a store what is finished is kept, and the same command goes on from there"


class Code(NamedTuple):
    """Tells two installations apart by the versions of redqueen and numpy, and by the SHA-256 of what decides the bits."""

    redqueen: str
    numpy: str
    digest: str

    def __str__(self) -> str:
        return f"redqueen {self.redqueen} (code {self.digest[:10]}) with numpy {self.numpy}"


def check_place_to_run(on: str, faults: Faults) -> None:
    """Notes what is wrong with a place to run: "threads", "dask" or the address of a Dask scheduler (tcp://host:port)."""
    if on == THREADS:
        return
    if on != DASK and not on.startswith(_PROTOCOL):
        known = f"{THREADS}, {DASK} (a cluster of this machine), or the address of a Dask scheduler, tcp://host:port"
        meant = nearest(on, (THREADS, DASK))
        faults.add(f"nothing can be run on '{on}'", field="on", remedy=f"{meant} There is {known}" if meant else f"there is {known}")
    elif on != DASK and not _is_address(on):
        faults.add(f"'{on}' is not the address of a scheduler", field="on", remedy="as in tcp://10.0.0.5:8786")
    elif find_spec("distributed") is None:
        faults.add(
            "this needs the library distributed, which is not installed", field="on",
            remedy=f"pip install redqueen[{_EXTRA}], or run in {THREADS}",
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
    when that has happened `KILLS` times. A scheduler or workers that are not back after `WAIT` seconds are refused.
    """
    faults = Faults()
    check_place_to_run(on, faults)
    faults.refuse_if_any()
    tasks = _Tasks(jobs, advance, start)
    if not tasks.any_left():
        return
    count = min(workers or available_threads(), len(jobs))
    with _quietly(), _local_cluster(count) if on == DASK else contextlib.nullcontext(on) as address, _Crew(address) as crew:
        crew.assemble()
        _Dispatch(tasks, crew, keep, check, at_once=None if on == DASK else workers).run()


# What is called on workers, by name: another version may be asked the same.


def code_here() -> tuple[str, str, str]:
    """Gives what `Code` holds of this process, as plain texts that any version understands."""
    return redqueen.__version__, numpy.__version__, code_digest()


def run_here(code: tuple[str, str, str], setting: bytes, rest: bytes, check: bool) -> tuple[tuple[str, str, str], bytes]:
    """Runs a job where this process has the code that is asked for; gives the code it has, and its members or an error, pickled."""
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


def dask_setup(worker: Any) -> None:
    """Has a worker of this machine leave it to this process what Ctrl-C ends; called by Dask as the worker starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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

    def __init__(self, tasks: _Tasks, crew: _Crew, keep: Keep, check: bool, at_once: int | None):
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
            self.settings[shared] = job.world, job.arms, zlib.compress(_pickled((job.world, dict(job.arms))), 1)
        # Of what is known already only costs are needed, where others are topped up to them.
        needed = {other for arm in job.arms.values() for other in runs_after(arm)}
        known = {name: Member({COST: one.arrays[COST]} if name in needed else {}, {}) for name, one in task.known.items()}
        return self.settings[shared][2], _pickled((job.seed, dict(job.parameters), job.variables, known))

    def _take(self, future: Any) -> None:
        """Takes in a task that is finished, one way or the other."""
        task = self.in_flight.pop(future.key, None)
        if task is None:
            return
        if future.status == "error":
            error = future.exception(timeout=ANSWER)
            killed = type(error).__name__ == "KilledWorker"
            if not killed:
                self.crew.leave_out(task.worker, _words(error))
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
                return task.future.result(timeout=seconds)
            except TimeoutError:
                # A slow line, or nobody at the other end.
                self.crew.look()
                seconds *= 2
            except (OSError, CancelledError):
                return None
        return None

    def _lost(self, task: _Task, *, killed: bool) -> None:
        """Has a task run again, or fail."""
        task.future.release()
        task.kills += killed
        task.losses += not killed
        if task.losses > LOSSES:
            raise Refused.one(
                f"the same block was lost {task.losses} times, and no worker with it", field=self.crew.address, remedy=f"see its logs; {_KEPT}"
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


class _Crew:
    """Knows the workers of a scheduler: who is there, and who has shown to run this code.

    `fit` gives the threads of those who may be given tasks, `open` those of them who take some now.
    """

    def __init__(self, address: str):
        self.address = address
        self.code = Code(*code_here())
        self.fit: dict[str, int] = {}
        self.open: set[str] = set()
        self.unfit: dict[str, str] = {}
        self._asked: dict[str, tuple[Any, Any]] = {}
        self._silent: dict[str, float] = {}
        self._began = False
        self._empty_since: float | None = None
        try:
            self.client: Any = self._join(CONNECT)
        except Exception as error:
            raise Refused.one(
                f"no Dask scheduler answers within {CONNECT:g} s ({_words(error)})", field=address,
                remedy="start one with `dask scheduler`, name another, or run on dask or threads",
            ) from error

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *reason: object) -> None:
        self._leave()

    @property
    def connected(self) -> bool:
        """Says whether the scheduler can be told anything now."""
        return self.client is not None and self.client.status == "running"

    def assemble(self) -> None:
        """Waits for workers, and for each to say which code it runs; refuses where one runs other code, or none comes."""
        deadline = time.monotonic() + WAIT
        self.look()
        while not (self.fit and not self._asked) and not (self.unfit and not self._asked) and time.monotonic() < deadline:
            time.sleep(LOOK / 10)
            self.look()
        if self.unfit:
            remedy = f"install redqueen {self.code.redqueen} and numpy {self.code.numpy} there, from the same source; here runs {self.code}"
            raise Refused(
                [Fault(reason, field=worker, remedy=remedy) for worker, reason in sorted(self.unfit.items())],
                f"workers of {self.address} with other code",
            )
        if not self.fit:
            raise self._deserted()
        self._began = True

    def look(self) -> None:
        """Learns who has come and who has gone, and asks those who came; joins a scheduler again that was lost."""
        there = self._there()
        now = time.monotonic()
        self._silent = {worker: self._silent.get(worker, now) for worker, one in there.items() if one["status"] != "running"}
        # Who takes nothing for a moment may be short of memory; after a while they count as gone.
        there = {worker: one for worker, one in there.items() if now - self._silent.get(worker, now) <= WAIT}
        self.fit = {worker: threads for worker, threads in self.fit.items() if worker in there}
        self.unfit = {worker: reason for worker, reason in self.unfit.items() if worker in there}
        with contextlib.suppress(OSError):
            for worker in there.keys() - self.fit.keys() - self.unfit.keys() - self._asked.keys():
                self._asked[worker] = self.give(worker, None, code_here), self.give(worker, None, importlib.metadata.version, "redqueen")
        for worker, answers in list(self._asked.items()):
            if worker not in there:
                del self._asked[worker]
            elif all(answer.done() for answer in answers):
                del self._asked[worker]
                self._hear(worker, there[worker]["nthreads"], *answers)
        self.open = {worker for worker in self.fit if worker not in self._silent}
        self._empty_since = None if self.fit else (self._empty_since or now)
        if self._began and self._empty_since is not None and now - self._empty_since > WAIT:
            raise self._deserted()

    def give(self, worker: str, name: str | None, function: Callable[..., Any], *arguments: Any) -> Any:
        """Has a worker, and no other, call a function; gives the future. OSError: the scheduler was lost."""
        options = {"key": name} if name else {"priority": 1}
        call = _pickled(_Call(function, arguments))
        try:
            return self.client.submit(pickle.loads, call, workers=[worker], allow_other_workers=False, pure=False, **options)
        except Exception as error:
            if self.connected:
                raise
            raise OSError("the scheduler was lost") from error

    def leave_out(self, worker: str, reason: str) -> None:
        """Gives no more work to a worker, and says why."""
        self.fit.pop(worker, None)
        self.open.discard(worker)
        self.unfit[worker] = reason
        if self._began:
            warnings.warn(f"{worker} gets no work: {reason}; here runs {self.code}", RuntimeWarning, stacklevel=2)

    def _hear(self, worker: str, threads: int, code: Any, version: Any) -> None:
        """Takes in what a worker says of its code."""
        try:
            theirs = Code(*code.result(timeout=ANSWER))
        except (OSError, TimeoutError, CancelledError):
            # It will be asked again.
            return
        except Exception as error:
            try:
                has = f"it has redqueen {version.result(timeout=ANSWER)}, which cannot say what code it runs ({_words(error)})"
            except Exception:
                has = f"it has no redqueen ({_words(error)})"
            self.leave_out(worker, has)
            return
        if theirs == self.code:
            self.fit[worker] = threads
        else:
            self.leave_out(worker, f"it runs {theirs}")

    def _there(self) -> dict[str, Any]:
        """Asks the scheduler who is there, as long as it takes."""
        deadline = None
        while True:
            try:
                if self.client is None:
                    self.client = self._join(min(CONNECT, WAIT))
                if not self.connected:
                    raise OSError(f"the connection is {self.client.status}")
                found = self.client.sync(self.client.scheduler.identity, n_workers=-1, callback_timeout=ANSWER)
                return dict(found["workers"])
            except (OSError, TimeoutError) as error:
                self._leave()
                self.fit, self.open, self.unfit, self._asked = {}, set(), {}, {}
                deadline = deadline or time.monotonic() + WAIT
                if time.monotonic() > deadline:
                    raise Refused.one(
                        f"the scheduler was lost and did not come back within {WAIT:g} s ({_words(error)})", field=self.address, remedy=_KEPT
                    ) from error
                time.sleep(LOOK)

    def _deserted(self) -> Refused:
        left_out = "".join(f"; {worker} is left out: {reason}" for worker, reason in self.unfit.items())
        return Refused.one(
            f"no worker to be given work for {WAIT:g} s{left_out}", field=self.address,
            remedy=f"start some with `dask worker {self.address}`" + (f"; {_KEPT}" if self._began else ""),
        )

    def _join(self, seconds: float) -> Any:
        return require("distributed", _EXTRA).Client(self.address, timeout=seconds, set_as_default=False)

    def _leave(self) -> None:
        """Lets go of the scheduler and of all that it was asked for."""
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close(timeout=5)


class _Call:
    """Pickles as a call: whoever unpickles it makes the call. What passes the scheduler is bytes, and it needs no redqueen."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]):
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


@contextlib.contextmanager
def _local_cluster(workers: int) -> Iterator[str]:
    """Starts a cluster of processes on this machine, reached from nowhere else; ends it, whatever happens."""
    distributed, dask = require("distributed", _EXTRA), require("dask", _EXTRA)
    # Forked threads hang; what does not fit in memory fails, and is not paged.
    memory = {f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")}
    options = {"distributed.worker.multiprocessing-method": "spawn", **memory}
    with tempfile.TemporaryDirectory(prefix="redqueen-", ignore_cleanup_errors=True) as scratch:
        try:
            with dask.config.set(options):
                cluster = distributed.LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", protocol=_PROTOCOL, dashboard_address=None,
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, silence_logs=logging.CRITICAL, local_directory=scratch,
                    preload=[__name__],
                )
        except Exception as error:
            raise Refused.one(
                f"the workers of a local cluster did not start ({_words(error)})", field=DASK,
                remedy=f'in a script put what runs under `if __name__ == "__main__":`; or run in {THREADS}',
            ) from error
        try:
            yield cluster.scheduler_address
        finally:
            # A run cannot be interrupted, and nobody waits for those under way.
            for nanny in cluster.workers.values():
                nanny.auto_restart = False
                with contextlib.suppress(TypeError, ProcessLookupError):
                    os.kill(nanny.pid, signal.SIGKILL)
            cluster.close()


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keeps the log of distributed off the screen: what matters of it is said here."""
    require("distributed", _EXTRA)
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    handlers = {handler: handler.level for name in names for handler in logging.getLogger(name).handlers}
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for handler, level in handlers.items():
            handler.setLevel(level)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname and parts.port) and not (parts.path or parts.query or parts.username)
    except ValueError:
        return False


def _pickled(what: Any) -> bytes:
    # Also what was defined in a notebook.
    return require("cloudpickle", _EXTRA).dumps(what)


def _portable(content: Any) -> bytes:
    """Pickles members, or an error even where it cannot be pickled as it is."""
    if not isinstance(content, Exception):
        return pickle.dumps(content)
    try:
        packed = pickle.dumps(content)
        pickle.loads(packed)
    except Exception:
        return pickle.dumps(RuntimeError(_words(content)))
    return packed


def _words(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
