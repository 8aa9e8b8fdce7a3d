"""How implausible a point is: the distance of what emulators foretell there from the targets, over all that could explain it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from redqueen.lab.fit.emulator import Emulator
from redqueen.lab.fit.space import Space
from redqueen.lab.fit.targets import Target

__all__ = ["Judgement", "implausibility"]

#: Points foretold at once.
_CHUNK = 4096


def implausibility(target: Target, mean: numpy.ndarray, emulator: numpy.ndarray, ensemble: numpy.ndarray) -> numpy.ndarray:
    """Gives |z - E f(x)| / sqrt(var emulator + var ensemble + var observation + var discrepancy) at points.

    `emulator` is the variance of the mean foretold; `ensemble` that of one run, since the world that was observed ran once.
    Source: Craig, Goldstein, Seheult and Smith 1997; Vernon, Goldstein and Bower 2010, Bayesian Analysis 5.
    """
    return target.distance(mean) / numpy.sqrt(emulator + ensemble + target.variance)


@dataclass(frozen=True)
class Judgement:
    """Judges points of the unit cube by the emulators of all waves so far: [wave][target].

    A point is as implausible as its worst target (`rank` 1), or its second worst (2) and so on, in the wave that is hardest on it.
    An emulator that failed its check rules nothing out.
    """

    space: Space
    targets: tuple[Target, ...]
    rank: int = 1
    waves: tuple[tuple[Emulator, ...], ...] = ()

    def with_wave(self, emulators: Sequence[Emulator]) -> Judgement:
        """Gives the judgement after one more wave."""
        return Judgement(self.space, self.targets, self.rank, (*self.waves, tuple(emulators)))

    def by_target(self, unit: numpy.ndarray) -> numpy.ndarray:
        """Gives the implausibility of each target at points, [n, target]; 0 where no emulator may be used."""
        unit = self.space.settled(unit)
        found = numpy.zeros((len(unit), len(self.targets)))
        for start in range(0, len(unit), _CHUNK):
            here = slice(start, start + _CHUNK)
            for emulators in self.waves:
                for column, (target, emulator) in enumerate(zip(self.targets, emulators, strict=True)):
                    if emulator.usable:
                        mine = implausibility(target, *emulator.foretell(unit[here]))
                        found[here, column] = numpy.maximum(found[here, column], mine)
        return found

    def __call__(self, unit: numpy.ndarray, *, past: float = math.inf) -> numpy.ndarray:
        """Gives how implausible points are, [n]; of those beyond `past` only that they are."""
        if self.rank > 1 or math.isinf(past):
            return self.ranked(self.by_target(unit))
        unit = self.space.settled(unit)
        found = numpy.zeros(len(unit))
        # Most points fall at the first hurdles, and need no further emulators.
        going = numpy.arange(len(unit))
        for emulators in reversed(self.waves):
            for target, emulator in zip(self.targets, emulators, strict=True):
                if emulator.usable and going.size:
                    found[going] = numpy.maximum(found[going], implausibility(target, *emulator.foretell(unit[going])))
                    going = going[found[going] <= past]
        return found

    def ranked(self, by_target: numpy.ndarray) -> numpy.ndarray:
        """Gives, of the implausibilities of all targets [n, target], the one that counts."""
        rank = min(self.rank, by_target.shape[1])
        return numpy.partition(by_target, -rank, axis=1)[:, -rank]
