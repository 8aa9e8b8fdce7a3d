"""Spend public money on firms, funds and households, and raise it by a levy on the region's incomes."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws, elementary
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import finance
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws, elementary
    from redqueen.model import kinds
    from redqueen.model.rules import finance
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def spend_public_money(state: State) -> cython.void:
    """Pay grants, fund ventures and pay households, as the instruments say."""
    for region in range(state.n_regions):
        state.transfers[region] += state.lump_sum[region] * state.wage[region]
        fund_ventures(state, region)
        back_champion(state, region)
        provide_grants(state, region)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def levy_public_cost(state: State) -> cython.void:
    """Add up what every instrument cost; a levy on the region's incomes pays for it, less tariff revenue.

    What a spending floor asks for beyond that goes to households, on whom it is levied: money alone changes nothing.
    """
    for region in range(state.n_regions):
        cost = state.public_wages[region] + state.paid_abroad[region] + state.programme_costs[region]
        cost += state.wage_subsidies[region] + state.overhead_subsidies[region] + state.project_subsidies[region]
        cost += state.grants[region] + state.transfers[region] + state.venture_public[region] + state.tariff_forgone[region]
        missing: cython.double = state.spending_floor[region] - cost
        if missing > 0.0:
            state.transfers[region] += missing
            cost = state.spending_floor[region]
        state.public_cost[region] = cost
        # Tariffs forgone were never revenue: the levy makes up for them, and pays the tariffs raised back.
        state.levy[region] = cost - state.tariff_paid[region] - state.tariff_forgone[region]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fund_ventures(state: State, region: cython.int) -> cython.void:
    """Let venture funds take in private and public money and return a little to investors."""
    public = state.venture_capital[region] * state.wage[region]
    state.venture_public[region] += public
    state.venture_pool[region] *= 1.0 - state.parameters.venture_leak
    state.venture_pool[region] += public + state.venture_money[region] * state.wage[region]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def back_champion(state: State, region: cython.int) -> cython.void:
    """Give the champion its money; a share must go into capacity of the stage that is most stretched."""
    champion = state.champion[region]
    if champion < 0:
        return
    money = state.national_champion[region] * state.wage[region]
    state.grants[region] += money
    stretched = -1
    most = -1.0
    for stage in range(state.n_stages):
        if finance.does(state, champion, stage) and state.workers_per_unit[stage] > 0.0:
            stretch = state.units[champion, stage] / state.capacity[champion, stage]
            if stretch > most:
                most = stretch
                stretched = stage
    tied = state.parameters.champion_capacity * money
    price = state.parameters.capacity_price * state.wage[region] * state.workers_per_unit[stretched]
    if stretched >= 0 and price > 0.0:
        state.capacity[champion, stretched] += tied / price
        state.capacity_paid[region] += tied
        money -= tied
        state.grants_for_capacity[region] += tied
    state.cash[champion] += money


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def provide_grants(state: State, region: cython.int) -> cython.void:
    """Put the quarter's money into the fund for project grants and see how many applications it can meet.

    chance = fund / what the last quarter's applications called for. Money not promised within a year lapses.
    """
    money = state.smart_specialisation[region] * state.wage[region]
    asked = state.grants_asked[region]
    state.grants_asked[region] = 0.0
    if money <= 0.0:
        state.grant_fund[region] = 0.0
        state.grant_chance[region] = 0.0
        state.strengths[region] = 0
        return
    state.grant_fund[region] = min(state.grant_fund[region] + money, kinds.QUARTERS_A_YEAR * money)
    state.grant_chance[region] = 1.0 if asked <= 0.0 else max(0.0, min(1.0, state.grant_fund[region] / asked))
    seek_strengths(state, region)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def seek_strengths(state: State, region: cython.int) -> cython.void:
    """Let the government form a belief, once a year, about the stages that are related to what the region does well.

    A stage is believed a strength where ln(related quotient) + error x normal > 0. The related quotient is the mean location
    quotient of the stage (weight 1) and of those that it buys inputs from or sells them to (weight ``relatedness``). Firms at
    the table and compatriots abroad take away part of the error. Meetings with firms are paid.
    """
    table = state.public_private_partnership[region]
    firms = state.region_start[region + 1] - state.region_start[region]
    yearly: cython.double = table * firms * state.parameters.meeting_cost * state.wage[region]
    state.programme_costs[region] += yearly / kinds.QUARTERS_A_YEAR
    measure_quotients(state, region)
    anew: cython.int = state.quarter % kinds.QUARTERS_A_YEAR == 0 or state.strengths[region] == 0
    error: cython.double = state.parameters.discovery_error * (1.0 - table)
    error *= 1.0 - state.parameters.diaspora_strategy * state.compatriots[region]
    key = draws.key(state.seed, decisions.DISCOVERY, state.quarter // kinds.QUARTERS_A_YEAR)
    believed = cython.declare(cython.ulonglong, 0)
    for stage in range(state.n_stages):
        related = related_quotient(state, region, stage)
        bit = cython.cast(cython.ulonglong, 1) << stage
        noise = elementary.exp(error * draws.normal(key, region, stage))
        if not finance.is_target(state.smart_specialisation_target[region], stage):
            continue
        if related * noise > 1.0:
            believed = believed | bit
        if not anew:
            believed = (believed & ~bit) | (state.strengths[region] & bit)
        state.strengths_misjudged[region] += ((believed & bit) != 0) != (related > 1.0)
    state.strengths[region] = believed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def related_quotient(state: State, region: cython.int, stage: cython.int) -> cython.double:
    """Give the mean location quotient of a stage and of the stages that it trades inputs with."""
    total: cython.double = state.quotient[region, stage]
    weights: cython.double = 1.0
    for other in range(state.n_stages):
        if state.input_stage[stage] == other or state.input_stage[other] == stage:
            total += state.parameters.relatedness * state.quotient[region, other]
            weights += state.parameters.relatedness
    return total / weights


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure_quotients(state: State, region: cython.int) -> cython.void:
    """Measure location quotients: (region's sales of a stage / world's) / (region's sales / world's)."""
    region_all: cython.double = 0.0
    world_all: cython.double = 0.0
    for stage in range(state.n_stages):
        local: cython.double = 0.0
        everywhere: cython.double = 0.0
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            everywhere += state.stage_revenue[firm, stage]
            if state.region_of[firm] == region:
                local += state.stage_revenue[firm, stage]
        region_all += local
        world_all += everywhere
        state.quotient[region, stage] = local / everywhere if everywhere > 0.0 else 0.0
    for stage in range(state.n_stages):
        if region_all > 0.0:
            state.quotient[region, stage] *= world_all / region_all
