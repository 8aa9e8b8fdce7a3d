"""A toy with figures known in advance, to be fitted."""

from __future__ import annotations

import numpy
import pytest

from redqueen.lab.fit.targets import Target

pytest.importorskip("sklearn", reason="emulators need scikit-learn")
pytest.importorskip("SALib", reason="sensitivities need SALib")
#: Standard deviation of luck in each target of `toy`, and of the figures made from it.
LUCK, ERROR = (0.1, 0.05, 0.05), (0.05, 0.1, 0.1)


def toy(points, seeds):
    """A cheap simulator: three targets of two parameters that matter and one that does not, with luck of known size."""
    luck = [[numpy.random.default_rng(int(seed)).normal(0.0, LUCK) for seed in row] for row in seeds]
    return means_of(points)[:, None, :] + numpy.array(luck)


def means_of(points):
    push, drag, _ = points.T
    return numpy.stack([numpy.sin(2 * push) + drag, push * drag + 0.3 * push**2, numpy.exp(push / 2)], axis=1)


def figures(values, errors=ERROR):
    return [Target(f"figure_{place}", value, value, error) for place, (value, error) in enumerate(zip(values, errors, strict=True))]
