"""Work out what a unit costs: labour, materials, learning, congestion, inputs, interfaces and the spot pools."""

import cython

if cython.compiled:
    from cython.cimports.redqueen import elementary
    from cython.cimports.redqueen.model.rules import finance
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen import elementary
    from redqueen.model.rules import finance
    from redqueen.model.state import State

# Keeps the logarithm finite for the first unit of a stage that nobody has made.
LEAST_EXPERIENCE = cython.declare(cython.double, 1.0)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def measure_effort(state: State) -> cython.void:
    """Set the labour and materials of a unit against the standard, for every firm and stage."""
    average_experience(state)
    for stage in range(state.n_stages):
        for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
            set_effort(state, state.stage_members[position], stage)


@cython.ccall
@cython.nogil
@cython.exceptval(check=False)
def price_units(state: State) -> cython.void:
    """Set unit costs and pool prices, stage by stage: an input has its price before it is used.

    unit cost = (labour + materials) effort + input units x delivered input price.
    """
    for stage in range(state.n_stages):
        set_unit_costs(state, stage)
        form_pools(state, stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def average_experience(state: State) -> cython.void:
    for stage in range(state.n_stages):
        for bloc in range(state.n_blocs):
            total: cython.double = 0.0
            count: cython.int = 0
            for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
                firm = state.stage_members[position]
                if state.bloc_of[state.region_of[firm]] == bloc:
                    total += state.experience[firm, stage]
                    count += 1
            state.bloc_experience[bloc, stage] = total / count if count > 0 else 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_effort(state: State, firm: cython.int, stage: cython.int) -> cython.void:
    """Set labour and materials against the standard: learning by doing, process innovation and congestion.

    effort = exp(cost progress) (E / E0)^-b (1 + congestion max(0, planned / usable capacity - 1)), with effective experience
    E = own + share x rivals x mean of the trade bloc, and E0 that of a typical firm when the world began.
    """
    typical = state.bloc_experience[state.bloc_of[state.region_of[firm]], stage]
    taught = state.parameters.learning_from_others * state.parameters.learning_rivals * typical
    effective = state.experience[firm, stage] + taught
    learnt = state.parameters.wright_exponent * elementary.log(max(effective, LEAST_EXPERIENCE) / state.first_experience_of[stage])
    effort = elementary.exp(state.cost_progress[firm, stage] - learnt)
    usable = state.capacity[firm, stage] * state.financed[firm]
    if state.planned[firm, stage] > usable:
        effort *= 1.0 + state.parameters.congestion * (state.planned[firm, stage] / usable - 1.0)
    state.unit_effort[firm, stage] = effort


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def labour_cost(state: State, region: cython.int, stage: cython.int) -> cython.double:
    """Give the wages in one standard unit, before any subsidy."""
    return pay(state, region, stage) * state.workers_per_unit[stage]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pay(state: State, region: cython.int, stage: cython.int) -> cython.double:
    """Give the mean pay of those who work in a stage."""
    skilled = state.skilled_share[stage]
    return state.wage[region] * (1.0 - skilled) + state.skilled_wage[region] * skilled


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def subsidised_share(state: State, region: cython.int, stage: cython.int) -> cython.double:
    """Give the share of production wages that the public pays."""
    if finance.is_target(state.wage_subsidy_target[region], stage):
        return state.wage_subsidy[region]
    return 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def interface(state: State, region: cython.int, supplier: cython.int, stage: cython.int, trust: cython.double) -> cython.double:
    """Give the cost of coordinating with a supplier, as a share of its price.

    i = interface cost x (1 - modularity) (1 + distance) (1 - trust) (1 - eased by the supplier's flexibility).
    """
    eased = 1.0 - state.parameters.flexibility_eases * state.flexibility[supplier, stage]
    apart = 1.0 + state.distance[region, state.region_of[supplier]]
    return state.parameters.interface_cost * (1.0 - state.modularity) * apart * (1.0 - trust) * eased


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pool_interface(state: State, region: cython.int, stage: cython.int) -> cython.double:
    """Give the cost of coordinating with the anonymous pool, as a share of its price: its suppliers are somewhere too."""
    apart = 1.0 + state.pool_distance[region, stage]
    return state.parameters.interface_cost * (1.0 - state.modularity) * state.parameters.pool_interface * apart


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def input_price(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Give the factory price of the input of a firm's stage, from itself, a supplier that it knows, or the pool."""
    source = state.input_stage[stage]
    if finance.does(state, firm, source):
        return state.unit_cost[firm, source]
    supplier = state.input_supplier[firm, stage]
    if supplier >= 0:
        return state.unit_cost[supplier, source] * (1.0 + state.parameters.margin_least)
    return state.pool_price[state.bloc_of[state.region_of[firm]], source]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def input_interface(state: State, firm: cython.int, stage: cython.int) -> cython.double:
    """Give the cost of coordinating the input of a firm's stage, as a share of its price."""
    source = state.input_stage[stage]
    if finance.does(state, firm, source):
        return 0.0
    supplier = state.input_supplier[firm, stage]
    if supplier >= 0:
        return interface(state, state.region_of[firm], supplier, source, 0.0)
    return pool_interface(state, state.region_of[firm], source)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_unit_costs(state: State, stage: cython.int) -> cython.void:
    for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
        set_unit_cost(state, state.stage_members[position], stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_unit_cost(state: State, firm: cython.int, stage: cython.int) -> cython.void:
    region = state.region_of[firm]
    labour = labour_cost(state, region, stage) * (1.0 - subsidised_share(state, region, stage))
    cost = (labour + state.materials_per_unit[stage]) * state.unit_effort[firm, stage]
    source = state.input_stage[stage]
    if source >= 0:
        supplier = state.input_supplier[firm, stage]
        if supplier >= 0 and not (finance.reaches(state, region, supplier) and finance.does(state, supplier, source)):
            state.input_supplier[firm, stage] = -1
        cost += state.input_units[stage] * input_price(state, firm, stage) * (1.0 + input_interface(state, firm, stage))
    state.unit_cost[firm, stage] = cost


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def form_pools(state: State, stage: cython.int) -> cython.void:
    """Weigh the suppliers of each bloc's pool and set its price and quality.

    weight = (capacity + first capacity)^size exp(choice [taste x quality weight x quality - price weight x elasticity x ln cost]);
    price = sum of shares x cost x (1 + twice the least margin); quality = sum of shares x quality.
    """
    taste = 0.5 * (state.parameters.frontier_quality_taste + state.parameters.value_quality_taste) * state.quality_weight[stage]
    elasticity = 0.5 * (
        state.parameters.frontier_price_elasticity + state.parameters.value_price_elasticity
    ) * state.parameters.pool_price_weight
    for bloc in range(state.n_blocs):
        state.pool_weight[bloc, stage] = 0.0
        state.pool_price[bloc, stage] = 0.0
        state.pool_quality[bloc, stage] = 0.0
    for region in range(state.n_regions):
        state.pool_part[region, stage] = 0.0
    total_cost: cython.double = 0.0
    count = 0
    for position in range(state.stage_start[stage], state.stage_start[stage + 1]):
        firm = state.stage_members[position]
        cost = state.unit_cost[firm, stage]
        appeal = taste * (state.quality[firm, stage] - state.frontier[stage]) - elasticity * elementary.log(cost)
        size = elementary.log(state.capacity[firm, stage] + state.parameters.capacity_start)
        weight = elementary.exp(state.parameters.pool_size_exponent * size + state.parameters.pool_choice * appeal)
        bloc = state.bloc_of[state.region_of[firm]]
        state.pool_choice_weight[firm, stage] = weight
        state.pool_weight[bloc, stage] += weight
        state.pool_part[state.region_of[firm], stage] += weight
        state.pool_price[bloc, stage] += weight * cost
        state.pool_quality[bloc, stage] += weight * state.quality[firm, stage]
        total_cost += cost
        count += 1
    if count > 0:
        state.standard_cost[stage] = total_cost / count
    for bloc in range(state.n_blocs):
        weight = state.pool_weight[bloc, stage]
        if weight > 0.0:
            state.pool_price[bloc, stage] *= pool_markup(state) / weight
            state.pool_quality[bloc, stage] /= weight
        else:
            # Nobody in the bloc does the stage: a costly supplier outside does, at what is best known in the bloc.
            state.pool_price[bloc, stage] = state.standard_cost[stage] * (1.0 + state.parameters.outside_markup)
            known: cython.double = -1e300
            for region in range(state.n_regions):
                if state.bloc_of[region] == bloc:
                    known = max(known, state.public_knowledge[region, stage])
            # A bloc of no region has no buyers.
            state.pool_quality[bloc, stage] = (known if known > -1e300 else state.frontier[stage]) - state.parameters.tacit
    locate_pools(state, stage)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def locate_pools(state: State, stage: cython.int) -> cython.void:
    """Say where each pool's suppliers are: the region that sells most, and the mean distance from each buyer's region."""
    for bloc in range(state.n_blocs):
        state.pool_seller[bloc, stage] = -1
    for region in range(state.n_regions):
        bloc = state.bloc_of[region]
        seller = state.pool_seller[bloc, stage]
        if state.pool_part[region, stage] > 0.0 and (seller < 0 or state.pool_part[region, stage] > state.pool_part[seller, stage]):
            state.pool_seller[bloc, stage] = region
        state.pool_distance[region, stage] = 0.0
        if state.pool_weight[bloc, stage] <= 0.0:
            continue
        for other in range(state.n_regions):
            if state.bloc_of[other] == bloc:
                part = state.pool_part[other, stage] / state.pool_weight[bloc, stage]
                state.pool_distance[region, stage] += part * state.distance[region, other]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def newcomer_cost(state: State, region: cython.int, stage: cython.int) -> cython.double:
    """Give the unit cost of whoever starts a stage in a region with what rivals teach, its inputs bought on the pool."""
    bloc = state.bloc_of[region]
    taught = state.parameters.learning_from_others * state.parameters.learning_rivals * state.bloc_experience[bloc, stage]
    learnt = state.parameters.wright_exponent * elementary.log(max(taught, LEAST_EXPERIENCE) / state.first_experience_of[stage])
    labour = labour_cost(state, region, stage) * (1.0 - subsidised_share(state, region, stage))
    cost: cython.double = (labour + state.materials_per_unit[stage]) * elementary.exp(-learnt)
    source = state.input_stage[stage]
    if source >= 0:
        cost += state.input_units[stage] * state.pool_price[bloc, source] * (1.0 + pool_interface(state, region, source))
    return cost


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pool_markup(state: State) -> cython.double:
    """Give price over cost of a supplier on the pool."""
    return 1.0 + 2.0 * state.parameters.margin_least
