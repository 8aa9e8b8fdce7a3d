"""Compare two policies of a trial, seed by seed: the same luck in both worlds, so that their difference is the policy."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from redqueen.errors import Faults, Refused, nearest
from redqueen.lab.asking import check_level, check_policy, check_region, names_of
from redqueen.lab.intervals import LEVEL, NOT_DEFINED, paired_difference, verdict
from redqueen.lab.outcomes import RATIO, Outcome, chosen, measured, shown, variables_of

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas
    import xarray

#: Quarters at the end of the history over which outcomes are measured, unless asked otherwise: five years.
WINDOW = 20


#: Relative differences up to this are no difference: sums of money taken in another order leave as much.
ROUNDING = 1e-9

#: Keys of what a policy does beyond its placebo, in rows that have one.
BEYOND = ("beyond", "beyond_low", "beyond_high", "beyond_verdict")


@dataclass(frozen=True)
class Row:
    """Holds the effect of a policy on one outcome of one region (and stage).

    `effect`, `low` and `high` are in `unit`: for a ratio 100 (exp(x) - 1) of the mean log ratio and of its limits.
    They are None where not defined, with the `reason`. `level_policy` and `level_reference` are means over members in
    the outcome's own unit. `variance_ratio` is var(a - b) / (var a + var b) on the scale compared: below 1, the shared luck helps.
    `seeds` have both members; where the trial is sampled, `samples` points have such seeds, and their means are what varies.
    """

    policy: str
    region: str
    outcome: str
    stage: str | None
    effect: float | None
    low: float | None
    high: float | None
    unit: str
    seeds: int
    verdict: str
    reason: str | None
    variance_ratio: float | None
    level_policy: float | None
    level_reference: float | None
    samples: int | None = None


@dataclass(frozen=True)
class Effect:
    """Holds the effects of one policy against another on every outcome and region asked for.

    `beyond` compares the policy to its placebo, where the trial has one: what it does beyond its money, in the same rows.
    """

    policy: str
    to: str
    case: str
    window: tuple[int, int]
    level: float
    seeds: int
    rows: tuple[Row, ...]
    result: xarray.Dataset = field(repr=False, compare=False)
    beyond: Effect | None = None

    def row(self, outcome: str, region: str, stage: str | None = None) -> Row:
        """Gives one row, or refuses an outcome, region or stage that was not compared."""
        for row in self.rows:
            if (row.outcome, row.region, row.stage) == (outcome, region, stage):
                return row
        faults = Faults()
        for asked, word in ((outcome, "outcome"), (region, "region"), (stage, "stage")):
            known = list(dict.fromkeys(getattr(row, word) for row in self.rows if getattr(row, word)))
            if asked is not None and asked not in known:
                faults.add(
                    f"'{asked}' was not compared", field=word, remedy=nearest(asked, known) or f"known: {', '.join(known)}"
                )
        if not faults:
            faults.add(f"there is no {outcome} of {region}{f' in {stage}' if stage else ''}", field="outcome")
        faults.refuse_if_any()
        raise AssertionError("unreachable")

    def table(self, outcome: str | None = None, by: str = "region", region: str | None = None) -> pandas.DataFrame:
        """Tabulates effects as a pandas frame indexed by "region", "outcome" or "stage".

        `outcome` and `region` keep only their rows; columns are effect, low, high, unit, verdict, seeds and reason, and
        where there is a placebo the same of the effect beyond it: beyond, beyond_low, beyond_high, beyond_verdict.
        """
        import pandas

        faults = Faults()
        for asked, word in ((outcome, "outcome"), (region, "region")):
            known = list(dict.fromkeys(getattr(row, word) for row in self.rows))
            if asked is not None and asked not in known:
                faults.add(
                    f"'{asked}' was not compared", field=word, remedy=nearest(asked, known) or f"known: {', '.join(known)}"
                )
        if by not in ("region", "outcome", "stage"):
            faults.add(f"a table by '{by}' is not known", field="by", remedy="region, outcome or stage")
        faults.refuse_if_any()
        rows = [row for row in self.to_json_rows() if outcome in (None, row["outcome"]) and region in (None, row["region"])]
        keys = [
            by,
            *(word for word in ("outcome", "region", "stage") if word != by and len({row[word] for row in rows}) > 1),
        ]
        columns = [*keys, "effect", "low", "high", "unit", "verdict", "seeds", "reason", *(BEYOND if self.beyond else ())]
        frame = pandas.DataFrame([[row[name] for name in columns] for row in rows], columns=columns)
        return frame.set_index(keys if len(keys) > 1 else by)

    def plot(self, outcome: str, region: str | None = None) -> matplotlib.figure.Figure:
        """Draws the futures of an outcome under this policy and under the one that it is compared to."""
        # The drawing lives a layer above; this doorway is for notebooks and loads it only when asked.
        from redqueen.report.figures import fan

        return fan(self.result, outcome, region=region, policies=[self.policy], reference=self.to)

    def to_json_rows(self) -> list[dict[str, object]]:
        """Gives the rows as plain dictionaries without NaN, ready for JSON; with the effects beyond the placebo where there is one.
        """
        rows: list[dict[str, object]] = [dict(vars(row)) for row in self.rows]
        for row, more in zip(rows, self.beyond.rows if self.beyond else (), strict=False):
            row |= zip(BEYOND, (more.effect, more.low, more.high, more.verdict), strict=True)
        return rows


def compare(
    result: xarray.Dataset,
    policy: str,
    to: str | None = None,
    *,
    outcomes: str | Sequence[str] | None = None,
    regions: str | Sequence[str] | None = None,
    window: int | tuple[int, int] | None = None,
    level: float = LEVEL,
) -> Effect:
    """Compares a policy of a trial to another, paired by seed.

    `to` is the trial's reference unless named. `outcomes` are names of lab/outcomes.py (all that are not by stage
    unless named); `regions` may include "world", the sum of regions. `window` is the number of last quarters
    (20, or all there are, unless given), or (first, past the last). Each effect has the Student interval of the paired differences
    at `level`. Where the trial has a placebo of the policy, `Effect.beyond` compares them.

    >>> import redqueen as rq
    >>> trial = rq.Trial("recipes", policies=["free_markets"], seeds=2, quarters=8)
    >>> effect = rq.compare(trial.run(threads=1, progress=False), "free_markets", window=4)
    >>> [row.seeds for row in effect.rows][:1]
    [2]
    """
    to = str(result.attrs["reference"]) if to is None else to
    asked = _checked(result, (policy, to), to, outcomes, regions, window, level)
    return _effect(result, policy, to, asked, _measure(result, asked, (policy, to, *_placebos(result, policy))))


def paired(
    result: xarray.Dataset,
    policy: str,
    to: str | None = None,
    *,
    outcome: str,
    region: str,
    stage: str | None = None,
    window: int | tuple[int, int] | None = None,
) -> xarray.DataArray:
    """Measures the effect of a policy in every pair of members: [sample, seed], on the scale on which the outcome is compared.

    ln(a / b) where it is compared as a ratio, a - b otherwise, a under `policy`, b under `to`; NaN where a member is missing or
    there is no ratio. A trial that was not sampled has one sample, 0. Options as for `compare`; unknown names are refused.
    """
    import xarray

    faults = Faults()
    to = str(result.attrs["reference"]) if to is None else to
    for name in (policy, to):
        check_policy(name, names_of(result, "policy"), faults)
    wanted = _recorded(result, outcome, faults)
    span = _window(result, window, faults)
    check_region(region, names_of(result, "region"), faults)
    stages = [str(name) for name in result["stage"].values]
    if wanted and (stage is not None) != wanted[0].by_stage:
        message = f"{outcome} is known by stage" if wanted[0].by_stage else f"{outcome} is not known by stage"
        faults.add(message, field="stage", remedy=f"name one of {', '.join(stages)}" if wanted[0].by_stage else "leave it out")
    elif stage is not None and stage not in stages:
        faults.add(
            f"'{stage}' is not a stage of the trial", field="stage", remedy=nearest(stage, stages) or f"it has {', '.join(stages)}"
        )
    faults.refuse_if_any(f"compare {policy} to {to}")
    known = _measure(result, _Asked(wanted, None, span, LEVEL), (policy, to))
    regions = known.outcomes[outcome].regions
    if region not in regions:
        raise Refused.one(f"{outcome} is not known for {region}", field="region", remedy=f"it is for {', '.join(regions)}")
    first, second, there = _pair(known, wanted[0], policy, to, region, stage)
    if wanted[0].compared == RATIO:
        first, second = (numpy.log(side, where=side > 0, out=numpy.full_like(side, numpy.nan)) for side in (first, second))
    samples = result["sample"].values if "sample" in result.sizes else [0]
    labels = {"sample": samples, "seed": result["seed"].values}
    return xarray.DataArray(numpy.where(there, first - second, numpy.nan), labels, ("sample", "seed"))


def compare_all(
    result: xarray.Dataset,
    to: str | None = None,
    *,
    outcomes: str | Sequence[str] | None = None,
    regions: str | Sequence[str] | None = None,
    window: int | tuple[int, int] | None = None,
    level: float = LEVEL,
) -> list[Effect]:
    """Compares every policy of a trial, placebos among them, to the reference (or `to`); options as for `compare`."""
    to = str(result.attrs["reference"]) if to is None else to
    names = [str(name) for name in result["policy"].values]
    asked = _checked(result, (to,), to, outcomes, regions, window, level)
    known = _measure(result, asked, tuple(dict.fromkeys((to, *names))))
    return [_effect(result, name, to, asked, known) for name in names if name != to]


class _Asked(NamedTuple):
    """What is compared: outcomes, regions (None: all), quarters (first, past the last), coverage."""

    outcomes: tuple[Outcome, ...]
    regions: Sequence[str] | None
    span: tuple[int, int]
    level: float


class _Measured(NamedTuple):
    """An outcome over the window: values [policy, sample, seed, region, stage]; a single stage None where it is not by stage."""

    values: numpy.ndarray
    regions: list[str]
    stages: list[str | None]


class _Known(NamedTuple):
    """What was measured under some policies, and which of their members are there [policy, sample, seed]."""

    policies: tuple[str, ...]
    there: numpy.ndarray
    seeds: list[int]
    outcomes: dict[str, _Measured]


def _checked(
    result: xarray.Dataset, policies: Sequence[str], to: str, outcomes: Any, regions: Any, window: Any, level: float
) -> _Asked:
    faults = Faults()
    for name in policies:
        check_policy(name, names_of(result, "policy"), faults)
    wanted = _recorded(result, outcomes, faults)
    span = _window(result, window, faults)
    check_level(level, faults)
    regions = [regions] if isinstance(regions, str) else regions
    for name in regions or ():
        check_region(name, names_of(result, "region"), faults)
    faults.refuse_if_any(f"compare {policies[0]} to {to}")
    return _Asked(wanted, regions, span, level)


def _placebos(result: xarray.Dataset, policy: str) -> list[str]:
    """Names the placebo of a policy, where it has one."""
    known = json.loads(result.attrs.get("placebos", "{}"))
    return [known[policy]] if policy in known else []


def _measure(result: xarray.Dataset, asked: _Asked, policies: tuple[str, ...]) -> _Known:
    """Measures outcomes under some policies, each once."""
    policies = tuple(dict.fromkeys(policies))
    needed = result[list(variables_of(asked.outcomes))].sel(policy=list(policies))
    if "sample" not in needed.dims:
        needed = needed.expand_dims(sample=[0])
    members = tuple(needed.sizes[name] for name in ("policy", "sample", "seed"))
    there = numpy.ones(members, dtype=bool)
    if "failure" in needed.coords:
        # A failure of a trial that was not sampled has no dimension of its own for samples.
        there[:] = (needed["failure"] == "").values.reshape(members)
    needed = needed.drop_vars(("failure", "assumption"), errors="ignore")
    found = {}
    for outcome in asked.outcomes:
        values = measured(needed, outcome, asked.span)
        if not outcome.by_stage:
            values = values.expand_dims(stage=[""])
        array = numpy.asarray(values.transpose("policy", "sample", "seed", "region", "stage").values, dtype=float)
        stages = [str(name) or None for name in values["stage"].values]
        found[outcome.name] = _Measured(array, [str(name) for name in values["region"].values], stages)
    return _Known(policies, there, [int(seed) for seed in result["seed"].values], found)


def _effect(result: xarray.Dataset, policy: str, to: str, asked: _Asked, known: _Known) -> Effect:
    rows = [
        _row(outcome, policy, to, region, stage, asked.level, known)
        for outcome in asked.outcomes
        for region in known.outcomes[outcome.name].regions
        if asked.regions is None or region in asked.regions
        for stage in known.outcomes[outcome.name].stages
    ]
    placebo = _placebos(result, policy)
    beyond = _effect(result, policy, placebo[0], asked, known) if placebo and placebo[0] != to else None
    return Effect(policy, to, str(result.attrs["case"]), asked.span, asked.level, result.sizes["seed"], tuple(rows), result, beyond)


def _pair(known: _Known, outcome: Outcome, policy: str, to: str, region: str, stage: str | None) -> tuple[numpy.ndarray, ...]:
    """Gives an outcome under two policies and which pairs of members are there: three arrays [sample, seed]."""
    mine = known.outcomes[outcome.name]
    places = [known.policies.index(name) for name in (policy, to)]
    first, second = (mine.values[place, :, :, mine.regions.index(region), mine.stages.index(stage)] for place in places)
    return first, second, numpy.asarray(known.there[places].all(axis=0))


def _row(outcome: Outcome, policy: str, to: str, region: str, stage: str | None, level: float, known: _Known) -> Row:
    first, second, there = _pair(known, outcome, policy, to, region, stage)
    sampled = there.shape[0] > 1
    seeds = int(there.any(axis=0).sum())
    samples = int(there.any(axis=1).sum()) if sampled else None
    key = (policy, region, outcome.name, stage)
    if not there.any():
        return Row(
            *key, None, None, None, outcome.effect_unit, 0, NOT_DEFINED, "no pair of members is there", None, None, None, samples
        )
    levels = _number(first[there].mean()), _number(second[there].mean())
    reason = _undefined(outcome, {policy: first, to: second}, there, known.seeds)
    if reason is not None:
        return Row(*key, None, None, None, outcome.effect_unit, seeds, NOT_DEFINED, reason, None, *levels, samples)
    if outcome.compared == RATIO:
        first, second = (numpy.log(side, where=there, out=numpy.zeros_like(side)) for side in (first, second))
    same = bool((abs(first - second) <= ROUNDING * numpy.maximum(1.0, abs(second)))[there].all())
    # What varies independently: seeds, or points of the uncertain parameters, whose seeds share them.
    first, second = (_means(side, there) if sampled else side[there] for side in (first, second))
    found = paired_difference(first, second, level)
    words = verdict(found.low, found.high, first.size, identical=same)
    effect, low, high = (_number(shown(outcome, value)) for value in (found.mean, found.low, found.high))
    return Row(*key, effect, low, high, outcome.effect_unit, seeds, words, None, _number(found.variance_ratio), *levels, samples)


def _means(values: numpy.ndarray, there: numpy.ndarray) -> numpy.ndarray:
    """Gives the mean over the seeds that are there, of every point that has any."""
    some = there.any(axis=1)
    return numpy.where(there, values, 0.0).sum(axis=1)[some] / there.sum(axis=1)[some]


def _undefined(outcome: Outcome, sides: dict[str, numpy.ndarray], there: numpy.ndarray, seeds: list[int]) -> str | None:
    for name, values in sides.items():
        wrong = there & ~numpy.isfinite(values)
        if wrong.any():
            return f"nothing to divide by under {name} in {_members(wrong, there, seeds)}"
    if outcome.compared == RATIO:
        for name, values in sides.items():
            wrong = there & (values <= 0)
            if wrong.any():
                return f"zero or below under {name} in {_members(wrong, there, seeds)}, so it has no ratio"
    return None


def _members(wrong: numpy.ndarray, there: numpy.ndarray, seeds: list[int]) -> str:
    sampled = there.shape[0] > 1
    if (wrong == there).all():
        return "every member" if sampled else "every seed"
    sample, seed = (int(place[0]) for place in numpy.nonzero(wrong))
    first = f"the first: {f'point {sample}, seed ' if sampled else ''}{seeds[seed]}"
    return f"{int(wrong.sum())} of {int(there.sum())} {'members' if sampled else 'seeds'} ({first})"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _recorded(result: xarray.Dataset, names: str | Sequence[str] | None, faults: Faults) -> tuple[Outcome, ...]:
    wanted = chosen(names, faults=faults)  # type: ignore[arg-type]
    there = [outcome for outcome in wanted if all(name in result for name in outcome.variables)]
    if names is not None:
        for outcome in wanted:
            missing = [name for name in outcome.variables if name not in result]
            if missing:
                faults.add(
                    f"the trial did not record {', '.join(missing)}",
                    field=outcome.name,
                    remedy="run it again without naming variables",
                )
    return tuple(there)


def _window(result: xarray.Dataset, window: int | tuple[int, int] | None, faults: Faults) -> tuple[int, int]:
    quarters = result.sizes["quarter"]
    window = min(WINDOW, quarters) if window is None else window
    first, end = (quarters - window, quarters) if isinstance(window, int) else window
    if not 0 <= first < end <= quarters:
        faults.add(
            f"there are no such quarters as {window}",
            field="window",
            remedy=f"the trial has {quarters}: give a number of last quarters, or (first, past the last)",
        )
    return first, end
