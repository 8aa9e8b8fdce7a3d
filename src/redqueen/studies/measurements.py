"""How each stylised fact is measured in the register of a run: one function a figure, named in `facts.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy

from redqueen.indicators import demography
from redqueen.indicators.leontief import domestic_value_added_share
from redqueen.model import kinds
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.studies.register import Register

# Definitions of the statistics themselves, from the publications that state the facts.
_FEW_PEOPLE = 5
_FAILURE_YEARS, _SUCCESS_YEARS, _TENURE_YEARS = 2, 5, 10
_SIZE_TAIL, _VALUE_TAIL = (0.05, 0.10), (0.10, 0.25)
_PERSON = 1.0
_NOVEL, _SECOND, _PROCESS = kinds.NOVEL, kinds.SECOND, kinds.PROCESS


def entrants_with_few_people(register: Register) -> float:
    """Gives the share (%) of new firms with fewer than five people, on the mean of their first four quarters at work."""
    _, firm = numpy.unique(register.first_year["lineage"], return_inverse=True)
    heads = numpy.bincount(firm, weights=register.first_year["heads"]) / numpy.bincount(firm)
    return few_people(heads)


def size_tail(register: Register) -> float:
    """Gives Hill's index of the largest 5 to 10 % of firms by heads, the mean over year ends."""
    return _over_years(register, lambda heads: demography.tail_index(heads, *_SIZE_TAIL))


def turnover(register: Register, events: tuple[str, ...]) -> float:
    """Gives events a year (entries, exits) over the firms at its start, in %, the mean over years."""
    years = register.world.quarters // QUARTERS_A_YEAR
    at_start = numpy.array([(register.sizes["year"] == year - 1).sum() for year in range(years)])
    counted = sum(register.quarterly[name].sum(axis=1) for name in events)
    return 100 * demography.yearly_rate(counted[: years * QUARTERS_A_YEAR].reshape(years, -1).sum(axis=1), at_start)


def yearly_survival(register: Register) -> float:
    """Gives the share (%) of firms at the start of a year that are there at its end, the mean over years."""
    year, lineage = register.sizes["year"], register.sizes["lineage"]
    years = range(-1, int(year.max()))
    return 100 * float(numpy.mean([numpy.isin(lineage[year == one], lineage[year == one + 1]).mean() for one in years]))


def failing_entrants(register: Register) -> float:
    """Gives the share (%) of new firms that end within two years, by Kaplan and Meier."""
    quarters, ended = lifetimes(register)
    return 100 * (1 - demography.survival(quarters, ended, _FAILURE_YEARS * QUARTERS_A_YEAR))


def lifetimes(register: Register) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives how long each firm born in the history was watched, in quarters, and whether it ended then."""
    births, deaths = register.births, register.deaths
    end_of = dict(zip(deaths["lineage"].tolist(), deaths["quarter"].tolist(), strict=True))
    end = numpy.array([end_of.get(lineage, -1) for lineage in births["lineage"].tolist()], dtype=float)
    ended = end >= 0
    return numpy.where(ended, end, register.world.quarters - 1) - births["quarter"], ended


def founders_pay(register: Register) -> float:
    """Gives the median of what founders of ten years or more earn over the pay of a job in their trade, in %."""
    earned = register.founders["earned"][register.founders["age"] >= _TENURE_YEARS]
    return 100 * float(numpy.median(earned)) if earned.size else numpy.nan


def growth(register: Register) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Gives heads at the start of a year and log growth over it less the year's mean, of firms with one head or more."""
    sizes = register.sizes
    first, rates = [], []
    for year in range(-1, int(sizes["year"].max())):
        old, new = sizes["year"] == year, sizes["year"] == year + 1
        _, left, right = numpy.intersect1d(sizes["lineage"][old], sizes["lineage"][new], assume_unique=True, return_indices=True)
        before, after = sizes["heads"][old][left], sizes["heads"][new][right]
        kept = (before >= _PERSON) & (after > 0)
        rate = numpy.log(after[kept] / before[kept])
        first.append(before[kept])
        rates.append(rate - rate.mean())
    return numpy.concatenate(first), numpy.concatenate(rates)


def growth_shape(register: Register, statistic: Callable[[numpy.ndarray], float]) -> float:
    """Gives a statistic of firms' yearly log growth."""
    return statistic(growth(register)[1])


def growth_spread(register: Register) -> float:
    """Gives the exponent with which the spread of yearly growth changes with size."""
    return demography.spread_by_size(*growth(register))


def innovation_tail(*registers: Register) -> float:
    """Gives Hill's index of the most valuable tenth to quarter of novel innovations."""
    values = numpy.concatenate([register.innovations["value"] for register in registers])
    return demography.tail_index(values, *_VALUE_TAIL)


def technology_learning(register: Register) -> float:
    """Gives Wright's exponent of technologies: effort of a unit, weighted by output, over the world's cumulative output."""
    rows = register.learning
    _, cell = numpy.unique(rows["year"] * (rows["stage"].max() + 1) + rows["stage"], return_inverse=True)
    units = numpy.bincount(cell, weights=rows["units"])
    effort = numpy.bincount(cell, weights=rows["units"] * rows["effort"]) / units
    counts = numpy.bincount(cell)
    made = numpy.bincount(cell, weights=rows["own"] + rows["home"] + rows["abroad"]) / counts
    stage = numpy.bincount(cell, weights=rows["stage"]) / counts
    return demography.learning_exponent(effort, made, numpy.rint(stage))


def firm_learning(register: Register) -> float:
    """Gives Wright's exponent across firms: effort of a unit over the firm's own cumulative output, within stage and year."""
    rows = register.learning
    groups = rows["year"] * (rows["stage"].max() + 1) + rows["stage"]
    return demography.learning_exponent(rows["effort"], rows["own"], groups)


def own_to_others(register: Register) -> float:
    """Gives what a unit of a firm's own output teaches over one of another's."""
    rows = register.learning
    return 1 / demography.learning_weights(rows["effort"], rows["own"], [rows["home"] + rows["abroad"]], rows["stage"])[0]


def abroad_to_home(register: Register) -> float:
    """Gives what a unit of others' output abroad teaches over one at home."""
    rows = register.learning
    home, abroad = demography.learning_weights(rows["effort"], rows["own"], [rows["home"], rows["abroad"]], rows["stage"])
    return abroad / home


def novel_success(register: Register) -> float:
    """Gives successes over ends of novel projects, in %."""
    place = _NOVEL - 1
    return 100 * float(register.quarterly["successes"][:, :, place].sum() / register.quarterly["ends"][:, :, place].sum())


def research_share(register: Register) -> float:
    """Gives what firms spend on projects over value added, in %."""
    return 100 * float(register.quarterly["research_spending"].sum() / register.quarterly["value_added"].sum())


def process_share(register: Register) -> float:
    """Gives the part of project spending that goes into process projects, in %."""
    spent = register.research_by_mode.sum(axis=0)
    return 100 * float(spent[_PROCESS - 1] / spent.sum())


def imitation_to_innovation(register: Register, what: str) -> float:
    """Gives the mean time (quarters) or cost (quarters x staff: talent at one wage) of imitating over that of novel projects."""
    rows = register.projects
    size = rows["quarters"] * (rows["staff"] if what == "cost" else 1.0)
    return float(size[rows["mode"] == _SECOND].mean() / size[rows["mode"] == _NOVEL].mean())


def hopping(register: Register) -> float:
    """Gives hires from other firms per job in the largest cluster over those elsewhere."""
    moves, jobs = register.quarterly["moves"].sum(axis=0), register.quarterly["jobs"].sum(axis=0)
    cluster = largest_cluster(register)
    elsewhere = numpy.delete(moves, cluster).sum() / numpy.delete(jobs, cluster).sum()
    return float(moves[cluster] / jobs[cluster] / elsewhere)


def location_after_heritage(register: Register) -> float:
    """Gives t of being in the largest cluster in a regression of five years' survival on it and on parent's quality and size."""
    births = register.births
    quarters, _ = lifetimes(register)
    span = _SUCCESS_YEARS * QUARTERS_A_YEAR
    kept = (births["quarter"] < register.world.quarters - span) & numpy.isfinite(births["parent_quality"])
    kept &= births["owner"] != kinds.AFFILIATE
    inside = births["region"][kept] == largest_cluster(register)
    success = quarters[kept] >= span
    fit = demography.linear_fit(success, inside, births["parent_quality"][kept], numpy.log1p(births["parent_heads"][kept]))
    return float(fit.t[1])


def largest_cluster(register: Register) -> int:
    """Gives the region with the most firms in the first quarter."""
    return int(register.quarterly["firms"][0].argmax())


def smile(register: Register) -> float:
    """Gives the coefficient on squared distance to final use, of value added per output on distance, firms by year end."""
    rows = register.accounts
    return float(demography.linear_fit(rows["added"], rows["distance"], rows["distance"] ** 2).coefficients[2])


def value_added_at_home(register: Register, region: str, first: int, last: int) -> float:
    """Gives the part of a region's exports that is value added at home, in %, the mean of years; materials count as foreign."""
    place = register.world.regions.index(region)
    shares = [
        domestic_value_added_share(table.intermediate, table.final_demand, table.value_added, table.output)[place]
        for table in register.tables
        if table.final_demand is not None and first <= register.world.start + table.year <= last
    ]
    return 100 * float(numpy.mean(shares))


def relative_wage(register: Register, region: str, to: str) -> float:
    """Gives a region's wage over another's in the last year of the run, in %."""
    regions = register.world.regions
    wage = register.quarterly["wage"][-QUARTERS_A_YEAR:].mean(axis=0)
    return 100 * float(wage[regions.index(region)] / wage[regions.index(to)])


def return_share(register: Register, region: str, first: int, last: int) -> float:
    """Gives talent that comes home over talent that leaves in the years from first to last, in %."""
    place, start = register.world.regions.index(region), register.world.start
    span = slice(round((first - start) * QUARTERS_A_YEAR), round((last + 1 - start) * QUARTERS_A_YEAR))
    back, away = (register.quarterly[name][span, place].sum() for name in ("returnees", "emigrants"))
    return 100 * float(back / away) if away > 0 else numpy.nan


def wait_for_spin_off(register: Register, region: str, since: int) -> float:
    """Gives years from the start of a year to the first public spin-off; all that were watched where there was none."""
    first = round((since - register.world.start) * QUARTERS_A_YEAR)
    counts = register.quarterly["public_spinoffs"][first:, register.world.regions.index(region)]
    return (int(counts.argmax()) if counts.any() else counts.size) / QUARTERS_A_YEAR


def firm_sizes(register: Register, statistic: Callable[[numpy.ndarray], float]) -> float:
    """Gives a statistic of firms' heads, the mean over year ends."""
    return _over_years(register, statistic)


def few_people(heads: numpy.ndarray) -> float:
    """Gives the share (%) of firms with fewer than five people."""
    return 100 * demography.share_below(heads, _FEW_PEOPLE)


def _over_years(register: Register, statistic: Callable[[numpy.ndarray], float]) -> float:
    year, heads = register.sizes["year"], register.sizes["heads"]
    return float(numpy.mean([statistic(heads[year == one]) for one in numpy.unique(year)]))
