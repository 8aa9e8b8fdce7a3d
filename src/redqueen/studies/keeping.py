"""Who keeps what final users pay for the products of a region's lead firms, and who has the jobs, under each policy of a trial."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.lab.intervals import LEVEL, NOT_DEFINED, paired_difference, verdict
from redqueen.lab.kept import OUTSIDE, kept

if TYPE_CHECKING:
    import xarray

__all__ = ["ALL_STAGES", "Holding", "Ledger", "ledger"]

#: The stage of a holding that is the sum over stages.
ALL_STAGES = "all"


@dataclass(frozen=True)
class Holding:
    """Holds what a place keeps at a stage (or at `ALL_STAGES`) of the chain under one policy: means over seeds.

    `value_share` is in % of what final users pay, `jobs_share` and `wages_share` in % of the chain's, `jobs` in heads, `wages` in
    money a quarter; None outside the chain, where nobody is known to work. The changes are those of `value_share` and
    `jobs_share` against the trial's reference, in points, paired by seed with 95 % intervals, where the holding is the sum over
    stages.
    """

    policy: str
    place: str
    stage: str
    value_share: float | None
    jobs_share: float | None
    wages_share: float | None
    jobs: float | None
    wages: float | None
    value_change: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    value_verdict: str = ""
    jobs_change: float | None = None
    jobs_low: float | None = None
    jobs_high: float | None = None
    jobs_verdict: str = ""

    def to_json(self) -> dict[str, object]:
        """Gives it as a plain dictionary."""
        return asdict(self)


@dataclass(frozen=True)
class Ledger:
    """Holds who keeps what of the products of the lead firms of `lead`, in `year`; `places` end with what is outside the chain."""

    lead: str
    year: int
    reference: str
    seeds: int
    policies: tuple[str, ...]
    places: tuple[str, ...]
    stages: tuple[str, ...]
    holdings: tuple[Holding, ...]

    def find(self, policy: str, place: str, stage: str = ALL_STAGES) -> Holding:
        """Gives one holding."""
        return next(one for one in self.holdings if (one.policy, one.place, one.stage) == (policy, place, stage))


def ledger(result: xarray.Dataset, lead: str) -> Ledger | None:
    """Lays out the chain behind the products of the lead firms of a region by policy, place and stage, in the last recorded year.

    None where the run is shorter than a year.
    """
    if result.sizes["year"] == 0:
        return None
    year = int(result["year"].values[-1])
    found = kept(result, lead, year)
    places, stages, policies = (tuple(found[name].values.tolist()) for name in ("place", "stage", "policy"))
    reference = str(result.attrs["reference"])
    shares = _shares(found)
    holdings = []
    for policy in policies:
        for place in places:
            for stage in (*stages, ALL_STAGES):
                mine = {name: _pick(array, policy, place, stage) for name, array in shares.items()}
                jobs, wages = (_mean(_pick(found[name], policy, place, stage)) for name in ("jobs", "wages"))
                change: dict[str, Any] = {}
                if stage == ALL_STAGES and policy != reference and reference in policies:
                    for name in ("value", "jobs"):
                        change |= _change(name, mine[name], _pick(shares[name], reference, place, stage))
                holdings.append(
                    Holding(
                        policy, place, stage, _mean(mine["value"]), _mean(mine["jobs"]), _mean(mine["wages"]), jobs, wages, **change
                    )
                )
    return Ledger(lead, year, reference, found.sizes["seed"], policies, places, stages, tuple(holdings))


def _shares(found: xarray.Dataset) -> dict[str, xarray.DataArray]:
    """Gives value in % of what final users pay, jobs and wages in % of those of all regions."""
    inside = found.sel(place=found["place"] != OUTSIDE)
    wholes = {"value": found["paid"], **{name: inside[name].sum(["place", "stage"]) for name in ("jobs", "wages")}}
    return {name: 100.0 * found[name] / whole.where(whole > 0) for name, whole in wholes.items()}


def _pick(array: xarray.DataArray, policy: str, place: str, stage: str) -> numpy.ndarray:
    mine = array.sel(policy=policy, place=place)
    return (mine.sum("stage", skipna=False) if stage == ALL_STAGES else mine.sel(stage=stage)).values


def _change(name: str, values: numpy.ndarray, reference: numpy.ndarray) -> dict[str, object]:
    if not (numpy.isfinite(values).all() and numpy.isfinite(reference).all()):
        return {f"{name}_verdict": NOT_DEFINED}
    found = paired_difference(values, reference, LEVEL)
    words = verdict(found.low, found.high, values.size, identical=bool((values == reference).all()))
    limits = {f"{name}_low": found.low, f"{name}_high": found.high} if numpy.isfinite(found.low) else {}
    return {f"{name}_change": found.mean, **limits, f"{name}_verdict": words}


def _mean(values: numpy.ndarray) -> float | None:
    """Gives the mean over seeds; None where a seed has none."""
    return float(values.mean()) if numpy.isfinite(values).all() else None
