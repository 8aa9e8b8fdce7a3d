"""Live: a page asks what a policy would do, and pictures come as members of the trial do; the latest question of a page counts."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import anyio
import orjson
from fastapi import APIRouter, FastAPI, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL

from redqueen.app.answers import json_bytes
from redqueen.errors import Fault, Refused
from redqueen.lab.pool import Pool, Request
from redqueen.report.charts import VIEWS, Look, picture, variables_of_view
from redqueen.report.saved import saved_command
from redqueen.studies.scenario import PAGE, Scenario, link_of, read_scenario

if TYPE_CHECKING:
    from redqueen.app.folder import Folder

__all__ = ["address_of", "command_of", "router", "start", "stop"]

router = APIRouter()
#: Seconds between pictures of one question, but for the first and the last: this, and this share of what it has taken so far.
PAUSE, LONGER = 0.2, 0.4
#: Most bytes of a question.
MOST_BYTES = 256 << 10
_LOG = logging.getLogger("redqueen.app")


def start(app: FastAPI) -> None:
    """Makes the pool in which the members of all pages are run, and loads beforehand what the first picture needs."""
    app.state.pool = Pool()
    threading.Thread(target=lambda: importlib.import_module("xarray"), daemon=True).start()


def stop(app: FastAPI) -> None:
    """Ends the pool."""
    app.state.pool.close()


def command_of(scenario: Scenario, address: str) -> str:
    """Gives the command that runs again what a page shows; a case that was opened here is run by its file, as it is saved."""
    if scenario.case != scenario.found.name:
        return saved_command(scenario)
    return f"redqueen compare '{link_of(scenario.document(), address)}'"


def address_of(url: URL) -> str:
    """Gives the address of the app that a request was sent to."""
    return f"{'https' if url.scheme in ('wss', 'https') else 'http'}://{url.netloc}/"


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Answers the questions of one page, one at a time, until it leaves."""
    await socket.accept()
    page = _Page(socket)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(page.send)
            await page.receive()
            tasks.cancel_scope.cancel()
    finally:
        page.leave()


@dataclass
class _Question:
    """A question under way: what was asked, since when, what runs for it, and what was last sent of it."""

    number: Any
    scenario: Scenario
    view: str
    since: float
    request: Request | None = None
    sent: int = -1
    at: float = 0.0
    finished: bool = False


class _Page:
    """Holds the question that a page has under way."""

    def __init__(self, socket: WebSocket):
        self.socket = socket
        self.pool: Pool = socket.app.state.pool
        self.folder: Folder = socket.app.state.folder
        self.loop = asyncio.get_running_loop()
        self.news = asyncio.Event()
        self.turn = asyncio.Lock()
        self.question: _Question | None = None

    async def receive(self) -> None:
        """Takes questions as they come until the page leaves; a later one ends the earlier at once."""
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text") or message.get("bytes") or b""
            since = time.perf_counter()
            number: Any = None
            try:
                if len(text) > MOST_BYTES:
                    raise Refused.one("the question is too long")
                asked = orjson.loads(text)
                number = asked.get("id") if isinstance(asked, dict) else None
                await self._take(asked, number, since)
            except orjson.JSONDecodeError:
                await self._refuse(number, [Fault("the question is not JSON")], None)
            except Refused as refusal:
                await self._refuse(number, refusal.faults, refusal.heading)
            except Exception:
                _LOG.exception("a question could not be answered")
                await self._refuse(number, [Fault("this is a fault of redqueen; the server's log says more")], None)

    async def send(self) -> None:
        """Sends pictures of the question under way: as soon as there is one, then every now and then, and when all is there."""
        while True:
            await self.news.wait()
            self.news.clear()
            question = self.question
            if question is None or question.request is None or question.finished:
                continue
            pause = max(PAUSE, LONGER * (question.at - question.since))
            wait = question.at + pause - time.perf_counter()
            if question.sent >= 0 and wait > 0 and not question.request.done:
                self.loop.call_later(wait, self.news.set)
                continue
            try:
                await self._show(question)
            except Exception:
                # What cannot be drawn must not end the page, which would come back and ask the same.
                _LOG.exception("a picture could not be made")
                question.finished = True
                await self._refuse(question.number, [Fault("this is a fault of redqueen; the server's log says more")], None)

    def leave(self) -> None:
        """Ends what runs for the page."""
        if self.question is not None and self.question.request is not None:
            self.pool.cancel(self.question.request)
        self.question = None

    async def _take(self, asked: Any, number: Any, since: float) -> None:
        view = asked.get("view") if isinstance(asked, dict) else None
        if not isinstance(view, str) or view not in VIEWS:
            raise Refused.one("a question has an id, a scenario and a view", field="view", remedy=f"one of {', '.join(VIEWS)}")
        scenario = await run_in_threadpool(read_scenario, asked.get("scenario"), self.folder.find_case, check=False)
        command = command_of(scenario, self._address())
        trial = await run_in_threadpool(scenario.trial, None, command)
        question = _Question(number, scenario, view, since)
        before, self.question = self.question, question
        if before is not None and before.request is not None:
            self.pool.cancel(before.request)
        question.request = await run_in_threadpool(self.pool.ask, trial, self._told)
        self.news.set()

    def _told(self, request: Request) -> None:
        """Notes, from a thread of the pool, that a member has come in."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.news.set)

    async def _show(self, question: _Question) -> None:
        request = question.request
        assert request is not None
        run = _seeds_run(question)
        done = request.done
        if run == 0 or (run == question.sent and not done):
            return
        # What is there at once is shown at once; the whole picture follows.
        whole = done and question.sent >= 0
        frame = await run_in_threadpool(_frame, question, whole)
        if question is not self.question:
            return
        question.sent, question.at, question.finished = run, time.perf_counter(), whole
        await self._send(frame)
        if done and not whole:
            self.news.set()

    async def _refuse(self, number: Any, faults: list[Fault], heading: str | None) -> None:
        content = {"id": number, "heading": heading, "faults": [asdict(fault) for fault in faults]}
        text = self.folder.shown(json_bytes(content).decode())
        await self._send(text)

    async def _send(self, text: str) -> None:
        # A page may leave while something is on its way to it.
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            async with self.turn:
                await self.socket.send_text(text)

    def _address(self) -> str:
        return address_of(self.socket.url)


def _seeds_run(question: _Question) -> int:
    """Counts the seeds of which both the page's policy and the reference have come in."""
    request, scenario = question.request, question.scenario
    assert request is not None
    return min(request.run(scenario.names()[PAGE]), request.run(scenario.reference))


def _frame(question: _Question, whole: bool) -> str:
    request, scenario = question.request, question.scenario
    assert request is not None
    run = _seeds_run(question)
    result = request.result(variables_of_view(question.view, scenario, done=whole))
    content = {
        "id": question.number, "view": question.view, "seeds_run": run, "seeds": scenario.seeds, "done": whole,
        "command": request.trial.command, "picture": picture(question.view, Look(scenario, result, whole, request.firms)),
        "ms": 1e3 * (time.perf_counter() - question.since),
    }
    return json_bytes(content).decode()
