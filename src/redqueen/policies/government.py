"""Governments that decide during a run: how they choose from a menu of policies, and what they may see."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from redqueen.errors import Fault, nearest
from redqueen.model.schedule import Schedule
from redqueen.model.world import World
from redqueen.policies.change import QUARTERS, TARGET, Change, Place, on_a_quarter
from redqueen.policies.deciding import Council, Seat
from redqueen.policies.layout import faults_of_place, lay_out, quarter_of, regions_of

if TYPE_CHECKING:
    from redqueen.policies.policy import Policy

__all__ = ["DRAW", "EMULATING", "GOALS", "STYLES", "Government", "Programme", "faults_of_government", "lay_out_governments"]

#: style -> what a government of this style does
STYLES: dict[str, str] = {
    "fixed": "each locality keeps its first choice",
    "central": "one choice for all localities; reviewed on their sum if `every` is given",
    "experiment": "the centre compares localities, bans what did worst and has the slowest emulate what did best",
    "adjust": "each locality keeps what works and leaves what does not, by its own results",
}
#: Outcomes that can be judged: a statistical office publishes them, and more is better.
GOALS = (
    "value_added", "income_per_head", "jobs", "service_jobs", "wages_paid", "exports", "firms", "research_spending",
    "research_staff",
    "talent_home",
)
#: Stands in `start` for a first choice by lot.
DRAW = "draw"
#: Share of localities, the slowest, that a centre has emulate the best unless asked otherwise.
EMULATING = 0.25

# What is of no use to a government that never looks at results, and what serves one style only.
_REVIEWING = ("window", "lag", "noise", "goal", "target_growth")


@dataclass(frozen=True)
class Government:
    """Chooses from a menu of policies for its localities, sees results late and with error, and chooses again.

    `menu` holds undated policies that act in `TARGET`, each used at its own intensities in the locality that chooses it.
    `first` is the year of the first choice (None: the start of the run), `every` the years between reviews, `window` the
    years of results that a review looks at (None: `every`), `lag` the years until results are known, `noise` the standard
    deviation of the error of measured growth (log points a year), `goal` the outcome whose growth is judged. `start` is
    `DRAW` or the name of an entry. `target_growth` (log points a year) is what `adjust` and `central` ask for (None: the
    growth of the window before); `emulate` the share of localities, the slowest, that `experiment` has emulate the best.
    `deciding.py` has the rules of each style.
    """

    style: str
    where: tuple[str, ...]
    menu: tuple[Policy, ...]
    first: float | None = None
    every: float | None = None
    window: float | None = None
    lag: float = 0.0
    noise: float = 0.0
    goal: str = "value_added"
    start: str = DRAW
    target_growth: float | None = None
    emulate: float | None = None
    name: str = ""
    source: str = ""
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the instruments of its menu."""
        return tuple(dict.fromkeys(name for entry in self.menu for name in entry.instruments))

    def without(self, *instruments: str) -> Government:
        """Gives the government whose menu leaves out some instruments."""
        return replace(self, menu=tuple(entry.without(*instruments) for entry in self.menu))

    def fault(self, key: str, message: str, remedy: str | None = None, element: int | None = None) -> Fault:
        """Gives a fault at one key of this government, or at one element of a list, with the file's word for it."""
        written = "from" if key == "first" else key
        if self.place is None:
            return Fault(message, field=f"government.{key}", remedy=remedy or None)
        lines = self.place.lines
        line = lines.get(f"{written}.{element}", lines.get(written, lines.get("")))
        return Fault(message, self.place.file, line, f"{self.place.field}.{written}", remedy or None)


class Programme:
    """A policy with governments, laid out in a world: what is fixed beforehand, and who decides about the rest.

    `begin` gives each run its own schedule and council, so that several can run at once.
    """

    def __init__(self, fixed: Schedule, seats: tuple[Seat, ...], regions: tuple[str, ...]):
        self.fixed = fixed
        self.seats = seats
        self.regions = regions

    @property
    def quarters(self) -> int:
        """Quarters of the history that it is laid out for."""
        return self.fixed.intensity.shape[1]

    def begin(self, world: World, seed: int) -> tuple[Schedule, Council]:
        """Gives a fresh schedule and the governments that will edit it, for one run; the world may end earlier."""
        if world.regions != self.regions or world.quarters > self.quarters:
            raise ValueError(
                f"laid out for {self.quarters} quarters of {', '.join(self.regions)}, not for the world '{world.name}'"
            )
        schedule = Schedule(*(numbers[:, : world.quarters].copy() for numbers in (self.fixed.intensity, self.fixed.target)))
        return schedule, Council(self.seats, schedule, world.regions, seed)

    def cut(self, quarters: int) -> Programme:
        """Gives the programme of a history that ends earlier."""
        return Programme(self.fixed.cut(quarters), tuple(seat.cut(quarters) for seat in self.seats), self.regions)


def faults_of_government(government: Government) -> Iterator[Fault]:
    """Finds what is wrong with a government in any world."""
    style, fault = government.style, government.fault
    if style not in STYLES:
        yield fault("style", f"unknown style '{style}'", nearest(style, STYLES) or f"known: {', '.join(STYLES)}")
        return
    yield from _faults_of_menu(government)
    if not government.where:
        yield fault("where", "names no locality")
    for name in sorted(name for name, times in Counter(government.where).items() if times > 1):
        yield fault("where", f"names '{name}' twice", element=_last(government.where, name))
    if style == "experiment" and len(government.where) == 1:
        yield fault("where", "a single locality cannot be compared", "name at least two localities")
    yield from _faults_of_times(government)
    yield from _faults_of_judgement(government)


def lay_out_governments(
    policy: Policy, world: World, target_region: str | None = None
) -> tuple[Programme, list[Fault]]:
    """Gives the programme of a policy in a world, and the faults of its changes and governments.

    Every menu entry is laid out beside the policy's own changes, so that their sums stay within range.
    """
    fixed, faults = lay_out(policy.changes, world, target_region, policy.years)
    beside = () if faults else tuple(replace(change, where=regions_of(change.where, target_region)) for change in policy.changes)
    seats: list[Seat] = []
    governed: set[str] = set()
    for government in policy.governments:
        regions = regions_of(government.where, target_region)
        found = [*faults_of_government(government), *_faults_in_world(government, regions, world, policy.years, governed)]
        governed |= set(regions)
        if not found:
            seat, found = _seat(government, regions, beside, world, policy.years)
            seats.append(seat)
        faults += found
    return Programme(fixed, tuple(seats), world.regions), faults


def _faults_of_menu(government: Government) -> Iterator[Fault]:
    names = [entry.name for entry in government.menu]
    reviews = government.style in ("experiment", "adjust") or government.every is not None
    if not names:
        yield government.fault("menu", "names no policy", "name policies of the catalogue or the case, or 'none'")
    elif len(names) == 1 and reviews and government.style != "fixed":
        yield government.fault("menu", "leaves nothing to choose", "name at least two policies; 'none' is one")
    for name in sorted(name for name, times in Counter(names).items() if times > 1):
        yield government.fault("menu", f"names '{name}' twice", element=_last(names, name))
    for position, entry in enumerate(government.menu):
        # Faults of the changes themselves are their own file's.
        dated = _named([change for change in entry.changes if change.start is not None or change.until is not None])
        if dated:
            message = f"'{entry.name}' has dates ({dated}): an entry acts while it is chosen"
            yield government.fault("menu", message, "name a policy whose changes have neither from nor until", position)
        placed = [change for change in entry.changes if tuple(change.where) != (TARGET,)]
        if placed:
            places = ", ".join(dict.fromkeys(region for change in placed for region in change.where))
            message = f"'{entry.name}' names regions of its own ({_named(placed)} in {places})"
            yield government.fault("menu", message, f'an entry acts where it is chosen: write where = "{TARGET}" there', position)
        if entry.governments:
            yield government.fault("menu", f"'{entry.name}' has governments of its own", "name a policy of changes alone", position)
    if names and government.start != DRAW and government.start not in names:
        remedy = nearest(government.start, (DRAW, *names)) or f"write {DRAW}, or one of: {', '.join(names)}"
        yield government.fault("start", f"'{government.start}' is not on the menu", remedy)


def _named(changes: Iterable[Change]) -> str:
    return ", ".join(dict.fromkeys(change.instrument for change in changes))


def _faults_of_times(government: Government) -> Iterator[Fault]:
    if government.first is not None and not on_a_quarter(government.first):
        yield government.fault("first", f"{government.first:g} is not on a quarter of a year", "end it in .0, .25, .5 or .75")
    if government.style in ("experiment", "adjust") and government.every is None:
        yield government.fault(
            "every", "is missing", f"{government.style} decides again and again: add every: years between decisions"
        )
    for key, low, years in (
        ("every", 1 / QUARTERS, government.every), ("window", 1, government.window), ("lag", 0, government.lag)
    ):
        if years is None:
            continue
        if not math.isfinite(years) or years < low:
            yield government.fault(key, f"{years:g} years are too few", f"{low:g} or more")
        elif not on_a_quarter(years):
            yield government.fault(key, f"{years:g} years are not whole quarters", "end it in .0, .25, .5 or .75")
    window = government.every if government.window is None else government.window
    if government.window is None and window is not None and 0 < window < 1:
        yield government.fault("every", f"growth cannot be seen in {window:g} years", "add window: years of results, 1 or more")


def _faults_of_judgement(government: Government) -> Iterator[Fault]:
    style = government.style
    if style == "fixed" and government.every is not None:
        yield government.fault("every", "a fixed government never decides again", "leave it out, or choose another style")
    if style == "fixed" or (style == "central" and government.every is None):
        for key in _REVIEWING:
            if getattr(government, key) != _default(key):
                remedy = "leave it out, or add every" if style == "central" else "leave it out"
                yield government.fault(key, f"a {style} government that never decides again looks at no results", remedy)
    elif government.target_growth is not None and style == "experiment":
        yield government.fault("target_growth", "experiment compares localities with one another", "leave it out")
    if government.emulate is not None and style != "experiment":
        yield government.fault("emulate", f"nobody emulates under {style}", "leave it out")
    elif government.emulate is not None and not 0 <= government.emulate <= 1:
        yield government.fault("emulate", f"{government.emulate:g} is outside 0 to 1 (share of localities)")
    if government.goal not in GOALS:
        remedy = nearest(government.goal, GOALS) or f"one of: {', '.join(GOALS)}"
        yield government.fault("goal", f"'{government.goal}' cannot be judged", remedy)
    if not (math.isfinite(government.noise) and government.noise >= 0):
        yield government.fault("noise", f"{government.noise:g} is no standard deviation", "0 or more (log points a year)")
    if government.target_growth is not None and not math.isfinite(government.target_growth):
        yield government.fault("target_growth", "must be a finite number (log points a year)")


def _faults_in_world(
    government: Government, regions: tuple[str, ...], world: World, years: tuple[float, float] | None, governed: set[str]
) -> Iterator[Fault]:
    for position, region in enumerate(regions):
        yield from faults_of_place(government, region, world)
        if region in governed and region != TARGET:
            yield government.fault("where", f"another government of this policy decides for '{region}'", element=position)
    if len(set(regions)) < len(set(government.where)):
        yield government.fault("where", f"names the target region twice: '{TARGET}' and by its name")
    start, end = years or (world.start, world.start + world.quarters / QUARTERS)
    if government.first is not None and not start <= government.first < end:
        yield government.fault("first", f"{government.first:g} is outside the run, {start:g} to {end:g}")
    if government.every is not None and government.lag >= end - start:
        yield government.fault("lag", f"results are known after {government.lag:g} years, when the run of {end - start:g} is over")


def _seat(
    government: Government, regions: tuple[str, ...], beside: tuple[Change, ...], world: World, years: tuple[float, float] | None
) -> tuple[Seat, list[Fault]]:
    first = 0 if government.first is None else max(0, quarter_of(government.first, world))
    localities = tuple(region for region in world.regions if region in regions)
    options, faults = [], []
    for position, entry in enumerate(government.menu):
        chosen = tuple(replace(change, where=localities, start=government.first, place=None) for change in entry.changes)
        option, found = lay_out((*beside, *chosen), world, None, years)
        options.append(option)
        faults += [government.fault("menu", f"'{entry.name}': {fault.message}", fault.remedy, position) for fault in found]
    every = government.every
    window = every if government.window is None else government.window
    seat = Seat(
        name=government.name or government.style, style=government.style, goal=government.goal,
        localities=tuple(world.regions.index(region) for region in localities),
        entries=tuple(entry.name for entry in government.menu),
        options=tuple(options), instruments=government.instruments, first=first,
        every=None if every is None else round(QUARTERS * every),
        window=None if window is None else round(QUARTERS * window), lag=round(QUARTERS * government.lag), noise=government.noise,
        start=None if government.start == DRAW else [entry.name for entry in government.menu].index(government.start),
        target_growth=government.target_growth, emulate=EMULATING if government.emulate is None else government.emulate,
    )
    return seat, faults


def _default(key: str) -> object:
    return Government.__dataclass_fields__[key].default


def _last(names: tuple[str, ...] | list[str], name: str) -> int:
    return len(names) - 1 - list(names)[::-1].index(name)
