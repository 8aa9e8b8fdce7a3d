"""Reads published indicators by country and year: economic complexity, and Gapminder's table of innovation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.evidence.evidence import KINDS
from redqueen.evidence.reading import Format, Reading, has_columns
from redqueen.evidence.reshaping import country_codes, leave_out, measure_columns, tidy, whole_table

__all__ = ["FORMATS"]

_HEADING = "table of indicators"
# The Atlas's code for countries that a reporter does not declare.
_UNDECLARED = "ANS"
_COMPLEXITY = {
    "export_value": ("exports", "current USD"),
    "import_value": ("imports", "current USD"),
    "diversity": ("diversity", "products with a revealed comparative advantage of at least 1"),
    "diversity_075": ("diversity at 0.75", "products with a revealed comparative advantage of at least 0.75"),
    "hhi": ("concentration of exports", "Herfindahl index over products, from 0 to 1"),
    "entropy": ("entropy of exports", "Shannon entropy over products"),
    "primary_share": ("primary share of exports", "share from 0 to 1"),
    "manufacturing_share": ("manufacturing share of exports", "share from 0 to 1"),
    "eci": ("economic complexity", "standard deviations from the mean of countries"),
}
_INNOVATION = {
    "hightech_exports_pct_mfg_exports": ("high-technology exports", "percent of manufactured exports"),
    "patent_applications": ("patent applications", "applications a year"),
    "patents_granted": ("patents granted", "patents a year"),
    "fdi_inflow_pct_gdp": ("foreign direct investment", "net inflow, percent of GDP"),
}


def _complexity(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields published complexity, diversity and concentration of exports by country."""
    yield _by_country(place, "country_code", _COMPLEXITY, ["eci"], reading)


def _innovation(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields Gapminder's indicators of innovation and foreign investment by country."""
    yield _by_country(place, "country", _INNOVATION, ["fdi_inflow_pct_gdp"], reading)


def _by_country(
    place: Path, column: str, measures: dict[str, tuple[str, str]], signed: list[str], reading: Reading
) -> pd.DataFrame:
    table = whole_table(place, reading, heading=_HEADING, text=[column], number=list(measures), optional=list(measures))
    table = leave_out(table, column, table[column] == _UNDECLARED, "undeclared countries", reading)
    table = country_codes(table, column, reading).rename(columns={column: "region"})
    return tidy(measure_columns(table, ["region", "year"], measures, reading, signed=signed), KINDS["regions"])


FORMATS = (
    Format(
        "complexity", "published economic complexity by country", "regions", "eci_panel",
        "columns country_code, year, diversity, eci", has_columns("country_code", "year", "diversity", "eci"), _complexity,
    ),
    Format(
        "gapminder", "Gapminder, innovation by country", "regions", "gapminder",
        "columns country, year, hightech_exports_pct_mfg_exports, patent_applications, patents_granted, fdi_inflow_pct_gdp",
        has_columns("country", "year", "hightech_exports_pct_mfg_exports"), _innovation,
    ),
)
