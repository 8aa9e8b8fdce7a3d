"""Read a register of claims from its file; every fault is reported at once with its line."""

from __future__ import annotations

import functools
import math
import os
from dataclasses import replace
from typing import Any
from pathlib import Path

from redqueen.errors import Refused
from redqueen.lab.intervals import LEAST_SEEDS
from redqueen.policies.change import on_a_quarter
from redqueen.policies.document import REQUIRED, Document, Keys, Section, named
from redqueen.policies.policy import NONE, Policy, catalogue
from redqueen.policies.reading import read_changes, read_governments
from redqueen.studies.claims.checking import case_of, check_claim, fault_settings, known_case, policy_of
from redqueen.studies.claims.declared import (
    BETWEEN, DIRECTIONS, EFFECT, FACT, INSTEAD, KINDS, NOT_DOWN, NOT_UP, OF_LEVEL, REGRET, SHARES, STRENGTH, UP, Arm, Claim,
    ClaimRegister,
    Contrast, Horizon, Rival, Setting, Variant,
)
from redqueen.studies.claims.settings import BY_PARAMETER

CLAIM_KEYS = (
    "id", "says", "source", "mechanism", "world", "region", "horizons", "seeds", "spread", "also", "screen", "ablations",
    "contrast", "arm",
    "where", "rival",
)
CONTRAST_KEYS = (
    "name", "kind", "arm", "reference", "outcome", "region", "stages", "direction", "threshold", "equal_cost", "target",
    "other_region",
    "other_outcome", "recipes", "regions",
)
SETTING_KEYS = ("world", "region", "parameters", "modularity", "endowments")
ARM_KEYS = ("name", "based_on", "without", "change", "government", "note", *SETTING_KEYS)
MOST_SEEDS = 10_000
LEAST_HORIZONS = 2


def bundled_register() -> Path:
    """Gives the register that comes with the package."""
    return Path(__file__).parent / "claims.toml"


def read_register(path: str | os.PathLike[str] | None = None) -> ClaimRegister:
    """Reads a register of claims, the package's own unless another is named.

    Raises `Refused` with every fault of the file: its own and those that show in the worlds that it names.
    """
    # A case may have been edited since another register was read.
    case_of.cache_clear()
    document = Document(bundled_register() if path is None else path, "register of claims")
    root = document.root
    root.only(("source", "claim"))
    document.read_sources()
    claims: dict[str, Claim] = {}
    for section in root.sections("claim", title="id"):
        claim = _read_claim(section)
        if claim is None:
            continue
        if claim.id in claims:
            section.fault("id", f"a second claim is called '{claim.id}'", "give it an id of its own")
        claims.setdefault(claim.id, claim)
        check_claim(claim, section)
    if "claim" not in root.table:
        root.fault(None, "there is no claim", "add [[claim]]")
    document.refuse_if_any()
    return ClaimRegister(tuple(claims.values()), document.sources, document.file, document.sha256)


def _read_claim(section: Section) -> Claim | None:
    """Reads one claim as far as it can be read; None where too little of it can."""
    section.only(CLAIM_KEYS)
    faults = section.document.faults
    heading: dict[str, Any] = {
        "id": section.word("id"), "says": section.text("says"), "mechanism": section.text("mechanism", default=""),
        "world": section.text("world", one_line=True), "region": section.text("region", one_line=True),
    }
    source = section.cite()
    if "source" not in section.table:
        section.fault(None, "'source' is missing", "add source: where the document says so")
    readable = known_case(section, "world", heading["world"])
    noted = len(faults)
    arms = _read_arms(section)
    readable = readable and len(faults) == noted
    contrasts = [_read_contrast(element, heading["region"]) for element in section.sections("contrast")]
    if "contrast" not in section.table:
        section.fault(None, "there is no contrast", "add [[claim.contrast]]")
    horizons = _read_horizons(section, needed=any(contrast is None or contrast.kind != FACT for contrast in contrasts))
    seeds = section.number("seeds", "seeds", LEAST_SEEDS, MOST_SEEDS)
    if seeds is not None and not seeds.is_integer():
        section.fault("seeds", f"{seeds:g} is not a whole number of seeds")
    spread = section.number("spread", "unit of the statistic", 0.0, default=None)
    also = section.texts("also", default=())
    screen = section.texts("screen", default=()) or ()
    for position, name in enumerate(screen):
        named(section, "screen", name, BY_PARAMETER, "parameter", (position,))
    noted = len(faults)
    variants = _read_variants(section, "where", (*SETTING_KEYS, "name"))
    ablations = _read_variants(section, "ablations", ("name", *SETTING_KEYS[2:]))
    for kind, named_variants in (("where", variants), ("ablations", ablations)):
        _refuse_twice(section, kind, [variant.name for variant in named_variants])
    readable = readable and len(faults) == noted
    rival = _read_rival(section, contrasts[0] if contrasts else None)
    # What is wrong with numbers alone does not keep a claim from being checked in its worlds.
    known = [contrast for contrast in contrasts if contrast is not None]
    if not readable or not contrasts or len(known) < len(contrasts) or rival is None or None in heading.values():
        return None
    return Claim(
        **heading, source=source, horizons=horizons, seeds=int(seeds or LEAST_SEEDS), spread=spread, contrasts=tuple(known),
        arms=arms,
        variants=variants, rival=rival, also=tuple(also or ()), screen=tuple(screen), ablations=ablations,
    )


def _read_horizons(section: Section, *, needed: bool) -> tuple[Horizon, ...]:
    written = section.table.get("horizons")
    if written is None:
        if needed:
            section.fault(None, "'horizons' is missing", f"add horizons = [[first, last], ...] in years, {LEAST_HORIZONS} at least")
        return ()
    if not isinstance(written, list):
        section.fault("horizons", "must be a list of [first, last] in years from the start of the history")
        return ()
    if not needed:
        section.fault("horizons", "a fact is measured over the whole run", "leave out horizons")
    elif len(written) < LEAST_HORIZONS:
        section.fault("horizons", f"{len(written)} is too few to see whether an effect lasts", f"give {LEAST_HORIZONS} at least")
    found = []
    for position, pair in enumerate(written):
        plain = isinstance(pair, list) and len(pair) == 2 and all(
            isinstance(year, int | float) and math.isfinite(year) for year in pair
        )
        if not plain or not 0 <= pair[0] < pair[1] or not all(on_a_quarter(year) for year in pair):
            remedy = "give [first, last] in years from the start, in quarters of a year"
            section.fault("horizons", f"{pair} is no window", remedy, (position,))
        else:
            found.append((float(pair[0]), float(pair[1])))
    return tuple(found)


def _read_arms(section: Section) -> dict[str, Arm]:
    arms: dict[str, Arm] = {}
    for element in section.sections("arm"):
        element.only(ARM_KEYS)
        name = element.word("name")
        based_on = element.text("based_on", default=NONE.name, one_line=True)
        without = element.texts("without", default=(), or_one=True)
        arm = Arm(
            name or "", based_on or NONE.name, without or (), read_changes(element),
            read_governments(element, functools.partial(_find_entry, section, arms)), _read_setting(element), element.line(),
        )
        if name in arms or name == NONE.name:
            element.fault("name", f"another arm is called '{name}'", "give it a name of its own")
        elif name is not None:
            arms[name] = arm
    return arms


def _find_entry(claim: Section, arms: dict[str, Arm], element: Section, name: str, below: Keys) -> Policy | None:
    """Gives what a menu names: an arm written before, or a policy of the case or the catalogue."""
    world, region = claim.table.get("world"), claim.table.get("region")
    if not isinstance(world, str) or not isinstance(region, str):
        return None
    try:
        found = case_of(world)
    except Refused:
        return None
    known = (*arms, *found.policies, *catalogue())
    if not named(element, "menu", name, known, "policy", below):
        return None
    arm = arms.get(name) or Arm(name, based_on=name)
    return policy_of(arm, found, region) if arm.based_on in known else None


def _read_setting(section: Section) -> Setting:
    tables = {}
    for key in ("parameters", "modularity", "endowments"):
        table = section.section(key)
        tables[key] = dict(table.table) if table else {}
    setting = Setting(
        section.text("world", default=None, one_line=True), section.text("region", default=None, one_line=True), **tables
    )
    known_case(section, "world", setting.world)
    fault_settings(section, setting)
    return setting


def _read_variants(section: Section, key: str, keys: tuple[str, ...]) -> tuple[Variant, ...]:
    read = [_read_variant(element, keys) for element in section.sections(key)]
    return tuple(variant for variant in read if variant is not None)


def _read_variant(section: Section, keys: tuple[str, ...]) -> Variant | None:
    section.only(keys)
    name = section.text("name", one_line=True)
    setting = _read_setting(section)
    if setting == Setting():
        section.fault(None, "changes nothing", "give parameters, modularity or endowments")
    return None if name is None else Variant(name, setting)


def _read_contrast(
    section: Section, region: str | None, base: Contrast | None = None, also: tuple[str, ...] = ()
) -> Contrast | None:
    """Reads a contrast; with `base` (the rival's) what is not written is as there."""
    section.only((*CONTRAST_KEYS, *also))
    kind = (base.kind if base else EFFECT) if also else section.text("kind", default=EFFECT)
    if kind is not None and not named(section, "kind", kind, KINDS, "kind of contrast"):
        return None
    direction = section.text("direction", default=base.direction if base else REQUIRED)
    if direction is not None and not named(section, "direction", direction, DIRECTIONS, "direction"):
        direction = None
    # What a level may be has no sign; an effect of interest has a size.
    threshold = section.number(
        "threshold", "unit of the effect", -math.inf if kind in OF_LEVEL else 0.0, default=base.threshold if base else REQUIRED
    )
    if kind in OF_LEVEL and direction in (NOT_DOWN, NOT_UP):
        section.fault("direction", f"a {kind} is above or below its threshold", "up or down")
    if direction in (NOT_DOWN, NOT_UP) and threshold == 0:
        section.fault("threshold", f"{direction} needs a margin above zero", "say how large an effect would matter")
    noted = len(section.document.faults)
    values: dict[str, Any] = {
        "outcome": section.text("outcome", default=base.outcome if base else REQUIRED, one_line=True),
        "name": section.text("name", default="", one_line=True),
        "regions": section.texts("region", default=base.regions if base else ((region,) if region else ()), or_one=True),
        "stages": section.texts("stages", default=base.stages if base else None, or_one=True),
        "target": section.text("target", default=base.target if base else None, one_line=True),
        "equal_cost": section.flag("equal_cost", default=base.equal_cost if base else False),
        "other_region": _only_for(section, "other_region", kind == BETWEEN),
        "other_outcome": _only_for(section, "other_outcome", kind == SHARES),
        "recipes": _several(section, "recipes", kind == REGRET),
        "targets": _several(section, "regions", kind == REGRET),
        **_read_sides(section, str(kind)),
    }
    if len(section.document.faults) > noted:
        return None
    return Contrast(str(kind), direction=direction or UP, threshold=threshold or 0.0, line=section.line(), **values)


def _read_sides(section: Section, kind: str) -> dict[str, str | None]:
    """Reads the arm and, for an effect, what it is held against."""
    if kind == REGRET:
        for key in ("arm", "reference", "equal_cost", "region", "target"):
            if key in section.table:
                section.fault(key, f"regret compares its recipes at equal cost: '{key}' says nothing", "leave it out")
        return {}
    if kind == EFFECT:
        arm, reference = section.text("arm", one_line=True), section.text("reference", default=NONE.name, one_line=True)
        if arm is not None and arm == reference:
            section.fault("arm", f"'{arm}' is set against itself", "name another reference")
        return {"arm": arm, "reference": reference}
    for key in ("reference", "equal_cost"):
        if key in section.table:
            section.fault(key, f"'{kind}' looks at one arm", f"leave out {key}")
    return {"arm": section.text("arm", default=NONE.name, one_line=True), "reference": None}


def _only_for(section: Section, key: str, fits: bool) -> str | None:
    if fits:
        return section.text(key, one_line=True)
    if key in section.table:
        section.fault(key, "does not belong to a contrast of this kind", "leave it out")
    return None


def _several(section: Section, key: str, fits: bool) -> tuple[str, ...]:
    if not fits:
        if key in section.table:
            section.fault(key, "belongs to a contrast of kind 'regret'", "leave it out")
        return ()
    names = section.texts(key) or ()
    if len(names) < 2 and isinstance(section.table.get(key), list):
        section.fault(key, "needs two at least")
    _refuse_twice(section, key, list(names))
    return names


def _read_rival(section: Section, main: Contrast | None) -> Rival | None:
    element = section.section("rival")
    if element is None:
        if "rival" not in section.table:
            section.fault(None, "there is no rival", "add [claim.rival]: the other explanation must be able to win")
        return None
    says, kind = element.text("says"), element.text("kind")
    name = element.text("name", default="", one_line=True)
    if kind is None or not named(element, "kind", kind, (INSTEAD, STRENGTH), "kind of rival") or says is None:
        return None
    label = name or says
    if kind == STRENGTH:
        element.only(("says", "name", "kind", *SETTING_KEYS))
        setting = _read_setting(element)
        if setting == Setting():
            element.fault(None, "changes nothing", "say in which world the rival is at its strongest")
        return Rival(says, label, kind, setting=setting)
    if main is None:
        return None
    if main.kind in (FACT, REGRET):
        element.fault("kind", f"a claim of kind '{main.kind}' has no seeds to pair a rival's with", "kind = \"strength\"")
        return None
    contrast = _read_contrast(element, None, main, ("says",))
    return None if contrast is None else Rival(says, label, kind, replace(contrast, name=label))


def _refuse_twice(section: Section, key: str, names: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        section.fault(key, f"names '{name}' twice")
