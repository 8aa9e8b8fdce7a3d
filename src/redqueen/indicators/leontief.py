"""What is embodied in what: distances to final use and value added at home, through all rounds of purchases.

Shapes as in `value_chain`: producer r * S + s; `intermediate` Z [R*S, R*S], `final_demand` F [R*S, R], `output` x and
`value_added` v [R*S], in one money unit.
"""

from __future__ import annotations

import numpy as np

from redqueen.indicators.value_chain import input_coefficients

__all__ = ["distance_to_final_use", "domestic_value_added_share"]


def distance_to_final_use(intermediate: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Gives how many sales, on average, lie between a producer and final users: 1 for one who sells to them alone.

    u = (I - D)^-1 1 with D[i, j] = Z[i, j] / x[i], the part of i's output that goes to j. -> [R*S], sales; 1 without output.
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
