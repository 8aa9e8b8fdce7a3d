"""List the living firms: all, by region and by stage."""

import cython

if cython.compiled:
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def take_census(state: State) -> cython.void:
    """Rebuild ``living``, ``region_members`` and ``stage_members`` in order of slot.

    Members of region r are entries ``region_start[r]`` to ``region_start[r + 1]``; of a stage likewise.
    """
    list_living(state)
    list_by_region(state)
    list_by_stage(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def list_living(state: State) -> cython.void:
    count = 0
    for firm in range(state.n_firms):
        if state.alive[firm]:
            state.living[count] = firm
            count += 1
    state.n_alive = count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def list_by_region(state: State) -> cython.void:
    for region in range(state.n_regions + 1):
        state.region_start[region] = 0
    for position in range(state.n_alive):
        state.region_start[state.region_of[state.living[position]] + 1] += 1
    for region in range(state.n_regions):
        state.region_start[region + 1] += state.region_start[region]
    for position in range(state.n_alive - 1, -1, -1):
        firm = state.living[position]
        region = state.region_of[firm] + 1
        state.region_start[region] -= 1
        state.region_members[state.region_start[region]] = firm
    # Filling from behind leaves each entry at the start of its region: move them on by one.
    for region in range(state.n_regions):
        state.region_start[region] = state.region_start[region + 1]
    state.region_start[state.n_regions] = state.n_alive


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def list_by_stage(state: State) -> cython.void:
    for stage in range(state.n_stages + 1):
        state.stage_start[stage] = 0
    for position in range(state.n_alive):
        stages = state.stages[state.living[position]]
        stage = 0
        while stages != 0:
            if stages & 1:
                state.stage_start[stage + 1] += 1
            stages = stages >> 1
            stage += 1
    total = 0
    for stage in range(state.n_stages):
        state.stage_start[stage + 1] += state.stage_start[stage]
    total = state.stage_start[state.n_stages]
    for position in range(state.n_alive - 1, -1, -1):
        firm = state.living[position]
        stages = state.stages[firm]
        stage = 0
        while stages != 0:
            if stages & 1:
                state.stage_start[stage + 1] -= 1
                state.stage_members[state.stage_start[stage + 1]] = firm
            stages = stages >> 1
            stage += 1
    for stage in range(state.n_stages):
        state.stage_start[stage] = state.stage_start[stage + 1]
    state.stage_start[state.n_stages] = total
