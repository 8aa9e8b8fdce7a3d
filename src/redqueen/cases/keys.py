"""What stands in a case file, once: its tables, their keys and what each key says; endowments are declared by the model.

Reading checks keys against these, and `redqueen new-case` explains them from here.
"""

from __future__ import annotations

from redqueen.model.endowments import ENDOWMENTS
from redqueen.policies.government import GOALS, STYLES
from redqueen.policies.reading import CHANGE_KEYS, GOVERNMENT_KEYS, HEADING_KEYS

__all__ = ["KEPT", "KEYS", "TABLES", "known_keys"]

#: What a region can keep of the chain behind final products.
KEPT = ("value", "jobs", "wages")

#: Table of a case file -> what it is for.
TABLES: dict[str, str] = {
    "case": "what is asked, when and of which region",
    "source": 'id = "citation"; what a source = "id: detail" anywhere below refers to',
    "modularity": "how far interfaces between stages are open over time: a share that grows along an S",
    "parameters": "other values of the model's assumptions; leave it out: one set of values serves every bundled case",
    "industry": "how buyers' spending is shared out; only needed to weigh several industries",
    "stage": "a step of the chain, in order; the last of an industry is its brand stage, whose firms are the lead firms",
    "region": "a place: its labour, money, rules, buyers and first firms",
    "pair": "what lies between two regions, in one direction",
    "policy": "what a government does over time, tried against the others under the same luck",
    "fact": "what is known of a region's past, to judge the simulation by",
}

_SOURCE = 'where the numbers of this table are from, unless they say: "id: detail", "chosen: why" or "default"'

_POLICY = {
    "name": "what commands call it", "title": "what it is, in a few words", "question": "what it is tried for", "source": _SOURCE,
    "not_modelled": "a list of what is left out",
    "based_on": "another policy of this file or the catalogue, whose changes come first", "without": "instruments left out of it",
    "change": "what is done, from when to when", "government": "a government that decides during the run",
}
_CHANGE = {
    "instrument": "what is done: see the list at the end",
    "where": 'a region, a list of regions, or "target": the region asked about',
    "from": "year it begins; the start of the run if left out", "until": "year it ends; the end of the run if left out",
    "intensity": "how much, in the unit of the instrument", "per": '"worker": that for each 1,000 workers of the region',
    "stages": "stages that it is aimed at, where the instrument can be", "note": "what it stands for", "source": _SOURCE,
}
_GOVERNMENT = {
    "name": "what it is called in the list of decisions",
    "style": "; ".join(f'"{style}": {words}' for style, words in STYLES.items()),
    "where": "its localities: regions", "menu": 'policies to choose from, or "none"; undated, acting in "target"',
    "from": "year of the first choice", "every": "years between reviews", "window": "years of results that a review looks at",
    "lag": "years until results are known", "noise": "error of measured growth, in log points a year",
    "goal": f"what is to grow: {', '.join(GOALS)}", "start": 'first choice: "draw", by lot, or an entry of the menu',
    "target_growth": "growth that is asked for, in log points a year", "emulate": "share of localities that must emulate the best",
    "source": _SOURCE,
}

#: Table -> key -> what it says, endowments apart.
KEYS: dict[str, dict[str, str]] = {
    "case": {
        "name": "what commands call it: letters, digits, - and _", "title": "what it is, in a few words",
        "question": "what is asked, answered by comparing policies",
        "start": "year; quarters are .0, .25, .5 and .75", "end": "year in which the run ends; not included itself",
        "burn_in": "quarters run beforehand, so that first firms have found their places", "region": "whose question it is",
        "reference": "the policy that others are compared to",
        "ledger": "a region: compare lays out who keeps what buyers pay for products of its lead firms, and who has the jobs",
        "story": "what the system was", "happened": "what the record says happened", "not_modelled": "a list of what is left out",
        "source": _SOURCE,
    },
    "modularity": {
        "start": "share in the far past", "end": "share in the far future", "midpoint": "year of the fastest change",
        "source": _SOURCE,
    },
    "industry": {"name": "as stages name it", "source": _SOURCE},
    "stage": {
        "name": "what regions call it by", "industry": "the industry that it belongs to",
        "input": "an earlier stage whose output it needs", "ships": "true: products leave from the place of this stage",
        "source": _SOURCE,
    },
    "region": {
        "name": "lower case with underscores", "code": "its code in statistics",
        "latitude": "degrees north, for maps alone (default: the main city of the code's country)",
        "longitude": "degrees east, for maps alone", "source": _SOURCE,
    },
    "pair": {"from": "a region", "to": "a region", "source": _SOURCE},
    "policy": {name: _POLICY[name] for name in (*HEADING_KEYS, "based_on", "without", "change", "government")},
    "policy.change": {name: _CHANGE[name] for name in CHANGE_KEYS},
    "policy.government": {name: _GOVERNMENT[name] for name in GOVERNMENT_KEYS},
    "fact": {
        "name": "what tables call it", "region": "whose past it is", "outcome": "what is known, in words", "year": "when it was so",
        "value": "the figure", "low": "or its least", "high": "and its most", "unit": "of the figure",
        "source": '"id: detail" of [source]', "held_out": "true: not used to build this case, so that it judges the simulation",
        "measured": "how the simulation measures it: a table of the keys below",
        "not_measured": "or why it cannot be measured",
    },
    "measured": {
        "outcome": "an outcome (redqueen outcomes): the region's level, mean of the year", "stage": "one stage of the chain",
        "over": "a region: in % of its level", "among": "regions: in % of their sum", "since": "a year: growth since then, in %",
        "kept": f"{', '.join(KEPT)}: the region's % of the chain behind products of the lead firms of region `of`",
        "of": "the region whose lead firms they are", "year": "another year of the simulation, that stands for the fact's",
    },
}


def known_keys(table: str, *shape: str) -> tuple[str, ...]:
    """Lists the keys of a table: those of `KEYS`, and the endowments whose dimensions are `shape`."""
    return (*KEYS[table], *(endowment.name for endowment in ENDOWMENTS if shape and endowment.shape == shape))
