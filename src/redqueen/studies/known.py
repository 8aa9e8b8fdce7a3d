"""What is known of a case's past, set beside its simulation: does it come out as it did, where nothing was tuned to it?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy

from redqueen.cases.case import Case
from redqueen.cases.facts import Fact
from redqueen.lab.futures import CHANCES
from redqueen.lab.intervals import LEAST_SEEDS
from redqueen.lab.kept import VARIABLES
from redqueen.studies.measuring import NotRunError, in_percent, measured_in, variables_of_measures

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
    measures = [fact.measured for fact in case.facts if fact.measured is not None]
    return tuple(dict.fromkeys([*(VARIABLES if case.ledger else ()), *variables_of_measures(measures)]))


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
            assert fact.measured_in is not None
            values = in_percent(
                fact.measured, fact.unit, measured_in(fact.measured, fact.region, case.world, member, [fact.measured_in])[:, 0]
            )
        except NotRunError as outside:
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
