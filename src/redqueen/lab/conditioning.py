"""Condition an ensemble on observations: members weigh by how likely what was observed is under them, and what is foreseen follows.

A figure with true value z is published as y = z + e, and the truth departs from a member's value s by d, which the model cannot
follow: y = s + d + e, with d and e normal. d keeps for a while what it was: its covariance falls with the time between two figures.
Source: Kennedy and O'Hagan 2001, Journal of the Royal Statistical Society B 63.

A hundred members are too few to find one like the truth in dozens of figures: weights alone would rest on the nearest, and be sure
of what is chance. So each member stands for what is near it: a normal kernel whose covariance is a share h^2 of the members' own,
around its value drawn towards their mean by sqrt(1 - h^2), so that mean and covariance stay. h near 0 is a particle filter, h near
1 an ensemble Kalman smoother. Sources: Stordal et al. 2011, Computational Geosciences 15 (between the two filters); Liu and West
2001 (drawing in); Schaefer and Strimmer 2005, Statistical Applications in Genetics 4 (shrinking a covariance).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy

from redqueen.errors import require
from redqueen.lab.intervals import LEVEL

__all__ = [
    "FARTHEST",
    "Blur",
    "Figure",
    "Kernel",
    "Prepared",
    "Step",
    "condition",
    "covariance",
    "drawn_in",
    "effective_size",
    "normal_below",
    "prepare",
    "probability",
    "quantiles_of",
    "resampled",
    "weights_of",
    "wilson",
]

#: Robust standard deviations beyond which a member is drawn in.
FARTHEST = 4.0


class Figure(NamedTuple):
    """Addresses what is observed or foreseen: a series by its position, and a year."""

    series: int
    year: float


class Blur(NamedTuple):
    """Says how far a series' figures may be off: standard deviations, in its working scale.

    `error` is that of one published figure, `discrepancy` that of the model, which keeps for about `memory` years what it was. A
    series that is measured since a year `base` is exact there, and shares the error of the figure of that year.
    """

    error: float
    discrepancy: float = 0.0
    memory: float = 1.0
    base: float | None = None


class Kernel(NamedTuple):
    """Says for how much around it a member stands: `width` h, and the share by which covariances between figures are shrunk to
    none.
    """

    width: float = 0.0
    shrinkage: float = 0.0


@dataclass(frozen=True)
class Prepared:
    """Holds members as they stand for what is near them: `positions` [member, figure] and the `covariance` [figure, figure] around
    each.

    The first `observed` figures are published, with errors; the others are foreseen, without. `log_weights` [member].
    """

    positions: numpy.ndarray
    covariance: numpy.ndarray
    log_weights: numpy.ndarray
    observed: int


class Step(NamedTuple):
    """Holds what is believed after some figures: `weights` [truth, member], and of each figure foreseen the member's `mean` [truth,
    member, figure] and the `deviation` [figure] around it. `evidence` [truth] is the log density of what was observed.
    """

    weights: numpy.ndarray
    mean: numpy.ndarray
    deviation: numpy.ndarray
    evidence: numpy.ndarray


def covariance(figures: Sequence[Figure], others: Sequence[Figure], blurs: Sequence[Blur], *, observed: bool) -> numpy.ndarray:
    """Gives the covariance of what members miss of figures and of others: [figure, other].

    Within a series: discrepancy^2 r(t, u) + error^2 where both are observed and the same + error^2 where they share the figure of a
    base year, with r(t, u) = exp(-|t - u| / memory), less what is known at a base b: r(t, u) - r(t, b) - r(b, u) + 1. Between
    series: zero.
    """
    found = numpy.zeros((len(figures), len(others)))
    for row, (series, year) in enumerate(figures):
        for column, (other, then) in enumerate(others):
            if series != other:
                continue
            blur = blurs[series]
            kept = math.exp(-abs(year - then) / blur.memory)
            if blur.base is not None:
                kept += 1 - (math.exp(-abs(year - blur.base) / blur.memory) + math.exp(-abs(then - blur.base) / blur.memory))
            shared = blur.error**2 if blur.base is not None else 0.0
            own = blur.error**2 if observed and year == then else 0.0
            found[row, column] = blur.discrepancy**2 * kept + shared + own
    return found


def prepare(
    simulated: numpy.ndarray,
    log_weights: numpy.ndarray,
    figures: Sequence[Figure],
    observed: int,
    blurs: Sequence[Blur],
    kernel: Kernel = Kernel(),
) -> Prepared:
    """Makes members ready to be conditioned: `simulated` [member, figure] in working scales, `log_weights` [member], the first
    figures `observed`.

    Members whose weight is nothing are left out. Values farther from the median than any normal member would be are drawn in to
    there, so that a collapse, whose logarithm may be minus infinity, stays the worst of all, and does not widen all others.
    """
    there = numpy.isfinite(log_weights)
    values, log_weights = drawn_in(simulated[there]), log_weights[there]
    weights = weights_of(log_weights)
    apart = values - weights @ values
    spread = (apart * weights[:, None]).T @ apart / max(1.0 - float((weights**2).sum()), 1e-12)
    # A figure that is observed and foreseen is one figure, and stays so.
    same = numpy.array([[one == other for other in figures] for one in figures])
    spread = numpy.where(same, spread, (1 - kernel.shrinkage) * spread)
    around = covariance(figures, figures, blurs, observed=False)
    around[:observed, :observed] = covariance(figures[:observed], figures[:observed], blurs, observed=True)
    positions = values - apart + math.sqrt(1 - kernel.width**2) * apart
    return Prepared(positions, around + kernel.width**2 * spread, log_weights, observed)


def condition(prepared: Prepared, observed: numpy.ndarray, counts: Sequence[int]) -> Iterator[Step]:
    """Yields what is believed after the first `counts` figures of each truth [truth, figure], in rising order.

    Of member m after figures y: weight ~ prior density(y | s_m, C), mean = s + K (y - s), variance = c - K k', with K = k C^-1.
    """
    n = prepared.observed
    root = numpy.linalg.cholesky(prepared.covariance[:n, :n]) if n else numpy.zeros((0, 0))
    shares = numpy.linalg.solve(root, prepared.covariance[:n, n:]) if n else numpy.zeros((0, prepared.covariance.shape[1]))
    theirs = numpy.linalg.solve(root, prepared.positions[:, :n].T).T if n else prepared.positions[:, :0]
    truths = numpy.linalg.solve(root, observed.T).T if n else observed
    log_weights = numpy.tile(prepared.log_weights, (len(observed), 1))
    prior = _log_sum(log_weights)
    mean = numpy.repeat(prepared.positions[None, :, n:], len(observed), axis=0)
    own, done = numpy.diag(prepared.covariance[n:, n:]).copy(), 0
    for count in counts:
        for place in range(done, count):
            apart = truths[:, None, place] - theirs[None, :, place]
            log_weights = log_weights - 0.5 * apart**2 - 0.5 * math.log(2 * math.pi) - math.log(root[place, place])
            mean = mean + apart[:, :, None] * shares[place]
            own -= shares[place] ** 2
        done = max(done, count)
        yield Step(weights_of(log_weights), mean, numpy.sqrt(numpy.maximum(own, 0.0)), _log_sum(log_weights) - prior)


def probability(mean: numpy.ndarray, deviation: float, target: float, *, at_least: bool = True) -> numpy.ndarray:
    """Gives the probability that a normal figure reaches a target, for each mean; or that it does not pass it."""
    gap = (mean - target) * (1.0 if at_least else -1.0)
    return (gap >= 0.0).astype(float) if deviation == 0.0 else normal_below(gap / deviation)


def weights_of(log_weights: numpy.ndarray) -> numpy.ndarray:
    """Gives weights that sum to one along the last axis; equal ones where nothing is likely at all."""
    highest = log_weights.max(axis=-1, keepdims=True)
    with numpy.errstate(invalid="ignore"):
        weights = numpy.where(numpy.isfinite(highest), numpy.exp(log_weights - highest), 1.0)
    return weights / weights.sum(axis=-1, keepdims=True)


def effective_size(weights: numpy.ndarray) -> numpy.ndarray:
    """Gives how many equally weighted members are as good, 1 / sum of squares (Kish 1965), along the last axis."""
    return 1.0 / (weights**2).sum(axis=-1)


def resampled(weights: numpy.ndarray, count: int) -> numpy.ndarray:
    """Gives the positions of `count` members drawn in proportion to weights, by equal steps: the same ones every time (Kitagawa
    1996).
    """
    return numpy.minimum(numpy.searchsorted(numpy.cumsum(weights), (numpy.arange(count) + 0.5) / count), len(weights) - 1)


def wilson(share: float, size: float, level: float = LEVEL) -> tuple[float, float]:
    """Gives the interval of a probability known from `size` members (Wilson 1927): never empty, never beyond 0 and 1."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return max(0.0, middle - half), min(1.0, middle + half)


def quantiles_of(means: numpy.ndarray, deviation: float, weights: numpy.ndarray, chances: Sequence[float]) -> numpy.ndarray:
    """Gives quantiles of a mixture of normal distributions of one deviation, by halving: [chance]."""
    low = numpy.full(len(chances), means.min() - 9 * deviation - 1e-9)
    high = numpy.full(len(chances), means.max() + 9 * deviation + 1e-9)
    for _ in range(60):
        middle = (low + high) / 2
        below = (weights * probability(means[None, :], deviation, middle[:, None], at_least=False)).sum(axis=1) < chances
        low, high = numpy.where(below, middle, low), numpy.where(below, high, middle)
    return (low + high) / 2


def normal_below(values: numpy.ndarray) -> numpy.ndarray:
    """Gives the chance that a standard normal number lies below each value."""
    return require("scipy.special", "monitor").ndtr(values)


def drawn_in(values: numpy.ndarray) -> numpy.ndarray:
    """Draws values [member, ...] in to `FARTHEST` robust standard deviations from the median of members.

    1.4826 times the median distance (Hampel 1974), or the standard deviation where most members are equal; of what is finite. What
    is not is the least of all.
    """
    finite = numpy.where(numpy.isfinite(values), values, numpy.nan)
    with warnings.catch_warnings():
        # Where no member has a value, zero is as good as any.
        warnings.simplefilter("ignore", RuntimeWarning)
        middle = numpy.nan_to_num(numpy.nanmedian(finite, axis=0))
        spread = 1.4826 * numpy.nan_to_num(numpy.nanmedian(numpy.abs(finite - middle), axis=0))
        spread = numpy.where(spread > 0, spread, numpy.nan_to_num(numpy.nanstd(finite, axis=0)))
    least = numpy.where(spread > 0, middle - FARTHEST * spread, middle - math.log(2))
    return numpy.clip(numpy.where(numpy.isfinite(values), values, -numpy.inf), least, middle + FARTHEST * spread)


def _log_sum(log_weights: numpy.ndarray) -> numpy.ndarray:
    highest = log_weights.max(axis=-1)
    return highest + numpy.log(numpy.exp(log_weights - highest[..., None]).sum(axis=-1))
