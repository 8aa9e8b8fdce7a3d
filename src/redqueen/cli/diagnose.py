"""The command that diagnoses a region."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from redqueen.cli.asked import command, whole_number
from redqueen.errors import Faults

if TYPE_CHECKING:
    from redqueen.evidence.evidence import Evidence


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    diagnose = commands.add_parser("diagnose", help="say what a region is good at, what is near, where it stands")
    diagnose.add_argument(
        "tables", metavar="TABLE", nargs="+", help="files of any known layout, or the directory of a run (redqueen read --formats)"
    )
    diagnose.add_argument("--region", metavar="R", help="code or name of the region")
    diagnose.add_argument("--year", metavar="YEAR", help="year (default: the last of the first table)")
    diagnose.add_argument(
        "--io", metavar="TABLE", action="append", default=[], help="input-output table; several are compared over time"
    )
    diagnose.add_argument("--measure", metavar="NAME", help="measure of tables that hold several, such as exports or jobs")
    diagnose.add_argument("-o", dest="place", metavar="FILE", help="write the page (.html) or the figure (.png, .svg)")
    diagnose.add_argument("--json", action="store_true", help="print one JSON document")
    diagnose.set_defaults(answer=_diagnose)


def _diagnose(asked: argparse.Namespace) -> None:
    from redqueen.report.page import check_page, write_page

    faults = Faults()
    if asked.region is None:
        faults.add("is missing", field="--region", remedy="a code or a name, such as TWN or Taiwan")
    year = whole_number(asked.year, "--year", faults)
    if asked.place is not None:
        check_page(asked.place, faults)
    faults.refuse_if_any("redqueen diagnose")
    from redqueen.evidence.formats import read_tables
    from redqueen.evidence.joining import join_years
    from redqueen.studies.diagnose import diagnose

    tables, accounts = read_tables(asked.tables), read_tables(asked.io)
    for one in accounts:
        if one.kind != "input_output":
            faults.add(
                f"is a table of {one.kind.replace('_', ' ')}, not of input and output", file=_files(one), field="--io",
                remedy="give it as TABLE"
            )
    for one in tables:
        if one.kind == "organisations":
            faults.add(
                "is a register of organisations, which tells nothing of a region", file=_files(one),
                remedy="redqueen partners takes it"
            )
    faults.refuse_if_any("redqueen diagnose")
    found = diagnose(join_years([*tables, *accounts]), asked.region, year, measure=asked.measure)
    if asked.place is not None:
        write_page(found, asked.place, command(asked))
    if asked.json:
        from dataclasses import asdict

        from redqueen.lab.directories import json_text

        print(json_text({**asdict(found), "command": command(asked)}))
        return
    from redqueen.report.diagnosis import show_diagnosis
    from redqueen.report.terminal import screen

    show_diagnosis(screen(), found)
    if asked.place is not None:
        print(f"Written to {asked.place}.")


def _files(table: Evidence) -> str:
    return ", ".join(file.name for file in table.files)
