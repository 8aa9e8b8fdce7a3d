"""What firms and governments see does not hang on slots, nor on what is behind a closed border."""

import numpy
import pytest
from worlds import toy

from redqueen.model import kinds
from redqueen.model.founding import found
from redqueen.model.rules.census import take_census
from redqueen.model.rules.costs import price_units
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.innovation import innovate
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments

PAIRS = 300


def closed(world, regions):
    """Give the first state of a world after some regions closed their borders, before anything else happened."""
    state = found(world, seed=1)
    schedule = Schedule.empty(1, len(world.regions))
    for region in regions:
        schedule.set("embargo", region, 0, 1, 1.0)
    use_instruments(state, schedule, 0)
    state.make_room(spare=64)
    take_census(state)
    change_environment(state)
    return state


@pytest.mark.parametrize("first", [0, 1])
def test_a_design_of_this_quarter_is_seen_whatever_the_slot(first):
    """One of each pair finishes a novel project, the other looks for a partner.

    Slots before or after its own make no difference.
    """
    world = toy(
        regions=1, stages=("components", "brand"), first_firms=[[2 * PAIRS, 1]], integrated_share=0.0, burn_in=0,
        parameters={"consider": 1.0, "first_ties": 0.0, "novelty_success": 1.0},
    )
    state = closed(world, ())
    arrays = state.arrays
    finishing, seeking = numpy.arange(first, 2 * PAIRS, 2), numpy.arange(1 - first, 2 * PAIRS, 2)
    before = arrays["design"][finishing, 0].copy()
    arrays["project"][finishing, 0] = kinds.NOVEL
    arrays["project_left"][finishing, 0] = 1
    arrays["project_design"][finishing, 0] = before ^ numpy.uint64(0x5555555555555555)
    arrays["project_worth"][finishing, 0] = 1.0
    arrays["contact"][seeking] = finishing[:, None]
    arrays["strength"][seeking] = 1.0
    innovate(state)
    met = arrays["project_worth"][seeking, 0] > 0.0
    changed = arrays["design"][finishing, 0] != before
    assert (met & changed).sum() > 20
    assert (arrays["project_design"][seeking, 0] == arrays["design"][finishing, 0])[met].all()


def test_compatriots_behind_a_closed_border_can_do_nothing():
    abroad = numpy.array([[0, 0, 0], [60.0, 0, 20.0], [0, 0, 0]])
    world = toy(first_diaspora=abroad)
    at_home = world.endowments["first_talent"][1]
    for regions, reached in (((), 80.0), ((0,), 20.0), ((0, 2), 0.0), ((1,), 0.0)):
        compatriots = closed(world, regions).arrays["compatriots"]
        assert compatriots[1] == pytest.approx(reached / (at_home + 80.0), rel=1e-9)


def test_an_empty_pool_offers_what_is_best_known_in_the_bloc_whatever_the_order_of_regions():
    """Borders that were closed leave regions that know more and less: the supplier outside is as good for all who trade."""
    for known in ((0.9, 0.3, 0.1), (0.1, 0.3, 0.9)):
        world = toy(first_firms=numpy.array([[0, 5, 5, 5, 5, 5]] * 3), integrated_share=0.0)
        state = closed(world, ())
        state.arrays["public_knowledge"][:, 0] = known
        price_units(state)
        assert state.arrays["pool_quality"][0, 0] == pytest.approx(0.9 - state.parameters.tacit, rel=1e-12)
