"""Small worlds for the tests of the model: three kinds of region around one six-stage chain, or parts of it."""

import numpy

from redqueen.model.endowments import ENDOWMENTS
from redqueen.model.parameters import DEFAULTS
from redqueen.model.world import World

#: stage -> (quality weight, workers, materials, skilled share, input stage, input units)
CHAIN = {
    "design": (0.25, 0.15, 0.02, 0.8, None, 0.0),
    "components": (0.2, 0.2, 0.25, 0.35, None, 0.0),
    "fabrication": (0.15, 0.25, 0.25, 0.2, "components", 0.3),
    "assembly": (0.05, 0.8, 0.05, 0.03, "fabrication", 0.2),
    "software": (0.2, 0.2, 0.03, 0.6, None, 0.0),
    "brand": (0.15, 0.3, 0.1, 0.35, None, 0.0),
}
#: What a rich, a middling and a poor region start with; more regions take their turns.
REGIONS = {
    "base_wage": (1.0, 0.35, 0.1),
    "base_skilled_wage": (2.0, 0.9, 0.5),
    "workers": (3600.0, 2000.0, 4500.0),
    "first_talent": (2500.0, 595.0, 510.0),
    "graduates": (30.0, 14.0, 14.0),
    "mobility": (0.08, 0.05, 0.03),
    "associations": (0.15, 0.1, 0.05),
    "venture_money": (20.0, 3.0, 0.5),
    "venture_exit": (1.0, 0.0, 0.0),
    "impatience": (0.0, 0.01, 0.02),
    "frontier_market": (4000.0, 500.0, 200.0),
    "value_market": (1200.0, 600.0, 1000.0),
    "integrated_share": (0.5, 0.5, 0.3),
}
FIRST_QUALITY = (0.0, -0.7, -1.1)
FIRST_FIRMS = {
    "design": (30, 8, 5), "components": (30, 20, 12), "fabrication": (30, 25, 20),
    "assembly": (25, 30, 45), "software": (30, 12, 10), "brand": (40, 14, 10),
}
#: These grow with the size of the world.
SIZED = ("workers", "first_talent", "graduates", "venture_money", "frontier_market", "value_market")


def toy(
    *, regions=3, industries=1, stages=tuple(CHAIN), scale=0.2, quarters=24, burn_in=8, parameters=None,
    modularity=(0.25, 0.85, 60.0), **endowments
) -> World:
    """Give a world of so many regions and industries, each with the named stages (brand last); ``endowments`` overrides by name."""
    shape = {"region": regions, "stage": industries * len(stages), "industry": industries}
    given = {row.name: numpy.full([shape[dimension] for dimension in row.shape], row.default or 0.0) for row in ENDOWMENTS}
    kind = numpy.arange(regions) % 3
    for name, values in REGIONS.items():
        given[name][:] = numpy.array(values)[kind] * (scale if name in SIZED else 1.0)
    chain, inputs = {name: CHAIN[name] for name in stages}, []
    weights = sum(row[0] for row in chain.values())
    for industry in range(industries):
        for place, (name, row) in enumerate(chain.items(), industry * len(stages)):
            bought = row[4] in chain
            inputs.append(industry * len(stages) + list(chain).index(row[4]) if bought else -1)
            for key, value in zip(
                ("quality_weight", "workers_per_unit", "materials_per_unit", "skilled_share"), row[:4], strict=True
            ):
                given[key][place] = value / weights if key == "quality_weight" else value
            given["input_units"][place] = row[5] if bought else 0.0
            given["first_firms"][:, place] = numpy.ceil(numpy.array(FIRST_FIRMS[name])[kind] * scale / industries)
    given["first_quality"] += numpy.array(FIRST_QUALITY)[kind][:, None]
    numpy.fill_diagonal(given["distance"], 0.0)
    given["first_diaspora"][1:, 0] = 100.0 * scale
    for name, value in endowments.items():
        given[name][...] = value
    assert set(parameters or ()) <= set(DEFAULTS), "a test overrides a parameter that is gone"
    ships = stages.index("assembly") if "assembly" in stages else len(stages) - 1
    return World(
        name="toy", regions=tuple(f"region {number}" for number in range(regions)),
        industries=tuple(f"industry {number}" for number in range(industries)),
        stages=tuple(f"{name} {industry}" for industry in range(industries) for name in chain), input_stage=tuple(inputs),
        brand_stage=tuple((industry + 1) * len(stages) - 1 for industry in range(industries)),
        industry_of=tuple(numpy.repeat(range(industries), len(stages)).tolist()),
        shipping_stage=tuple(industry * len(stages) + ships for industry in range(industries)),
        endowments=given, start=1990.0, quarters=quarters, burn_in=burn_in, modularity=modularity, parameters=parameters or {},
    )


def differences(one, other) -> list[str]:
    """Name everything in which two histories differ by one bit or more."""
    pairs = [
        (name, one.arrays[name], other.arrays[name]) for name in one.arrays
    ] + [(name, one.yearly[name], other.yearly[name]) for name in one.yearly]
    return [name for name, left, right in pairs if left.tobytes() != right.tobytes()]
