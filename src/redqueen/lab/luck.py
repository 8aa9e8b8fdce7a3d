"""Measure what the shared luck is worth: how much of the variance of an effect it takes away, and until when.

Two worlds that share their luck differ by var(a - b) / n, two that do not by (var a + var b) / n, over n pairs of runs. The
ratio of the two is what pairing leaves: near 0 luck cancels, at 1 the two worlds might as well have had luck of their own,
above 1 they take turns. One paired seed is worth 1 / ratio unpaired ones.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.errors import Faults
from redqueen.lab.asking import check_level, check_policy, check_region, names_of
from redqueen.lab.compare import ROUNDING, WINDOW
from redqueen.lab.intervals import LEAST_SEEDS, LEVEL, NO_DIFFERENCE, paired_difference, student_quantile
from redqueen.lab.outcomes import RATIO, Outcome, chosen, measured, variables_of
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, step, use_instruments

if TYPE_CHECKING:
    import xarray

    from redqueen.model.state import State
    from redqueen.model.world import World

__all__ = ["HORIZONS", "Luck", "alone_from", "firms_in_both", "luck", "luck_of_all", "share_in_both", "worlds_side_by_side"]

#: Years from the start at which the shared luck is measured, unless asked otherwise, as far as the history lasts.
HORIZONS = (5, 10, 20, 30, 45)

SAME_DIFFERENCE = "the same difference in every seed"
NO_LUCK = "one of the two is the same in every seed: there is no luck to share"


@dataclass(frozen=True)
class Luck:
    """Holds the ratio of variances, paired over unpaired, of one outcome of one region (and stage) at one horizon.

    `horizon` is in years from the start, at the end of `window` = (first quarter, past the last). `ratio` is
    var(a - b) / (var a + var b) on the scale on which the outcome is compared, with its interval; `worth` is 1 / ratio: the
    unpaired seeds that one paired seed is worth. `differing` of the `seeds` have any difference. What is None is not defined:
    `reason` says why, or what is special.
    """

    policy: str
    to: str
    region: str
    outcome: str
    stage: str | None
    horizon: float
    window: tuple[int, int]
    ratio: float | None
    low: float | None
    high: float | None
    worth: float | None
    seeds: int
    differing: int
    reason: str | None = None


def luck(
    result: xarray.Dataset,
    policy: str,
    to: str | None = None,
    *,
    outcomes: str | Sequence[str] | None = None,
    regions: str | Sequence[str] | None = None,
    horizons: Sequence[float] | None = None,
    window: int = WINDOW,
    level: float = LEVEL,
) -> tuple[Luck, ...]:
    """Measures what the shared luck of two policies of a trial is worth, for every outcome, region and horizon.

    `horizons` are years from the start; outcomes are measured over the `window` quarters that end there (fewer where the
    history is younger). Outcomes are the headline ones, and regions all and the world, unless named; `to` is the trial's
    reference. Where assumptions were sampled, variances are those within points, pooled: sums of squares around the means of
    each point. Members that failed are left out with their pair. The interval is Student's, on the scale of Fisher's z, by a
    jackknife over seeds:

    z = atanh(1 - ratio),  pseudo-values n z - (n - 1) z(without a seed),  ratio = 1 - tanh(z +- t s / sqrt(n))

    Arvesen (1969), Annals of Mathematical Statistics 40, 2076-2100; Miller (1974), Biometrika 61, 1-15. Of 95 % intervals
    it covers 94-96 % for normal numbers and 91-94 % for skewed and heavy-tailed ones, at 10 to 60 seeds. All faults are refused
    at once.
    """
    faults = Faults()
    to = str(result.attrs["reference"]) if to is None else to
    asked_regions = [regions] if isinstance(regions, str) else regions
    for name in (policy, to):
        check_policy(name, names_of(result, "policy"), faults)
    for name in asked_regions or ():
        check_region(name, names_of(result, "region"), faults)
    wanted = _outcomes(result, outcomes, faults)
    years = _horizons(result, horizons, faults)
    if window < 1:
        faults.add(f"{window} quarters are too few", field="window", remedy="give 1 or more")
    check_level(level, faults)
    faults.refuse_if_any(f"shared luck of {policy} and {to}")
    needed = result[list(variables_of(wanted))].sel(policy=[policy, to])
    there = _there(result, policy, to)
    found = []
    for outcome in wanted:
        for horizon in years:
            end = round(QUARTERS_A_YEAR * horizon)
            span = max(0, end - window), end
            values = measured(needed, outcome, span)
            for region, stage, pair in _cells(values, outcome, asked_regions):
                first, second = (_by_point(pair.isel(policy=position)) for position in (0, 1))
                found.append(
                    Luck(policy, to, region, outcome.name, stage, horizon, span, **_measure(outcome, first, second, there, level))
                )
    return tuple(found)


def luck_of_all(result: xarray.Dataset, **options: Any) -> tuple[Luck, ...]:
    """Measures what the shared luck is worth for every policy of a trial against the reference; options as for `luck`."""
    to = str(result.attrs["reference"])
    placebos = json.loads(result.attrs.get("placebos", "{}")).values()
    names = [str(name) for name in result["policy"].values if str(name) != to and str(name) not in placebos]
    return tuple(row for name in names for row in luck(result, name, to, **options))


def alone_from(rows: Sequence[Luck]) -> float | None:
    """Gives the first horizon from which the interval of the ratio holds 1 at this and every later one; None where it never does.

    `rows` are those of one policy, region, outcome and stage. Horizons without an interval do not count. From there on these
    seeds cannot tell the pairs from strangers, which with few seeds comes early: read it beside the intervals.
    """
    known = sorted((row for row in rows if row.high is not None), key=lambda row: row.horizon)
    first = None
    for row in reversed(known):
        if row.low is None or row.high is None or not row.low <= 1 <= row.high:
            break
        first = row.horizon
    return first


def worlds_side_by_side(
    world: World,
    schedules: tuple[Schedule | None, Schedule | None],
    seeds: tuple[int, int],
    *,
    later: tuple[int, int] | None = None,
    parameters: dict[str, float] | None = None,
) -> Iterator[tuple[State, State]]:
    """Runs two worlds and gives both their states after every quarter of the history; they are the same objects every time.

    A schedule of None does nothing. With two equal seeds both start from one burn-in and share their luck; with two seeds they
    are strangers. `later` are the seeds of the history, where they are not those of the burn-in: two of them part the luck of
    worlds that start alike.
    """
    begun = {seed: burn_in(world, seed, parameters) for seed in dict.fromkeys(seeds)}
    states = tuple(begun[seed].copy() for seed in seeds)
    for state, seed in zip(states, later or seeds, strict=True):
        state.seed = seed
    plans = [schedule or Schedule.empty(world.quarters, len(world.regions)) for schedule in schedules]
    for quarter in range(world.quarters):
        for state, plan in zip(states, plans, strict=True):
            use_instruments(state, plan, quarter)
            step(state, None)
        yield states[0], states[1]


def firms_in_both(one: State, other: State) -> tuple[numpy.ndarray, ...]:
    """Counts firms by region: those that live in the one world, in the other, and in both by lineage; three int64 [region]."""
    regions = len(one.arrays["wage"])
    lineages = []
    for state in (one, other):
        alive = state.arrays["alive"] != 0
        place, identity = state.arrays["region_of"][alive], state.arrays["lineage"][alive]
        lineages.append([identity[place == region] for region in range(regions)])
    both = [numpy.intersect1d(mine, theirs, assume_unique=True).size for mine, theirs in zip(*lineages, strict=True)]
    return *(numpy.array([mine.size for mine in by_region]) for by_region in lineages), numpy.array(both)


def share_in_both(one: numpy.ndarray, other: numpy.ndarray, both: numpy.ndarray) -> numpy.ndarray:
    """Gives the share of firms that live in both worlds, 2 both / (one + other), NaN without: Dice (1945), Ecology 26, 297."""
    total = numpy.asarray(one + other, dtype=float)
    return numpy.divide(2.0 * both, total, out=numpy.full(total.shape, math.nan), where=total > 0)


def _measure(outcome: Outcome, first: numpy.ndarray, second: numpy.ndarray, there: numpy.ndarray, level: float) -> dict[str, Any]:
    """Measures the ratio of two arrays [sample, seed] where they are `there`; gives the fields of a row."""
    blank: dict[str, Any] = {"ratio": None, "low": None, "high": None, "worth": None, "differing": 0}
    if there.shape[1] != first.shape[1] or there.shape[0] != first.shape[0]:
        raise ValueError(f"{there.shape} members are there, {first.shape} were measured")
    blank["seeds"] = int(there.any(axis=0).sum())
    if not there.any():
        return blank | {"reason": "no pair of members is there"}
    wrong = there & ~(numpy.isfinite(first) & numpy.isfinite(second))
    if wrong.any():
        return blank | {"reason": f"nothing to divide by in {_counted(wrong)}"}
    if outcome.compared == RATIO:
        wrong = there & ~((first > 0) & (second > 0))
        if wrong.any():
            return blank | {"reason": f"zero or below in {_counted(wrong)}, so that it has no ratio"}
        first, second = (numpy.log(numpy.where(there, values, 1.0)) for values in (first, second))
    differs = there & (abs(first - second) > ROUNDING * numpy.maximum(1.0, abs(second)))
    blank["differing"] = int(differs.any(axis=0).sum())
    if blank["seeds"] < 2:
        return blank | {"reason": "one seed has no variance"}
    ratio = _ratio(first, second, there)
    if math.isnan(ratio):
        return blank | {"reason": "it is the same in every seed"}
    if 0.0 in (_spread(first, there), _spread(second, there)):
        return blank | {"ratio": 1.0, "worth": 1.0, "reason": NO_LUCK}
    if not differs.any():
        return blank | {"ratio": 0.0, "low": 0.0, "high": 0.0, "reason": NO_DIFFERENCE}
    # What rounding leaves of a variance is the square of what it leaves of a difference.
    if ratio < ROUNDING**2:
        return blank | {"ratio": 0.0, "low": 0.0, "high": 0.0, "reason": SAME_DIFFERENCE}
    blank |= {"ratio": ratio, "worth": 1.0 / ratio}
    if blank["seeds"] < LEAST_SEEDS or blank["differing"] < LEAST_SEEDS:
        all_differ = blank["differing"] == blank["seeds"]
        few = "too few seeds" if all_differ else f"only {blank['differing']} of {blank['seeds']} seeds differ"
        return blank | {"reason": f"{few}: no interval"}
    return blank | dict(zip(("low", "high"), _interval(first, second, there, ratio, level), strict=True)) | {"reason": None}


def _ratio(first: numpy.ndarray, second: numpy.ndarray, there: numpy.ndarray) -> float:
    """Gives the ratio of variances within points: members are taken around the mean of their point."""
    return paired_difference(*(_around_means(values, there)[there] for values in (first, second))).variance_ratio


def _interval(first: numpy.ndarray, second: numpy.ndarray, there: numpy.ndarray, ratio: float, level: float) -> tuple[float, float]:
    """Gives the limits of the ratio by a jackknife over seeds; the formula stands at `luck`."""
    count = int(there.any(axis=0).sum())
    apart = _squares_without(first, there) + _squares_without(second, there)
    without = numpy.divide(_squares_without(first - second, there), apart, out=numpy.ones_like(apart), where=apart > 0)
    # Of a ratio below what a double tells from 0, or above what it tells from 2, no z is left.
    whole, parts = (numpy.arctanh(numpy.clip(1.0 - values, -1 + 1e-15, 1 - 1e-15)) for values in (ratio, without))
    pseudo = count * whole - (count - 1) * parts
    half = student_quantile((1 + level) / 2, count - 1) * pseudo.std(ddof=1) / math.sqrt(count)
    return float(1 - math.tanh(whole + half)), float(1 - math.tanh(whole - half))


def _squares_without(values: numpy.ndarray, there: numpy.ndarray) -> numpy.ndarray:
    """Sums squares around the means of points with each seed left out: SS - n x^2 / (n - 1) of n members around their mean."""
    around, count = _around_means(values, there), there.sum(axis=1, keepdims=True)
    of_seed = (around**2 * count / numpy.maximum(count - 1, 1)).sum(axis=0)
    return numpy.maximum(0.0, (around**2).sum() - of_seed)[there.any(axis=0)]


def _spread(values: numpy.ndarray, there: numpy.ndarray) -> float:
    """Gives the largest distance of a member from the mean of its point, beyond rounding."""
    around = abs(_around_means(values, there)).max()
    return float(around) if around > ROUNDING * max(1.0, abs(values[there]).max()) else 0.0


def _around_means(values: numpy.ndarray, there: numpy.ndarray) -> numpy.ndarray:
    """Takes members around the mean of their point; zero where there is none."""
    mean = numpy.where(there, values, 0.0).sum(axis=1, keepdims=True) / numpy.maximum(there.sum(axis=1, keepdims=True), 1)
    return numpy.where(there, values - mean, 0.0)


def _there(result: xarray.Dataset, policy: str, to: str) -> numpy.ndarray:
    """Says which pairs of members did not fail, [sample, seed]."""
    sizes = result.sizes.get("sample", 1), result.sizes["seed"]
    if "failure" not in result.coords:
        return numpy.ones(sizes, dtype=bool)
    fine = _by_point((result["failure"].sel(policy=[policy, to]) == "").all("policy"))
    return fine.astype(bool)


def _by_point(values: xarray.DataArray) -> numpy.ndarray:
    """Gives the values of one policy, region and stage as an array [sample, seed], with one sample where none were drawn."""
    return values.transpose("sample", "seed").values if "sample" in values.dims else values.transpose("seed").values[None, :]


def _cells(
    values: xarray.DataArray, outcome: Outcome, regions: Sequence[str] | None
) -> Iterator[tuple[str, str | None, xarray.DataArray]]:
    for region in (str(name) for name in values["region"].values):
        # An outcome known for the world alone is shown whatever region is asked for.
        if regions is not None and region not in regions and not outcome.of_the_world:
            continue
        mine = values.sel(region=region)
        for stage in [str(name) for name in mine["stage"].values] if outcome.by_stage else [None]:
            yield region, stage, mine if stage is None else mine.sel(stage=stage)


def _counted(wrong: numpy.ndarray) -> str:
    pairs = wrong.any(axis=0)
    return "every seed" if pairs.all() else f"{int(pairs.sum())} of {pairs.size} seeds"


def _outcomes(result: xarray.Dataset, names: str | Sequence[str] | None, faults: Faults) -> tuple[Outcome, ...]:
    wanted = chosen(names, faults=faults)  # type: ignore[arg-type]
    if names is None:
        return tuple(one for one in wanted if one.headline and all(name in result for name in one.variables))
    for outcome in wanted:
        missing = [name for name in outcome.variables if name not in result]
        if missing:
            faults.add(f"the trial did not record {', '.join(missing)}", field=outcome.name, remedy="run it again with them")
    return wanted


def _horizons(result: xarray.Dataset, asked: Sequence[float] | None, faults: Faults) -> list[float]:
    """Gives the horizons in order: those asked for, or the usual ones that the history reaches and its end."""
    length = result.sizes["quarter"] / QUARTERS_A_YEAR
    if asked is None:
        return sorted({float(year) for year in HORIZONS if year < length} | {length})
    for year in asked:
        if not 0 < year <= length or round(QUARTERS_A_YEAR * year) < 1:
            faults.add(f"there is no year {year:g}", field="horizons", remedy=f"the trial lasts {length:g} years from its start")
    return sorted({float(year) for year in asked})
