"""Where the regions of a case lie on a map: no rule of the model knows of it."""

from __future__ import annotations

from redqueen.evidence.distance import coordinates
from redqueen.policies.document import Section

__all__ = ["check_place", "places_of"]

_LIMITS = {"latitude": 90.0, "longitude": 180.0}


def check_place(section: Section) -> None:
    """Notes what is wrong with the latitude and longitude of a `[[region]]`, which come together or not at all."""
    for key, most in _LIMITS.items():
        if key in section.table:
            section.checked(key, section.table[key], "degrees", -most, most)
        elif _LIMITS.keys() & section.table.keys():
            section.fault(None, f"'{key}' is missing", f"add {key}, or leave out both")


def places_of(root: Section) -> dict[str, tuple[float, float]]:
    """Gives latitude and longitude of the regions of a case without fault; those of fictional regions are not known.

    As written, or those of the main city of the region's code; of a code such as "TWN+KOR" the mean of its parts.
    """
    found = {}
    cities = coordinates()
    for section in root.sections("region"):
        name, written = section.table["name"], [section.table[key] for key in _LIMITS if key in section.table]
        if len(written) == len(_LIMITS):
            found[name] = (float(written[0]), float(written[1]))
            continue
        parts = [cities.get(part) for part in str(section.table.get("code", "")).split("+")]
        if parts and None not in parts:
            latitudes, longitudes = zip(*((city[1], city[2]) for city in parts if city is not None), strict=True)
            found[name] = (sum(latitudes) / len(parts), sum(longitudes) / len(parts))
    return found
