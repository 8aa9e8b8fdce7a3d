"""What is within a region's reach, and which of its strengths are at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from redqueen.errors import Refused
from redqueen.evidence.evidence import Evidence
from redqueen.indicators.relatedness import relatedness_density
from redqueen.studies.diagnose.panel import Panel
from redqueen.studies.forecast import HORIZON, Forecast

__all__ = ["Adjacent", "Near", "adjacent"]


@dataclass(frozen=True)
class Adjacent:
    """Holds one activity that a region may gain (RCA below 1) or lose (at least 1).

    `density` is the share of proximity to the activity that lies in the region's specialisations, in %. `probability`
    is the forecast of gaining, or losing, the specialisation within five years, from 0 to 1; None where the table has
    too few years to learn from.
    """

    activity: str
    name: str
    rca: float
    density: float
    probability: float | None
    table: str
    measure: str
    year: int


@dataclass(frozen=True)
class Near:
    """Holds what a region may gain and lose by one table, `model` (the forecast's, in words) and `note` (why there is none)."""

    table: str
    measure: str
    gains: list[Adjacent]
    losses: list[Adjacent]
    model: str | None
    note: str | None


def adjacent(table: Evidence, panel: Panel, region: str) -> Near:
    """Lists what a region may gain and lose, the likeliest first.

    Where no forecast can be learnt, gains are ordered by the mean of two ranks, of current RCA and of relatedness density.
    """
    place = panel.place(region)
    density = relatedness_density(panel.presence, diagonal="zero")[place]
    rca = panel.rca[-1, place]
    probability: dict[str, float] = {}
    model = note = None
    try:
        years = [year for year in table.years if year <= panel.year]
        forecast = Forecast.train({year: table.values(panel.measure, year) for year in years}, horizon=HORIZON, progress=True)
        chances = forecast.entry(region, year=panel.year)
        probability = dict(zip(chances["activity"], chances["probability"], strict=True))
        # One definition on the page: the forecast's, of the regions that it learns from.
        known_density = dict(zip(chances["activity"], chances["density"], strict=True))
        density = np.array([known_density.get(code, here) for code, here in zip(panel.activities, density, strict=True)])
        model = forecast.words
    except Refused as refusal:
        note = "; ".join(fault.message for fault in refusal.faults)

    def listed(chosen: list[int], order: Any) -> list[Adjacent]:
        rows = [
            Adjacent(
                code, panel.names.get(code, code), float(rca[one]), float(100 * density[one]), probability.get(code),
                panel.table, panel.measure, panel.year,
            )
            for one, code in ((one, panel.activities[one]) for one in chosen)
        ]
        return sorted(rows, key=order)

    # Current RCA foretells more than relatedness (docs/forecast.md): without a forecast both count alike.
    nearness = dict(zip(panel.activities, rca.argsort().argsort() + density.argsort().argsort(), strict=True))
    known = [one for one in range(len(rca)) if rca[one] == rca[one] and density[one] == density[one]]
    gains = listed(
        [one for one in known if rca[one] < 1], lambda row: (-(row.probability or 0.0), -nearness[row.activity], row.activity)
    )
    losses = listed([one for one in known if rca[one] >= 1], lambda row: (-(row.probability or 0.0), row.density, row.activity))
    return Near(panel.table, panel.measure, gains, losses if probability else [], model, note)
