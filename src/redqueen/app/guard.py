"""Who may ask: every request and every WebSocket is checked here before anything of the app sees it.

A server on one's own machine can be reached by any page that a browser shows. What stops such a page: its `Host`, when a name was
made to point here; its `Origin`; and that a header of our own cannot be sent across origins without asking first.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redqueen.app.answers import TooLarge, refusal

__all__ = ["HEADER", "POLICY", "Guard", "is_local", "is_token", "names_of", "token_fits"]

#: The header that requests which change something carry, and its value.
HEADER = (b"x-redqueen", b"1")
#: What a page of this server may load and do: nothing from elsewhere.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_CHANGING = frozenset({"POST", "PUT", "DELETE", "PATCH"})
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{1,5})?")
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: Seconds before a wrong token is answered.
_PAUSE = 0.5
_QUERY = "token"


class Guard:
    """Refuses what comes from elsewhere, and sees to the headers of every answer.

    `names` are those by which the server may be addressed, with `numbers` any address in numbers as well; `token`, where there is
    one, must come with everything, once in the address of the page and then as a cookie; `limit_of` says how many bytes may be
    sent, by method and path.
    """

    def __init__(
        self, app: ASGIApp, *, names: Iterable[str], numbers: bool, token: str | None, limit_of: Callable[[str, str], int]
    ):
        self.app, self.names, self.numbers, self.token, self.limit_of = app, frozenset(names), numbers, token, limit_of
        # Cookies know no ports: two servers of one machine keep theirs apart by name.
        self.cookie = None if token is None else f"redqueen_{hashlib.sha256(token.encode()).hexdigest()[:12]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        sent = _guarded(send, scope)
        answered = self._refused(scope) or self._entered(scope)
        if answered is not None:
            if answered.status_code == 401:
                await asyncio.sleep(_PAUSE)
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
                return
            await answered(scope, receive, sent)
            return
        limit = self.limit_of(scope.get("method", "GET"), scope["path"])
        length = _header(scope, b"content-length")
        if length is not None and length.isdigit() and int(length) > limit:
            await _too_large(limit)(scope, receive, sent)
            return
        await self.app(scope, _counted(receive, limit), sent)

    def _refused(self, scope: Scope) -> Response | None:
        """Gives the refusal of a foreign host, a foreign origin, a missing header, or an address that no page sends."""
        hosts, origins = _headers(scope, b"host"), _headers(scope, b"origin")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if not self._is_ours(host):
            return refusal(421, "this server does not answer to that name", remedy="open the address that redqueen app printed")
        if len(origins) > 1 or (origins and not _same(origins[0].lower(), host)):
            return refusal(403, "another page may not ask this server")
        if scope["type"] == "websocket" and not origins:
            return refusal(403, "a WebSocket must say which page opens it", remedy="send the header Origin")
        asks = scope["path"].startswith("/api") or scope["type"] == "websocket"
        if asks and (_header(scope, b"sec-fetch-site") or "same-origin") not in ("same-origin", "none"):
            return refusal(403, "another page may not ask this server")
        if scope.get("method") in _CHANGING and _headers(scope, HEADER[0]) != [HEADER[1].decode()]:
            return refusal(403, "the header X-Redqueen is missing", remedy="send X-Redqueen: 1")
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in scope["path"]):
            return refusal(404, "there is no such address")
        return None

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"]
        if name in self.names:
            return True
        return self.numbers and _is_number(name)

    def _entered(self, scope: Scope) -> Response | None:
        """Gives None to who knows the token; to who brings it in the page's address a cookie, and the address without it."""
        if self.token is None:
            return None
        assert self.cookie is not None
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        brought = [value for key, value in query if key == _QUERY]
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/" and brought:
            if len(brought) != 1 or not token_fits(brought[0], self.token):
                return _who()
            rest = urlencode([(key, value) for key, value in query if key != _QUERY])
            secure = "; Secure" if scope.get("scheme") == "https" else ""
            cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax{secure}"
            return Response(status_code=303, headers={"location": f"/?{rest}" if rest else "/", "set-cookie": cookie})
        for given in self._given(scope):
            if token_fits(given, self.token):
                return None
        return _who()

    def _given(self, scope: Scope) -> list[str]:
        words = [value.removeprefix("Bearer ") for value in _headers(scope, b"authorization") if value.startswith("Bearer ")]
        for line in _headers(scope, b"cookie"):
            for part in line.split(";"):
                name, _, value = part.strip().partition("=")
                if name == self.cookie:
                    words.append(value)
        return words


def token_fits(given: str, token: str) -> bool:
    """Says whether a token is the one, in a time that tells nothing of it."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())


def is_token(text: str) -> bool:
    """Says whether a text can be a token: letters, digits and - . _ ~ alone, which addresses and cookies carry as they are."""
    return _TOKEN.fullmatch(text) is not None


def is_local(host: str) -> bool:
    """Says whether a host is this machine alone."""
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_loopback for one in found)


def names_of(host: str) -> frozenset[str]:
    """Gives the names by which a server on that host may be addressed."""
    if is_local(host):
        return _LOCAL | {_bracketed(host)}
    return _LOCAL | {_bracketed(host), socket.gethostname().lower(), socket.getfqdn().lower()}


def _bracketed(host: str) -> str:
    return f"[{host}]".lower() if ":" in host else host.lower()


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _same(origin: str, host: str) -> bool:
    """Says whether an origin is the server itself, under the name it was addressed by."""
    scheme, _, place = origin.partition("://")
    usual = {"http": ":80", "https": ":443"}.get(scheme)
    return usual is not None and place.removesuffix(usual) == host.removesuffix(usual)


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _header(scope: Scope, name: bytes) -> str | None:
    found = _headers(scope, name)
    return found[0] if found else None


def _who() -> Response:
    remedy = "open the address that redqueen app printed, which ends in ?token="
    return refusal(401, "this server asks for its token", remedy=remedy)


def _too_large(limit: int) -> Response:
    return refusal(413, str(TooLarge(limit).detail))


def _counted(receive: Receive, limit: int) -> Receive:
    """Counts what arrives, whatever its header said of it."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise TooLarge(limit)
        return message

    return counted


def _guarded(send: Send, scope: Scope) -> Send:
    """Adds the headers that every answer has."""
    ours: list[tuple[bytes, bytes]] = list(_HEADERS)
    ours.append((b"cache-control", b"no-store" if not scope["path"].startswith("/static/") else b"no-cache"))

    async def guarded(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            names = {key for key, _ in ours}
            kept: list[Any] = [(key, value) for key, value in message.get("headers", []) if key.lower() not in names]
            message = {**message, "headers": [*kept, *ours]}
        await send(message)

    return guarded
