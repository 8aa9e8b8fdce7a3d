"""Which regions are most like a region, and how it does against them."""

from __future__ import annotations

from typing import Any

import numpy as np

from redqueen.indicators.structure import similarity
from redqueen.studies.diagnose.panel import Panel
from redqueen.studies.diagnose.strengths import standing

__all__ = ["peers"]

#: Peers that are named.
COUNT = 5


def peers(panel: Panel, region: str, figures: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """Lists the regions nearest to one in structure, size and income, the nearest first, after the region itself.

    Nearness is the mean of three ranks among all regions of the panel: by cosine similarity of the shares of activities, by the
    absolute log ratio of sizes, and by that of incomes where `figures["income per head"]` (by region) has the region's; one without
    a known income takes the middle rank. Each entry holds region, similarity, size (share of the world, %), diversity, complexity,
    and every figure of `figures` that the region has.
    """
    place, values = panel.place(region), panel.values[-1]
    alike = similarity(values, measure="cosine")[place]
    size = np.abs(np.log(values.sum(axis=1) / values[place].sum()))
    ranks = [_ranks(-alike, place), _ranks(size, place)]
    income = figures.get("income per head", {})
    if income.get(region):
        apart = np.array([abs(np.log(income[one] / income[region])) if income.get(one) else np.nan for one in panel.regions])
        ranks.append(_ranks(apart, place))
    others = [one for one in range(len(panel.regions)) if one != place]
    nearness = dict(zip(others, np.mean(np.stack(ranks)[:, others], axis=0), strict=True))
    order = sorted(others, key=lambda one: (nearness[one], panel.regions[one]))
    return [
        {
            # Figures first: a published measure may bear a name of the panel's own.
            **{name: by_region.get(panel.regions[one]) for name, by_region in figures.items()},
            "region": panel.regions[one], "similarity": float(alike[one]),
            **{name: standing(panel, panel.regions[one])[name] for name in ("share_of_world", "diversity", "complexity")},
        }
        for one in [place, *order[:COUNT]]
    ]


def _ranks(values: np.ndarray, place: int) -> np.ndarray:
    """Ranks values from the lowest, 0, upwards; the place itself and what is unknown take the middle rank."""
    values = np.where(np.arange(len(values)) == place, np.nan, values)
    known = np.isfinite(values)
    order = np.argsort(values, kind="stable").argsort(kind="stable").astype(float)
    return np.where(known, order, np.median(order[known]) if known.any() else 0.0)
