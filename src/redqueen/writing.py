"""A file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from redqueen.errors import Refused

__all__ = ["whole_file"]


@contextlib.contextmanager
def whole_file(place: str | Path) -> Iterator[Path]:
    """Gives a draft to write into, beside `place`; it takes the place at the end, and vanishes on an error.

    Refuses a folder that nothing may be written into.
    """
    place = Path(place)
    try:
        handle, name = tempfile.mkstemp(dir=place.absolute().parent, prefix=f".{place.name}.", suffix=".unfinished")
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
