"""Who keeps what final users pay for the products of a region's lead firms: value, jobs and wages by place and stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.evidence.input_output import InputOutput
from redqueen.indicators.value_chain import input_coefficients
from redqueen.lab.tables import CHAIN_VARIABLES, chain_table

if TYPE_CHECKING:
    import xarray

__all__ = ["LEDGER_COLUMNS", "OUTSIDE", "VARIABLES", "kept", "ledger_rows"]

#: Recorded variables that this needs.
VARIABLES = (*CHAIN_VARIABLES, "stage_jobs", "stage_wages")

#: What is paid outside the chain, for materials and to the supplier outside, where a region stands.
OUTSIDE = "outside the chain"

LEDGER_COLUMNS = ("year", "lead_firms_of", "region", "stage", "value", "value_share", "jobs", "wages")


def kept(result: xarray.Dataset, lead: str, year: int) -> xarray.Dataset:
    """Measures the whole chain behind the products of the lead firms of region `lead`, in one year's last quarter.

    With B = (I - A)^-1 of that quarter's input-output table (`lab/tables.chain_accounts`) and f the sales of the lead firms of
    `lead` to final users anywhere: u_i / x_i (B f)_i, where u is value added, jobs or wages. -> dimensions (policy, seed,
    place, stage), where a place is a region or `OUTSIDE`:

    - value [money/quarter]: adds up, with what is paid outside, to `paid` (policy, seed), what final users pay at the gate:
      transport to them, tariffs and taxes come on top;
    - jobs [heads] and wages [money/quarter] of firms in the chain; none are known outside.

    NaN where the lead firms sell nothing, or where some producers sell only to each other.
    Source: Timmer et al. 2014 (timmer_2014); Los, Timmer and de Vries 2015 (los_2015).
    """
    import xarray

    place = int(numpy.flatnonzero(result["year"].values == year)[0])
    quarter = int(result["last_quarter"].values[place])
    regions, stages = (result[name].values.tolist() for name in ("region", "stage"))
    members = (result.sizes["policy"], result.sizes["seed"])
    shape = (*members, len(regions) + 1, len(stages))
    arrays = {name: numpy.full(shape, numpy.nan) for name in ("value", "jobs", "wages")}
    paid = numpy.full(members, numpy.nan)
    # Whole arrays once: taking a member from a data set costs more than solving its table.
    yearly = {name: result[name].transpose("policy", "seed", "year", ...).values[:, :, place] for name in CHAIN_VARIABLES}
    by_quarter = {name: result[f"stage_{name}"].transpose("policy", "seed", "quarter", ...) for name in ("jobs", "wages")}
    at_work = {name: array.values[:, :, quarter] for name, array in by_quarter.items()}
    for member in numpy.ndindex(members):
        table = chain_table(result, {name: array[member] for name, array in yearly.items()}, year)
        final = _sales_of(table, regions.index(lead))
        paid[member] = final.sum()
        made = _needed(table, final)
        if made is None:
            continue
        arrays["value"][member] = _spread(table, table.value_added, made)
        for name, array in at_work.items():
            used = numpy.concatenate([array[member].reshape(-1), numpy.zeros(len(stages))])
            arrays[name][member][:-1] = _spread(table, used, made)[:-1]
    coordinates = {"policy": result["policy"].values, "seed": result["seed"].values, "place": [*regions, OUTSIDE], "stage": stages}
    variables: dict[str, Any] = {name: (("policy", "seed", "place", "stage"), array) for name, array in arrays.items()}
    return xarray.Dataset({**variables, "paid": (("policy", "seed"), paid)}, coordinates, {"lead": lead, "year": year})


def ledger_rows(member: xarray.Dataset) -> Iterator[tuple[Any, ...]]:
    """Lists who keeps what of the last year's products, for the lead firms of every region, in one run: `LEDGER_COLUMNS`.

    `member` is a trial's data set with one policy and one seed selected. `value_share` is the share of what final users pay.
    A run of less than a year, and lead firms that sell nothing, have no rows.
    """
    if member.sizes["year"] == 0:
        return
    one = member.expand_dims(["policy", "seed"])
    year = int(member["year"].values[-1])
    for lead in member["region"].values.tolist():
        found = kept(one, lead, year).isel(policy=0, seed=0)
        paid = float(found["paid"])
        if not paid > 0:
            continue
        for place in found["place"].values.tolist():
            for stage in found["stage"].values.tolist():
                value, jobs, wages = (float(found[name].sel(place=place, stage=stage)) for name in ("value", "jobs", "wages"))
                yield year, lead, place, stage, value, value / paid, jobs, wages


def _sales_of(table: InputOutput, lead: int) -> numpy.ndarray:
    """Gives what final users anywhere buy of each producer of one region; only brand stages sell to them."""
    assert table.final_demand is not None
    bought = table.final_demand.sum(axis=1).reshape(len(table.regions), -1)
    only = numpy.zeros_like(bought)
    only[lead] = bought[lead]
    return only.reshape(-1)


def _needed(table: InputOutput, final: numpy.ndarray) -> numpy.ndarray | None:
    """Gives B f, what every producer makes for some final demand; None where there is no demand or no B.

    As `indicators.leontief.Leontief.requirements`, for tables small enough to do without scipy.
    """
    if not final.any():
        return None
    system = numpy.eye(len(final)) - input_coefficients(table.intermediate, table.output)
    try:
        return numpy.linalg.solve(system, final)
    except numpy.linalg.LinAlgError:
        return None


def _spread(table: InputOutput, used: numpy.ndarray, made: numpy.ndarray) -> numpy.ndarray:
    per_output = numpy.divide(used, table.output, out=numpy.zeros(len(used)), where=table.output > 0)
    return (per_output * made).reshape(len(table.regions), -1)
