"""Puts a region's diagnosis together from whatever tables there are, and says what they cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from redqueen.errors import Faults, Refused
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.formats import formats
from redqueen.evidence.places import name_of
from redqueen.lab.tables import FORMAT
from redqueen.studies.choosing import choose_region, words_of
from redqueen.studies.diagnose.adjacent import Adjacent, adjacent
from redqueen.studies.diagnose.chain import chain
from redqueen.studies.diagnose.innovation import innovation
from redqueen.studies.diagnose.openness import openness
from redqueen.studies.diagnose.panel import Panel, panel
from redqueen.studies.diagnose.peers import peers
from redqueen.studies.diagnose.strengths import Strength, change, standing, strengths

__all__ = ["Diagnosis", "diagnose"]

# Layouts that say nothing of what a table is about: its file's name says more.
_PLAIN = ("long_table", "kept", FORMAT)


@dataclass(frozen=True)
class Diagnosis:
    """Holds what some tables tell of one region; each part is empty where no table tells it.

    `strengths`, `adjacent` (what may be gained) and `at_risk` (lost) of every table of activities; `standing`, `forecasts` (by what
    chances were made) and `change` one entry a table; `chain` from an
    input-output table; `openness` one entry a table of ties; `innovation` figures and distances to the frontier; `peers` the region
    and those like it. `notes` say what is not known and why. Shares are in % unless a docstring of the part says otherwise.
    """

    region: str
    name: str
    year: int
    strengths: list[Strength]
    standing: list[dict[str, Any]]
    adjacent: list[Adjacent]
    at_risk: list[Adjacent]
    forecasts: list[dict[str, Any]]
    chain: dict[str, Any]
    openness: list[dict[str, Any]]
    innovation: dict[str, Any]
    change: list[dict[str, Any]]
    peers: list[dict[str, Any]]
    notes: list[str]
    tables: list[dict[str, Any]] = field(default_factory=list)
    simulated: bool = False


def diagnose(
    tables: Sequence[Evidence], region: str, year: int | None = None, *, measure: str | None = None
) -> Diagnosis:
    """Diagnoses a region from tables of any kind, in a year (by default the last of the tables of activities that have it).

    `region` is a code, a name or a part of a name that no other has. Later years of the tables are left aside, so that a diagnosis
    of an earlier year uses what was known then. `measure` chooses among the measures of tables of activities. Refuses a region that
    no table has, and a year before all tables.
    """
    faults = Faults()
    usable = [table for table in tables if table.kind != "organisations"]
    if not usable:
        raise Refused.one(
            "no table of regions was given", remedy="give a table of activities by region and year", heading="diagnosing"
        )
    known = {name for table in usable for name in table.units}
    if measure is not None and measure not in known:
        faults.add(f"no table has the measure '{measure}'", field="--measure", remedy=f"there is {', '.join(sorted(known))}")
        faults.refuse_if_any("diagnosing")
    code = choose_region(region, usable)
    latest = max((max(table.years) for table in usable if table.years), default=None)
    if year is not None and latest is not None and year > latest:
        raise Refused.one(f"no table reaches {year}", field="--year", remedy=f"the last year is {latest}", heading="diagnosing")
    names = _names(usable)
    notes: list[str] = []
    panels = _panels(usable, code, year, measure, names, notes)
    if not panels:
        _refuse_without_panel(usable, code, year)
    chosen = year if year is not None else (
        max(one.year for _, one in panels) if panels else max(max(table.years, default=0) for table in usable)
    )
    mode = innovation(usable, [one for _, one in panels], code, chosen)
    figures = {one["measure"]: one["by_region"] for one in mode["figures"]}
    place = chain(usable, code, chosen, notes)
    near = [adjacent(table, one, code) for table, one in panels]
    alike = _named(peers(panels[0][1], code, figures), names) if panels else []
    found = Diagnosis(
        region=code, name=names.get(code, code), year=chosen,
        strengths=[row for _, one in panels for row in strengths(one, code)],
        standing=[standing(one, code) for _, one in panels],
        adjacent=[row for one in near for row in one.gains],
        at_risk=[row for one in near for row in one.losses],
        forecasts=[{"table": one.table, "measure": one.measure, "model": one.model, "note": one.note} for one in near],
        chain=place,
        openness=_named(openness(usable, code, chosen), names),
        innovation=_of_region(mode, [one["region"] for one in alike] or [code], names),
        change=[found for _, one in panels if (found := change(one, code)) is not None],
        peers=alike,
        notes=notes,
        tables=[_source(table) for table in usable],
        simulated=any(table.format == FORMAT for table in usable),
    )
    _say_missing(found, notes)
    _say_unused(found, usable, notes)
    return found


def _panels(
    tables: Sequence[Evidence], region: str, year: int | None, measure: str | None, names: dict[str, str], notes: list[str]
) -> list[tuple[Evidence, Panel]]:
    found = []
    for table in tables:
        if table.kind not in ("activities", "trade"):
            continue
        if measure is not None and measure not in table.units:
            continue
        one = panel(table, year, measure, title=_title(table))
        if one is None:
            notes.append(
                f"{_title(table)} has no year up to {year} with several regions and activities"
                if year else f"{_title(table)} has too few regions or activities"
            )
        elif region not in one.regions:
            notes.append(f"{names.get(region, region)} is not in {_title(table)} of {one.year}")
        else:
            found.append((table, one))
    return found


def _refuse_without_panel(tables: Sequence[Evidence], region: str, year: int | None) -> None:
    """Refuses when nothing can be said: no table of any kind has the region up to the year."""
    has = [table for table in tables if region in table.regions and (year is None or not table.years or min(table.years) <= year)]
    if not has:
        first = min((min(table.years) for table in tables if table.years), default=None)
        raise Refused.one(
            f"no table has {region} in {year} or before", field="--year", remedy=f"the first year is {first}" if first else None,
            heading="diagnosing"
        )


def _say_missing(found: Diagnosis, notes: list[str]) -> None:
    if not found.strengths:
        notes.append(
            "What it is distinctively good at, and what is near: give a table of region, activity, year, value (exports, "
            "patents, jobs)"
        )
    if not found.chain:
        notes.append("Its place in the value chain, and the value it keeps: give an input-output table that shows it with --io")
    if found.chain and all(one.get("jobs") is None for one in found.chain.get("kept", [])):
        notes.append("Jobs in its chains: give a table of jobs by region and the input-output table's sectors")
    if not found.openness:
        notes.append("How open its network is: give a table of ties, such as co-authored articles by pair of regions")
    if not found.innovation["figures"]:
        notes.append("Its innovation mode and income: give tables of R&D by type, of R&D intensity, of income per head")


def _say_unused(found: Diagnosis, tables: Sequence[Evidence], notes: list[str]) -> None:
    """Names tables that do not have the region, so that nobody looks for what they would say."""
    for table in tables:
        if table.kind in ("regions", "ties") and found.region not in {
            *table.regions, *(table.rows["partner"] if "partner" in table.rows else ())
        }:
            notes.append(f"{found.name} is not in {_title(table)} ({', '.join(file.name for file in table.files)})")


def _names(tables: Sequence[Evidence]) -> dict[str, str]:
    words = words_of(tables, "region")
    for table in tables:
        for region in table.regions:
            words.setdefault(region, name_of(region))
    return words


def _named(rows: list[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    """Puts words beside every code of a region, at any depth."""
    def put(one: Any) -> Any:
        if isinstance(one, dict):
            one = {key: put(value) for key, value in one.items()}
            return {**one, "name": names.get(one["region"], one["region"])} if isinstance(one.get("region"), str) else one
        return [put(value) for value in one] if isinstance(one, list) else one

    return [put(row) for row in rows]


def _of_region(mode: dict[str, Any], shown: list[str], names: dict[str, str]) -> dict[str, Any]:
    """Keeps of other regions' figures only the paths of those shown, the region itself first."""
    figures = [{key: value for key, value in one.items() if key != "by_region"} for one in mode["figures"]]
    paths = [
        {
            "measure": one["measure"],
            "regions": [
                {
                    "region": region, "name": names.get(region, region), "years": [year for year, _ in path],
                    "values": [value for _, value in path]
                }
                for region in shown if (path := one["regions"].get(region))
            ],
        }
        for one in mode["paths"]
    ]
    frontier = [{**one, "leader": names.get(one["leader"], one["leader"])} for one in mode["frontier"]]
    return {**mode, "figures": figures, "paths": paths, "frontier": frontier}


def _title(table: Evidence) -> str:
    """Gives the publisher's table in words, or the file of a table that is nobody's."""
    known = formats().get(table.format)
    files = ", ".join(file.name for file in table.files)
    return known.title if known and table.format not in _PLAIN else files or table.format


def _source(table: Evidence) -> dict[str, Any]:
    known = formats().get(table.format)
    years = [table.years[0], table.years[-1]] if table.years else []
    return {
        "files": [file.name for file in table.files], "title": known.title if known else table.format, "kind": table.kind,
        "measures": table.measures or [table.kind.replace("_", "-")], "years": years, "units": dict(table.units),
        "notes": list(table.notes),
    }
