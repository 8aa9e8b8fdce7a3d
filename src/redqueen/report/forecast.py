"""Show what a region may gain and lose, and how far such forecasts can be trusted: tables, one document, a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from redqueen.report.terminal import say, table
from redqueen.report.words import number
from redqueen.studies.forecast.evaluation import CHOSEN, GROUPS, SCORES, Comparison, Evaluation, Score
from redqueen.studies.forecast.models import AVERAGE, MODELS
from redqueen.studies.forecast.trained import Forecast
from redqueen.studies.forecast.windows import GAIN, LOSE

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

__all__ = [
    "calibration_figure", "evaluation_document", "evaluation_page", "forecast_document", "show_evaluation", "show_forecast",
]

#: Rows of a list on the screen; --json has all.
SHOWN = 10

_HEADS = ("model", "AUC", "interval", "prec.", "Brier", "skill", "calib.", "top 10")
_WHAT_HEADS_ARE = (
    "AUC: chance that a cell with the event is ranked above one without, with its 95 % interval over test windows (Student's; they "
    "overlap); prec.: average precision; skill: % of the Brier score of the past windows' rate done away with; calib.: mean "
    "distance "
    "between forecast and came true, points; top 10: % of the ten likeliest cells of a window that came true. "
    "Over regions: bootstrap of regions in the last window."
)
_PAGE_HEADS = (
    "model", "ROC AUC (over windows; over regions)", "average precision", "Brier", "skill %", "calibration error, points",
    "of the ten likeliest, %",
)
_DRAWN = ("current RCA", "density", "logit", AVERAGE)
_TITLES = {GAIN: "Gaining a specialisation", LOSE: "Losing one"}


def show_forecast(console: Console, forecast: Forecast, name: str, rows: pd.DataFrame, names: Mapping[str, str]) -> None:
    """Prints what a region may gain and lose, the likeliest first; `rows` as of `Forecast.entry`, `names` the words for activities.
    """
    year = forecast.year
    say(console, f"{name}: specialisations that may be gained or lost from {year} to {year + forecast.horizon}", style="bold")
    console.print()
    heads = ("activity", "RCA", "relatedness %", "chance %")
    for kind, title in ((GAIN, "May gain (RCA below 1 now)"), (LOSE, "May lose (RCA at least 1 now)")):
        mine = rows[rows["kind"] == kind]
        cells = [_cells(row, names) for row in mine.head(SHOWN).itertuples()]
        more = f", the first {SHOWN} of {len(mine)}" if len(mine) > SHOWN else ""
        table(console, heads, cells, title=f"{title}{more}", right=heads[1:])
    relatedness = "Relatedness: share of the activity's proximity that lies in what the region is specialised in."
    say(console, f"{relatedness} Chance by {forecast.words}.")


def _cells(row: Any, names: Mapping[str, str]) -> tuple[str, ...]:
    return names.get(row.activity, row.activity), number(row.rca), number(100 * row.density), f"{100 * row.probability:.0f}"


def forecast_document(forecast: Forecast, region: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Gives what `redqueen forecast --region --json` prints."""
    return {
        "region": region,
        "year": forecast.year,
        "horizon": forecast.horizon,
        "models": forecast.chosen,
        "judged_on": forecast.judged_on,
        "learnt_from": list(forecast.learnt_from),
        "cells": rows.to_dict("records"),
    }


def show_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Prints how models compare, one table a group of cells, and by how much what was chosen at the time is better."""
    say(console, _about(evaluation), style="bold")
    console.print()
    for group, words in _groups(evaluation).items():
        rows = []
        for model in (*MODELS, CHOSEN):
            auc, precision, brier, skill, first = (evaluation.score(group, model, score) for score in SCORES)
            rows.append(
                (
                    model, f"{auc.value:.3f}", _short(auc), f"{precision.value:.3f}", f"{brier.value:.4f}", _percent(skill),
                    f"{100 * evaluation.curves[group][model].error:.1f}", f"{100 * first.value:.0f}",
                )
            )
        title = f"{words[0].upper()}{words[1:]}. {_counts(evaluation, group)}"
        table(console, _HEADS, rows, title=title, right=_HEADS[1:], whole=_HEADS)
        for against in ("current RCA", "density", "logit"):
            say(console, _better(evaluation, group, against), indent="  ")
        console.print()
    say(console, _chosen(evaluation))
    say(console, _WHAT_HEADS_ARE)


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """Gives what `redqueen forecast --evaluate --json` prints."""
    document = asdict(evaluation)
    document["curves"] = {
        group: {
            model: {name: getattr(values, "tolist", lambda values=values: values)() for name, values in curve._asdict().items()}
            for model, curve in curves.items()
        }
        for group, curves in evaluation.curves.items()
    }
    return {**document, "models": MODELS, "groups": _groups(evaluation), "what_scores_are": SCORES}


def evaluation_page(evaluation: Evaluation) -> str:
    """Gives the comparison as tables for a page in Markdown."""
    lines = [_about(evaluation), ""]
    for group, words in _groups(evaluation).items():
        lines += [f"**{words[0].upper()}{words[1:]}.** {_counts(evaluation, group)}", ""]
        lines += [f"| {' | '.join(_PAGE_HEADS)} |", f"|{' --- |' * len(_PAGE_HEADS)}"]
        for model in (*MODELS, CHOSEN):
            auc, precision, brier, skill, first = (evaluation.score(group, model, score) for score in SCORES)
            cells = (
                model,
                f"{auc.value:.3f} ({_between(auc.low, auc.high)}; {_between(auc.region_low, auc.region_high)})",
                f"{precision.value:.3f} ({_between(precision.low, precision.high)})",
                f"{brier.value:.4f} ({_between(brier.low, brier.high, 4)})",
                f"{_percent(skill)} ({_between(skill.low, skill.high, scale=100, places=0)})",
                f"{100 * evaluation.curves[group][model].error:.1f}",
                f"{100 * first.value:.0f} ({_between(first.low, first.high, scale=100, places=0)})",
            )
            lines.append(f"| {' | '.join(cells)} |")
        others = [against for against in MODELS if _comparison(evaluation, group, against, "brier").value != 0]
        lines += ["", *(f"- {_better(evaluation, group, against)}" for against in others), ""]
    return "\n".join([*lines, _chosen(evaluation)])


def calibration_figure(evaluation: Evaluation) -> Any:
    """Draws the share of events against the probability, in ten groups of cells, for gains and losses."""
    from redqueen.report.figures import COLOURS, FAINT, drawing

    shown = [kind for kind in (GAIN, LOSE) if kind in evaluation.curves]
    with drawing() as pyplot:
        figure, axes = pyplot.subplots(1, len(shown), squeeze=False, figsize=(4.2 * len(shown), 4.1))
        for axis, kind in zip(axes[0], shown, strict=True):
            axis.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 2.5)))
            top = 0.0
            for model, colour in zip(_DRAWN, COLOURS[3::-1], strict=True):
                curve = evaluation.curves[kind][model]
                axis.plot(curve.predicted, curve.observed, color=colour, marker="o", markersize=3.5, linewidth=1.5, label=model)
                top = max(top, *curve.predicted, *curve.observed)
            axis.set(xlim=(0, 1.05 * top), ylim=(0, 1.05 * top), title=_TITLES[kind])
            axis.set(xlabel="probability forecast", ylabel="share that came true")
            axis.legend(frameon=False, fontsize=8, loc="upper left")
        windows = sorted({one.start for one in evaluation.windows})
        figure.supxlabel(
            f"{evaluation.measure}, windows of {evaluation.horizon} years that start in {windows[0]} to {windows[-1]}; "
            "each point a tenth of the cells; dashed: perfect",
            x=0.01, ha="left", fontsize=7.5, color=FAINT,
        )
    return figure


def _about(evaluation: Evaluation) -> str:
    windows = sorted({one.start for one in evaluation.windows})
    averaged = f", RCA of means of {evaluation.averaged} years" if evaluation.averaged > 1 else ""
    return (
        f"{evaluation.measure.capitalize()} of {evaluation.regions} regions with more than {evaluation.least:g} a year, "
        f"{evaluation.activities} activities, {evaluation.years[0]} to {evaluation.years[1]}{averaged}: windows of "
        f"{evaluation.horizon} years that start in "
        f"{', '.join(map(str, windows))}, each forecast from what was known at its start."
    )


def _groups(evaluation: Evaluation) -> dict[str, str]:
    return {group: words for group, words in GROUPS.items() if group in evaluation.curves}


def _counts(evaluation: Evaluation, group: str) -> str:
    mine = [one for one in evaluation.windows if one.group == group]
    return f"{sum(one.events for one in mine):,} events in {sum(one.cells for one in mine):,} cells."


def _better(evaluation: Evaluation, group: str, against: str) -> str:
    """Says by how much what was chosen at the time beats a model."""
    auc, brier = (_comparison(evaluation, group, against, score) for score in ("auc", "brier"))
    return f"{CHOSEN} against {against}: AUC {auc.value:+.3f} ({_signed(auc, 3)}), Brier {brier.value:+.4f} ({_signed(brier, 4)})"


def _comparison(evaluation: Evaluation, group: str, against: str, score: str) -> Comparison:
    return next(one for one in evaluation.comparisons if (one.group, one.against, one.score) == (group, against, score))


def _signed(one: Comparison, places: int) -> str:
    windows = "one window" if one.low is None else f"{one.low:+.{places}f} to {one.high:+.{places}f}"
    return f"{windows}; over regions {one.region_low:+.{places}f} to {one.region_high:+.{places}f}"


def _chosen(evaluation: Evaluation) -> str:
    said = []
    for kind, words in ((GAIN, "gains"), (LOSE, "losses")):
        mine = [one for one in evaluation.windows if one.group == kind]
        names = ", ".join(f"{one.start} {one.chosen} (judged on {one.judged_on})" for one in mine)
        said += [f"{words}: {names}"] if mine else []
    return f"Chosen at the time, by windows that had ended: {'; '.join(said)}."


def _between(low: float | None, high: float | None, places: int = 3, scale: float = 1.0) -> str:
    return "-" if low is None or high is None else f"{scale * low:.{places}f} to {scale * high:.{places}f}"


def _short(score: Score) -> str:
    return "-" if score.low is None else f"{score.low:.3f}-{score.high:.3f}"


def _percent(score: Score) -> str:
    return f"{100 * score.value:.1f}"
