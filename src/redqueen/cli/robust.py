"""Commands that choose a policy for an uncertain world: robust ranks those of a trial by regret, search looks for mixes."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import command, names, number, whole_number
from redqueen.cli.trials import add_running, finished
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray

    from redqueen.studies.mixing import Found


#: Stands in for a budget that cannot be read, so that what else is wrong is told with it.
_ANY_BUDGET = 1.0


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands of this file."""
    robust = commands.add_parser("robust", help="rank the policies of a trial by regret over what is uncertain; see also search")
    robust.add_argument(
        "trial", metavar="TRIAL", help="a trial file, or the folder or name of a kept trial; what is missing is run"
    )
    robust.add_argument("--outcome", metavar="O", default="value_added", help="outcome that is to be had (default: %(default)s)")
    robust.add_argument("--policies", metavar="A,B", help="policies to rank (default: all of the trial)")
    robust.add_argument("--window", metavar="N", help="last quarters over which the outcome is measured (default: 20)")
    robust.add_argument(
        "--within", metavar="X", help="how far behind the best a recipe may be, in the unit of effects (default: 5, for %%)"
    )
    robust.add_argument(
        "--margin", metavar="X", default="0", help="by how much to beat the reference, in that unit (default: %(default)s)"
    )
    robust.add_argument("-o", dest="place", metavar="DIR", help="directory for tables, figure and document")
    add_running(robust)
    robust.set_defaults(answer=_robust)

    search = commands.add_parser("search", help="search mixes of instruments that do most for a region within a budget")
    search.add_argument("case", metavar="CASE", help="name of a bundled case, or a case file")
    search.add_argument(
        "--budget", metavar="SHARE", required=True, help="most public cost, as a share of the region's value added, such as 0.05"
    )
    search.add_argument("--levers", metavar="A,B", help="instruments to mix (default: those of the case's policies)")
    search.add_argument("--region", metavar="R", help="region that acts (default: the case's)")
    search.add_argument("--outcome", metavar="O", default="value_added", help="outcome that is to be had (default: %(default)s)")
    search.add_argument("--uncertain", metavar="A,B", help="parameters whose declared ranges a mix must do well in (default: none)")
    search.add_argument("--samples", metavar="N", help="points of those ranges (default: 8)")
    search.add_argument("--evaluations", metavar="N", help="mixes to try (default: 60)")
    search.add_argument("--seeds", metavar="N", help="seeds of each mix; as many fresh ones judge the front (default: 6)")
    search.add_argument("--from", dest="start", metavar="YEAR", help="when a mix begins (default: the start of the run)")
    search.add_argument("--until", metavar="YEAR", help="when it ends (default: the end of the run)")
    search.add_argument("--window", metavar="N", help="last quarters over which the outcome is measured (default: 20)")
    search.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    search.add_argument(
        "-o",
        dest="place",
        metavar="DIR",
        default="search",
        help="directory for front, policies, figure and what is tried: a stopped search goes on from there (default: %(default)s)",
    )
    search.add_argument("--json", action="store_true", help="print one JSON document")
    search.set_defaults(answer=_search)


def _robust(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import check_place, json_text, whole_directory
    from redqueen.lab.outcomes import chosen
    from redqueen.report.robust import robustness_document, show_robustness, write_robustness
    from redqueen.studies.robust import rank_policies

    faults = Faults()
    chosen(asked.outcome, faults=faults)
    options = {
        "outcome": asked.outcome,
        "policies": names(asked.policies),
        "window": whole_number(asked.window, "--window", faults),
        "within": number(asked.within, "--within", faults),
        "margin": number(asked.margin, "--margin", faults) or 0.0,
    }
    if asked.place:
        check_place(asked.place, faults)
    faults.refuse_if_any(f"redqueen robust {asked.trial}")
    found = rank_policies(_results(asked), **options)
    drawn = True
    if asked.place:
        with whole_directory(asked.place, command(asked)) as folder:
            drawn = write_robustness(folder, found, command(asked))
    _note_missing_figure(drawn)
    if asked.json:
        print(json_text(robustness_document(found, command(asked))))
        return
    from redqueen.report.terminal import screen

    show_robustness(screen(), found)
    if asked.place:
        print(f"Written to {asked.place}")


def _results(asked: argparse.Namespace) -> Mapping[str, xarray.Dataset]:
    """Gives the finished results of a trial by world."""
    from redqueen.lab.run import apart

    return apart(finished(asked.trial, asked)[1])


def _search(asked: argparse.Namespace) -> None:
    from redqueen.cases.case import case
    from redqueen.lab.directories import check_place, json_text
    from redqueen.report.mixes import search_document, show_search
    from redqueen.studies.mixing import EVALUATIONS, POINTS, SEEDS, check_search, find_mixes

    faults = Faults()
    budget = number(asked.budget, "--budget", faults)
    counts = {
        name: whole_number(text, f"--{option}", faults, least=least)
        for name, option, text, least in (
            ("evaluations", "evaluations", asked.evaluations, 1),
            ("seeds", "seeds", asked.seeds, 2),
            ("points", "samples", asked.samples, 2),
            ("window", "window", asked.window, 1),
            ("threads", "threads", asked.threads, 1),
        )
    }
    years = {
        name: number(text, f"--{option}", faults)
        for name, option, text in (("start", "from", asked.start), ("until", "until", asked.until))
    }
    if asked.samples is not None and not asked.uncertain:
        faults.add("points of nothing: no parameter is uncertain", field="--samples", remedy="name some with --uncertain")
    check_place(asked.place, faults)
    usual = {"evaluations": EVALUATIONS, "seeds": SEEDS, "points": POINTS}
    options: dict[str, Any] = {
        **years,
        **{name: usual.get(name) if count is None else count for name, count in counts.items()},
        "region": asked.region,
        "outcome": asked.outcome,
        "levers": names(asked.levers),
        "uncertain": names(asked.uncertain) or (),
        "budget": budget or _ANY_BUDGET,
    }
    if budget == 0.0:
        faults.add("nothing can be bought for nothing", field="--budget", remedy="for example 0.05")
    try:
        found_case = case(asked.case)
        faults.extend(check_search(found_case, **options))
    except Refused as refusal:
        faults.extend(refusal.faults)
    faults.refuse_if_any(f"redqueen search {asked.case}")
    _make(asked)
    try:
        found = find_mixes(found_case, place=asked.place, **options)
        drawn = _write(asked, found)
    except KeyboardInterrupt:
        message = f"Stopped; what was tried is kept in {asked.place}: the same command goes on from there."
        raise KeyboardInterrupt(message) from None
    _note_missing_figure(drawn)
    if asked.json:
        print(json_text(search_document(found, command(asked))))
        return
    from redqueen.report.terminal import screen

    show_search(screen(), found)
    if found.best:
        print(
            f"Written to {asked.place}; try a mix with redqueen compare {asked.case} --policies {asked.place}/mix_1.toml "
            f"--region {found.region}"
        )
    else:
        print(f"Written to {asked.place}")


def _make(asked: argparse.Namespace) -> None:
    """Makes the directory ours, whose evaluations are kept from the first on."""
    from redqueen.lab.directories import MARKER, write_json

    place = Path(asked.place)
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not (place / MARKER).exists():
            write_json(place / MARKER, {"made_by": "redqueen", "command": command(asked), "files": []})
    except OSError as error:
        raise Refused.one(
            f"cannot be written: {error.strerror}", file=place, field="-o", remedy="name a directory of yours"
        ) from None


def _write(asked: argparse.Namespace, found: Found) -> bool:
    """Writes front, tables, policy files and figure, each whole or not at all; policies of a longer front are taken away."""
    from redqueen.lab.directories import MARKER, json_text, write_json
    from redqueen.report.mixes import FILES, mix_columns, mix_rows, pages_of, save_front, search_document
    from redqueen.writing import whole_file

    place = Path(asked.place)
    before = json.loads((place / MARKER).read_text(encoding="utf-8"))["files"]
    pages = pages_of(found, command(asked))
    for name, fresh in (("front.csv", True), ("mixes.csv", False)):
        rows = io.StringIO()
        writer = csv.writer(rows, lineterminator="\n")
        writer.writerow(mix_columns(found, fresh=fresh))
        writer.writerows(["" if value is None else value for value in row] for row in mix_rows(found, fresh=fresh))
        pages[name] = rows.getvalue()
    pages["search.json"] = json_text(search_document(found, command(asked))) + "\n"
    for name, text in pages.items():
        with whole_file(place / name) as draft:
            draft.write_text(text, encoding="utf-8")
    for left in set(before) - {*pages, *FILES}:
        (place / left).unlink(missing_ok=True)
    with whole_file(place / MARKER) as draft:
        write_json(draft, {"made_by": "redqueen", "command": command(asked), "files": sorted({*pages, *FILES})})
    return save_front(found, place, command(asked))


def _note_missing_figure(drawn: bool) -> None:
    if not drawn:
        print("No figure: it needs matplotlib (pip install redqueen[figures]).", file=sys.stderr)
