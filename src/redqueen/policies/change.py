"""One instrument, used for a time: the unit of which policies are made."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from redqueen.errors import Fault, nearest
from redqueen.model.instruments import INDEX, INSTRUMENTS, NAMES
from redqueen.model.kinds import QUARTERS_A_YEAR

__all__ = ["QUARTERS", "SCALING_UNITS", "TARGET", "Change", "Place", "faults_of", "faults_of_range", "on_a_quarter"]

#: Stands in `where` for the region that a policy is asked for.
TARGET = "target"
#: Units that are meant for a region of a certain size, so that `per = "worker"` makes sense.
SCALING_UNITS = ("graduates/quarter", "officers", "researchers", "wages/quarter")
#: Unit of what is either off or on.
SWITCH = "switch"
QUARTERS = QUARTERS_A_YEAR


@dataclass(frozen=True)
class Place:
    """Says where in a file a change is written: the line of each of its keys, "" for its own."""

    file: str
    field: str
    lines: dict[str, int | None]


@dataclass(frozen=True)
class Change:
    """One instrument, used at one intensity in some regions from one date until another.

    `where` names regions, or `TARGET`; `start` and `until` are years (None: the start or the end of the run), `until`
    exclusive. `intensity` is in the instrument's unit; with `per="worker"` it is meant for each 1,000 workers that the
    region has at the start. `stages` aims a targeted instrument (None: at all stages).
    """

    instrument: str
    intensity: float
    where: tuple[str, ...] = (TARGET,)
    start: float | None = None
    until: float | None = None
    stages: tuple[str, ...] | None = None
    per: str | None = None
    note: str = ""
    source: str = ""
    place: Place | None = field(default=None, compare=False, repr=False)

    def fault(self, key: str, message: str, remedy: str | None = None) -> Fault:
        """Gives a fault at one key of this change, with the file's word for it."""
        if self.place is None:
            return Fault(message, field=f"{self.instrument}.{key}", remedy=remedy or None)
        key = "from" if key == "start" else key
        line = self.place.lines.get(key, self.place.lines.get(""))
        return Fault(message, self.place.file, line, f"{self.place.field}.{key}", remedy or None)


def faults_of(change: Change) -> Iterator[Fault]:
    """Finds what is wrong with a change in any world."""
    if change.instrument not in INDEX:
        remedy = nearest(change.instrument, NAMES) or f"known: {', '.join(NAMES)}"
        yield change.fault("instrument", f"unknown instrument '{change.instrument}'", remedy)
        return
    instrument = INSTRUMENTS[INDEX[change.instrument]]
    if change.per is not None and change.per != "worker":
        yield change.fault("per", f"unknown scale '{change.per}'", 'write per = "worker", or leave it out')
    elif change.per and instrument.unit not in SCALING_UNITS:
        yield change.fault(
            "per", f"{instrument.name} is in {instrument.unit}, which does not depend on a region's size", "leave out per"
        )
    if not math.isfinite(change.intensity):
        yield change.fault("intensity", f"must be a finite number ({instrument.unit})")
    elif not change.per:
        yield from faults_of_range(change, change.intensity)
    if change.stages is not None:
        if not instrument.targeted:
            yield change.fault("stages", f"{instrument.name} cannot be aimed at stages", "leave out stages")
        elif not change.stages:
            yield change.fault("stages", "names no stage", "leave it out to aim at all stages")
        yield from _repeated(change, "stages", change.stages)
    if not change.where:
        yield change.fault("where", "names no region")
    yield from _repeated(change, "where", change.where)
    for key, year in (("start", change.start), ("until", change.until)):
        if year is not None and not on_a_quarter(year):
            yield change.fault(key, f"{year:g} is not on a quarter of a year", "end it in .0, .25, .5 or .75")
    if change.start is not None and change.until is not None and change.until <= change.start:
        yield change.fault("until", f"{change.until:g} is not after from, {change.start:g}")


def on_a_quarter(year: float) -> bool:
    """Says whether a year is a whole number of quarters: 1980.75 is, 1980.8 is not."""
    return float(QUARTERS * year).is_integer()


def faults_of_range(change: Change, intensity: float, where: str = "") -> Iterator[Fault]:
    """Finds an intensity outside the range of its instrument."""
    instrument = INSTRUMENTS[INDEX[change.instrument]]
    if not instrument.low <= intensity <= instrument.high:
        allowed = f"{instrument.low:g} to {instrument.high:g} ({instrument.unit})"
        yield change.fault("intensity", f"{instrument.name} of {intensity:g}{where} is outside {allowed}")
    elif instrument.unit == SWITCH and intensity not in (instrument.low, instrument.high):
        yield change.fault("intensity", f"{instrument.name} is a switch: {intensity:g}{where} is neither off nor on", "0 or 1")


def _repeated(change: Change, key: str, names: Iterable[str]) -> Iterator[Fault]:
    names = list(names)
    for name in sorted(name for name, times in Counter(names).items() if times > 1):
        yield change.fault(key, f"names '{name}' twice")
