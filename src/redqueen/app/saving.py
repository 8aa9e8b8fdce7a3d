"""What a page gives away: its state as a case file and a policy file, and a report that opens from disk."""

from __future__ import annotations

import datetime
import shlex
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi import Request as Asked
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from redqueen.app.answers import answer, asked_of
from redqueen.app.folder import Folder
from redqueen.app.live import command_of
from redqueen.lab.pool import Pool
from redqueen.policies.policy import Policy
from redqueen.policies.writing import case_policy_text, policy_text, stands_alone
from redqueen.report.case_page import case_document
from redqueen.report.scenario_page import scenario_page
from redqueen.studies.scenario import PAGE, Scenario, read_scenario

__all__ = ["report_of", "router", "saved"]

router = APIRouter()
_HEADING = "Written by the app of redqueen.\nMade again, and shown there, by:\n  {command}"


@router.post("/api/save")
async def save(request: Asked) -> Response:
    """Gives the page's state as files that the command line runs."""
    scenario = await _scenario(request)
    return answer(await run_in_threadpool(saved, scenario, _address(request)))


@router.post("/api/report")
async def report(request: Asked) -> Response:
    """Gives the page's state as one HTML file, run whole."""
    scenario = await _scenario(request)
    state = request.app.state
    content = await run_in_threadpool(report_of, scenario, state.pool, _address(request))
    name = f"{scenario.found.name}_{scenario.region}.html"
    return Response(content, media_type="text/html", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def saved(scenario: Scenario, address: str) -> dict[str, Any]:
    """Writes a scenario down: the case file with its policies at the end, the page's policy by itself, and the command that runs them.

    The policy is None where governments choose among policies that only the case knows.
    """
    found = scenario.found
    with open(found.file, encoding="utf-8-sig") as stream:
        text = stream.read()
    heading = _HEADING.format(command=command_of(scenario, address))
    runs = scenario.names()
    policies = {name: policy for name, policy in scenario.policies().items() if name in runs}
    words = {name: _free(name, found.policies) for name in policies}
    parts = [
        case_policy_text(_named(policy, words[name]), found.sources, heading=heading if name == PAGE else "")
        for name, policy in policies.items()
    ]
    case_name = f"{found.name}_{scenario.region}.toml"
    alone = policies.get(PAGE)
    policy = None
    if alone is not None and stands_alone(alone):
        policy = {"name": "my_policy.toml", "text": policy_text(_named(alone, "my_policy"), heading=heading)}
    asked = [words.get(name, name) for name in dict.fromkeys(runs.values())]
    command = [
        "redqueen", "compare", case_name, "--policies", ",".join(asked), "--to", scenario.reference, "--region", scenario.region,
        "--seeds", str(scenario.seeds), "--window", str(scenario.window),
    ]
    return {"case": {"name": case_name, "text": "\n".join([text.rstrip("\n"), "", *parts])}, "policy": policy, "command": shlex.join(command)}


def report_of(scenario: Scenario, pool: Pool, address: str) -> str:
    """Runs a scenario whole and gives its report."""
    command = command_of(scenario, address)
    request = pool.run(scenario.trial(command=command))
    made = datetime.date.today().isoformat()
    return scenario_page(scenario, request, case_document(scenario.found, scenario.case), command=command, made=made)


async def _scenario(request: Asked) -> Scenario:
    folder: Folder = request.app.state.folder
    content = await asked_of(request)
    return await run_in_threadpool(read_scenario, content.get("scenario"), folder.find_case)


def _named(policy: Policy, name: str) -> Policy:
    return replace(policy, name=name, question=policy.question or "What does the policy on the page do?")


def _free(name: str, taken: Any) -> str:
    """Gives a name that the case does not have yet."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _address(request: Asked) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/"
