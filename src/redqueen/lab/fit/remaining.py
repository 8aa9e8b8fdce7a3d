"""What remains of the space of parameters: an even sample of the points not ruled out, and how much of the space they fill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy

from redqueen.errors import require

__all__ = ["LEVELS", "REJECTION", "WHOLE", "Remaining", "remaining", "spread_out", "whole"]

#: How the sample was found.
WHOLE, REJECTION, LEVELS = "whole", "rejection", "levels"
#: Points of the sample, and points over the whole space from which it is taken where enough of them remain.
SAMPLE, CANDIDATES = 1000, 2**14
#: Share of a level's sample that the next level keeps, and sweeps of moves after each level and after the last.
KEPT, SWEEPS, LAST_SWEEPS = 0.2, 8, 24
#: Share of the space below which a search ends, whatever it was about to find: a half of each of a hundred ranges.
LEAST_SHARE = 1e-30
#: A level at least this part of the one before leads nowhere: the least implausible point has been reached.
STUCK = 0.99
#: Part of the moves that go the whole way from one point to another, which leads from one island to the next.
_LEAPS = 0.1

#: Gives the implausibility of points [n, parameter]; with `past` it need not be exact beyond that.
Implausibility = Callable[..., numpy.ndarray]


@dataclass(frozen=True)
class Remaining:
    """Holds an even sample of what is not ruled out, [n, parameter] on the unit cube, and the `share` of the space that it fills.

    `best` is the least implausible point that was met and `lowest` its implausibility. `method` says how the sample was found;
    where nothing remains, `points` has no rows and `share` is 0. `levels` are the cuts passed and the share below each.
    """

    points: numpy.ndarray
    share: float
    method: str
    best: numpy.ndarray
    lowest: float
    levels: tuple[tuple[float, float], ...] = ()

    @property
    def empty(self) -> bool:
        """Says whether nothing was found that is not ruled out."""
        return len(self.points) == 0


def whole(dimension: int, *, count: int = SAMPLE, draw: int = 1) -> Remaining:
    """Gives an even sample of the whole space, of which nothing is ruled out."""
    points = _even(dimension, count, draw)
    return Remaining(points, 1.0, WHOLE, points[0], 0.0)


def remaining(implausibility: Implausibility, dimension: int, *, cut: float, count: int = SAMPLE, draw: int = 1) -> Remaining:
    """Samples the points of the unit cube with an implausibility below `cut`, evenly.

    Points are laid out over the whole cube (Sobol). Where enough of them remain, the sample is made of those: rejection. Where too
    few do, the cut is lowered level by level: of the points below one level the fifth that is least implausible starts the next,
    and moves along differences between points (ter Braak 2006), each accepted where the level allows, make it even again.
    The share of the space is the product of the shares of levels. Nothing remains where levels no longer fall and no point
    below the cut was met; islands that no level joins may be missed. Source: subset simulation, Au and Beck 2001, as used by
    Williamson and Vernon 2013.
    """
    candidates = _even(dimension, max(CANDIDATES, 4 * count), draw)
    values = implausibility(candidates)
    best = int(values.argmin())
    inside = values < cut
    if inside.sum() >= count:
        points = candidates[inside]
        chosen = numpy.random.default_rng(draw).permutation(len(points))[:count]
        return Remaining(points[chosen], float(inside.mean()), REJECTION, candidates[best], float(values[best]))
    return _by_levels(implausibility, candidates, values, cut, count, draw)


def spread_out(points: numpy.ndarray, count: int, *, near: numpy.ndarray | None = None) -> numpy.ndarray:
    """Chooses points far from each other and from those of `near`: each is the farthest from all before it.

    Distances are in standard deviations of the sample. Gives positions. Source: Kennard and Stone 1969, Technometrics 11.
    """
    scale = numpy.maximum(points.std(axis=0), 1e-12)
    sample = points / scale
    if near is not None and len(near):
        distance = numpy.min([((sample - one) ** 2).sum(axis=1) for one in near / scale], axis=0)
    else:
        # The first is the one in the middle.
        distance = -((sample - sample.mean(axis=0)) ** 2).sum(axis=1)
    chosen: list[int] = []
    for _ in range(min(count, len(points))):
        place = int(distance.argmax())
        first = not chosen and (near is None or not len(near))
        chosen.append(place)
        new = ((sample - sample[place]) ** 2).sum(axis=1)
        distance = new if first else numpy.minimum(distance, new)
    return numpy.array(chosen)


def _even(dimension: int, count: int, draw: int) -> numpy.ndarray:
    sampler = require("scipy.stats.qmc", "explain").Sobol(dimension, scramble=True, rng=draw)
    return sampler.random_base2((count - 1).bit_length())[:count]


def _by_levels(
    implausibility: Implausibility, candidates: numpy.ndarray, values: numpy.ndarray, cut: float, count: int, draw: int
) -> Remaining:
    luck = numpy.random.default_rng(draw)
    # At least a fifth of the sample starts the first level, so that it has somewhere to go.
    start = numpy.argsort(values, kind="stable")[:count]
    points, found = candidates[start], values[start]
    level = max(cut, float(found[-1]))
    share = float((values <= level).mean())
    levels = [(level, share)]
    best, lowest = points[0], float(found[0])
    while True:
        points, found = _moved(implausibility, points, found, level, luck, LAST_SWEEPS if level == cut else SWEEPS)
        if found.min() < lowest:
            best, lowest = points[found.argmin()], float(found.min())
        if level == cut:
            return Remaining(points, share, LEVELS, best, lowest, tuple(levels))
        lower = max(cut, float(numpy.quantile(found, KEPT)))
        at_end = share * float((found <= lower).mean()) < LEAST_SHARE or lower > max(cut, STUCK * level)
        if at_end and lowest < cut:
            # A point is known that nothing rules out: what is left lies about it, however small it is.
            points[0], found[0], lower = best, lowest, cut
        inside = found <= lower
        share *= float(inside.mean())
        levels.append((lower, share))
        if at_end and lowest >= cut:
            return Remaining(points[:0], 0.0, LEVELS, best, lowest, tuple(levels))
        level = lower
        again = luck.choice(numpy.flatnonzero(inside), count)
        points, found = points[again], found[again]


def _moved(
    implausibility: Implausibility, points: numpy.ndarray, found: numpy.ndarray, level: float, luck: numpy.random.Generator,
    sweeps: int,
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Moves every point about within the level: by differences between points of the other half, so that moves are symmetric."""
    points, found = points.copy(), found.copy()
    half = len(points) // 2
    parts = (numpy.arange(half), numpy.arange(half, len(points)))
    for _ in range(sweeps):
        for mine, others in (parts, parts[::-1]):
            proposed = _proposed(points[mine], points[others], luck)
            # Nothing is reflected at a wall: steps along a ridge would not be as likely back.
            inside = numpy.flatnonzero(((proposed >= 0) & (proposed <= 1)).all(axis=1))
            judged = numpy.full(len(mine), numpy.inf)
            judged[inside] = implausibility(proposed[inside], past=level)
            taken = judged <= level
            points[mine[taken]] = proposed[taken]
            found[mine[taken]] = judged[taken]
    return points, found


def _proposed(mine: numpy.ndarray, others: numpy.ndarray, luck: numpy.random.Generator) -> numpy.ndarray:
    size, dimension = mine.shape
    first = luck.integers(len(others), size=size)
    second = (first + 1 + luck.integers(len(others) - 1, size=size)) % len(others)
    moving = luck.random((size, dimension)) < luck.choice([0.3, 0.6, 1.0], (size, 1))
    moving[numpy.arange(size), luck.integers(dimension, size=size)] = True
    length = 2.38 / numpy.sqrt(2 * moving.sum(axis=1, keepdims=True)) * luck.uniform(0.3, 1.0, (size, 1))
    length = numpy.where(luck.random((size, 1)) < _LEAPS, 1.0, length)
    step = length * (others[first] - others[second]) + 1e-3 * luck.standard_normal((size, dimension)) * others.std(axis=0)
    return mine + numpy.where(moving, step, 0.0)
