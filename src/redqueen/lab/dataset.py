"""Lay out the histories of a trial as one labelled dataset, with units, meanings and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.model.fields import FIELDS
from redqueen.model.kinds import MODES, QUARTERS_A_YEAR, TIE_KINDS
from redqueen.model.schedule import Decision
from redqueen.model.world import World

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.sampling import Samples

_FIELD = {field.name: field for field in FIELDS}

#: What is kept of a decision of a government; time is the quarter's start, as a year.
DECISION_COLUMNS = ("policy", "seed", "quarter", "time", "region", "government", "chosen", "why")
#: Why a member is missing that nobody has run yet.
NOT_RUN = "not run"


class Recorder:
    """Holds the arrays of a trial's world, allocated at the first member and filled one by one.

    Every array is float64 [policy, sample, seed, quarter or year, ...dimensions of the field], NaN where no member has come in;
    `decisions` are those of governments, `failures` why members are missing, both by positions (policy, sample, seed).
    """

    def __init__(self, policies: int, samples: int, seeds: int, variables: Sequence[str] | None = None):
        self.members = (policies, samples, seeds)
        self.variables = None if variables is None else set(variables)
        self.arrays: dict[str, numpy.ndarray] = {}
        self.yearly: set[str] = set()
        self.decisions: dict[tuple[int, int, int], tuple[Decision, ...]] = {}
        self.failures: dict[tuple[int, int, int], str] = dict.fromkeys(numpy.ndindex(self.members), NOT_RUN)

    def keep(self, place: tuple[int, int, int], member: Any) -> None:
        """Copies one member (or history) into its place."""
        self.failures.pop(place, None)
        if getattr(member, "failure", ""):
            self.failures[place] = member.failure
            return
        if member.decisions:
            self.decisions[place] = tuple(member.decisions)
        for source, yearly in ((member.arrays, False), (member.yearly, True)):
            for name, array in source.items():
                if self.variables is not None and name not in self.variables:
                    continue
                if name not in self.arrays:
                    self.arrays[name] = numpy.full((*self.members, *array.shape), numpy.nan)
                    if yearly:
                        self.yearly.add(name)
                self.arrays[name][place] = array


def dataset(
    recorder: Recorder,
    world: World,
    policies: Sequence[str],
    seeds: Sequence[int],
    attributes: Mapping[str, Any],
    samples: Samples | None = None,
) -> xarray.Dataset:
    """Labels recorded arrays.

    Dimensions policy, seed, quarter, region, stage, industry, mode, tie_kind and, for the yearly ones, year; a
    second region or stage is to_region or to_stage; with `samples` there is sample before seed. Coordinates are those of
    `coordinates`; see `finished` for the rest.
    """
    import xarray

    variables = {}
    for name in sorted(recorder.arrays):
        array = recorder.arrays[name]
        dimensions = dimensions_of(name, yearly=name in recorder.yearly, sampled=samples is not None)
        variables[name] = (dimensions, array[:, 0] if samples is None else array, words_of(name))
    labelled = xarray.Dataset(variables, coordinates(world, policies, seeds, samples), dict(attributes))
    return finished(labelled, recorder.failures, recorder.decisions)


def finished(
    labelled: xarray.Dataset,
    failures: Mapping[tuple[int, int, int], str],
    decisions: Mapping[tuple[int, int, int], Sequence[Sequence[Any]]],
) -> xarray.Dataset:
    """Adds what is no number: coordinate `failure` says why a member is missing ("" where it is there), and attribute
    `decisions` what governments decided during the runs, as JSON; see `lab/tidy.py`. Both by positions (policy, sample, seed).
    """
    sampled = "sample" in labelled.sizes
    shape = (labelled.sizes["policy"], labelled.sizes.get("sample", 1), labelled.sizes["seed"])
    words = numpy.full(shape, "", dtype=object)
    for place, reason in failures.items():
        words[place] = reason
    dimensions = ("policy", "sample", "seed") if sampled else ("policy", "seed")
    meaning = {"meaning": "why the member is missing; empty where it is there"}
    labelled = labelled.assign_coords(failure=(dimensions, (words if sampled else words[:, 0]).astype(str), meaning))
    policies, seeds, time = (labelled[name].values for name in ("policy", "seed", "time"))
    rows = []
    for (policy, sample, seed), taken in sorted(decisions.items()):
        for quarter, *rest in taken:
            values = (str(policies[policy]), int(seeds[seed]), int(quarter), float(time[int(quarter)]), *rest)
            rows.append(dict(zip(DECISION_COLUMNS, values, strict=True)) | ({"sample": sample} if sampled else {}))
    return labelled.assign_attrs(decisions=json.dumps(rows))


def coordinates(world: World, policies: Sequence[str], seeds: Sequence[int], samples: Samples | None = None) -> dict[str, Any]:
    """Gives the labels of every dimension of a trial's world.

    `time` is the quarter's start as a year; `assumption` [sample, parameter] holds the points of the uncertain parameters.
    """
    quarter = numpy.arange(world.quarters)
    time = world.start + quarter / QUARTERS_A_YEAR
    # The yearly record is taken in the last quarter of each year since the start.
    last_quarter = quarter[QUARTERS_A_YEAR - 1 :: QUARTERS_A_YEAR]
    labels: dict[str, Any] = {
        "policy": list(policies),
        "seed": numpy.asarray(seeds, dtype=numpy.int64),
        "quarter": quarter,
        "time": ("quarter", time, {"unit": "year", "meaning": "start of the quarter"}),
        "region": list(world.regions),
        "to_region": list(world.regions),
        "stage": list(world.stages),
        "to_stage": list(world.stages),
        "industry": list(world.industries),
        "brand_stage": (
            "industry",
            [world.stages[stage] for stage in world.brand_stage],
            {"meaning": "stage that sells the product"},
        ),
        "mode": list(MODES),
        "tie_kind": list(TIE_KINDS),
        "year": numpy.floor(time[last_quarter]).astype(numpy.int64),
        "last_quarter": ("year", last_quarter, {"unit": "quarters", "meaning": "quarter in which the year is recorded"}),
    }
    if samples is not None:
        labels["sample"] = numpy.arange(len(samples))
        labels["parameter"] = list(samples.names)
        labels["assumption"] = (("sample", "parameter"), samples.points, {"meaning": "value of the parameter at the point"})
    return labels


def dimensions_of(name: str, *, yearly: bool, sampled: bool) -> tuple[str, ...]:
    """Names the dimensions of a recorded variable."""
    members = ("policy", "sample", "seed") if sampled else ("policy", "seed")
    return (*members, "year" if yearly else "quarter", *_dimensions(_FIELD[name].shape))


def words_of(name: str) -> dict[str, str]:
    """Gives the unit and the meaning of a recorded variable."""
    return {"unit": _FIELD[name].unit, "meaning": _FIELD[name].meaning}


def _dimensions(shape: Sequence[str]) -> list[str]:
    names: list[str] = []
    for name in shape:
        names.append(f"to_{name}" if name in names else name)
    return names
