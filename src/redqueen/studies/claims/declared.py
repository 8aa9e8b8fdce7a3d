"""What a register of claims declares: claims, contrasts, arms, settings and rivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from redqueen.policies.change import Change
from redqueen.policies.policy import NONE

# Kinds of statistic that a contrast can be.
EFFECT, LEVEL, BETWEEN, SHARES, FACT, REGRET = "effect", "level", "between", "shares", "fact", "regret"
KINDS = (EFFECT, LEVEL, BETWEEN, SHARES, FACT, REGRET)
#: Kinds whose value is held against the threshold itself; the others are effects, held against zero.
OF_LEVEL = (LEVEL, FACT)

UP, DOWN, NOT_DOWN, NOT_UP = "up", "down", "not_down", "not_up"
DIRECTIONS = (UP, DOWN, NOT_DOWN, NOT_UP)

# Kinds of rival explanation.
INSTEAD, STRENGTH = "instead", "strength"

#: What the world of a claim is called where its variants have names of their own.
AS_IT_IS = "as it is"

#: A window in years from the start of the history, the end exclusive.
Horizon = tuple[float, float]


@dataclass(frozen=True)
class Setting:
    """Says what is different in a world: another case, other assumptions, another course of modularity, other endowments.

    `endowments` maps a name to a number for all regions and stages, or to a table by the first dimension, whose values are
    numbers or tables by the second. `region` is where policies act there.
    """

    world: str | None = None
    region: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    modularity: Mapping[str, float] = field(default_factory=dict)
    endowments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Arm:
    """One of the things that are done: a policy based on another or on nothing, perhaps in a setting of its own."""

    name: str
    based_on: str = NONE.name
    without: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    governments: tuple[Any, ...] = ()
    setting: Setting = Setting()
    line: int | None = None


@dataclass(frozen=True)
class Contrast:
    """One statistic of one sample of seeds, with its direction and the smallest effect of interest.

    `regions` are summed; `target` is where policies act (the claim's region unless given). `other_region` belongs to
    "between", `other_outcome` to "shares", `recipes` and `targets` to "regret".
    """

    kind: str
    outcome: str
    direction: str
    threshold: float
    name: str = ""
    arm: str = NONE.name
    reference: str | None = None
    regions: tuple[str, ...] = ()
    stages: tuple[str, ...] | None = None
    target: str | None = None
    equal_cost: bool = False
    other_region: str | None = None
    other_outcome: str | None = None
    recipes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class Variant:
    """A world in which the claim is judged too, or under which it is looked at: its name and what is different."""

    name: str
    setting: Setting


@dataclass(frozen=True)
class Rival:
    """The other explanation: a contrast of its own ("instead"), or a world in which its mechanism is strongest ("strength")."""

    says: str
    name: str
    kind: str
    contrast: Contrast | None = None
    setting: Setting = Setting()


@dataclass(frozen=True)
class Claim:
    """A sentence of a document as an experiment. `spread` is the standard deviation of the main contrast over seeds in a pilot."""

    id: str
    says: str
    source: str
    mechanism: str
    world: str
    region: str
    horizons: tuple[Horizon, ...]
    seeds: int
    spread: float | None
    contrasts: tuple[Contrast, ...]
    arms: Mapping[str, Arm]
    variants: tuple[Variant, ...]
    rival: Rival
    also: tuple[str, ...] = ()
    screen: tuple[str, ...] = ()
    ablations: tuple[Variant, ...] = ()

    @property
    def main(self) -> Contrast:
        """Gives the first contrast, which the table shows and the screen sweeps."""
        return self.contrasts[0]

    @property
    def shown_beside(self) -> tuple[Contrast, ...]:
        """Gives the further outcomes as contrasts of the main one's arms: effects, or levels where it has a single arm."""
        kind = EFFECT if self.main.kind == EFFECT else LEVEL
        plain = replace(
            self.main, kind=kind, direction=UP, threshold=0.0, stages=None, name="", other_region=None, other_outcome=None
        )
        return tuple(replace(plain, outcome=name) for name in self.also)

    @property
    def last(self) -> Horizon | None:
        """Gives the last horizon; None where every contrast is a fact."""
        return self.horizons[-1] if self.horizons else None


@dataclass(frozen=True)
class ClaimRegister:
    """All claims of a file with their sources."""

    claims: tuple[Claim, ...]
    sources: Mapping[str, str]
    file: str
    sha256: str


def years_words(horizon: Horizon) -> str:
    """Gives a window in words: "years 15 to 20"."""
    return f"years {horizon[0]:g} to {horizon[1]:g}"
