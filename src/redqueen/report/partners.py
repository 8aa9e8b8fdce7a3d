"""Show who complements a region, why and through whom, and how well such rankings did before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from redqueen.evidence.evidence import STAY_RATE
from redqueen.report.terminal import paragraph, say, table
from redqueen.report.words import number

if TYPE_CHECKING:
    from rich.console import Console

    from redqueen.studies.partners import Evaluation, Partner, Partners, Reason

#: Needs that are listed, and partners that get a paragraph of their own.
NEEDS, PARAGRAPHS = 8, 5


def show_partners(console: Console, found: Partners) -> None:
    """Prints what the region lacks, its partners best first, a paragraph for each of the first, and what is not known."""
    say(console, f"{found.name}, {found.activity_name}: partners by {found.measure} of {found.year}", style="bold")
    console.print()
    lacking = [(need.name, need.why, _figure(need.rca, 2), _percent(need.part)) for need in found.needs[:NEEDS]]
    if lacking:
        table(
            console,
            ("lacks", "why it counts", "RCA", "part"),
            lacking,
            title="What it needs and lacks",
            right=("RCA", "part"),
            whole=("why it counts",),
        )
    heads = ("score", "covers", "offers", "reach")
    rows = [
        (
            str(place),
            one.name,
            one.kind,
            f"{one.score:.0f}",
            _percent(one.covers),
            _percent(one.offers),
            _percent(one.reach),
            _way(one),
        )
        for place, one in enumerate(found.partners, 1)
    ]
    if rows:
        table(
            console,
            ("", "partner", "kind", *heads, "by way of"),
            rows,
            title="Who complements it",
            right=("", *heads),
            whole=("kind",),
        )
        say(
            console,
            "covers: the partner's share of all regions' capacity in what is lacking; offers: the same in return; "
            "reach: how likely a close tie is (an order, no probability: docs/partners.md); score: their geometric mean, 100 for "
            "the best.",
        )
        console.print()
    for place, one in enumerate(found.partners[:PARAGRAPHS], 1):
        paragraph(console, f"{place}. {one.name}", [sentence for sentence in _sentences(one, found) if sentence])
    if not rows:
        say(console, "Nobody is found who has what it lacks and gains in return.")
    paragraph(console, "Reach", f"{_basis(found)}.")
    paragraph(console, "Notes", found.notes)


def show_evaluation(console: Console, found: Evaluation) -> None:
    """Prints how many hidden ties each ranking found, and how it compares with gravity and distance."""
    if found.start == found.end:
        title = f"{found.measure.capitalize()} of {found.start}: pairs hidden and found again"
    else:
        title = f"{found.measure.capitalize()} that became close from {found.start} to {found.end}, ranked as of {found.start}"
    say(console, title, style="bold")
    say(
        console,
        f"{found.formed} of {found.pairs} pairs reached an affinity of {found.threshold:g}, in {found.regions} regions. "
        f"A list in random order has {found.by_chance:.2f} hits among its first 10.",
    )
    console.print()
    rows = [
        (
            one.ranking,
            _figure(one.hits, 2),
            _range(one.hits_low, one.hits_high),
            _figure(one.auc, 2),
            _range(one.auc_low, one.auc_high),
        )
        for one in found.results
    ]
    heads = ("hits at 10", "interval", "AUC", "interval ")
    table(console, ("ranking", *heads), rows, title="Mean over regions, 95 % interval over regions", right=heads, whole=heads)
    rows = [
        (
            one.ranking,
            f"{one.over_gravity:+.2f}",
            _range(one.over_gravity_low, one.over_gravity_high, "+"),
            f"{one.over_distance:+.2f}",
            _range(one.over_distance_low, one.over_distance_high, "+"),
        )
        for one in found.results
    ]
    heads = ("over gravity", "interval", "over distance", "interval ")
    table(
        console,
        ("ranking", *heads),
        rows,
        title="Hits at 10, against two baselines",
        right=heads,
        whole=("interval", "interval "),
    )
    paragraph(console, "Reach", f"{_basis(found)}.")
    paragraph(console, "Notes", found.notes)


def _sentences(one: Partner, found: Partners) -> list[str]:
    return [
        f"brings: {_listed(one.brings, found.name)}" if one.brings else "",
        f"gains from {found.name}: {_listed(one.gains, one.name)}" if one.gains else "",
        f"through: {_path(one.through)}" if one.through else "through: nobody known, no ties lead there",
        f"{number(one.distance)} km away" if one.distance is not None else "",
        "; ".join(
            f"{tie['tie']} {_figure(tie['affinity'], 2)} times what sizes would give"
            for tie in one.ties
            if tie["affinity"] is not None and tie["tie"] != STAY_RATE
        ),
    ]


def _listed(reasons: Sequence[Reason], lacking: str) -> str:
    return "; ".join(_reason(one, lacking) for one in reasons)


def _reason(one: Reason, lacking: str) -> str:
    """Says what one side has and how much of it the other, who lacks it, has."""
    own = f"RCA {_figure(one.rca, 2)}, " if one.rca is not None else ""
    there = f"; {lacking}'s RCA {_figure(one.rca_there, 2)}" if one.rca_there is not None else ""
    return f"{one.name} ({own}{_percent(one.share)} of all{there})"


def _path(steps: Sequence[Mapping[str, Any]]) -> str:
    """Says who leads to whom, over what."""
    first = steps[0]["from_name"]
    return " ".join([first, *(f"- {_tie(step)} -> {step['to_name']}" for step in steps)])


def _tie(step: Mapping[str, Any]) -> str:
    if "people_of" in step:
        words = (
            f"{step['tie']} of {step['people_of']} in {step['live_in']} {step['year']}: {number(step['value'])} {step['unit']}"
        )
    elif step.get("value") is None:
        words = str(step["tie"])
    else:
        words = f"{step['tie']} {step['year']}: {number(step['value'])} {step['unit']}"
    also = dict.fromkeys(other["tie"] for other in step["also"])
    return f"({words}{'; also ' + ', '.join(also) if also else ''})"


def _way(one: Partner) -> str:
    """Names whom the path leads over: nobody where the tie is direct."""
    if not one.through:
        return "-"
    between = [step["to_name"] for step in one.through[:-1]]
    if not between:
        return "direct"
    return between[0] if len(between) == 1 else f"{between[0]} and {len(between) - 1} more"


def _basis(found: Partners | Evaluation) -> str:
    weights = found.weights
    listed = ", ".join(
        f"{one.name} {one.value:+.2f}"
        + (f" ({one.low:+.2f} to {one.high:+.2f})" if one.low is not None and one.high is not None else "")
        for one in weights.weights
    )
    counted = f", {weights.formed} of {weights.pairs} pairs became close" if weights.pairs else ""
    return f"Weights {weights.basis}{counted}; log odds per standard deviation: {listed}"


def _figure(value: float, places: int) -> str:
    return f"{value:.{places}f}"


def _range(low: float, high: float, sign: str = "") -> str:
    return f"{low:{sign}.2f} to {high:{sign}.2f}"


def _percent(part: float) -> str:
    return f"{part:.1%}".replace("%", " %")
