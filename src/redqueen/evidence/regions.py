"""Turns columns of regions into codes: alpha-3 where they are countries, now or formerly, else as their publisher writes them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.checking import FIRST_LINE
from redqueen.evidence.former_places import name_then, places_then
from redqueen.evidence.places import REST_OF_WORLD, is_country, is_group
from redqueen.evidence.reading import Reading

__all__ = ["Countries", "Regions"]

# Codes shorter than this are names of states and provinces as often as of countries: CA, 36.
_LEAST_LETTERS = 3


class Countries:
    """Turns columns of countries into alpha-3 codes; groups such as World are left out, and any other name is a fault.

    A publisher's own spelling is known by overriding `code`, what else is left out by `is_left_out`.
    """

    left_out_are = "groups of countries"

    def __init__(self, reading: Reading):
        self.reading = reading
        self.countries: bool | None = True
        self.codes: dict[str, str | None] = {}
        self.left_out: set[str] = set()

    def map(self, cells: pd.Series) -> tuple[pd.Categorical[str], np.ndarray]:
        """Gives the codes of a categorical column, and a mask of the rows that are kept; faults tell where a name first stands."""
        labels, numbers = list(cells.cat.categories), cells.cat.codes.to_numpy()
        used = np.flatnonzero(np.bincount(numbers[numbers >= 0], minlength=len(labels)))
        self.look_at([labels[number] for number in used])
        for number in used:
            if labels[number] not in self.codes:
                self.codes[labels[number]] = self._found(labels[number], cells, numbers == number)
        found = [self.codes.get(label) for label in labels]
        words = sorted({code for code in found if code})
        place = {code: position for position, code in enumerate(words)}
        positions = np.array([-1 if code is None else place.get(code, -1) for code in found] or [-1], dtype=np.int32)
        coded = np.where(numbers >= 0, positions[numbers], -1)
        return pd.Categorical.from_codes(coded, pd.Index(words)), coded >= 0

    def look_at(self, labels: list[str]) -> None:
        """Takes in the labels of a column before they are turned into codes."""

    def code(self, label: str, faults: Faults) -> str | None:
        """Gives a country's code, or None and a fault."""
        return places_then([label], faults).get(label)

    def is_left_out(self, label: str) -> bool:
        """Says whether a label is none of a country, and no fault."""
        return is_group(label)

    def note(self) -> None:
        """Notes what was left out."""
        self.reading.leave_out(self.left_out_are, self.left_out)

    def _found(self, label: str, cells: pd.Series, where: np.ndarray) -> str | None:
        faults = Faults()
        found = self.code(label, faults)
        if found is None and self.is_left_out(label):
            self.left_out.add(label or "(no code)")
        elif found is None:
            for fault in faults:
                line = int(cells.index[int(np.argmax(where))]) + FIRST_LINE
                self.reading.faults.add(fault.message, line=line, field=str(cells.name), remedy=fault.remedy)
        elif self.countries and found != REST_OF_WORLD:
            self.reading.names.setdefault("region", {}).setdefault(found, name_then(found))
        return found


class Regions(Countries):
    """Turns columns of regions into codes: those of countries where they are countries, else as they are written.

    `countries` says that the publisher's column holds countries; without it, a table whose first rows name more countries
    than other regions, by name or alpha-3 code, is one of countries.
    """

    def __init__(self, reading: Reading, *, countries: bool | None = None):
        super().__init__(reading)
        self.countries = countries

    def look_at(self, labels: list[str]) -> None:
        """Tells countries from other regions by the first labels."""
        if self.countries is None and labels:
            self.countries = _are_countries(labels)

    def code(self, label: str, faults: Faults) -> str | None:
        """Gives a country's code, or the label of another region."""
        if not label:
            return None
        return super().code(label, faults) if self.countries else label


def _are_countries(labels: Iterable[str]) -> bool:
    """Says whether more labels are countries, by name or alpha-3 code, than are not; groups of countries do not count."""
    n_countries = n_others = 0
    for label in labels:
        if is_group(label) or not label:
            continue
        one = is_country(label) or (len(label) > _LEAST_LETTERS and label in places_then([label], Faults()))
        n_countries, n_others = n_countries + one, n_others + (not one)
    return n_countries > n_others
