"""Turns measures of a real industry into what a world starts with: one rule a function, every assumption a constant.

Arrays are by region [R], region and stage [R, S] or seller and buyer [R, R], in the order of the measures.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from redqueen.model.parameters import DEFAULTS


class Stage(NamedTuple):
    """One stage of the chain at a wage of 1 and a skilled wage of 2; `other_cost` is all that is not labour."""

    name: str
    input: str | None
    ships: bool
    knowledge: bool
    quality_weight: float
    workers_per_unit: float
    other_cost: float
    skilled_share: float
    why: str


#: The chain of an electronics-like product, as in the bundled cases. Tables of industries do not show stages.
CHAIN = (
    Stage(
        "design", None, False, True, 0.25, 0.15, 0.02, 0.8, "little labour, nearly all of it talent, and the largest say in quality"
    ),
    Stage("components", "design", False, False, 0.2, 0.2, 0.25, 0.35, "materials matter as much as labour"),
    Stage("fabrication", "components", False, False, 0.15, 0.25, 0.35, 0.2, "parts and materials are half of the cost"),
    Stage("assembly", "fabrication", True, False, 0.05, 0.8, 0.1, 0.03, "most jobs, and little of the product's distinction"),
    Stage("software", None, False, True, 0.2, 0.2, 0.03, 0.6, "people are nearly all of its cost"),
    Stage(
        "brand", None, False, True, 0.15, 0.3, 0.1, 0.35,
        "design of the whole, distribution and service; its firms are the lead firms"
    ),
)

# Size: large enough that no region is a handful of firms, whose luck would be its fate; small enough for hundreds of runs.
WORKERS = 10_000.0
LEAST_WORKERS = 150.0
MOST_WORKERS = 40_000.0
FIRMS_PER_WORKER = 0.04
# Two for each stage: a small region must not lose its industry to one bad draw.
LEAST_FIRMS = 2 * len(CHAIN)
# Potential spending that employs a world's workers: buyers spend two thirds of it, and two thirds of that are wages.
SPENDING_PER_WAGE = 1.6

# The least that a world may state.
LEAST_WAGE = 0.005
# Talent earns twice a worker's wage where income is highest, and relatively more elsewhere, since it can leave.
SKILLED_PREMIUM = 2.0
SKILLED_EXPONENT = 0.6
# Talent for each worker in the best region; below it, half by income (schooling) and half by patents (research).
TALENT_PER_WORKER = 0.7
TALENT_BY_INCOME = 0.4
TALENT_BY_PATENTS = 0.2

# Odds that a buyer wants the best: 77 % where income is highest, 48 % at a third of it, 17 % at a tenth.
FRONTIER_ODDS = 3.3
FRONTIER_EXPONENT = 1.2

# Log quality for each log of the measure, and the farthest behind that a region starts.
QUALITY_BY_PATENTS = 0.25
QUALITY_BY_INCOME = 0.4
LEAST_QUALITY = -1.5
# A region without patents counts as having this part of the best region's.
LEAST_PATENTS = 1e-3

# How strongly the mix of firms by stage follows the measures.
MIX_BY_PATENTS = 0.3
MIX_BY_PROCESSING = 0.25
MIX_BY_THINNESS = 1.0
LEAST_RELATIVE, MOST_RELATIVE = 0.1, 10.0

# What -ln(trade freeness) is between continents: the median over pairs among USA, MEX, DEU, IRL, CHN, IND, JPN, KOR and
# TWN in electronics, 2000 (WIOD 2013). Fixed, so that distances compare between worlds and years.
BETWEEN_CONTINENTS = 3.35
MOST_DISTANCE = 3.0
# Part of the first ties that are with suppliers, at home and abroad; the others are with colleagues, at home unless a table
# of collaboration tells where.
SUPPLY_TIES = 0.5
# Part of colleagues who are abroad, where such a table says nothing of those at home: about the part of the world's
# articles that are written across borders.
COLLEAGUES_ABROAD = 0.2
# Part of the first ties that may lead abroad: rounded shares must not add up to more than all.
MOST_TIES_ABROAD = 0.99

# Private venture money for each worker and quarter, and the chance of a sale or listing, where income is highest.
VENTURE_PER_WORKER = 0.0055
VENTURE_BY_INCOME = 1.5
EXIT_BY_INCOME = 2.0


def wages(income: np.ndarray) -> np.ndarray:
    """Sets wages by income per head: w = y / max y [R].

    The unit of money is thus the wage of a quarter in the richest region. Income is at purchasing power parity, which
    narrows the gaps that exporters see.
    """
    return np.maximum(income / income.max(), LEAST_WAGE)


def skilled_wages(wage: np.ndarray) -> np.ndarray:
    """Sets the wages of talent: 2 w^0.6 [R], money a quarter. Talent is mobile, so its wages differ less than workers'."""
    return SKILLED_PREMIUM * wage**SKILLED_EXPONENT


def workers(value_added: np.ndarray, wage: np.ndarray, jobs: np.ndarray | None = None) -> np.ndarray:
    """Shares out the world's workers: L ~ jobs where a table tells them, else value added / wage [R], heads.

    If labour's share of value added is the same everywhere, the second is the first. It is additive: a region merged at the
    wage of its workers (`rest_income`) has the workers of its parts. The world has 10,000, or as many more, up to 40,000,
    as give its smallest region 150. No region has fewer workers than first firms at least.
    """
    work = value_added / wage if jobs is None else jobs
    shares = work / work.sum()
    world = float(np.clip(LEAST_WORKERS / shares.min(), WORKERS, MOST_WORKERS))
    return np.maximum(world * shares, LEAST_FIRMS)


def all_jobs(jobs: np.ndarray, value_added: np.ndarray, income: np.ndarray) -> np.ndarray:
    """Gives the jobs of every producer [N], heads; NaN in `jobs` is filled in by the rule of `workers`.

    n = (v / y) x sum of jobs / sum of v / y, both sums over the producers whose jobs are told, with v value added and y income
    per head. None where value added is below zero.
    """
    work = np.maximum(value_added, 0.0) / income
    told = ~np.isnan(jobs) & (work > 0)
    return np.where(np.isnan(jobs), work * jobs[told].sum() / work[told].sum(), jobs)


def rest_income(income: np.ndarray, value_added: np.ndarray) -> float:
    """Gives the income of regions taken together: sum v / sum (v / y), the mean over their workers (see `workers`)."""
    return float(value_added.sum() / (value_added / income).sum())


def markets(use: np.ndarray, wage: np.ndarray, heads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives potential spending of frontier and of value buyers [R], money a quarter.

    All buyers: 1.6 x the world's wage bill, by where the sector's products are used outside the sector (negative use,
    from stocks drawn down, counts as none). Frontier buyers: odds 3.3 w^1.2, so that the rich want the best.
    """
    used = np.maximum(use, 0.0)
    spending = SPENDING_PER_WAGE * (wage * heads).sum() * used / used.sum()
    odds = FRONTIER_ODDS * wage**FRONTIER_EXPONENT
    frontier = spending * odds / (1.0 + odds)
    return frontier, spending - frontier


def knowledge(patents: np.ndarray, value_added: np.ndarray) -> np.ndarray:
    """Gives patents per value added against the best region's [R], from 0.001 to 1."""
    density = patents / value_added
    if density.max() <= 0.0:
        return np.ones(len(density))
    return np.maximum(density / density.max(), LEAST_PATENTS)


def first_quality(known: np.ndarray, wage: np.ndarray) -> np.ndarray:
    """Sets the quality of the first firms [R, S], log units; 0 is the best region.

    Knowledge stages (design, software, brand): 0.25 ln (patents per value added against the best). Making stages: 0.4 ln w,
    since what a region earns says how well it makes things. Both are damped: producers for the world market differ less than
    their economies, and patents less than what firms know. At most 1.5 behind, well before firms count as obsolete.
    """
    thinking = QUALITY_BY_PATENTS * np.log(known / known.max())
    making = QUALITY_BY_INCOME * np.log(wage / wage.max())
    by_stage = [thinking if stage.knowledge else making for stage in CHAIN]
    return np.maximum(np.stack(by_stage, axis=1), LEAST_QUALITY)


def stage_mix(
    patents: np.ndarray, value_added: np.ndarray, output: np.ndarray, exports: np.ndarray, imported_inputs: np.ndarray
) -> np.ndarray:
    """Gives each region's firms by stage as shares [R, S].

    Each stage weighs 1, times: at knowledge stages, patents per value added ^ 0.3; at fabrication and assembly,
    vertical specialisation (imported share of inputs x exported share of output) ^ 0.25, the mark of making for
    foreign principals; at assembly, also output per value added, since assemblers buy most of what they sell. Each
    measure is against the world's, between 0.1 and 10.
    """
    known = _relative(patents / value_added, patents.sum() / value_added.sum())
    specialised = imported_inputs * exports / output
    processing = _relative(specialised, (specialised * output).sum() / output.sum())
    thin = _relative(output / value_added, output.sum() / value_added.sum())
    weights = np.ones((len(output), len(CHAIN)))
    for place, stage in enumerate(CHAIN):
        if stage.knowledge:
            weights[:, place] *= known**MIX_BY_PATENTS
        if stage.name in ("fabrication", "assembly"):
            weights[:, place] *= processing**MIX_BY_PROCESSING
        if stage.name == "assembly":
            weights[:, place] *= thin**MIX_BY_THINNESS
    return weights / weights.sum(axis=1, keepdims=True)


def first_firms(output: np.ndarray, mix: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """Founds the first firms [R, S], whole numbers: 4 for each 100 workers of the world.

    Twelve in each region, the others by the region's output; by stage as its mix says. Every region has a lead firm.
    """
    others = max(0, round(FIRMS_PER_WORKER * heads.sum()) - LEAST_FIRMS * len(output))
    by_region = LEAST_FIRMS + _whole(others * output / output.sum())
    firms = np.stack([_whole(count * shares) for count, shares in zip(by_region, mix, strict=True)])
    # A region without a brand at all could never follow its own buyers.
    for region in np.flatnonzero(firms[:, -1] == 0):
        firms[region, firms[region].argmax()] -= 1
        firms[region, -1] = 1
    return firms


def talent(heads: np.ndarray, wage: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Gives engineers and managers [R], heads: 0.7 L w^0.4 k^0.2, with k patents per value added against the best."""
    return TALENT_PER_WORKER * heads * wage**TALENT_BY_INCOME * known**TALENT_BY_PATENTS


def graduates(first_talent: np.ndarray) -> np.ndarray:
    """Gives the graduates that keep talent as it is [R], heads a quarter: retirement rate x talent."""
    return DEFAULTS["talent_retirement"] * first_talent


def venture_money(heads: np.ndarray, wage: np.ndarray) -> np.ndarray:
    """Gives private money for ventures [R], wages a quarter: 0.0055 L w^1.5. Chosen: the tables do not tell."""
    return VENTURE_PER_WORKER * heads * wage**VENTURE_BY_INCOME


def venture_exit(wage: np.ndarray) -> np.ndarray:
    """Gives the chance that a venture can be sold or listed [R]: w^2. Chosen: markets for young firms come with income."""
    return wage**EXIT_BY_INCOME


def distances(sales: np.ndarray) -> np.ndarray:
    """Measures distance by what is not traded [R, R], 1 = another continent, from 0 to 3.

    d = -ln f / 3.35 with trade freeness f[r, q] = sqrt(x[r, q] x[q, r] / (x[r, r] x[q, q])), x sales of the sector to all
    users (Head and Ries 2001). It holds whatever keeps two markets apart: freight, tariffs, habits, language and law.
    """
    traded = np.maximum(sales, 0.0)
    both_ways = traded * traded.T
    at_home = np.outer(traded.diagonal(), traded.diagonal())
    # No trade is as far as can be; nothing sold at home is as near as can be.
    freeness = np.divide(both_ways, at_home, out=np.full(both_ways.shape, np.inf), where=at_home > 0)
    apart = np.full(freeness.shape, MOST_DISTANCE)
    np.divide(
        np.log(freeness, out=np.zeros_like(freeness), where=freeness > 0), -2 * BETWEEN_CONTINENTS, out=apart, where=freeness > 0
    )
    np.fill_diagonal(apart, 0.0)
    return np.clip(apart, 0.0, MOST_DISTANCE)


def first_tie_shares(purchases: np.ndarray, colleagues: np.ndarray | None = None) -> np.ndarray:
    """Gives the share of the first firms' ties that lead abroad [R, R]: from region r to q.

    0.5 x what r's sector buys of q's, of all that it buys of its own kind: a tie in two is with a supplier. The other is with
    a colleague: + 0.5 x the share of r's collaboration that is with q (`colleague_shares`); NaN, and all of it without
    `colleagues`, stays at home. Zero at home. `purchases` [seller, buyer], money.
    """
    bought = purchases.sum(axis=0)
    shares = np.divide(purchases, bought, out=np.zeros(purchases.shape), where=bought > 0).T * SUPPLY_TIES
    np.fill_diagonal(shares, 0.0)
    if colleagues is None:
        return shares
    shares += (1.0 - SUPPLY_TIES) * np.nan_to_num(colleagues)
    np.fill_diagonal(shares, 0.0)
    leaving = shares.sum(axis=1, keepdims=True)
    return shares * np.minimum(1.0, MOST_TIES_ABROAD / np.maximum(leaving, MOST_TIES_ABROAD))


def colleague_shares(together: np.ndarray, abroad: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Gives the share of each region's collaboration that is with each other [R, R]; rows without any are NaN.

    c[r, q] = n[r, q] / (n[r] + h[r]), with n what both did together, n[r] all that r's members did with members of other
    countries [R], and h[r] what they did at home [R]. Where h is NaN, c[r, q] = 0.2 n[r, q] / n[r]: a fifth of colleagues are
    abroad, chosen, for tables of collaboration across borders do not show how much there is within them.
    """
    part = np.where(np.isnan(home), COLLEAGUES_ABROAD, 1.0)
    whole = abroad + np.nan_to_num(home)
    rows = np.full(together.shape, np.nan)
    np.divide(together, whole[:, None], out=rows, where=(whole > 0)[:, None])
    return part[:, None] * rows


def first_diaspora(first_talent: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Gives the talent of each region that lives in each other [R, R], heads: talent x people abroad / people of the origin.

    It takes talent to emigrate as others do; talent emigrates more, so this is the least. NaN in `shares` gives none.
    """
    return first_talent[:, None] * np.nan_to_num(shares)


def chain_inputs(own_share: float) -> dict[str, tuple[float, float]]:
    """Splits what a stage buys into the stage before it and materials: name -> (input units, materials per unit).

    Of a stage's cost other than labour, the sector's own share of its inputs is spent on the input stage:
    units = share x other cost / cost of the input stage at a wage of 1 and a skilled wage of 2.
    """
    cost: dict[str, float] = {}
    split = {}
    for stage in CHAIN:
        cost[stage.name] = stage.workers_per_unit * (1.0 + (SKILLED_PREMIUM - 1.0) * stage.skilled_share) + stage.other_cost
        bought = own_share * stage.other_cost if stage.input else 0.0
        split[stage.name] = (bought / cost[stage.input] if stage.input else 0.0, stage.other_cost - bought)
    return split


def _relative(values: np.ndarray, base: float) -> np.ndarray:
    if not base > 0.0:
        return np.ones(len(values))
    return np.clip(values / base, LEAST_RELATIVE, MOST_RELATIVE)


def _whole(values: np.ndarray) -> np.ndarray:
    """Rounds to whole numbers that keep the sum: the largest remainders go up, the first of equals first."""
    # What differs by less than a billionth is equal: processors round sums differently.
    values = np.round(values, 9)
    floor = np.floor(values)
    left = int(round(values.sum() - floor.sum()))
    floor[np.argsort(-(values - floor), kind="stable")[:left]] += 1
    return floor.astype(int)
