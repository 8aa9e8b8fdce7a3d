"""The command that finds partners."""

from __future__ import annotations

import argparse

from redqueen.cli.asked import whole_number
from redqueen.errors import Faults


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    partners = commands.add_parser("partners", help="say who complements a region for an activity, why and through whom")
    partners.add_argument(
        "tables",
        metavar="TABLE",
        nargs="+",
        help="files of any known layout: activities, ties, people abroad (redqueen read --formats)",
    )
    partners.add_argument("--region", metavar="R", help="code or name of the region")
    partners.add_argument(
        "--for", dest="activity", metavar="ACTIVITY", help="activity it wants to do, by code, name or part of a name"
    )
    partners.add_argument("--register", metavar="FILE", action="append", default=[], help="register of organisations")
    partners.add_argument(
        "--io",
        metavar="TABLE",
        action="append",
        default=[],
        help="input-output table: inputs and supplier ties; give several to watch ties form",
    )
    partners.add_argument("--sector", metavar="SECTOR", help="sector of the input-output table that the activity belongs to")
    partners.add_argument(
        "--trade", metavar="TABLE", action="append", default=[], help="table of trade by pair of regions, whose ties are to count"
    )
    partners.add_argument("--year", metavar="YEAR", help="year (default: the last of the table that has the activity)")
    partners.add_argument("--top", metavar="N", default="10", help="regions, and organisations, to name (default: %(default)s)")
    partners.add_argument(
        "--evaluate", action="store_true", help="hide the ties that form after a year and count how many the ranking finds"
    )
    partners.add_argument(
        "--after", metavar="YEAR", help="with --evaluate: the year (default: the last with five years of ties after it)"
    )
    partners.add_argument(
        "--ties", metavar="NAME", help="with --evaluate: the kind of ties, such as 'co-authored articles' or 'supplier ties'"
    )
    partners.add_argument("--json", action="store_true", help="print one JSON document")
    partners.set_defaults(answer=_partners)


def _partners(asked: argparse.Namespace) -> None:
    faults = Faults()
    year, top = whole_number(asked.year, "--year", faults), whole_number(asked.top, "--top", faults)
    after = whole_number(asked.after, "--after", faults)
    _check(asked, faults)
    faults.refuse_if_any("redqueen partners")
    from dataclasses import asdict

    from redqueen.evidence.formats import read_tables
    from redqueen.evidence.joining import join_years
    from redqueen.lab.directories import json_text
    from redqueen.report.partners import show_evaluation, show_partners
    from redqueen.report.terminal import screen
    from redqueen.studies.partners import evaluate, partners

    given = {
        "TABLE": read_tables(asked.tables), "--io": read_tables(asked.io), "--register": read_tables(asked.register),
        "--trade": read_tables(asked.trade, without=()),
    }
    for option, kind in (("--io", "input_output"), ("--register", "organisations"), ("--trade", "trade")):
        for one in given[option]:
            if one.kind != kind:
                names = ", ".join(file.name for file in one.files)
                faults.add(f"is a table of {one.kind.replace('_', ' ')}, not of {kind.replace('_', ' ')}", file=names, field=option)
    faults.refuse_if_any("redqueen partners")
    tables = join_years([one for tables in given.values() for one in tables])
    if asked.evaluate:
        tested = evaluate(tables, after=after, measure=asked.ties)
        if asked.json:
            print(json_text(asdict(tested)))
        else:
            show_evaluation(screen(), tested)
        return
    found = partners(tables, asked.region, asked.activity, year=year, top=top or 1, sector=asked.sector)
    if asked.json:
        print(json_text([asdict(one) for one in found.partners]))
    else:
        show_partners(screen(), found)


def _check(asked: argparse.Namespace, faults: Faults) -> None:
    """Notes what is missing, and what belongs to the other use of the command."""
    asks = {"--region": asked.region, "--for": asked.activity}
    tests = {"--after": asked.after, "--ties": asked.ties}
    if asked.evaluate:
        others = {**asks, "--year": asked.year, "--sector": asked.sector, "--register": asked.register}
        for option, value in others.items():
            if value:
                faults.add(
                    "is not used with --evaluate, which ranks for every region and no activity in particular", field=option
                )
        return
    for option, value in asks.items():
        if not value:
            faults.add(
                "is missing",
                field=option,
                remedy={"--region": "a code or a name, such as TWN or Taiwan", "--for": "an activity, such as semiconductors"}[
                    option
                ],
            )
    for option, value in tests.items():
        if value:
            faults.add("belongs to --evaluate", field=option, remedy="add --evaluate, or leave it out")
