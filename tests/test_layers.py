"""The layers of the package: who imports whom, what files are called and how long they are, and what is loaded at the start."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import redqueen

ROOT = Path(__file__).parents[1]
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
MOST_LINES, WANTED_LINES = 500, 300
#: Files of more than 300 lines, and what keeps each in one piece.
LONG = {
    # Formulas: a docstring as long as the code says formula, shapes, units and source of each.
    "indicators/leontief.py": "every indicator shares one factorisation",
    "indicators/networks.py": "a dozen indicators of one matrix, formulas in their docstrings",
    "indicators/trade_in_value_added.py": "three decompositions that must add up to the same exports",
    "cases/endowing.py": "one rule a function, every assumption a constant beside it",
    "cases/measures.py": "one measure a function, all of the same industry in the same tables",
    "lab/compare.py": "an effect, its interval and its verdict are one definition",
    "lab/luck.py": "one question: the ratio of variances, by outcome and horizon, and its doses",
    "lab/explain/surrogate.py": "fitting, checking and asking one emulator",
    "studies/robust.py": "regret, its limits and its verdict are one definition",
    # Rules: read from the top to the bottom as one process of a quarter, and compiled as one module.
    "model/rules/innovation.py": "the four kinds of projects compete in one choice",
    "model/rules/sourcing.py": "one look of a lead firm at one stage, with its bargain",
    # Declarations with their words.
    "studies/facts.py": "a row for every fact, how it is measured or why not",
    "studies/monitor/goals.py": "keys with what they say, and the reading that checks them",
    "lab/trial_file.py": "keys with what they say, reading and writing of one file",
    # Protocols: what must be seen together to be trusted.
    "lab/store.py": "the order of writes that makes a stop at any moment harmless",
    "lab/pool.py": "one lock, and everything that is done under it",
    "lab/cluster.py": "what a scheduler, a worker and a client promise each other",
    "studies/monitor/database.py": "a table that is only added to, in two dialects",
    "evidence/streaming.py": "blocks, checks and places of faults in one pass",
    "policies/document.py": "one class: a section, its values and its faults",
    "app/jobs.py": "the life of a job, from its folder to its end",
    # One reader, one study or one command each: its steps in order.
    "lab/trial.py": "the object that users make, and its documented arguments",
    "lab/search.py": "one search, from points to mixes tried again",
    "lab/explain/explaining.py": "one explanation, its steps in order",
    "cases/from_evidence.py": "one file that is written, table by table",
    "cases/worlds.py": "one file that is read, table by table",
    "evidence/input_output.py": "a table, its checks and its merging",
    "studies/claims/reading.py": "one file that is read, table by table",
    "studies/claims/study.py": "one register that is run, its steps in order",
    "studies/monitor/arriving.py": "ways in which an observation arrives, checked alike",
    "studies/monitor/starting.py": "one file that is written, table by table",
    "studies/monitor/status.py": "one status, its steps in order",
    "studies/partners/ranking.py": "one score, its factors and its reasons",
    "studies/scenario.py": "a scenario as document, link and trial, which must agree",
    "app/errands.py": "one command a function, in the words of the command line",
    "app/evidence.py": "answers of one group of addresses",
    "app/goals.py": "answers of one group of addresses",
    "cli/monitor.py": "seven commands that share goals, ledger and options",
    # Pages: one table or figure a function, all of one document.
    "report/claims.py": "tables of one register",
    "report/diagnosis.py": "tables of one diagnosis, on a screen and as a page",
    "report/explain.py": "sentences and tables of one explanation",
    "report/figures.py": "figures that share axes, colours and notes",
    "report/files.py": "files of one directory, each with its line in the README there",
    "report/fit.py": "tables and the figure of one fit",
    "report/mixes.py": "tables, files and the figure of one search",
    "report/monitor.py": "tables of status, obstacles and advice",
    "report/robust.py": "tables and the figure of one verdict",
    "report/terminal.py": "tables of runs and comparisons",
    # Outside of the package.
    "benchmarks/battery.py": "one battery, test by test",
    "benchmarks/docked/rules.py": "one quarter of the docked model, compiled as one module",
    "web/src/App.svelte": "the page's frame: what stands where",
    "web/src/charts/FanDrawing.svelte": "one drawing, whose labels keep clear of each other",
    "web/src/levers/LeverRow.svelte": "one lever, folded and unfolded",
    "web/src/lib/state.svelte.ts": "one state, and everything that changes it",
    "web/src/lib/types.ts": "shapes alone",
    "web/src/tabs/Strengths.svelte": "one tab, section by section",
    "web/src/tabs/documents.ts": "shapes alone",
}


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


def lines_of(path: Path) -> int:
    """Counts the lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    """Gives the files that people write: the package, what measures it, and the app's page."""
    web = (path for path in ROOT.glob("web/src/**/*") if path.suffix in (".ts", ".svelte"))
    return [*FILES, *ROOT.glob("benchmarks/**/*.py"), *ROOT.glob("docs/extensions/*.py"), *web]


def test_no_file_is_longer_than_can_be_read_at_once(sources):
    assert [str(path) for path in [*sources, *ROOT.glob("tests/*.py")] if lines_of(path) > MOST_LINES] == []


def test_every_source_that_is_long_says_why(sources):
    homes = {path: PACKAGE if path.is_relative_to(PACKAGE) else ROOT for path in sources}
    assert {path.relative_to(homes[path]).as_posix() for path in sources if lines_of(path) > WANTED_LINES} == LONG.keys()


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
