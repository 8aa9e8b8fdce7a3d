"""How rare and how combined the capabilities are that a region has and an activity asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from redqueen.errors import require
from redqueen.indicators.specialisation import as_presence, as_sparse

__all__ = [
    "Complexity",
    "Fitness",
    "complexity_outlook",
    "economic_complexity",
    "fitness_complexity",
    "opportunity_gain",
]

# A vector is known to about rounding over the gap between its eigenvalue and the next: 1e-16 / 1e-7.
_LEAST_GAP = 1e-7
# Correlations below this are rounding: they give no sign.
_NO_CORRELATION = 1e-6
# Up to this side all eigenvectors are found faster than two of them are sought.
_DENSE_SIDE = 256
# Fitness that falls as (steps)^-exponent goes to zero; Pugliese et al. tell the two kinds of regions apart by the exponent.
_VANISHING_EXPONENT = 0.1
# Below this a fitness is zero for every use, and a little further down its inverse overflows.
_LEAST_FITNESS = 1e-200


@dataclass(frozen=True, eq=False)
class Complexity:
    """Holds the economic complexity of regions, `eci` [R], and of activities, `pci` [A]: standard deviations from the mean.

    NaN for those outside the part of the table that was measured. `parts` counts the parts that share neither regions nor
    activities; `reason` says why all are NaN, and is empty otherwise.
    """

    eci: np.ndarray
    pci: np.ndarray
    parts: int
    reason: str = ""


#: The second and third eigenvalues, the vector of the second, and what takes a vector of the side with fewer to the other.
_Pair = tuple[tuple[float, float], np.ndarray, Callable[[np.ndarray], np.ndarray]]


@dataclass(frozen=True, eq=False)
class Fitness:
    """Holds the fitness of regions [R] and the complexity of activities [A], of mean 1 over those with any; else NaN.

    `converged` says whether every logarithm stood still; `settled` whether at least the order of regions did over the last
    half of the steps; `vanishing` [R] which regions' fitness falls to zero, at a level that means nothing. `iterations`
    counts steps, `change` is the largest last change of a logarithm.
    """

    fitness: np.ndarray
    complexity: np.ndarray
    converged: bool
    iterations: int
    settled: bool
    vanishing: np.ndarray
    change: float


def economic_complexity(presence: np.ndarray, *, convention: Literal["z-score", "stata"] = "z-score") -> Complexity:
    """Measures the economic complexity index of regions (ECI) and of activities (PCI).

    kc[r] = sum_a M[r, a] kp[a] / d[r] and l kp[a] = sum_r M[r, a] kc[r] / u[a], with diversity d and ubiquity u: kc is the
    eigenvector of M~ = D^-1 M U^-1 M' with its second largest eigenvalue l (the largest is 1, of a constant). ECI is kc
    less its mean over its standard deviation (of the population). PCI is kp, with "z-score" less its own mean over its own
    deviation (econcomplex, which signs PCI apart, against ubiquity), with "stata" less that of kc over that of kc (the Stata
    package, ecomplexity): then ECI is the mean PCI of what a region has. The sign is that of a positive correlation of ECI
    with diversity; where there is none, of a negative one of PCI with ubiquity.

    Regions without activities and activities without regions are NaN. A table in several parts, which share no region and
    no activity, has no order between them (its second eigenvalue is 1 as well): the part with the most regions, then the
    most activities, is measured, the rest are NaN. All are NaN, with a reason, where two parts are equally large, where
    the second and the third eigenvalue are the same, where all regions have the same, or where no sign can be told.
    `presence` M [R, A], true or false. Sources: Hidalgo and Hausmann 2009, Hausmann et al. 2014 (hidalgo_hausmann_2009,
    hausmann_2014).
    """
    if convention not in ("z-score", "stata"):
        raise ValueError(f"convention is 'z-score' or 'stata', not {convention!r}")
    present = as_presence(presence)
    eci, pci = np.full(present.shape[0], np.nan), np.full(present.shape[1], np.nan)
    regions, activities, parts = _largest_part(present)
    if not parts:
        return Complexity(eci, pci, parts, "no region has an activity")
    if not regions.any():
        return Complexity(eci, pci, parts, f"the table falls into {parts} parts, and no single one is the largest")
    table = present if regions.all() and activities.all() else present[np.ix_(regions, activities)]
    vectors = _second_vectors(table)
    if isinstance(vectors, str):
        return Complexity(eci, pci, parts, vectors)
    of_regions, of_activities = vectors
    sign = _sign(table, of_regions, of_activities)
    if not sign:
        return Complexity(eci, pci, parts, "complexity goes neither with diversity nor with ubiquity: its sign cannot be told")
    of_regions, of_activities = sign * of_regions, sign * of_activities
    eci[regions] = _standardised(of_regions, of_regions)
    pci[activities] = _standardised(of_activities, of_regions if convention == "stata" else of_activities)
    return Complexity(eci, pci, parts)


def fitness_complexity(presence: np.ndarray, *, tolerance: float = 1e-10, most_iterations: int = 2000) -> Fitness:
    """Measures the fitness of regions and the complexity of activities, and says whether they converge.

    F[r] <- sum_a M[r, a] Q[a]; Q[a] <- 1 / sum_r (M[r, a] / F[r]); both over their means, from ones, until no logarithm of
    either moves by more than `tolerance` in a step. Whether they do depends on the shape of the table: where its filled
    part, regions and activities in order, bends inward past the diagonal, the fitness of the poorest falls to zero, as a
    power of the steps or faster. Such regions are `vanishing`: ln F falls by more than 0.1 / steps in the last step. Their
    order is what is left, and `settled` says whether it is.
    `presence` M [R, A], true or false; regions and activities with nothing are NaN.
    Sources: Tacchella et al. 2012, Pugliese et al. 2016 (tacchella_2012, pugliese_2016).
    """
    present = as_presence(presence)
    regions, activities = np.asarray(present.any(axis=1)), np.asarray(present.any(axis=0))
    fitness, complexity = np.full(len(regions), np.nan), np.full(len(activities), np.nan)
    vanishing = np.zeros(len(regions), dtype=bool)
    if not regions.any():
        return Fitness(fitness, complexity, False, 0, False, vanishing, np.nan)
    numbers = present[np.ix_(regions, activities)].astype(float)
    strength, rarity = np.ones(len(numbers)), np.ones(numbers.shape[1])
    order, ordered_since = None, 0
    change, fall, step = np.inf, np.zeros(len(numbers)), 0
    while step < most_iterations and change > tolerance:
        stronger = numbers @ rarity
        stronger /= stronger.mean()
        if stronger.min() < _LEAST_FITNESS:
            break
        rarer = 1.0 / ((1.0 / stronger) @ numbers)
        rarer /= rarer.mean()
        step += 1
        fall = np.log(strength / stronger)
        change = float(max(np.abs(fall).max(), np.abs(np.log(rarity / rarer)).max()))
        strength, rarity = stronger, rarer
        now = _order(strength, tolerance)
        if order is None or not np.array_equal(now, order):
            order, ordered_since = now, step
    fitness[regions], complexity[activities] = strength, rarity
    converged = change <= tolerance
    if not converged:
        vanishing[regions] = fall * step > _VANISHING_EXPONENT
    return Fitness(fitness, complexity, converged, step, converged or 2 * ordered_since <= step, vanishing, change)


def complexity_outlook(presence: np.ndarray, proximity: np.ndarray, pci: np.ndarray) -> np.ndarray:
    """Sums the complexity of the activities that a region lacks, weighted by how close it is to them.

    COI[r] = sum_a density[r, a] (1 - M[r, a]) PCI[a]. `presence` M [R, A], `proximity` [A, A] with the diagonal as it
    shall count, `pci` [A] -> [R], in units of PCI; the Atlas publishes it less its mean over its standard deviation.
    Activities without PCI are left out. Source: Hausmann et al. 2014 (hausmann_2014).
    """
    present, weights, per_related = _outlook(presence, proximity, pci)
    # (M phi / s) . (1 - M) PCI without a table of densities: one product.
    return np.where(present, 0.0, present.astype(float) @ weights * per_related).sum(axis=1)


def opportunity_gain(
    presence: np.ndarray, proximity: np.ndarray, pci: np.ndarray, *, convention: Literal["gain", "stata"] = "gain"
) -> np.ndarray:
    """Gives how much a region's complexity outlook rises if it takes up an activity that it lacks.

    "gain": sum over b != a that r lacks of phi[a, b] PCI[b] / s[b], less density[r, a] PCI[a], with s[b] = sum_c phi[b, c]:
    the outlook afterwards less the outlook before, proximity and PCI staying. "stata": the sum over all b that r lacks, a
    included, with nothing taken off (the Stata package, ecomplexity). `presence` M [R, A], `proximity` phi [A, A] with the
    diagonal as it shall count, `pci` [A] -> [R, A], in units of PCI; 0 for what the region has, NaN without PCI.
    Source: Hausmann et al. 2014 (hausmann_2014).
    """
    if convention not in ("gain", "stata"):
        raise ValueError(f"convention is 'gain' or 'stata', not {convention!r}")
    present, weights, per_related = _outlook(presence, proximity, pci)
    opened = (~present).astype(float) @ (weights * per_related).T
    if convention == "gain":
        opened -= weights.diagonal() * per_related
        opened -= present.astype(float) @ weights * per_related
    opened[present] = 0.0
    opened[:, np.isnan(np.asarray(pci, dtype=float))] = np.nan
    return opened


def _outlook(presence: np.ndarray, proximity: np.ndarray, pci: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gives presence, proximity and PCI over the sum of proximities (0 where either is not known)."""
    present, between = as_presence(presence), np.asarray(proximity, dtype=float)
    related, worth = between.sum(axis=1), np.asarray(pci, dtype=float)
    known = (related > 0) & ~np.isnan(worth)
    return present, between, np.divide(worth, related, out=np.zeros(len(worth)), where=known)


def _second_vectors(table: np.ndarray) -> tuple[np.ndarray, np.ndarray] | str:
    """Gives kc and kp of a table in one part, or the reason why there are none."""
    diversity, ubiquity = table.sum(axis=1, dtype=float), table.sum(axis=0, dtype=float)
    # Both sides have the same eigenvalues above zero: the shorter one is cheaper.
    regions_fewer = len(diversity) <= len(ubiquity)
    fewer, more = (diversity, ubiquity) if regions_fewer else (ubiquity, diversity)
    sides = table if regions_fewer else table.T
    if len(fewer) < 2:
        return "fewer than two regions or activities"
    values, vector, onto_more = (_dense_pair if len(fewer) <= _DENSE_SIDE else _lanczos_pair)(sides, fewer, more)
    second, third = values
    if second < _LEAST_GAP:
        return "all regions have the same activities"
    if second - third < _LEAST_GAP:
        return "the second eigenvalue is met twice: any mixture of two orders would do"
    short = vector / np.sqrt(fewer)
    long = onto_more(short) / more
    # kc = D^-1 M kp whichever was found first; kp = U^-1 M' kc / l.
    return (short, long / second) if regions_fewer else (long, short)


def _dense_pair(sides: np.ndarray, fewer: np.ndarray, more: np.ndarray) -> _Pair:
    scaled = sides / np.sqrt(more)
    symmetric = scaled @ scaled.T
    root = np.sqrt(fewer)
    symmetric /= root[:, None] * root
    values, vectors = np.linalg.eigh(symmetric)
    third = float(values[-3]) if len(values) > 2 else 0.0
    return (float(values[-2]), third), vectors[:, -2], lambda short: short @ sides


def _lanczos_pair(sides: np.ndarray, fewer: np.ndarray, more: np.ndarray) -> _Pair:
    linalg = require("scipy.sparse.linalg", "evidence")
    # Rows of the table as it lies in memory are found fastest.
    as_lies = as_sparse(sides if sides.flags.c_contiguous else sides.T)
    turned = as_lies.T.tocsr()
    held, held_back = (as_lies, turned) if sides.flags.c_contiguous else (turned, as_lies)
    root = np.sqrt(fewer)
    # The vector of the largest eigenvalue, 1, is known: without it the second is the largest.
    first = root / np.linalg.norm(root)

    def apply(vector: np.ndarray) -> np.ndarray:
        vector = vector.ravel()
        there = (held_back @ (vector / root)) / more
        return (held @ there) / root - first * (first @ vector)

    operator = linalg.LinearOperator((len(fewer),) * 2, matvec=apply, dtype=float)
    start = np.random.default_rng(2009).standard_normal(len(fewer))
    values, vectors = linalg.eigsh(operator, k=2, which="LA", v0=start, tol=0, ncv=min(len(fewer), 30))
    return (float(values[1]), float(values[0])), vectors[:, 1], lambda short: held_back @ short


def _largest_part(present: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Marks the regions and activities of the largest part (none where two are), and counts the parts."""
    by_activity = np.ascontiguousarray(present.T)
    regions_left, activities_left = np.asarray(present.any(axis=1)), np.asarray(present.any(axis=0))
    parts, best_size, alone = 0, (0, 0), True
    best: tuple[np.ndarray, np.ndarray] | None = None
    while regions_left.any():
        regions, activities = np.zeros(len(regions_left), dtype=bool), np.zeros(len(activities_left), dtype=bool)
        new = np.flatnonzero(regions_left)[:1]
        while new.size:
            regions[new] = True
            found = np.flatnonzero(present[new].any(axis=0) & ~activities)
            activities[found] = True
            new = np.flatnonzero(by_activity[found].any(axis=0) & ~regions)
        regions_left &= ~regions
        parts += 1
        size = (int(regions.sum()), int(activities.sum()))
        if size >= best_size:
            best, best_size, alone = (regions, activities), size, size > best_size
    if best is None or not alone:
        return np.zeros(len(regions_left), dtype=bool), np.zeros(len(activities_left), dtype=bool), parts
    return *best, parts


def _sign(table: np.ndarray, of_regions: np.ndarray, of_activities: np.ndarray) -> float:
    """Gives the sign by which complexity goes with diversity, or else against ubiquity; 0 where neither tells."""
    with_diversity = _correlation(of_regions, table.sum(axis=1, dtype=float))
    if abs(with_diversity) > _NO_CORRELATION:
        return float(np.sign(with_diversity))
    with_ubiquity = _correlation(of_activities, table.sum(axis=0, dtype=float))
    return float(-np.sign(with_ubiquity)) if abs(with_ubiquity) > _NO_CORRELATION else 0.0


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first - first.mean(), second - second.mean()
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / length if length > 0 else 0.0


def _standardised(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    spread = by.std()
    return (values - by.mean()) / spread if spread > 0 else np.full(len(values), np.nan)


def _order(strength: np.ndarray, tolerance: float) -> np.ndarray:
    """Orders regions by strength; those that differ by rounding only keep their places."""
    return np.argsort(np.round(np.log(strength) / max(tolerance, 1e-12)), kind="stable")
