"""The lab: trials are balanced and repeatable, effects are what a statistician computes by hand, files are whole or absent."""

import hashlib
import json
import math
import threading
import time
from pathlib import Path

import numpy
import pytest
from toy_trial import use_model, write_case

import redqueen
from redqueen.cases.case import read_case
from redqueen.errors import Refused
from redqueen.lab.compare import compare, compare_all
from redqueen.lab.directories import json_text
from redqueen.lab.futures import futures
from redqueen.lab.intervals import (
    NO_CLEAR_EFFECT,
    NO_DIFFERENCE,
    NOT_DEFINED,
    RAISES,
    TOO_FEW_SEEDS,
    paired_difference,
    student_quantile,
    verdict,
)
from redqueen.lab.jobs import Job, run_jobs
from redqueen.lab.outcomes import (
    ALL,
    BY_NAME,
    EACH_STAGE,
    OUTCOMES,
    WORLD,
    measured,
    series,
    variables_of,
)
from redqueen.lab.tidy import changes, region_rows, stage_rows, yearly_rows
from redqueen.lab.trial import Trial
from redqueen.model.fields import FIELDS
from redqueen.model.instruments import INDEX
from redqueen.model.kinds import MODES, TIE_KINDS
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import QUARTERLY, YEARLY, History
from redqueen.policies.policy import Change, Policy


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        use_model(patch)
        return Trial(read_case(write_case(tmp_path_factory.mktemp("case"))), seeds=6).run(threads=2, progress=False)


@pytest.fixture
def result(made):
    """Give a copy that a test may change."""
    return made.copy(deep=True)


# Intervals


def test_a_paired_interval_is_the_one_computed_by_hand():
    # Differences 1, 2, 3, 4, 5: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.7764 (any table).
    policy, reference = [11, 22, 33, 44, 55], [10, 20, 30, 40, 50]
    found = paired_difference(policy, reference)
    half = 2.7764451051977987 * math.sqrt(2.5) / math.sqrt(5)
    assert found.mean == 3
    assert found.low == pytest.approx(3 - half, rel=1e-12)
    assert found.high == pytest.approx(3 + half, rel=1e-12)
    # Variances by hand: differences 2.5, policy 302.5, reference 250.
    assert found.variance_ratio == pytest.approx(2.5 / (302.5 + 250), rel=1e-12)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_a_paired_interval_is_the_one_of_scipy(level):
    stats = pytest.importorskip("scipy.stats")
    generator = numpy.random.default_rng(7)
    for count in (2, 3, 5, 20, 101):
        reference = generator.normal(0, 1, count)
        policy = reference + generator.normal(0.1, 0.5, count)
        found = paired_difference(policy, reference, level)
        theirs = stats.ttest_rel(policy, reference).confidence_interval(level)
        # Twelve digits: both compute in doubles, by other formulas.
        assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12, abs=1e-12)


def test_students_quantile_is_the_one_of_scipy():
    special = pytest.importorskip("scipy.special")
    for freedom in (1, 2, 3, 4, 9, 10, 99, 1000):
        for probability in (0.5, 0.75, 0.9, 0.975, 0.9995):
            # abs: at one half the quantile is 0 and halving leaves the last bit of an angle.
            assert student_quantile(probability, freedom) == pytest.approx(
                special.stdtrit(freedom, probability), rel=1e-11, abs=1e-12
            )


def test_a_quantile_that_does_not_exist_is_an_error():
    for probability, freedom in ((0.4, 5), (1.0, 5), (0.9, 0)):
        with pytest.raises(ValueError):
            student_quantile(probability, freedom)


def test_verdicts_follow_the_interval():
    assert verdict(1, 3, 20) == "raises"
    assert verdict(-3, -1, 20) == "lowers"
    assert verdict(-1, 3, 20) == NO_CLEAR_EFFECT
    assert verdict(1, 3, 4) == TOO_FEW_SEEDS
    assert verdict(math.nan, math.nan, 1) == TOO_FEW_SEEDS
    assert verdict(0, 0, 20, identical=True) == NO_DIFFERENCE


# Effects


def test_an_effect_on_a_ratio_is_the_mean_log_ratio_in_percent(result):
    row = compare(result, "officers", outcomes="value_added").row("value_added", "south")
    tail = result["value_added"].isel(quarter=slice(0, 20)).sel(region="south").mean("quarter")
    logs = numpy.log(tail.sel(policy="officers").values) - numpy.log(tail.sel(policy="none").values)
    assert row.effect == pytest.approx(100 * (math.exp(logs.mean()) - 1), rel=1e-12)
    # The stand-in multiplies everything in the south by exp(0.1), in every seed.
    assert row.effect == pytest.approx(100 * math.expm1(0.1), rel=1e-12)
    assert (row.unit, row.seeds, row.verdict) == ("%", 6, RAISES)


def test_an_effect_on_a_share_is_in_percentage_points(result):
    row = compare(result, "officers", window=4, outcomes="public_cost_share").row("public_cost_share", "south")
    last = result.isel(quarter=slice(16, 20)).sel(region="south")
    share = last["public_cost"].sum("quarter") / last["value_added"].sum("quarter")
    expected = 100 * float((share.sel(policy="officers") - share.sel(policy="none")).mean())
    assert row.effect == pytest.approx(expected, rel=1e-12)
    assert row.unit == "percentage points"


def test_a_policy_of_nothing_changes_nothing_in_the_model(case):
    nothing = Policy("nothing")
    result = Trial(case, ["none", nothing], seeds=2, quarters=8).run(threads=2, progress=False)
    assert {row.verdict for row in compare(result, "nothing").rows if row.reason is None} == {NO_DIFFERENCE}


def test_no_region_but_the_one_with_officers_is_raised_by_the_stand_in(result):
    table = compare(result, "officers").table("jobs", by="region")
    assert table.loc["north", "verdict"] == NO_DIFFERENCE
    assert table.loc["south", "verdict"] == RAISES
    assert list(table.index) == ["north", "south", WORLD]


def test_differences_of_rounding_are_none(result):
    for name, size, expected in (("jobs", 1e-13, NO_DIFFERENCE), ("wage", 1e-6, RAISES)):
        result[name].loc[{"policy": "gifts"}] = result[name].sel(policy="none") * (1 + size)
        assert compare(result, "gifts", outcomes=name).row(name, "south").verdict == expected


def test_few_seeds_are_said_to_be_few(case, model):
    row = compare(Trial(case, seeds=4).run(progress=False), "officers", outcomes="jobs").row("jobs", "south")
    assert row.verdict == TOO_FEW_SEEDS and row.low is not None
    alone = compare(Trial(case, seeds=1).run(progress=False), "officers", outcomes="jobs").row("jobs", "south")
    assert alone.verdict == TOO_FEW_SEEDS and alone.low is None and alone.effect is not None


def test_a_ratio_of_what_is_not_positive_is_not_defined(result):
    result["value_added"].loc[{"policy": "officers", "seed": 3, "region": "south"}] = -1.0
    row = compare(result, "officers", outcomes="value_added").row("value_added", "south")
    assert (row.effect, row.low, row.high, row.verdict) == (None, None, None, NOT_DEFINED)
    assert "officers" in row.reason and "1 of 6 seeds (the first: 3)" in row.reason


def test_a_share_of_nothing_is_not_defined(result):
    result["starts"].loc[{"policy": "none", "seed": 2, "region": "north"}] = 0.0
    row = compare(result, "officers", outcomes="novel_share").row("novel_share", "north")
    assert row.verdict == NOT_DEFINED and "nothing to divide by under none" in row.reason


def test_effects_are_json_without_nan(case, model):
    result = Trial(case, seeds=1).run(progress=False)
    rows = json.loads(json_text([row for effect in compare_all(result) for row in effect.to_json_rows()]))
    assert {"policy", "region", "outcome", "effect", "low", "high", "unit", "seeds"} <= set(rows[0])
    assert rows[0]["low"] is None


def test_everything_wrong_with_a_comparison_is_said_at_once(result):
    with pytest.raises(Refused) as refused:
        compare(result, "oficers", to="nome", outcomes=["jbs"], regions=["soth"], window=99, level=2)
    text = str(refused.value)
    assert len(refused.value.faults) == 6
    for near in ("'officers'", "'none'", "'jobs'", "'south'"):
        assert f"did you mean {near}" in text


def test_an_effect_that_was_not_compared_is_refused_with_the_nearest(result):
    effect = compare(result, "officers", outcomes=["jobs", "wage"])
    with pytest.raises(Refused, match="did you mean 'jobs'"):
        effect.row("job", "south")
    with pytest.raises(Refused, match="did you mean 'south'"):
        effect.table("jobs", region="sout")


# Outcomes


def test_every_outcome_is_measured_from_what_is_recorded():
    shapes = {field.name: field.shape for field in FIELDS}
    for outcome in OUTCOMES:
        for term in (outcome.top, outcome.bottom):
            if term is None:
                continue
            assert term.variable in (*QUARTERLY, *YEARLY), outcome.name
            if term.part in MODES:
                assert "mode" in shapes[term.variable], outcome.name
            elif term.part in TIE_KINDS:
                assert "tie_kind" in shapes[term.variable], outcome.name
            elif term.part == EACH_STAGE:
                assert shapes[term.variable] == ("region", "stage"), outcome.name
            elif term.part != ALL:
                assert term.variable in YEARLY, outcome.name
        assert outcome.better in ("up", "down", "") and outcome.compared in ("ratio", "difference")
    assert len(BY_NAME) == len(OUTCOMES)


def test_the_unit_of_an_outcome_is_that_of_what_is_recorded():
    units = {field.name: field.unit for field in FIELDS}
    for outcome in OUTCOMES:
        assert outcome.unit == ("share" if outcome.bottom else units[outcome.top.variable]), outcome.name


def test_the_world_is_the_sum_of_its_regions(result):
    jobs = measured(result, BY_NAME["jobs"], (0, 20))
    numpy.testing.assert_allclose(jobs.sel(region=WORLD), jobs.sel(region=["north", "south"]).sum("region"), rtol=1e-12)
    share = measured(result, BY_NAME["research_share"], (0, 20)).sel(region=WORLD)
    window = result[["research_spending", "value_added"]].sum(["region", "quarter"])
    numpy.testing.assert_allclose(share, window["research_spending"] / window["value_added"], rtol=1e-12)


def test_supplies_add_up(result):
    home, sold, bought, total = (
        measured(result, BY_NAME[name], (0, 20)) if name in BY_NAME else result[name].mean("year").sum(["stage", "to_stage"])
        for name in ("supplies_at_home", "supplies_sold_abroad", "supplies_bought_abroad", "flows")
    )
    numpy.testing.assert_allclose(sold.sel(region=WORLD), bought.sel(region=WORLD), rtol=1e-12)
    numpy.testing.assert_allclose(home.sel(region=WORLD) + sold.sel(region=WORLD), total.sum(["region", "to_region"]), rtol=1e-12)
    south = total.sel(region="south", to_region="north").values
    numpy.testing.assert_allclose(sold.sel(region="south"), south, rtol=1e-12)


def test_a_yearly_outcome_takes_the_years_of_the_window(result):
    flows = result["flows"].sum(["stage", "to_stage"]).sel(region="south", to_region="south")
    found = measured(result, BY_NAME["supplies_at_home"], (12, 20)).sel(region="south")
    numpy.testing.assert_allclose(found, flows.isel(year=[3, 4]).mean("year"), rtol=1e-12)
    # Quarters 16 and 17 hold no year's last quarter: the year recorded before them stands in.
    short = measured(result, BY_NAME["supplies_at_home"], (16, 18)).sel(region="south")
    numpy.testing.assert_allclose(short, flows.isel(year=3), rtol=1e-12)


def test_shares_of_starts_sum_to_one(result):
    shares = sum(series(result, BY_NAME[f"{mode}_share"]) for mode in MODES)
    numpy.testing.assert_allclose(shares, 1.0, rtol=1e-12)


def test_futures_are_quantiles_over_seeds(result):
    one = futures(result, "value_added", "south", ["officers"])[0]
    values = result["value_added"].sel(policy="officers", region="south").values
    numpy.testing.assert_allclose(one.median, numpy.median(values, axis=0))
    assert (one.lowest <= one.low).all() and (one.low <= one.median).all() and (one.high <= one.highest).all()
    assert one.time[0] == 1990 and one.time[1] == 1990.25
    assert futures(result, "frontier", "south")[0].region == WORLD


# Trials


def test_a_seed_is_burnt_in_once_and_all_its_policies_come_before_the_next_seed(case, model):
    Trial(case, seeds=3).run(threads=1, progress=False)
    assert [call[:2] for call in model.calls] == [(step, seed) for seed in (1, 2, 3) for step in ("burn in", *["simulate"] * 3)]


def test_one_thread_gives_what_two_give(case):
    one, two = (Trial(case, seeds=3, quarters=8).run(threads=threads, progress=False) for threads in (1, 2))
    assert one.identical(two)


def test_the_order_in_which_members_end_does_not_matter(case, model, monkeypatch):
    first = Trial(case, seeds=4).run(threads=1, progress=False)
    plain = model.simulate

    def slow(world, schedule, *, seed, **options):
        time.sleep(0.02 * (5 - seed))
        return plain(world, schedule, seed=seed, **options)

    monkeypatch.setattr("redqueen.lab.jobs.simulate", slow)
    assert first.identical(Trial(case, seeds=4).run(threads=4, progress=False))


def test_members_run_at_once(case, monkeypatch):
    meeting = threading.Barrier(2, timeout=20)
    monkeypatch.setattr("redqueen.lab.jobs.burn_in", lambda *rest, **options: meeting.wait())
    monkeypatch.setattr("redqueen.lab.jobs.simulate", lambda *rest, **options: History({}, {}, None))
    kept = []
    jobs = [Job(case.world, {"none": Schedule.empty(20, 2)}, seed) for seed in (1, 2)]
    run_jobs(jobs, lambda position, arm, member: kept.append((position, arm)), threads=2)
    assert sorted(kept) == [(0, "none"), (1, "none")]


def test_a_member_that_fails_says_why_and_the_others_go_on(case, model, monkeypatch):
    def fail(world, schedule, *, seed, **options):
        if seed == 2 and schedule.intensity.any():
            raise ZeroDivisionError("a rule")
        return model.simulate(world, schedule, seed=seed, **options)

    whole = Trial(case, ["none", "officers"], seeds=6).run(progress=False)
    monkeypatch.setattr("redqueen.lab.jobs.simulate", fail)
    result = Trial(case, ["none", "officers"], seeds=6).run(progress=False)
    expected = numpy.full((2, 6), "", dtype=object)
    expected[1, 1] = "ZeroDivisionError: a rule"
    assert (result["failure"].values == expected).all()
    assert result["jobs"].sel(policy="officers", seed=2).isnull().all()
    there = {"seed": [1, 3, 4, 5, 6]}
    assert result.sel(there).drop_vars("failure").equals(whole.sel(there).drop_vars("failure"))
    row = compare(result, "officers", outcomes="jobs").row("jobs", "south")
    assert (row.seeds, row.verdict) == (5, RAISES) and row.effect == pytest.approx(100 * math.expm1(0.1), rel=1e-12)


def test_what_runs_after_a_member_that_failed_fails_too(case, model, monkeypatch):
    def fail(world, schedule, *, seed, **options):
        if seed == 1 and schedule.intensity[INDEX["capacity_building"]].any():
            raise ZeroDivisionError("a rule")
        return model.simulate(world, schedule, seed=seed, **options)

    monkeypatch.setattr("redqueen.lab.jobs.simulate", fail)
    result = Trial(case, ["none", "officers", "gifts"], seeds=2, placebo=True).run(progress=False)
    reasons = result["failure"].sel(seed=1).to_series().to_dict()
    assert reasons == {
        "none": "", "officers": "ZeroDivisionError: a rule", "gifts": "", "gifts_placebo": "",
        "officers_placebo": "runs after officers, which failed",
    }
    assert not result["failure"].sel(seed=2).values.any()


def test_a_seed_that_cannot_be_burnt_in_is_missing_and_nothing_at_all_is_an_error(case, model, monkeypatch):
    def fail(world, seed, **options):
        if seed == 1:
            raise MemoryError("no room")
        return seed

    monkeypatch.setattr("redqueen.lab.jobs.burn_in", fail)
    result = Trial(case, seeds=2).run(progress=False)
    assert set(result["failure"].sel(seed=1).values.tolist()) == {"MemoryError: no room"}
    assert not result["failure"].sel(seed=2).values.any()
    with pytest.raises(RuntimeError, match="every member of toy failed, the first by MemoryError"):
        Trial(case, seeds=1).run(progress=False)


def test_with_the_ledger_an_error_names_its_seed_and_policy(case, model, monkeypatch):
    def fail(world, schedule, **options):
        raise ZeroDivisionError("a rule")

    monkeypatch.setattr("redqueen.lab.jobs.simulate", fail)
    with pytest.raises(ZeroDivisionError) as error:
        Trial(case, ["officers"], seeds=1).run(progress=False, check=True)
    assert error.value.__notes__ == ["in seed 1, policy officers"]


def test_every_value_says_its_unit_and_meaning(result):
    for name, array in result.data_vars.items():
        assert array.attrs["unit"] and array.attrs["meaning"], name
        assert array.dims[:2] == ("policy", "seed") and array.dims[2] == ("year" if name in YEARLY else "quarter")
    assert result["flows"].dims[3:] == ("region", "stage", "to_region", "to_stage")
    assert result["year"].values.tolist() == [1990, 1991, 1992, 1993, 1994]
    assert result["time"].values[-1] == 1994.75


def test_a_result_says_how_it_was_made(case, model):
    trial = Trial(case, seeds=[4, 9], parameters={"turbulence": 0.01})
    attributes = trial.run(progress=False).attrs
    assert attributes["case"] == "toy" and attributes["reference"] == "none" and attributes["seeds"] == "4 9"
    assert attributes["case_hash"] == hashlib.sha256(Path(case.file).read_bytes()).hexdigest()
    assert "seeds=[4, 9]" in attributes["command"] and "turbulence" in attributes["command"]
    plain = Trial(case, seeds=1).run(progress=False).attrs
    assert plain["parameter_hash"] != attributes["parameter_hash"]
    assert {"redqueen", "python", "numpy"} <= set(attributes)


def test_the_command_of_a_result_makes_it_again(case, model):
    first = Trial(case.file, ["none", "officers"], seeds=2, quarters=8).run(progress=False)
    again = eval(first.attrs["command"].replace(".run()", ".run(progress=False)"), {"redqueen": redqueen})
    assert first.identical(again)


def test_parameters_reach_the_model(case):
    still = {"novelty_success": 0.1}
    calm, plain = (Trial(case, ["none"], seeds=1, quarters=20, parameters=given).run(progress=False) for given in (still, None))
    assert not calm.drop_attrs().equals(plain.drop_attrs())


def test_a_shortened_history_is_the_beginning_of_the_whole(case):
    whole, short = (Trial(case, ["officers"], seeds=1, quarters=quarters).run(progress=False) for quarters in (None, 8))
    numpy.testing.assert_array_equal(whole["value_added"].isel(quarter=slice(0, 8)), short["value_added"])


def test_policies_come_from_the_case_the_catalogue_a_file_or_python(case, model, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[policy]\nname = "mine"\n[[change]]\ninstrument = "lump_sum"\nwhere = "target"\nintensity = 3.0\n')
    trial = Trial(
        case, ["officers", "national_champion", path, Policy("own", changes=(Change("lump_sum", 1.0, where=("north",)),)), "none"]
    )
    assert trial.policies == ["officers", "national_champion", "mine", "own", "none"]
    assert trial.schedules["mine"].intensity.sum(axis=(0, 1)).tolist() == [0.0, 60.0]
    north = Trial(case, [path], region="north", seeds=1)
    assert north.schedules["mine"].intensity.sum(axis=(0, 1)).tolist() == [60.0, 0.0]
    named = Trial(case, {"as_it_is": "none", "half": trial.schedules["mine"]}, seeds=1)
    assert named.policies == ["as_it_is", "half"]


def test_a_world_without_a_case_takes_policies_of_the_catalogue_in_a_region(case, model):
    with pytest.raises(Refused, match="needs a region"):
        Trial(case.world, ["none", "venture"])
    trial = Trial(case.world, ["none", "venture"], region="north", seeds=1)
    assert compare(trial.run(progress=False), "venture").case == "toy"


def test_the_reference_is_added_where_it_is_not_named(case):
    assert Trial(case, ["gifts"], reference="officers").policies == ["officers", "gifts"]
    assert Trial(case, ["gifts", "none"]).reference == "none"


def test_everything_wrong_with_a_trial_is_said_at_once(case):
    with pytest.raises(Refused) as refused:
        Trial(
            case,
            ["oficers", "nationl_champion"],
            seeds=0,
            quarters=99,
            parameters={"turbulance": 1.0, "discount": 9.0},
            region="sout",
            variables=["job"],
        )
    text = str(refused.value)
    assert len(refused.value.faults) == 8, text
    for near in ("'officers'", "'national_champion'", "'turbulence'", "'south'", "'jobs'"):
        assert near in text


@pytest.mark.parametrize("seeds", [0, -3, [], [1, 1], [-1], "abc", [1.5], True])
def test_what_is_not_a_seed_is_refused(case, seeds):
    with pytest.raises(Refused):
        Trial(case, seeds=seeds)


def test_only_the_variables_asked_for_are_kept(case, model):
    wanted = variables_of((BY_NAME["research_share"],))
    result = Trial(case, seeds=1, variables=wanted).run(progress=False)
    assert sorted(result.data_vars) == ["research_spending", "value_added"]
    with pytest.raises(Refused, match="did not record jobs"):
        compare(result, "officers", outcomes="jobs")


# Long tables


def test_long_tables_hold_every_value_once(result):
    member = result.isel(policy=1, seed=0)
    of_regions = list(region_rows(member))
    rows = [row for row in of_regions if row[2] == "jobs"]
    assert len(rows) == 20 * 2
    assert rows[0][:3] == (1990.0, "north", "jobs") and rows[0][3] == float(member["jobs"][0, 0])
    assert sum(row[2] == "novel_share" and row[1] == WORLD for row in of_regions) == 20
    stages = [row for row in stage_rows(member) if row[3] == "stage_jobs"]
    assert len(stages) == 20 * 2 * 2
    assert sum(row[-1] for row in yearly_rows(member, "flows")) == pytest.approx(float(member["flows"].sum()), rel=1e-12)
    found = {(one.region, one.outcome.name): one for one in changes(member)}
    assert found["south", "jobs"].end == pytest.approx(float(member["jobs"].sel(region="south")[-4:].mean()), rel=1e-12)
