"""A file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from redqueen.errors import Refused

__all__ = ["DRAFT", "STALE", "sweep_drafts", "whole_file", "write_whole"]

#: Ending of a file that is being written.
DRAFT = ".unfinished"
#: Seconds after which what a process that is gone left unfinished is swept away.
STALE = 3600.0


@contextlib.contextmanager
def whole_file(place: str | Path) -> Iterator[Path]:
    """Gives a draft to write into, beside `place`; it takes the place at the end, and vanishes on an error.

    Refuses a folder that nothing may be written into.
    """
    place = Path(place)
    try:
        handle, name = tempfile.mkstemp(dir=place.absolute().parent, prefix=f".{place.name}.", suffix=DRAFT)
    except OSError as error:
        raise Refused.one(f"cannot be written: {error.strerror}", file=place, field="-o") from error
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        # A temporary file is private; what a user asked for has the rights of any other.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(draft, 0o666 & ~mask)
        os.replace(draft, place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file under another name first, so that nobody sees half of it; several may write at once, and many quickly."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{DRAFT}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def sweep_drafts(folder: Path) -> None:
    """Removes the drafts of files that processes that are long gone left anywhere below a folder."""
    for draft in folder.rglob(f".*{DRAFT}"):
        # Somebody else may sweep at the same time.
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > STALE:
                draft.unlink()
