"""Set wages by how tight the markets for workers and talent are, and what households can spend."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import elementary
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import elementary
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def set_wages(state: State) -> cython.void:
    """Move wages and talent's wages towards what the quarter's employment calls for.

    ln w* = ln base + growth t + tightness ln max(1, employed / (slack x workers)), where the employed are the chain's people
    and those whom its incomes employ in local services. ln of talent's wage* = ln base + growth t + tightness
    ln max(slack, wanted / supply), whose supply is a share of the talent living in the region. Crowding is supply over demand of
    talent, at most one.
    """
    elapsed = state.quarter - state.first_quarter
    for region in range(state.n_regions):
        trend = state.wage_growth[region] * elapsed
        wanted_services = state.parameters.local_services * state.spending_income[region] / state.wage[region]
        # Services take whom the chain leaves; what they cannot hire still raises wages.
        state.service_jobs[region] = min(wanted_services, max(0.0, state.labour_normal[region] - state.jobs[region]))
        employed = (state.jobs[region] + wanted_services) / state.labour_normal[region]
        tight = max(1.0, employed / state.parameters.wage_slack)
        target = elementary.log(state.base_wage[region]) + trend + state.parameters.wage_tightness * elementary.log(tight)
        now = elementary.log(state.wage[region])
        state.wage[region] = elementary.exp(now + state.parameters.wage_speed * (target - now))
        wanted = state.skilled_staff[region] + state.research_staff[region] + state.public_staff[region]
        supply = max(1.0, state.parameters.talent_share * state.talent_home[region])
        state.crowding[region] = min(1.0, supply / max(1.0, wanted))
        scarce = max(state.parameters.skilled_slack, wanted / supply)
        target = elementary.log(
            state.base_skilled_wage[region]
        ) + trend + state.parameters.skilled_tightness * elementary.log(scarce)
        now = elementary.log(state.skilled_wage[region])
        state.skilled_wage[region] = elementary.exp(now + state.parameters.skilled_speed * (target - now))


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def spend_incomes(state: State) -> cython.void:
    """Let households' spending follow disposable income: wages, dividends, interest and transfers less the levy."""
    for region in range(state.n_regions):
        income = state.wages_paid[region] + state.public_wages[region] + state.programme_costs[region]
        income += state.dividends_received[region] + state.interest_paid[region] + state.transfers[region] - state.levy[region]
        missing = max(0.0, income) - state.spending_income[region]
        state.spending_income[region] += state.parameters.income_memory * missing
