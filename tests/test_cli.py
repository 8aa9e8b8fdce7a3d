"""The command line: exit codes, JSON for scripts, every fault at once, nothing half-written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_trial import CASE, write_case

from redqueen.cli import main


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Stand in a directory that holds the toy case."""
    write_case(tmp_path)
    monkeypatch.chdir(tmp_path)
    return "toy.toml"


def answer(capsys, *words):
    """Return exit code, standard output and standard error of a command."""
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def program(*words, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "redqueen", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


# Shapes that scripts rely on


def test_compare_prints_one_json_document(toy, model, capsys):
    code, out, err = answer(capsys, "compare", toy, "--seeds", "5", "--json")
    document = json.loads(out)
    assert code == 0 and err == ""
    assert {"case", "seeds", "quarters", "reference", "effects", "command"} <= set(document)
    assert (document["case"], document["seeds"], document["quarters"], document["reference"]) == ("toy", 5, 20, "none")
    assert document["command"] == "redqueen compare toy.toml --seeds 5"
    for row in document["effects"]:
        assert {"policy", "region", "outcome", "effect", "low", "high", "unit", "seeds"} <= set(row)
    assert {row["policy"] for row in document["effects"]} == {"officers", "gifts"}
    assert {row["region"] for row in document["effects"]} == {"north", "south", "world"}


def test_a_pair_of_region_and_outcome_is_one_row(toy, model, capsys):
    rows = json.loads(answer(capsys, "compare", toy, "--seeds", "2", "--json")[1])["effects"]
    keys = [(row["policy"], row["region"], row["outcome"]) for row in rows]
    assert len(set(keys)) == len(keys)


def test_a_region_and_outcomes_can_be_asked_for(toy, model, capsys):
    out = answer(
        capsys, "compare", toy, "--seeds", "2", "--region", "north", "--outcome", "jobs,wage", "--policies", "gifts", "--json"
    )[1]
    rows = json.loads(out)["effects"]
    assert [(row["policy"], row["region"], row["outcome"]) for row in rows] == [
        ("gifts", "north", "jobs"),
        ("gifts", "north", "wage"),
    ]


def test_cases_prints_every_bundled_case(capsys):
    code, out, _ = answer(capsys, "cases", "--json")
    listed = json.loads(out)
    assert code == 0 and listed
    for one in listed:
        assert {"name", "question", "regions", "arms", "sources"} <= set(one)
        assert "none" in one["arms"] and len(one["regions"]) > 0 and one["sources"]


def test_json_has_null_where_there_is_no_number(toy, model, capsys):
    out = answer(capsys, "compare", toy, "--seeds", "1", "--json")[1]

    def refuse(word):
        pytest.fail(f"{word} is no JSON")

    assert json.loads(out, parse_constant=refuse)["effects"][0]["low"] is None


@pytest.mark.parametrize(
    "words", [["parameters"], ["instruments"], ["outcomes"], ["policies"], ["show", "toy.toml"], ["run", "toy.toml"]]
)
def test_what_prints_a_table_prints_json_as_well(toy, model, capsys, words):
    code, out, _ = answer(capsys, *words, "--json")
    assert code == 0 and json.loads(out)
    code, out, _ = answer(capsys, *words)
    assert code == 0 and out.isascii() and max(map(len, out.splitlines())) <= 80


def test_compare_shows_what_is_beyond_a_placebo(toy, model, capsys):
    code, out, _ = answer(capsys, "compare", toy, "--seeds", "5", "--outcome", "jobs", "--region", "south", "--placebo", "--json")
    document = json.loads(out)
    rows = {row["policy"]: row for row in document["effects"]}
    assert code == 0 and set(rows) == {"officers", "gifts", "officers_placebo", "gifts_placebo"}
    assert rows["officers"]["effect"] > rows["officers"]["beyond"] > rows["officers_placebo"]["effect"] > 0
    assert document["placebos"]["gifts"] == "gifts_placebo" and document["command"].endswith("--placebo")


def test_compare_at_equal_cost_says_what_policies_cost(toy, model, capsys):
    code, out, _ = answer(capsys, "compare", toy, "--seeds", "5", "--equal-cost", "--outcome", "jobs", "--json")
    found = {(row["policy"], row["region"]): row["cost"] for row in json.loads(out)["costs"]}
    assert code == 0 and found["officers", "south"] == found["gifts", "south"] == 60.0 and found["none", "world"] == 0.0
    code, _, err = answer(capsys, "compare", toy, "--policies", "gifts", "--equal-cost", "--seeds", "0")
    assert code == 2 and "2 faults" in err and "needs two policies" in err


def test_a_reference_may_be_compared_to_its_placebo_alone(toy, model, capsys):
    words = ("compare", toy, "--policies", "officers", "--to", "officers", "--seeds", "5", "--json")
    assert answer(capsys, *words)[0] == 2
    code, out, _ = answer(capsys, *words, "--placebo")
    assert code == 0 and {row["policy"] for row in json.loads(out)["effects"]} == {"officers_placebo"}


# Exit codes


def test_every_fault_is_said_at_once_with_the_nearest_name(toy, capsys, tmp_path):
    (tmp_path / "taken").write_text("")
    code, out, err = answer(
        capsys,
        "compare",
        toy,
        "--seeds",
        "0",
        "--threads",
        "0",
        "--window",
        "x",
        "--outcome",
        "value_aded",
        "--region",
        "sout",
        "--policies",
        "oficers,natonal_champion",
        "--to",
        "nune",
        "-o",
        "taken",
    )
    assert (code, out) == (2, "")
    assert "9 faults" in err
    for word in (
        "--seeds",
        "--threads",
        "--window",
        "'value_added'",
        "'south'",
        "'officers'",
        "'national_champion'",
        "'none'",
        "taken",
    ):
        assert word in err


@pytest.mark.parametrize("seeds", ["0", "-3", "abc", "1.5", ""])
def test_what_is_not_a_number_of_seeds_is_refused(toy, capsys, seeds):
    code, out, err = answer(capsys, "compare", toy, f"--seeds={seeds}")
    assert (code, out) == (2, "") and "--seeds" in err


def test_an_unknown_case_is_refused_with_the_nearest(capsys):
    code, _, err = answer(capsys, "compare", "recipies", "--seeds", "0")
    assert code == 2 and "'recipes'" in err and "2 faults" in err


@pytest.mark.parametrize("words", [["comapre"], [], ["compare"], ["compare", "toy.toml", "--sedes", "3"], ["cases", "extra"]])
def test_what_cannot_be_parsed_is_bad_input(capsys, words):
    code, out, err = answer(capsys, *words)
    assert (code, out) == (2, "") and err and "Traceback" not in err


def test_a_case_compared_to_itself_is_refused(toy, capsys):
    code, _, err = answer(capsys, "compare", toy, "--policies", "none")
    assert code == 2 and "nothing to compare" in err


def test_check_reports_the_faults_of_every_file(toy, capsys, tmp_path):
    (tmp_path / "bad.toml").write_text(CASE.replace("workers = 900", "workers = -1").replace('input = "parts"', 'input = "prts"'))
    (tmp_path / "policy.toml").write_text(
        '[policy]\nname = "policy"\n[[change]]\ninstrument = "lump_sun"\nwhere = "target"\nintensity = 1.0\n'
    )
    code, out, err = answer(capsys, "check", "toy.toml", "bad.toml", "policy.toml", "absent.toml")
    assert code == 2
    assert "toy.toml: case toy" in out
    for word in ("bad.toml", "workers", "prts", "'lump_sum'", "absent.toml"):
        assert word in err
    assert answer(capsys, "check", "toy.toml")[0] == 0


def test_a_fault_of_redqueen_is_one_line_and_a_hint(toy, model, capsys, monkeypatch):
    def fail(*rest, **options):
        raise ZeroDivisionError("a rule\nof the model")

    monkeypatch.setattr("redqueen.lab.jobs.simulate", fail)
    code, out, err = answer(capsys, "compare", toy, "--seeds", "1", "--threads", "1", "-o", "out")
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "RuntimeError: every member of toy failed, the first by ZeroDivisionError: a rule of the model"
    assert "fault of redqueen" in err and len(err.splitlines()) == 2 and not os.path.exists("out")
    assert "Traceback" in answer(capsys, "compare", toy, "--seeds", "1", "--debug")[2]


def test_control_c_leaves_nothing_and_says_so(toy, tmp_path):
    # So many seeds that it is stopped long before its end.
    process = program("compare", toy, "--seeds", "100000", "-o", "out", cwd=tmp_path)
    # Some libraries swallow it while they are loaded: it is sent once the model is there, and runs have begun.
    maps = Path(f"/proc/{process.pid}/maps")
    for _ in range(600 if maps.exists() else 30):
        time.sleep(0.1)
        if maps.exists() and "rules/outcomes" in maps.read_text():
            break
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, ""), err
    assert err == "Stopped; nothing was written.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["toy.toml"]


def test_control_c_while_writing_leaves_nothing(toy, model, capsys, monkeypatch, tmp_path):
    def stop(*rest):
        raise KeyboardInterrupt

    monkeypatch.setattr("redqueen.report.files.write_json", stop)
    code, out, _ = answer(capsys, "compare", toy, "--seeds", "1", "--threads", "1", "-o", "out")
    assert (code, out) == (130, "")
    assert [path.name for path in tmp_path.iterdir()] == ["toy.toml"]


@pytest.mark.parametrize("place", ["toy.toml/pages", "/proc/pages"])
def test_reference_pages_that_cannot_be_written_are_refused(toy, capsys, monkeypatch, place):
    monkeypatch.setattr("redqueen.report.reference.pages", lambda: {"state.md": "# State\n"})
    code, out, err = answer(capsys, "reference", "-o", place)
    assert (code, out) == (2, "") and "nothing may be written here" in err


def test_a_reader_who_leaves_is_no_fault():
    with program("parameters") as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=20) == 0


def test_no_command_warns_even_as_it_ends(toy, tmp_path):
    # One program for all: loading what they need is what takes its time.
    (tmp_path / "all.py").write_text(
        "from redqueen.cli import main\n"
        "for words in ('compare toy.toml --seeds 2 --quarters 8 --outcome jobs --store kept -o out',\n"
        "              'run toy.toml --quarters 8 -o run', 'diagnose run --region south -o page.html'):\n"
        "    assert main(words.split()) == 0, words\n"
    )
    words = [sys.executable, "-W", "error", "all.py"]
    ended = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert (ended.returncode, ended.stderr) == (0, "")


# Results


def test_compare_writes_a_directory_whole(toy, model, capsys, tmp_path):
    code, out, _ = answer(capsys, "compare", toy, "--seeds", "5", "--outcome", "jobs", "-o", "out")
    assert code == 0 and "Written to out" in out
    assert {"effects.csv", "effects.json", "README.txt"} <= set(os.listdir("out"))
    written = json.loads((tmp_path / "out" / "effects.json").read_text())
    assert written["command"] == "redqueen compare toy.toml --seeds 5 --outcome jobs -o out"
    # The same command again replaces what it made.
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert answer(capsys, "compare", toy, "--seeds", "5", "--outcome", "jobs", "-o", "out")[0] == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_the_number_of_threads_changes_nothing(toy, capsys):
    one, two = (
        json.loads(answer(capsys, "compare", toy, "--seeds", "3", "--quarters", "8", "--threads", threads, "--json")[1])[
            "effects"
        ]
        for threads in ("1", "2")
    )
    assert one == two


def test_run_writes_a_directory_of_its_one_run(toy, model, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("redqueen.report.files.DRAWN", ("jobs",))
    code, out, _ = answer(capsys, "run", toy, "--policy", "officers", "--seed", "7", "-o", "out")
    assert code == 0 and "toy under officers, seed 7" in out
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["policy"], summary["seed"]) == ("officers", 7)
    assert model.calls[0] == ("burn in", 7) and len(model.calls) == 2
    assert {"regions.csv", "stages.csv", "flows.csv", "summary.json"} <= set(os.listdir("out"))


def test_without_matplotlib_there_are_tables_and_no_figures(toy, model, capsys, monkeypatch):
    monkeypatch.setattr("redqueen.report.files.can_draw", lambda: False)
    code, _, err = answer(capsys, "run", toy, "-o", "out")
    assert code == 0 and "matplotlib" in err
    assert not [name for name in os.listdir("out") if name.endswith((".png", ".svg"))]


def test_a_directory_of_others_is_refused_before_anything_runs(toy, model, capsys, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    code, _, err = answer(capsys, "compare", toy, "-o", "mine")
    assert code == 2 and "did not make" in err and model.calls == []


def test_world_names_everything_that_is_missing(capsys):
    code, _, err = answer(capsys, "world", "--year", "x")
    assert code == 2
    for option in ("--input-output", "--patents", "--income", "--regions", "--year", "-o"):
        assert option in err


# What a start costs


def test_importing_redqueen_loads_no_library_and_costs_little():
    script = """
import resource, sys
before = resource.getrusage(resource.RUSAGE_SELF)
import redqueen
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
print(sorted({"numpy", "pandas", "xarray", "matplotlib", "rich"} & set(sys.modules)))
"""
    seconds, loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert float(seconds) < 0.3 and loaded == "[]"


def test_every_public_name_is_there():
    import redqueen

    for name in redqueen.__all__:
        assert getattr(redqueen, name) is not None
    assert redqueen.__version__ and set(redqueen.__all__) <= set(dir(redqueen))
    with pytest.raises(AttributeError):
        redqueen.nothing_of_this_name  # noqa: B018
