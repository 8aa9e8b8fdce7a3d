"""Commands about files: cases, policies, show, new-case, copy, check."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.policies.policy import Policy


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands of this file."""
    listed = commands.add_parser("cases", help="list the bundled cases")
    listed.add_argument("--json", action="store_true", help="print one JSON document")
    listed.set_defaults(answer=_cases)
    catalogued = commands.add_parser("policies", help="list the policies of the catalogue, which act in any region")
    catalogued.add_argument("--json", action="store_true", help="print one JSON document")
    catalogued.set_defaults(answer=_policies)
    shown = commands.add_parser("show", help="show a case: question, regions, chain, policies, sources")
    shown.add_argument("case", metavar="CASE", help="name of a bundled case, or a case file")
    shown.add_argument("--json", action="store_true", help="print one JSON document")
    shown.set_defaults(answer=_show)
    new = commands.add_parser("new-case", help="write an annotated case file that runs, to begin with")
    new.add_argument("name", metavar="NAME", help="what the case is called")
    new.add_argument("-o", dest="place", metavar="FILE", help="file to write (default: NAME.toml)")
    new.set_defaults(answer=_new_case)
    copied = commands.add_parser("copy", help="write the file of a bundled case, to be edited")
    copied.add_argument("case", metavar="CASE", help="name of a bundled case")
    copied.add_argument("-o", dest="place", metavar="FILE", help="file to write (default: CASE.toml)")
    copied.set_defaults(answer=_copy)
    checked = commands.add_parser("check", help="check case, policy, trial and goals files, and report every fault")
    checked.add_argument("files", metavar="FILE", nargs="+", help="a case, policy, trial or goals file")
    checked.set_defaults(answer=_check)


def _cases(asked: argparse.Namespace) -> None:
    from redqueen.cases.case import bundled, case

    found = [case(name) for name in bundled()]
    if asked.json:
        from redqueen.lab.directories import json_text

        print(
            json_text(
                [
                    {
                        "name": one.name,
                        "title": one.title,
                        "question": one.question,
                        "regions": list(one.world.regions),
                        "arms": list(one.policies),
                        "reference": one.reference,
                        "sources": list(one.sources.values()),
                    }
                    for one in found
                ]
            )
        )
        return
    from redqueen.report.terminal import screen, table

    rows = [(one.name, one.question or one.title, len(one.world.regions), len(one.policies)) for one in found]
    table(screen(), ("case", "question", "regions", "policies"), rows, right=("regions", "policies"))


def _policies(asked: argparse.Namespace) -> None:
    from redqueen.policies.policy import catalogue, read_policy

    found = [read_policy(path) for path in catalogue().values()]
    if asked.json:
        from redqueen.lab.directories import json_text

        print(json_text([_about(policy) for policy in found]))
        return
    from redqueen.report.terminal import screen, table

    table(screen(), ("policy", "what it is", "instruments"), [(one.name, one.title, ", ".join(one.instruments)) for one in found])


def _about(policy: Policy) -> dict[str, object]:
    return {
        "name": policy.name,
        "title": policy.title,
        "question": policy.question,
        "source": policy.source,
        "instruments": policy.instruments,
        "not_modelled": policy.not_modelled,
    }


def _show(asked: argparse.Namespace) -> None:
    from redqueen.cases.case import case

    found = case(asked.case)
    if not asked.json:
        from redqueen.report.terminal import screen, show_case

        show_case(screen(), found)
        return
    from dataclasses import asdict

    from redqueen.lab.directories import json_text

    world = found.world
    print(
        json_text(
            {
                "name": found.name,
                "title": found.title,
                "question": found.question,
                "story": found.story,
                "happened": found.happened,
                "not_modelled": found.not_modelled,
                "start": world.start,
                "quarters": world.quarters,
                "burn_in": world.burn_in,
                "region": found.region,
                "reference": found.reference,
                "regions": world.regions,
                "stages": world.stages,
                "industries": world.industries,
                "policies": [_about(policy) for policy in found.policies.values()],
                "facts": [asdict(fact) for fact in found.facts],
                "sources": found.sources,
            }
        )
    )


def _new_case(asked: argparse.Namespace) -> None:
    from redqueen.cases.new_case import new_case

    print(f"Written to {new_case(asked.name, asked.place)}; redqueen check, show, run and compare take it.")


def _copy(asked: argparse.Namespace) -> None:
    from redqueen.cases.new_case import copy_case

    print(f"Written to {copy_case(asked.case, asked.place)}; edit it, then redqueen check, show, run and compare take it.")


def _check(asked: argparse.Namespace) -> None:
    from redqueen.cases.case import read_case
    from redqueen.lab.trial_file import read_trial
    from redqueen.policies.document import Document
    from redqueen.policies.policy import read_policy
    from redqueen.studies.monitor.goals import read_goals

    faults, good = Faults(), []
    for name in asked.files:
        try:
            content = Document(name, "file").root.table
            if "monitor" in content:
                plan = read_goals(name)
                good.append(f"{name}: goals of {plan.case.name}, {len(plan.indicators)} indicators, {len(plan.goals)} goals")
            elif "world" in content or "trial" in content:
                trial = read_trial(name)
                good.append(f"{name}: trial {trial.name}, {len(trial.worlds)} worlds, {trial.members} members")
            # A policy file has one [policy] and its [[change]]; a case has [[policy]].
            elif "change" in content or isinstance(content.get("policy"), dict):
                policy = read_policy(name)
                governments = f", {len(policy.governments)} governments" if policy.governments else ""
                good.append(f"{name}: policy {policy.name}, {len(policy.changes)} changes{governments}")
            else:
                case = read_case(name)
                good.append(f"{name}: case {case.name}, {len(case.world.regions)} regions, {len(case.policies)} policies")
        except Refused as refusal:
            faults.extend(refusal.faults)
    for line in good:
        print(line)
    faults.refuse_if_any("check")
