"""Show which policy is robust: tables by region, one document, rows for files and a figure of regrets."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.lab.directories import write_csv, write_json, write_text
from redqueen.lab.intervals import LEVEL
from redqueen.lab.outcomes import RATIO, Outcome, shown
from redqueen.lab.regret import KINDS, MAXIMUM, MEAN, QUANTILE, Figure, regret
from redqueen.report.terminal import say, table
from redqueen.report.words import counted, effect_words, number, unit_words
from redqueen.studies.robust import Place, Robustness

if TYPE_CHECKING:
    import matplotlib.figure
    from rich.console import Console

__all__ = ["point_rows", "robustness_document", "robustness_figure", "show_robustness", "standing_rows", "write_robustness"]

_BESIDE = 26

_WHAT_REGRET_IS = (
    "Regret: what the best policy at a point does beyond this one, in {unit}; mean over the points, what nine tenths of them keep "
    "below, and the largest. The best policy and the worst point are chosen with half of the seeds and read off the other half, "
    "over all cuts: too low, if anything, and below zero only by chance. An interval reaches up to what the same seeds give in "
    "both places, which is too high; it covers the luck and the choice of points ({level:g} %)."
)
_WHAT_SHARES_ARE = (
    "Best: share of the points where a policy has the highest mean over seeds; surely: where it beats every other beyond chance; "
    "maybe: where no other beats it so. Beats {reference}: share where it does better by more than {margin}; surely: beyond chance."
)

STANDING_COLUMNS = (
    "world",
    "region",
    "policy",
    "unit",
    *(f"{kind}_{part}" for kind in KINDS for part in ("regret", "low", "high", "naive", "rank")),
    "best",
    "surely_best",
    "maybe_best",
    "beats_reference",
    "surely_beats_reference",
    "points",
    "points_left_out",
    "seeds",
)


def show_robustness(console: Console, found: Robustness) -> None:
    """Prints how policies stand in every region, by rising mean regret, and what regions show together."""
    words = found.outcome.words
    for place in found.places:
        one = place.found
        left = f", {one.left_out} left out for missing members" if one.left_out else ""
        say(console, f"Regret in {words}, {place.label}: {counted(one.points, 'point')}{left}, {one.seeds} seeds", style="bold")
        heads = ("policy", "mean", f"{100 * LEVEL:g} % interval", "90 %", "largest", f"{100 * LEVEL:g} % interval")
        shares = (
            "policy",
            "ranks",
            "best",
            "surely",
            "maybe",
            *((f"beats {place.reference}", "surely") if place.reference in one.policies else ()),
        )
        rows, parts = [], []
        for policy in one.order(MEAN):
            mean, tail, most = (_limits(found.outcome, one.figures[kind][policy]) for kind in KINDS)
            rows.append((one.policies[policy], *_unsigned(mean), _unsigned(tail)[0], *_unsigned(most)))
            ranks = " ".join(str(one.rank(kind, policy)) for kind in KINDS)
            beats = (_share(one.beats[policy]), _share(one.surely_beats[policy])) if len(shares) > 5 else ()
            parts.append(
                (one.policies[policy], ranks, *(_share(part[policy]) for part in (one.best, one.surely, one.possibly)), *beats)
            )
        table(console, heads, rows, right=heads[1:], whole=heads)
        table(console, shares, parts, right=shares[1:], whole=shares)
    if len(found.places) > 1:
        _show_regions(console, found)
    unit, reference = found.outcome.effect_unit, found.places[0].reference
    said = {"unit": "% of its own" if unit == "%" else unit_words(unit), "level": 100 * LEVEL}
    say(console, _WHAT_REGRET_IS.format(**said))
    if any(figures[MAXIMUM].value <= figures[MEAN].value for place in found.places for figures in _by_policy(place)):
        say(console, "Where the largest is no larger than the mean, the seeds are too few to tell points apart.")
    if reference in found.places[0].found.policies:
        margin = f"{found.margin:g} {unit_words(unit)}"
        say(console, f"{_WHAT_SHARES_ARE.format(reference=reference, margin=margin)} Shares in %; ranks by mean, 90 % and largest.")


def robustness_document(found: Robustness, command: str) -> dict[str, Any]:
    """Gives what `redqueen robust --json` prints; regrets are in the outcome's unit of effects, shares from 0 to 1."""
    regions = []
    for place in found.places:
        one = place.found
        policies = [
            {
                "policy": name,
                **{
                    kind: {
                        **dict(
                            zip(
                                ("regret", "low", "high", "naive"),
                                _figures(found.outcome, one.figures[kind][position]),
                                strict=True,
                            )
                        ),
                        "rank": one.rank(kind, position),
                    }
                    for kind in KINDS
                },
                "best": one.best[position],
                "surely_best": one.surely[position],
                "maybe_best": one.possibly[position],
                "beats_reference": one.beats[position],
                "surely_beats_reference": one.surely_beats[position],
            }
            for position, name in enumerate(one.policies)
        ]
        regions.append(
            {
                "world": place.world,
                "region": place.region,
                "label": place.label,
                "reference": place.reference,
                "points": one.points,
                "points_left_out": one.left_out,
                "seeds": one.seeds,
                "best": place.best,
                "not_beaten": [one.policies[position] for position in one.unbeaten()],
                "policies": policies,
            }
        )
    verdicts = {"best": found.best, **{f"recipe_by_{kind}": verdict for kind, verdict in found.recipes.items()}}
    return {
        "outcome": found.outcome.name,
        "unit": found.outcome.effect_unit,
        "window": found.window,
        "within": found.within,
        "margin": found.margin,
        "regions": regions,
        "verdicts": {name: vars(verdict) for name, verdict in verdicts.items() if verdict is not None},
        "single": None if found.single is None else dict(zip(("policy", "worst_region", "best_there"), found.single, strict=True)),
        "command": command,
    }


def standing_rows(found: Robustness) -> Iterator[tuple[Any, ...]]:
    """Gives `STANDING_COLUMNS`, a row a region and policy."""
    for place in found.places:
        one = place.found
        for position, name in enumerate(one.policies):
            kinds = [
                part for kind in KINDS for part in (*_figures(found.outcome, one.figures[kind][position]), one.rank(kind, position))
            ]
            shares = [float(part[position]) for part in (one.best, one.surely, one.possibly, one.beats, one.surely_beats)]
            yield place.world, place.region, name, found.outcome.effect_unit, *kinds, *shares, one.points, one.left_out, one.seeds


def point_rows(found: Robustness) -> Iterator[tuple[Any, ...]]:
    """Gives every point of every region: the parameters there, the best policy, and the regret of each by its mean over seeds.

    The first row holds the names of the columns. These regrets are the naive ones of single points, which luck makes too large.
    """
    first = found.places[0]
    yield ("world", "region", "point", *first.parameters, "best", *(f"regret_{name}" for name in first.found.policies))
    for place in found.places:
        there = numpy.isfinite(place.values).all(axis=0)
        for point in numpy.flatnonzero(there.any(axis=1)):
            means = place.values[:, point, there[point]].mean(axis=1)
            losses = [shown(found.outcome, value) for value in regret(means)]
            values = () if place.points is None else place.points[point].tolist()
            yield place.world, place.region, int(point), *values, place.found.policies[int(means.argmax())], *losses


def write_robustness(folder: Path, found: Robustness, command: str) -> bool:
    """Writes tables, document and figure; says whether the figure could be drawn."""
    write_csv(folder / "robust.csv", STANDING_COLUMNS, standing_rows(found))
    rows = point_rows(found)
    write_csv(folder / "points.csv", next(rows), rows)
    write_json(folder / "robust.json", robustness_document(found, command))
    write_text(folder / "README", _README.format(command=command, outcome=found.outcome.words, quarters=found.window))
    from redqueen.errors import Refused
    from redqueen.report.figures import save

    try:
        save(robustness_figure(found, command), folder, "robust")
    except Refused:
        return False
    return True


def robustness_figure(found: Robustness, command: str) -> matplotlib.figure.Figure:
    """Draws regrets, one panel a region, one row a policy by their mean regret over all regions; below how often each is best."""
    from redqueen.report.figures import BETTER, FAINT, INK, UNCLEAR, WORSE, drawing

    places = found.places
    policies = places[0].found.policies
    overall = numpy.mean([[figure.value for figure in place.found.figures[MEAN]] for place in places], axis=0)
    order = sorted(range(len(policies)), key=lambda policy: overall[policy])
    titles = [
        textwrap.fill(places[0].titles.get(policies[policy]) or policies[policy].replace("_", " "), _BESIDE) for policy in order
    ]
    with drawing() as pyplot:
        height = 0.9 + 0.3 * sum(1 + 0.6 * title.count("\n") for title in titles)
        figure, axes = pyplot.subplots(
            2, len(places), squeeze=False, sharey=True, sharex="row", figsize=(2.2 + 3.1 * len(places), 2 * height + 1.4)
        )
        for column, place in enumerate(places):
            one = place.found
            axis, below = axes[:, column]
            for row, policy in enumerate(order):
                figures = {kind: [shown(found.outcome, value) for value in one.figures[kind][policy]] for kind in KINDS}
                mean = figures[MEAN]
                axis.plot([mean[1], mean[2]], [row, row], color=BETTER, linewidth=1.8, solid_capstyle="butt")
                axis.plot(mean[0], row, "o", markersize=5.5, color=BETTER)
                axis.plot(figures[QUANTILE][0], row, "|", markersize=9, markeredgewidth=1.8, color=UNCLEAR)
                axis.plot(figures[MAXIMUM][0], row, "D", markersize=4, markerfacecolor="white", markeredgecolor=WORSE)
                below.barh(row, 100 * one.surely[policy], height=0.55, color=BETTER)
                below.barh(
                    row,
                    100 * (one.best[policy] - min(one.best[policy], one.surely[policy])),
                    left=100 * one.surely[policy],
                    height=0.55,
                    color=BETTER,
                    alpha=0.35,
                )
                below.plot([0, 100 * one.possibly[policy]], [row + 0.36] * 2, color=FAINT, linewidth=1)
            axis.axvline(0, color=INK, linewidth=0.9, zorder=1)
            if found.within is not None and len(places) > 1:
                axis.axvline(found.within, color=FAINT, linewidth=1, linestyle=(0, (4, 2.5)), zorder=1)
            axis.set_title(place.label)
            axis.set_yticks(range(len(titles)), titles)
            for each in (axis, below):
                each.tick_params(axis="y", labelcolor=INK)
            axis.set_ylim(len(titles) - 0.5, -0.5)
            axis.set_xlabel(f"regret, {unit_words(found.outcome.effect_unit)}", fontsize=8.5, color=FAINT)
            below.set_xlabel("best at so many points, %", fontsize=8.5, color=FAINT)
            below.set_xlim(0, 100)
            for each in (axis, below):
                each.grid(visible=False, axis="y")
        figure.suptitle(
            f"What each policy loses against the best: {found.outcome.words}", x=0.01, ha="left", fontsize=13, fontweight="bold"
        )
        one = places[0].found
        dashed = (
            f" Dashed: {found.within:g} {unit_words(found.outcome.effect_unit)}."
            if found.within is not None and len(places) > 1
            else ""
        )
        note = (
            f"Above: dot and bar: mean regret and {100 * LEVEL:g} % interval; tick: 90 % of the points keep below; "
            f"diamond: largest.{dashed} "
            "Below: dark: best beyond chance; light: best by the mean over seeds; line: where no other is better beyond chance. "
            f"{counted(one.points, 'point')} of {len(places[0].parameters)} uncertain parameters, {one.seeds} seeds, "
            f"last {found.window} quarters."
        )
        note = textwrap.fill(f"{note} Simulated. Made by: {command}", int(figure.get_figwidth() / 0.062), break_on_hyphens=False)
        figure.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color=FAINT)
    return figure


_README = """Which policy is robust: regrets in {outcome}, means over the last {quarters} quarters.

Made again by: {command}

robust.csv, robust.json   regret of every policy in every region, with limits and ranks; how often it is best; verdicts
points.csv                every point: its parameters, the best policy, the regret of each by its mean over seeds (too large: luck)
robust.png, robust.svg    the regrets, drawn

All numbers are simulated.
"""


def _show_regions(console: Console, found: Robustness) -> None:
    say(console, f"Mean regret by region (largest at a point), in {unit_words(found.outcome.effect_unit)}", style="bold")
    labels = [place.label for place in found.places]
    rows = []
    for position, name in enumerate(found.places[0].found.policies):
        figures = [place.found.figures for place in found.places]
        cells = [
            f"{_value(found.outcome, one[MEAN][position].value)} ({_value(found.outcome, one[MAXIMUM][position].value)})"
            for one in figures
        ]
        rows.append((max(one[MEAN][position].value for one in figures), (name, *cells)))
    table(console, ("policy", *labels), [row for _, row in sorted(rows, key=lambda row: row[0])], right=labels, whole=labels)
    for verdict in (found.best, *found.recipes.values()):
        if verdict is not None:
            say(console, verdict.words, style="bold")
    if found.single is not None:
        single, region, best = found.single
        there = "which is the best there too" if best == single else f"where {best} does more"
        say(
            console,
            f"By the estimates the single policy that loses least where it loses most is {single}; that is in {region}, {there}.",
        )
    console.print()


def _limits(outcome: Outcome, figure: Figure) -> tuple[float, float, float]:
    return shown(outcome, figure.value), shown(outcome, figure.low), shown(outcome, figure.high)


def _by_policy(place: Place) -> Iterator[dict[str, Figure]]:
    for position in range(len(place.found.policies)):
        yield {kind: place.found.figures[kind][position] for kind in KINDS}


def _unsigned(limits: tuple[float, float, float]) -> tuple[str, str]:
    """Writes a regret and its interval to the places that mean something; its sign is no direction."""
    value, interval = effect_words(*limits)
    return value.removeprefix("+"), interval.replace("+", "")


def _share(part: float) -> str:
    return "-" if numpy.isnan(part) else f"{100 * part:.0f}"


def _figures(outcome: Outcome, figure: Figure) -> list[float]:
    return [shown(outcome, value) for value in figure]


def _value(outcome: Outcome, value: float) -> str:
    """Writes a regret; a percentage to one place."""
    # Adding zero turns minus zero round.
    return (
        f"{round(shown(outcome, value), 1) + 0.0:.1f}"
        if outcome.compared == RATIO or outcome.unit == "share"
        else number(shown(outcome, value))
    )
