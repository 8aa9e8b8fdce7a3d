"""Checks columns of a table, and notes what is wrong: the first few rows each with its line, the others by their number."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from redqueen.errors import Faults

__all__ = [
    "FIRST_LINE", "MISSING", "SHOWN", "YEARS", "as_floats", "numbers", "refuse_repeats", "say_each", "say_rows", "shown",
    "year_numbers",
]

# How missing values are written in the tables of statistical offices.
MISSING = frozenset({"", "NA", "NaN", "nan", "na", "n/a", "..", ":"})
# A damaged column may hold a fault in every row: this many are shown, the rest is counted.
SHOWN = 5
# The header is line 1 of a text file, so that row 0 of the data stands on line 2.
FIRST_LINE = 2

# The first and the last year that a table may be of: tables of the past reach far, and what lies beyond is a slip.
YEARS = 1500, 2200

# A cell that is shown is cut to this many letters.
_LETTERS = 60


def numbers(
    values: pd.Series,
    field: str,
    faults: Faults,
    *,
    least: float | None = None,
    whole: bool = False,
    missing_allowed: bool = False,
) -> pd.Series:
    """Turns a column into numbers, noting every cell that is not a finite number, not whole, missing or below `least`.

    Returns float64 of the same length and index, NaN where missing. The index must be the row of the file, from 0.
    """
    if not pd.api.types.is_numeric_dtype(values):
        stripped = values.astype("object").map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
        values = stripped.map(lambda cell: None if isinstance(cell, str) and cell in MISSING else cell)
    result, missing = as_floats(values), values.isna()
    infinite = result.abs() == float("inf")
    say_rows(faults, field, "is not a number", values, (result.isna() & ~missing) | infinite)
    if not missing_allowed:
        say_rows(faults, field, "is missing", values, missing)
    if whole:
        say_rows(faults, field, "is not a whole number", values, result.notna() & ~infinite & (result % 1 != 0))
    if least is not None:
        say_rows(faults, field, f"is below {least:g}", values, result < least)
    return result


def as_floats(cells: pd.Series) -> pd.Series:
    """Gives a column as float64: NaN where a cell is no number, infinite where it is too large for one."""
    try:
        return pd.to_numeric(cells, errors="coerce").astype("float64")
    except OverflowError:
        # Whole numbers of any size come out of text as Python's own.
        return pd.to_numeric(cells.map(lambda cell: cell if pd.isna(cell) else f"{cell}.0"), errors="coerce").astype("float64")


def year_numbers(values: pd.Series, field: str, faults: Faults) -> pd.Series:
    """Turns a column into years, noting every cell that is not a whole number within YEARS, or is missing."""
    result = numbers(values, field, faults, whole=True)
    say_rows(faults, field, "is no year between {} and {}".format(*YEARS), values, (result < YEARS[0]) | (result > YEARS[1]))
    return result


def refuse_repeats(frame: pd.DataFrame, key: list[str], faults: Faults) -> None:
    """Notes each row that repeats an earlier row's key."""
    repeated = frame.duplicated(key)
    names = frame[key].astype(str).agg(", ".join, axis=1) if repeated.any() else frame[key[0]]
    say_rows(faults, " ".join(key), "stands twice", names, repeated)


def say_rows(faults: Faults, field: str, complaint: str, values: pd.Series, wrong: pd.Series) -> None:
    """Notes the rows where `wrong`, each with its line and cell; after the first few, only how many more."""
    if not wrong.any():
        return
    rows = [(row, cell) for row, cell, is_wrong in zip(values.index, values, wrong, strict=True) if is_wrong]
    for row, cell in rows[:SHOWN]:
        text = complaint if pd.isna(cell) else f"{shown(cell)} {complaint}"
        faults.add(text, line=int(row) + FIRST_LINE, field=field)
    if len(rows) > SHOWN:
        faults.add(f"{len(rows) - SHOWN:,} more rows where the value {complaint}", field=field)


def say_each(names: Iterable[str], complaint: str, faults: Faults, line: int | None = None) -> None:
    """Notes the same complaint of each name; after the first few, only how many more."""
    listed = list(names)
    for name in listed[:SHOWN]:
        faults.add(complaint, line=line, field=name)
    if len(listed) > SHOWN:
        faults.add(f"{len(listed) - SHOWN:,} more: {complaint}", line=line)


def shown(cell: object) -> str:
    """Gives a cell in quotation marks, on one line, a long one cut."""
    text = " ".join(str(cell).split("\n"))
    return f"'{text}'" if len(text) <= _LETTERS else f"'{text[:_LETTERS]}...'"
