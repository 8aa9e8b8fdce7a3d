"""The command that serves the app."""

from __future__ import annotations

import argparse
import errno
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cli.asked import whole_number
from redqueen.errors import Faults, Refused, require

if TYPE_CHECKING:
    from redqueen.app.folder import Folder

#: Names the token and the folder where the options do not.
TOKEN, FOLDER = "REDQUEEN_TOKEN", "REDQUEEN_FOLDER"
HOST, PORT = "127.0.0.1", 8123
# Ports that are tried one after the other, and bytes that one message of a WebSocket may have.
_TRIED, _MESSAGE = 100, 1 << 18
_SHORT = 16
_GRACE = 2


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command of this file."""
    app = commands.add_parser("app", help="open the laboratory in a browser: move a lever, see the futures")
    app.add_argument("case", metavar="CASE", nargs="?", help="name of a bundled case, or a case file, to begin with")
    app.add_argument("--port", metavar="N", help=f"port to serve at (default: {PORT}, or the next that is free)")
    app.add_argument(
        "--host", metavar="H", default=HOST,
        help="address to serve at; another than this machine needs a token (default: %(default)s)",
    )
    app.add_argument(
        "--token", metavar="T", default=os.environ.get(TOKEN), help=f"what whoever asks must know (default: ${TOKEN}, or none)"
    )
    app.add_argument(
        "--folder", metavar="DIR", default=os.environ.get(FOLDER),
        help=f"where what is opened, run and recorded is kept (default: ${FOLDER}, or ~/.local/share/redqueen)",
    )
    app.add_argument("--seeds", metavar="N", help="seeds of a page that says nothing else (default: 24)")
    app.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    app.set_defaults(answer=_app)


def _app(asked: argparse.Namespace) -> None:
    uvicorn = require("uvicorn", "app")
    for library in ("fastapi", "websockets", "orjson"):
        require(library, "app")
    from redqueen.app.folder import Folder, usual_folder
    from redqueen.app.guard import is_local, is_token
    from redqueen.app.server import make_app
    from redqueen.studies.scenario import SEEDS

    faults = Faults()
    port = whole_number(asked.port, "--port", faults, least=0)
    if port is not None and port > 65535:
        faults.add(f"{port} is no port", field="--port", remedy="give 0 to 65535; 0 is any that is free")
        port = None
    seeds = whole_number(asked.seeds, "--seeds", faults, least=2)
    local = is_local(asked.host)
    token = asked.token or None
    if token is not None and not is_token(token):
        faults.add("a token has letters, digits and - . _ ~ alone", field="--token", remedy=f"such as {secrets.token_urlsafe(24)}")
    elif token is None and not local:
        faults.add(
            f"whoever reaches {asked.host} could use the laboratory and its files", field="--token",
            remedy=f"give a token, such as --token {secrets.token_urlsafe(24)}",
        )
    if asked.case is not None:
        _check_case(asked.case, faults)
    sockets = _listen(asked.host, port, faults)
    try:
        faults.refuse_if_any("redqueen app")
        folder = Folder(asked.folder or usual_folder())
    except Refused:
        _close(sockets)
        raise
    first = _first_case(asked.case, folder)
    address = _address(asked.host, sockets[0].getsockname()[1], token)
    folder.note_holder(address.partition("?")[0])
    if token is not None and not local and len(token) < _SHORT:
        print(f"Note: a token of fewer than {_SHORT} letters can be guessed.", file=sys.stderr)
    app = make_app(folder, host=asked.host, token=token, case=first, seeds=seeds or SEEDS)
    settings = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, ws_max_size=_MESSAGE, timeout_graceful_shutdown=_GRACE,
        lifespan="on", proxy_headers=False,
    )

    def ready() -> None:
        print(f"The laboratory is at {address}\nWhat is opened and run there is kept in {folder.root}. Ctrl-C ends it.", flush=True)
        if asked.browser and _has_display():
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    server = _announced(uvicorn.Server, ready)(settings)
    try:
        server.run(sockets=sockets)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Goodbye. What runs in the background goes on; redqueen app shows it again.") from None
    finally:
        _close(sockets)
        folder.close()


def _announced(kind: Any, ready: Callable[[], None]) -> Any:
    """Gives a server that says when it is ready."""

    class Announced(kind):  # type: ignore[misc]
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                ready()

    return Announced


def _listen(host: str, port: int | None, faults: Faults) -> list[socket.socket]:
    """Opens the port that is asked for, or the first free one; notes where that cannot be."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, place = found[0][0], found[0][4][0]
    except (OSError, UnicodeError) as error:
        faults.add(f"'{host}' is no address of this machine: {getattr(error, 'strerror', None) or error}", field="--host")
        return []
    reason = ""
    for one in range(PORT, PORT + _TRIED) if port is None else [port]:
        opened = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((place, one))
            opened.listen(128)
            return [opened]
        except OSError as error:
            opened.close()
            reason = error.strerror or str(error)
            if error.errno == errno.EADDRNOTAVAIL:
                faults.add(f"'{host}' is no address of this machine", field="--host")
                return []
    which = f"{PORT} to {PORT + _TRIED - 1} are" if port is None else f"{port} is"
    faults.add(f"{which} not free: {reason[:1].lower()}{reason[1:]}", field="--port", remedy="leave --port out, or give another")
    return []


def _check_case(named: str, faults: Faults) -> None:
    from redqueen.cases.case import case

    try:
        case(named)
    except Refused as refusal:
        faults.extend(refusal.faults)


def _first_case(named: str | None, folder: Folder) -> str | None:
    """Gives the name of the case that the page begins with; a case file is opened in the folder."""
    from redqueen.cases.case import bundled

    if named is None or named in bundled():
        return named
    from redqueen.app.files import open_here

    return str(open_here(folder, Path(named))["case"])


def _address(host: str, port: int, token: str | None) -> str:
    if host in ("0.0.0.0", "::", ""):
        host = socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/{f'?token={token}' if token else ''}"


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _has_display() -> bool:
    """Says whether a browser could be seen here."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

