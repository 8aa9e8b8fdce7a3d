"""The case of the corporation and its laboratory: sourced, sound, and what its file says it is."""

from dataclasses import replace

import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.policy import lay_out_policy

NAME = "corporate-lab"
SEED = 3
OPENINGS = ("open_labour_market", "associations", "venture_money", "open_from_1955", "open_from_1975")


@pytest.fixture(scope="module")
def lab():
    return case(NAME)


def of(read, endowment, region):
    return read.world.endowments[endowment][read.world.regions.index(region)]


def change(read, policy, instrument, region):
    """Gives by quarter what a policy adds to what happened, of one instrument in one region."""
    place = read.world.regions.index(region)
    happened, changed = (read.schedule(name).intensity[INDEX[instrument], :, place] for name in ("as_it_happened", policy))
    return changed - happened


def test_every_number_has_a_source_and_every_source_is_cited(lab):
    texts = [*lab.provenance.values(), *(fact.source for fact in lab.facts), *(policy.source for policy in lab.policies.values())]
    for name, source in lab.provenance.items():
        assert source.startswith(("default", "chosen: ")) or source.split(":")[0] in lab.sources, (name, source)
    assert {identity for identity in lab.sources if not any(identity in text for text in texts)} == set()
    assert lab.world.parameters == {}


def test_what_was_not_held_out_is_what_the_file_was_built_from(lab):
    assert {fact.name for fact in lab.facts if not fact.held_out} == {"government_share_1959", "income_rest_of_world_1955"}
    assert any(fact.held_out and fact.measured for fact in lab.facts)


def test_the_corporation_is_integrated_and_closed(lab):
    assert of(lab, "integrated_share", "route_128") > 0.9
    for endowment in ("mobility", "associations", "founding"):
        assert of(lab, endowment, "route_128") < of(lab, endowment, "silicon_valley"), endowment
    # Organisation alone is to make the difference between the American regions.
    alike = ("base_wage", "base_skilled_wage", "wage_growth", "workers_growth", "impatience", "credit", "market_growth")
    for endowment in (*alike, "red_tape", "tariff"):
        assert of(lab, endowment, "route_128") == of(lab, endowment, "silicon_valley"), endowment
    assert (of(lab, "first_quality", "route_128") == of(lab, "first_quality", "silicon_valley")).all()


def test_interfaces_are_integral_for_the_first_half_and_modular_at_the_end(lab):
    history = simulate(replace(lab.world, burn_in=0), seed=SEED)
    modularity = history.arrays["modularity"].reshape(lab.world.quarters, -1)[:, 0]
    assert modularity[:80].max() < 0.2 and modularity[-4:].min() > 0.7


def test_what_happened_begins_when_it_did_and_alike_in_both_regions(lab):
    intensity, regions = lab.schedule("as_it_happened").intensity, lab.world.regions
    for instrument, year in (("property_rights", 1956), ("venture_capital", 1958.75), ("exit_for_ventures", 1971)):
        for region in ("route_128", "silicon_valley"):
            used = intensity[INDEX[instrument], :, regions.index(region)] != 0
            assert lab.world.start + used.argmax() / 4 == year, (instrument, region)
    assert not intensity[:, :, regions.index("rest_of_world")].any()


def test_opening_makes_the_corporations_region_as_open_as_the_valley_and_touches_no_other(lab):
    happened = lab.schedule("as_it_happened").intensity
    for policy in OPENINGS:
        for place in (lab.world.regions.index(region) for region in ("silicon_valley", "rest_of_world")):
            assert (lab.schedule(policy).intensity[:, :, place] == happened[:, :, place]).all(), policy
    for policy in ("open_from_1955", "open_from_1975"):
        for instrument, endowment in (("labour_mobility", "mobility"), ("associations_support", "associations")):
            opened = of(lab, endowment, "route_128") + change(lab, policy, instrument, "route_128")[-1]
            assert opened == pytest.approx(of(lab, endowment, "silicon_valley"))


def test_opening_late_is_opening_early_from_1975_on(lab):
    late = round((1975 - lab.world.start) * 4)
    for instrument in ("labour_mobility", "associations_support", "venture_capital", "exit_for_ventures"):
        early, later = (change(lab, policy, instrument, "route_128") for policy in ("open_from_1955", "open_from_1975"))
        assert not later[:late].any() and later[late:] == pytest.approx(early[late:]), instrument


def test_without_laboratories_the_region_starts_nothing_novel(lab):
    world = replace(lab.world, quarters=12)
    place, novel = world.regions.index("route_128"), 0
    history = simulate(world, lay_out_policy(lab.policy("no_laboratories"), world), seed=SEED)
    assert not history.arrays["starts"][:, place, novel].any()
    assert history.arrays["starts"][:, place].sum() > 0


def test_every_policy_closes_its_accounts(lab):
    world = replace(lab.world, quarters=8)
    state = burn_in(world, SEED)
    for name in lab.policies:
        history = simulate(world, lay_out_policy(lab.policy(name), world), seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name


def test_no_region_dies_and_corporations_do_more_stages_each_while_interfaces_are_integral(lab):
    history = simulate(lab.world, lay_out_policy(lab.policy("as_it_happened"), lab.world), seed=SEED)
    firms, stage_firms = history.arrays["firms"], history.arrays["stage_firms"]
    assert (firms[-4:].mean(axis=0) > firms[:4].mean(axis=0) / 3).all()
    done = stage_firms[:40].sum(axis=2).mean(axis=0) / firms[:40].mean(axis=0)
    corporations, specialists = (lab.world.regions.index(region) for region in ("route_128", "silicon_valley"))
    assert done[corporations] > done[specialists]
