"""Show where goals stand, what holds them back and what to change: tables for the terminal and documents for scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from redqueen.lab.futures import CHANCES
from redqueen.report.terminal import say, table
from redqueen.report.words import effect_words, number
from redqueen.studies.monitor.courses import OFF_COURSE, ON_COURSE
from redqueen.studies.monitor.status import MISFIT, MISSED, REACHED

if TYPE_CHECKING:
    from rich.console import Console

    from redqueen.studies.monitor.advise import Advice
    from redqueen.studies.monitor.courses import Course
    from redqueen.studies.monitor.ledger import Observation
    from redqueen.studies.monitor.obstacles import Obstacles
    from redqueen.studies.monitor.status import GoalStatus, Status

__all__ = [
    "advice_document",
    "chance_words",
    "course_words",
    "observation_rows",
    "obstacles_document",
    "show_advice",
    "show_observations",
    "show_obstacles",
    "show_status",
    "sparkline",
    "status_document",
]

_BARS = "▁▂▃▄▅▆▇█"
_STYLES = {ON_COURSE: "blue", REACHED: "blue", OFF_COURSE: "dark_orange", MISSED: "dark_orange", MISFIT: "dark_orange"}


def show_status(console: Console, found: Status) -> None:
    """Prints where every goal stands, how its probability and its figures went, milestones, and what to be warned of."""
    outlook = found.outlook
    plan = outlook.plan
    say(
        console,
        f"{plan.name}: {plan.policy.title or plan.policy.name}, {plan.region}, as of the end of {outlook.as_of}",
        style="bold",
    )
    say(
        console,
        f"{found.observations} figures known; the forecast rests on {outlook.effective:.0f} effective members of "
        f"{len(outlook.ensemble)}"
        + (
            f", {len(outlook.ensemble.rounds) - 1} rounds of them simulated anew around the plausible ones."
            if len(outlook.ensemble.rounds) > 1
            else "."
        ),
    )
    console.print()
    for warning in found.warnings:
        say(console, f"Warning: {warning}.", style="dark_orange", indent="  ")
    if found.warnings:
        console.print()
    rows = [
        (
            one.goal.name,
            f"{'' if one.goal.at_least else 'at most '}{number(one.goal.target)}",
            str(one.goal.year),
            f"{chance_words(one.probability)} ({100 * one.low:.0f}-{100 * one.high:.0f})" if one.observed is None else "-",
            chance_words(one.before),
            Text(one.state, style=_STYLES.get(one.state, "")),
            "" if one.since is None else str(one.since),
        )
        for one in found.goals
    ]
    heads = ("goal", "reach", "by", "chance", "at first", "state", "since")
    right = ("reach", "chance", "at first")
    table(console, heads, rows, title="Goals", right=right, whole=("goal", "by", "state", "since"))
    for one in found.goals:
        _show_goal(console, one)


def _show_goal(console: Console, one: GoalStatus) -> None:
    bars = console.is_terminal and not console.options.ascii_only
    say(console, f"{one.goal.name}: {one.goal.indicator} of {one.region} ({one.unit})", style="bold")
    years = one.years
    if years:
        line = f"{sparkline(one.chances, 0.0, 1.0)}  " if bars else ""
        first, last = (chance_words(one.chances[place]) for place in (0, -1))
        say(console, f"  Chance: {line}{years[0]} {first}, {years[-1]} {last}.", indent="  ")
    seen = [(year, figure) for year, figure in zip(one.series.years, one.series.observed, strict=True) if figure is not None]
    if seen:
        figures = [figure for _, figure in seen]
        line = f"{sparkline(figures)}  " if bars else ""
        say(console, f"  Observed: {line}{seen[0][0]} {number(figures[0])}, {seen[-1][0]} {number(figures[-1])}.", indent="  ")
        year, figure = seen[-1]
        place = one.series.years.index(year)
        low, high = one.series.before[place, 0], one.series.before[place, -1]
        where = "below" if figure < low else "above" if figure > high else "within"
        say(
            console,
            f"  In {year} it is {where} what was forecast at first: {number(low)} to {number(high)} (nine tenths).",
            indent="  ",
        )
    low, middle, high = (float(one.series.now[-1, place]) for place in (0, CHANCES.index(0.5), -1))
    first_low, first_high = (float(one.series.before[-1, place]) for place in (0, -1))
    say(
        console,
        f"  Forecast for {one.goal.year}: {number(middle)}, nine tenths from {number(low)} to {number(high)}; at first "
        f"{number(first_low)} to {number(first_high)}.",
        indent="  ",
    )
    for milestone in one.milestones:
        what = milestone.state or f"chance {chance_words(milestone.probability)}"
        say(console, f"  Milestone {number(milestone.target)} in {milestone.year}: {what}.", indent="  ")
    say(console, f"  {course_words(one.course)}", indent="  ")
    console.print()


def course_words(course: Course) -> str:
    """Says when a goal is on or off course, and how often that was wrong in rehearsal."""
    text = f"Off course at {chance_words(course.below)} or less, on course at {chance_words(course.above)} or more."
    if course.false_comfort is None:
        text += " Too few rehearsed truths miss it for the second to be lower."
    if course.false_alarm is not None:
        text += f" Rehearsed on {course.truths} truths: of those that reach the goal {chance_words(course.false_alarm)} were ever"
        text += f" called off course (aim {chance_words(course.alarm)})"
        if course.false_comfort is not None:
            text += f", of those that miss it {chance_words(course.false_comfort)} on course"
        if course.found is not None:
            text += f"; {chance_words(course.found)} of misses were found" + (
                "" if course.ahead is None else f", half of them {course.ahead:.0f} years ahead"
            )
        text += "."
    return text


def status_document(found: Status, command: str) -> list[dict[str, Any]]:
    """Gives the status as a list of goals for scripts."""
    outlook = found.outlook
    return [
        {
            "goal": one.goal.name,
            "region": one.region,
            "indicator": one.goal.indicator,
            "target": one.goal.target,
            "at_least": one.goal.at_least,
            "date": one.goal.year,
            "probability": one.probability,
            "low": one.low,
            "high": one.high,
            "state": one.state,
            "since": one.since,
            "before": one.before,
            "unit": one.unit,
            "as_of": outlook.as_of,
            "observations": found.observations,
            "effective_members": outlook.effective,
            "members": len(outlook.ensemble),
            "rounds": len(outlook.ensemble.rounds),
            "surprise": outlook.surprise,
            "course": vars(one.course),
            "history": [{"year": year, "probability": chance} for year, chance in zip(one.years, one.chances, strict=True)],
            "forecast": [
                {"year": year, "observed": observed, "before": before, "now": now}
                for year, observed, before, now in zip(
                    one.series.years, one.series.observed, one.series.before.tolist(), one.series.now.tolist(), strict=True
                )
            ],
            "chances": list(CHANCES),
            "milestones": [vars(milestone) for milestone in one.milestones],
            "warnings": list(found.warnings),
            "command": command,
        }
        for one in found.goals
    ]


def show_obstacles(console: Console, found: Obstacles) -> None:
    """Prints constraints by what a step off each adds to the probability of each goal."""
    plan = found.outlook.plan
    say(console, f"{plan.name}: what holds {plan.region} back, as of the end of {found.outlook.as_of}", style="bold")
    console.print()
    for name, rows in found.rows.items():
        cells = []
        for one in rows:
            if one.gain is None:
                continue
            gain, interval = _points(one.gain, one.low, one.high)
            relative = plan.indicators[one.goal.indicator].relative
            effect = f"{effect_words(one.effect, None, None)[0]}{' %' if relative else ''}"
            cells.append((one.constraint.words, f"{gain}{' *' if one.binds else '  '}", interval, effect))
        heads = ("constraint", "gain, points", "95 % interval", "effect")
        goal = rows[0].goal
        title = f"{name}: chance {chance_words(found.outlook.chance(goal))}; in these futures {chance_words(found.chances[name])}"
        table(console, heads, cells, title=title, right=heads[1:], whole=("gain, points", "effect"))
        best = [one.constraint.words for one in rows if one.gain is None]
        if best:
            say(console, f"As good as anywhere already: {', '.join(best)}.\n")
    say(
        console,
        f"Each is relaxed by {chance_words(found.step)} of the way from what the region has, its plan included, to the best "
        "region of "
        f"the world (frictions: to none), from now on, in {found.futures} futures that fit what was observed. Gain: percentage "
        "points "
        "of the goal's chance, paired; effect: on its figure, the median; *: the interval leaves out zero, as one in twenty does "
        "by "
        "chance. Nothing is said of how, or at what cost.",
    )


def obstacles_document(found: Obstacles, command: str) -> list[dict[str, Any]]:
    """Gives the obstacles as a list for scripts, by goal and then by gain."""
    return [
        {
            "goal": name,
            "constraint": one.constraint.name,
            "words": one.constraint.words,
            "gain": one.gain,
            "low": one.low,
            "high": one.high,
            "binds": one.binds,
            "effect": one.effect,
            "had": one.had,
            "given": one.given,
            "step": found.step,
            "futures": found.futures,
            "probability": found.chances[name],
            "as_of": found.outlook.as_of,
            "command": command,
        }
        for name, rows in found.rows.items()
        for one in rows
    ]


def show_advice(console: Console, found: Advice) -> None:
    """Prints adjustments by what they add to the goal's probability, what they cost, and which figure would decide between them."""
    plan = found.outlook.plan
    say(console, f"{plan.name}: what to change for {found.goal.name}, as of the end of {found.outlook.as_of}", style="bold")
    say(
        console,
        f"Chance {chance_words(found.outlook.chance(found.goal))}; in the futures used here {chance_words(found.chance)} under "
        "the plan. "
        f"{found.tried - 1} adjustments from {found.start:g} on were tried beside it. What is left of the budget is "
        f"{_percent(found.budget)} of value added from now on; the plan takes {_percent(found.plan_cost)}.",
    )
    if found.plan_cost > found.budget:
        say(console, "The plan alone takes more than is left: only what costs no more than it is shown.")
    console.print()
    cells = []
    for one in found.adjustments:
        gain, interval = _points(one.gain.mean, one.gain.low, one.gain.high)
        kept = not one.intensities
        cells.append(
            (
                one.name,
                gain if not kept else "0",
                interval if not kept else "-",
                _percent(one.cost),
                *_points(one.misled, None, None)[:1],
                _points(one.regret, None, None)[0].lstrip("+"),
            )
        )
    heads = ("adjustment", "gain, points", "95 % interval", "cost", "if misled", "regret")
    table(console, heads, cells, right=heads[1:], whole=("gain, points", "cost", "if misled", "regret"))
    say(
        console,
        "Gain: percentage points of the goal's chance, paired, in futures that did not choose the adjustment. Cost: of plan and "
        "adjustment, in value added from now on. "
        "If misled: the gain if what was observed says nothing; regret: what another of these would then add beyond it.",
    )
    say(console, _verdict(found))
    telling = [one for one in found.telling if one.worth > 0 and one.values]
    if not telling:
        say(console, "No figure published next would change which of these is best.")
    for told in telling[:2]:
        indicator = plan.indicators[told.indicator]
        parts = [f"up to {number(value)}: {choice}" for value, choice in zip(told.values, told.choices, strict=False)] + [
            f"above: {told.choices[-1]}"
        ]
        say(
            console,
            f"What would decide: {told.indicator} of {told.year} ({indicator.unit}), worth {100 * told.worth:.1f} points. "
            f"{'; '.join(parts)}.",
        )


def _verdict(found: Advice) -> str:
    """Says in a sentence what the table amounts to."""
    best = found.adjustments[0]
    if not best.intensities:
        return "None of these did better than the plan."
    if best.gain.low > 0:
        return f"Clearly better than the plan: {best.name}."
    return f"None of these is clearly better than the plan; most promising: {best.name}."


def advice_document(found: Advice, command: str) -> dict[str, Any]:
    """Gives the advice as one document for scripts."""
    return {
        "goal": found.goal.name,
        "as_of": found.outlook.as_of,
        "start": found.start,
        "probability": found.chance,
        "budget": found.budget,
        "plan_cost": found.plan_cost,
        "tried": found.tried - 1,
        "levers": found.levers.names,
        "adjustments": [
            {
                "adjustment": one.name,
                "intensities": dict(one.intensities),
                "gain": one.gain.mean,
                "low": _finite(one.gain.low),
                "high": _finite(one.gain.high),
                "effect": one.effect,
                "cost": one.cost,
                "misled": one.misled,
                "regret": one.regret,
            }
            for one in found.adjustments
        ],
        "telling": [one._asdict() for one in found.telling],
        "command": command,
    }


def show_observations(console: Console, rows: Sequence[Observation], *, history: bool) -> None:
    """Prints what is in a ledger, a table for each indicator."""
    series = dict.fromkeys((one.indicator, one.region, one.unit) for one in rows)
    heads = ("year", "figure", "source", "entered by", *(("number", "revision", "current") if history else ()))
    for indicator, region, unit in series:
        cells = [
            (
                str(one.year),
                "withdrawn" if one.value is None else f"{one.value:g}",
                one.source,
                one.entered_by,
                *((str(one.number), str(one.revision), "yes" if one.current else "no") if history else ()),
            )
            for one in rows
            if (one.indicator, one.region, one.unit) == (indicator, region, unit)
        ]
        table(
            console, heads, cells, title=f"{indicator}, {region} ({unit})", right=("figure",), whole=("year", "number", "revision")
        )
    if not rows:
        say(console, "Nothing is recorded.")


def observation_rows(rows: Sequence[Observation]) -> list[dict[str, Any]]:
    """Gives what is in a ledger as a list for scripts."""
    return [
        {
            "number": one.number,
            "indicator": one.indicator,
            "region": one.region,
            "year": one.year,
            "value": one.value,
            "unit": one.unit,
            "source": one.source,
            "entered_by": one.entered_by,
            "entered_at": one.entered_at,
            "revision": one.revision,
            "current": one.current,
            "note": one.note,
        }
        for one in rows
    ]


def sparkline(values: Sequence[float], low: float | None = None, high: float | None = None) -> str:
    """Draws values as a line of bars between their least and most, or the limits given."""
    least, most = min(values) if low is None else low, max(values) if high is None else high
    width = (most - least) or 1.0
    return "".join(_BARS[min(len(_BARS) - 1, max(0, int((value - least) / width * len(_BARS))))] for value in values)


def chance_words(chance: float) -> str:
    """Writes a probability in %, never as none or all where it is not."""
    if 0 < chance < 0.005:
        return "<1 %"
    if 0.995 < chance < 1:
        return ">99 %"
    return f"{100 * chance:.0f} %"


def _points(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """Writes a difference of probabilities in percentage points, with its interval."""
    if value is None:
        return "-", "-"
    if low is None or high is None or math.isnan(low):
        return f"{100 * value:+.1f}", "-"
    return f"{100 * value:+.1f}", f"{100 * low:+.1f} to {100 * high:+.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
