"""Where a region sits in value chains, and what value and jobs it keeps: from input-output tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from redqueen.evidence.evidence import Evidence
from redqueen.evidence.flows import by_producer
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.places import REST_OF_WORLD
from redqueen.indicators.leontief import Leontief
from redqueen.indicators.specialisation import location_quotient
from redqueen.indicators.value_chain import imported_input_share, value_added_per_output
from redqueen.lab.tables import FORMAT, OUTSIDE
from redqueen.studies.choosing import words_of

__all__ = ["chain"]

#: Products of which a region keeps less than this part of all that it keeps are not named.
LEAST_KEPT = 0.01
# What is outside a table or a simulated world has no jobs of its own.
_NOWHERE = (REST_OF_WORLD, OUTSIDE)


def chain(tables: Sequence[Evidence], region: str, year: int, notes: list[str]) -> dict[str, Any]:
    """Measures a region in the last input-output table up to a year, and what it kept in the first one.

    exports (gross, in the table's unit), domestic_share, backward, forward (% of exports: value added at home, value added abroad,
    and value used in others' exports); vax: value added that ends abroad, % of exports. sectors: those with most exports, each with
    exports, share_of_exports (%), rca, value_added_share of output (%), imported_inputs (% of inputs), upstreamness (sales to final
    use).
    kept: final products of the whole world that make at least 1 % of what it keeps, those first of which it
    keeps the largest share: value (the unit), share (% of the product's final sales), share_before, and jobs (in jobs_unit) where a
    table of jobs tells them. Empty where no table shows the region; `notes` then say why.
    """
    years = sorted(
        {(one.year, place): one for table in tables for place, one in enumerate(table.tables)}.items(), key=lambda item: item[0]
    )
    every = [one for _, one in years]
    if not every:
        return {}
    known = [one for one in every if one.year <= year] or every[:1]
    showing = [one for one in known if region in one.regions and one.final_demand is not None]
    if not showing:
        where = " (it is within the rest of the world)" if REST_OF_WORLD in known[-1].regions else ""
        notes.append(f"The input-output table of {known[-1].year} does not show {region} by itself{where}")
        return {}
    last, first = showing[-1], showing[0]
    if last.year > year:
        notes.append(f"The input-output table is of {last.year}, after {year}")
    words = words_of(sorted(tables, key=lambda table: not table.tables), "activity")
    simulated = any(table.format == FORMAT and last in table.tables for table in tables)
    same = [one.file for one in showing if one.year == last.year and one is not last]
    if same:
        notes.append(f"Of the input-output tables of {last.year}, {last.file} is used, not {', '.join(same)}")
    accounts = Leontief.of(last)
    found = _measured(last, accounts, region, words, simulated=simulated)
    jobs = _jobs(tables, last, notes)
    found |= {
        "jobs_unit": None if jobs is None else jobs[1],
        "kept": _kept(last, accounts, region, words, None if jobs is None else jobs[0])
    }
    if first.year < last.year and first.sectors == last.sectors:
        accounts = Leontief.of(first)
        earlier = _measured(first, accounts, region, words, simulated=simulated)
        before = {one["activity"]: one["share"] for one in _kept(first, accounts, region, words, None)}
        for one in found["kept"]:
            one["share_before"] = before.get(one["activity"])
        found["year_before"] = first.year
        found["before"] = {name: earlier[name] for name in ("exports", "domestic_share", "backward", "forward", "vax")}
    return found


def _measured(table: InputOutput, accounts: Leontief, region: str, words: dict[str, str], *, simulated: bool) -> dict[str, Any]:
    place, n_sectors = table.regions.index(region), len(table.sectors)
    home = accounts.home(place)
    whole = accounts.exports_decomposition().by_region()
    exports = accounts.exports.sum(axis=1)
    sold = exports.reshape(len(table.regions), n_sectors).copy()
    if simulated:
        # What comes from outside a simulated world is no region's export.
        sold[[one in _NOWHERE for one in table.regions]] = 0.0
    rca = location_quotient(sold)[place]
    taken = accounts.participation()
    regional = taken.by_region()
    vax = accounts.value_added_exports_ratio()[place]
    added = value_added_per_output(table.value_added, table.output)[home]
    imported = imported_input_share(table.intermediate, len(table.regions))[place]
    upstream = accounts.upstreamness()[home]
    mine = exports[home]
    sectors = [
        {
            "activity": table.sectors[one], "name": words.get(table.sectors[one], table.sectors[one]), "exports": float(mine[one]),
            "share_of_exports": float(100 * mine[one] / mine.sum()), "rca": float(rca[one]),
            "value_added_share": float(100 * added[one]),
            "imported_inputs": float(100 * imported[one]), "upstreamness": float(upstream[one]),
        }
        for one in sorted(range(n_sectors), key=lambda one: (-mine[one], one)) if mine[one] > 0
    ]
    return {
        "year": table.year, "table": table.file, "unit": table.unit, "exports": float(mine.sum()),
        "domestic_share": float(100 * whole.share("domestic_value_added")[place]),
        "backward": float(100 * regional.backward_share[place]),
        "forward": float(100 * regional.forward_share[place]), "vax": float(100 * vax), "sectors": sectors,
    }


def _kept(
    table: InputOutput, accounts: Leontief, region: str, words: dict[str, str], jobs: np.ndarray | None
) -> list[dict[str, Any]]:
    """Lists final products of the whole world by what the region keeps of each, in all stages of their chains."""
    place, n_sectors = table.regions.index(region), len(table.sectors)
    final = np.stack([accounts.final_demand_for(sectors=[one]) for one in range(n_sectors)], axis=1)
    value = accounts.value_captured(final)[place].sum(axis=0)
    supported = None if jobs is None else accounts.jobs_supported(jobs, final)[place].sum(axis=0)
    sold = final.sum(axis=0)
    share = np.divide(value, sold, out=np.zeros(n_sectors), where=sold > 0)
    return [
        {
            "activity": table.sectors[one], "name": words.get(table.sectors[one], table.sectors[one]), "value": float(value[one]),
            "share": float(100 * share[one]), "share_before": None,
            "jobs": None if supported is None else float(supported[one]),
        }
        for one in sorted(range(n_sectors), key=lambda one: (-share[one], one)) if value[one] >= LEAST_KEPT * value.sum()
    ]


def _jobs(tables: Sequence[Evidence], table: InputOutput, notes: list[str]) -> tuple[np.ndarray, str] | None:
    """Gives jobs by producer [R*S], with their unit, where a table of activities tells them in the year; None otherwise."""
    for one in tables:
        if one.kind != "activities" or "jobs" not in one.units or table.year not in one.years:
            continue
        if not set(table.sectors) & set(one.activities):
            continue
        jobs = by_producer(one.values("jobs", table.year), table)
        unknown = np.isnan(jobs).reshape(len(table.regions), -1).all(axis=1)
        lacking = [
            region for region, is_unknown in zip(table.regions, unknown, strict=True) if is_unknown and region not in _NOWHERE
        ]
        if lacking:
            notes.append(f"Jobs are not known of {', '.join(lacking)}: those that final products support there are left out")
        return np.nan_to_num(jobs), one.units["jobs"]
    return None
