"""Looks at a file or folder without reading it: whose layout it has is told by what is seen here."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redqueen.errors import Refused, nearest, require

__all__ = ["KEPT", "Sample", "look", "mark"]

#: The key under which redqueen writes provenance into a Parquet file of its own.
KEPT = b"redqueen"

# Enough for the longest header known: an input-output table of 3,600 columns.
_HEAD = 1 << 18
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOKS = frozenset({".xlsx", ".xls", ".xlsb", ".xlsm", ".ods"})
_QUOTED = re.compile(r'"[^"]*"')
_R_DATA = frozenset({".rdata", ".rda", ".rds"})
_HEADING = "looking at evidence"


@dataclass(frozen=True)
class Sample:
    """Shows what a place holds without reading it: enough to tell whose layout it is.

    `place` is a file or a folder; `files` the names of the files in the folder or zip archive, or its own name; `columns` the
    header of a text or Parquet file as written, () elsewhere; `delimiter` what separates them; `first_row` the cells of the
    first row of a text file; `sheets` of a workbook; `kept` the provenance of a Parquet file that redqueen wrote.
    """

    place: Path
    files: tuple[str, ...]
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    sheets: tuple[str, ...] = ()
    first_row: tuple[str, ...] = ()
    kept: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Gives the place's own name, in lower case."""
        return self.place.name.lower()


def look(place: str | Path) -> Sample:
    """Looks at a place: file names of a folder or zip, header of a text or Parquet table, sheets of a workbook.

    Refuses what is absent, empty, binary, not UTF-8 or not in its declared packing.
    """
    place = Path(place)
    if place.is_dir():
        names = sorted(child.name for child in place.iterdir() if child.is_file() and not child.name.startswith("."))
        if not names:
            raise Refused.one("the folder holds no files", file=place, heading=_HEADING)
        return Sample(place, tuple(names))
    if not place.is_file():
        siblings = [child.name for child in place.parent.iterdir()] if place.parent.is_dir() else []
        raise Refused.one("no such file", file=place, remedy=nearest(place.name, siblings), heading=_HEADING)
    if place.stat().st_size == 0:
        raise Refused.one("the file is empty", file=place, heading=_HEADING)
    kind = place.suffix.lower()
    if kind == ".parquet":
        return _parquet(place)
    if kind in _WORKBOOKS:
        return _workbook(place)
    if kind == ".zip":
        return _zip(place)
    if kind in _R_DATA:
        return Sample(place, (place.name,))
    return _text(place)


def mark(delimiter: str) -> str:
    """Gives the words for a delimiter."""
    return "a tab" if delimiter == "\t" else f"'{delimiter}'"


def _parquet(place: Path) -> Sample:
    arrow, parquet = require("pyarrow", "evidence"), require("pyarrow.parquet", "evidence")
    try:
        metadata = parquet.read_metadata(place)
        kept = json.loads((metadata.metadata or {}).get(KEPT, b"{}"))
    except (arrow.lib.ArrowException, OSError, ValueError) as error:
        raise Refused.one("not a whole Parquet file", file=place, remedy="fetch it again", heading=_HEADING) from error
    return Sample(place, (place.name,), tuple(metadata.schema.to_arrow_schema().names), kept=kept)


def _workbook(place: Path) -> Sample:
    calamine = require("python_calamine", "evidence")
    try:
        with calamine.CalamineWorkbook.from_path(str(place)) as book:
            return Sample(place, (place.name,), sheets=tuple(book.sheet_names))
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Refused.one("not a whole workbook", file=place, remedy="fetch it again", heading=_HEADING) from error


def _zip(place: Path) -> Sample:
    try:
        with zipfile.ZipFile(place) as archive:
            return Sample(place, tuple(sorted(archive.namelist())))
    except (zipfile.BadZipFile, OSError) as error:
        raise Refused.one("not a whole zip archive", file=place, remedy="fetch it again", heading=_HEADING) from error


def _text(place: Path) -> Sample:
    head = _head(place)
    if head.startswith(_UTF16):
        raise Refused.one("the text is UTF-16", file=place, remedy="save it as UTF-8", heading=_HEADING)
    # The head may end within a character, which is no fault.
    whole = head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1] or head[:-4]
    try:
        text = whole.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault = _binary(place) if _looks_binary(head) else "the text is not UTF-8"
        line = whole[: error.start].count(b"\n") + 1
        raise Refused.one(
            fault, file=place, line=None if _looks_binary(head) else line, remedy="save it as UTF-8", heading=_HEADING
        ) from error
    if "\0" in text:
        raise Refused.one(_binary(place), file=place, heading=_HEADING)
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise Refused.one("the first line names no columns", file=place, line=1, heading=_HEADING)
    delimiter = _delimiter(lines[0])
    rows = csv.reader(lines[:2], delimiter=delimiter)
    columns, first_row = next(rows), next(rows, [])
    return Sample(place, (place.name,), tuple(name.strip() for name in columns), delimiter, first_row=tuple(first_row))


def _head(place: Path) -> bytes:
    """Reads the start of a file, unpacked where it is packed."""
    with place.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    if place.suffix.lower() == ".gz" and not packed:
        raise Refused.one("the file ends in .gz and is not compressed so", file=place, remedy="fetch it again", heading=_HEADING)
    try:
        with (gzip.open if packed else open)(place, "rb") as stream:
            head = stream.read(_HEAD)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Refused.one(
            "the compressed file is damaged or cut short", file=place, remedy="fetch it again", heading=_HEADING
        ) from error
    if not head:
        raise Refused.one("the file is empty", file=place, heading=_HEADING)
    return head


def _delimiter(header: str) -> str:
    """Finds what separates the columns: a tab wherever there is one, else the mark that stands most often outside quotes."""
    bare = _QUOTED.sub("", header)
    return "\t" if "\t" in bare else max(",;|", key=bare.count)


def _looks_binary(head: bytes) -> bool:
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head[:4096])
    return b"\0" in head[:4096] or odd > len(head[:4096]) // 50


def _binary(place: Path) -> str:
    return f"the file is no table: it holds bytes that no text has{'' if place.suffix else ', and its name has no ending'}"
