"""The register of claims: reading, running, judging, keeping and showing, on a toy case."""

import numpy
import pytest
from toy_claims import COST, SEEDS, Planted, claim, register, write

from redqueen import cli
from redqueen.cases.case import case
from redqueen.errors import Refused
from redqueen.model.simulate import simulate
from redqueen.studies.claims import study
from redqueen.studies.claims.parts import arm_digest, blocks, run_part
from redqueen.studies.claims.planning import Planner
from redqueen.studies.claims.reading import read_register
from redqueen.studies.claims.screen import points_of
from redqueen.studies.claims.settings import changed
from redqueen.studies.claims.study import run_claims

OFFICERS = 'arm = "officers"\noutcome = "value_added"\ndirection = "up"\nthreshold = 5.0'
LITTLE = '\n[[claim.arm]]\nname = "little"\n[[claim.arm.change]]\ninstrument = "lump_sum"\nintensity = 0.01\n'
STRENGTH = 'kind = "strength"\nparameters = { forgetting = 0.1 }'


def run(folder, *, keep="out", screen=False, **options):
    return run_claims(register(folder, **options), place=folder / keep, threads=2, progress=False, screen=screen).results[0]


def faults(folder, **options):
    with pytest.raises(Refused) as refusal:
        register(folder, **options)
    return refusal.value.faults


# Reading


def test_a_register_is_read_with_what_it_leaves_out_filled_in(tmp_path):
    found = register(tmp_path, rest='[[claim.where]]\nname = "fast"\nmodularity = { start = 0.8 }')
    one = found.claims[0]
    assert (one.main.reference, one.main.regions, one.main.kind) == ("none", ("south",), "effect")
    assert one.rival.contrast.outcome == "public_cost" and one.rival.contrast.arm == "little"
    assert [variant.name for variant in one.variants] == ["fast"]


def test_every_fault_is_reported_at_once_with_its_line(tmp_path):
    text = claim(
        tmp_path, contrast='arm = "gift"\noutcome = "value_aded"\ndirection = "sideways"\nthreshold = -1',
        more='screen = ["forgeting"]\nablations = [ { name = "x", parameters = { forgetting = 7 } } ]\ncolour = 1',
    )
    path = write(tmp_path, text, claim(tmp_path, id="B", rival='kind = "none"'))
    with pytest.raises(Refused) as refusal:
        read_register(path)
    lines = path.read_text().splitlines()
    said = str(refusal.value)
    for words in ("forgeting", "sideways", "threshold", "colour", "7 is outside", "kind of rival"):
        assert words in said
    for fault in refusal.value.faults:
        assert fault.line is not None and 1 <= fault.line <= len(lines)
    sideways = next(fault for fault in refusal.value.faults if "sideways" in fault.message)
    assert "sideways" in lines[sideways.line - 1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"contrast": COST.replace("gifts", "gift")}, "unknown arm 'gift'"),
        ({"contrast": COST.replace("public_cost", "public_costs")}, "unknown outcome 'public_costs'"),
        ({"contrast": COST + '\nregion = "suoth"'}, "unknown region 'suoth'"),
        ({"contrast": COST + '\ntarget = "west"'}, "unknown region 'west'"),
        ({"contrast": COST + '\nstages = ["parts"]'}, "not known by stage"),
        ({"contrast": COST.replace("public_cost", "stage_firms") + '\nstages = ["chips"]'}, "unknown stage 'chips'"),
        ({"contrast": COST.replace("public_cost", "wage") + '\nregion = ["north", "south"]'}, "cannot be summed"),
        ({"contrast": COST.replace("public_cost", "wage") + '\nregion = "world"'}, "not a sum over regions"),
        ({"contrast": COST + '\nrecipes = ["officers", "gifts"]'}, "belongs to a contrast of kind 'regret'"),
        ({"contrast": COST.replace("up", "not_down").replace("0.1", "0")}, "needs a margin"),
        ({"contrast": 'kind = "level"\noutcome = "jobs"\ndirection = "not_down"\nthreshold = 1'}, "above or below its threshold"),
        ({"contrast": 'kind = "between"\noutcome = "jobs"\ndirection = "up"\nthreshold = 1'}, "'other_region' is missing"),
        (
            {"contrast": 'kind = "fact"\noutcome = "size_tale"\ndirection = "up"\nthreshold = 1', "rival": STRENGTH},
            "unknown measurement"
        ),
        ({"contrast": 'kind = "regret"\nrecipes = ["officers", "gifts"]\nregions = ["north", "south"]\noutcome = "jobs"\n'
                      'direction = "up"\nthreshold = 1', "rival": STRENGTH}, "names its regions"),
        ({"more": 'also = ["jobz"]'}, "unknown outcome 'jobz'"),
        ({"world": "atlantis"}, "no case 'atlantis'"),
        ({"rival": ""}, "'kind' is missing"),
        ({"rival": 'kind = "strength"'}, "changes nothing"),
        ({"rival": 'kind = "instead"\narm = "officers"\noutcome = "jobs"'}, "cannot be held against"),
        ({"rival": 'kind = "instead"\narm = "none"'}, "against itself"),
        ({"rest": '[[claim.arm]]\nname = "idle"\nbased_on = "gifts"'}, "no contrast uses the arm 'idle'"),
        ({"rest": '[[claim.where]]\nname = "x"\nendowments = { mobility = { west = 0.1 } }'}, "unknown region 'west'"),
        ({"rest": '[[claim.where]]\nname = "x"\nendowments = { mobilty = 0.1 }'}, "no endowment is called 'mobilty'"),
        ({"rest": '[[claim.where]]\nname = "x"'}, "changes nothing"),
        ({"seeds": 7.5}, "not a whole number"),
    ],
)
def test_each_fault_is_found(tmp_path, options, words):
    assert any(words in str(fault) for fault in faults(tmp_path, **options))


def test_faults_of_horizons_ids_and_rivals(tmp_path):
    text = claim(tmp_path).replace("[[1, 3], [3, 5]]", "[[3, 6]]")
    without = claim(tmp_path, id="B").split("[claim.rival]")[0]
    with pytest.raises(Refused) as refusal:
        long, twice = claim(tmp_path, id="C").replace("[3, 5]", "[3, 6]"), [claim(tmp_path, id="D")] * 2
        read_register(write(tmp_path, text, long, *twice, without))
    said = str(refusal.value)
    for words in ("too few to see whether", "ends after the run of 5 years", "a second claim is called 'D'", "there is no rival"):
        assert words in said


# Settings


def test_a_setting_changes_what_it_names_and_nothing_else(tmp_path):
    rest = (
        '[[claim.where]]\nname = "x"\nmodularity = { midpoint = 1992.5 }\nparameters = { forgetting = 0.02 }\n'
        "endowments = { mobility = 0.2, first_quality = { south = { parts = -1.0 } }, distance = { north = 2.0 } }"
    )
    one = register(tmp_path, rest=rest).claims[0]
    plain = case(one.world).world
    made = changed(plain, [one.variants[0].setting])
    assert made.modularity == (plain.modularity[0], plain.modularity[1], 10.0)
    assert made.parameters == {"forgetting": 0.02}
    assert (made.endowments["mobility"] == 0.2).all() and plain.endowments["mobility"].max() < 0.2
    assert made.endowments["first_quality"].tolist() == [[0.0, 0.0], [-1.0, -0.4]]
    assert made.endowments["distance"].tolist() == [[0.0, 2.0], [1.0, 0.0]]
    untouched = set(plain.endowments) - {"mobility", "first_quality", "distance"}
    assert all(made.endowments[name] is plain.endowments[name] for name in untouched)


def test_the_settings_of_an_arm_overrule_those_of_the_sweep(tmp_path):
    rest = '[[claim.arm]]\nname = "fixed"\nbased_on = "gifts"\nparameters = { forgetting = 0.02 }'
    one = register(tmp_path, contrast=COST.replace("gifts", "fixed"), rest=rest).claims[0]
    plan = Planner(one, SEEDS, {"forgetting": 0.05}).plan()
    worlds = {label: treatment.world for label, treatment in plan.worlds[0].trials[0].treatments.items()}
    assert worlds["fixed in south"].parameters["forgetting"] == 0.02
    assert worlds["none in south"].parameters["forgetting"] == 0.05


# Running and judging


def test_money_to_households_is_found_to_cost_and_its_reverse_is_refuted(tmp_path):
    up = run(tmp_path)
    assert up.verdict == "holds" and up.main.estimate.low > 0 and up.p < 1e-6
    down = run(tmp_path, contrast=COST.replace("up", "down"))
    assert down.verdict == "does not hold" and down.main.estimate.effect == up.main.estimate.effect
    assert down.p == pytest.approx(1.0)


def test_a_batch_measures_what_a_plain_run_of_the_model_shows(tmp_path):
    one = register(tmp_path, contrast=COST.replace("public_cost", "profit_share") + '\nregion = ["north", "south"]').claims[0]
    part = Planner(one, SEEDS).plan().worlds[0].trials[0]
    values = run_part(part)
    treatment = part.treatments["gifts in south"]
    history = simulate(treatment.world, treatment.arm, seed=2)
    window = slice(12, 20)
    expected = history.arrays["operating_profit"][window].sum() / history.arrays["value_added"][window].sum()
    assert values["gifts in south"][0][1][1] == pytest.approx(expected, rel=1e-12)


def test_arms_at_equal_cost_cost_the_same(tmp_path):
    contrast = COST.replace("up", "not_down").replace("0.1", "0.001") + "\nequal_cost = true"
    found = run(tmp_path, contrast=contrast, rival=STRENGTH)
    # The dearer arm is all transfers, which the floor repeats to the bit.
    assert found.main.estimate.effect == 0.0 and found.main.estimate.spread == 0.0
    assert found.verdict == "holds"


def test_an_arm_may_have_a_government(tmp_path):
    rest = '[[claim.arm]]\nname = "ruled"\n'
    rest += '[[claim.arm.government]]\nstyle = "fixed"\nwhere = ["south"]\nmenu = ["some"]\nstart = "some"\n'
    rest += '[[claim.arm]]\nname = "some"\n[[claim.arm.change]]\ninstrument = "lump_sum"\nintensity = 5'
    # A menu may name arms that are written before it.
    first, second = rest.split("[[claim.arm]]")[1:]
    rest = f"[[claim.arm]]{second}\n[[claim.arm]]{first}"
    found = run(tmp_path, contrast=COST.replace("gifts", "ruled"), rest=rest)
    plain = run(tmp_path)
    assert found.main.estimate == plain.main.estimate


def test_a_planted_effect_is_found_and_a_planted_null_is_not(tmp_path, monkeypatch):
    Planted(monkeypatch, lambda label, world: 0.1 * label.startswith("officers"))
    found = run(tmp_path, contrast=OFFICERS)
    assert found.verdict == "holds" and found.main.estimate.effect == pytest.approx(10.5, abs=4.0)
    null = run(tmp_path, contrast=OFFICERS.replace("officers", "gifts"), keep="null")
    assert null.verdict == "does not hold" and null.p > 0.05


def test_reversing_the_rule_reverses_the_verdict(tmp_path, monkeypatch):
    planted = Planted(monkeypatch, lambda label, world: 0.2 * label.startswith("officers"))
    assert run(tmp_path, contrast=OFFICERS).verdict == "holds"
    planted.effect = lambda label, world: -0.2 * label.startswith("officers")
    found = run(tmp_path, contrast=OFFICERS, keep="reversed")
    assert found.verdict == "does not hold" and found.main.estimate.state == "against"


def test_a_claim_that_holds_in_one_world_holds_only_there(tmp_path, monkeypatch):
    Planted(monkeypatch, lambda label, world: 0.2 * label.startswith("officers") * (1 if world.modularity[0] > 0.5 else -1))
    where = '[[claim.where]]\nname = "interfaces are modular"\nmodularity = { start = 0.8 }'
    found = run(tmp_path, contrast=OFFICERS, rest=where)
    assert found.verdict == "holds only where: interfaces are modular"
    # The rival is met where there is something to explain.
    assert found.rival.place == ("interfaces are modular", "years 3 to 5")


def test_a_rival_that_does_as_much_wins(tmp_path, monkeypatch):
    Planted(monkeypatch, lambda label, world: 0.2 * label.startswith(("officers", "gifts")))
    won = run(tmp_path, contrast=OFFICERS, rival='kind = "instead"\narm = "gifts"')
    assert won.rival.wins and won.verdict == "does not hold" and won.main.estimate.state == "holds"
    lost = run(tmp_path, contrast=OFFICERS)
    assert not lost.rival.wins and lost.verdict == "holds"


def test_a_rival_that_reverses_the_effect_at_its_strongest_limits_the_claim(tmp_path, monkeypatch):
    Planted(monkeypatch, lambda label, world: label.startswith("officers") * (-0.2 if "forgetting" in world.parameters else 0.2))
    assert run(tmp_path, contrast=OFFICERS, rival=STRENGTH).verdict == "holds only where: not so that money"


def test_each_kind_of_contrast_is_computed_as_declared(tmp_path):
    one = {
        "level": 'kind = "level"\narm = "gifts"\noutcome = "profit_share"\ndirection = "up"\nthreshold = 0',
        "between": 'kind = "between"\noutcome = "value_added"\nother_region = "north"\ndirection = "down"\nthreshold = 1',
        "shares": 'kind = "shares"\noutcome = "stage_profit"\nother_outcome = "stage_jobs"\nstages = ["brand"]\n'
                  'region = ["north", "south"]\ndirection = "up"\nthreshold = 1',
    }
    found = {kind: run(tmp_path, contrast=text, rival=STRENGTH) for kind, text in one.items()}
    world = case(str(tmp_path / "toy.toml")).world
    runs = [simulate(world, seed=seed).arrays for seed in range(1, SEEDS + 1)]
    window = slice(12, 20)
    profit = [100 * (a["operating_profit"][window, 1].sum() / a["value_added"][window, 1].sum()) for a in runs]
    ratio = [numpy.log(a["value_added"][window, 1].mean() / a["value_added"][window, 0].mean()) for a in runs]
    part = [[a[name][window][:, :, 1].sum() / a[name][window].sum() for name in ("stage_profit", "stage_jobs")] for a in runs]
    share = [100 * (profits - jobs) for profits, jobs in part]
    # Gifts are paid back by a levy on the same households, so that profits are those of doing nothing.
    assert found["level"].main.estimate.effect == pytest.approx(numpy.mean(profit), rel=1e-2)
    assert found["between"].main.estimate.effect == pytest.approx(100 * numpy.expm1(numpy.mean(ratio)))
    assert found["shares"].main.estimate.effect == pytest.approx(numpy.mean(share))


def test_a_fact_is_judged_over_the_whole_run(tmp_path):
    found = run(tmp_path, contrast='kind = "fact"\noutcome = "yearly_survival"\ndirection = "up"\nthreshold = 20', rival=STRENGTH)
    assert found.main.horizon == "the whole run" and found.verdict == "holds"
    assert 20 < found.main.estimate.effect <= 100


RECIPES = """
[[claim.arm]]
name = "one"
[[claim.arm.change]]
instrument = "capacity_building"
intensity = 20

[[claim.arm]]
name = "two"
[[claim.arm.change]]
instrument = "lump_sum"
intensity = 1
"""


def test_regret_is_the_gain_of_the_worst_served_region_by_its_own_recipe(tmp_path, monkeypatch):
    # Recipe one does 0.3 in the north, recipe two 0.2 in the south: two has regret 0.3 in the north, one 0.2 in the south.
    gains = {"one in north": 0.3, "two in south": 0.2}
    planted = Planted(monkeypatch, lambda label, world: gains.get(label.partition(",")[0], 0.0))
    contrast = OFFICERS.replace('arm = "officers"', 'kind = "regret"\nrecipes = ["one", "two"]\nregions = ["north", "south"]')
    found = run(tmp_path, contrast=contrast, rest=RECIPES, rival=STRENGTH, seeds=12)
    assert found.main.estimate.seeds == 6
    assert found.main.estimate.effect == pytest.approx(100 * numpy.expm1(0.2), abs=5.0)
    assert found.verdict == "holds"
    planted.effect = lambda label, world: 0.2 * label.startswith("one")
    assert run(tmp_path, contrast=contrast, rest=RECIPES, rival=STRENGTH, seeds=12, keep="same").main.estimate.effect == 0.0


def test_a_failing_part_becomes_a_row_and_the_register_goes_on(tmp_path, monkeypatch):
    planted = Planted(monkeypatch, lambda label, world: 0.2 * label.startswith("officers"))

    def fail(part):
        if part.title.startswith("A,"):
            raise ArithmeticError("prices ran away")

    planted.fail = fail
    # Another number of seeds: the second claim has no part in common with the first.
    path = write(tmp_path, claim(tmp_path, contrast=OFFICERS), claim(tmp_path, id="B", contrast=OFFICERS, seeds=5))
    found = run_claims(read_register(path), place=tmp_path / "out", progress=False, screen=False)
    first, second = found.results
    assert first.verdict.startswith("not run") and "prices ran away" in first.failures[0] and first.corrected == 1.0
    assert second.verdict == "holds"


# Screen


def test_the_screen_names_the_assumption_that_turns_the_sign(tmp_path, monkeypatch):
    def effect(label, world):
        given = world.parameters
        heritage = given.get("heritage", 1.0)
        return label.startswith("officers") * (0.2 * (2 * heritage - 1) + 0.01 * given.get("forgetting", 0.0))

    Planted(monkeypatch, effect)
    found = run(tmp_path, contrast=OFFICERS, more='screen = ["forgetting", "heritage"]', screen=True)
    assert [(one.name, one.side) for one in found.screen.flipping] == [("heritage", "high")]
    assert found.screen.assumptions[0].name == "heritage" and 0 < found.screen.agreeing < found.screen.points
    assert found.verdict == "holds"


def test_a_switch_takes_only_its_two_values_and_others_stay_in_range(tmp_path):
    one = register(tmp_path, more='screen = ["forgetting", "heritage"]').claims[0]
    points = points_of(one)
    assert {point["heritage"] for point in points} == {0.0, 1.0}
    assert all(0.0 <= point["forgetting"] <= 0.1 for point in points)
    steps = [sum(a[name] != b[name] for name in a) for a, b in zip(points, points[1:], strict=False)]
    # Three points a walk: two steps of one assumption each, then a jump to the next walk.
    assert all(changes == 1 for place, changes in enumerate(steps) if place % 3 != 2)


# Keeping


def test_a_stopped_register_goes_on_and_gives_the_same_bytes(tmp_path, monkeypatch):
    path = write(
        tmp_path, claim(tmp_path, seeds=20, more='ablations = [ { name = "all remember", parameters = { forgetting = 0 } } ]')
    )
    options = ["claims", "--register", str(path), "--no-screen", "--threads", "1"]
    assert cli.main([*options, "-o", str(tmp_path / "whole")]) == 0
    calls = []

    def stopping(part, advance):
        calls.append(part.key)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_part(part, advance)

    monkeypatch.setattr(study, "run_part", stopping)
    assert cli.main([*options, "-o", str(tmp_path / "stopped")]) == 130
    kept = {file.stem for file in (tmp_path / "stopped" / "parts").iterdir()}
    assert kept == set(calls[:2])
    assert cli.main([*options, "-o", str(tmp_path / "stopped")]) == 0
    assert not kept & set(calls[3:])
    for name in ("claims.md", "claims.csv", "claims.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_damaged_part_is_run_again(tmp_path, monkeypatch):
    first = run(tmp_path)
    parts = sorted((tmp_path / "out" / "parts").iterdir())
    parts[0].write_text(parts[0].read_text().replace("0", "1", 3))
    assert run(tmp_path).findings == first.findings
    calls = []
    monkeypatch.setattr(study, "run_part", lambda part, advance: calls.append(part) or run_part(part, advance))
    assert run(tmp_path).findings == first.findings and not calls


def test_results_do_not_depend_on_threads(tmp_path):
    found = register(tmp_path, seeds=18)
    one, two = (
        run_claims(found, place=tmp_path / str(threads), threads=threads, progress=False, screen=False) for threads in (1, 2)
    )
    assert one == two


def test_a_part_is_known_by_what_determines_it_and_by_nothing_else(tmp_path):
    def key(**options):
        one = register(tmp_path, **options).claims[0]
        return Planner(one, SEEDS).plan().worlds[0].trials[0].key

    plain = key()
    assert key(contrast=COST.replace("0.1", "0.2").replace("up", "down")) == plain
    assert key(contrast=COST.replace("gifts", "officers")) != plain
    assert key(contrast=COST + '\nregion = "north"') != plain
    assert key(seeds=7) == plain


def test_an_arm_is_known_by_every_number_that_it_lays_out(tmp_path):
    one = register(tmp_path).claims[0]
    arm = Planner(one, SEEDS).plan().worlds[0].trials[0].treatments["gifts in south"].arm
    before = arm_digest(arm)
    arm.intensity[0, -1, -1] += 1e-9
    assert arm_digest(arm) != before


def test_directories_of_others_are_refused_and_left_alone(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("years of work")
    with pytest.raises(Refused):
        run(tmp_path, keep="theirs")
    assert [file.name for file in (tmp_path / "theirs").iterdir()] == ["thesis.txt"]


def test_blocks_hold_every_seed_once():
    assert [seed for block in blocks(19, 8) for seed in block] == list(range(1, 20))
