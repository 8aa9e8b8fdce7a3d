"""The figures of a page as data: what the lab measured of a scenario's trial, ready to be drawn elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redqueen.lab.compare import compare
from redqueen.lab.futures import Futures, futures_everywhere
from redqueen.lab.outcomes import BY_NAME, OUTCOMES, measured, variables_of
from redqueen.lab.red_queen import VARIABLES as COURSE_VARIABLES
from redqueen.lab.red_queen import courses
from redqueen.lab.structure import (
    CHAIN_VARIABLES, firm_sizes, supplies_across, supplies_between, ties_between, ties_by_kind, value_by_stage, value_shares,
)
from redqueen.studies.known import happened, known_facts, variables_of_facts
from redqueen.studies.scenario import PAGE, Mix, Scenario

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.pool import Firms

__all__ = ["VIEWS", "Look", "effect_rows", "picture", "variables_of_view"]

#: Outcomes that a table of effects shows: those of the headline.
HEADLINE = tuple(outcome for outcome in OUTCOMES if outcome.headline)
#: Ways in which firms come and go.
TURNOVER = ("entries", "exits", "spinoffs", "public_spinoffs", "returnee_firms", "venture_firms", "affiliates_opened")
_FIRMS = "firms"


@dataclass(frozen=True)
class Look:
    """Holds what a picture is made of: scenario, result so far, whether all of it is there, firms at the end by policy."""

    scenario: Scenario
    result: xarray.Dataset
    done: bool
    firms: Callable[[str], list[Firms]]

    @property
    def window(self) -> tuple[int, int]:
        """Gives the quarters over which effects are measured."""
        last = self.result.sizes["quarter"]
        return max(0, last - self.scenario.window), last

    @property
    def names(self) -> dict[str, str]:
        """Gives the page's policy, those pinned and the reference, by the names that a page has, with those of the result."""
        return {**self.scenario.names(), self.scenario.reference: self.scenario.reference}

    @functools.cached_property
    def ready(self) -> dict[str, str]:
        """Gives of `names` those of which a member has come in."""
        there = (self.result["failure"] == "").any("seed")
        has = {str(name): bool(found) for name, found in zip(there["policy"].values, there.values, strict=True)}
        return {name: run for name, run in self.names.items() if has.get(run)}


def variables_of_view(view: str, scenario: Scenario, *, done: bool = True) -> tuple[str, ...]:
    """Names the recorded variables that a picture needs; before all is done only what moves at once."""
    asked = variables_of((BY_NAME[scenario.outcome],))
    first: tuple[str, ...] = {
        "outlook": asked,
        "compare": asked,
        "structure": variables_of((BY_NAME[_FIRMS],)),
        "red_queen": COURSE_VARIABLES,
    }[view]
    more: tuple[str, ...] = {
        "outlook": (*variables_of(HEADLINE), *CHAIN_VARIABLES, *variables_of_facts(scenario.found)),
        "compare": variables_of(HEADLINE),
        "structure": ("flows", "ties_between", "ties", *variables_of(tuple(BY_NAME[name] for name in TURNOVER))),
        "red_queen": (),
    }[view]
    return tuple(dict.fromkeys((*first, *(more if done else ()))))


def picture(view: str, look: Look) -> dict[str, Any]:
    """Gives the data of a view: "outlook", "compare", "structure" or "red_queen"."""
    scenario, outcome = look.scenario, BY_NAME[look.scenario.outcome]
    titles = scenario.titles()
    return {
        "case": scenario.case, "region": scenario.shown, "outcome": outcome.name, "unit": outcome.unit, "words": outcome.words,
        "effect_unit": outcome.effect_unit, "better": outcome.better, "reference": scenario.reference,
        "policies": [{"name": name, "title": titles[name], "run": run} for name, run in look.names.items()],
        "time": look.result["time"].values.tolist(), "window": look.window,
        **VIEWS[view](look),
    }


def effect_rows(
    look: Look, policy: str, outcomes: Sequence[str], regions: Sequence[str] | None, to: str | None = None
) -> list[dict[str, Any]]:
    """Gives effects of a policy as `redqueen compare --json` prints them, under the names that the page has."""
    run, other = look.names[policy], look.names[to or look.scenario.reference]
    if run == other or policy not in look.ready or (to or look.scenario.reference) not in look.ready:
        return []
    found = compare(look.result, run, other, outcomes=list(outcomes), regions=regions, window=look.scenario.window)
    return [{**row, "policy": policy, "to": to or look.scenario.reference} for row in found.to_json_rows()]


def _outlook(look: Look) -> dict[str, Any]:
    scenario = look.scenario
    fans = _fans(look, scenario.outcome, [PAGE, scenario.reference])
    rows = [row for name in look.scenario.names() for row in effect_rows(look, name, [scenario.outcome], None)]
    more: dict[str, Any] = {"table": None, "flows": None, "value": None, "cost": None, "facts": None}
    if look.done:
        table = effect_rows(look, PAGE, [one.name for one in HEADLINE], [scenario.shown])
        cost = next((row["level_policy"] for row in table if row["outcome"] == "public_cost_share"), None)
        more = {"table": table, "flows": _flows(look), "value": _value(look), "cost": cost, "facts": _facts(look)}
    return {"fans": fans, "effects": rows, **more}


def _facts(look: Look) -> dict[str, Any]:
    """Gives the known facts of the case as `redqueen compare` measures them, and the policy under which it does."""
    from redqueen.report.known import known_document

    case = look.scenario.found
    rows = known_document(known_facts(look.result, case), case, look.result["time"].values)
    policy = happened(case)
    return {"policy": policy, "title": Mix(policy).title(case), "rows": rows}


def _compare(look: Look) -> dict[str, Any]:
    scenario = look.scenario
    of_region = _fans(look, scenario.outcome, list(look.names))
    fans = of_region.get(scenario.shown) or next(iter(of_region.values()), {})
    headline = [one.name for one in HEADLINE] if look.done else [scenario.outcome]
    regions = [scenario.shown]
    pinned = [name for name in scenario.names() if name != PAGE]
    return {
        "fans": fans,
        "effects": [row for name in scenario.names() for row in effect_rows(look, name, headline, regions)],
        "differences": [row for name in pinned for row in effect_rows(look, PAGE, headline, regions, to=name)],
    }


def _structure(look: Look) -> dict[str, Any]:
    scenario = look.scenario
    fans = _fans(look, _FIRMS, [PAGE, scenario.reference]).get(scenario.shown, {})
    later = ("ties", "supplies", "sizes", "turnover", "turnover_paths")
    found: dict[str, Any] = {"firms": {"fans": fans}, **dict.fromkeys(later)}
    if not look.done:
        return found
    place = scenario.found.world.regions.index(scenario.shown)
    shown = [PAGE, scenario.reference]
    found["sizes"] = {name: firm_sizes(look.firms(look.names[name]), place)._asdict() for name in shown}
    between, kinds = ties_between(look.result), ties_by_kind(look.result, look.window)
    found["ties"] = {
        "year": _year(look), "unit": "ties", "links": _links(look, between),
        "by_kind": [
            {"region": str(region), "kind": str(kind), **_both(look, kinds.sel(region=region, tie_kind=kind))}
            for region in kinds["region"].values for kind in kinds["tie_kind"].values
        ],
    }
    found["supplies"] = _flows(look)
    found["turnover"] = []
    for name in TURNOVER:
        values = measured(look.result, BY_NAME[name], look.window).mean("seed")
        found["turnover"] += [
            {"region": region, "kind": name, "words": BY_NAME[name].words, **_both(look, values.sel(region=region))}
            for region in scenario.found.world.regions
        ]
    paths = {name: _fans(look, name, [PAGE]).get(scenario.shown, {}).get(PAGE) for name in ("entries", "exits")}
    medians = {name: one and one["cuts"][2] for name, one in paths.items()}
    found["turnover_paths"] = {"time": look.result["time"].values.tolist(), **medians}
    return found


def _red_queen(look: Look) -> dict[str, Any]:
    found = courses(look.result)
    paths: dict[str, dict[str, Any]] = {}
    for region in _regions(look):
        paths[region] = {
            name: {
                key: value.tolist() if hasattr(value, "tolist") else value
                for key, value in found[region, run]._asdict().items()
            }
            for name, run in look.names.items() if name in (PAGE, look.scenario.reference) and (region, run) in found
        }
    return {"paths": paths}


#: What each view shows.
VIEWS: Mapping[str, Callable[[Look], dict[str, Any]]] = {
    "outlook": _outlook, "compare": _compare, "structure": _structure, "red_queen": _red_queen,
}


def _regions(look: Look) -> list[str]:
    """Lists the regions of the scenario's world."""
    return list(look.scenario.found.world.regions)


def _fans(look: Look, outcome: str, policies: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Gives the futures of an outcome by region and policy, those named that have a member; others stand in until all are run."""
    runs = {name: look.names[name] for name in policies if name in look.ready}
    reference = look.scenario.reference
    if not runs:
        return {}
    stand_in = None if look.done or reference not in look.ready else reference
    found = futures_everywhere(look.result, outcome, list(dict.fromkeys(runs.values())), standing_in=stand_in)
    regions = dict.fromkeys(region for region, _ in found)
    return {region: {name: _fan(found[region, run]) for name, run in runs.items()} for region in regions}


def _fan(one: Futures) -> dict[str, Any]:
    cuts = (one.lowest, one.low, one.median, one.high, one.highest)
    return {"time": one.time.tolist(), "cuts": [cut.tolist() for cut in cuts]}


def _flows(look: Look) -> dict[str, Any]:
    across, links = supplies_across(look.result), _links(look, supplies_between(look.result))
    return {
        "year": _year(look), "unit": "money/quarter", "regions": _regions(look), "links": links,
        "across": {
            region: {way: _both(look, values.sel(region=region)) for way, values in across.items()} for region in _regions(look)
        },
    }


def _value(look: Look) -> dict[str, Any]:
    found = value_by_stage(look.result)
    links = [
        {"stage": str(stage), "region": str(region), **_both(look, found.sel(stage=stage, region=region))}
        for stage in found["stage"].values for region in found["region"].values
    ]
    shares = value_shares(look.result)
    of_regions = {region: _both(look, shares.sel(region=region)) for region in _regions(look)}
    return {"year": _year(look), "unit": "money/quarter", "links": links, "shares": of_regions}


def _links(look: Look, between: xarray.DataArray) -> list[dict[str, Any]]:
    regions = _regions(look)
    return [
        {"from": region, "to": other, **_both(look, between.sel(region=region, to_region=other))}
        for region in regions for other in regions
    ]


def _both(look: Look, values: xarray.DataArray) -> dict[str, float]:
    """Gives a value under the page's policy and under the reference."""
    return {
        "value": float(values.sel(policy=look.names[PAGE])), "reference": float(values.sel(policy=look.scenario.reference)),
    }


def _year(look: Look) -> int:
    return int(look.result["year"].values[-1])
