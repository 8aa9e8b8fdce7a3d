"""Pictures of a page: the same numbers that the lab gives on the command line."""

import json
import math

import numpy
import pytest

from redqueen.cases.case import bundled, case
from redqueen.lab.compare import compare, compare_all
from redqueen.lab.futures import futures
from redqueen.lab.pool import Pool
from redqueen.report.case_page import case_document, uses_document
from redqueen.report.charts import HEADLINE, VIEWS, Look, picture, variables_of_view
from redqueen.report.scenario_page import scenario_page
from redqueen.studies.scenario import PAGE, read_scenario

ASKED = {
    "case": "sunset-industry", "base": "networks", "reference": "none", "seeds": 3, "window": 12,
    "levers": [{"instrument": "venture_capital", "intensity": 4.0, "per": "worker"}],
    "pinned": [{"base": "none"}, {"base": "champion_instead", "name": "Champion"}],
}


@pytest.fixture(scope="module")
def run():
    scenario = read_scenario(ASKED, case)
    pool = Pool(2)
    request = pool.run(scenario.trial())
    pool.close()
    return scenario, request


def look(run, view, done=True):
    scenario, request = run
    return Look(scenario, request.result(variables_of_view(view, scenario, done=done)), done, request.firms)


def test_effects_are_those_of_compare_bit_for_bit(run):
    scenario, request = run
    result = request.result()
    found = picture("outlook", look(run, "outlook"))
    for rows, outcomes, regions in (
        (found["effects"], ["value_added"], None), (found["table"], [one.name for one in HEADLINE], [scenario.region])
    ):
        for policy, name in ((PAGE, PAGE), ("pinned_2", "pinned_2")):
            if rows is found["table"] and policy != PAGE:
                continue
            expected = compare(result, name, "none", outcomes=outcomes, regions=regions, window=12).to_json_rows()
            mine = [row for row in rows if row["policy"] == policy]
            assert [{**row, "to": "none"} for row in expected] == mine
    assert not [row for row in found["effects"] if row["policy"] == "pinned_1"], "a policy has no effect against itself"


def test_fans_are_the_futures_of_the_lab(run):
    scenario, request = run
    found = picture("outlook", look(run, "outlook"))
    for region, fans in found["fans"].items():
        for name, fan in fans.items():
            one = futures(request.result(), "value_added", region, [name])[0]
            assert fan["cuts"] == [cut.tolist() for cut in (one.lowest, one.low, one.median, one.high, one.highest)]
            assert fan["time"] == one.time.tolist()


def test_differences_are_paired_with_each_pinned_policy(run):
    scenario, request = run
    found = picture("compare", look(run, "compare"))
    rows = {(row["to"], row["outcome"]): row for row in found["differences"]}
    for name, to in (("pinned_1", "none"), ("pinned_2", "pinned_2")):
        effect = compare(request.result(), PAGE, to, outcomes=["jobs"], regions=[scenario.region], window=12)
        assert rows[name, "jobs"]["effect"] == effect.rows[0].effect


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("done", [False, True])
def test_every_view_is_json_without_odd_numbers(run, view, done):
    found = picture(view, look(run, view, done))

    def numbers(one):
        for value in one.values() if isinstance(one, dict) else one if isinstance(one, list | tuple) else ():
            yield from numbers(value)
            if isinstance(value, float):
                yield value

    assert all(math.isfinite(value) for value in numbers(found))
    json.dumps(found)
    assert {one["name"] for one in found["policies"]} == {PAGE, "pinned_1", "pinned_2", "none"}


def test_accounts_of_the_structure_add_up(run):
    scenario, request = run
    found = picture("structure", look(run, "structure"))
    for sizes in found["sizes"].values():
        assert sum(sizes["share"]) == pytest.approx(1.0)
    result = request.result()
    whole = picture("outlook", look(run, "outlook"))["value"]["links"]
    last = result["value_added"].sel(policy=PAGE).isel(quarter=int(result["last_quarter"][-1])).mean("seed")
    for region in scenario.found.world.regions:
        assert sum(one["value"] for one in whole if one["region"] == region) == pytest.approx(float(last.sel(region=region)))


def test_who_stands_still_falls_back_as_the_frontier_moves(run):
    result = run[1].result()
    ends = result["last_quarter"].values
    for region, paths in picture("red_queen", look(run, "red_queen"))["paths"].items():
        for name, path in paths.items():
            quality, distance = (
                result[variable].sel(policy=name, region=region).isel(quarter=ends).transpose("seed", "quarter").values
                for variable in ("quality_made", "distance_to_frontier")
            )
            # As far as it was at first, and as much farther as the frontier has moved, in each run.
            moved = quality + distance - (quality + distance)[:, :1]
            assert path["standing_still"] == pytest.approx(numpy.median(distance[:, :1] + moved, axis=0).tolist())


def test_a_page_on_which_nothing_is_changed_has_its_own_fan():
    scenario = read_scenario({"case": "sunset-industry", "base": "none", "reference": "none", "seeds": 2}, case)
    pool = Pool(2)
    request = pool.run(scenario.trial())
    pool.close()
    for view in VIEWS:
        found = picture(view, Look(scenario, request.result(), True, request.firms))
        assert found.get("effects", []) == []
    assert set(picture("outlook", Look(scenario, request.result(), True, request.firms))["fans"][scenario.region]) == {PAGE, "none"}


@pytest.mark.parametrize("name", bundled())
def test_every_case_is_shown_with_levers_in_range(name):
    found = case(name)
    document = json.loads(json.dumps(case_document(found, name)))
    levers = {one["instrument"]: one for one in document["levers"]}
    assert {one["group"] for one in document["levers"]} == {"People", "Places", "Money", "Rules"}
    for one in levers.values():
        assert one["low"] <= 0 <= one["high"] and one["low"] < one["high"] and one["meaning"] and one["cost"]
    for policy in document["policies"]:
        for use in uses_document(found.policy(policy["name"]), found, found.region):
            lever = levers.get(use["instrument"])
            assert lever is None or lever["low"] <= use["intensity"] <= lever["high"] * (1 + 1e-9), (policy["name"], use)


def test_levers_moved_to_either_end_can_be_run():
    found = case("hsinchu")
    for lever in case_document(found, "hsinchu")["levers"]:
        for value in (lever["low"], lever["high"]):
            read_scenario(
                {"case": "hsinchu", "levers": [{"instrument": lever["instrument"], "intensity": value, "per": lever["per"]}]}, case
            )


def test_a_page_from_disk_holds_its_data_and_nothing_that_ends_it(run):
    scenario, request = run
    odd = {"title": "</script><script>alert(1)</script> & <!-- \u2028", "name": "sunset-industry"}
    text = scenario_page(scenario, request, odd, command="redqueen compare '#1.x'", made="2026-01-01")
    data = text.split('id="redqueen-report">')[1].split("</script>")[0]
    content = json.loads(data)
    assert content["case"] == odd and set(content["pictures"]) == set(VIEWS)
    effects = [
        effect for effect in compare_all(request.result(), "none", outcomes=["value_added"], window=12) if effect.policy == PAGE
    ]
    rows = [row for row in content["pictures"]["outlook"]["effects"] if row["policy"] == PAGE]
    assert [row["effect"] for row in rows] == [row.effect for row in effects[0].rows]
    assert text.count("</script>") == 2
