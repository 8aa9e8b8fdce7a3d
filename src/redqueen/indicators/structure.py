"""How many activities a region has, how concentrated it is in them, and how alike two regions are."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from redqueen.indicators.specialisation import as_presence

__all__ = ["Concentration", "concentration", "diversity", "entropy", "gini", "herfindahl", "similarity", "ubiquity"]


class Concentration(NamedTuple):
    """Holds three measures of how concentrated each region is in few activities, each [R]."""

    herfindahl: np.ndarray
    entropy: np.ndarray
    gini: np.ndarray


def diversity(presence: np.ndarray) -> np.ndarray:
    """Counts the activities of each region: d[r] = sum_a M[r, a]. `presence` [R, A] -> [R], whole numbers.

    >>> diversity([[1, 1, 0], [0, 1, 0]]).tolist()
    [2, 1]
    """
    return as_presence(presence).sum(axis=1)


def ubiquity(presence: np.ndarray) -> np.ndarray:
    """Counts the regions of each activity: u[a] = sum_r M[r, a]. `presence` [R, A] -> [A], whole numbers.

    >>> ubiquity([[1, 1, 0], [0, 1, 0]]).tolist()
    [1, 2, 0]
    """
    return as_presence(presence).sum(axis=0)


def concentration(values: np.ndarray) -> Concentration:
    """Gives `herfindahl`, `entropy` and `gini` of each region's activities; of each activity's regions with `values.T`."""
    return Concentration(herfindahl(values), entropy(values), gini(values))


def herfindahl(values: np.ndarray) -> np.ndarray:
    """Sums the squares of shares: H[r] = sum_a s[r, a]^2, s[r, a] = x[r, a] / sum_a x[r, a].

    `values` [R, A], not negative -> [R], from 1/A (all alike) to 1 (one activity only); NaN for a region with nothing.
    1/H is the number of equal activities with the same concentration. Source: Hirschman, A. O. (1945), National power and
    the structure of foreign trade.

    >>> herfindahl([[5, 5], [4, 0]]).tolist()
    [0.5, 1.0]
    """
    return (_shares(values) ** 2).sum(axis=-1)


def entropy(values: np.ndarray) -> np.ndarray:
    """Gives Shannon's entropy of shares: E[r] = -sum_a s[r, a] ln s[r, a].

    `values` [R, A], not negative -> [R], in nats: from 0 (one activity only) to ln A (all alike); NaN for a region with
    nothing. Source: Shannon, C. E. (1948), Bell System Technical Journal 27.
    """
    shares = _shares(values)
    logs = np.log(shares, out=np.zeros(shares.shape), where=shares > 0)
    # Adding zero turns -0 into 0.
    return -(shares * logs).sum(axis=-1) + 0.0


def gini(values: np.ndarray) -> np.ndarray:
    """Gives the Gini coefficient of each region's activities, zeros among them.

    G[r] = sum_i (2 i - A - 1) x_(i) / (A sum_i x_(i)) with x sorted upwards, i = 1 to A: half the mean difference between
    two activities over the mean. `values` [R, A], not negative -> [R], from 0 (all alike) to 1 - 1/A; NaN for a region with
    nothing. Source: Gini, C. (1912), Variabilita e mutabilita.

    >>> gini([[5, 5], [4, 0]]).tolist()
    [0.0, 0.5]
    """
    ordered = np.sort(_shares(values), axis=-1)
    n_activities = ordered.shape[-1]
    return ordered @ (2 * np.arange(1, n_activities + 1) - n_activities - 1) / n_activities


def similarity(values: np.ndarray, *, measure: Literal["overlap", "cosine", "correlation"] = "overlap") -> np.ndarray:
    """Says how alike the activities of two regions are. `values` [R, A], not negative -> [R, R], symmetric.

    "overlap": sum_a min(s[r, a], s[q, a]) = 1 - K / 2, with Krugman's index K = sum_a |s[r, a] - s[q, a]|: 0 to 1, the part
    of one region that would not have to change to look like the other (finger_kreinin_1979, krugman_1991).
    "cosine": x[r] . x[q] / (|x[r]| |x[q]|): 0 to 1; the largest activities decide (jaffe_1986, of technologies).
    "correlation": Pearson's, of what is given, such as ln RCA: -1 to 1 (bahar_2014 takes ln(RCA + 0.1)).
    NaN with a region that has nothing, or for "correlation" the same of everything.

    >>> similarity([[1, 1], [2, 0]]).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    if measure == "overlap":
        shares = _shares(values)
        result = np.ones((len(shares), len(shares)))
        for region in range(len(shares)):
            alike = np.minimum(shares[region], shares[region + 1 :]).sum(axis=1)
            result[region, region + 1 :] = result[region + 1 :, region] = alike
        nothing = np.isnan(shares).any(axis=1)
        result[nothing] = result[:, nothing] = np.nan
        return np.minimum(result, 1.0)
    if measure not in ("cosine", "correlation"):
        raise ValueError(f"measure is 'overlap', 'cosine' or 'correlation', not {measure!r}")
    table = np.asarray(values, dtype=float)
    if measure == "correlation":
        table = table - table.mean(axis=1, keepdims=True)
    length = np.linalg.norm(table, axis=1, keepdims=True)
    # What is left of a constant after taking its mean off is rounding.
    largest = np.abs(np.asarray(values, dtype=float)).max(axis=1, keepdims=True, initial=0.0)
    unit = table / np.where(length > 1e-12 * largest, length, np.nan)
    result = np.clip(unit @ unit.T, -1.0, 1.0)
    np.fill_diagonal(result, np.where(np.isnan(result.diagonal()), np.nan, 1.0))
    return result


def _shares(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    total = values.sum(axis=-1, keepdims=True)
    return values / np.where(total > 0, total, np.nan)
