"""Rank policies by regret over an uncertain space: what each loses, at every point of it, against the best policy there.

Whatever is best of several noisy means owes part of its lead to luck. So what is chosen (the best policy at a point, the point
where a policy does worst) is chosen with one half of the seeds and read off the other, both ways round and over many cuts in half:
such an estimate is too low, if anything, for the half may choose wrongly; with the same seeds in both places it is too high.
Limits are taken from both. Source: Andrews, Kitagawa and McCloskey 2024, Quarterly Journal of Economics 139, on inference on winners.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy

from redqueen.lab.intervals import LEVEL, student_quantile

__all__ = ["KINDS", "MAXIMUM", "MEAN", "QUANTILE", "Figure", "Standings", "joint_limits", "minimax", "regret", "standings"]

#: What is made of the regrets at all points: their mean (Laplace), the value that nine tenths keep below, the largest (Savage 1951).
MEAN, QUANTILE, MAXIMUM = "mean", "quantile", "maximum"
KINDS = {MEAN: None, QUANTILE: 0.9, MAXIMUM: 1.0}
#: Cuts of the seeds in two halves, each read both ways; draws of the bootstrap; the draw of both.
MOST_CUTS, DRAWS, DRAW = 50, 400, 2024
# Cuts that the bootstrap goes through, both ways: more change its spread little.
_CUTS_DRAWN = 10


class Figure(NamedTuple):
    """Holds a regret on the scale compared: its estimate, limits, and what it would be with choice and reading from the same seeds.

    `low` is from the estimate, which is too low if anything; `high` from `naive`, which is too high.
    """

    value: float
    low: float
    high: float
    naive: float


@dataclass(frozen=True)
class Standings:
    """Holds how policies stand in one region, over `points` points of the uncertain space; arrays have one value a policy.

    `figures[kind]` are regrets. `best` is the share of points where a policy is the best by its mean over seeds (shared where
    they tie); `surely` where it beats every other beyond chance; `possibly` where no other beats it so. `beats` is the share where
    it does better than the reference by more than the margin, `surely_beats` that beyond chance (NaN without a reference).
    `lead` [policy, other] is the mean difference over all points in standard errors, on `freedom` degrees. `left_out` counts points
    where too many members are missing. `spread` holds what `joint_limits` takes.
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
    freedom: int
    spread: Mapping[str, tuple[numpy.ndarray, numpy.ndarray]]

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
        limit = _limit(regions * (len(self.policies) - 1), self.freedom)
        return [policy for policy in range(len(self.policies)) if not (self.lead[:, policy] > limit).any()]


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
    are, are left out. Limits are estimate +- t(n - 1) x standard error, with Owen and Eckles' (2012) product bootstrap: points are
    drawn anew, and seeds, which all points share, get Rubin's (1981) weights within their half. `margin` is on the scale compared.
    """
    there = numpy.isfinite(values).all(axis=0)
    count = values.shape[2]
    kept = there.sum(axis=1) > (count + 1) // 2
    used = numpy.where(there[kept], values[:, kept], 0.0)
    cuts = _cuts(count)
    if count < 2 or not kept.any():
        raise ValueError("regret needs two seeds, and a point where more than half of them are there for every policy")
    split, naive = _estimates(used, there[kept], cuts), _estimates(used, there[kept], None)
    drawn = _bootstrap(used, there[kept], cuts)
    reach = student_quantile((1 + level) / 2, count - 1)
    figures = {}
    for kind in KINDS:
        below, above = (reach * drawn[kind][way].std(axis=0, ddof=1) for way in (0, 1))
        rows = zip(split[kind], split[kind] - below, naive[kind] + above, naive[kind], strict=True)
        figures[kind] = tuple(Figure(*map(float, row)) for row in rows)
    best, surely, possibly = _shares(used, there[kept])
    names = list(policies)
    place = names.index(reference) if reference in names else None
    beats, surely_beats = _satisfied(used, there[kept], place, margin)
    return Standings(
        tuple(names), int(kept.sum()), count, int((~kept).sum()), figures, best, surely, possibly, beats, surely_beats,
        _lead(used, there[kept], drawn["values"][0]), count - 1, {kind: drawn[kind] for kind in KINDS},
    )


def joint_limits(found: Sequence[Standings], kind: str, level: float = LEVEL) -> list[tuple[numpy.ndarray, numpy.ndarray]]:
    """Gives, for each region, the limits of every policy's regret that hold for all policies of all regions together.

    Limits as in `Figure`, widened to the largest of all deviations in standard errors that the bootstrap shows with that chance
    (sup-t: Montiel Olea and Plagborg-Moller 2019), times Student's factor for few seeds. -> (low, high), one value a policy.
    """
    largest = numpy.zeros(DRAWS)
    for one in found:
        for drawn in one.spread[kind]:
            error = drawn.std(axis=0, ddof=1)
            away = numpy.divide(abs(drawn - drawn.mean(axis=0)), error, out=numpy.zeros_like(drawn), where=error > 0)
            largest = numpy.maximum(largest, away.max(axis=1))
    freedom = min(one.freedom for one in found)
    factor = student_quantile((1 + level) / 2, freedom) / NormalDist().inv_cdf((1 + level) / 2)
    reach = factor * float(numpy.quantile(largest, level))
    limits = []
    for one in found:
        below, above = (reach * one.spread[kind][way].std(axis=0, ddof=1) for way in (0, 1))
        figures = one.figures[kind]
        low = numpy.array([figure.value for figure in figures]) - below
        limits.append((low, numpy.array([figure.naive for figure in figures]) + above))
    return limits


def _cuts(count: int) -> numpy.ndarray:
    """Lists halves of the seeds that choose while the others are read: bool [cut, seed], every cut both ways round.

    All there are, or so many drawn. With an odd number the larger half chooses as often as the smaller.
    """
    half = count // 2
    if math.comb(count, half) <= 2 * MOST_CUTS:
        chosen = [numpy.isin(numpy.arange(count), some) for some in itertools.combinations(range(count), half)]
        ways = numpy.array(chosen)
        return ways if 2 * half == count else numpy.concatenate([ways, ~ways])
    generator = numpy.random.default_rng(DRAW)
    ways = numpy.array([numpy.isin(numpy.arange(count), generator.permutation(count)[:half]) for _ in range(MOST_CUTS)])
    return numpy.concatenate([ways, ~ways])


def _estimates(
    values: numpy.ndarray, there: numpy.ndarray, cuts: numpy.ndarray | None, luck: numpy.ndarray | None = None,
    drawn: numpy.ndarray | None = None,
) -> dict[str, numpy.ndarray]:
    """Gives each kind of regret of every policy; without cuts the same seeds choose and are read.

    `luck` weighs the seeds, `drawn` counts how often each point was drawn. The rank of a point is that by the half that chooses.
    """
    luck = numpy.ones(values.shape[2]) if luck is None else luck
    drawn = numpy.ones(values.shape[1], dtype=int) if drawn is None else drawn
    weights = luck * there
    if cuts is None:
        chosen = read = _means(values, weights[:, None])
    else:
        chosen, read = (_means(values, weights[:, None] * half) for half in (cuts, ~cuts))
    # All are [point, cut, policy].
    best = chosen.argmax(axis=2)[..., None]
    shown = (numpy.take_along_axis(read, best, axis=2) - read).transpose(1, 2, 0)
    order = (numpy.take_along_axis(chosen, best, axis=2) - chosen).transpose(1, 2, 0).argsort(axis=2, kind="stable")
    found = {MEAN: (shown * drawn).sum(axis=2).mean(axis=0) / drawn.sum()}
    upto = drawn[order].cumsum(axis=2)
    for kind, chance in KINDS.items():
        if chance is not None:
            # The first point that leaves at least that share of the points at or below it.
            rank = (upto < math.ceil(chance * drawn.sum())).sum(axis=2, keepdims=True)
            point = numpy.take_along_axis(order, rank, axis=2)
            found[kind] = numpy.take_along_axis(shown, point, axis=2)[..., 0].mean(axis=0)
    return found


def _means(values: numpy.ndarray, weights: numpy.ndarray) -> numpy.ndarray:
    """Gives weighted means over seeds, [point, cut, policy]; `weights` are [point, cut, seed]."""
    return weights / weights.sum(axis=2, keepdims=True) @ values.transpose(1, 2, 0)


def _bootstrap(values: numpy.ndarray, there: numpy.ndarray, cuts: numpy.ndarray) -> dict[str, tuple[numpy.ndarray, numpy.ndarray]]:
    """Draws points and the weights of seeds anew: each kind of regret [draw, policy], by cuts and without.

    Under "values" the mean of every policy over points and seeds. Without points to draw from there is only the luck.
    """
    generator = numpy.random.default_rng(DRAW)
    points, seeds = there.shape
    if len(cuts) > 2 * _CUTS_DRAWN:
        some = cuts[generator.permutation(len(cuts))[:_CUTS_DRAWN]]
        cuts = numpy.concatenate([some, ~some])
    rows: dict[str, tuple[list[numpy.ndarray], list[numpy.ndarray]]] = {kind: ([], []) for kind in (*KINDS, "values")}
    for _ in range(DRAWS):
        drawn = generator.multinomial(points, numpy.full(points, 1 / points))
        luck = generator.exponential(size=seeds)
        for way, halves in enumerate((cuts, None)):
            for kind, found in _estimates(values, there, halves, luck, drawn).items():
                rows[kind][way].append(found)
        mean = _means(values, (luck * there)[:, None])[:, 0]
        rows["values"][0].append(drawn @ mean / points)
    return {kind: (numpy.array(first), numpy.array(second)) for kind, (first, second) in rows.items()}


def _lead(values: numpy.ndarray, there: numpy.ndarray, drawn: numpy.ndarray) -> numpy.ndarray:
    """Gives by how many standard errors each policy is ahead of each other, in the mean over all points: [policy, other]."""
    mean = _means(values, there[:, None].astype(float))[:, 0].mean(axis=0)
    apart = mean[:, None] - mean
    error = (drawn[:, :, None] - drawn[:, None]).std(axis=0, ddof=1)
    return _over(apart, error)


def _shares(values: numpy.ndarray, there: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Gives the shares of points at which each policy is best by its mean, surely best, and possibly best."""
    mean = _means(values, there[:, None].astype(float))[:, 0]
    top = mean == mean.max(axis=1, keepdims=True)
    policies = len(values)
    beaten = numpy.zeros((len(mean), policies), dtype=bool)
    beating = numpy.ones((len(mean), policies), dtype=bool)
    for first, second in itertools.permutations(range(policies), 2):
        statistic, freedom = _paired(values[first] - values[second], there)
        beats = statistic > numpy.array([_limit(policies - 1, int(one)) for one in freedom])
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
            above = values[policy] - values[reference] - margin
            statistic, freedom = _paired(above, there)
            shares[0, policy] = (statistic > 0).mean()
            shares[1, policy] = (statistic > numpy.array([_limit(1, int(one)) for one in freedom])).mean()
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


def _limit(others: int, freedom: int) -> float:
    """Gives Student's one-sided limit at 5 % for so many comparisons together."""
    return student_quantile(1 - (1 - LEVEL) / max(1, others), freedom)
