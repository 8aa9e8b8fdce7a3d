"""Costs, prices, margins and market shares against figures worked out by hand."""

import numpy
import pytest
from worlds import toy

from redqueen.model.founding import found
from redqueen.model.rules.census import take_census
from redqueen.model.rules.costs import measure_effort, price_units
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.market import clear_markets
from redqueen.model.rules.sourcing import choose_suppliers
from redqueen.model.rules.supply import supply_chain
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments

CLOSE = {"rel": 1e-12}
#: The assumptions behind the figures below: other defaults change nothing here.
ASSUMED = {
    "frontier_quality_taste": 6.0, "value_quality_taste": 2.5, "frontier_price_elasticity": 3.0, "value_price_elasticity": 4.5,
    "largest_share": 0.6, "industry_share": 0.6, "reference_speed": 0.02, "brand_effect": 0.25, "brand_scale": 10.0,
    "trade_cost": 0.08, "foreign_unease": 0.4, "champion_protection": 0.5, "local_spending": 0.15, "margin_least": 0.06,
    "interface_cost": 0.35, "pool_interface": 1.2, "flexibility_eases": 0.6, "pool_choice": 2.5, "pool_price_weight": 0.25,
}


def duopoly(cheap=1.0, dear=1.1, quality=(0.3, 0.3), **parameters):
    """Give a state in which one lead firm buys components from the cheaper of two suppliers and knows both.

    No interfaces, no part for the pool, no match; the least margin of 0.2 keeps the pool (cost x 1.4) dearer than both.
    """
    plain = ASSUMED | {
        "pool_share": 0.0, "interface_cost": 0.0, "match_spread": 0.0, "scan": 0.0, "take_back": 0.0,
        "margin_least": 0.2, "margin_most": 2.0, "margin_speed": 1.0, "bargaining": 1.0,
    }
    world = toy(
        regions=1, stages=("components", "brand"), first_firms=[[2, 1]], integrated_share=0.0, parameters=plain | parameters
    )
    state = found(world, seed=1)
    arrays = state.arrays
    arrays["quality"][:2, 0] = quality
    take_census(state)
    measure_effort(state)
    arrays["unit_effort"][:2, 0] *= numpy.array([cheap, dear]) / plain_costs(state)
    price_units(state)
    assert arrays["unit_cost"][:2, 0] == pytest.approx([cheap, dear], **CLOSE)
    arrays["contact"][2, :2] = [0, 1]
    arrays["supplier"][0, 0] = 0
    arrays["margin"][0, 0] = state.parameters.margin_least
    return state


def plain_costs(state):
    price_units(state)
    return state.arrays["unit_cost"][:2, 0].copy()


def test_with_all_the_power_a_supplier_charges_the_second_price():
    """Equal in quality, the cheaper supplier's price is the cost of the next best at the least margin."""
    state = duopoly()
    choose_suppliers(state)
    assert state.arrays["supplier"][0, 0] == 0
    assert 1.0 * (1.0 + state.arrays["margin"][0, 0]) == pytest.approx(1.1 * 1.2, **CLOSE)


def test_half_the_power_takes_half_the_advantage():
    state = duopoly(bargaining=0.5)
    choose_suppliers(state)
    assert 1.0 + state.arrays["margin"][0, 0] == pytest.approx(0.5 * 1.2 + 0.5 * 1.1 * 1.2, **CLOSE)


def test_without_power_a_supplier_earns_the_least_margin():
    state = duopoly(bargaining=0.0)
    choose_suppliers(state)
    assert state.arrays["margin"][0, 0] == pytest.approx(0.2, **CLOSE)


def test_margins_stop_at_the_most():
    state = duopoly(margin_most=0.25)
    choose_suppliers(state)
    assert state.arrays["margin"][0, 0] == pytest.approx(0.25, **CLOSE)


def test_margins_move_part_of_the_way():
    state = duopoly(margin_speed=0.5)
    choose_suppliers(state)
    assert state.arrays["margin"][0, 0] == pytest.approx(0.2 + 0.5 * (1.1 * 1.2 - 1.0 - 0.2), **CLOSE)


def test_a_monopolist_is_held_by_the_pool():
    """Alone, it competes with what it sells on the pool: its cost and twice the least margin."""
    state = duopoly()
    state.arrays["alive"][1] = 0
    state.arrays["contact"][2, 1] = -1
    take_census(state)
    price_units(state)
    choose_suppliers(state)
    assert 1.0 + state.arrays["margin"][0, 0] == pytest.approx(1.4, **CLOSE)


def test_quality_earns_a_margin_as_cost_does():
    """At equal cost the better supplier's gain = (exp(taste w dq / elasticity) - 1)(rest + cost at the least margin).

    A least margin of 1 keeps the pool, at three times the cost, out of it.
    """
    state = duopoly(cheap=1.0, dear=1.0, quality=(0.4, 0.3), margin_least=1.0, margin_most=9.0)
    choose_suppliers(state)
    taste, elasticity = 0.5 * (6.0 + 2.5), 0.5 * (3.0 + 4.5)
    rest = state.arrays["unit_cost"][2, 1]
    gain = (numpy.exp(taste * state.arrays["quality_weight"][0] * 0.1 / elasticity) - 1.0) * (rest + 2.0)
    assert state.arrays["margin"][0, 0] == pytest.approx(1.0 + gain, rel=1e-9)


def test_a_cheaper_supplier_gets_the_order_at_the_least_margin():
    state = duopoly()
    state.arrays["supplier"][0, 0] = 1
    state.arrays["margin"][0, 0] = 0.5
    state.arrays["trust"][0, 0] = 0.4
    choose_suppliers(state)
    assert state.arrays["supplier"][0, 0] == 0
    assert (state.arrays["margin"][0, 0], state.arrays["trust"][0, 0]) == (0.2, 0.0)


def test_a_small_gain_is_not_worth_the_change():
    """Below the threshold a lead firm stays; just above it goes."""
    for threshold, supplier in ((1.0, 1), (0.0, 0)):
        state = duopoly(switching_threshold=threshold)
        state.arrays["supplier"][0, 0] = 1
        choose_suppliers(state)
        assert state.arrays["supplier"][0, 0] == supplier


def test_better_and_cheaper_suppliers_get_more_of_the_pool():
    """Two suppliers alike but for cost: shares are in the ratio of costs to the power -choice x price weight x elasticity."""
    state = duopoly(cheap=1.0, dear=1.3)
    weights = state.arrays["pool_choice_weight"][:2, 0]
    assert weights[1] / weights[0] == pytest.approx(1.3 ** -(2.5 * 0.25 * 0.5 * (3.0 + 4.5)), rel=1e-9)


def test_an_interface_costs_what_it_should():
    """i = interface cost x (1 - modularity) x (1 + distance) x (1 - trust) x (1 - eased x flexibility), on the price paid."""
    world = toy(
        regions=2, stages=("components", "brand"), first_firms=[[0, 1], [1, 0]], integrated_share=0.0,
        distance=[[0.0, 0.5], [0.5, 0.0]],
        modularity=(0.4, 0.4, 0.0), parameters=ASSUMED | {"pool_share": 0.0},
    )
    state = found(world, seed=1)
    take_census(state)
    change_environment(state)
    lead, supplier = 0, 1
    state.arrays["supplier"][0, 0] = supplier
    state.arrays["trust"][0, 0] = 0.3
    state.arrays["margin"][0, 0] = 0.1
    state.arrays["flexibility"][supplier, 0] = 0.5
    measure_effort(state)
    price_units(state)
    clear_markets(state)
    share = 0.35 * 0.6 * 1.5 * 0.7 * (1.0 - 0.6 * 0.5)
    bought = state.arrays["unit_cost"][supplier, 0] * 1.1
    assert state.arrays["product_cost"][0] == pytest.approx(state.arrays["unit_cost"][lead, 1] + bought * (1.0 + share), **CLOSE)
    supply_chain(state)
    assert state.arrays["coordination"][lead] == pytest.approx(state.arrays["product_units"][0] * bought * share, **CLOSE)


def test_an_input_is_paid_for_with_its_interface():
    """unit cost = (labour + materials) x effort + input units x price of the input x (1 + interface)."""
    world = toy(
        regions=1, stages=("components", "fabrication", "brand"), first_firms=[[1, 1, 1]], integrated_share=0.0,
        modularity=(0.4, 0.4, 0.0),
        parameters=ASSUMED,
    )
    state = found(world, seed=1)
    take_census(state)
    change_environment(state)
    measure_effort(state)
    price_units(state)
    arrays = state.arrays
    components, fabrication = arrays["unit_cost"][0, 0], arrays["unit_cost"][1, 1]
    effort = arrays["unit_effort"]
    assert components == pytest.approx(((0.65 * 1.0 + 0.35 * 2.0) * 0.2 + 0.25) * effort[0, 0], **CLOSE)
    pool = components * 1.12 * (1.0 + 0.35 * 0.6 * 1.2)
    assert fabrication == pytest.approx(((0.8 * 1.0 + 0.2 * 2.0) * 0.25 + 0.25) * effort[1, 1] + 0.3 * pool, **CLOSE)


@pytest.fixture
def market():
    """Give a state with two products of different cost, quality, brand and home in two markets with a tariff, priced and sold.

    One stage, so that a product costs what its brand stage costs.
    """
    world = toy(
        regions=2, stages=("brand",), first_firms=1.0, distance=[[0.0, 0.7], [0.7, 0.0]], tariff=[0.0, 0.25],
        frontier_market=[100.0, 40.0], value_market=[60.0, 80.0], market_growth=0.005, burn_in=0, parameters=ASSUMED,
    )
    state = found(world, seed=1)
    take_census(state)
    arrays = state.arrays
    arrays["quality"][:2, 0] = [0.2, -0.1]
    arrays["brand"][:2] = [[30.0, 5.0], [0.0, 20.0]]
    arrays["fit"][:2] = [0.3, 0.1]
    arrays["frontier_share"][:2] = [0.8, 0.25]
    arrays["largest_share_of"][:2] = [0.35, 0.9]
    arrays["spending_income"][:] = [200.0, 50.0]
    arrays["unit_cost"][:2, 0] = [1.7, 0.6]
    clear_markets(state)
    return state


def test_price_is_cost_and_the_markup_of_a_firm_with_its_share(market):
    """price = cost (1 + s) / s with s = elasticity x (1 - own largest share), the share capped at 0.6."""
    for product, (cost, share, frontier) in enumerate(((1.7, 0.35, 0.8), (0.6, 0.6, 0.25))):
        steepness = (frontier * 3.0 + (1.0 - frontier) * 4.5) * (1.0 - share)
        assert market.arrays["product_cost"][product] == pytest.approx(cost, **CLOSE)
        assert market.arrays["product_price"][product] == pytest.approx(cost * (1.0 + steepness) / steepness, **CLOSE)


def test_sales_are_logit_shares_of_a_budget(market):
    """Every market and segment by hand, in another order than the model's."""
    arrays = market.arrays
    price, quality = arrays["product_price"][:2], numpy.array([0.2, -0.1])
    distance = numpy.array([[0.0, 0.7], [0.7, 0.0]])
    tariff = numpy.array([[0.0, 0.25], [0.0, 0.0]])  # maker, market
    brand, fit = numpy.array([[30.0, 5.0], [0.0, 20.0]]), numpy.array([0.3, 0.1])
    sales, units = numpy.zeros((2, 2)), numpy.zeros(2)
    for place in (0, 1):
        given = {"frontier": (100.0, 40.0)[place], "value": (60.0, 80.0)[place]}
        spent = {name: money + 0.15 * (200.0, 50.0)[place] * money / sum(given.values()) for name, money in given.items()}
        for name, taste, elasticity in (("frontier", 6.0, 3.0), ("value", 2.5, 4.5)):
            delivered = price * (1.0 + 0.08 * distance[:, place]) * (1.0 + tariff[:, place])
            worth = taste * quality - elasticity * numpy.log(delivered) - 0.4 * distance[:, place] + 0.25 * numpy.log(
                1.0 + brand[:, place] / 10.0
            )
            worth[place] += fit[place]
            share = numpy.exp(worth) / numpy.exp(worth).sum()
            # In the first quarter offers are what buyers are used to: the industry gets its normal share.
            sold = spent[name] * 0.6 * share / (1.0 + tariff[:, place]) / (1.0 + 0.08 * distance[:, place])
            sales[:, place] += sold
            units += sold / price
    assert arrays["market_sales"][:2] == pytest.approx(sales, rel=1e-9)
    assert arrays["product_units"][:2] == pytest.approx(units, rel=1e-9)


def test_what_buyers_spend_is_shipping_tariffs_and_sales(market):
    arrays = market.arrays
    potential = numpy.array([160.0, 120.0]) + 0.15 * numpy.array([200.0, 50.0])
    assert arrays["outlay"] == pytest.approx(potential * 0.6, **CLOSE)
    from_abroad = numpy.array([arrays["market_sales"][1, 0], arrays["market_sales"][0, 1]])
    shipping = from_abroad * 0.08 * 0.7
    assert arrays["shipping_paid"] == pytest.approx(shipping, **CLOSE)
    assert arrays["tariff_paid"] == pytest.approx((from_abroad + shipping) * [0.0, 0.25], **CLOSE)
    assert arrays["outlay"] == pytest.approx(
        arrays["market_sales"][:2].sum(axis=0) + arrays["shipping_paid"] + arrays["tariff_paid"], **CLOSE
    )


def test_a_better_offer_than_buyers_are_used_to_wins_budget(market):
    """Odds of the industry = normal odds x exp(surprise); what buyers are used to moves by the reference speed."""
    market.arrays["reference"][...] -= 0.5
    used_to = market.arrays["reference"].copy()
    market.reset_outcomes()
    market.quarter = 1
    market.arrays["largest_share_of"][:2] = [0.35, 0.9]
    market.arrays["frontier_share"][:2] = [0.8, 0.25]
    clear_markets(market)
    odds = 0.6 / 0.4 * numpy.exp(0.5)
    assert market.arrays["reference"] - used_to == pytest.approx(0.02 * 0.5, rel=1e-9)
    potential = numpy.array([160.0, 120.0]) * numpy.exp(0.005) + 0.15 * numpy.array([200.0, 50.0])
    assert market.arrays["outlay"] == pytest.approx(potential * odds / (1.0 + odds), rel=1e-9)


def test_free_trade_takes_the_tariff_off_and_says_what_it_cost(market):
    paid = market.arrays["tariff_paid"][1]
    assert paid > 0.0 and market.arrays["tariff_forgone"][1] == 0.0
    schedule = Schedule.empty(1, 2)
    schedule.set("free_trade", 1, 0, 1, 1.0)
    use_instruments(market, schedule, 0)
    market.reset_outcomes()
    clear_markets(market)
    assert market.arrays["tariff_paid"][1] == 0.0
    landed = market.arrays["market_sales"][0, 1] * (1.0 + 0.08 * 0.7)
    assert market.arrays["tariff_forgone"][1] == pytest.approx(0.25 * landed, **CLOSE)


@pytest.mark.parametrize(("instrument", "dose", "gained"), [("indigenous_standard", 0.7, 0.7), ("national_champion", 1.0, 0.5)])
def test_what_favours_a_local_product_counts_at_home_alone(market, instrument, dose, gained):
    """Odds of the local against the foreign product rise by exp(gain) at home, segment by segment, and stay as they are abroad."""
    states = []
    for use in (0.0, dose):
        state = market.copy()
        schedule = Schedule.empty(1, 2)
        schedule.set(instrument, 0, 0, 1, use)
        use_instruments(state, schedule, 0)
        state.arrays["champion"][0] = 0 if instrument == "national_champion" and use else -1
        state.arrays["value_market"][:] = 0.0
        state.arrays["largest_share_of"][:2], state.arrays["frontier_share"][:2] = [0.35, 0.9], [0.8, 0.25]
        state.reset_outcomes()
        clear_markets(state)
        states.append(state.arrays["market_sales"][:2])
    odds = [sales[0] / sales[1] for sales in states]
    assert odds[1] / odds[0] == pytest.approx([numpy.exp(gained), 1.0], rel=1e-9)


@pytest.mark.parametrize("dose", [-1.0, 0.5])
def test_a_home_market_can_be_closed_or_enlarged(market, dose):
    """What buyers bring from elsewhere grows by the share; what local incomes add stays."""
    schedule = Schedule.empty(1, 2)
    schedule.set("home_market", 1, 0, 1, dose)
    use_instruments(market, schedule, 0)
    market.reset_outcomes()
    market.arrays["reference"][...], market.arrays["served"][...] = 0.0, 0
    clear_markets(market)
    assert market.arrays["outlay"][1] == pytest.approx(0.6 * (120.0 * (1.0 + dose) + 0.15 * 50.0), **CLOSE)


def test_the_price_index_weighs_delivered_prices_at_constant_quality(market):
    """ln index = sum of spending x (ln delivered price - taste / elasticity x quality) / spending.

    For a market of frontier buyers alone.
    """
    market.arrays["value_market"][:] = 0.0
    market.arrays["largest_share_of"][:2], market.arrays["frontier_share"][:2] = [0.35, 0.9], [0.8, 0.25]
    market.reset_outcomes()
    clear_markets(market)
    arrays = market.arrays
    for place in (0, 1):
        delivered = arrays["product_price"][:2].copy()
        delivered[1 - place] *= 1.0 + 0.08 * 0.7
        delivered[0] *= 1.25 if place == 1 else 1.0
        spent = arrays["market_sales"][:2, place] * delivered / arrays["product_price"][:2]
        index = (spent * (numpy.log(delivered) - 6.0 / 3.0 * numpy.array([0.2, -0.1]))).sum() / spent.sum()
        assert numpy.log(arrays["price_index"][place]) == pytest.approx(index, rel=1e-9)
    assert arrays["quality_sold"] == pytest.approx([0.2, -0.1], **CLOSE)
