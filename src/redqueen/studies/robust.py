"""Which policy is robust: regret by region over the points of a trial, and whether one recipe serves all regions."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy

from redqueen.errors import Faults, nearest
from redqueen.lab.compare import WINDOW, paired
from redqueen.lab.outcomes import BY_NAME, DOWN, EITHER, RATIO, WORLD, Outcome, chosen
from redqueen.lab.regret import MAXIMUM, MEAN, Standings, joint_limits, minimax, standings

if TYPE_CHECKING:
    import xarray

__all__ = [
    "DIFFERS",
    "NO_RECIPE",
    "RECIPE",
    "SAME",
    "UNDECIDED",
    "WITHIN",
    "Place",
    "Robustness",
    "Verdict",
    "rank_policies",
]

#: How far behind the best, in %, a recipe may be in a region, unless asked otherwise.
WITHIN = 5.0

RECIPE, NO_RECIPE, UNDECIDED = "recipe", "no recipe", "undecided"
SAME, DIFFERS = "the same best", "the best differs"


@dataclass(frozen=True)
class Place:
    """Holds one world of a trial, in whose `region` the policies act, how they stand there, and value by point.

    `label` tells it from the others: its region, or its world's name where two have the same region. `values` [policy, point, seed]
    are effects against the first policy on the scale compared, more being better; `points` are those of the uncertain parameters
    [point, parameter], None where there are none.
    """

    label: str
    world: str
    region: str
    reference: str
    titles: Mapping[str, str]
    found: Standings
    values: numpy.ndarray
    parameters: tuple[str, ...]
    points: numpy.ndarray | None

    @property
    def best(self) -> str:
        """Names the policy with the least mean regret, which is the one with the largest mean value."""
        return self.found.policies[self.found.order(MEAN)[0]]


@dataclass(frozen=True)
class Verdict:
    """Says in words what regions show together; `kind` is RECIPE, NO_RECIPE, UNDECIDED, SAME or DIFFERS.

    `policies` are those that the words are about: recipes, or whatever may still be one.
    """

    kind: str
    words: str
    policies: tuple[str, ...]


@dataclass(frozen=True)
class Robustness:
    """Holds how policies stand in every region of a trial.

    `within` and `margin` are in the outcome's unit of effects (None: not judged). `best` and `recipes` (by kind of regret) compare
    regions, where there are several; `single` names the policy whose largest mean regret over regions is least, the region where
    that is, and the best policy there, by the estimates.
    """

    outcome: Outcome
    window: int
    within: float | None
    margin: float
    places: tuple[Place, ...]
    best: Verdict | None
    recipes: Mapping[str, Verdict]
    single: tuple[str, str, str] | None


def rank_policies(
    results: Mapping[str, xarray.Dataset],
    *,
    outcome: str = "value_added",
    window: int | None = None,
    policies: Sequence[str] | None = None,
    within: float | None = None,
    margin: float = 0.0,
) -> Robustness:
    """Ranks the policies of a trial by regret in the region of each of its worlds, and says what regions show together.

    `results` maps the names of worlds to their finished datasets. `policies` are all that are in every world unless named, placebos
    left out. `window` is the number of last quarters (20, or all there are). `within` is how far behind the best a recipe may be
    (5 %; for outcomes that are not compared in % nothing is judged unless given), `margin` by how much a policy must do better than
    the reference to satisfice; both in the unit of effects on the outcome. Everything wrong is refused at once.
    """
    faults = Faults()
    found = _outcome(outcome, faults)
    common = _policies(results, policies, faults)
    regions = {name: _region(name, result, found, faults) for name, result in results.items()}
    for name, result in results.items():
        _check(name, result, found, window, faults)
    _check_margins(found, within, margin, faults)
    faults.refuse_if_any("redqueen robust")
    assert found is not None
    if within is None and found.effect_unit == "%":
        within = WITHIN
    labels = list(regions.values())
    places = []
    for name, result in results.items():
        label = regions[name] if labels.count(regions[name]) == 1 else name
        try:
            places.append(_place(label, name, regions[name], result, found, common, window, _hidden(found, margin)))
        except ValueError as error:
            faults.add(str(error), field=name, remedy="run more seeds, or name policies that did not fail")
    faults.refuse_if_any("redqueen robust")
    quarters = min(result.sizes["quarter"] for result in results.values())
    best, recipes, single = None, {}, None
    if len(places) > 1:
        best = _best(places)
        single = _single(places)
        if within is not None:
            recipes = {kind: _recipe(places, kind, within, found) for kind in (MEAN, MAXIMUM)}
    return Robustness(
        found, min(WINDOW, quarters) if window is None else window, within, margin, tuple(places), best, recipes, single
    )


def _hidden(outcome: Outcome, value: float) -> float:
    """Puts what was asked, in the unit of effects, on the scale compared."""
    if outcome.compared == RATIO:
        return math.log1p(value / 100.0)
    return value / 100.0 if outcome.unit == "share" else value


def _place(
    label: str,
    world: str,
    region: str,
    result: xarray.Dataset,
    outcome: Outcome,
    policies: Sequence[str],
    window: int | None,
    margin: float,
) -> Place:
    base = policies[0]
    effects = [paired(result, name, base, outcome=outcome.name, region=region, window=window).values for name in policies[1:]]
    # The first against itself: nothing, where any of the others can be compared to it.
    values = numpy.array([numpy.where(numpy.isfinite(effects[0]), 0.0, numpy.nan), *effects])
    if outcome.better == DOWN:
        values = -values
    reference = str(result.attrs["reference"])
    found = standings(values, policies, reference, margin)
    there = "assumption" in result.coords
    return Place(
        label,
        world,
        region,
        reference,
        json.loads(result.attrs.get("titles", "{}")),
        found,
        values,
        tuple(str(name) for name in result["parameter"].values) if there else (),
        result["assumption"].transpose("sample", "parameter").values if there else None,
    )


def _best(places: Sequence[Place]) -> Verdict:
    """Says whether one policy is the best everywhere: by the means over all points, and beyond chance."""
    unbeaten = [{place.found.policies[policy] for policy in place.found.unbeaten(len(places))} for place in places]
    names = [place.best for place in places]
    everywhere = [name for name in places[0].found.policies if all(name in some for some in unbeaten)]
    each = "; ".join(f"{place.label}: {place.best}" for place in places)
    if not everywhere:
        return Verdict(DIFFERS, f"The best policy differs by region, beyond chance ({each}).", tuple(names))
    if all(some == {names[0]} for some in unbeaten):
        return Verdict(SAME, f"{names[0]} is the best policy in every region, beyond chance.", (names[0],))
    if everywhere == names[:1] and len(set(names)) == 1:
        words = f"{names[0]} is the best policy in every region by the estimates; if any is the best in all, it is this one."
        return Verdict(UNDECIDED, words, (names[0],))
    told = f"chance cannot be excluded: {_listed(everywhere, 'or')} may be the best in all"
    if len(set(names)) == 1:
        return Verdict(UNDECIDED, f"{names[0]} is the best policy in every region by the estimates, but {told}.", tuple(everywhere))
    return Verdict(UNDECIDED, f"The best policy differs by region by the estimates ({each}), but {told}.", tuple(everywhere))


def _recipe(places: Sequence[Place], kind: str, within: float, outcome: Outcome) -> Verdict:
    """Says whether a policy is within so much of the best in every region, from limits that hold together."""
    limits = joint_limits([place.found for place in places], kind)
    allowed = _hidden(outcome, within)
    policies = places[0].found.policies
    low, high = (numpy.array([pair[side] for pair in limits]) for side in (0, 1))
    size = f"{within:g} {outcome.effect_unit}"
    where = "on average over the points" if kind == MEAN else "at the worst of the points"
    recipes = tuple(name for name, highest in zip(policies, high.max(axis=0), strict=True) if highest <= allowed)
    if recipes:
        verb = "is" if len(recipes) == 1 else "are"
        return Verdict(
            RECIPE, f"A recipe: {_listed(recipes, 'and')} {verb} within {size} of the best in every region, {where}.", recipes
        )
    left = tuple(name for name, lowest in zip(policies, low.max(axis=0), strict=True) if lowest <= allowed)
    if not left:
        return Verdict(NO_RECIPE, f"No recipe: every policy is more than {size} behind the best in some region, {where}.", ())
    told = f"may be within {size} of the best in every region, {where}; these seeds and points cannot tell."
    return Verdict(UNDECIDED, f"Undecided: {_listed(left, 'or')} {told}", left)


def _single(places: Sequence[Place]) -> tuple[str, str, str]:
    # With the least mean regret comes the largest mean value: what is lost is the same.
    losses = numpy.array([[figure.value for figure in place.found.figures[MEAN]] for place in places]).T
    single, place, best = minimax(-losses)
    policies = places[0].found.policies
    return policies[single], places[place].label, policies[best]


def _outcome(name: str, faults: Faults) -> Outcome | None:
    chosen(name, faults=faults)
    found = BY_NAME.get(name)
    if found is not None and found.better == EITHER:
        faults.add(
            f"more of {name} is neither better nor worse, so nothing is lost",
            field="--outcome",
            remedy="redqueen outcomes says which is better",
        )
    if found is not None and found.by_stage:
        faults.add(f"{name} is known by stage", field="--outcome", remedy="name an outcome of regions")
        return None
    return found


def _policies(results: Mapping[str, xarray.Dataset], asked: Sequence[str] | None, faults: Faults) -> list[str]:
    """Gives the policies that are compared: in every world, in the order of the first."""
    known = []
    for result in results.values():
        placebos = set(json.loads(result.attrs.get("placebos", "{}")).values())
        known.append([str(name) for name in result["policy"].values if str(name) not in placebos])
    common = [name for name in known[0] if all(name in others for others in known)]
    if asked is not None:
        for name in asked:
            if name not in common:
                faults.add(
                    f"'{name}' is not a policy of every world of the trial",
                    field="--policies",
                    remedy=nearest(name, common) or f"these are: {', '.join(common) or 'none'}",
                )
        common = [name for name in common if name in asked]
    if len(common) < 2 and not faults:
        faults.add(
            "regret compares two policies or more that all worlds have",
            field="--policies",
            remedy="name more policies in the trial",
        )
    return common


def _region(name: str, result: xarray.Dataset, outcome: Outcome | None, faults: Faults) -> str:
    region = str(result.attrs.get("region", ""))
    if outcome is not None and outcome.of_the_world:
        return WORLD
    if not region:
        known = [str(one) for one in result["region"].values]
        faults.add(
            "the trial names no region in which its policies act", field=name, remedy=f"give the world a region: {', '.join(known)}"
        )
    return region


def _check(name: str, result: xarray.Dataset, outcome: Outcome | None, window: int | None, faults: Faults) -> None:
    missing = [variable for variable in outcome.variables if variable not in result] if outcome is not None else []
    if missing:
        faults.add(f"the trial did not record {', '.join(missing)}", field=name, remedy="ask for the outcome in the trial")
    if window is not None and window > result.sizes["quarter"]:
        faults.add(f"{window} quarters are more than there are", field="--window", remedy=f"give at most {result.sizes['quarter']}")
    if result.sizes["seed"] < 2:
        faults.add("one seed cannot tell luck from policy", field=name, remedy="run the trial with 2 seeds or more; 6 are few")


def _check_margins(outcome: Outcome | None, within: float | None, margin: float, faults: Faults) -> None:
    if within is not None and not (math.isfinite(within) and within > 0):
        faults.add(f"{within:g} is no distance from the best", field="--within", remedy="give a number above zero")
    least = -100.0 if outcome is not None and outcome.compared == RATIO else -math.inf
    if not (math.isfinite(margin) and margin > least):
        faults.add(f"{margin:g} is no margin", field="--margin", remedy="give a number in the unit of effects on the outcome")


def _listed(names: Sequence[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
