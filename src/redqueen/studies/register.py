"""Watch a run firm by firm, as a statistical office would, and keep what figures of firms are measured from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import ArrayLike

from redqueen.evidence.input_output import InputOutput
from redqueen.indicators.leontief import distance_to_final_use
from redqueen.lab.tables import chain_accounts
from redqueen.model import kinds
from redqueen.model.founding import found
from redqueen.model.kinds import QUARTERS_A_YEAR
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import step, use_instruments, value_of
from redqueen.model.state import State
from redqueen.model.world import World
from redqueen.studies.accounts import does, last_stage, material_costs

#: Years over which what an innovation earns is added up.
RETURN_YEARS = 5
#: Outcomes and stocks kept every quarter of the history.
KEPT = (
    "entries", "exits", "firms", "research_spending", "value_added", "jobs", "moves", "ends", "successes", "wage", "emigrants",
    "returnees", "public_spinoffs",
)

Table = dict[str, numpy.ndarray]


@dataclass(frozen=True)
class Register:
    """Holds what was recorded of one run. Quarters and years count from the start of the history (burn-in is below 0).

    quarterly: [quarter, ...] of each outcome in `KEPT`; research_by_mode [quarter, mode], money a quarter.
    The others are tables, one array a column:
    sizes: year, lineage, heads: firms alive at the end of a year (-1: when the history starts), newborn ones left out.
    births: quarter, lineage, region, owner, parent_quality (log, against the frontier of the stage that it starts),
    parent_heads; both NaN where the firm has no living parent that does the stage. deaths: quarter, lineage.
    first_year: lineage, heads: one row for each of a firm's first four quarters at work.
    projects: mode, quarters, staff: projects that ran to their end. innovations: value: novel projects that succeeded,
    quality gained x the stage's weight x sales of the stage (of the product, in a lead firm) in the five years after, money.
    learning: year, stage, effort (multiple), units, own, home, abroad: cumulative output of a firm's stage and of all
    others in its region and elsewhere since the world began, units.
    accounts: year, distance (sales to final use), added (value added per output), of firms with sales.
    founders: year, age (years), earned (multiple of the job given up), of private firms.
    """

    world: World
    quarterly: Table
    research_by_mode: numpy.ndarray
    sizes: Table
    births: Table
    deaths: Table
    first_year: Table
    projects: Table
    innovations: Table
    learning: Table
    accounts: Table
    founders: Table
    tables: list[InputOutput]


def watch(world: World, schedule: Schedule | None, seed: int) -> Register:
    """Runs a world from its founding to its end and registers its firms; `schedule` as for `simulate`."""
    clerk = Clerk(found(world, seed), world)
    for quarter in range(-world.burn_in, world.quarters):
        if schedule is not None and quarter >= 0:
            use_instruments(clerk.state, schedule, quarter)
        clerk.run_quarter(quarter)
    return clerk.register()


class Rows:
    """Collects rows as arrays of columns and gives them as one table."""

    def __init__(self, *columns: str):
        self.parts: dict[str, list[numpy.ndarray]] = {name: [] for name in columns}

    def add(self, **columns: ArrayLike) -> None:
        """Adds rows; a single number stands in every row of them."""
        for name, values in zip(columns, numpy.broadcast_arrays(*columns.values()), strict=True):
            self.parts[name].append(numpy.atleast_1d(values).copy())

    def table(self) -> Table:
        """Gives all rows, one array a column."""
        return {name: numpy.concatenate(parts) if parts else numpy.zeros(0) for name, parts in self.parts.items()}


class Clerk:
    """Runs a state quarter by quarter and writes down what happened to its firms."""

    def __init__(self, state: State, world: World):
        self.state = state
        self.world = world
        self.quarterly: dict[str, list[numpy.ndarray]] = defaultdict(list)
        self.research: list[numpy.ndarray] = []
        self.tables: list[InputOutput] = []
        self.sizes = Rows("year", "lineage", "heads")
        self.births = Rows("quarter", "lineage", "region", "owner", "parent_quality", "parent_heads")
        self.deaths = Rows("quarter", "lineage")
        self.first_year = Rows("lineage", "heads")
        self.projects = Rows("mode", "quarters", "staff")
        self.innovations = Rows("value")
        self.learning = Rows("year", "stage", "effort", "units", "own", "home", "abroad")
        self.accounts = Rows("year", "distance", "added")
        self.founders = Rows("year", "age", "earned")
        # What the first firms made before the world began is known to them.
        self.made = state.arrays["experience"].copy()
        self.made_in = numpy.zeros((state.n_regions, state.n_stages))
        alive = state.arrays["alive"] == 1
        numpy.add.at(self.made_in, state.arrays["region_of"][alive], self.made[alive])
        self.started = numpy.zeros(self.made.shape, dtype=int)
        self.earning: list[dict[str, Any]] = []

    def register(self) -> Register:
        """Gives everything written down so far."""
        quarterly = {name: numpy.array(values) for name, values in self.quarterly.items()}
        tables = {name: rows.table() for name, rows in vars(self).items() if isinstance(rows, Rows)}
        return Register(self.world, quarterly, numpy.array(self.research), tables=self.tables, **tables)

    def run_quarter(self, quarter: int) -> None:
        """Runs one quarter and registers it; before the history starts only projects under way and output are followed."""
        before = self._remember()
        step(self.state, None)
        arrays = self.state.arrays
        # Everyone who was at work in the quarter, those who ended in it included.
        living = arrays["living"][: self.state.n_alive].copy()
        self._lengthen()
        self._count_output(living, before)
        self._follow_projects(quarter, living, before)
        if quarter >= 0:
            self._follow_earnings(quarter)
            for name in KEPT:
                self.quarterly[name].append(numpy.array(value_of(self.state, name)))
            self.research.append(self._research(living, before))
            self._register_lives(quarter, living)
        if quarter % QUARTERS_A_YEAR == QUARTERS_A_YEAR - 1:
            self._register_year(quarter // QUARTERS_A_YEAR, living, before)

    def _remember(self) -> Table:
        names = (
            "alive", "lineage", "stages", "project", "project_left", "project_staff", "quality", "design", "wage", "skilled_wage"
        )
        return {name: self.state.arrays[name].copy() for name in names}

    def _lengthen(self) -> None:
        """Follows the state's tables of firms when they grow: slots keep their place."""
        more = self.state.n_firms - len(self.made)
        if more > 0:
            self.made, self.started = (numpy.pad(array, ((0, more), (0, 0))) for array in (self.made, self.started))

    def _same(self, before: Table) -> numpy.ndarray:
        """Says of each of the earlier slots whether the same firm held it before and during the quarter."""
        known = len(before["lineage"])
        return (before["alive"] == 1) & (self.state.arrays["lineage"][:known] == before["lineage"])

    def _count_output(self, living: numpy.ndarray, before: Table) -> None:
        arrays = self.state.arrays
        known = len(before["lineage"])
        # A stage that was not done before starts without experience.
        went_on = numpy.zeros(self.made.shape, dtype=bool)
        went_on[:known] = self._same(before)[:, None] & (does(before["stages"], self.state) == 1)
        self.made *= went_on
        self.made[living] += arrays["units"][living]
        numpy.add.at(self.made_in, arrays["region_of"][living], arrays["units"][living])

    def _follow_projects(self, quarter: int, living: numpy.ndarray, before: Table) -> None:
        arrays = self.state.arrays
        known = len(before["lineage"])
        there = numpy.zeros(known, dtype=bool)
        there[living[living < known]] = True
        same = there & self._same(before)
        still = does(arrays["stages"][:known], self.state) == 1
        ran = same[:, None] & (before["project"] != kinds.IDLE)
        ended = ran & (before["project_left"] == 1) & still
        if quarter >= 0:
            quarters = quarter - self.started[:known][ended]
            self.projects.add(mode=before["project"][ended], quarters=quarters, staff=before["project_staff"][ended])
            novel = ended & (before["project"] == kinds.NOVEL) & (arrays["design"][:known] != before["design"])
            firms, stages = numpy.nonzero(novel)
            self._follow_innovations(quarter, firms, stages, before)
        begun = (arrays["project"][:known] != kinds.IDLE) & ~(ran & ~ended)
        self.started[:known][begun] = quarter

    def _follow_innovations(self, quarter: int, firms: numpy.ndarray, stages: numpy.ndarray, before: Table) -> None:
        if firms.size:
            gained = self.state.arrays["quality"][firms, stages] - before["quality"][firms, stages]
            worth = gained * self.state.arrays["quality_weight"][stages]
            lineage = before["lineage"][firms]
            self.earning.append({
                "quarter": quarter, "firm": firms, "stage": stages, "lineage": lineage, "worth": worth,
                "sales": numpy.zeros(firms.size),
            })

    def _follow_earnings(self, quarter: int) -> None:
        """Adds a quarter's sales to the innovations still followed, and registers those whose years are over."""
        arrays = self.state.arrays
        going_on = []
        for group in self.earning:
            firm, stage = group["firm"], group["stage"]
            product = arrays["product_of"][firm]
            sales = numpy.where(product >= 0, arrays["product_sales"][product], arrays["stage_revenue"][firm, stage])
            there = (arrays["alive"][firm] == 1) & (arrays["lineage"][firm] == group["lineage"])
            group["sales"] += numpy.where(there, sales, 0.0)
            if quarter - group["quarter"] < RETURN_YEARS * QUARTERS_A_YEAR:
                going_on.append(group)
            else:
                self.innovations.add(value=group["worth"] * group["sales"])
        self.earning = going_on

    def _research(self, living: numpy.ndarray, before: Table) -> numpy.ndarray:
        """Adds up what was spent on projects by mode."""
        arrays = self.state.arrays
        spent = arrays["project_staff"][living] * before["skilled_wage"][arrays["region_of"][living]][:, None]
        modes = arrays["project"][living]
        return numpy.array([spent[modes == mode].sum() for mode in range(1, len(kinds.MODES) + 1)])

    def _register_lives(self, quarter: int, living: numpy.ndarray) -> None:
        arrays, now = self.state.arrays, self.state.quarter - 1
        age = now - arrays["born"][living]
        young = living[(age > 0) & (age <= QUARTERS_A_YEAR)]
        self.first_year.add(lineage=arrays["lineage"][young], heads=arrays["employees"][young])
        gone = living[arrays["alive"][living] == 0]
        self.deaths.add(quarter=quarter, lineage=arrays["lineage"][gone])
        born = living[age == 0]
        stage = last_stage(arrays["stages"][born], self.state)
        parent_quality, parent_heads = numpy.full((2, born.size), numpy.nan)
        slot_of = dict(zip(arrays["lineage"][living].tolist(), living.tolist(), strict=True))
        for place, lineage in enumerate(arrays["parent"][born].tolist()):
            parent = slot_of.get(lineage, -1)
            if parent >= 0 and (int(arrays["stages"][parent]) >> int(stage[place])) & 1:
                parent_quality[place] = arrays["quality"][parent, stage[place]] - arrays["frontier"][stage[place]]
                parent_heads[place] = arrays["employees"][parent]
        self.births.add(
            quarter=quarter, lineage=arrays["lineage"][born], region=arrays["region_of"][born], owner=arrays["owner"][born],
            parent_quality=parent_quality, parent_heads=parent_heads,
        )

    def _register_year(self, year: int, living: numpy.ndarray, before: Table) -> None:
        arrays, now = self.state.arrays, self.state.quarter - 1
        self._register_learning(year, living)
        if year < -1:
            return
        staying = living[(arrays["alive"][living] == 1) & (arrays["born"][living] < now)]
        self.sizes.add(year=year, lineage=arrays["lineage"][staying], heads=arrays["employees"][staying])
        if year < 0:
            return
        materials = material_costs(self.state)
        world = self.world
        table = chain_accounts(arrays, regions=world.regions, stages=world.stages, brand_stages=world.brand_stage, year=year)
        self.tables.append(table)
        distance = distance_to_final_use(table.intermediate, table.output).reshape(len(table.regions), -1)
        selling = living[arrays["revenue"][living] > 0]
        revenue = arrays["revenue"][selling]
        added = 1 - (arrays["purchases"][selling] + materials[selling].sum(axis=1)) / revenue
        places = arrays["region_of"][selling], last_stage(arrays["stages"][selling], self.state)
        self.accounts.add(year=year, distance=distance[places], added=added)
        self._register_founders(year, staying, before)

    def _register_learning(self, year: int, living: numpy.ndarray) -> None:
        arrays = self.state.arrays
        firm, stage = numpy.nonzero(does(arrays["stages"][living], self.state))
        firm = living[firm]
        working = (arrays["units"][firm, stage] > 0) & (self.made[firm, stage] > 0)
        firm, stage = firm[working], stage[working]
        region = arrays["region_of"][firm]
        own, home = self.made[firm, stage], self.made_in[region, stage]
        self.learning.add(
            year=year, stage=stage, effort=arrays["unit_effort"][firm, stage], units=arrays["units"][firm, stage], own=own,
            home=numpy.maximum(home - own, 0.0), abroad=self.made_in.sum(axis=0)[stage] - home,
        )

    def _register_founders(self, year: int, staying: numpy.ndarray, before: Table) -> None:
        """Compares what running a private firm earned, pay for own work included, with a job in its last stage."""
        arrays, now = self.state.arrays, self.state.quarter - 1
        firms = staying[arrays["owner"][staying] == kinds.PRIVATE]
        region, last = arrays["region_of"][firms], last_stage(arrays["stages"][firms], self.state)
        skilled = arrays["skilled_share"][last]
        job = before["wage"][region] * (1 - skilled) + before["skilled_wage"][region] * skilled
        staff = arrays["project_staff"][firms]
        paid = staff * (1 - arrays["project_public"][firms]) * before["skilled_wage"][region][:, None]
        # Projects are an investment, not this quarter's cost of running the firm.
        running = arrays["profit"][firms] + paid.sum(axis=1)
        own_work = numpy.minimum(1.0, arrays["employees"][firms] - staff.sum(axis=1))
        self.founders.add(year=year, age=(now - arrays["born"][firms]) / QUARTERS_A_YEAR, earned=own_work + running / job)
