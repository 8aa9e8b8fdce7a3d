"""Claims about relatedness and complexity: solved by hand, by identity, and against other packages where conventions agree."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redqueen.indicators import complexity, relatedness, specialisation

#: Region 1 has all activities, region 2 two, region 3 one: nested, so that everything is solved by hand.
NESTED = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
#: Proximities: 2 regions of 3 have both first activities, and so on.
PROXIMITY = np.array([[1, 2 / 3, 1 / 3], [2 / 3, 1, 1 / 2], [1 / 3, 1 / 2, 1]])


def some_table(seed, shape=(24, 40), share=0.3):
    """Give presence at random, nested to some degree, with every region and activity found."""
    generator = np.random.default_rng(seed)
    ability, ease = generator.normal(0, 1, (shape[0], 1)), generator.normal(0, 1, shape[1])
    latent = ability + ease + generator.logistic(0, 1, shape)
    present = latent > np.quantile(latent, 1 - share)
    present[np.arange(shape[0]), generator.integers(0, shape[1], shape[0])] = True
    present[generator.integers(0, shape[0], shape[1]), np.arange(shape[1])] = True
    return present


tables = st.builds(some_table, st.integers(0, 10_000), st.sampled_from([(6, 20), (15, 9), (8, 8)]), st.floats(0.1, 0.6))
diagonals = st.sampled_from(["one", "zero"])


# Relatedness


def test_proximities_are_those_solved_by_hand():
    assert relatedness.proximity(NESTED) == pytest.approx(PROXIMITY)
    assert relatedness.proximity(NESTED, diagonal="zero") == pytest.approx(PROXIMITY - np.eye(3))


def test_densities_are_those_solved_by_hand():
    # Region 3 has the first activity only; the sums of proximities are 2, 13/6 and 11/6, without the diagonal 1, 7/6 and 5/6.
    assert relatedness.relatedness_density(NESTED)[2] == pytest.approx([1 / 2, 4 / 13, 2 / 11])
    assert relatedness.relatedness_density(NESTED, diagonal="zero")[2] == pytest.approx([0, 4 / 7, 2 / 5])


@given(tables)
def test_proximity_is_the_lesser_conditional_probability(present):
    found = relatedness.proximity(present)
    for one in range(present.shape[1]):
        for other in range(one):
            both = (present[:, one] & present[:, other]).sum()
            assert found[one, other] == found[other, one] == min(both / present[:, one].sum(), both / present[:, other].sum())


@given(tables, diagonals)
def test_density_is_a_weighted_share_whichever_way_it_is_found(present, diagonal):
    between = relatedness.proximity(present, diagonal=diagonal)
    related = between.sum(axis=0)
    expected = np.divide(present @ between, related, out=np.full(present.shape, np.nan), where=related > 0)
    ways = [
        relatedness.relatedness(present, diagonal=diagonal).density,
        relatedness.relatedness_density(present, diagonal=diagonal),
        relatedness.relatedness_density(present, between),
        relatedness.relatedness_density(present, relatedness.proximity(present), diagonal=diagonal),
        relatedness._density_without_proximity(present, diagonal),
    ]
    for found in ways:
        # Sums of at most 20 numbers up to 1, found in another order.
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
        assert np.nanmin(found) >= 0 and np.nanmax(found) <= 1


def test_few_and_many_present_give_the_same_density():
    present, between = some_table(1, (60, 30), 0.2), relatedness.proximity(some_table(2, (60, 30)))
    filled = present.mean(axis=1)
    assert (filled < relatedness._SPARSE).any() and (filled >= relatedness._SPARSE).any()
    assert relatedness.relatedness_density(present, between) == pytest.approx(present @ between / between.sum(axis=0))


@given(tables, diagonals, st.integers(0, 1000))
def test_the_order_of_regions_and_activities_does_not_matter(present, diagonal, seed):
    generator = np.random.default_rng(seed)
    rows, columns = generator.permutation(present.shape[0]), generator.permutation(present.shape[1])
    plain = relatedness.relatedness(present, diagonal=diagonal)
    moved = relatedness.relatedness(present[np.ix_(rows, columns)], diagonal=diagonal)
    assert (moved.proximity == plain.proximity[np.ix_(columns, columns)]).all()
    np.testing.assert_allclose(moved.density, plain.density[np.ix_(rows, columns)], rtol=1e-12, atol=1e-14)


@given(tables)
def test_a_region_with_everything_is_wholly_related_and_one_with_nothing_not_at_all(present):
    present = np.vstack([present, np.ones((1, present.shape[1]), bool), np.zeros((1, present.shape[1]), bool)])
    density = relatedness.relatedness_density(present)
    assert density[-2] == pytest.approx(np.ones(present.shape[1])) and (density[-1] == 0).all()


def test_an_activity_that_nobody_has_is_related_to_none():
    present = np.column_stack([NESTED, np.zeros(3, bool)])
    for diagonal in ("one", "zero"):
        found = relatedness.relatedness(present, diagonal=diagonal)
        assert not found.proximity[3].any() and np.isnan(found.density[:, 3]).all()
        assert found.density[:, :3] == pytest.approx(relatedness.relatedness(NESTED, diagonal=diagonal).density)


def test_an_activity_found_alone_is_related_to_itself_at_most():
    present = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    assert relatedness.relatedness_density(present, diagonal="one")[:, 2].tolist() == [0, 0, 1]
    assert np.isnan(relatedness.relatedness_density(present, diagonal="zero")[:, 2]).all()


def test_a_convention_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="'one' or 'zero', not 'none'"):
        relatedness.proximity(NESTED, diagonal="none")
    with pytest.raises(ValueError, match="'z-score' or 'stata', not 'z'"):
        complexity.economic_complexity(NESTED, convention="z")
    with pytest.raises(ValueError, match="does not fit 3 activities"):
        relatedness.relatedness_density(NESTED, np.eye(2))


# Economic complexity


def test_economic_complexity_of_a_nested_table_is_that_solved_by_hand():
    # Eigenvalues 1, 1/4 and 1/9; kc is (2, -1, -4), of mean -1 and standard deviation sqrt(6); kp is (-4, 2, 8).
    found = complexity.economic_complexity(NESTED, convention="stata")
    assert found.eci == pytest.approx(np.array([3, 0, -3]) / np.sqrt(6))
    assert found.pci == pytest.approx(np.array([-3, 3, 9]) / np.sqrt(6))
    assert complexity.economic_complexity(NESTED).pci == pytest.approx(np.array([-1, 0, 1]) * np.sqrt(1.5))
    assert (found.parts, found.reason) == (1, "")


@pytest.mark.parametrize("shape", [(24, 40), (40, 24)])
def test_complexity_is_the_second_vector_of_the_walk_between_regions(shape):
    present = some_table(3, shape)
    walk = present / present.sum(axis=1, keepdims=True) @ (present / present.sum(axis=0)).T
    values = np.sort(np.linalg.eigvals(walk).real)
    found = complexity.economic_complexity(present)
    # An affine change of an eigenvector is one of another constant: walk x = l x + (1 - l) c.
    centre = np.average(found.eci, weights=present.sum(axis=1))
    assert walk @ (found.eci - centre) == pytest.approx(values[-2] * (found.eci - centre), abs=1e-12)


def test_in_stata_units_a_regions_complexity_is_the_mean_of_what_it_has():
    present = some_table(4)
    found = complexity.economic_complexity(present, convention="stata")
    assert present @ found.pci / present.sum(axis=1) == pytest.approx(found.eci)
    z_score = complexity.economic_complexity(present)
    assert (found.eci == z_score.eci).all() and np.corrcoef(found.pci, z_score.pci)[0, 1] == pytest.approx(1)


def test_both_indices_are_standardised_and_go_with_diversity():
    for seed in range(20):
        present = some_table(seed)
        found = complexity.economic_complexity(present)
        for index in (found.eci, found.pci):
            assert index.mean() == pytest.approx(0, abs=1e-12) and index.std() == pytest.approx(1)
        assert np.corrcoef(found.eci, present.sum(axis=1))[0, 1] > 0


def test_reflections_end_at_the_vector_but_not_in_twenty_rounds():
    # What is left of the third vector shrinks by the ratio of eigenvalues in two rounds: some packages stop at twenty.
    present = some_table(3)
    diversity, ubiquity = present.sum(axis=1), present.sum(axis=0)
    found = complexity.economic_complexity(present).eci
    kc, away = diversity.astype(float), {}
    for pairs in range(1, 1001):
        kc = present @ (kc @ present / ubiquity) / diversity
        # Standardised as it goes, or else digits are lost: the whole shrinks too.
        kc = (kc - np.average(kc, weights=diversity)) / kc.std()
        away[2 * pairs] = np.abs((kc - kc.mean()) / kc.std() - found).max()
    assert away[20] > 0.01 and away[2000] < 1e-9


def test_the_search_for_two_vectors_finds_those_of_all(monkeypatch):
    for shape in ((30, 50), (50, 30)):
        present = some_table(5, shape)
        dense = complexity.economic_complexity(present)
        with monkeypatch.context() as changed:
            changed.setattr(complexity, "_DENSE_SIDE", 2)
            sparse, again = complexity.economic_complexity(present), complexity.economic_complexity(present)
        assert sparse.eci == pytest.approx(dense.eci, abs=1e-10) and sparse.pci == pytest.approx(dense.pci, abs=1e-10)
        assert (sparse.eci == again.eci).all() and (sparse.pci == again.pci).all()


def test_complexity_does_not_know_the_order_of_regions_and_activities():
    for seed in range(10):
        present, generator = some_table(seed), np.random.default_rng(seed)
        rows, columns = generator.permutation(24), generator.permutation(40)
        plain, moved = complexity.economic_complexity(present), complexity.economic_complexity(present[np.ix_(rows, columns)])
        assert moved.eci == pytest.approx(plain.eci[rows], abs=1e-9) and moved.pci == pytest.approx(plain.pci[columns], abs=1e-9)


def test_regions_and_activities_with_nothing_have_no_complexity_and_change_none():
    present = np.zeros((5, 4), dtype=bool)
    present[1:4, :3] = NESTED
    found = complexity.economic_complexity(present)
    assert found.eci[1:4] == pytest.approx(complexity.economic_complexity(NESTED).eci)
    assert np.isnan(found.eci[[0, 4]]).all() and np.isnan(found.pci[3])


def test_of_a_table_in_parts_the_largest_is_measured():
    present = np.zeros((6, 5), dtype=bool)
    present[:3, :3], present[3:5, 3], present[5, 4] = NESTED, True, True
    found = complexity.economic_complexity(present)
    assert found.parts == 3 and not found.reason
    assert found.eci[:3] == pytest.approx(complexity.economic_complexity(NESTED).eci) and np.isnan(found.eci[3:]).all()


def blocks(*tables):
    """Put tables along a diagonal."""
    whole = np.zeros(np.sum([table.shape for table in tables], axis=0), dtype=bool)
    row, column = 0, 0
    for table in tables:
        whole[row : row + table.shape[0], column : column + table.shape[1]] = table
        row, column = row + table.shape[0], column + table.shape[1]
    return whole


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        (np.zeros((3, 3), bool), "no region has an activity"),
        (blocks(NESTED, NESTED), "2 parts, and no single one is the largest"),
        (np.ones((3, 4), bool), "all regions have the same activities"),
        (np.ones((1, 4), bool), "fewer than two regions or activities"),
        (np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]], bool), "met twice"),
        # A chain that is the same from both ends: whichever end comes first, diversity is in the middle.
        (np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], bool), "its sign cannot be told"),
    ],
)
def test_a_table_without_an_order_has_no_complexity_and_says_why(present, reason):
    found = complexity.economic_complexity(present)
    assert np.isnan(found.eci).all() and np.isnan(found.pci).all() and reason in found.reason


def test_where_all_are_as_diverse_rarity_gives_the_sign():
    # Two activities each; the second is found everywhere but once, and the last ones are rare.
    present = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]], dtype=bool)
    found = complexity.economic_complexity(present)
    assert not found.reason and np.corrcoef(found.pci, present.sum(axis=0))[0, 1] < 0


# Fitness


def test_fitness_of_a_wide_table_is_that_solved_by_hand():
    # x = F2 / F1 goes to 2 x / (1 + 3 x), and so to 1/3; complexities are then as 1/4, 1/4 and 1.
    found = complexity.fitness_complexity([[1, 1, 1], [1, 1, 0]])
    assert found.fitness == pytest.approx([1.5, 0.5]) and found.complexity == pytest.approx([0.5, 0.5, 2.0])
    assert found.converged and found.settled and not found.vanishing.any() and found.change <= 1e-10


def test_fitness_on_the_diagonal_falls_as_one_over_the_steps_and_is_reported():
    # 1 / x goes to 1 / x + 2 with x = 1/2 after the first step.
    found = complexity.fitness_complexity([[1, 1], [1, 0]], most_iterations=500)
    assert found.fitness[1] / found.fitness[0] == pytest.approx(1 / 1000)
    assert not found.converged and found.iterations == 500 and found.vanishing.tolist() == [False, True] and found.settled


def test_fitness_of_an_inward_table_is_halved_in_every_step_and_is_reported():
    # x goes to x / (2 x + 2).
    found = complexity.fitness_complexity([[1, 1], [1, 0], [1, 0]], most_iterations=300)
    assert not found.converged and found.vanishing.tolist() == [False, True, True]
    assert found.change == pytest.approx(np.log(2), rel=1e-6)
    # Left alone it would fall below any number: it stops before the inverse overflows.
    endless = complexity.fitness_complexity([[1, 1], [1, 0], [1, 0]], most_iterations=5000)
    assert endless.iterations < 1000 and np.isfinite(endless.complexity).all()


def test_converged_fitness_is_a_fixed_point():
    present = some_table(6, (20, 60), 0.4).astype(float)
    found = complexity.fitness_complexity(present)
    assert found.converged
    fitness, rarity = present @ found.complexity, 1 / ((1 / found.fitness) @ present)
    assert fitness / fitness.mean() == pytest.approx(found.fitness, rel=1e-9)
    assert rarity / rarity.mean() == pytest.approx(found.complexity, rel=1e-9)


def test_regions_and_activities_with_nothing_have_no_fitness():
    found = complexity.fitness_complexity(blocks(np.array([[1, 1, 1], [1, 1, 0]], bool), np.zeros((1, 1), bool)))
    assert found.fitness[:2] == pytest.approx([1.5, 0.5]) and np.isnan(found.fitness[2]) and np.isnan(found.complexity[3])
    nothing = complexity.fitness_complexity(np.zeros((2, 2), bool))
    assert not nothing.converged and np.isnan(nothing.fitness).all()


# Outlook


def test_outlook_and_gain_are_those_solved_by_hand():
    pci = np.array([1.0, 2.0, 3.0])
    without = PROXIMITY - np.eye(3)
    assert complexity.complexity_outlook(NESTED, PROXIMITY, pci) == pytest.approx([0, 3 * 5 / 11, 2 * 4 / 13 + 3 * 2 / 11])
    assert complexity.complexity_outlook(NESTED, without, pci)[2] == pytest.approx(2 * 4 / 7 + 3 * 2 / 5)
    # Activity 2 opens activity 3 by (1/2) / (5/6), and no longer counts itself.
    assert complexity.opportunity_gain(NESTED, without, pci)[2, 1] == pytest.approx(3 * 3 / 5 - 2 * 4 / 7)
    assert complexity.opportunity_gain(NESTED, PROXIMITY, pci, convention="stata")[2, 1] == pytest.approx(2 * 6 / 13 + 3 * 3 / 11)


@given(tables, diagonals)
def test_the_gain_is_the_outlook_after_less_the_outlook_before(present, diagonal):
    between, pci = relatedness.proximity(present, diagonal=diagonal), np.random.default_rng(1).normal(size=present.shape[1])
    gains = complexity.opportunity_gain(present, between, pci)
    before = complexity.complexity_outlook(present, between, pci)
    assert not gains[present].any()
    for activity in range(present.shape[1]):
        after = present.copy()
        after[:, activity] = True
        expected = complexity.complexity_outlook(after, between, pci) - before
        assert gains[:, activity] == pytest.approx(expected, abs=1e-12)


def test_activities_whose_complexity_is_not_known_are_left_out():
    present, pci = some_table(7), np.random.default_rng(2).normal(size=40)
    between = relatedness.proximity(present)
    unknown = np.where(np.arange(40) == 5, np.nan, pci)
    zero = np.where(np.arange(40) == 5, 0.0, pci)
    found = complexity.complexity_outlook(present, between, unknown)
    assert found == pytest.approx(complexity.complexity_outlook(present, between, zero))
    gains = complexity.opportunity_gain(present, between, unknown)
    assert np.isnan(gains[:, 5]).all() and not np.isnan(np.delete(gains, 5, axis=1)).any()


# Other packages


def world_of_trade(seed=8, shape=(30, 45)):
    """Give values of a made world, and the same as a long table."""
    values = np.random.default_rng(seed).gamma(0.3, 10.0, shape) * (1 + 3 * some_table(seed, shape))
    names = [f"{count:03}" for count in range(max(shape))]
    rows = pd.DataFrame(values, index=names[: shape[0]], columns=names[: shape[1]]).rename_axis(index="loc", columns="prod")
    return values, rows.stack().rename("val").reset_index().assign(time=1)


def test_results_are_those_of_ecomplexity_where_conventions_agree():
    ecomplexity = pytest.importorskip("ecomplexity")
    values, rows = world_of_trade()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = {name: name for name in ("time", "loc", "prod", "val")}
        table = ecomplexity.ecomplexity(rows, names, check_logsupermodularity=False, verbose=False).sort_values(["loc", "prod"])
    measures = ("rca", "density", "eci", "pci", "coi", "cog")
    theirs = {name: table[name].to_numpy(dtype=float).reshape(values.shape) for name in measures}
    rca = specialisation.location_quotient(values)
    present = specialisation.presence(rca)
    related, found = relatedness.relatedness(present), complexity.economic_complexity(present, convention="stata")
    assert theirs["rca"] == pytest.approx(rca, rel=1e-8)
    # The diagonal is one, and shares are of one.
    assert theirs["density"] == pytest.approx(related.density, abs=1e-8)
    assert theirs["eci"][:, 0] == pytest.approx(found.eci, abs=1e-8)
    assert theirs["pci"][0] == pytest.approx(found.pci, abs=1e-8)
    # It takes outlooks of PCI before its mean is taken off: a mean of zero weighted by ubiquity.
    before = found.pci - np.average(found.pci, weights=present.sum(axis=0))
    outlook = complexity.complexity_outlook(present, related.proximity, before)
    assert theirs["coi"][:, 0] == pytest.approx((outlook - outlook.mean()) / outlook.std(), abs=1e-8)
    gain = complexity.opportunity_gain(present, related.proximity, before, convention="stata")
    assert theirs["cog"] == pytest.approx(gain, abs=1e-8)


def test_results_are_those_of_econcomplex_where_conventions_agree():
    econcomplex = pytest.importorskip("econcomplex")
    values, _ = world_of_trade()
    rca = specialisation.location_quotient(values)
    present = specialisation.presence(rca)
    related, found = relatedness.relatedness(present, diagonal="zero"), complexity.economic_complexity(present)
    assert econcomplex.rca(values) == pytest.approx(rca, rel=1e-8)
    # The diagonal is zero, and shares are in per cent.
    assert econcomplex.proximity(values)["product"] == pytest.approx(related.proximity, abs=1e-8)
    assert econcomplex.relatedness_density(values) == pytest.approx(100 * related.density, abs=1e-6)
    eci, pci = econcomplex.eci_pci(values)
    assert eci == pytest.approx(found.eci, abs=1e-8) and pci == pytest.approx(found.pci, abs=1e-8)
    outlook = econcomplex.coi(values, found.pci)
    assert outlook == pytest.approx(complexity.complexity_outlook(present, related.proximity, found.pci), abs=1e-8)
    # Its gain divides by the sum of proximities of the activity taken up, not of the one that it opens.
    weights = present.sum(axis=0) > 0
    between = related.proximity / related.proximity.sum(axis=1, keepdims=True)
    theirs = ~present * ((~present * found.pci) @ between.T)
    assert weights.all() and econcomplex.cog(values, found.pci) == pytest.approx(theirs, abs=1e-8)
    gain = complexity.opportunity_gain(present, related.proximity, found.pci, convention="stata")
    assert np.abs(theirs - gain).max() > 0.01
    # Its fitness takes the new fitness for complexity, as ours does, and stops at the first of tolerance and 2,000 steps.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitness, rarity = econcomplex.fitness_complexity(values, iterations=2000, tol=1e-13)
    ours = complexity.fitness_complexity(present, tolerance=1e-13)
    assert ours.converged
    assert fitness == pytest.approx(ours.fitness, rel=1e-8) and rarity == pytest.approx(ours.complexity, rel=1e-8)


def test_density_over_nearest_neighbours_in_ecomplexity_is_no_share():
    # It sums presence over the neighbours without their proximity: two of two is 2, where a share is 1 at most.
    module = pytest.importorskip("ecomplexity.calc_density")
    theirs = module.calc_density(NESTED.astype(float), PROXIMITY, knn=2)
    assert theirs[0] == pytest.approx([2, 2, 2])
    assert relatedness.relatedness_density(NESTED)[0] == pytest.approx([1, 1, 1])


# Published figures


def test_complexity_in_1980_goes_with_what_is_published_of_1995(data_directory):
    exports = pd.read_csv(data_directory / "trade" / "hs4_exports_1980.csv.gz", dtype={"product": str})
    table = exports.pivot_table(index="country", columns="product", values="export_value_usd", aggfunc="sum", fill_value=0.0)
    # Countries that export less than 100 million USD say more of their reporting than of their industry.
    table = table[table.sum(axis=1) >= 1e8]
    table = table.loc[:, table.sum() > 0]
    present = specialisation.presence(specialisation.location_quotient(table.to_numpy()))
    found = complexity.economic_complexity(present)
    ours = pd.DataFrame({"eci_1980": found.eci, "diversity_1980": present.sum(axis=1)}, index=table.index)
    published = pd.read_csv(data_directory / "indicators" / "eci_diversity_country_hs92.csv.gz")
    of_1995 = published[published["year"] == 1995].set_index("country_code")[["eci", "diversity"]]
    both = ours.join(of_1995, how="inner").dropna()
    assert len(both) > 120 and found.parts == 1
    # Fifteen years apart and in another classification 0.82 and 0.94 were found; published ECI of 1995 and 2010 have 0.80.
    assert both["eci_1980"].corr(both["eci"]) > 0.75
    assert both["diversity_1980"].corr(both["diversity"]) > 0.9
    assert {"JPN", "DEU", "CHE"} <= set(ours["eci_1980"].nlargest(5).index)


def test_fitness_of_world_exports_in_1980_does_not_converge_and_says_so(data_directory):
    exports = pd.read_csv(data_directory / "trade" / "hs4_exports_1980.csv.gz", dtype={"product": str})
    table = exports.pivot_table(index="country", columns="product", values="export_value_usd", aggfunc="sum", fill_value=0.0)
    present = specialisation.presence(specialisation.location_quotient(table.to_numpy()))
    found = complexity.fitness_complexity(present)
    assert not found.converged and found.vanishing.any() and not found.vanishing.all()
    # Those that vanish are the poorest.
    assert np.nanmax(found.fitness[found.vanishing]) < np.nanmin(found.fitness[~found.vanishing])
