"""Worlds of every shape, and the bundled cases, close their accounts in every quarter, region by region."""

import numpy
import pytest
from worlds import differences, toy

from redqueen.cases.case import bundled, case
from redqueen.model.founding import found
from redqueen.model.quarter import run_quarter
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, simulate
from redqueen.model.state import TYPES
from redqueen.policies.policy import lay_out_policy

WORLDS = {
    "three regions": {},
    "one region": {"regions": 1},
    "twelve regions": {"regions": 12, "scale": 0.1},
    "two industries of three stages": {"industries": 2, "stages": ("components", "fabrication", "brand")},
    "three industries": {"industries": 3, "stages": ("assembly", "brand"), "demand_share": (1.0, 5.0, 0.0)},
    "a chain of one stage": {"stages": ("brand",)},
    "a chain of two stages": {"stages": ("software", "brand")},
    "a region without firms": {"regions": 4, "first_firms": numpy.array([[4], [4], [0], [2]])},
    "a stage that nobody does": {"first_firms": numpy.array([[6, 0, 6, 6, 6, 6]]), "integrated_share": 0.0},
    "no lead firms outside the first region": {
        "first_firms": numpy.array([[6, 6, 6, 6, 6, 8], [6, 6, 6, 6, 6, 0], [6, 6, 6, 6, 6, 0]])
    },
    "integrated firms alone": {"first_firms": numpy.array([[0, 0, 0, 0, 0, 8]]), "integrated_share": 1.0},
    "a region without buyers": {
        "frontier_market": numpy.array([800.0, 0.0, 40.0]), "value_market": numpy.array([200.0, 0.0, 200.0])
    },
    "no burn-in": {"burn_in": 0},
    "no distance": {"distance": 0.0},
    "high tariffs": {"tariff": numpy.array([0.5, 1.5, 0.0])},
    "ties abroad from the start": {"first_tie_share": 0.3},
    "no modularity at all": {"modularity": (0.0, 0.0, 0.0)},
    "no talent": {"first_talent": 0.0, "graduates": 0.0, "first_diaspora": 0.0},
    "no people to speak of": {"workers": 1.0, "burn_in": 0},
}


@pytest.mark.parametrize("shape", WORLDS)
def test_every_world_closes_its_accounts(shape):
    history = simulate(toy(quarters=40, **WORLDS[shape]), seed=2, check=True)
    assert history.arrays["value_added"].sum() > 0.0, "nothing happened"
    assert history.state.entries_refused == 0
    check_input_output(history)


@pytest.mark.parametrize("name", bundled())
def test_every_policy_of_a_bundled_case_closes_its_accounts(name):
    bundle = case(name)
    state = burn_in(bundle.world, seed=1, check=True)
    for policy in bundle.policies:
        plan = lay_out_policy(bundle.policy(policy), bundle.world)
        schedule, government = (plan, None) if isinstance(plan, Schedule) else plan.begin(bundle.world, seed=1)
        history = simulate(bundle.world, schedule, seed=1, state=state, check=True, government=government)
        assert history.state.entries_refused == 0
        check_input_output(history)


@pytest.mark.parametrize("name", bundled())
def test_doing_nothing_is_no_policy_in_a_bundled_case(name):
    bundle = case(name)
    state = burn_in(bundle.world, seed=1)
    assert differences(
        simulate(bundle.world, bundle.schedule("none"), seed=1, state=state), simulate(bundle.world, seed=1, state=state)
    ) == []


def check_input_output(history):
    """In every region: sales to firms and buyers - purchases from firms, outside and of materials = value added.

    The table is kept once a year; imports from the supplier outside belong to the region that buys.
    """
    last = numpy.arange(3, len(history.arrays["value_added"]), 4)
    flows, final = history.yearly["flows"], history.yearly["final_sales"]
    sold = flows.sum(axis=(2, 3, 4)) + final.sum(axis=(2, 3))
    bought = flows.sum(axis=(1, 2, 4)) + (history.arrays["outside_paid"] + history.arrays["materials_paid"])[last]
    assert sold - bought == pytest.approx(history.arrays["value_added"][last], rel=1e-9, abs=1e-9 * sold.max())
    assert (flows >= 0.0).all() and (final >= 0.0).all()
    abroad = 1.0 - numpy.eye(flows.shape[1])
    exports = numpy.einsum("yrsqt,rq->yr", flows, abroad) + numpy.einsum("yriq,rq->yr", final, abroad)
    assert exports == pytest.approx(history.arrays["exports"][last], rel=1e-9, abs=1e-9 * sold.max())


def test_a_longer_burn_in_only_moves_the_start():
    """With nothing that depends on the date, 8 quarters of burn-in and 24 of history are 16 and 16."""
    dated = {"wage_growth": 0.0, "workers_growth": 0.0, "market_growth": 0.0, "modularity": (0.5, 0.5, 0.0)}
    short, long = (simulate(toy(burn_in=first, quarters=32 - first, **dated), seed=6) for first in (8, 16))
    same = set(short.arrays) - {"income_per_head"}
    assert [name for name in same if short.arrays[name][8:].tobytes() != long.arrays[name].tobytes()] == []


def test_one_more_first_firm_changes_no_other():
    """First firms elsewhere keep their quality, cash, age, experience, designs and ties; the newcomer brings only itself."""
    more = toy().endowments["first_firms"].copy()
    more[1, 2] += 1.0
    one, other = found(toy(), seed=7), found(toy(first_firms=more), seed=7)
    names = ("quality", "cash", "born", "experience", "flexibility", "design", "capacity", "stages", "owner", "region_of")
    without, with_it = first_firms(one, names), first_firms(other, names)
    assert len(with_it) == len(without) + 1
    assert {lineage: with_it[lineage] for lineage in without} == without
    assert ties_of(one, (0, 2)) == ties_of(other, (0, 2))


def first_firms(state, names):
    alive = numpy.flatnonzero(state.arrays["alive"])
    return {int(state.arrays["lineage"][firm]): [state.arrays[name][firm].tobytes() for name in names] for firm in alive}


def ties_of(state, regions):
    lineage = state.arrays["lineage"]
    firms = numpy.flatnonzero(state.arrays["alive"].astype(bool) & numpy.isin(state.arrays["region_of"], regions))
    return {int(lineage[firm]): [int(lineage[other]) for other in state.arrays["contact"][firm] if other >= 0] for firm in firms}


def test_one_more_firm_leaves_the_fate_of_firms_elsewhere_alone():
    """Draws are addressed: in the first quarter the same firms elsewhere end by hazard, spin off and start to look."""
    chancy = {"exit_hazard": 0.3, "informal_share": 1e6, "giving_up": 0.0, "obsolete_gap": 1e6}
    more = toy().endowments["first_firms"].copy()
    more[1, 2] += 1.0
    one, other = (found(world, seed=7) for world in (toy(parameters=chancy), toy(first_firms=more, parameters=chancy)))
    born = {int(lineage) for lineage in one.arrays["lineage"][one.arrays["alive"] == 1]}
    for state in (one, other):
        run_quarter(state)
    left = [{int(lineage) for lineage in state.arrays["lineage"][state.arrays["alive"] == 1]} & born for state in (one, other)]
    assert left[0] == left[1] and 0.5 < len(left[0]) / len(born) < 0.9


def test_every_array_has_its_declared_type():
    state = found(toy(), seed=1)
    assert {str(array.dtype) for array in state.arrays.values()} == {numpy.dtype(kind).name for kind in TYPES.values()}
