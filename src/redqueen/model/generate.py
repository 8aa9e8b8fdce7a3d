"""Write the compiled struct and constants, and their types for checkers, from the declarations, when the package is built.

Run by ``setup.py`` before anything is compiled, so it loads the declarations by path and needs neither NumPy nor
the installed package.
"""

import importlib.util
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path

C_TYPES = {"f8": "double", "i4": "int", "u8": "unsigned long long", "u1": "unsigned char"}
PYTHON_TYPES = {"f8": "float", "i4": "int", "u8": "int", "u1": "int"}
VIEWS = {1: "[::1]", 2: "[:, ::1]", 3: "[:, :, ::1]", 4: "[:, :, :, ::1]"}
STATE_STUB = '''\
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import numpy
from numpy.typing import NDArray

from redqueen.model.fields import Field

Entry = TypeVar("Entry", int, float)

class View(Generic[Entry]):
    """An array as rules see it: a memoryview compiled, a PlainView interpreted."""

    shape: tuple[int, ...]
    def __getitem__(self, index: int | tuple[int, ...]) -> Entry: ...
    def __setitem__(self, index: int | tuple[int, ...], value: Entry) -> None: ...

class PlainView(View[Entry]):
    array: NDArray[Any]
    def __init__(self, array: NDArray[Any]) -> None: ...

TYPES: dict[str, type[numpy.generic[Any]]]
ROWS: dict[str, Field]

class Parameters:
    def __init__(self, values: Mapping[str, float]) -> None: ...
{parameters}

class State:
    arrays: dict[str, NDArray[Any]]
    blocks: dict[str, NDArray[Any]]
    sizes: dict[str, int]
    parameters: Parameters
    def __init__(self, sizes: Mapping[str, int], parameters: Parameters) -> None: ...
    def shape_of(self, field: Field) -> tuple[int, ...]: ...
    def bind(self) -> None: ...
    def copy(self) -> State: ...
    def reset_outcomes(self) -> None: ...
    def make_room(self, spare: int) -> None: ...
{attributes}

def divide(whole: NDArray[Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]: ...
def free_new_slots(stack: NDArray[Any], count: int, first: int, end: int) -> int: ...
'''
HEADING = "# Generated from {source} by model/generate.py when the package is built: do not edit.\n"


def write_declarations(package: Path) -> None:
    """Write the .pxd and .pyi files of ``decisions``, ``model/kinds`` and ``model/state`` below the package directory."""
    decisions, kinds = load(package, "decisions"), load(package, "model.kinds")
    tables = load(package, "model.parameters"), load(package, "model.fields")
    write(package / "decisions.pxd", "decisions.py", enumeration(decisions.DECISIONS))
    write(package / "decisions.pyi", "decisions.py", stub(decisions, "DECISIONS"))
    write(package / "model" / "kinds.pxd", "kinds.py", enumeration(kinds.KINDS))
    write(package / "model" / "kinds.pyi", "kinds.py", stub(kinds, "KINDS"))
    write(package / "model" / "state.pxd", "parameters.py and fields.py", struct(*tables))
    write(package / "model" / "state.pyi", "parameters.py and fields.py", state_stub(*tables))


def enumeration(table: Mapping[str, Sequence[object]]) -> str:
    """Give the Cython text of named whole numbers, the first entries of a table's rows."""
    return "cdef enum:\n" + "".join(f"    {name} = {row[0]}\n" for name, row in table.items())


def struct(parameters: types.ModuleType, fields: types.ModuleType) -> str:
    """Give the Cython text of the classes Parameters and State."""
    lines = ["cdef class Parameters:"]
    lines += [f"    cdef public double {parameter.name}" for parameter in parameters.PARAMETERS]
    lines += ["", "cdef class State:", "    cdef public dict arrays, blocks, sizes", "    cdef public Parameters parameters"]
    lines += [f"    cdef public int {attribute}" for attribute in fields.SIZES.values()]
    for field in fields.FIELDS:
        view = VIEWS[len(field.shape)] if field.shape else ""
        lines.append(f"    cdef public {C_TYPES[field.type]}{view} {field.name}")
    return "\n".join(lines) + "\n"


def stub(module: types.ModuleType, table: str) -> str:
    """Give the types of a module of named whole numbers: its table, its other tuples of names, and the numbers."""
    lines = [f"{table}: dict[str, tuple[{', '.join(row_types(vars(module)[table]))}]]"]
    lines += [f"{name}: tuple[str, ...]" for name, value in vars(module).items() if name.isupper() and isinstance(value, tuple)]
    lines += [f"{name}: int" for name in vars(module)[table]]
    return "\n".join(lines) + "\n"


def row_types(table: Mapping[str, Sequence[object]]) -> list[str]:
    """Give the types of the entries of a table's rows, which all rows share."""
    (types_of_row,) = {tuple(type(entry).__name__ for entry in row) for row in table.values()}
    return list(types_of_row)


def state_stub(parameters: types.ModuleType, fields: types.ModuleType) -> str:
    """Give the types of ``state.py``, whose classes get their attributes from the tables."""
    lines = [f"    {parameter.name}: float" for parameter in parameters.PARAMETERS]
    attributes = [f"    {attribute}: int" for attribute in fields.SIZES.values()]
    for field in fields.FIELDS:
        entry = PYTHON_TYPES[field.type]
        attributes.append(f"    {field.name}: {f'View[{entry}]' if field.shape else entry}")
    return STATE_STUB.format(parameters="\n".join(lines), attributes="\n".join(attributes))


def write(path: Path, source: str, text: str) -> None:
    """Write a file only when its text changes, so that an unchanged declaration recompiles nothing."""
    text = HEADING.format(source=source) + text
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def load(package: Path, name: str) -> types.ModuleType:
    """Load a declaration by path, under its real name and without running the package's own ``__init__``."""
    for parent, directory in (("redqueen", package), ("redqueen.model", package / "model")):
        if parent not in sys.modules:
            module = types.ModuleType(parent)
            module.__path__ = [str(directory)]
            sys.modules[parent] = module
    full_name = f"redqueen.{name}"
    if full_name not in sys.modules:
        source = package.joinpath(*name.split(".")).with_suffix(".py")
        specification = importlib.util.spec_from_file_location(full_name, source)
        if specification is None or specification.loader is None:
            raise ImportError(f"{source} cannot be loaded")
        module = importlib.util.module_from_spec(specification)
        sys.modules[full_name] = module
        specification.loader.exec_module(module)
    return sys.modules[full_name]
