"""The futures of an outcome: its median and the bands that hold half and nine tenths of the members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy

from redqueen.errors import Faults
from redqueen.lab.asking import check_policy, check_region, check_stage, names_of
from redqueen.lab.outcomes import BY_NAME, RATIO, WORLD, Outcome, chosen, series

if TYPE_CHECKING:
    import xarray

#: Chances at which futures are cut: the ends of the 90 % band, of the 50 % band, and the median between them.
CHANCES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Futures:
    """Holds quantiles of one outcome of one region (and stage) under one policy, by time.

    `time` is in years; the arrays have one value a quarter (a year where recorded by year), in the outcome's unit.
    """

    policy: str
    region: str
    outcome: Outcome
    stage: str | None
    time: numpy.ndarray
    lowest: numpy.ndarray
    low: numpy.ndarray
    median: numpy.ndarray
    high: numpy.ndarray
    highest: numpy.ndarray


def futures(
    result: xarray.Dataset, outcome: str, region: str | None = None, policies: list[str] | None = None, stage: str | None = None
) -> list[Futures]:
    """Measures the futures of an outcome in a region under each policy (all unless named).

    The region is the trial's, or the first, unless named; an outcome known for the world alone is the world's.
    Unknown names are refused together.
    """
    faults = Faults()
    values = _measured(result, outcome, policies, stage, faults)
    if values is not None:
        regions = [str(name) for name in values["region"].values]
        if region is None:
            region = next(name for name in (result.attrs.get("region"), *regions) if name in regions)
        elif regions == [WORLD]:
            region = WORLD
        elif region not in regions:
            check_region(region, regions, faults)
    faults.refuse_if_any()
    assert values is not None and region is not None
    cut = _cut(values, BY_NAME[outcome], policies or [str(name) for name in result["policy"].values], stage)
    return [cut[region, policy] for policy in policies or [str(name) for name in result["policy"].values]]


def futures_everywhere(
    result: xarray.Dataset, outcome: str, policies: list[str] | None = None, *, standing_in: str | None = None
) -> dict[tuple[str, str], Futures]:
    """Measures the futures of an outcome in every region under each policy (all unless named): by region and policy.

    With `standing_in`, members of other policies that have not been run stand as those of that policy on the same luck, moved by
    the mean effect of those that have been: x_j = r_j exp(mean_i ln(x_i / r_i)), or r_j + mean_i (x_i - r_i) where the outcome is
    compared as a difference, by quarter. What is run of a policy thus moves all of its futures at once; once all are run none
    stands in. Unknown names are refused.
    """
    faults = Faults()
    values = _measured(result, outcome, [*(policies or ()), *((standing_in,) if standing_in else ())], None, faults)
    faults.refuse_if_any()
    assert values is not None
    if standing_in is not None:
        values = _with_stand_ins(values, BY_NAME[outcome], standing_in)
    return _cut(values, BY_NAME[outcome], policies or [str(name) for name in result["policy"].values], None)


def _measured(
    result: xarray.Dataset, outcome: str, policies: Sequence[str] | None, stage: str | None, faults: Faults
) -> xarray.DataArray | None:
    """Measures an outcome in every quarter; None where what is asked is at fault, which is noted."""
    chosen(outcome, faults=faults)
    stages = names_of(result, "stage")
    for asked in policies or ():
        check_policy(asked, names_of(result, "policy"), faults)
    if stage is not None:
        check_stage(stage, stages, faults)
    found = BY_NAME.get(outcome)
    if found is not None and found.by_stage and stage is None:
        faults.add(f"{outcome} is known by stage", field="stage", remedy=f"name one of {', '.join(stages)}")
    missing = [name for name in found.variables if name not in result] if found is not None else []
    if missing:
        faults.add(f"the trial did not record {', '.join(missing)}", field=outcome)
    return None if found is None or missing else series(result, found)


def _cut(values: xarray.DataArray, outcome: Outcome, policies: Sequence[str], stage: str | None) -> dict[tuple[str, str], Futures]:
    """Cuts the members of every region and policy at `CHANCES`."""
    clock = "year" if "year" in values.dims else "quarter"
    time = (values["year"] if clock == "year" else values["time"]).values.astype(float)
    if outcome.by_stage:
        values = values.sel(stage=stage)
    members = [name for name in ("sample", "seed") if name in values.dims]
    known = [str(name) for name in values["policy"].values]
    array = values.transpose("policy", "region", *members, clock).values
    array = array.reshape(*array.shape[:2], -1, time.size)
    fans = {}
    for place, region in enumerate(values["region"].values):
        for policy in policies:
            mine = array[known.index(policy), place]
            # Members that failed, or have not been run, are no futures.
            there = mine[~numpy.isnan(mine).all(axis=1)]
            cuts = numpy.quantile(there, CHANCES, axis=0) if len(there) else numpy.full((len(CHANCES), time.size), numpy.nan)
            fans[str(region), policy] = Futures(policy, str(region), outcome, stage, time, *cuts)
    return fans


def _with_stand_ins(values: xarray.DataArray, outcome: Outcome, reference: str) -> xarray.DataArray:
    """Fills members that have not been run; see `futures_everywhere`."""
    clock = "year" if "year" in values.dims else "quarter"
    array = values.transpose("policy", "seed", clock, "region", ...)
    members = array.values.copy()
    base = members[[str(name) for name in values["policy"].values].index(reference)]
    lacks = numpy.isnan(members).all(axis=tuple(range(2, members.ndim)))
    for place in range(len(members)):
        run = ~lacks[place] & ~numpy.isnan(base).all(axis=tuple(range(1, base.ndim)))
        absent = lacks[place]
        if not run.any() or not absent.any():
            continue
        with numpy.errstate(divide="ignore", invalid="ignore"):
            if outcome.compared == RATIO:
                moved = base[absent] * numpy.exp(numpy.log(members[place][run] / base[run]).mean(axis=0))
            else:
                moved = base[absent] + (members[place][run] - base[run]).mean(axis=0)
        members[place][absent] = moved
    return array.copy(data=members)
