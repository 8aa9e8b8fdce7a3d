"""
Which assumption turns the sign?
================================

Do free markets help a region that catches up? In this model that hangs on one assumption above all: how dear it is to coordinate with
strangers across an interface that is not modular. Here it alone is varied, over its declared range.
"""

import numpy
import pandas
from matplotlib import pyplot

import redqueen as rq
from redqueen.lab.compare import paired

points = numpy.linspace(0.0, 2.0, 5)[:, None]
samples = rq.Samples({"interface_cost": (0.0, 2.0)}, points, "points")
trial = rq.Trial(
    "recipes", ["none", "free_markets"], seeds=12, samples=samples, region="catch_up", quarters=80, variables=["value_added"]
)
result = trial.run()

# %%
# ``paired`` gives the effect in every pair of runs, as a log ratio: points by seeds.

effects = 100 * paired(result, "free_markets", outcome="value_added", region="catch_up")
mean = effects.mean("seed").values
error = effects.std("seed", ddof=1).values / numpy.sqrt(effects.sizes["seed"])
pandas.DataFrame({"interface cost": points[:, 0], "effect, log points": mean, "standard error": error}).round(1)

# %%

figure, axis = pyplot.subplots(figsize=(6, 3), layout="constrained")
axis.plot(points[:, 0], effects.values, ".", color="0.75")
axis.errorbar(points[:, 0], mean, 1.96 * error, fmt="o-", capsize=3)
axis.axhline(0, color="0.6")
axis.set_xlabel("interface cost, share of the price of a stage")
_ = axis.set_ylabel("effect of free markets on\nvalue added, log points")

# %%
# **What may be concluded.** One seed (grey) tells nothing: luck is larger than the effect. The means fall along the assumption; where their line crosses zero the verdict on a
# policy is a verdict on an assumption.
#
# **What may not.** One assumption was varied and all others were held at their values. ``redqueen explain`` varies a dozen at once, tells luck from
# assumptions, and says how far to trust its answer: there ``interface_cost`` carries nearly all of what can be explained (:doc:`why </explain>`).
