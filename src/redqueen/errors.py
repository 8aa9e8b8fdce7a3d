"""What is refused, and how it is said: every fault of an input at once, each with its place and its remedy."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

__all__ = ["FAULTS", "Fault", "Faults", "Refused", "nearest", "require"]

#: Names the file in which a command that is refused keeps its faults as JSON, for whoever runs it.
FAULTS = "REDQUEEN_FAULTS"


@dataclass(frozen=True)
class Fault:
    """Says one thing that is wrong, where it stands and what to do about it.

    `file`, `line` (counted from 1) and `field` give the place as far as it is known; `remedy` says what to do.
    Its text reads `file:line: field: message (remedy)`.
    """

    message: str
    file: str | None = None
    line: int | None = None
    field: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        place = "" if self.file is None else str(self.file)
        if self.line is not None:
            place = f"{place}:{self.line}" if place else f"line {self.line}"
        parts = [part for part in (place, self.field, self.message) if part]
        text = ": ".join(parts)
        return f"{text} ({self.remedy})" if self.remedy else text


class Refused(Exception):
    """Refuses an input, carrying all of its faults; the command line ends with exit code 2.

    `faults` is a list of `Fault`; `heading` names what was asked. Its text holds one fault a line, under the heading
    and their count when there are several.
    """

    def __init__(self, faults: Iterable[Fault | str], heading: str | None = None):
        self.faults = [fault if isinstance(fault, Fault) else Fault(fault) for fault in faults]
        self.heading = heading
        # The arguments are kept whole so that a refusal crosses process borders (pickle calls the class on them).
        super().__init__(self.faults, heading)

    @classmethod
    def one(
        cls,
        message: str,
        *,
        file: object = None,
        line: int | None = None,
        field: str | None = None,
        remedy: str | None = None,
        heading: str | None = None,
    ) -> Refused:
        """Makes a refusal of a single fault: `raise Refused.one("no such region", field="regions")`.

        >>> str(Refused.one("no such region", file="case.toml", line=7, field="region"))
        'case.toml:7: region: no such region'
        """
        return cls([_fault(message, file, line, field, remedy)], heading)

    def __str__(self) -> str:
        count = len(self.faults)
        if count == 1 and not self.heading:
            return str(self.faults[0])
        heading = f"{self.heading}: {_counted(count)}" if self.heading else _counted(count)
        return "\n".join([heading, *(f"  {fault}" for fault in self.faults)])


class Faults(list[Fault]):
    """Collects faults while an input is read, so that all are reported together.

    Add with `add`; end the reading with `refuse_if_any`. A `file` given at the start is that of every fault added
    without one.
    """

    def __init__(self, faults: Iterable[Fault] = (), *, file: object = None):
        super().__init__(faults)
        self.file = file

    def add(
        self,
        message: str,
        *,
        file: object = None,
        line: int | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Notes one more fault and goes on."""
        self.append(_fault(message, self.file if file is None else file, line, field, remedy))

    def refuse_if_any(self, heading: str | None = None) -> None:
        """Raises `Refused` with every fault noted; does nothing when there is none.

        >>> faults = Faults(file="case.toml")
        >>> faults.add("is missing", line=3, field="start")
        >>> faults.refuse_if_any()
        Traceback (most recent call last):
        redqueen.errors.Refused: case.toml:3: start: is missing
        """
        if self:
            raise Refused(self, heading)


def nearest(name: object, names: Iterable[object], limit: int = 3) -> str:
    """Suggests the names closest in spelling: "did you mean 'hsinchu'?", or '' when none is close.

    Upper and lower case count as the same letter; at most `limit` names are given, closest first.

    >>> nearest("hsinchou", ["hsinchu", "ireland"])
    "did you mean 'hsinchu'?"
    """
    by_lower: dict[str, str] = {}
    for known in names:
        by_lower.setdefault(str(known).casefold(), str(known))
    close = difflib.get_close_matches(str(name).casefold(), list(by_lower), n=limit)
    if not close:
        return ""
    quoted = [f"'{by_lower[match]}'" for match in close]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return f"did you mean {listed}?"


def require(module: str, extra: str) -> ModuleType:
    """Imports an optional library, or refuses and names the extra that brings it: `require("pyarrow", "evidence")`."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Refused.one(
            f"this needs the library {module.partition('.')[0]}, which is not installed",
            remedy=f"pip install redqueen[{extra}]",
        ) from error


def _fault(message: str, file: object, line: int | None, field: str | None, remedy: str | None) -> Fault:
    # An empty remedy is what `nearest` gives when nothing is close.
    return Fault(message, None if file is None else str(file), line, field, remedy or None)


def _counted(count: int) -> str:
    return "1 fault" if count == 1 else f"{count} faults"
