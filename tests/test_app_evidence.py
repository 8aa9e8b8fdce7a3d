"""Strengths and partners in the app are those of the commands, of opened tables and of the simulated world alike."""

import json
from pathlib import Path

import numpy
import pytest
from serving import client, read_here
from toy_trial import CASE

from redqueen.cli import main
from redqueen.studies.diagnose.panel import Panel
from redqueen.studies.diagnose.related import related

FILES = Path(__file__).parent / "files"
#: Each country is good at two things, one of which another is good at as well.
GOOD_AT = {"TWN": ("chips", "cases"), "KOR": ("chips", "boards"), "JPN": ("boards", "screens"), "USA": ("screens", "cases")}
REGIONS, ACTIVITIES = tuple(GOOD_AT), ("chips", "boards", "screens", "cases")


def exports(seed=3):
    """Write a table of exports of two years."""
    generator = numpy.random.default_rng(seed)
    rows = ["region,activity,year,value,measure,unit"]
    for region in REGIONS:
        for activity in ACTIVITIES:
            for year in (2000, 2001):
                value = (100 if activity in GOOD_AT[region] else 10) * generator.uniform(0.8, 1.2)
                rows.append(f"{region},{activity},{year},{value:.3f},exports,USD")
    return "\n".join(rows) + "\n"


@pytest.fixture
def page(tmp_path, monkeypatch):
    read_here(monkeypatch)
    with client(tmp_path / "folder") as asked:
        yield asked


@pytest.fixture
def table(page):
    return opened(page, "exports.csv", exports())


def opened(page, name, text):
    found = page.put("/api/files", params={"name": name}, content=text if isinstance(text, bytes) else text.encode())
    assert found.status_code == 200, found.text
    return found.json()["id"]


def asked(page, what, **words):
    answer = page.post(f"/api/{what}", json=words)
    assert answer.status_code == 200, answer.text
    return answer.json()


def printed(capsys, *words):
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(page, what, **words):
    answer = page.post(f"/api/{what}", json=words)
    assert answer.status_code == 422, answer.text
    return answer.json()["faults"]


# The same as the commands


def test_strengths_are_what_diagnose_prints_and_its_page_says(page, table, tmp_path, capsys):
    (tmp_path / "exports.csv").write_text(exports())
    found = asked(page, "strengths", files=[table], region="Taiwan")
    told = printed(capsys, "diagnose", str(tmp_path / "exports.csv"), "--region", "Taiwan")
    assert told and {key: found[key] for key in told if key != "command"} == {key: told[key] for key in told if key != "command"}
    assert found["command"] == "redqueen diagnose exports.csv --region Taiwan"
    assert "TWN" in found["title"] and "2001" in found["title"]
    assert any("chips" in sentence for sentence in found["sentences"])
    assert {one["activity"] for one in found["strengths"]} == {"chips", "cases"}
    earlier = asked(page, "strengths", files=[table], region="TWN", year=2000, measure="exports")
    assert earlier["year"] == 2000 and earlier["command"].endswith("--region TWN --year 2000 --measure exports")


def test_partners_are_what_partners_prints_with_needs_and_weights(page, table, tmp_path, capsys):
    (tmp_path / "exports.csv").write_text(exports())
    found = asked(page, "partners", files=[table], region="TWN", activity="boards", top=2)
    assert found["partners"] == printed(
        capsys, "partners", str(tmp_path / "exports.csv"), "--region", "TWN", "--for", "boards", "--top", "2"
    )
    assert (found["region"], found["activity"], found["measure"], found["year"]) == ("TWN", "boards", "exports", 2001)
    assert {one["partner"] for one in found["partners"]} == {"KOR", "JPN"} and found["needs"] and found["weights"]
    assert set(found["places"]) <= set(REGIONS) and found["places"]["TWN"] == pytest.approx([25.0, 121.5], abs=1)


def test_a_register_adds_organisations_to_partners_and_tells_nothing_of_strengths(page, table):
    register = opened(
        page, "register.csv",
        "organisation,region,capabilities,size,ties\nBoard House,KOR,boards,120,\nLab,TWN,chips,10,Board House\n"
    )
    found = asked(page, "partners", files=[table, register], region="TWN", activity="boards")
    assert "Board House" in {one["name"] for one in found["partners"]}
    assert found["command"].startswith("redqueen partners exports.csv --register register.csv")
    assert refused(page, "strengths", files=[register, table], region="TWN")[0]["file"] == "register.csv"


def test_what_can_be_asked_is_what_the_tables_have(page, table):
    found = page.get("/api/choices", params={"files": table}).json()
    assert {one["code"] for one in found["regions"]} == set(REGIONS) and {"code": "KOR", "name": "South Korea"} in found["regions"]
    assert [one["code"] for one in found["activities"]] == sorted(ACTIVITIES)
    assert found["years"] == [2000, 2001] and found["measures"] == ["exports"]
    for region in found["regions"]:
        assert asked(page, "strengths", files=[table], region=region["code"])["region"] == region["code"]


def test_a_year_a_file_is_one_table(page):
    text = exports().splitlines(keepends=True)
    files = [
        opened(page, f"e{year}.csv", text[0] + "".join(line for line in text[1:] if f",{year}," in line)) for year in (2000, 2001)
    ]
    found = asked(page, "strengths", files=files, region="TWN")
    assert len(found["standing"]) == 1 and found["change"], "two years are one table, in which things change"


# The simulated world


def test_without_files_the_world_under_the_page_s_policy_is_measured(page):
    case = f"brought:{opened(page, 'toy.toml', CASE)}"
    choices = page.get("/api/choices", params={"case": case}).json()
    assert [one["code"] for one in choices["regions"]] == ["north", "south"]
    assert [one["code"] for one in choices["activities"]] == ["parts", "brand"]
    assert choices["years"] == [1990, 1991, 1992, 1993, 1994] and "jobs" in choices["measures"]
    scenario = {"case": case, "base": "officers", "levers": []}
    found = asked(page, "strengths", files=[], scenario=scenario, region="south", measure="jobs", year=choices["years"][-1])
    assert found["simulated"] and "simulated" in found["title"] and found["year"] == 1994
    assert {one["activity"] for one in found["strengths"]} <= {"parts", "brand"} and found["chain"]["sectors"]
    assert found["command"].startswith("redqueen run toy.toml --policy officers --seed 1 -o run && redqueen diagnose run")
    more = {**scenario, "levers": [{"instrument": "capacity_building", "intensity": 200}]}
    other = asked(page, "strengths", files=[], scenario=more, region="south", measure="jobs")
    assert other["innovation"] != found["innovation"], "another policy makes another world"
    activity = choices["activities"][0]["code"]
    assert asked(page, "partners", files=[], scenario=scenario, region="south", activity=activity)["simulated"]


def test_the_tables_of_the_simulated_world_are_those_that_run_writes(page, tmp_path, capsys):
    case = f"brought:{opened(page, 'toy.toml', CASE)}"
    (tmp_path / "toy.toml").write_text(CASE)
    assert main(["run", str(tmp_path / "toy.toml"), "--policy", "officers", "-o", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    told = printed(capsys, "diagnose", str(tmp_path / "run"), "--region", "south")
    found = asked(page, "strengths", files=[], scenario={"case": case, "base": "officers", "levers": []}, region="south")
    assert [
        (one["activity"], one["measure"]) for one in found["strengths"]
    ] == [(one["activity"], one["measure"]) for one in told["strengths"]]
    assert [one["rca"] for one in found["strengths"]] == pytest.approx([one["rca"] for one in told["strengths"]])


# What is refused


def test_everything_wrong_with_a_question_is_told_at_once(page):
    found = {fault["field"] for fault in refused(page, "partners", files=[], year="2001", top=0)}
    assert {"region", "activity", "year", "top"} <= found


@pytest.mark.parametrize(
    "words, field",
    [
        ({"region": "Atlantis"}, "region"), ({"region": "TWN", "year": 1800}, "--year"),
        ({"region": "TWN", "measure": "joy"}, "--measure"),
        ({"region": ["TWN"]}, "region"), ({"region": "TWN", "year": True}, "year"), ({"region": "TWN", "files": "all"}, "files"),
        ({"region": "x" * 5000}, "region"),
    ],
)
def test_what_the_tables_do_not_have_is_refused(page, table, words, field):
    assert field in {fault["field"] for fault in refused(page, "strengths", **{"files": [table], **words})}


def test_a_file_of_another_kind_is_no_evidence(page):
    case = opened(page, "toy.toml", CASE)
    assert refused(page, "strengths", files=[case], region="south")[0]["file"] == "toy.toml"
    for identity in ("0123456789abcdef", "../../etc/passwd", ""):
        assert page.post("/api/strengths", json={"files": [identity], "region": "south"}).status_code == 404


def test_a_closed_file_is_not_answered_from_memory(page, table):
    asked(page, "strengths", files=[table], region="TWN")
    page.delete(f"/api/files/{table}")
    assert page.post("/api/strengths", json={"files": [table], "region": "TWN"}).status_code == 404


def test_neither_files_nor_a_case_is_told(page):
    assert page.get("/api/choices").status_code == 422
    assert page.get("/api/choices", params={"case": "nowhere"}).status_code == 422
    assert refused(page, "strengths", files=[], region="south", scenario=None)


# What goes together


def test_related_activities_are_the_region_s_own_and_those_nearest_to_it():
    # Regions have blocks of activities: 0 to 3 together, 4 to 7 together; the region has the first two of the first block.
    values = numpy.zeros((9, 8))
    values[:4, :4], values[4:8, 4:] = 1.0, 1.0
    values[8, :2] = 5.0
    panel = Panel(
        "t", "exports", "USD", (2001,), tuple("abcdefghi"), tuple(f"a{one}" for one in range(8)), values[None], {"a0": "first"}
    )
    found = related(panel, "i", most=4)
    assert [one["code"] for one in found["activities"]] == ["a0", "a1", "a2", "a3"]
    assert found["activities"][0]["name"] == "first" and found["has"] == [True, True, False, False]
    # Of five regions with a0, all have a1; of these five, four have a2.
    assert found["proximity"][0] == pytest.approx([1.0, 1.0, 0.8, 0.8])
    assert numpy.allclose(found["proximity"], numpy.transpose(found["proximity"]))
    assert len(related(panel, "i", most=24)["activities"]) == 8, "where there are fewer, all are laid out"


def test_strengths_come_with_what_goes_together(page, table):
    found = asked(page, "strengths", files=[table], region="TWN")["relatedness"]
    codes = [one["code"] for one in found["activities"]]
    assert sorted(codes) == sorted(ACTIVITIES)
    assert {code for code, has in zip(codes, found["has"], strict=True) if has} == {"chips", "cases"}
