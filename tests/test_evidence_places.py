"""Places are known by their names and codes."""

import sys

import pytest

from redqueen.errors import Faults, Refused
from redqueen.evidence import places

# Places


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Taiwan", "TWN"),
        ("Chinese Taipei", "TWN"),
        ("TWN", "TWN"),
        ("twn", "TWN"),
        ("Korea, South", "KOR"),
        ("South Korea", "KOR"),
        ("Republic of Korea", "KOR"),
        ("CHN", "CHN"),
        ("CN", "CHN"),
        ("Hong Kong", "HKG"),
        (" united  states ", "USA"),
        ("Russia", "RUS"),
        ("Turkey", "TUR"),
        ("Puerto Rico", "PRI"),
        ("ROM", "ROU"),
        ("RoW", "ROW"),
        ("410", "KOR"),
        ("China (including Hong Kong)", "CHN"),
    ],
)
def test_a_country_is_known_by_its_names_and_codes(name, code):
    assert places.place(name) == code


def test_every_alias_has_a_reason_and_leads_where_iso_does():
    pycountry = pytest.importorskip("pycountry")
    for alias, (code, reason) in places.ALIASES.items():
        assert alias == alias.casefold() and reason
        assert code == places.REST_OF_WORLD or pycountry.countries.get(alpha_3=code)
        try:
            assert pycountry.countries.lookup(alias).alpha_3 == code
        except LookupError:
            pass


def test_an_unknown_country_is_refused_with_the_nearest_names():
    with pytest.raises(Refused, match=r"no country is called 'Tiawan' \(did you mean 'Taiwan'"):
        places.place("Tiawan")


def test_a_group_of_countries_is_no_country():
    assert places.is_group("EU-27") and not places.is_group("Ireland")
    with pytest.raises(Refused, match="'World' is a group of countries"):
        places.place("World")


def test_all_unknown_countries_are_noted_and_the_others_kept():
    faults = Faults()
    assert places.places(["Taiwan", "Irland", "Xyzzy"], faults, "region") == {"Taiwan": "TWN"}
    assert len(faults) == 2


def test_without_pycountry_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycountry", None)
    places._find.cache_clear()
    with pytest.raises(Refused, match=r"pip install redqueen\[evidence\]"):
        places.place("Taiwan")
