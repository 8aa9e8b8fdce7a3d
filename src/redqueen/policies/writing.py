"""Write a policy down as the tables of a policy file, or of a case: what is read back is the same policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

from redqueen.policies.change import Change
from redqueen.policies.document import ANY_SOURCE
from redqueen.policies.government import DRAW, Government
from redqueen.policies.policy import NONE, Policy, catalogue, read_policy

__all__ = ["case_policy_text", "policy_text", "stands_alone", "toml_value"]

_PER_WORKER = "for each 1,000 workers of the region at the start"


def policy_text(policy: Policy, *, heading: str = "") -> str:
    """Gives the text of a policy file; `heading` is a comment on top."""
    cited = _cited(policy)
    sources = ["", "[source]", *_values(**cited)] if cited else []
    lines = [*_comment(heading), "[policy]", *_heading(policy, policy.source), *sources]
    return "\n".join([*lines, *_tables(policy, "", lambda source: source)]) + "\n"


def case_policy_text(policy: Policy, sources: Collection[str], *, heading: str = "") -> str:
    """Gives the text of a `[[policy]]` to stand at the end of a case file; `sources` are the ids that its `[source]` has.

    What other ids stand for is written out, since a table cannot be opened twice.
    """

    def cite(source: str) -> str:
        name, mark, detail = source.partition(":")
        if name.strip() in (*sources, *ANY_SOURCE) or not source:
            return source
        return f"chosen: {policy.sources.get(name.strip(), name)}{mark}{detail}"

    lines = [*_comment(heading), "[[policy]]", *_heading(policy, cite(policy.source))]
    return "\n".join([*lines, *_tables(policy, "policy.", cite)]) + "\n"


def stands_alone(policy: Policy) -> bool:
    """Says whether a policy can be written outside its case: its governments choose among the catalogue's policies as they are."""
    known = catalogue()
    menu = [entry for government in policy.governments for entry in government.menu if entry.name != NONE.name]
    return all(entry.name in known and read_policy(known[entry.name]).changes == entry.changes for entry in menu)


def toml_value(value: Any) -> str:
    """Writes a text, a number, a flag or a list of these as TOML."""
    # What JSON escapes TOML does too, but for this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(heading: str) -> list[str]:
    return [f"# {line}" for line in heading.splitlines()] + [""] * bool(heading)


def _heading(policy: Policy, source: str) -> Iterator[str]:
    yield from _values(name=policy.name, title=policy.title, question=policy.question, source=source)
    yield from _values(not_modelled=list(policy.not_modelled))


def _tables(policy: Policy, above: str, cite: Callable[[str], str]) -> Iterator[str]:
    for change in policy.changes:
        yield from ("", f"[[{above}change]]", *_change(change, cite))
    for government in policy.governments:
        yield from ("", f"[[{above}government]]", *_government(government, cite))


def _change(change: Change, cite: Callable[[str], str]) -> Iterator[str]:
    where = list(change.where) if len(change.where) > 1 else change.where[0]
    yield from _values(instrument=change.instrument, where=where)
    yield from _values(**{"from": change.start, "until": change.until, "stages": change.stages and list(change.stages)})
    yield f"intensity = {float(change.intensity)!r}"
    if change.per:
        yield f"per = {toml_value(change.per)}  # {_PER_WORKER}"
    yield from _values(note=change.note, source=cite(change.source))


def _government(government: Government, cite: Callable[[str], str]) -> Iterator[str]:
    menu = [entry.name for entry in government.menu]
    yield from _values(name=government.name, style=government.style, where=list(government.where), menu=menu)
    yield from _values(
        **{"from": government.first}, every=government.every, window=government.window, lag=government.lag, noise=government.noise,
        target_growth=government.target_growth, emulate=government.emulate, goal=government.goal,
    )
    yield from _values(start=None if government.start == DRAW else government.start, source=cite(government.source))


def _cited(policy: Policy) -> dict[str, str]:
    """Gives the citations that the policy refers to, by id."""
    texts = [policy.source, *(change.source for change in policy.changes), *(one.source for one in policy.governments)]
    named = dict.fromkeys(part.partition(":")[0].strip() for text in texts for part in text.split(";"))
    return {name: policy.sources[name] for name in named if name not in ANY_SOURCE and name in policy.sources}


def _values(**values: Any) -> Iterator[str]:
    """Writes keys with their values; what is nothing is left out."""
    for key, value in values.items():
        if value is not None and value != "" and value != []:
            yield f"{key} = {toml_value(value)}"
