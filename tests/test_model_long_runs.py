"""A century under assumptions and endowments drawn from their whole ranges: accounts close, numbers stay numbers, nothing explodes.

REDQUEEN_EXAMPLES asks for more examples than the default; the draws are the same in every run of the tests.
"""

import os

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draw
from worlds import SIZED, toy

from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.founding import found
from redqueen.model.ledger import Ledger
from redqueen.model.parameters import PARAMETERS
from redqueen.model.simulate import simulate, step

EXAMPLES = int(os.environ.get("REDQUEEN_EXAMPLES", "25"))
CENTURY = 400
SIZE = 0.15
#: Log quality: the frontier gains at most 3 a project; exp(200) would be no number to reckon with.
MOST_QUALITY = 200.0
#: Wages and costs start near one; no mechanism of the model should move them by nine orders of magnitude.
MOST_MONEY = 1e9
#: A world of a hundred firms has no room for more.
MOST_FIRMS = 30_000
REPEATABLE = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
#: Left as they are: how the world is built, and shares that must add up to one.
BUILT = {"first_firms", "quality_weight", "distance", "demand_share", "first_diaspora", "first_tie_share"}


def between(row):
    """Draw from a declared range, its ends as often as all else."""
    return draw.sampled_from([row.low, row.high]) | draw.floats(row.low, row.high)


def endowment(row):
    """Draw one number for each region: within the range, or for sizes and money from a tenth to ten times the toy world's."""
    one = draw.sampled_from([0.1, 1.0, 10.0]) if row.name in SIZED or row.high > 100.0 else between(row)
    return draw.lists(one, min_size=3, max_size=3)


ASSUMPTIONS = draw.fixed_dictionaries({}, optional={row.name: between(row) for row in PARAMETERS})
GIVEN = draw.fixed_dictionaries(
    {}, optional={row.name: endowment(row) for row in ENDOWMENTS if row.shape == ("region",) and row.name not in BUILT}
)
SEEDS = draw.integers(0, 2**63)


def live(world, seed, parameters, quarters=CENTURY):
    """Run a world from its first quarter with all checks, and give its state at the end."""
    state = found(world, seed, parameters)
    ledger = Ledger(state)
    for _ in range(quarters):
        step(state, ledger)
        check_bounds(state)
    return state


def check_bounds(state):
    arrays, alive = state.arrays, state.arrays["alive"] == 1
    assert state.entries_refused == 0
    assert state.n_alive < MOST_FIRMS
    assert arrays["value_added"].sum() <= arrays["outlay"].sum() * (1.0 + 1e-9)
    assert numpy.abs(arrays["quality"][alive]).max(initial=0.0) < MOST_QUALITY
    does = alive[:, None] & ((arrays["stages"][:, None] >> numpy.arange(state.n_stages, dtype=numpy.uint64)) & numpy.uint64(1) == 1)
    assert (arrays["unit_cost"][does] > 0.0).all() and (arrays["capacity"][does] > 0.0).all()
    assert arrays["unit_cost"][does].max(initial=0.0) < MOST_MONEY
    for name in ("wage", "skilled_wage"):
        assert (arrays[name] > 0.0).all() and (arrays[name] < MOST_MONEY).all(), name
    assert (arrays["talent"] >= 0.0).all() and (arrays["venture_pool"] >= 0.0).all() and (arrays["spending_income"] >= 0.0).all()
    assert (arrays["crowding"] > 0.0).all() and (arrays["crowding"] <= 1.0).all()


@given(parameters=ASSUMPTIONS, seed=SEEDS)
@REPEATABLE
def test_a_century_under_any_assumptions_closes_its_accounts(parameters, seed):
    live(toy(scale=SIZE, burn_in=0), seed, parameters)


@given(parameters=ASSUMPTIONS, given_to_regions=GIVEN, seed=SEEDS)
@REPEATABLE
def test_a_century_in_any_world_closes_its_accounts(parameters, given_to_regions, seed):
    usual = toy(scale=SIZE, burn_in=0).endowments
    sized = {row.name for row in ENDOWMENTS if row.name in SIZED or row.high > 100.0}
    endowments = {name: numpy.array(values) * (usual[name] if name in sized else 1.0) for name, values in given_to_regions.items()}
    live(toy(scale=SIZE, burn_in=0, **endowments), seed, parameters, quarters=CENTURY // 2)


@given(row=draw.sampled_from(PARAMETERS), at_the_top=draw.booleans(), seed=SEEDS)
@REPEATABLE
def test_one_assumption_at_its_limit_does_not_end_the_world(row, at_the_top, seed):
    """After 40 years the world makes at least half of what it made at first, in real terms of its money."""
    limit = row.high if at_the_top else row.low
    made = simulate(
        toy(scale=0.3, burn_in=0, quarters=160), seed=seed, parameters={row.name: limit}, check=True
    ).arrays["value_added"].sum(axis=1)
    assert made[-20:].mean() > 0.5 * made[:20].mean()


@pytest.mark.parametrize("seed", range(4))
def test_a_world_with_the_usual_assumptions_lives_for_a_century(seed):
    """Every region still has firms, every stage is done, and the world makes more than at first."""
    history = simulate(toy(scale=0.3, burn_in=0, quarters=CENTURY), seed=seed, check=True)
    assert (history.arrays["firms"][-1] > 0.0).all()
    assert (history.arrays["stage_firms"][-1].sum(axis=0) > 0.0).all()
    made = history.arrays["value_added"].sum(axis=1)
    assert made[-20:].mean() > made[:20].mean()
