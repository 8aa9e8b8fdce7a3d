"""
What does a subsidy do?
=======================

A region that is catching up has money for one subsidy. Should it make labour cheaper, or pay part of the projects that aim at
something new? Both are policies of the catalogue; ``recipes`` is a made-up world of three regions.
"""

import pandas

import redqueen as rq

trial = rq.Trial("recipes", ["low_cost", "novelty_subsidy", "none"], seeds=10, region="catch_up")
result = trial.run()

# %%
# Every policy ran with the same ten seeds, so that what differs between two runs of one seed is the policy. Effects are means over the
# last five of thirty years, against doing nothing, with the 95 % interval over seeds.

asked = ["value_added", "jobs", "wage", "novel_share", "quality_made", "public_cost_share"]
effects = {
    name: rq.compare(result, name, outcomes=asked, regions="catch_up").table(by="outcome")[["effect", "low", "high", "unit", "verdict"]]
    for name in ("low_cost", "novelty_subsidy")
}
pandas.concat(effects).round(2)

# %%
# Read "public_cost_share" beside the rest: the two subsidies do not cost the same, so that the larger effect is not yet the better policy.
# To set them equal, ask for ``rq.Trial(..., equal_cost=True)``: households then get what a policy leaves of the dearest one's cost.
#
# The futures behind the means: the band holds nine tenths of the seeds, its dark part half of them; the dashed line is the median when nothing is
# done.

figure = rq.compare(result, "low_cost", outcomes="value_added").plot("value_added", region="catch_up")

# %%
# **What may be concluded.** A wage subsidy buys jobs in this model, for money; a novelty subsidy changes what kind of projects firms start. Whether
# either raises what the region makes is a matter of the interval, and the bands show how wide luck is beside a policy.
#
# **What may not.** Sizes are those of one made-up industry under one set of assumptions, most of which are chosen for plausibility. That
# a verdict says "no clear effect" means that ten seeds cannot tell, not that there is none: `every instrument was tried with a hundred
# </instruments_tried>`__.
