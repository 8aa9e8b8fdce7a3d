"""The docked model in agentpy: an AgentDList, whose methods act on all agents; stages keep the law synchronous."""

from __future__ import annotations

import math

import agentpy
import numpy

from docked.law import LAW, REGIONS, start


class Firm(agentpy.Agent):
    """A firm of a region."""

    def setup(self, region: int, quality: float, cash: float, quarters_left: int) -> None:
        self.region = region
        self.quality = self.next_quality = quality
        self.weight = 0.0
        self.cash = cash
        self.revenue = 0.0
        self.quarters_left = quarters_left
        self.model.members[region].append(self)

    def learn(self) -> None:
        self.quarters_left -= 1
        if self.quarters_left > 0:
            return
        self.quarters_left = LAW.project_quarters
        random = self.model.random
        if random.random() < LAW.novelty:
            jump = LAW.jump * (random.paretovariate(LAW.tail) - 1.0)
            self.next_quality = self.quality + min(jump, LAW.jump_most)
        else:
            seen = random.choice(self.model.members[self.region])
            self.next_quality = self.quality + LAW.absorbed * max(0.0, seen.quality - self.quality)

    def offer(self) -> None:
        self.quality = self.next_quality
        self.weight = math.exp(LAW.taste * (self.quality - self.model.base))
        self.model.total[self.region] += self.weight

    def close_books(self) -> None:
        self.revenue = self.model.budget * self.weight / self.model.total[self.region]
        cost = LAW.materials * self.revenue + LAW.overhead
        profit = self.revenue - cost - LAW.lending * max(0.0, -self.cash)
        self.cash += profit - LAW.tax * max(0.0, profit)
        self.cash -= LAW.payout * max(0.0, self.cash - LAW.reserve * cost)
        if self.cash < -LAW.credit * self.revenue:
            self.model.ended.append(self)


class Market(agentpy.Model):
    """Firms of all regions, and the regions' markets."""

    def setup(self) -> None:
        self.members = [[] for _ in range(REGIONS)]
        self.budget = self.p.firms / REGIONS
        self.base = 0.0
        self.exits = 0
        first = {name: agentpy.AttrIter(array.tolist()) for name, array in start(self.p.firms, self.p.seed).items()}
        self.agents = agentpy.AgentDList(self, self.p.firms, Firm, **first)

    def step(self) -> None:
        self.total = [0.0] * REGIONS
        self.ended = []
        self.agents.learn()
        self.agents.offer()
        self.agents.close_books()
        self.replace_ended()

    def replace_ended(self) -> None:
        for firm in self.ended:
            self.members[firm.region].remove(firm)
            self.agents.remove(firm)
        survivors = list(self.agents)
        # Weights are measured against a quality near the best, so that they stay in range.
        self.base = max(firm.quality for firm in survivors)
        for _ in self.ended:
            parent = self.random.choice(survivors)
            quality = parent.quality - self.random.expovariate(1.0 / LAW.loss)
            newborn = Firm(self, region=parent.region, quality=quality, cash=LAW.first_cash, quarters_left=LAW.project_quarters)
            self.agents.append(newborn)
        self.exits += len(self.ended)


class Economy:
    """A run of the market, one step at a time."""

    def __init__(self, firms: int, seed: int) -> None:
        self.market = Market({"firms": firms, "seed": seed, "report_seed": False})
        self.market.sim_setup()
        self.step = self.market.sim_step

    @property
    def exits(self) -> int:
        return self.market.exits

    def firms(self) -> dict[str, numpy.ndarray]:
        return {name: numpy.array(list(getattr(self.market.agents, name))) for name in ("region", "quality", "cash", "revenue")}
