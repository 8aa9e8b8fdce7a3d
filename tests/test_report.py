"""The report: tables fit and say in words what an interval shows, figures are repeatable, reference pages are up to date."""

import csv
import io
import json
import math
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from toy_trial import TakingTurns, use_model, write_case

from redqueen.cases.case import bundled, case
from redqueen.errors import Refused
from redqueen.lab.compare import compare_all
from redqueen.lab.directories import write_pages
from redqueen.lab.outcomes import BY_NAME, OUTCOMES
from redqueen.lab.trial import Trial
from redqueen.model.instruments import NAMES
from redqueen.model.parameters import PARAMETERS
from redqueen.report.files import (
    EFFECT_COLUMNS,
    can_draw,
    effects_document,
    write_comparison,
    write_run,
)
from redqueen.report.reference import pages
from redqueen.report.terminal import WIDTH, screen, show_case, show_effects, show_run, table
from redqueen.report.usage import uses
from redqueen.report.words import effect_words, number, unit_words

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return Trial(str(write_case(tmp_path_factory.mktemp("case"))), seeds=6, command="redqueen compare toy.toml --seeds 6")


def run_with_the_stand_in(trial):
    with pytest.MonkeyPatch.context() as patch:
        use_model(patch)
        return trial.run(progress=False)


@pytest.fixture(scope="module")
def effects(trial):
    """Every effect, computed once: nobody may change them."""
    return compare_all(run_with_the_stand_in(trial), outcomes=[outcome.name for outcome in OUTCOMES])


@pytest.fixture(scope="module")
def with_placebos(tmp_path_factory):
    return compare_all(run_with_the_stand_in(Trial(str(write_case(tmp_path_factory.mktemp("case"))), seeds=6, placebo=True)))


def printed(show, *what, **options):
    """Return what a table prints where it is piped."""
    file = io.StringIO()
    show(screen(file), *what, **options)
    return file.getvalue()


# Words


def test_numbers_keep_three_digits():
    assert [number(value) for value in (12345.6, 1.234, 0.0012345, -56.78, 0, None, float("nan"), 2.5e10)] == [
        "12,346",
        "1.23",
        "0.00123",
        "-56.8",
        "0",
        "-",
        "-",
        "25.0 billion",
    ]


def test_effects_keep_the_places_that_their_interval_leaves_meaning_to():
    assert effect_words(12.345, 2.1, 22.6) == ("+12", "+2 to +23")
    assert effect_words(0.01234, -0.01, 0.034) == ("+0.012", "-0.010 to +0.034")
    assert effect_words(0.0, 0.0, 0.0) == ("0", "0 to 0")
    assert effect_words(-19.2, -34.1, -0.32) == ("-19.2", "-34.1 to -0.3")
    assert effect_words(-19.2, -34.1, 0.32) == ("-19", "-34 to 0")
    assert effect_words(-19.2, -34.1, 0.0) == ("-19", "-34 to 0")
    assert effect_words(None, None, None) == ("-", "-")
    assert effect_words(5.0, None, None) == ("+5.0", "-")


def test_a_number_that_is_shown_as_zero_has_no_sign():
    assert effect_words(-0.001, -1.0, 1.0) == ("0.0", "-1.0 to +1.0")


def test_units_are_words():
    assert unit_words("money/quarter") == "money a quarter"
    assert unit_words("percentage points") == "points"


# Terminal


def test_what_is_piped_is_plain_ascii_of_80_columns(trial, effects):
    texts = (
        printed(show_effects, effects, region="south"),
        printed(show_effects, effects, region="south", outcomes=["jobs"]),
        printed(show_effects, effects, region="south", outcomes=["jobs", "stage_profit"]),
        printed(show_case, trial.case),
        printed(show_run, effects[0].result),
    )
    for text in texts:
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= WIDTH
        assert all(line == line.rstrip() for line in text.splitlines())


def test_a_table_loses_no_word_however_narrow_it_is():
    words = "the longest of all words is incomprehensibilities and it stays"
    text = printed(table, ("name", "meaning", "value"), [("a" * 50, words, "1.00"), ("b", words, "2.00")], right=("value",))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "".join(text.split()).count("a") >= 50
    for word in words.split():
        assert word in text


def test_effects_are_shown_with_interval_and_verdict(effects):
    text = printed(show_effects, effects, region="south")
    assert re.search(r"^officers against none, south, mean of 1990 to 1994.75, 6 seeds$", text, re.M)
    assert re.search(r"^jobs +\+10\.5 % +\+10\.5 to \+10\.5 +raises$", text, re.M)
    assert re.search(r"^jobs +0 % +0 to 0 +no difference in any seed$", text, re.M)


def test_one_outcome_is_shown_policy_by_policy(effects):
    text = printed(show_effects, effects, region="south", outcomes=["jobs"])
    assert text.startswith("jobs against none, south, mean of 1990 to 1994.75, 6 seeds, in %\n")
    assert re.search(r"^officers +\+10\.5 ", text, re.M) and re.search(r"^gifts +0 ", text, re.M)


def test_why_an_effect_is_not_defined_is_shown(effects):
    result = effects[0].result.copy(deep=True)
    result["value_added"].loc[{"policy": "officers", "seed": 3, "region": "south"}] = -1.0
    text = printed(show_effects, compare_all(result), region="south")
    assert "value added under officers: zero or below under officers in 1 of 6 seeds" in " ".join(text.split())


def test_below_an_effect_stands_what_is_beyond_the_money(with_placebos):
    text = printed(show_effects, with_placebos, region="south")
    assert text.isascii() and max(map(len, text.splitlines())) <= WIDTH
    # The stand-in adds exp(0.01) where households get money, of the exp(0.1) that officers add.
    assert re.search(r"^jobs +\+10\.5 % .*raises\n  beyond the money +\+9\.42 % +\+9\.42 to \+9\.42 +raises$", text, re.M)
    assert re.search(r"^officers .*\n  the money alone +\+1\.0\d? % \*.*\n  beyond the money +\+9\.4\d? % \*", text, re.M)
    assert "officers_placebo" not in text and "Alone it changes value added," in text
    one = printed(show_effects, with_placebos, region="south", outcomes=["jobs"])
    lines = [line.rpartition("  +")[0].rstrip() or line for line in one.splitlines() if "officers" in line or "money" in line]
    assert [line.split("  +")[0].rstrip() for line in lines][:3] == ["officers", "  the money alone", "  beyond the money"]


def test_what_policies_cost_is_shown_where_they_were_topped_up(tmp_path, monkeypatch):
    use_model(monkeypatch)
    result = Trial(str(write_case(tmp_path)), seeds=4, equal_cost=True).run(progress=False)
    text = printed(show_effects, compare_all(result), region="south")
    # Twenty officers cost the seed each: 20, 40, 60 and 80, mean 50.
    assert re.search(r"^officers +50\.0 +50\.0$", text, re.M) and re.search(r"^gifts +50\.0 +50\.0$", text, re.M)
    assert re.search(r"^none +0 +0$", text, re.M)
    document = effects_document(compare_all(result))
    assert document["equal_cost"] and {"policy": "gifts", "region": "world", "cost": 50.0} in document["costs"]


def test_what_governments_decided_is_shown_and_written(tmp_path, monkeypatch):
    use_model(monkeypatch)
    result = Trial(str(write_case(tmp_path)), {"turns": TakingTurns()}, seeds=1).run(progress=False)
    text = printed(show_run, result)
    assert re.search(r"^1990\.5 +south +south_council +more officers +its turn$", text, re.M)
    monkeypatch.setattr("redqueen.report.files.can_draw", lambda: False)
    write_run(tmp_path, result)
    with (tmp_path / "decisions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {"policy": "turns", "seed": "1", "quarter": "2", "time": "1990.5", "region": "south", "government": "south_council",
         "chosen": "more officers", "why": "its turn"}
    ]
    assert "decisions.csv" in (tmp_path / "README.txt").read_text()


def test_nothing_is_said_of_decisions_where_nobody_decides(effects, tmp_path, monkeypatch):
    monkeypatch.setattr("redqueen.report.files.can_draw", lambda: False)
    assert "decided" not in printed(show_run, effects[0].result)
    write_comparison(tmp_path, effects)
    assert not (tmp_path / "decisions.csv").exists() and "decisions" not in (tmp_path / "README.txt").read_text()


# Figures


def test_the_same_result_draws_the_same_bytes(effects, tmp_path):
    pytest.importorskip("matplotlib")
    from redqueen.report.figures import effects as draw_effects
    from redqueen.report.figures import fan, paths, save

    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        save(fan(effects[0].result, "value_added"), tmp_path / folder, "fan")
        save(draw_effects(effects, outcomes=["jobs", "value_added", "research_share"]), tmp_path / folder, "effects")
        save(paths(effects[0].result, "jobs"), tmp_path / folder, "paths")
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == ["effects.png", "effects.svg", "fan.png", "fan.svg", "paths.png", "paths.svg"]
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_a_figure_says_its_unit_its_seeds_and_how_it_was_made(effects, tmp_path):
    pytest.importorskip("matplotlib")
    from redqueen.report.figures import fan, save

    save(fan(effects[0].result, "value_added"), tmp_path, "fan")
    words = " ".join(" ".join(ElementTree.parse(tmp_path / "fan.svg").getroot().itertext()).split())
    for part in (
        "Value added, south",
        "money a quarter",
        "Extension officers",
        "Money to households",
        "Nothing is done",
        "seeds 1-6",
        "redqueen compare toy.toml --seeds 6",
        "Simulated",
    ):
        assert part in words, part
    # Nothing from outside may be loaded by a picture.
    assert "<image" not in (tmp_path / "fan.svg").read_text()


def test_drawing_leaves_the_readers_settings_alone(effects, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    from redqueen.report.figures import fan, save

    before = dict(matplotlib.rcParams)
    save(fan(effects[0].result, "jobs"), tmp_path, "fan")
    assert dict(matplotlib.rcParams) == before


def test_an_effect_draws_itself(effects):
    pytest.importorskip("matplotlib")
    figure = effects[0].plot("quality_sold")
    assert [axis.get_title("left") for axis in figure.axes] == ["Extension officers"]


def test_an_unknown_outcome_is_not_drawn_but_refused(effects):
    pytest.importorskip("matplotlib")
    with pytest.raises(Refused, match="did you mean 'jobs'"):
        effects[0].plot("job")
    with pytest.raises(Refused, match="known by stage"):
        effects[0].plot("stage_jobs")


def test_figures_of_placebos_have_their_policies_rows_and_panels(with_placebos, tmp_path):
    pytest.importorskip("matplotlib")
    from redqueen.report.figures import effects as draw_effects
    from redqueen.report.figures import fan

    panels = [axis for axis in fan(with_placebos[0].result, "jobs").axes if axis.get_visible()]
    assert [axis.get_title("left") for axis in panels] == ["Extension officers", "Money to households"]
    # Two medians and the placebo's, dotted.
    assert [line.get_linestyle() for line in panels[0].lines].count(":") == 1 and len(panels[0].lines) == 3
    axis = draw_effects(with_placebos, outcomes=["jobs"]).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["Extension officers", "Money to households"]
    assert [line.get_marker() for line in axis.lines if line.get_marker() != "None"] == ["o", "o", "s", "s"]


def test_a_long_title_of_a_policy_is_folded(effects):
    pytest.importorskip("matplotlib")
    from redqueen.report.figures import fan

    result = effects[0].result.assign_attrs(titles=json.dumps({"officers": "Extension officers for every firm of the whole south"}))
    titles = [axis.get_title("left") for axis in fan(result, "jobs").axes if axis.get_visible()]
    assert titles == ["Extension officers for every firm of the\nwhole south", "gifts"]


# Files


def test_a_comparison_is_written_in_full(effects, tmp_path):
    assert write_comparison(tmp_path, effects, outcomes=["jobs", "value_added"]) == can_draw()
    figures = {f"{name}.{kind}" for name in ("effects", "fan_jobs", "fan_value_added") for kind in ("png", "svg")}
    assert figures == {path.name for path in tmp_path.glob("*.[ps][nv]g")} or not can_draw()
    with (tmp_path / "effects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == EFFECT_COLUMNS
    document = json.loads((tmp_path / "effects.json").read_text())
    assert len(document["effects"]) == len(rows) == sum(len(effect.rows) for effect in effects)
    assert {"case", "seeds", "quarters", "reference", "effects", "command"} <= set(document)
    jobs = next(row for row in rows if (row["policy"], row["region"], row["outcome"]) == ("officers", "south", "jobs"))
    assert float(jobs["effect"]) == pytest.approx(effects[0].row("jobs", "south").effect, rel=1e-15)
    assert "redqueen compare toy.toml --seeds 6" in (tmp_path / "README.txt").read_text()


def test_a_run_is_written_in_full(effects, tmp_path):
    pytest.importorskip("matplotlib")
    write_run(tmp_path, effects[0].result)
    with (tmp_path / "regions.csv").open() as file:
        header = next(csv.reader(file))
    assert header == ["time", "region", "outcome", "value", "unit"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {row["outcome"] for row in summary["outcomes"]} == {name for name, outcome in BY_NAME.items() if not outcome.by_stage}
    assert {"stages.csv", "flows.csv", "sales.csv", "talent.csv", "README.txt", "path_jobs.svg"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_a_comparison_with_placebos_lists_what_is_beyond_them(with_placebos, tmp_path, monkeypatch):
    monkeypatch.setattr("redqueen.report.files.can_draw", lambda: False)
    write_comparison(tmp_path, with_placebos)
    with (tmp_path / "effects.csv").open() as file:
        rows = {(row["policy"], row["region"], row["outcome"]): row for row in csv.DictReader(file)}
    document = json.loads((tmp_path / "effects.json").read_text())
    assert document["placebos"] == {"officers": "officers_placebo", "gifts": "gifts_placebo"}
    officers = rows["officers", "south", "jobs"]
    assert float(officers["beyond"]) == pytest.approx(100 * (math.exp(0.09) - 1)) and officers["beyond_verdict"] == "raises"
    assert rows["officers_placebo", "south", "jobs"]["beyond"] == ""
    costs = {(row["policy"], row["region"]): row["cost"] for row in document["costs"]}
    assert costs["officers", "south"] == costs["officers_placebo", "south"] == 70.0
    assert "Effects of officers, gifts and their placebos against none" in (tmp_path / "README.txt").read_text()


# Reference pages


@pytest.fixture(scope="module")
def written():
    """Every page, made once."""
    return pages()


def test_the_reference_pages_are_up_to_date(written):
    for name, text in written.items():
        page = REFERENCE / name
        assert page.exists() and page.read_text(encoding="utf-8") == text, f"{name}: run redqueen reference"


def test_no_reference_page_outlives_what_it_describes(written):
    assert {page.relative_to(REFERENCE).as_posix() for page in REFERENCE.rglob("*.md")} == set(written)


def test_links_of_the_reference_lead_to_a_page_of_it(written):
    for name, text in written.items():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert Path(os.path.normpath(Path(name).parent / link)).as_posix() in written, f"{name}: {link}"


@pytest.mark.parametrize("instrument", NAMES)
def test_every_instrument_has_a_page_in_the_index_with_a_rule_that_reads_it(written, instrument):
    assert f"[`{instrument}`](instruments/{instrument}.md)" in written["instruments.md"]
    read = "None: it acts on the other instruments" not in written[f"instruments/{instrument}.md"]
    # Suspending programmes is no rule of a quarter.
    assert read == (instrument != "policy_churn")


def test_the_page_of_an_instrument_says_which_rules_and_parameters_and_policies_are_about_it(written):
    text = written["instruments/export_promotion.md"]
    assert "| `ties.meet_at_fairs` |" in text and "[`fair_cost`](../parameters.md), [`local_tie`](../parameters.md) |" in text
    assert "No policy of the catalogue" in written["instruments/spending_floor.md"]
    text = written["instruments/capacity_building.md"]
    rows = [line for line in text.splitlines() if line.startswith("| the catalogue |") and "`capacity_and_links`" in line]
    assert [row.partition("| target |")[2] for row in rows] == [" the whole run | 15 for each 1,000 workers; all stages |"]
    assert "`local_experiments`" in text.partition("Governments may choose it during a run in `red-queen`:")[2]


def test_every_change_of_a_bundled_case_is_on_the_page_of_its_instrument():
    used = uses()
    for name in bundled():
        for policy in case(name).policies.values():
            for change in policy.changes:
                alike = [one for one in used[change.instrument] if one.case == name and policy.name in one.policies]
                assert (change.intensity, change.where) in [(one.change.intensity, one.change.where) for one in alike]


def test_the_claims_have_a_page_if_they_are_registered(tmp_path, monkeypatch):
    register = tmp_path / "claims.toml"
    monkeypatch.setattr("redqueen.report.reference.bundled_register", lambda: register)
    assert "claims.md" not in pages()
    register.write_text("")
    monkeypatch.setattr("redqueen.report.reference.read_register", lambda: "registered")
    monkeypatch.setattr("redqueen.report.reference.declared_rows", lambda read: [(read, *"abcdefg")])
    text = pages()["claims.md"]
    assert "| registered | a | b | c | d | e | f | g |" in text and "*holds*" in text


def test_every_parameter_has_its_line(written):
    text = written["parameters.md"]
    for parameter in PARAMETERS:
        assert f"| `{parameter.name}` | {parameter.value:g} | {parameter.unit} |" in text


def test_pages_of_others_are_not_written_over(tmp_path, written):
    from redqueen.errors import Faults

    (tmp_path / "state.md").write_text("# My own page\n")
    faults = Faults()
    assert write_pages(tmp_path, written, faults) == []
    assert len(faults) == 1 and [path.name for path in tmp_path.iterdir()] == ["state.md"]


def test_pages_are_written_below_folders_or_not_at_all(tmp_path):
    from redqueen.errors import Faults

    page = "# A\n<!-- Generated -->\n\n"
    faults = Faults()
    assert len(write_pages(tmp_path, {"a.md": page, "below/b.md": page}, faults)) == 2 and not faults
    assert (tmp_path / "below" / "b.md").read_text() == page
    (tmp_path / "other").write_text("in the way")
    assert write_pages(tmp_path, {"c.md": page, "other/d.md": page}, faults) == []
    assert len(faults) == 1 and not (tmp_path / "c.md").exists()
