"""Makes a case file from evidence: a world of real regions in which any policy of the catalogue can be tried."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from redqueen.cases import endowing
from redqueen.cases.measures import HEADING, Measures, measure
from redqueen.errors import Faults, Refused
from redqueen.evidence.facts import sources
from redqueen.evidence.places import REST_OF_WORLD
from redqueen.model.endowments import ENDOWMENTS, Endowment
from redqueen.writing import whole_file

__all__ = ["world_text", "write_world"]

RUN_YEARS = 25
BURN_IN = 40
# The same calendar as the bundled cases: open interfaces spread with the personal computer.
MODULARITY = {"start": 0.1, "end": 0.85, "midpoint": 1987}
_FIRST_LINE = "# A redqueen world made from evidence. Without changes, what follows this line has the SHA-256 "
_DIGITS = 4
_CITED = ("wiod_2013", "ncses_sei", "schmoch_2008", "maddison_2023")

_NOT_MODELLED = (
    "stages of the industry within the table's sector: their costs and weights are chosen, the same as in the bundled cases",
    "wages at exchange rates: incomes are at purchasing power parity, which makes low-wage regions dearer than buyers find them",
    "the profits that multinationals book within GDP, which overstate wages as in Ireland",
    "patents sought elsewhere: only those granted in the United States count, which favours American inventors",
    "processing trade apart from other trade: tables of this kind understate imported inputs, China's above all",
    "people living abroad at the start (first_diaspora), tariffs and other rules: all are left at their defaults",
    "different growth of regions for reasons outside the chain: the same everywhere, so that catching up is not assumed",
)
_REST_NOT_MODELLED = "distance within the rest of the world: its many countries are one region with one market"


def write_world(
    input_output: str | Path,
    patents: str | Path,
    income: str | Path,
    regions: Iterable[str],
    year: int,
    out: str | Path,
    industry: str = "electronics",
) -> Path:
    """Writes a case file of an industry in some regions and the rest of the world, and gives its path.

    `input_output`, `patents` and `income` are files as the readers of `evidence` know them; `regions` codes or names, two
    or more, the first being the region whose question it is. The world starts in `year` and runs 25 years. Every number
    has its source: a datum, the declared default, or why it was chosen (rules: `cases/endowing.py`). The same inputs
    give the same bytes. Written at once or not at all; a file that was not made so, or was edited since, is kept.
    Refuses every fault of the input together (`measure`).
    """
    out = Path(out)
    regions = [regions] if isinstance(regions, str) else list(regions)
    faults = Faults()
    _check_out(out, faults)
    try:
        measured = measure(input_output, patents, income, regions, year, industry)
    except Refused as refusal:
        faults.extend(refusal.faults)
    faults.refuse_if_any(HEADING)
    files = {"--input-output": Path(input_output), "--patents": Path(patents), "--income": Path(income)}
    words = [word for option, path in files.items() for word in (option, path.name)]
    words += ["--regions", ",".join(regions), "--year", str(year)] + (["--industry", industry] if industry != "electronics" else [])
    command = shlex.join(["redqueen", "world", *words, "-o", out.name])
    checksums = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files.values()]
    text = _signed(world_text(measured, re.sub(r"[^\w-]+", "_", out.stem), command, checksums))
    with whole_file(out) as draft:
        draft.write_bytes(text.encode())
    return out


def world_text(measured: Measures, name: str, command: str, checksums: Iterable[tuple[str, str]]) -> str:
    """Gives the case file of a world as text: the rules of `cases/endowing.py` applied to the measures, each number with its source."""
    wage = endowing.wages(measured.income)
    heads = endowing.workers(measured.value_added, wage)
    lines = [f"# Made by: {_plain(command)}", *(f"# SHA-256 of {_plain(file)}: {value}" for file, value in checksums)]
    lines += ["# Read it with: redqueen check. Edit it freely: every number says where it is from, so that better ones can replace it.", ""]
    lines += _case_lines(measured, name)
    lines += ["", "[modularity]", *(f"{key} = {value}" for key, value in MODULARITY.items())]
    lines += [_pair("source", "chosen: open interfaces spread with the personal computer, as in the bundled cases")]
    lines += _chain_lines(measured)
    stated = _stated(measured, wage, heads)
    for place, region in enumerate(measured.regions):
        share = 100 * measured.value_added[place] / measured.value_added.sum()
        lines += ["", f"# {share:.2g} % of the world's value added in {measured.sector}", "[[region]]", _pair("name", region), _pair("code", region)]
        for endowment in ENDOWMENTS:
            if endowment.shape in (("region",), ("region", "stage")):
                lines.append(_endowment_line(endowment, stated, place))
    return "\n".join([*lines, *_pair_lines(measured), ""])


def _case_lines(measured: Measures, name: str) -> list[str]:
    named = [region for region in measured.regions if region != REST_OF_WORLD]
    rest = len(named) < len(measured.regions)
    title = f"{measured.industry.capitalize()} in {', '.join(named)}{' and the rest of the world' if rest else ''}, {measured.year}"
    lines = [
        "[case]", _pair("name", name), _pair("title", title),
        _pair("question", f"What would a policy do for {measured.industry} in {named[0]}, starting from {measured.year}?"),
        f"start = {measured.year}", f"end = {measured.year + RUN_YEARS}", f"burn_in = {BURN_IN}",
        _pair("region", named[0]), _pair("reference", "none"), _pair("source", "chosen: 25 years are long enough for slow policies"),
        "not_modelled = [",
        *(f"  {_text(item)}," for item in _NOT_MODELLED + ((_REST_NOT_MODELLED,) if rest else ())), "]", "", "[source]",
    ]
    return lines + [_pair(source, sources()[source].citation) for source in _CITED]


def _chain_lines(measured: Measures) -> list[str]:
    inputs = endowing.chain_inputs(measured.own_share)
    from_table = f"wiod_2013: {100 * measured.own_share:.3g} % of the inputs of {measured.sector} come from {measured.sector}, {measured.year}"
    lines = []
    for stage in endowing.CHAIN:
        units, materials = inputs[stage.name]
        chosen = f"chosen: {stage.why}"
        lines += ["", "[[stage]]", _pair("name", stage.name), _pair("industry", measured.industry)]
        lines += ["ships = true"] if stage.ships else []
        lines += [_sourced(key, getattr(stage, key), chosen) for key in ("quality_weight", "workers_per_unit", "skilled_share")]
        if stage.input:
            lines += [_pair("input", stage.input), _sourced("input_units", units, from_table)]
        lines.append(_sourced("materials_per_unit", materials, from_table if stage.input else chosen))
    return lines


def _stated(measured: Measures, wage: np.ndarray, heads: np.ndarray) -> dict[str, tuple[np.ndarray, Callable[[int], str]]]:
    """Gives the endowments that the measures tell: name -> values by region (and stage), and the source of each region's."""
    year, sector, regions = measured.year, measured.sector, measured.regions
    known = endowing.knowledge(measured.patents, measured.value_added)
    skilled = endowing.talent(heads, wage, known)
    frontier, value = endowing.markets(measured.use, wage, heads)
    mix = endowing.stage_mix(measured.patents, measured.value_added, measured.output, measured.exports, measured.imported_inputs)
    first, last = measured.patent_years
    richest = regions[int(measured.income.argmax())]

    def of_income(place: int) -> str:
        if regions[place] == REST_OF_WORLD:
            return measured.rest_source
        return f"maddison_2023: GDP per head of {measured.income[place]:,.0f} in {year}, against {measured.income.max():,.0f} in {richest}"

    def of_workers(place: int) -> str:
        return f"wiod_2013: value added of {sector}, {year}, {measured.value_added[place]:,.0f} million USD, over base_wage; size of the world chosen"

    def of_patents(place: int) -> str:
        return f"ncses_sei: {measured.patents[place]:,.0f} patents a year in {first}-{last} (fields: schmoch_2008), per value added of {sector} (wiod_2013)"

    def of_use(place: int) -> str:
        return f"wiod_2013: {max(measured.use[place], 0.0):,.0f} million USD of {sector} used outside the sector, {year}; split by base_wage"

    def of_quality(place: int) -> str:
        return f"{of_patents(place)} at design, software and brand; base_wage elsewhere; both against the best and damped"

    def of_firms(place: int) -> str:
        abroad = 100 * measured.exports[place] / measured.output[place]
        return (
            f"wiod_2013: output of {sector}, {year}, {measured.output[place]:,.0f} million USD, {abroad:.3g} % exported; "
            f"{100 * measured.imported_inputs[place]:.3g} % of inputs imported; by stage with patents (ncses_sei); number in all chosen"
        )

    def chosen(why: str) -> Callable[[int], str]:
        return lambda place: f"chosen: {why}"

    return {
        "base_wage": (wage, of_income),
        "base_skilled_wage": (endowing.skilled_wages(wage), chosen("2 base_wage^0.6, since talent is more mobile than workers")),
        "workers": (heads, of_workers),
        "first_talent": (skilled, lambda place: f"{of_patents(place)}; with workers and base_wage"),
        "graduates": (endowing.graduates(skilled), chosen("as many as retire, so that talent lasts")),
        "venture_money": (endowing.venture_money(heads, wage), chosen("more for each worker where income is higher, 0.0055 base_wage^1.5")),
        "venture_exit": (endowing.venture_exit(wage), chosen("markets for young firms come with income, base_wage^2")),
        "frontier_market": (frontier, of_use),
        "value_market": (value, of_use),
        "first_quality": (endowing.first_quality(known, wage), of_quality),
        "first_firms": (endowing.first_firms(measured.output, mix, heads), of_firms),
    }


def _endowment_line(endowment: Endowment, stated: Mapping[str, tuple[np.ndarray, Callable[[int], str]]], place: int) -> str:
    if endowment.name not in stated:
        return _sourced(endowment.name, endowment.default, "default")
    values, source = stated[endowment.name]
    return _sourced(endowment.name, values[place], source(place))


def _pair_lines(measured: Measures) -> list[str]:
    apart, ties = endowing.distances(measured.sales), endowing.first_tie_shares(measured.purchases)
    lines = []
    for one, from_region in enumerate(measured.regions):
        for other, to_region in enumerate(measured.regions):
            if one == other:
                continue
            lines += ["", "[[pair]]", _pair("from", from_region), _pair("to", to_region)]
            # Distance is the same both ways: said once.
            if one < other:
                source = f"wiod_2013: sales of {measured.sector} between {from_region} and {to_region}, {measured.year}, against those at home"
                lines.append(_sourced("distance", apart[one, other], source))
            bought = f"{from_region} buys {measured.purchases[other, one]:,.0f} million USD of {measured.sector} for its own from {to_region}"
            lines.append(_sourced("first_tie_share", ties[one, other], f"wiod_2013: {bought}, {measured.year}"))
    return lines


def _sourced(key: str, value: object, source: str) -> str:
    if isinstance(value, np.ndarray):
        by_stage = ", ".join(f"{stage.name} = {_number(number)}" for stage, number in zip(endowing.CHAIN, value, strict=True))
        return f"{key} = {{ value = {{ {by_stage} }}, source = {_text(source)} }}"
    return f"{key} = {{ value = {_number(value)}, source = {_text(source)} }}"


def _number(value: float) -> str:
    rounded = float(f"{float(value):.{_DIGITS}g}")
    return str(int(rounded)) if rounded.is_integer() else repr(rounded)


def _pair(key: str, text: str) -> str:
    return f"{key} = {_text(text)}"


def _text(text: str) -> str:
    # Text in JSON is text in TOML.
    return json.dumps(_plain(text), ensure_ascii=False)


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _signed(text: str) -> str:
    return f"{_FIRST_LINE}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def _check_out(out: Path, faults: Faults) -> None:
    if out.suffix != ".toml":
        faults.add("the name of a case file ends in .toml", file=out, field="out")
    if out.is_dir():
        faults.add("is a folder", file=out, field="out", remedy="name a file")
    elif not out.parent.is_dir():
        faults.add("its folder does not exist", file=out, field="out", remedy=f"make {out.parent} first")
    elif out.exists():
        first, _, rest = out.read_bytes().partition(b"\n")
        if not first.startswith(_FIRST_LINE.encode()):
            faults.add("exists, and was not made from evidence", file=out, field="out", remedy="give another name")
        elif first.rpartition(b" ")[2].strip().decode(errors="replace") != hashlib.sha256(rest).hexdigest():
            faults.add("exists, and was edited since it was made", file=out, field="out", remedy="give another name, or remove it")
