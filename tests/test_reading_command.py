"""The command that reads tables."""

import hashlib
import json
from pathlib import Path

import pytest
from kept_tables import kept

from redqueen.cli import main
from redqueen.evidence.formats import formats, read_evidence, recognise
from redqueen.evidence.keeping import find_out
from redqueen.evidence.opening import Opened

FILES = Path(__file__).parent / "files"


def test_the_command_says_what_it_found_and_writes_nothing_unasked(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["read", str(FILES / "baci")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for part in (
        "BACI (trade)", "Etalab Open Licence 2.0", "rows 7", "years 1995-1996", "regions 3: AFG (Afghanistan), TWN, USA",
        "854211 (Electronic integrated circuits: d", "exports: thousand current USD", "suppressed 0 cells", "missing 0 cells",
        "Nothing was written",
    ):
        assert part in said, part
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_one_json_document(tmp_path, capsys):
    assert main(["read", str(FILES / "long_table.csv"), "--json", "-o", str(tmp_path / "kept.parquet")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == "long_table" and told["rows"] == 5 and told["missing"] == 1 and told["years"] == [2000, 2001]
    assert told["written"] == str(tmp_path / "kept.parquet") and told["command"].startswith("redqueen read ")
    assert told["files"][0]["sha256"] == hashlib.sha256((FILES / "long_table.csv").read_bytes()).hexdigest()


def test_the_command_sums_over_partners_when_asked(tmp_path, capsys):
    out = tmp_path / "kept.parquet"
    assert main(["read", str(FILES / "baci"), "--without", "partner", "-o", str(out)]) == 0
    assert "partners" not in capsys.readouterr().out.split("Notes")[0]
    assert read_evidence(out).kind == "activities" and len(read_evidence(out).rows) == 6


def test_the_command_lists_the_layouts(capsys):
    assert main(["read", "--formats"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name}: " in said for name in formats())
    assert main(["read", "--formats", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(formats())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["read"], "FILE: is missing"),
        (["read", "absent.csv"], "absent.csv: no such file"),
        (["read", "absent.csv", "--format", "cbp"], "absent.csv: no such file"),
        (["read", str(FILES / "long_table.csv"), "--year", "99999"], "'99999' is no year between 1500 and 2200"),
        (["read", str(FILES / "baci"), "--format", "bacci"], "no layout is called 'bacci' (did you mean 'baci'?)"),
        (["read", str(FILES / "baci"), "--year", "then", "-o", "out.csv"], "'then' is not a whole number"),
        (["read", str(FILES / "baci"), "--format", "long_table"], "the columns make no long table"),
        (["read", str(FILES / "long_table.csv"), "--format", "baci"], "the column is missing"),
        (["read", str(FILES / "long_table.csv"), "--format", "kept"], "redqueen did not write this file"),
    ],
)
def test_a_wrong_question_is_refused(capsys, arguments, says):
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("name", ["wiod/full_1995.parquet", "trade/hs4_exports_1980.csv.gz"])
def test_real_tables_are_kept_and_read_back(data_directory, tmp_path, name):
    was = find_out(Opened(recognise(data_directory / name), data_directory / name))
    out = kept(data_directory / name, tmp_path / "kept.parquet")
    assert vars(find_out(Opened(recognise(out), out))) == vars(was)
