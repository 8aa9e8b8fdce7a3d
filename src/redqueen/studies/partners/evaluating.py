"""Tests the ranking of partners: hides the ties that form after a year, ranks with what was known, and counts who was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redqueen.errors import Refused, nearest
from redqueen.evidence.distance import distances
from redqueen.evidence.evidence import DIASPORA, Evidence
from redqueen.evidence.places import REST_OF_WORLD
from redqueen.lab.intervals import LEVEL
from redqueen.studies.diagnose.panel import panel
from redqueen.studies.partners.complementing import Capabilities, sector_panel
from redqueen.studies.partners.reaching import (
    COMMON,
    OWN,
    SPAN,
    THRESHOLD,
    Formation,
    Weights,
    common_partners,
    estimate,
    features_of,
    formations,
    stated_weights,
)
from redqueen.studies.partners.ties import Series, Ties, tie_series

__all__ = ["COUNT", "GRAVITY", "SCORE", "Evaluation", "Result", "evaluate"]

#: Partners that are looked at from the top of each region's list.
COUNT = 10
#: Resamples of regions that intervals rest on.
DRAWS = 2000
#: Parts into which pairs are split where ties of one year alone must test the ranking.
FOLDS = 5

SCORE, REACH, FIT = "the score", "reach alone", "complementarity alone"
#: What the score is compared with; none of them learns from the past.
NEAREST, SHARED = "ties already there", "common partners alone"
GRAVITY, DISTANCE, SIZE = "gravity: sizes over distance", "distance alone", "sizes alone"


@dataclass(frozen=True)
class Result:
    """Holds how well one ranking does, each figure the mean over regions with its 95 % interval.

    `hits`: close ties among the first COUNT of a region's list; `auc`: chance that a partner who becomes close stands before
    one who does not; `over_gravity` and `over_distance`: this ranking's hits less those of that baseline, over the same
    regions.
    """

    ranking: str
    hits: float
    hits_low: float
    hits_high: float
    auc: float
    auc_low: float
    auc_high: float
    over_gravity: float
    over_gravity_low: float
    over_gravity_high: float
    over_distance: float
    over_distance_low: float
    over_distance_high: float


@dataclass(frozen=True)
class Evaluation:
    """Holds a test of the ranking. `formed` of `pairs` became close from `start` to `end`; `start` equals `end` where pairs
    of one year are hidden instead. `regions` are those for which at least one tie formed; `by_chance` is the hits of a list
    in random order."""

    measure: str
    start: int
    end: int
    threshold: float
    pairs: int
    formed: int
    regions: int
    by_chance: float
    results: list[Result]
    weights: Weights
    notes: list[str]


def evaluate(
    tables: Sequence[Evidence], *, after: int | None = None, measure: str | None = None, draws: int = DRAWS, seed: int = 1
) -> Evaluation:
    """Tests the ranking on ties that formed after a year.

    A tie forms where a pair's affinity (ties over what sizes alone would give) is below THRESHOLD in the last year up to
    `after` and at least THRESHOLD in the last year there is. Everything known is of `after` or before; weights of reach are
    estimated on earlier windows (else stated). Complementarity is that of everything both could do next, for no activity in
    particular. `measure` is the kind of ties, by default the first of co-authored articles, co-inventions, others, trade and
    supplier ties that has two years, `after` by default the last that leaves SPAN years, else the last but one. With one year
    alone, a fifth of all pairs at a time is hidden, and found again from the rest: that tests distance, common partners and
    complementarity, not growth.
    """
    series = {name: one for name, one in tie_series(tables).items() if name not in DIASPORA}
    if not series:
        raise Refused.one(
            "no table of ties was given",
            field="TABLE",
            remedy="give co-authored articles, trade or input-output tables of several years",
        )
    if measure is not None and measure not in series:
        raise Refused.one(
            f"no table has ties called '{measure}'",
            field="--ties",
            remedy=nearest(measure, series) or f"there are {', '.join(series)}",
        )
    chosen = (
        series[measure] if measure else next((one for one in series.values() if len(one.years) > 1), next(iter(series.values())))
    )
    others = [one for name, one in tie_series(tables).items() if name != chosen.measure]
    if len(chosen.years) == 1:
        if after is not None:
            raise Refused.one(
                f"{chosen.measure} are of {chosen.years[0]} alone: none form after a year", field="--after", remedy="leave it out"
            )
        return _hidden(tables, chosen, others, draws, seed)
    end = chosen.years[-1]
    if after is None:
        after = max((year for year in chosen.years if year <= end - SPAN), default=chosen.years[-2])
    before = [year for year in chosen.years if year <= after]
    if not before or before[-1] == end:
        raise Refused.one(
            f"{chosen.measure} of {', '.join(map(str, chosen.years))} have no years on both sides of {after}",
            field="--after",
            remedy=f"give a year from {chosen.years[0]} to {end - 1}",
        )
    start = before[-1]
    main, later = chosen.by_year[start], chosen.by_year[end]
    known = [ties for one in others if (ties := one.at(start, no_later=start)) is not None]
    regions = main.regions
    features, apart = features_of(regions, main, known)
    outcome = later.among(regions, later.affinity)
    apart &= ~np.isnan(outcome)
    # A window that ends when the hidden one starts is the last that may teach anything.
    weights = estimate(formations(chosen, others, start, end - start), chosen.measure) or stated_weights()
    fit, notes = _fit(tables, regions, start)
    rankings = _rankings(main, features, weights.chance(features, apart), fit)
    window = Formation(regions, start, end, features, apart, apart & (outcome >= THRESHOLD))
    return _counted(chosen.measure, window, rankings, weights, notes, draws, seed)


def _hidden(tables: Sequence[Evidence], series: Series, others: Sequence[Series], draws: int, seed: int) -> Evaluation:
    """Tests the ranking on pairs of one year, each ranked as if its own ties were not known."""
    year = series.years[0]
    main = series.by_year[year]
    # The stated weight of other networks was set with ties of one year too: here they would be tested on what they were made of.
    known = [ties for one in others if one.measure in DIASPORA and (ties := one.at(year, no_later=year)) is not None]
    n = len(main.regions)
    upper = np.argwhere(np.triu(np.ones((n, n), dtype=bool), 1))
    fold = np.random.default_rng(seed).permutation(len(upper)) % FOLDS
    features, _ = features_of(main.regions, None, known)
    shared = np.zeros((n, n))
    for part in range(FOLDS):
        affinity = main.affinity.copy()
        hidden = tuple(upper[fold == part].T)
        affinity[hidden] = affinity[hidden[::-1]] = 0.0
        found = common_partners(affinity)
        shared[hidden] = shared[hidden[::-1]] = found[hidden]
    features[COMMON] = shared
    apart = ~np.eye(n, dtype=bool) & ~np.isnan(main.affinity)
    fit, notes = _fit(tables, main.regions, year)
    weights = stated_weights()
    rankings = _rankings(main, features, weights.chance(features, apart), fit)
    notes.append(
        f"{series.measure.capitalize()} are of {year} alone: its pairs were hidden and found again, which says nothing of growth"
    )
    window = Formation(main.regions, year, year, features, apart, apart & (main.affinity >= THRESHOLD))
    return _counted(series.measure, window, rankings, weights, notes, draws, seed)


def _rankings(
    main: Ties, features: Mapping[str, np.ndarray], chance: np.ndarray, fit: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Gives what each ranking sorts by, higher first [regions, regions]; what is not known stands last."""
    sizes = np.outer(main.sizes, main.sizes)
    away = np.maximum(distances(main.regions), 1.0)
    found = {SCORE: chance if fit is None else np.cbrt(chance * fit * fit.T), REACH: chance}
    if fit is not None:
        found[FIT] = np.sqrt(fit * fit.T)
    if OWN in features:
        found[NEAREST] = features[OWN]
    found[SHARED] = features[COMMON]
    if np.isfinite(away).any():
        found |= {GRAVITY: sizes / away, DISTANCE: -away}
    found[SIZE] = sizes
    return {name: np.nan_to_num(values, nan=-np.inf) for name, values in found.items()}


def _fit(tables: Sequence[Evidence], regions: Sequence[str], year: int) -> tuple[np.ndarray | None, list[str]]:
    """Gives what each region brings each other of what it could do next [regions, regions]: mean over tables, each over its
    own mean.

    Only tables that reach back to the year count; a pair that none knows counts as the mean.
    """
    found, notes = [], []
    panels = [panel(table, year) for table in tables if table.kind in ("activities", "trade")]
    flows = [one for table in tables for one in table.tables if one.year <= year]
    if flows:
        panels.append(sector_panel(max(flows, key=lambda one: one.year)))
    for one in panels:
        if one is None:
            continue
        position = {name: place for place, name in enumerate(one.regions) if name != REST_OF_WORLD}
        here = [place for place, name in enumerate(regions) if name in position]
        there = [position[regions[place]] for place in here]
        if len(here) < 2:
            continue
        exchange = np.full((len(regions), len(regions)), np.nan)
        exchange[np.ix_(here, here)] = Capabilities(one).exchange[np.ix_(there, there)]
        np.fill_diagonal(exchange, np.nan)
        mean = np.nanmean(exchange)
        if mean > 0:
            found.append(exchange / mean)
            notes.append(f"Complementarity from {one.measure} of {one.year} ({len(here)} of {len(regions)} regions)")
    if not found:
        return None, ["No table of activities reaches back so far: the score is reach alone"]
    stacked = np.stack(found)
    known = np.isfinite(stacked).sum(axis=0)
    return np.where(known > 0, np.nansum(stacked, axis=0) / np.maximum(known, 1), 1.0), notes


def _counted(
    measure: str, window: Formation, rankings: Mapping[str, np.ndarray], weights: Weights, notes: list[str], draws: int, seed: int
) -> Evaluation:
    """Counts hits region by region, and draws regions anew for the intervals."""
    hit_regions = np.flatnonzero(window.formed.any(axis=1) & (window.apart & ~window.formed).any(axis=1))
    if not len(hit_regions):
        raise Refused.one(
            f"no tie of {measure} crossed an affinity of {THRESHOLD:g} from {window.start} to {window.end}", field="TABLE"
        )
    by_ranking = {
        name: np.array([_of_region(values[one], window.apart[one], window.formed[one]) for one in hit_regions])
        for name, values in rankings.items()
    }
    # The same regions are drawn for every ranking, so that differences between rankings are paired.
    drawn = np.random.default_rng(seed).integers(len(hit_regions), size=(draws, len(hit_regions)))
    # Where no places are known, both baselines are sizes alone.
    gravity, distance = (by_ranking.get(name, by_ranking[SIZE])[:, 0] for name in (GRAVITY, DISTANCE))
    results = []
    for name, figures in by_ranking.items():
        columns = (figures[:, 0], figures[:, 1], figures[:, 0] - gravity, figures[:, 0] - distance)
        ends = [np.quantile(column[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) for column in columns]
        results.append(
            Result(
                name,
                *(float(one) for column, (low, high) in zip(columns, ends, strict=True) for one in (column.mean(), low, high)),
            )
        )
    listed = window.apart[hit_regions].sum(axis=1)
    chance = float((np.minimum(COUNT, listed) * window.formed[hit_regions].sum(axis=1) / listed).mean())
    return Evaluation(
        measure,
        window.start,
        window.end,
        THRESHOLD,
        int(np.triu(window.apart, 1).sum()),
        int(np.triu(window.formed, 1).sum()),
        len(hit_regions),
        chance,
        results,
        weights,
        notes,
    )


def _of_region(values: np.ndarray, listed: np.ndarray, formed: np.ndarray) -> tuple[float, float]:
    """Gives the hits among the first COUNT, equals sharing their places, and the AUC (Mann and Whitney) of one region's list."""
    ranks = pd.Series(-values[listed]).rank(method="average").to_numpy()
    hit = formed[listed]
    lowest = pd.Series(-values[listed]).rank(method="min").to_numpy()
    equals = pd.Series(-values[listed]).rank(method="max").to_numpy() - lowest + 1
    hits = (np.clip((COUNT + 1 - lowest) / equals, 0.0, 1.0) * hit).sum()
    n_hit, n_other = hit.sum(), (~hit).sum()
    auc = (n_hit * n_other + n_hit * (n_hit + 1) / 2 - ranks[hit].sum()) / (n_hit * n_other)
    return float(hits), float(auc)
