"""Networks: published figures of known graphs, graphs solved by hand, and what must hold of any network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from redqueen.indicators.networks import (
    ROLES,
    affinity,
    assortativity,
    betweenness,
    brokerage_roles,
    clustering,
    constraint,
    gatekeepers,
    home_and_abroad,
    regional_ties,
    salton_index,
    small_world,
    transitivity,
)

#: Marriages of Florentine families, Padgett and Ansell 1993: 15 families that married another.
MARRIAGES = """Acciaiuoli-Medici Castellani-Peruzzi Castellani-Strozzi Castellani-Barbadori Medici-Barbadori Medici-Ridolfi
Medici-Tornabuoni Medici-Albizzi Medici-Salviati Salviati-Pazzi Peruzzi-Strozzi Peruzzi-Bischeri Strozzi-Ridolfi
Strozzi-Bischeri Ridolfi-Tornabuoni Tornabuoni-Guadagni Albizzi-Ginori Albizzi-Guadagni Bischeri-Guadagni
Guadagni-Lamberteschi"""
#: Krackhardt's kite, 1990: ten people, where degree, closeness and betweenness each have another winner.
KITE = "A-B A-C A-D A-F B-D B-E B-G C-D C-F D-E D-F D-G E-G F-G F-H G-H H-I I-J"


def network(text):
    """Give the sorted names, both ends of each tie, and the matrix."""
    pairs = [tie.split("-") for tie in text.split()]
    names = sorted({name for pair in pairs for name in pair})
    first, second = (np.array([names.index(pair[end]) for pair in pairs]) for end in (0, 1))
    matrix = np.zeros((len(names), len(names)))
    matrix[first, second] = matrix[second, first] = 1
    return names, first, second, matrix


def random_ties(seed, n=12, share=0.3):
    generator = np.random.default_rng(seed)
    ties = np.triu(generator.random((n, n)) < share, 1)
    return np.nonzero(ties)


def matrix_of(first, second, n):
    matrix = np.zeros((n, n))
    matrix[first, second] = matrix[second, first] = 1
    return matrix


# Local against cross-border


def test_shares_at_home_and_expected_ones_are_those_solved_by_hand():
    # Two firms of north are tied to each other, and each to one of the two of south: 1 tie at home, 2 across.
    ties = regional_ties([0, 0, 1], [1, 2, 3], [0, 0, 1, 1], 3)
    assert ties.tolist() == [[2, 2, 0], [2, 0, 0], [0, 0, 0]]
    openness = home_and_abroad(ties)
    assert openness.home.tolist() == [2, 0, 0] and openness.abroad.tolist() == [2, 2, 0]
    assert openness.home_share[:2].tolist() == [0.5, 0] and openness.external_internal[:2].tolist() == [0, 1]
    assert openness.expected_home_share[:2] == pytest.approx([4 / 6, 2 / 6], rel=1e-15)
    assert all(np.isnan(getattr(openness, name)[2]) for name in ("home_share", "expected_home_share", "external_internal"))
    # (1/3 - (4/9 + 1/9)) / (1 - 5/9)
    assert assortativity(ties) == pytest.approx(-0.5, rel=1e-12)


def test_ties_at_random_are_no_leaning_and_ties_at_home_alone_are_the_most():
    sizes = np.array([5.0, 3.0, 2.0])
    by_size = home_and_abroad(np.outer(sizes, sizes))
    assert by_size.home_share == pytest.approx(by_size.expected_home_share, rel=1e-12)
    assert assortativity(np.outer(sizes, sizes)) == pytest.approx(0, abs=1e-12)
    assert assortativity(np.diag(sizes)) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("ties", [np.zeros((2, 2)), np.array([[3.0]])])
def test_assortativity_needs_two_regions_with_ties(ties):
    assert np.isnan(assortativity(ties))


def test_closeness_of_a_pair_is_solved_by_hand():
    ties = np.array([[0, 6, 2], [6, 0, 4], [2, 4, 0]], dtype=float)
    salton = salton_index(ties, [100, 36, 4])
    assert salton[0, 1] == pytest.approx(6 / 60) and salton[1, 2] == pytest.approx(4 / 12) and np.isnan(salton[0, 0])
    leaning = affinity(ties)
    # Of 8 ties of the first, 6 go to the second, who has 10 of the world's 24.
    assert leaning[0, 1] == pytest.approx((6 / 8) / (10 / 24), rel=1e-12)
    assert leaning == pytest.approx(leaning.T, rel=1e-12, nan_ok=True)


@settings(max_examples=50, deadline=None)
@given(arrays(float, (4, 4), elements=st.floats(0.1, 10)), st.floats(0.01, 100))
def test_leanings_do_not_depend_on_the_unit_nor_on_what_stands_at_home(ties, unit):
    ties = ties + ties.T
    at_home = ties + np.diag([5.0, 0, 1, 2])
    assert affinity(unit * at_home) == pytest.approx(affinity(ties), rel=1e-9, nan_ok=True)
    # What a region's partners are to it, weighed by their size, is 1 on average.
    abroad = ties * ~np.eye(4, dtype=bool)
    weights = abroad.sum(axis=0) / abroad.sum()
    assert np.nansum(affinity(ties) * weights, axis=1) == pytest.approx(np.ones(4), rel=1e-9)


# Brokerage


def test_betweenness_of_the_florentine_families_is_as_published():
    """Wasserman and Faust 1994, table 5.1, to their three digits."""
    names, first, second, _ = network(MARRIAGES)
    found = dict(zip(names, betweenness(first, second, len(names)), strict=True))
    published = {
        "Acciaiuoli": 0.0, "Albizzi": 0.212, "Barbadori": 0.093, "Bischeri": 0.104, "Castellani": 0.055, "Ginori": 0.0,
        "Guadagni": 0.255, "Lamberteschi": 0.0, "Medici": 0.522, "Pazzi": 0.0, "Peruzzi": 0.022, "Ridolfi": 0.114,
        "Salviati": 0.143, "Strozzi": 0.103, "Tornabuoni": 0.092,
    }
    assert found == pytest.approx(published, abs=6e-4)


def test_the_broker_of_the_kite_is_heather():
    names, first, second, _ = network(KITE)
    found = dict(zip(names, betweenness(first, second, 10, normalised=False), strict=True))
    exact = {"A": 5 / 6, "B": 5 / 6, "C": 0, "D": 11 / 3, "E": 0, "F": 25 / 3, "G": 25 / 3, "H": 14, "I": 8, "J": 0}
    assert found == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_betweenness_adds_up_to_the_steps_between_members(seed):
    """A way of d steps has d - 1 members in between: sums agree with distances found by another way."""
    n = 12
    first, second = random_ties(seed, n)
    matrix = matrix_of(first, second, n)
    steps = np.where(matrix > 0, 1, np.inf)
    for middle in range(n):
        steps = np.minimum(steps, steps[:, [middle]] + steps[[middle]])
    between = np.triu(steps, 1)
    inside = between[np.isfinite(between) & (between > 0)] - 1
    assert betweenness(first, second, n, normalised=False).sum() == pytest.approx(inside.sum(), abs=1e-9)


def test_ties_told_twice_or_backwards_and_members_renamed_change_nothing():
    first, second = random_ties(3)
    once = betweenness(first, second, 12)
    twice = betweenness(np.r_[first, second, 4], np.r_[second, first, 4], 12)
    assert once == pytest.approx(twice, abs=1e-15)
    order = np.random.default_rng(1).permutation(12)
    assert betweenness(order[first], order[second], 12)[order] == pytest.approx(once, abs=1e-12)


def test_many_members_are_searched_in_batches_with_the_same_result(monkeypatch):
    first, second = random_ties(4)
    whole = betweenness(first, second, 12)
    monkeypatch.setattr("redqueen.indicators.networks._CELLS", 100)
    assert betweenness(first, second, 12) == pytest.approx(whole, abs=1e-12)


def test_nobody_stands_between_where_there_are_no_ties():
    nobody = np.array([], dtype=int)
    assert betweenness(nobody, nobody, 3).tolist() == [0, 0, 0]
    assert betweenness([0], [1], 2).tolist() == [0, 0]


def test_constraint_is_that_of_graphs_solved_by_hand():
    star = np.zeros((5, 5))
    star[0, 1:] = star[1:, 0] = 1
    assert constraint(star) == pytest.approx([1 / 4, 1, 1, 1, 1], rel=1e-12)
    triangle = 1 - np.eye(3)
    assert constraint(triangle) == pytest.approx([9 / 8] * 3, rel=1e-12)
    # One strong partner and one weak, strangers to each other: (3/4)^2 + (1/4)^2.
    pair = np.array([[0, 3, 1], [3, 0, 0], [1, 0, 0]], dtype=float)
    assert constraint(pair)[0] == pytest.approx(10 / 16, rel=1e-12)
    assert np.isnan(constraint(np.zeros((2, 2)))).all()


@settings(max_examples=50, deadline=None)
@given(arrays(float, (5, 5), elements=st.one_of(st.just(0.0), st.floats(1e-6, 10))), st.floats(0.01, 100))
def test_constraint_depends_neither_on_the_unit_nor_on_ties_to_oneself(ties, unit):
    assert constraint(unit * ties + np.eye(5)) == pytest.approx(constraint(ties), rel=1e-9, nan_ok=True)


def test_each_role_of_a_broker_is_counted_in_a_way_of_three():
    """0 -> 1 -> 2 with every pattern of groups, as Gould and Fernandez draw them."""
    for groups, role in (
        ([0, 0, 0], "coordinator"), ([0, 1, 0], "itinerant"), ([0, 1, 1], "gatekeeper"), ([0, 0, 1], "representative"),
        ([0, 1, 2], "liaison"),
    ):
        counts = brokerage_roles([0, 1], [1, 2], groups, directed=True)
        assert counts.sum() == 1 and counts[1, ROLES.index(role)] == 1, role
    assert brokerage_roles([0, 1, 0], [1, 2, 2], [0, 0, 0], directed=True).sum() == 0, "a direct tie needs no broker"
    assert brokerage_roles([0, 1], [1, 0], [0, 0], directed=True).sum() == 0, "the way back to oneself is no brokerage"


def test_without_direction_gatekeepers_are_representatives_and_every_open_pair_counts_twice():
    names, first, second, matrix = network(KITE)
    groups = np.arange(10) % 3
    counts = brokerage_roles(first, second, groups)
    column = dict(zip(ROLES, counts.T, strict=True))
    assert column["gatekeeper"].tolist() == column["representative"].tolist()
    degrees = matrix.sum(axis=1)
    closed = ((matrix @ matrix) * matrix).sum(axis=1)
    assert counts.sum(axis=1).tolist() == (degrees * (degrees - 1) - closed).tolist()
    alone = brokerage_roles(first, second, np.zeros(10, dtype=int))
    assert alone[:, 0].tolist() == counts.sum(axis=1).tolist() and not alone[:, 1:].any()


# Closure


def test_transitivity_of_known_graphs_is_as_counted():
    assert transitivity(network(MARRIAGES)[3]) == pytest.approx(9 / 47, rel=1e-12)
    assert transitivity(1 - np.eye(4)) == 1
    assert np.isnan(transitivity(np.array([[0, 1], [1, 0]])))


def test_clustering_of_the_kite_is_as_counted():
    names, _, _, matrix = network(KITE)
    found = dict(zip(names, clustering(matrix), strict=True))
    # Of Diane's 15 pairs of acquaintances 8 know each other; of Fernando's 10, 5.
    exact = {"A": 4 / 6, "B": 4 / 6, "C": 1, "D": 8 / 15, "E": 1, "F": 5 / 10, "G": 5 / 10, "H": 1 / 3, "I": 0, "J": 0}
    assert found == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_all_conventions_agree_where_weights_are_equal(seed):
    matrix = matrix_of(*random_ties(seed), 12)
    plain = clustering(matrix)
    for convention in ("barrat", "onnela"):
        assert clustering(7 * matrix, convention=convention) == pytest.approx(plain, abs=1e-12)


def test_weighted_clustering_is_that_solved_by_hand():
    # A triangle of ties 1, 2 and 4, and a tie of 3 from its first member to a fourth.
    ties = np.zeros((4, 4))
    for one, other, weight in ((0, 1, 1.0), (0, 2, 2.0), (1, 2, 4.0), (0, 3, 3.0)):
        ties[one, other] = ties[other, one] = weight
    # Barrat: the pair (1, 2) twice at (1 + 2) / 2, over a strength of 6 and two partners more than itself.
    assert clustering(ties, convention="barrat") == pytest.approx([3 / 12, 1, 1, 0], abs=1e-12)
    intensity = (1 / 4 * 2 / 4 * 4 / 4) ** (1 / 3)
    assert clustering(ties, convention="onnela") == pytest.approx([intensity / 3, intensity, intensity, 0], abs=1e-12)
    with pytest.raises(ValueError, match="'barrat'"):
        clustering(ties, convention="zhang")


def ring(n, near):
    """Give members on a ring, each tied to so many on either side."""
    steps = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return ((np.minimum(steps, n - steps) <= near) & (steps > 0)).astype(float)


def test_a_ring_has_the_clustering_and_the_paths_of_watts_and_strogatz():
    """Each of n = 60 members is tied to k = 6: C = 3 (k - 2) / (4 (k - 1)), and a member m places away is ceil(m / 3) steps off."""
    found = small_world(ring(60, 3), against="analytic")
    assert found.clustering == pytest.approx(3 * 4 / (4 * 5), rel=1e-12)
    assert found.path_length == pytest.approx(sum(-(-min(m, 60 - m) // 3) for m in range(1, 60)) / 59, rel=1e-12)
    # All degrees are 6: <k^2> - <k> = 30, so that C = 30^2 / (60 x 6^3) and L = 1 + ln 10 / ln 5.
    assert found.random_clustering == pytest.approx(900 / (60 * 216), rel=1e-12)
    assert found.random_path_length == pytest.approx(1 + np.log(10) / np.log(5), rel=1e-12)
    expected = (found.clustering / found.random_clustering) / (found.path_length / found.random_path_length)
    assert found.ratio == pytest.approx(expected, rel=1e-12)


def test_random_networks_with_a_few_long_ties_are_small_worlds_and_shuffled_ones_are_not():
    bridged = ring(60, 3)
    for one, other in ((0, 30), (10, 43), (20, 55), (5, 37), (15, 50)):
        bridged[one, other] = bridged[other, one] = 1
    for against in ("rewired", "analytic", "poisson"):
        assert small_world(bridged, against=against).ratio > 2, against
    # A random network is as clustered as random networks are: its ratio is near 1 (here within half, with 60 members).
    generator = np.random.default_rng(5)
    shuffled = np.triu(generator.random((60, 60)) < 0.15, 1).astype(float)
    assert small_world(shuffled + shuffled.T).ratio == pytest.approx(1, abs=0.5)


def test_rewiring_keeps_degrees_and_gives_the_same_networks_for_the_same_seed():
    from redqueen.indicators.networks import _rewired

    matrix = ring(30, 2)
    matrix[0, 15] = matrix[15, 0] = 1
    drawn = _rewired(matrix, np.random.default_rng(1))
    assert drawn.sum(axis=1).tolist() == matrix.sum(axis=1).tolist()
    assert (drawn == drawn.T).all() and not drawn.diagonal().any() and set(np.unique(drawn)) == {0, 1}
    assert (drawn != matrix).any()
    assert small_world(matrix, seed=4) == small_world(matrix, seed=4) != small_world(matrix, seed=5)


def test_a_small_world_is_measured_in_its_largest_part_and_nowhere_else():
    apart = np.zeros((66, 66))
    apart[6:, 6:] = ring(60, 3)
    apart[0, 1] = apart[1, 0] = 1
    assert small_world(apart, against="analytic") == small_world(ring(60, 3), against="analytic")
    assert np.isnan(small_world(np.zeros((3, 3))).path_length)
    assert np.isnan(small_world(np.zeros((0, 0))).ratio)
    with pytest.raises(ValueError, match="'rewired'"):
        small_world(apart, against="lattice")


# Gatekeepers


def test_gatekeepers_have_both_kinds_of_tie_and_let_others_reach_abroad():
    # North: 0 - 1, 1 - 2, 3 alone; south: 4 - 5. Abroad: 1 - 4 with weight 4.
    first, second = np.array([0, 1, 4, 1, 2]), np.array([1, 2, 5, 4, 2])
    found = gatekeepers(first, second, [0, 0, 0, 0, 1, 1], 3, [1, 2, 1, 4, 9])
    assert found.home.tolist() == [1, 3, 2, 0, 1, 1] and found.abroad.tolist() == [0, 4, 0, 0, 4, 0]
    assert found.index == pytest.approx([0, np.sqrt(12), 0, 0, 2, 0])
    assert found.share[:2].tolist() == [1 / 4, 1 / 2] and np.isnan(found.share[2])
    # Of three in the north without a tie abroad, 0 and 2 know the gatekeeper.
    assert found.reached[:2].tolist() == [2 / 3, 1] and np.isnan(found.reached[2])


@pytest.mark.parametrize("seed", range(3))
def test_gatekeepers_ties_add_up_to_those_of_regions(seed):
    first, second = random_ties(seed)
    region_of = np.arange(12) % 3
    found = gatekeepers(first, second, region_of, 3)
    openness = home_and_abroad(regional_ties(first, second, region_of, 3))
    assert np.bincount(region_of, found.home).tolist() == openness.home.tolist()
    assert np.bincount(region_of, found.abroad).tolist() == openness.abroad.tolist()
