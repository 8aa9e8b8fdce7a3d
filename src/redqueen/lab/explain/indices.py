"""Share the variance of an effect out over assumptions (Sobol indices), on a surrogate, with what its error leaves open."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy

from redqueen.errors import require
from redqueen.lab.explain.surrogate import DRAW, Refit, Surrogate, allowed, around

__all__ = ["BASE", "BASE_REFITTED", "Index", "Indices", "sobol_indices", "sobol_of"]

#: Points of the base sample of the indices, and of those of each refit; powers of two.
BASE, BASE_REFITTED = 1024, 256
#: Share of refits above whose total index of a made-up assumption nothing is told apart from nothing.
IDLE = 0.95


@dataclass(frozen=True)
class Index:
    """Holds the indices of one assumption, each a share of the surrogate's variance with an interval.

    `first` is what it does alone, `total` what it does with all others too. Limits, within 0 to 1, carry the surrogate's error;
    `first_sampling` and `total_sampling` are SALib's half-widths, for the sample of the indices alone.
    """

    name: str
    first: float
    first_low: float
    first_high: float
    first_sampling: float
    total: float
    total_low: float
    total_high: float
    total_sampling: float


@dataclass(frozen=True)
class Indices:
    """Holds indices by falling total; `idle` is the total index that 95 % of refits give a made-up assumption at most."""

    rows: tuple[Index, ...]
    idle: float


def sobol_indices(
    surrogate: Surrogate, refitted: Sequence[Refit], names: Sequence[str], switches: numpy.ndarray, *, draw: int = DRAW
) -> Indices:
    """Gives first-order and total indices of the surrogate, and intervals from its refits (`around`).

    `switches` says which parameters are at one of two values. Source: Sobol 2001; sample and estimators of Saltelli et al. 2010,
    Computer Physics Communications 181. Needs SALib.
    """
    size = len(names)
    first, total, first_half, total_half = sobol_of(surrogate.predict, switches, BASE, draw=draw)
    with_idle = numpy.append(switches, False)
    many = numpy.array([sobol_of(one.predict, with_idle, BASE_REFITTED, draw=draw)[:2] for one in refitted])
    first_low, first_high = numpy.clip(around(first, list(many[:, 0, :size])), 0.0, 1.0)
    total_low, total_high = numpy.clip(around(total, list(many[:, 1, :size])), 0.0, 1.0)
    rows = [
        Index(
            name, float(first[place]), float(first_low[place]), float(first_high[place]), float(first_half[place]),
            float(total[place]), float(total_low[place]), float(total_high[place]), float(total_half[place]),
        )
        for place, name in enumerate(names)
    ]
    rows.sort(key=lambda row: -row.total)
    return Indices(tuple(rows), float(numpy.quantile(many[:, 1, size], IDLE)))


def sobol_of(
    function: Callable[[numpy.ndarray], numpy.ndarray], switches: numpy.ndarray, base: int = BASE, *, draw: int = DRAW
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Gives first-order and total indices [parameter] of a function of the unit cube, and SALib's 95 % half-widths of each."""
    sample, analyze = require("SALib.sample.sobol", "explain"), require("SALib.analyze.sobol", "explain")
    size = len(switches)
    problem = {"num_vars": size, "names": [str(place) for place in range(size)], "bounds": [[0.0, 1.0]] * size}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unit = sample.sample(problem, base, calc_second_order=False, seed=draw)
        found = function(allowed(unit, switches))
        if numpy.ptp(found) <= 1e-12 * max(1.0, float(numpy.abs(found).max())):
            return tuple(numpy.zeros(size) for _ in range(4))  # type: ignore[return-value]
        indices = analyze.analyze(problem, found, calc_second_order=False, seed=draw)
    return tuple(
        numpy.asarray(indices[key], dtype=float) for key in ("S1", "ST", "S1_conf", "ST_conf")
    )  # type: ignore[return-value]
