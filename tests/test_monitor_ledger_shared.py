"""Whoever else records, whatever is killed, full or closed: what a ledger acknowledged is there, and nothing is there by halves."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest
from ledgers import PASSWORD, TABLE, address, figure, ledger, postgres, raw, refusal, server, url  # noqa: F401

from redqueen.errors import Refused
from redqueen.studies.monitor import database
from redqueen.studies.monitor.database import Database
from redqueen.studies.monitor.ledger import Ledger, write_export

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
    expected = {("shared", "taipei", 1900 + turn) for turn in range(8)} | {
        (f"own_{number}", "taipei", 1900 + turn) for turn, number in winners
    }
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


def test_a_file_is_open_for_one_at_a_time_and_a_server_for_all(ledger, address, monkeypatch):
    """Two connections to one SQLite file may lose what one of them committed, in versions that are still in use."""
    monkeypatch.setattr(database, "WAIT", 0.2)
    with ledger._database.reading():
        if "://" in address:
            Ledger(address).record([figure()])
        else:
            assert "somebody else has held it for too long" in refusal(lambda: Ledger(address).record([figure()]))
    Ledger(address).record([figure(1999)])


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
    [
        "postgresql://ann:se@cret@host/base",
        "postgres://ann:secret@host:12x/base",
        "mysql://ann:secret@host/base",
        "postgresql://ann:secret@127.0.0.1:1/base",
        "postgresql+psycopg://ann:secret@nowhere.invalid/base?application_name=secret",
        "sqlite://ann:secret@",
        "sqlite:///:memory:",
        "secret://",
        "postgresql://127.0.0.1:1/base?password=secret",
        "postgresql://ann@127.0.0.1:1/base?passwrod=secret",
    ],
)
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
    assert "holds no ledger (redqueen monitor record makes one" in refusal(lambda: Ledger.open(postgres))
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
    other.execute(
        f"INSERT INTO {TABLE} VALUES (1, 'patents', 'taipei', 1998, 0, 9, 'patents', 'a letter', 'carl', '2000-01-01', '')"
    )
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
        while not looking.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()[0]:
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
