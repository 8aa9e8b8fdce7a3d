"""Joins inventors, technologies and dates of patents into fractional counts and co-inventions, in bounded memory.

Tables of tens of millions of rows are held by DuckDB in a temporary file. Shares are added as whole numbers of 2^-40 patents, so
that the sums are the same whatever the order in which rows come.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from redqueen.errors import Faults, Refused, require
from redqueen.evidence.checking import SHOWN
from redqueen.evidence.streaming import LINE

if TYPE_CHECKING:
    import duckdb

__all__ = ["PARTS", "Check", "co_inventions", "fractional_counts", "workspace"]

#: Whole numbers that make one patent.
PARTS = 1 << 40

_MEMORY = "1GB"
# DuckDB hands out rows in vectors of 2,048: about a million rows a piece.
_VECTORS = 512


@contextmanager
def workspace() -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens an empty database in a temporary folder, of at most 1 GB in memory, with the tables that the counts join.

    `inventors`: patent, person, region, part (share of the patent, any unit); `classes`: patent, activity, each pair once;
    `years`: patent, year. Patents are text or whole numbers.
    """
    database = require("duckdb", "evidence")
    with tempfile.TemporaryDirectory(prefix="redqueen-") as folder:
        try:
            connection = database.connect(
                str(Path(folder) / "patents.duckdb"), config={"memory_limit": _MEMORY, "temp_directory": folder}
            )
        except database.Error as error:
            raise Refused.one(f"no database can be made for the joins: {error}", file=folder) from error
        try:
            connection.execute("SET preserve_insertion_order = false")
            yield connection
        except (database.OutOfMemoryException, database.IOException) as error:
            raise Refused.one("the joins need more room than there is", file=folder, remedy="free some disk space") from error
        finally:
            connection.close()


class Check:
    """Notes faulty cells of a block that is registered with DuckDB, the first few by line, the others by number."""

    def __init__(self, connection: Any, faults: Faults):
        self.connection, self.faults = connection, faults
        self.counts: dict[tuple[object, str, str], int] = {}

    def cells(self, block: str, field: str, wrong: str, complaint: str, file: Path) -> None:
        """Notes the rows of `block` where the SQL condition `wrong` holds."""
        n_wrong = self.connection.execute(f"SELECT count(*) FILTER ({wrong}) FROM {block}").fetchone()[0]
        if not n_wrong:
            return
        key = (file, field, complaint)
        before = self.counts.get(key, 0)
        self.counts[key] = before + n_wrong
        shown = self.connection.execute(
            f"SELECT {LINE}, {field} FROM {block} WHERE {wrong} ORDER BY {LINE} LIMIT {max(SHOWN - before, 0)}"
        ).fetchall()
        for line, cell in shown:
            self.faults.add(f"'{cell}' {complaint}", file=file, line=line, field=field)

    def finish(self) -> None:
        """Says how many more rows were faulty than were shown."""
        for (file, field, complaint), count in self.counts.items():
            if count > SHOWN:
                self.faults.add(f"{count - SHOWN:,} more rows where the value {complaint}", file=file, field=field)


def fractional_counts(connection: duckdb.DuckDBPyConnection) -> Iterator[pd.DataFrame]:
    """Yields region, activity, year and value: each patent counts one, shared by inventors with a region and by its classes.

    Inventors without a region leave their share to the others, so that values add up to the number of patents that have an
    inventor with a region, a class and a year.
    """
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE shares AS
        SELECT patent, region, sum(part)::DOUBLE / sum(sum(part)) OVER (PARTITION BY patent)::DOUBLE AS share
        FROM inventors WHERE region <> '' GROUP BY patent, region
        QUALIFY sum(sum(part)) OVER (PARTITION BY patent) > 0"""
    )
    yield from _pieces(
        connection,
        f"""WITH classed AS (SELECT patent, activity, count(*) OVER (PARTITION BY patent) AS n FROM classes)
        SELECT region, activity, year, sum(round(share / n * {PARTS})::BIGINT)::DOUBLE / {PARTS} AS value
        FROM shares JOIN classed USING (patent) JOIN years USING (patent)
        GROUP BY ALL ORDER BY ALL""",
    )


def co_inventions(connection: duckdb.DuckDBPyConnection) -> Iterator[pd.DataFrame]:
    """Yields region, partner, year, value and measure: patents with inventors in both, counted whole, in both directions.

    "co-inventions" take two inventors in two regions; "local co-inventions", whose partner is the region, two in the same one.
    An inventor who is placed in several regions makes no tie by himself.
    """
    pairs = """SELECT DISTINCT a.patent, a.region, b.region AS partner FROM placed a
        JOIN placed b ON a.patent = b.patent AND a.person <> b.person AND a.region {} b.region"""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT DISTINCT patent, person, region FROM inventors WHERE region <> ''"
    )
    for measure, relation in (("co-inventions", "<>"), ("local co-inventions", "=")):
        query = f"""SELECT region, partner, year, count(*)::DOUBLE AS value
            FROM ({pairs.format(relation)}) JOIN years USING (patent) GROUP BY ALL ORDER BY ALL"""
        for piece in _pieces(connection, query):
            yield piece.assign(measure=measure)


def _pieces(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[pd.DataFrame]:
    result = connection.execute(query)
    while len(piece := result.fetch_df_chunk(_VECTORS)):
        yield piece.astype({"year": "int64", "value": "float64"})
