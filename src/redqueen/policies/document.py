"""A TOML file as it is read: sections, typed values with their sources, and every fault with its line."""

from __future__ import annotations

import hashlib
import math
import os
import re
import tomllib
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from redqueen.errors import Faults, Refused, nearest
from redqueen.policies.positions import positions

__all__ = ["ANY_SOURCE", "REQUIRED", "Document", "Keys", "Section", "is_word", "named"]

#: Words that stand for a source where no publication is cited.
ANY_SOURCE = ("chosen", "default")


class _Mark(Enum):
    REQUIRED = "a key that must be written"
    ABSENT = "a key that is not written and need not be"


REQUIRED: Final = _Mark.REQUIRED
_ABSENT: Final = _Mark.ABSENT
_Required = Literal[_Mark.REQUIRED]
#: Where something stands in a document: keys of tables, positions in lists.
Keys = tuple[str | int, ...]

_Value = TypeVar("_Value")
_WORD = re.compile(r"[\w-]+")
# More than anybody writes: a device is read no further, and keys of thousands of parts take the parser their square in time.
_MOST_BYTES, _MOST_PARTS = 16 << 20, 100
_DEEP = re.compile(rf"""(?<![\w-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*\.[ \t]*){{{_MOST_PARTS}}}""")


class Document:
    """Holds the content of a TOML file, the faults found in it and where each of its numbers comes from.

    `faults` collects; `provenance` maps the field of every number (`region.taipei.workers`) to its source; `sha256` is
    the file's. Reading goes through `root`, a `Section`. Raises `Refused` at once if the file cannot be opened or is not valid
    TOML.
    """

    def __init__(self, path: str | os.PathLike[str], kind: str):
        self.file = str(path)
        self.kind = kind
        self.faults = Faults(file=self.file)
        self.provenance: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        text, self.sha256 = _text(Path(path), kind)
        deep = _DEEP.search(text)
        if deep:
            line = text.count("\n", 0, deep.start()) + 1
            heading = f"the {kind} {self.file} cannot be read"
            raise Refused.one(f"more than {_MOST_PARTS} words with points between them", file=self.file, line=line, heading=heading)
        try:
            content = tomllib.loads(text)
            self.lines = positions(text)
        except tomllib.TOMLDecodeError as error:
            raise self._refused_syntax(str(error), text) from None
        except RecursionError:
            raise self._refused_syntax("tables or arrays are nested too deeply", text) from None
        except ValueError as error:
            # Python refuses whole numbers of more than some thousand digits.
            raise self._refused_syntax(str(error), text) from None
        self.root = Section(self, (), content, "")

    def line(self, path: Keys) -> int | None:
        """Gives the line of a path, or of the nearest table around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def read_sources(self) -> None:
        """Reads the table `[source]`: id = "citation"; ids are what `source = "id: detail"` refers to."""
        section = self.root.section("source")
        if section is None:
            return
        for name in section.table:
            citation = section.text(name)
            if name in ANY_SOURCE:
                section.fault(name, f"'{name}' is a word of its own and cannot be the name of a source")
            elif citation:
                self.sources[name] = citation

    def refuse_if_any(self) -> None:
        """Raises `Refused` with every fault found, once each."""
        self.faults[:] = dict.fromkeys(self.faults)
        self.faults.sort(key=lambda fault: (fault.file != self.file, fault.file or "", fault.line or 0))
        self.faults.refuse_if_any(f"the {self.kind} {self.file} cannot be used")

    def _refused_syntax(self, message: str, text: str) -> Refused:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        line = int(place[1]) if place else text.count("\n") + 1
        column = f", at column {place[2]}" if place else ""
        message = re.sub(r" \(at [^)]*\)$", "", message)
        return Refused.one(
            f"not valid TOML: {message[:1].lower()}{message[1:]}{column}", file=self.file, line=line,
            remedy="names and text stand in quotes; a table header in brackets",
            heading=f"the {self.kind} {self.file} cannot be read",
        )


class Section:
    """Reads one table of a document by key and type, noting a fault for whatever is not as declared.

    A faulty value reads as None, so that the reading goes on. `field` is the section's name in faults and provenance.
    """

    def __init__(self, document: Document, path: Keys, table: dict[str, Any], field: str, source: str = ""):
        self.document = document
        self.path = path
        self.table = table
        self.field = field
        #: Source of the numbers of this section that are written without their own.
        self.source = source

    def field_of(self, key: str | None) -> str:
        return ".".join(part for part in (self.field, key) if part)

    def line(self, *keys: str | int) -> int | None:
        return self.document.line((*self.path, *keys))

    def fault(self, key: str | None, message: str, remedy: str | None = None, below: Keys = ()) -> None:
        """Notes a fault at a key (None: at the section itself; `below`: at a path within the key's value)."""
        path = (key, *below) if key is not None else ()
        field = self.field_of(key) + "".join(f".{part}" for part in below if isinstance(part, str) and part != "value")
        self.document.faults.add(message, line=self.line(*path), field=field or None, remedy=remedy)

    def only(self, known: Iterable[str]) -> None:
        """Notes every key that is not known, with the nearest that is."""
        known = tuple(known)
        for key in self.table:
            if key not in known:
                remedy = nearest(key, known) or f"known here: {', '.join(known)}"
                self.fault(key, f"unknown key '{key}'", remedy)

    def cite(self) -> str:
        """Reads `source`, which then holds for every number of the section written without its own."""
        text = self.text("source", default="")
        if text:
            self._check_source(text, ("source",))
            self.source = text
        return text or ""

    def text(self, key: str, default: str | _Required | None = REQUIRED, one_line: bool = False) -> str | None:
        value = self._value(key, default, "text")
        if value is _ABSENT:
            return _written(default)
        if isinstance(value, str) and (value.strip() or default == ""):
            if not one_line or (value == value.strip() and value.isprintable()):
                return value
            self.fault(key, "must be one line without spaces around it")
        elif value is not None:
            self._wrong(key, value, "text in quotes" if not isinstance(value, str) else "text that is not empty")
        return None

    def word(self, key: str, default: str | _Required | None = REQUIRED) -> str | None:
        """Reads a name that can stand in a command and in the name of a file."""
        value = self.text(key, default)
        if value is None or value is default or is_word(value):
            return value
        self.fault(key, f"'{value}' cannot be a name", "letters, digits, - and _ only")
        return None

    def flag(self, key: str, default: bool = False) -> bool | None:
        value = self._value(key, default, "true or false")
        if value is _ABSENT:
            return default
        if isinstance(value, bool):
            return value
        self._wrong(key, value, "true or false")
        return None

    def texts(
        self, key: str, default: tuple[str, ...] | _Required | None = REQUIRED, or_one: bool = False
    ) -> tuple[str, ...] | None:
        """Reads a list of texts; with `or_one` a single text will do."""
        value = self._value(key, default, "a list of texts")
        if value is _ABSENT:
            return _written(default)
        if or_one and isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            if value is not None:
                self._wrong(key, value, "text or a list of texts" if or_one else "a list of texts")
            return None
        for position, element in enumerate(value):
            if not isinstance(element, str) or not element.strip():
                self.fault(key, f"element {position + 1} must be text, not {_kind_of(element)}", below=(position,))
        read = tuple(element for element in value if isinstance(element, str) and element.strip())
        # A list of which nothing could be read is not an empty list.
        return read if read or not value or default is REQUIRED else default

    def number(
        self, key: str, unit: str, low: float = -math.inf, high: float = math.inf, default: float | _Required | None = REQUIRED
    ) -> float | None:
        """Reads a number, plain or with its source: `workers = { value = 3600, source = "chosen: ..." }`."""
        value = self._value(key, default, f"a number ({unit})")
        if value is _ABSENT:
            if default is not None:
                self._note(key, "default")
            return _written(default)
        if value is None:
            return None
        value, source, below = self.with_source(key, value)
        self._note(key, source)
        return self.checked(key, value, unit, low, high, below)

    def year(self, key: str, low: float, high: float, default: float | _Required | None = REQUIRED) -> float | None:
        """Reads a year in steps of quarters: 1980.75 is the last quarter of 1980."""
        year = self.number(key, "year", low, high, default)
        if year is not None and year is not default and not (4 * year).is_integer():
            self.fault(key, f"{year:g} is not on a quarter of a year", "end it in .0, .25, .5 or .75")
            return None
        return year

    def with_source(self, key: str, value: object) -> tuple[object, str, Keys]:
        """Separates a value from its source; gives the value (None if missing), the source and where the value stands."""
        if not isinstance(value, dict) or not {"value", "source"} & value.keys():
            return value, self.source, ()
        for name in value:
            if name not in ("value", "source"):
                self.fault(key, f"unknown key '{name}' beside value and source", nearest(name, ("value", "source")), (name,))
        source = value.get("source", self.source)
        if not isinstance(source, str):
            self.fault(key, f"the source must be text, not {_kind_of(source)}", below=("source",))
            source = ""
        elif "source" in value:
            self._check_source(source, (key, "source"))
        if "value" not in value:
            self.fault(key, "has a source but no value")
        return value.get("value"), source, ("value",)

    def checked(self, key: str, value: object, unit: str, low: float, high: float, below: Keys = ()) -> float | None:
        """Gives a value as a finite number within its range, or notes why it is none."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            if value is not None:
                self.fault(key, f"must be a number ({unit}), not {_kind_of(value)}", below=below)
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fault(key, f"must be a finite number ({unit})", below=below)
        elif not low <= number <= high:
            self.fault(key, f"{number:g} is outside {_range(low, high)} ({unit})", below=below)
        else:
            return number
        return None

    def section(self, key: str) -> Section | None:
        """Gives a table within this one, or None where it is not written."""
        value = self.table.get(key, {})
        if not isinstance(value, dict):
            self._wrong(key, value, f"a table: [{self.field_of(key)}]")
            return None
        return Section(self.document, (*self.path, key), value, self.field_of(key), self.source) if key in self.table else None

    def sections(self, key: str, title: str = "name") -> list[Section]:
        """Gives the elements of an array of tables; each is called by its `title` in faults, as far as it has one."""
        value = self.table.get(key, [])
        if not isinstance(value, list):
            self._wrong(key, value, f"an array of tables: [[{self.field_of(key)}]]")
            return []
        found = []
        for position, element in enumerate(value):
            if not isinstance(element, dict):
                self.fault(key, f"element {position + 1} must be a table, not {_kind_of(element)}", below=(position,))
                continue
            name = element.get(title)
            label = f"{key}.{name}" if isinstance(name, str) and name.strip() else f"{key}[{position + 1}]"
            found.append(Section(self.document, (*self.path, key, position), element, self.field_of(label), self.source))
        return found

    def _value(self, key: str, default: object, expected: str) -> object:
        if key in self.table:
            return self.table[key]
        if default is not REQUIRED:
            return _ABSENT
        self.fault(None, f"'{key}' is missing", f"add {key}: {expected}")
        return None

    def _wrong(self, key: str, value: object, expected: str) -> None:
        self.fault(key, f"must be {expected}, not {_kind_of(value)}")

    def _note(self, key: str, source: str) -> None:
        self.document.provenance[self.field_of(key)] = source

    def _check_source(self, text: str, keys: tuple[str, ...]) -> None:
        name = text.partition(":")[0].strip()
        known = (*self.document.sources, *ANY_SOURCE)
        if name not in known:
            remedy = nearest(name, known) or f"add it to [source], or write one of: {', '.join(known)}"
            self.fault(keys[0], f"unknown source '{name}'", remedy, keys[1:])


def named(section: Section, key: str, name: str, known: Iterable[str], kind: str, below: Keys = ()) -> bool:
    """Says whether a name is known, and notes a fault with the nearest that is if not."""
    known = tuple(known)
    if name in known:
        return True
    section.fault(key, f"unknown {kind} '{name}'", nearest(name, known) or f"known: {', '.join(known) or 'none'}", below)
    return False


def is_word(text: str) -> bool:
    """Says whether a text can stand in a command and in the name of a file.

    >>> is_word("no_public_research"), is_word("no public research")
    (True, False)
    """
    return _WORD.fullmatch(text) is not None


def _written(default: _Value | _Required) -> _Value | None:
    return None if default is REQUIRED else default


def _text(path: Path, kind: str) -> tuple[str, str]:
    heading = f"the {kind} {path} cannot be read"
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        there = [entry.name for entry in path.parent.glob("*.toml")] if os.path.isdir(path.parent) else []
        raise Refused.one("no such file", file=path, remedy=nearest(path.name, there), heading=heading) from None
    except IsADirectoryError:
        raise Refused.one("a folder, not a file", file=path, remedy="name the .toml file", heading=heading) from None
    except OSError as error:
        reason = "a folder, not a file" if os.path.isdir(path) else f"cannot be opened: {error.strerror}"
        raise Refused.one(reason, file=path, heading=heading) from None
    except ValueError as error:
        # A null byte in the name.
        raise Refused.one(f"cannot be opened: {error}", file=path, heading=heading) from None
    if len(content) > _MOST_BYTES:
        raise Refused.one(f"is larger than {_MOST_BYTES >> 20} MB, which nobody writes", file=path, heading=heading)
    try:
        return content.decode("utf-8-sig"), hashlib.sha256(content).hexdigest()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        remedy = "save it as UTF-8"
        raise Refused.one(
            f"byte {content[error.start]:#x} is not UTF-8", file=path, line=line, remedy=remedy, heading=heading
        ) from None


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if isinstance(value, str):
        return f"text ('{value if len(value) <= 30 else value[:27] + '...'}')" if value.strip() else "empty text"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date or time"


def _range(low: float, high: float) -> str:
    if math.isinf(high):
        return f"{low:g} and above"
    return f"{low:g} to {high:g}"
