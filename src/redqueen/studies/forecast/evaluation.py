"""Sets models side by side on windows that none of them had seen, as if each forecast had been made at the time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redqueen.errors import Refused
from redqueen.evidence.evidence import Evidence
from redqueen.lab.intervals import LEVEL, student_quantile
from redqueen.progress import progress_bar
from redqueen.studies.forecast.models import MODELS
from redqueen.studies.forecast.rehearsal import LEAST_WINDOWS, Rehearsal, Windows, choose, final, rehearse
from redqueen.studies.forecast.scores import Calibration, average_precision, brier_score, calibration, precision_at, roc_auc
from redqueen.studies.forecast.trained import HORIZON, check_horizon
from redqueen.studies.forecast.windows import GAIN, KINDS, LEAST, LOSE, panel, starts

__all__ = ["CHOSEN", "GROUPS", "SCORES", "Comparison", "Evaluation", "Score", "Window", "evaluate"]

#: What the tool would have used at the time: the model that was best on windows that had ended by then.
CHOSEN = "chosen"

#: What is judged together: gains, gains of what a region already does a little, losses.
GROUPS: dict[str, str] = {
    "gain": "gains: RCA below 1 at the start, at least 1 at the end",
    "gain of what is done": "gains, without cells that have nothing at the start",
    "lose": "losses: RCA at least 1 at the start, below 1 at the end",
}

#: Scores by name, with what they are.
SCORES: dict[str, str] = {
    "auc": "area under the ROC curve: chance that a cell with an event is ranked above one without",
    "average_precision": "mean precision over the events",
    "brier": "mean squared error of the probability",
    "skill": "share of the Brier score of the past windows' rate that is done away with",
    "precision_at_10": "share of events among the ten likeliest cells of a window",
}

_FIRST = 10
_DRAWS = 300


@dataclass(frozen=True)
class Score:
    """Holds one score of one model: the mean over test windows and intervals of 95 %.

    `low` and `high` are Student's over windows, `region_low` and `region_high` a bootstrap of regions within the last window.
    None where there are too few windows.
    """

    group: str
    model: str
    score: str
    value: float
    low: float | None
    high: float | None
    region_low: float
    region_high: float


@dataclass(frozen=True)
class Comparison:
    """Holds by how much what was chosen at the time does better than another model (`score` of the first less that of the other).
    """

    group: str
    against: str
    score: str
    value: float
    low: float | None
    high: float | None
    region_low: float
    region_high: float


@dataclass(frozen=True)
class Window:
    """Says of a test window of a group its start, the windows learnt from, its cells and events, and what was chosen and judged on.
    """

    group: str
    start: int
    learnt_from: tuple[int, ...]
    cells: int
    events: int
    base: float
    chosen: str
    judged_on: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Holds what `evaluate` finds: `curves` is the calibration by group and model, over all test windows together."""

    measure: str
    regions: int
    activities: int
    years: tuple[int, int]
    horizon: int
    averaged: int
    least: float
    windows: tuple[Window, ...]
    scores: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]
    curves: Mapping[str, Mapping[str, Calibration]]

    def score(self, group: str, model: str, score: str) -> Score:
        """Finds one score."""
        return next(one for one in self.scores if (one.group, one.model, one.score) == (group, model, score))


def evaluate(
    tables: Evidence | Mapping[int, pd.DataFrame],
    measure: str | None = None,
    *,
    horizon: int = HORIZON,
    averaged: int = 1,
    least: float = LEAST,
    test: Sequence[int] | None = None,
    progress: bool = True,
) -> Evaluation:
    """Forecasts every window that has enough ended windows before it, with what was known at its start, and scores all models.

    A test window that starts in year t is forecast by models learnt from windows that end by t, recalibrated and chosen on
    rehearsals of windows that end by t; no test window takes part in its own forecast. `test` names the starts, by default all that
    have at least three ended windows before them. All models are scored on the same cells. Other options as of `Forecast.train`.
    """
    check_horizon(horizon, averaged)
    table = panel(tables, measure, averaged=averaged, least=least)
    windows = Windows(table, horizon)
    known = {start: windows.before(start) for start in starts(table, horizon)}
    possible = [start for start, before in known.items() if len(before) >= LEAST_WINDOWS]
    tested = possible if test is None else sorted(set(test))
    if not tested or not set(tested) <= set(possible):
        needed = 2 * horizon + LEAST_WINDOWS + averaged - 1
        listed = ", ".join(map(str, possible))
        have = f"those that start in {listed} have them" if possible else f"none of the table's {len(known)} has them"
        raise Refused.one(
            f"an evaluation over {horizon} years needs windows with {LEAST_WINDOWS} ended ones before them; {have}",
            field="year", remedy=f"give {needed} years in a row or more, or a shorter horizon",
        )
    origins = [start for start, before in known.items() if before and start <= tested[-1]]
    with progress_bar(len(origins), "forecasting past windows", show=progress) as advance:
        rehearsals = rehearse(windows, origins, advance=advance)
    judged = _Judged(rehearsals, tested, horizon)
    if not judged.groups:
        raise Refused.one(
            "hardly anything was gained or lost in the past windows", field="value", remedy="give more years or regions"
        )
    return Evaluation(
        measure=table.measure,
        regions=len({place for one in rehearsals if one.start in tested for place in one.cells["region"]}),
        activities=len(table.activities),
        years=(table.years[0], table.years[-1]),
        horizon=horizon,
        averaged=averaged,
        least=least,
        windows=tuple(judged.windows),
        scores=tuple(judged.scores()),
        comparisons=tuple(judged.comparisons()),
        curves={group: {model: calibration(*judged.together(group, model)) for model in judged.models} for group in judged.groups},
    )


@dataclass(frozen=True, eq=False)
class _Tested:
    """Holds one test window of a group: regions, what happened and final probabilities by model, [cells]."""

    region: np.ndarray
    happened: np.ndarray
    found: Mapping[str, np.ndarray]
    base: float


class _Judged:
    """Scores what was forecast of test windows."""

    def __init__(self, rehearsals: Sequence[Rehearsal], tested: Sequence[int], horizon: int):
        self.models = (*MODELS, CHOSEN)
        self._draws: dict[tuple[str, str], np.ndarray] = {}
        self.windows: list[Window] = []
        self.groups: dict[str, list[_Tested]] = {}
        for group in GROUPS:
            kind = LOSE if group == LOSE else GAIN
            for one in (one for one in rehearsals if one.kind == kind and one.start in tested):
                found = final(rehearsals, kind, one.start, horizon, one.raw)
                name, judges = choose(rehearsals, kind, one.start, horizon)
                found = {**found, CHOSEN: found[name]}
                used = np.ones(len(one.cells), bool) if group in KINDS else one.cells["value"].to_numpy() > 0
                mine = _Tested(
                    one.cells["region"].to_numpy()[used], one.happened[used],
                    {key: values[used] for key, values in found.items()}, one.base,
                )
                # Ranks need both outcomes.
                if 0 < mine.happened.sum() < mine.happened.size:
                    self.groups.setdefault(group, []).append(mine)
                    self.windows.append(
                        Window(
                            group, one.start, one.learnt_from, mine.happened.size, int(mine.happened.sum()), one.base, name, judges
                        )
                    )

    def together(self, group: str, model: str) -> tuple[np.ndarray, np.ndarray]:
        """Gives what happened and the probabilities of all test windows of a group."""
        tested = self.groups[group]
        return np.concatenate([one.happened for one in tested]), np.concatenate([one.found[model] for one in tested])

    def scores(self) -> list[Score]:
        """Scores each model in each group."""
        found = []
        for group, tested in self.groups.items():
            for score, measure in _MEASURES.items():
                by_window = {model: [measure(one.happened, one.found[model], one.base) for one in tested] for model in self.models}
                draws = self._bootstrap(group, score)
                found += [
                    Score(group, model, score, *_interval(by_window[model]), *_percentiles(draws[:, place]))
                    for place, model in enumerate(self.models)
                ]
        return found

    def comparisons(self) -> list[Comparison]:
        """Compares what was chosen at the time with each model, window by window."""
        found = []
        for group, tested in self.groups.items():
            for score in ("auc", "average_precision", "brier"):
                measure = _MEASURES[score]
                draws = self._bootstrap(group, score)
                for place, model in enumerate(MODELS):
                    mine, other = (
                        np.array([measure(one.happened, one.found[name], one.base) for one in tested]) for name in (CHOSEN, model)
                    )
                    apart = mine - other
                    found.append(Comparison(group, model, score, *_interval(apart), *_percentiles(draws[:, -1] - draws[:, place])))
        return found

    def _bootstrap(self, group: str, score: str) -> np.ndarray:
        """Draws regions of the last window with replacement, the same for every model and score: scores [draws, models]."""
        if (group, score) not in self._draws:
            one, measure = self.groups[group][-1], _MEASURES[score]
            names = np.unique(one.region)
            of_region = [np.flatnonzero(one.region == name) for name in names]
            draws = np.random.default_rng(0)
            found = np.empty((_DRAWS, len(self.models)))
            for draw in range(_DRAWS):
                chosen = np.concatenate([of_region[place] for place in draws.integers(len(names), size=len(names))])
                happened = one.happened[chosen]
                found[draw] = [measure(happened, one.found[model][chosen], one.base) for model in self.models]
            self._draws[group, score] = found
        return self._draws[group, score]


def _skill(happened: np.ndarray, probability: np.ndarray, base: float) -> float:
    return 1.0 - brier_score(happened, probability) / brier_score(happened, np.full(happened.size, base))


_MEASURES: dict[str, Callable[[np.ndarray, np.ndarray, float], float]] = {
    "auc": lambda happened, probability, base: roc_auc(happened, probability),
    "average_precision": lambda happened, probability, base: average_precision(happened, probability),
    "brier": lambda happened, probability, base: brier_score(happened, probability),
    "skill": _skill,
    "precision_at_10": lambda happened, probability, base: precision_at(happened, probability, _FIRST),
}


def _interval(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Gives the mean over windows with Student's interval."""
    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return mean, None, None
    half = student_quantile((1 + LEVEL) / 2, count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return mean, mean - half, mean + half


def _percentiles(values: np.ndarray) -> tuple[float, float]:
    # A draw without any event has no ranking.
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if np.isfinite(values).any() else (np.nan, np.nan)
    return float(low), float(high)
