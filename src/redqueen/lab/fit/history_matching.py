"""Match a simulator to targets by waves: run it, emulate it, rule out what is implausible, and look closer at what remains."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy

from redqueen.errors import Faults
from redqueen.lab.fit.emulator import LEAST_SEEDS, Emulator, emulate, least_points
from redqueen.lab.fit.implausibility import Judgement, implausibility
from redqueen.lab.fit.remaining import SAMPLE, Remaining, remaining, spread_out, whole
from redqueen.lab.fit.space import Space
from redqueen.lab.fit.targets import CUT, Target
from redqueen.progress import progress_bar

__all__ = ["DRAW", "EMPTY", "NO_EMULATOR", "SETTLED", "SURE", "WAVES_DONE", "Match", "Wave", "check_match", "match"]

#: Draw of designs, searches and samples: the same for everybody.
DRAW = 1
#: A wave that leaves at least this share of what there was has shown that more waves would change little.
SETTLED_SHARE = 0.9
#: Emulators are sure enough where their variance is below this part of the other variances, at most of what remains.
SURE_PART = 0.1
#: Earlier points as implausible as this many cuts are still near enough to learn from.
NEAR = 2.0

#: Targets missed by at least this part of what the worst is missed by share the blame.
ALIKE = 0.9

#: Why the waves ended.
EMPTY, NO_EMULATOR, SETTLED, SURE, WAVES_DONE = "empty", "no emulator", "settled", "sure", "waves done"

#: simulate(points [n, parameter] in their own units, seeds [n, seed]) -> outputs [n, seed, target], NaN where undefined.
Simulate = Callable[[numpy.ndarray, numpy.ndarray], numpy.ndarray]


@dataclass(frozen=True)
class Wave:
    """Holds one wave: the points that were run (on the unit cube), what they gave, what was learnt, and what remains.

    `outputs` is [point, seed, target] as simulated. `nearest` is the lowest implausibility of each target anywhere in the space
    and `excluded` the share of the space that each rules out alone, all waves so far together. `unsure` is the emulators'
    variance over the other variances: median over what remains, of the target where it is largest. `matching` is, of the points
    run that are not ruled out, the share that their own runs do not rule out either (NaN where none is left).
    """

    number: int
    unit: numpy.ndarray
    outputs: numpy.ndarray
    emulators: tuple[Emulator, ...]
    remaining: Remaining
    nearest: tuple[float, ...]
    excluded: tuple[float, ...]
    unsure: float
    matching: float


@dataclass(frozen=True)
class Match:
    """Holds what waves of history matching found.

    `stop` says why they ended. `plausible` are points [n, parameter] of the unit cube spread evenly over what is not ruled out,
    with their implausibilities `values`; no rows where nothing remains.
    """

    space: Space
    targets: tuple[Target, ...]
    cut: float
    seeds: int
    judgement: Judgement
    waves: tuple[Wave, ...]
    stop: str
    plausible: numpy.ndarray
    values: numpy.ndarray

    @property
    def empty(self) -> bool:
        """Says whether no point of the ranges gives the targets."""
        return self.stop == EMPTY

    @property
    def share(self) -> float:
        """Gives the part of the space that is not ruled out."""
        return self.waves[-1].remaining.share

    def blamed(self) -> tuple[str, ...]:
        """Names the targets that rule everything out: those that no point comes near, else those the best point misses most."""
        last = self.waves[-1]
        alone = tuple(target.name for target, lowest in zip(self.targets, last.nearest, strict=True) if lowest >= self.cut)
        if alone:
            return alone
        there = self.judgement.by_target(last.remaining.best[None, :])[0]
        # Where several are in each other's way the best point misses them about alike.
        return tuple(target.name for target, value in zip(self.targets, there, strict=True) if value >= ALIKE * there.max())


def match(
    simulate: Simulate,
    space: Space,
    targets: Sequence[Target],
    *,
    points: int,
    seeds: int,
    waves: int = 3,
    cut: float = CUT,
    rank: int = 1,
    sample: int = SAMPLE,
    draw: int = DRAW,
    learn: Callable[..., Emulator] = emulate,
    progress: bool = False,
) -> Match:
    """Rules out, wave by wave, the points that cannot give the targets.

    A wave lays `points` points out over what is not ruled out yet (a Latin hypercube at first, then points far from each other),
    runs each under `seeds` seeds of its own, emulates every target from these runs and earlier ones nearby, and rules out points
    with an implausibility of `cut` or more for the worst target (`rank` 1; 2: the second worst). It ends when nothing is left,
    when no emulator passes its check, when a wave leaves nine tenths of what there was, when the emulators' own variance is below
    a tenth of the others', or after `waves` waves. What is left is sampled evenly at `sample` points; `learn` stands for
    `emulate`. Same draw, same bits. What is wrong is refused at once.
    Source: Craig et al. 1997; Vernon, Goldstein and Bower 2010, Bayesian Analysis 5, 619-669.
    """
    check_match(space, targets, points=points, seeds=seeds, waves=waves, rank=rank, cut=cut).refuse_if_any("history matching")
    targets = tuple(targets)
    judgement = Judgement(space, targets, rank)
    left = whole(len(space), count=sample, draw=draw)
    done: list[Wave] = []
    stop = WAVES_DONE
    for number in range(1, waves + 1):
        known = numpy.concatenate([wave.unit for wave in done]) if done else numpy.empty((0, len(space)))
        near = judgement(known) if done else numpy.empty(0)
        unit = _design(space, left, known[near < cut], points, draw)
        first = 1 + len(known) * seeds
        seeded = numpy.arange(first, first + len(unit) * seeds).reshape(len(unit), seeds)
        outputs = simulate(space.natural(unit), seeded)
        earlier = numpy.concatenate([*(wave.outputs for wave in done), outputs])
        chosen = numpy.concatenate([near < NEAR * cut, numpy.ones(len(unit), dtype=bool)])
        emulators = []
        # The search for what is left takes about as long as the emulators.
        with progress_bar(2 * len(targets), f"wave {number}: {len(targets)} emulators and a search", show=progress) as advance:
            for column, target in enumerate(targets):
                here = numpy.concatenate([known, unit])[chosen]
                emulators.append(learn(target.name, here, target.scaled(earlier[chosen][:, :, column]), draw=draw))
                advance(1)
            judgement = judgement.with_wave(emulators)
            before, left = left, remaining(judgement, len(space), cut=cut, count=sample, draw=draw)
            advance(len(targets))
        done.append(_wave(number, unit, outputs, emulators, left, judgement, cut))
        stop = _stop(done[-1], before, number, waves)
        if stop != "":
            break
    plausible = space.settled(left.points)
    values = judgement(plausible) if len(plausible) else numpy.empty(0)
    return Match(space, targets, cut, seeds, judgement, tuple(done), stop, plausible, values)


def check_match(
    space: Space, targets: Sequence[Target], *, points: int, seeds: int, waves: int, rank: int = 1, cut: float = CUT
) -> Faults:
    """Gives what is wrong with what was asked."""
    faults = Faults()
    if not len(space):
        faults.add("no parameter is named", field="parameters", remedy="name at least one")
    for name, (low, high) in space.ranges.items():
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            faults.add(f"from {low:g} to {high:g} is no range", field=name, remedy="the lower end comes first")
    if not targets:
        faults.add("no target is named", field="targets", remedy="name at least one")
    for target in targets:
        if not target.variance > 0:
            faults.add("neither the figure nor the model is allowed an error", field=target.name, remedy="state a discrepancy")
    least = least_points(len(space))
    if points < least:
        faults.add(
            f"{points} points are too few to emulate {len(space)} parameters", field="points",
            remedy=f"give {least} or more; ten for each parameter are usual (Loeppky et al. 2009)",
        )
    if seeds < LEAST_SEEDS:
        faults.add(f"{seeds} seeds do not show how runs of a point vary", field="seeds", remedy=f"give {LEAST_SEEDS} or more")
    if waves < 1:
        faults.add(f"{waves} waves find nothing", field="waves", remedy="give 1 or more")
    if not 1 <= rank <= max(1, len(targets)):
        faults.add(f"there is no target of rank {rank}", field="rank", remedy=f"from 1 (the worst) to {len(targets)}")
    if not cut > 0:
        faults.add(f"a cut of {cut:g} rules everything out", field="cut", remedy=f"{CUT:g} is usual")
    return faults


def _design(space: Space, left: Remaining, known: numpy.ndarray, points: int, draw: int) -> numpy.ndarray:
    """Lays out the points of a wave."""
    if left.share == 1.0 and not len(known):
        return space.hypercube(points, draw)
    return space.settled(left.points[spread_out(left.points, points, near=known)])


def _wave(
    number: int, unit: numpy.ndarray, outputs: numpy.ndarray, emulators: Sequence[Emulator], left: Remaining, judgement: Judgement,
    cut: float,
) -> Wave:
    everywhere = judgement.by_target(whole(len(judgement.space), count=2**12).points)
    # What the search met counts too: a narrow pass may lie between the points laid out.
    met = judgement.by_target(numpy.concatenate([left.best[None, :], left.points]))
    nearest = numpy.minimum(everywhere.min(axis=0), met.min(axis=0))
    excluded = (everywhere >= cut).mean(axis=0)
    return Wave(
        number, unit, outputs, tuple(emulators), left, tuple(nearest.tolist()), tuple(excluded.tolist()),
        _unsure(emulators, judgement, left), _matching(unit, outputs, emulators, judgement, cut),
    )


def _unsure(emulators: Sequence[Emulator], judgement: Judgement, left: Remaining) -> float:
    parts = []
    for target, emulator in zip(judgement.targets, emulators, strict=True):
        if emulator.usable and not left.empty:
            _, mine, ensemble = emulator.foretell(judgement.space.settled(left.points))
            parts.append(float(numpy.median(mine / (ensemble + target.variance))))
    return max(parts, default=math.nan)


def _matching(
    unit: numpy.ndarray, outputs: numpy.ndarray, emulators: Sequence[Emulator], judgement: Judgement, cut: float
) -> float:
    """Gives the share of the points left whose own runs do not rule them out: the mean of runs stands for what is foretold."""
    left = judgement(unit) < cut
    if not left.any():
        return math.nan
    unit, outputs = unit[left], outputs[left]
    found = numpy.zeros((len(unit), len(judgement.targets)))
    for column, (target, emulator) in enumerate(zip(judgement.targets, emulators, strict=True)):
        values = target.scaled(outputs[:, :, column])
        counts = numpy.isfinite(values).sum(axis=1)
        mean = numpy.where(numpy.isfinite(values), values, 0.0).sum(axis=1) / numpy.maximum(counts, 1)
        if emulator.usable:
            _, _, ensemble = emulator.foretell(unit)
            # A target that no run defines cannot have been met.
            missed = implausibility(target, mean, ensemble / numpy.maximum(counts, 1), ensemble)
            found[:, column] = numpy.where(counts > 0, missed, numpy.inf)
    return float((judgement.ranked(found) < cut).mean())


def _stop(wave: Wave, before: Remaining, number: int, waves: int) -> str:
    """Says why the waves end here; nothing where they go on."""
    if wave.remaining.empty:
        return EMPTY
    if not any(emulator.usable for emulator in wave.emulators):
        return NO_EMULATOR
    if wave.remaining.share >= SETTLED_SHARE * before.share:
        return SETTLED
    if wave.unsure < SURE_PART:
        return SURE
    return WAVES_DONE if number == waves else ""
