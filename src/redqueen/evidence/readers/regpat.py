"""Reads the OECD's REGPAT database: patent applications to the European Patent Office by region of the inventor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.evidence.checking import SHOWN
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.former_places import places_then
from redqueen.evidence.readers.patent_shares import PARTS, Check, co_inventions, fractional_counts, workspace
from redqueen.evidence.reading import Format, Reading, on_request
from redqueen.evidence.reshaping import tidy
from redqueen.evidence.sample import Sample
from redqueen.evidence.streaming import LINE, stream_text

__all__ = ["FORMATS"]

_HEADING = "OECD REGPAT"
_FILE = re.compile(r"(\d{6})_EPO_(Inv_reg|IPC)\.txt(\.gz)?", re.IGNORECASE)
_NUMBER = "TRY_CAST(trim({0}) AS DOUBLE)"
_SUBCLASS = 4
# The first European application was filed in 1978; priorities are older by little.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
# Codes of no country: the address tells none.
_NOWHERE = ("ZZ", "XX")


def _stream(place: Path, reading: Reading, *, ties: bool) -> Iterator[pd.DataFrame]:
    """Yields applications by region, IPC subclass and priority year, or co-inventions between regions.

    An application is shared by its inventors, as the publisher shares it, and equally by its distinct subclasses.
    """
    files = _files(place)
    with workspace() as connection:
        check = Check(connection, reading.faults)
        _read_inventors(files["inv_reg"], connection, check, reading)
        _read_classes(files["ipc"], connection, check, reading)
        check.finish()
        reading.faults.refuse_if_any(_HEADING)
        _check_regions(files["inv_reg"], connection, reading.faults)
        _check_repeats(files["inv_reg"], connection, reading.faults)
        reading.faults.refuse_if_any(_HEADING)
        _note_what_is_lacking(connection, reading)
        if ties:
            unit = "applications to the European Patent Office by priority year, whole counts"
            reading.units.update({"co-inventions": unit, "local co-inventions": unit})
            for piece in co_inventions(connection):
                yield tidy(piece, KINDS["ties"])
        else:
            reading.units["patents"] = "applications to the European Patent Office by priority year, fractional counts"
            for piece in fractional_counts(connection):
                yield tidy(piece.assign(measure="patents"), KINDS["activities"])


def _files(place: Path) -> dict[str, Path]:
    """Finds the two files that are read; refuses a folder that lacks one or holds two editions."""
    if not place.is_dir():
        raise Refused.one(
            "this is one file of several", file=place, remedy="give the folder with the unpacked files", heading=_HEADING
        )
    found: dict[str, list[Path]] = {"inv_reg": [], "ipc": []}
    for path in sorted(place.iterdir()):
        if match := _FILE.fullmatch(path.name):
            found[match[2].lower()].append(path)
    faults = Faults(file=place)
    for name, words in (("inv_reg", "YYYYMM_EPO_Inv_reg.txt"), ("ipc", "YYYYMM_EPO_IPC.txt")):
        if not found[name]:
            faults.add(f"the file {words} is missing")
        elif len(found[name]) > 1:
            faults.add(f"several editions: {', '.join(path.name for path in found[name])}", remedy="keep one")
    faults.refuse_if_any(_HEADING)
    return {name: paths[0] for name, paths in found.items()}


def _read_inventors(path: Path, connection: Any, check: Check, reading: Reading) -> None:
    connection.execute(
        "CREATE TABLE inventors (patent BIGINT, person BIGINT, region VARCHAR, part BIGINT, line BIGINT)"
    )
    wanted = ["appln_id", "person_id", "reg_code", "reg_share", "inv_share"]
    for block in stream_text(path, wanted, reading, heading=_HEADING, delimiter="|", quoted=False):
        connection.register("block", block)
        for name in ("appln_id", "person_id"):
            check.cells("block", name, f"TRY_CAST(trim({name}) AS BIGINT) IS NULL", "is not a whole number", path)
        for name in ("reg_share", "inv_share"):
            number = _NUMBER.format(name)
            check.cells("block", name, f"{number} IS NULL OR NOT {number} BETWEEN 0 AND 1.000001", "is no share from 0 to 1", path)
        connection.execute(
            f"""INSERT INTO inventors SELECT TRY_CAST(trim(appln_id) AS BIGINT), TRY_CAST(trim(person_id) AS BIGINT),
            upper(trim(reg_code)),
            TRY_CAST(round({_NUMBER.format("reg_share")} * {_NUMBER.format("inv_share")} * {PARTS}) AS BIGINT), {LINE} FROM block"""
        )
        connection.unregister("block")


def _read_classes(path: Path, connection: Any, check: Check, reading: Reading) -> None:
    connection.execute("CREATE TABLE read (patent BIGINT, activity VARCHAR, year INTEGER)")
    for block in stream_text(path, ["appln_id", "prio_year", "ipc"], reading, heading=_HEADING, delimiter="|", quoted=False):
        connection.register("block", block)
        check.cells("block", "appln_id", "TRY_CAST(trim(appln_id) AS BIGINT) IS NULL", "is not a whole number", path)
        year = "TRY_CAST(trim(prio_year) AS INTEGER)"
        bounds = f"{_FIRST_YEAR} AND {_LAST_YEAR}"
        check.cells(
            "block", "prio_year", f"trim(prio_year) <> '' AND ({year} IS NULL OR NOT {year} BETWEEN {bounds})", "is no year", path
        )
        form = "regexp_matches(trim(ipc), '^[A-H][0-9]{2}[A-Z]')"
        check.cells("block", "ipc", f"trim(ipc) <> '' AND NOT {form}", "is no IPC symbol such as H01L 21/027", path)
        connection.execute(
            f"""INSERT INTO read SELECT DISTINCT TRY_CAST(trim(appln_id) AS BIGINT), left(trim(ipc), {_SUBCLASS}), {year}
            FROM block"""
        )
        connection.unregister("block")
    connection.execute("CREATE TABLE classes AS SELECT DISTINCT patent, activity FROM read WHERE activity <> ''")
    connection.execute("CREATE TABLE years AS SELECT patent, min(year) AS year FROM read WHERE year IS NOT NULL GROUP BY patent")
    connection.execute("DROP TABLE read")


def _check_regions(path: Path, connection: Any, faults: Faults) -> None:
    """Notes regions that are in no known country: a region's code begins with its country's."""
    connection.execute(f"UPDATE inventors SET region = '' WHERE left(region, 2) IN {_NOWHERE}")
    rows = connection.execute(
        "SELECT left(region, 2), region, min(line) AS line FROM inventors WHERE region <> '' GROUP BY region ORDER BY line"
    ).fetchall()
    unknown = Faults()
    codes = places_then(sorted({country for country, _, _ in rows}), unknown)
    odd = [(region, line) for country, region, line in rows if country not in codes or not region.isalnum()]
    for region, line in odd[:SHOWN]:
        remedy = "a code begins with its country's, as in DE212"
        faults.add(f"no region has the code '{region}'", file=path, line=line, field="reg_code", remedy=remedy)
    if len(odd) > SHOWN:
        faults.add(f"{len(odd) - SHOWN:,} more unknown regions", file=path, field="reg_code")


def _check_repeats(path: Path, connection: Any, faults: Faults) -> None:
    rows = connection.execute(
        """SELECT patent, person, region, max(line) AS line FROM inventors GROUP BY patent, person, region HAVING count(*) > 1
        ORDER BY line"""
    ).fetchmany(SHOWN + 1)
    for patent, person, region, line in rows[:SHOWN]:
        faults.add(f"'{patent}, {person}, {region}' stands twice", file=path, line=line, field="appln_id person_id reg_code")
    if len(rows) > SHOWN:
        faults.add("more rows stand twice", file=path)


def _note_what_is_lacking(connection: Any, reading: Reading) -> None:
    def count(query: str) -> int:
        return connection.execute(query).fetchone()[0]

    reading.missing += count("SELECT count(*) FROM inventors WHERE region = ''")
    if reading.missing:
        reading.note(f"{reading.missing:,} inventors have no region: the others of the application share it")
    for held, other, words in (
        ("inventors", "classes", "IPC symbol"), ("inventors", "years", "priority year"), ("years", "inventors", "inventor")
    ):  # fmt: skip
        number = count(f"SELECT count(DISTINCT patent) FROM {held} ANTI JOIN {other} USING (patent)")
        if number:
            reading.note(f"{number:,} applications have no {words} and are left out")


def _looks_like(sample: Sample) -> bool:
    return any(_FILE.fullmatch(Path(name).name) for name in sample.files)


def _format(name: str, what: str, kind: str, looks_like: Callable[[Sample], bool], ties: bool) -> Format:
    layout = "folder with YYYYMM_EPO_Inv_reg.txt and YYYYMM_EPO_IPC.txt, separated by |"
    return Format(name, f"OECD REGPAT, {what}", kind, "oecd_regpat", layout, looks_like, partial(_stream, ties=ties))


FORMATS = (
    _format("regpat", "patents by region and technology", "activities", _looks_like, False),
    _format("regpat_ties", "co-inventions between regions", "ties", on_request, True),
)
