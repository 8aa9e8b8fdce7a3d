"""The command that sets the model against the stylised facts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from redqueen.cli.asked import whole_number
from redqueen.errors import Faults

if TYPE_CHECKING:
    from rich.console import Console

    from redqueen.studies.facts import Row


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    facts = commands.add_parser("facts", help="set the model against what is known of firms and chains")
    facts.add_argument("--seeds", metavar="N", default="8", help="runs of each case (default: %(default)s)")
    facts.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    facts.add_argument("--json", action="store_true", help="print one JSON document")
    facts.set_defaults(answer=_facts)


def _facts(asked: argparse.Namespace) -> None:
    faults = Faults()
    seeds = whole_number(asked.seeds, "--seeds", faults)
    threads = whole_number(asked.threads, "--threads", faults)
    faults.refuse_if_any("redqueen facts")
    from redqueen.studies.facts import measure_facts

    rows = measure_facts(seeds or 1, threads)
    if asked.json:
        from dataclasses import asdict

        from redqueen.lab.directories import json_text

        print(json_text([asdict(row) for row in rows]))
        return
    from redqueen.report.terminal import screen

    _show(screen(), rows, seeds or 1)


def _show(console: Console, rows: list[Row], seeds: int) -> None:
    """Prints the facts that were measured by their use, figures without a target, and the rest with the reason."""
    from redqueen.report.terminal import paragraph, say, table
    from redqueen.report.words import number
    from redqueen.studies.facts import HSINCHU, POLICIES, RECIPES, by_use, unmeasured

    say(
        console,
        f"Stylised facts in case {RECIPES} without any policy, and where marked * in case {HSINCHU} under {POLICIES[HSINCHU]}: "
        f"mean of {seeds} seeds with its 95 % interval.",
    )
    console.print()
    heads = ("fact", "target", "simulated", "interval", "hit")
    for use, mine in by_use(rows).items():
        cells = [(_words(row), _target(row), number(row.simulated), _interval(row), "yes" if row.hit else "no") for row in mine]
        hit = [row for row in mine if row.hit]
        table(console, heads, cells, title=f"{use}: {len(hit)} of {len(mine)} hit", right=heads[1:4], whole=heads[1:4])
        settings = [f"{row.name.replace('_', ' ')}: {', '.join(row.used_to_set)}" for row in mine if row.used_to_set]
        paragraph(console, "Set by them", settings)
    figures = [
        (_words(row), number(row.simulated), _interval(row)) for row in rows if row.hit is None and row.simulated is not None
    ]
    table(console, ("figure", "simulated", "interval"), figures, title="Without a target", right=("simulated", "interval"))
    lists = [f"{', '.join(name.replace('_', ' ') for name in names)}: {reason}" for reason, names in unmeasured(rows).items()]
    paragraph(console, "Not measured", lists)
    say(console, "--json says how each was measured and where each target comes from.")


def _words(row: Row) -> str:
    from redqueen.studies.facts import HSINCHU

    return f"{row.name.replace('_', ' ')} ({row.unit}){' *' if row.case == HSINCHU else ''}"


def _target(row: Row) -> str:
    from redqueen.report.words import number

    if row.target_high is None:
        return f"over {number(row.target_low)}"
    if row.target_low is None:
        return f"below {number(row.target_high)}"
    return f"{number(row.target_low)} to {number(row.target_high)}"


def _interval(row: Row) -> str:
    from redqueen.report.words import number

    return "-" if row.low is None else f"{number(row.low)} to {number(row.high)}"
