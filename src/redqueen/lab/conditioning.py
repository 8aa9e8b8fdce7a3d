"""Condition an ensemble on observations: members weigh by how likely what was observed is under them, and what is foreseen follows.

An observation j of a figure with true value z is y_j = z_j + e_j, and the truth departs from a member's value s_j by d_j, which the model
cannot follow: y = s + d + e, with d and e normal. d keeps for a while what it was: its covariance falls with the time between two figures. Source:
Kennedy and O'Hagan 2001, Journal of the Royal Statistical Society B 63 (discrepancy); Kish 1965 (effective sample size).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy

from redqueen.lab.intervals import LEVEL

__all__ = [
    "Blur", "Figure", "Foreseen", "Whitened", "covariance", "effective_size", "foresee", "normal_below", "normal_quantile", "probability", "resampled", "weights_of",
    "whiten", "wilson",
]


class Figure(NamedTuple):
    """Addresses what is observed or foreseen: a series by its position, and a year."""

    series: int
    year: float


class Blur(NamedTuple):
    """Says how far a series' figures may be off: standard deviations, in its working scale.

    `error` is that of one published figure, `discrepancy` that of the model, which keeps for about `memory` years what it was. A series that
    is measured since a year `base` is exact there, and shares the error of the figure of that year.
    """

    error: float
    discrepancy: float = 0.0
    memory: float = 1.0
    base: float | None = None


class Whitened(NamedTuple):
    """Holds how far members are from what was observed, in independent standard deviations, in the order observed.

    `residuals` [member, observation]; `root` is the Cholesky factor of the covariance. The first n columns are those of the first n
    observations alone.
    """

    residuals: numpy.ndarray
    root: numpy.ndarray

    def log_likelihood(self, count: int | None = None) -> numpy.ndarray:
        """Gives the log likelihood of the first `count` observations under each member, up to what all share: [member]."""
        return -0.5 * (self.residuals[:, :count] ** 2).sum(axis=1)


class Foreseen(NamedTuple):
    """Holds what each member foresees of a figure, given what was observed: mean [member], and the deviation around it that all share."""

    mean: numpy.ndarray
    deviation: float


def covariance(figures: Sequence[Figure], others: Sequence[Figure], blurs: Sequence[Blur], *, observed: bool) -> numpy.ndarray:
    """Gives the covariance of what members miss of figures and of others: [figure, other].

    Within a series: discrepancy^2 r(t, u) + error^2 where both are observed and the same + error^2 where they share the figure of a base year,
    with r(t, u) = exp(-|t - u| / memory), less what is known at a base b: r(t, u) - r(t, b) - r(b, u) + 1. Between series: zero.
    """
    found = numpy.zeros((len(figures), len(others)))
    for row, (series, year) in enumerate(figures):
        for column, (other, then) in enumerate(others):
            if series != other:
                continue
            blur = blurs[series]
            kept = math.exp(-abs(year - then) / blur.memory)
            if blur.base is not None:
                kept += 1 - math.exp(-abs(year - blur.base) / blur.memory) - math.exp(-abs(then - blur.base) / blur.memory)
            shared = blur.error**2 if blur.base is not None else 0.0
            own = blur.error**2 if observed and year == then else 0.0
            found[row, column] = blur.discrepancy**2 * kept + shared + own
    return found


def whiten(simulated: numpy.ndarray, observed: numpy.ndarray, figures: Sequence[Figure], blurs: Sequence[Blur]) -> Whitened:
    """Sets members beside what was observed: `simulated` [member, observation], `observed` [observation], both in working scales.

    A member without a value is infinitely far. Every figure needs an error above zero.
    """
    root = numpy.linalg.cholesky(covariance(figures, figures, blurs, observed=True)) if figures else numpy.zeros((0, 0))
    apart = observed - simulated
    missing = ~numpy.isfinite(apart).all(axis=1) if figures else numpy.zeros(len(simulated), dtype=bool)
    residuals = numpy.linalg.solve(root, numpy.where(missing[:, None], 0.0, apart).T).T if figures else apart
    residuals[missing] = numpy.inf
    return Whitened(residuals, root)


def foresee(simulated: numpy.ndarray, figure: Figure, seen: Whitened, figures: Sequence[Figure], blurs: Sequence[Blur], *, count: int | None = None, observed: bool = False) -> Foreseen:
    """Foresees a figure under each member [member], given its first `count` observations: what was missed so far is missed for a while.

    mean = s + k C^-1 (y - s), variance = c - k C^-1 k; `observed` adds the error with which it would be published.
    """
    count = len(figures) if count is None else count
    across = covariance(figures[:count], [figure], blurs, observed=False)[:, 0]
    share = numpy.linalg.solve(seen.root[:count, :count], across) if count else across
    own = float(covariance([figure], [figure], blurs, observed=observed)[0, 0])
    with numpy.errstate(invalid="ignore"):
        mean = simulated + seen.residuals[:, :count] @ share
    return Foreseen(mean, math.sqrt(max(0.0, own - float(share @ share))))


def probability(foreseen: Foreseen, target: float, *, at_least: bool = True) -> numpy.ndarray:
    """Gives each member's probability that the figure reaches a target: [member]; one that has no value does not reach it."""
    with numpy.errstate(invalid="ignore"):
        gap = (foreseen.mean - target) * (1.0 if at_least else -1.0)
    gap = numpy.where(numpy.isnan(gap), -numpy.inf, gap)
    if foreseen.deviation == 0.0:
        return (gap >= 0.0).astype(float)
    return normal_below(gap / foreseen.deviation)


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
    """Gives the positions of `count` members drawn in proportion to weights, by equal steps: the same ones every time (Kitagawa 1996)."""
    return numpy.minimum(numpy.searchsorted(numpy.cumsum(weights), (numpy.arange(count) + 0.5) / count), len(weights) - 1)


def wilson(share: float, size: float, level: float = LEVEL) -> tuple[float, float]:
    """Gives the interval of a probability known from `size` members (Wilson 1927): never empty, never beyond 0 and 1."""
    z = normal_quantile((1 + level) / 2)
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return max(0.0, middle - half), min(1.0, middle + half)


def normal_below(values: numpy.ndarray) -> numpy.ndarray:
    """Gives the chance that a standard normal number lies below each value."""
    return numpy.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in numpy.ravel(values)]).reshape(numpy.shape(values))


def normal_quantile(chance: float) -> float:
    """Gives the standard normal number below which a chance lies."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(chance)
