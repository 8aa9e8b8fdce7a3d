"""Governments that decide during a run: what they see, what each style does with it, and how they are written."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import differences, toy

from redqueen.model.instruments import INDEX, INSTRUMENTS
from redqueen.model.simulate import burn_in, simulate
from redqueen.policies.change import Change
from redqueen.policies.deciding import growth
from redqueen.policies.government import STYLES, Government
from redqueen.policies.policy import Policy, lay_out_policy, schedule

LOCALITIES = ("region 1", "region 2", "region 3")
OFFICERS = Policy("officers", changes=(Change("capacity_building", 10.0, per="worker"), Change("technology_park", 0.2)))
LABORATORY = Policy("laboratory", changes=(Change("public_research_organisation", 8.0, per="worker"),))
GIFTS = Policy("gifts", changes=(Change("lump_sum", 4.0),))
MENU = (OFFICERS, LABORATORY, GIFTS)
#: One government of each style, as it is usually written.
USUAL = {
    "fixed": {}, "central": {"every": 2}, "experiment": {"every": 2, "noise": 0.02},
    "adjust": {"every": 2, "lag": 0.5, "noise": 0.02},
}


@pytest.fixture(scope="module")
def world():
    """Four regions, ten years."""
    return toy(regions=4, quarters=40, scale=0.15)


@pytest.fixture(scope="module")
def state(world):
    return burn_in(world, seed=3)


def govern(style, where=LOCALITIES, menu=MENU, **options):
    return Government(style, where, menu, **options)


def ruled(*governments, changes=()):
    return Policy("tried", changes=changes, governments=governments)


def run(world, tried, state, seed=3):
    begun, government = lay_out_policy(tried, world).begin(world, seed)
    return simulate(world, begun, seed=seed, state=state, government=government)


# In a run


@pytest.mark.parametrize("first", [None, 1992.5])
def test_a_fixed_government_is_the_same_policy_written_as_changes(world, state, first):
    beside = (Change("technology_park", 0.3, ("region 1", "region 2"), until=1995), Change("venture_capital", 1.0, ("region 0",)))
    government = govern("fixed", start="officers", first=first)
    written = Policy("written", changes=(*beside, *(replace(change, where=LOCALITIES, start=first) for change in OFFICERS.changes)))
    decided = run(world, ruled(government, changes=beside), state)
    assert differences(decided, simulate(world, schedule(written, world), seed=3, state=state)) == []
    assert [(decision.region, decision.chosen) for decision in decided.decisions] == [(region, "officers") for region in LOCALITIES]
    assert differences(decided, simulate(world, schedule(Policy("beside", changes=beside), world), seed=3, state=state)) != []


@pytest.mark.parametrize("style", STYLES)
def test_choosing_between_the_same_things_changes_nothing(world, state, style):
    same = tuple(replace(OFFICERS, name=name) for name in ("one", "other", "third"))
    written = Policy("written", changes=tuple(replace(change, where=LOCALITIES) for change in OFFICERS.changes))
    decided = run(world, ruled(govern(style, menu=same, **USUAL[style])), state)
    assert differences(decided, simulate(world, schedule(written, world), seed=3, state=state)) == []


@pytest.mark.parametrize("style", STYLES)
def test_decisions_depend_on_the_seed_and_on_neither_threads_nor_the_order_of_localities(world, state, style):
    alone = run(world, ruled(govern(style, **USUAL[style])), state)
    programme = lay_out_policy(ruled(govern(style, LOCALITIES[::-1], **USUAL[style])), world)

    def again(seed):
        begun, government = programme.begin(world, seed)
        return simulate(world, begun, seed=seed, state=state, government=government)

    with ThreadPoolExecutor(4) as executor:
        together = list(executor.map(again, [3, 4, 5, 6, 3]))
    for other in (together[0], together[4]):
        assert other.decisions == alone.decisions and differences(other, alone) == []
    assert len({history.decisions for history in together}) > 1


def test_styles_share_the_luck_of_the_first_choice(world):
    first = {}
    for style in STYLES:
        begun, council = lay_out_policy(ruled(govern(style, **USUAL[style])), world).begin(world, 3)
        council.decide(0, {})
        first[style] = [decision.chosen for decision in council.decisions]
    assert first["fixed"] == first["experiment"] == first["adjust"]
    assert first["central"] == [first["fixed"][0]] * 3


def test_a_government_sees_what_has_happened_and_nothing_else(world, state):
    class Onlooker:
        decisions = ()
        seen = {}

        def decide(self, quarter, record):
            assert {
                len(values) for values in record.values()
            } == {quarter} and "value_added" in record and len(record) == len(list(record))
            with pytest.raises(ValueError, match="read-only"):
                record["jobs"][:] = 0.0
            self.seen[quarter] = record["value_added"].copy()

    onlooker = Onlooker()
    watched = simulate(world, seed=3, state=state, government=onlooker)
    assert differences(watched, simulate(world, seed=3, state=state)) == []
    assert sorted(onlooker.seen) == list(range(world.quarters))
    assert all(numpy.array_equal(seen, watched.arrays["value_added"][:quarter]) for quarter, seen in onlooker.seen.items())


@pytest.mark.parametrize("style", ["central", "experiment", "adjust"])
def test_what_comes_later_changes_no_earlier_decision(world, state, style):
    government = govern(style, every=1, window=1, target_growth=None if style == "experiment" else 0.05)
    quiet = run(world, ruled(government), state)
    later = run(world, ruled(government, changes=(Change("embargo", 1.0, ("region 1",), start=1994.25),)), state)
    before = [[decision for decision in history.decisions if decision.quarter <= 17] for history in (quiet, later)]
    assert before[0] == before[1] and len(before[0]) == 3 * 5
    assert quiet.decisions != later.decisions


def test_accounts_close_while_governments_change_their_minds(world):
    programme = lay_out_policy(ruled(govern("adjust", every=1, target_growth=1.0)), world)
    begun, government = programme.begin(world, 1)
    history = simulate(world, begun, seed=1, check=True, government=government)
    assert len({decision.chosen for decision in history.decisions if decision.region == "region 1"}) == 3


def test_a_history_that_ends_earlier_is_the_beginning_of_the_whole(world, state):
    programme = lay_out_policy(ruled(govern("experiment", every=2)), world)
    shortened = replace(world, quarters=20)
    begun, government = programme.begin(world, 3)
    whole = simulate(world, begun, seed=3, state=state, government=government)
    for shorter in (programme, programme.cut(20)):
        begun, government = shorter.begin(shortened, 3)
        assert begun.intensity.shape[1] == 20
        cut = simulate(shortened, begun, seed=3, state=state, government=government)
        assert all(cut.arrays[name].tobytes() == whole.arrays[name][:20].tobytes() for name in cut.arrays)
        assert cut.decisions == tuple(decision for decision in whole.decisions if decision.quarter < 20)
    with pytest.raises(ValueError, match="laid out for 20 quarters"):
        programme.cut(20).begin(world, 3)


def test_every_run_has_a_schedule_of_its_own(world):
    programme = lay_out_policy(
        ruled(govern("fixed", start="gifts"), changes=(Change("technology_park", 0.5, ("region 0",)),)), world
    )
    one, council = programme.begin(world, 1)
    two, _ = programme.begin(world, 1)
    council.decide(0, {})
    assert one.intensity[INDEX["lump_sum"]].any() and not two.intensity[INDEX["lump_sum"]].any()
    assert two.intensity[INDEX["technology_park"], :, 0].all()


def test_what_was_done_stays_as_it_was(world):
    menu = (replace(OFFICERS, changes=(Change("capacity_building", 9.0, stages=("design 0",)),)), GIFTS)
    begun, council = lay_out_policy(ruled(govern("adjust", menu=menu, every=2, target_growth=0.5)), world).begin(world, 3)
    for quarter in range(world.quarters):
        before = begun.intensity.copy(), begun.target.copy()
        council.decide(quarter, {"value_added": numpy.ones((quarter, 4))})
        for old, new in zip(before, (begun.intensity, begun.target), strict=True):
            assert numpy.array_equal(old[:, :quarter], new[:, :quarter])
    assert len({decision.chosen for decision in council.decisions if decision.region == "region 1"}) == 2


def test_governments_leave_instruments_alone_that_are_not_on_their_menu(world):
    begun, council = lay_out_policy(ruled(govern("fixed", start="gifts")), world).begin(world, 1)
    begun.intensity[INDEX["spending_floor"]] = 7.0
    council.decide(0, {})
    assert (begun.intensity[INDEX["spending_floor"]] == 7.0).all() and begun.intensity[INDEX["lump_sum"], :, 1:].all()


# On a planted record


class Planted:
    """A stand-in for the world: the goal of a locality grows at the rate of what is done there, and so is all known."""

    def __init__(self, government, rates, *, regions=4, quarters=80, seed=1, shock=None):
        world = toy(regions=regions, quarters=quarters, scale=0.05)
        schedule, self.council = lay_out_policy(ruled(government), world).begin(world, seed)
        rows = [INDEX[entry.changes[0].instrument] for entry in government.menu]
        self.level = numpy.ones((quarters, regions))
        for quarter in range(quarters):
            self.council.decide(quarter, {government.goal: self.level[:quarter]})
            rate = sum(
                rate * (schedule.intensity[row, quarter] > 0) for row, rate in zip(rows, rates, strict=True)
            ) + numpy.zeros(regions)
            if shock is not None:
                rate = rate + shock(quarter)
            self.level[quarter] = (self.level[quarter - 1] if quarter else 1.0) * numpy.exp(rate / 4)

    def chosen(self, region):
        return [decision.chosen for decision in self.council.decisions if decision.region == region]


def many(number):
    """Menu entries that are told apart by one instrument each."""
    able = [row.name for row in INSTRUMENTS if row.high >= 1.0 and row.name not in ("embargo", "spending_floor")]
    return tuple(Policy(f"entry {position}", changes=(Change(name, 1.0),)) for position, name in enumerate(able[:number]))


def test_growth_is_that_of_the_log_a_year():
    level = numpy.exp(0.05 * numpy.arange(60) / 4)
    for end, window in ((60, 20), (24, 4), (16, 20), (8, 20)):
        assert growth(level, end, window) == pytest.approx(0.05, rel=1e-12)
    assert growth(level, 7, 20) is None and growth(level, 4, 4) is None
    # A jump counts while it lies in the window or in the year before it, not after.
    jump = numpy.where(numpy.arange(60) < 30, 1.0, math.e)
    assert growth(jump, 40, 20) == pytest.approx(1 / 5) and growth(jump, 54, 20) == 0.0 and growth(jump, 30, 20) == 0.0
    assert growth(level * (numpy.arange(60) < 40), 60, 20) == -math.inf and growth(level * (numpy.arange(60) > 40), 56, 16) is None


def test_experiments_end_with_what_works_best_of_what_was_tried():
    menu, rates = many(4), (0.01, 0.06, 0.03, -0.02)
    for seed in range(10):
        planted = Planted(
            govern("experiment", tuple(f"region {place}" for place in range(8)), menu, every=5), rates, regions=8, seed=seed
        )
        tried = {planted.chosen(f"region {place}")[0] for place in range(8)}
        best = max((entry.name for entry in menu if entry.name in tried), key=lambda name: rates[int(name.split()[1])])
        assert {planted.chosen(f"region {place}")[-1] for place in range(8)} == {best}


def test_of_three_tried_the_worst_is_banned_for_good_and_the_slowest_quarter_emulates():
    """Nine localities; the first review of entries growing 1, 2 and 3 % a year bans the first and moves the three slowest."""
    where = tuple(f"region {place}" for place in range(9))
    government = govern("experiment", where, many(3), every=5)
    rates = (0.01, 0.02, 0.03)
    seed = next(seed for seed in itertools.count() if counts(government, seed) == [1, 5, 3])
    planted = Planted(government, rates, regions=9, seed=seed)
    before, after = zip(*(planted.chosen(region)[:2] for region in where), strict=True)
    slowest = sorted(range(9), key=lambda place: (before[place], place))[:3]
    for place in range(9):
        moved = before[place] == "entry 0" or place in slowest
        assert after[place] == ("entry 2" if moved else before[place])
    assert not any("entry 0" in planted.chosen(region)[1:] for region in where)
    nobody = Planted(replace(government, emulate=0.0), rates, regions=9, seed=seed)
    assert [nobody.chosen(region)[1] for region in where] == ["entry 2" if entry == "entry 0" else entry for entry in before]


def counts(government, seed):
    """Count the first choices of each entry by nine localities."""
    world = toy(regions=9, quarters=4, scale=0.05)
    _, council = lay_out_policy(ruled(government), world).begin(world, seed)
    council.decide(0, {})
    chosen = [decision.chosen for decision in council.decisions]
    return [chosen.count(entry.name) for entry in government.menu]


def test_a_centre_does_not_judge_what_was_taken_up_after_the_results():
    """With a lag of a review period, the localities that moved at one review are left alone at the next."""
    where = tuple(f"region {place}" for place in range(9))
    government = govern("experiment", where, many(4), every=3, window=2, lag=3, emulate=1.0)
    planted = Planted(
        government, (0.01, 0.02, 0.03, 0.04), regions=9, shock=lambda quarter: 0.1 * (numpy.arange(9) == 0) * (quarter > 12)
    )
    chosen = [planted.chosen(region) for region in where]
    moved = [place for place in range(9) if chosen[place][2] != chosen[place][1]]
    assert moved and all(chosen[place][2] == chosen[place][3] for place in moved)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=5), st.integers(0, 2**32), st.floats(0, 0.3),
    st.sampled_from([0.0, 1.0, 2.5, 7.0]),
    st.floats(0, 1),
)
def test_bans_never_empty_the_menu_and_what_is_banned_is_never_done_again(rates, seed, noise, lag, emulate):
    government = govern("experiment", menu=many(len(rates)), every=2, noise=noise, lag=lag, emulate=emulate)
    planted = Planted(government, rates, seed=seed)
    decisions = planted.council.decisions
    banned = {}
    for decision in decisions:
        if "is banned" in decision.why:
            banned.setdefault(decision.why.split("'")[1], decision.quarter)
    assert len(banned) < len(rates)
    assert not any(decision.quarter >= banned.get(decision.chosen, math.inf) for decision in decisions)
    assert len(decisions) == 3 * 10


def test_adjusting_leaves_what_fails_and_stays_with_what_works():
    for seed in range(8):
        planted = Planted(govern("adjust", menu=many(3), every=3, target_growth=0.03), (0.0, 0.05, 0.01), seed=seed)
        for region in LOCALITIES:
            chosen = planted.chosen(region)
            since = chosen.index("entry 1")
            assert set(chosen[since:]) == {"entry 1"}, "what works is kept"
            assert len(set(chosen[:since])) == since, "what fails is left at once, and each is tried but once"


def test_localities_that_shift_together_draw_lots_of_their_own():
    where = tuple(f"region {place}" for place in range(9))
    planted = Planted(govern("adjust", where, many(4), every=3, target_growth=0.5, start="entry 0"), (0.0,) * 4, regions=9)
    assert {planted.chosen(region)[1] for region in where} == {"entry 1", "entry 2", "entry 3"}


def test_among_equals_nobody_moves():
    planted = Planted(govern("adjust", menu=many(3), every=3, target_growth=0.5), (0.0, 0.0, 0.0))
    for region in LOCALITIES:
        chosen = planted.chosen(region)
        assert len(set(chosen[:3])) == 3 and set(chosen[3:]) == {chosen[2]}


def test_without_anything_that_works_the_best_remembered_is_kept():
    planted = Planted(govern("adjust", menu=many(3), every=3, window=2, target_growth=0.5), (0.0, 0.05, 0.1))
    for region in LOCALITIES:
        chosen = planted.chosen(region)
        assert set(chosen[:3]) == {"entry 0", "entry 1", "entry 2"} and set(chosen[3:]) == {"entry 2"}


def test_growth_that_keeps_up_with_the_window_before_keeps_the_choice_and_a_slump_ends_it():
    steady = Planted(govern("adjust", menu=many(2), every=4), (0.02, 0.02))
    slump = Planted(govern("adjust", menu=many(2), every=4), (0.02, 0.02), shock=lambda quarter: -0.1 * (quarter >= 50))
    for region in LOCALITIES:
        assert len(set(steady.chosen(region))) == 1
        chosen = slump.chosen(region)
        assert chosen[:4] == steady.chosen(region)[:4] and chosen[4] != chosen[3]


def test_a_centre_that_is_reviewed_moves_all_its_localities_together_by_their_sum():
    """One locality is ten times the others and slumps: the sum falls short, though most do not."""
    def shock(quarter):
        return numpy.array([0.0, 9.3 if quarter == 0 else -0.2 if quarter >= 40 else 0.0, 0.0, 0.0])

    planted = Planted(govern("central", menu=many(2), every=5), (0.02, 0.02), shock=shock)
    chosen = [planted.chosen(region) for region in LOCALITIES]
    assert chosen[0] == chosen[1] == chosen[2]
    assert chosen[0][0] == chosen[0][1] == chosen[0][2] != chosen[0][3]
    alone = Planted(govern("adjust", menu=many(2), every=5), (0.02, 0.02), shock=shock)
    assert len(set(alone.chosen("region 2"))) == 1


def test_results_are_known_late_by_the_lag_and_not_later():
    """Decisions of quarter 40 do not see quarter 28 and later with a lag of three years, and see the quarter before."""
    government = govern("adjust", menu=many(2), every=5, lag=3, target_growth=0.0)

    def decided(slump):
        level = numpy.exp(0.0001 * numpy.arange(60))[:, None] * numpy.ones(4)
        level[slump:] *= 0.9
        world = toy(regions=4, quarters=60, scale=0.05)
        _, council = lay_out_policy(ruled(government), world).begin(world, 1)
        for quarter in range(41):
            council.decide(quarter, {"value_added": level[:quarter]})
        return [decision for decision in council.decisions if decision.quarter == 40]

    unharmed = decided(60)
    assert all("keeps" in decision.why for decision in unharmed)
    assert decided(28) == unharmed
    assert all("tries another" in decision.why for decision in decided(27))


def test_a_result_belongs_to_what_was_done_when_it_was_made():
    """With a lag of a whole review period, what was just taken up is not judged by what went before."""
    planted = Planted(govern("adjust", menu=many(3), every=3, window=2, lag=3, target_growth=0.03), (0.0, 0.0, 0.0))
    for region in LOCALITIES:
        chosen = planted.chosen(region)
        reasons = [decision.why for decision in planted.council.decisions if decision.region == region]
        assert reasons[1] == "keeps: no results are known yet"
        assert reasons[2].endswith("tries another, by lot") and reasons[3] == "keeps: its results are not known yet"
        assert chosen[2] == chosen[3] != chosen[4]


def test_errors_of_measurement_are_as_large_as_declared():
    """An error of 2 % lets 1 - Phi(0.0195 / 0.02) of localities keep.

    True growth is zero, 2 % is asked for and 1.95 % rounds up.
    """
    regions = 2000
    government = govern(
        "adjust", tuple(f"region {place}" for place in range(regions)), many(2), every=2, noise=0.02, target_growth=0.02
    )
    planted = Planted(government, (0.0, 0.0), regions=regions, quarters=9)
    reviewed = [decision for decision in planted.council.decisions if decision.quarter == 8]
    kept = sum("keeps" in decision.why for decision in reviewed) / regions
    expected = math.erfc(0.0195 / 0.02 / math.sqrt(2)) / 2
    assert kept == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / regions))


def test_whoever_looks_at_a_figure_sees_the_same_error():
    """A review compares with the figure that the review before published."""
    planted = Planted(govern("adjust", menu=many(2), every=5, noise=0.05, start="entry 0"), (0.0, 0.0), quarters=80)
    for region in LOCALITIES:
        reasons = [decision.why for decision in planted.council.decisions if decision.region == region][2:]
        published = [reason.split("grew ")[1].split(" a year")[0] for reason in reasons]
        asked = [reason.split("less than ")[1].split(" a year")[0] for reason in reasons]
        assert published[:-1] == asked[1:] and len(set(published)) == len(published)


def test_a_locality_that_is_ruined_counts_as_the_worst():
    planted = Planted(
        govern("experiment", menu=many(2), every=5), (0.01, 0.0),
        shock=lambda quarter: numpy.array([0.0, -4000.0 if quarter == 10 else 0.0, 0.0, 0.0]),
    )
    assert planted.level[-1, 1] == 0.0
    ruined = planted.chosen("region 1")[0]
    assert {planted.chosen(region)[0] for region in LOCALITIES} == {"entry 0", "entry 1"}
    assert all(ruined not in planted.chosen(region)[1:] for region in LOCALITIES)
