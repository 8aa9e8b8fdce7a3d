"""What a reader is, and what it finds while it reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from redqueen.errors import Faults
from redqueen.evidence.evidence import File
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.sample import Sample

__all__ = ["Format", "Reading", "has_columns", "on_request"]

# A note lists this many names, and counts the rest.
_NAMED = 6


@dataclass(eq=False)
class Reading:
    """Collects what is found while a place is read.

    A reader notes every fault in `faults`, fills `units`, `names` and `notes`, counts `missing` and `suppressed` cells,
    lists in `files` what it opened, and calls `advance(bytes)` as it goes; `streaming` does the last two, and makes its file
    that of the faults that follow; `read_whole` does them for a file that was read at once. `year` is what the user said, for
    layouts that state it nowhere else. A reader calls `end_part()` where no later row can repeat a key of those before, so that
    they need not be remembered. It may set `kind` where the layout's own does not hold for this table. `origin` is what
    redqueen's own files say of where they came from.
    """

    place: Path
    year: int | None = None
    advance: Callable[[float], None] = lambda done: None
    end_part: Callable[[], None] = lambda: None
    faults: Faults = field(default_factory=Faults)
    units: dict[str, str] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    digests: dict[Path, File] = field(default_factory=dict)
    missing: int = 0
    suppressed: int = 0
    kind: str | None = None
    origin: dict[str, Any] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Adds a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def leave_out(self, what: str, names: Collection[str]) -> None:
        """Notes what is left out, if anything is: "left out: groups of countries (World, Asia)"."""
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            self.note(f"left out: {what} ({', '.join(sorted(names)[:_NAMED])}{more})")

    def read_whole(self, *files: Path) -> None:
        """Lists files that were read, and advances by their size."""
        self.files += files
        self.advance(sum(file.stat().st_size for file in files))


@dataclass(frozen=True)
class Format:
    """Describes one publisher's layout.

    `kind` is a key of `KINDS`; `source` a name in sources.toml (publisher, licence, citation); `layout` says in words
    what such a file looks like. `looks_like` tells it by a sample. `stream` yields tidy tables (columns of the kind and
    `value`) piece by piece in bounded memory, or `InputOutput` tables; it raises when a piece is beyond repair and
    notes other faults in the reading. A piece whose index is named "row" tells by it the row of the file, from 0.
    """

    name: str
    title: str
    kind: str
    source: str
    layout: str
    looks_like: Callable[[Sample], bool]
    stream: Callable[[Path, Reading], Iterator[pd.DataFrame | InputOutput]]


def has_columns(*names: str) -> Callable[[Sample], bool]:
    """Gives the test whether a table's header holds all of some names."""
    return lambda sample: set(names) <= set(sample.columns)


def on_request(sample: Sample) -> bool:
    """Recognises nothing: for layouts that are asked for by name, of files that another layout recognises."""
    return False
