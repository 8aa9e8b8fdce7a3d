"""Who is tied to whom: home against abroad, go-betweens, closed circles, small worlds.

A network is a matrix of ties W [N, N], symmetric and not negative, or a list of ties: two arrays `first` and `second` of the
places (0 to N - 1) of their ends, where order and repetition do not matter unless said. Between regions, W[r, r] holds the ties
within region r counted from both ends, as `regional_ties` gives them; where publishers put a total there, put in its place
what is left of it. Between organisations the diagonal does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = [
    "ROLES", "Gatekeepers", "Openness", "SmallWorld", "affinity", "assortativity", "betweenness", "brokerage_roles", "clustering",
    "constraint", "gatekeepers", "home_and_abroad", "regional_ties", "salton_index", "small_world", "transitivity",
]

#: Roles of a broker j who passes on from i to k, in the order of `brokerage_roles`.
ROLES = ("coordinator", "itinerant", "gatekeeper", "representative", "liaison")

# Cells that one step of a search may hold: tens of megabytes.
_CELLS = 2_000_000
# Swaps tried for each tie, after which nothing is left of a network but its degrees (Milo et al. 2003).
_SWAPS_A_TIE = 10
_EULER = 0.5772156649015329


class Openness(NamedTuple):
    """Holds ties of each region at home and abroad, [R] each; see `home_and_abroad`."""

    home: np.ndarray
    abroad: np.ndarray
    home_share: np.ndarray
    expected_home_share: np.ndarray
    external_internal: np.ndarray


class SmallWorld(NamedTuple):
    """Holds clustering and path length of a network and of random ones; see `small_world`."""

    clustering: float
    path_length: float
    random_clustering: float
    random_path_length: float
    ratio: float


@dataclass(frozen=True, eq=False)
class Gatekeepers:
    """Holds the ties of each organisation at home and abroad and its index, [N], and shares by region, [R]; see `gatekeepers`."""

    home: np.ndarray
    abroad: np.ndarray
    index: np.ndarray
    share: np.ndarray
    reached: np.ndarray


def regional_ties(
    first: np.ndarray, second: np.ndarray, region_of: np.ndarray, n_regions: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Adds ties of organisations up to ties of regions.

    W[r, q] = sum of weights of ties with one end in r and the other in q; W[r, r] counts a tie within r twice, once from
    each end. `region_of` [N] gives the region of each organisation; every row of the list counts, with its weight (1 without
    `weights`) -> [R, R], symmetric, unit of the weights.
    """
    region_of = np.asarray(region_of)
    one, other = region_of[np.asarray(first)], region_of[np.asarray(second)]
    table = np.zeros((n_regions, n_regions))
    np.add.at(table, (one, other), 1.0 if weights is None else np.asarray(weights, dtype=float))
    return table + table.T


# Local against cross-border


def home_and_abroad(ties: np.ndarray) -> Openness:
    """Parts each region's ties into those at home and those abroad, and sets them against ties made at random.

    home = W[r, r]; abroad = sum over q != r of W[r, q]; home_share = home / (home + abroad); expected_home_share =
    k_r / sum k, with k_r = home + abroad: the share if every end met any other end with the same chance, so that a big
    region has more of its ties at home without any leaning; external_internal, the E-I index = (abroad - home) / (abroad + home),
    from -1 (all at home) to 1 (all abroad). `ties` [R, R], any one unit -> [R] each; shares are NaN without ties.
    Source: Krackhardt and Stern 1988 (krackhardt_stern_1988); random mixing as in Newman 2003 (newman_2003).
    """
    ties = np.asarray(ties, dtype=float)
    home = ties.diagonal().copy()
    all_ties = ties.sum(axis=1)
    abroad = _without_diagonal(ties).sum(axis=1)
    expected = _ratio(np.where(all_ties > 0, all_ties, np.nan), ties.sum())
    return Openness(home, abroad, _ratio(home, all_ties), expected, _ratio(abroad - home, all_ties))


def assortativity(ties: np.ndarray) -> float:
    """Gives how much regions keep to themselves, all together: 1 where no tie crosses a border, 0 under random mixing.

    (sum_r e_rr - sum_r a_r^2) / (1 - sum_r a_r^2), with e = W / sum W and a = row sums of e. `ties` [R, R] -> a number, below
    zero where ties lean abroad; NaN for one region or none with ties. Source: Newman 2003 (newman_2003).
    """
    ties = np.asarray(ties, dtype=float)
    if ties.sum() <= 0:
        return float("nan")
    shares = ties / ties.sum()
    expected = float((shares.sum(axis=1) * shares.sum(axis=0)).sum())
    return (float(np.trace(shares)) - expected) / (1 - expected) if expected < 1 else float("nan")


def salton_index(ties: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Gives the closeness of each pair of regions: what they do together over the geometric mean of what each does at all.

    S[r, q] = W[r, q] / sqrt(T_r T_q). `ties` [R, R] and `totals` [R] (articles of a region, with or without partners) in one
    unit -> [R, R], a share of 1, symmetric; NaN on the diagonal and where a region has nothing.
    Source: Salton's cosine, for pairs of countries as in Glänzel 2001 (glanzel_2001).
    """
    totals = np.asarray(totals, dtype=float)
    return _off_diagonal(_ratio(np.asarray(ties, dtype=float), np.sqrt(np.outer(totals, totals))))


def affinity(ties: np.ndarray) -> np.ndarray:
    """Gives how much a pair of regions leans to each other, sizes left aside: ties over those expected from both totals abroad.

    A[r, q] = W[r, q] sum k / (k_r k_q), with k_r the ties of r abroad: the share of q in r's ties abroad over q's share in
    everyone's; 1 is no leaning. The index of international collaboration of Science and Engineering Indicators is this.
    `ties` [R, R] -> [R, R], a ratio, symmetric where ties are; NaN on the diagonal and where a region has no tie abroad.
    Source: probabilistic affinity of Zitt, Bassecoulard and Okubo 2000 (zitt_2000).
    """
    abroad = _without_diagonal(ties)
    of_region, of_partner = abroad.sum(axis=1), abroad.sum(axis=0)
    return _off_diagonal(_ratio(abroad * abroad.sum(), np.outer(of_region, of_partner)))


# Brokerage


def constraint(ties: np.ndarray) -> np.ndarray:
    """Gives how much each member's partners are tied to each other, so that it has little to go between: low for a broker.

    c_i = sum over partners j of (p_ij + sum over q of p_iq p_qj)^2, with p_ij = (W_ij + W_ji) / sum_k (W_ik + W_ki): 1 for
    a member with one partner, 1 / n in the middle of a star of n, up to 9 / 8 in a triangle. `ties` [N, N], weights -> [N], a
    number; NaN without partners. Source: Burt 1992 (burt_1992).
    """
    ties = _without_diagonal(ties)
    mutual = ties + ties.T
    all_ties = mutual.sum(axis=1, keepdims=True)
    parts = np.divide(mutual, all_ties, out=np.zeros(mutual.shape), where=all_ties > 0)
    each = np.where(mutual > 0, (parts + parts @ parts) ** 2, 0.0)
    return np.where(all_ties[:, 0] > 0, each.sum(axis=1), np.nan)


def betweenness(first: np.ndarray, second: np.ndarray, n: int, *, normalised: bool = True) -> np.ndarray:
    """Gives how many of the shortest ways between others lead through each member.

    b_v = sum over pairs i < k of the share of shortest ways from i to k that pass v; `normalised` divides by the pairs of
    others, (n - 1)(n - 2) / 2. A list of ties among `n` members, weights left aside -> [n], a share of 1 (or pairs).
    Time grows with members x ties. Source: Freeman 1977 (freeman_1977), by the algorithm of Brandes 2001 (brandes_2001).
    """
    source, target = _both_ways(first, second, n)
    total = np.zeros(n)
    batch = max(1, _CELLS // max(1, len(source)))
    for start in range(0, n, batch):
        total += _dependencies(np.arange(start, min(n, start + batch)), source, target, n)
    # Every pair was met from both ends.
    pairs = (n - 1) * (n - 2) / 2
    return total / 2 / (pairs if normalised and pairs > 0 else 1.0)


def brokerage_roles(first: np.ndarray, second: np.ndarray, groups: np.ndarray, *, directed: bool = False) -> np.ndarray:
    """Counts in which role each member stands between two others who are not tied to each other, by their groups.

    For every way i -> j -> k without a tie i -> k, j is a coordinator (all in one group), itinerant (i and k in one group, j in
    another), gatekeeper (j and k in one: lets in what comes from outside), representative (i and j in one: carries it out)
    or liaison (three groups). `groups` [N], such as regions, whole numbers -> [N, 5], counts, in the order of `ROLES`. Ties go
    from first to second if `directed`; otherwise both ways, so that each pair of others counts twice and gatekeepers
    are as many as representatives. Source: Gould and Fernandez 1989 (gould_fernandez_1989).
    """
    groups = np.asarray(groups)
    n = len(groups)
    source, target = _each_once(np.asarray(first), np.asarray(second), n) if directed else _both_ways(first, second, n)
    known = np.sort(source.astype(np.int64) * n + target)
    by_source, by_target = np.argsort(source, kind="stable"), np.argsort(target, kind="stable")
    goes_to, comes_from = target[by_source], source[by_target]
    out_bounds, in_bounds = (np.searchsorted(np.sort(ends), np.arange(n + 1)) for ends in (source, target))
    counts = np.zeros((n, len(ROLES)))
    for broker in range(n):
        before = comes_from[in_bounds[broker] : in_bounds[broker + 1]]
        after = goes_to[out_bounds[broker] : out_bounds[broker + 1]]
        if not before.size or not after.size:
            continue
        keys = before[:, None].astype(np.int64) * n + after
        open_way = ~_contains(known, keys) & (before[:, None] != after)
        from_home, to_home = (groups[before] == groups[broker])[:, None], groups[after] == groups[broker]
        alike = groups[before][:, None] == groups[after]
        strangers = ~from_home & ~to_home & ~alike
        kinds = (from_home & to_home, alike & ~from_home, ~from_home & to_home, from_home & ~to_home, strangers)
        counts[broker] = [(open_way & kind).sum() for kind in kinds]
    return counts


# Closure


def transitivity(ties: np.ndarray) -> float:
    """Gives the part of pairs of partners of one member who are tied to each other.

    T = 3 triangles / connected triples = tr(A^3) / sum_i k_i (k_i - 1), weights left aside. `ties` [N, N] -> a share of 1; NaN
    where nobody has two partners. Source: Newman, Strogatz and Watts 2001 (newman_strogatz_watts_2001).
    """
    linked = _linked(ties)
    degrees = linked.sum(axis=1)
    triples = float((degrees * (degrees - 1)).sum())
    return float(((linked @ linked) * linked).sum()) / triples if triples else float("nan")


def clustering(ties: np.ndarray, *, convention: str = "unweighted") -> np.ndarray:
    """Gives the part of each member's pairs of partners who are tied to each other.

    "unweighted": c_i = triangles_i / (k_i (k_i - 1) / 2), Watts and Strogatz 1998 (watts_strogatz_1998).
    "barrat": c_i = sum over ordered pairs j, h of tied partners of (w_ij + w_ih) / 2 / (s_i (k_i - 1)), s_i the sum of
    weights: triangles weigh what the ties to them do, Barrat et al. 2004 (barrat_2004).
    "onnela": c_i = sum over such pairs of (w_ij w_ih w_jh)^(1/3) / (k_i (k_i - 1)), weights over the largest of all: the
    third side weighs too, Onnela et al. 2005 (onnela_2005).
    `ties` [N, N] -> [N], a share of 1; 0 where a member has fewer than two partners. All agree where weights are equal.
    """
    linked = _linked(ties)
    weights = _without_diagonal(ties)
    degrees = linked.sum(axis=1)
    if convention == "unweighted":
        closed, pairs = ((linked @ linked) * linked).sum(axis=1), degrees * (degrees - 1)
    elif convention == "barrat":
        closed, pairs = (weights * (linked @ linked)).sum(axis=1), weights.sum(axis=1) * (degrees - 1)
    elif convention == "onnela":
        roots = np.cbrt(weights / (weights.max(initial=0.0) or 1.0))
        closed, pairs = ((roots @ roots) * roots).sum(axis=1), degrees * (degrees - 1)
    else:
        raise ValueError(f"clustering is 'unweighted', 'barrat' or 'onnela', not {convention!r}")
    return np.divide(closed, pairs, out=np.zeros(len(linked)), where=degrees > 1)


def small_world(ties: np.ndarray, *, against: str = "rewired", samples: int = 20, seed: int = 1) -> SmallWorld:
    """Compares clustering and path length of a network's largest component with those of random networks of the same degrees.

    ratio = (C / C_random) / (L / L_random), C the mean of `clustering` and L the mean number of steps between two members:
    well above 1 where circles are closed and yet everyone is near. Random networks are

    "rewired": the mean of `samples` in which pairs of ties swap ends 10 times a tie, whereby each member keeps its degree
    (Maslov and Sneppen 2002, maslov_sneppen_2002); pairs without a way between them do not count; `seed` gives the same ones again;
    "analytic": what is expected of large ones with these degrees, C = (<k^2> - <k>)^2 / (n <k>^3) and
    L = 1 + ln(n / <k>) / ln((<k^2> - <k>) / <k>) (Newman, Strogatz and Watts 2001, newman_strogatz_watts_2001);
    "poisson": with the same number of ties alone, C = <k> / (n - 1) and L = 1 / 2 + (ln n - 0.5772) / ln <k> (Fronczak et al. 2004,
    fronczak_2004).
    `ties` [N, N], weights left aside -> `SmallWorld`, NaN where a part is not defined (no triangle in the random networks).
    Source of the ratio: Humphries and Gurney 2008 (humphries_gurney_2008).
    """
    linked = _largest_component(_linked(ties))
    n, degrees = len(linked), linked.sum(axis=1)
    found = float(clustering(linked).mean()) if n else float("nan"), _path_length(linked)
    if n < 3:
        return SmallWorld(*found, *[float("nan")] * 3)
    mean, square = float(degrees.mean()), float((degrees**2).mean())
    if against == "rewired":
        generator = np.random.default_rng(seed)
        drawn = [_rewired(linked, generator) for _ in range(samples)]
        expected = float(np.mean([clustering(one) for one in drawn])), float(np.mean([_path_length(one) for one in drawn]))
    elif against == "analytic":
        spread = (square - mean) / mean
        expected = spread**2 * mean / n / mean**2, 1 + _over(np.log(n / mean), np.log(spread))
    elif against == "poisson":
        expected = mean / (n - 1), 0.5 + _over(np.log(n) - _EULER, np.log(mean))
    else:
        raise ValueError(f"random networks are 'rewired', 'analytic' or 'poisson', not {against!r}")
    return SmallWorld(*found, *expected, _over(_over(found[0], expected[0]), _over(found[1], expected[1])))


# Gatekeepers


def gatekeepers(
    first: np.ndarray, second: np.ndarray, region_of: np.ndarray, n_regions: int, weights: np.ndarray | None = None
) -> Gatekeepers:
    """Finds the organisations that have ties both at home and abroad: through whom a region hears of the world.

    home_i, abroad_i = sums of weights of i's ties inside and outside its region; index_i = sqrt(home_i abroad_i): zero unless it
    has both, largest for given ties where they are balanced. By region: share = organisations with both over all; reached =
    organisations without a tie abroad that are tied at home to one with both, over all without a tie abroad.
    Every row of the list counts, with its weight (1 without `weights`), but for ties to oneself; `region_of` [N] ->
    `Gatekeepers`; shares are NaN where a region has none to count.
    Source: technological gatekeepers of Giuliani and Bell 2005 (giuliani_bell_2005) and Graf 2011 (graf_2011); the index is ours.
    """
    region_of = np.asarray(region_of)
    first, second = np.asarray(first), np.asarray(second)
    weights = np.ones(len(first)) if weights is None else np.asarray(weights, dtype=float)
    apart = first != second
    first, second, weights = first[apart], second[apart], weights[apart]
    n, same = len(region_of), region_of[first] == region_of[second]
    home, abroad = (
        np.bincount(first[kept], weights[kept], n) + np.bincount(second[kept], weights[kept], n) for kept in (same, ~same)
    )
    index = np.sqrt(home * abroad)
    opens = index > 0
    met = np.zeros(n, dtype=bool)
    at_home = same & (weights > 0)
    met[first[at_home & opens[second]]] = True
    met[second[at_home & opens[first]]] = True
    counted, with_both, closed, reached = (
        np.bincount(region_of[who], minlength=n_regions).astype(float)
        for who in (np.ones(n, dtype=bool), opens, abroad == 0, met & (abroad == 0))
    )
    return Gatekeepers(home, abroad, index, _ratio(with_both, counted), _ratio(reached, closed))


def _dependencies(starts: np.ndarray, source: np.ndarray, target: np.ndarray, n: int) -> np.ndarray:
    """Adds up, over some starting members, the shares of shortest ways that pass each member; ties sorted by target."""
    rows = np.arange(len(starts))
    distance = np.full((len(starts), n), -1)
    ways = np.zeros((len(starts), n))
    distance[rows, starts], ways[rows, starts] = 0, 1.0
    level = 0
    while True:
        arriving = _sum_at(np.where(distance == level, ways, 0.0)[:, source], target, n)
        fresh = (distance < 0) & (arriving > 0)
        if not fresh.any():
            break
        level += 1
        distance[fresh], ways[fresh] = level, arriving[fresh]
    passed = np.zeros(ways.shape)
    for step in range(level, 0, -1):
        share = np.divide(1.0 + passed, ways, out=np.zeros(ways.shape), where=distance == step)
        passed += np.where(distance == step - 1, ways * _sum_at(share[:, source], target, n), 0.0)
    passed[rows, starts] = 0.0
    return passed.sum(axis=0)


def _sum_at(values: np.ndarray, target: np.ndarray, n: int) -> np.ndarray:
    """Sums columns by their target, which is sorted."""
    total = np.zeros((len(values), n))
    if target.size:
        there, starts = np.unique(target, return_index=True)
        total[:, there] = np.add.reduceat(values, starts, axis=1)
    return total


def _each_once(first: np.ndarray, second: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Gives the ties between two different members, each once, sorted by second."""
    apart = first != second
    keys = np.unique(second[apart].astype(np.int64) * n + first[apart])
    return keys % n, keys // n


def _both_ways(first: np.ndarray, second: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(first), np.asarray(second)
    return _each_once(np.concatenate([first, second]), np.concatenate([second, first]), n)


def _contains(known: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Says which keys are among known ones, which are sorted."""
    places = np.searchsorted(known, keys)
    return known[np.minimum(places, len(known) - 1)] == keys


def _path_length(linked: np.ndarray) -> float:
    """Gives the mean number of steps between two members, over pairs with a way between them; NaN without any."""
    seen = np.eye(len(linked), dtype=bool)
    front, steps, pairs, step = seen.astype(float), 0, 0, 0
    while front.any():
        step += 1
        fresh = (front @ linked > 0) & ~seen
        seen |= fresh
        steps, pairs = steps + step * int(fresh.sum()), pairs + int(fresh.sum())
        front = fresh.astype(float)
    return steps / pairs if pairs else float("nan")


def _largest_component(linked: np.ndarray) -> np.ndarray:
    """Keeps the members of the largest component, the first of several as large."""
    left, best = np.ones(len(linked), dtype=bool), np.zeros(len(linked), dtype=bool)
    while left.any():
        inside = np.zeros(len(linked), dtype=bool)
        inside[np.argmax(left)] = True
        while (grown := inside | (linked[inside].any(axis=0))).sum() > inside.sum():
            inside = grown
        left &= ~inside
        if inside.sum() > best.sum():
            best = inside
    return linked[np.ix_(best, best)]


def _rewired(linked: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Swaps the ends of pairs of ties at random, whereby every member keeps its degree and no tie is doubled."""
    linked = linked.copy()
    one, other = (ends.tolist() for ends in np.nonzero(np.triu(linked)))
    n_ties = len(one)
    picks = generator.integers(0, n_ties, (_SWAPS_A_TIE * n_ties, 2)).tolist()
    turns = generator.random(_SWAPS_A_TIE * n_ties) < 0.5
    for (left, right), turned in zip(picks, turns.tolist(), strict=True):
        a, b, c, d = one[left], other[left], one[right], other[right]
        if turned:
            c, d = d, c
        if len({a, b, c, d}) < 4 or linked[a, d] or linked[c, b]:
            continue
        linked[a, b] = linked[b, a] = linked[c, d] = linked[d, c] = 0.0
        linked[a, d] = linked[d, a] = linked[c, b] = linked[b, c] = 1.0
        other[left], one[right], other[right] = d, c, b
    return linked


def _linked(ties: np.ndarray) -> np.ndarray:
    """Gives 1 where two different members are tied, either way, else 0."""
    ties = _without_diagonal(ties)
    return ((ties + ties.T) > 0).astype(float)


def _without_diagonal(ties: np.ndarray) -> np.ndarray:
    ties = np.array(ties, dtype=float)
    np.fill_diagonal(ties, 0.0)
    return ties


def _off_diagonal(values: np.ndarray) -> np.ndarray:
    np.fill_diagonal(values, np.nan)
    return values


def _ratio(above: np.ndarray, below: np.ndarray | float) -> np.ndarray:
    above, below = np.broadcast_arrays(np.asarray(above, dtype=float), np.asarray(below, dtype=float))
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def _over(above: float, below: float) -> float:
    return float(above) / float(below) if below > 0 else float("nan")
