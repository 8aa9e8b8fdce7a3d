"""Governments as they are written in policy files and cases, and what is refused."""

from dataclasses import replace

import numpy
import pytest
from toy_trial import CASE
from worlds import toy

from redqueen.cases.case import read_case
from redqueen.errors import Refused
from redqueen.model.instruments import INDEX
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import simulate
from redqueen.policies.change import TARGET, Change
from redqueen.policies.government import Government
from redqueen.policies.policy import NONE, Policy, lay_out_policy, policy, read_policy, schedule

LOCALITIES = ("region 1", "region 2", "region 3")
OFFICERS = Policy("officers", changes=(Change("capacity_building", 10.0, per="worker"),))
GIFTS = Policy("gifts", changes=(Change("lump_sum", 4.0),))


@pytest.fixture(scope="module")
def world():
    """Four regions, ten years."""
    return toy(regions=4, quarters=40, scale=0.15)


def gifts(*arguments, **options):
    return (replace(GIFTS, changes=(Change(*arguments, **options),)),)


def govern(style, where=LOCALITIES, menu=(OFFICERS, GIFTS), **options):
    return Government(style, where, menu, **options)


def ruled(*governments, changes=()):
    return Policy("tried", changes=changes, governments=governments)


def faults_of(call, *arguments):
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return [str(fault) for fault in refused.value.faults]


POLICY = """
[policy]
name = "mine"
source = "paper: page 3"

[source]
paper = "A paper"

[[government]]
style = "experiment"
where = ["north", "south"]
menu = [
  "public_research",
  "none",
  "low_cost",
]
from = 1991
every = { value = 2.5, source = "chosen: half a term" }
lag = 1
noise = 0.02
goal = "jobs"
start = "low_cost"
emulate = 0.5
"""


def write(tmp_path, text, name="policy.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_government_is_read_as_written(tmp_path):
    read = read_policy(write(tmp_path, POLICY))
    menu = (policy("public_research"), NONE, policy("low_cost"))
    assert read.governments == (
        Government(
            "experiment", ("north", "south"), menu, 1991.0, 2.5, lag=1.0, noise=0.02, goal="jobs", start="low_cost", emulate=0.5,
            source="paper: page 3",
        ),
    )
    assert set(read.instruments) == {*policy("public_research").instruments, *policy("low_cost").instruments}
    left = read.without("wage_subsidy")
    assert "wage_subsidy" in read.instruments and "wage_subsidy" not in left.instruments
    assert [entry.name for entry in left.governments[0].menu] == [entry.name for entry in menu]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('style = "experiment"', 'style = "experimnt"', 10, "unknown style 'experimnt' (did you mean 'experiment'?)"),
        ('style = "experiment"\n', "", 9, "'style' is missing"),
        ('style = "experiment"', 'stile = 1\nstyle = "experiment"', 10, "unknown key 'stile' (did you mean 'style'?)"),
        ('where = ["north", "south"]\n', "", 9, "'where' is missing"),
        ('where = ["north", "south"]', 'where = ["north", "north"]', 11, "names 'north' twice"),
        ('where = ["north", "south"]', 'where = "north"', 11, "a single locality cannot be compared"),
        ('where = ["north", "south"]', "where = []", 11, "names no locality"),
        ('"public_research"', '"publicresearch"', 13, "unknown policy 'publicresearch' (did you mean 'public_research'?)"),
        ('"none"', '"public_research"', 14, "names 'public_research' twice"),
        ("from = 1991", "from = 1991.1", 17, "1991.1 is not on a quarter of a year"),
        ("value = 2.5", "value = 2.4", 18, "2.4 years are not whole quarters"),
        ("value = 2.5", "value = -1", 18, "-1 years are too few (0.25 or more)"),
        ("value = 2.5", "value = 0.5", 18, "growth cannot be seen in 0.5 years (add window"),
        ("lag = 1", "lag = -1", 19, "-1 years are too few (0 or more)"),
        ("lag = 1", "lag = 1\nwindow = 0.5", 20, "0.5 years are too few (1 or more)"),
        ("noise = 0.02", "noise = -0.02", 20, "-0.02 is no standard deviation"),
        ("noise = 0.02", "noise = nan", 20, "must be a finite number (log points a year)"),
        ('goal = "jobs"', 'goal = "job"', 21, "'job' cannot be judged (did you mean 'jobs'?)"),
        ('start = "low_cost"', 'start = "drw"', 22, "'drw' is not on the menu (did you mean 'draw'?)"),
        ("emulate = 0.5", "emulate = 1.5", 23, "1.5 is outside 0 to 1"),
        ("emulate = 0.5", "target_growth = 0.1", 23, "experiment compares localities with one another"),
    ],
)
def test_each_fault_of_a_government_has_its_line(tmp_path, old, new, line, words):
    assert old in POLICY
    path = write(tmp_path, POLICY.replace(old, new))
    faults = faults_of(read_policy, path)
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"{path}:{line}: government[1]") and words in faults[0], faults


@pytest.mark.parametrize(
    ("government", "words"),
    [
        (govern("adjust"), ["government.every: is missing"]),
        (govern("adjust", menu=(GIFTS,), every=2), ["leaves nothing to choose"]),
        (govern("fixed", menu=()), ["names no policy"]),
        (govern("fixed", every=2, lag=1), ["a fixed government never decides again", "looks at no results"]),
        (
            govern("central", goal="jobs", noise=0.1),
            ["noise: a central government that never", "goal: a central government that never"]
        ),
        (govern("adjust", every=2, emulate=0.1), ["nobody emulates under adjust"]),
        (govern("fixed", menu=gifts("lump_sum", 1.0, start=1991)), ["'gifts' has dates (lump_sum)"]),
        (govern("fixed", menu=gifts("lump_sum", 1.0, ("region 1",))), ["regions of its own (lump_sum in region 1)"]),
        (govern("fixed", menu=(ruled(govern("fixed")),)), ["'tried' has governments of its own"]),
        (govern("fixed", ("region 1", "region1")), ["unknown region 'region1' (did you mean 'region 1'"]),
        (govern("fixed", (TARGET,)), ["acts in the target region, and none was named"]),
        (govern("fixed", first=1989.0), ["1989 is outside the run, 1990 to 2000"]),
        (govern("fixed", menu=gifts("technology_park", 0.8)), ["technology_park in region 2 adds up to 1.3"]),
        (govern("fixed", menu=gifts("lump_sm", 0.8)), ["menu: 'gifts': unknown instrument 'lump_sm'"]),
    ],
)
def test_each_fault_of_a_government_in_a_world_is_found(world, government, words):
    beside = (Change("technology_park", 0.5, ("region 2",)),)
    faults = faults_of(lay_out_policy, ruled(government, changes=beside), world)
    assert len(faults) == len(words), faults
    assert all(any(word in fault for fault in faults) for word in words), faults


def test_no_locality_has_two_governments(world):
    faults = faults_of(lay_out_policy, ruled(govern("fixed"), govern("central", ("region 3", "region 0"))), world)
    assert len(faults) == 1 and "another government of this policy decides for 'region 3'" in faults[0]


def test_the_target_is_the_region_asked_for(world):
    programme = lay_out_policy(ruled(govern("fixed", (TARGET,), start="gifts")), world, "region 2")
    begun, council = programme.begin(world, 1)
    council.decide(0, {})
    assert [decision.region for decision in council.decisions] == ["region 2"]
    assert numpy.flatnonzero(begun.intensity[INDEX["lump_sum"]].any(axis=0)).tolist() == [2]


def test_a_fixed_schedule_cannot_stand_for_a_government(world):
    fault = faults_of(schedule, ruled(govern("fixed")), world)[0]
    assert "has governments that decide during the run (lay it out with lay_out_policy" in fault
    assert isinstance(lay_out_policy(Policy("plain", changes=(Change("lump_sum", 1.0, ("region 1",)),)), world), Schedule)


OWN = """
[[policy]]
name = "grants"
[[policy.change]]
instrument = "lump_sum"
intensity = 2

[[policy]]
name = "trying"
[[policy.government]]
style = "adjust"
where = ["target", "north"]
menu = ["grants", "public_research", "none"]
every = 1

[[policy]]
name = "trying_less"
based_on = "trying"
without = "lump_sum"
"""


def test_a_case_has_its_own_policies_on_the_menu(tmp_path):
    case = read_case(write(tmp_path, CASE + OWN))
    government = case.policies["trying"].governments[0]
    assert [entry.name for entry in government.menu] == ["grants", "public_research", "none"]
    assert "lump_sum" in case.policies["trying"].instruments and "lump_sum" not in case.policies["trying_less"].instruments
    begun, council = lay_out_policy(case.policy("trying"), case.world).begin(case.world, 1)
    history = simulate(case.world, begun, seed=1, government=council)
    assert {decision.region for decision in history.decisions} == {"north", "south"} and len(history.decisions) == 2 * 5


GOVERNED = '[[policy.government]]\nstyle = "fixed"\nwhere = "south"\nmenu = "none"'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('menu = ["grants"', 'menu = ["grant"', "menu: unknown policy 'grant' (did you mean 'grants'?)"),
        ('menu = ["grants"', 'menu = ["trying_less"', "goes round in a circle: trying > trying_less > trying"),
        ('menu = ["grants"', 'menu = ["trying"', "menu: unknown policy 'trying'"),
        ('"target", "north"', '"target", "south"', "where: names the target region twice"),
        ('"target", "north"', '"target", "nort"', "where: unknown region 'nort' (did you mean 'north'"),
        ("intensity = 2", "intensity = 2\nfrom = 1991", "menu: 'grants' has dates (lump_sum)"),
        ('name = "grants"', f'name = "grants"\n{GOVERNED}', "'grants' has governments of its own"),
    ],
)
def test_faults_of_governments_in_a_case_have_their_lines(tmp_path, old, new, words):
    assert old in OWN
    path = write(tmp_path, (CASE + OWN).replace(old, new))
    faults = faults_of(read_case, path)
    assert any(fault.startswith(f"{path}:") and "policy.trying" in fault and words in fault for fault in faults), faults
    assert len(faults) <= 2, faults
