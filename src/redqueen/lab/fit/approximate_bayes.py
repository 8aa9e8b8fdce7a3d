"""Refine a plausible set by approximate Bayesian computation: weigh points by how often runs come close to the targets."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from redqueen.errors import Refused, require
from redqueen.lab.fit.history_matching import DRAW, Match, Simulate
from redqueen.progress import progress_bar

__all__ = ["PARTICLES", "POPULATIONS", "Posterior", "refine"]

#: Points of a population, and populations, unless asked otherwise.
PARTICLES, POPULATIONS = 100, 3
#: Runs use seeds from here on, which no wave does.
FIRST_SEED = 10_000_001
#: Share of runs that must be close enough for another population to be worth it.
LEAST_ACCEPTED = 0.02
#: Distance that stands for "not defined": farther than anything.
FAR = 1e6


@dataclass(frozen=True)
class Posterior:
    """Holds a weighted sample: points [n, parameter] in their own units, weights that add up to one, and how it was reached.

    `tolerances` are the distances allowed population by population and `runs` the runs that each took; a distance is the root
    of the sum over targets of ((run - figure) / standard deviation)^2.
    """

    points: numpy.ndarray
    weights: numpy.ndarray
    tolerances: tuple[float, ...]
    runs: tuple[int, ...]


def refine(
    simulate: Simulate,
    found: Match,
    place: str | Path,
    *,
    particles: int = PARTICLES,
    populations: int = POPULATIONS,
    draw: int = DRAW,
    progress: bool = False,
) -> Posterior:
    """Samples parameters by sequential Monte Carlo within what is not ruled out, and keeps the history in the SQLite file `place`.

    The prior is even over the points that are not ruled out. A run at a point is taken if it is closer to the targets than the
    population's tolerance: the median distance of runs of the prior, then that of the population before. Distances are in
    standard deviations of observation and discrepancy, over all targets: runs need no emulator. Runs are done one by one with
    fixed draws: same draw, same bits. Source: Toni et al. 2009; Klinger, Rickert and Hasenauer 2018 (pyABC).
    """
    pyabc = require("pyabc", "abc")
    if found.empty:
        raise Refused.one("nothing remains that could be refined", field="--abc", remedy="see which targets rule everything out")
    names = found.space.names
    luck = numpy.random.default_rng(draw)
    calls = 0

    distribution: Any = pyabc.DistributionBase

    class Plausible(distribution):  # type: ignore[misc]
        """Even over what is not ruled out."""

        def rvs(self, *arguments: object, **options: object) -> object:
            point = found.plausible[luck.integers(len(found.plausible))]
            return pyabc.Parameter(dict(zip(names, found.space.natural(point[None, :])[0].tolist(), strict=True)))

        def pdf(self, parameter: object) -> float:
            unit = found.space.unit(numpy.array([[parameter[name] for name in names]]))  # type: ignore[index]
            inside = bool(((unit >= 0) & (unit <= 1)).all()) and found.judgement(unit)[0] < found.cut
            return float(inside)

    scales = {target.name: 1 / math.sqrt(target.variance) for target in found.targets}
    # A calibration of the first tolerance comes before the populations.
    title = f"ABC: {populations} populations of {particles}"
    with progress_bar(populations + 1, title, show=progress) as advance, _seeded(draw):

        def run(parameter: object) -> dict[str, float]:
            nonlocal calls
            point = numpy.array([[parameter[name] for name in names]])  # type: ignore[index]
            outputs = simulate(point, numpy.array([[FIRST_SEED + calls]]))[0, 0]
            calls += 1
            distances = [
                float(target.distance(target.scaled(outputs[[column]]))[0]) for column, target in enumerate(found.targets)
            ]
            # pyabc compares with zero: a target with one bound has no figure to subtract.
            return {target.name: one if math.isfinite(one) else FAR for target, one in zip(found.targets, distances, strict=True)}

        sampler: Any = pyabc.sampler.SingleCoreSampler

        class Counted(sampler):  # type: ignore[misc]
            """Says how far it is after each population."""

            def sample_until_n_accepted(self, *arguments: object, **options: object) -> object:
                sample = super().sample_until_n_accepted(*arguments, **options)
                advance(1)
                return sample

        computation = pyabc.ABCSMC(
            run, Plausible(), pyabc.PNormDistance(p=2, fixed_weights=scales), population_size=particles,
            eps=pyabc.MedianEpsilon(), sampler=Counted(),
        )
        Path(place).unlink(missing_ok=True)
        computation.new(f"sqlite:///{Path(place).resolve()}", dict.fromkeys(scales, 0.0))
        history = computation.run(
            minimum_epsilon=math.sqrt(len(found.targets)), max_nr_populations=populations, min_acceptance_rate=LEAST_ACCEPTED
        )
    frame, weights = history.get_distribution()
    table = history.get_all_populations()
    table = table[table["t"] >= 0]
    points = frame[list(names)].to_numpy(dtype=float)
    tolerances, counts = tuple(map(float, table["epsilon"])), tuple(map(int, table["samples"]))
    return Posterior(points, numpy.asarray(weights, dtype=float), tolerances, counts)


@contextlib.contextmanager
def _seeded(draw: int) -> Iterator[None]:
    """Gives numpy's global generator, which pyabc draws from, a fixed draw, and puts it back after; the log stays quiet."""
    before, log = numpy.random.get_state(), logging.getLogger("ABC")
    level = log.level
    log.setLevel(logging.WARNING)
    numpy.random.seed(draw)
    try:
        yield
    finally:
        numpy.random.set_state(before)
        log.setLevel(level)
