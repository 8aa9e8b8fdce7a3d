"""Show what is known beside what was simulated, and who keeps what along a chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from redqueen.cases.case import Case
from redqueen.cases.facts import last_quarters
from redqueen.lab.intervals import LOWERS, RAISES
from redqueen.lab.kept import OUTSIDE
from redqueen.lab.outcomes import BY_NAME
from redqueen.report.terminal import say, table
from redqueen.report.words import number
from redqueen.studies.keeping import ALL_STAGES, Ledger
from redqueen.studies.known import KnownFact, happened

if TYPE_CHECKING:
    import numpy

__all__ = [
    "FACT_COLUMNS", "HOLDING_COLUMNS", "band_words", "known_document", "known_words", "ledger_tables", "show_known",
    "show_ledger", "verdict_words", "year_words",
]

FACT_COLUMNS = (
    "name", "region", "says", "measured_as", "year", "measured_in", "unit", "target", "target_low", "target_high", "simulated",
    "low",
    "high", "hit", "distance", "held_out", "source", "policy", "seeds", "reason",
)
HOLDING_COLUMNS = (
    "policy", "place", "stage", "value_share", "jobs_share", "wages_share", "jobs", "wages", "value_change", "value_low",
    "value_high",
    "value_verdict", "jobs_change", "jobs_low", "jobs_high", "jobs_verdict",
)

PERCENT = 100.0
NOT_USED = "What is known, and was not used"


def show_known(console: Console, found: Sequence[KnownFact], case: Case) -> None:
    """Prints the facts that were not used to build a case beside their simulated medians and bands; nothing where none is measured.
    """
    shown = [one for one in found if one.simulated is not None]
    if not shown:
        return
    with_bands = any(one.hit is not None for one in shown)
    held_out = [one for one in shown if one.held_out]
    heads = ("fact", "year", "known", "simulated", *(("90 % band", "verdict") if with_bands else ()))
    rows = [
        (
            # Words fold where names would break.
            one.name.replace("_", " "), year_words(one), f"{known_words(one)} {one.unit}", number(one.simulated),
            *((band_words(one), verdict_words(one)) if with_bands else ()),
        )
        for one in held_out
    ]
    if rows:
        table(console, heads, rows, title=f"{NOT_USED}: under {shown[0].policy}", right=heads[2:5], whole=("verdict",))
    if with_bands and rows:
        hits = sum(one.hit is True for one in held_out)
        say(
            console,
            f"{hits} of {len(held_out)} hit: in the band of nine tenths of {shown[0].seeds} seeds. A miss is so many widths of the "
            "band away; - is too low.",
        )
    for line in _notes(found, shown, case):
        say(console, line, indent="  ")
    console.print()


def known_document(found: Sequence[KnownFact], case: Case, times: numpy.ndarray) -> list[dict[str, Any]]:
    """Gives facts as a page shows them beside a run whose quarters begin at `times`: figures, words, and a point of its chart.

    `outcome` is the outcome that a fact is measured by, None for others; `point` is None where it is measured against another
    region or year, which the axis of that outcome does not show.
    """
    rows = []
    for one, fact in zip(found, case.facts, strict=True):
        measure, point = fact.measured, None
        level = measure is not None and measure.outcome in BY_NAME and not (measure.relative or measure.stage)
        if measure is not None and level and fact.measured_in is not None:
            first, end = last_quarters(fact.measured_in, case.world.start, case.world.quarters)
            whole = PERCENT if BY_NAME[str(measure.outcome)].unit == "share" and "%" in one.unit else 1.0
            limits = (one.target_low, one.target_high) if one.target is None else (one.target, one.target)
            if first < end <= len(times):
                point = {
                    "time": float(times[first:end].mean()), "low": None if limits[0] is None else limits[0] / whole,
                    "high": None if limits[1] is None else limits[1] / whole,
                }
        rows.append({
            **one.to_json(), "outcome": None if measure is None else measure.outcome, "point": point, "when": year_words(one),
            "known": known_words(one), "band": band_words(one), "verdict": verdict_words(one),
        })
    return rows


def show_ledger(console: Console, found: Ledger) -> None:
    """Prints who keeps what by stage and place under the reference, jobs and wages by place, and what other policies change."""
    several = f"mean of {found.seeds} seeds" if found.seeds > 1 else "one seed"
    say(console, f"Products of lead firms of {found.lead}, {found.year}, {several}", style="bold")
    console.print()
    tables = ledger_tables(found)
    for title, heads, rows in tables:
        table(console, heads, rows, title=title, right=heads[1:], whole=heads[:1])
    if len(found.policies) > 1:
        say(console, "* the 95 % interval, paired by seed, leaves out zero; outside: materials, and what nobody of the chain makes")
        console.print()


def ledger_tables(found: Ledger) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Lays a ledger out as tables, each with its title, heads and rows: stage by place, place, and policy by place."""
    base = found.reference if found.reference in found.policies else found.policies[0]
    # Regions that have no part in the chain would be columns of nothing but zeros.
    places = [place for place in found.places if found.find(base, place).value_share or found.find(base, place).jobs]
    at_work = [place for place in places if place != OUTSIDE]
    by_stage: list[tuple[str, ...]] = [
        (stage, *(_percent(found.find(base, place, stage).value_share) for place in places))
        for stage in (*found.stages, ALL_STAGES)
    ]
    by_place: list[tuple[str, ...]] = [
        (place, number(one.jobs), _percent(one.jobs_share), number(one.wages), _percent(one.wages_share), _percent(one.value_share))
        for place in at_work
        for one in [found.find(base, place)]
    ]
    tables: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = [
        (f"Who keeps what final users pay, in %, by stage and place, under {base}", ("stage", *map(_head, places)), by_stage),
        (
            f"Jobs, wages (money a quarter) and value by place, under {base}",
            ("place", "jobs", "jobs %", "wages", "wages %", "value %"),
            by_place,
        ),
    ]
    others = [policy for policy in found.policies if policy != base]
    for words, columns in (("value", places), ("jobs", at_work)) if others else ():
        share, change, verdict = f"{words}_share", f"{words}_change", f"{words}_verdict"
        rows = [(base, *(f"{_percent(getattr(found.find(base, place), share))}  " for place in columns))]
        for policy in others:
            held = [found.find(policy, place) for place in columns]
            rows.append((policy, *(_points(getattr(one, change), getattr(one, verdict)) for one in held)))
        title = f"{words.capitalize()} kept by place: {base} in %, others in points against it"
        tables.append((title, ("policy", *map(_head, columns)), rows))
    return tables


def known_words(one: KnownFact) -> str:
    """Writes what is known: a figure, or a range that may be open."""
    if one.target is not None:
        return number(one.target)
    if one.target_low is None:
        return f"at most {number(one.target_high)}"
    if one.target_high is None:
        return f"at least {number(one.target_low)}"
    return f"{number(one.target_low)} to {number(one.target_high)}"


def band_words(one: KnownFact) -> str:
    """Writes the band of nine tenths of the seeds."""
    return "-" if one.low is None else f"{number(one.low)} to {number(one.high)}"


def verdict_words(one: KnownFact) -> str:
    """Says whether a fact was hit, and if not by how many widths of the band it was missed: below zero where simulated too low."""
    if one.hit is None:
        return one.reason or "-"
    if one.hit or one.distance is None:
        return "hit" if one.hit else "miss"
    # A near miss is not a miss by nothing.
    return f"miss {one.distance:+.1f}" if abs(one.distance) >= 0.05 else f"miss {one.distance:+.2f}"


def year_words(one: KnownFact) -> str:
    """Writes the year of a fact, with the one that it is measured in where that is another."""
    if one.year is None or one.measured_in in (None, one.year):
        return "" if one.measured_in is None else f"{one.measured_in:g}"
    return f"{one.year:g} (in {one.measured_in:g})"


def _notes(found: Sequence[KnownFact], shown: Sequence[KnownFact], case: Case) -> list[str]:
    used = [
        f"{one.name} (known {known_words(one)}, simulated {number(one.simulated)} {one.unit})" for one in shown if not one.held_out
    ]
    lines = [f"Used to build the case: {'; '.join(used)}."] if used else []
    lines += [f"{one.name}: {one.reason}." for one in found if one.measured_as and one.simulated is None]
    without = sum(one.measured_as is None for one in found)
    if without:
        lines.append(f"{without} more cannot be measured in the simulation: redqueen show {case.name} says why.")
    if shown[0].policy != happened(case):
        lines.append(f"What was done there is another policy: {happened(case)}.")
    return lines


def _head(place: str) -> str:
    """Writes a place shortly enough for the head of a column."""
    return "outside" if place == OUTSIDE else place


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _points(change: float | None, verdict: str) -> str:
    if change is None:
        return "-  "
    # Nothing is above or below zero by less than is shown.
    words = f"{change:+.1f}" if abs(change) >= 0.05 else "0.0"
    return f"{words}{' *' if verdict in (RAISES, LOWERS) else '  '}"
