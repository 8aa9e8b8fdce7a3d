"""
What does the Red Queen look like?
==================================

"It takes all the running you can do, to keep in the same place." Firms of a catching-up region improve year after year, and so does the
frontier. Three worlds: one in which they go on as they are, one in which they may not start projects that aim at something new, and one in
which they start no project at all.
"""

import pandas
from matplotlib import pyplot

import redqueen as rq
from redqueen.lab.red_queen import courses

policies = {
    "none": "none",
    "no_novelty": rq.Policy("no_novelty", changes=(rq.Change("novelty_stop", 1.0),)),
    "no_projects": rq.Policy("no_projects", changes=(rq.Change("research_stop", 1.0),)),
}
result = rq.Trial("recipes", policies, seeds=8, region="catch_up").run()

# %%
# A course holds the medians over seeds at the end of every year: the quality of what the region's firms make, and the frontier of the same stages.

found = courses(result)
figure, axes = pyplot.subplots(1, 3, figsize=(9.5, 3), sharey=True, layout="constrained")
for axis, policy in zip(axes, policies, strict=True):
    course = found["catch_up", policy]
    axis.plot(course.years, course.frontier, color="0.5", label="frontier")
    axis.plot(course.years, course.quality, color="tab:blue", label="quality made")
    axis.set_title(policy.replace("_", " "))
    axis.set_xlabel("year")
axes[0].set_ylabel("log quality")
_ = axes[0].legend()

# %%
# Running, and where it led: the change of the distance to the frontier from the first year to the last (above zero is farther behind), and by how
# many times income per head at constant quality grew.

pandas.DataFrame(
    {
        policy.replace("_", " "): {
            "quality gained (log)": course.quality[-1] - course.quality[0],
            "frontier moved (log)": course.frontier[-1] - course.frontier[0],
            "farther behind (log), mean": course.nearer["mean"],
            "low": course.nearer["low"],
            "high": course.nearer["high"],
            "income, times": course.income_times,
        }
        for policy, course in ((name, found["catch_up", name]) for name in policies)
    }
).round(2)

# %%
# And in value added, paired by seed:

pandas.concat(
    {name: rq.compare(result, name, outcomes=["value_added", "income_per_head", "distance_to_frontier"], regions="catch_up").table(by="outcome")
     for name in ("no_novelty", "no_projects")}
)[["effect", "low", "high", "unit", "verdict"]].round(2)

# %%
# **What may be concluded.** Buyers get used to what they are offered, so that a region that stops is not poor at once but falls behind. A region can grow
# without novelty of its own, by second-generation work at the cusp of a frontier that others move: claim B1 holds in part (:doc:`claims </claims>`).
#
# **What may not.** The pace of the frontier is that of three made-up regions. Nothing here tells in how many calendar years a real region falls back.
