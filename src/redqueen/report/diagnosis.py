"""Show a diagnosis: a page for the terminal, the same as a self-contained HTML page, and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redqueen.evidence.evidence import STAY_RATE
from redqueen.report.terminal import paragraph, say, table
from redqueen.report.words import capital, number
from redqueen.studies.forecast import HORIZON

if TYPE_CHECKING:
    from rich.console import Console

    from redqueen.studies.diagnose import Diagnosis

#: Rows of a table on the page; the rest is counted, and in --json.
SHOWN = 10
_FEW, _FEWEST, _MOST = 5, 3, 12
#: Figures that peers are compared by, the first three known.
COMPARED = {
    "income per head": "income", "economic complexity": "ECI", "R&D intensity": "R&D", "quality": "quality", "patents": "patents",
    "jobs": "jobs"
}

#: What numbers of ties that have a direction mean.
_DIRECTED = {STAY_RATE: "% of its doctorates earned there, still there after five years"}

#: A table of the page: title, columns, those of numbers, rows, and what stands below.
Block = tuple[str, tuple[str, ...], tuple[str, ...], list[tuple[str, ...]], str]


def show_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Prints the page of a region: in short, then strengths, what is near, chain, network, innovation, change, peers."""
    say(console, title(diagnosis), style="bold")
    console.print()
    paragraph(console, "In short", sentences(diagnosis))
    for heading, columns, right, rows, below in blocks(diagnosis):
        table(console, columns, rows, title=heading, right=right)
        if below:
            say(console, below)
            console.print()
    paragraph(console, "Not known from these tables", diagnosis.notes)
    paragraph(console, "Tables", [_source(one) for one in diagnosis.tables])


def title(diagnosis: Diagnosis) -> str:
    """Gives the heading of the page: the region, its code and the year."""
    code = "" if diagnosis.name == diagnosis.region else f" ({diagnosis.region})"
    return f"{diagnosis.name}{code}, {diagnosis.year}{', simulated' if diagnosis.simulated else ''}"


def sentences(diagnosis: Diagnosis) -> list[str]:
    """Says in a few sentences what the tables of the page show."""
    said: list[str] = []
    for one in diagnosis.standing:
        mine = _mine(diagnosis.strengths, one)
        best = [row for row in mine if row.sure is not False][:3]
        if best:
            listed = ", ".join(f"{row.name} (RCA {number(row.rca)})" for row in best)
            said.append(f"Distinctive in {_of(one)}: {listed}.")
    for one in diagnosis.forecasts:
        first = _mine(diagnosis.adjacent, one)[:3]
        if first and one["model"]:
            listed = ", ".join(f"{row.name} ({_chance(row.probability)})" for row in first)
            said.append(f"Most likely to be gained by {first[0].year + HORIZON}, in {one['measure']}: {listed}.")
        elif first and not any(row.density for row in first):
            said.append(f"Nothing that it lacks is near to what it does, in {one['measure']}: relatedness is 0.")
        elif first:
            said.append(f"Nearest to what it does, in {one['measure']}: {', '.join(row.name for row in first)}.")
    chain = diagnosis.chain
    if chain.get("domestic_share") is not None:
        said.append(
            f"Of every 100 of exports it keeps {number(chain['domestic_share'])} at home; {number(chain['backward'])} % of "
            f"exports are "
            f"value added abroad (backward), {number(chain['forward'])} % are used in others' exports (forward), {chain['year']}."
        )
    for one in diagnosis.openness:
        if one.get("largest"):
            said.append(f"Most {one['measure']} with {', '.join(row['name'] for row in one['largest'][:3])} ({one['year']}).")
    for one in diagnosis.innovation.get("frontier", []):
        said.append(_frontier(one))
    return said


def blocks(diagnosis: Diagnosis) -> list[Block]:
    """Lays out the tables of the page."""
    found: list[Block] = []
    for one in diagnosis.standing:
        found.append(_strengths(diagnosis, one))
    found += [block for one in diagnosis.forecasts for block in _adjacent(diagnosis, one)]
    found += _chain(diagnosis.chain) + _openness(diagnosis) + _innovation(diagnosis) + _change(diagnosis) + _peers(diagnosis)
    return [_without_empty(block) for block in found if block[3]]


def _without_empty(block: Block) -> Block:
    """Leaves out the columns in which nothing is known."""
    heading, columns, right, rows, below = block
    kept = [place for place in range(len(columns)) if any(row[place] != "-" for row in rows)]
    names = tuple(columns[place] for place in kept)
    return heading, names, tuple(name for name in right if name in names), [
        tuple(row[place] for place in kept) for row in rows
    ], below


def _strengths(diagnosis: Diagnosis, standing: dict[str, Any]) -> Block:
    mine = _mine(diagnosis.strengths, standing)
    rows: list[tuple[str, ...]] = [
        (
            row.name, f"{number(row.rca)}{' ?' if row.sure is False else ''}", _interval(row.low, row.high),
            number(row.share_of_region), number(row.share_of_world), number(row.before),
        )
        for row in mine[:SHOWN]
    ]
    rank = f", rank {standing['complexity_rank']} in complexity" if standing["complexity_rank"] else ""
    below = (
        f"{standing['diversity']} of {standing['activities']} activities have an RCA of 1 or more (rank "
        f"{standing['diversity_rank']} of "
        f"{standing['regions']} regions{rank}); {number(standing['share_of_world'])} % of all regions' {standing['measure']}. "
        f"First "
        f"{len(rows)} of {len(mine)}, in order of how much more there is than the region's size would give. Interval: 95 %, from "
        "year-to-year noise; ?: it reaches below 1; last column: RCA then."
    )
    if rows and mine[0].low is None:
        below = f"{below.partition(' Interval:')[0]} No interval: the table has fewer than four years in a row."
    columns = ("activity", "RCA", "interval", "% of region", "% of all", str(standing["since"] or "before"))
    return f"Distinctively good at: {_of(standing)}, {standing['year']}", columns, columns[1:], rows, below


def _mine(rows: Sequence[Any], one: dict[str, Any]) -> list[Any]:
    """Picks what one table and measure tell."""
    return [row for row in rows if (row.table, row.measure) == (one["table"], one["measure"])]


def _adjacent(diagnosis: Diagnosis, one: dict[str, Any]) -> list[Block]:
    near = _mine(diagnosis.adjacent, one)
    columns: tuple[str, ...] = ("activity", "RCA", "relatedness %", f"chance by {near[0].year + HORIZON}" if near else "chance")

    def rows(listed: Sequence[Any]) -> list[tuple[str, ...]]:
        return [(row.name, number(row.rca), number(row.density), _chance(row.probability)) for row in listed]

    unforeseen = f"No forecast: {one['note']}; ordered by the ranks of RCA and of relatedness."
    model = f"Chance by {one['model']}." if one["model"] else unforeseen
    reached, risky = rows(near[:SHOWN]), rows(_mine(diagnosis.at_risk, one)[:_FEW])
    found: list[Block] = [
        (
            f"Within reach: {one['measure']}", columns, columns[1:], reached,
            f"Relatedness: share of the activity's proximity that the region has. {model}"
        )
    ]
    columns = (*columns[:3], "chance of loss")
    found.append((f"At risk: {one['measure']}", columns, columns[1:], risky, ""))
    return found


def _chain(chain: dict[str, Any]) -> list[Block]:
    if not chain.get("sectors"):
        return []
    columns = ("exports of", "%", "RCA", "own %", "imported %", "sales on")
    rows: list[tuple[str, ...]] = [
        (
            one["name"], number(one["share_of_exports"]), number(one["rca"]), number(one["value_added_share"]),
            number(one["imported_inputs"]),
            number(one["upstreamness"]),
        )
        for one in chain["sectors"][:_FEW]
    ]
    below = (
        f"Gross exports {number(chain['exports'])} {chain['unit']}; value added at home {number(chain['domestic_share'])} % of "
        f"them, from abroad "
        f"{number(chain['backward'])} % (backward participation); {number(chain['forward'])} % are used in others' exports "
        f"(forward). "
        "Own: value added in % of output; imported: in % of inputs; sales on: number of sales to final use, 1 where all goes there."
    )
    found: list[Block] = [(f"Place in the value chain, {chain['year']}", columns, columns[1:], rows, below)]
    jobs = any(one.get("jobs") is not None for one in chain["kept"])
    heads = (
        "final product, anywhere", "value kept", "% of product", "before"
    ) + ((f"jobs ({chain['jobs_unit']})",) if jobs else ())
    kept: list[tuple[str, ...]] = [
        (
            one["name"], number(one["value"]), number(one["share"]), number(one.get("share_before")),
            *((number(one["jobs"]),) if jobs else ())
        )
        for one in chain["kept"][:_FEW]
    ]
    since = f" Before: {chain['year_before']}." if chain.get("year_before") else ""
    found.append(
        (
            "Value it keeps of the world's final products", heads, heads[1:], kept,
            f"Value added in the region in all stages of the product's chain, {chain['unit']}.{since}"
        )
    )
    return found


def _openness(diagnosis: Diagnosis) -> list[Block]:
    found: list[Block] = []
    columns: tuple[str, ...]
    for one in diagnosis.openness:
        heading = f"Ties: {one['measure']}, {one['year']}"
        if "largest" in one:
            columns = ("with", one["unit"], "% of its ties", "affinity")
            rows: list[tuple[str, ...]] = [
                (row["name"], number(row["value"]), number(row["share"]), number(row["affinity"])) for row in one["largest"]
            ]
            closest = ", ".join(f"{row['name']} ({number(row['affinity'])})" for row in one["closest"])
            home = (
                f"{number(one['home_share'])} % are within the region (at random: {number(one['expected_home_share'])} %). "
                if "home_share" in one else ""
            )
            found.append(
                (heading, columns, columns[1:], rows, f"{home}Closest by affinity (1: what sizes alone would give): {closest}.")
            )
        else:
            meaning = _DIRECTED.get(one["measure"], one["unit"])
            columns = ("its people in", meaning)
            found.append((heading, columns, columns[1:], [(row["name"], number(row["value"])) for row in one["its_people_in"]], ""))
            columns = ("people from", meaning)
            found.append((heading, columns, columns[1:], [(row["name"], number(row["value"])) for row in one["people_from"]], ""))
    return found


def _innovation(diagnosis: Diagnosis) -> list[Block]:
    columns = ("figure", "value", "unit", "year", "rank", "before")
    rows: list[tuple[str, ...]] = [
        (
            one["measure"], number(one["value"]), one["unit"], str(one["year"]), f"{one['rank']} of {one['of']}",
            "-" if one["before"] is None else f"{number(one['before'])} ({one['since']})",
        )
        for one in diagnosis.innovation.get("figures", [])[:_MOST]
    ]
    mix = diagnosis.innovation.get("mix", {})
    parts = [f"{name} {number(value)} %" for name, value in mix.items() if name != "year"]
    said = [f"Of R&D in {mix['year']}: {', '.join(parts)}."] if parts else []
    said += [_frontier(one) for one in diagnosis.innovation.get("frontier", [])]
    return [("Innovation and income", columns, ("value", "year", "rank", "before"), rows, " ".join(said))]


def _change(diagnosis: Diagnosis) -> list[Block]:
    found: list[Block] = []
    for one in diagnosis.change:
        columns = ("", _years(one["from"]), _years(one["to"]))
        rows = [
            ("activities with an RCA of 1 or more", *(number(value) for value in one["diversity"])),
            ("concentration (Herfindahl)", *(number(value) for value in one["concentration"])),
            ("% of all regions", *(number(value) for value in one["share_of_world"])),
        ]
        gained, lost = (", ".join(row["name"] for row in one[name][:_FEW]) or "none" for name in ("gained", "lost"))
        more = {name: max(0, len(one[name]) - _FEW) for name in ("gained", "lost")}
        below = (
            f"Grew by {number(one['growth'])} % a year, all regions by {number(one['growth_of_world'])} %. "
            f"Gained: {gained}{_more(more['gained'])}. Lost: {lost}{_more(more['lost'])}."
        )
        found.append((f"What changed: {one['measure']}", columns, columns[1:], rows, below))
    return found


def _peers(diagnosis: Diagnosis) -> list[Block]:
    if not diagnosis.peers:
        return []
    standard = {"share_of_world": "% of all", "diversity": "diverse", "complexity": "complex", "similarity": "alike"}
    others = [name for name in COMPARED if name in diagnosis.peers[0]][:_FEWEST]
    columns = ("region", *standard.values(), *(COMPARED[name] for name in others))
    rows = [(one["name"], *(number(one[name]) for name in (*standard, *others))) for one in diagnosis.peers]
    known = diagnosis.peers[0].get("income per head") is not None
    below = f"Peers: nearest in structure, size{' and income, where known' if known else ''} (mean of the ranks). "
    below += "Diverse: activities with an RCA of 1 or more; alike: cosine of the shares of activities, 1 being the same; "
    below += "other figures as above."
    return [("Against regions like it", columns, columns[1:], rows, below)]


def _frontier(one: dict[str, Any]) -> str:
    # Where the frontier is one region's, it is named; else it is the level that a tenth exceed, or the best of the same product.
    whose = f"{one['leader']}'s, the highest of {one['regions']} regions," if one["leader"] else "the frontier"
    level = f"{capital(one['measure'])}: {number(one['value'])} % of {whose} in {one['year']}"
    if one.get("before") is None:
        return f"{level}."
    near = number(one["value"]) == number(one["before"])
    way = "it kept its distance" if near else "it came closer" if one["value"] > one["before"] else "it fell back"
    return (
        f"{level}, {number(one['before'])} % in {one['since']}: {way}. It grew by {number(one['growth'])} % a year, "
        f"the frontier by {number(one['frontier_growth'])} %."
    )


def _of(standing: dict[str, Any]) -> str:
    return f"{standing['measure']} ({standing['title']})"


def _source(one: dict[str, Any]) -> str:
    years = f"{one['years'][0]}-{one['years'][1]}" if one["years"] and one["years"][0] != one["years"][1] else "".join(
        map(str, one["years"][:1])
    )
    notes = f" ({'; '.join(one['notes'])})" if one["notes"] else ""
    return f"{', '.join(one['files'])}: {one['title']}, {', '.join(one['measures'])}{', ' if years else ''}{years}{notes}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None else f"{number(low)} to {number(high)}"


def _chance(probability: float | None) -> str:
    return "-" if probability is None else f"{100 * probability:.0f} %"


def _years(ends: Sequence[int]) -> str:
    return f"{ends[0]}" if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"


def _more(count: int) -> str:
    return f" and {count} more" if count else ""
