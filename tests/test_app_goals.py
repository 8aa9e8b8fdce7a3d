"""Goals that are followed in the app.

What is shown of them, recorded, corrected and edited, as the commands of the monitor do it.
"""

import json
from pathlib import Path

import pytest
from monitored import GOALS, LONGER
from serving import Server, client, read_here

from redqueen.app.goals import fingerprint, keep_found
from redqueen.errors import Refused
from redqueen.studies.monitor.goals import read_goals
from redqueen.studies.monitor.ledger import Ledger

pytest.importorskip("sqlalchemy")


@pytest.fixture
def page(tmp_path, monkeypatch):
    read_here(monkeypatch)
    with client(tmp_path / "folder") as asked:
        yield asked


@pytest.fixture
def goals(page):
    """Give the id of the toy's goals, followed in the app."""
    assert page.put("/api/files?name=toy.toml", content=LONGER.encode()).status_code == 200
    found = page.put("/api/files?name=goals.toml", content=GOALS.encode())
    assert found.status_code == 200, found.text
    return found.json()["goals"]


def record(page, goals, **asked):
    return page.post(f"/api/goals/{goals}/observations", json=asked)


def faults(answer):
    assert answer.status_code == 422, answer.text
    return {fault["field"]: fault["message"] for fault in answer.json()["faults"]}


def shown(page, goals):
    answer = page.get(f"/api/goals/{goals}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def place_of(page, goals):
    return Path(page.app.state.folder.root) / "goals" / goals


# What is shown


def test_goals_are_listed_and_shown_with_plan_indicators_and_goals(page, goals):
    assert page.get("/api/goals").json() == [
        {"id": goals, "name": "goals", "case": "toy", "region": "south", "goals": 1, "years": [1994, 2000], "observations": 0}
    ]
    found = shown(page, goals)
    assert {key: found["plan"][key] for key in ("policy", "region", "start", "since", "until")} == {
        "policy": "officers", "region": "south", "start": 1990.0, "since": 1994, "until": 2000,
    }
    jobs, quality = found["indicators"]
    assert (
        jobs["name"], jobs["unit"], jobs["region"], jobs["years"][0], jobs["years"][-1]
    ) == ("jobs", "heads", "south", 1994, 2001)
    assert quality["words"]
    assert found["goals"] == [
        {"name": "work", "indicator": "jobs", "target": 220.0, "at_least": True, "year": 2000, "source": "",
         "milestones": [{"year": 1997, "value": 210.0}]}
    ]
    assert found["observations"] == [] and found["status"] is None and not found["status_current"]
    assert found["obstacles"] is None and found["advice"] is None


def test_goals_that_are_not_there_are_not_found(page):
    for identity in ("0123456789abcdef", "nothing", "%2e%2e"):
        assert page.get(f"/api/goals/{identity}").status_code == 404
        assert page.put(f"/api/goals/{identity}", json={"text": GOALS}).status_code == 404


# What is recorded


def test_a_figure_is_recorded_corrected_and_withdrawn_and_nothing_is_lost(page, goals):
    assert record(page, goals, indicator="jobs", year=1995, value=205, source="office").json() == {
        "recorded": 1, "notes": [], "doubts": []
    }
    again = record(page, goals, indicator="jobs", year=1995, value=206, source="office")
    assert "there already" in next(iter(faults(again).values()))
    assert record(
        page, goals, indicator="jobs", year=1995, value=206, source="office, revised", correct=True
    ).json()["recorded"] == 1
    (row,) = shown(page, goals)["observations"]
    assert (
        row["value"], row["unit"], row["region"], row["revision"], row["source"]
    ) == (206.0, "heads", "south", 1, "office, revised")
    assert "source" in faults(record(page, goals, indicator="jobs", year=1995, withdraw=True))
    assert record(page, goals, indicator="jobs", year=1995, withdraw=True, source="a slip").json()["recorded"] == 1
    assert shown(page, goals)["observations"] == []
    history = Ledger.open(read_goals(place_of(page, goals) / "goals.toml").ledger).observations(history=True)
    assert [one.value for one in history] == [205.0, 206.0, None]


def test_a_slip_is_told_before_it_is_recorded(page, goals):
    record(page, goals, indicator="jobs", year=1995, value=205, source="office")
    slip = {"indicator": "jobs", "year": 1996, "value": 1e12, "source": "office"}
    found = record(page, goals, **slip).json()
    assert found["recorded"] == 0 and "a slip?" in found["doubts"][0]
    assert [row["year"] for row in shown(page, goals)["observations"]] == [1995]
    sure = record(page, goals, **slip, sure=True).json()
    assert sure["recorded"] == 1 and "a slip?" in sure["notes"][0]


def test_everything_wrong_with_a_figure_is_told_at_once(page, goals):
    found = faults(record(page, goals, indicator="job", year=1700, value=-5))
    assert {"source", "indicator", "year"} <= set(found)
    assert shown(page, goals)["observations"] == []


@pytest.mark.parametrize(
    "asked, field",
    [
        ({"year": "1995"}, "year"), ({"year": 1995.5}, "year"), ({"year": True}, "year"), ({"value": "many"}, "value"),
        ({"value": None}, "value"),
        ({"value": 1e999}, "value"), ({"correct": "yes"}, "correct"), ({"ledger": "/tmp/x.db"}, "ledger"),
        ({"source": ["office"]}, "source"),
        ({"note": "x" * 10_000}, "note"), ({"indicator": None}, "indicator"),
    ],
)
def test_what_is_no_figure_is_refused_by_its_field(page, goals, asked, field):
    whole = {"indicator": "jobs", "year": 1995, "value": 205, "source": "office", **asked}
    answer = page.post(f"/api/goals/{goals}/observations", content=json.dumps(whole).replace("Infinity", "1e999").encode())
    found = faults(answer)
    assert field in found or "JSON" in next(iter(found.values()))


def test_a_file_of_figures_is_recorded_whole_or_not_at_all(page, goals):
    text = "indicator,year,value,source\njobs,1995,205,office\njobs,1996,211,office\nquality,1996,-0.3,office\n"
    figures = page.put("/api/files?name=figures.csv", content=text.encode()).json()
    assert figures["kind"] == "observations"
    assert record(page, goals, file=figures["id"]).json()["recorded"] == 3
    assert "there already" in next(iter(faults(record(page, goals, file=figures["id"])).values()))
    more = page.put("/api/files?name=more.csv", content=(text + "jobs,1997,212,office\n").encode()).json()
    assert record(page, goals, file=more["id"], new=True).json() == {
        "recorded": 1, "notes": ["3 figures are there already"], "doubts": []
    }
    wrong = page.put(
        "/api/files?name=wrong.csv", content=b"indicator,year,value,source\njobs,1998,214,office\njobs,1800,1,office\n"
    ).json()
    answer = record(page, goals, file=wrong["id"])
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert (fault["file"], fault["line"], fault["field"]) == ("wrong.csv", 3, "year")
    assert len(shown(page, goals)["observations"]) == 4


def test_a_table_of_evidence_gives_a_series(page, goals):
    text = "region,year,value,measure,unit\n" + "".join(
        f"{region},{year},{value},income per head,heads\n" for region,
        value in (("south", 300), ("north", 500)) for year in (1995, 1996)
    )
    table = page.put("/api/files?name=t.csv", content=text.encode()).json()
    assert table["kind"] == "table", table
    assert "indicator" in faults(record(page, goals, file=table["id"]))
    assert record(page, goals, file=table["id"], indicator="jobs", region="south", scale=0.7).json()["recorded"] == 2
    assert [(one["year"], one["value"]) for one in shown(page, goals)["observations"]] == [(1995, 210.0), (1996, 210.0)]


def test_a_file_of_another_kind_records_nothing(page, goals):
    case = page.get("/api/files").json()[0]
    assert case["kind"] == "case"
    answer = record(page, goals, file=case["id"])
    assert answer.status_code == 422 and answer.json()["faults"][0]["file"] == "toy.toml"
    assert record(page, goals, file="../../etc/passwd").status_code == 404


# What is edited


def test_an_edited_file_is_saved_if_nothing_is_wrong_with_it(page, goals):
    edited = GOALS.replace("at_least = 220", "at_least = 230")
    found = page.put(f"/api/goals/{goals}", json={"text": edited})
    assert found.status_code == 200 and found.json()["goals"][0]["target"] == 230.0
    wrong = page.put(
        f"/api/goals/{goals}", json={"text": edited.replace("date = 2000", "date = 2050").replace("value = 210", 'value = "x"')}
    )
    assert wrong.status_code == 422
    told = wrong.json()["faults"]
    assert len(told) >= 2 and all(fault["file"] == "goals.toml" and fault["line"] for fault in told)
    assert shown(page, goals)["text"] == edited, "what was saved last stays"
    assert sorted(one.name for one in place_of(page, goals).iterdir()) == ["about.json", "goals.toml", "toy.toml"]


def test_an_edit_of_a_text_that_was_changed_elsewhere_is_not_saved(page, goals):
    text = page.get(f"/api/goals/{goals}").json()["text"]
    assert page.put(f"/api/goals/{goals}", json={"text": text + "# mine\n", "was": text}).status_code == 200
    refused = page.put(f"/api/goals/{goals}", json={"text": text + "# theirs\n", "was": text})
    assert refused.status_code == 422 and "changed elsewhere" in refused.json()["faults"][0]["message"]
    assert page.get(f"/api/goals/{goals}").json()["text"] == text + "# mine\n"


@pytest.mark.parametrize(
    "text", [None, "", 5, "[case]\nname = 'x'\n", LONGER, GOALS.replace("budget = 0.3", 'ledger = "/tmp/elsewhere.db"')]
)
def test_what_is_no_goals_file_is_not_saved(page, goals, text):
    assert page.put(f"/api/goals/{goals}", json={"text": text}).status_code == 422
    assert shown(page, goals)["text"] == GOALS


# What was found out


def test_what_was_found_is_current_until_something_changes(page, goals):
    folder, file = page.app.state.folder, place_of(page, goals) / "goals.toml"
    keep_found(folder, goals, "status", [{"goal": "work", "probability": 0.5}], fingerprint(file))
    keep_found(folder, goals, "advise", {"goal": "work"}, fingerprint(file))
    found = shown(page, goals)
    assert found["status"] == [{"goal": "work", "probability": 0.5}] and found["status_current"]
    assert found["advice"] == {"goal": "work"} and found["advice_current"]
    record(page, goals, indicator="jobs", year=1995, value=205, source="office")
    found = shown(page, goals)
    assert found["status"] and not found["status_current"] and not found["advice_current"]
    keep_found(folder, goals, "status", [], fingerprint(file))
    assert shown(page, goals)["status_current"]
    page.put(f"/api/goals/{goals}", json={"text": GOALS + "# a remark\n"})
    assert not shown(page, goals)["status_current"]


def test_a_link_in_the_place_of_a_goals_file_is_not_followed(page, goals, tmp_path):
    file = place_of(page, goals) / "goals.toml"
    (tmp_path / "secret.toml").write_text(GOALS)
    file.unlink()
    file.symlink_to(tmp_path / "secret.toml")
    assert page.get(f"/api/goals/{goals}").status_code == 404
    assert page.put(f"/api/goals/{goals}", json={"text": GOALS + "#"}).status_code == 404
    assert (tmp_path / "secret.toml").read_text() == GOALS


def test_status_is_the_command_s_own_and_kept_with_the_goals(tmp_path):
    with Server(tmp_path / "folder", "--port", "0") as server:
        server.ask("/api/files?name=toy.toml", method="PUT", body=LONGER.encode())
        goals = server.ask("/api/files?name=goals.toml", method="PUT", body=GOALS.encode())[1]["goals"]
        for year, value in ((1994, 203), (1995, 206)):
            asked = {"indicator": "jobs", "year": year, "value": value, "source": "office"}
            assert server.ask(f"/api/goals/{goals}/observations", asked)[0] == 200
        job = server.ask("/api/jobs", {"kind": "status", "options": {"goals": goals}})[1]
        assert job["goals"] == goals and job["command"] == "redqueen monitor status goals.toml"
        done = server.job(job["id"], "done", "failed", seconds=200)
        assert done["state"] == "done", done["faults"]
        (row,) = done["result"]
        assert (row["goal"], row["region"], row["observations"], row["command"]) == ("work", "south", 2, job["command"])
        found = server.ask(f"/api/goals/{goals}")[1]
        assert found["status"] == done["result"] and found["status_current"]


def test_a_goals_file_that_init_writes_can_be_read_whatever_the_forecast_does_on_the_way(tmp_path, monkeypatch):
    from redqueen.studies.monitor import starting

    (tmp_path / "toy.toml").write_text(LONGER)
    # A forecast that rises above its last value and falls again.
    monkeypatch.setattr(starting, "_median", lambda ensemble, indicator, year: 130.0 - abs(year - 1997) * 5)
    monkeypatch.setattr(starting, "forecast", lambda plan, **options: None)
    text, _ = starting.begin(
        str(tmp_path / "toy.toml"), tmp_path / "g.toml", policy="officers", since=1994, outcomes=["jobs"], points=40
    )
    (tmp_path / "g.toml").write_text(text)
    try:
        (goal,) = read_goals(tmp_path / "g.toml").goals
    except Refused as refusal:
        pytest.fail(str(refusal))
    assert goal.milestones and all(step.target <= goal.target for step in goal.milestones)
