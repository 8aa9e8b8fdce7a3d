"""The ledger shows what was recorded, as it stood at any time, and changes nothing that it holds; the same on both databases."""

import csv
import dataclasses
import random
import sqlite3

import pytest
from ledgers import TABLE, address, figure, ledger, raw, refusal, server  # noqa: F401

from redqueen.errors import Refused
from redqueen.studies.monitor.database import Database
from redqueen.studies.monitor.ledger import EXPORTED, Entry, Ledger, write_export

# What is recorded


def test_what_is_recorded_is_read_back_to_the_last_bit(ledger, address):
    generator = random.Random(1)
    values = [
        0.1,
        0.0,
        5e-324,
        1.7976931348623157e308,
        1 / 3,
        *(generator.uniform(-1, 1) * 10.0 ** generator.randint(-300, 300) for _ in range(200)),
    ]
    texts = ["台北", 'it\'s "so"; --', "two\nlines\tand\\", "100 % :year ? %s $1", "😀", " "]
    entries = [
        Entry(
            "patents",
            "taipei",
            1600 + position,
            value,
            f"u{texts[position % 6]}",
            f"s{texts[(position + 1) % 6]}",
            f"b{texts[(position + 2) % 6]}",
            texts[(position + 3) % 6],
        )
        for position, value in enumerate(values)
    ]
    made = ledger.record(entries)
    assert [one.number for one in made] == list(range(1, len(entries) + 1))
    found = Ledger.open(address).observations()
    assert found == list(made)
    assert [
        Entry(
            **{
                name: getattr(one, name)
                for name in ("indicator", "region", "year", "value", "unit", "source", "entered_by", "note")
            }
        )
        for one in found
    ] == entries
    assert [one.value.hex() for one in found] == [value.hex() for value in values]


def test_numbers_of_numpy_are_kept_as_numbers(ledger):
    import numpy

    ledger.record([figure(numpy.int64(1998), numpy.float64(2.5)), figure(1999, numpy.float32(0.5))])
    assert [(type(one.year), one.year, type(one.value), one.value) for one in ledger.observations()] == [
        (int, 1998, float, 2.5),
        (int, 1999, float, 0.5),
    ]


def test_the_ledger_is_what_its_history_says_at_any_time(ledger, monkeypatch):
    """Against a dictionary: random batches, right and wrong; as known at each moment it is the dictionary of that moment."""
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
        assert {one.key: one.value for one in found} == moment and found == sorted(
            found, key=lambda one: (one.year, one.indicator, one.region)
        )
    for key in stands:
        mine = [one for one in history if one.key == key]
        assert [one.revision for one in mine] == list(range(len(mine))) and [one.current for one in mine] == [False] * (
            len(mine) - 1
        ) + [True]


def test_a_figure_that_is_there_is_refused_with_the_rest_of_its_batch(ledger):
    ledger.record([figure(1998, 3.0)])
    said = refusal(
        lambda: ledger.record(
            [figure(1997, 1.0), figure(1998, 4.0, file="new.csv", line=3), figure(1998, 3.0), figure(1999, float("nan"))]
        )
    )
    assert (
        "nothing was recorded: 3 faults" in said
        and "new.csv:3: patents of taipei in 1998 is there already: 3 patents, entered by ann" in said
    )
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
    [
        ({"year": 1998.5}, "no year"),
        ({"year": True}, "no year"),
        ({"year": 10**400}, "no year"),
        ({"value": float("inf")}, "no finite"),
        ({"value": "3"}, "no finite"),
        ({"source": " "}, "source: is missing"),
        ({"entered_by": ""}, "entered_by: is missing"),
        ({"note": "a\0b"}, "no text"),
        ({"region": "\ud800"}, "no text"),
        ({"unit": None}, "no text"),
    ],
)
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
        f"UPDATE {TABLE} SET value = 99",
        f"UPDATE {TABLE} SET note = 'x' WHERE number = 1",
        f"DELETE FROM {TABLE}",
        f"DELETE FROM {TABLE} WHERE number = 2",
        f"INSERT INTO {TABLE} ({columns}) SELECT {copied} FROM {TABLE} WHERE number = 1",
        f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE number = 1 ON CONFLICT (number) DO UPDATE SET value = 99",
    ]
    if "://" in address:
        asked += [f"TRUNCATE {TABLE}"]
    else:
        asked += [
            f"{kind} INTO {TABLE} ({columns}) SELECT {copied} FROM {TABLE} WHERE number = 1"
            for kind in ("REPLACE", "INSERT OR IGNORE")
        ]
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
        assert "is a ledger of format 2; this redqueen reads format 1 (use a newer redqueen)" in refusal(
            lambda call=call: call(address)
        )


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
    said = {
        "text": "no database",
        "noise": "no database",
        "empty": "an empty file",
        "other": "another database",
        "cut": "damaged|no database",
    }
    for name, words in said.items():
        for call in (
            Ledger.open,
            Ledger.create,
            lambda place: Ledger(place).record([figure()]),
            lambda place: Ledger(place).observations(),
        ):
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
    assert [row["current"] for row in rows] == ["False", "False", "True", "True"] and [row["value"] for row in rows] == [
        "0.1",
        "2.0",
        repr(1 / 3),
        "",
    ]
    for row, one in zip(rows, history, strict=True):
        assert all(row[name] == str(getattr(one, name)) for name in EXPORTED if name != "value")
    before = (tmp_path / "export.csv").read_bytes()
    with pytest.raises(AttributeError):
        write_export(iter([history[0], None]), tmp_path / "export.csv")
    assert (tmp_path / "export.csv").read_bytes() == before and [path.name for path in tmp_path.glob("*export*")] == ["export.csv"]
    assert "cannot be written" in refusal(lambda: write_export(history, tmp_path / "no" / "export.csv"))
