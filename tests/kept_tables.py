"""Keeps a place as redqueen read does."""

from pathlib import Path

from redqueen.evidence.formats import recognise
from redqueen.evidence.keeping import keep
from redqueen.evidence.opening import Opened


def kept(place: Path, out: Path) -> Path:
    """Keep a place as Parquet."""
    keep(Opened(recognise(place), place), out, "redqueen read")
    return out
