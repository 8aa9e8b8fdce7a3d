"""Jobs: commands of redqueen that take long, one at a time, each in processes of its own that no closing of page or server ends."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from redqueen.app.answers import answer, asked_of, shown_fault
from redqueen.app.errand import is_there
from redqueen.app.errands import Errand, errand_of
from redqueen.app.folder import GOALS, JOBS, Folder, now, read_json, write_json
from redqueen.errors import Fault, Refused

__all__ = ["CANCELLED", "DONE", "FAILED", "RUNNING", "STOPPED", "WAITING", "Jobs", "router"]

_LOG = logging.getLogger("redqueen.app")

router = APIRouter()
WAITING, RUNNING, DONE, FAILED, STOPPED, CANCELLED = "waiting", "running", "done", "failed", "stopped", "cancelled"
_OPEN = (WAITING, RUNNING)
_JOB, _PROCESS, _RC, _OUT, _ERR, _PROGRESS = "job.json", "process.json", "rc", "stdout", "stderr", "progress.json"
_FAULTS = "faults.json"
#: Most jobs that wait or run, seconds between two looks at them, and seconds until one that says nothing of its process has none.
_MOST, _APART, _LATE = 50, 0.25, 20.0
#: Exit codes of redqueen.
_REFUSED, _INTERRUPTED = 2, 130
_TOLD, _LETTERS = 40, 64_000
_SHOWN = ("id", "kind", "title", "command", "state", "started", "ended", "faults", "goals")


def start(app: FastAPI) -> None:
    """Finds the jobs of the folder again, and sees to them from now on."""
    app.state.jobs = Jobs(app.state.folder)
    app.state.jobs.begin()


def stop(app: FastAPI) -> None:
    """Leaves the jobs to themselves."""
    app.state.jobs.leave()


@router.post("/api/jobs")
async def post_job(request: Request) -> Response:
    """Begins a job."""
    asked = await asked_of(request)
    return answer(await run_in_threadpool(request.app.state.jobs.add, asked), 201)


@router.get("/api/jobs")
async def get_jobs(request: Request) -> Response:
    """Lists the jobs, the first first."""
    return answer(await run_in_threadpool(request.app.state.jobs.listed))


@router.get("/api/jobs/{identity}")
async def get_job(request: Request, identity: str) -> Response:
    """Gives a job, with its result where it is done."""
    return answer(await run_in_threadpool(request.app.state.jobs.shown, identity, result=True))


@router.delete("/api/jobs/{identity}")
async def delete_job(request: Request, identity: str) -> Response:
    """Cancels a job that waits or runs; forgets one that has ended."""
    return answer(await run_in_threadpool(request.app.state.jobs.drop, identity))


@router.post("/api/jobs/{identity}/again")
async def again(request: Request, identity: str) -> Response:
    """Goes on with a job that was stopped: the same command, which finds what is kept."""
    return answer(await run_in_threadpool(request.app.state.jobs.again, identity))


class Jobs:
    """Keeps the jobs of a folder: begins one when none runs, notes how each ended.

    What is known of a job lies in its own folder, so that a server that was killed finds it again: `job.json` is written here
    alone, everything else by the job's processes.
    """

    def __init__(self, folder: Folder):
        self.folder = folder
        self._turn = threading.RLock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="jobs", daemon=True)

    def begin(self) -> None:
        """Looks after the jobs from now on."""
        self.look()
        self._thread.start()

    def leave(self) -> None:
        """Looks after them no more; what runs goes on."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def add(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Begins a job, or lets it wait for its turn."""
        options = asked.get("options") or {}
        if not isinstance(options, dict):
            raise Refused.one("must be an object", field="options", heading="the job cannot be begun")
        if sum(one["state"] in _OPEN for one in self._all()) >= _MOST:
            raise Refused.one(f"{_MOST} jobs wait already", heading="the job cannot be begun", remedy="cancel one")
        identity, draft = self.folder.new(JOBS)
        try:
            kind = str(asked.get("kind"))
            errand = errand_of(self.folder, draft, kind, asked.get("scenario"), options)
            write_json(draft / _JOB, self._job(identity, kind, errand))
            with self._turn:
                self.folder.settle(JOBS, identity, draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        self.look()
        return self.shown(identity)

    def listed(self) -> list[dict[str, Any]]:
        """Lists the jobs as the page shows them, without results."""
        return [self._shown(one) for one in self._all()]

    def shown(self, identity: str, *, result: bool = False) -> dict[str, Any]:
        """Gives a job as the page shows it."""
        self.look()
        place = self.folder.place(JOBS, identity)
        job = read_json(place / _JOB)
        shown = self._shown(job)
        if result:
            shown["result"] = _result(place, job) if job["state"] == DONE else None
        return shown

    def drop(self, identity: str) -> dict[str, Any]:
        """Cancels a job that waits or runs; removes one that has ended."""
        with self._turn:
            self.look()
            place = self.folder.place(JOBS, identity)
            job = read_json(place / _JOB)
            if job["state"] in _OPEN:
                self._note(job, state=CANCELLED, ended=now())
                self._end(identity, place)
                return self._shown(job)
            self._end(identity, place)
            self.folder.remove(JOBS, identity)
            self._forget_goals(job)
            return {"removed": identity}

    def again(self, identity: str) -> dict[str, Any]:
        """Lets a job that did not end by itself run once more."""
        with self._turn:
            self.look()
            place = self.folder.place(JOBS, identity)
            job = read_json(place / _JOB)
            if job["state"] not in (STOPPED, FAILED, CANCELLED):
                raise Refused.one(f"the job is {job['state']}", heading="nothing to go on with")
            self._end(identity, place)
            for name in (_PROCESS, _RC, _PROGRESS, _OUT, _ERR, _FAULTS):
                (place / name).unlink(missing_ok=True)
            self._note(job, state=WAITING, started=None, ended=None, faults=None)
        self.look()
        return self.shown(identity)

    def look(self) -> None:
        """Notes which jobs have ended, and begins the next where none runs."""
        with self._turn:
            jobs = self._all()
            for job in jobs:
                if job["state"] == RUNNING:
                    self._settle(job)
            waiting = [job for job in jobs if job["state"] == WAITING]
            if waiting and not any(job["state"] == RUNNING for job in jobs):
                self._launch(waiting[0])

    def _tend(self) -> None:
        while not self._ended.wait(_APART):
            # A disk that is full for a moment, or what somebody removed, must not leave the jobs to themselves for ever.
            try:
                self.look()
            except Exception:
                _LOG.exception("jobs could not be looked after")

    def _all(self) -> list[dict[str, Any]]:
        found = []
        for place in (self.folder.root / JOBS).iterdir():
            if place.name.startswith(".") or place.is_symlink():
                continue
            job = read_json(place / _JOB)
            if job.get("id") == place.name:
                found.append(job)
        return sorted(found, key=lambda job: (job["added"], job["id"]))

    def _job(self, identity: str, kind: str, errand: Errand) -> dict[str, Any]:
        return {
            "id": identity, "kind": kind, "title": errand.title, "words": errand.words, "added": now(), "state": WAITING,
            "command": self.folder.shown(shlex.join(["redqueen", *errand.shown])), "goals": errand.goals, "started": None,
            "ended": None, "faults": None, **errand.notes,
        }

    def _note(self, job: dict[str, Any], **told: Any) -> None:
        job.update(told)
        write_json(self.folder.root / JOBS / job["id"] / _JOB, job)

    def _launch(self, job: dict[str, Any]) -> None:
        place = self.folder.root / JOBS / job["id"]
        self._note(job, state=RUNNING, started=now())
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REDQUEEN_")}
        self._children[job["id"]] = subprocess.Popen(
            [sys.executable, "-m", "redqueen.app.errand", str(place)], start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=place,
        )

    def _settle(self, job: dict[str, Any]) -> None:
        """Notes how a job ended, where it has."""
        place = self.folder.root / JOBS / job["id"]
        code = _code(place)
        if code is None:
            if self._runs(job, place):
                return
            # It may have ended between the two looks.
            code = _code(place)
        self._children.pop(job["id"], None)
        ended = _written_at(place / _RC) or now()
        if code is None or code < 0 or code == _INTERRUPTED:
            self._note(job, state=STOPPED, ended=ended)
        elif code == 0:
            self._note(job, state=DONE, ended=ended)
            self._keep_for_goals(job, place)
        else:
            faults = self._faults(place, code)
            self._note(job, state=FAILED, ended=ended, faults=faults)

    def _runs(self, job: dict[str, Any], place: Path) -> bool:
        child = self._children.get(job["id"])
        if child is not None:
            return child.poll() is None
        told = read_json(place / _PROCESS)
        if not told:
            # The clock may have been set back since.
            return abs(time.time() - float(job["started"] or 0.0)) < _LATE
        return is_there(int(told.get("pid", 0)), told.get("began"))

    def _end(self, identity: str, place: Path) -> None:
        """Ends the processes of a job, if they are still its own."""
        told, child = read_json(place / _PROCESS), self._children.pop(identity, None)
        process = int(told.get("pid", 0))
        if child is not None and child.poll() is None:
            process = child.pid
        elif not is_there(process, told.get("began")):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)
        if child is not None:
            child.wait()
            return
        until = time.monotonic() + 5.0
        while is_there(process, told.get("began")) and time.monotonic() < until:
            time.sleep(0.02)

    def _keep_for_goals(self, job: dict[str, Any], place: Path) -> None:
        """Notes with goals what a job found out about them."""
        from redqueen.app.goals import keep_found, note_begun

        identity = job.get("goals")
        if not identity or not (self.folder.root / GOALS / identity).is_dir():
            return
        if job["kind"] == "init":
            note_begun(self.folder, identity)
        else:
            keep_found(self.folder, identity, job["kind"], _result(place, job), job.get("of"))

    def _forget_goals(self, job: dict[str, Any]) -> None:
        """Removes the place of goals that were never written."""
        if job["kind"] == "init" and job["state"] != DONE and job.get("goals"):
            shutil.rmtree(self.folder.root / GOALS / job["goals"], ignore_errors=True)

    def _faults(self, place: Path, code: int) -> list[dict[str, Any]]:
        kept = read_json(place / _FAULTS).get("faults") if code == _REFUSED else None
        if kept:
            return [asdict(shown_fault(Fault(**fault), self.folder.shown)) for fault in kept[:_TOLD]]
        text = self.folder.shown(_text(place / _ERR))
        told = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("Note:")][-_TOLD:]
        return [asdict(Fault(line)) for line in told or [f"the command ended with code {code} and said nothing"]]

    def _shown(self, job: dict[str, Any]) -> dict[str, Any]:
        shown = {key: job.get(key) for key in _SHOWN}
        progress, doing, left = None, "", None
        if job["state"] == RUNNING:
            told = read_json(self.folder.root / JOBS / job["id"] / _PROGRESS)
            progress, doing, left = _progress(told)
        elif job["state"] == WAITING:
            doing = "waits for its turn"
        elif job["state"] == DONE:
            progress = 1.0
        # The goals of a plan that is still to be written are not there to be asked for.
        if job["kind"] == "init" and job["state"] != DONE:
            shown["goals"] = None
        return {**shown, "progress": progress, "doing": doing, "left_s": left}


def _progress(told: dict[str, Any]) -> tuple[float | None, str, float | None]:
    try:
        total, done, began = float(told["total"]), float(told["done"]), float(told["began"])
    except (KeyError, TypeError, ValueError):
        return None, "begins", None
    if total <= 0:
        return None, str(told.get("title", "")), None
    part = min(1.0, max(0.0, done / total))
    left = max(0.0, time.time() - began) * (1.0 - part) / part if part > 0 else None
    return part, str(told.get("title", "")), left


def _code(place: Path) -> int | None:
    try:
        return int((place / _RC).read_text())
    except (OSError, ValueError):
        return None


def _written_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LETTERS).decode("utf-8", "replace")
    except OSError:
        return ""


def _result(place: Path, job: dict[str, Any]) -> Any:
    """Gives what a job that is done found."""
    if job["kind"] == "init":
        return {"goals": job.get("goals")}
    try:
        found = json.loads((place / _OUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # The command as it can be typed again, without the places of this folder.
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, dict) and "command" in one:
            one["command"] = job["command"]
    return found
