"""Reads US County Business Patterns: jobs and establishments by area and industry group."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.evidence.checking import say_rows
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.reshaping import check_codes, leave_out, measure_columns, tidy
from redqueen.evidence.sample import Sample, list_columns, look
from redqueen.evidence.streaming import TEXT, YEAR, stream_table
from redqueen.evidence.united_states import is_county, is_metro, states, titles_of

__all__ = ["FORMATS"]

_HEADING = "County Business Patterns"
# Columns that are read where they are there, in lower case.
_READ = (
    "msa", "cbsa_code", "fipstate", "fipscty", "lfo", "naics", "naics_code", "emp", "emp_nf", "empflag", "est", "estab"
)  # fmt: skip
# Codes of industries at any level, and those of industry groups: ------, 31----, 334///, 3344//, 334413, 31-33.
_NAICS, _NAICS_4 = re.compile(r"-+|[0-9]{2,6}[-/]*|[0-9]{2}-[0-9]{2}"), re.compile(r"[0-9]{4}(//)?")
_MEASURES = {"emp": ("jobs", "persons employed in mid-March"), "est": ("establishments", "establishments")}
# Noise flags that stand for a cell withheld: D discloses a firm, S is of poor quality. Older files flag a range of sizes.
_WITHHELD = ("D", "S", "(D)", "(S)", "N")
# Columns of the layouts by the area that they are of, in lower case.
_AREAS = {"cbsa_code": "metro", "msa": "metro", "fipscty": "county", "fipstate": "state"}
_OURS = {"naics_code": "naics", "estab": "est", "cbsa_code": "msa"}
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)|^cbp(\d\d)")


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields jobs and establishments by area and industry group of four digits; more and less detailed rows are left out."""
    header = [name.lower() for name in look(place).columns]
    areas = [("fipstate",)] if "fipscty" in header else []
    for names in (("naics", "naics_code"), ("emp",), ("est", "estab"), *areas):
        if not set(names) & set(header):
            reading.faults.add("the column is missing", line=1, field=" or ".join(names), remedy=f"it has {list_columns(header)}")
    reading.faults.refuse_if_any(_HEADING)
    written = {_OURS.get(name, name): name for name in header}
    area = next((kind for name, kind in _AREAS.items() if name in header), "nation")
    kinds, parts = {**dict.fromkeys(_READ, TEXT), "year": YEAR}, []
    for block in stream_table(
        place, kinds, reading, heading=_HEADING, delimiter=",", optional=kinds, may_miss=_READ, any_case=True
    ):
        block = block.rename(columns=_OURS).astype({_OURS.get(str(name), str(name)): "str" for name in block if name != "year"})
        wrong = ~block["naics"].str.fullmatch(_NAICS)
        named = block["naics"].where(block["naics"] != "")
        say_rows(reading.faults, written["naics"], "is no code of an industry (NAICS)", named, wrong)
        keep = block["naics"].str.fullmatch(_NAICS_4)
        # Rows by legal form stand beside those of all forms.
        keep &= block["lfo"] == "-" if "lfo" in block else True
        parts.append(block[keep])
    reading.faults.refuse_if_any(_HEADING)
    table = pd.concat(parts)
    if table.empty:
        reading.faults.add("no row is of an industry group of four digits", field="naics", remedy="its code reads 3344 or 3344//")
        reading.faults.refuse_if_any(_HEADING)
    table = _areas(table, area, written, reading).assign(year=_year(table, place, reading), activity=table["naics"].str[:4])
    unflagged = pd.Series("", table.index)
    hidden = table.get("emp_nf", unflagged).isin(_WITHHELD) | (table.get("empflag", unflagged) != "")
    table["emp"] = table["emp"].where(~hidden, "D")
    reading.faults.refuse_if_any(_HEADING)
    reading.names["activity"] = titles_of(table["activity"])
    reading.note("industry groups are of four digits (NAICS); groups and areas without a row have none, or are withheld")
    rows = measure_columns(table, ["region", "activity", "year"], _MEASURES, reading, suppressed=_WITHHELD)
    yield tidy(rows, KINDS["activities"])


def _areas(table: pd.DataFrame, area: str, written: dict[str, str], reading: Reading) -> pd.DataFrame:
    if area == "nation":
        return table.assign(region="USA")
    if area == "metro":
        form = "its code has five digits, from 10000 to 49999"
        check_codes(table["msa"], is_metro, "is no metropolitan or micropolitan area", written["msa"], form, reading)
        return table.assign(region=table["msa"])
    table = table.assign(region=table["fipstate"].str.zfill(2))
    if area == "state":
        check_codes(table["region"], states().__contains__, "is no state", "fipstate", "its code has two digits", reading)
        reading.names["region"] = {code: states()[code] for code in sorted(set(table["region"]))}
        return table
    table["region"] += table["fipscty"].str.zfill(3)
    table = leave_out(table, "region", table["region"].str.endswith("999"), "business in no single county", reading)
    check_codes(
        table["region"], is_county, "is no county", "fipscty", "the state's code has two digits, the county's three", reading
    )
    return table


def _year(table: pd.DataFrame, place: Path, reading: Reading) -> pd.Series | int:
    if "year" in table:
        return table["year"]
    found = _YEAR.search(place.name.lower())
    if reading.year is not None:
        return reading.year
    if found is None:
        reading.faults.add(
            "the year stands nowhere", remedy="say it with --year, or put it in the file's name: cbp19msa.txt, cbp_2019.csv"
        )
        return 0
    # Two digits: the first file is of 1986.
    return int(found[1]) if found[1] else 1900 + int(found[2]) + (100 if int(found[2]) < 86 else 0)


def _looks_like(sample: Sample) -> bool:
    names = {name.lower() for name in sample.columns}
    official = {"naics", "emp", "est"} <= names and bool(names & {"msa", "fipstate", "lfo"})
    return official or {"cbsa_code", "naics_code", "emp", "estab"} <= names


FORMATS = (
    Format(
        "cbp", "US County Business Patterns", "activities", "census_cbp",
        "columns msa (or fipstate, fipscty), naics, emp_nf, emp, est; or cbsa_code, naics_code, EMP, ESTAB", _looks_like, _stream,
    ),
)
