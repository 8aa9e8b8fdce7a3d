"""Reads BACI, CEPII's reconciled bilateral trade: a folder of yearly files, or one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import Faults, require
from redqueen.evidence.checking import FIRST_LINE, say_rows
from redqueen.evidence.former_places import places_then
from redqueen.evidence.readers.trade import TAIWAN, UNSPECIFIED, taken_for_taiwan
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import NUMBER, TEXT, WHOLE, YEAR, stream_table
from redqueen.evidence.unpacking import check_end

__all__ = ["FORMATS"]

UNIT = "thousand current USD"

_HEADING = "BACI"
_COLUMNS = ("t", "i", "j", "k", "v", "q")
_NAME = re.compile(r"BACI_(HS\d\d)_Y(\d{4})_V(\w+?)\.csv(\.gz)?", re.IGNORECASE)
_COUNTRIES = re.compile(r"country_codes.*\.csv", re.IGNORECASE)
_PRODUCTS = re.compile(r"product_codes.*\.csv", re.IGNORECASE)
# Numbers of countries in BACI that are not those of ISO 3166.
_NUMBERS = {
    "842": "USA", "251": "FRA", "699": "IND", "757": "CHE", "579": "NOR", "381": "ITA", "530": "ANT", "736": "SDN", "891": "SCG"
}
_LEFT_OUT = {
    "58": "Belgium-Luxembourg", "711": "Southern African Customs Union", "849": "US Pacific islands", "697": "Europe EFTA",
    "577": "Other Africa", "568": "Other Europe", "527": "Oceania",
}
_MOST = 1000


@dataclass(eq=False)
class _Codes:
    """Gives alpha-3 codes by number of the country and words by code of the product; no products where no file lists them.

    `unknown` gathers what was complained of, so that each unknown code is named once, where it first stands.
    """

    countries: dict[int, str | None]
    products: dict[int, str] = field(default_factory=dict)
    unknown: set[tuple[str, float]] = field(default_factory=set)


def _looks_like(sample: Sample) -> bool:
    return sample.columns[:5] == _COLUMNS[:5] or (sample.place.is_dir() and any(_NAME.fullmatch(name) for name in sample.files))


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Streams exports by exporter, importer and product; quantities (q) are left out.

    Numbers of countries become alpha-3 codes by the file country_codes beside the data, or by ISO 3166 and the numbers that
    the United Nations use otherwise. Unknown countries and products, years other than the file's, negative values and
    repeated flows are refused. Source of the layout: Gaulier and Zignago 2010 (baci).
    """
    folder = place if place.is_dir() else place.parent
    files = [place] if place.is_file() else sorted(path for path in place.iterdir() if _NAME.fullmatch(path.name))
    _check_names(files, reading.faults)
    for file in files:
        # A file that was cut off is known at once, before hours of others are read.
        look(file)
        check_end(file, _HEADING)
    codes = _read_codes(folder, reading)
    reading.units["exports"] = UNIT
    reading.note("quantities (q) are left out")
    for file in files:
        named = _NAME.fullmatch(file.name)
        yield from _one_year(file, int(named[2]) if named else reading.year, codes, reading)
        if named:
            # Rows of another year are refused: no later file can repeat a flow of this one.
            reading.end_part()


def _check_names(files: list[Path], faults: Faults) -> None:
    named = [match for match in (_NAME.fullmatch(file.name) for file in files) if match]
    for part, what in ((1, "revisions of the Harmonized System"), (3, "versions of BACI")):
        found = sorted({match[part] for match in named})
        if len(found) > 1:
            faults.add(f"the folder mixes {what}: {', '.join(found)}", remedy="keep one in a folder")
    years = [match[2] for match in named]
    for year in sorted({year for year in years if years.count(year) > 1}):
        faults.add(f"two files hold {year}", remedy="keep one")
    faults.refuse_if_any(_HEADING)


def _read_codes(folder: Path, reading: Reading) -> _Codes:
    names = sorted(path.name for path in folder.iterdir())
    countries = [name for name in names if _COUNTRIES.fullmatch(name)]
    products = [name for name in names if _PRODUCTS.fullmatch(name)]
    found = _Codes(_listed_countries(folder / countries[-1], reading) if countries else _known_countries(reading))
    if not countries:
        reading.note("there is no file country_codes: numbers of countries are taken for those of the United Nations")
    if products:
        found.products.update(_listed_products(folder / products[-1], reading))
        reading.names["activity"] = {f"{code:06d}": words for code, words in found.products.items()}
    return found


def _listed_products(file: Path, reading: Reading) -> dict[int, str]:
    found: dict[int, str] = {}
    kinds = {"code": TEXT, "description": TEXT}
    for block in stream_table(file, kinds, reading, heading=_HEADING, may_miss=("description",)):
        codes = block["code"].astype("str").str.zfill(6)
        say_rows(reading.faults, "code", "is no code of a product", codes, ~codes.str.fullmatch("[0-9A-Z]{6}"))
        reading.faults.refuse_if_any(_HEADING)
        # The code 9999AA is listed for what is not specified, and stands in no row.
        found |= {int(code): str(words) for code, words in zip(codes, block["description"], strict=True) if code.isdigit()}
    return found


def _listed_countries(file: Path, reading: Reading) -> dict[int, str | None]:
    columns = look(file).columns
    letters = next((name for name in ("country_iso3", "iso_3digit_alpha") if name in columns), "country_iso3")
    words = next((name for name in ("country_name", "country_name_full") if name in columns), "country_name")
    found: dict[int, str | None] = {}
    left_out = []
    kinds = {"country_code": WHOLE, words: TEXT, letters: TEXT}
    countries = {int(country.numeric) for country in require("pycountry", "evidence").countries} | set(map(int, _NUMBERS))
    for block in stream_table(file, kinds, reading, heading=_HEADING, may_miss=(letters,)):
        odd = ~block["country_code"].between(0, _MOST - 1)
        odd &= block["country_code"].notna()
        say_rows(reading.faults, "country_code", "is no number of a country", block["country_code"], odd)
        reading.faults.refuse_if_any(_HEADING)
        for row in block.itertuples():
            number, name, code, faults = int(row[1]), str(row[2]), str(row[3]), Faults()
            known = places_then([code], faults).get(code) if len(code) == 3 else None
            if str(number) in TAIWAN:
                found[number] = taken_for_taiwan(reading)
            elif known:
                found[number] = known
                reading.names.setdefault("region", {})[known] = name
            elif faults and number in countries:
                reading.faults.add(faults[0].message, line=int(row[0]) + FIRST_LINE, field=letters, remedy=faults[0].remedy)
            else:
                found[number] = None
                left_out.append(name)
        reading.faults.refuse_if_any(_HEADING)
    reading.leave_out(UNSPECIFIED, left_out)
    return found


def _known_countries(reading: Reading) -> dict[int, str | None]:
    countries = {int(country.numeric): country.alpha_3 for country in require("pycountry", "evidence").countries}
    return {
        **countries, **{int(number): code for number, code in _NUMBERS.items()}, **{int(number): None for number in _LEFT_OUT},
        int(TAIWAN[1]): taken_for_taiwan(reading),
    }


def _one_year(file: Path, year: int | None, codes: _Codes, reading: Reading) -> Iterator[pd.DataFrame]:
    words = sorted({code for code in codes.countries.values() if code})
    regions = pd.CategoricalDtype(words)
    places = _lookup({number: words.index(code) if code else -1 for number, code in codes.countries.items()}, _MOST)
    products = _lookup({code: position for position, code in enumerate(sorted(codes.products))}, 1_000_000)
    activities = pd.CategoricalDtype([f"{code:06d}" for code in sorted(codes.products)])
    measures = pd.CategoricalDtype(["exports"])
    kinds = {"t": YEAR, "i": WHOLE, "j": WHOLE, "k": WHOLE, "v": NUMBER}
    for block in stream_table(file, kinds, reading, heading=_HEADING, delimiter=","):
        if year is not None:
            say_rows(reading.faults, "t", f"is not the year of the file, {year}", block["t"], block["t"] != year)
        say_rows(reading.faults, "v", "is below zero", block["v"], block["v"] < 0)
        exporter, importer = (_found(block[name], places, "no country of BACI", codes, reading.faults) for name in "ij")
        if codes.products:
            activity: Any = pd.Categorical.from_codes(
                np.maximum(_found(block["k"], products, "not in the file product_codes", codes, reading.faults), -1),
                dtype=activities
            )
        else:
            say_rows(reading.faults, "k", "is no product of six digits", block["k"], ~block["k"].between(10_000, 999_999))
            numbers, seen = pd.factorize(block["k"].where(block["k"].between(0, 999_999), 0))
            activity = pd.Categorical.from_codes(numbers, pd.Index([f"{int(code):06d}" for code in seen]))
        if reading.faults:
            # Faults of other blocks are still looked for; nothing is kept of what is refused.
            continue
        kept = (exporter >= 0) & (importer >= 0)
        rows = pd.DataFrame(
            {
                "region": pd.Categorical.from_codes(np.maximum(exporter, 0), dtype=regions),
                "partner": pd.Categorical.from_codes(np.maximum(importer, 0), dtype=regions),
                "activity": activity,
                "year": block["t"].to_numpy(),
                "measure": pd.Categorical.from_codes(np.zeros(len(block), dtype=np.int8), dtype=measures),
                "value": block["v"].to_numpy(),
            },
            index=block.index,
        )
        yield rows if kept.all() else rows[kept]


def _lookup(positions: Mapping[int, int], most: int) -> np.ndarray:
    """Gives positions by number: -1 for what is left out, -2 for what is unknown."""
    table = np.full(most, -2, dtype=np.int32)
    for number, position in positions.items():
        table[number] = position
    return table


def _found(numbers: pd.Series, table: np.ndarray, complaint: str, codes: _Codes, faults: Faults) -> np.ndarray:
    values = numbers.to_numpy()
    inside = (values >= 0) & (values < len(table))
    found = table[np.where(inside, values, 0).astype(np.int64)]
    found[~inside] = -2
    if found.min(initial=0) == -2:
        first = numbers[found == -2].drop_duplicates()
        for row, value in first.items():
            if (complaint, value) not in codes.unknown:
                codes.unknown.add((complaint, value))
                faults.add(f"'{value:g}' is {complaint}", line=int(row) + FIRST_LINE, field=str(numbers.name))
    return found


FORMATS = (
    Format(
        name="baci", title="BACI", kind="trade", source="baci",
        layout="a folder of BACI_HS92_Y1995_V202601.csv ... with country_codes and product_codes, or one such file (t, i, j, k, "
        "v, q)",
        looks_like=_looks_like, stream=_stream,
    ),
)
