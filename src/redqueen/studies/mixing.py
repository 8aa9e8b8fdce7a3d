"""Which mixes of instruments do most for a region within a budget: levers, search, and a second trial of the best on fresh luck."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from redqueen.cases.case import Case
from redqueen.errors import Faults, nearest, require
from redqueen.lab.jobs import available_threads
from redqueen.lab.mixes import Lever, Levers, levers_of, mix_of
from redqueen.lab.outcomes import BY_NAME, EITHER, Outcome, chosen
from redqueen.lab.sampling import DRAW, Samples, latin_hypercube
from redqueen.lab.search import Ground, Mix, crowded_out, explore, front, retry
from redqueen.model.parameters import PARAMETERS
from redqueen.model.world import World
from redqueen.policies.policy import NONE, Policy, catalogue, read_policy
from redqueen.progress import progress_bar

__all__ = ["EVALUATIONS", "POINTS", "SEEDS", "Found", "check_search", "find_mixes"]

#: Mixes tried, seeds and points of the uncertain parameters, unless asked otherwise.
EVALUATIONS, SEEDS, POINTS = 60, 6, 8
# What options are called on the command line where that is another word.
_OPTIONS = {"points": "--samples"}


@dataclass(frozen=True)
class Found:
    """Holds a search: every mix tried, those on its front by rising cost with what they did on fresh luck, and what was asked.

    `seeds` are those of the search and the fresh ones; `skipped` names policies known that no mix of these levers is.
    """

    case: str
    region: str
    outcome: Outcome
    budget: float
    levers: Levers
    mixes: tuple[Mix, ...]
    best: tuple[Mix, ...]
    seeds: tuple[tuple[int, ...], tuple[int, ...]]
    samples: Samples | None
    window: int | None
    evaluations: int
    skipped: tuple[str, ...]

    def holds(self, mix: Mix) -> bool:
        """Says whether a mix of the front is within the budget, and beaten by no other of it, on fresh luck as well."""
        fresh = [Mix(one.intensities, one.fresh) for one in self.best]
        return Mix(mix.intensities, mix.fresh) in front(fresh, self.budget)

    def policy(self, number: int, source: str = "") -> Policy:
        """Gives a mix of the front, counted from 1, as a policy."""
        mix = self.best[number - 1]
        words = f"Mix {number}: {', '.join(name.replace('_', ' ') for name in mix.intensities)}"
        return self.levers.policy(mix.intensities, f"mix_{number}", words, source)


def find_mixes(
    case: Case,
    *,
    budget: float,
    levers: Sequence[str] | Sequence[Lever] | None = None,
    region: str | None = None,
    outcome: str = "value_added",
    evaluations: int = EVALUATIONS,
    seeds: int = SEEDS,
    uncertain: Sequence[str] = (),
    points: int = POINTS,
    window: int | None = None,
    start: float | None = None,
    until: float | None = None,
    threads: int | None = None,
    place: str | Path | None = None,
    progress: bool = True,
) -> Found:
    """Searches mixes of instruments in one region of a case (its own unless given) within a budget.

    `budget` is public cost as a share of the region's value added over the whole history. `levers` are names of instruments, each
    tried up to twice the largest use that a policy of the case or the catalogue makes of it, or `Lever`s with ranges of their own;
    those of the case's policies unless given. They are used from year `start` until `until`. Policies known that are mixes of the
    levers are tried first. `uncertain` names parameters; effects are then means over `points` points of their declared ranges.
    The front is tried again with as many other seeds, and at points drawn anew. `place` is where evaluations are kept. Everything
    wrong is refused at once.
    """
    require("optuna", "search")
    faults = Faults()
    options = {
        "budget": budget,
        "levers": levers,
        "region": region,
        "outcome": outcome,
        "evaluations": evaluations,
        "seeds": seeds,
        "uncertain": uncertain,
        "points": points,
        "window": window,
        "start": start,
        "until": until,
        "threads": threads,
    }
    asked = _ask(case, faults, **options)
    faults.refuse_if_any(f"redqueen search {case.name}")
    assert asked is not None
    world, used, ranges, starts = case.world, asked.levers, asked.ranges, asked.starts

    samples, others = (latin_hypercube(ranges, points, draw=draw) if ranges else None for draw in (DRAW, DRAW + 1))
    numbers = tuple(range(1, seeds + 1)), tuple(range(seeds + 1, 2 * seeds + 1))
    count = threads or available_threads()

    def ground(chosen_seeds: Sequence[int], chosen_points: Samples | None, advance: Callable[[float], None]) -> Ground:
        return Ground(
            world,
            used,
            outcome,
            seeds=chosen_seeds,
            samples=chosen_points,
            window=window,
            threads=count,
            place=place,
            advance=advance,
        )

    tried = ground(numbers[0], samples, lambda quarters: None)
    title = f"{case.name}: {evaluations} mixes in {len(numbers[0]) * (points if ranges else 1)} runs each"
    with progress_bar(tried.quarters(evaluations), title, show=progress) as advance:
        tried.advance = advance
        mixes = explore(used, tried, budget=budget, evaluations=evaluations, starts=starts)
    best = crowded_out(front(mixes, budget))
    again = ground(numbers[1], others, lambda quarters: None)
    with progress_bar(again.quarters(len(best)), f"{case.name}: {len(best)} mixes again", show=progress and bool(best)) as advance:
        again.advance = advance
        best = retry(best, again)
    return Found(
        case.name,
        used.region,
        BY_NAME[outcome],
        budget,
        used,
        tuple(mixes),
        tuple(best),
        numbers,
        samples,
        window,
        evaluations,
        asked.skipped,
    )


def check_search(case: Case, **options: Any) -> Faults:
    """Gives what is wrong with what is asked of `find_mixes`; options as for it."""
    faults = Faults()
    _ask(case, faults, **options)
    return faults


class _Asked(NamedTuple):
    levers: Levers
    ranges: dict[str, tuple[float, float]]
    starts: dict[str, Mapping[str, float]]
    skipped: tuple[str, ...]


def _ask(case: Case, faults: Faults, **options: Any) -> _Asked | None:
    """Makes ready what is asked, or notes all that is wrong with it."""
    world = case.world
    region = _region(case, options["region"], faults)
    _check_outcome(options["outcome"], faults)
    ranges = _ranges(options["uncertain"], faults)
    for name, least in (("evaluations", 1), ("seeds", 2), ("points", 2), ("threads", 1)):
        if options[name] is not None and options[name] < least:
            faults.add(f"{options[name]} is too few", field=_OPTIONS.get(name, f"--{name}"), remedy=f"give {least} or more")
    if not (math.isfinite(options["budget"]) and options["budget"] > 0):
        faults.add(
            f"{options['budget']:g} is no share of value added that could be spent", field="--budget", remedy="for example 0.05"
        )
    if options["window"] is not None and not 1 <= options["window"] <= world.quarters:
        faults.add(f"{options['window']} quarters do not fit", field="--window", remedy=f"give 1 to {world.quarters}")
    known = [NONE, *case.policies.values(), *(read_policy(path) for path in catalogue().values())]
    # Levers are checked in some region even where the one asked for is unknown.
    levers = _levers(case, options["levers"], known, region or world.regions[0], options["start"], options["until"], faults)
    if levers is None:
        return None
    wrong = levers.faults(world)
    faults.extend(wrong)
    if wrong:
        return None
    starts, skipped = _starts(known, levers, world)
    if options["evaluations"] < len(starts):
        faults.add(
            f"{options['evaluations']} evaluations do not even try the {len(starts)} policies known",
            field="--evaluations",
            remedy=f"give more than {len(starts)}: the search begins after them",
        )
    return _Asked(levers, ranges, starts, skipped)


def _region(case: Case, asked: str | None, faults: Faults) -> str | None:
    region = asked or case.region
    known = case.world.regions
    if region not in known:
        message = "the case names no region to act in" if region is None else f"{case.name} has no region '{region}'"
        faults.add(message, field="--region", remedy=nearest(region, known) or f"it has {', '.join(known)}")
        return None
    return region


def _check_outcome(name: str, faults: Faults) -> None:
    chosen(name, faults=faults)
    found = BY_NAME.get(name)
    if found is not None and found.better == EITHER:
        faults.add(
            f"more of {name} is neither better nor worse", field="--outcome", remedy="redqueen outcomes says which is better"
        )
    if found is not None and (found.by_stage or found.of_the_world):
        faults.add(f"{name} is not known by region alone", field="--outcome", remedy="name an outcome of regions")


def _ranges(names: Sequence[str], faults: Faults) -> dict[str, tuple[float, float]]:
    declared = {parameter.name: (parameter.low, parameter.high) for parameter in PARAMETERS}
    for name in names:
        if name not in declared:
            remedy = nearest(name, declared) or "redqueen parameters lists them"
            faults.add(f"no parameter is called '{name}'", field="--uncertain", remedy=remedy)
    return {name: declared[name] for name in names if name in declared}


def _levers(
    case: Case,
    asked: Sequence[str] | Sequence[Lever] | None,
    known: Sequence[Policy],
    region: str,
    start: float | None,
    until: float | None,
    faults: Faults,
) -> Levers | None:
    named = [one for one in asked or () if isinstance(one, str)]
    given = [one for one in asked or () if isinstance(one, Lever)]
    if asked is None:
        named = [lever.instrument for lever in levers_of(None, case.policies.values(), case.world, region, faults)]
    before = len(faults)
    levers = (*given, *(levers_of(named, known, case.world, region, faults) if named or not given else ()))
    return Levers(tuple(levers), region, start, until) if levers and len(faults) == before else None


def _starts(known: Sequence[Policy], levers: Levers, world: World) -> tuple[dict[str, Mapping[str, float]], tuple[str, ...]]:
    """Gives the policies that are mixes of the levers, within their ranges, by name, and the names of the others."""
    starts: dict[str, Mapping[str, float]] = {}
    skipped = []
    for policy in known:
        mix = mix_of(policy, levers, world)
        if mix is None or levers.point(mix) is None:
            skipped.append(policy.name)
        else:
            starts.setdefault(policy.name, mix)
    return starts, tuple(name for name in dict.fromkeys(skipped) if name not in starts)
