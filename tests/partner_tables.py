"""Tables of activities and ties made by hand."""

import numpy as np
import pandas as pd
import pytest

from redqueen.evidence.evidence import Evidence
from redqueen.studies.diagnose.panel import Panel
from redqueen.studies.partners.complementing import Capabilities
from redqueen.studies.partners.organisations import Organisation
from redqueen.studies.partners.ties import Ties

COUNTRIES = (
    "AUS",
    "BRA",
    "CAN",
    "CHN",
    "DEU",
    "ESP",
    "FIN",
    "FRA",
    "IND",
    "IRL",
    "ISR",
    "ITA",
    "JPN",
    "KOR",
    "MEX",
    "NLD",
    "SWE",
    "TWN",
    "USA",
    "ZAF",
)


# Tables made by hand.


def activities(values, regions, names, year=2000, measure="patents"):
    """Give a table of activities from an array [regions, activities]."""
    rows = [
        (region, activity, year, measure, float(values[row][column]))
        for row, region in enumerate(regions)
        for column, activity in enumerate(names)
    ]
    return Evidence(
        "made", "activities", pd.DataFrame(rows, columns=["region", "activity", "year", "measure", "value"]), {measure: "number"}
    )


def ties(weights, regions, year=2000, measure="co-authored articles"):
    """Give a table of ties from an array [regions, regions]."""
    rows = [
        (one, other, year, measure, float(weights[row][column]))
        for row, one in enumerate(regions)
        for column, other in enumerate(regions)
        if row != column
    ]
    return Evidence(
        "made", "ties", pd.DataFrame(rows, columns=["region", "partner", "year", "measure", "value"]), {measure: "number"}
    )


def network(weights, measure="co-authored articles", regions=None, year=2000):
    """Give ties laid out."""
    weights = np.asarray(weights, dtype=float)
    return Ties(measure, "number", year, tuple(regions or COUNTRIES[: len(weights)]), weights)


def symmetric(generator, size):
    drawn = np.triu(generator.lognormal(3, 1, (size, size)), 1)
    return np.round(drawn + drawn.T)


@pytest.fixture(scope="module")
def world():
    """Give a made-up world of twenty countries: activities, and ties between them."""
    generator = np.random.default_rng(11)
    values = generator.lognormal(2, 1, (len(COUNTRIES), 12))
    return [
        activities(values, COUNTRIES, [f"field {place}" for place in range(12)]),
        ties(symmetric(generator, len(COUNTRIES)), COUNTRIES),
    ]


# Needs and complements.


def capabilities(values, names=None):
    values = np.asarray(values, dtype=float)
    names = names or tuple(f"a{place}" for place in range(values.shape[1]))
    return Capabilities(Panel("made", "patents", "number", (2000,), COUNTRIES[: len(values)], tuple(names), values[None], {}))


def organisation(name, region, size=1.0, ties=(), capabilities=(), regions=None):
    return Organisation(name, region, tuple(capabilities), (), size, tuple(ties), regions or {})
