"""The command that runs cases and writes a page of each."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from redqueen.cli.asked import command, whole_number
from redqueen.errors import Faults, Refused
from redqueen.progress import progress_bar

if TYPE_CHECKING:
    from redqueen.lab.trial import Trial
    from redqueen.report.gallery import Exhibit


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    gallery = commands.add_parser(
        "gallery", help="run cases and write a page of each: what is asked, what comes out, what is known"
    )
    gallery.add_argument("cases", metavar="CASE", nargs="*", help="bundled cases, or case files (default: all that are bundled)")
    gallery.add_argument(
        "-o", dest="place", metavar="DIR", default="docs/cases", help="directory of the pages (default: %(default)s)"
    )
    gallery.add_argument("--seeds", metavar="N", default="20", help="number of seeds (default: %(default)s)")
    gallery.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    gallery.set_defaults(answer=_gallery)


def _gallery(asked: argparse.Namespace) -> None:
    from redqueen.cases.case import bundled
    from redqueen.errors import require
    from redqueen.lab.directories import check_pages, write_pages
    from redqueen.report.gallery import INDEX, index_page, index_row, page_of, picture

    require("matplotlib", "figures")
    faults = Faults()
    seeds = whole_number(asked.seeds, "--seeds", faults) or 1
    threads = whole_number(asked.threads, "--threads", faults)
    trials = _trials(list(dict.fromkeys(asked.cases)) or bundled(), seeds, faults)
    # An index of some cases alone would hide the others.
    names = [f"{trial.name}{ending}" for trial in trials for ending in (".md", ".png")] + ([] if asked.cases else [INDEX])
    check_pages(asked.place, names, faults)
    faults.refuse_if_any("redqueen gallery")
    pages: dict[str, str | bytes] = {}
    rows = []
    with progress_bar(sum(trial.quarters_to_run for trial in trials), f"gallery: {len(trials)} cases") as advance:
        for trial in trials:
            one = _exhibit(trial, threads, advance)
            pages |= {f"{one.case.name}.md": page_of(one), f"{one.case.name}.png": picture(one)}
            rows.append(index_row(one))
    if not asked.cases:
        pages[INDEX] = index_page(rows, command(asked))
    written = write_pages(asked.place, pages, faults)
    faults.refuse_if_any("redqueen gallery")
    print(f"{len(written)} files in {asked.place}")


def _trials(names: list[str], seeds: int, faults: Faults) -> list[Trial]:
    """Makes a trial of each case with all of its policies, noting what cannot be read or compared."""
    from redqueen.cases.case import case
    from redqueen.lab.outcomes import chosen, variables_of
    from redqueen.lab.trial import Trial
    from redqueen.policies.policy import NONE
    from redqueen.report.gallery import SHOWN
    from redqueen.studies.known import variables_of_facts

    found: dict[str, Trial] = {}
    for name in names:
        try:
            read = case(name)
            variables = tuple(dict.fromkeys((*variables_of(chosen(list(SHOWN))), *variables_of_facts(read))))
            policies = [policy for policy in read.policies if policy != NONE.name or read.reference == NONE.name]
            again = f"redqueen gallery {name} --seeds {seeds}"
            trial = Trial(read, policies, seeds, reference=read.reference, variables=variables, command=again)
        except Refused as refusal:
            faults.extend(refusal.faults)
            continue
        if trial.policies == [read.reference]:
            faults.add(f"there is nothing to compare {read.reference} to", file=name, remedy="add a policy to the case")
        if read.name in found:
            faults.add(f"a second case is called '{read.name}'", file=name, remedy="a page has the name of its case")
        found[read.name] = trial
    return list(found.values())


def _exhibit(trial: Trial, threads: int | None, advance: Callable[[float], None]) -> Exhibit:
    from redqueen.lab.compare import compare_all
    from redqueen.report.gallery import SHOWN, Exhibit
    from redqueen.studies.keeping import ledger
    from redqueen.studies.known import known_facts

    case = trial.case
    # The gallery shows cases, and no world without one.
    assert case is not None
    result = trial.run(threads, advance=advance)
    effects = compare_all(result, outcomes=list(SHOWN), regions=[case.region])
    held = ledger(result, case.ledger) if case.ledger else None
    return Exhibit(case, tuple(effects), tuple(known_facts(result, case)), held, trial.command)
