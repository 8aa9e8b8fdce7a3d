"""Jobs of the app: commands that go on without page and server, one at a time, cancelled, stopped and gone on with."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from serving import Server, client
from toy_trial import CASE

from redqueen.app.errand import began, is_there
from redqueen.app.jobs import CANCELLED, DONE, FAILED, RUNNING, STOPPED, WAITING
from redqueen.progress import progress_bar

pytestmark = pytest.mark.skipif(os.name != "posix", reason="jobs are followed by their processes as Unix knows them")

SOUTH = {
    "region": "south", "base": "officers",
    "levers": [{"instrument": "capacity_building", "intensity": 40, "per": None, "from": 1991}]
}
#: Seeds that take a while even on a fast machine, so many that they are seen to run, and few.
LONG, SEEN, SHORT = 3000, 150, 2


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "folder"


def scenario(server, **changed):
    status, found = server.ask("/api/files?name=toy.toml", method="PUT", body=CASE.encode())
    assert status == 200, found
    return {"case": found["case"], **SOUTH, **changed}


def begin(server, kind="seeds", seeds=SHORT, asked=None, **options):
    asked = scenario(server) if asked is None else asked
    status, job = server.ask("/api/jobs", {"kind": kind, "scenario": asked, "options": {"seeds": seeds, **options}})
    assert status == 201, job
    return job


def processes(folder, identity):
    """Give the process of a job, and those that are its children."""
    until = time.monotonic() + 120
    place = folder / "jobs" / identity / "process.json"
    while not place.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    leader = json.loads(place.read_text())["pid"]
    children = []
    while not children:
        assert time.monotonic() < until
        told = Path(f"/proc/{leader}/task/{leader}/children").read_text()
        children = [int(one) for one in told.split()]
    return leader, children


def gone(*numbers, seconds=20):
    until = time.monotonic() + seconds
    while any(began(one) for one in numbers):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def kept_blocks(folder):
    return sum(path.read_text().count('"block"') for path in (folder / "trials").glob("*/blocks.jsonl"))


def wait_for_blocks(folder, count):
    until = time.monotonic() + 300
    while kept_blocks(folder) < count:
        assert time.monotonic() < until
        time.sleep(0.05)


# To its end


def test_a_job_gives_what_its_command_prints(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server)
        assert set(job) == {
            "id", "kind", "title", "command", "state", "started", "ended", "faults", "goals", "progress", "doing", "left_s",
        }
        done = server.job(job["id"], DONE, FAILED)
        assert done["state"] == DONE and done["progress"] == 1.0 and done["faults"] is None, done
        assert done["ended"] >= done["started"] > 0
        result = done["result"]
        assert (result["case"], result["seeds"], result["reference"]) == ("toy", SHORT, "none")
        assert {row["policy"] for row in result["effects"]} == {"page"}
        assert done["command"] == "redqueen compare toy.toml --policies page.toml --to none --seeds 2 --region south --window 20"
        assert str(folder) not in json.dumps(done)
        listed = server.ask("/api/jobs")[1]
        assert [one["id"] for one in listed] == [job["id"]] and "result" not in listed[0]


def test_policies_of_a_page_are_run_as_pinned_and_the_same_one_once(folder):
    with Server(folder, "--port", "0") as server:
        asked = scenario(server)
        mix = {"base": asked["base"], "levers": asked["levers"], "name": "as on the page"}
        pinned = [mix, {"base": "gifts", "levers": [], "name": "gifts"}]
        done = server.job(begin(server, asked={**asked, "pinned": pinned}, outcomes=["jobs"])["id"], DONE, FAILED)
        assert done["state"] == DONE, done
        assert {row["policy"] for row in done["result"]["effects"]} == {"page", "pinned_2"}
        assert {row["outcome"] for row in done["result"]["effects"]} == {"jobs"}


def test_why_is_explained_with_its_sentences(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server, "explain", seeds=2, points=40, outcome="jobs")
        assert "jobs" in job["title"] and "South" in job["title"]
        done = server.job(job["id"], DONE, FAILED, seconds=300)
        assert done["state"] == DONE, done["faults"]
        result = done["result"]
        assert (
            result["policy"], result["to"], result["outcome"], result["region"], result["points"]
        ) == ("this_policy", "none", "jobs", "south", 40)
        assert list(result["sentences"]) and all(isinstance(line, str) for lines in result["sentences"].values() for line in lines)
        assert result["title"].startswith("Why this_policy changes")


def test_a_plan_of_the_page_becomes_goals(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(
            server, "init", asked=scenario(server), name="More work", since=1992, outcomes=["jobs"], points=20, budget=0.2,
            seeds=None
        )
        assert job["goals"] is None, "what is not written yet cannot be asked for"
        done = server.job(job["id"], DONE, FAILED)
        assert done["state"] == DONE, done["faults"]
        identity = done["result"]["goals"]
        assert done["goals"] == identity
        listed = server.ask("/api/goals")[1]
        assert [(one["id"], one["name"], one["case"], one["region"]) for one in listed] == [(identity, "More_work", "toy", "south")]
        shown = server.ask(f"/api/goals/{identity}")[1]
        assert shown["plan"]["since"] == 1992 and shown["plan"]["budget"] == 0.2 and str(folder) not in shown["text"]


# What cannot be begun, and what fails


@pytest.mark.parametrize(
    "kind, changed, options, field",
    [
        ("explain", {"base": "none", "levers": []}, {}, "levers"),
        ("seeds", {"base": "none", "levers": []}, {}, "levers"),
        ("init", {"base": "none", "levers": []}, {}, "levers"),
        ("explain", {}, {"points": 3}, "points"),
        ("explain", {}, {"outcome": "happiness"}, "outcome"),
        ("explain", {}, {"outcome": "--debug"}, "outcome"),
        ("seeds", {}, {"seeds": 10**9}, "seeds"),
        ("seeds", {}, {"outcomes": ["--store=/tmp"]}, "outcomes"),
        ("init", {}, {"name": "../../x", "goal": "--ledger"}, "goal"),
        ("init", {}, {"budget": -1}, "budget"),
        ("dance", {}, {}, "kind"),
        ("status", {}, {}, "goals"),
        ("seeds", {"region": "atlantis"}, {}, "region"),
        ("seeds", {"case": "brought:0123456789abcdef"}, {}, "case"),
        ("seeds", {"case": "../toy.toml"}, {}, "case"),
    ],
)
def test_what_cannot_be_run_is_refused_before_it_waits(folder, kind, changed, options, field):
    with client(folder) as page:
        case = page.put("/api/files?name=toy.toml", content=CASE.encode()).json()["case"]
        answer = page.post("/api/jobs", json={"kind": kind, "scenario": {"case": case, **SOUTH, **changed}, "options": options})
        assert answer.status_code == 422 and field in {fault["field"] for fault in answer.json()["faults"]}, answer.text
        assert page.get("/api/jobs").json() == []
        assert list((folder / "jobs").iterdir()) == [] and list((folder / "goals").iterdir()) == []


def test_goals_that_are_not_there_have_no_job(folder):
    with client(folder) as page:
        for identity in ("0123456789abcdef", "../../etc", ""):
            assert page.post("/api/jobs", json={"kind": "status", "options": {"goals": identity}}).status_code in (404, 422)


def test_what_a_command_refuses_is_told_fault_by_fault_with_its_place(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server, "init", asked=scenario(server), since=2050, until=2040, goal=5, seeds=None)
        failed = server.job(job["id"], DONE, FAILED)
        assert failed["state"] == FAILED and failed["result"] is None
        told = [fault["message"] for fault in failed["faults"]]
        assert any("2050" in line for line in told) and any("2040" in line for line in told)
        assert {"--from", "--until"} <= {fault["field"] for fault in failed["faults"]}
        assert str(folder) not in json.dumps(failed) and "Traceback" not in json.dumps(failed)
        assert server.ask(f"/api/jobs/{job['id']}", method="DELETE")[0] == 200
        assert list((folder / "goals").iterdir()) == [], "goals that were never written leave nothing behind"


# One at a time


def test_one_runs_and_others_wait_in_turn(folder):
    with Server(folder, "--port", "0") as server:
        first, second, third = begin(server, seeds=LONG), begin(server), begin(server)
        server.job(first["id"], RUNNING)
        states = {one["id"]: one["state"] for one in server.ask("/api/jobs")[1]}
        assert states == {first["id"]: RUNNING, second["id"]: WAITING, third["id"]: WAITING}
        assert server.ask(f"/api/jobs/{second['id']}", method="DELETE")[1]["state"] == CANCELLED
        leader, children = processes(folder, first["id"])
        assert os.getpriority(os.PRIO_PROCESS, children[0]) >= 10, "the page comes first"
        assert server.ask(f"/api/jobs/{first['id']}", method="DELETE")[1]["state"] == CANCELLED
        assert gone(leader, *children), "what was cancelled does not go on"
        assert server.job(third["id"], DONE, FAILED)["state"] == DONE
        assert server.ask(f"/api/jobs/{first['id']}")[1]["state"] == CANCELLED
        assert server.ask(f"/api/jobs/{third['id']}", method="DELETE")[1] == {"removed": third["id"]}
        assert server.ask(f"/api/jobs/{third['id']}")[0] == 404


def test_progress_is_told_while_it_runs(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server, seeds=LONG)
        until, seen = time.monotonic() + 200, []
        while len(seen) < 3 and time.monotonic() < until:
            told = server.ask(f"/api/jobs/{job['id']}")[1]
            if told["progress"] is not None and told["progress"] not in seen:
                seen.append(told["progress"])
            time.sleep(0.1)
        assert seen == sorted(seen) and len(seen) == 3 and 0 <= seen[0] < seen[-1] <= 1
        assert told["left_s"] >= 0 and "runs" in told["doing"]
        server.ask(f"/api/jobs/{job['id']}", method="DELETE")


# Without its server


def test_a_job_outlives_its_server(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server, seeds=SEEN)
        leader, children = processes(folder, job["id"])
        server.end(signal.SIGKILL)
        assert began(leader) and began(children[0])
    with Server(folder, "--port", "0") as again:
        told = again.ask(f"/api/jobs/{job['id']}")[1]
        assert told["state"] in (RUNNING, DONE)
        done = again.job(job["id"], DONE, FAILED, STOPPED)
        assert done["state"] == DONE and done["result"]["seeds"] == SEEN
        assert json.loads((folder / "jobs" / job["id"] / "process.json").read_text())["pid"] == leader, "it was not run again"


def test_a_job_that_ended_while_no_server_ran_is_found_and_the_next_begins(folder):
    with Server(folder, "--port", "0") as server:
        job, waits = begin(server, seeds=20), begin(server)
        leader, _ = processes(folder, job["id"])
        server.end(signal.SIGKILL)
    assert gone(leader, seconds=300)
    with Server(folder, "--port", "0") as again:
        assert again.job(job["id"], DONE, FAILED, seconds=10)["result"]["seeds"] == 20
        assert again.job(waits["id"], DONE, FAILED)["state"] == DONE


def test_a_server_that_is_asked_to_end_leaves_its_job_running(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server, seeds=LONG)
        leader, children = processes(folder, job["id"])
        code, said = server.end(signal.SIGINT)
        assert code == 130 and "background" in said
        assert began(leader) and began(children[0])
    with Server(folder, "--port", "0") as again:
        assert again.ask(f"/api/jobs/{job['id']}", method="DELETE")[1]["state"] == CANCELLED
        assert gone(leader, *children), "a later server can cancel what an earlier one began"


def test_a_job_that_was_killed_goes_on_from_what_is_kept(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server, seeds=SEEN)
        leader, children = processes(folder, job["id"])
        wait_for_blocks(folder, 5)
        os.kill(children[0], signal.SIGKILL)
        stopped = server.job(job["id"], STOPPED, DONE, FAILED)
        assert stopped["state"] == STOPPED and stopped["result"] is None
        assert gone(leader, *children), "neither is left without the other"
        before = kept_blocks(folder)
        assert 5 <= before < SEEN
        assert server.ask(f"/api/jobs/{job['id']}/again", {})[1]["state"] in (RUNNING, WAITING)
        done = server.job(job["id"], DONE, FAILED, STOPPED)
        assert done["state"] == DONE and done["result"]["seeds"] == SEEN
        assert kept_blocks(folder) == SEEN, "what was kept was not run again"
        assert server.ask(f"/api/jobs/{job['id']}/again", {})[0] == 422, "what is done is not gone on with"


def test_a_job_killed_with_its_server_is_stopped_when_another_looks(folder):
    with Server(folder, "--port", "0") as server:
        job = begin(server, seeds=LONG)
        leader, children = processes(folder, job["id"])
        server.end(signal.SIGKILL)
    os.killpg(leader, signal.SIGKILL)
    assert gone(leader, *children)
    with Server(folder, "--port", "0") as again:
        assert again.ask(f"/api/jobs/{job['id']}")[1]["state"] == STOPPED


def test_a_process_of_the_same_number_is_not_taken_for_the_job(folder):
    mine = began(os.getpid())
    assert is_there(os.getpid(), mine) and not is_there(os.getpid(), mine + "1") and not is_there(os.getpid(), None)
    with Server(folder, "--port", "0") as server:
        job = begin(server)
        server.job(job["id"], DONE)
        server.end(signal.SIGKILL)
    place = folder / "jobs" / job["id"]
    told = json.loads((place / "job.json").read_text())
    (place / "job.json").write_text(json.dumps({**told, "state": RUNNING}))
    (place / "rc").unlink()
    # This test's own process, as if it had the number of the job's: it must neither count as running nor be killed.
    (place / "process.json").write_text(json.dumps({"pid": os.getpid(), "began": "another boot 1"}))
    with Server(folder, "--port", "0") as again:
        assert again.ask(f"/api/jobs/{job['id']}")[1]["state"] == STOPPED
        assert again.ask(f"/api/jobs/{job['id']}", method="DELETE")[0] == 200


def test_a_folder_of_jobs_that_was_tampered_with_stops_nothing(folder):
    with Server(folder, "--port", "0") as server:
        for name, text in (("a" * 16, "{"), ("b" * 16, "[]"), ("c" * 16, '{"id": "other"}')):
            (folder / "jobs" / name).mkdir()
            (folder / "jobs" / name / "job.json").write_text(text)
        (folder / "jobs" / ("d" * 16)).symlink_to(folder)
        assert server.job(begin(server)["id"], DONE, FAILED)["state"] == DONE
        assert len(server.ask("/api/jobs")[1]) == 1


# The file of progress


def test_progress_is_kept_in_a_file_a_few_times_a_second(tmp_path, monkeypatch):
    path, writes = tmp_path / "progress.json", []
    monkeypatch.setenv("REDQUEEN_PROGRESS", str(path))
    monkeypatch.setattr("redqueen.progress.write_whole", lambda where, content: writes.append((where, json.loads(content))))
    with progress_bar(1000, "a thousand steps") as advance:
        for _ in range(1000):
            advance(1)
    assert {where for where, _ in writes} == {path}
    assert (writes[0][1]["done"], writes[-1][1]["done"]) == (0, 1000)
    assert writes[-1][1]["title"] == "a thousand steps" and writes[-1][1]["total"] == 1000
    assert len(writes) <= 6, "a thousand steps of no time are not a thousand files"


def test_progress_is_kept_nowhere_unless_a_file_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("REDQUEEN_PROGRESS", raising=False)
    monkeypatch.setattr("redqueen.progress.write_whole", lambda where, content: pytest.fail("a file was written"))
    with progress_bar(10, "ten") as advance:
        advance(10)


def test_a_command_goes_on_where_its_progress_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("REDQUEEN_PROGRESS", str(tmp_path / "no" / "such" / "folder"))
    with progress_bar(10, "ten") as advance:
        advance(10)
