"""Measure how fast complexity and relatedness are found, against three other packages on the same tables in the same run.

    python benchmarks/indicators.py                                  # redqueen, ecomplexity, econcomplex: about 10 minutes
    python benchmarks/indicators.py --other /path/to/other/python    # also economic-complexity, from another environment
    python benchmarks/indicators.py --own                            # redqueen alone, half a minute

Every tool finds RCA, proximity, relatedness density, ECI and PCI of 200 regions x 5,000 activities and of 3,000 x 1,200.
The tables are made: nested and clustered, filled (42 %), with presence (9 %) and diversity spread as world exports in HS4 of
1980 are. A "pipeline" goes from a long table to a long table, as users of these packages call it, with what it cannot
leave out; "functions" go from matrix to matrices, which is what redqueen does. Each tool runs in a process of its own
with one thread, after a run on a small table. Figures are medians of CPU-seconds, over the runs in brackets; redqueen's
memory is the most that it allocates at one time beside the given table, over the size of the largest result. Differences
to redqueen are the largest over all cells, in the tool's own conventions. Exit code 1 if a difference that should be
rounding is above 1e-8, or redqueen misses a target.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
import warnings
from pathlib import Path

THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SHAPES = ((200, 5_000), (3_000, 1_200))
SMALL = (300, 320)
OWN_REPEATS, REPEATS, YEARS = 7, 3, 30
# After this many seconds a tool is slow enough to be timed once.
ENOUGH = 40
AGREEMENT = 1e-8
TARGET_RATIO, TARGET_YEARS, TARGET_MEMORY = 100.0, 30.0, 3.0
SOURCES = Path(__file__).resolve().parent.parent / "src"


def made_table(n_regions: int, n_activities: int, seed: int = 1980):
    """Give values of regions in activities: able regions have most of them, rare activities are found in able ones only."""
    import numpy

    generator = numpy.random.default_rng(seed)
    ability, ease = generator.normal(0, 1.3, (n_regions, 1)), generator.normal(0, 0.7, n_activities)
    kinship = generator.normal(0, 0.5, (n_regions, 4)) @ generator.normal(0, 0.5, (4, n_activities))
    shape = (n_regions, n_activities)
    latent = ability + ease - 0.5 * ability * ease + kinship - 3.2 + generator.logistic(0, 1, shape)
    of_region, of_activity = generator.normal(0, 1.0, (n_regions, 1)) + 0.7 * ability, generator.normal(0, 1.0, n_activities)
    size = numpy.exp(of_region + of_activity + generator.normal(0, 0.3, shape))
    return size * numpy.where(latent > 0, 1.0, numpy.where(latent > -2.6, 0.01, 0.0))


def long_table(values):
    """Give the same values as a long table of pandas, places and activities named in their order."""
    import numpy
    import pandas

    regions, activities = (numpy.array([f"{count:05}" for count in range(size)]) for size in values.shape)
    columns = {"time": 1, "loc": numpy.repeat(regions, len(activities)), "prod": numpy.tile(activities, len(regions))}
    return pandas.DataFrame({**columns, "val": values.ravel()})


def redqueen_functions(values, convention="z-score", diagonal="one"):
    """Find everything with redqueen."""
    from redqueen.indicators import complexity, relatedness, specialisation

    rca = specialisation.location_quotient(values)
    present = specialisation.presence(rca)
    related = relatedness.relatedness(present, diagonal=diagonal)
    found = complexity.economic_complexity(present, convention=convention)
    return {"rca": rca, "density": related.density, "proximity": related.proximity, "eci": found.eci, "pci": found.pci}


def ecomplexity_pipeline(table):
    """Find everything with ecomplexity, without its optional test of a sample of cells."""
    from ecomplexity import ecomplexity

    names = {name: name for name in ("time", "loc", "prod", "val")}
    return ecomplexity(table, names, check_logsupermodularity=False, verbose=False)


def econcomplex_pipeline(table):
    """Find everything with econcomplex as it comes."""
    import econcomplex

    return econcomplex.compute_complexity(table, {"loc": "loc", "act": "prod", "val": "val"})


def econcomplex_lean_pipeline(table):
    """Find everything with econcomplex, without the outlook that redqueen is not asked for either."""
    import econcomplex

    return econcomplex.compute_complexity(table, {"loc": "loc", "act": "prod", "val": "val"}, compute_coi_cog=False)


def econcomplex_functions(values):
    """Find everything with the functions of econcomplex."""
    import econcomplex

    rca = econcomplex.rca(values)
    present = econcomplex.mcp(values)
    between = econcomplex.proximity(present, use_rca=False, threshold=0.5, compute="product")["product"]
    density = econcomplex.relatedness_density(present, phi=between, use_rca=False, threshold=0.5)
    eci, pci = econcomplex.eci_pci(present, use_rca=False, threshold=0.5)
    return {"rca": rca, "density": density / 100, "proximity": between, "eci": eci, "pci": pci}


def economic_complexity_functions(values):
    """Find everything with the functions of economic-complexity, which stops reflecting after 20 rounds."""
    import economic_complexity
    import pandas

    rca = economic_complexity.rca(pandas.DataFrame(values))
    between = economic_complexity.proximity(rca)
    density = economic_complexity.relatedness(rca, proximities=between)
    eci, pci = economic_complexity.complexity(rca)
    found = {"rca": rca, "density": density, "proximity": between, "eci": eci, "pci": pci}
    return {name: part.to_numpy() for name, part in found.items()}


def of_pipeline(table, shape, per_cent: bool):
    """Turn a long table of results back into arrays."""
    import numpy

    ordered = table.sort_values(["loc", "prod"])
    cells = {name: ordered[name].to_numpy(dtype=float).reshape(shape) for name in ("rca", "density", "eci", "pci")}
    density = cells["density"] / (100 if per_cent else 1)
    return {"rca": numpy.nan_to_num(cells["rca"]), "density": density, "eci": cells["eci"][:, 0], "pci": cells["pci"][0]}


#: name: (what runs, whether it takes a long table, conventions: of ECI, of the diagonal, whether density is in per cent)
TOOLS = {
    "redqueen functions": (redqueen_functions, False, "z-score", "one", False),
    "ecomplexity pipeline": (ecomplexity_pipeline, True, "stata", "one", False),
    "econcomplex pipeline": (econcomplex_pipeline, True, "z-score", "zero", True),
    "econcomplex pipeline without outlook": (econcomplex_lean_pipeline, True, "z-score", "zero", True),
    "econcomplex functions": (econcomplex_functions, False, "z-score", "zero", False),
    "economic-complexity functions": (economic_complexity_functions, False, "z-score", "zero", False),
}


def measure(tool: str, shape: tuple[int, int], repeats: int) -> dict:
    """Time one tool in this process, and compare what it found to redqueen."""
    import numpy

    run, is_long, convention, diagonal, per_cent = TOOLS[tool]
    run(long_table(made_table(*SMALL)) if is_long else made_table(*SMALL))
    values = made_table(*shape)
    given = long_table(values) if is_long else values
    seconds = []
    while len(seconds) < repeats and sum(seconds) < ENOUGH:
        found = None
        before = time.process_time()
        found = run(given)
        seconds.append(time.process_time() - before)
    report = {"seconds": statistics.median(seconds), "repeats": len(seconds), "memory": None, "differences": {}}
    if tool.startswith("redqueen"):
        # Once more, slower: every array that Python, numpy and scipy hold is counted.
        found = None
        tracemalloc.start()
        run(given)
        report["memory"] = tracemalloc.get_traced_memory()[1] / (8 * max(shape[0] * shape[1], shape[1] ** 2))
        return report
    found = of_pipeline(found, shape, per_cent) if is_long else found
    for name, own in redqueen_functions(values, convention, diagonal).items():
        if name in found:
            report["differences"][name] = float(numpy.abs(found[name] - own).max())
    return report


def measure_years(shape: tuple[int, int]) -> float:
    """Give the CPU-seconds of thirty tables, one after the other."""
    redqueen_functions(made_table(*SMALL))
    total = 0.0
    for year in range(YEARS):
        values = made_table(*shape, seed=1980 + year)
        before = time.process_time()
        redqueen_functions(values)
        total += time.process_time() - before
    return total


def in_own_process(python: str, *arguments: object):
    """Run this file in a process of its own with one thread, and give what it reports; the last line of its error if it fails."""
    environment = {**os.environ, **THREADS, "PYTHONPATH": str(SOURCES)}
    command = [python, __file__, "--child", json.dumps(arguments)]
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    if process.returncode:
        return process.stderr.strip().splitlines()[-1]
    return json.loads(process.stdout.splitlines()[-1])


def main() -> int:
    """Print the tables of Markdown; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", metavar="PYTHON", help="a Python that has economic-complexity, to be measured as well")
    parser.add_argument("--own", action="store_true", help="measure redqueen alone")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        warnings.simplefilter("ignore")
        arguments = json.loads(asked.child)
        print(json.dumps(measure(*arguments) if len(arguments) > 1 else measure_years(*arguments)))
        return 0
    missed = []
    tools = [name for name in TOOLS if name.startswith("redqueen") or not asked.own]
    print("| table | tool | CPU-s (runs) | redqueen is, or takes | largest difference |\n| --- | --- | --- | --- | --- |")
    for shape in SHAPES:
        own, best = None, None
        for tool in tools:
            elsewhere = tool.startswith("economic-complexity")
            if elsewhere and not asked.other:
                continue
            is_own = tool.startswith("redqueen")
            report = in_own_process(asked.other if elsewhere else sys.executable, tool, shape, OWN_REPEATS if is_own else REPEATS)
            if isinstance(report, str):
                print(f"| {shape[0]:,} x {shape[1]:,} | {tool} | does not run: {report} | | |", flush=True)
                missed.extend([] if elsewhere else [f"{tool} does not run"])
                continue
            own = report if is_own else own
            ratio = report["seconds"] / own["seconds"]
            if "pipeline" in tool:
                best = min(ratio, best or ratio)
            beside = f"{report['memory']:.1f} times the largest result" if is_own else f"{ratio:.0f} times as fast"
            differences = ", ".join(f"{name} {value:.0e}" for name, value in report["differences"].items())
            seconds = f"{report['seconds']:.2f} ({report['repeats']})"
            print(f"| {shape[0]:,} x {shape[1]:,} | {tool} | {seconds} | {beside} | {differences} |", flush=True)
            if not elsewhere and any(not value <= AGREEMENT for value in report["differences"].values()):
                missed.append(f"{tool} differs")
        if own and own["memory"] >= TARGET_MEMORY:
            missed.append(f"memory: {own['memory']:.1f} times the largest result")
        if best is not None and best < TARGET_RATIO:
            missed.append(f"{best:.0f} times as fast as the best pipeline")
    print()
    for shape in SHAPES:
        years = in_own_process(sys.executable, shape)
        print(f"{YEARS} years of {shape[0]:,} x {shape[1]:,}: {years:.1f} CPU-s", flush=True)
        if years >= TARGET_YEARS:
            missed.append(f"{YEARS} years take {years:.0f} CPU-s")
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
