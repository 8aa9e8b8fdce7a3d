"""What the docked model's runs are compared by, measured in the same way for every implementation."""

from __future__ import annotations

from collections.abc import Callable

import numpy

from docked.law import REGIONS

#: Quarters of a run, and those at its end that are measured.
QUARTERS, MEASURED = 80, 40
OUTCOMES = {
    "growth": "gain of mean log quality a quarter",
    "spread": "standard deviation of log quality",
    "lead": "log quality of the best above the mean",
    "exits": "share of firms that end in a quarter",
    "herfindahl": "Herfindahl index of revenue within a region, mean of regions",
    "hill": "Hill's tail index of revenue, largest tenth",
    "cash": "mean cash",
    "debt": "share of firms in debt",
    "crowding": "standard deviation of firms in a region, by the mean",
}


def measured_run(economy: Callable[[int, int], object], firms: int, seed: int) -> dict[str, float]:
    """Run an economy and give its outcomes: growth and exits over the measured quarters, the others at the end."""
    run = economy(firms, seed)
    for _ in range(QUARTERS - MEASURED):
        run.step()
    before, ended = run.firms()["quality"].mean(), run.exits
    for _ in range(MEASURED):
        run.step()
    final = run.firms()
    quality, revenue, cash = final["quality"], final["revenue"], final["cash"]
    region = final["region"].astype(numpy.intp)
    members = numpy.bincount(region, minlength=REGIONS)
    total = numpy.bincount(region, revenue, minlength=REGIONS)
    squares = numpy.bincount(region, revenue**2, minlength=REGIONS)
    largest = numpy.sort(revenue)[::-1][: firms // 10 + 1]
    return {
        "growth": (quality.mean() - before) / MEASURED,
        "spread": quality.std(),
        "lead": quality.max() - quality.mean(),
        "exits": (run.exits - ended) / MEASURED / firms,
        "herfindahl": (squares[total > 0.0] / total[total > 0.0] ** 2).mean(),
        "hill": 1.0 / numpy.log(largest[:-1] / largest[-1]).mean(),
        "cash": cash.mean(),
        "debt": (cash < 0.0).mean(),
        "crowding": members.std() / members.mean(),
    }


def measured_runs(economy: Callable[[int, int], object], firms: int, seeds: range) -> dict[str, numpy.ndarray]:
    """Give the outcomes of a run for every seed."""
    runs = [measured_run(economy, firms, seed) for seed in seeds]
    return {name: numpy.array([run[name] for run in runs]) for name in OUTCOMES}
