"""The implementations of the docked model that are installed, and why others are not there."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable

#: Name, module, and the packages that make the difference. The first is what the others are compared with.
IMPLEMENTATIONS = {
    "redqueen": ("docked.with_redqueen", ("Cython",)),
    "NumPy": ("docked.with_numpy", ("numpy",)),
    "Mesa": ("docked.with_mesa", ("mesa",)),
    "mesa-frames": ("docked.with_mesa_frames", ("mesa-frames", "polars")),
    "agentpy": ("docked.with_agentpy", ("agentpy",)),
}


def installed() -> tuple[dict[str, Callable[[int, int], object]], dict[str, str]]:
    """Give the economies of what is installed, by name, and for every name its versions or why it is skipped."""
    economies, notes = {}, {}
    for name, (module, packages) in IMPLEMENTATIONS.items():
        try:
            economies[name] = importlib.import_module(module).Economy
            notes[name] = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
        except ImportError as error:
            notes[name] = f"skipped, not installed: {error}"
    return economies, notes
