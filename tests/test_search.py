"""Search of mixes: levers, a front that is known, the budget, the same bits again, and policies that run."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from toy_trial import write_case

from redqueen.cases.case import case as bundled_case
from redqueen.cases.case import read_case
from redqueen.cli import main, robust
from redqueen.errors import Faults, Refused
from redqueen.lab import search
from redqueen.lab.mixes import Lever, Levers, levers_of, mix_of, usable
from redqueen.lab.sampling import latin_hypercube
from redqueen.lab.search import Ground, Mix, Scores, crowded_out, explore, front, retry, scores_of
from redqueen.model.instruments import INDEX, INSTRUMENTS
from redqueen.policies.policy import catalogue, read_policy, schedule
from redqueen.studies.mixing import find_mixes

pytest.importorskip("optuna")

PAIR = Levers((Lever("technology_park", 0.0, 1.0), Lever("wage_subsidy", 0.0, 0.8)), "south")


def members(effect, cost):
    """Give what two seeds at one point show, the same."""
    return {"effects": [[effect] * 2], "costs": [[cost] * 2], "failure": ""}


def useful_and_useless(mix):
    """Parks do sqrt(intensity) for a tenth of it, subsidies cost as much and do nothing: the front is parks alone."""
    park, subsidy = mix.get("technology_park", 0.0), mix.get("wage_subsidy", 0.0)
    return members(park**0.5, 0.1 * park + 0.1 * subsidy)


# Levers


def known_policies():
    case = bundled_case("recipes")
    return case, [*case.policies.values(), *(read_policy(path) for path in catalogue().values())]


def test_every_policy_of_the_catalogue_is_a_mix_of_all_levers_and_comes_back_from_its_point():
    case, policies = known_policies()
    levers = Levers(levers_of(None, policies, case.world, "low_wage", Faults()), "low_wage")
    for policy in policies:
        mix = mix_of(policy, levers, case.world)
        assert mix is not None and levers.intensities(levers.point(mix)) == mix, policy.name
        if mix:
            laid_out = schedule(levers.policy(mix, "mix"), case.world, "low_wage")
            assert (laid_out.intensity == schedule(policy, case.world, "low_wage").intensity).all()


def test_ranges_reach_to_twice_the_largest_use_within_what_is_declared():
    case, policies = known_policies()
    levers = {one.instrument: one for one in levers_of(None, policies, case.world, "catch_up", Faults())}
    assert (levers["capacity_building"].high, levers["capacity_building"].per) == (30.0, "worker")
    assert (levers["technology_park"].high, levers["free_trade"].high) == (1.0, 1.0)
    share = float(case.world.endowments["workers"][1]) / 1000
    for lever in levers.values():
        declared = INSTRUMENTS[INDEX[lever.instrument]]
        assert declared.low <= lever.low * (share if lever.per else 1) and lever.high * (share if lever.per else 1) <= declared.high


@settings(max_examples=40)
@given(some.lists(some.floats(0.0, 1.0), min_size=24, max_size=24))
def test_every_point_of_the_cube_is_a_policy_without_faults(point):
    case, policies = known_policies()
    levers = Levers(levers_of(None, policies, case.world, "core", Faults()), "core", 1995.0, 2010.5)
    mix = levers.intensities(point[: len(levers.levers)])
    laid_out = schedule(levers.policy(mix, "mix"), case.world, "core")
    used = laid_out.intensity[:, 20:82, 0]
    assert not laid_out.intensity[:, :20].any() and not laid_out.intensity[:, 82:].any() and not laid_out.intensity[:, :, 1:].any()
    assert {INSTRUMENTS[row].name for row in numpy.flatnonzero(used.any(axis=1))} == set(mix)


def test_what_stands_for_comparisons_is_no_lever():
    case, policies = known_policies()
    faults = Faults()
    levers_of(["lump_sum", "embargo", "tax_holiday", "labour_mobility"], policies, case.world, "core", faults)
    assert [fault.message for fault in faults] == [
        "'lump_sum' stands for a comparison and is no policy",
        "'embargo' stands for a comparison and is no policy",
        "'tax_holiday' is no instrument",
    ]
    assert "spending_floor" not in usable() and "labour_mobility" in usable()


# The front


def test_the_front_is_what_no_other_within_the_budget_beats():
    generator = numpy.random.default_rng(3)
    mixes = [
        Mix({"technology_park": float(place + 1)}, Scores(*row[:3], row[3], row[4]))
        for place, row in enumerate(generator.uniform(size=(60, 5)))
    ]
    mixes.append(Mix({}, Scores(2.0, 0.0, 0.0, 2.0, 0.0)))
    found = front(mixes, 0.7)
    # Doing nothing, planted as the best of all, beats everything; without it the front is that of all pairs.
    assert found == []
    found = front(mixes[:-1], 0.7)
    for mix in mixes[:-1]:
        beaten = any(
            all(a >= b for a, b in zip(one.scores.objectives, mix.scores.objectives, strict=True))
            and one.scores.objectives != mix.scores.objectives
            for one in mixes[:-1]
            if one.scores.cost <= 0.7
        )
        assert (mix in found) == (mix.scores.cost <= 0.7 and not beaten)
    assert [mix.scores.cost for mix in found] == sorted(mix.scores.cost for mix in found)
    thin = crowded_out(found, 4)
    assert len(thin) == min(4, len(found)) and set(map(id, thin)) <= set(map(id, found))


def test_the_search_finds_the_known_front_within_the_budget():
    mixes = explore(PAIR, useful_and_useless, budget=0.05, evaluations=60)
    found = front(mixes, 0.05)
    assert len(found) >= 4 and all(mix.scores.cost <= 0.05 for mix in found)
    for mix in found:
        assert mix.scores.effect >= 0.9 * (mix.scores.cost / 0.1) ** 0.5
    # At the budget parks of 0.5 are worth 0.707.
    assert found[-1].scores.effect > 0.65
    tried = [mix for mix in mixes if mix.scores.cost > 0.05]
    assert len(tried) < 40, "the search learns to stay within the budget"


def test_the_same_draw_proposes_the_same_mixes_and_starts_come_first():
    starts = {"none": {}, "parks": {"technology_park": 0.3}}
    first, second = (explore(PAIR, useful_and_useless, budget=0.05, evaluations=15, starts=starts) for _ in range(2))
    assert first == second
    assert first[0].known_as == ("none",) and first[1].known_as == ("parks",) and first[1].intensities == {"technology_park": 0.3}
    assert explore(PAIR, useful_and_useless, budget=0.05, evaluations=15, starts=starts, draw=7) != first


def test_a_mix_that_fails_says_why_and_the_search_goes_on():
    def sometimes(mix):
        return (
            useful_and_useless(mix)
            if mix.get("wage_subsidy", 0) < 0.3
            else {"effects": [[None]], "costs": [[None]], "failure": "prices ran away"}
        )

    mixes = explore(PAIR, sometimes, budget=0.05, evaluations=25)
    failed = [mix for mix in mixes if mix.scores is None]
    assert failed and all(mix.failure == "prices ran away" for mix in failed)
    assert front(mixes, 0.05)
    with pytest.raises(Refused, match="nothing to compare mixes to: prices"):
        explore(
            PAIR, lambda mix: {"effects": [[None]], "costs": [[None]], "failure": "prices ran away"}, budget=0.05, evaluations=3
        )


def test_what_was_chosen_for_its_figures_shrinks_on_fresh_luck():
    def luck(stream):
        def evaluate(mix):
            digest = hashlib.sha256(f"{stream}{sorted(mix.items())}".encode()).digest()
            generator = numpy.random.default_rng(list(digest))
            effects = generator.normal(0.0, 1.0, (1, 4)) if mix else numpy.zeros((1, 4))
            return {"effects": effects.tolist(), "costs": [[0.01 * sum(mix.values())] * 4], "failure": ""}

        return evaluate

    mixes = explore(PAIR, luck("search"), budget=0.05, evaluations=40)
    best = retry(front(mixes, 0.05), luck("fresh"))
    chosen, fresh = (numpy.array([getattr(mix, part).effect for mix in best]) for part in ("scores", "fresh"))
    # No mix does anything: what the front shows is luck, half a standard deviation of a mean of four and more.
    assert chosen.mean() > 0.25
    assert abs(fresh.mean()) < 3 * 0.5 / numpy.sqrt(len(best))


def test_scores_are_those_of_the_members():
    found = scores_of({"effects": [[0.1, 0.3], [0.5, 0.7], [0.2, 0.4]], "costs": [[0.01, 0.02]] * 3})
    assert found.effect == pytest.approx(2.2 / 6) and found.cost == pytest.approx(0.015)
    # Means by point are 0.2, 0.6 and 0.3; of the three a tenth of the way from the lowest.
    assert found.worst == pytest.approx(0.22)
    assert found.objectives == (found.effect, found.worst, -found.cost)
    assert scores_of({"effects": [[0.1, 0.3]], "costs": [[0.0, 0.0]]}).worst is None
    assert scores_of({"effects": [[0.1, None]], "costs": [[0.0, 0.0]]}) is None


# In the model


@pytest.fixture
def toy(tmp_path):
    return read_case(write_case(tmp_path))


OFFICERS = Levers((Lever("capacity_building", 0.0, 40.0, "worker"), Lever("technology_park", 0.0, 1.0)), "south")


def ground(toy, **options):
    samples = latin_hypercube({"forgetting": (0.0, 0.1)}, 2)
    return Ground(toy.world, OFFICERS, "value_added", seeds=[1, 2], samples=samples, window=4, **options)


def test_a_mix_of_nothing_does_nothing_and_costs_nothing(toy):
    found = ground(toy)({})
    assert found["effects"] == [[0.0, 0.0], [0.0, 0.0]] and found["costs"] == [[0.0, 0.0], [0.0, 0.0]]


def test_effects_are_those_of_a_comparison_of_the_same_members(toy):
    from redqueen.lab.compare import paired
    from redqueen.lab.trial import Trial

    mix = {"capacity_building": 20.0, "technology_park": 0.5}
    samples = latin_hypercube({"forgetting": (0.0, 0.1)}, 2)
    trial = Trial(toy, {"none": "none", "mix": OFFICERS.policy(mix, "mix")}, seeds=2, samples=samples, region="south")
    result = trial.run(threads=1, progress=False)
    expected = paired(result, "mix", outcome="value_added", region="south", window=4).values
    share = (result["public_cost"].sum("quarter") / result["value_added"].sum("quarter")).sel(policy="mix", region="south")
    found = ground(toy)(mix)
    assert found["effects"] == expected.tolist()
    assert numpy.allclose(found["costs"], share.transpose("sample", "seed").values, rtol=1e-12)


def test_threads_change_no_bit_and_a_stopped_search_goes_on_to_the_same_end(toy, tmp_path, monkeypatch):
    def found(name, threads, **options):
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        tried = ground(toy, threads=threads, place=place)
        return explore(OFFICERS, tried, budget=0.1, evaluations=6, **options)

    undisturbed = found("one", 1)
    assert found("two", 2) == undisturbed
    tries = []

    def stopping(plan):
        if len(tries) == 3:
            raise KeyboardInterrupt
        tries.append(plan)
        return whole(plan)

    tried = ground(toy, place=tmp_path)
    whole = tried._measured
    tried._measured = stopping
    with pytest.raises(KeyboardInterrupt):
        explore(OFFICERS, tried, budget=0.1, evaluations=6)
    # The last line was cut off as the disk filled.
    journal = tmp_path / "evaluations.jsonl"
    journal.write_bytes(journal.read_bytes()[:-9])
    calls = []
    monkeypatch.setattr(search, "simulate", lambda *given, **options: calls.append(1) or simulate(*given, **options))
    from redqueen.model.simulate import simulate

    again = ground(toy, place=tmp_path)
    assert explore(OFFICERS, again, budget=0.1, evaluations=6) == undisturbed
    known = len(calls)
    assert explore(OFFICERS, ground(toy, place=tmp_path), budget=0.1, evaluations=6) == undisturbed
    assert known > 0 and len(calls) == known, "what is kept is not run again"


def test_a_member_that_fails_is_told_with_its_seed_and_point(toy, monkeypatch):
    from redqueen.model.simulate import simulate

    def failing(world, plan, *, seed, **options):
        if seed == 2 and plan.intensity.any():
            raise ArithmeticError("prices ran\naway")
        return simulate(world, plan, seed=seed, **options)

    monkeypatch.setattr(search, "simulate", failing)
    found = ground(toy)({"technology_park": 0.5})
    assert found["failure"] == "seed 2, point 0: ArithmeticError: prices ran away" and scores_of(found) is None


def test_less_is_better_where_the_outcome_says_so(toy, monkeypatch):
    tried = Ground(toy.world, OFFICERS, "public_cost", seeds=[1, 2], window=4)
    scores = scores_of(tried({"capacity_building": 20.0}))
    assert scores.effect < 0 and scores.worst is None


# The whole of it


OPTIONS = {
    "budget": 0.2,
    "levers": ["capacity_building", "technology_park"],
    "evaluations": 8,
    "seeds": 2,
    "window": 4,
    "progress": False,
}


def test_the_front_is_tried_again_on_fresh_seeds_and_points(toy):
    found = find_mixes(toy, uncertain=["forgetting"], points=2, threads=1, **OPTIONS)
    assert found.seeds == ((1, 2), (3, 4)) and found.region == "south"
    assert found.best and all(mix.fresh is not None and mix.scores.cost <= 0.2 for mix in found.best)
    assert "extension" in {name for mix in found.mixes for name in mix.known_as}
    # Officers of the toy's own policy are 20 for the region: 33.3 for each 1,000 workers.
    assert {lever.instrument: lever.high for lever in found.levers.levers}["capacity_building"] == pytest.approx(2 * 20 / 0.6)
    again = Ground(
        toy.world,
        found.levers,
        "value_added",
        seeds=[3, 4],
        samples=latin_hypercube({"forgetting": (0.0, 0.1)}, 2, draw=2),
        window=4,
    )
    assert found.best[0].fresh == scores_of(again(found.best[0].intensities))


def test_everything_wrong_is_refused_at_once(toy):
    with pytest.raises(Refused) as refusal:
        find_mixes(
            toy,
            budget=-1.0,
            levers=["tax_holiday"],
            region="west",
            outcome="profit_share",
            evaluations=0,
            seeds=1,
            uncertain=["hopes"],
            points=1,
            window=99,
            threads=0,
        )
    text = str(refusal.value)
    for part in (
        "no region 'west'",
        "neither better nor worse",
        "no parameter is called 'hopes'",
        "--evaluations: 0",
        "--seeds: 1",
        "--samples: 1",
        "--threads: 0",
        "-1 is no share",
        "99 quarters",
        "'tax_holiday' is no instrument",
    ):
        assert part in text
    with pytest.raises(Refused) as refusal:
        find_mixes(toy, start=1990.1, until=2050.0, **OPTIONS)
    assert "--from: 1990.1 is not on a quarter" in str(refusal.value) and "--until: 2050 is outside the run" in str(refusal.value)
    with pytest.raises(Refused, match="do not even try the 3 policies known"):
        find_mixes(toy, **OPTIONS | {"evaluations": 2})


def answer(*words):
    """Run a command of this file, registered or not."""
    parser = argparse.ArgumentParser()
    robust.add_commands(parser.add_subparsers())
    asked = parser.parse_args(words)
    asked.words = list(words)
    asked.answer(asked)


WORDS = (
    "search",
    "toy.toml",
    "--budget",
    "0.2",
    "--levers",
    "capacity_building,technology_park",
    "--seeds",
    "2",
    "--evaluations",
    "6",
    "--window",
    "4",
    "--from",
    "1991",
    "--until",
    "1994.5",
    "--threads",
    "1",
    "-o",
    "found",
)


def test_the_command_writes_policies_that_compare_runs_to_the_same_figures(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    answer(*WORDS, "--json")
    document = json.loads(capsys.readouterr().out)
    first = document["front"][0]
    assert (document["from"], document["until"], document["budget"]) == (1991.0, 1994.5, 0.2)
    names = {path.name for path in Path("found").iterdir()}
    assert {"front.csv", "mixes.csv", "search.json", "evaluations.jsonl", "mix_1.toml"} <= names
    policy = read_policy("found/mix_1.toml", toy.world, "south")
    assert {change.instrument: change.intensity for change in policy.changes} == first["intensities"]
    compared = (
        "compare",
        "toy.toml",
        "--policies",
        "found/mix_1.toml",
        "--region",
        "south",
        "--outcome",
        "value_added",
        "--seeds",
        "2",
        "--window",
        "4",
    )
    assert main([*compared, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["effects"]
    [effect] = [row["effect"] for row in rows if row["region"] == "south"]
    assert effect == pytest.approx(first["chosen"]["effect"], rel=1e-9)


def test_the_command_again_writes_the_same_bytes_and_takes_its_own_leftovers_away(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    answer(*WORDS)
    out = capsys.readouterr().out
    assert "Mixes for south that no other beats within 20 % of value added" in out and max(map(len, out.splitlines()[:-1])) <= 80
    folder = Path("found")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "notes.txt").write_text("mine")
    marker = json.loads((folder / ".redqueen.json").read_text())
    (folder / ".redqueen.json").write_text(json.dumps(marker | {"files": [*marker["files"], "mix_99.toml"]}))
    (folder / "mix_99.toml").write_text("of a longer front")
    answer(*WORDS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before | {"notes.txt": b"mine"}


def test_bad_options_are_refused_at_once(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Refused) as refusal:
        answer("search", "toy.toml", "--budget", "much", "--samples", "3", "--seeds", "none", "--levers", "lump_sum", "-o", "file")
    text = str(refusal.value)
    for part in (
        "'much' is not a number",
        "points of nothing",
        "'none' is not a whole number",
        "stands for a comparison",
        "this is a file",
    ):
        assert part in text
