"""Found firms: spin-offs, public spin-offs and fresh starts, each with whatever money it can raise."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws, elementary
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import births, costs, finance, ties
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws, elementary
    from redqueen.model import kinds
    from redqueen.model.rules import births, costs, finance, ties
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def found_firms(state: State) -> cython.void:
    """Let people leave firms, laboratories and other trades to found firms of their own.

    A firm spins off with chance rate x founding x talent to be had x x / (1 + x) x (1 + size effect x ln(1 + heads)), with x
    its profit before projects over the pay of a job there: founders give up that pay for a profit like the parent's, and need
    an engineer.
    """
    for position in range(state.n_alive):
        spin_off(state, state.living[position])
    for region in range(state.n_regions):
        spin_off_public(state, region)
        start_fresh(state, region)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def spin_off(state: State, firm: cython.int) -> cython.void:
    region = state.region_of[firm]
    if not ties.is_open(state, firm):
        return
    key = draws.key(state.seed, decisions.SPINOFF, state.quarter)
    prospect = max(0.0, state.revenue[firm] - state.cost[firm]) / costs.pay(state, region, finance.last_stage(state, firm))
    chance = state.parameters.spinoff_rate * state.founding[region] * state.crowding[region] * prospect / (1.0 + prospect)
    chance *= 1.0 + state.parameters.spinoff_size * elementary.log(1.0 + state.employees[firm])
    if draws.uniform(key, state.lineage[firm], 0) >= chance:
        return
    child = found(state, region, firm, state.lineage[firm], state.children[firm], state.parameters.inherit_loss)
    if child >= 0:
        state.children[firm] += 1
        state.spinoffs[region] += 1.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def found(
    state: State, region: cython.int, parent: cython.int, ancestor: cython.ulonglong, order: cython.int, loss: cython.double
) -> cython.int:
    """Found a firm in one of its parent's stages, if money is found; -1 if not. Its draws belong to the child's lineage."""
    lineage = draws.child(ancestor, state.quarter, order)
    key = draws.key(state.seed, decisions.FOUNDING, state.quarter)
    known = finance.draw_stage(state, state.stages[parent], key, lineage, 0)
    if known < 0:
        return -1
    industry = state.industry_of[known]
    brand = state.brand_stage[industry]
    leads: cython.int = draws.uniform(key, lineage, 1) < state.parameters.lead_entry or state.parameters.unbundling <= 0.0
    stage = brand if leads else known
    if stage == brand and not leads:
        # Its people know the stages that it makes or buys.
        stage = finance.draw_stage(state, finance.bought_stages(state, industry), key, lineage, 6)
        if stage < 0:
            return -1
    child = raise_money(state, region, lineage, ancestor, order, stage, key)
    if child < 0:
        return -1
    births.inherit(state, child, parent, stage, loss)
    if not finance.does(state, parent, stage):
        start_from_outside(state, child, parent, stage, draws.bits(key, lineage, 2))
    if state.owner[parent] == kinds.STATE and state.region_of[parent] == region and draws.uniform(
        key, lineage, 7
    ) < state.state_share[region]:
        state.owner[child] = kinds.STATE
    if state.parameters.unbundling <= 0.0:
        for other in range(state.n_stages):
            if other != stage and state.industry_of[other] == industry and finance.does(state, parent, other):
                births.inherit(state, child, parent, other, loss)
    if leads:
        births.start_product(state, child, industry)
    return child


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def start_from_outside(
    state: State, child: cython.int, parent: cython.int, stage: cython.int, design: cython.ulonglong
) -> cython.void:
    """Let founders start a stage that their firm only bought, with what a customer sees of its supplier, or anyone knows."""
    quality: cython.double = state.public_knowledge[state.region_of[child], stage] - state.parameters.tacit
    if state.product_of[parent] >= 0:
        supplier = state.supplier[state.product_of[parent], stage]
        if supplier >= 0 and state.alive[supplier]:
            quality = max(quality, state.quality[supplier, stage] - state.parameters.rival_lag)
    state.quality[child, stage] = quality
    state.next_quality[child, stage] = quality
    state.design[child, stage] = design


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def raise_money(
    state: State, region: cython.int, lineage: cython.ulonglong, ancestor: cython.ulonglong, order: cython.int, stage: cython.int,
    key: cython.ulonglong
) -> cython.int:
    """Bring the firm into being with money from a venture fund, a bank, or family and friends (part of the capital).

    It starts with start capital x wage, twice that for a lead firm. Red tape makes money as much harder to
    find as its multiple says.
    """
    hurdle = 1.0 + state.red_tape[region] * (1.0 - state.deregulation[region])
    capital: cython.double = state.parameters.start_capital * state.wage[region]
    if stage == state.brand_stage[state.industry_of[stage]]:
        capital *= 2.0
    ticket = state.parameters.venture_ticket * state.wage[region]
    hoped = max(0.02, min(1.0, state.venture_return[region] - state.parameters.venture_hurdle))
    if state.venture_pool[region] > ticket:
        if draws.uniform(key, lineage, 3) < state.parameters.venture_start_chance * hoped / hurdle:
            child = births.bear(state, region, ancestor, order, capital + ticket)
            if child >= 0:
                state.venture_pool[region] -= ticket
                state.backing[child] = kinds.BACKED
                state.ticket[child] = ticket
                state.venture_firms[region] += 1.0
                state.capital_raised[region] += capital + ticket
            return child
    bank: cython.double = state.parameters.bank_start * state.credit[region] * (1.0 - state.state_credit_bias[region]) / hurdle
    if finance.is_target(state.sunset_exclusion_target[region], stage):
        bank *= 1.0 - state.sunset_exclusion[region]
    luck = draws.uniform(key, lineage, 4)
    if luck >= bank + state.parameters.informal_start / hurdle:
        return -1
    if luck >= bank:
        capital *= state.parameters.informal_capital
    child = births.bear(state, region, ancestor, order, capital)
    if child >= 0:
        state.capital_raised[region] += capital
    return child


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def spin_off_public(state: State, region: cython.int) -> cython.void:
    """Let public researchers found firms at the level of their laboratory: rate x researchers, in expectation."""
    staff = state.public_research_organisation[region]
    if staff <= 0.0:
        return
    key = draws.key(state.seed, decisions.PUBLIC_SPINOFF, state.quarter)
    number = whole_number(state.parameters.public_spinoff * staff * state.founding[region], draws.uniform(key, region, 0))
    for order in range(number):
        stage = finance.draw_stage(state, state.public_research_organisation_target[region], key, region, 1 + order)
        if stage < 0:
            return
        if found_without_parent(
            state, region, stage, state.public_quality[region, stage] - state.parameters.inherit_loss, 2 * order + 1
        ) >= 0:
            state.public_spinoffs[region] += 1.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def whole_number(expected: cython.double, luck: cython.double) -> cython.int:
    """Give a whole number whose mean is what is expected."""
    number = cython.cast(cython.int, expected)
    return number + (luck < expected - number)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def start_fresh(state: State, region: cython.int) -> cython.void:
    """Let talent from other trades found firms with what anyone knows: rate x talent, in expectation."""
    key = draws.key(state.seed, decisions.FRESH, state.quarter)
    expected = state.parameters.fresh_entry * state.talent[region, region] * state.founding[region]
    for order in range(whole_number(expected, draws.uniform(key, region, 0))):
        stage = draws.below(key, region, 1 + order, state.n_stages)
        found_without_parent(state, region, stage, state.public_knowledge[region, stage] - state.parameters.tacit, 2 * order + 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def found_without_parent(
    state: State, region: cython.int, stage: cython.int, quality: cython.double, order: cython.int
) -> cython.int:
    """Found a firm of no parent firm in a stage; its ancestor is the region itself. -1 if no money is found."""
    lineage = draws.child(region, state.quarter, order)
    key = draws.key(state.seed, decisions.FOUNDING, state.quarter)
    industry = state.industry_of[stage]
    leads: cython.int = stage == state.brand_stage[industry] or state.parameters.unbundling <= 0.0
    child = raise_money(state, region, lineage, region, order, state.brand_stage[industry] if leads else stage, key)
    if child < 0:
        return -1
    spread = state.parameters.inherit_spread * draws.normal(key, lineage, 5)
    births.start_stage(state, child, stage, quality + spread, state.parameters.capacity_start, draws.bits(key, lineage, 2))
    if state.parameters.unbundling <= 0.0:
        for other in range(state.n_stages):
            if other != stage and state.industry_of[other] == industry:
                known = state.public_knowledge[region, other] - state.parameters.tacit + spread
                births.start_stage(state, child, other, known, state.parameters.capacity_start, draws.bits(key, lineage, 8 + other))
    if leads:
        births.start_product(state, child, industry)
    return child
