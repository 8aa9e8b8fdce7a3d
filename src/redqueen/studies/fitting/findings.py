"""Read a match: what remains of each range, what trades off, where the defaults lie, what other facts the plausible runs hit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from redqueen.lab.fit.history_matching import Match
from redqueen.lab.fit.identification import TRADE_OFF, Marginal, Sensitivity, TradeOff, marginals, sensitivities, trade_offs
from redqueen.lab.fit.implausibility import implausibility
from redqueen.model.parameters import DEFAULTS
from redqueen.studies.fitting.planning import FitPlan, micro_facts
from redqueen.studies.fitting.running import MicroRuns

__all__ = ["DEFAULT_SEEDS", "Findings", "UnusedFact", "findings"]

#: Runs of the model's own values, under seeds from here on, which nothing else does.
DEFAULT_SEEDS, FIRST_DEFAULT = 8, 30_000_001
#: Chances at which the plausible points' figures are cut: the middle nine tenths and the median.
CHANCES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class UnusedFact:
    """Holds what points not ruled out show of a fact that was no target: their middle nine tenths, and the share that hits it."""

    name: str
    unit: str
    target_low: float | None
    target_high: float | None
    low: float
    median: float
    high: float
    hits: float
    points: int


@dataclass(frozen=True)
class Findings:
    """Holds what a match says of parameters, pairs of them, targets, the model's defaults and facts that were no target.

    `default` is the implausibility of the defaults by target in `default_runs` runs of their own, without an emulator (NaN where
    they leave it undefined), `default_value` the one that counts. `trade_offs` are the pairs with a rank correlation of
    `TRADE_OFF` or more.
    """

    marginals: tuple[Marginal, ...]
    trade_offs: tuple[TradeOff, ...]
    sensitivities: tuple[Sensitivity, ...]
    default: dict[str, float]
    default_value: float
    default_runs: int
    unused: tuple[UnusedFact, ...]


def findings(plan: FitPlan, found: Match, runs: MicroRuns) -> Findings:
    """Reads a match of a plan."""
    left = marginals(plan.space, found.plausible) if not found.empty else []
    pairs = trade_offs(plan.space, found.plausible) if not found.empty else []
    default, value = _default(plan, found, runs)
    strong = tuple(pair for pair in pairs if abs(pair.correlation) >= TRADE_OFF)
    hanging = tuple(sensitivities(plan.space, found.waves[0].emulators, draw=plan.draw))
    return Findings(tuple(left), strong, hanging, default, value, DEFAULT_SEEDS, tuple(_unused(plan, found, runs)))


def _default(plan: FitPlan, found: Match, runs: MicroRuns) -> tuple[dict[str, float], float]:
    """Runs the model's own values and compares the mean of their runs with the targets: what luck leaves open is all its error."""
    point = numpy.array([[plan.world.parameters.get(name, DEFAULTS[name]) for name in plan.space.names]])
    outputs = runs(point, FIRST_DEFAULT + numpy.arange(DEFAULT_SEEDS)[None, :])[0]
    values = {}
    for column, target in enumerate(plan.targets):
        mine = target.scaled(outputs[:, column])
        mine = mine[numpy.isfinite(mine)]
        ensemble = mine.var(ddof=1, keepdims=True) if mine.size > 1 else numpy.array([numpy.nan])
        mean = mine.mean(keepdims=True) if mine.size else ensemble
        values[target.name] = float(implausibility(target, mean, ensemble / max(1, mine.size), ensemble)[0])
    # What is not defined cannot rule out.
    return values, float(found.judgement.ranked(numpy.nan_to_num(numpy.array([list(values.values())])))[0])


def _unused(plan: FitPlan, found: Match, runs: MicroRuns) -> list[UnusedFact]:
    """Measures facts that were no target in the runs of points that are not ruled out."""
    units = numpy.concatenate([wave.unit for wave in found.waves])
    left = plan.space.natural(units[found.judgement(units) < found.cut])
    known, used = micro_facts(), {target.name for target in plan.targets}
    facts = []
    for name in plan.measured:
        if name in used or not len(left):
            continue
        fact = known[name]
        values = numpy.array([numpy.mean(runs.seen[point.tobytes()][name]) for point in left])
        values = values[numpy.isfinite(values)]
        if values.size:
            low, median, high = numpy.quantile(values, CHANCES).tolist()
            hits = float(numpy.mean([fact.hit(value) for value in values]))
            facts.append(UnusedFact(name, fact.unit, fact.low, fact.high, low, median, high, hits, int(values.size)))
    return facts
