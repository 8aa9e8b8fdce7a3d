"""The docked model of the benchmarks: its compiled rules follow the law that benchmarks/docked/README.md states.

Peers other than NumPy need packages that the tests do not; `python benchmarks/docked/equal.py` compares them all.
"""

import dataclasses
import sys
from pathlib import Path

import numpy
import pytest

from redqueen import draws

pytest.importorskip("Cython", reason="the docked model is compiled when it is first used")
if draws.__file__.endswith(".py"):
    pytest.skip("the package is not compiled here: rules cannot call its draws", allow_module_level=True)
sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

from docked import with_numpy, with_redqueen
from docked.building import compiled_rules, interpreted_rules
from docked.law import LAW, REGIONS
from docked.outcomes import measured_runs


def firms(regions, quality, cash, quarters_left, seed=7, **law):
    """Give compiled firms in the state given, under the law with some numbers changed."""
    start = {
        "region": numpy.array(regions, numpy.int32), "quality": numpy.array(quality, float), "cash": numpy.array(cash, float),
        "quarters_left": numpy.array(quarters_left, numpy.int32),
    }
    return compiled_rules().Firms(start, dataclasses.asdict(dataclasses.replace(LAW, **law)), max(regions) + 1, seed)


def of(state, region, name):
    """Give an attribute of a region's firms."""
    first = region * state.slots
    return state.arrays[name][first : first + state.arrays["n_members"][region]].copy()


def books(revenue, cash):
    """Give cash after a quarter as the law says it."""
    cost = LAW.materials * revenue + LAW.overhead
    profit = revenue - cost - LAW.lending * numpy.maximum(0.0, -cash)
    cash = cash + profit - LAW.tax * numpy.maximum(0.0, profit)
    return cash - LAW.payout * numpy.maximum(0.0, cash - LAW.reserve * cost)


def test_compiled_and_interpreted_rules_give_the_same_bits():
    """Over 60 quarters in which firms end, are founded, and regions are lengthened for them."""
    compiled, interpreted = (with_redqueen.Economy(60, 5, rules) for rules in (compiled_rules(), interpreted_rules()))
    slots = compiled.state.slots
    for _ in range(60):
        compiled.step()
        interpreted.step()
    assert compiled.exits > 20 and compiled.state.slots > slots
    others = interpreted.state.arrays
    assert [name for name, array in compiled.state.arrays.items() if array.tobytes() != others[name].tobytes()] == []


def test_markets_and_books_are_those_of_the_law():
    """A rich, a poor and an indebted firm share a market in which no project ends; each quarter's cash is as by hand."""
    quality, cash = numpy.array([0.3, 0.0, 0.1]), numpy.array([3.0, 0.2, -0.1])
    state = firms([0, 0, 0], quality, cash, [4, 4, 4])
    revenue = 3.0 * numpy.exp(LAW.taste * quality) / numpy.exp(LAW.taste * quality).sum()
    for _ in range(3):
        compiled_rules().run_quarter(state)
        cash = books(revenue, cash)
        assert of(state, 0, "revenue") == pytest.approx(revenue, rel=1e-14)
        assert of(state, 0, "cash") == pytest.approx(cash, rel=1e-13)
    assert state.exits == 0


def test_a_firm_that_no_bank_carries_is_replaced_by_a_spinoff_in_its_parents_region():
    """The only firm of region 1 ends; its successor stands where its parent does, worse than it, with first cash."""
    state = firms([0, 0, 1], [0.2, 0.1, 0.4], [1.0, 1.0, -9.0], [4, 4, 4])
    compiled_rules().run_quarter(state)
    assert state.exits == 1
    assert state.arrays["n_members"].tolist() == [3, 0]
    assert of(state, 0, "quality")[:2].tolist() == [0.2, 0.1]
    assert of(state, 0, "quality")[2] < 0.2
    assert of(state, 0, "cash")[2] == LAW.first_cash
    assert len(set(of(state, 0, "lineage").tolist())) == 3
    # Nobody is left in region 1: its buyers spend nothing, and the others go on.
    compiled_rules().run_quarter(state)
    assert of(state, 0, "revenue").sum() == pytest.approx(1.5)


def test_a_spinoff_has_its_first_result_four_quarters_after_it_was_founded():
    """A firm that sells next to nothing ends in the second quarter; every project is an innovation, so that results show."""
    state = firms([0] * 4, [0.0, 0.0, 0.0, -9.0], [9.0, 9.0, 9.0, 0.5], [4] * 4, novelty=1.0)
    compiled_rules().run_quarter(state)
    before = set(of(state, 0, "lineage").tolist())
    compiled_rules().run_quarter(state)
    (spinoff,) = set(of(state, 0, "lineage").tolist()) - before
    qualities = []
    for _ in range(5):
        qualities.append(dict(zip(of(state, 0, "lineage").tolist(), of(state, 0, "quality").tolist(), strict=True))[spinoff])
        compiled_rules().run_quarter(state)
    assert len(set(qualities[:4])) == 1 and qualities[4] > qualities[3]


def test_a_world_without_survivors_is_refused():
    state = firms([0, 0], [0.0, 0.0], [-9.0, -9.0], [4, 4])
    with pytest.raises(RuntimeError, match="no firm is left"):
        compiled_rules().run_quarter(state)


def test_imitators_close_their_share_of_the_gap_to_a_firm_of_their_region_as_it_was():
    """Every project ends; what each gains must be a possible gain from the qualities before, and many do gain."""
    before = numpy.random.default_rng(3).normal(0.0, 0.3, 40)
    state = firms([0, 1] * 20, before, [1.0] * 40, [1] * 40, novelty=0.0)
    compiled_rules().run_quarter(state)
    for region in range(2):
        own = before[region::2]
        possible = own[:, None] + LAW.absorbed * numpy.maximum(0.0, own[None, :] - own[:, None])
        after = of(state, region, "quality")
        assert numpy.isclose(after[:, None], possible, rtol=0.0, atol=1e-14).any(axis=1).all()
        assert (after > own).sum() > 5


@pytest.mark.parametrize("best", [0, 20, 39])
def test_every_firm_of_a_region_is_as_likely_to_be_seen(best):
    """Of 39 others over 50 seeds, one in 40 sees the only firm that is better: 49, give or take four standard errors of 6.9."""
    quality = numpy.zeros(40)
    quality[best] = 1.0
    seen = 0
    for seed in range(50):
        state = firms([0] * 40, quality, [9.0] * 40, [1] * 40, seed, novelty=0.0)
        compiled_rules().run_quarter(state)
        seen += (of(state, 0, "quality") == LAW.absorbed).sum()
    assert abs(seen - 39 * 50 / 40) < 28


def test_every_survivor_is_as_likely_to_be_a_parent():
    """Four regions with a survivor each, 400 seeds: each has 100 spin-offs, give or take four standard errors of 8.7."""
    settled = numpy.zeros(4, int)
    for seed in range(400):
        state = firms([0, 0, 1, 2, 3], [0.0] * 5, [-9.0, 9.0, 9.0, 9.0, 9.0], [4] * 5, seed)
        compiled_rules().run_quarter(state)
        settled += state.arrays["n_members"] - 1
    assert settled.sum() == 400
    assert (abs(settled - 100) < 35).all()


def test_innovations_have_the_tail_of_the_law():
    """Gains stay within their most; the share above a gain is Pareto's, within four standard errors."""
    state = firms([0] * 4000, [0.0] * 4000, [9.0] * 4000, [1] * 4000, novelty=1.0)
    compiled_rules().run_quarter(state)
    gained = of(state, 0, "quality")
    assert gained.min() > 0.0 and gained.max() == LAW.jump_most
    for gain in (0.02, 0.1, 0.4):
        expected = (1.0 + gain / LAW.jump) ** -LAW.tail
        assert abs((gained > gain).mean() - expected) < 4.0 * (expected * (1.0 - expected) / 4000) ** 0.5


def test_only_differences_of_quality_matter():
    """All qualities 70 higher, where weights must be measured against another base: the same firms end, with the same cash."""
    regions, cash, left = [0, 1, 2] * 40, [0.3] * 120, [1, 2, 3, 4] * 30
    quality = numpy.random.default_rng(4).normal(0.0, 0.3, 120)
    low, high = firms(regions, quality, cash, left), firms(regions, quality + 70.0, cash, left)
    for _ in range(30):
        compiled_rules().run_quarter(low)
        compiled_rules().run_quarter(high)
    assert low.exits == high.exits > 10
    assert high.arrays["base"].max() > 50.0
    for region in range(3):
        assert of(high, region, "lineage").tolist() == of(low, region, "lineage").tolist()
        assert of(high, region, "cash") == pytest.approx(of(low, region, "cash"), abs=1e-9)


@pytest.fixture(scope="module")
def numpys():
    return measured_runs(with_numpy.Economy, 500, range(50))


def far_apart(one, other):
    """Name the outcomes whose means are four standard errors apart: by luck, of nine, once in 1,800 choices of seeds."""
    errors = {name: (one[name].var() / len(one[name]) + other[name].var() / len(other[name])) ** 0.5 for name in one}
    return [name for name in one if abs(one[name].mean() - other[name].mean()) > 4.0 * errors[name]]


def test_the_rules_and_numpy_have_one_law(numpys):
    assert far_apart(measured_runs(with_redqueen.Economy, 500, range(1000, 1200)), numpys) == []


def test_another_law_would_be_told_apart(numpys):
    """Imitation that closes 0.4 instead of 0.3 of the gap."""

    def other(count, seed):
        economy = with_redqueen.Economy(count, seed)
        economy.state.absorbed = 0.4
        return economy

    assert "growth" in far_apart(measured_runs(other, 500, range(1000, 1200)), numpys)


def test_firms_stay_as_many_and_every_region_is_a_possible_one():
    economy = with_redqueen.Economy(300, 2)
    for _ in range(100):
        economy.step()
    arrays = economy.firms()
    assert economy.exits > 100
    assert len(arrays["region"]) == 300 and set(arrays["region"]) <= set(range(REGIONS))
    assert (arrays["cash"] + LAW.credit * arrays["revenue"] >= 0.0).all()
