"""Which parameters the targets identify: what remains of each range, what trades off, what each target hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from redqueen.lab.explain.indices import sobol_of
from redqueen.lab.fit.emulator import Emulator
from redqueen.lab.fit.space import Space

__all__ = [
    "IDENTIFIED", "MOST_IDENTIFIED", "MOST_NARROWED", "NARROWED", "NOT_IDENTIFIED", "TRADE_OFF", "Marginal", "Sensitivity",
    "TradeOff", "least_implausible", "marginals", "optical_depth", "sensitivities", "trade_offs",
]

#: The middle part of a range that is compared, before and after.
MIDDLE = 0.9
#: A parameter whose middle part covers at most this share of what it did is identified; at most that, narrowed.
MOST_IDENTIFIED, MOST_NARROWED = 0.5, 0.8
IDENTIFIED, NARROWED, NOT_IDENTIFIED = "identified", "narrowed", "not identified"
#: Rank correlation from which two parameters are said to trade off.
TRADE_OFF = 0.5
#: Points of the base sample of a sensitivity analysis; the emulator answers at parameters + 2 times as many.
BASE = 512


@dataclass(frozen=True)
class Marginal:
    """Holds what remains of one parameter's range: the middle nine tenths of the plausible points, in its unit, and their median.

    `left` is their width over nine tenths of the range: 1 where nothing was learnt; of a switch, the chance of its rarer end times
    two. `word` is "identified" up to a half, "narrowed" up to eight tenths, else "not identified".
    """

    name: str
    low: float
    high: float
    median: float
    left: float
    word: str


@dataclass(frozen=True)
class TradeOff:
    """Holds the rank correlation (Spearman) of two parameters over the plausible points: where it is strong only a mix is known."""

    first: str
    second: str
    correlation: float


@dataclass(frozen=True)
class Sensitivity:
    """Holds on what one target hangs: shares of its variance over the space, by parameter.

    `main` is what a parameter does on its own, `total` what it does with others (Sobol's indices).
    """

    target: str
    main: dict[str, float]
    total: dict[str, float]


def marginals(space: Space, plausible: numpy.ndarray) -> list[Marginal]:
    """Says of each parameter what remains of its range; `plausible` are points [n, parameter] of the unit cube, evenly spread."""
    points = space.natural(plausible)
    found = []
    for column, (name, (low, high)) in enumerate(space.ranges.items()):
        least, median, most = numpy.quantile(points[:, column], [(1 - MIDDLE) / 2, 0.5, (1 + MIDDLE) / 2]).tolist()
        if name in space.switches:
            on = float((points[:, column] == high).mean())
            left = 2 * min(on, 1 - on)
        else:
            left = (most - least) / (MIDDLE * (high - low))
        word = IDENTIFIED if left <= MOST_IDENTIFIED else NARROWED if left <= MOST_NARROWED else NOT_IDENTIFIED
        found.append(Marginal(name, least, most, median, left, word))
    return found


def trade_offs(space: Space, plausible: numpy.ndarray) -> list[TradeOff]:
    """Gives the rank correlation of every pair of parameters over the plausible points, the strongest first."""
    ranks = numpy.argsort(numpy.argsort(plausible, axis=0, kind="stable"), axis=0, kind="stable").astype(float)
    with numpy.errstate(invalid="ignore"):
        table = numpy.corrcoef(ranks, rowvar=False).reshape(len(space), len(space))
    names = space.names
    pairs = [
        TradeOff(names[first], names[second], float(table[first, second]))
        for first in range(len(names)) for second in range(first + 1, len(names)) if numpy.isfinite(table[first, second])
    ]
    return sorted(pairs, key=lambda pair: -abs(pair.correlation))


def sensitivities(space: Space, emulators: Sequence[Emulator], *, base: int = BASE, draw: int = 1) -> list[Sensitivity]:
    """Gives on which parameters each target hangs, over the whole space, by the emulators of a first wave that hold.

    Sobol's indices of the mean foretold (see `lab/explain/indices.py`), without what the emulator does not know. Needs SALib.
    """
    switches = numpy.array([name in space.switches for name in space.names])
    found = []
    for emulator in emulators:
        if emulator.usable:
            main, total, _, _ = sobol_of(emulator.expect, switches, base, draw=draw)
            by_name = (dict(zip(space.names, part.tolist(), strict=True)) for part in (main, total))
            found.append(Sensitivity(emulator.target, *by_name))
    return found


def optical_depth(plausible: numpy.ndarray, share: float, first: int, second: int, cells: int) -> numpy.ndarray:
    """Gives, over two parameters, the share of all others' space that is not ruled out behind each cell: [second, first].

    `plausible` fill the part `share` of the space evenly. Source: Vernon, Goldstein and Bower 2010.
    """
    edges = numpy.linspace(0.0, 1.0, cells + 1)
    counts, _, _ = numpy.histogram2d(plausible[:, second], plausible[:, first], bins=[edges, edges])
    return numpy.minimum(counts / max(1, len(plausible)) * share * cells**2, 1.0)


def least_implausible(points: numpy.ndarray, values: numpy.ndarray, first: int, second: int, cells: int) -> numpy.ndarray:
    """Gives, over two parameters, the lowest implausibility met in each cell: [second, first], NaN where no point was."""
    columns = numpy.minimum((points[:, [first, second]] * cells).astype(int), cells - 1)
    found = numpy.full((cells, cells), numpy.inf)
    numpy.minimum.at(found, (columns[:, 1], columns[:, 0]), values)
    return numpy.where(numpy.isfinite(found), found, numpy.nan)
