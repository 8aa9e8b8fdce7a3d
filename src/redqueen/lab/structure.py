"""How the world of a trial is put together in its last recorded year.

Who supplies whom, who adds what value, who is tied to whom, how large firms are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy

from redqueen.lab.tables import CHAIN_VARIABLES, chain_table

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.pool import Firms

__all__ = [
    "CHAIN_VARIABLES", "Sizes", "firm_sizes", "supplies_across", "supplies_between", "ties_between", "ties_by_kind",
    "value_by_stage", "value_shares",
]

#: Classes of firms by people employed double in size, up to so many; the first holds those with fewer than two.
_LARGEST_CLASS = 20


class Sizes(NamedTuple):
    """Holds a distribution of firms by size: `share` of firms (0 to 1) with edges[k] <= people < edges[k + 1].

    `firms` is their mean number in a run, `median` the size of the middle one of all; None where there is no firm.
    """

    edges: tuple[float, ...]
    share: tuple[float, ...]
    firms: float
    median: float | None


def supplies_between(result: xarray.Dataset) -> xarray.DataArray:
    """Gives what firms of a region sell to firms of another, money a quarter, mean over members: (policy, region, to_region)."""
    flows = result["flows"].isel(year=-1)
    return flows.sum(["stage", "to_stage"], skipna=False).mean(_members(flows)).transpose("policy", "region", "to_region")


def supplies_across(result: xarray.Dataset) -> dict[str, xarray.DataArray]:
    """Gives what firms of each region have `sold` to and `bought` from other regions: see `supplies_between`; (policy, region)."""
    between = supplies_between(result)
    home = between.where(between["region"] == between["to_region"], 0.0)
    sold = (between - home).sum("to_region", skipna=False)
    return {"sold": sold, "bought": (between - home).sum("region", skipna=False).rename(to_region="region")}


def value_by_stage(result: xarray.Dataset) -> xarray.DataArray:
    """Gives value added by stage and region, money a quarter, mean over members: (policy, region, stage).

    As the accounts of the chain have it (`lab/tables.chain_accounts`): what stages of a firm pass on to each other counts at cost.
    """
    return _value(result).mean("seed")


def value_shares(result: xarray.Dataset) -> xarray.DataArray:
    """Gives each region's share of the value added of all, % of its member's, mean over members: (policy, region)."""
    value = _value(result).sum("stage", skipna=False)
    return (100.0 * value / value.sum("region", skipna=False)).mean("seed")


def _value(result: xarray.Dataset) -> xarray.DataArray:
    import xarray

    year = int(result["year"].values[-1])
    arrays = {name: result[name].isel(year=-1).transpose("policy", "seed", ...).values for name in CHAIN_VARIABLES}
    regions, stages = result["region"].values, result["stage"].values
    found = numpy.full((result.sizes["policy"], result.sizes["seed"], len(regions), len(stages)), numpy.nan)
    for member in numpy.ndindex(found.shape[:2]):
        if numpy.isnan(arrays["flows"][member]).any():
            continue
        table = chain_table(result, {name: array[member] for name, array in arrays.items()}, year)
        found[member] = table.value_added.reshape(len(table.regions), -1)[: len(regions)]
    labels = {"policy": result["policy"].values, "seed": result["seed"].values, "region": regions, "stage": stages}
    return xarray.DataArray(found, labels, ("policy", "seed", "region", "stage"))


def ties_between(result: xarray.Dataset) -> xarray.DataArray:
    """Gives ties between firms by region, mean over members: (policy, region, to_region); at home each is held from both ends."""
    ties = result["ties_between"].isel(year=-1)
    return ties.mean(_members(ties)).transpose("policy", "region", "to_region")


def ties_by_kind(result: xarray.Dataset, window: tuple[int, int]) -> xarray.DataArray:
    """Gives ties of firms of each region by kind, mean over members and quarters of a window: (policy, region, tie_kind)."""
    ties = result["ties"].isel(quarter=slice(*window))
    return ties.mean([*_members(ties), "quarter"]).transpose("policy", "region", "tie_kind")


def firm_sizes(members: list[Firms], region: int | None = None) -> Sizes:
    """Gives the distribution of firms by people employed at the end of runs, all together; of one region by position, or of all."""
    found = [one.employees if region is None else one.employees[one.region == region] for one in members]
    people = numpy.concatenate(found) if found else numpy.empty(0)
    top = 1 if people.size == 0 else min(_LARGEST_CLASS, max(1, int(numpy.floor(numpy.log2(max(people.max(), 1.0)))) + 1))
    edges = numpy.concatenate([[0.0], 2.0 ** numpy.arange(1, top + 1)])
    counts, _ = numpy.histogram(numpy.minimum(people, edges[-1] * (1 - 1e-12)), edges)
    share = counts / people.size if people.size else numpy.zeros(len(counts))
    middle = float(numpy.median(people)) if people.size else None
    return Sizes(tuple(edges.tolist()), tuple(share.tolist()), people.size / max(1, len(members)), middle)


def _members(array: xarray.DataArray) -> list[str]:
    return [name for name in ("sample", "seed") if name in array.dims]
