"""A scenario as files that the command line runs: the case with its policies at the end, and the page's policy by itself."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from redqueen.policies.policy import Policy
from redqueen.policies.writing import case_policy_text, policy_text, stands_alone
from redqueen.studies.scenario import PAGE, Scenario

__all__ = ["free_name", "saved", "saved_command"]

#: What the page's policy, and those pinned beside it, are called in files.
_MINE, _OTHERS = "my_policy", "other_policy"


def saved(scenario: Scenario, heading: str) -> dict[str, Any]:
    """Writes a scenario down: `case` and `policy` with name and text, and the `command` that runs the case file.

    `heading` is a comment on top of what was written. The policy is None where the page does what the reference does, and where
    governments choose among policies that only the case knows.
    """
    text = Path(scenario.found.file).read_text(encoding="utf-8-sig")
    policies = {name: policy for name, policy in scenario.policies().items() if name in scenario.names()}
    words = _words(scenario)
    parts = [
        case_policy_text(_named(policy, words[name]), scenario.found.sources, heading=heading if place == 0 else "")
        for place, (name, policy) in enumerate(policies.items())
    ]
    alone = policies.get(PAGE)
    policy = None
    if alone is not None and stands_alone(alone):
        policy = {"name": f"{_MINE}.toml", "text": policy_text(_named(alone, _MINE), heading=heading)}
    case = {"name": _case_name(scenario), "text": "\n".join([text.rstrip("\n"), "", *parts])}
    return {"case": case, "policy": policy, "command": saved_command(scenario)}


def saved_command(scenario: Scenario) -> str:
    """Gives the command that runs the case file of a saved scenario."""
    words = _words(scenario)
    asked = [words.get(name, name) for name in dict.fromkeys(scenario.names().values())]
    return shlex.join([
        "redqueen", "compare", _case_name(scenario), "--policies", ",".join(asked), "--to", scenario.reference, "--region",
        scenario.region, "--seeds", str(scenario.seeds), "--window", str(scenario.window),
    ])


def _case_name(scenario: Scenario) -> str:
    return f"{scenario.found.name}_{scenario.region}.toml"


def _words(scenario: Scenario) -> dict[str, str]:
    """Gives names that the case does not have yet for the page's policy and those pinned."""
    taken = set(scenario.found.policies)
    found = {}
    for name in scenario.names():
        found[name] = free_name(_MINE if name == PAGE else _OTHERS, taken)
        taken.add(found[name])
    return found


def free_name(name: str, taken: Collection[str]) -> str:
    """Gives a name, numbered where it is taken."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _named(policy: Policy, name: str) -> Policy:
    return replace(policy, name=name, question=policy.question or "What does the policy on the page do?")
