"""Say which assumptions turn the sign of an effect round, and in how much of the space it has which sign."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from redqueen.lab.explain.screening import Assumption, Screen
from redqueen.lab.explain.surrogate import DRAW, Refit, Surrogate, allowed, around
from redqueen.lab.intervals import LEVEL, student_quantile

__all__ = ["Curve", "Flip", "Shares", "curves", "flips", "shares_of_points", "shares_of_space"]

#: Places along a range, points of the others over which a curve is the mean, and points of the space whose signs are counted.
PLACES, OTHERS, SPACE = 21, 128, 1024


@dataclass(frozen=True)
class Curve:
    """Holds the mean effect along one assumption, over the whole space of the others, with limits that carry the surrogate's error.

    `values` are in the assumption's unit; `crossings` are the values at which the effect passes zero. `clear` says whether the
    limits leave out zero on either side somewhere along the range: the mean effect turns round by more than its error.
    """

    name: str
    values: tuple[float, ...]
    effect: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    crossings: tuple[float, ...]
    clear: bool

    @property
    def side(self) -> str | None:
        """Says on which side of the range the effect is above zero; None where it does not cross, or crosses more than once."""
        if len(self.crossings) != 1:
            return None
        return "high" if self.effect[-1] > self.effect[0] else "low"

    @property
    def between(self) -> tuple[float, float] | None:
        """Gives the values between which a clear curve crosses zero once: outside them the limits leave zero out."""
        if not self.clear or self.side is None:
            return None
        above = [value for value, limit in zip(self.values, self.low, strict=True) if limit > 0]
        below = [value for value, limit in zip(self.values, self.high, strict=True) if limit < 0]
        return (max(below), min(above)) if self.side == "high" else (max(above), min(below))


@dataclass(frozen=True)
class Flip:
    """Says how one assumption turns the sign of the effect round.

    `walks` holds what the screen says (None without one), `curve` the mean effect along its range (None without a surrogate).
    `side` is the side of the range where the effect is above zero, `at` the value where the mean effect crosses.
    """

    name: str
    walks: Assumption | None
    curve: Curve | None

    @property
    def by_walks(self) -> bool:
        """Says whether steps of the walks turn the sign clearly, and often enough."""
        return self.walks is not None and self.walks.turns

    @property
    def by_curve(self) -> bool:
        """Says whether the mean effect over the others is clear on both sides of zero."""
        return self.curve is not None and self.curve.clear

    @property
    def side(self) -> str | None:
        """Says on which side of the range the effect is above zero, by the curve where it crosses once, by the walks otherwise."""
        by_curve = None if self.curve is None else self.curve.side
        return by_curve or (None if self.walks is None else self.walks.side)

    @property
    def at(self) -> float | None:
        """Gives the value where the mean effect crosses zero, if it does so once."""
        return self.curve.crossings[0] if self.curve is not None and len(self.curve.crossings) == 1 else None


@dataclass(frozen=True)
class Shares:
    """Counts where an effect is clearly above zero, clearly below, or neither: shares of `of` points."""

    above: float
    below: float
    unclear: float
    of: int


def shares_of_points(values: numpy.ndarray, level: float = LEVEL) -> Shares:
    """Counts the signs of [point, seed]: clear where Student's interval over the seeds of the point leaves out zero."""
    seeds = numpy.isfinite(values).sum(axis=1)
    means = numpy.nanmean(values, axis=1)
    half = numpy.full(len(values), numpy.inf)
    for count in set(seeds.tolist()) - {0, 1}:
        rows = seeds == count
        error = numpy.nanstd(values[rows], axis=1, ddof=1) / math.sqrt(count)
        half[rows] = student_quantile((1 + level) / 2, count - 1) * error
    return _shares(means > half, means < -half)


def shares_of_space(surrogate: Surrogate, refitted: Sequence[Refit], switches: numpy.ndarray, *, draw: int = DRAW) -> Shares:
    """Counts the signs over the whole space: clear where the limits of the surrogate's prediction leave out zero."""
    generator = numpy.random.default_rng(draw)
    unit = allowed(generator.random((SPACE, len(switches))), switches)
    idle = numpy.hstack([unit, generator.random((SPACE, 1))])
    low, high = around(surrogate.predict(unit), [one.predict(idle) for one in refitted])
    return _shares(low > 0, high < 0)


def curves(
    surrogate: Surrogate, refitted: Sequence[Refit], names: Sequence[str], ranges: numpy.ndarray, switches: numpy.ndarray, *,
    draw: int = DRAW,
) -> tuple[Curve, ...]:
    """Gives the mean effect along each assumption (partial dependence), in the order of `names`.

    `ranges` is [parameter, (low, high)]. Each place of a range is set at the same points of the others.
    Source: Friedman 2001, Annals of Statistics 29.
    """
    generator = numpy.random.default_rng(draw)
    others = numpy.hstack([allowed(generator.random((OTHERS, len(names))), switches), generator.random((OTHERS, 1))])
    found = []
    for place, name in enumerate(names):
        along = numpy.array([0.0, 1.0]) if switches[place] else numpy.linspace(0.0, 1.0, PLACES)
        points = numpy.repeat(others[None], len(along), axis=0)
        points[:, :, place] = along[:, None]
        points = points.reshape(-1, others.shape[1])
        base = surrogate.predict(points[:, :-1]).reshape(len(along), -1).mean(axis=1)
        limits = around(base, [one.predict(points).reshape(len(along), -1).mean(axis=1) for one in refitted])
        low, high = ranges[place]
        values = low + along * (high - low)
        clear = bool((limits[0] > 0).any() and (limits[1] < 0).any())
        along_values, along_base, lowest, highest = (tuple(map(float, row)) for row in (values, base, *limits))
        found.append(Curve(name, along_values, along_base, lowest, highest, _crossings(values, base), clear))
    return tuple(found)


def flips(screen: Screen | None, along: Sequence[Curve]) -> tuple[Flip, ...]:
    """Names the assumptions that turn the sign: by clear reversals in the walks, or by a curve that is clear on both sides.

    Those that both name come first, then those of the curves.
    """
    turning = {one.name: one for one in (screen.assumptions if screen is not None else ())}
    by_curve = {one.name: one for one in along}
    names = dict.fromkeys(
        [*(one.name for one in along if one.clear), *(one.name for one in (screen.flipping if screen is not None else ()))]
    )
    found = [Flip(name, turning.get(name), by_curve.get(name)) for name in names]
    both = [one for one in found if one.by_walks and one.by_curve]
    return (*both, *(one for one in found if one not in both))


def _shares(above: numpy.ndarray, below: numpy.ndarray) -> Shares:
    return Shares(float(above.mean()), float(below.mean()), float((~above & ~below).mean()), len(above))


def _crossings(values: numpy.ndarray, effect: numpy.ndarray) -> tuple[float, ...]:
    """Gives the values at which a curve passes zero, on straight lines between its places."""
    found = []
    for place in numpy.flatnonzero((effect[:-1] > 0) != (effect[1:] > 0)):
        part = effect[place] / (effect[place] - effect[place + 1])
        found.append(float(values[place] + part * (values[place + 1] - values[place])))
    return tuple(found)
