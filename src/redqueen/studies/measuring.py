"""Measure in a simulation what a figure of the world stands for: a level, a share, a growth, what a chain leaves at a place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy

from redqueen.cases.facts import Measure, last_quarters, recorded_years
from redqueen.lab.kept import VARIABLES, kept
from redqueen.lab.outcomes import BY_NAME, WORLD, measured
from redqueen.model.world import World

if TYPE_CHECKING:
    import xarray

__all__ = ["NotRunError", "in_percent", "measured_in", "variables_of_measures"]


class NotRunError(Exception):
    """Says that the run does not reach a year."""


def variables_of_measures(measures: Iterable[Measure]) -> tuple[str, ...]:
    """Names the recorded variables that these are measured from, each once."""
    names = [name for measure in measures for name in (VARIABLES if measure.kept else BY_NAME[str(measure.outcome)].variables)]
    return tuple(dict.fromkeys(names))


def measured_in(measure: Measure, region: str, world: World, member: xarray.Dataset, year: float) -> numpy.ndarray:
    """Measures a region in a year in every seed of a trial under one policy: [seed].

    The outcome's level in its own unit; a share of 1 where it is over another region's or among several, or what a chain leaves there; the
    multiple of the level of a year where it is since one. Means over the four quarters of the year; the year in which the run ends is its
    last. NaN where there is nothing to divide by. Raises `NotRunError` beyond the run.
    """
    if measure.kept:
        return _kept_share(measure, region, world, member, year)
    now = _ratio(measure, region, world, member, year)
    if measure.since is None:
        return now
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return now / _ratio(measure, region, world, member, measure.since)


def in_percent(measure: Measure, unit: str, values: numpy.ndarray) -> numpy.ndarray:
    """Gives measured values in %, where that is their unit: shares times 100, multiples as growth."""
    if measure.since is not None:
        return 100.0 * (values - 1.0)
    is_share = measure.relative or (BY_NAME[str(measure.outcome)].unit == "share" and "%" in unit)
    return 100.0 * values if is_share else values


def _ratio(measure: Measure, region: str, world: World, member: xarray.Dataset, year: float) -> numpy.ndarray:
    """Measures the region's level in a year, over that of another region or of several where it is so measured."""
    own = _level(measure, (region,), world, member, year)
    others = (measure.over,) if measure.over else measure.among
    if not others:
        return own
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return own / _level(measure, others, world, member, year)


def _level(measure: Measure, regions: Sequence[str], world: World, member: xarray.Dataset, year: float) -> numpy.ndarray:
    outcome = BY_NAME[str(measure.outcome)]
    window = last_quarters(year, world.start, world.quarters)
    if window[1] > member.sizes["quarter"]:
        raise NotRunError(f"the run ends before the end of {math.floor(year)}")
    needed = member[[*outcome.variables, *(["last_quarter"] if "last_quarter" in member.coords else [])]]
    values = measured(needed, outcome, window).isel(policy=0)
    if outcome.by_stage:
        values = values.sel(stage=measure.stage)
    places = [WORLD] if outcome.of_the_world else list(regions)
    return values.sel(region=places).transpose("seed", "region").values.sum(axis=1)


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
