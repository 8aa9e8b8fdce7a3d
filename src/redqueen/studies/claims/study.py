"""Run a register of claims and judge each: which hold in the model, how strongly, and on which assumptions that depends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redqueen.errors import Faults, nearest
from redqueen.lab.intervals import LEAST_SEEDS
from redqueen.lab.jobs import available_threads
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.change import SWITCH
from redqueen.progress import progress_bar
from redqueen.studies.claims.contrasts import NotDefined, contrast_words, in_logs, unit_of, values_of
from redqueen.studies.claims.declared import (
    FACT,
    INSTEAD,
    OF_LEVEL,
    REGRET,
    Claim,
    ClaimRegister,
    Contrast,
    Horizon,
    Setting,
    years_words,
)
from redqueen.studies.claims.kept import Kept
from redqueen.studies.claims.parts import Part, Values, run_part
from redqueen.studies.claims.planning import Batch, Plan, Planner
from redqueen.studies.claims.screen import SEEDS as SCREEN_SEEDS
from redqueen.studies.claims.screen import Screen, points_of, screened
from redqueen.studies.claims.statistics import (
    ALPHA, HOLDS, Estimate, Power, edge_of, estimate, hidden, holm, power_of, sign_of, undefined,
)
from redqueen.studies.claims.verdicts import NOT_RUN, Place, together, verdict_of

#: What stands for horizons where a fact is measured.
WHOLE_RUN = "the whole run"


@dataclass(frozen=True)
class Finding:
    """Holds one contrast in one variant and horizon; `words` says what is measured."""

    name: str
    words: str
    variant: str
    horizon: str
    contrast: Contrast
    estimate: Estimate


@dataclass(frozen=True)
class RivalFinding:
    """Holds how the rival fared: `estimate` is the claim's effect less the rival's ("instead"), or the effect where it is
    strongest.

    `place` is where they met.
    """

    name: str
    kind: str
    wins: bool
    words: str
    estimate: Estimate
    place: Place


@dataclass(frozen=True)
class Result:
    """Holds everything that was found about one claim; `p` is the largest of its contrasts' at the last horizon.

    `failures` are parts that could not be run, with the reason. `corrected` is p after Holm over the whole register.
    """

    claim: Claim
    seeds: int
    findings: tuple[Finding, ...]
    rival: RivalFinding
    also: tuple[Finding, ...]
    ablations: tuple[Finding, ...]
    screen: Screen | None
    verdict: str
    p: float | None
    corrected: float
    power: Power | None
    failures: tuple[str, ...]

    @property
    def main(self) -> Finding:
        """Gives the first contrast in the world as it is, at the last horizon."""
        return [one for one in self.findings if one.contrast == self.claim.main and one.variant == self.findings[0].variant][-1]

    @property
    def weakest(self) -> Finding:
        """Gives the contrast with the largest p in the world as it is, at the last horizon: the claim is as strong as this."""
        last = {one.contrast: one for one in self.findings if one.variant == self.findings[0].variant}
        return max(last.values(), key=lambda one: 1.0 if one.estimate.p is None else one.estimate.p)

    @property
    def significant(self) -> bool:
        """Says whether the claim's direction is beyond chance, corrected over the register."""
        return self.corrected < ALPHA


@dataclass(frozen=True)
class Results:
    """Holds the results of those claims that were run, of `size` in the register."""

    results: tuple[Result, ...]
    size: int
    parameters: Mapping[str, float]


def run_claims(
    register: ClaimRegister,
    ids: Sequence[str] = (),
    *,
    place: str | Path = "claims",
    seeds: int | None = None,
    threads: int | None = None,
    parameters: Mapping[str, float] | None = None,
    screen: bool = True,
    ablations: bool = True,
    progress: bool = True,
) -> Results:
    """Runs claims of a register (all unless `ids` name some) and judges them.

    What each part has found is kept in `place`: a stopped run goes on there, and gives the same bits as one that was not.
    `seeds` replaces every claim's own number, `parameters` holds in all runs, `screen` and `ablations` may be left out.
    """
    check_options(register, ids, seeds=seeds, threads=threads, parameters=parameters).refuse_if_any("redqueen claims")
    chosen = [claim for claim in register.claims if not ids or claim.id in ids]
    points = {claim.id: points_of(claim) if screen else () for claim in chosen}
    kept = Kept(place)
    kept.sweep()
    plans = [
        Planner(claim, seeds or claim.seeds, parameters or {}).plan(
            ablations=ablations, points=points[claim.id], point_seeds=SCREEN_SEEDS
        )
        for claim in chosen
    ]
    found, failures = run_parts([part for plan in plans for part in plan.parts], kept, threads or available_threads(), progress)
    judged = [
        judge(plan, found, failures, seeds or plan.claim.seeds, points[plan.claim.id], len(register.claims)) for plan in plans
    ]
    corrected = holm({result.claim.id: result.p for result in judged}, len(register.claims))
    results = [replace(result, corrected=corrected[result.claim.id]) for result in judged]
    return Results(tuple(results), len(register.claims), dict(parameters or {}))


def check_options(
    register: ClaimRegister, ids: Iterable[str] = (), *, seeds: int | None = None, threads: int | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Faults:
    """Gives what is wrong with what was asked."""
    faults = Faults()
    known = [claim.id for claim in register.claims]
    for name in ids:
        if name not in known:
            faults.add(f"no claim is called '{name}'", field="ID", remedy=nearest(name, known) or f"known: {', '.join(known)}")
    if seeds is not None and seeds < LEAST_SEEDS:
        faults.add(f"{seeds} seeds cannot show anything", field="--seeds", remedy=f"give {LEAST_SEEDS} or more")
    if threads is not None and threads < 1:
        faults.add(f"{threads} threads cannot run anything", field="--threads", remedy="give 1 or more")
    declared = {parameter.name: parameter for parameter in PARAMETERS}
    for name, value in (parameters or {}).items():
        if name not in declared:
            remedy = nearest(name, declared) or "redqueen parameters lists them"
            faults.add(f"no parameter is called '{name}'", field="--set", remedy=remedy)
        elif not declared[name].low <= value <= declared[name].high:
            row = declared[name]
            message = f"{name} = {value:g} is outside {row.low:g} to {row.high:g} ({row.unit})"
            faults.add(message, field="--set", remedy="stay within the range")
        elif declared[name].unit == SWITCH and value not in (declared[name].low, declared[name].high):
            faults.add(f"{name} is a switch: {value:g} is neither off nor on", field="--set", remedy="0 or 1")
    return faults


def run_parts(parts: Sequence[Part], kept: Kept, threads: int, progress: bool) -> tuple[dict[str, Values], dict[str, str]]:
    """Runs every part that is not kept, each once; gives what was found by key, and why parts failed by key."""
    wanted = {part.key: part for part in parts}
    found = {key: values for key in wanted if (values := kept.read(key)) is not None}
    left = [part for key, part in wanted.items() if key not in found]
    failures: dict[str, str] = {}
    stop = threading.Event()

    def work(part: Part, advance: Callable[[int], None]) -> Values | None:
        if stop.is_set():
            return None
        values = run_part(part, advance)
        kept.keep(part.key, part.title, values)
        return values

    executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="part")
    title = f"claims: {len(left)} of {len(wanted)} parts"
    try:
        with progress_bar(sum(part.quarters for part in left), title, show=progress and bool(left)) as advance:
            pending = {executor.submit(work, part, advance): part for part in left}
            for future in as_completed(pending):
                part = pending[future]
                try:
                    values = future.result()
                except Exception as error:
                    # One claim's fault must not cost the others their results.
                    failures[part.key] = f"{part.title}: {type(error).__name__}: {error}".replace("\n", " ")
                    continue
                if values is not None:
                    found[part.key] = values
    except BaseException:
        stop.set()
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()
    return found, failures


def judge(
    plan: Plan, found: Mapping[str, Values], failures: Mapping[str, str], seeds: int, points: Sequence[Mapping[str, float]],
    size: int
) -> Result:
    """Judges one claim from what its parts have found; `corrected` is p alone here."""
    claim = plan.claim
    findings = [
        finding
        for batch in plan.worlds
        for contrast in claim.contrasts
        for finding in _findings(claim, batch, contrast, found, len(plan.worlds) * max(1, len(claim.horizons)))
    ]
    also = [_findings(claim, plan.worlds[0], contrast, found)[-1] for contrast in claim.shown_beside]
    ablated = [_findings(claim, batch, claim.main, found)[-1] for batch in plan.ablations]
    rival = _rival(plan, found, findings)
    verdict = verdict_of(_states(findings), rival_kind=rival.kind, rival_wins=rival.wins, rival_name=rival.name)
    last = {one.contrast: one.estimate.p for one in findings if one.variant == findings[0].variant}
    chances = list(last.values())
    p = None if None in chances else max(chances)  # type: ignore[type-var]
    screen = _screen(plan, found, points) if plan.points else None
    failed = tuple(dict.fromkeys(failures[part.key] for part in plan.parts if part.key in failures))
    if all(one.estimate.effect is None for one in findings) and failed:
        verdict = f"{NOT_RUN}: {failed[0]}"
    return Result(
        claim, seeds, tuple(findings), rival, tuple(also), tuple(ablated), screen, verdict, p, 1.0 if p is None else p,
        power_in(claim, seeds, size), failed,
    )


def power_in(claim: Claim, seeds: int, size: int) -> Power | None:
    """Gives what the seeds of a claim can show by the spread that its register states; None without it, or for a level or a fact.

    For not_down and not_up it is about the distance between the margin and the truth. A regret is judged by half of its seeds.
    """
    main = claim.main
    if not claim.spread or main.kind in OF_LEVEL:
        return None
    judging = seeds // 2 if main.kind == REGRET else seeds
    found = power_of(claim.spread, main.threshold, judging, size, logs=in_logs(main))
    needed = found.seeds_needed
    return found._replace(seeds_needed=2 * needed if needed is not None and main.kind == REGRET else needed)


def _findings(claim: Claim, batch: Batch, contrast: Contrast, found: Mapping[str, Values], places: int = 1) -> list[Finding]:
    """Estimates a contrast at every horizon of a batch; a fact once, for the whole run. The claim is judged in so many places."""
    windows: Sequence[Horizon | None] = [None] if contrast.kind == FACT else batch.windows
    words = contrast_words(claim, contrast, batch.variant.setting)
    return [
        Finding(
            contrast.name or words, words, batch.variant.name, WHOLE_RUN if window is None else years_words(window), contrast,
            _estimate(claim, batch, contrast, found, window, places),
        )
        for window in windows
    ]


def _estimate(
    claim: Claim, batch: Batch, contrast: Contrast, found: Mapping[str, Values], window: Horizon | None, places: int
) -> Estimate:
    unit = unit_of(contrast)
    try:
        values = values_of(claim, contrast, batch.variant.setting, batch.sample(contrast, found), window)
    except NotDefined as reason:
        return undefined(unit, 0, str(reason))
    return estimate(values, contrast, unit, logs=in_logs(contrast), places=places)


def _states(findings: Sequence[Finding]) -> dict[Place, list[str]]:
    """Gathers the states of all contrasts by place; a fact counts at every horizon of its variant."""
    horizons = list(dict.fromkeys(one.horizon for one in findings if one.horizon != WHOLE_RUN)) or [WHOLE_RUN]
    places: dict[Place, list[str]] = {}
    for one in findings:
        for horizon in horizons if one.horizon == WHOLE_RUN else [one.horizon]:
            places.setdefault(Place(one.variant, horizon), []).append(one.estimate.state)
    return places


def _rival(plan: Plan, found: Mapping[str, Values], findings: Sequence[Finding]) -> RivalFinding:
    """Judges the rival: instead of the claim where that holds, at its strongest in the world as it is; at the last horizon of
    these.
    """
    claim, rival, main = plan.claim, plan.claim.rival, plan.claim.main
    unit, logs, sign = unit_of(main), in_logs(main), sign_of(main)
    if rival.kind == INSTEAD:
        assert rival.contrast is not None
        meeting = _meeting(plan, findings)
        if meeting is None:
            place = Place(findings[0].variant, findings[-1].horizon)
            reason = "the claim holds nowhere"
            return RivalFinding(rival.name, rival.kind, False, f"is not judged: {reason}", undefined(unit, 0, reason), place)
        place, batch, window = meeting
        try:
            mine, theirs = (
                values_of(claim, one, batch.variant.setting, batch.sample(one, found), window) for one in (main, rival.contrast)
            )
        except NotDefined as reason:
            return RivalFinding(rival.name, rival.kind, False, f"is undecided: {reason}", undefined(unit, 0, str(reason)), place)
        difference = estimate(mine - theirs, main, unit, logs=logs)
        clear = difference.low is not None and min(sign * difference.low, sign * (difference.high or 0.0)) > 0
        words = "does not win: the claim's effect is clearly larger" if clear else "wins: the claim's effect is not clearly larger"
        return RivalFinding(rival.name, rival.kind, not clear, words, difference, place)
    assert plan.rival is not None
    last = _findings(claim, plan.rival, main, found)[-1]
    there, place = last.estimate, Place(last.variant, last.horizon)
    if there.low is None or there.high is None:
        return RivalFinding(rival.name, rival.kind, False, f"is undecided: {there.reason}", there, place)
    wins = max(sign * (there.low - edge_of(main)), sign * (there.high - edge_of(main))) < 0
    words = f"{'wins: the' if wins else 'does not win: no'} effect is clearly reversed where it is strongest"
    return RivalFinding(rival.name, rival.kind, wins, words, there, place)


def _meeting(plan: Plan, findings: Sequence[Finding]) -> tuple[Place, Batch, Horizon] | None:
    """Gives the first world in which the claim holds and its last horizon there; None where it holds nowhere."""
    holding = {place for place, states in _states(findings).items() if together(states) == HOLDS}
    meetings = [
        (Place(batch.variant.name, years_words(window)), batch, window)
        for batch in plan.worlds for window in reversed(batch.windows)
    ]
    return next((meeting for meeting in meetings if meeting[0] in holding), None)


def _screen(plan: Plan, found: Mapping[str, Values], points: Sequence[Mapping[str, float]]) -> Screen:
    claim, main = plan.claim, plan.claim.main
    samples: list[Any] = []
    for batch in plan.points:
        try:
            samples.append(values_of(claim, main, Setting(), batch.sample(main, found), claim.last))
        except NotDefined:
            samples.append(None)
    return screened(claim, points, samples, sign_of(main), hidden(edge_of(main), in_logs(main)))
