"""How far behind the leader a region is, whether it catches up, and how fast it must run to stay in place."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused, nearest

__all__ = ["RED_QUEEN_COLUMNS", "distance_to_frontier", "frontier_levels", "red_queen", "relative_income"]

#: What `red_queen` gives of each region and year.
RED_QUEEN_COLUMNS = (
    "region", "year", "since", "distance", "income", "relative_income", "distance_change", "income_growth",
    "relative_income_change", "own_growth", "frontier_growth", "net_growth", "spent_on_staying",
)


def relative_income(income: pd.DataFrame, *, to: str) -> pd.DataFrame:
    """Gives each region's income per head in per cent of one region's in the same year.

    100 y[r, t] / y[to, t]. `income` has rows of region, year, income -> rows of region, year, relative_income (%), for
    the years that region `to` has. Refuses a region `to` that is absent.
    """
    base = income[income["region"] == to].set_index("year")["income"]
    if base.empty:
        raise Refused.one(
            f"there is no income of '{to}' to compare with", field="region", remedy=nearest(to, income["region"].unique())
        )
    kept = income[income["year"].isin(base.index)]
    relative = 100 * kept["income"] / kept["year"].map(base)
    return kept[["region", "year"]].assign(relative_income=relative).reset_index(drop=True)


def frontier_levels(levels: np.ndarray, *, quantile: float = 1.0) -> np.ndarray:
    """Gives the frontier of each year: the highest level of any region, or a high quantile of the levels of all.

    f[t] = max over r of x[t, r] (quantile 1, the default), or the quantile with linear interpolation between regions, which
    one region with an odd figure does not move. `levels` [..., regions], any unit; NaN where unknown, left out ->
    [...], same unit; NaN where no region is known. Source: the leader in Nelson and Phelps 1966 (nelson_phelps_1966).

    >>> frontier_levels([[1.0, 3.0], [2.0, 5.0]]).tolist()
    [3.0, 5.0]
    """
    levels = np.asarray(levels, dtype=float)
    known = np.isfinite(levels).any(axis=-1)
    frontier = np.full(levels.shape[:-1], np.nan)
    frontier[known] = np.nanquantile(np.where(np.isfinite(levels[known]), levels[known], np.nan), quantile, axis=-1)
    return frontier


def distance_to_frontier(levels: np.ndarray, *, quantile: float = 1.0, logs: bool = False) -> np.ndarray:
    """Gives how far each region is behind the frontier of its year, in logs: 0 on it, 0.69 at half its level.

    d[t, r] = ln f[t] - ln x[t, r], with f of `frontier_levels`; below zero above a frontier that is a quantile. `levels`
    [..., regions], positive (patents per head, output per worker), or logs already where `logs` -> same shape, log points; NaN
    where a level is unknown or not positive.

    >>> distance_to_frontier([[1.0, 2.0]]).round(2).tolist()
    [[0.69, 0.0]]
    """
    levels = np.asarray(levels, dtype=float)
    positive = levels if logs else np.log(np.where(levels > 0, levels, np.nan))
    return frontier_levels(positive, quantile=quantile)[..., None] - positive


def red_queen(
    levels: pd.DataFrame, income: pd.DataFrame, *, span: int = 10, quantile: float = 1.0, logs: bool = False
) -> pd.DataFrame:
    """Sets distance to the frontier against income for every region and year, with the change of both over `span` years.

    `levels` has rows of region, year, level: any measure of what a region can do (patents per head; quality of a simulated
    run), or its log where `logs`. The frontier of a year is that of `frontier_levels` over the regions that
    have a level in it; a column `frontier` (same unit) takes its place where the table has one, as where each region's is
    that of what it makes ("frontier quality" of a simulated run). `income` has rows of region, year,
    income (income per head, positive).
    -> rows of `RED_QUEEN_COLUMNS` for each region and year that both tables have, sorted; over `since` to `year`:

    distance = ln frontier - ln level (log points); income as given, relative_income in % of the year's frontier of incomes;
    distance_change and income_growth (log points), relative_income_change (percentage points);
    own_growth = change of ln level; frontier_growth = change of ln frontier; net_growth = own - frontier = -distance_change;
    spent_on_staying = frontier_growth / own_growth: the part of the region's own progress that went into merely keeping its
    distance. 0: the frontier stood still; 1: all of it, the region ran to stay in place; above 1: it ran and fell behind all
    the same; below 0: the frontier came back to it; NaN where the region made no progress of its own.

    Changes are NaN where the year `span` earlier is unknown. Regions that come and go may move the frontier: keep to a
    panel. Refuses missing columns, repeated rows, and levels or incomes that have no logarithm.
    Source: Breznitz and Murphree 2010, the run of the Red Queen (breznitz_murphree_2010).
    """
    _check(levels, income, logs=logs)
    level = _wide(levels, "level", logs=logs)
    if "frontier" in levels:
        frontier = _wide(levels, "frontier", logs=logs)
    else:
        of_year = frontier_levels(level.to_numpy(), quantile=quantile)
        frontier = pd.DataFrame(np.broadcast_to(of_year[:, None], level.shape), level.index, level.columns)
    money = _wide(income, "income", logs=True)
    earned = pd.DataFrame(np.log(money))
    relative = pd.DataFrame(100 * np.exp(earned.sub(frontier_levels(earned.to_numpy(), quantile=quantile), axis=0)))
    own, moved, gained, relative_gained = (_change(frame, span) for frame in (level, frontier, earned, relative))
    columns: dict[str, pd.DataFrame] = {
        "distance": frontier - level,
        "income": money,
        "relative_income": relative,
        "distance_change": moved - own,
        "income_growth": gained,
        "relative_income_change": relative_gained,
        "own_growth": own,
        "frontier_growth": moved,
        "net_growth": own - moved,
        "spent_on_staying": moved.where(own > 0) / own.where(own > 0),
    }
    stacked: dict[Hashable, Any] = {name: frame.stack(future_stack=True) for name, frame in columns.items()}
    table = pd.concat(stacked, axis=1).reset_index()
    known = table["distance"].notna() & table["income"].notna()
    table = table[known].assign(since=lambda rows: rows["year"] - span)
    return table.sort_values(["region", "year"], ignore_index=True)[list(RED_QUEEN_COLUMNS)]


def _change(frame: pd.DataFrame, span: int) -> pd.DataFrame:
    """Subtracts what stood exactly `span` years earlier, whatever lies between."""
    return frame - frame.reindex(frame.index - span).set_axis(frame.index)


def _check(levels: pd.DataFrame, income: pd.DataFrame, *, logs: bool) -> None:
    faults = Faults()
    for frame, wanted in ((levels, "level"), (income, "income")):
        lacking = [name for name in ("region", "year", wanted) if name not in frame]
        for name in lacking:
            faults.add("the column is missing", field=name, remedy=nearest(name, map(str, frame.columns)))
        if lacking:
            continue
        for region, year in frame.loc[frame.duplicated(["region", "year"]), ["region", "year"]].itertuples(index=False):
            faults.add(f"{region} in {year} stands twice", field=wanted)
        for name in (wanted, "frontier") if wanted == "level" and "frontier" in frame else (wanted,):
            wrong = frame[(frame[name] <= 0) & (not logs or wanted == "income")]
            for region, year, value in wrong[["region", "year", name]].itertuples(index=False):
                faults.add(f"{region} in {year} is {value:g}, which has no logarithm", field=name, remedy="leave the row out")
    faults.refuse_if_any("distance to the frontier against income")


def _wide(frame: pd.DataFrame, name: str, *, logs: bool) -> pd.DataFrame:
    """Gives logs by year (rows) and region (columns), NaN where unknown; what is in `logs` already stays as it is."""
    table = frame.pivot(index="year", columns="region", values=name).astype(float).sort_index().sort_index(axis=1)
    return table if logs else pd.DataFrame(np.log(table))
