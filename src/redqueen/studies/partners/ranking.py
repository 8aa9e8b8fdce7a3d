"""Ranks regions and organisations by how well they complement a region for an activity, and says why and through whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from redqueen.errors import Refused
from redqueen.evidence.classifications import industry, industry_names
from redqueen.evidence.distance import distances
from redqueen.evidence.evidence import DIASPORA, Evidence
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.places import REST_OF_WORLD, name_of
from redqueen.studies.choosing import choose_activity, choose_region, words_of
from redqueen.studies.diagnose.panel import panel
from redqueen.studies.partners.bridging import Edge, Network, Node, Step, organisation_reach
from redqueen.studies.partners.complementing import Capabilities, Need, Needs, input_needs, related_needs, sector_panel
from redqueen.studies.partners.organisations import Organisation, organisations_of
from redqueen.studies.partners.rating import ORGANISATION, REGION, Partner, rate_organisations, rate_regions
from redqueen.studies.partners.reaching import SPAN, Weights, estimate, features_of, formations, stated_weights
from redqueen.studies.partners.ties import Series, Ties, tie_series

__all__ = ["Partners", "partners"]

_SHOWN = 8
_FOR = "redqueen partners"


@dataclass(frozen=True)
class Partners:
    """Holds the partners of a region for an activity, best first: at most so many regions and so many organisations as were
    asked for.

    `measure` and `year` are those of the table that tells who has what; `needs` lists what the region lacks, of all tables;
    `weights` are those of reach; `notes` say what is not known.
    """

    region: str
    name: str
    activity: str
    activity_name: str
    measure: str
    year: int
    needs: list[Need]
    partners: list[Partner]
    weights: Weights
    notes: list[str]


def partners(
    tables: Sequence[Evidence], region: str, activity: str, *, year: int | None = None, top: int = 10, sector: str | None = None
) -> Partners:
    """Ranks the partners of a region for an activity, from tables of any kind, up to a year (by default the last).

    score = 100 (covers x offers x reach)^(1/3) over that of the best: a partner has what the region lacks, gets something
    back and can be reached, each as needful as the others. Tables of activities say who has what; tables of ties, trade and
    inputs who is tied to whom; a register adds organisations; an input-output table adds the inputs of `sector` (by default
    that of the activity's industry). Refuses a region or an activity that no table has, with the nearest names.
    """
    used = [table for table in tables if table.kind != "organisations"]
    code = choose_region(region, used)
    notes: list[str] = []
    flows = _latest(used, year)
    names = _names(used)
    target, capabilities = _capabilities(used, flows, activity, code, year, names)
    chosen = capabilities.panel.year
    candidates = [one for one in capabilities.panel.regions if one not in (code, REST_OF_WORLD)]
    activity_name = capabilities.panel.names.get(target, target)
    related = related_needs(capabilities, code, target)
    lacking = [one for one in [related, *_input_needs(used, flows, code, target, sector, year, names, notes)] if one.any]
    needs = [one.shared(len(lacking)) for one in lacking]
    already = float(capabilities.rca[capabilities.panel.place(code), capabilities.panel.activities.index(target)])
    if already >= 1:
        notes.insert(0, f"{names[code]} has {activity_name} already (RCA {already:.2f}): partners bring what surrounds it")
    if related.widened and related.any:
        notes.append(
            f"{names[code]} has what stands out as near to {activity_name}: listed is what it lacks of what is nearer than most"
        )
    if not needs:
        notes.append(f"{names[code]} lacks nothing that {activity_name} is known to need: nobody complements it there")
    series = tie_series(used)
    networks = [ties for one in series.values() if (ties := one.at(chosen if year is None else year)) is not None]
    weights, chances = _chances(series, networks, [code, *candidates], chosen, names, notes)
    organisations = _organisations(tables, capabilities, [code, *candidates], notes)
    ranked = rate_regions(code, candidates, needs, capabilities, chances, names)
    if related.any:
        reach = organisation_reach(code, chances, organisations)
        ranked += rate_organisations(code, organisations, needs[0], capabilities, reach)
    network = Network(networks, organisations)
    far = dict(zip([code, *candidates], distances([code, *candidates])[0], strict=True))
    return Partners(
        region=code,
        name=names[code],
        activity=target,
        activity_name=activity_name,
        measure=capabilities.panel.measure,
        year=chosen,
        needs=sorted((need for one in needs for need in one.listed(code)), key=lambda need: -need.part),
        partners=[_explained(one, code, network, networks, far, names) for one in _best(ranked, top)],
        weights=weights,
        notes=notes,
    )


def _names(tables: Sequence[Evidence]) -> dict[str, str]:
    """Gives the words for every region, from the tables or from what countries are usually called."""
    known = {region for table in tables for region in table.regions}
    known.update(region for table in tables if "partner" in table.rows for region in table.rows["partner"].unique())
    return {**{region: name_of(region) for region in sorted(known)}, **words_of(tables, "region")}


def _capabilities(
    tables: Sequence[Evidence], flows: InputOutput | None, activity: str, region: str, year: int | None, names: Mapping[str, str]
) -> tuple[str, Capabilities]:
    """Gives the activity and who can do what, from the first table that has the activity."""
    table, target = _table_of(tables, activity)
    laid_out = (
        sector_panel(flows, table.names.get("activity"))
        if table.kind == "input_output" and flows is not None
        else panel(table, year)
    )
    if laid_out is None:
        raise Refused.one(
            f"the table that has {target} has no year up to {year} with several regions and activities",
            field="--year",
            remedy=f"it starts in {table.years[0]}",
            heading=_FOR,
        )
    if region not in laid_out.regions:
        listed = ", ".join(laid_out.regions[: 2 * _SHOWN])
        raise Refused.one(
            f"the table that has {target} has nothing of {names[region]} in {laid_out.year}",
            field="--region",
            remedy=f"it has {listed}{' and more' if len(laid_out.regions) > 2 * _SHOWN else ''}",
            heading=_FOR,
        )
    if laid_out.values[-1][:, laid_out.activities.index(target)].sum() <= 0:
        raise Refused.one(f"no region has any {target} in {laid_out.year}", field="--for", heading=_FOR)
    return target, Capabilities(laid_out)


def _table_of(tables: Sequence[Evidence], activity: str) -> tuple[Evidence, str]:
    refused = []
    for table in tables:
        if table.kind in ("activities", "trade", "input_output"):
            try:
                return table, choose_activity(activity, table)
            except Refused as refusal:
                refused.append(refusal)
    if not refused:
        raise Refused.one(
            "no table of activities was given", remedy="give patents, exports or jobs by region and activity", heading=_FOR
        )
    # That several fit in one table says more than that none fits in another; so does a name that is near.
    raise min(refused, key=lambda one: ("fits several" not in str(one), "did you mean" not in str(one)))


def _latest(tables: Sequence[Evidence], year: int | None) -> InputOutput | None:
    """Gives the input-output table of the last year up to `year`, or the first there is."""
    found = sorted((one for table in tables for one in table.tables), key=lambda one: one.year)
    before = [one for one in found if year is None or one.year <= year]
    return before[-1] if before else (found[0] if found else None)


def _input_needs(
    tables: Sequence[Evidence],
    flows: InputOutput | None,
    region: str,
    target: str,
    sector: str | None,
    year: int | None,
    names: Mapping[str, str],
    notes: list[str],
) -> list[Needs]:
    """Gives what the region lacks among the inputs of the activity's sector, where a table and a sector are known."""
    if flows is None:
        if sector is not None:
            raise Refused.one(
                "no input-output table was given to have the sector", field="--sector", remedy="give one with --io", heading=_FOR
            )
        return []
    if sector is not None and sector not in flows.sectors:
        raise Refused.one(
            f"the input-output table has no sector '{sector}'",
            field="--sector",
            remedy=f"it has {', '.join(flows.sectors)}",
            heading=_FOR,
        )
    known = [
        target,
        *(one for name in industry_names() if target in industry(name).technologies for one in industry(name).sectors),
    ]
    sector = sector or next((one for one in known if one in flows.sectors), None)
    if sector is None:
        notes.append(
            f"No sector of the input-output table is known for {target}, and its inputs are left out: --sector names one"
        )
        return []
    if region not in flows.regions:
        notes.append(f"The input-output table does not show {names[region]} by itself, and inputs are left out")
        return []
    if year is not None and flows.year > year:
        notes.append(f"The input-output table is of {flows.year}, after {year}: there is none before")
    words = words_of([table for table in tables if table.tables], "activity")
    return [input_needs(flows, Capabilities(sector_panel(flows, words)), region, sector)]


def _chances(
    series: Mapping[str, Series],
    networks: Sequence[Ties],
    regions: Sequence[str],
    year: int,
    names: Mapping[str, str],
    notes: list[str],
) -> tuple[Weights, dict[str, float]]:
    """Gives the weights of reach, and the chance of a close tie between the region, the first, and every other."""
    main = next((one for one in networks if one.measure not in DIASPORA), None)
    notes += [
        f"{one.measure.capitalize()} are of {one.year}, after {year}: there are none before"
        for one in networks
        if one.year > year
    ]
    weights = None
    if main is None:
        notes.append(f"No table of ties was given: reach rests on distance{' and diaspora' if networks else ''}")
    else:
        others = [one for name, one in series.items() if name != main.measure]
        weights = estimate(formations(series[main.measure], others, main.year, SPAN), main.measure)
    weights = weights or stated_weights()
    # Others of the network are no candidates, and common partners all the same.
    everyone = [*regions, *(one for one in (main.regions if main else ()) if one not in set(regions))]
    features, apart = features_of(everyone, main, [one for one in networks if one is not main])
    chance = weights.chance(features, apart)
    unknown = [
        names[one]
        for place, one in enumerate(regions)
        if place and not any(np.isfinite(found[0, place]) for found in features.values())
    ]
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        notes.append(f"Nothing tells how near these are, and they count as average: {', '.join(unknown[:_SHOWN])}{more}")
    return weights, dict(zip(regions[1:], map(float, chance[0, 1 : len(regions)]), strict=True))


def _organisations(
    tables: Sequence[Evidence], capabilities: Capabilities, regions: Sequence[str], notes: list[str]
) -> list[Organisation]:
    found: list[Organisation] = []
    for table in tables:
        if table.kind == "organisations":
            found += organisations_of(table, capabilities.panel.activities, capabilities.panel.names, regions)
    unknown = sorted({one for organisation in found for one in organisation.unknown})
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        notes.append(f"Capabilities that are no activity of the table count for nothing: {', '.join(unknown[:_SHOWN])}{more}")
    return found


def _best(ranked: Sequence[Partner], top: int) -> list[Partner]:
    """Keeps the best of each kind, and sets scores against the best of all; who brings or gains nothing is no partner."""
    real = sorted((one for one in ranked if one.score > 0), key=lambda one: (-one.score, one.partner))
    kept = [one for kind in (REGION, ORGANISATION) for one in [found for found in real if found.kind == kind][:top]]
    kept.sort(key=lambda one: (-one.score, one.partner))
    return [replace(one, score=100 * one.score / real[0].score) for one in kept]


def _explained(
    one: Partner, region: str, network: Network, networks: Sequence[Ties], far: Mapping[str, float], names: Mapping[str, str]
) -> Partner:
    """Adds through whom a partner is reached, and the ties that are there."""
    through = [_step(step, names) for step in network.path((REGION, region), (one.kind, one.partner))]
    if one.kind == ORGANISATION:
        return replace(one, through=through)
    ties = [_direct(ties, region, one.partner) for ties in networks if {region, one.partner} <= set(ties.regions)]
    distance = float(far[one.partner])
    return replace(one, through=through, ties=ties, distance=distance if np.isfinite(distance) else None)


def _direct(ties: Ties, region: str, other: str) -> dict[str, Any]:
    here, there = ties.regions.index(region), ties.regions.index(other)
    affinity = float(ties.affinity[here, there])
    return {
        "tie": ties.measure,
        "value": float(ties.weights[here, there]),
        "unit": ties.unit,
        "year": ties.year,
        "affinity": affinity if np.isfinite(affinity) else None,
    }


def _step(step: Step, names: Mapping[str, str]) -> dict[str, Any]:
    def called(node: Node) -> str:
        return names.get(node[1], node[1]) if node[0] == REGION else node[1]

    return {
        "from": step.start[1],
        "from_name": called(step.start),
        "from_kind": step.start[0],
        "to": step.end[1],
        "to_name": called(step.end),
        "to_kind": step.end[0],
        **_said(step.edge),
        "also": [_said(one) for one in step.also],
    }


def _said(edge: Edge) -> dict[str, Any]:
    return {("tie" if key == "measure" else key): value for key, value in asdict(edge).items() if value not in (None, "")}
