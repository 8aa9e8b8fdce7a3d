"""Finds the region or activity that a user means among those of some tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redqueen.errors import Faults, Refused, nearest
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.places import REST_OF_WORLD, name_of, places

__all__ = ["choose_activity", "choose_region", "words_of"]

_SHOWN = 6


def choose_region(asked: str, tables: Sequence[Evidence]) -> str:
    """Gives the code of the region that is asked for by code, by name, or by a part of a name that no other has.

    Countries answer to every name that `evidence.places` knows ("Taiwan", "Chinese Taipei", "TWN"). Refuses what no
    table has, with the nearest names, and what fits several.
    """
    known = {region: region for table in tables if table.kind != "organisations" for region in table.regions}
    country = places([asked], Faults()).get(asked)
    if asked not in known and country in known:
        return country
    if asked not in known and country is not None and country not in known:
        raise Refused.one(
            f"{name_of(country)} ({country}) is in no table by itself", field="--region",
            remedy=f"{'it may be within the rest of the world' if REST_OF_WORLD in known else 'give a table that shows it'}; "
            f"there is {_some(known, tables)}",
        )
    words = words_of(tables, "region")
    try:
        return _choose(asked, known, words, "region")
    except Refused as refusal:
        if known and not words and not any((fault.remedy or "").startswith("did you mean") for fault in refusal.faults):
            raise Refused.one(
                f"no table has the region '{asked}'", field="--region",
                remedy=f"the tables hold codes only, such as {_some(known, tables)}: give a code, or add a table with names",
            ) from refusal
        raise


def choose_activity(asked: str, table: Evidence) -> str:
    """Gives the activity of a table that is asked for by code, by name, or by a part of a name that no other has."""
    return _choose(asked, {activity: activity for activity in table.activities}, words_of([table], "activity"), "activity")


def _some(known: Mapping[str, str], tables: Sequence[Evidence]) -> str:
    words = words_of(tables, "region")
    listed = ", ".join(_said(code, words) for code in sorted(known)[:_SHOWN])
    return f"{listed}{' and more' if len(known) > _SHOWN else ''}"


def words_of(tables: Sequence[Evidence], column: str) -> dict[str, str]:
    """Gathers the words for codes of "region" or "activity" from all tables, the first that has them."""
    words: dict[str, str] = {}
    for table in tables:
        for code, name in table.names.get(column, {}).items():
            words.setdefault(code, name)
    return words


def _choose(asked: str, known: Mapping[str, str], words: Mapping[str, str], what: str) -> str:
    wanted = " ".join(asked.split()).casefold()
    if asked in known:
        return asked
    spelt = {code: {code.casefold(), words.get(code, code).casefold()} for code in known}
    whole = [code for code, names in spelt.items() if wanted in names]
    found = whole or [code for code, names in spelt.items() if any(wanted in name for name in names)]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(_said(code, words) for code in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise Refused.one(f"'{asked}' fits several: {listed}{more}", field=what, remedy="give one by its code")
    names = [*known, *(words[code] for code in known if code in words)]
    listed = ", ".join(sorted(known)[:12])
    remedy = nearest(asked, names) or f"there is {listed}{' and more' if len(known) > 12 else ''}"
    raise Refused.one(f"no table has the {what} '{asked}'", field=what, remedy=remedy)


def _said(code: str, words: Mapping[str, str]) -> str:
    return f"{words[code]} ({code})" if code in words else code
