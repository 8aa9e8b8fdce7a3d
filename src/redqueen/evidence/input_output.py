"""Reads inter-regional input-output tables: WIOD's 2013 release, whole or aggregated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from redqueen.errors import Faults, nearest
from redqueen.evidence.places import REST_OF_WORLD, places
from redqueen.evidence.tables import FIRST_LINE, SHOWN, open_table

__all__ = ["UNIT", "InputOutput", "read_input_output"]

UNIT = "million current USD"

_HEADING = "input-output table"
_VALUE_ADDED = "VA"
_OUTPUT = "OUTPUT"
_FINAL_DEMAND = re.compile(r"FD|F\d+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# A sum of n cells, each rounded to a whole unit, errs by more than four standard deviations, 4 sqrt(n / 12), once in
# sixteen thousand sums.
_ROUNDING = 4 / np.sqrt(12)
# Tables balanced by their publishers close to this share of output.
_BALANCE = 1e-4


@dataclass(frozen=True, eq=False)
class InputOutput:
    """Holds one year's flows between R regions of S sectors each, in million current USD.

    Producers are ordered by region, then sector: producer r * S + s is sector s of region r.
    `intermediate` [R*S, R*S]: sales of the row's producer to the column's producer, as inputs.
    `final_demand` [R*S, R]: sales of the row's producer to final users in the column's region; None where the table
    does not tell where they are (then `total_final_demand` still holds).
    `value_added` [R*S], `output` [R*S]: output = sales to producers and final users = purchases + value added.
    `notes` say what was derived rather than read, and what looks odd and was kept.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    year: int
    intermediate: np.ndarray
    final_demand: np.ndarray | None
    value_added: np.ndarray
    output: np.ndarray
    unit: str = UNIT
    file: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def total_final_demand(self) -> np.ndarray:
        """Gives what each producer sells to final users anywhere [R*S]: output minus sales to producers."""
        return self.output - self.intermediate.sum(axis=1)

    def position(self, region: str, sector: str) -> int:
        """Gives the place of a producer among the R*S; refuses an unknown region or sector."""
        faults = Faults()
        _refuse_unknown([region], self.regions, "region", faults)
        _refuse_unknown([sector], self.sectors, "sector", faults)
        faults.refuse_if_any()
        return self.regions.index(region) * len(self.sectors) + self.sectors.index(sector)

    def merged(
        self, *, regions: Sequence[str] | None = None, sectors: Mapping[str, Iterable[str]] | None = None
    ) -> InputOutput:
        """Adds regions and sectors together, keeping the balance.

        `regions` are kept, in the order given; all others become ROW, the last region. `sectors` gives the sectors
        that each new one holds (`classifications.sector_groups`); every sector must belong to exactly one. Flows
        within a merged region become domestic.
        """
        faults = Faults()
        keep = list(self.regions if regions is None else regions)
        groups = {name: [name] for name in self.sectors} if sectors is None else {k: list(v) for k, v in sectors.items()}
        _refuse_unknown(keep, self.regions, "region", faults)
        _check_groups(groups, self.sectors, faults)
        faults.refuse_if_any("merging an input-output table")

        named = [name for name in keep if name != REST_OF_WORLD]
        rest = [name for name in self.regions if name not in named]
        new_regions = tuple(named + [REST_OF_WORLD] if rest else named)
        by_region = np.zeros((len(new_regions), len(self.regions)))
        for column, name in enumerate(self.regions):
            by_region[new_regions.index(name if name in named else REST_OF_WORLD), column] = 1
        by_sector = np.array([[name in held for name in self.sectors] for held in groups.values()], dtype=float)
        by_producer = np.kron(by_region, by_sector)
        final_demand = None if self.final_demand is None else by_producer @ self.final_demand @ by_region.T
        return InputOutput(
            regions=new_regions,
            sectors=tuple(groups),
            year=self.year,
            intermediate=by_producer @ self.intermediate @ by_producer.T,
            final_demand=final_demand,
            value_added=by_producer @ self.value_added,
            output=by_producer @ self.output,
            unit=self.unit,
            file=self.file,
            notes=self.notes,
        )


def read_input_output(path: str | Path, *, year: int | None = None) -> InputOutput:
    """Reads an inter-regional input-output table from .csv, .csv.gz or .parquet.

    The first column names the selling producer, as REGION_SECTOR (`USA_ELE`, `AUS_c14`); a column for each producer
    follows, then final demand by region (`USA_FD`, or `USA_F1` ... `USA_F5`, which are added together) and OUTPUT.
    Rows VA and OUTPUT may close the table. Without OUTPUT, output is the row sum; without VA, value added is output
    minus purchases. `year` is found in the file's name where it is not given.

    Refuses, all at once, unknown and missing labels, cells that are not numbers, negative sales and outputs, and a
    table that does not balance within rounding. Final demand may be negative (stocks drawn down) and so may value
    added; both are noted. Source of the layout: Timmer et al. 2015 (wiod_2013).
    """
    path = Path(path)
    frame = open_table(path, _HEADING)
    faults = Faults(file=path)
    notes: list[str] = []
    year = _year(path, year, faults, notes)
    layout = _Layout(frame, faults)
    faults.refuse_if_any(_HEADING)

    intermediate = layout.block(layout.producer_rows, layout.producer_columns, faults, least=0.0)
    final_demand = layout.final_demand(faults)
    stated_va = layout.line(_VALUE_ADDED, faults)
    stated_output_row = layout.line(_OUTPUT, faults, least=0.0)
    stated_output = layout.output_column(faults)
    faults.refuse_if_any(_HEADING)

    sales = intermediate.sum(axis=1) + (0.0 if final_demand is None else final_demand.sum(axis=1))
    purchases = intermediate.sum(axis=0)
    output = stated_output if stated_output is not None else stated_output_row
    if output is None and final_demand is not None:
        output = sales
        notes.append("output is the sum of the row: the table does not state it")
    elif output is None and stated_va is not None:
        output = purchases + stated_va
        notes.append("output is the sum of the column: the table does not state it")
    elif output is None:
        faults.add(
            "output is not known: there is no OUTPUT column or row, no final demand and no VA row",
            remedy="give the whole table",
        )
        faults.refuse_if_any(_HEADING)
    value_added = stated_va
    if value_added is None:
        value_added = output - purchases
        notes.append("value added is output minus purchases: the table does not state it")
    if final_demand is None:
        notes.append("final demand by destination is absent: only its sum by producer is known, output minus sales")

    slack = _slack(intermediate, final_demand, output)
    if final_demand is not None:
        layout.compare("sales add up to", sales, output, slack, faults, by_row=True)
    layout.compare("purchases and value added add up to", purchases + value_added, output, slack, faults, by_row=False)
    if stated_output is not None and stated_output_row is not None:
        layout.compare("the OUTPUT row says", stated_output_row, output, slack, faults, by_row=False)
    layout.complain_of("output is negative", output, output < -slack, faults)
    layout.complain_of("nothing is produced, yet inputs are bought", purchases, (output == 0) & (purchases > slack), faults)
    faults.refuse_if_any(_HEADING)

    notes += _oddities(layout.labels, final_demand, value_added, output)
    return InputOutput(
        regions=layout.regions,
        sectors=layout.sectors,
        year=year,
        intermediate=intermediate,
        final_demand=final_demand,
        value_added=value_added,
        output=output,
        file=path.name,
        notes=tuple(notes),
    )


class _Layout:
    """Finds producers, final demand and totals in a table, noting every label that is unknown, missing or repeated."""

    def __init__(self, frame: pd.DataFrame, faults: Faults):
        self.frame = frame
        self.row_of: dict[str, int] = {}
        labels = frame.iloc[:, 0].astype(object).fillna("(no label)").astype(str).str.strip()
        for row, label in enumerate(labels):
            if label in self.row_of:
                faults.add(f"the row '{label}' stands twice", line=row + FIRST_LINE)
            self.row_of.setdefault(label, row)
        producers: dict[tuple[str, str], str] = {}
        demands: dict[str, list[str]] = {}
        unknown = []
        for column in frame.columns[1:]:
            region, _, sector = column.rpartition("_")
            if _FINAL_DEMAND.fullmatch(sector) and region:
                demands.setdefault(region, []).append(column)
            elif region and sector:
                producers[region, sector] = column
            elif column != _OUTPUT:
                unknown.append(column)
        self.regions = self.sectors = ()
        if not producers:
            shown = ", ".join(str(name) for name in frame.columns[:SHOWN])
            faults.add(
                f"not an input-output table: no column is named REGION_SECTOR, such as USA_ELE (found {shown})", line=1
            )
            return
        _listed(unknown, "the column is neither REGION_SECTOR, REGION_FD, REGION_F1 nor OUTPUT", faults, line=1)

        names = list(dict.fromkeys(region for region, _ in producers))
        codes = places(dict.fromkeys([*names, *demands]), faults, "region")
        self.regions = tuple(codes.get(name, name) for name in names)
        self.sectors = tuple(dict.fromkeys(sector for _, sector in producers))
        for code in {code for code in self.regions if self.regions.count(code) > 1}:
            faults.add(f"two regions of the table are {code}", field="region")
        pairs = [(name, sector) for name in names for sector in self.sectors]
        self.labels = [f"{name}_{sector}" for name, sector in pairs]
        self.producer_columns = [producers[pair] for pair in pairs if pair in producers]
        _listed([f"{n}_{s}" for n, s in pairs if (n, s) not in producers], "the column is missing", faults, line=1)
        self.producer_rows = [self.row_of[label] for label in self.labels if label in self.row_of]
        _listed([label for label in self.labels if label not in self.row_of], "the row is missing", faults)
        known = {*self.labels, _VALUE_ADDED, _OUTPUT}
        _listed([label for label in self.row_of if label not in known], "no column bears the name of this row", faults)
        self.demand_columns = [demands.get(name, []) for name in names]
        if demands:
            _listed([f"{name}_FD" for name in names if name not in demands], "the column is missing", faults, line=1)
            _listed([name for name in demands if name not in names], "final demand of a region without producers", faults)

    def block(self, rows: list[int], columns: list[str], faults: Faults, least: float | None = None) -> np.ndarray:
        """Gives the cells of some rows and columns as numbers [rows, columns], noting those that are not."""
        cells = self.frame[columns].iloc[rows]
        values = cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        missing = cells.isna().to_numpy()
        wrong = {
            "the cell is empty": missing,
            "is not a number": ~np.isfinite(values) & ~missing,
        }
        if least is not None:
            wrong[f"is below {least:g}"] = values < least
        for complaint, where in wrong.items():
            places_wrong = np.argwhere(where)
            for row, column in places_wrong[:SHOWN]:
                text = complaint if missing[row, column] else f"'{cells.iat[row, column]}' {complaint}"
                faults.add(text, line=int(rows[row]) + FIRST_LINE, field=columns[column])
            if len(places_wrong) > SHOWN:
                faults.add(f"{len(places_wrong) - SHOWN:,} more cells of which one must say: {complaint}")
        return values

    def line(self, label: str, faults: Faults, least: float | None = None) -> np.ndarray | None:
        """Gives a closing row over the producers [R*S], or None where the table has none."""
        if label not in self.row_of:
            return None
        return self.block([self.row_of[label]], self.producer_columns, faults, least)[0]

    def output_column(self, faults: Faults) -> np.ndarray | None:
        """Gives the OUTPUT column over the producers [R*S], or None where the table has none."""
        if _OUTPUT not in self.frame.columns:
            return None
        return self.block(self.producer_rows, [_OUTPUT], faults, least=0.0)[:, 0]

    def final_demand(self, faults: Faults) -> np.ndarray | None:
        """Gives final demand by destination [R*S, R], its categories added together, or None where there is none."""
        if not any(self.demand_columns):
            return None
        return np.stack(
            [self.block(self.producer_rows, columns, faults).sum(axis=1) for columns in self.demand_columns], axis=1
        )

    def compare(
        self, what: str, found: np.ndarray, output: np.ndarray, slack: np.ndarray, faults: Faults, *, by_row: bool
    ) -> None:
        """Notes the producers whose accounts do not meet their output; by row they have a line, by column a field."""
        wrong = np.flatnonzero(np.abs(found - output) > slack)
        for producer in wrong[:SHOWN]:
            label, sum_found, stated = self.labels[producer], found[producer], output[producer]
            faults.add(
                f"{label} does not balance: {what} {sum_found:,.1f}, output is {stated:,.1f}",
                line=int(self.producer_rows[producer]) + FIRST_LINE if by_row else None,
                field=None if by_row else label,
            )
        if len(wrong) > SHOWN:
            faults.add(f"{len(wrong) - SHOWN:,} more producers do not balance ({what} another figure than output)")

    def complain_of(self, complaint: str, values: np.ndarray, wrong: np.ndarray, faults: Faults) -> None:
        """Notes the producers where `wrong`, with their figure."""
        for producer in np.flatnonzero(wrong)[:SHOWN]:
            faults.add(f"{complaint}: {values[producer]:,.1f}", field=self.labels[producer])


def _year(path: Path, year: int | None, faults: Faults, notes: list[str]) -> int:
    named = {int(text) for text in _YEAR.findall(path.name)}
    if year is not None:
        if named and named != {year}:
            notes.append(f"taken as the table of {year}, though the file is named {path.name}")
        return year
    if len(named) != 1:
        found = "none" if not named else " and ".join(map(str, sorted(named)))
        faults.add(f"the year is not clear: the file's name holds {found}", field="year", remedy="give the year")
        return 0
    return named.pop()


def _slack(intermediate: np.ndarray, final_demand: np.ndarray | None, output: np.ndarray) -> np.ndarray:
    """Gives how far each producer's accounts may miss its output [R*S]: rounding of whole-number cells, and a share."""
    cells = np.maximum((intermediate != 0).sum(axis=0), (intermediate != 0).sum(axis=1)) + 2
    whole = bool((intermediate % 1 == 0).all())
    if final_demand is not None:
        cells = cells + (final_demand != 0).sum(axis=1)
        whole = whole and bool((final_demand % 1 == 0).all())
    return _BALANCE * np.abs(output) + (_ROUNDING * np.sqrt(cells) if whole else 0.0)


def _oddities(
    labels: list[str], final_demand: np.ndarray | None, value_added: np.ndarray, output: np.ndarray
) -> list[str]:
    notes = []
    for what, values in (("output", output), ("value added", value_added)):
        negative = [f"{labels[producer]} {values[producer]:,.0f}" for producer in np.flatnonzero(values < 0)]
        if negative:
            notes.append(f"{what} is negative, and was kept so: {', '.join(negative)}")
    if final_demand is not None and (final_demand < 0).any():
        n_cells = int((final_demand < 0).sum())
        notes.append(f"final demand is negative in {n_cells} cells, and was kept so (stocks drawn down)")
    return notes


def _check_groups(groups: dict[str, list[str]], sectors: tuple[str, ...], faults: Faults) -> None:
    held = [name for names in groups.values() for name in names]
    _refuse_unknown(held, sectors, "sector", faults)
    for name in sectors:
        if held.count(name) != 1:
            times = "no group" if name not in held else f"{held.count(name)} groups"
            faults.add(f"the sector {name} is in {times}; it must be in one", field="sectors")


def _refuse_unknown(asked: Iterable[str], known: Sequence[str], field: str, faults: Faults) -> None:
    for name in asked:
        if name not in known:
            remedy = nearest(name, known) or f"it has {', '.join(known)}"
            faults.add(f"the table has no {field} '{name}'", field=field, remedy=remedy)


def _listed(names: list[str], complaint: str, faults: Faults, line: int | None = None) -> None:
    for name in names[:SHOWN]:
        faults.add(complaint, line=line, field=name)
    if len(names) > SHOWN:
        faults.add(f"{len(names) - SHOWN:,} more: {complaint}", line=line)
