"""What governments do, as the model sees it: numbers by instrument, quarter and region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy

from redqueen.model.instruments import INDEX, INSTRUMENTS

ALL_STAGES = numpy.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Schedule:
    """Intensity and target stages of every instrument in every quarter and region.

    ``intensity`` is float64 [instrument, quarter, region] in each instrument's own unit, zero where unused;
    ``target`` is uint64 of the same shape, one bit a stage, all ones where not aimed. Quarter 0 is the first
    quarter of the measured history: no government acts during burn-in.
    """

    intensity: numpy.ndarray
    target: numpy.ndarray

    @classmethod
    def empty(cls, quarters: int, regions: int) -> "Schedule":
        """Give the schedule of governments that do nothing."""
        shape = (len(INSTRUMENTS), quarters, regions)
        return cls(numpy.zeros(shape), numpy.full(shape, ALL_STAGES))

    def cut(self, quarters: int) -> "Schedule":
        """Give the schedule of a history that ends earlier: views of the same numbers."""
        return Schedule(self.intensity[:, :quarters], self.target[:, :quarters])

    def set(self, instrument: str, region: int, first: int, last: int, intensity: float, target: int | None = None) -> None:
        """Add ``intensity`` to an instrument in a region in quarters ``first`` to ``last`` (exclusive)."""
        row = INDEX[instrument]
        self.intensity[row, first:last, region] += intensity
        if target is not None:
            self.target[row, first:last, region] = numpy.uint64(target)


class Decision(NamedTuple):
    """What a government chose for a region in a quarter of the history, kept or new, and why in words."""

    quarter: int
    region: str
    government: str
    chosen: str
    why: str


class Deciding(Protocol):
    """Whoever decides during a run, by editing the schedule that the run was begun with.

    ``decide`` is called at the start of every quarter; ``record`` maps the name of every quarterly outcome to what has
    happened so far, [0:quarter, ...], read-only. Only this and later quarters of the schedule may be edited.
    """

    @property
    def decisions(self) -> Sequence[Decision]:
        """What was decided so far."""

    def decide(self, quarter: int, record: Mapping[str, numpy.ndarray]) -> None:
        """Look at the record and edit the schedule from ``quarter`` on."""
