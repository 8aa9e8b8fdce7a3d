"""Train, lose and win back talent; let returnees found firms."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws, elementary
    from cython.cimports.redqueen.model.rules import entry, ties
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws, elementary
    from redqueen.model.rules import entry, ties
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def move_talent(state: State) -> cython.void:
    """Update talent by origin and residence.

    Leaving: rate x openness x share of talent abroad that lives there x max(0, ln wage ratio) x talent at home. Coming home: rate x
    (1 + programme) x exp(min(1, ln wage ratio)) x talent there. All talent retires at one rate; graduates join at home.
    """
    for region in range(state.n_regions):
        for residence in range(state.n_regions):
            state.talent[region, residence] *= 1.0 - state.parameters.talent_retirement
        state.talent[region, region] += state.graduates[region] + state.university_expansion[region]
    count_residents(state)
    for region in range(state.n_regions):
        if state.bloc_of[region] == 0:
            for residence in range(state.n_regions):
                if residence != region and state.bloc_of[residence] == 0:
                    exchange(state, region, residence)
    for region in range(state.n_regions):
        for origin in range(state.n_regions):
            state.talent_home[region] += state.talent[origin, region]
            if origin != region:
                state.talent_abroad[region] += state.talent[region, origin]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def count_residents(state: State) -> cython.void:
    for residence in range(state.n_regions):
        state.residents[residence] = 0.0
        for origin in range(state.n_regions):
            state.residents[residence] += state.talent[origin, residence]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def exchange(state: State, region: cython.int, residence: cython.int) -> cython.void:
    """Move a region's talent to and from one place abroad."""
    gap = elementary.log(state.skilled_wage[residence] / state.skilled_wage[region])
    elsewhere: cython.double = 0.0
    for other in range(state.n_regions):
        if other != region:
            elsewhere += state.residents[other]
    share = state.residents[residence] / elsewhere if elsewhere > 0.0 else 0.0
    leaving: cython.double = state.parameters.emigration_rate * state.emigration[region] * max(0.0, gap) * share
    leaving *= state.talent[region, region]
    leaving = min(leaving, state.talent[region, region])
    natural = state.parameters.return_rate * elementary.exp(min(1.0, -gap)) * state.talent[region, residence]
    programme = state.return_programme[region]
    coming = min(natural * (1.0 + programme), state.talent[region, residence])
    state.talent[region, residence] += leaving - coming
    state.talent[region, region] += coming - leaving
    state.emigrants[region] += leaving
    state.returnees[region] += coming
    extra = max(0.0, coming - natural)
    state.programme_costs[region] += extra * state.parameters.return_cost * state.skilled_wage[region]
    found_by_returnees(state, region, residence, coming)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def found_by_returnees(state: State, region: cython.int, residence: cython.int, coming: cython.double) -> cython.void:
    """Let returnees found firms at home with what they learnt in a firm abroad; the expected number is kept exactly."""
    expected = state.parameters.returnee_founders * coming * state.founding[region]
    key = draws.key(state.seed, decisions.RETURNEES, state.quarter)
    identity = region * state.n_regions + residence
    number = cython.cast(cython.int, expected)
    if draws.uniform(key, identity, 0) < expected - number:
        number += 1
    for order in range(number):
        mentor = ties.neighbour(state, residence, key, identity, 3 * order + 1)
        if mentor < 0:
            continue
        # Their identity: the place abroad and a number beyond any firm's order of birth there.
        ancestor = draws.bits(key, identity, 3 * order + 2)
        child = entry.found(state, region, mentor, ancestor, order, state.parameters.inherit_loss + state.parameters.tie_lag)
        if child >= 0:
            state.returnee_firms[region] += 1.0
