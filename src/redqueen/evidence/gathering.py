"""Puts pieces of a tidy table together: labels become whole numbers, repeated keys are found, trade is summed over partners."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pandas as pd

from redqueen.errors import Refused

__all__ = ["Coded", "Coder", "Repeats", "Rows", "Sums", "hashes_of", "table_of"]

# Keys that are held in memory before they go to a temporary file, in parts that fit in memory one by one.
_KEYS_HELD = 1 << 24
_PARTS = 64
# An odd number whose multiples fill 64 bits evenly: 2^64 over the golden ratio.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
# Bits of a packed key, per column; they add up to less than 64.
_BITS = {"region": 16, "partner": 0, "activity": 22, "year": 13, "measure": 10}


@dataclass(frozen=True, eq=False)
class Coded:
    """Holds one piece: for each text column the number of its label, numbers as they are, and the row of the file if known."""

    columns: dict[str, np.ndarray]
    rows: np.ndarray | None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Coder:
    """Numbers the labels of text columns in the order in which they come, over all pieces of a table."""

    def __init__(self, text: Iterable[str]):
        self.numbers: dict[str, dict[str, int]] = {name: {} for name in text}
        self._known: dict[str, tuple[pd.Index, np.ndarray]] = {}

    def code(self, piece: pd.DataFrame) -> Coded:
        """Numbers the labels of a piece; columns that are no text stay as they are."""
        columns = {
            name: self._code(name, piece[name]) if name in self.numbers else piece[name].to_numpy() for name in piece.columns
        }
        return Coded(columns, piece.index.to_numpy() if piece.index.name == "row" else None)

    def labels(self, column: str) -> list[str]:
        """Lists the labels of a column by number."""
        return list(self.numbers[column])

    def _code(self, name: str, cells: pd.Series) -> np.ndarray:
        if isinstance(cells.dtype, pd.CategoricalDtype):
            codes, labels = cells.cat.codes.to_numpy(), cells.cat.categories
        else:
            codes, labels = pd.factorize(cells)
            labels = pd.Index(labels)
        if len(codes) and codes.min() < 0:
            raise ValueError(f"the reader left a cell of {name} empty")
        if name not in self._known or self._known[name][0] is not labels:
            self._known[name] = (labels, np.full(len(labels), -1, dtype=np.int32))
        numbers = self._known[name][1]
        numbered = numbers[codes]
        if len(numbered) and numbered.min() < 0:
            # Only labels that stand in some row are numbered: categories may hold others.
            new = np.flatnonzero(np.bincount(codes, minlength=len(labels)).astype(bool) & (numbers < 0))
            known = self.numbers[name]
            numbers[new] = [known.setdefault(str(label), len(known)) for label in labels[new]]
            numbered = numbers[codes]
        return numbered


class Repeats:
    """Finds keys that stand twice, by hashes of 64 bits: in memory while they are few, else in parts on disk.

    Hashes of different keys may agree, once in some thousand tables of a hundred million rows: who uses them compares keys.
    """

    def __init__(self, coder: Coder, key: Iterable[str]):
        self.coder, self.key = coder, list(key)
        self._words: dict[str, np.ndarray] = {}
        self._held: list[np.ndarray] = []
        self._n_held = 0
        self._parts: list[BinaryIO] = []
        self._found: list[np.ndarray] = []

    def add(self, piece: Coded) -> None:
        """Takes in the keys of a piece."""
        self._held.append(self.hashes(piece))
        self._n_held += len(piece)
        if self._n_held > _KEYS_HELD:
            self._spill()

    def end_part(self) -> None:
        """Compares all keys so far and forgets them."""
        for hashes in self._all_held():
            hashes.sort()
            self._found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
        self._held, self._n_held = [], 0
        for part in self._parts:
            part.close()
        self._parts = []

    def found(self) -> np.ndarray:
        """Gives the hashes that stood twice."""
        self.end_part()
        return np.unique(np.concatenate(self._found)) if self._found else np.array([], dtype=np.uint64)

    def hashes(self, piece: Coded) -> np.ndarray:
        """Gives a hash of each row's key."""
        hashes = np.zeros(len(piece), dtype=np.uint64)
        for name in self.key:
            column = piece.columns[name]
            if name in self.coder.numbers:
                words = self._words_of(name)[column]
            else:
                words = column.astype(np.int64).view(np.uint64) * _SPREAD
            hashes ^= words
            hashes *= _SPREAD
        return hashes

    def _words_of(self, name: str) -> np.ndarray:
        words = self._words.get(name, np.array([], dtype=np.uint64))
        labels = self.coder.labels(name)
        if len(words) < len(labels):
            words = np.concatenate([words, hashes_of(labels[len(words) :])])
            self._words[name] = words
        return words

    def _spill(self) -> None:
        if not self._parts:
            self._parts = [tempfile.TemporaryFile() for _ in range(_PARTS)]
        hashes = np.concatenate(self._held)
        hashes.sort()
        ends = np.searchsorted(hashes, np.arange(1, _PARTS, dtype=np.uint64) * np.uint64((1 << 64) // _PARTS))
        for part, block in zip(self._parts, np.split(hashes, ends), strict=True):
            part.write(block.tobytes())
        self._held, self._n_held = [], 0

    def _all_held(self) -> Iterator[np.ndarray]:
        if not self._parts:
            if self._held:
                yield np.concatenate(self._held)
            return
        if self._held:
            self._spill()
        for part in self._parts:
            part.seek(0)
            yield np.frombuffer(bytearray(part.read()), dtype=np.uint64)


def hashes_of(labels: list[str]) -> np.ndarray:
    """Gives 64 bits for each label, the same on every machine."""
    return pd.util.hash_array(np.array(labels, dtype=object), categorize=False)


class Rows:
    """Keeps every row."""

    def __init__(self, coder: Coder, columns: list[str]):
        self.coder, self.columns = coder, columns
        self._pieces: list[dict[str, np.ndarray]] = []

    def add(self, piece: Coded) -> None:
        """Takes in a piece."""
        self._pieces.append({name: piece.columns[name] for name in self.columns})

    def take(self) -> dict[str, np.ndarray]:
        """Gives all rows, and lets go of them."""
        pieces, self._pieces = self._pieces, []
        return {name: np.concatenate([piece.pop(name) for piece in pieces]) for name in self.columns}


class Sums:
    """Adds values over the partners, piece by piece in the order of the file, each year by itself."""

    def __init__(self, coder: Coder, columns: list[str]):
        self.coder, self.columns = coder, [name for name in columns if name not in ("partner", "value")]
        # The year leads the key, so that a piece in order of its keys falls apart into years.
        self._packed = ["year", *(name for name in self.columns if name != "year")]
        self._years: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}

    def add(self, piece: Coded) -> None:
        """Takes in a piece."""
        if not len(piece):
            return
        keys = np.zeros(len(piece), dtype=np.int64)
        for name in self._packed:
            column, bits = piece.columns[name].astype(np.int64), _BITS[name]
            if column.max() >> bits or column.min() < 0:
                raise Refused.one(f"more than {1 << bits:,} labels", field=name, remedy="read the table in parts")
            keys = keys << bits | column
        keys, values = _added(keys, piece.columns["value"])
        years = keys >> sum(_BITS[name] for name in self._packed[1:])
        starts = np.flatnonzero(np.diff(years, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
            held = self._years.setdefault(int(years[start]), [])
            held.append((keys[start:end], values[start:end]))
            # Waiting as long as what is there makes each sum take part in few mergers.
            if sum(len(part) for part, _ in held[1:]) > max(len(held[0][0]), 1 << 18):
                self._years[int(years[start])] = [_merged(held)]

    def take(self) -> dict[str, np.ndarray]:
        """Gives the sums, and lets go of them."""
        parts = [_merged(self._years.pop(year)) for year in sorted(self._years)]
        keys, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        del parts
        columns = {}
        for name in reversed(self._packed):
            columns[name] = (keys & ((1 << _BITS[name]) - 1)).astype(np.int64 if name == "year" else np.int32)
            keys >>= _BITS[name]
        return {**{name: columns[name] for name in self.columns}, "value": values}


def _merged(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Adds parts together, the first one first."""
    return parts[0] if len(parts) == 1 else _added(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _added(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adds the values of equal keys; gives the keys in order."""
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], np.add.reduceat(values, starts)


def table_of(columns: dict[str, np.ndarray], coder: Coder, key: Iterable[str]) -> pd.DataFrame:
    """Gives coded columns as a table with words, sorted by its key."""
    ranks = {}
    for name in columns:
        if name in coder.numbers:
            labels = np.array(coder.labels(name), dtype=object)
            order = np.argsort(labels, kind="stable")
            ranks[name] = np.empty(len(labels), dtype=np.int32)
            ranks[name][order] = np.arange(len(labels), dtype=np.int32)
            columns[name] = ranks[name][columns[name]]
    order = np.lexsort([columns[name] for name in reversed(list(key))])
    made = {}
    for name in list(columns):
        cells = columns.pop(name)[order]
        made[name] = pd.Index(sorted(coder.labels(name))).take(cells) if name in coder.numbers else cells
    return pd.DataFrame(made, copy=False)
