"""Price products and clear every market: region by region, industry by industry, frontier and value buyers."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import elementary
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import sourcing
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import elementary
    from redqueen.model import kinds
    from redqueen.model.rules import sourcing
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def clear_markets(state: State) -> cython.void:
    """Set prices and sales of the quarter.

    price = cost (1 + a (1 - s)) / (a (1 - s)) with elasticity a and own largest share s. Buyers of a segment spend on
    products in proportion to exp(u), u = taste x quality - elasticity x ln(delivered price) - unease x distance
    + brand effect x ln(1 + brand / scale) + home advantages. Spending is conserved: sales are shares of a budget that is
    fixed by the segment's size, households' income and how the offer compares with what buyers are used to.
    """
    price_products(state)
    for region in range(state.n_regions):
        for industry in range(state.n_industries):
            for segment in range(state.n_segments):
                clear_segment(state, region, industry, segment)
    finish_sales(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def price_products(state: State) -> cython.void:
    for product in range(state.n_products):
        lead = state.product_firm[product]
        if lead < 0:
            continue
        industry = state.product_industry[product]
        cost = 0.0
        quality = 0.0
        for stage in range(state.n_stages):
            if state.industry_of[stage] == industry:
                supplier = state.supplier[product, stage]
                cost += sourcing.supplied_cost(
                    state, product, stage, supplier, state.margin[product, stage], state.trust[product, stage]
                )
                quality += state.quality_weight[stage] * sourcing.supplied_quality(state, product, stage, supplier)
        share = min(state.parameters.largest_share, state.largest_share_of[product])
        steepness = sourcing.elasticity_of(state, product) * (1.0 - share)
        state.product_cost[product] = cost
        state.product_quality[product] = quality
        state.product_price[product] = cost * (1.0 + steepness) / steepness
        shipper = state.supplier[product, state.shipping_stage[industry]]
        if shipper < 0:
            seller = state.pool_seller[state.bloc_of[state.region_of[lead]], state.shipping_stage[industry]]
            state.ships_from[product] = seller if seller >= 0 else state.region_of[lead]
        else:
            state.ships_from[product] = state.region_of[shipper]
        state.product_units[product] = 0.0
        state.product_sales[product] = 0.0
        state.largest_share_of[product] = 0.0
        state.frontier_share[product] = 0.0
        for market in range(state.n_regions):
            state.market_sales[product, market] = 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tariff_of(state: State, product: cython.int, market: cython.int) -> cython.double:
    """Give the tariff on a product in a market, as a share of its delivered price."""
    if state.ships_from[product] == market:
        return 0.0
    return state.tariff[market] * (1.0 - state.free_trade[market])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def shipping_of(state: State, product: cython.int, market: cython.int) -> cython.double:
    """Give the cost of shipping a product to a market, as a share of its factory price."""
    return state.parameters.trade_cost * state.distance[state.ships_from[product], market]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def utility(
    state: State, product: cython.int, market: cython.int, taste: cython.double, elasticity: cython.double
) -> cython.double:
    """Give what a product is worth to a buyer of a market."""
    lead = state.product_firm[product]
    home = state.region_of[lead]
    delivered = state.product_price[product] * (
        1.0 + shipping_of(state, product, market)
    ) * (1.0 + tariff_of(state, product, market))
    value: cython.double = taste * state.product_quality[product] - elasticity * elementary.log(delivered)
    value -= state.parameters.foreign_unease * state.distance[home, market]
    value += state.parameters.brand_effect * elementary.log(1.0 + state.brand[product, market] / state.parameters.brand_scale)
    if home == market:
        value += state.fit[product] + state.indigenous_standard[market]
        if state.champion[market] == lead:
            value += state.parameters.champion_protection
    return value


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def budget(state: State, market: cython.int, industry: cython.int, segment: cython.int) -> cython.double:
    """Give what buyers of a segment could spend on an industry: what is given, and what households' income adds."""
    frontier = state.frontier_market[market]
    value = state.value_market[market]
    given = frontier if segment == kinds.FRONTIER else value
    if frontier + value <= 0.0:
        return 0.0
    elapsed = state.quarter - state.first_quarter
    outside = given * elementary.exp(state.market_growth[market] * elapsed) * (1.0 + state.home_market[market])
    if state.bloc_of[market] != 0:
        # Buyers outside the chain live by trade too.
        outside *= 1.0 - state.parameters.autarky_loss
    inside = state.parameters.local_spending * state.spending_income[market] * given / (frontier + value)
    weights = 0.0
    for other in range(state.n_industries):
        weights += state.demand_share[other]
    return (outside + inside) * state.demand_share[industry] / weights


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def clear_segment(state: State, market: cython.int, industry: cython.int, segment: cython.int) -> cython.void:
    if segment == kinds.FRONTIER:
        taste = state.parameters.frontier_quality_taste
        elasticity = state.parameters.frontier_price_elasticity
    else:
        taste = state.parameters.value_quality_taste
        elasticity = state.parameters.value_price_elasticity
    potential = budget(state, market, industry, segment)
    highest = -1e300
    for product in range(state.n_products):
        if sells(state, product, market, industry):
            state.pull[product] = utility(state, product, market, taste, elasticity)
            highest = max(highest, state.pull[product])
    if highest == -1e300 or potential <= 0.0:
        return
    total = 0.0
    for product in range(state.n_products):
        if sells(state, product, market, industry):
            state.pull[product] = elementary.exp(state.pull[product] - highest)
            total += state.pull[product]
    offer = highest + elementary.log(total)
    if not state.served[market, industry, segment]:
        state.served[market, industry, segment] = 1
        state.reference[market, industry, segment] = offer
    surprise = offer - state.reference[market, industry, segment]
    state.reference[market, industry, segment] += state.parameters.reference_speed * surprise
    odds = state.parameters.industry_share / (
        1.0 - state.parameters.industry_share
    ) * elementary.exp(max(-50.0, min(50.0, surprise)))
    outlay = potential * odds / (1.0 + odds)
    state.outlay[market] += outlay
    for product in range(state.n_products):
        if sells(state, product, market, industry):
            sell(state, product, market, industry, segment, outlay, state.pull[product] / total, taste / elasticity)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sells(state: State, product: cython.int, market: cython.int, industry: cython.int) -> cython.int:
    """Say whether a product of an industry is on sale in a market."""
    lead = state.product_firm[product]
    if lead < 0 or state.product_industry[product] != industry:
        return 0
    return state.bloc_of[state.region_of[lead]] == state.bloc_of[market]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sell(
    state: State, product: cython.int, market: cython.int, industry: cython.int, segment: cython.int, outlay: cython.double,
    share: cython.double, quality_price: cython.double
) -> cython.void:
    """Book one product's sales in one segment: outlay = factory sales + shipping + tariff."""
    home = state.region_of[state.product_firm[product]]
    shipping = shipping_of(state, product, market)
    tariff = tariff_of(state, product, market)
    spent = share * outlay
    landed = spent / (1.0 + tariff)
    sales = landed / (1.0 + shipping)
    state.tariff_paid[market] += spent - landed
    state.shipping_paid[market] += landed - sales
    if state.ships_from[product] != market:
        state.tariff_forgone[market] += landed * state.tariff[market] * state.free_trade[market]
    state.product_units[product] += sales / state.product_price[product]
    state.product_sales[product] += sales
    state.market_sales[product, market] += sales
    if segment == kinds.FRONTIER:
        state.frontier_share[product] += sales
    if share > state.largest_share_of[product]:
        state.largest_share_of[product] = share
    state.final_sales[home, industry, market] += sales
    if home != market:
        state.exports[home] += sales
    state.quality_sold[home] += sales * state.product_quality[product]
    paid = elementary.log(state.product_price[product] * (1.0 + shipping) * (1.0 + tariff))
    state.price_index[market] += spent * (paid - quality_price * state.product_quality[product])
    state.price_weight[market] += spent


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finish_sales(state: State) -> cython.void:
    """Turn sums into means: segment shares, quality sold, and the quality-adjusted price index of each market."""
    for product in range(state.n_products):
        if state.product_firm[product] >= 0 and state.product_sales[product] > 0.0:
            state.frontier_share[product] /= state.product_sales[product]
    for region in range(state.n_regions):
        total: cython.double = 0.0
        for industry in range(state.n_industries):
            for market in range(state.n_regions):
                total += state.final_sales[region, industry, market]
        if total > 0.0:
            state.quality_sold[region] /= total
        if state.price_weight[region] > 0.0:
            state.price_index[region] = elementary.exp(state.price_index[region] / state.price_weight[region])
        state.price_weight[region] = 0.0
        if state.quarter <= state.first_quarter:
            state.base_price_index[region] = state.price_index[region]
