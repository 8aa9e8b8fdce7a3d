"""Walk through the space of assumptions, one at a time (Morris 1991): how much each matters, and which turn a sign round."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy

from redqueen.errors import require
from redqueen.lab.intervals import LEVEL, student_quantile
from redqueen.lab.sampling import Samples, spread

__all__ = ["DRAW", "FLIPPING_SHARE", "LEVELS", "MORRIS", "SURE", "WALKS", "Assumption", "Screen", "screened", "walks"]

MORRIS = "morris"
#: Walks through the space of assumptions, unless asked otherwise, and levels of each.
WALKS, LEVELS = 4, 4
#: Draw of the walks: the same for everybody, so that a screen can be done again.
DRAW = 1991
#: Share of steps that must turn the sign round for an assumption to be named.
FLIPPING_SHARE = 0.25
#: Chance up to which the luck of seeds is held not to be what makes an elementary effect.
SURE = 0.05
#: Draws of walks with replacement, from which the interval of mu* comes.
RESAMPLES = 1000


@dataclass(frozen=True)
class Assumption:
    """Holds what a screen says of one assumption, in the unit of the statistic (100 x log ratio for %).

    `mu_star` is the mean size of the elementary effects over the whole range, `sigma` their spread (None where no walk was
    complete); `mu_low` to `mu_high` is the 95 % interval of mu* over walks drawn with replacement. `luck` is the mu* that the
    seeds' luck alone would give an assumption without effect; `chance` and `spread_chance` are the chances that luck alone gives
    elementary effects, or a spread of them, of this size; effects smaller than `seen` are hidden by luck (all four None with one
    seed). `flips` of `steps` turned the sign round; `side` says on which side of the range ("high" or "low") the sign asked for
    then holds.
    """

    name: str
    low: float
    high: float
    mu_star: float | None
    sigma: float | None
    flips: int
    steps: int
    side: str | None
    mu_low: float | None = None
    mu_high: float | None = None
    luck: float | None = None
    chance: float | None = None
    spread_chance: float | None = None
    seen: float | None = None

    @property
    def turns(self) -> bool:
        """Says whether this assumption turns the sign round."""
        return self.steps > 0 and self.flips >= FLIPPING_SHARE * self.steps and self.flips > 0

    @property
    def matters(self) -> bool:
        """Says whether its effects are more than the seeds' luck; True where that cannot be told."""
        return self.mu_star is None or (self.mu_star > 0 if self.chance is None else self.chance < SURE)

    @property
    def varies(self) -> bool:
        """Says whether its effect depends on where it is taken (curvature, or other assumptions) by more than luck."""
        return self.spread_chance is not None and self.spread_chance < SURE


@dataclass(frozen=True)
class Screen:
    """Holds a screen: assumptions by falling weight; `agreeing` of `points` have the sign asked for, `missing` are unknown."""

    assumptions: tuple[Assumption, ...]
    points: int
    agreeing: int
    missing: int

    @property
    def flipping(self) -> tuple[Assumption, ...]:
        """Gives the assumptions that turn the sign round."""
        return tuple(one for one in self.assumptions if one.turns)


def walks(ranges: Mapping[str, tuple[float, float]], *, count: int = WALKS, levels: int = LEVELS, draw: int = DRAW) -> Samples:
    """Lays out `count` walks of one step an assumption: len(ranges) + 1 points each, on an even number of levels of every range.

    A step is levels / (2 (levels - 1)) of the range, so that both halves of it are met; of a switch it is the whole of it.
    Source: Morris 1991, Technometrics 33. Needs SALib.
    """
    sample = require("SALib.sample.morris", "explain")
    problem = {"num_vars": len(ranges), "names": list(ranges), "bounds": [[0.0, 1.0]] * len(ranges)}
    with _quiet():
        unit = numpy.asarray(sample.sample(problem, count, num_levels=levels, seed=draw))
    return Samples(dict(ranges), spread(ranges, unit), MORRIS)


def screened(
    samples: Samples, values: numpy.ndarray, *, sign: float = 1.0, edge: float = 0.0, levels: int = LEVELS,
    clear: float | None = None,
) -> Screen:
    """Says what walks showed; `values` is [point, seed], NaN where the statistic could not be measured.

    An elementary effect is the difference between the ends of a step over the step, as a part of the range; mu* is the mean of
    their sizes over walks and sigma their standard deviation (walks without a missing point). With r walks and n seeds,
    sum effect^2 / sum error^2 follows Fisher's F(r, r (n - 1)) where there is no effect, and
    variance(effects) / mean(error^2) F(r - 1, r (n - 1)) where it is the same everywhere; errors are those of the mean over seeds.
    A step turns the sign of sign (value - edge) round if the means at its ends lie on different sides and differ by `clear`
    standard errors over seeds, so that noise is not taken for a reversal; by Student's 95 % quantile unless given. Source: Morris
    1991; mu* of Campolongo, Cariboni and Saltelli 2007, Environmental Modelling & Software 22.
    """
    values = numpy.ascontiguousarray(values, dtype=float)
    if clear is None:
        clear = student_quantile((1 + LEVEL) / 2, values.shape[1] - 1) if values.shape[1] > 1 else 0.0
    known = numpy.isfinite(values).all(axis=1)
    above = sign * (values.mean(axis=1) - edge) > 0
    size = len(samples.names)
    changed, rises = _steps(samples)
    effects, errors = _elementary(values, known, changed, rises, [_step(samples, place, levels) for place in range(size)])
    turned: list[list[bool]] = [[] for _ in range(size)]
    steps = [0] * size
    for walk in range(len(changed)):
        for step in range(size):
            here = walk * (size + 1) + step
            if not (known[here] and known[here + 1]):
                continue
            parameter = changed[walk, step]
            steps[parameter] += 1
            if above[here] != above[here + 1] and _clear(values[here] - values[here + 1], clear):
                turned[parameter].append(bool(above[here + 1] == rises[walk, step]))
    rows = [
        Assumption(
            name, *samples.ranges[name], *_morris(effects[place]), len(turned[place]), steps[place], _side(turned[place]),
            *_limits(effects[place]), *_luck(effects[place], errors[place], values.shape[1]),
        )
        for place, name in enumerate(samples.names)
    ]
    rows.sort(key=lambda row: -(row.mu_star or 0.0))
    return Screen(tuple(rows), int(known.sum()), int((above & known).sum()), int((~known).sum()))


def _steps(samples: Samples) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives which parameter each step of each walk changes, and whether it rises: [walk, step]."""
    points = samples.points.reshape(-1, len(samples.names) + 1, len(samples.names))
    moved = numpy.diff(points, axis=1)
    changed = (moved != 0).argmax(axis=2)
    return changed, numpy.take_along_axis(moved, changed[:, :, None], axis=2)[:, :, 0] > 0


def _step(samples: Samples, place: int, levels: int) -> float:
    """Gives the length of a parameter's steps, as a part of its range: a switch goes from one end to the other."""
    low, high = samples.ranges[samples.names[place]]
    between = (samples.points[:, place] != low) & (samples.points[:, place] != high)
    return levels / (2.0 * (levels - 1)) if between.any() or levels == 2 else 1.0


def _elementary(
    values: numpy.ndarray, known: numpy.ndarray, changed: numpy.ndarray, rises: numpy.ndarray, lengths: list[float]
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives elementary effects and their standard errors over seeds, [parameter, walk], of the walks known at every point."""
    size = changed.shape[1]
    by_walk = values.reshape(len(changed), size + 1, -1)
    whole = known.reshape(len(changed), size + 1).all(axis=1)
    by_walk, changed, rises = by_walk[whole], changed[whole], rises[whole]
    effects, errors = numpy.empty((size, len(changed))), numpy.full((size, len(changed)), numpy.nan)
    means = by_walk.mean(axis=2)
    seeds = by_walk.shape[2]
    for walk, step in numpy.ndindex(changed.shape):
        place = changed[walk, step]
        lower, upper = (step, step + 1) if rises[walk, step] else (step + 1, step)
        effects[place, walk] = (means[walk, upper] - means[walk, lower]) / lengths[place]
        if seeds > 1:
            difference = by_walk[walk, upper] - by_walk[walk, lower]
            errors[place, walk] = difference.std(ddof=1) / math.sqrt(seeds) / lengths[place]
    return effects, errors


def _morris(effects: numpy.ndarray) -> tuple[float | None, float | None]:
    """Gives mu* and sigma of one parameter's elementary effects; None where there are too few."""
    if not effects.size:
        return None, None
    return float(numpy.abs(effects).mean()), float(effects.std(ddof=1)) if effects.size > 1 else None


def _limits(effects: numpy.ndarray) -> tuple[float | None, float | None]:
    """Gives the interval of mu* over walks drawn with replacement, the same draws for every parameter; None with one walk."""
    if effects.size < 2:
        return None, None
    drawn = numpy.random.default_rng(DRAW).integers(0, effects.size, (RESAMPLES, effects.size))
    low, high = numpy.quantile(numpy.abs(effects)[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _luck(effects: numpy.ndarray, errors: numpy.ndarray, seeds: int) -> tuple[float | None, ...]:
    """Gives the mu* that luck alone would give, the chances of effects and of their spread under luck, and what would be seen."""
    if not effects.size or seeds < 2:
        return None, None, None, None
    walked, freedom = effects.size, effects.size * (seeds - 1)
    noise = float((errors**2).mean())
    luck = math.sqrt(2 / math.pi * noise)
    spread = _above(float(effects.var(ddof=1)), noise, walked - 1, freedom) if walked > 1 else None
    seen = math.sqrt(noise * float(require("scipy.stats", "explain").f.ppf(1 - SURE, walked, freedom)))
    return luck, _above(float((effects**2).mean()), noise, walked, freedom), spread, seen


def _above(found: float, noise: float, freedom: int, of_noise: int) -> float:
    """Gives the chance that luck alone gives a mean square of this size; without any luck whatever there is is real."""
    if noise == 0:
        return 0.0 if found > 0 else 1.0
    return float(require("scipy.stats", "explain").f.sf(found / noise, freedom, of_noise))


def _clear(difference: numpy.ndarray, errors: float) -> bool:
    if difference.size < 2:
        return True
    return abs(float(difference.mean())) >= errors * float(difference.std(ddof=1)) / math.sqrt(difference.size)


def _side(high: list[bool]) -> str | None:
    if not high:
        return None
    return "high" if 2 * sum(high) >= len(high) else "low"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # SALib warns of libraries that it would like to have.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
