"""The command that builds a world from evidence."""

from __future__ import annotations

import argparse

from redqueen.cli.asked import names, whole_number
from redqueen.errors import Faults

_OPTIONS = (
    ("--input-output", "table", "FILE", "input-output table of the year"),
    ("--patents", "patents", "FILE", "patents by region, technology and year"),
    ("--income", "income", "FILE", "income per head by region and year"),
    ("--regions", "regions", "A,B", "codes or names of the regions, the one whose question it is first"),
    ("--year", "year", "YEAR", "year in which the world starts"),
    ("-o", "place", "FILE", "case file to write"),
)


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Adds the command of this file."""
    world = commands.add_parser("world", help="make a case file from data")
    for option, name, value, words in _OPTIONS:
        world.add_argument(option, dest=name, metavar=value, help=words)
    world.add_argument("--industry", metavar="NAME", help="industry of the chain (default: electronics)")
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
    options = {} if asked.industry is None else {"industry": asked.industry}
    written = write_world(asked.table, asked.patents, asked.income, regions, year, asked.place, **options)
    print(f"Written to {written}; redqueen check, show, run and compare take it.")
