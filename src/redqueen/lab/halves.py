"""Choose with one half of the seeds and read off the other: regrets that owe nothing to the luck of what was chosen.

All arrays of values are [policy, point, seed], on a scale on which more is better; `there` [point, seed] says which members count.
"""

from __future__ import annotations

import itertools
import math

import numpy

__all__ = [
    "DRAW",
    "DRAWS",
    "KINDS",
    "MAXIMUM",
    "MEAN",
    "MOST_CUTS",
    "QUANTILE",
    "crossed_error",
    "cuts_of",
    "estimates",
    "losses_by_member",
    "means_of",
    "redrawn",
]

#: What is made of the regrets at all points: their mean (Laplace), what nine tenths keep below, the largest (Savage 1951).
MEAN, QUANTILE, MAXIMUM = "mean", "quantile", "maximum"
KINDS = {MEAN: None, QUANTILE: 0.9, MAXIMUM: 1.0}
#: Cuts of the seeds in two halves, each read both ways; draws of the bootstrap; the draw of both.
MOST_CUTS, DRAWS, DRAW = 50, 400, 2024
# Cuts that the bootstrap goes through, both ways: more change its spread little.
_CUTS_DRAWN = 10
# Points from which the spread between them can be told from luck.
_LEAST_POINTS = 3


def cuts_of(count: int) -> numpy.ndarray:
    """Lists halves of `count` seeds that choose while the others are read: bool [cut, seed], every cut both ways round.

    All there are, or so many drawn. With an odd number the larger half chooses as often as the smaller.
    """
    half = count // 2
    if math.comb(count, half) <= 2 * MOST_CUTS:
        ways = numpy.array([numpy.isin(numpy.arange(count), some) for some in itertools.combinations(range(count), half)])
        return ways if 2 * half == count else numpy.concatenate([ways, ~ways])
    generator = numpy.random.default_rng(DRAW)
    ways = numpy.array([numpy.isin(numpy.arange(count), generator.permutation(count)[:half]) for _ in range(MOST_CUTS)])
    return numpy.concatenate([ways, ~ways])


def estimates(
    values: numpy.ndarray,
    there: numpy.ndarray,
    cuts: numpy.ndarray | None,
    luck: numpy.ndarray | None = None,
    drawn: numpy.ndarray | None = None,
) -> dict[str, numpy.ndarray]:
    """Gives each kind of regret of every policy; without `cuts` the same seeds choose and are read.

    `luck` weighs the seeds, `drawn` counts how often each point was drawn. The half that chooses says which policy is best at a
    point and which point has which rank; a half that sees nothing but luck between points takes the mean over all of them for any.
    """
    luck = numpy.ones(values.shape[2]) if luck is None else luck
    drawn = numpy.ones(values.shape[1], dtype=int) if drawn is None else drawn
    chosen, read, clear = _sides(values, there, cuts, luck)
    # All are [point, cut, policy].
    best = chosen.argmax(axis=2)[..., None]
    shown = (numpy.take_along_axis(read, best, axis=2) - read).transpose(1, 2, 0)
    order = (numpy.take_along_axis(chosen, best, axis=2) - chosen).transpose(1, 2, 0).argsort(axis=2, kind="stable")
    means = (shown * drawn).sum(axis=2) / drawn.sum()
    found = {MEAN: means.mean(axis=0)}
    upto = drawn[order].cumsum(axis=2)
    for kind, chance in KINDS.items():
        if chance is not None:
            # The first point that leaves at least that share of the points at or below it.
            rank = (upto < math.ceil(chance * drawn.sum())).sum(axis=2, keepdims=True)
            point = numpy.take_along_axis(order, rank, axis=2)
            at_rank = numpy.take_along_axis(shown, point, axis=2)[..., 0]
            found[kind] = numpy.where(clear > 0, at_rank, means).mean(axis=0)
    return found


def losses_by_member(values: numpy.ndarray, there: numpy.ndarray, cuts: numpy.ndarray | None) -> numpy.ndarray:
    """Gives what each member adds to the mean regret of every policy: [policy, point, seed], a mean over the cuts that read it."""
    chosen, _, _ = _sides(values, there, cuts, numpy.ones(values.shape[2]))
    best = chosen.argmax(axis=2)
    reads = numpy.ones((1, values.shape[2])) if cuts is None else (~cuts).astype(float)
    # How often each policy is the best at a point while a seed is read: [point, seed, policy].
    often = numpy.einsum("skp,kn->snp", best[..., None] == numpy.arange(len(values)), reads) / reads.sum(axis=0)[:, None]
    return (often.transpose(2, 0, 1) * values).sum(axis=0) - values


def means_of(values: numpy.ndarray, weights: numpy.ndarray) -> numpy.ndarray:
    """Gives weighted means over seeds, [point, cut, policy]; `weights` are [point, cut, seed]."""
    return weights / weights.sum(axis=2, keepdims=True) @ values.transpose(1, 2, 0)


def redrawn(values: numpy.ndarray, there: numpy.ndarray, cuts: numpy.ndarray) -> dict[str, tuple[numpy.ndarray, numpy.ndarray]]:
    """Draws points and the weights of seeds anew: each kind of regret [draw, policy], by cuts and without.

    Points are drawn with replacement; seeds, which all points share, get exponential weights (Rubin 1981) within their half.
    Source: product reweighting of Owen and Eckles 2012, Annals of Applied Statistics 6; it rather overstates the spread.
    """
    generator = numpy.random.default_rng(DRAW)
    points, seeds = there.shape
    if len(cuts) > 2 * _CUTS_DRAWN:
        some = cuts[generator.permutation(len(cuts))[:_CUTS_DRAWN]]
        cuts = numpy.concatenate([some, ~some])
    rows: dict[str, tuple[list[numpy.ndarray], list[numpy.ndarray]]] = {kind: ([], []) for kind in KINDS}
    for _ in range(DRAWS):
        drawn = generator.multinomial(points, numpy.full(points, 1 / points))
        luck = generator.exponential(size=seeds)
        for way, halves in enumerate((cuts, None)):
            for kind, found in estimates(values, there, halves, numpy.asarray(luck), drawn).items():
                rows[kind][way].append(found)
    return {kind: (numpy.array(first), numpy.array(second)) for kind, (first, second) in rows.items()}


def crossed_error(values: numpy.ndarray, there: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives the standard error of means over points and seeds, both drawn from many, and its degrees of freedom.

    `values` are [..., point, seed]. With mean squares of points, seeds and what is left, Var = (points + seeds - left) / (P S), at
    least that of points or of seeds alone; degrees by Satterthwaite (1946). Missing members count as the mean of their point.
    """
    points, seeds = there.shape
    by_point = (values * there).sum(axis=-1, keepdims=True) / there.sum(axis=-1, keepdims=True)
    filled = numpy.where(there, values, by_point)
    mean = filled.mean(axis=(-2, -1), keepdims=True)
    row, column = filled.mean(axis=-1, keepdims=True) - mean, filled.mean(axis=-2, keepdims=True) - mean
    across = points * (column**2).sum(axis=(-2, -1)) / (seeds - 1)
    if points == 1:
        return numpy.sqrt(across / seeds), numpy.full(across.shape, seeds - 1)
    along = seeds * (row**2).sum(axis=(-2, -1)) / (points - 1)
    left = ((filled - mean - row - column) ** 2).sum(axis=(-2, -1)) / ((points - 1) * (seeds - 1))
    both = along + across - left
    most = numpy.maximum(both, numpy.maximum(along, across))
    parts = along**2 / (points - 1) + across**2 / (seeds - 1) + left**2 / ((points - 1) * (seeds - 1))
    freedom = numpy.divide(most**2, parts, out=numpy.full(most.shape, seeds - 1.0), where=parts > 0)
    freedom = numpy.where(both >= most, freedom, numpy.where(along >= across, points - 1, seeds - 1))
    return numpy.sqrt(most / (points * seeds)), numpy.clip(freedom, 1, points * seeds - 1).astype(int)


def _sides(
    values: numpy.ndarray, there: numpy.ndarray, cuts: numpy.ndarray | None, luck: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Gives the means of the half that chooses, drawn together, and of the half that is read: [point, cut, policy].

    The third is the share of the spread between points that is not luck, by the half that chooses: [cut, 1].
    """
    weights = luck * there
    if cuts is None:
        chosen = means_of(values, weights[:, None])
        return chosen, chosen, numpy.ones((1, 1))
    chosen, read = (means_of(values, weights[:, None] * half) for half in (cuts, ~cuts))
    clear = _clear(chosen, values, weights[:, None] * cuts)
    # What all policies have in common at a point stays.
    apart = chosen - chosen.mean(axis=2, keepdims=True)
    middle = apart.mean(axis=0)
    return chosen - apart + middle + clear * (apart - middle), read, clear


def _clear(means: numpy.ndarray, values: numpy.ndarray, weights: numpy.ndarray) -> numpy.ndarray:
    """Gives the share of the spread of policies' differences between points that is not luck: [cut, 1]; 1 where none can tell.

    Few seeds hardly tell one point from another; all points together tell policies well, and a half that knows this chooses better:
    each policy's means are drawn to its mean over all points by the rest. Source: James and Stein 1961; Efron and Morris 1973.
    """
    whole = numpy.ones((weights.shape[1], 1))
    if len(means) < _LEAST_POINTS or (weights > 0).sum(axis=2).min() < 2:
        return whole
    apart = means - means.mean(axis=2, keepdims=True)
    share = weights / weights.sum(axis=2, keepdims=True)
    square = share @ ((values - values.mean(axis=0)) ** 2).transpose(1, 2, 0) - apart**2
    kept = (share**2).sum(axis=2, keepdims=True)
    luck = (square * kept / (1 - kept)).mean(axis=(0, 2))
    spread = apart.var(axis=0, ddof=1).mean(axis=1)
    return numpy.clip(1 - numpy.divide(luck, spread, out=numpy.zeros_like(luck), where=spread > 0), 0, 1)[:, None]
