"""Turns an input-output table into long rows, one a flow, and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from redqueen.errors import Faults, Refused
from redqueen.evidence.input_output import UNIT, InputOutput

__all__ = ["FINAL_DEMAND", "OUTPUT", "TAXES", "VALUE_ADDED", "as_rows", "by_producer", "from_rows"]

# What stands in the place of a sector where a flow is no sale to a producer.
FINAL_DEMAND, OUTPUT = "final demand", "output"
VALUE_ADDED, TAXES = "value added", "taxes"

_COLUMNS = ["region", "activity", "to_region", "to_activity", "year"]
_KINDS = (FINAL_DEMAND, OUTPUT, VALUE_ADDED, TAXES)
_HEADING = "flows of an input-output table"


def as_rows(table: InputOutput) -> pd.DataFrame:
    """Gives the flows of a table as rows: region, activity, to_region, to_activity, year, value; zero flows are left out.

    A sale to a producer names it in to_region and to_activity; one to final users has to_activity "final demand". What a
    producer pays beyond its purchases stands as a flow to it from activity "value added" or "taxes" of its own region. Its
    output stands, even where it is zero, as a flow to to_activity "output" of its own region: those rows name all producers
    in the order of the table, and come first. Text columns are categorical. Money as in the table.
    """
    taken = sorted(set(_KINDS) & set(table.sectors))
    if taken:
        raise Refused.one(f"a sector is called '{taken[0]}', which has a meaning of its own here", field="sectors")
    n_regions, n_sectors = len(table.regions), len(table.sectors)
    # A year of the largest tables has twelve million flows.
    region = np.repeat(np.arange(n_regions, dtype=np.int16), n_sectors)
    sector = np.tile(np.arange(n_sectors, dtype=np.int16), n_regions)
    final, output, added, taxed = range(n_sectors, n_sectors + len(_KINDS))
    parts = [_flows(region, sector, region, output, table.output)]
    rows, columns = np.nonzero(table.intermediate)
    parts.append(_flows(region[rows], sector[rows], region[columns], sector[columns], table.intermediate[rows, columns]))
    if table.final_demand is not None:
        rows, columns = np.nonzero(table.final_demand)
        parts.append(_flows(region[rows], sector[rows], columns, final, table.final_demand[rows, columns]))
    for paid, kind in ((table.value_added, added), (table.taxes, taxed)):
        if paid is None:
            continue
        rows = np.flatnonzero(paid)
        parts.append(_flows(region[rows], kind, region[rows], sector[rows], paid[rows]))
    *places, values = [np.concatenate(column) for column in zip(*parts, strict=True)]
    words = {"region": table.regions, "activity": (*table.sectors, *_KINDS)}
    named = {
        name: pd.Categorical.from_codes(codes, pd.Index(words[name.removeprefix("to_")]))
        for name, codes in zip(_COLUMNS[:4], places, strict=True)
    }
    return pd.DataFrame({**named, "year": np.full(len(values), table.year, dtype="int64"), "value": values.astype(float)})


def from_rows(rows: pd.DataFrame, *, unit: str = UNIT, file: str = "") -> InputOutput:
    """Makes the table of the rows that `as_rows` gives, of one year, in any order.

    Regions and sectors come in the order in which the rows of output name them. Final demand by destination is absent
    where no row has any. Refuses, all at once, rows of several years, repeated flows, values that are no numbers, producers
    without a row of output, and flows of or to no producer.
    """
    faults = Faults(file=file or None)
    for name in [*_COLUMNS, "value"]:
        if name not in rows.columns:
            faults.add("the column is missing", field=name)
    faults.refuse_if_any(_HEADING)
    rows = rows.reset_index(drop=True)
    years = sorted({int(year) for year in rows["year"].unique()})
    if len(years) != 1:
        faults.add(f"the rows are of {len(years)} years, not of one", field="year", remedy="give the rows of one year")
    values = rows["value"].to_numpy(dtype=float)
    if not np.isfinite(values).all():
        faults.add(f"{int((~np.isfinite(values)).sum()):,} flows are no finite numbers", field="value")
    stated = rows[(rows["to_activity"] == OUTPUT).to_numpy()]
    regions, sectors = tuple(dict.fromkeys(stated["region"])), tuple(dict.fromkeys(stated["activity"]))
    if not regions:
        faults.add(f"no row has '{OUTPUT}' in to_activity: the producers are not known", field="to_activity")
    faults.refuse_if_any(_HEADING)

    n_sectors, n_producers = len(sectors), len(regions) * len(sectors)
    final, output, added, taxed = range(n_sectors, n_sectors + len(_KINDS))
    seller, to = _positions(rows["region"], regions), _positions(rows["to_region"], regions)
    activity = _positions(rows["activity"], (*sectors, *_KINDS))
    to_activity = _positions(rows["to_activity"], (*sectors, *_KINDS))
    is_paid = (activity == added) | (activity == taxed)
    to_producer = (to_activity >= 0) & (to_activity < n_sectors)
    from_producer = (activity >= 0) & (activity < n_sectors)
    is_meant = (is_paid & to_producer) | (from_producer & (to_activity >= 0) & (to_activity <= output))
    unknown = np.flatnonzero((seller < 0) | (to < 0) | ~is_meant)
    if len(unknown):
        first = ", ".join(str(rows[name].iloc[unknown[0]]) for name in _COLUMNS[:4])
        faults.add(f"{len(unknown):,} flows name no producer that has a row of output, such as {first}", field="region")
    if len(stated) < n_producers:
        faults.add(f"{n_producers - len(stated):,} producers have no row of output", field="to_activity")
    n_kinds = n_sectors + len(_KINDS)
    flow = ((seller.astype(np.int64) * n_kinds + activity) * len(regions) + to) * n_kinds + to_activity
    repeated = pd.Series(flow).duplicated().to_numpy()
    if repeated.any():
        first = ", ".join(str(rows[name].iloc[int(np.flatnonzero(repeated)[0])]) for name in _COLUMNS)
        faults.add(f"{int(repeated.sum()):,} flows stand twice, such as {first}", field="region")
    faults.refuse_if_any(_HEADING)

    def held(where: np.ndarray, producer: np.ndarray) -> np.ndarray:
        found = np.zeros(n_producers)
        found[producer[where]] = values[where]
        return found

    row, column = seller * n_sectors + activity, to * n_sectors + to_activity
    sale = to_producer & ~is_paid
    intermediate = np.zeros((n_producers, n_producers))
    intermediate[row[sale], column[sale]] = values[sale]
    is_final = to_activity == final
    final_demand = np.zeros((n_producers, len(regions))) if is_final.any() else None
    if final_demand is not None:
        final_demand[row[is_final], to[is_final]] = values[is_final]
    return InputOutput(
        regions=regions, sectors=sectors, year=years[0], intermediate=intermediate, final_demand=final_demand,
        value_added=held(activity == added, column), output=held(to_activity == output, row), unit=unit, file=file,
        taxes=held(activity == taxed, column),
    )


def by_producer(values: pd.DataFrame, table: InputOutput) -> np.ndarray:
    """Gives a table of region x activity by producer of an input-output table [R*S], NaN where it lacks one.

    `values` is what `Evidence.values` gives: jobs of the socio-economic accounts, say, for the table of the same release.
    """
    return values.reindex(index=list(table.regions), columns=list(table.sectors)).to_numpy(dtype=float).ravel()


def _flows(seller: ArrayLike, activity: ArrayLike, to: ArrayLike, to_activity: ArrayLike, values: np.ndarray) -> list[np.ndarray]:
    """Spreads places over the flows they hold for."""
    places = (np.broadcast_to(np.asarray(part, dtype=np.int16), values.shape) for part in (seller, activity, to, to_activity))
    return [*places, values]


def _positions(column: pd.Series, names: tuple[str, ...]) -> np.ndarray:
    """Gives the place of each cell among names, -1 where it is none of them."""
    index = pd.Index(names, dtype=object)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return index.get_indexer(column.cat.categories.astype(object))[column.cat.codes.to_numpy()]
    return index.get_indexer(pd.Index(column.astype(object)))
