"""Forecasts as they would have been made in the past, by which models are recalibrated, chosen and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redqueen.errors import Faults, Refused
from redqueen.studies.forecast.models import AVERAGE, MODELS, Model, average, learn, recalibrate
from redqueen.studies.forecast.scores import brier_score
from redqueen.studies.forecast.windows import GAIN, KINDS, Panel, cells, event, of_kind, past

__all__ = ["LEAST_EVENTS", "LEAST_WINDOWS", "Rehearsal", "Windows", "check_years", "choose", "final", "learn_at", "rehearse"]

#: Past windows that a forecast needs, and events among them that each kind of event needs.
LEAST_WINDOWS, LEAST_EVENTS = 3, 10

# Cells of a window and kind that are learnt from, drawn at random where there are more.
_MOST_CELLS = 10_000


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """Holds one window of one kind forecast from what was known at its start: its cells, what happened, and probabilities by model.

    `raw` are probabilities before any recalibration, without the average; `base` is the share of events in the windows learnt from.
    """

    kind: str
    start: int
    learnt_from: tuple[int, ...]
    cells: pd.DataFrame
    happened: np.ndarray
    raw: Mapping[str, np.ndarray]
    base: float


class Windows:
    """Makes the cells of each window of a panel once, and keeps those that are learnt from."""

    def __init__(self, table: Panel, horizon: int):
        self.table, self.horizon = table, horizon
        self._kept: dict[int, pd.DataFrame] = {}

    def whole(self, start: int) -> pd.DataFrame:
        """Gives all cells of a window, with what became of them."""
        return cells(self.table, start, self.horizon)

    def sample(self, start: int) -> pd.DataFrame:
        """Gives the cells of a window that are learnt from: all, or as many of each kind as is enough, the same each time."""
        if start not in self._kept:
            found = self.whole(start)
            parts = [of_kind(found, kind) for kind in KINDS]
            draws = np.random.default_rng(start)
            orders = [np.sort(draws.permutation(len(part))[:_MOST_CELLS]) for part in parts]
            self._kept[start] = pd.concat([part.iloc[order] for part, order in zip(parts, orders, strict=True)])
        return self._kept[start]

    def before(self, year: int) -> list[int]:
        """Lists the windows whose end is known in a year and that have regions to learn from."""
        return [start for start in past(self.table, self.horizon, year) if len(self.sample(start))]


def check_years(table: Panel, horizon: int, year: int) -> None:
    """Refuses a table with too few windows up to a year, and says how many years it takes."""
    known = list(past(table, horizon, year))
    if len(known) >= LEAST_WINDOWS:
        return
    needed = horizon + LEAST_WINDOWS + table.averaged - 1
    have = len([one for one in table.years if one <= year])
    raise Refused.one(
        f"a forecast over {horizon} years needs {LEAST_WINDOWS} past windows, and the table has {len(known)} "
        f"in {have} years up to {year}",
        field="year",
        remedy=f"give {needed} years in a row or more, or a shorter horizon",
    )


def learn_at(windows: Windows, year: int) -> dict[str, dict[str, Model]]:
    """Learns all models of both kinds from the windows whose end is known in a year.

    Refuses where hardly anything was gained or lost in them.
    """
    known = windows.before(year)
    samples = [windows.sample(start) for start in known]
    faults = Faults()
    for kind in KINDS:
        happened = sum(int(event(of_kind(sample[np.isfinite(sample["after"])], kind), kind).sum()) for sample in samples)
        if happened < LEAST_EVENTS:
            faults.add(
                f"specialisations were {'gained' if kind == GAIN else 'lost'} {happened} times in {len(known)} past windows "
                f"up to {year}; a forecast needs {LEAST_EVENTS}",
                field="value", remedy=f"give more years or regions, or regions below {windows.table.least:g} units a year",
            )
    faults.refuse_if_any("forecast")
    return {kind: learn(samples, kind) for kind in KINDS}


def rehearse(windows: Windows, origins: Sequence[int], *, advance: Callable[[float], None] = lambda done: None) -> list[Rehearsal]:
    """Forecasts the windows that start in `origins`, each with models learnt from windows that had ended by then.

    An origin is passed over where too little had happened before it to learn from.
    """
    found = []
    for origin in origins:
        known = windows.before(origin)
        try:
            learnt = learn_at(windows, origin) if known else None
        except Refused:
            learnt = None
        if learnt is not None:
            whole = windows.whole(origin)
            whole = whole[np.isfinite(whole["after"])]
            for kind in KINDS:
                mine = of_kind(whole, kind)
                raw = {name: model(mine) for name, model in learnt[kind].items()} if len(mine) else {}
                before = np.concatenate([_outcomes(windows.sample(start), kind) for start in known])
                if raw:
                    kept = mine[["region", "activity", "value", "rca"]]
                    found.append(Rehearsal(kind, origin, tuple(known), kept, event(mine, kind), raw, float(before.mean())))
        advance(1)
    return found


def final(
    rehearsals: Sequence[Rehearsal], kind: str, year: int, horizon: int, raw: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Makes final probabilities of raw ones: trees recalibrated on rehearsals that had ended by a year, and the average."""
    ended = [one for one in rehearsals if one.kind == kind and one.start + horizon <= year]
    happened = np.concatenate([one.happened for one in ended]) if ended else np.zeros(0)
    before = {name: np.concatenate([one.raw[name] for one in ended]) for name in raw} if ended else {}
    found = recalibrate(before, happened, raw)
    return {**found, AVERAGE: average(found)}


def choose(rehearsals: Sequence[Rehearsal], kind: str, year: int, horizon: int) -> tuple[str, int]:
    """Chooses a model by the rehearsals that had ended by a year, and says how many judged.

    The average, which is the safest without a judge (clemen_1989), unless three windows or more have judged and another has a Brier
    score that is lower by more than a standard error of the difference over windows; of several such, the one that scores best.
    """
    ended = [one for one in rehearsals if one.kind == kind and one.start + horizon <= year]
    if len(ended) < LEAST_WINDOWS:
        return AVERAGE, len(ended)
    scored = []
    for one in ended:
        found = final(rehearsals, kind, one.start, horizon, one.raw)
        scored.append([brier_score(one.happened, found[name]) - brier_score(one.happened, found[AVERAGE]) for name in MODELS])
    better = np.mean(scored, axis=0) + np.std(scored, axis=0, ddof=1) / np.sqrt(len(scored))
    clear = {name: float(mean) for name, mean, bound in zip(MODELS, np.mean(scored, axis=0), better, strict=True) if bound < 0}
    return min(clear, key=lambda name: clear[name]) if clear else AVERAGE, len(ended)


def _outcomes(sample: pd.DataFrame, kind: str) -> np.ndarray:
    return event(of_kind(sample[np.isfinite(sample["after"])], kind), kind)
