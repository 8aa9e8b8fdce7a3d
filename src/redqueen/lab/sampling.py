"""Points in the space of uncertain parameters: Latin hypercube, Sobol points, or a set found elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy

from redqueen.errors import require
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.change import SWITCH

__all__ = ["DRAW", "LATIN_HYPERCUBE", "METHODS", "POINTS", "SOBOL", "Samples", "latin_hypercube", "sobol", "spread"]

LATIN_HYPERCUBE, SOBOL, POINTS = "latin_hypercube", "sobol", "points"
METHODS = (LATIN_HYPERCUBE, SOBOL, POINTS)
#: Draw of the points, unless another is asked for: the same for everybody.
DRAW = 1

_DECLARED = {parameter.name: parameter for parameter in PARAMETERS}


@dataclass(frozen=True)
class Samples:
    """Holds points in the space of uncertain parameters.

    `points` is float64 [sample, parameter], each column in its parameter's unit and within `ranges`; a switch is at one of its two
    values. `method` says how the points were laid out.
    """

    ranges: Mapping[str, tuple[float, float]]
    points: numpy.ndarray
    method: str

    @property
    def names(self) -> tuple[str, ...]:
        """Gives the parameters, in the order of the columns."""
        return tuple(self.ranges)

    def parameters(self, sample: int) -> dict[str, float]:
        """Gives the values of one sample by name."""
        return dict(zip(self.names, self.points[sample].tolist(), strict=True))

    @property
    def unit(self) -> numpy.ndarray:
        """Gives the points with every range scaled to 0..1: [sample, parameter]."""
        low, high = numpy.array(list(self.ranges.values()), dtype=float).T
        return (self.points - low) / (high - low)

    def __len__(self) -> int:
        return len(self.points)


def latin_hypercube(ranges: Mapping[str, tuple[float, float]], count: int, *, draw: int = DRAW) -> Samples:
    """Lays `count` points out so that each of `count` equal parts of every range holds one.

    Source: McKay, Beckman and Conover 1979, Technometrics 21. Needs SciPy.
    """
    sampler = require("scipy.stats.qmc", "trials").LatinHypercube(len(ranges), rng=draw)
    return Samples(dict(ranges), spread(ranges, sampler.random(count)), LATIN_HYPERCUBE)


def sobol(ranges: Mapping[str, tuple[float, float]], count: int, *, draw: int = DRAW) -> Samples:
    """Lays out the first `count` points of a scrambled Sobol sequence; balanced where `count` is a power of two.

    Source: Sobol 1967; scrambled after Owen 1998. Needs SciPy.
    """
    sampler = require("scipy.stats.qmc", "trials").Sobol(len(ranges), scramble=True, rng=draw)
    # SciPy warns of counts that are not powers of two: the whole power is drawn and cut.
    points = sampler.random_base2(max(0, (count - 1).bit_length()))[:count]
    return Samples(dict(ranges), spread(ranges, points), SOBOL)


def spread(ranges: Mapping[str, tuple[float, float]], unit: numpy.ndarray) -> numpy.ndarray:
    """Spreads points of the unit cube [sample, parameter] over the ranges; a switch takes the nearer of its two values."""
    low, high = numpy.array(list(ranges.values()), dtype=float).T
    # Computed levels may pass a limit by a rounding error.
    points = numpy.clip(low + unit * (high - low), low, high)
    for column, name in enumerate(ranges):
        if _DECLARED[name].unit == SWITCH:
            points[:, column] = numpy.where(unit[:, column] > 0.5, high[column], low[column])
    return points
