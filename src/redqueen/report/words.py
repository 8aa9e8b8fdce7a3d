"""Put numbers and units into words, the same wherever they are shown."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from redqueen.lab.outcomes import WORLD

if TYPE_CHECKING:
    import xarray

#: Digits that a shown number keeps.
DIGITS = 3
#: Beyond these a number is written with a power of ten.
LARGE, LARGEST, MOST_PLACES = 1e9, 1e15, 6
#: Effects and intervals of less are what rounding leaves, and shown as zero.
ROUNDING = 1e-9

_UNITS = {"percentage points": "points", "constant money/head": "money a head, constant"}


def number(value: float | None) -> str:
    """Writes a number with three digits that count, and thousands apart: 12,345; 1.23; 0.00123; 152 billion; whole numbers whole; -
    where unknown.
    """
    if value is None or not math.isfinite(value):
        return "-"
    if isinstance(value, int) or value == 0:
        return f"{value:,.0f}"
    places = DIGITS - 1 - math.floor(math.log10(abs(value)))
    if LARGE <= abs(value) < LARGEST:
        return f"{number(value / LARGE)} billion"
    if abs(value) >= LARGEST or places > MOST_PLACES:
        return f"{value:.{DIGITS - 1}e}"
    return f"{value:,.{max(0, places)}f}"


def counted(count: int, noun: str) -> str:
    """Writes a count and what is counted: 1 point, 2 points."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def capital(words: str) -> str:
    """Begins words with a capital letter and leaves the others as they are."""
    return words[:1].upper() + words[1:]


def chance_words(chance: float | None) -> str:
    """Writes the chance that luck alone gives as much: 0.012; < 0.001; - where unknown."""
    if chance is None:
        return "-"
    return "< 0.001" if chance < 0.001 else f"{chance:.3f}"


def effect_words(effect: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """Writes an effect and its interval, to the places that the width of the interval leaves meaning to.

    A limit next to zero keeps its first digit. Both are "-" where unknown; the interval alone where there is none.
    """
    if effect is None:
        return "-", "-"
    if low is None or high is None:
        return _signed(effect, _places(effect)), "-"
    half = (high - low) / 2
    largest = max(abs(effect), half)
    # Three digits of the larger are enough, however narrow the interval.
    most = 1 + _places(largest) if largest > ROUNDING else 0
    places = min(_places(half), most) if half > ROUNDING else most
    nearer = min(abs(low), abs(high))
    # An interval that leaves zero out is not shown as ending there.
    if low * high > 0 and nearer > ROUNDING and float(f"{nearer:.{places}f}") == 0:
        places = _places(nearer) - 1
    return _signed(effect, places), f"{_signed(low, places)} to {_signed(high, places)}"


def title_of(result: xarray.Dataset, policy: str) -> str:
    """Gives the title of a policy of a trial, or its name in words where it has none."""
    titles = json.loads(result.attrs.get("titles", "{}"))
    return titles.get(policy) or policy.replace("_", " ")


def place_words(region: str) -> str:
    """Writes where an outcome is measured: the world, or a region by its name."""
    return "the world" if region == WORLD else region


def region_words(name: str) -> str:
    """Writes the name of a region for readers: Chinese Taipei, Rest of World, USA."""
    words = [word if word in ("of", "and", "the") else word.capitalize() for word in name.split("_")]
    return name.upper() if len(name) <= 3 else " ".join(words)


def unit_words(unit: str) -> str:
    """Writes a unit for readers."""
    if unit in _UNITS:
        return _UNITS[unit]
    return unit.replace("/quarter", " a quarter").replace("/unit", " a unit").replace("/head", " a head")


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Writes a table of Markdown; what would part cells or lines is replaced."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(' '.join(cell.replace('|', '/').splitlines()) for cell in line)} |\n" for line in lines)


def _places(size: float) -> int:
    """Gives the decimal places that show two digits of a size."""
    return 0 if abs(size) < ROUNDING else max(0, 1 - math.floor(math.log10(abs(size))))


def _signed(value: float, places: int) -> str:
    text = f"{value:+,.{places}f}"
    # Nothing is below or above zero by less than is shown.
    return text[1:] if float(text.replace(",", "")) == 0 else text
