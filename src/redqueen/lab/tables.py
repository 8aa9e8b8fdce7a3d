"""Lays out one run as the tables that publishers make, so that whatever measures a region measures simulated ones too.

Every figure of a year is that of its last quarter, at the pace of a quarter: large arrays are recorded once a year.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy
import pandas

from redqueen.evidence.evidence import KINDS, Evidence
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.places import REST_OF_WORLD
from redqueen.indicators.innovation import research_intensity
from redqueen.indicators.value_chain import gross_exports

if TYPE_CHECKING:
    import xarray

__all__ = [
    "ACTIVITY_MEASURES", "CHAIN_VARIABLES", "FORMAT", "MODE_MEASURES", "OUTSIDE", "chain_accounts", "chain_table",
    "simulated_tables"
]

#: The layout that all tables of a run name.
FORMAT = "simulated"
#: What is outside the chain, where a region already bears the name of the rest of the world.
OUTSIDE = "outside"

_MONEY = "money/quarter"

#: Measures of what firms spend on each mode of innovation, by the mode's label.
MODE_MEASURES = {
    "novel": "R&D on novel products",
    "second": "R&D on second-generation products",
    "process": "R&D on processes",
    "production": "R&D on production",
}

#: Measures of a region and the recorded variable of each; those of one mode and R&D intensity come on top.
_REGION_MEASURES = {
    "value added": "value_added",
    "income per head": "income_per_head",
    "jobs": "jobs",
    "exports": "exports",
    "talent at home": "talent_home",
    "R&D spending": "research_spending",
}
# Logs in the record, levels in the table: what may be below zero is no level.
_QUALITY, _DISTANCE = "quality_made", "distance_to_frontier"
_QUALITY_UNIT = "level, 1 at a log quality of 0"

#: Measures of the table of activities.
ACTIVITY_MEASURES = ("value added", "output", "exports", "jobs", "establishments")

#: Recorded variables that the accounts of the chain are drawn up from.
CHAIN_VARIABLES = ("flows", "final_sales", "in_house", "stage_outside")

_NOTE = "figures of a year are those of its last quarter"
_OUTSIDE_NOTE = "sells materials, and what no firm of a trade bloc makes, from outside the chain; it buys nothing"


def simulated_tables(member: xarray.Dataset) -> list[Evidence]:
    """Gives one run as tables of evidence, their format "simulated", money in the model's unit.

    `member` is a trial's dataset with one policy and one seed selected: `result.isel(policy=0, seed=0)`. ->

    - activities by stage: value added, output, exports (money/quarter), jobs (heads), establishments (firms);
    - input_output, a table a year: see `chain_accounts`; its value added is that of activities, and that of a region;
    - ties: "ties" that firms of a region hold with firms of a partner (with the region itself as partner: at home, where each
      is held from both ends) and "people abroad": talent by residence (region) and origin (partner);
    - regions: value added, income per head, jobs, exports, talent at home, quality of what is made and "frontier quality", the
      frontier of the same stages (levels: their log ratio is the distance to the frontier), R&D spending, by mode of
      innovation too, and R&D intensity.

    A table comes where all that it needs was recorded, none from a run of less than a year. Underscores of stages
    become hyphens: in input-output tables an underscore parts region and activity.
    """
    if {"policy", "seed"} & set(member.dims):
        raise ValueError("tables are made of one run: select a policy and a seed first, as in result.isel(policy=0, seed=0)")
    if member.sizes["year"] == 0:
        return []
    makers: tuple[tuple[Callable[[xarray.Dataset], Evidence], Sequence[str]], ...] = (
        (_activities, (*CHAIN_VARIABLES, "stage_jobs", "stage_firms")),
        (_input_output, CHAIN_VARIABLES),
        (_ties, ("ties_between", "talent")),
        (_regions, ("research_by_mode", _QUALITY, _DISTANCE, *_REGION_MEASURES.values())),
    )
    return [make(member) for make, needed in makers if all(name in member for name in needed)]


def chain_accounts(
    arrays: Mapping[str, numpy.ndarray], *, regions: Sequence[str], stages: Sequence[str], brand_stages: Sequence[int], year: int
) -> InputOutput:
    """Draws up the inter-regional input-output table of one quarter: the one definition of it.

    `arrays` holds the quarter's flows [R, S, R, S], in_house [R, S, S], final_sales [R, industry, R] and stage_outside
    [R, S], money/quarter; `brand_stages` says which stage sells each industry's products. -> a table of R + 1 regions with
    S sectors, whose accounts close: output = sales = purchases + value added. What a firm's own stages pass on is a sale at
    cost within the region, so that a lead firm's profit is value added of its brand stage. The last region, ROW, sells
    materials and what nobody in a trade bloc makes, each in the sector of the stage that buys it, and is no part of
    the world's value added; the sum over the stages of any other region is its value added, as the ledger has it.
    """
    n_regions, n_stages = len(regions), len(stages)
    size = n_regions * n_stages
    flows = numpy.array(arrays["flows"], dtype=float)
    home = numpy.arange(n_regions)
    flows[home, :, home, :] += arrays["in_house"]
    final = numpy.zeros((n_regions + 1, n_stages, n_regions + 1))
    for industry, brand in enumerate(brand_stages):
        final[:n_regions, brand, :n_regions] += arrays["final_sales"][:, industry]
    intermediate = numpy.zeros((size + n_stages, size + n_stages))
    intermediate[:size, :size] = flows.reshape(size, size)
    producers = numpy.arange(size)
    intermediate[size + producers % n_stages, producers] = numpy.asarray(arrays["stage_outside"], dtype=float).reshape(-1)
    final_demand = final.reshape(size + n_stages, n_regions + 1)
    output = intermediate.sum(axis=1) + final_demand.sum(axis=1)
    outside = REST_OF_WORLD if REST_OF_WORLD not in regions else OUTSIDE
    return InputOutput(
        regions=(*regions, outside),
        sectors=tuple(stages),
        year=year,
        intermediate=intermediate,
        final_demand=final_demand,
        value_added=output - intermediate.sum(axis=0),
        output=output,
        unit=_MONEY,
        notes=(_NOTE, f"{outside} {_OUTSIDE_NOTE}"),
    )


def chain_table(result: xarray.Dataset, arrays: Mapping[str, numpy.ndarray], year: int) -> InputOutput:
    """Draws up `chain_accounts` of one quarter of a trial, whose labels are those of `result`."""
    stages = result["stage"].values.tolist()
    return chain_accounts(
        arrays,
        regions=[str(name) for name in result["region"].values],
        stages=_activity_names(result),
        brand_stages=[stages.index(stage) for stage in result["brand_stage"].values],
        year=year,
    )


def _activities(member: xarray.Dataset) -> Evidence:
    n_regions = member.sizes["region"]
    pieces: dict[str, list[numpy.ndarray]] = {name: [] for name in ACTIVITY_MEASURES[:3]}
    for table in _chain_tables(member):
        n_all = len(table.regions)
        pieces["value added"].append(table.value_added.reshape(n_all, -1)[:n_regions])
        pieces["output"].append(table.output.reshape(n_all, -1)[:n_regions])
        assert table.final_demand is not None
        exports = gross_exports(table.intermediate, table.final_demand, n_all).sum(axis=2)
        pieces["exports"].append(exports.T[:n_regions])
    arrays: dict[str, numpy.ndarray] = {name: numpy.array(of_years) for name, of_years in pieces.items()}
    at_year_ends = member.isel(quarter=member["last_quarter"].values)
    arrays["jobs"] = at_year_ends["stage_jobs"].values
    arrays["establishments"] = at_year_ends["stage_firms"].values
    units = dict.fromkeys(pieces, _MONEY) | {"jobs": "heads", "establishments": "firms"}
    labels = {"year": _years(member), "region": member["region"].values, "activity": _activity_names(member)}
    return _evidence(member, "activities", [_long(name, array, labels) for name, array in arrays.items()], units)


def _input_output(member: xarray.Dataset) -> Evidence:
    rows = pandas.DataFrame(columns=[*KINDS["input_output"], "value"])
    return Evidence(FORMAT, "input_output", rows, {"value": _MONEY}, notes=_notes(member), tables=tuple(_chain_tables(member)))


def _ties(member: xarray.Dataset) -> Evidence:
    labels = {"year": _years(member), "region": member["region"].values, "partner": member["region"].values}
    abroad = member["talent"].values.swapaxes(1, 2) * ~numpy.eye(member.sizes["region"], dtype=bool)
    pieces = [_long("ties", member["ties_between"].values, labels), _long("people abroad", abroad, labels)]
    # Most pairs of many regions have nothing to do with each other.
    pieces = [piece[piece["value"] != 0] for piece in pieces]
    return _evidence(member, "ties", pieces, {"ties": "ties", "people abroad": "heads"})


def _regions(member: xarray.Dataset) -> Evidence:
    at_year_ends = member.isel(quarter=member["last_quarter"].values)
    arrays = {measure: at_year_ends[name].values for measure, name in _REGION_MEASURES.items()}
    units = {measure: member[name].attrs["unit"] for measure, name in _REGION_MEASURES.items()}
    logs = at_year_ends[_QUALITY].values
    for measure, levels in (("quality", logs), ("frontier quality", logs + at_year_ends[_DISTANCE].values)):
        arrays[measure], units[measure] = numpy.exp(levels), _QUALITY_UNIT
    for mode, measure in MODE_MEASURES.items():
        arrays[measure] = member["research_by_mode"].sel(mode=mode).values
        units[measure] = _MONEY
    arrays["R&D intensity"] = research_intensity(arrays["R&D spending"], arrays["value added"])
    units["R&D intensity"] = "share of value added"
    labels = {"year": _years(member), "region": member["region"].values}
    return _evidence(member, "regions", [_long(name, array, labels) for name, array in arrays.items()], units)


def _chain_tables(member: xarray.Dataset) -> list[InputOutput]:
    return [
        chain_table(member, {name: member[name].values[place] for name in CHAIN_VARIABLES}, int(year))
        for place, year in enumerate(member["year"].values)
    ]


def _evidence(member: xarray.Dataset, kind: str, pieces: list[pandas.DataFrame], units: Mapping[str, str]) -> Evidence:
    rows = pandas.concat(pieces, ignore_index=True)
    known = numpy.isfinite(rows["value"])
    key = list(KINDS[kind])
    rows = rows[known].sort_values(key, ignore_index=True)[[*key, "value"]]
    return Evidence(FORMAT, kind, rows, dict(units), notes=_notes(member), missing=int((~known).sum()))


def _long(measure: str, array: numpy.ndarray, labels: Mapping[str, Any]) -> pandas.DataFrame:
    """Lists the cells of an array whose dimensions are `labels`, in their order."""
    index = pandas.MultiIndex.from_product(list(labels.values()), names=list(labels))
    values = numpy.asarray(array, dtype=float).reshape(-1)
    return pandas.DataFrame({"value": values}, index=index).reset_index().assign(measure=measure)


def _years(member: xarray.Dataset) -> numpy.ndarray:
    return member["year"].values.astype(numpy.int64)


def _activity_names(member: xarray.Dataset) -> list[str]:
    return [str(name).replace("_", "-") for name in member["stage"].values]


def _notes(member: xarray.Dataset) -> tuple[str, ...]:
    what = f"simulated: case {member.attrs.get('case', '?')}, policy {member['policy'].item()}, seed {member['seed'].item()}"
    return (what, _NOTE)
