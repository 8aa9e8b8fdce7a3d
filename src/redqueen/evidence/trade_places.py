"""Tells countries from groups and unspecified areas among the codes of trade statistics."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.places import is_group
from redqueen.evidence.reading import Reading
from redqueen.evidence.regions import country_of
from redqueen.evidence.tables import FIRST_LINE

__all__ = ["TAIWAN", "TradePlaces", "taken_for_taiwan"]

#: The United Nations' code for "Other Asia, not elsewhere specified", in letters and in digits.
TAIWAN = ("S19", "490")

# World, groups and areas not elsewhere specified: W00, _X, XX, X1, R91, EUR, ANS, the Atlas's and OEC's undeclared lands.
_AREA = re.compile(r"W00|WLD|WORLD|_X|X[X\d][A-Z]?|[A-Z]\d\d?|[A-Z]{2}\d|EUR|EU2|ANS|N/?A|-|")
_TAKEN_FOR_TAIWAN = "Other Asia, not elsewhere specified (S19), is taken for Taiwan, which the United Nations do not list"


def taken_for_taiwan(reading: Reading) -> str:
    """Gives Taiwan's code, and notes that unspecified Asia is taken for it."""
    reading.note(_TAKEN_FOR_TAIWAN)
    return "TWN"


class TradePlaces:
    """Turns a column of publisher's codes into alpha-3 codes, one for each country now or formerly.

    Groups and unspecified areas are left out, and noted; a code that is neither becomes a fault where it first stands.
    `spelt` undoes a publisher's spelling.
    """

    def __init__(self, reading: Reading, spelt: Callable[[str], str] = str.upper):
        self.reading, self.spelt = reading, spelt
        self.codes: dict[str, str | None] = {}
        self.left_out: set[str] = set()

    def map(self, cells: pd.Series) -> tuple[pd.Categorical, np.ndarray]:
        """Gives the codes of a categorical column, and a mask of the rows whose code is a country's."""
        labels, numbers = cells.cat.categories, cells.cat.codes.to_numpy()
        faults = Faults()
        for number, label in enumerate(labels):
            if label not in self.codes and (numbers == number).any():
                faults.clear()
                self.codes[label] = self._code(label, faults)
                for fault in faults:
                    line = int(cells.index[np.argmax(numbers == number)]) + FIRST_LINE
                    self.reading.faults.add(fault.message, line=line, field=str(cells.name), remedy=fault.remedy)
        found = [self.codes.get(label) for label in labels]
        words = sorted({code for code in found if code})
        positions = np.array([words.index(code) if code else -1 for code in found] or [-1], dtype=np.int32)
        coded = positions[numbers] if len(labels) else np.full(len(cells), -1)
        return pd.Categorical.from_codes(coded, words), coded >= 0

    def note(self) -> None:
        """Notes the codes that were left out."""
        if self.left_out:
            listed = sorted(self.left_out)
            shown = ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
            self.reading.note(f"groups and unspecified areas are left out: {shown}")

    def _code(self, label: str, faults: Faults) -> str | None:
        spelt = self.spelt(label)
        if spelt in TAIWAN:
            return taken_for_taiwan(self.reading)
        found = country_of(spelt, self.reading, faults)
        if found:
            return found
        if is_group(label) or _AREA.fullmatch(spelt):
            faults.clear()
            self.left_out.add(label or "(no code)")
        return None
