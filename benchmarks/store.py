"""Measure what keeping a trial costs: running in memory and into a store, reading it again, exporting; and on a cluster.

    python benchmarks/store.py             # hsinchu, 6 policies, 4 seeds, everything recorded; medians of 3
    python benchmarks/store.py --cluster   # also two workers of a local Dask cluster against two threads

CPU-seconds of this process (a cluster's workers are other processes: there it is wall time).
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from redqueen.lab.exporting import export
from redqueen.lab.store import TrialStore
from redqueen.lab.trial import Trial

CASE, SEEDS, REPEATS = "hsinchu", 4, 3


def measured(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Give the seconds that some work takes."""
    before = clock()
    work()
    return clock() - before


def exported(store: TrialStore, path: Path) -> None:
    """Write what a store keeps as one file."""
    export(store.result(), path, progress=False)


def rows(trial: Trial) -> list[tuple[str, float, str]]:
    """Give what was measured: words, seconds and a note, medians over repeats."""
    seconds: dict[str, list[float]] = {}
    size = 0
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            found = {
                "run in memory": measured(lambda: trial.run(threads=1, progress=False)),
                "run into a store": measured(lambda: trial.run(threads=1, progress=False, store=folder)),
                "opened again": measured(lambda: trial.run(threads=1, progress=False, store=folder)),
                "opened and read whole": measured(lambda: trial.run(threads=1, progress=False, store=folder).load()),
            }
            (kept,) = Path(folder).iterdir()
            store = TrialStore.open(kept)
            found["verified by checksums"] = measured(partial(store.damages, checksums=True))
            found["exported to Parquet"] = measured(partial(exported, store, Path(folder) / "all.parquet"))
            size = store.describe().bytes
        for words, value in found.items():
            seconds.setdefault(words, []).append(value)
    notes = {"run into a store": f"{size / 1e6:.1f} MB in {SEEDS} blocks"}
    return [(words, statistics.median(values), notes.get(words, "")) for words, values in seconds.items()]


def cluster_rows() -> list[tuple[str, float, str]]:
    """Give wall seconds of two threads and of two workers of a local cluster, its start included."""
    trial = Trial("recipes", ["venture", "none"], seeds=60, quarters=40, region="low_wage", variables=["value_added"])
    names = {"two threads": {"threads": 2}, "two workers of a local cluster": {"threads": 2, "on": "dask"}}
    runs = {
        words: [measured(lambda o=options: trial.run(progress=False, **o), time.perf_counter) for _ in range(3)] for words,
        options in names.items()
    }
    return [(words, statistics.median(values), "wall, 60 blocks of recipes") for words, values in runs.items()]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cluster", action="store_true", help="also compare a cluster to threads")
    asked = parser.parse_args()
    trial = Trial(CASE, seeds=SEEDS)
    print(f"{CASE}: {trial.members} members of {trial.world.quarters} quarters\n\n| measured | seconds | |\n| --- | --- | --- |")
    for words, value, note in [*rows(trial), *(cluster_rows() if asked.cluster else [])]:
        print(f"| {words} | {value:.2f} | {note} |", flush=True)


if __name__ == "__main__":
    main()
