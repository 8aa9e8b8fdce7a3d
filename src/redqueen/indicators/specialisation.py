"""What a region is distinctively good at, and how sure that is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from redqueen.errors import require

__all__ = [
    "Interval",
    "as_presence",
    "as_sparse",
    "location_quotient",
    "presence",
    "rca_interval",
    "rca_per_head",
    "regional_share",
]

#: Fewer years than this do not tell noise from a trend.
LEAST_YEARS = 4
#: Years that are looked at: noise is what departs from a straight line over them.
MOST_YEARS = 7
# Rows at a time: what is made of them stays in the cache for the next step.
_BLOCK = 128
# Steps in which the two parts of the variance settle; a prior with more degrees of freedom than this is a constant.
_STEPS, _CERTAIN = 60, 1e4
# A residual below this part of what is expected is a coincidence of rounded counts: its logarithm must not rule the spread.
_LEAST_RATIO = 1e-2


class Interval(NamedTuple):
    """Holds the RCA of the last year and the ends of its interval, each [R, A]."""

    rca: np.ndarray
    low: np.ndarray
    high: np.ndarray


def location_quotient(values: np.ndarray) -> np.ndarray:
    """Compares an activity's share of each region with its share of all regions together.

    LQ[r, a] = (x[r, a] / sum_a x[r, a]) / (sum_r x[r, a] / sum x); above 1 the region is specialised in the activity.
    With exports by product it is revealed comparative advantage (RCA); with jobs or value added, the location quotient.
    `values` [regions, activities], not negative, any one unit -> [regions, activities], a ratio; NaN for a region with
    nothing and an activity that nobody does. Source: Balassa 1965 (balassa_1965).

    >>> location_quotient([[8, 2], [2, 8]]).tolist()
    [[1.6, 0.4], [0.4, 1.6]]
    """
    values = np.asarray(values, dtype=float)
    of_region, of_activity, of_all = values.sum(axis=1, keepdims=True), values.sum(axis=0), values.sum()
    result = np.empty(values.shape)
    for start in range(0, len(values), _BLOCK):
        rows = slice(start, start + _BLOCK)
        np.multiply(values[rows], of_all, out=result[rows])
        _divided(result[rows], of_region[rows] * of_activity)
    return result


def rca_per_head(values: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Compares an activity per head of each region with that of all regions together (RPOP).

    RPOP[r, a] = (x[r, a] / p[r]) / (sum_r x[r, a] / sum_r p[r]). Unlike the location quotient it may be above 1 in every
    activity: a rich region has much of all. `values` [R, A], not negative; `population` [R], people -> [R, A], a ratio; NaN
    for an activity that nobody does and a region without (known) people, who then count for none.
    Source: Hausmann et al. 2014 (hausmann_2014).
    """
    values, people = np.asarray(values, dtype=float), np.nan_to_num(np.asarray(population, dtype=float))[:, None]
    counted = np.where(people > 0, values, 0.0)
    return _divided(values * people.sum(), people * counted.sum(axis=0, keepdims=True))


def presence(rca: np.ndarray, threshold: float = 1.0) -> np.ndarray:
    """Says where an activity is present: M = RCA >= threshold, false where RCA is NaN. -> same shape, true or false.

    >>> presence([[1.6, 0.4], [0.4, 1.0]]).tolist()
    [[True, False], [False, True]]
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(rca, dtype=float) >= threshold


def as_presence(table: np.ndarray) -> np.ndarray:
    """Gives a table of regions and activities as true and false; a `ValueError` if it holds anything but these, 0 and 1."""
    found = np.asarray(table)
    if found.ndim != 2:
        raise ValueError(f"a table of regions and activities has two dimensions, not {found.ndim}")
    if found.dtype == bool:
        return found
    present = found == 1
    if not (present | (found == 0)).all():
        raise ValueError("presence is true or false: make it with presence(rca)")
    return present


def as_sparse(present: np.ndarray) -> Any:
    """Gives a table of true and false as scipy's compressed rows of ones."""
    sparse = require("scipy.sparse", "evidence")
    n_regions, n_activities = present.shape
    columns = (np.flatnonzero(present) % n_activities).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(present, axis=1))]).astype(np.int32)
    return sparse.csr_array((np.ones(len(columns)), columns, starts), shape=(n_regions, n_activities))


def rca_interval(values_by_year: np.ndarray, level: float = 0.95) -> Interval:
    """Estimates between which bounds a region's RCA of the last year lies, if the year had been an ordinary one.

    ln RCA of a cell departs from its straight line over the last 4 to 7 years with a variance s2 (d = years - 2 degrees of
    freedom). Across cells, variance is expected to be s0 = noise + scale / mean value: counts vary more where they are
    few. What one cell's few years say is shrunk towards it: v = (d s2 + d0 s0) / (d + d0), d0 from how much s2 / s0 varies
    between cells. The interval is RCA exp(-+ t sqrt(v)), t Student's quantile of d + d0 degrees of freedom. Where a year is
    zero, s2 is the variance of the value around its line over its squared mean; where the last is zero, the low end is 0 and
    the high end is the RCA of a value of t sqrt(v) times the mean, or of scale x ln(2 / (1 - level)) if that is more: at it
    a Poisson count would be zero that often.
    It covers noise from year to year, not errors that last. `values_by_year` [years, R, A], consecutive, the last of them
    measured -> three [R, A]; bounds are NaN with fewer than 4 years and in a cell that is zero in all of them.
    Source: shrinkage as in Smyth, G. K. (2004), Statistical Applications in Genetics and Molecular Biology 3(1).
    """
    values = np.asarray(values_by_year, dtype=float)[-MOST_YEARS:]
    years = len(values)
    rca = location_quotient(values[-1])
    mean = values.mean(axis=0)
    seen = (mean > 0) & ~np.isnan(rca)
    low, high = np.full(rca.shape, np.nan), np.full(rca.shape, np.nan)
    if years < LEAST_YEARS or not seen.any():
        return Interval(rca, low, high)
    special = require("scipy.special", "evidence")

    variance = _variance_around_line(values)[seen]
    freedom = years - 2
    noise, scale = _expected_variance(variance, mean[seen])
    expected = noise + scale / mean[seen]
    if not expected.any():
        # Nothing ever departs from its line: the last year is known.
        low[seen], high[seen] = rca[seen], rca[seen]
        return Interval(rca, low, high)
    shift, prior = _prior_freedom(variance / expected, freedom, special)
    # The other cells together cannot say more than they have degrees of freedom.
    prior = min(prior, (len(variance) - 1) * freedom)
    shrunk = (freedom * variance + prior * shift * expected) / (freedom + prior)
    tail = (1 - level) / 2
    reach = special.stdtrit(freedom + prior, 1 - tail) * np.sqrt(shrunk)
    last = values[-1]
    # What one unit of value would be as RCA, in a region and an activity as large as they are.
    per_unit = _divided(np.full(last.shape, last.sum()), last.sum(axis=1, keepdims=True) * last.sum(axis=0, keepdims=True))
    of_zero = per_unit[seen] * np.maximum(scale * np.log(1 / tail), reach * mean[seen])
    low[seen] = rca[seen] * np.exp(-reach)
    high[seen] = np.where(last[seen] > 0, rca[seen] * np.exp(reach), of_zero)
    return Interval(rca, low, high)


def regional_share(values: np.ndarray) -> np.ndarray:
    """Gives each region's part of an activity's total over regions.

    share[r, a] = x[r, a] / sum_r x[r, a]. `values` [regions, ...], any one unit -> same shape, a share of 1; NaN where
    the total is zero.

    >>> regional_share([[3, 1], [1, 1]]).tolist()
    [[0.75, 0.5], [0.25, 0.5]]
    """
    values = np.asarray(values, dtype=float)
    return _divided(values.copy(), values.sum(axis=0, keepdims=True))


def _variance_around_line(values: np.ndarray) -> np.ndarray:
    """Estimates the variance of ln RCA, or of the relative value where a year is zero, around a straight line. -> [R, A]"""
    years = np.arange(len(values)) - (len(values) - 1) / 2
    above = values.min(axis=0) > 0
    mean = values.mean(axis=0)
    relative = np.divide(values, mean, out=np.zeros(values.shape), where=mean > 0)
    for year, table in enumerate(values):
        rca = location_quotient(table)
        relative[year, above] = np.log(rca[above])
    left = relative - relative.mean(axis=0)
    left -= np.multiply.outer(years, np.tensordot(years, left, axes=1) / (years @ years))
    return (left**2).sum(axis=0) / (len(values) - 2)


def _expected_variance(variance: np.ndarray, mean: np.ndarray) -> tuple[float, float]:
    """Fits variance = noise + scale / mean, neither below zero, to the likeliest if every variance is a scaled chi-square."""
    inverse = 1 / mean
    noise, scale = float(variance.mean()) / 2, float(variance.mean()) / 2 / float(inverse.mean())
    for _ in range(_STEPS):
        expected = noise + scale * inverse
        if not (expected > 0).all():
            break
        # Multiplying by the ratio of the two sides of the likelihood's slope keeps both parts above zero.
        misfit, weight = variance / expected**2, 1 / expected
        noise *= float(np.sqrt(misfit.sum() / weight.sum()))
        scale *= float(np.sqrt((misfit * inverse).sum() / (weight * inverse).sum()))
    return noise, scale


def _prior_freedom(ratio: np.ndarray, freedom: int, special: Any) -> tuple[float, float]:
    """Gives the level and the degrees of freedom of the prior from how much the cells' variance over the expected varies.

    var(ln ratio) = trigamma(d / 2) + trigamma(d0 / 2), and its mean gives the level.
    """
    logs = np.log(np.maximum(ratio, _LEAST_RATIO))
    beyond = float(logs.var()) - float(special.polygamma(1, freedom / 2))
    prior = _CERTAIN
    if beyond > 0:
        low, high = np.log(1e-3), np.log(_CERTAIN)
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if special.polygamma(1, np.exp(middle) / 2) > beyond else (low, middle)
        prior = float(np.exp(high))
    expected_log = special.digamma(freedom / 2) - np.log(freedom / 2) - special.digamma(prior / 2) + np.log(prior / 2)
    return float(np.exp(logs.mean() - expected_log)), prior


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divides in place; NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(above, below, out=above)
    if not np.all(below):
        above[np.broadcast_to(below == 0, above.shape)] = np.nan
    return above
