"""What a machine may do: full disks, no home, clocks that jump, kills, odd names, other locales, little memory."""

import contextlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from serving import client, read_here
from toy_trial import CASE, use_model, write_case

from monitored import GOALS, LONGER
from redqueen import cli
from redqueen.app import folder as app_folder
from redqueen.app.jobs import _progress
from redqueen.errors import Refused
from redqueen.lab.directories import whole_directory
from redqueen.progress import PROGRESS, progress_bar
from redqueen.writing import whole_file

FILES = Path(__file__).parent / "files"
#: Commands that write, each with what it writes to; "toy.toml" and the other inputs lie in the folder where they are run.
WRITING = {
    "comparison": (["compare", "toy.toml", "--seeds", "2", "-o"], "out"),
    "run": (["run", "toy.toml", "--policy", "officers", "-o"], "run"),
    "trial store": (["trial", "trial.toml", "--store"], "trials"),
    "kept table": (["read", str(FILES / "long_table.csv"), "-o"], "kept.parquet"),
    "diagnosis": (["diagnose", str(FILES / "long_table.csv"), "--region", "hsinchu", "-o"], "page.html"),
    "figure": (["diagnose", str(FILES / "long_table.csv"), "--region", "hsinchu", "-o"], "page.png"),
    "copy": (["copy", "hsinchu", "-o"], "mine.toml"),
}
TRIAL = '[trial]\nname = "toy"\nseeds = 4\nvariables = ["jobs", "wage"]\n[[world]]\ncase = "toy.toml"\n'
#: What a user's own machine says of places: nothing of it may change what is written.
PLAIN = {"HOME": "/tmp", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"],
    **{key: os.environ[key] for key in ("PYTHONPATH",) if key in os.environ}}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Give a folder with the inputs of the commands, in which they are run, with the stand-in for the model."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    write_case(tmp_path / "work")
    Path("trial.toml").write_text(TRIAL)
    use_model(monkeypatch)
    return tmp_path / "work"


@pytest.fixture
def disk(tmp_path):
    """Give a small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@contextlib.contextmanager
def filled(disk, left):
    """Fill a disk but for some bytes, for a while."""
    filler = disk / ".filler"
    room = os.statvfs(disk)
    filler.write_bytes(b"x" * (room.f_bavail * room.f_frsize - left))
    yield
    filler.unlink()


@contextlib.contextmanager
def files_of_at_most(size):
    """Let no file grow beyond a size, for a while: what a full disk does, without a disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def answer(capsys, *words):
    """Answer a command as the program does; gives its exit code and what it said on standard error."""
    code = cli.main([str(word) for word in words])
    return code, capsys.readouterr().err


def content(place):
    """Give every file of a place, by name, with its bytes."""
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def refused(said):
    assert "Traceback" not in said and "fault of redqueen" not in said, said
    return said


# A disk that takes no more


@pytest.mark.parametrize("name", WRITING)
def test_a_full_disk_is_one_error_and_with_room_the_same_command_goes_on(here, disk, capsys, no_figures, name):
    words, place = WRITING[name]
    # With some room left a directory is begun, and its files are not.
    for left in (0, 8192) if "." not in place else (0,):
        with filled(disk, left):
            code, said = answer(capsys, *words, disk / place)
            assert code == 2 and "No space left on device" in refused(said), said
            # Of a trial what is finished stays; of everything else nothing.
            assert name == "trial store" or {path.name for path in disk.iterdir()} == {".filler"}
    assert answer(capsys, *words, disk / place)[0] == 0
    assert (disk / place).exists() and {path.name for path in disk.iterdir()} == {place}


@pytest.mark.parametrize("name", WRITING)
def test_a_limit_of_file_sizes_is_one_error_and_nothing_is_left(here, tmp_path, capsys, no_figures, name):
    words, place = WRITING[name]
    out = tmp_path / "out"
    out.mkdir()
    with files_of_at_most(64):
        code, said = answer(capsys, *words, out / place)
    assert code == 2 and "File too large" in refused(said), said
    assert name == "trial store" or not list(out.iterdir())
    assert answer(capsys, *words, out / place)[0] == 0


def test_results_of_before_outlive_a_disk_that_is_full(here, disk, capsys, no_figures):
    words, place = WRITING["comparison"]
    assert answer(capsys, *words, disk / place)[0] == 0
    (disk / place / "notes.txt").write_text("my own")
    before = content(disk / place)
    with filled(disk, 8192):
        assert answer(capsys, *words, "--window", "4", disk / place)[0] == 2
        assert content(disk / place) == before
    assert answer(capsys, "compare", "toy.toml", "--seeds", "3", "-o", disk / place)[0] == 0
    after = content(disk / place)
    assert after["notes.txt"] == b"my own" and after != before


def test_an_answer_that_nothing_takes_is_said():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as stream:
        done = subprocess.run([sys.executable, "-m", "redqueen", "parameters"], stdout=stream, stderr=subprocess.PIPE, text=True,
            timeout=60)
    assert done.returncode == 2 and done.stderr == "cannot be read or written: No space left on device\n"


def test_the_app_says_that_its_disk_is_full_and_goes_on_when_there_is_room(disk, monkeypatch):
    read_here(monkeypatch)
    with client(disk / "folder") as page:
        assert page.put("/api/files?name=toy.toml", content=LONGER.encode()).status_code == 200
        goals = page.put("/api/files?name=goals.toml", content=GOALS.encode()).json()["goals"]
        scenario = {"case": "sunset-industry", "base": "networks", "seeds": 2}
        asked = (
            ("PUT", "/api/files?name=other.toml", LONGER.replace("toy", "other").encode()),
            ("POST", "/api/jobs", json.dumps({"kind": "explain", "scenario": scenario, "options": {}}).encode()),
            ("PUT", f"/api/goals/{goals}", json.dumps({"text": GOALS + "# more\n"}).encode()),
            ("POST", f"/api/goals/{goals}/observations",
             json.dumps({"indicator": "jobs", "year": 1995, "value": 200, "source": "office", "by": "ann"}).encode()),
        )  # fmt: skip
        before = sorted(disk.rglob("*"))
        with filled(disk, 0):
            for method, path, body in asked:
                told = page.request(method, path, content=body)
                assert told.status_code in (422, 507), (path, told.text)
                assert any(word in told.text for word in ("No space left", "disk is full")), told.text
            assert [path for path in sorted(disk.rglob("*")) if path.name != ".filler" and "ledger" not in path.name] == before
            assert page.get("/api/goals").status_code == 200
        for method, path, body in asked[::2]:
            assert page.request(method, path, content=body).status_code == 200, path


# No home, no caches, other locales and time zones


def program(*words, cwd, before="", **environment):
    """Run a command as a program, with an environment of its own."""
    script = f"import sys\nfrom redqueen.cli import main\n{before}\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, words)], cwd=cwd, env={**PLAIN, **environment}, capture_output=True, timeout=120,
        stdin=subprocess.DEVNULL
    )


def test_no_home_no_caches_no_locale_and_no_time_zone_change_a_bit(tmp_path):
    everywhere = {
        # Turkish has another small i (where it is installed), and Kiritimati the first day of all.
        "far away": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
        # /proc may be written by nobody, root included. Clocks are set back today, so that an hour is there twice.
        "nowhere": {
            **dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR"), "/proc/nowhere"),
            "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "cp1252",
            "PYTHONHASHSEED": "7", "TZ": time.strftime("AAA+5BBB,M1.1.0/0,J%j/12"),
        },
    }
    case = CASE.replace('"south"', '"\u0141\u00f3d\u017a \U0001f680"')
    figure = """
main(["diagnose", "table.csv", "--region", "hsinchu", "-o", "page.png"])
import redqueen.report.files as files
files.can_draw = lambda: False
"""
    found = {}
    for name, environment in everywhere.items():
        place = tmp_path / name
        place.mkdir()
        (place / "toy.toml").write_text(case, encoding="utf-8")
        shutil.copy(FILES / "long_table.csv", place / "table.csv")
        done = program("run", "toy.toml", "--policy", "officers", "-o", "out", cwd=place, before=figure, **environment)
        assert done.returncode == 0, (name, done.stderr.decode("utf-8", "replace"))
        found[name] = content(place)
    one, other = found.values()
    assert len(one) > 8 and one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


@pytest.mark.parametrize("words", [["app", "--no-browser"], ["trial", "trial.toml"]], ids=["app", "trial"])
def test_where_nothing_may_be_written_that_is_said(tmp_path, words):
    (tmp_path / "trial.toml").write_text(TRIAL.replace("toy.toml", f"{write_case(tmp_path)}"))
    done = program(*words, "--store" if words[0] == "trial" else "--folder", "/proc/nowhere/here", cwd=tmp_path)
    said = refused(done.stderr.decode())
    told = ("nothing can be written", "nothing may be written", "cannot be written")
    assert done.returncode == 2 and any(words in said for words in told), said


# Names


@pytest.mark.parametrize("name", ["a 'b\"c;$(x)\t\u00cele \u5730\u65b9 \U0001f469\u200d\U0001f52c", "-o", "x" * 255],
    ids=["letters", "option", "long"])
def test_results_go_into_folders_of_any_name_that_the_disk_takes(here, capsys, no_figures, name):
    assert answer(capsys, *WRITING["trial store"][0], Path.cwd() / name / "trials")[0] == 0
    assert answer(capsys, *WRITING["comparison"][0], Path.cwd() / name / name)[0] == 0
    table = Path.cwd() / name / f"{name[:247]}.parquet"
    assert answer(capsys, "read", FILES / "long_table.csv", "-o", table)[0] == 0
    assert {path.name for path in (here / name).iterdir()} == {name, "trials", table.name}


def test_names_beyond_what_a_disk_takes_are_refused_everywhere(here, capsys):
    long = "x" * 300
    for words in (
        ["compare", "toy.toml", "--seeds", "2", "-o", long], ["compare", f"{long}.toml"], ["compare", long], ["check",
        f"{long}.toml"], ["trial", f"{long}.toml"],
        ["trial", "trial.toml", "--store", long], ["read", f"{long}.csv"], ["read", str(FILES / "long_table.csv"), "-o",
        f"{long}.parquet"],
        ["diagnose", f"{long}.csv", "--region", "x"], ["diagnose", str(FILES / "long_table.csv"), "--region", "hsinchu", "-o",
        f"{long}.html"],
        ["monitor", "status", f"{long}.toml"], ["copy", "hsinchu", "-o", f"{long}.toml"], ["compare", "toy.toml", "--policies",
        f"{long}.toml"],
        ["app", "--no-browser", "--folder", long], ["export", "x", "-o", f"{long}.csv"],
    ):  # fmt: skip
        code, said = answer(capsys, *words)
        assert code == 2 and refused(said), (words[:3], said)
        assert {path.name for path in here.iterdir()} == {"toy.toml", "trial.toml"}, words[:3]


def test_names_of_any_script_go_through_case_policy_and_region(here, capsys, no_figures):
    region, policy = "\u0141\u00f3d\u017a \U0001f680 " + "r" * 150, "d\u00e9veloppement_\u5730\u65b9_" + "p" * 100
    text = CASE.replace('"south"', json.dumps(region, ensure_ascii=False)).replace('"officers"',
        f'"{policy}"').replace('name = "toy"', 'name = "\u0442\u043e\u0439"')
    Path("\u0442\u043e\u0439.toml").write_text(text, encoding="utf-8")
    assert answer(capsys, "compare", "\u0442\u043e\u0439.toml", "--seeds", "2", "-o", "out")[0] == 0
    table = Path("out/effects.csv").read_text(encoding="utf-8")
    assert region in table and policy in table
    assert cli.main(["compare", "\u0442\u043e\u0439.toml", "--seeds", "2", "--json", "--store", "trials"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {row["region"] for row in printed["effects"]} >= {region} and {row["policy"] for row in printed["effects"]} == {policy,
        "gifts"}


def test_a_file_whose_name_is_no_text_is_read_and_named(tmp_path, capsys, monkeypatch, no_figures):
    monkeypatch.chdir(tmp_path)
    use_model(monkeypatch)
    name = os.fsdecode(b"caf\xe9.toml")
    write_case(tmp_path).rename(tmp_path / name)
    shutil.copy(FILES / "long_table.csv", tmp_path / os.fsdecode(b"caf\xe9.csv"))
    assert answer(capsys, "compare", name, "--seeds", "2", "-o", "out")[0] == 0
    assert "caf" in Path("out/README.txt").read_text(encoding="utf-8")
    for words in (["compare", name, "--seeds", "2", "--json"], ["check", name], ["read", os.fsdecode(b"caf\xe9.csv"), "-o",
        "kept.parquet"]):
        code, said = answer(capsys, *words)
        assert code == 0, said


# Clocks


def test_a_clock_that_is_set_back_leaves_progress_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv(PROGRESS, str(tmp_path / "progress.json"))
    now = [2e9]
    monkeypatch.setattr(time, "time", lambda: now[0])
    with progress_bar(4, "counting") as advance:
        for _ in range(4):
            now[0] -= 3600.0
            advance(1)
    kept = json.loads((tmp_path / "progress.json").read_text())
    assert (kept["done"], kept["total"]) == (4, 4)
    assert _progress({**kept, "done": 2}) == (0.5, "counting", 0.0)


def test_jobs_are_noted_in_order_of_time_whatever_the_clock_does(tmp_path, monkeypatch):
    monkeypatch.setattr("redqueen.app.jobs.Jobs._launch", lambda self, job: None)
    asked = {"kind": "explain", "scenario": {"case": "sunset-industry", "base": "networks", "seeds": 2}, "options": {}}
    with client(tmp_path / "folder") as page:
        first = page.post("/api/jobs", json=asked).json()["id"]
        monkeypatch.setattr(app_folder.time, "time", lambda: 1e9)
        second = page.post("/api/jobs", json=asked).json()["id"]
        assert {one["id"] for one in page.get("/api/jobs").json()} == {first, second}
        assert all(page.get(f"/api/jobs/{one}").json()["state"] == "waiting" for one in (first, second))


# Kills


def killed_at(call, name, times):
    """Run a call in a process that is killed when it makes its nth move of a file or folder; says whether it was."""

    def begin():
        moves = 0
        plain = getattr(Path, name)

        def move(self, *rest):
            nonlocal moves
            moves += 1
            if moves == times:
                os.kill(os.getpid(), signal.SIGKILL)
            return plain(self, *rest)

        setattr(Path, name, move)
        call()

    process = multiprocessing.get_context("fork").Process(target=begin)
    process.start()
    process.join(60)
    return process.exitcode == -signal.SIGKILL


def test_results_killed_while_they_are_put_in_place_are_whole_and_files_of_others_stay(tmp_path):
    out = tmp_path / "out"

    def write(text):
        with whole_directory(out, "command") as folder:
            for name in ("a.csv", "b.csv"):
                (folder / name).write_text(text)

    write("0")
    (out / "mine.txt").write_text("my own")
    # The old folder is moved away, then the new one moved in; whoever writes next finds all of one of the two.
    for moves in (1, 2):
        assert killed_at(lambda text=f"{moves}": write(text), "rename", moves)
        write("again")
        assert content(out).keys() == {".redqueen.json", "a.csv", "b.csv", "mine.txt"}
        assert (out / "mine.txt").read_text() == "my own" and {(out / name).read_text() for name in ("a.csv", "b.csv")} == {"again"}
    assert not killed_at(lambda: write("3"), "rename", 3)
    # What was not finished goes with the next one that is written an hour later: until then it may be of another machine.
    for left in tmp_path.glob(".out.*"):
        os.utime(left, (0, 0))
    write("4")
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_two_processes_that_write_one_place_leave_one_result_whole(tmp_path):
    out = tmp_path / "out"

    def write(text):
        for number in range(30):
            with whole_directory(out, "command") as folder:
                for name in ("a.csv", "b.csv", "c.csv"):
                    (folder / name).write_text(f"{text} {number}")

    processes = [multiprocessing.get_context("fork").Process(target=write, args=(text,)) for text in "xy"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len({(out / name).read_text() for name in ("a.csv", "b.csv", "c.csv")}) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


@pytest.mark.parametrize("write", ["whole_file", "write_json"])
def test_a_save_that_is_killed_leaves_what_was_there(tmp_path, monkeypatch, write):
    place = tmp_path / "about.json"
    place.write_text('{"n": 1}')

    def save():
        if write == "write_json":
            app_folder.write_json(place, {"n": 2})
            return
        monkeypatch.setattr(os, "replace", lambda *rest: os.kill(os.getpid(), signal.SIGKILL))
        with whole_file(place) as draft:
            draft.write_text('{"n": 2}')

    assert killed_at(save, "replace", 1)
    assert json.loads(place.read_text()) == {"n": 1}
    left = [path for path in tmp_path.iterdir() if path != place]
    assert len(left) == 1 and left[0].name.startswith(".about.json.") and left[0].name.endswith(".unfinished")


def test_a_report_that_is_killed_while_it_is_drawn_leaves_nothing_that_looks_like_one(here):
    place = here / "page.png"

    def draw():
        import matplotlib.figure

        matplotlib.figure.Figure.savefig = lambda *rest, **options: os.kill(os.getpid(), signal.SIGKILL)
        cli.main(["diagnose", str(FILES / "long_table.csv"), "--region", "hsinchu", "-o", str(place)])

    process = multiprocessing.get_context("fork").Process(target=draw)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL and not place.exists()


# Memory


def test_what_needs_more_memory_than_there_is_is_said(tmp_path):
    write_case(tmp_path)
    limit = """
import resource
import redqueen.lab.trial, xarray
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
"""
    words = ("compare", "toy.toml", "--seeds", "200000", "--threads", "1", "-o", "out")
    done = program(*words, cwd=tmp_path, before=limit, OPENBLAS_NUM_THREADS="1")
    assert done.returncode == 2 and "not enough memory" in refused(done.stderr.decode()), done.stderr[-2000:]
    assert [path.name for path in tmp_path.iterdir()] == ["toy.toml"]


def test_a_refusal_of_a_disk_is_a_refusal(tmp_path):
    with pytest.raises(Refused, match="cannot be written: No such file"), whole_file(tmp_path / "nowhere" / "page.html"):
        pass
