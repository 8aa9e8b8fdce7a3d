"""A figure that a simulator should give, and how far from it a simulated one may be before its parameters are implausible."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy

__all__ = ["CUT", "Target"]

#: Standard deviations from a target at which a point is ruled out: whatever the distribution, if it has one peak, at most
#: 5 % lie beyond (Pukelsheim 1994, The American Statistician 48).
CUT = 3.0


@dataclass(frozen=True)
class Target:
    """States one figure: `low` to `high`, either of them None where only a direction is known.

    `observation` is the standard deviation of the figure itself and `discrepancy` that of what the simulator would miss at its best
    parameters, both on the scale on which it is compared: natural logarithms where `logs`.
    """

    name: str
    low: float | None
    high: float | None
    observation: float
    discrepancy: float = 0.0
    logs: bool = False
    unit: str = ""

    def scaled(self, values: numpy.ndarray) -> numpy.ndarray:
        """Puts simulated values on the scale compared; what has no logarithm is undefined there (NaN)."""
        values = numpy.asarray(values, dtype=float)
        if not self.logs:
            return values
        return numpy.log(values, out=numpy.full(values.shape, numpy.nan), where=values > 0)

    @property
    def bounds(self) -> tuple[float, float]:
        """Gives both bounds on the scale compared, infinite where there is none."""
        scale = math.log if self.logs else float
        return -math.inf if self.low is None else scale(self.low), math.inf if self.high is None else scale(self.high)

    @property
    def middle(self) -> float:
        """Gives the figure on the scale compared: the middle of its bounds, or the one that there is."""
        low, high = self.bounds
        return low if math.isinf(high) else high if math.isinf(low) else (low + high) / 2

    @property
    def variance(self) -> float:
        """Gives the variance of observation and discrepancy together."""
        return self.observation**2 + self.discrepancy**2

    def distance(self, mean: numpy.ndarray) -> numpy.ndarray:
        """Gives how far means on the scale compared are from the figure; beyond a single bound nothing is missing."""
        low, high = self.bounds
        if math.isinf(high):
            return numpy.maximum(low - mean, 0.0)
        if math.isinf(low):
            return numpy.maximum(mean - high, 0.0)
        return numpy.abs(mean - self.middle)
