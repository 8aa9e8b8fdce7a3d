"""What to change: adjustments of the plan within what is left of the budget that raise a goal's probability most, in futures that
fit what was observed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy

from redqueen.errors import Faults, Refused, nearest, require
from redqueen.lab.branches import Branch
from redqueen.lab.conditioning import Figure, covariance
from redqueen.lab.intervals import LEVEL, Difference, paired_difference
from redqueen.lab.mixes import Levers, levers_of
from redqueen.lab.search import Mix, explore
from redqueen.policies.policy import NONE, catalogue, read_policy, schedule
from redqueen.progress import progress_bar
from redqueen.studies.monitor.ahead import Ahead, Path
from redqueen.studies.monitor.goals import Goal, Plan
from redqueen.studies.monitor.status import Outlook

__all__ = ["Adjustment", "Advice", "Telling", "advise", "branch_of", "levers_ahead", "levers_alone"]

#: Futures in which adjustments are searched, and other ones in which the best are tried again, and again as if nothing had been
#: observed.
SEARCHED, JUDGED = 12, 16
#: Quarters that a search computes, unless asked otherwise: about half a minute on two processors; and the fewest and most
#: adjustments it tries.
_QUARTERS, _FEWEST, _MOST = 16_000, 16, 60
#: Adjustments that are tried again and shown.
_SHOWN = 3
#: Figures that might be published next, at which it is asked what they would have one do.
_GRID = 41
_ROUNDING = 1e-12


class Telling(NamedTuple):
    """Says which adjustment a figure published next would have one take: up to `values[0]` the first of `choices`, up to
    `values[1]` the second, ...

    `worth` is what waiting for it adds to the goal's probability, were it free: the mean over what it may say of the best gain
    then, less the best gain now.
    """

    indicator: str
    year: int
    worth: float
    values: tuple[float, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Adjustment:
    """Holds one adjustment: intensities by instrument on top of the plan from now on, and what it adds to the goal's probability,
    with its interval.

    `gain` is the paired mean over futures that did not choose it; `effect` what it does to the indicator at the goal's date (% or
    its unit). `cost` is that of plan and adjustment, a share of value added from now on. `misled` is the gain if what was observed
    says nothing, `regret` what another adjustment shown would then add beyond it.
    """

    name: str
    intensities: Mapping[str, float]
    gain: Difference
    effect: float
    cost: float
    misled: float
    regret: float


@dataclass(frozen=True)
class Advice:
    """Holds what to change for a goal: adjustments by gain, "keep the plan" among them; what each costs; and which next figure
    would decide.
    """

    outlook: Outlook
    goal: Goal
    start: float
    budget: float
    plan_cost: float
    chance: float
    tried: int
    levers: Levers
    adjustments: tuple[Adjustment, ...]
    telling: tuple[Telling, ...]


#: Name of the adjustment that changes nothing.
KEEP = "keep the plan"


def advise(
    outlook: Outlook,
    goal: str | None = None,
    *,
    budget: float | None = None,
    levers: Sequence[str] | None = None,
    evaluations: int | None = None,
    threads: int = 1,
    progress: bool = True,
) -> Advice:
    """Searches adjustments of the plan for one of its goals (the first that is still ahead), within a budget from now to the last
    goal.

    The budget is that given, else what is left of that of the goals file (`Ahead.left`). Candidates are mixes of `levers` (those of
    the case's policies) that act from now on beside the plan; tried first is each lever alone. The search, the judgement, and the
    question what if the observations mislead, each have futures of their own.
    """
    require("optuna", "monitor")
    plan = outlook.plan
    faults = Faults()
    chosen = _goal(outlook, goal, faults)
    found = levers_ahead(plan, outlook.start, levers, faults)
    if budget is not None and not (math.isfinite(budget) and budget > 0):
        faults.add(f"{budget:g} is no share of value added that could be spent", field="--budget", remedy="for example 0.05")
    if evaluations is not None and evaluations < 1:
        faults.add(f"{evaluations} is too few", field="--evaluations", remedy="give 1 or more")
    faults.refuse_if_any(f"redqueen monitor advise {plan.file}")
    assert chosen is not None and found is not None
    searched, judged, misled = (
        Ahead(outlook, count, draw=draw, misled=lost, threads=threads)
        for count, draw, lost in ((SEARCHED, 1, False), (JUDGED, 2, False), (JUDGED, 3, True))
    )
    each = len(searched.members) * (searched.branches.until - outlook.quarter)
    starts = levers_alone(found)
    count = evaluations or max(len(starts) + 4, _FEWEST, min(_MOST, _QUARTERS // each))

    def tried(intensities: Mapping[str, float], where: Ahead) -> Path:
        return where.base if not intensities else where.run(branch_of(plan, found, intensities))[0]

    def evaluate(intensities: Mapping[str, float]) -> dict[str, Any]:
        path = tried(intensities, searched)
        gains = searched.chances(path, chosen) - searched.chances(searched.base, chosen)
        return {"effects": [gains.tolist()], "costs": [path.cost.tolist()]}

    with progress_bar(searched.branches.quarters(1 + count), f"{plan.name}: {count} adjustments", show=progress) as advance:
        searched.branches.advance = advance
        most = searched.left(plan.budget) if budget is None else budget
        mixes = explore(found, evaluate, budget=most, evaluations=count, starts=starts)
    best = _best(mixes, most, float(searched.base.cost.mean()))
    total = sum(one.branches.quarters(1 + len(best)) for one in (judged, misled))
    with progress_bar(total, f"{plan.name}: {len(best)} again", show=progress and bool(best)) as advance:
        judged.branches.advance = misled.branches.advance = advance
        paths = [(mix, tried(mix.intensities, judged), tried(mix.intensities, misled)) for mix in (Mix({}, None), *best)]
    adjustments = _adjustments(paths, judged, misled, chosen)
    telling = _telling(
        outlook, judged, {one.name: judged.chances(path, chosen) for one, (_, path, _) in zip(adjustments, paths, strict=True)}
    )
    ranked = tuple(sorted(adjustments, key=lambda one: one.gain.mean, reverse=True))
    chance = float(judged.chances(judged.base, chosen).mean())
    return Advice(outlook, chosen, outlook.start, most, float(judged.base.cost.mean()), chance, len(mixes), found, ranked, telling)


def levers_ahead(plan: Plan, start: float, names: Sequence[str] | None, faults: Faults) -> Levers | None:
    """Gives the levers of adjustments, from a year on; those of the case's policies unless named."""
    world = plan.case.world
    known = [NONE, *plan.case.policies.values(), *(read_policy(path) for path in catalogue().values())]
    if names is None:
        names = [lever.instrument for lever in levers_of(None, plan.case.policies.values(), world, plan.region, Faults())] or None
    before = len(faults)
    found = levers_of(names, known, world, plan.region, faults)
    if not found or len(faults) > before:
        return None
    levers = Levers(found, plan.region, start)
    faults.extend(levers.faults(world))
    return levers


def _goal(outlook: Outlook, name: str | None, faults: Faults) -> Goal | None:
    goals = {goal.name: goal for goal in outlook.plan.goals}
    ahead = [goal for goal in goals.values() if goal.year > outlook.as_of]
    if name is None:
        if not ahead:
            raise Refused.one(f"all goals are past: the last was for {outlook.plan.horizon}", field="--goal")
        return ahead[0]
    if name not in goals:
        faults.add(f"no goal is called '{name}'", field="--goal", remedy=nearest(name, goals) or f"there are {', '.join(goals)}")
        return None
    if goals[name] not in ahead:
        faults.add(f"the goal '{name}' was for {goals[name].year}, which is past", field="--goal")
    return goals[name]


def levers_alone(levers: Levers) -> dict[str, Mapping[str, float]]:
    """Gives each lever alone, at the middle of its range."""
    found = {}
    for place, name in enumerate(levers.names):
        point = [0.0] * len(levers.names)
        point[place] = levers.idle + (1 - levers.idle) / 2
        found[name] = levers.intensities(point)
    return {name: mix for name, mix in found.items() if mix}


def branch_of(plan: Plan, levers: Levers, intensities: Mapping[str, float]) -> Branch:
    """Gives the branch in which a mix acts beside the plan."""
    return Branch(added=schedule(levers.policy(intensities, "adjustment"), plan.case.world, levers.region))


def _best(mixes: Sequence[Mix], most: float, plan_cost: float) -> list[Mix]:
    """Gives the mixes that gained most in the search, one of each set of instruments, that cost no more than what is left or than
    the plan by itself.
    """
    found: dict[frozenset[str], Mix] = {}
    for mix in sorted(mixes, key=lambda mix: mix.scores.effect if mix.scores else -math.inf, reverse=True):
        if mix.intensities and mix.scores is not None and mix.scores.cost <= max(most, plan_cost) + _ROUNDING:
            found.setdefault(frozenset(mix.intensities), mix)
    return list(found.values())[:_SHOWN]


def _adjustments(paths: Sequence[tuple[Mix, Path, Path]], judged: Ahead, misled: Ahead, goal: Goal) -> list[Adjustment]:
    before, without = judged.chances(judged.base, goal), misled.chances(misled.base, goal)
    lost = [float((misled.chances(path, goal) - without).mean()) for _, _, path in paths]
    found = []
    for (mix, path, _), gone in zip(paths, lost, strict=True):
        effect = judged.effect(path, goal.indicator, goal.year)
        name = " + ".join(f"{instrument} {intensity:g}" for instrument, intensity in mix.intensities.items()) or KEEP
        gain = paired_difference(judged.chances(path, goal), before, LEVEL)
        found.append(Adjustment(name, mix.intensities, gain, effect, float(path.cost.mean()), gone, max(lost) - gone))
    return found


def _telling(outlook: Outlook, judged: Ahead, chances: Mapping[str, numpy.ndarray]) -> tuple[Telling, ...]:
    """Asks of the next figure of each indicator what it would have one choose, and what knowing it is worth; the most telling
    first.

    Futures are weighed by how likely the figure is in each: normal around the plan's value there, with the errors of model and
    figure.
    """
    plan, found = outlook.plan, []
    names = list(chances)
    values = numpy.stack([chances[name] for name in names])
    for series, indicator in enumerate(plan.indicators.values()):
        year = max(outlook.as_of - math.ceil(indicator.lag) + 1, plan.since)
        if year == indicator.measured.since or year not in outlook.ensemble.years:
            continue
        mean, deviation = judged.mean(judged.base, indicator.name, year)
        figure = [Figure(series, year)]
        kinds = (covariance(figure, figure, plan.blurs, observed=observed)[0, 0] for observed in (True, False))
        spread = math.sqrt(deviation**2 + float(next(kinds) - next(kinds)))
        grid = numpy.linspace(mean.min() - 2 * spread, mean.max() + 2 * spread, _GRID)
        likely = numpy.exp(-0.5 * ((grid[:, None] - mean) / spread) ** 2)
        choice = _expected(values, likely).argmax(axis=0)
        turns = numpy.flatnonzero(numpy.diff(choice))
        limits = tuple(float(indicator.figures((grid[place] + grid[place + 1]) / 2)) for place in turns)
        choices = tuple(names[choice[place]] for place in (*turns, len(grid) - 1))
        found.append(Telling(indicator.name, year, _worth(values, likely), limits, choices))
    return tuple(sorted(found, key=lambda one: one.worth, reverse=True))


def _worth(values: numpy.ndarray, likely: numpy.ndarray) -> float:
    """Gives what choosing by a figure adds to choosing without it: chosen in half of the futures, valued in the other half.

    `values` [choice, future], `likely` [figure, future]. The best of several noisy means is too high where it was chosen.
    """
    gained = []
    half = numpy.arange(values.shape[1]) % 2 == 0
    for mine, others in ((half, ~half), (~half, half)):
        choice = _expected(values[:, mine], likely[:, mine]).argmax(axis=0)
        told = numpy.take_along_axis(_expected(values[:, others], likely[:, others]), choice[None], axis=0)[0]
        density = likely[:, others].sum(axis=1)
        without = values[values[:, mine].mean(axis=1).argmax()][others].mean()
        gained.append(float(told @ density / density.sum() - without))
    return sum(gained) / 2


def _expected(values: numpy.ndarray, likely: numpy.ndarray) -> numpy.ndarray:
    """Gives the mean of each choice over futures as likely as a figure makes them: [choice, figure]."""
    return values @ (likely / numpy.maximum(likely.sum(axis=1, keepdims=True), numpy.finfo(float).tiny)).T
