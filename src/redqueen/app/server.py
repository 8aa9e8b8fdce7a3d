"""The server: puts page, answers and guard together. Whatever takes time runs in threads; the event loop only passes on."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

import redqueen
from redqueen.app.answers import answer, refusal, refusal_of, shown_fault
from redqueen.app.folder import Folder
from redqueen.app.guard import Guard, is_local, names_of
from redqueen.errors import Fault, Refused
from redqueen.studies.scenario import MOST_PINNED, MOST_SEEDS, SEEDS
from redqueen.writing import is_of_the_disk

__all__ = ["BODY_BYTES", "UPLOAD_BYTES", "make_app"]

#: Most bytes of a file that is opened, and of anything else that is sent.
UPLOAD_BYTES, BODY_BYTES = 256 << 20, 1 << 20
STATIC = Path(__file__).parent / "static"
# Each has a `router`; what has work of its own also `start(app)` and `stop(app)`.
_MODULES = ("files", "evidence", "jobs", "goals", "cases", "saving", "live")


def make_app(
    folder: str | Path | Folder, *, host: str = "127.0.0.1", token: str | None = None, case: str | None = None, seeds: int = SEEDS,
    upload_bytes: int = UPLOAD_BYTES,
) -> FastAPI:
    """Makes the app on a folder, to be served on a host.

    Routes find in `request.app.state`: `folder`, `local` (on this machine alone), `seeds`, `case` (to open first) and
    `upload_bytes`. `Refused` becomes 422, anything else that goes wrong 500 and a traceback in the log.
    """
    app = FastAPI(title="redqueen", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_life)
    state = app.state
    state.folder = folder if isinstance(folder, Folder) else Folder(folder)
    state.local, state.token, state.seeds, state.case, state.upload_bytes = is_local(host), token, seeds, case, upload_bytes
    state.modules = _modules()
    app.include_router(router)
    for module in state.modules:
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")
    app.add_exception_handler(Refused, _answer_refused)
    app.add_exception_handler(RequestValidationError, _answer_words)
    app.add_exception_handler(OSError, _answer_disk)
    app.add_exception_handler(HTTPException, _answer_unknown)
    app.add_exception_handler(Exception, _answer_fault)
    app.add_middleware(Guard, names=names_of(host), numbers=not state.local, token=token, limit_of=_limit_of(upload_bytes))
    return app


router = APIRouter()


@router.get("/")
async def page() -> Response:
    """Gives the page."""
    index = STATIC / "index.html"
    if not index.is_file():
        return PlainTextResponse("The page is not built: npm ci && npm run build in web/ of a checkout builds it.\n", 503)
    return FileResponse(index, media_type="text/html")


@router.get("/api/about")
async def about(request: Request) -> Response:
    """Says what this server is, and what it takes."""
    state = request.app.state
    return answer(await run_in_threadpool(_about, state))


def _about(state: State) -> dict[str, object]:
    return {
        "redqueen": redqueen.__version__,
        # Where others ask, the folder is nobody's business.
        "folder": str(state.folder.root) if state.local else "",
        "local": state.local,
        "limits": {"upload_bytes": state.upload_bytes, "seeds": MOST_SEEDS, "pinned": MOST_PINNED},
        "case": state.case,
        "seeds": state.seeds,
        # A link that does not say how many means the same on every server, and in a terminal.
        "seeds_of_links": SEEDS,
    }


@contextlib.asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    for module in app.state.modules:
        if hasattr(module, "start"):
            await run_in_threadpool(module.start, app)
    try:
        yield
    finally:
        for module in app.state.modules:
            if hasattr(module, "stop"):
                await run_in_threadpool(module.stop, app)
        app.state.folder.close()


def _modules() -> list[ModuleType]:
    found = []
    for name in _MODULES:
        whole = f"redqueen.app.{name}"
        if importlib.util.find_spec(whole) is not None:
            found.append(importlib.import_module(whole))
    return found


def _limit_of(upload_bytes: int) -> Callable[[str, str], int]:
    def limit_of(method: str, path: str) -> int:
        return upload_bytes if method == "PUT" and path == "/api/files" else BODY_BYTES

    return limit_of


async def _answer_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    shown = request.app.state.folder.shown
    faults = [shown_fault(fault, shown) for fault in error.faults]
    return refusal_of(faults, None if error.heading is None else shown(error.heading))


async def _answer_words(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # "loc" is where it stands, such as ("query", "year"); what was given is not said again.
    faults = [Fault(str(one["msg"]), field=".".join(map(str, one["loc"][1:])) or None) for one in error.errors()]
    return refusal_of(faults, "the request cannot be read")


async def _answer_unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {404: "there is no such address", 405: "this address is not asked in that way"}
    message = str(error.detail)
    usual = message in ("Not Found", "Method Not Allowed")
    return refusal(error.status_code, words.get(error.status_code, message) if usual else message)


async def _answer_disk(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if not is_of_the_disk(error):
        raise error
    return refusal(
        507, f"nothing can be written in the app's folder: {error.strerror}", remedy="make room on its disk, and ask again"
    )


async def _answer_fault(request: Request, error: Exception) -> Response:
    # Starlette raises it again once this is sent, and uvicorn writes the traceback.
    return refusal(
        500, "something went wrong in redqueen itself, not in what was asked", remedy="the terminal in which it runs shows what"
    )
