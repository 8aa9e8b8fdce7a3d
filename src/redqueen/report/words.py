"""Put numbers and units into words, the same wherever they are shown."""

from __future__ import annotations

import math

#: Digits that a shown number keeps.
DIGITS = 3

_UNITS = {"percentage points": "points", "constant money/head": "money a head, constant"}


def number(value: float | None) -> str:
    """Writes a number with three digits that count, and thousands apart: 12,300; 1.23; 0.00123; - where unknown."""
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    places = DIGITS - 1 - math.floor(math.log10(abs(value)))
    if places <= -3 and abs(value) < 1e9:
        # Large round numbers are read as counts.
        return f"{round(value, places):,.0f}"
    return f"{value:,.{places}f}" if 0 <= places <= 6 else (f"{value:,.0f}" if places < 0 and abs(value) < 1e9 else f"{value:.{DIGITS - 1}e}")


def signed(value: float | None) -> str:
    """Writes a number with its sign."""
    text = number(value)
    return text if text.startswith("-") or text == "0" else f"+{text}"


def unit_words(unit: str) -> str:
    """Writes a unit for readers."""
    if unit in _UNITS:
        return _UNITS[unit]
    return unit.replace("/quarter", " a quarter").replace("/unit", " a unit").replace("/head", " a head")


def with_unit(value: float | None, unit: str) -> str:
    """Writes a signed number with its unit; just - where unknown."""
    return signed(value) if value is None else f"{signed(value)} {unit_words(unit)}"
