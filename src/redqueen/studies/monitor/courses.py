"""When to call a plan on or off course: rehearsed on the forecast's own members, so that the rate of false alarms is known.

Every member takes its turn as the truth. Its figures are published with their errors, members that it has no part in are weighed by
them year by year, and the goal's probability that they give is set beside whether that truth reaches the goal. A plan is off course
where the probability falls so low that it seldom does where the goal is reached after all; on course where it rises so high that it
seldom does where the goal is missed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy

from redqueen.lab.conditioning import Figure, Kernel, condition, prepare, probability
from redqueen.studies.monitor.forecast import Ensemble
from redqueen.studies.monitor.goals import Goal, Plan

__all__ = [
    "ALARM",
    "FEWEST",
    "OFF_COURSE",
    "ON_COURSE",
    "PUBLISHED",
    "TOO_EARLY",
    "Bin",
    "Course",
    "Rehearsal",
    "Trust",
    "best_kernel",
    "bins_of",
    "course_of",
    "figures_known",
    "log_score",
    "rehearse",
    "rehearse_all",
]

TOO_EARLY, ON_COURSE, OFF_COURSE = "too early to say", "on course", "off course"
#: Rate of false alarms that is aimed at, in all the years that a goal is watched together.
ALARM = 0.1
#: Truths that reach a goal, or miss it, below which a rate is not measured.
FEWEST = 20
#: Parts of the members: those of one take their turn as the truth for those of all others.
_PARTS = 5
#: Times that each truth's figures are published, with errors of their own, and the draw of the errors.
PUBLISHED, _DRAW = 4, 7
#: Kernels that are tried; the one whose rehearsals score best is used.
_WIDTHS, _SHRINKAGES = (0.3, 0.5, 0.65, 0.8, 0.9), (0.1, 0.3)
#: What is more likely than not is never off course, nor what is less likely on course.
_MIDDLE = 0.5
# Variance added to figures that have none, as a share of the largest.
_LEAST = 1e-12
#: No probability is scored as surer than this.
_SUREST = 1e-4


@dataclass(frozen=True)
class Rehearsal:
    """Holds what the monitor would have said: `chances` [truth, year] of a goal at the end of each of `years`, and whether it was
    `reached` [truth].

    `prior` [truth] is what it said before any figure was known, `members` [truth] which member took its turn.
    """

    goal: Goal
    years: tuple[int, ...]
    chances: numpy.ndarray
    reached: numpy.ndarray
    prior: numpy.ndarray
    members: numpy.ndarray


@dataclass(frozen=True)
class Course:
    """Says below which probability a plan is off course, above which it is on course, and how often that was wrong in rehearsal.

    `false_alarm` is the share of truths that reach the goal of which it was ever said that they are off course, `false_comfort` the
    share of those that miss it of which it was ever said that they are on course: each measured on the half of the truths that did
    not set the bounds. `found` is the share of those that miss it that were called off course, `ahead` by how many years before the
    goal's date, the median. None where too few truths tell: the bound is then `alarm` times what was believed at first, which a
    probability that is right falls to with no greater chance where the goal is reached (Ville 1939).
    """

    below: float
    above: float
    alarm: float
    false_alarm: float | None
    false_comfort: float | None
    found: float | None
    ahead: float | None
    truths: int
    prior: float

    def state(self, chance: float) -> str:
        """Says what a probability amounts to."""
        return OFF_COURSE if chance <= self.below else ON_COURSE if chance >= self.above else TOO_EARLY


@dataclass(frozen=True)
class Bin:
    """Holds what came true of what was given about the same probability: how many times, the mean probability, and the share
    reached.
    """

    low: float
    high: float
    count: int
    said: float
    came: float


def figures_known(plan: Plan, year: int, last: int) -> list[Figure]:
    """Lists the figures of years up to `last` that are published by the end of a year, in the order in which they are.

    The figure of the year that an indicator is measured since tells nothing: it is the base.
    """
    found = [
        (then + plan.indicators[name].lag, then, series)
        for series, name in enumerate(plan.names)
        for then in range(plan.since, last + 1)
        if then + plan.indicators[name].lag <= year and then != plan.indicators[name].measured.since
    ]
    return [Figure(series, then) for _, then, series in sorted(found)]


def counts_known(plan: Plan, figures: Sequence[Figure], years: Sequence[int]) -> list[int]:
    """Counts how many of some figures are published by the end of each year."""
    return [sum(then + plan.indicators[plan.names[series]].lag <= year for series, then in figures) for year in years]


def rehearse(ensemble: Ensemble, goal: Goal, kernel: Kernel, published: int = PUBLISHED, draw: int = _DRAW) -> Rehearsal:
    """Rehearses a goal on every member of a forecast, with figures of all indicators in every year before the goal's, `published`
    times with other errors.
    """
    plan = ensemble.plan
    years = tuple(range(plan.since, goal.year))
    figures = figures_known(plan, goal.year - 1, goal.year - 1)
    counts = [0, *counts_known(plan, figures, years)]
    together = [*figures, Figure(plan.names.index(goal.indicator), goal.year)]
    there = numpy.isfinite(ensemble.log_weights)
    simulated, log_weights = ensemble.at(together)[there], ensemble.log_weights[there]
    whole = prepare(simulated, log_weights, together, len(figures), plan.blurs)
    errors = numpy.random.default_rng(draw).standard_normal((published, *simulated.shape))
    root = _root(whole.covariance)
    target = float(plan.indicators[goal.indicator].working(goal.target))
    part = numpy.arange(len(simulated)) % _PARTS
    reached, chances, members = [], [], []
    for one in range(min(_PARTS, len(simulated))):
        truths = (whole.positions[part == one][None] + errors[:, part == one] @ root.T).reshape(-1, len(together))
        others = prepare(simulated[part != one], log_weights[part != one], together, len(figures), plan.blurs, kernel)
        said = [
            (step.weights * probability(step.mean[:, :, 0], step.deviation[0], target, at_least=goal.at_least)).sum(axis=1)
            for step in condition(others, truths[:, :-1], counts)
        ]
        chances.append(numpy.stack(said, axis=1))
        members.append(numpy.tile(numpy.flatnonzero(part == one), published))
        reached.append(truths[:, -1] >= target if goal.at_least else truths[:, -1] <= target)
    given = numpy.concatenate(chances)
    return Rehearsal(goal, years, given[:, 1:], numpy.concatenate(reached), given[:, 0], numpy.concatenate(members))


class Trust(NamedTuple):
    """Holds how far the monitor of a plan is to be trusted: rehearsals and courses of its goals under the kernel used, and what
    weights alone would have said.

    `scores` are mean log scores by goal: of the monitor, of members weighed without a kernel, and of the share of truths that reach
    the goal.
    """

    ensemble: Ensemble
    kernel: Kernel
    rehearsals: tuple[Rehearsal, ...]
    courses: tuple[Course, ...]
    scores: tuple[tuple[float, float, float], ...]


def rehearse_all(ensemble: Ensemble) -> Trust:
    """Rehearses every goal of a plan on its own members."""
    kernel = best_kernel(ensemble)
    rehearsals = tuple(rehearse(ensemble, goal, kernel) for goal in ensemble.plan.goals)
    scores = []
    for one in rehearsals:
        share = float(numpy.clip(one.reached.mean(), _SUREST, 1 - _SUREST))
        known = -(share * math.log(share) + (1 - share) * math.log(1 - share))
        scores.append((log_score(one), log_score(rehearse(ensemble, one.goal, Kernel())), known))
    return Trust(ensemble, kernel, rehearsals, tuple(course_of(one) for one in rehearsals), tuple(scores))


def best_kernel(ensemble: Ensemble) -> Kernel:
    """Gives the kernel whose rehearsals score best over all goals: the mean log score of what would have been said every year."""
    kernels = [Kernel(width, shrinkage) for width in _WIDTHS for shrinkage in _SHRINKAGES]
    scores = [
        sum(log_score(rehearse(ensemble, goal, kernel, published=1, draw=_DRAW + 1)) for goal in ensemble.plan.goals)
        for kernel in kernels
    ]
    return kernels[int(numpy.argmin(scores))]


def log_score(rehearsal: Rehearsal) -> float:
    """Gives the mean of -log of the probability that was given to what came true; less is better (Good 1952)."""
    said = numpy.concatenate([rehearsal.prior[:, None], rehearsal.chances], axis=1)
    came = numpy.where(rehearsal.reached[:, None], said, 1 - said)
    return float(-numpy.log(numpy.clip(came, _SUREST, 1.0)).mean())


def bins_of(rehearsal: Rehearsal, count: int = 5) -> list[Bin]:
    """Sets what was said, in every year of every truth, beside what came: in `count` equal parts of 0 to 1."""
    said = rehearsal.chances.ravel()
    came = numpy.repeat(rehearsal.reached, len(rehearsal.years))
    place = numpy.minimum((said * count).astype(int), count - 1)
    return [
        Bin(
            one / count,
            (one + 1) / count,
            int((place == one).sum()),
            float(said[place == one].mean()),
            float(came[place == one].mean()),
        )
        for one in range(count)
        if (place == one).any()
    ]


def course_of(rehearsal: Rehearsal) -> Course:
    """Sets the bounds of a goal's course for the ALARM rate of false alarms, and measures the rates that they have."""
    reached, missed = rehearsal.chances[rehearsal.reached], rehearsal.chances[~rehearsal.reached]
    half = rehearsal.members % 2 == 0
    prior = float(rehearsal.prior.mean())
    below, false_alarm = _bound(reached.min(axis=1, initial=1.0), half[rehearsal.reached], ALARM, ALARM * prior)
    above, false_comfort = _bound(1 - missed.max(axis=1, initial=0.0), half[~rehearsal.reached], ALARM, ALARM * (1 - prior))
    above = 1 - above
    found = ahead = None
    if len(missed) >= FEWEST * PUBLISHED and rehearsal.years:
        called = missed <= below
        found = float(called.any(axis=1).mean())
        first = [rehearsal.goal.year - rehearsal.years[place] for place in called.argmax(axis=1)[called.any(axis=1)]]
        ahead = float(numpy.median(first)) if first else None
    return Course(below, above, ALARM, false_alarm, false_comfort, found, ahead, len(rehearsal.reached), prior)


def _bound(lowest: numpy.ndarray, half: numpy.ndarray, alarm: float, safe: float) -> tuple[float, float | None]:
    """Gives the largest bound, a half at most, that no more than a share `alarm` of truths ever fall to, and how many of the others
    do.

    The two halves are of different members: figures of one with other errors are no new truth.
    """
    if min(half.sum(), (~half).sum()) < FEWEST // 2 * PUBLISHED:
        return safe, None
    wrong = [float((lowest[~one] <= min(_quantile(lowest[one], alarm), _MIDDLE)).mean()) for one in (half, ~half)]
    return min(_quantile(lowest, alarm), _MIDDLE), sum(wrong) / 2


def _quantile(values: numpy.ndarray, alarm: float) -> float:
    """Gives the largest number at or below which lies at most a share of the values: just below the first that would pass it."""
    return float(numpy.nextafter(numpy.sort(values)[math.floor(alarm * len(values))], -numpy.inf))


def _root(matrix: numpy.ndarray) -> numpy.ndarray:
    """Gives the lower root of a covariance that may be singular, as that of a goal without any discrepancy is.

    A root by eigenvectors would do as well, but which it is differs between processors where eigenvalues are equal.
    """
    return numpy.linalg.cholesky(matrix + _LEAST * numpy.diag(matrix).max() * numpy.eye(len(matrix)))
