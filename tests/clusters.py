"""A cluster of real processes for tests, what is run on it, and members that fail, kill and wait."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from redqueen.lab.jobs import Job
from redqueen.model.schedule import Schedule

distributed = pytest.importorskip("distributed", reason="distributed is not installed: pip install redqueen[cluster]")
psutil = pytest.importorskip("psutil")
cloudpickle = pytest.importorskip("cloudpickle")
#: Seconds after which a test that hangs fails, and for which a process that starts is waited for.
LIMIT, PATIENCE = 240, 100


@pytest.fixture(autouse=True)
def bounded():
    """Fail rather than hang."""

    def stop(number, frame):
        raise TimeoutError(f"more than {LIMIT} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.scheduler = None
        self.workers = []
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self):
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show")

    def start_worker(self, *before):
        options = ("--no-nanny", "--no-dashboard", "--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(self.folder))
        worker = self._start("worker", self.address, *options, before=before)
        self.workers.append(worker)
        return worker

    def wait_for(self, count):
        with distributed.Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
            if count:
                client.wait_for_workers(count, timeout=PATIENCE)

    def ensure(self, count=3):
        """Start whatever of the scheduler and `count` workers is not there."""
        if self.scheduler is None or self.scheduler.poll() is not None:
            self.stop()
            self.start_scheduler()
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < count:
            self.start_worker()
        self.wait_for(count)
        return self

    def stop(self):
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.kill()
            process.wait()
        self.scheduler, self.workers = None, []

    def _start(self, what, *options, before=()):
        paths = [*map(str, before), *filter(None, [os.environ.get("PYTHONPATH")])]
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *options],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.stop()


@pytest.fixture
def three(processes):
    """Give a cluster of three workers."""
    return processes.ensure()


def nothing(world):
    return Schedule.empty(world.quarters, len(world.regions))


class Fails:
    """Fails in one seed."""

    def begin(self, world, seed):
        if seed == 2:
            raise ZeroDivisionError("no money\nleft")
        return nothing(world), None


class Kills:
    """Kills the process that runs it in seed 2, some times, but never the one that made it; leaves a file each time."""

    def __init__(self, folder, times):
        self.folder, self.times, self.spared = folder, times, os.getpid()

    def begin(self, world, seed):
        done = len(list(self.folder.iterdir()))
        if seed == 2 and os.getpid() != self.spared and done < self.times:
            (self.folder / str(done)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return nothing(world), None


class Waits:
    """Waits for a file, in one seed."""

    def __init__(self, path, seed):
        self.path, self.seed = path, seed

    def begin(self, world, seed):
        end = time.monotonic() + PATIENCE
        while seed == self.seed and not self.path.exists() and time.monotonic() < end:
            time.sleep(0.02)
        return nothing(world), None


def jobs_of(case, seeds, **arms):
    return [Job(case.world, {"none": nothing(case.world), **arms}, seed) for seed in range(1, seeds + 1)]


def members(run, jobs, **options):
    """Give what a runner keeps, in the order in which it does for each job."""
    kept = {}
    run(jobs, lambda position, name, member: kept.update({(position, name): member}), **options)
    return kept


def are_same(one, other):
    def content(kept):
        return {
            place: (
                {name: array.tobytes() for part in (member.arrays, member.yearly) for name, array in part.items()},
                member.decisions, member.failure,
            )
            for place, member in kept.items()
        }

    return content(one) == content(other)
