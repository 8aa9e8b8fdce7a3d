"""Say who does which stage, whom an instrument is aimed at, who can be reached, and who may borrow how much."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import draws
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import draws
    from redqueen.model import kinds
    from redqueen.model.state import State


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_target(target: cython.ulonglong, stage: cython.int) -> cython.int:
    """Say whether a targeted instrument is aimed at a stage."""
    return (target >> stage) & 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def does(state: State, firm: cython.int, stage: cython.int) -> cython.int:
    """Say whether a firm does a stage in-house."""
    return (state.stages[firm] >> stage) & 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def last_stage(state: State, firm: cython.int) -> cython.int:
    """Give the last stage in the chain that a firm does: the brand stage of a lead firm."""
    last = 0
    for stage in range(state.n_stages):
        if does(state, firm, stage):
            last = stage
    return last


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def draw_stage(
    state: State, stages: cython.ulonglong, key: cython.ulonglong, identity: cython.ulonglong, index: cython.int
) -> cython.int:
    """Draw one of the stages given as bits; -1 if there is none."""
    count: cython.int = 0
    for stage in range(state.n_stages):
        count += is_target(stages, stage)
    if count == 0:
        return -1
    pick = draws.below(key, identity, index, count)
    for stage in range(state.n_stages):
        if is_target(stages, stage):
            if pick == 0:
                return stage
            pick -= 1
    return -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bought_stages(state: State, industry: cython.int) -> cython.ulonglong:
    """Give the stages of an industry that a lead firm may buy, all but the brand, as bits."""
    stages = cython.declare(cython.ulonglong, 0)
    for stage in range(state.n_stages):
        if state.industry_of[stage] == industry and stage != state.brand_stage[industry]:
            stages = stages | (cython.cast(cython.ulonglong, 1) << stage)
    return stages


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reaches(state: State, region: cython.int, firm: cython.int) -> cython.int:
    """Say whether a living firm can be traded and talked with from a region."""
    return state.alive[firm] and state.bloc_of[state.region_of[firm]] == state.bloc_of[region]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def credit_line(state: State, firm: cython.int) -> cython.double:
    """Give the bank credit that a firm may use, in money.

    Line = revenue x share x depth; the bias raises it by its share for firms of the state and the champion, who has an extra
    line as well, and lowers it for private ones; an affiliate borrows where its owners live; exclusion takes its share.
    """
    region = state.region_of[firm]
    share = state.parameters.credit_share * state.credit[region]
    if state.owner[firm] == kinds.AFFILIATE:
        return state.revenue[firm] * state.parameters.credit_share * state.credit[state.owner_region[firm]]
    if state.champion[region] == firm:
        share = share * (1.0 + state.state_credit_bias[region]) + state.parameters.champion_credit
    elif state.owner[firm] == kinds.STATE:
        share *= 1.0 + state.state_credit_bias[region]
    else:
        share *= 1.0 - state.state_credit_bias[region]
    if state.sunset_exclusion[region] > 0.0 and (state.stages[firm] & state.sunset_exclusion_target[region]) != 0:
        share *= 1.0 - state.sunset_exclusion[region]
    return state.revenue[firm] * share
