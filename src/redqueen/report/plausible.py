"""Draw what is not ruled out, by pairs of parameters: how much lies behind each cell, and its least implausible point."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy

from redqueen.lab.fit.history_matching import Match
from redqueen.lab.fit.identification import least_implausible, optical_depth
from redqueen.lab.fit.remaining import whole
from redqueen.report.figures import FAINT, INK, drawing
from redqueen.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plausible_figure"]

#: Cells of a panel each way, and points over the whole space from which the least implausible of a cell is taken.
_CELLS, _EVERYWHERE = 12, 2**13
_DEPTHS, _LEAST, _BARS = "Blues", "YlOrBr_r", "#0072B2"
#: Inches of a panel, and letters of the words below in an inch.
_SIZE, _LETTERS = 0.95, 14


def plausible_figure(found: Match, marked: Mapping[str, float], command: str) -> Figure:
    """Draws a matrix of pairs: below the diagonal the share of what lies behind a cell that is not ruled out (optical depth).

    Above it stands the lowest implausibility of a cell, on it each parameter's plausible values; `marked` is a point drawn as a
    cross (the defaults). Source: Vernon, Goldstein and Bower 2010, figures 5 to 7.
    """
    names = found.space.names
    size = len(names)
    # By name the marked point may have values outside the ranges: a cross there is not drawn.
    mark = found.space.unit(numpy.array([[marked.get(name, numpy.nan) for name in names]]))[0]
    points = numpy.concatenate([whole(size, count=_EVERYWHERE).points, *(wave.unit for wave in found.waves), found.plausible])
    values = found.judgement(points)
    depths = {
        (row, column): optical_depth(found.plausible, found.share, column, row, _CELLS)
        for row in range(size) for column in range(row)
    }
    deepest = max([float(one.max()) for one in depths.values()] or [0.0]) or 1.0
    with drawing() as pyplot:
        side = _SIZE * size + 1.6
        figure, axes = pyplot.subplots(size, size, squeeze=False, figsize=(side, side))
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)
        for row in range(size):
            for column in range(size):
                axis = axes[row, column]
                _frame(axis, names, row, column, found)
                if row == column:
                    axis.hist(found.plausible[:, row], bins=numpy.linspace(0, 1, _CELLS + 1), color=_BARS)
                    axis.axvline(mark[row], color=INK, linewidth=0.8, linestyle=":")
                    continue
                if row > column:
                    _paint(axis, depths[row, column], _DEPTHS, deepest)
                else:
                    _paint(axis, least_implausible(points, values, column, row, _CELLS), _LEAST, 2 * found.cut)
                axis.plot(mark[column], mark[row], marker="+", color=INK, markersize=5, markeredgewidth=0.9)
        words = (
            "Below the diagonal: share of all others' ranges that is not ruled out, white none, darkest "
            f"{number(100 * deepest)} %. Above: lowest implausibility met, dark 0, pale {number(2 * found.cut)} or more; "
            f"{number(found.cut)} rules out. "
            f"Cross: the model's own values. Made by: {command}"
        )
        figure.supxlabel(textwrap.fill(words, int(side * _LETTERS)), x=0.01, ha="left", fontsize=7, color=FAINT)
    return figure


def _paint(axis: Axes, cells: numpy.ndarray, colours: str, most: float) -> None:
    axis.imshow(cells, origin="lower", extent=(0, 1, 0, 1), cmap=colours, vmin=0, vmax=most, aspect="auto")


def _frame(axis: Axes, names: tuple[str, ...], row: int, column: int, found: Match) -> None:
    axis.set(xlim=(0, 1), xticks=[], yticks=[])
    if row != column:
        axis.set_ylim(0, 1)
    axis.grid(False)
    for side in axis.spines.values():
        side.set_visible(True)
        side.set_linewidth(0.4)
    if row == len(names) - 1:
        low, high = found.space.ranges[names[column]]
        ticks = axis.set_xticks([0, 1], [number(low), number(high)], fontsize=6)
        # Ends of neighbouring panels would run into each other.
        ticks[0].label1.set_horizontalalignment("left")
        ticks[1].label1.set_horizontalalignment("right")
        axis.set_xlabel(names[column].replace("_", "\n"), fontsize=7)
    if column == 0:
        axis.set_ylabel(names[row].replace("_", "\n"), fontsize=7)
