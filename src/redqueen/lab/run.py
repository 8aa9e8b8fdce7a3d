"""Run a trial: in memory or into a store, in threads or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.lab.dataset import Recorder, dataset
from redqueen.lab.jobs import Job, Keep, Member, available_threads, run_jobs
from redqueen.progress import progress_bar

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.store import TrialStore
    from redqueen.lab.trial import Block, Trial

__all__ = ["THREADS", "apart", "run_into", "run_trial", "together"]

#: Where members are run unless asked otherwise.
THREADS = "threads"
#: Seconds between looks at blocks that another process is running.
WAIT = 0.5

_Start = Callable[[int], Mapping[str, Member] | None]


def run_trial(
    trial: Trial,
    threads: int | None = None,
    *,
    store: str | Path | None = None,
    on: str = THREADS,
    progress: bool = True,
    check: bool = False,
    advance: Callable[[float], None] | None = None,
) -> xarray.Dataset:
    """Runs a trial and gives its result; see `Trial.run`."""
    if store is not None:
        from redqueen.lab.store import TrialStore

        kept = TrialStore.of(trial, store)
        run_into(kept, trial, threads, on=on, progress=progress, check=check, advance=advance)
        return kept.result()
    recorders = {
        name: Recorder(len(world.policies), 1 if trial.samples is None else len(trial.samples), len(trial.seeds), trial.variables)
        for name, world in trial.worlds.items()
    }
    places = {name: {policy: position for position, policy in enumerate(world.policies)} for name, world in trial.worlds.items()}
    blocks = trial.blocks

    def keep(position: int, arm: str, member: Member) -> None:
        block = blocks[position]
        if arm in places[block.world]:
            recorders[block.world].keep((places[block.world][arm], block.sample, block.seed), member)

    _run(trial, blocks, keep, None, threads, on, progress, check, advance)
    results = {}
    for name, world in trial.worlds.items():
        recorder = recorders[name]
        if not recorder.arrays:
            raise RuntimeError(f"every member of {name} failed, the first by {next(iter(recorder.failures.values()))}")
        results[name] = dataset(recorder, world.world, world.policies, trial.seeds, trial.attributes(name), trial.samples)
    return together(results)


def run_into(
    kept: TrialStore,
    trial: Trial,
    threads: int | None = None,
    *,
    on: str = THREADS,
    progress: bool = True,
    check: bool = False,
    advance: Callable[[float], None] | None = None,
) -> None:
    """Runs whatever of a trial its store lacks, beside other processes that do the same."""
    blocks = trial.blocks
    while True:
        left = [block for block in blocks if not kept.has(block)]
        if not left:
            return

        def keep(position: int, arm: str, member: Member, left: Sequence[Block] = left) -> None:
            kept.keep(left[position], arm, member)

        def start(position: int, left: Sequence[Block] = left) -> Mapping[str, Member] | None:
            return kept.start(left[position])

        try:
            _run(trial, left, keep, start, threads, on, progress, check, advance)
        except KeyboardInterrupt:
            there = kept.describe()
            raise KeyboardInterrupt(
                f"Stopped; {there.members_done} of {there.members} members are kept in {kept.folder}: the same command goes on "
                f"from there."
            ) from None
        finally:
            kept.release()
        kept.refresh()
        if any(not kept.has(block) for block in blocks):
            # What is left is being run by somebody else: take it over if they stop.
            time.sleep(WAIT)


def apart(result: Any) -> dict[str, xarray.Dataset]:
    """Gives the dataset of every world of a result, by the world's name; the name of an only one is its case's."""
    if hasattr(result, "children"):
        return {name: node.to_dataset() for name, node in result.children.items()}
    return {str(result.attrs["case"]): result}


def together(results: Mapping[str, xarray.Dataset]) -> Any:
    """Gives the only result, or a tree of them by world."""
    import xarray

    return next(iter(results.values())) if len(results) == 1 else xarray.DataTree.from_dict(dict(results))


def _run(
    trial: Trial,
    blocks: Sequence[Block],
    keep: Keep,
    start: _Start | None,
    threads: int | None,
    on: str,
    progress: bool,
    check: bool,
    advance: Callable[[float], None] | None,
) -> None:
    jobs = _Jobs(trial, blocks)
    members = sum(len(trial.worlds[block.world].arms) for block in blocks)
    total = sum(trial.worlds[name].quarters(count) for name, count in _counted(blocks).items())
    with progress_bar(total, f"{trial.name}: {members} runs", show=progress and advance is None) as advance_bar:
        tell = advance or advance_bar
        begin = start or (lambda position: {})
        if on == THREADS:
            run_jobs(jobs, keep, threads=min(threads or available_threads(), members), check=check, advance=tell, start=begin)
            return
        from redqueen.lab.cluster import run_on_cluster

        run_on_cluster(jobs, keep, on=on, workers=threads, check=check, advance=tell, start=begin)


def _counted(blocks: Sequence[Block]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for block in blocks:
        counts[block.world] = counts.get(block.world, 0) + 1
    return counts


class _Jobs(Sequence[Job]):
    """States the job of a block when it is asked for: a large trial has many."""

    def __init__(self, trial: Trial, blocks: Sequence[Block]):
        self.trial, self.blocks = trial, blocks

    def __len__(self) -> int:
        return len(self.blocks)

    # A sequence may be cut; jobs are asked for one at a time.
    def __getitem__(self, position: Any) -> Any:
        return self.trial.job(self.blocks[position])
