"""What is known of a case's past, set beside its simulation: does it come out as it did, where nothing was tuned to it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy

from redqueen.cases.case import Case
from redqueen.cases.facts import Fact, Measure, last_quarters, recorded_years
from redqueen.lab.futures import CHANCES
from redqueen.lab.intervals import LEAST_SEEDS
from redqueen.lab.kept import VARIABLES, kept
from redqueen.lab.outcomes import BY_NAME, WORLD, measured

if TYPE_CHECKING:
    import xarray

__all__ = ["HAPPENED", "KnownFact", "happened", "known_facts", "variables_of_facts"]

#: Policies that say what was done, the first that a case has: facts are measured under it.
HAPPENED = ("as_it_happened", "as_it_is")

# The figure is what is known; the band holds nine tenths of the seeds.
_LOW, _MIDDLE, _HIGH = CHANCES[0], 0.5, CHANCES[-1]


@dataclass(frozen=True)
class KnownFact:
    """Holds one fact of a case as simulated: the median over seeds with the band that holds nine tenths of them, in `unit`.

    `simulated` is None where the fact is not measured, with the `reason`; `low`, `high` and `hit` also with too few seeds for a
    band. `hit` says whether the known figure (or some of its range) lies in the band; `distance` is how far it lies outside,
    in widths of the band: 0 for a hit, below zero where the simulation is too low. `held_out` facts were not used to build
    the case.
    """

    name: str
    region: str
    says: str
    measured_as: str | None
    year: float | None
    measured_in: float | None
    unit: str
    target: float | None
    target_low: float | None
    target_high: float | None
    simulated: float | None
    low: float | None
    high: float | None
    hit: bool | None
    distance: float | None
    held_out: bool
    source: str
    policy: str
    seeds: int
    reason: str | None

    def to_json(self) -> dict[str, object]:
        """Gives it as a plain dictionary."""
        return asdict(self)


def happened(case: Case) -> str:
    """Names the policy that the facts of a case are measured under: what was done there, or else the case's reference."""
    return next((name for name in HAPPENED if name in case.policies), case.reference)


def variables_of_facts(case: Case) -> tuple[str, ...]:
    """Names the recorded variables that the facts of a case, and its ledger, are measured from, each once."""
    names: list[str] = list(VARIABLES) if case.ledger else []
    for fact in case.facts:
        measure = fact.measured
        if measure is not None:
            names += VARIABLES if measure.kept else BY_NAME[measure.outcome].variables
    return tuple(dict.fromkeys(names))


def known_facts(result: xarray.Dataset, case: Case, policy: str | None = None) -> list[KnownFact]:
    """Measures every fact of a case in a trial of it, in the case's order, under what was done unless a policy is named.

    A fact of a year is measured over its four quarters; a chain as it is in the last of them. The year in which the run
    ends is measured in its last.
    """
    policy = happened(case) if policy is None else policy
    reason = None
    if policy not in result["policy"].values:
        reason = f"{policy} was not run"
    elif result.attrs.get("equal_cost"):
        reason = "households were given money on top of what was done"
    member = None if reason else result.sel(policy=[policy])
    if member is not None and "failure" in member.coords:
        member = member.isel(seed=(member["failure"] == "").all("policy").values)
    seeds = (result if member is None else member).sizes["seed"]
    if member is not None and seeds == 0:
        member, reason = None, f"no member under {policy} is there"
    return [_measured(fact, case, member, policy, seeds, reason) for fact in case.facts]


def _measured(fact: Fact, case: Case, member: xarray.Dataset | None, policy: str, seeds: int, reason: str | None) -> KnownFact:
    values = None
    if fact.measured is None:
        reason = fact.not_measured
    elif member is not None:
        try:
            values = _values(fact, fact.measured, case, member)
        except _NotRunError as outside:
            reason = str(outside)
    if values is not None and not numpy.isfinite(values).all():
        missing = int((~numpy.isfinite(values)).sum())
        reason = f"nothing to measure it by in {missing} of {values.size} seeds"
        values = None
    simulated = low = high = hit = distance = None
    if values is not None:
        low, simulated, high = (float(cut) for cut in numpy.quantile(values, (_LOW, _MIDDLE, _HIGH)))
        if values.size < LEAST_SEEDS:
            low = high = None
            reason = "too few seeds for a band"
        else:
            hit, distance = compare_with_band(fact.bounds, low, high)
    return KnownFact(
        name=fact.name, region=fact.region, says=fact.outcome, measured_as=None if fact.measured is None else fact.measured.words,
        year=fact.year, measured_in=fact.measured_in, unit=fact.unit, target=fact.value, target_low=fact.low, target_high=fact.high,
        simulated=simulated, low=low, high=high, hit=hit, distance=distance, held_out=fact.held_out, source=fact.source,
        policy=policy, seeds=seeds, reason=reason,
    )


def compare_with_band(known: tuple[float, float], low: float, high: float) -> tuple[bool, float | None]:
    """Says whether some of a known range lies in the band from `low` to `high`, and how far from it the range is, in its widths.

    The distance is below zero where the band lies below what is known; None where the band has no width.
    """
    least, most = known
    gap = low - most if most < low else high - least if least > high else 0.0
    if gap == 0:
        return True, 0.0
    return False, gap / (high - low) if high > low else None


class _NotRunError(Exception):
    """Says that the run does not reach a fact."""


def _values(fact: Fact, measure: Measure, case: Case, member: xarray.Dataset) -> numpy.ndarray:
    """Measures a fact in every seed, in the fact's unit."""
    if measure.kept:
        return 100.0 * _kept_share(fact, measure, case, member)
    now = _ratio(fact, measure, case, member, fact.measured_in)
    if measure.since is not None:
        with numpy.errstate(divide="ignore", invalid="ignore"):
            return 100.0 * (now / _ratio(fact, measure, case, member, measure.since) - 1.0)
    in_percent = measure.relative or BY_NAME[measure.outcome].unit == "share" and "%" in fact.unit
    return 100.0 * now if in_percent else now


def _ratio(fact: Fact, measure: Measure, case: Case, member: xarray.Dataset, year: float) -> numpy.ndarray:
    """Measures the region's level in a year, over that of another region or of several where it is so measured."""
    own = _level(measure, case, member, (fact.region,), year)
    others = (measure.over,) if measure.over else measure.among
    if not others:
        return own
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return own / _level(measure, case, member, others, year)


def _level(measure: Measure, case: Case, member: xarray.Dataset, regions: Sequence[str], year: float) -> numpy.ndarray:
    outcome = BY_NAME[measure.outcome]
    window = last_quarters(year, case.world.start, case.world.quarters)
    if window[1] > member.sizes["quarter"]:
        raise _NotRunError(f"the run ends before the end of {math.floor(year)}")
    needed = member[[*outcome.variables, *(["last_quarter"] if "last_quarter" in member.coords else [])]]
    values = measured(needed, outcome, window).isel(policy=0)
    if outcome.by_stage:
        values = values.sel(stage=measure.stage)
    places = [WORLD] if outcome.of_the_world else list(regions)
    return values.sel(region=places).transpose("seed", "region").values.sum(axis=1)


def _kept_share(fact: Fact, measure: Measure, case: Case, member: xarray.Dataset) -> numpy.ndarray:
    years = recorded_years(case.world.start, case.world.quarters)
    year = min(math.floor(fact.measured_in), years[-1])
    if year not in member["year"].values:
        raise _NotRunError(f"the run ends before the end of {year}")
    chain = kept(member, measure.of, year).isel(policy=0)
    amounts = chain[measure.kept]
    own = amounts.sel(place=fact.region)
    own = own.sum("stage", skipna=False) if measure.stage is None else own.sel(stage=measure.stage)
    # Of value, the whole is what final users pay; of jobs and wages, those of all regions.
    whole = chain["paid"] if measure.kept == "value" else amounts.isel(place=slice(0, -1)).sum(["place", "stage"], skipna=False)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return (own / whole).values
