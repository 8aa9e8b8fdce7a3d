"""Reads back the Parquet files that `redqueen read -o` wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from redqueen.errors import Refused
from redqueen.evidence.evidence import COLUMNS, text_columns
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import NUMBER, TEXT, YEAR, stream_table

__all__ = ["FORMATS"]

_HEADING = "table kept by redqueen"


def _looks_like(sample: Sample) -> bool:
    return bool(sample.kept)


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame | InputOutput]:
    """Streams the rows as they were written, with the notes, names, units and origin from the file's metadata."""
    kept: Mapping[str, Any] | None = look(place).kept
    if not kept or kept.get("kind") not in COLUMNS:
        raise Refused.one("redqueen did not write this file", file=place, heading=_HEADING)
    reading.kind, reading.origin = str(kept["kind"]), dict(kept)
    reading.units, reading.names, reading.notes = dict(kept["units"]), dict(kept["names"]), list(kept["notes"])
    reading.missing, reading.suppressed = int(kept["missing"]), int(kept["suppressed"])
    text, numbers = text_columns(reading.kind), [name for name in COLUMNS[reading.kind] if name in ("value", "size")]
    kinds = {**dict.fromkeys(text, TEXT), **dict.fromkeys(numbers, NUMBER)}
    if "year" in COLUMNS[reading.kind]:
        kinds["year"] = YEAR
    blocks = stream_table(place, kinds, reading, heading=_HEADING, may_miss=("size", "region", "capabilities", "ties"))
    yield from (_tables(blocks, reading) if reading.kind == "input_output" else blocks)


def _tables(blocks: Iterable[pd.DataFrame], reading: Reading) -> Iterator[InputOutput]:
    """Puts the flows of each year together: a year's rows follow one another, as they were written."""
    from redqueen.evidence.flows import from_rows

    unit = next(iter(reading.units.values()))
    held: list[pd.DataFrame] = []
    for block in blocks:
        text = block.astype(dict.fromkeys(text_columns("input_output"), "object"))
        for year, rows in text.groupby("year", sort=False):
            if held and held[0]["year"].iloc[0] != year:
                yield from_rows(pd.concat(held, ignore_index=True), unit=unit, file=reading.place.name)
                held = []
            held.append(rows)
    if held:
        yield from_rows(pd.concat(held, ignore_index=True), unit=unit, file=reading.place.name)


FORMATS = (
    Format(
        name="kept", title="Table kept by redqueen", kind="activities", source="chosen",
        layout="a .parquet file written by redqueen read -o", looks_like=_looks_like, stream=_stream,
    ),
)
