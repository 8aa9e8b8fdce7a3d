"""Show tables in the terminal: in colour on a screen, in plain ASCII where the output is piped."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any, NoReturn

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from redqueen.lab.arms import COST
from redqueen.lab.compare import Effect, Row
from redqueen.lab.intervals import (
    LEAST_SEEDS,
    LOWERS,
    NO_CLEAR_EFFECT,
    NO_DIFFERENCE,
    RAISES,
    TOO_FEW_SEEDS,
)
from redqueen.lab.outcomes import BY_NAME, DOWN, OUTCOMES, UP, WORLD
from redqueen.lab.tidy import changes, costs, decision_rows, measured_years
from redqueen.report.words import effect_words, number, unit_words

if TYPE_CHECKING:
    import xarray

    from redqueen.cases.case import Case
    from redqueen.cases.facts import Fact
    from redqueen.policies.government import Government

#: Width of what is piped, and the least that a terminal is taken to have.
WIDTH = 80

#: Outcomes of the summary, with their words in its head.
IN_SHORT = {
    "value_added": "value added", "income_per_head": "income", "jobs": "jobs", "public_cost_share": "public cost",
}

#: Lines below an effect where a policy has a placebo.
ALONE, BEYOND = "  the money alone", "  beyond the money"

_PLAIN = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
_GOOD, _BAD = "blue", "dark_orange"


class _Screen(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leaves it to the command line, which ends quietly: the reader of a pipe has seen enough."""
        raise BrokenPipeError


def screen(file: IO[str] | None = None) -> Console:
    """Gives a console on a file (standard output unless given), 80 columns wide and colourless where it is not a terminal."""
    file = sys.stdout if file is None else file
    on_screen = file.isatty()
    plain: dict[str, Any] = {} if on_screen else {"width": WIDTH, "color_system": None, "force_terminal": False}
    return _Screen(
        file=file,
        highlight=False,
        soft_wrap=False,
        markup=False,
        emoji=False,
        **plain,
    )


def table(
    console: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """Prints a table; cells fold rather than being cut, `right` names the columns of numbers, `whole` others not to fold."""
    cells = [[cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in row] for row in rows]
    box = SIMPLE_HEAD if console.is_terminal and not console.options.ascii_only else _PLAIN
    drawn = Table(box=box, pad_edge=False, show_edge=False, header_style="bold" if console.is_terminal else "")
    for name, width in zip(columns, _widths(columns, cells, {*right, *whole}, console.width), strict=True):
        drawn.add_column(name, justify="right" if name in right else "left", overflow="fold", width=width)
    for row in cells:
        drawn.add_row(*row)
    if title:
        say(console, title, style="bold")
    with console.capture() as lines:
        console.print(drawn)
    # Nothing is gained from blanks at the end of lines in a file.
    console.file.write("".join(f"{line.rstrip()}\n" for line in lines.get().splitlines()) + "\n")


def say(console: Console, text: str, *, style: str = "", indent: str = "") -> None:
    """Prints a sentence, folded between words; later lines are indented."""
    console.print(
        Text(
            textwrap.fill(text, console.width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False),
            style=style,
        )
    )


def paragraph(console: Console, heading: str, text: str | Iterable[str]) -> None:
    """Prints a heading and its text, or a list; nothing where there is no text."""
    lines = [" ".join(text.split())] if isinstance(text, str) else [f"- {' '.join(item.split())}" for item in text]
    if not any(line.strip("- ") for line in lines):
        return
    say(console, heading, style="bold")
    for line in lines:
        say(console, line, indent="" if isinstance(text, str) else "  ")
    console.print()


def show_effects(console: Console, effects: Sequence[Effect], *, region: str, outcomes: Sequence[str] | None = None) -> None:
    """Prints effects in a region: one table a policy, or one an outcome where a single outcome is asked for.

    The headline outcomes are shown unless `outcomes` are named. Below the effect of a policy that has a placebo stands what it
    does beyond its money; below costs where policies were topped up.
    """
    blocks = _blocks(effects, region, outcomes)
    rows = [row for block in blocks for mine in block.values() for row in mine]
    first = effects[0]
    heads = ("effect", f"{100 * first.level:g} % interval", "verdict")
    stages = ("stage",) if any(row.stage for row in rows) else ()
    if len({row.outcome for row in rows}) == 1:
        cells = [
            (name, *((row.stage,) if stages else ()), *_cells(row, unit=False))
            for block in blocks for name, mine in block.items() for row in mine
        ]
        title = f"{_words(rows[0])} against {first.to}, {rows[0].region}, {_when(first)}, in {unit_words(rows[0].unit)}"
        table(console, ("policy", *stages, *heads), cells, title=title, right=heads[:2], whole=heads[2:])
    else:
        if sum(map(len, blocks)) > 1:
            _show_summary(console, blocks, f"In short, against {first.to}, {region}, {_when(first)}")
        for block in blocks:
            cells = []
            for row, beyond in _with_beyond(block):
                cells.append((_words(row), *((row.stage,) if stages else ()), *_cells(row)))
                cells += [(BEYOND, *((row.stage,) if stages else ()), *_cells(beyond))] if beyond else []
            table(
                console,
                ("outcome", *stages, *heads),
                cells,
                title=f"{next(iter(block))} against {first.to}, {region}, {_when(first)}",
                right=heads[:2],
                whole=heads[2:],
            )
    _show_costs(console, first.result, region)
    _show_notes(console, first, rows)
    _show_what_money_does(console, blocks)


def _blocks(effects: Sequence[Effect], region: str, outcomes: Sequence[str] | None) -> list[dict[str, list[Row]]]:
    """Gives the rows of each policy, and under it those of its money alone and beyond its money, by the words of their line."""
    by_name = {effect.policy: effect for effect in effects}
    under = {effect.beyond.to for effect in effects if effect.beyond}
    blocks = []
    for effect in effects:
        if effect.policy in under:
            continue
        block = {effect.policy: _shown(effect, region, outcomes)}
        if effect.beyond and effect.beyond.to in by_name:
            block[ALONE] = _shown(by_name[effect.beyond.to], region, outcomes)
        if effect.beyond:
            block[BEYOND] = _shown(effect.beyond, region, outcomes)
        blocks.append(block)
    return blocks


def _with_beyond(block: dict[str, list[Row]]) -> Iterable[tuple[Row, Row | None]]:
    rows = next(iter(block.values()))
    return zip(rows, block.get(BEYOND, [None] * len(rows)), strict=True)


def _show_notes(console: Console, effect: Effect, rows: Sequence[Row]) -> None:
    """Prints what verdicts mean, and why an effect is not defined."""
    if any(row.verdict == NO_CLEAR_EFFECT for row in rows):
        say(console, f"no clear effect: the {100 * effect.level:g} % interval spans zero.")
    if any(row.verdict == TOO_FEW_SEEDS for row in rows):
        say(console, f"too few seeds: an interval says little below {LEAST_SEEDS}.")
    for row in rows:
        if row.reason:
            say(console, f"{_words(row)}{f' {row.stage}' if row.stage else ''} under {row.policy}: {row.reason}.")


def _show_what_money_does(console: Console, blocks: Sequence[dict[str, list[Row]]]) -> None:
    """Says what a placebo is, and which outcomes the money alone changes."""
    alone = [row for block in blocks for row in block.get(ALONE, ())]
    if not any(BEYOND in block for block in blocks):
        return
    say(console, "the money: the policy's cost in each seed, quarter and region, given to households, whose levy pays for it.")
    changed = dict.fromkeys(_words(row) for row in alone if row.verdict != NO_DIFFERENCE and not row.outcome.startswith(COST))
    if alone:
        say(console, f"Alone it changes {', '.join(changed) if changed else 'nothing here but the public cost'}.")


def _show_costs(console: Console, result: xarray.Dataset, region: str) -> None:
    """Prints what policies cost, where they were topped up to equal cost."""
    if not result.attrs.get("equal_cost"):
        return
    found: dict[str, dict[str, float]] = {}
    for one in costs(result):
        found.setdefault(one.policy, {})[one.region] = one.cost
    # A world of one region has no sum of its own to show.
    heads = tuple(dict.fromkeys(name for name in (region, WORLD)))
    rows = [(policy, *(number(mine[name]) for name in heads)) for policy, mine in found.items()]
    table(
        console, ("policy", *heads), rows, title="Public cost a quarter, mean of the whole history", right=heads, whole=("policy",)
    )
    say(
        console,
        "At equal cost: households get what a policy leaves of the dearest one's cost, in each seed, quarter and region. "
        "Their levy pays for it. A policy's own cost may move with wages, and then pass that of the dearest.\n",
    )


def _when(effect: Effect) -> str:
    """Says over which years and seeds effects are means."""
    first, end = (effect.result["time"].values[position] for position in (effect.window[0], effect.window[1] - 1))
    samples = effect.result.sizes.get("sample", 1)
    return f"mean of {first:g} to {end:g}, {effect.seeds} seeds{f' at each of {samples} points' if samples > 1 else ''}"


def _show_summary(console: Console, blocks: Sequence[dict[str, list[Row]]], title: str) -> None:
    """Prints policies by main outcomes; a star marks effects whose interval leaves out zero."""
    first = next(iter(blocks[0].values()))
    columns = [row.outcome for row in first if row.outcome in IN_SHORT and not row.stage]
    if len(columns) < 2:
        return
    cells = []
    for name, rows in (line for block in blocks for line in block.items()):
        found = {row.outcome: row for row in rows if not row.stage}
        cells.append((name, *(_in_short(found[outcome]) for outcome in columns)))
    heads = [IN_SHORT[name] for name in columns]
    table(console, ("policy", *heads), cells, title=title, right=heads, whole=("policy", *heads))
    few = any(row.verdict == TOO_FEW_SEEDS for row in first)
    say(console, f"* the interval leaves out zero{f'; fewer than {LEAST_SEEDS} seeds: none is marked' if few else ''}\n")


def _in_short(row: Row) -> str:
    if row.effect is None:
        return "not defined"
    words = f"{effect_words(row.effect, row.low, row.high)[0]} {unit_words(row.unit)}"
    return f"{words}{' *' if row.verdict in (RAISES, LOWERS) else '  '}"


def show_run(console: Console, result: xarray.Dataset) -> None:
    """Prints where the headline outcomes of each region start and end in a trial's first member."""
    member = result.isel(policy=0, seed=0)
    found = changes(
        member, [outcome for outcome in OUTCOMES if outcome.headline and all(name in member for name in outcome.variables)]
    )
    first, last = (f"{year:g}" for year in measured_years(member))
    say(
        console,
        f"{result.attrs['case']} under {member['policy'].item()}, seed {member['seed'].item()}: "
        "means of the first and the last year",
    )
    console.print()
    for region in result["region"].values:
        rows = [
            (one.outcome.words, number(one.start), number(one.end), unit_words(one.outcome.unit))
            for one in found
            if one.region == region
        ]
        table(console, ("outcome", first, last, "unit"), rows, title=str(region), right=(first, last))
    taken = [(f"{time:g}", *words) for _, _, _, time, *words in decision_rows(result)]
    if taken:
        table(console, ("time", "region", "government", "chosen", "why"), taken, title="What governments decided", whole=("time",))


def show_case(console: Console, case: Case) -> None:
    """Prints a case: its question and story, regions, chain, policies, facts and sources."""
    world = case.world
    end = world.start + world.quarters / 4
    say(console, f"{case.name}: {case.title}", style="bold")
    say(
        console,
        f"{world.start:g} to {end:g} ({world.quarters} quarters after {world.burn_in} of burn-in); region {case.region}; "
        f"compared to {case.reference}",
    )
    console.print()
    paragraph(console, "Question", case.question)
    paragraph(console, "Story", case.story)
    paragraph(console, "What happened", case.happened)
    given = world.endowments
    names = ("workers", "first_talent", "base_wage", "base_skilled_wage")
    rows = [(name, *(number(float(given[key][place])) for key in names)) for place, name in enumerate(world.regions)]
    heads = ("region", "workers", "talent", "wage", "talent's wage")
    table(console, heads, rows, title="Regions at the start", right=heads[1:])
    chain = [
        (
            name,
            world.industries[world.industry_of[place]],
            world.stages[world.input_stage[place]] if world.input_stage[place] >= 0 else "",
            "lead firms" if place in world.brand_stage else "",
        )
        for place, name in enumerate(world.stages)
    ]
    table(console, ("stage", "industry", "buys from", ""), chain, title="Chain")
    policies = [(policy.name, policy.title, ", ".join(policy.instruments)) for policy in case.policies.values()]
    table(console, ("policy", "what it is", "instruments"), policies, title="Policies")
    deciding = [(policy.name, *_decides(one)) for policy in case.policies.values() for one in policy.governments]
    if deciding:
        heads = ("policy", "style", "reviewed", "regions", "menu")
        table(console, heads, deciding, title="Governments that decide during the run", right=("regions",))
    if case.facts:
        facts = [
            (
                fact.region, fact.outcome, _year(fact.year), f"{_figure(fact.value, fact.low, fact.high)} {fact.unit}",
                "yes" if fact.held_out else "used", fact.source,
            )
            for fact in case.facts
        ]
        table(console, ("region", "fact", "year", "figure", "held out", "source"), facts, title="Known figures", right=("figure",))
        say(console, "held out: not used to build the case, so that it judges the simulation")
        console.print()
        paragraph(console, "How the simulation measures them", _how_measured(case.facts))
    paragraph(console, "Not modelled", case.not_modelled)
    paragraph(console, "Sources", [f"{name}: {citation}" for name, citation in case.sources.items()])


def _decides(government: Government) -> tuple[str, str, str, str]:
    """Says of a government how it chooses, when it reviews, for whom and from what."""
    if government.every is None:
        reviewed = "never"
    else:
        reviewed = f"every {government.every:g} years, lag {government.lag:g}, noise {government.noise:g}"
    return government.style, reviewed, str(len(government.where)), ", ".join(entry.name for entry in government.menu)


def _widths(columns: Sequence[str], cells: Sequence[Sequence[Text]], whole: Collection[str], line: int) -> list[int]:
    """Shares a line out over columns: first so that no word breaks and no number leaves its unit, then to the longest cells."""
    wanted, widths = [], []
    for position, name in enumerate(columns):
        texts = [name, *(row[position].plain for row in cells)]
        wanted.append(max(len(text) for text in texts))
        # An indented cell would lose its indent where it folds.
        parts = texts if name in whole else [part for text in texts for part in ([text] if text.startswith(" ") else text.split())]
        widths.append(max((len(part) for part in parts), default=1))
    # Three characters part two columns.
    room = line - 3 * (len(columns) - 1)
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    while sum(widths) < room and widths != wanted:
        widths[max(range(len(widths)), key=lambda position: wanted[position] - widths[position])] += 1
    return widths


def _shown(effect: Effect, region: str, outcomes: Sequence[str] | None) -> list[Row]:
    """Picks the rows of a region, with those of the world where an outcome is known for the world alone."""
    wanted = [row for row in effect.rows if (row.outcome in outcomes if outcomes is not None else BY_NAME[row.outcome].headline)]
    return [row for row in wanted if row.region == (WORLD if BY_NAME[row.outcome].of_the_world else region)]


def _cells(row: Row, *, unit: bool = True) -> tuple[object, ...]:
    effect, interval = effect_words(row.effect, row.low, row.high)
    better = BY_NAME[row.outcome].better
    good = {RAISES: better == UP, LOWERS: better == DOWN}.get(row.verdict)
    style = "" if good is None or not better else (_GOOD if good else _BAD)
    with_unit = f"{effect} {unit_words(row.unit)}" if unit and row.effect is not None else effect
    return with_unit, interval, Text(row.verdict.partition(" (")[0], style=style)


def _words(row: Row) -> str:
    return BY_NAME[row.outcome].words


def _how_measured(facts: Sequence[Fact]) -> list[str]:
    """Says how facts are measured, or why they are not; those with the same words together."""
    found: dict[str, list[str]] = {}
    for fact in facts:
        words = f"not measured: {fact.not_measured}" if fact.measured is None else fact.measured.words
        found.setdefault(words, []).append(fact.name)
    return [f"{', '.join(names)}: {words}" for words, names in found.items()]


def _year(year: float | None) -> str:
    return "" if year is None else f"{year:g}"


def _figure(value: float | None, low: float | None, high: float | None) -> str:
    if value is not None:
        return number(value)
    return f"{number(low)} to {number(high)}"
