"""The docked model in mesa-frames: an AgentSetPolars whose frame holds all firms; every stage is expressions over its columns."""

from __future__ import annotations

import numpy
import polars
from mesa_frames import AgentSetPolars, ModelDF
from polars import col, lit, when

from docked.law import LAW, REGIONS, start


class Firms(AgentSetPolars):
    """All firms."""

    def __init__(self, model: Economy, firms: int, seed: int) -> None:
        super().__init__(model)
        first = polars.DataFrame(start(firms, seed))
        self.add(first.select(
            polars.int_range(firms, dtype=polars.Int64).alias("unique_id"), col("region").cast(polars.Int64), "quality", "cash",
            lit(0.0).alias("revenue"), col("quarters_left").cast(polars.Int64),
        ))
        self.next_id = firms
        self.budget = firms / REGIONS
        self.exits = 0

    def step(self) -> None:
        self.learn()
        self.close_books()
        self.replace_ended()

    def learn(self) -> None:
        firms = self.agents
        luck = polars.Series("luck", self.random.random(len(firms)))
        by_region = firms["region"].arg_sort()
        # Where each region begins in the list of firms by region, and how many it has.
        regions = firms.lazy().group_by("region").agg(polars.len().alias("members")).sort("region")
        regions = regions.with_columns((col("members").cum_sum() - col("members")).alias("first"))
        # What decides between the two is even again within each.
        place = ((col("luck") - LAW.novelty) / (1.0 - LAW.novelty) * col("members")).cast(polars.Int64).clip(lower_bound=0)
        jump = LAW.jump * ((col("luck") / LAW.novelty).pow(-1.0 / LAW.tail) - 1.0)
        due = (
            firms.lazy().select("region", "quality", "quarters_left", luck).with_row_index("row").filter(col("quarters_left") == 1)
            .join(regions, on="region", how="left")
            .with_columns(lit(by_region).gather(col("first") + place).alias("seen"))
            .with_columns(lit(firms["quality"]).gather("seen").alias("seen_quality"))
            .select(
                "row",
                when(col("luck") < LAW.novelty)
                .then(jump.clip(upper_bound=LAW.jump_most))
                .otherwise(LAW.absorbed * (col("seen_quality") - col("quality")).clip(lower_bound=0.0))
                .add(col("quality"))
                .alias("quality"),
            )
            .collect()
        )
        quality = firms["quality"].scatter(due["row"], due["quality"])
        left = when(col("quarters_left") == 1).then(LAW.project_quarters).otherwise(col("quarters_left") - 1)
        self.agents = firms.with_columns(quality, left.alias("quarters_left"))

    def close_books(self) -> None:
        weight = (LAW.taste * (col("quality") - col("quality").max())).exp()
        cost = LAW.materials * col("revenue") + LAW.overhead
        profit = col("revenue") - cost + LAW.lending * col("cash").clip(upper_bound=0.0)
        earned = profit - LAW.tax * profit.clip(lower_bound=0.0)
        surplus = (col("cash") - LAW.reserve * cost).clip(lower_bound=0.0)
        self.agents = (
            self.agents.lazy()
            .with_columns(weight.alias("weight"))
            .with_columns((self.budget * col("weight") / col("weight").sum().over("region")).alias("revenue"))
            .with_columns(col("cash") + earned)
            .with_columns(col("cash") - LAW.payout * surplus)
            .drop("weight")
            .collect()
        )

    def replace_ended(self) -> None:
        ends = self.agents.select(col("cash") < -LAW.credit * col("revenue")).to_series()
        ended = int(ends.sum())
        if ended == 0:
            return
        survivors = self.agents.filter(~ends)
        parents = polars.Series(self.random.integers(len(survivors), size=ended))
        lost = polars.Series(LAW.loss * self.random.standard_exponential(ended))
        newborn = survivors[parents].select(
            polars.int_range(self.next_id, self.next_id + ended, dtype=polars.Int64).alias("unique_id"), "region",
            (col("quality") - lost).alias("quality"), lit(LAW.first_cash).alias("cash"), lit(0.0).alias("revenue"),
            lit(LAW.project_quarters, dtype=polars.Int64).alias("quarters_left"),
        )
        self.agents = polars.concat([survivors, newborn])
        self.next_id += ended
        self.exits += ended


class Economy(ModelDF):
    """Firms of all regions."""

    def __init__(self, firms: int, seed: int) -> None:
        super().__init__(seed=[seed, 1])
        self.all_firms = Firms(self, firms, seed)
        self.agents += self.all_firms

    def step(self) -> None:
        self.agents.do("step")

    @property
    def exits(self) -> int:
        return self.all_firms.exits

    def firms(self) -> dict[str, numpy.ndarray]:
        return {name: self.all_firms.agents[name].to_numpy() for name in ("region", "quality", "cash", "revenue")}
