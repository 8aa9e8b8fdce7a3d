"""Holds inter-regional input-output tables, and reads WIOD's 2013 release, whole or aggregated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from redqueen.errors import Faults, nearest
from redqueen.evidence import squares
from redqueen.evidence.checking import SHOWN
from redqueen.evidence.places import REST_OF_WORLD
from redqueen.evidence.squares import NOISE, Grid, Labels, Square
from redqueen.evidence.tables import open_table

__all__ = ["HEADING", "LABELS", "UNIT", "InputOutput", "close", "read_input_output", "year_of"]

UNIT = "million current USD"
HEADING = "input-output table"

#: Labels of WIOD's 2013 release as one square table: `AUS_c14`, final demand `AUS_F1` to `AUS_F5` or `AUS_FD`.
LABELS = Labels(
    split=lambda label: label.rpartition("_")[::2],
    final=re.compile(r"FD|F\d+"),
    closing=(
        (re.compile("VA"), squares.VALUE_ADDED),
        (re.compile("OUTPUT"), squares.OUTPUT),
        (re.compile("TAXES"), squares.TAXES),
    ),
    output=frozenset({"OUTPUT"}),
    example="USA_ELE",
    columns="REGION_SECTOR, REGION_FD, REGION_F1 nor OUTPUT",
)

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# A sum of n cells, each rounded to a whole unit, errs by more than four standard deviations, 4 sqrt(n / 12), once in
# sixteen thousand sums.
_ROUNDING = 4 / np.sqrt(12)
# Tables balanced by their publishers close to this share of output.
_BALANCE = 1e-4
# A note names this many producers, and counts the rest.
_NAMED = 20


@dataclass(frozen=True, eq=False)
class InputOutput:
    """Holds one year's flows between R regions of S sectors each, in million current USD.

    Producers are ordered by region, then sector: producer r * S + s is sector s of region r.
    `intermediate` Z [R*S, R*S]: sales of the row's producer to the column's producer, as inputs.
    `final_demand` F [R*S, R]: sales of the row's producer to final users in the column's region; None where the table
    does not tell where they are (then `total_final_demand` still holds).
    `value_added` v [R*S], at basic prices, and `taxes` t [R*S]: what producers pay on their inputs beyond their price to
    other producers (taxes less subsidies on products, international transport margins); zero where none are shown.
    `output` x [R*S]: sales to producers and final users = purchases + taxes + value added, x = Z 1 + F 1 = 1'Z + t + v,
    within the publisher's rounding. Hence 1' (I - A) = (t + v)' / x: what a final sale embodies adds to one over value
    added and taxes together, not over value added alone.
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
    taxes: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.taxes is None:
            object.__setattr__(self, "taxes", np.zeros(len(self.output)))

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
            taxes=by_producer @ self.taxes,
        )


def read_input_output(path: str | Path, *, year: int | None = None) -> InputOutput:
    """Reads an inter-regional input-output table from .csv, .csv.gz or .parquet.

    The first column names the selling producer, as REGION_SECTOR (`USA_ELE`, `AUS_c14`); a column for each producer
    follows, then final demand by region (`USA_FD`, or `USA_F1` ... `USA_F5`, which are added together) and OUTPUT.
    Rows TAXES, VA and OUTPUT may close the table. Without OUTPUT, output is the row sum; without VA, value added is
    output minus purchases and taxes. `year` is found in the file's name where it is not given.

    Refuses, all at once, unknown and missing labels, cells that are not numbers, negative sales and outputs, and a
    table that does not balance within rounding. Final demand may be negative (stocks drawn down) and so may value
    added; both are noted. Source of the layout: Timmer et al. 2015 (wiod_2013).
    """
    path = Path(path)
    frame = open_table(path, HEADING)
    faults = Faults(file=path)
    notes: list[str] = []
    year = year_of(path.name, year, faults, notes)
    square = Square(Grid.of_frame(frame), LABELS, faults)
    return close(square, year, path.name, faults, notes)


def close(
    square: Square, year: int, file: str, faults: Faults, notes: list[str], *, unit: str = UNIT, scale: float = 1.0
) -> InputOutput:
    """Takes the accounts out of a square table and checks that they close; derives output or value added where not stated.

    Cells are multiplied by `scale` to come in `unit`. Refuses, all at once with what `faults` holds already, cells that are
    not numbers, negative sales and outputs, outputs from nothing sold, and accounts that miss their output by more than
    rounding and a ten-thousandth of it.
    """
    faults.refuse_if_any(HEADING)
    intermediate = square.intermediate(faults)
    final_demand = square.final_demand(faults)
    discrepancy = square.discrepancy(faults)
    stated_va = square.closing_row(squares.VALUE_ADDED, faults)
    stated_taxes = square.closing_row(squares.TAXES, faults)
    stated_purchases = square.closing_row(squares.PURCHASES, faults)
    stated_output_row = square.closing_row(squares.OUTPUT, faults, least=0.0)
    stated_output = square.output_column(faults)
    faults.refuse_if_any(HEADING)

    stated = (stated_va, stated_taxes, stated_purchases, stated_output_row, stated_output)
    for values in (intermediate, final_demand, discrepancy, *stated) if scale != 1 else ():
        if values is not None:
            values *= scale
    if final_demand is not None and discrepancy.any():
        at_home = np.arange(len(discrepancy)) // len(square.sectors)
        final_demand[np.arange(len(discrepancy)), at_home] += discrepancy
        notes.append(f"discrepancies of {np.abs(discrepancy).sum():,.0f} in all stand as final demand at home")
    sales = intermediate.sum(axis=1) + (0.0 if final_demand is None else final_demand.sum(axis=1))
    purchases = intermediate.sum(axis=0)
    taxes = np.zeros(len(purchases)) if stated_taxes is None else stated_taxes
    output = stated_output if stated_output is not None else stated_output_row
    if output is None and final_demand is not None:
        output = sales
        notes.append("output is the sum of the row: the table does not state it")
    elif output is None and stated_va is not None:
        output = purchases + taxes + stated_va
        notes.append("output is the sum of the column: the table does not state it")
    elif output is None:
        faults.add(
            "output is not known: there is no OUTPUT column or row, no final demand and no VA row",
            remedy="give the whole table",
        )
        faults.refuse_if_any(HEADING)
    assert output is not None
    value_added = stated_va
    if value_added is None:
        value_added = output - purchases - taxes
        spent = "purchases" if stated_taxes is None else "purchases and taxes"
        notes.append(f"value added is output minus {spent}: the table does not state it")
    if final_demand is None:
        notes.append("final demand by destination is absent: only its sum by producer is known, output minus sales")

    slack = _slack(intermediate, final_demand, output)
    if final_demand is not None:
        _compare(square, "sales add up to", sales, output, slack, faults, by_row=True)
    spent = "purchases and value added" if stated_taxes is None else "purchases, taxes and value added"
    _compare(square, f"{spent} add up to", purchases + taxes + value_added, output, slack, faults)
    if stated_purchases is not None:
        _compare(square, "the row of purchases says", output + stated_purchases - purchases, output, slack, faults)
    if stated_output is not None and stated_output_row is not None:
        _compare(square, "the OUTPUT row says", stated_output_row, output, slack, faults)
    _complain(square, "output is negative", output, output < -slack, faults)
    _complain(square, "nothing is produced, yet inputs are bought", purchases, (output == 0) & (purchases > slack), faults)
    faults.refuse_if_any(HEADING)

    notes += _oddities(square.labels, intermediate, final_demand, value_added, output)
    return InputOutput(
        regions=square.regions, sectors=square.sectors, year=year, intermediate=intermediate, final_demand=final_demand,
        value_added=value_added, output=output, unit=unit, file=file, notes=tuple(notes), taxes=taxes,
    )


def year_of(name: str, year: int | None, faults: Faults, notes: list[str], *, said: str | None = None) -> int:
    """Gives the year that the user says, or the only one in the file's name; `said` is the name without other numbers."""
    named = {int(text) for text in _YEAR.findall(name if said is None else said)}
    if year is not None:
        if named and named != {year}:
            notes.append(f"taken as the table of {year}, though the file is named {name}")
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
    return _BALANCE * np.abs(output) + (_ROUNDING * np.sqrt(cells) if whole else NOISE)


def _compare(
    square: Square, what: str, found: np.ndarray, output: np.ndarray, slack: np.ndarray, faults: Faults, *, by_row: bool = False
) -> None:
    """Notes the producers whose accounts do not meet their output; by row they have a line, by column a field."""
    wrong = np.flatnonzero(np.abs(found - output) > slack)
    for producer in wrong[:SHOWN]:
        label, sum_found, stated = square.labels[producer], found[producer], output[producer]
        faults.add(
            f"{label} does not balance: {what} {sum_found:,.1f}, output is {stated:,.1f}",
            line=square.lines[producer] if by_row else None,
            field=None if by_row else label,
        )
    if len(wrong) > SHOWN:
        faults.add(f"{len(wrong) - SHOWN:,} more producers do not balance ({what} another figure than output)")


def _complain(square: Square, complaint: str, values: np.ndarray, wrong: np.ndarray, faults: Faults) -> None:
    for producer in np.flatnonzero(wrong)[:SHOWN]:
        faults.add(f"{complaint}: {values[producer]:,.1f}", field=square.labels[producer])


def _oddities(
    labels: list[str], intermediate: np.ndarray, final_demand: np.ndarray | None, value_added: np.ndarray, output: np.ndarray
) -> list[str]:
    notes = []
    if (intermediate < 0).any():
        n_below, least = int((intermediate < 0).sum()), float(intermediate.min())
        notes.append(f"{n_below:,} sales between producers are below zero, by {-least:.2g} at most, and were kept so")
    for what, values in (("output", output), ("value added", value_added)):
        negative = [f"{labels[producer]} {values[producer]:,.0f}" for producer in np.flatnonzero(values < 0)]
        if negative:
            more = f" and {len(negative) - _NAMED} more" if len(negative) > _NAMED else ""
            notes.append(f"{what} is negative, and was kept so: {', '.join(negative[:_NAMED])}{more}")
    if final_demand is not None and (final_demand < 0).any():
        n_below = int((final_demand < 0).sum())
        cells = "1 cell" if n_below == 1 else f"{n_below:,} cells"
        notes.append(f"final demand is negative in {cells}, and was kept so (stocks drawn down)")
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
