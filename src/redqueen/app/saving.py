"""What a page gives away: its state as a case file and a policy file, and a report that opens from disk."""

from __future__ import annotations

import datetime
from typing import Any

import anyio
from fastapi import APIRouter
from fastapi import Request as Asked
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from redqueen.app.answers import answer, asked_of
from redqueen.app.folder import Folder
from redqueen.app.live import address_of, command_of
from redqueen.lab.pool import Pool
from redqueen.report.case_page import case_document
from redqueen.report.saved import saved
from redqueen.report.scenario_page import scenario_page
from redqueen.studies.scenario import Scenario, read_scenario

__all__ = ["report_of", "router"]

router = APIRouter()
_HEADING = "Written by the app of redqueen.\nMade again, and shown there, by:\n  {command}"
#: Reports made at once: others wait, and hold no thread that the page needs.
_AT_ONCE = anyio.CapacityLimiter(2)


@router.post("/api/save")
async def save(request: Asked) -> Response:
    """Gives the page's state as files that the command line runs."""
    scenario = await _scenario(request)
    heading = _HEADING.format(command=command_of(scenario, address_of(request.url)))
    return answer(await run_in_threadpool(saved, scenario, heading))


@router.post("/api/report")
async def report(request: Asked) -> Response:
    """Gives the page's state as one HTML file, run whole."""
    scenario = await _scenario(request)
    arguments: tuple[Any, ...] = (scenario, request.app.state.pool, address_of(request.url))
    content = await anyio.to_thread.run_sync(report_of, *arguments, limiter=_AT_ONCE)
    name = f"{scenario.found.name}_{scenario.region}.html"
    return Response(content, media_type="text/html", headers={"Content-Disposition": f'attachment; filename="{name}"'})


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
