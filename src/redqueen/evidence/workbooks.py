"""Opens one sheet of a workbook, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from redqueen.errors import Refused, nearest, require

__all__ = ["is_blank", "sheet_rows"]


def sheet_rows(path: Path, heading: str, *, sheet: str | None = None) -> Iterator[list[object]]:
    """Gives the rows of a sheet of an .xlsx, .xlsb or .xls workbook, the first one where none is named.

    Cells are text, numbers (float), dates or True and False; '' where empty. The first row is line 1. Refuses a file that
    is absent, damaged or cut short, and a workbook without that sheet.
    """
    calamine = require("python_calamine", "evidence")
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "no such file"
        raise Refused.one(kind, file=path, heading=heading)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
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
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Refused.one("not a whole workbook", file=path, remedy="fetch it again", heading=heading) from error


def is_blank(cell: object) -> bool:
    """Says whether a cell holds nothing but space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())
