"""The database that a ledger is kept in: its address, its table, which is only ever added to, and its refusals in words."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from redqueen.errors import Refused, nearest, require
from redqueen.writing import DRAFT

try:
    import fcntl
except ImportError:
    # Only Unix has it.
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

__all__ = ["FORMAT", "WAIT", "Database"]

#: The layout of the tables that this version writes and reads.
FORMAT = 1
#: Seconds that a writer waits for others.
WAIT = 30.0

_OBSERVATIONS, _LEDGER = "redqueen_observations", "redqueen_ledger"
_ONLY_ADDED_TO = "a ledger is only added to: record a correction"
# What tells a ledger from another file of SQLite's: "RedQ", in the header of the file; and files that stand beside one.
_OURS, _HEADER, _BESIDE = int.from_bytes(b"RedQ", "big"), 100, ("-lock", "-wal", "-shm", DRAFT)
# Writers of one PostgreSQL database take turns at this number: "redqueen" in bytes.
_TURN = int.from_bytes(b"redqueen", "big")
# The third guard is for INSERT OR REPLACE, which removes a row without asking the second.
_GUARDS = {
    "sqlite": (
        f"CREATE TRIGGER redqueen_no_update BEFORE UPDATE ON {_OBSERVATIONS} BEGIN SELECT RAISE(ABORT, '{_ONLY_ADDED_TO}'); END",
        f"CREATE TRIGGER redqueen_no_delete BEFORE DELETE ON {_OBSERVATIONS} BEGIN SELECT RAISE(ABORT, '{_ONLY_ADDED_TO}'); END",
        f"""CREATE TRIGGER redqueen_no_replace BEFORE INSERT ON {_OBSERVATIONS} WHEN EXISTS (
            SELECT 1 FROM {_OBSERVATIONS} WHERE number = NEW.number OR indicator = NEW.indicator AND region = NEW.region
            AND year = NEW.year AND revision = NEW.revision
        ) BEGIN SELECT RAISE(ABORT, '{_ONLY_ADDED_TO}'); END""",
    ),
    "postgresql": (
        f"""CREATE OR REPLACE FUNCTION redqueen_no_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{_ONLY_ADDED_TO}'; END $$""",
        f"""CREATE TRIGGER redqueen_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {_OBSERVATIONS}
            FOR EACH STATEMENT EXECUTE FUNCTION redqueen_no_change()""",
    ),
}
# What a database reports, by the beginning of SQLite's name of the error or PostgreSQL's SQLSTATE: what is said, what to do.
_REPORTS = {
    "SQLITE_READONLY": ("may not be written", "get the right to write the file and its folder"),
    "SQLITE_CANTOPEN": ("cannot be opened", "get the right to read and write the file and its folder"),
    "SQLITE_FULL": ("the disk is full", "make room, then ask again"),
    "SQLITE_BUSY": ("somebody else has held it for too long", "close other programs that have it open, then ask again"),
    "SQLITE_NOTADB": ("is no database, and so no ledger", "name another file"),
    "SQLITE_CORRUPT": ("is damaged", "put a copy or an export in its place"),
    "SQLITE_IOERR": ("the disk reports an error", "copy what can be read to another disk"),
    "SQLITE_CONSTRAINT": ("somebody else recorded the same at the same moment", "look at what is there, then record again"),
    "23505": ("somebody else recorded the same at the same moment", "look at what is there, then record again"),
    "25006": ("the server may only be read", "name the server that may be written"),
    "42501": ("the user of this address may not do this", "get the right to select from, insert into or make its tables"),
    "42P01": ("holds no ledger", "redqueen monitor record makes one"),
    "53100": ("the disk of the server is full", "make room, then ask again"),
    "55P03": ("somebody else has held it for too long", "ask again when they are done"),
}
_LETTERS = 300


class Database:
    """Connects to the SQLite file or PostgreSQL database of an address; says in words what it refuses.

    `address` is the path of a file, or a URL: sqlite:///PATH, postgresql://USER:PASSWORD@HOST:PORT/DATABASE (postgres:// and
    postgresql+psycopg:// are the same). `shown` is the address as it may be printed: without password and options.
    """

    def __init__(self, address: str | os.PathLike[str]):
        self.path: Path | None = None
        self.url: Any = None
        self._made: Engine | None = None
        text = os.fspath(address)
        if "://" not in text:
            self.path, self.shown = Path(text).absolute(), text
            return
        self.url = _parsed(text)
        self.shown = self.url.set(query={}, drivername="postgresql").render_as_string(hide_password=True)
        if self.url.drivername == "sqlite":
            self.path, self.shown = Path(self.url.database).absolute(), self.url.database

    @property
    def observations(self) -> Table:
        """Gives the table of observations."""
        return _tables().observations

    def create(self) -> None:
        """Makes the tables and their guards where they are not there yet; refuses what holds anything else."""
        if self.path is None:
            with self._connection(writing=True) as connection:
                if not _tables_there(connection):
                    self._lay_out(connection)
                self._check(connection)
            return
        if not os.path.lexists(self.path):
            self._create_file(self.path)
        self.check()

    def check(self) -> None:
        """Refuses what is not there, holds no ledger, or one of a newer layout."""
        with self.reading() as connection:
            self._check(connection)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Gives a connection to read by."""
        with self._connection(writing=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Gives a connection alone in writing; what is written is kept at the end, all of it or nothing."""
        with self._connection(writing=True) as connection:
            yield connection

    def now(self, connection: Connection) -> str:
        """Gives the time in UTC as ISO text of one length, by the clock that all writers share."""
        import datetime

        import sqlalchemy

        there = self.path is None
        time = connection.scalar(sqlalchemy.func.clock_timestamp()) if there else datetime.datetime.now(datetime.UTC)
        return time.astimezone(datetime.UTC).isoformat(timespec="microseconds")

    def refuse(self, message: str, remedy: str) -> Refused:
        """Makes the refusal of this address."""
        return Refused.one(message, file=self.shown, remedy=remedy)

    @contextlib.contextmanager
    def _connection(self, writing: bool) -> Iterator[Connection]:
        sqlalchemy = require("sqlalchemy", "monitor")
        if self.path is not None:
            self._check_file(self.path)
        begun = False
        try:
            with self._turn(), self._engine().connect().execution_options(writing=writing) as connection, connection.begin():
                if writing and self.path is None:
                    connection.execute(sqlalchemy.text(f"SET LOCAL lock_timeout = {int(WAIT * 1000)}"))
                    # Some servers acknowledge first and write later, unless asked.
                    connection.execute(sqlalchemy.text("SET LOCAL synchronous_commit = on"))
                    connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(_TURN)))
                begun = True
                yield connection
        except sqlalchemy.exc.DBAPIError as error:
            raise self._refusal(error, begun and writing) from error

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Waits until nobody else has the file open through a ledger; a server needs no such thing."""
        if self.path is None or fcntl is None:
            yield
            return
        # Before 3.51.3 SQLite may lose what was committed, where two connections write and tidy up at once
        # (sqlite.org/wal.html, the WAL-reset bug).
        with _opened(Path(f"{self.path}-lock"), self) as place:
            end = time.monotonic() + WAIT
            while not _locked(place):
                if time.monotonic() > end:
                    raise self.refuse(*_REPORTS["SQLITE_BUSY"])
                time.sleep(0.005)
            yield

    def _engine(self) -> Engine:
        """Gives the engine; it keeps no connection, so that a ledger is never to be closed."""
        if self._made is None:
            self._made = self._new_engine()
        return self._made

    def _new_engine(self) -> Engine:
        sqlalchemy = require("sqlalchemy", "monitor")
        if self.path is None:
            require("psycopg", "postgres")
            options = {"client_encoding": "utf8", "application_name": "redqueen", "connect_timeout": 10}
            # Writers wait for their turn by a statement; the next one must see what the one before wrote.
            return sqlalchemy.create_engine(
                self.url,
                poolclass=sqlalchemy.NullPool,
                isolation_level="READ COMMITTED",
                hide_parameters=True,
                connect_args={name: value for name, value in options.items() if name not in self.url.query},
            )
        engine = sqlalchemy.create_engine(
            "sqlite://", creator=lambda: _connect_file(self.path, "rw"), poolclass=sqlalchemy.NullPool, hide_parameters=True
        )

        # As SQLAlchemy's pages on SQLite advise: the driver begins nothing, and a writer begins by locking out others.
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")

        sqlalchemy.event.listen(engine, "begin", begin)
        return engine

    def _create_file(self, path: Path) -> None:
        """Makes the file of a ledger under another name, and puts it in its place whole; one that came first stays."""
        sqlalchemy = require("sqlalchemy", "monitor")
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=DRAFT)
        except OSError as error:
            remedy = "name a folder that exists, and that you may write"
            raise self.refuse(f"no ledger can be made here: {error.strerror}", remedy) from error
        os.close(handle)
        draft = Path(name)
        try:
            engine = sqlalchemy.create_engine(
                "sqlite://", creator=lambda: _connect_file(draft, "rw"), poolclass=sqlalchemy.NullPool
            )
            with engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA application_id={_OURS}")
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                self._lay_out(connection)
                connection.commit()
            mask = os.umask(0)
            os.umask(mask)
            draft.chmod(0o666 & ~mask)
            _put(draft, path)
        except sqlalchemy.exc.DBAPIError as error:
            raise self._refusal(error) from error
        except OSError as error:
            raise self.refuse(f"no ledger can be made here: {error.strerror}", "name another folder") from error
        finally:
            for left in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm")):
                left.unlink(missing_ok=True)

    def _lay_out(self, connection: Connection) -> None:
        tables = _tables()
        tables.metadata.create_all(connection)
        for guard in _GUARDS[connection.dialect.name]:
            connection.exec_driver_sql(guard)
        connection.execute(tables.ledger.insert(), {"format": FORMAT})

    def _check(self, connection: Connection) -> None:
        import sqlalchemy

        if len(_tables_there(connection)) < 2:
            raise self.refuse(
                "holds no ledger", "redqueen monitor record makes one, in a database that has no tables of these names"
            )
        format = connection.scalar(sqlalchemy.select(sqlalchemy.func.max(_tables().ledger.c.format)))
        if format != FORMAT:
            raise self.refuse(f"is a ledger of format {format}; this redqueen reads format {FORMAT}", "use a newer redqueen")

    def _check_file(self, path: Path) -> None:
        if os.path.isdir(path):
            raise self.refuse("is a folder", "name a file")
        if not os.path.isfile(path):
            siblings = os.listdir(path.parent) if os.access(path.parent, os.R_OK | os.X_OK) else []
            # The goals file beside it is no ledger.
            near = nearest(path.name, [name for name in siblings if name.endswith(path.suffix) and not name.endswith(_BESIDE)])
            raise self.refuse("no ledger is here", near or "redqueen monitor record makes one")
        # A reader who may not write would leave files behind that keep those out who may.
        if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
            raise self.refuse(
                "may not be written, which even reading needs", "get the right to write the file and its folder, or a copy"
            )
        with path.open("rb") as file:
            header = file.read(_HEADER)
        if not header:
            raise self.refuse("is an empty file, and no ledger", "remove it, or name another")
        if not header.startswith(b"SQLite format 3\0"):
            raise self.refuse(*_REPORTS["SQLITE_NOTADB"])
        if header[68:72] != _OURS.to_bytes(4, "big"):
            raise self.refuse("is another database, and holds no ledger", "name another file")

    def _refusal(self, error: Any, wrote: bool = False) -> Refused:
        """Says what a database reports; `wrote` is whether something was to be kept."""
        report = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or ""
        for beginning, (message, remedy) in _REPORTS.items():
            if report.startswith(beginning):
                return self.refuse(message, remedy)
        text = " ".join(str(error.orig).split())[:_LETTERS]
        if text.startswith("no such table"):
            return self.refuse(*_REPORTS["42P01"])
        # No driver is known to repeat a password; none shall.
        told = {} if self.url is None else self.url.query
        passwords = [self.url.password if self.url is not None else None, told.get("password"), told.get("sslpassword")]
        if any(word and str(word) in text for word in passwords):
            text = type(error.orig).__name__
        if wrote and error.connection_invalidated:
            message = f"the connection was lost, and it is not known whether all was recorded or nothing: {text}"
            return Refused.one(
                message, file=self.shown, remedy="look at what is there, then record again what is not", heading="recording"
            )
        if self.path is None and not report:
            return self.refuse(
                f"no connection: {text}", "is the server running, and are host, port, database, user and password right?"
            )
        return self.refuse(f"the database reports {report}: {text}" if report else text, "see what the database says of it")


@contextlib.contextmanager
def _opened(path: Path, database: Database) -> Iterator[int]:
    try:
        place = os.open(path, os.O_RDONLY | os.O_CREAT, 0o666)
    except OSError as error:
        raise database.refuse(f"cannot be locked: {path.name}: {error.strerror}", "get the right to read it") from error
    try:
        yield place
    finally:
        os.close(place)


def _locked(place: int) -> bool:
    """Locks an open file for this process alone, if nobody has; the lock ends when it is closed, or its process is killed."""
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _connect_file(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(os.fspath(path))}?mode={mode}", uri=True, timeout=WAIT, isolation_level=None)
    # Every commit is on the disk before it is acknowledged.
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _put(draft: Path, path: Path) -> None:
    """Gives a draft its place, unless somebody else has taken it."""
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:
        # Some disks know no links: there the place is taken first.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            os.replace(draft, path)


def _tables_there(connection: Connection) -> list[str]:
    import sqlalchemy

    return [name for name in (_LEDGER, _OBSERVATIONS) if sqlalchemy.inspect(connection).has_table(name)]


@functools.cache
def _tables() -> SimpleNamespace:
    from sqlalchemy import Column, Double, Integer, MetaData, String, Table, Text, UniqueConstraint

    metadata = MetaData()
    ledger = Table(_LEDGER, metadata, Column("format", Integer, nullable=False))
    observations = Table(
        _OBSERVATIONS,
        metadata,
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("indicator", Text, nullable=False),
        Column("region", Text, nullable=False),
        Column("year", Integer, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("value", Double),
        Column("unit", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("entered_by", Text, nullable=False),
        Column("entered_at", String(32), nullable=False),
        Column("note", Text, nullable=False),
        UniqueConstraint("indicator", "region", "year", "revision"),
    )
    return SimpleNamespace(metadata=metadata, ledger=ledger, observations=observations)


def _parsed(text: str) -> Any:
    """Gives the URL of an address; no refusal repeats it, since a password may be anywhere in what is written wrongly."""
    sqlalchemy = require("sqlalchemy", "monitor")
    scheme = text.partition("://")[0]
    named = f"{scheme if re.fullmatch(r'[a-z0-9+]{1,30}', scheme) else '...'}://..."
    known = "the path of a file, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    if text.partition("?")[0].count("@") > 1:
        raise Refused.one("the address holds more than one @", file=named, remedy="write an @ within the password as %40")
    try:
        url = sqlalchemy.make_url(text)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        url = None
    if url is None:
        raise Refused.one("this is no address of a database", file=named, remedy=f"give {known}")
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise Refused.one("a ledger is kept in SQLite or PostgreSQL", file=named, remedy=f"give {known}")
    if not url.database or url.database.startswith((":memory:", "file:")) or url.query:
        raise Refused.one("this address names no file that would stay", file=named, remedy="give the path of a file")
    return url.set(drivername="sqlite")
