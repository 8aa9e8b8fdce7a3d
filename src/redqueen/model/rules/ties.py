"""Make, strengthen and lose ties: at associations and fairs, through compatriots abroad, between customers and suppliers."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import decisions, draws
    from cython.cimports.redqueen.model import kinds
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import decisions, draws
    from redqueen.model import kinds
    from redqueen.model.state import State


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def renew_ties(state: State) -> cython.void:
    """Fade all ties, then meet at associations, through the diaspora and at fairs; paid meetings are booked."""
    fade_ties(state)
    meet_locally(state)
    meet_through_diaspora(state)
    meet_at_fairs(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def add_tie(state: State, firm: cython.int, other: cython.int, strength: cython.double, kind: cython.int) -> cython.void:
    """Let a firm know another: strengthen the tie, or take the place of an empty or weaker one."""
    if firm == other:
        return
    weakest = 0
    for slot in range(state.n_contacts):
        if state.contact[firm, slot] == other:
            if strength > state.strength[firm, slot]:
                state.strength[firm, slot] = strength
                state.tie_kind[firm, slot] = kind
            return
        if state.contact[firm, slot] < 0:
            if state.contact[firm, weakest] >= 0:
                weakest = slot
        elif state.contact[firm, weakest] >= 0 and state.strength[firm, slot] < state.strength[firm, weakest]:
            weakest = slot
    if state.contact[firm, weakest] < 0 or state.strength[firm, weakest] < strength:
        state.contact[firm, weakest] = other
        state.strength[firm, weakest] = strength
        state.tie_kind[firm, weakest] = kind


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tie_both(state: State, firm: cython.int, other: cython.int, strength: cython.double, kind: cython.int) -> cython.void:
    """Let two firms know each other."""
    add_tie(state, firm, other, strength, kind)
    add_tie(state, other, firm, strength, kind)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def neighbour(state: State, region: cython.int, key: cython.ulonglong, identity: cython.ulonglong, index: cython.int) -> cython.int:
    """Draw a firm of a region; -1 where there is none."""
    count = state.region_start[region + 1] - state.region_start[region]
    if count == 0:
        return -1
    return state.region_members[state.region_start[region] + draws.below(key, identity, index, count)]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lead_firm(state: State, region: cython.int, key: cython.ulonglong, identity: cython.ulonglong, index: cython.int) -> cython.int:
    """Draw a lead firm of a region; -1 where there is none."""
    count: cython.int = 0
    for position in range(state.region_start[region], state.region_start[region + 1]):
        count += state.product_of[state.region_members[position]] >= 0
    if count == 0:
        return -1
    pick = draws.below(key, identity, index, count)
    for position in range(state.region_start[region], state.region_start[region + 1]):
        if state.product_of[state.region_members[position]] >= 0:
            if pick == 0:
                return state.region_members[position]
            pick -= 1
    return -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_open(state: State, firm: cython.int) -> cython.int:
    """Say whether a firm's people mix with those of its region: affiliates only if linked."""
    return state.owner[firm] != kinds.AFFILIATE or state.linked[firm]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fade_ties(state: State) -> cython.void:
    for position in range(state.n_alive):
        firm = state.living[position]
        for slot in range(state.n_contacts):
            if state.contact[firm, slot] < 0:
                continue
            state.strength[firm, slot] *= 1.0 - state.parameters.tie_decay
            if state.strength[firm, slot] < state.parameters.tie_least:
                state.contact[firm, slot] = -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def meet_locally(state: State) -> cython.void:
    """Introduce each firm, with the chance of its region, to a contact of a contact or to a firm of the region."""
    key = draws.key(state.seed, decisions.ASSOCIATION, state.quarter)
    for position in range(state.n_alive):
        firm = state.living[position]
        region = state.region_of[firm]
        supported = state.associations_support[region]
        chance = state.associations[region] + supported + state.parameters.park_meetings * state.technology_park[region]
        if not is_open(state, firm) or draws.uniform(key, state.lineage[firm], 0) >= chance:
            continue
        state.programme_costs[region] += state.parameters.meeting_cost * state.wage[region] * supported / chance
        other = -1
        friend = state.contact[firm, draws.below(key, state.lineage[firm], 1, state.n_contacts)]
        if friend >= 0:
            other = state.contact[friend, draws.below(key, state.lineage[firm], 2, state.n_contacts)]
            if other >= 0 and state.region_of[other] != region:
                other = -1
        if other < 0:
            other = neighbour(state, region, key, state.lineage[firm], 3)
        if other >= 0 and is_open(state, other):
            tie_both(state, firm, other, state.parameters.local_tie, kinds.LOCAL_TIE)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def meet_through_diaspora(state: State) -> cython.void:
    """Tie a firm to one abroad: rate x (1 + network) x share of the region's talent that lives there.

    Some introductions are to a lead firm, who may become a customer; the others to any firm.
    """
    key = draws.key(state.seed, decisions.DIASPORA, state.quarter)
    for position in range(state.n_alive):
        firm = state.living[position]
        region = state.region_of[firm]
        if state.bloc_of[region] != 0 or not is_open(state, firm):
            continue
        everyone: cython.double = 1.0
        for residence in range(state.n_regions):
            everyone += state.talent[region, residence]
        network = 1.0 + state.diaspora_network[region]
        luck: cython.double = draws.uniform(key, state.lineage[firm], 0)
        # One draw serves all places: at most one introduction a quarter.
        for residence in range(state.n_regions):
            if residence == region or state.bloc_of[residence] != 0:
                continue
            chance: cython.double = state.parameters.diaspora_rate * network * state.talent[region, residence] / everyone
            luck -= chance
            if luck >= 0.0:
                continue
            other = -1
            if draws.uniform(key, state.lineage[firm], 2) < state.parameters.diaspora_customers:
                other = lead_firm(state, residence, key, state.lineage[firm], 3)
            if other < 0:
                other = neighbour(state, residence, key, state.lineage[firm], 1)
            if other >= 0:
                tie_both(state, firm, other, state.parameters.diaspora_tie, kinds.DIASPORA_TIE)
                paid = state.parameters.introduction_cost * state.skilled_wage[residence]
                state.paid_abroad[region] += paid * state.diaspora_network[region] / network
            break


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def meet_at_fairs(state: State) -> cython.void:
    """Take firms to a fair in another region: suppliers meet a lead firm there, lead firms show their brand."""
    key = draws.key(state.seed, decisions.FAIR, state.quarter)
    for position in range(state.n_alive):
        firm = state.living[position]
        region = state.region_of[firm]
        if state.export_promotion[region] <= 0.0 or state.owner[firm] == kinds.AFFILIATE or state.n_regions < 2:
            continue
        if draws.uniform(key, state.lineage[firm], 0) >= state.export_promotion[region]:
            continue
        # Any place abroad but the firm's own.
        place: cython.int = draws.below(key, state.lineage[firm], 1, state.n_regions - 1)
        if place >= region:
            place += 1
        if state.bloc_of[place] != state.bloc_of[region]:
            continue
        state.paid_abroad[region] += state.parameters.fair_cost * state.wage[place]
        if state.product_of[firm] >= 0:
            state.brand[state.product_of[firm], place] += state.parameters.fair_cost
            continue
        other = lead_firm(state, place, key, state.lineage[firm], 2)
        if other >= 0:
            tie_both(state, firm, other, state.parameters.local_tie, kinds.FAIR_TIE)
