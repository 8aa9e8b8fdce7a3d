"""Show a fit: one document, tables on the screen and as a page, and a figure of what remains by pairs of parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.evidence.facts import fact
from redqueen.lab.fingerprints import code_digest, origins, parameter_hash, world_hash
from redqueen.lab.fit.approximate_bayes import Posterior
from redqueen.lab.fit.emulator import Emulator
from redqueen.lab.fit.history_matching import EMPTY, NO_EMULATOR, SETTLED, SURE, WAVES_DONE, Match, Wave
from redqueen.lab.fit.identification import MOST_IDENTIFIED, MOST_NARROWED, TRADE_OFF
from redqueen.lab.fit.recovery import Recovery
from redqueen.model.parameters import PARAMETERS
from redqueen.report.words import counted, markdown_table, number
from redqueen.studies.facts import MEASURED, RECIPES
from redqueen.studies.fitting.findings import Findings
from redqueen.studies.fitting.planning import BOUNDS, LEFT_OUT, MEASURING, FitPlan
from redqueen.studies.fitting.running import MicroRuns

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "FILES", "PLAUSIBLE", "fit_document", "fit_page", "plausible_rows", "posterior_document", "posterior_rows", "recovery_document",
    "show_fit", "show_recovery",
]

PLAUSIBLE = "plausible.csv"
#: Files of a fit, beside what it keeps of its runs.
FILES = (PLAUSIBLE, "fit.json", "fit.md", "fit.png", "fit.svg", "abc.csv", "abc.db", "recovery.json")
#: Parameters named for each target: those with the largest total index, and the least that is worth naming.
_NAMED, _LEAST = 3, 0.05

#: Failed runs that are named, and the head of what a target hangs on.
_FAILURES, _HANGS = 10, "hangs on"

_Cells = tuple[str, ...]
#: Title, heads of columns, rows, and which columns hold numbers.
_Table = tuple[str, _Cells, list[_Cells], _Cells]

_HOW_TO_READ = [
    "Plausible: the middle nine tenths of points that are not ruled out. Left: its width, of nine tenths of the range; up to "
    f"{100 * MOST_IDENTIFIED:.0f} % a parameter is identified, up to {100 * MOST_NARROWED:.0f} % narrowed, above that not. "
    f"Pairs trade off from a rank correlation of {TRADE_OFF:g}.",
    f"A figure's bounds are read as {BOUNDS:g} of its standard deviations; may miss by: three standard deviations of figure and "
    "model together, to which those of the emulator and of one run are added.",
    "Rules out: share of the ranges that a target rules out alone. Nearest: the lowest implausibility that any point has of it. "
    f"Hangs on: parameters with {100 * _LEAST:.0f} % or more of its variance over the ranges (total Sobol index of the emulator).",
    "Unsure: the emulator's variance over all others, of the target where it is largest. Matching: of the points run that are "
    "left, those whose own runs are near enough too.",
]

STOPS = {
    EMPTY: "no point of these ranges gives these targets",
    NO_EMULATOR: "no emulator passed its check, so that nothing more may be ruled out: more points or seeds are needed",
    SETTLED: "the last wave ruled out less than a tenth of what there was",
    SURE: "the emulators' own variance is small against the rest: another wave would rule out little",
    WAVES_DONE: "all waves were run; another may rule out more",
}
_UNITS = {parameter.name: parameter.unit for parameter in PARAMETERS}
_VALUES = {parameter.name: parameter.value for parameter in PARAMETERS}


def fit_document(plan: FitPlan, found: Match, read: Findings, runs: MicroRuns, command: str) -> dict[str, Any]:
    """Gives what `redqueen fit --json` prints and `fit.json` holds; shares from 0 to 1, implausibility in standard deviations."""
    last = found.waves[-1]
    return {
        "case": RECIPES, "quarters": plan.world.quarters, "points": plan.points, "seeds": plan.seeds, "cut": plan.cut,
        "rank": plan.rank,
        "ranges": {name: list(limits) for name, limits in plan.space.ranges.items()},
        "parameters": [
            {"name": name, "unit": _UNITS[name], "default": plan.world.parameters.get(name, _VALUES[name]), **_marginal(read, name)}
            for name in plan.space.names
        ],
        "targets": [_target(plan, found, read, place) for place in range(len(plan.targets))],
        "waves": [_wave(wave) for wave in found.waves],
        "stop": found.stop, "stop_words": STOPS[found.stop], "empty": found.empty,
        "ruled_out_by": list(found.blamed()) if found.empty else [], "share": found.share, "lowest": last.remaining.lowest,
        "least_implausible": dict(zip(plan.space.names, plan.space.natural(last.remaining.best[None, :])[0].tolist(), strict=True)),
        "default_implausibility": read.default_value, "default_runs": read.default_runs,
        "trade_offs": [asdict(pair) for pair in read.trade_offs],
        "sensitivities": [asdict(one) for one in read.sensitivities],
        "unused": [asdict(one) for one in read.unused],
        "failures": sorted(set(runs.failures)),
        "plausible": PLAUSIBLE, "plausible_points": len(found.plausible),
        "versions": origins(), "code": code_digest(MEASURING), "world_hash": world_hash(plan.world),
        "parameter_hash": parameter_hash(plan.world, {}), "key": plan.key, "command": command,
    }


def plausible_rows(found: Match) -> Iterator[tuple[Any, ...]]:
    """Gives the names of columns, then the plausible points: parameters in their units, and the implausibility."""
    yield (*found.space.names, "implausibility")
    for point, value in zip(found.space.natural(found.plausible).tolist(), found.values.tolist(), strict=True):
        yield (*point, value)


def posterior_rows(found: Match, posterior: Posterior) -> Iterator[tuple[Any, ...]]:
    """Gives the names of columns, then the weighted points of an ABC."""
    yield (*found.space.names, "weight")
    for point, weight in zip(posterior.points.tolist(), posterior.weights.tolist(), strict=True):
        yield (*point, weight)


def posterior_document(found: Match, posterior: Posterior) -> dict[str, Any]:
    """Gives what an ABC found: tolerances and runs by population, and the weighted middle nine tenths of each parameter."""
    rows = []
    for column, name in enumerate(found.space.names):
        low, median, high = numpy.quantile(
            posterior.points[:, column], [0.05, 0.5, 0.95], method="inverted_cdf", weights=posterior.weights
        ).tolist()
        rows.append({"name": name, "low": low, "median": median, "high": high})
    counts = {"tolerances": list(posterior.tolerances), "runs": list(posterior.runs), "points": len(posterior.points)}
    return {**counts, "parameters": rows}


def recovery_document(plan: FitPlan, recovery: Recovery, command: str) -> dict[str, Any]:
    """Gives what `redqueen fit --recover --json` prints."""
    asked = {
        "ranges": {name: list(limits) for name, limits in plan.space.ranges.items()},
        "targets": [target.name for target in plan.targets], "points": plan.points, "seeds": plan.seeds, "waves": plan.waves,
        "rank": plan.rank, "quarters": plan.world.quarters,
    }
    return {**asked, **asdict(recovery), "versions": origins(), "command": command}


def show_fit(console: Console, document: Mapping[str, Any]) -> None:
    """Prints a fit from its document."""
    from redqueen.report.terminal import paragraph, say, table

    say(console, _headline(document), style="bold")
    for line in _verdict(document):
        say(console, line)
    console.print()
    for title, heads, rows, right in _tables(document):
        table(console, heads, rows, title=title, right=right, whole=[head for head in heads[1:] if head != _HANGS])
    for title, lines in _lists(document):
        paragraph(console, title, lines)


def fit_page(document: Mapping[str, Any]) -> str:
    """Gives a fit as a page of Markdown."""
    lines = ["# What the targets leave of the parameters", "", f"Made by `{document['command']}`.", "", _headline(document), ""]
    lines += [*_verdict(document), ""]
    for title, heads, rows, _ in _tables(document):
        lines += [f"**{title}**", "", markdown_table(heads, [[str(cell) for cell in row] for row in rows])]
    for title, items in _lists(document):
        lines += [f"**{title}**", "", *(f"- {item}" for item in items), ""]
    return "\n".join(lines)


def show_recovery(console: Console, document: Mapping[str, Any]) -> None:
    """Prints a recovery test from its document."""
    from redqueen.report.terminal import say, table

    count = len(document["truths"])
    kept = sum(truth["kept"] for truth in document["truths"])
    say(console, f"{kept} of {count} made-up truths are among what their figures do not rule out", style="bold")
    say(
        console,
        f"Rate {100 * document['rate']:.0f} % (95 % interval {100 * document['low']:.0f} to {100 * document['high']:.0f}); stated: "
        f"{100 * document['normal']:.1f} % if errors are normal and independent, at least {100 * document['sure']:.0f} % "
        "if each has one peak.",
    )
    console.print()
    names = list(document["ranges"])
    right = (*names, "implausibility", "share left %")
    heads = (*right, "kept", "worst target")
    rows = [
        (
            *(number(truth["parameters"][name]) for name in names), number(truth["implausibility"]), number(100 * truth["share"]),
            "yes" if truth["kept"] else "no", _words(truth["worst"]),
        )
        for truth in document["truths"]
    ]
    table(console, heads, rows, right=right)


def _marginal(read: Findings, name: str) -> dict[str, Any]:
    found = next((one for one in read.marginals if one.name == name), None)
    if found is None:
        return dict.fromkeys(("low", "high", "median", "left", "word"))
    return {"low": found.low, "high": found.high, "median": found.median, "left": found.left, "word": found.word}


def _target(plan: FitPlan, found: Match, read: Findings, place: int) -> dict[str, Any]:
    target, last = plan.targets[place], found.waves[-1]
    told = fact(target.name)
    return {
        "name": target.name, "says": told.says, "low": target.low, "high": target.high, "unit": target.unit, "logs": target.logs,
        "observation": target.observation, "discrepancy": target.discrepancy, "source": told.citation(),
        "measured_as": MEASURED[target.name].words, "used_to_set": list(told.used_to_set),
        "nearest": last.nearest[place], "excluded": last.excluded[place], "default": read.default.get(target.name),
        "emulated": any(wave.emulators[place].usable for wave in found.waves),
    }


def _wave(wave: Wave) -> dict[str, Any]:
    return {
        "number": wave.number, "points": len(wave.unit), "share": wave.remaining.share, "method": wave.remaining.method,
        "lowest": wave.remaining.lowest, "unsure": wave.unsure, "matching": wave.matching,
        "emulators": [_emulator(one) for one in wave.emulators],
    }


def _emulator(one: Emulator) -> dict[str, Any]:
    check = one.check
    return {
        "target": one.target, "points": one.points, "undefined": one.undefined, "explained": check.explained,
        "beyond": check.beyond, "mean_square": check.mean_square, "fault": check.fault,
    }


def _headline(document: Mapping[str, Any]) -> str:
    waves = document["waves"]
    runs = sum(wave["points"] for wave in waves) * document["seeds"]
    return (
        f"{counted(len(document['parameters']), 'parameter')}, {counted(len(document['targets']), 'target')}, "
        f"{counted(len(waves), 'wave')}, {number(runs)} runs of {document['quarters']} quarters: {_share(document['share'])} "
        "of the ranges is not ruled out"
    )


def _verdict(document: Mapping[str, Any]) -> list[str]:
    lines = [f"Why it ended: {document['stop_words']}."]
    if document["empty"]:
        blamed = ", ".join(_words(name) for name in document["ruled_out_by"])
        lines.append(
            f"Ruled out by: {blamed}. The least implausible point is {number(document['lowest'])} standard deviations off "
            f"({number(document['cut'])} rules out); plausible.csv has no rows."
        )
    value = document["default_implausibility"]
    if value is not None:
        worst = [target["name"] for target in document["targets"] if (target["default"] or 0.0) >= document["cut"]]
        by = f": {', '.join(map(_words, worst))}" if worst else ""
        word = "" if value >= document["cut"] else "not "
        own = counted(document["default_runs"], "run")
        lines.append(f"The model's own values are {word}ruled out by {own} of their own (implausibility {number(value)}{by}).")
    return lines


def _tables(document: Mapping[str, Any]) -> Iterator[_Table]:
    yield _parameters(document)
    yield _targets(document)
    yield _waves(document)
    if document["unused"]:
        heads = ("fact that was no target", "figure", "plausible runs", "hit %")
        rows: list[_Cells] = [
            (
                f"{_words(one['name'])} ({one['unit']})", _bounds(one["target_low"], one["target_high"]),
                f"{number(one['low'])} to {number(one['high'])}", f"{100 * one['hits']:.0f}",
            )
            for one in document["unused"]
        ]
        yield "What was not fitted", heads, rows, heads[1:]
    found = document.get("abc")
    if found:
        within = ("parameter", "median", "middle nine tenths")
        rows = [
            (_words(one["name"]), number(one["median"]), f"{number(one['low'])} to {number(one['high'])}")
            for one in found["parameters"]
        ]
        tolerances = ", ".join(map(number, found["tolerances"]))
        yield f"ABC within it: {number(sum(found['runs']))} runs, tolerances {tolerances}", within, rows, within[1:]


def _parameters(document: Mapping[str, Any]) -> _Table:
    rows: list[_Cells] = []
    for one in document["parameters"]:
        low, high = document["ranges"][one["name"]]
        plausible = "-" if one["low"] is None else f"{number(one['low'])} to {number(one['high'])}"
        left = "-" if one["left"] is None else f"{100 * one['left']:.0f}"
        range_words = f"{number(low)} to {number(high)}"
        rows.append((_words(one["name"]), range_words, number(one["default"]), plausible, left, one["word"] or "-"))
    right = ("range", "default", "plausible", "left %")
    return "What remains of the parameters", ("parameter", *right, ""), rows, right


def _targets(document: Mapping[str, Any]) -> _Table:
    rows: list[_Cells] = []
    for one in document["targets"]:
        spread = document["cut"] * (one["observation"] ** 2 + one["discrepancy"] ** 2) ** 0.5
        miss = f"{100 * spread:.0f} %" if one["logs"] else number(spread)
        excluded, nearest = (f"{100 * one['excluded']:.0f}", number(one["nearest"])) if one["emulated"] else ("-", "-")
        name = f"{_words(one['name'])} ({one['unit']})"
        rows.append((name, _bounds(one["low"], one["high"]), miss, excluded, nearest, _hangs(document, one["name"])))
    right = ("figure", "may miss by", "rules out %", "nearest")
    return "Targets", ("target", *right, _HANGS), rows, right


def _waves(document: Mapping[str, Any]) -> _Table:
    rows: list[_Cells] = []
    for wave in document["waves"]:
        explained = [one["explained"] for one in wave["emulators"] if one["fault"] is None]
        hold = f"{len(explained)} of {len(wave['emulators'])}"
        if explained:
            hold += f", explain {100 * min(explained):.0f}-{100 * max(explained):.0f} %"
        matching = "-" if wave["matching"] is None else f"{100 * wave['matching']:.0f}"
        rows.append((str(wave["number"]), str(wave["points"]), _share(wave["share"]), number(wave["unsure"]), matching, hold))
    right = ("wave", "points", "left", "unsure", "matching %")
    return "Waves", (*right, "emulators that hold"), rows, right


def _lists(document: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    emulators = [
        (f"wave {wave['number']}, {_words(one['target'])}", one) for wave in document["waves"] for one in wave["emulators"]
    ]
    pairs = [f"{_words(one['first'])} and {_words(one['second'])} ({one['correlation']:+.2f})" for one in document["trade_offs"]]
    targets = {one["name"] for one in document["targets"]}
    for title, lines in (
        ("Trade off: only a mix of the two is known (rank correlation)", pairs),
        (
            "Emulators that failed their check, and ruled nothing out",
            [f"{name}: {one['fault']}" for name, one in emulators if one["fault"]],
        ),
        (
            "Points at which a target is not defined, which its emulator does not know",
            [f"{name}: {one['undefined']} points" for name, one in emulators if one["undefined"]],
        ),
        ("Runs that failed", document["failures"][:_FAILURES]),
        ("No targets unless named", [f"{_words(name)}: {reason}" for name, reason in LEFT_OUT.items() if name not in targets]),
        ("How to read it", _HOW_TO_READ),
    ):
        if lines:
            yield title, lines


def _hangs(document: Mapping[str, Any], target: str) -> str:
    one = next((one for one in document["sensitivities"] if one["target"] == target), None)
    if one is None:
        return "-"
    named = sorted(one["total"].items(), key=lambda pair: -pair[1])[:_NAMED]
    return ", ".join(f"{_words(name)} {100 * value:.0f}" for name, value in named if value >= _LEAST) or "nothing much"


def _bounds(low: float | None, high: float | None) -> str:
    if high is None:
        return f"over {number(low)}"
    return f"below {number(high)}" if low is None else f"{number(low)} to {number(high)}"


def _share(share: float) -> str:
    return "nothing" if share == 0 else f"{number(100 * share)} %"


def _words(name: str) -> str:
    return name.replace("_", " ")
