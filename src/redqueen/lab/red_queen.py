"""Where regions stand against the frontier while it moves, and where they would if they had stood still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from redqueen.lab.intervals import LEVEL, paired_difference, verdict
from redqueen.lab.outcomes import BY_NAME, series, variables_of

if TYPE_CHECKING:
    import xarray

__all__ = ["VARIABLES", "Course", "courses"]

_DISTANCE, _QUALITY, _INCOME = (BY_NAME[name] for name in ("distance_to_frontier", "quality_made", "income_per_head"))
#: Recorded variables that this needs.
VARIABLES = variables_of((_DISTANCE, _QUALITY, _INCOME))


class Course(NamedTuple):
    """Holds the course of a region under a policy at the ends of years: medians over members.

    `distance` to the frontier and `quality` of what its firms make are log quality; `frontier` = quality + distance is that of the
    same stages; `income` per head at constant quality. `standing_still` = frontier - the quality of the first year, in each member:
    how far back the region would be if its firms had not run. `reached` and `reached_still` say the two distances as the part of
    the frontier's quality that the region has, in %: 100 e^-distance. `income_times` is income of the last year over that of the
    first, the median over members; `nearer` the mean change of distance from the first year to the last, with its 95 % interval
    (None with one member) and a verdict: raises, lowers, or no clear effect.
    """

    years: numpy.ndarray
    distance: numpy.ndarray
    quality: numpy.ndarray
    frontier: numpy.ndarray
    income: numpy.ndarray
    standing_still: numpy.ndarray
    reached: numpy.ndarray
    reached_still: numpy.ndarray
    income_times: float
    nearer: dict[str, Any]


def courses(result: xarray.Dataset) -> dict[tuple[str, str], Course]:
    """Gives the course of every region under each policy, by region and policy; members that are missing are left out."""
    ends = result["last_quarter"].values
    years = result["year"].values.astype(int)
    distance, quality, income = (
        series(result, outcome).isel(quarter=ends).transpose("policy", "region", "seed", "quarter").values
        for outcome in (_DISTANCE, _QUALITY, _INCOME)
    )
    frontier = quality + distance
    found = {}
    for policy, name in enumerate(result["policy"].values):
        for place, region in enumerate(result["region"].values):
            there = ~numpy.isnan(distance[policy, place]).all(axis=1)
            if not there.any():
                continue
            away, made, ahead, earned = (array[policy, place][there] for array in (distance, quality, frontier, income))
            still = ahead - made[:, :1]
            found[str(region), str(name)] = Course(
                years, _median(away), _median(made), _median(ahead), _median(earned), _median(still),
                _median(_reached(away)), _median(_reached(still)), float(numpy.median(earned[:, -1] / earned[:, 0])), _change(away),
            )
    return found


def _reached(distance: numpy.ndarray) -> numpy.ndarray:
    """Gives the part of the frontier's quality, in %, at a distance in log quality."""
    return 100.0 * numpy.exp(-distance)


def _median(members: numpy.ndarray) -> numpy.ndarray:
    return numpy.nanmedian(members, axis=0)


def _change(distance: numpy.ndarray) -> dict[str, Any]:
    first, last = distance[:, 0], distance[:, -1]
    found = paired_difference(last, first, LEVEL)
    known = bool(numpy.isfinite(found.low))
    words = verdict(found.low, found.high, len(first), identical=bool((last == first).all()))
    return {"mean": found.mean, "low": found.low if known else None, "high": found.high if known else None, "verdict": words}
