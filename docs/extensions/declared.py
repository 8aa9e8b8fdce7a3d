"""Fill pages from what the package declares: commands from their parsers, public names, keys of files, licences of installed packages.

A page says where by a line of its own, `<!-- declared: WHAT -->`; without Sphinx the line is not seen and the rest of the page reads on.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

import redqueen
from redqueen import cli
from redqueen.cases.keys import KEYS, TABLES
from redqueen.evidence.facts import sources
from redqueen.evidence.formats import formats
from redqueen.lab import trial_file
from redqueen.report.words import markdown_table
from redqueen.studies.monitor import goals

PROJECT = Path(__file__).parents[2] / "pyproject.toml"

_PLACE = re.compile(r"^<!-- declared: (\w+) -->$", re.MULTILINE)


def setup(app: Any) -> dict[str, bool]:
    """Registers the filling of pages with Sphinx."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True}


def _fill(app: Any, page: str, source: list[str]) -> None:
    source[0] = _PLACE.sub(lambda found: WHAT[found[1]](), source[0])


def commands() -> str:
    """Writes a section for each command: what it asks, its usage, its arguments."""
    listed = _verbs(cli._parser())
    parts = []
    for words, parser in _commands(cli._parser()):
        name = parser.prog
        parts.append(f"### `{name}`\n\n{_sentence(listed[words])}\n\n```text\n{parser.format_usage().rstrip()}\n```\n\n")
        rows = [(_spelling(action), _meaning(action)) for action in parser._actions if not isinstance(action, argparse._HelpAction)]
        parts.append(f"{markdown_table(('argument', 'meaning'), rows)}\n")
    return "".join(parts)


def public_names() -> str:
    """Writes autodoc's directive for each public name, in the order of their modules."""
    parts = []
    for home, names in redqueen._HOMES.items():
        for name in names:
            known = getattr(redqueen, name)
            kind = "autoclass" if isinstance(known, type) else "autofunction" if callable(known) else "autodata"
            options = "   :members:\n" if kind == "autoclass" else "   :no-value:\n" if kind == "autodata" else ""
            parts.append(f"## `{name}`\n\n```{{eval-rst}}\n.. {kind} :: {home}.{name}\n{options}```\n\n")
    return "".join(parts)


def case_keys() -> str:
    """Writes the keys of a case file."""
    return _tables_of_keys(KEYS, TABLES)


def trial_keys() -> str:
    """Writes the keys of a trial file."""
    return _tables_of_keys(trial_file.KEYS)


def goals_keys() -> str:
    """Writes the keys of a goals file."""
    return _tables_of_keys(goals.KEYS)


def _tables_of_keys(keys: Mapping[str, Mapping[str, str]], says: Mapping[str, str] = {}) -> str:
    """Writes a table for each table of a file, with the keys that reading checks against."""
    parts = []
    for table, meanings in keys.items():
        first = f"{_sentence(says[table])}\n\n" if table in says else ""
        rows = [(f"`{key}`", meaning) for key, meaning in meanings.items()]
        parts.append(f"### `{table}`\n\n{first}{markdown_table(('key', 'what it says'), rows)}\n")
    return "".join(parts)


def publishers() -> str:
    """Writes a table of the publishers whose layouts are read, with the terms of each as far as they are known."""
    layouts: dict[str, list[str]] = {}
    for one in formats().values():
        layouts.setdefault(one.source, []).append(f"`{one.name}`")
    known = sources()
    rows = [(known[name].publisher, known[name].licence, ", ".join(names)) for name, names in layouts.items() if name in known]
    return markdown_table(("publisher", "terms, as far as known", "layouts"), rows)


def licences() -> str:
    """Writes a table of the packages that the extra `all` brings, with the licence that each states of itself."""
    installed = {_plain(one.name): one for one in distributions()}
    names = needed(_asked_by_the_project(), installed)
    rows = [(one.name, one.version, licence_of(one)) for name, one in sorted(installed.items()) if name in names]
    return markdown_table(("package", "version", "licence, as it says itself"), rows)


def needed(asked: Iterable[Requirement], installed: dict[str, Distribution]) -> set[str]:
    """Gives the names of installed packages that fulfil some requirements, and what those need, through any number of steps."""
    found: set[tuple[str, str]] = set()
    waiting = list(asked)
    while waiting:
        one = waiting.pop()
        name = _plain(one.name)
        for extra in {"", *one.extras} if name in installed else ():
            if (name, extra) in found:
                continue
            found.add((name, extra))
            further = [Requirement(text) for text in installed[name].requires or ()]
            waiting += [more for more in further if more.marker is None or more.marker.evaluate({"extra": extra})]
    return {name for name, _ in found}


def _asked_by_the_project() -> list[Requirement]:
    """Lists what the project needs with the extra `all`, from pyproject.toml: metadata of an installation in place may be older."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras, found = project["optional-dependencies"], list(project["dependencies"])
    waiting, seen = ["all"], set()
    while waiting:
        extra = waiting.pop()
        seen.add(extra)
        for text in extras[extra]:
            one = Requirement(text)
            if one.name == project["name"]:
                waiting += sorted(one.extras - seen)
            else:
                found.append(text)
    return [one for one in map(Requirement, found) if one.marker is None or one.marker.evaluate()]


def licence_of(package: Distribution) -> str:
    """Gives a package's licence expression, or else its classifiers, or else the first line of what it calls its licence."""
    said = package.metadata
    classified = [line.rsplit(" :: ", 1)[-1] for line in said.get_all("Classifier") or () if line.startswith("License ::")]
    return said.get("License-Expression") or ", ".join(classified) or (said.get("License") or "not said").strip().split("\n")[0][:80]


def _commands(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Yields the words and the parser of every command that does something."""
    verbs = _choices(parser)
    if verbs is None:
        yield before, parser
        return
    for word, one in verbs.choices.items():
        yield from _commands(one, (*before, word))


def _verbs(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Gives what the list of commands says of each."""
    verbs = _choices(parser)
    if verbs is None:
        return {}
    found = {(*before, one.dest): one.help or "" for one in verbs._choices_actions}
    for word, one in verbs.choices.items():
        found |= _verbs(one, (*before, word))
    return found


def _choices(parser: argparse.ArgumentParser) -> argparse._SubParsersAction | None:
    return next((action for action in parser._actions if isinstance(action, argparse._SubParsersAction)), None)


def _spelling(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else action.metavar if isinstance(action.metavar, str) else action.dest
    return " ".join(f"`{word}`" for word in (" ".join(filter(None, (", ".join(action.option_strings), value))),))


def _meaning(action: argparse.Action) -> str:
    default = action.default
    return (action.help or "").replace("%(default)s", str(default)).replace("%%", "%")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


#: What a page can ask for.
WHAT: dict[str, Callable[[], str]] = {
    "commands": commands, "public_names": public_names, "case_keys": case_keys, "trial_keys": trial_keys, "goals_keys": goals_keys,
    "publishers": publishers, "licences": licences,
}
