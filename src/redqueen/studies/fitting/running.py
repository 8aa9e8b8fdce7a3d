"""Run the world of the micro facts at many points, measure and keep each that is finished, and match the model to targets."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.lab.fingerprints import code_digest, parameter_hash, world_hash
from redqueen.lab.fit.history_matching import Match, match
from redqueen.lab.jobs import available_threads
from redqueen.progress import progress_bar
from redqueen.studies.facts import MEASURED
from redqueen.studies.fitting.planning import MEASURING, FitPlan
from redqueen.studies.register import watch

if TYPE_CHECKING:
    from redqueen.studies.claims.kept import Kept

__all__ = ["MicroRuns", "fit"]


def fit(plan: FitPlan, kept: Kept, *, threads: int | None = None, progress: bool = True) -> tuple[Match, MicroRuns]:
    """Matches the model to the targets of a plan; runs that `kept` holds are not run again.

    Gives what was found, and the runs with all that was measured in them. `threads` changes nothing in the result.
    """
    runs = MicroRuns(plan, kept, threads or available_threads(), progress)
    found = match(
        runs, plan.space, plan.targets, points=plan.points, seeds=plan.seeds, waves=plan.waves, cut=plan.cut, rank=plan.rank,
        draw=plan.draw, progress=progress,
    )
    return found, runs


@dataclass
class MicroRuns:
    """Simulates points and measures the micro facts, as history matching asks for it; each finished point is kept on disk.

    `seen` holds all that was measured, by the bytes of a point: fact -> [seed]. `failures` are runs that ended in an error, with
    its words.
    """

    plan: FitPlan
    kept: Kept
    threads: int
    progress: bool = True
    seen: dict[bytes, dict[str, list[float]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def __call__(self, points: numpy.ndarray, seeds: numpy.ndarray) -> numpy.ndarray:
        """Gives the targets at points [n, parameter] under seeds [n, seed]: [n, seed, target], NaN where not defined."""
        keys = [self._key(point, row) for point, row in zip(points, seeds, strict=True)]
        values: list[Any] = [self.kept.read(key) for key in keys]
        missing = [place for place, value in enumerate(values) if value is None]
        if missing:
            for place, value in self._run(points, seeds, missing, keys):
                values[place] = value
        names = [target.name for target in self.plan.targets]
        outputs = numpy.empty((*seeds.shape, len(names)))
        for place, value in enumerate(values):
            assert value is not None
            self.failures += value["failures"]
            self.seen[points[place].tobytes()] = value["facts"]
            outputs[place] = numpy.array([value["facts"][name] for name in names], dtype=float).T
        return outputs

    def _key(self, point: numpy.ndarray, seeds: numpy.ndarray) -> str:
        content = [
            code_digest(MEASURING), world_hash(self.plan.world), parameter_hash(self.plan.world, self._named(point)),
            seeds.tolist(), self.plan.measured,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def _named(self, point: numpy.ndarray) -> dict[str, float]:
        return dict(zip(self.plan.space.names, point.tolist(), strict=True))

    def _run(
        self, points: numpy.ndarray, seeds: numpy.ndarray, missing: Sequence[int], keys: Sequence[str]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Runs points in threads, and keeps each as soon as its last seed is done."""
        quarters = self.plan.world.burn_in + self.plan.world.quarters
        count = seeds.shape[1]
        results: dict[int, dict[int, tuple[dict[str, float], str | None]]] = {place: {} for place in missing}
        executor = ThreadPoolExecutor(max_workers=self.threads, thread_name_prefix="fit")
        try:
            title = f"fit: {len(missing) * count} runs"
            with progress_bar(len(missing) * count * quarters, title, show=self.progress) as advance, warnings.catch_warnings():
                # A figure of nothing is NaN here, and said to be undefined.
                warnings.simplefilter("ignore", RuntimeWarning)
                pending: dict[Future[Any], tuple[int, int]] = {
                    executor.submit(self._measured, points[place], int(seed)): (place, column)
                    for place in missing for column, seed in enumerate(seeds[place])
                }
                for future in as_completed(pending):
                    place, column = pending.pop(future)
                    results[place][column] = future.result()
                    advance(quarters)
                    if len(results[place]) == count:
                        done = [results[place][column] for column in range(count)]
                        value = {
                            "facts": {name: [one[name] for one, _ in done] for name in self.plan.measured},
                            "failures": [words for _, words in done if words is not None],
                        }
                        self.kept.keep(keys[place], f"fit: {json.dumps(self._named(points[place]))}", value)
                        yield place, value
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
        executor.shutdown()

    def _measured(self, point: numpy.ndarray, seed: int) -> tuple[dict[str, float], str | None]:
        """Runs a point under a seed and measures every micro fact; a run that fails is undefined, and says why."""
        world = dataclasses.replace(self.plan.world, parameters={**self.plan.world.parameters, **self._named(point)})
        try:
            register = watch(world, None, seed)
        except Exception as error:
            return dict.fromkeys(self.plan.measured, math.nan), f"seed {seed}: {type(error).__name__}: {error}"
        found = {}
        for name in self.plan.measured:
            try:
                found[name] = float(MEASURED[name].measure(register))
            except (ValueError, IndexError, ZeroDivisionError, numpy.linalg.LinAlgError):
                # No firm, no project or no year of that kind: the figure does not exist in this run.
                found[name] = math.nan
        return found, None
