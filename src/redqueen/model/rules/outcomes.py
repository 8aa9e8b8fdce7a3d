"""Measure the quarter: firms, ties, quality, distance to the frontier and income at constant quality."""

import cython

if cython.compiled:
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen.model import kinds
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def measure_outcomes(state: State) -> cython.void:
    """Set the outcomes that are counts or means over the firms alive at the end of the quarter."""
    count_firms(state)
    measure_quality(state)
    for region in range(state.n_regions):
        real: cython.double = state.value_added[region]
        # A region without buyers has no prices of its own: its income stays nominal.
        if state.price_index[region] > 0.0 and state.base_price_index[region] > 0.0:
            real *= state.base_price_index[region] / state.price_index[region]
        state.income_per_head[region] = real / state.labour_normal[region]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def count_firms(state: State) -> cython.void:
    for firm in range(state.n_firms):
        if not state.alive[firm]:
            continue
        region = state.region_of[firm]
        state.firms[region] += 1.0
        for slot in range(state.n_contacts):
            other = state.contact[firm, slot]
            if other >= 0:
                state.ties[region, state.tie_kind[firm, slot]] += 1.0
                state.ties_between[region, state.region_of[other]] += 1.0
                if state.region_of[other] != region:
                    state.ties_abroad[region] += 1.0
        stages = state.stages[firm]
        for stage in range(state.n_stages):
            if (stages >> stage) & 1:
                state.stage_firms[region, stage] += 1.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure_quality(state: State) -> cython.void:
    """Weigh quality and distance by stage revenue; a region without sales keeps zero."""
    for region in range(state.n_regions):
        all_revenue: cython.double = 0.0
        local_revenue: cython.double = 0.0
        for stage in range(state.n_stages):
            revenue: cython.double = 0.0
            weighted: cython.double = 0.0
            for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
                firm = state.stage_members[position]
                if state.region_of[firm] == region and state.alive[firm]:
                    revenue += state.stage_revenue[firm, stage]
                    weighted += state.stage_revenue[firm, stage] * state.quality[firm, stage]
                    if state.owner[firm] != kinds.AFFILIATE:
                        local_revenue += state.stage_revenue[firm, stage]
                        state.quality_local[region] += state.stage_revenue[firm, stage] * state.quality[firm, stage]
            if revenue > 0.0:
                state.stage_quality[region, stage] = weighted / revenue
                state.quality_made[region] += weighted
                state.distance_to_frontier[region] += revenue * state.frontier[stage] - weighted
                all_revenue += revenue
        if local_revenue > 0.0:
            state.quality_local[region] /= local_revenue
        if all_revenue > 0.0:
            state.quality_made[region] /= all_revenue
            state.distance_to_frontier[region] /= all_revenue
