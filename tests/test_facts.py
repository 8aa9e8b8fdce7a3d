"""Claims about the study of stylised facts: what it registers is what happened, and every fact is measured or says why not."""

import json
import math
import re

import numpy as np
import pytest
from worlds import toy

from redqueen.cases.case import case
from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.facts import facts, read_facts, sources
from redqueen.model import founding
from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.parameters import PARAMETERS
from redqueen.model.simulate import simulate
from redqueen.studies import facts as study
from redqueen.studies import measurements
from redqueen.studies.register import KEPT, watch


@pytest.fixture(scope="module")
def world():
    return case("recipes").world


@pytest.fixture(scope="module")
def register(world):
    return watch(world, None, 3)


@pytest.fixture(scope="module")
def rows():
    return study.measure_facts(2, 1, progress=False)


# What is registered is what happened


def test_watching_changes_nothing(world, register):
    history = simulate(world, None, seed=3)
    for name in KEPT:
        assert np.array_equal(register.quarterly[name], history.arrays[name]), name


def test_every_birth_and_death_is_registered_in_its_quarter(world, register):
    for table, name in ((register.births, "entries"), (register.deaths, "exits")):
        counts = np.bincount(table["quarter"].astype(int), minlength=world.quarters)
        assert np.array_equal(counts, register.quarterly[name].sum(axis=1))
        assert len(np.unique(table["lineage"])) == len(table["lineage"])


def test_firms_at_the_end_of_a_year_are_those_before_plus_births_less_deaths(register):
    year, lineage = register.sizes["year"], register.sizes["lineage"]
    old, new = set(lineage[year == 4].tolist()), set(lineage[year == 5].tolist())
    born = set(register.births["lineage"].tolist())
    died = set(register.deaths["lineage"][register.deaths["quarter"] < 24].tolist())
    assert old - new <= died and new - old <= born and not new & died


def test_every_project_that_ended_is_registered_with_its_mode(register):
    modes = np.bincount(register.projects["mode"].astype(int), minlength=5)[1:]
    assert np.array_equal(modes, register.quarterly["ends"].sum(axis=(0, 1)))
    assert (register.projects["quarters"] >= 1).all() and (register.projects["staff"] > 0).all()


def test_spending_by_mode_adds_up_to_spending_on_projects(register):
    assert register.research_by_mode.sum(axis=1) == pytest.approx(register.quarterly["research_spending"].sum(axis=1), rel=1e-9)


def test_innovations_are_the_successes_with_five_years_behind_them(world, register):
    successes = register.quarterly["successes"][: world.quarters - 20, :, 0].sum()
    assert len(register.innovations["value"]) == successes
    assert (register.innovations["value"] >= 0).all()


def test_the_input_output_tables_close_with_the_ledgers_value_added(register):
    added = register.quarterly["value_added"]
    for table in register.tables:
        # The last region is whoever sells materials from outside the chain.
        by_region = table.value_added.reshape(len(table.regions), -1).sum(axis=1)[:-1]
        assert by_region == pytest.approx(added[4 * table.year + 3], rel=1e-9)
        assert (table.intermediate >= 0).all()


def test_firms_are_followed_when_the_tables_of_the_state_grow(monkeypatch):
    small = toy(scale=0.1, quarters=24, burn_in=8)
    with_room = watch(small, None, 2)
    # Slots carry no luck: a state that has to be lengthened lives through the same.
    monkeypatch.setattr(founding, "FIRST_SLOTS", 0)
    assert founding.found(small, 2).n_free < 64
    lengthened = watch(small, None, 2)
    for name in ("sizes", "births", "deaths", "projects", "learning", "accounts", "founders"):
        for column, values in getattr(with_room, name).items():
            assert np.array_equal(getattr(lengthened, name)[column], values, equal_nan=True), f"{name} {column}"


# Every fact is measured, or says why not


def test_every_fact_is_measured_or_says_why_not():
    names = {fact.name for fact in facts()}
    assert set(study.MEASURED) | set(study.NOT_MEASURED) == names
    assert not set(study.MEASURED) & set(study.NOT_MEASURED)
    assert not {figure.name for figure in study.FIGURES} & names


def test_what_set_a_number_is_named_and_never_held_out():
    known = {parameter.name for parameter in PARAMETERS} | {endowment.name for endowment in ENDOWMENTS}
    for fact in facts():
        assert set(fact.used_to_set) <= known, fact.name
        assert not (fact.held_out and fact.used_to_set), fact.name


def test_a_parameter_that_cites_the_source_of_a_fact_is_named_as_set_by_it():
    citing = {}
    for fact in facts():
        for name in fact.sources:
            found = re.match(r"([\w-]+),.*?\((\d{4})\)", sources()[name].citation)
            if found:
                citing.setdefault(found.groups(), set()).update(fact.used_to_set)
    for parameter in PARAMETERS:
        for author, year in re.findall(r"([A-Z][\w-]+)(?: and [A-Z]\w+| et al\.)? (\d{4})", parameter.source):
            if (author, year) in citing:
                assert parameter.name in citing[author, year], parameter.name


def test_a_fact_cannot_be_held_out_and_used(tmp_path):
    path = tmp_path / "facts.toml"
    path.write_text(
        '[one]\nsays = "x"\nlow = 1\nrange = "direction"\nunit = "%"\nsources = ["axtell_2001"]\nheld_out = true\n'
        'used_to_set = ["overhead"]\nmeasured_as = "x"\n'
    )
    with pytest.raises(Refused, match="one.used_to_set: what is held out cannot have been used"):
        read_facts(path)


def test_rows_stand_in_the_order_of_the_facts_and_judge_the_mean(rows):
    assert [row.name for row in rows] == [fact.name for fact in facts()] + [figure.name for figure in study.FIGURES]
    for row, fact in zip(rows, facts(), strict=False):
        assert (row.simulated is None) == (row.hit is None) == (row.reason is not None), row.name
        if row.simulated is not None:
            assert row.hit == fact.hit(row.simulated), row.name
            assert row.seeds < 2 or row.low <= row.simulated <= row.high, row.name
    assert all(row.hit is None and row.target_low is None and row.target_high is None for row in rows[len(facts()) :])


def test_threads_change_nothing(rows):
    assert study.measure_facts(2, 2, progress=False) == rows


def test_facts_that_are_rules_of_the_model_come_out_as_they_went_in(register):
    # Staff and length of a project follow the parameters up to the size and flexibility of the firms that choose it.
    assert measurements.imitation_to_innovation(register, "time") == pytest.approx(0.7, abs=0.05)
    assert 0 < measurements.novel_success(register) < 100


def test_a_pooled_figure_has_the_mean_of_its_jackknife():
    # For a mean the jackknife's pseudo-values are the observations themselves.
    mean = study.Measurement("recipes", "mean", lambda *values: sum(values) / len(values), True)
    values, centre = study.simulated(mean, [1.0, 2.0, 6.0])
    assert values == pytest.approx([1, 2, 6]) and centre == pytest.approx(3)


def test_what_a_run_cannot_show_is_left_out_of_the_mean():
    found = study.Measurement("recipes", "as it is", lambda value: value)
    values, centre = study.simulated(found, [1.0, math.nan, 3.0])
    assert values == [1, 3] and centre == 2
    assert math.isnan(study.simulated(found, [math.nan])[1])


# The command


def answer(capsys, *words):
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def measured(monkeypatch, rows):
    """Let the command show what was measured before, and note what it asked for."""
    asked = []
    monkeypatch.setattr(study, "measure_facts", lambda *words, **options: asked.append((words, options)) or rows)
    return asked


def test_facts_prints_one_json_document(capsys, measured):
    code, out, err = answer(capsys, "facts", "--seeds", "2", "--threads", "1", "--json")
    document = json.loads(out)
    assert code == 0 and err == "" and measured[0][0] == (2, 1)
    for row in document:
        assert {"name", "target_low", "target_high", "simulated", "hit", "held_out", "source", "used_to_set", "reason"} <= set(row)
    by_name = {row["name"]: row for row in document}
    assert by_name["learning_curve"]["used_to_set"] == ["wright_exponent"] and by_name["learning_curve"]["case"] == "recipes"
    assert by_name["relative_income_taiwan_2010"]["held_out"] and by_name["relative_income_taiwan_2010"]["case"] == "hsinchu"
    assert by_name["relative_income_korea_2010"]["simulated"] is None and by_name["relative_income_korea_2010"]["reason"]


def test_the_table_says_what_was_run_and_what_was_used(capsys, measured):
    code, out, _ = answer(capsys, "facts", "--seeds", "2")
    assert code == 0 and max(map(len, out.splitlines())) <= 80
    for words in (
        "recipes without any policy", "Used to set a number", "Held out", "Not measured", "wright_exponent", "median size"
    ):
        assert words in out


def test_all_faults_of_the_command_are_said_at_once(capsys):
    code, out, err = answer(capsys, "facts", "--seeds", "none", "--threads", "0")
    assert code == 2 and out == "" and "--seeds" in err and "--threads" in err


def test_no_seeds_are_refused():
    with pytest.raises(Refused, match="seeds"):
        study.measure_facts(0)
