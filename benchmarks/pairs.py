"""Show how two worlds with the same luck come apart: firms, by lineage, that live in both, and what pairing is still worth.

`python benchmarks/pairs.py recipes --policy capacity_and_links --region low_wage --seeds 30` takes some minutes and compares

- pairs: the policy against nothing, with the same start and the same luck;
- dose 0.001 and others of `--dose`: so much of the policy against nothing, likewise: does what is small stay small?
- same start: the policy against nothing, from the same start, with luck of their own from then on;
- strangers: the policy against nothing, with two seeds from the beginning: what is left when nothing is shared;
- `--cut R`: the pairs again, with an embargo around region R in both worlds and all the time: nothing is traded with it.

Below stand the ratios of variances, paired over unpaired, of the same pairs (`redqueen luck` gives those of any case).
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import xarray

from redqueen.lab.luck import firms_in_both, luck, share_in_both, worlds_side_by_side
from redqueen.lab.outcomes import BY_NAME
from redqueen.lab.trial import Trial
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.schedule import Schedule
from redqueen.report.terminal import screen, table

DOSES = (1e-3, 1e-6)
YEARS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45)
OUTCOMES = ("value_added", "jobs", "wage", "quality_sold", "firms", "research_spending")
# Far from the seeds of the trial.
AWAY = 1_000_000


def dose_of(schedule, dose):
    """Give a schedule with every intensity multiplied."""
    return Schedule(schedule.intensity * dose, schedule.target)


def cut_off(schedule, region):
    """Give a schedule with an embargo around a region in every quarter."""
    other = Schedule(schedule.intensity.copy(), schedule.target)
    other.set("embargo", region, 0, schedule.intensity.shape[1], 1.0)
    return other


def run_pairs(world, schedules, seeds, later, threads):
    """Run pairs of worlds; give firms in the one, in the other and in both [3, year, region] over all pairs, and their outcomes."""
    def one(position):
        firms, outcomes = [], []
        options = {} if later is None else {"later": later[position]}
        for states in worlds_side_by_side(world, schedules, seeds[position], **options):
            firms.append(firms_in_both(*states))
            outcomes.append([[state.arrays[name].copy() for name in OUTCOMES] for state in states])
        return numpy.array(firms)[QUARTERS_A_YEAR - 1 :: QUARTERS_A_YEAR], numpy.array(outcomes)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(one, range(len(seeds))))
    values = numpy.stack([outcomes for _, outcomes in found])
    # [seed, quarter, world, outcome, region]
    dataset = xarray.Dataset(
        {name: (("seed", "quarter", "policy", "region"), values[:, :, :, place]) for place, name in enumerate(OUTCOMES)},
        coords={"policy": ["one", "other"], "region": list(world.regions)}, attrs={"reference": "other"},
    )
    return sum(firms for firms, _ in found).transpose(1, 0, 2), dataset


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case")
    parser.add_argument("--policy", required=True)
    parser.add_argument("--region", help="where a policy of the catalogue acts")
    parser.add_argument("--dose", type=float, action="append", help="a share of the policy (default: 0.001 and 0.000001)")
    parser.add_argument("--cut", action="append", default=[], help="a region with an embargo around it in both worlds")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    trial = Trial(options.case, ["none", options.policy], seeds=options.seeds, region=options.region, reference="none")
    world, policy, nothing = trial.world, trial.schedules[options.policy], trial.schedules["none"]
    if not isinstance(policy, Schedule):
        sys.exit(f"{options.policy} decides during the run; name one that is a plan")
    same, apart = ([(seed, seed + away) for seed in trial.seeds] for away in (0, AWAY))
    arms = {
        "pairs": ((policy, nothing), same, None),
        **{f"dose {dose:g}": ((dose_of(policy, dose), nothing), same, None) for dose in options.dose or DOSES},
        "same start": ((policy, nothing), same, apart),
        "strangers": ((policy, nothing), apart, None),
    }
    for name in options.cut:
        arms[f"cut {name}"] = (tuple(cut_off(one, world.regions.index(name)) for one in (policy, nothing)), same, None)
    found = {name: run_pairs(world, *arm, options.threads) for name, arm in arms.items()}

    shares = {name: share_in_both(*firms) for name, (firms, _) in found.items()}
    years = [year for year in YEARS if year * QUARTERS_A_YEAR <= world.quarters]
    for position, region in enumerate(world.regions):
        rows = [(year, *(f"{100 * share[year - 1, position]:.1f}" for share in shares.values())) for year in years]
        title = f"{region}: % of firms that live in both worlds, {options.policy}, {options.seeds} pairs"
        table(screen(), ("years", *shares), rows, title=title, right=("years", *shares))
    for region in world.regions:
        rows = [(year, *(f"{_apart(dataset, region, year):.1e}" for _, dataset in found.values())) for year in years]
        title = f"{region}: how far value added is apart (logs, median of pairs), {options.policy}, {options.seeds} pairs"
        table(screen(), ("years", *shares), rows, title=title, right=("years", *shares))
    ratios = {name: luck(dataset, "one", outcomes=OUTCOMES) for name, (_, dataset) in found.items()}
    for region in world.regions:
        cells = {}
        for rows in ratios.values():
            for row in rows:
                if row.region == region:
                    cells.setdefault((BY_NAME[row.outcome].words, f"{row.horizon:g}"), []).append(_cell(row))
        title = f"{region}: ratio of variances, {options.policy}, {options.seeds} pairs (* interval below 1)"
        rows = [(*key, *line) for key, line in cells.items()]
        table(screen(), ("outcome", "years", *ratios), rows, title=title, right=("years", *ratios), whole=tuple(ratios))


def _apart(dataset, region, year):
    """Give the median over pairs of the absolute difference in log value added in the last quarter of a year."""
    logs = numpy.log(dataset["value_added"].sel(region=region).isel(quarter=year * QUARTERS_A_YEAR - 1))
    return float(abs(logs.sel(policy="one") - logs.sel(policy="other")).median())


def _cell(row):
    return "-  " if row.ratio is None else f"{row.ratio:.2f}{' *' if row.high is not None and row.high < 1 else '  '}"


if __name__ == "__main__":
    main()
