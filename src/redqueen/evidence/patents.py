"""Reads patents by region, technology and year, from NSF's Science and Engineering Indicators."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.checking import numbers, refuse_repeats, say_rows, year_numbers
from redqueen.evidence.places import places
from redqueen.evidence.tables import open_table

__all__ = ["ALL_TECHNOLOGIES", "read_patents"]

# The total over technologies, a row of its own: it differs by up to one per cent from the sum of rounded fields.
ALL_TECHNOLOGIES = "ALL"

_HEADING = "table of patents"
_TRUE = frozenset({"true", "1", "1.0", "yes"})
_FALSE = frozenset({"false", "0", "0.0", "no"})


def read_patents(path: str | Path) -> pd.DataFrame:
    """Reads a table of patents into rows of region (alpha-3), technology, year and patents, sorted by them.

    Columns read: technology, region (name or code), year, patents and, where it is there, is_country: rows of groups
    of countries are left out. Technology ALL is the total and stays a row of its own. Counts are fractional, by the
    region of the inventor, in patents a year. Refuses, all at once, missing columns, unknown countries, cells that are
    not numbers, negative counts and repeated rows. Source of the layout: NCSES, US patents by WIPO field (ncses_sei).
    """
    frame, faults = open_table(path, _HEADING, wanted=["technology", "region", "year", "patents"]), Faults(file=path)
    frame = _countries(frame, faults)
    say_rows(faults, "technology", "is missing", frame["technology"], frame["technology"].isna())
    say_rows(faults, "region", "is missing", frame["region"], frame["region"].isna())
    tidy = pd.DataFrame(
        {
            "region": frame["region"].map(places(frame["region"].dropna(), faults, "region")),
            "technology": frame["technology"].astype("str").str.strip(),
            "year": year_numbers(frame["year"], "year", faults),
            "patents": numbers(frame["patents"], "patents", faults, least=0.0),
        }
    )
    if frame.empty:
        faults.add("no row is of a country", field="is_country")
    faults.refuse_if_any(_HEADING)
    tidy["year"] = tidy["year"].astype("int64")
    refuse_repeats(tidy, ["region", "technology", "year"], faults)
    faults.refuse_if_any(_HEADING)
    return tidy.sort_values(["region", "technology", "year"], ignore_index=True)


def _countries(frame: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    if "is_country" not in frame.columns:
        return frame
    said = frame["is_country"].astype("str").str.strip().str.casefold()
    say_rows(faults, "is_country", "is neither True nor False", frame["is_country"], ~said.isin(_TRUE | _FALSE))
    return frame[said.isin(_TRUE)]
