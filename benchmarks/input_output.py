"""Measure every input-output indicator together against one LU factorisation, and against pymrio.

    python benchmarks/input_output.py                            # 44 regions x 56 sectors, as WIOD's 2016 release
    python benchmarks/input_output.py --regions 77 --sectors 45  # as OECD's tables
    python benchmarks/input_output.py --foreign 0.5              # more open than any real table

The table is random and balanced, with regions of very different size and mostly domestic inputs. The yardstick is LAPACK's
dgetrf on a ready I - A, in place, and dgetrs with one block of right-hand sides, a column for each region's final demand:
nothing else is on its clock. "All" starts from Z, F, v and x and includes forming I - A. Figures are medians over repeats,
taken in turns; one thread, so that CPU time and wall time say the same.
"""

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statistics
import time
import tracemalloc
import warnings
from collections.abc import Callable

import numpy as np
from scipy.linalg import lapack

from redqueen.indicators.leontief import Leontief
from redqueen.indicators.trade_in_value_added import METHODS

REPEATS = 7
# Purchases over output in WIOD 2005, and the part of them that is foreign, the mean of its regions.
PURCHASES = 0.49
FOREIGN = 0.25

Table = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def random_table(n_regions: int, n_sectors: int, foreign: float) -> Table:
    """Give Z, F, v and x of a balanced table."""
    generator = np.random.default_rng(1)
    count = n_regions * n_sectors
    region = np.repeat(np.arange(n_regions), n_sectors)
    size = generator.lognormal(0, 1.2, n_regions)
    size /= size.sum()
    coefficients = generator.lognormal(0, 1.5, (count, count)) * size[region][:, None]
    at_home = region[:, None] == region
    for inside, share in ((at_home, 1 - foreign), (~at_home, foreign)):
        part = np.where(inside, coefficients, 0.0)
        coefficients = np.where(inside, coefficients * (PURCHASES * share / part.sum(axis=0)), coefficients)
    final = generator.lognormal(0, 1, (count, n_regions)) * np.outer(size[region], size)
    final *= np.where(region[:, None] == np.arange(n_regions), (1 - foreign) / foreign * n_regions, 1.0)
    output = np.linalg.solve(np.eye(count) - coefficients, final.sum(axis=1))
    intermediate = coefficients * output
    return intermediate, final, output - intermediate.sum(axis=0), output


def factorise(matrix: np.ndarray, final: np.ndarray) -> np.ndarray:
    """Factorise in place and solve for one block: the yardstick."""
    factors, pivots, _ = lapack.dgetrf(matrix, overwrite_a=1)
    return lapack.dgetrs(factors, pivots, final)[0]


def indicators(table: Leontief, jobs: np.ndarray) -> dict[str, Callable[[], object]]:
    """List every indicator of a table."""
    decompositions = {f"exports, {method}": lambda method=method: table.exports_decomposition(method) for method in METHODS}
    return {
        "factorisation": lambda: table.embodied(np.zeros(len(jobs))),
        "value content of products": lambda: table.value_content,
        "output by market": lambda: table.output_by_market,
        "gross exports": lambda: table.exports,
        "output multipliers, downstreamness": table.downstreamness,
        "jobs multipliers": lambda: table.embodied(jobs * table.per_output),
        "upstreamness": table.upstreamness,
        "final use share": table.final_use_share,
        "value added by market": table.value_added_by_market,
        "value-added exports": table.value_added_exports,
        "ratio by region": table.value_added_exports_ratio,
        "ratio by partner": lambda: table.value_added_exports_ratio("partner"),
        "ratio by producer": lambda: table.value_added_exports_ratio("producer"),
        "exports by origin": table.exports_by_origin,
        **decompositions,
        "participation": table.participation,
        "vertical specialisation": table.vertical_specialisation,
        "value captured, all demand": table.value_captured,
        "value captured, one product": lambda: table.value_captured(table.final_demand_for(sectors=[0])),
        "jobs supported": lambda: table.jobs_supported(jobs),
        "foreign share of products": table.foreign_share,
        "smile of one product": lambda: table.smile(table.final_demand_for(sectors=[0])),
    }


def all_indicators(accounts: Table, clock: dict[str, list[float]] | None = None) -> Leontief:
    """Compute every indicator from the accounts, noting the CPU time of each."""
    table = Leontief(*accounts)
    for name, compute in indicators(table, accounts[2] / 10).items():
        start = time.process_time()
        compute()
        if clock is not None:
            clock.setdefault(name, []).append(time.process_time() - start)
    return table


def pymrio_system(accounts: Table, n_regions: int):
    """Give the table as pymrio takes it, with value added of each region as a factor."""
    import pandas as pd
    import pymrio

    intermediate, final, value_added, _ = accounts
    n_sectors = len(intermediate) // n_regions
    regions, sectors = [f"r{i}" for i in range(n_regions)], [f"s{i}" for i in range(n_sectors)]
    producers = pd.MultiIndex.from_product([regions, sectors], names=["region", "sector"])
    buyers = pd.MultiIndex.from_product([regions, ["final"]], names=["region", "category"])
    by_region = np.kron(np.eye(n_regions), np.ones(n_sectors)) * value_added
    added = pd.DataFrame(by_region, index=pd.Index(regions, name="stressor"), columns=producers)
    return pymrio.IOSystem(
        Z=pd.DataFrame(intermediate, producers, producers),
        Y=pd.DataFrame(final, producers, buyers),
        added={"name": "added", "F": added},
    )


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """Give CPU and wall seconds, and the result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def peak(work: Callable[[], object]) -> int:
    """Give the most bytes allocated at once while working."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--regions", type=int, default=44)
    parser.add_argument("--sectors", type=int, default=56)
    parser.add_argument("--foreign", type=float, default=FOREIGN, help="part of purchases that is foreign")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    accounts = random_table(options.regions, options.sectors, options.foreign)
    intermediate, final, _, output = accounts
    bytes_of_table = intermediate.nbytes
    matrix = np.asfortranarray(np.eye(len(output)) - intermediate / output)
    all_indicators(accounts)

    clock: dict[str, list[float]] = {}
    yardstick, ours = [], []
    for _ in range(options.repeats):
        copy = matrix.copy(order="F")
        yardstick.append(timed(lambda copy=copy: factorise(copy, final))[:2])
        ours.append(timed(lambda: all_indicators(accounts, clock))[:2])
    base, all_of_it = (np.median(np.array(times), axis=0) for times in (yardstick, ours))
    ratios = np.array(ours)[:, 0] / np.array(yardstick)[:, 0]
    print(f"{options.regions} regions x {options.sectors} sectors, foreign part of purchases {options.foreign:g}")
    print(f"{'':36}{'CPU s':>9}{'wall s':>9}")
    print(f"{'one LU and one block of solves':36}{base[0]:9.3f}{base[1]:9.3f}")
    print(f"{'all indicators':36}{all_of_it[0]:9.3f}{all_of_it[1]:9.3f}")
    print(f"times the LU, CPU: {all_of_it[0] / base[0]:.2f} (of pairs: {ratios.min():.2f} to {ratios.max():.2f})")
    for name, times in sorted(clock.items(), key=lambda item: -statistics.median(item[1])):
        if statistics.median(times) > 0.001:
            print(f"  {name:42}{1000 * statistics.median(times):8.1f} ms")
    memory = peak(lambda: all_indicators(accounts))
    print(f"memory beside Z: {memory / bytes_of_table:.2f} times Z ({memory / 1e6:.0f} MB)")

    try:
        import pymrio  # noqa: F401
    except ImportError:
        print("pymrio is not installed: no comparison")
        return
    warnings.simplefilter("ignore")
    theirs = []
    for _ in range(min(3, options.repeats)):
        system = pymrio_system(accounts, options.regions)
        theirs.append(timed(system.calc_all)[:2])
    cpu, wall = np.median(np.array(theirs), axis=0)
    print(f"{'pymrio calc_all':36}{cpu:9.3f}{wall:9.3f}")
    print(f"times the LU, CPU: {cpu / base[0]:.2f}; times all indicators here: {cpu / all_of_it[0]:.2f}")
    content = Leontief(*accounts).value_content
    print(f"largest difference from pymrio's multipliers: {np.abs(content - system.added.M.to_numpy()).max():.1e}")
    memory = peak(lambda: pymrio_system(accounts, options.regions).calc_all())
    print(f"memory of pymrio: {memory / bytes_of_table:.2f} times Z")


if __name__ == "__main__":
    main()
