"""Streams the text tables of patent offices in blocks of whole rows, for joins; damage is named by line.

`streaming.stream_table` is for tables of numbers. These have cells without quotation marks, or line breaks within them, come in
.zip too, spell their columns in any case, and are joined by identifiers, which stay Arrow text.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from redqueen.errors import Faults, Refused, nearest, require
from redqueen.evidence.sample import mark
from redqueen.evidence.tables import FIRST_LINE, SHOWN

if TYPE_CHECKING:
    import pyarrow

    from redqueen.evidence.reading import Reading

__all__ = ["LINE", "blocks"]

#: The column that gives each row's line in the file.
LINE = "line"

_BLOCK = 8 << 20
_CUT = "the last line has no end: the file may be cut off"
_CUT_REMEDY = "fetch it again; if it is whole, add a line break at its end"
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile)


def blocks(
    path: Path, wanted: Iterable[str], reading: Reading, *, delimiter: str, quoted: bool, optional: Iterable[str] = ()
) -> Iterator[pyarrow.Table]:
    """Yields a file's rows in blocks: the columns wanted and those optional ones that it has, as text, and `line`.

    Names of columns are matched and given in lower case. Unpacks .gz and .zip (of one file). `quoted` cells may hold the
    delimiter and line breaks. Notes in `reading.faults` each row with too few or too many cells and a last line without end;
    refuses at once columns that are missing, a wrong delimiter, text that is not UTF-8 and damaged packing.
    """
    arrow, text = require("pyarrow", "evidence"), require("pyarrow.csv", "evidence")
    names = [name.lower() for name in _header(path, delimiter)]
    kept = _check_names(path, names, list(wanted), list(optional), delimiter)
    faults, n_odd, line = Faults(file=path), 0, FIRST_LINE

    def note_odd(row: object) -> str:
        nonlocal n_odd
        n_odd += 1
        if n_odd <= SHOWN:
            words = f"the row has {row.actual_columns} cells, not {row.expected_columns}"
            faults.add(words, line=row.number, remedy="fetch the file again")
        return "skip"

    reading.files.append(path)
    with _opened(path) as (stream, raw):
        done = 0
        try:
            reader = text.open_csv(
                arrow.PythonFile(stream, mode="r"),
                read_options=text.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK, use_threads=False),
                parse_options=text.ParseOptions(
                    delimiter=delimiter, quote_char='"' if quoted else False, newlines_in_values=quoted, invalid_row_handler=note_odd
                ),
                convert_options=text.ConvertOptions(include_columns=kept, column_types={name: arrow.string() for name in kept}),
            )
            for batch in reader:
                table = arrow.Table.from_batches([batch])
                lines = arrow.array(range(line, line + table.num_rows), arrow.int64())
                line += table.num_rows
                reading.advance(raw.tell() - done)
                done = raw.tell()
                yield table.append_column(LINE, lines)
        except _DAMAGED as error:
            raise _damaged(path, error) from error
        except arrow.lib.ArrowInvalid as error:
            raise Refused.one(_plain(error), file=path, remedy="fetch the file again") from error
        if stream.last not in (b"\n", b"\r", b""):
            faults.add(_CUT, line=line - 1 + n_odd, remedy=_CUT_REMEDY)
    if n_odd > SHOWN:
        faults.add(f"{n_odd - SHOWN:,} more rows with too few or too many cells")
    reading.faults.extend(faults)


def _header(path: Path, delimiter: str) -> list[str]:
    try:
        with _opened(path) as (stream, _):
            first = b""
            while b"\n" not in first and (more := stream.read(1 << 16)):
                first += more
    except _DAMAGED as error:
        raise _damaged(path, error) from error
    if not first:
        raise Refused.one("the file is empty", file=path)
    words = first.partition(b"\n")[0].decode("utf-8-sig").rstrip("\r")
    names = [name.strip() for name in next(csv.reader([words], delimiter=delimiter), [])]
    if not any(names):
        raise Refused.one("the first line names no columns", file=path, line=1)
    return names


class _Watched:
    """Remembers the last byte that was read of a stream, and refuses what is not UTF-8."""

    def __init__(self, stream: IO[bytes], path: Path):
        self.stream, self.path, self.last, self.closed = stream, path, b"", False
        self.line, self.decoder = 1, codecs.getincrementaldecoder("utf-8")()

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        try:
            self.decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self.line + data[: error.start].count(b"\n")
            raise Refused.one("the text is not UTF-8", file=self.path, line=line, remedy="save it as UTF-8") from error
        self.line += data.count(b"\n")
        self.last = data[-1:] or self.last
        return data

    def close(self) -> None:
        self.closed = True


@contextmanager
def _opened(path: Path) -> Iterator[tuple[_Watched, IO[bytes]]]:
    """Opens a file unpacked, beside the raw file whose position tells how far the reading is."""
    if not path.is_file():
        siblings = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
        raise Refused.one("is a folder" if path.is_dir() else "no such file", file=path, remedy=nearest(path.name, siblings))
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as stream:
                yield _Watched(stream, path), raw
        elif path.suffix == ".zip":
            with zipfile.ZipFile(raw) as archive:
                held = archive.namelist()
                if len(held) != 1:
                    raise Refused.one(f"the archive holds {len(held)} files, not one", file=path, remedy="unpack it")
                with archive.open(held[0]) as stream:
                    yield _Watched(stream, path), raw
        else:
            yield _Watched(raw, path), raw


def _check_names(path: Path, names: list[str], wanted: list[str], optional: list[str], delimiter: str) -> list[str]:
    faults = Faults(file=path)
    others = [other for other in ",;\t|" if other != delimiter and len(names) == 1 and other in names[0]]
    if others:
        faults.add(f"the columns are separated by {mark(others[0])}, not by {mark(delimiter)}", line=1)
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        faults.add("the column stands twice in the header", line=1, field=name)
    for name in wanted:
        if name not in names and not others:
            faults.add("the column is missing", line=1, field=name, remedy=nearest(name, names) or f"it has {', '.join(names[:12])}")
    faults.refuse_if_any()
    return [name for name in names if name in wanted or name in optional]


def _damaged(path: Path, error: Exception) -> Refused:
    text = f"the compressed file is damaged or cut short: {error}" if str(error) else "the compressed file is cut short"
    return Refused.one(text, file=path, remedy="fetch it again")


def _plain(error: Exception) -> str:
    return f"not a regular table: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
