"""Goals files: what they say, scales of figures, and every fault at once."""

import numpy
import pytest
from monitored import GOALS, write_plan

from redqueen.cases.facts import Measure
from redqueen.errors import Refused
from redqueen.studies.monitor.goals import Indicator, read_goals


def test_a_goals_file_says_what_is_monitored(tmp_path):
    plan = read_goals(write_plan(tmp_path))
    assert (plan.name, plan.region, plan.policy.name, plan.since, plan.last, plan.horizon) == (
        "goals",
        "south",
        "officers",
        1994,
        2001,
        2000,
    )
    assert plan.ledger == str(tmp_path / "goals.db") and plan.budget == 0.3
    assert plan.names == ["jobs", "quality"] and plan.indicators["jobs"].lag == 1
    (goal,) = plan.goals
    assert (goal.target, goal.at_least, goal.year, [(one.year, one.target) for one in goal.milestones]) == (
        220,
        True,
        2000,
        [(1997, 210)],
    )
    assert plan.samples.names == ("novelty_success", "spinoff_rate") and len(plan.samples) == 40
    assert plan.quarter_after(2000) == 44


@pytest.mark.parametrize(
    ("measured", "unit", "base", "figure", "simulated"),
    [
        (Measure("jobs", since=1993), "heads", 200.0, 220.0, 1.1),
        (Measure("jobs", since=1993), "%", None, 10.0, 1.1),
        (Measure("jobs", over="north"), "%", None, 25.0, 0.25),
        (Measure("jobs"), "heads", None, 7.0, 7.0),
        (Measure("research_share"), "%", None, 3.0, 0.03),
        (Measure("research_share"), "share", None, 0.03, 0.03),
        (Measure("quality_sold"), "log quality", None, -0.4, -0.4),
    ],
)
def test_figures_and_what_is_simulated_meet_in_one_scale(measured, unit, base, figure, simulated):
    indicator = Indicator("one", "south", measured, unit, base=base)
    assert float(indicator.working(figure)) == pytest.approx(float(indicator.of_simulated(numpy.array(simulated))))
    assert float(indicator.figures(indicator.working(figure))) == pytest.approx(figure)


def test_errors_are_shares_of_ratios_and_in_the_unit_of_others():
    assert Indicator("one", "south", Measure("jobs"), "heads", error=0.05).blur.error == 0.05
    assert Indicator("one", "south", Measure("research_share"), "%", error=2.0).blur.error == pytest.approx(0.02)
    assert Indicator("one", "south", Measure("jobs", since=1993), "%", error=0.05).blur.base == 1993


def test_what_has_no_logarithm_is_beyond_all():
    indicator = Indicator("one", "south", Measure("jobs"), "heads")
    assert indicator.of_simulated(numpy.array([0.0, -1.0])).tolist() == [-numpy.inf, -numpy.inf]
    assert numpy.isnan(indicator.of_simulated(numpy.array([numpy.nan]))).all()


FAULTS = [
    ('case = "toy.toml"', 'case = "toys.toml"', "no such file"),
    ('policy = "officers"', 'policy = "officer"', "no policy 'officer'"),
    ("from = 1994", "from = 2004", "2004 is outside the run, 1990 to 2002"),
    ("from = 1994", "from = 1994.5", "is not a whole year"),
    ("budget = 0.3", "budget = -1", "outside 0 to 10"),
    ("budget = 0.3", "bugdet = 0.3", "unknown key 'bugdet'"),
    ('novelty_success = "declared"', "novelty_succes = [0, 1]", "unknown parameter 'novelty_succes'"),
    ('outcome = "jobs"', 'outcome = "job"', "unknown outcome 'job'"),
    ("since = 1993", "since = 1980", "1980 is outside the run"),
    (", since = 1993", "", "is the figure of a year that is not named"),
    ("base = 200", "base = 0", "cannot be a base"),
    ("error = 0.03", "error = 0", "outside"),
    ("lag = 1", "lag = -1", "outside 0 to 20"),
    ('name = "quality"', 'name = "jobs"', "two indicators are called 'jobs'"),
    ('indicator = "jobs"', 'indicator = "jop"', "unknown indicator 'jop'"),
    ("at_least = 220", "", "say at_least or at_most"),
    ("at_least = 220", "at_least = 220\nat_most = 300", "say at_least or at_most"),
    ("at_least = 220", "at_least = -5", "cannot be reached"),
    ("date = 2000", "date = 2010", "2010 is outside the run"),
    ("date = 2000", "date = 1994", "1994 is too early"),
    ("date = 2000", "date = 2002", "2002 is outside the run"),
    ("from = 1994", "from = 2002", "2002 is outside the run"),
    ("since = 1993", "since = 2001", "is not after the year that jobs is measured since"),
    ("error = 0.1", "lag = 0", "figures of quality_sold are no ratios"),
    ("date = 1997", "date = 2001", "is not before the goal's date, 2000"),
    ("value = 210", "", "is missing"),
    ("value = 210", "value = 230", "230 is beyond the goal, 220"),
    ('source = "office: yearly survey"', 'source = "ofice"', "unknown source 'ofice'"),
    ("[monitor]", "[monitors]", "'[monitor]' is missing"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), FAULTS)
def test_a_fault_is_named_with_its_line(tmp_path, right, wrong, message):
    path = write_plan(tmp_path, GOALS.replace(right, wrong, 1))
    with pytest.raises(Refused, match="cannot be") as refusal:
        read_goals(path)
    assert message in str(refusal.value)
    assert all(fault.line or "toys.toml" in str(fault) or "[monitor]" in str(fault) for fault in refusal.value.faults), (
        refusal.value
    )


def test_all_faults_are_told_at_once(tmp_path):
    text = GOALS.replace("from = 1994", "from = 1700").replace("lag = 1", "lag = -1").replace("date = 2000", "date = 2100")
    with pytest.raises(Refused, match="3 faults"):
        read_goals(write_plan(tmp_path, text))
