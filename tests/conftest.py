"""What tests share: the same package run interpreted, and the real data where it is at hand."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from toy_trial import use_model, write_case

from redqueen.cases.case import read_case

# The same examples every time: what fails here fails everywhere, and what passed is not lost to chance.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Begun in the background of a shell, tests would hand on that Ctrl-C is ignored, to programs that are sent it.
signal.signal(signal.SIGINT, signal.default_int_handler)

PACKAGE = Path(importlib.util.find_spec("redqueen").submodule_search_locations[0]).resolve()

# Look at .py files only, below the package: compiled modules beside them are then not seen.
SOURCES_ONLY = f"""
import sys
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
sys.path.insert(0, {str(PACKAGE.parent)!r})
find_sources = FileFinder.path_hook((SourceFileLoader, [".py"]))
def find_below_package(path):
    if not Path(path).resolve().is_relative_to({str(PACKAGE)!r}):
        raise ImportError(path)
    return find_sources(path)
sys.path_hooks.insert(0, find_below_package)
sys.path_importer_cache.clear()
"""


def run_script(script: str) -> str:
    """Return what a script prints; its own errors are the test's."""
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="session")
def interpreted():
    """Give a function that runs a script with every module of redqueen interpreted, and returns what it printed."""
    return lambda script: run_script(SOURCES_ONLY + script)


@pytest.fixture(scope="session")
def compiled():
    """Give a function that runs a script with redqueen as it is installed, and returns what it printed."""
    return run_script


@pytest.fixture(scope="session")
def data_directory() -> Path:
    """Give the directory of the real data: environment variable REDQUEEN_DATA, or ../shared/data beside the project."""
    beside = Path(__file__).parents[1] / ".." / "shared" / "data"
    directory = Path(os.environ.get("REDQUEEN_DATA", beside)).resolve()
    if not directory.is_dir():
        pytest.skip(f"the real data are not at {directory}; set REDQUEEN_DATA to their directory")
    return directory


@pytest.fixture
def case(tmp_path):
    """Give the toy case."""
    return read_case(write_case(tmp_path))


@pytest.fixture
def model(monkeypatch):
    """Put a stand-in whose histories are known in the place of the model."""
    return use_model(monkeypatch)


@pytest.fixture
def no_figures(monkeypatch):
    """Write tables alone, as where nothing can be drawn: for claims about what else is written."""
    monkeypatch.setattr("redqueen.report.files.can_draw", lambda: False)


@pytest.fixture
def few_trees(monkeypatch):
    """Let forecasts grow few trees: for claims that are not about how well they forecast."""
    models = pytest.importorskip("redqueen.studies.forecast.models")
    monkeypatch.setitem(models._FOREST, "n_estimators", 15)
    monkeypatch.setitem(models._BOOSTING, "max_iter", 15)


@pytest.fixture
def changed(tmp_path):
    """Writes a copy of a text file with some texts replaced."""

    def write(source, *replacements, name=None):
        text = source.read_text()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / (name or source.name)
        path.write_text(text)
        return path

    return write
