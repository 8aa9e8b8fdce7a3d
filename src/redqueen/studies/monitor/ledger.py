"""The ledger of observations: nothing in it is ever overwritten, and a correction supersedes what it corrects."""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cases.worlds import YEARS
from redqueen.errors import Fault, Faults, Refused
from redqueen.lab.directories import write_csv
from redqueen.studies.monitor.database import Database
from redqueen.writing import whole_file

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["EXPORTED", "Entry", "Ledger", "Observation", "capped", "write_export"]

#: The columns of an export, in order.
EXPORTED = (
    "number",
    "indicator",
    "region",
    "year",
    "value",
    "unit",
    "source",
    "entered_by",
    "entered_at",
    "revision",
    "current",
    "note",
)
# Faults that are shown one by one.
_SHOWN = 20
_HEADING = "nothing was recorded"


@dataclass(frozen=True)
class _Figure:
    indicator: str
    region: str
    year: int
    value: float | None
    unit: str
    source: str
    entered_by: str
    note: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """Gives what tells one figure from another: indicator, region, year."""
        return self.indicator, self.region, self.year

    @property
    def named(self) -> str:
        """Names the figure in words: "patents of taipei in 1998"."""
        return f"{self.indicator} of {self.region} in {self.year}"


@dataclass(frozen=True)
class Entry(_Figure):
    """Asks for one figure to be recorded: of an indicator, in a region, for a calendar year; the value None withdraws it.

    `file` and `line` say where it was read, for messages; they are not kept, and do not tell entries apart.
    """

    file: str | None = field(default=None, compare=False, kw_only=True)
    line: int | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True, kw_only=True)
class Observation(_Figure):
    """Holds one figure as it was recorded.

    `number` counts what was recorded, from 1; `entered_at` is the time in UTC, in ISO form; `revision` is 0 for the first figure
    of its indicator, region and year, 1 for its first correction; `current` says whether no later revision was known.
    """

    number: int
    entered_at: str
    revision: int
    current: bool


class Ledger:
    """Keeps observations in a database that is only ever added to.

    `address` is the path of an SQLite file, for those who share a disk, or the URL of a PostgreSQL database, for those who share a
    network (`Database` says which). Any number of people may record and read at once. What was acknowledged is on the disk. The
    database itself refuses to change or remove a row; whoever may drop its tables can still do that.
    """

    def __init__(self, address: str | os.PathLike[str]):
        self._database = Database(address)

    @property
    def address(self) -> str:
        """Gives the address as it may be shown, without a password."""
        return self._database.shown

    @classmethod
    def create(cls, address: str | os.PathLike[str]) -> Ledger:
        """Makes a ledger, or opens the one that is there; refuses a file that is anything else."""
        ledger = cls(address)
        ledger._database.create()
        return ledger

    @classmethod
    def open(cls, address: str | os.PathLike[str]) -> Ledger:
        """Opens a ledger; refuses an address that holds none."""
        ledger = cls(address)
        ledger._database.check()
        return ledger

    def record(self, entries: Iterable[Entry], *, correct: bool = False) -> tuple[Observation, ...]:
        """Records entries, all of them or none; gives them as they now stand, on the disk.

        A figure that is there is refused unless `correct`, which supersedes it and keeps the old one; `correct` refuses what
        was never recorded. An entry without a value withdraws a figure, which may then be recorded anew, with `correct` or
        without. Refuses, all at once, these, what stands twice among the entries, and texts and numbers that cannot be kept.
        """
        faults = Faults()
        plain = [one for entry in entries if (one := _plain(entry, faults))]
        once = _once(plain, faults)
        if not plain and not faults:
            return ()
        try:
            with self._database.writing() as connection:
                last = self._last_of(plain, connection)
                for entry in once:
                    _check_against(entry, last.get(entry.key), correct, faults)
                if faults:
                    raise Refused(capped(faults), _HEADING)
                made = self._next(plain, last, connection)
                columns = self._database.observations.c.keys()
                rows = [{name: getattr(one, name) for name in columns} for one in made]
                connection.execute(self._database.observations.insert(), rows)
        except Refused as refusal:
            raise refusal if refusal.heading else Refused(refusal.faults, _HEADING) from refusal
        return tuple(made)

    def observations(self, *, history: bool = False, known_at: str | None = None) -> list[Observation]:
        """Gives the figures that stand, by year, indicator and region; with `history` all that were recorded, in that order.

        `known_at` is a time in ISO form (in UTC unless it says otherwise; a date means its end): the ledger as it stood then.
        """
        until = None if known_at is None else _end_of(known_at)
        table = self._database.observations
        asked = table.select().order_by(table.c.number)
        if until is not None:
            asked = asked.where(table.c.entered_at <= until)
        with self._database.reading() as connection:
            rows = connection.execute(asked).mappings().all()
        made = [Observation(**row, current=True) for row in rows]
        last = {one.key: one.number for one in made}
        made = [one if last[one.key] == one.number else replace(one, current=False) for one in made]
        if history:
            return made
        standing = (one for one in made if one.current and one.value is not None)
        return sorted(standing, key=lambda one: (one.year, one.indicator, one.region))

    def _last_of(self, entries: Sequence[Entry], connection: Connection) -> dict[tuple[str, str, int], Observation]:
        """Gives the last revision of each figure of the entries' indicators."""
        table = self._database.observations
        asked = table.select().where(table.c.indicator.in_({entry.indicator for entry in entries})).order_by(table.c.revision)
        found = (Observation(**row, current=True) for row in connection.execute(asked).mappings())
        return {one.key: one for one in found}

    def _next(
        self, entries: Sequence[Entry], last: dict[tuple[str, str, int], Observation], connection: Connection
    ) -> list[Observation]:
        """Gives the entries numbered and dated; a clock that was set back does not bring disorder."""
        import sqlalchemy

        table = self._database.observations
        number, before = connection.execute(
            sqlalchemy.select(sqlalchemy.func.max(table.c.number), sqlalchemy.func.max(table.c.entered_at))
        ).one()
        now = max(self._database.now(connection), before or "")
        made = []
        for position, entry in enumerate(entries, (number or 0) + 1):
            former = last.get(entry.key)
            told = {one.name: getattr(entry, one.name) for one in fields(_Figure)}
            made.append(
                Observation(**told, number=position, entered_at=now, revision=former.revision + 1 if former else 0, current=True)
            )
        return made


def write_export(observations: Iterable[Observation], path: str | Path) -> None:
    """Writes observations into a csv file with every column (`EXPORTED`), whole or not at all; an empty value was withdrawn."""
    rows = [[getattr(one, name) for name in EXPORTED] for one in observations]
    try:
        with whole_file(path) as draft:
            write_csv(draft, EXPORTED, rows)
    except OSError as error:
        raise Refused.one(f"cannot be written: {error.strerror or error}", file=path, field="-o") from error


def capped(faults: Sequence[Fault]) -> list[Fault]:
    """Gives the first faults of a long list, and how many more there are."""
    if len(faults) <= _SHOWN:
        return list(faults)
    return [*faults[:_SHOWN], Fault(f"and {len(faults) - _SHOWN:,} more")]


def _plain(entry: Entry, faults: Faults) -> Entry | None:
    """Gives an entry in Python's own numbers; None, noting why, where no database can keep it."""
    before = len(faults)
    place: dict[str, Any] = {"file": entry.file, "line": entry.line}
    for name in ("indicator", "region", "unit", "source", "entered_by", "note"):
        text = getattr(entry, name)
        if not isinstance(text, str) or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            faults.add(f"{text!r} is no text", field=name, **place)
        elif not text.strip() and name not in ("unit", "note"):
            faults.add("is missing", field=name, remedy="who looks at it later needs it", **place)
    year, value = _number(entry.year), None if entry.value is None else _number(entry.value)
    if year is None or year % 1 or not YEARS[0] <= year <= YEARS[1]:
        faults.add(f"'{entry.year}' is no year between {YEARS[0]:g} and {YEARS[1]:g}", field="year", **place)
    if entry.value is not None and value is None:
        faults.add(f"'{entry.value}' is no finite number", field="value", **place)
    return replace(entry, year=int(year), value=value) if year is not None and len(faults) == before else None


def _number(value: Any) -> float | None:
    """Gives a finite number, None for anything else; NumPy's numbers become Python's."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # SQLite knows no zero below zero.
    return None if isinstance(value, (str, bool)) or not math.isfinite(found) else found + 0.0


def _once(entries: Iterable[Entry], faults: Faults) -> list[Entry]:
    """Gives the first entry of each figure, noting those that stand twice."""
    first: dict[tuple[str, str, int], Entry] = {}
    for entry in entries:
        before = first.setdefault(entry.key, entry)
        if before is not entry:
            where = f"first on line {before.line}" if before.line else "keep one of the two"
            faults.add(f"{entry.named} stands twice", file=entry.file, line=entry.line, remedy=where)
    return list(first.values())


def _check_against(entry: Entry, last: Observation | None, correct: bool, faults: Faults) -> None:
    """Notes where an entry does not go with the last that was recorded of the same figure."""
    place: dict[str, Any] = {"file": entry.file, "line": entry.line}
    stands = last if last is not None and last.value is not None else None
    if entry.value is None and stands is None:
        faults.add(f"{entry.named} is not there, and cannot be withdrawn", **place)
    elif entry.value is not None and stands is not None and not correct:
        same = "the same" if stands.value == entry.value else f"{stands.value:g} {stands.unit}"
        by = f"entered by {stands.entered_by} on {stands.entered_at[:10]}"
        faults.add(f"{entry.named} is there already: {same}, {by}", remedy="leave it out, or record it as a correction", **place)
    elif entry.value is not None and last is None and correct:
        faults.add(f"{entry.named} was never recorded: nothing is to be corrected", remedy="record it as a new figure", **place)


def _end_of(known_at: str) -> str:
    """Gives the last moment that a time in ISO form stands for, as the ledger writes times."""
    try:
        date = datetime.date.fromisoformat(known_at)
        time = datetime.datetime.combine(date, datetime.time.max, datetime.UTC)
    except ValueError:
        try:
            time = datetime.datetime.fromisoformat(known_at)
        except ValueError as error:
            remedy = "give it as 2012-06-30 or 2012-06-30T12:00"
            raise Refused.one(f"'{known_at}' is no date or time", field="known_at", remedy=remedy) from error
    time = time if time.tzinfo else time.replace(tzinfo=datetime.UTC)
    return time.astimezone(datetime.UTC).isoformat(timespec="microseconds")
