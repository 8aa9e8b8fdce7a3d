"""Estimates how likely two regions are to tie up more closely than their sizes alone would give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from redqueen.evidence.distance import distances
from redqueen.evidence.evidence import DIASPORA, STAY_RATE
from redqueen.studies.partners.ties import Series, Ties

__all__ = [
    "COMMON",
    "DIASPORA_WEIGHT",
    "NEAR",
    "OWN",
    "SPAN",
    "STATED",
    "THRESHOLD",
    "Formation",
    "Weight",
    "Weights",
    "estimate",
    "features_of",
    "formations",
    "stated_weights",
]

#: A tie is close from this affinity on: as many ties as the sizes of both would give by themselves.
THRESHOLD = 1.0
#: Years over which ties are watched, where tables allow a choice.
SPAN = 5

OWN, COMMON, NEAR, OTHER, HOME_ABROAD = "existing ties", "common partners", "nearness", "other ties", "diaspora"

#: What a whole diaspora adds to the log odds: co-ethnic people exchange 30 to 50 % more knowledge, log(1.4) (kerr_2008).
DIASPORA_WEIGHT = math.log(1.4)

#: Weights where nothing can be estimated, per standard deviation over pairs that are not close: docs/partners.md says from what.
STATED: Mapping[str, float] = {OWN: 1.2, COMMON: 0.5, NEAR: 0.45, OTHER: 0.2}
STATED_CONSTANT = -3.8

# Twenty times more or fewer ties than expected is as near or far as it gets: a logarithm of few ties is mostly chance.
_MOST = 3.0
# Cities closer than this are one place, km.
_ONE_PLACE = 50.0
# The spread of a weight before any data: one unit of log odds per standard deviation, which few events hardly move.
_PRIOR_SPREAD = 1.0
_STEPS = 100


@dataclass(frozen=True)
class Weight:
    """States one weight of the chance of a tie: log odds per standard deviation, with its 95 % interval where estimated."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Formation:
    """Holds one past window: what was known of pairs at its start, which were not close then, and which became so by its end.

    `features` by name are [regions, regions], NaN where not known; `apart` and `formed` are bool [regions, regions].
    """

    regions: tuple[str, ...]
    start: int
    end: int
    features: Mapping[str, np.ndarray]
    apart: np.ndarray
    formed: np.ndarray


@dataclass(frozen=True)
class Weights:
    """Holds the weights of the chance of a tie, and where they come from."""

    constant: float
    weights: tuple[Weight, ...]
    basis: str
    pairs: int = 0
    formed: int = 0

    def chance(self, features: Mapping[str, np.ndarray], apart: np.ndarray) -> np.ndarray:
        """Gives the chance that each pair ties up closely [regions, regions]; NaN on the diagonal.

        1 / (1 + exp(-(constant + sum_k weight_k z_k + log(1.4) diaspora))); z_k is feature k less its mean over the pairs
        that are apart, over their standard deviation, and 0 where it is not known.
        """
        logit = np.full(apart.shape, self.constant)
        for weight in self.weights:
            if weight.name in features:
                logit = logit + weight.value * _standard(features[weight.name], apart)
        if HOME_ABROAD in features:
            logit = logit + DIASPORA_WEIGHT * np.nan_to_num(features[HOME_ABROAD])
        chance = 1.0 / (1.0 + np.exp(-logit))
        np.fill_diagonal(chance, np.nan)
        return chance


def features_of(
    regions: Sequence[str], main: Ties | None, others: Sequence[Ties] = ()
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Gives what is known of each pair of regions, by name [regions, regions], and which pairs are not close yet (bool).

    existing ties: log affinity in the main network; common partners: shared / sqrt(close partners of one x of the other),
    counting close partners (affinity of at least THRESHOLD); nearness: minus log km; other ties: mean log affinity in other
    networks; diaspora: share of graduates who stay, or affinity / (1 + affinity) of people abroad, the larger of them. NaN:
    not known.
    """
    features: dict[str, np.ndarray] = {}
    apart = ~np.eye(len(regions), dtype=bool)
    if main is not None:
        affinity = main.among(regions, main.affinity)
        features[OWN] = _log_affinity(affinity)
        features[COMMON] = common_partners(affinity)
        apart &= affinity < THRESHOLD
    away = distances(regions)
    if np.isfinite(away[apart]).any():
        features[NEAR] = -np.log(np.maximum(away, _ONE_PLACE))
    networks = [_log_affinity(one.among(regions, one.affinity)) for one in others if one.measure not in DIASPORA]
    if networks:
        features[OTHER] = _mean(networks)
    abroad = [_diaspora(one, regions) for one in others if one.measure in DIASPORA]
    if abroad:
        features[HOME_ABROAD] = np.fmax.reduce(abroad)
    return features, apart


def common_partners(affinity: np.ndarray) -> np.ndarray:
    """Gives Salton's cosine of close partners [regions, regions]: shared ones over the geometric mean of both numbers."""
    close = np.nan_to_num(affinity) >= THRESHOLD
    np.fill_diagonal(close, False)
    number = close.sum(axis=1)
    shared = close.astype(float) @ close
    scale = np.sqrt(np.outer(number, number).astype(float))
    return np.where(np.isnan(affinity), np.nan, np.divide(shared, scale, out=np.zeros(shared.shape), where=scale > 0))


def formations(series: Series, others: Sequence[Series], up_to: int, span: int) -> list[Formation]:
    """Lays out past windows of ties, the last ending at `up_to`, each about `span` years long and none overlapping another.

    Other networks count as they were at a window's start or, where nothing is known of them then, at the first time up to its
    end.
    """
    found: list[Formation] = []
    end = up_to
    while True:
        starts = [year for year in series.years if year < end]
        if end not in series.by_year or not starts:
            return found
        start = min(starts, key=lambda year: (abs(end - year - span), -year))
        main, after = series.by_year[start], series.by_year[end]
        known = [ties for one in others if (ties := one.at(start, no_later=end)) is not None]
        features, apart = features_of(main.regions, main, known)
        later = after.among(main.regions, after.affinity)
        found.append(Formation(main.regions, start, end, features, apart & ~np.isnan(later), apart & (later >= THRESHOLD)))
        end = start


def estimate(windows: Sequence[Formation], measure: str) -> Weights | None:
    """Estimates the weights by a logit of which pairs became close in past windows; None where too few did.

    Weights have a normal prior around 0 of one unit of log odds per standard deviation, so that a handful of events cannot blow
    them up; each pair counts once. Intervals are 1.96 standard errors of the curvature at the maximum.
    """
    names = [name for name in STATED if any(name in window.features for window in windows)]
    rows, outcomes = [], []
    for window in windows:
        pairs = np.triu(window.apart, 1)
        columns = [
            _standard(window.features[name], window.apart)[pairs] if name in window.features else np.zeros(pairs.sum())
            for name in names
        ]
        rows.append(np.column_stack([np.ones(pairs.sum()), *columns]))
        outcomes.append(window.formed[pairs])
    if not windows or not 0 < sum(one.sum() for one in outcomes) < sum(map(len, outcomes)):
        return None
    table, formed = np.concatenate(rows), np.concatenate(outcomes).astype(float)
    # As many events as weights at least: below, the prior would be all there is.
    if min(formed.sum(), len(formed) - formed.sum()) < len(names) + 1:
        return None
    values, errors = _logit(table, formed)
    years = ", ".join(f"{window.start} to {window.end}" for window in sorted(windows, key=lambda window: window.start))
    weights = tuple(
        Weight(name, float(value), float(value - 1.96 * error), float(value + 1.96 * error))
        for name, value, error in zip(names, values[1:], errors[1:], strict=True)
    )
    return Weights(float(values[0]), weights, f"estimated on {measure}, {years}", len(formed), int(formed.sum()))


def stated_weights() -> Weights:
    """Gives the weights that stand where past ties cannot be learnt from."""
    return Weights(STATED_CONSTANT, tuple(Weight(name, value) for name, value in STATED.items()), "stated (docs/partners.md)")


def _logit(table: np.ndarray, formed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives the weights of highest posterior density and their standard errors, by Newton's method; the constant has no prior."""
    precision = np.diag([0.0] + [1.0 / _PRIOR_SPREAD**2] * (table.shape[1] - 1))
    values = np.zeros(table.shape[1])
    values[0] = math.log(formed.mean() / (1.0 - formed.mean()))
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(table @ values)))
        curvature = table.T @ (table * (chance * (1.0 - chance))[:, None]) + precision
        step = np.linalg.solve(curvature, table.T @ (formed - chance) - precision @ values)
        values = values + step
        if np.abs(step).max() < 1e-10:
            break
    return values, np.sqrt(np.diag(np.linalg.inv(curvature)))


def _standard(feature: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Takes off the mean over some pairs and divides by their standard deviation; 0 where not known or all the same."""
    known = feature[among & np.isfinite(feature)]
    if not len(known) or known.std() == 0:
        return np.zeros(feature.shape)
    return np.nan_to_num((feature - known.mean()) / known.std())


def _log_affinity(affinity: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.clip(np.log(affinity), -_MOST, _MOST)


def _diaspora(ties: Ties, regions: Sequence[str]) -> np.ndarray:
    if ties.measure == STAY_RATE:
        return ties.among(regions, ties.strength)
    return ties.among(regions, ties.affinity / (1.0 + ties.affinity))


def _mean(networks: Sequence[np.ndarray]) -> np.ndarray:
    """Gives the mean over the networks that know a pair; NaN where none does."""
    stacked = np.stack(networks)
    known = np.isfinite(stacked).sum(axis=0)
    return np.where(known > 0, np.nansum(stacked, axis=0) / np.maximum(known, 1), np.nan)
