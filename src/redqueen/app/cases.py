"""Cases: which there are, and all that a page shows of one: question, regions, policies, levers, outcomes, sources."""

from __future__ import annotations

import contextlib
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from redqueen.app.answers import answer, unknown
from redqueen.app.folder import BROUGHT, FILES, Folder
from redqueen.cases.case import bundled, case
from redqueen.errors import Refused
from redqueen.policies.policy import catalogue, read_policy
from redqueen.report.case_page import case_document, uses_document

__all__ = ["cases_document", "router"]

router = APIRouter()
_FILE = "file:"


@router.get("/api/cases")
async def get_cases(request: Request) -> Response:
    """Lists the bundled cases, and those opened here."""
    return answer(await run_in_threadpool(cases_document, request.app.state.folder))


@router.get("/api/cases/{name}")
async def get_case(request: Request, name: str) -> Response:
    """Gives what a page shows of a case."""
    return answer(await run_in_threadpool(lambda: case_document(request.app.state.folder.find_case(name), name)))


@router.get("/api/cases/{name}/base/{policy}")
async def get_base(request: Request, name: str, policy: str, region: str = "") -> Response:
    """Says what a policy of the case, of the catalogue, or of a file that was opened ("file:" and its id) does in a region."""
    return answer(await run_in_threadpool(_base, request.app.state.folder, name, policy, region))


def cases_document(folder: Folder) -> list[dict[str, Any]]:
    """Lists cases with their questions."""
    found = [(name, case(name)) for name in bundled()]
    files: dict[str, str] = {}
    for identity in folder.ids(FILES):
        if folder.about(folder.place(FILES, identity)).get("kind") == "case":
            # A file that was opened by an earlier version may have become faulty, or be gone.
            with contextlib.suppress(Refused, HTTPException):
                found.append((f"{BROUGHT}{identity}", folder.find_case(f"{BROUGHT}{identity}")))
                files[f"{BROUGHT}{identity}"] = folder.file(identity).name
    return [
        {
            "name": name, "title": f"{one.title} ({files[name]})" if name in files else one.title,
            "question": one.question, "regions": len(one.world.regions), "policies": len(one.policies),
            "brought": name.startswith(BROUGHT), "quarters": one.world.quarters,
        }
        for name, one in found
    ]


def _base(folder: Folder, name: str, policy: str, region: str) -> dict[str, Any]:
    found = folder.find_case(name)
    region = region or found.region
    if region not in found.world.regions:
        known = ", ".join(found.world.regions)
        raise Refused.one(f"{found.name} has no region '{region}'", field="region", remedy=f"it has {known}")
    if policy.startswith(_FILE):
        read = read_policy(folder.file(policy.removeprefix(_FILE)), found.world, region)
    elif policy in found.policies or policy in catalogue():
        read = found.policy(policy, region)
    else:
        raise unknown(f"{found.name} has no policy '{policy}'")
    return {"levers": uses_document(read, found, region), "decides": bool(read.governments)}
