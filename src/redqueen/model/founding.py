"""Found a world: allocate its state and bring its first firms into being."""

import numpy

from redqueen import decisions, draws
from redqueen.model import kinds
from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.rules.births import found_first_firm, tie_first_firm
from redqueen.model.state import Parameters, State
from redqueen.model.world import World

CONTACTS = 8
FIRST_SLOTS = 256


def found(world: World, seed: int, parameters: dict[str, float] | None = None) -> State:
    """Give the state of a world before its first quarter.

    ``parameters`` override the world's own, which override the defaults. The same seed gives each first firm the same
    luck whatever else the world contains: its identity is its region, stage and number.
    """
    state = State(sizes_of(world), Parameters({**world.parameters, **(parameters or {})}))
    state.seed = seed
    state.first_quarter = world.burn_in
    state.modularity_start, state.modularity_end, state.modularity_midpoint = world.modularity
    arrays = state.arrays
    for endowment in ENDOWMENTS:
        arrays[endowment.name][...] = world.endowments[endowment.name]
    for name in ("industry_of", "input_stage", "brand_stage", "shipping_stage"):
        arrays[name][...] = getattr(world, name)
    for name, values in first_values(world, state).items():
        arrays[name][...] = values
    state.n_free = state.n_firms
    state.n_free_products = state.n_products
    bring_first_firms(world, state)
    return state


def sizes_of(world: World) -> dict[str, int]:
    """Give the length of every dimension, with room for the first firms."""
    first = int(world.endowments["first_firms"].sum())
    firms = FIRST_SLOTS + 2 * first
    regions, stages = len(world.regions), len(world.stages)
    return {
        "firm": firms, "product": firms // 2, "region": regions, "stage": stages, "industry": len(world.industries),
        "segment": len(kinds.SEGMENTS), "contact": CONTACTS, "bloc": regions + 1, "mode": len(kinds.MODES),
        "tie_kind": len(kinds.TIE_KINDS), "region_bound": regions + 1, "stage_bound": stages + 1, "firm_stage": firms * stages,
    }


def first_values(world: World, state: State) -> dict[str, object]:
    """Give the stocks of a world before its first quarter."""
    given = world.endowments
    talent = given["first_diaspora"].copy()
    numpy.fill_diagonal(talent, given["first_talent"])
    start = state.parameters.venture_start
    market = given["frontier_market"] + given["value_market"]
    return {
        "spending_income": market * state.parameters.industry_share,
        "wage": given["base_wage"], "skilled_wage": given["base_skilled_wage"], "talent": talent,
        "labour_normal": given["workers"], "crowding": 1.0, "venture_return": start, "champion": -1, "base_price_index": 1.0,
        "public_quality": given["first_quality"], "frontier": given["first_quality"].max(axis=0),
        "public_knowledge": given["first_quality"].max(axis=0), "product_firm": -1, "contact": -1, "input_supplier": -1,
        "supplier": -1, "owner_firm": -1, "product_of": -1,
        "standard_cost": standard_costs(world), "first_experience_of": typical_experience(state),
        "free_slots": numpy.arange(state.n_firms - 1, -1, -1), "free_products": numpy.arange(state.n_products - 1, -1, -1),
    }


def typical_experience(state: State) -> float:
    """Give the effective experience of a typical first firm: its own and what it learns from rivals like it."""
    mean = state.parameters.first_experience * state.parameters.capacity_start
    return mean * (1.0 + state.parameters.learning_from_others * state.parameters.learning_rivals)


def standard_costs(world: World) -> numpy.ndarray:
    """Give the mean cost of a unit at base wages, stage by stage, inputs included."""
    given = world.endowments
    skilled = given["skilled_share"][None, :]
    wages = given["base_wage"][:, None] * (1 - skilled) + given["base_skilled_wage"][:, None] * skilled
    costs = (wages * given["workers_per_unit"]).mean(axis=0) + given["materials_per_unit"]
    for stage, source in enumerate(world.input_stage):
        if source >= 0:
            costs[stage] += given["input_units"][stage] * costs[source]
    return costs


def bring_first_firms(world: World, state: State) -> None:
    """Found specialists and lead firms by region and stage, then let them get to know each other."""
    numbers = numpy.rint(world.endowments["first_firms"]).astype(int)
    firms: list[list[int]] = [[] for _ in world.regions]
    for region in range(len(world.regions)):
        for stage in range(len(world.stages)):
            industry = world.industry_of[stage]
            leads = stage == world.brand_stage[industry]
            integrated = int(round(world.endowments["integrated_share"][region] * numbers[region, stage])) if leads else 0
            for number in range(numbers[region, stage]):
                lineage = draws.founder(region * len(world.stages) + stage, number)
                own = range(len(world.stages)) if number < integrated else (stage,)
                stages = sum(1 << other for other in own if world.industry_of[other] == industry)
                firms[region].append(found_first_firm(state, region, lineage, stages, industry if leads else -1))
    shares = world.endowments["first_tie_share"]
    key = draws.key(state.seed, decisions.FIRST_TIE, 0)
    for region, members in enumerate(firms):
        for firm in members:
            lineage = int(state.arrays["lineage"][firm])
            for tie in range(int(state.parameters.first_ties)):
                place = draw_place(region, shares[region], draws.uniform(key, lineage, 2 * tie))
                if firms[place]:
                    other = firms[place][draws.below(key, lineage, 2 * tie + 1, len(firms[place]))]
                    tie_first_firm(state, firm, other)


def draw_place(region: int, shares: numpy.ndarray, luck: float) -> int:
    """Give the region that a first tie leads to: abroad with the given shares, else home."""
    for place, share in enumerate(shares):
        if place != region:
            luck -= share
            if luck < 0:
                return place
    return region
