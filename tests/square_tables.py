"""Reads a table of the tests, and says whether it closes."""

import numpy as np
import pytest

from redqueen.errors import Refused
from redqueen.evidence.formats import read_evidence


def table_of(path, **options):
    """Give the only table that is read from a place."""
    (table,) = read_evidence(path, progress=False, **options).tables
    return table


def refusal(path, **options):
    with pytest.raises(Refused) as caught:
        read_evidence(path, progress=False, **options)
    return str(caught.value)


def assert_closes(table):
    """Check that output = sales = purchases + taxes + value added, and Leontief's prices of one, to rounding of sums."""
    sales = table.intermediate.sum(axis=1) + table.final_demand.sum(axis=1)
    spent = table.intermediate.sum(axis=0) + table.taxes + table.value_added
    assert sales == pytest.approx(table.output, rel=1e-12)
    assert spent == pytest.approx(table.output, rel=1e-12)
    embodied = np.linalg.solve(np.eye(len(spent)) - table.intermediate / table.output, np.eye(len(spent)))
    assert ((table.value_added + table.taxes) / table.output) @ embodied == pytest.approx(np.ones(len(spent)), rel=1e-10)
