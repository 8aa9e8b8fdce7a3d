"""Messages to the app that no page sends: by HTTP and by WebSocket, in this process; see benchmarks/fuzz.py.

Each of `http`, `websocket` and `schema` gives, in a folder, a function that draws a message, sends it, and says what became of it.
An answer of 500, a fault of redqueen among what is answered, and anything left behind by what was refused are faults.
"""

import contextlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import hostile
import inputs
from hostile import BYTES, TEXT, TEXTS, TREE
from inputs import REFUSED, TAKEN, patience
from monitored import GOALS, LONGER
from serving import HEADER, client

ADDRESS = "http://127.0.0.1:8123"
HOST = {"Host": "127.0.0.1:8123", "Origin": ADDRESS}
TABLE = "region,activity,year,value,measure,unit\n" + "".join(
    f"{region},{activity},{year},{number * 10 + year % 7},exports,USD\n"
    for number, (region, activity) in enumerate((r, a) for r in ("TWN", "KOR", "JPN") for a in ("chips", "boards", "screens"))
    for year in (2000, 2001)
)
Draw = random.Random


class App:
    """Serves the app in this process, on a folder with files of every kind and goals; jobs wait and never run."""

    def __init__(self, folder: Path):
        self.folder, self.backup = folder / "folder", folder / "backup"
        self._open = contextlib.ExitStack()

    def __enter__(self) -> "App":
        from redqueen.app import files, jobs, recognising

        here = mock.patch.object(files, "read_apart", lambda place, year, name: json.loads(recognising.told(place, year)))
        for patch in (here, mock.patch.object(jobs.Jobs, "_launch", lambda self, job: None)):
            self._open.enter_context(patch)
        self.client = self._open.enter_context(client(self.folder, address=ADDRESS))
        self.ids = {}
        register = (inputs.FILES / "organisations.csv").read_bytes()
        for name, content in (
            ("toy.toml", LONGER.encode()), ("table.csv", TABLE.encode()), ("organisations.csv", register),
            ("observations.csv", inputs.OBSERVATIONS.encode()), ("goals.toml", GOALS.encode()),
        ):
            answer = self.client.put("/api/files", params={"name": name}, content=content)
            assert answer.status_code == 200, answer.text
            self.ids[name] = answer.json()["id"]
            self.ids["goals"] = answer.json().get("goals", "")
        shutil.copytree(self.folder, self.backup)
        self.before = self.there()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def there(self) -> dict[str, object]:
        """Give what lies in the folder, but for ledgers, which only grow."""
        found = (path for path in self.folder.rglob("*") if ".db" not in path.name and path.name != ".lock")
        return {str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else None for path in found}

    def check(self, refused: bool) -> None:
        """Check what a message has left in the folder, and make it what it was."""
        now = self.there()
        changed = {name for name in {*now, *self.before} if now.get(name, "") != self.before.get(name, "")}
        if not changed:
            return
        for part in self.folder.iterdir():
            if part.is_dir():
                for one in part.iterdir():
                    shutil.rmtree(one) if one.is_dir() else one.unlink()
                shutil.copytree(self.backup / part.name, part, dirs_exist_ok=True)
        assert not refused, f"left behind: {sorted(changed)[:5]}"
        assert not any(".unfinished" in name for name in changed), f"left behind: {sorted(changed)[:5]}"

    def scenario(self, draw: Draw) -> dict:
        """Give a scenario that is right."""
        mine = draw.random() < 0.5
        lever = {"instrument": "capacity_building", "intensity": 4.0, "from": None, "until": None, "per": "worker", "stages": None}
        return {
            "case": f"brought:{self.ids['toy.toml']}" if mine else "sunset-industry",
            "region": "south" if mine else "pearl_river_delta",
            "base": "officers" if mine else "networks", "levers": [lever, {"instrument": "venture_capital", "intensity": 1,
            "from": 1994, "until": 1998.5}],
            "name": "mine", "reference": "none", "outcome": "value_added", "seeds": 2, "window": 12, "tab": "outlook",
            "pinned": [{"name": "pinned", "base": "free_markets", "levers": [lever]}],
        }

    def ask(self, method: str, path: str, *, params=None, content: bytes | None = None, headers=None) -> str:
        """Send a request and check its answer; gives what became of it."""
        with patience():
            answer = self.client.request(method, path, params=params, content=content, headers={**HEADER, **(headers or {})})
        assert answer.status_code < 500, f"{method} {path[:80]}: {answer.status_code}"
        refused = answer.status_code >= 400
        if refused and method != "HEAD":
            assert answer.json()["faults"] or answer.status_code == 404, answer.text[:300]
        self.check(refused)
        return REFUSED if refused else TAKEN


def _small(tree: object) -> object:
    """Give what is asked for with few seeds: many take long, and are no fault."""
    if isinstance(tree, dict):
        return {key: 2 if key == "seeds" and type(value) is int and 2 < value <= 10_000 else _small(value) for key,
            value in tree.items()}
    return [_small(one) for one in tree] if isinstance(tree, list) else tree


def _spoiled(tree: dict, draw: Draw) -> bytes:
    """Give JSON with edits, of the tree most of the time."""
    family = draw.choice((TREE, TREE, TREE, TEXT, BYTES))
    listed = hostile.drawn(family, draw)
    if family is TREE:
        return hostile.json_text(_small(hostile.changed_tree(tree, listed)))
    return hostile.changed_bytes(hostile.json_text(tree), listed)


def _bodies(app: App, draw: Draw) -> tuple[str, str, dict]:
    """Give a request with a body that is right."""
    goals, ids, scenario = app.ids["goals"], app.ids, app.scenario(draw)
    job = draw.choice((
        ("explain", scenario, {"outcome": "value_added", "points": 64, "seeds": 2}), ("seeds", scenario, {"seeds": 2,
        "outcomes": ["jobs"]}),
        ("init", scenario, {"name": "plan", "since": 1994, "until": 2000, "goal": 10, "budget": 1, "points": 20,
        "outcomes": ["jobs"]}),
        ("status", None, {"goals": goals, "as_of": 1996}), ("obstacles", None, {"goals": goals, "step": 0.1, "futures": 4}),
        ("advise", None, {"goals": goals, "goal": "work", "budget": 1, "levers": ["venture_capital"], "evaluations": 4}),
    ))  # fmt: skip
    figure = {"indicator": "jobs", "year": 1995, "value": 206.5, "source": "office", "note": "", "correct": True, "withdraw": False}
    return draw.choice((
        ("POST", "/api/jobs", {"kind": job[0], "scenario": job[1], "options": job[2]}),
        ("POST", "/api/save", {"scenario": scenario}), ("POST", "/api/report", {"scenario": scenario}),
        ("POST", "/api/strengths", {"files": [ids["table.csv"]], "region": "TWN", "year": 2001, "measure": "exports"}),
        ("POST", "/api/strengths", {"files": [], "scenario": scenario, "region": scenario["region"]}),
        ("POST", "/api/partners", {"files": [ids["table.csv"], ids["organisations.csv"]], "region": "TWN", "activity": "chips",
        "year": 2001, "top": 5}),
        ("PUT", f"/api/goals/{goals}", {"text": GOALS, "was": GOALS}),
        ("POST", f"/api/goals/{goals}/observations", figure), ("POST", f"/api/goals/{goals}/observations",
        figure | {"withdraw": True}),
        ("POST", f"/api/goals/{goals}/observations", {"file": ids["observations.csv"], "new": True}),
        ("POST", f"/api/goals/{goals}/observations",
         {"file": ids["table.csv"], "indicator": "jobs", "region": "TWN", "measure": "exports", "activity": "chips", "scale": 1.5}),
    ))  # fmt: skip


def _addresses(app: App, draw: Draw) -> tuple[str, str, dict]:
    """Give a request without a body, of which words may be spoiled."""
    ids = app.ids
    method, words, params = draw.choice((
        ("GET", ["api", "cases"], {}), ("GET", ["api", "cases", "hsinchu"], {}), ("GET", ["api", "cases",
        f"brought:{ids['toy.toml']}"], {}),
        ("GET", ["api", "cases", "hsinchu", "base", "as_it_happened"], {"region": "chinese_taipei"}),
        ("GET", ["api", "cases", "hsinchu", "base", f"file:{ids['toy.toml']}"], {"region": "x"}), ("GET", ["api", "files"], {}),
        ("DELETE", ["api", "files", ids["table.csv"]], {}), ("GET", ["api", "jobs"], {}), ("GET", ["api", "jobs", "0" * 16], {}),
        ("DELETE", ["api", "jobs", "0" * 16], {}), ("POST", ["api", "jobs", "0" * 16, "again"], {}), ("GET", ["api", "goals"], {}),
        ("GET", ["api", "goals", ids["goals"]], {}), ("GET", ["api", "choices"], {"files": ids["table.csv"], "case": "hsinchu"}),
        ("GET", ["static", "index.html"], {}), ("GET", ["api", "about"], {}),
    ))  # fmt: skip
    for _ in range(draw.choice((0, 1, 1, 2))):
        part = draw.randrange(len(words) + 1)
        if part < len(words):
            words[part] = draw.choice((*TEXTS[:14], *TEXTS[15:], "%00", "%2e%2e", "..%2f..%2fetc%2fpasswd", words[part].upper(),
                words[part] + "/"))
        elif params:
            params[draw.choice(list(params))] = draw.choice(TEXTS)[:4000]
        else:
            method = draw.choice(("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"))
    return method, "/" + "/".join(quote(word[:4000], safe="%:") for word in words), params


def _headers(draw: Draw) -> dict[str, str]:
    """Give headers that no browser sends, now and then."""
    return draw.choice((
        {}, {}, {}, {"Content-Type": "text/plain; charset=utf-16"}, {"Content-Encoding": "gzip"}, {"Content-Length": "3"},
        {"Accept": "x" * 5000},
        {"Content-Type": "multipart/form-data; boundary="}, {"Transfer-Encoding": "chunked"}, {"If-None-Match": "*",
        "Range": "bytes=9-1"}, {"Cookie": "redqueen_=;;="},
    ))  # fmt: skip


@contextlib.contextmanager
def http(folder: Path) -> Iterator[Callable[[Draw], str]]:
    """Send requests: bodies, addresses, and files of every kind."""
    kinds = [make() for name, make in inputs.kinds().items() if name != "fit"]

    def try_one(draw: Draw) -> str:
        if draw.random() < 0.55:
            method, path, body = _bodies(app, draw)
            if draw.random() < 0.1:
                method, path, params = _addresses(app, draw)
                return app.ask(method, path, params=params, content=_spoiled(body, draw), headers=_headers(draw))
            return app.ask(method, path, content=_spoiled(body, draw), headers=_headers(draw))
        if draw.random() < 0.5:
            method, path, params = _addresses(app, draw)
            return app.ask(method, path, params=params, headers=_headers(draw))
        kind = draw.choice(kinds)
        name, listed = inputs.choose(kind, draw)
        params = {"name": draw.choice((name, name, name, draw.choice(TEXTS)[:3000], f"{draw.choice(TEXTS)[:3000]}.toml"))}
        if draw.random() < 0.2:
            params["year"] = draw.choice(("2000", "x", "-1", "99999999999999999999", "", "2000.0"))
        return app.ask("PUT", "/api/files", params=params, content=kind.spoiled(name, listed), headers=_headers(draw))

    with App(folder) as app:
        yield try_one


@contextlib.contextmanager
def websocket(folder: Path) -> Iterator[Callable[[Draw], str]]:
    """Send questions, and wait for their last answer."""
    held: list = []

    def connected():
        if not held:
            socket = app.client.websocket_connect("/live", headers=HOST)
            held.append((socket, socket.__enter__()))
        return held[0][1]

    def leave() -> None:
        while held:
            with contextlib.suppress(Exception):
                held.pop()[0].__exit__(None, None, None)

    def try_one(draw: Draw) -> str:
        view = draw.choice(("outlook", "compare", "structure", "red_queen"))
        message = _spoiled({"id": draw.randrange(10**6), "view": view, "scenario": app.scenario(draw)}, draw)
        try:
            with patience():
                socket = connected()
                if draw.random() < 0.9:
                    socket.send_text(message.decode("utf-8", "replace"))
                else:
                    socket.send_bytes(message)
                while True:
                    frame = json.loads(socket.receive_text())
                    if frame.get("done") or "faults" in frame:
                        break
        except BaseException:
            leave()
            raise
        if draw.random() < 0.02:
            leave()
        refused = "faults" in frame
        assert not refused or not any("fault of redqueen" in fault["message"] for fault in frame["faults"]), frame
        app.check(refused)
        return REFUSED if refused else TAKEN

    with App(folder) as app:
        try:
            yield try_one
        finally:
            leave()


@contextlib.contextmanager
def schema(folder: Path) -> Iterator[Callable[[Draw], str]]:
    """Send what Schemathesis makes of the app's own description of its addresses, to which the shapes of bodies are added."""
    import hypothesis
    import schemathesis

    with App(folder) as app:
        described = app.client.app.openapi()
        draw = Draw(1)
        for _ in range(60):
            method, path, body = _bodies(app, draw)
            path = path.replace(app.ids["goals"], "{identity}")
            content = {"application/json": {"schema": _shape(body)}}
            described["paths"][path][method.lower()]["requestBody"] = {"required": True, "content": content}
        operations = [found.ok() for found in schemathesis.openapi.from_dict(described).get_all_operations()]

        def try_one(draw: Draw) -> str:
            operation = draw.choice(operations)
            made: list = []
            modes = schemathesis.GenerationMode
            strategy = operation.as_strategy(generation_mode=draw.choice((modes.POSITIVE, modes.NEGATIVE)))

            @hypothesis.seed(draw.getrandbits(64))
            @hypothesis.settings(
                max_examples=1, database=None, deadline=None, phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck)
            )
            @hypothesis.given(strategy)
            def make(case):
                made.append(case)

            with contextlib.suppress(hypothesis.errors.Unsatisfiable):
                make()
            if not made:
                return REFUSED
            case = made[-1]
            content = hostile.json_text(_small(case.body)) if isinstance(case.body, (dict, list, str, int, float, bool)) else None
            params = {key: str(value) for key, value in dict(case.query or {}).items()}
            return app.ask(case.method, case.formatted_path, params=params, content=content)

        yield try_one


def _shape(value: object) -> dict:
    """Describe the shape of what is right."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {key: _shape(one) for key, one in value.items()}}
    if isinstance(value, list):
        return {"type": "array", **({"items": _shape(value[0])} if value else {})}
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    described = {"type": names[type(value)]}
    return {"anyOf": [{"const": value}, described]} if isinstance(value, str) else described
