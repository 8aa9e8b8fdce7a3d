"""Who keeps the value of a final product, and whose jobs it supports, by region and stage of the chain.

Each function takes a `Leontief`, and is its method of the same name. A stage is a sector of the table; a final product is
what a producer sells to final users, and its chain is everyone whose inputs it holds. Money is the table's unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from redqueen.errors import Faults, Refused, require

if TYPE_CHECKING:
    from redqueen.indicators.leontief import Leontief

__all__ = ["Smile", "final_demand_for", "foreign_share", "jobs_supported", "smile", "value_captured"]


def final_demand_for(
    table: Leontief,
    *,
    sectors: Sequence[int] | None = None,
    finished_in: Sequence[int] | None = None,
    bought_in: Sequence[int] | None = None,
) -> np.ndarray:
    """Picks final demand for the products of some sectors, finished in some regions and bought in some; all by default.

    Sectors and regions by their places. -> [R*S], money, zero for other products. Refuses places that the table lacks.
    """
    faults = Faults()
    limits = {"sectors": table.n_sectors, "finished_in": table.n_regions, "bought_in": table.n_regions}
    asked = {"sectors": sectors, "finished_in": finished_in, "bought_in": bought_in}
    for name, places in asked.items():
        for place in () if places is None else places:
            if not 0 <= place < limits[name]:
                faults.add(f"there is no place {place}: the last is {limits[name] - 1}", field=name)
    faults.refuse_if_any("final demand of a product")
    kept = {
        name: np.ones(limits[name]) if places is None else np.isin(np.arange(limits[name]), list(places)).astype(float)
        for name, places in asked.items()
    }
    bought = table.final_demand @ kept["bought_in"]
    return bought * np.outer(kept["finished_in"], kept["sectors"]).reshape(-1)


def value_captured(table: Leontief, final: np.ndarray | None = None) -> np.ndarray:
    """Gives the value added that each region keeps at each stage of the chains of some final products.

    v_i / x_i (B final)_i. `final` [R*S] or [R*S, K], money of each product (`final_demand_for`); all final demand, by
    the region that buys (K = R), by default. -> [R, S] or [R, S, K] (region, stage), money: with other costs it adds up
    to `final`. Summed over stages it is a region's income from the chain; for a unit of each product see `value_content`.
    Sources: Timmer et al. 2014 (timmer_2014); Los, Timmer and de Vries 2015 (los_2015).
    """
    return _kept(table, table.value_added, final)


def jobs_supported(table: Leontief, jobs: np.ndarray, final: np.ndarray | None = None) -> np.ndarray:
    """Gives the jobs in each region and stage that some final products support, suppliers' included.

    jobs_i / x_i (B final)_i. `jobs` [R*S], people (any unit of work); `final` as in `value_captured`. -> [R, S] or
    [R, S, K] (region, stage), people. All final demand supports all jobs but those of producers without output. Refuses
    jobs of another shape, negative or not finite. Source: Timmer et al. 2014 (timmer_2014).
    """
    jobs = np.asarray(jobs, dtype=float)
    faults = Faults()
    if jobs.shape != table.output.shape:
        faults.add(f"the shape {table.output.shape} was expected, not {jobs.shape}", field="jobs")
    elif not np.isfinite(jobs).all():
        faults.add(f"{int((~np.isfinite(jobs)).sum())} producers have no number of jobs", field="jobs")
    elif (jobs < 0).any():
        faults.add(f"{int((jobs < 0).sum())} producers have negative jobs", field="jobs")
    faults.refuse_if_any("jobs supported")
    return _kept(table, jobs, final)


def foreign_share(table: Leontief) -> np.ndarray:
    """Gives the part of each final product that is value added outside the region that finishes it.

    Sum over t != r of V_t B[t, j] for a product j finished in r. -> [R*S], a share of 1, without other costs.
    Source: Los, Timmer and de Vries 2015 (los_2015).
    """
    content = table.value_content
    owner = np.repeat(np.arange(table.n_regions), table.n_sectors)
    return content.sum(axis=0) - content[owner, np.arange(len(owner))]


@dataclass(frozen=True, eq=False)
class Smile:
    """Holds who adds value where along a chain, and the curve height = c0 + c1 distance + c2 distance^2 through it.

    For each of P producers in the chain, `producers` [P] their places among the R*S: `distance`, sales to final use within
    this chain; `height`, value added per money of own output; `value`, value added in the chain, money. `coefficients`
    c0, c1, c2, with `low` and `high`, each [3]; NaN where there are too few points.
    """

    producers: np.ndarray
    distance: np.ndarray
    height: np.ndarray
    value: np.ndarray
    coefficients: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def bottom(self) -> float:
        """Gives the distance at which the curve turns: -c1 / (2 c2); NaN for a line."""
        linear, square = self.coefficients[1:]
        return float(-linear / (2 * square)) if square else float("nan")

    @property
    def smiles(self) -> bool:
        """Tells whether the curve is surely U-shaped and turns among the producers it was drawn through."""
        inside = self.distance.size > 0 and self.distance.min() < self.bottom < self.distance.max()
        return bool(inside and self.low[2] > 0)


def smile(
    table: Leontief, final: np.ndarray, *, weighted: bool = True, least_share: float = 0.0, level: float = 0.95
) -> Smile:
    """Sets value added per output against distance to final use along the chain of some final products.

    With q = B final, distance_i = (B q)_i / q_i: the mean number of sales from i to final users within this chain, 1 for
    who finishes the product. Producers that add less than `least_share` of the chain's value are left out. The curve is
    fitted by least squares, weighted by value added in the chain unless told otherwise, with `level` intervals that allow
    for unequal variance. `final` [R*S], money, not negative (stocks drawn down are left out). Refuses a chain of nothing.
    Sources: Rungi and Del Prete 2018 (rungi_delprete_2018); Meng, Ye and Wei 2020 (meng_2020).
    """
    final = np.maximum(np.asarray(final, dtype=float), 0.0)
    if final.shape != table.output.shape:
        raise Refused.one(f"the shape {table.output.shape} was expected, not {final.shape}", field="final")
    if not final.any():
        raise Refused.one("nothing is bought of these products", field="final")
    made = table.requirements(final)
    height = table.value_added * table.per_output
    value = height * made
    held = np.flatnonzero((made > 0) & (value > least_share * value.sum()))
    distance = table.requirements(made)[held] / made[held]
    weights = value[held] if weighted else np.ones(len(held))
    coefficients, reach = _quadratic(distance, height[held], weights, level)
    return Smile(held, distance, height[held], value[held], coefficients, coefficients - reach, coefficients + reach)


def _kept(table: Leontief, used: np.ndarray, final: np.ndarray | None) -> np.ndarray:
    made = table.output_by_market if final is None else table.requirements(final)
    kept = (used * table.per_output).reshape(-1, *[1] * (made.ndim - 1)) * made
    return kept.reshape(table.n_regions, table.n_sectors, *made.shape[1:])


def _quadratic(x: np.ndarray, y: np.ndarray, weights: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Gives coefficients of y on 1, x, x^2 by weighted least squares, and how far their intervals reach, each [3].

    Covariance n / (n - 3) (X'WX)^-1 X'W diag(e^2) W X (X'WX)^-1. Source: White, H. (1980), Econometrica 48(4).
    """
    count = len(x)
    root = np.sqrt(weights / weights.mean()) if count else weights
    # About the mean distance, so that x and x^2 are not nearly the same column.
    middle = float((weights * x).sum() / weights.sum()) if count else 0.0
    design = np.column_stack([np.ones(count), x - middle, (x - middle) ** 2]) * root[:, None]
    if count <= 3 or np.linalg.matrix_rank(design) < 3:
        return np.full(3, np.nan), np.full(3, np.nan)
    inverse = np.linalg.pinv(design)
    fitted = inverse @ (y * root)
    left = y * root - design @ fitted
    covariance = count / (count - 3) * (inverse * left**2) @ inverse.T
    about_zero = np.array([[1.0, -middle, middle**2], [0.0, 1.0, -2 * middle], [0.0, 0.0, 1.0]])
    quantile = require("scipy.stats", "evidence").t.ppf(0.5 + level / 2, count - 3)
    covariance = about_zero @ covariance @ about_zero.T
    return about_zero @ fitted, quantile * np.sqrt(np.diag(covariance))
