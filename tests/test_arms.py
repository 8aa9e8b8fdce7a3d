"""Arms of a trial: a placebo costs what its policy costs, topped-up policies cost the same, governments decide in trials."""

import json
import math

import numpy
import pytest
from toy_trial import TakingTurns

import redqueen
from redqueen.errors import Refused
from redqueen.lab.arms import ToppedUp
from redqueen.lab.compare import compare, compare_all
from redqueen.lab.intervals import NO_DIFFERENCE, RAISES
from redqueen.lab.jobs import Job, run_jobs
from redqueen.lab.outcomes import BY_NAME, variables_of
from redqueen.lab.tidy import costs, decision_rows
from redqueen.lab.trial import Trial
from redqueen.model.instruments import INDEX
from redqueen.model.schedule import Schedule
from redqueen.policies.policy import Change, Policy

# Placebos


def test_a_placebo_costs_what_its_policy_costs_bit_for_bit(case):
    trial = Trial(case, seeds=3, quarters=12, placebo=True)
    assert trial.policies == ["none", "officers", "gifts", "officers_placebo", "gifts_placebo"]
    result = trial.run(threads=2, progress=False)
    for name in ("officers", "gifts"):
        mine, alone = (result["public_cost"].sel(policy=arm).values for arm in (name, f"{name}_placebo"))
        assert mine.max() > 0 and mine.tobytes() == alone.tobytes()
    assert not result["public_cost"].sel(policy="none").any()


def test_a_placebo_gets_nothing_but_money(case):
    schedule, government = Trial(case, ["officers"], seeds=1, placebo=True).arms["officers_placebo"].begin(
        case.world, 1, [numpy.full((20, 2), 7.0)]
    )
    assert government is None
    assert (schedule.intensity[INDEX["spending_floor"]] == 7.0).all() and schedule.intensity.sum() == 7.0 * 40


def test_what_is_beyond_the_money_is_the_effect_less_that_of_the_money(case, model):
    effects = compare_all(Trial(case, ["none", "officers"], seeds=6, placebo=True).run(progress=False))
    officers, alone = effects
    assert (alone.policy, alone.beyond, officers.beyond.to) == ("officers_placebo", None, "officers_placebo")
    # The stand-in raises everything by exp(0.1) where officers are, and by exp(0.01) where households get money.
    assert officers.row("jobs", "south").effect == pytest.approx(100 * math.expm1(0.1), rel=1e-12)
    assert alone.row("jobs", "south").effect == pytest.approx(100 * math.expm1(0.01), rel=1e-9)
    assert officers.beyond.row("jobs", "south").effect == pytest.approx(100 * math.expm1(0.09), rel=1e-12)
    assert officers.beyond.row("public_cost", "south").verdict == NO_DIFFERENCE
    row = next(row for row in officers.to_json_rows() if (row["outcome"], row["region"]) == ("jobs", "south"))
    assert row["beyond"] == officers.beyond.row("jobs", "south").effect and row["beyond_verdict"] == RAISES
    assert "beyond" not in alone.to_json_rows()[0]
    assert officers.table("jobs").loc["south", "beyond"] == row["beyond"]


def test_the_placebo_of_a_reference_shows_what_its_money_would_have_done_instead(case, model):
    trial = Trial(case, ["gifts"], seeds=5, reference="officers", placebo=True)
    assert trial.policies == ["officers", "gifts", "officers_placebo", "gifts_placebo"]
    instead = compare(trial.run(progress=False), "officers_placebo").row("jobs", "south")
    assert instead.effect == pytest.approx(100 * math.expm1(0.01 - 0.1), rel=1e-12)


def test_a_reference_without_public_cost_has_no_placebo(case):
    free = Policy("free", changes=(Change("labour_mobility", 0.1, where=("south",)),))
    assert Trial(case, [free, "gifts"], reference="free", placebo=True).policies == ["free", "gifts", "gifts_placebo"]
    assert "free_placebo" in Trial(case, [free, "gifts", "none"], placebo=True).policies


# Equal cost


def test_at_equal_cost_the_dearest_policy_is_unchanged_and_others_cost_as_much(case):
    plain = Trial(case, seeds=3, quarters=16).run(threads=2, progress=False)
    equal = Trial(case, seeds=3, quarters=16, equal_cost=True).run(threads=2, progress=False)
    assert equal["policy"].values.tolist() == ["none", "officers", "gifts"]
    dearer = (plain["public_cost"].sel(policy="officers") >= plain["public_cost"].sel(policy="gifts")).all()
    assert dearer and float(
        plain["public_cost"].sel(policy="gifts").mean() / plain["public_cost"].sel(policy="officers").mean()
    ) < 0.5
    assert plain.sel(policy=["none", "officers"]).drop_attrs().identical(equal.sel(policy=["none", "officers"]).drop_attrs())
    # Never below; above only where a policy's own cost moved with wages and passed the dearest one's.
    ratio = (
        equal["public_cost"].sel(policy="gifts") / equal["public_cost"].sel(policy="officers", region="south")
    ).sel(region="south")
    assert float(ratio.min()) >= 1 and float(ratio.max()) < 1.01


def test_the_floor_is_the_dearest_cost_of_each_seed_quarter_and_region(case, model):
    early = Schedule.empty(20, 2)
    early.set("lump_sum", 0, 0, 10, 30.0)
    early.set("lump_sum", 1, 0, 10, 50.0)
    equal = Trial(case, {"none": "none", "early": early, "officers": "officers"}, seeds=4, equal_cost=True).run(progress=False)
    cost = equal["public_cost"]
    for seed in (1, 2, 3, 4):
        for name in ("early", "officers"):
            found = cost.sel(policy=name, seed=seed).values
            assert (found[:10, 0] == 30).all() and (found[10:, 0] == 0).all()
            # Twenty officers cost the seed each, beside an early lump sum of 50.
            assert (found[:10, 1] == max(50, 20 * seed)).all() and (found[10:, 1] == 20 * seed).all()
    assert not cost.sel(policy="none").any()
    assert {(one.policy, one.region): one.cost for one in costs(equal)}["officers", "north"] == 15.0


def test_every_policy_is_run_twice_a_seed_for_equal_cost_and_all_quarters_count(case, model):
    trial = Trial(case, seeds=2, equal_cost=True, placebo=True)
    done = []
    run_jobs([trial.job(block) for block in trial.blocks], lambda *kept: None, advance=done.append)
    # A burn-in, two first runs, three policies, two placebos.
    assert len(model.calls) == 2 * (1 + 2 + 3 + 2) and sum(done) == trial.quarters_to_run == 2 * (4 + 7 * 20)
    assert [call[1] for call in model.calls] == [1] * 8 + [2] * 8


def test_placebos_at_equal_cost_cost_what_the_topped_up_policies_do(case):
    result = Trial(case, seeds=2, quarters=8, equal_cost=True, placebo=True).run(progress=False)
    for name in ("officers", "gifts"):
        assert (result["public_cost"].sel(policy=name).values == result["public_cost"].sel(policy=f"{name}_placebo").values).all()


# Runs


def test_threads_do_not_matter_where_arms_wait_for_others(case):
    one, two, four = (
        Trial(case, seeds=3, quarters=8, placebo=True, equal_cost=True).run(threads=threads, progress=False)
        for threads in (1, 2, 4)
    )
    assert one.identical(two) and one.identical(four)


def test_an_arm_that_would_run_before_what_it_needs_is_an_error(case, model):
    plan = Schedule.empty(20, 2)
    for arms in ({"late": ToppedUp(plan, ("plan",)), "plan": plan}, {"late": ToppedUp(plan, ("nobody",))}):
        with pytest.raises(ValueError, match="must come before it"):
            run_jobs([Job(case.world, arms, 1)], lambda *kept: None)
    assert model.calls == []


def test_what_cannot_have_a_placebo_or_equal_cost_is_refused_at_once(case):
    with pytest.raises(Refused) as refused:
        Trial(case, ["none"], placebo=True, equal_cost=True)
    assert {fault.field for fault in refused.value.faults} == {"placebo", "equal cost"}
    with pytest.raises(Refused, match="there is 1"):
        Trial(case, ["none", "gifts"], equal_cost=True)
    with pytest.raises(Refused, match="'gifts_placebo' is the name of a placebo"):
        Trial(case, {"gifts": "gifts", "gifts_placebo": "officers"}, placebo=True)


def test_the_public_cost_is_kept_where_it_matters(case, model):
    wanted = variables_of((BY_NAME["jobs"],))
    assert "public_cost" in Trial(case, seeds=1, variables=wanted, placebo=True).run(progress=False)
    assert "public_cost" not in Trial(case, seeds=1, variables=wanted).run(progress=False)


def test_the_command_of_a_result_asks_for_its_arms_again(case, model):
    first = Trial(case.file, ["none", "officers", "gifts"], seeds=2, placebo=True, equal_cost=True).run(progress=False)
    again = eval(first.attrs["command"].replace(".run()", ".run(progress=False)"), {"redqueen": redqueen})
    assert first.identical(again)


# Governments


def test_what_governments_decide_is_kept_with_the_result(case, model):
    result = Trial(case, {"none": "none", "turns": TakingTurns()}, seeds=[3, 8]).run(threads=2, progress=False)
    words = (2, 1990.5, "south", "south_council", "more officers", "its turn")
    assert decision_rows(result) == [("turns", 3, *words), ("turns", 8, *words)]
    assert json.loads(result.attrs["decisions"])[1]["seed"] == 8
    assert result["public_cost"].sel(policy="turns", seed=3, region="south").values.tolist() == [30.0] * 2 + [60.0] * 18
    assert decision_rows(Trial(case, ["none"], seeds=1).run(progress=False)) == []


def test_a_government_decides_on_a_floor_and_has_a_placebo(case, model):
    plans = {"none": "none", "turns": TakingTurns(), "gifts": "gifts"}
    result = Trial(case, plans, seeds=[1], equal_cost=True, placebo=True).run(progress=False)
    # Officers cost 10 and then 20, gifts 5: the government is the dearest, and decides in its own arm alone.
    for name in ("turns", "gifts", "turns_placebo", "gifts_placebo"):
        assert result["public_cost"].sel(policy=name, seed=1, region="south").values.tolist() == [10.0] * 2 + [20.0] * 18, name
    assert [row[0] for row in decision_rows(result)] == ["turns"]


def test_a_floor_stays_under_whatever_a_government_edits(case):
    own, inner = TakingTurns().begin(case.world, 1)
    arm = ToppedUp(TakingTurns(), ("gifts",))
    used, government = arm.begin(case.world, 1, [numpy.full((20, 2), 99.0)])
    for quarter in range(20):
        inner.decide(quarter, {})
        government.decide(quarter, {})
        assert (used.intensity[INDEX["spending_floor"], quarter] == 99.0).all()
        assert (used.intensity[INDEX["capacity_building"], quarter] == own.intensity[INDEX["capacity_building"], quarter]).all()
    assert tuple(government.decisions) == tuple(inner.decisions) != ()
