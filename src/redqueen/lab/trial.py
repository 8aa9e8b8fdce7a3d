"""A trial: worlds x policies x points of the uncertain parameters x seeds, the same seeds for all of them."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from redqueen.cases.case import Case, bundled
from redqueen.cases.case import case as read_case
from redqueen.errors import Fault, Faults, Refused, nearest
from redqueen.lab.arms import COST, Arm
from redqueen.lab.directories import file_hash
from redqueen.lab.fingerprints import code_digest, origins, parameter_hash
from redqueen.lab.jobs import Job
from redqueen.lab.trial_world import TrialWorld, lay_out_world
from redqueen.model.fields import FIELDS
from redqueen.model.parameters import PARAMETERS
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.change import SWITCH
from redqueen.policies.document import is_word
from redqueen.policies.government import Programme
from redqueen.policies.policy import Policy

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.sampling import Samples

#: Members for each policy, unless asked otherwise.
SEEDS = 20
#: Most seeds, most runs of a trial, and the largest seed: more than anybody runs, and than the list of them leaves memory for.
MOST_SEEDS, MOST_MEMBERS, LARGEST_SEED = 1_000_000, 10_000_000, 2**63 - 1


class Site(NamedTuple):
    """Names a case, or gives a world, and says in which of its regions policies of the catalogue act (None: the case's own)."""

    case: Case | World | str | Path
    region: str | None = None


class Block(NamedTuple):
    """Addresses what is run and kept as one: all policies of a world, at one point, in one seed; by positions, the world by name.
    """

    world: str
    sample: int
    seed: int


class Trial:
    """Asks what several policies do to one world or several, under the same luck.

    `worlds` is a `Case`, a `World`, the name of a bundled case or the path of a case file; or a mapping of names to any of these
    or to a `Site`, for several. `policies` are names (looked up in the case, then in the catalogue; "none" is always known),
    paths of policy files, `Policy` objects, or a mapping of names to any of these or to a `Schedule`; all policies of the case
    unless given. `seeds` is a number n (seeds 1 to n) or the seeds themselves. `quarters` ends the history early, `parameters`
    overrides assumptions by name, `samples` runs everything at each of its points instead of once, `region` is where policies
    of the catalogue act (the case's region unless given), `reference` is the policy that others are compared to (the case's
    unless given; added if it is not among them), `variables` keeps only those of the recorded variables.

    `placebo` adds, for every policy that does something, an arm in which nothing is done but households get, in each seed,
    quarter and region, the money that the policy cost: what a policy does beyond it is more than its money. `equal_cost`
    runs every policy that does something twice: as it is, to learn its cost, and then with households given what it leaves
    of the dearest policy's cost in that seed, quarter and region; only second runs are kept. Policies that do nothing stay
    so, and cost nothing. With both, placebos cost what the topped-up policies do.

    Points share their seeds, so that what differs between them is what was assumed. With `own_luck` each has a luck of its own in
    each seed: members are then independent draws of what is uncertain, as a forecast needs. Everything wrong is refused at once.
    """

    def __init__(
        self,
        worlds: Case | World | str | Path | Mapping[str, Any],
        policies: Sequence[str | Path | Policy] | Mapping[str, Any] | str | None = None,
        seeds: int | Iterable[int] = SEEDS,
        *,
        quarters: int | None = None,
        parameters: Mapping[str, float] | None = None,
        samples: Samples | None = None,
        region: str | None = None,
        reference: str | None = None,
        variables: Sequence[str] | None = None,
        placebo: bool = False,
        equal_cost: bool = False,
        own_luck: bool = False,
        name: str | None = None,
        command: str | None = None,
    ):
        faults = Faults()
        #: What was asked, by name of the argument: enough to write the trial down where it names files only.
        self.asked: dict[str, Any] = {
            "worlds": worlds, "policies": policies, "quarters": quarters, "region": region, "reference": reference,
            "placebo": placebo, "equal_cost": equal_cost, "own_luck": own_luck, "variables": variables,
        }
        self.seeds = _seeds(seeds, faults)
        self.parameters = _parameters(parameters or {}, faults)
        self.samples = samples
        _check_samples(samples, self.parameters, faults)
        _check_variables(variables, faults)
        # Costs are reported wherever they matter.
        self.variables = tuple(
            dict.fromkeys([*variables, COST])
        ) if variables is not None and (placebo or equal_cost) else variables
        # A case that cannot be read hides what hangs on it, but not the other faults.
        found = {label: (_found(site.case, faults), site) for label, site in _sites(worlds, region, faults).items()}
        if not found or any(read is None for read, _ in found.values()):
            raise Refused(faults, "trial")
        self.worlds: dict[str, TrialWorld] = {}
        for label, (read, site) in found.items():
            mine = Faults()
            assert read is not None
            laid_out = lay_out_world(
                read, policies, quarters=quarters, region=site.region, reference=reference, placebo=placebo, equal_cost=equal_cost,
                faults=mine,
            )
            self.worlds[label or laid_out.title] = laid_out
            faults.extend(dict.fromkeys(mine))
        members = sum(len(one.arms) for one in self.worlds.values()) * len(self.seeds) * (1 if samples is None else len(samples))
        if members > MOST_MEMBERS:
            faults.add(
                f"these are {members:,} runs, more than {MOST_MEMBERS:,}", remedy="ask for fewer seeds, points, policies or worlds"
            )
        faults.refuse_if_any(f"trial of {', '.join(one.world.name for one in self.worlds.values())}")
        self.policy_files = _policy_files(policies)
        self.equal_cost = equal_cost
        self.own_luck = own_luck
        self.name = name or "_".join(self.worlds)
        self.command = command or self._call(worlds, region, quarters)

    @property
    def only(self) -> TrialWorld:
        """Gives the world of a trial that has one."""
        if len(self.worlds) > 1:
            raise ValueError(f"the trial has {len(self.worlds)} worlds: {', '.join(self.worlds)}; see .worlds")
        return next(iter(self.worlds.values()))

    @property
    def case(self) -> Case | None:
        """Gives the case of the only world."""
        return self.only.case

    @property
    def world(self) -> World:
        """Gives the only world."""
        return self.only.world

    @property
    def region(self) -> str | None:
        """Gives the region of the only world in which policies of the catalogue act."""
        return self.only.region

    @property
    def reference(self) -> str:
        """Gives the policy that others are compared to in the only world."""
        return self.only.reference

    @property
    def schedules(self) -> Mapping[str, Schedule | Programme]:
        """Gives the policies of the only world as laid out, by name."""
        return self.only.schedules

    @property
    def arms(self) -> Mapping[str, Arm]:
        """Gives the members that are run in the only world, by name."""
        return self.only.arms

    @property
    def policies(self) -> list[str]:
        """Gives the names of the policies in the only world, in the order asked for, and then of their placebos."""
        return self.only.policies

    @property
    def idle(self) -> list[str]:
        """Gives the policies that do something, but nothing in the quarters that are run."""
        return list(dict.fromkeys(name for one in self.worlds.values() for name in one.idle))

    @property
    def blocks(self) -> list[Block]:
        """Lists the blocks in the order in which they are run: all points and worlds of a seed before the next seed."""
        samples = range(1 if self.samples is None else len(self.samples))
        return [Block(world, sample, seed) for seed in range(len(self.seeds)) for sample in samples for world in self.worlds]

    @property
    def members(self) -> int:
        """Counts the runs after burn-in, those that only find out a cost included."""
        return sum(len(self.worlds[block.world].arms) for block in self.blocks)

    @property
    def quarters_to_run(self) -> int:
        """Gives the quarters that a run computes, burn-ins included."""
        return sum(self.worlds[block.world].quarters() for block in self.blocks)

    @property
    def key(self) -> str:
        """Gives the SHA-256 of all that decides the bits of the result, the model's code included."""
        content = {
            "code": code_digest(),
            "worlds": {label: one.fingerprint() for label, one in self.worlds.items()},
            "parameters": self.parameters,
            "samples": None if self.samples is None else [list(self.samples.ranges.items()), self.samples.points.tolist()],
            "seeds": self.seeds,
            "variables": None if self.variables is None else sorted(set(self.variables)),
            **({"own_luck": True} if self.own_luck else {}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def job(self, block: Block) -> Job:
        """States what is run for a block."""
        there = {} if self.samples is None else self.samples.parameters(block.sample)
        world = self.worlds[block.world]
        variables = None if self.variables is None else tuple(self.variables)
        return Job(world.world, world.arms, self.luck(block), {**self.parameters, **there}, variables)

    def luck(self, block: Block) -> int:
        """Gives the seed that a block is run with: that of its row, or its point's own where points have luck of their own."""
        seed = self.seeds[block.seed]
        if not self.own_luck:
            return seed
        return int.from_bytes(hashlib.sha256(f"{seed} {block.sample}".encode()).digest()[:8]) >> 1

    def with_samples(self, samples: Samples | None) -> Trial:
        """Gives the same trial at other points of the uncertain parameters."""
        faults = Faults()
        _check_samples(samples, self.parameters, faults)
        faults.refuse_if_any(f"trial {self.name}")
        other = copy.copy(self)
        other.samples = samples
        return other

    def run(
        self,
        threads: int | None = None,
        *,
        store: str | Path | None = None,
        on: str = "threads",
        progress: bool = True,
        check: bool = False,
        advance: Callable[[float], None] | None = None,
    ) -> xarray.Dataset:
        """Runs every policy under every seed at every point; gives one dataset, a tree of them by world where there are several.

        `lab/dataset.py` tells its dimensions. `threads` is the number of members run at once (all processors unless given); it
        does not change a bit of the result. With `store`, a folder of trials, finished members are kept there: a trial that was
        interrupted goes on where it was, and one that is complete is read, not run (see `lab/store.py`). `on` is "threads",
        "dask" (a local cluster) or the address of a Dask scheduler (tcp://...). `progress` shows a bar on a terminal; with
        `advance` that is told the quarters done instead. `check` has the ledger check the accounts every quarter.

        A member that fails is missing from the result, whose coordinate `failure` says why; if all fail, that is an error.
        """
        if threads is not None and threads < 1:
            raise Refused.one(f"{threads} threads cannot run anything", field="threads", remedy="give 1 or more")
        from redqueen.lab.run import run_trial

        return run_trial(self, threads, store=store, on=on, progress=progress, check=check, advance=advance)

    def attributes(self, world: str) -> dict[str, Any]:
        """Says of the results in a world how they were made: case, hashes, seeds, versions and the call that makes them again."""
        mine = self.worlds[world]
        made: dict[str, Any] = {
            "case": mine.title,
            "case_hash": mine.case_hash,
            "policy_files": json.dumps(self.policy_files, sort_keys=True),
            "parameters": json.dumps(self.parameters, sort_keys=True),
            "parameter_hash": parameter_hash(mine.world, self.parameters),
            "seeds": " ".join(map(str, self.seeds)),
            "quarters": mine.world.quarters,
            "region": mine.region or "",
            "reference": mine.reference,
            "titles": json.dumps(mine.titles),
            "placebos": json.dumps(mine.placebos),
            "equal_cost": int(self.equal_cost),
            "command": self.command,
            "trial": self.name,
            "key": self.key,
            **origins(),
        }
        if self.samples is not None:
            made |= {"ranges": json.dumps(self.samples.ranges), "sampling": self.samples.method}
        return made

    def _call(self, asked: object, region: str | None, quarters: int | None) -> str:
        """Writes the call that makes this trial again."""
        what = "worlds"
        if len(self.worlds) == 1:
            case = self.only.case
            bundle = case is not None and case.name in bundled()
            named = asked if isinstance(asked, (str, Path)) else case and (case.name if bundle else case.file)
            what = repr(str(named)) if named else "world"
        plain = self.seeds == list(range(1, len(self.seeds) + 1))
        policies = list(dict.fromkeys(name for one in self.worlds.values() for name in one.schedules))
        parts = [what, f"policies={policies!r}", f"seeds={len(self.seeds) if plain else self.seeds!r}"]
        for name, value in (
            ("quarters", quarters),
            ("parameters", self.parameters or None),
            ("region", region),
            ("samples", None if self.samples is None else _Word("samples")),
            ("placebo", True if any(one.placebos for one in self.worlds.values()) else None),
            ("equal_cost", True if self.equal_cost else None),
            ("own_luck", True if self.own_luck else None),
        ):
            if value is not None:
                parts.append(f"{name}={value!r}")
        return f"redqueen.Trial({', '.join(parts)}).run()"


class _Word(str):
    """Stands in a written call for what has no literal."""

    def __repr__(self) -> str:
        return str(self)


def _sites(worlds: Any, region: str | None, faults: Faults) -> dict[str, Site]:
    """Gives the sites by name; the only one of a trial without names bears none."""
    if not isinstance(worlds, Mapping):
        return {"": Site(worlds, region)}
    if not worlds:
        faults.add("no world is named", field="worlds", remedy="name at least one")
    for name in worlds:
        if not is_word(str(name)):
            faults.add(f"'{name}' cannot be the name of a world", field="worlds", remedy="letters, digits, - and _ only")
    sites = {str(name): site if isinstance(site, Site) else Site(site) for name, site in worlds.items()}
    return {name: site if site.region is not None else site._replace(region=region) for name, site in sites.items()}


def _found(asked: Case | World | str | Path, faults: Faults) -> Case | World | None:
    try:
        return read_case(asked) if isinstance(asked, (str, Path)) else asked
    except Refused as refusal:
        faults.extend(refusal.faults)
        return None


def _check_samples(samples: Samples | None, parameters: Mapping[str, float], faults: Faults) -> None:
    if samples is None:
        return
    for name in samples.names:
        if name in parameters:
            faults.add(f"{name} is both set and uncertain", field="samples", remedy="leave it out of one of them")
    for name, column in zip(samples.names, samples.points.T, strict=True):
        for value in (column.min(), column.max()) if len(column) else ():
            _parameters({name: float(value)}, faults)


def _policy_files(policies: Any) -> dict[str, str | None]:
    """Gives the SHA-256 of every policy file that was named, so that a result can be told from one of an edited file."""
    items = policies.values() if isinstance(policies, Mapping) else [policies] if isinstance(
        policies, (str, Path)
    ) else policies or ()
    return {
        str(item): file_hash(item) for item in items if isinstance(item, Path) or (isinstance(item, str) and item.endswith(".toml"))
    }


def _seeds(seeds: int | Iterable[int], faults: Faults) -> list[int]:
    if isinstance(seeds, bool) or not isinstance(seeds, (int, Iterable)) or isinstance(seeds, str):
        faults.add(
            f"{seeds!r} is not a number of seeds", field="seeds", remedy="give a whole number of 1 or more, or a list of seeds"
        )
        return []
    if isinstance(seeds, int):
        if seeds < 1:
            faults.add(f"{seeds} seeds cannot show anything", field="seeds", remedy=f"give 1 or more; {SEEDS} is usual")
        if seeds > MOST_SEEDS:
            faults.add(f"more than {MOST_SEEDS:,} seeds are not run", field="seeds", remedy=f"{SEEDS} is usual")
        return list(range(1, min(seeds, MOST_SEEDS) + 1))
    listed = list(seeds)
    wrong = [seed for seed in listed if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= seed <= LARGEST_SEED]
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
