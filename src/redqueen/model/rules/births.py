"""Bring a firm into being in a free slot, with a lineage of its own."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws, elementary
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import costs, finance, ties
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws, elementary
    from redqueen.model import kinds
    from redqueen.model.rules import costs, finance, ties
    from redqueen.model.state import State


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bear(state: State, region: cython.int, ancestor: cython.ulonglong, order: cython.int, cash: cython.double) -> cython.int:
    """Take a slot for a firm without stages; -1 if none is free.

    Its lineage is derived from its ancestor (a firm's lineage, or a region's number for firms without a parent),
    the quarter and the order of birth, never from the slot.
    """
    if state.n_free == 0:
        state.entries_refused += 1
        return -1
    state.n_free -= 1
    firm = state.free_slots[state.n_free]
    state.alive[firm] = 1
    state.lineage[firm] = draws.child(ancestor, state.quarter, order)
    state.parent[firm] = 0
    state.children[firm] = 0
    state.region_of[firm] = region
    state.owner[firm] = kinds.PRIVATE
    state.owner_region[firm] = region
    state.owner_firm[firm] = -1
    state.linked[firm] = 0
    state.born[firm] = state.quarter
    state.product_of[firm] = -1
    state.stages[firm] = 0
    state.cash[firm] = cash
    state.escrow[firm] = 0.0
    state.revenue[firm] = 0.0
    state.cost[firm] = 0.0
    state.profit[firm] = 0.0
    state.employees[firm] = 0.0
    state.financed[firm] = 1.0
    state.disappointing[firm] = 0
    state.backing[firm] = kinds.UNBACKED
    state.ticket[firm] = 0.0
    state.purchases[firm] = 0.0
    state.coordination[firm] = 0.0
    for slot in range(state.n_contacts):
        state.contact[firm, slot] = -1
    for stage in range(state.n_stages):
        clear_stage(state, firm, stage)
    state.entries[region] += 1.0
    return firm


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def clear_stage(state: State, firm: cython.int, stage: cython.int) -> cython.void:
    """Leave nothing of what an earlier firm did in a stage."""
    state.quality[firm, stage] = 0.0
    state.next_quality[firm, stage] = 0.0
    state.cost_progress[firm, stage] = 0.0
    state.experience[firm, stage] = 0.0
    state.flexibility[firm, stage] = 0.0
    state.design[firm, stage] = 0
    state.capacity[firm, stage] = 0.0
    state.units[firm, stage] = 0.0
    state.planned[firm, stage] = 0.0
    state.unit_cost[firm, stage] = 0.0
    state.unit_effort[firm, stage] = 1.0
    state.stage_revenue[firm, stage] = 0.0
    state.input_supplier[firm, stage] = -1
    state.project[firm, stage] = kinds.IDLE
    state.project_left[firm, stage] = 0
    state.project_staff[firm, stage] = 0.0
    state.project_public[firm, stage] = 0.0
    state.project_budget[firm, stage] = 0.0
    state.project_design[firm, stage] = 0
    state.project_worth[firm, stage] = 0.0
    state.project_source[firm, stage] = 0.0
    state.stage_spending[firm, stage] = 0.0
    state.pool_choice_weight[firm, stage] = 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def start_stage(
    state: State, firm: cython.int, stage: cython.int, quality: cython.double, capacity: cython.double, design: cython.ulonglong
) -> cython.void:
    """Let a firm begin a stage in-house, without experience."""
    clear_stage(state, firm, stage)
    state.stages[firm] = state.stages[firm] | (cython.cast(cython.ulonglong, 1) << stage)
    state.quality[firm, stage] = quality
    state.next_quality[firm, stage] = quality
    state.capacity[firm, stage] = capacity
    state.design[firm, stage] = design
    costs.set_effort(state, firm, stage)
    costs.set_unit_cost(state, firm, stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def start_product(state: State, firm: cython.int, industry: cython.int) -> cython.int:
    """Give a firm a product of its own, bought on the pool but for its own stages; -1 if no slot is free."""
    if state.n_free_products == 0:
        return -1
    state.n_free_products -= 1
    product = state.free_products[state.n_free_products]
    state.product_of[firm] = product
    state.product_firm[product] = firm
    state.product_industry[product] = industry
    state.product_cost[product] = 0.0
    state.product_price[product] = 0.0
    state.product_quality[product] = 0.0
    state.product_units[product] = 0.0
    state.product_sales[product] = 0.0
    state.largest_share_of[product] = 0.0
    state.frontier_share[product] = 0.5
    state.fit[product] = state.parameters.home_fit
    for market in range(state.n_regions):
        state.brand[product, market] = 0.0
        state.market_sales[product, market] = 0.0
    for stage in range(state.n_stages):
        state.trust[product, stage] = 0.0
        state.margin[product, stage] = state.parameters.margin_least
        state.supplier[product, stage] = firm if finance.does(state, firm, stage) else -1
    return product


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def inherit(state: State, firm: cython.int, parent: cython.int, stage: cython.int, loss: cython.double) -> cython.void:
    """Start a stage with what founders take from their parent: quality less a loss, a spread, part of the ties, its design."""
    key = draws.key(state.seed, decisions.INHERITANCE, state.quarter)
    identity = state.lineage[firm]
    state.parent[firm] = state.lineage[parent]
    spread = state.parameters.inherit_spread * draws.normal(key, identity, 2 * state.n_contacts + stage)
    quality = state.public_knowledge[state.region_of[firm], stage] - state.parameters.tacit + spread
    if state.parameters.heritage > 0.0:
        quality = state.quality[parent, stage] - loss + spread
        for slot in range(state.n_contacts):
            other = state.contact[parent, slot]
            if other >= 0 and draws.uniform(key, identity, slot) < state.parameters.inherit_ties:
                ties.add_tie(state, firm, other, state.strength[parent, slot], state.tie_kind[parent, slot])
        ties.tie_both(state, firm, parent, state.parameters.supply_tie, kinds.SPINOFF_TIE)
    start_stage(state, firm, stage, quality, state.parameters.capacity_start, state.design[parent, stage])
    state.flexibility[firm, stage] = state.flexibility[parent, stage]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def give_up_stage(state: State, firm: cython.int, stage: cython.int) -> cython.void:
    """Let a firm stop a stage: its running project ends and the money set aside comes back."""
    if state.project[firm, stage] != kinds.IDLE:
        rest = (state.project_left[firm, stage] - 1) * state.project_budget[firm, stage]
        state.escrow[firm] -= rest
        state.cash[firm] += rest
    state.stages[firm] = state.stages[firm] & ~(cython.cast(cython.ulonglong, 1) << stage)
    clear_stage(state, firm, stage)


def found_first_firm(
    state: State, region: cython.int, lineage: cython.ulonglong, stages: cython.ulonglong, industry: cython.int
) -> cython.int:
    """Bring one of the first firms into being, with a product if an industry is given; give its slot.

    Quality is normal around the region's, experience exponential, flexibility, cash and age uniform.
    """
    with cython.nogil:
        firm = bear_first(state, region, lineage, stages, industry)
    return firm


def tie_first_firm(state: State, firm: cython.int, other: cython.int) -> None:
    """Let two of the first firms know each other."""
    with cython.nogil:
        ties.tie_both(state, firm, other, state.parameters.local_tie, kinds.LOCAL_TIE)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bear_first(
    state: State, region: cython.int, lineage: cython.ulonglong, stages: cython.ulonglong, industry: cython.int
) -> cython.int:
    firm = bear(state, region, lineage, 0, 0.0)
    if firm < 0:
        return -1
    key = draws.key(state.seed, decisions.FIRST_FIRM, 0)
    state.lineage[firm] = lineage
    cash = state.parameters.first_cash if industry < 0 else state.parameters.first_lead_cash
    state.cash[firm] = cash * state.wage[region] * (0.4 + 1.2 * draws.uniform(key, lineage, 0))
    state.born[firm] = -cython.cast(cython.int, state.parameters.first_age * draws.uniform(key, lineage, 1))
    for stage in range(state.n_stages):
        if not (stages >> stage) & 1:
            continue
        first = 2 + 4 * stage
        quality = state.first_quality[region, stage] + state.parameters.first_spread * draws.normal(key, lineage, first)
        start_stage(state, firm, stage, quality, state.parameters.capacity_start, draws.bits(key, lineage, first + 1))
        mean = state.parameters.first_experience * state.parameters.capacity_start
        state.experience[firm, stage] = -mean * elementary.log(draws.uniform(key, lineage, first + 2))
        state.flexibility[firm, stage] = state.parameters.first_flexibility * (0.6 + 0.8 * draws.uniform(key, lineage, first + 3))
    if draws.uniform(key, lineage, 2 + 4 * state.n_stages) < state.state_share[region]:
        state.owner[firm] = kinds.STATE
    if industry >= 0:
        start_product(state, firm, industry)
    return firm
