"""A case file in which everything is right."""

GOOD = """
[case]
name = "toy"
start = 1990
end = 2000
burn_in = 8
region = "low"

[source]
paper = "A paper"

[[stage]]
name = "design"
quality_weight = 0.6
workers_per_unit = 0.15
skilled_share = 0.8
[[stage]]
name = "assembly"
input = "design"
input_units = 0.2
quality_weight = 0.1
workers_per_unit = 0.8
skilled_share = 0.03
ships = true
[[stage]]
name = "brand"
quality_weight = 0.3
workers_per_unit = 0.3
skilled_share = 0.35

[[region]]
name = "core"
base_wage = 1.0
base_skilled_wage = 2.0
workers = { value = 1000, source = "paper: table 1" }
first_talent = 500
graduates = 5
frontier_market = 900
value_market = 300
first_firms = 4
[[region]]
name = "low"
code = "LOW"
base_wage = 0.1
base_skilled_wage = 0.5
workers = 2000
first_talent = 100
graduates = 5
frontier_market = 90
value_market = 300
first_quality = { value = { design = -1, assembly = -0.5 }, source = "chosen" }
first_firms = { assembly = 9 }

[[pair]]
from = "core"
to = "low"
distance = 0.5
[[pair]]
from = "low"
to = "core"
first_diaspora = 20

[[policy]]
name = "whole"
source = "paper"
[[policy.change]]
instrument = "public_research_organisation"
where = "low"
from = 1991
until = 1995.5
intensity = 30
stages = ["design"]
[[policy.change]]
instrument = "venture_capital"
intensity = 5
per = "worker"
[[policy]]
name = "part"
based_on = "whole"
without = ["venture_capital"]
[[policy.change]]
instrument = "free_trade"
intensity = 1
[[policy]]
name = "low_cost"
based_on = "low_cost"

[[fact]]
name = "income"
region = "low"
outcome = "GDP per head"
year = 1999
low = 10
high = 20
unit = "%"
source = "paper"
measured = { outcome = "income_per_head", over = "core" }
"""
