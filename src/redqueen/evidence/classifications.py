"""Says which sectors of input-output tables and which fields of patents make up an industry (classifications.toml)."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from redqueen.errors import Faults, Refused, nearest

__all__ = ["Industry", "classes_of", "industry", "industry_names", "sector_groups", "sector_names", "technologies_of"]

# H01L, H01L21/027, H01L 21/027; Y stands in the Cooperative Patent Classification alone.
_SUBCLASS = re.compile(r"[A-HY]\d{2}[A-Z](?![A-Za-z]).*")
# A message lists this many labels of a table, and counts the rest.
_LISTED = 60


@dataclass(frozen=True)
class Industry:
    """Names one industry in each classification.

    `sectors` are its labels in the known input-output tables (a table uses one of them, the first that it has);
    `technologies` are the patent fields that it draws on, `classes` the first letters of the IPC and CPC symbols in them.
    """

    name: str
    sectors: tuple[str, ...]
    technologies: tuple[str, ...]
    classes: tuple[str, ...]

    def sector_in(self, sectors: Iterable[str]) -> str:
        """Gives the label that a table with these sectors uses for the industry; refuses a table that has none."""
        listed = list(sectors)
        found = [sector for sector in self.sectors if sector in listed]
        if not found:
            raise Refused.one(
                f"the table has no sector for {self.name}: it would be {' or '.join(self.sectors)}; "
                f"the table has {_some(listed)}",
                field="sector",
            )
        return found[0]

    def technologies_in(self, activities: Iterable[str]) -> tuple[str, ...]:
        """Lists a table's own labels of the industry's technologies: WIPO's fields in any case, or IPC and CPC symbols.

        Refuses a table that has some of the fields and lacks others, one whose symbols are none of the industry's, and one
        with neither: classes such as H01 hold other technologies too. Source: schmoch_2008.
        """
        listed = list(activities)
        fields = {label.casefold(): label for label in listed}
        missing = [field for field in self.technologies if field.casefold() not in fields]
        if not missing:
            return tuple(fields[field.casefold()] for field in self.technologies)
        faults = Faults()
        if len(missing) < len(self.technologies):
            for field in missing:
                faults.add(f"the table has no technology '{field}'", field="technology", remedy=nearest(field, listed))
        elif not all(_SUBCLASS.fullmatch(label) for label in listed):
            faults.add(
                f"the table's technologies are not those known: it has {_some(listed)}", field="technology",
                remedy=f"give WIPO's fields, such as {self.technologies[-1]}, or subclasses of the IPC or CPC, such as H01L",
            )
        else:
            found = tuple(sorted(label for label in listed if label.startswith(self.classes)))
            if found:
                return found
            faults.add(f"the table has no patents of {self.name}: they would be in {', '.join(self.classes)}", field="technology")
        raise Refused(faults)


def industry(name: str) -> Industry:
    """Gives an industry by name; refuses an unknown one, with the nearest known."""
    known = _classifications()["industries"]
    if name not in known:
        raise Refused.one(
            f"no industry is called '{name}'; there is {', '.join(known)}", field="industry", remedy=nearest(name, known)
        )
    entry = known[name]
    areas = entry["technology_areas"]
    return Industry(name, tuple(entry["sectors"]), technologies_of(areas), classes_of(areas))


def industry_names() -> tuple[str, ...]:
    """Lists the industries that are classified."""
    return tuple(_classifications()["industries"])


def sector_groups() -> dict[str, tuple[str, ...]]:
    """Gives the industries of WIOD's 2013 release that each sector of the aggregated table holds. Source: wiod_2013."""
    return {code: tuple(entry["holds"]) for code, entry in _classifications()["sectors"].items()}


def sector_names() -> dict[str, str]:
    """Gives the words for the 35 industries of WIOD's 2013 release, c1 to c35, and the sectors of its aggregated table."""
    known = _classifications()
    return {**known["industries_2013"], **{code: entry["name"] for code, entry in known["sectors"].items()}}


def technologies_of(areas: Iterable[str]) -> tuple[str, ...]:
    """Lists the WIPO technology fields of some areas, such as "electrical engineering". Source: schmoch_2008."""
    known = _classifications()["technologies"]
    listed = list(areas)
    unknown = [area for area in listed if area not in known]
    if unknown:
        raise Refused.one(
            f"no area of technology is called '{unknown[0]}'; there is {', '.join(known)}",
            remedy=nearest(unknown[0], known),
        )
    return tuple(field for area in listed for field in known[area])


def classes_of(areas: Iterable[str]) -> tuple[str, ...]:
    """Lists the first letters of the IPC and CPC symbols in some areas of technology, as far as known. Source: schmoch_2008."""
    known = _classifications()["technology_classes"]
    return tuple(letters for area in areas for letters in known.get(area, ()))


def _some(labels: list[str]) -> str:
    return ", ".join(labels[:_LISTED]) + (f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else "")


@functools.cache
def _classifications() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("classifications.toml").read_text(encoding="utf-8"))
