"""Claims about the formulas of firm demography and of embodied value, on hand-made samples and tables."""

import math

import numpy as np
import pytest

from redqueen.indicators import demography, leontief

# Sampling errors: a band of four standard errors is left by one sample in 16,000, and the seeds are fixed.
BAND = 4


def pareto(generator, alpha, count):
    return generator.uniform(size=count) ** (-1 / alpha)


# Tails


@pytest.mark.parametrize("alpha", [0.7, 1.0, 3.0])
def test_hills_index_of_a_pareto_sample_is_its_own(alpha):
    # Hill's estimator over k values has a standard error of alpha / sqrt(k).
    count = 2000
    found = demography.hill_index(pareto(np.random.default_rng(1), alpha, 20000), count)
    assert found == pytest.approx(alpha, abs=BAND * alpha / math.sqrt(count))


def test_hills_index_by_hand():
    # ln(8/1) and ln(2/1) over the third largest: mean ln 4, index 1 / (2 ln 2).
    assert demography.hill_index([1, 8, 2, 0.5, 0, -3], 2) == pytest.approx(1 / (2 * math.log(2)))


def test_the_tail_index_is_the_mean_of_hills_index_over_the_cuts():
    sizes = pareto(np.random.default_rng(2), 1.0, 100)
    by_hand = np.mean([demography.hill_index(sizes, count) for count in range(5, 11)])
    assert demography.tail_index(sizes, 0.05, 0.10) == pytest.approx(by_hand)


def test_a_tail_that_cannot_be_measured_is_not_a_number():
    assert math.isnan(demography.hill_index([3, 3, 3], 2))
    assert math.isnan(demography.hill_index([3, 2], 2))
    assert math.isnan(demography.tail_index([], 0.05, 0.1))


# Turnover and survival


def test_a_cohort_table_by_hand():
    # Ten firms: two end after 1 quarter, one is lost from sight after 2, three end after 3, the rest is watched for 8.
    durations = [1, 1, 2, 3, 3, 3, 8, 8, 8, 8]
    ended = [1, 1, 0, 1, 1, 1, 0, 0, 0, 0]
    assert demography.survival(durations, ended, 0) == 1
    assert demography.survival(durations, ended, 2) == pytest.approx(8 / 10)
    assert demography.survival(durations, ended, 8) == pytest.approx(8 / 10 * 4 / 7)


def test_survival_without_loss_from_sight_is_the_share_that_lives():
    durations = np.array([1, 2, 3, 4, 5])
    assert demography.survival(durations, np.ones(5), 3) == pytest.approx(2 / 5)
    assert math.isnan(demography.survival([], [], 3))


def test_rates_are_events_over_the_firms_at_the_start_of_the_year():
    assert demography.yearly_rate([10, 30], [100, 150]) == pytest.approx((0.1 + 0.2) / 2)
    assert math.isnan(demography.yearly_rate([1], [0]))


def test_few_are_those_strictly_below_the_limit():
    assert demography.share_below([1, 4.9, 5, 80], 5) == 0.5


# Growth


def test_laplace_beats_normal_on_laplace_draws_and_loses_on_normal_ones():
    generator = np.random.default_rng(3)
    # In expectation ln(pi / e) / 2 = 0.072 for Laplace draws and (1 - ln(pi / 2) - ... ) = -0.048 for normal ones;
    # the sampling error with 20,000 draws is a tenth of either.
    assert demography.laplace_over_normal(generator.laplace(size=20000)) == pytest.approx(
        0.5 * math.log(math.pi / math.e), abs=0.03
    )
    normal = 0.5 * math.log(2 * math.pi) + 0.5 - math.log(2 * math.sqrt(2 / math.pi)) - 1
    assert demography.laplace_over_normal(generator.normal(size=20000)) == pytest.approx(normal, abs=0.03)


@pytest.mark.parametrize(("draw", "shape"), [("laplace", 1.0), ("normal", 2.0)])
def test_the_subbotin_shape_tells_laplace_from_normal(draw, shape):
    # The asymptotic standard error of the shape is about 1.5 shape / sqrt(n), below 2 % here.
    values = getattr(np.random.default_rng(4), draw)(3.0, 0.2, size=20000)
    assert demography.subbotin_shape(values) == pytest.approx(shape, abs=BAND * 1.5 * shape / math.sqrt(20000))


def test_the_subbotin_shape_depends_on_neither_place_nor_scale():
    values = np.random.default_rng(5).laplace(size=500)
    assert demography.subbotin_shape(7 - 3 * values) == pytest.approx(demography.subbotin_shape(values), rel=1e-6)


def test_excess_kurtosis_by_hand():
    # Two values are as flat as can be: fourth moment 1, variance 1.
    assert demography.excess_kurtosis([-1, 1]) == pytest.approx(-2)
    assert demography.excess_kurtosis([-2, 0, 0, 0, 0, 0, 0, 2]) == pytest.approx(4 - 3)
    assert math.isnan(demography.excess_kurtosis([1, 1]))


def test_the_spread_of_growth_falls_by_the_exponent_that_it_was_made_with():
    # Deviations of plus and minus size^-0.2 in every class: the slope is exact.
    sizes = np.repeat(2.0 ** np.arange(8), 10)
    growth = np.tile([1.0, -1.0], 40) * sizes**-0.2
    assert demography.spread_by_size(sizes, growth) == pytest.approx(-0.2)
    assert math.isnan(demography.spread_by_size([2, 2], [0.1, 0.2]))


# Learning


def test_wrights_exponent_is_found_within_groups():
    output = np.array([1.0, 10, 100, 1, 10, 100])
    cost = np.array([1.0, 1, 1, 5, 5, 5]) * output**-0.32
    assert demography.learning_exponent(cost, output, ["a", "a", "a", "b", "b", "b"]) == pytest.approx(0.32)


def test_the_weights_of_others_output_are_found():
    generator = np.random.default_rng(6)
    own, home, abroad = generator.lognormal(0, 1, (3, 400))
    stage = np.repeat([0, 1], 200)
    cost = (own + 0.5 * home + 0.2 * abroad) ** -0.3 * np.where(stage, 2.0, 1.0)
    # Without noise the fit is exact; the search ends within a thousandth.
    assert demography.learning_weights(cost, own, [home, abroad], stage) == pytest.approx((0.5, 0.2), rel=1e-3)
    alone = (own + 0.5 * home) ** -0.3
    assert demography.learning_weights(alone, own, [home], np.zeros(400)) == pytest.approx((0.5,), rel=1e-3)


def test_weights_that_data_do_not_show_are_not_numbers():
    own, others = np.random.default_rng(7).lognormal(0, 1, (2, 100))
    assert math.isnan(demography.learning_weights(own**0.3, own, [others], np.zeros(100))[0])
    assert math.isnan(demography.learning_weights(own**-0.3, own, [others], np.zeros(100))[0])


# Regression


def test_a_linear_fit_finds_the_line_and_its_t_by_hand():
    exact = demography.linear_fit([1, 3, 5, 7], [0, 1, 2, 3])
    assert exact.coefficients == pytest.approx([1, 2])
    # y = 0, 0, 1, 1 on a switch 0, 1, 0, 1: slope 0, residuals 1/2, covariance 4/2 (1/4 / 2 + 1/4 / 2) / 2 each way.
    fit = demography.linear_fit([0, 0, 1, 1], [0, 1, 0, 1])
    assert fit.coefficients == pytest.approx([0.5, 0], abs=1e-12)
    assert fit.t[0] == pytest.approx(0.5 / math.sqrt(0.25))


def test_columns_that_say_the_same_have_no_fit():
    assert np.isnan(demography.linear_fit([1, 2, 3, 4], [1, 2, 3, 4], [2, 4, 6, 8]).t).all()
    assert np.isnan(demography.linear_fit([1, 2], [1, 2]).coefficients).all()


# Embodied value

# One sector in each of two regions. Region 1 sells 20 to region 2's producer and 40 at home; region 2 sells 10 to its own
# producer, 60 at home and 10 abroad. Outputs 60 and 80; value added 60 and 50.
INTERMEDIATE = np.array([[0.0, 20.0], [0.0, 10.0]])
FINAL = np.array([[40.0, 0.0], [10.0, 60.0]])
OUTPUT = np.array([60.0, 80.0])
VALUE_ADDED = OUTPUT - INTERMEDIATE.sum(axis=0)


def test_distance_to_final_use_by_hand():
    # Region 2: u = 1 + u / 8, so 8/7; region 1: 1 + u2 / 3.
    assert leontief.distance_to_final_use(INTERMEDIATE, OUTPUT) == pytest.approx([1 + 8 / 21, 8 / 7])
    assert leontief.distance_to_final_use(np.zeros((2, 2)), np.zeros(2)) == pytest.approx([1, 1])


def test_value_added_at_home_by_hand():
    # Region 1 uses no inputs. Region 2 adds 50/80 to each unit and needs 8/7 units of its own for one exported: 5/7.
    share = leontief.domestic_value_added_share(INTERMEDIATE, FINAL, VALUE_ADDED, OUTPUT)
    assert share == pytest.approx([1, 5 / 7])


def test_a_region_without_exports_has_no_share():
    alone = leontief.domestic_value_added_share(np.zeros((2, 2)), np.diag([5.0, 5.0]), [5, 5], [5, 5])
    assert np.isnan(alone).all()
