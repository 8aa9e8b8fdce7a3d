"""The monitor: what it says of truths that are known, where goals stand, what holds back, what to change."""

from dataclasses import replace

import numpy
import pytest
from monitored import GOALS, walks, write_plan

from redqueen.errors import Refused
from redqueen.lab.branches import Branch, Branches, Origin
from redqueen.lab.conditioning import Kernel
from redqueen.studies.monitor.advise import _worth, advise
from redqueen.studies.monitor.ahead import Ahead
from redqueen.studies.monitor.closed_loop import AGENCIES, KEEPS, live_through
from redqueen.studies.monitor.courses import (
    OFF_COURSE,
    ON_COURSE,
    PUBLISHED,
    TOO_EARLY,
    Course,
    best_kernel,
    bins_of,
    counts_known,
    course_of,
    figures_known,
    log_score,
    rehearse,
    rehearse_all,
)
from redqueen.studies.monitor.forecast import forecast, plausible_points, runs_of
from redqueen.studies.monitor.goals import read_goals
from redqueen.studies.monitor.ledger import Entry
from redqueen.studies.monitor.obstacles import CONSTRAINTS, find_obstacles
from redqueen.studies.monitor.status import MISFIT, MISSED, NOT_PUBLISHED, REACHED, look_out, look_out_from, status_of

KERNEL = Kernel(0.9, 0.1)


def seen(plan, figures, indicator="jobs"):
    """Give observations of an indicator, {year: figure}."""
    return [
        Entry(indicator, plan.indicators[indicator].region, year, value, plan.indicators[indicator].unit, "office", "ada")
        for year, value in figures.items()
    ]


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return read_goals(write_plan(tmp_path_factory.mktemp("monitor")))


@pytest.fixture(scope="module")
def ensemble(plan):
    return forecast(plan, progress=False, store=runs_of(plan))


@pytest.fixture(scope="module")
def outlook(plan, ensemble):
    return look_out_from(ensemble, KERNEL, seen(plan, {1994: 203.0, 1995: 205.0}), 1996)


# Made-up forecasts


@pytest.fixture(scope="module")
def walked():
    """Walks with steps of 1, seen with an error, and what would have been said of each."""
    ensemble = walks(300, error=0.3)
    return rehearse(ensemble, ensemble.plan.goals[0], best_kernel(walks(150)))


def test_the_probability_of_a_walk_is_the_normal_one(walked):
    """A step before the end little is left: the Brier score of knowing the height then, but for its error."""
    exact = 0.25 - numpy.arctan(numpy.sqrt(11 / 1.09)) / (2 * numpy.pi)
    assert ((walked.chances[:, -1] - walked.reached) ** 2).mean() == pytest.approx(exact, abs=0.03)


def test_what_is_said_comes_true_as_often_as_said(walked):
    """In every fifth of probabilities, within four standard errors of as many truths as there are members in it."""
    for one in bins_of(walked):
        truths = max(1.0, one.count / 11 / PUBLISHED)
        assert abs(one.came - one.said) < 4 * numpy.sqrt(0.25 / truths), one


def test_a_probability_that_is_right_seldom_passes_villes_bound(walked):
    """Of walks that reach the goal, fewer than one in ten ever fall to a tenth of what was believed at first."""
    assert (walked.chances[walked.reached] <= 0.1 * walked.prior.mean()).any(axis=1).mean() < 0.1


def test_weights_alone_are_surer_than_they_may_be():
    """A hundred members in a dozen figures: without a kernel the monitor scores worse than with it."""
    ensemble = walks(100, error=0.1)
    goal = ensemble.plan.goals[0]
    assert log_score(rehearse(ensemble, goal, best_kernel(ensemble))) < log_score(rehearse(ensemble, goal, Kernel())) - 0.1


def test_false_alarms_on_fresh_truths_are_as_few_as_measured():
    """Bounds set on 300 walks, tried on 300 others: within four standard errors of the rate that was measured."""
    ensemble, fresh = walks(300, seed=1), walks(300, seed=2)
    goal, kernel = ensemble.plan.goals[0], best_kernel(walks(150))
    course = course_of(rehearse(ensemble, goal, kernel))
    other = rehearse(fresh, goal, kernel)
    reached = other.chances[other.reached]
    rate = (reached <= course.below).any(axis=1).mean()
    assert course.false_alarm == pytest.approx(0.1, abs=0.06)
    assert abs(rate - course.false_alarm) < 4 * numpy.sqrt(0.1 * 0.9 / (len(reached) / PUBLISHED))
    assert course.below < course.prior < course.above and 0 < course.found < 1


def test_where_next_to_no_truth_reaches_the_goal_the_bound_is_villes():
    ensemble = walks(100, goal=12.0)
    course = course_of(rehearse(ensemble, ensemble.plan.goals[0], KERNEL))
    assert course.false_alarm is None and course.below == pytest.approx(0.1 * course.prior)


@pytest.mark.parametrize(("chance", "state"), [(0.05, OFF_COURSE), (0.1, OFF_COURSE), (0.5, TOO_EARLY), (0.8, ON_COURSE)])
def test_a_state_is_told_by_the_bounds(chance, state):
    assert Course(0.1, 0.8, 0.1, None, None, None, None, 100, 0.5).state(chance) == state


def test_points_that_are_run_again_keep_their_weight():
    """Members at one point share what it weighs, however often it is run: no point is believed more at first for being plausible.
    """
    ensemble = walks(10)
    weights = numpy.array([0.0, 0.5, 0.5, *[0.0] * 7])
    again = plausible_points(ensemble, weights, 8)
    assert again == (1, 1, 1, 1, 2, 2, 2, 2)


# The toy


def test_a_forecast_is_the_same_on_one_thread_and_two_and_from_the_store(plan, ensemble, tmp_path):
    assert len(ensemble) == 40 and ensemble.years == tuple(range(1994, 2001))
    for options in ({"threads": 1}, {"threads": 2, "store": tmp_path / "runs"}, {"store": tmp_path / "runs"}):
        assert forecast(plan, progress=False, **options).values.tobytes() == ensemble.values.tobytes()


def test_every_member_has_a_luck_of_its_own(ensemble):
    assert len({origin.seed for origin in ensemble.origins}) == 40


def test_figures_come_when_they_are_published(plan):
    """Jobs a year late, quality at once; the base year tells nothing."""
    assert figures_known(plan, 1995, 2000) == [(1, 1994), (0, 1994), (1, 1995)]
    assert counts_known(plan, figures_known(plan, 1995, 2000), [1993, 1994, 1995]) == [0, 1, 3]


def test_nothing_is_seen_ahead(plan, ensemble):
    """What is said to have been said at the end of a year is what was said then, also where later figures had more simulated."""
    figures = {1994: 150.0, 1995: 130.0, 1996: 115.0, 1997: 105.0}
    goal, store = plan.goals[0], runs_of(plan)
    later = look_out(plan, seen(plan, figures), store=store, progress=False)
    assert len(later.ensemble.rounds) > 1
    for year in (1995, 1996):
        then = look_out_from(ensemble, later.kernel, seen(plan, figures), year)
        assert later.chance(goal, later.steps[later.years.index(year)]) == then.chance(goal)
    assert later.chance(goal, later.before) == look_out_from(ensemble, later.kernel, [], 1993).chance(goal)


def test_without_observations_the_status_is_the_forecast(plan, ensemble):
    found = look_out_from(ensemble, KERNEL, [], 1993)
    assert found.chance(plan.goals[0]) == found.chance(plan.goals[0], found.before) and found.surprise is None
    assert found.effective == pytest.approx(40)
    status = status_of(plan, [], progress=False, store=runs_of(plan))
    assert status.goals[0].state == TOO_EARLY and status.goals[0].since is None and status.observations == 0


def test_good_figures_raise_the_chance_and_bad_ones_lower_it(plan, ensemble):
    goal = plan.goals[0]
    good, none, bad = (
        look_out_from(
            ensemble, KERNEL, seen(plan, {1994: 200 * step, 1995: 200 * step**2, 1996: 200 * step**3}) if step else [], 1997
        ).chance(goal)
        for step in (1.1, 0, 0.9)
    )
    assert bad < none < good


def test_a_goal_that_is_past_is_reached_or_missed_by_its_figure(plan, ensemble):
    for figure, state in ((221.0, REACHED), (220.0, REACHED), (219.0, MISSED)):
        (one,) = status_of(plan, seen(plan, {2000: figure}), as_of=2001, progress=False, store=runs_of(plan)).goals
        assert (one.state, one.since, one.observed) == (state, 2001, figure)


@pytest.mark.parametrize("figure", [201.0, 207.0, 213.0, 227.0])
def test_a_figure_that_equals_its_goal_reaches_it(plan, ensemble, figure):
    goal = replace(plan.goals[0], target=figure, milestones=())
    (one,) = status_of(
        replace(plan, goals=(goal,)), seen(plan, {2000: figure}), as_of=2001, progress=False, store=runs_of(plan)
    ).goals
    assert one.state == REACHED


def test_figures_of_other_regions_and_units_in_a_shared_ledger_are_not_this_plans(plan, ensemble):
    mine = seen(plan, {1994: 203.0})
    others = [replace(one, region="north", value=900.0) for one in mine] + [
        replace(one, unit="thousands", value=0.2) for one in mine
    ]
    options = {"as_of": 1995, "progress": False, "store": runs_of(plan)}
    assert (
        status_of(plan, [*others, *mine, *others], **options).goals[0].chances == status_of(plan, mine, **options).goals[0].chances
    )


def test_a_figure_is_published_when_its_lag_is_over(plan, ensemble):
    """Half a year late: known at the end of the next year, and that is the year as of which the status is."""
    late = replace(plan, indicators={name: replace(one, lag=0.5) for name, one in plan.indicators.items()})
    found = status_of(late, seen(late, {1994: 203.0}), progress=False, store=runs_of(plan))
    assert found.outlook.as_of == 1995 and found.observations == 1


def test_not_to_be_passed_is_the_contrary_of_to_be_reached(plan, ensemble, outlook):
    """At most 220 heads: the chance is what is left, good figures are bad ones, and courses are told the same way."""
    most = replace(plan, goals=(replace(plan.goals[0], at_least=False),))
    other = look_out_from(replace(ensemble, plan=most), KERNEL, seen(plan, {1994: 203.0, 1995: 205.0}), 1996)
    assert other.chance(most.goals[0]) == pytest.approx(1 - outlook.chance(plan.goals[0]))
    one, two = (rehearse(replace(ensemble, plan=mine), mine.goals[0], KERNEL) for mine in (plan, most))
    assert two.chances == pytest.approx(1 - one.chances) and (two.reached == ~one.reached).all()
    first, second = course_of(one), course_of(two)
    assert second.below == pytest.approx(1 - first.above, abs=1e-12) and second.above == pytest.approx(1 - first.below, abs=1e-12)


def test_what_a_branch_adds_is_added_in_full(outlook):
    """Also beyond anything that a member of the forecast reached: a doubling is a doubling."""
    ahead = Ahead(outlook, 6)
    series = outlook.plan.names.index("jobs")
    for change in (numpy.log(2.0), -1.5, 4.0):
        values = ahead.base.values.copy()
        values[:, series] += change
        path = replace(ahead.base, values=values)
        after, before = (ahead.mean(one, "jobs", 2000)[0] for one in (path, ahead.base))
        assert after - before == pytest.approx(numpy.full(6, change))
        assert ahead.effect(path, "jobs", 2000) == pytest.approx(100 * numpy.expm1(change))


def test_a_milestone_is_reached_or_missed_by_its_figure_or_has_a_chance(plan, ensemble):
    (one,) = status_of(plan, seen(plan, {1997: 209.0}), progress=False, store=runs_of(plan)).goals
    assert one.milestones[0].state == MISSED
    (one,) = status_of(plan, seen(plan, {1994: 203.0}), progress=False, store=runs_of(plan)).goals
    assert one.milestones[0].state == "" and 0 < one.milestones[0].probability < 1


def test_too_few_members_are_warned_of_and_simulated_anew(plan, ensemble):
    """Figures that none of the members has: more are run near the plausible ones, and the doubt that is left is said."""
    strange = seen(plan, {year: 200 * 1.6 ** (year - 1993) for year in range(1994, 1999)})
    found = status_of(plan, strange, progress=False, store=runs_of(plan))
    assert len(found.outlook.ensemble.rounds) > 1 and len(found.outlook.ensemble) > 40
    assert any("does not fit what was observed" in warning for warning in found.warnings)


def test_plausible_futures_share_the_past_of_their_members(outlook):
    ahead = Ahead(outlook, 6)
    assert outlook.quarter == outlook.plan.quarter_after(1996) and ahead.years == (1997, 1998, 1999, 2000)
    pasts = {origin.seed: origin.luck for origin in ahead.branches.origins}
    assert len(set(pasts.values())) == len(pasts) and None not in pasts.values()


def test_in_plausible_futures_the_plan_has_about_the_chance_that_status_gives(outlook):
    goal = outlook.plan.goals[0]
    ahead = Ahead(outlook, 40)
    chances = ahead.chances(ahead.base, goal)
    assert chances.mean() == pytest.approx(outlook.chance(goal), abs=4 * chances.std() / numpy.sqrt(40) + 0.05)


def test_obstacles_are_ranked_by_gain_and_the_same_every_time(outlook):
    found, again = (find_obstacles(outlook, futures=5, threads=threads, progress=False) for threads in (1, 2))
    rows = found.rows["work"]
    assert {one.constraint.name for one in rows} == {one.name for one in CONSTRAINTS}
    gains = [one.gain for one in rows if one.gain is not None]
    assert gains == sorted(gains, reverse=True) and gains == [one.gain for one in again.rows["work"] if one.gain is not None]
    assert all(one.low <= one.gain <= one.high for one in rows if one.gain is not None)
    assert all(one.gain is None for one in rows if one.given == one.had)


def test_a_friction_is_relaxed_from_what_each_member_takes_it_for(plan, outlook):
    """An assumption that is uncertain: a branch scales every member's own."""
    uncertain = [Origin(origin.seed, {"tacit": 0.1 + 0.2 * place}) for place, origin in enumerate(outlook.ensemble.origins[:3])]
    scaled = Branches(plan.case.world, plan.laid_out, uncertain, now=8, until=16).run(Branch(scaled={"tacit": 0.5}))[0]
    for origin, history in zip(uncertain, scaled, strict=True):
        assert history.state.parameters.tacit == pytest.approx(origin.parameters["tacit"] / 2)


def test_a_step_of_nothing_relaxes_nothing(outlook):
    """Frictions that keep all they were and gaps that are not closed: no gain, and no change of the indicator."""
    rows = find_obstacles(outlook, step=1e-12, futures=3, progress=False).rows["work"]
    assert all(one.gain is None or abs(one.gain) < 1e-6 for one in rows)


def test_keeping_the_plan_gains_nothing_and_regret_is_against_the_best_if_misled(outlook):
    found = advise(outlook, evaluations=4, progress=False)
    kept = next(one for one in found.adjustments if not one.intensities)
    assert kept.gain.mean == 0.0 and kept.misled == 0.0
    best = max(one.misled for one in found.adjustments)
    assert [one.regret for one in found.adjustments] == pytest.approx([best - one.misled for one in found.adjustments])
    gains = [one.gain.mean for one in found.adjustments]
    assert gains == sorted(gains, reverse=True)
    assert [(one.name, one.gain.mean) for one in found.adjustments] == [
        (one.name, one.gain.mean) for one in advise(outlook, evaluations=4, threads=2, progress=False).adjustments
    ]


def test_the_next_figure_of_every_indicator_is_asked_about(outlook):
    """Jobs a year late: that of 1996 is next, at the end of 1997; quality at once: that of 1997."""
    found = {one.indicator: one for one in advise(outlook, evaluations=4, progress=False).telling}
    assert {name: one.year for name, one in found.items()} == {"jobs": 1996, "quality": 1997}
    assert all(len(one.choices) == len(one.values) + 1 for one in found.values())


def test_a_figure_is_worth_what_it_tells():
    """One that says which of two is better is worth the difference; one that says nothing is worth nothing, on average over noise.
    """
    good = numpy.tile([1.0, 0.0], 20)
    values, places = numpy.stack([good, 1 - good]), numpy.arange(40)
    # Futures come in pairs: each half has both kinds.
    values = values[:, numpy.argsort(places % 4 // 2, kind="stable")]
    kinds = values[0] > 0.5
    told = numpy.stack([kinds, ~kinds]).astype(float)
    assert _worth(values, told) == pytest.approx(0.5)
    noise = numpy.random.default_rng(4).normal(0.0, 0.15, (500, 4, 16))
    grid = numpy.exp(-0.5 * (numpy.linspace(-3, 3, 21)[:, None] - numpy.random.default_rng(5).normal(size=16)) ** 2)
    worths = [_worth(one, grid) for one in noise]
    assert abs(numpy.mean(worths)) < 4 * numpy.std(worths) / numpy.sqrt(500) + 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"goal": "works"}, "no goal is called 'works'"),
        ({"budget": -1.0}, "is no share of value added"),
        ({"levers": ["oficers"]}, "is no instrument"),
        ({"evaluations": 0}, "too few"),
    ],
)
def test_advice_that_cannot_be_given_is_refused(outlook, options, message):
    with pytest.raises(Refused, match=message):
        advise(outlook, progress=False, **options)


def test_when_all_goals_are_past_there_is_nothing_to_change(plan, ensemble):
    past = look_out_from(ensemble, KERNEL, seen(plan, {1999: 230.0}), 2000)
    for ask in (find_obstacles, advise):
        with pytest.raises(Refused, match="all goals are past"):
            ask(past, progress=False)


def test_an_agency_that_keeps_its_plan_pays_nothing_more_and_all_live_in_the_same_truths(plan):
    found = live_through(plan, 2, progress=False)
    assert [life.agency for life in found.lives[0]] == list(AGENCIES)
    assert found.lives == live_through(plan, 2, progress=False, threads=2).lives
    keeps = found.payoffs[0]
    assert keeps.agency == KEEPS and keeps.deeds == 0 and keeps.more.mean == keeps.more_cost.mean == 0
    for truth in found.lives:
        for life in truth:
            assert life.deeds or life.beyond == truth[0].beyond, "who does nothing fares as who keeps the plan"


def test_a_plan_without_parameters_is_uncertain_by_luck_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("redqueen.studies.monitor.forecast.MEMBERS", 24)
    text = GOALS[: GOALS.index("[uncertain]")] + GOALS[GOALS.index("[[indicator]]") :]
    plan = read_goals(write_plan(tmp_path, text))
    found = look_out(plan, seen(plan, {year: 200 * 1.6 ** (year - 1993) for year in range(1994, 1999)}), progress=False)
    assert len(found.ensemble) == 24 + 40 * (len(found.ensemble.rounds) - 1) > 24
    assert (found.ensemble.log_weights == 0).all()


def test_what_the_forecast_cannot_explain_has_no_course(plan, ensemble):
    strange = {year: 200 * 1.6 ** (year - 1993) for year in range(1994, 1999)}
    found = status_of(plan, seen(plan, strange), progress=False, store=runs_of(plan))
    assert found.goals[0].state == MISFIT


def test_figures_that_the_plan_does_not_know_are_told_not_dropped(plan, ensemble):
    mine = seen(plan, {1994: 203.0})
    others = [replace(mine[0], indicator="wages"), replace(mine[0], unit="thousands"), replace(mine[0], year=1992)]
    found = status_of(plan, [*mine, *others], progress=False, store=runs_of(plan))
    assert found.observations == 1 and sum("of the ledger are not used" in warning for warning in found.warnings) == 3


def test_a_goal_that_is_past_without_a_figure_is_not_published_yet(plan, ensemble):
    (one,) = status_of(plan, seen(plan, {1994: 203.0}), as_of=2000, progress=False, store=runs_of(plan)).goals
    assert (one.state, one.since) == (NOT_PUBLISHED, 2000)


def test_every_goal_has_its_rehearsal(ensemble):
    found = rehearse_all(ensemble)
    assert len(found.courses) == len(found.rehearsals) == 1 and found.courses[0].truths == 160
    assert found.rehearsals[0].chances.shape == (160, 6)
