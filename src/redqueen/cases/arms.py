"""The policies of a case: written there, based on one another or on the catalogue, less some instruments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from redqueen.cases.keys import KEYS
from redqueen.errors import nearest
from redqueen.model.instruments import NAMES
from redqueen.model.world import World
from redqueen.policies.change import QUARTERS, Change, faults_of
from redqueen.policies.document import Document, Keys, Section, named
from redqueen.policies.government import faults_of_government
from redqueen.policies.policy import NONE, Policy, catalogue, faults_in_world, read_policy
from redqueen.policies.reading import FindEntry, read_changes, read_governments, read_heading

__all__ = ["read_policies"]


@dataclass
class _Written:
    section: Section
    heading: dict[str, Any]
    changes: tuple[Change, ...]
    based_on: str | None
    without: tuple[str, ...]
    resolved: Policy | None = None


def read_policies(document: Document, world: World | None, region: str | None) -> dict[str, Policy]:
    """Reads the policies of a case file by name, "none" first, noting every fault.

    Each is tried in the world, with `region` as its target. `based_on` names another policy of the case, else one of the
    catalogue; a policy based on its own name is the catalogue's.
    """
    written: dict[str, _Written] = {}
    for section in document.root.sections("policy"):
        section.only(KEYS["policy"])
        heading = read_heading(section)
        entry = _Written(
            section, heading, read_changes(section), section.text("based_on", default=None, one_line=True),
            section.texts("without", default=(), or_one=True) or (),
        )
        name = heading["name"]
        does_something = bool(entry.changes or entry.based_on or "government" in section.table)
        if name is not None and name not in written and not (name == NONE.name and does_something):
            written[name] = entry
            continue
        for change in entry.changes:
            document.faults.extend(faults_of(change))
        if name in written:
            section.fault("name", f"a second policy is called '{name}'", f"the first is in line {written[name].section.line()}")
        elif name is not None:
            section.fault("name", "'none' is the policy of doing nothing", "give this policy another name")
    years = None if world is None else (world.start, world.start + world.quarters / QUARTERS)
    policies = {NONE.name: NONE}
    for name in written:
        policies[name] = replace(_resolve(name, written), target=region, years=years)
    for policy in policies.values():
        if world is not None:
            document.faults.extend(faults_in_world(policy, world, region or world.regions[0]))
            continue
        for change in policy.changes:
            document.faults.extend(faults_of(change))
        for government in policy.governments:
            document.faults.extend(faults_of_government(government))
    return policies


def _resolve(name: str, written: dict[str, _Written], trail: tuple[str, ...] = ()) -> Policy:
    entry = written[name]
    if entry.resolved is None:
        base = _base(name, entry, written, (*trail, name))
        dropped = []
        for position, instrument in enumerate(entry.without):
            if not named(entry.section, "without", instrument, NAMES, "instrument", (position,)):
                continue
            if entry.based_on is None:
                entry.section.fault("without", "there is no based_on to leave it out of", below=(position,))
            elif base is not None and instrument not in base.instruments:
                remedy = nearest(instrument, base.instruments) or f"it uses: {', '.join(base.instruments)}"
                entry.section.fault("without", f"{entry.based_on} does not use {instrument}", remedy, (position,))
            dropped.append(instrument)
        heading = dict(entry.heading)
        inherited = NONE
        if base is not None:
            inherited = base.without(*dropped)
            # What a policy is for does not pass on to another; where it is from and what it omits does.
            for key in ("source", "not_modelled") + (("title", "question") if base.name == name else ()):
                heading[key] = heading[key] or getattr(base, key)
        sources = {**(base.sources if base else {}), **entry.section.document.sources}
        entry.resolved = Policy(
            **heading, changes=inherited.changes + entry.changes, sources=sources,
            governments=inherited.governments + read_governments(entry.section, _find_entry(name, written, (*trail, name))),
        )
    return entry.resolved


def _find_entry(name: str, written: dict[str, _Written], trail: tuple[str, ...]) -> FindEntry:
    """Gives the function that finds what a menu of the policy `name` names: a policy of the case, else of the catalogue."""

    def find(section: Section, entry: str, below: Keys) -> Policy | None:
        if entry == NONE.name:
            return NONE
        if entry in written and entry != name:
            if entry in trail:
                section.fault("menu", f"goes round in a circle: {' > '.join((*trail, entry))}", below=below)
                return None
            return _resolve(entry, written, trail)
        known = catalogue()
        others = [NONE.name, *(other for other in written if other != name), *known]
        return read_policy(known[entry]) if named(section, "menu", entry, others, "policy", below) else Policy(entry)

    return find


def _base(name: str, entry: _Written, written: dict[str, _Written], trail: tuple[str, ...]) -> Policy | None:
    if entry.based_on is None:
        return None
    if entry.based_on == NONE.name:
        return NONE
    if entry.based_on in written and entry.based_on != name:
        if entry.based_on in trail:
            entry.section.fault("based_on", f"goes round in a circle: {' > '.join((*trail, entry.based_on))}")
            return None
        return _resolve(entry.based_on, written, trail)
    known = catalogue()
    others = [NONE.name, *(other for other in written if other != name), *known]
    if named(entry.section, "based_on", entry.based_on, others, "policy"):
        return read_policy(known[entry.based_on])
    return None
