"""Files that are opened in the app: recognised by what they hold, refused with every fault, kept where nothing leads out of."""

import gzip
import io
import json
import shutil
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from monitored import GOALS, LONGER
from serving import client, read_here
from toy_trial import CASE

from redqueen.app import recognising
from redqueen.app.folder import Folder, clean_name
from redqueen.errors import Refused

FILES = Path(__file__).parent / "files"
POLICY = """
[policy]
name = "helpers"
title = "Officers for the south"

[[change]]
instrument = "capacity_building"
intensity = 20
"""
TABLE = "region,activity,year,value,measure,unit\n" + "".join(
    f"{region},{activity},{year},{number * 10 + year % 7},exports,USD\n"
    for number, (region, activity) in enumerate((r, a) for r in ("TWN", "KOR", "JPN") for a in ("chips", "boards", "screens"))
    for year in (2000, 2001)
)


@pytest.fixture
def page(tmp_path, monkeypatch):
    read_here(monkeypatch)
    with client(tmp_path / "folder") as asked:
        yield asked


@pytest.fixture
def apart(tmp_path):
    """Give the page of an app that reads each file in a process of its own, as users have it."""
    with client(tmp_path / "folder") as asked:
        yield asked


def opened(page, name, content, **parameters):
    content = content.encode() if isinstance(content, str) else content
    return page.put("/api/files", params={"name": name, **parameters}, content=content)


def faults(answer):
    assert answer.status_code == 422, answer.text
    return answer.json()["faults"]


def kept(tmp_path):
    """Give what lies in the folder of files, by the name of each file."""
    return sorted(path.name for path in (tmp_path / "folder" / "files").rglob("*") if path.is_file() and path.name != "about.json")


# What a file is


def test_a_file_is_recognised_by_what_it_holds(apart):
    found = {
        name: opened(apart, name, content).json()
        for name, content in {
            "toy.toml": CASE, "p.toml": POLICY, "t.csv": TABLE, "r.csv": (FILES / "organisations.csv").read_bytes(),
            "figures.csv": "indicator,year,value\njobs,1999,3\n", "trial.toml": '[trial]\nseeds = 2\n[[world]]\ncase = "hsinchu"\n',
        }.items()
    }
    assert {name: one["kind"] for name, one in found.items()} == {
        "toy.toml": "case", "p.toml": "policy", "t.csv": "table", "r.csv": "register", "figures.csv": "observations",
        "trial.toml": "trial",
    }
    case = found["toy.toml"]
    assert case["case"] == f"brought:{case['id']}" and "2 regions" in case["summary"]
    assert found["p.toml"]["policy"]["changes"][0] == {
        "instrument": "capacity_building", "intensity": 20.0, "per": None, "where": ["target"], "from": None, "until": None,
        "stages": None, "note": "", "source": "",
    }
    table = found["t.csv"]
    assert (table["measures"], table["regions"], table["years"]) == (["exports"], 3, [2000, 2001])
    listed = apart.get("/api/files").json()
    assert [one["name"] for one in listed] == list(found) and all(one["bytes"] > 0 and one["added"] > 0 for one in listed)


def test_the_same_file_is_kept_once(page, tmp_path):
    one, two = (opened(page, "toy.toml", CASE).json() for _ in range(2))
    assert one["id"] == two["id"] and kept(tmp_path) == ["toy.toml"]
    assert opened(page, "toy.toml", LONGER).json()["id"] != one["id"], "another of the same name is another"


def test_a_goals_file_is_followed_and_finds_the_case_that_it_names(page):
    alone = opened(page, "goals.toml", GOALS)
    assert [(one["file"], one["field"], one["line"]) for one in faults(alone)] == [("goals.toml", "monitor.case", 3)]
    opened(page, "toy.toml", LONGER)
    found = opened(page, "goals.toml", GOALS).json()
    assert found["kind"] == "goals"
    shown = page.get(f"/api/goals/{found['goals']}").json()
    assert shown["plan"]["case"] == "toy" and shown["text"] == GOALS
    assert opened(page, "goals.toml", GOALS).json()["goals"] == found["goals"], "opened again it is not followed twice"


def test_a_file_is_closed(page, tmp_path):
    found = opened(page, "toy.toml", CASE).json()
    assert page.delete(f"/api/files/{found['id']}").status_code == 200
    assert page.get("/api/files").json() == [] and kept(tmp_path) == []
    assert page.delete(f"/api/files/{found['id']}").status_code == 404


# What is wrong with a file


def test_faults_name_file_line_and_field_and_the_file_is_not_kept(page, tmp_path):
    wrong = CASE.replace("workers = 900", 'workers = "many"').replace('reference = "none"', 'reference = "nobody"')
    answer = opened(page, "C:\\mine\\toy.toml", wrong)
    found = faults(answer)
    assert len(found) == 2
    for fault in found:
        assert fault["file"] == "C:\\mine\\toy.toml"
        assert wrong.splitlines()[fault["line"] - 1].startswith(fault["field"].rpartition(".")[2])
    assert str(tmp_path) not in answer.text
    assert kept(tmp_path) == [] and page.get("/api/files").json() == []


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.toml", "[case\n"), ("a.toml", "a = 1\n"), ("a.toml", b"\xff\xfe"), ("a.toml", "a = " + "[" * 5000), ("a.toml", ""),
        ("a.csv", ""), ("a.csv", "one,two\n1,2\n"), ("a.csv", TABLE.replace("2000,", "year,")), ("a.csv", TABLE + TABLE[42:]),
        ("a.xlsx", b"PK\x03\x04 no workbook"), ("a.parquet", b"PAR1 none PAR1"), ("a.gz", b"\x1f\x8b none"),
        ("a.zip", b"PK\x05\x06" + b"\0" * 18),
        ("a.exe", b"MZ\0\0\0"), ("a", "text\n"), ("a.csv", TABLE[:-1]), ("a.rdata", b"RDX3\nX\n"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, name, content):
    place = tmp_path / name
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(Refused) as refused:
        recognising.recognise_file(place)
    assert all(fault.message for fault in refused.value.faults)


@pytest.mark.parametrize(
    "name, content", [("a.toml", "[case\n"), ("a.csv", "one,two\n1,2\n"), ("a.xlsx", b"PK\x03\x04 none"), ("a.csv", "")]
)
def test_a_refusal_bears_the_name_that_the_user_gave_and_nothing_is_kept(page, tmp_path, name, content):
    answer = opened(page, name, content)
    for fault in faults(answer):
        assert fault["file"] == name and fault["message"]
    assert str(tmp_path) not in answer.text and "Traceback" not in answer.text
    assert kept(tmp_path) == []


def test_a_table_without_a_year_is_asked_for_it(page):
    text = "region,activity,value\n" + "".join(f"{region},{activity},{number}\n" for number, (region, activity) in enumerate(
        (region, activity) for region in ("TWN", "KOR") for activity in ("chips", "boards")))
    assert any(fault["field"] == "year" for fault in faults(opened(page, "t.csv", text)))
    assert opened(page, "t.csv", text, year=2001).json()["years"] == [2001, 2001]


# Where a file lies


@pytest.mark.parametrize(
    "name, clean",
    [
        ("../../etc/passwd.csv", "passwd.csv"), ("/etc/cron.d/x.csv", "x.csv"), ("..\\..\\x.csv", "x.csv"), ("a\0b.csv", "a_b.csv"),
        ("a\nb.csv", "a_b.csv"), ("%2e%2e%2fx.csv", "_2e_2e_2fx.csv"), (".hidden.csv", "hidden.csv"),
        ("x" * 500 + ".csv", "x" * 116 + ".csv"),
        ("Bevölkerung 2020 (neu).csv", "Bevölkerung 2020 (neu).csv"), ("$(touch x).csv", "_(touch x).csv"), ("-o.csv", "-o.csv"),
    ],
)
def test_a_name_leads_nowhere(name, clean):
    assert clean_name(name) == clean


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "/etc/cron.d/x.csv", "a\0b.csv", "..\\..\\x.csv"])
def test_a_file_lies_in_its_own_place_whatever_its_name(page, tmp_path, name):
    found = opened(page, name, TABLE).json()
    assert kept(tmp_path) == [found["name"]]
    assert (tmp_path / "folder" / "files" / found["id"] / found["name"]).read_text() == TABLE
    assert {path.name for path in tmp_path.iterdir()} == {"folder"}


@pytest.mark.parametrize("name", ["", "..", ".", "/", "../", "about.json", "...", " . "])
def test_what_is_no_name_is_refused(page, tmp_path, name):
    assert faults(opened(page, name, TABLE))[0]["field"] == "name"
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    "identity",
    [
        "..", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcdef\n", "０" * 16,
        "*" * 16, ""
    ]
)
def test_what_is_no_id_is_not_there(tmp_path, identity):
    from starlette.exceptions import HTTPException

    with closing(Folder(tmp_path / "folder")) as folder:
        for part in ("files", "jobs", "goals"):
            with pytest.raises(HTTPException):
                folder.place(part, identity)


def test_a_link_in_the_folder_is_not_followed(page, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "t.csv").write_text(TABLE)
    (secret / "about.json").write_text(json.dumps({"id": "0" * 16, "name": "t.csv", "kind": "table"}))
    (tmp_path / "folder" / "files" / ("0" * 16)).symlink_to(secret)
    found = opened(page, "t.csv", TABLE).json()
    place = tmp_path / "folder" / "files" / found["id"] / "t.csv"
    place.unlink()
    place.symlink_to(secret / "t.csv")
    assert [one["id"] for one in page.get("/api/files").json()] == [found["id"]]
    for identity in ("0" * 16, found["id"]):
        answer = page.post("/api/strengths", json={"files": [identity], "region": "TWN"})
        assert answer.status_code == 404, answer.text
    assert page.delete(f"/api/files/{'0' * 16}").status_code == 404
    assert page.delete(f"/api/files/{found['id']}").status_code == 200
    assert (secret / "t.csv").exists(), "what a link pointed to is left alone"


def test_a_folder_whose_parts_are_links_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "folder" / "jobs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="link"):
        Folder(tmp_path / "folder")


def test_a_folder_is_of_its_owner_alone(tmp_path):
    Folder(tmp_path / "folder").close()
    assert (tmp_path / "folder").stat().st_mode & 0o077 == 0


def test_what_a_killed_server_left_half_sent_is_swept_away(tmp_path):
    folder = Folder(tmp_path / "folder")
    _, draft = folder.new("files")
    (draft / "half.csv").write_text("regi")
    folder.close()
    Folder(tmp_path / "folder").close()
    assert not draft.exists()


@pytest.mark.parametrize("name", ["a/../b.toml", "b", "x.csv", "a b (c).csv"])
def test_a_clean_name_is_clean(name):
    assert clean_name(clean_name(name)) == clean_name(name)


# What a file may do


def test_nothing_in_a_file_is_carried_out(apart, tmp_path):
    flag = tmp_path / "ran"
    for text in (
        f'__import__("os").system("touch {flag}")', f'a = "$(touch {flag})"', f"!!python/object/apply:os.system ['touch {flag}']",
        f'[trial]\nname = "$(touch {flag})"\n[[world]]\ncase = "hsinchu"\n',
    ):
        assert opened(apart, "a.toml", text).status_code == 422
    assert opened(apart, f"$(touch {flag}).csv", TABLE).status_code == 200
    formula = TABLE.replace("chips", f'"=cmd|\' /C touch {flag}\'!A0"')
    assert opened(apart, "f.csv", formula).json()["kind"] == "table"
    assert not flag.exists()


@pytest.mark.parametrize("asked", ["/etc/passwd", "../../../../etc/passwd", "..", "sub/points.csv", ".hidden", "a\\b.csv"])
@pytest.mark.parametrize(
    "text, field",
    [
        ('[trial]\nseeds = 2\n[[world]]\ncase = "hsinchu"\n[samples]\nmethod = "points"\nfile = {}\n', "samples.file"),
        ('[trial]\nseeds = 2\npolicies = [{}]\n[[world]]\ncase = "hsinchu"\n', "trial.policies"),
        ("[trial]\nseeds = 2\n[[world]]\ncase = {}\n", "world.case"),
        (GOALS.replace('case = "toy.toml"', "case = {}"), "monitor.case"),
        (GOALS.replace('policy = "officers"', "policy = {}"), "monitor.policy"),
        (GOALS.replace("budget = 0.3", "ledger = {}"), "monitor.ledger"),
    ],
)
def test_a_file_names_no_other_file_of_this_machine(tmp_path, text, field, asked):
    (tmp_path / "toy.toml").write_text(LONGER)
    named = asked if field in ("samples.file", "monitor.ledger") else f"{asked}.toml"
    path = tmp_path / "a.toml"
    path.write_text(text.replace("{}", json.dumps(named)))
    with pytest.raises(Refused) as refused:
        recognising.recognise_file(path)
    (found,) = (fault for fault in refused.value.faults if fault.field == field)
    assert found.line and "not a file beside it" in found.message
    assert "root:" not in str(refused.value)


def test_the_first_line_of_another_file_is_not_told(page):
    text = '[trial]\nseeds = 2\n[[world]]\ncase = "hsinchu"\n[samples]\nfile = "/etc/passwd"\n'
    answer = opened(page, "a.toml", text)
    assert faults(answer)[0]["field"] == "samples.file" and "root" not in answer.text


def test_others_may_not_let_this_machine_open_databases(tmp_path):
    token = "a-token-of-some-letters"
    goals = GOALS.replace("budget = 0.3", 'ledger = "postgresql://user@192.0.2.1/name"')
    with client(tmp_path / "folder", host="0.0.0.0", token=token, address="http://192.0.2.7:8123") as page:
        page.headers["Authorization"] = f"Bearer {token}"
        assert opened(page, "toy.toml", LONGER).status_code == 200
        assert [one["field"] for one in faults(opened(page, "goals.toml", goals))] == ["monitor.ledger"]
        assert page.get("/api/goals").json() == []


# What a file unpacks into


def zipped(*files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_packed_table_is_opened(page):
    assert opened(page, "t.csv.gz", gzip.compress(TABLE.encode())).json()["kind"] == "table"


@pytest.mark.parametrize("pack", [lambda blob: gzip.compress(blob), lambda blob: zipped(("t.csv", blob))], ids=["gzip", "zip"])
def test_a_file_that_unpacks_into_too_much_is_refused_before_it_is_read(tmp_path, pack):
    path = tmp_path / "bomb.bin"
    path.write_bytes(pack(b"0" * 3_000_000))
    assert path.stat().st_size < 10_000
    with pytest.raises(Refused, match="unpacks from"):
        recognising.check_unpacked(path, most=2_000_000)
    recognising.check_unpacked(path, most=3_000_000)


def test_a_bomb_is_refused_and_the_server_goes_on(apart, tmp_path):
    # A little more than is taken, in members of one file: no test should need the memory that the bomb asks for.
    name, member = "b.csv.gz", gzip.compress(bytes(64 << 20), compresslevel=1)
    packed = io.BytesIO(member * (recognising.UNPACKED // (64 << 20) + 1))
    answer = opened(apart, name, packed.getvalue())
    assert "unpacks from" in faults(answer)[0]["message"] and faults(answer)[0]["file"] == name
    assert kept(tmp_path) == [] and apart.get("/api/about").status_code == 200


def test_a_reader_has_so_much_memory_and_no_more(apart, tmp_path, monkeypatch):
    # Half a gigabyte of cells in a column, packed into little by the format itself.
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = 60_000_000
    words = arrow.DictionaryArray.from_arrays(arrow.array([0] * 1000, type=arrow.int8()), arrow.array(["x"]))
    block = arrow.table(
        {"region": words, "activity": words, "year": arrow.array([2000] * 1000), "value": arrow.array([1.0] * 1000)}
    )
    path = tmp_path / "big.parquet"
    with parquet.ParquetWriter(path, block.schema) as writer:
        large = arrow.concat_tables([block] * 1000)
        for _ in range(rows // large.num_rows):
            writer.write_table(large, row_group_size=large.num_rows)
    monkeypatch.setattr("redqueen.app.files.sys.executable", str(small_python(tmp_path)))
    answer = opened(apart, "big.parquet", path.read_bytes())
    assert faults(answer)[0]["file"] == "big.parquet"
    assert kept(tmp_path) == [] and apart.get("/api/about").status_code == 200


def small_python(tmp_path):
    """Write a Python whose readers may take a gigabyte, which is soon reached."""
    import sys

    script = tmp_path / "python"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nfrom redqueen.app import recognising\nrecognising.MEMORY = 1 << 30\n"
        "raise SystemExit(recognising.main(sys.argv[3:]))\n"
    )
    script.chmod(0o755)
    return script


def test_a_reader_that_ends_its_process_ends_no_other(apart, monkeypatch):
    monkeypatch.setattr("redqueen.app.files.sys.executable", shutil.which("false"))
    answer = opened(apart, "t.csv", TABLE)
    assert "ends the reader" in faults(answer)[0]["message"] and faults(answer)[0]["file"] == "t.csv"
    assert apart.get("/api/about").status_code == 200


def test_a_case_of_more_than_anybody_writes_is_refused(page):
    text = CASE + "# " + "x" * recognising.MOST_TEXT + "\n"
    assert "nobody writes" in faults(opened(page, "toy.toml", text))[0]["message"]


def test_points_without_number_end_the_reader_alone(apart):
    text = '[trial]\nseeds = 1\n[[world]]\ncase = "hsinchu"\n[uncertain]\nattention = "declared"\n[samples]\ncount = 100000000000\n'
    assert opened(apart, "trial.toml", text).status_code == 422
    assert apart.get("/api/about").status_code == 200
