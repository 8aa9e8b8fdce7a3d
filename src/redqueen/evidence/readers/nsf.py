"""Reads tables of the Science and Engineering Indicators: patents, value added, R&D, joint articles, stay rates, value chains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.evidence.checking import FIRST_LINE
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.patents import ALL_TECHNOLOGIES, read_patents
from redqueen.evidence.places import name_of
from redqueen.evidence.reading import Format, Reading, has_columns
from redqueen.evidence.reshaping import country_codes, leave_out, measure_columns, tidy, whole_table
from redqueen.evidence.sample import look

__all__ = ["FORMATS"]

_HEADING = "table of the Science and Engineering Indicators"
# Sums of industries, which stand among them.
_KTI_TOTALS = ("KTI", "KTI manufacturing", "KTI services")
_CITIZENSHIP = "region_country_or_economy_of_citizenship"
_CURRENT, _CONSTANT = "Current PPP dollars", "Constant (2015) PPP dollars"
# Parts of a product's price that are earned somewhere, by the beginning of the item; the year of the product in the file's name.
_CHAIN = {"Value capture": "value captured", "Direct labor": "direct labour"}
_CHAIN_ITEM, _CHAIN_YEAR = rf"^({'|'.join(_CHAIN)}): (.+)$", re.compile(r"(?<![a-z\d])((?:19|20)\d\d)(?![a-z\d])", re.IGNORECASE)
_NO_COUNTRY = ("All", "Worldwide", "Unidentified")
# The publisher's measure and price basis: our measure and its unit.
_SPENDING = {
    ("gerd", _CURRENT): ("R&D spending", "billion current $ (PPP)"),
    ("gerd", _CONSTANT): ("R&D spending, 2015 prices", "billion 2015 $ (PPP)"),
    ("gdp", _CURRENT): ("GDP", "billion current $ (PPP)"),
    ("gerd_gdp_ratio_pct", ""): ("R&D intensity", "percent of GDP"),
}


def _patents(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields US patents by country and WIPO field; the total over fields is left out."""
    rows = read_patents(place)
    reading.read_whole(place)
    reading.units["patents"] = "patents a year, fractions by inventor"
    reading.names["region"] = {code: name_of(code) for code in rows["region"].unique()}
    reading.note("patents are counted by the year of grant and the residence of inventors; groups of countries are left out")
    rows = leave_out(rows, "technology", rows["technology"] == ALL_TECHNOLOGIES, "the total over technologies", reading)
    yield tidy(rows.rename(columns={"technology": "activity", "patents": "value"}).assign(measure="patents"), KINDS["activities"])


def _value_added(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields value added by country and knowledge- and technology-intensive industry."""
    table = whole_table(
        place, reading, heading=_HEADING, text=["industry", "region"], number=["value_added_musd"]
    )
    table = leave_out(table, "industry", table["industry"].isin(_KTI_TOTALS), "totals over industries", reading)
    table = country_codes(table, "region", reading).rename(columns={"industry": "activity"})
    measures = {"value_added_musd": ("value added", "million current USD")}
    yield tidy(measure_columns(table, ["region", "activity", "year"], measures, reading), KINDS["activities"])


def _spending(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields spending on R&D, GDP and their ratio by country, in the year that each figure is of."""
    table = whole_table(
        place, reading, heading=_HEADING, text=["economy", "measure", "price_basis"], year=["actual_year"], number=["value"]
    )
    table["price_basis"] = table["price_basis"].where(table["measure"] != "gerd_gdp_ratio_pct", "")
    pairs = pd.Series(list(zip(table["measure"], table["price_basis"], strict=True)), index=table.index)
    for pair in sorted(set(pairs) - set(_SPENDING)):
        listed = "; ".join(" ".join(known).strip() for known in _SPENDING)
        reading.faults.add(f"no measure is '{' '.join(pair).strip()}'", field="measure", remedy=f"there is {listed}")
    reading.faults.refuse_if_any(_HEADING)
    table = country_codes(table.rename(columns={"economy": "region", "actual_year": "year"}), "region", reading)
    reading.missing += int(table["value"].isna().sum())
    parts = []
    for pair, (measure, unit) in _SPENDING.items():
        held = table[(pairs[table.index] == pair) & table["value"].notna()]
        parts.append(measure_columns(held, ["region", "year"], {"value": (measure, unit)}, reading))
    yield tidy(pd.concat(parts), KINDS["regions"])


def _articles(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields co-authored articles by pair of countries, in both directions; a country's own total is left out."""
    table = whole_table(
        place, reading, heading=_HEADING, text=["economy_a", "economy_b"], number=["coauthored_articles"]
    ).rename(columns={"economy_a": "region", "economy_b": "partner"})
    table = leave_out(table, "region", table["region"] == table["partner"], "totals of a country by itself", reading)
    for column in ("region", "partner"):
        table = country_codes(table, column, reading)
    measures = {"coauthored_articles": ("co-authored articles", "articles a year, whole counts")}
    rows = measure_columns(table, ["region", "partner", "year"], measures, reading)
    yield tidy(_both_directions(rows, reading), KINDS["ties"])


def _stay_rates(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields shares of foreign doctorates of US universities still in the country after five years, by citizenship."""
    years = [name for name in look(place).columns if name.isdigit()]
    table = whole_table(place, reading, heading=_HEADING, text=[_CITIZENSHIP], number=years, year=())
    if not years:
        reading.faults.add("no column is a year", line=1)
        reading.faults.refuse_if_any(_HEADING)
    table = country_codes(table.rename(columns={_CITIZENSHIP: "partner"}), "partner", reading)
    reading.names.setdefault("region", {})["USA"] = name_of("USA")
    parts = []
    for year in years:
        held = table.assign(region="USA", year=int(year))[["region", "partner", "year", year]]
        rows = measure_columns(held, ["region", "partner", "year"], {year: ("stay rate", "percent")}, reading)
        for row in rows.index[rows["value"] > 100]:
            reading.faults.add("is above 100 percent", line=int(row) + FIRST_LINE, field=year)
        parts.append(rows)
    reading.faults.refuse_if_any(_HEADING)
    reading.note(
        "region USA is where the doctorate was earned, partner the citizenship; a year is that of the survey, five years after"
    )
    yield tidy(pd.concat(parts), KINDS["ties"])


def _value_chain(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields what each country earns by one product: value captured and direct labour by stage; prices and totals are left out."""
    table = whole_table(place, reading, heading=_HEADING, text=["item", "location"], number=["usd"], year=())
    year = reading.year or next(iter(map(int, _CHAIN_YEAR.findall(place.name))), None)
    if year is None:
        remedy = "say it with --year, or put it in the file's name: ipad_2010.csv"
        reading.faults.add("the year stands nowhere", field="year", remedy=remedy)
        reading.faults.refuse_if_any(_HEADING)
    parted = table["item"].str.extract(_CHAIN_ITEM)
    table = leave_out(
        table.assign(kind=parted[0], activity=parted[1]), "item", parted[0].isna(), "prices, totals and other costs", reading
    )
    table = leave_out(table, "location", table["location"].isin(_NO_COUNTRY), "what is in no single country", reading)
    # The remark "(suppliers)" tells nothing that the item does not.
    table["location"] = table["location"].str.replace(r"\s*\(.*\)$", "", regex=True)
    table = country_codes(table, "location", reading).rename(columns={"location": "region"}).assign(year=year)
    parts = [
        measure_columns(
            rows, ["region", "activity", "year"], {"usd": (_CHAIN[str(kind)], "current USD of the price of one product")}, reading
        )
        for kind, rows in table.groupby("kind", sort=False)
    ]
    reading.faults.refuse_if_any(_HEADING)
    yield from (tidy(rows, KINDS["activities"]) for rows in parts)


def _both_directions(rows: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Adds the other direction of each pair given once; pairs given twice must agree."""
    key = ["region", "partner", "year", "measure"]
    # The other direction keeps its row, so that a fault tells the line.
    turned = rows.rename(columns={"region": "partner", "partner": "region"})
    both = rows.reset_index().merge(turned[[*key, "value"]], on=key, how="left", suffixes=("", "_turned"))
    differ = both["value_turned"].notna() & (both["value"] != both["value_turned"])
    for row in both[differ].itertuples():
        reading.faults.add(
            f"{row.region} and {row.partner} have {row.value:g} articles of {row.year:g}, the other way round {row.value_turned:g}",
            line=int(str(row.row)) + FIRST_LINE,
        )
    reading.faults.refuse_if_any(_HEADING)
    given = pd.MultiIndex.from_frame(rows[key])
    missing = ~pd.MultiIndex.from_frame(turned[key]).isin(given)
    return pd.concat([rows, turned[missing][[*key, "value"]]])


FORMATS = (
    Format(
        "nsf_patents", "NSF patents by country and field", "activities", "ncses_sei",
        "columns technology, region, is_country, year, patents", has_columns("technology", "region", "year", "patents"), _patents,
    ),
    Format(
        "nsf_value_added", "NSF value added of knowledge-intensive industries", "activities", "ncses_sei",
        "columns industry, region, year, value_added_musd", has_columns("industry", "region", "year", "value_added_musd"),
        _value_added,
    ),
    Format(
        "nsf_spending", "NSF spending on R&D", "regions", "ncses_sei", "columns economy, measure, price_basis, actual_year, value",
        has_columns("economy", "measure", "price_basis", "actual_year", "value"), _spending,
    ),
    Format(
        "nsf_articles", "NSF co-authored articles", "ties", "ncses_sei", "columns year, economy_a, economy_b, coauthored_articles",
        has_columns("year", "economy_a", "economy_b", "coauthored_articles"), _articles,
    ),
    Format(
        "nsf_stay_rates", "NSF stay rates of foreign doctorates", "ties", "ncses_sei",
        f"column {_CITIZENSHIP}, then a column for each year", has_columns(_CITIZENSHIP), _stay_rates,
    ),
    Format(
        "nsf_value_chain", "NSF value captured in a product's chain", "activities", "ncses_sei",
        "columns item, location, usd, share_of_retail_pct; the year in the file's name",
        has_columns("item", "location", "usd", "share_of_retail_pct"), _value_chain,
    ),
)
