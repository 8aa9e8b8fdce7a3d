"""Reads WIOD's 2013 release: the official workbook, and the same as one square table, whole or aggregated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from redqueen.evidence.classifications import sector_names
from redqueen.evidence.input_output import UNIT, InputOutput, read_input_output
from redqueen.evidence.readers.wiod_tables import TAXES_NOTE, Edition, read_workbook
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample

__all__ = ["EDITION", "FORMATS"]

#: Industries c1 to c35; final demand of households, non-profit bodies and government, investment, stocks.
EDITION = Edition(key=3, closing=1, final=("c37", "c38", "c39", "c41", "c42"), example="USA_c14")

# WIOT95_ROW_Apr12.xlsx, wiot2008_row_apr12.xlsx; the releases of 2012 and 2013 name the month.
_WORKBOOK = re.compile(r"wiot\d{2}(\d{2})?_row_[a-z]{3}1[23]\.xlsx")
_PRODUCER = re.compile(r"[A-Za-z]{3}_[A-Za-z]\w*")
_FINAL = re.compile(r"[A-Za-z]{3}_(FD|F\d+)")


def _is_workbook(sample: Sample) -> bool:
    return bool(sample.sheets) and _WORKBOOK.fullmatch(sample.name) is not None


def _is_square(sample: Sample) -> bool:
    labels = sample.columns[1:]
    producers = [label for label in labels if _PRODUCER.fullmatch(label) and not _FINAL.fullmatch(label)]
    totals = [label for label in labels if label == "OUTPUT" or _FINAL.fullmatch(label)]
    return bool(producers) and bool(totals) and len(producers) + len(totals) == len(labels)


def _workbook(place: Path, reading: Reading) -> Iterator[InputOutput]:
    names = reading.names.setdefault("activity", {})
    yield _noted(read_workbook(place, EDITION, reading.year, names, [TAXES_NOTE]), reading)


def _square(place: Path, reading: Reading) -> Iterator[InputOutput]:
    table = read_input_output(place, year=reading.year)
    known = sector_names()
    # Codes of another's making may look alike: words are given where all are known.
    if set(table.sectors) <= set(known):
        reading.names["activity"] = {sector: known[sector] for sector in table.sectors}
    yield _noted(table, reading)


def _noted(table: InputOutput, reading: Reading) -> InputOutput:
    reading.units["sales"] = UNIT
    reading.notes += table.notes
    reading.read_whole(reading.place)
    return table


FORMATS = (
    Format(
        name="wiod_2013", title="WIOD 2013 release, workbook", kind="input_output", source="wiod_2013",
        layout="wiotYY_row_apr12.xlsx: codes, names, countries and numbers in lines 3 to 6 and the first four columns, one year",
        looks_like=_is_workbook, stream=_workbook,
    ),
    Format(
        name="square_table", title="inter-regional input-output table", kind="input_output", source="wiod_2013",
        layout="rows and columns REGION_SECTOR (USA_c14), then REGION_FD or REGION_F1 to F5, OUTPUT; csv or Parquet",
        looks_like=_is_square, stream=_square,
    ),
)
