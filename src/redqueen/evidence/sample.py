"""Looks at a file or folder without reading it: whose layout it has is told by what is seen here."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redqueen.errors import Faults, Refused, nearest, require
from redqueen.evidence.unpacking import ZIP, Unpacked, find, refusing_damage
from redqueen.evidence.workbooks import sheet_names

__all__ = ["KEPT", "Sample", "check_header", "list_columns", "look", "look_inside"]

#: The key under which redqueen writes provenance into a Parquet file of its own.
KEPT = b"redqueen"

# Enough for the longest header known: an input-output table of 3,600 columns.
_HEAD = 1 << 18
# A refusal lists this many columns, and counts the rest.
_COLUMNS_SHOWN = 12
# Eora's tables have some 15,000.
_MOST_COLUMNS = 50_000
# What separates the columns of a file, by its ending.
_ENDINGS = {".csv": ",", ".tsv": "\t"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOKS = frozenset({".xlsx", ".xls", ".xlsb", ".xlsm", ".ods"})
_QUOTED = re.compile(r'"[^"]*"')
_LINE_END = re.compile(r"\r\n|\r|\n")
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
    find(place, _HEADING)
    if place.is_dir():
        with refusing_damage(place, _HEADING):
            names = sorted(child.name for child in place.iterdir() if child.is_file() and not child.name.startswith("."))
        if not names:
            raise Refused.one("the folder holds no files", file=place, heading=_HEADING)
        return Sample(place, tuple(names))
    if place.stat().st_size == 0:
        raise Refused.one("the file is empty", file=place, heading=_HEADING)
    kind = place.suffix.lower()
    if kind == ".parquet":
        return _parquet(place)
    if kind in _WORKBOOKS:
        return Sample(place, (place.name,), sheets=sheet_names(place, _HEADING))
    if kind == ZIP:
        return _zip(place)
    if kind in _R_DATA:
        return Sample(place, (place.name,))
    return look_inside(place)


def look_inside(place: Path) -> Sample:
    """Looks at the header of a text table, which may be packed in .gz or by itself in .zip."""
    with Unpacked(place, _HEADING) as text:
        head = text.read(_HEAD)
    if not head:
        raise Refused.one("the file is empty", file=place, heading=_HEADING)
    return _text(place, head)


def check_header(
    sample: Sample, faults: Faults, *, wanted: Collection[str] = (), delimiter: str | None = None, any_case: bool = False
) -> tuple[str, ...]:
    """Notes what is wrong with the header of a text or Parquet table, and gives its columns, in lower case for `any_case`.

    `delimiter` is the publisher's; without it, the ending decides (.csv a comma, .tsv a tab, others what the header shows). Faults
    are another delimiter, a column that stands twice, and each of `wanted` that is missing.
    """
    place, columns = sample.place, tuple(name.lower() for name in sample.columns) if any_case else sample.columns
    if place.suffix.lower() != ".parquet":
        inner = Path(place.stem).suffix if place.suffix.lower() in (".gz", ZIP) else place.suffix
        meant = delimiter or _ENDINGS.get(inner.lower(), sample.delimiter)
        if meant != sample.delimiter and len(columns) > 1:
            faults.add(
                f"the columns are separated by {_mark(sample.delimiter)}, not by {_mark(meant)}", line=1,
                remedy=f"save the table with {_mark(meant)} between columns",
            )
            return columns
    # Counted at once: a broken file may have a hundred thousand columns.
    for name in [name for name, times in Counter(columns).items() if times > 1]:
        faults.add("the column stands twice in the header", line=1, field=name or "(no name)")
    lacking = [name for name in wanted if name not in columns]
    for name in lacking:
        faults.add("the column is missing", line=1, field=name, remedy=nearest(name, columns))
    if lacking:
        faults.add(f"the table has the columns {list_columns(columns)}", line=1)
    return columns


def list_columns(columns: Sequence[object]) -> str:
    """Lists the first columns of a table, and how many more it has."""
    more = len(columns) - _COLUMNS_SHOWN
    return ", ".join(map(str, columns[:_COLUMNS_SHOWN])) + (f" and {more} more" if more > 0 else "")


def _parquet(place: Path) -> Sample:
    arrow, parquet = require("pyarrow", "evidence"), require("pyarrow.parquet", "evidence")
    try:
        metadata = parquet.read_metadata(place)
        kept = json.loads((metadata.metadata or {}).get(KEPT, b"{}"))
    except (arrow.lib.ArrowException, OSError, ValueError) as error:
        raise Refused.one("not a whole Parquet file", file=place, remedy="fetch it again", heading=_HEADING) from error
    return Sample(place, (place.name,), tuple(metadata.schema.to_arrow_schema().names), kept=kept)


def _zip(place: Path) -> Sample:
    try:
        with zipfile.ZipFile(place) as archive:
            return Sample(place, tuple(sorted(archive.namelist())))
    except (zipfile.BadZipFile, OSError) as error:
        raise Refused.one("not a whole zip archive", file=place, remedy="fetch it again", heading=_HEADING) from error


def _text(place: Path, head: bytes) -> Sample:
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
    first = _LINE_END.split(text, 1)[0]
    if not first.strip():
        raise Refused.one("the first line names no columns", file=place, line=1, heading=_HEADING)
    delimiter = _delimiter(first)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns, first_row = next(rows), next(rows, [])
    except csv.Error as error:
        raise Refused.one(f"not a regular table: {error}", file=place, line=rows.line_num, heading=_HEADING) from error
    if len(columns) > _MOST_COLUMNS:
        words = f"the first line names {len(columns):,} columns, and no known layout has more than {_MOST_COLUMNS:,}"
        raise Refused.one(words, file=place, line=1, heading=_HEADING)
    return Sample(place, (place.name,), tuple(name.strip() for name in columns), delimiter, first_row=tuple(first_row))


def _delimiter(header: str) -> str:
    """Finds what separates the columns: a tab wherever there is one, else the mark that stands most often outside quotes."""
    bare = _QUOTED.sub("", header)
    return "\t" if "\t" in bare else max(",;|", key=bare.count)


def _looks_binary(head: bytes) -> bool:
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head[:4096])
    return b"\0" in head[:4096] or odd > len(head[:4096]) // 50


def _binary(place: Path) -> str:
    return f"the file is no table: it holds bytes that no text has{'' if place.suffix else ', and its name has no ending'}"


def _mark(delimiter: str) -> str:
    """Gives the words for a delimiter."""
    return "a tab" if delimiter == "\t" else f"'{delimiter}'"
