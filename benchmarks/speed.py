"""Measure how fast redqueen is: building, importing, and firm-quarters per CPU-second at several sizes.

    python benchmarks/speed.py              # sizes, threads, import
    python benchmarks/speed.py --build      # also a build from nothing, in a temporary copy
    python benchmarks/speed.py --profile    # instead: what each process of a quarter costs, and the three dearest

Figures are medians over repeats in one run. The world is the case `recipes`, with everything that counts heads,
firms or money multiplied until it holds about the number of firms asked for.
"""

import argparse
import dataclasses
import functools
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from redqueen.cases.case import case
from redqueen.model import quarter
from redqueen.model.simulate import burn_in, step
from redqueen.model.state import State
from redqueen.model.world import World

SCALED = (
    "workers", "first_talent", "graduates", "venture_money", "frontier_market", "value_market", "first_firms", "first_diaspora"
)
SIZES = (300, 1_000, 10_000, 100_000)
FIRM_QUARTERS = 300_000
PROFILED = (1_000, 10_000)
REPEATS = 5
# Wall time on shared machines is noisier than CPU time.
THREAD_REPEATS = 15


def scaled(world: World, factor: float) -> World:
    """Give a world of another size."""
    endowments = {name: array * factor if name in SCALED else array for name, array in world.endowments.items()}
    return dataclasses.replace(world, endowments=endowments, burn_in=8)


def run_quarters(state: State, quarters: int) -> int:
    """Run some quarters and give the firm-quarters done."""
    done = 0
    for _ in range(quarters):
        step(state, None)
        done += state.n_alive
    return done


def measure_size(firms: int) -> tuple[int, float, float]:
    """Give the firms, the median of firm-quarters per CPU-second, and the bytes of state per firm slot."""
    world = case("recipes").world
    factor = firms / world.endowments["first_firms"].sum()
    start = burn_in(scaled(world, factor), seed=1)
    quarters = max(2, min(60, FIRM_QUARTERS // firms))
    rates = []
    for _ in range(REPEATS if firms < 100_000 else 3):
        state = start.copy()
        before = time.process_time()
        done = run_quarters(state, quarters)
        rates.append(done / (time.process_time() - before))
    size = sum(array.nbytes for array in start.arrays.values()) / start.n_firms
    return start.n_alive, statistics.median(rates), size


def measure_processes(firms: int) -> tuple[int, float, dict[str, float]]:
    """Give the firms, and CPU-nanoseconds by firm and quarter: of all, and of each process by name, as medians over repeats.

    Every process of quarter.py is timed wherever it is called; the clock itself takes about 2 % of a quarter of 1,000 firms.
    """
    rules = "redqueen.model.rules"
    processes = {name: value for name, value in vars(quarter).items() if getattr(value, "__module__", "").startswith(rules)}
    spent: dict[str, int] = {}

    def timed(name: str, process: Callable[[State], None]) -> Callable[[State], None]:
        def run(state: State) -> None:
            before = time.process_time_ns()
            process(state)
            spent[name] = spent.get(name, 0) + time.process_time_ns() - before

        return run

    world = case("recipes").world
    start = burn_in(scaled(world, firms / world.endowments["first_firms"].sum()), seed=1)
    quarters = max(2, min(60, FIRM_QUARTERS // firms))
    rows: dict[str, list[float]] = {"all": []}
    try:
        for name, process in processes.items():
            setattr(quarter, name, timed(name, process))
        for _ in range(3 * REPEATS):
            state = start.copy()
            spent.clear()
            before = time.process_time_ns()
            done = run_quarters(state, quarters)
            spent["all"] = time.process_time_ns() - before
            for name, nanoseconds in spent.items():
                rows.setdefault(name, []).append(nanoseconds / done)
    finally:
        for name, process in processes.items():
            setattr(quarter, name, process)
    costs = {name: statistics.median(values) for name, values in rows.items()}
    return start.n_alive, costs.pop("all"), costs


def print_profile() -> None:
    """Print a table of the processes, dearest first."""
    measured = [measure_processes(firms) for firms in PROFILED]
    for firms, whole, _ in measured:
        print(f"{firms:,} firms: {1e3 / whole:.2f} million firm-quarters per CPU-second, {whole:,.0f} ns each")
    names = sorted(measured[-1][2], key=lambda name: -sum(costs[name] / whole for _, whole, costs in measured))
    print("\n| process | module | " + " | ".join(f"ns, {firms:,} firms | share" for firms, _, _ in measured) + " |")
    print("| --- | --- |" + " --- |" * 2 * len(measured))
    for name in names:
        module = getattr(quarter, name).__module__.rpartition(".")[2]
        figures = " | ".join(f"{costs[name]:.1f} | {costs[name] / whole:.0%}" for _, whole, costs in measured)
        print(f"| {name} | {module} | {figures} |")
    left = [(whole - sum(costs.values()), whole) for _, whole, costs in measured]
    print("| the rest, in Python | quarter | " + " | ".join(f"{rest:.1f} | {rest / whole:.0%}" for rest, whole in left) + " |")
    print(f"\nThe three dearest: {', '.join(names[:3])}.")


def measure_threads() -> tuple[float, float]:
    """Give how many times as fast two threads do four jobs as one thread, in wall time: runs, and hashes of bytes.

    Hashing holds no lock and no memory: it shows what the machine gives two threads at the same moment.
    """
    world = scaled(case("recipes").world, 1000 / case("recipes").world.endowments["first_firms"].sum())
    starts = [burn_in(world, seed=seed) for seed in range(4)]
    content = b"redqueen" * 8_000_000
    runs, hashes = [], []
    for _ in range(THREAD_REPEATS):
        states = [[start.copy() for start in starts] for _ in range(2)]
        runs.append(speedup(lambda turn, job, states=states: run_quarters(states[turn][job], 60)))
        hashes.append(speedup(lambda turn, job: hashlib.sha256(content).digest()))
    return statistics.median(runs), statistics.median(hashes)


def speedup(work: Callable[[int, int], object]) -> float:
    """Give the wall time of four jobs on one thread over that on two; ``work`` gets the turn (0, 1) and the job."""
    walls = []
    for turn, threads in enumerate((1, 2)):
        before = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(functools.partial(work, turn), range(4)))
        walls.append(time.perf_counter() - before)
    return walls[0] / walls[1]


def measure_import() -> float:
    """Give the median CPU-seconds of `import redqueen`, less those of an empty Python."""

    def once(statement: str) -> float:
        code = f"{statement}\nimport time; print(time.process_time())"
        return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)

    return statistics.median(once("import redqueen") for _ in range(REPEATS)) - statistics.median(once("") for _ in range(REPEATS))


def measure_build() -> tuple[float, float]:
    """Give wall and CPU seconds of compiling the package from nothing."""
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "redqueen"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".venv", "build", "*.so", "*.c", ".git", "demo"))
        wall, cpu = time.perf_counter(), os.times()
        subprocess.run([sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"], cwd=copy, check=True, capture_output=True)
        after = os.times()
    used = after.children_user - cpu.children_user + after.children_system - cpu.children_system
    return time.perf_counter() - wall, used


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", action="store_true", help="also time a build from nothing")
    parser.add_argument("--profile", action="store_true", help="show what each process of a quarter costs instead")
    asked = parser.parse_args()
    if asked.profile:
        print_profile()
        return
    print("| measured | figure |\n| --- | --- |")
    if asked.build:
        wall, cpu = measure_build()
        print(f"| build from nothing | {wall:.0f} s wall, {cpu:.0f} CPU-s |")
    print(f"| `import redqueen` | {measure_import():.3f} CPU-s |")
    for firms in SIZES:
        alive, rate, size = measure_size(firms)
        print(f"| {alive:,} firms | {rate / 1e6:.2f} million firm-quarters per CPU-second, {size:,.0f} bytes a slot |")
    runs, hashes = measure_threads()
    print(f"| two threads against one, 1,000 firms | {runs:.2f} times (hashing, at the same moments: {hashes:.2f} times) |")


if __name__ == "__main__":
    main()
