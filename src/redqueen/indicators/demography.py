"""How firms are born, sized, grow, learn and end: the laws that populations of firms are known to follow.

Every function takes plain arrays, one entry an observation, and gives a number (NaN where there is too little to measure).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

__all__ = [
    "Fit",
    "excess_kurtosis",
    "hill_index",
    "laplace_over_normal",
    "learning_exponent",
    "learning_weights",
    "linear_fit",
    "share_below",
    "spread_by_size",
    "subbotin_shape",
    "survival",
    "tail_index",
    "yearly_rate",
]

# Shapes and weights are sought between these, far beyond any that has been found.
_SHAPES = (0.1, 10.0)
_WEIGHTS = (1e-4, 1e4)
# Points looked at before the best is refined, and steps of refinement (each leaves 0.618 of the interval).
_POINTS, _STEPS, _ROUNDS = 41, 40, 6
_GOLDEN = (math.sqrt(5) - 1) / 2


class Fit(NamedTuple):
    """Holds a linear fit: coefficients and their t statistics, the constant first."""

    coefficients: np.ndarray
    t: np.ndarray


def share_below(values: np.ndarray, limit: float) -> float:
    """Gives the share of values below a limit: a share of 1.

    >>> share_below([1, 2, 5, 40], 5)
    0.5
    """
    values = np.asarray(values, dtype=float)
    return float((values < limit).mean()) if values.size else math.nan


def hill_index(values: np.ndarray, count: int) -> float:
    """Estimates the tail index of a Pareto tail from its `count` largest values.

    alpha = 1 / mean of ln(x_i / x_(count + 1)) over the count largest; P(X > x) ~ x^-alpha. Values not above zero are left
    out; NaN with too few, or if the largest are all equal. Source: Hill, B. M. (1975), Annals of Statistics 3(5).
    """
    values = np.asarray(values, dtype=float)
    largest = np.sort(values[values > 0])[::-1]
    if not 0 < count < largest.size:
        return math.nan
    excess = float(np.log(largest[:count] / largest[count]).mean())
    return 1 / excess if excess > 0 else math.nan


def tail_index(values: np.ndarray, least: float, most: float) -> float:
    """Gives the mean of Hill's index over every cut between the largest `least` and `most` (shares of 1) of the values.

    One cut is noisy; their mean is not. Source: Resnick, S. and Starica, C. (1997), Advances in Applied Probability 29(1).
    """
    above_zero = int((np.asarray(values, dtype=float) > 0).sum())
    first, last = max(1, math.ceil(least * above_zero)), math.floor(most * above_zero)
    found = [hill_index(values, count) for count in range(first, last + 1)]
    return float(np.mean(found)) if found else math.nan


def yearly_rate(events: np.ndarray, firms: np.ndarray) -> float:
    """Gives events a year over the firms at its start: the mean over years of events[year] / firms[year], a share of 1.

    >>> yearly_rate([10, 30], [100, 100])
    0.2
    """
    events, firms = np.asarray(events, dtype=float), np.asarray(firms, dtype=float)
    return float((events[firms > 0] / firms[firms > 0]).mean()) if (firms > 0).any() else math.nan


def survival(durations: np.ndarray, ended: np.ndarray, until: float) -> float:
    """Estimates the share of firms that live longer than `until`, some of them being watched for less than that.

    S = product over times t <= until of (1 - ends at t / firms at risk at t): a firm is at risk up to its own duration.
    `durations` in any unit of time, `ended` says whether the firm ended then or was only no longer watched.
    Source: Kaplan, E. L. and Meier, P. (1958), Journal of the American Statistical Association 53.

    >>> survival([1, 2, 3, 3], [True, False, True, False], 2)
    0.75
    """
    durations, ended = np.asarray(durations, dtype=float), np.asarray(ended, dtype=bool)
    if not durations.size:
        return math.nan
    alive = 1.0
    for time in np.unique(durations[ended & (durations <= until)]):
        alive *= 1 - (ended & (durations == time)).sum() / (durations >= time).sum()
    return float(alive)


def excess_kurtosis(values: np.ndarray) -> float:
    """Gives the fourth central moment over the squared variance, less 3: 0 for a normal, 3 for a Laplace distribution."""
    values = np.asarray(values, dtype=float)
    variance = values.var() if values.size else 0.0
    return float(((values - values.mean()) ** 4).mean() / variance**2 - 3) if variance > 0 else math.nan


def laplace_over_normal(values: np.ndarray) -> float:
    """Gives how much likelier values are under a Laplace than under a normal distribution, in log likelihood a value.

    Both at their likeliest: Laplace -ln(2 m) - 1 with m = mean |x - median|, normal -ln(2 pi v) / 2 - 1/2 with v the variance.
    """
    values = np.asarray(values, dtype=float)
    deviation = float(np.abs(values - np.median(values)).mean()) if values.size else 0.0
    if deviation <= 0:
        return math.nan
    return -math.log(2 * deviation) - 1 + 0.5 * math.log(2 * math.pi * float(values.var())) + 0.5


def subbotin_shape(values: np.ndarray) -> float:
    """Estimates the shape b of a Subbotin (exponential power) distribution around the median; 1 is Laplace, 2 normal.

    f(x) = exp(-|x - m|^b / (b a^b)) / (2 a b^(1/b) Gamma(1 + 1/b)); a^b = mean |x - m|^b at its likeliest, so that b maximises
    -ln(2 b^(1/b) Gamma(1 + 1/b)) - ln a - 1/b. Source: Bottazzi, G. and Secchi, A. (2006), Rand Journal of Economics 37(2).
    """
    values = np.asarray(values, dtype=float)
    deviation = np.abs(values - np.median(values)) if values.size else values
    if not (deviation > 0).any():
        return math.nan

    def unlikeliness(log_shape: float) -> float:
        shape = math.exp(log_shape)
        log_scale = math.log(float((deviation**shape).mean())) / shape
        return math.log(2) + math.log(shape) / shape + math.lgamma(1 + 1 / shape) + log_scale + 1 / shape

    return math.exp(_lowest(unlikeliness, math.log(_SHAPES[0]), math.log(_SHAPES[1])))


def spread_by_size(sizes: np.ndarray, growth: np.ndarray) -> float:
    """Estimates the exponent with which the spread of growth changes with size: sd(growth) ~ size^exponent.

    Firms are put into classes of size that double; the exponent is the slope of ln sd over mean ln size of the classes,
    weighted by their count less one (the variance of ln sd is 1 / (2 (n - 1))). Source: Riccaboni et al. 2008 (riccaboni_2008).
    """
    sizes, growth = np.asarray(sizes, dtype=float), np.asarray(growth, dtype=float)
    kept = sizes > 0
    logs, growth = np.log(sizes[kept]), growth[kept]
    classes = np.floor(logs / math.log(2)).astype(int)
    rows = []
    for one in np.unique(classes):
        inside = classes == one
        spread = float(growth[inside].std(ddof=1)) if inside.sum() > 1 else 0.0
        if spread > 0:
            rows.append((float(logs[inside].mean()), math.log(spread), float(inside.sum() - 1)))
    if len(rows) < 2:
        return math.nan
    size, spread, weight = np.array(rows).T
    return _slope(size, spread, weight)


def learning_exponent(cost: np.ndarray, output: np.ndarray, groups: np.ndarray) -> float:
    """Estimates Wright's exponent: minus the slope of ln cost over ln cumulative output, within groups.

    ln cost = a[group] - exponent x ln output. `groups` are any labels, such as technologies: each has a level of its own.
    Source: Nagy et al. 2013 (nagy_2013).
    """
    return -_slope(_within(np.log(output), groups), _within(np.log(cost), groups))


def learning_weights(cost: np.ndarray, own: np.ndarray, others: Sequence[np.ndarray], groups: np.ndarray) -> tuple[float, ...]:
    """Estimates what a unit of others' output teaches against one of one's own, for each kind of others.

    ln cost = a[group] - b ln(own + sum over kinds of w_k others_k): the weights w of least squares, found one kind after the other
    between 1/10,000 and 10,000. NaN where cost does not fall (b <= 0) or a weight is at an end of what was searched: then
    the data do not say. Source: Irwin and Klenow 1994 (irwin_klenow_1994).
    """
    own, kinds = np.asarray(own, dtype=float), [np.asarray(kind, dtype=float) for kind in others]
    labels = np.unique(groups, return_inverse=True)[1]
    costs = _within(np.log(cost), labels)
    ends = math.log(_WEIGHTS[0]), math.log(_WEIGHTS[1])
    logs = [0.0] * len(kinds)

    def experience() -> np.ndarray:
        return _within(np.log(own + sum(math.exp(log) * kind for log, kind in zip(logs, kinds, strict=True))), labels)

    for _ in range(_ROUNDS if len(kinds) > 1 else 1):
        for place in range(len(kinds)):

            def misfit(log: float, place: int = place) -> float:
                logs[place] = log
                learnt = experience()
                return float(((costs - _slope(learnt, costs) * learnt) ** 2).sum())

            logs[place] = _lowest(misfit, *ends)
    if not _slope(experience(), costs) < 0:
        return (math.nan,) * len(kinds)
    edge = (ends[1] - ends[0]) / (_POINTS - 1)
    return tuple(math.exp(log) if ends[0] + edge < log < ends[1] - edge else math.nan for log in logs)


def linear_fit(outcome: np.ndarray, *columns: np.ndarray) -> Fit:
    """Fits outcome = c0 + c1 column1 + ... by least squares, with t statistics that allow for unequal variance.

    Covariance n / (n - k) (X'X)^-1 X' diag(e^2) X (X'X)^-1. NaN where columns are too few, constant or the same.
    Source: White, H. (1980), Econometrica 48(4); MacKinnon, J. and White, H. (1985), Journal of Econometrics 29(3).
    """
    outcome = np.asarray(outcome, dtype=float)
    design = np.column_stack([np.ones(outcome.size), *(np.asarray(column, dtype=float) for column in columns)])
    count, width = design.shape
    if count <= width or np.linalg.matrix_rank(design) < width:
        return Fit(np.full(width, math.nan), np.full(width, math.nan))
    # Pseudo-inverse: columns of very different size must not cost digits.
    inverse = np.linalg.pinv(design)
    coefficients = inverse @ outcome
    left = outcome - design @ coefficients
    covariance = count / (count - width) * (inverse * left**2) @ inverse.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return Fit(coefficients, coefficients / np.sqrt(np.diag(covariance)))


def _slope(x: np.ndarray, y: np.ndarray, weight: np.ndarray | float = 1.0) -> float:
    """Gives the slope of least squares of y over x; NaN where x does not vary."""
    weight = np.broadcast_to(np.asarray(weight, dtype=float), np.shape(x))
    if not np.size(x):
        return math.nan
    apart = x - np.average(x, weights=weight)
    varied = float((weight * apart**2).sum())
    return float((weight * apart * y).sum()) / varied if varied > 0 else math.nan


def _within(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Takes each group's mean off its values."""
    labels = np.unique(groups, return_inverse=True)[1]
    counts = np.bincount(labels)
    return values - (np.bincount(labels, weights=values) / counts)[labels]


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Finds where a function is lowest: the best of evenly spaced points, then golden sections around it."""
    points = np.linspace(low, high, _POINTS)
    best = int(np.argmin([function(float(point)) for point in points]))
    low, high = float(points[max(0, best - 1)]), float(points[min(_POINTS - 1, best + 1)])
    inner = [high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)]
    values = [function(point) for point in inner]
    for _ in range(_STEPS):
        if values[0] < values[1]:
            high, inner[1], values[1] = inner[1], inner[0], values[0]
            inner[0] = high - _GOLDEN * (high - low)
            values[0] = function(inner[0])
        else:
            low, inner[0], values[0] = inner[0], inner[1], values[1]
            inner[1] = low + _GOLDEN * (high - low)
            values[1] = function(inner[1])
    return (low + high) / 2
