"""Plans to monitor for tests: a toy case with real histories, and made-up forecasts whose law is known."""

from types import SimpleNamespace

import numpy
from toy_trial import CASE

from redqueen.cases.facts import Measure
from redqueen.lab.branches import Origin
from redqueen.studies.monitor.forecast import Ensemble
from redqueen.studies.monitor.goals import Goal, Indicator

LONGER = CASE.replace("end = 1995", "end = 2002")

GOALS = """
[monitor]
case = "toy.toml"
policy = "officers"
from = 1994
budget = 0.3

[source]
office = "The statistical office of the south"

[uncertain]
novelty_success = "declared"
spinoff_rate = [0.05, 0.3]

[samples]
count = 40

[[indicator]]
name = "jobs"
measured = { outcome = "jobs", since = 1993 }
unit = "heads"
base = 200
error = 0.03
lag = 1
source = "office: yearly survey"

[[indicator]]
name = "quality"
measured = { outcome = "quality_sold" }
unit = "log quality"
error = 0.1
discrepancy = 0.1
source = "office"

[[goal]]
name = "work"
indicator = "jobs"
at_least = 220
date = 2000

[[goal.milestone]]
date = 1997
value = 210
"""


def write_plan(folder, goals=GOALS, case=LONGER):
    """Write the toy case and a goals file, and return the latter's path."""
    (folder / "toy.toml").write_text(case)
    path = folder / "goals.toml"
    path.write_text(goals)
    return path


def walks(count=200, years=12, seed=1, goal=0.0, error=0.3, drift=0.0):
    """Give a forecast whose members are random walks with independent steps of deviation 1, on a scale that is its own."""
    indicator = Indicator("height", "here", Measure("quality_sold"), "metres", error=error, discrepancy=0.0)
    one = Goal("top", "height", goal, True, 2000 + years)
    plan = SimpleNamespace(
        since=2001,
        horizon=2000 + years,
        names=["height"],
        indicators={"height": indicator},
        blurs=[indicator.blur],
        goals=(one,),
        last=2000 + years,
        start=1990.0,
        name="walks",
    )
    values = numpy.random.default_rng(seed).normal(drift, 1.0, (count, 1, years)).cumsum(axis=2)
    origins = tuple(Origin(member, {}) for member in range(count))
    return Ensemble(plan, tuple(range(2001, 2001 + years)), values, numpy.zeros(count), origins, (tuple(range(count)),))
