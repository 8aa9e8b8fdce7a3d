"""Where a trial is kept, and whether two results are the same."""

from pathlib import Path

import pytest

from redqueen.lab.store import MANIFEST

pytest.importorskip("zarr", reason="the store needs zarr (pip install redqueen[trials])")


@pytest.fixture
def store(tmp_path):
    return tmp_path / "trials"


def same(one, two) -> bool:
    """Says whether two results are the same to the last bit, attributes and labels included."""
    return one.load().identical(two.load())


def folder_of(store: Path) -> Path:
    (folder,) = (path.parent for path in store.glob(f"*/{MANIFEST}"))
    return folder
