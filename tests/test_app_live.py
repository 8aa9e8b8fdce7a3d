"""Live: pictures come as members do, the latest question counts, and what a page shows is what the command line prints."""

import json
import threading
import time

import anyio
import pytest
from serving import client

from redqueen import cli
from redqueen.cases.case import case
from redqueen.studies.scenario import read_link, read_scenario

SCENARIO = {"case": "sunset-industry", "base": "networks", "reference": "none", "seeds": 3, "window": 12,
            "levers": [{"instrument": "venture_capital", "intensity": 4.0, "per": "worker"}]}
ORIGIN = {"Origin": "http://127.0.0.1:8123"}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with client(tmp_path_factory.mktemp("folder")) as asked:
        yield asked


def page(app):
    return app.websocket_connect("/live", headers={**ORIGIN, "Host": "127.0.0.1:8123"})


def ask(socket, number, view="outlook", **changed):
    socket.send_text(json.dumps({"id": number, "view": view, "scenario": SCENARIO | changed}))


def answers(socket, number):
    """Give the frames of a question up to its last."""
    found = []
    while not found or not (found[-1].get("done") or "faults" in found[-1]):
        frame = json.loads(socket.receive_text())
        if frame["id"] == number:
            found.append(frame)
    return found


def test_pictures_refine_until_all_is_there(app):
    with page(app) as socket:
        ask(socket, 1)
        frames = answers(socket, 1)
    runs = [frame["seeds_run"] for frame in frames]
    assert runs == sorted(runs) and runs[-1] == 3 and frames[-1]["done"] and not any(frame["done"] for frame in frames[:-1])
    assert all(frame["picture"]["fans"]["pearl_river_delta"]["page"] for frame in frames)
    assert frames[0]["picture"]["table"] is None and frames[-1]["picture"]["table"]


def test_what_is_shown_is_what_its_command_prints(app, capsys):
    with page(app) as socket:
        ask(socket, 1)
        frame = answers(socket, 1)[-1]
    program, verb, link = frame["command"].split(" ", 2)
    assert (program, verb) == ("redqueen", "compare")
    link = link.strip("'")
    asked = read_link(link)
    assert {key: asked[key] for key in ("case", "base", "reference", "seeds", "window")} == {
        key: SCENARIO[key] for key in ("case", "base", "reference", "seeds", "window")
    }
    assert cli.main(["compare", link, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["effects"]
    shown = [*frame["picture"]["effects"], *frame["picture"]["table"]]
    assert len(shown) > 12
    for row in shown:
        assert {key: value for key, value in row.items() if key != "to"} in printed


def test_known_figures_are_those_that_the_command_prints(app, capsys):
    with page(app) as socket:
        ask(socket, 1, reference="as_it_happened", seeds=5)
        frames = answers(socket, 1)
    facts = frames[-1]["picture"]["facts"]
    assert facts["policy"] == "as_it_happened" and all(frame["picture"]["facts"] is None for frame in frames[:-1])
    assert cli.main(["compare", frames[-1]["command"].split(" ", 2)[2].strip("'"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["facts"]
    assert [{key: row[key] for key in printed[0]} for row in facts["rows"]] == printed
    assert {row["hit"] for row in facts["rows"]} <= {True, False, None} and any(row["hit"] is not None for row in facts["rows"])
    # All of this case are against another region or another year.
    assert {row["point"] for row in facts["rows"]} == {None}


def test_a_link_that_says_no_seeds_means_as_many_as_a_page_has(app):
    told = app.get("/api/about").json()
    asked = read_scenario({key: value for key, value in SCENARIO.items() if key != "seeds"}, case, check=False)
    assert asked.seeds == told["seeds_of_links"] == told["seeds"]


def test_a_report_whose_page_leaves_is_run_no_further(app):
    pool, body = app.app.state.pool, json.dumps({"scenario": SCENARIO | {"seeds": 180}}).encode()
    headers = {"host": "127.0.0.1:8123", "x-redqueen": "1", "content-type": "application/json"}
    scope = {
        "type": "http", "method": "POST", "path": "/api/report", "raw_path": b"/api/report", "query_string": b"", "scheme": "http",
        "server": ("127.0.0.1", 8123), "client": ("127.0.0.1", 1), "root_path": "", "http_version": "1.1",
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }
    sent, asked = [], [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        if asked:
            return asked.pop()
        while not pool._running:
            await anyio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    app.portal.call(app.app, scope, receive, send)
    assert sent[0]["status"] == 499 and not pool._requests
    until = time.monotonic() + 5
    while pool._running and time.monotonic() < until:
        time.sleep(0.05)
    assert not pool._running


def test_a_later_question_ends_the_earlier(app):
    with page(app) as socket:
        ask(socket, 1, seeds=200)
        time.sleep(0.3)
        ask(socket, 2, levers=[])
        frames = []
        while not frames or frames[-1]["id"] != 2 or not frames[-1]["done"]:
            frames.append(json.loads(socket.receive_text()))
        numbers = [frame["id"] for frame in frames]
        assert numbers == sorted(numbers), "a picture of the earlier question came after one of the later"
        ask(socket, 3, levers=[])
        assert answers(socket, 3)[-1]["seeds_run"] == 3
    pool = app.app.state.pool
    until = time.monotonic() + 5
    while (pool._requests or pool._running) and time.monotonic() < until:
        time.sleep(0.05)
    assert not pool._requests and not pool._running, "somebody still runs what nobody waits for"


def test_a_page_that_leaves_stops_what_runs_for_it(app):
    pool = app.app.state.pool
    with page(app) as socket:
        ask(socket, 1, seeds=180)
        while not pool._running:
            time.sleep(0.01)
    until = time.monotonic() + 5
    while (pool._requests or pool._running) and time.monotonic() < until:
        time.sleep(0.05)
    assert not pool._requests and not pool._running


def test_two_pages_get_their_own_answers(app):
    found = {}

    def one(number):
        with page(app) as socket:
            ask(socket, number, levers=[{"instrument": "venture_capital", "intensity": float(number), "per": "worker"}])
            found[number] = answers(socket, number)[-1]["picture"]["effects"]

    threads = [threading.Thread(target=one, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({json.dumps(rows) for rows in found.values()}) == 3
    with page(app) as socket:
        ask(socket, 9, levers=[{"instrument": "venture_capital", "intensity": 2.0, "per": "worker"}])
        assert answers(socket, 9)[-1]["picture"]["effects"] == found[2]


@pytest.mark.parametrize(("sent", "words"), [
    ("{", "not JSON"), ("[]", "a question has"), ('{"id": 7, "view": "strengths", "scenario": {}}', "outlook"),
    ('{"id": 7, "view": [], "scenario": {}}', "outlook"), ('{"id": 7, "view": {}, "scenario": {}}', "outlook"),
    ('{"id": 7, "view": "outlook"}', "scenario"),
    ('{"id": 7, "view": "outlook", "scenario": {"case": "../../etc/passwd"}}', "no case"),
    ('{"id": 7, "view": "outlook", "scenario": {"case": "/etc/passwd.toml"}}', "no case"),
    ('{"id": 7, "view": "outlook", "scenario": {"case": "brought:0000000000000000"}}', "not opened"),
    ('{"id": 7, "view": "outlook", "scenario": {"case": "hsinchu", "base": "/tmp/x.toml"}}', "no policy"),
    (
        '{"id": 7, "view": "outlook", "scenario": {"case": "hsinchu", "levers": [{"instrument": "embargo", "intensity": 0.5}]}}',
        "switch"
    ),
    ('"' + "x" * 300_000 + '"', "too long"),
])
def test_what_cannot_be_answered_is_refused_and_the_page_goes_on(app, sent, words):
    with page(app) as socket:
        socket.send_text(sent)
        frame = json.loads(socket.receive_text())
        assert words in " ".join(f"{fault['message']} {fault['remedy']}" for fault in frame["faults"])
        assert frame["id"] == (7 if '"id": 7' in sent else None)
        ask(socket, 8, seeds=2)
        assert answers(socket, 8)[-1]["done"]


@pytest.mark.parametrize("view", ["compare", "structure", "red_queen"])
def test_other_views_come_whole(app, view):
    with page(app) as socket:
        ask(socket, 1, view, pinned=[{"base": "champion_instead"}])
        frame = answers(socket, 1)[-1]
    assert frame["view"] == view and frame["picture"]["policies"]


def test_saved_files_run_to_the_same_effects(app, tmp_path, capsys, monkeypatch):
    scenario = SCENARIO | {"pinned": [{"base": "champion_instead"}], "seeds": 2}
    saved = app.post("/api/save", json={"scenario": scenario}).json()
    (tmp_path / saved["case"]["name"]).write_text(saved["case"]["text"])
    (tmp_path / saved["policy"]["name"]).write_text(saved["policy"]["text"])
    monkeypatch.chdir(tmp_path)
    with page(app) as socket:
        socket.send_text(json.dumps({"id": 1, "view": "outlook", "scenario": scenario}))
        shown = {
            row["policy"]: row["effect"]
            for row in answers(socket, 1)[-1]["picture"]["effects"] if row["region"] == "pearl_river_delta"
        }
    words = saved["command"].split()
    assert cli.main([*words[1:], "--json", "--outcome", "value_added"]) == 0
    printed = {
        row["policy"]: row["effect"]
        for row in json.loads(capsys.readouterr().out)["effects"] if row["region"] == "pearl_river_delta"
    }
    assert printed == {"my_policy": shown["page"], "other_policy": shown["pinned_1"]}
    words = [
        "compare", "sunset-industry", "--policies", saved["policy"]["name"], "--to", "none", "--seeds", "2", "--window", "12",
        "--json", "--outcome", "value_added"
    ]
    assert cli.main(words) == 0
    printed = [row["effect"] for row in json.loads(capsys.readouterr().out)["effects"] if row["region"] == "pearl_river_delta"]
    assert printed == [shown["page"]]
    assert cli.main(["check", saved["case"]["name"], saved["policy"]["name"]]) == 0


def test_a_report_is_one_file_with_all_views(app):
    found = app.post("/api/report", json={"scenario": SCENARIO | {"seeds": 2}})
    assert found.status_code == 200 and "attachment" in found.headers["content-disposition"]
    content = json.loads(found.text.split('id="redqueen-report">')[1].split("</script>")[0])
    assert set(content["pictures"]) == {"outlook", "compare", "structure", "red_queen"}
    assert content["case"]["not_modelled"] and content["command"].startswith("redqueen compare")


def test_cases_and_their_policies_are_shown(app):
    cases = app.get("/api/cases").json()
    assert len(cases) == 14 and not any(one["brought"] for one in cases)
    found = app.get("/api/cases/hsinchu").json()
    assert {one["title"] for one in found["regions"]} == {"Silicon Valley", "Chinese Taipei", "Coastal China"}
    base = app.get("/api/cases/hsinchu/base/as_it_happened", params={"region": "chinese_taipei"}).json()
    assert {one["instrument"] for one in base["levers"]} >= {"venture_capital", "technology_park"}
    for path in ("/api/cases/nowhere", "/api/cases/hsinchu/base/nothing", "/api/cases/..%2f..%2fetc"):
        assert app.get(path).status_code in (404, 422)
