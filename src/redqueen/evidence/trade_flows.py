"""Turns blocks of a trade table with a column for exports and one for imports into tidy rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from redqueen.evidence.reading import Reading
from redqueen.evidence.tables import say_rows
from redqueen.evidence.trade_places import TradePlaces

__all__ = ["Names", "check_years", "flows", "relabelled"]

# Tables of the past reach far; what lies beyond these is a slip.
_FROM, _TO = 1500, 2200


def flows(
    block: pd.DataFrame, region: str, activity: str, values: Mapping[str, str], countries: TradePlaces, reading: Reading, *,
    partner: str | None = None, year: str = "year",
) -> pd.DataFrame:
    """Gives the rows of a block: one for each value that is there, exports first.

    `values` says the measure of each column of values. Cells without a value are counted as missing, negative ones noted as
    faults; groups and unspecified areas are left out.
    """
    code, kept = countries.map(block[region])
    other, kept_partner = countries.map(block[partner]) if partner else (None, True)
    years = check_years(block[year], reading)
    pieces = []
    for column, measure in values.items():
        cells = block[column]
        say_rows(reading.faults, column, "is below zero", cells, cells < 0)
        there = cells.notna().to_numpy()
        reading.missing += int((~there & kept & kept_partner).sum())
        rows = np.flatnonzero(there & kept & kept_partner)
        piece = {"region": code[rows]}
        if partner:
            piece["partner"] = other[rows]
        piece |= {
            "activity": block[activity].array[rows], "year": years[rows],
            "measure": pd.Categorical.from_codes(np.zeros(len(rows), dtype=np.int8), [measure]), "value": cells.to_numpy()[rows],
        }
        pieces.append(pd.DataFrame(piece, index=block.index[rows]))
    if len(pieces) == 1:
        return pieces[0]
    joined = pd.concat([piece.assign(measure=piece["measure"].astype("object")) for piece in pieces])
    return joined.rename_axis(index="row")


def check_years(cells: pd.Series, reading: Reading) -> np.ndarray:
    """Gives years as whole numbers, and notes as faults those out of range; a cell that is no number was noted before, and is 0."""
    odd = ~cells.between(_FROM, _TO) & np.isfinite(cells)
    if odd.any():
        say_rows(reading.faults, str(cells.name), f"is no year between {_FROM} and {_TO}", cells.map("{:g}".format), odd)
    return np.nan_to_num(cells.to_numpy(), posinf=0, neginf=0).astype(np.int64)


def relabelled(cells: pd.Series, label: Callable[[str], str]) -> pd.Series:
    """Gives a categorical column with each label put through a function, which may make several one."""
    positions, labels = pd.factorize(np.array([label(old) for old in cells.cat.categories], dtype=object))
    codes = positions[cells.cat.codes.to_numpy()] if len(positions) else cells.cat.codes.to_numpy()
    return pd.Series(pd.Categorical.from_codes(codes, labels), index=cells.index, name=cells.name)


class Names:
    """Gathers the codes of a column, and their words where another column holds them."""

    def __init__(self, reading: Reading):
        self.reading = reading
        self.codes: set[str] = set()

    def take(self, column: str, block: pd.DataFrame, codes: str, words: str | None) -> None:
        """Takes in a block: `words` names the column of words, if there is one; the first that a code has are kept."""
        new = [code for code in block[codes].cat.categories if code not in self.codes]
        self.codes.update(new)
        if words is None or not new:
            return
        known = self.reading.names.setdefault(column, {})
        pairs = block.loc[block[codes].isin(new), [codes, words]].drop_duplicates(codes)
        for code, name in zip(pairs[codes], pairs[words], strict=True):
            if name:
                known.setdefault(str(code), str(name))
