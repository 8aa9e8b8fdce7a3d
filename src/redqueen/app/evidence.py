"""What evidence says: strengths of a region, and its partners, from tables that are opened here or from the simulated world."""

from __future__ import annotations

import hashlib
import shlex
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from redqueen.app.answers import answer, asked_of, json_bytes
from redqueen.app.files import tables_of
from redqueen.app.folder import BROUGHT, FILES, Folder
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.evidence.evidence import Evidence
    from redqueen.studies.scenario import Scenario

__all__ = ["choices", "find_partners", "find_strengths", "router"]

router = APIRouter()
#: Rows of tables that are kept in memory, most of a table of trade whose pairs count as ties, and answers that are kept.
_ROWS, _PAIRS, _ANSWERS = 8_000_000, 2_000_000, 64
#: The luck of a simulated world that is measured as the real one is.
_SEED = 1
_MOST = 200


class Kept:
    """Keeps what was made of a key for a while, the least used going first; two who ask for the same wait for one."""

    def __init__(self, most: int, size: Callable[[Any], int] = lambda one: 1):
        self.most, self.size = most, size
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._turns: dict[Any, threading.Lock] = {}
        self._turn = threading.Lock()

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """Gives what is kept of a key, or makes it; what cannot be made is not kept."""
        with self._turn:
            mine = self._turns.setdefault(key, threading.Lock())
        with mine:
            with self._turn:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            try:
                found = make()
            finally:
                with self._turn:
                    self._turns.pop(key, None)
            with self._turn:
                self._kept[key] = found
                while len(self._kept) > 1 and sum(map(self.size, self._kept.values())) > self.most:
                    self._kept.popitem(last=False)
            return found


# By folder and id, whose content never changes; by case, region and policy of a simulated world.
_tables = Kept(_ROWS, lambda one: sum(max(len(table.rows), *(io.intermediate.size for io in table.tables), 1) for table in one))
_answers = Kept(_ANSWERS)


@router.post("/api/strengths")
async def strengths(request: Request) -> Response:
    """Says what a region is good at, what is near, and where it stands."""
    asked = await asked_of(request)
    return _raw(await run_in_threadpool(_answered, request.app.state.folder, "strengths", asked, find_strengths))


@router.post("/api/partners")
async def partners(request: Request) -> Response:
    """Says who complements a region for an activity, why and through whom."""
    asked = await asked_of(request)
    return _raw(await run_in_threadpool(_answered, request.app.state.folder, "partners", asked, find_partners))


@router.get("/api/choices")
async def get_choices(request: Request, files: str = "", case: str = "") -> Response:
    """Lists what can be asked of tables, or of a case."""
    folder = request.app.state.folder
    return answer(await run_in_threadpool(choices, folder, [one for one in files.split(",") if one], case))


def find_strengths(folder: Folder, asked: dict[str, Any]) -> dict[str, Any]:
    """Diagnoses a region as `redqueen diagnose` does, with the title and the sentences of its page."""
    from redqueen.report.diagnosis import sentences, title
    from redqueen.studies.diagnose import diagnose

    faults = Faults()
    files, region = _files(asked, faults), _text(asked, "region", faults)
    year, measure = _whole(asked, "year", faults), _text(asked, "measure", faults, needed=False)
    faults.refuse_if_any("strengths")
    tables, command = _evidence(folder, files, asked, "diagnose")
    for one in tables:
        if files and one.kind == "organisations":
            names = ", ".join(file.name for file in one.files)
            faults.add("is a register of organisations, which tells nothing of a region", file=names, remedy="partners take it")
    faults.refuse_if_any("strengths")
    found = diagnose(tables, str(region), year, measure=measure)
    options = [*_option("--region", region), *_option("--year", year), *_option("--measure", measure)]
    return {
        **asdict(found), "title": title(found), "sentences": sentences(found), "command": f"{command} {shlex.join(options)}",
        "relatedness": _relatedness(tables, found.region, year, measure),
    }


def find_partners(folder: Folder, asked: dict[str, Any]) -> dict[str, Any]:
    """Ranks partners as `redqueen partners` does, with what is lacking and the weights behind the ranking."""
    from redqueen.evidence.distance import coordinates
    from redqueen.studies.partners import partners as rank

    faults = Faults()
    files, region, activity = _files(asked, faults), _text(asked, "region", faults), _text(asked, "activity", faults)
    year, top = _whole(asked, "year", faults), _whole(asked, "top", faults)
    sector = _text(asked, "sector", faults, needed=False)
    if top is not None and not 1 <= top <= _MOST:
        faults.add(f"{top} cannot be shown", field="top", remedy=f"give 1 to {_MOST}")
    faults.refuse_if_any("partners")
    tables, command = _evidence(folder, files, asked, "partners")
    found = rank(tables, str(region), str(activity), year=year, top=top or 10, sector=sector)
    options = [
        *_option("--region", region), *_option("--for", activity), *_option("--year", year), *_option("--top", top),
        *_option("--sector", sector),
    ]
    known = coordinates()
    return {
        **asdict(found), "command": f"{command} {shlex.join(options)}", "simulated": not files,
        "places": {code: known[code][1:] for code in (found.region, *(one.partner for one in found.partners)) if code in known},
    }


def _relatedness(tables: Sequence[Evidence], region: str, year: int | None, measure: str | None) -> dict[str, Any] | None:
    """Gives which activities go together by the first table that tells it of the region."""
    from redqueen.studies.diagnose.panel import panel
    from redqueen.studies.diagnose.related import related

    for table in tables:
        if table.kind in ("activities", "trade") and (measure is None or measure in table.units):
            laid_out = panel(table, year, measure)
            if laid_out is not None and region in laid_out.regions:
                return related(laid_out, region)
    return None


def choices(folder: Folder, files: Sequence[str], case: str) -> dict[str, Any]:
    """Lists regions, activities, years and measures of tables together, or those of the world of a case."""
    if not files:
        return _choices_of_case(folder, case)
    from redqueen.evidence.places import name_of
    from redqueen.studies.choosing import words_of

    tables = [table for table in _opened(folder, files) if table.kind != "organisations"]
    found: dict[str, list[dict[str, str]]] = {}
    for column in ("region", "activity"):
        words = words_of(tables, column)
        codes = dict.fromkeys(code for table in tables for code in (table.regions if column == "region" else table.activities))
        rows = [{"code": code, "name": words.get(code) or (name_of(code) if column == "region" else code)} for code in codes]
        found[column] = sorted(rows, key=lambda one: one["name"].casefold())
    measured = [table for table in tables if table.kind in ("activities", "trade")]
    return {
        "regions": found["region"], "activities": found["activity"],
        "years": sorted({year for table in tables for year in table.years}),
        "measures": list(dict.fromkeys(measure for table in measured for measure in table.measures)),
    }


def _choices_of_case(folder: Folder, case: str) -> dict[str, Any]:
    import math

    from redqueen.lab.tables import ACTIVITY_MEASURES
    from redqueen.model.kinds import QUARTERS_A_YEAR

    if not case:
        raise Refused.one("of which files, or which case?", field="files", remedy="give files or case")
    world = folder.find_case(case).world
    first = math.floor(world.start + (QUARTERS_A_YEAR - 1) / QUARTERS_A_YEAR)
    return {
        "regions": [{"code": name, "name": name.replace("_", " ")} for name in world.regions],
        "activities": [{"code": name.replace("_", "-"), "name": name.replace("_", " ")} for name in world.stages],
        "years": list(range(first, first + world.quarters // QUARTERS_A_YEAR)),
        "measures": list(ACTIVITY_MEASURES),
    }


def _answered(
    folder: Folder, what: str, asked: dict[str, Any], find: Callable[[Folder, dict[str, Any]], dict[str, Any]]
) -> bytes:
    key = (str(folder.root), what, hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest())
    _still_there(folder, asked)
    return _answers.get(key, lambda: json_bytes(find(folder, asked)))


def _still_there(folder: Folder, asked: dict[str, Any]) -> None:
    files = asked.get("files")
    for one in files if isinstance(files, list) else ():
        if isinstance(one, str):
            folder.place(FILES, one)
    scenario = asked.get("scenario")
    case = scenario.get("case") if isinstance(scenario, dict) else None
    if isinstance(case, str) and case.startswith(BROUGHT):
        folder.case_file(case)


def _raw(content: bytes) -> Response:
    return Response(content, media_type="application/json")


def _evidence(folder: Folder, files: Sequence[str], asked: dict[str, Any], verb: str) -> tuple[list[Evidence], str]:
    """Gives the tables that are asked about, joined over years, and the command that reads them."""
    from redqueen.evidence.joining import join_years

    if files:
        found = tables_of(folder, list(files))
        named: list[str] = []
        for about in found.values():
            option = {"register": "--register"}.get(str(about["kind"])) if verb == "partners" else None
            named += [*([option] if option else []), str(about["name"])]
        return join_years(_opened(folder, files, pairs=verb == "partners")), shlex.join(["redqueen", verb, *named])
    from redqueen.studies.scenario import read_scenario

    scenario = read_scenario(asked.get("scenario"), folder.find_case)
    case = scenario.found.file if scenario.case.startswith(BROUGHT) else scenario.case
    policy = scenario.mix.base if not scenario.mix.levers else "my_policy.toml"
    where = ["--region", scenario.region] if scenario.region != scenario.found.region else []
    ran = shlex.join(["redqueen", "run", folder.shown(case), "--policy", policy, *where, "--seed", str(_SEED), "-o", "run"])
    return _simulated(folder, scenario), f"{ran} && redqueen {verb} run"


def _opened(folder: Folder, files: Sequence[str], *, pairs: bool = False) -> list[Evidence]:
    """Reads opened tables, all of whose faults are told at once; with `pairs` trade is also given by pair, whose ties count."""

    found: list[Evidence] = []
    faults = Faults()
    for identity, about in tables_of(folder, list(files)).items():
        path, year = folder.file(identity), about.get("year")
        by_pair = pairs and about.get("of") == "trade" and int(about.get("rows") or 0) <= _PAIRS
        for without in (("partner",), ())[: 2 if by_pair else 1]:
            key = (str(folder.root), identity, without)
            try:
                found += _tables.get(key, partial(_read, path, year, without))
            except Refused as refusal:
                faults.extend(refusal.faults)
    faults.refuse_if_any("reading evidence")
    return found


def _read(path: Path, year: int | None, without: tuple[str, ...]) -> list[Evidence]:
    from redqueen.evidence.formats import read_evidence

    return [read_evidence(path, year=year, without=without, progress=False)]


def _simulated(folder: Folder, scenario: Scenario) -> list[Evidence]:
    """Gives the tables of the world under the page's policy, in one luck."""
    from redqueen.lab.tables import simulated_tables
    from redqueen.lab.trial import Trial
    from redqueen.studies.scenario import PAGE

    def run() -> list[Evidence]:
        policy = scenario.mix.policy(scenario.found, scenario.region, PAGE)
        trial = Trial(scenario.found, {PAGE: policy}, [_SEED], region=scenario.region, reference=PAGE)
        result = trial.run(1, progress=False)
        return simulated_tables(result.isel(policy=0, seed=0))

    return _tables.get((str(folder.root), scenario.case, scenario.found.sha256, scenario.region, scenario.mix.key), run)


def _files(asked: dict[str, Any], faults: Faults) -> list[str]:
    found = asked.get("files") or []
    if not isinstance(found, list) or len(found) > _MOST or not all(isinstance(one, str) for one in found):
        faults.add("must be a list of ids of opened files", field="files")
        return []
    return found


def _text(asked: dict[str, Any], key: str, faults: Faults, *, needed: bool = True) -> str | None:
    value = asked.get(key)
    if value in (None, "") and not needed:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST:
        faults.add("is missing" if value in (None, "") else "must be a short text", field=key)
        return None
    return value


def _whole(asked: dict[str, Any], key: str, faults: Faults) -> int | None:
    value = asked.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        faults.add("must be a whole number", field=key)
        return None
    return value


def _option(name: str, value: object) -> list[str]:
    return [] if value is None else [name, str(value)]
