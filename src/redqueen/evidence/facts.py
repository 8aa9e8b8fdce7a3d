"""Cited figures that a simulation is judged by (facts.toml), and where everything comes from (sources.toml)."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from redqueen.errors import Faults, Refused, nearest

__all__ = ["Fact", "Source", "fact", "facts", "read_facts", "sources"]

# Why a fact has the bounds it has; facts.toml explains each.
_RANGES = ("stated", "tenth", "direction", "no effect")
_REQUIRED = ("says", "range", "unit", "sources", "held_out", "measured_as")
_OPTIONAL = {"value": None, "low": None, "high": None, "region": None, "year": None, "used_to_set": ()}
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("says", "range", "unit", "measured_as", "region"), (str,)),
    **dict.fromkeys(("value", "low", "high"), (int, float)),
    **dict.fromkeys(("sources", "used_to_set"), (list,)),
    "held_out": (bool,),
    "year": (int,),
}


@dataclass(frozen=True)
class Source:
    """Names where a table or figure comes from: publisher, licence and citation."""

    name: str
    publisher: str
    licence: str
    citation: str


@dataclass(frozen=True)
class Fact:
    """States one figure that a simulation must reproduce.

    A simulated figure hits it between `low` and `high`, both in `unit`; None is no bound. `value` is the figure cited,
    None where the source gives a range or a direction alone. `range` says why the bounds are what they are.
    `held_out` facts are never used to build or tune a world; `used_to_set` names the parameters, or endowments of cases,
    that were set by the fact. `sources` are names in sources.toml.
    """

    name: str
    says: str
    value: float | None
    low: float | None
    high: float | None
    range: str
    unit: str
    region: str | None
    year: int | None
    sources: tuple[str, ...]
    held_out: bool
    measured_as: str
    used_to_set: tuple[str, ...] = ()

    def hit(self, simulated: float) -> bool:
        """Says whether a simulated figure lies within the bounds; what cannot be measured (NaN) never does."""
        if math.isnan(simulated):
            return False
        return (self.low is None or simulated >= self.low) and (self.high is None or simulated <= self.high)

    def citation(self) -> str:
        """Gives the full citation of the fact's sources."""
        return "; ".join(sources()[name].citation for name in self.sources)


@functools.cache
def sources() -> Mapping[str, Source]:
    """Gives every source by name."""
    return {name: Source(name=name, **entry) for name, entry in _packaged("sources.toml").items()}


@functools.cache
def facts() -> tuple[Fact, ...]:
    """Gives the facts of the package, in the order of facts.toml."""
    return _facts(_packaged("facts.toml"), "facts.toml")


def fact(name: str) -> Fact:
    """Gives one fact by name; refuses an unknown one, with the nearest known."""
    known = {entry.name: entry for entry in facts()}
    if name not in known:
        raise Refused.one(f"no fact is called '{name}'", field="fact", remedy=nearest(name, known))
    return known[name]


def read_facts(path: str | Path) -> tuple[Fact, ...]:
    """Reads a user's own facts from a file laid out as facts.toml; refuses, all at once, whatever is wrong in it."""
    try:
        entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused.one(f"not a readable TOML file: {error}", file=path, heading="facts") from error
    return _facts(entries, str(path))


def _facts(entries: Mapping[str, Any], file: str) -> tuple[Fact, ...]:
    faults = Faults(file=file)
    for name, entry in entries.items():
        _check(name, entry, faults)
    faults.refuse_if_any("facts")
    return tuple(_fact(name, {**_OPTIONAL, **entry}) for name, entry in entries.items())


def _fact(name: str, entry: Mapping[str, Any]) -> Fact:
    return Fact(name=name, **{**entry, "sources": tuple(entry["sources"]), "used_to_set": tuple(entry["used_to_set"])})


def _check(name: str, entry: object, faults: Faults) -> None:
    if not isinstance(entry, Mapping):
        faults.add("a fact is a table: [its_name] and its entries below", field=name)
        return
    known = [field.name for field in fields(Fact) if field.name != "name"]
    for key in entry:
        if key not in known:
            faults.add("no such entry", field=f"{name}.{key}", remedy=nearest(key, known))
    for key in _REQUIRED:
        if key not in entry:
            faults.add("the entry is missing", field=f"{name}.{key}")
    before = len(faults)
    for key, kinds in _KINDS.items():
        # TOML's true is an int to Python.
        if key in entry and (not isinstance(entry[key], kinds) or (kinds != (bool,) and isinstance(entry[key], bool))):
            faults.add(f"'{entry[key]}' is not of the kind {kinds[0].__name__}", field=f"{name}.{key}")
    if len(faults) > before:
        return
    for source in map(str, entry.get("sources", [])):
        if source not in sources():
            faults.add(f"no source is called '{source}'", field=f"{name}.sources", remedy=nearest(source, sources()))
    if "sources" in entry and not entry["sources"]:
        faults.add("a fact has a source", field=f"{name}.sources")
    if entry.get("held_out") and entry.get("used_to_set"):
        faults.add("what is held out cannot have been used to set anything", field=f"{name}.used_to_set")
    if entry.get("range", _RANGES[0]) not in _RANGES:
        faults.add(f"'{entry['range']}' is not one of {', '.join(_RANGES)}", field=f"{name}.range")
    low, value, high = (entry.get(key) for key in ("low", "value", "high"))
    if low is None and high is None:
        faults.add("a fact has a low or a high bound", field=name)
    ordered = [bound for bound in (low, value, high) if bound is not None]
    if ordered != sorted(ordered):
        faults.add(f"low, value and high are out of order: {ordered}", field=name)


def _packaged(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
