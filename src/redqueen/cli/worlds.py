"""The command that builds a world from evidence."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from redqueen.cli.asked import command, names, whole_number
from redqueen.errors import Faults

if TYPE_CHECKING:
    from redqueen.cases.from_evidence import Written

_OPTIONS = (
    ("--input-output", "table", "FILE", "input-output table with the year"),
    ("--patents", "patents", "FILE", "patents by region, technology (WIPO fields, IPC or CPC subclasses) and year"),
    ("--income", "income", "FILE", "income per head by region and year"),
    ("--regions", "regions", "A,B", "codes or names of the regions, the one whose question it is first"),
    ("--year", "year", "YEAR", "year in which the world starts"),
    ("-o", "place", "FILE", "case file to write"),
)
_MORE = (
    ("--jobs", "FILE", "jobs by region and sector, to size the workforce (default: value added over wage)"),
    ("--ties", "FILE", "co-authored articles or co-inventions by pair, to place colleagues (default: at home)"),
    ("--diaspora", "FILE", "people abroad by country of residence and origin, to place talent abroad (default: none)"),
    ("--population", "FILE", "population by region, for --diaspora (default: that of the table of incomes)"),
    ("--industry", "NAME", "industry of the chain (default: electronics)"),
)
_KINDS = {"data": "from data", "chosen": "chosen by a stated rule", "defaults": "defaults"}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    world = commands.add_parser("world", help="make a case file from data (files of any layout of redqueen read --formats)")
    for option, name, value, words in _OPTIONS:
        world.add_argument(option, dest=name, metavar=value, help=words)
    for option, value, words in _MORE:
        world.add_argument(option, metavar=value, help=words)
    world.add_argument("--json", action="store_true", help="print one JSON document")
    world.set_defaults(answer=_world)


def _world(asked: argparse.Namespace) -> None:
    from redqueen.cases.from_evidence import write_world

    faults = Faults()
    for option, name, _, words in _OPTIONS:
        if getattr(asked, name) is None:
            faults.add("is missing", field=option, remedy=words)
    year = whole_number(asked.year, "--year", faults)
    regions = names(asked.regions)
    if regions == []:
        faults.add("names no region", field="--regions", remedy="codes or names, with commas between them")
    faults.refuse_if_any("redqueen world")
    # Each was asked for above.
    assert regions is not None and year is not None
    more = {name: getattr(asked, name) for option, _, _ in _MORE if getattr(asked, name := option.removeprefix("--")) is not None}
    written = write_world(asked.table, asked.patents, asked.income, regions, year, asked.place, **more)
    if asked.json:
        from redqueen.lab.directories import json_text

        told = {
            "written": str(written.path), "numbers": written.numbers, "endowments": written.endowments, "lacking": written.lacking
        }
        print(json_text({**told, "command": command(asked)}))
        return
    _show(written)


def _show(written: Written) -> None:
    """Prints where the numbers of the world are from: how many, and of what."""
    from redqueen.report.terminal import paragraph, say, screen, table

    console = screen()
    say(console, f"{', '.join(f'{written.numbers[kind]:,} {words}' for kind, words in _numbered())}.")
    rows = [
        (words, ", ".join(f"{name} ({count})" for name, count in written.endowments[kind].items())) for kind,
        words in _KINDS.items()
    ]
    table(console, ("numbers", "endowments"), [row for row in rows if row[1]], whole=("numbers",))
    paragraph(console, "Not in the tables", written.lacking)
    print(f"Written to {written.path}; redqueen check, show, run and compare take it.")


def _numbered() -> list[tuple[str, str]]:
    return [(kind, f"numbers {words}" if kind == "data" else words) for kind, words in _KINDS.items()]
