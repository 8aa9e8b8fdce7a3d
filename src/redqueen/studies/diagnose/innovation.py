"""How a region innovates and how far from the frontier it is: what it spends, on what, and whether it catches up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from redqueen.evidence.evidence import Evidence
from redqueen.evidence.places import is_country
from redqueen.indicators.frontier import frontier_levels, red_queen
from redqueen.indicators.innovation import product_process_mix, research_mix
from redqueen.lab.tables import MODE_MEASURES
from redqueen.studies.diagnose.panel import Panel

__all__ = ["FRONTIER", "MIX", "PRODUCTS", "innovation"]

#: Of many regions the frontier is the level that a tenth exceed, which one small rich place does not move; of few, the highest.
FRONTIER, MANY = 0.9, 20
SPAN = 10
#: Figures shown of tables by region, and the measures whose mixes are shown.
FIGURES = (
    "income per head", "quality", "economic complexity", "R&D intensity", "R&D spending", "population", "patents", "exports",
    "value added", "jobs"
)
MIX = ("basic research", "applied research", "experimental development")
#: What other figures and mixes are made of.
HIDDEN = ("frontier quality", "basic research", "applied research", "experimental development")
PRODUCTS = tuple(MODE_MEASURES[mode] for mode in ("novel", "second", "process", "production"))


def innovation(tables: Sequence[Evidence], panels: Sequence[Panel], region: str, year: int) -> dict[str, Any]:
    """Measures a region's innovation mode and its distance to the frontier, up to a year.

    figures: of every table by region, the last value up to the year, known measures first: measure, value, unit, year, rank (1 the
    highest) of how many, before and since (the first value within ten years before), by_region (values of all). A country is ranked
    among countries, a region of one among regions, and of several tables with a measure the one with most to rank it among counts.
    mix: parts of R&D in %, basic, applied, experimental, and of firms' projects where known. frontier: for income per head, for
    patents where the population is known (per million people), and for the quality of what a simulated region makes: value in % of
    the frontier (`leader` says whose or what level; of quality, the best of the same), then and `since`, with growth a year (%) of
    the region and of the frontier, and spent_on_staying, the part of its own growth that merely kept its distance. paths: the same
    by year, for figures.
    """
    levels = _levels(tables, region, year)
    ordered = [
        *(name for name in FIGURES if name in levels), *(name for name in levels if name not in FIGURES and name not in HIDDEN)
    ]
    figures = [_figure(measure, *levels[measure], region) for measure in ordered]
    frontier, paths = [], []
    for measure, rows in _capabilities(levels, panels).items():
        found = _frontier(measure, rows, region)
        if found is not None:
            frontier.append(found)
            paths.append(_paths(measure, rows, found["quantile"]))
    return {
        "figures": [one for one in figures if one is not None], "mix": _mix(levels, region), "frontier": frontier, "paths": paths,
    }


def _levels(tables: Sequence[Evidence], region: str, year: int) -> dict[str, tuple[str, pd.DataFrame]]:
    """Gathers measures of regions like the one asked for up to a year: measure -> unit, rows region, year, level."""
    found: dict[str, tuple[str, pd.DataFrame]] = {}
    country = is_country(region)
    for table in tables:
        if table.kind != "regions":
            continue
        rows = table.rows[table.rows["year"] <= year]
        for measure, unit in table.units.items():
            mine = rows.loc[rows["measure"] == measure, ["region", "year", "value"]].rename(columns={"value": "level"})
            # A country is not ranked among its own regions.
            mine = mine[mine["region"].map(is_country) == country]
            if not (mine["region"] == region).any():
                continue
            if measure not in found or mine["region"].nunique() > found[measure][1]["region"].nunique():
                found[measure] = unit, mine
    return found


def _figure(measure: str, unit: str, rows: pd.DataFrame, region: str) -> dict[str, Any] | None:
    mine = rows[rows["region"] == region]
    if mine.empty:
        return None
    year = int(mine["year"].max())
    level = rows[rows["year"] == year].set_index("region")["level"]
    value = float(level[region])
    earlier = mine[(mine["year"] >= year - SPAN) & (mine["year"] < year)].sort_values("year")
    return {
        "measure": measure, "value": value, "unit": unit, "year": year, "rank": int((level > value).sum()) + 1, "of": len(level),
        "before": None if earlier.empty else float(earlier["level"].iloc[0]),
        "since": None if earlier.empty else int(earlier["year"].iloc[0]),
        "by_region": {str(one): float(number) for one, number in level.items()},
    }


def _mix(levels: dict[str, tuple[str, pd.DataFrame]], region: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for measures, share in ((MIX, research_mix), (PRODUCTS, product_process_mix)):
        if not all(measure in levels for measure in measures):
            continue
        rows = [levels[measure][1].loc[lambda frame: frame["region"] == region].set_index("year")["level"] for measure in measures]
        years = sorted(set.intersection(*(set(one.index) for one in rows)))
        if years:
            parts = share(*(np.array([one[years[-1]]]) for one in rows))
            shares = [float(100 * part[0]) for part in parts]
            # Production counts as process.
            shown = [measure for measure in measures if measure != PRODUCTS[-1]]
            found |= {measure: value for measure, value in zip(shown, shares, strict=False) if np.isfinite(value)}
            found["year"] = int(years[-1])
    return found


def _capabilities(levels: dict[str, tuple[str, pd.DataFrame]], panels: Sequence[Panel]) -> dict[str, pd.DataFrame]:
    """Gives what distance is measured in: income per head, and patents, per million people where they are counted."""
    found = {}
    if "income per head" in levels:
        found["income per head"] = levels["income per head"][1]
    if "quality" in levels and "frontier quality" in levels:
        best = levels["frontier quality"][1].rename(columns={"level": "frontier"})
        found["quality"] = levels["quality"][1].merge(best, on=["region", "year"])
    for one in panels:
        if one.measure != "patents" or len(one.years) < 2 or "population" not in levels:
            continue
        totals = pd.DataFrame(
            one.values.sum(axis=2), index=pd.Index(one.years, name="year"), columns=pd.Index(one.regions, name="region")
        )
        rows = pd.Series(totals.stack(), name="level").reset_index()
        people = levels["population"][1].rename(columns={"level": "people"})
        rows = rows.merge(people, on=["region", "year"])
        rows["level"] *= 1e6 / rows.pop("people")
        found["patents per million people"] = rows
    return {name: kept for name, rows in found.items() if not (kept := rows[rows["level"] > 0]).empty}


def _frontier(measure: str, rows: pd.DataFrame, region: str) -> dict[str, Any] | None:
    mine = rows[rows["region"] == region]
    if mine.empty:
        return None
    last = int(mine["year"].max())
    earlier = [int(one) for one in mine["year"] if last - SPAN <= one < last]
    span = last - min(earlier) if earlier else SPAN
    # A frontier over regions that come and go would move by their coming.
    whole = rows[rows["year"].isin([last, last - span])]
    steady = whole.groupby("region")["year"].transform("nunique") == (2 if earlier else 1)
    whole = whole[steady] if region in set(whole.loc[steady, "region"]) else whole
    income = whole[["region", "year", "level"]].rename(columns={"level": "income"})
    n_regions = int(whole["region"].nunique())
    quantile = FRONTIER if n_regions >= MANY else 1.0
    table = red_queen(whole, income, span=span, quantile=quantile)
    now = table[(table["region"] == region) & (table["year"] == last)].iloc[0]
    before = table[(table["region"] == region) & (table["year"] == last - span)]
    found = {
        "measure": measure, "year": last, "value": float(100 * np.exp(-now["distance"])), "regions": n_regions,
        "quantile": quantile,
        "leader": None
        if "frontier" in whole or quantile < 1 else str(whole[whole["year"] == last].set_index("region")["level"].idxmax()),
    }
    if earlier and not before.empty:
        staying = float(now["spent_on_staying"])
        found |= {
            "since": last - span, "before": float(100 * np.exp(-before.iloc[0]["distance"])),
            "growth": _yearly(now["own_growth"], span),
            "frontier_growth": _yearly(now["frontier_growth"], span), "spent_on_staying": staying if np.isfinite(staying) else None,
        }
    return found


def _paths(measure: str, rows: pd.DataFrame, quantile: float) -> dict[str, Any]:
    """Gives every region's level in % of the frontier by year: region -> [[year, value], ...]."""
    wide = rows.pivot(index="year", columns="region", values="level").sort_index()
    if "frontier" in rows:
        share = 100 * wide / rows.pivot(index="year", columns="region", values="frontier").sort_index()
    else:
        share = 100 * wide.div(frontier_levels(wide.to_numpy(), quantile=quantile), axis=0)
    return {
        "measure": measure,
        "regions": {str(one): [[int(str(year)), float(value)] for year, value in share[one].dropna().items()] for one in share}
    }


def _yearly(change: float, span: int) -> float:
    """Gives the growth a year in % of a change in logs."""
    return float(100 * np.expm1(change / span))
