"""The forecast of a plan: a trial of its policy over what is uncertain, measured as indicators are, year by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from redqueen.errors import Refused
from redqueen.lab.branches import Origin
from redqueen.lab.conditioning import Figure, resampled
from redqueen.lab.sampling import POINTS, Samples
from redqueen.lab.trial import Trial
from redqueen.studies.measuring import NotRunError, measured_in, variables_of_measures
from redqueen.studies.monitor.goals import Plan

__all__ = ["MEMBERS", "Ensemble", "forecast", "measured_members", "plausible_points", "runs_of", "years_of"]

#: Members of a forecast in which nothing but luck is uncertain.
MEMBERS = 120


@dataclass(frozen=True)
class Ensemble:
    """Holds a forecast: `values` [member, indicator, year] in the working scale of each indicator, in `years` as they follow.

    `rounds` say which points, by position, the members of each round stand at; the first has every point once. Members at one point
    share its weight: `log_weights` [member], minus infinity for a member that failed or has no value.
    """

    plan: Plan
    years: tuple[int, ...]
    values: numpy.ndarray
    log_weights: numpy.ndarray
    origins: tuple[Origin, ...]
    rounds: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def own(self) -> Ensemble:
        """Gives the forecast of the plan's own round alone, which knows of no observation."""
        count = len(self.rounds[0])
        even = numpy.where(numpy.isneginf(self.log_weights[:count]), -numpy.inf, 0.0)
        return Ensemble(self.plan, self.years, self.values[:count], even, self.origins[:count], self.rounds[:1])

    def at(self, figures: Sequence[Figure]) -> numpy.ndarray:
        """Gives what members say of figures: [member, figure]."""
        if not figures:
            return numpy.empty((len(self), 0))
        return numpy.stack([self.values[:, series, self.years.index(int(year))] for series, year in figures], axis=1)


def runs_of(plan: Plan) -> str:
    """Names the folder in which the runs of a plan are kept: beside its file."""
    return str(Path(plan.file).with_suffix("")) + "_runs"


def forecast(
    plan: Plan,
    again: Sequence[Sequence[int]] = (),
    *,
    threads: int | None = None,
    store: str | Path | None = None,
    progress: bool = True,
) -> Ensemble:
    """Runs the forecast of a plan to its last goal, or reads it where it is kept, and then the points named `again`, round by
    round.

    Every member has a luck of its own.
    """
    count = MEMBERS if plan.samples is None else len(plan.samples)
    rounds = [tuple(range(count)), *(tuple(one) for one in again)]
    values, origins = [], []
    for number, points in enumerate(rounds):
        trial = _trial(plan, points, number)
        result = trial.run(threads, store=store, progress=progress)
        members = result.sel(policy=[plan.policy.name])
        failed = (members["failure"] != "").values.reshape(-1)
        members = members.drop_vars(("failure", "assumption"), errors="ignore")
        if "sample" in members.dims:
            members = members.isel(seed=0, drop=True).rename(sample="seed")
        found = measured_members(plan, members)
        found[failed] = numpy.nan
        values.append(found)
        origins += [Origin(job.seed, job.parameters) for job in map(trial.job, trial.blocks)]
    together = numpy.concatenate(values)
    missing = numpy.isnan(together).any(axis=(1, 2))
    if missing.all():
        reason = "no member has a value of every indicator in every year"
        raise Refused.one(reason, file=plan.file, field="indicator", remedy="look at how they are measured")
    weights = numpy.where(missing, -numpy.inf, _log_weights(plan, rounds))
    return Ensemble(plan, years_of(plan), together, weights, tuple(origins), tuple(rounds))


def years_of(plan: Plan) -> tuple[int, ...]:
    """Gives the years that a forecast is measured in: from the first observed to that of the last goal."""
    return tuple(range(plan.since, plan.horizon + 1))


def measured_members(plan: Plan, members: Any, years: Sequence[int] | None = None) -> numpy.ndarray:
    """Measures every indicator in members of one policy, in some years (all of the forecast unless given) and in working scales.

    [member, indicator, year].
    """
    wanted = years_of(plan) if years is None else years
    found = []
    for one in plan.indicators.values():
        try:
            values = measured_in(one.measured, one.region, plan.case.world, members, wanted)
        except NotRunError as outside:
            raise Refused.one(f"{one.name} cannot be measured: {outside}", file=plan.file, field=f"indicator.{one.name}") from None
        found.append(one.of_simulated(values))
    return numpy.stack(found, axis=1)


def plausible_points(ensemble: Ensemble, weights: numpy.ndarray, count: int) -> tuple[int, ...]:
    """Draws points in proportion to what their members weigh, to be run again under other luck."""
    points = numpy.concatenate([numpy.array(one) for one in ensemble.rounds])
    return tuple(resampled(numpy.bincount(points, weights), count).tolist())


def _trial(plan: Plan, points: Sequence[int], number: int) -> Trial:
    """Gives the trial of a round; each has luck of its own."""
    options: dict[str, Any] = {
        "policies": [plan.policy],
        "reference": plan.policy.name,
        "region": plan.region,
        "quarters": plan.quarter_after(plan.horizon),
        "variables": variables_of_measures(indicator.measured for indicator in plan.indicators.values()),
        "own_luck": True,
        "name": plan.name,
    }
    if plan.samples is None:
        first = 1 + number * MEMBERS
        return Trial(plan.case, seeds=range(first, first + len(points)), **options)
    samples = plan.samples
    if number:
        samples = Samples(samples.ranges, samples.points[list(points)], POINTS)
    return Trial(plan.case, seeds=[1 + number], samples=samples, **options)


def _log_weights(plan: Plan, rounds: Sequence[Sequence[int]]) -> numpy.ndarray:
    """Gives each member its part of its point's weight; where nothing but luck is uncertain, all are equal draws."""
    points = numpy.concatenate([numpy.array(one) for one in rounds])
    return numpy.zeros(len(points)) if plan.samples is None else -numpy.log(numpy.bincount(points)[points])
