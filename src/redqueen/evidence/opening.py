"""Opens one place by its layout and streams it, checked: what is read, kept or counted all comes through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.evidence.checking import FIRST_LINE, SHOWN, YEARS
from redqueen.evidence.evidence import COLUMNS, KINDS, File, text_columns
from redqueen.evidence.gathering import Coded, Coder, Repeats, Rows, Sums, table_of
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.unpacking import find
from redqueen.progress import progress_bar

__all__ = ["Opened"]


class Opened:
    """Streams a place by its layout.

    `pieces` yields coded pieces or input-output tables, and refuses at its end whatever is wrong: faults that the reader
    noted, keys that stand twice, a place without rows. `without` = ("partner",) asks for trade summed over partners: `kind`
    and `gathered` heed it. What the reader found is in `reading`, whole when the pieces are at their end.
    """

    def __init__(
        self, layout: Format, place: str | Path, *, year: int | None = None, without: tuple[str, ...] = (), progress: bool = True
    ):
        if set(without) - {"partner"}:
            raise Refused.one(f"trade is summed over partners alone, not over {', '.join(without)}", field="without")
        if year is not None and not YEARS[0] <= year <= YEARS[1]:
            raise Refused.one(f"'{year}' is no year between {YEARS[0]} and {YEARS[1]}", field="year")
        self.layout, self.without, self.show = layout, tuple(without), progress
        self.reading = Reading(Path(place), year, faults=Faults(file=place))
        self.coder: Coder | None = None
        self.tables: list[InputOutput] = []

    @property
    def read_kind(self) -> str:
        """Gives the kind of the rows as they are read."""
        return self.reading.kind or self.layout.kind

    @property
    def kind(self) -> str:
        """Gives the kind of the rows that come of it."""
        return "activities" if self.without and self.read_kind == "trade" else self.read_kind

    def pieces(self) -> Iterator[Coded | InputOutput]:
        """Yields the pieces of the place, with a progress bar by bytes."""
        repeats: Repeats | None = None
        n_rows = 0
        with _bytes_shown(self.reading, self.show):
            for piece in self.layout.stream(self.reading.place, self.reading):
                if isinstance(piece, InputOutput):
                    self.tables.append(piece)
                    yield piece
                    continue
                if self.coder is None or repeats is None:
                    self.coder = Coder(text_columns(self.read_kind))
                    repeats = Repeats(self.coder, KINDS[self.read_kind])
                    self.reading.end_part = repeats.end_part
                coded = self.coder.code(piece[list(COLUMNS[self.read_kind])])
                if "value" in coded.columns and not self.reading.faults and not np.isfinite(coded.columns["value"]).all():
                    raise ValueError(f"the reader of {self.layout.name} gave a value that is no number")
                repeats.add(coded)
                n_rows += len(coded)
                if len(coded):
                    yield coded
            self.reading.faults.refuse_if_any(self.layout.title)
            found = repeats.found() if repeats else np.empty(0)
            if len(found):
                self._refuse_repeats(found)
        if not self.tables and not n_rows:
            remedy = "; ".join(self.reading.notes)
            raise Refused.one("no row is left of the table", file=self.reading.place, remedy=remedy, heading=self.layout.title)

    def gathered(self) -> pd.DataFrame:
        """Reads all rows into memory, sorted by their key; input-output tables go to `tables`, and no row is left."""
        into: Rows | Sums | None = None
        for piece in self.pieces():
            if isinstance(piece, Coded):
                assert self.coder is not None
                if into is None:
                    sums = self.kind != self.read_kind
                    into = (Sums if sums else Rows)(self.coder, list(COLUMNS[self.read_kind]))
                into.add(piece)
        if into is None or self.coder is None:
            return pd.DataFrame(columns=list(COLUMNS[self.kind]))
        return table_of(into.take(), self.coder, KINDS[self.kind])

    def files(self) -> tuple[File, ...]:
        """Names every file that was read, with its checksum; for redqueen's own files, those that they were made from."""
        if self.reading.origin:
            return tuple(File(**entry) for entry in self.reading.origin["files"])
        return tuple(self.reading.digests.get(path) or File.of(path) for path in dict.fromkeys(self.reading.files))

    def notes(self) -> tuple[str, ...]:
        """Gives the reader's notes, and what was done to the rows since."""
        summed = ("values are summed over partners",) if self.kind != self.read_kind else ()
        return (*self.reading.notes, *summed)

    def _refuse_repeats(self, found: np.ndarray) -> None:
        """Reads the place again to name the rows whose keys stand twice; equal hashes of unequal keys are no fault."""
        again = Reading(self.reading.place, self.reading.year, faults=Faults(file=self.reading.place))
        coder, key = Coder(text_columns(self.read_kind)), KINDS[self.read_kind]
        repeats, first, n_named = Repeats(coder, key), {}, 0
        for piece in self.layout.stream(again.place, again):
            if isinstance(piece, InputOutput):
                continue
            coded = coder.code(piece[list(COLUMNS[self.read_kind])])
            for row in np.flatnonzero(np.isin(repeats.hashes(coded), found)):
                named = tuple(str(piece[name].iloc[row]) for name in key)
                line = None if coded.rows is None else int(coded.rows[row]) + FIRST_LINE
                if named not in first:
                    first[named] = (again.faults.file, line)
                    continue
                n_named += 1
                if n_named <= SHOWN:
                    self.reading.faults.add(
                        f"the row {', '.join(named)} stands twice", file=again.faults.file, line=line, field=", ".join(key),
                        remedy=_where_first(*first[named], again.faults.file),
                    )
            if n_named > SHOWN:
                self.reading.faults.add(f"about {len(found):,} keys stand twice", file=again.place)
                break
        self.reading.faults.refuse_if_any(self.layout.title)


def _where_first(file: object, line: int | None, now: object) -> str:
    where = "" if file == now else f" in {Path(str(file)).name}"
    return f"first on line {line}{where}" if line is not None else f"first{where}" if where else "keep one of the two"


@contextmanager
def _bytes_shown(reading: Reading, show: bool) -> Iterator[None]:
    find(reading.place)
    files = [child for child in reading.place.iterdir() if child.is_file()] if reading.place.is_dir() else [reading.place]
    with progress_bar(sum(file.stat().st_size for file in files), reading.place.name, show=show) as advance:
        reading.advance = advance
        yield
