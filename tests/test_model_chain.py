"""What is sold is made and paid for: units, pools and the input-output table of one quarter, firm by firm."""

import numpy
import pytest
from worlds import toy

from redqueen.model.rules.census import take_census
from redqueen.model.rules.costs import measure_effort, price_units
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.market import clear_markets
from redqueen.model.rules.sourcing import choose_suppliers, drop_lost_suppliers
from redqueen.model.rules.supply import supply_chain
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, use_instruments

CLOSE = {"rel": 1e-12}
LEAST_MARGIN = 0.06


@pytest.fixture(scope="module")
def sold():
    """Give a burnt-in state in the middle of a quarter: goods are made and paid for, books are still open."""
    state = burn_in(toy(tariff=0.1, parameters={"margin_least": LEAST_MARGIN}), seed=8)
    schedule = Schedule.empty(1, 3)
    schedule.set("embargo", 2, 0, 1, 1.0)
    use_instruments(state, schedule, 0)
    state.reset_outcomes()
    take_census(state)
    change_environment(state)
    measure_effort(state)
    price_units(state)
    choose_suppliers(state)
    take_census(state)
    drop_lost_suppliers(state)
    price_units(state)
    clear_markets(state)
    supply_chain(state)
    return state


def test_pool_shares_sum_to_one_in_every_bloc(sold):
    arrays = sold.arrays
    for stage in range(sold.n_stages):
        does = (arrays["alive"] == 1) & ((arrays["stages"] >> numpy.uint64(stage)) & numpy.uint64(1) == 1)
        bloc = arrays["bloc_of"][arrays["region_of"]]
        for number in numpy.unique(bloc[does]):
            members = numpy.flatnonzero(does & (bloc == number))
            share = arrays["pool_choice_weight"][members, stage] / arrays["pool_weight"][number, stage]
            assert share.sum() == pytest.approx(1.0, **CLOSE)
            price = (share * arrays["unit_cost"][members, stage]).sum() * (1.0 + 2.0 * LEAST_MARGIN)
            assert arrays["pool_price"][number, stage] == pytest.approx(price, **CLOSE)
            assert arrays["pool_quality"][number, stage] == pytest.approx(
                (share * arrays["quality"][members, stage]).sum(), rel=1e-9
            )


def test_sales_in_all_markets_are_the_products_sales(sold):
    arrays, on_sale = sold.arrays, sold.arrays["product_firm"] >= 0
    sales = arrays["product_sales"][on_sale]
    assert arrays["market_sales"][on_sale].sum(axis=1) == pytest.approx(sales, **CLOSE)
    assert arrays["final_sales"].sum() == pytest.approx(sales.sum(), **CLOSE)
    assert (arrays["product_units"] * arrays["product_price"])[on_sale] == pytest.approx(sales, **CLOSE)
    assert arrays["final_sales"].sum(axis=(0, 1)) + arrays["shipping_paid"] + arrays["tariff_paid"] == pytest.approx(
        arrays["outlay"], **CLOSE
    )


def test_output_of_every_region_and_stage_is_what_was_bought_of_it(sold):
    """What a stage earned = sales to other firms + sales to buyers + what its own firms used, at cost.

    Sales to other firms are a row of the input-output table.
    """
    arrays = sold.arrays
    earned = numpy.zeros((3, sold.n_stages))
    numpy.add.at(earned, arrays["region_of"], arrays["stage_revenue"] * arrays["alive"][:, None])
    used = numpy.zeros_like(earned)
    for firm in numpy.flatnonzero(arrays["alive"]):
        for stage, cost in own_use(sold, firm).items():
            used[arrays["region_of"][firm], stage] += cost
    bought = arrays["flows"].sum(axis=(2, 3))
    bought[:, 5] += arrays["final_sales"].sum(axis=(1, 2))
    assert earned - used == pytest.approx(bought, rel=1e-9, abs=1e-9)


def test_purchases_of_every_region_are_what_was_sold_to_it(sold):
    """A column of the input-output table and the supplier outside = what the region's firms paid."""
    arrays = sold.arrays
    paid = numpy.bincount(arrays["region_of"], arrays["purchases"] * arrays["alive"], 3)
    assert arrays["flows"].sum(axis=(0, 1, 3)) + arrays["outside_paid"] == pytest.approx(paid, **CLOSE)


def test_a_unit_of_a_product_is_a_unit_of_every_stage(sold):
    arrays = sold.arrays
    sold_units = arrays["product_units"][arrays["product_firm"] >= 0].sum()
    assert arrays["product_orders"] == pytest.approx(numpy.full(6, sold_units), **CLOSE)
    made = (arrays["units"] * arrays["alive"][:, None]).sum(axis=0) + arrays["outside_units"]
    assert made == pytest.approx(arrays["product_orders"] + arrays["input_orders"], **CLOSE)
    assert arrays["input_orders"][1] == pytest.approx(0.3 * (made - arrays["outside_units"])[2], **CLOSE)
    assert arrays["input_orders"][2] == pytest.approx(0.2 * (made - arrays["outside_units"])[3], **CLOSE)


def own_use(state, firm):
    """Give what a firm's stages made for the firm's own product and stages, at cost."""
    arrays, used = state.arrays, {}
    product = arrays["product_of"][firm]
    for stage in range(state.n_stages):
        made = 0.0
        if product >= 0 and stage != 5 and arrays["supplier"][product, stage] == firm:
            made += arrays["product_units"][product]
        for buyer in numpy.flatnonzero(arrays["input_stage"] == stage):
            does_both = all(int(arrays["stages"][firm]) >> int(one) & 1 for one in (stage, buyer))
            made += arrays["input_units"][buyer] * arrays["units"][firm, buyer] if does_both else 0.0
        if made > 0.0:
            used[stage] = made * arrays["unit_cost"][firm, stage]
    return used
