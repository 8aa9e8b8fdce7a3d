"""Move what no firm decides: modularity, technology epochs, public knowledge, trade blocs and public services."""

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


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def change_environment(state: State) -> cython.void:
    """Bring the world outside the firms to this quarter.

    Modularity m(t) = m0 + (m1 - m0) / (1 + exp(-steepness (t - midpoint))). The frontier of a stage is the mean of its
    best firms, five or a small share of all; public knowledge of a region follows the frontier of its trade bloc at
    ``publication_rate`` and never falls.
    """
    modularise(state)
    form_blocs(state)
    end_epochs(state)
    measure_frontier(state)
    measure_best_practice(state)
    count_compatriots(state)
    run_public_research(state)
    run_public_services(state)
    choose_champions(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def modularise(state: State) -> cython.void:
    since = state.quarter - state.first_quarter - state.modularity_midpoint
    rise = 1.0 / (1.0 + elementary.exp(-state.parameters.modularity_steepness * since))
    state.modularity = state.modularity_start + (state.modularity_end - state.modularity_start) * rise
    for region in range(state.n_regions):
        elapsed = state.quarter - state.first_quarter
        state.labour_normal[region] = state.workers[region] * elementary.exp(state.workers_growth[region] * elapsed)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def form_blocs(state: State) -> cython.void:
    for region in range(state.n_regions):
        state.bloc_of[region] = region + 1 if state.embargo[region] > 0.5 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def end_epochs(state: State) -> cython.void:
    key = draws.key(state.seed, decisions.EPOCH, state.quarter)
    for stage in range(state.n_stages):
        if draws.uniform(key, stage, 0) >= state.parameters.turbulence:
            continue
        state.epoch[stage] += 1
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            state.cost_progress[firm, stage] *= state.parameters.epoch_keeps_cost
            state.experience[firm, stage] *= state.parameters.epoch_keeps_experience
            state.flexibility[firm, stage] *= state.parameters.epoch_keeps_flexibility


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure_frontier(state: State) -> cython.void:
    for stage in range(state.n_stages):
        first = state.stage_start[stage]
        count = state.stage_start[stage + 1] - first
        if count > 0:
            for position in range(count):
                state.ranking[position] = state.quality[state.stage_members[first + position], stage]
            best = cython.cast(cython.int, max(state.parameters.frontier_firms, state.parameters.frontier_part * count))
            state.frontier[stage] = mean_of_best(state, count, min(best, count))
    measure_bloc_frontiers(state)
    for region in range(state.n_regions):
        for stage in range(state.n_stages):
            gap = state.bloc_frontier[state.bloc_of[region], stage] - state.public_knowledge[region, stage]
            if gap > 0.0:
                state.public_knowledge[region, stage] += state.parameters.publication_rate * gap


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure_bloc_frontiers(state: State) -> cython.void:
    """Measure the frontier that each trade bloc can see; the open world of all regions sees that of the world."""
    closed: cython.int = 0
    for region in range(state.n_regions):
        closed += state.bloc_of[region] != 0
    for bloc in range(state.n_blocs):
        for stage in range(state.n_stages):
            state.bloc_frontier[bloc, stage] = state.frontier[stage]
    if closed == 0:
        return
    for region in range(-1, state.n_regions):
        bloc = region + 1
        if region >= 0 and state.bloc_of[region] != bloc:
            continue
        for stage in range(state.n_stages):
            count: cython.int = 0
            for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
                firm = state.stage_members[position]
                if state.bloc_of[state.region_of[firm]] == bloc:
                    state.ranking[count] = state.quality[firm, stage]
                    count += 1
            # A bloc without such firms sees nothing new.
            state.bloc_frontier[bloc, stage] = -1e300
            if count > 0:
                best = cython.cast(cython.int, max(state.parameters.frontier_firms, state.parameters.frontier_part * count))
                state.bloc_frontier[bloc, stage] = mean_of_best(state, count, min(best, count))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mean_of_best(state: State, count: cython.int, best: cython.int) -> cython.double:
    """Give the mean of the ``best`` largest of the first ``count`` rankings, which are reordered (Hoare's selection)."""
    low: cython.int = 0
    high: cython.int = count - 1
    while low < high:
        pivot = state.ranking[(low + high) // 2]
        left: cython.int = low
        right: cython.int = high
        while left <= right:
            while state.ranking[left] > pivot:
                left += 1
            while state.ranking[right] < pivot:
                right -= 1
            if left <= right:
                swapped = state.ranking[left]
                state.ranking[left] = state.ranking[right]
                state.ranking[right] = swapped
                left += 1
                right -= 1
        if best - 1 <= right:
            high = right
        elif best - 1 >= left:
            low = left
        else:
            break
    total: cython.double = 0.0
    for position in range(best):
        total += state.ranking[position]
    return total / best


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure_best_practice(state: State) -> cython.void:
    for region in range(state.n_regions):
        for stage in range(state.n_stages):
            state.best_practice[region, stage] = state.public_knowledge[region, stage] - state.parameters.tacit
    for stage in range(state.n_stages):
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            firm = state.stage_members[position]
            region = state.region_of[firm]
            # An affiliate without local links shows nobody how it works.
            closed: cython.int = state.owner[firm] == kinds.AFFILIATE and not state.linked[firm]
            if not closed and state.quality[firm, stage] > state.best_practice[region, stage]:
                state.best_practice[region, stage] = state.quality[firm, stage]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def count_compatriots(state: State) -> cython.void:
    """Measure what compatriots abroad can do for a region: share of its talent that lives abroad x (1 + network), at most one.

    Those who live behind a closed border can do nothing.
    """
    for region in range(state.n_regions):
        everyone: cython.double = 0.0
        silent: cython.double = 0.0
        for residence in range(state.n_regions):
            everyone += state.talent[region, residence]
            if residence != region and state.bloc_of[residence] != 0:
                silent += state.talent[region, residence]
        state.compatriots[region] = 0.0
        if everyone > 0.0 and state.bloc_of[region] == 0:
            away = (everyone - state.talent[region, region] - silent) / everyone
            state.compatriots[region] = max(0.0, min(1.0, away * (1.0 + state.diaspora_network[region])))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def run_public_research(state: State) -> cython.void:
    """Let each laboratory learn: dq = speed staff / (staff + half) max(0, open - q), per targeted stage.

    What is open is what products show less what is tacit and, as far as overseas advisers open doors, the frontier less a lag.
    """
    for region in range(state.n_regions):
        staff = state.public_research_organisation[region]
        if staff <= 0.0:
            continue
        targets = 0
        for stage in range(state.n_stages):
            targets += finance.is_target(state.public_research_organisation_target[region], stage)
        if targets == 0:
            continue
        speed = state.parameters.public_speed * staff / (staff + state.parameters.public_staff_half * targets)
        access = state.overseas_advisers[region] if state.bloc_of[region] == 0 else 0.0
        for stage in range(state.n_stages):
            if not finance.is_target(state.public_research_organisation_target[region], stage):
                continue
            open_quality: cython.double = state.public_knowledge[region, stage] - state.parameters.tacit
            shown = state.frontier[stage] - state.parameters.public_lag
            if shown > open_quality:
                open_quality += access * (shown - open_quality)
            gap = open_quality - state.public_quality[region, stage]
            if gap > 0.0:
                state.public_quality[region, stage] += speed * gap


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def run_public_services(state: State) -> cython.void:
    """Staff public research, extension and teaching, pay advisers abroad, and share out officers among firms."""
    for region in range(state.n_regions):
        officers = state.capacity_building[region]
        firms = extension_clients(state, region)
        state.extension_coverage[region] = 0.0
        if officers > 0.0 and firms > 0:
            state.extension_coverage[region] = min(1.0, state.parameters.extension_reach * officers / firms)
        teachers = state.parameters.graduate_cost * state.university_expansion[region]
        state.public_staff[region] = state.public_research_organisation[region] + officers + teachers
        state.public_wages[region] = state.public_staff[region] * state.skilled_wage[region]
        sharing = state.parameters.sharing_cost * state.shared_lessons[region] * officers
        state.programme_costs[region] += sharing * state.skilled_wage[region]
        state.paid_abroad[region] += state.overseas_advisers[region] * state.parameters.adviser_cost * highest_skilled_wage(state)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def extension_clients(state: State, region: cython.int) -> cython.int:
    """Give the number of local firms that extension is aimed at."""
    count: cython.int = 0
    for position in range(state.region_start[region], state.region_start[region + 1]):
        firm = state.region_members[position]
        aimed: cython.int = (state.stages[firm] & state.capacity_building_target[region]) != 0
        if aimed and state.owner[firm] != kinds.AFFILIATE:
            count += 1
    return count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def highest_skilled_wage(state: State) -> cython.double:
    highest = 0.0
    for region in range(state.n_regions):
        highest = max(highest, state.skilled_wage[region])
    return highest


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def choose_champions(state: State) -> cython.void:
    """Back the local lead firm with the largest sales, and stay with it while it lives."""
    for region in range(state.n_regions):
        champion = state.champion[region]
        if champion >= 0 and not (
            state.alive[champion] and state.product_of[champion] >= 0 and state.region_of[champion] == region
        ):
            champion = -1
        if state.national_champion[region] <= 0.0:
            champion = -1
        elif champion < 0:
            largest = -1.0
            for position in range(state.region_start[region], state.region_start[region + 1]):
                firm = state.region_members[position]
                if state.product_of[firm] >= 0 and state.owner[firm] == kinds.PRIVATE and state.revenue[firm] > largest:
                    largest = state.revenue[firm]
                    champion = firm
        state.champion[region] = champion
