"""Reads annual averages of the US Quarterly Census of Employment and Wages: private jobs by area and industry group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from redqueen.errors import Refused
from redqueen.evidence.checking import say_rows
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.reading import Format, Reading, has_columns, on_request
from redqueen.evidence.reshaping import check_codes, leave_out, measure_columns, tidy
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import TEXT, YEAR, stream_table
from redqueen.evidence.united_states import is_county, is_metro, state_of, states, titles_of

__all__ = ["FORMATS"]

_HEADING = "Quarterly Census of Employment and Wages"
_KINDS = {
    "area_fips": TEXT, "own_code": TEXT, "industry_code": TEXT, "agglvl_code": TEXT, "size_code": TEXT, "year": YEAR, "qtr": TEXT,
    "disclosure_code": TEXT, "annual_avg_estabs": TEXT, "annual_avg_emplvl": TEXT,
}  # fmt: skip
_PRIVATE, _OWNERS = "5", frozenset("0123456789")
_TWO_DIGITS = frozenset(f"{level:02d}" for level in range(100))
# Levels of aggregation that show industry groups of four digits by ownership, most detailed areas first.
_LEVELS = {"76": "counties", "46": "metropolitan areas", "56": "states", "16": "the nation"}
_MEASURES = {
    "annual_avg_emplvl": ("jobs", "persons employed, mean of the year's months"),
    "annual_avg_estabs": ("establishments", "establishments, mean of the year's quarters"),
}
_SUPPRESSED = "N"


def _stream(place: Path, reading: Reading, *, level: str | None = None) -> Iterator[pd.DataFrame]:
    """Yields private jobs and establishments by area and industry group of four digits, at one level of areas.

    `level` is a code of `_LEVELS`; without it, the most detailed that the file has is taken.
    """
    if "qtrly_estabs" in look(place).columns:
        raise Refused.one("the table is of a quarter", file=place, remedy="fetch the annual averages", heading=_HEADING)
    parts = []
    optional, may_miss = ("size_code", "qtr"), tuple(name for name in _KINDS if name != "year")
    for block in stream_table(place, _KINDS, reading, heading=_HEADING, delimiter=",", optional=optional, may_miss=may_miss):
        say_rows(reading.faults, "own_code", "is no code of ownership, 0 to 9", block["own_code"], ~block["own_code"].isin(_OWNERS))
        level_odd = ~block["agglvl_code"].isin(_TWO_DIGITS)
        say_rows(reading.faults, "agglvl_code", "is no level of two digits", block["agglvl_code"], level_odd)
        keep = (block["own_code"] == _PRIVATE) & block["agglvl_code"].isin(_LEVELS)
        for column, wanted in (("size_code", "0"), ("qtr", "A")):
            keep &= block[column] == wanted if column in block else True
        parts.append(block[keep].astype({name: "str" for name, kind in _KINDS.items() if kind == TEXT and name in block}))
    reading.faults.refuse_if_any(_HEADING)
    table = pd.concat(parts)
    present = [code for code in _LEVELS if (table["agglvl_code"] == code).any()]
    level = level or next(iter(present), None)
    if level is None or level not in present:
        has = ", ".join(_LEVELS[code] for code in present) or "no industry groups of four digits in private ownership (own_code 5)"
        raise Refused.one(
            f"the table has no rows of {_LEVELS.get(level or '', 'any area')}; it has {has}", file=place, heading=_HEADING
        )
    others = [_LEVELS[code] for code in present if code != level]
    if others:
        reading.note(f"areas are {_LEVELS[level]}; the file has {', '.join(others)} too: --format says which")
    table = _areas(table[table["agglvl_code"] == level], level, reading)
    reading.note("private ownership only, industry groups of four digits (NAICS)")
    table["annual_avg_emplvl"] = table["annual_avg_emplvl"].where(table["disclosure_code"] != _SUPPRESSED, _SUPPRESSED)
    table = table.rename(columns={"industry_code": "activity"})
    reading.names["activity"] = titles_of(table["activity"])
    rows = measure_columns(table, ["region", "activity", "year"], _MEASURES, reading, suppressed=(_SUPPRESSED,))
    yield tidy(rows, KINDS["activities"])


def _areas(table: pd.DataFrame, level: str, reading: Reading) -> pd.DataFrame:
    """Turns the publisher's areas into FIPS codes of counties and states and codes of metropolitan areas."""
    if level == "76":
        table = leave_out(table, "area_fips", table["area_fips"].str.endswith("999"), "unknown counties", reading)
    words = f"is none of {_LEVELS[level]}"
    check_codes(
        table["area_fips"], partial(_region, level=level), words, "area_fips", "06085, C4194, 06000 and US000 are areas", reading
    )
    codes = {code: _region(code, level=level) for code in table["area_fips"].unique()}
    if level == "46":
        reading.note("metropolitan areas have their code of five digits: C4194 is 41940")
    if level == "56":
        reading.names["region"] = {code: states()[code] for code in sorted(code for code in codes.values() if code is not None)}
    return table.assign(region=table["area_fips"].map(codes))


def _region(code: str, *, level: str) -> str | None:
    if level == "76":
        return code if is_county(code) else None
    if level == "46":
        metro = code[1:] + "0"
        return metro if code[:1] == "C" and is_metro(metro) else None
    if level == "56":
        return state_of(code[:2]) if len(code) == 5 and code.endswith("000") else None
    return "USA" if code == "US000" else None


def _format(name: str, what: str, looks_like: Callable[[Sample], bool], level: str | None) -> Format:
    layout = "columns area_fips, own_code, industry_code, agglvl_code, year, disclosure_code, annual_avg_emplvl"
    title = f"US Quarterly Census of Employment and Wages, {what}"
    return Format(name, title, "activities", "bls_qcew", layout, looks_like, partial(_stream, level=level))


FORMATS = (
    _format("qcew", "most detailed areas", has_columns("area_fips", "own_code", "industry_code", "agglvl_code"), None),
    _format("qcew_metros", "metropolitan areas", on_request, "46"),
    _format("qcew_states", "states", on_request, "56"),
    _format("qcew_nation", "the nation", on_request, "16"),
)
