"""A case: a world with its question, its policies, the facts behind it and the source of every number."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from redqueen.cases.arms import read_policies
from redqueen.cases.facts import Fact, Measure, read_facts
from redqueen.cases.keys import KEYS, TABLES
from redqueen.cases.places import places_of
from redqueen.cases.worlds import read_world
from redqueen.errors import Refused, nearest
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.document import Document, Section, named
from redqueen.policies.policy import NONE, Policy, catalogue, schedule
from redqueen.policies.policy import policy as find_policy

__all__ = ["Case", "Fact", "Measure", "bundled", "bundled_file", "case", "read_case"]


@dataclass(frozen=True)
class Case:
    """A world and the policies tried in it, with the story, the facts and where each number comes from.

    `policies` maps names to policies, "none" first; `region` is the region whose question it is, `reference` the policy
    that others are compared to; `ledger` the region whose lead firms' chain is laid out by stage and place, where that is
    part of the question. `provenance` maps every number (`region.taipei.workers`) to its source: an id of
    `sources` with a detail, "chosen" with a reason, or "default". `places` are latitude and longitude of regions, for maps.
    """

    name: str
    title: str
    question: str
    story: str
    happened: str
    not_modelled: tuple[str, ...]
    sources: dict[str, str]
    world: World
    policies: dict[str, Policy]
    region: str
    reference: str
    facts: tuple[Fact, ...]
    provenance: dict[str, str] = field(repr=False)
    codes: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    ledger: str = ""
    file: str = ""
    sha256: str = ""

    def policy(self, name: str, region: str | None = None) -> Policy:
        """Gives a policy of this case, of the catalogue or of a file, aimed at a region (default: the case's own)."""
        if name in self.policies:
            found = self.policies[name]
        elif name in catalogue() or name.endswith(".toml"):
            found = find_policy(name)
        else:
            names = [*self.policies, *catalogue()]
            remedy = nearest(name, names) or f"known: {', '.join(names)}"
            raise Refused.one(f"{self.name} has no policy '{name}', and neither has the catalogue", remedy=remedy)
        return replace(found, target=region or self.region)

    def schedule(self, name: str, region: str | None = None) -> Schedule:
        """Lays a policy of this case, of the catalogue or of a file out in the case's world."""
        return schedule(self.policy(name, region), self.world)


def case(name_or_path: str | os.PathLike[str]) -> Case:
    """Gives a bundled case by name or the case of a file; raises `Refused` with every fault, or if there is none."""
    name = os.fspath(name_or_path)
    if name in bundled():
        return read_case(bundled_file(name))
    if name.endswith(".toml") or os.sep in name or os.path.exists(name):
        return read_case(name)
    remedy = nearest(name, bundled()) or f"bundled: {', '.join(bundled())}; or name a .toml file"
    raise Refused.one(f"no case '{name}'", remedy=remedy)


def bundled() -> list[str]:
    """Lists the names of the cases that come with the package."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def bundled_file(name: str) -> Path:
    """Gives the file of a bundled case; refuses a name that none has."""
    if name not in bundled():
        raise Refused.one(f"no bundled case '{name}'", remedy=nearest(name, bundled()) or f"bundled: {', '.join(bundled())}")
    return Path(__file__).parent / f"{name}.toml"


def read_case(path: str | os.PathLike[str]) -> Case:
    """Reads a case file into a world, its policies and its facts.

    Raises `Refused` with every fault of the file, each with line and field.
    """
    document = Document(path, "case")
    root = document.root
    root.only(TABLES)
    document.read_sources()
    run = root.section("case")
    heading: dict[str, Any] = _read_heading(run) if run else {}
    if "case" not in root.table:
        root.fault(None, "'[case]' is missing", "add [case] with name, start, end and region")
    world = read_world(document, heading.get("name") or Path(path).stem, run)
    region, reference = heading.get("region"), heading.get("reference")
    if run is not None and region is not None and world is not None and not named(run, "region", region, world.regions, "region"):
        region = None
    if run is not None and heading.get("ledger") and world is not None:
        named(run, "ledger", heading["ledger"], world.regions, "region")
    policies = read_policies(document, world, region)
    if run is not None and reference is not None:
        named(run, "reference", reference, policies, "policy")
    facts = read_facts(document, world)
    document.refuse_if_any()
    # Without a region or a stage, which is a fault, there is no world.
    assert world is not None
    codes = {section.table["name"]: section.table.get("code", "") for section in root.sections("region")}
    return Case(
        **heading, sources=document.sources, world=world, policies=policies, facts=facts, provenance=document.provenance,
        codes=codes, places=places_of(root), file=document.file, sha256=document.sha256,
    )


def _read_heading(section: Section) -> dict[str, object]:
    section.only(KEYS["case"])
    section.cite()
    name = section.word("name")
    return {
        "name": name,
        "title": section.text("title", default=name or ""),
        "question": section.text("question", default=""),
        "region": section.text("region", one_line=True),
        "reference": section.text("reference", default=NONE.name, one_line=True),
        "ledger": section.text("ledger", default="", one_line=True) or "",
        "story": section.text("story", default=""),
        "happened": section.text("happened", default=""),
        "not_modelled": section.texts("not_modelled", default=()),
    }
