"""One tidy labelled table of evidence: what it measures, where it came from, what was found in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from redqueen.errors import Refused, nearest

if TYPE_CHECKING:
    from redqueen.evidence.input_output import InputOutput

__all__ = ["COLUMNS", "DIASPORA", "KINDS", "MEASURES", "STAY_RATE", "Evidence", "File", "text_columns"]

#: Kinds of tables, each with the columns that tell its rows apart; a column `value` (float64) follows, NaN nowhere.
KINDS: dict[str, tuple[str, ...]] = {
    "activities": ("region", "activity", "year", "measure"),
    "trade": ("region", "partner", "activity", "year", "measure"),
    "ties": ("region", "partner", "year", "measure"),
    "regions": ("region", "year", "measure"),
    "organisations": ("organisation",),
    "input_output": ("region", "activity", "to_region", "to_activity", "year"),
}

#: The columns of each kind's rows.
COLUMNS: dict[str, tuple[str, ...]] = {kind: (*key, "value") for kind, key in KINDS.items()}
COLUMNS["organisations"] = ("organisation", "region", "capabilities", "size", "ties")

#: A share of those who came, not a number of people.
STAY_RATE = "stay rate"
#: Ties that people make by living abroad: they have a direction, from where people live to where they are from.
DIASPORA = ("people abroad", STAY_RATE)

#: Measures that studies look for, each with its meaning; a table may hold others.
MEASURES: dict[str, str] = {
    "exports": "gross exports",
    "imports": "gross imports",
    "output": "gross output",
    "value added": "value added",
    "jobs": "persons engaged or employed",
    "establishments": "establishments",
    "patents": "patents by residence of the inventor, fractions where several share one",
    "income per head": "GDP per head",
    "population": "people",
    "R&D spending": "all spending on research and development",
    "basic research": "spending on basic research",
    "applied research": "spending on applied research",
    "experimental development": "spending on experimental development",
    "R&D intensity": "spending on research and development over GDP",
    "co-authored articles": "articles with authors in both regions, the same from either side",
    "co-inventions": "patents with inventors in both regions, the same from either side",
    "local co-inventions": "patents with two inventors in the region, which is its own partner",
    "people abroad": "people of the origin (partner) who live in the region",
    "ties": "ties that firms of the region hold with firms of the partner",
    "quality": "quality of what is made, a level",
    "frontier quality": "quality of the best that is made anywhere of the same, a level",
    "R&D on novel products": "spending on products that nobody has",
    "R&D on second-generation products": "spending on products that others have",
    "R&D on processes": "spending on cheaper ways of making",
    "R&D on production": "spending on flexibility of what and how much is made",
    STAY_RATE: "percent of the origin's (partner's) graduates of the region who stay in it",
    "value captured": "what is earned in the region by one activity in a chain, of the price of one product",
}

_NUMBERS = frozenset({"year", "value", "size"})


def text_columns(kind: str) -> list[str]:
    """Lists the columns of a kind that hold text."""
    return [name for name in COLUMNS[kind] if name not in _NUMBERS]


@dataclass(frozen=True)
class File:
    """Names one file that was read, with its SHA-256 and size in bytes."""

    name: str
    sha256: str
    size: int

    @classmethod
    def of(cls, path: Path) -> File:
        """Reads a file through for its checksum."""
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return cls(path.name, digest.hexdigest(), path.stat().st_size)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Holds one tidy labelled table.

    `format` is the name of the publisher's layout, `kind` a key of KINDS, which says the columns of `rows`: regions,
    partners, activities and measures are text, `year` int64, `value` float64. Rows are unique by their key. Countries are
    ISO alpha-3 codes; other regions keep the publisher's code. `units` gives the unit of each measure, `names` the
    words for codes ({"region": {code: name}, "activity": ...}). `missing` and `suppressed` count cells without a
    value, the second those that the publisher hides. Tables of kind "input_output" are `tables`, and `rows` is empty.
    Rows of kind "organisations" are organisation, region, capabilities and ties (text, several apart by ';') and size
    (float64, NaN where the register does not tell).
    """

    format: str
    kind: str
    rows: pd.DataFrame
    units: Mapping[str, str]
    files: tuple[File, ...] = ()
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    missing: int = 0
    suppressed: int = 0
    tables: tuple[InputOutput, ...] = ()

    @property
    def regions(self) -> list[str]:
        """Lists the regions, sorted; an input-output table keeps its order."""
        return list(self.tables[0].regions) if self.tables else sorted(self.rows["region"].unique())

    @property
    def activities(self) -> list[str]:
        """Lists the activities, sorted; empty where the table has none."""
        if self.tables:
            return list(self.tables[0].sectors)
        return sorted(self.rows["activity"].unique()) if "activity" in self.rows else []

    @property
    def years(self) -> list[int]:
        """Lists the years, sorted."""
        if self.tables:
            return sorted({table.year for table in self.tables})
        return sorted(int(year) for year in self.rows["year"].unique()) if "year" in self.rows else []

    @property
    def measures(self) -> list[str]:
        """Lists what is measured, in the order of `units`."""
        return list(self.units)

    def name_of(self, code: str, column: str = "region") -> str:
        """Gives the words for a code, or the code itself."""
        return self.names.get(column, {}).get(code, code)

    def values(self, measure: str, year: int) -> pd.DataFrame:
        """Gives one measure of one year as a table of region x activity, summed over partners; 0 where no row stands.

        Refuses a measure or a year that the table lacks, and a table without activities.
        """
        if "activity" not in self.rows:
            raise Refused.one("the table has no activities", field="activity")
        if measure not in self.units:
            raise Refused.one(f"the table has no measure '{measure}'", field="measure", remedy=nearest(measure, self.units))
        rows = self.rows[(self.rows["measure"] == measure) & (self.rows["year"] == year)]
        if rows.empty:
            listed = ", ".join(map(str, self.years))
            raise Refused.one(f"the table has no {measure} of {year}; it has {listed}", field="year")
        summed = rows.groupby(["region", "activity"], observed=True)["value"].sum()
        return summed.unstack("activity", fill_value=0).sort_index().sort_index(axis=1)
