"""Draw up the accounts of a quarter from a state: what firms do, what they pay for materials, who sells to whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from redqueen.model.state import State


@dataclass(frozen=True)
class InputOutput:
    """Holds an inter-regional input-output table of one quarter, shapes as in `indicators/leontief.py`.

    What a firm's own stages pass on is a flow at cost within its region. Materials come from outside the table.
    """

    year: int
    intermediate: numpy.ndarray
    final_demand: numpy.ndarray
    value_added: numpy.ndarray
    output: numpy.ndarray


def input_output(state: State, year: int, materials: numpy.ndarray, living: numpy.ndarray) -> InputOutput:
    """Draws up the quarter's input-output table; its value added and the ledger's are the same."""
    arrays = state.arrays
    n_regions, n_stages = state.n_regions, state.n_stages
    flows = arrays["flows"].copy()
    final = numpy.zeros((n_regions, n_stages, n_regions))
    for industry, brand in enumerate(arrays["brand_stage"]):
        final[:, brand] += arrays["final_sales"][:, industry]
    region = arrays["region_of"][living]
    revenue, bought, outside = (numpy.zeros((n_regions, n_stages)) for _ in range(3))
    numpy.add.at(revenue, region, arrays["stage_revenue"][living])
    numpy.add.at(bought, region, materials[living])
    # What is sold to no other firm was passed on at cost: to the firm's own user of the input, the rest to its brand stage.
    passed_on = revenue - flows.sum(axis=(2, 3)) - final.sum(axis=2)
    brands = [int(arrays["brand_stage"][industry]) for industry in arrays["industry_of"]]
    for stage, source in enumerate(arrays["input_stage"]):
        if source >= 0:
            both = (does(arrays["stages"][living], state)[:, [stage, source]] == 1).all(axis=1)
            firms = living[both]
            inputs = arrays["input_units"][stage] * arrays["units"][firms, stage] * arrays["unit_cost"][firms, source]
            moved = numpy.bincount(region[both], weights=inputs, minlength=n_regions)
            flows[range(n_regions), source, range(n_regions), stage] += moved
            passed_on[:, source] -= moved
    for stage, brand in enumerate(brands):
        if stage != brand:
            flows[range(n_regions), stage, range(n_regions), brand] += passed_on[:, stage]
    # Suppliers outside the world are paid by the region's lead firms.
    outside[:, brands[-1]] = arrays["outside_paid"]
    intermediate = flows.reshape(n_regions * n_stages, -1)
    final_demand = final.reshape(n_regions * n_stages, -1)
    output = intermediate.sum(axis=1) + final_demand.sum(axis=1)
    value_added = output - intermediate.sum(axis=0) - (bought + outside).reshape(-1)
    return InputOutput(year, intermediate, final_demand, value_added, output)


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
