"""The case of a sunset industry: makers of power supplies whom banks may not lend to, sourced and sound."""

from dataclasses import replace

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.policy import lay_out_policy

SEED = 3
HOME = "pearl_river_delta"
MADE = ("cells", "converters", "boxes")
POWER = (*MADE, "control_software", "power_brand")
TELECOM = ("circuits", "network_software", "equipment", "telecom_brand")


@pytest.fixture(scope="module")
def sunset():
    return case("sunset-industry")


def barred(sunset, policy, year, region=HOME):
    """Gives the share of credit that is barred in a year, and the stages."""
    world, plan = sunset.world, sunset.schedule(policy)
    quarter, place = round((year - world.start) * 4), world.regions.index(region)
    aim = int(plan.target[INDEX["sunset_exclusion"], quarter, place])
    share = plan.intensity[INDEX["sunset_exclusion"], quarter, place]
    return share, tuple(stage for position, stage in enumerate(world.stages) if share and aim >> position & 1)


def test_every_number_has_a_source_and_every_source_is_cited(sunset):
    texts = [*sunset.provenance.values(), *(fact.source for fact in sunset.facts)]
    texts += [policy.source for policy in sunset.policies.values()]
    for text in sunset.provenance.values():
        assert text == "default" or text.startswith("chosen: ") or text.split(":")[0] in sunset.sources, text
    assert {identity for identity in sunset.sources if not any(identity in text for text in texts)} == set()
    assert sunset.world.parameters == {}


def test_only_the_income_that_wages_are_set_by_is_not_held_out(sunset):
    assert [fact.name for fact in sunset.facts if not fact.held_out] == ["income_1990"]
    assert all((fact.measured is None) == bool(fact.not_measured) for fact in sunset.facts)


def test_the_region_is_nearer_the_edge_in_what_is_barred_than_in_what_is_encouraged(sunset):
    world = sunset.world
    quality = dict(zip(world.stages, world.endowments["first_quality"][world.regions.index(HOME)], strict=True))
    assert min(quality[stage] for stage in MADE) > max(quality[stage] for stage in TELECOM)
    assert world.industries == ("power_supplies", "telecom")


@pytest.mark.parametrize("region", (HOME, "shanghai"))
def test_lists_bar_more_and_more_and_each_policy_what_it_says(sunset, region):
    assert barred(sunset, "as_it_happened", 1999.75, region) == (0, ())
    assert barred(sunset, "as_it_happened", 2000, region) == (0.5, MADE)
    assert barred(sunset, "as_it_happened", 2006, region) == (1, MADE)
    assert barred(sunset, "only_batteries", 2006, region) == (1, ("cells",))
    assert barred(sunset, "all_stages", 1990, region) == (1, POWER)
    for name in ("none", "no_exclusion", "banks_for_all", "credit_and_advice"):
        assert barred(sunset, name, 2010, region) == (0, ()), name
    for name in ("networks", "champion_instead", "foreign_interest"):
        assert barred(sunset, name, 2010, region) == (1, MADE), name


def test_nobody_in_the_world_is_barred_and_no_policy_bars_what_is_encouraged(sunset):
    for name in sunset.policies:
        for year in (1990, 2000, 2014.75):
            assert barred(sunset, name, year, "world")[0] == 0
            assert not set(TELECOM) & set(barred(sunset, name, year)[1]), name


def test_credit_and_networks_are_tried_one_by_one_and_together(sunset):
    happened, credit, networks, both = (
        sunset.schedule(name).intensity for name in ("as_it_happened", "no_exclusion", "networks", "credit_and_advice")
    )
    assert numpy.allclose(both - happened, (credit - happened) + (networks - happened), rtol=0, atol=1e-12)


def test_the_lists_change_nothing_before_they_are_written(sunset):
    happened, without = (
        simulate(sunset.world, sunset.schedule(name), seed=SEED).arrays["value_added"]
        for name in ("as_it_happened", "no_exclusion")
    )
    written = (2000 - 1990) * 4
    assert (happened[:written] == without[:written]).all() and (happened[written:] != without[written:]).any()


def test_a_champion_costs_what_networks_do(sunset):
    world = sunset.world
    cost = {
        name: simulate(world, sunset.schedule(name), seed=SEED).arrays["public_cost"][40:, world.regions.index(HOME)].sum()
        for name in ("as_it_happened", "networks", "champion_instead")
    }
    # To a quarter: officers are paid an engineer's wage and champions a worker's, and both move with what is done.
    assert 0.75 < cost["champion_instead"] / cost["networks"] < 1.25
    assert cost["as_it_happened"] < 0.9 * cost["networks"]


def test_the_champion_is_most_often_of_the_favoured_industry(sunset):
    world = replace(sunset.world, quarters=44)
    plan = lay_out_policy(sunset.policy("champion_instead"), sunset.world).cut(world.quarters)
    favoured = 0
    for seed in range(1, 6):
        state = simulate(world, plan, seed=seed).state.arrays
        champion = int(state["champion"][world.regions.index(HOME)])
        favoured += champion >= 0 and int(state["stages"][champion]) >> world.stages.index("telecom_brand") & 1
    assert favoured >= 3


def test_every_policy_closes_its_accounts(sunset):
    world = replace(sunset.world, quarters=8)
    state = burn_in(world, SEED)
    for name in sunset.policies:
        history = simulate(world, lay_out_policy(sunset.policy(name), sunset.world).cut(8), seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name


def test_no_region_dies(sunset):
    firms = simulate(sunset.world, sunset.schedule("as_it_happened"), seed=SEED).arrays["firms"]
    # A third is what is left in the other cases, where firms grow fewer and larger.
    assert (firms[-4:].mean(axis=0) > firms[:4].mean(axis=0) / 3).all()
