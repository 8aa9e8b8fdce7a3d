"""The docked model in redqueen's technology: rules.py, compiled."""

from __future__ import annotations

import numpy

from docked.building import compiled_rules
from docked.law import PARAMETERS, REGIONS, start


class Economy:
    """The firms of a run; `rules` may be the interpreted form."""

    def __init__(self, firms: int, seed: int, rules=None) -> None:
        rules = rules or compiled_rules()
        self.state = rules.Firms(start(firms, seed), PARAMETERS, REGIONS, seed)
        self.run_quarter = rules.run_quarter

    def step(self) -> None:
        self.run_quarter(self.state)

    @property
    def exits(self) -> int:
        return self.state.exits

    def firms(self) -> dict[str, numpy.ndarray]:
        members = self.state.arrays["n_members"]
        kept = numpy.concatenate([region * self.state.slots + numpy.arange(count) for region, count in enumerate(members)])
        arrays = {name: self.state.arrays[name][kept] for name in ("quality", "cash", "revenue")}
        return {"region": numpy.repeat(numpy.arange(REGIONS), members), **arrays}
