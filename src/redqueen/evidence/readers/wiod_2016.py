"""Reads WIOD's 2016 release: WIOT2014_Nov16_ROW.xlsb, its copy as .xlsx, and WIOT2014_October16_ROW.RData."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from redqueen.errors import Refused, require
from redqueen.evidence.input_output import HEADING, UNIT, InputOutput
from redqueen.evidence.readers.wiod_tables import TAXES_NOTE, Edition, read_workbook, table_of_columns
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample

__all__ = ["EDITION", "FORMATS"]

#: Industries by ISIC 4 code (A01, C26); final demand of households, non-profit bodies and government, investment, stocks.
EDITION = Edition(key=0, closing=0, final=("CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN"), example="USA_C26")

_FILE = re.compile(r"wiot\d{4}_(nov|october|oct)16_row\.(xlsb|xlsx|rdata|rda)")
_R_DATA = frozenset({".rdata", ".rda"})


def _looks_like(sample: Sample) -> bool:
    return _FILE.fullmatch(sample.name) is not None


def _stream(place: Path, reading: Reading) -> Iterator[InputOutput]:
    names = reading.names.setdefault("activity", {})
    notes = [TAXES_NOTE]
    if place.suffix.lower() in _R_DATA:
        table = table_of_columns(place, _data_frame(place), EDITION, reading.year, names, notes)
    else:
        table = read_workbook(place, EDITION, reading.year, names, notes)
    reading.units["sales"] = UNIT
    reading.notes += table.notes
    reading.read_whole(place)
    yield table


def _data_frame(place: Path) -> dict[str, np.ndarray]:
    """Gives the columns of the only data frame in an R data file, texts as objects."""
    parser = require("rdata", "evidence").parser
    if not place.is_file():
        raise Refused.one("is a folder" if place.is_dir() else "no such file", file=place, heading=HEADING)
    try:
        with warnings.catch_warnings():
            # A file that says nothing of its encoding, and one of an unknown kind, are only warned of.
            warnings.simplefilter("ignore")
            saved = parser.parse_file(place)
    # The parser raises what its parts raise: of the packing, of the reading of bytes, of numbers out of range.
    except Exception as error:
        raise Refused.one(
            "not a whole R data file", file=place, remedy="fetch it again", heading=HEADING
        ) from error
    frames = [found for found in map(_columns, _saved_objects(saved.object, parser)) if "IndustryCode" in found]
    if len(frames) != 1:
        raise Refused.one(
            f"the file holds {len(frames)} tables with a column IndustryCode", file=place,
            remedy="give the publisher's file as it is", heading=HEADING,
        )
    return frames[0]


def _saved_objects(saved: Any, parser: Any) -> list[Any]:
    """Lists the objects of a chain of R pairs, the form in which R saves them."""
    found = []
    while saved is not None and saved.info.type == parser.RObjectType.LIST:
        found.append(saved.value[0])
        saved = saved.value[1]
    return found


def _columns(held: Any) -> dict[str, np.ndarray]:
    """Gives the named vectors of an R list, {} where it is none."""
    if not isinstance(held.value, list):
        return {}
    names = _attribute(held, "names")
    if names is None or len(names.value) != len(held.value):
        return {}
    return {_text(name): _vector(column) for name, column in zip(names.value, held.value, strict=True)}


def _vector(column: Any) -> np.ndarray:
    if isinstance(column.value, np.ndarray):
        levels = _attribute(column, "levels")
        if levels is None:
            return column.value
        words = np.array([_text(level) for level in levels.value], dtype=object)
        return words[column.value.astype(int) - 1]
    return np.array([_text(cell) for cell in column.value], dtype=object)


def _attribute(held: Any, name: str) -> Any:
    pair = held.attributes
    while pair is not None and isinstance(pair.value, tuple):
        if pair.tag is not None and _text(_symbol(pair.tag)) == name:
            return pair.value[0]
        pair = pair.value[1]
    return None


def _symbol(tag: Any) -> Any:
    # A symbol used before is a reference to it.
    found = tag.referenced_object or tag
    return found.value


def _text(held: Any) -> str:
    return held.value.decode("utf-8", "replace") if isinstance(held.value, bytes) else str(held.value)


FORMATS = (
    Format(
        name="wiod_2016", title="WIOD 2016 release", kind="input_output", source="wiod_2016",
        layout="WIOT2014_Nov16_ROW.xlsb or WIOT2014_October16_ROW.RData: one year, 44 countries, 56 industries",
        looks_like=_looks_like, stream=_stream,
    ),
)
