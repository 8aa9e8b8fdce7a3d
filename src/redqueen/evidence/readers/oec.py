"""Reads yearly trade of the Observatory of Economic Complexity: year_origin_hs92_4.tsv and its relatives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.evidence.checking import MISSING
from redqueen.evidence.harmonised_system import product_code, product_names
from redqueen.evidence.labels import Names, relabelled
from redqueen.evidence.readers.trade import TradePlaces, trade_rows
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import NUMBER, TEXT, YEAR, stream_table

__all__ = ["FORMATS"]

UNIT = "current USD"

_HEADING = "Observatory of Economic Complexity"
_PRODUCT = re.compile(r"hs(92|96|02|07|12|17)|sitc")
_VALUES = {"export_val": "exports", "import_val": "imports"}
# The Observatory's own identifiers put the continent before the country: nausa, eugbr.
_CONTINENT = re.compile(r"(af|as|eu|na|oc|sa|an|xx)([a-z]{3})")
_MISSING = MISSING | {"NULL", "\\N"}


def _looks_like(sample: Sample) -> bool:
    has = set(sample.columns)
    return {"year", "origin", "export_val"} <= has and any(_PRODUCT.fullmatch(name) for name in has)


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Streams exports and imports by origin, product and year, and by destination where the file has one.

    Undeclared areas (xx...) and NULL cells are left out; revealed advantages are not read. Unknown countries, negative values
    and repeated rows are refused. Source of the layout: Simoes and Hidalgo 2011 (oec).
    """
    columns = look(place).columns
    product = next((name for name in columns if _PRODUCT.fullmatch(name)), "hs92")
    partner = "dest" if "dest" in columns else None
    values = {name: measure for name, measure in _VALUES.items() if name in columns or name == "export_val"}
    text = [name for name in ("origin", partner, product) if name]
    kinds = {"year": YEAR, **dict.fromkeys(text, TEXT), **dict.fromkeys(values, NUMBER)}
    reading.units.update(dict.fromkeys(values.values(), UNIT))
    reading.kind = "trade" if partner else "activities"
    countries, named = TradePlaces(reading, _spelt), Names(reading)
    for block in stream_table(place, kinds, reading, heading=_HEADING, delimiter="\t", may_miss=list(values), missing=_MISSING):
        if product != "sitc":
            block[product] = relabelled(block[product], product_code)
        named.take("activity", block, product, None)
        yield trade_rows(block, "origin", product, values, countries, reading, partner=partner)
    countries.note()
    if product != "sitc":
        reading.names.setdefault("activity", {}).update(product_names(sorted(named.codes)))


def _spelt(code: str) -> str:
    continent = _CONTINENT.fullmatch(code)
    return (continent[2] if continent and continent[1] != "xx" else code).upper()


FORMATS = (
    Format(
        name="oec", title="Observatory of Economic Complexity", kind="activities", source="oec",
        layout="year_origin_hs92_4.tsv: year, origin, hs92, export_val, import_val, ... between tabs",
        looks_like=_looks_like, stream=_stream,
    ),
)
