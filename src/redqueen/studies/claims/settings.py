"""Make the world of an arm: a case's, with what its settings change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy

from redqueen.errors import nearest
from redqueen.model.endowments import ENDOWMENTS, Endowment
from redqueen.model.parameters import PARAMETERS
from redqueen.model.world import World
from redqueen.policies.change import QUARTERS
from redqueen.studies.claims.declared import Setting

BY_PARAMETER = {parameter.name: parameter for parameter in PARAMETERS}
BY_ENDOWMENT = {endowment.name: endowment for endowment in ENDOWMENTS}
#: Range of the shares and of the year of a course of modularity.
MODULARITY = {"start": (0.0, 1.0), "end": (0.0, 1.0), "midpoint": (1800.0, 2200.0)}


class Wrong(NamedTuple):
    """Says what is wrong with a setting: the path of keys below it, the message and a remedy."""

    path: tuple[str, ...]
    message: str
    remedy: str | None = None


def changed(world: World, settings: Iterable[Setting], parameters: Mapping[str, float] | None = None) -> World:
    """Gives a world as the settings change it, one after the other; `parameters` come first, so that settings overrule them.

    Settings must be faultless in the world.
    """
    values = {**world.parameters, **(parameters or {})}
    start, end, midpoint = world.modularity
    endowments = dict(world.endowments)
    for setting in settings:
        values.update(setting.parameters)
        start, end = setting.modularity.get("start", start), setting.modularity.get("end", end)
        if "midpoint" in setting.modularity:
            midpoint = (setting.modularity["midpoint"] - world.start) * QUARTERS
        for name, value in setting.endowments.items():
            endowments[name] = _filled(endowments[name], BY_ENDOWMENT[name], value, world)
    return replace(world, parameters=values, modularity=(start, end, midpoint), endowments=endowments)


def wrong_in(setting: Setting, world: World) -> Iterator[Wrong]:
    """Finds what a world does not have among the endowments of a setting."""
    for name, value in setting.endowments.items():
        yield from _wrong_values(value, BY_ENDOWMENT[name], BY_ENDOWMENT[name].shape, world, ("endowments", name))


def wrong_values(setting: Setting) -> Iterator[Wrong]:
    """Finds unknown names and numbers out of range in a setting, whatever the world."""
    for name, value in setting.parameters.items():
        if name not in BY_PARAMETER:
            remedy = nearest(name, BY_PARAMETER) or "redqueen parameters lists them"
            yield Wrong(("parameters", name), f"no parameter is called '{name}'", remedy)
        else:
            row = BY_PARAMETER[name]
            yield from _out_of_range(value, row.low, row.high, row.unit, ("parameters", name))
    for name, value in setting.modularity.items():
        if name not in MODULARITY:
            yield Wrong(("modularity", name), f"unknown key '{name}'", f"known here: {', '.join(MODULARITY)}")
        else:
            yield from _out_of_range(value, *MODULARITY[name], "year" if name == "midpoint" else "share", ("modularity", name))
    for name in setting.endowments:
        if name not in BY_ENDOWMENT:
            remedy = nearest(name, BY_ENDOWMENT) or "docs/reference/endowments.md"
            yield Wrong(("endowments", name), f"no endowment is called '{name}'", remedy)


def _wrong_values(value: Any, endowment: Endowment, shape: tuple[str, ...], world: World, path: tuple[str, ...]) -> Iterator[Wrong]:
    if not isinstance(value, Mapping):
        yield from _out_of_range(value, endowment.low, endowment.high, endowment.unit, path)
        return
    if not shape:
        yield Wrong(path, f"{endowment.name} goes no deeper", "give a number")
        return
    known = _labels(shape[0], world)
    for label, inner in value.items():
        if label not in known:
            yield Wrong((*path, label), f"unknown {shape[0]} '{label}'", nearest(label, known) or f"known: {', '.join(known)}")
        else:
            yield from _wrong_values(inner, endowment, shape[1:], world, (*path, label))


def _out_of_range(value: Any, low: float, high: float, unit: str, path: tuple[str, ...]) -> Iterator[Wrong]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not numpy.isfinite(value):
        yield Wrong(path, f"must be a number ({unit})")
    elif not low <= value <= high:
        yield Wrong(path, f"{value:g} is outside {low:g} to {high:g} ({unit})", "stay within the range")


def _filled(array: numpy.ndarray, endowment: Endowment, value: Any, world: World) -> numpy.ndarray:
    filled = array.copy()
    if not isinstance(value, Mapping):
        filled[...] = value
        # Nothing is far from itself, has a diaspora at home or ties abroad there.
        if endowment.shape == ("region", "region"):
            numpy.fill_diagonal(filled, array.diagonal())
        return filled
    for label, inner in value.items():
        place = _labels(endowment.shape[0], world).index(label)
        if not isinstance(inner, Mapping):
            filled[place] = inner
            if endowment.shape == ("region", "region"):
                filled[place, place] = array[place, place]
        for second, number in inner.items() if isinstance(inner, Mapping) else ():
            filled[place, _labels(endowment.shape[1], world).index(second)] = number
    return filled


def _labels(dimension: str, world: World) -> tuple[str, ...]:
    return {"region": world.regions, "stage": world.stages, "industry": world.industries}[dimension]
