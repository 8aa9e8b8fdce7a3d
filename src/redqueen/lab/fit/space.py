"""The space of uncertain parameters: their ranges, and points in it on the unit cube and in their own units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy

from redqueen.errors import require

__all__ = ["Space"]


@dataclass(frozen=True)
class Space:
    """Holds the ranges of parameters by name, in the order of columns; `switches` are those at one of their two ends only."""

    ranges: Mapping[str, tuple[float, float]]
    switches: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Gives the parameters."""
        return tuple(self.ranges)

    def __len__(self) -> int:
        return len(self.ranges)

    def settled(self, unit: numpy.ndarray) -> numpy.ndarray:
        """Puts points [n, parameter] into the unit cube, and switches at the nearer of their ends."""
        points = numpy.clip(numpy.asarray(unit, dtype=float), 0.0, 1.0)
        for column, name in enumerate(self.ranges):
            if name in self.switches:
                points[:, column] = points[:, column] > 0.5
        return points

    def natural(self, unit: numpy.ndarray) -> numpy.ndarray:
        """Gives points of the unit cube in the parameters' own units."""
        low, high = self._limits()
        # A rounding error must not lead out of the range.
        return numpy.clip(low + self.settled(unit) * (high - low), low, high)

    def unit(self, points: numpy.ndarray) -> numpy.ndarray:
        """Gives points in their own units on the unit cube."""
        low, high = self._limits()
        return (numpy.asarray(points, dtype=float) - low) / (high - low)

    def hypercube(self, count: int, draw: int) -> numpy.ndarray:
        """Lays points out on the unit cube as a Latin hypercube (McKay, Beckman and Conover 1979). Needs SciPy."""
        return self.settled(require("scipy.stats.qmc", "explain").LatinHypercube(len(self), rng=draw).random(count))

    def _limits(self) -> tuple[numpy.ndarray, numpy.ndarray]:
        low, high = numpy.array(list(self.ranges.values()), dtype=float).T
        return low, high
