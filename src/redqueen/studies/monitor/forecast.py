"""The forecast of a plan: a trial of its policy over what is uncertain, measured as indicators are, year by year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from redqueen.errors import require
from redqueen.lab.branches import Origin
from redqueen.lab.conditioning import Figure, effective_size, resampled
from redqueen.lab.sampling import POINTS, Samples
from redqueen.lab.trial import Trial
from redqueen.studies.measuring import measured_in, variables_of_measures
from redqueen.studies.monitor.goals import Plan

__all__ = ["MEMBERS", "Ensemble", "Round", "forecast", "measured_members", "near", "runs_of", "years_of"]

#: Members of a forecast in which nothing but luck is uncertain.
MEMBERS = 120
#: Draw of the points that are laid around plausible ones.
DRAW = 1
#: Least width of a kernel around a plausible point, as a share of a parameter's range.
_NARROWEST = 0.02


@dataclass(frozen=True)
class Round:
    """Holds points of the uncertain parameters in the unit cube [point, parameter], and the mixture that they were drawn from.

    `centres` [centre, parameter] with `weights` and the `widths` of normal kernels, cut off at the ends of the ranges; None for
    points laid out evenly.
    """

    points: numpy.ndarray
    centres: numpy.ndarray | None = None
    weights: numpy.ndarray | None = None
    widths: numpy.ndarray | None = None

    def density(self, points: numpy.ndarray) -> numpy.ndarray:
        """Gives the density from which points would have been drawn here: [point]; 1 where they are laid out evenly."""
        if self.centres is None or self.weights is None or self.widths is None or points.shape[1] == 0:
            return numpy.ones(len(points))
        special = require("scipy.special", "monitor")
        inside = special.ndtr((1 - self.centres) / self.widths) - special.ndtr(-self.centres / self.widths)
        apart = (points[:, None, :] - self.centres[None]) / self.widths
        log_kernel = (-0.5 * apart**2 - 0.5 * math.log(2 * math.pi) - numpy.log(self.widths * inside)[None]).sum(axis=2)
        return numpy.exp(log_kernel) @ self.weights


@dataclass(frozen=True)
class Ensemble:
    """Holds a forecast: `values` [member, indicator, year] in the working scale of each indicator, in `years` as they follow.

    `log_weights` [member] put members that were drawn around plausible points back into proportion: log of the density that is
    believed (even over the ranges) over that of the mixture of all rounds (Owen and Zhou 2000; Cornuet et al. 2012). Minus infinity
    for a member that failed.
    """

    plan: Plan
    years: tuple[int, ...]
    values: numpy.ndarray
    log_weights: numpy.ndarray
    origins: tuple[Origin, ...]
    rounds: tuple[Round, ...]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def own(self) -> Ensemble:
        """Gives the forecast of the plan's own round alone, which knows of no observation."""
        count = len(self.rounds[0].points)
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
    plan: Plan, rounds: Sequence[Round] = (), *, threads: int | None = None, store: str | Path | None = None, progress: bool = True
) -> Ensemble:
    """Runs the forecast of a plan to its last goal, or reads it where it is kept; then whatever `rounds` add, and weighs them all.

    The first round is the plan's own. Every member has a luck of its own.
    """
    mine = [_first_round(plan), *rounds]
    values, origins = [], []
    for number, one in enumerate(mine):
        trial = _trial(plan, one, number)
        result = trial.run(threads, store=store, progress=progress)
        members = result.sel(policy=[plan.policy.name])
        failed = (members["failure"] != "").values.reshape(-1)
        members = members.drop_vars(("failure", "assumption"), errors="ignore")
        if "sample" in members.dims:
            members = members.isel(seed=0, drop=True).rename(sample="seed")
        found = measured_members(plan, members)
        found[failed] = numpy.nan
        values.append(found)
        origins += _origins(trial)
    together = numpy.concatenate(values)
    missing = numpy.isnan(together).all(axis=(1, 2))
    return Ensemble(
        plan, years_of(plan), together, numpy.where(missing, -numpy.inf, _log_weights(mine)), tuple(origins), tuple(mine)
    )


def years_of(plan: Plan) -> tuple[int, ...]:
    """Gives the years that a forecast is measured in: from the first observed to that of the last goal."""
    return tuple(range(plan.since, plan.horizon + 1))


def measured_members(plan: Plan, members: object, years: Sequence[int] | None = None) -> numpy.ndarray:
    """Measures every indicator in members of one policy, in some years (all of the forecast unless given): [member, indicator,
    year].
    """
    wanted = years_of(plan) if years is None else years
    return numpy.stack(
        [
            one.of_simulated(measured_in(one.measured, one.region, plan.case.world, members, wanted))
            for one in plan.indicators.values()
        ],
        axis=1,  # type: ignore[arg-type]
    )


def near(ensemble: Ensemble, weights: numpy.ndarray, count: int) -> Round:
    """Draws points around the plausible ones: normal kernels around members in proportion to their weights, each as wide as is
    usual.

    Widths are the weighted standard deviations times (4 / (n (d + 2)))^(1 / (d + 4)), n the effective size and d the number of
    parameters (Silverman 1986); drawn by inverting the normal distribution between the ends of the ranges.
    """
    points = _unit_points(ensemble)
    if points.shape[1] == 0:
        return Round(numpy.empty((count, 0)))
    special = require("scipy.special", "monitor")
    size, many = float(effective_size(weights)), points.shape[1]
    spread = numpy.sqrt(weights @ (points - weights @ points) ** 2)
    widths = numpy.maximum(spread * (4 / (max(size, 1.0) * (many + 2))) ** (1 / (many + 4)), _NARROWEST)
    draw = numpy.random.default_rng([DRAW, len(ensemble.rounds)])
    centres = points[resampled(weights, count)]
    low, high = special.ndtr(-centres / widths), special.ndtr((1 - centres) / widths)
    drawn = centres + widths * special.ndtri(low + draw.random(centres.shape) * (high - low))
    kept = weights > 0
    return Round(numpy.clip(drawn, 0.0, 1.0), points[kept], weights[kept], widths)


def _first_round(plan: Plan) -> Round:
    return Round(numpy.empty((MEMBERS, 0)) if plan.samples is None else plan.samples.unit)


def _trial(plan: Plan, one: Round, number: int) -> Trial:
    """Gives the trial of a round; each has luck of its own."""
    options = {
        "quarters": plan.quarter_after(plan.horizon),
        "region": plan.region,
        "reference": plan.policy.name,
        "name": plan.name,
    }
    variables = variables_of_measures(indicator.measured for indicator in plan.indicators.values())
    asked = {"policies": [plan.policy], "variables": variables, "own_luck": True, **options}
    if plan.samples is None:
        first = 1 + number * MEMBERS
        return Trial(plan.case, seeds=range(first, first + len(one.points)), **asked)  # type: ignore[arg-type]
    samples = plan.samples
    if number:
        low, high = numpy.array(list(samples.ranges.values()), dtype=float).T
        samples = Samples(samples.ranges, numpy.clip(low + one.points * (high - low), low, high), POINTS)
    return Trial(plan.case, seeds=[1 + number], samples=samples, **asked)  # type: ignore[arg-type]


def _origins(trial: Trial) -> list[Origin]:
    found = []
    for block in trial.blocks:
        job = trial.job(block)
        found.append(Origin(job.seed, job.parameters))
    return found


def _unit_points(ensemble: Ensemble) -> numpy.ndarray:
    return numpy.concatenate([one.points for one in ensemble.rounds])


def _log_weights(rounds: Sequence[Round]) -> numpy.ndarray:
    """Gives log(1 / density of the mixture of all rounds) of every point: the density that is believed is even, and 1."""
    points = numpy.concatenate([one.points for one in rounds])
    total = sum(len(one.points) for one in rounds)
    mixture = sum(len(one.points) / total * one.density(points) for one in rounds)
    return -numpy.log(mixture)
