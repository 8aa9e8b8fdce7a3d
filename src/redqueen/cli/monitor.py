"""Commands that monitor goals: init, record, observations, status, obstacles, advise, rehearse."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import command, names, number, whole_number
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.studies.monitor.goals import Plan
    from redqueen.studies.monitor.ledger import Entry, Ledger, Observation
    from redqueen.studies.monitor.status import Outlook

#: Where a goals file is written unless asked otherwise.
GOALS = "goals.toml"
# What can be recorded, and which options are of what.
_ONE, _FILE, _TABLE = "one figure", "a csv file", "a table of evidence (with --indicator)"
_OPTIONS = {
    "unit": (_ONE,), "region": (_ONE, _TABLE), "note": (_ONE, _TABLE), "new": (_FILE, _TABLE),
    "indicator": (_TABLE,), "measure": (_TABLE,), "activity": (_TABLE,), "scale": (_TABLE,),
}  # fmt: skip


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands of this file."""
    monitor = commands.add_parser("monitor", help="goals: are they on course, what holds them back, what to change")
    verbs = monitor.add_subparsers(metavar="VERB", required=True, parser_class=type(monitor))
    _add_init(verbs)
    _add_record(verbs)
    listed = _verb(verbs, "observations", "list or export what was recorded", _observations)
    listed.add_argument("--history", action="store_true", help="with what was superseded or withdrawn")
    listed.add_argument("--known-at", metavar="TIME", help="as the ledger stood at a time, such as 2004-06-30")
    listed.add_argument("-o", dest="place", metavar="FILE", help="csv file to write")

    status = _verb(verbs, "status", "where goals stand: chance, on or off course, since when", _status)
    _add_knowing(status)
    status.add_argument("--figure", metavar="FILE", help="draw it: a .png or .svg file")

    obstacles = _verb(verbs, "obstacles", "what holds goals back: which constraint binds?", _obstacles)
    _add_knowing(obstacles)
    obstacles.add_argument(
        "--step", metavar="SHARE", help="part of the way to the best that a constraint is relaxed (default: 0.25)"
    )
    obstacles.add_argument("--futures", metavar="N", help="plausible futures to try it in (default: 24)")

    advise = _verb(verbs, "advise", "what to change: adjustments that raise a goal's chance most", _advise)
    _add_knowing(advise)
    advise.add_argument("--goal", metavar="NAME", help="goal to serve (default: the first that is ahead)")
    advise.add_argument(
        "--budget",
        metavar="SHARE",
        help="most public cost from now on, as a share of value added (default: what the goals file leaves)",
    )
    advise.add_argument("--levers", metavar="A,B", help="instruments to adjust (default: those of the case's policies)")
    advise.add_argument("--evaluations", metavar="N", help="adjustments to try (default: as many as take about half a minute)")

    rehearse = _verb(
        verbs, "rehearse", "how far to trust the monitor: false alarms, calibration, and whether following it pays", _rehearse
    )
    rehearse.add_argument(
        "--agencies",
        metavar="N",
        help="made-up truths in which agencies that follow it, or do not, live (about a minute each; default: none)",
    )
    rehearse.add_argument("--figure", metavar="FILE", help="draw what was said against what came: a .png or .svg file")
    rehearse.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")


def _add_init(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    init = verbs.add_parser("init", help="write a goals file for a case or a trial, run its forecast and make a ledger")
    init.add_argument("case", metavar="CASE", help="name of a bundled case, a case file, or a trial file of one world")
    init.add_argument("-o", dest="place", metavar="FILE", default=GOALS, help="goals file to write (default: %(default)s)")
    init.add_argument(
        "--policy", metavar="P", help="the plan that is carried out (default: what happened, or the first of a trial)"
    )
    init.add_argument("--region", metavar="R", help="region that is monitored (default: the case's)")
    init.add_argument(
        "--from", dest="since", metavar="YEAR", help="first year observed; the year before is the base (default: half-way)"
    )
    init.add_argument("--until", metavar="YEAR", help="year of the goal (default: the last of the run)")
    init.add_argument("--outcome", metavar="A,B", help="what is observed (default: value_added,jobs,research_spending)")
    init.add_argument(
        "--goal",
        metavar="INDEX",
        help="the first outcome to reach, as an index number of the base year's 100 (default: the forecast's median)",
    )
    init.add_argument(
        "--uncertain", metavar="A,B", help="parameters whose declared ranges are uncertain (default: those that facts of firms set)"
    )
    init.add_argument("--points", metavar="N", help="points of those ranges, a run each (default: 100)")
    init.add_argument("--ledger", metavar="ADDRESS", help="file or database for observations (default: beside the goals file)")
    init.add_argument("--budget", metavar="SHARE", help="most public cost, as a share of value added")
    init.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    init.set_defaults(answer=_init)


def _add_record(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    record = _verb(
        verbs, "record", "record figures: a csv file, one figure, or a series out of any table that is read", _record, json=False
    )
    record.add_argument("what", metavar="WHAT", nargs="+", help="FILE, or INDICATOR YEAR VALUE")
    record.add_argument("--source", metavar="TEXT", help="where the figure is from (needed unless the file says)")
    record.add_argument("--by", metavar="NAME", help="who enters it (default: the user of this machine)")
    record.add_argument("--unit", metavar="UNIT", help="unit of the figure (default: the indicator's; any other is refused)")
    record.add_argument("--region", metavar="R", help="region of the figure, or its name in the table (default: the indicator's)")
    record.add_argument("--note", metavar="TEXT", default="", help="a remark that is kept with it")
    record.add_argument("--correct", action="store_true", help="supersede figures that are there; the old ones are kept")
    record.add_argument("--new", action="store_true", help="of a file, record only figures that are not there yet")
    record.add_argument("--withdraw", action="store_true", help="withdraw a figure: INDICATOR YEAR")
    record.add_argument("--indicator", metavar="NAME", help="FILE is a table of evidence: the indicator that its series is of")
    record.add_argument("--measure", metavar="M", help="which of the table's measures")
    record.add_argument("--activity", metavar="A", help="which of the table's activities; ALL sums them")
    record.add_argument("--scale", metavar="X", help="what the table's figures are multiplied by (default: 1)")


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, answer: Any, *, json: bool = True
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=words)
    verb.add_argument("goals", metavar="GOALS", help="a goals file")
    if json:
        verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(answer=answer)
    return verb


def _add_knowing(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--as-of", metavar="YEAR", help="with what was published by the end of a year (default: all that is recorded)"
    )
    verb.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")


def _init(asked: argparse.Namespace) -> None:
    from redqueen.studies.monitor.ledger import Ledger
    from redqueen.studies.monitor.starting import begin
    from redqueen.writing import whole_file

    faults = Faults()
    place = Path(asked.place)
    if place.suffix != ".toml":
        faults.add("a goals file ends in .toml", file=place, field="-o")
    if place.exists():
        faults.add("this file is there already", file=place, field="-o", remedy="name another, or remove it")
    if not place.absolute().parent.is_dir():
        faults.add("there is no such folder", file=place.parent, field="-o")
    options = {
        "since": whole_number(asked.since, "--from", faults),
        "until": whole_number(asked.until, "--until", faults),
        "target": number(asked.goal, "--goal", faults),
        "points": whole_number(asked.points, "--points", faults),
        "threads": whole_number(asked.threads, "--threads", faults),
        "budget": number(asked.budget, "--budget", faults),
        "outcomes": names(asked.outcome),
        "uncertain": names(asked.uncertain),
        "policy": asked.policy,
        "region": asked.region,
        "ledger": asked.ledger,
    }
    text, plan = begin(asked.case, place, faults=faults, **options)
    address = (
        plan.ledger
        if "://" in plan.ledger
        else str(place.parent / Path(plan.ledger).name if asked.ledger is None else place.parent / asked.ledger)
    )
    ledger = Ledger.create(address)
    with whole_file(place) as draft:
        draft.write_text(text, encoding="utf-8")
    print(f"Goals are in {place}, observations go to {ledger.address}; the forecast is kept in {place.with_suffix('')}_runs.")
    print(f"Edit the goals; then: redqueen monitor record {place} INDICATOR YEAR VALUE --source TEXT")


def _record(asked: argparse.Namespace) -> None:
    from redqueen.studies.monitor.arriving import far_apart
    from redqueen.studies.monitor.goals import read_goals
    from redqueen.studies.monitor.ledger import Ledger

    plan = read_goals(asked.goals)
    entries, notes = _entries(asked, plan)
    if "://" not in plan.ledger and not Path(plan.ledger).exists():
        print(f"Note: there was no ledger {plan.ledger}; it is made.", file=sys.stderr)
    ledger = Ledger.create(plan.ledger)
    notes += far_apart(plan, entries, ledger.observations())
    if asked.new:
        known = {one.key for one in ledger.observations()}
        left = [entry for entry in entries if entry.key not in known]
        notes += [f"{len(entries) - len(left)} figures are there already"] if len(left) < len(entries) else []
        entries = left
    made = ledger.record(entries, correct=asked.correct)
    for note in notes:
        print(f"Note: {note}", file=sys.stderr)
    for one in made[:20]:
        what = "withdrawn" if one.value is None else f"{one.value:g} {one.unit}"
        print(
            f"{one.number}: {one.indicator}, {one.region}, {one.year}: "
            f"{what}{f' (revision {one.revision})' if one.revision else ''}"
        )
    if len(made) > 20:
        print(f"... and {len(made) - 20} more")
    print(f"{len(made)} recorded in {ledger.address}")


def _entries(asked: argparse.Namespace, plan: Plan) -> tuple[list[Entry], list[str]]:
    from redqueen.studies.monitor.arriving import check_entries, from_table, read_entries
    from redqueen.studies.monitor.ledger import Entry

    faults = Faults()
    notes: list[str] = []
    by = asked.by or _user()
    heading = "nothing was recorded"
    scale = number(asked.scale, "--scale", faults)
    kind = _ONE if len(asked.what) != 1 or asked.withdraw else _FILE if asked.indicator is None else _TABLE
    for option, kinds in _OPTIONS.items():
        if getattr(asked, option) not in (None, "", False) and kind not in kinds:
            remedy = f"it is of {' and of '.join(kinds)}"
            faults.add(f"is not for {kind}", field=f"--{option}", remedy=remedy)
    if kind != _ONE:
        faults.refuse_if_any(heading)
        if kind == _FILE:
            return read_entries(asked.what[0], plan, entered_by=by, source=asked.source), notes
        found = from_table(
            asked.what[0],
            plan,
            asked.indicator,
            region=asked.region,
            measure=asked.measure,
            activity=asked.activity,
            scale=1.0 if scale is None else scale,
            entered_by=by,
            source=asked.source,
            note=asked.note,
            notes=notes,
        )
        return found, notes
    if len(asked.what) != (2 if asked.withdraw else 3):
        wanted = "INDICATOR YEAR" if asked.withdraw else "FILE, or INDICATOR YEAR VALUE"
        raise Refused.one(f"{len(asked.what)} words were given", field="WHAT", remedy=f"give {wanted}", heading=heading)
    indicator = plan.indicators.get(asked.what[0])
    year = whole_number(asked.what[1], "YEAR", faults)
    value = None if asked.withdraw else number(asked.what[2], "VALUE", faults)
    if not asked.source and asked.withdraw:
        faults.add("why is it withdrawn?", field="--source", remedy="--source TEXT")
    entry = Entry(
        asked.what[0],
        asked.region or (indicator.region if indicator else ""),
        year or 0,
        value,
        asked.unit or (indicator.unit if indicator else ""),
        asked.source or "",
        by,
        asked.note,
    )
    if year is not None and (value is not None or asked.withdraw):
        check_entries([entry], plan, faults)
    faults.refuse_if_any(heading)
    return [entry], notes


def _observations(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.monitor import observation_rows, show_observations
    from redqueen.report.terminal import screen
    from redqueen.studies.monitor.goals import read_goals
    from redqueen.studies.monitor.ledger import write_export

    plan = read_goals(asked.goals)
    if asked.place is not None and Path(asked.place).suffix != ".csv":
        raise Refused.one("an export ends in .csv", file=asked.place, field="-o", remedy="name a .csv file")
    if asked.place is not None and Path(asked.place).resolve() == Path(plan.ledger).resolve():
        raise Refused.one("this is the ledger itself", file=asked.place, field="-o", remedy="name another file")
    rows = _ledger(plan).observations(history=asked.history, known_at=asked.known_at)
    if asked.place:
        write_export(rows, asked.place)
    if asked.json:
        print(json_text(observation_rows(rows)))
        return
    show_observations(screen(), rows, history=asked.history)
    if asked.place:
        print(f"Written to {asked.place}")


def _status(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.figures import check_figure, save_as
    from redqueen.report.monitor import show_status, status_document
    from redqueen.report.monitor_figures import status_figure
    from redqueen.report.terminal import screen
    from redqueen.studies.monitor.status import status_of

    check_figure(asked.figure)
    plan, observations, options = _known(asked)
    found = status_of(plan, observations, **options)
    if asked.figure is not None:
        save_as(status_figure(found, command(asked)), asked.figure)
    if asked.json:
        print(json_text(status_document(found, command(asked))))
        return
    show_status(screen(), found)
    if asked.figure is not None:
        print(f"Written to {asked.figure}")


def _obstacles(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.monitor import obstacles_document, show_obstacles
    from redqueen.report.terminal import screen
    from redqueen.studies.monitor.obstacles import FUTURES, STEP, find_obstacles

    faults = Faults()
    step, futures = number(asked.step, "--step", faults), whole_number(asked.futures, "--futures", faults, least=2)
    if step is not None and not 0 < step <= 1:
        faults.add(f"{step:g} is no part of the way", field="--step", remedy="give more than 0, to 1")
    faults.refuse_if_any(f"redqueen monitor obstacles {asked.goals}")
    outlook, threads = _outlook(asked)
    found = find_obstacles(outlook, step=step or STEP, futures=futures or FUTURES, threads=threads)
    if asked.json:
        print(json_text(obstacles_document(found, command(asked))))
        return
    show_obstacles(screen(), found)


def _advise(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.report.monitor import advice_document, show_advice
    from redqueen.report.terminal import screen
    from redqueen.studies.monitor.advise import advise

    faults = Faults()
    options: dict[str, Any] = {
        "budget": number(asked.budget, "--budget", faults),
        "evaluations": whole_number(asked.evaluations, "--evaluations", faults),
    }
    faults.refuse_if_any(f"redqueen monitor advise {asked.goals}")
    outlook, threads = _outlook(asked)
    found = advise(outlook, asked.goal, levers=names(asked.levers), threads=threads, **options)
    if asked.json:
        print(json_text(advice_document(found, command(asked))))
        return
    show_advice(screen(), found)


def _rehearse(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.lab.jobs import available_threads
    from redqueen.report.figures import check_figure, save_as
    from redqueen.report.monitor_rehearsal import rehearsal_document, rehearsal_figure, show_lives, show_rehearsals
    from redqueen.report.terminal import screen
    from redqueen.studies.monitor.closed_loop import live_through
    from redqueen.studies.monitor.courses import rehearse_all
    from redqueen.studies.monitor.forecast import forecast, runs_of
    from redqueen.studies.monitor.goals import read_goals

    faults = Faults()
    truths, threads = whole_number(asked.agencies, "--agencies", faults, least=2), whole_number(asked.threads, "--threads", faults)
    check_figure(asked.figure, faults)
    faults.refuse_if_any(f"redqueen monitor rehearse {asked.goals}")
    plan = read_goals(asked.goals)
    store = runs_of(plan)
    found = rehearse_all(forecast(plan, threads=threads, store=store))
    lives = None if truths is None else live_through(plan, truths, threads=threads or available_threads(), store=store)
    if asked.figure is not None:
        save_as(rehearsal_figure(found, command(asked)), asked.figure)
    if asked.json:
        print(json_text(rehearsal_document(found, lives, command(asked))))
        return
    show_rehearsals(screen(), found)
    if lives is not None:
        show_lives(screen(), lives)


def _known(asked: argparse.Namespace) -> tuple[Plan, Sequence[Observation], dict[str, Any]]:
    """Gives the plan, what is recorded, and the options of a forecast."""
    from redqueen.studies.monitor.forecast import runs_of
    from redqueen.studies.monitor.goals import read_goals

    faults = Faults()
    as_of, threads = whole_number(asked.as_of, "--as-of", faults), whole_number(asked.threads, "--threads", faults)
    try:
        plan = read_goals(asked.goals)
        if as_of is not None and not plan.since - 1 <= as_of <= plan.latest:
            faults.add(
                f"{as_of} is not in the years that are monitored",
                field="--as-of",
                remedy=f"name one of {plan.since - 1} to {plan.latest}",
            )
    except Refused as refusal:
        faults.extend(refusal.faults)
    faults.refuse_if_any(f"redqueen monitor {asked.words[1]} {asked.goals}")
    return plan, _ledger(plan).observations(), {"as_of": as_of, "threads": threads, "store": runs_of(plan)}


def _outlook(asked: argparse.Namespace) -> tuple[Outlook, int]:
    from redqueen.lab.jobs import available_threads
    from redqueen.studies.monitor.status import look_out

    plan, observations, options = _known(asked)
    return look_out(plan, observations, **options), options["threads"] or available_threads()


def _ledger(plan: Plan) -> Ledger:
    from redqueen.studies.monitor.ledger import Ledger

    return Ledger.open(plan.ledger)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
