"""Partners: distances, needs, the chance of a tie, paths, the ranking and its test against later ties."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partner_tables import COUNTRIES, activities, capabilities, network, organisation, symmetric, ties, world  # noqa: F401
from worlds import toy

from redqueen.errors import Refused
from redqueen.evidence.distance import EARTH, coordinates, distances, great_circle
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.formats import read_evidence
from redqueen.evidence.input_output import InputOutput
from redqueen.evidence.places import place
from redqueen.lab.tables import simulated_tables
from redqueen.lab.trial import Trial
from redqueen.studies.partners import partners
from redqueen.studies.partners.bridging import PASSED_ON, Network, organisation_reach
from redqueen.studies.partners.complementing import Capabilities, input_needs, related_needs, sector_panel
from redqueen.studies.partners.reaching import (
    COMMON,
    DIASPORA_WEIGHT,
    NEAR,
    OWN,
    Formation,
    common_partners,
    estimate,
    features_of,
    stated_weights,
)
from redqueen.studies.partners.ties import tie_series

# Distance.


def test_from_the_equator_to_a_pole_is_a_quarter_of_the_way_round():
    assert great_circle(0.0, 25.0, 90.0, -70.0) == pytest.approx(math.pi * EARTH / 2)


def test_points_opposite_each_other_are_half_the_way_round():
    assert great_circle(37.0, 10.0, -37.0, -170.0) == pytest.approx(math.pi * EARTH)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(coordinates())), min_size=3, max_size=3, unique=True))
def test_distances_are_the_same_either_way_and_a_detour_is_no_shorter(codes):
    away = distances(codes)
    assert np.allclose(away, away.T) and np.allclose(np.diag(away), 0)
    assert away[0, 2] <= away[0, 1] + away[1, 2] + 1e-6


def test_distances_agree_with_those_of_published_tables():
    # Great-circle distances as atlases print them; cities are wider than 1 %.
    away = distances(["TWN", "JPN", "IRL", "GBR", "USA"])
    assert away[0, 1] == pytest.approx(2100, rel=0.01)
    assert away[2, 3] == pytest.approx(464, rel=0.01)
    assert away[3, 4] == pytest.approx(5570, rel=0.01)


def test_every_city_belongs_to_an_economy_and_stands_on_the_globe():
    # Kosovo has no code of ISO's: XKX is what tables write.
    assert [code for code in coordinates() if code != "XKX" and place(code) != code] == []
    assert all(-90 <= latitude <= 90 and -180 <= longitude <= 180 for _, latitude, longitude in coordinates().values())
    assert len(coordinates()) >= 200


def test_a_place_that_is_no_economy_is_at_no_known_distance():
    away = distances(["TWN", "41940", "ROW"])
    assert np.isnan(away[0, 1]) and np.isnan(away[1, 2]) and away[0, 0] == 0


# Ties.


def test_affinity_and_strength_follow_their_formulas():
    made = network([[0, 6, 2], [6, 0, 4], [2, 4, 0]])
    # Sizes are 8, 10, 6 of 24 in all.
    assert made.affinity[0, 1] == pytest.approx(6 * 24 / 80)
    assert made.strength[0, 2] == pytest.approx(2 / math.sqrt(48))


def test_twice_as_many_ties_everywhere_leave_affinity_and_strength_alone():
    weights = symmetric(np.random.default_rng(1), 8)
    one, other = network(weights), network(2 * weights)
    assert np.allclose(one.affinity, other.affinity, equal_nan=True) and np.allclose(one.strength, other.strength)


def test_flows_both_ways_are_added_and_articles_are_not():
    flows = np.array([[0.0, 3, 1], [5, 0, 0], [2, 0, 0]])
    assert network(flows).weights[0, 1] == 8
    assert network(flows + flows.T).weights[0, 1] == 8


def test_an_input_output_table_gives_supplier_ties_without_sales_at_home_or_the_rest_of_the_world():
    table = io_table()
    found = tie_series([Evidence("made", "input_output", pd.DataFrame(), {}, tables=(table,))])["supplier ties"].by_year[2000]
    assert found.regions == ("TWN", "USA")
    # Inputs: 1 + 2 + 3 + 4 sold from Taiwan to the United States, 5 + 6 + 7 + 8 back.
    assert found.weights[0, 1] == 36 and found.weights[0, 0] == 0


def io_table():
    """Give a table of two regions and the rest, with two sectors."""
    intermediate = np.full((6, 6), 10.0)
    intermediate[0:2, 2:4] = [[1, 2], [3, 4]]
    intermediate[2:4, 0:2] = [[5, 6], [7, 8]]
    final_demand = np.full((6, 3), 20.0)
    output = intermediate.sum(axis=1) + final_demand.sum(axis=1)
    return InputOutput(
        ("TWN", "USA", "ROW"), ("chips", "tools"), 2000, intermediate, final_demand, output - intermediate.sum(axis=0), output
    )


def test_common_partners_are_counted_by_hand():
    # 0 is close to 2 and 3, 1 to 2 alone: one shared, sqrt(2 x 1).
    affinity = np.array([[np.nan, 0.5, 2, 2], [0.5, np.nan, 2, 0.1], [2, 2, np.nan, 0.2], [2, 0.1, 0.2, np.nan]])
    assert common_partners(affinity)[0, 1] == pytest.approx(1 / math.sqrt(2))


def test_needs_are_the_activity_and_those_nearer_than_most_by_how_far_they_are_lacking():
    # a0 and a1 are always found together, a2 and a3 too, never a mix: a0 needs a0 and a1, in proportion to what is lacking.
    made = capabilities([[9, 9, 1, 1], [8, 8, 1, 1], [1, 1, 9, 9], [2, 1, 9, 9]])
    needs = related_needs(made, COUNTRIES[3], "a0")
    lack = 1 - made.rca[3, :2]
    assert needs.parts == pytest.approx([*(lack / lack.sum()), 0, 0])
    assert [one.why for one in needs.listed(COUNTRIES[3])] == ["related to it", "the activity itself"]


def test_a_region_that_has_everything_near_an_activity_lacks_nothing():
    made = capabilities([[9, 9, 1, 1], [1, 1, 9, 9]])
    assert not related_needs(made, COUNTRIES[0], "a0").any


def test_inputs_bought_at_home_are_nothing_a_partner_abroad_can_bring():
    table = io_table()
    before = input_needs(table, Capabilities(sector_panel(table)), "TWN", "chips").parts
    at_home = table.intermediate.copy()
    at_home[0:2, 0:2] += 500
    changed = InputOutput(table.regions, table.sectors, 2000, at_home, table.final_demand, table.value_added, table.output + 1000)
    assert input_needs(changed, Capabilities(sector_panel(changed)), "TWN", "chips").parts == pytest.approx(before)


def test_sectors_sell_abroad_what_they_do_not_sell_at_home():
    panel = sector_panel(io_table())
    # Taiwan's chips: 1 + 2 to the United States, 20 to the rest's producers, 40 to final users elsewhere.
    assert panel.values[-1][0, 0] == 1 + 2 + 20 + 40


def test_exchange_is_what_loops_over_activities_give():
    made = capabilities(np.random.default_rng(2).lognormal(1, 1, (6, 9)))
    share = made.panel.values[-1] / made.panel.values[-1].sum(axis=0)
    for one in range(6):
        for other in range(6):
            by_hand = sum(
                made.adjacent[one, a] * share[other, a] for a in range(9) if made.rca[other, a] >= 1 or share[other, a] >= 1 / 3
            )
            assert made.exchange[one, other] == pytest.approx(by_hand)


# Reach.


def test_weights_are_those_of_a_ridge_logit_of_an_independent_package():
    linear_model = pytest.importorskip("sklearn.linear_model")
    generator = np.random.default_rng(5)
    size = 24
    features = {}
    for name in (OWN, COMMON, NEAR):
        drawn = np.triu(generator.normal(size=(size, size)), 1)
        features[name] = drawn + drawn.T
    chance = 1 / (1 + np.exp(2 - features[OWN] - 0.5 * features[NEAR]))
    drawn = np.triu(generator.random((size, size)), 1)
    formed = (drawn + drawn.T) < chance
    apart = ~np.eye(size, dtype=bool)
    window = Formation(tuple(map(str, range(size))), 1995, 2000, features, apart, formed & apart)
    found = estimate([window], "ties")
    pairs = np.triu(apart, 1)
    table = np.column_stack([(one[pairs] - one[apart].mean()) / one[apart].std() for one in features.values()])
    other = linear_model.LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(table, formed[pairs])
    # Both maximise the same; what is left is where the package stops.
    assert [one.value for one in found.weights] == pytest.approx(other.coef_[0], abs=1e-4)
    assert found.constant == pytest.approx(other.intercept_[0], abs=1e-4)
    assert found.formed == formed[pairs].sum() and found.pairs == pairs.sum()


def test_nothing_is_estimated_from_a_handful_of_ties():
    apart = ~np.eye(6, dtype=bool)
    formed = np.zeros((6, 6), dtype=bool)
    formed[0, 1] = formed[1, 0] = True
    features = {OWN: np.arange(36.0).reshape(6, 6)}
    assert estimate([Formation(COUNTRIES[:6], 1995, 2000, features, apart, formed)], "ties") is None


def test_a_diaspora_raises_the_odds_of_a_tie_by_what_is_cited():
    regions = ("IND", "USA", "FRA")
    stay = network([[0, 0, 0], [85, 0, 10], [0, 0, 0]], "stay rate", regions)
    with_diaspora, apart = features_of(regions, None, [stay])
    without, _ = features_of(regions, None)
    weights = stated_weights()
    odds = [chance / (1 - chance) for chance in (weights.chance(one, apart)[0, 1] for one in (with_diaspora, without))]
    assert odds[0] / odds[1] == pytest.approx(math.exp(0.85 * DIASPORA_WEIGHT))


def test_what_is_not_known_counts_as_average():
    features, apart = features_of(("TWN", "JPN", "41940"), None)
    chance = stated_weights().chance(features, apart)
    assert chance[0, 2] == pytest.approx(1 / (1 + math.exp(-stated_weights().constant)))


# Through whom.


def test_a_strong_way_round_beats_a_weak_tie_of_ones_own():
    weights = np.array([[0, 100, 1], [100, 0, 100], [1, 100, 0.0]])
    regions = ("TWN", "USA", "IRL")
    path = Network([network(weights, regions=regions)], []).path(("region", "TWN"), ("region", "IRL"))
    assert [step.end[1] for step in path] == ["USA", "IRL"]
    weights[0, 2] = weights[2, 0] = 90
    assert len(Network([network(weights, regions=regions)], []).path(("region", "TWN"), ("region", "IRL"))) == 1


def test_the_strongest_path_is_the_shortest_of_an_independent_package():
    csgraph = pytest.importorskip("scipy.sparse.csgraph")
    generator = np.random.default_rng(7)
    weights = symmetric(generator, 12) * np.triu(generator.random((12, 12)) < 0.4, 1)
    weights = weights + weights.T
    made = network(weights)
    lengths = np.where(made.weights > 0, -np.log(np.where(made.weights > 0, made.strength * PASSED_ON, 1.0)), 0.0)
    expected = csgraph.dijkstra(lengths, directed=False)
    paths = Network([made], [])
    for one in range(12):
        for other in range(12):
            path = paths.path(("region", COUNTRIES[one]), ("region", COUNTRIES[other]))
            length = sum(-math.log(step.edge.strength * PASSED_ON) for step in path)
            assert length == pytest.approx(expected[one, other] if np.isfinite(expected[one, other]) else 0.0)


def test_a_path_says_what_kind_each_tie_is_and_names_the_others():
    articles = network([[0, 50, 0], [50, 0, 2], [0, 2, 0]], regions=("IND", "USA", "IRL"))
    stay = network([[0, 0, 0], [85, 0, 0], [0, 0, 0]], "stay rate", ("IND", "USA", "IRL"), year=2010)
    first, second = Network([articles, stay], []).path(("region", "IND"), ("region", "IRL"))
    assert (first.edge.measure, second.edge.measure) == ("co-authored articles", "co-authored articles")
    (diaspora,) = first.also
    assert (diaspora.measure, diaspora.people_of, diaspora.live_in, diaspora.value, diaspora.year) == (
        "stay rate",
        "IND",
        "USA",
        85,
        2010,
    )


def test_an_organisation_is_reached_by_a_stated_tie_or_through_its_region_whichever_is_surer():
    home, known, unknown = (
        organisation("home", "TWN"),
        organisation("known", "JPN", ties=["home"]),
        organisation("unknown", "JPN"),
    )
    # The tie is the only one of both; the region is shared in halves.
    surely = organisation_reach("TWN", {"JPN": 1.0}, [home, known, unknown])
    assert surely["known"] == pytest.approx(max(PASSED_ON, PASSED_ON * math.sqrt(0.5)))
    assert surely["unknown"] == pytest.approx(PASSED_ON * math.sqrt(0.5))
    hardly = organisation_reach("TWN", {"JPN": 0.01}, [home, known, unknown])
    assert hardly["known"] == surely["known"] and hardly["unknown"] < surely["unknown"]


# The ranking.


def test_scores_start_at_a_hundred_and_fall(world):
    found = partners(world, "TWN", "field 3").partners
    scores = [one.score for one in found]
    assert scores[0] == pytest.approx(100) and scores == sorted(scores, reverse=True)
    assert all(one.partner != "TWN" for one in found)


def test_the_score_is_the_geometric_mean_of_what_it_is_made_of(world):
    first, *others = partners(world, "TWN", "field 3", top=20).partners
    for one in others:
        expected = np.cbrt(one.covers * one.offers * one.reach) / np.cbrt(first.covers * first.offers * first.reach)
        assert one.score == pytest.approx(100 * expected)


def test_the_order_of_rows_and_the_unit_change_nothing(world):
    patents, articles = world
    shuffled = Evidence("made", "activities", patents.rows.sample(frac=1, random_state=3), patents.units)
    scaled = shuffled.rows.assign(value=shuffled.rows["value"] * 1024)
    before = partners(world, "TWN", "field 3")
    after = partners([Evidence("made", "activities", scaled, patents.units), articles], "TWN", "field 3")
    assert [one.partner for one in before.partners] == [one.partner for one in after.partners]
    assert [one.score for one in before.partners] == pytest.approx([one.score for one in after.partners])


def test_a_partner_without_anything_that_is_lacking_is_none():
    # Korea is Taiwan twice over; India and Israel have some of each, so that everything is near something.
    names = ["chips", "optics", "wheat", "wool"]
    values = [[9, 9, 1, 1], [18, 18, 2, 2], [1, 1, 9, 9], [2, 2, 9, 9], [9, 1, 9, 1], [1, 9, 1, 9]]
    found = partners([activities(values, ["TWN", "KOR", "AUS", "NZL", "IND", "ISR"], names)], "TWN", "wool").partners
    assert {"AUS", "NZL"} <= {one.partner for one in found} and "KOR" not in {one.partner for one in found}


def test_what_is_brought_is_lacked_here_and_at_home_there(world):
    for one in partners(world, "TWN", "field 3").partners:
        assert all(reason.rca >= 1 > reason.rca_there for reason in one.brings)
        assert all(reason.rca >= 1 > reason.rca_there for reason in one.gains)


def test_every_name_of_a_region_gives_the_same_partners(world):
    found = [partners(world, name, "field 3") for name in ("Taiwan", "TWN", "Chinese Taipei")]
    assert found[0] == found[1] == found[2]
    assert found[0].name == "Taiwan"


def test_unknown_names_are_refused_with_the_nearest(world):
    with pytest.raises(Refused, match="Taiwan"):
        partners(world, "Taiwann", "field 3")
    with pytest.raises(Refused, match="field 3"):
        partners(world, "TWN", "feild 3")
    with pytest.raises(Refused, match="fits several"):
        partners(world, "TWN", "field")


def test_a_year_before_the_table_is_refused(world):
    with pytest.raises(Refused, match="1990"):
        partners(world, "TWN", "field 3", year=1990)


def test_ties_of_a_later_year_are_named(world):
    patents, articles = world
    later = Evidence("made", "ties", articles.rows.assign(year=2007), articles.units)
    assert any("2007" in note for note in partners([patents, later], "TWN", "field 3", year=2000).notes)


def register(tmp_path, text):
    file = tmp_path / "register.csv"
    file.write_text("organisation,region,capabilities,size,ties\n" + text)
    return read_evidence(file)


def test_organisations_are_ranked_beside_regions_and_those_at_home_lead_to_them(world, tmp_path):
    lacking = partners(world, "TWN", "field 3").needs[0].activity
    listed = register(
        tmp_path, f"Home,Taiwan,field 1,10,Abroad\nAbroad,Japan,{lacking},5,\nAway,Brazil,{lacking};chemistry of nothing,,\n"
    )
    found = partners([*world, listed], "TWN", "field 3", top=30)
    kinds = {one.partner: one.kind for one in found.partners}
    assert kinds["Abroad"] == kinds["Away"] == "organisation" and "Home" not in kinds and "region" in kinds.values()
    abroad = next(one for one in found.partners if one.partner == "Abroad")
    assert [step["to"] for step in abroad.through] == ["Home", "Abroad"]
    assert any("chemistry of nothing" in note for note in found.notes)


def test_an_organisation_has_no_more_than_its_region(world, tmp_path):
    need = partners(world, "TWN", "field 3").needs[0].activity
    listed = register(tmp_path, f"Large,Japan,{need},30,\nSmall,Japan,{need},10,\n")
    found = {one.partner: one for one in partners([*world, listed], "TWN", "field 3", top=30).partners}
    share = {name: next(reason.share for reason in found[name].brings if reason.activity == need) for name in ("Large", "Small")}
    assert share["Large"] == pytest.approx(3 * share["Small"])
    values = world[0].values("patents", 2000)[need]
    assert sum(share.values()) == pytest.approx(values["JPN"] / values.sum())


def test_a_simulated_world_has_partners_like_any_other():
    dataset = Trial(toy(quarters=24), seeds=[2], policies=["none"]).run(threads=1, progress=False).isel(policy=0, seed=0)
    tables = simulated_tables(dataset)
    made = next(table for table in tables if table.kind == "activities")
    found = [partners(tables, region, stage) for region in made.regions for stage in made.activities]
    listed = [one for answer in found for one in answer.partners]
    assert listed and all(one.through and one.ties for one in listed)
    # Of three regions one must have two thirds of a stage to have it without an RCA of 1.
    assert all((reason.rca >= 1 or reason.share >= 2 / 3) and reason.rca_there < 1 for one in listed for reason in one.brings)
