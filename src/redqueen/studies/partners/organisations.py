"""Reads organisations out of a register's table: what they can do, where they are, how large, with whom they are tied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redqueen.errors import Faults
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.places import places
from redqueen.evidence.readers.organisations import listed

__all__ = ["LOCATED", "STATED_TIE", "Organisation", "organisations_of"]

#: What ties organisations: to a region by being there, to others by saying so.
LOCATED, STATED_TIE = "located in", "stated tie"


@dataclass(frozen=True)
class Organisation:
    """Holds one organisation.

    `capabilities` are activities of the table in use, by code, `unknown` those that it has none for; `ties` are names as written,
    `tied_regions` the codes of those that are regions.
    """

    name: str
    region: str
    capabilities: tuple[str, ...]
    unknown: tuple[str, ...]
    size: float
    ties: tuple[str, ...]
    tied_regions: dict[str, str] = field(default_factory=dict)


def organisations_of(
    register: Evidence, activities: Sequence[str], names: Mapping[str, str], regions: Sequence[str]
) -> list[Organisation]:
    """Gives the organisations of a register in order of their names; a size of 0 or not stated counts as the median of those
    stated."""
    known = {activity.casefold(): activity for activity in activities}
    for activity in activities:
        known.setdefault(names.get(activity, activity).casefold(), activity)
    rows = register.rows.sort_values("organisation", kind="stable")
    sizes = [float(size) for size in rows["size"]]
    stated = sorted(size for size in sizes if size > 0)
    middle = stated[len(stated) // 2] if stated else 1.0
    found = []
    for row, size in zip(rows.to_dict("records"), sizes, strict=True):
        capabilities, ties = listed(row["capabilities"]), tuple(listed(row["ties"]))
        held = {known[one.casefold()]: None for one in capabilities if one.casefold() in known}
        found.append(
            Organisation(
                name=str(row["organisation"]),
                region=str(row["region"]),
                capabilities=tuple(held),
                unknown=tuple(one for one in capabilities if one.casefold() not in known),
                size=size if size > 0 else middle,
                ties=ties,
                tied_regions=_regions(ties, regions),
            )
        )
    return found


def _regions(ties: Sequence[str], regions: Sequence[str]) -> dict[str, str]:
    codes = {str(name): code for name, code in places(ties, Faults()).items() if code in set(regions)}
    return {**{name: name for name in ties if name in set(regions)}, **codes}
