"""Reads a register of organisations: who they are, where, what they can do, how large they are and whom they know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from redqueen.errors import Faults, nearest
from redqueen.evidence.checking import FIRST_LINE, SHOWN, say_rows
from redqueen.evidence.former_places import places_then
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.regions import Regions
from redqueen.evidence.sample import Sample
from redqueen.evidence.streaming import NUMBER, TEXT, stream_table

__all__ = ["FORMATS", "listed"]

_HEADING = "organisations register"
_COLUMNS = {"organisation": TEXT, "region": TEXT, "capabilities": TEXT, "size": NUMBER, "ties": TEXT}
_OPTIONAL = ("size", "ties")
_APART = ";"


def listed(cell: str) -> list[str]:
    """Lists what a cell of capabilities or ties holds, in its order, each once."""
    return list(dict.fromkeys(part for part in (" ".join(part.split()) for part in cell.split(_APART)) if part))


def _looks_like(sample: Sample) -> bool:
    return {"organisation", "region", "capabilities"} <= set(sample.columns)


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Streams the register: organisation, region, capabilities and ties (several apart by ';'), size.

    Ties name organisations of the register, or regions: those where its organisations are, and countries. An unknown tie, a tie
    to itself, a negative size and an organisation that stands twice are refused. Size may be empty; it is in the register's own
    unit. Countries become alpha-3 codes, other regions stay as written.
    """
    blocks = list(
        stream_table(place, _COLUMNS, reading, heading=_HEADING, optional=_OPTIONAL, may_miss=("capabilities", "size", "ties"))
    )
    rows = pd.concat([block.astype({name: "object" for name in block if name != "size"}) for block in blocks])
    regions = Regions(reading)
    codes, kept = regions.map(rows["region"].astype("category"))
    if "size" in rows:
        say_rows(reading.faults, "size", "is below zero", rows["size"], rows["size"] < 0)
        reading.missing += int(rows["size"].isna().sum())
    organisations = {" ".join(name.split()) for name in rows["organisation"]}
    known_regions = set(rows["region"]) | set(codes.categories)
    ties = rows["ties"] if "ties" in rows else pd.Series("", index=rows.index)
    reading.units["size"] = "the register's own unit"
    tidy = pd.DataFrame(
        {
            "organisation": [" ".join(name.split()) for name in rows["organisation"]],
            "region": pd.Series(codes, index=rows.index).astype("object"),
            "capabilities": [_APART.join(listed(cell)) for cell in rows["capabilities"]],
            "size": rows["size"] if "size" in rows else float("nan"),
            "ties": "",
        },
        index=rows.index,
    )
    found = [
        _ties(row, name, cell, organisations, known_regions, regions, reading)
        for row, name, cell in zip(rows.index, tidy["organisation"], ties, strict=True)
    ]
    tidy["ties"] = [_APART.join(names) for names in found]
    regions.note()
    yield tidy[kept].rename_axis(index="row")


def _ties(
    row: int, organisation: str, cell: str, organisations: set[str], known_regions: set[str], regions: Regions, reading: Reading
) -> list[str]:
    """Gives the ties of an organisation, regions by their codes; notes each that nobody has."""
    found = []
    for tie in listed(cell):
        country = places_then([tie], Faults()).get(tie) if regions.countries else None
        if tie == organisation:
            reading.faults.add(f"'{tie}' is tied to itself", line=int(row) + FIRST_LINE, field="ties", remedy="take it out")
        elif tie in organisations:
            found.append(tie)
        elif country or tie in known_regions:
            found.append(country or tie)
        elif len(reading.faults) < SHOWN * SHOWN:
            remedy = nearest(tie, organisations | known_regions) or "add it to the register, or name its region"
            complaint = f"'{tie}' is neither an organisation nor a region of the register"
            reading.faults.add(complaint, line=int(row) + FIRST_LINE, field="ties", remedy=remedy)
    return list(dict.fromkeys(found))


FORMATS = (
    Format(
        name="organisations", title="Organisations register", kind="organisations", source="brought",
        layout="organisation, region, capabilities (a;b), size, ties (organisations or regions, a;b)",
        looks_like=_looks_like, stream=_stream,
    ),
)
