"""Know the workers of a Dask cluster: who is there, and who runs the code that this process does. Start one on this machine."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import pickle
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy

import redqueen
from redqueen.errors import Fault, Refused, require
from redqueen.lab.fingerprints import code_digest
from redqueen.lab.jobs import failure_words

__all__ = [
    "ANSWER", "EXTRA", "LOOK", "PROTOCOL", "REMEDY", "Code", "Crew", "code_here", "local_cluster", "packed", "quietly",
]

EXTRA, PROTOCOL = "cluster", "tcp://"
#: Seconds to wait for a scheduler that was named, for one answer of it, and for workers or a scheduler that went away.
CONNECT, ANSWER, WAIT = 10.0, 30.0, 60.0
#: Seconds between looks at who is there.
LOOK = 0.5
#: What to do where a cluster was lost in mid-trial.
REMEDY = "with a store what is finished is kept, and the same command goes on from there"


class Code(NamedTuple):
    """Tells two installations apart by the versions of redqueen and numpy, and by the SHA-256 of what decides the bits."""

    redqueen: str
    numpy: str
    digest: str

    def __str__(self) -> str:
        return f"redqueen {self.redqueen} (code {self.digest[:10]}) with numpy {self.numpy}"


def code_here() -> tuple[str, str, str]:
    """Gives what `Code` holds of this process, as plain texts that any version understands; called on workers, by name."""
    return redqueen.__version__, numpy.__version__, code_digest()


class Crew:
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
                f"no Dask scheduler answers within {CONNECT:g} s ({failure_words(error)})", field=address,
                remedy="start one with `dask scheduler`, name another, or run on dask or threads",
            ) from error

    def __enter__(self) -> Crew:
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
        while (self._asked or not (self.fit or self.unfit)) and time.monotonic() < deadline:
            time.sleep(LOOK / 10)
            self.look()
        if self.unfit:
            remedy = f"install the same there; here runs {self.code}"
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
                version = self.give(worker, None, importlib.metadata.version, "redqueen")
                self._asked[worker] = self.give(worker, None, code_here), version
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
        call = packed(_Call(function, arguments))
        try:
            return self.client.submit(pickle.loads, call, workers=[worker], allow_other_workers=False, pure=False, **options)
        except Exception as error:
            if self.connected:
                raise
            raise OSError("the scheduler was lost") from error

    def fetch(self, future: Any, seconds: float) -> Any:
        """Gives what a worker found. TimeoutError: it takes long; OSError: it was lost."""
        # What was lost is skipped: an error would be said by somebody else, later, on the screen.
        gather = partial(self.client.gather, [future], errors="skip", asynchronous=True)
        found = self.client.sync(gather, callback_timeout=seconds)
        if not found:
            raise OSError("lost")
        return found[0]

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
            if code.status == "error":
                has = "no redqueen"
                if version.status != "error":
                    has = f"redqueen {self.fetch(version, LOOK * 4)}, which cannot say what code it runs"
                self.leave_out(worker, f"it has {has} ({failure_words(code.exception(timeout=ANSWER))})")
                return
            theirs = Code(*self.fetch(code, LOOK * 4))
        except OSError:
            # It will be asked again.
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
            except OSError as error:
                self._leave()
                self.fit, self.open, self.unfit, self._asked = {}, set(), {}, {}
                deadline = deadline or time.monotonic() + WAIT
                if time.monotonic() > deadline:
                    raise Refused.one(
                        f"the scheduler was lost and did not come back within {WAIT:g} s ({failure_words(error)})",
                        field=self.address, remedy=REMEDY,
                    ) from error
                time.sleep(LOOK)

    def _deserted(self) -> Refused:
        left_out = "".join(f"; {worker} is left out: {reason}" for worker, reason in self.unfit.items())
        return Refused.one(
            f"no worker to be given work for {WAIT:g} s{left_out}", field=self.address,
            remedy=f"start some with `dask worker {self.address}`" + (f"; {REMEDY}" if self._began else ""),
        )

    def _join(self, seconds: float) -> Any:
        return require("distributed", EXTRA).Client(self.address, timeout=seconds, set_as_default=False)

    def _leave(self) -> None:
        """Lets go of the scheduler and of all that it was asked for."""
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close(timeout=5)


@contextlib.contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """Starts a cluster of processes on this machine, reached from nowhere else; ends it, whatever happens."""
    distributed, dask = require("distributed", EXTRA), require("dask", EXTRA)
    options = {
        # Forked threads hang.
        "distributed.worker.multiprocessing-method": "spawn",
        # What does not fit in memory fails, and is not paged.
        **{f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")},
        # A worker that was killed is started again, however often.
        "distributed.deploy.lost-worker-timeout": "1000 days",
        # Nobody looks at its profiles, and its clocks would take a twentieth of a processor.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "500 ms",
    }
    with tempfile.TemporaryDirectory(prefix="redqueen-", ignore_cleanup_errors=True) as scratch, dask.config.set(options):
        try:
            cluster = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", protocol=PROTOCOL,
                dashboard_address=None, scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, silence_logs=logging.CRITICAL,
                local_directory=scratch, preload=[__name__],
            )
        except Exception as error:
            raise Refused.one(
                f"the workers of a local cluster did not start ({failure_words(error)})", field="dask",
                remedy='in a script put what runs under `if __name__ == "__main__":`; or run in threads',
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
def quietly() -> Iterator[None]:
    """Keeps the log of distributed off the screen: what matters of it is said here."""
    require("distributed", EXTRA)
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    handlers = {handler: handler.level for name in names for handler in logging.getLogger(name).handlers}
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for handler, level in handlers.items():
            handler.setLevel(level)


def packed(what: Any) -> bytes:
    """Pickles anything, also what was defined in a notebook."""
    return bytes(require("cloudpickle", EXTRA).dumps(what))


def dask_setup(worker: Any) -> None:
    """Has a worker of this machine leave it to this process what Ctrl-C ends; called by Dask as the worker starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Call:
    """Pickles as a call: whoever unpickles it makes the call. What passes the scheduler is bytes, and it needs no redqueen."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]):
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call
