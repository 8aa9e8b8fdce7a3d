"""Pass orders up the chain and money back: named suppliers, spot pools, inputs, and the supplier outside."""

import cython

if cython.compiled:
    from cython.cimports.redqueen.model.rules import costs, finance
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen.model.rules import costs, finance
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def supply_chain(state: State) -> cython.void:
    """Make what was sold.

    A unit of a product is one unit of each stage of its industry. Every payment between firms is a flow from (region,
    stage) to (region, stage); what firms do in-house is booked at cost and is no flow.
    """
    clear_orders(state)
    order_stages(state)
    for stage in range(state.n_stages - 1, -1, -1):
        # Inputs come from earlier stages, so a stage's orders are complete when its turn comes.
        serve_pool(state, stage)
        order_inputs(state, stage)
    book_pool_flows(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def clear_orders(state: State) -> cython.void:
    for position in range(state.n_alive):
        firm = state.living[position]
        state.revenue[firm] = 0.0
        state.purchases[firm] = 0.0
        state.coordination[firm] = 0.0
        for stage in range(state.n_stages):
            state.units[firm, stage] = 0.0
            state.stage_revenue[firm, stage] = 0.0
            state.stage_spending[firm, stage] = 0.0
    for stage in range(state.n_stages):
        for bloc in range(state.n_blocs):
            state.pool_units[bloc, stage] = 0.0
        for region in range(state.n_regions):
            for buyer in range(state.n_stages):
                state.pool_bought[stage, region, buyer] = 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def order_stages(state: State) -> cython.void:
    for product in range(state.n_products):
        lead = state.product_firm[product]
        if lead < 0:
            continue
        industry = state.product_industry[product]
        brand = state.brand_stage[industry]
        units = state.product_units[product]
        state.revenue[lead] += state.product_sales[product]
        state.stage_revenue[lead, brand] += state.product_sales[product]
        for stage in range(state.n_stages):
            if state.industry_of[stage] != industry:
                continue
            state.product_orders[stage] += units
            supplier = state.supplier[product, stage]
            if supplier == lead:
                state.units[lead, stage] += units
                if stage != brand:
                    made = units * state.unit_cost[lead, stage]
                    state.stage_revenue[lead, stage] += made
                    state.stage_spending[lead, brand] += made
                    state.in_house[state.region_of[lead], stage, brand] += made
                continue
            pooled = units
            if supplier >= 0:
                pooled = state.parameters.pool_share * units
                price = state.unit_cost[supplier, stage] * (1.0 + state.margin[product, stage])
                friction = costs.interface(state, state.region_of[lead], supplier, stage, state.trust[product, stage])
                buy(state, lead, brand, supplier, stage, units - pooled, price, friction)
            buy_on_pool(state, lead, brand, stage, pooled)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def buy(
    state: State, buyer: cython.int, buyer_stage: cython.int, seller: cython.int, stage: cython.int, units: cython.double,
    price: cython.double, friction: cython.double
) -> cython.void:
    """Book an order with a named firm; the interface costs the buyer a share of the price on top."""
    paid = units * price
    origin = state.region_of[seller]
    destination = state.region_of[buyer]
    state.units[seller, stage] += units
    state.revenue[seller] += paid
    state.stage_revenue[seller, stage] += paid
    state.purchases[buyer] += paid
    state.coordination[buyer] += paid * friction
    state.stage_spending[buyer, buyer_stage] += paid * (1.0 + friction)
    state.flows[origin, stage, destination, buyer_stage] += paid
    if origin != destination:
        state.exports[origin] += paid


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def buy_on_pool(state: State, buyer: cython.int, buyer_stage: cython.int, stage: cython.int, units: cython.double) -> cython.void:
    """Book an order on the spot pool, or outside where the pool is empty."""
    region = state.region_of[buyer]
    bloc = state.bloc_of[region]
    paid = units * state.pool_price[bloc, stage]
    friction = costs.pool_interface(state, region, stage)
    state.purchases[buyer] += paid
    state.coordination[buyer] += paid * friction
    state.stage_spending[buyer, buyer_stage] += paid * (1.0 + friction)
    if state.pool_weight[bloc, stage] > 0.0:
        state.pool_units[bloc, stage] += units
        state.pool_bought[stage, region, buyer_stage] += paid
    else:
        state.outside_units[stage] += units
        state.outside_paid[region] += paid
        state.stage_outside[region, buyer_stage] += paid


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def serve_pool(state: State, stage: cython.int) -> cython.void:
    """Share a pool's orders out by weight; each supplier is paid its own cost plus twice the least margin."""
    for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
        firm = state.stage_members[position]
        bloc = state.bloc_of[state.region_of[firm]]
        if state.pool_units[bloc, stage] <= 0.0:
            continue
        units = state.pool_units[bloc, stage] * state.pool_choice_weight[firm, stage] / state.pool_weight[bloc, stage]
        paid = units * state.unit_cost[firm, stage] * costs.pool_markup(state)
        state.units[firm, stage] += units
        state.revenue[firm] += paid
        state.stage_revenue[firm, stage] += paid


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def order_inputs(state: State, stage: cython.int) -> cython.void:
    source = state.input_stage[stage]
    if source < 0:
        return
    for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
        firm = state.stage_members[position]
        units = state.input_units[stage] * state.units[firm, stage]
        if units <= 0.0:
            continue
        state.input_orders[source] += units
        if finance.does(state, firm, source):
            made = units * state.unit_cost[firm, source]
            state.units[firm, source] += units
            state.stage_revenue[firm, source] += made
            state.stage_spending[firm, stage] += made
            state.in_house[state.region_of[firm], source, stage] += made
        elif state.input_supplier[firm, stage] >= 0:
            supplier = state.input_supplier[firm, stage]
            buy(
                state, firm, stage, supplier, source, units, costs.input_price(state, firm, stage),
                costs.input_interface(state, firm, stage)
            )
        else:
            buy_on_pool(state, firm, stage, source, units)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def book_pool_flows(state: State) -> cython.void:
    """Book what each region's firms sold on the pool to each buyer's region and stage, in proportion to what they were paid."""
    for stage in range(state.n_stages):
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            origin = state.region_of[firm]
            bloc = state.bloc_of[origin]
            if state.pool_weight[bloc, stage] <= 0.0:
                continue
            cost = state.unit_cost[firm, stage] * costs.pool_markup(state)
            share = state.pool_choice_weight[firm, stage] * cost / (state.pool_weight[bloc, stage] * state.pool_price[bloc, stage])
            state.pool_sold[origin, stage] += share
        for origin in range(state.n_regions):
            share = state.pool_sold[origin, stage]
            state.pool_sold[origin, stage] = 0.0
            if share <= 0.0:
                continue
            for destination in range(state.n_regions):
                if state.bloc_of[destination] != state.bloc_of[origin]:
                    continue
                for buyer in range(state.n_stages):
                    paid = share * state.pool_bought[stage, destination, buyer]
                    state.flows[origin, stage, destination, buyer] += paid
                    if origin != destination:
                        state.exports[origin] += paid
