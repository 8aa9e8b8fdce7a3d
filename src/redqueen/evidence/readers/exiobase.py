"""Reads EXIOBASE 3 and Eora26 through pymrio (extra `mrio`)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused, require
from redqueen.evidence import squares
from redqueen.evidence.input_output import HEADING, UNIT, InputOutput, close, year_of
from redqueen.evidence.places import REST_OF_WORLD
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample
from redqueen.evidence.squares import Grid, Labels, Square
from redqueen.evidence.unpacking import find

__all__ = ["EORA_PLACES", "EXIOBASE_REST", "FORMATS"]

#: EXIOBASE's five rests of the world: of Asia, Latin America, Europe, Africa and the Middle East.
EXIOBASE_REST = ("WA", "WL", "WE", "WF", "WM")
#: Codes of Eora that are not ISO's; what is no country today is added to the rest of the world.
EORA_PLACES = {"SUD": "SDN", "SDS": "SSD", "ANT": REST_OF_WORLD, "USR": REST_OF_WORLD}

_EXIOBASE = re.compile(r"iot_\d{4}_(ixi|pxp)(\.zip)?")
_EORA = re.compile(r"eora26_(\d{4})_(bp|pp)(\.zip|_t\.txt)")
_EXIOBASE_TAXES = re.compile(r"taxes less subsidies on products.*", re.I)
_TAXES, _MARK = "(taxes)", "\t"


def _is_exiobase(sample: Sample) -> bool:
    names = {Path(name).name for name in sample.files}
    return _EXIOBASE.fullmatch(sample.name) is not None or {"Z.txt", "Y.txt", "unit.txt"} <= names


def _is_eora(sample: Sample) -> bool:
    return any(_EORA.fullmatch(Path(name).name.lower()) for name in (sample.name, *sample.files))


def _exiobase(place: Path, reading: Reading) -> Iterator[InputOutput]:
    pymrio = require("pymrio", "mrio")
    system = _parsed(place, lambda: pymrio.load_all(place, subset=["Z", "Y", "F"]), _exiobase_taxes)
    wholes = dict.fromkeys(EXIOBASE_REST, REST_OF_WORLD)
    notes = [f"{', '.join(EXIOBASE_REST)} are added together as {REST_OF_WORLD}"]
    yield _closed(place, reading, system, wholes, "million current EUR", 1.0, notes)


def _exiobase_taxes(system: Any) -> pd.Series | None:
    taxes = [
        extension.F.loc[[_EXIOBASE_TAXES.fullmatch(str(_first(name))) is not None for name in extension.F.index]].sum()
        for extension in system.get_extensions(data=True)
        if getattr(extension, "F", None) is not None
    ]
    return next((held for held in taxes if held.abs().sum() > 0), None)


def _eora(place: Path, reading: Reading) -> Iterator[InputOutput]:
    pymrio = require("pymrio", "mrio")
    year, price = reading.year, "bp"
    if place.is_dir():
        found = sorted({match.groups()[:2] for path in place.iterdir() if (match := _EORA.fullmatch(path.name.lower()))})
        found = [pair for pair in found if year is None or pair[0] == str(year)]
        if len(found) != 1:
            listed = ", ".join(" ".join(pair) for pair in found) or "none"
            raise Refused.one(
                f"the folder holds {len(found)} tables of Eora26: {listed}", file=place, field="year", heading=HEADING,
                remedy="give the year, or the zip of one",
            )
        year, price = int(found[0][0]), found[0][1]
    system = _parsed(place, lambda: pymrio.parse_eora26(place, year=year, price=price))
    notes = ["Eora's discrepancies (its region ROW) are left out: value added is output minus purchases"]
    yield _closed(place, reading, system, EORA_PLACES, UNIT, 1e-3, notes, year=year)


@dataclass(frozen=True, eq=False)
class _System:
    """Holds what is taken of a pymrio system: labels of rows and columns, and their cells."""

    rows: list[str]
    columns: list[str]
    values: np.ndarray


def _parsed(place: Path, parse: Callable[[], Any], taxes_of: Callable[[Any], pd.Series | None] = lambda system: None) -> _System:
    """Runs pymrio's parser, and refuses the place where it fails, with its own words."""
    find(place, HEADING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            system = parse()
            if getattr(system, "Z", None) is None or getattr(system, "Y", None) is None:
                raise ValueError("the table of flows or of final demand is missing (Z, Y)")
            return _taken(system, taxes_of(system))
    # pymrio raises whatever its parts raise on a file that is damaged or of another layout.
    except Exception as error:
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Refused.one(
            f"pymrio cannot read it: {words}", file=place, remedy="fetch it again, and give it as the publisher packs it",
            heading=HEADING,
        ) from error


def _taken(system: Any, taxes: pd.Series | None) -> _System:
    if list(system.Z.columns) != list(system.Z.index) or list(system.Y.index) != list(system.Z.index):
        raise ValueError("the rows and columns of the flows (Z), or the rows of final demand (Y), are not the same")
    producers = [f"{region}{_MARK}{sector}" for region, sector in system.Z.index]
    final = [f"{region}{_MARK}final {at}" for at, (region, *_) in enumerate(system.Y.columns)]
    rows = list(producers)
    values = np.concatenate([system.Z.to_numpy(dtype=float), system.Y.to_numpy(dtype=float)], axis=1)
    if taxes is not None:
        paid = taxes.reindex(system.Z.columns).to_numpy(dtype=float)
        values = np.concatenate([values, np.concatenate([paid, np.zeros(len(final))])[None]])
        rows.append(_TAXES)
    values[~np.isfinite(values)] = np.nan
    return _System(rows, [*producers, *final], values)


def _closed(
    place: Path, reading: Reading, system: _System, wholes: dict[str, str], unit: str, scale: float, notes: list[str], *,
    year: int | None = None,
) -> InputOutput:
    """Takes a pymrio system over: its sectors, regions, Z and Y, with taxes where they are told."""
    files = [place] if place.is_file() else sorted(path for path in place.iterdir() if path.is_file())
    faults = Faults(file=place)
    year = year_of(place.name, reading.year if year is None else year, faults, notes)
    if system.rows[-1:] == [_TAXES]:
        notes.append("taxes less subsidies on products stand by themselves; value added is what is left")
    labels = Labels(
        split=lambda label: (label.partition(_MARK)[0], label.partition(_MARK)[2]), final=re.compile(r"final \d+"),
        closing=((re.compile(re.escape(_TAXES)), squares.TAXES),), output=frozenset(), example="region and sector",
        columns="a producer nor final demand", part_of=wholes,
    )
    grid = Grid(system.rows, system.columns, system.values, lambda row, column: None, first_line=1)
    table = close(Square(grid, labels, faults), year, place.name, faults, notes, unit=unit, scale=scale)
    reading.units["sales"] = unit
    reading.notes += table.notes
    reading.read_whole(*files)
    return table


def _first(name: object) -> object:
    return name[0] if isinstance(name, tuple) else name


FORMATS = (
    Format(
        name="exiobase_3", title="EXIOBASE 3", kind="input_output", source="exiobase_3",
        layout="IOT_2011_ixi.zip, or its folder with Z.txt, Y.txt and unit.txt", looks_like=_is_exiobase, stream=_exiobase,
    ),
    Format(
        name="eora26", title="Eora26", kind="input_output", source="eora26",
        layout="Eora26_2015_bp.zip, or its folder with Eora26_2015_bp_T.txt and labels", looks_like=_is_eora, stream=_eora,
    ),
)
