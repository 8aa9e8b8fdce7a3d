"""The layouts that are known, how each is recognised, and how any of them is read."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from pathlib import Path

from redqueen.errors import Faults, Refused, nearest
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.opening import Opened
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample, look

__all__ = ["Format", "Reading", "Sample", "formats", "layout_of", "look", "read_evidence", "read_tables", "recognise"]

# One module a publisher, in the order in which they are tried: the plain long table fits most loosely, and comes last.
_READERS = (
    "kept",
    "simulated",
    "baci",
    "atlas",
    "oec",
    "comtrade",
    "organisations",
    "icio",
    "wiod_2013",
    "wiod_2016",
    "accounts",
    "exiobase",
    "nsf",
    "china",
    "maddison",
    "indicators",
    "metros",
    "cbp",
    "qcew",
    "eurostat",
    "regpat",
    "patentsview",
    "long_table",
)

# What a run's directory holds besides its input-output tables.
_RUN = ("activities.csv", "ties.csv", "region_measures.csv")


@functools.cache
def formats() -> dict[str, Format]:
    """Gives every known layout by name, in the order in which they are tried."""
    found = {}
    for module in _READERS:
        for one in importlib.import_module(f"redqueen.evidence.readers.{module}").FORMATS:
            found[one.name] = one
    return found


def recognise(place: str | Path) -> Format:
    """Tells whose layout a file or folder has; refuses what is absent, empty, or of no known layout."""
    sample = look(Path(place))
    for one in formats().values():
        if one.looks_like(sample):
            return one
    seen = f"its columns are {', '.join(sample.columns[:12])}" if sample.columns else f"it holds {', '.join(sample.files[:8])}"
    raise Refused.one(
        f"no known layout looks like this: {seen}", file=place, heading="reading evidence",
        remedy="redqueen read --formats lists those that are known; a plain table has columns region, activity, year, value",
    )


def read_evidence(
    place: str | Path, *, format: str | None = None, year: int | None = None, without: tuple[str, ...] = (), progress: bool = True
) -> Evidence:
    """Reads a file or folder of any known layout into memory.

    `format` says whose layout it is, for what looks like several; `year` the year of a table that states none; `without` =
    ("partner",) sums trade over partners while it is read, so that bilateral tables of any size fit in memory. Refuses,
    all at once, whatever is wrong in it, and repeated rows.
    """
    opened = Opened(layout_of(place, format), place, year=year, without=without, progress=progress)
    rows, reading = opened.gathered(), opened.reading
    return Evidence(
        format=str(reading.origin.get("format", opened.layout.name)), kind=opened.kind, rows=rows, units=reading.units,
        files=opened.files(), names=reading.names, notes=opened.notes(), missing=reading.missing,
        suppressed=reading.suppressed, tables=tuple(opened.tables),
    )


def read_tables(places: Iterable[str | Path], *, without: tuple[str, ...] = ("partner",)) -> list[Evidence]:
    """Reads several places, trade summed over partners unless `without` says otherwise; refuses the faults of all at once.

    A directory that `redqueen run` wrote stands for its tables: activities, ties, regions and input-output.
    """
    found, faults = [], Faults()
    for place in (table for given in places for table in _of_run(Path(given))):
        try:
            found.append(read_evidence(place, without=without))
        except Refused as refusal:
            faults.extend(refusal.faults)
    faults.refuse_if_any("reading evidence")
    return found


def _of_run(place: Path) -> list[Path]:
    tables = [place / name for name in _RUN if (place / name).is_file()]
    if not tables:
        return [place]
    return [*tables, *sorted(place.glob("input_output_*.csv"))]


def layout_of(place: str | Path, format: str | None = None) -> Format:
    """Gives the layout that the user names, or the one that a place is recognised to have."""
    known = formats()
    if format is not None and format not in known:
        raise Refused.one(f"no layout is called '{format}'", field="--format", remedy=nearest(format, known) or ", ".join(known))
    return recognise(place) if format is None else known[format]
