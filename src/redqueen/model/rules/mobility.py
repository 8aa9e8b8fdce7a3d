"""Move people between firms of a region: knowledge and ties come with them, experience and training suffer."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws, elementary
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.rules import finance, ties
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws, elementary
    from redqueen.model import kinds
    from redqueen.model.rules import finance, ties
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def move_people(state: State) -> cython.void:
    """Let firms hire from others of their region, with chance mobility x (1 + size effect x ln(1 + heads))."""
    key = draws.key(state.seed, decisions.HIRE, state.quarter)
    for position in range(state.n_alive):
        firm = state.living[position]
        region = state.region_of[firm]
        if not ties.is_open(state, firm):
            continue
        chance = state.mobility[region] + state.labour_mobility[region]
        chance *= 1.0 + state.parameters.mobility_size * elementary.log(1.0 + state.employees[firm])
        if state.champion[region] == firm:
            chance += state.parameters.champion_poaching
        if draws.uniform(key, state.lineage[firm], 0) >= chance:
            continue
        other = ties.neighbour(state, region, key, state.lineage[firm], 1)
        if other >= 0 and other != firm and ties.is_open(state, other):
            hire(state, firm, other, key)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hire(state: State, firm: cython.int, other: cython.int, key: cython.ulonglong) -> cython.void:
    """Take someone from another firm: a tie each way, part of its lead, some of its experience; its projects may slip.

    A mover carries ``mover_knowledge`` of the old employer's lead in stages that both do, capped at one log unit.
    """
    ties.add_tie(state, firm, other, state.parameters.hire_tie, kinds.LOCAL_TIE)
    ties.add_tie(state, other, firm, state.parameters.leave_tie, kinds.LOCAL_TIE)
    state.moves[state.region_of[firm]] += 1.0
    for stage in range(state.n_stages):
        if not finance.does(state, other, stage):
            continue
        if finance.does(state, firm, stage):
            lead = state.quality[other, stage] - state.quality[firm, stage]
            if lead > 0.0:
                state.quality[firm, stage] += state.parameters.mover_knowledge * min(1.0, lead)
        state.experience[other, stage] *= 1.0 - state.parameters.mover_experience
        if state.project[other, stage] != kinds.IDLE:
            if draws.uniform(key, state.lineage[firm] ^ state.lineage[other], 2 + stage) < state.parameters.mover_delay:
                delay(state, other, stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def delay(state: State, firm: cython.int, stage: cython.int) -> cython.void:
    """Let a project slip a quarter; the firm sets aside what that costs."""
    state.project_left[firm, stage] += 1
    state.cash[firm] -= state.project_budget[firm, stage]
    state.escrow[firm] += state.project_budget[firm, stage]
