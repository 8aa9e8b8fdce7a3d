"""The docked model in NumPy: every rule at once for all whom it concerns, without loops and with few passing arrays."""

from __future__ import annotations

import numpy

from docked.law import LAW, REGIONS, start


class Economy:
    """All firms as arrays in one order; `by_region` lists them region by region."""

    def __init__(self, firms: int, seed: int) -> None:
        first = start(firms, seed)
        self.random = numpy.random.default_rng([seed, 1])
        self.n_firms = firms
        self.region = first["region"].astype(numpy.intp)
        self.quality = first["quality"]
        self.cash = first["cash"]
        self.due = (first["quarters_left"] - 1).astype(numpy.int16)
        self.weight = numpy.exp(LAW.taste * self.quality)
        self.base = 0.0
        self.revenue = numpy.zeros(firms)
        self.members = numpy.bincount(self.region, minlength=REGIONS)
        self.list_by_region()
        self.quarter = self.exits = 0
        # Written over in every quarter, so that no memory is asked for.
        self.one, self.two = numpy.empty(firms), numpy.empty(firms)

    def list_by_region(self) -> None:
        # NumPy sorts numbers of 8 bits by counting, the fastest way.
        self.by_region = numpy.argsort(self.region.astype(numpy.uint8), kind="stable")
        self.first = numpy.cumsum(self.members) - self.members

    def step(self) -> None:
        self.learn()
        self.close_books()
        self.replace_ended()
        self.quarter += 1

    def learn(self) -> None:
        due = numpy.flatnonzero(self.due == self.quarter)
        self.due[due] = self.quarter + LAW.project_quarters
        luck = self.random.random(len(due))
        novel = luck < LAW.novelty
        innovates, imitates = numpy.flatnonzero(novel), numpy.flatnonzero(~novel)
        innovators, imitators = due[innovates], due[imitates]
        region = self.region[imitators]
        # What is left of luck is even again.
        place = luck[imitates]
        place -= LAW.novelty
        place *= (self.members / (1.0 - LAW.novelty))[region]
        seen = self.by_region[self.first[region] + place.astype(numpy.intp)]
        own = self.quality[imitators]
        gain = self.quality[seen]
        gain -= own
        numpy.maximum(gain, 0.0, out=gain)
        gain *= LAW.absorbed
        gain += own
        self.quality[imitators] = gain
        jump = luck[innovates]
        jump /= LAW.novelty
        jump **= -1.0 / LAW.tail
        jump -= 1.0
        jump *= LAW.jump
        self.quality[innovators] += numpy.minimum(jump, LAW.jump_most)
        self.weigh(due)

    def weigh(self, firms: numpy.ndarray) -> None:
        exponent = self.quality[firms]
        exponent -= self.base
        exponent *= LAW.taste
        if exponent.max(initial=0.0) > 100.0:
            self.base = float(self.quality.max())
            self.weight = numpy.exp(LAW.taste * (self.quality - self.base))
        else:
            self.weight[firms] = numpy.exp(exponent, out=exponent)

    def close_books(self) -> None:
        revenue, cash, one, two = self.revenue, self.cash, self.one, self.two
        rate = self.n_firms / REGIONS / numpy.maximum(numpy.bincount(self.region, self.weight, minlength=REGIONS), 1e-300)
        numpy.take(rate, self.region, out=revenue, mode="clip")
        revenue *= self.weight
        # Profit: what revenue leaves, interest on what is owed, overhead.
        numpy.minimum(cash, 0.0, out=one)
        one *= LAW.lending
        numpy.multiply(revenue, 1.0 - LAW.materials, out=two)
        two += one
        two -= LAW.overhead
        cash += two
        numpy.maximum(two, 0.0, out=two)
        two *= LAW.tax
        cash -= two
        # Owners take from what exceeds the reserve.
        numpy.multiply(revenue, LAW.reserve * LAW.materials, out=one)
        one += LAW.reserve * LAW.overhead
        numpy.subtract(cash, one, out=one)
        numpy.maximum(one, 0.0, out=one)
        one *= LAW.payout
        cash -= one

    def replace_ended(self) -> None:
        numpy.multiply(self.revenue, -LAW.credit, out=self.one)
        ends = self.cash < self.one
        ended = numpy.flatnonzero(ends)
        count = len(ended)
        if count == 0:
            return
        parent = self.random.integers(self.n_firms, size=count)
        while True:
            again = numpy.flatnonzero(ends[parent])
            if len(again) == 0:
                break
            parent[again] = self.random.integers(self.n_firms, size=len(again))
        self.members -= numpy.bincount(self.region[ended], minlength=REGIONS)
        region = self.region[parent]
        self.region[ended] = region
        self.members += numpy.bincount(region, minlength=REGIONS)
        self.list_by_region()
        self.quality[ended] = self.quality[parent] - LAW.loss * self.random.standard_exponential(count)
        self.weigh(ended)
        self.cash[ended] = LAW.first_cash
        self.revenue[ended] = 0.0
        self.due[ended] = self.quarter + LAW.project_quarters
        self.exits += count

    def firms(self) -> dict[str, numpy.ndarray]:
        return {"region": self.region, "quality": self.quality, "cash": self.cash, "revenue": self.revenue}
