"""The command that says what the shared luck of two policies is worth, by outcome and horizon."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from redqueen.cli.asked import command, names, whole_number
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.lab.trial import Trial


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    luck = commands.add_parser("luck", help="say how much of the variance of an effect the shared luck takes away, and until when")
    luck.add_argument("case", metavar="CASE", help="name of a bundled case, or a case file")
    luck.add_argument(
        "--policies", metavar="A,B", help="policies of the case or the catalogue, or policy files (default: all of the case)"
    )
    luck.add_argument("--to", metavar="P", help="policy that others are compared to (default: the case's reference)")
    luck.add_argument("--seeds", metavar="N", default="40", help="number of seeds (default: %(default)s)")
    luck.add_argument("--horizons", metavar="YEARS", help="years from the start (default: those of 5,10,20,30,45, and the end)")
    luck.add_argument("--window", metavar="N", help="quarters before each horizon over which outcomes are measured (default: 20)")
    luck.add_argument("--outcome", metavar="O", help="outcomes to report (default: headline ones; redqueen outcomes lists them)")
    luck.add_argument("--region", metavar="R", help="region shown, and where policies of the catalogue act (default: the case's)")
    luck.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    luck.add_argument("--figure", metavar="FILE", help="write the ratio over the horizon as a figure (.png or .svg)")
    luck.add_argument("--json", action="store_true", help="print one JSON document")
    luck.set_defaults(answer=_luck)


def _luck(asked: argparse.Namespace) -> None:
    from redqueen.lab.compare import WINDOW
    from redqueen.lab.luck import luck_of_all
    from redqueen.lab.outcomes import chosen, variables_of
    from redqueen.report.figures import check_figure

    faults = Faults()
    seeds = whole_number(asked.seeds, "--seeds", faults, least=2)
    threads = whole_number(asked.threads, "--threads", faults)
    window = whole_number(asked.window, "--window", faults)
    outcomes = tuple(one for one in chosen(names(asked.outcome), faults=faults) if asked.outcome or one.headline)
    horizons = _horizons(asked.horizons, faults)
    check_figure(asked.figure, faults)
    trial = _trial(asked, faults, seeds=seeds or 2, variables=variables_of(outcomes))
    result = trial.run(threads=threads)
    region = asked.region or trial.region or trial.world.regions[0]
    rows = luck_of_all(result, outcomes=[one.name for one in outcomes], horizons=horizons, window=window or WINDOW)
    if asked.figure is not None:
        from redqueen.report.figures import save_as
        from redqueen.report.luck import luck_figure

        save_as(luck_figure(result, rows, region=region, command=command(asked)), asked.figure, dots=110)
    if asked.json:
        from redqueen.lab.directories import json_text
        from redqueen.report.luck import luck_document

        print(json_text(luck_document(result, rows, command(asked))))
        return
    from redqueen.report.luck import show_luck
    from redqueen.report.terminal import screen

    show_luck(screen(), result, rows, region=region)


def _trial(asked: argparse.Namespace, faults: Faults, *, seeds: int, variables: tuple[str, ...]) -> Trial:
    """Makes the trial asked for, or refuses it together with the faults noted so far."""
    from redqueen.cases.case import case
    from redqueen.lab.trial import Trial
    from redqueen.model.kinds import QUARTERS_A_YEAR

    try:
        found = case(asked.case)
        trial = Trial(
            found, policies=names(asked.policies), seeds=seeds, region=asked.region, reference=asked.to or found.reference,
            variables=variables or None, command=command(asked),
        )
    except Refused as refusal:
        raise Refused([*faults, *refusal.faults], f"redqueen luck {asked.case}") from None
    if trial.policies == [trial.reference]:
        faults.add(
            f"there is nothing to compare {trial.reference} to", field="--policies", remedy="redqueen policies lists the catalogue"
        )
    length = trial.world.quarters / QUARTERS_A_YEAR
    for year in _horizons(asked.horizons, Faults()) or ():
        if year > length:
            faults.add(f"there is no year {year}", field="--horizons", remedy=f"the history lasts {length:g} years from its start")
    faults.refuse_if_any(f"redqueen luck {asked.case}")
    for name in trial.idle:
        print(f"Note: {name} does nothing in the {trial.world.quarters} quarters that are run.", file=sys.stderr)
    return trial


def _horizons(text: str | None, faults: Faults) -> list[int] | None:
    """Reads whole years separated by commas; None where nothing was given."""
    asked = names(text)
    return None if asked is None else [year for year in (whole_number(one, "--horizons", faults) for one in asked) if year]
