"""Measure in a simulation what a figure of the world stands for: a level, a share, a growth, what a chain leaves at a place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy

from redqueen.cases.facts import Measure, last_quarters, recorded_years
from redqueen.lab.kept import VARIABLES, kept
from redqueen.lab.outcomes import BY_NAME, WORLD, measured_each
from redqueen.model.fields import FIELDS
from redqueen.model.world import World

if TYPE_CHECKING:
    import xarray

__all__ = ["NotRunError", "in_percent", "measured_in", "variables_of_measures"]

# Variables between two regions: none can be left out before they are summed.
_BETWEEN = frozenset(field.name for field in FIELDS if field.shape.count("region") == 2)


class NotRunError(Exception):
    """Says that the run does not reach a year."""


def variables_of_measures(measures: Iterable[Measure]) -> tuple[str, ...]:
    """Names the recorded variables that these are measured from, each once."""
    names = [name for measure in measures for name in (VARIABLES if measure.kept else BY_NAME[str(measure.outcome)].variables)]
    return tuple(dict.fromkeys(names))


def measured_in(measure: Measure, region: str, world: World, member: xarray.Dataset, years: Sequence[float]) -> numpy.ndarray:
    """Measures a region in some years in every seed of a trial under one policy: [seed, year].

    The outcome's level in its own unit; a share of 1 where it is over another region's or among several, or what a chain leaves
    there; the multiple of the level of a year where it is since one. Means over the four quarters of the year; the year in which
    the run ends is its last. NaN where there is nothing to divide by. Raises `NotRunError` beyond the run.
    """
    if measure.kept:
        return numpy.stack([_kept_share(measure, region, world, member, year) for year in years], axis=1)
    asked = [*years, *(() if measure.since is None else (measure.since,))]
    values = _levels(measure, (region,), world, member, asked)
    others = (measure.over,) if measure.over else measure.among
    with numpy.errstate(divide="ignore", invalid="ignore"):
        if others:
            values = values / _levels(measure, others, world, member, asked)
        return values if measure.since is None else values[:, :-1] / values[:, -1:]


def in_percent(measure: Measure, unit: str, values: numpy.ndarray) -> numpy.ndarray:
    """Gives measured values in %, where that is their unit: shares times 100, multiples as growth."""
    if measure.since is not None:
        return 100.0 * (values - 1.0)
    is_share = measure.relative or (BY_NAME[str(measure.outcome)].unit == "share" and "%" in unit)
    return 100.0 * values if is_share else values


def _levels(
    measure: Measure, regions: Sequence[str], world: World, member: xarray.Dataset, years: Sequence[float]
) -> numpy.ndarray:
    """Gives the sum of an outcome over regions in some years: [seed, year]."""
    outcome = BY_NAME[str(measure.outcome)]
    windows = [last_quarters(year, world.start, world.quarters) for year in years]
    for year, window in zip(years, windows, strict=True):
        if window[1] > member.sizes["quarter"]:
            raise NotRunError(f"the run ends before the end of {math.floor(year)}")
    needed = member[[*outcome.variables, *(["last_quarter"] if "last_quarter" in member.coords else [])]].isel(policy=0)
    places = [WORLD] if outcome.of_the_world else list(regions)
    if outcome.top.variable not in _BETWEEN and not outcome.of_the_world:
        # What is not asked for need not be summed to a world.
        needed = needed.sel(region=places)
    values = measured_each(needed, outcome, windows)
    if outcome.by_stage:
        values = [one.sel(stage=measure.stage) for one in values]
    return numpy.stack([_of_places(one, places).sum(axis=1) for one in values], axis=1)


def _of_places(values: xarray.DataArray, places: Sequence[str]) -> numpy.ndarray:
    return values.sel(region=list(places)).transpose("seed", "region").values


def _kept_share(measure: Measure, region: str, world: World, member: xarray.Dataset, year: float) -> numpy.ndarray:
    years = recorded_years(world.start, world.quarters)
    year = min(math.floor(year), years[-1])
    if year not in member["year"].values:
        raise NotRunError(f"the run ends before the end of {year}")
    chain = kept(member, str(measure.of), year).isel(policy=0)
    amounts = chain[str(measure.kept)]
    own = amounts.sel(place=region)
    own = own.sum("stage", skipna=False) if measure.stage is None else own.sel(stage=measure.stage)
    # Of value, the whole is what final users pay; of jobs and wages, those of all regions.
    whole = chain["paid"] if measure.kept == "value" else amounts.isel(place=slice(0, -1)).sum(["place", "stage"], skipna=False)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return (own / whole).values
