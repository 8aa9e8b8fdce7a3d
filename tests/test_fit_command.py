"""The command that fits: what it writes, that it goes on where it was stopped, and what trials take from it."""

from __future__ import annotations

import argparse
import csv
import json
import math

import numpy
import pytest

from redqueen.cli.fit import add_commands
from redqueen.lab.fit import history_matching as waves_of
from redqueen.lab.fit.history_matching import match
from redqueen.lab.fit.space import Space
from redqueen.lab.fit.targets import CUT
from redqueen.studies import facts as stylised
from redqueen.studies.claims.kept import Kept
from redqueen.studies.fitting import findings as reading
from redqueen.studies.fitting import running
from redqueen.studies.fitting.findings import findings
from redqueen.studies.fitting.planning import plan_fit
from redqueen.studies.fitting.running import MicroRuns

pytest.importorskip("sklearn", reason="emulators need scikit-learn")
pytest.importorskip("SALib", reason="sensitivities need SALib")
from fitted_toy import figures, toy

SPACE = Space({"push": (0.0, 2.0), "drag": (-1.0, 1.0), "idle": (10.0, 20.0)})


# The command

SMALL = (
    "fit", "--parameters", "novelty_success", "--targets", "novel_project_success", "--quarters", "48", "--points", "4",
    "--waves", "1", "--threads", "2",
)


def call(*words):
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    asked = parser.parse_args(words)
    asked.words = list(words)
    asked.answer(asked)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    place = tmp_path_factory.mktemp("fits") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "DEFAULT_SEEDS", 2)
        call(*SMALL, "-o", str(place))
    return place


def test_a_fit_is_written_as_points_tables_and_a_figure(whole):
    document = json.loads((whole / "fit.json").read_text())
    with (whole / "plausible.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == document["plausible_points"] > 0 and 0 < document["share"] < 1
    assert all(0.1 <= float(row["novelty_success"]) <= 0.6 and float(row["implausibility"]) < CUT for row in rows)
    page = (whole / "fit.md").read_text()
    assert "novelty success" in page and "identified" in page and "not ruled out" in page
    assert (whole / "fit.png").stat().st_size > 1000


def test_the_same_fit_again_is_answered_without_a_run(whole, monkeypatch, capsys):
    monkeypatch.setattr(running, "watch", None)
    monkeypatch.setattr(waves_of, "emulate", None)
    call(*SMALL, "-o", str(whole), "--json")
    # One document is all that is printed.
    assert json.loads(capsys.readouterr().out) == json.loads((whole / "fit.json").read_text())
    call(*SMALL, "-o", str(whole))
    assert "not ruled out" in capsys.readouterr().out


def test_a_stopped_fit_goes_on_and_ends_as_one_that_was_not(whole, tmp_path, monkeypatch):
    from redqueen.cli import fit as command

    real, done = running.watch, []

    def stopping(world, schedule, seed):
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(seed)
        return real(world, schedule, seed)

    monkeypatch.setattr(command, "_draw", lambda *all: None)
    monkeypatch.setattr(reading, "DEFAULT_SEEDS", 2)
    monkeypatch.setattr(running, "watch", stopping)
    stopped = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt, match="goes on from there"):
        call(*SMALL, "--threads", "1", "-o", str(stopped))
    assert not (stopped / "plausible.csv").exists()
    done.clear()
    monkeypatch.setattr(running, "watch", lambda *all: done.append(all[2]) or real(*all))
    call(*SMALL, "-o", str(stopped))
    # Eight runs, of which two whole points were kept, and two of the model's own values.
    assert len(done) == 4 + 2
    assert (stopped / "plausible.csv").read_bytes() == (whole / "plausible.csv").read_bytes()


def test_a_damaged_point_is_run_again(whole, tmp_path, monkeypatch):
    plan = plan_fit(parameters=["novelty_success"], targets=["novel_project_success"], quarters=48, points=4, waves=1)
    point, seeds = plan.space.natural(plan.space.hypercube(4, plan.draw))[:1], numpy.array([[1, 2]])
    runs = MicroRuns(plan, Kept(whole), threads=1, progress=False)
    known = runs(point, seeds)
    damaged = Kept(tmp_path / "damaged")
    key = runs._key(point[0], seeds[0])
    kept = json.loads((whole / "parts" / f"{key}.json").read_text())
    kept["values"]["facts"]["novel_project_success"][0] += 1.0
    (damaged.place / "parts" / f"{key}.json").write_text(json.dumps(kept))
    again = MicroRuns(plan, damaged, threads=1, progress=False)(point, seeds)
    assert again.tobytes() == known.tobytes()


def test_a_trial_samples_the_plausible_points(tmp_path):
    files = pytest.importorskip("redqueen.lab.trial_file", reason="trial files are read there")
    space = Space({"novelty_success": (0.1, 0.6), "tacit": (0.1, 1.0), "scan": (0.0, 0.5)})
    found = match(toy, space, figures([0.5, 0.2, 1.1]), points=20, seeds=2, waves=1, sample=200)
    from redqueen.report.fit import plausible_rows

    text = "\n".join(",".join(map(str, row)) for row in plausible_rows(found))
    (tmp_path / "plausible.csv").write_text(text + "\n", encoding="utf-8")
    (tmp_path / "trial.toml").write_text(
        '[trial]\npolicies = ["none"]\nseeds = 1\n\n[[world]]\ncase = "recipes"\n\n'
        '[samples]\nmethod = "points"\nfile = "plausible.csv"\n',
        encoding="utf-8",
    )
    samples = files.read_trial(tmp_path / "trial.toml").samples
    assert samples.names == ("novelty_success", "tacit", "scan") and len(samples) == len(found.plausible)


def test_facts_that_were_no_target_and_the_models_own_values_are_read_off_runs(whole, monkeypatch):
    monkeypatch.setattr(reading, "DEFAULT_SEEDS", 2)
    plan = plan_fit(parameters=["novelty_success"], targets=["novel_project_success"], quarters=48, points=4, waves=1)
    found, runs = running.fit(plan, Kept(whole), threads=2, progress=False)
    read = findings(plan, found, runs)
    names = {one.name for one in read.unused}
    assert "imitation_time" in names and "novel_project_success" not in names and "learning_across_borders" not in names
    assert read.default_value == read.default["novel_project_success"] < CUT
    target, world = plan.targets[0], plan.world
    values = [stylised.MEASURED[target.name].measure(running.watch(world, None, 30_000_001 + seed)) for seed in range(2)]
    spread = numpy.var(values, ddof=1)
    expected = abs(numpy.mean(values) - target.middle) / math.sqrt(spread * 3 / 2 + target.variance)
    assert read.default_value == pytest.approx(expected)


def test_abc_within_the_plausible_set_draws_nearer_to_the_figures_and_is_the_same_each_time(tmp_path):
    pytest.importorskip("pyabc", reason="ABC needs pyabc, the extra redqueen[abc]")
    from redqueen.lab.fit.approximate_bayes import refine

    values = toy(numpy.array([[1.0, 0.2, 15.0]]), numpy.array([[99]]))[0, 0]
    found = match(toy, SPACE, figures(values), points=24, seeds=2, waves=1, sample=200)
    first, again = (refine(toy, found, tmp_path / f"{name}.db", particles=20, populations=2) for name in ("first", "again"))
    assert first.points.tobytes() == again.points.tobytes() and first.weights.sum() == pytest.approx(1.0)
    assert first.tolerances[-1] < first.tolerances[0]
    assert (found.judgement(SPACE.unit(first.points)) < CUT).all()
    before = numpy.abs(SPACE.natural(found.plausible)[:, 0] - 1.0).mean()
    assert (first.weights * numpy.abs(first.points[:, 0] - 1.0)).sum() < before
    assert (tmp_path / "first.db").stat().st_size > 0
