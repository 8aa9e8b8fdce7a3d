"""Scenarios: what a page asks becomes the same trial from a document, a link, a policy file or a case file."""

import json
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redqueen import cli
from redqueen.cases.case import bundled, case, read_case
from redqueen.errors import Refused
from redqueen.lab.fingerprints import arm_digest
from redqueen.model.instruments import INDEX
from redqueen.policies.policy import catalogue, lay_out_policy, read_policy
from redqueen.policies.writing import case_policy_text, policy_text, stands_alone
from redqueen.studies.scenario import PAGE, Lever, Mix, is_link, link_of, read_link, read_scenario

MOVED = Lever("venture_capital", 3.0, "worker")


def scenario(name="hsinchu", **document):
    return read_scenario({"case": name, **document}, case)


texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-10**9, 10**9) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=6))
def test_a_link_holds_its_document(document):
    link = link_of(document, "http://127.0.0.1:8000/")
    assert is_link(link)
    assert read_link(link) == document
    assert all(32 < ord(letter) < 127 for letter in link)


@given(st.text(max_size=60), st.integers(0, 200))
def test_a_damaged_link_is_refused(tail, cut):
    whole = link_of({"case": "hsinchu", "levers": []}, "http://127.0.0.1:8000/")
    damaged = f"http://x/#1.{tail}" if cut == 0 else whole[: -min(cut, 30)]
    try:
        assert isinstance(read_link(damaged), dict)
    except Refused as refusal:
        assert "link" in str(refusal)


def test_a_scenario_comes_back_from_its_link():
    asked = scenario(base="as_it_happened",
                     levers=[{"instrument": "venture_capital", "intensity": 3, "from": 1985, "until": 1999.5}],
                     pinned=[{"base": "capacity_and_links", "name": "Links"}], seeds=7, outcome="jobs", window=8)
    again = read_scenario(read_link(link_of(asked.document())), case)
    assert again == asked
    assert again.trial().key == asked.trial().key


@pytest.mark.parametrize("name", bundled())
def test_every_policy_is_written_and_read_back_as_it_is(name, tmp_path):
    found = case(name)
    for base in {*found.policies, *catalogue()} - {"none"}:
        for levers in ((), (MOVED,)):
            policy = Mix(base, levers).policy(found, found.region, "page")
            plan = lay_out_policy(policy, found.world, found.region)
            copies = [tmp_path / "case.toml"]
            text = Path(found.file).read_text(encoding="utf-8")
            copies[0].write_text(f"{text}\n{case_policy_text(policy, found.sources)}", encoding="utf-8")
            read = [read_case(copies[0]).policies["page"]]
            if stands_alone(policy):
                (tmp_path / "policy.toml").write_text(policy_text(policy), encoding="utf-8")
                read.append(read_policy(tmp_path / "policy.toml"))
            for one in read:
                again = lay_out_policy(one, found.world, found.region)
                assert arm_digest(again) == arm_digest(plan), base


def test_a_lever_takes_the_place_of_the_base_in_its_region_alone():
    found = case("sv-hsinchu-shanghai")
    base = found.policies["as_it_happened"]
    before = lay_out_policy(base, found.world, found.region).intensity
    for instrument in base.instruments:
        for place, region in enumerate(found.world.regions):
            level = 1.0 if instrument == "embargo" else 0.05
            mix = Mix("as_it_happened", (Lever(instrument, level, None, found.world.start + 5.0),))
            after = lay_out_policy(mix.policy(found, region, "page"), found.world, region).intensity
            changed = numpy.argwhere(before != after)
            assert {(row, where) for row, _, where in changed.tolist()} <= {(INDEX[instrument], place)}
            assert (after[INDEX[instrument], :20, place] == 0).all() and (after[INDEX[instrument], 20:, place] == level).all()


def test_a_lever_at_zero_removes_the_instrument_and_no_lever_changes_nothing():
    found = case("hsinchu")
    base = lay_out_policy(found.policies["as_it_happened"], found.world, found.region).intensity
    same = lay_out_policy(Mix("as_it_happened").policy(found, found.region, "page"), found.world, found.region).intensity
    assert numpy.array_equal(base, same)
    without = Mix("as_it_happened", (Lever("venture_capital", 0.0),)).policy(found, found.region, "page")
    gone = lay_out_policy(without, found.world, found.region).intensity
    assert not gone[INDEX["venture_capital"]].any() and base[INDEX["venture_capital"]].any()


def test_the_same_policy_is_run_once():
    asked = scenario(
        base="as_it_happened", pinned=[{"base": "none"}, {"base": "as_it_happened"}, {"base": "diaspora"}], reference="none"
    )
    assert asked.names() == {PAGE: PAGE, "pinned_1": "none", "pinned_2": PAGE, "pinned_3": "pinned_3"}
    assert list(asked.trial().policies) == [PAGE, "pinned_3", "none"]


def test_a_lever_that_stands_twice_is_not_the_same_policy_as_once():
    lever = {"instrument": "venture_capital", "intensity": 3.0, "per": "worker"}
    asked = scenario(levers=[lever, lever], pinned=[{"base": "none", "levers": [lever]}], reference="none")
    assert asked.names() == {PAGE: PAGE, "pinned_1": "pinned_1"}


def test_a_reference_that_is_called_as_policies_of_a_page_are_is_refused():
    found = case("hsinchu")
    found = replace(found, policies={**found.policies, "page": replace(found.policies["as_it_happened"], name="page")})
    with pytest.raises(Refused, match="reference: 'page' is what the policies of a page are called"):
        read_scenario({"case": "x", "base": "as_it_happened", "reference": "page"}, lambda name: found)
    assert read_scenario({"case": "x", "base": "page", "reference": "none"}, lambda name: found).names() == {PAGE: PAGE}


def test_everything_wrong_with_a_scenario_is_told_at_once():
    with pytest.raises(Refused) as refused:
        scenario(region="x", base="nn", levers=[{"instrument": "venture_capital", "intensity": "a"}, 3], seeds=0,
                 outcome="valueadded", pinned=[{}, {}, {}, {}], window=10**6)
    fields = {fault.field for fault in refused.value.faults}
    assert fields == {"region", "base", "levers[1].intensity", "levers[2]", "seeds", "outcome", "pinned", "window"}


@pytest.mark.parametrize("document", [
    None, [], {}, {"case": 3}, {"case": "hsinchu", "region": 3}, {"case": "hsinchu\n"}, {"case": "../x.toml"},
    {"case": "hsinchu", "base": "/etc/passwd.toml"}, {"case": "hsinchu", "levers": {}},
    {"case": "hsinchu", "levers": [{"instrument": "venture_capital", "intensity": float("nan")}]},
    {"case": "hsinchu", "levers": [{"instrument": "no_such", "intensity": 1}]},
    {"case": "hsinchu", "levers": [{"instrument": "venture_capital", "intensity": 1, "from": 1900}]},
    {"case": "hsinchu", "levers": [{"instrument": "venture_capital", "intensity": 1, "stages": ["x"]}]},
])
def test_what_is_no_scenario_is_refused(document):
    def find(name):
        if name not in bundled():
            raise Refused.one(f"no case is called '{name}'")
        return case(name)

    with pytest.raises(Refused):
        read_scenario(document, find)


@given(
    st.dictionaries(
        st.sampled_from(["case", "region", "base", "levers", "pinned", "seeds", "window", "outcome", "reference", "name", "tab"]),
        values
    )
)
def test_whatever_is_sent_is_read_or_refused(document):
    try:
        read_scenario(
            {"case": "hsinchu"} | document if not isinstance(document.get("case"), str) else document, lambda name: case("hsinchu")
        )
    except Refused as refusal:
        assert refusal.faults


def test_compare_takes_a_link(capsys):
    document = {"case": "sunset-industry", "base": "networks",
                "levers": [{"instrument": "venture_capital", "intensity": 4.0, "per": "worker"}],
                "reference": "none", "seeds": 2, "window": 12}
    link = link_of(document, "http://127.0.0.1:8000/")
    assert cli.main(["compare", link, "--json", "--outcome", "value_added"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["seeds"] == 2 and {row["policy"] for row in printed["effects"]} == {PAGE} and printed["reference"] == "none"
    assert printed["window"] == [printed["quarters"] - 12, printed["quarters"]]
    assert cli.main(["compare", link, "--to", "none"]) == 2
    assert "is said by the link" in capsys.readouterr().err
    assert cli.main(["compare", link[:-7]]) == 2


def test_compare_writes_the_page_of_a_link(tmp_path, capsys):
    link = link_of({"case": "sunset-industry", "base": "networks", "seeds": 2})
    place = tmp_path / "page.html"
    assert cli.main(["compare", link, "-o", str(place)]) == 0
    text = place.read_text()
    assert 'id="redqueen-report"' in text and "http-equiv" not in text and "src=" not in text.split("<script type=\"module\">")[0]
    assert cli.main(["compare", link, "-o", str(place)]) == 0
    (tmp_path / "mine.html").write_text("my own")
    capsys.readouterr()
    assert cli.main(["compare", link, "-o", str(tmp_path / "mine.html")]) == 2
    assert (tmp_path / "mine.html").read_text() == "my own"
