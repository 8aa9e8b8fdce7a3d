"""The parts into which a register is cut: which arms are run in which worlds under which seeds, and what is measured there."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy

from redqueen.lab.arms import COST, Arm, begin, runs_after
from redqueen.lab.dataset import Recorder, dataset
from redqueen.lab.fingerprints import arm_digest, code_digest, parameter_hash, world_hash
from redqueen.lab.outcomes import BY_NAME, WORLD, Outcome, measured, variables_of
from redqueen.model.simulate import burn_in, simulate
from redqueen.model.world import World
from redqueen.policies.change import QUARTERS
from redqueen.studies.claims.declared import Horizon
from redqueen.studies.facts import Measurement, simulated
from redqueen.studies.register import watch

#: What decides the numbers of a part beside what it states: the model, those who govern it, and how it is measured.
_CODE = (
    "model", "draws.py", "decisions.py", "elementary.py", "policies/deciding.py", "policies/government.py", "lab/arms.py",
    "lab/dataset.py",
    "lab/outcomes.py", "lab/tables.py", "indicators", "studies/register.py", "studies/accounts.py", "studies/measurements.py",
    "studies/facts.py",
    "studies/claims/parts.py",
)


class Measure(NamedTuple):
    """Names what is measured: an outcome, its regions and (where by stage) stages, summed; None stands for all stages."""

    outcome: str
    regions: tuple[str, ...]
    stages: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Treatment:
    """An arm in its world, as it is run; `arm` may run after others of the same part, whose cost it is topped up to."""

    world: World
    arm: Arm


@dataclass(frozen=True)
class Part:
    """Some arms under some seeds and what is measured of them; with `measurement` a fact instead of outcomes.

    `title` says whose part it is, for people.
    """

    title: str
    treatments: Mapping[str, Treatment]
    seeds: tuple[int, ...]
    measures: tuple[Measure, ...] = ()
    windows: tuple[Horizon, ...] = ()
    measurement: tuple[str, Measurement] | None = None

    @property
    def quarters(self) -> int:
        """Quarters that are run, burn-ins included."""
        worlds = {id(treatment.world): treatment.world for treatment in self.treatments.values()}
        history = sum(treatment.world.quarters for treatment in self.treatments.values())
        return len(self.seeds) * (history + sum(world.burn_in for world in worlds.values()))

    @functools.cached_property
    def key(self) -> str:
        """Gives the SHA-256 of all that determines the values of this part."""
        content = {
            "code": code_digest(_CODE),
            "arms": {label: [_world_digest(one.world), arm_digest(one.arm)] for label, one in self.treatments.items()},
            "seeds": self.seeds,
            "measures": self.measures,
            "windows": self.windows,
            "measurement": self.measurement and self.measurement[0],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


#: values[label][position of the measure][position of the window][position of the seed]
Values = dict[str, list[list[list[float]]]]


def run_part(part: Part, advance: Callable[[int], None] = lambda quarters: None) -> Values:
    """Runs the arms of a part, those in one world from one burn-in a seed, and measures them.

    A fact has one measure and one window; where it is pooled its values are the jackknife's (see `studies/facts.py`).
    """
    return _run_facts(part, advance) if part.measurement else _run_trials(part, advance)


def _run_trials(part: Part, advance: Callable[[int], None]) -> Values:
    variables = variables_of(tuple(BY_NAME[measure.outcome] for measure in part.measures))
    recorders = {label: Recorder(1, 1, len(part.seeds), variables) for label in part.treatments}
    costly = {other for treatment in part.treatments.values() for other in runs_after(treatment.arm)}
    for position, seed in enumerate(part.seeds):
        states: dict[int, Any] = {}
        costs: dict[str, numpy.ndarray] = {}
        for label, (world, arm) in ((label, (one.world, one.arm)) for label, one in part.treatments.items()):
            if id(world) not in states:
                states[id(world)] = burn_in(world, seed=seed)
                advance(world.burn_in)
            schedule, government = begin(arm, world, seed, [costs[other] for other in runs_after(arm)])
            history = simulate(world, schedule, seed=seed, state=states[id(world)], government=government)
            if label in costly:
                costs[label] = history.arrays[COST]
            recorders[label].keep((0, 0, position), history)
            advance(world.quarters)
    return {label: _measure(recorders[label], part, treatment.world) for label, treatment in part.treatments.items()}


def _run_facts(part: Part, advance: Callable[[int], None]) -> Values:
    assert part.measurement is not None
    found: Values = {}
    for label, treatment in part.treatments.items():
        registers = []
        for seed in part.seeds:
            schedule, _ = begin(treatment.arm, treatment.world, seed)
            registers.append(watch(treatment.world, schedule, seed))
            advance(treatment.world.burn_in + treatment.world.quarters)
        found[label] = [[simulated(part.measurement[1], registers)[0]]]
    return found


def _measure(recorder: Recorder, part: Part, world: World) -> list[list[list[float]]]:
    result = dataset(recorder, world, ["arm"], part.seeds, {})
    spans = [(round(QUARTERS * start), round(QUARTERS * end)) for start, end in part.windows]
    return [[_summed(result, measure, span).tolist() for span in spans] for measure in part.measures]


def _summed(result: Any, measure: Measure, span: tuple[int, int]) -> numpy.ndarray:
    """Gives a measure in every seed: the sum of the upper term over that of the lower one, where there is one."""
    outcome = BY_NAME[measure.outcome]
    top = _cells(result, outcome._replace(bottom=None), measure, span)
    if outcome.bottom is None:
        return top
    bottom = _cells(result, outcome._replace(top=outcome.bottom, bottom=None), measure, span)
    return numpy.divide(top, bottom, out=numpy.full_like(top, numpy.nan), where=bottom != 0)


def _cells(result: Any, term: Outcome, measure: Measure, span: tuple[int, int]) -> numpy.ndarray:
    values = measured(result, term, span).sel(policy="arm")
    # A world of one region has no row of its own for their sum.
    regions = [name for name in measure.regions if name in values["region"].values] or [WORLD]
    if regions == [WORLD] and WORLD not in values["region"].values:
        regions = values["region"].values.tolist()
    values = values.sel(region=regions).sum("region", skipna=False)
    if "stage" in values.dims:
        values = (values if measure.stages is None else values.sel(stage=list(measure.stages))).sum("stage", skipna=False)
    return numpy.asarray(values.values, dtype=float)


def _world_digest(world: World) -> tuple[str, str]:
    return world_hash(world), parameter_hash(world, {})


def blocks(seeds: int, length: int) -> list[tuple[int, ...]]:
    """Cuts seeds 1 to `seeds` into blocks."""
    return [tuple(range(first, min(first + length, seeds + 1))) for first in range(1, seeds + 1, length)]


def joined(parts: Sequence[Values]) -> Values:
    """Puts the values of blocks of seeds together, in the order of the blocks."""
    first = parts[0]
    return {
        label: [
            [[value for values in parts for value in values[label][row][column]] for column in range(len(first[label][row]))]
            for row in range(len(first[label]))
        ]
        for label in first
    }
