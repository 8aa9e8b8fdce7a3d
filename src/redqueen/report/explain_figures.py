"""Draw why a policy has its effect: how much each assumption matters, the effect along the first few, and where its sign holds."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy

from redqueen.lab.explain.boxes import Box
from redqueen.lab.explain.explaining import Explanation
from redqueen.lab.outcomes import DOWN
from redqueen.model.parameters import PARAMETERS
from redqueen.report.explain import box_words, r2_words
from redqueen.report.figures import BETTER, COLOURS, FAINT, GRID, INK, UNCLEAR, WORSE, drawing
from redqueen.report.words import place_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["boxes_figure", "curves_figure", "figures_of", "weights_figure"]

#: Curves drawn, and rows of them.
CURVES, COLUMNS = 6, 3
#: How far above and below the middle of a row the two bars of an assumption stand.
_APART = 0.2
_VERBS = ("raises", "lowers")
_GREY = "grey: no more than luck; stroke: what luck alone would give"

_UNITS = {parameter.name: parameter.unit for parameter in PARAMETERS}


def figures_of(found: Explanation, command: str) -> dict[str, Figure]:
    """Draws what there is to draw, by the name of its file."""
    drawn = {}
    if found.screen is not None or found.indices is not None:
        drawn["explain_weights"] = weights_figure(found, command)
    if found.curves is not None:
        drawn["explain_curves"] = curves_figure(found, command)
    drawn["explain_boxes"] = boxes_figure(found, command)
    return drawn


def weights_figure(found: Explanation, command: str) -> Figure:
    """Draws mu* of the walks and the Sobol indices side by side, one row an assumption, with their intervals."""
    names = list(found.order)
    walked = {} if found.screen is None else {one.name: one for one in found.screen.assumptions}
    indexed = {} if found.indices is None else {one.name: one for one in found.indices.rows}
    panels = [kind for kind, there in (("walks", walked), ("indices", indexed)) if there]
    with drawing() as pyplot:
        figure, axes = pyplot.subplots(
            1, len(panels), squeeze=False, sharey=True, figsize=(2.0 + 3.6 * len(panels), 1.9 + 0.3 * len(names))
        )
        notes = []
        for axis, kind in zip(axes[0], panels, strict=True):
            if kind == "walks":
                for row, name in enumerate(names):
                    one = walked[name]
                    colour = COLOURS[0] if one.matters else UNCLEAR
                    axis.barh(row, one.mu_star or 0.0, height=0.55, color=colour, alpha=0.75)
                    if one.mu_low is not None:
                        axis.plot([one.mu_low, one.mu_high], [row, row], color=INK, linewidth=1.3)
                    if one.luck is not None:
                        axis.plot([one.luck, one.luck], [row - 0.4, row + 0.4], color=WORSE, linewidth=1.5)
                axis.set_title("Walks: mu*")
                axis.set_xlabel(found.unit, fontsize=8.5, color=FAINT)
                notes.append(f"{_place(panels, 0)}mean size of the effect of the whole range; {_GREY}.")
            else:
                for row, name in enumerate(names):
                    if name not in indexed:
                        axis.annotate(
                            "left out", (0, row), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7.5, color=FAINT
                        )
                        continue
                    index = indexed[name]
                    for place, colour, value, low, high in (
                        (row - _APART, COLOURS[0], index.total, index.total_low, index.total_high),
                        (row + _APART, COLOURS[4], index.first, index.first_low, index.first_high),
                    ):
                        axis.barh(place, max(0.0, value), height=0.36, color=colour, alpha=0.75)
                        axis.plot([low, high], [place, place], color=INK, linewidth=1.1)
                assert found.indices is not None
                axis.axvline(found.indices.idle, color=WORSE, linewidth=1.2, linestyle=(0, (4, 2.5)))
                axis.set_title("Share of the variance: total, alone")
                doubt = "" if found.surrogate.trusted else ": not to be trusted"
                axis.set_xlabel(f"Sobol index of the surrogate{doubt}", fontsize=8.5, color=FAINT)
                notes.append(
                    f"{_place(panels, 1)}dark total index, light the assumption alone; dashed: what one that was made up gets at "
                    f"most. R2 out of sample {r2_words(found.surrogate.quality.r2)}."
                )
            axis.set_xlim(left=0)
            axis.grid(visible=False, axis="y")
        axes[0, 0].set_yticks(range(len(names)), names)
        axes[0, 0].tick_params(axis="y", labelcolor=INK)
        axes[0, 0].set_ylim(len(names) - 0.5, -0.5)
        _words(figure, "What the effect hangs on", found, [*notes, "Lines: 95 % intervals."], command)
    return figure


def curves_figure(found: Explanation, command: str) -> Figure:
    """Draws the mean effect along the assumptions with the largest total index, over the points themselves."""
    assert found.curves is not None
    by_name = {one.name: one for one in found.curves}
    shown = [by_name[name] for name in found.order if name in by_name][:CURVES]
    with drawing() as pyplot:
        columns = min(len(shown), COLUMNS)
        rows = -(-len(shown) // columns)
        figure, axes = pyplot.subplots(rows, columns, squeeze=False, sharey=True, figsize=(2.9 * columns + 0.9, 2.5 * rows + 1.5))
        for axis, one in zip(axes.flat, shown, strict=False):
            column = found.names.index(one.name)
            axis.plot(found.values[:, column], found.effects, ".", color=UNCLEAR, markersize=4, alpha=0.6)
            axis.fill_between(one.values, one.low, one.high, color=COLOURS[0], alpha=0.22, linewidth=0)
            axis.plot(one.values, one.effect, color=COLOURS[0], linewidth=1.8)
            axis.axhline(0, color=INK, linewidth=0.9, zorder=1)
            for crossing in one.crossings if one.clear else ():
                axis.axvline(crossing, color=WORSE, linewidth=1.1, linestyle=(0, (4, 2.5)))
            axis.set_title(one.name, fontsize=9.5)
            axis.set_xlabel(_UNITS.get(one.name, ""), fontsize=8, color=FAINT)
            axis.margins(x=0.02)
            axis.locator_params(axis="x", nbins=5)
        for axis in axes.flat[len(shown) :]:
            axis.set_visible(False)
        # Outliers would flatten the curves: nine tenths of the points and all bands are in sight.
        low, high = numpy.quantile(found.effects, [0.03, 0.97])
        low, high = min(low, *(min(one.low) for one in shown)), max(high, *(max(one.high) for one in shown))
        axes[0, 0].set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        for axis in axes[:, 0]:
            axis.set_ylabel(found.unit, fontsize=8.5)
        hidden = int(((found.effects < axes[0, 0].get_ylim()[0]) | (found.effects > axes[0, 0].get_ylim()[1])).sum())
        notes = [
            "Line: mean effect over the others, by the surrogate; band: 95 %, its error included; dots: points, means over seeds.",
            "Dashed: where the mean crosses zero beyond its error." if any(one.clear for one in shown) else "",
            f"{hidden} points are out of sight." if hidden else "",
            "" if found.surrogate.trusted else "The surrogate is not to be trusted.",
        ]
        _words(figure, "The effect along each assumption", found, notes, command)
    return figure


def boxes_figure(found: Explanation, command: str) -> Figure:
    """Draws the points over the two assumptions that matter most to where the sign holds, and the boxes found."""
    boxes = [
        (verb, where.box) for verb, where in zip(_VERBS, (found.raises, found.lowers), strict=True) if isinstance(where.box, Box)
    ]
    panels: Sequence[tuple[str, Box | None]] = boxes or [("", None)]
    better = (BETTER, WORSE) if found.outcome.better != DOWN else (WORSE, BETTER)
    with drawing() as pyplot:
        figure, axes = pyplot.subplots(1, len(panels), squeeze=False, figsize=(1.8 + 3.8 * len(panels), 4.8))
        for axis, (verb, box) in zip(axes[0], panels, strict=True):
            across, up = _axes_of(found, box)
            _draw_points(axis, found, across, up, better)
            if box is not None:
                _draw_box(axis, found, box, across, up)
            axis.set_xlabel(across)
            axis.set_ylabel(up)
            axis.set_title("No box is to be believed" if box is None else f"{verb}: {_inside(box)}", fontsize=9.5)
        words = [
            f"Dots: points; {_colour(better[0])}: raises, {_colour(better[1])}: lowers, by the mean over {found.seeds} seeds.",
            "Frame: the box, over the assumptions drawn." if boxes else "",
        ]
        also = [f"{verb}: also {', '.join(rest)}" for verb, box in boxes if (rest := _rest(box, *_axes_of(found, box)))]
        _words(figure, "Where the sign holds", found, [*words, f"{'; '.join(also)}." if also else ""], command)
    return figure


def _axes_of(found: Explanation, box: Box | None) -> tuple[str, str]:
    """Gives the two assumptions to draw: those of the box, then those that matter most."""
    names = list(dict.fromkeys([*(one.name for one in (box.restrictions if box is not None else ())), *found.order]))
    return names[0], names[1] if len(names) > 1 else names[0]


def _draw_points(axis: Axes, found: Explanation, across: str, up: str, better: tuple[str, str]) -> None:
    first, second = (found.values[:, found.names.index(name)] for name in (across, up))
    for colour, rows in ((better[0], found.effects > 0), (better[1], found.effects <= 0)):
        axis.scatter(first[rows], second[rows], s=26, facecolor=colour, edgecolor="white", linewidth=0.6, zorder=3)


def _draw_box(axis: Axes, found: Explanation, box: Box, across: str, up: str) -> None:
    limits = {one.name: one for one in box.restrictions}
    corners = []
    for name in (across, up):
        low, high = found.ranges[name]
        one = limits.get(name)
        corners.append((low if one is None or one.low is None else one.low, high if one is None or one.high is None else one.high))
    (left, right), (bottom, top) = corners
    axis.fill(
        [left, right, right, left], [bottom, bottom, top, top], facecolor=GRID, edgecolor=INK, linewidth=1.4, zorder=2, alpha=0.75
    )


def _inside(box: Box) -> str:
    return f"{100 * box.density:.0f} % inside, {100 * box.coverage:.0f} % of all"


def _rest(box: Box, across: str, up: str) -> list[str]:
    return [box_words([one]) for one in box.restrictions if one.name not in (across, up)]


def _colour(code: str) -> str:
    return "blue" if code == BETTER else "orange"


def _place(panels: Sequence[str], position: int) -> str:
    return f"{('Left', 'Right')[position]}: " if len(panels) > 1 else "Bars: "


def _words(figure: Figure, heading: str, found: Explanation, notes: Sequence[str], command: str) -> None:
    """Puts heading and footer to a figure, folded to its width."""
    width = figure.get_figwidth()
    effect = f"{found.policy} against {found.to}, {found.outcome.words}, {place_words(found.region)}"
    figure.suptitle(
        "\n".join([heading, *textwrap.wrap(effect, int(width / 0.118))]), x=0.01, ha="left", fontsize=12, fontweight="bold"
    )
    said = " ".join(note for note in notes if note)
    text = f"{said} {found.points} points, {found.seeds} seeds. Simulated: case {found.case}. Made by: {command}"
    figure.supxlabel(textwrap.fill(text, int(width / 0.062), break_on_hyphens=False), x=0.01, ha="left", fontsize=7.5, color=FAINT)
