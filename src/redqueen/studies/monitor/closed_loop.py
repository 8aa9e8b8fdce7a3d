"""Does monitoring pay? Agencies that differ in how they read their figures, in made-up truths that none of them knows.

In each truth every assumption is off from what the model takes, not only those that the forecast holds uncertain. The same truth,
with the same luck and the same errors of figures, is lived through by every agency: one keeps its plan; one follows the monitor,
and takes what surely helps in every year in which its goal is off course; one chases its last figure, and tries something else
whenever that is below the path.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy

from redqueen.errors import Faults, Refused
from redqueen.lab.conditioning import Kernel, drawn_in
from redqueen.lab.dataset import Recorder, dataset
from redqueen.lab.intervals import LEVEL, Difference, paired_difference
from redqueen.lab.jobs import Job, run_job
from redqueen.lab.mixes import Levers
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.change import SWITCH
from redqueen.policies.policy import Policy, lay_out_policy
from redqueen.progress import progress_bar
from redqueen.studies.measuring import variables_of_measures
from redqueen.studies.monitor.advise import branch_of, levers_ahead, levers_alone
from redqueen.studies.monitor.ahead import Ahead
from redqueen.studies.monitor.courses import OFF_COURSE, Course, best_kernel, course_of, rehearse
from redqueen.studies.monitor.forecast import Ensemble, forecast, measured_members
from redqueen.studies.monitor.goals import Goal, Plan
from redqueen.studies.monitor.status import look_out_from

__all__ = ["AGENCIES", "CHASES", "FOLLOWS", "KEEPS", "TRUTHS", "Life", "Lives", "Payoff", "live_through"]

KEEPS, FOLLOWS, CHASES = "keeps its plan", "follows the monitor", "chases its last figure"
AGENCIES = (KEEPS, FOLLOWS, CHASES)
#: Truths that are lived through unless asked otherwise, how far their assumptions are off (a share of the declared range, either
#: way), and their draw.
TRUTHS, ASTRAY, DRAW = 24, 0.25, 5
#: Futures in which an agency compares what it might do.
_FUTURES = 16


class Life(NamedTuple):
    """Holds how one agency fared in one truth: the goal's figure in the end, in the working scale, and by how much it is better
    than the target (zero or more: reached); what was spent, and what it did when.
    """

    agency: str
    came: float
    beyond: float
    cost: float
    deeds: tuple[tuple[int, str], ...]


class Payoff(NamedTuple):
    """Holds what an agency gets beyond one that keeps its plan: share of truths that reach the goal, the figure (log, or its unit)
    and cost; paired intervals.
    """

    agency: str
    reached: float
    more_reached: Difference
    more: Difference
    more_cost: Difference
    deeds: float


@dataclass(frozen=True)
class Lives:
    """Holds all lives, truth by truth, in the order of `AGENCIES`."""

    plan: Plan
    goal: Goal
    course: Course
    chance: float
    lives: tuple[tuple[Life, ...], ...]

    @property
    def payoffs(self) -> list[Payoff]:
        """Gives the payoff of every agency."""
        names = ("came", "beyond", "cost")
        came, beyond, costs = (numpy.array([[getattr(life, name) for life in truth] for truth in self.lives]) for name in names)
        reached = (beyond >= 0).astype(float)
        deeds = numpy.array([[len(life.deeds) for life in truth] for truth in self.lives])
        return [
            Payoff(
                agency,
                float(reached[:, place].mean()),
                paired_difference(reached[:, place], reached[:, 0], LEVEL),
                paired_difference(came[:, place], came[:, 0], LEVEL),
                paired_difference(costs[:, place], costs[:, 0], LEVEL),
                float(deeds[:, place].mean()),
            )
            for place, agency in enumerate(AGENCIES)
        ]


class _Truth(NamedTuple):
    parameters: dict[str, float]
    seed: int
    errors: numpy.ndarray
    least: numpy.ndarray


def live_through(plan: Plan, truths: int = TRUTHS, *, threads: int = 1, progress: bool = True, store: str | None = None) -> Lives:
    """Has every agency live through some truths, for the first goal of a plan whose policy decides nothing by itself."""
    goal = plan.goals[0]
    if plan.policy.governments:
        raise Refused.one(
            f"{plan.policy.name} has governments that adjust by themselves",
            file=plan.file,
            field="policy",
            remedy="name a policy without",
        )
    if truths < 2:
        raise Refused.one(f"{truths} is too few", field="--truths", remedy="give 2 or more")
    ensemble = forecast(plan, threads=threads, store=store, progress=progress)
    kernel = best_kernel(ensemble)
    course = course_of(rehearse(ensemble, goal, kernel))
    start = look_out_from(ensemble, kernel, [], plan.since - 1)
    path = [float(start.band(goal.indicator, year)[2]) for year in ensemble.years]
    lives = []
    with progress_bar(truths, f"{plan.name}: {truths} truths, {len(AGENCIES)} agencies", show=progress) as advance:
        for number in range(truths):
            truth = _truth(plan, ensemble, number)
            agencies: dict[str, Callable[[int, Plan, Sequence[SimpleNamespace]], Policy | None]] = {
                KEEPS: lambda year, now, seen: None,
                FOLLOWS: _Follower(ensemble, kernel, goal, course, threads),
                CHASES: _Chaser(plan, goal, dict(zip(ensemble.years, path, strict=True)), number),
            }
            lives.append(tuple(_live(plan, goal, truth, agency, decide) for agency, decide in agencies.items()))
            advance(1)
    return Lives(plan, goal, course, start.chance(goal), tuple(lives))


def _truth(plan: Plan, ensemble: Ensemble, number: int) -> _Truth:
    """Draws a truth: every assumption off by up to a share of its range, a luck of its own, and the errors of its figures
    [indicator, base and years]. A collapse counts as the least that the forecast knows of: its logarithm is not to outweigh all
    others.
    """
    draw = numpy.random.default_rng([DRAW, number])
    parameters = {}
    for row in PARAMETERS:
        astray = draw.uniform(-ASTRAY, ASTRAY) * (row.high - row.low)
        if row.unit != SWITCH:
            value = plan.case.world.parameters.get(row.name, row.value)
            parameters[row.name] = float(numpy.clip(value + astray, row.low, row.high))
    errors = draw.standard_normal((len(plan.indicators), len(ensemble.years) + 1))
    return _Truth(parameters, int(draw.integers(1, 2**62)), errors, drawn_in(ensemble.values).min(axis=0))


def _live(
    plan: Plan, goal: Goal, truth: _Truth, agency: str, decide: Callable[[int, Plan, Sequence[SimpleNamespace]], Policy | None]
) -> Life:
    """Lives through the years to the goal: what happens up to a year depends on what was done by then alone."""
    now, deeds = plan, []
    figures, cost = _happens(now, truth)
    for year in range(plan.since, goal.year):
        policy = decide(year, now, _published(plan, truth, figures, year))
        if policy is not None:
            now = replace(now, policy=policy)
            deeds.append((year + 1, policy.name))
            figures, cost = _happens(now, truth)
    target = float(plan.indicators[goal.indicator].working(goal.target))
    came = figures[plan.names.index(goal.indicator), goal.year - plan.since]
    return Life(agency, float(came), float(came - target) * (1 if goal.at_least else -1), cost, tuple(deeds))


def _happens(plan: Plan, truth: _Truth) -> tuple[numpy.ndarray, float]:
    """Gives the true value of every indicator in every year [indicator, year] in working scales, and public cost as a share of
    value added since monitoring began.
    """
    until = plan.quarter_after(plan.horizon)
    world = replace(plan.case.world, quarters=until)
    variables = tuple(
        dict.fromkeys((*variables_of_measures(one.measured for one in plan.indicators.values()), "public_cost", "value_added"))
    )
    schedule = lay_out_policy(plan.policy, plan.case.world, plan.region)
    member = run_job(Job(world, {"truth": schedule.cut(until)}, truth.seed, truth.parameters, variables))["truth"]
    if member.failure:
        raise RuntimeError(f"a truth cannot be run: {member.failure}")
    recorder = Recorder(1, 1, 1, variables)
    recorder.keep((0, 0, 0), member)
    result = dataset(recorder, world, ["truth"], [0], {}).drop_vars("failure")
    values = measured_members(plan, result, tuple(range(plan.since, plan.horizon + 1)))[0]
    place, first = world.regions.index(plan.region), plan.quarter_after(plan.since - 1)
    cost, added = (float(member.arrays[name][first:, place].sum()) for name in ("public_cost", "value_added"))
    return numpy.fmax(values, truth.least), cost / added if added > 0 else 0.0


def _published(plan: Plan, truth: _Truth, figures: numpy.ndarray, year: int) -> list[SimpleNamespace]:
    """Gives the figures published by the end of a year, with their errors."""
    found = []
    for place, indicator in enumerate(plan.indicators.values()):
        blur = indicator.blur
        base = truth.errors[place, 0] if blur.base is not None else 0.0
        for then in range(plan.since, year + 1):
            if then + indicator.lag <= year:
                seen = figures[place, then - plan.since] + blur.error * (truth.errors[place, 1 + then - plan.since] - base)
                found.append(SimpleNamespace(indicator=indicator.name, year=then, value=float(indicator.figures(seen))))
    return found


class _Follower:
    """Takes the adjustment that surely gains most, of each lever alone within the budget, in every year in which the monitor says
    that the goal is off course.

    Surely: the interval of its paired gain, at a level that holds for all levers together (Bonferroni), leaves out zero. The best
    of many noisy gains is above zero even where none is.
    """

    def __init__(self, ensemble: Ensemble, kernel: Kernel, goal: Goal, course: Course, threads: int):
        self.ensemble, self.kernel, self.goal, self.course, self.threads = ensemble, kernel, goal, course, threads

    def __call__(self, year: int, plan: Plan, seen: Sequence[SimpleNamespace]) -> Policy | None:
        if plan.policy != self.ensemble.plan.policy:
            # What it has changed since, it foresees anew.
            self.ensemble = forecast(plan, threads=self.threads, progress=False)
        outlook = look_out_from(self.ensemble, self.kernel, seen, year)
        if not seen or self.course.state(outlook.chance(self.goal)) != OFF_COURSE:
            return None
        ahead = Ahead(outlook, _FUTURES, draw=year, threads=self.threads)
        levers = levers_ahead(plan, outlook.start, None, Faults())
        if levers is None:
            return None
        most, before = ahead.left(plan.budget), ahead.chances(ahead.base, self.goal)
        best, gain = None, 0.0
        for name, mix in levers_alone(levers).items():
            amended = _amended(plan, levers, name, mix)
            if amended is None:
                continue
            (path,) = ahead.run(branch_of(plan, levers, mix))
            gained = paired_difference(ahead.chances(path, self.goal), before, 1 - (1 - LEVEL) / len(levers.names))
            if gained.low > 0 and gained.mean > gain and float(path.cost.mean()) <= max(most, float(ahead.base.cost.mean())):
                best, gain = amended, gained.mean
        return best


class _Chaser:
    """Tries another lever instead, by lot, whenever the last figure of the goal's indicator is below the path."""

    def __init__(self, plan: Plan, goal: Goal, path: dict[int, float], number: int):
        self.plan, self.goal, self.path = plan, goal, path
        self.draw = numpy.random.default_rng([DRAW, number, 1])

    def __call__(self, year: int, plan: Plan, seen: Sequence[SimpleNamespace]) -> Policy | None:
        figures = [one for one in seen if one.indicator == self.goal.indicator]
        levers = levers_ahead(plan, float(year + 1), None, Faults())
        if not figures or levers is None or (figures[-1].value >= self.path[figures[-1].year]) == self.goal.at_least:
            return None
        mixes = levers_alone(levers)
        # What it tried before ends; what was there from the start goes on.
        first = len(self.plan.policy.changes)
        ended = tuple(replace(one, until=min(one.until or math.inf, float(year + 1))) for one in plan.policy.changes[first:])
        before = replace(plan, policy=replace(plan.policy, name=self.plan.policy.name, changes=plan.policy.changes[:first] + ended))
        tried = plan.policy.name.rpartition("+")[2]
        for place in self.draw.permutation(len(mixes)):
            name = list(mixes)[place]
            amended = None if name == tried else _amended(before, levers, name, mixes[name])
            if amended is not None:
                return amended
        return None


def _amended(plan: Plan, levers: Levers, name: str, mix: Mapping[str, float]) -> Policy | None:
    """Gives a plan's policy with an adjustment added; None where an instrument would leave its range."""
    policy = replace(plan.policy, name=f"{plan.policy.name}+{name}", changes=plan.policy.changes + levers.policy(mix, name).changes)
    try:
        lay_out_policy(policy, plan.case.world, plan.region)
    except Refused:
        return None
    return policy
