"""Results change only on purpose: the golden runs have the bits that were kept."""

import pytest
from golden import FOLDER, REASONS, RUNS, fingerprint, kept, main

HOW_TO_RENEW = 'If the change is meant, say why: make golden REASON="..."'


@pytest.mark.parametrize("name", RUNS)
def test_a_golden_run_has_every_bit_that_was_kept(name):
    before, now = kept(name), fingerprint(name)
    assert before is not None, f"nothing is kept of {name}. {HOW_TO_RENEW}"
    figures = {
        outcome: (before["figures"].get(outcome), value) for outcome,
        value in now["figures"].items() if value != before["figures"].get(outcome)
    }
    assert figures == {}, f"figures before and now differ. {HOW_TO_RENEW}"
    assert sorted(now["sha256"]) == sorted(before["sha256"]), f"other arrays are kept. {HOW_TO_RENEW}"
    differ = [array for array in now["sha256"] if now["sha256"][array] != before["sha256"][array]]
    assert differ == [], f"{len(differ)} of {len(now['sha256'])} arrays differ. {HOW_TO_RENEW}"


def test_every_kept_run_is_still_run_and_has_its_reason():
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(RUNS)
    told = REASONS.read_text(encoding="utf-8")
    assert [name for name in RUNS if name not in told] == []


@pytest.mark.parametrize("arguments", [["--renew"], ["--renew", "--reason", "  "], ["--reason", "no renewal asked for"]])
def test_renewal_asks_for_a_reason(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "--re" in capsys.readouterr().err


def test_a_renewal_that_changes_nothing_leaves_no_trace(monkeypatch, tmp_path, capsys):
    """Kept once with a reason, then nothing new: one line stands in the reasons."""
    monkeypatch.setattr("golden.FOLDER", tmp_path)
    monkeypatch.setattr("golden.REASONS", tmp_path / "reasons.md")
    monkeypatch.setattr("golden.RUNS", {"toy_without_policy": RUNS["toy_without_policy"]})
    for reason in ("because", "because again"):
        assert main(["--renew", "--reason", reason]) == 0
    assert "nothing has changed" in capsys.readouterr().out
    told = (tmp_path / "reasons.md").read_text(encoding="utf-8")
    assert told.count("\n- ") == 1 and "because (toy_without_policy)" in told
