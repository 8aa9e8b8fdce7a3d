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
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.government import Programme
from redqueen.progress import progress_bar
from redqueen.studies.monitor.ahead import Ahead
from redqueen.studies.monitor.goals import Goal
from redqueen.studies.monitor.status import Outlook

__all__ = ["CONSTRAINTS", "FUTURES", "STEP", "Constraint", "Obstacle", "Obstacles", "find_obstacles"]

#: Part of the way to the best that a step goes; plausible futures in which it is tried.
STEP, FUTURES = 0.25, 24


class Constraint(NamedTuple):
    """Names what may hold a region back: endowments and the instrument that adds to each, or a parameter; `better` is "up" or
    "down".

    Regions are compared `per` "workers" (thousands), "pay" of all workers at the start, or as they are. Endowments between two
    regions are relaxed with every other region, both ways, towards nothing.
    """

    name: str
    words: str
    endowments: Mapping[str, str | None] = {}
    better: str = "up"
    per: str | None = None
    parameter: str | None = None


CONSTRAINTS: tuple[Constraint, ...] = (
    Constraint("talent", "new engineers and managers", {"graduates": "university_expansion"}, per="workers"),
    Constraint("early_finance", "venture money", {"venture_money": "venture_capital"}, per="workers"),
    Constraint("exit_of_ventures", "sale and listing of ventures", {"venture_exit": "exit_for_ventures"}),
    Constraint("bank_credit", "bank credit to private firms", {"credit": None}),
    Constraint("starting_firms", "red tape on new firms", {"red_tape": None}, "down"),
    Constraint("horizon", "stable rules: how far ahead firms look", {"impatience": "policy_instability"}, "down"),
    Constraint("job_mobility", "people who change firms", {"mobility": "labour_mobility"}),
    Constraint("local_links", "associations that tie local firms", {"associations": "associations_support"}),
    Constraint("ties_abroad", "distance to other regions, in miles, habits and law", {"distance": None}, "down"),
    Constraint("home_demand", "buyers at home", {"frontier_market": None, "value_market": None}, per="pay"),
    Constraint("interface_costs", "cost of working with a stranger (everywhere)", parameter="interface_cost", better="down"),
    Constraint("absorptive_capacity", "what a product taken apart does not tell (everywhere)", parameter="tacit", better="down"),
)


@dataclass(frozen=True)
class Obstacle:
    """Holds what a step off one constraint adds to a goal's probability: mean over futures, paired, with its interval.

    `effect` is the mean change of the indicator at the goal's date: in % where it is worked with as a ratio, else in its unit.
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
    world, now = plan.case.world, Ahead(outlook, 1).now
    plans = plan.laid_out.fixed if isinstance(plan.laid_out, Programme) else plan.laid_out
    relaxed = {one.name: _relax(one, step, world, plan.region, plans, now) for one in CONSTRAINTS}
    tried = {name: one.branch for name, one in relaxed.items() if one.branch is not None}
    ahead = Ahead(outlook, futures, threads=threads)
    with progress_bar(
        ahead.branches.quarters(1 + len(tried)), f"{plan.name}: {len(tried)} constraints in {futures} futures", show=progress
    ) as advance:
        ahead.branches.advance = advance
        paths = dict(zip(tried, ahead.run(*tried.values()), strict=True)) if ahead.base is not None else {}
    rows: dict[str, tuple[Obstacle, ...]] = {}
    chances = {}
    for goal in plan.goals:
        if goal.year not in ahead.years:
            continue
        before = ahead.chances(ahead.base, goal)
        chances[goal.name] = float(before.mean())
        found = []
        for constraint in CONSTRAINTS:
            one, path = relaxed[constraint.name], paths.get(constraint.name)
            gain = low = high = effect = None
            if path is not None:
                difference = paired_difference(ahead.chances(path, goal), before, LEVEL)
                gain, low, high = difference.mean, difference.low, difference.high
                effect = _effect(ahead, path, goal)
            found.append(Obstacle(constraint, goal, gain, low, high, effect, one.had, one.given))
        rows[goal.name] = tuple(sorted(found, key=lambda row: -math.inf if row.gain is None else row.gain, reverse=True))
    return Obstacles(outlook, step, futures, rows, chances)


def _effect(ahead: Ahead, path: object, goal: Goal) -> float:
    indicator = ahead.plan.indicators[goal.indicator]
    after, before = (ahead.mean(one, goal.indicator, goal.year)[0] for one in (path, ahead.base))  # type: ignore[arg-type]
    mean = float((after - before).mean())
    return 100 * math.expm1(mean) if indicator.relative else float(indicator.figures(mean))


def _relax(constraint: Constraint, step: float, world: World, region: str, plan: Schedule, now: int) -> _Relaxed:
    """Gives the branch in which a constraint is relaxed by a step, what the region has of it and what it is given; no branch where
    it has the best.
    """
    if constraint.parameter is not None:
        value = {**DEFAULTS, **world.parameters}[constraint.parameter]
        return _Relaxed(Branch(parameters={constraint.parameter: (1 - step) * value}), value, (1 - step) * value)
    place, given = world.regions.index(region), {}
    had = after = 0.0
    for name, instrument in constraint.endowments.items():
        values = world.endowments[name]
        if values.ndim == 2:
            nearer = values.copy()
            nearer[place] *= 1 - step
            nearer[:, place] *= 1 - step
            others = numpy.delete(values[place], place)
            had, after = float(others.mean()), float((1 - step) * others.mean())
            given[name] = nearer
            continue
        size = _size(world, constraint.per)
        # What the plan adds counts as had, and what other regions' governments add as theirs.
        added = plan.intensity[INDEX[instrument], min(now, plan.intensity.shape[1] - 1)] if instrument else 0.0
        levels = (values + added) / size
        best = float(levels.max() if constraint.better == "up" else levels.min())
        gap = best - float(levels[place])
        had, after = had + float(levels[place]), after + float(levels[place]) + step * gap
        if gap != 0.0:
            given[name] = values.copy()
            given[name][place] += step * gap * size[place]
    return _Relaxed(Branch(endowments=given) if given else None, had, after)


def _size(world: World, per: str | None) -> numpy.ndarray:
    """Gives what regions are compared for each of: [region]."""
    workers = world.endowments["workers"]
    return {"workers": workers / 1000, "pay": workers * world.endowments["base_wage"]}.get(
        per or "", numpy.ones(len(world.regions))
    )
