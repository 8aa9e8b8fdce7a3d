"""The docked model in Mesa 3: a class of agents, and stages in each of which all agents act (`AgentSet.do`).

Stages keep the law synchronous, as Mesa's guide shows for staged activation; within a stage order does not matter, so agents
are not shuffled. Each region keeps its firms in a list, as choosing from an AgentSet would copy it each time.
"""

from __future__ import annotations

import math

import mesa
import numpy

from docked.law import LAW, REGIONS, start


class Firm(mesa.Agent):
    """A firm of a region."""

    def __init__(self, model: Economy, region: int, quality: float, cash: float, quarters_left: int) -> None:
        super().__init__(model)
        self.region = region
        self.quality = self.next_quality = quality
        self.weight = 0.0
        self.cash = cash
        self.revenue = 0.0
        self.quarters_left = quarters_left
        model.members[region].append(self)

    def learn(self) -> None:
        self.quarters_left -= 1
        if self.quarters_left > 0:
            return
        self.quarters_left = LAW.project_quarters
        if self.random.random() < LAW.novelty:
            jump = LAW.jump * (self.random.paretovariate(LAW.tail) - 1.0)
            self.next_quality = self.quality + min(jump, LAW.jump_most)
        else:
            seen = self.random.choice(self.model.members[self.region])
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

    def end(self) -> None:
        self.model.members[self.region].remove(self)
        self.remove()


class Economy(mesa.Model):
    """Firms of all regions, and the regions' markets."""

    def __init__(self, firms: int, seed: int) -> None:
        super().__init__(seed=seed)
        self.members = [[] for _ in range(REGIONS)]
        self.budget = firms / REGIONS
        self.base = 0.0
        self.exits = 0
        first = start(firms, seed)
        Firm.create_agents(self, firms, *(first[name].tolist() for name in ("region", "quality", "cash", "quarters_left")))

    def step(self) -> None:
        self.total = [0.0] * REGIONS
        self.ended = []
        self.agents.do("learn")
        self.agents.do("offer")
        self.agents.do("close_books")
        self.replace_ended()

    def replace_ended(self) -> None:
        for firm in self.ended:
            firm.end()
        survivors = [firm for members in self.members for firm in members]
        # Weights are measured against a quality near the best, so that they stay in range.
        self.base = max(firm.quality for firm in survivors)
        for _ in self.ended:
            parent = self.random.choice(survivors)
            quality = parent.quality - self.random.expovariate(1.0 / LAW.loss)
            Firm(self, parent.region, quality, LAW.first_cash, LAW.project_quarters)
        self.exits += len(self.ended)

    def firms(self) -> dict[str, numpy.ndarray]:
        names = ["region", "quality", "cash", "revenue"]
        return dict(zip(names, numpy.array(self.agents.get(names)).T, strict=True))
