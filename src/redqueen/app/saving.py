"""What a page gives away: its state as a case file and a policy file, and a report that opens from disk."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from typing import TYPE_CHECKING

import anyio
from fastapi import APIRouter
from fastapi import Request as Asked
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from redqueen.app.answers import answer, asked_of
from redqueen.app.folder import Folder
from redqueen.app.live import address_of, command_of
from redqueen.lab.pool import Pool, Request
from redqueen.report.case_page import case_document
from redqueen.report.saved import saved
from redqueen.report.scenario_page import scenario_page
from redqueen.studies.scenario import Scenario, read_scenario

if TYPE_CHECKING:
    from redqueen.lab.trial import Trial

__all__ = ["router"]

router = APIRouter()
_HEADING = "Written by the app of redqueen.\nMade again, and shown there, by:\n  {command}"
#: Reports made at once, seconds between looks whether the page is still there, and the status of an answer that nobody waits for.
_AT_ONCE, _LOOK, _LEFT = anyio.CapacityLimiter(2), 0.5, 499


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
    command = command_of(scenario, address_of(request.url))
    async with _AT_ONCE:
        ran = await _run(request, scenario.trial(command=command))
        if ran is None:
            return Response(status_code=_LEFT)
        content = await run_in_threadpool(_page_of, scenario, ran, command)
    name = f"{scenario.found.name}_{scenario.region}.html"
    return Response(content, media_type="text/html", headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _run(page: Asked, trial: Trial) -> Request | None:
    """Runs a trial to its end; None, and what runs for it is stopped, where the page that asked has left."""
    pool: Pool = page.app.state.pool
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def told(request: Request) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(news.set)

    request = await run_in_threadpool(pool.ask, trial, told)
    try:
        while True:
            news.clear()
            if request.done:
                return request
            if request.cancelled or await page.is_disconnected():
                return None
            with anyio.move_on_after(_LOOK):
                await news.wait()
    finally:
        pool.cancel(request)


def _page_of(scenario: Scenario, request: Request, command: str) -> str:
    made = datetime.date.today().isoformat()
    return scenario_page(scenario, request, case_document(scenario.found, scenario.case), command=command, made=made)


async def _scenario(request: Asked) -> Scenario:
    folder: Folder = request.app.state.folder
    content = await asked_of(request)
    return await run_in_threadpool(read_scenario, content.get("scenario"), folder.find_case)
