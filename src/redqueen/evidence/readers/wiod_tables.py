"""Reads a world input-output table of WIOD, as it stands in a workbook or an R data file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from redqueen.errors import Faults
from redqueen.evidence import squares
from redqueen.evidence.input_output import HEADING, InputOutput, close, year_of
from redqueen.evidence.squares import Grid, Labels, Square
from redqueen.evidence.workbooks import is_blank, sheet_rows

__all__ = ["TAXES_NOTE", "Edition", "read_workbook", "table_of_columns"]

TAXES_NOTE = "taxes hold taxes less subsidies on products and international transport margins"

_TAXES = (
    r"txsp|taxes less subsidies on products|intttm|international transport margins|"
    r"exp_adj|cif/ ?fob adjustments on exports|purr|direct purchases abroad by residents|"
    r"purnr|purchases on the domestic territory by non-residents"
)
_CLOSING = (
    (re.compile(r"ii_fob|total intermediate consumption", re.I), squares.PURCHASES),
    (re.compile(_TAXES, re.I), squares.TAXES),
    (re.compile(r"va|value added at basic prices", re.I), squares.VALUE_ADDED),
    (re.compile(r"go|output at basic prices", re.I), squares.OUTPUT),
)
_TOTAL = "TOT"
# Lines of codes, names, countries and numbers above the data, and as many columns before them.
_HEAD, _FIRST_ROW, _MARGIN = slice(2, 6), 6, 4
_COLUMN = re.compile(r"([A-Za-z]{3})(\d+)")


@dataclass(frozen=True)
class Edition:
    """Says what a release of WIOD calls its industries and final users.

    `key` is the line of the head, and the column of the margin, that names an industry: 0 its code, 3 its number.
    `closing` is the column of the margin that names a closing row. `final` are the categories of final demand, in order.
    """

    key: int
    closing: int
    final: tuple[str, ...]
    example: str

    @property
    def labels(self) -> Labels:
        """Gives the labels of the release's square table."""
        return Labels(
            split=lambda label: label.partition("_")[::2], final=re.compile("|".join(self.final)), closing=_CLOSING,
            output=frozenset({_TOTAL}), example=self.example,
            columns=f"COUNTRY_INDUSTRY, final demand ({', '.join(self.final)}) nor {_TOTAL}",
            needed={squares.VALUE_ADDED: "VA", squares.OUTPUT: "GO"}, final_example=self.final[0],
        )


def read_workbook(
    path: Path, edition: Edition, year: int | None, names: dict[str, str], notes: list[str]
) -> InputOutput:
    """Reads the first sheet of a workbook: four lines and four columns of labels around the cells, title above.

    `names` is filled with the words for the codes of the industries. The year stands in the file's name (two digits or
    four), else in the title. Refuses what `close` refuses, and a sheet without those labels.
    """
    rows = sheet_rows(path, HEADING)
    head = [[str(cell).strip() for cell in row] for row in islice(rows, _FIRST_ROW)]
    faults = Faults(file=path)
    year = year_of(path.name, year, faults, notes, said=_dated(path.name, head))
    top = head[_HEAD]
    if len(head) < _FIRST_ROW or _TOTAL not in top[2][_MARGIN:]:
        faults.add(
            "lines 3 to 6 do not hold the codes, names, countries and numbers of the columns, with a total (TOT) at their end",
            line=3, remedy="give the publisher's workbook as it is",
        )
    faults.refuse_if_any(HEADING)
    last = top[2].index(_TOTAL)
    columns = [f"{top[2][at]}_{top[edition.key][at]}" for at in range(_MARGIN, last)] + [_TOTAL]
    for at in range(_MARGIN, last):
        names.setdefault(top[edition.key][at], top[1][at])
    grid = _grid(rows, columns, edition, faults)
    square = Square(grid, edition.labels, faults)
    for code in [code for code in names if code not in square.sectors]:
        del names[code]
    return close(square, year, path.name, faults, notes)


def table_of_columns(
    path: Path, columns: dict[str, np.ndarray], edition: Edition, year: int | None, names: dict[str, str], notes: list[str]
) -> InputOutput:
    """Makes the table of the columns of an R data frame: IndustryCode, Country, RNr, then AUS1, AUS2 ... and TOT.

    Columns number the industries of a country as RNr does; the five numbers after the last are final demand, in the order
    of the release. Refuses what `close` refuses, and a frame without those columns.
    """
    faults = Faults(file=path)
    for wanted in ("IndustryCode", "IndustryDescription", "Country", "RNr", _TOTAL):
        if wanted not in columns:
            faults.add("the column is missing", field=wanted, remedy="give the publisher's file as it is")
    for name in {"RNr", "Year"} & set(columns):
        if not (np.issubdtype(columns[name].dtype, np.number) and np.isfinite(columns[name]).all()):
            faults.add("the column holds what is no number", field=name)
    if len({len(values) for values in columns.values()}) > 1:
        faults.add("the columns differ in length")
    faults.refuse_if_any(HEADING)
    dated = sorted({int(said) for said in columns.get("Year", ())})
    year = year_of(path.name, year, faults, notes, said=" ".join(map(str, dated)) if dated else None)
    codes = [str(code).strip() for code in columns["IndustryCode"]]
    regions = [str(region).strip() for region in columns["Country"]]
    numbered: dict[int, str] = {}
    for code, region, number, words in zip(codes, regions, columns["RNr"], columns["IndustryDescription"], strict=True):
        if region != _TOTAL:
            numbered.setdefault(int(number), code)
            names.setdefault(code, str(words).strip())
    last = max(numbered, default=0)
    final = dict(enumerate(edition.final, start=last + 1))
    rows = [code if region == _TOTAL else f"{region}_{code}" for code, region in zip(codes, regions, strict=True)]
    labelled: dict[str, np.ndarray] = {}
    for name, values in columns.items():
        match = _COLUMN.fullmatch(name)
        if match:
            number = int(match[2])
            part = numbered.get(number) or final.get(number)
            if part is None:
                faults.add("the column's number is neither an industry's nor final demand's", field=name)
            else:
                labelled[f"{match[1]}_{part}"] = values
        elif name == _TOTAL:
            labelled[_TOTAL] = values
    for name, values in labelled.items():
        if not np.issubdtype(values.dtype, np.number):
            faults.add("the column holds no numbers", field=name)
    faults.refuse_if_any(HEADING)
    values = np.stack(list(labelled.values()), axis=1).astype(float) if labelled else np.zeros((len(rows), 0))
    values[~np.isfinite(values)] = np.nan
    grid = Grid(rows, list(labelled), values, lambda row, column: None, first_line=1)
    return close(Square(grid, edition.labels, faults), year, path.name, faults, notes)


def _grid(rows: Iterator[list[object]], columns: list[str], edition: Edition, faults: Faults) -> Grid:
    """Makes a grid of the rows below the head; notes a row without labels that is not at the end."""
    labels: list[str] = []
    kept: list[np.ndarray] = []
    odd: dict[tuple[int, int], str | None] = {}
    unlabelled: list[int] = []
    for line, row in enumerate(rows, start=_FIRST_ROW + 1):
        margin = [str(cell).strip() for cell in row[:_MARGIN]]
        if not any(margin):
            unlabelled.append(line)
            continue
        if unlabelled:
            faults.add("the row has no labels", line=unlabelled[0])
        cells = row[_MARGIN : _MARGIN + len(columns)]
        cells += [""] * (len(columns) - len(cells))
        try:
            values = np.array(cells, dtype=float)
        except (ValueError, TypeError):
            values = np.array([_number(cell) for cell in cells])
        for column in np.flatnonzero(~np.isfinite(values)).tolist():
            odd[len(kept), column] = None if is_blank(cells[column]) else str(cells[column])
            values[column] = np.nan
        is_closing = margin[2] in (_TOTAL, "")
        labels.append(margin[edition.closing] if is_closing else f"{margin[2]}_{margin[edition.key]}")
        kept.append(values)
    values = np.stack(kept) if kept else np.zeros((0, len(columns)))
    return Grid(labels, columns, values, lambda row, column: odd.get((row, column)), first_line=_FIRST_ROW + 1)


def _number(cell: object) -> float:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell)
    try:
        return float(str(cell))
    except ValueError:
        return float("nan")


def _dated(name: str, head: list[list[str]]) -> str:
    """Gives a text that holds the table's year: of the name, where two digits follow wiot, else of the title."""
    short = re.match(r"wiot(\d\d)(?!\d)", name, re.I)
    if short:
        return str((1900 if int(short[1]) >= 90 else 2000) + int(short[1]))
    if re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", name):
        return name
    return " ".join(row[0] for row in head if row)
