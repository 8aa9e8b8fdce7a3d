"""Reads the OECD's Inter-Country Input-Output tables (ICIO), editions of 2016 to 2025, one csv file a year.

Layouts: editions of 2016 (`HFCE_AUS`, `VA+TAXSUB`, `DISC`), 2018 and 2021 (`AUS_HFCE`, a row `AUS_TAXSUB` for each country
whose products are taxed, `VALU`, `OUTPUT`, `TOTAL`), 2023 and later (`AUS_A01_02`, `TLS`, `VA`, `OUT`); the extended ones
show parts of China (CN1, CN2) and Mexico (MX1, MX2) by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from redqueen.errors import Faults, Refused
from redqueen.evidence import squares
from redqueen.evidence.input_output import HEADING, UNIT, InputOutput, close, year_of
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample
from redqueen.evidence.squares import Grid, Labels, Square
from redqueen.evidence.tables import open_table

__all__ = ["FORMATS", "LABELS", "read_icio"]

_FINAL = (
    "HFCE", "NPISH", "NPS", "GGFC", "GFCF", "INVNT", "INV", "DPABR", "DIRP", "P33",
    "CONS", "CONS_NONRES", "CONS_ABR", "NONRES", "FD",
)
_VALUE_ADDED_AND_TAXES = "VA+TAXSUB"


def _split(label: str) -> tuple[str, str]:
    region, _, part = label.partition("_")
    # The edition of 2016 writes HFCE_AUS.
    return (part, region) if region in _FINAL else (region, part)


LABELS = Labels(
    split=_split,
    final=re.compile("|".join(_FINAL)),
    closing=(
        (re.compile(r"VALU|VA|VA\+TAXSUB"), squares.VALUE_ADDED),
        (re.compile("OUTPUT|OUT|TOTAL"), squares.OUTPUT),
        (re.compile(r"([A-Z0-9]{3}_)?(TLS|TAXSUB)"), squares.TAXES),
    ),
    output=frozenset({"OUT", "TOTAL", "OUTPUT"}),
    example="AUS_C26",
    columns=f"COUNTRY_INDUSTRY, COUNTRY_{_FINAL[0]} or another final use, OUT nor TOTAL",
    needed={squares.VALUE_ADDED: "VA", squares.OUTPUT: "OUT"},
    final_example=_FINAL[0],
    discrepancy=frozenset({"DISC"}),
    part_of={f"{part}{number}": whole for part, whole in (("CN", "CHN"), ("MX", "MEX")) for number in range(1, 5)},
)

_HOUSEHOLDS = re.compile(r"[A-Z0-9]{3}_HFCE|HFCE_[A-Z0-9]{3}")
# ICIO2018_2014.csv is of 2014, published in 2018; 2016_SML.csv names its year alone.
_EDITION = re.compile(r"icio[-_ ]?\d{4}(?=[-_ ])", re.I)
_FILE = re.compile(r"(icio[-_ ]?\d{4}[-_ ])?\d{4}(_sml)?\.csv(\.gz)?", re.I)


def read_icio(path: str | Path, *, year: int | None = None) -> InputOutput:
    """Reads one year of the ICIO tables, in million current USD.

    Value added is at basic prices. Taxes less subsidies on products are neither purchases nor value added: they stand in
    `taxes`, so that output = purchases + taxes + value added; those on final use are no producer's and are left out. All
    categories of final demand are added together. Parts of China and Mexico are added to the whole, whose own rows and
    columns are zero where parts stand. Refuses, all at once, what `close` refuses. Source of the layout: oecd_icio.
    """
    path = Path(path)
    frame = open_table(path, HEADING)
    faults = Faults(file=path)
    notes: list[str] = []
    year = year_of(path.name, year, faults, notes, said=_EDITION.sub("", path.name))
    grid = Grid.of_frame(frame)
    del frame
    square = Square(grid, LABELS, faults)
    if square.merged_names:
        notes.append(f"{', '.join(square.merged_names)} are parts of a country, and were added together")
    if _VALUE_ADDED_AND_TAXES in grid.rows:
        notes.append("value added holds taxes less subsidies on products: this edition does not part them")
    elif squares.TAXES in square.closing:
        notes.append("value added is at basic prices; taxes less subsidies on what producers buy stand by themselves")
    return close(square, year, path.name, faults, notes)


def _looks_like(sample: Sample) -> bool:
    if sample.columns:
        return any(_HOUSEHOLDS.fullmatch(label) for label in sample.columns)
    return sample.place.is_dir() and bool(sample.files) and all(_FILE.fullmatch(name) for name in sample.files)


def _stream(place: Path, reading: Reading) -> Iterator[InputOutput]:
    files = sorted(path for path in place.iterdir() if _FILE.fullmatch(path.name)) if place.is_dir() else [place]
    if not files:
        raise Refused.one("the folder holds no file such as ICIO2018_2014.csv or 2016_SML.csv", file=place, heading=HEADING)
    reading.units["sales"] = UNIT
    for path in files:
        table = read_icio(path, year=reading.year if len(files) == 1 else None)
        reading.notes += table.notes if len(files) == 1 else [f"{table.year}: {note}" for note in table.notes]
        reading.read_whole(path)
        yield table


FORMATS = (
    Format(
        name="oecd_icio", title="OECD ICIO", kind="input_output", source="oecd_icio",
        layout="csv, one year: rows and columns COUNTRY_INDUSTRY, then COUNTRY_HFCE and other final demand, OUT or TOTAL; "
        "rows TLS or TAXSUB, VA or VALU, OUT or OUTPUT close it",
        looks_like=_looks_like, stream=_stream,
    ),
)
