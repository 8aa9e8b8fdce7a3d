"""What holds a goal back: which constraint binds? Each is relaxed by a comparable step from now on, in futures that fit what was
observed.

Growth diagnostics (Hausmann, Rodrik and Velasco 2005) by simulation. A step goes part of the way from what the region has, the
plan's own instruments included, to the best that there is: the best region of the world, for each worker where that matters; or
nothing of a friction that is the same everywhere. A constraint that a step relaxes is no policy: nothing is said of how, or at what
cost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy

from redqueen.lab.branches import Branch
from redqueen.lab.intervals import LEVEL, paired_difference
from redqueen.model.instruments import INDEX
from redqueen.model.parameters import DEFAULTS
from redqueen.model.world import World
from redqueen.policies.government import Programme
from redqueen.progress import progress_bar
from redqueen.studies.monitor.ahead import Ahead
from redqueen.studies.monitor.goals import Goal, Plan
from redqueen.studies.monitor.status import Outlook

__all__ = ["CONSTRAINTS", "FUTURES", "STEP", "Constraint", "Obstacle", "Obstacles", "find_obstacles"]

#: Part of the way to the best that a step goes; plausible futures in which it is tried.
STEP, FUTURES = 0.25, 24


# How an instrument moves an endowment x by its intensity i: x + i, x (1 - i), x (1 + i).
ADDS, REMOVES, MULTIPLIES = "adds", "removes", "multiplies"


class Constraint(NamedTuple):
    """Names what may hold a region back: endowments, each with the instrument that moves it and how, or a parameter; `better` is
    "up" or "down".

    Regions are compared `per` "workers" (thousands), "pay" of all workers at the start, or as they are. Endowments between two
    regions are relaxed with every other region, both ways, towards nothing.
    """

    name: str
    words: str
    endowments: Mapping[str, tuple[str, str] | None] = {}
    better: str = "up"
    per: str | None = None
    parameter: str | None = None


CONSTRAINTS: tuple[Constraint, ...] = (
    Constraint("talent", "new engineers and managers", {"graduates": ("university_expansion", ADDS)}, per="workers"),
    Constraint("early_finance", "venture money", {"venture_money": ("venture_capital", ADDS)}, per="workers"),
    Constraint("exit_of_ventures", "sale and listing of ventures", {"venture_exit": ("exit_for_ventures", ADDS)}),
    Constraint("bank_credit", "bank credit to private firms", {"credit": None}),
    Constraint("starting_firms", "red tape on new firms", {"red_tape": ("deregulation", REMOVES)}, "down"),
    Constraint("horizon", "stable rules: how far ahead firms look", {"impatience": ("policy_instability", ADDS)}, "down"),
    Constraint("job_mobility", "people who change firms", {"mobility": ("labour_mobility", ADDS)}),
    Constraint("local_links", "associations that tie local firms", {"associations": ("associations_support", ADDS)}),
    Constraint("ties_abroad", "distance to other regions, in miles, habits and law", {"distance": None}, "down"),
    Constraint(
        "home_demand",
        "buyers at home",
        {"frontier_market": ("home_market", MULTIPLIES), "value_market": ("home_market", MULTIPLIES)},
        per="pay",
    ),
    Constraint("interface_costs", "cost of working with a stranger (everywhere)", parameter="interface_cost", better="down"),
    Constraint("absorptive_capacity", "what a product taken apart does not tell (everywhere)", parameter="tacit", better="down"),
)


@dataclass(frozen=True)
class Obstacle:
    """Holds what a step off one constraint adds to a goal's probability: mean over futures, paired, with its interval.

    `effect` is the median change of the indicator at the goal's date: in % where it is worked with as a ratio, else in its unit.
    `had` and `given` say what the region has and what it is given (for each size where that matters); where it has the best already
    there is no step, and no gain.
    """

    constraint: Constraint
    goal: Goal
    gain: float | None
    low: float | None
    high: float | None
    effect: float | None
    had: float
    given: float

    @property
    def binds(self) -> bool:
        """Says whether the interval leaves out zero on the good side."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True)
class Obstacles:
    """Holds the obstacles of every goal, the largest gain first, as of the end of a year."""

    outlook: Outlook
    step: float
    futures: int
    rows: dict[str, tuple[Obstacle, ...]]
    chances: dict[str, float]


class _Relaxed(NamedTuple):
    branch: Branch | None
    had: float
    given: float


def find_obstacles(
    outlook: Outlook, *, step: float = STEP, futures: int = FUTURES, threads: int = 1, progress: bool = True
) -> Obstacles:
    """Relaxes every constraint by a step from now on, in plausible futures, and ranks them by what that adds to each goal's
    probability.
    """
    plan = outlook.plan
    ahead = Ahead(outlook, futures, threads=threads)
    relaxed = {one.name: _relax(one, step, ahead) for one in CONSTRAINTS}
    tried = {name: one.branch for name, one in relaxed.items() if one.branch is not None}
    words = f"{plan.name}: {len(tried)} constraints in {futures} futures"
    with progress_bar(ahead.branches.quarters(1 + len(tried)), words, show=progress) as advance:
        ahead.branches.advance = advance
        before_all = ahead.base
        paths = dict(zip(tried, ahead.run(*tried.values()), strict=True))
    rows: dict[str, tuple[Obstacle, ...]] = {}
    chances = {}
    for goal in plan.goals:
        if goal.year not in ahead.years:
            continue
        before = ahead.chances(before_all, goal)
        chances[goal.name] = float(before.mean())
        found = []
        for constraint in CONSTRAINTS:
            one, path = relaxed[constraint.name], paths.get(constraint.name)
            gain = low = high = effect = None
            if path is not None:
                difference = paired_difference(ahead.chances(path, goal), before, LEVEL)
                gain, low, high = difference.mean, difference.low, difference.high
                effect = ahead.effect(path, goal.indicator, goal.year)
            found.append(Obstacle(constraint, goal, gain, low, high, effect, one.had, one.given))
        rows[goal.name] = tuple(sorted(found, key=lambda row: -math.inf if row.gain is None else row.gain, reverse=True))
    return Obstacles(outlook, step, futures, rows, chances)


def _relax(constraint: Constraint, step: float, ahead: Ahead) -> _Relaxed:
    """Gives the branch in which a constraint is relaxed, what the region has of it and what it is given; no branch where it has the
    best.
    """
    plan, world = ahead.plan, ahead.plan.case.world
    if constraint.parameter is not None:
        name = constraint.parameter
        usual = {**DEFAULTS, **world.parameters}[name]
        mean = float(numpy.mean([origin.parameters.get(name, usual) for origin in ahead.branches.origins]))
        return _Relaxed(Branch(scaled={name: 1 - step}), mean, (1 - step) * mean)
    place, given = world.regions.index(plan.region), {}
    had = after = 0.0
    for name, moved_by in constraint.endowments.items():
        values = world.endowments[name]
        if values.ndim == 2:
            nearer = values.copy()
            nearer[place] *= 1 - step
            nearer[:, place] *= 1 - step
            others = numpy.delete(values[place], place)
            had, after = float(others.mean()), float((1 - step) * others.mean())
            given[name] = nearer
            continue
        factor, added = _moved(plan, moved_by, ahead.outlook.quarter)
        size = _size(world, constraint.per)
        levels = (values * factor + added) / size
        best = float(levels.max() if constraint.better == "up" else levels.min())
        gap = best - float(levels[place])
        had, after = had + float(levels[place]), after + float(levels[place]) + step * gap
        if gap != 0.0 and factor[place] > 0.0:
            given[name] = values.copy()
            given[name][place] += step * gap * size[place] / factor[place]
    return _Relaxed(Branch(endowments=given) if given else None, had, after)


def _moved(plan: Plan, moved_by: tuple[str, str] | None, quarter: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives what the plan multiplies an endowment by and what it adds to it, now and by region: what is had is had with it."""
    laid_out = plan.laid_out.fixed if isinstance(plan.laid_out, Programme) else plan.laid_out
    regions = len(plan.case.world.regions)
    if moved_by is None:
        return numpy.ones(regions), numpy.zeros(regions)
    instrument, how = moved_by
    intensity = laid_out.intensity[INDEX[instrument], min(quarter, laid_out.intensity.shape[1] - 1)]
    if how == ADDS:
        return numpy.ones(regions), intensity
    return (1 - intensity if how == REMOVES else 1 + intensity), numpy.zeros(regions)


def _size(world: World, per: str | None) -> numpy.ndarray:
    """Gives what regions are compared for each of: [region]."""
    workers = world.endowments["workers"]
    return {"workers": workers / 1000, "pay": workers * world.endowments["base_wage"]}.get(
        per or "", numpy.ones(len(world.regions))
    )
