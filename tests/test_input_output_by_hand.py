"""Embodied value on textbook tables and on two regions by hand."""

import numpy as np
import pytest

from redqueen.indicators.leontief import Leontief
from redqueen.indicators.trade_in_value_added import METHODS

SOURCE, SINK, NINE = METHODS

# Two regions with one sector, each buying half of its output's worth from the other: A = [[0, 1/2], [1/2, 0]], so
# B = 4/3 [[1, 1/2], [1/2, 1]], L = 1, V = 1/2. Exports are 40 + 10 and 40 + 20.
HAND = Leontief([[0, 40], [40, 0]], [[30, 10], [20, 20]], [40, 40], [80, 80])


# Textbook tables


def test_requirements_are_those_of_miller_and_blair():
    # Section 2.3: final demand goes to 600 and 1500.
    table = Leontief([[150, 500], [200, 100]], [[350], [1700]], [650, 1400], [1000, 2000])
    assert table.requirements(np.eye(2)) == pytest.approx(np.array([[1.2541, 0.3300], [0.2640, 1.1221]]), abs=5e-5)
    assert table.requirements([600, 1500]) == pytest.approx([1247.5, 1841.6], abs=0.05)
    assert table.output_multipliers() == pytest.approx([1.518, 1.452], abs=5e-4)


def test_interregional_requirements_are_those_of_miller_and_blair():
    # Section 3.3: three sectors in the first region and two in the second, which gets an idle third.
    flows = [[150, 500, 50, 25, 75], [200, 100, 400, 200, 100], [300, 500, 50, 60, 40], [75, 100, 60, 200, 250]]
    flows.append([50, 25, 25, 150, 100])
    output = np.array([1000.0, 2000, 1000, 1200, 800])
    intermediate = np.zeros((6, 6))
    intermediate[:5, :5] = flows
    final = output - intermediate[:5].sum(axis=1)[:5]
    demand = np.zeros((6, 2))
    demand[:3, 0], demand[3:5, 1] = final[:3], final[3:]
    output = np.append(output, 0.0)
    table = Leontief(intermediate, demand, output - intermediate.sum(axis=0), output)
    expected = [
        [1.4234, 0.4652, 0.2909, 0.1917, 0.3041],
        [0.6346, 1.4237, 0.6707, 0.4092, 0.4558],
        [0.6383, 0.5369, 1.3363, 0.2501, 0.3108],
        [0.2672, 0.2000, 0.1973, 1.3406, 0.5473],
        [0.1468, 0.0908, 0.0926, 0.2155, 1.2538],
    ]
    assert table.requirements(np.eye(6))[:5, :5] == pytest.approx(np.array(expected), abs=6e-5)
    assert table.requirements([100, 0, 0, 0, 0, 0]) == pytest.approx([142.34, 63.46, 63.83, 26.72, 14.68, 0], abs=0.006)


# Two regions by hand


def test_value_added_exports_by_hand():
    # 1/2 (4/3 x 10 + 2/3 x 20) and 1/2 (2/3 x 30 + 4/3 x 20).
    assert HAND.value_added_exports() == pytest.approx(np.array([[0, 40 / 3], [70 / 3, 0]]))
    assert HAND.value_added_exports_ratio() == pytest.approx([40 / 150, 70 / 180])
    assert HAND.value_added_exports_ratio("partner")[0, 1] == pytest.approx(40 / 150)
    assert HAND.value_added_exports_ratio("producer") == pytest.approx([40 / 150, 70 / 180])


def test_the_nine_terms_of_koopman_wang_and_wei_by_hand():
    terms = HAND.exports_decomposition(NINE).terms
    first = [values[0] for values in terms.values()]
    assert first == pytest.approx([20 / 3, 20 / 3, 0, 20 / 3, 5, 25 / 3, 10 / 3, 10 / 3, 10, 0], abs=1e-12)


def test_the_terms_of_borin_and_mancini_by_hand():
    terms = {name: values[0, 1] for name, values in HAND.exports_decomposition(SOURCE).terms.items()}
    assert terms == pytest.approx(
        {
            "absorbed_by_importer": 10,  # 1/2 (10 + 1/2 x 20)
            "absorbed_further_on": 25 - 10 - 35 / 3,
            "returned": 35 / 3,  # 1/2 (4/3 x 30 + 2/3 x 20) - 1/2 x 30
            "domestic_double_counted": 25 / 3,  # (2/3 - 1/2) 50
            "foreign_value_added": 12.5,  # 1/3 of 50, of which B* leaves 3/4
            "foreign_double_counted": 25 / 6,
            "other_costs": 0,
        },
        abs=1e-12,
    )


def test_participation_by_hand():
    joined = HAND.participation().by_region()
    assert joined.backward == pytest.approx([25, 30])
    assert joined.forward == pytest.approx([15, 12.5])  # 1/2 x 1/2 of the other's exports
    assert joined.backward_share == pytest.approx([0.5, 0.5])
    assert HAND.participation().by_producer().forward_share == pytest.approx([0.3, 12.5 / 60])
    older = HAND.vertical_specialisation()
    assert older.vs == pytest.approx([50 / 3, 20]) and older.vs1 == pytest.approx([20, 50 / 3])


def test_lengths_by_hand():
    assert HAND.upstreamness() == pytest.approx([2, 2]) and HAND.downstreamness() == pytest.approx([2, 2])
    assert HAND.final_use_share() == pytest.approx([0.5, 0.5])


def test_value_and_jobs_of_a_product_by_hand():
    # A unit of the first region's final product holds 2/3 of its own value added and 1/3 of the other's.
    assert HAND.value_content == pytest.approx(np.array([[2 / 3, 1 / 3], [1 / 3, 2 / 3]]))
    product = HAND.final_demand_for(sectors=[0], finished_in=[0])
    assert product == pytest.approx([40, 0])
    assert HAND.value_captured(product) == pytest.approx(np.array([[80 / 3], [40 / 3]]))
    assert HAND.final_demand_for(bought_in=[1]) == pytest.approx([10, 20])
    assert HAND.foreign_share() == pytest.approx([1 / 3, 1 / 3])
    # One person for 8 of output in the first region, for 4 in the second: 40 x 4/3 / 8 and 40 x 2/3 / 4.
    assert HAND.jobs_supported([10, 20], product) == pytest.approx(np.array([[20 / 3], [20 / 3]]))
