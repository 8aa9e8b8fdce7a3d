"""Worlds made from the small tables of the tests: making them, reading them, and tables like theirs with other cells."""

from pathlib import Path

import pytest

from redqueen.cases import endowing
from redqueen.cases.case import read_case
from redqueen.cases.from_evidence import write_world
from redqueen.errors import Refused

FILES = Path(__file__).parent / "files"
TABLE = FILES / "four_regions_2000.csv"
PATENTS = FILES / "patents_electrical.csv"
INCOME = FILES / "income_four.csv"
STAGES = [stage.name for stage in endowing.CHAIN]


@pytest.fixture
def made(tmp_path):
    """Writes the world of USA, TWN and the rest from the small tables, or with other arguments, and reads it back."""

    def write(regions=("USA", "TWN"), year=2000, table=TABLE, patents=PATENTS, income=INCOME, name="small.toml", **options):
        return read_case(write_world(table, patents, income, regions, year, tmp_path / name, **options).path)

    return write


def refusal(*arguments, **options):
    with pytest.raises(Refused) as caught:
        write_world(*arguments, **options)
    return str(caught.value)


def changed(path, source, *replacements):
    """Writes a copy of a file in which each text is replaced by another, and gives its path."""
    text = source.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def of(case, name, region, stage=None):
    """Gives the endowment of a region, or of a stage there."""
    values = case.world.endowments[name][case.world.regions.index(region)]
    return values if stage is None else values[STAGES.index(stage)]
