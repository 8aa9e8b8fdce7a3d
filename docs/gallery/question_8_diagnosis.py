"""
What does a simulated region look like to a statistician?
=========================================================

A run gives the tables that publishers give: activities by region and year, an input-output table a year, ties, incomes. The same indicators are then taken
of it as of real data, and nothing but the tables is known to them.
"""

import pandas
from matplotlib import pyplot

import redqueen as rq
from redqueen.lab.tables import simulated_tables
from redqueen.studies.diagnose.chain import chain
from redqueen.studies.diagnose.openness import openness
from redqueen.studies.diagnose.panel import panel
from redqueen.studies.diagnose.strengths import strengths

result = rq.Trial("hsinchu", ["as_it_happened"], seeds=1).run()
tables = simulated_tables(result.sel(policy="as_it_happened").isel(seed=0))
pandas.DataFrame([{"kind": one.kind, "from": one.years[0], "to": one.years[-1], "measures": ", ".join(one.units)} for one in tables])

# %%
# ``redqueen diagnose`` puts the parts below on one page, and adds what may be gained and lost. Here they are called one by one. First, in what Chinese
# Taipei is specialised in the last year: the revealed comparative advantage (RCA) of its exports is its share in a stage over its share in all
# stages, so that 1 is average; its interval is from year-to-year noise.

exports = panel(tables[0], measure="exports")
found = pandas.DataFrame([vars(one) for one in strengths(exports, "chinese_taipei")])
found[["activity", "rca", "low", "high", "share_of_region", "share_of_world"]].round(2)

# %%
# Where it sits in the chain: how much of its exports is made at home, how far each stage is from the final user (upstreamness: 1 sells to users).

notes: list[str] = []
place = chain(tables, "chinese_taipei", 2009, notes)
print(f"made at home: {place['domestic_share']:.0f} % of the value of exports; made abroad: {place['backward']:.0f} %")
sectors = pandas.DataFrame(place["sectors"])
sectors[["activity", "share_of_exports", "value_added_share", "imported_inputs", "upstreamness"]].round(2)

# %%
# What is sold most is not what leaves most at home:

shares = sectors.set_index("activity")[["share_of_exports", "value_added_share"]]
shares.columns = ["% of the region's exports", "value added, % of what the stage sells"]
shares.iloc[::-1].plot.barh(figsize=(7, 3.5), xlabel="%", ylabel="")
pyplot.tight_layout()

# %%
# Whom it is tied to. Affinity is the number of ties over what the sizes of both would give.

ties = openness(tables, "chinese_taipei", 2009)[0]
print(f"ties at home: {ties['home_share']:.0f} % (sizes alone would give {ties['expected_home_share']:.0f} %)")
pandas.DataFrame(ties["largest"])[["region", "value", "share", "affinity"]].round(2)

# %%
# **What may be concluded.** That the formulas take simulated and real tables alike, so that a simulated region can be held against a real one by one definition.
#
# **What may not.** This is one run, with one luck, of three regions: a share in a world of three is not a share in the world. That brand, not fabrication,
# stands out in this run is a miss: what made the place known is a foundry.
