"""Check a claim against the worlds that it names: regions, outcomes, arms, horizons and what settings change."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from redqueen.cases.case import Case, case
from redqueen.errors import Refused, nearest
from redqueen.lab.outcomes import BY_NAME, RATIO, WORLD
from redqueen.model.world import World
from redqueen.policies.change import QUARTERS, TARGET
from redqueen.policies.document import Section, named
from redqueen.policies.policy import Policy, catalogue, faults_in_world
from redqueen.studies import measurements
from redqueen.studies.claims.declared import FACT, REGRET, SHARES, Arm, Claim, Contrast, Setting, Variant
from redqueen.studies.claims.settings import changed, wrong_in, wrong_values
from redqueen.studies.facts import FIGURES, MEASURED, Measurement

#: Nothing falls by more than this, in %.
_WHOLE = 100.0


@functools.cache
def case_of(name: str) -> Case:
    """Reads a case once."""
    return case(name)


def known_case(section: Section, key: str, name: str | None) -> bool:
    """Says whether a case can be read, and notes its faults if not."""
    if name is None:
        return False
    try:
        case_of(name)
    except Refused as refusal:
        for fault in refusal.faults:
            section.fault(key, str(fault.message), fault.remedy)
        return False
    return True


def fault_settings(section: Section, setting: Setting) -> None:
    """Notes what is wrong with a setting whatever its world."""
    for wrong in wrong_values(setting):
        section.fault(wrong.path[0], f"{'.'.join(wrong.path[1:])}: {wrong.message}", wrong.remedy, wrong.path[1:])


def arm_of(claim: Claim, name: str) -> Arm:
    """Gives an arm of the claim, or the policy of that name as an arm."""
    return claim.arms.get(name) or Arm(name, based_on=name)


def world_of(claim: Claim, settings: list[Setting], parameters: dict[str, float] | None = None) -> tuple[Case, World]:
    """Gives the case of the last setting that names one (the claim's otherwise) and its world as all settings change it."""
    names = [setting.world for setting in settings if setting.world]
    found = case_of(names[-1] if names else claim.world)
    return found, changed(found.world, settings, parameters)


def target_of(claim: Claim, contrast: Contrast, arm: Arm, variant: Setting) -> str:
    """Gives the region where the policy of an arm acts: the contrast's, the arm's, the variant's or the claim's."""
    return contrast.target or arm.setting.region or variant.region or claim.region


def regions_of(claim: Claim, contrast: Contrast, variant: Setting) -> tuple[str, ...]:
    """Gives the regions in which a contrast is measured; a variant's region takes the place of the claim's."""
    return tuple(variant.region if variant.region and name == claim.region else name for name in contrast.regions)


def policy_of(arm: Arm, found: Case, target: str) -> Policy:
    """Gives what an arm does in a case, aimed at a region; raises `Refused` where it is based on nothing known."""
    base = found.policy(arm.based_on, target)
    made = base.without(*arm.without) if arm.without else base
    return replace(
        made, name=arm.name, changes=(*made.changes, *arm.changes), governments=(*made.governments, *arm.governments)
    )


def sides_of(claim: Claim, contrast: Contrast, variant: Setting) -> Iterator[tuple[str, str]]:
    """Gives each arm of a contrast with the region where it acts: the arm first, then what it is held against."""
    if contrast.kind == REGRET:
        yield from ((name, target) for name in contrast.recipes for target in contrast.targets)
        return
    for name in (contrast.arm, contrast.reference):
        if name is not None:
            yield name, target_of(claim, contrast, arm_of(claim, name), variant)


def measurement_of(name: str) -> Measurement | None:
    """Finds a measurement of facts: by the name of its fact or figure, or of its function where that needs only the register."""
    if name in MEASURED:
        return MEASURED[name]
    for figure in FIGURES:
        if figure.name == name:
            return figure.measurement
    for known in (*MEASURED.values(), *(figure.measurement for figure in FIGURES)):
        if getattr(known.measure, "__name__", None) == name:
            return known
    function = getattr(measurements, name, None)
    if inspect.isfunction(function) and list(inspect.signature(function).parameters) == ["register"]:
        return Measurement("", name.replace("_", " "), function)
    return None


def check_claim(claim: Claim, section: Section) -> None:
    """Notes every fault that shows only in the worlds of the claim."""
    rival = (claim.rival.contrast,) if claim.rival.contrast else ()
    for variant in (Variant("", Setting()), *claim.variants):
        _check_in(claim, variant, (*claim.contrasts, *rival), section)
    for variant in claim.ablations:
        _check_in(claim, variant, (claim.main,), section)
    if not rival:
        _check_in(claim, Variant(claim.rival.name, claim.rival.setting), (claim.main,), section)
    _check_rival(claim, section)
    _check_use(claim, section)
    for position, name in enumerate(claim.also):
        if named(section, "also", name, BY_NAME, "outcome", (position,)):
            if claim.main.kind in (FACT, REGRET):
                section.fault(
                    "also", f"a contrast of kind '{claim.main.kind}' shows no other outcomes", "leave it out", (position,)
                )
            else:
                _check_in(claim, Variant("", Setting()), (claim.shown_beside[position],), section)


def _check_rival(claim: Claim, section: Section) -> None:
    """Notes a rival whose effect cannot be taken from the claim's."""
    rival = claim.rival.contrast
    if rival is not None and {rival.outcome, claim.main.outcome} <= BY_NAME.keys():
        mine, theirs = BY_NAME[claim.main.outcome], BY_NAME[rival.outcome]
        if (mine.compared, mine.effect_unit) != (theirs.compared, theirs.effect_unit):
            message = f"an effect in {theirs.effect_unit} cannot be held against one in {mine.effect_unit}"
            section.fault("rival", message, f"measure {claim.main.outcome}", ("outcome",))


def _check_use(claim: Claim, section: Section) -> None:
    """Notes arms that nothing uses: a slip in a name would otherwise go unseen."""
    contrasts = (*claim.contrasts, *((claim.rival.contrast,) if claim.rival.contrast else ()))
    used = {name for contrast in contrasts for name in (contrast.arm, contrast.reference, *contrast.recipes)}
    menus = {entry.name for arm in claim.arms.values() for government in arm.governments for entry in government.menu}
    for name, arm in claim.arms.items():
        if name not in used | menus:
            section.document.faults.add(f"no contrast uses the arm '{name}'", line=arm.line, field=section.field_of(f"arm.{name}"))


def _check_in(claim: Claim, variant: Variant, contrasts: tuple[Contrast, ...], section: Section) -> None:
    for contrast in contrasts:
        element = _Element(section, contrast.line, variant.name)
        worlds = []
        for name, target in sides_of(claim, contrast, variant.setting):
            arm = arm_of(claim, name)
            settings = [variant.setting, arm.setting]
            found, plain = world_of(claim, [Setting(world=setting.world) for setting in settings])
            wrong = [wrong for setting in settings for wrong in wrong_in(setting, plain)]
            for one in wrong:
                element.fault(f"{'.'.join(one.path)}: {one.message}", one.remedy)
            worlds.append(plain)
            if not wrong:
                _check_arm(arm, found, changed(plain, settings), target, contrast, element)
                _check_measures(claim, contrast, plain, variant.setting, element)
        if contrast.equal_cost and len({(world.regions, world.quarters) for world in worlds}) > 1:
            element.fault("costs can be made equal only between worlds of the same regions and length", "leave out equal_cost")


def _check_arm(arm: Arm, found: Case, world: World, target: str, contrast: Contrast, element: _Element) -> None:
    if target not in world.regions:
        element.unknown("region", target, world.regions)
        return
    if arm.based_on not in (*found.policies, *catalogue()):
        element.unknown("arm", arm.based_on, (*found.policies, *catalogue()))
        return
    policy = policy_of(arm, found, target)
    for name in arm.without:
        if name not in found.policy(arm.based_on, target).instruments:
            element.fault(f"{arm.based_on} does not use {name}", "leave it out of without")
    if contrast.kind == REGRET and any(TARGET not in change.where for change in policy.changes):
        element.fault(f"'{arm.name}' names its regions, so that it cannot be tried in another", 'where = "target"')
    if contrast.kind == FACT and policy.governments:
        element.fault("a fact is measured without governments that decide", "leave them out")
    element.section.document.faults.extend(faults_in_world(policy, world, target))


def _check_measures(claim: Claim, contrast: Contrast, world: World, variant: Setting, element: _Element) -> None:
    years = world.quarters / QUARTERS
    for horizon in claim.horizons:
        if horizon[1] > years:
            element.fault(f"the horizon {horizon[0]:g} to {horizon[1]:g} ends after the run of {years:g} years")
    if contrast.kind == FACT:
        if measurement_of(contrast.outcome) is None:
            known = (*MEASURED, *(figure.name for figure in FIGURES))
            element.unknown("measurement", contrast.outcome, known)
        elif _of_a_case(contrast.outcome) not in (None, claim.world):
            element.fault(f"{contrast.outcome} can be measured in case {_of_a_case(contrast.outcome)} only")
        return
    for name in (contrast.outcome, contrast.other_outcome):
        if name is not None and name not in BY_NAME:
            element.unknown("outcome", name, BY_NAME)
        elif name is not None:
            _check_cells(name, regions_of(claim, contrast, variant), contrast, world, element)
    if contrast.direction.startswith("not") and contrast.threshold >= _WHOLE and BY_NAME[contrast.outcome].compared == RATIO:
        element.fault(f"nothing falls by {contrast.threshold:g} %", "give a threshold below 100")


def _check_cells(name: str, regions: tuple[str, ...], contrast: Contrast, world: World, element: _Element) -> None:
    outcome = BY_NAME[name]
    known = (WORLD,) if outcome.of_the_world else (*world.regions, WORLD)
    for region in (*regions, *((contrast.other_region,) if contrast.other_region else ()), *contrast.targets):
        if region not in known:
            element.unknown("region", region, known)
        elif region == WORLD and not (outcome.world or outcome.of_the_world):
            element.fault(f"{name} of the world is not a sum over regions", "name one region")
    if len(regions) > 1 and not outcome.world:
        element.fault(f"{name} cannot be summed over regions", "name one region")
    if contrast.kind == SHARES and not (outcome.world and outcome.by_stage):
        element.fault(f"{name} has no shares by region and stage", "stage_profit, stage_jobs, stage_firms or stage_units")
    if contrast.stages is not None and not outcome.by_stage:
        element.fault(f"{name} is not known by stage", "leave out stages")
    for stage in contrast.stages or ():
        if stage not in world.stages:
            element.unknown("stage", stage, world.stages)
    if outcome.by_stage and not outcome.world and len(contrast.stages or world.stages) > 1:
        element.fault(f"{name} cannot be summed over stages", "name one stage")


def _of_a_case(name: str) -> str | None:
    """Gives the case that a measurement names regions of, if it does."""
    measurement = measurement_of(name)
    named_region = measurement is not None and isinstance(measurement.measure, partial) and "region" in measurement.measure.keywords
    return measurement.case if measurement is not None and named_region else None


class _Element:
    """Notes faults at the line of a contrast, with the variant in which they show."""

    def __init__(self, section: Section, line: int | None, variant: str):
        self.section, self.line, self.variant = section, line, variant

    def fault(self, message: str, remedy: str | None = None) -> None:
        # What is wrong everywhere is said once, without naming every world in which it shows.
        if any((fault.line, fault.message) == (self.line, message) for fault in self.section.document.faults):
            return
        where = f" (where {self.variant})" if self.variant else ""
        self.section.document.faults.add(
            f"{message}{where}", line=self.line, field=self.section.field_of("contrast"), remedy=remedy
        )

    def unknown(self, kind: str, name: str, known: object) -> None:
        names = tuple(dict.fromkeys(known))  # type: ignore[call-overload]
        self.fault(f"unknown {kind} '{name}'", nearest(name, names) or f"known: {', '.join(names)}")
