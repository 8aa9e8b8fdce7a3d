"""The case of Silicon Valley's ecosystem: sourced, sound, and what its file says it is."""

from dataclasses import replace

import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.policy import lay_out_policy

NAME = "silicon-valley"
SEED = 3
PARTS = {
    "no_associations": {"associations_support"}, "no_venture_money": {"venture_capital", "exit_for_ventures"},
    "no_immigrant_networks": {"diaspora_network"}, "non_competes": {"labour_mobility"},
}


@pytest.fixture(scope="module")
def valley():
    return case(NAME)


def of(read, endowment, region):
    return read.world.endowments[endowment][read.world.regions.index(region)]


def differing(read, policy):
    happened, other = (read.schedule(name).intensity for name in ("as_it_happened", policy))
    return {name for name, row in INDEX.items() if (happened[row] != other[row]).any()}


def test_every_number_has_a_source_and_every_source_is_cited(valley):
    texts = [*valley.provenance.values(), *(fact.source for fact in valley.facts)]
    texts += [policy.source for policy in valley.policies.values()]
    for name, source in valley.provenance.items():
        assert source.startswith(("default", "chosen: ")) or source.split(":")[0] in valley.sources, (name, source)
    assert {identity for identity in valley.sources if not any(identity in text for text in texts)} == set()
    assert valley.world.parameters == {}


def test_only_the_incomes_that_wages_are_set_by_are_not_held_out(valley):
    assert {fact.name for fact in valley.facts if not fact.held_out} == {"income_japan_1965", "income_chinese_taipei_1965"}
    sizes = next(fact for fact in valley.facts if fact.name == "start_sizes")
    assert sizes.held_out and sizes.bounds[0] < 75 < sizes.bounds[1]


def test_the_chain_is_that_of_semiconductors(valley):
    world = valley.world
    assert world.stages == ("design_tools", "design", "equipment", "materials", "fabrication", "assembly_and_test", "brand")
    assert world.endowments["quality_weight"].sum() == pytest.approx(1)
    heads = world.endowments["workers_per_unit"]
    assert world.stages[heads.argmax()] == "assembly_and_test" and world.stages[heads.argmin()] == "design_tools"


def test_the_valley_is_unbundled_and_hops_jobs(valley):
    regions = valley.world.regions
    assert min(regions[:3], key=lambda region: of(valley, "integrated_share", region)) == "silicon_valley"
    assert max(regions, key=lambda region: of(valley, "mobility", region)) == "silicon_valley"
    # The two American regions differ in organisation and size, not in pay, quality or markets' growth.
    for endowment in ("base_wage", "base_skilled_wage", "wage_growth", "workers_growth", "market_growth", "credit"):
        assert of(valley, endowment, "silicon_valley") == of(valley, endowment, "route_128"), endowment
    assert (of(valley, "first_quality", "silicon_valley") == of(valley, "first_quality", "route_128")).all()


@pytest.mark.parametrize("policy", PARTS)
def test_each_arm_takes_one_part_away(valley, policy):
    assert differing(valley, policy) == PARTS[policy]


def test_none_of_them_takes_all_parts_away(valley):
    assert differing(valley, "none_of_them") == set().union(*PARTS.values())
    place = valley.world.regions.index("silicon_valley")
    left = valley.schedule("none_of_them").intensity[:, :, place]
    assert {name for name, row in INDEX.items() if left[row].any()} == {"labour_mobility", "novelty_subsidy"}
    closed = of(valley, "mobility", "silicon_valley") + left[INDEX["labour_mobility"]].min()
    assert closed == pytest.approx(of(valley, "mobility", "route_128"))


def test_what_happened_begins_when_it_did(valley):
    intensity, regions = valley.schedule("as_it_happened").intensity, valley.world.regions
    for instrument, region, years in (
        ("associations_support", "silicon_valley", (1970, 1977, 1979)), ("venture_capital", "silicon_valley", (1965, 1979)),
        ("exit_for_ventures", "silicon_valley", (1965, 1971)), ("diaspora_network", "chinese_taipei", (1979, 1989)),
        ("public_research_organisation", "japan", (1976, 1980)),
    ):
        doses = intensity[INDEX[instrument], :, regions.index(region)]
        before = [0, *doses[:-1]]
        changes = [valley.world.start + quarter / 4 for quarter in range(len(doses)) if doses[quarter] != before[quarter]]
        assert tuple(changes) == years, instrument


def test_job_hopping_falls_where_covenants_are_enforced(valley):
    world = replace(valley.world, quarters=20)
    place = world.regions.index("silicon_valley")
    state = burn_in(world, SEED)
    free, held = (
        simulate(world, lay_out_policy(valley.policy(name), world), seed=SEED, state=state).arrays["moves"][:, place].sum()
        for name in ("as_it_happened", "non_competes")
    )
    # Chances are three eighths of what they were; half leaves room for what 20 quarters of luck do.
    assert held < 0.5 * free


def test_every_policy_closes_its_accounts(valley):
    world = replace(valley.world, quarters=8)
    state = burn_in(world, SEED)
    for name in valley.policies:
        history = simulate(world, lay_out_policy(valley.policy(name), world), seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name


def test_no_region_dies_and_firms_fail_and_begin_all_the_time(valley):
    history = simulate(valley.world, lay_out_policy(valley.policy("as_it_happened"), valley.world), seed=SEED)
    firms = history.arrays["firms"]
    assert (firms[-4:].mean(axis=0) > firms[:4].mean(axis=0) / 3).all()
    place = valley.world.regions.index("silicon_valley")
    years = firms.shape[0] / 4
    for flow in ("entries", "exits"):
        assert history.arrays[flow][:, place].sum() / years > 0.05 * firms[:, place].mean(), flow
