"""Reads the socio-economic accounts that go with WIOD: jobs, hours, pay and capital by country and industry.

Layout: a workbook with a sheet DATA: country, variable, description, code, then a column a year (2000 to 2014 in the 2016
release, _1995 to _2011 in the 2013 one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from redqueen.errors import Faults, nearest
from redqueen.evidence.checking import MISSING, SHOWN
from redqueen.evidence.places import places
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample
from redqueen.evidence.workbooks import is_blank, sheet_rows

__all__ = ["FORMATS", "INDUSTRIES_2013", "VARIABLES"]

_MONEY = "million of national currency"
_INDEX_2016, _INDEX_2013 = "index, 2010 = 100", "index, 1995 = 100"
_SHARE = "share of the total"

#: Each variable with its measure, its unit and whether it may be below zero; {index} is the base year of the release.
VARIABLES: dict[str, tuple[str, str, bool]] = {
    "GO": ("output", _MONEY, False),
    "II": ("intermediate inputs", _MONEY, False),
    "VA": ("value added", _MONEY, True),
    "EMP": ("jobs", "thousand persons", False),
    "EMPE": ("employees", "thousand persons", False),
    "H_EMP": ("hours", "million hours", False),
    "H_EMPE": ("hours of employees", "million hours", False),
    "COMP": ("compensation of employees", _MONEY, True),
    "LAB": ("labour compensation", _MONEY, True),
    "CAP": ("capital compensation", _MONEY, True),
    "K": ("capital stock", _MONEY, True),
    "GFCF": ("investment", _MONEY, True),
    "K_GFCF": ("capital stock at prices of 1995", _MONEY, True),
    "GO_PI": ("output price", _INDEX_2016, False),
    "II_PI": ("price of intermediate inputs", _INDEX_2016, False),
    "VA_PI": ("value added price", _INDEX_2016, True),
    "GO_QI": ("output volume", "{index}", False),
    "II_QI": ("volume of intermediate inputs", "{index}", False),
    "VA_QI": ("value added volume", "{index}", True),
    "GO_P": ("output price", _INDEX_2013, False),
    "II_P": ("price of intermediate inputs", _INDEX_2013, False),
    "VA_P": ("value added price", _INDEX_2013, True),
    "GFCF_P": ("price of investment", _INDEX_2013, False),
    "LABHS": ("high-skilled share of labour compensation", _SHARE, False),
    "LABMS": ("medium-skilled share of labour compensation", _SHARE, False),
    "LABLS": ("low-skilled share of labour compensation", _SHARE, False),
    "H_HS": ("high-skilled share of hours", _SHARE, False),
    "H_MS": ("medium-skilled share of hours", _SHARE, False),
    "H_LS": ("low-skilled share of hours", _SHARE, False),
}

# Industries of the 2013 release by their ISIC 3 code, in the order of the tables' c1 to c35.
_ISIC_3 = (
    "AtB", "C", "15t16", "17t18", "19", "20", "21t22", "23", "24", "25", "26", "27t28", "29", "30t33", "34t35", "36t37", "E", "F",
    "50", "51", "52", "H", "60", "61", "62", "63", "64", "J", "70", "71t74", "L", "M", "N", "O", "P",
)
#: The name that the 2013 release's input-output tables give to each industry of its accounts.
INDUSTRIES_2013 = {code: f"c{number}" for number, code in enumerate(_ISIC_3, start=1)}

_HEADING = "socio-economic accounts"
_SHEET = "DATA"
_KEYS = ("country", "variable", "description", "code")
_YEAR = re.compile(r"_?((?:19|20)\d\d)(?:\.0)?")
_TOTAL = "TOT"


def _looks_like(sample: Sample) -> bool:
    return _SHEET in sample.sheets


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    rows = sheet_rows(place, _HEADING, sheet=_SHEET)
    header = [_word(cell) for cell in next(rows, [])]
    faults = Faults(file=place)
    lowered = [name.casefold() for name in header]
    for name in _KEYS:
        if name not in lowered:
            remedy = nearest(name, header) or f"it has {', '.join(header[:6])}"
            faults.add("the column is missing", line=1, field=name, remedy=remedy)
    years = {at: int(match[1]) for at, name in enumerate(header) if (match := _YEAR.fullmatch(name))}
    if not years:
        faults.add("no column is named by a year", line=1, remedy=f"it has {', '.join(header[:8])}")
    faults.refuse_if_any(_HEADING)

    at = {name: lowered.index(name) for name in _KEYS}
    keys: list[tuple[int, str, str, str, str]] = []
    cells: list[list[object]] = []
    for line, row in enumerate(rows, start=2):
        key = [_word(row[at[name]]) for name in _KEYS]
        if any(key):
            keys.append((line, key[0], key[1], key[2], key[3]))
            cells.append([row[column] for column in years])
    if not keys:
        faults.add("the table has a header and no rows")
        faults.refuse_if_any(_HEADING)
    frame = pd.DataFrame(keys, columns=["line", *_KEYS])
    values = _values(cells, frame, list(years.values()), reading, faults)
    first_year = min(years.values())
    tidy = _tidied(frame, first_year, reading, faults)
    _check_signs(values, frame, list(years.values()), faults)
    faults.refuse_if_any(_HEADING)
    reading.notes.append("values in money are in the currency of each country: they cannot be added over countries")
    reading.read_whole(place)
    yield _long(tidy, values, list(years.values()))


def _tidied(frame: pd.DataFrame, first_year: int, reading: Reading, faults: Faults) -> pd.DataFrame:
    """Gives region, activity and measure of each row, NaN for totals, which are left out; notes what is unknown or repeated."""
    _say(frame, (frame[list(_KEYS)].drop(columns="description") == "").any(axis=1), "country, variable or code is missing", faults)
    repeated = frame.duplicated(["country", "variable", "code"])
    _say(frame, repeated, "country, variable and code stand twice", faults)
    codes = places(frame["country"][frame["country"] != ""], faults, "country")
    is_old = bool((frame["code"].isin(INDUSTRIES_2013) | frame["code"].eq(_TOTAL)).all())
    activity = frame["code"].map(INDUSTRIES_2013) if is_old else frame["code"]
    if is_old:
        reading.notes.append("industries are named c1 to c35, as in the input-output tables of the 2013 release")
    total = frame["code"] == _TOTAL
    if total.any():
        reading.notes.append(f"{int(total.sum()):,} rows of totals over industries (TOT) are left out")
    index = _INDEX_2013 if first_year < 2000 else _INDEX_2016
    measures = {}
    for variable in dict.fromkeys(frame["variable"]):
        measure, unit, _ = VARIABLES.get(variable, (variable, "not stated", True))
        measures[variable] = measure
        reading.units[measure] = unit.format(index=index)
        if variable not in VARIABLES:
            reading.notes.append(f"the variable {variable} is not known: its unit is not stated")
    names = reading.names.setdefault("activity", {})
    for code, words in zip(activity[~total], frame["description"][~total], strict=True):
        names.setdefault(code, words)
    return pd.DataFrame(
        {"region": frame["country"].map(codes), "activity": activity.where(~total), "measure": frame["variable"].map(measures)}
    )


def _values(
    cells: list[list[object]], frame: pd.DataFrame, years: list[int], reading: Reading, faults: Faults
) -> np.ndarray:
    """Gives the cells as numbers [rows, years], NaN where missing; counts those and notes what is no number."""
    values = np.full((len(cells), len(years)), np.nan)
    wrong = []
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if isinstance(cell, float) and np.isfinite(cell):
                values[row, column] = cell
            elif is_blank(cell) or str(cell).strip() in MISSING:
                reading.missing += 1
            else:
                try:
                    values[row, column] = float(str(cell))
                except ValueError:
                    wrong.append((row, column, cell))
                if np.isinf(values[row, column]):
                    wrong.append((row, column, cell))
    for row, column, cell in wrong[:SHOWN]:
        faults.add(f"'{cell}' is not a number", line=int(frame["line"][row]), field=str(years[column]))
    if len(wrong) > SHOWN:
        faults.add(f"{len(wrong) - SHOWN:,} more cells that are not numbers")
    return values


def _check_signs(values: np.ndarray, frame: pd.DataFrame, years: list[int], faults: Faults) -> None:
    least_zero = frame["variable"].map(lambda variable: not VARIABLES.get(variable, ("", "", True))[2]).to_numpy(dtype=bool)
    found = np.argwhere((values < 0) & least_zero[:, None])
    for row, column in found[:SHOWN].tolist():
        faults.add(f"'{float(values[row, column])}' is below 0", line=int(frame["line"][row]), field=str(years[column]))
    if len(found) > SHOWN:
        faults.add(f"{len(found) - SHOWN:,} more cells below 0 that cannot be")


def _long(tidy: pd.DataFrame, values: np.ndarray, years: list[int]) -> pd.DataFrame:
    kept = tidy["activity"].notna().to_numpy()
    wide, numbers = tidy[kept], values[kept]
    repeated = wide.loc[wide.index.repeat(len(years))].reset_index(drop=True)
    repeated.insert(2, "year", np.tile(np.array(years, dtype="int64"), len(wide)))
    repeated["value"] = numbers.ravel()
    return repeated[repeated["value"].notna()].reset_index(drop=True)


def _say(frame: pd.DataFrame, wrong: pd.Series, complaint: str, faults: Faults) -> None:
    rows = frame[wrong]
    for _, row in rows.head(SHOWN).iterrows():
        faults.add(f"{complaint}: {row['country']}, {row['variable']}, {row['code']}", line=int(row["line"]))
    if len(rows) > SHOWN:
        faults.add(f"{len(rows) - SHOWN:,} more rows: {complaint}")


def _word(cell: object) -> str:
    """Gives a cell as text; a workbook holds the industry 50 and the year 2000 as numbers."""
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


FORMATS = (
    Format(
        name="wiod_accounts", title="WIOD socio-economic accounts", kind="activities", source="wiod_2016",
        layout="workbook with a sheet DATA: country, variable, description, code, then a column a year",
        looks_like=_looks_like, stream=_stream,
    ),
)
