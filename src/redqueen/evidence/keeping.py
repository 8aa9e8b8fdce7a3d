"""Says what a table of evidence holds, and keeps it as a Parquet file that tells where it came from."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import redqueen
from redqueen.errors import Faults, Refused, require
from redqueen.evidence.evidence import COLUMNS, File, text_columns
from redqueen.evidence.facts import sources
from redqueen.evidence.gathering import Coded, Coder, Sums
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.opening import Opened
from redqueen.evidence.sample import KEPT, look
from redqueen.writing import whole_file

__all__ = ["Found", "check_place", "find_out", "keep"]

_HEADING = "redqueen read"
_PROVENANCE = ("format", "title", "publisher", "licence", "citation")


@dataclass(frozen=True)
class Found:
    """Says what a table holds and where it came from.

    `rows` counts rows, or cells of input-output tables; `regions`, `partners`, `activities` and `organisations` list codes,
    sorted, each None where the table has no such column; `units` gives the unit of each measure. `missing` and `suppressed`
    count cells without a value, the second those that the publisher hides. `names` are the words for codes.
    """

    format: str
    title: str
    kind: str
    publisher: str
    licence: str
    citation: str
    rows: int
    years: list[int]
    regions: list[str] | None
    partners: list[str] | None
    activities: list[str] | None
    organisations: list[str] | None
    units: dict[str, str]
    missing: int
    suppressed: int
    notes: list[str]
    files: list[File]
    names: dict[str, dict[str, str]]


def find_out(opened: Opened) -> Found:
    """Reads a place through, checks all of it and says what it holds; nothing is kept."""
    return _through(opened, lambda columns: None)


def keep(opened: Opened, place: str | Path, command: str) -> Found:
    """Reads a place through and writes its rows into a Parquet file, whole or not at all; says what it holds.

    The file's metadata hold, under the key "redqueen", one JSON object: publisher, licence, citation, unit of each measure,
    names, notes, counts, the name, size and SHA-256 of each file read, and the command. Equal input gives an equal file.
    Refuses to replace a file that redqueen did not make.
    """
    place = Path(place)
    check_place(place)
    arrow, parquet = require("pyarrow", "evidence"), require("pyarrow.parquet", "evidence")
    writer = None

    def write(columns: dict[str, np.ndarray]) -> None:
        nonlocal writer
        table = _arrow_table(arrow, columns, opened)
        with _written(place):
            if writer is None:
                writer = parquet.ParquetWriter(draft, table.schema, compression="zstd")
            writer.write_table(table)

    with whole_file(place) as draft:
        try:
            found = _through(opened, write)
            if writer is None:
                raise ValueError("a table without rows passed the checks")
            kept = {"made_by": f"redqueen {redqueen.__version__}", **_provenance(opened), "command": command}
            # The name of a file may be no text.
            text = json.dumps(kept, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
            writer.add_key_value_metadata({KEPT.decode(): text})
            with _written(place):
                writer.close()
        finally:
            if writer is not None:
                with contextlib.suppress(OSError):
                    writer.close()
    return found


def check_place(place: str | Path, faults: Faults | None = None) -> None:
    """Refuses a place that a kept table may not be written to, or notes why in `faults`."""
    place, mine = Path(place), Faults() if faults is None else faults
    if place.suffix.lower() != ".parquet":
        mine.add("tables are kept as Parquet", file=place, field="-o", remedy="let the name end in .parquet")
    elif place.is_dir():
        mine.add("this is a folder", file=place, field="-o", remedy="name a file")
    elif place.exists() and not _made_here(place):
        mine.add("redqueen did not make the file that is there", file=place, field="-o", remedy="name another")
    elif not place.absolute().parent.is_dir() or not os.access(place.absolute().parent, os.W_OK):
        mine.add("nothing may be written here", file=place.parent, field="-o", remedy="name a folder of yours that exists")
    if faults is None:
        mine.refuse_if_any(_HEADING)


def _through(opened: Opened, write: Callable[[dict[str, np.ndarray]], None]) -> Found:
    n_rows = 0
    years: set[int] = set()
    sums: Sums | None = None
    for piece in opened.pieces():
        if isinstance(piece, InputOutput):
            for columns in _flows(piece, opened):
                n_rows += len(columns["value"])
                write(columns)
            continue
        if opened.kind != opened.read_kind:
            if sums is None:
                assert opened.coder is not None
                sums = Sums(opened.coder, list(COLUMNS[opened.read_kind]))
            sums.add(piece)
            continue
        n_rows += len(piece)
        years.update(np.unique(piece.columns["year"]).tolist() if "year" in piece.columns else [])
        write(piece.columns)
    if sums:
        columns = sums.take()
        n_rows = len(columns["value"])
        years.update(np.unique(columns["year"]).tolist())
        write(columns)
    return _found(opened, n_rows, years | {table.year for table in opened.tables})


def _found(opened: Opened, n_rows: int, years: set[int]) -> Found:
    labels = {name: sorted(opened.coder.numbers[name]) for name in text_columns(opened.kind)} if opened.coder else {}
    if opened.tables:
        labels = {
            "region": list(dict.fromkeys(region for table in opened.tables for region in table.regions)),
            "activity": list(dict.fromkeys(sector for table in opened.tables for sector in table.sectors)),
        }
    told = _provenance(opened)
    return Found(
        **{name: told[name] for name in (*_PROVENANCE, "kind", "units", "missing", "suppressed", "notes", "names")},
        rows=n_rows, years=sorted(int(year) for year in years), regions=labels.get("region"), partners=labels.get("partner"),
        activities=labels.get("activity"), organisations=labels.get("organisation"), files=list(opened.files()),
    )


def _provenance(opened: Opened) -> dict[str, Any]:
    reading = opened.reading
    told = reading.origin or {"format": opened.layout.name, "title": opened.layout.title}
    if not reading.origin:
        source = sources()[opened.layout.source]
        told |= {"publisher": source.publisher, "licence": source.licence, "citation": source.citation}
    notes = [*opened.notes(), *(note for table in opened.tables for note in table.notes)]
    units = dict(reading.units) or ({"flows": opened.tables[-1].unit} if opened.tables else {})
    return {
        **{name: told[name] for name in _PROVENANCE}, "kind": opened.kind, "units": units, "names": reading.names,
        "notes": list(dict.fromkeys(notes)), "missing": reading.missing, "suppressed": reading.suppressed,
        "files": [asdict(file) for file in opened.files()],
    }


def _flows(table: InputOutput, opened: Opened) -> Iterator[dict[str, np.ndarray]]:
    from redqueen.evidence.flows import as_rows

    if opened.coder is None:
        opened.coder = Coder(text_columns("input_output"))
    rows: pd.DataFrame = as_rows(table)
    coded: Coded = opened.coder.code(rows[list(COLUMNS["input_output"])])
    yield coded.columns


def _arrow_table(arrow: Any, columns: dict[str, np.ndarray], opened: Opened) -> Any:
    made = {}
    assert opened.coder is not None
    for name in COLUMNS[opened.kind]:
        cells = columns[name]
        if name in opened.coder.numbers:
            labels = arrow.array(opened.coder.labels(name), type=arrow.string())
            made[name] = arrow.DictionaryArray.from_arrays(arrow.array(cells, type=arrow.int32()), labels)
        else:
            made[name] = arrow.array(cells, type=arrow.int64() if name == "year" else arrow.float64())
    return arrow.table(made)


def _made_here(place: Path) -> bool:
    try:
        return bool(look(place).kept)
    except Refused:
        return False


@contextlib.contextmanager
def _written(place: Path) -> Iterator[None]:
    """Refuses with the place of writing what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise Refused.one(f"cannot be written: {error.strerror or error}", file=place, field="-o", heading=_HEADING) from error
