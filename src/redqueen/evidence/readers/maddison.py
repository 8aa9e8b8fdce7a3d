"""Reads income per head: the Maddison Project's table, or one with a column for each country."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.errors import Refused
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.income import UNIT, read_income
from redqueen.evidence.places import name_of
from redqueen.evidence.places import place as place_of
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.reshaping import tidy
from redqueen.evidence.sample import Sample

__all__ = ["FORMATS"]


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields income per head and, where the table has it, population by country and year."""
    rows = read_income(place)
    reading.read_whole(place)
    reading.units["income per head"] = UNIT
    reading.names["region"] = {code: name_of(code) for code in rows["region"].unique()}
    reading.note("editions of Maddison's table do not mix; Ireland's income counts the profits of foreign firms")
    parts = [rows.assign(measure="income per head", value=rows["income"])]
    people = rows[rows["population"].notna()]
    if len(people):
        reading.units["population"] = "people"
        parts.append(people.assign(measure="population", value=people["population"]))
    yield tidy(pd.concat(parts), KINDS["regions"])


def _looks_like(sample: Sample) -> bool:
    columns = set(sample.columns)
    if "year" not in columns:
        return False
    if columns & {"gdppc", "income"}:
        return bool(columns & {"countrycode", "country_code", "country", "code", "region"}) and "activity" not in columns
    return len(columns) > 1 and all(_is_country(name) for name in sample.columns if name != "year")


def _is_country(name: str) -> bool:
    # Short words such as "id" and "no" are codes of countries too: a column says so in capitals, or in full.
    if len(name) < 3 or (len(name) == 3 and not name.isupper()):
        return False
    try:
        return bool(place_of(name))
    except Refused:
        return False


FORMATS = (
    Format(
        "maddison", "Maddison Project, income per head", "regions", "maddison_2023",
        "columns countrycode, year, gdppc, pop; or year and a column for each country", _looks_like, _stream,
    ),
)
