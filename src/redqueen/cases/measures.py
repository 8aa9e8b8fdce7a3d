"""Measures an industry in chosen regions and the rest of the world, from a table of flows, patents and income."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from redqueen.cases import endowing
from redqueen.errors import Faults, Refused
from redqueen.evidence.classifications import Industry, industry
from redqueen.evidence.income import read_income
from redqueen.evidence.input_output import InputOutput, read_input_output
from redqueen.evidence.patents import read_patents
from redqueen.evidence.places import REST_OF_WORLD, places
from redqueen.indicators import value_chain
from redqueen.indicators.profile import industry_profile, industry_purchases, knowledge_profile

__all__ = ["Measures", "measure"]

T = TypeVar("T")
HEADING = "a world cannot be made from these files"
# Patents of the years before the start: what is known then, without hindsight.
PATENT_YEARS = 5
# Income of what is left of the world against the richest country: most producers are neither rich nor poor.
REST_INCOME = 0.5


@dataclass(frozen=True)
class Measures:
    """Holds what the tables say of one industry and year, by region; the rest of the world is the last region, ROW.

    output, value_added, exports [R]: million USD; use [R]: what users outside the sector buy of it; imported_inputs [R]:
    share of 1; sales, purchases [seller, buyer]: of the sector's products to all users, and to the sector itself.
    own_share: the sector's part in its own inputs, world mean. patents [R]: mean a year over patent_years. income [R]:
    per head. rest_source says where the income of the rest of the world is from.
    """

    regions: tuple[str, ...]
    industry: str
    sector: str
    year: int
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
    rest_source: str


def measure(
    input_output: str | Path, patents: str | Path, income: str | Path, regions: Iterable[str], year: int, industry_name: str
) -> Measures:
    """Reads the three files and measures an industry in the regions asked for and in the rest of the world.

    Regions are named by code or name. All that the table holds beside them becomes one region, ROW, since buyers and
    suppliers elsewhere matter to each. Refuses, all at once: faults of the files; regions that are unknown, repeated,
    fewer than two or absent from a file; a year that a file lacks; an unknown industry; a region without the industry.
    """
    faults = Faults()
    asked = _regions(regions, faults)
    known_industry = _attempt(lambda: industry(industry_name), faults)
    table = _attempt(lambda: _read_table(input_output, year), faults)
    patent_rows = _attempt(lambda: read_patents(patents), faults)
    income_rows = _attempt(lambda: read_income(income), faults)

    sector = None
    if table is not None:
        sector = _check_table(table, input_output, asked, year, known_industry, faults)
    if patent_rows is not None:
        patent_rows = _check_patents(patent_rows, patents, asked, year, known_industry, faults)
    if income_rows is not None:
        income_rows = _check_income(income_rows, income, asked, year, faults)
    faults.refuse_if_any(HEADING)
    return _measured(table, sector, known_industry, patent_rows, income_rows, asked, faults, input_output)


def _measured(
    table: InputOutput, sector: str, known_industry: Industry, patents: pd.DataFrame, income: pd.Series, asked: list[str],
    faults: Faults, file: str | Path,
) -> Measures:
    merged = table.merged(regions=asked)
    profile = industry_profile(merged, sector)
    for region, row in profile.iterrows():
        if not (row["value_added"] > 0 and row["output"] > 0):
            name = "the rest of the world" if region == REST_OF_WORLD else region
            message = f"{name} makes no {sector}: output {row['output']:,.0f}, value added {row['value_added']:,.0f}"
            faults.add(message, file=file, field="regions", remedy="leave it out, so that it joins the rest of the world")
    faults.refuse_if_any(HEADING)

    n_regions, place = len(merged.regions), merged.sectors.index(sector)
    trade = value_chain.gross_exports(merged.intermediate, merged.final_demand, n_regions)[place]
    sales = trade + np.diag(profile["output"].to_numpy() - trade.sum(axis=1))
    purchases = industry_purchases(merged, sector).to_numpy()
    inputs = merged.intermediate[:, place :: len(merged.sectors)].sum()
    knowledge = knowledge_profile(patents, known_industry.technologies, before=merged.year)
    known = knowledge["patents"].reindex(asked).to_numpy()
    known_elsewhere = knowledge["patents"].drop(asked).sum()
    incomes = income.reindex(asked).to_numpy()
    rest_source = ""
    if REST_OF_WORLD in merged.regions:
        rest, rest_source = _rest_income(income, industry_profile(table, sector)["value_added"], asked)
        incomes, known = np.append(incomes, rest), np.append(known, known_elsewhere)
    return Measures(
        regions=merged.regions, industry=known_industry.name, sector=sector, year=merged.year,
        output=profile["output"].to_numpy(), value_added=profile["value_added"].to_numpy(),
        exports=profile["exports"].to_numpy(), imported_inputs=profile["imported_inputs"].fillna(0.0).to_numpy(),
        use=sales.sum(axis=0) - purchases.sum(axis=0), sales=sales, purchases=purchases,
        own_share=float(purchases.sum() / inputs) if inputs > 0 else 0.0,
        patents=known, patent_years=(int(knowledge["first_year"].iloc[0]), int(knowledge["last_year"].iloc[0])),
        income=incomes, rest_source=rest_source,
    )


def _rest_income(income: pd.Series, value_added: pd.Series, asked: list[str]) -> tuple[float, str]:
    """Gives the income of the rest of the world over its workers, and the source: its producers' where known, else chosen."""
    elsewhere = value_added.drop(asked)
    known = [region for region in elsewhere.index if region in income.index and elsewhere[region] > 0]
    chosen = REST_INCOME * float(income[asked + known].max())
    unknown = max(0.0, elsewhere.sum() - elsewhere[known].sum())
    mean = endowing.rest_income(np.append(income[known], chosen), np.append(elsewhere[known], unknown))
    if not known:
        return mean, "chosen: half of the richest country's, for the income of none of its producers is known"
    part = 100 * (1 - unknown / elsewhere.sum())
    source = f"maddison_2023: GDP per head of {_listed(known)}, who make {part:.0f} % of the rest's value added"
    return mean, f"{source}; half of the richest country's for the others, chosen" if part < 99.5 else source


def _listed(names: list[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _attempt(read: Callable[[], T], faults: Faults) -> T | None:
    """Gives what is read, or notes its faults and gives None."""
    try:
        return read()
    except Refused as refusal:
        faults.extend(refusal.faults)
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


def _read_table(path: str | Path, year: int) -> InputOutput:
    try:
        return read_input_output(path)
    except Refused as refusal:
        if not any(fault.field == "year" for fault in refusal.faults):
            raise
        # The file's name does not tell its year: it is taken as the year asked for.
        return read_input_output(path, year=year)


def _check_table(
    table: InputOutput, file: str | Path, asked: list[str], year: int, known_industry: Industry | None, faults: Faults
) -> str | None:
    if table.year != year:
        faults.add(f"the table is of {table.year}, not of {year}", file=file, field="year", remedy=f"give the table of {year}")
    for region in asked:
        if region not in table.regions:
            named = ", ".join(r for r in table.regions if r != REST_OF_WORLD)
            faults.add(f"the table does not show {region} by itself", file=file, field="regions", remedy=f"it shows {named}")
    if table.final_demand is None:
        faults.add("the table does not tell where final users are", file=file, remedy="give one with final demand by region")
    if known_industry is None:
        return None
    try:
        return known_industry.sector_in(table.sectors)
    except Refused as refusal:
        for fault in refusal.faults:
            faults.add(fault.message, file=file, field=fault.field)
        return None


def _check_patents(
    rows: pd.DataFrame, file: str | Path, asked: list[str], year: int, known_industry: Industry | None, faults: Faults
) -> pd.DataFrame:
    for region in asked:
        if region not in set(rows["region"]):
            faults.add(f"there is no row of {region}", file=file, field="regions", remedy="leave it out, or add its patents")
    recent = rows[(rows["year"] < year) & (rows["year"] >= year - PATENT_YEARS)]
    if recent.empty:
        held = f"the table holds {rows['year'].min()} to {rows['year'].max()}"
        faults.add(f"there are no patents of {year - PATENT_YEARS} to {year - 1}, the years before the start: {held}", file=file, field="year")
    elif known_industry is not None:
        for technology in known_industry.technologies:
            if technology not in set(recent["technology"]):
                faults.add(f"the table has no technology '{technology}'", file=file, field="technology")
    return recent


def _check_income(rows: pd.DataFrame, file: str | Path, asked: list[str], year: int, faults: Faults) -> pd.Series:
    of_year = rows[rows["year"] == year].set_index("region")["income"]
    for region in asked:
        held = rows.loc[rows["region"] == region, "year"]
        if held.empty:
            faults.add(f"there is no income of {region}", file=file, field="regions", remedy="leave it out, or add its income")
        elif region not in of_year.index:
            remedy = f"there is {held.min()} to {held.max()}"
            faults.add(f"there is no income of {region} in {year}", file=file, field="year", remedy=remedy)
    return of_year
