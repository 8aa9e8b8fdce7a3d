"""Who buys from whom along a chain of regions and sectors.

Every function takes an inter-regional input-output table of R regions with S sectors each, producers ordered by region,
then sector (producer r * S + s): `intermediate` Z [R*S, R*S], `final_demand` F [R*S, R], `output` x and `value_added` v
[R*S], in one money unit. The accounts close: x = Z 1 + F 1 = 1'Z + v.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "domestic_own_purchase_share",
    "gross_exports",
    "imported_input_share",
    "input_coefficients",
    "intermediate_trade",
    "value_added_per_output",
]


def input_coefficients(intermediate: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Gives what a producer buys from each other for one unit of its own output.

    A[i, j] = Z[i, j] / x[j]; zero for a producer without output. -> [R*S, R*S], money per money of output.
    Source: Miller and Blair 2009, chapter 2 (miller_blair_2009).
    """
    intermediate, output = np.asarray(intermediate, dtype=float), np.asarray(output, dtype=float)
    return np.divide(intermediate, output, out=np.zeros(intermediate.shape), where=output > 0)


def value_added_per_output(value_added: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Gives the part of a producer's output that is its own value added: v / x; NaN without output. -> [R*S], a share."""
    return _share(value_added, output)


def imported_input_share(intermediate: np.ndarray, n_regions: int) -> np.ndarray:
    """Gives the part of each producer's inputs that comes from other regions.

    share[q, s] = sum over r != q and t of Z[rt, qs] / sum over r and t of Z[rt, qs]. -> [R, S], a share of 1; NaN for a
    producer that buys nothing. The domestic share is its complement. Source: Hummels, Ishii and Yi 2001, in its direct
    form: inputs bought abroad, without those embodied in domestic ones (hummels_2001).
    """
    flows = _by_pair(intermediate, n_regions).sum(axis=1)
    return _share(flows.sum(axis=0) - _domestic(flows), flows.sum(axis=0))


def domestic_own_purchase_share(intermediate: np.ndarray, n_regions: int) -> np.ndarray:
    """Gives, of what a sector buys from its own kind anywhere, the part that it buys in its own region.

    share[q, s] = Z[qs, qs] / sum over r of Z[rs, qs]. -> [R, S], a share of 1; NaN for a sector that buys nothing of its
    own kind. High where a region holds several stages of the chain, low where it holds one and imports the parts.
    """
    flows = _by_pair(intermediate, n_regions)
    own = np.einsum("rsqs->rqs", flows)
    return _share(_domestic(own), own.sum(axis=0))


def intermediate_trade(intermediate: np.ndarray, n_regions: int) -> np.ndarray:
    """Gives what each sector of one region sells to producers of another.

    E[s, r, q] = sum over t of Z[rs, qt] for r != q, zero at home. -> [S, R, R] (sector, seller's, buyer's region), money.
    """
    return _abroad(_by_pair(intermediate, n_regions).sum(axis=3))


def gross_exports(intermediate: np.ndarray, final_demand: np.ndarray, n_regions: int) -> np.ndarray:
    """Gives what each sector of one region sells to another, to producers and final users.

    E[s, r, q] = sum over t of Z[rs, qt] + F[rs, q] for r != q, zero at home. -> [S, R, R] (sector, seller's, buyer's
    region), money. Summed over q: exports; over r: imports of the sector's products.
    """
    to_final_users = np.asarray(final_demand, dtype=float).reshape(n_regions, -1, n_regions)
    return intermediate_trade(intermediate, n_regions) + _abroad(to_final_users)


def _by_pair(intermediate: np.ndarray, n_regions: int) -> np.ndarray:
    """Unfolds producers into [seller's region, its sector, buyer's region, its sector]."""
    intermediate = np.asarray(intermediate, dtype=float)
    n_sectors = len(intermediate) // n_regions
    return intermediate.reshape(n_regions, n_sectors, n_regions, n_sectors)


def _domestic(flows: np.ndarray) -> np.ndarray:
    """Picks seller's region = buyer's region from [R, R, S]."""
    return np.einsum("qqs->qs", flows)


def _abroad(flows: np.ndarray) -> np.ndarray:
    """Turns [seller's region, sector, buyer's region] into [sector, seller's, buyer's region] without the home market."""
    n_regions = len(flows)
    return flows.transpose(1, 0, 2) * ~np.eye(n_regions, dtype=bool)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
