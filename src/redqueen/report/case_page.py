"""A case as a page shows it: question, regions, policies, levers, outcomes, sources; ready for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from redqueen.cases.case import Case
from redqueen.errors import Faults
from redqueen.lab.mixes import Lever, declared_range, levers_of, usable, uses
from redqueen.lab.outcomes import OUTCOMES
from redqueen.model.instruments import INDEX, INSTRUMENTS, MOVES, NAMES
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.change import SCALING_UNITS, SWITCH, Change
from redqueen.policies.layout import regions_of
from redqueen.policies.policy import Policy, catalogue, read_policy
from redqueen.report.words import region_words, unit_words

__all__ = ["case_document", "policy_document", "uses_document"]

#: Instruments of comparison that a page can use: they have no budget that would hang on the world.
_COMPARISONS = ("novelty_stop", "research_stop", "embargo")


def case_document(found: Case, name: str) -> dict[str, Any]:
    """Gives all that a page shows of a case."""
    world = found.world
    others = [read_policy(path) for path in catalogue().values()]
    return {
        "name": name, "title": found.title, "question": found.question, "story": found.story, "happened": found.happened,
        "not_modelled": found.not_modelled, "sources": found.sources, "start": world.start,
        "end": world.start + world.quarters / QUARTERS_A_YEAR, "region": found.region, "reference": found.reference,
        "ledger": found.ledger,
        "regions": [
            {
                "name": region, "title": region_words(region), "code": found.codes.get(region, ""),
                **dict(zip(("latitude", "longitude"), found.places.get(region, (None, None)), strict=True)),
            }
            for region in world.regions
        ],
        "stages": world.stages, "industries": world.industries,
        "policies": [
            *(policy_document(policy, "case") for policy in found.policies.values()),
            *(policy_document(policy, "catalogue") for policy in others if policy.name not in found.policies),
        ],
        "levers": [_lever_document(lever, found) for lever in _levers(found, others)],
        "outcomes": [
            {
                "name": one.name, "words": one.words, "unit": unit_words(one.unit), "effect_unit": unit_words(one.effect_unit),
                "better": one.better, "headline": one.headline, "by_stage": one.by_stage,
            }
            for one in OUTCOMES if not one.by_stage
        ],
        "assumptions": len(PARAMETERS),
        "file": found.name if name != found.name else None,
    }


def policy_document(policy: Policy, of: str) -> dict[str, Any]:
    """Gives a policy as a page shows it; `of` says whose it is: the case's or the catalogue's."""
    return {
        "name": policy.name, "title": policy.title or policy.name, "question": policy.question, "source": policy.source,
        "not_modelled": policy.not_modelled, "of": of, "decides": bool(policy.governments),
        "changes": [_change_document(change) for change in policy.changes],
    }


def _change_document(change: Change) -> dict[str, Any]:
    return {
        "instrument": change.instrument, "intensity": change.intensity, "per": change.per, "where": change.where,
        "from": change.start, "until": change.until, "stages": change.stages, "note": change.note, "source": change.source,
    }


def _levers(found: Case, others: Iterable[Policy]) -> list[Lever]:
    """Gives the levers of a case's region, each with its range.

    Ranges are those of `redqueen search`, and reach what policies add up to; instruments of comparison have theirs as declared.
    """
    faults = Faults()
    known = [*found.policies.values(), *others]
    levers = {lever.instrument: lever for lever in levers_of(usable(), known, found.world, found.region, faults)}
    for name in _COMPARISONS:
        levers[name] = Lever(name, INSTRUMENTS[INDEX[name]].low, INSTRUMENTS[INDEX[name]].high)
    # Changes of a policy may add up to more than any of them.
    for policy in known:
        for use in uses_document(policy, found, found.region):
            lever = levers.get(use["instrument"])
            if lever is not None:
                low, high = min(lever.low, use["intensity"]), max(lever.high, use["intensity"])
                levers[lever.instrument] = replace(lever, low=low, high=high)
    return [levers[name] for name in NAMES if name in levers]


def _lever_document(lever: Lever, found: Case) -> dict[str, Any]:
    row = lever.declared
    least, most = declared_range(row, found.world, found.region)
    unit = unit_words(row.unit) + (" for 1,000 workers" if lever.per else "")
    return {
        "instrument": lever.instrument, "title": lever.instrument.replace("_", " "), "group": MOVES[lever.instrument].capitalize(),
        "unit": unit, "low": lever.low, "high": lever.high, "declared_low": least, "declared_high": most, "per": lever.per,
        "switch": row.unit == SWITCH, "targeted": row.targeted, "meaning": row.meaning, "touches": row.touches, "cost": row.cost,
        "source": row.source, "comparison": row.source.startswith("comparison"),
    }


def uses_document(policy: Policy, found: Case, region: str) -> list[dict[str, Any]]:
    """Gives for each instrument what a policy adds up to at the end of its use in a region, in the unit of its lever."""
    made: dict[str, list[tuple[Change, float]]] = {}
    for change in policy.changes:
        for place, value in zip(regions_of(change.where, region), uses(change, found.world, region), strict=False):
            if place == region:
                made.setdefault(change.instrument, []).append((change, value))
    document = []
    for instrument, changes in made.items():
        ends = [change.until for change, _ in changes]
        last = None if None in ends else max(end for end in ends if end is not None)
        starts = [change.start for change, _ in changes]
        document.append({
            "instrument": instrument, "intensity": sum(value for change, value in changes if change.until == last),
            "per": "worker" if INSTRUMENTS[INDEX[instrument]].unit in SCALING_UNITS else None,
            "from": None if None in starts else min(start for start in starts if start is not None), "until": last,
            "changes": len(changes), "stages": next((change.stages for change, _ in changes if change.stages), None),
        })
    return document
