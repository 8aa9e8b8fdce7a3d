"""Finds producers, final users and totals in a square table of labelled numbers, whoever published it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.checking import FIRST_LINE, SHOWN, as_floats, say_each
from redqueen.evidence.places import places

__all__ = ["NOISE", "OUTPUT", "PURCHASES", "TAXES", "VALUE_ADDED", "Grid", "Labels", "Square"]

# What a closing row holds, by producer.
VALUE_ADDED, OUTPUT, TAXES, PURCHASES = "value added", "output", "taxes", "purchases"

# A sale below zero by less than this share of the buyer's largest purchase is noise of the publisher's balancing.
_NEGATIVE = 1e-4
#: What is below a thousand dollars is noise in a table of million dollars.
NOISE = 1e-3


@dataclass(eq=False)
class Grid:
    """Holds a table of numbers with a label for each row and column, and what stood where no number was.

    `values` [rows, columns] is NaN where there is no finite number; `text` then gives what stands in the cell of a row and
    column, None where it is empty. Row r stands on line r + `first_line` of the file.
    """

    rows: list[str]
    columns: list[str]
    values: np.ndarray
    text: Callable[[int, int], str | None]
    first_line: int = FIRST_LINE

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> Grid:
        """Makes a grid of a table whose first column labels the rows."""
        labels = frame.iloc[:, 0].astype(object).fillna("(no label)").astype(str).str.strip()
        cells = frame.iloc[:, 1:]
        if all(pd.api.types.is_numeric_dtype(kind) for kind in cells.dtypes.unique()):
            values = cells.to_numpy(dtype=float)
        else:
            values = cells.apply(as_floats).to_numpy(dtype=float)
        if not np.isfinite(values).all():
            values = np.where(np.isfinite(values), values, np.nan)

        def text(row: int, column: int) -> str | None:
            cell: Any = cells.iat[row, column]
            return None if pd.isna(cell) else str(cell)

        return cls(list(labels), [str(name) for name in cells.columns], values, text)


@dataclass(frozen=True)
class Labels:
    """Says how a publisher labels an input-output table.

    `split` parts the label of a column into region and sector, or region and category of final demand, which `final`
    matches. `closing` gives by pattern what a closing row holds. `output` names the column of output, `discrepancy` one
    that belongs to no region. `part_of` gives the country of which a label names a part. `needed` are closing rows that
    the publisher always gives, with their names. `example` is shown where nothing fits.
    """

    split: Callable[[str], tuple[str, str]]
    final: re.Pattern[str]
    closing: tuple[tuple[re.Pattern[str], str], ...]
    output: frozenset[str]
    example: str
    columns: str
    discrepancy: frozenset[str] = frozenset()
    part_of: Mapping[str, str] = field(default_factory=dict)
    needed: Mapping[str, str] = field(default_factory=dict)
    final_example: str = "FD"

    def held(self, row: str) -> str | None:
        """Gives what a closing row holds, or None for a producer's row."""
        return next((what for pattern, what in self.closing if pattern.fullmatch(row)), None)


class Square:
    """Finds producers, final demand and totals in a grid, noting every label that is unknown, missing or repeated.

    Producers are ordered by region, then sector, as the columns are. `labels` name them as the publisher does.
    """

    def __init__(self, grid: Grid, labels: Labels, faults: Faults):
        self.grid = grid
        self.column_of: dict[str, int] = {}
        for column, label in enumerate(grid.columns):
            if label in self.column_of:
                faults.add(f"the column '{label}' stands twice", field=label)
            self.column_of.setdefault(label, column)
        self.row_of: dict[str, int] = {}
        self.closing: dict[str, list[int]] = {}
        for row, label in enumerate(grid.rows):
            held = labels.held(label)
            if label in self.row_of:
                faults.add(f"the row '{label}' stands twice", line=row + grid.first_line)
            elif held is not None:
                self.closing.setdefault(held, []).append(row)
            self.row_of.setdefault(label, row)
        self.regions: tuple[str, ...] = ()
        self.sectors: tuple[str, ...] = ()
        self.merged_names: list[str] = []
        self._find_columns(labels, faults)

    def _find_columns(self, labels: Labels, faults: Faults) -> None:
        producers: dict[tuple[str, str], str] = {}
        demands: dict[str, list[str]] = {}
        unknown = []
        self.output_columns: list[int] = []
        self.discrepancies: list[int] = []
        for label, column in self.column_of.items():
            region, part = labels.split(label)
            if label in labels.output:
                self.output_columns.append(column)
            elif label in labels.discrepancy:
                self.discrepancies.append(column)
            elif region and labels.final.fullmatch(part):
                demands.setdefault(labels.part_of.get(region, region), []).append(label)
            elif region and part:
                producers[region, part] = label
            else:
                unknown.append(label)
        if not producers:
            shown = ", ".join(self.grid.columns[:SHOWN])
            faults.add(
                f"not an input-output table: no column is named REGION_SECTOR, such as {labels.example} (found {shown})", line=1
            )
            return
        say_each(unknown, f"the column is neither {labels.columns}", faults, line=1)

        names = list(dict.fromkeys(region for region, _ in producers))
        wholes = list(dict.fromkeys(labels.part_of.get(name, name) for name in names))
        codes = places(dict.fromkeys([*wholes, *demands]), faults, "region")
        self.regions = tuple(codes.get(name, name) for name in wholes)
        self.sectors = tuple(dict.fromkeys(sector for _, sector in producers))
        for code in sorted({code for code in self.regions if self.regions.count(code) > 1}):
            faults.add(f"two regions of the table are {code}", field="region")
        self.merged_names = [name for name in names if name in labels.part_of]

        pairs = [(name, sector) for name in names for sector in self.sectors]
        labelled = [producers.get(pair, f"{pair[0]}_{pair[1]}") for pair in pairs]
        say_each([label for label in labelled if label not in self.column_of], "the column is missing", faults, line=1)
        lacking = [name for held, name in labels.needed.items() if held not in self.closing]
        say_each([*(label for label in labelled if label not in self.row_of), *lacking], "the row is missing", faults)
        known = {*labelled, *(self.grid.rows[row] for rows in self.closing.values() for row in rows)}
        say_each([label for label in self.row_of if label not in known], "no column bears the name of this row", faults)
        self._columns = [self.column_of[label] for label in labelled if label in self.column_of]
        self._rows = [self.row_of[label] for label in labelled if label in self.row_of]
        # Parts of a country are added to it, and shown under its own label where it has one.
        place = {pair: at for at, pair in enumerate((name, sector) for name in wholes for sector in self.sectors)}
        self._owner = [place[labels.part_of.get(name, name), sector] for name, sector in pairs]
        shown_at: dict[int, int] = {}
        for at, (name, _) in enumerate(pairs):
            if self._owner[at] not in shown_at or name not in labels.part_of:
                shown_at[self._owner[at]] = at
        self.labels = [labelled[shown_at[owner]] for owner in range(len(place))]
        self.lines = [self.row_of[label] + self.grid.first_line if label in self.row_of else None for label in self.labels]
        self._demand_columns = [[self.column_of[label] for label in demands.get(name, [])] for name in wholes]
        if demands:
            lacking = [f"{name}_{labels.final_example}" for name in wholes if name not in demands]
            say_each(lacking, "the column is missing", faults, line=1)
            say_each([name for name in demands if name not in wholes], "final demand of a region without producers", faults)

    def intermediate(self, faults: Faults) -> np.ndarray:
        """Gives sales between producers [R*S, R*S], noting what is no number and what is below zero by more than noise."""
        values = self._block(self._rows, self._columns, faults)
        if (values < 0).any():
            least = -np.maximum(NOISE, _NEGATIVE * np.nanmax(np.abs(values), axis=0, initial=0.0))
            self._say(values < least, self._rows, self._columns, "is below 0", faults)
        return np.ascontiguousarray(self._whole(self._whole(values).T).T)

    def final_demand(self, faults: Faults) -> np.ndarray | None:
        """Gives final demand by destination [R*S, R], its categories added together, or None where there is none."""
        if not any(self._demand_columns):
            return None
        parts = [self._block(self._rows, columns, faults).sum(axis=1) for columns in self._demand_columns]
        return self._whole(np.stack(parts, axis=1))

    def closing_row(self, held: str, faults: Faults, least: float | None = None) -> np.ndarray | None:
        """Gives the sum of the closing rows that hold something, by producer [R*S], or None where there are none."""
        rows = self.closing.get(held)
        if not rows:
            return None
        values = self._block(rows, self._columns, faults)
        if least is not None:
            self._say(values < least, rows, self._columns, f"is below {least:g}", faults)
        return self._whole(values.sum(axis=0))

    def output_column(self, faults: Faults) -> np.ndarray | None:
        """Gives output by producer [R*S] from its column, or None where there is none."""
        if not self.output_columns:
            return None
        values = self._block(self._rows, self.output_columns, faults)
        self._say(values < 0, self._rows, self.output_columns, "is below 0", faults)
        return self._whole(values[:, 0])

    def discrepancy(self, faults: Faults) -> np.ndarray:
        """Gives what belongs to no region's final demand, by producer [R*S]."""
        return self._whole(self._block(self._rows, self.discrepancies, faults).sum(axis=1))

    def _whole(self, values: np.ndarray) -> np.ndarray:
        """Adds the rows of a country's parts to its own."""
        n_whole = len(self.labels)
        if len(values) == n_whole:
            return values
        added = np.zeros((n_whole, *values.shape[1:]))
        for row, owner in enumerate(self._owner):
            added[owner] += values[row]
        return added

    def _block(self, rows: list[int], columns: list[int], faults: Faults) -> np.ndarray:
        values = self.grid.values[np.ix_(rows, columns)]
        if np.isnan(values).any():
            self._say(np.isnan(values), rows, columns, "is not a number", faults)
        return values

    def _say(self, where: np.ndarray, rows: list[int], columns: list[int], complaint: str, faults: Faults) -> None:
        """Notes the first cells of a block that are wrong, with their line and column, and how many more there are."""
        found = np.argwhere(where)
        for row, column in found[:SHOWN].tolist():
            at = rows[row], columns[column]
            value = self.grid.values[at]
            text = self.grid.text(*at) if np.isnan(value) else str(float(value))
            says = "the cell is empty" if text is None else f"'{text}' {complaint}"
            faults.add(says, line=at[0] + self.grid.first_line, field=self.grid.columns[at[1]])
        if len(found) > SHOWN:
            faults.add(f"{len(found) - SHOWN:,} more cells of which one must say: {complaint}")
