"""What the jobs of a page are: the words of a command of redqueen, and the files that it reads, written from what the page asks."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.app.folder import ABOUT, BROUGHT, GOALS, TRIALS, Folder, now, write_json
from redqueen.errors import Faults, Refused

if TYPE_CHECKING:
    from redqueen.policies.policy import Policy
    from redqueen.studies.scenario import Mix, Scenario

__all__ = ["KINDS", "Errand", "errand_of", "goals_file"]

_HEADING = "the job cannot be begun"
_WRITTEN = "Written by redqueen app"
#: Points of the uncertain parameters and seeds of an explanation, unless asked otherwise, and the most of each.
POINTS, EACH = 64, 2
_MOST_POINTS, _MOST_EACH, _MOST_SEEDS, _LONGEST = 4096, 64, 10_000, 200
_WORD = re.compile(r"[^\w-]+")
_YEARS = (1, 9999)


@dataclass(frozen=True)
class Errand:
    """Says what a job runs: the words after `redqueen`, those that are worth showing, its title, and which goals it is of."""

    title: str
    words: list[str]
    shown: list[str]
    goals: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)


def errand_of(folder: Folder, place: Path, kind: str, scenario: object, options: Mapping[str, Any]) -> Errand:
    """Writes what a job needs into its place and gives its errand; refuses, all at once, what cannot be run."""
    if kind not in KINDS:
        raise Refused.one(f"no job is called '{kind}'", field="kind", remedy=f"there is {', '.join(KINDS)}", heading=_HEADING)
    return KINDS[kind](folder, place, scenario, options)


def goals_file(folder: Folder, identity: str) -> Path:
    """Gives the goals file of an id; refuses with 404 where there is none."""
    place = folder.place(GOALS, identity)
    return folder.inside(place, str(folder.about(place).get("file", "")))


def _explain(folder: Folder, place: Path, document: object, options: Mapping[str, Any]) -> Errand:
    from redqueen.lab.explain.explaining import least_points
    from redqueen.lab.outcomes import BY_NAME
    from redqueen.policies.writing import toml_value
    from redqueen.report.words import region_words
    from redqueen.studies.monitor.starting import uncertain_unless_named
    from redqueen.studies.scenario import PAGE

    scenario, faults = _scenario(folder, document), Faults()
    outcome = _text(options, "outcome", faults) or scenario.outcome
    uncertain = uncertain_unless_named()
    points = _whole(options, "points", faults, least_points(len(uncertain)), _MOST_POINTS) or POINTS
    seeds = _whole(options, "seeds", faults, 2, _MOST_EACH) or EACH
    if outcome not in BY_NAME:
        faults.add(f"no outcome is called '{outcome}'", field="outcome")
    if scenario.names()[PAGE] != PAGE:
        faults.add(
            f"the policy on the page is {scenario.reference}, which it is compared to", field="levers",
            remedy="move a lever, or choose another policy to begin with",
        )
    faults.refuse_if_any(_HEADING)
    written = _Written(place, scenario)
    policy = written.policy(scenario.mix, "this_policy")
    lines = [
        f"# {_WRITTEN}; redqueen explain reads it", "[trial]", 'name = "why"', f"seeds = {seeds}",
        f"policies = {toml_value([policy.named, scenario.reference])}", f"reference = {toml_value(scenario.reference)}",
        "", "[[world]]", f"case = {toml_value(written.case())}", f"region = {toml_value(scenario.region)}",
        "", "[uncertain]",
        *(f"{name} = {toml_value(list(limits))}" for name, limits in uncertain.items()),
        "", "[samples]", f"count = {points}",
    ]
    (place / "trial.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = [
        "explain", "trial.toml", outcome, "--policy", policy.name, "--region", scenario.region, "--window", str(scenario.window)
    ]
    title = f"Why {policy.title} changes {BY_NAME[outcome].words} of {region_words(scenario.region)}"
    return Errand(title, [*words, "--store", str(folder.root / TRIALS), "--json"], words)


def _seeds(folder: Folder, place: Path, document: object, options: Mapping[str, Any]) -> Errand:
    from redqueen.lab.outcomes import chosen

    scenario, faults = _scenario(folder, document), Faults()
    seeds = _whole(options, "seeds", faults, 2, _MOST_SEEDS) or scenario.seeds
    outcomes = _texts(options, "outcomes", faults)
    if outcomes:
        chosen(outcomes, faults=faults)
    names = scenario.names()
    own = [name for name, first in names.items() if name == first]
    if not own:
        faults.add(f"there is nothing to compare {scenario.reference} to", field="levers", remedy="move a lever, or pin a policy")
    faults.refuse_if_any(_HEADING)
    written = _Written(place, scenario)
    mixes = dict(zip(names, (scenario.mix, *scenario.pinned), strict=True))
    policies = [written.file(mixes[name], name).named for name in own]
    words = [
        "compare", written.case(), "--policies", ",".join(policies), "--to", scenario.reference, "--seeds", str(seeds),
        "--region", scenario.region, "--window", str(scenario.window), *(["--outcome", ",".join(outcomes)] if outcomes else []),
    ]
    title = f"{seeds} seeds of {scenario.found.name}"
    return Errand(title, [*words, "--store", str(folder.root / TRIALS), "--json"], words)


def _init(folder: Folder, place: Path, document: object, options: Mapping[str, Any]) -> Errand:
    from redqueen.policies.document import is_word
    from redqueen.policies.policy import NONE
    from redqueen.report.words import region_words

    scenario, faults = _scenario(folder, document), Faults()
    name = _WORD.sub("_", _text(options, "name", faults) or "goals").strip("_") or "goals"
    years = {option: _whole(options, key, faults, *_YEARS) for key, option in (("since", "--from"), ("until", "--until"))}
    numbers = {option: _number(options, key, faults) for key, option in (("goal", "--goal"), ("budget", "--budget"))}
    points = _whole(options, "points", faults, 20, _MOST_POINTS)
    outcomes = _texts(options, "outcomes", faults)
    if not is_word(name):
        faults.add(f"'{name}' cannot be the name of a plan", field="name", remedy="letters, digits, - and _ only")
    if scenario.mix.key == (NONE.name, ()):
        words = "the policy on the page does nothing, which is no plan"
        faults.add(words, field="levers", remedy="move a lever, or choose a policy")
    faults.refuse_if_any(_HEADING)
    identity, draft = folder.new(GOALS)
    try:
        written = _Written(draft, scenario)
        plan = written.policy(scenario.mix, "plan")
        # Its own files lie beside it.
        while (draft / f"{name}.toml").exists():
            name += "_goals"
        about = {"id": identity, "name": name, "file": f"{name}.toml", "added": now()}
        write_json(draft / ABOUT, about)
        goals = folder.settle(GOALS, identity, draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise

    def whole(named: str) -> str:
        return str(goals / named) if named.endswith(".toml") else named

    asked = {**years, **numbers, "--points": points, "--outcome": ",".join(outcomes) if outcomes else None}
    told = [word for option, value in asked.items() if value is not None for word in (option, f"{value}")]
    command = [
        "monitor", "init", whole(written.case()), "-o", str(goals / f"{name}.toml"), "--policy", whole(plan.named),
        "--region", scenario.region, *told,
    ]
    return Errand(f"Goals for {plan.title} in {region_words(scenario.region)}", command, command, identity)


def _monitor(verb: str, said: str, checked: Mapping[str, tuple[str, Callable[..., Any]]]) -> Callable[..., Errand]:
    def errand(folder: Folder, place: Path, document: object, options: Mapping[str, Any]) -> Errand:
        from redqueen.app.goals import fingerprint

        faults = Faults()
        identity = _text(options, "goals", faults)
        given = {option: read(options, key, faults) for key, (option, read) in checked.items()}
        if identity is None and not faults:
            faults.add("of which goals?", field="goals")
        faults.refuse_if_any(_HEADING)
        file = goals_file(folder, str(identity))
        told = [
            word for option, value in given.items() if value is not None
            for word in (option, ",".join(value) if isinstance(value, list) else f"{value}")
        ]
        words = ["monitor", verb, str(file), *told]
        name = str(folder.about(file.parent).get("name", ""))
        return Errand(f"{said}: {name}", [*words, "--json"], words, identity, {"of": fingerprint(file)})

    return errand


class _Written:
    """Writes the case and the policies of a scenario where a command reads them, each under a name for that command."""

    def __init__(self, place: Path, scenario: Scenario):
        self.place, self.scenario = place, scenario
        self._case = scenario.case if not scenario.case.startswith(BROUGHT) else ""
        if not self._case:
            self._copy()

    def case(self) -> str:
        """Gives the case as a command takes it: its name, or the file beside."""
        return self._case

    def policy(self, mix: Mix, name: str) -> _Policy:
        """Gives the policy of a mix: by its own name where nothing of it was changed."""
        if not mix.levers:
            base = self._laid(mix, mix.base)
            return _Policy(mix.base, mix.base, mix.name or base.title or _words(mix.base))
        return self.file(mix, name)

    def file(self, mix: Mix, name: str) -> _Policy:
        """Gives the policy of a mix under a name, written into a file; into the case where it means policies of the case."""
        from redqueen.policies.writing import case_policy_text, policy_text, stands_alone
        from redqueen.report.saved import free_name

        name = free_name(name, self.scenario.found.policies)
        policy = self._laid(mix, name)
        if stands_alone(policy):
            (self.place / f"{name}.toml").write_text(policy_text(policy, heading=_WRITTEN), encoding="utf-8")
            return _Policy(name, f"{name}.toml", policy.title or name)
        path = self.place / (self._case if self._case.endswith(".toml") else self._copy())
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" + case_policy_text(policy, self.scenario.found.sources, heading=_WRITTEN))
        return _Policy(name, name, policy.title or name)

    def _laid(self, mix: Mix, name: str) -> Policy:
        return replace(mix.policy(self.scenario.found, self.scenario.region, name), target=None)

    def _copy(self) -> str:
        source = Path(self.scenario.found.file)
        self._case = source.name if source.suffix == ".toml" else f"{self.scenario.found.name}.toml"
        shutil.copyfile(source, self.place / self._case)
        return self._case


@dataclass(frozen=True)
class _Policy:
    name: str
    named: str
    title: str


def _scenario(folder: Folder, document: object) -> Scenario:
    from redqueen.studies.scenario import read_scenario

    return read_scenario(document, folder.find_case)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(options: Mapping[str, Any], key: str, faults: Faults) -> str | None:
    value = options.get(key)
    if value is None or value == "":
        return None
    # What begins with - would be an option of the command.
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable() or value.startswith("-"):
        faults.add("must be a short text", field=key)
        return None
    return value


def _texts(options: Mapping[str, Any], key: str, faults: Faults) -> list[str] | None:
    value = options.get(key)
    if value is None or value == []:
        return None
    if not isinstance(value, list) or len(value) > _LONGEST or not all(map(_is_name, value)):
        faults.add("must be a list of names", field=key)
        return None
    return value


def _is_name(one: object) -> bool:
    return isinstance(one, str) and one.isprintable() and not one.startswith("-") and "," not in one and len(one) <= _LONGEST


def _whole(options: Mapping[str, Any], key: str, faults: Faults, least: int, most: int) -> int | None:
    value = options.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        faults.add("must be a whole number", field=key, remedy=f"from {least} to {most}")
        return None
    return value


def _number(options: Mapping[str, Any], key: str, faults: Faults) -> float | None:
    value = options.get(key)
    if value is None:
        return None
    # A number below zero would be read as an option, and none of these may be.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        faults.add("must be a number of zero or more", field=key)
        return None
    return float(value)


def _year(options: Mapping[str, Any], key: str, faults: Faults) -> int | None:
    return _whole(options, key, faults, *_YEARS)


def _count(options: Mapping[str, Any], key: str, faults: Faults) -> int | None:
    return _whole(options, key, faults, 1, _MOST_SEEDS)


_AS_OF = {"as_of": ("--as-of", _year)}
#: Kind of a job -> what writes its files and gives its errand.
KINDS: dict[str, Callable[..., Errand]] = {
    "explain": _explain,
    "seeds": _seeds,
    "init": _init,
    "status": _monitor("status", "Where goals stand", _AS_OF),
    "obstacles": _monitor(
        "obstacles", "What holds goals back", {**_AS_OF, "step": ("--step", _number), "futures": ("--futures", _count)}
    ),
    "advise": _monitor(
        "advise", "What to change",
        {
            **_AS_OF, "goal": ("--goal", _text), "budget": ("--budget", _number), "levers": ("--levers", _texts),
            "evaluations": ("--evaluations", _count),
        },
    ),
}
