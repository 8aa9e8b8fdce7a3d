"""Measure what is reported about a trial, in every quarter or over a window; `model/outcomes.py` declares it.

Over a window an outcome is the mean of its term, or the sum of the upper term over the sum of the lower one, so that a
quarter without events does no harm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from redqueen.model.kinds import MODES
from redqueen.model.outcomes import (
    ALL,
    AT_HOME,
    BOUGHT,
    BOUGHT_ABROAD,
    BY_NAME,
    DIFFERENCE,
    DOWN,
    EACH_STAGE,
    EITHER,
    OUTCOMES,
    RATIO,
    SOLD_ABROAD,
    UP,
    WORLD,
    Outcome,
    Term,
    chosen,
)

if TYPE_CHECKING:
    import xarray

__all__ = [
    "ALL", "BY_NAME", "DIFFERENCE", "DOWN", "EITHER", "OUTCOMES", "RATIO", "SMOOTHING", "UP", "WORLD", "Outcome", "Term", "chosen",
    "measured", "measured_each", "series", "shown", "variables_of",
]

#: Quarters over which a figure smooths counts of events and shares of them.
SMOOTHING = 4


def variables_of(outcomes: tuple[Outcome, ...]) -> tuple[str, ...]:
    """Gives the recorded variables that these outcomes need, each once."""
    return tuple(dict.fromkeys(name for outcome in outcomes for name in outcome.variables))


def shown(outcome: Outcome, value: float) -> float:
    """Puts a difference on the scale compared into the unit of effects: % more, points, or the outcome's own."""
    if outcome.compared == RATIO:
        return 100.0 * math.expm1(value)
    return 100.0 * value if outcome.unit == "share" else value


def series(result: xarray.Dataset, outcome: Outcome) -> xarray.DataArray:
    """Measures an outcome in every quarter (in every year where it is recorded by year).

    Dimensions (policy, seed, quarter or year, region, and stage where by stage); NaN where a member is missing; counts of events
    and ratios are taken over the last four quarters. The unit is that of the outcome.
    """
    top, bottom = _terms(result, outcome)
    if outcome.smoothed and "quarter" in top.dims:
        top = top.rolling(quarter=SMOOTHING, min_periods=1).mean()
        bottom = None if bottom is None else bottom.rolling(quarter=SMOOTHING, min_periods=1).mean()
    return top if bottom is None else _over(top, bottom)


def measured(result: xarray.Dataset, outcome: Outcome, window: tuple[int, int]) -> xarray.DataArray:
    """Measures an outcome over quarters `window` = (first, past the last): dimensions (policy, seed, region, ...)."""
    return measured_each(result, outcome, [window])[0]


def measured_each(result: xarray.Dataset, outcome: Outcome, windows: Sequence[tuple[int, int]]) -> list[xarray.DataArray]:
    """Measures an outcome over each of several windows, as `measured` does, what they share once."""
    top, bottom = _terms(result, outcome)
    return [_mean(top, window) if bottom is None else _over(_mean(top, window), _mean(bottom, window)) for window in windows]


def _terms(result: xarray.Dataset, outcome: Outcome) -> tuple[xarray.DataArray, xarray.DataArray | None]:
    top = _with_world(_part(result, outcome.top), outcome)
    bottom = None if outcome.bottom is None else _with_world(_part(result, outcome.bottom), outcome)
    return top, bottom


def _part(result: xarray.Dataset, term: Term) -> xarray.DataArray:
    array = result[term.variable]
    if "to_region" in array.dims:
        return _pairs(array, term.part)
    if term.part == EACH_STAGE:
        return array
    if term.part != ALL:
        dimension = "mode" if term.part in MODES else "tie_kind"
        return array.sel({dimension: term.part}, drop=True)
    if "region" not in array.dims:
        # Known for the world alone.
        return array.mean("stage").expand_dims(region=[WORLD], axis=-1)
    return array.sum([name for name in ("mode", "tie_kind", "stage") if name in array.dims], skipna=False)


def _pairs(array: xarray.DataArray, part: str) -> xarray.DataArray:
    """Sums flows [region, ..., to_region, ...] to what each region keeps, sells or buys."""
    between = array.sum([name for name in ("stage", "to_stage", "industry") if name in array.dims], skipna=False)
    home = between.where(between["region"] == between["to_region"], 0.0).sum("to_region", skipna=False)
    bought = between.sum("region", skipna=False).rename(to_region="region")
    sold = between.sum("to_region", skipna=False)
    return {
        ALL: lambda: sold,
        AT_HOME: lambda: home,
        SOLD_ABROAD: lambda: sold - home,
        BOUGHT: lambda: bought,
        BOUGHT_ABROAD: lambda: bought - home,
    }[part]()


def _with_world(array: xarray.DataArray, outcome: Outcome) -> xarray.DataArray:
    import xarray

    regions = array["region"].values.tolist()
    # A single region is its own world.
    if not outcome.world or WORLD in regions or len(regions) < 2:
        return array
    world = array.sum("region", skipna=False).expand_dims(region=[WORLD])
    return xarray.concat([array, world.transpose(*array.dims)], "region")


def _mean(array: xarray.DataArray, window: tuple[int, int]) -> xarray.DataArray:
    if "year" in array.dims:
        inside = [year for year, last in enumerate(array["last_quarter"].values) if window[0] <= last < window[1]]
        # A window shorter than a year has no year's last quarter in it: take the latest year before its end.
        if not inside:
            inside = [max(0, int((array["last_quarter"].values < window[1]).sum()) - 1)]
        return array.isel(year=inside).mean("year")
    return array.isel(quarter=slice(*window)).mean("quarter")


def _over(top: xarray.DataArray, bottom: xarray.DataArray) -> xarray.DataArray:
    """Divides, giving NaN where there is nothing to divide by."""
    return top / bottom.where(bottom != 0)
