"""Every example in a docstring comes out as it is written."""

import doctest
import importlib
from pathlib import Path

import pytest

import redqueen

PACKAGE = Path(redqueen.__file__).parent
WITH_EXAMPLES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_every_example_comes_out_as_written(name):
    module = importlib.import_module(name)
    found = doctest.testmod(module)
    # An example that doctest does not find would never fail.
    assert (found.failed, found.attempted > 0) == (0, True)


def test_there_are_examples_of_formulas_of_refusals_and_of_the_lab():
    assert {"redqueen.errors", "redqueen.indicators.structure", "redqueen.lab.compare"} <= set(WITH_EXAMPLES)
