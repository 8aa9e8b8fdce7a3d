"""Turns whole tables, as publishers lay them out, into tidy rows: columns into measures, names into codes, groups left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.evidence.former_places import name_then
from redqueen.evidence.places import is_group, places
from redqueen.evidence.reading import Reading
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import NUMBER, TEXT, WHOLE, stream_table
from redqueen.evidence.tables import FIRST_LINE, MISSING, numbers

__all__ = ["check_codes", "check_rows", "country_codes", "has_columns", "leave_out", "measure_columns", "on_request", "tidy", "whole_table"]

# A note lists this many names, and counts the rest.
_NAMED = 4


def whole_table(
    path: Path,
    reading: Reading,
    *,
    heading: str,
    text: Iterable[str] = (),
    number: Iterable[str] = (),
    whole: Iterable[str] = (),
    optional: Collection[str] = (),
    delimiter: str | None = None,
) -> pd.DataFrame:
    """Reads a whole table: `text` and `number` columns, whose cells may be empty, and `whole` ones, which may not.

    The index, named "row", is the row of the file, from 0. Refuses what `stream_table` refuses, and notes.
    """
    kinds = dict.fromkeys(text, TEXT) | dict.fromkeys(number, NUMBER) | dict.fromkeys(whole, WHOLE)
    may_miss = [*text, *number]
    blocks = stream_table(path, kinds, reading, heading=heading, optional=optional, delimiter=delimiter, may_miss=may_miss)
    parts = [block.astype({name: "str" for name in text if name in block}) for block in blocks]
    reading.faults.refuse_if_any(heading)
    return pd.concat(parts)


def check_rows(path: Path, reading: Reading, heading: str) -> None:
    """Refuses a table whose rows are not whole, as `stream_table` does, for readers that then read it in their own way."""
    columns = look(path).columns
    if not columns:
        raise Refused.one("this is no table", file=path, remedy="give a .csv, .tsv or .parquet file", heading=heading)
    if path.suffix.lower() == ".parquet":
        reading.files.append(path)
        reading.advance(path.stat().st_size)
        return
    for _ in stream_table(path, dict.fromkeys(columns, TEXT), reading, heading=heading, may_miss=columns):
        pass
    reading.faults.refuse_if_any(heading)


def check_codes(codes: pd.Series, fits: Callable[[str], object], complaint: str, field: str, remedy: str, reading: Reading) -> None:
    """Refuses codes that do not fit, each with the first line where it stands: "'99999' is no county"."""
    for code in sorted(code for code in codes.unique() if not fits(code)):
        line = int(codes.index[codes == code][0]) + FIRST_LINE
        reading.faults.add(f"'{code}' {complaint}", line=line, field=field, remedy=remedy)
    reading.faults.refuse_if_any()


def has_columns(*names: str) -> Callable[[Sample], bool]:
    """Gives the test whether a table's header holds all of some names."""
    return lambda sample: set(names) <= set(sample.columns)


def on_request(sample: Sample) -> bool:
    """Recognises nothing: for layouts that are asked for by name, of files that another layout recognises."""
    return False


def country_codes(
    table: pd.DataFrame, column: str, reading: Reading, *, known: Callable[[Iterable[object], Faults, str], dict] = places
) -> pd.DataFrame:
    """Writes alpha-3 codes for the countries named in a column; leaves out rows of groups of countries, with a note.

    Notes a fault for each unknown country, whose rows stay without a code. `known` says which names are countries.
    """
    groups = {name: is_group(name) for name in table[column].unique()}
    table = leave_out(table, column, table[column].map(groups), "groups of countries", reading)
    blank = table[column] == ""
    if blank.any():
        reading.faults.add("is missing", line=int(table.index[blank][0]) + FIRST_LINE, field=column)
    codes = known(table[column][~blank].unique(), reading.faults, column)
    names = reading.names.setdefault("region", {})
    names.update({code: name_then(code) for code in sorted(set(codes.values()))})
    return table.assign(**{column: table[column].map(codes)})


def leave_out(table: pd.DataFrame, column: str, rows: pd.Series, what: str, reading: Reading) -> pd.DataFrame:
    """Leaves out some rows, and notes what they were: "left out: groups of countries (World, Asia)"."""
    rows = rows.astype(bool)
    if not rows.any():
        return table
    gone = sorted(table[column][rows].astype("str").unique())
    more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
    reading.note(f"left out: {what} ({', '.join(gone[:_NAMED])}{more})")
    return table[~rows]


def measure_columns(
    table: pd.DataFrame,
    key: list[str],
    measures: Mapping[str, tuple[str, str]],
    reading: Reading,
    *,
    suppressed: Collection[str] = (),
    signed: Collection[str] = (),
) -> pd.DataFrame:
    """Makes one row of each cell: the key's columns, measure and value; `measures` gives measure and unit of each column.

    Cells that are missing or hold a mark of `suppressed` are left out and counted; those that are no number, and negative ones
    in columns that are not `signed`, are faults.
    """
    parts = []
    for column, (measure, unit) in measures.items():
        if column not in table:
            continue
        if reading.units.setdefault(measure, unit) != unit:
            reading.faults.add(f"{measure} is in {reading.units[measure]} and in {unit}", field=column, remedy="keep one unit")
        cells = table[column]
        if not pd.api.types.is_numeric_dtype(cells):
            hidden = cells.isin(suppressed)
            reading.suppressed += int(hidden.sum())
            cells = cells[~hidden & ~cells.isin(MISSING)]
            reading.missing += len(table) - int(hidden.sum()) - len(cells)
        else:
            reading.missing += int(cells.isna().sum())
            cells = cells.dropna()
        values = numbers(cells, column, reading.faults, least=None if column in signed else 0.0)
        parts.append(table.loc[cells.index, key].assign(measure=measure, value=values))
    if not parts:
        reading.faults.add(f"the table has none of the columns {', '.join(measures)}", line=1)
    reading.faults.refuse_if_any()
    return pd.concat(parts)


def tidy(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Gives the named columns and `value`, years as int64; the index still tells the row of the file."""
    return table[[*columns, "value"]].astype({"year": "int64", "value": "float64"})
