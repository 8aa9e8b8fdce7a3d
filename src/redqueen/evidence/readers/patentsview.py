"""Reads PatentsView's tables of granted US patents: by country, US state or county of the inventor and CPC subclass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.evidence.checking import SHOWN
from redqueen.evidence.evidence import KINDS
from redqueen.evidence.former_places import name_then, places_then
from redqueen.evidence.readers.patent_shares import Check, co_inventions, fractional_counts, workspace
from redqueen.evidence.reading import Format, Reading, on_request
from redqueen.evidence.reshaping import tidy
from redqueen.evidence.sample import Sample
from redqueen.evidence.streaming import LINE, stream_text
from redqueen.evidence.united_states import is_county, state_of, states

__all__ = ["FORMATS"]

_HEADING = "PatentsView"
_TABLES = ("g_patent", "g_inventor_disambiguated", "g_location_disambiguated", "g_cpc_current")
_ENDINGS = (".tsv", ".tsv.zip", ".tsv.gz")
_UTILITY, _INVENTIONAL = "utility", "inventional"
# Of inventors whose location is not in the table of locations, this share is taken for stray; they count as missing.
_STRAY = 0.001
_UNIT = "US utility patents by year of grant"


def _stream(place: Path, reading: Reading, *, level: str, ties: bool) -> Iterator[pd.DataFrame]:
    """Yields utility patents by region of the inventors, CPC subclass and year of grant, or co-inventions between regions.

    A patent is shared equally by its inventors with a known country, and by its distinct subclasses; those given as
    inventional count where there are any. `level` is "country", "state" or "county", the last two for US inventors only:
    the share of inventors abroad goes to no state.
    """
    files = _files(place, ties)
    with workspace() as connection:
        check = Check(connection, reading.faults)
        _read_patents(files["g_patent"], connection, check, reading)
        _read_locations(files["g_location_disambiguated"], connection, level, reading)
        _read_inventors(files["g_inventor_disambiguated"], connection, check, reading)
        if not ties:
            _read_classes(files["g_cpc_current"], connection, check, reading)
        check.finish()
        reading.faults.refuse_if_any(_HEADING)
        _check_locations(files["g_inventor_disambiguated"], connection, reading.faults)
        _check_repeats(files, connection, reading.faults)
        reading.faults.refuse_if_any(_HEADING)
        _note_what_is_lacking(connection, level, ties, reading)
        reading.units.update(
            {"co-inventions": f"{_UNIT}, whole counts", "local co-inventions": f"{_UNIT}, whole counts"}
            if ties else {"patents": f"{_UNIT}, fractional counts"}
        )  # fmt: skip
        for piece in co_inventions(connection) if ties else fractional_counts(connection):
            # Inventors outside of the level keep their share of a patent, which is in no region.
            piece = piece[piece["region"] != "-"]
            yield tidy(piece, KINDS["ties"]) if ties else tidy(piece.assign(measure="patents"), KINDS["activities"])


def _files(place: Path, ties: bool) -> dict[str, Path]:
    if not place.is_dir():
        raise Refused.one(
            "this is one table of several", file=place, remedy=f"give the folder with {', '.join(_TABLES)}", heading=_HEADING
        )
    faults, found = Faults(file=place), {}
    for table in _TABLES:
        paths = [place / f"{table}{ending}" for ending in _ENDINGS if (place / f"{table}{ending}").is_file()]
        if paths:
            found[table] = paths[0]
        elif table != "g_cpc_current" or not ties:
            faults.add(f"the table {table}.tsv is missing", remedy="fetch it too; it may stay in .zip")
    faults.refuse_if_any(_HEADING)
    return found


def _read_patents(path: Path, connection: Any, check: Check, reading: Reading) -> None:
    connection.execute("CREATE TABLE dated (patent VARCHAR, year INTEGER, line BIGINT)")
    for block in stream_text(path, ["patent_id", "patent_type", "patent_date"], reading, heading=_HEADING, delimiter="\t"):
        connection.register("block", block)
        check.cells("block", "patent_id", "patent_id = ''", "is no patent", path)
        date = "TRY_CAST(patent_date AS DATE)"
        check.cells("block", "patent_date", f"{date} IS NULL", "is no date such as 1999-12-28", path)
        connection.execute(f"INSERT INTO dated SELECT patent_id, year({date}), {LINE} FROM block WHERE patent_type = '{_UTILITY}'")
        connection.unregister("block")


def _read_locations(path: Path, connection: Any, level: str, reading: Reading) -> None:
    """Fills `locations` with the region of each location: '' where the country is unknown, '-' outside of the level."""
    wanted = ["location_id", "disambig_country"] + ([] if level == "country" else ["disambig_state", "state_fips", "county_fips"])
    parts = []
    for block in stream_text(path, wanted, reading, heading=_HEADING, delimiter="\t"):
        parts.append(block.to_pandas())
    reading.faults.refuse_if_any(_HEADING)
    table = pd.concat(parts).rename(columns={LINE: "row"})
    country = table["disambig_country"].str.strip().str.upper()
    codes: dict[object, str] = {"": ""}
    for name in sorted(set(country) - {""}):
        unknown = Faults(file=path)
        codes |= places_then([name], unknown, "disambig_country")
        for fault in unknown:
            line = int(table["row"][country == name].iloc[0])
            reading.faults.add(fault.message, file=path, line=line, field=fault.field, remedy=fault.remedy)
    reading.faults.refuse_if_any(_HEADING)
    region = country.map(codes)
    if level != "country":
        region = region.where(region != "USA", table.apply(_us_region, axis=1, level=level)).where(region.isin(("", "USA")), "-")
    reading.names["region"] = _names(set(region) - {"", "-"}, level)
    located = pd.DataFrame({"location": table["location_id"], "region": region, "line": table["row"]})
    connection.register("block", located)
    connection.execute("CREATE TABLE locations AS SELECT * FROM block")
    connection.unregister("block")


def _us_region(row: pd.Series, *, level: str) -> str:
    """Gives the FIPS code of a US location's state or county, '-' where it is not known."""
    state = state_of(row["state_fips"]) if row["state_fips"].strip() else state_of(row["disambig_state"] or "-")
    if level == "state" or state is None:
        return state or "-"
    county = row["county_fips"].strip()
    # The publisher writes three digits, or five with the state's.
    whole = county if len(county) == 5 else state + county.zfill(3)
    return whole if county and is_county(whole) else "-"


def _names(regions: set[str], level: str) -> dict[str, str]:
    if level == "country":
        return {code: name_then(code) for code in sorted(regions)}
    return {code: states()[code] for code in sorted(regions)} if level == "state" else {}


def _read_inventors(path: Path, connection: Any, check: Check, reading: Reading) -> None:
    connection.execute("CREATE TABLE named (patent VARCHAR, number VARCHAR, person VARCHAR, location VARCHAR, line BIGINT)")
    for block in stream_text(
        path, ["patent_id", "inventor_sequence", "inventor_id", "location_id"], reading, heading=_HEADING, delimiter="\t"
    ):
        connection.register("block", block)
        for name in ("patent_id", "inventor_id"):
            check.cells("block", name, f"{name} = ''", "is missing", path)
        connection.execute(f"INSERT INTO named SELECT patent_id, inventor_sequence, inventor_id, location_id, {LINE} FROM block")
        connection.unregister("block")
    connection.execute(
        """CREATE TABLE inventors AS SELECT named.patent, person, coalesce(region, '') AS region, 1::BIGINT AS part
        FROM named JOIN dated ON named.patent = dated.patent LEFT JOIN locations USING (location)"""
    )
    connection.execute("CREATE VIEW years AS SELECT patent, year FROM dated")


def _read_classes(path: Path, connection: Any, check: Check, reading: Reading) -> None:
    connection.execute("CREATE TABLE read (patent VARCHAR, activity VARCHAR, inventional BOOLEAN)")
    for block in stream_text(path, ["patent_id", "cpc_subclass", "cpc_type"], reading, heading=_HEADING, delimiter="\t"):
        connection.register("block", block)
        form = "regexp_matches(cpc_subclass, '^[A-HY][0-9]{2}[A-Z]$')"
        check.cells("block", "cpc_subclass", f"cpc_subclass <> '' AND NOT {form}", "is no CPC subclass such as H01L", path)
        connection.execute(
            f"""INSERT INTO read SELECT DISTINCT patent_id, cpc_subclass, cpc_type = '{_INVENTIONAL}' FROM block
            WHERE cpc_subclass <> ''"""
        )
        connection.unregister("block")
    connection.execute(
        """CREATE TABLE classes AS SELECT DISTINCT patent, activity FROM
        (SELECT *, bool_or(inventional) OVER (PARTITION BY patent) AS has_inventional FROM read)
        WHERE inventional OR NOT has_inventional"""
    )
    connection.execute("DROP TABLE read")


def _check_locations(path: Path, connection: Any, faults: Faults) -> None:
    """Notes locations that the table of locations lacks, where they are more than the odd one."""
    unknown = "FROM named ANTI JOIN locations USING (location) WHERE location <> ''"
    n_unknown, line = connection.execute(f"SELECT count(*), min(line) {unknown}").fetchone()
    if n_unknown > _STRAY * connection.execute("SELECT count(*) FROM named").fetchone()[0]:
        words = f"{n_unknown:,} inventors are at locations that g_location_disambiguated lacks, the first on this line"
        faults.add(words, file=path, line=line, field="location_id", remedy="take all tables from one edition")


def _check_repeats(files: dict[str, Path], connection: Any, faults: Faults) -> None:
    for table, key, file, field in (
        ("dated", "patent", "g_patent", "patent_id"),
        ("locations", "location", "g_location_disambiguated", "location_id"),
        ("named", "patent, number", "g_inventor_disambiguated", "patent_id inventor_sequence"),
    ):
        query = f"SELECT {key}, max(line) AS line FROM {table} GROUP BY {key} HAVING count(*) > 1 ORDER BY line"
        rows = connection.execute(query).fetchmany(SHOWN + 1)
        for *names, line in rows[:SHOWN]:
            faults.add(f"'{', '.join(names)}' stands twice", file=files[file], line=line, field=field)
        if len(rows) > SHOWN:
            faults.add("more rows stand twice", file=files[file], field=field)


def _note_what_is_lacking(connection: Any, level: str, ties: bool, reading: Reading) -> None:
    def count(query: str) -> int:
        return connection.execute(query).fetchone()[0]

    lacking = count("SELECT count(*) FROM inventors WHERE region = ''")
    reading.missing += lacking
    reading.note("utility patents only; plant, design and reissued patents are left out")
    if lacking:
        reading.note(f"{lacking:,} inventors have no known country: the others of the patent share it")
    if level != "country":
        outside = count("SELECT count(*) FROM inventors WHERE region = '-'")
        reading.note(f"{outside:,} inventors are in no US {level}: their share is left out")
    without = 0 if ties else count("SELECT count(DISTINCT patent) FROM inventors ANTI JOIN classes USING (patent)")
    if without:
        reading.note(f"{without:,} patents have no CPC subclass and are left out")


def _looks_like(sample: Sample) -> bool:
    return any(Path(name).name.partition(".")[0] in _TABLES for name in sample.files)


def _format(name: str, what: str, looks_like: Callable[[Sample], bool], level: str, ties: bool) -> Format:
    layout = f"folder with {', '.join(_TABLES)} in .tsv or .tsv.zip"
    kind = "ties" if ties else "activities"
    return Format(name, f"PatentsView, {what}", kind, "patentsview", layout, looks_like, partial(_stream, level=level, ties=ties))


FORMATS = (
    _format("patentsview", "patents by country and technology", _looks_like, "country", False),
    _format("patentsview_states", "patents by US state and technology", on_request, "state", False),
    _format("patentsview_counties", "patents by US county and technology", on_request, "county", False),
    _format("patentsview_ties", "co-inventions between countries", on_request, "country", True),
)
