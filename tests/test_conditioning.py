"""An ensemble conditioned on observations: what is known in closed form, and what independent programs say."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from redqueen.lab.conditioning import (
    Blur,
    Figure,
    Kernel,
    condition,
    covariance,
    drawn_in,
    effective_size,
    prepare,
    probability,
    quantiles_of,
    resampled,
    weights_of,
    wilson,
)

FIGURES = [Figure(0, 2001), Figure(0, 2002), Figure(0, 2005)]


def members(count=60, figures=3, seed=3):
    return numpy.random.default_rng(seed).normal(size=(count, figures)).cumsum(axis=1)


def last(prepared, observed, count=None):
    """Give the step after so many figures of one truth."""
    (step,) = condition(prepared, numpy.array([observed], dtype=float), [len(observed) if count is None else count])
    return step


def test_two_members_are_weighed_by_bayes():
    blur = [Blur(error=0.5)]
    prepared = prepare(numpy.array([[1.0, 7.0], [2.0, 9.0]]), numpy.log([0.25, 0.75]), [Figure(0, 2001), Figure(0, 2002)], 1, blur)
    step = last(prepared, [1.2])
    by_hand = numpy.array([0.25, 0.75]) * stats.norm.pdf(1.2, [1.0, 2.0], 0.5)
    assert step.weights[0] == pytest.approx(by_hand / by_hand.sum())
    assert step.mean[0, :, 0].tolist() == [7.0, 9.0] and step.deviation[0] == 0.0
    assert step.evidence[0] == pytest.approx(math.log(by_hand.sum()))


def test_at_full_width_it_is_the_kalman_smoother():
    """All members stand in their mean, with their own covariance around: mean + K (y - mean), c - K k."""
    simulated, blur = members(40), [Blur(error=0.4)]
    step = last(prepare(simulated, numpy.zeros(40), FIGURES, 2, blur, Kernel(width=1.0)), [1.5, 0.5])
    middle, spread = simulated.mean(axis=0), numpy.cov(simulated.T)
    gain = spread[2, :2] @ numpy.linalg.inv(spread[:2, :2] + 0.16 * numpy.eye(2))
    assert step.mean[0, :, 0] == pytest.approx(numpy.full(40, middle[2] + gain @ (numpy.array([1.5, 0.5]) - middle[:2])))
    assert step.deviation[0] == pytest.approx(math.sqrt(spread[2, 2] - gain @ spread[2, :2]))


@pytest.mark.parametrize("width", [0.0, 0.5, 0.9])
def test_of_normal_members_every_width_gives_the_normal_answer(width):
    """8,000 members of a known normal law: the probability is that of the law, but for their number (some thousand effective
    members).
    """
    simulated = members(8000)
    step = last(prepare(simulated, numpy.zeros(8000), FIGURES, 2, [Blur(error=1.0)], Kernel(width)), [1.0, 2.0])
    law = numpy.minimum.outer([1, 2, 3], [1, 2, 3]).astype(float)
    gain = law[2, :2] @ numpy.linalg.inv(law[:2, :2] + numpy.eye(2))
    exact = stats.norm.sf(2.0, gain @ [1.0, 2.0], math.sqrt(law[2, 2] - gain @ law[2, :2]))
    said = float((step.weights * probability(step.mean[:, :, 0], step.deviation[0], 2.0)).sum())
    assert said == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / float(effective_size(step.weights[0]))))


def test_what_was_missed_so_far_is_missed_for_a_while_as_a_gaussian_process_says():
    """One member: what is foreseen is the regression of a Gaussian process on its residuals, by scikit-learn."""
    figures, blur = [Figure(0, year) for year in (2001, 2002, 2004, 2007)], [Blur(error=0.2, discrepancy=0.7, memory=3.0)]
    simulated = numpy.array([[1.0, 1.5, 2.0, 4.0]])
    step = last(prepare(simulated, numpy.zeros(1), figures, 3, blur), [1.4, 1.6, 2.9])
    process = GaussianProcessRegressor(ConstantKernel(0.49, "fixed") * Matern(3.0, "fixed", nu=0.5), alpha=0.04, optimizer=None)
    process.fit(numpy.array([[2001.0], [2002.0], [2004.0]]), numpy.array([0.4, 0.1, 0.9]))
    mean, deviation = process.predict(numpy.array([[2007.0]]), return_std=True)
    assert step.mean[0, 0, 0] == pytest.approx(4.0 + mean[0]) and step.deviation[0] == pytest.approx(deviation[0])


def test_figures_one_after_another_say_what_they_say_together():
    simulated, blur, kernel = members(), [Blur(0.3, 0.5, 4.0)], Kernel(0.7, 0.2)
    observed = numpy.array([[0.3, 1.1]])
    steps = list(condition(prepare(simulated, numpy.zeros(60), FIGURES, 2, blur, kernel), observed, [0, 1, 2]))
    for count, step in enumerate(steps):
        kept = [*range(count), 2]
        alone = last(
            prepare(simulated[:, kept], numpy.zeros(60), [FIGURES[place] for place in kept], count, blur, kernel),
            observed[0, :count],
        )
        for part in ("weights", "mean", "deviation", "evidence"):
            assert getattr(step, part) == pytest.approx(getattr(alone, part)), part


def test_a_kernel_keeps_mean_and_covariance_of_the_members():
    simulated = members(500)
    prepared = prepare(simulated, numpy.zeros(500), FIGURES, 0, [Blur(0.1)], Kernel(0.8))
    assert prepared.positions.mean(axis=0) == pytest.approx(simulated.mean(axis=0))
    assert numpy.cov(prepared.positions.T) + prepared.covariance == pytest.approx(numpy.cov(simulated.T))


@pytest.mark.parametrize("kernel", [Kernel(), Kernel(0.9, 0.3), Kernel(1.0, 0.5)])
def test_what_was_observed_is_known_to_within_its_error(kernel):
    """The figure itself, foreseen after it was published: no member and no shrinking leaves more doubt than the error."""
    simulated = members()[:, [0, 1, 1]]
    step = last(prepare(simulated, numpy.zeros(60), [FIGURES[0], FIGURES[1], FIGURES[1]], 2, [Blur(0.05)], kernel), [0.2, 0.4])
    mean = float(step.weights[0] @ step.mean[0, :, 0])
    assert step.deviation[0] <= 0.05 and mean == pytest.approx(0.4, abs=0.1)


def test_without_figures_nothing_is_learnt():
    prepared = prepare(members(), numpy.log(numpy.arange(1.0, 61.0)), FIGURES, 0, [Blur(0.1)])
    (step,) = condition(prepared, numpy.empty((1, 0)), [0])
    assert step.weights[0] == pytest.approx(numpy.arange(1, 61) / numpy.arange(1, 61).sum())
    assert step.evidence[0] == pytest.approx(0.0)


def test_members_that_failed_have_no_say():
    simulated = members(4)
    simulated[2] = numpy.nan
    prepared = prepare(simulated, numpy.array([0.0, 0.0, -numpy.inf, 0.0]), FIGURES, 1, [Blur(0.1)])
    assert len(prepared.positions) == 3 and numpy.isfinite(prepared.positions).all()


def test_a_collapse_stays_the_worst_and_does_not_widen_all_others():
    values = numpy.append(numpy.random.default_rng(1).normal(size=99), -numpy.inf)[:, None]
    kept = drawn_in(values)
    assert kept.argmin() == 99 and numpy.isfinite(kept).all()
    assert kept[:99] == pytest.approx(values[:99])
    assert kept.std() < 1.2


def test_what_most_members_share_is_not_all_that_there_is():
    """55 of 100 at 0 and 45 at 0.3: nobody is drawn to the others; and where most have nothing, those that have something keep it.
    """
    two = numpy.array([0.0] * 55 + [0.3] * 45)[:, None]
    assert drawn_in(two) == pytest.approx(two)
    few = numpy.array([-numpy.inf] * 60 + [6.9] * 20 + [7.1] * 20)[:, None]
    kept = drawn_in(few)
    assert kept[60:] == pytest.approx(few[60:]) and numpy.isfinite(kept).all() and kept[:60].max() < 6.9


@given(
    some.lists(some.tuples(some.integers(0, 1), some.integers(1990, 2010)), min_size=1, max_size=12, unique=True),
    some.floats(0.01, 1.0),
    some.floats(0.0, 1.0),
    some.floats(0.5, 20.0),
    some.sampled_from([None, 1995.0]),
)
def test_a_covariance_is_one(places, error, discrepancy, memory, base):
    figures, blurs = [Figure(*place) for place in places], [Blur(error, discrepancy, memory, base), Blur(0.3)]
    matrix = covariance(figures, figures, blurs, observed=True)
    assert (matrix == matrix.T).all() and numpy.linalg.eigvalsh(matrix).min() > 0
    assert all(
        matrix[row, column] == 0 for row, one in enumerate(places) for column, other in enumerate(places) if one[0] != other[0]
    )


def test_at_its_base_year_a_series_is_exact_but_for_the_published_base():
    blur = [Blur(0.1, 0.5, 5.0, base=2000.0)]
    at_base, later = [Figure(0, 2000)], [Figure(0, 2010)]
    assert covariance(at_base, at_base, blur, observed=False)[0, 0] == pytest.approx(0.01)
    assert covariance(later, later, blur, observed=False)[0, 0] == pytest.approx(0.25 * (2 - 2 * math.exp(-2)) + 0.01)


@pytest.mark.parametrize(("reached", "size"), [(0, 20), (3, 20), (20, 20)])
def test_the_interval_of_a_probability_is_wilsons(reached, size):
    exact = stats.binomtest(reached, size).proportion_ci(method="wilson")
    assert wilson(reached / size, size) == pytest.approx((exact.low, exact.high))


def test_members_are_drawn_in_proportion():
    weights = numpy.array([0.5, 0.0, 0.25, 0.25])
    assert numpy.bincount(resampled(weights, 40), minlength=4).tolist() == [20, 0, 10, 10]


def test_weights_of_what_is_nowhere_likely_are_equal():
    assert weights_of(numpy.full(4, -numpy.inf)).tolist() == [0.25] * 4


def test_quantiles_of_one_member_are_those_of_the_normal_law():
    assert quantiles_of(numpy.array([2.0]), 3.0, numpy.ones(1), (0.05, 0.5, 0.95)) == pytest.approx(
        stats.norm.ppf([0.05, 0.5, 0.95], 2.0, 3.0)
    )


def test_a_figure_that_is_certain_reaches_its_target_or_not():
    assert probability(numpy.array([1.0, 2.0]), 0.0, 2.0).tolist() == [0.0, 1.0]
    assert probability(numpy.array([1.0, 2.0]), 0.0, 1.5, at_least=False).tolist() == [1.0, 0.0]
