"""Show how far to trust the monitor: what it would have said of made-up truths beside what came, and whether agencies that follow
it fare better.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from redqueen.lab.conditioning import wilson
from redqueen.report.monitor import chance_words, course_words
from redqueen.report.terminal import say, table
from redqueen.studies.monitor.courses import PUBLISHED, bins_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

    from redqueen.lab.intervals import Difference
    from redqueen.studies.monitor.closed_loop import Lives
    from redqueen.studies.monitor.courses import Bin, Rehearsal, Trust

__all__ = ["interval_of", "rehearsal_document", "rehearsal_figure", "show_lives", "show_rehearsals"]


def show_rehearsals(console: Console, found: Trust) -> None:
    """Prints of every goal what was said beside what came, the bounds of its course, and scores."""
    plan = found.ensemble.plan
    say(
        console,
        f"{plan.name}: rehearsed on {len(found.ensemble)} members, each a truth for those that it has no part in",
        style="bold",
    )
    say(
        console,
        f"Each member stands for what is near it: kernel of {found.kernel.width:g} of the spread, covariances shrunk by "
        f"{chance_words(found.kernel.shrinkage)}.",
    )
    console.print()
    for one, course, scores in zip(found.rehearsals, found.courses, found.scores, strict=True):
        rows = []
        for part in bins_of(one):
            low, high = interval_of(one, part)
            rows.append(
                (
                    f"{100 * part.low:.0f} to {chance_words(part.high)}",
                    str(part.count),
                    chance_words(part.said),
                    chance_words(part.came),
                    f"{100 * low:.0f} to {chance_words(high)}",
                )
            )
        heads = ("chance given", "times", "mean", "came true", "95 % interval")
        table(
            console,
            heads,
            rows,
            title=f"{one.goal.name}: {one.years[0]} to {one.years[-1]}, {chance_words(one.reached.mean())} of truths reach it",
            right=heads[1:],
            whole=heads[:1],
        )
        say(console, course_words(course))
        say(
            console,
            f"Mean log score, less is better: {scores[0]:.2f}; of members weighed without a kernel {scores[1]:.2f}; of always "
            f"saying how many reach it {scores[2]:.2f}.",
        )
        console.print()


def show_lives(console: Console, found: Lives) -> None:
    """Prints how agencies fared."""
    plan, goal = found.plan, found.goal
    relative = plan.indicators[goal.indicator].relative
    rows = [
        (
            one.agency,
            chance_words(one.reached),
            *_both(one.more_reached, 100.0, " points"),
            *(_both(one.more, 1.0, "", growth=True) if relative else _both(one.more, 1.0, "")),
            *_both(one.more_cost, 100.0, " points"),
            f"{one.deeds:.1f}",
        )
        for one in found.payoffs
    ]
    heads = (
        "agency",
        "reach it",
        "more",
        "interval",
        "figure %" if relative else "figure",
        "interval ",
        "cost",
        " interval",
        "deeds",
    )
    table(
        console,
        heads,
        rows,
        title=f"{goal.name}, in {len(found.lives)} truths off from all that the forecast assumes",
        right=heads[1:],
        whole=heads[1:],
    )
    say(
        console,
        "Against the agency that keeps its plan, paired by truth: share that reaches the goal, the goal's figure, public cost in "
        "value added; deeds: adjustments made. "
        "The same truths, luck and errors of figures for all.",
    )


def interval_of(rehearsal: Rehearsal, part: Bin) -> tuple[float, float]:
    """Gives the interval of what came true of a bin; years of one truth, and errors of its figures, are no truths of their own."""
    truths = len(rehearsal.reached) / PUBLISHED
    return wilson(part.came, max(1.0, truths * part.count / rehearsal.chances.size))


def rehearsal_figure(found: Trust, command: str) -> Figure:
    """Draws of every goal what was said against what came true, with intervals; on the diagonal both are the same."""
    from redqueen.report.figures import COLOURS, FAINT, INK, drawing

    with drawing() as pyplot:
        count = len(found.rehearsals)
        figure, axes = pyplot.subplots(1, count, squeeze=False, figsize=(3.9 * count + 0.6, 4.6))
        for axis, one, course in zip(axes[0], found.rehearsals, found.courses, strict=True):
            bins = bins_of(one)
            limits = [interval_of(one, part) for part in bins]
            axis.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle="--")
            for bound in (course.below, course.above):
                axis.axvline(bound, color=FAINT, linewidth=0.8, linestyle=":")
            axis.vlines([part.said for part in bins], *zip(*limits, strict=True), color=COLOURS[0], linewidth=1.4)
            axis.plot([part.said for part in bins], [part.came for part in bins], color=INK, marker="o", linestyle="none")
            axis.set_xlim(0, 1)
            axis.set_ylim(0, 1)
            axis.set_title(one.goal.name)
            axis.set_xlabel("chance given")
        axes[0][0].set_ylabel("share that came true")
        figure.suptitle(f"{found.ensemble.plan.name}: said, and come true", x=0.01, ha="left", fontsize=13, fontweight="bold")
        lines = (
            "Each member a truth for those that it has no part in; bars: 95 %.",
            "Dotted: off course below the left, on course above the right.",
            f"Made by: {command}",
        )
        figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=7.5, color=FAINT)
    return figure


def rehearsal_document(found: Trust, lives: Lives | None, command: str) -> dict[str, Any]:
    """Gives rehearsals and lives as one document for scripts."""
    return {
        "name": found.ensemble.plan.name,
        "members": len(found.ensemble),
        "kernel": found.kernel._asdict(),
        "command": command,
        "goals": [
            {
                "goal": one.goal.name,
                "reached": float(one.reached.mean()),
                "course": vars(course),
                "bins": [vars(part) for part in bins_of(one)],
                "log_score": scores[0],
                "log_score_of_weights": scores[1],
                "log_score_of_share": scores[2],
            }
            for one, course, scores in zip(found.rehearsals, found.courses, found.scores, strict=True)
        ],
        "agencies": None
        if lives is None
        else [
            {
                "agency": one.agency,
                "reached": one.reached,
                "deeds": one.deeds,
                **{name: _limits(getattr(one, name)) for name in ("more_reached", "more", "more_cost")},
            }
            for one in lives.payoffs
        ],
        "lives": None if lives is None else [[life._asdict() for life in truth] for truth in lives.lives],
    }


def _both(difference: Difference, scale: float, unit: str, *, growth: bool = False) -> tuple[str, str]:
    """Writes a difference and its interval; a difference of logarithms as growth in %."""
    mean, low, high = (
        100 * math.expm1(one) if growth else scale * one for one in (difference.mean, difference.low, difference.high)
    )
    if difference.low == difference.high == 0:
        return "0", "-"
    return f"{mean:+.1f}{unit.replace(' points', '')}", f"{low:+.1f} to {high:+.1f}"


def _limits(difference: Difference) -> dict[str, float | None]:
    return {
        name: value if math.isfinite(value) else None
        for name, value in (("mean", difference.mean), ("low", difference.low), ("high", difference.high))
    }
