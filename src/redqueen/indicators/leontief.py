"""What is embodied in what, through all rounds of purchases: one factorisation of I - A, and every indicator of a table.

Shapes as in `value_chain`: producer r * S + s; `intermediate` Z [R*S, R*S], `final_demand` F [R*S, R], `output` x and
`value_added` v [R*S], in one money unit. B = (I - A)^-1 with A = Z / x. B is never formed: what is asked of it is solved
for, a column (or a row) for each thing asked. `trade_in_value_added` and `chain_value` say more from the same table.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from redqueen.errors import Faults, Refused, require
from redqueen.indicators import chain_value, trade_in_value_added
from redqueen.indicators.profile import Flows
from redqueen.indicators.value_chain import input_coefficients, intermediate_trade

__all__ = ["Leontief", "distance_to_final_use", "domestic_value_added_share"]

# Tables balance far better; one that misses by more than this part of all output is not a balanced table.
_UNBALANCED = 1e-3
# I - A has ones, less own use, on its diagonal: a pivot this small is a loop of producers that sells to nobody else.
_CLOSED = 1e-10


class Leontief:
    """Holds an inter-regional input-output table, factorises I - A once, when first needed, and gives each indicator of it.

    `intermediate` [R*S, R*S], `final_demand` [R*S, R] by the region that buys, `value_added`, `output` [R*S], money.
    The accounts: x = Z 1 + F 1, and x = 1'Z + v + `other_costs`, where other costs [R*S] are what is left: taxes less
    subsidies on products, inputs from outside the table, rounding. Hence (v + other costs)' / x B = 1': value added and
    other costs embodied in any final demand add up to it, and value added embodied in all of it is that of the world.

    A producer without output has no coefficients: it needs nothing and holds nothing. So has one whose output is below
    zero, which is refused where it matters. Value added and final demand may be negative (subsidised producers, stocks
    drawn down); results are then what the accounts say. Refuses shapes that do not match, figures that are not finite,
    sales that do not add up to output, and producers that sell only to each other, for which B does not exist. Needs
    scipy. Takes the memory of Z once more.
    Source: Miller and Blair 2009, chapters 2, 3 and 6 (miller_blair_2009).
    """

    def __init__(
        self, intermediate: np.ndarray, final_demand: np.ndarray, value_added: np.ndarray, output: np.ndarray
    ) -> None:
        self.intermediate = np.ascontiguousarray(intermediate, dtype=float)
        self.final_demand = np.ascontiguousarray(final_demand, dtype=float)
        self.value_added = np.ascontiguousarray(value_added, dtype=float)
        self.output = np.ascontiguousarray(output, dtype=float)
        _check_shapes(self)
        self.n_regions = self.final_demand.shape[1]
        self.n_sectors = len(self.output) // self.n_regions
        sales = self.intermediate.sum(axis=1) + self.final_demand.sum(axis=1)
        purchases = np.ones(len(self.output)) @ self.intermediate
        _check_accounts(self, sales, purchases)
        produced = self.output > 0
        self.per_output = np.divide(1.0, self.output, out=np.zeros(len(self.output)), where=produced)
        self.other_costs = np.where(produced, self.output - purchases - self.value_added, 0.0)

    @classmethod
    def of(cls, table: Flows) -> Leontief:
        """Takes a table, read or simulated; refuses one that does not tell where its final users are."""
        if table.final_demand is None:
            raise Refused.one(
                "the input-output table does not tell where final users are",
                field="final_demand",
                remedy="give a table with final demand by region",
            )
        return cls(table.intermediate, table.final_demand, table.value_added, table.output)

    # Solving with B

    def requirements(self, final: np.ndarray) -> np.ndarray:
        """Gives what every producer must make for some final demand, all rounds of inputs included.

        B final. `final` [R*S] or [R*S, K], money of each product -> output of the same shape, money.
        """
        final = np.asarray(final, dtype=float)
        return self._solve(final, transposed=1)

    def embodied(self, intensity: np.ndarray) -> np.ndarray:
        """Gives what a unit of each final product holds of something that producers use per unit of output.

        intensity' B. `intensity` [R*S] or [K, R*S], units per money of output (jobs, value added, emissions) -> the same
        shape, units per money of final product.
        """
        intensity = np.asarray(intensity, dtype=float)
        return self._solve(intensity.T, transposed=0).T

    @cached_property
    def output_by_market(self) -> np.ndarray:
        """Gives the output of each producer that ends with the final users of each region: B F -> [R*S, R], money."""
        return np.ascontiguousarray(self.requirements(self.final_demand))

    @cached_property
    def value_content(self) -> np.ndarray:
        """Gives whose value added is in a unit of each final product, all suppliers' included.

        content[r, j] = sum over r's producers i of v_i / x_i B[i, j]. -> [R, R*S], shares of 1, which other costs
        complete. Source: Los, Timmer and de Vries 2015 (los_2015).
        """
        by_region = np.zeros((self.n_regions, len(self.output)))
        for region in range(self.n_regions):
            by_region[region, self.home(region)] = (self.value_added * self.per_output)[self.home(region)]
        return self.embodied(by_region)

    @cached_property
    def domestic_inverses(self) -> np.ndarray:
        """Gives what each region's producers make for each other's final products without leaving home.

        L_r = (I - A_rr)^-1. -> [R, S, S], money per money.
        """
        blocks = np.stack([self.intermediate[self.home(r), self.home(r)] for r in range(self.n_regions)])
        blocks = blocks * self.per_output.reshape(self.n_regions, 1, self.n_sectors)
        return np.linalg.inv(np.eye(self.n_sectors) - blocks)

    @cached_property
    def intermediate_exports(self) -> np.ndarray:
        """Gives what each producer sells to producers of each other region: zero at home -> [R*S, R], money."""
        trade = intermediate_trade(self.intermediate, self.n_regions)
        return trade.transpose(1, 0, 2).reshape(-1, self.n_regions)

    @cached_property
    def final_exports(self) -> np.ndarray:
        """Gives what each producer sells to final users of each other region: zero at home -> [R*S, R], money."""
        owner = np.repeat(np.arange(self.n_regions), self.n_sectors)
        return self.final_demand * (owner[:, None] != np.arange(self.n_regions))

    @cached_property
    def exports(self) -> np.ndarray:
        """Gives what each producer sells to each other region, gross: zero at home -> [R*S, R], money."""
        return self.intermediate_exports + self.final_exports

    @cached_property
    def output_for_exports(self) -> np.ndarray:
        """Gives what every producer makes for all gross exports of each region: B e_r -> [R*S, R], money.

        Exports are counted each time they cross, so that this may add up to more than output.
        """
        shipped = np.zeros((len(self.output), self.n_regions))
        for region in range(self.n_regions):
            shipped[self.home(region), region] = self.exports[self.home(region)].sum(axis=1)
        return np.ascontiguousarray(self.requirements(shipped))

    # Multipliers and lengths

    def output_multipliers(self) -> np.ndarray:
        """Gives what all producers together make for a unit of each final product: 1'B -> [R*S], money per money.

        Also called total backward linkage. Those of jobs or value added are `embodied(jobs / output)`.
        Source: Miller and Blair 2009, chapter 6 (miller_blair_2009).
        """
        return self.embodied(np.ones(len(self.output)))

    def upstreamness(self) -> np.ndarray:
        """Gives how many sales, on average, lie between a producer and final users: 1 for one who sells to them alone.

        u = (I - D)^-1 1 = (B x) / x with D[i, j] = Z[i, j] / x[i]; as `distance_to_final_use`, from the one factorisation.
        -> [R*S], sales; 1 without output. Stocks count as sales in the year.
        Source: Antras et al. 2012 (antras_2012); Antras and Chor 2018 (antras_chor_2018).
        """
        upstream = self.requirements(self.output) * self.per_output
        return np.where(self.output > 0, upstream, 1.0)

    def downstreamness(self) -> np.ndarray:
        """Gives how many rounds of production, on average, lie behind a producer's output: 1 for one who buys no inputs.

        d[j] = 1 + sum over i of A[i, j] d[i], so d = 1'B: the same number as the output multiplier. -> [R*S], rounds.
        Source: Fally 2012 (fally_2012); Antras and Chor 2018 (antras_chor_2018).
        """
        return self.output_multipliers()

    def final_use_share(self) -> np.ndarray:
        """Gives the part of output sold straight to final users: F 1 / x -> [R*S], a share of 1; NaN without output.

        Source: Antras and Chor 2018 (antras_chor_2018), who set it beside upstreamness, and v / x beside downstreamness.
        """
        share = np.full(len(self.output), np.nan)
        return np.divide(self.final_demand.sum(axis=1), self.output, out=share, where=self.output > 0)

    # Trade in value added, and who keeps the value: each defined once, in its module, with its source.

    value_added_by_market = trade_in_value_added.value_added_by_market
    value_added_exports = trade_in_value_added.value_added_exports
    value_added_exports_ratio = trade_in_value_added.value_added_exports_ratio
    exports_by_origin = trade_in_value_added.exports_by_origin
    exports_decomposition = trade_in_value_added.exports_decomposition
    participation = trade_in_value_added.participation
    vertical_specialisation = trade_in_value_added.vertical_specialisation
    final_demand_for = chain_value.final_demand_for
    value_captured = chain_value.value_captured
    foreign_share = chain_value.foreign_share
    jobs_supported = chain_value.jobs_supported
    smile = chain_value.smile

    def home(self, region: int) -> slice:
        """Gives the places of a region's producers among the R*S."""
        return slice(region * self.n_sectors, (region + 1) * self.n_sectors)

    def sum_by_region(self, values: np.ndarray) -> np.ndarray:
        """Adds the producers of each region together: [R*S, ...] -> [R, ...]."""
        values = np.asarray(values)
        return values.reshape(self.n_regions, self.n_sectors, *values.shape[1:]).sum(axis=1)

    @cached_property
    def _factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Factorises the transpose of I - A: a table in rows is, to LAPACK, its transpose, and needs no copy."""
        lapack = require("scipy.linalg.lapack", "evidence")
        matrix = self.intermediate * -self.per_output
        matrix.reshape(-1)[:: len(matrix) + 1] += 1.0
        factors, pivots, fault = lapack.dgetrf(matrix.T, overwrite_a=1)
        if fault or np.abs(np.diagonal(factors)).min(initial=1.0) < _CLOSED:
            raise Refused.one(
                "some producers sell only to each other, and nothing to final users: nothing tells what they are for",
                field="intermediate",
                remedy="leave them out, or merge them with a sector that sells to final users",
            )
        return factors, pivots

    def _solve(self, right: np.ndarray, transposed: int) -> np.ndarray:
        if len(right) != len(self.output):
            raise Refused.one(f"there are {len(self.output)} producers, and figures for {len(right)}", field="producers")
        lapack = require("scipy.linalg.lapack", "evidence")
        solved, _ = lapack.dgetrs(*self._factors, right, trans=transposed)
        return solved.reshape(right.shape)


def distance_to_final_use(intermediate: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Gives how many sales, on average, lie between a producer and final users: 1 for one who sells to them alone.

    u = (I - D)^-1 1 with D[i, j] = Z[i, j] / x[i], the part of i's output that goes to j. -> [R*S], sales; 1 without output.
    `Leontief.upstreamness` where the rest of the table is known too.
    Source: Antras, P., Chor, D., Fally, T. and Hillberry, R. (2012), American Economic Review 102(3).
    """
    intermediate, output = np.asarray(intermediate, dtype=float), np.asarray(output, dtype=float)
    sold_on = np.divide(intermediate, output[:, None], out=np.zeros(intermediate.shape), where=output[:, None] > 0)
    return np.linalg.solve(np.eye(len(output)) - sold_on, np.ones(len(output)))


def domestic_value_added_share(
    intermediate: np.ndarray, final_demand: np.ndarray, value_added: np.ndarray, output: np.ndarray
) -> np.ndarray:
    """Gives the part of each region's gross exports that is value added at home, domestic suppliers' included.

    share[r] = v_r / x_r (I - A_rr)^-1 e_r / sum e_r, with A_rr the domestic block of the input coefficients and e_r the
    region's sales to producers and final users elsewhere. -> [R], a share of 1; NaN for a region without exports.
    Source: Koopman, Wang and Wei 2012 (koopman_2012), without its distinction of processing trade.
    """
    final_demand, output = np.asarray(final_demand, dtype=float), np.asarray(output, dtype=float)
    n_regions = final_demand.shape[1]
    size = len(output) // n_regions
    coefficients = input_coefficients(intermediate, output)
    added = np.divide(np.asarray(value_added, dtype=float), output, out=np.zeros(len(output)), where=output > 0)
    shares = np.full(n_regions, np.nan)
    for region in range(n_regions):
        home = slice(region * size, (region + 1) * size)
        abroad = np.ones(len(output), dtype=bool)
        abroad[home] = False
        exports = np.asarray(intermediate, dtype=float)[home][:, abroad].sum(axis=1)
        exports = exports + np.delete(final_demand[home], region, axis=1).sum(axis=1)
        if exports.sum() > 0:
            needed = np.linalg.solve(np.eye(size) - coefficients[home, home], exports)
            shares[region] = added[home] @ needed / exports.sum()
    return shares


def _check_shapes(table: Leontief) -> None:
    faults = Faults()
    count = table.output.size
    if table.output.ndim != 1 or count == 0:
        faults.add(f"a row of figures was expected, not the shape {table.output.shape}", field="output")
    if table.intermediate.shape != (count, count):
        faults.add(f"the shape {(count, count)} was expected, not {table.intermediate.shape}", field="intermediate")
    if table.value_added.shape != (count,):
        faults.add(f"the shape {(count,)} was expected, not {table.value_added.shape}", field="value_added")
    shape = table.final_demand.shape
    if len(shape) != 2 or shape[0] != count or not shape[1] or count % shape[1]:
        faults.add(
            f"a row for each of {count} producers and a column for each region were expected, not the shape {shape}",
            field="final_demand",
            remedy="every region has the same sectors; give those that it lacks as zeros",
        )
    faults.refuse_if_any("input-output table")


def _check_accounts(table: Leontief, sales: np.ndarray, purchases: np.ndarray) -> None:
    faults = Faults()
    figures = {"sales": sales, "intermediate": purchases, "value_added": table.value_added, "output": table.output}
    for name, values in figures.items():
        if not np.isfinite(values).all():
            faults.add(f"{int((~np.isfinite(values)).sum())} producers have figures that are not finite", field=name)
    faults.refuse_if_any("input-output table")
    whole = np.abs(table.output).sum()
    negative = table.output[table.output < 0]
    # A producer that only drew down stocks, of a unit or two, is in WIOD's tables.
    if -negative.sum() > _UNBALANCED * whole:
        faults.add(f"output is negative for {len(negative)} producers: {negative.sum():,.6g} in all", field="output")
    missed = np.abs(sales - table.output).sum()
    if missed > _UNBALANCED * whole:
        faults.add(
            f"sales to producers and final users miss output by {missed:,.6g} in all, of {whole:,.6g}",
            field="output",
            remedy="output is the sum of the row: give the whole table, in one unit",
        )
    idle = table.output <= 0
    if purchases[idle].sum() > _UNBALANCED * whole:
        faults.add("producers without output buy inputs", field="intermediate")
    faults.refuse_if_any("input-output table")
