"""Reads science and technology by province from China's statistical yearbooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.evidence.evidence import KINDS
from redqueen.evidence.reading import Format, Reading, has_columns
from redqueen.evidence.reshaping import check_codes, measure_columns, tidy, whole_table

__all__ = ["FORMATS", "PROVINCES"]

#: The provinces as the yearbooks' English names have them.
PROVINCES = (
    "Beijing", "Tianjin", "Hebei", "Shanxi", "Inner Mongolia", "Liaoning", "Jilin", "Heilongjiang", "Shanghai", "Jiangsu",
    "Zhejiang",
    "Anhui", "Fujian", "Jiangxi", "Shandong", "Henan", "Hubei", "Hunan", "Guangdong", "Guangxi", "Hainan", "Chongqing", "Sichuan",
    "Guizhou", "Yunnan", "Tibet", "Shaanxi", "Gansu", "Qinghai", "Ningxia", "Xinjiang",
)  # fmt: skip

_HEADING = "table of China's provinces"
_NATION = "China (national)"
# The publisher's indicators that are among our measures; the others keep their names, with spaces.
_MEASURES = {
    "rd_total": "R&D spending",
    "rd_basic": "basic research",
    "rd_applied": "applied research",
    "rd_experimental_development": "experimental development",
    "rd_intensity_pct_gdp": "R&D intensity",
}
# Endings of the publisher's names that only repeat the unit.
_UNIT_ENDINGS = (" 100m", " 10k", " musd")
# A year's profit may be a loss.
_SIGNED = frozenset({"hightech_profit_100m"})


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields the indicators of each province, and of the country under its ISO code."""
    table = whole_table(
        place, reading, heading=_HEADING, text=["province_en", "indicator", "unit"], number=["value"]
    ).rename(columns={"province_en": "region"})
    names = {*PROVINCES, _NATION}
    check_codes(table["region"], names.__contains__, "is no province", "province_en", "write Beijing, Inner Mongolia, ...", reading)
    if (table["region"] == _NATION).any():
        table["region"] = table["region"].replace(_NATION, "CHN")
        reading.names["region"] = {"CHN": "China"}
        reading.note("region CHN is the whole country: a sum over all regions counts it twice")
    parts = []
    for (indicator, unit), rows in table.groupby(["indicator", "unit"], sort=True):
        signed = ["value"] if indicator in _SIGNED else []
        measures = {"value": (_measure(str(indicator)), str(unit))}
        parts.append(measure_columns(rows, ["region", "year"], measures, reading, signed=signed))
    yield tidy(pd.concat(parts), KINDS["regions"])


def _measure(indicator: str) -> str:
    if indicator in _MEASURES:
        return _MEASURES[indicator]
    words = indicator.replace("_", " ")
    ending = next((ending for ending in _UNIT_ENDINGS if words.endswith(ending)), "")
    return words.removesuffix(ending)


FORMATS = (
    Format(
        "china", "science and technology of China's provinces", "regions", "china_science_yearbooks",
        "columns province_en, year, indicator, value, unit", has_columns("province_en", "year", "indicator", "value", "unit"),
        _stream,
    ),
)
