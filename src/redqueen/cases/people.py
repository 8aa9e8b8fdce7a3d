"""Measures jobs, colleagues and people abroad of the regions of a world, where tables tell them.

Regions are the ones asked for and, where the table of flows has others, all others together: ROW, the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redqueen.cases import endowing
from redqueen.cases.brought import Rows, Table, near
from redqueen.errors import Faults, Refused
from redqueen.evidence.classifications import Industry
from redqueen.evidence.places import REST_OF_WORLD

__all__ = ["Abroad", "Colleagues", "Jobs", "abroad_of", "colleagues_of", "jobs_of"]

#: Measures of ties between colleagues, in the order of preference: inventors are nearer to an industry than authors.
_COLLABORATION = ("co-inventions", "co-authored articles")
# What PatentsView and REGPAT call co-inventions within a region.
_AT_HOME = {"co-inventions": "local co-inventions"}


@dataclass(frozen=True, eq=False)
class Jobs:
    """Holds jobs in the industry [R], heads, filled in by rule where the table tells none, and the part told [R], from 0 to 1."""

    table: Table
    sector: str
    year: int
    heads: np.ndarray
    told: np.ndarray

    def source(self, place: int, region: str, by_rule: str) -> str:
        """Gives the source of a region's workers: its jobs, what a rule puts in their place (`by_rule`), or both."""
        found = f"{self.heads[place]:,.0f} jobs in {self.sector}, {self.year}"
        if self.told[place] == 1:
            return f"{self.table.cited} {found}"
        if self.told[place] == 0:
            return f"{by_rule}, at the jobs for each of it elsewhere ({self.table.called}, which tells none of {region})"
        part = f"{100 * self.told[place]:.0f} % of them told"
        return f"{self.table.cited} {found}, {part}; the others by value added over income, at the jobs for each of it elsewhere"

    def lacking(self, regions: Sequence[str]) -> Iterator[str]:
        """Says of which regions the table tells less than all jobs."""
        for region, told in zip(regions, self.told, strict=True):
            if told < 1:
                what = "the jobs" if told == 0 else f"{100 * (1 - told):.0f} % of the jobs"
                yield f"{self.table.place.name} does not tell {what} of {region}: value added over income stands instead"


@dataclass(frozen=True, eq=False)
class Colleagues:
    """Holds the share of collaboration with each region [R, R], NaN rows where the table tells nothing of the region.

    together [R, R] and abroad [R] count what was done with each region and with all countries; home [R] what was done within
    the region, NaN where the table does not tell.
    """

    table: Table
    measure: str
    year: int
    shares: np.ndarray
    together: np.ndarray
    abroad: np.ndarray
    home: np.ndarray

    def source(self, one: int, other: int, region: str) -> str:
        """Gives the source of a region's ties with colleagues in another."""
        if np.isnan(self.shares[one, other]):
            return f"colleagues at home, for {self.table.called} tells no {self.measure} of {region}"
        found = f"colleagues by {self.together[one, other]:,.0f} {self.measure} ({self.table.called}, {self.year})"
        if np.isnan(self.home[one]):
            return f"{found} of {self.abroad[one]:,.0f} abroad, taken to be {endowing.COLLEAGUES_ABROAD:g} of all"
        return f"{found} of {self.abroad[one]:,.0f} abroad and {self.home[one]:,.0f} at home"

    def lacking(self, regions: Sequence[str]) -> Iterator[str]:
        """Says of which regions the table tells nothing."""
        for region, row in zip(regions, self.shares, strict=True):
            if np.isnan(row).all():
                yield f"{self.table.place.name} tells no {self.measure} of {region}: its colleagues are at home"


@dataclass(frozen=True, eq=False)
class Abroad:
    """Holds the part of each region's people who live in each other [R, R], NaN where it is not told.

    people [origin, host] and population [R], of the origins whose population is known.
    """

    table: Table
    population_table: Table
    year: int
    population_year: int
    shares: np.ndarray
    people: np.ndarray
    population: np.ndarray

    def source(self, one: int, other: int, origin: str, host: str) -> str:
        """Gives the source of the talent of one region in another; a default says what is not told."""
        if np.isnan(self.shares[one, other]):
            return f"default: {self._not_told(one, other, origin, host)}"
        born = "countries elsewhere" if origin == REST_OF_WORLD else origin
        return (
            f"{self.table.cited} {self.people[one, other]:,.0f} people of {born} in {host}, {self.year}, for "
            f"{self.population[one]:,.0f} at home ({self.population_table.called}, {self.population_year}); "
            "times first_talent, which is taken to emigrate as others do at least"
        )

    def lacking(self, regions: Sequence[str]) -> Iterator[str]:
        """Says of which origins, hosts and pairs the tables tell nothing."""
        pairs = [(one, other) for one, other in np.argwhere(np.isnan(self.shares)).tolist() if one != other]
        whole = [
            self._not_told(one, other, regions[one], regions[other]) for one, other in pairs if not self._knows_both(one, other)
        ]
        yield from (f"{why}: first_diaspora is left at its default" for why in dict.fromkeys(whole))
        odd = [f"{regions[one]} in {regions[other]}" for one, other in pairs if self._knows_both(one, other)]
        if odd:
            yield f"{self.table.place.name} tells of nobody of {', '.join(odd)}: first_diaspora is left at its default"

    def _knows_both(self, one: int, other: int) -> bool:
        return not np.isnan(self.shares[one]).all() and not np.isnan(self.shares[:, other]).all()

    def _not_told(self, one: int, other: int, origin: str, host: str) -> str:
        name = self.table.place.name
        if np.isnan(self.population[one]):
            return f"{name} tells of nobody of {origin}, or {self.population_table.place.name} not of its population"
        if np.isnan(self.shares[one]).all():
            return f"{name} tells of nobody of {origin} in any of the regions"
        of = "" if np.isnan(self.shares[:, other]).all() else f" of {origin}"
        return f"{name} tells of nobody{of} in {host}"


def jobs_of(
    table: Table, industry: Industry, year: int, asked: list[str], value_added: pd.Series, income: pd.Series, faults: Faults
) -> Jobs | None:
    """Measures jobs in the industry; `value_added` and `income` per head are of every region that the table of flows shows.

    Jobs that are zero are not told. Regions without any have those that their value added over income makes likely
    (`endowing.all_jobs`); among the others taken together, each by itself.
    """
    rows = table.rows("activities", ("jobs",), faults)
    if rows is None:
        return None
    try:
        sector = industry.sector_in(sorted(rows.frame["activity"].unique()))
    except Refused as refusal:
        for fault in refusal.faults:
            faults.add(fault.message, file=table.place, field=fault.field)
        return None
    held = rows.frame[(rows.frame["activity"] == sector) & (rows.frame["value"] > 0)]
    chosen = near(table, rows._replace(frame=held), year, asked, faults)
    if chosen is None or not set(asked) <= set(value_added.index):
        return None
    known = rows.scale * chosen.frame.set_index("region")["value"].reindex(value_added.index)
    if not (known.notna() & (value_added > 0)).any():
        # A region without the industry is refused by the table of flows.
        return None
    heads = pd.Series(endowing.all_jobs(known.to_numpy(), value_added.to_numpy(), income.to_numpy()), index=value_added.index)
    found, told = heads[asked].to_numpy(), known[asked].notna().to_numpy(dtype=float)
    rest = heads.drop(asked)
    if len(rest):
        told_there = known.drop(asked).notna().to_numpy()
        part = rest[told_there].sum() / rest.sum() if rest.sum() > 0 else 0.0
        found, told = np.append(found, rest.sum()), np.append(told, part)
    return Jobs(table, sector, int(chosen.frame["year"].iloc[0]), found, told)


def colleagues_of(table: Table, year: int, asked: list[str], rest: bool, faults: Faults) -> Colleagues | None:
    """Measures who works with whom: co-inventions, or else co-authored articles, of the year nearest to the start.

    A pair that is given in one direction holds in both. Within the rest of the world, what two of its countries did together
    is abroad for each of them: its share is the mean over its members, who are of many countries.
    """
    rows = table.rows("ties", _COLLABORATION, faults)
    if rows is None:
        return None
    chosen = near(table, rows._replace(frame=_both_ways(rows.frame)), year, asked, faults)
    if chosen is None:
        return None
    frame = chosen.frame
    local = _local(table, rows, int(chosen.frame["year"].iloc[0]))
    members = _members(asked, rest, frame["region"])
    outside = frame[frame["region"] != frame["partner"]]
    together = np.zeros((len(members), len(members)))
    for one, mine in enumerate(members):
        for other, theirs in enumerate(members):
            if one != other:
                together[one, other] = outside.loc[outside["region"].isin(mine) & outside["partner"].isin(theirs), "value"].sum()
    abroad = np.array([outside.loc[outside["region"].isin(mine), "value"].sum() for mine in members])
    # Of many countries together, those at home are known only where each says so.
    home = np.array([local.reindex(sorted(mine)).sum(skipna=False) if mine else np.nan for mine in members])
    shares = endowing.colleague_shares(together, abroad, home)
    return Colleagues(table, rows.measure, int(chosen.frame["year"].iloc[0]), shares, together, abroad, home)


def abroad_of(table: Table, people: Table, year: int, asked: list[str], rest: bool, faults: Faults) -> Abroad | None:
    """Measures who lives where: people abroad over the population of the origin, each of the year nearest to the start.

    A pair without any row is not told. The origins of the rest of the world are those that the table tells of and whose
    population is known; hosts there are those that it tells of. Notes origins of whom more live abroad than there are.
    """
    rows, counted = table.rows("ties", ("people abroad",), faults), people.rows("regions", ("population",), faults)
    stock = None if rows is None else near(table, rows, year, asked, faults, "partner")
    census = None if counted is None else near(people, counted, year, asked, faults)
    if rows is None or counted is None or stock is None or census is None:
        return None
    frame = stock.frame[stock.frame["region"] != stock.frame["partner"]]
    heads = counted.scale * census.frame.set_index("region")["value"]
    heads = heads[heads > 0]
    origins = [[name for name in names if name in heads.index] for names in _members(asked, rest, frame["partner"])]
    hosts = _members(asked, rest, frame["region"])
    n = len(origins)
    living, population = np.full((n, n), np.nan), np.array([heads[names].sum() if names else np.nan for names in origins])
    for one, from_there in enumerate(origins):
        for other, here in enumerate(hosts):
            if one != other and from_there and here:
                pair = frame.loc[frame["partner"].isin(from_there) & frame["region"].isin(here), "value"]
                living[one, other] = rows.scale * pair.sum() if len(pair) else np.nan
    for name, who, total in zip([*asked, REST_OF_WORLD], living, population, strict=False):
        if np.nansum(who) > total:
            faults.add(
                f"{np.nansum(who):,.0f} people of {name} live abroad, more than the {total:,.0f} in {people.place.name}",
                file=table.place, field=table.option, remedy="say the unit of each in a column unit, such as thousand persons",
            )
    return Abroad(
        table, people, int(stock.frame["year"].iloc[0]), int(census.frame["year"].iloc[0]), living / population[:, None], living,
        population
    )


def _members(asked: list[str], rest: bool, known: Iterable[str]) -> list[list[str]]:
    """Lists the countries of each region that the table knows; all that were not asked for are the rest of the world."""
    there = sorted(set(known))
    members = [[name] if name in there else [] for name in asked]
    return [*members, [name for name in there if name not in asked]] if rest else members


def _both_ways(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds the other direction of pairs that stand in one alone."""
    turned = frame.rename(columns={"region": "partner", "partner": "region"})[frame.columns]
    both = pd.concat([frame, turned]).drop_duplicates(["region", "partner", "year"], keep="first")
    return both.sort_values(["region", "partner", "year"], ignore_index=True)


def _local(table: Table, rows: Rows, year: int) -> pd.Series:
    """Gives what each country did at home in the year: rows of a country with itself, and those of regions within it."""
    at_home = rows.frame[(rows.frame["region"] == rows.frame["partner"]) & (rows.frame["year"] == year)]
    parts = [at_home]
    name = _AT_HOME.get(rows.measure)
    local = table.rows("ties", (name,), Faults()) if name is not None and name in table.evidence.units else None
    if local is not None:
        parts.append(local.frame[local.frame["year"] == year])
    return pd.concat(parts).groupby("region")["value"].sum()
