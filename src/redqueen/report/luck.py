"""Show what the shared luck is worth: tables, one document, a figure over the horizon."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from redqueen.lab.luck import Luck, alone_from
from redqueen.lab.outcomes import BY_NAME, WORLD
from redqueen.report.terminal import say, table
from redqueen.report.words import title_of

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure
    from rich.console import Console

__all__ = ["luck_document", "luck_figure", "show_luck"]

#: Outcomes of the figure, one panel each.
DRAWN = ("value_added", "jobs", "quality_sold", "firms", "research_spending", "novel_share")

_WHAT_IT_IS = (
    "Ratio: variance of the difference between two worlds with the same luck, over what it would be with luck of their own: "
    "var(a - b) / (var a + var b). 0: luck cancels; 1: sharing it gains nothing. One paired seed is worth 1 / ratio unpaired ones."
)
_STAR = (
    "* the interval lies below 1: sharing luck helps. Alone from: the horizon from which every interval holds 1, so that these "
    "seeds cannot tell pairs from strangers; few seeds have wide intervals, and say so early."
)


def show_luck(console: Console, result: xarray.Dataset, rows: Sequence[Luck], *, region: str) -> None:
    """Prints the ratio by outcome and horizon, one table a policy; with intervals where a single outcome was measured."""
    shown = [row for row in rows if row.region == (WORLD if BY_NAME[row.outcome].of_the_world else region)]
    for policy in dict.fromkeys(row.policy for row in shown):
        mine = [row for row in shown if row.policy == policy]
        title = f"Shared luck of {policy} and {mine[0].to}, {region}, {mine[0].seeds} seeds"
        if len({(row.outcome, row.stage) for row in mine}) == 1:
            _show_one(console, result, mine, f"{title}: {BY_NAME[mine[0].outcome].words}")
        else:
            _show_outcomes(console, result, mine, title)
    say(console, _WHAT_IT_IS)
    for reason in dict.fromkeys(row.reason for row in shown if row.reason):
        names = dict.fromkeys(_words(row) for row in shown if row.reason == reason)
        where = "" if len(names) == len({_words(row) for row in shown}) else f"{', '.join(names)}: "
        say(console, f"{where}{reason}.")


def luck_document(result: xarray.Dataset, rows: Sequence[Luck], command: str) -> dict[str, Any]:
    """Gives what `redqueen luck --json` prints."""
    return {
        "case": str(result.attrs["case"]),
        "seeds": result.sizes["seed"],
        "reference": rows[0].to if rows else None,
        "what": _WHAT_IT_IS,
        "by_horizon": _by_horizon(rows),
        "rows": [asdict(row) for row in rows],
        "alone_from": [
            {**dict(zip(("policy", "region", "outcome", "stage"), key, strict=True)), "horizon": alone_from(mine)}
            for key, mine in _by_outcome(rows).items()
        ],
        "command": command,
    }


def luck_figure(result: xarray.Dataset, rows: Sequence[Luck], *, region: str, command: str | None = None) -> Figure:
    """Draws the ratio over the horizon with its interval: one panel an outcome, one line a policy."""
    from redqueen.report.figures import COLOURS, FAINT, INK, drawing

    mine = [row for row in rows if row.region == region and row.stage is None and row.ratio is not None]
    there = list(dict.fromkeys(row.outcome for row in mine))
    names = [name for name in DRAWN if name in there] or there[: len(DRAWN)]
    policies = list(dict.fromkeys(row.policy for row in mine if row.outcome in names))
    columns = min(3, max(1, len(names)))
    lines = max(1, -(-len(names) // columns))
    with drawing() as pyplot:
        size = 0.8 + 3.6 * columns, 2.7 * lines + 1.5
        figure, axes = pyplot.subplots(lines, columns, squeeze=False, sharex=True, sharey=True, figsize=size)
        for axis, name in zip(axes.flat, names, strict=False):
            axis.axhline(1, color=INK, linewidth=0.9)
            for position, policy in enumerate(policies):
                own = [row for row in mine if (row.outcome, row.policy) == (name, policy)]
                colour = COLOURS[position % len(COLOURS)]
                # Side by side, so that intervals at one horizon do not hide each other.
                years = [row.horizon + 0.4 * (position - (len(policies) - 1) / 2) for row in own]
                ratios = [row.ratio for row in own]
                axis.plot(years, ratios, color=colour, marker="o", markersize=3.5, linewidth=1.5, label=title_of(result, policy))
                for year, row in zip(years, own, strict=True):
                    if row.high is not None:
                        axis.plot([year, year], [row.low, row.high], color=colour, linewidth=1.2, alpha=0.6)
            axis.set_title(BY_NAME[name].words)
            axis.set_ylim(0, 2)
            axis.locator_params(axis="y", nbins=5)
            axis.set_xlim(0, None)
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        for axis in axes[:, 0]:
            axis.set_ylabel("paired / unpaired variance")
        for axis in axes[-1]:
            axis.set_xlabel("years from the start")
        axes.flat[0].legend(frameon=False, fontsize=7.5, loc="upper left")
        figure.suptitle(f"What sharing luck leaves of the variance, {region}", x=0.01, ha="left", fontsize=13, fontweight="bold")
        note = (
            "At 1 two worlds might as well have luck of their own. Bars: 95 % intervals by a jackknife over "
            f"{result.sizes['seed']} seeds. Made by: {command or result.attrs['command']}"
        )
        # A character of 7.5 points is about 0.062 inches wide.
        note = textwrap.fill(note, int(figure.get_figwidth() / 0.062), break_on_hyphens=False)
        figure.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color=FAINT)
    return figure


def _show_outcomes(console: Console, result: xarray.Dataset, rows: Sequence[Luck], title: str) -> None:
    horizons = sorted({row.horizon for row in rows})
    cells = []
    for key, mine in _by_outcome(rows).items():
        by_horizon = {row.horizon: row for row in mine}
        first = alone_from(mine)
        words = f"{_words(mine[0])}{f', {key[-1]}' if key[-1] else ''}"
        cells.append((words, *(_cell(by_horizon[horizon]) for horizon in horizons), "-" if first is None else f"{first:g}"))
    heads = [f"{horizon:g} y" for horizon in horizons]
    table(console, ("outcome", *heads, "alone from"), cells, title=title, right=(*heads, "alone from"), whole=heads)
    ends = ", ".join(_year(result, row) for row in _one_each(rows))
    say(console, f"{_STAR} Windows end at these years from the start, in {ends}.\n")


def _show_one(console: Console, result: xarray.Dataset, rows: Sequence[Luck], title: str) -> None:
    heads = ("years", "year", "ratio", "95 % interval", "worth", "differ")
    cells = [
        (
            f"{row.horizon:g}", _year(result, row), _cell(row), "-" if row.high is None else f"{row.low:.2f} to {row.high:.2f}",
            "-" if row.worth is None else f"{row.worth:.1f}", f"{row.differing} of {row.seeds}",
        )
        for row in rows
    ]
    table(console, heads, cells, title=title, right=heads, whole=heads)
    say(console, "worth: unpaired seeds that one paired seed is worth. differ: seeds in which the two worlds differ at all.\n")


def _cell(row: Luck) -> str:
    if row.ratio is None:
        return "-  "
    return f"{row.ratio:.2f}{' *' if row.high is not None and row.high < 1 else '  '}"


def _year(result: xarray.Dataset, row: Luck) -> str:
    """Gives the year of the last quarter of a window."""
    return f"{int(result['time'].values[row.window[1] - 1])}"


def _one_each(rows: Sequence[Luck]) -> list[Luck]:
    return sorted({row.horizon: row for row in rows}.values(), key=lambda row: row.horizon)


def _by_outcome(rows: Sequence[Luck]) -> dict[tuple[str, str, str, str | None], list[Luck]]:
    found: dict[tuple[str, str, str, str | None], list[Luck]] = {}
    for row in rows:
        found.setdefault((row.policy, row.region, row.outcome, row.stage), []).append(row)
    return found


def _by_horizon(rows: Sequence[Luck]) -> list[dict[str, float]]:
    """Sums up the rows of regions that have an interval: how many, their median ratio, how many intervals lie below 1."""
    found = []
    for horizon in sorted({row.horizon for row in rows}):
        mine = [
            (row.ratio, row.high) for row in rows
            if row.horizon == horizon and row.ratio is not None and row.high is not None and row.region != WORLD
        ]
        if mine:
            median, below = statistics.median(ratio for ratio, _ in mine), sum(high < 1 for _, high in mine)
            found.append({"horizon": horizon, "rows": len(mine), "median": median, "below_one": below})
    return found


def _words(row: Luck) -> str:
    return BY_NAME[row.outcome].words
