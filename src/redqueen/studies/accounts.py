"""Read accounts of firms off a state: what they do, and what they pay for materials."""

from __future__ import annotations

import numpy

from redqueen.model.state import State


def does(stages: numpy.ndarray, state: State) -> numpy.ndarray:
    """Says which stages firms do in-house: [firm, stage], 0 or 1."""
    places = numpy.arange(state.n_stages, dtype=stages.dtype)
    return ((stages[:, None] >> places) & stages.dtype.type(1)).astype(numpy.int8)


def last_stage(stages: numpy.ndarray, state: State) -> numpy.ndarray:
    """Gives the last stage of the chain that each firm does: the brand stage of a lead firm."""
    done = does(stages, state)
    return state.n_stages - 1 - numpy.argmax(done[:, ::-1], axis=1)


def material_costs(state: State) -> numpy.ndarray:
    """Gives what firms paid for materials in the quarter: [firm, stage], money."""
    arrays = state.arrays
    return arrays["units"] * arrays["unit_effort"] * arrays["materials_per_unit"]
