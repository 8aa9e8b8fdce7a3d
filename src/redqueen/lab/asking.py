"""Checks what is asked of a trial against what it has: every fault is noted, with the nearest name that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redqueen.errors import Faults, nearest
from redqueen.lab.outcomes import WORLD

if TYPE_CHECKING:
    import xarray

__all__ = ["check_level", "check_policy", "check_region", "check_stage", "names_of"]


def names_of(result: xarray.Dataset, dimension: str) -> list[str]:
    """Gives the names along a dimension of a result: its policies, regions or stages."""
    return [str(name) for name in result[dimension].values]


def check_policy(asked: str, policies: Sequence[str], faults: Faults, *, field: str = "policy") -> None:
    """Notes a policy that the trial does not have."""
    if asked not in policies:
        _absent(f"'{asked}' is not in the trial", field, asked, policies, faults)


def check_region(asked: str, regions: Sequence[str], faults: Faults) -> None:
    """Notes a region that the trial does not have; the world is one."""
    if asked not in (*regions, WORLD):
        _absent(f"'{asked}' is not a region of the trial", "region", asked, [*regions, WORLD], faults)


def check_stage(asked: str, stages: Sequence[str], faults: Faults) -> None:
    """Notes a stage that the trial does not have."""
    if asked not in stages:
        _absent(f"'{asked}' is not a stage of the trial", "stage", asked, stages, faults)


def check_level(level: float, faults: Faults) -> None:
    """Notes what is not the coverage of an interval."""
    if not 0 < level < 1:
        faults.add(f"{level} is not a coverage", field="level", remedy="a number between 0 and 1, such as 0.95")


def _absent(message: str, field: str, asked: str, known: Sequence[str], faults: Faults) -> None:
    faults.add(message, field=field, remedy=nearest(asked, known) or f"it has {', '.join(known)}")
