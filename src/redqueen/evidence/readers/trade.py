"""Turns blocks of a trade table into tidy rows: tells countries from groups and unspecified areas, exports from imports."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.checking import say_rows
from redqueen.evidence.reading import Reading
from redqueen.evidence.regions import Countries

__all__ = ["TAIWAN", "UNSPECIFIED", "TradePlaces", "taken_for_taiwan", "trade_rows"]

#: The United Nations' code for "Other Asia, not elsewhere specified", in letters and in digits.
TAIWAN = ("S19", "490")
#: What trade statistics list beside countries, and is left out.
UNSPECIFIED = "groups and unspecified areas"

# World, groups and areas not elsewhere specified: W00, _X, XX, X1, R91, EUR, ANS, the Atlas's and OEC's undeclared lands.
_AREA = re.compile(r"W00|WLD|WORLD|_X|X[X\d][A-Z]?|[A-Z]\d\d?|[A-Z]{2}\d|EUR|EU2|ANS|N/?A|-|")
_TAKEN_FOR_TAIWAN = "Other Asia, not elsewhere specified (S19), is taken for Taiwan, which the United Nations do not list"


def taken_for_taiwan(reading: Reading) -> str:
    """Gives Taiwan's code, and notes that unspecified Asia is taken for it."""
    reading.note(_TAKEN_FOR_TAIWAN)
    return "TWN"


class TradePlaces(Countries):
    """Turns columns of the codes of trade statistics into alpha-3 codes; groups and unspecified areas are left out.

    `spelt` undoes a publisher's spelling.
    """

    left_out_are = UNSPECIFIED

    def __init__(self, reading: Reading, spelt: Callable[[str], str] = str.upper):
        super().__init__(reading)
        self.spelt = spelt

    def code(self, label: str, faults: Faults) -> str | None:
        """Gives a country's code, or None and a fault."""
        spelt = self.spelt(label)
        return taken_for_taiwan(self.reading) if spelt in TAIWAN else super().code(spelt, faults)

    def is_left_out(self, label: str) -> bool:
        """Says whether a label is none of a country, and no fault."""
        return super().is_left_out(label) or _AREA.fullmatch(self.spelt(label)) is not None


def trade_rows(
    block: pd.DataFrame, region: str, activity: str, values: Mapping[str, str], countries: TradePlaces, reading: Reading, *,
    partner: str | None = None, year: str = "year",
) -> pd.DataFrame:
    """Gives the rows of a block: one for each value that is there, exports first.

    `values` says the measure of each column of values. Cells without a value are counted as missing, negative ones noted as
    faults; groups and unspecified areas are left out.
    """
    code, kept = countries.map(block[region])
    other, kept_partner = countries.map(block[partner]) if partner else (None, True)
    pieces = []
    for column, measure in values.items():
        cells = block[column]
        say_rows(reading.faults, column, "is below zero", cells, cells < 0)
        there = cells.notna().to_numpy()
        reading.missing += int((~there & kept & kept_partner).sum())
        rows = np.flatnonzero(there & kept & kept_partner)
        piece: dict[str, Any] = {"region": code[rows]}
        if other is not None:
            piece["partner"] = other[rows]
        piece |= {
            "activity": block[activity].array[rows], "year": block[year].to_numpy()[rows],
            "measure": pd.Categorical.from_codes(np.zeros(len(rows), dtype=np.int8), pd.Index([measure])),
            "value": cells.to_numpy()[rows],
        }
        pieces.append(pd.DataFrame(piece, index=block.index[rows]))
    if len(pieces) == 1:
        return pieces[0]
    joined = pd.concat([piece.assign(measure=piece["measure"].astype("object")) for piece in pieces])
    return joined.rename_axis(index="row")
