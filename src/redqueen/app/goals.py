"""Goals that are followed here: their files, what was observed, and what jobs found out about them last."""

from __future__ import annotations

import getpass
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from redqueen.app.answers import answer, asked_of
from redqueen.app.errands import goals_file
from redqueen.app.files import copy_named, recognised
from redqueen.app.folder import ABOUT, FILES, GOALS, Folder, made, now, read_json, write_json
from redqueen.errors import Faults, Refused
from redqueen.writing import write_whole

if TYPE_CHECKING:
    from redqueen.studies.monitor.goals import Plan
    from redqueen.studies.monitor.ledger import Entry, Ledger

__all__ = ["FOUND", "adopt", "fingerprint", "keep_found", "note_begun", "router"]

router = APIRouter()
#: What jobs find out about goals, each in a file of its name.
FOUND = ("status", "obstacles", "advice")
_KINDS = {"status": "status", "obstacles": "obstacles", "advise": "advice"}
_HEADING = "nothing was recorded"
_SAYS = {
    "indicator", "year", "value", "source", "note", "correct", "withdraw", "file", "new", "by", "measure", "activity", "region",
    "scale", "sure",
}
_LONGEST = 2000
_SOMEBODY = "a user of the app"


@router.get("/api/goals")
async def get_goals(request: Request) -> Response:
    """Lists the goals that are followed here."""
    return answer(await run_in_threadpool(_listed, request.app.state.folder))


@router.get("/api/goals/{identity}")
async def get_one(request: Request, identity: str) -> Response:
    """Gives goals with their plan, what was observed, and what was found out last."""
    return answer(await run_in_threadpool(_shown, request.app.state.folder, identity))


@router.put("/api/goals/{identity}")
async def put_goals(request: Request, identity: str) -> Response:
    """Saves an edited goals file, if there is nothing wrong with it."""
    asked = await asked_of(request)
    return answer(await run_in_threadpool(_save, request.app.state.folder, identity, asked, request.app.state.local))


@router.post("/api/goals/{identity}/observations")
async def post_observations(request: Request, identity: str) -> Response:
    """Records one figure, a file of them, or a series of a table; withdraws a figure."""
    asked = await asked_of(request)
    return answer(await run_in_threadpool(_record, request.app.state.folder, identity, asked, request.app.state.local))


def adopt(folder: Folder, file: Path, about: dict[str, Any]) -> str:
    """Takes a goals file that was opened, and what lies beside it, among the goals that are followed; gives its id."""
    with made(folder, GOALS) as (identity, draft):
        for beside in file.parent.iterdir():
            if beside.is_file() and not beside.is_symlink() and beside.name != ABOUT:
                shutil.copyfile(beside, draft / beside.name)
        write_json(draft / ABOUT, {**about, "id": identity, "file": file.name, "added": now()})
    return identity


def note_begun(folder: Folder, identity: str) -> None:
    """Notes what a goals file that a job has written says."""
    from redqueen.app.recognising import goals_about
    from redqueen.studies.monitor.goals import read_goals

    place = folder.place(GOALS, identity)
    try:
        told = goals_about(read_goals(goals_file(folder, identity)))
    except Refused:
        return
    write_json(place / ABOUT, {**folder.about(place), **told})


def fingerprint(file: Path) -> str:
    """Gives what changes with the goals file and with what was observed, and with nothing else."""
    from redqueen.studies.monitor.goals import read_goals

    ledger = _ledger(read_goals(file))
    last = max((one.number for one in ledger.observations(history=True)), default=0) if ledger else 0
    return hashlib.sha256(file.read_bytes() + f"\0{last}".encode()).hexdigest()


def keep_found(folder: Folder, identity: str, kind: str, found: Any, of: str | None) -> None:
    """Keeps what a job found out about goals, and about which state of them."""
    name = _KINDS.get(kind)
    if name is not None and found is not None:
        write_json(folder.place(GOALS, identity) / f"{name}.json", {"found": found, "of": of, "at": now()})


def _listed(folder: Folder) -> list[dict[str, Any]]:
    found = []
    for identity in folder.ids(GOALS):
        about = folder.about(folder.root / GOALS / identity)
        # A job may have yet to write the file.
        if not about.get("file") or not (folder.root / GOALS / identity / str(about["file"])).is_file():
            continue
        found.append(
            {
                **{key: about.get(key) for key in ("id", "name", "case", "region", "goals", "years")},
                "observations": _count(folder, identity),
            }
        )
    return found


def _count(folder: Folder, identity: str) -> int | None:
    from redqueen.studies.monitor.goals import read_goals

    try:
        ledger = _ledger(read_goals(goals_file(folder, identity)))
        return len(ledger.observations()) if ledger else 0
    except Refused:
        return None


def _shown(folder: Folder, identity: str) -> dict[str, Any]:
    from redqueen.lab.outcomes import BY_NAME
    from redqueen.report.monitor import observation_rows
    from redqueen.studies.monitor.goals import read_goals

    file = goals_file(folder, identity)
    plan = read_goals(file)
    ledger = _ledger(plan)
    found = {name: read_json(file.parent / f"{name}.json") for name in FOUND}
    state = fingerprint(file)
    return {
        "id": identity,
        "name": plan.name,
        "text": file.read_text(encoding="utf-8-sig"),
        "plan": {
            "case": plan.case.name, "policy": plan.policy.name, "title": plan.policy.title or plan.policy.name,
            "region": plan.region, "start": plan.start, "since": plan.since, "until": plan.horizon, "last": plan.last,
            "budget": plan.budget,
        },
        "indicators": [
            {
                "name": one.name, "title": BY_NAME[one.name].words if one.name in BY_NAME else one.name.replace("_", " "),
                "words": one.words, "unit": one.unit, "region": one.region, "base": one.base,
                "outcome": one.measured.outcome, "source": one.source, "years": list(range(plan.since, plan.last + 1)),
            }
            for one in plan.indicators.values()
        ],
        "goals": [
            {
                "name": one.name, "indicator": one.indicator, "target": one.target, "at_least": one.at_least, "year": one.year,
                "milestones": [{"year": step.year, "value": step.target} for step in one.milestones], "source": one.source,
            }
            for one in plan.goals
        ],
        "observations": observation_rows(ledger.observations()) if ledger else [],
        **{name: one.get("found") for name, one in found.items()},
        **{f"{name}_current": bool(one) and one.get("of") == state for name, one in found.items()},
    }


def _save(folder: Folder, identity: str, asked: dict[str, Any], local: bool) -> dict[str, Any]:
    text, was = asked.get("text"), asked.get("was")
    if not isinstance(text, str) or not text.strip():
        raise Refused.one("a goals file has a text", field="text", heading="nothing was saved")
    file = goals_file(folder, identity)
    if isinstance(was, str) and file.read_text(encoding="utf-8") != was:
        raise Refused.one(
            "the goals were changed elsewhere since this text was opened", field="text", heading="nothing was saved",
            remedy="copy what you wrote, load the page again, and change it there",
        )
    # Checked in a place of its own, with all that lies beside it, under its own name.
    _, draft = folder.new(GOALS)
    try:
        for beside in file.parent.iterdir():
            if beside.is_file() and not beside.is_symlink() and beside.suffix in (".toml", ".csv"):
                shutil.copyfile(beside, draft / beside.name)
        (draft / file.name).write_text(text, encoding="utf-8")
        copy_named(folder, draft / file.name)
        found = recognised(draft / file.name, local=local)
        if found["kind"] != "goals":
            raise Refused.one(f"this is a {found['kind']}, not a goals file", file=file.name, heading="nothing was saved")
        for beside in draft.iterdir():
            if beside.name != file.name and not (file.parent / beside.name).exists():
                shutil.copyfile(beside, file.parent / beside.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    write_whole(file, text.encode())
    write_json(file.parent / ABOUT, {**folder.about(file.parent), **found["about"]})
    return _shown(folder, identity)


def _record(folder: Folder, identity: str, asked: dict[str, Any], local: bool) -> dict[str, Any]:
    """Records as `redqueen monitor record` does; gives how many figures, and what is worth a second look.

    Figures that are far from those beside them are recorded only where the page is `sure`: else nothing is, and they are told.
    """
    from redqueen.studies.monitor.arriving import check_entries, far_apart
    from redqueen.studies.monitor.goals import read_goals
    from redqueen.studies.monitor.ledger import Ledger

    faults = Faults()
    _check_words(asked, faults)
    faults.refuse_if_any(_HEADING)
    plan = read_goals(goals_file(folder, identity))
    notes: list[str] = []
    by = str(asked.get("by") or (_user() if local else _SOMEBODY))
    if asked.get("file"):
        entries = _entries_of_file(folder, str(asked["file"]), plan, asked, by, notes)
    else:
        entries = [_entry(asked, plan, by, faults)]
        if not faults:
            check_entries(entries, plan, faults)
        faults.refuse_if_any(_HEADING)
    ledger = Ledger.create(plan.ledger)
    standing = ledger.observations()
    doubts = far_apart(plan, entries, standing)
    if doubts and not asked.get("sure"):
        return {"recorded": 0, "notes": notes, "doubts": doubts}
    notes += doubts
    if asked.get("new"):
        known = {one.key for one in standing}
        left = [entry for entry in entries if entry.key not in known]
        notes += [f"{len(entries) - len(left)} figures are there already"] if len(left) < len(entries) else []
        entries = left
    recorded = ledger.record(entries, correct=bool(asked.get("correct")))
    return {"recorded": len(recorded), "notes": notes, "doubts": []}


def _entries_of_file(
    folder: Folder, identity: str, plan: Plan, asked: dict[str, Any], by: str, notes: list[str]
) -> Sequence[Entry]:
    from redqueen.studies.monitor.arriving import from_table, read_entries

    about = folder.about(folder.place(FILES, identity))
    path, source = folder.file(identity), asked.get("source") or None
    if about.get("kind") == "observations":
        return read_entries(path, plan, entered_by=by, source=source)
    if about.get("kind") != "table":
        words = f"is a {about.get('kind', 'file')}, which holds no figures"
        raise Refused.one(words, file=about.get("name"), heading=_HEADING, remedy="give a table of figures")
    if not asked.get("indicator"):
        raise Refused.one(
            "a table of evidence is of which indicator?", field="indicator", heading=_HEADING,
            remedy=f"one of {', '.join(plan.names)}",
        )
    return from_table(
        path, plan, str(asked["indicator"]), region=asked.get("region") or None, measure=asked.get("measure") or None,
        activity=asked.get("activity") or None, scale=float(asked.get("scale") or 1.0), entered_by=by, source=source,
        note=str(asked.get("note") or ""), notes=notes, progress=False,
    )


def _entry(asked: dict[str, Any], plan: Plan, by: str, faults: Faults) -> Entry:
    from redqueen.studies.monitor.ledger import Entry

    withdraw = bool(asked.get("withdraw"))
    year, value = asked.get("year"), None if withdraw else asked.get("value")
    for key, given in (("indicator", asked.get("indicator")), ("year", year), *([] if withdraw else [("value", value)])):
        if given in (None, ""):
            faults.add("is missing", field=key)
    if withdraw and not asked.get("source"):
        faults.add("why is it withdrawn?", field="source", remedy="say where that is known from")
    name = str(asked.get("indicator") or "")
    indicator = plan.indicators.get(name)
    return Entry(
        name, indicator.region if indicator else "", year if isinstance(year, int) else 0, value,
        indicator.unit if indicator else "",
        str(asked.get("source") or ""), by, str(asked.get("note") or ""),
    )


def _check_words(asked: dict[str, Any], faults: Faults) -> None:
    for key, value in asked.items():
        if key not in _SAYS:
            faults.add("is not known", field=key[:60], remedy=f"known: {', '.join(sorted(_SAYS))}")
        elif key in ("correct", "withdraw", "new", "sure"):
            if value is not None and not isinstance(value, bool):
                faults.add("must be true or false", field=key)
        elif key in ("year", "value", "scale"):
            wrong = isinstance(value, bool) or not isinstance(value, int if key == "year" else (int, float))
            if value is not None and (wrong or not abs(value) < float("inf")):
                faults.add("must be a whole year" if key == "year" else "must be a number", field=key)
        elif value is not None and (not isinstance(value, str) or len(value) > _LONGEST):
            faults.add("must be a text", field=key)


def _ledger(plan: Plan) -> Ledger | None:
    """Opens the ledger of a plan; None where nothing was recorded yet."""
    from redqueen.studies.monitor.ledger import Ledger

    if "://" not in plan.ledger and not Path(plan.ledger).exists():
        return None
    return Ledger.open(plan.ledger)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return _SOMEBODY
