"""Reads the input-output tables that a simulated run writes: regions may have any name, and the accounts close exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from redqueen.errors import Faults
from redqueen.evidence.checking import FIRST_LINE, SHOWN, numbers
from redqueen.evidence.input_output import HEADING, InputOutput, year_of
from redqueen.evidence.reading import Format, Reading
from redqueen.evidence.sample import Sample
from redqueen.evidence.tables import open_table

__all__ = ["FORMATS"]

# The first cell of the header says that the table is simulated, and the unit of its cells.
_MARK = re.compile(r"simulated: (.+)")
_FINAL, _OUTPUT, _VALUE_ADDED = "_FD", "OUTPUT", "VA"
# Numbers are written with all their digits: only the order of adding up may differ.
_TOLERANCE = 1e-9


def _is_simulated(sample: Sample) -> bool:
    return bool(sample.columns) and _MARK.fullmatch(sample.columns[0]) is not None


def _stream(place: Path, reading: Reading) -> Iterator[InputOutput]:
    faults = Faults(file=place)
    frame = open_table(place, HEADING)
    year = year_of(place.name, reading.year, faults, reading.notes)
    said = _MARK.fullmatch(str(frame.columns[0]))
    if said is None:
        faults.add("the first cell does not say 'simulated: ' and a unit", line=1, remedy="give the file as redqueen run wrote it")
    labels, columns = frame.iloc[:, 0].astype(object).fillna("(no label)").astype(str).tolist(), list(map(str, frame.columns[1:]))
    regions = tuple(name.removesuffix(_FINAL) for name in columns if name.endswith(_FINAL))
    # Regions may hold an underscore, stages do not.
    parted = [name.rpartition("_") for name in columns if not name.endswith(_FINAL) and name != _OUTPUT]
    sectors = tuple(dict.fromkeys(sector for region, _, sector in parted if region in regions))
    wanted = [f"{region}_{sector}" for region in regions for sector in sectors]
    _compare([*wanted, *(region + _FINAL for region in regions), _OUTPUT], columns, "column", faults)
    _compare([*wanted, _VALUE_ADDED, _OUTPUT], labels, "row", faults)
    if not wanted:
        faults.add("no column is named REGION_STAGE or REGION_FD", line=1)
    faults.refuse_if_any(HEADING)

    n = len(wanted)
    cells = np.stack([numbers(frame[name].iloc[:n], name, faults).to_numpy() for name in columns], axis=1)
    closing = np.stack([numbers(frame[name].iloc[n:], name, faults).to_numpy() for name in wanted], axis=1)
    faults.refuse_if_any(HEADING)
    intermediate, final_demand, output = cells[:, :n], cells[:, n:-1], cells[:, -1]
    scale = _TOLERANCE * max(1.0, float(np.abs(output).max()))
    for what, found in (
        ("sales add up to", intermediate.sum(axis=1) + final_demand.sum(axis=1)),
        ("purchases and value added add up to", intermediate.sum(axis=0) + closing[0]),
        ("the OUTPUT row says", closing[1]),
    ):
        for producer in np.flatnonzero(np.abs(found - output) > scale)[:SHOWN]:
            faults.add(
                f"{wanted[producer]} does not balance: {what} {found[producer]:g}, output is {output[producer]:g}",
                line=int(producer) + FIRST_LINE,
            )
    faults.refuse_if_any(HEADING)
    assert said is not None
    reading.units["sales"] = unit = said[1]
    reading.read_whole(place)
    yield InputOutput(regions, sectors, year, intermediate, final_demand, closing[0], output, unit=unit, file=place.name)


def _compare(wanted: Sequence[str], found: Sequence[str], what: str, faults: Faults) -> None:
    for name in [name for name in wanted if name not in found][:SHOWN]:
        faults.add(f"the {what} is missing", field=name)
    for name in [name for name in found if name not in wanted][:SHOWN]:
        faults.add(f"the {what} is not known", field=name)
    if not faults and list(wanted) != list(found):
        faults.add(f"a {what} stands twice, or out of its order")


FORMATS = (
    Format(
        name="simulated", title="input-output table of a simulated run", kind="input_output", source="simulated",
        layout="input_output_YYYY.csv of redqueen run: simulated and the unit in the first cell; REGION_STAGE, REGION_FD, OUTPUT",
        looks_like=_is_simulated, stream=_stream,
    ),
)
