"""Lay out a fit: which parameters, which micro facts as targets, how far off each may be, and how much is run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from redqueen.cases.case import case
from redqueen.errors import Faults, nearest
from redqueen.evidence.facts import Fact, facts
from redqueen.lab.fingerprints import MODEL_CODE, code_digest, parameter_hash, world_hash
from redqueen.lab.fit.history_matching import DRAW, check_match
from redqueen.lab.fit.space import Space
from redqueen.lab.fit.targets import CUT, Target
from redqueen.model.parameters import PARAMETERS
from redqueen.model.world import World
from redqueen.policies.change import SWITCH
from redqueen.studies.facts import MEASURED, NOT_MEASURED, RECIPES

__all__ = [
    "BOUNDS", "DISCREPANCY", "IN_LOGS", "LEAST_QUARTERS", "LEFT_OUT", "MEASURING", "SEEDS", "TARGETS", "WAVES", "FitPlan",
    "micro_facts", "parameters_set_by", "plan_fit", "target_of",
]

#: Seeds of a point and waves, unless asked otherwise; points are ten for each parameter (Loeppky, Sacks and Welch 2009).
SEEDS, WAVES, POINTS_EACH = 2, 3, 10
#: Standard deviations of a figure between the middle of its bounds and each of them: the bounds are read as a 95 % interval.
BOUNDS = 2.0
#: What the model is granted beyond that: a discrepancy of as many standard deviations of the figure itself. It is a model of one
#: made-up industry, and its figures are of several: it is granted to be as far off as the sources are from each other.
DISCREPANCY = 1.0
#: Quarters without which a register has no firms of ten years.
LEAST_QUARTERS = 48

#: Facts that are compared in logarithms: over the ranges they change by multiples.
IN_LOGS = frozenset((
    "firm_size_tail", "entry_plus_exit", "pay_of_founders", "learning_own_to_others", "learning_across_borders", "imitation_cost",
    "imitation_time",
))
#: Targets unless others are named: the facts of firms that set numbers of the model, but for those of `LEFT_OUT`.
TARGETS = (
    "entrants_of_one_to_four_people", "firm_size_tail", "entry_plus_exit", "entrants_failing_within_two_years", "learning_curve",
    "novel_project_success", "research_share_of_value_added", "process_share_of_research", "imitation_cost", "imitation_time",
)
#: Facts that set numbers too, and why they are no targets unless named: see docs/fit.md for fits that name them.
LEFT_OUT = {
    "pay_of_founders": "together with the others no point of the ranges gives it",
    "learning_own_to_others": "together with the others it leaves next to nothing of the ranges",
    "learning_across_borders": "measuring it takes longer than a run, and it hardly varies",
    "job_hopping_in_computers": "a direction: state how far off it may be with --discrepancy-of",
    "location_after_heritage": "a t statistic, which grows with the number of firms",
}
#: Measured only where asked for: it takes longer than a run.
_SLOW = frozenset(("learning_across_borders",))
#: What decides the figures of a run, beside the model.
MEASURING = (
    *MODEL_CODE, "indicators/demography.py", "indicators/leontief.py", "studies/accounts.py", "studies/facts.py",
    "studies/measurements.py", "studies/register.py",
)
_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


@dataclass(frozen=True)
class FitPlan:
    """States a fit: parameters with their ranges, targets, and how much is run; `world` is that of case `recipes`."""

    space: Space
    targets: tuple[Target, ...]
    world: World
    points: int
    waves: int
    seeds: int
    cut: float = CUT
    rank: int = 1
    draw: int = DRAW

    @property
    def measured(self) -> tuple[str, ...]:
        """Names the facts that are measured in every run: the targets, and all others that are quick."""
        named = {target.name for target in self.targets}
        return tuple(name for name in micro_facts() if name in named or name not in _SLOW)

    @property
    def key(self) -> str:
        """Gives the SHA-256 of all that decides what a fit finds."""
        content = [
            code_digest((*MEASURING, "lab/fit", "studies/fitting")), world_hash(self.world), parameter_hash(self.world, {}),
            list(self.space.ranges.items()), [dataclasses.astuple(target) for target in self.targets],
            self.points, self.waves, self.seeds, self.cut, self.rank, self.draw,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def micro_facts() -> dict[str, Fact]:
    """Gives the facts that may be targets, by name: measured in each run of case `recipes`, and not held out."""
    return {
        fact.name: fact
        for fact in facts()
        if not fact.held_out and fact.name in MEASURED and MEASURED[fact.name].case == RECIPES and not MEASURED[fact.name].pooled
    }


def parameters_set_by(targets: Iterable[str]) -> list[str]:
    """Lists the parameters that facts were used to set; endowments of cases and switches are none."""
    known = micro_facts()
    named = [name for target in targets if target in known for name in known[target].used_to_set]
    return list(dict.fromkeys(name for name in named if name in _BY_NAME and _BY_NAME[name].unit != SWITCH))


def target_of(fact: Fact, *, multiple: float = DISCREPANCY, discrepancy: float | None = None) -> Target:
    """Makes a fact a target: its bounds are two standard deviations to each side of their middle.

    The model's discrepancy is `multiple` such standard deviations, or `discrepancy`, on the scale compared (logs for those of
    `IN_LOGS`). A fact with one bound has no width: without `discrepancy` its target allows no error, and is refused.
    """
    bare = Target(fact.name, fact.low, fact.high, 0.0, 0.0, fact.name in IN_LOGS, fact.unit)
    low, high = bare.bounds
    observation = (high - low) / 2 / BOUNDS if math.isfinite(high - low) else 0.0
    granted = multiple * observation if discrepancy is None else discrepancy
    return dataclasses.replace(bare, observation=observation, discrepancy=granted)


def plan_fit(
    *,
    parameters: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    points: int | None = None,
    waves: int = WAVES,
    seeds: int = SEEDS,
    quarters: int | None = None,
    discrepancy: float = DISCREPANCY,
    discrepancies: Mapping[str, float] | None = None,
    rank: int = 1,
    faults: Faults | None = None,
) -> FitPlan:
    """Lays out a fit, and refuses everything wrong with it at once (together with `faults` that were noted before).

    `parameters` are names, or NAME=LOW:HIGH for less than the declared range; all that the targets were used to set unless given.
    `targets` are names of facts (`TARGETS` unless given). `discrepancies` state that of single targets, on the scale compared.
    """
    faults = Faults() if faults is None else faults
    chosen = _chosen_targets(TARGETS if targets is None else targets, discrepancy, discrepancies or {}, faults)
    asked = parameters_set_by(TARGETS if targets is None else targets) if parameters is None else parameters
    world = _world(quarters, faults)
    space = _space(asked, world, faults)
    each = POINTS_EACH * len(space) if points is None else points
    # What hangs on names that are wrong is not reported beside them.
    if chosen and len(space):
        faults.extend(check_match(space, chosen, points=each, seeds=seeds, waves=waves, rank=rank))
    elif not len(space) and not any(fault.field == "--parameters" for fault in faults):
        faults.add("the targets set no parameter", field="--parameters", remedy="name some; `redqueen parameters` lists them")
    faults.refuse_if_any("redqueen fit")
    return FitPlan(space, tuple(chosen), world, each, waves, seeds, CUT, rank)


def _chosen_targets(
    names: Sequence[str], multiple: float, discrepancies: Mapping[str, float], faults: Faults
) -> list[Target]:
    known, everything = micro_facts(), {fact.name: fact for fact in facts()}
    if not multiple >= 0 or not math.isfinite(multiple):
        faults.add(f"{multiple:g} is no multiple of an error", field="--discrepancy", remedy="give 0 or more")
    for name, value in discrepancies.items():
        if name not in names:
            faults.add(f"'{name}' is not a target", field="--discrepancy-of", remedy=nearest(name, names))
        elif not value > 0 or not math.isfinite(value):
            faults.add(f"{value:g} is no standard deviation of {name}", field="--discrepancy-of", remedy="give more than 0")
    found, listed = [], f"there are {', '.join(known)}"
    for name in dict.fromkeys(names):
        if name not in known:
            remedy = nearest(name, known) if name not in everything else ""
            faults.add(_why_not(name, everything), field="--targets", remedy=remedy or listed)
            # Said once, the list is enough.
            listed = "" if not remedy else listed
            continue
        target = target_of(known[name], multiple=multiple, discrepancy=discrepancies.get(name))
        if math.isinf(sum(target.bounds)) and name not in discrepancies:
            remedy = f"--discrepancy-of {name}=X says how far off it may be"
            faults.add(f"'{name}' is a direction, without a width", field="--targets", remedy=remedy)
        else:
            found.append(target)
    return found


def _why_not(name: str, everything: Mapping[str, Fact]) -> str:
    if name not in everything:
        return f"no fact is called '{name}'"
    if everything[name].held_out:
        return f"'{name}' is held out: what the model is judged by is never used to set its numbers"
    if name in NOT_MEASURED:
        return f"'{name}' is not measured: {NOT_MEASURED[name]}"
    if MEASURED[name].pooled:
        return f"'{name}' needs more observations than the runs of a point have"
    return f"'{name}' is measured in case {MEASURED[name].case}, under its policies: it is no micro fact of firms"


def _space(asked: Sequence[str], world: World, faults: Faults) -> Space:
    ranges: dict[str, tuple[float, float]] = {}
    for text in asked:
        name, _, limits = (part.strip() for part in text.partition("="))
        if name not in _BY_NAME:
            endowment = any(name in fact.used_to_set for fact in facts()) or name in world.endowments
            reason = f"'{name}' is an endowment of a case, not a parameter" if endowment else f"no parameter is called '{name}'"
            faults.add(reason, field="--parameters", remedy=nearest(name, _BY_NAME) or "`redqueen parameters` lists them")
            continue
        if name in ranges:
            faults.add(f"'{name}' is named twice", field="--parameters")
        if name in world.parameters:
            faults.add(f"case {RECIPES} fixes '{name}' at {world.parameters[name]:g}", field="--parameters", remedy="leave it out")
        ranges[name] = _range(name, limits, faults)
    return Space(ranges, frozenset(name for name in ranges if _BY_NAME[name].unit == SWITCH))


def _range(name: str, limits: str, faults: Faults) -> tuple[float, float]:
    declared = _BY_NAME[name]
    if not limits:
        return declared.low, declared.high
    try:
        low, high = (float(part) for part in limits.split(":"))
    except ValueError:
        remedy = f"for example {name}={declared.low:g}:{declared.high:g}"
        faults.add(f"'{limits}' is no range of {name}", field="--parameters", remedy=remedy)
        return declared.low, declared.high
    if not declared.low <= low < high <= declared.high:
        faults.add(
            f"{low:g} to {high:g} is no part of the range of {name}", field="--parameters",
            remedy=f"from {declared.low:g} to {declared.high:g} ({declared.unit}), the lower end first",
        )
        return declared.low, declared.high
    if declared.unit == SWITCH and (low, high) != (declared.low, declared.high):
        faults.add(f"{name} is a switch, at one of its two ends", field="--parameters", remedy="name it without a range")
    return low, high


def _world(quarters: int | None, faults: Faults) -> World:
    world = case(RECIPES).world
    if quarters is None:
        return world
    if not LEAST_QUARTERS <= quarters <= world.quarters:
        remedy = f"from {LEAST_QUARTERS} to {world.quarters}"
        faults.add(f"{quarters} quarters do not show the facts", field="--quarters", remedy=remedy)
        return world
    return dataclasses.replace(world, quarters=quarters)
