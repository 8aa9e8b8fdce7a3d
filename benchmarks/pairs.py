"""Show how two worlds with the same luck come apart: the share of firms, by lineage, that live in both, year by year.

`python benchmarks/pairs.py recipes --policy national_champion --region low_wage --seeds 20` takes a few minutes and compares

- pairs: the policy against nothing, with the same luck;
- whisper: a billionth of the policy against nothing, with the same luck: what comes apart by itself, once one number differs;
- strangers: nothing against nothing, with two seeds: the share that is left when luck is not shared at all;
- `--cut R`: the pairs again, with an embargo around region R in both worlds and all the time: nothing is traded with it.

Below stand the ratios of variances, paired over unpaired (`redqueen luck`), under the policy and under its whisper.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy

from redqueen.lab.luck import firms_in_both, luck, share_in_both, worlds_side_by_side
from redqueen.lab.outcomes import BY_NAME, OUTCOMES, variables_of
from redqueen.lab.trial import Trial
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.schedule import Schedule
from redqueen.report.terminal import screen, table

WHISPER = 1e-9
YEARS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45)


def whisper_of(schedule):
    """Give a billionth of a schedule."""
    return Schedule(schedule.intensity * WHISPER, schedule.target)


def cut_off(schedule, region):
    """Give a schedule with an embargo around a region in every quarter."""
    other = Schedule(schedule.intensity.copy(), schedule.target)
    other.set("embargo", region, 0, schedule.intensity.shape[1], 1.0)
    return other


def firms_by_year(world, schedules, seeds, threads):
    """Give firms in the one world, in the other and in both, summed over pairs of seeds: three arrays [year, region]."""
    def one(pair):
        quarters = [numpy.array(firms_in_both(*states)) for states in worlds_side_by_side(world, schedules, pair)]
        return numpy.array(quarters)[QUARTERS_A_YEAR - 1 :: QUARTERS_A_YEAR]

    with ThreadPoolExecutor(threads) as pool:
        found = sum(pool.map(one, seeds))
    return found.transpose(1, 0, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case")
    parser.add_argument("--policy", required=True)
    parser.add_argument("--region", help="where a policy of the catalogue acts")
    parser.add_argument("--cut", action="append", default=[], help="a region with an embargo around it in both worlds")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    trial = Trial(options.case, ["none", options.policy], seeds=options.seeds, region=options.region, reference="none")
    world, policy, nothing = trial.world, trial.schedules[options.policy], trial.schedules["none"]
    if not isinstance(policy, Schedule):
        sys.exit(f"{options.policy} decides during the run; name one that is a plan")
    seeds = [(seed, seed) for seed in trial.seeds]
    arms = {
        "pairs": ((policy, nothing), seeds),
        "whisper": ((whisper_of(policy), nothing), seeds),
        "strangers": ((nothing, nothing), [(seed, seed + options.seeds) for seed in trial.seeds]),
    }
    for name in options.cut:
        arms[f"cut {name}"] = (tuple(cut_off(one, world.regions.index(name)) for one in (policy, nothing)), seeds)
    shares = {name: share_in_both(*firms_by_year(world, *arm, options.threads)) for name, arm in arms.items()}
    years = [year for year in YEARS if year * QUARTERS_A_YEAR <= world.quarters]
    for position, region in enumerate(world.regions):
        rows = [(year, *(f"{100 * share[year - 1, position]:.1f}" for share in shares.values())) for year in years]
        title = f"{region}: % of firms that live in both worlds, {options.policy}, {options.seeds} pairs"
        table(screen(), ("years", *shares), rows, title=title, right=("years", *shares))

    headline = tuple(outcome for outcome in OUTCOMES if outcome.headline)
    policies = {"none": nothing, "policy": policy, "whisper": whisper_of(policy)}
    again = Trial(world, policies, seeds=options.seeds, reference="none", variables=variables_of(headline))
    result = again.run(threads=options.threads)
    for region in world.regions:
        ratios = {}
        for row in (*luck(result, "policy", regions=region), *luck(result, "whisper", regions=region)):
            ratios.setdefault((row.outcome, row.policy), {})[f"{row.horizon:g} y"] = _cell(row)
        rows = [(BY_NAME[name].words, policy, *cells.values()) for (name, policy), cells in sorted(ratios.items())]
        heads = list(next(iter(ratios.values())))
        title = f"{region}: ratio of variances, {options.policy}, {options.seeds} seeds (* interval below 1)"
        table(screen(), ("outcome", "", *heads), rows, title=title, right=heads, whole=heads)


def _cell(row):
    return "-  " if row.ratio is None else f"{row.ratio:.2f}{' *' if row.high is not None and row.high < 1 else '  '}"


if __name__ == "__main__":
    main()
