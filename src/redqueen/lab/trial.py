"""A trial: one world, several policies, the same seeds for all of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.cases.case import Case, bundled
from redqueen.cases.case import case as read_case
from redqueen.errors import Fault, Faults, Refused, nearest
from redqueen.lab.arms import COST, Arm, at_equal_cost, does_nothing, placebo_name, placebos
from redqueen.lab.dataset import Recorder, dataset, origins, parameter_hash, world_hash
from redqueen.lab.run import available_threads, run_members
from redqueen.lab.store import file_hash
from redqueen.model.fields import FIELDS
from redqueen.model.parameters import PARAMETERS
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.change import SWITCH
from redqueen.policies.government import Programme
from redqueen.policies.policy import NONE, Policy, catalogue, lay_out_policy, read_policy
from redqueen.progress import progress_bar

if TYPE_CHECKING:
    import xarray

#: Members for each policy, unless asked otherwise.
SEEDS = 20


class Trial:
    """Asks what several policies do to a world, under the same luck.

    `case_or_world` is a `Case`, a `World`, the name of a bundled case or the path of a case file. `policies` are
    names (looked up in the case, then in the catalogue; "none" is always known), paths of policy files, `Policy`
    objects, or a mapping of names to any of these or to a `Schedule`; all policies of the case unless given.
    `seeds` is a number n (seeds 1 to n) or the seeds themselves. `quarters` ends the history early, `parameters`
    overrides assumptions by name, `region` is where policies of the catalogue act (the case's region unless given),
    `reference` is the policy that others are compared to (the case's unless given; added if it is not among them),
    `variables` keeps only those of the recorded variables.

    `placebo` adds, for every policy that does something, an arm in which nothing is done but households get, in each seed,
    quarter and region, the money that the policy cost: what a policy does beyond it is more than its money. `equal_cost`
    runs every policy that does something twice: as it is, to learn its cost, and then with households given what it leaves
    of the dearest policy's cost in that seed, quarter and region; only second runs are kept. Policies that do nothing stay
    so, and cost nothing. With both, placebos cost what the topped-up policies do. Everything wrong is refused at once.
    """

    def __init__(
        self,
        case_or_world: Case | World | str | Path,
        policies: Sequence[str | Path | Policy] | Mapping[str, Any] | str | None = None,
        seeds: int | Iterable[int] = SEEDS,
        *,
        quarters: int | None = None,
        parameters: Mapping[str, float] | None = None,
        region: str | None = None,
        reference: str | None = None,
        variables: Sequence[str] | None = None,
        placebo: bool = False,
        equal_cost: bool = False,
        command: str | None = None,
    ):
        asked = case_or_world
        faults = Faults()
        # A case that cannot be read hides what hangs on it, but not the other faults.
        found: Case | World | None = None
        try:
            found = read_case(asked) if isinstance(asked, (str, Path)) else asked
        except Refused as refusal:
            faults.extend(refusal.faults)
        self.case = None if isinstance(found, World) else found
        self.seeds = _seeds(seeds, faults)
        self.parameters = _parameters(parameters or {}, faults)
        _check_variables(variables, faults)
        # Costs are reported wherever they matter.
        self.variables = [*variables, COST] if variables is not None and (placebo or equal_cost) else variables
        if found is None:
            raise Refused(faults, "trial")
        whole = found if isinstance(found, World) else found.world
        self.world = _shortened(whole, quarters, faults)
        self.region = _region(region, self.case, whole, faults)
        # Policies are dated for the whole history, which may be cut short.
        laid_out = _plans(policies, reference, self.case, whole, self.region, faults)
        self.schedules = {name: plan.cut(self.world.quarters) for name, (plan, _) in laid_out.items()}
        self._active = [name for name, (plan, _) in laid_out.items() if not does_nothing(plan)]
        self.reference = _reference(reference, self.case, list(self.schedules))
        self.policy_files = _policy_files(policies)
        self.equal_cost = equal_cost
        self.placebos: dict[str, str] = {}
        self.titles = {name: title for name, (_, title) in laid_out.items()}
        # Members that are run; those that only find out a cost are not among the policies.
        self.arms: dict[str, Arm] = dict(self.schedules)
        # What is wrong with a policy hides what hangs on it.
        if not faults:
            self._add_arms(placebo, equal_cost, faults)
        faults.refuse_if_any(f"trial of {self.world.name}")
        self.command = command or self._call(asked, region, quarters)

    @property
    def policies(self) -> list[str]:
        """Gives the names of the policies, in the order asked for, and then of their placebos."""
        return [*self.schedules, *self.placebos.values()]

    @property
    def idle(self) -> list[str]:
        """Gives the policies that do something, but nothing in the quarters that are run."""
        return [name for name in self._active if does_nothing(self.schedules[name])]

    def run(
        self,
        threads: int | None = None,
        *,
        progress: bool = True,
        check: bool = False,
        advance: Callable[[float], None] | None = None,
    ) -> xarray.Dataset:
        """Runs every policy under every seed and gives one dataset; see `lab/dataset.py` for its dimensions.

        `threads` is the number of members run at once (all processors unless given); it does not change a bit of
        the result. `progress` shows a bar on a terminal; with `advance` that is told the quarters done instead. `check` has
        the ledger check the accounts every quarter.
        """
        if threads is not None and threads < 1:
            raise Refused.one(f"{threads} threads cannot run anything", field="threads", remedy="give 1 or more")
        recorder = Recorder(len(self.policies), len(self.seeds), self.variables)
        arms = list(self.arms)
        place = {arms.index(name): position for position, name in enumerate(self.policies)}

        def keep(arm: int, seed: int, history: Any) -> None:
            if arm in place:
                recorder.keep(place[arm], seed, history)

        members = len(self.arms) * len(self.seeds)
        title = f"{self.world.name}: {members} runs"
        with progress_bar(self.quarters_to_run, title, show=progress and advance is None) as advance_bar:
            run_members(
                self.world,
                self.arms,
                self.seeds,
                keep,
                parameters=self.parameters,
                threads=min(threads or available_threads(), members),
                check=check,
                advance=advance or advance_bar,
            )
        return dataset(recorder, self.world, self.policies, self.seeds, self._attributes())

    @property
    def quarters_to_run(self) -> int:
        """Gives the quarters that a run computes, burn-ins included."""
        return len(self.seeds) * (self.world.burn_in + len(self.arms) * self.world.quarters)

    def _add_arms(self, with_placebos: bool, equal_cost: bool, faults: Faults) -> None:
        if equal_cost:
            self.arms = at_equal_cost(self.schedules, faults)
        if with_placebos:
            found = placebos(self.schedules, self.reference, self.world, faults)
            self.placebos = {name: placebo_name(name) for name in found}
            self.arms.update((placebo_name(name), arm) for name, arm in found.items())
            self.titles.update((placebo_name(name), f"The money of: {self.titles[name]}") for name in found)

    def _attributes(self) -> dict[str, Any]:
        name = self.world.name if self.case is None else self.case.name
        return {
            "case": name,
            "case_hash": _case_hash(self.case, self.world),
            "policy_files": json.dumps(self.policy_files, sort_keys=True),
            "parameters": json.dumps(self.parameters, sort_keys=True),
            "parameter_hash": parameter_hash(self.world, self.parameters),
            "seeds": " ".join(map(str, self.seeds)),
            "quarters": self.world.quarters,
            "region": self.region or "",
            "reference": self.reference,
            "titles": json.dumps(self.titles),
            "placebos": json.dumps(self.placebos),
            "equal_cost": int(self.equal_cost),
            "command": self.command,
            **origins(),
        }

    def _call(self, asked: object, region: str | None, quarters: int | None) -> str:
        """Writes the call that makes this trial again."""
        bundle = self.case is not None and self.case.name in bundled()
        named = asked if isinstance(asked, (str, Path)) else self.case and (self.case.name if bundle else self.case.file)
        what = repr(str(named)) if named else "world"
        plain = self.seeds == list(range(1, len(self.seeds) + 1))
        parts = [what, f"policies={list(self.schedules)!r}", f"seeds={len(self.seeds) if plain else self.seeds!r}"]
        for name, value in (
            ("quarters", quarters),
            ("parameters", self.parameters or None),
            ("region", region),
            ("placebo", True if self.placebos else None),
            ("equal_cost", True if self.equal_cost else None),
        ):
            if value is not None:
                parts.append(f"{name}={value!r}")
        return f"redqueen.Trial({', '.join(parts)}).run()"


def policy_names(case: Case | None) -> list[str]:
    """Lists the names that a trial of this case knows: none, those of the case, those of the catalogue."""
    return list(dict.fromkeys([NONE.name, *(case.policies if case is not None else ()), *catalogue()]))


def _plans(
    policies: Any, reference: str | None, case: Case | None, world: World, region: str | None, faults: Faults
) -> dict[str, tuple[Schedule | Programme, str]]:
    """Lays every policy out, with its title, by name."""
    if policies is None:
        asked: list[tuple[str | None, Any]] = [
            (name, name) for name in dict.fromkeys([*(case.policies if case is not None else ()), NONE.name])
        ]
    elif isinstance(policies, Mapping):
        asked = list(policies.items())
    else:
        asked = [(None, item) for item in ([policies] if isinstance(policies, (str, Path)) else policies)]
    if not asked:
        faults.add("no policy is named", field="policies", remedy=f"name at least one; '{NONE.name}' does nothing")
    if reference is not None and reference not in (name or (item.name if isinstance(item, Policy) else item) for name, item in asked):
        asked.insert(0, (None, reference))
    made: dict[str, tuple[Schedule | Programme, str]] = {}
    for name, item in asked:
        try:
            label, plan, title = _plan(name, item, case, world, region)
        except Refused as refusal:
            faults.extend(refusal.faults)
            continue
        if label in made:
            faults.add(f"'{label}' is named twice", field="policies")
        made[label] = (plan, title)
    return made


def _plan(
    name: str | None, item: Any, case: Case | None, world: World, region: str | None
) -> tuple[str, Schedule | Programme, str]:
    if isinstance(item, Schedule) or hasattr(item, "begin"):
        return str(name), item, _words(str(name))
    policy = item
    if isinstance(item, (str, Path)):
        text = str(item)
        if text == NONE.name:
            policy = NONE
        elif case is not None and text in case.policies:
            policy = case.policies[text]
        elif text in catalogue():
            policy = read_policy(catalogue()[text])
            if region is None:
                raise Refused.one(
                    f"'{text}' of the catalogue needs a region to act in",
                    field="region",
                    remedy=f"one of {', '.join(world.regions)}",
                )
        elif isinstance(item, Path) or text.endswith(".toml"):
            policy = read_policy(text, world, region)
        else:
            known = policy_names(case)
            raise Refused.one(
                f"no policy is called '{text}'", field="policies", remedy=nearest(text, known) or f"known: {', '.join(known)}"
            )
    label = name or policy.name
    title = policy.title if label == policy.name and policy.title else _words(label)
    return label, lay_out_policy(policy, world, region), title


def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _policy_files(policies: Any) -> dict[str, str | None]:
    """Gives the SHA-256 of every policy file that was named, so that a result can be told from one of an edited file."""
    items = policies.values() if isinstance(policies, Mapping) else [policies] if isinstance(policies, (str, Path)) else policies or ()
    return {str(item): file_hash(item) for item in items if isinstance(item, Path) or isinstance(item, str) and item.endswith(".toml")}


def _seeds(seeds: int | Iterable[int], faults: Faults) -> list[int]:
    if isinstance(seeds, bool) or not isinstance(seeds, (int, Iterable)) or isinstance(seeds, str):
        faults.add(
            f"{seeds!r} is not a number of seeds", field="seeds", remedy="give a whole number of 1 or more, or a list of seeds"
        )
        return []
    if isinstance(seeds, int):
        if seeds < 1:
            faults.add(f"{seeds} seeds cannot show anything", field="seeds", remedy=f"give 1 or more; {SEEDS} is usual")
        return list(range(1, seeds + 1))
    listed = list(seeds)
    wrong = [seed for seed in listed if isinstance(seed, bool) or not hasattr(seed, "__index__") or seed < 0]
    if not listed or wrong:
        faults.add(f"{wrong or listed} are not seeds", field="seeds", remedy="seeds are whole numbers, 0 or more")
        return []
    if len(set(listed)) < len(listed):
        faults.add("a seed is named twice", field="seeds", remedy="the same luck twice is one piece of evidence")
    return [int(seed) for seed in listed]


def _parameters(parameters: Mapping[str, float], faults: Faults) -> dict[str, float]:
    known = {parameter.name: parameter for parameter in PARAMETERS}
    for name, value in parameters.items():
        if name not in known:
            faults.add(
                f"no parameter is called '{name}'",
                field="parameters",
                remedy=nearest(name, known) or "redqueen parameters lists them",
            )
        elif not known[name].low <= value <= known[name].high:
            low, high, unit = known[name].low, known[name].high, known[name].unit
            faults.add(
                f"{name} = {value} is outside {low} to {high} ({unit})", field="parameters", remedy="stay within the range"
            )
        elif known[name].unit == SWITCH and value not in (known[name].low, known[name].high):
            faults.add(f"{name} is a switch: {value} is neither off nor on", field="parameters", remedy="0 or 1")
    return {name: float(value) for name, value in parameters.items() if name in known}


def _check_variables(variables: Sequence[str] | None, faults: Faults) -> None:
    known = [field.name for field in FIELDS]
    for name in variables or ():
        if name not in known:
            faults.append(Fault(f"no variable is called '{name}'", field="variables", remedy=nearest(name, known) or None))


def _shortened(world: World, quarters: int | None, faults: Faults) -> World:
    if quarters is None:
        return world
    if not 1 <= quarters <= world.quarters:
        faults.add(f"{quarters} quarters do not fit", field="quarters", remedy=f"from 1 to the {world.quarters} of {world.name}")
        return world
    return dataclasses.replace(world, quarters=quarters)


def _region(region: str | None, case: Case | None, world: World, faults: Faults) -> str | None:
    if region is None:
        return None if case is None else case.region
    if region not in world.regions:
        faults.add(
            f"{world.name} has no region '{region}'",
            field="region",
            remedy=nearest(region, world.regions) or f"it has {', '.join(world.regions)}",
        )
        return None
    return region


def _reference(reference: str | None, case: Case | None, policies: list[str]) -> str:
    wanted = [reference, case.reference if case is not None else None, NONE.name]
    return next((name for name in wanted if name in policies), policies[0] if policies else NONE.name)


def _case_hash(case: Case | None, world: World) -> str:
    """Gives the SHA-256 of the case file where there is one, of the world's numbers otherwise."""
    return (file_hash(case.file) if case is not None and case.file else None) or world_hash(world)
