"""Chooses, among nested codes of activities, those that cover everything once."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["once_covering"]

# Divisions of each section of NACE, revision 2.
_SECTIONS = {
    "A": (1, 3), "B": (5, 9), "C": (10, 33), "D": (35, 35), "E": (36, 39), "F": (41, 43), "G": (45, 47), "H": (49, 53),
    "I": (55, 56),
    "J": (58, 63), "K": (64, 66), "L": (68, 68), "M": (69, 75), "N": (77, 82), "O": (84, 84), "P": (85, 85), "Q": (86, 88),
    "R": (90, 93),
    "S": (94, 96), "T": (97, 98), "U": (99, 99),
}  # fmt: skip
# Numbers between the divisions of sections that NACE leaves free.
_UNUSED = frozenset({4, 34, 40, 44, 48, 54, 57, 67, 76, 83, 89})
_END = re.compile(r"([A-U])(\d{0,4})")


def once_covering(codes: Iterable[str]) -> list[str]:
    """Gives codes that overlap nowhere: the most detailed ones where they cover what stands above them, else that.

    NACE codes are sections (C), divisions (C26), groups (C261), classes (C2611) and ranges of these (B-E, C10-C12, M_N). A
    section's divisions take its place where all of them are there, a division's parts where there are two or more. Of codes
    that only overlap, the first in order stays. Codes of other forms count as nested where one begins with another, and the
    longer stay.
    """
    listed = sorted(set(codes))
    spans = {code: span for code in listed if (span := _span(code)) is not None}
    if len(spans) < len(listed):
        return [code for code in listed if not any(other != code and other.startswith(code) for other in listed)]
    # Wider spans first, so that each finds its parts among those after it.
    ordered = sorted(spans, key=lambda code: (spans[code][0], -spans[code][1], code))
    return sorted(_resolve(ordered, spans))


def _resolve(ordered: list[str], spans: dict[str, tuple[int, int]]) -> list[str]:
    chosen: list[str] = []
    position = 0
    while position < len(ordered):
        head = ordered[position]
        low, high = spans[head]
        inside = [code for code in ordered[position + 1 :] if low <= spans[code][0] and spans[code][1] <= high]
        parts = _resolve(inside, spans)
        chosen += parts if _cover(parts, spans, low, high) else [head]
        # What only overlaps with what was taken is left out.
        position += 1
        while position < len(ordered) and spans[ordered[position]][0] <= high:
            position += 1
    return chosen


def _cover(parts: list[str], spans: dict[str, tuple[int, int]], low: int, high: int) -> bool:
    if low // 100 == high // 100:
        return len(parts) > 1
    covered = {division for part in parts for division in range(spans[part][0] // 100, spans[part][1] // 100 + 1)}
    wanted = {division for division in range(low // 100, high // 100 + 1) if division not in _UNUSED}
    return wanted <= covered


def _span(code: str) -> tuple[int, int] | None:
    """Gives the first and last class, of four digits, that a code holds: C10-C12 is 1000 to 1299; None for other forms."""
    written = re.split(r"[-_]", code)
    ends = [match for end in written if (match := _END.fullmatch(end)) is not None]
    if not 1 <= len(written) <= 2 or len(ends) < len(written):
        return None
    spans = []
    for letter, digits in (end.groups() for end in ends):
        if len(digits) < 2:
            if digits:
                return None
            low, high = _SECTIONS[letter]
            spans.append((low * 100, high * 100 + 99))
        else:
            spans.append((int(digits.ljust(4, "0")), int(digits.ljust(4, "9"))))
    return spans[0][0], spans[-1][1]
