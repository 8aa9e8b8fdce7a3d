"""Policies: dated changes and governments that decide, from files to the schedule that the model takes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from redqueen.errors import Fault, Faults, Refused, nearest
from redqueen.model.instruments import INDEX
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.change import TARGET, Change
from redqueen.policies.document import Document, Keys, Section, named
from redqueen.policies.government import Government, Programme, lay_out_governments
from redqueen.policies.layout import lay_out, quarter_of
from redqueen.policies.reading import DOING_NOTHING, read_policy_document

__all__ = [
    "NONE", "TARGET", "Change", "Government", "Policy", "Programme", "catalogue", "faults_in_world", "lay_out_policy", "policy",
    "quarter_of", "read_policy", "schedule",
]


@dataclass(frozen=True)
class Policy:
    """What is done, as dated changes and by governments, with the question it answers, its source and what it leaves out.

    `target` is the region that `TARGET` stands for unless another is asked for, `years` the start and end of the run
    that it was written for: the policies of a case have the case's.
    """

    name: str
    title: str = ""
    question: str = ""
    source: str = ""
    changes: tuple[Change, ...] = ()
    not_modelled: tuple[str, ...] = ()
    target: str | None = None
    years: tuple[float, float] | None = None
    sources: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    governments: tuple[Government, ...] = ()

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the instruments used, those of governments' menus included, in the order of the model's table."""
        used = {change.instrument for change in self.changes}.union(*(government.instruments for government in self.governments))
        return tuple(sorted(used, key=lambda name: (INDEX.get(name, len(INDEX)), name)))

    def without(self, *instruments: str, name: str | None = None) -> Policy:
        """Gives the policy that leaves out some instruments."""
        kept = tuple(change for change in self.changes if change.instrument not in instruments)
        governments = tuple(government.without(*instruments) for government in self.governments)
        return replace(self, name=name or self.name, changes=kept, governments=governments)


#: The policy of doing nothing, to which others are compared.
NONE = Policy(DOING_NOTHING, title="Nothing is done", question="What happens without any policy?", source="chosen: the comparison")


def schedule(policy: Policy, world: World, target_region: str | None = None) -> Schedule:
    """Lays a policy out as intensity and target by instrument, quarter and region of a world.

    A change acts from quarter round(4 (from - start)) until, exclusive, round(4 (until - start)); intensities of changes
    that overlap add up. `target_region` is what `TARGET` stands for (default: the policy's own). Raises `Refused` with every
    fault: unknown instruments, regions and stages, dates outside the run, intensities (or their sums) out of range; and a
    policy with governments, which no fixed schedule can stand for.
    """
    if policy.governments:
        message = f"'{policy.name}' has governments that decide during the run"
        raise Refused.one(message, remedy="lay it out with lay_out_policy and run what its `begin` gives")
    laid_out, faults = lay_out(policy.changes, world, target_region or policy.target, policy.years)
    Faults(faults).refuse_if_any(f"the policy '{policy.name}' cannot be used in the world '{world.name}'")
    return laid_out


def lay_out_policy(policy: Policy, world: World, target_region: str | None = None) -> Schedule | Programme:
    """Lays a policy out in a world: a `Schedule`, or a `Programme` where it has governments.

    `target_region` is what `TARGET` stands for (default: the policy's own). Raises `Refused` with every fault.
    """
    if not policy.governments:
        return schedule(policy, world, target_region)
    programme, faults = lay_out_governments(policy, world, target_region or policy.target)
    Faults(faults).refuse_if_any(f"the policy '{policy.name}' cannot be used in the world '{world.name}'")
    return programme


def faults_in_world(policy: Policy, world: World, target_region: str | None) -> list[Fault]:
    """Finds what is wrong with the changes and governments of a policy in a world."""
    if policy.governments:
        return lay_out_governments(policy, world, target_region)[1]
    return lay_out(policy.changes, world, target_region)[1]


def catalogue() -> dict[str, Path]:
    """Lists the policies that come with the package: name -> file."""
    folder = Path(__file__).parent / "catalogue"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def policy(name_or_path: str | os.PathLike[str]) -> Policy:
    """Gives a policy of the catalogue by name, "none", or the policy of a file; raises `Refused` if there is none."""
    known = catalogue()
    name = os.fspath(name_or_path)
    if name == NONE.name:
        return NONE
    if name in known:
        return read_policy(known[name])
    if name.endswith(".toml") or os.sep in name:
        return read_policy(name)
    names = [NONE.name, *known]
    raise Refused.one(f"no policy '{name}'", remedy=nearest(name, names) or f"known: {', '.join(names)}; or name a .toml file")


def read_policy(path: str | os.PathLike[str], world: World | None = None, target_region: str | None = None) -> Policy:
    """Reads a policy file: `[policy]`, `[[change]]`, `[[government]]` and, for its citations, `[source]`.

    Raises `Refused` with every fault of the file, each with its line; with a world also what is wrong there, where
    `target_region` is what `TARGET` stands for.
    """

    def in_world(content: dict[str, object]) -> list[Fault]:
        return [] if world is None else faults_in_world(Policy(**content), world, target_region)  # type: ignore[arg-type]

    return Policy(**read_policy_document(Document(path, "policy"), _entry, in_world))  # type: ignore[arg-type]


def _entry(section: Section, name: str, below: Keys) -> Policy:
    """Gives the policy that a menu names, of the catalogue or "none"; an unknown one as if it did nothing, with its fault noted."""
    known = catalogue()
    if not named(section, "menu", name, (NONE.name, *known), "policy", below):
        return Policy(name)
    return NONE if name == NONE.name else read_policy(known[name])
