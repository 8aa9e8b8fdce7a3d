"""Rates candidates one by one: what each brings a region for an activity, what it gains in return, and how near it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from redqueen.indicators.relatedness import relatedness_density
from redqueen.studies.partners.complementing import Capabilities, Needs, organisation_rows, shares_of_need
from redqueen.studies.partners.organisations import Organisation

__all__ = ["NEAR", "ORGANISATION", "REGION", "Partner", "Reason", "rate_organisations", "rate_regions"]

REGION, ORGANISATION = "region", "organisation"
#: Reasons that are named on either side.
REASONS = 4
# What makes up less of all that a side brings is no reason.
_LEAST_PART = 0.05
#: Why a partner gains: it could do this next.
NEAR = "near what it does"


@dataclass(frozen=True)
class Reason:
    """States one thing that one side has and the other lacks.

    `rca` and `share` (of all regions of the table) are those of the side that has it; for an organisation `rca` is None, its
    capability being its own statement, and `share` its part of its region's. `rca_there` is the RCA of the side that lacks
    it, None for an organisation; `part` what it makes of all that side lacks.
    """

    activity: str
    name: str
    why: str
    rca: float | None
    share: float
    rca_there: float | None
    part: float


@dataclass(frozen=True)
class Partner:
    """Holds one partner; `partner` is its code or name.

    `covers`: the partner's share of all regions' capacity in what the region lacks, averaged over that; `offers`: the
    region's share in what the partner could do next and lacks; `reach`: the chance of a close tie. `score` is 100 for the
    best, and proportional to the geometric mean of the three. `brings` and `gains` list reasons, `through` the steps of the
    strongest path. `distance` in km between main cities and `ties` with the region, by kind, where they are known.
    """

    partner: str
    name: str
    kind: str
    score: float
    covers: float
    offers: float
    reach: float
    brings: list[Reason]
    gains: list[Reason]
    through: list[dict[str, Any]] = field(default_factory=list)
    distance: float | None = None
    ties: list[dict[str, Any]] = field(default_factory=list)


def rate_regions(
    region: str,
    candidates: Sequence[str],
    needs: Sequence[Needs],
    capabilities: Capabilities,
    chances: Mapping[str, float],
    names: Mapping[str, str],
) -> list[Partner]:
    """Rates regions: what they cover of `needs`, one a table, whose parts sum to 1 together; what they gain is told by
    `capabilities`."""
    here = capabilities.panel.place(region)
    found = []
    for name in candidates:
        other = capabilities.panel.place(name)
        covered, brings = [], []
        for one in needs:
            known = name in one.capabilities.panel.regions
            place = one.capabilities.panel.place(name) if known else None
            strength = one.capabilities.strength[place] if known else np.zeros(len(one.parts))
            covered.append(float(strength @ one.parts))
            there = one.capabilities.rca[one.capabilities.panel.place(region)]
            brings += _reasons(
                one.capabilities, one.parts, strength, one.why, one.capabilities.rca[place] if known else None, there
            )
        gains = _reasons(
            capabilities,
            capabilities.adjacent[other],
            capabilities.strength[here],
            None,
            capabilities.rca[here],
            capabilities.rca[other],
        )
        offers = float(capabilities.exchange[other, here])
        found.append(_partner(name, names[name], REGION, sum(covered), offers, chances[name], brings, gains))
    return found


def rate_organisations(
    region: str, organisations: Sequence[Organisation], needs: Needs, capabilities: Capabilities, reach: Mapping[str, float]
) -> list[Partner]:
    """Rates organisations elsewhere by what they say they can do.

    An organisation has as much of its region's share of an activity as its size makes of the register's organisations there
    that name it; where no table shows its region, of all that name it. It could do next what is near its capabilities and not
    among them.
    """
    rows = organisation_rows(capabilities, [one.capabilities for one in organisations])
    place = {name: position for position, name in enumerate(capabilities.panel.regions)}
    size = np.array([one.size for one in organisations], dtype=float)
    here, found = place[region], []
    density = np.nan_to_num(relatedness_density(rows, capabilities.related.proximity)) if len(rows) else rows
    for position, one in enumerate(organisations):
        if one.region == region:
            continue
        beside = np.array([one.region not in place or other.region == one.region for other in organisations])
        among = ((rows & beside[:, None]) * size[:, None]).sum(axis=0)
        strength = np.divide(rows[position] * one.size, among, out=np.zeros(len(among)), where=among > 0)
        if one.region in place:
            strength = strength * capabilities.share[place[one.region]]
        wanted = shares_of_need((density[position] * ~rows[position])[None])[0]
        brings = _reasons(capabilities, needs.parts, strength, needs.why, None, capabilities.rca[here])
        gains = _reasons(capabilities, wanted, capabilities.strength[here], None, capabilities.rca[here], None)
        covers, offers = float(strength @ needs.parts), float(wanted @ capabilities.strength[here])
        found.append(_partner(one.name, one.name, ORGANISATION, covers, offers, reach.get(one.name, 0.0), brings, gains))
    return found


def _reasons(
    capabilities: Capabilities,
    parts: np.ndarray,
    strength: np.ndarray,
    why: Sequence[str] | None,
    own: np.ndarray | None,
    there: np.ndarray | None,
) -> list[Reason]:
    """Lists what makes up most of what one side covers of the other's lack."""
    activities, names = capabilities.panel.activities, capabilities.panel.names
    order = np.argsort(-parts * strength, kind="stable")[:REASONS]
    return [
        Reason(
            activities[one],
            names.get(activities[one], activities[one]),
            NEAR if why is None else why[one],
            None if own is None else float(own[one]),
            float(strength[one]),
            None if there is None else float(there[one]),
            float(parts[one]),
        )
        for one in order
        if parts[one] * strength[one] > 0
    ]


def _partner(
    name: str, words: str, kind: str, covers: float, offers: float, reach: float, brings: list[Reason], gains: list[Reason]
) -> Partner:
    score = float(np.cbrt(covers * offers * reach))
    return Partner(name, words, kind, score, covers, offers, reach, _main(brings, covers), _main(gains, offers))


def _main(reasons: Sequence[Reason], whole: float) -> list[Reason]:
    """Gives the reasons that make up most of the whole, the largest first."""
    ordered = sorted(reasons, key=lambda one: -one.part * one.share)
    return [one for one in ordered[:REASONS] if one.part * one.share >= _LEAST_PART * whole]
