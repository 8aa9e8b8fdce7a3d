"""Opens workbooks: the names of their sheets, and one sheet, row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redqueen.errors import Refused, nearest, require
from redqueen.evidence.unpacking import find

__all__ = ["is_blank", "sheet_names", "sheet_rows"]

# Workbooks that are zip archives, whose parts have checksums of their own.
_ARCHIVES = frozenset({".xlsx", ".xlsb", ".xlsm", ".ods"})


def sheet_names(path: Path, heading: str) -> tuple[str, ...]:
    """Gives the names of a workbook's sheets. Refuses a file that is absent, damaged or cut short."""
    with _opened(path, heading) as book:
        return tuple(book.sheet_names)


def sheet_rows(path: Path, heading: str, *, sheet: str | None = None) -> Iterator[list[object]]:
    """Gives the rows of a sheet of an .xlsx, .xlsb or .xls workbook, the first one where none is named.

    Cells are text, numbers (float), dates or True and False; '' where empty. The first row is line 1. Refuses a file that
    is absent, damaged or cut short, and a workbook without that sheet.
    """
    with _opened(path, heading) as book:
        if sheet is not None and sheet not in book.sheet_names:
            listed = nearest(sheet, book.sheet_names) or f"it has {', '.join(book.sheet_names)}"
            raise Refused.one(f"the workbook has no sheet '{sheet}'", file=path, remedy=listed, heading=heading)
        if not book.sheet_names:
            raise Refused.one("the workbook has no sheets", file=path, heading=heading)
        found = book.get_sheet_by_name(book.sheet_names[0] if sheet is None else sheet)
        margin = [""] * (found.start[1] if found.start else 0)
        # Rows are given from the first line on, columns from the first that holds anything.
        for row in found.iter_rows():
            yield margin + row


def is_blank(cell: object) -> bool:
    """Says whether a cell holds nothing but space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


@contextmanager
def _opened(path: Path, heading: str) -> Iterator[Any]:
    """Opens a workbook, whose parts are first checked: the parser may stop the program at damage within them."""
    calamine = require("python_calamine", "evidence")
    find(path, heading)
    if path.is_dir():
        raise Refused.one("is a folder", file=path, remedy="name the file", heading=heading)
    whole = Refused.one("not a whole workbook", file=path, remedy="fetch it again", heading=heading)
    try:
        if path.suffix.lower() in _ARCHIVES:
            with zipfile.ZipFile(path) as archive:
                if archive.testzip() is not None:
                    raise whole
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except (Refused, GeneratorExit, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    # What the parser, or what unpacks for it, raises on damage is of many kinds, and a panic of its own is no Exception.
    except BaseException as error:
        raise whole from error
