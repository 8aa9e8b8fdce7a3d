"""Partners tried against later ties, and the command on the real tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partner_tables import COUNTRIES, activities, network, organisation, symmetric, ties, world  # noqa: F401

from redqueen.cli import main
from redqueen.errors import Refused
from redqueen.evidence.distance import distances
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.formats import read_tables
from redqueen.studies.partners import evaluate
from redqueen.studies.partners.evaluating import COUNT, DISTANCE, NEAREST, REACH, SCORE, _of_region
from redqueen.studies.partners.reaching import (
    NEAR,
)

FILES = Path(__file__).parent / "files"


def joined(*tables):
    """Put the years of one table together."""
    return Evidence("made", tables[0].kind, pd.concat([table.rows for table in tables], ignore_index=True), tables[0].units)


# The test against later ties.


def later_ties(generator, formed_by):
    """Give ties of three years in which pairs grow close where `formed_by` is high among those apart."""
    start = symmetric(generator, len(COUNTRIES))
    years = [start]
    for _ in range(2):
        last = network(years[-1], regions=COUNTRIES)
        apart = np.triu(last.affinity < 1, 1)
        rank = np.where(apart, formed_by(last), -np.inf)
        rank = np.maximum(rank, rank.T)
        chosen = rank >= np.sort(rank[np.triu(apart, 1)])[-20]
        years.append(np.where(chosen & ~np.eye(len(COUNTRIES), dtype=bool), 5 * last.weights + 5, last.weights))
    return joined(*(ties(one, COUNTRIES, year) for one, year in zip(years, (1990, 1995, 2000), strict=True)))


def results(tested):
    return {one.ranking: one for one in tested.results}


def test_ties_that_form_between_neighbours_are_found_by_distance_and_by_reach(world):
    away = distances(COUNTRIES)
    tested = evaluate([later_ties(np.random.default_rng(3), lambda last: -away)], draws=200)
    found = results(tested)
    assert found[DISTANCE].auc > 0.8 and found[REACH].auc > 0.8
    assert tested.weights.basis.startswith("estimated") and tested.start == 1995 and tested.end == 2000
    assert next(one for one in tested.weights.weights if one.name == NEAR).low > 0


def test_ties_that_form_at_random_are_found_no_more_often_than_by_chance():
    generator = np.random.default_rng(9)
    noise = generator.random((len(COUNTRIES),) * 2)
    found = [
        results(evaluate([later_ties(np.random.default_rng(seed), lambda last: noise)], draws=400))[DISTANCE] for seed in range(3)
    ]
    # Three 95 % intervals around one half: all three miss it once in eight thousand times.
    assert any(one.auc_low <= 0.5 <= one.auc_high for one in found)


def test_what_happens_after_the_year_changes_no_ranking(world):
    generator = np.random.default_rng(4)
    known = later_ties(generator, lambda last: -distances(COUNTRIES))
    early = activities(generator.lognormal(2, 1, (20, 6)), COUNTRIES, [f"field {a}" for a in range(6)], 1995)
    later = activities(generator.lognormal(2, 1, (20, 6)), COUNTRIES, [f"field {a}" for a in range(6)], 2000)
    stay = ties(generator.uniform(0, 90, (20, 20)), COUNTRIES, 2000, "stay rate")
    alone, with_later = evaluate([known, early], draws=50), evaluate([known, joined(early, later), stay], draws=50)
    assert alone.results == with_later.results and alone.weights.weights == with_later.weights.weights


def test_hidden_ties_teach_no_weight():
    known = later_ties(np.random.default_rng(4), lambda last: -distances(COUNTRIES))
    other = known.rows.copy()
    after = other["year"] == 2000
    other.loc[after, "value"] = other.loc[after, "value"].to_numpy() ** 1.2
    changed = Evidence("made", "ties", other, known.units)
    assert evaluate([known], draws=50).weights.weights == evaluate([changed], draws=50).weights.weights


def test_ties_of_one_year_are_hidden_from_their_own_ranking(world):
    tested = evaluate(world, draws=50)
    assert tested.start == tested.end == 2000 and NEAREST not in results(tested)
    assert SCORE in results(tested)
    with pytest.raises(Refused, match="2000 alone"):
        evaluate(world, after=1999)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=4, max_size=30).filter(
        lambda drawn: 0 < sum(hit for _, hit in drawn) < len(drawn)
    )
)
def test_hits_and_auc_are_those_of_an_independent_package(drawn):
    metrics = pytest.importorskip("sklearn.metrics")
    values, hit = np.array([float(value) for value, _ in drawn]), np.array([hit for _, hit in drawn])
    hits, auc = _of_region(values, np.ones(len(drawn), dtype=bool), hit)
    assert auc == pytest.approx(metrics.roc_auc_score(hit, values))
    # Whichever way equals are put, hits lie between the best and the worst order, and are all of them in a short list.
    best, worst = (hit[np.lexsort((sign * hit, -values))][:COUNT].sum() for sign in (-1, 1))
    assert worst - 1e-9 <= hits <= best + 1e-9


def test_ties_without_a_year_on_both_sides_are_refused(world):
    known = later_ties(np.random.default_rng(4), lambda last: -distances(COUNTRIES))
    with pytest.raises(Refused, match="both sides"):
        evaluate([known], after=1980)
    with pytest.raises(Refused, match="both sides"):
        evaluate([known], after=2000)
    with pytest.raises(Refused, match="no table of ties"):
        evaluate([world[0]])


# The command, on the real tables.


@pytest.fixture(scope="module")
def real(data_directory):
    """Give the paths of patents, co-authored articles and stay rates."""
    names = (
        "uspto_utility_country_wipo35_year.csv.gz",
        "coauthored_articles_pairs.csv.gz",
        "raw_1639_stay_rates_5yr_2003_2017.csv",
    )
    return [str(data_directory / "ncses" / name) for name in names]


def test_scripts_get_a_list_of_partners_with_reasons_and_paths(real, capsys):
    arguments = [
        "partners",
        *real,
        "--region",
        "Chinese Taipei",
        "--for",
        "semicond",
        "--register",
        str(FILES / "organisations_register.csv"),
    ]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"partner", "kind", "score", "brings", "gains", "through"} <= set(found[0])
    assert {one["kind"] for one in found} == {"region", "organisation"}
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    japan = next(one for one in found if one["partner"] == "JPN")
    assert japan["brings"] and japan["gains"] and japan["through"][-1]["to"] == "JPN"


def test_a_page_names_partners_with_reasons(real, capsys):
    assert main(["partners", *real, "--region", "ISR", "--for", "semiconductors", "--top", "5"]) == 0
    page = capsys.readouterr().out
    assert "Japan" in page and "South Korea" in page and "gains from Israel" in page
    # Israel knew few in East Asia in 1996, and the United States knew both.
    assert "-> United States -" in page
    assert all(len(line) <= 80 for line in page.splitlines())


def test_faults_of_the_command_come_together(real, capsys):
    assert main(["partners", *real, "--year", "soon", "--after", "2000"]) == 2
    said = capsys.readouterr().err
    assert all(option in said for option in ("--region", "--for", "--year", "--after"))
    assert main(["partners", *real, "--region", "TWN", "--evaluate"]) == 2
    assert main(["partners", *real, "--region", "TWN", "--for", "semiconducters"]) == 2
    assert "semiconductors" in capsys.readouterr().err


def test_reach_finds_more_supplier_ties_that_formed_than_gravity_does(data_directory):
    tables = read_tables(data_directory / "wiod" / f"full_{year}.parquet" for year in (1995, 2000, 2005))
    tested = evaluate(tables)
    assert (tested.start, tested.end, tested.formed) == (2000, 2005, 44)
    found = results(tested)
    # docs/partners.md says so; complementarity is not what makes ties form.
    assert found[REACH].over_gravity_low > 0 and found[REACH].over_distance_low > 0
    assert found[SCORE].hits < found[REACH].hits
