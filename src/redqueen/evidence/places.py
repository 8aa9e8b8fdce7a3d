"""Matches names and codes of countries to ISO 3166 alpha-3 codes."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from redqueen.errors import Faults, Refused, nearest, require

__all__ = ["ALIASES", "GROUPS", "REST_OF_WORLD", "is_country", "is_group", "name_of", "place", "places"]

# The code that input-output tables give to all countries that they do not show by themselves.
REST_OF_WORLD = "ROW"

# Names that the ISO tables lack: (code, why it is needed). Keys are in lower case.
ALIASES: dict[str, tuple[str, str]] = {
    "row": (REST_OF_WORLD, "WIOD writes RoW"),
    "rest of world": (REST_OF_WORLD, "spelt out in tables made by hand"),
    "rest of the world": (REST_OF_WORLD, "spelt out in tables made by hand"),
    "chinese taipei": ("TWN", "name used by the OECD and APEC"),
    "taiwan, china": ("TWN", "name used by the World Bank"),
    "taiwan province of china": ("TWN", "name used by the IMF, without ISO's comma"),
    "korea": ("KOR", "the OECD's name for South Korea; North Korea is always marked"),
    "korea, south": ("KOR", "inverted name in US tables"),
    "korea, rep.": ("KOR", "name used by the World Bank"),
    "republic of korea": ("KOR", "United Nations name; ISO inverts it"),
    "korea, north": ("PRK", "inverted name in US tables"),
    "korea, dem. people's rep.": ("PRK", "name used by the World Bank"),
    "hong kong sar": ("HKG", "name used by the IMF"),
    "hong kong, china": ("HKG", "name used by the OECD"),
    "hong kong sar, china": ("HKG", "name used by the World Bank"),
    "china, hong kong sar": ("HKG", "United Nations name"),
    "macau": ("MAC", "Portuguese spelling; ISO writes Macao"),
    "macao sar, china": ("MAC", "name used by the World Bank"),
    "mainland china": ("CHN", "said where Hong Kong is counted apart"),
    "china, mainland": ("CHN", "said where Hong Kong is counted apart"),
    "china (including hong kong)": ("CHN", "NSF stay rates by citizenship do not part the two"),
    "usa.": ("USA", "abbreviation"),
    "u.s.": ("USA", "abbreviation"),
    "u.s.a.": ("USA", "abbreviation"),
    "united states of america (the)": ("USA", "ISO's long form"),
    "uk": ("GBR", "abbreviation that is not the ISO code"),
    "u.k.": ("GBR", "abbreviation"),
    "great britain": ("GBR", "usual short name"),
    "russia": ("RUS", "NSF's spelling; ISO writes Russian Federation"),
    "turkey": ("TUR", "NSF's spelling; ISO writes Türkiye"),
    "turkiye": ("TUR", "without the umlaut"),
    "rom": ("ROU", "Romania's code until 2002, used by WIOD 2013"),
    "holland": ("NLD", "usual name of the Netherlands"),
    "brunei": ("BRN", "ISO writes Brunei Darussalam"),
    "burma": ("MMR", "name of Myanmar before 1989, used in US tables"),
    "cape verde": ("CPV", "ISO writes Cabo Verde"),
    "ivory coast": ("CIV", "ISO writes Côte d'Ivoire"),
    "cote d'ivoire": ("CIV", "without the accent"),
    "swaziland": ("SWZ", "name before 2018; ISO writes Eswatini"),
    "macedonia": ("MKD", "name before 2019; ISO writes North Macedonia"),
    "egypt, arab rep.": ("EGY", "name used by the World Bank"),
    "iran, islamic rep.": ("IRN", "name used by the World Bank"),
    "venezuela, rb": ("VEN", "name used by the World Bank"),
    "yemen, rep.": ("YEM", "name used by the World Bank"),
    "congo, rep.": ("COG", "name used by the World Bank"),
    "congo, dem. rep.": ("COD", "name used by the World Bank"),
}

# Usual short names where ISO's are long or inverted.
_SHORT_NAMES = {
    "RUS": "Russia", "TUR": "Turkey", "CIV": "Ivory Coast", "COD": "Congo (Kinshasa)", "COG": "Congo (Brazzaville)",
    "VGB": "British Virgin Islands", "VIR": "US Virgin Islands", REST_OF_WORLD: "rest of the world",
}

# Totals and continents, in lower case, that stand among the countries of NSF's tables.
GROUPS = frozenset(
    {
        "world",
        "total",
        "total oecd",
        "africa",
        "asia",
        "europe",
        "eu",
        "non-eu",
        "eu-27",
        "eu-27 + uk",
        "middle east",
        "north america",
        "south america",
        "central and south america",
        "central america and caribbean",
        "oceania",
        "australia and oceania",
        "other africa",
        "other asia",
        "other central and south america",
        "other eu",
        "other europe",
        "other europe-2020",
        "other middle east",
        "other non-eu",
        "unclassified",
    }
)


def place(name: object) -> str:
    """Gives the ISO alpha-3 code of a country's name or code, or ROW for the rest of the world.

    Upper and lower case count alike; alpha-2, alpha-3 and numeric codes are names too. Refuses an unknown name, with
    the nearest known ones. Source: ISO 3166-1 as packaged by pycountry, and ALIASES.

    >>> place("Korea, Republic of"), place("us")
    ('KOR', 'USA')
    """
    code = _find(_plain(name))
    if code is None:
        complaint, remedy = _complaint(name)
        raise Refused.one(complaint, remedy=remedy)
    return code


def places(names: Iterable[object], faults: Faults, field: str | None = None) -> dict[object, str]:
    """Gives the code of each name known, and notes one fault for each that is not."""
    codes = {}
    for name in dict.fromkeys(names):
        code = _find(_plain(name))
        if code is None:
            complaint, remedy = _complaint(name)
            faults.add(complaint, field=field, remedy=remedy)
        else:
            codes[name] = code
    return codes


def name_of(code: str) -> str:
    """Gives the usual English name of an alpha-3 code; a code that is no country's is given back as it is."""
    if code in _SHORT_NAMES:
        return _SHORT_NAMES[code]
    country = require("pycountry", "evidence").countries.get(alpha_3=code)
    name = code if country is None else getattr(country, "common_name", country.name)
    # "Iran, Islamic Republic of": what comes before the comma is the name.
    return name.partition(", ")[0]


def is_country(code: str) -> bool:
    """Says whether a code is a country's alpha-3 code."""
    return require("pycountry", "evidence").countries.get(alpha_3=code) is not None


def is_group(name: object) -> bool:
    """Says whether a name is a known total or continent, such as World or EU-27, and no country."""
    return _plain(name) in GROUPS


def _plain(name: object) -> str:
    return " ".join(str(name).casefold().split())


@functools.cache
def _find(name: str) -> str | None:
    if name in ALIASES:
        return ALIASES[name][0]
    countries = require("pycountry", "evidence").countries
    try:
        return countries.lookup(name).alpha_3
    except LookupError:
        return None


def _complaint(name: object) -> tuple[str, str]:
    if is_group(name):
        return f"'{name}' is a group of countries, not a country", "give each country by itself"
    known = [key.title() for key in ALIASES]
    for country in require("pycountry", "evidence").countries:
        known += [getattr(country, "common_name", country.name), country.name, country.alpha_3]
    return f"no country is called '{name}'", nearest(name, known)
