"""The layers of the package: who imports whom, what files are called and how long they are, and what is loaded at the start."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import redqueen

PACKAGE = Path(redqueen.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
#: Packages and modules by layer; a file imports from lower layers, and of its own layer from its own package.
LAYERS = (
    ("elementary", "decisions", "errors"),
    ("draws", "writing"),
    ("progress",),
    ("model", "indicators", "evidence"),
    ("policies",),
    ("cases",),
    ("lab",),
    ("studies",),
    ("report",),
    ("app", "cli"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
#: Imports within a layer: readers of evidence use formulas, the command line starts the app.
BESIDE = {("evidence", "indicators"), ("cli", "app")}
#: Imports inside functions that go up: an effect draws itself when it is asked to.
ASKED_FOR = {("lab", "report")}
HEAVY = {
    "SALib", "dask", "distributed", "duckdb", "fastapi", "matplotlib", "numpy", "openpyxl", "optuna", "orjson", "pandas", "psycopg",
    "pyarrow", "pycountry", "pymrio", "rich", "scipy", "sklearn", "sqlalchemy", "starlette", "uvicorn", "xarray", "zarr",
}
MOST_SECONDS, TRIES = 0.3, 3
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "base"}
MOST_LINES = 500


def part_of(path: Path) -> str:
    """Gives the package or module of the top level that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[tuple[str, bool]]:
    """Gives the parts of the package that a file imports, and whether it does so only inside a function or for types."""
    found = set()

    def look(node: ast.AST, late: bool) -> None:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "redqueen":
            parts = [node.module.split(".")[1]] if "." in node.module else [alias.name for alias in node.names]
            found.update((part, late) for part in parts)
        for child in ast.iter_child_nodes(node):
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            only_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            look(child, late or inside or only_types)

    look(ast.parse(path.read_text(encoding="utf-8")), False)
    return found


def test_imports_point_down_the_layers():
    upward = []
    for path in FILES:
        own = part_of(path)
        # The front doors name what lies behind them.
        if own in ("__init__", "__main__"):
            continue
        for part, late in sorted(imports_of(path)):
            allowed = part == own or LEVEL[part] < LEVEL[own] or (own, part) in BESIDE or (late and (own, part) in ASKED_FOR)
            if not allowed:
                upward.append(f"{path.relative_to(PACKAGE)} imports {part}{' late' if late else ''}")
    assert upward == []


def test_every_part_of_the_package_has_a_layer():
    parts = {part_of(path) for path in FILES} - {"__init__", "__main__"}
    assert parts == set(LEVEL)


def test_no_file_is_called_by_a_word_that_says_nothing():
    assert [str(path) for path in FILES if VAGUE & {path.stem, *path.relative_to(PACKAGE).parts}] == []


def test_no_file_is_longer_than_can_be_read_at_once():
    assert [str(path) for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES] == []


@pytest.fixture(scope="module")
def loaded() -> tuple[float, set[str]]:
    """Gives the least processor time of a few fresh processes that import the package, and what was loaded."""
    program = "import json, os, sys, redqueen; sys.stdout.write(json.dumps([sum(os.times()[:2]), sorted(sys.modules)]))"
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, check=True) for _ in range(TRIES)]
    said = [json.loads(run.stdout) for run in runs]
    return min(seconds for seconds, _ in said), set(said[0][1])


def test_importing_the_package_loads_no_library_that_is_optional_or_slow(loaded):
    assert HEAVY & {name.partition(".")[0] for name in loaded[1]} == set()


def test_importing_the_package_takes_less_than_a_third_of_a_second(loaded):
    assert loaded[0] < MOST_SECONDS
