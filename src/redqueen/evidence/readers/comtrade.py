"""Reads what UN Comtrade's first version of its interface gives: yearly exports and imports by reporter, partner and product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.checking import say_rows
from redqueen.evidence.harmonised_system import product_names
from redqueen.evidence.readers.trade import TradePlaces, trade_rows
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample, look
from redqueen.evidence.streaming import NUMBER, TEXT, YEAR, stream_table

__all__ = ["FORMATS"]

UNIT = "current USD"

_HEADING = "UN Comtrade"
_WORLD = "W00"
_TOTAL = "TOTAL"
_FLOWS = {"X": "exports", "M": "imports"}
# Rows are totals over these where they hold the value given; others break a total down.
_TOTALS = {"partner2ISO": (_WORLD, ""), "customsCode": ("C00", ""), "motCode": ("0", ""), "mosCode": ("0", "")}
_NEEDED = {"refYear": YEAR, "reporterISO": TEXT, "flowCode": TEXT, "partnerISO": TEXT, "cmdCode": TEXT, "primaryValue": NUMBER}


@dataclass(eq=False)
class _Scope:
    """Says which rows are kept: whether trade is told by partner, and how many digits a product has."""

    by_partner: bool = False
    lengths: set[int] = field(default_factory=set)


def _looks_like(sample: Sample) -> bool:
    return {"refYear", "reporterISO", "cmdCode", "primaryValue"} <= set(sample.columns)


def _stream(place: Path, reading: Reading) -> Iterator[pd.DataFrame]:
    """Streams exports and imports by reporter, partner, product and year, at the finest level of products that the file has.

    Left out are totals over products (TOTAL), coarser levels of products, totals over partners (W00) where partners are
    listed, groups and unspecified areas, flows other than exports (X) and imports (M), and rows that break a total down by
    customs procedure, means of transport or second partner. Where W00 is the only partner, the table is of region x
    activity. Source of the layout: un_comtrade.
    """
    columns = look(place).columns
    kinds = {**_NEEDED, **dict.fromkeys((name for name in _TOTALS if name in columns), TEXT)}
    may_miss = ["primaryValue", *_TOTALS]
    scope = _scope(place, kinds, may_miss)
    reading.kind = "trade" if scope.by_partner else "activities"
    digits = max(scope.lengths, default=0)
    if len(scope.lengths) > 1:
        reading.note(f"products of {digits} digits are kept; coarser levels hold the same trade and are left out")
    countries = TradePlaces(reading)
    seen: set[str] = set()
    for block in stream_table(place, kinds, reading, heading=_HEADING, delimiter=",", may_miss=may_miss):
        kept = _kept(block, digits, scope, reading)
        say_rows(reading.faults, "primaryValue", "is below zero", block["primaryValue"], block["primaryValue"] < 0)
        rows = block[kept]
        seen.update(rows["cmdCode"].cat.remove_unused_categories().cat.categories)
        for flow, measure in _FLOWS.items():
            mine = rows[rows["flowCode"] == flow]
            if mine.empty:
                continue
            reading.units[measure] = UNIT
            yield trade_rows(
                mine, "reporterISO", "cmdCode", {"primaryValue": measure}, countries, reading, year="refYear",
                partner="partnerISO" if scope.by_partner else None,
            )
    countries.note()
    reading.names.setdefault("activity", {}).update(product_names(sorted(seen)))


def _scope(place: Path, kinds: dict[str, str], may_miss: list[str]) -> _Scope:
    """Reads partners and products alone, to tell totals from what they are totals of."""
    looking, scope = Reading(place, faults=Faults(file=place)), _Scope()
    for block in stream_table(place, kinds, looking, heading=_HEADING, delimiter=",", may_miss=may_miss):
        scope.by_partner |= any(label not in (_WORLD, "") for label in block["partnerISO"].cat.categories)
        scope.lengths |= {len(code) for code in block["cmdCode"].cat.categories if code != _TOTAL}
    return scope


def _kept(block: pd.DataFrame, digits: int, scope: _Scope, reading: Reading) -> np.ndarray:
    kept = np.ones(len(block), dtype=bool)

    def drop(wrong: pd.Series, note: str) -> None:
        nonlocal kept
        if wrong.any():
            reading.note(f"{note} are left out")
            kept &= ~wrong.to_numpy()

    for column, totals in _TOTALS.items():
        if column in block:
            drop(~block[column].isin(totals), f"rows that break a total down by {column}")
    drop(~block["flowCode"].isin(list(_FLOWS)), "flows other than exports (X) and imports (M)")
    drop(block["cmdCode"] == _TOTAL, "totals over products (TOTAL)")
    if scope.by_partner:
        drop(block["partnerISO"] == _WORLD, "totals over partners (W00)")
    level = {code: len(code) == digits for code in block["cmdCode"].cat.categories}
    return kept & block["cmdCode"].map(level).to_numpy(dtype=bool)


FORMATS = (
    Format(
        name="comtrade", title="UN Comtrade", kind="trade", source="un_comtrade",
        layout="refYear, reporterISO, flowCode, partnerISO, cmdCode, primaryValue", looks_like=_looks_like, stream=_stream,
    ),
)
