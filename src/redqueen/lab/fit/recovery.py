"""Try history matching on made-up truths: are the parameters that made the figures among those that are not ruled out?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from redqueen.errors import require
from redqueen.lab.fit.emulator import Emulator, emulate
from redqueen.lab.fit.history_matching import DRAW, Simulate, match
from redqueen.lab.fit.remaining import SAMPLE
from redqueen.lab.fit.space import Space
from redqueen.lab.fit.targets import CUT, Target
from redqueen.progress import progress_bar

__all__ = ["FIRST_TRUTH", "Recovery", "Truth", "normal_rate", "recover", "sure_rate"]

#: Truths run under seeds from here on, which no wave does.
FIRST_TRUTH = 20_000_001
#: Coverage of the interval of the rate.
LEVEL = 0.95


@dataclass(frozen=True)
class Truth:
    """Holds one truth: its parameters, how implausible the match finds it and for which target, whether it is kept, and the share
    of the space that is.
    """

    parameters: dict[str, float]
    implausibility: float
    worst: str
    kept: bool
    share: float
    stop: str


@dataclass(frozen=True)
class Recovery:
    """Holds how many truths were kept: the rate with its 95 % interval (Clopper and Pearson).

    `normal` is the rate at which they should be if every error is normal and independent, `sure` the least at which they are if
    errors have one peak each, whatever they depend on.
    """

    truths: tuple[Truth, ...]
    rate: float
    low: float
    high: float
    normal: float
    sure: float


def recover(
    simulate: Simulate,
    space: Space,
    targets: Sequence[Target],
    *,
    truths: int,
    points: int,
    seeds: int,
    waves: int,
    rank: int = 1,
    sample: int = SAMPLE,
    draw: int = DRAW,
    progress: bool = False,
) -> Recovery:
    """Draws truths evenly over the space, makes each one's figures, and matches the simulator to them as to any others.

    A figure is that of one run at the truth under a seed of its own, with a normal error of the target's whole standard deviation
    (observation and discrepancy); what the run leaves undefined is no target of that truth. All truths share the first wave,
    which does not depend on the figures, and so its emulators' errors.
    """
    luck = numpy.random.default_rng(draw)
    unit = luck.random((truths, len(space)))
    errors = luck.standard_normal((truths, len(targets)))
    made = simulate(space.natural(unit), FIRST_TRUTH + numpy.arange(truths)[:, None])[:, 0]
    learnt: dict[tuple[str, bytes, bytes], Emulator] = {}

    def learn(target: str, where: numpy.ndarray, outputs: numpy.ndarray, *, draw: int) -> Emulator:
        key = target, where.tobytes(), outputs.tobytes()
        emulator = learnt.get(key) or emulate(target, where, outputs, draw=draw)
        # Later waves are each truth's own: only the first is worth keeping.
        if len(where) == points:
            learnt[key] = emulator
        return emulator

    found = []
    with progress_bar(truths, f"{truths} truths", show=progress) as advance:
        for place in range(truths):
            mine, columns = _figures(targets, made[place], errors[place])

            def of_these(points: numpy.ndarray, seeds: numpy.ndarray, columns: list[int] = columns) -> numpy.ndarray:
                return simulate(points, seeds)[:, :, columns]

            result = match(
                of_these, space, mine, points=points, seeds=seeds, waves=waves, rank=min(rank, len(mine)), draw=draw, learn=learn,
                sample=sample,
            )
            by_target = result.judgement.by_target(unit[place : place + 1])
            value, worst = float(result.judgement.ranked(by_target)[0]), mine[int(by_target[0].argmax())].name
            parameters = dict(zip(space.names, space.natural(unit[place : place + 1])[0].tolist(), strict=True))
            found.append(Truth(parameters, value, worst, value < CUT, result.share, result.stop))
            advance(1)
    kept = sum(truth.kept for truth in found)
    interval = require("scipy.stats", "explain").binomtest(kept, truths).proportion_ci(LEVEL, method="exact")
    return Recovery(
        tuple(found), kept / truths, float(interval.low), float(interval.high), normal_rate(len(targets)), sure_rate(len(targets))
    )


def normal_rate(targets: int) -> float:
    """Gives the chance that no one of so many independent normal errors passes the cut: (2 Phi(3) - 1)^targets."""
    return math.erf(CUT / math.sqrt(2)) ** targets


def sure_rate(targets: int) -> float:
    """Gives the least such chance for errors with one peak each, whatever they depend on: 1 - targets 4 / (9 x 3^2).

    Source: Vysochanskij and Petunin's inequality, from which Pukelsheim 1994 has his rule of at most 5 %.
    """
    return max(0.0, 1.0 - targets * 4.0 / (9.0 * CUT**2))


def _figures(targets: Sequence[Target], made: numpy.ndarray, errors: numpy.ndarray) -> tuple[list[Target], list[int]]:
    """Makes the targets of one truth, and says in which columns they are."""
    found, columns = [], []
    for column, target in enumerate(targets):
        deviation = math.sqrt(target.variance)
        value = float(target.scaled(made[column : column + 1])[0]) + deviation * float(errors[column])
        if math.isfinite(value):
            figure = math.exp(value) if target.logs else value
            found.append(Target(target.name, figure, figure, deviation, 0.0, target.logs, target.unit))
            columns.append(column)
    return found, columns
