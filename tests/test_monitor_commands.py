"""The commands of the monitor, from a case to advice."""

import json

import pytest
from monitored import write_plan

from redqueen import cli
from redqueen.studies.monitor.ledger import Ledger
from redqueen.studies.monitor.obstacles import CONSTRAINTS

# The commands


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_plan(tmp_path)
    return tmp_path


def answered(words, capsys):
    code = cli.main(words)
    return code, *capsys.readouterr()


def test_from_a_case_to_advice_in_six_commands(folder, capsys):
    """init, record (a file, one figure), status, obstacles, advise; each says one JSON document where asked."""
    assert (
        cli.main(
            [
                "monitor",
                "init",
                "toy.toml",
                "--policy",
                "officers",
                "--from",
                "1994",
                "--until",
                "2000",
                "--points",
                "40",
                "--budget",
                "0.4",
                "-o",
                "mine.toml",
            ]
        )
        == 0
    )
    text = (folder / "mine.toml").read_text()
    assert "at_least" in text and cli.main(["check", "mine.toml"]) == 0
    (folder / "seen.csv").write_text("indicator,year,value,source\nvalue_added,1994,104,office\njobs,1994,101,office\n")
    assert cli.main(["monitor", "record", "mine.toml", "seen.csv"]) == 0
    assert cli.main(["monitor", "record", "mine.toml", "value_added", "1995", "107", "--source", "office"]) == 0
    capsys.readouterr()
    code, out, _ = answered(["monitor", "status", "mine.toml", "--json"], capsys)
    (goal,) = json.loads(out)
    assert code == 0 and {"goal", "region", "indicator", "target", "date", "probability", "low", "high", "state"} <= goal.keys()
    assert goal["low"] <= goal["probability"] <= goal["high"] and goal["observations"] == 3 and goal["as_of"] == 1996
    code, out, _ = answered(["monitor", "obstacles", "mine.toml", "--futures", "3", "--json"], capsys)
    assert code == 0 and {row["constraint"] for row in json.loads(out)} == {one.name for one in CONSTRAINTS}
    code, out, _ = answered(["monitor", "advise", "mine.toml", "--evaluations", "3", "--json"], capsys)
    assert code == 0 and "keep the plan" in {row["adjustment"] for row in json.loads(out)["adjustments"]}


def test_what_is_printed_has_no_traceback_and_fits_the_page(folder, capsys):
    cli.main(["monitor", "record", "goals.toml", "jobs", "1994", "203", "--source", "office"])
    for words in (["status", "goals.toml", "--figure", "one.svg"], ["obstacles", "goals.toml", "--futures", "3"],
                  ["advise", "goals.toml", "--evaluations", "3"],
                  ["rehearse", "goals.toml", "--figure", "two.png"], ["observations", "goals.toml", "--history"]):  # fmt: skip
        code, out, err = answered(["monitor", *words], capsys)
        assert code == 0, err
        assert max(map(len, out.splitlines())) <= 80 and out.isascii(), words
    assert (folder / "one.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["init", "toy.toml", "--policy", "none"], "which policy is the plan?"),
        (["init", "toy.toml", "--policy", "officers", "--from", "1990"], "cannot be the first year observed"),
        (["init", "toy.toml", "--policy", "officers", "--outcome", "frontier"], "has no index numbers"),
        (["init", "toy.toml", "-o", "goals.toml"], "this file is there already"),
        (["init", "toys", "-o", "x.toml"], "no case 'toys'"),
        (["record", "goals.toml", "wages", "1994", "3", "--source", "x"], "no indicator is called 'wages'"),
        (["record", "goals.toml", "jobs", "1994", "-3", "--source", "x"], "zero"),
        (["record", "goals.toml", "jobs", "2010", "3", "--source", "x"], "2010"),
        (["record", "goals.toml", "jobs", "1994", "203", "--source", "x", "--unit", "firms"], "firms"),
        (["record", "goals.toml", "jobs", "1994", "203", "--source", "x", "--region", "north"], "north"),
        (["record", "goals.toml", "jobs", "1994", "203"], "say where the figure is from"),
        (["record", "goals.toml", "jobs", "soon", "many", "--source", "x"], "is not a number"),
        (["record", "goals.toml", "jobs", "1994"], "2 words were given"),
        (["record", "goals.toml", "jobs", "1994", "0.2", "--scale", "1000", "--source", "x"], "--scale: is not for one figure"),
        (["record", "goals.toml", "seen.csv", "--region", "north", "--note", "x"], "--note: is not for a csv file"),
        (["record", "nowhere.toml", "jobs", "1994", "1"], "no such file"),
        (["status", "goals.toml", "--as-of", "1980"], "is not in the years that are monitored"),
        (["status", "goals.toml", "--figure", "one.gif"], "no figure ends in '.gif'"),
        (["obstacles", "goals.toml", "--step", "2"], "is no part of the way"),
        (["advise", "goals.toml", "--goal", "play"], "no goal is called 'play'"),
        (["rehearse", "goals.toml", "--agencies", "1"], "is too few"),
        (["stauts", "goals.toml"], "did you mean 'status'?"),
    ],
)
def test_a_wrong_command_is_refused_and_nothing_is_recorded(folder, capsys, words, message):
    Ledger.create(folder / "goals.db")
    code, _, err = answered(["monitor", *words], capsys)
    assert code == 2 and message in err and "Traceback" not in err
    assert Ledger.open(folder / "goals.db").observations(history=True) == []
    assert not (folder / "x.toml").exists()


def test_a_figure_twice_is_refused_unless_it_corrects(folder, capsys):
    words = ["monitor", "record", "goals.toml", "jobs", "1994", "203", "--source", "office"]
    assert cli.main(words) == 0
    code, _, err = answered(words, capsys)
    assert code == 2 and "is there already" in err
    assert cli.main([*words[:5], "204", "--source", "office", "--correct"]) == 0
    rows = Ledger.open(folder / "goals.db").observations(history=True)
    assert [(one.value, one.current) for one in rows] == [(203.0, False), (204.0, True)]
    assert cli.main(["monitor", "record", "goals.toml", "jobs", "1994", "--withdraw", "--source", "a mistake"]) == 0
    assert Ledger.open(folder / "goals.db").observations() == []


def test_new_figures_of_a_longer_file_are_taken(folder, capsys):
    (folder / "seen.csv").write_text("indicator,year,value,source\njobs,1994,203,office\n")
    assert cli.main(["monitor", "record", "goals.toml", "seen.csv"]) == 0
    (folder / "seen.csv").write_text("indicator,year,value,source\njobs,1994,203,office\njobs,1995,207,office\n")
    assert cli.main(["monitor", "record", "goals.toml", "seen.csv"]) == 2
    assert cli.main(["monitor", "record", "goals.toml", "seen.csv", "--new"]) == 0
    assert len(Ledger.open(folder / "goals.db").observations()) == 2


def test_an_export_never_takes_the_place_of_ledger_or_goals(folder, capsys):
    Ledger.create(folder / "goals.db")
    before = [(folder / name).read_bytes() for name in ("goals.db", "goals.toml")]
    for name in ("goals.db", "goals.toml"):
        assert cli.main(["monitor", "observations", "goals.toml", "-o", name]) == 2
    assert [(folder / name).read_bytes() for name in ("goals.db", "goals.toml")] == before


def test_a_figure_far_from_the_last_is_asked_about(folder, capsys):
    for year, figure, told in (("1994", "203", False), ("1995", "207", False), ("1996", "2100", True)):
        _, _, err = answered(["monitor", "record", "goals.toml", "jobs", year, figure, "--source", "office"], capsys)
        assert ("a slip?" in err) == told, err
