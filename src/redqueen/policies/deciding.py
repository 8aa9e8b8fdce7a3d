"""What governments decide during a run, from measured growth alone: the rules of `fixed`, `central`, `experiment` and `adjust`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy

from redqueen import decisions, draws
from redqueen.elementary import log
from redqueen.model.instruments import INDEX
from redqueen.model.kinds import QUARTERS_A_YEAR as YEAR
from redqueen.model.schedule import Decision, Schedule

__all__ = ["Council", "Seat", "growth"]

# Which of the draws of one decision, by region: the first choice or a later one, the figure of one locality or of all.
_FIRST_LOT, _NEXT_LOT = 0, 1
_OWN_FIGURE, _JOINT_FIGURE = 0, 1
# Growth is published to a tenth of a percent a year: nobody acts on less.
_DIGITS = 3


@dataclass(frozen=True)
class Seat:
    """One government as it stands in a world: regions by position, times in quarters, each menu entry laid out.

    `options[entry]` is the schedule in which every locality does that entry, beside what the policy fixes beforehand;
    `instruments` are those of the menu, the only ones that are edited. `every` is None where nothing is ever reviewed,
    `start` None where the first choice is by lot.
    """

    name: str
    style: str
    goal: str
    localities: tuple[int, ...]
    entries: tuple[str, ...]
    options: tuple[Schedule, ...]
    instruments: tuple[str, ...]
    first: int
    every: int | None
    window: int | None
    lag: int
    noise: float
    start: int | None
    target_growth: float | None
    emulate: float

    def cut(self, quarters: int) -> Seat:
        """Gives the seat in a history that ends earlier."""
        return replace(self, options=tuple(option.cut(quarters) for option in self.options))


class Council:
    """The governments of one run; `decisions` holds what they chose so far, for every locality at every review."""

    def __init__(self, seats: tuple[Seat, ...], schedule: Schedule, regions: tuple[str, ...], seed: int):
        self.decisions: list[Decision] = []
        self._offices = [_Office(seat, schedule, regions, seed, self.decisions) for seat in seats]

    def decide(self, quarter: int, record: Mapping[str, numpy.ndarray]) -> None:
        """Has each government whose date it is look at the record and edit the schedule from this quarter on."""
        for office in self._offices:
            office.decide(quarter, record)


def growth(level: numpy.ndarray, end: int, window: int) -> float | None:
    """Gives the growth of the log of a level, a year, over the `window` quarters before quarter `end`.

    ln(mean of the last four quarters / mean of the four quarters before the window) / years between. Where the record
    does not reach back so far its first year is the base; None where less than a year lies between or the base is not
    positive, minus infinity where nothing is left at the end.
    """
    base = max(0, end - window - YEAR)
    quarters = end - YEAR - base
    if quarters < YEAR:
        return None
    now, before = float(level[end - YEAR : end].mean()), float(level[base : base + YEAR].mean())
    if now <= 0.0:
        return -math.inf
    return log(now / before) * YEAR / quarters if before > 0.0 else None


class _Office:
    """One government in one run: its choices so far, what it remembers and what it has banned."""

    def __init__(self, seat: Seat, schedule: Schedule, regions: tuple[str, ...], seed: int, minutes: list[Decision]):
        self.seat = seat
        self.schedule = schedule
        self.regions = regions
        self.seed = seed
        self.minutes = minutes
        #: Those who choose together: all localities of a central government, each locality of the others.
        self.choosers = [seat.localities] if seat.style == "central" else [(region,) for region in seat.localities]
        #: chooser -> (quarter, entry) of every choice that was new, in order
        self.choices: dict[tuple[int, ...], list[tuple[int, int]]] = {chooser: [] for chooser in self.choosers}
        #: chooser -> entry -> latest measured growth under it
        self.remembered: dict[tuple[int, ...], dict[int, float]] = {chooser: {} for chooser in self.choosers}
        self.banned: set[int] = set()
        self.rows = numpy.array(sorted(INDEX[name] for name in seat.instruments), dtype=int)

    def decide(self, quarter: int, record: Mapping[str, numpy.ndarray]) -> None:
        since = quarter - self.seat.first
        if since == 0:
            self._begin(quarter)
        elif since > 0 and self.seat.every is not None and since % self.seat.every == 0:
            end = quarter - self.seat.lag
            if self.seat.style == "experiment":
                self._compare(quarter, end, record)
            else:
                for chooser in self.choosers:
                    self._choose(chooser, quarter, *self._judge(chooser, quarter, end, record))

    def _begin(self, quarter: int) -> None:
        key = draws.key(self.seed, decisions.MENU, quarter)
        for chooser in self.choosers:
            if self.seat.start is None:
                # One lot for all is the lot of the first of them.
                self._choose(
                    chooser, quarter, draws.below(key, chooser[0], _FIRST_LOT, len(self.seat.entries)), "first choice, by lot"
                )
            else:
                self._choose(chooser, quarter, self.seat.start, "first choice")

    def _judge(self, chooser: tuple[int, ...], quarter: int, end: int, record: Mapping[str, numpy.ndarray]) -> tuple[int, str]:
        """Win-stay, lose-shift with memory, for those who choose together.

        The figure belongs to the entry in force in its last quarter. Growth that reaches `target_growth`, or else that
        of the window before, keeps the entry. Less has it replaced: by lot by one never chosen while there is any, then
        by the one with the best remembered growth, which may be the same.
        """
        current, measured = self._chosen(chooser, quarter), self._measured(chooser, end, record)
        judged = self._in_force(chooser, end - 1)
        if measured is None or judged is None:
            return current, "keeps: no results are known yet"
        self.remembered[chooser][judged] = measured
        if judged != current:
            return current, "keeps: its results are not known yet"
        asked = self.seat.target_growth
        if asked is None:
            asked = self._measured(chooser, end - (self.seat.window or 0), record)
        grew = f"grew {_percent(measured)}" if len(chooser) == 1 else f"grew {_percent(measured)} together"
        if asked is None:
            return current, f"keeps: {grew}, with nothing to compare it to"
        if measured >= asked:
            return current, f"keeps: {grew}, not less than {_percent(asked)}"
        return self._shift(chooser, quarter, current, f"{grew}, less than {_percent(asked)}")

    def _shift(self, chooser: tuple[int, ...], quarter: int, current: int, why: str) -> tuple[int, str]:
        chosen_before = {entry for _, entry in self.choices[chooser]}
        untried = [entry for entry in range(len(self.seat.entries)) if entry not in chosen_before]
        if untried:
            key = draws.key(self.seed, decisions.MENU, quarter)
            return untried[draws.below(key, chooser[0], _NEXT_LOT, len(untried))], f"{why}: tries another, by lot"
        known = self.remembered[chooser]
        # Of equals the present one, then the first of the menu.
        best = max(sorted(known), key=lambda entry: (known[entry], entry == current))
        if best == current:
            return current, f"keeps: {why}, but no other is remembered as better"
        return best, f"{why}: returns to what did best, {_percent(known[best])}"

    def _compare(self, quarter: int, end: int, record: Mapping[str, numpy.ndarray]) -> None:
        """Experimentation under hierarchy: the centre bans what did worst and has the slowest emulate what did best.

        Each figure belongs to the entry in force in its last quarter; an entry's result is the mean growth of its
        localities. Of the entries not yet banned that have a result, the worst is banned for good, unless all did
        equally well: so at least one always stays. Localities that do what is banned take up the best, and so do the
        slowest `emulate` of all localities, whatever they did. Nobody takes up what nobody has tried.
        Breznitz and Murphree 2010: the centre decides what to support and what to jettison after seeing results; some
        initiatives were emulated across China, others subsequently banned.
        """
        done, results = {}, {}
        for chooser in self.choosers:
            entry, measured = self._in_force(chooser, end - 1), self._measured(chooser, end, record)
            if entry is not None and measured is not None:
                done[chooser], results[chooser] = entry, measured
        scores = self._scores(done, results)
        if not scores:
            for chooser in self.choosers:
                self._choose(chooser, quarter, self._chosen(chooser, quarter), "keeps: no results are known yet")
            return
        best = max(scores, key=scores.__getitem__)
        worst = min(scores, key=scores.__getitem__)
        if scores[worst] < scores[best]:
            self.banned.add(worst)
        slowest = sorted(results, key=lambda chooser: (results[chooser], chooser))[: math.ceil(self.seat.emulate * len(results))]
        for chooser in self.choosers:
            current = self._chosen(chooser, quarter)
            figure = _percent(results[chooser]) if chooser in results else "unknown"
            if current in self.banned:
                known = f" ({_percent(scores[current])} on average)" if current in scores else ""
                why = f"'{self.seat.entries[current]}' is banned{known}: emulates what did best, {_percent(scores[best])}"
                self._choose(chooser, quarter, best, why)
            elif chooser in slowest and done[chooser] == current != best:
                self._choose(
                    chooser, quarter, best, f"grew {figure}, among the slowest: emulates what did best, {_percent(scores[best])}"
                )
            else:
                self._choose(chooser, quarter, current, f"keeps: grew {figure}")

    def _scores(self, done: dict[tuple[int, ...], int], results: dict[tuple[int, ...], float]) -> dict[int, float]:
        """Gives the mean growth of the localities that did each entry, of those not banned, in the menu's order."""
        scores = {}
        for entry in range(len(self.seat.entries)):
            figures = [results[chooser] for chooser in results if done[chooser] == entry]
            if figures and entry not in self.banned:
                scores[entry] = sum(figures) / len(figures)
        return scores

    def _measured(self, chooser: tuple[int, ...], end: int, record: Mapping[str, numpy.ndarray]) -> float | None:
        """Gives the published growth in the window before `end`: the true one plus the error of that figure, rounded.

        The error is normal with deviation `noise` and belongs to the figure (the localities and the quarter in which it
        ends): whoever looks at it, and whenever, sees the same.
        """
        if end <= 0 or self.seat.window is None:
            return None
        level = record[self.seat.goal][:, list(chooser)].sum(axis=1)
        true = growth(level, end, self.seat.window)
        if true is None:
            return None
        figure = _OWN_FIGURE if len(chooser) == 1 else _JOINT_FIGURE
        error = self.seat.noise * draws.normal(draws.key(self.seed, decisions.MEASUREMENT, end), chooser[0], figure)
        return round(true + error, _DIGITS)

    def _in_force(self, chooser: tuple[int, ...], quarter: int) -> int | None:
        """Gives the entry that is done in a quarter, as far as chosen by now; None before the first choice."""
        return next((entry for since, entry in reversed(self.choices[chooser]) if since <= quarter), None)

    def _chosen(self, chooser: tuple[int, ...], quarter: int) -> int:
        entry = self._in_force(chooser, quarter)
        # The first choice is made in the first quarter of the government, before anything is judged.
        assert entry is not None
        return entry

    def _choose(self, chooser: tuple[int, ...], quarter: int, entry: int, why: str) -> None:
        if entry != self._in_force(chooser, quarter):
            self.choices[chooser].append((quarter, entry))
            option = self.seat.options[entry]
            left = self.schedule.intensity.shape[1]
            for region in chooser:
                self.schedule.intensity[self.rows, quarter:, region] = option.intensity[self.rows, quarter:left, region]
                self.schedule.target[self.rows, quarter:, region] = option.target[self.rows, quarter:left, region]
        for region in chooser:
            self.minutes.append(Decision(quarter, self.regions[region], self.seat.name, self.seat.entries[entry], why))


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} % a year" if math.isfinite(rate) else "down to nothing"
