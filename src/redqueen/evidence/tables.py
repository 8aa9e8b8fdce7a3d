"""Opens one table file, whatever its packing, whole in memory: wide tables, of thousands of columns, and small ones."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from redqueen.errors import Faults, Refused, require
from redqueen.evidence.locating import locate
from redqueen.evidence.sample import check_header, look
from redqueen.evidence.unpacking import Unpacked

__all__ = ["open_table"]

_ENDINGS = (".csv", ".tsv")
_READABLE = ".csv, .tsv, either with .gz, or .parquet"


def open_table(path: str | Path, heading: str, *, wanted: Sequence[str] = ()) -> pd.DataFrame:
    """Reads a table with named columns from .csv, .tsv (also .gz) or .parquet; cells keep the type the file gives them.

    `heading` opens the refusal, as in "input-output table". Empty cells of a text file become missing; no other text
    does (Namibia's code is NA). Refuses a file that is absent, empty, truncated, not UTF-8, not in its declared packing,
    with the wrong delimiter, without the columns `wanted`, with a column twice or with rows longer or shorter than the header.
    """
    path = Path(path)
    sample, faults = look(path), Faults(file=path)
    if not sample.columns:
        kind = "is a folder" if path.is_dir() else f"this ends in '{path.suffix}'"
        raise Refused.one(kind, file=path, remedy=f"tables are read from {_READABLE}", heading=heading)
    columns = check_header(sample, faults, wanted=wanted)
    faults.refuse_if_any(heading)
    frame = _read_parquet(path, heading) if path.suffix.lower() == ".parquet" else _read_text(path, sample.delimiter, heading)
    frame.columns = [str(name).strip() for name in frame.columns]
    if frame.empty:
        raise Refused.one("the table has a header and no rows", file=path, heading=heading)
    # Cells that a row lacks at its end are read as missing.
    if path.suffix.lower() != ".parquet" and frame.iloc[:, -1].isna().any():
        locate(path, 0, columns, (), faults, delimiter=sample.delimiter)
        faults.refuse_if_any(heading)
    return frame


def _read_parquet(path: Path, heading: str) -> pd.DataFrame:
    arrow = require("pyarrow", "evidence")
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (arrow.lib.ArrowException, OSError, ValueError) as error:
        raise Refused.one("not a whole Parquet file", file=path, remedy="fetch it again", heading=heading) from error


def _read_text(path: Path, delimiter: str, heading: str) -> pd.DataFrame:
    inner = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    if inner.lower() not in _ENDINGS:
        raise Refused.one(f"this ends in '{path.suffix}'", file=path, remedy=f"tables are read from {_READABLE}", heading=heading)
    with Unpacked(path, heading) as source:
        text = io.BytesIO(source.read())
    source.check_end()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                text, sep=delimiter, encoding="utf-8-sig", keep_default_na=False, na_values=[""], low_memory=False,
                skip_blank_lines=False,
            )
    except UnicodeDecodeError as error:
        raise Refused.one("the text is not UTF-8", file=path, remedy="save it as UTF-8", heading=heading) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, csv.Error, ValueError) as error:
        raise _irregular(path, delimiter, error, heading) from error
    # pandas takes surplus cells at the start of every row for an index.
    if not isinstance(frame.index, pd.RangeIndex):
        raise _irregular(path, delimiter, None, heading)
    return frame


def _irregular(path: Path, delimiter: str, error: Exception | None, heading: str) -> Refused:
    """Gives the refusal of a text that pandas cannot read, with the lines that are wrong."""
    faults = Faults(file=path)
    locate(path, 0, look(path).columns, (), faults, delimiter=delimiter)
    if not faults:
        faults.add(f"not a regular table{': ' if error else ''}{str(error or '').strip().partition(chr(10))[0]}")
    return Refused(faults, heading)
