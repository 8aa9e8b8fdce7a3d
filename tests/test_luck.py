"""Shared luck: ratios of variances are those of statistics, pairs come apart as their states say, and the command says so."""

import argparse
import json
import math
from collections import deque

import numpy
import pytest
import worlds
import xarray

from redqueen.cli.luck import add_commands
from redqueen.errors import Refused
from redqueen.lab.compare import compare
from redqueen.lab.intervals import NO_DIFFERENCE, paired_difference
from redqueen.lab.luck import (
    NO_LUCK,
    SAME_DIFFERENCE,
    alone_from,
    firms_in_both,
    luck,
    luck_of_all,
    share_in_both,
    worlds_side_by_side,
)
from redqueen.lab.trial import Trial
from redqueen.model.schedule import Schedule
from redqueen.report.figures import save_as
from redqueen.report.luck import luck_document, luck_figure, show_luck
from redqueen.report.terminal import screen


def dataset(first, second, *, name="value_added", region="south", **coordinates):
    """Give a result of two policies from arrays [seed, quarter], or [sample, seed, quarter]."""
    first, second = (numpy.asarray(values, dtype=float)[..., None] for values in (first, second))
    dimensions = (*(("sample",) if first.ndim == 4 else ()), "seed", "quarter", "region")
    values = xarray.concat([xarray.DataArray(one, dims=dimensions) for one in (first, second)], "policy")
    quarters = first.shape[-2]
    labels = {
        "policy": ["act", "none"], "region": [region],
        "seed": numpy.arange(1, first.shape[-3] + 1), "quarter": numpy.arange(quarters),
        "time": ("quarter", 1990 + numpy.arange(quarters) / 4), **coordinates,
    }
    attributes = {"reference": "none", "case": "made up", "command": "none", "titles": "{}", "region": region, "redqueen": "test"}
    return xarray.Dataset({name: values}, coords=labels, attrs=attributes)


def correlated(count, rho, seed=11, quarters=4):
    """Give two sets of logs with standard deviation 1 and correlation rho, the same in every quarter."""
    one, other = numpy.random.default_rng(seed).normal(0, 1, (2, count))
    logs = one, rho * one + math.sqrt(1 - rho**2) * other
    return [numpy.repeat(values[:, None], quarters, axis=1) for values in logs]


def only(rows):
    (row,) = rows
    return row


# The ratio


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.5, 0.9])
def test_the_ratio_of_correlated_normals_is_one_less_their_correlation(rho):
    first, second = correlated(4000, rho)
    row = only(luck(dataset(numpy.exp(first), numpy.exp(second)), "act", outcomes="value_added"))
    # The standard error of 1 - r is (1 - rho^2) / sqrt(4000), 0.016 at most: four of them.
    assert row.ratio == pytest.approx(1 - rho, abs=4 * (1 - rho**2) / math.sqrt(4000))
    assert row.low < 1 - rho < row.high
    assert row.worth == pytest.approx(1 / row.ratio)
    assert (row.seeds, row.differing, row.reason) == (4000, 4000, None)


def test_the_ratio_is_that_of_the_comparison():
    first, second = (numpy.exp(values) for values in correlated(12, 0.6, quarters=8))
    result = dataset(first, second)
    row = only(luck(result, "act", outcomes="value_added", window=8))
    assert row.ratio == compare(result, "act", outcomes="value_added", window=8).row("value_added", "south").variance_ratio


def test_intervals_of_normals_hold_the_truth_as_often_as_they_say():
    # Each region is a trial of its own.
    pairs = [correlated(15, 0.7, seed=trial, quarters=1) for trial in range(400)]
    values = numpy.stack([numpy.stack(pair) for pair in pairs], axis=-1)
    one = dataset(*correlated(15, 0.7, quarters=1), name="quality_sold").isel(region=0, drop=True)
    result = one.expand_dims(region=[f"region {trial}" for trial in range(400)])
    result["quality_sold"] = (("policy", "seed", "quarter", "region"), values)
    rows = luck(result, "act", outcomes="quality_sold", horizons=[0.25])
    held = sum(row.low <= 0.3 <= row.high for row in rows)
    # 380 expected of 400, with a binomial standard deviation of 4.4: three of them.
    assert len(rows) == 400
    assert 367 <= held <= 393


def test_the_interval_is_the_jackknife_done_by_hand():
    first, second = (values[:, 0] for values in correlated(9, 0.4))
    row = only(luck(dataset(first[:, None], second[:, None], name="quality_sold"), "act", outcomes="quality_sold", horizons=[0.25]))

    def z(keep):
        return math.atanh(1 - paired_difference(first[keep], second[keep]).variance_ratio)

    everyone = numpy.arange(9)
    pseudo = [9 * z(everyone) - 8 * z(everyone != seed) for seed in range(9)]
    # t(0.975, 8) = 2.3060 (any table).
    half = 2.306004135204166 * numpy.std(pseudo, ddof=1) / 3
    assert (row.low, row.high) == pytest.approx((1 - math.tanh(z(everyone) + half), 1 - math.tanh(z(everyone) - half)), rel=1e-12)


def test_a_policy_that_changes_nothing_has_ratio_zero_and_says_so():
    first, _ = correlated(8, 0.0)
    row = only(luck(dataset(numpy.exp(first), numpy.exp(first)), "act", outcomes="value_added"))
    assert (row.ratio, row.worth, row.differing, row.reason) == (0.0, None, 0, NO_DIFFERENCE)


def test_a_policy_that_multiplies_alike_has_ratio_zero_and_says_so():
    first, _ = correlated(8, 0.0)
    row = only(luck(dataset(1.3 * numpy.exp(first), numpy.exp(first)), "act", outcomes="value_added"))
    assert (row.ratio, row.worth, row.differing, row.reason) == (0.0, None, 8, SAME_DIFFERENCE)


def test_where_one_side_never_varies_there_is_no_luck_to_share():
    first, _ = correlated(8, 0.0)
    row = only(luck(dataset(first, numpy.zeros_like(first), name="quality_sold"), "act", outcomes="quality_sold"))
    assert (row.ratio, row.low, row.reason) == (1.0, None, NO_LUCK)
    still = numpy.ones_like(first)
    row = only(luck(dataset(2 * still, still, name="quality_sold"), "act", outcomes="quality_sold"))
    assert row.ratio is None and "same in every seed" in row.reason


def test_what_is_not_defined_says_why():
    first, second = (numpy.exp(values) for values in correlated(6, 0.5))
    first[2] = 0.0
    none_left = only(luck(dataset(first, second), "act", outcomes="value_added"))
    assert none_left.reason == "zero or below in 1 of 6 seeds, so that it has no ratio"
    second[4] = math.nan
    assert only(luck(dataset(first, second), "act", outcomes="value_added")).reason == "nothing to divide by in 1 of 6 seeds"
    few = only(luck(dataset(second[:4], 2 * second[:4] ** 2), "act", outcomes="value_added"))
    assert few.ratio > 0 and few.low is None and few.reason == "too few seeds: no interval"


def test_pairs_that_differ_in_few_seeds_have_no_interval():
    first, _ = correlated(10, 0.0)
    second = first.copy()
    second[:3] += 1.0
    row = only(luck(dataset(first, second, name="quality_sold"), "act", outcomes="quality_sold"))
    assert row.ratio > 0 and row.high is None and row.reason == "only 3 of 10 seeds differ: no interval"


def test_a_member_that_failed_is_left_out_with_its_pair():
    first, second = (numpy.exp(values) for values in correlated(8, 0.5))
    whole = only(luck(dataset(first[:7], second[:7]), "act", outcomes="value_added"))
    first[7] = math.nan
    failure = numpy.full((2, 8), "", dtype=object)
    failure[0, 7] = "ran out of firms"
    found = only(luck(dataset(first, second, failure=(("policy", "seed"), failure)), "act", outcomes="value_added"))
    assert (found.seeds, found.differing, found.reason) == (7, 7, None)
    # Twelve digits: seven and eight numbers are summed in another order.
    assert (found.ratio, found.low, found.high) == pytest.approx((whole.ratio, whole.low, whole.high), rel=1e-12)


def test_variances_are_those_within_points_of_the_assumptions():
    points = correlated(2000, 0.5, seed=1), correlated(2000, 0.5, seed=2)
    first, second = (numpy.stack(values) for values in zip(*points, strict=True))
    # Points differ by far more than seeds do, and by another policy effect; neither is luck.
    first[1] += 50.0
    second[1] += 30.0
    row = only(luck(dataset(first, second, name="quality_sold"), "act", outcomes="quality_sold"))
    # Standard error 0.75 / sqrt(4000) = 0.012: four of them.
    assert row.ratio == pytest.approx(0.5, abs=0.048)
    assert row.seeds == 2000
    # The same in two points is the same in one.
    twice = [numpy.stack([values[0], values[0]]) for values in (first, second)]
    one = only(luck(dataset(first[0], second[0], name="quality_sold"), "act", outcomes="quality_sold"))
    both = only(luck(dataset(*twice, name="quality_sold"), "act", outcomes="quality_sold"))
    assert (both.ratio, both.low, both.high) == pytest.approx((one.ratio, one.low, one.high), rel=1e-9)


# Horizons


def test_windows_end_at_their_horizon_and_see_nothing_later():
    shared, own = correlated(30, 0.0, quarters=40)
    first = numpy.where(numpy.arange(40) < 20, shared, own)
    result = dataset(first, shared, name="quality_sold")
    early, late = luck(result, "act", outcomes="quality_sold", horizons=[5, 10], window=8)
    assert (early.window, late.window) == ((12, 20), (32, 40))
    assert early.ratio == 0.0
    assert late.low < 1 < late.high
    # The first year has no eight quarters behind it: it takes what there is.
    assert only(luck(result, "act", outcomes="quality_sold", horizons=[1], window=8)).window == (0, 4)


def test_pairs_are_alone_from_the_first_horizon_after_which_every_interval_holds_one():
    first, _ = correlated(40, 0.0, quarters=12)
    noise = numpy.random.default_rng(3).normal(0, 1, (40, 12)) * numpy.repeat([0.05, 3.0, 3.0], 4)
    second = numpy.where(numpy.arange(12) < 4, first, 0.0) + noise
    rows = luck(dataset(first, second, name="quality_sold"), "act", outcomes="quality_sold", horizons=[1, 2, 3], window=4)
    assert rows[0].high < 1
    assert alone_from(rows) == 2
    assert alone_from(rows[:1]) is None


def test_the_usual_horizons_are_those_that_the_history_reaches_and_its_end():
    first, second = correlated(6, 0.5, quarters=48)
    rows = luck(dataset(first, second, name="quality_sold"), "act")
    assert [row.horizon for row in rows] == [5, 10, 12]


# The toy trial


@pytest.fixture
def result(case, model):
    return Trial(case, seeds=6).run(threads=2, progress=False)


def test_the_stand_in_shares_all_its_luck(result):
    # Officers multiply everything in the south by exp(0.1) in every seed; nothing reaches the north.
    rows = luck_of_all(result, outcomes=["value_added", "jobs"])
    officers = [row for row in rows if row.policy == "officers"]
    assert {row.reason for row in officers if row.region == "south"} == {SAME_DIFFERENCE}
    assert {row.reason for row in officers if row.region == "north"} == {NO_DIFFERENCE}
    world = [row for row in officers if row.region == "world" and row.outcome == "value_added"]
    assert all(0 < row.ratio < 0.01 for row in world)


def test_everything_wrong_is_refused_at_once(result):
    with pytest.raises(Refused) as refused:
        luck(result, "oficers", outcomes=["value_aded"], regions="soth", horizons=[99], window=0, level=2)
    assert len(refused.value.faults) == 6
    assert "did you mean 'officers'" in str(refused.value)


# The model


def test_worlds_with_the_same_luck_and_policy_are_the_same_world():
    world = worlds.toy(quarters=6, scale=0.1)
    for one, other in worlds_side_by_side(world, (None, None), (3, 3)):
        assert all(one.arrays[name].tobytes() == other.arrays[name].tobytes() for name in one.arrays)
        assert (share_in_both(*firms_in_both(one, other)) == 1.0).all()


def officers(world, intensity):
    schedule = Schedule.empty(world.quarters, len(world.regions))
    schedule.set("capacity_building", 1, 0, world.quarters, intensity)
    return schedule


def last(pairs):
    (found,) = deque(pairs, maxlen=1)
    return found


def test_a_policy_parts_firms_and_the_less_is_shared_the_fewer_live_in_both():
    world = worlds.toy(quarters=16, scale=0.2)
    plans = officers(world, 20.0), None
    shared, parted, strangers = (
        share_in_both(*firms_in_both(*last(worlds_side_by_side(world, plans, seeds, later=later))))
        for seeds, later in (((3, 3), None), ((3, 3), (3, 4)), ((3, 4), None))
    )
    assert shared.mean() < 1.0
    assert (strangers < parted).all() and (parted < shared).all()


def test_what_is_small_stays_small():
    # No draw turns for a millionth of a policy: the same firms live, and numbers differ by about as little.
    world = worlds.toy(quarters=16, scale=0.2)
    one, other = last(worlds_side_by_side(world, (officers(world, 20e-6), None), (3, 3)))
    assert (share_in_both(*firms_in_both(one, other)) == 1.0).all()
    apart = abs(numpy.log(one.arrays["value_added"] / other.arrays["value_added"]))
    assert 0.0 < apart.max() < 1e-6


def test_firms_are_counted_by_lineage_and_region():
    world = worlds.toy(quarters=1, scale=0.1)
    (one, other), = worlds_side_by_side(world, (None, None), (3, 3))
    alive = numpy.flatnonzero(one.arrays["alive"])
    gone = alive[one.arrays["region_of"][alive] == 1][:2]
    before = firms_in_both(one, other)
    other.arrays["alive"][gone[0]] = 0
    other.arrays["lineage"][gone[1]] = 12345
    first, second, both = firms_in_both(one, other)
    assert (first == before[0]).all()
    assert (before[1] - second).tolist() == [0, 1, 0]
    assert (before[2] - both).tolist() == [0, 2, 0]
    share = share_in_both(first, second, both)
    assert share[1] == 2 * both[1] / (first[1] + second[1])
    assert math.isnan(share_in_both(numpy.zeros(1), numpy.zeros(1), numpy.zeros(1))[0])


# What is shown


def test_tables_show_ratios_stars_and_reasons(capsys):
    first, second = correlated(60, 0.9, quarters=40)
    result = dataset(first, second, name="quality_sold")
    show_luck(screen(), result, luck(result, "act"), region="south")
    shown = capsys.readouterr().out
    row = luck(result, "act")[0]
    assert f"{row.ratio:.2f} *" in shown and f"{row.low:.2f} to {row.high:.2f}" in shown and f"{row.worth:.1f}" in shown
    same = dataset(first, first, name="quality_sold")
    show_luck(screen(), same, luck(same, "act"), region="south")
    assert NO_DIFFERENCE in capsys.readouterr().out


def test_the_document_holds_every_row_and_no_nan():
    first, second = correlated(20, 0.5, quarters=20)
    result = dataset(first, second, name="quality_sold")
    document = luck_document(result, luck(result, "act"), "redqueen luck")
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["rows"][0]["policy"] == "act"
    (one,) = document["rows"]
    assert document["by_horizon"] == [{"horizon": 5.0, "rows": 1, "median": one["ratio"], "below_one": int(one["high"] < 1)}]
    key = {"policy": "act", "region": "south", "outcome": "quality_sold", "stage": None}
    assert document["alone_from"] == [key | {"horizon": None}]


def test_the_same_figure_is_the_same_file(tmp_path):
    pytest.importorskip("matplotlib")
    first, second = correlated(20, 0.5, quarters=40)
    result = dataset(first, second, name="quality_sold")
    rows = luck(result, "act")
    for name in ("one.svg", "two.svg"):
        save_as(luck_figure(result, rows, region="south"), tmp_path / name)
    drawn = (tmp_path / "one.svg").read_text()
    assert drawn == (tmp_path / "two.svg").read_text()
    assert "product quality" in drawn
    with pytest.raises(Refused):
        save_as(luck_figure(result, rows, region="south"), tmp_path / "three.pdf")


def ask(*words):
    """Answer a command line."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    asked = parser.parse_args(["luck", *map(str, words)])
    asked.words = ["luck", *map(str, words)]
    asked.answer(asked)


def test_the_command_prints_one_document_with_every_region(tmp_path, case, model, capsys):
    ask(case.file, "--policies", "officers", "--seeds", 5, "--horizons", "2,4", "--outcome", "jobs,exports", "--json")
    document = json.loads(capsys.readouterr().out)
    assert {(row["policy"], row["to"]) for row in document["rows"]} == {("officers", "none")}
    assert {row["region"] for row in document["rows"]} == {"north", "south", "world"}
    assert {
        (row["outcome"], row["horizon"]) for row in document["rows"]
    } == {(o, h) for o in ("jobs", "exports") for h in (2.0, 4.0)}
    assert document["command"].startswith("redqueen luck") and "--json" not in document["command"]


def test_the_command_shows_the_region_asked_for(case, model, capsys):
    ask(case.file, "--policies", "officers", "--seeds", 5, "--region", "north")
    shown = capsys.readouterr().out
    assert "Shared luck of officers and none, north, 5 seeds" in shown
    assert NO_DIFFERENCE in shown


def test_the_command_refuses_everything_wrong_at_once(case, model):
    with pytest.raises(Refused) as refused:
        ask(case.file, "--seeds", 1, "--horizons", "2,x", "--outcome", "jbos", "--region", "soth", "--figure", "luck.pdf")
    assert len(refused.value.faults) == 5
    with pytest.raises(Refused, match="there is no year 9"):
        ask(case.file, "--horizons", "9")
    assert model.calls == []
