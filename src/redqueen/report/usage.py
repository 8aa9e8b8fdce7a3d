"""Find which rules of the model read an instrument, and which policies and cases that come with the package use it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from redqueen.cases.case import bundled, case
from redqueen.model import rules
from redqueen.model.instruments import INSTRUMENTS
from redqueen.policies.change import Change
from redqueen.policies.policy import Policy, catalogue, policy

#: Stands for the catalogue where the name of a case stands otherwise.
CATALOGUE = "the catalogue"


class Reading(NamedTuple):
    """One rule that reads an instrument: `module.function`, the first line of its docstring, and the parameters it reads."""

    rule: str
    says: str
    parameters: tuple[str, ...]


class Use(NamedTuple):
    """One way in which policies of a case, or of the catalogue, use an instrument; `policies` do it alike."""

    case: str
    change: Change
    policies: tuple[str, ...]


def readings() -> dict[str, list[Reading]]:
    """Gives, for every instrument, the rules that read it or its target, in the order of their files.

    Read off the sources: `state.<instrument>` in a function. What a rule derives from it for others is not followed.
    """
    names = {name: row.name for row in INSTRUMENTS for name in (row.name, f"{row.name}_target")}
    found: dict[str, list[Reading]] = {row.name: [] for row in INSTRUMENTS}
    for path in sorted(Path(rules.__path__[0]).glob("*.py")):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(function, ast.FunctionDef):
                continue
            read = set(_attributes(function, "state"))
            says = (ast.get_docstring(function) or "").partition("\n")[0]
            parameters = tuple(dict.fromkeys(_attributes(function, "parameters")))
            for name in {names[attribute] for attribute in read & names.keys()}:
                found[name].append(Reading(f"{path.stem}.{function.name}", says, parameters))
    return found


def uses() -> dict[str, list[Use]]:
    """Gives, for every instrument, how the policies of the catalogue and of the bundled cases use it, the catalogue first."""
    found: dict[str, list[Use]] = {row.name: [] for row in INSTRUMENTS}
    for place, policies in _places():
        alike: dict[Change, list[str]] = {}
        for one in policies:
            for change in dict.fromkeys(_bare(change) for change in one.changes):
                alike.setdefault(change, []).append(one.name)
        for change, names in alike.items():
            found[change.instrument].append(Use(place, change, tuple(names)))
    return found


def menus() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Gives, for every instrument, the cases and their policies whose governments may choose it during a run."""
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {row.name: [] for row in INSTRUMENTS}
    for place, policies in _places():
        for name, rows in found.items():
            choosing = tuple(one.name for one in policies if any(name in government.instruments for government in one.governments))
            if choosing:
                rows.append((place, choosing))
    return found


def _places() -> Iterator[tuple[str, Iterable[Policy]]]:
    yield CATALOGUE, [policy(name) for name in catalogue()]
    for name in bundled():
        yield name, list(case(name).policies.values())


def _bare(change: Change) -> Change:
    """Gives what a change does, without who says so."""
    return Change(change.instrument, change.intensity, change.where, change.start, change.until, change.stages, change.per)


def _attributes(function: ast.FunctionDef, owner: str) -> Iterator[str]:
    """Lists what a function reads of `state`, or of the `parameters` of the state, in the order of the text."""
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        held = node.value
        if (held.id if isinstance(held, ast.Name) else held.attr if isinstance(held, ast.Attribute) else None) == owner:
            yield node.attr
