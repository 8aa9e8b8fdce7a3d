"""What is reported about a trial, once: name, words, what it is measured from, unit and how two policies are compared.

An outcome is one term, or one term over another. Over a window it is the mean of its term, or the sum of the
upper term over the sum of the lower one, so that a quarter without events does no harm.
"""

from __future__ import annotations

from typing import NamedTuple

from redqueen.errors import Faults, nearest
from redqueen.model.fields import FIELDS
from redqueen.model.kinds import MODES, TIE_KINDS

_SHAPE = {field.name: field.shape for field in FIELDS}

RATIO, DIFFERENCE = "ratio", "difference"
UP, DOWN, EITHER = "up", "down", ""

#: Name of the row that sums all regions.
WORLD = "world"

# Parts of a variable that are not the label of a mode or a kind of tie.
ALL, EACH_STAGE = "all", "each stage"
AT_HOME, SOLD_ABROAD, BOUGHT_ABROAD, BOUGHT = "at home", "sold abroad", "bought abroad", "bought"


class Term(NamedTuple):
    """Names a recorded variable and which part of it counts."""

    variable: str
    part: str = ALL


class Outcome(NamedTuple):
    """Describes one reported outcome.

    `compared` is "ratio" (effect in %) or "difference" (effect in `unit`; shares in percentage points); `better`
    says whether more is good ("up"), bad ("down") or neither (""); `world` says whether regions sum to a world
    total; `headline` puts it into short tables; `smoothed` has figures show the mean of four quarters.
    """

    name: str
    words: str
    top: Term
    bottom: Term | None
    unit: str
    compared: str
    better: str
    world: bool
    headline: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """Gives the names of the recorded variables that it is measured from."""
        return (self.top.variable,) if self.bottom is None else (self.top.variable, self.bottom.variable)

    @property
    def by_stage(self) -> bool:
        """Says whether it is reported for each stage."""
        return self.top.part == EACH_STAGE

    @property
    def of_the_world(self) -> bool:
        """Says whether it is known for the world alone, not by region."""
        return "region" not in _SHAPE[self.top.variable]

    @property
    def smoothed(self) -> bool:
        """Says whether it counts events, which come in lumps."""
        events = ("firms/quarter", "projects/quarter", "heads/quarter", "hires/quarter")
        return self.bottom is not None or self.unit in events

    @property
    def effect_unit(self) -> str:
        """Gives the unit of an effect on it."""
        if self.compared == RATIO:
            return "%"
        return "percentage points" if self.unit == "share" else self.unit


_MODE_WORDS = {"novel": "novel", "second": "second-generation", "process": "process", "production": "production"}
_TIE_WORDS = {"local": "local", "spinoff": "spin-off", "supply": "supply", "diaspora": "diaspora", "fair": "fair"}


def _simple(name: str, words: str, unit: str, compared: str, better: str, world: bool, headline: bool = False) -> Outcome:
    return Outcome(name, words, Term(name), None, unit, compared, better, world, headline)


OUTCOMES: tuple[Outcome, ...] = (
    # Income and work
    _simple("value_added", "value added", "money/quarter", RATIO, UP, True, True),
    _simple("income_per_head", "income per head at constant quality", "constant money/head", RATIO, UP, False, True),
    _simple("jobs", "jobs", "heads", RATIO, UP, True, True),
    _simple("wage", "wage", "money/quarter", RATIO, UP, False, True),
    _simple("skilled_wage", "wage of talent", "money/quarter", RATIO, UP, False),
    _simple("price_index", "price of what the region buys", "index", RATIO, DOWN, False),
    Outcome("profit", "profit", Term("operating_profit"), None, "money/quarter", DIFFERENCE, UP, True),
    Outcome(
        "profit_share", "profit in value added", Term("operating_profit"), Term("value_added"), "share", DIFFERENCE, EITHER, True
    ),
    _simple("exports", "exports", "money/quarter", RATIO, UP, True, True),
    # Quality
    _simple("quality_sold", "product quality", "log quality", DIFFERENCE, UP, False, True),
    _simple("quality_made", "quality of what firms make", "log quality", DIFFERENCE, UP, False),
    _simple("quality_local", "quality of what local firms make", "log quality", DIFFERENCE, UP, False),
    _simple("distance_to_frontier", "distance to the frontier", "log quality", DIFFERENCE, DOWN, False, True),
    Outcome("frontier", "world frontier, mean of stages", Term("frontier"), None, "log quality", DIFFERENCE, UP, True),
    # Firms
    _simple("firms", "firms", "firms", RATIO, UP, True, True),
    _simple("entries", "firms founded", "firms/quarter", DIFFERENCE, UP, True, True),
    _simple("exits", "firms ended", "firms/quarter", DIFFERENCE, EITHER, True),
    Outcome("entry_rate", "firms founded per firm and quarter", Term("entries"), Term("firms"), "share", DIFFERENCE, EITHER, True),
    Outcome("exit_rate", "firms ended per firm and quarter", Term("exits"), Term("firms"), "share", DIFFERENCE, EITHER, True),
    _simple("spinoffs", "spin-offs of firms", "firms/quarter", DIFFERENCE, UP, True),
    _simple("public_spinoffs", "spin-offs of public research", "firms/quarter", DIFFERENCE, UP, True),
    _simple("returnee_firms", "firms of returnees", "firms/quarter", DIFFERENCE, UP, True),
    _simple("venture_firms", "firms with venture money", "firms/quarter", DIFFERENCE, UP, True),
    _simple("venture_exits", "ventures sold or listed", "firms/quarter", DIFFERENCE, UP, True),
    _simple("affiliates_opened", "foreign affiliates opened", "firms/quarter", DIFFERENCE, EITHER, True),
    # Innovation
    _simple("research_spending", "R&D spending", "money/quarter", RATIO, UP, True, True),
    Outcome("research_share", "R&D in value added", Term("research_spending"), Term("value_added"), "share", DIFFERENCE, UP, True),
    _simple("starts", "projects started", "projects/quarter", RATIO, UP, True),
    *(Outcome(f"{mode}_starts", f"{_MODE_WORDS[mode]} projects started", Term("starts", mode), None,
              "projects/quarter", DIFFERENCE, EITHER, True) for mode in MODES),
    *(Outcome(f"{mode}_share", f"{_MODE_WORDS[mode]} share of starts", Term("starts", mode), Term("starts"),
              "share", DIFFERENCE, EITHER, True, mode == "novel") for mode in MODES),
    _simple("successes", "projects that succeeded", "projects/quarter", RATIO, UP, True),
    *(Outcome(f"{mode}_successes", f"{_MODE_WORDS[mode]} successes", Term("successes", mode), None,
              "projects/quarter", DIFFERENCE, UP, True) for mode in MODES),
    # Ties and people
    _simple("ties", "ties of firms", "ties", RATIO, UP, True),
    *(Outcome(f"{kind}_ties", f"{_TIE_WORDS[kind]} ties", Term("ties", kind), None, "ties", DIFFERENCE, UP, True)
      for kind in TIE_KINDS),
    _simple("ties_abroad", "ties with other regions", "ties", DIFFERENCE, UP, True),
    _simple("talent_home", "talent at home", "heads", RATIO, UP, True, True),
    _simple("talent_abroad", "talent abroad", "heads", DIFFERENCE, EITHER, True),
    _simple("emigrants", "talent leaving", "heads/quarter", DIFFERENCE, DOWN, True),
    _simple("returnees", "talent coming home", "heads/quarter", DIFFERENCE, UP, True),
    _simple("moves", "hires from other firms", "hires/quarter", DIFFERENCE, EITHER, True),
    # Supplies between firms
    Outcome("supplies_at_home", "supplies bought at home", Term("flows", AT_HOME), None, "money/quarter", DIFFERENCE, EITHER, True),
    Outcome(
        "supplies_sold_abroad", "supplies sold abroad", Term("flows", SOLD_ABROAD), None, "money/quarter", DIFFERENCE, UP, True
    ),
    Outcome(
        "supplies_bought_abroad", "supplies bought abroad", Term("flows", BOUGHT_ABROAD), None, "money/quarter", DIFFERENCE, EITHER,
        True
    ),
    Outcome(
        "local_supply_share", "share of supplies bought at home", Term("flows", AT_HOME), Term("flows", BOUGHT), "share",
        DIFFERENCE, EITHER, True
    ),
    # Public money
    _simple("public_cost", "public cost", "money/quarter", DIFFERENCE, DOWN, True),
    Outcome(
        "public_cost_share", "public cost in value added", Term("public_cost"), Term("value_added"), "share", DIFFERENCE, DOWN,
        True, True
    ),
    _simple("strengths_misjudged", "stages misjudged as strengths or not", "stages", DIFFERENCE, DOWN, False),
    # By stage: a region may well have none, so that there is no ratio
    Outcome("stage_profit", "profit of the stage", Term("stage_profit", EACH_STAGE), None, "money/quarter", DIFFERENCE, UP, True),
    Outcome("stage_jobs", "jobs of the stage", Term("stage_jobs", EACH_STAGE), None, "heads", DIFFERENCE, UP, True),
    Outcome("stage_firms", "firms of the stage", Term("stage_firms", EACH_STAGE), None, "firms", DIFFERENCE, UP, True),
    Outcome("stage_units", "output of the stage", Term("stage_units", EACH_STAGE), None, "units/quarter", DIFFERENCE, UP, True),
    Outcome("stage_quality", "quality of the stage", Term("stage_quality", EACH_STAGE), None, "log quality", DIFFERENCE, UP, False),
)

BY_NAME: dict[str, Outcome] = {outcome.name: outcome for outcome in OUTCOMES}


def chosen(names: str | list[str] | tuple[str, ...] | None, *, faults: Faults | None = None) -> tuple[Outcome, ...]:
    """Gives the outcomes of those names; every one that is not by stage where None is given.

    Unknown names are refused with the nearest known ones, or noted in `faults` where that is given.
    """
    if names is None:
        return tuple(outcome for outcome in OUTCOMES if not outcome.by_stage)
    mine = Faults() if faults is None else faults
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in BY_NAME:
            remedy = nearest(name, BY_NAME) or "redqueen outcomes lists them"
            mine.add(f"no outcome is called '{name}'", field="outcome", remedy=remedy)
    if faults is None:
        mine.refuse_if_any()
    return tuple(dict.fromkeys(BY_NAME[name] for name in wanted if name in BY_NAME))
