"""Joins the tables of a publisher who gives one file a year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from redqueen.errors import Refused
from redqueen.evidence.evidence import Evidence

__all__ = ["join_years"]

# Part of the shorter table's codes that the other must know, for both to be of one classification.
_SHARED = 0.5
# Rows from which on memory matters.
_LARGE = 1_000_000


def join_years(tables: Iterable[Evidence]) -> list[Evidence]:
    """Joins tables of one layout, kind and units with mostly the same regions and activities, and other years.

    The order is that of the first of each; tables that fit no other stay as they are. Input-output tables are ordered by year.
    Refuses two tables of the same things that share a year.
    """
    found: list[Evidence] = []
    for table in map(_compact, tables):
        place = next((place for place, other in enumerate(found) if _continues(other, table)), None)
        if place is None:
            found.append(table)
        else:
            found[place] = _joined(found[place], table)
    return found


def _compact(table: Evidence) -> Evidence:
    """Keeps each text of a large table once: millions of rows repeat a few thousand codes."""
    if len(table.rows) < _LARGE:
        return table
    texts = [name for name in table.rows if name not in ("year", "value")]
    return replace(table, rows=table.rows.astype(dict.fromkeys(texts, "category")))


def _continues(one: Evidence, other: Evidence) -> bool:
    if (one.format, one.kind, dict(one.units)) != (other.format, other.kind, dict(other.units)):
        return False
    if one.kind == "organisations" or not (_alike(one.regions, other.regions) and _alike(one.activities, other.activities)):
        return False
    both = sorted(set(one.years) & set(other.years))
    if both:
        files = " and ".join(", ".join(file.name for file in table.files) or table.format for table in (one, other))
        years = f"{both[0]} to {both[-1]}" if len(both) > 1 else str(both[0])
        raise Refused.one(
            f"{files} both hold {years}", field="TABLE", remedy="give each year of a table once", heading="joining tables"
        )
    return True


def _alike(one: list[str], other: list[str]) -> bool:
    shorter = min(len(one), len(other))
    return shorter == 0 or len(set(one) & set(other)) >= _SHARED * shorter


def _joined(one: Evidence, other: Evidence) -> Evidence:
    names = {column: {**other.names.get(column, {}), **one.names.get(column, {})} for column in {**one.names, **other.names}}
    return replace(
        one,
        rows=one.rows if one.tables else pd.concat([one.rows, other.rows], ignore_index=True),
        files=(*one.files, *other.files), names=names, notes=tuple(dict.fromkeys([*one.notes, *other.notes])),
        missing=one.missing + other.missing, suppressed=one.suppressed + other.suppressed,
        tables=tuple(sorted((*one.tables, *other.tables), key=lambda table: table.year)),
    )
