"""With nothing to learn, invent, found or lose, the world stands still."""

import numpy
import pytest
from worlds import toy

from redqueen.model.fields import FIELDS
from redqueen.model.ledger import Ledger
from redqueen.model.simulate import burn_in, simulate

#: No innovation, no shocks, no learning, no entry or exit, no new relations, no growth. Outside declared ranges on purpose.
STILL = {
    "consider": 0.0, "turbulence": 0.0, "wright_exponent": 0.0, "flexibility_decay": 0.0,
    "spinoff_rate": 0.0, "fresh_entry": 0.0, "returnee_founders": 0.0, "affiliate_rate": 0.0,
    "exit_hazard": 0.0, "giving_up": 0.0, "obsolete_gap": 1e9, "informal_share": 1e9, "informal_rate": 0.0, "credit_rate": 0.0,
    "switching_threshold": 1e9, "take_back": 0.0, "input_review": 0.0, "diaspora_rate": 0.0, "tie_decay": 0.0,
    "talent_retirement": 0.0, "emigration_rate": 0.0, "return_rate": 0.0,
}
NO_GROWTH = {
    "wage_growth": 0.0, "workers_growth": 0.0, "market_growth": 0.0, "graduates": 0.0, "mobility": 0.0, "associations": 0.0, "venture_money": 0.0,
}
FIRST = 400
#: What a firm is and knows; in a still world not one bit of it changes.
KEPT = ("alive", "lineage", "region_of", "stages", "quality", "cost_progress", "flexibility", "design", "contact", "strength", "supplier", "input_supplier", "talent", "epoch", "fit")
#: Stocks that go on growing or settling for longer than the world is watched, and move nothing.
ACCUMULATE = ("cash", "experience", "venture_pool", "quarter")


@pytest.fixture(scope="module")
def still():
    """Give a still world after its prices have had a century to settle, and its state before."""
    world = toy(burn_in=FIRST, quarters=40, parameters=STILL, modularity=(0.5, 0.5, 0.0), **NO_GROWTH)
    before = burn_in(toy(burn_in=1, parameters=STILL, modularity=(0.5, 0.5, 0.0), **NO_GROWTH), seed=4)
    return before, simulate(world, seed=4, check=True)


@pytest.mark.parametrize("name", KEPT)
def test_what_firms_are_and_know_does_not_move(still, name):
    before, history = still
    assert history.state.arrays[name].tobytes() == before.arrays[name].tobytes()


def test_nobody_comes_or_goes_and_nothing_is_tried(still):
    _, history = still
    for name in ("entries", "exits", "starts", "ends", "moves", "emigrants", "returnees", "affiliates_opened", "public_cost"):
        assert (history.arrays[name] == 0.0).all(), name


def test_once_prices_have_settled_every_outcome_repeats(still):
    """After 400 quarters even the slowest adjustment, 2 % a quarter, is done to exp(-8); a relative 1e-4 leaves room for it."""
    _, history = still
    for name, array in history.arrays.items():
        scale = numpy.abs(array).max() if array.size else 0.0
        assert numpy.abs(array[-1] - array[0]).max() <= 1e-4 * scale, name


def test_sales_settle_at_the_speed_of_the_slowest_adjustment(still):
    """What still moves moves ever less: the change of the last year is below that of the first."""
    _, history = still
    sales = history.yearly["final_sales"]
    first = numpy.abs(sales[1] - sales[0]).max()
    last = numpy.abs(sales[-1] - sales[-2]).max()
    assert last <= max(first, 1e-9 * sales.max())
