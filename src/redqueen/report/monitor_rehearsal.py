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
    from rich.console import Console

    from redqueen.lab.intervals import Difference
    from redqueen.studies.monitor.closed_loop import Lives
    from redqueen.studies.monitor.courses import Trust

__all__ = ["rehearsal_document", "show_lives", "show_rehearsals"]


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
        # Years of one truth, and errors of its figures, are no truths of their own.
        apart = max(len(one.reached) / PUBLISHED, 1.0)
        rows = []
        for part in bins_of(one):
            size = max(1.0, apart * part.count / one.chances.size)
            low, high = wilson(part.came, size)
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
                "bins": [part._asdict() for part in bins_of(one)],
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
