"""Write the reference pages from the declarations, so that no page says what the code does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redqueen.lab.outcomes import ALL, OUTCOMES, Outcome, Term
from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.fields import FIELDS
from redqueen.model.instruments import INSTRUMENTS
from redqueen.model.parameters import PARAMETERS

_ROLES = {
    "stock": "Stocks: carried over from quarter to quarter",
    "outcome": "Outcomes: set to zero at the start of a quarter, recorded at its end",
    "work": "Work: rebuilt every quarter",
}

_WORDS = {
    "parameters": (
        'Every assumption of the model. One set of values serves every case and every claim. "chosen" marks a plausible value '
        "without a direct source; the range is what a sensitivity analysis sweeps."
    ),
    "endowments": (
        "What a world states about its stages and regions: the keys of a case file. A default of - means that the file must say it."
    ),
    "instruments": (
        "What a government can do. A policy reaches the model only as these numbers, by quarter and region; zero means that it is "
        "not used. Each cost is counted where it is spent and paid by a levy on the region's incomes."
    ),
    "state": "Every array and number of the simulated state.",
    "outcomes": (
        "What is reported about a trial. An effect on a *ratio* is in %, 100 (exp(x) - 1) of the mean log ratio x over seeds; on a "
        "*difference* it is in the outcome's unit (shares in percentage points). Over a window, an outcome that divides is the sum "
        "of one over the sum of the other."
    ),
}


def declared(what: str) -> list[dict[str, Any]]:
    """Gives the rows of a declaration ("parameters", "endowments", "instruments", "state" or "outcomes") in full."""
    if what == "outcomes":
        return [
            {
                **row._asdict(),
                "top": _term(row.top),
                "bottom": None if row.bottom is None else _term(row.bottom),
                "effect_unit": row.effect_unit,
            }
            for row in OUTCOMES
        ]
    tables: dict[str, Sequence[Any]] = {
        "parameters": PARAMETERS,
        "endowments": ENDOWMENTS,
        "instruments": INSTRUMENTS,
        "state": FIELDS,
    }
    return [row._asdict() for row in tables[what]]


def short(what: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Gives the columns and rows of "parameters", "instruments" or "outcomes" that fit a terminal."""
    if what == "parameters":
        return ("parameter", "value", "unit", "meaning"), [
            (row.name, f"{row.value:g}", row.unit, row.meaning) for row in PARAMETERS
        ]
    if what == "instruments":
        return ("instrument", "range", "meaning"), [
            (row.name, f"{row.low:g} to {row.high:g} {row.unit}", row.meaning) for row in INSTRUMENTS
        ]
    return ("outcome", "what it is", "unit", "compared"), [(row.name, row.words, row.unit, row.compared) for row in OUTCOMES]


def pages() -> dict[str, str]:
    """Gives every reference page: file name -> Markdown."""
    return {
        "parameters.md": _page(
            "parameters",
            "Parameters",
            ("name", "value", "unit", "range", "meaning", "source"),
            [(f"`{row.name}`", f"{row.value:g}", row.unit, _range(row), row.meaning, row.source) for row in PARAMETERS],
        ),
        "endowments.md": _page(
            "endowments",
            "Endowments",
            ("name", "of each", "unit", "range", "default", "meaning"),
            [
                (
                    f"`{row.name}`",
                    ", ".join(row.shape),
                    row.unit,
                    _range(row),
                    "-" if row.default is None else f"{row.default:g}",
                    row.meaning,
                )
                for row in ENDOWMENTS
            ],
        ),
        "instruments.md": _page(
            "instruments",
            "Instruments",
            ("name", "unit", "range", "can be aimed", "touches", "public cost", "meaning", "source"),
            [
                (
                    f"`{row.name}`",
                    row.unit,
                    _range(row),
                    "yes" if row.targeted else "no",
                    row.touches,
                    row.cost,
                    row.meaning,
                    row.source,
                )
                for row in INSTRUMENTS
            ],
        ),
        "state.md": _state(),
        "outcomes.md": _page(
            "outcomes",
            "Outcomes",
            ("name", "what it is", "measured from", "unit", "compared as", "better"),
            [(f"`{row.name}`", row.words, _measured(row), row.unit, row.compared, row.better or "-") for row in OUTCOMES],
        ),
    }


def _page(what: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"{_head(what, title)}{_table(columns, rows)}"


def _state() -> str:
    parts = [_head("state", "State")]
    for role, words in _ROLES.items():
        rows = [(f"`{row.name}`", ", ".join(row.shape) or "one", row.unit, row.meaning) for row in FIELDS if row.role == role]
        parts.append(f"## {words}\n\n{_table(('name', 'of each', 'unit', 'meaning'), rows)}\n")
    parts.append("Endowments and instruments have fields of the same name: see their pages.\n")
    return "".join(parts)


def _head(what: str, title: str) -> str:
    return f"# {title}\n<!-- Generated from the declarations by `redqueen reference -o docs/reference`; do not edit. -->\n\n{_WORDS[what]}\n\n"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _range(row: Any) -> str:
    return f"{row.low:g} to {row.high:g}"


def _measured(row: Outcome) -> str:
    return _term(row.top) if row.bottom is None else f"{_term(row.top)} over {_term(row.bottom)}"


def _term(term: Term) -> str:
    return f"`{term.variable}`" if term.part == ALL else f"`{term.variable}`, {term.part}"
