"""The command that runs the claims of the documents as registered experiments."""

from __future__ import annotations

import argparse
import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from redqueen.cli.asked import numbers_by_name, whole_number
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.studies.claims.declared import ClaimRegister
    from redqueen.studies.claims.study import Results


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    claims = commands.add_parser("claims", help="run the documents' claims as registered experiments")
    claims.add_argument("ids", metavar="ID", nargs="*", help="claims to run, each with its page (default: all)")
    claims.add_argument("--seeds", metavar="N", help="seeds of every claim (default: as registered)")
    claims.add_argument(
        "-o", dest="place", metavar="DIR", default="claims",
        help="directory for tables and for what is found on the way: a stopped run goes on from there (default: %(default)s)",
    )
    claims.add_argument("--threads", metavar="N", help="parts run at once (default: one a processor)")
    claims.add_argument("--no-screen", dest="screen", action="store_false", help="do not sweep assumptions (needs no SALib)")
    claims.add_argument("--no-ablations", dest="ablations", action="store_false", help="do not switch mechanisms off")
    claims.add_argument(
        "--set", dest="settings", metavar="PARAMETER=VALUE", action="append", nargs="+", default=[],
        help="another value of an assumption"
    )
    claims.add_argument("--register", metavar="FILE", help="another register of claims")
    claims.add_argument("--list", action="store_true", help="print what is registered, without running it")
    claims.add_argument("--power", action="store_true", help="print what each claim's seeds can show, without running it")
    claims.add_argument("--json", action="store_true", help="print one JSON document")
    claims.set_defaults(answer=_claims)


def _claims(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import check_place
    from redqueen.studies.claims.reading import read_register
    from redqueen.studies.claims.study import check_options

    faults = Faults()
    seeds = whole_number(asked.seeds, "--seeds", faults)
    threads = whole_number(asked.threads, "--threads", faults)
    settings = [text for several in asked.settings for text in several]
    parameters = numbers_by_name(settings, "--set", "PARAMETER=VALUE", "wright_exponent=0.2; IDs stand before it", faults)
    try:
        register = read_register(asked.register)
        faults.extend(check_options(register, asked.ids, seeds=seeds, parameters=parameters))
    except Refused as refusal:
        faults.extend(refusal.faults)
    if asked.list and asked.power:
        faults.add("either what is registered or its power can be printed", field="--list", remedy="leave out --list or --power")
    if not asked.list and not asked.power:
        check_place(asked.place, faults)
    faults.refuse_if_any("redqueen claims")
    if asked.list:
        _list(asked, register)
    elif asked.power:
        _power(asked, register, seeds)
    else:
        _run(asked, register, seeds, threads, parameters)


def _list(asked: argparse.Namespace, register: ClaimRegister) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.claims import declared_document, show_register
    from redqueen.report.terminal import screen

    register = replace(register, claims=tuple(claim for claim in register.claims if not asked.ids or claim.id in asked.ids))
    if asked.json:
        print(json_text(declared_document(register)))
        return
    show_register(screen(), register)


def _power(asked: argparse.Namespace, register: ClaimRegister, seeds: int | None) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.claims import power_document, show_power
    from redqueen.report.terminal import screen

    claims = [claim for claim in register.claims if not asked.ids or claim.id in asked.ids]
    if asked.json:
        print(json_text(power_document(register, claims, seeds)))
        return
    show_power(screen(), register, claims, seeds)


def _run(
    asked: argparse.Namespace, register: ClaimRegister, seeds: int | None, threads: int | None, parameters: dict[str, float]
) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.claims import results_document, show_results
    from redqueen.report.terminal import screen
    from redqueen.studies.claims.study import run_claims

    try:
        results = run_claims(
            register, asked.ids, place=asked.place, seeds=seeds, threads=threads, parameters=parameters, screen=asked.screen,
            ablations=asked.ablations,
        )
    except KeyboardInterrupt:
        message = f"Stopped; what was found is kept in {asked.place}: the same command goes on from there."
        raise KeyboardInterrupt(message) from None
    _write(asked.place, results)
    if asked.json:
        print(json_text(results_document(results)))
        return
    show_results(screen(), results, asked.ids)
    print(f"Written to {asked.place}: claims.md, claims.csv, claims.json")


def _write(place: str, results: Results) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.claims import CSV_HEADS, results_document, results_page, results_rows
    from redqueen.studies.claims.kept import Kept

    kept = Kept(place)
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(CSV_HEADS)
    writer.writerows(results_rows(results))
    kept.write(kept.place / "claims.md", results_page(results))
    kept.write(kept.place / "claims.csv", rows.getvalue())
    kept.write(kept.place / "claims.json", json_text(results_document(results)))
