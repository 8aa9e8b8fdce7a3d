"""Compile the docked model's rules as setup.py compiles redqueen's, once for each text of them, into build/docked."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import redqueen.draws

HERE = Path(__file__).resolve().parent
# As in setup.py.
FLAGS = ["-O2", "-ffp-contract=off", "-g0"]
DIRECTIVES = {
    "language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False,
    "infer_types": True,
}
NAME = "docked_rules"


def compiled_rules() -> ModuleType:
    """Give the compiled rules, after compiling them if their text is new."""
    package = Path(redqueen.draws.__file__).resolve().parent
    texts = [HERE / "rules.py", HERE / "building.py", package / "draws.pxd", package / "elementary.pxd"]
    text = b"".join(path.read_bytes() for path in texts) + sys.version.encode()
    directory = HERE.parent.parent / "build" / "docked" / hashlib.sha256(text).hexdigest()[:16]
    library = directory / (NAME + sysconfig.get_config_var("EXT_SUFFIX"))
    if not library.exists():
        build(directory, package.parent)
    return load(NAME, library)


def interpreted_rules() -> ModuleType:
    """Give the same rules as ordinary Python; what they draw comes from the compiled package."""
    return load("docked_rules_interpreted", HERE / "rules.py")


def load(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        specification = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module
        specification.loader.exec_module(module)
    return sys.modules[name]


def build(directory: Path, source_root: Path) -> None:
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    directory.mkdir(parents=True, exist_ok=True)
    # Cython takes a module's name from its file; a copy beside the library keeps C and objects out of the sources.
    copy = directory / f"{NAME}.py"
    copy.write_bytes((HERE / "rules.py").read_bytes())
    with contextlib.redirect_stdout(io.StringIO()):
        extensions = cythonize(
            [Extension(NAME, [str(copy)], extra_compile_args=FLAGS)], include_path=[str(source_root)],
            compiler_directives=DIRECTIVES, shared_utility_qualified_name="redqueen._memoryviews", quiet=True,
        )
        command = build_ext(Distribution({"ext_modules": extensions}))
        command.build_lib, command.build_temp = str(directory), str(directory)
        command.ensure_finalized()
        command.run()
