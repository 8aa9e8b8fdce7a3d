"""Turn a result into long tables, one value a row, for spreadsheets and other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from redqueen.lab.arms import COST
from redqueen.lab.dataset import DECISION_COLUMNS
from redqueen.lab.outcomes import OUTCOMES, WORLD, Outcome, measured, series
from redqueen.model.kinds import QUARTERS_A_YEAR

if TYPE_CHECKING:
    import xarray

    from redqueen.evidence.evidence import Evidence
    from redqueen.evidence.input_output import InputOutput

REGION_COLUMNS = ("time", "region", "outcome", "value", "unit")
STAGE_COLUMNS = ("time", "region", "stage", "outcome", "value", "unit")
FLOW_COLUMNS = ("year", "region", "stage", "to_region", "to_stage", "value")
SALES_COLUMNS = ("year", "region", "industry", "to_region", "value")
TALENT_COLUMNS = ("year", "origin", "residence", "value")


class Change(NamedTuple):
    """Says where an outcome of a region starts and ends in one run: means of the first and the last year."""

    region: str
    outcome: Outcome
    start: float
    end: float


class Cost(NamedTuple):
    """Says what a policy cost a region: money/quarter, mean over the whole history and all seeds."""

    policy: str
    region: str
    cost: float


def costs(result: xarray.Dataset) -> list[Cost]:
    """Measures what every policy cost each region, and the world; empty where the public cost was not recorded."""
    if COST not in result:
        return []
    means = result[COST].mean(["seed", "quarter"])
    found = []
    for policy in means["policy"].values:
        mine = means.sel(policy=policy)
        found += [Cost(str(policy), str(region), float(mine.sel(region=region))) for region in mine["region"].values]
        found.append(Cost(str(policy), WORLD, float(mine.sum("region"))))
    return found


def decision_rows(result: xarray.Dataset) -> list[tuple[Any, ...]]:
    """Lists what governments decided in the runs of a trial: `DECISION_COLUMNS`, in the order of policies and seeds."""
    return [tuple(row[name] for name in DECISION_COLUMNS) for row in json.loads(result.attrs.get("decisions", "[]"))]


def region_rows(member: xarray.Dataset) -> Iterator[tuple[Any, ...]]:
    """Lists every recorded variable by region, then every outcome measured from several, of one run.

    `member` is a trial's dataset with one policy and one seed selected.
    """
    for name, array in member.data_vars.items():
        if array.dims == ("quarter", "region"):
            yield from _rows(array, str(name), array.attrs["unit"])
    for outcome in _measurable(member):
        if outcome.name not in member and not outcome.by_stage:
            yield from _rows(series(member, outcome), outcome.name, outcome.unit)


def stage_rows(member: xarray.Dataset) -> Iterator[tuple[Any, ...]]:
    """Lists every recorded variable by region and stage of one run, and by stage alone with an empty region."""
    for name, array in member.data_vars.items():
        if array.dims == ("quarter", "region", "stage"):
            yield from _rows(array, str(name), array.attrs["unit"])
        elif array.dims == ("quarter", "stage"):
            for time, stage, value in _cells(array):
                yield time, None, stage, str(name), value, array.attrs["unit"]


def yearly_rows(member: xarray.Dataset, variable: str) -> Iterator[tuple[Any, ...]]:
    """Lists what is not zero in a yearly variable of one run: money or heads in the last quarter of each year."""
    return (row for row in _cells(member[variable]) if row[-1] != 0)


def evidence_rows(table: Evidence) -> Iterator[tuple[Any, ...]]:
    """Lists the rows of a table of evidence, each with its unit: the columns of `table.rows`, then `unit`."""
    units = table.rows["measure"].map(dict(table.units))
    return (tuple(row) for row in zip(*(table.rows[name].tolist() for name in table.rows), units.tolist(), strict=True))


def input_output_rows(table: InputOutput) -> Iterator[tuple[Any, ...]]:
    """Lists an input-output table with its header first: REGION_STAGE by REGION_STAGE, REGION_FD, OUTPUT; rows VA and OUTPUT."""
    labels = [f"{region}_{sector}" for region in table.regions for sector in table.sectors]
    yield f"simulated: {table.unit}", *labels, *(f"{region}_FD" for region in table.regions), "OUTPUT"
    assert table.final_demand is not None
    rows = numpy.column_stack([table.intermediate, table.final_demand, table.output]).tolist()
    for label, row in zip(labels, rows, strict=True):
        yield label, *row
    nothing = [None] * (len(table.regions) + 1)
    yield "VA", *table.value_added.tolist(), *nothing
    yield "OUTPUT", *table.output.tolist(), *nothing


def changes(member: xarray.Dataset, outcomes: list[Outcome] | None = None) -> list[Change]:
    """Measures where each outcome of each region starts and ends in one run."""
    quarters = member.sizes["quarter"]
    year = min(QUARTERS_A_YEAR, quarters)
    found = []
    for outcome in outcomes or _measurable(member):
        if outcome.by_stage:
            continue
        start, end = measured(member, outcome, (0, year)), measured(member, outcome, (quarters - year, quarters))
        for region in start["region"].values:
            pair = (float(values.sel(region=region)) for values in (start, end))
            found.append(Change(str(region), outcome, *pair))
    return found


def measured_years(member: xarray.Dataset) -> tuple[float, float]:
    """Gives the starts of the first and of the last year that `changes` measures, as years."""
    time = member["time"].values
    return float(time[0]), float(time[-min(QUARTERS_A_YEAR, time.size)])


def _measurable(member: xarray.Dataset) -> list[Outcome]:
    # A run of less than a year has no year's record.
    known = {name for name, array in member.data_vars.items() if array.sizes.get("year") != 0}
    return [outcome for outcome in OUTCOMES if known.issuperset(outcome.variables)]


def _rows(array: xarray.DataArray, name: str, unit: str) -> Iterator[tuple[Any, ...]]:
    for *place, value in _cells(array):
        yield *place, name, value, unit


def _cells(array: xarray.DataArray) -> Iterator[tuple[Any, ...]]:
    """Lists the cells of an array with their labels; a quarter is labelled by its time."""
    labels = [array["time" if name == "quarter" else name].values.tolist() for name in array.dims]
    for place, value in numpy.ndenumerate(array.values):
        yield *(names[position] for names, position in zip(labels, place, strict=True)), float(value)
