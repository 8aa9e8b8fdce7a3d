"""The facts of a case: what is known of a region's past, and how the simulation measures the same."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from redqueen.cases.keys import KEPT, KEYS
from redqueen.cases.worlds import YEARS
from redqueen.errors import nearest
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.outcomes import BY_NAME
from redqueen.model.world import World
from redqueen.policies.document import Document, Section, named

__all__ = ["Fact", "Measure", "last_quarters", "read_facts", "read_measure", "recorded_years"]

_PERCENT = "%"
_OF_OUTCOMES = ("outcome", "stage", "over", "among", "since", "year")
_OF_CHAINS = ("kept", "of", "stage", "year")


@dataclass(frozen=True)
class Measure:
    """Says how a fact is measured in the simulation.

    Either `outcome` names an outcome, of one `stage` where it is known by stage: the region's level; with `over` in % of
    another region's, with `among` in % of the sum over these regions; with `since` the growth of that since a year, in %.
    Or `kept` ("value", "jobs" or "wages") is the region's share, in %, of the chain behind the products of the lead firms
    of region `of`; of one `stage` alone where that is named. `year` is the year of the simulation; that of the fact if None.
    """

    outcome: str | None = None
    stage: str | None = None
    over: str | None = None
    among: tuple[str, ...] = ()
    since: float | None = None
    kept: str | None = None
    of: str | None = None
    year: float | None = None

    @property
    def relative(self) -> bool:
        """Says whether it is in %, of something else."""
        return bool(self.kept or self.over or self.among or self.since is not None)

    @property
    def words(self) -> str:
        """Says in words what is measured."""
        at = f" at {self.stage}" if self.stage else ""
        if self.year is not None:
            return f"{replace(self, year=None).words}, in {self.year:g}"
        if self.kept:
            return f"{self.kept} kept{at} in the chain of lead firms of {self.of}"
        words = f"{BY_NAME[self.outcome].words}{at}" if self.outcome in BY_NAME else str(self.outcome)
        if self.over:
            words = f"{words} over that of {self.over}"
        if self.among:
            words = f"{words}, share among {', '.join(self.among)}"
        return words if self.since is None else f"{words}, growth since {self.since:g}"


@dataclass(frozen=True)
class Fact:
    """What is known of a region's past: shown beside the simulation; `held_out` facts were not used to build the case.

    `measured` says how the simulation measures it; where that is None, `not_measured` says why it cannot.
    """

    name: str
    region: str
    outcome: str
    unit: str
    year: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""
    held_out: bool = True
    measured: Measure | None = None
    not_measured: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Gives the least and the most that the figure may be; a value is both, an open end is infinite."""
        if self.value is not None:
            return self.value, self.value
        return -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high

    @property
    def measured_in(self) -> float | None:
        """Gives the year of the simulation that it is measured in."""
        return self.year if self.measured is None or self.measured.year is None else self.measured.year


def last_quarters(year: float, start: float, quarters: int) -> tuple[int, int]:
    """Gives the quarters of a calendar year in a run, as (first, past the last); nothing (first = last) outside it.

    The year in which a run ends has none; its last year stands for it.
    """
    end = start + quarters / QUARTERS_A_YEAR
    year = math.floor(year)
    if year == end:
        return max(0, quarters - QUARTERS_A_YEAR), quarters
    first = round((year - start) * QUARTERS_A_YEAR)
    first, last = max(0, first), min(quarters, first + QUARTERS_A_YEAR)
    return (first, last) if first < last else (0, 0)


def recorded_years(start: float, quarters: int) -> list[int]:
    """Lists the calendar years in which a run takes its yearly record: at the end of each of its own years."""
    return [math.floor(start + last / QUARTERS_A_YEAR) for last in range(QUARTERS_A_YEAR - 1, quarters, QUARTERS_A_YEAR)]


def read_facts(document: Document, world: World | None) -> tuple[Fact, ...]:
    """Reads the facts of a case file, noting every fault; names of regions and stages are those of the world."""
    root = document.root
    facts = tuple(_read_fact(section, world) for section in root.sections("fact"))
    first: dict[str, int] = {}
    for position, fact in enumerate(facts):
        if fact.name in first and fact.name:
            remedy = f"the first is in line {root.line('fact', first[fact.name])}"
            root.fault("fact", f"a second fact is called '{fact.name}'", remedy, (position,))
        first.setdefault(fact.name, position)
    return facts


def _read_fact(section: Section, world: World | None) -> Fact:
    section.only(KEYS["fact"])
    source = section.cite()
    region = section.text("region", one_line=True)
    if region is not None and world is not None:
        named(section, "region", region, world.regions, "region")
    unit = section.text("unit") or ""
    value, low, high = (section.number(key, unit, default=None) for key in ("value", "low", "high"))
    if not {"value", "low", "high"} & section.table.keys():
        section.fault(None, "has no figure", "add value, or low and high")
    if low is not None and high is not None and high < low:
        section.fault("high", f"{high:g} is below low, {low:g}")
    fact = Fact(
        name=section.text("name") or "", region=region or "", outcome=section.text("outcome") or "", unit=unit,
        year=section.number("year", "year", *YEARS, default=None), value=value, low=low, high=high, source=source,
        held_out=bool(section.flag("held_out", default=True)), measured=read_measure(section, region, unit, world),
        not_measured=section.text("not_measured", default="") or "",
    )
    both = {"measured", "not_measured"} & section.table.keys()
    if not both:
        remedy = 'add measured = { outcome = "..." } or not_measured = "why"'
        section.fault(None, "does not say how it is measured in the simulation", remedy)
    elif len(both) == 2:
        section.fault("not_measured", "says why a fact is not measured that is", "keep measured or not_measured")
    if fact.measured is not None and world is not None:
        _check_years(section, fact, world)
    return fact


def read_measure(section: Section, region: str | None, unit: str, world: World | None) -> Measure | None:
    """Reads `measured` of a section about a region, noting every fault; None where it is not written."""
    own = section.section("measured")
    if own is None:
        return None
    of_a_chain = bool({"kept", "of"} & own.table.keys())
    own.only(_OF_CHAINS if of_a_chain else _OF_OUTCOMES)
    stages = None if world is None else world.stages
    regions = None if world is None else world.regions
    stage = _name(own, "stage", stages, "stage")
    year = own.number("year", "year", *YEARS, default=None)
    if of_a_chain:
        kept, of = own.text("kept", one_line=True), _name(own, "of", regions, "region", needed=True)
        if kept is not None:
            named(own, "kept", kept, KEPT, "thing to keep")
        found = Measure(kept=kept, of=of, stage=stage, year=year)
    else:
        found = _read_outcome(own, region, stage, year, stages, regions)
    if found.relative and unit and _PERCENT not in unit:
        section.fault("unit", f"what is measured is in %, not in {unit}", 'write unit = "%", and the figure in it')
    return found


def _read_outcome(
    own: Section,
    region: str | None,
    stage: str | None,
    year: float | None,
    stages: tuple[str, ...] | None,
    regions: tuple[str, ...] | None,
) -> Measure:
    outcome = own.text("outcome", one_line=True)
    over = _name(own, "over", regions, "region")
    among = own.texts("among", default=()) or ()
    known = outcome if outcome is not None and _is_outcome(own, outcome) else None
    for position, name in enumerate(among):
        if regions is not None:
            named(own, "among", name, regions, "region", (position,))
    if among and region is not None and region not in among:
        own.fault("among", f"'{region}' is not among them", f"add '{region}': the figure is its share of the sum")
    if over is not None and among:
        own.fault("over", "is measured over one region and among several", "keep over or among")
    found = Measure(outcome, stage, over, among, own.number("since", "year", *YEARS, default=None), year=year)
    if known is not None:
        declared = BY_NAME[known]
        if declared.by_stage and stage is None and "stage" not in own.table:
            own.fault("outcome", f"{outcome} is known by stage", f"add stage: {', '.join(stages or ())}")
        if not declared.by_stage and stage is not None:
            own.fault("stage", f"{outcome} is not known by stage", "leave it out")
        if declared.unit == "log quality" and found.relative:
            own.fault("outcome", f"{outcome} is a logarithm, which has no ratio", "measure its level")
        if declared.of_the_world and (over is not None or among):
            own.fault("outcome", f"{outcome} is known for the world alone", f"leave out {'over' if over else 'among'}")
    return found


def _is_outcome(own: Section, outcome: str) -> bool:
    if outcome not in BY_NAME:
        own.fault("outcome", f"unknown outcome '{outcome}'", nearest(outcome, BY_NAME) or "redqueen outcomes lists them")
    return outcome in BY_NAME


def _name(own: Section, key: str, known: tuple[str, ...] | None, kind: str, *, needed: bool = False) -> str | None:
    name = own.text(key, one_line=True) if needed else own.text(key, default=None, one_line=True)
    if name is not None and known is not None:
        named(own, key, name, known, kind)
    return name


def _check_years(section: Section, fact: Fact, world: World) -> None:
    own = section.section("measured")
    measure, year = fact.measured, fact.measured_in
    if own is None or measure is None:
        return
    key = (own, "year") if "year" in own.table else (section, "year")
    if year is None:
        if "year" not in section.table and "year" not in own.table:
            section.fault(None, "is measured but has no year", "add year, or year in measured")
        return
    end = world.start + world.quarters / QUARTERS_A_YEAR
    run = f"the run, {world.start:g} to {end:g}"
    remedy = 'name another year in measured, or write not_measured = "why"'
    if measure.kept:
        recorded = recorded_years(world.start, world.quarters)
        if not recorded or not recorded[0] <= math.floor(year) <= max(recorded[-1], math.floor(end)):
            key[0].fault(key[1], f"{year:g} is outside {run}", remedy)
    elif not any(last_quarters(year, world.start, world.quarters)):
        key[0].fault(key[1], f"{year:g} is outside {run}", remedy)
    if measure.since is not None:
        if not any(last_quarters(measure.since, world.start, world.quarters)):
            own.fault("since", f"{measure.since:g} is outside {run}")
        elif math.floor(measure.since) >= math.floor(year):
            own.fault("since", f"{measure.since:g} is not before {year:g}")


