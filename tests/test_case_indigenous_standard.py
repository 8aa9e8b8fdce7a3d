"""The case of China's own standards: sourced, dated as it happened, and each arm differs by what it says."""

from dataclasses import replace

import numpy
import pytest

from redqueen.cases.case import case
from redqueen.model.instruments import INDEX
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.policy import lay_out_policy

SEED = 3


@pytest.fixture(scope="module")
def standard():
    return case("indigenous-standard")


def used(read, policy, instrument):
    """Gives the first and the last year with an instrument in China, and its intensity there by quarter."""
    intensity = read.schedule(policy).intensity[INDEX[instrument], :, read.world.regions.index("china")]
    quarters = numpy.flatnonzero(intensity)
    return read.world.start + quarters[0] / 4, read.world.start + (quarters[-1] + 1) / 4, intensity


def test_every_number_has_a_source_and_every_source_is_cited(standard):
    texts = [*standard.provenance.values(), *(fact.source for fact in standard.facts)]
    texts += [policy.source for policy in standard.policies.values()]
    for name, source in standard.provenance.items():
        assert source == "default" or source.startswith("chosen: ") or any(
            source.startswith(known) for known in standard.sources
        ), name
    assert {known for known in standard.sources if not any(known in text.split(":")[0] for text in texts)} == set()
    assert standard.world.parameters == {}


def test_only_what_is_built_in_is_not_held_out(standard):
    assert {fact.name for fact in standard.facts if not fact.held_out} == {"income_1998", "lag"}
    assert all(fact.not_measured or fact.measured is not None for fact in standard.facts)


def test_the_wait_lasts_from_the_first_launch_to_the_licences(standard):
    first, last, intensity = used(standard, "as_it_happened", "home_market")
    assert (first, last) == (2001.75, 2009)
    lag = next(fact for fact in standard.facts if fact.name == "lag")
    assert abs(last - first - lag.value) < 0.1
    # Half-way between what the market grew by when licences came and all that went into the third generation.
    assert intensity.min() == pytest.approx(-(1 - 1 / 1.136 + 80 / 129.14) / 2, abs=0.005)


def test_the_own_standard_is_favoured_only_once_it_is_licensed(standard):
    assert used(standard, "as_it_happened", "indigenous_standard")[0] == used(standard, "as_it_happened", "home_market")[1]
    assert used(
        standard, "licences_in_2005", "indigenous_standard"
    )[0] == used(standard, "licences_in_2005", "home_market")[1] == 2005.5


def test_the_standard_for_local_networks_is_withdrawn_within_a_year(standard):
    first, last, _ = used(standard, "as_it_happened", "policy_instability")
    assert first <= 2004 < last and last - first < 1


@pytest.mark.parametrize(("name", "instruments"), [
    ("without_the_wait", {"home_market"}), ("without_the_preference", {"indigenous_standard"}),
    ("licences_in_2005", {"home_market", "indigenous_standard"}), ("full_wait", {"home_market"}),
    ("own_standard_alone", {"indigenous_standard"}), ("mandate_everywhere", {"novelty_mandate"}),
    ("with_research", {"public_research_organisation"}),
])
def test_an_arm_differs_from_what_happened_by_what_it_is_called_after(standard, name, instruments):
    happened, other = standard.schedule("as_it_happened"), standard.schedule(name)
    differing = (happened.intensity != other.intensity) | (happened.target != other.target)
    assert {instrument for instrument, row in INDEX.items() if differing[row].any()} == instruments


def test_nobody_but_china_acts(standard):
    for name in standard.policies:
        assert not standard.schedule(name).intensity[:, :, :-1].any(), name
    assert standard.world.regions[-1] == "china"


def test_every_policy_closes_its_accounts(standard):
    world = replace(standard.world, quarters=8)
    state = burn_in(world, SEED)
    for policy in standard.policies.values():
        # What lasts to the end begins at once, so that the two years hold it.
        changes = tuple(replace(change, start=None) for change in policy.changes if change.until is None)
        history = simulate(world, lay_out_policy(replace(policy, changes=changes), world), seed=SEED, state=state, check=True)
        assert (history.arrays["firms"] > 0).all(), policy.name


def test_the_wait_takes_sales_at_home_and_none_abroad(standard):
    world = standard.world
    waiting = slice(round((2002 - world.start) * 4), round((2009 - world.start) * 4))
    happened, otherwise = (
        sum(simulate(world, standard.schedule(name), seed=seed).arrays["outlay"][waiting].sum(axis=0) for seed in (1, 2, 3, 4))
        for name in ("as_it_happened", "without_the_wait")
    )
    ratio = happened / otherwise
    place = world.regions.index("china")
    # What incomes of the industry buy is not cut, so that less than the 37 % goes.
    assert 0.6 < ratio[place] < 0.85
    # Others' markets see it only through incomes and prices.
    assert abs(numpy.delete(ratio, place) - 1).max() < 0.1


def test_pay_at_the_start_is_what_base_wages_say(standard):
    world = replace(standard.world, quarters=4)
    wage = numpy.mean([simulate(world, seed=seed).arrays["wage"].mean(axis=0) for seed in (1, 2, 3)], axis=0)
    gap = wage / world.endowments["base_wage"]
    assert (gap / gap[0] > 0.8).all() and (gap / gap[0] < 1.35).all()
