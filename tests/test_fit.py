"""Fitting: emulators that know their error, a space that shrinks only where it must, and truths that are found again."""

from __future__ import annotations

import dataclasses
import math

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.errors import Refused
from redqueen.lab.fit.emulator import emulate
from redqueen.lab.fit.history_matching import EMPTY, match
from redqueen.lab.fit.identification import (
    IDENTIFIED,
    NOT_IDENTIFIED,
    least_implausible,
    marginals,
    optical_depth,
    sensitivities,
    trade_offs,
)
from redqueen.lab.fit.implausibility import Judgement, implausibility
from redqueen.lab.fit.recovery import normal_rate, recover, sure_rate
from redqueen.lab.fit.remaining import LEVELS, REJECTION, remaining, spread_out
from redqueen.lab.fit.space import Space
from redqueen.lab.fit.targets import CUT, Target
from redqueen.studies import facts as stylised
from redqueen.studies.claims.kept import Kept
from redqueen.studies.fitting import running
from redqueen.studies.fitting.planning import DISCREPANCY, TARGETS, micro_facts, parameters_set_by, plan_fit, target_of
from redqueen.studies.fitting.running import MicroRuns

pytest.importorskip("sklearn", reason="emulators need scikit-learn")
pytest.importorskip("SALib", reason="sensitivities need SALib")
from fitted_toy import ERROR, LUCK, figures, means_of, toy

stats = pytest.importorskip("scipy.stats", reason="designs need SciPy")

SPACE = Space({"push": (0.0, 2.0), "drag": (-1.0, 1.0), "idle": (10.0, 20.0)})


def first_wave(points=36, seeds=3):
    unit = SPACE.hypercube(points, 1)
    outputs = toy(SPACE.natural(unit), numpy.arange(points * seeds).reshape(points, seeds))
    return unit, outputs


@pytest.fixture(scope="module")
def emulators():
    unit, outputs = first_wave()
    return [emulate(f"figure_{place}", unit, outputs[:, :, place]) for place in range(3)]


# Emulators


def test_errors_of_leaving_out_are_those_of_fitting_the_others_anew(emulators):
    from sklearn.gaussian_process import GaussianProcessRegressor

    unit, outputs = first_wave()
    learner = emulators[0]._mean
    means = outputs[:, :, 0].mean(axis=1)
    standard = (means - means.mean()) / means.std(ddof=1)
    for place in (0, 17, 35):
        others = numpy.arange(36) != place
        anew = GaussianProcessRegressor(learner.kernel_, alpha=learner.alpha[others], optimizer=None)
        anew.fit(2 * unit[others] - 1, standard[others])
        mean, deviation = anew.predict(2 * unit[[place]] - 1, return_std=True)
        expected = (standard[place] - mean[0]) / math.sqrt(deviation[0] ** 2 + learner.alpha[place])
        assert emulators[0].check.errors[place] == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_an_emulator_knows_its_error_and_the_luck_of_runs_where_it_was_not_run(emulators):
    fresh = numpy.random.default_rng(5).random((400, 3))
    runs = toy(SPACE.natural(fresh), numpy.arange(10**6, 10**6 + 400)[:, None])[:, 0]
    for place, emulator in enumerate(emulators):
        mean, unsure, ensemble = emulator.foretell(fresh)
        errors = (runs[:, place] - mean) / numpy.sqrt(unsure + ensemble)
        # One run is missed by its luck and by the emulator: both together have a mean square near one.
        assert 0.7 < (errors**2).mean() < 1.4
        assert (numpy.abs(errors) > CUT).mean() <= 0.02
        # The mean of runs is missed by the emulator alone; its errors at neighbours are alike, so that the band is wider.
        errors = (means_of(SPACE.natural(fresh))[:, place] - mean) / numpy.sqrt(unsure)
        assert 0.3 < (errors**2).mean() < 2.0
        assert numpy.sqrt(ensemble).mean() == pytest.approx(LUCK[place], rel=0.2)


def test_luck_that_differs_over_the_space_is_foretold_where_it_is(emulators):
    unit = numpy.random.default_rng(2).random((60, 1))
    luck = numpy.random.default_rng(3).standard_normal((60, 4)) * (0.02 + 0.4 * unit)
    emulator = emulate("noisy", unit, unit + luck)
    _, _, ensemble = emulator.foretell(numpy.array([[0.1], [0.9]]))
    assert numpy.sqrt(ensemble) == pytest.approx([0.06, 0.38], rel=0.35)


def test_an_emulator_that_is_too_sure_of_itself_fails_its_check_and_rules_nothing_out():
    unit = Space({"only": (0.0, 1.0)}).hypercube(30, 1)
    smooth = numpy.repeat(unit, 2, axis=1)
    broken = smooth.copy()
    broken[11] += 40.0
    fine, spoilt = emulate("figure", unit, smooth), emulate("figure", unit, broken)
    assert fine.usable and not spoilt.usable
    assert "left-out points" in spoilt.check.fault or "too sure" in spoilt.check.fault
    judgement = Judgement(Space({"only": (0.0, 1.0)}), tuple(figures([50.0], [0.01])))
    assert judgement.with_wave([fine])(unit).min() > CUT
    assert judgement.with_wave([spoilt])(unit).max() == 0.0


def test_points_where_a_target_is_undefined_are_counted_and_left_out():
    unit, outputs = first_wave()
    outputs[:4, :, 0] = numpy.nan
    outputs[4, 0, 0] = numpy.nan
    emulator = emulate("figure", unit, outputs[:, :, 0])
    assert (emulator.points, emulator.undefined) == (32, 4)
    assert numpy.isfinite(emulator.foretell(unit)[0]).all()
    never = emulate("figure", unit, numpy.full((36, 3), numpy.nan))
    assert not never.usable and "defined at 0 of 36" in never.check.fault
    assert "the same at all" in emulate("figure", unit, numpy.ones((36, 3))).check.fault


# What remains


def ball(radius, centre=0.5):
    return lambda points, past=math.inf: CUT * numpy.linalg.norm(points - centre, axis=1) / radius


@pytest.mark.parametrize(("dimension", "radius", "method"), [(2, 0.4, REJECTION), (3, 0.08, LEVELS), (6, 0.15, LEVELS)])
def test_what_remains_of_a_ball_is_its_volume_evenly_filled(dimension, radius, method):
    found = remaining(ball(radius), dimension, cut=CUT)
    volume = math.pi ** (dimension / 2) / math.gamma(dimension / 2 + 1) * radius**dimension
    assert found.method == method
    # Seven levels of 1,000 points, each of which is off by about five per cent.
    assert found.share == pytest.approx(volume, rel=0.4 if method == LEVELS else 0.02)
    depth = (numpy.linalg.norm(found.points - 0.5, axis=1) / radius) ** dimension
    assert depth.max() <= 1.0
    # In an even ball depth is uniform on 0 to 1; sampled points depend on each other, so that half of the rows are tested.
    assert stats.kstest(depth[::2], "uniform").pvalue > 0.001


def test_moves_keep_a_sample_even_beside_walls_and_on_two_islands():
    from redqueen.lab.fit.remaining import _moved

    def islands(points, past=math.inf):
        return numpy.minimum(ball(0.05, 0.2)(points), ball(0.05, 0.8)(points))

    points = numpy.random.default_rng(3).random((150_000, 5))
    values = islands(points)
    points, values = points[values <= 24.0], values[values <= 24.0]
    inside = (values <= 14.0).mean()
    after = _moved(islands, points[:4000], values[:4000], 24.0, numpy.random.default_rng(1), 12)[1]
    assert (after <= 14.0).mean() == pytest.approx(inside, abs=0.02)
    assert after.max() <= 24.0


def test_nothing_remains_where_every_point_is_ruled_out():
    found = remaining(lambda points, past=math.inf: 4.0 + numpy.linalg.norm(points - 0.3, axis=1), 3, cut=CUT)
    assert found.empty and found.share == 0.0
    assert found.lowest == pytest.approx(4.0, abs=0.05)
    assert found.best == pytest.approx([0.3] * 3, abs=0.05)


def test_a_region_too_small_to_measure_is_not_taken_for_nothing():
    found = remaining(ball(1e-4), 6, cut=CUT)
    assert not found.empty and found.lowest < CUT
    # Thirty levels one after another leave its volume rough, but all points lie in it.
    assert numpy.linalg.norm(found.points - 0.5, axis=1).max() <= 1e-4
    assert math.log10(found.share) == pytest.approx(math.log10(math.pi**3 / 6 * 1e-24), abs=0.5)


def test_points_spread_out_are_far_from_each_other_and_from_those_there():
    grid = numpy.stack(numpy.meshgrid(*[numpy.linspace(0, 1, 21)] * 2), axis=-1).reshape(-1, 2)
    corners = {tuple(grid[place]) for place in spread_out(grid, 5)[1:]}
    assert corners == {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}
    assert tuple(grid[spread_out(grid, 1, near=numpy.array([[0.0, 0.0]]))[0]]) == (1.0, 1.0)


# Waves


def test_a_match_leaves_what_the_analytic_answer_leaves():
    space = Space({"left": (0.0, 1.0), "right": (0.0, 1.0)})

    def add(points, seeds):
        luck = [[[numpy.random.default_rng(int(seed)).normal(0.0, 0.02)] for seed in row] for row in seeds]
        return points.sum(axis=1)[:, None, None] + numpy.array(luck)

    found = match(add, space, [Target("sum", 0.9, 0.9, 0.03, 0.04)], points=24, seeds=3, waves=2)
    # The strip |left + right - 0.9| < 3 sqrt(0.02^2 + 0.03^2 + 0.04^2); the emulator's own variance adds next to nothing.
    half = CUT * math.sqrt(0.02**2 + 0.03**2 + 0.04**2)
    strip = ((0.9 + half) ** 2 - (0.9 - half) ** 2) / 2 - max(0.0, 0.9 + half - 1) ** 2
    assert found.share == pytest.approx(strip, rel=0.1)
    assert numpy.abs(space.natural(found.plausible).sum(axis=1) - 0.9).max() < half * 1.1
    assert (found.values < CUT).all()
    pair = trade_offs(space, found.plausible)[0]
    assert pair.correlation < -0.7


def test_the_same_match_gives_the_same_bits_and_a_wave_uses_seeds_of_its_own():
    asked = []

    def spied(points, seeds):
        asked.append(seeds)
        return toy(points, seeds)

    first, again = (match(spied, SPACE, figures([1.0, 0.6, 1.5]), points=20, seeds=2, waves=2, sample=200) for _ in range(2))
    assert first.plausible.tobytes() == again.plausible.tobytes() and first.share == again.share
    used = numpy.concatenate([seeds.ravel() for seeds in asked[: len(first.waves)]])
    assert len(numpy.unique(used)) == used.size


def test_figures_that_no_point_gives_empty_the_space_and_are_named():
    far = match(toy, SPACE, figures([1.0, 0.6, 9.0]), points=20, seeds=2, waves=3, sample=200)
    assert far.stop == EMPTY and far.empty and far.blamed() == ("figure_2",)
    assert far.share == 0.0 and len(far.plausible) == 0
    # Each can be met, but not both: they would have the first parameter in two places.
    twice = Space({"push": (0.0, 2.0), "drag": (-1.0, 1.0)})

    def same(points, seeds):
        return numpy.repeat(points[:, None, [0, 0]], seeds.shape[1], axis=1)

    together = match(same, twice, figures([0.5, 1.5], [0.1, 0.1]), points=12, seeds=2, sample=200)
    assert together.empty and together.blamed() == ("figure_0", "figure_1")
    # The second worst of three has nothing against it.
    assert not match(toy, SPACE, figures([1.0, 0.6, 9.0]), points=20, seeds=2, waves=1, rank=2, sample=200).empty


def test_a_figure_with_one_bound_rules_out_on_one_side_only():
    target = Target("rise", 2.0, None, 0.0, 0.5)
    assert target.distance(numpy.array([1.0, 2.0, 7.0])).tolist() == [1.0, 0.0, 0.0]
    assert dataclasses.replace(target, low=None, high=2.0).distance(numpy.array([1.0, 7.0])).tolist() == [0.0, 5.0]
    logs = Target("ratio", 1.0, math.e**2, 0.1, logs=True)
    assert logs.distance(logs.scaled(numpy.array([math.e**3])))[0] == pytest.approx(2.0)
    assert numpy.isnan(logs.scaled(numpy.array([0.0, -1.0]))).all()


def test_a_switch_is_run_at_its_ends_only():
    space = Space({"on": (0.0, 1.0), "other": (0.0, 1.0)}, frozenset({"on"}))
    seen = []

    def switched(points, seeds):
        seen.append(points[:, 0])
        luck = [[[numpy.random.default_rng(int(seed)).normal(0.0, 0.05)] for seed in row] for row in seeds]
        return (points[:, 0] + 0.1 * points[:, 1])[:, None, None] + numpy.array(luck)

    found = match(switched, space, [Target("figure", 1.0, 1.1, 0.1)], points=16, seeds=2, waves=2)
    assert set(numpy.concatenate(seen).tolist()) <= {0.0, 1.0}
    assert set(space.natural(found.plausible)[:, 0].tolist()) == {1.0}
    assert marginals(space, found.plausible)[0].left == 0.0


def test_everything_wrong_with_a_match_is_refused_at_once():
    with pytest.raises(Refused) as refusal:
        match(toy, Space({"push": (2.0, 1.0)}), [Target("figure", 1.0, 1.0, 0.0)], points=3, seeds=1, waves=0, rank=2, cut=0)
    assert {fault.field for fault in refusal.value.faults} == {"push", "figure", "points", "seeds", "waves", "rank", "cut"}


# Truths


def test_made_up_truths_are_kept_at_the_stated_rate(emulators):
    truths = 300
    luck = numpy.random.default_rng(11)
    unit = luck.random((truths, 3))
    values = toy(SPACE.natural(unit), numpy.arange(10**7, 10**7 + truths)[:, None])[:, 0] + luck.normal(0.0, ERROR, (truths, 3))
    found = numpy.empty((truths, 3))
    for column, emulator in enumerate(emulators):
        foretold = emulator.foretell(unit)
        for place in range(truths):
            target = figures(values[place])[column]
            found[place, column] = implausibility(target, *(one[[place]] for one in foretold))[0]
    worst = found.max(axis=1)
    kept = int((worst < CUT).sum())
    # At 1 in 1,000 a rate below that of normal errors is no chance; Pukelsheim's bound is certain to be passed.
    assert stats.binomtest(kept, truths, normal_rate(3), alternative="less").pvalue > 0.001
    assert kept / truths >= sure_rate(3)
    # The errors are neither too small (a cut at 1 would lose most truths) nor so large that nothing is said.
    assert 0.2 < (worst < 1.0).mean() < 0.6


def test_truths_are_kept_by_whole_matches_and_the_space_they_are_kept_in_is_small():
    recovery = recover(toy, SPACE, figures([0.0] * 3), truths=3, points=24, seeds=3, waves=2, sample=200)
    assert len(recovery.truths) == 3 and recovery.low < recovery.rate <= recovery.high
    assert all(truth.share < 0.25 for truth in recovery.truths)
    assert sum(truth.kept for truth in recovery.truths) >= 2
    assert recovery.normal == pytest.approx(0.9919, abs=1e-4) and recovery.sure == pytest.approx(1 - 3 * 4 / 81)


# What is identified


def test_a_parameter_without_effect_is_not_identified_and_no_target_hangs_on_it(emulators):
    judgement = Judgement(SPACE, tuple(figures([1.0, 0.6, 1.5]))).with_wave(emulators)
    found = remaining(judgement, 3, cut=CUT)
    by_name = {one.name: one for one in marginals(SPACE, found.points)}
    assert by_name["push"].word == IDENTIFIED and by_name["idle"].word == NOT_IDENTIFIED
    assert by_name["idle"].left == pytest.approx(1.0, abs=0.1)
    for one in sensitivities(SPACE, emulators):
        assert one.total["idle"] < 0.02
    # exp(push / 2) hangs on push alone.
    assert sensitivities(SPACE, emulators)[2].main["push"] == pytest.approx(1.0, abs=0.05)


def test_optical_depth_adds_up_to_the_share_that_remains():
    points = numpy.random.default_rng(1).random((2000, 3)) * [0.5, 1.0, 0.5]
    depth = optical_depth(points, 0.25, 0, 1, 10)
    assert depth.mean() == pytest.approx(0.25, abs=0.005) and depth[:, :5].mean() == pytest.approx(0.5, abs=0.01)
    assert (depth[:, 5:] == 0).all()
    least = least_implausible(numpy.array([[0.05, 0.95], [0.01, 0.99], [0.5, 0.5]]), numpy.array([4.0, 2.0, 1.0]), 0, 1, 10)
    assert least[9, 0] == 2.0 and least[5, 5] == 1.0 and numpy.isnan(least).sum() == 98


# The micro facts


def test_no_target_is_held_out_and_each_sets_a_parameter_or_is_named_otherwise():
    known = micro_facts()
    assert not any(fact.held_out for fact in known.values())
    assert set(TARGETS) <= set(known)
    assert set(parameters_set_by(TARGETS)) >= {"spinoff_rate", "novelty_success", "second_quarters"}
    assert "mobility" not in parameters_set_by(known) and "heritage" not in parameters_set_by(known)
    target = target_of(known["entrants_failing_within_two_years"])
    # 20 to 40 is 30 give or take two standard deviations of 5, and the model may be as far off again.
    assert (target.middle, target.observation, target.discrepancy) == (30.0, 5.0, 5.0 * DISCREPANCY)


def test_everything_wrong_with_a_fit_is_refused_at_once():
    with pytest.raises(Refused) as refusal:
        plan_fit(
            parameters=["novelty_succes", "novel_staff=5:1", "mobility", "heritage=0:0.5", "tacit=a"],
            targets=[
                "relative_income_taiwan_2010", "innovation_value_tail", "smile_curve", "local_knowledge_flow", "imitation_tim",
            ],
            points=1, seeds=1, quarters=4, discrepancy=-1.0, discrepancies={"nothing": 1.0},
        )
    text = str(refusal.value)
    for words in (
        "did you mean 'novelty_success'", "novel_staff (from 0.5 to 10", "endowment of a case", "heritage is a switch",
        "'a' is no range of tacit",
        "is held out", "more observations than", "is a direction", "is not measured", "did you mean 'imitation_time'", "4 quarters",
        "-1 is no multiple", "'nothing' is not a target",
    ):
        assert words in text


def test_a_point_is_measured_as_the_facts_are(tmp_path):
    plan = plan_fit(parameters=["novelty_success"], targets=["novel_project_success"], quarters=48)
    runs = MicroRuns(plan, Kept(tmp_path / "fit"), threads=2, progress=False)
    outputs = runs(numpy.array([[0.3]]), numpy.array([[7, 8]]))
    world = dataclasses.replace(plan.world, parameters={"novelty_success": 0.3})
    register = running.watch(world, None, 8)
    assert outputs[0, 1, 0] == stylised.MEASURED["novel_project_success"].measure(register)
    assert plan.world.quarters == 48 and case("recipes").world.parameters == {}


def test_a_run_that_fails_is_undefined_and_says_why(tmp_path, monkeypatch):
    plan = plan_fit(parameters=["novelty_success"], targets=["novel_project_success"], quarters=48)

    def broken(world, schedule, seed):
        raise ArithmeticError("out of money")

    monkeypatch.setattr(running, "watch", broken)
    runs = MicroRuns(plan, Kept(tmp_path / "fit"), threads=1, progress=False)
    assert numpy.isnan(runs(numpy.array([[0.3]]), numpy.array([[7, 8]]))).all()
    assert runs.failures == ["seed 7: ArithmeticError: out of money", "seed 8: ArithmeticError: out of money"]
