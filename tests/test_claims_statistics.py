"""The arithmetic of claims: chances, states, verdicts, Holm's correction and power."""

import itertools
import math

import numpy
import pytest
from scipy import stats

from redqueen.lab.intervals import student_above, student_quantile
from redqueen.studies.claims.declared import (
    BETWEEN,
    DIRECTIONS,
    DOWN,
    EFFECT,
    INSTEAD,
    LEVEL,
    NOT_DOWN,
    NOT_UP,
    STRENGTH,
    UP,
    Contrast,
)
from redqueen.studies.claims.statistics import (
    AGAINST,
    HOLDS,
    UNDECIDED,
    chance,
    estimate,
    hidden,
    holm,
    power,
    power_of,
    shown,
    state,
)
from redqueen.studies.claims.verdicts import Place, places_words, together, verdict_of


def contrast(direction=UP, threshold=2.0, kind=EFFECT):
    return Contrast(kind, "value_added", direction, threshold)


def test_the_chance_beyond_a_t_is_students():
    for freedom, statistic in itertools.product((1, 2, 3, 7, 39, 200), (-30.0, -2.0, -0.1, 0.0, 0.5, 2.0, 9.0)):
        assert student_above(statistic, freedom) == pytest.approx(stats.t.sf(statistic, freedom), abs=1e-14)
    assert (student_above(math.inf, 3), student_above(-math.inf, 3)) == (0.0, 1.0)


def test_chance_and_quantile_are_inverse():
    for freedom, p in itertools.product((1, 2, 9, 40), (0.5, 0.2, 0.025, 1e-4)):
        assert student_above(student_quantile(1 - p, freedom), freedom) == pytest.approx(p, rel=1e-9)


def test_an_estimate_is_students_test_of_the_mean():
    values = numpy.random.default_rng(1).normal(1.0, 2.0, 12)
    found = estimate(values, contrast(UP, 0.5), "points")
    oracle = stats.ttest_1samp(values, 0.0, alternative="greater")
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (found.effect, found.low, found.high, found.p) == pytest.approx((values.mean(), low, high, oracle.pvalue))
    margin = estimate(values, contrast(NOT_DOWN, 0.5), "points")
    assert margin.p == pytest.approx(stats.ttest_1samp(values, -0.5, alternative="greater").pvalue)
    level = estimate(values, contrast(DOWN, 1.5, LEVEL), "points")
    assert level.p == pytest.approx(stats.ttest_1samp(values, 1.5, alternative="less").pvalue)


def test_a_ratio_is_estimated_in_logs_and_shown_in_percent():
    ratios = numpy.array([1.1, 1.2, 1.15, 1.3])
    found = estimate(100 * numpy.log(ratios), contrast(UP, 5.0), "%", logs=True)
    assert found.effect == pytest.approx(100 * (ratios.prod() ** 0.25 - 1))
    assert found.low < found.effect < found.high
    assert hidden(shown(17.0, True), True) == pytest.approx(17.0)
    # A margin of 10 % is a ratio of 0.9, not of exp(-0.1).
    margin = chance(100 * math.log(0.9), 1.0, 5, contrast(NOT_DOWN, 10.0), logs=True)
    assert margin == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("direction", "interval", "expected"),
    [
        # mean, low, high against a threshold of 2
        (UP, (3.0, 1.0, 5.0), HOLDS),
        (UP, (1.5, 0.5, 2.5), UNDECIDED),  # clear of zero, but too small so far
        (UP, (1.0, 0.5, 1.5), AGAINST),  # clear of zero, and surely too small
        (UP, (0.1, -1.0, 1.2), AGAINST),  # an effect of interest is excluded
        (UP, (0.1, -3.0, 3.2), UNDECIDED),
        (UP, (-3.0, -5.0, -1.0), AGAINST),
        (UP, (5.0, -1.0, 11.0), UNDECIDED),
        (NOT_DOWN, (0.0, -1.9, 1.9), HOLDS),
        (NOT_DOWN, (9.0, 8.0, 10.0), HOLDS),
        (NOT_DOWN, (-1.0, -2.5, 0.5), UNDECIDED),
        (NOT_DOWN, (-3.0, -3.5, -2.5), AGAINST),
        (NOT_DOWN, (-1.0, -1.5, -0.5), HOLDS),  # a fall, but none of interest
    ],
)
def test_states_follow_the_declared_rule_and_its_mirror(direction, interval, expected):
    mean, low, high = interval
    assert state(mean, low, high, contrast(direction)) == expected
    mirror = {UP: DOWN, NOT_DOWN: NOT_UP}[direction]
    assert state(-mean, -high, -low, contrast(mirror)) == expected


def test_a_level_is_held_against_its_threshold_not_against_zero():
    assert state(3.0, 2.5, 3.5, contrast(UP, 2.0, LEVEL)) == HOLDS
    assert state(1.0, 0.5, 1.5, contrast(UP, 2.0, LEVEL)) == AGAINST
    assert state(2.0, 1.5, 2.5, contrast(UP, 2.0, LEVEL)) == UNDECIDED
    assert state(-3.0, -3.5, -2.5, contrast(DOWN, -2.0, LEVEL)) == HOLDS


def test_reversing_the_direction_reverses_a_clear_state():
    for kind, mean in itertools.product((EFFECT, BETWEEN), (4.0, -4.0)):
        one, other = (state(mean, mean - 1, mean + 1, contrast(direction, 2.0, kind)) for direction in (UP, DOWN))
        assert {one, other} == {HOLDS, AGAINST}


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_false_positives_are_as_many_as_declared(direction):
    # Truth at the edge: p is uniform, and an interval lies beyond it on the claim's side in one case of forty.
    one, runs = contrast(direction), 2000
    edge = {NOT_DOWN: -2.0, NOT_UP: 2.0}.get(direction, 0.0)
    draws = numpy.random.default_rng(7).normal(edge, 3.0, (runs, 8))
    found = [estimate(values, one, "points") for values in draws]
    # Three standard errors of a share over 2,000 replications.
    assert sum(each.p < 0.05 for each in found) / runs == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / runs))
    assert sum(each.state == HOLDS for each in found) / runs <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / runs)


def test_a_planted_effect_is_found_as_often_as_power_says():
    effect, seeds, runs, level = 0.7, 12, 3000, 0.01
    draws = numpy.random.default_rng(3).normal(effect, 1.0, (runs, seeds))
    found = sum(estimate(values, contrast(UP, 0.0), "points").p < level for values in draws) / runs
    expected = power(effect, seeds, level)
    assert found == pytest.approx(expected, abs=3 * math.sqrt(expected * (1 - expected) / runs))


def test_power_is_that_of_the_noncentral_t():
    for seeds, effect, level in itertools.product((3, 5, 10, 40, 200), (0.0, 0.2, 0.6, 1.5), (0.05, 0.05 / 22)):
        limit = stats.t.ppf(1 - level, seeds - 1)
        assert power(effect, seeds, level) == pytest.approx(stats.nct.sf(limit, seeds - 1, effect * math.sqrt(seeds)), abs=1e-9)


def test_seeds_needed_are_the_fewest_that_find_the_threshold():
    found = power_of(10.0, 5.0, 40, 22)
    level = 0.05 / 22
    assert power(0.5, found.seeds_needed, level) >= 0.8 > power(0.5, found.seeds_needed - 1, level)
    assert power(found.smallest / 10.0, 40, level) == pytest.approx(0.8, abs=1e-6)
    assert power_of(10.0, 0.0, 40, 22).seeds_needed is None


def test_holm_as_worked_by_hand():
    # 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 x 1 lifted to the one before it.
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}, 4)
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_claims_that_were_not_run_never_make_others_surer():
    every = {"a": 0.004, "b": 0.02, "c": 0.3}
    whole = holm(every, 3)
    for names in itertools.combinations(every, 2):
        part = holm({name: every[name] for name in names}, 3)
        assert all(part[name] >= whole[name] for name in names)
    assert holm({"a": 0.01, "b": None}, 3) == pytest.approx({"a": 0.03, "b": 1.0})
    assert holm({"a": 0.9}, 3) == {"a": 1.0}


def test_contrasts_must_all_hold_together():
    for states in itertools.product((HOLDS, AGAINST, UNDECIDED), repeat=2):
        joined = together(states)
        expected = AGAINST if AGAINST in states else (HOLDS if set(states) == {HOLDS} else UNDECIDED)
        assert joined == expected
    assert together([]) == UNDECIDED


PLACES = [Place(variant, horizon) for variant in ("as it is", "fast") for horizon in ("early", "late")]


@pytest.mark.parametrize("kind", [INSTEAD, STRENGTH])
@pytest.mark.parametrize("wins", [False, True])
def test_the_truth_table_of_verdicts(kind, wins):
    for states in itertools.product((HOLDS, AGAINST, UNDECIDED), repeat=len(PLACES)):
        places = {place: [one] for place, one in zip(PLACES, states, strict=True)}
        found = verdict_of(places, rival_kind=kind, rival_wins=wins, rival_name="money")
        if HOLDS not in states:
            assert found == ("does not hold" if AGAINST in states else "undecided (interval spans zero)")
        elif wins and kind == INSTEAD:
            assert found == "does not hold"
        elif set(states) == {HOLDS}:
            assert found == ("holds only where: not so that money" if wins else "holds")
        else:
            assert found.startswith("holds only where: ") and found.endswith("not so that money") == wins


@pytest.mark.parametrize(
    ("holding", "words"),
    [
        ([0, 1], "as it is"), ([1, 3], "late"), ([3], "fast in late"), ([0, 1, 3], "as it is; fast in late"), ([2, 3], "fast"),
    ],
)
def test_places_are_named_shortly(holding, words):
    assert places_words([PLACES[place] for place in holding], PLACES) == words


def test_places_of_one_world_are_its_horizons():
    assert places_words(PLACES[1:2], PLACES[:2]) == "late"


def test_chance_in_one_of_many_places_decides_nothing():
    """Judged in twenty places, a mean of zero is taken for an effect in one of twenty claims, not in one of twenty places."""
    generator = numpy.random.default_rng(11)
    claims = generator.normal(size=(400, 20, 30))
    clear = [
        [estimate(values, contrast(UP, 0.0), "points", places=20).state != UNDECIDED for values in places] for places in claims
    ]
    found = sum(any(places) for places in clear)
    assert stats.binomtest(found, 400, 0.05).pvalue > 1e-3
    alone = estimate(claims[0, 0], contrast(UP, 0.0), "points")
    joint = estimate(claims[0, 0], contrast(UP, 0.0), "points", places=20)
    assert (alone.low, alone.high, alone.p) == (joint.low, joint.high, joint.p), "what is shown stays the 95 % interval"
