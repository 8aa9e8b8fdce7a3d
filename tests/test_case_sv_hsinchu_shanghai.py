"""Silicon Valley, Hsinchu and Shanghai: sourced, dated, sound, and with the mechanisms that the question of all three needs."""

from dataclasses import replace

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.policy import lay_out_policy

SEED = 3
THREE = ("silicon_valley", "hsinchu", "shanghai")
OBSTACLES = {"state_credit_bias", "policy_instability"}


@pytest.fixture(scope="module")
def network():
    return case("sv-hsinchu-shanghai")


def used(network, policy, instrument, region):
    """Gives the intensity of an instrument in a region, by quarter."""
    return network.schedule(policy).intensity[INDEX[instrument], :, network.world.regions.index(region)]


def test_every_number_has_a_source_and_every_source_is_cited(network):
    for name, source in network.provenance.items():
        assert source == "default" or source.startswith("chosen: ") or source.split(":")[0] in network.sources, (name, source)
    texts = [*network.provenance.values(), *(fact.source for fact in network.facts)]
    texts += [policy.source for policy in network.policies.values()]
    assert {identity for identity in network.sources if not any(identity in text for text in texts)} == set()
    assert network.world.parameters == {}


def test_only_incomes_of_the_first_year_are_not_held_out(network):
    assert {fact.year for fact in network.facts if not fact.held_out} == {network.world.start}
    assert {fact.region for fact in network.facts if fact.held_out and fact.measured is not None} == set(THREE)


def test_the_chain_is_that_of_a_chip(network):
    assert network.world.stages == ("design_tools", "design", "materials", "equipment", "fabrication", "packaging", "brand")
    weight = network.world.endowments["quality_weight"]
    assert numpy.isclose(weight.sum(), 1) and network.world.stages[int(weight.argmax())] == "design"


def test_hsinchu_does_what_it_does_in_its_own_case(network):
    own = case("hsinchu")
    place = own.world.regions.index("chinese_taipei")
    later = int((network.world.start - own.world.start) * 4)
    overlap = own.world.quarters - later
    intensity = own.schedule("as_it_happened").intensity
    for instrument in (
        "overseas_advisers", "public_research_organisation", "technology_park", "return_programme", "venture_capital",
        "exit_for_ventures", "diaspora_network",
    ):
        here = used(network, "as_it_happened", instrument, "hsinchu")[:overlap]
        assert numpy.allclose(here, intensity[INDEX[instrument], later:, place]), instrument


def test_shanghai_opens_when_it_did(network):
    for instrument, year in (
        ("foreign_investment", 1990.25), ("technology_park", 1992.5), ("national_champion", 1996), ("diaspora_network", 2000),
        ("university_expansion", 2003), ("return_programme", 2009),
    ):
        begins = network.world.start + (used(network, "as_it_happened", instrument, "shanghai") > 0).argmax() / 4
        assert begins == year, instrument
    shut = used(network, "as_it_happened", "embargo", "shanghai")
    assert network.world.start + shut.sum() / 4 == 1979.5 and shut[0] == 1
    assert not network.schedule("as_it_happened").intensity[:, :, network.world.regions.index("silicon_valley")].any()


def test_core_and_periphery_for_good_only_invites(network):
    happened, invited = (network.schedule(name).intensity for name in ("as_it_happened", "multinationals_only"))
    kept = {name for name, row in INDEX.items() if invited[row].any()}
    assert kept == {"foreign_investment", "embargo"} | OBSTACLES
    assert all((invited[INDEX[name]] == happened[INDEX[name]]).all() for name in kept)


@pytest.mark.parametrize("policy, region, year", [
    ("shanghai_stays_closed", "shanghai", 1970), ("without_hsinchu", "hsinchu", 1970), ("core_closes", "silicon_valley", 1985),
])
def test_a_removal_is_what_happened_and_a_shut_border(network, policy, region, year):
    expected = network.schedule("as_it_happened").intensity.copy()
    expected[INDEX["embargo"], int((year - network.world.start) * 4):, network.world.regions.index(region)] = 1
    assert (network.schedule(policy).intensity == expected).all()


def test_a_core_that_closes_trades_with_nobody_and_the_others_go_on(network):
    # Two years after the border is shut are enough.
    world = replace(network.world, quarters=int((1987 - network.world.start) * 4))
    exports = simulate(world, lay_out_policy(network.policy("core_closes"), world), seed=SEED).arrays["exports"][-4:].sum(axis=0)
    assert exports[world.regions.index("silicon_valley")] == 0
    assert all(exports[world.regions.index(region)] > 0 for region in ("hsinchu", "shanghai"))


def test_both_peripheries_have_people_in_the_core(network):
    abroad = network.world.endowments["first_diaspora"][:, network.world.regions.index("silicon_valley")]
    talent = dict(zip(network.world.regions, abroad, strict=True))
    assert talent["hsinchu"] > talent["shanghai"] > 0


def test_the_three_come_to_do_different_things(network):
    units = simulate(
        network.world, lay_out_policy(network.policy("as_it_happened"), network.world), seed=SEED
    ).arrays["stage_units"]
    units = units[-20:].mean(axis=0)
    share = units / units.sum(axis=0)
    most = {region: network.world.stages[int(share[place].argmax())] for place, region in enumerate(network.world.regions)}
    assert len(set(most.values())) == 3, most


def test_pay_at_the_start_is_what_base_wages_say(network):
    world = replace(network.world, quarters=4)
    wage = numpy.mean([simulate(world, seed=seed).arrays["wage"].mean(axis=0) for seed in (1, 2, 3, 4)], axis=0)
    gap = wage / world.endowments["base_wage"]
    # Burn-in must leave the figure of 1970 about as it was written: labour is not scarce yet.
    assert (gap > 0.8).all() and (gap < 1.35).all(), gap


def test_every_policy_closes_its_accounts(network):
    world = replace(network.world, quarters=8)
    state = burn_in(world, SEED)
    for name in network.policies:
        history = simulate(world, lay_out_policy(network.policy(name), world), seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name
