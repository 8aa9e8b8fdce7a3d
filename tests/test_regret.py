"""Regret: known tables, what chance may not do, and whether one recipe serves all regions."""

import argparse
import json
from pathlib import Path

import numpy
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as some
from toy_trial import write_case

from redqueen.cli import robust
from redqueen.errors import Refused
from redqueen.lab import halves, regret
from redqueen.lab.regret import KINDS, MAXIMUM, MEAN, QUANTILE, minimax, standings
from redqueen.studies.robust import DIFFERS, NO_RECIPE, RECIPE, SAME, UNDECIDED, rank_policies


@pytest.fixture
def few_draws(monkeypatch):
    """Draw the bootstrap fewer times: for tests that do not look at limits closely."""
    monkeypatch.setattr(halves, "DRAWS", 40)


def certain(table, seeds=4):
    """Give values [policy, point, seed] in which the seed changes nothing."""
    return numpy.repeat(numpy.asarray(table, dtype=float)[:, :, None], seeds, axis=2)


def noise(shape, draw, size=1.0):
    """Give values that are luck alone, the same luck of a seed at all points being half of it."""
    generator = numpy.random.default_rng(draw)
    shared = generator.normal(size=(shape[0], 1, shape[2]))
    return size * (shared + generator.normal(size=shape)) / numpy.sqrt(2)


# Tables with known regrets


def test_regret_and_the_minimax_choice_of_savages_table():
    # Three acts in three states: the middle one is never best, and loses least at its worst.
    table = numpy.array([[10.0, 0.0, 0.0], [7.0, 6.0, 5.0], [0.0, 8.0, 9.0]])
    assert regret.regret(table).tolist() == [[0.0, 8.0, 9.0], [3.0, 2.0, 4.0], [10.0, 0.0, 0.0]]
    assert minimax(table) == (1, 2, 2)


def test_without_luck_every_figure_is_that_of_the_table(few_draws):
    table = numpy.random.default_rng(1).normal(size=(4, 10))
    losses = table.max(axis=0) - table
    found = standings(certain(table), "abcd")
    for policy in range(4):
        known = {MEAN: losses[policy].mean(), QUANTILE: numpy.sort(losses[policy])[8], MAXIMUM: losses[policy].max()}
        for kind in KINDS:
            figure = found.figures[kind][policy]
            assert figure.value == pytest.approx(known[kind], abs=1e-12) and figure.naive == pytest.approx(known[kind], abs=1e-12)
    assert found.best.tolist() == [(table.argmax(axis=0) == policy).mean() for policy in range(4)]
    assert found.surely.tolist() == found.possibly.tolist() == found.best.tolist()
    ranks = [found.rank(MEAN, policy) for policy in range(4)]
    assert sorted(ranks) == [1, 2, 3, 4] and ranks[int(losses.mean(axis=1).argmin())] == 1


def test_one_point_has_one_regret(few_draws):
    found = standings(certain([[1.0], [3.0]]), "ab")
    assert [[figure.value for figure in found.figures[kind]] for kind in KINDS] == [[2.0, 0.0]] * 3


def test_a_policy_that_is_best_everywhere_has_no_regret_and_is_surely_best(few_draws):
    values = noise((4, 6, 8), 2, 0.05)
    values[2] += 1.0
    found = standings(values, "abcd")
    assert all(found.figures[kind][2] == (0.0, 0.0, 0.0, 0.0) for kind in KINDS)
    assert found.best[2] == found.surely[2] == found.possibly[2] == 1.0
    assert found.unbeaten() == [2] and found.order(MEAN)[0] == found.order(MAXIMUM)[0] == 2


def test_policies_that_do_the_same_share_the_lead_and_neither_has_it_for_sure(few_draws):
    values = noise((1, 5, 6), 3).repeat(3, axis=0)
    values[2] -= 4.0
    found = standings(values, ["one", "twin", "bad"])
    assert found.best.tolist() == [0.5, 0.5, 0.0] and found.surely.tolist() == [0.0, 0.0, 0.0]
    assert found.possibly.tolist() == [1.0, 1.0, 0.0] and found.unbeaten() == [0, 1]
    assert found.rank(MEAN, 0) == found.rank(MEAN, 1) == 1 and found.rank(MEAN, 2) == 3


def test_satisficing_is_the_share_of_points_where_the_margin_is_passed(few_draws):
    found = standings(certain([[0.0] * 4, [0.3, 0.1, -0.2, 0.2]]), ["none", "some"], "none", margin=0.15)
    assert found.beats[1] == found.surely_beats[1] == 0.5
    assert numpy.isnan(found.beats[0])


# What chance may not do


def test_where_all_policies_are_equal_regret_is_centred_on_zero_and_the_naive_one_is_not(monkeypatch):
    monkeypatch.setattr(halves, "DRAWS", 2)
    trials = [standings(noise((5, 6, 6), draw), range(5)) for draw in range(120)]
    for kind in KINDS:
        honest, naive = (
            numpy.array([numpy.mean([getattr(figure, part) for figure in one.figures[kind]]) for one in trials])
            for part in ("value", "naive")
        )
        # Three standard errors: one kind in about 120 would pass them by chance.
        assert abs(honest.mean()) < 3 * honest.std(ddof=1) / numpy.sqrt(len(trials)), kind
        assert naive.mean() > 10 * naive.std(ddof=1) / numpy.sqrt(len(trials)), kind


def test_the_estimate_is_below_the_truth_and_the_naive_one_above_it_if_anything(monkeypatch):
    monkeypatch.setattr(halves, "DRAWS", 2)
    table = 0.5 * numpy.random.default_rng(7).normal(size=(4, 8))
    truth = (table.max(axis=0) - table).mean(axis=1)
    trials = [standings(table[:, :, None] + noise((4, 8, 6), draw), range(4)) for draw in range(60)]
    for part, side in (("value", 1.0), ("naive", -1.0)):
        away = numpy.array([[getattr(figure, part) for figure in one.figures[MEAN]] for one in trials]) - truth
        slack = 3 * away.std(axis=0, ddof=1) / numpy.sqrt(len(trials))
        assert (side * away.mean(axis=0) < slack).all()
        assert (side * away.mean(axis=0) < 0).any()


def test_limits_hold_the_truth_at_their_rate(monkeypatch):
    monkeypatch.setattr(halves, "DRAWS", 30)
    generator = numpy.random.default_rng(11)
    # Points are drawn from many, as a sample of the uncertain space is.
    space = 0.3 * generator.normal(size=(3, 2000))
    truth = (space.max(axis=0) - space).mean(axis=1)
    held = 0
    for draw in range(40):
        table = space[:, generator.integers(0, 2000, 10)]
        figure = standings(table[:, :, None] + noise((3, 10, 6), 1000 + draw, 0.3), range(3)).figures[MEAN][1]
        held += figure.low <= truth[1] <= figure.high
    # At 95 % fewer than 34 of 40 come about once in 70; the limits lean to the safe side.
    assert held >= 34


def test_a_best_policy_is_named_for_sure_by_chance_at_few_points(few_draws):
    # Where all are equal, the chance at a point is at most 5 %: of 400 points at most 31 (binomial, one in a thousand).
    values = numpy.random.default_rng(5).normal(size=(4, 400, 6))
    monkey = standings(values[:, :40], range(4))
    assert monkey.surely.sum() <= monkey.best.sum()
    _, surely, possibly = regret._shares(values, numpy.ones((400, 6), dtype=bool))
    assert surely.sum() * 400 <= 31 and possibly.min() > 0.9


def test_the_error_of_a_mean_over_points_and_seeds_counts_both_and_what_is_left():
    generator = numpy.random.default_rng(12)
    point, seed, left = 0.3, 0.2, 0.5
    values = (
        point * generator.normal(size=(3000, 8, 1))
        + seed * generator.normal(size=(3000, 1, 6))
        + left * generator.normal(size=(3000, 8, 6))
    )
    error, freedom = halves.crossed_error(values, numpy.ones((8, 6), dtype=bool))
    truth = point**2 / 8 + seed**2 / 6 + left**2 / 48
    assert values.mean(axis=(1, 2)).var() == pytest.approx(truth, rel=0.1)
    # It never takes less than the points or the seeds alone for the whole: a little too large on average.
    assert truth < (error**2).mean() < 1.15 * truth
    assert freedom.min() >= 1 and freedom.max() <= 47


def test_what_members_add_to_the_mean_regret_adds_up_to_it():
    values, there, cuts = noise((4, 5, 6), 13), numpy.ones((5, 6), dtype=bool), halves.cuts_of(6)
    for ways in (cuts, None):
        parts = halves.losses_by_member(values, there, ways).mean(axis=(1, 2))
        assert parts == pytest.approx(halves.estimates(values, there, ways)[MEAN], abs=1e-12)


def test_a_half_that_sees_only_luck_between_points_chooses_one_policy_for_all_of_them():
    cuts, there = halves.cuts_of(6), numpy.ones((12, 6), dtype=bool)
    generator = numpy.random.default_rng(14)
    alike = numpy.array([0.0, 0.4, -0.4])[:, None, None] + generator.normal(size=(3, 12, 6))
    apart = alike + 5.0 * generator.normal(size=(3, 12, 1))
    chosen, _, clear = halves._sides(alike, there, cuts, numpy.ones(6))
    assert clear.mean() < 0.35 and (numpy.median((chosen.argmax(axis=2) == 1).mean(axis=0)) > 0.9)
    plain, _, clear = halves._sides(apart, there, cuts, numpy.ones(6))
    assert clear.min() > 0.9
    assert (plain.argmax(axis=2) == halves.means_of(apart, numpy.ones((12, 1, 6)) * cuts).argmax(axis=2)).mean() > 0.95


def test_no_recipe_is_rarely_said_where_one_is_at_the_edge(monkeypatch):
    monkeypatch.setattr(halves, "DRAWS", 30)
    # The first policy is exactly 0.05 behind in every region, the others far behind in some.
    levels = numpy.array([[0.0, 0.0, 0.0], [0.05, -0.3, -0.3], [-0.3, 0.05, -0.3], [-0.3, -0.3, 0.05]])
    wrong = 0
    for draw in range(30):
        regions = [
            standings(levels[:, place, None, None] + noise((4, 6, 6), 100 * draw + place, 0.1), range(4)) for place in range(3)
        ]
        lows = numpy.array([low for low, _ in regret.joint_limits(regions, MEAN)])
        wrong += (lows.max(axis=0) > 0.05).all()
    # At 5 %, six or more of 30 come about once in 300.
    assert wrong < 6


@settings(max_examples=20)
@given(some.permutations(range(6)), some.permutations(range(5)))
def test_the_order_of_seeds_and_points_says_nothing(seeds, points):
    values = noise((3, 5, 6), 8)
    there = numpy.ones((5, 6), dtype=bool)
    cuts = halves.cuts_of(6)
    moved = values[:, points][:, :, seeds]
    for ways in (cuts, None):
        first, second = halves.estimates(values, there, ways), halves.estimates(moved, there, ways)
        for kind in KINDS:
            assert second[kind] == pytest.approx(first[kind], abs=1e-12)


@pytest.mark.parametrize("seeds", [2, 3, 6, 7, 30])
def test_cuts_choose_with_one_half_and_read_the_other_both_ways(seeds):
    cuts = halves.cuts_of(seeds)
    assert {tuple(cut) for cut in cuts.tolist()} == {tuple(cut) for cut in (~cuts).tolist()}
    assert set(cuts.sum(axis=1)) <= {seeds // 2, seeds - seeds // 2}
    assert numpy.allclose(cuts.mean(axis=0), 0.5, atol=0.15) and len(cuts) <= 2 * halves.MOST_CUTS


def test_a_missing_member_takes_its_seed_out_of_its_point_for_every_policy(few_draws):
    values = noise((3, 4, 6), 9)
    values[1, 2, 5] = numpy.nan
    found = standings(values, "abc")
    means = values.mean(axis=2)
    means[:, 2] = values[:, 2, :5].mean(axis=1)
    losses = (means.max(axis=0) - means).mean(axis=1)
    assert [figure.naive for figure in found.figures[MEAN]] == pytest.approx(losses.tolist(), abs=1e-12)
    values[0, 3, :3] = numpy.nan
    found = standings(values, "abc")
    assert (found.points, found.left_out) == (3, 1)
    values[0] = numpy.nan
    with pytest.raises(ValueError, match="two seeds"):
        standings(values, "abc")


# Regions


def result_of(table, region, *, seeds=6, luck=0.0, draw=0, variable="value_added", policies=None, **attributes):
    """Give a finished trial in which a variable of one region is exp of what the table [policy, point] says, plus luck."""
    table = numpy.asarray(table, dtype=float)
    policies = policies or ["none", *(f"p{number}" for number in range(1, len(table)))]
    logs = table[:, :, None] + noise((*table.shape, seeds), draw, luck)
    values = numpy.exp(numpy.stack([numpy.zeros_like(logs), logs], axis=-1))[:, :, :, None].repeat(4, axis=3)
    labels = {
        "policy": policies,
        "seed": range(1, seeds + 1),
        "quarter": range(4),
        "region": ["elsewhere", region],
        "stage": ["parts"],
    }
    points = ("sample", "parameter"), numpy.arange(2.0 * table.shape[1]).reshape(-1, 2)
    labels |= {"sample": range(table.shape[1]), "parameter": ["forgetting", "heritage"], "assumption": points}
    dimensions = ("policy", "sample", "seed", "quarter", "region")
    told = {"region": region, "reference": "none", "titles": "{}", "placebos": "{}", "case": "toy", **attributes}
    return xarray.Dataset({variable: (dimensions, values)}, labels, told)


DIFFERENT = {
    "north": [[0.0] * 5, [0.3] * 5, [0.1] * 5],
    "south": [[0.0] * 5, [0.0] * 5, [0.4] * 5],
}


def test_there_is_no_recipe_where_every_policy_fails_somewhere(few_draws):
    found = rank_policies({name: result_of(table, name, luck=0.01, draw=4) for name, table in DIFFERENT.items()})
    assert [place.best for place in found.places] == ["p1", "p2"]
    assert found.best.kind == DIFFERS and "north: p1; south: p2" in found.best.words
    assert found.recipes[MEAN].kind == found.recipes[MAXIMUM].kind == NO_RECIPE
    # p2 loses 0.2 in the north, p1 0.4 in the south.
    assert found.single == ("p2", "north", "p1")
    north = found.places[0].found.figures[MEAN]
    assert north[0].value == pytest.approx(0.3, abs=0.02) and north[1].value == pytest.approx(0.0, abs=0.02)


def test_a_recipe_can_win(few_draws):
    tables = {"north": [[0.0] * 5, [0.3] * 5, [0.28] * 5], "south": [[0.0] * 5, [0.0] * 5, [0.4] * 5]}
    found = rank_policies({name: result_of(table, name, luck=0.01, draw=4) for name, table in tables.items()})
    assert found.recipes[MEAN].kind == RECIPE and found.recipes[MEAN].policies == ("p2",)
    assert found.recipes[MEAN].words.startswith("A recipe: p2 is within 5 % of the best in every region")
    assert found.best.kind == DIFFERS
    everywhere = rank_policies({name: result_of(DIFFERENT["north"], name, luck=0.01, draw=4) for name in DIFFERENT})
    assert (everywhere.best.kind, everywhere.best.policies) == (SAME, ("p1",))


def test_luck_alone_decides_nothing(few_draws):
    results = {name: result_of(numpy.zeros((3, 5)), name, luck=0.3, draw=draw) for draw, name in enumerate(DIFFERENT)}
    found = rank_policies(results)
    assert found.best.kind == UNDECIDED and "chance cannot be excluded" in found.best.words
    assert found.recipes[MEAN].kind == UNDECIDED and found.recipes[MEAN].policies == ("none", "p1", "p2")


def test_what_is_better_when_less_is_turned_round(few_draws):
    found = rank_policies({"north": result_of(DIFFERENT["north"], "north", variable="price_index")}, outcome="price_index")
    assert found.places[0].best == "none"
    figure = found.places[0].found.figures[MEAN][1]
    assert figure.value == pytest.approx(0.3)


def test_a_whole_percentage_is_how_far_the_best_is_ahead(few_draws):
    found = rank_policies({"north": result_of(DIFFERENT["north"], "north")})
    document = json.loads(json.dumps(robust_document(found)))
    by_name = {row["policy"]: row for row in document["regions"][0]["policies"]}
    assert by_name["none"]["mean"]["regret"] == pytest.approx(100 * numpy.expm1(0.3))
    assert by_name["p1"]["best"] == 1.0 and document["unit"] == "%" and document["verdicts"] == {}


def robust_document(found):
    from redqueen.report.robust import robustness_document

    return robustness_document(found, "redqueen robust")


def test_everything_wrong_is_refused_at_once():
    results = {"north": result_of(DIFFERENT["north"], "north", seeds=1), "south": result_of(DIFFERENT["south"], "")}
    with pytest.raises(Refused) as refusal:
        rank_policies(results, outcome="jobs", policies=["none", "p9"], window=9, within=-1.0, margin=-200.0)
    text = str(refusal.value)
    for part in (
        "'p9' is not a policy",
        "did not record jobs",
        "9 quarters are more",
        "one seed",
        "names no region",
        "-1 is no distance",
        "-200 is no margin",
    ):
        assert part in text
    with pytest.raises(Refused, match="neither better nor worse"):
        rank_policies(results, outcome="profit_share")


# The command


TRIAL = """
[trial]
name = "toys"
seeds = 4
policies = ["extension", "low_cost"]
reference = "none"
outcomes = ["value_added"]

[[world]]
name = "north"
case = "toy.toml"
region = "north"

[[world]]
name = "south"
case = "toy.toml"
region = "south"

[uncertain]
forgetting = "declared"

[samples]
method = "latin_hypercube"
count = 3
"""


def answer(*words):
    """Run a command of this file, registered or not."""
    parser = argparse.ArgumentParser()
    robust.add_commands(parser.add_subparsers())
    asked = parser.parse_args(words)
    asked.words = list(words)
    asked.answer(asked)


@pytest.fixture
def toys(tmp_path, monkeypatch, few_draws):
    """Stand in a directory that holds the toy case and a trial of it in both regions."""
    write_case(tmp_path)
    (tmp_path / "toys.toml").write_text(TRIAL)
    monkeypatch.chdir(tmp_path)
    return "toys.toml"


def test_the_command_ranks_the_policies_of_a_trial(toys, model, capsys):
    # In the stand-in for the model officers raise value added by exp(0.1), whatever else holds.
    answer("robust", toys, "--json", "-o", "found")
    document = json.loads(capsys.readouterr().out)
    assert [region["best"] for region in document["regions"]] == ["extension", "extension"]
    for region in document["regions"]:
        lost = {row["policy"]: row["mean"]["regret"] for row in region["policies"]}
        assert lost["none"] == pytest.approx(100 * numpy.expm1(0.1)) and lost["extension"] == 0.0
    assert document["verdicts"]["best"]["kind"] == SAME and document["verdicts"]["recipe_by_mean"]["policies"] == ["extension"]
    assert {"robust.csv", "points.csv", "robust.json", "README"} <= {path.name for path in Path("found").iterdir()}
    lines = Path("found/points.csv").read_text().splitlines()
    assert lines[0] == "world,region,point,forgetting,best,regret_none,regret_extension,regret_low_cost" and len(lines) == 1 + 2 * 3


def test_the_table_says_what_regions_show_together(toys, model, capsys):
    answer("robust", toys)
    out = capsys.readouterr().out
    assert "Regret in value added, north: 3 points, 4 seeds" in out
    assert "extension is the best policy in every region, beyond chance." in out
    assert max(map(len, out.splitlines())) <= 80


def test_bad_options_are_refused_at_once(toys):
    with pytest.raises(Refused) as refusal:
        answer("robust", toys, "--outcome", "joy", "--within", "near", "--window", "0", "-o", toys)
    text = str(refusal.value)
    assert all(part in text for part in ("no outcome is called 'joy'", "'near' is not a number", "0 is too few", "this is a file"))
