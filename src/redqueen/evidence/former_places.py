"""Codes of countries that are no more, or that ISO 3166 never listed, as publishers still use them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redqueen.errors import Faults, require
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


# Codes that ISO 3166 gave up when a country changed its name, with those in use.
_RENAMED = {
    "BUR": "MMR", "ZAR": "COD", "TMP": "TLS", "DHY": "BEN", "HVO": "BFA", "NHB": "VUT", "RHO": "ZWE", "BYS": "BLR", "PAL": "PSE",
}


def places_then(names: Iterable[object], faults: Faults, field: str | None = None) -> dict[object, str]:
    """Gives the code of each country known now or formerly, and notes one fault for each that is not.

    Former ones are those of FORMER and, by their alpha-3 code, those of ISO 3166-3 as packaged by pycountry.
    """
    codes = {}
    for name in dict.fromkeys(names):
        here = Faults()
        code = str(name).strip().upper()
        if code in FORMER:
            codes[name] = FORMER[code][0]
        elif known := places([name], here, field):
            codes |= known
        elif code in _RENAMED or _historic(code) is not None:
            codes[name] = _RENAMED.get(code, code)
        faults.extend(here if name not in codes else ())
    return codes


def name_then(code: str) -> str:
    """Gives the name of an alpha-3 code, of a country now or formerly."""
    written = next((name for known, name in FORMER.values() if known == code), None)
    if written is None and name_of(code) == code and _historic(code) is not None:
        return _historic(code).name
    return written or name_of(code)


def _historic(code: str) -> Any:
    return require("pycountry", "evidence").historic_countries.get(alpha_3=code)
