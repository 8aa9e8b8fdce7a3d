"""A file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from redqueen.errors import Refused

__all__ = ["DRAFT", "STALE", "is_of_the_disk", "short_name", "sweep_drafts", "whole_file", "write_whole"]

#: Ending of a file that is being written.
DRAFT = ".unfinished"
#: Seconds after which what a process that is gone left unfinished is swept away.
STALE = 3600.0
# What a disk says that takes no more, and bytes of a name that leave room for what the name of a draft has besides.
_OF_THE_DISK = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.ENAMETOOLONG, errno.EIO))
_MOST_LETTERS = 180


@contextlib.contextmanager
def whole_file(place: str | Path) -> Iterator[Path]:
    """Gives a draft to write into, beside `place`; it takes the place at the end, and vanishes on an error.

    Refuses a folder that nothing may be written into.
    """
    place = Path(place)
    try:
        handle, name = tempfile.mkstemp(dir=place.absolute().parent, prefix=f".{short_name(place.name)}.", suffix=DRAFT)
    except OSError as error:
        raise _refused(error, place) from error
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        # A temporary file is private; what a user asked for has the rights of any other.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(draft, 0o666 & ~mask)
        os.replace(draft, place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        if is_of_the_disk(error):
            raise _refused(error, place) from error
        raise
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file under another name first, so that nobody sees half of it; several may write at once, and many quickly."""
    draft = path.with_name(f".{short_name(path.name)}.{os.getpid()}.{threading.get_ident()}{DRAFT}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def is_of_the_disk(error: OSError) -> bool:
    """Says whether it is the disk that takes no more: full, over its quota or limit, for reading alone, or its names too long."""
    return error.errno in _OF_THE_DISK


def short_name(name: str) -> str:
    """Gives the beginning of a name, so that the name of a draft fits where the name itself does."""
    return os.fsdecode(os.fsencode(name)[:_MOST_LETTERS])


def _refused(error: OSError, place: Path) -> Refused:
    return Refused.one(f"cannot be written: {error.strerror}", file=place, field="-o")


def sweep_drafts(folder: Path) -> None:
    """Removes the drafts of files that processes that are long gone left anywhere below a folder."""
    for draft in folder.rglob(f".*{DRAFT}"):
        # Somebody else may sweep at the same time.
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > STALE:
                draft.unlink()
