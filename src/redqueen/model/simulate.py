"""Run a world: burn it in, put a schedule of instruments on it, and keep its history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy

from redqueen import decisions, draws
from redqueen.model.fields import BLOCKS, YEARLY
from redqueen.model.founding import found
from redqueen.model.instruments import FREE, INDEX, INSTRUMENTS
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.ledger import Ledger
from redqueen.model.quarter import run_quarter
from redqueen.model.schedule import Deciding, Decision, Schedule
from redqueen.model.state import State, divide
from redqueen.model.world import World

#: Stocks kept every quarter beside the outcomes.
KEPT_STOCKS = (
    "wage", "skilled_wage", "venture_pool", "venture_return", "frontier",
    "public_knowledge", "public_quality", "levy", "crowding", "modularity",
)
QUARTERLY = BLOCKS["outcome"] + KEPT_STOCKS
#: What a government that changes its mind suspends: whatever costs public money, but for experiments of comparison.
PROGRAMMES = frozenset(row.name for row in INSTRUMENTS if row.cost != FREE and not row.source.startswith("comparison"))
_IS_PROGRAMME = numpy.array([[row.name in PROGRAMMES] for row in INSTRUMENTS])
# Rows of the schedule that say at which stages an instrument is aimed.
_TARGETED = numpy.array([row for row, instrument in enumerate(INSTRUMENTS) if instrument.targeted])


@dataclass(frozen=True)
class History:
    """What happened: every outcome by quarter, the large ones by year, and the state at the end.

    ``arrays[name]`` is float64 [quarter, ...dimensions of the field], ``yearly[name]`` [year, ...]; ``decisions`` are
    those of governments that decided during the run, in the order taken. A history may end before its world's does.
    """

    arrays: dict[str, numpy.ndarray]
    yearly: dict[str, numpy.ndarray]
    state: State
    decisions: tuple[Decision, ...] = ()


class Record(Mapping[str, numpy.ndarray]):
    """Shows the quarterly outcomes of the quarters before one, and none later: views that cannot be written to."""

    def __init__(self, arrays: dict[str, numpy.ndarray], quarter: int):
        self._arrays = arrays
        self._quarter = quarter

    def __getitem__(self, name: str) -> numpy.ndarray:
        seen = self._arrays[name][: self._quarter]
        seen.flags.writeable = False
        return seen

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def burn_in(world: World, seed: int, parameters: dict[str, float] | None = None, check: bool = False) -> State:
    """Found a world and run it without governments until its history starts."""
    state = found(world, seed, parameters)
    ledger = Ledger(state) if check else None
    for _ in range(world.burn_in):
        step(state, ledger)
    return state


def simulate(
    world: World, schedule: Schedule | None = None, *, seed: int, parameters: dict[str, float] | None = None, check: bool = False,
    state: State | None = None, government: Deciding | None = None, after: History | None = None, until: int | None = None,
) -> History:
    """Run a world's history under a schedule of instruments (none: governments do nothing).

    A burnt-in ``state`` of the same world, seed and parameters saves the burn-in; it is copied, not changed.
    With ``check`` the ledger closes all accounts every quarter and raises ``LedgerError`` where they do not.
    A ``government`` sees the record so far at the start of each quarter and edits the schedule that it was begun with.
    The history ends before quarter ``until`` (the world's end unless given). One that goes on ``after`` another begins with
    it, and from its state unless a ``state`` is given: its luck is then that of the state, whatever the seed.
    """
    if state is None and after is not None:
        state = after.state
    state = burn_in(world, seed, parameters, check) if state is None else state.copy()
    schedule = schedule or Schedule.empty(world.quarters, len(world.regions))
    ledger = Ledger(state) if check else None
    last = world.quarters if until is None else until
    outcomes = numpy.empty((last, len(state.blocks["outcome"])))
    stocks = {name: numpy.empty((last, *numpy.shape(value_of(state, name)))) for name in KEPT_STOCKS}
    arrays = {**divide(outcomes, {name: state.arrays[name].shape for name in BLOCKS["outcome"]}), **stocks}
    yearly = {name: numpy.empty((last // QUARTERS_A_YEAR, *state.arrays[name].shape)) for name in YEARLY}
    first = 0 if after is None else begin_with(after, arrays, yearly)
    for quarter in range(first, last):
        if government is not None:
            government.decide(quarter, Record(arrays, quarter))
        use_instruments(state, schedule, quarter)
        step(state, ledger)
        outcomes[quarter] = state.blocks["outcome"]
        for name, array in stocks.items():
            array[quarter] = value_of(state, name)
        if quarter % QUARTERS_A_YEAR == QUARTERS_A_YEAR - 1:
            for name, array in yearly.items():
                array[quarter // QUARTERS_A_YEAR] = state.arrays[name]
    return History(arrays, yearly, state, () if government is None else tuple(government.decisions))


def begin_with(history: History, arrays: dict[str, numpy.ndarray], yearly: dict[str, numpy.ndarray]) -> int:
    """Copy what happened into the record of a longer history; give the quarter in which that goes on."""
    for record, before in ((arrays, history.arrays), (yearly, history.yearly)):
        for name, array in before.items():
            record[name][: len(array)] = array
    return len(history.arrays[QUARTERLY[0]])


def step(state: State, ledger: Ledger | None) -> None:
    """Run one quarter, checked if a ledger is given."""
    if ledger:
        ledger.open()
    run_quarter(state)
    if ledger:
        ledger.close()


def use_instruments(state: State, schedule: Schedule, quarter: int) -> None:
    """Set every instrument of the state to its intensity and targets in a quarter; programmes may be suspended for a year."""
    intensities = schedule.intensity[:, quarter]
    suspended = suspended_regions(state.seed, quarter, intensities[INDEX["policy_churn"]])
    if suspended.any():
        intensities = numpy.where(_IS_PROGRAMME & suspended, 0.0, intensities)
    state.blocks["intensity"].reshape(intensities.shape)[...] = intensities
    state.blocks["target"].reshape(len(_TARGETED), -1)[...] = schedule.target[_TARGETED, quarter]


def suspended_regions(seed: int, quarter: int, churn: numpy.ndarray) -> numpy.ndarray:
    """Say where a government suspends its programmes this year: chance ``churn`` by region, drawn once a year."""
    if not churn.any():
        return churn > 0.0
    key = draws.key(seed, decisions.CHURN, quarter // QUARTERS_A_YEAR)
    return numpy.array([chance > 0.0 and draws.uniform(key, region, 0) < chance for region, chance in enumerate(churn)])


def value_of(state: State, name: str) -> numpy.ndarray | float:
    """Give an array of the state, or one of its numbers."""
    return state.arrays[name] if name in state.arrays else getattr(state, name)
