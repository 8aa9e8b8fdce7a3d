"""Show a search of mixes: tables, one document, policy files that run again, and the front as a figure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redqueen
from redqueen.errors import Refused
from redqueen.lab.intervals import LEVEL
from redqueen.lab.mixes import Levers
from redqueen.lab.outcomes import DOWN, shown
from redqueen.lab.search import DECILE, Mix, Scores
from redqueen.policies.policy import Policy
from redqueen.policies.writing import policy_text
from redqueen.report.terminal import say, table
from redqueen.report.words import effect_words, number, unit_words
from redqueen.studies.mixing import Found

if TYPE_CHECKING:
    import matplotlib.figure
    from rich.console import Console

__all__ = ["FILES", "front_figure", "mix_columns", "mix_rows", "pages_of", "policy_file", "search_document", "show_search"]

#: Files of a search, beside one for each mix of the front.
FILES = ("front.csv", "mixes.csv", "search.json", "front.png", "front.svg")

_WHAT_IT_IS = (
    "Effects are against doing nothing on the same luck: means over {members}, in {unit}. Chosen: with the seeds and points of the "
    "search, which the choice flatters; fresh: with {fresh}, which it does not. Cost: public cost in % of the region's value "
    "added over the whole history; at most {budget:g} % was allowed.{worst}"
)
_WORST = " Worst tenth: the lowest decile over points."
_HOLDS = "* within the budget, and beaten by no other mix of the front, on fresh luck as well."


def show_search(console: Console, found: Found) -> None:
    """Prints the front, by rising cost, with what its mixes did when chosen and on fresh luck, and what they are."""
    tried = [mix for mix in found.mixes if mix.scores is not None]
    within = [mix for mix in tried if mix.scores is not None and mix.scores.cost <= found.budget]
    failed = len(found.mixes) - len(tried)
    title = f"Mixes for {found.region} that no other beats within {_percent(found.budget)} of value added: {found.outcome.words}"
    if not found.best:
        say(console, f"No mix is within the budget of {_percent(found.budget)}: {len(tried)} were tried.")
        return
    rows, worst = [], []
    for place, mix in enumerate(found.best, 1):
        chosen, fresh = (_shown(found, one) for one in (mix.scores, mix.fresh))
        effect, interval = effect_words(fresh["effect"], fresh["low"], fresh["high"])
        holds = "*" if found.holds(mix) else ""
        rows.append(
            (f"mix_{place}", _signed(chosen["effect"]), effect, interval, _number(chosen["cost"]), _number(fresh["cost"]), holds)
        )
        worst.append((f"mix_{place}", _signed(chosen["worst"]), _signed(fresh["worst"])))
    heads = ("mix", "effect, chosen", "fresh", f"{100 * LEVEL:g} % interval", "cost, chosen", "fresh", "")
    table(console, heads, rows, title=title, right=heads[1:-1], whole=heads[3:4])
    if found.samples is not None:
        columns = ("mix", "worst tenth, chosen", "fresh")
        table(console, columns, worst, title="Effect at the worst tenth of the points", right=columns[1:])
    for place, mix in enumerate(found.best, 1):
        say(console, f"mix_{place}: {_parts(mix, found.levers)}{_known(mix)}", indent="  ")
    console.print()
    others = [mix for mix in tried if mix.known_as and mix.intensities and mix not in within]
    for mix in others:
        assert mix.scores is not None
        say(console, f"Beyond the budget: {', '.join(mix.known_as)} costs {_percent(mix.scores.cost)}.")
    say(
        console,
        f"{len(tried)} mixes were tried, {len(within)} of them within the budget{f', and {failed} failed' if failed else ''}.",
    )
    if found.skipped:
        say(console, f"Not tried, as they are no mixes of these levers: {', '.join(found.skipped)}.")
    say(console, _words(found))
    say(console, _HOLDS)


def search_document(found: Found, command: str) -> dict[str, Any]:
    """Gives what `redqueen search --json` prints; effects in the outcome's unit of effects, costs as shares of value added."""
    return {
        "case": found.case,
        "region": found.region,
        "outcome": found.outcome.name,
        "unit": found.outcome.effect_unit,
        "budget": found.budget,
        "levers": [{**vars(lever), "unit": lever.declared.unit} for lever in found.levers.levers],
        "from": found.levers.start,
        "until": found.levers.until,
        "evaluations": found.evaluations,
        "seeds": list(found.seeds[0]),
        "fresh_seeds": list(found.seeds[1]),
        "uncertain": {} if found.samples is None else {name: list(limits) for name, limits in found.samples.ranges.items()},
        "points": 1 if found.samples is None else len(found.samples),
        "front": [
            {
                "mix": f"mix_{place}",
                "intensities": dict(mix.intensities),
                "known_as": list(mix.known_as),
                "chosen": _document(found, mix.scores),
                "fresh": _document(found, mix.fresh),
                "holds": found.holds(mix),
            }
            for place, mix in enumerate(found.best, 1)
        ],
        "tried": [
            {
                "intensities": dict(mix.intensities),
                "known_as": list(mix.known_as),
                "scores": _document(found, mix.scores),
                "failure": mix.failure,
            }
            for mix in found.mixes
        ],
        "skipped": list(found.skipped),
        "command": command,
    }


def mix_columns(found: Found, *, fresh: bool) -> tuple[str, ...]:
    """Names the columns of `mix_rows`."""
    scores = ("effect", "low", "high", "worst_tenth", "cost_share")
    return (
        "mix",
        "known_as",
        *scores,
        *((f"fresh_{name}" for name in scores) if fresh else ()),
        *(("holds",) if fresh else ()),
        *found.levers.names,
    )


def mix_rows(found: Found, *, fresh: bool) -> Iterator[tuple[Any, ...]]:
    """Lists the mixes of the front with both figures, or all that were tried in their order; levers not used have no cell."""
    for place, mix in enumerate(found.best if fresh else found.mixes, 1):
        both = (mix.scores, mix.fresh) if fresh else (mix.scores,)
        scores = [
            value for one in both for value in (_document(found, one) or {}).values()
        ] if all(both) else [None] * (5 * len(both))
        more = (int(found.holds(mix)),) if fresh else ()
        yield (
            f"mix_{place}" if fresh else place,
            " ".join(mix.known_as),
            *scores,
            *more,
            *(mix.intensities.get(name) for name in found.levers.names),
        )


def policy_file(policy: Policy, found: Found, command: str) -> str:
    """Gives a policy of the front as a file that can be run again: `redqueen compare CASE --policies FILE --region REGION`."""
    question = f"Which mix does most for {found.region} within {_percent(found.budget)} of its value added?"
    return policy_text(replace(policy, question=question), heading=f"Written by redqueen {redqueen.__version__}: {command}")


def pages_of(found: Found, command: str) -> dict[str, str]:
    """Gives the policy files of the front by name."""
    source = f"chosen: found by {command}"
    return {
        f"mix_{place}.toml": policy_file(found.policy(place, source), found, command) for place in range(1, len(found.best) + 1)
    }


def front_figure(found: Found, command: str) -> matplotlib.figure.Figure:
    """Draws effect against cost: all mixes tried, the front when chosen and on fresh luck; below what the front is made of."""
    from redqueen.report.figures import BETTER, FAINT, GRID, INK, UNCLEAR, WORSE, drawing

    ours = [mix.intensities for mix in found.best]
    names = [name for name in found.levers.names if any(name in mix.intensities for mix in found.best)]
    several = found.samples is not None
    panels = ["effect", *(["worst"] if several else [])]
    with drawing() as pyplot:
        tall = 1 if not found.best else 0.26 * len(names) + 0.9
        figure, axes = pyplot.subplots(
            2,
            len(panels),
            squeeze=False,
            figsize=(4.9 * len(panels) + (0.6 if several else 2.4), 3.9 + tall + 1.2),
            height_ratios=[3.9, tall],
        )
        for axis, score in zip(axes[0], panels, strict=True):
            tried = [(_shown(found, mix.scores), mix) for mix in found.mixes if mix.scores is not None]
            reach = max([100 * found.budget, *(_shown(found, mix.fresh)["cost"] for mix in found.best)]) * 1.6
            shown_mixes = [(one, mix) for one, mix in tried if one["cost"] <= reach]
            axis.plot(
                [one["cost"] for one, _ in shown_mixes],
                [one[score] for one, _ in shown_mixes],
                "o",
                markersize=3.5,
                color=UNCLEAR,
                alpha=0.55,
            )
            for one, mix in shown_mixes:
                if mix.known_as and mix.intensities and mix.intensities not in ours:
                    axis.annotate(
                        mix.known_as[0].replace("_", " "),
                        (one["cost"], one[score]),
                        xytext=(4, -8),
                        textcoords="offset points",
                        fontsize=6.5,
                        color=FAINT,
                    )
            for place, mix in enumerate(found.best, 1):
                chosen, fresh = _shown(found, mix.scores), _shown(found, mix.fresh)
                axis.plot([chosen["cost"], fresh["cost"]], [chosen[score], fresh[score]], color=GRID, linewidth=1.2, zorder=1)
                axis.plot(chosen["cost"], chosen[score], "o", markersize=6, markerfacecolor="white", markeredgecolor=WORSE)
                if score == "effect" and math.isfinite(fresh["low"]):
                    axis.plot([fresh["cost"]] * 2, [fresh["low"], fresh["high"]], color=BETTER, linewidth=1.4, alpha=0.5)
                axis.plot(fresh["cost"], fresh[score], "o", markersize=6, color=BETTER)
                axis.annotate(
                    str(place), (fresh["cost"], fresh[score]), xytext=(5, 3), textcoords="offset points", fontsize=8, color=INK
                )
            axis.axvline(100 * found.budget, color=INK, linewidth=1, linestyle=(0, (4, 2.5)))
            axis.axhline(0, color=INK, linewidth=0.9, zorder=1)
            axis.set_xlim(-0.03 * reach, reach)
            axis.set_ylim(
                *_heights([one[score] for one, _ in shown_mixes] + [_shown(found, mix.fresh)[score] for mix in found.best])
            )
            axis.set_xlabel("public cost in value added, %", fontsize=8.5, color=FAINT)
            axis.set_ylabel(unit_words(found.outcome.effect_unit))
            axis.set_title("Mean effect" if score == "effect" else f"Worst {100 * DECILE:g} % of the points")
        _draw_parts(axes[1, 0], found, names)
        for axis in axes[1, 1:]:
            axis.set_visible(False)
        figure.suptitle(
            f"Mixes under a budget: {found.outcome.words}, {found.region}", x=0.01, ha="left", fontsize=13, fontweight="bold"
        )
        note = (
            f"Grey: mixes tried ({len(found.mixes)}). Hollow: the front as chosen; filled, with a {100 * LEVEL:g} % interval "
            "over luck: the same mixes on fresh luck. Dashed: the budget. Below: intensity in each lever's range, empty where it "
            "is not used. "
            f"Simulated. Made by: {command}"
        )
        note = textwrap.fill(note, int(figure.get_figwidth() / 0.062), break_on_hyphens=False)
        figure.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color=FAINT)
    return figure


def _heights(values: list[float]) -> tuple[float, float]:
    """Gives the limits of an axis that shows all values; intervals of few seeds may pass them."""
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.25 * (high - low or 1.0)
    return low - room, high + room


def _draw_parts(axis: Any, found: Found, names: list[str]) -> None:
    from redqueen.report.figures import BETTER, INK

    by_name = {lever.instrument: lever for lever in found.levers.levers}
    for column, mix in enumerate(found.best):
        for row, name in enumerate(names):
            if name in mix.intensities:
                lever = by_name[name]
                part = abs(mix.intensities[name]) / max(abs(lever.low), abs(lever.high))
                axis.add_patch(_square(column, row, BETTER, 0.15 + 0.85 * part))
                axis.text(
                    column,
                    row,
                    f"{mix.intensities[name]:.3g}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if part > 0.45 else INK,
                )
    axis.set_xlim(-0.5, max(1, len(found.best)) - 0.5)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xticks(range(len(found.best)), [str(place) for place in range(1, len(found.best) + 1)])
    axis.set_yticks(
        range(len(names)), [f"{name.replace('_', ' ')}{' *' if by_name[name].per else ''}" for name in names], fontsize=8
    )
    axis.tick_params(axis="y", labelcolor=INK)
    axis.grid(visible=False)
    axis.set_title("What mixes are made of (* for each 1,000 workers)")


def _square(column: int, row: int, colour: str, strength: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.47, row - 0.42), 0.94, 0.84, facecolor=colour, alpha=strength, linewidth=0)


def _shown(found: Found, scores: Scores | None) -> dict[str, float]:
    """Gives scores for people: effects in the outcome's unit and direction, cost in %; NaN where there are none."""
    document = _document(found, scores) or {}
    cost = document.get("cost_share")
    return {
        **{name: math.nan if document.get(name) is None else document[name] for name in ("effect", "low", "high")},
        "worst": math.nan if document.get("worst_tenth") is None else document["worst_tenth"],
        "cost": math.nan if cost is None else 100 * cost,
    }


def _document(found: Found, scores: Scores | None) -> dict[str, Any] | None:
    """Gives scores in the outcome's unit of effects and its own direction."""
    if scores is None:
        return None
    turn = -1.0 if found.outcome.better == DOWN else 1.0
    low, high = sorted((turn * scores.low, turn * scores.high)) if math.isfinite(scores.low) else (math.nan, math.nan)
    effects = {
        "effect": turn * scores.effect,
        "low": low,
        "high": high,
        "worst_tenth": None if scores.worst is None else turn * scores.worst,
    }
    return {
        **{
            name: None if value is None or not math.isfinite(value) else shown(found.outcome, value)
            for name, value in effects.items()
        },
        "cost_share": scores.cost,
    }


def _parts(mix: Mix, levers: Levers) -> str:
    by_name: Mapping[str, Any] = {lever.instrument: lever for lever in levers.levers}
    return ", ".join(
        f"{name.replace('_', ' ')} {number(value)}{' for each 1,000 workers' if by_name[name].per else ''}"
        for name, value in mix.intensities.items()
    )


def _known(mix: Mix) -> str:
    return f" (this is {', '.join(mix.known_as)})" if mix.known_as else ""


def _words(found: Found) -> str:
    first, second = (f"{seeds[0]}-{seeds[-1]}" for seeds in found.seeds)
    points = "" if found.samples is None else f" and {len(found.samples)} points of {', '.join(found.samples.names)}"
    others = "" if found.samples is None else " at points drawn anew"
    return _WHAT_IT_IS.format(
        members=f"seeds {first}{points}",
        unit=unit_words(found.outcome.effect_unit),
        fresh=f"seeds {second}{others}",
        budget=100 * found.budget,
        worst=_WORST if found.samples is not None else "",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.1f}"


def save_front(found: Found, folder: Path, command: str) -> bool:
    """Writes the figure as PNG and SVG; says whether it could be drawn."""
    from redqueen.report.figures import save

    try:
        figure = front_figure(found, command)
    except Refused:
        return False
    save(figure, folder, "front")
    return True
