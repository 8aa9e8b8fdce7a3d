"""
What is shared luck worth?
==========================

Two policies are compared with the same seeds: each firm that lives in both worlds draws the same numbers. While the worlds are alike their luck cancels, and
what is left is the policy. How much is that worth, and for how long?
"""

import pandas
from matplotlib import pyplot

import redqueen as rq

result = rq.Trial("hsinchu", ["none", "as_it_happened"], seeds=20, variables=["value_added"]).run()

# %%
# The ratio of variances, paired over unpaired: at 0 luck cancels, at 1 both worlds might as well have luck of their own. One pair of seeds is worth
# one over the ratio of unpaired ones.

years = [5, 10, 15, 20, 30, 45]
rows = [
    rq.compare(result, "as_it_happened", to="none", outcomes="value_added", regions="chinese_taipei", window=(4 * year - 8, 4 * year)).row(
        "value_added", "chinese_taipei"
    )
    for year in years
]
pandas.DataFrame(
    {
        "ratio of variances": [row.variance_ratio for row in rows],
        "a pair is worth": [1 / row.variance_ratio for row in rows],
        "effect, %": [row.effect for row in rows],
        "low": [row.low for row in rows],
        "high": [row.high for row in rows],
    },
    index=pandas.Index(years, name="years from 1965"),
).round(2)

# %%
# The same pairs, one line a seed: together at first, then each on its own.

figure, axis = pyplot.subplots(figsize=(7, 3), layout="constrained")
values = result["value_added"].sel(region="chinese_taipei")
ratio = 100 * (values.sel(policy="as_it_happened") / values.sel(policy="none") - 1)
axis.plot(result["time"].values, ratio.transpose("quarter", "seed").values, color="tab:blue", alpha=0.35, linewidth=0.8)
axis.axhline(0, color="0.5")
_ = axis.set_ylabel("value added, % of that\nunder no policy")

# %%
# **What may be concluded.** Pairs are worth many runs in the first decade and few at the end. Who asks about ten years needs few seeds; who asks about
# forty-five needs about as many as if luck were not shared.
#
# **What may not.** The ratio is itself measured from twenty seeds; with sixty, by outcome and with intervals, it stands in :doc:`luck </luck>`. Part of the
# early agreement is that policies begin small in this case.
