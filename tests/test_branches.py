"""Members that branch at a date: the past stays, what is different is different from then on, and governments go on deciding."""

import numpy
import pytest
from toy_trial import CASE

from redqueen.cases.case import case, read_case
from redqueen.lab.branches import Branch, Branches, Origin
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import QUARTERLY, YEARLY, simulate
from redqueen.policies.policy import lay_out_policy

NOW = 9


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    path = tmp_path_factory.mktemp("toy") / "toy.toml"
    path.write_text(CASE)
    return read_case(path)


def branches(toy, origins=(Origin(3, {}), Origin(4, {"novelty_success": 0.3})), **options):
    return Branches(toy.world, toy.schedule("officers"), origins, now=NOW, **options)


def same(one, other, until=None):
    """Say whether two histories have the same bits up to a quarter."""
    quarterly = all(one.arrays[name][:until].tobytes() == other.arrays[name][:until].tobytes() for name in QUARTERLY)
    yearly = all(
        one.yearly[name][: until and until // 4].tobytes() == other.yearly[name][: until and until // 4].tobytes()
        for name in YEARLY
    )
    return quarterly and yearly


@pytest.mark.parametrize("until", [1, 6, 8, 19])
def test_a_history_that_goes_on_is_the_whole_history(toy, until):
    plan = toy.schedule("officers")
    whole = simulate(toy.world, plan, seed=5)
    first = simulate(toy.world, plan, seed=5, until=until)
    assert len(first.arrays["jobs"]) == until and len(first.yearly["flows"]) == until // 4
    assert same(simulate(toy.world, plan, seed=5, after=first), whole)
    assert same(simulate(toy.world, plan, seed=5, after=first), whole), "the first history was changed by going on from it"


def test_a_branch_in_which_nothing_differs_is_the_members_own_history(toy):
    (found,) = branches(toy, threads=2).run(Branch())
    assert same(found[0], simulate(toy.world, toy.schedule("officers"), seed=3))
    assert same(found[1], simulate(toy.world, toy.schedule("officers"), seed=4, parameters={"novelty_success": 0.3}))


def test_nothing_added_changes_nothing(toy):
    mine = branches(toy)
    ((plain, *_), (added, *_)) = mine.run(Branch(), Branch(added=Schedule.empty(toy.world.quarters, 2)))
    assert same(plain, added)


def test_what_differs_differs_from_the_date_on(toy):
    more = Schedule.empty(toy.world.quarters, 2)
    more.set("university_expansion", 1, NOW, toy.world.quarters, 5.0)
    different = {
        "added": Branch(added=more),
        "endowments": Branch(endowments={"graduates": toy.world.endowments["graduates"] * 3}),
        "parameters": Branch(parameters={"novelty_success": 0.6, "consider": 1.0}),
    }
    base, *others = branches(toy).run(Branch(), *different.values())
    for name, found in zip(different, others, strict=True):
        assert same(found[0], base[0], NOW), name
        assert not same(found[0], base[0]), name


def test_another_luck_begins_at_the_date(toy):
    (own,), (other,) = (branches(toy, [Origin(3, {}, luck)]).run(Branch())[0] for luck in (None, 77))
    assert same(own, other, NOW) and not same(own, other)


def test_intensities_add_up_within_the_range_of_the_instrument(toy):
    more, most = (Schedule.empty(toy.world.quarters, 2) for _ in range(2))
    more.set("technology_park", 1, NOW, toy.world.quarters, 5.0)
    most.set("technology_park", 1, NOW, toy.world.quarters, 1.0)
    (one, *_), (other, *_) = branches(toy).run(Branch(added=more), Branch(added=most))
    assert same(one, other)


def test_threads_change_no_bit(toy):
    found = [branches(toy, threads=threads).run(Branch(), Branch(parameters={"consider": 1.0})) for threads in (1, 2)]
    assert all(same(one, other) for first, second in zip(*found, strict=True) for one, other in zip(first, second, strict=True))


def test_governments_go_on_deciding_in_every_branch():
    """As if the whole had been run at once; what is added beside them stays beside whatever they choose."""
    found = case("red-queen")
    plan = lay_out_policy(found.policies["local_experiments"], found.world)
    own, government = plan.begin(found.world, 3)
    whole = simulate(found.world, own, seed=3, government=government)
    mine = Branches(found.world, plan, [Origin(3, {})], now=50)
    more = Schedule.empty(found.world.quarters, len(found.world.regions))
    more.set("university_expansion", 0, 50, found.world.quarters, 3.0)
    (plain,), (added,), (again,) = mine.run(Branch(), Branch(added=more), Branch())
    assert same(plain, whole) and plain.decisions == whole.decisions and same(plain, again)
    assert same(added, whole, 50) and not same(added, whole)


def test_the_advance_counts_every_quarter(toy):
    done = []
    mine = branches(toy, advance=done.append)
    mine.run(Branch(), Branch())
    assert sum(done) == mine.quarters(2)


def test_a_shorter_future_is_the_beginning_of_the_longer(toy):
    ((short, *_),) = branches(toy, until=15).run(Branch())
    ((long, *_),) = branches(toy).run(Branch())
    assert len(short.arrays["jobs"]) == 15 and numpy.array_equal(short.arrays["jobs"], long.arrays["jobs"][:15])
