"""Close the quarter's books of every firm: pay people, interest and owners; learn, grow, and see what can be financed."""

import cython

if cython.compiled:
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import costs, finance
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen.model import kinds
    from redqueen.model.rules import costs, finance
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def close_books(state: State) -> cython.void:
    """Account for every living firm.

    profit = revenue - purchases - materials - wages (production, overhead, marketing, coordination, projects) + subsidies
    - interest; value added = revenue - purchases - materials.
    """
    for position in range(state.n_alive):
        close_firm(state, state.living[position])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def close_firm(state: State, firm: cython.int) -> cython.void:
    state.employees[firm] = 0.0
    state.payroll[firm] = 0.0
    state.materials[firm] = 0.0
    state.support[firm] = 0.0
    # Marketing first: what is bought abroad is part of the brand stage's spending.
    marketing = market_brand(state, firm)
    pay_production(state, firm)
    pay_around(state, firm, marketing)
    interest = interest_due(state, firm)
    weigh_job(state, firm, interest)
    # What remains to be paid is not a cost of running the firm: projects are paid from what was set aside.
    state.cost[firm] = state.payroll[firm] + state.materials[firm] + state.purchases[firm] - state.support[firm]
    reserved = pay_projects(state, firm)
    settle(state, firm, interest, reserved)
    pay_owners(state, firm)
    learn_and_grow(state, firm)
    assess_finance(state, firm)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pay_production(state: State, firm: cython.int) -> cython.void:
    """Pay those who make units and their materials, less what the public pays of wages."""
    region = state.region_of[firm]
    for stage in range(state.n_stages):
        if not finance.does(state, firm, stage):
            continue
        effort = state.units[firm, stage] * state.unit_effort[firm, stage]
        heads = effort * state.workers_per_unit[stage]
        wages = effort * costs.labour_cost(state, region, stage)
        materials = effort * state.materials_per_unit[stage]
        support = wages * costs.subsidised_share(state, region, stage)
        state.employees[firm] += heads
        state.payroll[firm] += wages
        state.materials[firm] += materials
        state.support[firm] += support
        state.wage_subsidies[region] += support
        state.skilled_staff[region] += heads * state.skilled_share[stage]
        state.stage_jobs[region, stage] += heads
        state.stage_wages[region, stage] += wages
        state.stage_units[region, stage] += state.units[firm, stage]
        state.stage_outside[region, stage] += materials
        earned = state.stage_revenue[firm, stage] - state.stage_spending[firm, stage]
        state.stage_profit[region, stage] += earned - wages - materials + support


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pay_around(state: State, firm: cython.int, marketing: cython.double) -> cython.void:
    """Pay overhead (a park carries part of it), marketing at home and coordination, booked in the firm's last stage."""
    region = state.region_of[firm]
    last = finance.last_stage(state, firm)
    overhead = state.parameters.overhead * state.wage[region]
    carried = 0.0
    if state.owner[firm] != kinds.AFFILIATE:
        carried = overhead * state.technology_park[region]
    coordinators = state.coordination[firm] / state.skilled_wage[region]
    heads = state.parameters.overhead + marketing / state.wage[region] + coordinators
    wages = overhead + marketing + state.coordination[firm]
    state.employees[firm] += heads
    state.payroll[firm] += wages
    state.support[firm] += carried
    state.overhead_subsidies[region] += carried
    state.skilled_staff[region] += coordinators
    state.stage_jobs[region, last] += heads
    state.stage_wages[region, last] += wages
    # Coordination is already in the stage's spending.
    state.stage_profit[region, last] -= overhead - carried + marketing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def weigh_job(state: State, firm: cython.int, interest: cython.double) -> cython.void:
    """Note whether running the firm paid less than a founder accepts: own work is paid like any other, profit comes on top.

    An affiliate disappoints its owner where it sells less than a founder's income.
    """
    job = costs.pay(state, state.region_of[firm], finance.last_stage(state, firm))
    earned: cython.double = job * min(1.0, state.employees[firm]) + state.revenue[firm] + state.support[firm] - interest
    earned -= state.payroll[firm] + state.materials[firm] + state.purchases[firm]
    if state.owner[firm] == kinds.AFFILIATE:
        earned = state.revenue[firm]
    state.disappointing[firm] = earned < state.parameters.founder_income * job


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pay_projects(state: State, firm: cython.int) -> cython.double:
    """Pay the staff of projects; give how much of it had been set aside."""
    region = state.region_of[firm]
    staff: cython.double = 0.0
    reserved: cython.double = 0.0
    support: cython.double = 0.0
    for stage in range(state.n_stages):
        if state.project[firm, stage] != kinds.IDLE:
            staff += state.project_staff[firm, stage]
            reserved += state.project_budget[firm, stage]
            support += state.project_staff[firm, stage] * state.project_public[firm, stage]
            mode = state.project[firm, stage]
            state.research_by_mode[region, mode - 1] += state.project_staff[firm, stage] * state.skilled_wage[region]
    research = staff * state.skilled_wage[region]
    support *= state.skilled_wage[region]
    last = finance.last_stage(state, firm)
    state.employees[firm] += staff
    state.payroll[firm] += research
    state.support[firm] += support
    state.project_subsidies[region] += support
    state.research_spending[region] += research
    state.research_staff[region] += staff
    state.stage_jobs[region, last] += staff
    state.stage_wages[region, last] += research
    state.stage_profit[region, last] -= research - support
    return reserved


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def settle(state: State, firm: cython.int, interest: cython.double, reserved: cython.double) -> cython.void:
    """Book profit and cash, and add the firm to its region's totals."""
    region = state.region_of[firm]
    produced: cython.double = state.revenue[firm] - state.purchases[firm] - state.materials[firm]
    profit: cython.double = produced - state.payroll[firm] + state.support[firm] - interest
    state.profit[firm] = profit
    state.escrow[firm] -= reserved
    state.cash[firm] += profit + reserved
    state.stage_profit[region, finance.last_stage(state, firm)] -= interest
    state.jobs[region] += state.employees[firm]
    state.wages_paid[region] += state.payroll[firm]
    state.materials_paid[region] += state.materials[firm]
    state.interest_paid[region] += interest
    state.value_added[region] += produced
    state.operating_profit[region] += profit


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def market_brand(state: State, firm: cython.int) -> cython.double:
    """Buy marketing abroad, let all brands grow with the people at work on them; give what is spent at home.

    Those who know a market live in it: brand' = (1 - decay) brand + money / wage of the market. The fixed team is at home.
    """
    product = state.product_of[firm]
    if product < 0:
        return 0.0
    home = state.region_of[firm]
    brand = state.brand_stage[state.product_industry[product]]
    at_home: cython.double = 0.0
    for market in range(state.n_regions):
        spent: cython.double = state.parameters.marketing_share * state.market_sales[product, market]
        if market == home:
            spent += state.parameters.marketing_fixed * state.wage[home]
            at_home = spent
        elif spent > 0.0:
            buy_marketing(state, firm, market, brand, spent)
        state.brand[product, market] += spent / state.wage[market] - state.parameters.brand_decay * state.brand[product, market]
    return at_home


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def buy_marketing(state: State, firm: cython.int, market: cython.int, brand: cython.int, spent: cython.double) -> cython.void:
    """Book marketing done in another region: a service of that region's brand stage, all of it wages."""
    home = state.region_of[firm]
    state.purchases[firm] += spent
    state.stage_spending[firm, brand] += spent
    state.flows[market, brand, home, brand] += spent
    state.exports[market] += spent
    state.value_added[market] += spent
    state.wages_paid[market] += spent
    state.jobs[market] += spent / state.wage[market]
    state.stage_wages[market, brand] += spent
    state.stage_jobs[market, brand] += spent / state.wage[market]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def interest_due(state: State, firm: cython.int) -> cython.double:
    """Give the interest on debt: bank credit first, informal money beyond it."""
    debt = -state.cash[firm]
    if debt <= 0.0:
        return 0.0
    bank = min(debt, finance.credit_line(state, firm))
    return bank * state.parameters.credit_rate + (debt - bank) * state.parameters.informal_rate


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pay_owners(state: State, firm: cython.int) -> cython.void:
    """Pay out part of what exceeds the firm's reserve of cash."""
    region = state.region_of[firm]
    if state.champion[region] == firm:
        # What the state gives is for the firm, not for its owners.
        return
    kept = state.parameters.surplus_wages * state.wage[region] + state.parameters.surplus_revenue * state.revenue[firm]
    surplus = state.cash[firm] - kept
    if surplus <= 0.0:
        return
    paid = state.parameters.payout * surplus
    state.cash[firm] -= paid
    state.dividends[region] += paid
    state.dividends_received[state.owner_region[firm]] += paid


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def learn_and_grow(state: State, firm: cython.int) -> cython.void:
    """Add to experience; buy capacity as far as it is wanted and can be paid in advance, or let idle capacity go."""
    region = state.region_of[firm]
    for stage in range(state.n_stages):
        if not finance.does(state, firm, stage):
            continue
        state.experience[firm, stage] = state.experience[firm, stage] * (
            1.0 - state.parameters.forgetting
        ) + state.units[firm, stage]
        state.planned[firm, stage] += state.parameters.planning_speed * (state.units[firm, stage] - state.planned[firm, stage])
        state.flexibility[firm, stage] *= 1.0 - state.parameters.flexibility_decay
        capacity = state.capacity[firm, stage]
        wanted = state.planned[firm, stage] - capacity
        if wanted > 0.0:
            fastest = state.parameters.capacity_growth * (1.0 + state.flexibility[firm, stage]) * capacity
            price = state.parameters.capacity_price * state.wage[region] * state.workers_per_unit[stage]
            money = state.cash[firm] + finance.credit_line(state, firm) - state.cost[firm]
            affordable = max(0.0, money) / price if price > 0.0 else wanted
            grown = min(min(wanted, fastest), affordable)
            state.capacity[firm, stage] += grown
            state.cash[firm] -= grown * price
            state.capacity_paid[region] += grown * price
        else:
            shrunk = max(capacity + wanted, capacity * (1.0 - state.parameters.capacity_shrink))
            state.capacity[firm, stage] = max(min(capacity, state.parameters.capacity_start), shrunk)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def assess_finance(state: State, firm: cython.int) -> cython.void:
    """Set the share of next quarter's running cost that cash, credit and informal money can carry: working capital binds."""
    state.financed[firm] = 1.0
    cost = state.cost[firm]
    if cost <= 0.0:
        return
    money = state.cash[firm] + finance.credit_line(state, firm) + state.parameters.informal_share * cost
    state.financed[firm] = max(state.parameters.financed_least, min(1.0, money / cost))
