"""Opens one table file, whatever its packing, and checks its columns; every reader of a table goes through here."""

from __future__ import annotations

import csv
import gzip
import warnings
import zlib
from pathlib import Path

import pandas as pd

from redqueen.errors import Faults, Refused, nearest, require

__all__ = ["FIRST_LINE", "MISSING", "SHOWN", "check_columns", "list_columns", "numbers", "open_table", "refuse_repeats", "say_rows"]

# How missing values are written in the tables of statistical offices.
MISSING = frozenset({"", "NA", "NaN", "nan", "na", "n/a", "..", ":"})
# A damaged column may hold a fault in every row: this many are shown, the rest is counted.
SHOWN = 5
# The header is line 1 of a text file, so that row 0 of the data stands on line 2.
FIRST_LINE = 2

_COLUMNS_SHOWN = 12
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_READABLE = ".csv, .tsv, either with .gz, or .parquet"


def open_table(path: str | Path, heading: str) -> pd.DataFrame:
    """Reads a table with named columns from .csv, .tsv (also .gz) or .parquet; cells keep the type the file gives them.

    `heading` opens the refusal, as in "input-output table". Empty cells of a text file become missing; no other text
    does (Namibia's code is NA). Refuses a file that is absent, empty, truncated, not UTF-8, not in its declared packing,
    with the wrong delimiter, with a column twice or with rows longer than the header.
    """
    path = Path(path)
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "no such file"
        siblings = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
        raise Refused.one(kind, file=path, remedy=nearest(path.name, siblings), heading=heading)
    if path.stat().st_size == 0:
        raise Refused.one("the file is empty", file=path, heading=heading)
    frame = _read_parquet(path, heading) if path.suffix == ".parquet" else _read_text(path, heading)
    frame.columns = [str(name).strip() for name in frame.columns]
    if frame.empty:
        raise Refused.one("the table has a header and no rows", file=path, heading=heading)
    return frame


def check_columns(frame: pd.DataFrame, wanted: list[str], faults: Faults) -> bool:
    """Notes each wanted column that the table lacks, and those that it has; true when none is lacking."""
    lacking = [name for name in wanted if name not in frame.columns]
    for name in lacking:
        faults.add("the column is missing", field=name, remedy=nearest(name, frame.columns))
    if lacking:
        faults.add(f"the table has the columns {list_columns(frame)}", line=1)
    return not lacking


def list_columns(frame: pd.DataFrame) -> str:
    """Lists the first columns of a table, and how many more it has."""
    names, n_more = list(map(str, frame.columns[:_COLUMNS_SHOWN])), len(frame.columns) - _COLUMNS_SHOWN
    return ", ".join(names) + (f" and {n_more} more" if n_more > 0 else "")


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
    result = pd.to_numeric(values, errors="coerce").astype("float64")
    missing = values.isna()
    infinite = result.abs() == float("inf")
    say_rows(faults, field, "is not a number", values, (result.isna() & ~missing) | infinite)
    if not missing_allowed:
        say_rows(faults, field, "is missing", values, missing)
    if whole:
        say_rows(faults, field, "is not a whole number", values, result.notna() & ~infinite & (result % 1 != 0))
    if least is not None:
        say_rows(faults, field, f"is below {least:g}", values, result < least)
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
        text = complaint if pd.isna(cell) else f"'{cell}' {complaint}"
        faults.add(text, line=int(row) + FIRST_LINE, field=field)
    if len(rows) > SHOWN:
        faults.add(f"{len(rows) - SHOWN:,} more rows where the value {complaint}", field=field)


def _read_parquet(path: Path, heading: str) -> pd.DataFrame:
    arrow = require("pyarrow", "evidence")
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (arrow.lib.ArrowException, OSError, ValueError) as error:
        raise Refused.one(
            f"not a whole parquet file: {_first_line(error)}", file=path, remedy="fetch it again", heading=heading
        ) from error


def _read_text(path: Path, heading: str) -> pd.DataFrame:
    packed = path.suffix == ".gz"
    kind = Path(path.stem).suffix if packed else path.suffix
    if kind not in _DELIMITERS:
        raise Refused.one(f"tables are read from {_READABLE}; this ends in '{path.suffix}'", file=path, heading=heading)
    delimiter = _DELIMITERS[kind]
    try:
        _check_header(path, packed, delimiter, heading)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path, sep=delimiter, encoding="utf-8-sig", keep_default_na=False, na_values=[""], low_memory=False
            )
    except Refused:
        raise
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Refused.one(
            f"the compressed file is damaged or cut short: {_first_line(error)}",
            file=path,
            remedy="fetch it again",
            heading=heading,
        ) from error
    except UnicodeDecodeError as error:
        raise Refused.one("the text is not UTF-8", file=path, remedy="save it as UTF-8", heading=heading) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, csv.Error, ValueError) as error:
        raise Refused.one(f"not a regular table: {_first_line(error)}", file=path, heading=heading) from error
    # pandas takes surplus cells at the start of every row for an index.
    if not isinstance(frame.index, pd.RangeIndex):
        raise Refused.one("the rows have more cells than the header", file=path, line=1, heading=heading)
    return frame


def _check_header(path: Path, packed: bool, delimiter: str, heading: str) -> None:
    opener = gzip.open if packed else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream, delimiter=delimiter), [])
    if not any(name.strip() for name in names):
        raise Refused.one("the first line names no columns", file=path, line=1, heading=heading)
    faults = Faults(file=path)
    if len(names) == 1:
        others = [mark for mark in ",;\t|" if mark != delimiter and mark in names[0]]
        if others:
            faults.add(
                f"the columns are separated by {_mark(others[0])}, not by {_mark(delimiter)}",
                line=1,
                remedy=f"save the table with {_mark(delimiter)} between columns",
            )
    stripped = [name.strip() for name in names]
    for name in dict.fromkeys(name for name in stripped if stripped.count(name) > 1):
        faults.add("the column stands twice in the header", line=1, field=name or "(no name)")
    faults.refuse_if_any(heading)


def _mark(delimiter: str) -> str:
    return "a tab" if delimiter == "\t" else f"'{delimiter}'"


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
