"""Trial files: what a person writes is the trial that Python makes, and everything wrong is said at once, each with its line."""

import numpy
import pytest
from toy_trial import write_case

from redqueen.errors import Refused
from redqueen.lab.outcomes import BY_NAME, variables_of
from redqueen.lab.sampling import LATIN_HYPERCUBE, Samples, latin_hypercube, sobol
from redqueen.lab.trial import Site, Trial
from redqueen.lab.trial_file import read_trial, trial_files
from redqueen.model.parameters import PARAMETERS

RANGES = {"novelty_success": (0.1, 0.3), "attention": (0.0, 3.0), "heritage": (0.0, 1.0)}


@pytest.fixture
def write(tmp_path):
    """Writes a trial file beside the toy case."""
    write_case(tmp_path)

    def written(text, name="trial.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def faults(path) -> str:
    with pytest.raises(Refused) as refused:
        read_trial(path)
    return str(refused.value)


# Points


@pytest.mark.parametrize("lay_out", [latin_hypercube, sobol])
@pytest.mark.parametrize("count", [1, 7, 16])
def test_points_lie_in_their_ranges_and_switches_at_their_ends(lay_out, count):
    samples = lay_out(RANGES, count)
    assert samples.points.shape == (count, 3) and samples.names == tuple(RANGES)
    for column, (low, high) in zip(samples.points.T, RANGES.values(), strict=True):
        assert (low <= column).all() and (column <= high).all()
    assert set(samples.points[:, 2]) <= {0.0, 1.0}
    numpy.testing.assert_array_equal(samples.points, lay_out(RANGES, count).points)
    assert count == 1 or not numpy.array_equal(samples.points, lay_out(RANGES, count, draw=2).points)


def test_each_equal_part_of_a_range_holds_one_point_of_a_latin_hypercube():
    unit = latin_hypercube({"novelty_success": (0.1, 0.3), "attention": (0.0, 3.0)}, 50).unit
    for column in unit.T:
        assert sorted(numpy.floor(column * 50).astype(int)) == list(range(50))


def test_a_power_of_two_of_sobol_points_halves_every_range_evenly():
    unit = sobol({"novelty_success": (0.1, 0.3), "attention": (0.0, 3.0)}, 64).unit
    assert [(column < 0.5).sum() for column in unit.T] == [32, 32]


# Files


def test_a_file_is_the_trial_that_python_makes(write, tmp_path, model):
    path = write("""
[trial]
name = "mine"
seeds = [3, 5]
quarters = 12
policies = ["officers", "venture", "gift.toml"]
outcomes = ["jobs", "research_share"]
placebo = true

[[world]]
name = "there"
case = "toy.toml"
region = "south"

[[world]]
name = "here"
case = "toy.toml"
region = "north"

[parameters]
turbulence = 0.01

[uncertain]
novelty_success = [0.1, 0.3]
attention = "declared"

[samples]
method = "sobol"
count = 8
draw = 4
""")
    (tmp_path / "gift.toml").write_text(
        '[policy]\nname = "gift"\n[[change]]\ninstrument = "lump_sum"\nwhere = "target"\nintensity = 3.0\n'
    )
    attention = next(row for row in PARAMETERS if row.name == "attention")
    found = read_trial(path)
    made = Trial(
        {"there": Site(tmp_path / "toy.toml", "south"), "here": Site(tmp_path / "toy.toml", "north")},
        ["officers", "venture", tmp_path / "gift.toml"], [3, 5], quarters=12, parameters={"turbulence": 0.01}, reference="none",
        placebo=True,
        samples=sobol({"novelty_success": (0.1, 0.3), "attention": (attention.low, attention.high)}, 8, draw=4),
        variables=variables_of((BY_NAME["jobs"], BY_NAME["research_share"])),
    )
    assert found.key == made.key and found.name == "mine"
    assert found.samples.method == "sobol" and len(found.blocks) == 2 * 8 * 2


def test_what_is_left_out_is_as_usual(write):
    trial = read_trial(write('[[world]]\ncase = "toy.toml"\n'))
    assert (trial.name, trial.seeds, trial.samples) == ("trial", list(range(1, 21)), None)
    assert trial.policies == ["none", "officers", "gifts"] and trial.reference == "none" and trial.region == "south"
    sampled = read_trial(write('[[world]]\ncase = "toy.toml"\n[uncertain]\nattention = "declared"\n'))
    assert (sampled.samples.method, len(sampled.samples)) == (LATIN_HYPERCUBE, 64)


def test_a_trial_that_is_written_down_is_the_same_trial(write, tmp_path):
    (tmp_path / "gift.toml").write_text(
        '[policy]\nname = "gift"\n[[change]]\ninstrument = "lump_sum"\nwhere = "target"\nintensity = 3.0\n'
    )
    trials = [
        Trial(tmp_path / "toy.toml", seeds=2) if write("") else None,
        Trial("recipes", ["venture"], [7], quarters=8, region="core", parameters={"turbulence": 0.01}),
        Trial(
            tmp_path / "toy.toml", ["officers", tmp_path / "gift.toml"], 2, samples=latin_hypercube(RANGES, 5), variables=["jobs"],
            equal_cost=True
        ),
        Trial(
            {"a": Site("recipes", "core"), "b": Site(tmp_path / "toy.toml", "north")}, ["none", "venture"], 1, quarters=4,
            placebo=True
        ),
    ]
    for number, trial in enumerate(trials):
        folder = tmp_path / str(number)
        for name, content in trial_files(trial).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        assert read_trial(folder / "trial.toml").key == trial.key


def test_what_no_file_states_is_not_written_down(case):
    assert trial_files(Trial(case.world, ["none", "venture"], 1, region="south")) == {}
    assert trial_files(Trial(case, {"half": Trial(case, seeds=1).schedules["officers"]}, 1)) == {}


def test_points_of_a_file_are_read_by_the_names_of_its_columns(write, tmp_path):
    points = tmp_path / "plausible.csv"
    points.write_text("implausibility,attention,novelty_success\n1.5,2.0,0.125\n0.1,1,0.25\n\n")
    trial = read_trial(write('[[world]]\ncase = "toy.toml"\n[samples]\nmethod = "points"\nfile = "plausible.csv"\n'))
    assert trial.samples.names == ("attention", "novelty_success")
    assert trial.samples.points.tolist() == [[2.0, 0.125], [1.0, 0.25]]
    narrowed = read_trial(
        write('[[world]]\ncase = "toy.toml"\n[uncertain]\nnovelty_success = [0.1, 0.3]\n[samples]\nfile = "plausible.csv"\n')
    )
    assert narrowed.samples.names == ("novelty_success",) and narrowed.samples.ranges == {"novelty_success": (0.1, 0.3)}


# Faults


def test_everything_wrong_with_a_file_is_said_at_once_and_by_line(write):
    text = faults(write("""[trial]
name = "a name"
seeds = 0
quarter = 8
policies = ["oficers"]
outcomes = ["jbs"]

[[world]]
case = "toy.toml"
region = "sout"

[[world]]
case = "hsinchoo"

[parameters]
turbulance = 0.1
discount = 9

[uncertain]
attention = [3, 1]
novelty_succes = "declared"
heritage = [0, 1, 2]

[samples]
method = "sobel"
count = 2.5
"""))
    for line, near in (
        (2, "'a name' cannot be a name"), (3, "whole number of 1 or more"), (4, "did you mean 'quarters'"),
        (6, "did you mean 'jobs'"),
        (13, "did you mean 'hsinchu'"), (16, "did you mean 'turbulence'"), (17, "outside"), (20, "3 is not below 1"),
        (21, "did you mean 'novelty_success'"), (22, "must be two numbers"), (25, "did you mean 'sobol'"), (26, "whole number"),
    ):
        assert any(f"trial.toml:{line}:" in row and near in row for row in text.splitlines()), (line, near, text)
    assert "did you mean 'officers'" in text and "did you mean 'south'" in text


def test_a_file_without_a_world_or_without_ranges_says_what_to_add(write):
    assert "add [[world]]" in faults(write("[trial]\nseeds = 2\n"))
    assert "[samples] needs [uncertain]" in faults(write('[[world]]\ncase = "toy.toml"\n[samples]\ncount = 8\n'))
    assert "points need a file" in faults(write('[[world]]\ncase = "toy.toml"\n[samples]\nmethod = "points"\n'))
    assert "no such file" in faults("nowhere.toml")


def test_faults_of_points_name_the_line_and_the_column(write, tmp_path):
    (tmp_path / "points.csv").write_text("attention,novelty_success\n1,x\n9,0.2\n")
    text = faults(write('[[world]]\ncase = "toy.toml"\n[samples]\nfile = "points.csv"\n'))
    assert "points.csv:2: novelty_success: is not a number" in text and "points.csv:3: attention: 9 is outside 0 to 3" in text
    (tmp_path / "points.csv").write_text("a,b\n1,2\n")
    assert "no column bears the name of a parameter" in faults(
        write('[[world]]\ncase = "toy.toml"\n[samples]\nfile = "points.csv"\n')
    )
    assert "cannot be read: No such file" in faults(write('[[world]]\ncase = "toy.toml"\n[samples]\nfile = "gone.csv"\n'))


def test_a_parameter_is_not_both_set_and_uncertain(case):
    samples = latin_hypercube({"attention": (0.0, 3.0)}, 4)
    with pytest.raises(Refused, match="attention is both set and uncertain"):
        Trial(case, seeds=1, parameters={"attention": 1.0}, samples=samples)
    with pytest.raises(Refused, match="outside"):
        Trial(case, seeds=1, samples=Samples({"attention": (0.0, 9.0)}, numpy.array([[1.0], [9.0]]), "points"))
