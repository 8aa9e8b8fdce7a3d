"""Why a policy has its effect: walks, surrogates, indices, flips and boxes against what is known, and the command on a toy case."""

import argparse
import itertools
import json
import math
from types import SimpleNamespace

import numpy
import pytest
from toy_trial import write_case

from redqueen.cli import explain as command_line
from redqueen.errors import Refused
from redqueen.lab.explain import boxes, flipping, surrogate
from redqueen.lab.explain.boxes import Box, NoBox, find_box, find_leaf
from redqueen.lab.explain.explaining import explain, explain_result
from redqueen.lab.explain.flipping import curves, flips, shares_of_points, shares_of_space
from redqueen.lab.explain.indices import sobol_indices, sobol_of
from redqueen.lab.explain.screening import screened, walks
from redqueen.lab.explain.surrogate import fit, luck_of, refits
from redqueen.lab.sampling import Samples, latin_hypercube
from redqueen.lab.trial import Trial
from redqueen.report.explain import box_words, explanation_document, sentences

RANGES = {"attention": (0.0, 3.0), "turbulence": (0.0, 0.05), "tacit": (0.1, 1.0), "trade_cost": (0.0, 0.5)}
WITH_SWITCH = {"attention": (0.0, 3.0), "heritage": (0.0, 1.0), "tacit": (0.1, 1.0)}
NO_SWITCHES = numpy.zeros(3, dtype=bool)


def unit_points(count, size, draw=1):
    """Points of a Latin hypercube on the unit cube."""
    generator = numpy.random.default_rng(draw)
    return (generator.permuted(numpy.tile(numpy.arange(count), (size, 1)), axis=1).T + generator.random((count, size))) / count


def with_noise(means, size, seeds=4, draw=1):
    """Effects [point, seed] around means, with normal luck."""
    return means[:, None] + size * numpy.random.default_rng(draw).normal(size=(len(means), seeds))


def ishigami(unit):
    x, y, z = (2 * unit.T[:3] - 1) * math.pi
    return numpy.sin(x) + 7 * numpy.sin(y) ** 2 + 0.1 * z**4 * numpy.sin(x)


def sobol_g(unit, a=(0.0, 1.0, 4.5)):
    return numpy.prod((numpy.abs(4 * unit - 2) + a) / (1 + numpy.array(a)), axis=1)


# Walks


def test_walks_find_the_slopes_of_a_linear_function_and_no_spread():
    points = walks(RANGES, count=5)
    slopes = numpy.array([3.0, -2.0, 0.5, 0.0])
    found = screened(points, numpy.repeat((points.unit @ slopes)[:, None], 3, axis=1))
    assert [one.name for one in found.assumptions] == list(RANGES)
    assert [one.mu_star for one in found.assumptions] == pytest.approx(abs(slopes))
    assert [one.sigma for one in found.assumptions] == pytest.approx([0.0] * 4, abs=1e-12)
    assert [one.matters for one in found.assumptions] == [True, True, True, False]


def test_walks_agree_with_the_analysis_of_another_program():
    analyze = pytest.importorskip("SALib.analyze.morris")
    points = walks(RANGES, count=9, draw=5)
    values = ishigami(points.unit)
    problem = {"num_vars": 4, "names": list(RANGES), "bounds": [list(limits) for limits in RANGES.values()]}
    theirs = analyze.analyze(problem, points.points, values, num_levels=4, seed=1)
    mine = {one.name: one for one in screened(points, values[:, None]).assumptions}
    assert [mine[name].mu_star for name in RANGES] == pytest.approx(numpy.array(theirs["mu_star"]))
    assert [mine[name].sigma for name in RANGES] == pytest.approx(numpy.array(theirs["sigma"]))


def test_a_step_of_a_switch_is_the_whole_of_its_range():
    points = walks(WITH_SWITCH)
    assert set(points.points[:, 1]) == {0.0, 1.0}
    found = {one.name: one for one in screened(points, points.unit[:, [1]] * 2.0).assumptions}
    assert found["heritage"].mu_star == pytest.approx(2.0) and found["attention"].mu_star == 0.0


def test_luck_alone_makes_an_assumption_matter_in_one_case_of_twenty():
    generator = numpy.random.default_rng(11)
    points = walks(RANGES, count=6)
    found = [one for _ in range(100) for one in screened(points, generator.normal(size=(len(points), 4))).assumptions]
    # 400 tests at 5 %: 20 expected; neighbouring steps share a point, so the count spreads a little more than a binomial's 4.4.
    assert 8 <= sum(one.matters for one in found) <= 34
    assert numpy.mean([one.mu_star for one in found]) == pytest.approx(numpy.mean([one.luck for one in found]), rel=0.05)
    # A step turns the sign by luck in 1 of 40; two of six must.
    assert sum(one.turns for one in found) <= 24


def test_an_effect_stands_out_of_luck_and_its_curvature_too():
    points = walks(RANGES, count=6)
    values = with_noise(4 * points.unit[:, 0] + 6 * points.unit[:, 1] * points.unit[:, 2], 0.3)
    found = {one.name: one for one in screened(points, values).assumptions}
    assert [name for name in RANGES if found[name].matters] == ["attention", "turbulence", "tacit"]
    # What is linear may seem to vary in one case of twenty, but not as what does.
    assert max(found[name].spread_chance for name in ("turbulence", "tacit")) < 1e-4 < found["attention"].spread_chance
    assert all(one.mu_low <= one.mu_star <= one.mu_high for one in found.values())


def test_a_point_that_is_missing_costs_its_walk_and_nothing_else():
    points = walks(RANGES, count=3)
    values = numpy.repeat((points.unit @ [3.0, 1.0, 0.0, 0.0])[:, None], 2, axis=1)
    values[7] = numpy.nan
    found = screened(points, values)
    assert (found.points, found.missing) == (14, 1)
    assert found.assumptions[0].mu_star == pytest.approx(3.0) and found.assumptions[0].steps in (2, 3)


def test_a_reversal_is_counted_where_it_is_clear_and_says_on_which_side_the_sign_holds():
    points = walks(RANGES, count=6)
    found = {one.name: one for one in screened(points, with_noise(points.unit[:, 1] - 0.5, 0.01)).assumptions}
    assert found["turbulence"].turns and found["turbulence"].side == "high" and found["turbulence"].flips == 6
    assert not any(found[name].turns for name in RANGES if name != "turbulence")
    # The same step that luck hides is no reversal.
    lost = screened(points, with_noise(points.unit[:, 1] - 0.5, 5.0, draw=3))
    assert not lost.flipping


# Indices


def test_indices_of_functions_are_those_that_are_known():
    first, total, *_ = sobol_of(ishigami, NO_SWITCHES)
    assert first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    parts = 1 / 3 / (1 + numpy.array([0.0, 1.0, 4.5])) ** 2
    whole = numpy.prod(1 + parts) - 1
    first, total, *_ = sobol_of(sobol_g, NO_SWITCHES)
    assert first == pytest.approx(parts / whole, abs=0.02)
    assert total == pytest.approx([parts[one] * numpy.prod(numpy.delete(1 + parts, one)) / whole for one in range(3)], abs=0.02)


def test_a_switch_has_the_variance_of_its_two_values():
    # 2 x (uniform) has variance 4 / 12, a switch from 0 to 1 has 1 / 4.
    first, *_ = sobol_of(lambda unit: 2 * unit[:, 0] + unit[:, 1], numpy.array([False, True]))
    assert first == pytest.approx([4 / 7, 3 / 7], abs=0.02)


@pytest.fixture(scope="module")
def linear():
    """A surrogate of 3 a - b + 0.2 with luck, refitted: unit points, values, surrogate, refits."""
    unit = unit_points(60, 3)
    values = with_noise(3 * unit[:, 0] - unit[:, 1] - 0.6, 0.4)
    made = fit(unit, values, kinds=["Gaussian process", "sparse cubic polynomial"])
    return unit, values, made, list(refits(made, unit, values, count=12))


def test_a_surrogate_states_its_error_and_its_indices_hold_those_that_are_known(linear):
    _, _, made, again = linear
    fresh = unit_points(400, 3, draw=9)
    truth = 3 * fresh[:, 0] - fresh[:, 1] - 0.6
    assert made.trusted and made.quality.r2_low <= made.quality.r2 <= made.luck.ceiling + 0.05
    # Out of sample it is wrong by no more than it says, luck of the points' own seeds apart.
    assert math.sqrt(((made.predict(fresh) - truth) ** 2).mean()) < made.quality.rmse
    found = sobol_indices(made, again, ["a", "b", "c"], NO_SWITCHES)
    by_name = {one.name: one for one in found.rows}
    for name, known in (("a", 0.9), ("b", 0.1), ("c", 0.0)):
        assert by_name[name].first_low <= known + 0.01 and known - 0.01 <= by_name[name].first_high
        assert by_name[name].total_low <= known + 0.01 and known - 0.01 <= by_name[name].total_high
    assert by_name["a"].total > found.idle and by_name["c"].total < 0.05


def test_a_curve_crosses_zero_where_it_is_known_to_and_the_signs_of_the_space_are_counted(linear):
    _, _, made, again = linear
    ranges = numpy.array([[0.0, 10.0], [0.0, 1.0], [0.0, 1.0]])
    along = curves(made, again, ["a", "b", "c"], ranges, NO_SWITCHES)
    # 3 a - 1 / 2 - 0.6 = 0 at a = 0.367 of its range.
    assert along[0].clear and along[0].side == "high" and along[0].crossings == pytest.approx((3.67,), abs=0.5)
    assert not along[1].clear and not along[2].clear
    found = flips(None, along)
    assert [one.name for one in found] == ["a"] and found[0].at == along[0].crossings[0]
    space = shares_of_space(made, again, NO_SWITCHES)
    fresh = numpy.random.default_rng(3).random((20000, 3))
    above = (3 * fresh[:, 0] - fresh[:, 1] - 0.6 > 0).mean()
    assert space.above <= above + 0.03 and space.above + space.unclear >= above - 0.03
    assert space.above + space.below + space.unclear == pytest.approx(1.0)


def test_a_surrogate_of_luck_alone_is_refused():
    unit = unit_points(48, 3)
    made = fit(unit, with_noise(numpy.zeros(48), 1.0, draw=4), kinds=["Gaussian process", "sparse cubic polynomial"])
    assert not made.says and not made.trusted and made.quality.points_needed is None


def test_points_that_are_too_few_are_told_how_many_would_help():
    unit = unit_points(80, 3)
    made = fit(unit, with_noise(ishigami(unit), 0.5), kinds=["sparse cubic polynomial"])
    assert made.says and not made.trusted and made.quality.r2 < surrogate.TRUSTED
    assert made.quality.points_needed is None or made.quality.points_needed > 80
    # Where luck is most of what differs, more points cannot help, more seeds can.
    many = unit_points(200, 2)
    noisy = fit(many, with_noise(many[:, 0], 0.65), kinds=["sparse cubic polynomial"])
    assert noisy.luck.ceiling < surrogate.TRUSTED and noisy.quality.points_needed is None and noisy.quality.seeds_needed > 4
    # Noise of 0.65^2 / seeds may be a third of the 1 / 12 that is there: 15.2 seeds.
    assert noisy.quality.seeds_needed == pytest.approx(15.2, rel=0.4)


def test_the_luck_of_seeds_is_split_into_what_points_share_and_what_they_do_not():
    generator = numpy.random.default_rng(2)
    points, seeds = 4000, 4
    values = 2.0 * generator.normal(size=(points, 1)) + numpy.array([-3.0, 0.0, 1.0, 2.0]) + generator.normal(size=(points, seeds))
    found = luck_of(values)
    assert found.error == pytest.approx(0.5, rel=0.03) and found.spread == pytest.approx(math.sqrt(4.25), rel=0.05)
    assert found.level == pytest.approx(numpy.std([-3.0, 0.0, 1.0, 2.0], ddof=1) / 2, rel=0.05)
    assert found.ceiling == pytest.approx(4.0 / 4.25, abs=0.01) and found.chance < 1e-6


def test_points_count_as_clear_by_students_interval():
    values = numpy.array([[1.0, 1.1, 0.9, 1.0], [-1.0, -1.1, -0.9, -1.0], [5.0, -5.0, 5.0, -4.0], [2.0, 2.1, numpy.nan, numpy.nan]])
    found = shares_of_points(values)
    # 0.05 x 12.7 / 2 of the two seeds of the last point leaves it above zero.
    assert (found.above, found.below, found.unclear) == (0.5, 0.25, 0.25)


# Boxes


def planted(count=96, draw=1, inside=0.95, outside=0.1):
    unit = unit_points(count, 4, draw)
    within = (unit[:, 0] < 0.5) & (unit[:, 2] > 0.4)
    chances = numpy.random.default_rng(draw).random(count)
    return unit, chances < numpy.where(within, inside, outside)


@pytest.mark.parametrize("draw", [1, 2])
def test_a_planted_box_is_found_and_a_tree_finds_it_too(draw):
    unit, cases = planted(draw=draw)
    found = find_box(unit, cases, RANGES, shuffles=39)
    limits = {one.name: one for one in found.restrictions}
    assert set(limits) == {"attention", "tacit"} and found.chance == 1 / 40
    assert limits["attention"].high == pytest.approx(1.5, abs=0.3) and limits["tacit"].low == pytest.approx(0.46, abs=0.1)
    assert found.density > 0.8 and found.coverage > 0.6 and found.density_apart > 0.6
    assert all(one.chance < 0.05 for one in found.restrictions)
    leaf = find_leaf(unit, cases, RANGES)
    assert {"attention", "tacit"} <= {one.name for one in leaf.restrictions}


def test_a_random_field_has_no_box():
    generator = numpy.random.default_rng(7)
    fields = [(unit_points(64, 4, draw), generator.random(64) < 0.4) for draw in range(20)]
    # One of twenty is let through by chance; four would be one in sixty.
    assert sum(isinstance(find_box(unit, cases, RANGES, shuffles=39), Box) for unit, cases in fields) <= 3


@pytest.mark.parametrize(("share", "words"), [(0.0, "too few"), (1.0, "nearly everywhere")])
def test_where_all_points_are_alike_there_is_no_box(share, words):
    unit = unit_points(64, 4)
    cases = numpy.full(64, bool(share))
    for found in (find_box(unit, cases, RANGES), find_leaf(unit, cases, RANGES)):
        assert isinstance(found, NoBox) and words in found.reason


def test_the_best_interval_is_the_best_of_all_intervals():
    generator = numpy.random.default_rng(3)
    for size in (20, 40):
        # Few values, so that there are ties.
        unit, cases = generator.integers(0, 9, (size, 1)) / 8, generator.random(size) < 0.4
        weights = cases - cases.mean()
        best = max(
            sum(weights[inside])
            for low, high in itertools.combinations(numpy.arange(-1, 19) / 16, 2)
            if (inside := (unit[:, 0] > low) & (unit[:, 0] < high)).sum() >= boxes.LEAST_POINTS
        )
        none = boxes._Limits.none(1)
        reached, low, high = boxes._best_interval(none, 0, unit, cases, numpy.argsort(unit[:, 0], kind="stable"))
        inside = (unit[:, 0] > low) & (unit[:, 0] < high)
        assert reached == pytest.approx(sum(weights[inside]))
        assert reached == pytest.approx(best) or reached == -numpy.inf


def test_a_quasi_p_value_is_a_binomial_tail():
    unit = numpy.linspace(0.05, 0.95, 10)[:, None]
    cases = numpy.array([1, 1, 1, 0, 0, 0, 1, 0, 0, 0], dtype=bool)
    limits = boxes._Limits.none(1).at(0, -numpy.inf, 0.3)
    # Three cases in three points, where four in ten are cases.
    assert boxes._quasi(limits, 0, unit, cases) == pytest.approx(0.4**3)


def test_a_box_is_written_in_the_units_of_its_assumptions():
    found = [
        boxes.Restriction("attention", None, 1.25), boxes.Restriction("tacit", 0.2, 0.4), boxes.Restriction("heritage", 0.5, None)
    ]
    assert box_words(found) == "attention < 1.25 and 0.200 < tacit < 0.400 and heritage is on"


# The whole question, on the toy case


class Planted:
    """A stand-in for the model in which officers raise value added where attention is high, and lower it where it is low.

    With `slope` 0 their effect is luck alone.
    """

    def __init__(self, slope=0.1, luck=0.02, tacit=0.0):
        self.slope, self.luck, self.tacit, self.calls = slope, luck, tacit, []

    def burn_in(self, world, seed, **options):
        return seed

    def simulate(self, world, schedule, *, seed, parameters, **options):
        self.calls.append((seed, parameters))
        luck = numpy.random.default_rng([seed, *(round(1e6 * value) for value in parameters.values())]).normal()
        effect = self.slope * (parameters.get("attention", 1.2) - 1.2) + self.tacit * parameters.get("tacit", 0.0)
        effect += self.luck * luck
        level = numpy.full((world.quarters, len(world.regions)), 100.0 + seed)
        level[:, 1] *= math.exp(effect * schedule.intensity.any())
        return SimpleNamespace(arrays={"value_added": level}, yearly={}, decisions=())


def use(model, monkeypatch):
    monkeypatch.setattr("redqueen.lab.jobs.burn_in", model.burn_in)
    monkeypatch.setattr("redqueen.lab.jobs.simulate", model.simulate)
    return model


@pytest.fixture
def planted_model(monkeypatch):
    return use(Planted(), monkeypatch)


def toy(folder, *, count=32, names=("attention", "tacit", "trade_cost"), **options):
    samples = latin_hypercube({name: RANGES[name] for name in names}, count)
    options = {"policies": ["none", "officers"], "seeds": 3, "samples": samples, "variables": ["value_added"], **options}
    return Trial(write_case(folder), **options)


@pytest.fixture
def small(monkeypatch):
    """Fewer refits, shuffles and kinds of surrogate, for time."""
    monkeypatch.setattr("redqueen.lab.explain.explaining.refits", lambda *args, **more: refits(*args, count=4, **more))
    monkeypatch.setattr("redqueen.lab.explain.explaining.find_box", lambda *args, **more: find_box(*args, shuffles=39, **more))
    kinds = ["sparse cubic polynomial"]
    monkeypatch.setattr("redqueen.lab.explain.explaining.fit", lambda *args, **more: fit(*args, kinds=kinds, **more))


def test_an_effect_is_explained_by_what_it_was_made_of(planted_model, small, tmp_path):
    found = explain(toy(tmp_path), "value_added", threads=2, progress=False)
    assert (found.policy, found.to, found.region, found.points, found.seeds) == ("officers", "none", "south", 32, 3)
    assert found.kept[0] == "attention" and found.screen.assumptions[0].name == "attention"
    assert found.screen.assumptions[0].mu_star == pytest.approx(30.0, rel=0.15)
    assert found.surrogate.trusted and found.indices.rows[0].name == "attention" and found.indices.rows[0].total > 0.9
    assert found.flips[0].name == "attention" and found.flips[0].side == "high"
    assert found.flips[0].at == pytest.approx(1.2, abs=0.15)
    low, high = found.flips[0].curve.between
    assert 0.5 < low <= found.flips[0].at <= high < 2.0
    assert found.mean_low <= found.mean <= found.mean_high
    (limit,) = [one for one in found.raises.box.restrictions if one.name == "attention"]
    assert limit.low == pytest.approx(1.2, abs=0.3) and limit.high is None and found.raises.agreement > 0.6
    assert found.lowers.box.restrictions[0].high == pytest.approx(1.2, abs=0.3)
    said = " ".join(line for lines in sentences(found).values() for line in lines)
    assert "attention: above zero where it is high" in said and "raises value added where attention >" in said


def test_the_same_explanation_is_given_whatever_the_threads(planted_model, small, tmp_path):
    one, two = (
        explain(toy(tmp_path, count=24), "value_added", threads=threads, screen=False, progress=False) for threads in (1, 2)
    )
    assert one.screen is None and one.kept == one.names
    assert json.dumps(explanation_document(one, "x")) == json.dumps(explanation_document(two, "x"))


def test_what_walks_do_not_see_is_kept_where_it_helps_to_predict(monkeypatch, small, tmp_path):
    trial = toy(tmp_path, count=40, names=("attention", "tacit"))
    use(Planted(luck=0.005), monkeypatch)
    walked = trial.with_samples(walks(trial.samples.ranges, count=6)).run(progress=False)
    blind = explain_result(trial.run(progress=False), "value_added", walked=walked, progress=False)
    assert set(blind.tried) == {("attention",), ("attention", "tacit")}
    use(Planted(luck=0.005, tacit=0.3), monkeypatch)
    found = explain_result(trial.run(progress=False), "value_added", walked=walked, progress=False)
    assert [one.name for one in found.screen.assumptions if one.matters] == ["attention"]
    assert found.kept == ("attention", "tacit") and found.tried["attention", "tacit"] > found.tried["attention",]
    assert any("all were kept" in line for line in sentences(found)["What it hangs on"])


def test_members_that_failed_are_left_out_and_counted(planted_model, small, tmp_path):
    trial = toy(tmp_path, count=40)
    result = trial.run(progress=False)
    result["value_added"][:, :3] = numpy.nan
    result["value_added"][:, 3, 0] = numpy.nan
    found = explain_result(result, "value_added", progress=False)
    assert (found.points, found.left_out) == (37, 3) and found.flips[0].name == "attention"
    result["value_added"][:, 3:30] = numpy.nan
    with pytest.raises(Refused, match="at 10 of 40 points only"):
        explain_result(result, "value_added", progress=False)


def test_an_effect_of_luck_alone_is_said_to_be_that(monkeypatch, small, tmp_path):
    use(Planted(slope=0.0, luck=0.05), monkeypatch)
    names = ("turbulence", "trade_cost")
    found = explain(toy(tmp_path, names=names), "value_added", progress=False)
    assert found.indices is None and found.curves is None and not found.surrogate.says
    assert isinstance(found.raises.box, NoBox) and isinstance(found.lowers.box, NoBox)
    said = " ".join(line for lines in sentences(found).values() for line in lines)
    assert "it is refused" in said and "No assumption turns it round beyond error" in said
    assert explanation_document(found, "x")["indices"] is None


# What is refused


def faults_of(call):
    with pytest.raises(Refused) as refusal:
        call()
    return {fault.field: fault for fault in refusal.value.faults}


def test_everything_that_a_trial_does_not_have_is_refused_at_once(planted_model, tmp_path):
    found = faults_of(lambda: explain(toy(tmp_path, count=8), "value_aded", "officer", "nobody", region="sout", window=999))
    assert set(found) == {"outcome", "policy", "to", "region", "window", "samples"}
    assert "did you mean 'officers'?" in str(found["policy"])
    assert "count = 24 at least, 30 are usually enough" in str(found["samples"])
    assert not planted_model.calls


def test_a_trial_at_one_point_and_parameters_that_stand_still_are_refused(planted_model, tmp_path):
    assert "nothing to explain" in str(faults_of(lambda: explain(toy(tmp_path, samples=None), "value_added"))["samples"])
    points = latin_hypercube({name: RANGES[name] for name in ("attention", "tacit")}, 40)
    points.points[:, 1] = 0.5
    still = toy(tmp_path, samples=Samples(points.ranges, points.points, "points"))
    assert "tacit has the same value" in str(faults_of(lambda: explain(still, "value_added"))["uncertain"])
    missing = faults_of(lambda: explain(toy(tmp_path), "jobs"))
    assert "does not record" in str(missing["jobs"])
    several = toy(tmp_path, policies=["none", "officers", "gifts"])
    two = Trial({"one": write_case(tmp_path), "two": write_case(tmp_path)}, policies=["none", "officers"], seeds=2)
    assert set(faults_of(lambda: explain(two, "value_aded"))) == {"world", "outcome", "samples"}
    assert set(faults_of(lambda: explain(two, "value_added", world="three"))) == {"world", "samples"}
    assert "name one of officers, gifts" in str(faults_of(lambda: explain(several, "value_added"))["policy"])


# The command

TRIAL = """
[trial]
name = "why"
seeds = 3
policies = ["none", "officers"]
outcomes = ["value_added"]

[[world]]
case = "toy.toml"

[uncertain]
attention = "declared"
tacit = "declared"

[samples]
count = 32
"""


def ask(*words):
    parser = argparse.ArgumentParser()
    command_line.add_commands(parser.add_subparsers())
    asked = parser.parse_args(["explain", *map(str, words)])
    asked.words = ["explain", *map(str, words)]
    asked.answer(asked)


def test_the_command_explains_a_trial_file_and_then_the_kept_trial(planted_model, small, tmp_path, capsys):
    write_case(tmp_path)
    (tmp_path / "why.toml").write_text(TRIAL)
    store = tmp_path / "trials"
    ask(tmp_path / "why.toml", "value_added", "--store", store, "--threads", "1", "--json", "-o", tmp_path / "out")
    document = json.loads(capsys.readouterr().out)
    assert document["policy"] == "officers" and document["screen"]["points"] == 18 and document["kept"][0] == "attention"
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    drawn = {f"explain_{what}.{kind}" for what in ("weights", "curves", "boxes") for kind in ("png", "svg")}
    assert {"explain.md", "explain.json", "assumptions.csv", "points.csv", *drawn} <= set(written)
    assert json.loads(written["explain.json"])["flips"] == document["flips"] and b"What turns its sign" in written["explain.md"]
    run = len(planted_model.calls)
    kept = next(one for one in store.iterdir() if "walks" not in one.name)
    ask(kept, "value_added", "--threads", "2")
    said = capsys.readouterr().out
    assert "What turns its sign" in said and "attention" in said and "Sobol indices" in said
    # All that was run is read from the store.
    assert len(planted_model.calls) == run


def test_the_command_refuses_before_it_runs(planted_model, tmp_path):
    write_case(tmp_path)
    (tmp_path / "why.toml").write_text(TRIAL)
    found = faults_of(lambda: ask(tmp_path / "why.toml", "value_added", "--window", "x", "--threads", "0", "-o", __file__))
    assert set(found) == {"--window", "--threads", "-o"}
    found = faults_of(lambda: ask(tmp_path / "why.toml", "value_aded", "--region", "east", "--store", tmp_path / "trials"))
    assert set(found) == {"outcome", "region"} and not planted_model.calls


def test_curves_and_boxes_use_the_same_range(linear):
    unit, values, made, again = linear
    along = curves(made, again, ["a", "b", "c"], numpy.array([[0.0, 10.0], [0.0, 1.0], [0.0, 1.0]]), NO_SWITCHES)
    assert along[0].values[0] == 0.0 and along[0].values[-1] == 10.0 and len(along[0].values) == flipping.PLACES
