"""What may still come: plausible members go on from now, each with a luck of its own, under the plan and under whatever is tried
beside it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy

from redqueen.errors import Refused
from redqueen.lab.branches import Branch, Branches, Origin
from redqueen.lab.conditioning import Figure, Step, drawn_in, probability, resampled
from redqueen.lab.dataset import Recorder, dataset
from redqueen.lab.outcomes import BY_NAME
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.simulate import History
from redqueen.studies.measuring import variables_of_measures
from redqueen.studies.monitor.forecast import measured_members
from redqueen.studies.monitor.goals import Goal
from redqueen.studies.monitor.status import Outlook

__all__ = ["BUDGET", "Ahead", "Path"]

#: Most public cost, as a share of value added, where nobody named a budget.
BUDGET = 0.1

_SHARE = BY_NAME["public_cost_share"]


@dataclass(frozen=True)
class Path:
    """Holds what came of plausible members in one branch: `values` [future, indicator, year] in working scales, in the years ahead,
    and public `cost` [future].

    The cost is a share of the region's value added, from now to the last goal. `spent` [future] is what was spent since monitoring
    began over the value added still to come, and `past` [future] the value added since then over it.
    """

    values: numpy.ndarray
    cost: numpy.ndarray
    spent: numpy.ndarray
    past: numpy.ndarray


class Ahead:
    """Holds `count` plausible futures: members drawn in proportion to their weights, each going on with a luck of its own.

    `misled` draws them as if nothing had been observed. `draw` tells apart futures that share nothing but the plan.
    """

    def __init__(
        self,
        outlook: Outlook,
        count: int,
        *,
        draw: int = 0,
        misled: bool = False,
        threads: int = 1,
        advance: Callable[[float], None] = lambda quarters: None,
    ):
        plan = outlook.plan
        if outlook.as_of >= plan.horizon:
            raise Refused.one(
                f"all goals are past: the last was for {plan.horizon}, and figures are known to the end of {outlook.as_of}",
                field="goal",
            )
        self.outlook, self.plan = outlook, plan
        self.step: Step = outlook.before if misled else outlook.now
        self.years = tuple(range(max(outlook.as_of + 1, plan.since), plan.horizon + 1))
        there = numpy.flatnonzero(numpy.isfinite(outlook.ensemble.log_weights))
        #: Positions of the members among those that did not fail, and in the ensemble.
        self.drawn = resampled(self.step.weights[0], count)
        self.members = there[self.drawn]
        until = plan.quarter_after(plan.horizon)
        origins = [self._origin(int(member), slot, draw, misled) for slot, member in enumerate(self.members)]
        self.branches = Branches(
            plan.case.world, plan.laid_out, origins, now=outlook.quarter, until=until, threads=threads, advance=advance
        )
        self._world = replace(plan.case.world, quarters=until)
        self._base: Path | None = None

    @property
    def base(self) -> Path:
        """Gives what comes of the plan alone."""
        if self._base is None:
            (self._base,) = self.run(Branch())
        return self._base

    def left(self, budget: float | None) -> float:
        """Gives what is left of a budget (`BUDGET` where None): a share of value added from the start of monitoring to the last
        goal, as one of that still to come.
        """
        share = BUDGET if budget is None else budget
        return max(0.0, share * (1 + float(self.base.past.mean())) - float(self.base.spent.mean()))

    def run(self, *branches: Branch) -> list[Path]:
        """Gives what comes of each branch."""
        return [self._measured(histories) for histories in self.branches.run(*branches)]

    def mean(self, path: Path, indicator: str, year: int) -> tuple[numpy.ndarray, float]:
        """Gives what is believed of a figure in each future of a branch, [future], and the deviation around it, in the working
        scale.

        The member's own, moved by what its new luck under the plan adds, as much as members are drawn in, and by all that the
        branch adds to that. A figure of a year that is past but not yet published is the member's own.
        """
        series, place = self.plan.names.index(indicator), self.outlook.place(indicator, year)
        mean, deviation = self.step.mean[0, self.drawn, place], float(self.step.deviation[place])
        if year not in self.years:
            return mean, deviation
        everyone = self.outlook.ensemble.at([Figure(series, year)])[numpy.isfinite(self.outlook.ensemble.log_weights), 0]
        base, here = (one.values[:, series, self.years.index(year)] for one in (self.base, path))
        # As members themselves are: see `conditioning.prepare`.
        luck = drawn_in(numpy.concatenate([everyone, base]))[len(everyone) :] - drawn_in(everyone)[self.drawn]
        return mean + math.sqrt(1 - self.outlook.kernel.width**2) * luck + _difference(here, base), deviation

    def effect(self, path: Path, indicator: str, year: int) -> float:
        """Gives the median change of a figure in a branch: in % where it is worked with as a ratio, else in its unit."""
        series, declared = self.plan.names.index(indicator), self.plan.indicators[indicator]
        place = self.years.index(year)
        middle = float(numpy.median(_difference(path.values[:, series, place], self.base.values[:, series, place])))
        return 100 * math.expm1(middle) if declared.relative else float(declared.figures(middle))

    def chances(self, path: Path, goal: Goal) -> numpy.ndarray:
        """Gives a goal's probability in each future of a branch: [future]."""
        mean, deviation = self.mean(path, goal.indicator, goal.year)
        return probability(
            mean, deviation, float(self.plan.indicators[goal.indicator].working(goal.target)), at_least=goal.at_least
        )

    def _origin(self, member: int, slot: int, draw: int, misled: bool) -> Origin:
        own = self.outlook.ensemble.origins[member]
        words = f"{own.seed} {self.outlook.quarter} {slot} {draw} {misled}"
        return own._replace(luck=int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]) >> 1)

    def _measured(self, histories: Sequence[History]) -> Path:
        needed = dict.fromkeys((*variables_of_measures(one.measured for one in self.plan.indicators.values()), *_SHARE.variables))
        began = min(self.outlook.quarter, max(0, self.plan.quarter_after(self.plan.since) - QUARTERS_A_YEAR))
        recorder = Recorder(1, 1, len(histories), tuple(needed))
        for place, history in enumerate(histories):
            recorder.keep((0, 0, place), history)
        result = dataset(recorder, self._world, ["plan"], range(len(histories)), {}).drop_vars("failure")
        mine = result[[*_SHARE.variables]].sel(region=self.plan.region).isel(policy=0)
        cost, added = (mine[name].transpose("seed", "quarter").values for name in _SHARE.variables)
        ahead = added[:, self.outlook.quarter :].sum(axis=1)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            parts = (
                cost[:, self.outlook.quarter :].sum(axis=1) / ahead,
                cost[:, began : self.outlook.quarter].sum(axis=1) / ahead,
                added[:, began : self.outlook.quarter].sum(axis=1) / ahead,
            )
        return Path(
            measured_members(self.plan, result, self.years), *(numpy.where(numpy.isfinite(part), part, 0.0) for part in parts)
        )


def _difference(here: numpy.ndarray, base: numpy.ndarray) -> numpy.ndarray:
    """Gives what a branch adds to each future; what has no logarithm counts as half of the least that has one."""
    finite = numpy.concatenate([here[numpy.isfinite(here)], base[numpy.isfinite(base)]])
    least = (finite.min() if finite.size else 0.0) - math.log(2)
    return numpy.where(numpy.isfinite(here), here, least) - numpy.where(numpy.isfinite(base), base, least)
