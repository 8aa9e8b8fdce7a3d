"""A case: a world with its question, its policies, the facts behind it and the source of every number."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from redqueen.cases.arms import read_policies
from redqueen.cases.worlds import YEARS, read_world
from redqueen.errors import Refused, nearest
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.document import Document, Section, named
from redqueen.policies.policy import NONE, Policy, catalogue, schedule
from redqueen.policies.policy import policy as find_policy

__all__ = ["Case", "Fact", "bundled", "case", "read_case"]


@dataclass(frozen=True)
class Fact:
    """What is known of a region's past: shown beside the simulation; `held_out` facts were not used to build the case."""

    name: str
    region: str
    outcome: str
    unit: str
    year: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""
    held_out: bool = True


@dataclass(frozen=True)
class Case:
    """A world and the policies tried in it, with the story, the facts and where each number comes from.

    `policies` maps names to policies, "none" first; `region` is the region whose question it is, `reference` the policy
    that others are compared to. `provenance` maps every number (`region.taipei.workers`) to its source: an id of
    `sources` with a detail, "chosen" with a reason, or "default".
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
        return read_case(Path(__file__).parent / f"{name}.toml")
    if name.endswith(".toml") or os.sep in name or Path(name).exists():
        return read_case(name)
    remedy = nearest(name, bundled()) or f"bundled: {', '.join(bundled())}; or name a .toml file"
    raise Refused.one(f"no case '{name}'", remedy=remedy)


def bundled() -> list[str]:
    """Lists the names of the cases that come with the package."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def read_case(path: str | os.PathLike[str]) -> Case:
    """Reads a case file into a world, its policies and its facts.

    Raises `Refused` with every fault of the file, each with line and field.
    """
    document = Document(path, "case")
    root = document.root
    root.only(("case", "source", "modularity", "parameters", "industry", "stage", "region", "pair", "policy", "fact"))
    document.read_sources()
    run = root.section("case")
    heading = _read_heading(run) if run else {}
    if "case" not in root.table:
        root.fault(None, "'[case]' is missing", "add [case] with name, start, end and region")
    world = read_world(document, heading.get("name") or Path(path).stem, run)
    region, reference = heading.get("region"), heading.get("reference")
    if region is not None and world is not None and not named(run, "region", region, world.regions, "region"):
        region = None
    policies = read_policies(document, world, region)
    if reference is not None:
        named(run, "reference", reference, policies, "policy")
    facts = tuple(_read_fact(section, world) for section in root.sections("fact"))
    _check_names(root, facts)
    document.refuse_if_any()
    codes = {section.table["name"]: section.table.get("code", "") for section in root.sections("region")}
    return Case(
        **heading, sources=document.sources, world=world, policies=policies, facts=facts, provenance=document.provenance,
        codes=codes, file=document.file, sha256=document.sha256,
    )


def _read_heading(section: Section) -> dict[str, object]:
    section.only((
        "name", "title", "question", "start", "end", "burn_in", "region", "reference", "story", "happened", "not_modelled", "source",
    ))
    section.cite()
    name = section.word("name")
    return {
        "name": name,
        "title": section.text("title", default=name or ""),
        "question": section.text("question", default=""),
        "region": section.text("region", one_line=True),
        "reference": section.text("reference", default=NONE.name, one_line=True),
        "story": section.text("story", default=""),
        "happened": section.text("happened", default=""),
        "not_modelled": section.texts("not_modelled", default=()),
    }


def _read_fact(section: Section, world: World | None) -> Fact:
    section.only(("name", "region", "outcome", "year", "value", "low", "high", "unit", "source", "held_out"))
    source = section.cite()
    region = section.text("region", one_line=True)
    if region is not None and world is not None:
        named(section, "region", region, world.regions, "region")
    unit = section.text("unit") or ""
    value, low, high = (section.number(key, unit, default=None) for key in ("value", "low", "high"))
    if not {"value", "low", "high"} & section.table.keys():
        section.fault(None, "has no figure", "add value, or low and high")
    if low is not None and high is not None and high < low:
        section.fault("high", f"{high:g} is below low, {low:g}")
    return Fact(
        name=section.text("name") or "", region=region or "", outcome=section.text("outcome") or "", unit=unit,
        year=section.number("year", "year", *YEARS, default=None), value=value, low=low, high=high, source=source,
        held_out=bool(section.flag("held_out", default=True)),
    )


def _check_names(root: Section, facts: tuple[Fact, ...]) -> None:
    first: dict[str, int] = {}
    for position, fact in enumerate(facts):
        if fact.name in first and fact.name:
            remedy = f"the first is in line {root.line('fact', first[fact.name])}"
            root.fault("fact", f"a second fact is called '{fact.name}'", remedy, (position,))
        first.setdefault(fact.name, position)
