"""The ledger loses nothing that it acknowledged, shows nothing by halves, and never changes what it holds; the same on both databases."""

import csv
import dataclasses
import json
import os
import pwd
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from redqueen.errors import Refused
from redqueen.studies.monitor import database
from redqueen.studies.monitor.database import Database
from redqueen.studies.monitor.ledger import EXPORTED, Entry, Ledger, write_export

sqlalchemy = pytest.importorskip("sqlalchemy", reason="the ledger needs SQLAlchemy (pip install redqueen[monitor])")

PASSWORD = "a%40long:secret"
TABLE = "redqueen_observations"


# The two databases


def programs() -> Path:
    """Give the folder of PostgreSQL's programs, the newest where there are several."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in [*([Path(found).resolve().parent] if found else []), *folders]:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    pytest.skip("no PostgreSQL server is installed (Debian's package postgresql brings one)")


@pytest.fixture(scope="session")
def server():
    """Start a PostgreSQL server of its own, in a folder that goes with it; give its port."""
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg (pip install redqueen[postgres])")
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
    try:
        run(found / "initdb", "-D", folder / "data", "-U", "redqueen", "--auth=password", "--pwfile", folder / "password",
            "--encoding=UTF8", "--locale=C", "--no-sync")  # fmt: skip
        # Its own output must not keep our pipe open.
        run(found / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o",
            f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off", "start")  # fmt: skip
        yield port
        run(found / "pg_ctl", "-D", folder / "data", "-m", "fast", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


# What is recorded


def test_what_is_recorded_is_read_back_to_the_last_bit(ledger, address):
    generator = random.Random(1)
    values = [0.1, 0.0, 5e-324, 1.7976931348623157e308, 1 / 3, *(generator.uniform(-1, 1) * 10.0 ** generator.randint(-300, 300) for _ in range(200))]
    texts = ["台北", "it's \"so\"; --", "two\nlines\tand\\", "100 % :year ? %s $1", "😀", " "]
    entries = [
        Entry("patents", "taipei", 1600 + position, value, f"u{texts[position % 6]}", f"s{texts[(position + 1) % 6]}", f"b{texts[(position + 2) % 6]}",
              texts[(position + 3) % 6])  # fmt: skip
        for position, value in enumerate(values)
    ]
    made = ledger.record(entries)
    assert [one.number for one in made] == list(range(1, len(entries) + 1))
    found = Ledger.open(address).observations()
    assert found == list(made)
    assert [Entry(**{name: getattr(one, name) for name in ("indicator", "region", "year", "value", "unit", "source", "entered_by", "note")})
            for one in found] == entries  # fmt: skip
    assert [one.value.hex() for one in found] == [value.hex() for value in values]


def test_numbers_of_numpy_are_kept_as_numbers(ledger):
    import numpy

    ledger.record([figure(numpy.int64(1998), numpy.float64(2.5)), figure(1999, numpy.float32(0.5))])
    assert [(type(one.year), one.year, type(one.value), one.value) for one in ledger.observations()] == [(int, 1998, float, 2.5), (int, 1999, float, 0.5)]


def test_the_ledger_is_what_its_history_says_at_any_time(ledger, monkeypatch):
    """Against a dictionary: random batches, right and wrong; the ledger as known at each moment is the dictionary of that moment."""
    generator = random.Random(7)
    stands: dict[tuple, float | None] = {}
    moments = []
    clock = {"now": "2000-01-01T00:00:00.000000+00:00"}
    monkeypatch.setattr(Database, "now", lambda self, connection: clock["now"])
    for step in range(30):
        clock["now"] = f"{2000 + step}-01-01T00:00:00.000000+00:00"
        keys = generator.sample([(name, year) for name in ("exports", "patents") for year in range(1998, 2002)], 2)
        entries = [figure(year, generator.choice([None, float(step), step + 0.5]), indicator=name) for name, year in keys]
        correct = generator.random() < 0.5
        wrong = any(
            (entry.value is None and stands.get(entry.key) is None)
            or (entry.value is not None and stands.get(entry.key) is not None and not correct)
            or (entry.value is not None and entry.key not in stands and correct)
            for entry in entries
        )
        try:
            made = ledger.record(entries, correct=correct)
        except Refused:
            assert wrong
        else:
            assert not wrong and [one.value for one in made] == [entry.value for entry in entries]
            stands |= {entry.key: entry.value for entry in entries}
        moments.append({key: value for key, value in stands.items() if value is not None})
        assert {one.key: one.value for one in ledger.observations()} == moments[-1]
    history = ledger.observations(history=True)
    assert len({len(moment) for moment in moments}) > 3 and max(one.revision for one in history) > 3
    for step, moment in enumerate(moments):
        found = ledger.observations(known_at=f"{2000 + step}-06-30")
        assert {one.key: one.value for one in found} == moment and found == sorted(found, key=lambda one: (one.year, one.indicator, one.region))
    for key in stands:
        mine = [one for one in history if one.key == key]
        assert [one.revision for one in mine] == list(range(len(mine))) and [one.current for one in mine] == [False] * (len(mine) - 1) + [True]


def test_a_figure_that_is_there_is_refused_with_the_rest_of_its_batch(ledger):
    ledger.record([figure(1998, 3.0)])
    said = refusal(lambda: ledger.record([figure(1997, 1.0), figure(1998, 4.0, file="new.csv", line=3), figure(1998, 3.0), figure(1999, float("nan"))]))
    assert "nothing was recorded: 3 faults" in said and "new.csv:3: patents of taipei in 1998 is there already: 3 patents, entered by ann" in said
    assert "stands twice (first on line 3)" in said and "'nan' is no finite number" in said
    assert [one.value for one in ledger.observations(history=True)] == [3.0]


def test_a_correction_keeps_the_old_figure(ledger):
    (first,) = ledger.record([figure(value=3.0)])
    (second,) = ledger.record([dataclasses.replace(figure(value=4.0), source="the next yearbook", entered_by="bob")], correct=True)
    assert ledger.observations() == [second] and (second.revision, second.number) == (1, 2)
    assert ledger.observations(history=True) == [dataclasses.replace(first, current=False), second]
    assert "never recorded" in refusal(lambda: ledger.record([figure(1999)], correct=True))


def test_a_withdrawn_figure_is_gone_from_what_stands_and_may_come_again(ledger):
    ledger.record([figure(value=3.0)])
    ledger.record([figure(value=None, note="of another series")])
    assert ledger.observations() == [] and [one.value for one in ledger.observations(history=True)] == [3.0, None]
    assert "cannot be withdrawn" in refusal(lambda: ledger.record([figure(value=None)]))
    for value, correct in ((5.0, False), (None, True), (6.0, True)):
        ledger.record([figure(value=value)], correct=correct)
    assert [(one.value, one.revision) for one in ledger.observations()] == [(6.0, 4)]


def test_a_long_list_of_faults_is_cut_and_counted(ledger):
    entries = [figure(year) for year in range(1600, 1700)]
    ledger.record(entries)
    said = refusal(lambda: ledger.record(entries))
    assert said.count("there already") == 20 and said.endswith("and 80 more")


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"year": 1998.5}, "no year"), ({"year": True}, "no year"), ({"year": 10**400}, "no year"), ({"value": float("inf")}, "no finite"),
     ({"value": "3"}, "no finite"), ({"source": " "}, "source: is missing"), ({"entered_by": ""}, "entered_by: is missing"),
     ({"note": "a\0b"}, "no text"), ({"region": "\ud800"}, "no text"), ({"unit": None}, "no text")],
)  # fmt: skip
def test_what_no_database_can_keep_is_refused(tmp_path, changes, said):
    ledger = Ledger.create(tmp_path / "ledger.db")
    assert said in refusal(lambda: ledger.record([figure(2000), dataclasses.replace(figure(), **changes)]))
    assert ledger.observations() == []


def test_a_clock_that_is_set_back_brings_no_disorder(ledger, monkeypatch):
    times = iter(["2012-01-02T00:00:00.000000+00:00", "2011-01-01T00:00:00.000000+00:00", "2012-01-03T00:00:00.000000+00:00"])
    monkeypatch.setattr(Database, "now", lambda self, connection: next(times))
    for year in (1998, 1999, 2000):
        ledger.record([figure(year)])
    assert [one.entered_at[:10] for one in ledger.observations(history=True)] == ["2012-01-02", "2012-01-02", "2012-01-03"]
    assert len(ledger.observations(known_at="2012-01-01")) == 0
    assert len(ledger.observations(known_at="2012-01-02T12:00+14:00")) == 0
    assert len(ledger.observations(known_at="2012-01-02T00:00")) == len(ledger.observations(known_at="2012-01-02")) == 2
    assert "is no date or time" in refusal(lambda: ledger.observations(known_at="last year"))


# Nothing is overwritten


def test_the_database_itself_refuses_to_change_or_remove(ledger, address):
    ledger.record([figure(1998, 3.0), figure(1999, 4.0)])
    before = ledger.observations(history=True)
    columns = "number, indicator, region, year, revision, value, unit, source, entered_by, entered_at, note"
    copied = columns.replace("value", "99.0")
    asked = [
        f"UPDATE {TABLE} SET value = 99", f"UPDATE {TABLE} SET note = 'x' WHERE number = 1", f"DELETE FROM {TABLE}", f"DELETE FROM {TABLE} WHERE number = 2",
        f"INSERT INTO {TABLE} ({columns}) SELECT {copied} FROM {TABLE} WHERE number = 1",
        f"INSERT INTO {TABLE} ({columns}) SELECT {copied} FROM {TABLE} WHERE number = 1 ON CONFLICT (number) DO UPDATE SET value = 99",
    ]
    if "://" in address:
        asked += [f"TRUNCATE {TABLE}"]
    else:
        asked += [f"{kind} INTO {TABLE} ({columns}) SELECT {copied} FROM {TABLE} WHERE number = 1" for kind in ("REPLACE", "INSERT OR IGNORE")]
        asked += [f"REPLACE INTO {TABLE} ({columns.partition(', ')[2]}) SELECT {copied.partition(', ')[2]} FROM {TABLE}"]
        asked += [f"UPDATE OR {how} {TABLE} SET value = 99" for how in ("REPLACE", "IGNORE", "FAIL")]
    connection = raw(address)
    for statement in asked:
        with pytest.raises(Exception, match="only added to|duplicate key"):
            connection.execute(statement)
    connection.close()
    assert ledger.observations(history=True) == before


def test_making_a_ledger_again_harms_nothing(ledger, address):
    ledger.record([figure()])
    assert Ledger.create(address).observations() == ledger.observations() != []


def test_a_ledger_of_a_newer_layout_is_refused(ledger, address):
    connection = raw(address)
    connection.execute("INSERT INTO redqueen_ledger VALUES (2)")
    connection.close()
    for call in (Ledger.open, Ledger.create):
        assert "is a ledger of format 2; this redqueen reads format 1 (use a newer redqueen)" in refusal(lambda call=call: call(address))


def test_files_that_are_no_ledger_are_refused_and_left_as_they_are(tmp_path):
    (tmp_path / "text").write_text("indicator,year,value\n" * 100)
    (tmp_path / "noise").write_bytes(random.Random(3).randbytes(5000))
    (tmp_path / "empty").write_bytes(b"")
    with sqlite3.connect(tmp_path / "other") as connection:
        connection.execute("CREATE TABLE friends (name)")
    connection.close()
    Ledger.create(tmp_path / "ledger.db")
    content = (tmp_path / "ledger.db").read_bytes()
    (tmp_path / "cut").write_bytes(content[: len(content) // 2])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    said = {"text": "no database", "noise": "no database", "empty": "an empty file", "other": "another database", "cut": "damaged|no database"}
    for name, words in said.items():
        for call in (Ledger.open, Ledger.create, lambda place: Ledger(place).record([figure()]), lambda place: Ledger(place).observations()):
            with pytest.raises(Refused, match=f"{name}.*({words}|holds no ledger)"):
                call(tmp_path / name)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert "is a folder" in refusal(lambda: Ledger.create(tmp_path))
    assert "no ledger is here (did you mean 'ledger.db'?)" in refusal(lambda: Ledger.open(tmp_path / "ledgr.db"))
    assert "no ledger can be made here" in refusal(lambda: Ledger.create(tmp_path / "no" / "ledger.db"))
    assert "no ledger is here" in refusal(lambda: Ledger.open(tmp_path / "text" / "ledger.db"))
    assert "no ledger is here" in refusal(lambda: Ledger(tmp_path / ("x" * 300)).record([figure()]))
    assert "can be made here: File name too long" in refusal(lambda: Ledger.create(tmp_path / ("x" * 300)))
    # Beside a damaged ledger its journal may be left.
    assert {path.name for path in tmp_path.iterdir()} - {"cut-wal", "cut-shm", "cut-lock"} == set(before)


# Several at once


#: Begins scripts of several recorders: what they all need is loaded once.
CREW = """
import json, os, random, signal, sys, time
from redqueen.errors import Refused
from redqueen.studies.monitor.ledger import Entry, Ledger
if "://" in sys.argv[1]:
    import psycopg, sqlalchemy.dialects.postgresql.psycopg

def figures(indicator, years):
    return [Entry(indicator, "taipei", year, float(year), "patents", "a yearbook", "ann") for year in years]

def crew(count, work):
    # Forked while nothing is connected; each says on a pipe of its own what was acknowledged.
    pipes, members = [], []
    for number in range(count):
        out, into = os.pipe()
        member = os.fork()
        if not member:
            os.close(out)
            try:
                for said in work(number):
                    os.write(into, (json.dumps(said) + "\\n").encode())
            finally:
                os._exit(0)
        os.close(into)
        pipes.append(os.fdopen(out)); members.append(member)
    return members, pipes

def said(pipe):
    return [json.loads(line) for line in pipe.read().splitlines()]
"""


def work(script: str, *words) -> object:
    done = subprocess.run([sys.executable, "-c", CREW + script, *map(str, words)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("count", [2, 8])
def test_recorders_at_once_lose_nothing(address, count):
    """They make the ledger too, all at once."""
    acknowledged = work(
        """
address, count = sys.argv[1], int(sys.argv[2])
def record(number):
    ledger = Ledger.create(address)
    for batch in range(6):
        yield [[one.number, *one.key] for one in ledger.record(figures(f"of_{number}_{batch}", range(1998, 2001)))]
members, pipes = crew(count, record)
print(json.dumps([batch for pipe in pipes for batch in said(pipe)]))
""",
        address, count,
    )  # fmt: skip
    history = Ledger.open(address).observations(history=True)
    assert len(acknowledged) == count * 6
    # Every acknowledged number is there, and nothing else; rows of a batch stand together, and times follow numbers.
    assert sorted(tuple(one) for batch in acknowledged for one in batch) == [(one.number, *one.key) for one in history]
    assert [one.number for one in history] == list(range(1, count * 18 + 1))
    assert all([one[0] for one in batch] == list(range(batch[0][0], batch[0][0] + 3)) for batch in acknowledged)
    assert [one.entered_at for one in history] == sorted(one.entered_at for one in history)


def test_of_those_who_record_one_figure_at_once_one_does_and_the_others_are_refused_whole(ledger, address):
    told = work(
        """
address = sys.argv[1]
def record(number):
    ledger = Ledger(address)
    for turn in range(8):
        entries = figures("shared", [1900 + turn]) + figures(f"own_{number}", [1900 + turn])
        try:
            yield turn, number, [one.number for one in ledger.record(entries)]
        except Refused as refusal:
            yield turn, number, str(refusal)
members, pipes = crew(4, record)
print(json.dumps([one for pipe in pipes for one in said(pipe)]))
""",
        address,
    )  # fmt: skip
    winners = {(turn, number) for turn, number, answer in told if isinstance(answer, list)}
    assert len(told) == 32 and len(winners) == 8 and len({turn for turn, _ in winners}) == 8
    assert all("shared of taipei" in answer and "there already" in answer for _, _, answer in told if isinstance(answer, str))
    found = {one.key for one in ledger.observations(history=True)}
    expected = {("shared", "taipei", 1900 + turn) for turn in range(8)} | {(f"own_{number}", "taipei", 1900 + turn) for turn, number in winners}
    assert found == expected


def test_killed_at_any_moment_all_that_was_acknowledged_is_there_and_nothing_by_halves(ledger, address):
    """Thirty recorders, two at a time, each killed at a random moment of its work."""
    rounds = work(
        """
address = sys.argv[1]
generator = random.Random(11)
ledger = Ledger.open(address)
ledger.record(figures("warm", range(1998, 2005)))
def record(number):
    batch = 0
    while True:
        ledger.record(figures(f"of_{turn}_{number}_{batch}", range(1998, 2005)))
        yield f"of_{turn}_{number}_{batch}"
        batch += 1
told = []
for turn in range(15):
    members, pipes = crew(2, record)
    begun = []
    for member, pipe in zip(members, pipes):
        begun.append([json.loads(pipe.readline())])
        time.sleep(generator.uniform(0.0, 0.08))
        os.kill(member, signal.SIGKILL)
        os.waitpid(member, 0)
    told.append([first + said(pipe) for first, pipe in zip(begun, pipes)])
print(json.dumps(told))
""",
        address,
    )  # fmt: skip
    acknowledged = {name for turn in rounds for member in turn for name in member}
    rows: dict[str, list[int]] = {}
    for one in ledger.observations(history=True):
        rows.setdefault(one.indicator, []).append(one.year)
    # Each was killed after its first record, at any moment of the next ones.
    assert len(acknowledged) >= 30
    assert set(rows) >= acknowledged | {"warm"} and all(years == list(range(1998, 2005)) for years in rows.values())
    # Of what was not acknowledged no more than the last batch of each.
    assert len(set(rows) - acknowledged) <= 31
    if "://" not in address:
        connection = raw(address)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    ledger.record([figure()])


def test_a_record_is_on_the_disk_before_it_is_acknowledged(address):
    """As far as the database is asked for it; a cut of the power is not tried."""
    Ledger.create(address)
    if "://" in address:
        with Database(f"{address}%20-csynchronous_commit%3Doff").writing() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    else:
        with Database(address).writing() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_ledger_that_somebody_holds_for_too_long_is_said(ledger, address, monkeypatch):
    monkeypatch.setattr(database, "WAIT", 0.2)
    holder = raw(address)
    holder.execute("BEGIN IMMEDIATE" if "://" not in address else f"SELECT pg_advisory_lock({database._TURN})")
    said = refusal(lambda: ledger.record([figure()]))
    assert "nothing was recorded" in said and "somebody else has held it for too long" in said
    holder.close()
    assert ledger.observations() == []
    ledger.record([figure()])


# Disks


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_and_what_was_acknowledged_stays(small_disk, tmp_path):
    ledger = Ledger.create(small_disk / "ledger.db")
    acknowledged = []
    with pytest.raises(Refused, match="the disk is full"):
        for batch in range(200):
            acknowledged += ledger.record([figure(year, indicator=f"batch_{batch}", note="x" * 500) for year in range(1998, 2008)])
    assert acknowledged
    assert ledger.observations(history=True) == acknowledged
    with pytest.raises(Refused, match="No space left|the disk is full"):
        write_export(acknowledged * 3, small_disk / "export.csv")
    assert {path.name for path in small_disk.iterdir()} <= {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-lock"}
    with pytest.raises(Refused, match="the disk is full|No space left"):
        (small_disk / "filler").write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * 4096))
        Ledger.create(small_disk / "other.db")
    assert not (small_disk / "other.db").exists() and not list(small_disk.glob(".other*"))
    # With room, the same goes on.
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    ledger.record([figure()])
    assert len(ledger.observations()) == len(acknowledged) + 1


def test_a_place_that_may_only_be_read_is_said(small_disk):
    ledger = Ledger.create(small_disk / "ledger.db")
    ledger.record([figure()])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for call in (lambda: ledger.record([figure(1999)]), ledger.observations, lambda: Ledger.open(small_disk / "ledger.db")):
        assert "may not be written" in refusal(call)
    assert "no ledger can be made here: Read-only" in refusal(lambda: Ledger.create(small_disk / "other.db"))
    assert "cannot be written" in refusal(lambda: write_export([], small_disk / "export.csv"))
    # A copy can be read.
    shutil.copy(small_disk / "ledger.db", small_disk.parent / "copy.db")
    assert len(Ledger.open(small_disk.parent / "copy.db").observations()) == 1


# Addresses


@pytest.mark.parametrize(
    "address",
    ["postgresql://ann:se@cret@host/base", "postgres://ann:secret@host:12x/base", "mysql://ann:secret@host/base", "postgresql://ann:secret@127.0.0.1:1/base",
     "postgresql+psycopg://ann:secret@nowhere.invalid/base?application_name=secret", "sqlite://ann:secret@", "sqlite:///:memory:", "secret://",
     "postgresql://127.0.0.1:1/base?password=secret", "postgresql://ann@127.0.0.1:1/base?passwrod=secret"],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_refused_without_its_password(address):
    for call in (Ledger.open, Ledger.create):
        said = refusal(lambda call=call: call(address))
        assert "secret" not in said.replace("secret://...", "") and "cret@" not in said, said


def test_a_ledger_is_found_by_path_and_by_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Ledger.create("a ledger?#%41.db").record([figure()])
    assert (tmp_path / "a ledger?#%41.db").exists()
    assert len(Ledger.open(tmp_path / "a ledger?#%41.db").observations()) == 1
    Ledger.create("sqlite:///plain.db")
    assert Ledger.open("plain.db").observations() == []


def test_postgres_is_found_by_any_of_its_names_and_shown_without_password(postgres):
    Ledger.create(postgres)
    for scheme in ("postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        found = Ledger.open(postgres.replace("postgresql", scheme, 1))
        assert found.observations() == [] and PASSWORD not in found.address and "redqueen:***@127.0.0.1" in found.address


def test_what_a_server_refuses_is_said(postgres, server):
    assert "holds no ledger (redqueen monitor init makes one" in refusal(lambda: Ledger.open(postgres))
    said = refusal(lambda: Ledger.open(url(server, password="wrong-word")))
    assert "no connection" in said and "password" in said and "wrong-word" not in said
    assert "does not exist" in refusal(lambda: Ledger.open(url(server, base="no_such_base")))
    with raw(postgres) as connection:
        connection.execute(f"CREATE TABLE {TABLE} (number integer)")
    assert "holds no ledger" in refusal(lambda: Ledger.create(postgres))


def test_who_may_only_select_and_insert_can_record(postgres, server):
    Ledger.create(postgres).record([figure()])
    name = postgres.rpartition("%3D")[2]
    with raw(postgres) as connection:
        for role in ("recorder", "stranger"):
            connection.execute(f"DROP ROLE IF EXISTS {role}")
            connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'word'")
            connection.execute(f"GRANT USAGE ON SCHEMA {name} TO {role}")
        connection.execute(f"GRANT SELECT, INSERT ON {TABLE}, redqueen_ledger TO recorder")
    recorder = Ledger.open(url(server, name, "recorder", "word"))
    recorder.record([figure(1999)])
    recorder.record([figure(1999, 2.0)], correct=True)
    assert [one.value for one in recorder.observations()] == [1.0, 2.0]
    assert "may not do this" in refusal(lambda: Ledger.open(url(server, name, "stranger", "word")))
    assert "may not do this" in refusal(lambda: Ledger(url(server, name, "stranger", "word")).record([figure(2000)]))
    with raw(postgres) as connection:
        connection.execute(f"REVOKE ALL ON {TABLE}, redqueen_ledger FROM recorder")
        connection.execute(f"REVOKE ALL ON SCHEMA {name} FROM recorder, stranger")
        connection.execute("DROP ROLE recorder, stranger")


def test_one_who_writes_past_the_ledger_at_the_same_moment_is_not_recorded_over(postgres):
    """The constraint stands behind the turns that recorders take."""
    ledger = Ledger.create(postgres)
    other = raw(postgres)
    other.autocommit = False
    other.execute(f"INSERT INTO {TABLE} VALUES (1, 'patents', 'taipei', 1998, 0, 9, 'patents', 'a letter', 'carl', '2000-01-01', '')")
    answers = []

    def record():
        try:
            answers.append(ledger.record([figure(1997), figure(1998)]))
        except Refused as refused:
            answers.append(str(refused))

    thread = threading.Thread(target=record)
    thread.start()
    with raw(postgres) as looking:
        end = time.monotonic() + 30
        while not looking.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").fetchone()[0]:
            assert time.monotonic() < end, "the recorder never waited"
            time.sleep(0.02)
    other.commit()
    thread.join(60)
    other.close()
    assert "somebody else recorded the same at the same moment" in answers[0]
    assert [one.entered_by for one in ledger.observations(history=True)] == ["carl"]


def test_a_connection_that_is_lost_in_the_middle_is_said(postgres, monkeypatch):
    ledger = Ledger.create(postgres)
    plain = Database.now

    def cut(self, connection):
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with raw(postgres) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [process])
        return plain(self, connection)

    monkeypatch.setattr(Database, "now", cut)
    said = refusal(lambda: ledger.record([figure()]))
    assert "the connection was lost, and it is not known whether" in said and "nothing was recorded" not in said
    monkeypatch.setattr(Database, "now", plain)
    assert ledger.observations() == []


# Exports


def test_an_export_holds_every_column_whole_or_not_at_all(ledger, tmp_path):
    ledger.record([figure(1998, 0.1, note='two\nlines, "so"'), figure(1999, 2.0)])
    ledger.record([figure(1998, 1 / 3)], correct=True)
    ledger.record([figure(1999, None)])
    history = ledger.observations(history=True)
    write_export(history, tmp_path / "export.csv")
    with (tmp_path / "export.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [tuple(row) for row in rows] == [EXPORTED] * 4
    assert [row["current"] for row in rows] == ["False", "False", "True", "True"] and [row["value"] for row in rows] == ["0.1", "2.0", repr(1 / 3), ""]
    for row, one in zip(rows, history, strict=True):
        assert all(row[name] == str(getattr(one, name)) for name in EXPORTED if name != "value")
    before = (tmp_path / "export.csv").read_bytes()
    with pytest.raises(AttributeError):
        write_export(iter([history[0], None]), tmp_path / "export.csv")
    assert (tmp_path / "export.csv").read_bytes() == before and [path.name for path in tmp_path.glob("*export*")] == ["export.csv"]
    assert "cannot be written" in refusal(lambda: write_export(history, tmp_path / "no" / "export.csv"))
