"""What a region is distinctively good at, what changed, and who is like it: from one panel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from redqueen.indicators.specialisation import location_quotient, presence, rca_interval
from redqueen.indicators.structure import diversity, herfindahl
from redqueen.lab.intervals import LEVEL
from redqueen.studies.diagnose.panel import Panel

__all__ = ["Strength", "change", "standing", "strengths"]

#: Years averaged at either end of a decade, so that a change is not one year's noise.
ENDS = 3


@dataclass(frozen=True)
class Strength:
    """Holds one activity of a region that is larger there than elsewhere.

    `rca` is its share of the region over its share of all regions, `low` and `high` its interval from year-to-year
    noise (None where the table has too few years), `sure` whether the whole interval lies above 1. `value` is in the
    table's unit; `share_of_region` and `share_of_world` in %; `beyond` what is more than the region's size alone would
    give; `before` the RCA up to ten years earlier (None without such a year).
    """

    activity: str
    name: str
    rca: float
    low: float | None
    high: float | None
    sure: bool | None
    value: float
    share_of_region: float
    share_of_world: float
    beyond: float
    before: float | None
    table: str
    measure: str
    year: int


def strengths(panel: Panel, region: str) -> list[Strength]:
    """Lists the activities with an RCA of at least 1, those first that weigh most beyond what the region's size would give.

    beyond = x - (sum over activities of x) (activity's total / all), in the unit of the measure: a small activity with a high
    quotient does not come before a large one with a clear lead.
    """
    place, values = panel.place(region), panel.values[-1]
    rca, low, high = rca_interval(panel.consecutive, level=LEVEL)
    of_activity, mine = values.sum(axis=0), values[place]
    expected = mine.sum() * of_activity / values.sum()
    before = panel.rca[0, place] if len(panel.years) > 1 else np.full(len(panel.activities), np.nan)
    found = []
    for activity in np.flatnonzero(rca[place] >= 1):
        lowest, highest = _known(low[place, activity]), _known(high[place, activity])
        code = panel.activities[activity]
        found.append(
            Strength(
                activity=code, name=panel.names.get(code, code), rca=float(rca[place, activity]), low=lowest, high=highest,
                sure=None if lowest is None else lowest > 1, value=float(mine[activity]),
                share_of_region=float(100 * mine[activity] / mine.sum()),
                share_of_world=float(100 * mine[activity] / of_activity[activity]),
                beyond=float(mine[activity] - expected[activity]), before=_known(before[activity]),
                table=panel.table, measure=panel.measure, year=panel.year,
            )
        )
    return sorted(found, key=lambda one: (-one.beyond, one.activity))


def standing(panel: Panel, region: str) -> dict[str, Any]:
    """Says how large, broad and complex a region is in a table, among all its regions.

    share_of_world (%), diversity (activities with an RCA of at least 1) and its rank, concentration (Herfindahl index of
    shares), complexity (ECI of this table's regions, standard deviations from their mean) and its rank; rank 1 is the highest.
    """
    place, values = panel.place(region), panel.values[-1]
    broad, complexity = diversity(panel.presence), panel.complexity
    known = math.isfinite(complexity[place])
    return {
        "table": panel.table, "measure": panel.measure, "year": panel.year, "regions": len(panel.regions),
        "title": panel.table, "since": panel.years[0] if len(panel.years) > 1 else None, "value": float(values[place].sum()),
        "unit": panel.unit, "share_of_world": float(100 * values[place].sum() / values.sum()),
        "diversity": int(broad[place]), "activities": len(panel.activities), "diversity_rank": _rank(broad, place),
        "concentration": float(herfindahl(values)[place]), "complexity": _known(complexity[place]),
        "complexity_rank": _rank(np.nan_to_num(complexity, nan=-np.inf), place) if known else None,
    }


def change(panel: Panel, region: str) -> dict[str, Any] | None:
    """Says what changed in a region between the first and the last years of a panel; None for a single year.

    Means of up to three years at either end: diversity, concentration, share of the world (%), growth a year of the region and of
    all regions together (%), activities gained (RCA from below 1 to at least 1) and lost, those of most value first.
    """
    n_years = len(panel.years)
    if n_years < 2:
        return None
    ends = min(ENDS, n_years // 2)
    early, late = panel.values[:ends].mean(axis=0), panel.values[-ends:].mean(axis=0)
    place = panel.place(region)
    if early[place].sum() == 0:
        return None
    rca_early, rca_late = location_quotient(early)[place], location_quotient(late)[place]
    gained = (rca_early < 1) & (rca_late >= 1)
    lost = (rca_early >= 1) & (rca_late < 1)
    years = float(np.mean(panel.years[-ends:]) - np.mean(panel.years[:ends]))

    def listed(chosen: np.ndarray, weight: np.ndarray) -> list[dict[str, Any]]:
        order = sorted(np.flatnonzero(chosen), key=lambda one: (-weight[one], one))
        codes = [panel.activities[one] for one in order]
        return [
            {
                "activity": code, "name": panel.names.get(code, code), "rca_before": float(rca_early[one]),
                "rca": float(rca_late[one])
            }
            for one, code in zip(order, codes, strict=True)
        ]

    return {
        "table": panel.table, "measure": panel.measure, "from": [panel.years[0], panel.years[ends - 1]],
        "to": [panel.years[-ends], panel.years[-1]],
        "diversity": [int(diversity(presence(location_quotient(ends_of)))[place]) for ends_of in (early, late)],
        "concentration": [float(herfindahl(ends_of)[place]) for ends_of in (early, late)],
        "share_of_world": [float(100 * ends_of[place].sum() / ends_of.sum()) for ends_of in (early, late)],
        "growth": _growth(early[place].sum(), late[place].sum(), years), "growth_of_world": _growth(early.sum(), late.sum(), years),
        "gained": listed(gained, late[place]), "lost": listed(lost, early[place]),
    }


def _growth(before: float, after: float, years: float) -> float | None:
    return float(100 * ((after / before) ** (1 / years) - 1)) if before > 0 and after > 0 else None


def _rank(values: np.ndarray, place: int) -> int:
    return int((values > values[place]).sum()) + 1


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
