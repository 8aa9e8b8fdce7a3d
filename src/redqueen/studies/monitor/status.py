"""Where each goal stands: the forecast updated by what was observed, what that amounts to, and since when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy

from redqueen.lab.conditioning import Figure, Kernel, Step, condition, effective_size, prepare, probability, quantiles_of, wilson
from redqueen.lab.futures import CHANCES
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.studies.monitor.courses import TOO_EARLY, Course, best_kernel, counts_known, course_of, figures_known, rehearse
from redqueen.studies.monitor.forecast import Ensemble, forecast, plausible_points
from redqueen.studies.monitor.goals import Goal, Plan

__all__ = [
    "LEAST_EFFECTIVE",
    "MISFIT",
    "MISSED",
    "NOT_PUBLISHED",
    "REACHED",
    "GoalStatus",
    "MilestoneStatus",
    "Observed",
    "Outlook",
    "Series",
    "Status",
    "look_out",
    "look_out_from",
    "status_of",
]

REACHED, MISSED, NOT_PUBLISHED, MISFIT = "reached", "missed", "not published yet", "forecast does not fit"
#: Effective number of members below which the forecast is simulated anew around the plausible ones, how often, and by how many
#: runs.
LEAST_EFFECTIVE, ROUNDS, AROUND = 20.0, 2, 40
#: Share of rehearsed truths that surprise as much, below which the forecast is said not to fit what was observed.
STRANGE = 0.01
#: Truths drawn to learn how surprising observations usually are.
_DRAWN, _DRAW = 400, 11


class Observed(Protocol):
    """What an observation tells; `ledger.Observation` is one."""

    @property
    def indicator(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def year(self) -> int: ...
    @property
    def value(self) -> float | None: ...
    @property
    def unit(self) -> str: ...


@dataclass(frozen=True)
class Outlook:
    """Holds a forecast conditioned on what was known at the end of a year.

    `figures` were observed with `published` values, in the order published. `steps` say what was believed at the end of each of
    `years`, by the plan's own round until the last, which has all members; `before` what was believed before any figure was known.
    They foresee every indicator in every year of the ensemble, [1, member, figure], series by series.
    """

    ensemble: Ensemble
    kernel: Kernel
    as_of: int
    figures: tuple[Figure, ...]
    published: tuple[float, ...]
    years: tuple[int, ...]
    steps: tuple[Step, ...]
    before: Step
    surprise: float | None

    @property
    def plan(self) -> Plan:
        """Gives the plan that is monitored."""
        return self.ensemble.plan

    @property
    def now(self) -> Step:
        """Gives what is believed with all that is known."""
        return self.steps[-1] if self.steps else self.before

    @property
    def weights(self) -> numpy.ndarray:
        """Gives the weight of every member of the ensemble, nothing of those that failed: [member]."""
        weights = numpy.zeros(len(self.ensemble))
        weights[numpy.isfinite(self.ensemble.log_weights)] = self.now.weights[0]
        return weights

    @property
    def effective(self) -> float:
        """Gives the effective number of members (Kish 1965)."""
        return float(effective_size(self.now.weights[0]))

    @property
    def strange(self) -> bool:
        """Says whether hardly any of the forecast's own futures is as strange as what was observed."""
        return self.surprise is not None and self.surprise < STRANGE

    @property
    def quarter(self) -> int:
        """Gives the first quarter that is still to come."""
        return self.plan.quarter_after(self.as_of) if self.as_of >= self.plan.start else 0

    @property
    def start(self) -> float:
        """Gives the year in which that quarter begins."""
        return self.plan.start + self.quarter / QUARTERS_A_YEAR

    def place(self, indicator: str, year: int) -> int:
        """Gives the position of a figure among those foreseen."""
        return self.plan.names.index(indicator) * len(self.ensemble.years) + self.ensemble.years.index(year)

    def chance(self, goal: Goal, step: Step | None = None, *, year: int | None = None, target: float | None = None) -> float:
        """Gives the probability of a goal, or of another target in another year, by what is believed now or was at a step."""
        step = self.now if step is None else step
        place = self.place(goal.indicator, goal.year if year is None else year)
        aim = float(self.plan.indicators[goal.indicator].working(goal.target if target is None else target))
        each = probability(step.mean[0, :, place], float(step.deviation[place]), aim, at_least=goal.at_least)
        return float(numpy.clip(step.weights[0] @ each, 0.0, 1.0))

    def band(self, indicator: str, year: int, step: Step | None = None) -> numpy.ndarray:
        """Gives the quantiles at `CHANCES` of what is believed of a figure, in the indicator's unit."""
        step = self.now if step is None else step
        place = self.place(indicator, year)
        cuts = quantiles_of(step.mean[0, :, place], float(step.deviation[place]), step.weights[0], CHANCES)
        return self.plan.indicators[indicator].figures(cuts)


@dataclass(frozen=True)
class Series:
    """Holds what was foreseen of an indicator and what was observed: by year, quantiles at `CHANCES` before and with what is known,
    and figures (None: none).
    """

    years: tuple[int, ...]
    before: numpy.ndarray
    now: numpy.ndarray
    observed: tuple[float | None, ...]


@dataclass(frozen=True)
class MilestoneStatus:
    """Says of a figure on the way whether it is likely, or was reached by the figure published."""

    year: int
    target: float
    probability: float
    state: str


@dataclass(frozen=True)
class GoalStatus:
    """Says where a goal stands; `low` and `high` are the interval of `probability` for the number of members that it rests on
    (Wilson, 95 %).

    `since` is the year at whose end the state was first what it has been since; `chances` are the probabilities at the end of each
    of `years`.
    """

    goal: Goal
    region: str
    unit: str
    probability: float
    low: float
    high: float
    before: float
    state: str
    since: int | None
    years: tuple[int, ...]
    chances: tuple[float, ...]
    course: Course
    milestones: tuple[MilestoneStatus, ...]
    series: Series
    observed: float | None


@dataclass(frozen=True)
class Status:
    """Holds where every goal stands at the end of a year, on how many members that rests, and what to be warned of."""

    outlook: Outlook
    goals: tuple[GoalStatus, ...]
    observations: int
    warnings: tuple[str, ...]


def status_of(
    plan: Plan,
    observations: Sequence[Observed],
    *,
    as_of: int | None = None,
    threads: int | None = None,
    store: str | Path | None = None,
    progress: bool = True,
) -> Status:
    """Says where the goals of a plan stand, at the end of year `as_of` (that in which the last observation is published unless
    given).
    """
    outlook = look_out(plan, observations, as_of=as_of, threads=threads, store=store, progress=progress)
    goals = tuple(_goal_status(outlook, goal) for goal in plan.goals)
    warnings = [*_unused(plan, observations), *_warnings(outlook, goals)]
    return Status(outlook, goals, len(outlook.figures), tuple(warnings))


def look_out(
    plan: Plan,
    observations: Sequence[Observed],
    *,
    as_of: int | None = None,
    threads: int | None = None,
    store: str | Path | None = None,
    progress: bool = True,
) -> Outlook:
    """Conditions the forecast of a plan on what was known; simulates anew around the plausible members where too few are."""
    known = _known(plan, observations)
    as_of = _as_of(plan, known) if as_of is None else as_of
    ensemble = forecast(plan, threads=threads, store=store, progress=progress)
    kernel = best_kernel(ensemble)
    first = outlook = look_out_from(ensemble, kernel, known, as_of)
    again: list[tuple[int, ...]] = []
    while outlook.effective < LEAST_EFFECTIVE and len(again) < ROUNDS and outlook.figures:
        again.append(plausible_points(ensemble, outlook.weights, AROUND))
        ensemble = forecast(plan, again, threads=threads, store=store, progress=progress)
        outlook = look_out_from(ensemble, kernel, known, as_of)
    # What was run for what is known now was not there to be believed before.
    return replace(outlook, steps=(*first.steps[:-1], *outlook.steps[-1:]), before=first.before)


def look_out_from(ensemble: Ensemble, kernel: Kernel, known: Sequence[Observed], as_of: int) -> Outlook:
    """Conditions a forecast on what was published by the end of a year, simulating nothing."""
    plan = ensemble.plan
    values = {Figure(plan.names.index(one.indicator), one.year): float(one.value or 0.0) for one in known}
    figures = [one for one in figures_known(plan, as_of, plan.horizon) if one in values]
    working = numpy.array([float(plan.indicators[plan.names[one.series]].working(values[one])) for one in figures])
    years = tuple(range(plan.since, as_of + 1))
    foreseen = [Figure(series, year) for series in range(len(plan.names)) for year in ensemble.years]
    together = [*figures, *foreseen]
    prepared = prepare(ensemble.at(together), ensemble.log_weights, together, len(figures), plan.blurs, kernel)
    before, *steps = condition(prepared, working[None, :], [0, *counts_known(plan, figures, years)])
    surprise = None
    if figures:
        draw = numpy.random.default_rng(_DRAW)
        chosen = draw.choice(len(prepared.positions), _DRAWN, p=before.weights[0])
        root = numpy.linalg.cholesky(prepared.covariance[: len(figures), : len(figures)])
        truths = prepared.positions[chosen, : len(figures)] + draw.standard_normal((_DRAWN, len(figures))) @ root.T
        (usual,) = condition(prepared, truths, [len(figures)])
        surprise = float((usual.evidence <= steps[-1].evidence[0]).mean())
    published = tuple(values[one] for one in figures)
    return Outlook(ensemble, kernel, as_of, tuple(figures), published, years, tuple(steps), before, surprise)


def _known(plan: Plan, observations: Sequence[Observed]) -> list[Observed]:
    """Gives the observations that are of the plan's indicators: a ledger may serve several plans."""
    found = []
    for one in observations:
        indicator = plan.indicators.get(one.indicator)
        if one.value is not None and indicator is not None and (one.region, one.unit) == (indicator.region, indicator.unit):
            found.append(one)
    return found


def _unused(plan: Plan, observations: Sequence[Observed]) -> list[str]:
    """Says which figures of the ledger are not of this plan, as after its file was edited."""
    reasons: dict[str, int] = {}
    for one in observations:
        indicator = plan.indicators.get(one.indicator)
        if one.value is None:
            continue
        if indicator is None:
            reason = f"the plan has no indicator {one.indicator}"
        elif one.region != indicator.region:
            reason = f"{one.indicator} is of {indicator.region}, not of {one.region}"
        elif one.unit != indicator.unit:
            reason = f"{one.indicator} is in '{indicator.unit}', not in '{one.unit}'"
        elif one.year < plan.since:
            reason = f"{plan.since} is the first year observed"
        else:
            continue
        reasons[reason] = reasons.get(reason, 0) + 1
    return [f"{count} figures of the ledger are not used: {reason}" for reason, count in reasons.items()]


def _as_of(plan: Plan, known: Sequence[Observed]) -> int:
    published = [math.ceil(one.year + plan.indicators[one.indicator].lag) for one in known]
    return max(published, default=plan.since - 1)


def _goal_status(outlook: Outlook, goal: Goal) -> GoalStatus:
    plan = outlook.plan
    indicator = plan.indicators[goal.indicator]
    course = course_of(rehearse(outlook.ensemble.own, goal, outlook.kernel))
    chances = [outlook.chance(goal, step) for step in outlook.steps]
    published = {
        int(one.year): value
        for one, value in zip(outlook.figures, outlook.published, strict=True)
        if plan.names[one.series] == goal.indicator
    }
    counts = counts_known(plan, outlook.figures, outlook.years)
    states = [course.state(chance) if count else TOO_EARLY for chance, count in zip(chances, counts, strict=True)]
    if outlook.strange:
        # What is believed of a truth that the forecast does not know is worth nothing.
        states[-1] = MISFIT
    state, since = _state_since(states, outlook.years)
    if outlook.as_of >= goal.year:
        state, since = NOT_PUBLISHED, goal.year
    final = published.get(goal.year)
    if final is not None:
        state = REACHED if _reaches(final, goal.target, goal.at_least) else MISSED
        since = math.ceil(goal.year + indicator.lag)
    chance = chances[-1] if chances else outlook.chance(goal, outlook.before)
    low, high = wilson(chance, outlook.effective)
    milestones = []
    for one in goal.milestones:
        likely = outlook.chance(goal, year=one.year, target=one.target)
        figure = published.get(one.year)
        what = "" if figure is None else (REACHED if _reaches(figure, one.target, goal.at_least) else MISSED)
        milestones.append(MilestoneStatus(one.year, one.target, likely, what))
    years = tuple(year for year in outlook.ensemble.years if year <= goal.year)
    series = Series(
        years,
        numpy.stack([outlook.band(goal.indicator, year, outlook.before) for year in years]),
        numpy.stack([outlook.band(goal.indicator, year) for year in years]),
        tuple(published.get(year) for year in years),
    )
    return GoalStatus(
        goal=goal, region=indicator.region, unit=indicator.unit, probability=chance, low=low, high=high,
        before=outlook.chance(goal, outlook.before), state=state, since=since, years=outlook.years, chances=tuple(chances),
        course=course, milestones=tuple(milestones), series=series, observed=final,
    )  # fmt: skip


def _state_since(states: Sequence[str], years: Sequence[int]) -> tuple[str, int | None]:
    """Gives the last state, and the first year of those in a row that have it."""
    if not states:
        return TOO_EARLY, None
    first = len(states) - 1
    while first and states[first - 1] == states[-1]:
        first -= 1
    return states[-1], years[first]


def _reaches(figure: float, target: float, at_least: bool) -> bool:
    return figure >= target if at_least else figure <= target


def _warnings(outlook: Outlook, goals: Sequence[GoalStatus]) -> list[str]:
    found = []
    if outlook.effective < LEAST_EFFECTIVE:
        also = ", also after simulating more at their points" if len(outlook.ensemble.rounds) > 1 else ""
        what = "what was observed leaves" if outlook.figures else "the forecast has"
        found.append(
            f"{what} {outlook.effective:.0f} effective members of {len(outlook.ensemble)}{also}: probabilities rest on few"
        )
    if outlook.strange:
        found.append(
            "the forecast does not fit what was observed: fewer than one in a hundred of its own futures look as strange. Look "
            "at the measures and their "
            "discrepancy before trusting probabilities"
        )
    for one in goals:
        if one.course.false_alarm is None:
            found.append(
                f"{one.goal.name}: too few of {one.course.truths} rehearsed truths reach it to measure false alarms; the bound "
                f"is one that none can pass more often than {100 * one.course.alarm:.0f} %"
            )
    return found
