"""The futures of an outcome: its median and the bands that hold half and nine tenths of the members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy

from redqueen.errors import Faults, nearest
from redqueen.lab.outcomes import BY_NAME, WORLD, Outcome, chosen, series

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
    chosen(outcome, faults=faults)
    known = [str(name) for name in result["policy"].values]
    for asked in policies or ():
        if asked not in known:
            faults.add(
                f"'{asked}' is not in the trial", field="policy", remedy=nearest(asked, known) or f"it has {', '.join(known)}"
            )
    stages = [str(name) for name in result["stage"].values]
    if stage is not None and stage not in stages:
        faults.add(
            f"'{stage}' is not a stage of the trial",
            field="stage",
            remedy=nearest(stage, stages) or f"it has {', '.join(stages)}",
        )
    found = BY_NAME.get(outcome)
    if found is not None and found.by_stage and stage is None:
        faults.add(f"{outcome} is known by stage", field="stage", remedy=f"name one of {', '.join(stages)}")
    missing = [name for name in found.variables if name not in result] if found is not None else []
    if missing:
        faults.add(f"the trial did not record {', '.join(missing)}", field=outcome)
    values = None if found is None or missing else series(result, found)
    if values is not None:
        regions = [str(name) for name in values["region"].values]
        if region is None:
            region = next(name for name in (result.attrs.get("region"), *regions) if name in regions)
        elif regions == [WORLD]:
            region = WORLD
        elif region not in regions:
            faults.add(
                f"'{region}' is not a region of the trial",
                field="region",
                remedy=nearest(region, regions) or f"it has {', '.join(regions)}",
            )
    faults.refuse_if_any()
    assert found is not None and values is not None and region is not None
    clock = "year" if "year" in values.dims else "quarter"
    time = (values["year"] if clock == "year" else values["time"]).values.astype(float)
    values = values.sel(region=region)
    if found.by_stage:
        values = values.sel(stage=stage)
    fans = []
    for policy in policies or known:
        members = values.sel(policy=policy).transpose(*(name for name in ("sample", "seed") if name in values.dims), clock).values
        members = members.reshape(-1, time.size)
        # Members that failed, or have not been run, are no futures.
        cuts = numpy.quantile(members[~numpy.isnan(members).all(axis=1)], CHANCES, axis=0)
        fans.append(Futures(policy, region, found, stage, time, *cuts))
    return fans
