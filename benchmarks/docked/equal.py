"""Show that the implementations of the docked model have one law: the same outcomes over many runs.

    python benchmarks/docked/equal.py                   # 100 runs of 500 firms and 80 quarters each, three to six minutes
    python benchmarks/docked/equal.py --runs 20         # faster, with wider intervals

Each implementation runs seeds of its own. redqueen, with which all are compared, has ten times as many runs, so that luck in
its own is not taken for a difference of all others. For every outcome the table gives redqueen's mean, the other's mean less
redqueen's with the 95 % interval of that difference (Welch), both as a share of redqueen's mean, the same interval as a share
of the spread of runs, and the p-value of a two-sample Kolmogorov-Smirnov test. Holm's method judges all tests together. A last
block is a control: redqueen with imitation closing 0.35 instead of 0.3 of the gap, which must be told apart. Exit code 1 if a
test is significant at 5 %, or the control is not.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy
from scipy import stats

from docked.building import compiled_rules
from docked.implementations import installed
from docked.law import PARAMETERS
from docked.outcomes import OUTCOMES, QUARTERS, measured_runs
from docked.with_redqueen import Economy

SIGNIFICANT = 0.05
OTHER_LAW = {"absorbed": 0.35}


def other_law(firms: int, seed: int) -> Economy:
    """Give redqueen's economy under another law, for the control."""
    economy = Economy(firms, seed)
    for name, value in OTHER_LAW.items():
        setattr(economy.state, name, value)
    return economy


def compared(own: numpy.ndarray, other: numpy.ndarray) -> tuple[float, float, float, float]:
    """Give the difference of means, its 95 % interval, and the p-value of Kolmogorov and Smirnov."""
    test = stats.ttest_ind(other, own, equal_var=False)
    interval = test.confidence_interval(0.95)
    return other.mean() - own.mean(), interval.low, interval.high, stats.ks_2samp(own, other).pvalue


def holm(values: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Give p-values adjusted by Holm's method."""
    adjusted, largest = {}, 0.0
    for rank, (key, value) in enumerate(sorted(values.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, (len(values) - rank) * value))
        adjusted[key] = largest
    return adjusted


def report(name: str, own: dict, other: dict, adjusted: dict) -> None:
    """Print the rows of one implementation."""
    for outcome in OUTCOMES:
        difference, low, high, p = compared(own[outcome], other[outcome])
        mean, spread = abs(own[outcome].mean()), own[outcome].std(ddof=1)
        shown = f"{difference / mean:+.1%} ({low / mean:+.1%} to {high / mean:+.1%}) | {low / spread:+.2f} to {high / spread:+.2f}"
        holms = f"{adjusted[name, outcome]:.2f}" if (name, outcome) in adjusted else ""
        print(f"| {name} | {outcome} | {own[outcome].mean():.4g} | {shown} | {p:.2g} | {holms} |")


def main() -> int:
    """Print the table; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100, help="runs of each implementation, a tenth of redqueen's (default: 100)")
    parser.add_argument("--firms", type=int, default=500, help="firms of a run (default: 500)")
    asked = parser.parse_args()
    compiled_rules()
    economies, notes = installed()
    for name, note in notes.items():
        print(f"{name}: {note}")
    print(f"\n{asked.runs} runs each, {10 * asked.runs} of redqueen, {asked.firms} firms, {QUARTERS} quarters\n")
    economies["another law"] = other_law
    counts = {name: 10 * asked.runs if name == "redqueen" else asked.runs for name in economies}
    seeds = {name: range(100_000 * number, 100_000 * number + counts[name]) for number, name in enumerate(economies)}
    runs = {name: measured_runs(economy, asked.firms, seeds[name]) for name, economy in economies.items()}
    own = runs.pop("redqueen")
    tests = {(name, outcome): compared(own[outcome], other[outcome])[3] for name, other in runs.items() for outcome in OUTCOMES}
    adjusted = holm({key: value for key, value in tests.items() if key[0] != "another law"})
    control = holm({key: value for key, value in tests.items() if key[0] == "another law"})
    print("| implementation | outcome | redqueen's mean | difference (95 %) | in spreads of runs | KS p | Holm |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, other in runs.items():
        report(name, own, other, adjusted | control)
    told_apart = min(control.values()) < SIGNIFICANT
    different = [key for key, value in adjusted.items() if value < SIGNIFICANT]
    said = f"different: {different}" if different else "none different"
    print(f"\n{len(adjusted)} tests, smallest p after Holm {min(adjusted.values(), default=1.0):.2f}: {said}")
    law = ", ".join(f"{name} {value} for {PARAMETERS[name]}" for name, value in OTHER_LAW.items())
    print(f"control, {law}: {'told apart' if told_apart else 'not told apart'}")
    return int(bool(different) or not told_apart)


if __name__ == "__main__":
    sys.exit(main())
