"""Read a match: what remains of each range, what trades off, where the defaults lie, what other facts the plausible runs hit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from redqueen.lab.fit.history_matching import Match
from redqueen.lab.fit.identification import TRADE_OFF, Marginal, Sensitivity, TradeOff, marginals, sensitivities, trade_offs
from redqueen.model.parameters import DEFAULTS
from redqueen.studies.fitting.planning import FitPlan, micro_facts
from redqueen.studies.fitting.running import MicroRuns

__all__ = ["Findings", "UnusedFact", "findings"]

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

    `default` is the implausibility of the defaults by target (empty where one of them lies outside its range), `default_value` the
    one that counts. `trade_offs` are the pairs with a rank correlation of `TRADE_OFF` or more.
    """

    marginals: tuple[Marginal, ...]
    trade_offs: tuple[TradeOff, ...]
    sensitivities: tuple[Sensitivity, ...]
    default: dict[str, float]
    default_value: float | None
    unused: tuple[UnusedFact, ...]


def findings(plan: FitPlan, found: Match, runs: MicroRuns) -> Findings:
    """Reads a match of a plan."""
    left = marginals(plan.space, found.plausible) if not found.empty else []
    pairs = trade_offs(plan.space, found.plausible) if not found.empty else []
    default, value = _default(plan, found)
    strong = tuple(pair for pair in pairs if abs(pair.correlation) >= TRADE_OFF)
    hanging = tuple(sensitivities(plan.space, found.waves[0].emulators, draw=plan.draw))
    return Findings(tuple(left), strong, hanging, default, value, tuple(_unused(plan, found, runs)))


def _default(plan: FitPlan, found: Match) -> tuple[dict[str, float], float | None]:
    point = numpy.array([[plan.world.parameters.get(name, DEFAULTS[name]) for name in plan.space.names]])
    unit = plan.space.unit(point)
    if ((unit < 0) | (unit > 1)).any():
        return {}, None
    values = found.judgement.by_target(unit)
    names = [target.name for target in plan.targets]
    return dict(zip(names, values[0].tolist(), strict=True)), float(found.judgement.ranked(values)[0])


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
