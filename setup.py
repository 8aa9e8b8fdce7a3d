"""Compile the draws, the arithmetic, the state and the rules; pyproject.toml says everything else."""

import importlib.util
import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = Path("src/redqueen")
SOURCES = [PACKAGE / "draws.py", PACKAGE / "elementary.py", PACKAGE / "model" / "state.py", PACKAGE / "model" / "quarter.py"]
SOURCES += sorted((PACKAGE / "model" / "rules").glob("[!_]*.py"))
# Cython's code for arrays, compiled once for all modules instead of in each.
SHARED = "redqueen._memoryviews"
# Fused multiply-add and fast arithmetic would make the bits depend on the processor.
FLAGS = ["-O2", "-ffp-contract=off", "-g0"]
DIRECTIVES = {
    "language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False,
    "infer_types": True,
}


class BuildCompiled(build_ext):
    """Translate the modules to C and compile them, on all processors."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        translated = cythonize(
            self.extensions, nthreads=os.cpu_count(), build_dir="build/cython", compiler_directives=DIRECTIVES,
            shared_utility_qualified_name=SHARED,
        )
        sources = {extension.name: extension.sources for extension in translated}
        for extension in self.extensions:
            extension.sources = sources[extension.name]
        super().build_extensions()


def write_declarations():
    """Write the .pxd files that follow from the package's tables."""
    generator = PACKAGE / "model" / "generate.py"
    if generator.exists():
        specification = importlib.util.spec_from_file_location("generate", generator)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        module.write_declarations(PACKAGE.resolve())


def extension(source):
    name = ".".join(source.relative_to("src").with_suffix("").parts)
    return Extension(name, [str(source)], extra_compile_args=FLAGS)


write_declarations()
setup(
    ext_modules=[Extension(SHARED, ["src/redqueen/_memoryviews.c"], extra_compile_args=FLAGS)]
    + [extension(source) for source in SOURCES if source.exists()],
    cmdclass={"build_ext": BuildCompiled},
)
