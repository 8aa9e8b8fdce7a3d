"""Commands that print what is declared: parameters, instruments, outcomes, reference."""

from __future__ import annotations

import argparse

from redqueen.errors import Faults


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands of this file."""
    for name, words in (
        ("parameters", "list every assumption of the model"),
        ("instruments", "list what a government can do"),
        ("outcomes", "list what is reported about a trial"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("--json", action="store_true", help="print one JSON document")
        command.set_defaults(answer=_declared, what=name)
    pages = commands.add_parser("reference", help="write the reference pages")
    pages.add_argument(
        "-o", dest="place", metavar="DIR", default="docs/reference", help="directory of the pages (default: %(default)s)"
    )
    pages.set_defaults(answer=_reference)


def _declared(asked: argparse.Namespace) -> None:
    from redqueen.report.reference import declared, short

    if asked.json:
        from redqueen.lab.directories import json_text

        print(json_text(declared(asked.what)))
        return
    from redqueen.report.terminal import screen, table

    columns, rows = short(asked.what)
    table(screen(), columns, rows, right=("value",))


def _reference(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import write_pages
    from redqueen.report.reference import pages

    faults = Faults()
    written = write_pages(asked.place, pages(), faults)
    faults.refuse_if_any("reference")
    print(f"{len(written)} pages in {asked.place}")
