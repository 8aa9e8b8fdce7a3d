"""The case of Israel: sourced, sound, and with the mechanism that its question needs."""

from dataclasses import replace

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, simulate

SEED = 3


@pytest.fixture(scope="module")
def israel():
    return case("israel")


@pytest.fixture(scope="module")
def start(israel):
    """Gives the world of the case cut to two years, and its state after burn-in."""
    world = replace(israel.world, quarters=8)
    return world, burn_in(world, SEED)


def used(read, policy, instrument, year):
    """Gives the intensity of an instrument in Israel in the first quarter of a year."""
    world = read.world
    quarter = round((year - world.start) * 4)
    return read.schedule(policy).intensity[INDEX[instrument], quarter, world.regions.index("israel")]


def test_every_number_has_a_source_and_every_source_is_cited(israel):
    for name, source in israel.provenance.items():
        assert source == "default" or source.startswith("chosen: ") or source.split(":")[0] in israel.sources, (name, source)
    texts = [*israel.provenance.values(), *(fact.source for fact in israel.facts)]
    texts += [policy.source for policy in israel.policies.values()]
    assert [identity for identity in israel.sources if not any(identity in text for text in texts)] == []


def test_nothing_is_overridden_and_only_income_at_the_start_is_not_held_out(israel):
    assert israel.world.parameters == {}
    assert [fact.name for fact in israel.facts if not fact.held_out] == ["income_1965"]
    assert all(fact.measured or fact.not_measured for fact in israel.facts)


def test_what_was_done_begins_when_it_did(israel):
    world = israel.world
    intensity = israel.schedule("as_it_happened").intensity[:, :, world.regions.index("israel")]
    for instrument, year in (
        ("public_research_organisation", 1965), ("novelty_subsidy", 1969), ("exit_for_ventures", 1972),
        ("export_promotion", 1977.5),
        ("university_expansion", 1990), ("technology_park", 1991), ("venture_capital", 1992),
    ):
        assert world.start + (intensity[INDEX[instrument]] > 0).argmax() / 4 == year, instrument


def test_grants_after_the_law_pay_the_share_that_was_paid(israel):
    # 1,400 of 3,500 million dollars of supported research, 1987-94.
    assert used(israel, "as_it_happened", "novelty_subsidy", 1990) == pytest.approx(1400 / 3500)


def test_defence_research_shrinks_when_the_aircraft_is_given_up(israel):
    before, after = (used(israel, "as_it_happened", "public_research_organisation", year) for year in (1987, 1988))
    assert 0 < after < before


def test_immigrants_come_in_the_nineties_in_every_arm_but_two(israel):
    for policy in israel.policies:
        comes = used(israel, policy, "university_expansion", 1995) > 0
        assert comes == (policy not in ("none", "no_immigrants")), policy
        assert used(israel, policy, "university_expansion", 1989) == used(israel, policy, "university_expansion", 2001) == 0


def test_without_yozma_is_what_was_there_before_and_no_venture_money(israel):
    happened, without = (israel.schedule(name).intensity for name in ("as_it_happened", "no_yozma"))
    assert {
        name for name, row in INDEX.items() if (happened[row] != without[row]).any()
    } == {"venture_capital", "exit_for_ventures"}
    assert used(israel, "no_yozma", "venture_capital", 2000) == 0
    assert used(israel, "no_yozma", "exit_for_ventures", 2000) == used(israel, "as_it_happened", "exit_for_ventures", 1990) > 0


def test_yozma_without_exit_has_the_money_of_yozma_and_no_new_exits(israel):
    happened, without = (israel.schedule(name).intensity for name in ("as_it_happened", "yozma_without_exit"))
    assert {name for name, row in INDEX.items() if (happened[row] != without[row]).any()} == {"exit_for_ventures"}
    assert (without[INDEX["exit_for_ventures"]] <= happened[INDEX["exit_for_ventures"]]).all()


def test_only_israel_acts(israel):
    place = israel.world.regions.index("israel")
    for name in israel.policies:
        assert not numpy.delete(israel.schedule(name).intensity, place, axis=2).any(), name


def test_every_policy_closes_its_accounts(israel, start):
    world, state = start
    for name in israel.policies:
        # From 1993 on, when immigrants, grants, incubators, Inbal and Yozma act at once.
        first = round((1993 - israel.world.start) * 4)
        schedule = israel.schedule(name)
        years = Schedule(schedule.intensity[:, first : first + 8].copy(), schedule.target[:, first : first + 8].copy())
        history = simulate(world, years, seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), name


def test_pay_at_the_start_is_what_base_wages_say(israel, start):
    world, state = start
    wage = simulate(world, seed=SEED, state=state).arrays["wage"][:4].mean(axis=0)
    gap = wage / world.endowments["base_wage"]
    assert (gap / gap[world.regions.index("usa")] > 0.7).all() and (gap / gap[world.regions.index("usa")] < 1.35).all()
