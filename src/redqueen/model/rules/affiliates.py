"""Open foreign affiliates: lead firms look abroad for a cheaper site."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import births, costs, finance, sourcing, ties
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws
    from redqueen.model import kinds
    from redqueen.model.rules import births, costs, finance, sourcing, ties
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def open_affiliates(state: State) -> cython.void:
    """Let each lead firm look at a site for one stage with chance rate x (1 + attraction), and open it where that costs less.

    An affiliate works at its owner's quality and sells to it at cost plus the least margin. With local links it knows local firms,
    buys from them, and its people may move and found firms.
    """
    for product in range(state.n_products):
        if state.product_firm[product] >= 0:
            for host in range(state.n_regions):
                consider_site(state, product, host)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consider_site(state: State, product: cython.int, host: cython.int) -> cython.void:
    lead = state.product_firm[product]
    home = state.region_of[lead]
    if host == home or state.bloc_of[host] != state.bloc_of[home] or state.parameters.unbundling <= 0.0:
        return
    key = draws.key(state.seed, decisions.AFFILIATE, state.quarter)
    identity = state.lineage[lead]
    first = 4 * host
    stage = finance.draw_stage(state, finance.bought_stages(state, state.product_industry[product]), key, identity, first)
    if stage < 0:
        return
    attraction: cython.double = 1.0
    if finance.is_target(state.foreign_investment_target[host], stage):
        attraction += state.foreign_investment[host]
    if draws.uniform(key, identity, first + 1) >= state.parameters.affiliate_rate * attraction / (state.n_regions - 1):
        return
    state.programme_costs[host] += state.parameters.site_cost * state.wage[host] * (1.0 - 1.0 / attraction)
    capacity = max(state.parameters.capacity_start, state.product_units[product])
    price = state.parameters.capacity_price * state.wage[host] * state.workers_per_unit[stage] * capacity
    capital = price + state.parameters.start_capital * state.wage[host]
    if state.cash[lead] - state.cost[lead] < max(capital, state.parameters.affiliate_cash * state.wage[home]):
        return
    present = state.supplier[product, stage]
    now = sourcing.supplied_cost(state, product, stage, present, state.margin[product, stage], state.trust[product, stage])
    # A newcomer's cost at the site, and an interface that belonging together has eased.
    friction = state.parameters.interface_cost * (1.0 - state.modularity) * (1.0 + state.distance[home, host])
    expected = costs.newcomer_cost(state, host, stage) * (1.0 + friction * (1.0 - state.parameters.trust_limit))
    if expected >= now * (1.0 - state.parameters.affiliate_gain):
        return
    open_affiliate(state, product, host, stage, capacity, price, capital, key)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def open_affiliate(
    state: State, product: cython.int, host: cython.int, stage: cython.int, capacity: cython.double, price: cython.double,
    capital: cython.double, key: cython.ulonglong
) -> cython.void:
    lead = state.product_firm[product]
    home = state.region_of[lead]
    quality = sourcing.supplied_quality(state, product, stage, state.supplier[product, stage])
    child = births.bear(state, host, state.lineage[lead], state.children[lead], capital - price)
    if child < 0:
        return
    state.children[lead] += 1
    state.cash[lead] -= capital
    state.capital_raised[host] += capital - price
    state.capital_moved[home] += capital - price
    state.capacity_paid[home] += price
    state.parent[child] = state.lineage[lead]
    state.owner[child] = kinds.AFFILIATE
    state.owner_region[child] = home
    state.owner_firm[child] = lead
    births.start_stage(state, child, stage, quality, capacity, draws.bits(key, state.lineage[child], 0))
    state.supplier[product, stage] = child
    state.trust[product, stage] = state.parameters.trust_limit
    state.margin[product, stage] = state.parameters.margin_least
    ties.tie_both(state, lead, child, state.parameters.supply_tie, kinds.SUPPLY_TIE)
    state.affiliates_opened[host] += 1.0
    if draws.uniform(key, state.lineage[child], 1) < state.local_links[host]:
        state.linked[child] = 1
        state.programme_costs[host] += state.parameters.link_cost * state.wage[host]
        for number in range(cython.cast(cython.int, state.parameters.affiliate_introductions)):
            other = ties.neighbour(state, host, key, state.lineage[child], 2 + number)
            if other >= 0:
                ties.tie_both(state, child, other, state.parameters.supply_tie, kinds.SUPPLY_TIE)
