"""One world of a trial: the policies laid out in it, the arms that are run, and what each is called."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redqueen.cases.case import Case
from redqueen.errors import Faults, Refused, nearest
from redqueen.lab.arms import Arm, at_equal_cost, does_nothing, placebo_name, placebos
from redqueen.lab.directories import file_hash
from redqueen.lab.fingerprints import arm_digest, parameter_hash, world_hash
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.government import Programme
from redqueen.policies.policy import NONE, Policy, catalogue, lay_out_policy, read_policy

__all__ = ["TrialWorld", "lay_out_world", "policy_names"]


@dataclass(frozen=True)
class TrialWorld:
    """Holds a world and its arms under the policies of a trial.

    `schedules` are the policies as laid out, by name; `arms` the members that are run, in order: those that only find out a
    cost are not among the policies. `region` is where policies of the catalogue act, `reference` the policy that others are
    compared to, `placebos` maps a policy to its placebo, `active` names the policies that do something in the whole history.
    """

    world: World
    case: Case | None
    region: str | None
    reference: str
    schedules: Mapping[str, Schedule | Programme]
    arms: Mapping[str, Arm]
    titles: Mapping[str, str]
    active: tuple[str, ...]
    placebos: Mapping[str, str] = field(default_factory=dict)

    @property
    def policies(self) -> list[str]:
        """Gives the names of the policies, in the order asked for, and then of their placebos."""
        return [*self.schedules, *self.placebos.values()]

    @property
    def idle(self) -> list[str]:
        """Gives the policies that do something, but nothing in the quarters that are run."""
        return [name for name in self.active if does_nothing(self.schedules[name])]

    def quarters(self, blocks: int = 1) -> int:
        """Gives the quarters that so many blocks compute, burn-ins included."""
        return blocks * (self.world.burn_in + len(self.arms) * self.world.quarters)

    @property
    def title(self) -> str:
        """Gives the name of the case, or of the world where there is none."""
        return self.world.name if self.case is None else self.case.name

    @property
    def case_hash(self) -> str:
        """Gives the SHA-256 of the case file where there is one, of the world's numbers otherwise."""
        return (file_hash(self.case.file) if self.case is not None and self.case.file else None) or world_hash(self.world)

    def fingerprint(self) -> str:
        """Gives the SHA-256 of everything that decides what its members show, but for seeds and parameters of the trial."""
        arms = {name: arm_digest(arm) for name, arm in self.arms.items()}
        content = [world_hash(self.world), parameter_hash(self.world, {}), list(arms.items()), self.policies]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def lay_out_world(
    found: Case | World,
    policies: Any,
    *,
    quarters: int | None,
    region: str | None,
    reference: str | None,
    placebo: bool,
    equal_cost: bool,
    faults: Faults,
) -> TrialWorld:
    """Lays the policies of a trial out in one of its worlds; what is wrong goes to `faults`. Options as for `Trial`."""
    case = None if isinstance(found, World) else found
    whole = found if isinstance(found, World) else found.world
    world = _shortened(whole, quarters, faults)
    region = _region(region, case, whole, faults)
    # Policies are dated for the whole history, which may be cut short.
    laid_out = _plans(policies, reference, case, whole, region, faults)
    schedules = {name: plan.cut(world.quarters) for name, (plan, _) in laid_out.items()}
    titles = {name: title for name, (_, title) in laid_out.items()}
    active = tuple(name for name, (plan, _) in laid_out.items() if not does_nothing(plan))
    reference = _reference(reference, case, list(schedules))
    arms: dict[str, Arm] = dict(schedules)
    money: dict[str, str] = {}
    # What is wrong with a policy hides what hangs on it.
    if not faults:
        if equal_cost:
            arms = at_equal_cost(schedules, faults)
        if placebo:
            found_placebos = placebos(schedules, reference, world, faults)
            money = {name: placebo_name(name) for name in found_placebos}
            arms.update((placebo_name(name), arm) for name, arm in found_placebos.items())
            titles.update((placebo_name(name), f"The money of: {titles[name]}") for name in found_placebos)
    return TrialWorld(world, case, region, reference, schedules, arms, titles, active, money)


def policy_names(case: Case | None) -> list[str]:
    """Lists the names that a trial of this case knows: none, those of the case, those of the catalogue."""
    return list(dict.fromkeys([NONE.name, *(case.policies if case is not None else ()), *catalogue()]))


def _plans(
    policies: Any, reference: str | None, case: Case | None, world: World, region: str | None, faults: Faults
) -> dict[str, tuple[Schedule | Programme, str]]:
    """Lays every policy out, with its title, by name."""
    if policies is None:
        asked: list[tuple[str | None, Any]] = [
            (name, name) for name in dict.fromkeys([*(case.policies if case is not None else ()), NONE.name])
        ]
    elif isinstance(policies, Mapping):
        asked = list(policies.items())
    else:
        asked = [(None, item) for item in ([policies] if isinstance(policies, (str, Path)) else policies)]
    if not asked:
        faults.add("no policy is named", field="policies", remedy=f"name at least one; '{NONE.name}' does nothing")
    if reference is not None and reference not in (
        name or (item.name if isinstance(item, Policy) else item) for name, item in asked
    ):
        asked.insert(0, (None, reference))
    made: dict[str, tuple[Schedule | Programme, str]] = {}
    for name, item in asked:
        try:
            label, plan, title = _plan(name, item, case, world, region)
        except Refused as refusal:
            faults.extend(refusal.faults)
            continue
        if label in made:
            faults.add(f"'{label}' is named twice", field="policies")
        made[label] = (plan, title)
    return made


def _plan(
    name: str | None, item: Any, case: Case | None, world: World, region: str | None
) -> tuple[str, Schedule | Programme, str]:
    if isinstance(item, Schedule) or hasattr(item, "begin"):
        return str(name), item, _words(str(name))
    policy = item
    if isinstance(item, (str, Path)):
        text = str(item)
        if text == NONE.name:
            policy = NONE
        elif case is not None and text in case.policies:
            policy = case.policies[text]
        elif text in catalogue():
            policy = read_policy(catalogue()[text])
            if region is None:
                raise Refused.one(
                    f"'{text}' of the catalogue needs a region to act in",
                    field="region",
                    remedy=f"one of {', '.join(world.regions)}",
                )
        elif isinstance(item, Path) or text.endswith(".toml"):
            policy = read_policy(text, world, region)
        else:
            known = policy_names(case)
            raise Refused.one(
                f"no policy is called '{text}'", field="policies", remedy=nearest(text, known) or f"known: {', '.join(known)}"
            )
    label = name or policy.name
    title = policy.title if label == policy.name and policy.title else _words(label)
    return label, lay_out_policy(policy, world, region), title


def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _shortened(world: World, quarters: int | None, faults: Faults) -> World:
    if quarters is None:
        return world
    if not 1 <= quarters <= world.quarters:
        faults.add(f"{quarters} quarters do not fit", field="quarters", remedy=f"from 1 to the {world.quarters} of {world.name}")
        return world
    return dataclasses.replace(world, quarters=quarters)


def _region(region: str | None, case: Case | None, world: World, faults: Faults) -> str | None:
    if region is None:
        return None if case is None else case.region
    if region not in world.regions:
        faults.add(
            f"{world.name} has no region '{region}'",
            field="region",
            remedy=nearest(region, world.regions) or f"it has {', '.join(world.regions)}",
        )
        return None
    return region


def _reference(reference: str | None, case: Case | None, policies: list[str]) -> str:
    wanted = [reference, case.reference if case is not None else None, NONE.name]
    return next((name for name in wanted if name in policies), policies[0] if policies else NONE.name)
