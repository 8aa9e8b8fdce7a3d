"""With nothing to learn, invent, found or lose, the world stands still."""

import numpy
import pytest
from worlds import toy

from redqueen.model.simulate import burn_in, simulate

#: No innovation, shocks, learning, entry, exit, new relations or interest on debt. Outside declared ranges on purpose.
STILL = {
    "consider": 0.0, "turbulence": 0.0, "wright_exponent": 0.0, "flexibility_decay": 0.0,
    "spinoff_rate": 0.0, "fresh_entry": 0.0, "returnee_founders": 0.0, "affiliate_rate": 0.0,
    "exit_hazard": 0.0, "giving_up": 0.0, "obsolete_gap": 1e9, "informal_share": 1e9, "informal_rate": 0.0, "credit_rate": 0.0,
    "switching_threshold": 1e9, "take_back": 0.0, "input_review": 0.0, "diaspora_rate": 0.0, "tie_decay": 0.0,
    "talent_retirement": 0.0, "emigration_rate": 0.0, "return_rate": 0.0, "reference_speed": 0.1,
}
NO_GROWTH = {
    "wage_growth": 0.0, "workers_growth": 0.0, "market_growth": 0.0, "graduates": 0.0, "mobility": 0.0, "associations": 0.0,
    "venture_money": 0.0,
}
#: What a firm is and knows, and who lives where: not one bit of it changes.
KEPT = (
    "alive", "lineage", "region_of", "stages", "quality", "cost_progress", "flexibility", "design", "contact", "strength",
    "supplier", "input_supplier", "talent", "epoch", "fit",
)


def still_world(burn_in):
    return toy(burn_in=burn_in, quarters=40, parameters=STILL, modularity=(0.5, 0.5, 0.0), **NO_GROWTH)


@pytest.fixture(scope="module")
def history():
    """Give the history of a still world whose prices have had 1000 quarters to settle."""
    return simulate(still_world(1000), seed=4, check=True)


def test_what_firms_are_and_know_does_not_move(history):
    before = burn_in(still_world(1), seed=4)
    assert [name for name in KEPT if history.state.arrays[name].tobytes() != before.arrays[name].tobytes()] == []


def test_nobody_comes_or_goes_and_nothing_is_tried(history):
    events = ("entries", "exits", "starts", "ends", "moves", "emigrants", "returnees", "affiliates_opened", "public_cost")
    assert [name for name in events if history.arrays[name].any()] == []


def test_once_prices_have_settled_every_quarter_is_the_same(history):
    """The slowest adjustments left are near 2 % a quarter: after 1000 quarters exp(-20) of them is left, far below 1e-6."""
    sales = history.arrays["outlay"].sum(axis=1).max()
    for name, array in history.arrays.items():
        # What is paid for capacity dies out: nothing is wanted any more.
        scale = sales if name == "capacity_paid" else numpy.abs(array).max()
        assert numpy.abs(array - array[0]).max() <= 1e-6 * scale, name
    assert sales > 0.0
