"""The store of trials loses nothing that was finished, shows nothing that was not, and ends where an undisturbed run ends."""

import json
import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest
from toy_trial import answer, write_case

from redqueen.errors import Refused
from redqueen.lab.compare import compare
from redqueen.lab.jobs import run_jobs
from redqueen.lab.journal import Journal
from redqueen.lab.run import apart, run_into
from redqueen.lab.sampling import latin_hypercube
from redqueen.lab.store import MANIFEST, TrialStore, find_trial, stored_trials, trial_in
from redqueen.lab.trial import Site, Trial

pytest.importorskip("zarr", reason="the store needs zarr (pip install redqueen[trials])")
from stored_trials import folder_of, same, store  # noqa: F401

#: What most tests record: a store does the same for every variable, and all of them take their time.
FEW = ("flows", "jobs", "value_added", "wage")
RANGES = {"novelty_success": (0.1, 0.3), "attention": (0.0, 3.0)}
#: Long enough to be killed in the middle, of a world small enough to be quick.
FILE = """
[trial]
name = "toy"
seeds = 30
quarters = 8
variables = ["flows", "jobs", "value_added", "wage"]
policies = ["none", "officers", "gifts"]

[[world]]
case = "toy.toml"

[uncertain]
novelty_success = [0.1, 0.3]

[samples]
count = 2
"""

def run_some(trial: Trial, kept: TrialStore, blocks: int) -> None:
    """Runs the first blocks of a trial, as a run that is stopped leaves them."""
    first = trial.blocks[:blocks]
    run_jobs(
        [trial.job(block) for block in first], lambda position, arm, member: kept.keep(first[position], arm, member),
        start=lambda position: kept.start(first[position]),
    )
    kept.release()


# What is kept is what was run


@pytest.mark.parametrize(
    "options",
    [
        {}, {"samples": latin_hypercube(RANGES, 3), "variables": FEW}, {"placebo": True, "equal_cost": True, "variables": FEW},
        {"quarters": 3}
    ],
)
def test_a_kept_result_is_the_one_in_memory(case, model, store, options):
    trial = Trial(case, seeds=2, **options)
    assert same(trial.run(progress=False), trial.run(progress=False, store=store))


def test_the_same_trial_asked_twice_is_read_not_run(case, model, store):
    first = Trial(case, seeds=2, variables=FEW).run(progress=False, store=store)
    calls = len(model.calls)
    again = Trial(case, seeds=2, variables=FEW).run(progress=False, store=store)
    assert len(model.calls) == calls and same(first, again)
    Trial(case, seeds=2, parameters={"turbulence": 0.01}, variables=FEW).run(progress=False, store=store)
    assert len(model.calls) == 2 * calls and len(stored_trials(store)) == 2


def test_several_worlds_are_kept_and_interleaved(case, model, store):
    worlds, samples = {"a": Site(case, "south"), "b": Site(case, "north")}, latin_hypercube(RANGES, 2)
    trial = Trial(worlds, ["none", "venture"], seeds=2, samples=samples, variables=FEW)
    assert [tuple(block) for block in trial.blocks] == [
        (world, sample, seed) for seed in (0, 1) for sample in (0, 1) for world in ("a", "b")
    ]
    memory, kept = apart(trial.run(progress=False)), apart(trial.run(progress=False, store=store))
    assert list(memory) == list(kept) == ["a", "b"] and all(same(memory[name], kept[name]) for name in memory)
    assert memory["a"].attrs["region"] == "south" and memory["b"].attrs["region"] == "north"


def test_only_what_was_asked_for_is_kept(case, model, store):
    kept = Trial(case, seeds=1, variables=["jobs", "wage"]).run(progress=False, store=store)
    assert list(kept.data_vars) == ["jobs", "wage"]


def test_any_reader_of_zarr_opens_the_arrays(case, model, store):
    import xarray

    whole = Trial(case, seeds=2).run(progress=False, store=store)
    plain = xarray.open_zarr(folder_of(store) / "data" / "toy", chunks=None, consolidated=False)
    assert all(plain[name].equals(whole[name].drop_vars("failure")) and plain[name].attrs["unit"] for name in whole.data_vars)


def test_decisions_of_governments_are_kept(store):
    from redqueen.lab.tidy import decision_rows

    trial = Trial("red-queen", ["local_experiments"], seeds=1, quarters=60)
    memory, kept = trial.run(progress=False), trial.run(progress=False, store=store)
    assert decision_rows(memory) and decision_rows(memory) == decision_rows(kept)


# Stopped runs


def test_a_stopped_trial_goes_on_and_ends_as_an_undisturbed_one(case, model, store):
    trial = Trial(case, seeds=4, variables=FEW)
    whole = trial.run(progress=False)
    before = len(model.calls)
    kept = TrialStore.of(trial, store)
    run_some(trial, kept, 2)
    half = kept.result()
    assert (half["failure"].isel(seed=[0, 1]) == "").all() and (half["failure"].isel(seed=[2, 3]) == "not run").all()
    assert half["jobs"].isel(seed=[2, 3]).isnull().all()
    assert half["jobs"].isel(seed=[0, 1]).equals(whole["jobs"].isel(seed=[0, 1]))
    assert compare(half, "officers", outcomes="jobs").row("jobs", "south").seeds == 2
    assert same(whole, trial.run(progress=False, store=store))
    # Four burn-ins, twelve runs: none was done twice.
    assert len(model.calls) - before == 4 * (1 + 3)


def test_members_of_a_block_that_was_not_finished_are_not_run_again(case, model, store, monkeypatch):
    trial = Trial(case, seeds=1, variables=FEW)
    whole = trial.run(progress=False)
    plain, kept = model.simulate, TrialStore.of(trial, store)

    def stop(world, schedule, **options):
        if len(model.calls) - before == 3:
            raise KeyboardInterrupt
        return plain(world, schedule, **options)

    before = len(model.calls)
    monkeypatch.setattr("redqueen.lab.jobs.simulate", stop)
    with pytest.raises(KeyboardInterrupt, match="2 of 3 members are kept in"):
        run_into(kept, trial, threads=1, progress=False)
    monkeypatch.setattr("redqueen.lab.jobs.simulate", plain)
    before = len(model.calls)
    assert same(whole, trial.run(progress=False, store=store))
    assert [call[0] for call in model.calls[before:]] == ["burn in", "simulate"]
    assert not list((folder_of(store) / "unfinished").iterdir())


def test_a_member_cut_off_is_run_again(case, model, store):
    trial = Trial(case, seeds=1, variables=FEW)
    kept = TrialStore.of(trial, store)
    block = trial.blocks[0]
    run_jobs(
        [trial.job(block)], lambda position, arm, member: arm == "none" and kept.keep(block, arm, member),
        start=lambda position: kept.start(block)
    )
    kept.release()
    (draft,) = (folder_of(store) / "unfinished").iterdir()
    content = draft.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        draft.write_bytes(content[:length])
        fresh = TrialStore.of(trial, store)
        assert fresh.start(block) == {}
        fresh.release()
    draft.write_bytes(content)
    fresh = TrialStore.of(trial, store)
    assert set(fresh.start(block)) == {"none"}
    fresh.release()


@pytest.fixture(scope="module")
def start():
    """Gives a function that starts a command in a process of its own, forked from one in which everything is imported already."""
    processes = multiprocessing.get_context("forkserver")
    heavy = ["pytest", "toy_trial", "redqueen.lab.kept", "redqueen.report.files", "redqueen.report.trials", "zarr", "dask.array"]
    processes.set_forkserver_preload(heavy)

    def start(output: Path, *words: str) -> multiprocessing.Process:
        process = processes.Process(target=answer, args=(words, output))
        process.start()
        return process

    return start


@pytest.fixture
def toy_file(tmp_path):
    write_case(tmp_path)
    path = tmp_path / "trial.toml"
    path.write_text(FILE)
    return path


def wait_for(ready, seconds: float = 60.0) -> None:
    """Waits until something is so; a machine may be slow."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def lines_of(store: Path) -> int:
    return sum(path.read_bytes().count(b"{") > 0 and len(Journal(path).news()) for path in store.glob("*/blocks.jsonl"))


def test_killed_at_any_moment_no_finished_block_is_lost_and_the_end_is_the_same(toy_file, store, start, tmp_path):
    from redqueen.lab.trial_file import read_trial

    trial = read_trial(toy_file)
    whole = trial.run(threads=1, progress=False)
    finished: set[tuple] = set()
    killed = 0
    for least in (1, 15, 30, 45):
        process = start(tmp_path / "said", "trial", str(toy_file), "--store", str(store), "--json")
        wait_for(lambda process=process, least=least: process.exitcode is not None or lines_of(store) >= least)
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        kept = TrialStore.open(folder_of(store))
        there = {tuple(block) for block in trial.blocks if kept.has(block)}
        assert there >= finished and len(there) >= least
        finished = there
        half = kept.result().load()
        is_there = (half["failure"] == "").all("policy")
        assert int(is_there.sum()) == len(there)
        for name in ("jobs", "wage", "flows"):
            assert half[name].where(~is_there).isnull().all()
            assert half[name].where(is_there).drop_vars("failure").equals(whole[name].where(is_there).drop_vars("failure"))
    # A run that ended before it could be killed would test nothing.
    assert killed >= 2
    ended = start(tmp_path / "said", "resume", "toy", "--store", str(store))
    ended.join(300)
    assert ended.exitcode == 0
    result = TrialStore.open(folder_of(store)).result().load()
    assert result.drop_attrs().identical(whole.drop_attrs())


def test_two_writers_at_once_share_the_work(toy_file, store, start, tmp_path):
    from redqueen.lab.trial_file import read_trial

    toy_file.write_text(FILE.replace("seeds = 30", "seeds = 10"))
    pages = [tmp_path / "one", tmp_path / "two"]
    writers = [start(page, "trial", str(toy_file), "--store", str(store), "--threads", "1", "--json") for page in pages]
    for writer in writers:
        writer.join(300)
    said = [page.read_text() for page in pages]
    assert [writer.exitcode for writer in writers] == [0, 0], said
    trial = read_trial(toy_file)
    records = Journal(folder_of(store) / "blocks.jsonl").news()
    # Every block was run by one of them, and by one alone.
    assert sorted(tuple(record["block"]) for record in records) == sorted(map(tuple, trial.blocks))
    result = TrialStore.open(folder_of(store)).result().load()
    assert result.drop_attrs().identical(trial.run(progress=False).drop_attrs())
    assert json.loads(said[0])["worlds"] == json.loads(said[1])["worlds"]


def test_a_block_whose_writer_died_is_taken_over(case, model, store):
    trial = Trial(case, seeds=2, variables=FEW)
    kept = TrialStore.of(trial, store)
    script = (
        "import fcntl, os, sys, time\n"
        f"place = os.open({str(folder_of(store) / 'locks')!r}, os.O_RDWR | os.O_CREAT)\n"
        "fcntl.lockf(place, fcntl.LOCK_EX, 1, 0)\nprint('held', flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert kept.start(trial.blocks[0]) is None and kept.start(trial.blocks[1]) == {}
        other.kill()
    assert kept.start(trial.blocks[0]) == {}
    kept.release()


# Failures


def test_a_member_that_failed_is_a_row_that_says_why_and_may_be_tried_again(case, model, store, monkeypatch):
    trial = Trial(case, seeds=3, variables=FEW)
    whole = trial.run(progress=False)

    def fail(world, schedule, *, seed, **options):
        if seed == 2 and float(schedule.intensity.sum()) > 0:
            raise MemoryError("no room")
        return model.simulate(world, schedule, seed=seed, **options)

    monkeypatch.setattr("redqueen.lab.jobs.simulate", fail)
    found = trial.run(progress=False, store=store)
    assert set(found["failure"].sel(seed=2).values.tolist()) == {"", "MemoryError: no room"}
    assert found["jobs"].sel(seed=2, policy="officers").isnull().all()
    monkeypatch.setattr("redqueen.lab.jobs.simulate", model.simulate)
    # It is not tried again unless asked.
    assert same(found, trial.run(progress=False, store=store))
    kept = TrialStore.open(folder_of(store))
    assert kept.describe().failed == 2 and kept.withdraw_failures() == 1
    assert same(whole, trial.run(progress=False, store=store))


# Folders


def test_a_folder_goes_on_from_its_own_copies(toy_file, store, tmp_path, model):
    from redqueen.lab.trial_file import read_trial

    toy_file.write_text(FILE.replace("seeds = 30", "seeds = 4"))
    trial = read_trial(toy_file)
    kept = TrialStore.of(trial, store)
    run_some(trial, kept, 3)
    for path in tmp_path.glob("*.toml"):
        path.unlink()
    again = trial_in(folder_of(store))
    assert again.key == trial.key
    kept = TrialStore.open(folder_of(store))
    kept.use(again)
    run_into(kept, again, progress=False)
    assert kept.describe().complete


def test_a_trial_begun_by_other_code_is_refused(case, model, store, monkeypatch):
    trial = Trial(case, seeds=2, variables=FEW)
    kept = TrialStore.of(trial, store)
    run_some(trial, kept, 1)
    for home in ("trial", "store"):
        monkeypatch.setattr(f"redqueen.lab.{home}.code_digest", lambda: "another")
    with pytest.raises(Refused, match="the model's code is another.*run it anew"):
        TrialStore.open(folder_of(store)).use(trial)
    # The same call makes a folder of its own.
    trial.run(progress=False, store=store)
    assert len(stored_trials(store)) == 2


def test_a_trial_of_objects_says_how_to_go_on(case, model, store):
    Trial(case.world, ["none", "venture"], seeds=1, region="south", variables=FEW).run(progress=False, store=store)
    with pytest.raises(Refused, match="made in Python from objects.*run the same call again"):
        trial_in(folder_of(store))


def test_a_trial_is_found_by_as_much_of_its_name_as_tells_it_apart(case, model, store):
    Trial(case, seeds=1, name="alpha", variables=FEW).run(progress=False, store=store)
    Trial(case, seeds=2, name="alpha", variables=FEW).run(progress=False, store=store)
    Trial(case, seeds=1, name="beta", variables=FEW).run(progress=False, store=store)
    assert find_trial("beta", store).name.startswith("beta-")
    with pytest.raises(Refused, match="'alpha' may be alpha-"):
        find_trial("alpha", store)
    with pytest.raises(Refused, match="has no trial 'bets'"):
        find_trial("bets", store)
    with pytest.raises(Refused, match="this is not the folder of a trial.*it holds alpha"):
        TrialStore.open(store)


def test_files_of_others_are_left_alone(case, model, store):
    trial = Trial(case, seeds=1, variables=FEW)
    folder = store / f"{trial.name}-{trial.key[:10]}"
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(Refused, match="did not make"):
        trial.run(progress=False, store=store)
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_another_layout_is_refused(case, model, store):
    Trial(case, seeds=1, variables=FEW).run(progress=False, store=store)
    path = folder_of(store) / MANIFEST
    path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(Refused, match="format 9; this one reads format 1"):
        TrialStore.open(folder_of(store))


def test_a_place_that_may_not_be_written_is_said(case, model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="cannot be written"):
        Trial(case, seeds=1, variables=FEW).run(progress=False, store=tmp_path / "file" / "trials")


# The journal


def test_half_a_line_spoils_no_other(tmp_path):
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.add({"n": 1})
    with path.open("ab") as file:
        file.write(b'\n0123456789abcdef {"n": 2')
    journal.add({"n": 3})
    with path.open("ab") as file:
        file.write(b'\n0123456789abcdef {"n": 4}\n')
    assert [record["n"] for record in Journal(path).news()] == [1, 3]


def test_news_are_told_once_and_in_order(tmp_path):
    journal, other = Journal(tmp_path / "journal"), Journal(tmp_path / "journal")
    assert journal.news() == []
    other.add({"n": 1})
    other.add({"n": 2})
    assert [record["n"] for record in journal.news()] == [1, 2]
    other.add({"n": 3})
    assert [record["n"] for record in journal.news()] == [3] and journal.news() == []


def test_an_export_holds_what_the_result_holds(case, model, store, tmp_path):
    import pandas
    import xarray

    from redqueen.lab.exporting import export
    from redqueen.lab.outcomes import BY_NAME, series

    trial = Trial(case, seeds=2, samples=latin_hypercube(RANGES, 2), variables=[*FEW, "research_spending", "stage_jobs"])
    kept = TrialStore.of(trial, store)
    run_some(trial, kept, 3)
    result = kept.result()
    export(result, tmp_path / "all.nc", progress=False)
    back = xarray.open_dataset(tmp_path / "all.nc", engine="scipy")
    assert numpy.array_equal(back["jobs"].values, result["jobs"].values, equal_nan=True)
    for ending in (".csv", ".parquet"):
        export(
            result, tmp_path / f"all{ending}", outcomes=["jobs", "research_share", "stage_jobs", "local_supply_share"],
            progress=False
        )
        frame = (pandas.read_csv if ending == ".csv" else pandas.read_parquet)(tmp_path / f"all{ending}")
        rows = frame[
            (frame["outcome"] == "research_share") & (frame["policy"] == "gifts") & (frame["sample"] == 1) & (frame["seed"] == 1)
        ]
        expected = series(result, BY_NAME["research_share"]).sel(policy="gifts", sample=1, seed=1)
        for region in ("north", "south", "world"):
            numpy.testing.assert_allclose(rows[rows["region"] == region]["value"], expected.sel(region=region), rtol=1e-12)
        assert set(rows["attention"]) == {float(result["assumption"].sel(sample=1, parameter="attention"))}
        missing = frame[frame["failure"].fillna("") != ""]
        assert missing[["sample", "seed", "policy"]].values.tolist() == [[1, 2, name] for name in result["policy"].values]
        assert missing["value"].isna().all()


def test_what_cannot_be_exported_is_said_at_once(case, model, tmp_path):
    from redqueen.lab.exporting import export

    result = Trial(case, seeds=1).run(progress=False)
    with pytest.raises(Refused) as refused:
        export(result, tmp_path / "nowhere" / "all.xlsx", outcomes=["jbs"], progress=False)
    assert len(refused.value.faults) == 3
    assert list(tmp_path.glob("**/*.xlsx")) == []
