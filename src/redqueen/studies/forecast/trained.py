"""A forecast of what regions gain and lose, learnt from all windows of a table that have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from redqueen.errors import Refused, nearest
from redqueen.evidence.evidence import Evidence
from redqueen.progress import progress_bar
from redqueen.studies.forecast.models import MODELS, Model
from redqueen.studies.forecast.rehearsal import Rehearsal, Windows, check_years, choose, final, learn_at, rehearse
from redqueen.studies.forecast.windows import GAIN, KINDS, LEAST, LOSE, Panel, cells, of_kind, panel

__all__ = ["HORIZON", "Forecast"]

HORIZON = 5

# Past windows that models are recalibrated and chosen on: the last ones, which are most like what comes.
_JUDGES = 5


class Forecast:
    """Gives probabilities that regions gain and lose specialisations within a horizon.

    Made by `train`. `chosen` names the model used for each kind ("gain", "lose"), `judged_on` the number of past windows by which
    it was chosen, `learnt_from` the starts of the windows learnt from, `words` says so in a phrase.
    """

    def __init__(
        self, windows: Windows, year: int, learnt: Mapping[str, Mapping[str, Model]], rehearsals: Sequence[Rehearsal]
    ):
        self.horizon, self.year = windows.horizon, year
        self.learnt_from = tuple(windows.before(year))
        choices = {kind: choose(rehearsals, kind, year, self.horizon) for kind in KINDS}
        self.chosen = {kind: name for kind, (name, _) in choices.items()}
        self.judged_on = min(count for _, count in choices.values())
        self._table, self._learnt, self._rehearsals = windows.table, learnt, rehearsals
        self._found: dict[int, pd.DataFrame] = {}

    @classmethod
    def train(
        cls,
        tables: Evidence | Mapping[int, pd.DataFrame],
        measure: str | None = None,
        *,
        horizon: int = HORIZON,
        before: int | None = None,
        averaged: int = 1,
        least: float = LEAST,
        progress: bool = False,
    ) -> Forecast:
        """Learns from every window of a table that has ended by the year `before`, by default its last.

        `tables` is evidence of kind "activities" (name the `measure` where it holds several), or a table of region x activity a
        year. RCA is of one year, or of the mean of `averaged` years up to it (at most the horizon: windows must not overlap their
        outcome); regions count with more than `least` units a year. Nothing after `before` is used, whatever the table holds. The
        same tables give the same forecast. Refuses short tables and those in which hardly anything changes.
        """
        table = panel(tables, measure, averaged=averaged, least=least)
        check_horizon(horizon, averaged)
        table = known_by(table, table.years[-1] if before is None else before)
        year = table.years[-1]
        check_years(table, horizon, year)
        windows = Windows(table, horizon)
        origins = [start for start in windows.before(year) if windows.before(start)][-_JUDGES:]
        with progress_bar(len(origins) + 1, "learning", show=progress) as advance:
            rehearsals = rehearse(windows, origins, advance=advance)
            learnt = learn_at(windows, year)
        return cls(windows, year, learnt, rehearsals)

    @property
    def words(self) -> str:
        """Says by which model and from what probabilities are."""
        named = [self.chosen[GAIN]] if self.chosen[GAIN] == self.chosen[LOSE] else [
            f"{self.chosen[kind]} ({kind})" for kind in KINDS
        ]
        models = " and ".join(named)
        how = "no past window could judge"
        if self.judged_on:
            how = f"chosen of {len(MODELS)} models by {self.judged_on} past windows held back"
        return f"{models} ({how}), learnt from {len(self.learnt_from)} windows of {self.horizon} years up to {self.year}"

    @property
    def regions(self) -> list[str]:
        """Lists the regions that are large enough to forecast in the last year."""
        return [self._table.regions[place] for place in self._year(self.year)["region"].unique()]

    def entry(self, region: str, year: int | None = None) -> pd.DataFrame:
        """Gives what a region may gain or lose within the horizon from a year, by default the last, the likeliest first.

        Columns: activity, rca, density (relatedness density without the activity itself), probability (of an RCA of 1 or more at
        the end where it is below 1 at the start, of one below 1 otherwise) and kind ("gain" or "lose"). Refuses unknown regions,
        those too small and years without a table.
        """
        table = self._table
        year = self.year if year is None else year
        if region not in table.regions:
            raise Refused.one(f"the table has no region '{region}'", field="region", remedy=nearest(region, table.regions))
        if not table.has(year):
            raise Refused.one(f"the table has no {table.measure} of {year} up to {self.year}", field="year")
        place = table.regions.index(region)
        found = self._year(year)
        mine = found[found["region"] == place]
        if mine.empty:
            total = table.mean(year)[place].sum()
            raise Refused.one(
                f"{region} has {total:,.0f} {table.measure} in {year}; a forecast needs more than {table.least:,g}", field="region",
                remedy="RCA of less is mostly chance",
            )
        mine = mine.sort_values(["kind", "probability"], ascending=[True, False], kind="stable")
        rows = mine[["activity", "rca", "density", "probability", "kind"]].reset_index(drop=True)
        return rows.assign(activity=[table.activities[one] for one in rows["activity"]])

    def _year(self, year: int) -> pd.DataFrame:
        """Gives the cells of a year with their probabilities; features are standardised over all of them."""
        if year not in self._found:
            whole = cells(self._table, year)
            parts = []
            for kind in KINDS:
                mine = of_kind(whole, kind)
                raw = {name: model(mine) for name, model in self._learnt[kind].items()} if len(mine) else {}
                chances = final(self._rehearsals, kind, self.year, self.horizon, raw)[self.chosen[kind]] if raw else np.zeros(0)
                parts.append(mine[["region", "activity", "rca", "density"]].assign(probability=chances, kind=kind))
            self._found[year] = pd.concat(parts, ignore_index=True)
        return self._found[year]


def check_horizon(horizon: int, averaged: int) -> None:
    """Refuses horizons and averages that make no window."""
    if horizon < 1:
        raise Refused.one(f"a horizon of {horizon} years is too short", field="--horizon", remedy="give 1 or more")
    if not 1 <= averaged <= horizon:
        raise Refused.one(
            f"RCA of {averaged} years does not fit windows of {horizon} years", field="--years", remedy=f"give 1 to {horizon}"
        )


def known_by(table: Panel, year: int) -> Panel:
    """Cuts a panel off after a year, so that nothing later can be learnt from."""
    years = tuple(one for one in table.years if one <= year)
    if not years:
        raise Refused.one(f"the table begins in {table.years[0]}, after {year}", field="before")
    return Panel(table.measure, table.regions, table.activities, years, table.values[: len(years)], table.averaged, table.least)
