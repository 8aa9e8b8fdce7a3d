"""Turns whole tables, as publishers lay them out, into tidy rows: columns into measures, names into codes, groups left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd

from redqueen.evidence.checking import FIRST_LINE, MISSING, SHOWN, numbers, shown
from redqueen.evidence.reading import Reading
from redqueen.evidence.regions import Countries
from redqueen.evidence.streaming import NUMBER, TEXT, YEAR, stream_table

__all__ = ["check_codes", "country_codes", "leave_out", "measure_columns", "tidy", "whole_table"]


def whole_table(
    path: Path,
    reading: Reading,
    *,
    heading: str,
    text: Iterable[str] = (),
    number: Iterable[str] = (),
    year: Iterable[str] = ("year",),
    optional: Collection[str] = (),
) -> pd.DataFrame:
    """Reads a whole table: `text` and `number` columns, whose cells may be empty, and `year` ones, which may not.

    The index, named "row", is the row of the file, from 0. Refuses what `stream_table` refuses, and notes.
    """
    kinds = dict.fromkeys(text, TEXT) | dict.fromkeys(number, NUMBER) | dict.fromkeys(year, YEAR)
    blocks = stream_table(path, kinds, reading, heading=heading, optional=optional, may_miss=[*text, *number])
    parts = [block.astype({name: "str" for name in text if name in block}) for block in blocks]
    reading.faults.refuse_if_any(heading)
    return pd.concat(parts)


def check_codes(codes: pd.Series, fits: Callable[[str], object], complaint: str, field: str, remedy: str, reading: Reading) -> None:
    """Refuses codes that do not fit, the first few each with the line where it first stands: "'99999' is no county"."""
    odd = codes[[not fits(code) for code in codes]].drop_duplicates()
    for row, code in odd[:SHOWN].items():
        reading.faults.add(f"{shown(code)} {complaint}", line=int(str(row)) + FIRST_LINE, field=field, remedy=remedy)
    if len(odd) > SHOWN:
        reading.faults.add(f"{len(odd) - SHOWN:,} more codes of which one must say: {complaint}", field=field)
    reading.faults.refuse_if_any()


def country_codes(table: pd.DataFrame, column: str, reading: Reading) -> pd.DataFrame:
    """Writes alpha-3 codes for the countries named in a column; leaves out rows of groups of countries, with a note.

    Notes a fault for each country that is not known now or formerly and for cells without a name; their rows go too.
    """
    blank = table[column] == ""
    if blank.any():
        reading.faults.add("is missing", line=int(table.index[blank][0]) + FIRST_LINE, field=column)
    countries = Countries(reading)
    codes, kept = countries.map(table[column][~blank].astype("category"))
    countries.note()
    return table[~blank][kept].assign(**{column: codes[kept].astype(object)})


def leave_out(table: pd.DataFrame, column: str, rows: pd.Series, what: str, reading: Reading) -> pd.DataFrame:
    """Leaves out some rows, and notes what they were: "left out: groups of countries (World, Asia)"."""
    rows = rows.astype(bool)
    if not rows.any():
        return table
    reading.leave_out(what, table[column][rows].astype("str").unique())
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
