"""Intervals of paired differences, and what they show in words."""

from __future__ import annotations

import functools
import math
import sys
from typing import NamedTuple

import numpy
from numpy.typing import ArrayLike

#: Coverage of the interval, unless asked otherwise.
LEVEL = 0.95
#: With fewer pairs Student's t multiplies the standard error by more than 2.8, and one odd seed decides.
LEAST_SEEDS = 5

RAISES, LOWERS = "raises", "lowers"
NO_CLEAR_EFFECT = "no clear effect (interval spans zero)"
NO_DIFFERENCE = "no difference in any seed"
TOO_FEW_SEEDS = "too few seeds"
NOT_DEFINED = "not defined"


class Difference(NamedTuple):
    """Holds a mean paired difference, its interval (NaN with one pair) and the ratio of variances (NaN if undefined)."""

    mean: float
    low: float
    high: float
    variance_ratio: float


def paired_difference(policy: ArrayLike, reference: ArrayLike, level: float = LEVEL) -> Difference:
    """Estimates the mean of policy - reference over pairs, with Student's interval.

    mean +- t((1 + level) / 2, n - 1) s / sqrt(n), where s is the standard deviation of the n differences.
    The interval is NaN for fewer than two pairs; the ratio of variances where neither side varies.

    >>> found = paired_difference([3.0, 5.0, 4.0], [1.0, 4.0, 1.0])
    >>> found.mean, round(found.low, 2), round(found.high, 2)
    (2.0, -0.48, 4.48)
    """
    first, second = numpy.asarray(policy, dtype=float), numpy.asarray(reference, dtype=float)
    difference = first - second
    count = difference.size
    mean = float(difference.mean())
    if count < 2:
        return Difference(mean, math.nan, math.nan, math.nan)
    half = float(student_quantile((1 + level) / 2, count - 1) * difference.std(ddof=1) / math.sqrt(count))
    apart = float(first.var(ddof=1) + second.var(ddof=1))
    ratio = float(difference.var(ddof=1)) / apart if apart > 0 else math.nan
    return Difference(mean, mean - half, mean + half, ratio)


@functools.cache
def student_quantile(probability: float, freedom: int) -> float:
    """Gives the quantile of Student's t distribution at `probability` (1/2 or more) for a whole number of degrees of freedom.

    Halves an interval around the root of the finite series of Abramowitz and Stegun 26.7.3 and 26.7.4.

    >>> round(student_quantile(0.975, 19), 4)
    2.093
    """
    if not 0.5 <= probability < 1 or freedom < 1:
        raise ValueError(f"no quantile at {probability} with {freedom} degrees of freedom")
    low, high = 0.0, math.pi / 2
    # The angle atan(t / sqrt(freedom)) halves to the last bit in fewer steps than a double has bits.
    for _ in range(sys.float_info.mant_dig):
        middle = (low + high) / 2
        below = (1 + _student_two_sided(middle, freedom)) / 2 < probability
        low, high = (middle, high) if below else (low, middle)
    return math.sqrt(freedom) * math.tan(high)


def student_above(statistic: float, freedom: int) -> float:
    """Gives the chance that Student's t exceeds `statistic`, for a whole number of degrees of freedom; exact to 1e-15, not below.

    Abramowitz and Stegun 26.7.3 and 26.7.4; an infinite statistic has chance 0 or 1.
    """
    if freedom < 1 or math.isnan(statistic):
        raise ValueError(f"no chance of {statistic} with {freedom} degrees of freedom")
    beyond = max(0.0, 1.0 - _student_two_sided(math.atan(abs(statistic) / math.sqrt(freedom)), freedom)) / 2
    return beyond if statistic >= 0 else 1.0 - beyond


def verdict(low: float, high: float, seeds: int, *, identical: bool = False) -> str:
    """Says in words what an interval shows.

    >>> verdict(0.5, 3.5, seeds=20)
    'raises'
    """
    if identical:
        return NO_DIFFERENCE
    if seeds < LEAST_SEEDS or math.isnan(low):
        return TOO_FEW_SEEDS
    if low > 0:
        return RAISES
    return LOWERS if high < 0 else NO_CLEAR_EFFECT


def _student_two_sided(angle: float, freedom: int) -> float:
    """Gives the chance of |t| below sqrt(freedom) tan(angle)."""
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(2 + odd, freedom - 1, 2):
        term *= square * (step - 1) / step
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
