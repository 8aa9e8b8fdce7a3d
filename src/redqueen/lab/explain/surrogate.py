"""Fit a smooth stand-in for the mean effect over the space of assumptions, and say how wrong it is where it has not looked."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from redqueen.errors import require

__all__ = [
    "DRAW", "FOLDS", "KINDS", "REFITS", "SURE", "TRUSTED", "WIDE", "Luck", "Quality", "Refit", "Surrogate", "allowed", "around",
    "fit", "luck_of", "refits",
]

#: Folds of the points: each is predicted from the others. Refits on resampled points, from which intervals come.
FOLDS, REFITS = 5, 50
#: Share of the variance out of sample below which a surrogate's indices are not to be trusted.
TRUSTED = 0.5
#: Chance up to which the luck of seeds is held not to be what makes points differ.
SURE = 0.05
#: Standard errors on each side of an interval.
WIDE = 2.0
#: Draw of folds, of resampled points and of the trees: the same for everybody.
DRAW = 2008
#: Most steps of the search for a process's length scales, at first and when it is refitted from where it was.
STEPS, FEWER_STEPS = 40, 8
#: Length scale, in ranges, from which the search starts for a made-up assumption.
LONG = 10.0
#: Random halves of the points from which it is told how the error falls with more points.
HALVES = 3


@dataclass(frozen=True)
class Luck:
    """Says how much of the differences between points is the luck of seeds.

    `error` is the standard error of a point's mean over its seeds, without what seeds have in common at all points; `level` is that
    of the common part; `spread` the standard deviation of the means over points. `chance` is that of such a spread under luck alone
    (None with one seed, as `error` and `level` then are).
    """

    error: float | None
    level: float | None
    spread: float
    seeds: int
    chance: float | None

    @property
    def ceiling(self) -> float | None:
        """Gives the highest R2 that any surrogate can have out of sample: 1 - error^2 / spread^2."""
        if self.error is None or self.spread == 0:
            return None
        return max(0.0, 1.0 - self.error**2 / self.spread**2)


@dataclass(frozen=True)
class Quality:
    """Says how well a surrogate predicts the mean effect at points that it was not fitted to.

    `r2` = 1 - sum (y - predicted)^2 / sum (y - mean of the others)^2 over all folds, `rmse` the root of the mean square; `r2_low`
    to `r2_high` and `rmse_low` to `rmse_high` are the worst and best fold. `compared` gives the R2 of every kind that was tried, on
    other folds. `beyond_luck` is the share that it explains of what the seeds' luck does not: 1 - (rmse^2 - luck^2) / (spread^2 -
    luck^2), 1 at most; a difference of noisy figures, None where luck is all there is or unknown. `points_needed` is a rough
    extrapolation to an R2 of `TRUSTED`, from how the error fell between half of the points and all of them; None where it is there
    already, or where more points of as many seeds will not do it. `seeds_needed` is given in that case.
    """

    r2: float
    r2_low: float
    r2_high: float
    rmse: float
    rmse_low: float
    rmse_high: float
    compared: dict[str, float]
    beyond_luck: float | None
    points_needed: int | None
    seeds_needed: int | None


@dataclass(frozen=True)
class Surrogate:
    """Holds a fitted surrogate: `kind` names it, `predict` gives the mean effect at points of the unit cube [point, parameter]."""

    kind: str
    quality: Quality
    luck: Luck
    points: int
    model: Any = field(repr=False)

    def predict(self, unit: numpy.ndarray) -> numpy.ndarray:
        """Gives the mean effect at points of the unit cube [point, parameter]."""
        return _predict(self.model, unit)

    @property
    def says(self) -> bool:
        """Says whether it predicts anything: better than the mean of the points does, and more than luck."""
        return self.quality.r2 > 0 and not (self.luck.chance is not None and self.luck.chance >= SURE)

    @property
    def trusted(self) -> bool:
        """Says whether it explains half of the variance or more at points that it has not seen."""
        return self.says and self.quality.r2 >= TRUSTED


@dataclass(frozen=True)
class Refit:
    """Holds a surrogate refitted to resampled points and seeds, with a made-up assumption beside the others, in the last column."""

    model: Any = field(repr=False)
    shift: float

    def predict(self, unit: numpy.ndarray) -> numpy.ndarray:
        """Gives the mean effect at points of the unit cube [point, parameter and the made-up one]."""
        return _predict(self.model, unit) + self.shift


def fit(
    unit: numpy.ndarray, values: numpy.ndarray, *, kinds: Sequence[str] | None = None, draw: int = DRAW,
    advance: Callable[[float], None] = lambda done: None,
) -> Surrogate:
    """Fits the best of several `kinds` of surrogate (all of `KINDS`) to the mean over seeds, and measures its error out of sample.

    `unit` is [point, parameter] in 0..1, `values` [point, seed], NaN where a seed has none (each point has one at least). Kinds are
    compared on one partition of the points into folds, and the error of the best is measured on another. `advance` is told the
    parts done of 1. Needs scikit-learn.
    """
    means = numpy.nanmean(values, axis=1)
    luck = luck_of(values)
    with _alone():
        first = _folds(len(unit), draw)
        compared = {}
        for kind in kinds or KINDS:
            compared[kind] = _r2(means, _out_of_fold(KINDS[kind], unit, means, first), first)
            advance(1 / (len(kinds or KINDS) + 1))
        kind = max(compared, key=lambda name: compared[name])
        second = _folds(len(unit), draw + 1)
        quality = _quality(KINDS[kind], unit, means, second, compared, luck, draw)
        model = KINDS[kind](unit.shape[1]).fit(unit, means)
        advance(1 / (len(compared) + 1))
    return Surrogate(kind, quality, luck, len(unit), model)


def refits(
    surrogate: Surrogate, unit: numpy.ndarray, values: numpy.ndarray, *, count: int = REFITS, draw: int = DRAW,
    advance: Callable[[float], None] = lambda done: None,
) -> Iterator[Refit]:
    """Refits a surrogate to points drawn with replacement, each with seeds drawn with replacement, and a made-up assumption.

    What seeds have in common at all points moves every prediction: `Refit.shift` is that of seeds drawn once for all points.
    """
    generator = numpy.random.default_rng(draw)
    seeds = values.shape[1]
    level = numpy.nanmean(values)
    for _ in range(count):
        chosen = generator.integers(0, len(unit), len(unit))
        # Without seeds of its own a point drawn twice would seem to be without noise.
        drawn = numpy.take_along_axis(values[chosen], generator.integers(0, seeds, (len(unit), seeds)), axis=1)
        common = numpy.nanmean(values[:, generator.integers(0, seeds, seeds)]) - level
        idle = generator.random((len(unit), 1))
        known = numpy.isfinite(drawn).any(axis=1)
        points = numpy.hstack([unit[chosen], idle])[known]
        with _alone():
            model = _again(surrogate, points.shape[1]).fit(points, numpy.nanmean(drawn[known], axis=1))
        yield Refit(model, float(common) if math.isfinite(common) else 0.0)
        advance(1.0)


def around(base: numpy.ndarray, refitted: Sequence[numpy.ndarray]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives the limits of what a surrogate says from what its refits say: base +- 2 sqrt(variance + (mean - base)^2).

    The second term counts the bias that resampling shows; limits by quantiles alone hold the truth less often.
    """
    many = numpy.array(refitted)
    half = WIDE * numpy.sqrt(many.var(axis=0, ddof=1) + (many.mean(axis=0) - base) ** 2)
    return base - half, base + half


def luck_of(values: numpy.ndarray) -> Luck:
    """Splits the differences between points from the luck of seeds, which all points share: a two-way analysis of variance.

    values[point, seed] = point + seed + rest; error^2 = mean square of the rest / seeds. Under luck alone
    spread^2 / error^2 follows Fisher's F(points - 1, (points - 1) (seeds - 1)).
    """
    points, seeds = values.shape
    means = numpy.nanmean(values, axis=1)
    spread = float(means.std(ddof=1))
    if seeds < 2:
        return Luck(None, None, spread, seeds, None)
    common = numpy.nanmean(values - means[:, None], axis=0)
    rest = values - means[:, None] - common
    freedom = max(1, int(numpy.isfinite(values).sum()) - points - seeds + 1)
    counted = numpy.isfinite(values).sum(axis=1).mean()
    square = float(numpy.nansum(rest**2)) / freedom / counted
    error, level = math.sqrt(square), float(common.std(ddof=1) / math.sqrt(seeds))
    if square == 0:
        return Luck(error, level, spread, seeds, 0.0 if spread > 0 else 1.0)
    chance = float(require("scipy.stats", "explain").f.sf(spread**2 / square, points - 1, freedom))
    return Luck(error, level, spread, seeds, chance)


def allowed(unit: numpy.ndarray, switches: numpy.ndarray) -> numpy.ndarray:
    """Puts the switches of points of the unit cube [point, parameter] at the nearer of their two values."""
    return numpy.where(switches, (unit > 0.5).astype(float), unit)


def _process(size: int) -> Any:
    gaussian = require("sklearn.gaussian_process", "explain")
    kernels = require("sklearn.gaussian_process.kernels", "explain")
    smooth = kernels.Matern(numpy.ones(size), (0.05, 100.0), nu=2.5)
    kernel = kernels.ConstantKernel(1.0) * smooth + kernels.WhiteKernel(0.1, (1e-5, 2.0))
    return gaussian.GaussianProcessRegressor(
        kernel, optimizer=_search(STEPS), normalize_y=True, random_state=DRAW, n_restarts_optimizer=1
    )


def _polynomial(size: int) -> Any:
    steps = require("sklearn.preprocessing", "explain")
    linear = require("sklearn.linear_model", "explain")
    pipeline = require("sklearn.pipeline", "explain")
    # Terms in 2 u - 1 are nearly uncorrelated over a uniform space.
    middle = steps.FunctionTransformer(_about_the_middle)
    return pipeline.make_pipeline(
        middle, steps.PolynomialFeatures(3, include_bias=False), linear.LassoLarsCV(cv=FOLDS, max_iter=100)
    )


def _trees(size: int) -> Any:
    ensemble = require("sklearn.ensemble", "explain")
    return ensemble.GradientBoostingRegressor(n_estimators=150, learning_rate=0.08, max_depth=3, subsample=0.5, random_state=DRAW)


#: Kinds of surrogate that are compared, and what makes one for so many parameters.
KINDS: dict[str, Callable[[int], Any]] = {
    "Gaussian process": _process, "sparse cubic polynomial": _polynomial, "boosted trees": _trees,
}


def _about_the_middle(unit: numpy.ndarray) -> numpy.ndarray:
    return 2.0 * unit - 1.0


def _again(surrogate: Surrogate, size: int) -> Any:
    """Makes an unfitted surrogate of the same kind; a process starts from the scales found, with a long one for a new column."""
    model = KINDS[surrogate.kind](size)
    if not hasattr(surrogate.model, "kernel_"):
        return model
    found = surrogate.model.kernel_
    scales = numpy.append(numpy.atleast_1d(found.k1.k2.length_scale), [LONG] * (size - numpy.size(found.k1.k2.length_scale)))
    return model.set_params(
        kernel__k1__k1__constant_value=found.k1.k1.constant_value, kernel__k1__k2__length_scale=scales,
        kernel__k2__noise_level=found.k2.noise_level, optimizer=_search(FEWER_STEPS), n_restarts_optimizer=0,
    )


def _search(steps: int) -> Callable[..., tuple[numpy.ndarray, float]]:
    optimize = require("scipy.optimize", "explain")

    def search(objective: Callable[..., Any], start: numpy.ndarray, bounds: numpy.ndarray) -> tuple[numpy.ndarray, float]:
        found, value, _ = optimize.fmin_l_bfgs_b(objective, start, bounds=bounds, maxiter=steps)
        return found, value

    return search


def _predict(model: Any, unit: numpy.ndarray) -> numpy.ndarray:
    with _alone():
        return numpy.asarray(model.predict(unit))


def _folds(points: int, draw: int) -> list[numpy.ndarray]:
    return [numpy.sort(part) for part in numpy.array_split(numpy.random.default_rng(draw).permutation(points), FOLDS)]


def _out_of_fold(
    make: Callable[[int], Any], unit: numpy.ndarray, means: numpy.ndarray, folds: Sequence[numpy.ndarray]
) -> numpy.ndarray:
    predicted = numpy.empty(len(means))
    for fold in folds:
        others = numpy.setdiff1d(numpy.arange(len(means)), fold)
        predicted[fold] = make(unit.shape[1]).fit(unit[others], means[others]).predict(unit[fold])
    return predicted


def _squares(means: numpy.ndarray, predicted: numpy.ndarray, folds: Sequence[numpy.ndarray]) -> list[tuple[float, float]]:
    """Gives for each fold the sum of squares that is left, and that about the mean of the other points."""
    found = []
    for fold in folds:
        others = numpy.delete(means, fold)
        found.append((float(((means - predicted)[fold] ** 2).sum()), float(((means[fold] - others.mean()) ** 2).sum())))
    return found


def _r2(means: numpy.ndarray, predicted: numpy.ndarray, folds: Sequence[numpy.ndarray]) -> float:
    left, whole = numpy.sum(_squares(means, predicted, folds), axis=0)
    return float(1 - left / whole) if whole > 0 else 0.0


def _quality(
    make: Callable[[int], Any], unit: numpy.ndarray, means: numpy.ndarray, folds: Sequence[numpy.ndarray],
    compared: dict[str, float], luck: Luck, draw: int,
) -> Quality:
    predicted = _out_of_fold(make, unit, means, folds)
    squares = _squares(means, predicted, folds)
    by_fold = [1 - left / whole if whole > 0 else 0.0 for left, whole in squares]
    errors = [math.sqrt(left / len(fold)) for (left, _), fold in zip(squares, folds, strict=True)]
    r2 = _r2(means, predicted, folds)
    mean_square = float(((means - predicted) ** 2).mean())
    needed = (None, None) if r2 >= TRUSTED else _needed(make, unit, means, mean_square, luck, draw)
    spans = (min(by_fold), max(by_fold), math.sqrt(mean_square), min(errors), max(errors))
    return Quality(r2, *spans, compared, _beyond(mean_square, luck), *needed)


def _beyond(mean_square: float, luck: Luck) -> float | None:
    """Gives the share explained of what luck does not explain."""
    if luck.error is None or luck.spread <= luck.error:
        return None
    return min(1.0, 1 - (mean_square - luck.error**2) / (luck.spread**2 - luck.error**2))


def _needed(
    make: Callable[[int], Any], unit: numpy.ndarray, means: numpy.ndarray, mean_square: float, luck: Luck, draw: int
) -> tuple[int | None, int | None]:
    """Extrapolates how many points, or seeds at each, would bring the R2 to `TRUSTED`.

    The mean square beyond luck is taken to fall as a power of the points, by what it fell between half of them and all.
    """
    noise = 0.0 if luck.error is None else luck.error**2
    goal = (1 - TRUSTED) * luck.spread**2 - noise
    if luck.chance is not None and luck.chance >= SURE:
        return None, None
    if goal <= 0:
        # Half of what may be left is then luck, and half is left to the surrogate.
        part = (1 - TRUSTED) / 2
        return None, math.ceil(luck.seeds * noise * (1 - part) / (part * max(luck.spread**2 - noise, noise * 1e-6)))
    worse = float(numpy.mean([_mean_square_of_half(make, unit, means, draw + 2 + half) for half in range(HALVES)]))
    beyond, beyond_half = mean_square - noise, worse - noise
    if not beyond_half > beyond > 0:
        return None, None
    rate = min(2.0, math.log2(beyond_half / beyond))
    needed = len(means) * (beyond / goal) ** (1 / rate)
    # Farther out the extrapolation says nothing but "many".
    return (math.ceil(needed), None) if needed < 16 * len(means) else (None, None)


def _mean_square_of_half(make: Callable[[int], Any], unit: numpy.ndarray, means: numpy.ndarray, draw: int) -> float:
    """Gives the mean square out of sample where only half of the points are there to learn from."""
    half = numpy.random.default_rng(draw).permutation(len(means))[: len(means) // 2]
    return float(((means[half] - _out_of_fold(make, unit[half], means[half], _folds(len(half), draw))) ** 2).mean())


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    # One thread of linear algebra: the same bits on any machine's number of them. Searches that end early are meant to.
    with require("threadpoolctl", "explain").threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
