"""Write the compiled struct and constants from the declarations, when the package is built.

Run by ``setup.py`` before anything is compiled, so it loads the declarations by path and needs neither NumPy nor
the installed package.
"""

import importlib.util
import sys
import types
from pathlib import Path

C_TYPES = {"f8": "double", "i4": "int", "u8": "unsigned long long", "u1": "unsigned char"}
VIEWS = {1: "[::1]", 2: "[:, ::1]", 3: "[:, :, ::1]", 4: "[:, :, :, ::1]"}
HEADING = "# Generated from {source} by model/generate.py when the package is built: do not edit.\n"


def write_declarations(package: Path) -> None:
    """Write ``decisions.pxd``, ``model/kinds.pxd`` and ``model/state.pxd`` below the package directory."""
    decisions = load(package, "decisions")
    write(package / "decisions.pxd", "decisions.py", enumeration(decisions.DECISIONS))
    kinds = load(package, "model.kinds")
    write(package / "model" / "kinds.pxd", "kinds.py", enumeration(kinds.KINDS))
    write(package / "model" / "state.pxd", "parameters.py and fields.py", struct(load(package, "model.parameters"), load(package, "model.fields")))


def enumeration(table: dict[str, tuple]) -> str:
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
        specification = importlib.util.spec_from_file_location(full_name, package.joinpath(*name.split(".")).with_suffix(".py"))
        module = importlib.util.module_from_spec(specification)
        sys.modules[full_name] = module
        specification.loader.exec_module(module)
    return sys.modules[full_name]
