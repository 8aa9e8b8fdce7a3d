"""A world: what is given before anything happens. It names no policy and reads no file."""

from dataclasses import dataclass, field

import numpy

from redqueen.model.endowments import ENDOWMENTS


@dataclass(frozen=True)
class World:
    """Regions, a chain and their endowments.

    ``endowments`` maps every name of ``model/endowments.py`` to a float64 array of the declared shape.
    ``input_stage`` is -1 where a stage buys no inputs; an input stage always has a smaller index.
    ``brand_stage`` and ``shipping_stage`` give one stage for each industry. Times are quarters;
    ``modularity`` is (far past, far future, quarter of the fastest change counted from the start).
    """

    name: str
    regions: tuple[str, ...]
    industries: tuple[str, ...]
    stages: tuple[str, ...]
    industry_of: tuple[int, ...]
    input_stage: tuple[int, ...]
    brand_stage: tuple[int, ...]
    shipping_stage: tuple[int, ...]
    endowments: dict[str, numpy.ndarray]
    start: float
    quarters: int
    burn_in: int = 40
    modularity: tuple[float, float, float] = (0.25, 0.85, 60.0)
    parameters: dict[str, float] = field(default_factory=dict)

    def shape_of(self, dimensions: tuple[str, ...]) -> tuple[int, ...]:
        """Give the lengths of named dimensions."""
        lengths = {"region": len(self.regions), "stage": len(self.stages), "industry": len(self.industries)}
        return tuple(lengths[name] for name in dimensions)

    def __post_init__(self) -> None:
        for endowment in ENDOWMENTS:
            array = self.endowments[endowment.name]
            if array.shape != self.shape_of(endowment.shape):
                raise ValueError(f"{endowment.name} has shape {array.shape}, expected {self.shape_of(endowment.shape)}")
