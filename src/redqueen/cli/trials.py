"""Commands about trials that are kept: trial, trials, resume, verify, export."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import THREADS, VARIABLE, WHERE, command, names, where_to_run
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.lab.store import Stored, TrialStore
    from redqueen.lab.trial import Trial

#: Folder of trials where neither --store nor the environment names one.
STORE = "trials"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands of this file."""
    trial = commands.add_parser("trial", help="run a trial file, and keep every member as it finishes")
    trial.add_argument("file", metavar="FILE", help="a trial file: worlds, policies, uncertain parameters, seeds")
    add_running(trial)
    trial.set_defaults(answer=_trial)

    listed = commands.add_parser("trials", help="list the trials that are kept")
    add_store(listed)
    listed.add_argument("--json", action="store_true", help="print one JSON document")
    listed.set_defaults(answer=_trials)

    resumed = commands.add_parser("resume", help="go on with a trial that was stopped")
    resumed.add_argument("trial", metavar="TRIAL", help="folder of a trial, or its name in the store")
    resumed.add_argument("--retry", action="store_true", help="run members that failed again")
    add_running(resumed)
    resumed.set_defaults(answer=_resume)

    verified = commands.add_parser("verify", help="check every kept number against its checksum")
    verified.add_argument(
        "trials", metavar="TRIAL", nargs="*", help="folders of trials, or their names in the store (default: all)"
    )
    add_store(verified)
    verified.set_defaults(answer=_verify)

    exported = commands.add_parser("export", help="write the result of a trial for other programs")
    exported.add_argument("trial", metavar="TRIAL", help="folder of a trial, or its name in the store")
    exported.add_argument("-o", dest="place", metavar="FILE", required=True, help="file to write: .parquet, .csv or .nc (netCDF)")
    exported.add_argument("--outcome", metavar="O", help="outcomes to write to a table (default: all that can be measured)")
    add_store(exported)
    exported.set_defaults(answer=_export)


def add_store(parser: argparse.ArgumentParser) -> None:
    """Adds the option that names the store."""
    parser.add_argument("--store", metavar="DIR", help=f"folder of trials (default: ${VARIABLE}, or {STORE})")


def add_running(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a command that runs a trial into a store."""
    add_store(parser)
    parser.add_argument("--threads", metavar="N", help="runs at once (default: one a processor)")
    parser.add_argument("--on", metavar="WHERE", default=THREADS, help=WHERE)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def store_of(asked: argparse.Namespace) -> str:
    """Gives the folder of trials that was asked for."""
    return asked.store or os.environ.get(VARIABLE) or STORE


def opened(named: str, asked: argparse.Namespace) -> tuple[Trial, TrialStore]:
    """Gives the trial of a file, or of the folder or name of a kept one, and its store."""
    from redqueen.lab.store import TrialStore, find_trial, trial_in
    from redqueen.lab.trial_file import read_trial

    if Path(named).is_file() or named.endswith(".toml"):
        trial = read_trial(named, command=command(asked))
        return trial, TrialStore.of(trial, store_of(asked))
    folder = find_trial(named, store_of(asked))
    trial, kept = trial_in(folder), TrialStore.open(folder)
    kept.use(trial)
    return trial, kept


def finished(named: str, asked: argparse.Namespace) -> tuple[Trial, Any]:
    """Gives a trial and its result, and runs what is missing of it."""
    from redqueen.lab.run import run_into

    threads = _checked(asked)
    trial, kept = opened(named, asked)
    run_into(kept, trial, threads, on=asked.on)
    return trial, kept.result()


def _checked(asked: argparse.Namespace) -> int | None:
    faults = Faults()
    threads = where_to_run(asked, faults)
    faults.refuse_if_any(f"redqueen {asked.words[0]}")
    return threads


def _trial(asked: argparse.Namespace) -> None:
    threads = _checked(asked)
    trial, kept = opened(asked.file, asked)
    for name in trial.idle:
        print(f"Note: {name} does nothing in the quarters that are run.", file=sys.stderr)
    _run(asked, trial, kept, threads)


def _resume(asked: argparse.Namespace) -> None:
    threads = _checked(asked)
    trial, kept = opened(asked.trial, asked)
    if asked.retry:
        print(f"{kept.withdraw_failures()} blocks with members that failed are run again.", file=sys.stderr)
    _run(asked, trial, kept, threads)


def _run(asked: argparse.Namespace, trial: Trial, kept: TrialStore, threads: int | None) -> None:
    from redqueen.lab.run import run_into

    before = kept.describe()
    run_into(kept, trial, threads, on=asked.on)
    _show(asked, kept, before)


def _show(asked: argparse.Namespace, kept: TrialStore, before: Stored) -> None:
    from redqueen.lab.compare import compare_all
    from redqueen.lab.directories import json_text
    from redqueen.lab.run import apart
    from redqueen.report.files import effects_document
    from redqueen.report.terminal import say, screen, show_effects
    from redqueen.report.trials import failures_of, kept_document, show_failures

    there = kept.describe()
    results = apart(kept.result())
    effects = {name: compare_all(result) for name, result in results.items()}
    if asked.json:
        shown = {name: effects_document(mine) for name, mine in effects.items() if mine}
        print(json_text({**kept_document(there), "failures": failures_of(results), "worlds": shown}))
        return
    console = screen()
    for name, mine in effects.items():
        if len(effects) > 1:
            say(console, f"World {name}", style="bold")
        if mine and any(effect.rows for effect in mine):
            show_effects(console, mine, region=str(results[name].attrs["region"]) or str(results[name]["region"].values[0]))
    show_failures(console, results)
    run = there.members - before.members_done
    how = "read from the store" if run == 0 else f"{run} run now, {before.members_done} found in the store"
    say(console, f"{there.members} members in {kept.folder}: {how}.")


def _trials(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import json_text
    from redqueen.lab.store import stored_trials
    from redqueen.report.terminal import screen
    from redqueen.report.trials import kept_document, show_trials

    store = store_of(asked)
    if not Path(store).is_dir():
        raise Refused.one("there is no such folder", file=store, field="--store", remedy="redqueen trial FILE makes it")
    found = stored_trials(store)
    if asked.json:
        print(json_text([kept_document(one) for one in found]))
        return
    show_trials(screen(), found, store)


def _verify(asked: argparse.Namespace) -> None:
    from redqueen.errors import Fault
    from redqueen.lab.store import TrialStore, find_trial, stored_trials

    store = store_of(asked)
    folders = [find_trial(name, store) for name in asked.trials] or [one.folder for one in stored_trials(store)]
    if not folders:
        raise Refused.one("there is no trial to verify", file=store, field="--store", remedy="redqueen trial FILE makes one")
    faults = Faults()
    for folder in folders:
        kept = TrialStore.open(folder)
        damaged = kept.damages(checksums=True, progress=True)
        there = kept.describe()
        print(
            f"{folder}: {there.blocks_done - len(damaged)} of {there.blocks} blocks are whole, "
            f"{there.blocks - there.blocks_done} not run"
        )
        faults += [
            Fault(one.reason, file=str(folder), field=one.place, remedy=f"redqueen resume {folder} runs it again")
            for one in damaged
        ]
    faults.refuse_if_any("redqueen verify")


def _export(asked: argparse.Namespace) -> None:
    from redqueen.lab.exporting import export
    from redqueen.lab.store import TrialStore, find_trial

    kept = TrialStore.open(find_trial(asked.trial, store_of(asked)))
    for path in export(kept.result(), asked.place, outcomes=names(asked.outcome)):
        print(f"Written to {path}")
