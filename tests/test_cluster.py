"""Where a trial runs changes no bit of it; workers and schedulers that die, or are of another version, cost time only.

The cluster is one of real processes, none of which anybody starts again: what is killed here is dead.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import clusters
import pytest
import toy_trial
from clusters import PATIENCE, Fails, Kills, Waits, are_same, bounded, jobs_of, members, nothing, processes, three  # noqa: F401
from toy_trial import TakingTurns, write_case

import redqueen
import redqueen.lab.cluster as cluster
import redqueen.lab.workers as workers
from redqueen.cases.case import read_case
from redqueen.errors import Faults, Refused
from redqueen.lab.cluster import check_place_to_run, run_here, run_on_cluster
from redqueen.lab.jobs import Job, run_jobs
from redqueen.lab.sampling import latin_hypercube
from redqueen.lab.store import TrialStore
from redqueen.lab.trial import Trial
from redqueen.lab.workers import code_here

distributed = pytest.importorskip("distributed", reason="distributed is not installed: pip install redqueen[cluster]")
psutil = pytest.importorskip("psutil")
cloudpickle = pytest.importorskip("cloudpickle")
# As from a notebook: workers cannot import what is defined here.
for module in (sys.modules[__name__], clusters, toy_trial):
    cloudpickle.register_pickle_by_value(module)


# Before anything runs


@pytest.mark.parametrize("place", ["threads", "dask", "tcp://10.0.0.5:8786", "tcp://cluster.example.org:1", "tcp://[::1]:8786"])
def test_threads_dask_and_addresses_are_places_to_run(place):
    faults = Faults()
    check_place_to_run(place, faults)
    assert not faults


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("gpu", "there is threads, dask"), ("Dask", "did you mean 'dask'?"), ("", "tcp://host:port"),
        ("10.0.0.5:8786", "tcp://host:port"),
        ("http://10.0.0.5:8786", "tcp://host:port"), ("tcp://", "as in tcp://"), ("tcp://somewhere", "as in tcp://"),
        ("tcp://somewhere:port", "as in tcp://"), ("tcp://somewhere:99999", "as in tcp://"), ("tcp://a:1/b", "as in tcp://"),
    ],
)
def test_anything_else_is_refused_with_what_exists(place, hint, case):
    with pytest.raises(Refused) as caught:
        Trial(case, seeds=1).run(on=place, progress=False)
    [fault] = caught.value.faults
    assert f"'{place}'" in fault.message and hint in fault.remedy


@pytest.mark.parametrize("place", ["dask", "tcp://127.0.0.1:8786"])
def test_where_the_library_is_missing_its_extra_is_named(place, monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    faults = Faults()
    check_place_to_run("threads", faults)
    assert not faults
    check_place_to_run(place, faults)
    assert "distributed" in faults[0].message and "pip install redqueen[cluster]" in faults[0].remedy


def test_a_scheduler_that_does_not_answer_is_refused(case, monkeypatch):
    monkeypatch.setattr(workers, "CONNECT", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Refused, match="no Dask scheduler answers within 0.5 s") as caught:
            Trial(case, seeds=1).run(on=address, progress=False)
        # Nothing is asked of a cluster where everything is known.
        run_on_cluster(jobs_of(case, 2), None, on=address, start=lambda position: None)
    assert caught.value.faults[0].field == address and "dask scheduler" in caught.value.faults[0].remedy


def test_a_cluster_without_workers_is_refused(processes, case, monkeypatch):
    monkeypatch.setattr(workers, "WAIT", 0.5)
    processes.ensure(0)
    with pytest.raises(Refused, match="no worker to be given work for 0.5 s") as caught:
        Trial(case, seeds=1).run(on=processes.address, progress=False)
    assert caught.value.faults[0].remedy == f"start some with `dask worker {processes.address}`"


def test_a_process_without_the_code_that_is_asked_for_runs_nothing():
    assert run_here(("0.0.9", *code_here()[1:]), b"not a job", b"", False) == (code_here(), b"")


# The same bits


def check_same_bits(trial, address):
    one = trial.run(1, progress=False)
    assert trial.run(2, progress=False).identical(one)
    done = []
    assert trial.run(on=address, advance=done.append).identical(one)
    assert sum(done) == trial.quarters_to_run
    return one


def test_one_thread_two_threads_and_three_workers_find_the_same_bits(three, case):
    trial = Trial(case, seeds=4, quarters=8, placebo=True, equal_cost=True)
    result = check_same_bits(trial, three.address)
    assert result.sizes["policy"] == 5 and not (result["failure"] != "").any()


def test_sampled_trials_are_the_same_wherever_they_run(three, case):
    samples = latin_hypercube({"turbulence": (0.0, 0.05), "publication_rate": (0.01, 0.2)}, 4, draw=1)
    result = check_same_bits(Trial(case, ["none", "officers"], seeds=2, quarters=8, samples=samples), three.address)
    # The points matter, so that a mix-up would be seen.
    assert len({result["value_added"].isel(sample=sample).values.tobytes() for sample in range(4)}) == 4


def test_governments_decide_the_same_wherever_they_run(three):
    trial = Trial("red-queen", ["central_plan", "local_experiments"], seeds=3, quarters=12)
    result = check_same_bits(trial, three.address)
    assert result.attrs["decisions"] != "[]"


def test_two_worlds_are_the_same_wherever_they_run(three, case):
    trial = Trial({"toy": case, "recipes": "recipes"}, {"nothing": "none"}, seeds=2, quarters=6)
    assert trial.run(on=three.address, progress=False).identical(trial.run(1, progress=False))


def test_known_members_are_not_run_again_and_cost_what_they_did(three, case):
    trial = Trial(case, seeds=2, quarters=8, placebo=True)
    jobs = [trial.job(block) for block in trial.blocks]
    whole = members(run_jobs, jobs)
    known = {0: {"officers": whole[0, "officers"]}, 1: None}
    done = []
    found = members(run_on_cluster, jobs, on=three.address, start=known.__getitem__, advance=done.append)
    assert [name for _, name in found] == [name for name in jobs[0].arms if name != "officers"]
    assert are_same(found, {place: whole[place] for place in found}) and sum(done) == jobs[0].quarters


def test_no_more_jobs_are_claimed_than_are_run_soon(three, case):
    jobs, claimed, finished = jobs_of(case, 12), [], []
    ahead = []

    def keep(position, name, member):
        finished.append(position)
        ahead.append(len(claimed) - len(finished))

    run_on_cluster(jobs, keep, on=three.address, start=lambda position: claimed.append(position) or {})
    assert sorted(finished) == list(range(12)) and claimed == list(range(12))
    # One that is run and one that waits for each of three workers.
    assert max(ahead) <= 6
    claimed.clear(), finished.clear(), ahead.clear()
    run_on_cluster(jobs, keep, on=three.address, workers=1, start=lambda position: claimed.append(position) or {})
    assert finished == claimed == list(range(12)) and max(ahead) == 0


# Members that fail


def test_a_member_that_fails_says_why_as_it_does_in_threads(three, case):
    jobs = jobs_of(case, 3, failing=Fails(), turns=TakingTurns())
    found = members(run_on_cluster, jobs, on=three.address)
    assert found[1, "failing"].failure == "ZeroDivisionError: no money left"
    assert [place for place, member in found.items() if member.failure] == [(1, "failing")]
    assert found[2, "turns"].decisions and are_same(found, members(run_jobs, jobs))


def test_with_check_the_error_itself_is_raised_and_says_where(three, case):
    with pytest.raises(ZeroDivisionError, match="no money") as caught:
        members(run_on_cluster, jobs_of(case, 3, failing=Fails()), on=three.address, check=True)
    assert caught.value.__notes__ == ["in seed 2, policy failing"]


def test_an_order_that_cannot_be_run_is_an_error_as_in_threads(three, case):
    trial = Trial(case, seeds=1, quarters=4, placebo=True)
    job = trial.job(trial.blocks[0])
    backwards = Job(job.world, dict(reversed(job.arms.items())), 1)
    for run, options in ((run_jobs, {}), (run_on_cluster, {"on": three.address})):
        with pytest.raises(ValueError, match="which must come before it"):
            members(run, [backwards], **options)


# Workers of another version


@pytest.fixture(scope="module")
def other_code(tmp_path_factory):
    """Give a folder with the package as it might have been: another version, and one file of the model that differs."""
    folder = tmp_path_factory.mktemp("other")
    package = Path(redqueen.__file__).parent
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            place = folder / "redqueen" / path.relative_to(package)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
    for name, line in (("__init__.py", '__version__ = "0.0.9"'), ("model/schedule.py", "# as it was")):
        place = folder / "redqueen" / name
        text = place.read_text()
        place.unlink()
        place.write_text(f"{text}\n{line}\n")
    return folder


@pytest.fixture(scope="module")
def with_other_code(processes, other_code, tmp_path_factory):
    """Run a trial on three workers, one of other code and one too old to be asked; then without the old one, on trust."""
    without_lab = tmp_path_factory.mktemp("ancient")
    (without_lab / "redqueen").mkdir()
    (without_lab / "redqueen" / "__init__.py").touch()
    processes.ensure()
    extra = [processes.start_worker(other_code), processes.start_worker(without_lab)]
    processes.wait_for(5)
    trial = Trial(read_case(write_case(tmp_path_factory.mktemp("case"))), seeds=8, quarters=8)
    with pytest.raises(Refused) as caught:
        trial.run(on=processes.address, progress=False)
    extra[1].kill()
    extra[1].wait()
    with pytest.MonkeyPatch.context() as trusting, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        trusting.setattr(workers.Crew, "_hear", lambda crew, worker, threads, *answers: crew.fit.update({worker: threads}))
        result = trial.run(on=processes.address, progress=False)
    extra[0].kill()
    extra[0].wait()
    return caught.value.faults, result, [str(one.message) for one in warned if one.category is RuntimeWarning], trial


def test_workers_of_other_code_are_refused_by_name_with_both_versions(with_other_code):
    faults, *_ = with_other_code
    assert len(faults) == 2 and len({fault.field for fault in faults}) == 2
    for fault in faults:
        assert fault.field.startswith("tcp://127.0.0.1:") and f"redqueen {redqueen.__version__}" in fault.remedy
        assert code_here()[2][:10] in fault.remedy
    other, ancient = sorted((fault.message for fault in faults), key=lambda message: "cannot say" in message)
    assert "redqueen 0.0.9 (code " in other and code_here()[2][:10] not in other
    assert f"it has redqueen {redqueen.__version__}, which cannot say what code it runs" in ancient


def test_a_worker_of_other_code_adds_no_bit_even_where_it_was_trusted(with_other_code):
    _, result, warned, trial = with_other_code
    [said] = [text for text in warned if "gets no work" in text]
    assert "it runs redqueen 0.0.9 (code " in said and f"here runs redqueen {redqueen.__version__}" in said
    assert result.identical(trial.run(1, progress=False))


def test_a_worker_of_other_code_that_joins_later_gets_no_work(three, other_code, case, monkeypatch, tmp_path):
    given, late = [], []
    leave_out, give = workers.Crew.leave_out, workers.Crew.give

    def note(crew, worker, reason):
        leave_out(crew, worker, reason)
        late.append(worker)
        (tmp_path / "left_out").touch()

    monkeypatch.setattr(workers.Crew, "leave_out", note)
    monkeypatch.setattr(
        workers.Crew, "give", lambda crew, worker, name, *call: given.append((worker, name)) or give(crew, worker, name, *call)
    )
    jobs = jobs_of(case, 6, waiting=Waits(tmp_path / "left_out", seed=6))
    joined = []

    def join(quarters):
        if quarters and not joined:
            joined.append(three.start_worker(other_code))

    with pytest.warns(RuntimeWarning, match=r"gets no work: it runs redqueen 0\.0\.9"):
        found = members(run_on_cluster, jobs, on=three.address, advance=join)
    joined[0].kill()
    joined[0].wait()
    assert are_same(found, members(run_jobs, jobs))
    # It was asked what code it has, and given nothing with a name.
    assert len(late) == 1 and {name for worker, name in given if worker == late[0]} == {None}


# Processes that die


def test_a_job_whose_worker_is_killed_is_run_again(three, case, tmp_path):
    folder = tmp_path / "kills"
    folder.mkdir()
    jobs = jobs_of(case, 8, killing=Kills(folder, times=1))
    done = []
    found = members(run_on_cluster, jobs, on=three.address, advance=done.append)
    assert len(list(folder.iterdir())) == 1
    assert [worker.returncode for worker in three.workers if worker.poll()] == [-signal.SIGKILL]
    assert are_same(found, members(run_jobs, jobs)) and sum(done) == sum(job.quarters for job in jobs)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Run jobs on a cluster of this machine, one of which kills its worker whenever it is run; note what was seen."""
    folder = tmp_path_factory.mktemp("kills")
    case = read_case(write_case(tmp_path_factory.mktemp("case")))
    jobs = jobs_of(case, 6, killing=Kills(folder, times=99))
    seen = {"jobs": jobs, "folder": folder, "processes": [], "addresses": set()}
    before = psutil.Process().children(recursive=True)

    def look(quarters):
        if quarters and not seen["processes"]:
            seen["processes"] = [one for one in psutil.Process().children(recursive=True) if one not in before]
            for process in (psutil.Process(), *seen["processes"]):
                with contextlib.suppress(psutil.Error):
                    seen["addresses"] |= {one.laddr.ip for one in process.net_connections() if one.status == psutil.CONN_LISTEN}

    seen["members"] = members(run_on_cluster, jobs, on="dask", workers=1, advance=look)
    seen["left"] = [one for one in psutil.Process().children(recursive=True) if one not in before]
    return seen


def test_a_job_that_kills_its_workers_again_and_again_fails_and_the_others_do_not(local):
    reason = "lost with its worker 3 times: killed, perhaps for want of memory"
    assert {place: member.failure for place, member in local["members"].items() if member.failure} == {
        (1, "none"): reason, (1, "killing"): reason,
    }
    # Each time it was run one worker died, and it was not run more often.
    assert len(list(local["folder"].iterdir())) == cluster.KILLS
    others = {place: member for place, member in local["members"].items() if place[0] != 1}
    expected = members(run_jobs, local["jobs"])
    assert are_same(others, {place: expected[place] for place in others}) and len(others) == 10


def test_a_local_cluster_is_reached_from_this_machine_only_and_leaves_no_process(local):
    assert local["processes"] and local["addresses"] == {"127.0.0.1"}
    # The tracker of multiprocessing stays with this process.
    assert [one for one in local["left"] if one.is_running() and "resource_tracker" not in " ".join(one.cmdline())] == []


STOPPED = """
import sys
from redqueen.cases.case import read_case
from redqueen.lab.trial import Trial

if __name__ == "__main__":
    trial = Trial(read_case(sys.argv[1]), seeds=100, variables=["value_added"])
    trial.run(1, on="dask", store=sys.argv[2], advance=lambda done: done and print(done, flush=True))
"""

def test_ctrl_c_ends_a_local_cluster_at_once_and_keeps_what_is_finished(tmp_path):
    script, store = tmp_path / "script.py", tmp_path / "store"
    script.write_text(STOPPED)
    process = subprocess.Popen(
        [sys.executable, str(script), str(write_case(tmp_path)), str(store)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )
    process.stdout.readline()
    below = psutil.Process(process.pid).children(recursive=True)
    # A terminal tells every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGINT and error.count("Traceback") == 1 and "KeyboardInterrupt" in error
    _, alive = psutil.wait_procs(below, timeout=PATIENCE)
    assert below and not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    trial = Trial(read_case(tmp_path / "toy.toml"), seeds=100, variables=["value_added"])
    kept = TrialStore.of(trial, store)
    assert 0 < kept.describe().members_done < trial.members
    # Its claims went with it.
    left = next(block for block in trial.blocks if not kept.has(block))
    assert kept.start(left) is not None
    kept.release()


def test_a_scheduler_that_is_started_again_in_mid_trial_costs_nothing_but_time(processes, case, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "WAIT", PATIENCE)
    # What went with the scheduler is no fault of a block.
    monkeypatch.setattr(cluster, "KILLS", 1)
    trial, address = Trial(case, seeds=12, variables=["value_added"]), processes.ensure(1).address

    def restart(quarters):
        if quarters and restart.pending:
            restart.pending = False
            processes.stop()
            processes.start_scheduler()
            processes.start_worker()

    restart.pending = True
    done = []
    result = trial.run(on=address, store=tmp_path / "store", advance=lambda quarters: done.append(quarters) or restart(quarters))
    assert result.identical(trial.run(store=tmp_path / "threads", progress=False)) and sum(done) == trial.quarters_to_run


def test_a_scheduler_that_does_not_come_back_ends_the_trial_and_what_is_finished_stays(processes, case, tmp_path, monkeypatch):
    address = processes.ensure(1).address
    monkeypatch.setattr(workers, "WAIT", 1.5)
    trial, store, done = Trial(case, seeds=12, variables=["value_added"]), tmp_path / "store", []

    def kill(quarters):
        done.append(quarters)
        if sum(done) > trial.quarters_to_run / 4:
            processes.stop()

    with pytest.raises(Refused, match="the scheduler was lost and did not come back within 1.5 s") as caught:
        trial.run(on=address, store=store, advance=kill)
    assert "the same command goes on" in caught.value.faults[0].remedy and caught.value.faults[0].field == address
    kept = TrialStore.of(trial, store).describe().members_done
    assert trial.members / 8 < kept < trial.members
    again = []
    result = trial.run(store=store, advance=again.append)
    assert result.identical(trial.run(store=tmp_path / "undisturbed", progress=False))
    # Members that were kept are not run again: their quarters are told at once, with those of the others.
    assert sum(again) <= trial.quarters_to_run * (1 - kept / trial.members) + trial.worlds[trial.name].quarters()
