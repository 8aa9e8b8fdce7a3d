"""Write results into a directory whole or not at all, and never over what somebody else put there."""

from __future__ import annotations

import contextlib
import csv
import glob
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from redqueen.errors import Faults, Refused
from redqueen.writing import STALE, is_of_the_disk, short_name, write_whole

#: The file that marks a directory as ours and lists what we put there.
MARKER = ".redqueen.json"


@contextlib.contextmanager
def whole_directory(place: str | Path, command: str) -> Iterator[Path]:
    """Gives an empty directory to write into; it moves to `place` at the end, and vanishes on an error.

    A directory made here before is written again: its files are replaced, those that others added are kept.
    Anything else in the way is refused, and a disk that takes no more. What a killed process left unfinished beside it is removed.
    """
    place = Path(place)
    check_place(place)
    draft = place.parent / f".{short_name(place.name)}.{os.getpid()}.unfinished"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        yield draft
        files = sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file())
        write_json(draft / MARKER, {"made_by": "redqueen", "command": command, "files": files})
        _move_into_place(draft, place)
    except OSError as error:
        if not is_of_the_disk(error):
            raise
        raise Refused.one(f"cannot be written: {error.strerror}", file=place, field="-o") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_place(place: str | Path, faults: Faults | None = None) -> None:
    """Refuses a place that results may not be written to, or notes why in `faults`."""
    place = Path(place)
    mine = Faults() if faults is None else faults
    with _alone_in(place.absolute().parent):
        _check(place, mine)
    if faults is None:
        mine.refuse_if_any()


def _check(place: Path, faults: Faults) -> None:
    try:
        there = place.exists()
    except OSError as error:
        faults.add(f"cannot be written: {error.strerror}", file=place, field="-o", remedy="name another")
        return
    if there and not place.is_dir():
        faults.add("this is a file", file=place, field="-o", remedy="name a directory")
    elif there and any(place.iterdir()) and _files_made(place) is None:
        faults.add(
            "this directory holds files that redqueen did not make", file=place, field="-o", remedy="name another, or an empty one",
        )
    else:
        above = next(path for path in (place, *place.absolute().parents) if path.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            faults.add("nothing may be written here", file=above, field="-o", remedy="name a directory of yours")


def write_pages(place: str | Path, pages: Mapping[str, str | bytes], faults: Faults) -> list[Path]:
    """Writes generated pages into a directory that may hold others; refuses to replace a page that was not generated.

    The name of a page may have folders. A generated page has "Generated" in its first lines; a figure, in bytes, was generated
    if the page of its name was. Faults go to `faults`, and then nothing is written.
    """
    check_pages(place, pages, faults)
    if faults:
        return []
    place = Path(place)
    targets = [place / name for name in pages]
    try:
        # All folders first: one that cannot be made leaves no page behind.
        for folder in {place, *(target.parent for target in targets)}:
            folder.mkdir(parents=True, exist_ok=True)
        for target, text in zip(targets, pages.values(), strict=True):
            write_whole(target, text if isinstance(text, bytes) else text.encode())
    except OSError as error:
        faults.add(f"nothing may be written here: {error.strerror}", file=place, field="-o", remedy="name a directory of yours")
        return []
    return targets


def check_pages(place: str | Path, names: Iterable[str], faults: Faults) -> None:
    """Notes what is in the way of pages and figures of those names."""
    place = Path(place)
    if place.exists() and not place.is_dir():
        faults.add("this is a file", file=place, field="-o", remedy="name a directory")
        return
    for target in (place / name for name in names):
        if target.exists() and not _is_generated(target):
            faults.add("redqueen did not generate this page", file=target, remedy="move it away")


def _is_generated(target: Path) -> bool:
    page = target.with_suffix(".md")
    return page.exists() and "Generated" in page.read_text(encoding="utf-8").partition("\n\n")[0]


def file_hash(path: str | Path) -> str | None:
    """Gives the SHA-256 of a file, None where there is none."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


def write_json(path: Path, content: Any) -> None:
    """Writes one JSON document, with null where a number is not finite."""
    write_text(path, json_text(content))


def write_text(path: Path, text: str) -> None:
    """Writes a text, ended by a new line."""
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def json_text(content: Any) -> str:
    """Gives JSON text without NaN or infinity: null stands for them."""
    return json.dumps(_finite(content), indent=1, ensure_ascii=False, allow_nan=False)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes a table; an empty cell stands for None and for what is not finite."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _sweep(place: Path) -> None:
    """Removes what processes that are gone left unfinished beside a place; what was there before them takes its place again."""
    for left in place.parent.glob(f".{glob.escape(short_name(place.name))}.*"):
        process, ending = left.name.split(".")[-2:]
        mine = process == str(os.getpid())
        if ending not in ("unfinished", "former") or not process.isdecimal() or (not mine and _is_running(int(process))):
            continue
        # Somebody else may sweep at the same time.
        with contextlib.suppress(OSError):
            if ending == "former" and not place.exists():
                # Killed between the two moves.
                left.rename(place)
            # A process of another machine on the same disk is unknown here, but does not take an hour to write.
            elif time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _move_into_place(draft: Path, place: Path) -> None:
    with _alone_in(place.absolute().parent):
        if not place.exists():
            draft.rename(place)
            return
        made = _files_made(place) or []
        ours = {*made, MARKER}
        kept = [path for path in place.rglob("*") if path.is_file() and path.relative_to(place).as_posix() not in ours]
        clashes = [path for path in kept if (draft / path.relative_to(place)).exists()]
        if clashes:
            words = "redqueen would write this file but did not make the one that is there (move it away)"
            raise Refused([f"{path}: {words}" for path in clashes])
        # What others added goes into the new one first: killed at any moment, all of it lies in one of the two.
        for path in kept:
            target = draft / path.relative_to(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target, follow_symlinks=False)
        former = draft.with_suffix(".former")
        shutil.rmtree(former, ignore_errors=True)
        place.rename(former)
        try:
            draft.rename(place)
        except OSError:
            former.rename(place)
            raise
    shutil.rmtree(former, ignore_errors=True)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Lets one process at a time move directories of a folder, where the disk has locks."""
    handle = None
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _files_made(place: Path) -> list[str] | None:
    """Lists the files that redqueen made in a directory; None where it made none."""
    try:
        content = json.loads((place / MARKER).read_text(encoding="utf-8"))
        return [str(name) for name in content["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    if hasattr(content, "item") and getattr(content, "ndim", 1) == 0:
        content = content.item()
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return repr(float(value)) if isinstance(value, float) else value
