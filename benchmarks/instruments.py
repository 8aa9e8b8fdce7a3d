"""Try every instrument in one region, at a moderate and a large dose, and print what comes of it as a table of Markdown.

    python benchmarks/instruments.py                # 20 seeds, a minute or two
    python benchmarks/instruments.py --seeds 100    # the table of docs/instruments_tried.md, 6 minutes on two cores

The world is the case `recipes`, the region its catching-up region, from the first quarter to the last. Each arm is compared,
paired by seed, to the world without it: to nothing, or to the company alone where an instrument works only in company.
Doses are set by what is usual or by the range of the instrument, never by their effects. The table is there to find
instruments that do nothing, or something absurd; parameters are not tuned to it.
"""

import argparse
import dataclasses
import sys
from typing import NamedTuple

import numpy

import redqueen
from redqueen.cases.case import case
from redqueen.lab.compare import Effect, Row, compare
from redqueen.model.instruments import NAMES
from redqueen.model.world import World
from redqueen.policies.policy import NONE, TARGET, Change, Policy

CASE, REGION, SEEDS = "recipes", "catch_up", 20
OUTCOMES = ("value_added", "public_cost_share", "novel_share", "jobs")
RECORDED = ["value_added", "public_cost", "starts", "jobs"]
STATE_SHARE = 0.5

OFFICERS = Change("capacity_building", 15.0, per="worker")
LABORATORY = Change("public_research_organisation", 15.0, per="worker")
FUNDS = Change("venture_capital", 10.0, per="worker")
ATTRACTION = Change("foreign_investment", 5.0)
GRANTS = Change("smart_specialisation", 50.0, per="worker")
NETWORK = Change("diaspora_network", 5.0)


class Try(NamedTuple):
    """One instrument at some doses.

    ``per`` worker, ``stages``, ``where`` as in a policy, ``company`` in both arms, ``world`` of a name.
    """

    instrument: str
    doses: tuple[float, ...]
    per: str | None = None
    stages: tuple[str, ...] | None = None
    where: tuple[str, ...] = (TARGET,)
    company: tuple[Change, ...] = ()
    beside: str = ""
    world: str = ""

    def key(self, dose: float | None) -> str:
        """Give a name for the arm at a dose, or for the company alone."""
        beside = "_".join(
            filter(None, (self.beside.replace(" ", "_").replace(",", ""), self.world.replace(" ", "_").replace(",", "")))
        )
        if dose is None:
            return f"company_{beside}" if self.company else NONE.name
        return f"{self.instrument}_{dose:g}_{beside}".rstrip("_").replace("-", "minus_").replace(".", "p")


def shared_with(other: str) -> Try:
    """Try sharing lessons with another region; officers are at work in both."""
    both = (TARGET, other)
    officers = dataclasses.replace(OFFICERS, where=both)
    return Try("shared_lessons", (0.5, 1.0), where=both, company=(officers,), beside=f"officers, shared with {other}")


STATE_FIRMS = "half of the firms state-owned"
TRIES = (
    # People
    Try("university_expansion", (3, 9), "worker"),
    Try("capacity_building", (15, 45), "worker"),
    Try("public_research_organisation", (15, 45), "worker"),
    Try("overseas_advisers", (0.3, 1.0), company=(LABORATORY,), beside="a laboratory"),
    Try("diaspora_network", (5, 20)),
    Try("diaspora_network", (5, 20), company=(OFFICERS,), beside="officers"),
    shared_with("low_wage"),
    shared_with("core"),
    Try("return_programme", (4, 12)),
    Try("labour_mobility", (0.03, 0.1)),
    Try("labour_mobility", (-0.02, -0.05)),
    # Places
    Try("technology_park", (0.25, 0.75)),
    Try("associations_support", (0.1, 0.3)),
    Try("export_promotion", (0.25, 0.5)),
    Try("foreign_investment", (5, 20)),
    Try("local_links", (0.5, 1.0), company=(ATTRACTION,), beside="attraction"),
    # Money
    Try("venture_capital", (10, 30), "worker"),
    Try("national_champion", (40, 120), "worker"),
    Try("smart_specialisation", (50, 150), "worker"),
    Try("public_private_partnership", (0.5, 1.0), company=(GRANTS,), beside="grants"),
    Try("wage_subsidy", (0.1, 0.3)),
    Try("novelty_subsidy", (0.25, 0.5)),
    Try("state_credit_bias", (0.3, 0.8)),
    Try("state_credit_bias", (0.3, 0.8), world=STATE_FIRMS),
    Try("sunset_exclusion", (0.5, 1.0), stages=("components",), beside="components"),
    Try("lump_sum", (20, 60), "worker"),
    Try("spending_floor", (20, 60)),
    # Rules
    Try("free_trade", (0.5, 1.0)),
    Try("deregulation", (0.5, 1.0)),
    Try("exit_for_ventures", (0.4, 0.8)),
    Try("exit_for_ventures", (0.4, 0.8), company=(FUNDS,), beside="public funds"),
    Try("novelty_mandate", (0.2, 0.5)),
    Try("novelty_stop", (0.5, 1.0)),
    Try("research_stop", (0.5, 1.0)),
    Try("policy_instability", (0.02, 0.06)),
    Try("policy_churn", (0.25, 0.75)),
    Try("policy_churn", (0.25, 0.75), company=(GRANTS, OFFICERS, NETWORK), beside="grants, officers, network"),
    Try("property_rights", (0.1, 0.3)),
    Try("property_rights", (-0.1, -0.2)),
    Try("home_market", (0.25, 0.75)),
    Try("home_market", (-0.25, -0.75)),
    Try("indigenous_standard", (0.5, 1.5)),
    Try("embargo", (1.0,)),
)


def world_of(name: str) -> World:
    """Give the case's world, or one in which the state owns some of the first firms."""
    world = case(CASE).world
    if name == STATE_FIRMS:
        share = numpy.full_like(world.endowments["state_share"], STATE_SHARE)
        return dataclasses.replace(world, endowments={**world.endowments, "state_share": share})
    return world


def policies(tries: list[Try]) -> dict[str, Policy]:
    """Give every arm of a world by name: the doses, and what they are compared to."""
    arms = {NONE.name: NONE}
    for row in tries:
        if row.company:
            arms[row.key(None)] = Policy(row.key(None), title=row.beside, changes=row.company)
        for dose in row.doses:
            used = Change(row.instrument, dose, row.where, stages=row.stages, per=row.per)
            arms[row.key(dose)] = Policy(row.key(dose), title=row.instrument, changes=(*row.company, used))
    return arms


def run(seeds: int) -> dict[tuple[Try, float], Effect]:
    """Run every try and compare it to the world without the instrument."""
    effects = {}
    for name in dict.fromkeys(row.world for row in TRIES):
        tries = [row for row in TRIES if row.world == name]
        trial = redqueen.Trial(world_of(name), policies(tries), seeds, region=REGION, reference=NONE.name, variables=RECORDED)
        result = trial.run()
        for row in tries:
            for dose in row.doses:
                effects[row, dose] = compare(result, row.key(dose), row.key(None), outcomes=OUTCOMES, regions=REGION)
    return effects


def marked(row: Row, digits: int) -> str:
    """Write an effect, with a star where its interval leaves zero out."""
    if row.effect is None or row.low is None or row.high is None:
        return "not defined"
    star = "*" if row.low > 0.0 or row.high < 0.0 else ""
    return signed(row.effect, digits) + star


def signed(number: float, digits: int) -> str:
    """Write a number with its sign; what rounds to zero has none."""
    text = f"{number:+.{digits}f}"
    return text[1:] if float(text) == 0.0 else text


def table(effects: dict[tuple[Try, float], Effect]) -> str:
    """Write the effects as a table of Markdown."""
    lines = [
        "| instrument | beside | dose | value added, % | 95 % interval | public cost, points | novel share, points | jobs, % |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (row, dose), effect in effects.items():
        found = {measured.outcome: measured for measured in effect.rows}
        value, cost, novel, jobs = (found[name] for name in OUTCOMES)
        size = f"{dose:g} per 1,000 workers" if row.per else f"{dose:g}"
        beside = "; ".join(filter(None, (row.beside, row.world)))
        limits = "not defined" if value.low is None or value.high is None else f"{signed(value.low, 1)} to {signed(value.high, 1)}"
        figures = (marked(value, 1), limits, marked(cost, 2).rstrip("*"), marked(novel, 1), marked(jobs, 1))
        lines.append(f"| `{row.instrument}` | {beside} | {size} | {' | '.join(figures)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS, help="seeds of each arm")
    options = parser.parse_args()
    missing = set(NAMES) - {row.instrument for row in TRIES}
    if missing:
        print(f"not tried: {', '.join(sorted(missing))}", file=sys.stderr)
        return 1
    print(table(run(options.seeds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
