"""Say what the states of a claim's contrasts amount to: a pure function of them and of the rival."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from redqueen.studies.claims.declared import INSTEAD
from redqueen.studies.claims.statistics import AGAINST, HOLDS, UNDECIDED

CLAIM_HOLDS, HOLDS_ONLY, DOES_NOT_HOLD = "holds", "holds only where", "does not hold"
UNDECIDED_WORDS = "undecided (interval spans zero)"
NOT_RUN = "not run"


class Place(NamedTuple):
    """Names where a claim is judged: a variant of the world and a horizon, in words."""

    variant: str
    horizon: str


def together(states: Iterable[str]) -> str:
    """Joins the states of contrasts that must all hold: one that is against is enough against all."""
    states = list(states)
    if AGAINST in states:
        return AGAINST
    return HOLDS if states and all(state == HOLDS for state in states) else UNDECIDED


def verdict_of(places: Mapping[Place, Sequence[str]], *, rival_kind: str, rival_wins: bool, rival_name: str = "the rival") -> str:
    """Gives the verdict on a claim from the states of its contrasts in every place.

    - holds: all contrasts hold everywhere.
    - holds only where ...: they hold in some places, and elsewhere not.
    - does not hold: they hold nowhere and somewhere one is against; or they hold somewhere, but the rival instead of the claim
    wins.
    - undecided: they hold nowhere, and none is against.
    A rival that wins where it is strongest limits a claim that holds to where that is not so. A claim that holds nowhere does
    not need a rival to fail, and an undecided one is not lost to it: what cannot be seen is no evidence for either.
    """
    joined = {place: together(states) for place, states in places.items()}
    holding = [place for place, state in joined.items() if state == HOLDS]
    if not holding:
        return DOES_NOT_HOLD if AGAINST in joined.values() else UNDECIDED_WORDS
    if rival_wins and rival_kind == INSTEAD:
        return DOES_NOT_HOLD
    limits = [] if len(holding) == len(joined) else [places_words(holding, list(joined))]
    if rival_wins:
        limits.append(f"not so that {rival_name}")
    return f"{HOLDS_ONLY}: {'; '.join(limits)}" if limits else CLAIM_HOLDS


def places_words(holding: Sequence[Place], every: Sequence[Place]) -> str:
    """Names places shortly: a variant in which all horizons are, by its name; horizons that are in all variants, by theirs."""
    variants = list(dict.fromkeys(place.variant for place in every))
    horizons = list(dict.fromkeys(place.horizon for place in every))
    by_horizon = [horizon for horizon in horizons if all(Place(variant, horizon) in holding for variant in variants)]
    if by_horizon and len(by_horizon) * len(variants) == len(holding):
        return _listed(by_horizon)
    words = []
    for variant in variants:
        mine = [place.horizon for place in holding if place.variant == variant]
        if len(mine) == sum(place.variant == variant for place in every):
            words.append(variant)
        elif mine:
            words.append(f"{variant} in {_listed(mine)}" if len(variants) > 1 else _listed(mine))
    return _listed(words, "; ")


def _listed(words: Sequence[str], comma: str = ", ") -> str:
    return comma.join(words)
