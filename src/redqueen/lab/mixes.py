"""Mixes of instruments: levers with the range in which each is tried, and from points of the unit cube to policies and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from redqueen.errors import Faults, nearest
from redqueen.model.instruments import INDEX, INSTRUMENTS, NAMES, Instrument
from redqueen.model.world import World
from redqueen.policies.change import SCALING_UNITS, SWITCH, TARGET, Change
from redqueen.policies.layout import lay_out, regions_of
from redqueen.policies.policy import Policy

__all__ = ["LARGEST_USE", "Lever", "Levers", "declared_range", "levers_of", "mix_of", "usable", "uses"]

#: A lever is tried up to so many times what the largest policy known uses of it.
LARGEST_USE = 2.0
#: Levers that a mix drawn at random uses on average, where there are more than twice as many.
_USED = 3.0
#: Digits that an intensity keeps, so that a file says all of it.
_DIGITS = 3
_PER_WORKERS = 1000.0
#: Keys of a change that all levers share, with the words of the command line.
_SHARED = {"start": "--from", "until": "--until", "where": "--region"}
#: What an instrument of comparison says in its source: it is no policy.
_COMPARISON = "comparison"


@dataclass(frozen=True)
class Lever:
    """Names an instrument and the range in which it is tried, in its unit; for each 1,000 workers where `per` is "worker".

    Zero is always among what is tried: `low` is the least intensity where it is used (below zero: both ways are tried).
    """

    instrument: str
    low: float
    high: float
    per: str | None = None

    @property
    def declared(self) -> Instrument:
        """Gives the instrument as the model declares it."""
        return INSTRUMENTS[INDEX[self.instrument]]


@dataclass(frozen=True)
class Levers:
    """Holds the levers of a search and when and where they are used: in one region, from a year until another.

    A point of the unit cube has a coordinate a lever. Up to `idle` the lever is not used; from there to 1 it runs over its range.
    """

    levers: tuple[Lever, ...]
    region: str
    start: float | None = None
    until: float | None = None

    @property
    def names(self) -> list[str]:
        """Names the instruments, in order."""
        return [lever.instrument for lever in self.levers]

    @property
    def idle(self) -> float:
        """Gives the share of each coordinate in which a lever is not used: half, or more where levers are many."""
        return max(0.5, 1 - _USED / len(self.levers))

    def intensities(self, point: Sequence[float]) -> dict[str, float]:
        """Gives the intensity of every lever that is used at a point of the unit cube, rounded to three digits."""
        found = {}
        for lever, place in zip(self.levers, point, strict=True):
            part = min(1.0, (place - self.idle) / (1 - self.idle))
            if part <= 0:
                continue
            value = lever.high if lever.declared.unit == SWITCH else lever.low + part * (lever.high - lever.low)
            rounded = min(max(float(f"{value:.{_DIGITS}g}"), lever.low), lever.high)
            if rounded != 0.0:
                found[lever.instrument] = rounded
        return found

    def point(self, intensities: Mapping[str, float]) -> tuple[float, ...] | None:
        """Gives the point of the unit cube at which a mix lies; None where it uses what is no lever, or beyond its range."""
        if intensities.keys() - set(self.names):
            return None
        point = []
        for lever in self.levers:
            value = intensities.get(lever.instrument, 0.0)
            if value != 0.0 and not lever.low <= value <= lever.high:
                return None
            part = (value - lever.low) / (lever.high - lever.low)
            point.append(0.0 if value == 0.0 else self.idle + (1 - self.idle) * part)
        return tuple(point)

    def policy(self, intensities: Mapping[str, float], name: str, title: str = "", source: str = "") -> Policy:
        """Gives the policy that uses a mix in the target region, from the start to the end of the search's years."""
        changes = tuple(
            Change(lever.instrument, intensities[lever.instrument], (TARGET,), self.start, self.until, per=lever.per, source=source)
            for lever in self.levers
            if lever.instrument in intensities
        )
        return Policy(name, title=title, source=source, changes=changes)

    def faults(self, world: World) -> Faults:
        """Finds what is wrong with levers, dates and region in a world, at either end of every range."""
        faults = Faults()
        for one in self.levers:
            if not one.low < one.high:
                faults.add(f"{one.low:g} to {one.high:g} is no range", field=one.instrument, remedy="the lower end first")
        for end in ("low", "high"):
            ends = {lever.instrument: getattr(lever, end) for lever in self.levers}
            for fault in lay_out(self.policy(ends, "ends").changes, world, self.region)[1]:
                # All levers have the same dates and region: what is wrong with them is told once.
                part = (fault.field or "").rpartition(".")[2]
                faults.append(replace(fault, field=_SHARED[part]) if part in _SHARED else fault)
        faults[:] = dict.fromkeys(faults)
        return faults


def usable() -> list[str]:
    """Names the instruments that can be levers: all but those that stand for experiments of comparison."""
    return [row.name for row in INSTRUMENTS if not row.source.startswith(_COMPARISON)]


def levers_of(
    names: Sequence[str] | None, policies: Iterable[Policy], world: World, region: str, faults: Faults
) -> tuple[Lever, ...]:
    """Gives levers by name, each with the range from nothing to `LARGEST_USE` times its largest use in any of the policies.

    That is within the declared range; an instrument that none of them uses has its declared range, where that is not meant for
    regions of any size. Without names: every usable instrument of the policies. What cannot be a lever is noted in `faults`.
    """
    largest: dict[str, float] = {}
    smallest: dict[str, float] = {}
    for policy in policies:
        for change in policy.changes:
            for value in uses(change, world, region):
                largest[change.instrument] = max(largest.get(change.instrument, 0.0), value)
                smallest[change.instrument] = min(smallest.get(change.instrument, 0.0), value)
    known = usable()
    if names is None:
        names = [name for name in known if name in largest]
    if not names:
        faults.add("there is no lever", field="--levers", remedy="redqueen instruments lists them")
    found = []
    for name in dict.fromkeys(names):
        if name not in known:
            words = "stands for a comparison and is no policy" if name in NAMES else "is no instrument"
            faults.add(f"'{name}' {words}", field="--levers", remedy=nearest(name, known) or "redqueen instruments lists them")
            continue
        row = INSTRUMENTS[INDEX[name]]
        per = "worker" if row.unit in SCALING_UNITS else None
        low, high = declared_range(row, world, region)
        if name in largest:
            low, high = max(low, LARGEST_USE * smallest[name]), min(high, LARGEST_USE * largest[name])
        elif per:
            faults.add(f"no policy uses {name}: how much of it to try is not known", field="--levers", remedy="leave it out")
            continue
        found.append(Lever(name, low, high, per))
    return tuple(found)


def declared_range(row: Instrument, world: World, region: str) -> tuple[float, float]:
    """Gives the declared range of an instrument, for each 1,000 workers of a region where its unit grows with a region's size."""
    share = _workers(world, region) / _PER_WORKERS if row.unit in SCALING_UNITS else 1.0
    return row.low / share, row.high / share


def mix_of(policy: Policy, levers: Levers, world: World) -> dict[str, float] | None:
    """Gives the intensities of a policy that is a mix of these levers: in the region alone, all the time that they are used.

    None where it is not: other regions, dates, stages or a government.
    """
    mix: dict[str, float] = {}
    by_name = {lever.instrument: lever for lever in levers.levers}
    for change in policy.changes:
        lever = by_name.get(change.instrument)
        dated = (change.start, change.until) not in ((None, None), (levers.start, levers.until))
        if lever is None or dated or change.stages or set(regions_of(change.where, levers.region)) != {levers.region}:
            return None
        workers = _workers(world, levers.region) / _PER_WORKERS
        scale = {(None, None): 1.0, ("worker", "worker"): 1.0, (None, "worker"): 1 / workers, ("worker", None): workers}
        value = change.intensity * scale[change.per, lever.per]
        mix[change.instrument] = float(f"{mix.get(change.instrument, 0.0) + value:.{_DIGITS}g}")
    return None if policy.governments else mix


def uses(change: Change, world: World, region: str) -> Iterable[float]:
    """Gives the intensity of a change in each region it acts in, for each 1,000 workers where the unit grows with a region."""
    if change.instrument not in INDEX:
        return
    scaling = INSTRUMENTS[INDEX[change.instrument]].unit in SCALING_UNITS
    for place in regions_of(change.where, region):
        if place in world.regions:
            yield change.intensity / (_workers(world, place) / _PER_WORKERS) if scaling and not change.per else change.intensity


def _workers(world: World, region: str) -> float:
    return float(world.endowments["workers"][world.regions.index(region)])
