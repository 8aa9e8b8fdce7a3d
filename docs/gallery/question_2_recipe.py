"""
Is there one recipe for all regions?
====================================

The documents' first lesson is that there is none. Here two recipes are tried in each of three regions of one world: the core, a region
that catches up, and one of low wages. A run lasts twenty years.
"""

import pandas
from matplotlib import pyplot

import redqueen as rq

regions = ["core", "catch_up", "low_wage"]
recipes = ["growing_silicon_valley", "differentiate_and_link"]
trial = rq.Trial(
    {region: rq.Site("recipes", region) for region in regions}, ["none", *recipes], seeds=6, quarters=80, variables=["value_added"]
)
results = trial.run()

# %%
# Several worlds give a tree with a node for each. In every node the policy acts in another region; the effect is on that region.

rows = {}
for region in regions:
    result = results[region].to_dataset()
    for recipe in recipes:
        found = rq.compare(result, recipe, outcomes="value_added", regions=region).row("value_added", region)
        rows[recipe, region] = f"{found.effect:+.0f} ({found.low:+.0f} to {found.high:+.0f})"
table = pandas.Series(rows).unstack().loc[recipes, regions]
table.columns.name = "value added, %"
table

# %%
# The same as a picture: a dot for the mean, a line for the interval.

figure, axes = pyplot.subplots(1, len(regions), figsize=(9, 2), sharex=True, sharey=True, layout="constrained")
for axis, region in zip(axes, regions, strict=True):
    for place, recipe in enumerate(recipes):
        found = rq.compare(results[region].to_dataset(), recipe, outcomes="value_added", regions=region).row("value_added", region)
        axis.plot([found.low, found.high], [place, place], color="0.4")
        axis.plot(found.effect, place, "o", color="tab:blue" if found.low > 0 else "0.4")
    axis.axvline(0, color="0.8", zorder=0)
    axis.set_title(region.replace("_", " "))
    axis.set_yticks(range(len(recipes)), [recipe.replace("_", " ") for recipe in recipes])
axes[1].set_xlabel("effect on value added, % (blue: the interval lies above zero)")
axes[0].invert_yaxis()

# %%
# **What may be concluded.** That the better of these two need not be the same everywhere. With sixty seeds and equal cost this is registered as claim
# S4, which holds: no recipe is within five per cent of the best in every region (:doc:`claims </claims>`).
#
# **What may not.** That your region is like one of these three; that a third recipe would not serve all (for *jobs* one does:
# :doc:`robust </robust>`); or that the recipe that is ahead here by less than its interval is ahead.
