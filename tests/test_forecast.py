"""Claims about forecasts of what regions gain and lose: no look into the future, honest scores, sizes of probabilities."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.evidence import Evidence
from redqueen.indicators.specialisation import location_quotient
from redqueen.report.forecast import show_forecast
from redqueen.report.terminal import screen
from redqueen.studies.forecast import Forecast, evaluate, models, scores
from redqueen.studies.forecast.evaluation import CHOSEN, GROUPS
from redqueen.studies.forecast.models import AVERAGE, MODELS, average, learn, recalibrate
from redqueen.studies.forecast.rehearsal import Windows, choose, final, rehearse
from redqueen.studies.forecast.windows import FEATURES, KINDS, cells, event, of_kind, panel, past, starts

FIRST, LAST = 2000, 2015
# Year up to which the forecast is learnt that several tests share.
KNOWN = 2011
#: Where it stands how many trees a forest and boosting grow, and how many these are.
TREES = ((models._FOREST, "n_estimators"), (models._BOOSTING, "max_iter"))
WHOLE = [options[name] for options, name in TREES]


def world(seed: int, *, regions: int = 24, activities: int = 14, step: float = 0.25, spread: float = 0.9, size: float = 12.0):
    """Give tables of counts by year: strengths wander with a normal `step` a year and return slowly to 0; counts are by chance."""
    draws = np.random.default_rng(seed)
    strength = draws.normal(0, spread, (regions, activities))
    total = size * activities * np.exp(draws.normal(0, 0.6, (regions, 1)))
    tables = {}
    for year in range(FIRST, LAST + 1):
        weight = np.exp(strength)
        counts = draws.poisson(total * weight / weight.sum(axis=1, keepdims=True))
        tables[year] = pd.DataFrame(
            counts.astype(float), index=[f"r{n:02d}" for n in range(regions)], columns=[f"a{n:02d}" for n in range(activities)]
        )
        strength = strength * (1 - step**2 / (2 * spread**2)) + draws.normal(0, step, strength.shape)
    return tables


@pytest.fixture(scope="module")
def tables():
    """Give a world that changes, with one region too small to forecast."""
    return {year: table.mul(np.where(table.index == "r09", 0.01, 1.0), axis=0) for year, table in world(1).items()}


@pytest.fixture(scope="module")
def trained(tables):
    """Give a forecast learnt from it up to a year."""
    return Forecast.train(tables, "patents", before=KNOWN, least=20)


@pytest.fixture(scope="module", autouse=True)
def small_models():
    """Grow few trees where the claim is not how well they forecast."""
    with pytest.MonkeyPatch.context() as patch:
        for options, name in TREES:
            patch.setitem(options, name, 15)
        yield


@pytest.fixture
def whole_models(monkeypatch):
    for (options, name), size in zip(TREES, WHOLE, strict=True):
        monkeypatch.setitem(options, name, size)


@pytest.fixture
def few_draws(monkeypatch):
    """Draw regions of the last window less often, where nobody looks at the intervals by region."""
    monkeypatch.setattr("redqueen.studies.forecast.evaluation._DRAWS", 20)


# Few distinct scores, so that many are equal.
outcomes = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=60
).filter(lambda rows: len({one for one, _ in rows}) == 2)


@settings(deadline=None)
@given(outcomes)
def test_scores_are_those_of_scikit_learn_ties_included(rows):
    event_of, score = np.array([one for one, _ in rows]), np.array([value / 5 for _, value in rows])
    assert scores.roc_auc(event_of, score) == pytest.approx(roc_auc_score(event_of, score), abs=1e-12)
    assert scores.average_precision(event_of, score) == pytest.approx(average_precision_score(event_of, score), abs=1e-12)
    assert scores.brier_score(event_of, score) == pytest.approx(brier_score_loss(event_of, score), abs=1e-12)


@settings(deadline=None)
@given(outcomes, st.integers(1, 30), st.integers(0, 2**16))
def test_precision_of_equal_scores_is_its_mean_over_their_orders(rows, first, seed):
    event_of, score = np.array([one for one, _ in rows]), np.array([value for _, value in rows])
    found = scores.precision_at(event_of, score, first)
    draws, taken = np.random.default_rng(seed), min(first, len(rows))
    orders = [np.lexsort((draws.random(len(rows)), -score))[:taken] for _ in range(400)]
    # A mean of 400 shares that vary by at most 1/2 has a standard error of at most 1/40; five of them.
    assert found == pytest.approx(np.mean([event_of[order].mean() for order in orders]), abs=0.125)
    assert found * taken <= event_of.sum() + 1e-9


def test_true_probabilities_are_calibrated_and_doubled_odds_are_not():
    draws = np.random.default_rng(3)
    true = draws.uniform(0.02, 0.98, 20_000)
    happened = draws.random(true.size) < true
    # A tenth of the cells has a standard error of at most 0.011; their mean distance is less.
    assert scores.calibration(happened, true).error < 0.015
    odds = (true / (1 - true)) ** 2
    assert scores.calibration(happened, odds / (1 + odds)).error > 0.05
    assert scores.calibration(happened, true).cells.sum() == true.size


def test_trees_that_are_too_sure_are_brought_down_to_what_came_true():
    draws = np.random.default_rng(4)
    true = draws.uniform(0.05, 0.95, 20_000)
    happened = draws.random(true.size) < true
    odds = (true / (1 - true)) ** 2
    sure = odds / (1 + odds)
    found = recalibrate({"forest": sure, "logit": sure}, happened, {"forest": sure, "logit": sure})
    # 20,000 cells leave a slope's standard error near 0.01, and odds of 19 move a probability by at most 0.01 with it.
    assert np.abs(found["forest"] - true).max() < 0.03
    assert (found["logit"] == sure).all()


def test_without_past_forecasts_nothing_is_recalibrated():
    found = {"forest": np.array([0.1, 0.7]), "boosting": np.array([0.2, 0.9])}
    assert recalibrate({}, np.zeros(0), found) == found


def test_the_average_lies_between_its_models():
    found = {name: np.array([chance, 0.5]) for name, chance in (("logit", 0.1), ("forest", 0.3), ("boosting", 0.2))}
    assert 0.1 < average(found)[0] < 0.3
    assert average(found)[1] == pytest.approx(0.5)


def test_features_of_a_start_know_nothing_of_later_years(tables):
    now = 2008
    turned = {year: pd.DataFrame(table.to_numpy()[::-1, ::-1], table.index, table.columns) for year, table in tables.items()}
    later = {year: table if year <= now else turned[year] for year, table in tables.items()}
    before, after = (cells(panel(one, least=20), now, 5) for one in (tables, later))
    pd.testing.assert_frame_equal(before.drop(columns="after"), after.drop(columns="after"))
    assert not before["after"].equals(after["after"])


def test_a_rehearsed_forecast_knows_nothing_of_later_years(tables):
    now = 2009
    draws = np.random.default_rng(5)
    later = {year: table if year <= now else table * draws.uniform(0.2, 5.0, table.shape) for year, table in tables.items()}
    found = []
    for one in (tables, later):
        windows = Windows(panel(one, least=20), 5)
        rehearsals = rehearse(windows, [2005, now])
        mine = [rehearsal for rehearsal in rehearsals if rehearsal.start == now]
        # What became of cells may differ, and with it which of them are left: an activity may end.
        assert {start for one in mine for start in one.learnt_from} == set(range(2000, 2005))
        found.append([final(rehearsals, one.kind, now, 5, one.raw) for one in mine])
        found[-1].append([choose(rehearsals, one.kind, now, 5) for one in mine])
    for here, there in zip(found[0][:-1], found[1][:-1], strict=True):
        assert set(here) == set(MODELS)
        for name in here:
            assert np.array_equal(here[name], there[name]), name
    assert found[0][-1] == found[1][-1]


def test_before_is_the_same_as_a_table_that_ends_there(tables, trained):
    cut = Forecast.train({year: table for year, table in tables.items() if year <= KNOWN}, "patents", least=20)
    assert trained.chosen == cut.chosen and trained.learnt_from == cut.learnt_from == tuple(range(FIRST, KNOWN - 4))
    pd.testing.assert_frame_equal(trained.entry("r03"), cut.entry("r03"), check_exact=True)
    with pytest.raises(Refused, match="no patents of 2012 up to 2011"):
        trained.entry("r03", KNOWN + 1)


def test_the_order_of_rows_and_columns_changes_no_bit(tables, trained):
    by_row = {year: table.sample(frac=1, random_state=year) for year, table in reversed(tables.items())}
    shuffled = {year: table.sample(frac=1, axis=1, random_state=year) for year, table in by_row.items()}
    again = Forecast.train(shuffled, "patents", before=KNOWN, least=20)
    for region in ("r00", "r17"):
        pd.testing.assert_frame_equal(again.entry(region), trained.entry(region), check_exact=True)


def test_probabilities_do_not_depend_on_the_unit(tables):
    table, thousands = panel(tables, least=20), panel({year: 1000 * one for year, one in tables.items()}, least=20_000)
    here, there = cells(table, 2008, 5), cells(thousands, 2008, 5)
    # Rounding of logs of numbers up to a million.
    sizes = ["expected", "region_size", "activity_size"]
    ratios = [name for name in FEATURES if name not in sizes]
    np.testing.assert_allclose(here[ratios], there[ratios], atol=1e-9)
    np.testing.assert_allclose(here[sizes] + np.log(1000), there[sizes], atol=1e-9)
    for kind in KINDS:
        one, other = (learn([cells(each, start, 5) for start in range(2001, 2004)], kind)["logit"] for each in (table, thousands))
        # The optimiser of the noisy walk stops within 1e-4 of its numbers.
        np.testing.assert_allclose(one(of_kind(here, kind)), other(of_kind(there, kind)), atol=1e-3)


def test_counts_by_chance_have_noise_of_one(tables):
    noise = cells(panel(tables, least=20), 2010)["noise"].iloc[0]
    # Strengths wander too, and the median is of some 400 changes: its standard error is near 0.1.
    assert 0.7 < noise < 1.6


def test_the_noisy_walk_finds_the_chances_it_was_made_by():
    draws = np.random.default_rng(6)
    count = 30_000
    level, expected = draws.normal(0, 1, count), np.exp(draws.uniform(0, 6, count))
    spread = np.sqrt(0.4**2 + 2.0 / (expected + 1))
    after = np.exp(0.1 + level + spread * draws.normal(size=count))
    frame = pd.DataFrame(dict.fromkeys(FEATURES, 0.0), index=range(count)).assign(
        region=0, activity=0, start=2000, value=1.0, rca=np.exp(level), expected_value=expected, noise=1.0, after=after, now=level,
        level=level
    )
    mine = of_kind(frame, "gain")
    from scipy.stats import norm

    true = norm.cdf((0.1 + mine["level"]) / spread[mine.index])
    # Four numbers learnt from 15,000 cells: a standard error near 0.03 each, a tenth of that in a probability.
    assert np.abs(learn([frame], "gain")["noisy walk"](mine) - true).max() < 0.03


def test_windows_end_before_they_are_learnt_from(tables):
    table = panel(tables, averaged=3)
    assert starts(table, 5) == list(range(2002, 2011))
    assert past(table, 5, 2010) == list(range(2002, 2006))
    frame = cells(panel(tables, averaged=5, least=20), 2009, 5)
    mean = sum(tables[year] for year in range(2010, 2015)) / 5
    np.testing.assert_allclose(
        frame["after"].to_numpy().reshape(-1, 14)[0], location_quotient(mean.to_numpy())[frame["region"].iloc[0]]
    )


def test_what_a_region_may_gain_and_lose_is_told_apart_by_its_rca(tables, trained):
    rows = trained.entry("r05")
    rca = pd.Series(location_quotient(tables[KNOWN].to_numpy())[5], index=tables[KNOWN].columns)
    assert list(rows.columns) == ["activity", "rca", "density", "probability", "kind"]
    np.testing.assert_allclose(rows["rca"], rca[rows["activity"]])
    assert ((rows["rca"] < 1) == (rows["kind"] == "gain")).all()
    assert rows["probability"].between(0, 1).all()
    assert all(group["probability"].is_monotonic_decreasing for _, group in rows.groupby("kind"))
    assert sorted(rows["activity"]) == sorted(tables[KNOWN].columns)


def long_rows(tables):
    """Give tables by year as rows of region, activity, year and value."""
    stacked = {
        year: table.stack().rename("value").rename_axis(["region", "activity"]).reset_index() for year, table in tables.items()
    }
    return pd.concat([rows.assign(year=year) for year, rows in stacked.items()], ignore_index=True)


def test_evidence_gives_the_same_panel_as_its_tables(tables):
    rows = long_rows(tables)
    found = Evidence(format="long", kind="activities", rows=rows.assign(measure="patents"), units={"patents": "patents a year"})
    one, other = panel(found), panel(tables, "patents")
    assert (one.measure, one.regions, one.activities, one.years) == (other.measure, other.regions, other.activities, other.years)
    assert np.array_equal(one.values, other.values)
    several = Evidence(format="long", kind="activities", rows=rows.assign(measure="patents"), units={"patents": "", "jobs": ""})
    with pytest.raises(Refused, match="several measures: patents, jobs"):
        Forecast.train(several)
    with pytest.raises(Refused, match="no measure 'patent'.*did you mean 'patents'"):
        Forecast.train(several, "patent")


def test_a_short_table_is_refused_with_the_years_it_takes(tables):
    with pytest.raises(Refused, match="needs 3 past windows, and the table has 2 in 7 years up to 2006.*give 8 years in a row"):
        Forecast.train({year: tables[year] for year in range(2000, 2007)}, least=20)
    Forecast.train({year: tables[year] for year in range(2000, 2008)}, least=20)
    with pytest.raises(Refused, match="give 13 years in a row"):
        evaluate({year: tables[year] for year in range(2000, 2012)}, least=20)
    with pytest.raises(Refused, match="RCA of 6 years does not fit windows of 5"):
        Forecast.train(tables, averaged=6)


def test_a_still_table_is_refused_as_nothing_can_be_learnt_from_it(tables):
    with pytest.raises(Refused, match="gained 0 times") as refusal:
        Forecast.train(dict.fromkeys(tables, tables[FIRST]), least=20)
    assert "lost 0 times" in str(refusal.value)


def test_regions_that_are_unknown_or_small_are_refused(tables, trained):
    with pytest.raises(Refused, match="r09 has .* patents in 2011; a forecast needs more than 20"):
        trained.entry("r09")
    with pytest.raises(Refused, match="no region 'r99'"):
        trained.entry("r99")
    assert "r09" not in trained.regions and "r01" in trained.regions
    with pytest.raises(Refused, match="2003 is not finite, or below zero"):
        panel({**tables, 2003: -tables[2003]})


def test_where_nothing_can_be_known_no_model_shows_skill(whole_models, few_draws):
    # All strengths are the same at all times: who is above 1 is chance. Some 340 cells a window, 2 windows, half of them events.
    found = evaluate(world(7, step=0.0, spread=1e-9, regions=50), least=20, test=[2007, 2008], progress=False)
    for kind in KINDS:
        for model in (*MODELS, CHOSEN):
            # The standard error of AUC with some 170 on either side is 0.03 a window, and windows share years.
            assert abs(found.score(kind, model, "auc").value - 0.5) < 0.08, (kind, model)
            assert found.score(kind, model, "skill").value < 0.03, (kind, model)


def test_where_strengths_wander_models_rank_and_size_better_than_rca_alone(whole_models, few_draws):
    found = evaluate(world(8, regions=60), least=20, test=[2007], progress=False)
    assert {one.start for one in found.windows} == {2007}
    for kind in KINDS:
        best = found.score(kind, AVERAGE, "auc").value
        assert best > found.score(kind, "current RCA", "auc").value + 0.01
        assert best > found.score(kind, "density", "auc").value + 0.1
        # Groups of some 50 cells: a standard error of up to 0.07, a mean distance near 0.04 for perfect probabilities, twice that
        # at most.
        assert found.curves[kind][AVERAGE].error < 0.08
    window = found.windows[0]
    assert window.learnt_from == (2000, 2001, 2002) and window.chosen == AVERAGE and window.judged_on == 0


def test_us_patents_give_the_two_known_yardsticks(data_directory):
    """Density 0.66 and RCA 0.76 of pooled windows from 2005-09 to 2010-14.

    They are of countries above 100 patents, in fields in which they have some.
    """
    from redqueen.evidence.patents import ALL_TECHNOLOGIES, read_patents

    rows = read_patents(data_directory / "ncses" / "uspto_utility_country_wipo35_year.csv.gz")
    rows = rows[rows["technology"] != ALL_TECHNOLOGIES]
    table = panel(
        {int(year): one.pivot(index="region", columns="technology", values="patents") for year, one in rows.groupby("year")}
    )
    frames = [of_kind(cells(table, start, 5), "gain") for start in range(2005, 2010)]
    found = pd.concat([frame[frame["value"] > 0] for frame in frames])
    happened = event(found, "gain")
    assert (len(found), happened.sum()) == (2605, 389)
    assert round(scores.roc_auc(happened, found["density"].to_numpy()), 2) == 0.66
    assert round(scores.roc_auc(happened, found["rca"].to_numpy()), 2) == 0.76


@pytest.fixture(scope="module")
def file(tables, tmp_path_factory):
    """Give a plain long table of the world."""
    place = tmp_path_factory.mktemp("forecast") / "world.csv"
    long_rows(tables)[["region", "activity", "year", "value"]].to_csv(place, index=False)
    return place


def test_the_command_prints_the_chances_of_a_region(file, trained, capsys):
    assert main(["forecast", str(file), "--region", "r05", "--year", str(KNOWN), "--least", "20", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["horizon"] == 5 and document["year"] == KNOWN and document["models"] == trained.chosen
    rows = trained.entry("r05")
    assert [cell["activity"] for cell in document["cells"]] == list(rows["activity"])
    assert [cell["probability"] for cell in document["cells"]] == pytest.approx(list(rows["probability"]), abs=1e-12)


def test_the_list_of_a_region_names_activities_and_the_model(trained):
    text = io.StringIO()
    show_forecast(screen(text), trained, "Region 5", trained.entry("r05"), {"a03": "Semiconductors"})
    assert "Region 5: specialisations that may be gained or lost from 2011 to 2016" in text.getvalue()
    assert "Semiconductors" in text.getvalue() and trained.chosen["gain"] in text.getvalue()


def test_the_command_compares_models_and_draws(file, few_draws, tmp_path, capsys):
    figure, short = tmp_path / "calibration.png", tmp_path / "short.csv"
    rows = pd.read_csv(file)
    rows[rows["year"] <= 2012].to_csv(short, index=False)
    assert main(["forecast", str(short), "--evaluate", "--least", "20", "--json", "--figure", str(figure)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {one["model"] for one in document["scores"]} == {*MODELS, CHOSEN}
    assert set(document["curves"]) <= set(GROUPS) and figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give --region R or --evaluate"),
        (["--region", "r01", "--evaluate"], "give --region R or --evaluate"),
        (["--region", "r01", "--figure", "one.png"], "give --evaluate"),
        (["--evaluate", "--figure", "one.docx"], "name a .png or .svg file"),
        (["--region", "r01", "--horizon", "none"], "'none' is not a whole number"),
        (["--region", "s77"], "no table has the region 's77'"),
    ],
)
def test_bad_input_is_refused(file, words, said, capsys):
    assert main(["forecast", str(file), *words]) == 2
    assert said in capsys.readouterr().err
