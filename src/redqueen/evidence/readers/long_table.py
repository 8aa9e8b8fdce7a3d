"""Reads the plain long table: region, activity, year, value, and what goes with them; .csv, .tsv or .parquet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import Refused
from redqueen.evidence.checking import say_rows
from redqueen.evidence.evidence import MEASURES
from redqueen.evidence.harmonised_system import product_code, product_names
from redqueen.evidence.labels import Names, relabelled
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.regions import Regions
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import NUMBER, TEXT, YEAR, stream_table

__all__ = ["FORMATS"]

_HEADING = "long table"
_NO_UNIT = "unit not stated"
# Names that a column may have, in lower case, in the order of preference; those of the first line hold countries.
_COUNTRIES = ("country_code", "countrycode", "iso3", "country", "economy", "reporter", "exporter", "location_code")
_REGIONS = (*_COUNTRIES, "region_code", "region", "geo", "origin", "location", "province", "state", "metro", "city")
_PARTNERS = ("partner_code", "partner", "partner_country", "importer", "destination", "dest", "counterpart")
_HS = ("hs6", "hs4", "hs2", "hs_code", "hs", "hs_product_code")
_ACTIVITIES = (
    "activity_code", "activity", "product_code", "product", *_HS, "industry_code", "industry", "sector", "technology", "field"
)
_YEARS = ("year", "time", "period")
_MEASURES = ("measure", "indicator", "variable")
_UNITS = ("unit", "units")
_VALUE = ("value", "obs_value")
# Columns that hold a measure by their name: what it is, and its unit where the name says so.
_WIDE = {
    "exports": "exports", "gross_exports": "exports", "export_value": "exports", "imports": "imports", "import_value": "imports",
    "output": "output", "gross_output": "output", "value_added": "value added", "jobs": "jobs", "employment": "jobs",
    "persons_engaged": "jobs", "establishments": "establishments", "patents": "patents", "population": "population",
    "gdp_per_head": "income per head", "income_per_head": "income per head", "rd_spending": "R&D spending",
}
_SCALES = {
    "usd": "current USD", "kusd": "thousand current USD", "musd": "million current USD", "eur": "current EUR",
    "meur": "million current EUR",
}
_SCALED = re.compile(rf"(.+)_({'|'.join(_SCALES)})")
# Measures that may be below zero; income may in a simulated region that lives on others'.
_SIGNED = frozenset({"value added", "income per head"})
# Exports of an input-output table hold changes of stocks abroad, which outweigh small sales: such cells tell nothing.
_WITH_STOCKS = "gross_exports"
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")


@dataclass(frozen=True)
class _Layout:
    """Says which column of the file is what; None where there is none."""

    region: str
    partner: str | None
    activity: str | None
    year: str | None
    measure: str | None
    unit: str | None
    value: str | None
    wide: dict[str, str] = field(default_factory=dict)
    region_name: str | None = None
    activity_name: str | None = None

    @property
    def kind(self) -> str:
        """Gives the kind of table that these columns make."""
        if self.activity:
            return "trade" if self.partner else "activities"
        return "ties" if self.partner else "regions"


def _layout(columns: tuple[str, ...]) -> _Layout | None:
    """Finds the columns by their names; None where they make no table of regions and values."""
    by_name = {name.lower(): name for name in reversed(columns)}

    def first(names: tuple[str, ...]) -> str | None:
        return next((by_name[name] for name in names if name in by_name), None)

    region, value = first(_REGIONS), first(_VALUE)
    wide = {} if value else {name: measure for name in columns if (measure := _measure(name.lower())[0])}
    if region is None or not (value or wide):
        return None
    activity = first(_ACTIVITIES)
    plain = activity.lower().removesuffix("_code") if activity else ""
    return _Layout(
        region=region, partner=first(_PARTNERS), activity=activity, year=first(_YEARS),
        measure=first(_MEASURES) if value else None, unit=first(_UNITS), value=value, wide=wide,
        region_name=first((f"{region.lower().removesuffix('_code')}_name", "region_name", "country_name")),
        activity_name=first((f"{plain}_name", "activity_name", "description")) if activity else None,
    )


def _measure(name: str) -> tuple[str | None, str]:
    """Gives the measure that a column's name says, and its unit."""
    scaled = _SCALED.fullmatch(name)
    if scaled and scaled[1] in _WIDE:
        return _WIDE[scaled[1]], _SCALES[scaled[2]]
    return _WIDE.get(name), _NO_UNIT


def _looks_like(sample: Sample) -> bool:
    return _layout(sample.columns) is not None


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Streams a long table of one measure a row (value, with measure and unit where they vary) or one a column.

    Columns are found by name: region or country, partner, activity or product or industry, year, measure, unit and value, or
    columns named after measures, such as gross_output or export_value_usd. Without a column, the year is the user's, or the one
    in the file's name. Countries become alpha-3 codes, other regions stay as written. Empty values are left out and counted.
    Refused are unknown countries among countries, years that are none, negative values, one measure in two units and
    repeated rows.
    """
    columns = look(place).columns
    layout = _layout(columns)
    if layout is None:
        shown = ", ".join(columns[:12]) or "none"
        raise Refused.one(
            f"the columns make no long table: {shown}", file=place, line=1, heading=_HEADING,
            remedy="name them region, activity, year, value",
        )
    year = _stated_year(place, layout, reading)
    reading.kind = layout.kind
    by_country = layout.region.lower() in _COUNTRIES or None
    regions, named = Regions(reading, countries=by_country), {"region": Names(reading), "activity": Names(reading)}
    kinds, values = _kinds(layout), [layout.value] if layout.value else list(layout.wide)
    words = [name for name in (layout.region_name, layout.activity_name, layout.unit) if name]
    _note_rest(columns, kinds, reading)
    hs = layout.activity is not None and (
        layout.activity.lower() in _HS or re.search(r"(?<![a-z])hs\d?(?![a-z])", place.name.lower())
    )
    for block in stream_table(place, kinds, reading, heading=_HEADING, may_miss=[*values, *words]):
        if hs:
            block[layout.activity] = relabelled(block[layout.activity], product_code)
        yield _rows(block, layout, year, regions, reading)
        if layout.activity:
            named["activity"].take("activity", block, layout.activity, layout.activity_name)
        if layout.region_name and not regions.countries:
            named["region"].take("region", block, layout.region, layout.region_name)
    regions.note()
    if hs:
        known = reading.names.setdefault("activity", {})
        known.update({code: name for code, name in product_names(sorted(named["activity"].codes)).items() if code not in known})


def _stated_year(place: Path, layout: _Layout, reading: Reading) -> int | None:
    if layout.year:
        return None
    found = _YEAR.findall(place.name)
    if reading.year is None and len(set(found)) != 1:
        raise Refused.one(
            "no column holds the year, and the file's name does not tell it", file=place, line=1, field="year", heading=_HEADING,
            remedy="add a column year, or give --year",
        )
    year = int(found[0]) if reading.year is None else reading.year
    reading.note(
        f"the year {year} is {'the one in the file name' if reading.year is None else 'as given'}: the table has no such column"
    )
    return year


def _kinds(layout: _Layout) -> dict[str, str]:
    text = (layout.region, layout.partner, layout.activity, layout.measure, layout.unit, layout.region_name, layout.activity_name)
    kinds = {name: TEXT for name in text if name}
    if layout.year:
        kinds[layout.year] = YEAR
    return kinds | dict.fromkeys([layout.value] if layout.value else layout.wide, NUMBER)


def _note_rest(columns: tuple[str, ...], kinds: dict[str, str], reading: Reading) -> None:
    rest = [name for name in columns if name not in kinds]
    if rest:
        shown = ", ".join(rest[:8]) + (f" and {len(rest) - 8} more" if len(rest) > 8 else "")
        reading.note(f"columns not read: {shown}")


def _rows(block: pd.DataFrame, layout: _Layout, year: int | None, regions: Regions, reading: Reading) -> pd.DataFrame:
    region, kept = regions.map(block[layout.region])
    partner = None
    if layout.partner:
        partner, known = regions.map(block[layout.partner])
        kept = kept & known
    years = block[layout.year].to_numpy() if layout.year else np.full(len(block), year, dtype=np.int64)
    pieces = []
    for column, measure in ({layout.value: None} if layout.value else layout.wide).items():
        cells = _without_stocks(block[column], reading)
        measures = block[layout.measure] if layout.measure else None
        _check_signs(cells, measure, measures, layout, reading)
        there = cells.notna().to_numpy()
        reading.missing += int((~there & kept).sum())
        rows = np.flatnonzero(there & kept)
        piece: dict[str, Any] = {"region": region[rows]}
        if partner is not None:
            piece["partner"] = partner[rows]
        if layout.activity:
            piece["activity"] = block[layout.activity].array[rows]
        piece["year"] = years[rows]
        piece["measure"] = (
            measures.array[rows] if measures is not None
            else pd.Categorical.from_codes(np.zeros(len(rows), dtype=np.int8), pd.Index([measure or "value"]))
        )
        piece["value"] = cells.to_numpy()[rows]
        pieces.append(pd.DataFrame(piece, index=block.index[rows]))
        _find_units(block, column, measure, layout, reading)
    if len(pieces) == 1:
        return pieces[0]
    return pd.concat([piece.assign(measure=piece["measure"].astype("object")) for piece in pieces]).rename_axis(index="row")


def _check_signs(cells: pd.Series, measure: str | None, measures: pd.Series | None, layout: _Layout, reading: Reading) -> None:
    """Notes values below zero: of shares of activities and ties none may be, of regions alone those that are known to be counts."""
    below = cells < 0
    if not below.any():
        return
    named = measures if measures is not None else pd.Series(measure or "value", index=cells.index)
    below &= ~named.isin(_SIGNED)
    if layout.kind == "regions":
        below &= named.isin(list(MEASURES))
    say_rows(reading.faults, str(cells.name), "is below zero", cells, below)


def _without_stocks(cells: pd.Series, reading: Reading) -> pd.Series:
    below = cells < 0
    if cells.name != _WITH_STOCKS or not below.any():
        return cells
    reading.note("gross exports below zero, where stocks abroad are drawn down, are left out as missing")
    return cells.mask(below)


def _find_units(block: pd.DataFrame, column: str, measure: str | None, layout: _Layout, reading: Reading) -> None:
    """Notes the unit of each measure of a block; one measure in two units is a fault."""
    if layout.unit is None:
        found = {
            measure or "value": _measure(column.lower())[1]
        } if layout.measure is None else dict.fromkeys(block[layout.measure].cat.categories, _NO_UNIT)
        pairs = list(found.items())
    elif layout.measure is None:
        pairs = [(measure or "value", unit or _NO_UNIT) for unit in block[layout.unit].unique()]
    else:
        held = block[[layout.measure, layout.unit]].drop_duplicates()
        pairs = [(name, unit or _NO_UNIT) for name, unit in zip(held[layout.measure], held[layout.unit], strict=True)]
    for name, unit in pairs:
        if reading.units.setdefault(str(name), str(unit)) != unit:
            reading.faults.add(
                f"{name} stands in {reading.units[str(name)]} and in {unit}", field=layout.unit,
                remedy="give one unit to each measure"
            )


FORMATS = (
    Format(
        name="long_table", title="Long table", kind="activities", source="brought",
        layout="region, activity, year, value, with partner, measure and unit where needed (.csv, .tsv, .parquet)",
        looks_like=_looks_like, stream=_stream,
    ),
)
