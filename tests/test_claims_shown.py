"""What the command shows of the register of claims."""

import json

import pytest
from toy_claims import COST, Planted, claim, register, write

from redqueen import cli
from redqueen.lab.outcomes import BY_NAME
from redqueen.report.claims import DECLARED, declared_rows
from redqueen.studies.claims.contrasts import contrast_words
from redqueen.studies.claims.reading import read_register

OFFICERS = 'arm = "officers"\noutcome = "value_added"\ndirection = "up"\nthreshold = 5.0'
LITTLE = '\n[[claim.arm]]\nname = "little"\n[[claim.arm.change]]\ninstrument = "lump_sum"\nintensity = 0.01\n'


def test_the_command_prints_one_json_document_with_the_shape_that_scripts_rely_on(tmp_path, capsys):
    path = write(tmp_path, claim(tmp_path), claim(tmp_path, id="B", contrast=COST.replace("up", "down")))
    assert cli.main(
        ["claims", "A", "--register", str(path), "--json", "--no-screen", "--seeds", "5", "-o", str(tmp_path / "out")]
    ) == 0
    document = json.loads(capsys.readouterr().out)
    wanted = {"id", "sentence", "source", "effect", "low", "high", "threshold", "direction", "verdict", "rival", "seeds"}
    assert len(document) == 1 and wanted <= document[0].keys()
    assert (document[0]["seeds"], document[0]["register_size"]) == (5, 2)
    # Only one of two was run: its p counts twice.
    assert document[0]["p_holm"] == pytest.approx(min(1.0, 2 * document[0]["p"]))


def test_failures_are_shown_like_successes(tmp_path, capsys):
    path = write(tmp_path, claim(tmp_path), claim(tmp_path, id="B", contrast=COST.replace("up", "down")))
    assert cli.main(["claims", "B", "A", "--register", str(path), "--no-screen", "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "1 hold, 1 do not hold" in said and "does not hold" in said and "money does it" in said
    assert max(map(len, said.splitlines())) <= max(80, len(str(tmp_path)) + 60)
    page = (tmp_path / "out" / "claims.md").read_text()
    assert page.count("Officers help") == 4 and "| B | Officers help |" in page


def test_the_register_can_be_listed_and_its_power_shown_without_running(tmp_path, capsys, monkeypatch):
    Planted(monkeypatch, None).fail = lambda part: pytest.fail("nothing should run")
    path = write(tmp_path, claim(tmp_path, contrast=OFFICERS))
    for option, words in (("--list", "Officers"), ("--power", "smallest found")):
        assert cli.main(["claims", "--register", str(path), option]) == 0
        assert words in capsys.readouterr().out
        assert cli.main(["claims", "--register", str(path), option, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["id"] == "A"
    assert all(len(row) == len(DECLARED) for row in declared_rows(read_register(path)))


def test_wrong_options_are_refused_together(tmp_path, capsys):
    path = write(tmp_path, claim(tmp_path))
    assert cli.main(["claims", "Z", "--register", str(path), "--seeds", "1", "--threads", "0", "--set", "forgeting=1"]) == 2
    said = capsys.readouterr().err
    assert all(
        words in said for words in ("no claim is called 'Z'", "1 seeds", "0 is too few", "no parameter is called 'forgeting'")
    )


def test_words_of_a_contrast_name_its_outcome_arms_and_region(tmp_path):
    one = register(tmp_path, contrast=OFFICERS + '\ntarget = "north"\nequal_cost = true').claims[0]
    assert contrast_words(
        one, one.main
    ) == f"{BY_NAME['value_added'].words} in south: officers in north against none, at equal cost"
