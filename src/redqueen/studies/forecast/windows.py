"""What is known of every region and activity at the start of a window, and what has become of it at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.evidence.evidence import Evidence
from redqueen.indicators.relatedness import relatedness
from redqueen.indicators.specialisation import location_quotient, presence

__all__ = ["FEATURES", "GAIN", "KINDS", "LEAST", "LOSE", "Panel", "cells", "event", "of_kind", "panel", "past", "starts"]

GAIN, LOSE = "gain", "lose"
KINDS = (GAIN, LOSE)

#: Units of the measure that a region needs in a year, unless asked otherwise: below, RCA is mostly chance.
LEAST = 100.0

#: What models know of a cell, each with its meaning; logs are natural, of values that noise has been added to.
FEATURES: dict[str, str] = {
    "now": "ln RCA of the start",
    "level": "ln RCA of the last five years, older ones counting less",
    "trend": "yearly change of ln RCA over the last five years",
    "volatility": "ln mean absolute yearly change of ln RCA over the last five years",
    "years_above": "share of the last five years with RCA of 1 or more",
    "near": "how near the level is to the threshold, from 0 to 1",
    "nearness": "RCA of the start below the threshold, its inverse above",
    "expected": "ln of the value at which RCA would be 1",
    "density": "relatedness density, without the activity itself",
    "related": "mean level of other activities, weighted by their proximity",
    "region_size": "ln of the region's total",
    "region_growth": "its mean yearly growth in the last five years",
    "diversity": "share of activities in which the region is specialised",
    "activity_size": "ln of the activity's total",
    "activity_growth": "its mean yearly growth in the last five years",
    "ubiquity": "share of regions that are specialised in the activity",
}

# Years that features look back on, the start included, and what a year counts for against the next.
_MEMORY, _FADE = 5, 0.6
# Distance of ln RCA from the threshold over which nearness falls to a third.
_NEAR = 0.25
_LEAST_CHANGE = 0.05
# Median of a squared standard normal variable.
_MEDIAN_OF_SQUARES = 0.4549364
# The noise is that of one cell in three, the smallest.
_SMALLEST = 3
# No table is free of noise: a floor under what is added to values before their log is taken, as a share of their mean.
_LEAST_NOISE = 1e-6


@dataclass(frozen=True, eq=False)
class Panel:
    """Holds one measure of regions by activities over years: `values` [years, regions, activities], not negative.

    `averaged` is the number of years whose mean stands for the last of them; regions need more than `least` units a year.
    """

    measure: str
    regions: tuple[str, ...]
    activities: tuple[str, ...]
    years: tuple[int, ...]
    values: np.ndarray
    averaged: int = 1
    least: float = LEAST

    def has(self, year: int) -> bool:
        """Says whether the year, with those before it that it is averaged with, is in the table."""
        return all(one in self.years for one in range(year - self.averaged + 1, year + 1))

    def mean(self, year: int) -> np.ndarray:
        """Gives the values of a year, or their mean over the years up to it: [regions, activities]."""
        first = self.years.index(year - self.averaged + 1)
        return self.values[first : first + self.averaged].mean(axis=0)


def panel(
    tables: Evidence | Mapping[int, pd.DataFrame], measure: str | None = None, *, averaged: int = 1, least: float = LEAST
) -> Panel:
    """Makes a panel of evidence, or of one table of region x activity a year; what a table lacks is zero.

    Refuses an unknown measure, and evidence that holds several where none is named.
    """
    if isinstance(tables, Evidence):
        tables, measure = _of_evidence(tables, measure)
    if not tables:
        raise Refused.one("the table has no years", field="year")
    regions = sorted({str(name) for table in tables.values() for name in table.index})
    activities = sorted({str(name) for table in tables.values() for name in table.columns})
    years = sorted(int(year) for year in tables)
    values = np.zeros((len(years), len(regions), len(activities)))
    faults = Faults()
    for place, year in enumerate(years):
        table = tables[year].rename(index=str, columns=str).reindex(index=regions, columns=activities)
        values[place] = np.nan_to_num(table.to_numpy(dtype=float), nan=0.0, posinf=np.inf)
        if not np.isfinite(values[place]).all() or (values[place] < 0).any():
            faults.add(
                f"{measure or 'the measure'} of {year} is not finite, or below zero", field="value", remedy="RCA needs sizes"
            )
    faults.refuse_if_any("forecast")
    return Panel(measure or "units", tuple(regions), tuple(activities), tuple(years), values, averaged, least)


def starts(table: Panel, horizon: int) -> list[int]:
    """Lists the years from which a window of `horizon` years begins and ends within the table."""
    return [year for year in table.years if table.has(year) and table.has(year + horizon)]


def past(table: Panel, horizon: int, year: int) -> list[int]:
    """Lists the starts of windows whose end is known in `year`: all that may be learnt from then."""
    return [start for start in starts(table, horizon) if start + horizon <= year]


def cells(table: Panel, start: int, horizon: int | None = None) -> pd.DataFrame:
    """Gives one row for each region above the table's least size and each activity with an RCA at the start.

    Columns: region and activity (places in the panel), start, value, rca, expected_value and noise (units of the measure),
    those of `FEATURES`, and with a horizon `after`, the RCA at the end of the window (NaN where it has none).
    Everything but `after` is of the start or earlier; the first year alone borrows the noise of the year after.
    """
    now = table.mean(start)
    kept = np.flatnonzero(now.sum(axis=1) > table.least)
    rca = location_quotient(now)
    noise = _noise(table, start)
    found = {
        name: np.broadcast_to(values, now.shape)[kept] for name, values in _features(table, start, now, rca, noise, kept).items()
    }
    after = np.full(now.shape, np.nan) if horizon is None else location_quotient(table.mean(start + horizon))
    width = len(table.activities)
    frame = pd.DataFrame(
        {
            "region": np.repeat(kept, width),
            "activity": np.tile(np.arange(width), len(kept)),
            "start": start,
            "value": now[kept].ravel(),
            "rca": rca[kept].ravel(),
            "expected_value": _expected(now)[kept].ravel(),
            "noise": noise,
            **{name: found[name].ravel() for name in FEATURES},
            "after": after[kept].ravel(),
        }
    )
    return frame[np.isfinite(frame["rca"])].reset_index(drop=True)


def of_kind(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Gives the cells that can gain (RCA below 1) or lose (1 or more) the specialisation."""
    return frame[(frame["rca"] < 1.0) == (kind == GAIN)]


def event(frame: pd.DataFrame, kind: str) -> np.ndarray:
    """Says which cells have gained, or lost, the specialisation at the end of the window."""
    return ((frame["after"] >= 1.0) == (kind == GAIN)).to_numpy()


def _of_evidence(tables: Evidence, measure: str | None) -> tuple[dict[int, pd.DataFrame], str]:
    if tables.kind != "activities":
        raise Refused.one(f"a forecast needs a table of regions by activities, not of kind '{tables.kind}'", field="table")
    if measure is None:
        if len(tables.measures) != 1:
            listed = ", ".join(tables.measures)
            raise Refused.one(f"the table has several measures: {listed}", field="--measure", remedy="name one")
        measure = tables.measures[0]
    known = tables.rows.loc[tables.rows["measure"] == measure, "year"].unique()
    # Asked without its years, an unknown measure is refused by the table itself.
    years = sorted(int(year) for year in known) or tables.years[-1:]
    return {year: tables.values(measure, year) for year in years}, measure


def _expected(values: np.ndarray) -> np.ndarray:
    """Gives the values at which every RCA would be 1."""
    return values.sum(axis=1, keepdims=True) * values.sum(axis=0) / values.sum()


def _noise(table: Panel, start: int) -> float:
    """Estimates how large a value is that is all noise: variance over mean of yearly values, 1 for counts by chance.

    From changes between years up to the start, by their median, so that true changes of a few cells do not count; of the third of
    cells that are smallest, where it matters: variance rises faster than the mean in tables of money.
    """
    known = [place for place, year in enumerate(table.years) if start - _MEMORY < year <= start]
    pairs = list(zip(known, known[1:], strict=False)) or [(known[-1], known[-1] + 1)]
    squares = []
    for one, other in pairs:
        if other >= len(table.years):
            continue
        (x, y), (at_x, at_y) = table.values[[one, other]], (_expected(table.values[one]), _expected(table.values[other]))
        counted = (x + y > 0) & (at_x > 0) & (at_y > 0)
        x, y, at_x, at_y = x[counted], y[counted], at_x[counted], at_y[counted]
        small = np.argsort(at_x + at_y, kind="stable")[: -(-x.size // _SMALLEST)]
        squares.append(((y / at_y - x / at_x) ** 2 / (x / at_x**2 + y / at_y**2))[small])
    found = np.concatenate(squares) if squares else np.zeros(0)
    noise = float(np.median(found)) / _MEDIAN_OF_SQUARES if found.size else 0.0
    return max(noise, _LEAST_NOISE * float(table.mean(start).mean())) / table.averaged


def _features(table: Panel, start: int, now: np.ndarray, rca: np.ndarray, noise: float, kept: np.ndarray) -> dict[str, np.ndarray]:
    known = [year for year in range(start - _MEMORY + 1, start + 1) if table.has(year)]
    values = np.stack([table.mean(year) for year in known])
    expected = np.stack([_expected(one) for one in values])
    weights = np.array([_FADE ** (start - year) for year in known])
    logs = np.log((values + noise) / (expected + noise))
    level = np.log((np.tensordot(weights, values, 1) + noise) / (np.tensordot(weights, expected, 1) + noise))
    specialised = presence(np.nan_to_num(rca))
    unknown = np.full(now.shape, np.nan)
    # Proximity is of the regions kept: what small ones have is mostly chance.
    close, density = relatedness(specialised[kept], diagonal="zero"), unknown.copy()
    density[kept] = close.density
    total = close.proximity.sum(axis=0)
    span = max(start - known[0], 1)
    return {
        "now": logs[-1],
        "level": level,
        "trend": _slope(np.array(known), logs) if len(known) > 2 else unknown,
        "volatility": np.log(np.abs(np.diff(logs, axis=0)).mean(axis=0) + _LEAST_CHANGE) if len(known) > 2 else unknown,
        "years_above": np.mean([presence(np.nan_to_num(location_quotient(one))) for one in values], axis=0),
        "near": np.exp(-np.abs(level) / _NEAR),
        "nearness": np.minimum(rca, 1.0 / np.maximum(rca, 1.0)),
        "expected": np.log(expected[-1] + noise),
        "density": density,
        "related": np.divide(level @ close.proximity, total, out=unknown.copy(), where=np.broadcast_to(total > 0, now.shape)),
        "region_size": np.log(now.sum(axis=1, keepdims=True) + noise),
        "region_growth": _growth(values.sum(axis=2), noise, span)[:, None],
        "diversity": specialised.mean(axis=1, keepdims=True),
        "activity_size": np.log(now.sum(axis=0) + noise),
        "activity_growth": _growth(values.sum(axis=1), noise, span),
        "ubiquity": specialised[kept].mean(axis=0) if len(kept) else np.zeros(now.shape[1]),
    }


def _slope(years: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Gives the least-squares slope over years: [years, ...] -> [...]."""
    centred = years - years.mean()
    return np.tensordot(centred, logs, 1) / (centred @ centred)


def _growth(totals: np.ndarray, noise: float, span: int) -> np.ndarray:
    return np.log((totals[-1] + noise) / (totals[0] + noise)) / span
