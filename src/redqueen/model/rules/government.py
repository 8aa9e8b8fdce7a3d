"""Spend public money on firms, funds and households, and raise it by a levy on the region's incomes."""

import cython

if cython.compiled:
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.state import State
    from cython.cimports.redqueen.model.rules import finance
else:
    from redqueen.model import kinds
    from redqueen.model.state import State
    from redqueen.model.rules import finance


def spend_public_money(state: State):
    """Pay grants, fund ventures and pay households, as the instruments say."""
    with cython.nogil:
        for region in range(state.n_regions):
            state.transfers[region] += state.lump_sum[region] * state.wage[region]
            fund_ventures(state, region)
            back_champion(state, region)
            share_out_grants(state, region)


def levy_public_cost(state: State):
    """Add up what every instrument cost; next quarter a levy on the region's incomes pays for it, less tariff revenue.

    What a spending floor asks for beyond that goes to households.
    """
    with cython.nogil:
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
def share_out_grants(state: State, region: cython.int) -> cython.void:
    """Share project grants out over local private firms in stages where the region's part of sales is above its mean part.

    Location quotient of a stage = (region's sales of the stage / world's) / (region's sales / world's); above one counts.
    """
    money = state.smart_specialisation[region] * state.wage[region]
    if money <= 0.0:
        return
    chosen = distinctive_stages(state, region) & state.smart_specialisation_target[region]
    eligible: cython.int = 0
    for position in range(state.region_start[region], state.region_start[region + 1]):
        firm = state.region_members[position]
        eligible += (state.stages[firm] & chosen) != 0 and state.owner[firm] == kinds.PRIVATE
    if eligible == 0:
        return
    state.grants[region] += money
    for position in range(state.region_start[region], state.region_start[region + 1]):
        firm = state.region_members[position]
        if (state.stages[firm] & chosen) != 0 and state.owner[firm] == kinds.PRIVATE:
            state.cash[firm] += money / eligible


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def distinctive_stages(state: State, region: cython.int) -> cython.ulonglong:
    """Give the stages whose location quotient in a region exceeds one, as bits."""
    chosen = cython.declare(cython.ulonglong, 0)
    region_all: cython.double = 0.0
    world_all: cython.double = 0.0
    for stage in range(state.n_stages):
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            world_all += state.stage_revenue[firm, stage]
            if state.region_of[firm] == region:
                region_all += state.stage_revenue[firm, stage]
    for stage in range(state.n_stages):
        local: cython.double = 0.0
        everywhere: cython.double = 0.0
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            everywhere += state.stage_revenue[firm, stage]
            if state.region_of[firm] == region:
                local += state.stage_revenue[firm, stage]
        if local * world_all > everywhere * region_all:
            chosen = chosen | (cython.cast(cython.ulonglong, 1) << stage)
    return chosen
