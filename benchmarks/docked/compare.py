"""Measure the docked model in redqueen's technology against the same law in NumPy, Mesa, mesa-frames and agentpy, in one run.

    python benchmarks/docked/compare.py          # two to five minutes; peers that are not installed are named and skipped
    python benchmarks/docked/compare.py --own    # redqueen alone, one minute

benchmarks/requirements.txt says how to install the peers.

Costs are CPU-seconds of all threads (all libraries are held to one) by firm and quarter, in twenty quarters of fresh runs;
making the first firms and the four quarters before are not counted. Each peer's block follows one of redqueen's: ratios are
of such pairs, and the table gives their median, lowest and highest. Two threads against one is wall time for four runs, beside
that of hashing bytes at the same moments, which holds no lock and no memory: where that stays below the floor, nothing is
decided. Exit code 1 if a floor is missed.
"""

from __future__ import annotations

import argparse
import functools
import gc
import hashlib
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from speed import speedup

from docked.implementations import installed
from docked.with_redqueen import Economy

SIZES = (1_000, 10_000)
#: Quarters that are timed, after those in which every project has ended once and all memory has been touched.
QUARTERS, FIRST = 20, 4
#: Pairs of blocks, by what a block takes.
REPEATS, QUICK_REPEATS, QUICK = 7, 31, 1.0
LEAST_SECONDS = 0.05
#: Times as fast as a peer, by peer and firms.
FLOORS = {("Mesa", 1_000): 60.0, ("Mesa", 10_000): 60.0, ("NumPy", 10_000): 3.0}
TWO_THREADS, GROWTH, BYTES = 1.7, 3.0, 1_000
SMALL, LARGE = 10_000, 1_000_000


def cost(economy: Callable[[int, int], object], firms: int, quarters: int = QUARTERS) -> float:
    """Give CPU-nanoseconds by firm and quarter, over as many fresh runs as it takes to time them."""
    spent, runs = 0.0, 0
    # Nobody pays for what others left behind.
    gc.collect()
    while spent < LEAST_SECONDS:
        run = economy(firms, runs)
        for _ in range(FIRST):
            run.step()
        before = time.process_time()
        for _ in range(quarters):
            run.step()
        spent += time.process_time() - before
        runs += 1
    return spent / runs / quarters / firms * 1e9


def pairs(own: Callable[[], float], other: Callable[[], float]) -> list[tuple[float, float]]:
    """Give costs of the two, one after the other, several times; the first pair warms up and is left out."""
    before = time.process_time()
    own(), other()
    repeats = QUICK_REPEATS if time.process_time() - before < QUICK else REPEATS
    return [(own(), other()) for _ in range(repeats)]


def verdict(value: float, floor: float | None, most: bool = False) -> str:
    """Say whether a floor (or with ``most`` a ceiling) is met."""
    if floor is None:
        return ""
    met = value <= floor if most else value >= floor
    return f"{floor:g}: {'met' if met else '**missed**'}"


def spread(values: list[float], digits: str = ".1f") -> str:
    return f"{statistics.median(values):{digits}} ({min(values):{digits}} to {max(values):{digits}})"


def against_peers(economies: dict[str, Callable[[int, int], object]]) -> bool:
    """Print how many times as fast as each peer redqueen is; say whether all floors are met."""
    print("| firms | implementation | ns a firm-quarter | redqueen's | times as fast (lowest to highest of n pairs) | floor |")
    print("| --- | --- | --- | --- | --- | --- |")
    met = True
    for firms in SIZES:
        for name, economy in economies.items():
            if name == "redqueen":
                continue
            measured = pairs(functools.partial(cost, Economy, firms), functools.partial(cost, economy, firms))
            own, other = (statistics.median(pair[side] for pair in measured) for side in (0, 1))
            ratios = [other / own for own, other in measured]
            said = verdict(statistics.median(ratios), FLOORS.get((name, firms)))
            met &= "missed" not in said
            print(f"| {firms:,} | {name} | {other:,.0f} | {own:.1f} | {spread(ratios)}, {len(ratios)} | {said} |", flush=True)
    return met


def at_scale() -> bool:
    """Print what firms cost in a world a hundred times as large, and their bytes; say whether both floors are met."""
    measured = pairs(lambda: cost(Economy, SMALL), lambda: cost(Economy, LARGE, 10))
    ratios = [large / small for small, large in measured]
    costs = " against ".join(f"{statistics.median(pair[side] for pair in measured):.1f}" for side in (1, 0))
    sizes = [sum(array.nbytes for array in Economy(firms, 1).state.arrays.values()) / firms for firms in (SMALL, LARGE)]
    said = verdict(statistics.median(ratios), GROWTH, most=True), verdict(max(sizes), BYTES, most=True)
    print(f"| {LARGE:,} firms against {SMALL:,}: ns a firm-quarter | {costs}: {spread(ratios, '.2f')} times | {said[0]} |")
    print(f"| bytes a firm, {SMALL:,} and {LARGE:,} firms | {sizes[0]:.0f} and {sizes[1]:.0f} | {said[1]} |", flush=True)
    return "missed" not in "".join(said)


def on_threads(firms: int, quarters: int) -> bool:
    """Print how many times as fast two threads do four runs as one thread; say whether the floor is met."""
    content = b"redqueen" * 8_000_000
    runs, hashes = [], []
    for _ in range(15):
        economies = [[Economy(firms, seed) for seed in range(4)] for _ in range(2)]

        def run(turn: int, job: int, economies: list[list[Economy]] = economies) -> None:
            for _ in range(quarters):
                economies[turn][job].step()

        runs.append(speedup(run))
        hashes.append(speedup(lambda turn, job: hashlib.sha256(content).digest()))
    said = verdict(statistics.median(runs), TWO_THREADS)
    if "missed" in said and statistics.median(hashes) < TWO_THREADS:
        said = f"{TWO_THREADS:g}: not decided, as the machine had no second core to give"
    hashing = f"hashing at the same moments {spread(hashes, '.2f')}"
    print(
        f"| two threads against one, wall, runs of {firms:,} firms | {spread(runs, '.2f')} times; {hashing} | {said} |", flush=True
    )
    return "missed" not in said


def main() -> int:
    """Print the tables; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", action="store_true", help="leave the peers out")
    asked = parser.parse_args()
    economies, notes = installed()
    print(f"Python {platform.python_version()}; {'; '.join(f'{name}: {note}' for name, note in notes.items())}")
    print(f"load average before: {os.getloadavg()[0]:.1f}\n")
    met = True
    if not asked.own:
        met &= against_peers(economies)
        print()
    print("| redqueen alone | figure | floor |\n| --- | --- | --- |")
    met &= at_scale()
    met &= on_threads(10_000, 300)
    met &= on_threads(1_000, 3_000)
    print(f"\nload average after: {os.getloadavg()[0]:.1f}")
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
