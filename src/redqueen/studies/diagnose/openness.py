"""How open a region's network is: ties abroad, closest partners, people of its own abroad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from redqueen.evidence.evidence import DIASPORA, Evidence
from redqueen.indicators.networks import affinity, home_and_abroad

__all__ = ["openness"]

#: Partners that are named.
COUNT = 5


def openness(tables: Sequence[Evidence], region: str, year: int) -> list[dict[str, Any]]:
    """Measures a region's ties in each table of ties, in the last year up to `year`, or the first after it.

    Each entry: measure, year, unit; partners: how many the region has, of how many regions; largest: those of most ties, each with
    its share (%) and its affinity (`indicators.networks`; 1 is what sizes alone would give); closest: those of highest affinity.
    Ties within the region, where a table has them, give home_share (%) and the one expected of ties made at random. Directed
    measures (people abroad, stay rate) are listed as they are, by partner.
    """
    found = []
    for table in tables:
        if table.kind != "ties":
            continue
        for measure in table.measures:
            rows = table.rows[table.rows["measure"] == measure]
            mine = rows[(rows["region"] == region) | (rows["partner"] == region)]
            if mine.empty:
                continue
            years = sorted(int(one) for one in mine["year"].unique())
            chosen = max((one for one in years if one <= year), default=years[0])
            rows = rows[rows["year"] == chosen]
            entry = {"measure": measure, "year": chosen, "unit": table.units[measure]}
            directed = measure in DIASPORA
            found.append(entry | (_abroad(rows, region) if directed else _ties(rows, region)))
    return found


def _abroad(rows: pd.DataFrame, region: str) -> dict[str, Any]:
    """Lists where a region's people are, and whose are in it, as stated."""
    out = rows[(rows["partner"] == region) & (rows["region"] != region)].sort_values(["value", "region"], ascending=[False, True])
    into = rows[(rows["region"] == region) & (rows["partner"] != region)].sort_values(["value", "partner"], ascending=[False, True])
    return {
        "its_people_in": [
            {"region": one, "value": float(value)} for one, value in zip(out["region"][:COUNT], out["value"][:COUNT], strict=True)
        ],
        "people_from": [
            {"region": one, "value": float(value)} for one,
            value in zip(into["partner"][:COUNT], into["value"][:COUNT], strict=True)
        ],
    }


def _ties(rows: pd.DataFrame, region: str) -> dict[str, Any]:
    square = rows.pivot_table(index="region", columns="partner", values="value", aggfunc="sum", fill_value=0.0)
    names = sorted({*square.index, *square.columns})
    ties = square.reindex(index=names, columns=names, fill_value=0.0).to_numpy()
    place = names.index(region)
    parted, leaning = home_and_abroad(ties), affinity(ties)[place]
    mine = np.where(np.arange(len(names)) == place, 0.0, ties[place])
    entry = {"partners": int((mine > 0).sum()), "regions": len(names) - 1, "ties": float(parted.abroad[place])}
    if parted.home[place] > 0:
        entry |= {
            "home_share": float(100 * parted.home_share[place]),
            "expected_home_share": float(100 * parted.expected_home_share[place])
        }
    # What is closest by chance: a handful of ties says nothing.
    counted = mine >= max(1.0, 0.005 * mine.sum())

    def listed(order: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {
                "region": names[one], "value": float(mine[one]), "share": float(100 * mine[one] / mine.sum()),
                "affinity": float(leaning[one])
            }
            for one in list(order)[:COUNT]
        ]

    largest = sorted(np.flatnonzero(mine > 0).tolist(), key=lambda one: (-mine[one], names[one]))
    closest = sorted(np.flatnonzero(counted).tolist(), key=lambda one: (-leaning[one], names[one]))
    return entry | {"largest": listed(largest), "closest": listed(closest)}
