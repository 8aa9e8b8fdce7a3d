"""Streams a table of any size in bounded memory, every cell checked, and says where each fault stands.

Arrow parses text in blocks, faster than DuckDB and in less memory (benchmarks/baci.py --parsers). It stops at the first cell
that it cannot read; a second pass, line by line, then finds the faults and their places.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused, nearest, require
from redqueen.evidence.evidence import File
from redqueen.evidence.reading import Reading
from redqueen.evidence.sample import look, mark
from redqueen.evidence.tables import FIRST_LINE, MISSING, SHOWN, say_rows

__all__ = ["NUMBER", "TEXT", "WHOLE", "check_end", "stream_table"]

#: What a column may hold: text, numbers, or whole numbers such as years. All numbers come as float64.
TEXT, NUMBER, WHOLE = "text", "number", "whole"

# Blocks that Arrow parses at once; larger ones are no faster.
_BLOCK = 1 << 22
# Rows of a Parquet file that are taken at once.
_ROWS = 1 << 18
# A table damaged throughout is not read to its end to count what is wrong.
_MOST_FAULTS = 50
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")
_ENDINGS = {".csv": ",", ".tsv": "\t"}


def stream_table(
    path: str | Path,
    columns: Mapping[str, str],
    reading: Reading,
    *,
    heading: str,
    optional: Collection[str] = (),
    delimiter: str | None = None,
    missing: Collection[str] = MISSING,
    may_miss: Collection[str] = (),
) -> Iterator[pd.DataFrame]:
    """Streams the named columns of a text file (also .gz) or a Parquet file as tables of some hundred thousand rows.

    `columns` gives the kind of each: TEXT comes as a categorical without outer blanks, NUMBER and WHOLE as finite float64,
    NaN where a cell of `may_miss` is one of `missing`. Columns named in `optional` may be absent. `delimiter` is the
    publisher's; without it, the ending decides (.csv a comma, .tsv a tab, others what the header shows). The index is the
    row of the file, from 0: row 0 stands on line 2.

    Faults go to `reading.faults`; the stream is refused with all of them at a fault that no row can be read beyond, or when
    there are many. Refused so are an absent, empty or binary file, one that is damaged or does not end with a line break, a
    wrong delimiter, missing or repeated columns, rows longer or shorter than the header, text that is not UTF-8, decimal
    commas, and cells that are empty or not of their kind.
    """
    path = Path(path)
    reading.faults.file = path
    reading.files.append(path)
    sample = look(path)
    names = _check_header(path, sample.columns, sample.delimiter, columns, optional, delimiter, reading.faults)
    reading.faults.refuse_if_any(heading)
    kinds = {name: columns[name] for name in names}
    parquet = path.suffix.lower() == ".parquet"
    blocks = _parquet_blocks(path, kinds, reading, heading) if parquet else (
        _text_blocks(path, sample.columns, kinds, sample.delimiter, frozenset(missing), reading, heading)
    )
    row = 0
    for block in blocks:
        block.index = pd.RangeIndex(row, row + len(block), name="row")
        row += len(block)
        for name, kind in kinds.items():
            _check_cells(block[name], name, kind, name in may_miss, reading.faults)
        if len(reading.faults) > _MOST_FAULTS:
            reading.faults.add(f"reading stopped at row {row:,}: too much is wrong")
            reading.faults.refuse_if_any(heading)
        yield block
    # Arrow would hold on to the memory of its blocks, which what is made of the rows needs.
    require("pyarrow", "evidence").default_memory_pool().release_unused()
    if row == 0:
        reading.faults.add("the table has a header and no rows")
        reading.faults.refuse_if_any(heading)


def check_end(path: Path, heading: str) -> None:
    """Refuses a text file that does not end with a line break: it may have been cut off. A packed file tells when it is read."""
    look(path)
    with path.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            return
        stream.seek(-1, 2)
        if stream.read(1) not in b"\r\n":
            raise _cut_off(path, heading)


def _cut_off(path: Path, heading: str) -> Refused:
    return Refused.one(
        "the last line does not end: the file may be cut off", file=path,
        remedy="fetch it again; if it is whole, add a line break at its end", heading=heading,
    )


def _check_header(
    path: Path, header: tuple[str, ...], found: str, columns: Mapping[str, str], optional: Collection[str], delimiter: str | None,
    faults: Faults,
) -> list[str]:
    """Notes what is wrong with the header; gives the wanted columns that are there."""
    if path.suffix.lower() != ".parquet":
        ending = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
        wanted = delimiter or _ENDINGS.get(ending.lower(), found)
        if wanted != found and len(header) > 1:
            faults.add(
                f"the columns are separated by {mark(found)}, not by {mark(wanted)}", line=1,
                remedy=f"save the table with {mark(wanted)} between columns",
            )
            return []
    for name in dict.fromkeys(name for name in header if header.count(name) > 1):
        faults.add("the column stands twice in the header", line=1, field=name or "(no name)")
    lacking = [name for name in columns if name not in header and name not in optional]
    for name in lacking:
        faults.add("the column is missing", line=1, field=name, remedy=nearest(name, header))
    if lacking:
        shown = ", ".join(header[:12]) + (f" and {len(header) - 12} more" if len(header) > 12 else "")
        faults.add(f"the table has the columns {shown}", line=1)
    return [name for name in columns if name in header]


def _check_cells(cells: pd.Series, name: str, kind: str, may_miss: bool, faults: Faults) -> None:
    if kind == TEXT:
        if not may_miss and "" in cells.cat.categories:
            say_rows(faults, name, "is missing", cells.where(cells != ""), cells == "")
        return
    values = cells.to_numpy()
    # A sum is finite only where every cell is: the usual case needs no more than this.
    if np.isfinite(values.sum()) and (kind == NUMBER or (values == np.trunc(values)).all()):
        return
    missing, infinite = np.isnan(values), np.isinf(values)
    if not may_miss:
        say_rows(faults, name, "is missing", cells, pd.Series(missing, cells.index))
    say_rows(faults, name, "is not a finite number", cells, pd.Series(infinite, cells.index))
    if kind == WHOLE:
        odd = ~missing & ~infinite & (values != np.trunc(values))
        say_rows(faults, name, "is not a whole number", cells, pd.Series(odd, cells.index))


class _Bytes:
    """Gives a file's bytes to Arrow, unpacked, and notes checksum, progress and the last byte as they pass."""

    def __init__(self, path: Path, advance: Callable[[float], None]):
        self.raw = path.open("rb")
        self.digest, self.size, self.last, self.advance = hashlib.sha256(), 0, b"\n", advance
        self.closed = False
        packed = self.raw.read(2) == b"\x1f\x8b"
        self.raw.seek(0)
        self.unpacked: Any = gzip.GzipFile(fileobj=_Raw(self)) if packed else _Raw(self)

    def read(self, size: int = -1) -> bytes:
        block = self.unpacked.read(size)
        if block:
            self.last = block[-1:]
        return block

    def take(self, size: int) -> bytes:
        block = self.raw.read(size)
        self.digest.update(block)
        self.size += len(block)
        self.advance(len(block))
        return block

    def close(self) -> None:
        self.closed = True
        self.raw.close()


class _Raw:
    """Gives the bytes as they lie in the file, to whatever unpacks them."""

    def __init__(self, counted: _Bytes):
        self.read = counted.take


def _text_blocks(
    path: Path, header: tuple[str, ...], kinds: Mapping[str, str], delimiter: str, missing: frozenset[str], reading: Reading,
    heading: str,
) -> Iterator[pd.DataFrame]:
    arrow, arrow_csv = require("pyarrow", "evidence"), require("pyarrow.csv", "evidence")
    check_end(path, heading)
    source = _Bytes(path, reading.advance)
    types = {name: arrow.dictionary(arrow.int32(), arrow.string()) if kind == TEXT else arrow.float64() for name, kind in kinds.items()}
    n_rows = 0
    try:
        blocks = arrow_csv.open_csv(
            source,
            read_options=arrow_csv.ReadOptions(block_size=_BLOCK, skip_rows=1, column_names=header),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types, include_columns=list(types), null_values=sorted(missing), strings_can_be_null=False,
            ),
        )
        for block in blocks:
            yield _frame(block, list(kinds))
            n_rows += len(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Refused.one(
            "the compressed file is damaged or cut short", file=path, remedy="fetch it again", heading=heading
        ) from error
    except arrow.lib.ArrowException as error:
        before = len(reading.faults)
        _locate(path, n_rows, len(header), kinds, delimiter, missing, reading.faults)
        if len(reading.faults) == before:
            reading.faults.add(f"not a regular table: {str(error).splitlines()[0]}")
        raise Refused(reading.faults, heading) from error
    finally:
        source.close()
    if source.last not in b"\r\n":
        raise _cut_off(path, heading)
    reading.digests[path] = File(path.name, source.digest.hexdigest(), source.size)


def _parquet_blocks(path: Path, kinds: Mapping[str, str], reading: Reading, heading: str) -> Iterator[pd.DataFrame]:
    arrow, parquet = require("pyarrow", "evidence"), require("pyarrow.parquet", "evidence")
    try:
        with parquet.ParquetFile(path) as file:
            size = path.stat().st_size
            for block in file.iter_batches(batch_size=_ROWS, columns=list(kinds)):
                reading.advance(size * len(block) / max(file.metadata.num_rows, 1))
                columns = [_typed(arrow, block.column(name), kind, name, reading.faults) for name, kind in kinds.items()]
                reading.faults.refuse_if_any(heading)
                yield _frame(arrow.RecordBatch.from_arrays(columns, names=list(kinds)), list(kinds))
    except (arrow.lib.ArrowException, OSError) as error:
        raise Refused.one("not a whole Parquet file", file=path, remedy="fetch it again", heading=heading) from error


def _typed(arrow: Any, column: Any, kind: str, name: str, faults: Faults) -> Any:
    """Turns a column of a Parquet file into the kind wanted; whole numbers make text without a decimal point."""
    types = arrow.types
    held = column.type.value_type if types.is_dictionary(column.type) else column.type
    if kind == TEXT:
        if types.is_dictionary(column.type) and types.is_string(held) and not column.null_count:
            return column
        if types.is_dictionary(column.type):
            column = column.cast(held)
        if not (types.is_string(held) or types.is_large_string(held) or types.is_integer(held)):
            faults.add(f"the column holds {held}, not text", field=name)
            return column
        return column.cast(arrow.string()).fill_null("").dictionary_encode()
    if not (types.is_integer(held) or types.is_floating(held) or types.is_decimal(held) or types.is_null(held)):
        faults.add(f"the column holds {held}, not numbers", field=name)
        return column
    return column.cast(arrow.float64())


def _frame(block: Any, names: list[str]) -> pd.DataFrame:
    columns = {}
    for name, column in zip(names, block.columns, strict=True):
        if not hasattr(column, "dictionary"):
            columns[name] = column.to_numpy(zero_copy_only=False)
            continue
        codes, words = column.indices.to_numpy(zero_copy_only=False), pd.Index(column.dictionary.to_pylist(), dtype=object)
        stripped = words.str.strip()
        if not stripped.equals(words):
            positions, words = pd.factorize(stripped)
            codes = positions[codes]
        columns[name] = pd.Categorical.from_codes(codes, words)
    return pd.DataFrame(columns)


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])


def _locate(
    path: Path, n_read: int, width: int, kinds: Mapping[str, str], delimiter: str, missing: frozenset[str], faults: Faults
) -> None:
    """Reads line by line beyond the rows that were read, and notes what is wrong in the first few lines with a fault."""
    n_wrong, positions = 0, {}
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if 1 < number < n_read + FIRST_LINE:
                continue
            before = len(faults)
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                faults.add("the text is not UTF-8", line=number, remedy="save it as UTF-8")
                return
            cells = _cells(line, delimiter)
            if number == 1:
                positions = {name: [cell.strip() for cell in cells].index(name) for name in kinds}
                continue
            _check_line(line, cells, number, width, positions, kinds, missing, faults)
            n_wrong += len(faults) > before
            if n_wrong >= SHOWN:
                faults.add(f"reading stopped at line {number:,}: there may be more")
                return


def _check_line(
    line: str, cells: list[str], number: int, width: int, positions: Mapping[str, int], kinds: Mapping[str, str],
    missing: frozenset[str], faults: Faults,
) -> None:
    if not line.strip("\r\n"):
        faults.add("the line is empty", line=number, remedy="take it out")
    elif line.count('"') % 2:
        faults.add("a quotation mark is not closed on its line", line=number, remedy="write the row on one line")
    elif len(cells) != width:
        remedy = "write 12.5 for 12,5, or put quotation marks around text with a comma" if len(cells) > width else "is the file whole?"
        faults.add(f"the row has {len(cells)} cells, the header {width}", line=number, remedy=remedy)
    else:
        for name, kind in kinds.items():
            cell = cells[positions[name]].strip()
            if kind == TEXT or cell in missing:
                continue
            complaint, remedy = _wrong_number(cell)
            if complaint:
                faults.add(f"'{cell}' {complaint}", line=number, field=name, remedy=remedy)


def _wrong_number(cell: str) -> tuple[str, str]:
    """Says what is wrong with a cell that should hold a number, and what to do; two empty texts where nothing is."""
    if _DECIMAL_COMMA.fullmatch(cell):
        return "is written with a decimal comma", "write a point, as in 12.5"
    try:
        float(cell)
    except ValueError:
        return "is not a number", ""
    return ("is not a number", "write digits alone") if "_" in cell else ("", "")
