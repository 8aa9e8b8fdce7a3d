"""Ledgers for tests, on both databases: SQLite, and a PostgreSQL server of the tests' own where one is installed."""

import atexit
import functools
import os
import pwd
import random
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

from redqueen.errors import Refused
from redqueen.studies.monitor.ledger import Entry, Ledger

sqlalchemy = pytest.importorskip("sqlalchemy", reason="the ledger needs SQLAlchemy (pip install redqueen[monitor])")

PASSWORD = "a%40long:secret"
TABLE = "redqueen_observations"


def programs() -> Path:
    """Give the folder of PostgreSQL's programs, the newest where there are several."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in [*([Path(found).resolve().parent] if found else []), *folders]:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    pytest.skip("no PostgreSQL server is installed (Debian's package postgresql brings one)")


@functools.cache
def running_server() -> int:
    """Start a PostgreSQL server of its own, in a folder that goes with it when the tests end; give its port."""
    found = programs()
    # It refuses to run as root.
    user = {}
    if os.geteuid() == 0:
        account = next((one for one in pwd.getpwall() if one.pw_name in ("postgres", "nobody")), None)
        if account is None:
            pytest.skip("PostgreSQL does not run as root, and there is no other account")
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="postgres"))
    (folder / "password").write_text(PASSWORD)
    if user:
        for path in (folder, folder / "password"):
            os.chown(path, user["user"], user["group"])

    def run(*words):
        done = subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True, timeout=60, **user)
        assert done.returncode == 0, done.stdout + done.stderr

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def stop():
        subprocess.run(
            [found / "pg_ctl", "-D", folder / "data", "-m", "fast", "stop"], cwd=folder, capture_output=True, timeout=60, **user
        )
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    run(found / "initdb", "-D", folder / "data", "-U", "redqueen", "--auth=password", "--pwfile", folder / "password",
        "--encoding=UTF8", "--locale=C", "--no-sync")  # fmt: skip
    # Its own output must not keep our pipe open.
    run(found / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o",
        f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off", "start")  # fmt: skip
    return port


@pytest.fixture(scope="session")
def server():
    """Give the port of a PostgreSQL server."""
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg (pip install redqueen[postgres])")
    return running_server()


def url(port, schema="public", user="redqueen", password=PASSWORD, base="postgres") -> str:
    query = {"options": f"-csearch_path={schema}"}
    return sqlalchemy.URL.create("postgresql", user, password, "127.0.0.1", port, base, query).render_as_string(hide_password=False)


def new_schema(port, folder) -> str:
    """Make a part of the database that is a test's own; give its address."""
    name = f"ledger_{random.Random(str(folder)).getrandbits(60)}"
    with raw(url(port)) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return url(port, name)


def raw(address):
    """Connect to a database past the ledger, as anybody may."""
    if "://" not in address:
        return sqlite3.connect(address, isolation_level=None, timeout=0.1)
    import psycopg

    return psycopg.connect(address, autocommit=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """Give an address where no ledger is yet."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    return new_schema(request.getfixturevalue("server"), tmp_path)


@pytest.fixture
def postgres(server, tmp_path):
    return new_schema(server, tmp_path)


@pytest.fixture
def ledger(address):
    return Ledger.create(address)


def figure(year=1998, value=1.0, indicator="patents", **changes) -> Entry:
    return Entry(indicator, "taipei", year, value, "patents", "a yearbook", "ann", **changes)


def refusal(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return str(refused.value)
