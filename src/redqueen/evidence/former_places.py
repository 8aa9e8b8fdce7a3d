"""Codes of countries that are no more, or that ISO 3166 never listed, as publishers still use them."""

from __future__ import annotations

from collections.abc import Iterable

from redqueen.errors import Faults
from redqueen.evidence.places import name_of, places

__all__ = ["FORMER", "name_then", "places_then"]

#: Publisher's code, in upper case: (alpha-3 code of ISO 3166-3, or the one in use; name).
FORMER: dict[str, tuple[str, str]] = {
    "ANT": ("ANT", "Netherlands Antilles"),
    "AN": ("ANT", "Netherlands Antilles"),
    "CSK": ("CSK", "Czechoslovakia"),
    "CHESLO": ("CSK", "Czechoslovakia"),
    "DDR": ("DDR", "East Germany"),
    "DD": ("DDR", "East Germany"),
    "SCG": ("SCG", "Serbia and Montenegro"),
    "SUN": ("SUN", "Soviet Union"),
    "SU": ("SUN", "Soviet Union"),
    "USSR": ("SUN", "Soviet Union"),
    "YUG": ("YUG", "Yugoslavia"),
    "YU": ("YUG", "Yugoslavia"),
    "KOS": ("XKX", "Kosovo"),
    "XK": ("XKX", "Kosovo"),
    "XKX": ("XKX", "Kosovo"),
    "NLD_CURACAO": ("CUW", "Curaçao"),
    # Eurostat and the OECD write these two otherwise than ISO.
    "EL": ("GRC", "Greece"),
    "UK": ("GBR", "United Kingdom"),
}


def places_then(names: Iterable[object], faults: Faults, field: str | None = None) -> dict[object, str]:
    """Gives the code of each country known now or formerly, and notes one fault for each that is not."""
    listed = list(dict.fromkeys(names))
    codes = {name: FORMER[str(name).strip().upper()][0] for name in listed if str(name).strip().upper() in FORMER}
    return codes | places((name for name in listed if name not in codes), faults, field)


def name_then(code: str) -> str:
    """Gives the name of an alpha-3 code, of a country now or formerly."""
    return next((name for known, name in FORMER.values() if known == code), None) or name_of(code)
