"""Rank policies by regret over an uncertain space: what each loses, at every point of it, against the best policy there.

Whatever is best of several noisy means owes part of its lead to luck. So what is chosen (the best policy at a point, the point
where a policy does worst) is chosen with one half of the seeds and read off the other, both ways round and over many cuts in half
(`lab/halves.py`): such an estimate is too low, if anything, for the half may choose wrongly; with the same seeds in both places it
is too high. Limits are taken from both. Source: Andrews, Kitagawa and McCloskey 2024, Quarterly Journal of Economics 139.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy

from redqueen.lab import halves
from redqueen.lab.halves import KINDS, MAXIMUM, MEAN, QUANTILE, crossed_error, cuts_of, estimates, losses_by_member, means_of
from redqueen.lab.intervals import LEVEL, student_quantile

__all__ = ["KINDS", "MAXIMUM", "MEAN", "QUANTILE", "Figure", "Standings", "joint_limits", "minimax", "regret", "standings"]


class Figure(NamedTuple):
    """Holds a regret on the scale compared: its estimate, limits, and what it would be with choice and reading from the same seeds.

    `low` is from the estimate, which is too low if anything; `high` from `naive`, which is too high.
    """

    value: float
    low: float
    high: float
    naive: float


class Errors(NamedTuple):
    """Holds, for one kind of regret, standard errors and degrees of freedom [way, policy] and draws [way, draw, policy].

    Ways are: by cuts in half, and with the same seeds in both places.
    """

    errors: numpy.ndarray
    freedom: numpy.ndarray
    drawn: numpy.ndarray


@dataclass(frozen=True)
class Standings:
    """Holds how policies stand in one region, over `points` points of the uncertain space; arrays have one value a policy.

    `figures[kind]` are regrets. `best` is the share of points where a policy is the best by its mean over seeds (shared where
    they tie); `surely` where it beats every other beyond chance; `possibly` where no other beats it so. `beats` is the share where
    it does better than the reference by more than the margin, `surely_beats` that beyond chance (NaN without a reference).
    `lead` [policy, other] is the mean difference over all points in standard errors, `freedom` their degrees. `left_out` counts
    points where too many members are missing. `errors` holds what `joint_limits` takes.
    """

    policies: tuple[str, ...]
    points: int
    seeds: int
    left_out: int
    figures: Mapping[str, tuple[Figure, ...]]
    best: numpy.ndarray
    surely: numpy.ndarray
    possibly: numpy.ndarray
    beats: numpy.ndarray
    surely_beats: numpy.ndarray
    lead: numpy.ndarray
    freedom: numpy.ndarray
    errors: Mapping[str, Errors]

    def order(self, kind: str) -> list[int]:
        """Gives the positions of policies by rising regret of that kind, ties in the order of the trial."""
        return sorted(range(len(self.policies)), key=lambda policy: self.figures[kind][policy].value)

    def rank(self, kind: str, policy: int) -> int:
        """Gives the place of a policy, 1 for the least regret; those that tie share the better place."""
        values = [figure.value for figure in self.figures[kind]]
        return 1 + sum(value < values[policy] for value in values)

    def unbeaten(self, regions: int = 1) -> list[int]:
        """Lists the policies that no other beats beyond chance in the mean over all points: one alone is the best beyond chance.

        Student's limit for all others, in so many regions, together (Bonferroni; Hsu 1996, Multiple comparisons).
        """
        count = len(self.policies)
        limit = _limits(regions * (count - 1), self.freedom)
        return [policy for policy in range(count) if not (self.lead[:, policy] > limit[:, policy]).any()]


def regret(values: numpy.ndarray) -> numpy.ndarray:
    """Gives what each policy loses against the best: max over policies - its own; `values` are [policy, ...], more is better.

    Source: Savage 1951, The theory of statistical decision, Journal of the American Statistical Association 46.
    """
    return values.max(axis=0) - values


def minimax(values: numpy.ndarray) -> tuple[int, int, int]:
    """Gives the policy whose largest regret over places is least, the place where that is, and the best policy there.

    `values` are [policy, place]; of what ties, the first.
    """
    losses = regret(values)
    single = int(losses.max(axis=1).argmin())
    place = int(losses[single].argmax())
    return single, place, int(values[:, place].argmax())


def standings(
    values: numpy.ndarray, policies: Sequence[str], reference: str | None = None, margin: float = 0.0, level: float = LEVEL
) -> Standings:
    """Estimates regrets and shares from `values` [policy, point, seed] on the scale compared, more being better.

    A policy's value at a point is its mean over the seeds that are there for every policy; points where half of the seeds or fewer
    are, are left out. Limits are Student's: estimate +- t x standard error, that of a mean by the variance of points and seeds
    crossed (`halves.crossed_error`), that of the others by drawing both anew, on n - 1 degrees. `margin` is on the scale compared.
    """
    there = numpy.isfinite(values).all(axis=0)
    count = values.shape[2]
    kept = there.sum(axis=1) > (count + 1) // 2
    if count < 2 or not kept.any():
        raise ValueError("regret needs two seeds, and a point where more than half of them are there for every policy")
    there, used = there[kept], numpy.where(there[kept], values[:, kept], 0.0)
    cuts = cuts_of(count)
    split, naive = estimates(used, there, cuts), estimates(used, there, None)
    errors = _errors(used, there, cuts)
    figures = {}
    for kind in KINDS:
        below, above = _reach(errors[kind], (1 + level) / 2)
        rows = zip(split[kind], split[kind] - below, naive[kind] + above, naive[kind], strict=True)
        figures[kind] = tuple(Figure(*map(float, row)) for row in rows)
    names = list(policies)
    place = names.index(reference) if reference in names else None
    lead, freedom = _lead(used, there)
    return Standings(
        tuple(names),
        len(there),
        count,
        int((~kept).sum()),
        figures,
        *_shares(used, there),
        *_satisfied(used, there, place, margin),
        lead,
        freedom,
        errors,
    )


def joint_limits(found: Sequence[Standings], kind: str, level: float = LEVEL) -> list[tuple[numpy.ndarray, numpy.ndarray]]:
    """Gives one-sided limits of every policy's regret in each region, for claims about all regions: (low, high) by policy.

    The lows of one policy hold in all regions together: "every policy has a region whose low is above X" is then wrong of a policy
    that is within X everywhere with no more than that chance, however many policies there are (Berger 1982, intersection-union
    tests). The highs hold for all policies and regions together. `low` is from the estimate, `high` from the naive one. Limits that
    hold together reach to the largest deviation in standard errors that the bootstrap shows with that chance (sup-t: Montiel Olea
    and Plagborg-Moller 2019, Journal of Applied Econometrics 34).
    """
    # Deviations [region, draw, policy] below the estimate and above the naive one.
    below, above = (_deviations([one.errors[kind].drawn[way] for one in found], sign) for way, sign in ((0, 1.0), (1, -1.0)))
    lows = numpy.quantile(below.max(axis=0), level, axis=0)
    highs = numpy.full(len(lows), numpy.quantile(above.max(axis=(0, 2)), level))
    normal = NormalDist().inv_cdf(level)
    limits = []
    for one in found:
        first, second = _reach(one.errors[kind], level) / normal
        value, naive = (numpy.array([getattr(figure, part) for figure in one.figures[kind]]) for part in ("value", "naive"))
        limits.append((value - lows * first, naive + highs * second))
    return limits


def _deviations(drawn: Sequence[numpy.ndarray], sign: float) -> numpy.ndarray:
    """Gives by how many standard errors each draw lies on one side of their mean."""
    rows = []
    for one in drawn:
        error = one.std(axis=0, ddof=1)
        away = numpy.divide(one - one.mean(axis=0), error, out=numpy.zeros_like(one), where=error > 0)
        rows.append(sign * away)
    return numpy.array(rows)


def _errors(values: numpy.ndarray, there: numpy.ndarray, cuts: numpy.ndarray) -> dict[str, Errors]:
    drawn = halves.redrawn(values, there, cuts)
    found = {}
    for kind in KINDS:
        ways = numpy.array(drawn[kind])
        if kind == MEAN:
            pairs = [crossed_error(losses_by_member(values, there, way), there) for way in (cuts, None)]
            errors, freedom = (numpy.array([pair[part] for pair in pairs]) for part in (0, 1))
            found[kind] = Errors(errors, freedom, ways)
        else:
            found[kind] = Errors(ways.std(axis=1, ddof=1), numpy.full((2, len(values)), values.shape[2] - 1), ways)
    return found


def _reach(errors: Errors, chance: float) -> numpy.ndarray:
    """Gives Student's quantile times the standard error: [way, policy]."""
    factor = [[student_quantile(chance, int(one)) for one in row] for row in errors.freedom]
    return numpy.array(factor) * errors.errors


def _lead(values: numpy.ndarray, there: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives by how many standard errors each policy is ahead of each other in the mean over all points, and degrees of freedom."""
    apart = values[:, None] - values
    mean = ((apart * there).sum(axis=3) / there.sum(axis=1)).mean(axis=2)
    error, freedom = crossed_error(apart, there)
    return _over(mean, error), freedom


def _shares(values: numpy.ndarray, there: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Gives the shares of points at which each policy is best by its mean, surely best, and possibly best."""
    mean = means_of(values, there[:, None].astype(float))[:, 0]
    top = mean == mean.max(axis=1, keepdims=True)
    policies = len(values)
    beaten = numpy.zeros((len(mean), policies), dtype=bool)
    beating = numpy.ones((len(mean), policies), dtype=bool)
    for first, second in itertools.permutations(range(policies), 2):
        statistic, freedom = _paired(values[first] - values[second], there)
        beats = statistic > _limits(policies - 1, freedom)
        beaten[:, second] |= beats
        beating[:, first] &= beats
    return (top / top.sum(axis=1, keepdims=True)).mean(axis=0), beating.mean(axis=0), (~beaten).mean(axis=0)


def _satisfied(
    values: numpy.ndarray, there: numpy.ndarray, reference: int | None, margin: float
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives the shares of points where each policy does better than the reference by more than a margin, and surely does.

    Satisficing over an uncertain space: Lempert, Popper and Bankes 2003; McPhail et al. 2018, Earth's Future 6.
    """
    shares = numpy.full((2, len(values)), numpy.nan)
    for policy in range(len(values)) if reference is not None else ():
        if policy != reference:
            statistic, freedom = _paired(values[policy] - values[reference] - margin, there)
            shares[0, policy] = (statistic > 0).mean()
            shares[1, policy] = (statistic > _limits(1, freedom)).mean()
    return shares[0], shares[1]


def _paired(difference: numpy.ndarray, there: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives mean / standard error of differences [point, seed] at every point, and the degrees of freedom."""
    count = there.sum(axis=1)
    mean = (difference * there).sum(axis=1) / count
    square = (there * (difference - mean[:, None]) ** 2).sum(axis=1) / (count - 1)
    return _over(mean, numpy.sqrt(square / count)), count - 1


def _over(mean: numpy.ndarray, error: numpy.ndarray) -> numpy.ndarray:
    """Divides by a standard error; without one, what is not zero is infinitely clear."""
    sure = numpy.where(mean == 0, 0.0, numpy.copysign(numpy.inf, mean))
    return numpy.divide(mean, error, out=sure, where=error > 0)


def _limits(comparisons: int, freedom: numpy.ndarray) -> numpy.ndarray:
    """Gives Student's one-sided limits at 5 % for so many comparisons together, by degrees of freedom."""
    chance = 1 - (1 - LEVEL) / max(1, comparisons)
    return numpy.vectorize(lambda one: student_quantile(chance, int(one)), otypes=[float])(freedom)
