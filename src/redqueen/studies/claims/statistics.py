"""Estimate a contrast from its sample of seeds: interval, chance, what it says of its direction; Holm's correction and power."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy

from redqueen.lab.intervals import LEVEL, student_above, student_quantile
from redqueen.studies.claims.declared import DOWN, NOT_DOWN, NOT_UP, OF_LEVEL, Contrast

HOLDS, AGAINST, UNDECIDED = "holds", "against", "undecided"
#: Chance of a false discovery anywhere in the register, and of finding an effect of interest that is there.
ALPHA, POWER = 0.05, 0.8

# Nodes of the integral over the estimated spread: more change nothing in the eighth place.
_NODES, _FARTHEST = 801, 12.0
_MOST_SEEDS = 100_000


class Estimate(NamedTuple):
    """Holds a contrast as estimated over seeds, in `unit`: mean, its 95 % interval, p and state (holds, against, undecided).

    `p` is one-sided, for the direction, against the edge (see `edge_of`). Numbers are None where the statistic is not
    defined; `reason` says why. `spread` is the standard deviation over seeds, of 100 x the log ratio where the unit is %.
    """

    effect: float | None
    low: float | None
    high: float | None
    unit: str
    seeds: int
    p: float | None
    state: str
    spread: float | None = None
    reason: str | None = None


def estimate(
    values: Sequence[float] | numpy.ndarray, contrast: Contrast, unit: str, *, logs: bool = False, places: int = 1
) -> Estimate:
    """Estimates a contrast from one value a seed; `logs` says that they are 100 x log ratios, shown as %.

    mean +- t(0.975, n - 1) s / sqrt(n), with the limits put on the scale shown. Where a claim is judged in several places the
    state is that of an interval of coverage 1 - 0.05 / places (Bonferroni), so that chance in one of many decides nothing.
    """
    values = numpy.asarray(values, dtype=float)
    count = values.size
    if count == 0 or not numpy.isfinite(values).all():
        return undefined(unit, count, "not a finite number in every seed")
    mean = float(values.mean())
    if count < 2:
        return Estimate(shown(mean, logs), None, None, unit, count, None, UNDECIDED, None, "one seed has no interval")
    spread = float(values.std(ddof=1))
    half, joint = (
        student_quantile(1 - (1 - LEVEL) / (2 * several), count - 1) * spread / math.sqrt(count) for several in (1, places)
    )
    effect, low, high = (shown(value, logs) for value in (mean, mean - half, mean + half))
    judged_mean, judged_low, judged_high = (shown(value, logs) for value in (mean, mean - joint, mean + joint))
    p = chance(mean, spread, count, contrast, logs=logs)
    return Estimate(effect, low, high, unit, count, p, state(judged_mean, judged_low, judged_high, contrast), spread)


def undefined(unit: str, seeds: int, reason: str) -> Estimate:
    """Gives what is known of a statistic that is not defined."""
    return Estimate(None, None, None, unit, seeds, None, UNDECIDED, None, reason)


def shown(value: float, logs: bool) -> float:
    """Puts a value on the scale shown: 100 x a log ratio becomes %."""
    return 100.0 * math.expm1(value / 100.0) if logs else value


def hidden(value: float, logs: bool) -> float:
    """Puts a shown value on the scale on which it is estimated; what is lower than a ratio can be is minus infinity."""
    if not logs:
        return value
    return 100.0 * math.log1p(value / 100.0) if value > -100.0 else -math.inf


def edge_of(contrast: Contrast) -> float:
    """Gives the value that the contrast must be beyond: 0 for an effect, the threshold for a level, minus the margin for not_down.
    """
    if contrast.kind in OF_LEVEL:
        return contrast.threshold
    return {NOT_DOWN: -contrast.threshold, NOT_UP: contrast.threshold}.get(contrast.direction, 0.0)


def sign_of(contrast: Contrast) -> float:
    """Gives 1 where the claim is about what is above, -1 where it is about what is below."""
    return -1.0 if contrast.direction in (DOWN, NOT_UP) else 1.0


def chance(mean: float, spread: float, count: int, contrast: Contrast, *, logs: bool = False) -> float:
    """Gives the one-sided chance of a mean as far beyond the edge in the contrast's direction if the truth is at the edge."""
    beyond = sign_of(contrast) * (mean - hidden(edge_of(contrast), logs))
    if spread == 0.0:
        return 0.0 if beyond > 0 else 1.0
    return student_above(beyond * math.sqrt(count) / spread, count - 1)


def state(mean: float, low: float, high: float, contrast: Contrast) -> str:
    """Says whether an effect with this interval holds, speaks against the claim or leaves it undecided.

    It holds if the whole interval lies beyond the edge in the claim's direction and, for up and down, the mean is at least the
    threshold. It is against if the whole interval lies beyond the edge on the other side, or (up and down) inside
    (-threshold, threshold), which excludes an effect of interest.
    """
    sign, edge = sign_of(contrast), edge_of(contrast)
    near, far = sorted((sign * (low - edge), sign * (high - edge)))
    interest = contrast.threshold if contrast.kind not in OF_LEVEL and contrast.direction not in (NOT_DOWN, NOT_UP) else None
    if near > 0 and (interest is None or sign * mean >= interest):
        return HOLDS
    too_small = interest is not None and -interest < min(low, high) and max(low, high) < interest
    return AGAINST if far < 0 or too_small else UNDECIDED


def holm(chances: Mapping[str, float | None], size: int) -> dict[str, float]:
    """Corrects p values for a register of `size` claims (Holm 1979): in rising order, the largest so far of (size - rank) p.

    Claims that were not run or have no p count as p = 1, so that running a part of the register never makes a claim surer.
    """
    known = sorted((p, name) for name, p in chances.items() if p is not None)
    corrected = dict.fromkeys(chances, 1.0)
    largest = 0.0
    for rank, (p, name) in enumerate(known):
        largest = max(largest, min(1.0, (size - rank) * p))
        corrected[name] = largest
    return corrected


class Power(NamedTuple):
    """Holds what a claim's seeds can show: the smallest effect found in four runs of five, and the seeds that the threshold needs.
    """

    smallest: float
    seeds_needed: int | None


def power_of(spread: float, threshold: float, seeds: int, claims: int, *, logs: bool = False) -> Power:
    """Gives the smallest effect found with 80 % power by a one-sided test at 0.05 over the number of claims, and the seeds needed.

    `spread` is on the scale of estimation, `threshold` and the result on the scale shown. The level is Holm's first step, the
    hardest. `seeds_needed` is None for a threshold of zero.
    """
    level = ALPHA / claims
    smallest = shown(spread * _standard_effect(seeds, level), logs)
    wanted = abs(hidden(threshold, logs))
    return Power(smallest, _seeds_needed(wanted / spread, level) if wanted > 0 and spread > 0 else (2 if wanted > 0 else None))


def power(effect: float, seeds: int, level: float) -> float:
    """Gives the chance that a one-sided t test at `level` finds an effect of so many standard deviations: noncentral t.

    P(T > c) = integral of Phi(d sqrt(n) - c s) over the density of s = sqrt(chi2 / (n - 1)).
    """
    freedom = seeds - 1
    limit = student_quantile(1 - level, freedom)
    s, weights = _spreads(freedom)
    inside = (effect * math.sqrt(seeds) - limit * s) / math.sqrt(2.0)
    return float(sum(weight * 0.5 * (1.0 + math.erf(value)) for weight, value in zip(weights, inside, strict=True)))


@functools.cache
def _spreads(freedom: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives nodes and weights of an integral over the estimated spread as a multiple of the true one."""
    width = _FARTHEST / math.sqrt(2.0 * freedom)
    # Cubes lie close together near zero, where few degrees of freedom need them.
    root = numpy.linspace(max(1e-6, 1.0 - width) ** (1 / 3), (1.0 + width) ** (1 / 3), _NODES)
    s = root**3
    half = freedom / 2.0
    density = numpy.exp(math.log(2.0) + half * math.log(half) - math.lgamma(half) + (freedom - 1) * numpy.log(s) - half * s * s)
    weights = density * 3.0 * root**2
    weights[[0, -1]] /= 2
    return s, weights / weights.sum()


@functools.cache
def _standard_effect(seeds: int, level: float) -> float:
    """Finds the effect, in standard deviations, that is found with the wanted power."""
    low, high = 0.0, 1.0
    while power(high, seeds, level) < POWER:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle, seeds, level) < POWER else (low, middle)
    return high


def _seeds_needed(effect: float, level: float) -> int:
    low, high = 1, 2
    while high < _MOST_SEEDS and power(effect, high, level) < POWER:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if power(effect, middle, level) < POWER else (low, middle)
    return high
