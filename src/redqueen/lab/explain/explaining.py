"""Ask why a policy has its effect: walk the space of assumptions, learn the effect over it, and find where its sign holds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.errors import Faults, Refused
from redqueen.lab.asking import check_policy, check_region, check_stage
from redqueen.lab.compare import WINDOW, paired
from redqueen.lab.explain.boxes import SHUFFLES, Box, NoBox, find_box, find_leaf
from redqueen.lab.explain.flipping import Curve, Flip, Shares, curves, flips, shares_of_points, shares_of_space
from redqueen.lab.explain.indices import Indices, sobol_indices
from redqueen.lab.explain.screening import MORRIS, Screen, screened, walks
from redqueen.lab.explain.surrogate import REFITS, Surrogate, fit, refits
from redqueen.lab.intervals import LEVEL, student_quantile
from redqueen.lab.outcomes import RATIO, WORLD, Outcome, chosen
from redqueen.lab.run import THREADS, apart
from redqueen.lab.sampling import POINTS, Samples
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.change import SWITCH
from redqueen.progress import progress_bar

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.trial import Trial

__all__ = [
    "ENOUGH_EACH", "LEAST_EACH", "LEAST_POINTS", "WALKS", "Explanation", "Where", "explain", "explain_result", "least_points"
]

#: Walks of the screen, more than a claim's, since a surrogate is built on what they leave; and the most seeds that walk.
WALKS, WALK_SEEDS = 6, 8
#: Points for each assumption that varies, and in all, below which nothing is explained; and those that are usually enough
#: (ten each: Loeppky, Sacks and Welch 2009, Technometrics 51).
LEAST_EACH, LEAST_POINTS, ENOUGH_EACH = 4, 24, 10
PERCENT = 100.0

_DECLARED = {parameter.name: parameter for parameter in PARAMETERS}


@dataclass(frozen=True)
class Where:
    """Says where in the space the effect has one sign: the box found, or why there is none, and the leaf of a tree beside it.

    `agreement` is the share of points, of those in the box or the leaf, that lie in both (None where one is missing).
    """

    cases: int
    box: Box | NoBox
    leaf: Box | NoBox
    agreement: float | None


@dataclass(frozen=True)
class Explanation:
    """Holds why a policy has its effect on an outcome of a region, in `unit` (100 x log ratio where compared as a ratio).

    `mean` is that over points and seeds, with Student's interval over seeds. `names` are all assumptions that vary over `ranges`,
    `kept` those that the surrogate is of; `tried` gives the R2 out of sample with each set that was tried: those that matter in the
    `screen`, and all. `indices`, `curves` and `space` are None where the `surrogate` does not say anything. `raises` and `lowers`
    say where the mean over seeds is above and below zero. `values` [point, parameter] and `effects` [point], means over seeds, are
    the points used.
    """

    case: str
    trial: str
    policy: str
    to: str
    titles: Mapping[str, str]
    outcome: Outcome
    region: str
    stage: str | None
    window: tuple[int, int]
    years: tuple[float, float]
    unit: str
    names: tuple[str, ...]
    ranges: Mapping[str, tuple[float, float]]
    kept: tuple[str, ...]
    tried: Mapping[tuple[str, ...], float]
    method: str
    points: int
    left_out: int
    seeds: int
    mean: float
    mean_low: float
    mean_high: float
    shares: Shares
    screen: Screen | None
    surrogate: Surrogate
    indices: Indices | None
    curves: tuple[Curve, ...] | None
    space: Shares | None
    flips: tuple[Flip, ...]
    raises: Where
    lowers: Where
    values: numpy.ndarray = field(repr=False, compare=False)
    effects: numpy.ndarray = field(repr=False, compare=False)
    origin: Mapping[str, Any] = field(repr=False, compare=False, default_factory=dict)

    @property
    def order(self) -> tuple[str, ...]:
        """Gives the assumptions by falling total index, then by falling mu*."""
        totals = {} if self.indices is None else {one.name: one.total for one in self.indices.rows}
        weights = {} if self.screen is None else {one.name: one.mu_star or 0.0 for one in self.screen.assumptions}
        return tuple(sorted(self.names, key=lambda name: (-totals.get(name, -1.0), -weights.get(name, 0.0))))

    def shown(self, effect: float) -> float:
        """Puts an effect into the unit of the outcome's effects: 100 (exp(x / 100) - 1) where it is compared as a ratio."""
        return PERCENT * math.expm1(effect / PERCENT) if self.outcome.compared == RATIO else effect


def explain(
    trial: Trial,
    outcome: str,
    policy: str | None = None,
    to: str | None = None,
    *,
    region: str | None = None,
    stage: str | None = None,
    window: int | tuple[int, int] | None = None,
    world: str | None = None,
    screen: bool = True,
    result: Any = None,
    threads: int | None = None,
    store: str | Path | None = None,
    on: str = THREADS,
    progress: bool = True,
) -> Explanation:
    """Explains the effect of a policy in a trial over uncertain parameters; runs the trial, and walks through its space beside it.

    `policy` is the only one besides `to` unless named, `to` the trial's reference; `region`, `stage` and `window` are as for
    `paired`, `world` names one of several. The walks use the trial's first seeds, 8 at most; without `screen` none are run, and all
    parameters are kept. `result` gives what the trial gave (a dataset, or a function that is called once all that is asked was
    checked), where it has been run. `threads`, `store` and `on` are as for `Trial.run`. Needs SALib, SciPy and scikit-learn.
    """
    faults = Faults()
    there = _there_in_trial(trial, world, faults)
    asked = _checked(there, outcome, policy, to, region, stage, window, faults)
    if result is None:
        result = trial.run(threads, store=store, on=on, progress=progress)
    elif callable(result):
        result = result()
    walked = None
    if screen:
        assert trial.samples is not None
        sibling = trial.with_samples(walks(trial.samples.ranges, count=WALKS))
        sibling.name = f"{trial.name}_walks"
        sibling.seeds = trial.seeds[:WALK_SEEDS]
        walked = sibling.run(threads, store=store, on=on, progress=progress)
    results = [None if one is None else _of_world(one, there.world) for one in (result, walked)]
    assert results[0] is not None
    return _explained(results[0], asked, results[1], progress)


def explain_result(
    result: xarray.Dataset,
    outcome: str,
    policy: str | None = None,
    to: str | None = None,
    *,
    region: str | None = None,
    stage: str | None = None,
    window: int | tuple[int, int] | None = None,
    walked: xarray.Dataset | None = None,
    progress: bool = True,
) -> Explanation:
    """Explains the effect of a policy from the result of a trial, as `explain` does; `walked` is that of its walks, if any."""
    return _explained(result, _checked(_there_in(result), outcome, policy, to, region, stage, window, Faults()), walked, progress)


def least_points(parameters: int) -> int:
    """Gives how many points are needed to explain an effect over so many parameters."""
    return max(LEAST_POINTS, LEAST_EACH * parameters)


@dataclass(frozen=True)
class _There:
    """What a trial has, as far as it can be asked for."""

    world: str
    policies: Sequence[str]
    placebos: Sequence[str]
    reference: str
    regions: Sequence[str]
    region: str
    stages: Sequence[str]
    quarters: int
    variables: Sequence[str] | None
    samples: Samples | None


@dataclass(frozen=True)
class _Asked:
    """What is to be explained, checked."""

    outcome: Outcome
    policy: str
    to: str
    region: str
    stage: str | None
    window: tuple[int, int]
    samples: Samples


def _there_in_trial(trial: Trial, world: str | None, faults: Faults) -> _There:
    """Says what a world of the trial has; one that is not there is noted, and the first taken, so that other faults are found."""
    if world not in trial.worlds and (world is not None or len(trial.worlds) > 1):
        message = f"the trial has {len(trial.worlds)} worlds" if world is None else f"the trial has no world '{world}'"
        faults.add(message, field="world", remedy=f"name one of {', '.join(trial.worlds)}")
    label = world if world in trial.worlds else next(iter(trial.worlds))
    mine = trial.worlds[label]
    return _There(
        label, mine.policies, list(mine.placebos.values()), mine.reference, mine.world.regions, mine.region or "",
        mine.world.stages, mine.world.quarters, trial.variables, trial.samples,
    )


def _there_in(result: xarray.Dataset) -> _There:
    attributes = result.attrs
    samples = None
    if "assumption" in result.coords and "ranges" in attributes:
        ranges = {name: (float(low), float(high)) for name, (low, high) in json.loads(attributes["ranges"]).items()}
        samples = Samples(ranges, numpy.asarray(result["assumption"].values, dtype=float), str(attributes.get("sampling", POINTS)))
    return _There(
        str(attributes["case"]), [str(name) for name in result["policy"].values],
        list(json.loads(attributes.get("placebos", "{}")).values()),
        str(attributes["reference"]), [str(name) for name in result["region"].values], str(attributes.get("region") or ""),
        [str(name) for name in result["stage"].values] if "stage" in result.coords else [], result.sizes["quarter"],
        [str(name) for name in result.data_vars], samples,
    )


def _checked(
    there: _There, outcome: str, policy: str | None, to: str | None, region: str | None, stage: str | None,
    window: int | tuple[int, int] | None, faults: Faults,
) -> _Asked:
    """Refuses what the trial does not have, all of it at once with the `faults` noted before."""
    wanted = next(iter(chosen(outcome, faults=faults)), None)
    if wanted is not None and there.variables is not None:
        missing = [name for name in wanted.variables if name not in there.variables]
        if missing:
            faults.add(
                f"the trial does not record {', '.join(missing)}", field=wanted.name, remedy=f'add "{wanted.name}" to its outcomes'
            )
    to = there.reference if to is None else to
    others = [name for name in there.policies if name != to and name not in there.placebos]
    for field_name, name in (("policy", policy), ("to", to)):
        if name is not None:
            check_policy(name, there.policies, faults, field=field_name)
    if policy is None and len(others) != 1:
        faults.add(f"the trial has {len(others)} policies to explain", field="policy", remedy=f"name one of {', '.join(others)}")
    if policy is not None and policy == to:
        faults.add(f"'{policy}' is compared to itself", field="policy", remedy="name two different policies")
    region = region or there.region or (there.regions[0] if len(there.regions) == 1 else "")
    if region:
        check_region(region, there.regions, faults)
    else:
        faults.add("no region is named", field="region", remedy=f"it has {', '.join((*there.regions, WORLD))}")
    if wanted is not None and wanted.by_stage != (stage is not None):
        message = f"{outcome} is known by stage" if wanted.by_stage else f"{outcome} is not known by stage"
        faults.add(message, field="stage", remedy=f"name one of {', '.join(there.stages)}" if wanted.by_stage else "leave it out")
    elif stage is not None:
        check_stage(stage, there.stages, faults)
    first, end = _window(there, window, faults)
    _check_samples(there.samples, faults)
    faults.refuse_if_any(f"explain {outcome} in {there.world}")
    assert wanted is not None and there.samples is not None
    return _Asked(wanted, policy or others[0], to, region, stage, (first, end), there.samples)


def _window(there: _There, window: int | tuple[int, int] | None, faults: Faults) -> tuple[int, int]:
    asked = min(WINDOW, there.quarters) if window is None else window
    first, end = (there.quarters - asked, there.quarters) if isinstance(asked, int) else asked
    if not 0 <= first < end <= there.quarters:
        faults.add(f"there are no such quarters as {window}", field="window", remedy=f"give 1 to {there.quarters} last quarters")
    return first, end


def _check_samples(samples: Samples | None, faults: Faults) -> None:
    if samples is None:
        remedy = "say in the trial file what is [uncertain] and how many [samples] there are"
        message = "the trial is at one point of its assumptions: there is nothing to explain an effect by"
        faults.add(message, field="samples", remedy=remedy)
        return
    still = [name for place, name in enumerate(samples.names) if numpy.ptp(samples.points[:, place]) == 0]
    if still:
        message = f"{', '.join(still)} has the same value at every point"
        faults.add(message, field="uncertain", remedy="give a range, or fix it in [parameters]")
    varying = len(samples.names) - len(still)
    if len(samples) < least_points(varying):
        remedy = f"count = {least_points(varying)} at least, {max(least_points(varying), ENOUGH_EACH * varying)} are usually enough"
        faults.add(f"{len(samples)} points are too few for {varying} parameters", field="samples", remedy=remedy)


def _of_world(result: Any, world: str) -> xarray.Dataset:
    found = apart(result)
    return found[world] if world in found else next(iter(found.values()))


def _explained(result: xarray.Dataset, asked: _Asked, walked: xarray.Dataset | None, progress: bool) -> Explanation:
    samples = asked.samples
    switches = numpy.array([_DECLARED[name].unit == SWITCH for name in samples.names])
    values = _effects(result, asked)
    known = numpy.isfinite(values).sum(axis=1) >= max(1, -(-values.shape[1] // 2))
    if known.sum() < least_points(len(samples.names)):
        raise Refused.one(
            f"the effect is known at {int(known.sum())} of {len(known)} points only", field="samples",
            remedy=f"{least_points(len(samples.names))} are needed: the trial's coordinate failure says why members are missing",
        )
    values = values[known]
    screen = None
    if walked is not None:
        screen = screened(Samples(samples.ranges, walked["assumption"].values, MORRIS), _effects(walked, asked))
    sets = _sets(samples.names, screen)
    with progress_bar(2.0 + len(sets), f"explaining {asked.outcome.name}", show=progress) as advance:
        # What the walks do not see may still be there: it is left out only where the rest predicts as well without it.
        fitted = {names: fit(_columns(samples, names)[known], values, advance=advance) for names in sets}
        tried = {names: max(one.quality.compared.values()) for names, one in fitted.items()}
        kept = max(tried, key=lambda names: tried[names])
        surrogate, unit = fitted[kept], _columns(samples, kept)[known]
        places, ranges = [samples.names.index(name) for name in kept], {name: samples.ranges[name] for name in kept}
        indices = along = space = None
        if surrogate.says:
            again = list(refits(surrogate, unit, values, advance=lambda done: advance(done / REFITS)))
            indices = sobol_indices(surrogate, again, kept, switches[places])
            along = curves(surrogate, again, kept, numpy.array(list(ranges.values())), switches[places])
            space = shares_of_space(surrogate, again, switches[places])
        else:
            advance(1.0)
        means = numpy.nanmean(values, axis=1)
        signs = [_where(unit, sign, ranges, lambda done: advance(done / (2 * SHUFFLES))) for sign in (means > 0, means < 0)]
    mean_low, mean_high = _limits(numpy.nanmean(values, axis=0))
    first, end = asked.window
    times = result["time"].values
    return Explanation(
        case=str(result.attrs["case"]), trial=str(result.attrs.get("trial", "")), policy=asked.policy, to=asked.to,
        titles=json.loads(result.attrs.get("titles", "{}")), outcome=asked.outcome, region=asked.region, stage=asked.stage,
        window=asked.window, years=(float(times[first]), float(times[end - 1])), unit=_unit(asked.outcome),
        names=samples.names, ranges=dict(samples.ranges), kept=kept, tried=tried, method=samples.method,
        points=len(values), left_out=int((~known).sum()), seeds=values.shape[1], mean=float(means.mean()),
        mean_low=mean_low, mean_high=mean_high, shares=shares_of_points(values), screen=screen, surrogate=surrogate,
        indices=indices, curves=along, space=space, flips=flips(screen, along or ()), raises=signs[0], lowers=signs[1],
        values=samples.points[known], effects=means,
        origin={name: result.attrs[name] for name in ("redqueen", "command", "key") if name in result.attrs},
    )


def _effects(result: xarray.Dataset, asked: _Asked) -> numpy.ndarray:
    """Gives the paired effect [sample, seed] in the unit in which it is explained."""
    found = paired(
        result, asked.policy, asked.to, outcome=asked.outcome.name, region=asked.region, stage=asked.stage, window=asked.window
    )
    scale = PERCENT if asked.outcome.compared == RATIO or asked.outcome.unit == "share" else 1.0
    return scale * numpy.asarray(found.values, dtype=float)


def _unit(outcome: Outcome) -> str:
    return f"{outcome.effect_unit}, 100 x log ratio" if outcome.compared == RATIO else outcome.effect_unit


def _sets(names: Sequence[str], screen: Screen | None) -> list[tuple[str, ...]]:
    """Gives the sets of assumptions to learn from: those that matter beyond luck in the walks, where these are some, and all."""
    matter = set() if screen is None else {one.name for one in screen.assumptions if one.matters}
    some = tuple(name for name in names if name in matter)
    return [*([some] if 0 < len(some) < len(names) else []), tuple(names)]


def _columns(samples: Samples, names: Sequence[str]) -> numpy.ndarray:
    return samples.unit[:, [samples.names.index(name) for name in names]]


def _limits(by_seed: numpy.ndarray) -> tuple[float, float]:
    """Gives Student's interval of the mean over seeds; the mean itself with one."""
    mean = float(by_seed.mean())
    if by_seed.size < 2:
        return mean, mean
    half = student_quantile((1 + LEVEL) / 2, by_seed.size - 1) * float(by_seed.std(ddof=1)) / math.sqrt(by_seed.size)
    return mean - half, mean + half


def _where(unit: numpy.ndarray, cases: numpy.ndarray, ranges: Mapping[str, tuple[float, float]], advance: Any) -> Where:
    box, leaf = find_box(unit, cases, ranges, advance=advance), find_leaf(unit, cases, ranges)
    agreement = None
    if isinstance(box, Box) and isinstance(leaf, Box):
        first, second = (_holds(one, unit, ranges) for one in (box, leaf))
        agreement = float((first & second).sum() / max(1, (first | second).sum()))
    return Where(int(cases.sum()), box, leaf, agreement)


def _holds(box: Box, unit: numpy.ndarray, ranges: Mapping[str, tuple[float, float]]) -> numpy.ndarray:
    inside = numpy.ones(len(unit), dtype=bool)
    for one in box.restrictions:
        low, high = ranges[one.name]
        column = low + unit[:, list(ranges).index(one.name)] * (high - low)
        inside &= (one.low is None or column > one.low) & (one.high is None or column < one.high)
    return inside
