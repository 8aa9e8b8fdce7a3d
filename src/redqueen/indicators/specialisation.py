"""What a region is distinctively good at."""

from __future__ import annotations

import numpy as np

__all__ = ["location_quotient", "regional_share"]


def location_quotient(values: np.ndarray) -> np.ndarray:
    """Compares an activity's share of each region with its share of all regions together.

    LQ[r, a] = (x[r, a] / sum_a x[r, a]) / (sum_r x[r, a] / sum x); above 1 the region is specialised in the activity.
    With exports by product it is revealed comparative advantage (RCA); with jobs or value added, the location quotient.
    `values` [regions, activities], not negative, any one unit -> [regions, activities], a ratio; NaN for a region with
    nothing and an activity that nobody does. Source: Balassa 1965 (balassa_1965).
    """
    values = np.asarray(values, dtype=float)
    of_region = values.sum(axis=1, keepdims=True)
    of_activity = values.sum(axis=0, keepdims=True)
    return _ratio(values * values.sum(), of_region * of_activity)


def regional_share(values: np.ndarray) -> np.ndarray:
    """Gives each region's part of an activity's total over regions.

    share[r, a] = x[r, a] / sum_r x[r, a]. `values` [regions, ...], any one unit -> same shape, a share of 1; NaN where
    the total is zero.
    """
    values = np.asarray(values, dtype=float)
    return _ratio(values, np.broadcast_to(values.sum(axis=0, keepdims=True), values.shape))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
