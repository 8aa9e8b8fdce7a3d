"""What every implementation of the docked model shares: the numbers of its law, and its first firms. README.md states the law.

An implementation is a module with a class `Economy(firms, seed)` that has `step()` (one quarter), `exits` (firms that ended so
far) and `firms()` (arrays by firm: region, quality, cash and the quarter's revenue, in any order).
"""

from __future__ import annotations

import dataclasses

import numpy

REGIONS = 10


@dataclasses.dataclass(frozen=True)
class Law:
    """The numbers of the law: money in what buyers spend on an average firm in a quarter, quality in logs, time in quarters."""

    project_quarters: int = 4
    #: Chance that a project was an innovation; the others imitate.
    novelty: float = 0.1
    #: Scale and tail index of what an innovation gains, and the most.
    jump: float = 0.2
    tail: float = 3.0
    jump_most: float = 0.8
    #: Share of the gap that imitation closes.
    absorbed: float = 0.3
    #: How much of quality shows in the log of a market share.
    taste: float = 2.0
    #: What a quarter costs: a share of revenue, and a sum.
    materials: float = 0.6
    overhead: float = 0.35
    #: Interest on what is owed, and tax on a profit.
    lending: float = 0.02
    tax: float = 0.25
    #: Owners take a share of the cash beyond so many quarters' costs.
    payout: float = 0.3
    reserve: float = 1.0
    #: Banks lend so many quarters' revenue.
    credit: float = 1.0
    first_cash: float = 1.0
    #: Mean of what a spin-off lacks of its parent's quality.
    loss: float = 0.1


LAW = Law()
PARAMETERS = dataclasses.asdict(LAW)


def start(firms: int, seed: int) -> dict[str, numpy.ndarray]:
    """Give the first firms: region in turn, quality normal (0, 0.3), cash even (half to one and a half), projects under way."""
    random = numpy.random.default_rng([seed, 0])
    return {
        "region": numpy.arange(firms, dtype=numpy.int32) % REGIONS,
        "quality": random.normal(0.0, 0.3, firms),
        "cash": LAW.first_cash * random.uniform(0.5, 1.5, firms),
        "quarters_left": random.integers(1, LAW.project_quarters + 1, firms).astype(numpy.int32),
    }
