"""A toy case of two regions, and a stand-in for the model whose histories are known: for tests of lab, report and cli."""

import contextlib
from types import SimpleNamespace

import numpy

from redqueen import cli
from redqueen.model.fields import FIELDS
from redqueen.model.instruments import INDEX
from redqueen.model.kinds import MODES, TIE_KINDS
from redqueen.model.schedule import Decision, Schedule
from redqueen.model.simulate import QUARTERLY, YEARLY

CASE = """
[case]
name = "toy"
title = "A toy"
question = "Do officers help?"
start = 1990
end = 1995
burn_in = 4
region = "south"
reference = "none"

[source]
book2001 = "A book of 2001"

[[stage]]
name = "parts"
industry = "radios"
quality_weight = 0.5
workers_per_unit = 0.4
skilled_share = 0.3

[[stage]]
name = "brand"
industry = "radios"
ships = true
input = "parts"
input_units = 0.1
quality_weight = 0.5
workers_per_unit = 0.3
skilled_share = 0.3

[[region]]
name = "north"
base_wage = 1.0
base_skilled_wage = 2.0
workers = 900
first_talent = 300
graduates = 4
frontier_market = 300
value_market = 200
first_firms = { parts = 12, brand = 6 }

[[region]]
name = "south"
base_wage = 0.5
base_skilled_wage = 1.2
workers = 600
first_talent = 200
graduates = 3
frontier_market = 60
value_market = 120
first_quality = -0.4
first_firms = { parts = 8, brand = 4 }

[[policy]]
name = "officers"
title = "Extension officers"

[[policy.change]]
instrument = "capacity_building"
where = "south"
intensity = 20

[[policy]]
name = "gifts"
title = "Money to households"

[[policy.change]]
instrument = "lump_sum"
where = "south"
intensity = 5
"""

_FIELD = {field.name: field for field in FIELDS}


class Model:
    """Stands in for burn_in and simulate, counts its calls, and makes histories that are a known function of the seed.

    Every variable is exp of a random walk of its own, the same for all policies, times exp(0.1) where officers
    are and exp(0.01) where there is a spending floor; public_cost is the seed for each officer and 1 for each lump sum, or
    the spending floor where that is more.
    """

    def __init__(self):
        self.calls = []

    def burn_in(self, world, seed, parameters=None, check=False):
        self.calls.append(("burn in", seed))
        return seed

    def simulate(self, world, schedule, *, seed, parameters=None, check=False, state=None, government=None):
        assert state == seed, "a history starts from the burn-in of its own seed"
        used = schedule.intensity.copy()
        for quarter in range(world.quarters if government else 0):
            government.decide(quarter, {})
            used[:, quarter] = schedule.intensity[:, quarter]
        schedule = Schedule(used, schedule.target)
        officers, floor = (schedule.intensity[INDEX[name]] for name in ("capacity_building", "spending_floor"))
        self.calls.append(("simulate", seed, float(schedule.intensity.sum())))
        lengths = {
            "region": len(world.regions),
            "stage": len(world.stages),
            "industry": len(world.industries),
            "mode": len(MODES),
            "tie_kind": len(TIE_KINDS),
        }
        arrays, yearly = {}, {}
        for number, name in enumerate((*QUARTERLY, *YEARLY)):
            shape = tuple(lengths[dimension] for dimension in _FIELD[name].shape)
            generator = numpy.random.default_rng([seed, number])
            walk = numpy.exp(generator.normal(0.0, 0.1, (world.quarters, *shape)).cumsum(axis=0))
            if shape and shape[0] == len(world.regions) and _FIELD[name].shape[0] == "region":
                walk = walk * numpy.exp(0.1 * (officers > 0) + 0.01 * (floor > 0)).reshape(
                    world.quarters, -1, *[1] * (len(shape) - 1)
                )
            if name in YEARLY:
                yearly[name] = walk[3::4]
            else:
                arrays[name] = walk
        arrays["public_cost"] = numpy.maximum(officers * seed + schedule.intensity[INDEX["lump_sum"]], floor)
        return SimpleNamespace(arrays=arrays, yearly=yearly, decisions=tuple(government.decisions) if government else ())


class TakingTurns:
    """Stands in for a policy with a government: officers in the south, twice as many from the third quarter on."""

    def begin(self, world, seed):
        schedule = Schedule.empty(world.quarters, len(world.regions))
        schedule.set("capacity_building", 1, 0, world.quarters, 10.0)
        decisions = []
        return schedule, SimpleNamespace(
            decide=lambda quarter, record: self._decide(schedule, decisions, quarter), decisions=decisions
        )

    def cut(self, quarters):
        return self

    def _decide(self, schedule, decisions, quarter):
        if quarter == 2:
            schedule.intensity[INDEX["capacity_building"], quarter:, 1] = 20.0
            decisions.append(Decision(quarter, "south", "south_council", "more officers", "its turn"))


def use_model(monkeypatch):
    """Put the stand-in in the model's place, and return it."""
    model = Model()
    monkeypatch.setattr("redqueen.lab.jobs.burn_in", model.burn_in)
    monkeypatch.setattr("redqueen.lab.jobs.simulate", model.simulate)
    return model


def write_case(folder):
    """Write the toy case and return its path."""
    path = folder / "toy.toml"
    path.write_text(CASE)
    return path


def answer(words, output):
    """Answer a command as the program does, and write what it says to a file: for processes that are started with this."""
    with output.open("w") as page, contextlib.redirect_stdout(page):
        raise SystemExit(cli.main(words))
