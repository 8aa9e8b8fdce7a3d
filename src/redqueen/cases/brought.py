"""Reads the tables that a user brings for a world, of any known layout, and finds in each the rows that it was brought for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.evidence.classifications import sector_names
from redqueen.evidence.evidence import Evidence, File
from redqueen.evidence.formats import formats, read_evidence
from redqueen.evidence.former_places import places_then
from redqueen.evidence.input_output import InputOutput

__all__ = ["Rows", "Table", "bring", "flows_of", "near"]

# What a table without a column of measures calls its values.
_UNNAMED = "value"
# The source of tables whose publisher is not told, and the one whose regions begin with the code of their country.
_BROUGHT, _BY_REGION = "brought", "oecd_regpat"
_KINDS = {
    "activities": "region, activity, year and value", "ties": "region, partner, year and value", "regions": "region, year and value"
}
_SCALES = (("thousand", 1e3), ("million", 1e6))
# Ties, jobs and people abroad change slowly: figures of another year stand for those of the start, and say so.
_YEARS_APART = 10


class Rows(NamedTuple):
    """Holds the rows of one measure: region, activity or partner where there are any, year and value; countries by their codes."""

    measure: str
    unit: str
    frame: pd.DataFrame

    @property
    def scale(self) -> float:
        """Gives what the unit multiplies values with: 1000 for thousands of persons."""
        return next((scale for word, scale in _SCALES if word in self.unit.casefold()), 1.0)


@dataclass(frozen=True, eq=False)
class Table:
    """Holds one table that was brought for an option of the command."""

    option: str
    place: Path
    evidence: Evidence

    @property
    def source(self) -> str:
        """Names where the table comes from, as in sources.toml."""
        layout = formats().get(self.evidence.format)
        if layout is None:
            return _BROUGHT
        # Both releases of WIOD have accounts of one layout; the industries tell them apart.
        is_2013 = layout.name == "wiod_accounts" and set(self.evidence.activities) <= set(sector_names())
        return "wiod_2013" if is_2013 else layout.source

    @property
    def cited(self) -> str:
        """Begins the source of a number: the name of the source, and the file where that says nothing of the publisher."""
        return f"{self.source}: {self.place.name}," if self.source == _BROUGHT else f"{self.source}:"

    @property
    def called(self) -> str:
        """Names the table within a sentence."""
        return self.place.name if self.source == _BROUGHT else self.source

    @property
    def checksums(self) -> list[tuple[str, str]]:
        """Lists the files that the table was read from, each with its SHA-256."""
        if self.place.is_file():
            return [(self.place.name, File.of(self.place).sha256)]
        return [(f"{self.place.name}/{file.name}", file.sha256) for file in self.evidence.files]

    def rows(self, kind: str, measures: tuple[str, ...], faults: Faults) -> Rows | None:
        """Gives the rows of the first of the measures that the table has, or of its only one, where that has no name.

        Notes a table of another kind, and one without any of the measures.
        """
        field = self.option
        if self.evidence.kind != kind:
            made = self.evidence.kind.replace("_", "-")
            faults.add(f"is a table of {made}, not of {kind}", file=self.place, field=field, remedy=f"give one with {_KINDS[kind]}")
            return None
        units = self.evidence.units
        measure = next((name for name in measures if name in units), None)
        if measure is None and list(units) == [_UNNAMED]:
            measure = _UNNAMED
        if measure is None:
            listed = " nor ".join(f"'{name}'" for name in measures)
            faults.add(f"the table has no measure {listed}; it has {', '.join(units)}", file=self.place, field=field)
            return None
        held = self.evidence.rows
        frame = held[held["measure"] == measure].drop(columns="measure").reset_index(drop=True)
        # Of several measures that it could be, the table does not say which.
        named = measure if measure != _UNNAMED else measures[0] if len(measures) == 1 else kind
        return Rows(named, units[measure], _by_country(frame) if self.source == _BY_REGION else frame)


def bring(option: str, place: str | Path, year: int) -> Table:
    """Reads a table of any known layout; one that states no year is taken as that of the year asked for."""
    try:
        evidence = read_evidence(place)
    except Refused as refusal:
        if not any(fault.field == "year" for fault in refusal.faults):
            raise
        evidence = read_evidence(place, year=year)
    return Table(option, Path(place), evidence)


def flows_of(table: Table, year: int, faults: Faults) -> InputOutput | None:
    """Gives the input-output table of the year; notes that there is none, and gives the one of the nearest year instead."""
    if table.evidence.kind != "input_output":
        remedy = "redqueen read --formats lists the layouts of input-output tables"
        faults.add(
            f"is a table of {table.evidence.kind}, not of input and output", file=table.place, field=table.option, remedy=remedy
        )
        return None
    found = min(table.evidence.tables, key=lambda one: (abs(one.year - year), one.year))
    if found.year != year:
        listed = ", ".join(map(str, table.evidence.years))
        held = f"the table is of {listed}" if len(table.evidence.years) == 1 else f"the tables are of {listed}"
        faults.add(f"{held}, not of {year}", file=table.place, field="year", remedy=f"give the table of {year}")
    return found


def near(table: Table, rows: Rows, year: int, regions: list[str], faults: Faults, column: str = "region") -> Rows | None:
    """Keeps the rows of the last year up to the start that tells of any of the regions, or else of the first after it.

    Notes that no year within ten of the start does.
    """
    if not regions:
        return None
    told = sorted(rows.frame.loc[rows.frame[column].isin(regions), "year"].unique())
    if not told:
        known = ", ".join(sorted(rows.frame[column].unique())[:8])
        faults.add(
            f"the table has no {rows.measure} of {', '.join(regions)}; it has {known}", file=table.place, field=table.option,
            remedy="give one with any of them, countries by name or alpha-3 code",
        )
        return None
    before = [one for one in told if one <= year]
    chosen = int(before[-1] if before else told[0])
    if abs(chosen - year) > _YEARS_APART:
        held = " to ".join(dict.fromkeys((str(told[0]), str(told[-1]))))
        faults.add(
            f"the table has no {rows.measure} near {year}: it has {held}", file=table.place, field="year",
            remedy=f"give one of a year within {_YEARS_APART} of {year}",
        )
        return None
    return rows._replace(frame=rows.frame[rows.frame["year"] == chosen].reset_index(drop=True))


def _by_country(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds the regions of a country together; a region's code begins with its country's, as in DE212."""
    frame, places = frame.copy(), [name for name in ("region", "partner") if name in frame]
    for name in places:
        country = frame[name].str[:2]
        frame[name] = country.map(places_then(sorted(country.unique()), Faults()))
    keys = [name for name in frame.columns if name != "value"]
    return frame.groupby(keys, as_index=False, sort=True)[["value"]].sum()
