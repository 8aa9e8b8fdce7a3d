"""Commands that run the model: run and compare."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import THREADS, VARIABLE, WHERE, command, names, where_to_run, whole_number
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.cases.case import Case
    from redqueen.lab.trial import Trial
    from redqueen.studies.scenario import Scenario


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands of this file."""
    run = commands.add_parser("run", help="run a case once, under one policy and one seed")
    run.add_argument("case", metavar="CASE", help="name of a bundled case, or a case file")
    run.add_argument("-o", dest="place", metavar="DIR", help="directory for the results: tables, a summary and figures")
    run.add_argument(
        "--policy", metavar="P", help="policy of the case or the catalogue, or a policy file (default: the case's reference)"
    )
    run.add_argument("--seed", metavar="N", default="1", help="luck of the run (default: %(default)s)")
    run.add_argument("--region", metavar="R", help="region that a policy of the catalogue acts in (default: the case's)")
    run.add_argument("--quarters", metavar="N", help="end after so many quarters")
    run.add_argument("--check", action="store_true", help="check the accounts every quarter")
    run.add_argument("--json", action="store_true", help="print the summary as one JSON document")
    run.set_defaults(answer=_run)

    compare = commands.add_parser("compare", help="compare policies under the same luck")
    compare.add_argument("case", metavar="CASE", help="name of a bundled case, a case file, or a link of the app")
    compare.add_argument(
        "--policies", metavar="A,B", help="policies of the case or the catalogue, or policy files (default: all of the case)"
    )
    compare.add_argument("--to", metavar="P", help="policy that others are compared to (default: the case's reference)")
    compare.add_argument("--seeds", metavar="N", help="number of seeds (default: 20)")
    compare.add_argument(
        "--region", metavar="R", help="region shown, and where policies of the catalogue act (default: the case's)"
    )
    compare.add_argument("--outcome", metavar="O", help="outcomes to report (default: all; redqueen outcomes lists them)")
    compare.add_argument(
        "--placebo", action="store_true", help="show beside each effect what is beyond giving the policy's money to households"
    )
    compare.add_argument(
        "--equal-cost", action="store_true", help="top policies up with money to households, to what the dearest of them costs"
    )
    compare.add_argument("--window", metavar="N", help="last quarters over which outcomes are measured (default: 20)")
    compare.add_argument("--quarters", metavar="N", help="end after so many quarters")
    compare.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    compare.add_argument("--on", metavar="WHERE", default=THREADS, help=WHERE)
    compare.add_argument(
        "--store", metavar="DIR", default=os.environ.get(VARIABLE),
        help=f"keep members in this folder of trials as they finish, and read those that are there (default: ${VARIABLE}, or "
        f"nowhere)",
    )
    compare.add_argument("--check", action="store_true", help="check the accounts every quarter")
    compare.add_argument(
        "-o", dest="place", metavar="DIR",
        help="directory for the results: effects, figures and a README; of a link also a page (.html)",
    )
    compare.add_argument("--json", action="store_true", help="print one JSON document")
    compare.set_defaults(answer=_compare)


def _run(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import check_place, json_text, whole_directory
    from redqueen.report.files import summary, write_run
    from redqueen.studies.keeping import ledger
    from redqueen.studies.known import known_facts

    faults = Faults()
    seed = whole_number(asked.seed, "--seed", faults, least=0)
    quarters = whole_number(asked.quarters, "--quarters", faults)
    if asked.place:
        check_place(asked.place, faults)
    trial = _trial(
        asked,
        faults,
        "run",
        policies=None if asked.policy is None else [asked.policy],
        only_reference=asked.policy is None,
        seeds=[1 if seed is None else seed],
        quarters=quarters,
        region=asked.region,
    )
    case = _case_of(trial)
    result = trial.run(threads=1, check=asked.check)
    found = known_facts(result, case, trial.policies[0])
    if asked.place:
        with whole_directory(asked.place, command(asked)) as folder:
            _note_missing_figures(write_run(folder, result, found))
    if asked.json:
        print(json_text({**summary(result), "facts": [one.to_json() for one in found]}))
        return
    from redqueen.report.known import show_known, show_ledger
    from redqueen.report.terminal import screen, show_run

    show_run(screen(), result)
    show_known(screen(), found, case)
    held = ledger(result, case.ledger) if case.ledger else None
    if held is not None:
        show_ledger(screen(), held)
    if asked.check:
        print(
            f"Accounts: every one closed in each of {trial.world.burn_in + result.sizes['quarter']} quarters, burn-in included, "
            f"to 1e-9."
        )
    _say_where(asked.place)


def _compare(asked: argparse.Namespace) -> None:
    from redqueen.lab.compare import compare_all
    from redqueen.lab.directories import check_place, json_text, whole_directory
    from redqueen.lab.outcomes import OUTCOMES, chosen, variables_of
    from redqueen.lab.trial import SEEDS
    from redqueen.report.files import effects_document, write_comparison
    from redqueen.studies.keeping import ledger
    from redqueen.studies.known import known_facts, variables_of_facts

    faults = Faults()
    seeds = whole_number(asked.seeds, "--seeds", faults)
    threads = where_to_run(asked, faults)
    quarters = whole_number(asked.quarters, "--quarters", faults)
    window = whole_number(asked.window, "--window", faults)
    outcomes = chosen(names(asked.outcome), faults=faults)
    scenario = _scenario(asked, faults)
    if scenario is not None and (asked.place or "").endswith(".html"):
        _page(asked, scenario, threads, faults)
        return
    if asked.place:
        check_place(asked.place, faults)
        # Files hold the stages as well: a spreadsheet has room for them.
        outcomes = outcomes if asked.outcome else OUTCOMES
    if scenario is not None and window is None:
        window = scenario.window
    trial = _trial(
        asked,
        faults,
        "compare",
        scenario=scenario,
        policies=names(asked.policies),
        seeds=seeds or SEEDS,
        quarters=quarters,
        region=asked.region,
        reference=asked.to,
        variables=lambda case: (*variables_of(outcomes), *variables_of_facts(case)),
        placebo=asked.placebo,
        equal_cost=asked.equal_cost,
        window=window,
    )
    case = _case_of(trial)
    result = trial.run(threads, check=asked.check, store=asked.store, on=asked.on)
    effects = compare_all(result, outcomes=[outcome.name for outcome in outcomes], window=window)
    found = known_facts(result, case)
    held = ledger(result, case.ledger) if case.ledger else None
    if asked.place:
        with whole_directory(asked.place, command(asked)) as folder:
            _note_missing_figures(write_comparison(folder, effects, names(asked.outcome), found, held))
    if asked.json:
        print(json_text(effects_document(effects, [asked.region] if asked.region else None, found, held)))
        return
    from redqueen.report.known import show_known, show_ledger
    from redqueen.report.terminal import screen, show_effects
    from redqueen.report.trials import show_failures

    shown = scenario.shown if scenario is not None else trial.region or trial.world.regions[0]
    show_effects(screen(), effects, region=shown, outcomes=names(asked.outcome))
    if held is not None:
        show_ledger(screen(), held)
    show_known(screen(), found, case)
    show_failures(screen(), {trial.name: result})
    _say_where(asked.place)


def _case_of(trial: Trial) -> Case:
    """Gives the case of a trial that `_trial` made, which always has one."""
    assert trial.case is not None
    return trial.case


def _trial(
    asked: argparse.Namespace,
    faults: Faults,
    heading: str,
    *,
    only_reference: bool = False,
    scenario: Scenario | None = None,
    window: int | None = None,
    variables: Callable[[Case], tuple[str, ...]] | None = None,
    **options: Any,
) -> Trial:
    """Makes the trial asked for, or refuses it together with the faults noted so far."""
    from redqueen.cases.case import case
    from redqueen.lab.trial import Trial

    try:
        found = case(asked.case) if scenario is None else scenario.found
        if scenario is not None:
            options |= {"policies": scenario.policies(), "seeds": scenario.seeds}
            options |= {"region": scenario.region, "reference": scenario.reference}
        reference = options.pop("reference", None) or found.reference
        if only_reference:
            options["policies"] = [reference]
        elif heading == "compare":
            options["reference"] = reference
        if variables is not None:
            options["variables"] = tuple(dict.fromkeys(variables(found)))
        trial = Trial(found, command=command(asked), **options)
        if heading == "compare" and trial.policies == [reference]:
            faults.add(
                f"there is nothing to compare {reference} to", field="--policies", remedy="redqueen policies lists the catalogue"
            )
        if window is not None and window > trial.world.quarters:
            faults.add(
                f"{window} quarters are more than there are", field="--window", remedy=f"give at most {trial.world.quarters}"
            )
    except Refused as refusal:
        faults.extend(refusal.faults)
    faults.refuse_if_any(f"redqueen {heading} {asked.case}")
    for name in trial.idle:
        print(f"Note: {name} does nothing in the {trial.world.quarters} quarters that are run.", file=sys.stderr)
    return trial


def _scenario(asked: argparse.Namespace, faults: Faults) -> Scenario | None:
    """Gives the scenario of a link of the app; None where a case is named."""
    from redqueen.studies.scenario import is_link, read_link, read_scenario

    if not is_link(asked.case):
        return None
    for option in ("policies", "to", "seeds", "region", "quarters"):
        if getattr(asked, option) is not None:
            faults.add("is said by the link", field=f"--{option}", remedy="leave it out, or name a case")
    faults.refuse_if_any("redqueen compare LINK")
    return read_scenario(read_link(asked.case), _case_of_link, check=False)


def _page(asked: argparse.Namespace, scenario: Scenario, threads: int | None, faults: Faults) -> None:
    """Writes the page of a scenario, as the app's button does."""
    import datetime

    from redqueen.lab.pool import Pool
    from redqueen.progress import progress_bar
    from redqueen.report.case_page import case_document
    from redqueen.report.page import check_page
    from redqueen.report.scenario_page import MARK, scenario_page
    from redqueen.writing import whole_file

    check_page(asked.place, faults, mark=MARK)
    for option in ("outcome", "window", "placebo", "equal_cost", "check", "json"):
        if getattr(asked, option):
            faults.add("is not for a page", field=f"--{option.replace('_', '-')}", remedy="name a directory, or leave it out")
    faults.refuse_if_any("redqueen compare LINK")
    trial = scenario.trial(command=command(asked))
    pool = Pool(threads)
    try:
        with progress_bar(trial.members, f"{trial.name}: {trial.members} runs") as advance:
            request = pool.run(trial, lambda request: advance(1))
    finally:
        pool.close()
    case = case_document(scenario.found, scenario.case)
    text = scenario_page(scenario, request, case, command=command(asked), made=datetime.date.today().isoformat())
    with whole_file(asked.place) as draft:
        draft.write_text(text, encoding="utf-8")
    print(f"Written to {asked.place}.")


def _case_of_link(name: str) -> Case:
    from redqueen.cases.case import bundled, case

    if name not in bundled():
        raise Refused.one(
            "the link is of a case file that was opened in the app", field="LINK",
            remedy="save it there (the button Save): its case file and its command run as they are",
        )
    return case(name)


def _note_missing_figures(drawn: bool) -> None:
    if not drawn:
        print("No figures: they need matplotlib (pip install redqueen[figures]).", file=sys.stderr)


def _say_where(place: str | None) -> None:
    if place:
        print(f"Written to {Path(place)}")
