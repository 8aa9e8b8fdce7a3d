"""Results are written whole or not at all, and never over what somebody else put there."""

import os
import subprocess
import sys

import pytest

from redqueen.errors import Refused
from redqueen.lab.directories import MARKER, whole_directory
from redqueen.lab.trial import Trial

# Directories


def test_an_interrupted_write_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_directory(tmp_path / "out", "command") as folder:
        (folder / "half.csv").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_is_kept(tmp_path):
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    ).stdout.strip()
    names = [f".out.{dead}.unfinished", f".out.{os.getppid()}.unfinished", f".other.{dead}.unfinished", f".outer.{dead}.unfinished"]
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    fresh = f".out.{int(dead)}1.unfinished"
    (tmp_path / fresh).mkdir()
    with whole_directory(tmp_path / "out", "command") as folder:
        (folder / "a.csv").write_text("1")
    assert {path.name for path in tmp_path.iterdir()} == {"out", fresh, *names[1:]}


def test_an_interrupted_rewrite_leaves_what_was_there(tmp_path):
    with whole_directory(tmp_path / "out", "command") as folder:
        (folder / "a.csv").write_text("first")
    with pytest.raises(ValueError), whole_directory(tmp_path / "out", "command") as folder:
        (folder / "a.csv").write_text("second")
        raise ValueError
    assert (tmp_path / "out" / "a.csv").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_writing_again_replaces_our_files_and_keeps_others(tmp_path):
    out = tmp_path / "out"
    with whole_directory(out, "command") as folder:
        (folder / "old.csv").write_text("1")
    (out / "notes").mkdir()
    (out / "notes" / "mine.txt").write_text("keep me")
    with whole_directory(out, "command") as folder:
        (folder / "new.csv").write_text("2")
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == [
        MARKER,
        "new.csv",
        "notes/mine.txt",
    ]
    assert (out / "notes" / "mine.txt").read_text() == "keep me"


def test_files_of_others_are_never_written_over(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(Refused, match="did not make"), whole_directory(out, "command"):
        pytest.fail("the body runs although the place is refused")
    with pytest.raises(Refused, match="this is a file"), whole_directory(out / "thesis.tex", "command"):
        pytest.fail("the body runs although the place is refused")
    assert (out / "thesis.tex").read_text() == "years of work"


def test_a_file_that_somebody_added_under_our_name_is_refused(tmp_path):
    out = tmp_path / "out"
    with whole_directory(out, "command") as folder:
        (folder / "a.csv").write_text("1")
    (out / "b.csv").write_text("theirs")
    with pytest.raises(Refused, match="b.csv"), whole_directory(out, "command") as folder:
        (folder / "b.csv").write_text("ours")
    assert (out / "a.csv").read_text() == "1" and (out / "b.csv").read_text() == "theirs"


def test_an_empty_directory_may_be_written_to(tmp_path):
    (tmp_path / "out").mkdir()
    with whole_directory(tmp_path / "out", "command") as folder:
        (folder / "a.csv").write_text("1")
    assert (tmp_path / "out" / "a.csv").exists()


def test_an_edited_policy_file_leaves_a_trace(case, tmp_path):
    path = tmp_path / "mine.toml"
    hashes = []
    for intensity in (3.0, 4.0):
        path.write_text(
            f'[policy]\nname = "mine"\n[[change]]\ninstrument = "lump_sum"\nwhere = "target"\nintensity = {intensity}\n'
        )
        hashes.append(Trial(case, ["none", path], seeds=1).policy_files)
    assert list(hashes[0]) == [str(path)] and hashes[0] != hashes[1]


def test_a_policy_that_starts_after_the_run_is_said_to_be_idle(case, tmp_path):
    path = tmp_path / "late.toml"
    path.write_text('[policy]\nname = "late"\n[[change]]\ninstrument = "lump_sum"\nwhere = "target"\nfrom = 1993\nintensity = 3\n')
    assert Trial(case, ["none", path], seeds=1).idle == []
    assert Trial(case, ["none", path], seeds=1, quarters=8).idle == ["late"]
