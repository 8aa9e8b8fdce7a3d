"""The case of Korea: champions that master every stage, set against specialists, sourced and sound."""

from dataclasses import replace

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.policy import lay_out_policy

SEED = 3
HOME = "south_korea"


@pytest.fixture(scope="module")
def korea():
    return case("korea")


def used(korea, policy, instrument, region=HOME):
    """Gives the years in which an instrument starts and stops being used in a region."""
    world = korea.world
    quarters = numpy.flatnonzero(korea.schedule(policy).intensity[INDEX[instrument], :, world.regions.index(region)] > 0)
    return world.start + quarters[0] / 4, world.start + (quarters[-1] + 1) / 4


def test_every_number_has_a_source_and_every_source_is_cited(korea):
    texts = [*korea.provenance.values(), *(fact.source for fact in korea.facts)]
    texts += [policy.source for policy in korea.policies.values()]
    for text in korea.provenance.values():
        assert text == "default" or text.startswith("chosen: ") or text.split(":")[0] in korea.sources, text
    assert {identity for identity in korea.sources if not any(identity in text for text in texts)} == set()
    assert korea.world.parameters == {}


def test_only_incomes_of_the_first_year_are_not_held_out(korea):
    assert {fact.year for fact in korea.facts if not fact.held_out} == {1965}
    assert all(fact.year > 1965 for fact in korea.facts if fact.held_out and fact.year)
    assert all((fact.measured is None) == bool(fact.not_measured) for fact in korea.facts)


def test_what_happened_begins_and_ends_when_it_did(korea):
    for instrument, region, start, end in (
        ("export_promotion", HOME, 1965, 1987), ("public_research_organisation", HOME, 1966, 2010),
        ("national_champion", HOME, 1969, 1998), ("state_credit_bias", HOME, 1965, 1998),
        ("free_trade", HOME, 1984, 2010), ("exit_for_ventures", HOME, 1997.75, 2010),
        ("embargo", "coastal_china", 1965, 1979), ("foreign_investment", "coastal_china", 1985, 2010),
    ):
        assert used(korea, "as_it_happened", instrument, region) == (start, end), instrument
    champion = korea.schedule("as_it_happened").intensity[INDEX["national_champion"], :, korea.world.regions.index(HOME)]
    # The plan of 1969, the drive of 1973-79 and the chips of 1983: the drive and the chips double what the plan gives.
    assert [
        champion[(year - 1965) * 4] / champion[(1970 - 1965) * 4] for year in (1968, 1972, 1975, 1981, 1990, 1999)
    ] == [0, 1, 2, 1, 2, 0]


def test_champions_end_when_each_policy_says(korea):
    for policy, end in (("later_opening", 2008), ("champions_then_specialists", 1987), ("champions_without_banks", 1998)):
        assert used(korea, policy, "national_champion") == (1969, end), policy
    for policy in ("hands_off", "no_champions", "specialists"):
        assert not korea.schedule(policy).intensity[INDEX["national_champion"]].any(), policy


def test_china_does_the_same_in_every_policy_but_none(korea):
    place = korea.world.regions.index("coastal_china")
    expected = korea.schedule("as_it_happened").intensity[:, :, place]
    for name in set(korea.policies) - {"none"}:
        assert (korea.schedule(name).intensity[:, :, place] == expected).all(), name


def test_without_the_banks_only_credit_differs(korea):
    happened, without = (korea.schedule(name).intensity for name in ("as_it_happened", "champions_without_banks"))
    assert {name for name, row in INDEX.items() if (happened[row] != without[row]).any()} == {"state_credit_bias"}


def test_specialists_cost_what_champions_do(korea):
    world = replace(korea.world, quarters=132)
    cost = {}
    for name in ("as_it_happened", "no_champions", "specialists"):
        plan = lay_out_policy(korea.policy(name), korea.world).cut(world.quarters)
        history = simulate(world, plan, seed=SEED)
        cost[name] = history.arrays["public_cost"][:, world.regions.index(HOME)].sum()
    # To a quarter: officers are paid an engineer's wage and champions a worker's, and both move with what is done.
    assert cost["no_champions"] < 0.9 * cost["specialists"]
    assert 0.75 < cost["specialists"] / cost["as_it_happened"] < 1.25, cost


def test_every_policy_closes_its_accounts(korea):
    world = replace(korea.world, quarters=8)
    state = burn_in(world, SEED)
    for name in korea.policies:
        history = simulate(world, lay_out_policy(korea.policy(name), korea.world).cut(8), seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name


def test_no_region_dies_and_china_trades_from_its_opening(korea):
    arrays = simulate(korea.world, korea.schedule("as_it_happened"), seed=SEED).arrays
    # A third is what is left in the other cases, where firms grow fewer and larger.
    assert (arrays["firms"][-4:].mean(axis=0) > arrays["firms"][:4].mean(axis=0) / 3).all()
    exports = arrays["exports"][:, korea.world.regions.index("coastal_china")]
    opened = (1979 - 1965) * 4
    assert (exports[:opened] == 0).all() and (exports[opened + 4 :] > 0).all()


def test_firms_do_more_stages_themselves_where_interfaces_stay_integral(korea):
    def stages_of_lead_firms(modularity):
        world = replace(korea.world, modularity=modularity)
        numbers = []
        for seed in (1, 2, 3):
            state = simulate(world, korea.schedule("as_it_happened"), seed=seed).state.arrays
            lead = (state["alive"] > 0) & (state["product_of"] >= 0) & (state["region_of"] > 0)
            stages = [int(stages).bit_count() for stages in state["stages"][lead]]
            numbers.append(numpy.average(stages, weights=state["revenue"][lead] + 1e-9))
        return numpy.mean(numbers)

    midpoint = korea.world.modularity[2]
    # Integration must be able to win, or the question would answer itself.
    assert stages_of_lead_firms((0.1, 0.1, midpoint)) > 1.3 * stages_of_lead_firms((0.85, 0.85, midpoint))
