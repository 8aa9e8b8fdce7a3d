"""The Zarr arrays of a stored trial: one chunk a block, written whole, and read only where the block is known to be whole."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy

from redqueen.errors import require
from redqueen.lab.dataset import coordinates, dimensions_of, words_of
from redqueen.lab.jobs import Member
from redqueen.model.fields import FIELDS, YEARLY
from redqueen.model.kinds import MODES, QUARTERS_A_YEAR, TIE_KINDS
from redqueen.model.simulate import QUARTERLY
from redqueen.writing import write_whole

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.trial import Trial

__all__ = ["Arrays", "lay_out_arrays", "open_arrays", "shapes_of"]

#: Level at which chunks are compressed: simulated numbers hardly shrink at any.
LEVEL = 1

_SHAPE = {field.name: field.shape for field in FIELDS}


class Arrays:
    """Writes the arrays of one world of a trial.

    Every recorded variable is an array float64 [policy, (sample,) seed, quarter or year, ...]; a chunk holds all policies of one
    block. `shapes` gives the lengths of a variable's own dimensions, time first. Chunks are compressed with a checksum of their
    content, so that no reader takes a damaged one for numbers.
    """

    def __init__(self, folder: Path, policies: Sequence[str], shapes: Mapping[str, Sequence[int]], sampled: bool):
        self.folder, self.policies, self.shapes, self.sampled = folder, policies, shapes, sampled

    def write(self, sample: int, seed: int, members: Mapping[str, Member]) -> tuple[list[int], str]:
        """Writes the chunks of a block, each whole or not at all; gives their sizes in bytes and the SHA-256 of them all."""
        codec = _codec()
        sizes, digest = [], hashlib.sha256()
        for variable, path in self.paths(sample, seed).items():
            content = codec.encode(self._joined(variable, members))
            write_whole(path, content)
            sizes.append(len(content))
            digest.update(content)
        return sizes, digest.hexdigest()

    def paths(self, sample: int, seed: int) -> dict[str, Path]:
        """Gives the files of a block's chunks, in the order of the variables; an array without entries has none."""
        place = f"0.{sample}.{seed}" if self.sampled else f"0.{seed}"
        return {
            variable: self.folder / variable / ".".join([place, *["0"] * len(shape)]) for variable,
            shape in self.shapes.items() if all(shape)
        }

    def _joined(self, variable: str, members: Mapping[str, Member]) -> bytes:
        """Gives the bytes of a variable under all policies; those of a failed member are NaN."""
        chunk = numpy.full((len(self.policies), *self.shapes[variable]), numpy.nan, dtype="<f8")
        for position, policy in enumerate(self.policies):
            member = members[policy]
            if not member.failure:
                chunk[position] = (member.yearly if variable in YEARLY else member.arrays)[variable]
        return chunk.tobytes()


def shapes_of(trial: Trial, name: str) -> dict[str, list[int]]:
    """Gives the lengths of every recorded variable's own dimensions, time first, in a world of a trial."""
    world = trial.worlds[name].world
    lengths = {
        "region": len(world.regions), "stage": len(world.stages), "industry": len(world.industries), "mode": len(MODES),
        "tie_kind": len(TIE_KINDS),
    }
    recorded = (*QUARTERLY, *YEARLY) if trial.variables is None else dict.fromkeys(trial.variables)
    clocks = {**dict.fromkeys(QUARTERLY, world.quarters), **dict.fromkeys(YEARLY, world.quarters // QUARTERS_A_YEAR)}
    return {
        variable: [clocks[variable], *(lengths[dimension] for dimension in _SHAPE[variable])]
        for variable in sorted(recorded) if variable in clocks
    }


def lay_out_arrays(folder: Path, trial: Trial, name: str) -> None:
    """Makes the group of a world with its labels and its arrays, all of them empty."""
    import xarray

    zarr = require("zarr", "trials")
    mine, sampled = trial.worlds[name], trial.samples is not None
    labels = coordinates(mine.world, mine.policies, trial.seeds, trial.samples)
    members = (len(mine.policies), *((len(trial.samples),) if trial.samples is not None else ()), len(trial.seeds))
    xarray.Dataset(coords=labels, attrs=trial.attributes(name)).to_zarr(folder / name, zarr_format=2, consolidated=False)
    group = zarr.open_group(folder / name, mode="r+", zarr_format=2)
    for variable, shape in shapes_of(trial, name).items():
        group.create_array(
            variable,
            shape=(*members, *shape),
            chunks=(members[0], *[1] * (len(members) - 1), *(max(1, length) for length in shape)),
            dtype="<f8",
            fill_value=numpy.nan,
            compressors=[_codec()],
            filters=None,
            attributes={
                "_ARRAY_DIMENSIONS": list(dimensions_of(variable, yearly=variable in YEARLY, sampled=sampled)),
                **words_of(variable),
            },
        )


def open_arrays(folder: Path, is_whole: Callable[[int, int], bool]) -> xarray.Dataset:
    """Opens the arrays of a world, read when they are used; `is_whole` tells of (sample, seed) whether their block is there.

    Chunks of other blocks read as NaN, whatever a killed process left in them.
    """
    import xarray

    zarr = require("zarr", "trials")
    sampled = (folder / "sample").is_dir()

    def hidden(key: str) -> bool:
        variable, _, chunk = key.rpartition("/")
        numbers = chunk.split(".")
        if variable not in (*QUARTERLY, *YEARLY) or not all(number.isdecimal() for number in numbers):
            return False
        place = tuple(map(int, numbers[1 : 3 if sampled else 2]))
        return not is_whole(*(place if sampled else (0, *place)))

    local_store: Any = zarr.storage.LocalStore

    class WholeBlocks(local_store):  # type: ignore[misc]
        """Shows the chunks of whole blocks only."""

        async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
            return None if hidden(key) else await super().get(key, prototype, byte_range)

        def get_sync(self, key: str, **options: Any) -> Any:
            return None if hidden(key) else super().get_sync(key, **options)

    with warnings.catch_warnings():
        # Zarr's own notes on formats are not for users of a trial.
        warnings.simplefilter("ignore")
        opened = xarray.open_zarr(WholeBlocks(folder, read_only=True), chunks=None, consolidated=False, zarr_format=2)
    return xarray.Dataset({name: opened[name] for name in sorted(opened.data_vars)}, opened.coords, opened.attrs)


def _codec() -> Any:
    return require("numcodecs.zstd", "trials").Zstd(level=LEVEL, checksum=True)

