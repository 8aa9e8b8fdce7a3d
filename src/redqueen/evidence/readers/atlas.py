"""Reads trade by country and product of Harvard's Atlas of Economic Complexity, in its older and newer columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from redqueen.evidence.harmonised_system import product_code, product_names
from redqueen.evidence.labels import Names, relabelled
from redqueen.evidence.readers.trade import TradePlaces, trade_rows
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import NUMBER, TEXT, YEAR, stream_table

__all__ = ["FORMATS"]

UNIT = "current USD"

_HEADING = "Atlas of Economic Complexity"
_REGIONS = ("location_code", "country_iso3_code", "iso3_code")
_PARTNERS = ("partner_code", "partner_iso3_code")
_PRODUCT = re.compile(r"(hs|sitc|hs92|hs12)_product_code|product_(hs|hs92|hs12|sitc)_code")
_VALUES = {"export_value": "exports", "import_value": "imports"}
_REGION_NAMES = ("location_name_short_en", "country_name", "country_name_short_en")
_PRODUCT_NAMES = ("hs_product_name_short_en", "sitc_product_name_short_en", "product_name_short_en", "product_name_short")


def _looks_like(sample: Sample) -> bool:
    has = set(sample.columns)
    return bool(has & set(_REGIONS)) and "export_value" in has and any(_PRODUCT.fullmatch(name) for name in has)


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Streams exports and imports by country, product and year, and by partner where the file has one.

    Groups, undeclared countries and empty cells are left out; other columns, such as the Atlas's own complexity, are not read.
    Unknown countries, negative values and repeated rows are refused. Source of the layout: harvard_atlas.
    """
    columns = look(place).columns
    region, partner = _first(_REGIONS, columns) or _REGIONS[0], _first(_PARTNERS, columns)
    product = next((name for name in columns if _PRODUCT.fullmatch(name)), "hs_product_code")
    region_name, product_name = _first(_REGION_NAMES, columns), _first(_PRODUCT_NAMES, columns)
    values = {name: measure for name, measure in _VALUES.items() if name in columns or name == "export_value"}
    text = [name for name in (region, partner, product, region_name, product_name) if name]
    kinds = {**dict.fromkeys(text, TEXT), "year": YEAR, **dict.fromkeys(values, NUMBER)}
    reading.units.update(dict.fromkeys(values.values(), UNIT))
    reading.kind = "trade" if partner else "activities"
    countries, named = TradePlaces(reading), Names(reading)
    may_miss = [*values, *(name for name in (region_name, product_name) if name)]
    for block in stream_table(place, kinds, reading, heading=_HEADING, delimiter=",", may_miss=may_miss):
        if product.startswith("hs") or "_hs" in product:
            block[product] = relabelled(block[product], product_code)
        found = trade_rows(block, region, product, values, countries, reading, partner=partner)
        named.take("activity", block, product, product_name)
        yield found
    countries.note()
    if product_name is None and "sitc" not in product:
        reading.names.setdefault("activity", {}).update(product_names(named.codes))


def _first(names: Iterable[str], columns: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in columns), None)


FORMATS = (
    Format(
        name="atlas", title="Atlas of Economic Complexity", kind="activities", source="harvard_atlas",
        layout="country_hsproduct4digit_year.csv: location_code, hs_product_code, year, export_value, import_value, ...",
        looks_like=_looks_like, stream=_stream,
    ),
)
