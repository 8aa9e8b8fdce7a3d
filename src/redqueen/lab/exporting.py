"""Write the result of a trial for other programs: a long table (Parquet, CSV), or netCDF."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.errors import Faults, Refused, require
from redqueen.lab.outcomes import OUTCOMES, chosen, series
from redqueen.lab.run import apart
from redqueen.progress import progress_bar
from redqueen.writing import whole_file

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["COLUMNS", "FORMATS", "export"]

#: Ending of a file -> what is written into it.
FORMATS = {".parquet": "a long table", ".csv": "a long table", ".nc": "netCDF: every recorded variable"}
#: Columns of the long table; those of the uncertain parameters follow.
COLUMNS = ("world", "policy", "sample", "seed", "time", "region", "stage", "outcome", "value", "unit", "failure")


def export(result: Any, place: str | Path, *, outcomes: Sequence[str] | None = None, progress: bool = True) -> list[Path]:
    """Writes a result into a file, by the file's ending; gives the files written, whole or not at all.

    A table has a row a member, time, region (and stage) and outcome, and one row for a member that is missing, which says why;
    at sampled points it has a column a parameter. It is written block by block. netCDF holds every recorded variable, in a file
    a world: NAME.WORLD.nc where there are several. Refuses an unknown ending or outcome, and a file that is a folder.
    """
    place = Path(place)
    faults = Faults()
    if place.suffix not in FORMATS:
        faults.add(f"'{place.suffix}' is no known ending", file=place, field="-o", remedy=f"give one of {', '.join(FORMATS)}")
    if place.is_dir() or not place.parent.is_dir():
        faults.add(
            "this is a folder" if place.is_dir() else "its folder does not exist", file=place, field="-o", remedy="name a file"
        )
    chosen(list(outcomes) if outcomes else None, faults=faults)
    if outcomes and place.suffix == ".nc":
        faults.add("netCDF holds recorded variables, not outcomes", field="--outcome", remedy="leave it out, or write a table")
    faults.refuse_if_any("export")
    results = apart(result)
    if place.suffix == ".nc":
        files = {name: place if len(results) == 1 else place.with_suffix(f".{name}.nc") for name in results}
        for name, dataset in results.items():
            with _whole(files[name]) as draft:
                _write_netcdf(dataset, draft)
        return list(files.values())
    with _whole(place) as draft, _table_file(draft, place.suffix) as add:
        blocks = sum(dataset.sizes.get("sample", 1) * dataset.sizes["seed"] for dataset in results.values())
        with progress_bar(blocks, f"{place.name}: {blocks} blocks", show=progress) as advance:
            for name, dataset in results.items():
                for frame in _frames(name, dataset, outcomes):
                    add(frame)
                    advance(1)
    return [place]


def _frames(world: str, result: xarray.Dataset, names: Sequence[str] | None) -> Iterator[pandas.DataFrame]:
    """Gives the rows of a world, a block at a time."""
    import pandas

    known = {str(name) for name, array in result.data_vars.items() if array.sizes.get("year") != 0}
    wanted = [one for one in (chosen(list(names)) if names else OUTCOMES) if known.issuperset(one.variables)]
    sampled = "sample" in result.sizes
    parameters = result["parameter"].values.tolist() if sampled else []
    for seed in range(result.sizes["seed"]):
        for sample in range(result.sizes["sample"] if sampled else 1):
            block = result.isel({"seed": [seed], **({"sample": sample} if sampled else {})}).load()
            failure = block["failure"].isel(seed=0)
            whole = block.drop_vars(["failure", *(["assumption"] if sampled else [])])
            pieces = [_rows(series(whole, outcome).isel(seed=0, drop=True), outcome.name, outcome.unit) for outcome in wanted]
            missing = [str(policy) for policy, reason in zip(block["policy"].values, failure.values, strict=True) if reason]
            frame = pandas.concat([piece[~piece["policy"].isin(missing)] for piece in pieces], ignore_index=True)
            reasons = pandas.DataFrame(
                {"policy": missing, "failure": [str(failure.sel(policy=policy).item()) for policy in missing]}
            )
            frame = pandas.concat([frame.assign(failure=""), reasons], ignore_index=True) if missing else frame.assign(failure="")
            frame = frame.assign(world=world, sample=sample, seed=int(result["seed"].values[seed]))
            texts = {
                name: frame[name].fillna("").astype(str)
                for name in ("region", "stage", "outcome", "unit", "policy", "world", "failure")
            }
            frame = frame.assign(**texts)[list(COLUMNS)]
            if sampled:
                frame = frame.assign(**dict(zip(parameters, block["assumption"].values.tolist(), strict=True)))
            yield frame


def _rows(array: xarray.DataArray, name: str, unit: str) -> pandas.DataFrame:
    """Lists an outcome as rows; its time is a quarter's start, or a year."""
    clock = "year" if "year" in array.dims else "quarter"
    frame = array.rename("value").drop_vars(
        [label for label in array.coords if label not in array.dims]
    ).to_dataframe().reset_index()
    times = array["time"].values if clock == "quarter" else array["year"].values.astype(float)
    labels = array[clock].values.tolist()
    frame["time"] = frame[clock].map(dict(zip(labels, times, strict=True)))
    return frame.assign(outcome=name, unit=unit, stage=frame["stage"] if "stage" in frame else "").drop(columns=[clock])


@contextlib.contextmanager
def _table_file(path: Path, suffix: str) -> Iterator[Any]:
    """Gives the function that adds a frame to a table."""
    if suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            yield lambda frame: frame.to_csv(file, index=False, header=file.tell() == 0, lineterminator="\n")
        return
    arrow, parquet = require("pyarrow", "evidence"), require("pyarrow.parquet", "evidence")
    writer = None

    def add(frame: pandas.DataFrame) -> None:
        nonlocal writer
        table = arrow.Table.from_pandas(frame, preserve_index=False)
        if writer is None:
            writer = parquet.ParquetWriter(path, table.schema)
        writer.write_table(table.cast(writer.schema))

    try:
        yield add
    finally:
        if writer is not None:
            writer.close()


def _write_netcdf(result: xarray.Dataset, path: Path) -> None:
    require("scipy.io", "trials")
    whole = result.load()
    seeds = whole["seed"].values
    if seeds.max() > 2**31 - 1:
        raise Refused.one("netCDF 3 holds seeds up to 2147483647", field="seeds", remedy="write a table (.parquet or .csv)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Gives a draft of a file; says in a user's words why it cannot be written."""
    try:
        with whole_file(path) as draft:
            yield draft
    except OSError as error:
        raise Refused.one(
            f"cannot be written: {error.strerror or error}", file=path, field="-o", remedy="name a place of yours"
        ) from error
