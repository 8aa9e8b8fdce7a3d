"""Files that are opened: recognised by what they hold, kept in the folder, named by an id; a file with faults is not kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from redqueen.app.answers import answer, unknown
from redqueen.app.folder import ABOUT, BROUGHT, FILES, GOALS, Folder, clean_name, now, write_json
from redqueen.app.recognising import SECONDS, names_in
from redqueen.errors import Fault, Refused

__all__ = ["copy_named", "keep_file", "listed", "open_here", "read_apart", "recognised", "router"]

router = APIRouter()
_HEADING = "the file cannot be opened"
# Readers of large files take memory: one at a time. What is shown of a kept file: of its record, these.
_TURN = threading.Lock()
_SHOWN = (
    "id", "name", "kind", "summary", "bytes", "added", "notes", "measures", "regions", "years", "case", "goals", "format", "of",
    "rows",
)


@router.put("/api/files")
async def put_file(request: Request, name: str, year: Annotated[int | None, Query(ge=1, le=9999)] = None) -> Response:
    """Opens a file: takes its bytes as they come, recognises it, keeps it; refuses it with its faults."""
    folder: Folder = request.app.state.folder
    kept = clean_name(name)
    identity, draft = folder.new(FILES)
    try:
        with (draft / kept).open("xb") as stream:
            async for block in request.stream():
                if block:
                    await run_in_threadpool(stream.write, block)
        found = await run_in_threadpool(
            keep_file, folder, identity, draft, kept, name, year, local=request.app.state.local
        )
    finally:
        await run_in_threadpool(shutil.rmtree, draft, True)
    return answer(found)


@router.get("/api/files")
async def get_files(request: Request) -> Response:
    """Lists the files that are opened here."""
    return answer(await run_in_threadpool(listed, request.app.state.folder))


@router.delete("/api/files/{identity}")
async def delete_file(request: Request, identity: str) -> Response:
    """Closes a file: removes it from the folder; the one that it was copied from stays where it is."""
    await run_in_threadpool(request.app.state.folder.remove, FILES, identity)
    return answer({"removed": identity})


def open_here(folder: Folder, path: Path) -> dict[str, Any]:
    """Opens a file of this machine in the folder, as if it had been sent."""
    name = clean_name(path.name)
    identity, draft = folder.new(FILES)
    try:
        shutil.copyfile(path, draft / name)
        return keep_file(folder, identity, draft, name, path.name, None, local=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def keep_file(
    folder: Folder, identity: str, draft: Path, name: str, said: str, year: int | None, *, local: bool
) -> dict[str, Any]:
    """Recognises what lies in a draft and settles it; gives what is said of it. The same file is kept once."""
    place = draft / name
    size, digest = place.stat().st_size, _digest(place)
    for other in listed(folder):
        same = (other["name"], other["bytes"]) == (name, size)
        if same and folder.about(folder.place(FILES, other["id"])).get("sha256") == digest:
            if year is None and ("goals" not in other or (folder.root / GOALS / other["goals"]).is_dir()):
                return _answered(folder, other["id"])
    if not size:
        raise Refused.one("the file is empty", file=said, heading=_HEADING)
    if place.suffix.lower() == ".toml":
        copy_named(folder, place)
    found = recognised(place, said, year, local=local)
    about = {**found, "id": identity, "name": name, "bytes": size, "sha256": digest, "added": now(), "year": year}
    if found["kind"] == "case":
        about["case"] = f"{BROUGHT}{identity}"
    if found["kind"] == "goals":
        from redqueen.app.goals import adopt

        about["goals"] = adopt(folder, place, found["about"])
    write_json(draft / ABOUT, about)
    folder.settle(FILES, identity, draft)
    return _answered(folder, identity)


def recognised(place: Path, said: str | None = None, year: int | None = None, *, local: bool = True) -> dict[str, Any]:
    """Recognises a file in a process of its own; raises `Refused` with its faults, which bear the name that the user gave."""
    name = said or place.name
    found = read_apart(place, year, name)
    if "faults" in found:
        faults = [_renamed(Fault(**fault), place, name) for fault in found["faults"]]
        raise Refused(faults, None if found["heading"] is None else found["heading"].replace(str(place), name))
    if not local and place.suffix.lower() == ".toml":
        from redqueen.app.recognising import check_names

        check_names(place, local=False)
    return found


def read_apart(place: Path, year: int | None, name: str) -> dict[str, Any]:
    """Gives what a process of its own, whose memory and time are limited, says of a file; refuses it where that does not end well.
    """
    words = [sys.executable, "-m", "redqueen.app.recognising", str(place), *([] if year is None else [str(year)])]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    try:
        with _TURN:
            done = subprocess.run(words, capture_output=True, env=environment, timeout=2 * SECONDS, stdin=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Refused.one("reading it takes too long", file=name, heading=_HEADING) from None
    except ValueError:
        # A signal, or a parser that ended the process: what it said last is for the log alone.
        sys.stderr.buffer.write(done.stderr[-4000:])
        words_of = "reading it takes more memory or time than there is for it, or ends the reader"
        raise Refused.one(words_of, file=name, heading=_HEADING, remedy="is it whole, and of a known layout?") from None
    return found


def copy_named(folder: Folder, place: Path) -> None:
    """Puts beside a trial or goals file what it names of the files that are opened here, the latest of each name."""
    try:
        names = names_in(place)
    except Refused:
        return
    here = {one["name"]: one["id"] for one in listed(folder)}
    for name in names:
        if name in here and name != place.name and not (place.parent / name).exists():
            shutil.copyfile(folder.file(here[name]), place.parent / name)


def listed(folder: Folder) -> list[dict[str, Any]]:
    """Lists the files that are opened, the first first."""
    found = []
    for identity in folder.ids(FILES):
        about = folder.about(folder.root / FILES / identity)
        if about.get("id") == identity:
            found.append({key: about[key] for key in _SHOWN if key in about})
    return found


def tables_of(folder: Folder, identities: list[str]) -> dict[str, Mapping[str, Any]]:
    """Gives the records of opened files that are tables or registers; refuses an id of anything else."""
    found: dict[str, Mapping[str, Any]] = {}
    for identity in dict.fromkeys(identities):
        about = folder.about(folder.place(FILES, identity))
        if about.get("kind") not in ("table", "register"):
            raise Refused.one(f"is a {about.get('kind', 'file')}, not a table of evidence", file=about.get("name"), field="files")
        found[identity] = about
    return found


def _answered(folder: Folder, identity: str) -> dict[str, Any]:
    about = folder.about(folder.place(FILES, identity))
    if not about:
        raise unknown("the file is no longer there")
    return {key: about[key] for key in (*_SHOWN, "policy") if key in about}


def _renamed(fault: Fault, place: Path, name: str) -> Fault:
    """Puts the user's name of a file in the place of where it lies here."""

    def shown(text: str | None) -> str | None:
        return None if text is None else text.replace(str(place), name).replace(f"{place.parent}{os.sep}", "")

    return replace(fault, file=shown(fault.file) or name, message=str(shown(fault.message)), remedy=shown(fault.remedy))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
