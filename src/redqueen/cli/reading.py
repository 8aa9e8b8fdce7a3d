"""The command that recognises a publisher's table, says what it holds and keeps it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from redqueen.cli.asked import command, names, whole_number
from redqueen.errors import Faults

if TYPE_CHECKING:
    from rich.console import Console

    from redqueen.evidence.keeping import Found

# Files and labels that are listed one by one, and letters of a name that are shown.
_SHOWN, _LISTED, _NAMED = 8, 4, 40


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    read = commands.add_parser("read", help="recognise a table of evidence, say what it holds, keep it as Parquet")
    read.add_argument("file", metavar="FILE", nargs="?", help="a file or folder as its publisher gives it")
    read.add_argument(
        "-o", dest="place", metavar="OUT.parquet", help="keep the table here, with its provenance (default: write nothing)"
    )
    read.add_argument("--format", metavar="NAME", help="whose layout it is, where that is not told by its looks")
    read.add_argument("--year", metavar="YEAR", help="year of a table that states none")
    read.add_argument("--without", metavar="partner", help="sum trade over partners")
    read.add_argument("--formats", action="store_true", help="list the layouts that are known")
    read.add_argument("--json", action="store_true", help="print one JSON document")
    read.set_defaults(answer=_read)


def _read(asked: argparse.Namespace) -> None:
    if asked.formats:
        _list_formats(asked.json)
        return
    from redqueen.evidence.keeping import check_place, find_out, keep

    faults = Faults()
    if asked.file is None:
        faults.add("is missing", field="FILE", remedy="name a file or folder, or ask for --formats")
    year = whole_number(asked.year, "--year", faults)
    if asked.place is not None:
        check_place(asked.place, faults)
    faults.refuse_if_any("redqueen read")
    from redqueen.evidence.formats import layout_of
    from redqueen.evidence.opening import Opened

    opened = Opened(layout_of(asked.file, asked.format), asked.file, year=year, without=tuple(names(asked.without) or ()))
    found = find_out(opened) if asked.place is None else keep(opened, asked.place, command(asked))
    if asked.json:
        from dataclasses import asdict

        from redqueen.lab.directories import json_text

        print(json_text({**asdict(found), "written": asked.place, "command": command(asked)}))
        return
    from redqueen.report.terminal import screen

    _show(screen(), found)
    print(f"Written to {asked.place}." if asked.place else "Nothing was written; -o OUT.parquet keeps the table.")


def _list_formats(as_json: bool) -> None:
    from redqueen.evidence.facts import sources
    from redqueen.evidence.formats import formats

    known = formats().values()
    if as_json:
        from redqueen.lab.directories import json_text

        rows = [{"name": one.name, "title": one.title, "kind": one.kind, "publisher": sources()[one.source].publisher,
                 "licence": sources()[one.source].licence, "layout": one.layout} for one in known]
        print(json_text(rows))
        return
    from redqueen.report.terminal import say, screen

    console = screen()
    for one in known:
        say(console, f"{one.name}: {one.title}, {_words(one.kind)}", style="bold")
        say(console, f"  {one.layout}", indent="  ")


def _show(console: Console, found: Found) -> None:
    """Prints what a table holds: whose it is, what is counted, for whom and when, and what was left out."""
    from redqueen.report.terminal import paragraph, table

    rows = [
        ("format", f"{found.title} ({_words(found.kind)})"), ("publisher", found.publisher), ("licence", found.licence),
        ("rows", f"{found.rows:,}"), ("years", _years(found.years)),
        ("regions", _some(found.regions, found.names.get("region", {}))),
        ("partners", _some(found.partners, found.names.get("region", {}))),
        ("activities", _some(found.activities, found.names.get("activity", {}))),
        ("organisations", _some(found.organisations, {})),
        *(("measure", f"{measure}: {unit}") for measure, unit in found.units.items()),
        ("suppressed", f"{found.suppressed:,} cells"), ("missing", f"{found.missing:,} cells"),
        *(("file", f"{file.name} ({file.size:,} bytes, SHA-256 {file.sha256[:12]}...)") for file in found.files[:_SHOWN]),
    ]
    if len(found.files) > _SHOWN:
        rows.append(("files", f"{len(found.files)} in all; --json lists them"))
    table(console, ("what", "found"), [row for row in rows if row[1]])
    paragraph(console, "Notes", found.notes)
    paragraph(console, "To cite", found.citation)


def _years(years: list[int]) -> str:
    if len(years) < 2 or len(years) == years[-1] - years[0] + 1:
        return "-".join(str(year) for year in dict.fromkeys(years[:1] + years[-1:]))
    return f"{len(years)} between {years[0]} and {years[-1]}"


def _some(codes: list[str] | None, words: dict[str, str]) -> str:
    if codes is None:
        return ""
    shown = [_one(code, words.get(code, code)) for code in codes[:_LISTED]]
    return f"{len(codes):,}: {', '.join(shown)}{', ...' if len(codes) > _LISTED else ''}"


def _one(code: str, name: str) -> str:
    return name if code in name else f"{code} ({name[:_NAMED]})"


def _words(kind: str) -> str:
    return kind.replace("_", "-")
