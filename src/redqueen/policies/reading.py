"""From the sections of a file to policies: shared by policy files and the policies written in a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redqueen.errors import Fault
from redqueen.policies.change import TARGET, Change, Place, faults_of
from redqueen.policies.document import Document, Keys, Section
from redqueen.policies.government import DRAW, Government, faults_of_government

if TYPE_CHECKING:
    from redqueen.policies.policy import Policy

__all__ = [
    "CHANGE_KEYS", "GOVERNMENT_KEYS", "HEADING_KEYS", "FindEntry", "read_changes", "read_governments", "read_heading",
    "read_policy_document",
]

#: The name that no file may take.
DOING_NOTHING = "none"
HEADING_KEYS = ("name", "title", "question", "source", "not_modelled")
CHANGE_KEYS = ("instrument", "where", "from", "until", "intensity", "per", "stages", "note", "source")
GOVERNMENT_KEYS = (
    "name", "style", "where", "menu", "from", "every", "window", "lag", "noise", "goal", "start", "target_growth", "emulate",
    "source",
)
#: Gives the policy that a menu names, or notes a fault at the element of the menu: section, name, path of the element.
FindEntry = Callable[[Section, str, Keys], "Policy | None"]


def read_policy_document(
    document: Document, find: FindEntry, further: Callable[[dict[str, object]], list[Fault]]
) -> dict[str, object]:
    """Reads what makes up the policy of a file; raises `Refused` with every fault of it and those that `further` finds in it."""
    root = document.root
    root.only(("policy", "change", "government", "source"))
    document.read_sources()
    section = root.section("policy")
    heading = {}
    if section:
        section.only(HEADING_KEYS)
        heading = read_heading(section)
        root.source = section.source
        if heading["name"] == DOING_NOTHING:
            section.fault("name", f"'{DOING_NOTHING}' is the policy of doing nothing", "give this policy another name")
    elif "policy" not in root.table:
        root.fault(None, "'[policy]' is missing", "add [policy] with name, title, question and source")
    changes = read_changes(root)
    for change in changes:
        document.faults.extend(faults_of(change))
    governments = read_governments(root, find)
    for government in governments:
        document.faults.extend(faults_of_government(government))
    content = {"name": "", **heading, "changes": changes, "governments": governments, "sources": document.sources}
    document.faults.extend(further(content))
    document.refuse_if_any()
    return content


def read_heading(section: Section) -> dict[str, Any]:
    """Reads name, title, question, source and what is not modelled."""
    return {
        "name": section.word("name"),
        "title": section.text("title", default=""),
        "question": section.text("question", default=""),
        "source": section.cite(),
        "not_modelled": section.texts("not_modelled", default=()),
    }


def read_changes(section: Section) -> tuple[Change, ...]:
    """Reads the elements of `[[change]]` below a section, as far as they can be read.

    Checks types alone: what a change says is checked by `faults_of` and, in a world, by `lay_out`. A change without a
    source has that of the section.
    """
    found = []
    for element in section.sections("change", title=""):
        element.only(CHANGE_KEYS)
        element.cite()
        instrument = element.text("instrument", one_line=True)
        intensity = element.number("intensity", "in the unit of the instrument")
        where = element.texts("where", default=(TARGET,), or_one=True)
        values: dict[str, Any] = {
            "start": element.number("from", "year", default=None),
            "until": element.number("until", "year", default=None),
            "stages": element.texts("stages", default=None, or_one=True),
            "per": element.text("per", default=None),
            "note": element.text("note", default=""),
        }
        if instrument is None or intensity is None or where is None:
            continue
        lines: dict[str, int | None] = {key: element.line(key) for key in element.table} | {"": element.line()}
        place = Place(section.document.file, element.field, lines)
        found.append(Change(instrument, intensity, where, **values, source=element.source, place=place))
    return tuple(found)


def read_governments(section: Section, find: FindEntry) -> tuple[Government, ...]:
    """Reads the elements of `[[government]]` below a section, as far as they can be read; `find` knows the policies.

    Checks types and the names of the menu alone: what a government says is checked by `faults_of_government` and, in a
    world, by `lay_out_governments`.
    """
    found = []
    for element in section.sections("government"):
        element.only(GOVERNMENT_KEYS)
        source = element.cite()
        style = element.text("style", one_line=True)
        where = element.texts("where", or_one=True)
        names = element.texts("menu", or_one=True)
        menu = [find(element, name, (position,)) for position, name in enumerate(names or ())]
        values: dict[str, Any] = {
            "first": element.number("from", "year", default=None),
            "every": element.number("every", "years", default=None),
            "window": element.number("window", "years", default=None),
            "lag": element.number("lag", "years", default=0.0),
            "noise": element.number("noise", "log points a year", default=0.0),
            "goal": element.text("goal", default="value_added", one_line=True),
            "start": element.text("start", default=DRAW, one_line=True),
            "target_growth": element.number("target_growth", "log points a year", default=None),
            "emulate": element.number("emulate", "share of localities", default=None),
            "name": element.text("name", default="", one_line=True),
        }
        known = tuple(policy for policy in menu if policy is not None)
        faulty = any(values[key] is None for key in ("lag", "noise", "goal", "start", "name"))
        if style is None or where is None or names is None or len(known) < len(menu) or faulty:
            continue
        found.append(Government(style, where, known, **values, source=source or element.source, place=_place(element)))
    return tuple(found)


def _place(element: Section) -> Place:
    """Gives where an element, its keys and the elements of its lists are written."""
    lines: dict[str, int | None] = {key: element.line(key) for key in element.table} | {"": element.line()}
    for key, value in element.table.items():
        for position in range(len(value)) if isinstance(value, list) else ():
            lines[f"{key}.{position}"] = element.line(key, position)
    return Place(element.document.file, element.field, lines)
