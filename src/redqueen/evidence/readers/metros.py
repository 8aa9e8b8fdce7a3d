"""Reads US patents by metropolitan area, and births and deaths of firms by state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.evidence.evidence import KINDS
from redqueen.evidence.reading import Format, Reading, has_columns
from redqueen.evidence.reshaping import check_codes, leave_out, measure_columns, tidy, whole_table
from redqueen.evidence.united_states import is_metro, state_of, states

__all__ = ["FORMATS"]

_HEADING = "table of US regions"
# Rows of the patent office's table that are no area: what lies outside of all, by state, and what is unknown.
_ELSEWHERE = ("Non Metro", "Undetermined")
# The Census Bureau's mark of business that is in no single state.
_NO_STATE = "97"
# Withheld: (D) would disclose a firm, (S) is of poor quality.
_WITHHELD = ("(D)", "(S)", "D", "S")
_COUNTS, _RATES = "a year", "percent of the mean of this and the last year"
_DYNAMICS = {
    "firms": ("firms", "firms"),
    "estabs": ("establishments", "establishments"),
    "emp": ("jobs", "persons employed"),
    "estabs_entry": ("establishment entry", f"establishments {_COUNTS}"),
    "estabs_entry_rate": ("establishment entry rate", _RATES),
    "estabs_exit": ("establishment exit", f"establishments {_COUNTS}"),
    "estabs_exit_rate": ("establishment exit rate", _RATES),
    "job_creation": ("job creation", f"jobs {_COUNTS}"),
    "job_creation_births": ("job creation by new establishments", f"jobs {_COUNTS}"),
    "job_creation_rate": ("job creation rate", _RATES),
    "job_destruction": ("job destruction", f"jobs {_COUNTS}"),
    "job_destruction_deaths": ("job destruction by closed establishments", f"jobs {_COUNTS}"),
    "job_destruction_rate": ("job destruction rate", _RATES),
    "net_job_creation": ("net job creation", f"jobs {_COUNTS}"),
    "net_job_creation_rate": ("net job creation rate", _RATES),
    "reallocation_rate": ("job reallocation rate", _RATES),
    "firmdeath_firms": ("firm deaths", f"firms {_COUNTS}"),
    "firmdeath_emp": ("jobs lost with firm deaths", f"jobs {_COUNTS}"),
}


def _patents(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields patents by metropolitan or micropolitan area, with the areas' names."""
    table = whole_table(
        place, reading, heading=_HEADING, text=["cbsa_code", "cbsa_name"], number=["patents_issued"]
    ).rename(columns={"cbsa_code": "region"})
    elsewhere = table["cbsa_name"].str.startswith(_ELSEWHERE)
    table = leave_out(table, "cbsa_name", elsewhere, "patents outside of metropolitan and micropolitan areas", reading)
    words, form = "is no metropolitan or micropolitan area", "its code has five digits, from 10000 to 49999"
    check_codes(table["region"], is_metro, words, "cbsa_code", form, reading)
    reading.names["region"] = dict(zip(table["region"], table["cbsa_name"], strict=True))
    reading.note("patents are counted by the year of grant and the residence of the first inventor")
    rows = measure_columns(table, ["region", "year"], {"patents_issued": ("patents", "patents a year")}, reading)
    yield tidy(rows, KINDS["regions"])


def _dynamics(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Yields firms, establishments, jobs and their entry and exit by state."""
    table = whole_table(
        place, reading, heading=_HEADING, text=["st", *_DYNAMICS],
        optional=[name for name in _DYNAMICS if name not in ("firms", "estabs", "emp")],
    )
    table = leave_out(table, "st", table["st"] == _NO_STATE, "business in no single state, code", reading)
    check_codes(table["st"], state_of, "is no state", "st", "give its FIPS code, 1 to 56", reading)
    codes = {code: state_of(code) for code in table["st"].unique()}
    table = table.assign(region=table["st"].map(codes))
    reading.names["region"] = {code: states()[code] for code in sorted({code for code in codes.values() if code is not None})}
    signed = ["net_job_creation", "net_job_creation_rate"]
    rows = measure_columns(table, ["region", "year"], _DYNAMICS, reading, suppressed=_WITHHELD, signed=signed)
    yield tidy(rows, KINDS["regions"])


FORMATS = (
    Format(
        "metro_patents", "US patents by metropolitan area", "regions", "uspto_metros",
        "columns cbsa_code, cbsa_name, year, patents_issued",
        has_columns("cbsa_code", "cbsa_name", "year", "patents_issued"), _patents,
    ),
    Format(
        "bds", "US Business Dynamics Statistics by state", "regions", "census_bds",
        "columns year, st, firms, estabs, emp, estabs_entry ...",
        has_columns("year", "st", "firms", "estabs", "emp"), _dynamics,
    ),
)
