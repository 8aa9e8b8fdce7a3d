"""Tell by a hash whether two results were made from the same things: code, world, parameters, arms."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy

import redqueen
from redqueen.lab.arms import Arm
from redqueen.model.parameters import DEFAULTS
from redqueen.model.world import World

__all__ = ["MODEL_CODE", "arm_digest", "code_digest", "origins", "parameter_hash", "world_hash"]

#: The source that decides what a run shows: the model, and those who govern it.
MODEL_CODE = ("model", "draws.py", "decisions.py", "elementary.py", "policies/deciding.py", "policies/government.py", "lab/arms.py")


def world_hash(world: World) -> str:
    """Gives the SHA-256 of everything that a world states."""
    digest = hashlib.sha256()
    for name in (
        "name",
        "regions",
        "industries",
        "stages",
        "industry_of",
        "input_stage",
        "brand_stage",
        "shipping_stage",
        "start",
        "quarters",
        "burn_in",
        "modularity",
    ):
        digest.update(f"{name}={getattr(world, name)!r}\n".encode())
    for name in sorted(world.endowments):
        digest.update(name.encode())
        digest.update(numpy.ascontiguousarray(world.endowments[name], dtype="<f8").tobytes())
    return digest.hexdigest()


def parameter_hash(world: World, overrides: Mapping[str, float]) -> str:
    """Gives the SHA-256 of the value of every parameter: the default, or the world's, or the trial's."""
    values = {**DEFAULTS, **world.parameters, **overrides}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def origins() -> dict[str, str]:
    """Gives the versions of what computed a result."""
    return {"redqueen": redqueen.__version__, "python": platform.python_version(), "numpy": numpy.__version__}


def arm_digest(arm: Arm) -> str:
    """Gives the SHA-256 of everything that an arm will do, whatever class it is of."""
    digest = hashlib.sha256()
    for piece in _pieces(arm):
        digest.update(piece)
    return digest.hexdigest()


@functools.cache
def code_digest(names: tuple[str, ...] = MODEL_CODE) -> str:
    """Gives the SHA-256 of source files and folders of the package, by their names below it, and of the version of numpy."""
    folder = Path(redqueen.__file__).parent
    digest = hashlib.sha256(numpy.__version__.encode())
    for name in names:
        place = folder / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _pieces(what: Any) -> Iterator[bytes]:
    if isinstance(what, numpy.ndarray):
        yield f"{what.dtype.str}{what.shape}".encode()
        yield numpy.ascontiguousarray(what).tobytes()
    elif isinstance(what, (list, tuple)):
        yield f"{len(what)}(".encode()
        for one in what:
            yield from _pieces(one)
    elif dataclasses.is_dataclass(what):
        yield type(what).__name__.encode()
        for field in dataclasses.fields(what):
            yield field.name.encode()
            yield from _pieces(getattr(what, field.name))
    elif what is None or isinstance(what, (str, int, float)):
        yield repr(what).encode()
    else:
        yield type(what).__name__.encode()
        yield from _pieces(sorted(vars(what).items()))
