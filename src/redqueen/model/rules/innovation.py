"""Innovate: choose among novel, second-generation, process and production projects, run them, and see what comes of it."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws, elementary
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import finance, knowledge
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws, elementary
    from redqueen.model import kinds
    from redqueen.model.rules import finance, knowledge
    from redqueen.model.state import State

N_MODES = cython.declare(cython.int, 4)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def innovate(state: State) -> cython.void:
    """Advance running projects and let free stages choose new ones.

    Every firm sees the qualities of the start of the quarter and the designs that this quarter's projects left, whatever
    its slot; gains take effect at the end. The value of mode m is ln(benefit / cost) / temperature, idleness has value
    zero, and the choice is a logit over what can be paid for.
    """
    measure_mean_revenue(state)
    for position in range(state.n_alive):
        advance_projects(state, state.living[position])
    for position in range(state.n_alive):
        consider_projects(state, state.living[position])
    commit_quality(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure_mean_revenue(state: State) -> cython.void:
    for stage in range(state.n_stages):
        total: cython.double = 0.0
        count = 0
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            state.next_quality[firm, stage] = state.quality[firm, stage]
            if state.stage_revenue[firm, stage] > 0.0:
                total += state.stage_revenue[firm, stage]
                count += 1
        state.mean_stage_revenue[stage] = total / count if count > 0 else 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def commit_quality(state: State) -> cython.void:
    for stage in range(state.n_stages):
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            state.quality[firm, stage] = state.next_quality[firm, stage]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def advance_projects(state: State, firm: cython.int) -> cython.void:
    for stage in range(state.n_stages):
        mode = state.project[firm, stage]
        if mode == kinds.IDLE:
            continue
        state.project_left[firm, stage] -= 1
        if state.project_left[firm, stage] > 0:
            continue
        region = state.region_of[firm]
        state.ends[region, mode - 1] += 1.0
        state.successes[region, mode - 1] += finish_project(state, firm, stage, mode)
        state.project[firm, stage] = kinds.IDLE
        state.project_staff[firm, stage] = 0.0
        state.project_budget[firm, stage] = 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finish_project(state: State, firm: cython.int, stage: cython.int, mode: cython.int) -> cython.int:
    """Give 1 if the project succeeds, after changing what the firm can do."""
    key = draws.key(state.seed, decisions.PROJECT_OUTCOME, state.quarter)
    identity = state.lineage[firm]
    luck = draws.uniform(key, identity, 2 * stage)
    spread = 0.5 + draws.uniform(key, identity, 2 * stage + 1)
    crowding = state.crowding[state.region_of[firm]]
    if mode == kinds.NOVEL:
        return finish_novel(state, firm, stage, key, luck)
    if mode == kinds.SECOND:
        gap = state.project_source[firm, stage] - state.quality[firm, stage]
        if gap > 0.0:
            gained = elementary.sqrt(crowding) * spread * knowledge.imitated_share(state, firm) * gap
            state.next_quality[firm, stage] += min(gap, gained)
        product = state.product_of[firm]
        if product >= 0 and stage == state.brand_stage[state.product_industry[product]]:
            state.fit[product] += state.parameters.home_fit_gain * spread * (state.parameters.home_fit_most - state.fit[product])
        return 1
    if mode == kinds.PROCESS:
        state.cost_progress[firm, stage] -= process_step(state, firm, stage) * spread
        return 1
    state.flexibility[firm, stage] += production_step(state, firm, stage) * min(spread, 1.0)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finish_novel(state: State, firm: cython.int, stage: cython.int, key: cython.ulonglong, luck: cython.double) -> cython.int:
    """Recombine: success with chance p x 2 fit; jump = scale (u^(-1/tail) - offset) (base + fit) x worth of the partner."""
    fit = knowledge.complementarity(state, stage, state.design[firm, stage], state.project_design[firm, stage])
    if luck >= novel_chance(state, firm, stage, fit):
        return 0
    identity = state.lineage[firm]
    size_key = draws.key(state.seed, decisions.NOVEL_SIZE, state.quarter)
    tail = elementary.power(draws.uniform(size_key, identity, stage), -1.0 / state.parameters.novelty_tail)
    jump = state.parameters.novelty_jump * (
        tail - state.parameters.novelty_offset
    ) * (state.parameters.novelty_base + fit) * state.project_worth[firm, stage]
    jump = min(jump, state.parameters.novelty_jump_most)
    state.next_quality[firm, stage] += jump
    state.design[firm, stage] = knowledge.combine(
        state, state.design[firm, stage], state.project_design[firm, stage], key, identity, stage
    )
    # A new design unlearns: what was learnt about making the old one is worth less.
    upset = min(1.0, jump / state.parameters.novelty_jump)
    state.cost_progress[firm, stage] *= 1.0 - state.parameters.novelty_unlearns_cost * upset
    state.experience[firm, stage] *= 1.0 - state.parameters.novelty_unlearns_experience * upset
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def novel_chance(state: State, firm: cython.int, stage: cython.int, fit: cython.double) -> cython.double:
    """Give the chance that a novel project succeeds: p x talent at hand x 2 fit x exp(-penalty x gap)."""
    gap = max(0.0, state.bloc_frontier[state.bloc_of[state.region_of[firm]], stage] - state.quality[firm, stage])
    chance = state.parameters.novelty_success * state.crowding[state.region_of[firm]] * 2.0 * fit
    return min(0.95, chance * elementary.exp(-state.parameters.gap_penalty * gap))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def process_step(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Give the mean gain of a process project in log cost; it vanishes at the limit."""
    left = 1.0 + state.cost_progress[firm, stage] / state.parameters.process_limit
    return state.parameters.process_gain * max(0.0, left)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def production_step(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Give the mean gain of a production project in flexibility; in-house training pays less where people leave."""
    mobility = max(0.0, state.mobility[state.region_of[firm]] + state.labour_mobility[state.region_of[firm]])
    trained = 1.0 / (1.0 + state.parameters.training_sensitivity * mobility)
    return state.parameters.production_gain * trained * (1.0 - state.flexibility[firm, stage])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consider_projects(state: State, firm: cython.int) -> cython.void:
    """Let free stages look for a project, as far as the firm's attention goes."""
    running: cython.int = 0
    for stage in range(state.n_stages):
        running += state.project[firm, stage] != kinds.IDLE
    limit = state.n_stages
    if state.parameters.attention > 0.0:
        doublings = elementary.log(1.0 + state.employees[firm] / state.parameters.attention_scale) / elementary.log(2.0)
        limit = 1 + cython.cast(cython.int, state.parameters.attention * doublings)
    if running >= limit:
        return
    key = draws.key(state.seed, decisions.CONSIDER, state.quarter)
    identity = state.lineage[firm]
    # Start at a random stage, so that scarce attention favours none.
    first = draws.below(key, identity, state.n_stages, state.n_stages)
    for step in range(state.n_stages):
        stage = (first + step) % state.n_stages
        if not finance.does(state, firm, stage) or state.project[firm, stage] != kinds.IDLE:
            continue
        if running < limit and draws.uniform(key, identity, stage) < consider_chance(state, firm, stage):
            running += choose_project(state, firm, stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consider_chance(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Give the chance that a free stage looks for a project."""
    region = state.region_of[firm]
    stopped: cython.double = 0.0
    if finance.is_target(state.research_stop_target[region], stage):
        stopped = state.research_stop[region]
    return state.parameters.consider * (1.0 - stopped)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def money_per_utility(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Give the quarterly profit from one unit of buyers' utility: appropriation x (own revenue + hope x mean revenue).

    A lead firm's in-house stage sells through the product. A supplier keeps what bargaining leaves it of the gain.
    """
    hoped = state.parameters.hope * state.mean_stage_revenue[stage]
    product = state.product_of[firm]
    if product >= 0:
        return state.parameters.appropriation * (state.product_sales[product] + hoped)
    return state.parameters.appropriation * state.parameters.bargaining * (state.stage_revenue[firm, stage] + hoped)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def heads_for(state: State, firm: cython.int, stage: cython.int, mode: cython.int) -> cython.double:
    """Give the staff that a firm needs for a project: multiple x (fee + size x employees^exponent).

    In catching-up projects a visiting extension officer does part of the work.
    """
    multiple = state.parameters.novel_staff
    if mode == kinds.SECOND:
        multiple = state.parameters.second_staff
    elif mode == kinds.PROCESS:
        multiple = state.parameters.process_staff
    elif mode == kinds.PRODUCTION:
        multiple = state.parameters.production_staff
    size = 0.0
    if state.employees[firm] > 0.0:
        size = elementary.power(state.employees[firm], state.parameters.project_size_exponent)
    heads = multiple * (state.parameters.project_fee + state.parameters.project_size * size)
    if mode != kinds.NOVEL and knowledge.is_visited(state, firm, stage):
        heads *= 1.0 - state.parameters.extension_help
    return heads


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def quarters_for(state: State, firm: cython.int, stage: cython.int, mode: cython.int) -> cython.int:
    """Give the length of a project, shorter in a flexible firm."""
    length = state.parameters.novel_quarters
    if mode == kinds.SECOND:
        length = state.parameters.second_quarters
    elif mode == kinds.PROCESS:
        length = state.parameters.process_quarters
    elif mode == kinds.PRODUCTION:
        length = state.parameters.production_quarters
    quick = 1.0 - state.parameters.flexibility_speeds * state.flexibility[firm, stage]
    return max(1, cython.cast(cython.int, length * quick + 0.5))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def public_share(state: State, firm: cython.int, stage: cython.int, mode: cython.int) -> cython.double:
    """Give the share of a project's cost that the public pays: the larger of a novelty subsidy and a grant that was won."""
    region = state.region_of[firm]
    share: cython.double = 0.0
    if mode == kinds.NOVEL and state.owner[firm] != kinds.AFFILIATE and finance.is_target(
        state.novelty_subsidy_target[region], stage
    ):
        share = state.novelty_subsidy[region]
    if may_ask_for_grant(state, firm, stage) and wins_grant(state, firm, stage):
        share = max(share, state.parameters.grant_share)
    return share


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def may_ask_for_grant(state: State, firm: cython.int, stage: cython.int) -> cython.int:
    """Say whether grants are meant for a firm's stage: one of the believed strengths, in a local private firm."""
    region = state.region_of[firm]
    return state.smart_specialisation[region] > 0.0 and state.owner[firm] == kinds.PRIVATE and finance.is_target(
        state.strengths[region], stage
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def wins_grant(state: State, firm: cython.int, stage: cython.int) -> cython.int:
    """Say whether an application of this quarter is met: a lottery, as there is rarely money for all."""
    key = draws.key(state.seed, decisions.GRANT, state.quarter)
    return draws.uniform(key, state.lineage[firm], stage) < state.grant_chance[state.region_of[firm]]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def choose_project(state: State, firm: cython.int, stage: cython.int) -> cython.int:
    """Choose among the modes and idleness; give 1 if a project starts."""
    value = cython.declare(cython.double[5])  # type: ignore[misc, valid-type]
    gain = cython.declare(cython.double[5])  # type: ignore[misc, valid-type]
    region = state.region_of[firm]
    identity = state.lineage[firm]
    key = draws.key(state.seed, decisions.MODE, state.quarter)
    only_novel: cython.int = 0
    local: cython.int = state.owner[firm] != kinds.AFFILIATE
    if local and state.novelty_mandate[region] > 0.0 and finance.is_target(state.novelty_mandate_target[region], stage):
        # A mandate binds for a year: waiting a quarter does not undo it.
        yearly = draws.key(state.seed, decisions.MANDATE, state.quarter // kinds.QUARTERS_A_YEAR)
        only_novel = draws.uniform(yearly, identity, stage) < state.novelty_mandate[region]
    never_novel: cython.int = 0
    if state.novelty_stop[region] > 0.0 and finance.is_target(state.novelty_stop_target[region], stage):
        yearly = draws.key(state.seed, decisions.MANDATE, state.quarter // kinds.QUARTERS_A_YEAR)
        never_novel = draws.uniform(yearly, identity, state.n_stages + stage) < state.novelty_stop[region]
    fit = knowledge.find_partner(state, firm, stage)
    source = knowledge.accessible_quality(state, firm, stage)
    expected_gains(state, firm, stage, fit, source, gain)
    money = money_per_utility(state, firm, stage)
    rate = state.parameters.discount + state.impatience[region] + state.policy_instability[region]
    total = 1.0
    for mode in range(1, N_MODES + 1):
        value[mode] = 0.0
        if gain[mode] <= 0.0 or (only_novel and mode != kinds.NOVEL) or (never_novel and mode == kinds.NOVEL):
            continue
        length = quarters_for(state, firm, stage, mode)
        heads = heads_for(state, firm, stage, mode)
        cost = heads * length * state.skilled_wage[region] * (1.0 - public_share(state, firm, stage, mode))
        if cost <= 0.0 or cost > spendable(state, firm, mode):
            continue
        benefit = money * gain[mode] * elementary.exp(-rate * length) / (rate + state.parameters.obsolescence_rate)
        if benefit <= 0.0:
            continue
        value[mode] = elementary.exp(min(50.0, elementary.log(benefit / cost) / state.parameters.choice_temperature))
        total += value[mode]
    pick = draws.uniform(key, identity, stage) * total - 1.0
    if pick < 0.0:
        return 0
    for mode in range(1, N_MODES + 1):
        pick -= value[mode]
        if pick < 0.0 and value[mode] > 0.0:
            start_project(state, firm, stage, mode, source)
            return 1
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def spendable(state: State, firm: cython.int, mode: cython.int) -> cython.double:
    """Give what may go into a project: cash and credit beyond one quarter's cost; banks hold back for novelty."""
    share = state.parameters.bank_for_novelty if mode == kinds.NOVEL else 1.0
    return state.cash[firm] + share * finance.credit_line(state, firm) - state.cost[firm]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def expected_gains(
    state: State, firm: cython.int, stage: cython.int, fit: cython.double, source: cython.double, gain: cython.p_double
) -> cython.void:
    """Set the expected gain of each mode, in buyers' utility.

    Tastes and elasticities are the mean of the segments for a supplier and the product's own for a lead firm. A lead firm
    gains by the product's utility, in which cost counts by the stage's share; a supplier by its part's price-equivalent.
    """
    taste = 0.5 * (state.parameters.frontier_quality_taste + state.parameters.value_quality_taste)
    elasticity = 0.5 * (state.parameters.frontier_price_elasticity + state.parameters.value_price_elasticity)
    product = state.product_of[firm]
    if product >= 0:
        share = state.frontier_share[product]
        taste = share * state.parameters.frontier_quality_taste + (1.0 - share) * state.parameters.value_quality_taste
        elasticity = share * state.parameters.frontier_price_elasticity + (1.0 - share) * state.parameters.value_price_elasticity
    cost_share = cost_share_of(state, stage)
    weighted: cython.double = taste * state.quality_weight[stage]
    if product < 0:
        # A supplier sells a part: what the part adds to the product is large against the part's own price.
        weighted /= cost_share
        cost_share = 1.0
    crowding = state.crowding[state.region_of[firm]]
    mean_tail = state.parameters.novelty_tail / (state.parameters.novelty_tail - 1.0) - state.parameters.novelty_offset
    jump = state.parameters.novelty_jump * mean_tail * (state.parameters.novelty_base + fit) * state.project_worth[firm, stage]
    gain[kinds.NOVEL] = weighted * novel_chance(state, firm, stage, fit) * min(jump, state.parameters.novelty_jump_most)
    gain[kinds.SECOND] = 0.0
    if source > state.quality[firm, stage]:
        closed = elementary.sqrt(crowding) * knowledge.imitated_share(state, firm) * (source - state.quality[firm, stage])
        gain[kinds.SECOND] = weighted * closed
    if product >= 0 and stage == state.brand_stage[state.product_industry[product]]:
        gain[kinds.SECOND] += state.parameters.home_fit_gain * (state.parameters.home_fit_most - state.fit[product])
    gain[kinds.PROCESS] = elasticity * cost_share * process_step(state, firm, stage)
    # Flexibility lowers the customer's cost of the interface and makes capacity follow demand.
    eased = state.parameters.interface_cost * (1.0 - state.modularity) * state.parameters.flexibility_eases
    eased += state.parameters.capacity_growth
    gain[kinds.PRODUCTION] = elasticity * cost_share * eased * production_step(state, firm, stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def cost_share_of(state: State, stage: cython.int) -> cython.double:
    """Give the share of a stage in the cost of its industry's product, at mean costs."""
    total: cython.double = 0.0
    for other in range(state.n_stages):
        if state.industry_of[other] == state.industry_of[stage]:
            total += state.standard_cost[other]
    return state.standard_cost[stage] / total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def start_project(state: State, firm: cython.int, stage: cython.int, mode: cython.int, source: cython.double) -> cython.void:
    """Start a project and set its cost aside: projects are paid in advance. The partner is the one just found."""
    region = state.region_of[firm]
    length = quarters_for(state, firm, stage, mode)
    heads = heads_for(state, firm, stage, mode)
    state.project[firm, stage] = mode
    state.project_left[firm, stage] = length
    state.project_staff[firm, stage] = heads
    state.project_public[firm, stage] = public_share(state, firm, stage, mode)
    state.project_budget[firm, stage] = heads * state.skilled_wage[region] * (1.0 - state.project_public[firm, stage])
    aside = length * state.project_budget[firm, stage]
    state.cash[firm] -= aside
    state.escrow[firm] += aside
    state.project_source[firm, stage] = source
    state.starts[region, mode - 1] += 1.0
    if may_ask_for_grant(state, firm, stage):
        grant = state.parameters.grant_share * heads * length * state.skilled_wage[region]
        state.grants_asked[region] += grant
        if wins_grant(state, firm, stage):
            state.grant_fund[region] -= grant
