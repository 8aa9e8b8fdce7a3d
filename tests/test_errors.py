"""Claims about what is refused and how it is said."""

import pickle

import pytest

from redqueen.errors import Fault, Faults, Refused, nearest, require


def test_a_fault_says_where_what_and_what_to_do():
    fault = Fault("no region is called 'tawian'", "world.toml", 12, "regions", "did you mean 'taiwan'?")
    assert str(fault) == "world.toml:12: regions: no region is called 'tawian' (did you mean 'taiwan'?)"


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, "broken"),
        ({"file": "a.csv"}, "a.csv: broken"),
        ({"line": 3}, "line 3: broken"),
        ({"field": "year"}, "year: broken"),
        ({"file": "a.csv", "field": "year"}, "a.csv: year: broken"),
        ({"remedy": "mend it"}, "broken (mend it)"),
    ],
)
def test_a_fault_leaves_out_what_is_not_known(where, text):
    assert str(Fault("broken", **where)) == text


def test_a_refusal_of_one_fault_is_one_line():
    refused = Refused.one("broken", file="a.csv", line=2)
    assert str(refused) == "a.csv:2: broken"
    assert refused.faults == [Fault("broken", "a.csv", 2)]


def test_a_refusal_counts_and_lists_every_fault():
    faults = Faults(file="a.csv")
    faults.add("broken", line=2)
    faults.add("missing", field="year")
    with pytest.raises(Refused) as caught:
        faults.refuse_if_any("table of patents")
    assert str(caught.value) == "table of patents: 2 faults\n  a.csv:2: broken\n  a.csv: year: missing"
    assert len(caught.value.faults) == 2


def test_no_fault_is_no_refusal():
    Faults().refuse_if_any("table")


def test_a_fault_keeps_its_own_file():
    faults = Faults(file="a.csv")
    faults.add("broken", file="b.csv")
    assert faults[0].file == "b.csv"


def test_a_refusal_crosses_processes_whole():
    refused = Refused([Fault("broken", "a.csv", 2), Fault("missing")], "table")
    copy = pickle.loads(pickle.dumps(refused))
    assert str(copy) == str(refused)
    assert copy.faults == refused.faults


def test_the_nearest_name_is_suggested_in_its_own_spelling():
    assert nearest("TAIWN", ["Taiwan", "Korea"]) == "did you mean 'Taiwan'?"


def test_several_near_names_are_all_suggested_closest_first():
    assert nearest("seed", ["speeds", "seeds", "needs"], limit=2) == "did you mean 'seeds' or 'speeds'?"


def test_nothing_near_suggests_nothing():
    assert nearest("zzz", ["Taiwan", "Korea"]) == ""
    assert Refused.one("broken", remedy=nearest("zzz", ["Taiwan"])).faults[0].remedy is None


def test_a_missing_library_names_the_extra_that_brings_it():
    assert require("json", "evidence").dumps(1) == "1"
    with pytest.raises(Refused, match=r"needs the library no_such_library.*pip install redqueen\[evidence\]"):
        require("no_such_library.part", "evidence")
