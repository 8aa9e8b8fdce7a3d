"""How the server answers: JSON in which NaN is null, and refusals that name every fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redqueen.errors import Fault, Refused

__all__ = ["TooLarge", "answer", "asked_of", "json_bytes", "refusal", "refusal_of", "shown_fault", "size_words", "unknown"]

_JSON = "application/json"


class TooLarge(HTTPException):
    """Refuses a body that is larger than may be sent to an address."""

    def __init__(self, limit: int):
        super().__init__(413, f"more than {size_words(limit)} were sent; this is the most that is taken here")


def answer(content: Any, status: int = 200) -> Response:
    """Gives content as JSON."""
    return Response(json_bytes(content), status, media_type=_JSON)


def json_bytes(content: Any) -> bytes:
    """Gives JSON in UTF-8; numbers that are not finite are null, NumPy's are Python's."""
    return orjson.dumps(content, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def refusal(status: int, message: str, *, remedy: str | None = None, heading: str | None = None) -> Response:
    """Gives the answer to a request that is refused for one reason."""
    return answer({"heading": heading, "faults": [asdict(Fault(message, remedy=remedy))]}, status)


def refusal_of(faults: Iterable[Fault], heading: str | None) -> Response:
    """Gives the answer to an input with faults."""
    return answer({"heading": heading, "faults": [asdict(fault) for fault in faults]}, 422)


def shown_fault(fault: Fault, shown: Callable[[str], str]) -> Fault:
    """Gives a fault as a page may see it: texts without places of the folder."""
    return replace(
        fault, message=shown(fault.message), file=None if fault.file is None else shown(fault.file) or None,
        remedy=None if fault.remedy is None else shown(fault.remedy),
    )


async def asked_of(request: Request) -> dict[str, Any]:
    """Reads the JSON object that a request carries; refuses anything else."""
    body = await request.body()
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused.one(f"what was sent is not JSON: {error}", heading="the request cannot be read") from None
    if not isinstance(content, dict):
        raise Refused.one("what was sent is not a JSON object", heading="the request cannot be read")
    return content


def unknown(what: str, remedy: str | None = None) -> HTTPException:
    """Gives the refusal of something that is not here."""
    return HTTPException(404, f"{what}{f' ({remedy})' if remedy else ''}")


def size_words(size: float) -> str:
    """Writes a number of bytes in words."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return value.item()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
