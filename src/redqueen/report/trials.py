"""Show trials that are kept, how much of them is there, and which members failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from redqueen.lab.dataset import NOT_RUN
from redqueen.lab.store import Stored
from redqueen.report.terminal import say, table

if TYPE_CHECKING:
    import xarray

__all__ = ["failures_of", "kept_document", "show_failures", "show_trials"]

#: Members that failed which are named on a screen.
SHOWN = 10


def show_trials(console: Console, found: Sequence[Stored], store: str) -> None:
    """Prints a line a trial: how many worlds, policies, points and seeds it has, and how many members are there."""
    if not found:
        say(console, f"No trial is kept in {store}: redqueen trial FILE makes one.")
        return
    rows = [
        (
            one.folder.name, len(one.worlds), one.policies, one.samples, one.seeds, f"{one.members_done}/{one.members}",
            one.failed or "", "complete" if one.complete else "stopped",
        )
        for one in found
    ]
    heads = ("trial", "worlds", "policies", "points", "seeds", "members", "failed", "state")
    table(console, heads, rows, right=heads[1:7], whole=("trial", "state"))


def kept_document(one: Stored) -> dict[str, Any]:
    """Gives a trial that is kept as JSON will have it."""
    return {**vars(one), "folder": str(one.folder), "worlds": list(one.worlds), "complete": one.complete}


def failures_of(results: Mapping[str, xarray.Dataset]) -> list[dict[str, Any]]:
    """Lists the members that failed, each with the reason."""
    found = []
    for name, result in results.items():
        failure = result["failure"].transpose("policy", ..., "seed")
        for place in zip(*(failure.values != "").nonzero(), strict=True):
            reason = str(failure.values[place])
            if reason != NOT_RUN:
                found.append({
                    "world": name, "policy": str(result["policy"].values[place[0]]),
                    "sample": int(place[1]) if len(place) == 3 else 0,
                    "seed": int(result["seed"].values[place[-1]]), "failure": reason,
                })
    return found


def show_failures(console: Console, results: Mapping[str, xarray.Dataset]) -> None:
    """Prints the members that failed and why; nothing where none did."""
    found = failures_of(results)
    if not found:
        return
    title = f"{len(found)} members failed, and are left out of every effect"
    rows = [tuple(one.values()) for one in found[:SHOWN]]
    table(console, ("world", "policy", "point", "seed", "reason"), rows, title=title, right=("point", "seed"))
    if len(found) > SHOWN:
        say(console, f"{len(found) - SHOWN} more: --json lists all.")
