"""Sweep the assumptions of a claim (Morris 1991): how much each matters, and which of them turn its sign round."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from redqueen.errors import require
from redqueen.studies.claims.declared import Claim
from redqueen.studies.claims.settings import BY_PARAMETER

#: Walks through the space of assumptions, levels of each, and seeds at each point.
TRAJECTORIES, LEVELS, SEEDS = 4, 4, 4
#: Draw of the walks: the same for everybody, so that a screen can be done again.
DRAW = 1991
#: Share of steps that must turn the sign round for an assumption to be named, and standard errors that a step must clear.
FLIPPING_SHARE, CLEAR = 0.25, 2.0
_SWITCH = "switch"


@dataclass(frozen=True)
class Assumption:
    """Holds what the screen says of one assumption, in the unit of the statistic (100 x log ratio for %).

    `mu_star` is the mean size of the elementary effects over the whole range, `sigma` their spread (None where no walk was
    complete). `flips` of `steps` turned the sign round; `side` says on which side of the range ("high" or "low") the claim then holds.
    """

    name: str
    low: float
    high: float
    mu_star: float | None
    sigma: float | None
    flips: int
    steps: int
    side: str | None

    @property
    def turns(self) -> bool:
        """Says whether this assumption turns the claim's sign round."""
        return self.steps > 0 and self.flips >= FLIPPING_SHARE * self.steps and self.flips > 0


@dataclass(frozen=True)
class Screen:
    """Holds a screen: assumptions by falling weight; `agreeing` of `points` have the claim's sign, `missing` could not be measured."""

    assumptions: tuple[Assumption, ...]
    points: int
    agreeing: int
    missing: int

    @property
    def flipping(self) -> tuple[Assumption, ...]:
        """Gives the assumptions that turn the sign round."""
        return tuple(one for one in self.assumptions if one.turns)


def points_of(claim: Claim) -> list[dict[str, float]]:
    """Gives the points of a claim's screen: walks of one step an assumption, each over its declared range.

    A switch takes only its two values. Needs SALib.
    """
    if not claim.screen:
        return []
    return [
        {name: _value(name, float(value)) for name, value in zip(claim.screen, row, strict=True)} for row in _walks(claim.screen)
    ]


def screened(
    claim: Claim, points: Sequence[Mapping[str, float]], samples: Sequence[numpy.ndarray | None], sign: float, edge: float
) -> Screen:
    """Says what a sweep showed; `samples` hold the statistic in each seed at each point (None where it is not defined).

    A step between two points of a walk changes one assumption. It turns the sign round if the means at its ends lie on
    different sides of the edge and differ by two standard errors over seeds, so that noise is not taken for a reversal.
    """
    names = list(claim.screen)
    walks = _walks(claim.screen)
    means = [None if values is None or not numpy.isfinite(values).all() else float(values.mean()) for values in samples]
    mu_star, sigma = _morris(names, walks, means)
    turned: dict[str, list[bool]] = {name: [] for name in names}
    steps = dict.fromkeys(names, 0)
    length = len(names) + 1
    for start in range(0, len(walks), length):
        for place in range(start, start + length - 1):
            first, second = means[place], means[place + 1]
            if first is None or second is None:
                continue
            changed = int(numpy.flatnonzero(walks[place] != walks[place + 1])[0])
            steps[names[changed]] += 1
            if (sign * (first - edge) > 0) == (sign * (second - edge) > 0) or not _clear(samples[place], samples[place + 1]):
                continue
            rises = walks[place + 1][changed] > walks[place][changed]
            turned[names[changed]].append((sign * (second - edge) > 0) == rises)
    rows = [
        Assumption(
            name, BY_PARAMETER[name].low, BY_PARAMETER[name].high, mu_star.get(name), sigma.get(name), len(turned[name]), steps[name],
            _side(turned[name]),
        )
        for name in names
    ]
    known = [mean for mean in means if mean is not None]
    agreeing = sum(sign * (mean - edge) > 0 for mean in known)
    rows.sort(key=lambda row: -(row.mu_star or 0.0))
    return Screen(tuple(rows), len(known), agreeing, len(means) - len(known))


def _walks(names: Sequence[str]) -> numpy.ndarray:
    """Gives the sampled points [point, assumption] within the declared ranges, before switches are rounded."""
    sample = require("SALib.sample.morris", "screen")
    with _quiet():
        return numpy.asarray(sample.sample(_problem(names), TRAJECTORIES, num_levels=LEVELS, seed=DRAW))


def _morris(names: list[str], walks: numpy.ndarray, means: Sequence[float | None]) -> tuple[dict[str, float], dict[str, float]]:
    """Gives mu* and sigma by name, from the walks that were measured at every point."""
    analyze = require("SALib.analyze.morris", "screen")
    length = len(names) + 1
    whole = [start for start in range(0, len(walks), length) if all(mean is not None for mean in means[start : start + length])]
    if not whole:
        return {}, {}
    rows = [place for start in whole for place in range(start, start + length)]
    with _quiet():
        found = analyze.analyze(
            _problem(names), walks[rows], numpy.array([means[row] for row in rows], dtype=float), num_levels=LEVELS, seed=DRAW
        )
    return (
        {name: float(value) for name, value in zip(names, found["mu_star"], strict=True)},
        {name: float(value) for name, value in zip(names, found["sigma"], strict=True) if math.isfinite(value)},
    )


def _problem(names: Sequence[str]) -> dict[str, object]:
    bounds = [[BY_PARAMETER[name].low, BY_PARAMETER[name].high] for name in names]
    return {"num_vars": len(names), "names": list(names), "bounds": bounds}


def _value(name: str, value: float) -> float:
    parameter = BY_PARAMETER[name]
    if parameter.unit != _SWITCH:
        # Levels are computed, and may pass a limit by a rounding error.
        return min(max(value, parameter.low), parameter.high)
    return parameter.high if value > (parameter.low + parameter.high) / 2 else parameter.low


def _clear(first: numpy.ndarray | None, second: numpy.ndarray | None) -> bool:
    assert first is not None and second is not None
    difference = first - second
    if difference.size < 2:
        return True
    return abs(float(difference.mean())) >= CLEAR * float(difference.std(ddof=1)) / math.sqrt(difference.size)


def _side(high: Sequence[bool]) -> str | None:
    if not high:
        return None
    return "high" if 2 * sum(high) >= len(high) else "low"


@contextlib.contextmanager
def _quiet():
    # SALib warns of libraries that it would like to have.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
