"""Reads Eurostat's tab-separated tables: any dimensions, a column for each year, cells with flags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.evidence.checking import say_rows
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.former_places import name_then, places_then
from redqueen.evidence.readers.nace import once_covering
from redqueen.evidence.reading import Format, Reading, on_request
from redqueen.evidence.reshaping import leave_out, tidy
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import TEXT, stream_table

__all__ = ["FORMATS"]

_HEADING = "Eurostat table"
_CORNER = re.compile(r"(?:\w+,)*geo\\(?:TIME_PERIOD|time)", re.IGNORECASE)
_CELL = re.compile(r"(:|[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([a-z]*)")
_YEAR = re.compile(r"\d{4}")
# Country, NUTS region, or metropolitan region and city.
_GEO = re.compile(r"[A-Z]{2}(?:[A-Z0-9]{0,3}|\d{3}[A-Z]{1,2}\d?)")
_GROUP = re.compile(r"(?:EU|EA|EEA|EFTA|NMS|EXT|INT|OTH|CC|OECD|WORLD|G20).*|.*_.*")
_LEVELS = {2: "countries", 3: "NUTS 1 regions", 4: "NUTS 2 regions", 5: "NUTS 3 regions", 6: "cities and metropolitan regions"}
# Dimensions that tell activities apart, in the order of preference.
_ACTIVITIES = ("nace_r2", "nace_r1", "ipc", "cpa2_1", "prod_na", "prccode", "sitc06")
_TOTALS = frozenset({"T", "TOTAL", "_T", "Y_GE15"})
# What a table or one of its codes measures, where it is among our measures.
_TABLES = {
    "lfst_r_lfe2en1": "jobs", "lfst_r_lfe2en2": "jobs", "nama_10r_3gva": "value added", "rd_e_gerdtot": "R&D spending",
    "rd_e_gerdreg": "R&D spending", "demo_pjan": "population", "demo_r_d2jan": "population", "demo_r_pjangr3": "population",
    "pat_ep_ntot": "patents", "pat_ep_nipc": "patents", "pat_ep_rtot": "patents", "pat_ep_ripc": "patents",
}  # fmt: skip
_CODES = {
    ("na_item", "B1G"): "value added", ("na_item", "B1GQ"): "GDP", ("na_item", "P1"): "output", ("na_item", "EMP_DC"): "jobs",
    ("wstatus", "EMP"): "jobs", ("indic_sb", "V16110"): "jobs", ("indic_sb", "V11210"): "establishments",
}  # fmt: skip
# The unit in which a measure goes by its plain name; in other units, the unit is part of the name.
_PLAIN = {
    "jobs": {"THS", "THS_PER", "PER", "NR"}, "establishments": {"NR"}, "population": {"NR", "THS"}, "patents": {"NR"},
    "value added": {"CP_MEUR", "MIO_EUR"}, "GDP": {"CP_MEUR", "MIO_EUR"}, "output": {"CP_MEUR", "MIO_EUR"},
    "R&D spending": {"MIO_EUR"},
}  # fmt: skip
_UNITS = {
    "THS": "thousands", "THS_PER": "thousand persons", "PER": "persons", "NR": "number", "CP_MEUR": "million current EUR",
    "MIO_EUR": "million current EUR", "PC_GDP": "percent of GDP", "PC": "percent",
}  # fmt: skip
_NEVER_NEGATIVE = ("jobs", "establishments", "population", "patents", "R&D")
_FLAGS = {"e": "estimated", "p": "provisional", "b": "after a break in the series", "u": "of low reliability"}


def _stream(place: Path, reading: Reading, *, level: int | None = None) -> Iterator[pd.DataFrame]:
    """Yields the table at one level of regions, each activity counted once; `level` is the length of a region's code.

    Without `level`, the most detailed is taken. Dimensions other than region, activity and unit make up the measure.
    """
    columns = look(place).columns
    if not columns or not _CORNER.fullmatch(columns[0]):
        raise Refused.one("the first column is not named like freq,unit,geo\\TIME_PERIOD", file=place, line=1, heading=_HEADING)
    dimensions = columns[0].lower().rpartition("\\")[0].split(",")
    years = [name for name in columns[1:] if _YEAR.fullmatch(name)]
    if not years:
        raise Refused.one("no column is a year", file=place, line=1, remedy="fetch the annual table", heading=_HEADING)
    activity = next((name for name in _ACTIVITIES if name in dimensions), None)
    reading.kind = "activities" if activity else "regions"
    level, kept = _choose(place, columns[0], dimensions, activity, level, reading)
    dataset = place.name.lower().partition(".")[0].removeprefix("estat_")
    flags: Counter[str] = Counter()
    kinds = dict.fromkeys([columns[0], *years], TEXT)
    for block in stream_table(place, kinds, reading, heading=_HEADING, delimiter="\t", may_miss=years):
        labels = _labels(block[columns[0]].astype("str"), dimensions, reading.faults)
        keep = labels["geo"].str.len().clip(upper=6) == level
        keep &= ~labels["geo"].str.match(_GROUP) & ~labels["geo"].str.fullmatch("..Z+")
        keep &= labels["freq"] == "A" if "freq" in labels else True
        keep &= labels[activity].isin(kept) if activity else True
        labels = labels[keep]
        if len(labels):
            yield _rows(labels, block.loc[labels.index, years], activity, dataset, reading, flags)
    for flag, words in _FLAGS.items():
        if flags[flag]:
            reading.note(f"{flags[flag]:,} figures are {words} (flag {flag})")


def _choose(
    place: Path, corner: str, dimensions: list[str], activity: str | None, level: int | None, reading: Reading
) -> tuple[int, list[str]]:
    """Reads the labels alone, checks them, and gives the level of regions and the activities to be kept."""
    scout = Reading(place, faults=reading.faults)
    labels = pd.concat(
        _labels(pd.Series(block[corner].cat.categories.astype("str")), dimensions, reading.faults)
        for block in stream_table(place, {corner: TEXT}, scout, heading=_HEADING, delimiter="\t")
    )
    reading.faults.refuse_if_any(_HEADING)
    if "freq" in dimensions:
        labels = leave_out(labels, "freq", labels["freq"] != "A", "figures that are not annual", reading)
    labels = leave_out(labels, "geo", labels["geo"].str.match(_GROUP), "groups of countries", reading)
    labels = leave_out(labels, "geo", labels["geo"].str.fullmatch("..Z+"), "what is in no region", reading)
    geo = labels["geo"].drop_duplicates()
    for code in geo[~geo.str.fullmatch(_GEO)]:
        reading.faults.add(f"no region has the code '{code}'", field="geo")
    codes = places_then(sorted(set(geo.str[:2])), reading.faults, "geo")
    reading.faults.refuse_if_any(_HEADING)
    present = sorted(set(geo.str.len().clip(upper=6)))
    chosen = level or max(present, default=0)
    if chosen not in present:
        listed = ", ".join(_LEVELS[one] for one in present) or "no annual figure of any region"
        raise Refused.one(f"the table has no {_LEVELS.get(chosen, 'regions')}; it has {listed}", file=place, heading=_HEADING)
    if len(present) > 1:
        others = ", ".join(_LEVELS[one] for one in present if one != chosen)
        reading.note(f"regions are {_LEVELS[chosen]}; the table has {others} too: --format says which")
    reading.names["region"] = {codes[code]: name_then(codes[code]) for code in sorted(geo) if chosen == len(code) == 2}
    if activity is None:
        return chosen, []
    labels = leave_out(labels, activity, labels[activity].isin(_TOTALS), "totals over activities", reading)
    kept = once_covering(labels[activity])
    leave_out(labels, activity, ~labels[activity].isin(kept), "activities that hold others, or are held", reading)
    return chosen, kept


def _labels(corner: pd.Series, dimensions: list[str], faults: Faults) -> pd.DataFrame:
    """Splits the first column into its dimensions."""
    wrong = corner.str.count(",") != len(dimensions) - 1
    say_rows(faults, ",".join(dimensions), f"does not have {len(dimensions)} codes", corner, wrong)
    parts = corner[~wrong].str.split(",", expand=True)
    parts.columns = dimensions[: parts.shape[1]]
    return parts.reindex(columns=dimensions).apply(lambda column: column.str.strip())


def _rows(
    labels: pd.DataFrame, cells: pd.DataFrame, activity: str | None, dataset: str, reading: Reading, flags: Counter[str]
) -> pd.DataFrame:
    """Turns a block into tidy rows, one a cell."""
    combined = labels.drop(columns=["geo", *([activity] if activity else [])])
    keys = list(combined.itertuples(index=False, name=None))
    names = {key: _measure(dict(zip(combined.columns, key, strict=True)), dataset) for key in set(keys)}
    for key in sorted(names):
        measure, unit = names[key]
        reading.units.setdefault(measure, unit)
    countries = places_then(sorted(set(labels["geo"])), reading.faults, "geo") if labels["geo"].str.len().max() == 2 else {}
    rows = pd.DataFrame(
        {"region": labels["geo"].replace(countries), "measure": [names[key][0] for key in keys]}, index=labels.index
    )
    if activity:
        rows["activity"] = labels[activity]
    parts = [_values(cells[year].astype("str").str.strip(), year, rows, reading, flags) for year in cells.columns]
    return tidy(pd.concat(parts), KINDS["activities" if activity else "regions"])


def _values(cells: pd.Series, year: str, key: pd.DataFrame, reading: Reading, flags: Counter[str]) -> pd.DataFrame:
    found = cells.replace("", ":").str.extract(f"^{_CELL.pattern}$")
    value, flag = found[0], found[1]
    say_rows(reading.faults, year, "is no number with flags (a decimal point, as in 12.5 p)", cells, value.isna())
    hidden = (value == ":") & flag.str.contains("c", na=False)
    absent = (value == ":") & ~hidden
    reading.suppressed += int(hidden.sum())
    reading.missing += int(absent.sum())
    there = value.notna() & (value != ":")
    for letter in _FLAGS:
        flags[letter] += int(flag[there].str.contains(letter).sum())
    rows = key[there].assign(year=int(year), value=value[there].astype("float64"))
    say_rows(reading.faults, year, "is too large for a number", cells[there], ~np.isfinite(rows["value"]))
    wrong = (rows["value"] < 0) & rows["measure"].str.startswith(_NEVER_NEGATIVE)
    say_rows(reading.faults, year, "is below 0", rows["value"], wrong)
    return rows


def _measure(codes: dict[str, str], dataset: str) -> tuple[str, str]:
    """Names what a combination of codes measures, with its unit: "jobs", or "jobs, age Y15-24, sex F"."""
    base, parts = _TABLES.get(dataset, dataset), []
    unit = codes.get("unit") or codes.get("currency") or ""
    for dimension, code in codes.items():
        if (dimension, code) in _CODES:
            base = _CODES[dimension, code]
        elif dimension not in ("freq", "unit", "currency") and code not in _TOTALS:
            parts.append(f"{dimension} {code}")
    if (base, unit) == ("R&D spending", "PC_GDP"):
        base = "R&D intensity"
    elif unit not in _PLAIN.get(base, ()) and unit:
        parts.append(unit)
    return ", ".join([base, *sorted(parts)]), _UNITS.get(unit, unit or "not stated")


def _looks_like(sample: Sample) -> bool:
    return bool(sample.columns) and bool(_CORNER.fullmatch(sample.columns[0]))


def _format(name: str, title: str, level: int | None) -> Format:
    layout = r"tab-separated, first column freq,nace_r2,unit,geo\TIME_PERIOD, then a column for each year"
    # A level is asked for by name: recognised, a table gives its most detailed one.
    looks_like = _looks_like if level is None else on_request
    return Format(name, title, "activities", "eurostat", layout, looks_like, partial(_stream, level=level))


FORMATS = (
    _format("eurostat", "Eurostat, most detailed regions", None),
    _format("eurostat_countries", "Eurostat, countries", 2),
    _format("eurostat_nuts1", "Eurostat, NUTS 1 regions", 3),
    _format("eurostat_nuts2", "Eurostat, NUTS 2 regions", 4),
)
