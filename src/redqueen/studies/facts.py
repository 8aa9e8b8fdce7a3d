"""Does the model reproduce what is known of firms and chains? Its stylised facts against the cited figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy

from redqueen.cases.case import case
from redqueen.errors import Refused
from redqueen.evidence.facts import Fact, facts
from redqueen.indicators import demography
from redqueen.lab.intervals import LEVEL, student_quantile
from redqueen.lab.jobs import available_threads
from redqueen.policies.policy import NONE
from redqueen.progress import progress_bar
from redqueen.studies import measurements
from redqueen.studies.register import Register, watch

#: Runs of each case, unless asked otherwise.
SEEDS = 8
RECIPES, HSINCHU = "recipes", "hsinchu"
#: The cases that are run, each under one policy.
POLICIES = {RECIPES: NONE.name, HSINCHU: "as_it_happened"}


class Measurement(NamedTuple):
    """Says in which case a figure is measured, in words how, and by which function of the register of a run.

    A `pooled` figure needs more observations than one run has: the function takes the registers of all seeds.
    """

    case: str
    words: str
    measure: Callable[..., float]
    pooled: bool = False


class Figure(NamedTuple):
    """Names a figure without a target, which is read beside the facts."""

    name: str
    says: str
    unit: str
    measurement: Measurement


@dataclass(frozen=True)
class Row:
    """Holds one fact or figure as simulated: mean over seeds with its 95 % interval, in `unit`.

    `hit` says whether the mean lies between the bounds; it is None, as are the simulated values, where nothing was measured
    (`reason` says why) or there is no target. `case` and `policy` say what was run, `seeds` in how many runs it could be measured.
    """

    name: str
    says: str
    unit: str
    target: float | None
    target_low: float | None
    target_high: float | None
    simulated: float | None
    low: float | None
    high: float | None
    hit: bool | None
    held_out: bool
    used_to_set: tuple[str, ...]
    source: str
    measured_as: str
    case: str | None
    policy: str | None
    seeds: int
    reason: str | None


def _recipes(words: str, measure: Callable[..., float], *, pooled: bool = False) -> Measurement:
    return Measurement(RECIPES, words, measure, pooled)


def _wage_of(place: str, region: str) -> Measurement:
    words = f"wage of {place} over Silicon Valley's in the last year of the run (2009), which stands in for GDP per head"
    return Measurement(HSINCHU, words, partial(measurements.relative_wage, region=region, to="silicon_valley"))


def _returns_in(words: str, first: int, last: int) -> Measurement:
    measure = partial(measurements.return_share, region="chinese_taipei", first=first, last=last)
    return Measurement(HSINCHU, f"talent coming home over talent leaving {words}; students are not told from other talent", measure)


#: How each fact that can be measured is measured, by its name in facts.toml.
MEASURED: dict[str, Measurement] = {
    "entrants_of_one_to_four_people": _recipes(
        "new firms with fewer than five people, on the mean of their first year at work", measurements.entrants_with_few_people
    ),
    "firm_size_tail": _recipes(
        "Hill index of the largest 5 to 10 % of firms by heads, mean of all cuts between them and of year ends",
        measurements.size_tail,
    ),
    "entry_plus_exit": _recipes(
        "entries and exits of a year over the firms at its start, mean of years",
        partial(measurements.turnover, events=("entries", "exits")),
    ),
    "entrants_failing_within_two_years": _recipes(
        "one minus Kaplan-Meier survival at eight quarters", measurements.failing_entrants
    ),
    "pay_of_founders": _recipes(
        "median of (pay for own work + revenue - running cost - interest) over the pay of a job in the firm's last stage, "
        "private firms of ten years or more",
        measurements.founders_pay,
    ),
    "growth_rate_shape": _recipes(
        "Subbotin shape of yearly log growth of heads less the year's mean, firms of one head or more",
        partial(measurements.growth_shape, statistic=demography.subbotin_shape),
    ),
    "growth_rate_spread_by_size": _recipes(
        "slope of log standard deviation of yearly growth over log heads, by classes that double", measurements.growth_spread
    ),
    "innovation_value_tail": _recipes(
        "Hill index of the most valuable tenth to quarter of novel innovations of all seeds: "
        "quality gained x weight of the stage x sales in the five years after",
        measurements.innovation_tail,
        pooled=True,
    ),
    "learning_curve": _recipes(
        "minus the slope of log effort of a unit (labour and materials) over log cumulative output of the world, by stage",
        measurements.technology_learning,
    ),
    "learning_own_to_others": _recipes(
        "least squares of log effort of a unit over log (own + weight x others' cumulative output), by stage",
        measurements.own_to_others,
    ),
    "learning_across_borders": _recipes(
        "least squares of log effort over log (own + weight x others' at home + weight x others' abroad), by stage",
        measurements.abroad_to_home,
    ),
    "novel_project_success": _recipes("successes over ends of novel projects", measurements.novel_success),
    "research_share_of_value_added": _recipes("spending on projects over value added", measurements.research_share),
    "process_share_of_research": _recipes("spending on process projects over that on all projects", measurements.process_share),
    "imitation_cost": _recipes(
        "mean quarters x staff of second-generation projects over that of novel ones, whatever talent earns where",
        partial(measurements.imitation_to_innovation, what="cost"),
    ),
    "imitation_time": _recipes(
        "mean quarters of second-generation projects over that of novel ones",
        partial(measurements.imitation_to_innovation, what="time")
    ),
    "job_hopping_in_computers": _recipes(
        "hires from other firms per job in the core over those elsewhere: the core stands for Silicon Valley", measurements.hopping
    ),
    "location_after_heritage": _recipes(
        "t of being in the core in a regression of survival to five years on it and on the parent's quality and size; "
        "the regions differ in wages, as places of one country do not",
        measurements.location_after_heritage,
    ),
    "smile_curve": _recipes(
        "coefficient on squared distance to final use (mean number of sales) of value added per output, firms by year end",
        measurements.smile,
    ),
    "domestic_value_added_in_electronics_exports_china": Measurement(
        HSINCHU,
        "coastal China, 2002 to 2006, with domestic suppliers' value added; materials from outside the chain count as foreign",
        partial(measurements.value_added_at_home, region="coastal_china", first=2002, last=2006),
    ),
    "itri_licence_to_first_spin_off": Measurement(
        HSINCHU,
        "years from 1976 to the first firm founded by people of public research; "
        "runs without one count as the 34 years watched, so that it is a lower bound",
        partial(measurements.wait_for_spin_off, region="chinese_taipei", since=1976),
    ),
    "relative_income_taiwan_2010": _wage_of("Chinese Taipei", "chinese_taipei"),
    "relative_income_china_2010": _wage_of("coastal China", "coastal_china"),
    "student_return_taiwan_1979": _returns_in("in 1979", 1979, 1979),
    "student_return_taiwan_1990s": _returns_in("from 1990 to 1999", 1990, 1999),
}

_NO_CITATIONS = "the model does not keep who learnt from whom, which a comparison of matched flows needs"
_NO_ACTIVITIES = "needs a world of many regions in which stages enter and leave; every region of recipes does every stage"
_NO_IPAD = "belongs to case ipad, which is compared with its own facts: redqueen compare ipad"
_NO_FUNDS = "belongs to case hsinchu, where venture money is one pool, not a number of funds"
_NO_PARK = "belongs to case hsinchu, which is not to scale and where the park has no boundary"
_NO_REGIONS = "belongs to case three-regions, which is compared with its own facts: redqueen compare three-regions"
_NO_COUNTRY = "belongs to this country's own case, which is compared with its own facts: redqueen compare"

#: Why the other facts are not measured, by their names in facts.toml.
NOT_MEASURED: dict[str, str] = {
    **dict.fromkeys(("local_knowledge_flow", "co_ethnic_knowledge_flow"), _NO_CITATIONS),
    **dict.fromkeys(("relatedness_and_entry", "relatedness_and_exit"), _NO_ACTIVITIES),
    "job_hopping_outside_computers": "recipes has one industry, which is the chain's",
    "domestic_value_added_in_exports_china": "hsinchu has one manufacture, electronics: see the next fact",
    **dict.fromkeys(("ipad_share_of_lead_firm", "ipad_share_of_korea", "ipad_share_of_japan", "ipad_share_of_taiwan"), _NO_IPAD),
    "ipad_assembly_labour_in_china": _NO_IPAD,
    **dict.fromkeys(("relative_income_taiwan_1960", "relative_income_china_1960"), "case hsinchu starts in 1965"),
    **{
        f"relative_income_{country}_{year}": _NO_COUNTRY
        for country in ("korea", "ireland", "israel", "india")
        for year in (1960, 2010)
    },
    **dict.fromkeys(("venture_funds_taiwan_1996", "venture_funds_taiwan_1999"), _NO_FUNDS),
    **dict.fromkeys(("hsinchu_park_firms_2001", "hsinchu_park_firms_2009", "hsinchu_park_staff_2009"), _NO_PARK),
    "itri_licence_to_foundry": "belongs to case hsinchu, where a laboratory's spin-offs are not told apart by what they do",
    **dict.fromkeys(("three_regions_research_spending", "three_regions_high_tech_exports"), _NO_REGIONS),
    **dict.fromkeys(("basic_research_beijing", "basic_research_shanghai", "basic_research_guangdong"), _NO_REGIONS),
    "mandated_standard_delay": (
        "belongs to case indigenous-standard, which is compared with its own facts: redqueen compare indigenous-standard"
    ),
}

_GROWTH_WORDS = "yearly log growth of heads less the year's mean, firms of one head or more"

#: Figures without a cited target, shown beside the facts.
FIGURES: tuple[Figure, ...] = (
    Figure(
        "entry_rate", "New firms.", "% of firms a year",
        _recipes("entries of a year over the firms at its start", partial(measurements.turnover, events=("entries",))),
    ),
    Figure(
        "exit_rate", "Firms that end.", "% of firms a year",
        _recipes("exits of a year over the firms at its start", partial(measurements.turnover, events=("exits",))),
    ),
    Figure(
        "yearly_survival", "Firms that live through a year.", "% of firms",
        _recipes("firms at the start of a year that are there at its end", measurements.yearly_survival),
    ),
    Figure(
        "firms_of_few_people", "Firms with fewer than five people.", "% of firms",
        _recipes("mean of year ends", partial(measurements.firm_sizes, statistic=measurements.few_people)),
    ),
    Figure(
        "median_size", "Median size of firms.", "heads",
        _recipes("mean of year ends", partial(measurements.firm_sizes, statistic=numpy.median)),
    ),
    Figure(
        "mean_size", "Mean size of firms.", "heads",
        _recipes("mean of year ends", partial(measurements.firm_sizes, statistic=numpy.mean)),
    ),
    Figure(
        "growth_laplace_over_normal", "How much likelier growth is under Laplace than under a normal.", "log likelihood a firm",
        _recipes(_GROWTH_WORDS, partial(measurements.growth_shape, statistic=demography.laplace_over_normal)),
    ),
    Figure(
        "growth_excess_kurtosis", "Excess kurtosis of growth: 0 for a normal, 3 for Laplace.", "kurtosis",
        _recipes(_GROWTH_WORDS, partial(measurements.growth_shape, statistic=demography.excess_kurtosis)),
    ),
    Figure(
        "learning_curve_of_firms", "Fall of a firm's effort with its own cumulative output.", "exponent",
        _recipes(
            "minus the slope of log effort of a unit over log own cumulative output, within stage and year",
            measurements.firm_learning,
        ),
    ),
)


def measure_facts(seeds: int = SEEDS, threads: int | None = None, *, progress: bool = True) -> list[Row]:
    """Runs the cases under seeds 1 to `seeds` and sets every fact of the package against what they show, then the figures.

    `threads` is the number of runs at once (all processors unless given); it changes nothing in the result.
    """
    for name, number in (("seeds", seeds), ("threads", threads)):
        if number is not None and number < 1:
            raise Refused.one(f"{number} {name} cannot run anything", field=name, remedy="give 1 or more")
    registers = _watch_all(seeds, threads or available_threads(), progress)
    rows = [_row_of_fact(fact, registers) for fact in facts()]
    return rows + [_row_of_figure(figure, registers) for figure in FIGURES]


def by_use(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Sorts the facts that were measured by the use that they were put to: setting numbers, none, or held out."""
    measured = [row for row in rows if row.hit is not None]
    return {
        "Used to set a number": [row for row in measured if row.used_to_set],
        "Not used": [row for row in measured if not row.used_to_set and not row.held_out],
        "Held out": [row for row in measured if row.held_out],
    }


def unmeasured(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Lists the names of what was not measured by reason."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if row.simulated is None:
            names.setdefault(row.reason or "", []).append(row.name)
    return names


def simulated(measurement: Measurement, registers: Sequence[Register]) -> tuple[list[float], float]:
    """Measures a figure in every run: the values (NaN dropped) and their centre.

    The centre is the mean, and for a pooled figure what all runs show together; its values are the jackknife's pseudo-values
    n x all - (n - 1) x all but one, whose spread is that of the estimate (Tukey, J. W. (1958), Annals of Mathematical Statistics
    29).
    """
    if not measurement.pooled:
        values = [measurement.measure(register) for register in registers]
        values = [float(value) for value in values if math.isfinite(value)]
        return values, sum(values) / len(values) if values else math.nan
    whole, count = float(measurement.measure(*registers)), len(registers)
    if count == 1:
        return [whole] if math.isfinite(whole) else [], whole
    without = [measurement.measure(*registers[:place], *registers[place + 1 :]) for place in range(count)]
    values = [count * whole - (count - 1) * float(value) for value in without]
    return [value for value in values if math.isfinite(value)], whole


def _watch_all(seeds: int, threads: int, progress: bool) -> dict[str, list[Register]]:
    cases = {name: case(name) for name in POLICIES}
    runs = [(name, seed) for seed in range(1, seeds + 1) for name in cases]
    quarters = {name: found.world.burn_in + found.world.quarters for name, found in cases.items()}
    kept: dict[tuple[str, int], Register] = {}
    executor = ThreadPoolExecutor(max_workers=min(threads, len(runs)), thread_name_prefix="register")
    try:
        with progress_bar(seeds * sum(quarters.values()), f"facts: {len(runs)} runs", show=progress) as advance:
            pending: dict[Future[Register], tuple[str, int]] = {
                executor.submit(watch, cases[name].world, cases[name].schedule(POLICIES[name]), seed): (name, seed) for name,
                seed in runs
            }
            for future in as_completed(pending):
                kept[pending[future]] = future.result()
                advance(quarters[pending[future][0]])
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()
    return {name: [kept[name, seed] for seed in range(1, seeds + 1)] for name in cases}


def _row_of_fact(fact: Fact, registers: dict[str, list[Register]]) -> Row:
    measurement = MEASURED.get(fact.name)
    reason = None if measurement else NOT_MEASURED.get(fact.name, "no measurement is written for it")
    values = _values(measurement, registers)
    found: float | None = values["simulated"]
    return Row(
        name=fact.name, says=fact.says, unit=fact.unit, target=fact.value, target_low=fact.low, target_high=fact.high,
        hit=None if found is None else fact.hit(found), held_out=fact.held_out, used_to_set=fact.used_to_set,
        source=fact.citation(),
        measured_as=measurement.words if measurement else fact.measured_as, **{"reason": reason, **values},
    )


def _row_of_figure(figure: Figure, registers: dict[str, list[Register]]) -> Row:
    return Row(
        name=figure.name, says=figure.says, unit=figure.unit, target=None, target_low=None, target_high=None, hit=None,
        held_out=False, used_to_set=(), source="no target", measured_as=figure.measurement.words,
        **{"reason": None, **_values(figure.measurement, registers)},
    )


def _values(measurement: Measurement | None, registers: dict[str, list[Register]]) -> dict[str, Any]:
    """Gives the simulated part of a row."""
    if measurement is None:
        return {"simulated": None, "low": None, "high": None, "case": None, "policy": None, "seeds": 0}
    values, centre = simulated(measurement, registers[measurement.case])
    part = {"case": measurement.case, "policy": POLICIES[measurement.case], "seeds": len(values)}
    if not math.isfinite(centre):
        return {**part, "simulated": None, "low": None, "high": None, "reason": "too few observations in any run"}
    if len(values) < 2:
        return {**part, "simulated": centre, "low": None, "high": None}
    spread = float(numpy.std(values, ddof=1)) / math.sqrt(len(values))
    half = student_quantile((1 + LEVEL) / 2, len(values) - 1) * spread
    return {**part, "simulated": centre, "low": centre - half, "high": centre + half}
