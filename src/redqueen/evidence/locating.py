"""Finds the lines and columns at which a text table is wrong, where a parser stopped at it."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from redqueen.errors import Faults
from redqueen.evidence.checking import SHOWN, shown
from redqueen.evidence.unpacking import Unpacked

__all__ = ["locate"]

_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")
_COMMA = "write 12.5 for 12,5, or put quotation marks around text with a comma"
# Bytes that are read at once, and those that no line of a table has.
_READ, _LONGEST = 1 << 20, 1 << 26


def locate(
    path: Path,
    n_read: int,
    header: tuple[str, ...],
    numeric: Collection[str],
    faults: Faults,
    *,
    delimiter: str,
    missing: Collection[str] = (),
    quoted: bool = True,
) -> None:
    """Goes through the rows beyond the first `n_read`, and notes what is wrong in the first few that are.

    Faults are lines that are empty or no UTF-8, rows with more or fewer cells than the header, quotation marks that are not
    closed where a cell may be `quoted`, and cells of the `numeric` columns that are neither numbers nor `missing`.
    """
    n_wrong, positions = 0, [header.index(name) for name in numeric]
    try:
        for row, (line, cells) in enumerate(_rows(path, delimiter) if quoted else _lines_apart(path, delimiter)):
            # The header is row 0.
            if row <= n_read:
                continue
            before = len(faults)
            if not cells or cells == [""]:
                faults.add("the line is empty", line=line, remedy="take it out")
            elif len(cells) != len(header):
                surplus = _COMMA if delimiter == "," else "take out what is too much"
                remedy = surplus if len(cells) > len(header) else "is the file whole?"
                faults.add(f"the row has {len(cells)} cells, the header {len(header)}", line=line, remedy=remedy)
            else:
                for position in positions:
                    _check_number(cells[position].strip(), header[position], line, missing, faults)
            n_wrong += len(faults) > before
            if n_wrong >= SHOWN:
                faults.add(f"reading stopped at line {line:,}: there may be more")
                return
    except _Odd as odd:
        message, line, remedy = odd.args
        faults.add(message, line=line, remedy=remedy)


class _Odd(Exception):
    """Says what ends the search: message, line and remedy."""


def _lines_apart(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yields each line's number and cells, in which quotation marks are letters like others."""
    for line, text in enumerate(_lines(path), start=1):
        yield line, text.rstrip("\r\n").split(delimiter)


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yields each row's first line and its cells, which may hold line breaks."""
    reader, line = csv.reader(_lines(path), delimiter=delimiter, strict=True), 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            words, remedy = f"not a regular row: {error}", None
            if "expected after" in str(error) or "unexpected end" in str(error):
                words = "a quotation mark is not closed, or not doubled within a cell"
                remedy = 'close it, or write "" for one within a cell'
            raise _Odd(words, line, remedy) from error
        if cells is None:
            return
        yield line, cells
        line = reader.line_num + 1


def _lines(path: Path) -> Iterator[str]:
    """Yields the lines of a file, unpacked."""
    held, number = b"", 0
    with Unpacked(path) as source:
        while block := source.read(_READ):
            *whole, held = (held + block).split(b"\n")
            for raw in whole:
                # Older files end their lines with a carriage return alone.
                for piece in raw.removesuffix(b"\r").split(b"\r"):
                    number += 1
                    yield _decoded(piece + b"\n", number)
            if len(held) > _LONGEST:
                raise _Odd("the line does not end", number + 1, "is this a table, with a row on each line?")
        for piece in held.removesuffix(b"\r").split(b"\r") if held else ():
            number += 1
            yield _decoded(piece, number)


def _decoded(raw: bytes, number: int) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise _Odd("the text is not UTF-8", number, "save it as UTF-8") from error


def _check_number(cell: str, name: str, line: int, missing: Collection[str], faults: Faults) -> None:
    if cell in missing:
        return
    if _DECIMAL_COMMA.fullmatch(cell):
        faults.add(f"{shown(cell)} is written with a decimal comma", line=line, field=name, remedy="write a point, as in 12.5")
    elif not cell.isascii() or "_" in cell:
        faults.add(f"{shown(cell)} is not a number", line=line, field=name, remedy="write digits alone")
    else:
        try:
            float(cell)
        except ValueError:
            faults.add(f"{shown(cell)} is not a number", line=line, field=name)
