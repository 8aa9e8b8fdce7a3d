"""From the sections of a file to policies: shared by policy files and the policies written in a case."""

from __future__ import annotations

from redqueen.policies.change import TARGET, Change, Place, faults_of
from redqueen.policies.document import Document, Section

__all__ = ["CHANGE_KEYS", "HEADING_KEYS", "read_changes", "read_heading", "read_policy_document"]

HEADING_KEYS = ("name", "title", "question", "source", "not_modelled")
CHANGE_KEYS = ("instrument", "where", "from", "until", "intensity", "per", "stages", "note", "source")


def read_policy_document(document: Document) -> dict[str, object]:
    """Reads what makes up the policy of a file; raises `Refused` with every fault of it."""
    root = document.root
    root.only(("policy", "change", "source"))
    document.read_sources()
    section = root.section("policy")
    heading = {}
    if section:
        section.only(HEADING_KEYS)
        heading = read_heading(section)
        root.source = section.source
    elif "policy" not in root.table:
        root.fault(None, "'[policy]' is missing", "add [policy] with name, title, question and source")
    changes = read_changes(root)
    for change in changes:
        document.faults.extend(faults_of(change))
    document.refuse_if_any()
    return {**heading, "changes": changes, "sources": document.sources}


def read_heading(section: Section) -> dict[str, object]:
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
        values = {
            "where": element.texts("where", default=(TARGET,), or_one=True),
            "start": element.number("from", "year", default=None),
            "until": element.number("until", "year", default=None),
            "stages": element.texts("stages", default=None, or_one=True),
            "per": element.text("per", default=None),
            "note": element.text("note", default=""),
        }
        if instrument is None or intensity is None or values["where"] is None:
            continue
        lines = {key: element.line(key) for key in element.table} | {"": element.line()}
        place = Place(section.document.file, element.field, lines)
        found.append(Change(instrument, intensity, **values, source=element.source, place=place))
    return tuple(found)
