"""
How do I make a world of my own?
================================

``redqueen new-case NAME`` writes an annotated case file of a small world that runs; every key, endowment and instrument is explained in it. It is a text file: this
page writes one, changes three numbers as an editor would, and asks a question of it.
"""

import tempfile
from pathlib import Path

import redqueen as rq
from redqueen.cases.new_case import new_case

folder = Path(tempfile.mkdtemp())
file = new_case("valley", folder / "valley.toml")
text = file.read_text(encoding="utf-8")
print("\n".join(line for line in text.splitlines() if line and not line.startswith("#"))[:1500])

# %%
# A fault is told with its line and what to do, all faults at once:

broken = folder / "broken.toml"
broken.write_text(text.replace("\nworkers =", "\nwrokers =", 1).replace("\nend = ", '\nend = "soon" # ', 1), encoding="utf-8")
try:
    rq.case(broken)
except rq.Refused as refusal:
    print(str(refusal).replace(str(folder), "."))

# %%
# The world as it is: its regions, stages and policies.

valley = rq.case(file)
print(valley.question)
print("regions:", *valley.world.regions)
print("stages:", *valley.world.stages)
print("policies:", *valley.policies)

# %%
# A policy of one's own is a list of changes. Here: people abroad are brought into contact, and fairs are visited, from the fifth year on.

start = valley.world.start
reach_out = rq.Policy(
    "reach_out",
    title="Contacts abroad",
    changes=(
        rq.Change("diaspora_network", 5.0, start=start + 5),
        rq.Change("export_promotion", 0.1, start=start + 5),
    ),
)
result = rq.Trial(valley, ["none", reach_out], seeds=12).run()
effect = rq.compare(result, "reach_out", to="none", regions=valley.region)
effect.table(by="outcome")[["effect", "low", "high", "unit", "verdict"]].round(2).head(14)

# %%
# What the region makes, with the policy and without: bands hold half and nine tenths of the seeds.

figure = effect.plot("value_added", region=valley.region)

# %%
# **What may be concluded.** Nothing about any place: the numbers of a new case are examples. It shows that the question can be asked.
#
# **What to do next.** Replace numbers by sourced ones (:doc:`case files </case_files>`), or let ``redqueen world`` make a case from an input-output table, patents and incomes
# (:doc:`a world from data </how_to/world_from_data>`), and write down what is known and was not used, as ``[[fact]]`` with ``held_out = true``, so that the world can be judged.
