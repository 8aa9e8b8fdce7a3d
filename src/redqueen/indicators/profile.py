"""Puts the measures of one industry side by side, a row for each region: the tables that a world is built from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused, nearest
from redqueen.indicators import specialisation, value_chain

__all__ = ["Flows", "industry_profile", "industry_purchases", "knowledge_profile"]


class Flows(Protocol):
    """Any inter-regional input-output table, real or simulated; shapes as in `value_chain`."""

    @property
    def regions(self) -> tuple[str, ...]: ...
    @property
    def sectors(self) -> tuple[str, ...]: ...
    @property
    def intermediate(self) -> np.ndarray: ...
    @property
    def final_demand(self) -> np.ndarray | None: ...
    @property
    def value_added(self) -> np.ndarray: ...
    @property
    def output(self) -> np.ndarray: ...


def industry_profile(table: Flows, sector: str) -> pd.DataFrame:
    """Measures one sector in every region. -> a row for each region, with columns

    output, value_added, exports, imports, final_demand: the table's money unit. `exports` and `imports` are gross, of
    the sector's products, to producers and final users; `final_demand` is what the region's final users buy of the
    sector's products from anywhere; all three are NaN where the table lacks final demand by destination.
    intermediate_exports, final_sales: what is known even then: sales to producers abroad, and to final users anywhere.
    value_added_per_output; share_of_region, of the region's value added; share_of_world, of the sector's value added;
    imported_inputs, of all inputs; domestic_own_purchases, of inputs from the sector itself: shares of 1.
    location_quotient: by value added, a ratio.
    """
    place = _sector(table, sector)
    n_regions = len(table.regions)
    value_added = table.value_added.reshape(n_regions, -1)
    output = table.output.reshape(n_regions, -1)
    final_sales = (table.output - table.intermediate.sum(axis=1)).reshape(n_regions, -1)
    exports = imports = final_demand = np.full(n_regions, np.nan)
    if table.final_demand is not None:
        trade = value_chain.gross_exports(table.intermediate, table.final_demand, n_regions)[place]
        exports, imports = trade.sum(axis=1), trade.sum(axis=0)
        final_demand = table.final_demand.reshape(n_regions, -1, n_regions)[:, place, :].sum(axis=0)
    columns = {
        "output": output[:, place],
        "value_added": value_added[:, place],
        "value_added_per_output": value_chain.value_added_per_output(value_added[:, place], output[:, place]),
        "share_of_region": specialisation.regional_share(value_added.T)[place],
        "share_of_world": specialisation.regional_share(value_added)[:, place],
        "location_quotient": specialisation.location_quotient(value_added)[:, place],
        "exports": exports,
        "imports": imports,
        "intermediate_exports": value_chain.intermediate_trade(table.intermediate, n_regions)[place].sum(axis=1),
        "imported_inputs": value_chain.imported_input_share(table.intermediate, n_regions)[:, place],
        "domestic_own_purchases": value_chain.domestic_own_purchase_share(table.intermediate, n_regions)[:, place],
        "final_demand": final_demand,
        "final_sales": final_sales[:, place],
    }
    return pd.DataFrame(columns, index=pd.Index(table.regions, name="region"))


def industry_purchases(table: Flows, sector: str) -> pd.DataFrame:
    """Gives what the sector of each region buys from the same sector of each: rows sellers, columns buyers, money."""
    place = _sector(table, sector)
    positions = np.arange(len(table.regions)) * len(table.sectors) + place
    return pd.DataFrame(
        table.intermediate[np.ix_(positions, positions)],
        index=pd.Index(table.regions, name="seller"),
        columns=pd.Index(table.regions, name="buyer"),
    )


def knowledge_profile(
    patents: pd.DataFrame,
    technologies: Iterable[str],
    *,
    before: int,
    years: int | None = None,
    total: str = "ALL",
    population: pd.Series | None = None,
) -> pd.DataFrame:
    """Measures what each region knew of some technologies in the years before a year. -> a row for each region, with

    patents: mean a year in the technologies; all_patents: mean a year in all (technology `total` where the table has
    it, else the sum); share_of_region: patents / all_patents; share_of_world: of all regions' patents in the
    technologies; location_quotient: the region's share of its own / the world's; per_million: patents a year per
    million people, NaN without `population` (people, by region); first_year, last_year: the years measured.
    `patents` has rows of region, technology, year, patents. The last `years` before `before` count, all by default; a
    row that is absent counts as no patent. Refuses technologies that the table lacks, and a table without such years.
    """
    technologies = list(technologies)
    faults = Faults()
    known = patents["technology"].unique()
    for name in technologies:
        if name not in known:
            faults.add(f"the table has no technology '{name}'", field="technology", remedy=nearest(name, known))
    earlier = sorted(year for year in patents["year"].unique() if year < before)
    if not earlier:
        least, most = patents["year"].min(), patents["year"].max()
        faults.add(
            f"there are no patents before {before}: the table holds {least} to {most}",
            field="year",
            remedy="give a later year or earlier patents",
        )
    faults.refuse_if_any("patents of an industry")
    counted = earlier if years is None else earlier[-years:]

    rows = patents[patents["year"].isin(counted)]
    regions = pd.Index(sorted(patents["region"].unique()), name="region")
    all_rows = rows[rows["technology"] == total] if total in known else rows
    in_fields = _mean_a_year(rows[rows["technology"].isin(technologies)], regions, len(counted))
    in_all = _mean_a_year(all_rows, regions, len(counted))
    people = pd.Series(np.nan, index=regions) if population is None else population.reindex(regions)
    pair = np.stack([in_fields.to_numpy(), (in_all - in_fields).to_numpy()], axis=1)
    columns = {
        "patents": in_fields,
        "all_patents": in_all,
        "share_of_region": in_fields / in_all.where(in_all > 0),
        "share_of_world": specialisation.regional_share(in_fields.to_numpy()),
        "location_quotient": specialisation.location_quotient(pair)[:, 0],
        "per_million": 1e6 * in_fields / people,
        "first_year": counted[0],
        "last_year": counted[-1],
    }
    return pd.DataFrame(columns, index=regions)


def _sector(table: Flows, sector: str) -> int:
    if sector not in table.sectors:
        raise Refused.one(
            f"the table has no sector '{sector}'; it has {', '.join(table.sectors)}",
            field="sector",
            remedy=nearest(sector, table.sectors),
        )
    return table.sectors.index(sector)


def _mean_a_year(rows: pd.DataFrame, regions: pd.Index, n_years: int) -> pd.Series:
    return rows.groupby("region")["patents"].sum().reindex(regions, fill_value=0.0) / n_years
