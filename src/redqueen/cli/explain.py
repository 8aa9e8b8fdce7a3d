"""The command that says why a policy has its effect: which assumptions it hangs on, which turn its sign, where it holds."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import command, where_to_run, whole_number
from redqueen.cli.trials import add_running, opened
from redqueen.errors import Faults

if TYPE_CHECKING:
    from redqueen.lab.explain.explaining import Explanation


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    explain = commands.add_parser(
        "explain", help="say which assumptions a policy's effect hangs on, which turn its sign, where it holds"
    )
    explain.add_argument(
        "trial", metavar="TRIAL", help="a trial file with uncertain parameters, or the folder or name of a kept trial"
    )
    explain.add_argument("outcome", metavar="OUTCOME", help="outcome whose effect is explained")
    explain.add_argument("--policy", metavar="P", help="policy to explain (default: the only one besides the reference)")
    explain.add_argument("--to", metavar="P", help="policy to compare to (default: the trial's reference)")
    explain.add_argument("--region", metavar="R", help="region whose outcome it is, or world (default: the trial's)")
    explain.add_argument("--stage", metavar="S", help="stage, of outcomes that are known by stage")
    explain.add_argument("--window", metavar="N", help="last quarters over which the outcome is measured (default: 20)")
    explain.add_argument("--world", metavar="W", help="world of the trial, where it has several")
    explain.add_argument(
        "--no-screen", dest="screen", action="store_false", help="do not walk through the assumptions first; keep all of them"
    )
    explain.add_argument("-o", dest="place", metavar="DIR", help="directory for page, tables, document and figures")
    add_running(explain)
    explain.set_defaults(answer=_explain)


def _explain(asked: argparse.Namespace) -> None:
    from redqueen.lab.directories import check_place, json_text, whole_directory
    from redqueen.report.explain import explanation_document, sentences, show_explanation, title, write_explanation

    faults = Faults()
    window = whole_number(asked.window, "--window", faults)
    threads = where_to_run(asked, faults)
    if asked.place:
        check_place(asked.place, faults)
    faults.refuse_if_any(f"redqueen explain {asked.trial}")
    found = _found(asked, window, threads)
    drawn = True
    if asked.place:
        with whole_directory(asked.place, command(asked)) as folder:
            drawn = write_explanation(folder, found, command(asked))
    if not drawn:
        print("Without matplotlib there are no figures: pip install 'redqueen[figures]'.", file=sys.stderr)
    if asked.json:
        print(json_text({**explanation_document(found, command(asked)), "title": title(found), "sentences": sentences(found)}))
        return
    from redqueen.report.terminal import screen

    show_explanation(screen(), found)
    if asked.place:
        print(f"Written to {asked.place}")


def _found(asked: argparse.Namespace, window: int | None, threads: int | None) -> Explanation:
    """Opens the trial and explains: what it does not have is refused before anything is run; walks are kept beside it."""
    from redqueen.lab.explain.explaining import explain
    from redqueen.lab.run import run_into

    trial, kept = opened(asked.trial, asked)

    def result() -> Any:
        run_into(kept, trial, threads, on=asked.on)
        return kept.result()

    return explain(
        trial, asked.outcome, asked.policy, asked.to, region=asked.region, stage=asked.stage, window=window, world=asked.world,
        screen=asked.screen, result=result, threads=threads, store=kept.folder.parent, on=asked.on,
    )
