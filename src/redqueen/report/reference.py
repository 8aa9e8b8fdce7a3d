"""Write the reference pages from the declarations, so that no page says what the code does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redqueen.evidence.evidence import KINDS, MEASURES
from redqueen.evidence.facts import sources
from redqueen.evidence.formats import formats
from redqueen.lab.outcomes import ALL, OUTCOMES, Outcome, Term
from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.fields import FIELDS
from redqueen.model.instruments import INSTRUMENTS, Instrument
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.change import Change
from redqueen.report.claims import DECLARED, HOW_JUDGED, declared_rows
from redqueen.report.usage import CATALOGUE, Reading, Use, menus, readings, uses
from redqueen.report.words import markdown_table
from redqueen.studies.claims.reading import bundled_register, read_register

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
        "not used. Each cost is counted where it is spent and paid by a levy on the region's incomes. Each has a page: which rules "
        "read it, with which parameters, and which policies use it, at which size."
    ),
    "state": "Every array and number of the simulated state.",
    "outcomes": (
        "What is reported about a trial. An effect on a *ratio* is in %, 100 (exp(x) - 1) of the mean log ratio x over seeds; on a "
        "*difference* it is in the outcome's unit (shares in percentage points). Over a window, an outcome that divides is the sum "
        "of one over the sum of the other."
    ),
    "evidence": (
        "Files that `redqueen read`, `diagnose`, `partners`, `forecast` and `world` recognise, in the order in which they are "
        "tried, and the names of measures that studies look for. Nothing is fetched, and no publisher's table is shipped: "
        "bring the files, and cite them as their licences ask."
    ),
    "claims": (
        "The claims of the two documents as experiments: what was fixed before anything was run. `redqueen claims` runs them; "
        "`redqueen claims ID` prints all about one."
    ),
}

_READ = (
    "Functions of the model that read this number, as their sources say. "
    "What others make of what these derive from it is not listed."
)


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
    """Gives every reference page: file name, with folder -> Markdown. That of the claims is there if a register is."""
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
            ("name", "unit", "range", "can be aimed", "touches", "public cost", "meaning"),
            [
                (
                    f"[`{row.name}`](instruments/{row.name}.md)",
                    row.unit,
                    _range(row),
                    "yes" if row.targeted else "no",
                    row.touches,
                    row.cost,
                    row.meaning,
                )
                for row in INSTRUMENTS
            ],
        ),
        **_instrument_pages(),
        "state.md": _state(),
        "outcomes.md": _page(
            "outcomes",
            "Outcomes",
            ("name", "what it is", "measured from", "unit", "compared as", "better"),
            [(f"`{row.name}`", row.words, _measured(row), row.unit, row.compared, row.better or "-") for row in OUTCOMES],
        ),
        "evidence.md": _evidence(),
        **_claims(),
    }


def _instrument_pages() -> dict[str, str]:
    read, used, chosen = readings(), uses(), menus()
    return {
        f"instruments/{row.name}.md": _instrument(row, read[row.name], used[row.name], chosen[row.name]) for row in INSTRUMENTS
    }


def _instrument(
    row: Instrument, read: Sequence[Reading], used: Sequence[Use], chosen: Sequence[tuple[str, tuple[str, ...]]]
) -> str:
    facts = [
        ("unit", row.unit), ("range", _range(row)), ("can be aimed at stages", "yes" if row.targeted else "no"),
        ("touches", row.touches),
        ("public cost", row.cost), ("source", row.source),
    ]
    parts = [
        _title(f"`{row.name}`"), f"{_sentence(row.meaning)} [All instruments](../instruments.md)\n\n",
        markdown_table(("", ""), facts)
    ]
    parts.append("\n## Rules that read it\n\n")
    if read:
        rows = [(f"`{one.rule}`", one.says or "-", ", ".join(_parameter(name) for name in one.parameters) or "-") for one in read]
        parts += [f"{_READ}\n\n", markdown_table(("rule", "what it does", "all parameters that it reads"), rows)]
    else:
        parts.append("None: it acts on the other instruments before a quarter begins.\n")
    parts.append("\n## Policies that use it\n\n")
    if used:
        heads = ("in", "policies", "where", "when", "size")
        parts.append(markdown_table(heads, [(_place(one.case), _names(one.policies), *_change(row, one.change)) for one in used]))
    else:
        parts.append("No policy of the catalogue or of a bundled case.\n")
    for case, policies in chosen:
        parts.append(f"\nGovernments may choose it during a run in {_place(case)}: {_names(policies)}.\n")
    return "".join(parts)


def _evidence() -> str:
    known = [
        (
            f"`{one.name}`", one.title, one.kind.replace("_", "-"), one.layout,
            sources()[one.source].licence if one.source in sources() else "the user's own"
        )
        for one in formats().values()
    ]
    kinds = [(name.replace("_", "-"), ", ".join((*columns, "value"))) for name, columns in KINDS.items() if name != "organisations"]
    return (
        f"{_head('evidence', 'Evidence')}{markdown_table(('layout', 'what', 'kind', 'what it looks like', 'licence'), known)}\n"
        f"## Kinds of tables\n\nEvery file becomes one tidy table of a kind; countries are ISO alpha-3 codes, other regions keep "
        f"the publisher's code.\n\n"
        f"{markdown_table(('kind', 'columns'), kinds)}\n## "
        f"Measures\n\n{markdown_table(('measure', 'meaning'), list(MEASURES.items()))}"
    )


def _claims() -> dict[str, str]:
    if not bundled_register().exists():
        return {}
    rows = markdown_table(DECLARED, declared_rows(read_register()))
    judged = "\n\n".join(HOW_JUDGED)
    return {"claims.md": f"{_head('claims', 'Claims')}{rows}\n## How a claim is judged\n\n{judged}\n"}


def _parameter(name: str) -> str:
    return f"[`{name}`](../parameters.md)"


def _place(case: str) -> str:
    return case if case == CATALOGUE else f"`{case}`"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _change(row: Instrument, change: Change) -> tuple[str, str, str]:
    """Gives where and when a change acts, and its size, with the stages that it is aimed at where it can be aimed."""
    size = f"{change.intensity:g} {'for each 1,000 workers' if change.per else ''}".rstrip()
    if row.targeted:
        size = f"{size}; {'all stages' if change.stages is None else ', '.join(change.stages)}"
    return ", ".join(change.where), _dates(change), size


def _dates(change: Change) -> str:
    if change.start is None and change.until is None:
        return "the whole run"
    if change.start is None:
        return f"until {change.until:g}"
    return f"from {change.start:g}" if change.until is None else f"{change.start:g} to {change.until:g}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _page(what: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"{_head(what, title)}{markdown_table(columns, rows)}"


def _state() -> str:
    parts = [_head("state", "State")]
    for role, words in _ROLES.items():
        rows = [(f"`{row.name}`", ", ".join(row.shape) or "one", row.unit, row.meaning) for row in FIELDS if row.role == role]
        parts.append(f"## {words}\n\n{markdown_table(('name', 'of each', 'unit', 'meaning'), rows)}\n")
    parts.append("Endowments and instruments have fields of the same name: see their pages.\n")
    return "".join(parts)


def _head(what: str, title: str) -> str:
    return f"{_title(title)}{_WORDS[what]}\n\n"


def _title(title: str) -> str:
    return f"# {title}\n<!-- Generated from the declarations by `redqueen reference -o docs/reference`; do not edit. -->\n\n"


def _range(row: Any) -> str:
    return f"{row.low:g} to {row.high:g}"


def _measured(row: Outcome) -> str:
    return _term(row.top) if row.bottom is None else f"{_term(row.top)} over {_term(row.bottom)}"


def _term(term: Term) -> str:
    return f"`{term.variable}`" if term.part == ALL else f"`{term.variable}`, {term.part}"
