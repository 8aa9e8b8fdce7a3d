"""How close activities are to each other, and each region to each activity.

An activity related to itself counts or not: `diagonal="one"` counts it (ecomplexity, the Atlas of Economic Complexity),
`diagonal="zero"` does not (econcomplex, EconGeo). The second is the one to explain entry and exit with: otherwise an
activity that is present raises its own relatedness.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from redqueen.errors import Refused
from redqueen.indicators.specialisation import as_presence, as_sparse

__all__ = ["Diagonal", "Relatedness", "proximity", "relatedness", "relatedness_density"]

#: Says whether an activity counts as related to itself.
Diagonal = Literal["one", "zero"]

# Rows multiplied at a time: what is made of them stays in the cache for the next step.
_BLOCK = 128
# Where less than this part of a row is filled, adding what is present is faster than multiplying all.
_SPARSE = 0.2
# A sum of proximities is at least one over the number of regions, or it is rounding.
_NOTHING = 1e-9


class Relatedness(NamedTuple):
    """Holds the proximity of activities [A, A] and the relatedness density of regions to activities [R, A]."""

    proximity: np.ndarray
    density: np.ndarray


def relatedness(presence: np.ndarray, *, diagonal: Diagonal = "one") -> Relatedness:
    """Gives `proximity` and `relatedness_density` of a table together, by whichever way is faster for its shape."""
    present = as_presence(presence)
    between = proximity(present, diagonal=diagonal)
    if _is_wide(present):
        return Relatedness(between, _density_without_proximity(present, diagonal))
    return Relatedness(between, relatedness_density(present, between))


def proximity(presence: np.ndarray, *, diagonal: Diagonal = "one") -> np.ndarray:
    """Gives how often two activities are found in the same region: the lesser of both conditional probabilities.

    phi[a, b] = min(P(a | b), P(b | a)) = n[a, b] / max(u[a], u[b]), where n[a, b] regions have both and u[a] have a.
    `presence` [R, A], true or false -> [A, A], symmetric, 0 to 1; phi[a, a] is 1 with `diagonal="one"`, else 0. An activity
    that no region has is at 0 from all, itself included. Source: Hidalgo et al. 2007 (hidalgo_2007).

    >>> proximity([[1, 1, 0], [1, 0, 1]]).tolist()
    [[1.0, 0.5, 0.5], [0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]
    """
    counts_self = _counts_itself(diagonal)
    present = as_presence(presence)
    n_activities = present.shape[1]
    # Where neither is found the count is 0 too, and 0 / 1 is what is meant.
    divisor = np.maximum(present.sum(axis=0, dtype=float), 1.0)
    # Counts below 2^24 are exact in single precision, which multiplies twice as fast.
    numbers: np.ndarray = present.astype(np.float32 if len(present) < 1 << 24 else np.float64)
    by_activity = numbers.T
    result = np.empty((n_activities, n_activities))
    for start in range(0, n_activities, _BLOCK):
        end = min(start + _BLOCK, n_activities)
        upper = result[start:end, start:]
        both = by_activity[start:end] @ numbers[:, start:]
        np.maximum(divisor[start:end, None], divisor[start:], out=upper)
        np.divide(both, upper, out=upper)
        result[end:, start:end] = upper[:, end - start :].T
    if not counts_self:
        np.fill_diagonal(result, 0.0)
    return result


def relatedness_density(
    presence: np.ndarray, proximity: np.ndarray | None = None, *, diagonal: Diagonal | None = None
) -> np.ndarray:
    """Gives the part of an activity's related activities that a region has, weighted by how related they are.

    density[r, a] = sum_b M[r, b] phi[b, a] / sum_b phi[b, a]. `presence` M [R, A], true or false; `proximity` phi [A, A],
    by default that of `presence` -> [R, A], a share of 1; NaN for an activity that is related to none.
    `diagonal` "one" counts phi[a, a] as 1 (0 if no region has a), "zero" as 0, whatever `proximity` says there; without it
    the diagonal counts as it is given ("one" without `proximity`). With "one" density is higher by up to
    M[r, a] / sum_b phi[b, a] than with "zero". Source: Hidalgo et al. 2007 (hidalgo_2007).
    """
    present = as_presence(presence)
    if proximity is None:
        if _is_wide(present):
            return _density_without_proximity(present, diagonal or "one")
        return relatedness(present, diagonal=diagonal or "one").density
    between = np.asarray(proximity, dtype=float)
    if between.shape != (present.shape[1],) * 2:
        raise ValueError(f"proximity of {between.shape} does not fit {present.shape[1]} activities")
    if diagonal is not None:
        between = between.copy()
        np.fill_diagonal(between, present.any(axis=0) if _counts_itself(diagonal) else 0.0)
    related = between.sum(axis=0)
    return _divided(_sums_over_present(present, between), related)


def _sums_over_present(present: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Gives M times phi, by adding what is present in the rows where that is little. -> [R, A]"""
    is_long = np.count_nonzero(present, axis=1) >= _SPARSE * present.shape[1]
    try:
        short = as_sparse(present[~is_long])
    except Refused:
        # Without scipy it only takes longer.
        is_long[:] = True
    result = np.empty(present.shape)
    rows = np.flatnonzero(~is_long)
    for start in range(0, len(rows), _BLOCK):
        result[rows[start : start + _BLOCK]] = short[start : start + _BLOCK] @ between
    rows = np.flatnonzero(is_long)
    for start in range(0, len(rows), _BLOCK):
        some = rows[start : start + _BLOCK]
        result[some] = present[some].astype(float) @ between
    return result


def _divided(sums: np.ndarray, related: np.ndarray) -> np.ndarray:
    """Divides in place; NaN where nothing is related, and never above 1 by rounding."""
    sums /= np.where(related > 0, related, np.nan)
    return np.minimum(sums, 1.0, out=sums)


def _density_without_proximity(present: np.ndarray, diagonal: Diagonal) -> np.ndarray:
    """Gives the density of a table with many more activities than regions, in R^2 A steps instead of R A^2.

    With K_v = M_v M_v', over activities found in v regions, the sum over b of M[r, b] n[a, b] / max(u[a], u[b]) is
    row r of (sum_{v <= u} K_v / u + sum_{v > u} K_v / v) M[:, a] for an activity found in u regions.
    """
    counts_self = _counts_itself(diagonal)
    numbers = present.astype(float)
    ubiquity = present.sum(axis=0)
    order = np.argsort(ubiquity, kind="stable")
    levels, starts = np.unique(ubiquity[order], return_index=True)
    groups = [(float(level), group) for level, group in zip(levels, np.split(order, starts[1:]), strict=True) if level]

    # A last row sums over all activities, whoever has them: the density's denominator.
    width = len(present) + 1
    at_most, above = np.zeros((width, len(present))), np.zeros((width, len(present)))
    for level, group in groups:
        above += _shared(numbers[:, group]) / level
    result = np.full(present.shape, np.nan)
    for level, group in groups:
        having = numbers[:, group]
        shared = _shared(having)
        at_most += shared
        above -= shared / level
        sums = (at_most / level + above) @ having
        if not counts_self:
            # What a region's own activity adds, and to the sum of proximities: phi[a, a] = 1.
            sums[:-1] -= having
            sums[-1] -= 1.0
        # Adding and taking off leaves rounding where there is nothing.
        sums[sums < _NOTHING] = 0.0
        result[:, group] = _divided(sums[:-1], sums[-1])
    return result


def _shared(having: np.ndarray) -> np.ndarray:
    """Gives how many of some activities two regions have both, and below how many each has in all."""
    return np.vstack([having, np.ones(having.shape[1])]) @ having.T


def _is_wide(present: np.ndarray) -> bool:
    return present.shape[1] > 2 * present.shape[0]


def _counts_itself(diagonal: str) -> bool:
    if diagonal not in ("one", "zero"):
        raise ValueError(f"diagonal is 'one' or 'zero', not {diagonal!r}")
    return diagonal == "one"
