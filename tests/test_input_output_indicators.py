"""Claims about embodied value, on textbook tables, cases solved by hand, identities and an independent package."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from redqueen.errors import Refused
from redqueen.evidence.input_output import read_input_output
from redqueen.indicators import demography
from redqueen.indicators.leontief import Leontief, distance_to_final_use, domestic_value_added_share
from redqueen.indicators.trade_in_value_added import METHODS
from redqueen.indicators.value_chain import gross_exports

SOURCE, SINK, NINE = METHODS
DOUBLE = ("domestic_double_counted", "foreign_double_counted")
VALUE = ("domestic_value_added", "foreign_value_added")
# Sums of a few hundred products of numbers near one; solving for what returns stops at 1e-10.
CLOSE = {"rel": 1e-9, "abs": 1e-8}


def table_of(coefficients, final, kept=1.0) -> Leontief:
    """Make a balanced table; value added is the part `kept` of what purchases leave, the rest other costs."""
    coefficients, final = np.asarray(coefficients, dtype=float), np.asarray(final, dtype=float)
    output = np.maximum(np.linalg.solve(np.eye(len(final)) - coefficients, final.sum(axis=1)), 0.0)
    intermediate = coefficients * output
    return Leontief(intermediate, final, kept * (output - intermediate.sum(axis=0)), output)


def inverse_of(table: Leontief) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give A, B and v / x the plain way."""
    scale = np.array([1 / x if x > 0 else 0.0 for x in table.output])
    coefficients = table.intermediate * scale
    return coefficients, np.linalg.inv(np.eye(len(scale)) - coefficients), table.value_added * scale


@st.composite
def tables(draw, least_regions=1, kept=(1.0, 0.8)):
    """Draw balanced tables: some producers idle, some demand negative, some regions closed, some costs nobody's value."""
    n_regions, n_sectors = draw(st.integers(least_regions, 4)), draw(st.integers(1, 3))
    count = n_regions * n_sectors
    bought = draw(arrays.arrays(np.int64, (count, count), elements=st.integers(0, 9))).astype(float)
    bought *= draw(st.floats(0.1, 0.95)) / np.maximum(bought.sum(axis=0), 1.0)
    final = draw(arrays.arrays(np.int64, (count, n_regions), elements=st.integers(0, 50))).astype(float)
    final[0, 0] += 1.0
    drawn_down = draw(st.integers(0, 60))
    final[0, 0] -= drawn_down
    final[0, -1] += drawn_down
    return table_of(bought, final, draw(st.sampled_from(kept)))


checked = settings(max_examples=20, deadline=None, derandomize=True)

# Two regions with one sector, each buying half of its output's worth from the other: A = [[0, 1/2], [1/2, 0]], so
# B = 4/3 [[1, 1/2], [1/2, 1]], L = 1, V = 1/2. Exports are 40 + 10 and 40 + 20.
HAND = Leontief([[0, 40], [40, 0]], [[30, 10], [20, 20]], [40, 40], [80, 80])


# Identities


@checked
@given(tables())
def test_value_added_and_other_costs_of_final_demand_add_up(table):
    by_market = table.value_added_by_market()
    assert by_market.sum(axis=1) == pytest.approx(table.value_added, **CLOSE)
    other = (table.other_costs * table.per_output) @ table.output_by_market
    assert by_market.sum(axis=0) + other == pytest.approx(table.final_demand.sum(axis=0), **CLOSE)
    assert table.value_captured().sum(axis=2).reshape(-1) == pytest.approx(table.value_added, **CLOSE)
    assert table.jobs_supported(table.output).sum() == pytest.approx(table.output.sum(), **CLOSE)


@checked
@given(tables())
def test_every_decomposition_adds_up_to_gross_exports(table):
    gross = gross_exports(table.intermediate, table.final_demand, table.n_regions)
    assert table.exports == pytest.approx(gross.transpose(1, 0, 2).reshape(table.exports.shape), **CLOSE)
    for method in METHODS:
        split = table.exports_decomposition(method)
        assert sum(split.terms.values()) == pytest.approx(split.exports, **CLOSE)
        assert split.by_region().exports == pytest.approx(gross.sum(axis=(0, 2)), **CLOSE)
        parts = sum(split.of(name) for name in (*VALUE, *DOUBLE, "other_costs"))
        assert parts == pytest.approx(split.exports, **CLOSE)


@checked
@given(tables())
def test_methods_agree_where_they_must(table):
    source, sink, nine = (table.exports_decomposition(method).by_region() for method in METHODS)
    for name in (*VALUE, *DOUBLE):
        assert source.of(name) == pytest.approx(sink.of(name), **CLOSE)
    for name in ("domestic_value_added", "domestic_double_counted", "other_costs"):
        assert source.of(name) == pytest.approx(nine.of(name), **CLOSE)
    foreign = source.of("foreign_value_added") + source.of("foreign_double_counted")
    assert foreign == pytest.approx(nine.of("foreign_value_added") + nine.of("foreign_double_counted"), **CLOSE)
    assert foreign == pytest.approx(table.vertical_specialisation().vs, **CLOSE)
    exported = table.value_added_exports().sum(axis=1)
    assert source.of("absorbed_by_importer") + source.of("absorbed_further_on") == pytest.approx(exported, **CLOSE)
    abroad = sum(nine.of(name) for name in ("final_goods", "inputs_for_importer", "inputs_for_others"))
    assert abroad == pytest.approx(exported, **CLOSE)
    returned = nine.of("returned_in_final_goods") + nine.of("returned_in_inputs")
    assert source.of("returned") == pytest.approx(returned, **CLOSE)
    share = domestic_value_added_share(table.intermediate, table.final_demand, table.value_added, table.output)
    assert source.share("domestic_value_added") == pytest.approx(share, **CLOSE, nan_ok=True)


@checked
@given(tables())
def test_what_does_not_take_part_in_longer_chains_crosses_one_border(table):
    joined, split = table.participation(), table.exports_decomposition(SOURCE)
    once = split.of("absorbed_by_importer") + split.of("other_costs")
    assert joined.backward + joined.forward + once == pytest.approx(table.exports, **CLOSE)


@checked
@given(tables(least_regions=2))
def test_origins_of_exports_are_those_of_vertical_specialisation(table):
    origin = table.sum_by_region(table.exports_by_origin())
    older = table.vertical_specialisation()
    assert origin.sum(axis=0) - np.diagonal(origin) == pytest.approx(older.vs, **CLOSE)
    assert origin.sum(axis=1) - np.diagonal(origin) == pytest.approx(older.vs1, **CLOSE)


@checked
@given(tables())
def test_lengths_meet_their_definitions(table):
    coefficients, inverse, _ = inverse_of(table)
    down = table.downstreamness()
    assert down == pytest.approx(1 + down @ coefficients, **CLOSE)
    assert table.upstreamness() == pytest.approx(distance_to_final_use(table.intermediate, table.output), **CLOSE)
    # All that is produced, over all that is added and all that is finally bought, is the same length (Fally).
    if not table.other_costs.any():
        assert down @ table.final_demand.sum(axis=1) == pytest.approx(table.upstreamness() @ table.value_added, **CLOSE)


# An independent computation: explicit inverses, one region and term at a time


@checked
@given(tables(least_regions=2))
def test_decompositions_are_those_of_the_full_inverse(table):
    a, b, v = inverse_of(table)
    n_regions, size, final = table.n_regions, table.n_sectors, table.final_demand
    block = [slice(r * size, (r + 1) * size) for r in range(n_regions)]
    local = [np.linalg.inv(np.eye(size) - a[k, k]) for k in block]
    exports = []
    for s, own in enumerate(block):
        away = [r for r in range(n_regions) if r != s]
        exports.append(sum(a[own, block[r]] @ table.output[block[r]] + final[own, r] for r in away))
    source, sink, nine = (table.exports_decomposition(method) for method in METHODS)
    for s, own in enumerate(block):
        others = [r for r in range(n_regions) if r != s]
        cut = a.copy()
        for r in others:
            cut[own, block[r]] = 0
        without = np.linalg.inv(np.eye(len(a)) - cut)
        foreign = sum(v[block[t]] @ b[block[t], own] for t in others)
        new = sum(v[block[t]] @ without[block[t], own] for t in others)
        home = v[own] @ b[own, own]
        terms = np.zeros(9)
        for r in others:
            inputs = a[own, block[r]]
            shipped = inputs @ table.output[block[r]] + final[own, r]
            ending = sum(b[block[r], block[j]] @ final[block[j], s] for j in range(n_regions))
            again = inputs @ without[block[r], own] @ exports[s]
            used = inputs @ local[r] @ final[block[r], r]
            once = v[own] @ local[s]
            expected = {
                "absorbed_by_importer": once * (final[own, r] + used),
                "returned": once * (inputs @ ending),
                "domestic_double_counted": (home - once) * shipped,
                "foreign_value_added": new * shipped,
                "foreign_double_counted": (foreign - new) * shipped,
            }
            for name, values in expected.items():
                assert source.of(name)[own, r] == pytest.approx(values, **CLOSE)
            last = {
                "domestic_value_added": home * (shipped - again),
                "domestic_double_counted": home * again,
                "foreign_value_added": foreign * (shipped - again),
                "foreign_double_counted": foreign * again,
            }
            for name, values in last.items():
                assert sink.of(name)[own, r] == pytest.approx(values, **CLOSE)
            across = v[own] @ b[own, block[r]]
            terms[0] += home @ final[own, r]
            terms[1] += across @ final[block[r], r]
            terms[2] += sum(across @ final[block[r], t] for t in others if t != r)
            terms[3] += across @ final[block[r], s]
            terms[4] += across @ a[block[r], own] @ local[s] @ final[own, s]
            terms[5] += across @ a[block[r], own] @ local[s] @ exports[s]
            terms[6] += foreign @ final[own, r]
            terms[7] += foreign @ used
            terms[8] += foreign @ inputs @ local[r] @ exports[r]
        assert [values[s] for values in list(nine.terms.values())[:9]] == pytest.approx(terms, **CLOSE)


def test_goods_that_cross_many_times_are_followed_to_the_end():
    # Nearly all output goes to and fro as inputs: what returns exceeds what was sent, and a plain series would not settle.
    generator = np.random.default_rng(3)
    away = np.kron(1 - np.eye(2), generator.uniform(0.5, 1, (6, 6)))
    table = table_of(0.97 * away / away.sum(axis=0), generator.uniform(1, 2, (12, 2)))
    a, b, _ = inverse_of(table)
    coming_back = (np.eye(6) - a[:6, :6]) @ b[:6, :6] - np.eye(6)
    assert np.abs(np.linalg.eigvals(coming_back)).max() > 10
    source, sink = (table.exports_decomposition(method).by_region() for method in (SOURCE, SINK))
    assert source.of("foreign_value_added") == pytest.approx(sink.of("foreign_value_added"), rel=1e-8)


# Limits and invariance


def test_a_closed_economy_exports_nothing_and_keeps_all_value():
    generator = np.random.default_rng(4)
    at_home = np.kron(np.eye(3), np.ones((2, 2)))
    final = generator.uniform(1, 9, (6, 3)) * np.kron(np.eye(3), np.ones((2, 1)))
    table = table_of(generator.uniform(0, 0.4, (6, 6)) * at_home, final)
    assert not table.value_added_exports().any() and not table.exports.any()
    assert table.sum_by_region(table.value_added_by_market()) == pytest.approx(np.diag(table.sum_by_region(table.value_added)))
    assert np.isnan(table.value_added_exports_ratio()).all() and np.isnan(table.participation().backward_share).all()
    for method in METHODS:
        assert all(not values.any() for values in table.exports_decomposition(method).terms.values())
    assert table.foreign_share() == pytest.approx(np.zeros(6), abs=1e-12)


@checked
@given(tables(), st.integers(1, 1000))
def test_the_unit_of_money_changes_no_share(table, factor):
    accounts = (table.intermediate, table.final_demand, table.value_added, table.output)
    scaled = Leontief(*(factor * values for values in accounts))
    for method in METHODS:
        one, other = table.exports_decomposition(method), scaled.exports_decomposition(method)
        for name in one.terms:
            assert other.share(name) == pytest.approx(one.share(name), **CLOSE, nan_ok=True)
    assert scaled.upstreamness() == pytest.approx(table.upstreamness(), **CLOSE)


@checked
@given(tables())
def test_the_order_of_regions_changes_nothing(table):
    places = np.arange(len(table.output)).reshape(table.n_regions, -1)[::-1].reshape(-1)
    turned = Leontief(
        table.intermediate[np.ix_(places, places)],
        table.final_demand[places, ::-1],
        table.value_added[places],
        table.output[places],
    )
    for method in (SOURCE, SINK):
        one, other = table.exports_decomposition(method), turned.exports_decomposition(method)
        for name, values in one.terms.items():
            assert other.of(name) == pytest.approx(values[places][:, ::-1], **CLOSE)


@checked
@given(tables())
def test_splitting_every_sector_in_two_alike_changes_no_region(table):
    def split(values, axes):
        for axis in axes:
            values = np.repeat(values, 2, axis=axis) / 2
        return values

    halves = Leontief(
        split(table.intermediate, (0, 1)),
        split(table.final_demand, (0,)),
        split(table.value_added, (0,)),
        split(table.output, (0,)),
    )
    assert halves.upstreamness() == pytest.approx(np.repeat(table.upstreamness(), 2), **CLOSE)
    assert halves.value_added_exports() == pytest.approx(table.value_added_exports(), **CLOSE)
    for method in METHODS:
        one, other = (each.exports_decomposition(method).by_region() for each in (table, halves))
        for name, values in one.terms.items():
            assert other.of(name) == pytest.approx(values, **CLOSE)


@checked
@given(tables(least_regions=3))
def test_merging_the_others_leaves_domestic_value_added_and_backward_participation(table):
    # Both need only the region's own block and its exports, whoever buys them.
    others = [np.eye(table.n_sectors)] * (table.n_regions - 1)
    group = np.zeros((2 * table.n_sectors, len(table.output)))
    group[: table.n_sectors, : table.n_sectors] = np.eye(table.n_sectors)
    group[table.n_sectors :, table.n_sectors :] = np.hstack(others)
    by_region = np.zeros((2, table.n_regions))
    by_region[0, 0] = by_region[1, 1:] = 1
    merged = Leontief(
        group @ table.intermediate @ group.T,
        group @ table.final_demand @ by_region.T,
        group @ table.value_added,
        group @ table.output,
    )
    one, other = (each.exports_decomposition(SOURCE).by_region() for each in (table, merged))
    assert other.of("domestic_value_added")[0] == pytest.approx(one.of("domestic_value_added")[0], **CLOSE)
    if not table.other_costs.any():
        one, other = (each.participation().by_region().backward[0] for each in (table, merged))
        assert other == pytest.approx(one, **CLOSE)


# The smile


def chain_of(heights):
    """Make one region's chain: each stage sells all to the next, the last to final users, with such value added per output."""
    outputs = [1.0]
    for height in heights[:0:-1]:
        outputs.insert(0, outputs[0] * (1 - height))
    # What the first stage does not add is bought from outside the table.
    output, intermediate = np.array(outputs), np.diag(outputs[:-1], 1)
    return Leontief(intermediate, (output - intermediate.sum(axis=1))[:, None], np.array(heights) * output, output)


def test_a_straight_chain_has_its_stages_in_order():
    table = chain_of([0.5, 0.4, 0.2, 0.3, 0.6])
    curve = table.smile(table.final_demand_for())
    assert curve.distance == pytest.approx([5, 4, 3, 2, 1]) and curve.height == pytest.approx([0.5, 0.4, 0.2, 0.3, 0.6])
    assert curve.value.sum() + table.other_costs.sum() == pytest.approx(1.0)


def test_the_curve_is_the_weighted_parabola():
    table = chain_of([0.5, 0.4, 0.2, 0.3, 0.6])
    curve = table.smile(table.final_demand_for())
    expected = np.polyfit(curve.distance, curve.height, 2, w=np.sqrt(curve.value))[::-1]
    assert curve.coefficients == pytest.approx(expected)
    assert curve.bottom == pytest.approx(-expected[1] / (2 * expected[2]))


def test_the_interval_is_that_of_unequal_variances():
    table = chain_of([0.5, 0.4, 0.2, 0.3, 0.25, 0.6])
    curve = table.smile(table.final_demand_for(), weighted=False)
    fit = demography.linear_fit(curve.height, curve.distance, curve.distance**2)
    assert curve.coefficients == pytest.approx(fit.coefficients)
    # The 97.5 % quantile of Student's t with three degrees of freedom is 3.1824.
    assert curve.high - curve.coefficients == pytest.approx(3.1824 * np.abs(fit.coefficients / fit.t), rel=1e-4)
    assert curve.coefficients - curve.low == pytest.approx(curve.high - curve.coefficients)


def test_a_parabola_smiles_and_a_frown_or_three_points_do_not():
    def curve(heights):
        table = chain_of(heights)
        return table.smile(table.final_demand_for())

    # Heights on 0.2 + 0.1 (d - 3)^2 for d = 5 ... 1.
    smiling = curve([0.6, 0.3, 0.2, 0.3, 0.6])
    assert smiling.coefficients == pytest.approx([1.1, -0.6, 0.1]) and smiling.bottom == pytest.approx(3)
    assert smiling.smiles
    assert not curve([0.2, 0.5, 0.6, 0.5, 0.2]).smiles
    # It curves upwards, but where nobody stands.
    assert not curve([0.6, 0.42, 0.28, 0.18, 0.12]).smiles
    assert np.isnan(curve([0.5, 0.3, 0.5]).coefficients).all() and not curve([0.5, 0.3, 0.5]).smiles


# Odd tables


def test_subsidised_producers_and_drawn_down_stocks_still_add_up():
    intermediate = np.array([[10.0, 30, 5, 0], [20, 10, 0, 15], [5, 15, 20, 10], [0, 5, 10, 5]])
    final = np.array([[40.0, -4], [8, 0], [-3, 30], [10, 20]])
    output = intermediate.sum(axis=1) + final.sum(axis=1)
    table = Leontief(intermediate, final, output - intermediate.sum(axis=0), output)
    assert table.value_added.min() < 0
    assert table.value_added_by_market().sum(axis=0) == pytest.approx(final.sum(axis=0))
    for method in METHODS:
        split = table.exports_decomposition(method)
        assert sum(split.terms.values()) == pytest.approx(split.exports)


def test_taxes_and_outside_inputs_are_told_apart_from_value_added():
    table = Leontief([[0, 40], [40, 0]], [[30, 10], [20, 20]], [32, 40], [80, 80])
    assert table.other_costs == pytest.approx([8, 0])
    # A tenth of each of the first region's output: 0.1 B[0, 0] of its own exports of 50.
    split = table.exports_decomposition(SOURCE).by_region()
    assert split.of("other_costs") == pytest.approx([0.1 * 4 / 3 * 50, 0.1 * 2 / 3 * 60])
    embodied = table.value_content @ table.final_demand.sum(axis=1)
    assert embodied.sum() + 8 == pytest.approx(80)


def test_faults_of_a_table_come_in_one_message():
    with pytest.raises(Refused) as refused:
        Leontief(np.zeros((2, 3)), np.zeros((2, 0)), np.zeros(3), np.zeros(2))
    assert {fault.field for fault in refused.value.faults} == {"intermediate", "value_added", "final_demand"}
    with pytest.raises(Refused, match="not finite"):
        Leontief([[0, np.nan], [0, 0]], [[1], [1]], [1, 1], [1, 1])
    with pytest.raises(Refused, match="negative"):
        Leontief(np.zeros((2, 2)), [[1], [-1]], [1, -1], [1, -1])
    with pytest.raises(Refused, match="miss output by 100"):
        Leontief(np.zeros((2, 2)), [[100], [100]], [100, 100], [100, 200])
    with pytest.raises(Refused, match="without output buy"):
        Leontief([[0, 1], [0, 0]], [[0], [0]], [1, 0], [1, 0])


def test_producers_that_sell_only_to_each_other_are_refused():
    table = Leontief([[0, 5, 0], [5, 0, 0], [0, 0, 0]], [[0], [0], [7]], [0, 0, 7], [5, 5, 7])
    with pytest.raises(Refused, match="only to each other"):
        table.output_multipliers()


def test_unknown_names_are_refused_with_those_that_exist():
    with pytest.raises(Refused, match="koopman-wang-wei"):
        HAND.exports_decomposition("koopman")
    with pytest.raises(Refused, match="did you mean 'returned'"):
        HAND.exports_decomposition().of("return")
    with pytest.raises(Refused, match="region, partner, producer"):
        HAND.value_added_exports_ratio("sector")
    with pytest.raises(Refused, match="the last is 1"):
        HAND.final_demand_for(finished_in=[2])
    with pytest.raises(Refused, match="2 producers"):
        HAND.requirements([1, 2, 3])
    with pytest.raises(Refused, match="negative jobs"):
        HAND.jobs_supported([1, -1])
    with pytest.raises(Refused, match="nothing is bought"):
        HAND.smile(np.zeros(2))
    with pytest.raises(Refused, match="where final users are"):
        Leontief.of(SimpleNamespace(final_demand=None))


# An independent package


def test_pymrio_says_the_same():
    pd, pymrio = pytest.importorskip("pandas"), pytest.importorskip("pymrio")
    generator = np.random.default_rng(7)
    n_regions, n_sectors = 4, 5
    count = n_regions * n_sectors
    coefficients = generator.uniform(0, 1, (count, count))
    table = table_of(0.6 * coefficients / coefficients.sum(axis=0), generator.uniform(0, 50, (count, n_regions)))
    regions, sectors = [f"r{i}" for i in range(n_regions)], [f"s{i}" for i in range(n_sectors)]
    producers = pd.MultiIndex.from_product([regions, sectors], names=["region", "sector"])
    buyers = pd.MultiIndex.from_product([regions, ["final"]], names=["region", "category"])
    added = pd.DataFrame(np.kron(np.eye(n_regions), np.ones(n_sectors)) * table.value_added, index=regions, columns=producers)
    added.index.name = "stressor"
    system = pymrio.IOSystem(
        Z=pd.DataFrame(table.intermediate, producers, producers),
        Y=pd.DataFrame(table.final_demand, producers, buyers),
        added={"name": "added", "F": added},
    )
    system.calc_all()
    close = {"rel": 1e-8, "abs": 1e-8}
    assert table.requirements(np.eye(count)) == pytest.approx(system.L.to_numpy(), **close)
    assert table.output_multipliers() == pytest.approx(system.L.to_numpy().sum(axis=0), **close)
    assert table.value_content == pytest.approx(system.added.M.to_numpy(), **close)
    by_market = table.sum_by_region(table.value_added_by_market())
    assert by_market == pytest.approx(system.added.D_cba_reg.to_numpy(), **close)
    trade = system.get_gross_trade()
    assert table.exports == pytest.approx(trade.bilat_flows.to_numpy(), **close)
    # pymrio calls exports what value added of each region is in the other regions' final use.
    exported = table.value_added_exports().sum(axis=1)
    assert exported == pytest.approx(np.diagonal(system.added.D_exp_reg.to_numpy()), **close)


# Real trade


@pytest.fixture(scope="module")
def wiod(data_directory):
    read = read_input_output(data_directory / "wiod" / "full_2005.parquet")
    return read, Leontief.of(read)


def test_world_accounts_close(wiod):
    _, table = wiod
    assert table.value_added_by_market().sum() == pytest.approx(table.value_added.sum())
    for method in METHODS:
        split = table.exports_decomposition(method)
        # WIOD's cells are whole millions.
        assert sum(split.terms.values()) == pytest.approx(split.exports, abs=1e-3)


def test_a_german_car_is_as_foreign_as_published(data_directory):
    # Timmer et al. 2014, table 1: in 1995 79 % of the value of final German transport equipment was German.
    read = read_input_output(data_directory / "wiod" / "full_1995.parquet")
    table = Leontief.of(read)
    assert table.foreign_share()[read.position("DEU", "c15")] == pytest.approx(0.21, abs=0.005)
    # One producer of this table made -1 million, of stocks; it counts as idle.
    assert table.output.min() < 0 and not table.per_output[table.output < 0].any()


def test_world_value_added_exports_are_as_published(wiod):
    # Johnson and Noguera 2012: 73 % of gross exports in 2004, from another database.
    _, table = wiod
    assert table.value_added_exports().sum() / table.exports.sum() == pytest.approx(0.73, abs=0.01)


def test_chinese_electronics_hold_more_foreign_value_than_chinese_exports_do(wiod):
    # Koopman et al. 2012: assembly of electronics keeps least at home; without its processing trade WIOD says 70-80 % in all.
    read, table = wiod
    china, electronics = read.regions.index("CHN"), read.position("CHN", "c14")
    joined = table.participation()
    everything = joined.by_region().backward_share[china]
    assert 0.2 < everything < 0.3 < joined.by_producer().backward_share[electronics]


def test_double_counting_of_foreign_value_is_smaller_than_the_nine_terms_make_it(wiod):
    # Borin and Mancini 2019: most of what Koopman et al. call double counted foreign value is counted once by the exporter.
    _, table = wiod
    source, nine = (table.exports_decomposition(method).by_region() for method in (SOURCE, NINE))
    assert (source.of("foreign_double_counted") < nine.of("foreign_double_counted")).all()
