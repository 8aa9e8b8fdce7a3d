"""Streams text tables and Parquet files of any size in bounded memory, every cell checked; faults are named by line and column.

Arrow parses text in blocks, faster than DuckDB and in less memory (benchmarks/baci.py --parsers). It stops at the first cell
that it cannot read; a second pass, line by line, then finds the faults and their places (`locating`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused, require
from redqueen.evidence.checking import FIRST_LINE, MISSING, YEARS, say_rows
from redqueen.evidence.locating import locate
from redqueen.evidence.reading import Reading
from redqueen.evidence.sample import Sample, check_header, look, look_inside
from redqueen.evidence.unpacking import ZIP, Unpacked, check_end

if TYPE_CHECKING:
    import pyarrow

__all__ = ["LINE", "NUMBER", "TEXT", "WHOLE", "YEAR", "stream_table", "stream_text"]

#: What a column may hold. All come as float64, but for text, which is categorical, and years, which are int64.
TEXT, NUMBER, WHOLE, YEAR = "text", "number", "whole number", "year"
#: The column of `stream_text` that gives each row's line in the file.
LINE = "line"

# Blocks that Arrow parses at once; larger ones are no faster.
_BLOCK = 1 << 22
# Rows of a Parquet file that are taken at once.
_ROWS = 1 << 18
# A table damaged throughout is not read to its end to count what is wrong.
_MOST_FAULTS = 50


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
    any_case: bool = False,
) -> Iterator[pd.DataFrame]:
    """Streams the named columns of a text file (also .gz, .zip) or a Parquet file as tables of some hundred thousand rows.

    `columns` gives the kind of each: TEXT comes as a categorical without outer blanks, NUMBER and WHOLE as finite float64,
    NaN where a cell of `may_miss` is one of `missing`, YEAR as int64. Columns named in `optional` may be absent; `any_case` says
    that the publisher spells them in any case, and gives them in lower case. `delimiter` is the publisher's; without it, the
    ending decides (.csv a comma, .tsv a tab, others what the header shows). The index, named "row", tells where a row begins: on
    the line of that number plus 2.

    Faults go to `reading.faults`; the stream is refused with all of them at a fault that no row can be read beyond, or when
    there are many. Refused so are an absent, empty or binary file, one that is damaged or does not end with a line break, a
    wrong delimiter, missing or repeated columns, rows longer or shorter than the header, text that is not UTF-8, decimal
    commas, and cells that are empty or not of their kind.
    """
    path = Path(path)
    wanted = [name for name in columns if name not in optional]
    sample, header = _begun(path, reading, heading, wanted=wanted, delimiter=delimiter, any_case=any_case)
    kinds = {name: kind for name, kind in columns.items() if name in header}
    if path.suffix.lower() == ".parquet":
        written = dict(zip(header, sample.columns, strict=True))
        blocks = _parquet_blocks(path, kinds, written, reading, heading)
    else:
        # An empty line is a row without cells, which goes unseen where every cell may miss.
        text = _Text(path, header, sample.delimiter, kinds, frozenset(missing), may_be_empty=set(kinds) <= set(may_miss))
        blocks = (_frame(block, list(kinds), lines) for block, lines in _text_blocks(text, reading, heading))
    row = 0
    for block in blocks:
        row += len(block)
        for name, kind in kinds.items():
            before = len(reading.faults)
            _check_cells(block[name], name, kind, name in may_miss, reading.faults)
            if kind == YEAR:
                good = block[name] if len(reading.faults) == before else block[name].where(block[name].between(*YEARS), 0)
                block[name] = good.to_numpy().astype(np.int64)
        if len(reading.faults) > _MOST_FAULTS:
            reading.faults.add(f"reading stopped at row {row:,}: too much is wrong")
            reading.faults.refuse_if_any(heading)
        yield block
    _finish(row, reading, heading)


def stream_text(
    path: str | Path,
    columns: Collection[str],
    reading: Reading,
    *,
    heading: str,
    delimiter: str,
    quoted: bool = True,
) -> Iterator[pyarrow.Table]:
    """Streams the named columns of a text file (also .gz, .zip) for joins: blocks of rows, all cells text, and `line`.

    `quoted` says that a cell in quotation marks may hold the delimiter, quotation marks and line breaks; otherwise these marks are
    letters like others. Columns may be spelt in any case, and come in lower case. Refuses as `stream_table` does; what the cells
    hold is for the caller to check.
    """
    path = Path(path)
    _, header = _begun(path, reading, heading, wanted=columns, delimiter=delimiter, any_case=True)
    arrow, row = require("pyarrow", "evidence"), 0
    text = _Text(path, header, delimiter, dict.fromkeys(columns, TEXT), frozenset(), quoted=quoted, plain=True, may_be_empty=True)
    for block, lines in _text_blocks(text, reading, heading):
        row += len(block)
        yield arrow.Table.from_batches([block]).append_column(LINE, arrow.array(lines, type=arrow.int64()))
    _finish(row, reading, heading)


@dataclass(frozen=True)
class _Text:
    """Says how a text table is written, and which of its columns are wanted, each with its kind; `plain` text is not coded."""

    path: Path
    header: tuple[str, ...]
    delimiter: str
    kinds: Mapping[str, str]
    missing: frozenset[str]
    quoted: bool = True
    plain: bool = False
    may_be_empty: bool = False


def _begun(path: Path, reading: Reading, heading: str, **options: Any) -> tuple[Sample, tuple[str, ...]]:
    """Looks at a file, which becomes that of the faults that follow, and refuses a header that is wrong."""
    reading.faults.file = path
    reading.files.append(path)
    sample = look_inside(path) if path.is_dir() or path.suffix.lower() == ZIP else look(path)
    before = len(reading.faults)
    header = check_header(sample, reading.faults, **options)
    if len(reading.faults) > before:
        raise Refused(reading.faults, heading)
    return sample, header


def _finish(n_rows: int, reading: Reading, heading: str) -> None:
    # Arrow would hold on to the memory of its blocks, which what is made of the rows needs.
    require("pyarrow", "evidence").default_memory_pool().release_unused()
    if n_rows == 0:
        reading.faults.add("the table has a header and no rows")
        reading.faults.refuse_if_any(heading)


def _text_blocks(text: _Text, reading: Reading, heading: str) -> Iterator[tuple[pyarrow.RecordBatch, np.ndarray]]:
    """Yields blocks of rows, each with the lines on which its rows stand."""
    arrow, arrow_csv = require("pyarrow", "evidence"), require("pyarrow.csv", "evidence")
    # A file that was cut off is known at once, before all of it is read.
    check_end(text.path, heading)
    coded = arrow.string() if text.plain else arrow.dictionary(arrow.int32(), arrow.string())
    types = {name: coded if kind == TEXT else arrow.float64() for name, kind in text.kinds.items()}
    n_rows = 0
    with _Source(text, heading, reading) as source:
        try:
            blocks = arrow_csv.open_csv(
                source,
                read_options=arrow_csv.ReadOptions(block_size=_BLOCK, skip_rows=1, column_names=text.header),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=text.delimiter, ignore_empty_lines=False, quote_char='"' if text.quoted else False,
                    newlines_in_values=text.quoted,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=types, include_columns=list(types), null_values=sorted(text.missing), strings_can_be_null=False,
                ),
            )
            for block in blocks:
                yield block, source.lines(n_rows, len(block))
                n_rows += len(block)
        except arrow.lib.ArrowException as error:
            raise _irregular(text, n_rows, error, reading, heading) from error
        source.check_end()
        if source.is_odd:
            # Arrow takes an empty line for a row without cells, and a quotation mark that is not closed for a letter.
            _note_lines(text, 0, reading.faults)
        reading.digests[text.path] = source.file()


def _irregular(text: _Text, n_rows: int, error: Exception, reading: Reading, heading: str) -> Refused:
    """Gives the refusal of a text that Arrow cannot read beyond some rows, with the lines that are wrong."""
    before = len(reading.faults)
    _note_lines(text, n_rows, reading.faults)
    if len(reading.faults) == before:
        reading.faults.add(f"not a regular table: {str(error).splitlines()[0]}")
    return Refused(reading.faults, heading)


def _note_lines(text: _Text, n_rows: int, faults: Faults) -> None:
    numeric = [name for name, kind in text.kinds.items() if kind != TEXT]
    locate(text.path, n_rows, text.header, numeric, faults, delimiter=text.delimiter, missing=text.missing, quoted=text.quoted)


class _Source(Unpacked):
    """Gives a text's bytes to Arrow, and tells on which line each row starts, also where cells hold line breaks.

    `is_odd` says that there are empty lines, where they are watched for, or quotation marks that are not closed.
    """

    def __init__(self, text: _Text, heading: str, reading: Reading):
        super().__init__(text.path, heading, reading.advance)
        self.quoted, self.watches, self.has_empty_lines = text.quoted, text.may_be_empty, False
        # The row that the next byte belongs to, -1 for the header; whether it is the row's first, or within quotation marks.
        self._row, self._starts, self._within = -1, True, False
        # From the row of each entry on, rows stand by one line further below.
        self._breaks: list[int] = []

    @property
    def is_odd(self) -> bool:
        return self.has_empty_lines or self._within

    def read(self, size: int = -1) -> bytes:
        block = super().read(size)
        if not block:
            return block
        self.has_empty_lines |= self._starts and block[:1] in (b"\n", b"\r")
        if self.quoted and (self._within or b'"' in block):
            self._read_quoted(np.frombuffer(block, dtype=np.uint8))
        else:
            self.has_empty_lines |= self.watches and (b"\n\n" in block or (b"\r" in block and b"\n\r" in block))
            self._row += block.count(b"\n")
        self._starts = block[-1:] == b"\n" and not self._within
        return block

    def _read_quoted(self, letters: np.ndarray) -> None:
        ends, marks = np.flatnonzero(letters == ord("\n")), np.flatnonzero(letters == ord('"'))
        # A line break after an odd number of quotation marks is within a cell.
        within = (np.searchsorted(marks, ends) + self._within) % 2 == 1
        rows = self._row + np.cumsum(~within)
        self._breaks += (rows[within] + 1).tolist()
        following = letters[ends[~within & (ends + 1 < len(letters))] + 1]
        self.has_empty_lines |= bool(np.isin(following, (ord("\n"), ord("\r"))).any())
        self._row = int(rows[-1]) if len(rows) else self._row
        self._within = (len(marks) + self._within) % 2 == 1

    def lines(self, first: int, n_rows: int) -> np.ndarray:
        """Gives the lines on which rows start, of which `first` is the number of the first, from 0."""
        rows = np.arange(first, first + n_rows)
        return rows + FIRST_LINE + (np.searchsorted(self._breaks, rows, side="right") if self._breaks else 0)


def _parquet_blocks(
    path: Path, kinds: Mapping[str, str], written: Mapping[str, str], reading: Reading, heading: str
) -> Iterator[pd.DataFrame]:
    arrow, parquet = require("pyarrow", "evidence"), require("pyarrow.parquet", "evidence")
    try:
        with parquet.ParquetFile(path) as file:
            size, line = path.stat().st_size, FIRST_LINE
            for block in file.iter_batches(batch_size=_ROWS, columns=[written[name] for name in kinds]):
                reading.advance(size * len(block) / max(file.metadata.num_rows, 1))
                columns = [_typed(arrow, block.column(written[name]), kind, name, reading.faults) for name, kind in kinds.items()]
                reading.faults.refuse_if_any(heading)
                lines = np.arange(line, line + len(block))
                line += len(block)
                yield _frame(arrow.RecordBatch.from_arrays(columns, names=list(kinds)), list(kinds), lines)
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


def _frame(block: pyarrow.RecordBatch, names: list[str], lines: np.ndarray) -> pd.DataFrame:
    """Gives a block as a table whose index tells the rows of the file by their lines."""
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
    return pd.DataFrame(columns, index=pd.Index(lines - FIRST_LINE, name="row"))


def _check_cells(cells: pd.Series, name: str, kind: str, may_miss: bool, faults: Faults) -> None:
    if kind == TEXT:
        if not may_miss and "" in cells.cat.categories:
            say_rows(faults, name, "is missing", cells.where(cells != ""), cells == "")
        return
    values = cells.to_numpy()
    # A sum is finite only where every cell is: the usual case needs no more than this.
    if np.isfinite(values.sum()) and (kind == NUMBER or (values == np.trunc(values)).all()):
        odd = (values < YEARS[0]) | (values > YEARS[1]) if kind == YEAR else np.array(False)
    else:
        missing, infinite = np.isnan(values), np.isinf(values)
        if not may_miss:
            say_rows(faults, name, "is missing", cells, pd.Series(missing, cells.index))
        say_rows(faults, name, "is not a finite number", cells, pd.Series(infinite, cells.index))
        if kind != NUMBER:
            part = ~missing & ~infinite & (values != np.trunc(values))
            say_rows(faults, name, "is not a whole number", cells, pd.Series(part, cells.index))
        odd = ((values < YEARS[0]) | (values > YEARS[1])) & ~infinite if kind == YEAR else np.array(False)
    if odd.any():
        words = "is no year between {} and {}".format(*YEARS)
        say_rows(faults, name, words, cells.map("{:g}".format), pd.Series(odd, cells.index))
