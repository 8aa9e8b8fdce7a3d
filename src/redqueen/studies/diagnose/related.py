"""Which of a region's activities, and of those near to them, go together."""

from __future__ import annotations

from typing import Any

import numpy as np

from redqueen.indicators.relatedness import relatedness
from redqueen.studies.diagnose.panel import Panel

__all__ = ["MOST", "related"]

#: Activities that are laid out.
MOST = 24


def related(panel: Panel, region: str, most: int = MOST) -> dict[str, Any]:
    """Gives the proximity of the activities that matter most to a region, each beside one that is near to it.

    Half are what it is specialised in, the largest first, half what it lacks and is nearest to by relatedness density; where there
    are fewer of the one there are more of the other. `has` says in which it is specialised; `proximity` is from 0 to 1.
    """
    place = panel.place(region)
    found = relatedness(panel.presence, diagonal="zero")
    has, size, density = panel.presence[place], panel.values[-1, place], np.nan_to_num(found.density[place], nan=-1.0)
    own = [int(one) for one in np.argsort(-size, kind="stable") if has[one]]
    near = [int(one) for one in np.argsort(-density, kind="stable") if not has[one] and density[one] >= 0]
    # Each half is at least what the other leaves.
    of_own = max(most - len(near), min(len(own), most // 2))
    chosen = [*own[:of_own], *near[: most - min(of_own, len(own))]]
    order = _beside(found.proximity, chosen)
    proximity = found.proximity[np.ix_(order, order)].copy()
    np.fill_diagonal(proximity, 1.0)
    return {
        "activities": [{"code": code, "name": panel.names.get(code, code)} for code in (panel.activities[one] for one in order)],
        "proximity": proximity.tolist(),
        "has": [bool(has[one]) for one in order],
        "table": panel.table, "measure": panel.measure, "year": panel.year,
    }


def _beside(proximity: np.ndarray, chosen: list[int]) -> list[int]:
    """Orders activities so that each is followed by the nearest of those that are left."""
    left = list(chosen)
    order: list[int] = []
    while left:
        one = left[0] if not order else max(left, key=lambda other: (proximity[order[-1], other], -left.index(other)))
        left.remove(one)
        order.append(one)
    return order
