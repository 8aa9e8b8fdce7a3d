"""Arms of a trial: what a policy lays out in a world, a placebo that costs the same, policies topped up to equal cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from redqueen.errors import Faults
from redqueen.model.instruments import FREE, INDEX, INSTRUMENTS
from redqueen.model.schedule import Deciding, Decision, Schedule
from redqueen.model.world import World
from redqueen.policies.government import Programme

#: What is recorded of an arm so that others can be topped up to it.
COST = "public_cost"

_FLOOR = INDEX["spending_floor"]


@dataclass(frozen=True)
class ToppedUp:
    """Runs a plan after other arms; households get what its spending lacks of the dearest of them.

    In each seed, quarter and region: spending floor = max over `after` of their public cost in the same seed [money/quarter].
    The levy that pays for it falls on the region, as for any instrument.
    """

    plan: Schedule | Programme
    after: tuple[str, ...]

    def begin(self, world: World, seed: int, costs: Sequence[numpy.ndarray]) -> tuple[Schedule, Deciding | None]:
        """Gives the topped-up schedule of one seed and its government; `costs` are [quarter, region], one for each of `after`."""
        own, government = begin(self.plan, world, seed)
        used = Schedule(own.intensity.copy(), own.target.copy())
        floor = numpy.maximum.reduce([own.intensity[_FLOOR] * 0.0, *costs])
        numpy.maximum(used.intensity[_FLOOR], floor, out=used.intensity[_FLOOR])
        return used, None if government is None else _OnAFloor(government, own, used, floor)


#: What one policy of a trial may be.
Arm = Schedule | Programme | ToppedUp


def begin(arm: Arm, world: World, seed: int, costs: Sequence[numpy.ndarray] = ()) -> tuple[Schedule, Deciding | None]:
    """Gives the schedule of an arm in one seed, and its government where it has one; `costs` are those of the arms it runs after.
    """
    if isinstance(arm, Schedule):
        return arm, None
    return arm.begin(world, seed, costs) if isinstance(arm, ToppedUp) else arm.begin(world, seed)


def runs_after(arm: Arm) -> tuple[str, ...]:
    """Names the arms whose cost must be known before this one runs."""
    return arm.after if isinstance(arm, ToppedUp) else ()


def does_nothing(arm: Arm) -> bool:
    """Says whether a plan uses no instrument."""
    return isinstance(arm, Schedule) and not arm.intensity.any()


def costs_nothing(arm: Arm) -> bool:
    """Says whether a plan uses only instruments without public cost; what a government will choose may cost something."""
    if not isinstance(arm, Schedule):
        return False
    used = numpy.asarray(arm.intensity.any(axis=(1, 2)))
    return all(instrument.cost == FREE for instrument, is_used in zip(INSTRUMENTS, used, strict=True) if is_used)


def first_run(name: str) -> str:
    """Names the run that only finds out what a policy costs."""
    return f"{name}, first run"


def placebo_name(name: str) -> str:
    """Names the placebo of a policy."""
    return f"{name}_placebo"


def at_equal_cost(plans: Mapping[str, Schedule | Programme], faults: Faults) -> dict[str, Arm]:
    """Lays out every plan twice: as it is, under the name `first_run`, and topped up to the dearest of them.

    A plan that does nothing stays as it is, and costs nothing: it is what the others are compared to. Fewer than two others
    are noted in `faults`.
    """
    active = [name for name, plan in plans.items() if not does_nothing(plan)]
    if len(active) < 2:
        faults.add(
            f"equal cost needs two policies that do something: there is {len(active)}",
            field="equal cost",
            remedy="name more policies; to set one against its own money ask for a placebo",
        )
    first: dict[str, Arm] = {first_run(name): plans[name] for name in active}
    after = tuple(first)
    return {**first, **{name: ToppedUp(plan, after) if name in active else plan for name, plan in plans.items()}}


def placebos(plans: Mapping[str, Schedule | Programme], reference: str, world: World, faults: Faults) -> dict[str, ToppedUp]:
    """Gives each plan's placebo by the plan's name: nothing is done, but households get what the plan costs in that seed.

    A plan that does nothing has none, nor has the reference where it costs nothing. Names that are taken, and no plan at all,
    are noted in `faults`.
    """
    treated = [
        name for name, plan in plans.items() if not does_nothing(plan) and not (name == reference and costs_nothing(plan))
    ]
    if not treated:
        faults.add("no policy does anything that could have a placebo", field="placebo", remedy="name a policy")
    for name in treated:
        if placebo_name(name) in plans:
            faults.add(f"'{placebo_name(name)}' is the name of a placebo", field="policies", remedy="give that policy another name")
    nothing = Schedule.empty(world.quarters, len(world.regions))
    return {name: ToppedUp(nothing, (name,)) for name in treated}


class _OnAFloor:
    """Lets a government edit its own schedule, and puts the floor under what is used of it."""

    def __init__(self, government: Deciding, own: Schedule, used: Schedule, floor: numpy.ndarray):
        self.government, self.own, self.used, self.floor = government, own, used, floor

    def decide(self, quarter: int, record: Mapping[str, numpy.ndarray]) -> None:
        self.government.decide(quarter, record)
        self.used.intensity[:, quarter] = self.own.intensity[:, quarter]
        self.used.target[:, quarter] = self.own.target[:, quarter]
        numpy.maximum(self.used.intensity[_FLOOR, quarter], self.floor[quarter], out=self.used.intensity[_FLOOR, quarter])

    @property
    def decisions(self) -> Sequence[Decision]:
        return self.government.decisions
