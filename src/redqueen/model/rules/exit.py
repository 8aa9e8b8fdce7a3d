"""Resolve ventures and end firms that cannot pay, were given up, are obsolete or stop for reasons of their own."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import finance
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws
    from redqueen.model import kinds
    from redqueen.model.rules import finance
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def end_firms(state: State) -> cython.void:
    """Sell or write off ventures, then end firms and every reference to them."""
    key = draws.key(state.seed, decisions.EXIT, state.quarter)
    for position in range(state.n_alive):
        firm = state.living[position]
        if state.backing[firm] == kinds.BACKED:
            resolve_venture(state, firm)
        if must_end(state, firm, key):
            end_firm(state, firm)
    forget_ended(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def resolve_venture(state: State, firm: cython.int) -> cython.void:
    """Sell a venture that has grown where exits are allowed, or write it off when patience ends; funds learn from both.

    A sale fetches stake x price x revenue.
    """
    region = state.region_of[firm]
    allowed = min(1.0, state.venture_exit[region] + state.exit_for_ventures[region])
    key = draws.key(state.seed, decisions.VENTURE_EXIT, state.quarter)
    if state.employees[firm] > state.parameters.venture_exit_heads and draws.uniform(key, state.lineage[firm], 0) < allowed:
        # Buyers of shares pay, not the firm.
        settle_ticket(state, firm, state.parameters.venture_stake * state.parameters.venture_price * state.revenue[firm])
        state.backing[firm] = kinds.EXITED
        state.venture_exits[region] += 1.0
    elif state.quarter - state.born[firm] > state.parameters.venture_patience:
        settle_ticket(state, firm, state.parameters.venture_writeoff * state.ticket[firm])
        state.backing[firm] = kinds.WRITTEN_OFF


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def settle_ticket(state: State, firm: cython.int, proceeds: cython.double) -> cython.void:
    """Return what the stake fetched to the pool and let funds learn what investing returns."""
    region = state.region_of[firm]
    state.venture_pool[region] += proceeds
    state.venture_return[region] += state.parameters.venture_memory * (proceeds / state.ticket[firm] - state.venture_return[region])
    state.ticket[firm] = 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def must_end(state: State, firm: cython.int, key: cython.ulonglong) -> cython.int:
    """Say whether a firm ends: out of money and credit, given up, obsolete in every stage, or by its hazard."""
    limit = finance.credit_line(state, firm) + state.parameters.informal_share * state.cost[firm]
    if state.cash[firm] + state.escrow[firm] < -limit:
        return 1
    if state.disappointing[firm] and draws.uniform(key, state.lineage[firm], 1) < state.parameters.giving_up:
        return 1
    obsolete = 1
    for stage in range(state.n_stages):
        # Buyers of a closed region know no better than what is made there.
        frontier = state.bloc_frontier[state.bloc_of[state.region_of[firm]], stage]
        if finance.does(state, firm, stage) and state.quality[firm, stage] > frontier - state.parameters.obsolete_gap:
            obsolete = 0
    if obsolete:
        return 1
    return draws.uniform(key, state.lineage[firm], 0) < state.parameters.exit_hazard


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def end_firm(state: State, firm: cython.int) -> cython.void:
    region = state.region_of[firm]
    if state.backing[firm] == kinds.BACKED:
        settle_ticket(state, firm, 0.0)
    left = state.cash[firm] + state.escrow[firm]
    if left > 0.0:
        state.dividends[region] += left
        state.dividends_received[state.owner_region[firm]] += left
    else:
        state.capital_lost[region] += left
    state.exits[region] += 1.0
    state.alive[firm] = 0
    state.free_slots[state.n_free] = firm
    state.n_free += 1
    product = state.product_of[firm]
    if product >= 0:
        state.product_firm[product] = -1
        state.free_products[state.n_free_products] = product
        state.n_free_products += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def forget_ended(state: State) -> cython.void:
    """Clear ties, orders and ownership that point at ended firms, before any slot is used again."""
    for position in range(state.n_alive):
        firm = state.living[position]
        if not state.alive[firm]:
            continue
        for slot in range(state.n_contacts):
            if state.contact[firm, slot] >= 0 and not state.alive[state.contact[firm, slot]]:
                state.contact[firm, slot] = -1
        for stage in range(state.n_stages):
            if state.input_supplier[firm, stage] >= 0 and not state.alive[state.input_supplier[firm, stage]]:
                state.input_supplier[firm, stage] = -1
        if state.owner_firm[firm] >= 0 and not state.alive[state.owner_firm[firm]]:
            # The owner is gone: its affiliate goes on as a firm of its own.
            state.owner_firm[firm] = -1
            state.owner[firm] = kinds.PRIVATE
            state.owner_region[firm] = state.region_of[firm]
    for product in range(state.n_products):
        if state.product_firm[product] < 0:
            continue
        for stage in range(state.n_stages):
            supplier = state.supplier[product, stage]
            if supplier >= 0 and not state.alive[supplier]:
                state.supplier[product, stage] = -1
                state.trust[product, stage] = 0.0
    for region in range(state.n_regions):
        if state.champion[region] >= 0 and not state.alive[state.champion[region]]:
            state.champion[region] = -1
