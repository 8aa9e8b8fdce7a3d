"""Tells whether a table's regions are countries, and gives their codes; regions of other systems keep the publisher's."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from redqueen.errors import Faults, require
from redqueen.evidence.former_places import name_then, places_then
from redqueen.evidence.places import REST_OF_WORLD, is_group
from redqueen.evidence.reading import Reading
from redqueen.evidence.tables import FIRST_LINE

__all__ = ["Regions", "country_of"]

# Codes that ISO 3166 gave up when a country changed its name, with those in use.
_RENAMED = {
    "BUR": "MMR", "ZAR": "COD", "TMP": "TLS", "DHY": "BEN", "HVO": "BFA", "NHB": "VUT", "RHO": "ZWE", "BYS": "BLR", "PAL": "PSE",
}

# Codes shorter than this are names of states and provinces as often as of countries: CA, 36.
_LEAST_LETTERS = 3


class Regions:
    """Turns columns of regions into codes: alpha-3 where they are countries, else as they are written.

    `countries` says that the publisher's column holds countries; without it, a table whose first rows name more countries
    than other regions, by name or alpha-3 code, is one of countries. Among countries, groups such as World are left out and
    noted, and any other name is a fault where it first stands.
    """

    def __init__(self, reading: Reading, *, countries: bool | None = None):
        self.reading, self.countries = reading, countries
        self.codes: dict[str, str | None] = {}
        self.left_out: set[str] = set()

    def map(self, cells: pd.Series) -> tuple[pd.Categorical, np.ndarray]:
        """Gives the codes of a categorical column, and a mask of the rows that are kept."""
        labels, numbers = list(cells.cat.categories), cells.cat.codes.to_numpy()
        used = [labels[number] for number in np.flatnonzero(np.bincount(numbers[numbers >= 0], minlength=len(labels)))]
        if self.countries is None and used:
            self.countries = are_countries(used)
        for label in used:
            if label not in self.codes:
                self.codes[label] = self._code(label, cells)
        found = [self.codes.get(label) for label in labels]
        words = sorted({code for code in found if code})
        place = {code: position for position, code in enumerate(words)}
        positions = np.array([place.get(code, -1) for code in found] or [-1], dtype=np.int32)
        coded = np.where(numbers >= 0, positions[numbers], -1)
        return pd.Categorical.from_codes(coded, words), coded >= 0

    def note(self) -> None:
        """Notes what was left out."""
        if self.left_out:
            self.reading.note(f"groups of countries are left out: {', '.join(sorted(self.left_out))}")

    def _code(self, label: str, cells: pd.Series) -> str | None:
        if not label:
            return None
        if not self.countries:
            return label
        if is_group(label):
            self.left_out.add(label)
            return None
        faults = Faults()
        found = country_of(label, self.reading, faults)
        for fault in faults:
            line = int(cells.index[np.argmax((cells == label).to_numpy())]) + FIRST_LINE
            self.reading.faults.add(fault.message, line=line, field=str(cells.name), remedy=fault.remedy)
        if found and found != label and found != REST_OF_WORLD:
            self.reading.names.setdefault("region", {}).setdefault(found, name_then(found))
        return found


def country_of(label: str, reading: Reading, faults: Faults) -> str | None:
    """Gives the code of a country known now or formerly, or None and a fault; the words for former ones go to the reading."""
    here = Faults()
    found = places_then([label], here).get(label)
    former = None if found else require("pycountry", "evidence").historic_countries.get(alpha_3=label)
    if former is not None:
        found = _RENAMED.get(label, label)
        if found == label:
            reading.names.setdefault("region", {})[label] = former.name
    if found is None:
        faults.extend(here)
    return found


def are_countries(labels: Iterable[str]) -> bool:
    """Says whether more labels are countries, by name or alpha-3 code, than are not; groups of countries do not count."""
    known = {country.alpha_3 for country in require("pycountry", "evidence").countries}
    n_countries = n_others = 0
    for label in labels:
        if is_group(label) or not label:
            continue
        one = label in known or (len(label) > _LEAST_LETTERS and label in places_then([label], Faults()))
        n_countries, n_others = n_countries + one, n_others + (not one)
    return n_countries > n_others
