"""Names the states, counties, metropolitan areas and industries of US statistics by their codes."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from importlib import resources

__all__ = ["industry_titles", "is_county", "is_metro", "state_of", "states", "titles_of"]

# Federal Information Processing Standard (FIPS) codes, postal codes and names; territories with statistics of their own last.
_STATES = """01 AL Alabama|02 AK Alaska|04 AZ Arizona|05 AR Arkansas|06 CA California|08 CO Colorado|09 CT Connecticut|10 DE Delaware
|11 DC District of Columbia|12 FL Florida|13 GA Georgia|15 HI Hawaii|16 ID Idaho|17 IL Illinois|18 IN Indiana|19 IA Iowa|20 KS Kansas
|21 KY Kentucky|22 LA Louisiana|23 ME Maine|24 MD Maryland|25 MA Massachusetts|26 MI Michigan|27 MN Minnesota|28 MS Mississippi
|29 MO Missouri|30 MT Montana|31 NE Nebraska|32 NV Nevada|33 NH New Hampshire|34 NJ New Jersey|35 NM New Mexico|36 NY New York
|37 NC North Carolina|38 ND North Dakota|39 OH Ohio|40 OK Oklahoma|41 OR Oregon|42 PA Pennsylvania|44 RI Rhode Island
|45 SC South Carolina|46 SD South Dakota|47 TN Tennessee|48 TX Texas|49 UT Utah|50 VT Vermont|51 VA Virginia|53 WA Washington
|54 WV West Virginia|55 WI Wisconsin|56 WY Wyoming|60 AS American Samoa|66 GU Guam|69 MP Northern Mariana Islands|72 PR Puerto Rico
|78 VI Virgin Islands"""


@functools.cache
def states() -> dict[str, str]:
    """Gives the name of each state, district and territory by its FIPS code of two digits. Source: Census Bureau."""
    return {code: name for code, _, name in _listed()}


def state_of(code: str) -> str | None:
    """Gives a state's FIPS code of two digits from that code, with or without its zero, or its postal code; else None."""
    plain = code.strip().upper().zfill(2)
    if plain in states():
        return plain
    return next((fips for fips, postal, _ in _listed() if postal == plain), None)


def is_county(code: str) -> bool:
    """Says whether a code has the form of a county's: a state's two digits, then three that are not 000 or 999."""
    return _is_number(code) and code[:2] in states() and code[2:] not in ("000", "999")


def is_metro(code: str) -> bool:
    """Says whether a code has the form of a metropolitan or micropolitan area's: five digits from 10000 to 49999."""
    return _is_number(code) and "1" <= code[0] <= "4"


@functools.cache
def industry_titles() -> dict[str, str]:
    """Gives short titles of the industry groups of NAICS 2017 by code of four digits (industries.toml)."""
    return tomllib.loads(resources.files(__package__).joinpath("industries.toml").read_text(encoding="utf-8"))["titles"]


def titles_of(codes: Iterable[str]) -> dict[str, str]:
    """Gives the short titles of those codes that are industry groups of NAICS 2017, in the order of the codes."""
    return {code: industry_titles()[code] for code in sorted(set(codes)) if code in industry_titles()}


def _is_number(code: str) -> bool:
    return len(code) == 5 and code.isascii() and code.isdigit()


@functools.cache
def _listed() -> tuple[tuple[str, str, str], ...]:
    entries = (entry.strip().split(" ", 2) for entry in _STATES.split("|"))
    return tuple((fips, postal, name) for fips, postal, name in entries)
