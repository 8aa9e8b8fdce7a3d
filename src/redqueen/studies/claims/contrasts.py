"""From what was measured in each seed to the statistic of a contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from redqueen.evidence.facts import facts
from redqueen.lab.outcomes import BY_NAME, RATIO, WORLD
from redqueen.lab.regret import minimax
from redqueen.studies.claims.checking import arm_of, measurement_of, regions_of, sides_of, target_of
from redqueen.studies.claims.declared import BETWEEN, EFFECT, FACT, LEVEL, REGRET, SHARES, Claim, Contrast, Horizon, Setting
from redqueen.studies.claims.parts import Measure, Values
from redqueen.studies.facts import FIGURES, MEASURED

#: Shares are shown as %, their differences as points.
PERCENT = 100.0


class NotDefined(Exception):
    """Says why a statistic cannot be computed."""


@dataclass(frozen=True)
class Sample:
    """Holds what was measured of some arms: values[label][measure][window][seed]."""

    values: Values
    measures: tuple[Measure, ...]
    windows: tuple[Horizon, ...]

    def of(self, label: str, measure: Measure, window: Horizon) -> numpy.ndarray:
        """Gives one value a seed."""
        return numpy.array(self.values[label][self.measures.index(measure)][self.windows.index(window)], dtype=float)


def label_of(name: str, target: str, dearest: tuple[str, ...] = ()) -> str:
    """Names an arm as it is run: aimed at a region, and with what it is topped up to."""
    cost = f", at the cost of {' / '.join(dearest)}" if dearest else ""
    return f"{name} in {target}{cost}"


def groups_of(claim: Claim, contrast: Contrast, variant: Setting) -> list[list[tuple[str, str]]]:
    """Gives the arms of a contrast with their regions, those together that are at equal cost if any are."""
    sides = list(sides_of(claim, contrast, variant))
    if contrast.kind == REGRET:
        return [[side for side in sides if side[1] == target] for target in contrast.targets]
    return [sides]


def at_equal_cost(contrast: Contrast) -> bool:
    """Says whether the arms of a contrast are topped up to the dearest."""
    return contrast.equal_cost or contrast.kind == REGRET


def labels_of(claim: Claim, contrast: Contrast, variant: Setting) -> dict[tuple[str, str], str]:
    """Gives the label under which each arm of a contrast is measured."""
    labels = {}
    for group in groups_of(claim, contrast, variant):
        dearest = tuple(label_of(*side) for side in group) if at_equal_cost(contrast) else ()
        labels.update({side: label_of(*side, dearest) for side in group})
    return labels


def measures_of(claim: Claim, contrast: Contrast, variant: Setting) -> list[Measure]:
    """Lists what a contrast is measured from, in the order in which `values_of` takes it."""
    stages, regions = contrast.stages, regions_of(claim, contrast, variant)
    outcome = contrast.outcome
    if contrast.kind == FACT:
        return []
    if contrast.kind == REGRET:
        return [Measure(outcome, (target,), stages) for target in contrast.targets]
    if contrast.kind == BETWEEN:
        return [Measure(outcome, regions, stages), Measure(outcome, (contrast.other_region or "",), stages)]
    if contrast.kind == SHARES:
        return [
            measure
            for name in (outcome, contrast.other_outcome or "")
            for measure in (Measure(name, regions, stages), Measure(name, (WORLD,)))
        ]
    regions = (WORLD,) if BY_NAME[outcome].of_the_world else regions
    return [Measure(outcome, regions, stages)]


def values_of(claim: Claim, contrast: Contrast, variant: Setting, sample: Sample, window: Horizon | None) -> numpy.ndarray:
    """Gives the statistic of a contrast in every seed, on the scale of estimation; raises `NotDefined` with the reason.

    effect, between: 100 (ln a - ln b) where the outcome is compared as a ratio, else a - b (shares in points). level: a.
    shares: 100 (a / all a - b / all b). regret: see `_regret`. fact: as measured.
    """
    labels = list(labels_of(claim, contrast, variant).values())
    measures = measures_of(claim, contrast, variant)
    if contrast.kind == FACT:
        return numpy.array(sample.values[labels[0]][0][0], dtype=float)
    assert window is not None
    if contrast.kind == REGRET:
        return _regret(claim, contrast, variant, sample, window)
    if contrast.kind == EFFECT:
        return _difference(contrast, *(sample.of(label, measures[0], window) for label in labels))
    found = [sample.of(labels[0], measure, window) for measure in measures]
    if contrast.kind == BETWEEN:
        return _difference(contrast, *found)
    if contrast.kind == LEVEL:
        return _finite(found[0]) * (PERCENT if BY_NAME[contrast.outcome].unit == "share" else 1.0)
    part, whole, other_part, other_whole = found
    if not (whole > 0).all() or not (other_whole > 0).all():
        raise NotDefined("the sum over regions and stages is not above zero in every seed")
    return PERCENT * (part / whole - other_part / other_whole)


def unit_of(contrast: Contrast) -> str:
    """Gives the unit in which a contrast is shown."""
    if contrast.kind == FACT:
        return _unit_of_fact(contrast.outcome)
    if contrast.kind == SHARES:
        return "percentage points"
    outcome = BY_NAME[contrast.outcome]
    if contrast.kind == LEVEL:
        return "%" if outcome.unit == "share" else outcome.unit
    return outcome.effect_unit


def in_logs(contrast: Contrast) -> bool:
    """Says whether a contrast is estimated as 100 x a log ratio."""
    return contrast.kind in (EFFECT, BETWEEN, REGRET) and BY_NAME[contrast.outcome].compared == RATIO


def contrast_words(claim: Claim, contrast: Contrast, variant: Setting = Setting()) -> str:
    """Says in a line what is measured and in what."""
    where = " + ".join(regions_of(claim, contrast, variant)) + (f", {' + '.join(contrast.stages)}" if contrast.stages else "")
    if contrast.kind == FACT:
        measurement = measurement_of(contrast.outcome)
        return f"{contrast.outcome.replace('_', ' ')} under {contrast.arm}" + (f": {measurement.words}" if measurement else "")
    words = BY_NAME[contrast.outcome].words
    if contrast.kind == REGRET:
        best = "the best recipe of the region where the best single recipe is worst"
        return f"{words} under {best}, against that recipe; at equal cost"
    cost = ", at equal cost" if contrast.equal_cost else ""
    target = target_of(claim, contrast, arm_of(claim, contrast.arm), variant)
    acting = "" if where == target or contrast.arm == "none" else f" in {target}"
    return {
        EFFECT: f"{words} in {where}: {contrast.arm}{acting} against {contrast.reference}{cost}",
        LEVEL: f"{words} in {where} under {contrast.arm}{acting}",
        BETWEEN: f"{words} in {where} against {contrast.other_region}, under {contrast.arm}{acting}",
        SHARES: f"share of {words} less share of {BY_NAME[contrast.other_outcome].words if contrast.other_outcome else ''} in "
        f"{where}, "
        f"under {contrast.arm}{acting}",
    }[contrast.kind]


def _difference(contrast: Contrast, first: numpy.ndarray, second: numpy.ndarray) -> numpy.ndarray:
    outcome = BY_NAME[contrast.outcome]
    _finite(first), _finite(second)
    if outcome.compared != RATIO:
        return (first - second) * (PERCENT if outcome.unit == "share" else 1.0)
    wrong = (first <= 0) | (second <= 0)
    if wrong.any():
        raise NotDefined(f"zero or below in {int(wrong.sum())} of {wrong.size} seeds, so it has no ratio")
    return PERCENT * (numpy.log(first) - numpy.log(second))


def _regret(claim: Claim, contrast: Contrast, variant: Setting, sample: Sample, window: Horizon) -> numpy.ndarray:
    """Gives what the worst region of the best single recipe gains by its own best recipe.

    Every second seed chooses: the recipe whose largest regret over regions is least, the region where that is, and the best
    recipe there. The other seeds judge, so that the choice is not praised for its own luck.
    """
    labels = labels_of(claim, contrast, variant)
    measures = measures_of(claim, contrast, variant)
    measured = list(zip(contrast.targets, measures, strict=True))
    level = numpy.array([
        [_level(contrast, sample.of(labels[recipe, target], measure, window)) for target, measure in measured]
        for recipe in contrast.recipes
    ])
    single, region, best = minimax(level[:, :, 0::2].mean(axis=2))
    return level[best, region, 1::2] - level[single, region, 1::2]


def _level(contrast: Contrast, values: numpy.ndarray) -> numpy.ndarray:
    outcome = BY_NAME[contrast.outcome]
    _finite(values)
    if outcome.compared != RATIO:
        return values * (PERCENT if outcome.unit == "share" else 1.0)
    if (values <= 0).any():
        raise NotDefined(f"zero or below in {int((values <= 0).sum())} of {values.size} seeds, so it has no ratio")
    return PERCENT * numpy.log(values)


def _finite(values: numpy.ndarray) -> numpy.ndarray:
    wrong = ~numpy.isfinite(values)
    if wrong.any():
        raise NotDefined(f"nothing to divide by in {int(wrong.sum())} of {wrong.size} seeds")
    return values


def _unit_of_fact(name: str) -> str:
    for figure in FIGURES:
        if figure.name == name:
            return figure.unit
    measurement = measurement_of(name)
    known = {fact.name: fact.unit for fact in facts()}
    return next((known.get(fact, "") for fact, measured in MEASURED.items() if measured == measurement), "")
