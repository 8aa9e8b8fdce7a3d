"""From the sections of a case file to a world: the chain, the regions and what they start with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from redqueen.cases.keys import KEYS, known_keys
from redqueen.cases.places import check_place
from redqueen.model.endowments import ENDOWMENTS, Endowment
from redqueen.model.parameters import PARAMETERS
from redqueen.model.world import World
from redqueen.policies.change import QUARTERS, TARGET
from redqueen.policies.document import REQUIRED, Document, Keys, Section, named

__all__ = ["YEARS", "read_world"]

#: Years that a run may touch.
YEARS = (1.0, 3000.0)
BURN_IN = (0.0, 400.0)
# A set of stages must stay exact where it passes through a float64.
MOST_STAGES = 53
# Weights are written by hand: a third is 0.333.
WEIGHTS_MAY_MISS = 0.002
# What the only industry of a world is called unless its stages say.
_INDUSTRY = "industry"
# Words with a meaning of their own where names of stages stand.
_RESERVED = {"stage": ("value", "source"), "region": (TARGET,)}


def read_world(document: Document, name: str, run: Section | None) -> World | None:
    """Reads the world of a case file, noting every fault; `run` is the section with start, end and burn_in.

    With faults the world is only good for checking the rest of the file: what could not be read is zero. Gives None
    where no region or no stage could be read.
    """
    root = document.root
    start, quarters, burn_in = _read_run(run)
    stages, other_stages = _named_sections(root, "stage")
    regions, other_regions = _named_sections(root, "region")
    industry_of = [section.text("industry", default=_INDUSTRY, one_line=True) or _INDUSTRY for section in stages.values()]
    industries = list(dict.fromkeys(industry_of))
    endowments = _empty(len(regions), len(stages), len(industries))
    chain = _read_chain(stages, industry_of, industries, endowments, whole=not other_stages)
    _read_industries(root, industries, endowments)
    _read_regions(regions.values(), list(stages), endowments)
    _read_pairs(root, list(regions), endowments)
    # Sections without a name of their own are read for their other faults alone.
    for section in other_stages:
        _read_stage(section)
    _read_regions(other_regions, list(stages), _empty(len(other_regions), len(stages), len(industries)))
    _check_firms(root, chain, list(stages), list(regions), endowments["first_firms"])
    modularity = _read_modularity(root, start)
    parameters = _read_parameters(root)
    if not stages or not regions:
        return None
    return World(
        name=name, regions=tuple(regions), stages=tuple(stages), endowments=endowments, start=start, quarters=quarters,
        burn_in=burn_in, modularity=modularity, parameters=parameters, **chain,
    )


def _read_run(run: Section | None) -> tuple[float, int, int]:
    # Where the dates cannot be read, every date of a policy must pass.
    anywhere = (YEARS[0], int((YEARS[1] - YEARS[0]) * QUARTERS), 0)
    if run is None:
        return anywhere
    start, end = run.year("start", *YEARS), run.year("end", *YEARS)
    burn_in = run.number("burn_in", "quarters", *BURN_IN, default=float(World.burn_in))
    if burn_in is not None and not burn_in.is_integer():
        run.fault("burn_in", f"{burn_in:g} is not a whole number of quarters")
    if start is None or end is None:
        return anywhere
    if end <= start:
        run.fault("end", f"{end:g} is not after start, {start:g}")
        return anywhere
    return start, round((end - start) * QUARTERS), int(burn_in or 0)


def _empty(regions: int, stages: int, industries: int) -> dict[str, numpy.ndarray]:
    length = {"stage": stages, "region": regions, "industry": industries}
    return {endowment.name: numpy.zeros([length[dimension] for dimension in endowment.shape]) for endowment in ENDOWMENTS}


def _named_sections(root: Section, kind: str) -> tuple[dict[str, Section], list[Section]]:
    """Gives the elements of an array of tables by name, and those whose name is missing, taken or reserved."""
    found: dict[str, Section] = {}
    others = []
    sections = root.sections(kind)
    for section in sections:
        name = section.text("name", one_line=True)
        if name is not None and name not in found and name not in _RESERVED[kind]:
            found[name] = section
            continue
        others.append(section)
        if name in found:
            section.fault("name", f"a second {kind} is called '{name}'", f"the first is in line {found[name].line()}")
        elif name is not None:
            section.fault("name", f"'{name}' is a word of its own and cannot name a {kind}")
    if not sections:
        root.fault(None, f"there is no {kind}", f"add [[{kind}]]")
    if kind == "stage" and len(sections) > MOST_STAGES:
        sections[MOST_STAGES].fault(None, f"there are {len(sections)} stages, more than {MOST_STAGES}")
    return found, others


def _read_chain(
    stages: dict[str, Section], industry_of: list[str], industries: list[str], endowments: dict[str, numpy.ndarray], *, whole: bool
) -> dict[str, Any]:
    names = list(stages)
    input_stage, ships = [], []
    for position, section in enumerate(stages.values()):
        for name, value in _read_stage(section).items():
            endowments[name][position] = value
        ships.append(section.flag("ships"))
        input_stage.append(_read_input(section, position, names))
    brand_stage, shipping_stage = [], []
    for industry in industries:
        members = [position for position, of in enumerate(industry_of) if of == industry]
        shipping = [position for position in members if ships[position]]
        for extra in shipping[1:]:
            stages[names[extra]].fault(
                "ships", f"{industry} already ships from '{names[shipping[0]]}'", "one stage of an industry ships"
            )
        brand_stage.append(members[-1])
        shipping_stage.append(shipping[0] if shipping else members[-1])
        if whole:
            _check_weights(stages, [names[s] for s in members], industry, endowments["quality_weight"][members])
    for position, stage in enumerate(input_stage):
        if stage in brand_stage:
            message = f"'{names[stage]}' is the last stage of {industry_of[stage]}: its firms sell to final buyers only"
            stages[names[position]].fault("input", message)
    return {
        "industries": tuple(industries), "industry_of": tuple(map(industries.index, industry_of)),
        "input_stage": tuple(input_stage),
        "brand_stage": tuple(brand_stage), "shipping_stage": tuple(shipping_stage),
    }


def _read_stage(section: Section) -> dict[str, float]:
    declared = _declared("stage")
    section.only(known_keys("stage", "stage"))
    section.cite()
    return {endowment.name: _number(section, endowment) for endowment in declared}


def _read_industries(root: Section, industries: list[str], endowments: dict[str, numpy.ndarray]) -> None:
    declared = _declared("industry")
    for endowment in declared:
        endowments[endowment.name][:] = endowment.default
    written: dict[str, Section] = {}
    for section in root.sections("industry"):
        section.only(known_keys("industry", "industry"))
        section.cite()
        name = section.text("name", one_line=True)
        known = name if name is not None and named(section, "name", name, industries, "industry") else None
        if known is not None and known in written:
            section.fault("name", f"a second industry is called '{name}'", f"the first is in line {written[known].line()}")
        for endowment in declared:
            value = _number(section, endowment)
            if known is not None:
                endowments[endowment.name][industries.index(known)] = value
                written[known] = section


def _read_input(section: Section, position: int, names: list[str]) -> int:
    name = section.text("input", default=None, one_line=True)
    if name is None:
        if section.table.get("input_units") and "input" not in section.table:
            remedy = f"add input, one of: {', '.join(names[:position]) or 'none'}"
            section.fault("input_units", "there is no stage to buy inputs from", remedy)
        return -1
    if not named(section, "input", name, names, "stage"):
        return -1
    if names.index(name) >= position:
        section.fault(
            "input", f"'{name}' does not come earlier in the chain", f"earlier here: {', '.join(names[:position]) or 'none'}"
        )
        return -1
    if "input_units" not in section.table:
        section.fault("input", f"says no units of '{name}'", "add input_units (units/unit)")
    return names.index(name)


def _check_weights(stages: dict[str, Section], members: list[str], industry: str, weights: numpy.ndarray) -> None:
    readable = all(isinstance(stages[name].table.get("quality_weight"), int | float | dict) for name in members)
    total = float(weights.sum())
    if readable and abs(total - 1.0) > WEIGHTS_MAY_MISS:
        message = f"the weights of the stages of {industry} add up to {total:g}, not 1"
        stages[members[-1]].fault("quality_weight", message, f"stages: {', '.join(members)}")


def _read_regions(regions: Iterable[Section], stages: list[str], endowments: dict[str, numpy.ndarray]) -> None:
    declared = [*_declared("region"), *_declared("region", "stage")]
    for position, section in enumerate(regions):
        section.only((*known_keys("region", "region"), *(endowment.name for endowment in declared)))
        section.cite()
        section.text("code", default="", one_line=True)
        check_place(section)
        for endowment in declared:
            read = _number(section, endowment) if len(endowment.shape) == 1 else _read_by_stage(section, endowment, stages)
            endowments[endowment.name][position] = read


def _read_by_stage(section: Section, endowment: Endowment, stages: list[str]) -> numpy.ndarray:
    name = endowment.name
    default = 0.0 if endowment.default is None else endowment.default
    written, source, below = section.with_source(name, section.table.get(name))
    if not isinstance(written, dict):
        return numpy.full(len(stages), _number(section, endowment))
    found = numpy.full(len(stages), default)
    for stage, value in written.items():
        if named(section, name, stage, stages, "stage", (*below, stage)):
            section.document.provenance[f"{section.field_of(name)}.{stage}"] = source
            number = section.checked(name, value, endowment.unit, endowment.low, endowment.high, (*below, stage))
            found[stages.index(stage)] = _whole(section, endowment, number, (*below, stage))
    missing = [stage for stage in stages if stage not in written]
    if missing and endowment.default is None:
        section.fault(name, f"says nothing of: {', '.join(missing)}")
    return found


def _read_pairs(root: Section, regions: list[str], endowments: dict[str, numpy.ndarray]) -> None:
    declared = _declared("region", "region")
    for endowment in declared:
        endowments[endowment.name][:] = endowment.default
    numpy.fill_diagonal(endowments["distance"], 0.0)
    written: dict[tuple[str, str], Section] = {}
    for section in root.sections("pair", title=""):
        section.only(known_keys("pair", "region", "region"))
        section.cite()
        start, end = (section.text(key, one_line=True) for key in ("from", "to"))
        from_known = start is not None and named(section, "from", start, regions, "region")
        to_known = end is not None and named(section, "to", end, regions, "region")
        pair = (start, end) if start is not None and end is not None and from_known and to_known else None
        if pair is not None:
            section.field = f"pair.{start}.{end}"
            if start == end:
                section.fault("to", f"pairs '{start}' with itself")
            if pair in written:
                remedy = f"the first is in line {written[pair].line()}"
                section.fault(None, f"a second pair leads from '{start}' to '{end}'", remedy)
            written[pair] = section
        for endowment in declared:
            if endowment.name in section.table:
                value = _number(section, endowment)
                if pair is not None:
                    endowments[endowment.name][regions.index(pair[0]), regions.index(pair[1])] = value
    for (one, other), section in written.items():
        if "distance" in section.table and "distance" not in getattr(written.get((other, one)), "table", ()):
            ends = regions.index(one), regions.index(other)
            endowments["distance"][ends[::-1]] = endowments["distance"][ends]
    for region, total in zip(regions, endowments["first_tie_share"].sum(axis=1), strict=True):
        if total > 1.0:
            last = [section for (one, _), section in written.items() if one == region][-1]
            last.fault("first_tie_share", f"the shares of the ties that leave '{region}' add up to {total:g}, more than 1")


def _check_firms(root: Section, chain: dict[str, Any], stages: list[str], regions: list[str], firms: numpy.ndarray) -> None:
    if not stages or not regions or any("first_firms" in str(fault.field) for fault in root.document.faults):
        return
    if not firms.any():
        root.fault("region", "there are no firms anywhere", "give a region first_firms, a number or { stage = number }")
        return
    for industry, brand in zip(chain["industries"], chain["brand_stage"], strict=True):
        if not firms[:, brand].any():
            message = f"{industry} has no lead firm anywhere: first_firms is 0 at its last stage, '{stages[brand]}'"
            root.fault("region", message, f"give a region first_firms = {{ {stages[brand]} = ... }}")


def _read_modularity(root: Section, start: float) -> tuple[float, float, float]:
    first, last, midpoint = World.modularity
    section = root.section("modularity")
    if section is None:
        return first, last, midpoint
    section.only(KEYS["modularity"])
    section.cite()
    read_first = section.number("start", "share", 0.0, 1.0, default=first)
    read_last = section.number("end", "share", 0.0, 1.0, default=last)
    year = section.number("midpoint", "year", *YEARS, default=None)
    quarter = midpoint if year is None else (year - start) * QUARTERS
    return first if read_first is None else read_first, last if read_last is None else read_last, quarter


def _read_parameters(root: Section) -> dict[str, float]:
    section = root.section("parameters")
    if section is None:
        return {}
    declared = {parameter.name: parameter for parameter in PARAMETERS}
    section.only([*declared, "source"])
    section.cite()
    found = {}
    for name in section.table:
        if name in declared:
            parameter = declared[name]
            value = section.number(name, parameter.unit, parameter.low, parameter.high)
            if value is not None:
                found[name] = value
    return found


def _declared(*shape: str) -> list[Endowment]:
    return [endowment for endowment in ENDOWMENTS if endowment.shape == shape]


def _number(section: Section, endowment: Endowment) -> float:
    declared = endowment.default
    number = section.number(
        endowment.name, endowment.unit, endowment.low, endowment.high, REQUIRED if declared is None else declared
    )
    return _whole(section, endowment, number)


def _whole(section: Section, endowment: Endowment, number: float | None, below: Keys = ()) -> float:
    if number is not None and endowment.unit == "firms" and not number.is_integer():
        section.fault(endowment.name, f"{number:g} is not a whole number of firms", below=below)
    return number or 0.0
