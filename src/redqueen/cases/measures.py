"""Measures an industry in chosen regions and the rest of the world, from tables of any known layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from redqueen.cases import endowing
from redqueen.cases.brought import Table, bring, flows_of
from redqueen.cases.people import Abroad, Colleagues, Jobs, abroad_of, colleagues_of, jobs_of
from redqueen.errors import Faults, Refused
from redqueen.evidence.classifications import Industry, industry
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.places import REST_OF_WORLD, places
from redqueen.indicators import value_chain
from redqueen.indicators.profile import industry_profile, industry_purchases, knowledge_profile

__all__ = ["Measures", "Tables", "measure"]

T = TypeVar("T")
HEADING = "a world cannot be made from these files"
# Patents of the years before the start: what is known then, without hindsight.
PATENT_YEARS = 5
# Income of what is left of the world against the richest country: most producers are neither rich nor poor.
REST_INCOME = 0.5
_OPTIONS = ("--input-output", "--patents", "--income", "--jobs", "--ties", "--diaspora", "--population")


@dataclass(frozen=True, eq=False)
class Tables:
    """Holds the tables of a world as they were brought, None where one was not."""

    flows: Table
    patents: Table
    income: Table
    jobs: Table | None = None
    ties: Table | None = None
    diaspora: Table | None = None
    population: Table | None = None

    @property
    def given(self) -> list[Table]:
        """Lists the tables that were brought, in the order of the options."""
        return [table for table in vars(self).values() if table is not None]


@dataclass(frozen=True, eq=False)
class Measures:
    """Holds what the tables say of one industry and year, by region; the rest of the world is the last region, ROW.

    output, value_added, exports [R]: money in `unit`; use [R]: what users outside the sector buy of it; imported_inputs [R]:
    share of 1; sales, purchases [seller, buyer]: of the sector's products to all users, and to the sector itself.
    own_share: the sector's part in its own inputs, world mean. patents [R]: mean a year over patent_years. income [R]:
    per head, in `income_unit`. rest_source says where the income of the rest of the world is from. `jobs`, `colleagues` and
    `abroad` are None where no table tells them.
    """

    regions: tuple[str, ...]
    industry: str
    sector: str
    year: int
    unit: str
    output: np.ndarray
    value_added: np.ndarray
    exports: np.ndarray
    imported_inputs: np.ndarray
    use: np.ndarray
    sales: np.ndarray
    purchases: np.ndarray
    own_share: float
    patents: np.ndarray
    patent_years: tuple[int, int]
    income: np.ndarray
    income_unit: str
    rest_source: str
    tables: Tables
    jobs: Jobs | None = None
    colleagues: Colleagues | None = None
    abroad: Abroad | None = None


def measure(
    input_output: str | Path,
    patents: str | Path,
    income: str | Path,
    regions: Iterable[str],
    year: int,
    industry_name: str,
    *,
    jobs: str | Path | None = None,
    ties: str | Path | None = None,
    diaspora: str | Path | None = None,
    population: str | Path | None = None,
) -> Measures:
    """Reads the tables and measures an industry in the regions asked for and in the rest of the world.

    Each is a file or folder of any layout that `evidence` knows: flows of input and output; patents by region and WIPO field or
    IPC or CPC subclass; income per head; and where given jobs by region and sector, collaboration or people abroad by pair of
    regions, and population, unless the table of incomes holds it. Regions are named by code or name. All that the table of
    flows holds beside them becomes one region, ROW, since buyers and suppliers elsewhere matter to each. Refuses, all at once:
    faults of the files; regions that are unknown, repeated, fewer than two or absent from a table of flows, patents or income;
    a year that one of these lacks; an unknown industry; a region without the industry; other tables that tell of no region.
    """
    faults = Faults()
    asked = _regions(regions, faults)
    known_industry = _attempt(lambda: industry(industry_name), faults)
    given = (input_output, patents, income, jobs, ties, diaspora, population)
    brought = [
        None if place is None else _attempt(partial(bring, option, place, year), faults)
        for option, place in zip(_OPTIONS, given, strict=True)
    ]
    flow_table, patent_table, income_table, job_table, tie_table, diaspora_table, population_table = brought

    flows = None if flow_table is None else flows_of(flow_table, year, faults)
    patent_rows = None if patent_table is None else patent_table.rows("activities", ("patents",), faults)
    income_rows = None if income_table is None else income_table.rows("regions", ("income per head",), faults)
    sector: str | None = None
    technologies: tuple[str, ...] = ()
    recent, income_of = None, None
    if flows is not None:
        sector = _check_flows(flows, input_output, asked, known_industry, faults)
    if patent_rows is not None:
        recent, technologies = _check_patents(patent_rows.frame, patents, asked, year, known_industry, faults)
    if income_rows is not None:
        income_of = _check_income(income_rows.frame, income, asked, year, faults)
    added = None if flows is None or sector is None else industry_profile(flows, sector)["value_added"]
    rest = flows is None or set(flows.regions) != set(asked)
    people: dict[str, Any] = {
        "jobs": _jobs(job_table, known_industry, year, asked, added, income_of, faults),
        "colleagues": None if tie_table is None else colleagues_of(tie_table, year, asked, rest, faults),
        "abroad": _abroad(diaspora_table, population_table, income_table, year, asked, rest, faults),
    }
    faults.refuse_if_any(HEADING)
    # Each of these is None only with a fault.
    assert flow_table is not None and patent_table is not None and income_table is not None and known_industry is not None
    assert flows is not None and sector is not None and recent is not None and income_rows is not None and income_of is not None
    tables = Tables(flow_table, patent_table, income_table, job_table, tie_table, diaspora_table, population_table)
    measured = _measured(tables, flows, sector, known_industry, recent, technologies, income_of, asked, faults)
    return Measures(**measured, income_unit=income_rows.unit, tables=tables, **people)


def _measured(
    tables: Tables, table: InputOutput, sector: str, known_industry: Industry, patents: pd.DataFrame, technologies: tuple[str, ...],
    income: pd.Series, asked: list[str], faults: Faults,
) -> dict[str, Any]:
    merged = table.merged(regions=asked)
    profile = industry_profile(merged, sector)
    for region, row in profile.iterrows():
        if not (row["value_added"] > 0 and row["output"] > 0):
            name = "the rest of the world" if region == REST_OF_WORLD else region
            message = f"{name} makes no {sector}: output {row['output']:,.0f}, value added {row['value_added']:,.0f}"
            faults.add(
                message, file=tables.flows.place, field="regions", remedy="leave it out, so that it joins the rest of the world"
            )
    faults.refuse_if_any(HEADING)

    # A table without final demand by region is refused.
    assert merged.final_demand is not None
    n_regions, place = len(merged.regions), merged.sectors.index(sector)
    trade = value_chain.gross_exports(merged.intermediate, merged.final_demand, n_regions)[place]
    sales = trade + np.diag(profile["output"].to_numpy() - trade.sum(axis=1))
    purchases = industry_purchases(merged, sector).to_numpy()
    inputs = merged.intermediate[:, place :: len(merged.sectors)].sum()
    knowledge = knowledge_profile(patents, technologies, before=merged.year)
    # A table of those who patent has no row of a region that did not in these years.
    known = knowledge["patents"].reindex(asked, fill_value=0.0).to_numpy()
    known_elsewhere = knowledge["patents"].drop(asked, errors="ignore").sum()
    incomes = income.reindex(asked).to_numpy()
    rest_source = ""
    if REST_OF_WORLD in merged.regions:
        rest, rest_source = _rest_income(income, industry_profile(table, sector)["value_added"], asked, tables.income.cited)
        incomes, known = np.append(incomes, rest), np.append(known, known_elsewhere)
    return dict(
        regions=merged.regions, industry=known_industry.name, sector=sector, year=merged.year,
        unit=merged.unit.replace("current ", ""),
        output=profile["output"].to_numpy(), value_added=profile["value_added"].to_numpy(),
        exports=profile["exports"].to_numpy(), imported_inputs=profile["imported_inputs"].fillna(0.0).to_numpy(),
        use=sales.sum(axis=0) - purchases.sum(axis=0), sales=sales, purchases=purchases,
        own_share=float(purchases.sum() / inputs) if inputs > 0 else 0.0,
        patents=known, patent_years=(int(knowledge["first_year"].iloc[0]), int(knowledge["last_year"].iloc[0])),
        income=incomes, rest_source=rest_source,
    )


def _abroad(
    diaspora: Table | None, population: Table | None, income: Table | None, year: int, asked: list[str], rest: bool, faults: Faults
) -> Abroad | None:
    """Measures people abroad, with the population of the table given for it or of the incomes'; notes a table without the other."""
    if diaspora is None:
        if population is not None:
            faults.add("is used with people abroad alone", field="--population", remedy="give --diaspora too, or leave it out")
        return None
    people = population
    if people is None and income is not None and "population" in income.evidence.units:
        people = income
    if people is None:
        remedy = "give --population, a table of region, year and population; Maddison's full table of incomes holds it too"
        faults.add(
            "needs the population of the origins, which the table of incomes does not hold", field="--diaspora", remedy=remedy
        )
        return None
    return abroad_of(diaspora, people, year, asked, rest, faults)


def _jobs(
    table: Table | None, known_industry: Industry | None, year: int, asked: list[str], added: pd.Series | None,
    income: pd.Series | None,
    faults: Faults,
) -> Jobs | None:
    if table is None or known_industry is None:
        return None
    if added is None or income is None or not set(asked) <= set(added.index) & set(income.index):
        # The faults of this table are told with those of the others.
        added = incomes = pd.Series(dtype=float)
    else:
        known, chosen = _known_elsewhere(income, added, asked)
        incomes = income[asked + known].reindex(added.index).fillna(chosen)
    return jobs_of(table, known_industry, year, asked, added, incomes, faults)


def _known_elsewhere(income: pd.Series, value_added: pd.Series, asked: list[str]) -> tuple[list[str], float]:
    """Lists the other producers whose income is known, and gives the one that is chosen for the rest."""
    elsewhere = value_added.drop(asked)
    known = [region for region in elsewhere.index if region in income.index and elsewhere[region] > 0]
    return known, REST_INCOME * float(income[asked + known].max())


def _rest_income(income: pd.Series, value_added: pd.Series, asked: list[str], cited: str) -> tuple[float, str]:
    """Gives the income of the rest of the world over its workers, and the source: its producers' where known, else chosen."""
    elsewhere = value_added.drop(asked)
    known, chosen = _known_elsewhere(income, value_added, asked)
    unknown = max(0.0, elsewhere.sum() - elsewhere[known].sum())
    mean = endowing.rest_income(np.append(income[known], chosen), np.append(elsewhere[known], unknown))
    if not known:
        return mean, "chosen: half of the richest country's, for the income of none of its producers is known"
    part = 100 * (1 - unknown / elsewhere.sum())
    source = f"{cited} GDP per head of {_listed(known)}, who make {part:.0f} % of the rest's value added"
    return mean, f"{source}; half of the richest country's for the others, chosen" if part < 99.5 else source


def _listed(names: list[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _attempt(read: Callable[[], T], faults: Faults, file: str | Path | None = None) -> T | None:
    """Gives what is read, or notes its faults, as those of a file where it is given, and gives None."""
    try:
        return read()
    except Refused as refusal:
        for fault in refusal.faults:
            faults.append(fault if file is None else replace(fault, file=str(file)))
        return None


def _regions(regions: Iterable[str], faults: Faults) -> list[str]:
    given = [regions] if isinstance(regions, str) else list(regions)
    codes = places(given, faults, "regions")
    found: list[str] = []
    for name in given:
        code = codes.get(name)
        if code == REST_OF_WORLD:
            faults.add(f"'{name}' is added by itself", field="regions", remedy="leave it out")
        elif code in found:
            faults.add(f"'{name}' is named twice", field="regions", remedy="name it once")
        elif code is not None:
            found.append(code)
    if len(given) < 2:
        faults.add(f"{len(given)} region was named" if given else "no region was named", field="regions", remedy="name two or more")
    return found


def _check_flows(
    table: InputOutput, file: str | Path, asked: list[str], known_industry: Industry | None, faults: Faults
) -> str | None:
    for region in asked:
        if region not in table.regions:
            named = ", ".join(r for r in table.regions if r != REST_OF_WORLD)
            faults.add(f"the table does not show {region} by itself", file=file, field="regions", remedy=f"it shows {named}")
    if table.final_demand is None:
        faults.add("the table does not tell where final users are", file=file, remedy="give one with final demand by region")
    if known_industry is None:
        return None
    return _attempt(lambda: known_industry.sector_in(table.sectors), faults, file)


def _check_patents(
    rows: pd.DataFrame, file: str | Path, asked: list[str], year: int, known_industry: Industry | None, faults: Faults
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Keeps the years before the start, as region, technology, year and patents; lists the table's technologies of the industry."""
    rows = rows.rename(columns={"activity": "technology", "value": "patents"})
    for region in asked:
        if region not in set(rows["region"]):
            faults.add(f"there is no row of {region}", file=file, field="regions", remedy="leave it out, or add its patents")
    recent = rows[(rows["year"] < year) & (rows["year"] >= year - PATENT_YEARS)]
    technologies: tuple[str, ...] = ()
    if recent.empty:
        held = f"the table holds {rows['year'].min()} to {rows['year'].max()}"
        faults.add(
            f"there are no patents of {year - PATENT_YEARS} to {year - 1}, the years before the start: {held}", file=file,
            field="year"
        )
    elif known_industry is not None:
        technologies = _attempt(lambda: known_industry.technologies_in(sorted(recent["technology"].unique())), faults, file) or ()
    return recent, technologies


def _check_income(rows: pd.DataFrame, file: str | Path, asked: list[str], year: int, faults: Faults) -> pd.Series:
    of_year = rows[rows["year"] == year].set_index("region")["value"]
    for region in asked:
        held = rows.loc[rows["region"] == region, "year"]
        if held.empty:
            faults.add(f"there is no income of {region}", file=file, field="regions", remedy="leave it out, or add its income")
        elif region not in of_year.index:
            remedy = f"there is {held.min()} to {held.max()}"
            faults.add(f"there is no income of {region} in {year}", file=file, field="year", remedy=remedy)
    return of_year
