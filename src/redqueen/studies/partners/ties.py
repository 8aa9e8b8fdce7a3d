"""Lays out ties between regions, whatever table they come from, and compares them with what sizes alone would give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from redqueen.evidence.evidence import STAY_RATE, Evidence
from redqueen.evidence.places import REST_OF_WORLD

__all__ = ["PREFERRED", "SUPPLIERS", "TRADE", "Series", "Ties", "tie_series"]

#: Ties that tables of trade and of inputs and outputs hold: exports, and sales of inputs, between two regions both ways.
TRADE, SUPPLIERS = "trade", "supplier ties"
#: Which ties are taken for the network whose growth is foretold, the first that there is.
PREFERRED = ("co-authored articles", "co-inventions")


@dataclass(frozen=True, eq=False)
class Ties:
    """Holds one kind of tie of one year between regions: `stated` [regions, regions] as the table has it, diagonal 0."""

    measure: str
    unit: str
    year: int
    regions: tuple[str, ...]
    stated: np.ndarray

    @cached_property
    def weights(self) -> np.ndarray:
        """Gives the ties the same from either side: as stated where they are, else both directions added up."""
        return self.stated if np.array_equal(self.stated, self.stated.T) else self.stated + self.stated.T

    @cached_property
    def sizes(self) -> np.ndarray:
        """Gives all ties of each region [regions]."""
        return self.weights.sum(axis=1)

    @cached_property
    def affinity(self) -> np.ndarray:
        """Gives ties over what sizes alone would give [regions, regions]: 1 is as expected; NaN for a region without any tie.

        affinity[i, j] = w[i, j] sum(w) / (w[i, .] w[., j]) (Luukkonen and others 1993, luukkonen_1993).
        """
        return _over(self.weights * self.weights.sum(), np.outer(self.sizes, self.sizes))

    @cached_property
    def strength(self) -> np.ndarray:
        """Gives Salton's cosine, between 0 and 1 [regions, regions]: w[i, j] / sqrt(w[i, .] w[., j]) (luukkonen_1993).

        A stay rate is a share already, and stands as it is.
        """
        if self.measure == STAY_RATE:
            return np.clip(self.weights / 100.0, 0.0, 1.0)
        return np.clip(np.nan_to_num(_over(self.weights, np.sqrt(np.outer(self.sizes, self.sizes)))), 0.0, 1.0)

    def among(self, regions: Sequence[str], values: np.ndarray) -> np.ndarray:
        """Gives a matrix of this table's regions laid out over others [n, n]; NaN where the table lacks one."""
        place = {region: position for position, region in enumerate(self.regions)}
        known = [position for position, region in enumerate(regions) if region in place]
        own = [place[regions[position]] for position in known]
        found = np.full((len(regions), len(regions)), np.nan)
        found[np.ix_(known, known)] = values[np.ix_(own, own)]
        return found


@dataclass(eq=False)
class Series:
    """Holds one kind of tie by year."""

    measure: str
    unit: str
    by_year: dict[int, Ties] = field(default_factory=dict)

    @property
    def years(self) -> list[int]:
        """Lists the years, sorted."""
        return sorted(self.by_year)

    def at(self, year: int | None, *, no_later: int | None = None) -> Ties | None:
        """Gives the ties of the last year up to `year`; before there is one, the first, but none after `no_later`."""
        if year is None:
            return self.by_year[self.years[-1]]
        chosen = max((one for one in self.years if one <= year), default=self.years[0])
        return None if no_later is not None and chosen > max(year, no_later) else self.by_year[chosen]


def tie_series(tables: Iterable[Evidence]) -> dict[str, Series]:
    """Gathers every kind of tie that tables hold, by measure; the rest of the world is left out.

    Tables of ties give their own measures; tables of trade give exports over all activities; input-output tables give sales of
    inputs between two regions.
    """
    found: dict[str, Series] = {}
    for table in tables:
        if table.kind == "ties":
            for measure in table.measures:
                _add(found, table.rows[table.rows["measure"] == measure], measure, table.units[measure])
        elif table.kind == "trade":
            measure = "exports" if "exports" in table.units else table.measures[0]
            _add(found, table.rows[table.rows["measure"] == measure], TRADE, table.units[measure])
        for one in table.tables:
            size = len(one.sectors)
            flows = one.intermediate.reshape(len(one.regions), size, len(one.regions), size).sum(axis=(1, 3))
            _keep(found, SUPPLIERS, one.unit, one.year, one.regions, flows)
    order = [*PREFERRED, *(name for name in found if name not in (*PREFERRED, TRADE, SUPPLIERS)), TRADE, SUPPLIERS]
    return {name: found[name] for name in order if name in found}


def _add(found: dict[str, Series], rows: pd.DataFrame, measure: str, unit: str) -> None:
    for year, of_year in rows.groupby("year", observed=True):
        regions = sorted({*of_year["region"], *of_year["partner"]})
        table = of_year.pivot_table(index="region", columns="partner", values="value", aggfunc="sum", observed=True)
        _keep(
            found,
            measure,
            unit,
            int(str(year)),
            regions,
            table.reindex(index=regions, columns=regions).fillna(0.0).to_numpy(dtype=float),
        )


def _keep(found: dict[str, Series], measure: str, unit: str, year: int, regions: Sequence[str], flows: np.ndarray) -> None:
    kept = [position for position, region in enumerate(regions) if region != REST_OF_WORLD]
    stated = flows[np.ix_(kept, kept)].copy()
    np.fill_diagonal(stated, 0.0)
    series = found.setdefault(measure, Series(measure, unit))
    series.by_year[year] = Ties(measure, unit, year, tuple(regions[position] for position in kept), stated)


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
