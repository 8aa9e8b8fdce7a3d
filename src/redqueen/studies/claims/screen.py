"""Sweep the assumptions of a claim (Morris 1991): how much each matters, and which of them turn its sign round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy

from redqueen.lab.explain.screening import MORRIS, Screen, walks
from redqueen.lab.explain.screening import screened as screened_walks
from redqueen.lab.sampling import Samples
from redqueen.studies.claims.declared import Claim
from redqueen.studies.claims.settings import BY_PARAMETER

__all__ = ["CLEAR", "SEEDS", "Screen", "points_of", "screened"]

#: Seeds at each point, and standard errors over them that a step must clear to turn the sign round.
SEEDS, CLEAR = 4, 2.0


def points_of(claim: Claim) -> list[dict[str, float]]:
    """Gives the points of a claim's screen: walks of one step an assumption, each over its declared range.

    A switch takes only its two values. Needs SALib.
    """
    if not claim.screen:
        return []
    found = walks(_ranges(claim))
    return [found.parameters(place) for place in range(len(found))]


def screened(
    claim: Claim, points: Sequence[Mapping[str, float]], samples: Sequence[numpy.ndarray | None], sign: float, edge: float
) -> Screen:
    """Says what a sweep showed; `samples` hold the statistic in each seed at each point (None where it is not defined)."""
    laid_out = Samples(_ranges(claim), numpy.array([[point[name] for name in claim.screen] for point in points]), MORRIS)
    seeds = max((values.size for values in samples if values is not None), default=1)
    missing = numpy.full(seeds, numpy.nan)
    values = numpy.array([missing if one is None else one for one in samples])
    return screened_walks(laid_out, values, sign=sign, edge=edge, clear=CLEAR)


def _ranges(claim: Claim) -> dict[str, tuple[float, float]]:
    return {name: (BY_PARAMETER[name].low, BY_PARAMETER[name].high) for name in claim.screen}
