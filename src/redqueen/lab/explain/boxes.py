"""Find the box of assumptions in which an effect has a sign (bump hunting), and say how far to believe it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy

from redqueen.errors import require

__all__ = ["CERTAIN", "DRAW", "LEAST_CASES", "Box", "NoBox", "Restriction", "find_box", "find_leaf"]

#: Points that a box or a leaf holds at least, and cases without which (or without whose opposite) nothing is looked for.
LEAST_POINTS, LEAST_CASES = 8, 8
#: Chance up to which a restriction, or a whole box, is held not to be luck; shuffles of the cases from which the box's comes.
CERTAIN, SHUFFLES = 0.05, 199
FOLDS, DRAW = 5, 2010
#: Questions that a tree may ask on the way to a leaf.
DEPTH = 3


@dataclass(frozen=True)
class Restriction:
    """Holds what a box asks of one assumption, in its unit: more than `low`, less than `high` (None: no limit).

    `chance` is the quasi-p-value: that of as many cases or more, if the box without this restriction were as dense inside as it is
    (None for a tree).
    """

    name: str
    low: float | None
    high: float | None
    chance: float | None = None


@dataclass(frozen=True)
class Box:
    """Holds a box: `inside` of `points` lie in it; `density` of them are cases, and `coverage` of all cases lie in it.

    `base` is the density of all points. `density_apart` and `coverage_apart` are of points that were left out when boxes were
    looked for (density None where no point left out fell into a box); `chance` is that of a box as good among shuffled cases (None
    for a tree).
    """

    restrictions: tuple[Restriction, ...]
    points: int
    inside: int
    density: float
    coverage: float
    base: float
    density_apart: float | None
    coverage_apart: float
    chance: float | None = None


@dataclass(frozen=True)
class NoBox:
    """Says why there is no box."""

    reason: str


@dataclass(frozen=True)
class _Limits:
    """Limits of every assumption on the unit range, infinite where there are none."""

    low: numpy.ndarray
    high: numpy.ndarray

    @classmethod
    def none(cls, size: int) -> _Limits:
        return cls(numpy.full(size, -numpy.inf), numpy.full(size, numpy.inf))

    def holds(self, unit: numpy.ndarray) -> numpy.ndarray:
        return numpy.asarray(((unit > self.low) & (unit < self.high)).all(axis=1))

    def restricted(self) -> list[int]:
        return [int(place) for place in numpy.flatnonzero(numpy.isfinite(self.low) | numpy.isfinite(self.high))]

    def at(self, place: int, low: float, high: float) -> _Limits:
        lows, highs = self.low.copy(), self.high.copy()
        lows[place], highs[place] = low, high
        return _Limits(lows, highs)


def find_box(
    unit: numpy.ndarray, cases: numpy.ndarray, ranges: Mapping[str, tuple[float, float]], *, shuffles: int = SHUFFLES,
    draw: int = DRAW, advance: Callable[[float], None] = lambda done: None,
) -> Box | NoBox:
    """Finds the box with the most cases beyond what its size would hold, or says why none is to be believed.

    `unit` is [point, parameter] in 0..1, `cases` whether each point is one. The box is the one that holds the most cases beyond
    base x its points: one assumption after another is restricted to the interval that adds most, as long as the quasi-p-value of
    its restriction is at most 0.05. The whole search is repeated on shuffled cases: a box that as many as 5 % of them equal is
    refused. Sources: bump hunting of Friedman and Fisher 1999, Statistics and Computing 9; intervals in place of peels: Mampaey et
    al. 2012, IEEE International Conference on Data Mining; quasi-p-values: Bryant and Lempert 2010, Technological Forecasting and
    Social Change 77.
    """
    cases = numpy.asarray(cases, dtype=bool)
    refusal = _too_few(cases)
    if refusal is not None:
        return refusal
    limits, chances = _search(unit, cases)
    merit = _merit(limits.holds(unit), cases)
    generator = numpy.random.default_rng(draw)
    as_good = 0
    for _ in range(shuffles):
        mixed = generator.permutation(cases)
        as_good += _merit(_search(unit, mixed)[0].holds(unit), mixed) >= merit
        advance(1.0)
    chance = (1 + as_good) / (1 + shuffles)
    if not chances:
        return NoBox("no restriction is more than luck would give")
    if chance > CERTAIN:
        return NoBox(f"a box as good arises in {100 * chance:.0f} % of shuffles of the same points")
    apart = _apart(lambda rows, of: _search(unit[rows], of)[0].holds, unit, cases, draw)
    return replace(_box(limits, chances, unit, cases, ranges, apart), chance=chance)


def find_leaf(
    unit: numpy.ndarray, cases: numpy.ndarray, ranges: Mapping[str, tuple[float, float]], *, draw: int = DRAW
) -> Box | NoBox:
    """Finds the leaf of a small classification tree with the most cases beyond what its size would hold: a check on the box.

    Source: Breiman, Friedman, Olshen and Stone 1984. Needs scikit-learn.
    """
    cases = numpy.asarray(cases, dtype=bool)
    refusal = _too_few(cases)
    if refusal is not None:
        return refusal
    limits = _leaf(unit, cases)
    if not limits.restricted():
        return NoBox("a tree finds no question whose answer tells cases from others")
    apart = _apart(lambda rows, of: _leaf(unit[rows], of).holds, unit, cases, draw)
    return _box(limits, dict.fromkeys(limits.restricted()), unit, cases, ranges, apart)


def _too_few(cases: numpy.ndarray) -> NoBox | None:
    found, others = int(cases.sum()), int((~cases).sum())
    if found < LEAST_CASES:
        return NoBox(f"too few to look for one, {LEAST_CASES} are needed")
    if others < LEAST_CASES:
        return NoBox("it holds nearly everywhere")
    return None


def _merit(inside: numpy.ndarray, cases: numpy.ndarray) -> float:
    """Counts cases inside beyond what a box of as many points would hold by chance (weighted relative accuracy, in points)."""
    return float((cases & inside).sum() - inside.sum() * cases.mean())


def _search(unit: numpy.ndarray, cases: numpy.ndarray) -> tuple[_Limits, dict[int, float]]:
    """Restricts one assumption after another, each to its best interval given the others; gives limits and quasi-p-values.

    An assumption restricted before may be restricted anew. The last step is undone where its quasi-p-value is that of luck; at the
    end so are restrictions that others have made idle.
    """
    best, merit = _Limits.none(unit.shape[1]), 0.0
    orders = numpy.argsort(unit, axis=0, kind="stable")
    while True:
        steps = [(*_best_interval(best, place, unit, cases, orders[:, place]), place) for place in range(unit.shape[1])]
        reached, low, high, place = max(steps, key=lambda step: step[0])
        tried = best.at(place, low, high)
        # Sums taken in another order leave a little.
        if reached <= merit + 1e-9 or _quasi(tried, place, unit, cases) > CERTAIN:
            break
        best, merit = tried, reached
    while True:
        chances = {place: _quasi(best, place, unit, cases) for place in best.restricted()}
        weakest = max(chances, key=lambda place: chances[place], default=None)
        if weakest is None or chances[weakest] <= CERTAIN:
            return best, chances
        best = _without(best, weakest)


def _best_interval(
    limits: _Limits, place: int, unit: numpy.ndarray, cases: numpy.ndarray, order: numpy.ndarray
) -> tuple[float, float, float]:
    """Gives the largest merit that restricting one assumption alone can reach given the other limits, and its low and high limit.

    Merit is the sum over points inside of case - base: the interval of the largest sum of a sequence, in one pass (points of the
    same value go together). Minus infinity where every interval of positive sum holds too few points.
    """
    rows = order[_without(limits, place).holds(unit)[order]]
    if len(rows) < LEAST_POINTS:
        return -numpy.inf, -numpy.inf, numpy.inf
    values = unit[rows, place]
    sums = numpy.concatenate([[0.0], numpy.cumsum(cases[rows] - cases.mean())])
    apart = values[1:] != values[:-1]
    starts = numpy.where(numpy.append(True, apart), sums[:-1], numpy.inf)
    lowest = numpy.minimum.accumulate(starts)
    reached = numpy.where(numpy.append(apart, True), sums[1:] - lowest, -numpy.inf)
    end = int(reached.argmax())
    start = int((starts[: end + 1] == lowest[end]).argmax())
    if end + 1 - start < LEAST_POINTS:
        return -numpy.inf, -numpy.inf, numpy.inf
    low = float((values[start - 1] + values[start]) / 2) if start > 0 else -numpy.inf
    high = float((values[end] + values[end + 1]) / 2) if end + 1 < len(values) else numpy.inf
    return float(reached[end]), low, high


def _without(limits: _Limits, place: int) -> _Limits:
    return limits.at(place, -numpy.inf, numpy.inf)


def _quasi(limits: _Limits, place: int, unit: numpy.ndarray, cases: numpy.ndarray) -> float:
    """Gives the chance of as many cases in the box, were its points cases as often as those of the box without the restriction."""
    inside, wider = limits.holds(unit), _without(limits, place).holds(unit)
    binomial = require("scipy.stats", "explain").binom
    return float(binomial.sf(int((cases & inside).sum()) - 1, int(inside.sum()), float(cases[wider].mean())))


def _leaf(unit: numpy.ndarray, cases: numpy.ndarray) -> _Limits:
    """Gives the limits of the best leaf of a tree, those of the whole space where the tree asks nothing."""
    made = require("sklearn.tree", "explain").DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=LEAST_POINTS, random_state=DRAW
    )
    tree = made.fit(unit, cases).tree_
    leaves = []

    def follow(node: int, limits: _Limits) -> None:
        place, cut = int(tree.feature[node]), float(tree.threshold[node])
        if tree.children_left[node] < 0:
            leaves.append(limits)
            return
        follow(tree.children_left[node], limits.at(place, limits.low[place], min(cut, limits.high[place])))
        follow(tree.children_right[node], limits.at(place, max(cut, limits.low[place]), limits.high[place]))

    follow(0, _Limits.none(unit.shape[1]))
    return max(leaves, key=lambda limits: _merit(limits.holds(unit), cases))


def _apart(
    search: Callable[[numpy.ndarray, numpy.ndarray], Callable[[numpy.ndarray], numpy.ndarray]], unit: numpy.ndarray,
    cases: numpy.ndarray, draw: int,
) -> tuple[float | None, float]:
    """Gives density and coverage among points left out: each fold judged by the box found in the others."""
    inside = numpy.zeros(len(cases), dtype=bool)
    for fold in numpy.array_split(numpy.random.default_rng(draw).permutation(len(cases)), FOLDS):
        others = numpy.setdiff1d(numpy.arange(len(cases)), fold)
        inside[fold] = search(others, cases[others])(unit[fold])
    return (float(cases[inside].mean()) if inside.any() else None), float(inside[cases].mean())


def _box(
    limits: _Limits, chances: Mapping[int, float | None], unit: numpy.ndarray, cases: numpy.ndarray,
    ranges: Mapping[str, tuple[float, float]], apart: tuple[float | None, float],
) -> Box:
    inside = limits.holds(unit)
    names: Sequence[str] = list(ranges)
    restrictions = []
    for place, chance in chances.items():
        low, high = ranges[names[place]]
        lowest, highest = (
            float(low + end * (high - low)) if numpy.isfinite(end) else None for end in (limits.low[place], limits.high[place])
        )
        restrictions.append(Restriction(names[place], lowest, highest, chance))
    restrictions.sort(key=lambda one: (one.chance is None, one.chance or 0.0))
    return Box(
        tuple(restrictions), len(cases), int(inside.sum()), float(cases[inside].mean()), float(inside[cases].mean()),
        float(cases.mean()), *apart,
    )
