"""From dated changes to the numbers that the model takes: intensity and aim by instrument, quarter and region."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy

from redqueen.errors import Fault, nearest
from redqueen.model.instruments import INDEX, INSTRUMENTS
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.change import QUARTERS, SCALING_UNITS, TARGET, Change, faults_of, faults_of_range

if TYPE_CHECKING:
    from redqueen.policies.government import Government

__all__ = ["faults_of_place", "lay_out", "quarter_of", "regions_of"]

_PER_WORKERS = 1000.0
# What adding up shares may leave over.
_ROUNDING = 1e-9


def lay_out(
    changes: Iterable[Change], world: World, target_region: str | None = None, years: tuple[float, float] | None = None
) -> tuple[Schedule, list[Fault]]:
    """Gives the schedule of all faultless changes, and the faults of the others.

    `years` are the start and end that the changes were written for (default: the world's); of a run that ends earlier
    they fill only the part that there is.
    """
    years = years or (world.start, world.start + world.quarters / QUARTERS)
    laid_out = Schedule.empty(world.quarters, len(world.regions))
    faults: list[Fault] = []
    aims: dict[tuple[str, str], list[tuple[int, int, int | None, Change]]] = {}
    for change in changes:
        regions = regions_of(change.where, target_region)
        found = [*faults_of(change), *_faults_in_world(change, regions, world, years)]
        faults += found
        if found:
            continue
        first = 0 if change.start is None else max(0, quarter_of(change.start, world))
        last = world.quarters if change.until is None else min(world.quarters, quarter_of(change.until, world))
        target = None if change.stages is None else sum(1 << world.stages.index(stage) for stage in change.stages)
        for region in regions:
            earlier = aims.setdefault((change.instrument, region), [])
            if any(first < their_last and their_first < last and target != aim for their_first, their_last, aim, _ in earlier):
                message = f"{change.instrument} is aimed at other stages in {region} at the same time"
                faults.append(change.fault("stages", message, "an instrument has one aim at a time: give them the same stages"))
            earlier.append((first, last, target, change))
            position = world.regions.index(region)
            laid_out.set(change.instrument, position, first, last, _scaled(change, region, world), target)
    for (instrument, region), uses in aims.items():
        faults += _faults_of_sum(instrument, region, uses[-1][-1], laid_out, world)
    return laid_out, faults


def quarter_of(year: float, world: World) -> int:
    """Gives the quarter, counted from the start of the run, in which a year (1980.75) begins."""
    return round((year - world.start) * QUARTERS)


def regions_of(where: Iterable[str], target_region: str | None) -> tuple[str, ...]:
    """Gives the regions that `where` names, with the target region in the place of `TARGET` if one is asked for."""
    return tuple(target_region if region == TARGET and target_region is not None else region for region in where)


def faults_of_place(owner: Change | Government, region: str, world: World) -> Iterator[Fault]:
    """Finds a region in the `where` of a change or a government that a world does not have."""
    if region == TARGET:
        yield owner.fault("where", "acts in the target region, and none was named", f"name one of: {', '.join(world.regions)}")
    elif region not in world.regions:
        remedy = nearest(region, world.regions) or f"known: {', '.join(world.regions)}"
        yield owner.fault("where", f"unknown region '{region}'", remedy)


def _faults_in_world(change: Change, regions: tuple[str, ...], world: World, years: tuple[float, float]) -> Iterator[Fault]:
    for region in regions:
        yield from faults_of_place(change, region, world)
    if len(set(regions)) < len(set(change.where)):
        yield change.fault("where", f"names the target region twice: '{TARGET}' and by its name")
    for stage in change.stages or ():
        if stage not in world.stages:
            remedy = nearest(stage, world.stages) or f"known: {', '.join(world.stages)}"
            yield change.fault("stages", f"unknown stage '{stage}'", remedy)
    start, end = years
    run = f"the run, {start:g} to {end:g}"
    if change.start is not None and not start <= change.start < end:
        yield change.fault("start", f"{change.start:g} is outside {run}")
    if change.until is not None and not start < change.until <= end:
        yield change.fault("until", f"{change.until:g} is outside {run}")
    scales = change.instrument in INDEX and INSTRUMENTS[INDEX[change.instrument]].unit in SCALING_UNITS
    if change.per and scales and math.isfinite(change.intensity):
        for region in regions:
            if region in world.regions:
                yield from faults_of_range(change, _scaled(change, region, world), f" in {region}")


def _faults_of_sum(name: str, region: str, change: Change, laid_out: Schedule, world: World) -> Iterator[Fault]:
    instrument = INSTRUMENTS[INDEX[name]]
    intensity = laid_out.intensity[INDEX[name], :, world.regions.index(region)]
    slack = _ROUNDING * max(1.0, instrument.high)
    outside = (intensity > instrument.high + slack) | (intensity < instrument.low - slack)
    if outside.any():
        first = int(numpy.argmax(outside))
        allowed = f"{instrument.low:g} to {instrument.high:g} ({instrument.unit})"
        message = f"{name} in {region} adds up to {intensity[first]:g} in {world.start + first / QUARTERS:g}, outside {allowed}"
        yield change.fault("intensity", message, "changes that overlap add up: end one of them with until")
    numpy.clip(intensity, instrument.low, instrument.high, out=intensity)


def _scaled(change: Change, region: str, world: World) -> float:
    if not change.per:
        return change.intensity
    return change.intensity * float(world.endowments["workers"][world.regions.index(region)]) / _PER_WORKERS
