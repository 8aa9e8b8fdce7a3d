"""Say what a firm can know: whom it can learn from, what it can imitate, and how well designs combine."""

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


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def complementarity(state: State, stage: cython.int, own: cython.ulonglong, other: cython.ulonglong) -> cython.double:
    """Give how well two designs combine in this epoch, in [0, 1].

    A random number of the pair and the epoch; with bit designs times 4 h (1 - h), h the share of bits that differ: the
    same and the opposite combine to nothing new.
    """
    key = draws.key(state.seed, decisions.COMPLEMENTARITY, state.epoch[stage])
    fit = draws.uniform(key, own ^ other, stage)
    if state.parameters.bit_designs > 0.0:
        share = count_bits(own ^ other) / 64.0
        fit *= 4.0 * share * (1.0 - share)
    return fit


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def count_bits(bits: cython.ulonglong) -> cython.int:
    """Give the number of ones in 64 bits."""
    count = 0
    while bits != 0:
        bits = bits & (bits - 1)
        count += 1
    return count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def combine(
    state: State, own: cython.ulonglong, other: cython.ulonglong, key: cython.ulonglong, identity: cython.ulonglong,
    stage: cython.int
) -> cython.ulonglong:
    """Give the child of two designs: each bit from either parent, a few changed at random; without bit designs, a new one."""
    first = 3 * state.n_stages + 20 * stage
    if state.parameters.bit_designs <= 0.0:
        return draws.bits(key, identity ^ own ^ other, first)
    choice = draws.bits(key, identity, first)
    child = (own & choice) | (other & ~choice)
    for change in range(cython.cast(cython.int, state.parameters.design_mutation)):
        child = child ^ (cython.cast(cython.ulonglong, 1) << draws.below(key, identity, first + 1 + change, 64))
    return child


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def find_partner(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Compare a few designs within reach, from contacts and from the firm's own other stages, and keep the most promising.

    Leaves its design and worth in ``project_design`` and ``project_worth``; gives how well it fits, 0 where there is none.
    worth = exp(-partner quality x distance from the frontier), times 1 - integral loss x (1 - modularity) across firms.
    """
    best: cython.double = 0.0
    state.project_worth[firm, stage] = 0.0
    key = draws.key(state.seed, decisions.PARTNER, state.quarter)
    identity = state.lineage[firm]
    region = state.region_of[firm]
    first = stage * 16
    for candidate in range(cython.cast(cython.int, state.parameters.partner_search)):
        place = draws.below(key, identity, first + 2 * candidate, state.n_contacts + state.n_stages)
        other = firm
        other_stage = place - state.n_contacts
        worth: cython.double = 1.0
        if place < state.n_contacts:
            other = state.contact[firm, place]
            if other < 0 or not finance.reaches(state, region, other) or not can_combine(state, firm, place):
                continue
            other_stage = finance.draw_stage(state, state.stages[other], key, identity, first + 2 * candidate + 1)
            worth = 1.0 - state.parameters.integral_loss * (1.0 - state.modularity)
        elif other_stage == stage:
            continue
        if other_stage < 0 or not finance.does(state, other, other_stage):
            continue
        behind = max(0.0, state.bloc_frontier[state.bloc_of[region], other_stage] - state.quality[other, other_stage])
        worth *= elementary.exp(-state.parameters.partner_quality * behind)
        fit = complementarity(state, stage, state.design[firm, stage], state.design[other, other_stage])
        if fit * worth > best * state.project_worth[firm, stage]:
            best = fit
            state.project_design[firm, stage] = state.design[other, other_stage]
            state.project_worth[firm, stage] = worth
    return best


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def accessible_quality(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Give the best quality that a firm can study for imitation.

    The highest of: what products show less what is tacit; the public research organisation; contacts that do the stage,
    less what a weak tie hides; suppliers of contacts that are lead firms, less what customers keep back; and, for a
    firm with a visiting extension officer, the best practice that officers know less a lag.
    """
    region = state.region_of[firm]
    best: cython.double = state.public_knowledge[region, stage] - state.parameters.tacit
    if state.public_research_organisation[region] > 0.0 and finance.is_target(
        state.public_research_organisation_target[region], stage
    ):
        if state.owner[firm] != kinds.AFFILIATE:
            best = max(best, state.public_quality[region, stage])
    for slot in range(state.n_contacts):
        other = state.contact[firm, slot]
        if other < 0 or not finance.reaches(state, region, other):
            continue
        if state.tie_kind[firm, slot] == kinds.DIASPORA_TIE and state.parameters.diaspora_technology <= 0.0:
            continue
        if finance.does(state, other, stage):
            best = max(best, state.quality[other, stage] - state.parameters.tie_lag * (1.0 - state.strength[firm, slot]))
        elif state.product_of[other] >= 0:
            supplier = state.supplier[state.product_of[other], stage]
            if supplier >= 0 and supplier != firm and finance.reaches(
                state, region, supplier
            ) and finance.does(state, supplier, stage):
                best = max(best, state.quality[supplier, stage] - state.parameters.rival_lag)
    if is_visited(state, firm, stage):
        best = max(best, officers_know(state, region, stage) - state.parameters.extension_lag)
    return best


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def can_combine(state: State, firm: cython.int, slot: cython.int) -> cython.int:
    """Say whether a contact's designs may be combined with: switches tell what local, foreign and diaspora ties are worth."""
    if state.tie_kind[firm, slot] == kinds.DIASPORA_TIE and state.parameters.diaspora_partners <= 0.0:
        return 0
    if state.region_of[state.contact[firm, slot]] == state.region_of[firm]:
        return state.parameters.recombination_home > 0.0
    return state.parameters.recombination_abroad > 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def officers_know(state: State, region: cython.int, stage: cython.int) -> cython.double:
    """Give the practice that extension officers know: the best of the region, part of what compatriots see, and shared lessons.

    Compatriots pass on practice x what they can do of the gap to the frontier; regions that share lessons the smaller of
    their shares of each other's lead, as far as officers there visit firms.
    """
    best: cython.double = state.best_practice[region, stage]
    if state.bloc_of[region] != 0:
        return best
    known: cython.double = best
    abroad = state.parameters.diaspora_practice * state.compatriots[region]
    if state.frontier[stage] > best:
        known += abroad * (state.frontier[stage] - best)
    for other in range(state.n_regions):
        if other != region and state.bloc_of[other] == 0 and state.best_practice[other, stage] > best:
            # Officers know what works in the firms that they visit.
            shared: cython.double = min(state.shared_lessons[region], state.shared_lessons[other]) * state.extension_coverage[other]
            known = max(known, best + shared * (state.best_practice[other, stage] - best))
    return known


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def imitated_share(state: State, firm: cython.int) -> cython.double:
    """Give the share of an accessible gap that a second-generation project closes, on average."""
    protected = state.parameters.property_protection + state.property_rights[state.region_of[firm]]
    return state.parameters.imitation_share * (1.0 - max(0.0, min(1.0, protected)))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_visited(state: State, firm: cython.int, stage: cython.int) -> cython.int:
    """Say whether an extension officer visits a firm for a stage this quarter."""
    region = state.region_of[firm]
    if state.extension_coverage[region] <= 0.0 or state.owner[firm] == kinds.AFFILIATE:
        return 0
    if not finance.is_target(state.capacity_building_target[region], stage):
        return 0
    key = draws.key(state.seed, decisions.EXTENSION, state.quarter)
    return draws.uniform(key, state.lineage[firm], 0) < state.extension_coverage[region]
