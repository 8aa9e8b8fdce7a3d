"""Bundled cases tell their story, cite every number and share one set of parameters."""

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy
import pytest
from case_texts import GOOD

from redqueen.cases.case import Case, bundled, case
from redqueen.model.instruments import INDEX
from redqueen.model.schedule import ALL_STAGES, Schedule
from redqueen.policies.policy import catalogue, lay_out_policy, schedule

# Bundled cases


@pytest.fixture(scope="module", params=bundled())
def bundled_case(request):
    return case(request.param)


def numbers_without_source(value, covered):
    """List the numbers of a TOML tree that no `source` covers: beside them or in a table around them."""
    if isinstance(value, dict):
        covered = covered or (isinstance(value.get("source"), str) and bool(value["source"]))
        return [key for key, inner in value.items() for _ in numbers_without_source(inner, covered)]
    if isinstance(value, list):
        return [number for inner in value for number in numbers_without_source(inner, covered)]
    return [] if isinstance(value, bool | str) or covered else [value]


def test_both_first_cases_are_there():
    assert {"hsinchu", "recipes"} <= set(bundled())


def test_a_bundled_case_tells_its_story(bundled_case):
    read = bundled_case
    assert isinstance(read, Case) and read.name == Path(read.file).stem
    assert all(
        (read.title, read.question.endswith("?"), read.story.strip(), read.happened.strip(), read.not_modelled, read.sources)
    )
    assert read.reference in read.policies and read.region in read.world.regions


def test_every_number_of_a_bundled_case_has_a_source_or_is_marked_chosen(bundled_case):
    assert all(bundled_case.provenance.values())
    assert numbers_without_source(tomllib.loads(Path(bundled_case.file).read_text(encoding="utf-8")), False) == []
    assert len(bundled_case.sha256) == 64


def test_numbers_without_a_source_are_found():
    # Seven of the core (its workers have a source), and eight of the other.
    tree = tomllib.loads(GOOD)
    assert len(numbers_without_source(tree["region"], False)) == 15
    assert len(numbers_without_source(tree["policy"], False)) == 1
    assert numbers_without_source(tree["fact"], False) == []


def test_every_source_of_a_bundled_case_is_used(bundled_case):
    cited = set(bundled_case.provenance.values()) | {fact.source for fact in bundled_case.facts}
    for policy in bundled_case.policies.values():
        cited |= {policy.source, *(part.source for part in (*policy.changes, *policy.governments))}
    words = " ; ".join(cited)
    assert [name for name in bundled_case.sources if name not in words] == []


def test_bundled_cases_share_one_set_of_parameters(bundled_case):
    assert bundled_case.world.parameters == {}


def test_every_policy_of_a_bundled_case_does_something_and_ends_as_it_says(bundled_case):
    for name, policy in bundled_case.policies.items():
        laid_out = lay_out_policy(policy, bundled_case.world)
        plans = [laid_out] if isinstance(laid_out, Schedule) else [option for seat in laid_out.seats for option in seat.options]
        assert any(plan.intensity.any() for plan in plans) == (name != "none")
        assert policy.title and policy.question.endswith("?") and policy.source


def test_a_bundled_world_has_a_few_hundred_firms(bundled_case):
    assert 100 <= bundled_case.world.endowments["first_firms"].sum() <= 1500


def test_hsinchu_acts_when_it_did():
    read = case("hsinchu")
    laid_out = read.schedule("as_it_happened")
    region = read.world.regions.index("chinese_taipei")
    first = {
        name: read.world.start + numpy.flatnonzero(laid_out.intensity[INDEX[name], :, region])[0] / 4
        for name in read.policies["as_it_happened"].instruments
    }
    assert first == {
        "university_expansion": 1966, "public_research_organisation": 1973, "overseas_advisers": 1974, "technology_park": 1980.75,
        "return_programme": 1980.75, "exit_for_ventures": 1983, "venture_capital": 1985, "diaspora_network": 1989,
    }
    assert not numpy.delete(laid_out.intensity, region, axis=2).any()
    advisers = laid_out.intensity[INDEX["overseas_advisers"], :, region]
    assert advisers[[35, 36, 55, 56]] == pytest.approx([0, 0.3, 0.3, 0.7])


def test_hsinchu_keeps_relative_incomes_after_the_start_out():
    read = case("hsinchu")
    income = [fact for fact in read.facts if "GDP" in fact.outcome]
    assert {fact.held_out for fact in income if fact.year > read.world.start} == {True}
    wages = dict(zip(read.world.regions, read.world.endowments["base_wage"], strict=True))
    for fact in income:
        if fact.year == read.world.start:
            assert wages[fact.region] == pytest.approx(fact.value / 100, abs=0.0005)


def test_hsinchu_without_something_is_the_whole_less_that():
    read = case("hsinchu")
    whole = read.schedule("as_it_happened")
    for name, dropped in (
        ("no_public_research", ("public_research_organisation", "overseas_advisers")),
        ("no_venture_law", ("venture_capital", "exit_for_ventures")),
        ("no_diaspora", ("diaspora_network", "overseas_advisers", "return_programme")),
    ):
        expected = whole.intensity.copy()
        expected[[INDEX[instrument] for instrument in dropped]] = 0.0
        assert numpy.array_equal(read.schedule(name).intensity, expected)
    assert read.policies["national_champion"].instruments == ("national_champion",)


def test_recipes_are_those_of_the_catalogue():
    read = case("recipes")
    assert list(read.policies) == [
        "none", "free_markets", "national_champion", "growing_silicon_valley", "low_cost", "differentiate_and_link"
    ]
    for name in set(read.policies) - {"none"}:
        from_catalogue = read.policy(str(catalogue()[name]))
        assert numpy.array_equal(read.schedule(name).intensity, schedule(from_catalogue, read.world, read.region).intensity)
        assert (read.schedule(name).target == ALL_STAGES).all()


def test_a_bundled_case_loads_without_heavy_libraries():
    script = """
import sys
from redqueen.cases.case import bundled, case
for name in bundled():
    case(name)
print(*[name for name in ("pandas", "xarray", "matplotlib", "rich") if name in sys.modules])
"""
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == ""
