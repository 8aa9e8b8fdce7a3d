"""Begin to monitor: write the goals file of a case or a trial, with its forecast's median as the goal until another is set."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy

from redqueen.cases.case import Case, bundled, bundled_file
from redqueen.cases.case import case as find_case
from redqueen.errors import Faults, Refused, nearest
from redqueen.lab.outcomes import BY_NAME, EITHER, RATIO, chosen
from redqueen.lab.sampling import LATIN_HYPERCUBE, Samples, latin_hypercube
from redqueen.lab.trial_file import read_trial
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.document import is_word
from redqueen.policies.policy import NONE, lay_out_policy
from redqueen.policies.writing import toml_value
from redqueen.studies.fitting.planning import TARGETS, parameters_set_by
from redqueen.studies.known import happened
from redqueen.studies.monitor.forecast import forecast, runs_of
from redqueen.studies.monitor.goals import DISCREPANCY, ERROR, MEMORY, Plan, read_goals

__all__ = ["OUTCOMES", "POINTS", "Beginning", "begin", "goals_text", "uncertain_unless_named"]

#: What is observed unless outcomes are named: figures that statistical offices publish of an industry.
OUTCOMES = ("value_added", "jobs", "research_spending")
#: Points of the uncertain parameters in a forecast.
POINTS = 100
#: Years after its own until a figure is published, unless said otherwise; digits of a goal that the forecast sets.
_LAG, _DIGITS = 1, 3
#: Shares of the way to the goal at which milestones are set.
_ON_THE_WAY = (1 / 3, 2 / 3)
_BASE = 100.0


@dataclass(frozen=True)
class Beginning:
    """Holds what a goals file is written from."""

    name: str
    case: Case
    named: str
    policy: str
    policy_named: str
    region: str
    since: int
    until: int
    outcomes: tuple[str, ...]
    samples: Samples
    ledger: str
    budget: float | None


def begin(
    asked: str,
    file: str | Path,
    *,
    policy: str | None = None,
    region: str | None = None,
    since: int | None = None,
    until: int | None = None,
    outcomes: Sequence[str] | None = None,
    target: float | None = None,
    uncertain: Sequence[str] | None = None,
    points: int | None = None,
    ledger: str | None = None,
    budget: float | None = None,
    threads: int | None = None,
    progress: bool = True,
    faults: Faults | None = None,
) -> tuple[str, Plan]:
    """Gives the text of a goals file for a case, or a trial of one world, and the plan that it states; runs the forecast, and keeps
    it beside the file.

    The plan is the policy named, else the first of the trial that is not its reference, else what happened. Indicators are index
    numbers of outcomes, the year before `since` being 100. The goal is the first indicator's, in the last year: at least `target`,
    else the median of the forecast; milestones lie a third and two thirds of the way there in time. Everything wrong is refused at
    once, together with the `faults` given.
    """
    faults = Faults() if faults is None else faults
    found = _found(asked, faults, policy, region, since, until, outcomes, uncertain, points, ledger, budget, Path(file))
    if target is not None and not target > 0:
        faults.add(f"{target:g} is no index number", field="--goal", remedy=f"the year before monitoring is {_BASE:g}")
    if not is_word(Path(file).stem):
        faults.add(f"'{Path(file).stem}' cannot be the name of a plan", field="-o", remedy="letters, digits, - and _ only")
    faults.refuse_if_any(f"redqueen monitor init {asked}")
    assert found is not None
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / Path(file).name
        draft.write_text(goals_text(_beside(found, Path(file)), target or _BASE, ()), encoding="utf-8")
        plan = read_goals(draft)
        ensemble = forecast(plan, threads=threads, store=runs_of(replace(plan, file=str(file))), progress=progress)
    first = plan.goals[0].indicator
    medians = {year: _median(ensemble, first, year) for year in (plan.horizon, *_steps(found))}
    goal = medians[plan.horizon] if target is None else target
    # On the way to a target of one's own lies what grows there evenly.
    span = plan.horizon - (found.since - 1)
    even = {year: _BASE * (goal / _BASE) ** ((year - (found.since - 1)) / span) for year in _steps(found)}
    # What rises and falls again may lie beyond the goal on the way: a milestone asks for no more than the goal.
    least = min if plan.goals[0].at_least else max
    milestones = [
        (year, least(_rounded(medians[year] if target is None else even[year]), _rounded(goal))) for year in _steps(found)
    ]
    return goals_text(found, _rounded(goal), milestones, given=target is not None), plan


def goals_text(found: Beginning, target: float, milestones: Sequence[tuple[int, float]], *, given: bool = False) -> str:
    """Writes a goals file."""
    base = found.since - 1
    why = "chosen: as asked for" if given else "chosen: the forecast's own median; set one of yours"
    lines = [
        "# What is to be reached by when, by which figures it is judged, and the plan whose forecast it is judged against.",
        "# docs/monitor.md explains every key; redqueen check tells what is wrong with a file.",
        "",
        "[monitor]",
        f"name = {toml_value(found.name)}",
        f"case = {toml_value(found.named)}",
        f"policy = {toml_value(found.policy_named)}",
        f"region = {toml_value(found.region)}",
        f"from = {found.since}",
        f"ledger = {toml_value(found.ledger)}  # or a database that many share: postgresql://user@host/name",
        f"{'' if found.budget else '# '}budget = {0.1 if found.budget is None else found.budget:g}  # most public "
        "cost of plan and adjustments, a share of value added",
        "",
        "# The forecast: the plan's policy at points of these parameters, each point with a luck of its own.",
        "[uncertain]",
        *(f"{name} = {toml_value(list(limits))}" for name, limits in found.samples.ranges.items()),
        "",
        "[samples]",
        f"method = {toml_value(found.samples.method)}",
        f"count = {len(found.samples)}",
    ]
    for name in found.outcomes:
        outcome = BY_NAME[name]
        lines += [
            "",
            "[[indicator]]",
            f"name = {toml_value(name)}",
            f'measured = {{ outcome = "{name}", since = {base} }}',
            f'unit = "index, {base} = {_BASE:g}"',
            f"base = {_BASE:g}  # the figure of {base}: write yours, and the unit, to record figures in that",
            f"error = {ERROR:g}  # standard deviation of a published figure, as a share of it",
            f"discrepancy = {DISCREPANCY:g}  # and of what the model cannot follow",
            f"memory = {MEMORY:g}  # years for which that stays about the same",
            f"lag = {_LAG}  # years until a figure is published",
            f'source = "chosen: {outcome.words} of the simulation; say where your figures are from"',
        ]
    side = "at_most" if BY_NAME[found.outcomes[0]].better == "down" else "at_least"
    lines += [
        "",
        "[[goal]]",
        f"name = {toml_value(found.outcomes[0])}",
        f"indicator = {toml_value(found.outcomes[0])}",
        f"{side} = {target:g}",
        f"date = {found.until}",
        f"source = {toml_value(why)}",
    ]
    for year, value in milestones:
        lines += ["", "[[goal.milestone]]", f"date = {year}", f"value = {value:g}"]
    return "\n".join(lines) + "\n"


def uncertain_unless_named() -> dict[str, tuple[float, float]]:
    """Gives the parameters that facts of firms set, each over the range that it is declared for."""
    declared = {parameter.name: (parameter.low, parameter.high) for parameter in PARAMETERS}
    return {name: declared[name] for name in dict.fromkeys(parameters_set_by(TARGETS))}


def _found(
    asked: str,
    faults: Faults,
    policy: str | None,
    region: str | None,
    since: int | None,
    until: int | None,
    outcomes: Sequence[str] | None,
    uncertain: Sequence[str] | None,
    points: int | None,
    ledger: str | None,
    budget: float | None,
    file: Path,
) -> Beginning | None:
    try:
        found, named, usual, samples, place = _case_of(asked)
    except Refused as refusal:
        faults.extend(refusal.faults)
        return None
    world = found.world
    region = region or place or found.region
    if region not in world.regions:
        faults.add(
            f"{found.name} has no region '{region}'",
            field="--region",
            remedy=nearest(region, world.regions) or f"it has {', '.join(world.regions)}",
        )
        region = found.region
    policy = policy or usual
    if policy is None or policy == NONE.name:
        faults.add(
            "which policy is the plan?",
            field="--policy",
            remedy=f"name one: {', '.join(name for name in found.policies if name != NONE.name)}, or redqueen policies",
        )
    else:
        try:
            lay_out_policy(found.policy(policy, region), world, region)
        except Refused as refusal:
            faults.extend(refusal.faults)
    first, last = math.ceil(world.start), math.ceil(world.start + world.quarters / QUARTERS_A_YEAR) - 1
    since = (first + last) // 2 if since is None else since
    until = last if until is None else until
    if not first + 1 <= since <= last:
        faults.add(
            f"{since} cannot be the first year observed",
            field="--from",
            remedy=f"name one of {first + 1} to {last}: the year before is the base",
        )
    if not since < until <= last:
        faults.add(f"{until} cannot be the year of the goal", field="--until", remedy=f"name one after {since}, to {last}")
    wanted = tuple(one for one in chosen(list(outcomes or OUTCOMES), faults=faults))
    for one in wanted:
        if one.compared != RATIO or one.by_stage or one.of_the_world or one.better == EITHER:
            known = [
                other.name
                for other in BY_NAME.values()
                if other.compared == RATIO and not other.by_stage and not other.of_the_world and other.better != EITHER
            ]
            faults.add(
                f"{one.name} has no index numbers", field="--outcome", remedy=f"{', '.join(known)} have; declare others in the file"
            )
    ranges = _ranges(uncertain, faults)
    if points is not None and points < 20:
        faults.add(f"{points} points are too few to tell a goal's probability", field="--points", remedy="give 20 or more")
    if budget is not None and not 0 < budget <= 10:
        faults.add(f"{budget:g} is no share of value added that could be spent", field="--budget", remedy="for example 0.05")
    if faults:
        return None
    if samples is None or uncertain or points:
        samples = latin_hypercube(ranges if uncertain or samples is None else dict(samples.ranges), points or POINTS)
    path = str(policy)
    return Beginning(
        file.stem,
        found,
        _from(file, named),
        path,
        _from(file, path),
        region,
        since,
        until,
        tuple(one.name for one in wanted),
        samples,
        ledger or f"{file.stem}.db",
        budget,
    )


def _case_of(asked: str) -> tuple[Case, str, str | None, Samples | None, str | None]:
    """Gives the case, how it is named, the policy that is the plan unless named, what is uncertain, and the region; of a case or a
    trial file.
    """
    if asked.endswith(".toml") and Path(asked).is_file() and "[trial]" in Path(asked).read_text(encoding="utf-8", errors="replace"):
        trial = read_trial(asked)
        if len(trial.worlds) > 1 or trial.case is None:
            raise Refused.one(
                f"a plan has one world, and this trial has {len(trial.worlds)}: {', '.join(trial.worlds)}",
                file=asked,
                remedy="name a case, or a trial of one world",
            )
        usual = next((name for name in trial.policies if name != trial.reference), None)
        samples = trial.samples if trial.samples is not None and trial.samples.method == LATIN_HYPERCUBE else None
        return (
            trial.case,
            trial.case.file if trial.case.file and not _is_bundled(trial.case) else trial.case.name,
            usual,
            samples,
            trial.region,
        )
    found = find_case(asked)
    usual = happened(found)
    return found, asked, None if usual == NONE.name else usual, None, None


def _is_bundled(found: Case) -> bool:
    return found.name in bundled() and Path(found.file) == bundled_file(found.name)


def _ranges(names: Sequence[str] | None, faults: Faults) -> dict[str, tuple[float, float]]:
    if names is None:
        return uncertain_unless_named()
    declared = {parameter.name: (parameter.low, parameter.high) for parameter in PARAMETERS}
    for name in names:
        if name not in declared:
            faults.add(
                f"no parameter is called '{name}'",
                field="--uncertain",
                remedy=nearest(name, declared) or "redqueen parameters lists them",
            )
    return {name: declared[name] for name in names if name in declared}


def _from(file: Path, named: str) -> str:
    """Names a file as it is seen from the folder of the goals file; what is no file stays."""
    if not named.endswith(".toml"):
        return named
    return os.path.relpath(Path(named).absolute(), file.absolute().parent)


def _beside(found: Beginning, file: Path) -> Beginning:
    """Gives the beginning with whole paths, for a draft that lies elsewhere."""

    def whole(named: str) -> str:
        return str((file.absolute().parent / named).resolve()) if named.endswith(".toml") else named

    return replace(found, named=whole(found.named), policy_named=whole(found.policy_named))


def _steps(found: Beginning) -> list[int]:
    years = [round(found.since - 1 + share * (found.until - found.since + 1)) for share in _ON_THE_WAY]
    return [year for year in dict.fromkeys(years) if found.since <= year < found.until]


def _median(ensemble: Any, indicator: str, year: int) -> float:
    plan = ensemble.plan
    values = ensemble.values[:, plan.names.index(indicator), ensemble.years.index(year)]
    return float(plan.indicators[indicator].figures(numpy.median(values[~numpy.isnan(values)])))


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
