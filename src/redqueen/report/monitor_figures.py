"""Draw where goals stand: figures observed over the forecast as it was and as it is, and how the probability went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from redqueen.report.figures import BETTER, COLOURS, FAINT, INK, WORSE, drawing
from redqueen.report.monitor import chance_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from redqueen.studies.monitor.status import GoalStatus, Status

__all__ = ["status_figure"]


def status_figure(found: Status, command: str) -> Figure:
    """Draws two panels for each goal: the figure by year, and its probability with the bounds of its course."""
    plan, goals = found.outlook.plan, found.goals
    with drawing() as pyplot:
        figure, axes = pyplot.subplots(
            len(goals), 2, squeeze=False, figsize=(10.5, 3.1 * len(goals) + 1.2), gridspec_kw={"width_ratios": (1.5, 1)}
        )
        for row, one in zip(axes, goals, strict=True):
            _draw_figures(row[0], one, found.outlook.as_of)
            _draw_chances(row[1], one)
        figure.suptitle(
            f"{plan.name}: {plan.region} at the end of {found.outlook.as_of}", x=0.01, ha="left", fontsize=13, fontweight="bold"
        )
        note = (
            "Bands: half and nine tenths of what is foreseen, grey before anything was observed, blue now. Dots: figures "
            "published. Diamonds: goal and milestones.\n"
            f"Right: the goal's probability at the end of each year; dashed: on course above, off course below. Made by: {command}"
        )
        figure.supxlabel(note, x=0.01, ha="left", fontsize=7.5, color=FAINT)
    return figure


def _draw_figures(axis: Axes, one: GoalStatus, as_of: int) -> None:
    series, goal = one.series, one.goal
    years = numpy.array(series.years)
    for cuts, colour, outer, inner in ((series.before, FAINT, 0.14, 0.0), (series.now, COLOURS[0], 0.18, 0.25)):
        axis.fill_between(years, cuts[:, 0], cuts[:, -1], color=colour, alpha=outer, linewidth=0)
        if inner:
            axis.fill_between(years, cuts[:, 1], cuts[:, 3], color=colour, alpha=inner, linewidth=0)
        axis.plot(years, cuts[:, 2], color=colour, linewidth=1.6 if inner else 1.0, linestyle="-" if inner else ":")
    seen = [(year, figure) for year, figure in zip(series.years, series.observed, strict=True) if figure is not None]
    if seen:
        axis.plot(*zip(*seen, strict=True), color=INK, marker="o", markersize=4, linestyle="none")
    marks = [(milestone.year, milestone.target) for milestone in one.milestones]
    if marks:
        axis.plot(*zip(*marks, strict=True), color=WORSE, marker="D", markersize=4.5, linestyle="none", markerfacecolor="white")
    axis.plot([goal.year], [goal.target], color=WORSE, marker="D", markersize=7, linestyle="none", clip_on=False)
    axis.annotate(
        f"{'at least' if goal.at_least else 'at most'} {goal.target:g}",
        (goal.year, goal.target),
        xytext=(-6, 8),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=WORSE,
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1},
    )
    if series.years[0] <= as_of < goal.year:
        axis.axvline(as_of + 0.5, color=FAINT, linewidth=0.8, linestyle="--")
    axis.set_title(f"{goal.name}: {goal.indicator} ({one.unit})")
    ticks: Any = axis.xaxis.get_major_locator()
    ticks.set_params(integer=True)


def _draw_chances(axis: Axes, one: GoalStatus) -> None:
    axis.set_ylim(0, 1)
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axis.axhspan(one.course.above, 1, color=BETTER, alpha=0.08, linewidth=0)
    axis.axhspan(0, one.course.below, color=WORSE, alpha=0.12, linewidth=0)
    for bound in (one.course.below, one.course.above):
        axis.axhline(bound, color=FAINT, linewidth=0.8, linestyle="--")
    first = one.series.years[0] - 1
    axis.plot([first, *one.years], [one.before, *one.chances], color=INK, linewidth=1.4, marker="o", markersize=3)
    axis.set_xlim(first - 0.3, one.goal.year + 0.3)
    axis.set_title(f"Chance: {chance_words(one.probability)}, {one.state}")
    ticks: Any = axis.xaxis.get_major_locator()
    ticks.set_params(integer=True)
