"""What is damaged in the store is never read, and is run again."""

import shutil
import subprocess
from pathlib import Path

import numpy
import pytest

from redqueen.errors import Refused
from redqueen.lab.store import TrialStore
from redqueen.lab.trial import Trial

pytest.importorskip("zarr", reason="the store needs zarr (pip install redqueen[trials])")
from stored_trials import folder_of, same, store  # noqa: F401

#: What most tests record: a store does the same for every variable, and all of them take their time.
FEW = ("flows", "jobs", "value_added", "wage")


def chunk(store: Path, variable: str, place: str) -> Path:
    (found,) = (folder_of(store) / "data" / "toy" / variable).glob(place)
    return found


@pytest.mark.parametrize("damage", ["truncated", "emptied", "removed"])
def test_a_chunk_that_lost_bytes_is_never_read_and_is_run_again(case, model, store, damage):
    trial = Trial(case, seeds=3, variables=FEW)
    whole = trial.run(progress=False, store=store).load()
    path = chunk(store, "jobs", "0.1.*")
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 40 if damage == "truncated" else 0])
    kept = TrialStore.open(folder_of(store))
    assert [(one.sample, one.seed) for one in kept.damages()] == [(0, 2)]
    with pytest.raises(Refused, match="1 blocks are damaged.*redqueen resume"):
        kept.result()
    calls = len(model.calls)
    assert same(whole, trial.run(progress=False, store=store))
    assert len(model.calls) - calls == 4


def test_a_flipped_bit_is_found_by_its_checksum(case, model, store):
    trial = Trial(case, seeds=2, variables=FEW)
    whole = trial.run(progress=False, store=store).load()
    path = chunk(store, "wage", "0.0.*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    kept = TrialStore.open(folder_of(store))
    (found,) = kept.damages(checksums=True)
    assert (found.seed, found.reason) == (1, "the content is not what was written")
    with pytest.raises(Exception, match="(?i)zstd|checksum|decompress|corrupt"):
        kept.result()["wage"].load()
    kept.withdraw([found])
    assert same(whole, trial.run(progress=False, store=store))


def test_chunks_of_a_block_without_its_line_read_as_missing(case, model, store):
    trial = Trial(case, seeds=2, variables=FEW)
    whole = trial.run(progress=False, store=store).load()
    journal = folder_of(store) / "blocks.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    half = [line for line in lines if line.strip()]
    # The second line is cut off, as by a full disk.
    journal.write_bytes(half[0] + half[1][:100])
    kept = TrialStore.open(folder_of(store))
    found = kept.result().load()
    assert found["jobs"].sel(seed=2).isnull().all() and found["jobs"].sel(seed=1).equals(whole["jobs"].sel(seed=1))
    assert same(whole, trial.run(progress=False, store=store))


def test_a_full_disk_is_said_and_loses_nothing(case, model, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        trial = Trial(case, seeds=40, variables=FEW)
        with pytest.raises(Refused, match="cannot be written: No space left.*what is finished is kept"):
            trial.run(progress=False, store=small / "trials")
        folder = folder_of(small / "trials")
        there = TrialStore.open(folder)
        done = there.describe().blocks_done
        assert 0 < done < 40
        whole = trial.run(progress=False)
        half = there.result().load()
        is_there = half["failure"].isel(policy=0) == ""
        assert int(is_there.sum()) == done
        assert numpy.array_equal(half["jobs"], whole["jobs"].where(is_there), equal_nan=True)
        # With room, the same command goes on.
        shutil.copytree(small / "trials", tmp_path / "trials")
        assert same(whole, trial.run(progress=False, store=tmp_path / "trials"))
    finally:
        subprocess.run(["umount", str(small)], check=True)
