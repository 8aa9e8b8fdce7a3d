"""Claims about what regions are good at, how sure that is, how they are structured and what they take up and lose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redqueen.indicators import specialisation, structure, turnover

tables = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).gamma(0.5, 10.0, (7, 9)))


# What a region is good at


def test_location_quotients_of_three_regions_are_those_solved_by_hand():
    values = [[8, 1, 1], [2, 6, 2], [10, 3, 7]]
    # Activity totals 20, 10, 10 of 40; regions 10, 10, 20.
    expected = [[1.6, 0.4, 0.4], [0.4, 2.4, 0.8], [1.0, 0.6, 1.4]]
    assert specialisation.location_quotient(values) == pytest.approx(np.array(expected))


@given(tables, st.floats(1e-6, 1e6))
def test_a_scaled_table_has_the_same_location_quotients(values, factor):
    assert specialisation.location_quotient(factor * values) == pytest.approx(specialisation.location_quotient(values))


@given(tables, st.integers(0, 6))
def test_a_region_that_grows_alike_in_everything_keeps_its_own_structure(values, region):
    larger = values.copy()
    larger[region] *= 3
    before, after = specialisation.location_quotient(values)[region], specialisation.location_quotient(larger)[region]
    # Its own weight in all regions together pulls every quotient towards 1.
    assert (np.abs(np.log(after)) <= np.abs(np.log(before)) + 1e-9).all()


def test_quotients_are_those_of_a_region_as_large_as_all_people_where_all_are_alike():
    assert specialisation.rca_per_head([[1, 2], [2, 4]], [10, 20]) == pytest.approx(np.ones((2, 2)))


def test_a_rich_region_has_more_per_head_of_everything():
    # 30 and 10 in regions of ten people each: 3 and 1 a head where all have 2.
    per_head = specialisation.rca_per_head([[30, 60], [10, 20]], [10, 10])
    assert per_head == pytest.approx(np.array([[1.5, 1.5], [0.5, 0.5]]))
    assert specialisation.location_quotient([[30, 60], [10, 20]]) == pytest.approx(np.ones((2, 2)))


def test_a_region_whose_people_are_not_known_counts_for_none():
    per_head = specialisation.rca_per_head([[30, 60], [10, 20], [99, 1]], [10, 10, np.nan])
    assert per_head[:2] == pytest.approx(np.array([[1.5, 1.5], [0.5, 0.5]])) and np.isnan(per_head[2]).all()


def test_what_cannot_be_compared_is_not_present():
    assert specialisation.presence([[1.0, 0.99, np.nan]]).tolist() == [[True, False, False]]
    assert specialisation.presence([[0.5, 2.0]], threshold=0.5).tolist() == [[True, True]]


def test_presence_is_never_taken_from_values():
    with pytest.raises(ValueError, match="true or false"):
        structure.diversity([[0.4, 3.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="two dimensions, not 1"):
        structure.diversity([1, 0])
    assert structure.diversity([[0.0, 1.0], [1.0, 1.0]]).tolist() == [1, 2]


# How sure that is


def noisy_world(seed, noise, years=5, regions=40, activities=30):
    """Give values by year drawn around trends, and the RCA of the last year's expected values."""
    generator = np.random.default_rng(seed)
    mean = np.exp(generator.normal(3, 1.5, (regions, 1)) + generator.normal(0, 1.2, (regions, activities)))
    trend = generator.normal(0.03, 0.05, mean.shape)
    expected = np.array([mean * np.exp(trend * (year - years + 1)) for year in range(years)])
    return noise(generator, expected), expected[-1], specialisation.location_quotient(expected[-1])


def counts(generator, expected):
    return generator.poisson(expected).astype(float)


def uneven(generator, expected):
    """Cells differ in how noisy they are, by a factor of three either way."""
    spread = 0.15 * np.exp(generator.normal(0, 0.6, expected.shape[1:]))
    return expected * np.exp(spread * generator.standard_normal(expected.shape))


def large_lots(generator, expected):
    """Counts of lots of five, on top of noise of 15 %."""
    return 5.0 * generator.poisson(expected * np.exp(0.15 * generator.standard_normal(expected.shape)) / 5)


@pytest.mark.parametrize("years", [4, 5, 7])
@pytest.mark.parametrize("noise", [counts, uneven, large_lots])
def test_intervals_hold_the_true_quotient_as_often_as_they_say(noise, years):
    covered = []
    for seed in range(4):
        values, _, truth = noisy_world(seed, noise, years)
        found = specialisation.rca_interval(values)
        known = ~np.isnan(found.low)
        covered.append(((found.low <= truth) & (truth <= found.high))[known].mean())
    # 4,800 cells: the standard error is 0.3 %. Counts are discrete, which makes intervals wide.
    assert 0.935 < np.mean(covered) < 0.985


@pytest.mark.parametrize("size", [(0, 3), (3, 10), (10, 100), (100, np.inf)])
def test_intervals_hold_for_small_and_large_counts_alike(size):
    covered = []
    for seed in range(6):
        values, expected, truth = noisy_world(seed, counts)
        found = specialisation.rca_interval(values)
        chosen = (expected > size[0]) & (expected <= size[1]) & ~np.isnan(found.low)
        covered.extend(((found.low <= truth) & (truth <= found.high))[chosen])
    assert len(covered) > 300 and np.mean(covered) > 0.92


def test_small_counts_have_wide_intervals():
    values, expected, _ = noisy_world(1, counts)
    found = specialisation.rca_interval(values)
    with np.errstate(divide="ignore"):
        width = np.log(found.high / found.low)
    few, many = width[(expected < 5) & (found.low > 0)], width[expected > 500]
    # Poisson: 2 x 2 / sqrt(5) at least against 2 x 2 / sqrt(500) at most.
    assert np.median(few) > 1.5 and np.median(many) < 0.3


def test_an_activity_that_was_not_seen_last_year_may_be_there():
    values, _, _ = noisy_world(2, counts)
    found = specialisation.rca_interval(values)
    gone = (values[-1] == 0) & (values.mean(axis=0) > 0)
    assert gone.sum() > 20 and (found.low[gone] == 0).all() and (found.high[gone] > 0).all()
    never = values.max(axis=0) == 0
    assert np.isnan(found.high[never]).all()


def test_a_wider_level_gives_a_wider_interval_around_the_same_quotient():
    values, _, _ = noisy_world(3, uneven)
    narrow, wide = specialisation.rca_interval(values, level=0.8), specialisation.rca_interval(values, level=0.99)
    assert (wide.low < narrow.low).all() and (narrow.high < wide.high).all()
    assert (narrow.rca == specialisation.location_quotient(values[-1])).all()
    assert ((narrow.low < narrow.rca) & (narrow.rca < narrow.high)).all()


def test_steady_growth_is_no_noise():
    growth = np.exp(np.multiply.outer(np.arange(5), np.random.default_rng(4).normal(0, 0.02, (6, 8))))
    found = specialisation.rca_interval(growth * np.random.default_rng(5).gamma(2, 10, (6, 8)))
    # Totals do not grow quite geometrically: what is left is second order in rates of 2 %.
    assert (found.high / found.low < 1.01).all()


def test_three_years_do_not_tell_noise_from_a_trend():
    values, _, _ = noisy_world(6, uneven, years=3)
    found = specialisation.rca_interval(values)
    assert np.isnan(found.low).all() and np.isnan(found.high).all() and not np.isnan(found.rca).any()


def test_a_table_that_never_changes_is_known_exactly():
    found = specialisation.rca_interval(np.full((5, 2, 3), 4.0))
    assert found.low == pytest.approx(np.ones((2, 3))) and found.high == pytest.approx(np.ones((2, 3)))


def test_few_cells_are_judged_by_their_own_years():
    # With one activity the quotient is always 1; with two, each cell mirrors the others.
    first = np.array([10.0, 14.0, 9.0, 13.0])
    one = specialisation.rca_interval(np.stack([first, np.full(4, 1e6)], axis=1)[:, :, None])
    assert one.high == pytest.approx(one.low)
    two = specialisation.rca_interval(np.array([[[value, 1e6], [1e6, 1e8]] for value in first]))
    residual = np.log(first) - np.polyval(np.polyfit(range(4), np.log(first), 1), range(4))
    own = np.sqrt((residual**2).sum() / 2)
    # Student's t at 97.5 % is 4.30 with two degrees of freedom and 2.31 with eight.
    assert 2 * 2.31 * own * 0.5 < np.log(two.high[0, 0] / two.low[0, 0]) < 2 * 4.31 * own


def test_only_the_last_seven_years_are_looked_at():
    values, _, _ = noisy_world(7, uneven, years=9)
    longer, shorter = specialisation.rca_interval(values), specialisation.rca_interval(values[2:])
    assert (longer.low == shorter.low).all() and (longer.high == shorter.high).all()


# Structure


def test_concentration_is_that_solved_by_hand():
    found = structure.concentration([[1, 1, 1, 1], [4, 0, 0, 0], [1, 3, 0, 0], [0, 0, 0, 0]])
    assert found.herfindahl[:3] == pytest.approx([0.25, 1.0, 0.625])
    assert found.entropy[:3] == pytest.approx([np.log(4), 0.0, -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))])
    # Mean absolute differences over all 16 pairs, over twice the mean of 1: 24 / 16 / 2, and 20 / 16 / 2.
    assert found.gini[:3] == pytest.approx([0.0, 0.75, 0.625])
    assert all(np.isnan(part[3]) for part in found)


@given(tables, st.floats(1e-3, 1e3))
def test_concentration_knows_neither_order_nor_scale(values, factor):
    before, after = structure.concentration(values), structure.concentration(factor * values[:, ::-1])
    for one, other in zip(before, after, strict=True):
        assert other == pytest.approx(one)
    n_activities = values.shape[1]
    assert (before.herfindahl >= 1 / n_activities - 1e-12).all() and (before.herfindahl <= 1 + 1e-12).all()
    assert (before.entropy >= 0).all() and (before.entropy <= np.log(n_activities) + 1e-12).all()
    assert (before.gini >= 0).all() and (before.gini <= 1 - 1 / n_activities + 1e-12).all()


def test_gini_is_half_the_mean_difference_over_the_mean():
    values = np.random.default_rng(8).gamma(1, 1, (1, 30))
    differences = np.abs(values[0][:, None] - values[0]).mean()
    assert structure.gini(values)[0] == pytest.approx(differences / 2 / values.mean())


def test_similarities_are_those_solved_by_hand():
    values = [[3, 1, 0], [1, 1, 2], [0, 0, 0]]
    overlap = structure.similarity(values)
    # Shares (3, 1, 0) / 4 and (1, 1, 2) / 4: Krugman's index is (2 + 0 + 2) / 4 = 1.
    assert overlap[:2, :2] == pytest.approx(np.array([[1, 0.5], [0.5, 1]]))
    assert structure.similarity(values, measure="cosine")[0, 1] == pytest.approx(4 / np.sqrt(10 * 6))
    assert np.isnan(overlap[2]).all() and np.isnan(overlap[:, 2]).all()
    assert structure.similarity([[1, 2, 3], [3, 2, 1], [5, 5, 5]], measure="correlation")[0, :2] == pytest.approx([1, -1])
    assert np.isnan(structure.similarity([[1, 2, 3], [5, 5, 5]], measure="correlation")[1]).all()


@given(tables)
def test_overlap_is_one_less_half_of_krugmans_index(values):
    shares = values / values.sum(axis=1, keepdims=True)
    krugman = np.abs(shares[:, None] - shares).sum(axis=2)
    assert structure.similarity(values) == pytest.approx(1 - krugman / 2)
    for measure in ("overlap", "cosine", "correlation"):
        found = structure.similarity(values, measure=measure)
        assert (found == found.T).all() and (found.diagonal() == 1).all() and (np.abs(found) <= 1).all()


def test_an_unknown_measure_of_similarity_is_named():
    with pytest.raises(ValueError, match="'krugman'"):
        structure.similarity([[1, 2]], measure="krugman")


# What is taken up and lost


def test_entries_and_exits_are_those_of_the_definition():
    before = np.array([[0.9, 1.0, 2.0, 0.2, np.nan]])
    after = np.array([[1.0, 0.9, 3.0, 0.1, 5.0]])
    assert turnover.entries(before, after).tolist() == [[True, False, False, False, False]]
    assert turnover.exits(before, after).tolist() == [[False, True, False, False, False]]
    assert turnover.entries(before, after, threshold=2.5).tolist() == [[False, False, True, False, False]]


def test_presence_after_is_presence_before_and_entries_less_exits():
    generator = np.random.default_rng(9)
    before, after = generator.gamma(1, 1, (2, 20, 30))
    kept = specialisation.presence(before) & ~turnover.exits(before, after)
    assert ((kept | turnover.entries(before, after)) == specialisation.presence(after)).all()


def turning_world(seed, entry, exit, regions=70, activities=50):
    """Give presence before and after and density, with known elasticities and effects of regions and activities."""
    generator = np.random.default_rng(seed)
    shape = (regions, activities)
    density = 0.2 * np.exp(generator.uniform(-0.6, 0.6, shape) + generator.uniform(-0.4, 0.4, (regions, 1)))
    effects = np.exp(generator.uniform(-0.4, 0.4, (regions, 1)) + generator.uniform(-0.4, 0.4, activities))
    before = generator.random(shape) < 0.4
    # At most 0.04 (0.2 e)^entry e^0.8 / 0.2^entry and the like: below one for what is asked for.
    gains, losses = (0.04 * effects * (density / 0.2) ** power for power in (entry, exit))
    assert max(gains.max(), losses.max()) < 1
    luck = generator.random(shape)
    return before, np.where(before, luck >= losses, luck < gains), density


def test_a_known_elasticity_is_found_as_often_as_the_interval_says():
    entry_hits, exit_hits, found = 0, 0, []
    for seed in range(100):
        elasticities = turnover.relatedness_elasticities(*turning_world(seed, entry=2.0, exit=-0.875))
        entry_hits += elasticities.entry.low <= 2.0 <= elasticities.entry.high
        exit_hits += elasticities.exit.low <= -0.875 <= elasticities.exit.high
        found.append((elasticities.entry.elasticity, elasticities.exit.elasticity))
    # 95 of 100 with a binomial deviation of 2.2: fewer than 88 would happen once in 300 times.
    assert entry_hits >= 88 and exit_hits >= 88
    error = np.std(found, axis=0) / 10
    assert (np.abs(np.mean(found, axis=0) - (2.0, -0.875)) < 3 * error).all()


def test_elasticities_are_those_of_a_poisson_regression_with_dummies():
    before, after, density = turning_world(3, entry=2.0, exit=-0.875, regions=30, activities=20)
    region, activity = np.nonzero(~before)
    design = np.column_stack([np.log(density[~before]), np.eye(30)[region], np.eye(20)[activity]])
    happened = after[~before].astype(float)
    telling = (np.bincount(region, happened)[region] > 0) & (np.bincount(activity, happened)[activity] > 0)
    design, happened = design[telling], happened[telling]
    coefficients = np.linalg.lstsq(design, np.full(len(happened), np.log(happened.mean())), rcond=None)[0]
    for _ in range(30):
        # Iterated least squares; dummies of both kinds add up to one, and the shortest solution is as good as any.
        expected = np.exp(design @ coefficients)
        root = np.sqrt(expected)
        target = root * (np.log(expected) + (happened - expected) / expected)
        coefficients = np.linalg.lstsq(root[:, None] * design, target, rcond=None)[0]
    found = turnover.relatedness_elasticities(before, after, density).entry
    assert found.elasticity == pytest.approx(coefficients[0], rel=1e-7)
    assert (found.events, found.cells) == (happened.sum(), len(happened))


def test_the_unit_of_density_and_the_order_of_regions_do_not_matter():
    before, after, density = turning_world(4, entry=2.0, exit=-0.875)
    plain = turnover.relatedness_elasticities(before, after, density)
    order = np.random.default_rng(5).permutation(len(before))
    other = turnover.relatedness_elasticities(before[order], after[order], 100 * density[order])
    assert np.array(plain) == pytest.approx(np.array(other), rel=1e-6)


def test_ten_per_cent_more_density_is_the_power_of_the_elasticity():
    entry = turnover.relatedness_elasticities(*turning_world(6, entry=2.0, exit=-0.875)).entry
    assert entry.ten_per_cent == pytest.approx(100 * (1.1**entry.elasticity - 1))


def test_windows_are_pooled_with_effects_of_their_own():
    worlds = [turning_world(seed, entry=2.0, exit=-0.875) for seed in (7, 8)]
    single = [turnover.relatedness_elasticities(*world).entry for world in worlds]
    pooled = turnover.relatedness_elasticities(*(np.stack(parts) for parts in zip(*worlds, strict=True))).entry
    assert pooled.events == sum(one.events for one in single) and pooled.cells == sum(one.cells for one in single)
    low, high = sorted(one.elasticity for one in single)
    assert low < pooled.elasticity < high


def test_nothing_is_measured_where_nothing_happens_or_density_says_nothing():
    before = np.eye(6, dtype=bool)
    density = np.random.default_rng(10).random((6, 6))
    still = turnover.relatedness_elasticities(before, before, density)
    assert np.isnan(still.entry.elasticity) and np.isnan(still.exit.low) and still.entry.events == 0
    after = before | np.roll(before, 1, axis=1) | np.roll(before, 3, axis=1)
    assert np.isnan(turnover.relatedness_elasticities(before, after, np.full((6, 6), 0.3)).entry.elasticity)


def test_cells_related_to_nothing_are_left_out_and_counted():
    before, after, density = turning_world(11, entry=2.0, exit=-0.875)
    density[0] = 0.0
    found = turnover.relatedness_elasticities(before, after, density)
    assert found.entry.left_out == (~before[0]).sum() and found.exit.left_out == before[0].sum()
    without = turnover.relatedness_elasticities(before[1:], after[1:], density[1:])
    assert found.entry.elasticity == pytest.approx(without.entry.elasticity)
