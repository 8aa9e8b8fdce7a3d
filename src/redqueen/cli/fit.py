"""The command that finds which values of parameters the micro facts do not rule out."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import command, names, number, numbers_by_name, whole_number
from redqueen.errors import Faults

if TYPE_CHECKING:
    from redqueen.lab.fit.history_matching import Match
    from redqueen.studies.claims.kept import Kept
    from redqueen.studies.fitting.planning import FitPlan
    from redqueen.studies.fitting.running import MicroRuns


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    fit = commands.add_parser("fit", help="find which values of parameters the facts of firms do not rule out")
    fit.add_argument(
        "--parameters", metavar="A,B=LOW:HIGH",
        help="parameters, over their declared range or a part of it (default: those that the targets set)",
    )
    fit.add_argument(
        "--targets", metavar="X,Y", help="facts that must be met (default: those that set numbers; `redqueen facts` lists all)"
    )
    fit.add_argument("--points", metavar="N", help="points of a wave (default: ten for each parameter)")
    fit.add_argument("--waves", metavar="N", default="3", help="waves at most (default: %(default)s)")
    fit.add_argument("--seeds", metavar="N", default="2", help="runs of a point (default: %(default)s)")
    fit.add_argument("--quarters", metavar="N", help="shorter runs, of case recipes (default: as the case)")
    fit.add_argument(
        "--discrepancy", metavar="X", default="1",
        help="how far off the model may be at its best, in standard deviations of each figure itself (default: %(default)s)",
    )
    fit.add_argument(
        "--discrepancy-of", dest="discrepancies", metavar="TARGET=X", action="append", default=[],
        help="that of one target, in its own unit (in logs for ratios)",
    )
    fit.add_argument(
        "--rank", metavar="N", default="1",
        help="rule out by the worst target, or by the second worst (2) and so on (default: %(default)s)",
    )
    fit.add_argument(
        "--abc", action="store_true", help="weigh the plausible points by approximate Bayesian computation (needs pyabc)"
    )
    fit.add_argument("--particles", metavar="N", default="100", help="points of a population with --abc (default: %(default)s)")
    fit.add_argument(
        "--recover", metavar="N", help="fit figures made up from N known points instead, and count how many are found again"
    )
    fit.add_argument(
        "-o", dest="place", metavar="DIR", default="fit",
        help="directory for plausible.csv, tables, figure and runs: a stopped fit goes on from there (default: %(default)s)",
    )
    fit.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    fit.add_argument("--json", action="store_true", help="print one JSON document")
    fit.set_defaults(answer=_fit)


def _fit(asked: argparse.Namespace) -> None:
    from redqueen.errors import require
    from redqueen.lab.directories import check_place

    faults = Faults()
    threads = whole_number(asked.threads, "--threads", faults)
    particles = whole_number(asked.particles, "--particles", faults, least=10)
    truths = whole_number(asked.recover, "--recover", faults)
    if asked.recover is not None and asked.abc:
        faults.add("made-up figures are not weighed", field="--abc", remedy="leave out --abc or --recover")
    check_place(asked.place, faults)
    plan = plan_of(asked, faults)
    # A library that is missing is said before an hour of runs, not after it.
    for library, extra in (("sklearn", "explain"), ("SALib", "explain"), *((("pyabc", "abc"),) if asked.abc else ())):
        require(library, extra)
    kept = _kept(asked.place)
    try:
        if truths is not None:
            _recover(asked, plan, kept, truths, threads)
        else:
            _answer(asked, plan, kept, threads, particles or 10)
    except KeyboardInterrupt:
        message = f"Stopped; what was run is kept in {asked.place}: the same command goes on from there."
        raise KeyboardInterrupt(message) from None


def plan_of(asked: argparse.Namespace, faults: Faults) -> FitPlan:
    """Lays out the fit that the words of the command ask for; refuses, with the `faults` noted before, whatever is wrong."""
    from redqueen.studies.fitting.planning import DISCREPANCY, plan_fit

    numbers = {
        name: whole_number(getattr(asked, name), f"--{name}", faults) for name in ("waves", "seeds", "points", "quarters", "rank")
    }
    discrepancy = number(asked.discrepancy, "--discrepancy", faults)
    discrepancies = numbers_by_name(asked.discrepancies, "--discrepancy-of", "TARGET=X", "job_hopping_in_computers=0.2", faults)
    return plan_fit(
        parameters=names(asked.parameters), targets=names(asked.targets), points=numbers["points"], waves=numbers["waves"] or 1,
        seeds=numbers["seeds"] or 2, quarters=numbers["quarters"], discrepancy=DISCREPANCY if discrepancy is None else discrepancy,
        discrepancies=discrepancies, rank=numbers["rank"] or 1, faults=faults,
    )


def _answer(asked: argparse.Namespace, plan: FitPlan, kept: Kept, threads: int | None, particles: int) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.fit import FILES, fit_page, show_fit
    from redqueen.report.terminal import screen

    document = _found_before(kept.place, plan.key, particles if asked.abc else None)
    if document is None:
        document = _run(asked, plan, kept, threads, particles)
        kept.write(kept.place / "fit.md", fit_page(document))
        # Last of all: with it the fit is done.
        kept.write(kept.place / "fit.json", json_text(document))
    if asked.json:
        print(json_text(document))
        return
    show_fit(screen(), document)
    print(f"Written to {asked.place}: {', '.join(name for name in FILES if (kept.place / name).exists())}")


def _run(asked: argparse.Namespace, plan: FitPlan, kept: Kept, threads: int | None, particles: int) -> dict[str, Any]:
    """Fits, writes plausible points and figure, and gives the document."""
    from redqueen.lab.directories import json_text
    from redqueen.report.fit import PLAUSIBLE, fit_document, plausible_rows
    from redqueen.studies.fitting.findings import findings
    from redqueen.studies.fitting.running import fit

    kept.sweep()
    found, runs = fit(plan, kept, threads=threads)
    document = fit_document(plan, found, findings(plan, found, runs), runs, command(asked))
    document["plausible_hash"] = _write_table(kept, PLAUSIBLE, plausible_rows(found))
    if asked.abc and not found.empty:
        document["abc"] = _abc(plan, found, runs, kept, particles)
    _draw(kept, found, document)
    # As it is read again: what is not finite has no number.
    return json.loads(json_text(document))


def _abc(plan: FitPlan, found: Match, runs: MicroRuns, kept: Kept, particles: int) -> dict[str, Any]:
    from redqueen.lab.fit.approximate_bayes import refine
    from redqueen.report.fit import posterior_document, posterior_rows

    runs.progress = False
    posterior = refine(runs, found, kept.place / "abc.db", particles=particles, draw=plan.draw, progress=True)
    return {
        "particles": particles, "table_hash": _write_table(kept, "abc.csv", posterior_rows(found, posterior)),
        **posterior_document(found, posterior),
    }


def _recover(asked: argparse.Namespace, plan: FitPlan, kept: Kept, truths: int, threads: int | None) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.lab.fit.recovery import recover
    from redqueen.lab.jobs import available_threads
    from redqueen.report.fit import recovery_document, show_recovery
    from redqueen.report.terminal import screen
    from redqueen.studies.fitting.running import MicroRuns

    runs = MicroRuns(plan, kept, threads or available_threads(), progress=False)
    recovery = recover(
        runs, plan.space, plan.targets, truths=truths, points=plan.points, seeds=plan.seeds, waves=plan.waves, rank=plan.rank,
        draw=plan.draw, progress=True,
    )
    document = recovery_document(plan, recovery, command(asked))
    kept.write(kept.place / "recovery.json", json_text(document))
    if asked.json:
        print(json_text(document))
        return
    show_recovery(screen(), document)


def _kept(place: str) -> Kept:
    """Opens the directory, marked as that of a fit."""
    from redqueen.lab.directories import MARKER, check_place, json_text
    from redqueen.report.fit import FILES
    from redqueen.studies.claims.kept import Kept

    check_place(place)
    folder = Path(place)
    if not (folder / MARKER).exists():
        folder.mkdir(parents=True, exist_ok=True)
        marker = {"made_by": "redqueen", "command": "redqueen fit", "files": [*FILES]}
        (folder / MARKER).write_text(json_text(marker) + "\n", encoding="utf-8")
    return Kept(place)


def _found_before(place: Path, key: str, particles: int | None) -> dict[str, Any] | None:
    """Gives the document of the same fit, where it and its tables are whole; None where there is none."""
    from redqueen.lab.directories import file_hash
    from redqueen.report.fit import PLAUSIBLE

    try:
        document = json.loads((place / "fit.json").read_text(encoding="utf-8"))
        same = document["key"] == key and document["plausible_hash"] == file_hash(place / PLAUSIBLE)
        if particles is not None and not document["empty"]:
            weighed = document["abc"]
            same = same and weighed["particles"] == particles and weighed["table_hash"] == file_hash(place / "abc.csv")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return document if same else None


def _write_table(kept: Kept, name: str, rows: Any) -> str:
    """Writes a table whole or not at all, and gives its SHA-256; numbers read back as the same bits."""
    text = "".join(f"{','.join(repr(cell) if isinstance(cell, float) else str(cell) for cell in row)}\n" for row in rows)
    kept.write(kept.place / name, text)
    return hashlib.sha256(text.encode()).hexdigest()


def _draw(kept: Kept, found: Match, document: dict[str, Any]) -> None:
    from redqueen.errors import Refused
    from redqueen.report.figures import save
    from redqueen.report.plausible import plausible_figure

    try:
        defaults = {one["name"]: one["default"] for one in document["parameters"]}
        save(plausible_figure(found, defaults, document["command"]), kept.place, "fit")
    except Refused:
        # Without matplotlib there are tables.
        return
