"""Says what a region lacks, who has it, and what each would bring the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from redqueen.evidence.input_output import InputOutput
from redqueen.indicators.relatedness import Relatedness, relatedness
from redqueen.indicators.specialisation import presence, regional_share
from redqueen.indicators.value_chain import gross_exports
from redqueen.studies.diagnose.panel import Panel

__all__ = [
    "INPUT",
    "RELATED",
    "TARGET",
    "Capabilities",
    "Need",
    "Needs",
    "input_needs",
    "organisation_rows",
    "related_needs",
    "sector_panel",
    "shares_of_need",
]

# : A region with a tenth of all there is of an activity, and twice an even share, has it, however much more it has of others: what
# is
#: brought is an amount.
LARGE, OVER_EVEN = 0.1, 2.0
#: Why something is needed.
TARGET, RELATED, INPUT = "the activity itself", "related to it", "an input to it"


@dataclass(frozen=True)
class Need:
    """States one thing that is needed: its activity, why, the region's RCA in it and its part of all that the region lacks."""

    activity: str
    name: str
    why: str
    rca: float
    part: float


@dataclass(frozen=True, eq=False)
class Needs:
    """Holds what a region lacks for an activity in one table: `parts` [activities], summing to 1, or 0 where it lacks nothing.

    Of several tables each counts alike: `shared` divides the parts by their number.
    """

    capabilities: Capabilities
    parts: np.ndarray
    why: tuple[str, ...]
    widened: bool = False

    @property
    def any(self) -> bool:
        """Says whether anything is lacking."""
        return bool(self.parts.sum() > 0)

    def shared(self, number: int) -> Needs:
        """Gives the same needs as one of some number of tables."""
        return replace(self, parts=self.parts / number)

    def listed(self, region: str) -> list[Need]:
        """Lists what is lacking, the largest part first."""
        panel, rca = self.capabilities.panel, self.capabilities.rca[self.capabilities.panel.place(region)]
        order = np.argsort(-self.parts, kind="stable")
        return [
            Need(
                panel.activities[one],
                panel.names.get(panel.activities[one], panel.activities[one]),
                self.why[one],
                float(rca[one]),
                float(self.parts[one]),
            )
            for one in order
            if self.parts[one] > 0
        ]


@dataclass(frozen=True, eq=False)
class Capabilities:
    """Measures what each region can do by one table, in its last year: arrays are [regions, activities]."""

    panel: Panel

    @cached_property
    def rca(self) -> np.ndarray:
        """Gives revealed comparative advantage; 0 where nothing is there to compare."""
        return np.nan_to_num(self.panel.rca[-1])

    @cached_property
    def share(self) -> np.ndarray:
        """Gives each region's share of an activity in all regions of the table."""
        return np.nan_to_num(regional_share(self.panel.values[-1]))

    @cached_property
    def lack(self) -> np.ndarray:
        """Gives how far a region is from having an activity: 1 without any, 0 at an RCA of 1 and beyond."""
        return np.maximum(0.0, 1.0 - self.rca)

    @cached_property
    def strength(self) -> np.ndarray:
        """Gives what a region can bring: its share of the activity where its RCA is at least 1 or that share is large, else 0."""
        large = max(LARGE, OVER_EVEN / len(self.panel.regions))
        return self.share * (presence(self.rca) | (self.share >= large))

    @cached_property
    def related(self) -> Relatedness:
        """Gives proximity of activities and density of regions; an activity's own presence says nothing of what surrounds it."""
        return relatedness(presence(self.rca), diagonal="zero")

    @cached_property
    def adjacent(self) -> np.ndarray:
        """Gives what regions could do next and lack, as parts of 1: relatedness density times lack; a row of 0 lacks nothing."""
        return shares_of_need(np.nan_to_num(self.related.density) * self.lack)

    @cached_property
    def exchange(self) -> np.ndarray:
        """Gives how much of what each region lacks next each other has [regions, regions]: row receives, column brings."""
        return self.adjacent @ self.strength.T


def related_needs(capabilities: Capabilities, region: str, activity: str) -> Needs:
    """Gives what a region lacks for an activity: the activity itself and those that stand out as near to it.

    part[a] is proportional to phi[t, a] lack[a]; phi[t, t] counts 1, and activities whose proximity to the target is not a
    standard deviation above that of the average activity count 0: where few regions are compared, everything is a little
    related to everything. A region that lacks none of them is given, `widened`, what it lacks of all that is nearer than
    average.
    """
    panel = capabilities.panel
    target, lack = panel.activities.index(activity), capabilities.lack[panel.place(region)]
    proximity = capabilities.related.proximity[target]
    others = np.arange(len(proximity)) != target
    mean, spread = proximity[others].mean(), proximity[others].std()
    why = tuple(TARGET if one == target else RELATED for one in range(len(proximity)))

    def lacked(least: float, *, widened: bool) -> Needs:
        near = np.where(others, np.where(proximity > least, proximity, 0.0), 1.0)
        return Needs(capabilities, shares_of_need((near * lack)[None])[0], why, widened)

    outstanding = lacked(mean + spread, widened=False)
    return outstanding if outstanding.any else lacked(mean, widened=True)


def input_needs(table: InputOutput, capabilities: Capabilities, region: str, sector: str) -> Needs:
    """Gives what a region lacks among the inputs of a sector: part[a] is proportional to what the sector buys of a abroad,
    times lack[a].

    Purchases are those of the sector everywhere, from other regions alone: premises and retailing are inputs too, and no
    partner abroad can bring them.
    """
    regions, size, target = len(table.regions), len(table.sectors), table.sectors.index(sector)
    purchases = table.intermediate.reshape(regions, size, regions, size)[:, :, :, target]
    home = np.arange(regions)
    bought = purchases.sum(axis=(0, 2)) - purchases[home, :, home].sum(axis=0)
    parts = shares_of_need((bought * capabilities.lack[capabilities.panel.place(region)])[None])[0]
    return Needs(capabilities, parts, (INPUT,) * size)


def sector_panel(table: InputOutput, names: Mapping[str, str] | None = None) -> Panel:
    """Lays out what regions sell abroad by sector, as one year's panel; output, where final demand is not told by destination.

    Regions without sales are kept: every region of an input-output table stands in it.
    """
    regions = len(table.regions)
    values, measure = table.output.reshape(regions, -1), "output"
    if table.final_demand is not None:
        values, measure = gross_exports(table.intermediate, table.final_demand, regions).sum(axis=2).T, "exports"
    # Stocks drawn down abroad may outweigh what a small sector sells there.
    values = np.maximum(values, 0.0)
    return Panel(
        table.file or "input-output table",
        measure,
        table.unit,
        (table.year,),
        tuple(table.regions),
        tuple(table.sectors),
        values[None],
        names or {},
    )


def shares_of_need(weights: np.ndarray) -> np.ndarray:
    """Makes the rows of weights [n, activities] sum to 1; a row of 0 stays so."""
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros(weights.shape), where=total > 0)


def organisation_rows(capabilities: Capabilities, held: Sequence[Sequence[str]]) -> np.ndarray:
    """Says which activities of the table organisations have [organisations, activities], by their codes."""
    place = {activity: position for position, activity in enumerate(capabilities.panel.activities)}
    rows = np.zeros((len(held), len(place)), dtype=bool)
    for row, activities in enumerate(held):
        rows[row, [place[one] for one in activities]] = True
    return rows
