"""One measure of one table as it is diagnosed: years x regions x activities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from redqueen.evidence.evidence import Evidence
from redqueen.indicators.complexity import economic_complexity
from redqueen.indicators.specialisation import location_quotient, presence

__all__ = ["Panel", "panel"]

#: Years looked back at: what changed over a decade.
YEARS = 11
#: Below these the index tells two camps of activities apart, not simple from complex ones: it is not shown.
LEAST_ACTIVITIES, LEAST_REGIONS = 100, 30
#: What a table of several measures is diagnosed by, the first that it has.
PREFERRED = ("exports", "patents", "jobs", "value added", "output")


@dataclass(frozen=True, eq=False)
class Panel:
    """Holds a measure by year, region and activity: `values` [years, regions, activities], 0 where no row stands.

    The last year is the one diagnosed; earlier ones are those the table has within a decade before. `table` names the
    publisher's table, `names` the words for activities.
    """

    table: str
    measure: str
    unit: str
    years: tuple[int, ...]
    regions: tuple[str, ...]
    activities: tuple[str, ...]
    values: np.ndarray
    names: Mapping[str, str]

    @cached_property
    def rca(self) -> np.ndarray:
        """Gives revealed comparative advantage in each year [years, regions, activities]."""
        return np.stack([location_quotient(values) for values in self.values])

    @cached_property
    def presence(self) -> np.ndarray:
        """Says which regions are specialised in which activities in the last year: bool [regions, activities]."""
        return presence(self.rca[-1])

    @cached_property
    def complexity(self) -> np.ndarray:
        """Gives the economic complexity index of regions in the last year [regions]; NaN where the table is too small to tell."""
        if len(self.activities) < LEAST_ACTIVITIES or len(self.regions) < LEAST_REGIONS:
            return np.full(len(self.regions), np.nan)
        return economic_complexity(self.presence).eci

    @property
    def consecutive(self) -> np.ndarray:
        """Gives the values of the last years without a gap: noise from year to year is told by these."""
        start = len(self.years) - 1
        while start > 0 and self.years[start - 1] == self.years[start] - 1:
            start -= 1
        return self.values[start:]

    @property
    def year(self) -> int:
        """Gives the year diagnosed."""
        return self.years[-1]

    def place(self, region: str) -> int:
        """Gives the position of a region."""
        return self.regions.index(region)


def panel(table: Evidence, year: int | None = None, measure: str | None = None, *, title: str = "") -> Panel | None:
    """Lays out a measure of a table up to a year; None where the table has no such year or measure, or one activity alone."""
    measure = measure or next((name for name in PREFERRED if name in table.units), table.measures[0])
    known = table.rows["measure"] == measure
    last = table.rows.loc[known & (table.rows["year"] <= year) if year is not None else known, "year"].max()
    if last != last:
        return None
    found = sorted(
        int(one)
        for one in table.rows.loc[known & (table.rows["year"] > last - YEARS) & (table.rows["year"] <= last), "year"].unique()
    )
    # Year by year: tables of millions of rows are not copied whole.
    of_year = [table.values(measure, one) for one in found]
    total = of_year[-1].sum(axis=1)
    regions = tuple(str(one) for one in total.index[total > 0])
    activities = tuple(sorted({str(activity) for one in of_year for activity in one.columns}))
    if len(regions) < 2 or len(activities) < 2:
        return None
    values = np.stack([one.reindex(index=list(regions), columns=list(activities)).fillna(0.0).to_numpy() for one in of_year])
    years = tuple(found)
    return Panel(
        title or table.format, measure, table.units[measure], years, regions, activities, values, table.names.get("activity", {})
    )
