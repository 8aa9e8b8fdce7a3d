"""Show tables in the terminal: in colour on a screen, in plain ASCII where the output is piped."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from redqueen.lab.compare import LOWERS, NO_CLEAR_EFFECT, RAISES, Effect, Row
from redqueen.lab.outcomes import BY_NAME, DOWN, OUTCOMES, UP, WORLD, Outcome
from redqueen.lab.tidy import changes, measured_years
from redqueen.report.words import number, signed, unit_words, with_unit

if TYPE_CHECKING:
    import xarray

    from redqueen.cases.case import Case

#: Width of what is piped, and the least that a terminal is taken to have.
WIDTH = 80

_PLAIN = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
_GOOD, _BAD = "blue", "dark_orange"


def screen(file: IO[str] | None = None) -> Console:
    """Gives a console on a file (standard output unless given), 80 columns wide and colourless where it is not a terminal."""
    file = sys.stdout if file is None else file
    on_screen = file.isatty()
    return Console(file=file, highlight=False, soft_wrap=False, markup=False, emoji=False, **({} if on_screen else {"width": WIDTH, "color_system": None, "force_terminal": False}))


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, right: Sequence[str] = ()) -> None:
    """Prints a table; cells fold rather than being cut, `right` names the columns of numbers."""
    box = SIMPLE_HEAD if console.is_terminal and not console.options.ascii_only else _PLAIN
    drawn = Table(box=box, pad_edge=False, show_edge=False, header_style="bold" if console.is_terminal else "")
    for name in columns:
        drawn.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=False)
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in row))
    if title:
        console.print(Text(title, style="bold"))
    console.print(drawn)
    console.print()


def paragraph(console: Console, heading: str, text: str | Iterable[str]) -> None:
    """Prints a heading and its text, or a list; nothing where there is no text."""
    lines = [" ".join(text.split())] if isinstance(text, str) else [f"- {' '.join(item.split())}" for item in text]
    if not any(line.strip("- ") for line in lines):
        return
    console.print(Text(heading, style="bold"))
    for line in lines:
        console.print(Text(line))
    console.print()


def show_effects(console: Console, effects: Sequence[Effect], *, region: str, outcomes: Sequence[str] | None = None) -> None:
    """Prints effects in a region: one table a policy, or one an outcome where a single outcome is asked for.

    The headline outcomes are shown unless `outcomes` are named.
    """
    if outcomes is not None and len(outcomes) == 1:
        _show_outcome(console, effects, region, BY_NAME[outcomes[0]])
    else:
        for effect in effects:
            _show_policy(console, effect, region, outcomes)
    rows = [row for effect in effects for row in effect.rows]
    level = effects[0].level if effects else 0.0
    if any(row.verdict == NO_CLEAR_EFFECT for row in rows):
        console.print(Text(f"no clear effect: the {100 * level:g} % interval spans zero."))
    reasons = dict.fromkeys(f"{BY_NAME[row.outcome].words} under {row.policy}: {row.reason}" for row in rows if row.reason and row.region == region)
    for reason in reasons:
        console.print(Text(reason))


def show_run(console: Console, result: xarray.Dataset) -> None:
    """Prints where the headline outcomes of each region start and end in a trial's first member."""
    member = result.isel(policy=0, seed=0)
    found = changes(member, [outcome for outcome in OUTCOMES if outcome.headline and all(name in member for name in outcome.variables)])
    first, last = (f"{year:g}" for year in measured_years(member))
    console.print(Text(f"{result.attrs['case']} under {member['policy'].item()}, seed {member['seed'].item()}: means of the first and the last year"))
    console.print()
    for region in result["region"].values:
        rows = [(one.outcome.words, number(one.start), number(one.end), unit_words(one.outcome.unit)) for one in found if one.region == region]
        table(console, ("outcome", first, last, "unit"), rows, title=str(region), right=(first, last))


def show_case(console: Console, case: Case) -> None:
    """Prints a case: its question and story, regions, chain, policies, facts and sources."""
    world = case.world
    end = world.start + world.quarters / 4
    console.print(Text(f"{case.name}: {case.title}", style="bold"))
    console.print(Text(f"{world.start:g} to {end:g} ({world.quarters} quarters after {world.burn_in} of burn-in); region {case.region}; compared to {case.reference}"))
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
        (name, world.industries[world.industry_of[place]], world.stages[world.input_stage[place]] if world.input_stage[place] >= 0 else "", "lead firms" if place in world.brand_stage else "")
        for place, name in enumerate(world.stages)
    ]
    table(console, ("stage", "industry", "buys from", ""), chain, title="Chain")
    policies = [(policy.name, policy.title, ", ".join(policy.instruments)) for policy in case.policies.values()]
    table(console, ("policy", "what it is", "instruments"), policies, title="Policies")
    if case.facts:
        facts = [(fact.region, fact.outcome, _year(fact.year), _figure(fact.value, fact.low, fact.high), fact.unit, fact.source) for fact in case.facts]
        table(console, ("region", "fact", "year", "figure", "unit", "source"), facts, title="Known figures", right=("figure",))
    paragraph(console, "Not modelled", case.not_modelled)
    paragraph(console, "Sources", [f"{name}: {citation}" for name, citation in case.sources.items()])


def _show_policy(console: Console, effect: Effect, region: str, outcomes: Sequence[str] | None) -> None:
    rows = [row for row in effect.rows if row.region in (region, *((WORLD,) if BY_NAME[row.outcome].top.variable == "frontier" else ()))]
    rows = [row for row in rows if (row.outcome in outcomes if outcomes is not None else BY_NAME[row.outcome].headline)]
    by_stage = any(row.stage for row in rows)
    cells = [(_words(row), *((row.stage or "",) if by_stage else ()), *_cells(row)) for row in rows]
    heads = ("outcome", *(("stage",) if by_stage else ()), "effect", f"{100 * effect.level:g} % interval", "")
    table(console, heads, cells, title=f"{effect.policy} against {effect.to}, {region}, {effect.seeds} seeds", right=heads[-3:-1])


def _show_outcome(console: Console, effects: Sequence[Effect], region: str, outcome: Outcome) -> None:
    rows = [row for effect in effects for row in effect.rows if row.outcome == outcome.name]
    place = region if any(row.region == region for row in rows) else WORLD
    cells = [(row.policy, *((row.stage,) if outcome.by_stage else ()), *_cells(row)) for row in rows if row.region == place]
    heads = ("policy", *(("stage",) if outcome.by_stage else ()), "effect", f"{100 * effects[0].level:g} % interval", "")
    title = f"{outcome.words} against {effects[0].to}, {place}, {effects[0].seeds} seeds"
    table(console, heads, cells, title=title, right=heads[-3:-1])


def _cells(row: Row) -> tuple[object, ...]:
    interval = "" if row.low is None else f"{signed(row.low)} to {signed(row.high)}"
    better = BY_NAME[row.outcome].better
    good = {RAISES: better == UP, LOWERS: better == DOWN}.get(row.verdict)
    style = "" if good is None or not better else (_GOOD if good else _BAD)
    return with_unit(row.effect, row.unit), interval, Text(row.verdict.partition(" (")[0], style=style)


def _words(row: Row) -> str:
    return BY_NAME[row.outcome].words


def _year(year: float | None) -> str:
    return "" if year is None else f"{year:g}"


def _figure(value: float | None, low: float | None, high: float | None) -> str:
    if value is not None:
        return number(value)
    return f"{number(low)} to {number(high)}"
