"""A scenario: what the app's page asks, as a document, as a link, and as the trial that answers it."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from redqueen.cases.case import Case
from redqueen.errors import Faults, Refused, nearest
from redqueen.lab.compare import WINDOW
from redqueen.lab.outcomes import BY_NAME
from redqueen.lab.trial import Trial
from redqueen.lab.trial_world import policy_names
from redqueen.policies.change import Change
from redqueen.policies.layout import regions_of
from redqueen.policies.policy import NONE, Policy, catalogue, read_policy

__all__ = ["MOST_PINNED", "PAGE", "SEEDS", "Lever", "Mix", "Scenario", "is_link", "link_of", "read_link", "read_scenario"]

#: Name of the policy on the page in the trial; those pinned beside it are pinned_1 and so on.
PAGE, _PINNED = "page", "pinned_{}"
MOST_PINNED = 3
#: Members of each policy where a scenario, a page or a link, does not say how many.
SEEDS = 24
#: Most members of each policy that a page may ask for: they are kept in memory until it has its picture.
MOST_SEEDS = 200
# A link ends in #1.TEXT: the version of the document, and the document in base64 for addresses.
_VERSION = "1"
_MARK = f"#{_VERSION}."
_LONGEST = 60_000
_WORDS = ("case", "region", "shown", "base", "name", "reference", "outcome", "tab")
_SOURCE = "chosen: set in the app"

#: Finds a case by the name that a scenario has for it.
FindCase = Callable[[str], Case]


@dataclass(frozen=True)
class Lever:
    """Sets one instrument of the region to an intensity, from a year until another (None: the start, the end of the run)."""

    instrument: str
    intensity: float
    per: str | None = None
    start: float | None = None
    until: float | None = None
    stages: tuple[str, ...] | None = None

    def change(self, region: str) -> Change:
        """Gives it as a change of a policy."""
        return Change(self.instrument, self.intensity, (region,), self.start, self.until, self.stages, self.per, source=_SOURCE)


@dataclass(frozen=True)
class Mix:
    """Holds a policy as the page has it: a policy to start from, and levers that were moved."""

    base: str
    levers: tuple[Lever, ...] = ()
    name: str = ""

    def policy(self, case: Case, region: str, name: str) -> Policy:
        """Gives the policy: what the base does, but for the instruments of levers, which act in the region as they are set.

        A lever takes the place of all that the base does with its instrument in the region; elsewhere the base stays as it is. An
        intensity of zero does nothing. Governments of the base go on deciding.
        """
        base = _base(case, self.base)
        moved = {lever.instrument for lever in self.levers}
        kept = [change for change in (_elsewhere(change, region, moved) for change in base.changes) if change is not None]
        added = [lever.change(region) for lever in self.levers if lever.intensity != 0.0]
        sources = {**case.sources, **base.sources}
        source = base.source or _SOURCE
        changes = (*kept, *added)
        return replace(base, name=name, title=self.title(case), changes=changes, target=region, sources=sources, source=source)

    def title(self, case: Case) -> str:
        """Gives its name, or in words what it starts from."""
        base = _base(case, self.base)
        return self.name or (f"{base.title or base.name}, changed" if self.levers else base.title or base.name)

    @property
    def key(self) -> tuple[Any, ...]:
        """Gives what decides what it does."""
        return self.base, tuple(sorted(self.levers, key=repr))


@dataclass(frozen=True)
class Scenario:
    """Holds what a page asks: a case, the policy on the page and those pinned, what they are compared to, and what is looked at.

    `region` is where levers act, `shown` the region that is looked at; `window` the last quarters over which effects are measured.
    """

    case: str
    region: str
    mix: Mix
    pinned: tuple[Mix, ...] = ()
    reference: str = NONE.name
    outcome: str = "value_added"
    seeds: int = SEEDS
    window: int = WINDOW
    tab: str = ""
    shown: str = ""
    found: Case = field(compare=False, repr=False, kw_only=True)

    @property
    def mixes(self) -> dict[str, Mix]:
        """Gives the page's policy and those pinned by their names in the trial."""
        return {PAGE: self.mix, **{_PINNED.format(place): mix for place, mix in enumerate(self.pinned, 1)}}

    def policies(self) -> dict[str, Policy]:
        """Gives the page's policy, those pinned, and the reference, by their names in the trial; the same policy once.

        A pinned policy, or the page's own, that does what another does stands under that one's name: see `names`.
        """
        names = self.names()
        made = {name: mix.policy(self.found, self.region, name) for name, mix in self.mixes.items() if names[name] == name}
        return {**made, self.reference: replace(_base(self.found, self.reference), target=self.region)}

    def names(self) -> dict[str, str]:
        """Gives the name under which the page's policy and each pinned one is run: its own, or that of the same one before."""
        first: dict[Any, str] = {Mix(self.reference).key: self.reference}
        return {name: first.setdefault(mix.key, name) for name, mix in self.mixes.items()}

    def trial(self, variables: Sequence[str] | None = None, command: str | None = None) -> Trial:
        """Gives the trial that answers it: all its policies, under the same luck."""
        return Trial(
            self.found, self.policies(), self.seeds, region=self.region, reference=self.reference, variables=variables,
            command=command,
        )

    def titles(self) -> dict[str, str]:
        """Gives the titles of the page's policy, those pinned and the reference."""
        mixes = {**self.mixes, self.reference: Mix(self.reference)}
        return {name: mix.title(self.found) for name, mix in mixes.items()}

    def document(self) -> dict[str, Any]:
        """Gives the scenario as the page has it."""
        return {
            "case": self.case, "region": self.region, "base": self.mix.base,
            "levers": [_lever_document(one) for one in self.mix.levers], "name": self.mix.name, "reference": self.reference,
            "outcome": self.outcome, "seeds": self.seeds, "window": self.window, "tab": self.tab,
            **({"shown": self.shown} if self.shown != self.region else {}),
            "pinned": [
                {"name": mix.name, "base": mix.base, "levers": [_lever_document(one) for one in mix.levers]} for mix in self.pinned
            ],
        }


def read_scenario(document: object, find_case: FindCase, *, check: bool = True) -> Scenario:
    """Reads a scenario as the page sends it; raises `Refused` with everything that is wrong with it.

    With `check` its policies are tried in the case's world.
    """
    if not isinstance(document, Mapping):
        raise Refused.one("a scenario is an object with case, region, base and levers", heading="the scenario cannot be read")
    faults = Faults()
    _check_words(document, faults)
    name = document.get("case")
    if not isinstance(name, str):
        faults.add("no case is named", field="case")
        faults.refuse_if_any("the scenario cannot be read")
    case = find_case(str(name))
    region = document.get("region") or case.region
    shown = document.get("shown") or region
    for key, asked in {"region": region, **({"shown": shown} if shown != region else {})}.items():
        if asked not in case.world.regions:
            remedy = nearest(asked, case.world.regions) or f"it has {', '.join(case.world.regions)}"
            faults.add(f"{case.name} has no region '{asked}'", field=key, remedy=remedy)
    mix = _read_mix(document, case, "", faults)
    pinned = document.get("pinned", [])
    if not isinstance(pinned, list) or not all(isinstance(one, Mapping) for one in pinned):
        faults.add("must be a list of policies", field="pinned")
        pinned = []
    if len(pinned) > MOST_PINNED:
        remedy = f"at most {MOST_PINNED} stand beside the page's own"
        faults.add(f"{len(pinned)} policies are pinned", field="pinned", remedy=remedy)
    mixes = tuple(_read_mix(one, case, f"pinned[{place}].", faults) for place, one in enumerate(pinned[:MOST_PINNED], 1))
    reference, outcome = document.get("reference") or case.reference, document.get("outcome") or "value_added"
    _check_policy(reference, case, "reference", faults)
    if _is_taken(str(reference)):
        message = f"'{reference}' is what the policies of a page are called"
        faults.add(message, field="reference", remedy="give the policy of the case another name, to compare others to it")
    if outcome not in BY_NAME or BY_NAME[outcome].by_stage:
        known = [one.name for one in BY_NAME.values() if not one.by_stage]
        faults.add(f"no outcome of regions is called '{outcome}'", field="outcome", remedy=nearest(outcome, known) or None)
    seeds = _whole(document, "seeds", SEEDS, 2, MOST_SEEDS, faults)
    window = _whole(document, "window", min(WINDOW, case.world.quarters), 1, case.world.quarters, faults)
    faults.refuse_if_any("the scenario cannot be used")
    found = Scenario(
        str(name), region, mix, mixes, reference, outcome, seeds, window, str(document.get("tab") or ""), shown, found=case
    )
    if check:
        found.trial()
    return found


def link_of(scenario: Mapping[str, Any], address: str = "") -> str:
    """Gives the link of a scenario's document: the address of an app, and the document in what follows #."""
    text = json.dumps(scenario, ensure_ascii=False, separators=(",", ":"))
    return f"{address}{_MARK}{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def is_link(text: str) -> bool:
    """Says whether a text is meant as a link of the app."""
    return _MARK in text


def read_link(text: str) -> dict[str, Any]:
    """Gives the document that a link holds; refuses what is none, or was cut short."""
    content = text.partition(_MARK)[2].strip()
    remedy = "copy it whole, from the app's share button"
    if not content or len(content) > _LONGEST:
        raise Refused.one("this link holds no scenario", field="LINK", remedy=remedy)
    try:
        raw = base64.b64decode(content + "=" * (-len(content) % 4), altchars=b"-_", validate=True)
        document = json.loads(raw.decode())
    except (binascii.Error, ValueError, RecursionError):
        raise Refused.one("this link is damaged or was cut short", field="LINK", remedy=remedy) from None
    if not isinstance(document, dict):
        raise Refused.one("this link holds no scenario", field="LINK", remedy=remedy)
    return document


def _is_taken(name: str) -> bool:
    return name in (PAGE, *(_PINNED.format(place) for place in range(1, MOST_PINNED + 1)))


def _base(case: Case, name: str) -> Policy:
    """Gives a policy of the case or of the catalogue."""
    if name in case.policies:
        return case.policies[name]
    return read_policy(catalogue()[name])


def _elsewhere(change: Change, region: str, moved: set[str]) -> Change | None:
    """Gives what is left of a change of the base where levers take the place of its instrument in the region."""
    where = regions_of(change.where, region)
    if change.instrument not in moved or region not in where:
        return replace(change, where=where)
    others = tuple(place for place in where if place != region)
    return replace(change, where=others) if others else None


def _lever_document(lever: Lever) -> dict[str, Any]:
    given = asdict(lever)
    return {("from" if key == "start" else key): list(value) if isinstance(value, tuple) else value for key, value in given.items()}


def _check_words(document: Mapping[str, Any], faults: Faults) -> None:
    for key in _WORDS:
        value = document.get(key)
        if value is not None and (not isinstance(value, str) or len(value) > 200 or not value.isprintable()):
            faults.add("must be a short text in one line", field=key)
    faults.refuse_if_any("the scenario cannot be read")


def _read_mix(document: Mapping[str, Any], case: Case, field: str, faults: Faults) -> Mix:
    base, name = document.get("base") or NONE.name, document.get("name") or ""
    if not isinstance(name, str) or len(name) > 200 or not name.isprintable():
        faults.add("must be a short text in one line", field=f"{field}name")
        name = ""
    _check_policy(base, case, f"{field}base", faults)
    levers = document.get("levers", [])
    if not isinstance(levers, list) or len(levers) > 200:
        faults.add("must be a list of levers", field=f"{field}levers")
        levers = []
    read = [_read_lever(one, f"{field}levers[{place}]", faults) for place, one in enumerate(levers, 1)]
    return Mix(str(base), tuple(one for one in read if one is not None), name)


def _check_policy(name: object, case: Case, field: str, faults: Faults) -> None:
    known = policy_names(case)
    if name not in known:
        faults.add(f"no policy is called '{name}'", field=field, remedy=nearest(name, known) or f"known: {', '.join(known)}")


def _read_lever(document: object, field: str, faults: Faults) -> Lever | None:
    if not isinstance(document, Mapping) or not isinstance(document.get("instrument"), str):
        faults.add("must be an object with instrument and intensity", field=field)
        return None
    numbers: dict[str, float | None] = {}
    for key in ("intensity", "from", "until"):
        value = document.get(key)
        if value is None and key != "intensity":
            numbers[key] = None
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            faults.add("must be a number", field=f"{field}.{key}")
            return None
        else:
            numbers[key] = float(value)
    stages, per = document.get("stages"), document.get("per")
    if stages is not None and not (isinstance(stages, list) and stages and all(isinstance(one, str) for one in stages)):
        faults.add("must be a list of stages, or nothing", field=f"{field}.stages")
        return None
    if per is not None and not isinstance(per, str):
        faults.add('must be "worker", or nothing', field=f"{field}.per")
        return None
    intensity = numbers["intensity"]
    assert intensity is not None
    named = None if stages is None else tuple(stages)
    return Lever(document["instrument"], intensity, per, numbers["from"], numbers["until"], named)


def _whole(document: Mapping[str, Any], key: str, default: int, least: int, most: int, faults: Faults) -> int:
    value = document.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        faults.add("must be a whole number", field=key, remedy=f"from {least} to {most}")
        return default
    return value


