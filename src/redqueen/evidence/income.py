"""Reads income per head: the Maddison Project's table, or any long table of region, year and value."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.checking import numbers, refuse_repeats, say_rows, year_numbers
from redqueen.evidence.places import places
from redqueen.evidence.sample import list_columns
from redqueen.evidence.tables import open_table

__all__ = ["UNIT", "read_income"]

UNIT = "2011 international $ (PPP) per head"

_HEADING = "table of income per head"
# The names that a column may have, in the order of preference: "region" is a continent in Maddison's own long table.
_REGION_COLUMNS = ("countrycode", "country_code", "country", "code", "region")
_VALUE_COLUMNS = ("gdppc", "income", "value")
_POPULATION_COLUMNS = ("pop", "population")
# Maddison counts people in thousands.
_PEOPLE = {"pop": 1000.0, "population": 1.0}


def read_income(path: str | Path) -> pd.DataFrame:
    """Reads GDP per head into rows of region (alpha-3), year, income and population, sorted by them.

    Three layouts are known by their columns: wide (year, then a column for each country), long (region, year, value)
    and Maddison's own (countrycode, country, region, year, gdppc, pop). Empty cells are left out. `income` is in
    2011 international $ (PPP) per head; `population` in people, missing where the table has none. Never mix vintages.
    Refuses, all at once, missing columns, unknown countries, cells that are not numbers or not positive, and repeated
    rows. Source of the layout: Maddison Project Database 2023 (maddison_2023).
    """
    frame = open_table(path, _HEADING)
    faults = Faults(file=path)
    if "year" not in frame.columns:
        faults.add(
            f"the column is missing; the table has {list_columns(list(frame.columns))}",
            field="year",
            remedy="give year and a column for each country, or region, year and value",
        )
        faults.refuse_if_any(_HEADING)
    value_column = _first(_VALUE_COLUMNS, frame)
    tidy = _wide(frame, faults) if value_column is None else _long(frame, value_column, faults)
    faults.refuse_if_any(_HEADING)
    tidy = tidy[tidy["income"].notna()].astype({"year": "int64"})
    if tidy.empty:
        faults.add("no cell holds an income")
    refuse_repeats(tidy, ["region", "year"], faults)
    faults.refuse_if_any(_HEADING)
    return tidy.sort_values(["region", "year"], ignore_index=True)


def _wide(frame: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    columns = [name for name in frame.columns if name != "year"]
    codes = places(columns, faults, "column")
    for code in sorted({code for code in codes.values() if list(codes.values()).count(code) > 1}):
        faults.add(f"two columns are {code}", line=1)
    years = year_numbers(frame["year"], "year", faults)
    parts = [
        pd.DataFrame({"region": codes.get(name), "year": years, "income": _incomes(frame[name], name, faults)})
        for name in columns
    ]
    if not parts:
        faults.add("there is no country: the year is the only column", line=1)
        return pd.DataFrame()
    return pd.concat(parts).assign(population=float("nan"))


def _long(frame: pd.DataFrame, value_column: str, faults: Faults) -> pd.DataFrame:
    region_column = _first(_REGION_COLUMNS, frame)
    if region_column is None:
        faults.add(f"no column names the region: it would be {', '.join(_REGION_COLUMNS)}", line=1)
        return pd.DataFrame()
    names = frame[region_column]
    say_rows(faults, region_column, "is missing", names, names.isna())
    codes = places(names.dropna(), faults, region_column)
    population_column = _first(_POPULATION_COLUMNS, frame)
    population = pd.Series(float("nan"), index=frame.index)
    if population_column is not None:
        people = numbers(frame[population_column], population_column, faults, least=0.0, missing_allowed=True)
        population = people * _PEOPLE[population_column]
    return pd.DataFrame(
        {
            "region": names.map(codes),
            "year": year_numbers(frame["year"], "year", faults),
            "income": _incomes(frame[value_column], value_column, faults),
            "population": population,
        }
    )


def _incomes(values: pd.Series, name: str, faults: Faults) -> pd.Series:
    incomes = numbers(values, name, faults, missing_allowed=True)
    say_rows(faults, name, "is not above zero", values, incomes <= 0)
    return incomes


def _first(names: tuple[str, ...], frame: pd.DataFrame) -> str | None:
    return next((name for name in names if name in frame.columns), None)
