"""Goals: what is to be reached by when, by which figures it is judged, and the plan whose forecast it is judged against; a TOML
file.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy

from redqueen.cases.case import Case
from redqueen.cases.case import case as find_case
from redqueen.cases.facts import Measure, last_quarters, read_measure
from redqueen.cases.worlds import YEARS
from redqueen.errors import Refused
from redqueen.lab.conditioning import Blur
from redqueen.lab.outcomes import BY_NAME, RATIO
from redqueen.lab.sampling import Samples
from redqueen.lab.trial_file import read_samples
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.schedule import Schedule
from redqueen.policies.document import Document, Section, named
from redqueen.policies.government import Programme
from redqueen.policies.policy import Policy, lay_out_policy

__all__ = ["DISCREPANCY", "ERROR", "KEYS", "MEMORY", "Goal", "Indicator", "Milestone", "Plan", "read_goals"]

#: What a figure is thought to be off by, unless said: as published, and as the model follows it, and for how many years it stays
#: so.
ERROR, DISCREPANCY, MEMORY = 0.05, 0.1, 5.0
#: Table of a goals file -> its keys and what each says.
KEYS: dict[str, dict[str, str]] = {
    "monitor": {
        "name": "what it is called",
        "case": "a bundled case, or a case file",
        "policy": "the plan: a policy of the case, the catalogue or a file",
        "region": "the region that is monitored (the case's unless given)",
        "from": "first year that is observed",
        "ledger": "where observations are kept: a file, or the address of a database (postgresql://...)",
        "budget": "most public cost of plan and adjustments, as a share of the region's value added",
        "source": "where the numbers are from",
    },
    "indicator": {
        "name": "what observations call it",
        "region": "whose figure it is (the monitored region unless given)",
        "measured": "how the simulation measures it: as in the facts of a case file",
        "unit": "of the figures",
        "base": "with `since`: the figure of that year, where figures are not growth in %",
        "error": "standard deviation of a published figure: a share of it, or in its unit where it is no ratio",
        "discrepancy": "standard deviation of what the model cannot follow, likewise",
        "memory": "years for which that stays about the same",
        "lag": "years after its year until a figure is published",
        "source": "where the figures are from",
    },
    "goal": {
        "name": "what it is called",
        "indicator": "the indicator that it is judged by",
        "at_least": "the figure that is to be reached",
        "at_most": "or not to be passed",
        "date": "year in which it is judged",
        "source": "who set it",
        "milestone": "figures on the way: date, value",
    },
    "goal.milestone": {"date": "year", "value": "the figure by then"},
}
_TABLES = ("monitor", "source", "uncertain", "samples", "indicator", "goal")
_PERCENT = "%"


@dataclass(frozen=True)
class Indicator:
    """Says by which figures something is judged, how the simulation measures them, and how far they may be off.

    `relative` ones are worked with as logarithms, where `error` and `discrepancy` are shares of the figure; the others in their
    unit.
    """

    name: str
    region: str
    measured: Measure
    unit: str
    error: float = ERROR
    discrepancy: float = DISCREPANCY
    memory: float = MEMORY
    lag: float = 0.0
    base: float | None = None
    source: str = ""

    @property
    def words(self) -> str:
        """Says in words what the simulation measures."""
        return self.measured.words

    @property
    def relative(self) -> bool:
        """Says whether figures are worked with as logarithms: zero and less cannot be observed."""
        return _is_ratio(self.measured)

    @property
    def blur(self) -> Blur:
        """Says how far figures may be off in the working scale."""
        scale = 1.0 if self.relative else self._one
        return Blur(self.error / scale, self.discrepancy / scale, self.memory, self.measured.since)

    def working(self, figures: numpy.ndarray | float) -> numpy.ndarray:
        """Puts figures of the world into the scale that is worked in: what `of_simulated` makes of measured ones."""
        values = numpy.asarray(figures, dtype=float)
        if self.base is not None:
            values = values / self.base
        elif self.measured.since is not None:
            values = 1.0 + values / 100.0
        else:
            values = values / self._one
        return self.of_simulated(values)

    def of_simulated(self, values: numpy.ndarray) -> numpy.ndarray:
        """Puts what `studies/measuring.py` measures into the working scale: logarithms where relative; what has none is minus
        infinity.
        """
        if not self.relative:
            return values
        with numpy.errstate(divide="ignore", invalid="ignore"):
            return numpy.where(values > 0, numpy.log(values), numpy.where(numpy.isnan(values), numpy.nan, -numpy.inf))

    def figures(self, working: numpy.ndarray | float) -> numpy.ndarray:
        """Gives what is in the working scale as figures in the indicator's unit."""
        values = numpy.exp(working) if self.relative else numpy.asarray(working, dtype=float)
        if self.base is not None:
            return values * self.base
        return 100.0 * (values - 1.0) if self.measured.since is not None else values * self._one

    @property
    def _one(self) -> float:
        """Gives what 1 of the simulation is in the indicator's unit: shares may be in %."""
        is_share = self.measured.relative or BY_NAME[str(self.measured.outcome)].unit == "share"
        return 100.0 if is_share and _PERCENT in self.unit else 1.0


@dataclass(frozen=True)
class Milestone:
    """Says which figure is to be reached on the way, and when."""

    year: int
    target: float


@dataclass(frozen=True)
class Goal:
    """Says which figure is to be reached (`at_least`) or not to be passed, in which year; in the indicator's unit."""

    name: str
    indicator: str
    target: float
    at_least: bool
    year: int
    milestones: tuple[Milestone, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Plan:
    """Holds what a goals file says: a case, the policy that is carried out, what is uncertain, indicators and goals."""

    name: str
    file: str
    case: Case
    policy: Policy
    region: str
    since: int
    ledger: str
    budget: float | None
    indicators: dict[str, Indicator]
    goals: tuple[Goal, ...]
    samples: Samples | None
    sources: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def start(self) -> float:
        """Gives the year in which the run begins."""
        return self.case.world.start

    @property
    def end(self) -> float:
        """Gives the year in which the run ends, not included itself."""
        return self.case.world.start + self.case.world.quarters / QUARTERS_A_YEAR

    @property
    def last(self) -> int:
        """Gives the last year of the run that can be observed."""
        return math.ceil(self.end) - 1

    @property
    def latest(self) -> int:
        """Gives the year by whose end all figures of the run are published."""
        return self.last + math.ceil(max(indicator.lag for indicator in self.indicators.values()))

    @property
    def horizon(self) -> int:
        """Gives the year of the last goal."""
        return max(goal.year for goal in self.goals)

    @property
    def names(self) -> list[str]:
        """Names the indicators in order: their positions are those of series in `lab/conditioning.py`."""
        return list(self.indicators)

    @property
    def blurs(self) -> list[Blur]:
        """Says of each indicator how far figures may be off in its working scale."""
        return [indicator.blur for indicator in self.indicators.values()]

    @functools.cached_property
    def laid_out(self) -> Schedule | Programme:
        """Gives the policy as laid out in the world."""
        return lay_out_policy(self.policy, self.case.world, self.region)

    def quarter_after(self, year: int) -> int:
        """Gives the quarter in which a year is over."""
        world = self.case.world
        return last_quarters(year, world.start, world.quarters)[1]


def _is_ratio(measured: Measure) -> bool:
    return measured.relative or measured.outcome not in BY_NAME or BY_NAME[measured.outcome].compared == RATIO


def read_goals(path: str | Path) -> Plan:
    """Reads a goals file: `[monitor]`, `[uncertain]`, `[samples]`, `[[indicator]]`, `[[goal]]` and `[source]`.

    Paths in it are relative to the file. Raises `Refused` with every fault, each with its line.
    """
    document = Document(path, "goals file")
    root, folder = document.root, Path(path).parent
    root.only(_TABLES)
    document.read_sources()
    heading = root.section("monitor")
    if heading is None:
        root.fault(None, "'[monitor]' is missing", "add [monitor] with case, policy and from; redqueen monitor init writes a file")
        document.refuse_if_any()
    assert heading is not None
    heading.only(KEYS["monitor"])
    heading.cite()
    found = _read_case(heading, folder)
    region = heading.text("region", default=None if found is None else found.region, one_line=True)
    if found is not None and region is not None and not named(heading, "region", region, found.world.regions, "region"):
        region = None
    policy = _read_policy(heading, folder, found, region)
    since = _read_since(heading, found)
    indicators = _read_indicators(root, found, region)
    goals = _read_goals(root, indicators, found, since)
    samples = read_samples(root, folder)
    name = heading.word("name", default=Path(path).stem)
    ledger = heading.text("ledger", default=f"{Path(path).stem}.db", one_line=True)
    budget = heading.number("budget", "share of value added", 0.0, 10.0, default=None)
    document.refuse_if_any()
    assert found is not None and region is not None and policy is not None and since is not None and name and ledger
    return Plan(
        name,
        str(path),
        found,
        policy,
        region,
        since,
        ledger if "://" in ledger else str(folder / ledger),
        budget,
        indicators,
        goals,
        samples,
        document.sources,
    )


def _read_case(heading: Section, folder: Path) -> Case | None:
    name = heading.text("case", one_line=True)
    if name is None:
        return None
    try:
        return find_case(str(folder / name) if name.endswith(".toml") else name)
    except Refused as refusal:
        for fault in refusal.faults:
            if fault.file is None:
                heading.fault("case", fault.message, fault.remedy)
            else:
                heading.document.faults.append(fault)
        return None


def _read_policy(heading: Section, folder: Path, found: Case | None, region: str | None) -> Policy | None:
    name = heading.text("policy", one_line=True)
    if name is None or found is None or region is None:
        return None
    try:
        policy = found.policy(str(folder / name) if name.endswith(".toml") else name, region)
        lay_out_policy(policy, found.world, region)
    except Refused as refusal:
        for fault in refusal.faults:
            heading.fault("policy", fault.message, fault.remedy)
        return None
    return policy


def _read_since(heading: Section, found: Case | None) -> int | None:
    year = _year(heading, "from")
    if year is not None and found is not None:
        end = found.world.start + found.world.quarters / QUARTERS_A_YEAR
        if not found.world.start <= year < end:
            heading.fault("from", f"{year} is outside the run, {_run(found)}")
            return None
    return year


def _read_indicators(root: Section, found: Case | None, region: str | None) -> dict[str, Indicator]:
    indicators: dict[str, Indicator] = {}
    if not root.sections("indicator"):
        root.fault(None, "no indicator is declared", "add [[indicator]] with name, measured and unit")
    for section in root.sections("indicator"):
        section.only(KEYS["indicator"])
        source = section.cite()
        name = section.word("name")
        mine = section.text("region", default=region, one_line=True)
        world = None if found is None else found.world
        if world is not None and mine is not None and not named(section, "region", mine, world.regions, "region"):
            mine = None
        unit = section.text("unit") or ""
        base = section.number("base", unit, 0.0, default=None)
        measured = read_measure(section, mine, unit if base is None else _PERCENT, world)
        if measured is None and "measured" not in section.table:
            section.fault(None, "does not say how it is measured in the simulation", 'add measured = { outcome = "..." }')
        values = {
            "error": section.number("error", unit, 1e-6, default=ERROR),
            "discrepancy": section.number("discrepancy", unit, 0.0, default=DISCREPANCY),
            "memory": section.number("memory", "years", 0.1, 100.0, default=MEMORY),
            "lag": section.number("lag", "years", 0.0, 20.0, default=0.0),
        }
        _check_measure(section, measured, base, found)
        if measured is not None and not _is_ratio(measured):
            for key in ("error", "discrepancy"):
                if key not in section.table:
                    section.fault(key, "is missing", f"figures of {measured.outcome} are no ratios: say it in their unit, {unit}")
        possible = base is None or base > 0
        if (
            name is None
            or measured is None
            or mine is None
            or not possible
            or None in values.values()
            or (measured.outcome not in BY_NAME and not measured.kept)
        ):
            continue
        if name in indicators:
            section.fault("name", f"two indicators are called '{name}'", "give one of them another name")
            continue
        indicators[name] = Indicator(name, mine, measured, unit, base=base, source=source, **values)  # type: ignore[arg-type]
    return indicators


def _check_measure(section: Section, measured: Measure | None, base: float | None, found: Case | None) -> None:
    if measured is None:
        return
    own = section.section("measured") or section
    if measured.year is not None:
        own.fault("year", "figures of an indicator have years of their own", "leave it out")
    if base is not None and measured.since is None:
        section.fault(
            "base",
            "is the figure of a year that is not named",
            'add since to measured, as in { outcome = "exports", since = 1998 }',
        )
    if base is not None and base <= 0:
        section.fault("base", f"{base:g} cannot be a base", "give the figure of the year of since, above zero")
    if measured.since is not None and found is not None:
        if not any(last_quarters(measured.since, found.world.start, found.world.quarters)):
            own.fault("since", f"{measured.since:g} is outside the run, {_run(found)}")


def _read_goals(root: Section, indicators: dict[str, Indicator], found: Case | None, since: int | None) -> tuple[Goal, ...]:
    goals: dict[str, Goal] = {}
    declared = [section.table.get("name") for section in root.sections("indicator")]
    if not root.sections("goal"):
        root.fault(None, "no goal is set", "add [[goal]] with name, indicator, at_least and date")
    for section in root.sections("goal"):
        section.only(KEYS["goal"])
        source = section.cite()
        name, judged = section.word("name"), section.text("indicator", one_line=True)
        if judged is not None and judged not in declared:
            named(section, "indicator", judged, [str(one) for one in declared], "indicator")
        indicator = indicators.get(judged or "")
        target, at_least = _read_target(section, indicator)
        year = _goal_year(section, "date", found, None if since is None else since + 1)
        if indicator is not None and year is not None and year <= (indicator.measured.since or -math.inf):
            section.fault("date", f"{year} is not after the year that {judged} is measured since, {indicator.measured.since:g}")
        milestones = []
        for step in section.sections("milestone", title="date"):
            step.only(KEYS["goal.milestone"])
            when, value = (
                _goal_year(step, "date", found, since),
                step.number("value", indicator.unit if indicator else "", default=None),
            )
            if when is not None and year is not None and when >= year:
                step.fault("date", f"{when} is not before the goal's date, {year}")
            if value is None:
                step.fault("value", "is missing")
            elif target is not None and (value > target if at_least else value < target):
                step.fault("value", f"{value:g} is beyond the goal, {target:g}", "a milestone lies on the way")
            elif when is not None and _possible(step, "value", value, indicator):
                milestones.append(Milestone(when, value))
        if name is None or judged is None or target is None or year is None:
            continue
        if name in goals:
            section.fault("name", f"two goals are called '{name}'", "give one of them another name")
            continue
        goals[name] = Goal(name, judged, target, at_least, year, tuple(sorted(milestones, key=lambda one: one.year)), source)
    return tuple(goals.values())


def _read_target(section: Section, indicator: Indicator | None) -> tuple[float | None, bool]:
    unit = indicator.unit if indicator else ""
    least, most = (section.number(key, unit, default=None) for key in ("at_least", "at_most"))
    if len({"at_least", "at_most"} & section.table.keys()) != 1:
        section.fault("at_least", "say at_least or at_most, one of them")
    key, target = ("at_least", least) if least is not None else ("at_most", most)
    return (target if target is None or _possible(section, key, target, indicator) else None), least is not None


def _possible(section: Section, key: str, value: float, indicator: Indicator | None) -> bool:
    if indicator is None or math.isfinite(float(indicator.working(value))):
        return True
    section.fault(
        key, f"{value:g} {indicator.unit} cannot be reached: {indicator.name} is worked with as a ratio", "give a figure above zero"
    )
    return False


def _goal_year(section: Section, key: str, found: Case | None, first: int | None) -> int | None:
    year = _year(section, key)
    if year is None or found is None:
        return year
    end = found.world.start + found.world.quarters / QUARTERS_A_YEAR
    if not found.world.start <= year < end:
        section.fault(key, f"{year} is outside the run, {_run(found)}", "a copy of the case (redqueen copy) can end later")
        return None
    if first is not None and year < first:
        section.fault(key, f"{year} is too early", f"name {first} or later: there must be a year to observe before a goal")
        return None
    return year


def _year(section: Section, key: str) -> int | None:
    year = section.number(key, "year", *YEARS)
    if year is not None and not float(year).is_integer():
        section.fault(key, f"{year:g} is not a whole year")
        return None
    return None if year is None else int(year)


def _run(found: Case) -> str:
    world = found.world
    return f"{world.start:g} to {world.start + world.quarters / QUARTERS_A_YEAR:g}"
