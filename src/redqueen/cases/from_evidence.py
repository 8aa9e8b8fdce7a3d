"""Makes a case file from evidence: a world of real regions in which any policy of the catalogue can be tried."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from redqueen.cases import endowing
from redqueen.cases.measures import HEADING, Measures, measure
from redqueen.errors import Faults, Refused
from redqueen.evidence.facts import sources
from redqueen.evidence.places import REST_OF_WORLD
from redqueen.model.endowments import ENDOWMENTS, Endowment
from redqueen.writing import whole_file

__all__ = ["Written", "world_text", "write_world"]

RUN_YEARS = 25
BURN_IN = 40
# The same calendar as the bundled cases: open interfaces spread with the personal computer.
MODULARITY = {"start": 0.1, "end": 0.85, "midpoint": 1987}
_FIRST_LINE = "# A redqueen world made from evidence. Without changes, what follows this line has the SHA-256 "
_DIGITS = 4
_FIELDS = "schmoch_2008"

_NOT_MODELLED = (
    "stages of the industry within the table's sector: their costs and weights are chosen, the same as in the bundled cases",
    "{wages}",
    "the profits that multinationals book within GDP, which overstate wages as in Ireland",
    "patents sought elsewhere: {patents}",
    "processing trade apart from other trade: tables of this kind understate imported inputs, China's above all",
    "{defaults}: all are left at their defaults",
    "different growth of regions for reasons outside the chain: the same everywhere, so that catching up is not assumed",
)
_REST_NOT_MODELLED = "distance within the rest of the world: its many countries are one region with one market"
_EMIGRANTS_NOT_MODELLED = (
    "the schooling of emigrants: talent is taken to live abroad as often as others do, though it emigrates more"
)
_AT_PARITY = (
    "wages at exchange rates: incomes are at purchasing power parity, which makes low-wage regions dearer than buyers find them"
)
_AS_STATED = "wages at other prices than those of the table of incomes ({unit})"
_OFFICES = {
    "oecd_regpat": "only applications to the European Patent Office count, which favours European inventors",
    "ncses_sei": "only those granted in the United States count, which favours American inventors",
    "patentsview": "only those granted in the United States count, which favours American inventors",
}
_OTHER_OFFICES = "only those of the table count, which may favour the inventors of some countries"
_DEFAULTS, _CHOSEN = "default", "chosen"
_KINDS = ("data", _CHOSEN, "defaults")


@dataclass(frozen=True)
class Written:
    """Tells of a case file that was written where its numbers are from.

    `numbers` counts those from data, chosen by a stated rule and left at defaults; `endowments` counts them by endowment. A number
    that a rule makes of data is from data; one for each stage counts by stage. `lacking` says what tables were asked and did
    not tell, and what took its place.
    """

    path: Path
    numbers: dict[str, int]
    endowments: dict[str, dict[str, int]]
    lacking: tuple[str, ...]


def write_world(
    input_output: str | Path,
    patents: str | Path,
    income: str | Path,
    regions: Iterable[str],
    year: int,
    out: str | Path,
    industry: str = "electronics",
    *,
    jobs: str | Path | None = None,
    ties: str | Path | None = None,
    diaspora: str | Path | None = None,
    population: str | Path | None = None,
) -> Written:
    """Writes a case file of an industry in some regions and the rest of the world, and says where its numbers are from.

    The tables are files or folders of any layout that the readers of `evidence` know; `regions` codes or names, two or more,
    the first being the region whose question it is. `jobs`, by region and sector, size the workforce in place of value added
    over wage; `ties`, collaboration by pair of countries, place the half of first ties that is not with suppliers; `diaspora`,
    people abroad, with `population`, unless the incomes have it, places talent abroad. The world starts in `year` and runs 25
    years. Every number has its source: a datum, the declared default, or why it was chosen (rules: `cases/endowing.py`). The
    same inputs give the same bytes. Written at once or not at all; a file that was not made so, or was edited since, is kept.
    Refuses every fault of the input together (`measure`).
    """
    out = Path(out)
    regions = [regions] if isinstance(regions, str) else list(regions)
    faults = Faults()
    _check_out(out, faults)
    more = {"jobs": jobs, "ties": ties, "diaspora": diaspora, "population": population}
    try:
        measured = measure(input_output, patents, income, regions, year, industry, **more)
    except Refused as refusal:
        faults.extend(refusal.faults)
    faults.refuse_if_any(HEADING)
    words = [word for table in measured.tables.given for word in (table.option, table.place.name)]
    words += ["--regions", ",".join(regions), "--year", str(year)] + (["--industry", industry] if industry != "electronics" else [])
    command = shlex.join(["redqueen", "world", *words, "-o", out.name])
    checksums = [pair for table in measured.tables.given for pair in table.checksums]
    text = world_text(measured, re.sub(r"[^\w-]+", "_", out.stem), command, checksums)
    with whole_file(out) as draft:
        draft.write_bytes(_signed(text).encode())
    people = [one for one in (measured.jobs, measured.colleagues, measured.abroad) if one is not None]
    return Written(out, *_counted(text), tuple(said for one in people for said in one.lacking(measured.regions)))


def world_text(measured: Measures, name: str, command: str, checksums: Iterable[tuple[str, str]]) -> str:
    """Gives the case file of a world as text: the rules of `cases/endowing.py` applied to the measures, each number with its
    source.
    """
    wage = endowing.wages(measured.income)
    heads = endowing.workers(measured.value_added, wage, None if measured.jobs is None else measured.jobs.heads)
    lines = [f"# Made by: {_plain(command)}", *(f"# SHA-256 of {_plain(file)}: {value}" for file, value in checksums)]
    lines += [
        "# Read it with: redqueen check. Edit it freely: every number says where it is from, so that better ones can replace it.",
        ""
    ]
    lines += _case_lines(measured, name)
    lines += ["", "[modularity]", *(f"{key} = {value}" for key, value in MODULARITY.items())]
    lines += [_pair("source", "chosen: open interfaces spread with the personal computer, as in the bundled cases")]
    lines += _chain_lines(measured)
    stated = _stated(measured, wage, heads)
    for place, region in enumerate(measured.regions):
        share = 100 * measured.value_added[place] / measured.value_added.sum()
        lines += [
            "", f"# {share:.2g} % of the world's value added in {measured.sector}", "[[region]]", _pair("name", region),
            _pair("code", region)
        ]
        for endowment in ENDOWMENTS:
            if endowment.shape in (("region",), ("region", "stage")):
                lines.append(_endowment_line(endowment, stated, place))
    return "\n".join([*lines, *_pair_lines(measured, stated["first_talent"][0]), ""])


def _case_lines(measured: Measures, name: str) -> list[str]:
    named = [region for region in measured.regions if region != REST_OF_WORLD]
    rest = len(named) < len(measured.regions)
    title = f"{measured.industry.capitalize()} in {', '.join(named)}{' and the rest of the world' if rest else ''}, {measured.year}"
    lines = [
        "[case]", _pair("name", name), _pair("title", title),
        _pair("question", f"What would a policy do for {measured.industry} in {named[0]}, starting from {measured.year}?"),
        f"start = {measured.year}", f"end = {measured.year + RUN_YEARS}", f"burn_in = {BURN_IN}",
        _pair("region", named[0]), _pair("reference", "none"),
        _pair("source", "chosen: 25 years are long enough for slow policies"),
        "not_modelled = [", *(f"  {_text(item)}," for item in _not_modelled(measured, rest)), "]", "", "[source]",
    ]
    flows, patents, *others = (table.source for table in measured.tables.given)
    cited = dict.fromkeys([flows, patents, _FIELDS, *others])
    return lines + [_pair(source, sources()[source].citation) for source in cited]


def _not_modelled(measured: Measures, rest: bool) -> list[str]:
    """Lists what the world leaves out, given the tables that it was made of."""
    at_parity = "PPP" in measured.income_unit
    words = {
        "wages": _AT_PARITY if at_parity else _AS_STATED.format(unit=measured.income_unit),
        "patents": _OFFICES.get(measured.tables.patents.source, _OTHER_OFFICES),
        "defaults": (
            "people living abroad at the start (first_diaspora), " if measured.abroad is None else ""
        ) + "tariffs and other rules",
    }
    listed = [item.format(**words) for item in _NOT_MODELLED]
    if rest:
        listed.append(_REST_NOT_MODELLED)
    if measured.abroad is not None:
        listed.append(_EMIGRANTS_NOT_MODELLED)
    return listed


def _chain_lines(measured: Measures) -> list[str]:
    inputs = endowing.chain_inputs(measured.own_share)
    from_table = (
        f"{measured.tables.flows.cited} {100 * measured.own_share:.3g} % of the inputs of {measured.sector} "
        f"come from {measured.sector}, {measured.year}"
    )
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
    year, sector, regions, unit = measured.year, measured.sector, measured.regions, measured.unit
    flows, patents, income = measured.tables.flows, measured.tables.patents, measured.tables.income
    known = endowing.knowledge(measured.patents, measured.value_added)
    skilled = endowing.talent(heads, wage, known)
    frontier, value = endowing.markets(measured.use, wage, heads)
    mix = endowing.stage_mix(measured.patents, measured.value_added, measured.output, measured.exports, measured.imported_inputs)
    first, last = measured.patent_years
    richest = regions[int(measured.income.argmax())]

    def of_income(place: int) -> str:
        if regions[place] == REST_OF_WORLD:
            return measured.rest_source
        own, most = measured.income[place], measured.income.max()
        return f"{income.cited} GDP per head of {own:,.0f} in {year}, against {most:,.0f} in {richest}"

    def of_workers(place: int) -> str:
        by_rule = f"{flows.cited} value added of {sector}, {year}, {measured.value_added[place]:,.0f} {unit}, over base_wage"
        source = by_rule if measured.jobs is None else measured.jobs.source(place, regions[place], by_rule)
        return f"{source}; size of the world chosen"

    def of_patents(place: int) -> str:
        counted = f"{patents.cited} {measured.patents[place]:,.0f} patents a year in {first}-{last}"
        return f"{counted} (fields: {_FIELDS}), per value added of {sector} ({flows.called})"

    def of_use(place: int) -> str:
        used = max(measured.use[place], 0.0)
        return f"{flows.cited} {used:,.0f} {unit} of {sector} used outside the sector, {year}; split by base_wage"

    def of_quality(place: int) -> str:
        return f"{of_patents(place)} at design, software and brand; base_wage elsewhere; both against the best and damped"

    def of_firms(place: int) -> str:
        abroad = 100 * measured.exports[place] / measured.output[place]
        return (
            f"{flows.cited} output of {sector}, {year}, {measured.output[place]:,.0f} {unit}, {abroad:.3g} % exported; "
            f"{100 * measured.imported_inputs[place]:.3g} % of inputs imported; by stage with patents ({patents.called}); number "
            f"in all chosen"
        )

    def chosen(why: str) -> Callable[[int], str]:
        return lambda place: f"chosen: {why}"

    return {
        "base_wage": (wage, of_income),
        "base_skilled_wage": (endowing.skilled_wages(wage), chosen("2 base_wage^0.6, since talent is more mobile than workers")),
        "workers": (heads, of_workers),
        "first_talent": (skilled, lambda place: f"{of_patents(place)}; with workers and base_wage"),
        "graduates": (endowing.graduates(skilled), chosen("as many as retire, so that talent lasts")),
        "venture_money": (
            endowing.venture_money(heads, wage), chosen("more for each worker where income is higher, 0.0055 base_wage^1.5")
        ),
        "venture_exit": (endowing.venture_exit(wage), chosen("markets for young firms come with income, base_wage^2")),
        "frontier_market": (frontier, of_use),
        "value_market": (value, of_use),
        "first_quality": (endowing.first_quality(known, wage), of_quality),
        "first_firms": (endowing.first_firms(measured.output, mix, heads), of_firms),
    }


def _endowment_line(endowment: Endowment, stated: Mapping[str, tuple[np.ndarray, Callable[[int], str]]], place: int) -> str:
    if endowment.name not in stated:
        # What has no default is stated.
        assert endowment.default is not None
        return _sourced(endowment.name, endowment.default, "default")
    values, source = stated[endowment.name]
    return _sourced(endowment.name, values[place], source(place))


def _pair_lines(measured: Measures, first_talent: np.ndarray) -> list[str]:
    apart = endowing.distances(measured.sales)
    ties = endowing.first_tie_shares(measured.purchases, None if measured.colleagues is None else measured.colleagues.shares)
    abroad = None if measured.abroad is None else endowing.first_diaspora(first_talent, measured.abroad.shares)
    flows, unit = measured.tables.flows.cited, measured.unit
    lines = []
    for one, from_region in enumerate(measured.regions):
        for other, to_region in enumerate(measured.regions):
            if one == other:
                continue
            lines += ["", "[[pair]]", _pair("from", from_region), _pair("to", to_region)]
            # Distance is the same both ways: said once.
            if one < other:
                sales = f"{flows} sales of {measured.sector} between {from_region} and {to_region}"
                source = f"{sales}, {measured.year}, against those at home"
                lines.append(_sourced("distance", apart[one, other], source))
            purchases = f"{measured.purchases[other, one]:,.0f} {unit} of {measured.sector}"
            bought = f"{from_region} buys {purchases} for its own from {to_region}"
            met = "" if measured.colleagues is None else f"; {measured.colleagues.source(one, other, from_region)}"
            lines.append(_sourced("first_tie_share", ties[one, other], f"{flows} {bought}, {measured.year}{met}"))
            if abroad is not None and measured.abroad is not None:
                source = measured.abroad.source(one, other, from_region, to_region)
                lines.append(_sourced("first_diaspora", abroad[one, other], source))
    return lines


def _counted(text: str) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Counts the numbers of a case file from data, chosen and default, in all and by endowment."""
    content = tomllib.loads(text)
    found: dict[str, dict[str, int]] = {kind: {} for kind in _KINDS}

    def count(kind: str, name: str, number: int) -> None:
        found[kind][name] = found[kind].get(name, 0) + number

    for section in (*content["stage"], *content["region"], *content["pair"]):
        for name, entry in section.items():
            if isinstance(entry, dict):
                origin = entry["source"].partition(":")[0]
                kind = {_CHOSEN: _CHOSEN, _DEFAULTS: "defaults"}.get(origin, "data")
                count(kind, name, len(entry["value"]) if isinstance(entry["value"], dict) else 1)
    for endowment in ENDOWMENTS:
        # What is said of no pair of regions stands at its default for each.
        if endowment.shape == ("region", "region") and not any(endowment.name in pair for pair in content["pair"]):
            count("defaults", endowment.name, len(content["pair"]))
    return {kind: sum(by_name.values()) for kind, by_name in found.items()}, found


def _sourced(key: str, value: np.ndarray | float, source: str) -> str:
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
