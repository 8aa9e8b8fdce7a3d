"""Lay out the histories of a trial as one labelled dataset, with units, meanings and where it comes from."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.model.fields import FIELDS
from redqueen.model.kinds import MODES, QUARTERS_A_YEAR, TIE_KINDS
from redqueen.model.parameters import DEFAULTS
from redqueen.model.schedule import Decision
from redqueen.model.world import World

if TYPE_CHECKING:
    import xarray

_FIELD = {field.name: field for field in FIELDS}

#: What is kept of a decision of a government; time is the quarter's start, as a year.
DECISION_COLUMNS = ("policy", "seed", "quarter", "time", "region", "government", "chosen", "why")


class Recorder:
    """Holds the arrays of a trial, allocated at the first history and filled member by member.

    Every array is float64 [policy, seed, quarter or year, ...dimensions of the field]; `decisions` are those of
    governments, by the positions of policy and seed.
    """

    def __init__(self, policies: int, seeds: int, variables: Sequence[str] | None = None):
        self.members = (policies, seeds)
        self.variables = None if variables is None else set(variables)
        self.arrays: dict[str, numpy.ndarray] = {}
        self.yearly: set[str] = set()
        self.decisions: dict[tuple[int, int], tuple[Decision, ...]] = {}

    def keep(self, policy: int, seed: int, history: Any) -> None:
        """Copies one history into its place."""
        if history.decisions:
            self.decisions[policy, seed] = tuple(history.decisions)
        for source, yearly in ((history.arrays, False), (history.yearly, True)):
            for name, array in source.items():
                if self.variables is not None and name not in self.variables:
                    continue
                if name not in self.arrays:
                    # NaN shows a member that was never run.
                    self.arrays[name] = numpy.full((*self.members, *array.shape), numpy.nan)
                    if yearly:
                        self.yearly.add(name)
                self.arrays[name][policy, seed] = array


def dataset(
    recorder: Recorder, world: World, policies: Sequence[str], seeds: Sequence[int], attributes: Mapping[str, Any]
) -> xarray.Dataset:
    """Labels recorded arrays.

    Dimensions policy, seed, quarter, region, stage, industry, mode, tie_kind and, for the yearly ones, year; a
    second region or stage is to_region or to_stage. Coordinate `time` is the quarter's start as a year. Attribute
    `decisions` holds what governments decided during the runs, as JSON; see `lab/tidy.py`.
    """
    import xarray

    variables = {}
    for name in sorted(recorder.arrays):
        field = _FIELD[name]
        clock = "year" if name in recorder.yearly else "quarter"
        words = {"unit": field.unit, "meaning": field.meaning}
        variables[name] = (("policy", "seed", clock, *_dimensions(field.shape)), recorder.arrays[name], words)
    quarter = numpy.arange(world.quarters)
    time = world.start + quarter / QUARTERS_A_YEAR
    # The yearly record is taken in the last quarter of each year since the start.
    last_quarter = quarter[QUARTERS_A_YEAR - 1 :: QUARTERS_A_YEAR]
    coordinates = {
        "policy": list(policies),
        "seed": numpy.asarray(seeds, dtype=numpy.int64),
        "quarter": quarter,
        "time": ("quarter", time, {"unit": "year", "meaning": "start of the quarter"}),
        "region": list(world.regions),
        "to_region": list(world.regions),
        "stage": list(world.stages),
        "to_stage": list(world.stages),
        "industry": list(world.industries),
        "brand_stage": ("industry", [world.stages[stage] for stage in world.brand_stage], {"meaning": "stage that sells the product"}),
        "mode": list(MODES),
        "tie_kind": list(TIE_KINDS),
        "year": numpy.floor(time[last_quarter]).astype(numpy.int64),
        "last_quarter": ("year", last_quarter, {"unit": "quarters", "meaning": "quarter in which the year is recorded"}),
    }
    decisions = [
        (policies[policy], int(seeds[seed]), one.quarter, float(time[one.quarter]), *one[1:])
        for (policy, seed), taken in sorted(recorder.decisions.items())
        for one in taken
    ]
    rows = [dict(zip(DECISION_COLUMNS, row, strict=True)) for row in decisions]
    return xarray.Dataset(variables, coordinates, {**attributes, "decisions": json.dumps(rows)})


def world_hash(world: World) -> str:
    """Gives the SHA-256 of everything that a world states."""
    digest = hashlib.sha256()
    for name in (
        "name",
        "regions",
        "industries",
        "stages",
        "industry_of",
        "input_stage",
        "brand_stage",
        "shipping_stage",
        "start",
        "quarters",
        "burn_in",
        "modularity",
    ):
        digest.update(f"{name}={getattr(world, name)!r}\n".encode())
    for name in sorted(world.endowments):
        digest.update(name.encode())
        digest.update(numpy.ascontiguousarray(world.endowments[name], dtype="<f8").tobytes())
    return digest.hexdigest()


def parameter_hash(world: World, overrides: Mapping[str, float]) -> str:
    """Gives the SHA-256 of the value of every parameter: the default, or the world's, or the trial's."""
    values = {**DEFAULTS, **world.parameters, **overrides}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def origins() -> dict[str, str]:
    """Gives the versions of what computed a result."""
    import redqueen

    return {"redqueen": redqueen.__version__, "python": platform.python_version(), "numpy": numpy.__version__}


def _dimensions(shape: Sequence[str]) -> list[str]:
    names: list[str] = []
    for name in shape:
        names.append(f"to_{name}" if name in names else name)
    return names
