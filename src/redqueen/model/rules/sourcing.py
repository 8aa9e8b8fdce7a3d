"""Choose suppliers: each quarter every lead firm examines one stage; suppliers look again at their inputs."""

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

POOL = cython.declare(cython.int, -1)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def choose_suppliers(state: State) -> cython.void:
    """Let lead firms unbundle, switch or take back one stage each, and suppliers choose whom they buy from.

    A supplier is worth u = taste x quality weight x quality - elasticity x ln(cost of the product with it) + match.
    """
    drop_lost(state)
    grow_trust(state)
    for product in range(state.n_products):
        if state.product_firm[product] >= 0:
            examine_product(state, product)
    choose_inputs(state)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def drop_lost_suppliers(state: State) -> cython.void:
    """Send to the pool every order to a firm that has gone, gave up the stage, or is beyond a closed border."""
    drop_lost(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def drop_lost(state: State) -> cython.void:
    for product in range(state.n_products):
        lead = state.product_firm[product]
        if lead < 0:
            continue
        industry = state.product_industry[product]
        for stage in range(state.n_stages):
            if state.industry_of[stage] != industry:
                continue
            supplier = state.supplier[product, stage]
            if supplier >= 0 and not (
                finance.reaches(state, state.region_of[lead], supplier) and finance.does(state, supplier, stage)
            ):
                set_supplier(state, product, stage, POOL)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def grow_trust(state: State) -> cython.void:
    for product in range(state.n_products):
        lead = state.product_firm[product]
        if lead < 0:
            continue
        for stage in range(state.n_stages):
            supplier = state.supplier[product, stage]
            if supplier >= 0 and supplier != lead:
                missing = state.parameters.trust_limit - state.trust[product, stage]
                state.trust[product, stage] += state.parameters.trust_growth * missing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_supplier(state: State, product: cython.int, stage: cython.int, supplier: cython.int) -> cython.void:
    """Begin a relation: no trust yet, the least margin; customer and supplier know each other."""
    lead = state.product_firm[product]
    state.supplier[product, stage] = supplier
    state.trust[product, stage] = 0.0
    state.margin[product, stage] = state.parameters.margin_least
    if supplier >= 0 and supplier != lead:
        ties.tie_both(state, lead, supplier, state.parameters.supply_tie, kinds.SUPPLY_TIE)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def supplied_cost(
    state: State, product: cython.int, stage: cython.int, supplier: cython.int, margin: cython.double, trust: cython.double
) -> cython.double:
    """Give the cost of a unit of a stage to a lead firm, interfaces included.

    In-house at cost; on the pool at its price; from a supplier mostly at its cost plus margin and partly on the pool.
    """
    lead = state.product_firm[product]
    region = state.region_of[lead]
    if supplier == lead:
        return state.unit_cost[lead, stage]
    pool = state.pool_price[state.bloc_of[region], stage] * (1.0 + costs.pool_interface(state, region, stage))
    if supplier < 0:
        return pool
    named = state.unit_cost[supplier, stage] * (1.0 + margin) * (1.0 + costs.interface(state, region, supplier, stage, trust))
    return (1.0 - state.parameters.pool_share) * named + state.parameters.pool_share * pool


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def supplied_quality(state: State, product: cython.int, stage: cython.int, supplier: cython.int) -> cython.double:
    """Give the quality of a stage with a supplier, the pool's part included."""
    lead = state.product_firm[product]
    if supplier == lead:
        return state.quality[lead, stage]
    pool = state.pool_quality[state.bloc_of[state.region_of[lead]], stage]
    if supplier < 0:
        return pool
    return (1.0 - state.parameters.pool_share) * state.quality[supplier, stage] + state.parameters.pool_share * pool


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def elasticity_of(state: State, product: cython.int) -> cython.double:
    """Give the price elasticity of a product's buyers."""
    share = state.frontier_share[product]
    return share * state.parameters.frontier_price_elasticity + (1.0 - share) * state.parameters.value_price_elasticity


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def taste_of(state: State, product: cython.int) -> cython.double:
    """Give the taste for quality of a product's buyers."""
    share = state.frontier_share[product]
    return share * state.parameters.frontier_quality_taste + (1.0 - share) * state.parameters.value_quality_taste


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def worth(
    state: State, product: cython.int, stage: cython.int, supplier: cython.int, rest: cython.double, margin: cython.double,
    trust: cython.double
) -> cython.double:
    """Give what a supplier would make the product worth to its buyers, in utility, its match with the lead firm included."""
    value: cython.double = taste_of(state, product) * state.quality_weight[stage] * supplied_quality(
        state, product, stage, supplier
    )
    lead = state.product_firm[product]
    if supplier >= 0 and supplier != lead:
        # A match lasts: it is drawn for the pair, not for the quarter.
        key = draws.key(state.seed, decisions.MATCH, 0)
        value += state.parameters.match_spread * draws.normal(key, state.lineage[lead] ^ state.lineage[supplier], stage)
    return value - elasticity_of(state, product) * elementary.log(
        rest + supplied_cost(state, product, stage, supplier, margin, trust)
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rest_cost(state: State, product: cython.int, stage: cython.int) -> cython.double:
    """Give the cost of all other stages of a product."""
    total = 0.0
    for other in range(state.n_stages):
        if other != stage and state.industry_of[other] == state.product_industry[product]:
            total += supplied_cost(
                state, product, other, state.supplier[product, other], state.margin[product, other], state.trust[product, other]
            )
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_candidate(state: State, product: cython.int, stage: cython.int, firm: cython.int, key: cython.ulonglong) -> cython.int:
    """Say whether a firm would take the order: a rival's affiliate never, its in-house unit only now and then."""
    lead = state.product_firm[product]
    if firm < 0 or firm == lead or not finance.reaches(state, state.region_of[lead], firm) or not finance.does(state, firm, stage):
        return 0
    if state.owner_firm[firm] >= 0 and state.owner_firm[firm] != lead:
        return 0
    if state.product_of[firm] >= 0:
        return draws.uniform(key, state.lineage[lead] ^ state.lineage[firm], 0) < state.parameters.captive_for_sale
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def examine_product(state: State, product: cython.int) -> cython.void:
    lead = state.product_firm[product]
    if state.parameters.unbundling <= 0.0:
        return
    identity = state.lineage[lead]
    key = draws.key(state.seed, decisions.SOURCING, state.quarter)
    stage = finance.draw_stage(state, finance.bought_stages(state, state.product_industry[product]), key, identity, 0)
    if stage < 0:
        return
    present = state.supplier[product, stage]
    rest = rest_cost(state, product, stage)
    least = state.parameters.margin_least
    present_worth = worth(state, product, stage, present, rest, state.margin[product, stage], state.trust[product, stage])
    best = present
    best_worth = present_worth
    rival_worth = -1e300
    captive = draws.key(state.seed, decisions.CAPTIVE, state.quarter)
    # Candidates: the pool, contacts, suppliers of contacts that are lead firms, and now and then a stranger.
    for candidate_number in range(2 * state.n_contacts + 2):
        candidate = draw_candidate(state, product, stage, candidate_number, key)
        if candidate == present:
            continue
        if candidate != POOL and not is_candidate(state, product, stage, candidate, captive):
            continue
        candidate_worth = worth(state, product, stage, candidate, rest, least, 0.0)
        rival_worth = max(rival_worth, candidate_worth)
        if candidate_worth > best_worth and candidate_worth > present_worth + state.parameters.switching_threshold:
            best = candidate
            best_worth = candidate_worth
    if consider_taking_back(state, product, stage, rest, best_worth, key):
        return
    if best != present:
        if present == lead:
            unbundle(state, product, stage, key)
        set_supplier(state, product, stage, best)
    elif present >= 0 and present != lead and state.owner_firm[present] != lead:
        bargain(state, product, stage, rest, rival_worth)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def draw_candidate(state: State, product: cython.int, stage: cython.int, number: cython.int, key: cython.ulonglong) -> cython.int:
    """Give the candidate of a number: pool, stranger, contacts, then suppliers of contacts; the pool where there is none."""
    lead = state.product_firm[product]
    if number == 1:
        count = state.stage_start[stage + 1] - state.stage_start[stage]
        if count > 0 and draws.uniform(key, state.lineage[lead], 1) < state.parameters.scan:
            return state.stage_members[state.stage_start[stage] + draws.below(key, state.lineage[lead], 2, count)]
        return POOL
    if number >= 2:
        slot = (number - 2) % state.n_contacts
        friend = state.contact[lead, slot]
        if friend < 0 or not can_trade(state, lead, slot):
            return POOL
        if number < 2 + state.n_contacts:
            return friend
        other = state.product_of[friend]
        if other >= 0 and state.product_industry[other] == state.product_industry[product]:
            return state.supplier[other, stage]
    return POOL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def can_trade(state: State, firm: cython.int, slot: cython.int) -> cython.int:
    """Say whether a contact may become a supplier: those met through compatriots only while that channel is open."""
    return state.tie_kind[firm, slot] != kinds.DIASPORA_TIE or state.parameters.diaspora_customers > 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consider_taking_back(
    state: State, product: cython.int, stage: cython.int, rest: cython.double, best_worth: cython.double, key: cython.ulonglong
) -> cython.int:
    """Take a stage in-house where that beats everyone by the threshold and the firm can pay for it."""
    lead = state.product_firm[product]
    if finance.does(state, lead, stage) or draws.uniform(key, state.lineage[lead], 3) >= state.parameters.take_back:
        return 0
    region = state.region_of[lead]
    capacity = max(state.parameters.capacity_start, state.product_units[product])
    price = state.parameters.capacity_price * state.wage[region] * state.workers_per_unit[stage] * capacity
    needed = max(price, state.parameters.take_back_cash * state.wage[region] * state.workers_per_unit[stage])
    if state.cash[lead] < needed + state.cost[lead]:
        return 0
    known = supplied_quality(state, product, stage, state.supplier[product, stage]) - state.parameters.take_back_loss
    own = taste_of(state, product) * state.quality_weight[stage] * known
    own -= elasticity_of(state, product) * elementary.log(rest + costs.newcomer_cost(state, region, stage))
    if own <= best_worth + state.parameters.take_back_threshold:
        return 0
    state.cash[lead] -= price
    state.capacity_paid[region] += price
    births.start_stage(state, lead, stage, known, capacity, draws.bits(key, state.lineage[lead], 4))
    state.supplier[product, stage] = lead
    state.trust[product, stage] = 0.0
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def unbundle(state: State, product: cython.int, stage: cython.int, key: cython.ulonglong) -> cython.void:
    """Give up an in-house unit; now and then its people go on as a firm with what they know."""
    lead = state.product_firm[product]
    region = state.region_of[lead]
    capital = state.parameters.start_capital * state.wage[region]
    if draws.uniform(key, state.lineage[lead], 5) < state.parameters.unbundling_spinoff and state.cash[lead] > 2.0 * capital:
        child = births.bear(state, region, state.lineage[lead], state.children[lead], capital)
        if child >= 0:
            state.children[lead] += 1
            state.cash[lead] -= capital
            state.capital_raised[region] += capital
            state.capital_moved[region] += capital
            births.inherit(state, child, lead, stage, 0.0)
            state.quality[child, stage] = state.quality[lead, stage]
            state.next_quality[child, stage] = state.quality[lead, stage]
            state.cost_progress[child, stage] = state.cost_progress[lead, stage]
            state.experience[child, stage] = state.experience[lead, stage]
            state.capacity[child, stage] = max(state.parameters.capacity_start, state.capacity[lead, stage])
            costs.set_effort(state, child, stage)
            costs.set_unit_cost(state, child, stage)
            state.spinoffs[region] += 1.0
    births.give_up_stage(state, lead, stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bargain(state: State, product: cython.int, stage: cython.int, rest: cython.double, rival_worth: cython.double) -> cython.void:
    """Move the supplier's margin towards its share of what it is worth over the next best.

    target = least + bargaining x (exp(advantage / elasticity) - 1) (rest + c) / own, with c the cost of the stage to the
    lead firm at the least margin and own that at none: with all the power it charges the second price.
    """
    supplier = state.supplier[product, stage]
    trust = state.trust[product, stage]
    least = state.parameters.margin_least
    advantage = max(0.0, worth(state, product, stage, supplier, rest, least, trust) - rival_worth)
    gain = elementary.exp(min(advantage / elasticity_of(state, product), 3.0)) - 1.0
    gain *= rest + supplied_cost(state, product, stage, supplier, least, trust)
    gain /= supplied_cost(state, product, stage, supplier, 0.0, trust)
    target = min(state.parameters.margin_most, least + state.parameters.bargaining * gain)
    state.margin[product, stage] += state.parameters.margin_speed * (target - state.margin[product, stage])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def choose_inputs(state: State) -> cython.void:
    """Let suppliers look for the cheapest input among the firms that they know and the pool."""
    key = draws.key(state.seed, decisions.INPUTS, state.quarter)
    for position in range(state.n_alive):
        firm = state.living[position]
        region = state.region_of[firm]
        for stage in range(state.n_stages):
            source = state.input_stage[stage]
            if source < 0 or not finance.does(state, firm, stage) or finance.does(state, firm, source):
                continue
            if draws.uniform(key, state.lineage[firm], stage) >= state.parameters.input_review:
                continue
            best = POOL
            cheapest: cython.double = state.pool_price[state.bloc_of[region], source] * (
                1.0 + costs.pool_interface(state, region, source)
            )
            for slot in range(state.n_contacts):
                other = state.contact[firm, slot]
                if other < 0 or not can_trade(state, firm, slot):
                    continue
                if not finance.reaches(state, region, other) or not finance.does(state, other, source):
                    continue
                price: cython.double = state.unit_cost[other, source] * (1.0 + state.parameters.margin_least)
                price *= 1.0 + costs.interface(state, region, other, source, 0.0)
                if price < cheapest:
                    cheapest = price
                    best = other
            if best >= 0 and best != state.input_supplier[firm, stage]:
                ties.tie_both(state, firm, best, state.parameters.supply_tie, kinds.SUPPLY_TIE)
            state.input_supplier[firm, stage] = best
