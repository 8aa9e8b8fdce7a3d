"""Says which sectors of input-output tables and which fields of patents make up an industry (classifications.toml)."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from redqueen.errors import Refused, nearest

__all__ = ["Industry", "industry", "industry_names", "sector_groups", "technologies_of"]


@dataclass(frozen=True)
class Industry:
    """Names one industry in each classification.

    `sectors` are its labels in the known input-output tables (a table uses one of them); `technologies` are the
    patent fields that it draws on.
    """

    name: str
    sectors: tuple[str, ...]
    technologies: tuple[str, ...]

    def sector_in(self, sectors: Iterable[str]) -> str:
        """Gives the label that a table with these sectors uses for the industry; refuses a table that has none."""
        listed = list(sectors)
        found = [sector for sector in self.sectors if sector in listed]
        if not found:
            raise Refused.one(
                f"the table has no sector for {self.name}: it would be {' or '.join(self.sectors)}; "
                f"the table has {', '.join(listed)}",
                field="sector",
            )
        return found[0]


def industry(name: str) -> Industry:
    """Gives an industry by name; refuses an unknown one, with the nearest known."""
    known = _classifications()["industries"]
    if name not in known:
        raise Refused.one(
            f"no industry is called '{name}'; there is {', '.join(known)}", field="industry", remedy=nearest(name, known)
        )
    entry = known[name]
    return Industry(name, tuple(entry["sectors"]), technologies_of(entry["technology_areas"]))


def industry_names() -> tuple[str, ...]:
    """Lists the industries that are classified."""
    return tuple(_classifications()["industries"])


def sector_groups() -> dict[str, tuple[str, ...]]:
    """Gives the industries of WIOD's 2013 release that each sector of the aggregated table holds. Source: wiod_2013."""
    return {code: tuple(entry["holds"]) for code, entry in _classifications()["sectors"].items()}


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


@functools.cache
def _classifications() -> dict:
    return tomllib.loads(resources.files(__package__).joinpath("classifications.toml").read_text(encoding="utf-8"))
