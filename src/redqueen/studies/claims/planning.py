"""Plan a claim: the parts that its trials, its rival, its ablations and its screen are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from redqueen.lab.arms import Arm, ToppedUp
from redqueen.model.world import World
from redqueen.policies.policy import lay_out_policy
from redqueen.studies.claims.checking import arm_of, measurement_of, policy_of, world_of
from redqueen.studies.claims.contrasts import NotDefined, Sample, at_equal_cost, groups_of, label_of, measures_of
from redqueen.studies.claims.declared import AS_IT_IS, FACT, Claim, Contrast, Horizon, Setting, Variant
from redqueen.studies.claims.parts import Measure, Part, Treatment, Values, blocks, joined

#: Seeds of a part: short enough that little is lost by stopping, long enough that keeping it costs nothing.
BLOCK = 8
MAIN = Variant(AS_IT_IS, Setting())


@dataclass(frozen=True)
class Batch:
    """Some contrasts of a claim in one variant of its world: the parts that they are computed from, in the order of seeds."""

    variant: Variant
    contrasts: tuple[Contrast, ...]
    windows: tuple[Horizon, ...]
    measures: tuple[Measure, ...]
    trials: tuple[Part, ...]
    facts: Mapping[Contrast, tuple[Part, ...]]

    @property
    def parts(self) -> Iterator[Part]:
        """Gives every part once."""
        yield from self.trials
        for parts in self.facts.values():
            yield from parts

    def sample(self, contrast: Contrast, found: Mapping[str, Values]) -> Sample:
        """Gives what was found for a contrast; raises `NotDefined` where a part of it is missing."""
        parts = self.facts.get(contrast, self.trials)
        if any(part.key not in found for part in parts):
            raise NotDefined("a part of it could not be run")
        return Sample(joined([found[part.key] for part in parts]), self.measures, self.windows)


@dataclass(frozen=True)
class Plan:
    """Everything that is run for one claim; `points` are the batches of its screen, in the order of the sample."""

    claim: Claim
    worlds: tuple[Batch, ...]
    rival: Batch | None
    ablations: tuple[Batch, ...]
    points: tuple[Batch, ...]

    @property
    def parts(self) -> Iterator[Part]:
        """Gives every part, trials first."""
        for batch in (*self.worlds, *((self.rival,) if self.rival else ()), *self.ablations, *self.points):
            yield from batch.parts


@dataclass
class Planner:
    """Plans the batches of one claim; what several of them share is laid out once. `parameters` hold in every run."""

    claim: Claim
    seeds: int
    parameters: Mapping[str, float] = field(default_factory=dict)
    _arms: dict[tuple[object, ...], Arm] = field(default_factory=dict)

    def plan(self, *, ablations: bool = True, points: Sequence[Mapping[str, float]] = (), point_seeds: int = 2) -> Plan:
        """Plans a claim; `points` are the assumptions of the screen."""
        claim, main = self.claim, (self.claim.main,)
        last = (claim.last,) if claim.last else ()
        rival = claim.rival.contrast
        # Wherever the claim holds its rival must be there to be held against.
        judged = (*claim.contrasts, *((rival,) if rival else ()))
        worlds = [self.batch(MAIN, (*judged, *claim.shown_beside), claim.horizons)]
        worlds += [self.batch(variant, judged, claim.horizons) for variant in claim.variants]
        strongest = None if rival else self.batch(Variant(claim.rival.name, claim.rival.setting), main, last)
        ablated = [self.batch(variant, main, last) for variant in claim.ablations if ablations]
        swept = [
            self.batch(Variant(f"point {place}", Setting()), main, last, point, point_seeds) for place,
            point in enumerate(points, 1)
        ]
        return Plan(claim, tuple(worlds), strongest, tuple(ablated), tuple(swept))

    def batch(
        self, variant: Variant, contrasts: Sequence[Contrast], windows: Sequence[Horizon],
        point: Mapping[str, float] | None = None, seeds: int | None = None,
    ) -> Batch:
        """Plans some contrasts in one variant, under other assumptions where `point` names some."""
        count = self.seeds if seeds is None else seeds
        parameters = {**self.parameters, **(point or {})}
        worlds: dict[tuple[object, ...], World] = {}
        title = f"{self.claim.id}, {variant.name}"
        tried = [contrast for contrast in contrasts if contrast.kind != FACT]
        measures = tuple(dict.fromkeys(
            measure for contrast in tried for measure in measures_of(self.claim, contrast, variant.setting)
        ))
        trials: list[Part] = []
        if tried:
            treatments = self._treatments(variant, tried, parameters, worlds)
            trials = [Part(title, treatments, block, measures, tuple(windows)) for block in blocks(count, BLOCK)]
        facts = {}
        for contrast in contrasts:
            if contrast.kind == FACT:
                measurement = measurement_of(contrast.outcome)
                # A claim that names another is refused when it is read.
                assert measurement is not None
                treatments = self._treatments(variant, [contrast], parameters, worlds)
                length = count if measurement.pooled else BLOCK
                facts[contrast] = tuple(
                    Part(title, treatments, block, measurement=(contrast.outcome, measurement)) for block in blocks(count, length)
                )
        return Batch(variant, tuple(contrasts), tuple(windows), measures, tuple(trials), facts)

    def _treatments(
        self, variant: Variant, contrasts: Sequence[Contrast], parameters: Mapping[str, float],
        worlds: dict[tuple[object, ...], World]
    ) -> dict[str, Treatment]:
        """Gives the arms of contrasts by label, those that others are topped up to first."""
        plain: dict[str, Treatment] = {}
        dearest: dict[str, Treatment] = {}
        for contrast in contrasts:
            for group in groups_of(self.claim, contrast, variant.setting):
                names = tuple(label_of(*side) for side in group)
                for label, side in zip(names, group, strict=True):
                    plain.setdefault(label, self._treatment(*side, variant.setting, parameters, worlds))
                    if at_equal_cost(contrast):
                        one = plain[label]
                        dearest[label_of(*side, names)] = Treatment(one.world, ToppedUp(one.arm, names))  # type: ignore[arg-type]
        return {**plain, **dearest}

    def _treatment(
        self, name: str, target: str, variant: Setting, parameters: Mapping[str, float], worlds: dict[tuple[object, ...], World]
    ) -> Treatment:
        arm = arm_of(self.claim, name)
        where = repr((variant, arm.setting))
        found, world = world_of(self.claim, [variant, arm.setting], dict(parameters))
        # Arms in one world share its burn-in.
        world = worlds.setdefault((where,), world)
        # Assumptions change no schedule.
        key = (name, target, where)
        if key not in self._arms:
            self._arms[key] = lay_out_policy(policy_of(arm, found, target), world, target)
        return Treatment(world, self._arms[key])
