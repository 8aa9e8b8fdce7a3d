"""Gives the bytes of a file, whatever it is packed in, and notes checksum, progress and the end of its text as they pass."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from redqueen.errors import Refused, nearest
from redqueen.evidence.evidence import File

__all__ = ["ZIP", "Unpacked", "check_end", "cut_off", "find", "refusing_damage"]

ZIP = ".zip"

_GZIP = b"\x1f\x8b"
_FETCH = "fetch it again"
# What unpacking raises where a file is damaged, cut short, or packed with a password or in a way that is not known.
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def find(path: Path, heading: str | None = None) -> None:
    """Refuses a path where no file or folder is, naming what is near it."""
    siblings: list[str] = []
    # A name may be too long to ask for, and a folder closed to us.
    with suppress(OSError):
        if path.is_file() or path.is_dir():
            return
        siblings = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
    raise Refused.one("no such file", file=path, remedy=nearest(path.name, siblings), heading=heading)


class Unpacked:
    """Reads a file's bytes, unpacked where it is packed by gzip, or is a .zip that holds one file.

    `advance` is called with the number of packed bytes that were read; `last` is the last byte that was given; `file`, called
    at the end, names the file with the checksum of its packed bytes. To be used as a context, which closes the file. Refuses
    a file that is absent, a folder, not readable, empty, damaged or cut short.
    """

    def __init__(self, path: Path, heading: str | None = None, advance: Callable[[float], None] = lambda done: None):
        find(path, heading)
        if path.is_dir():
            raise Refused.one("is a folder", file=path, remedy="name the file", heading=heading)
        self.path, self.heading, self.last, self.closed = path, heading, b"", False
        with refusing_damage(path, heading):
            self.raw = _Raw(path, advance)
            try:
                self.unpacked: Any = self._opened()
            except BaseException:
                self.raw.close()
                raise

    def read(self, size: int = -1) -> bytes:
        """Reads bytes, all where `size` is below 0."""
        with refusing_damage(self.path, self.heading):
            block = self.unpacked.read(size)
        if block:
            self.last = block[-1:]
        return block

    def file(self) -> File:
        """Names the file, with its checksum and size."""
        with refusing_damage(self.path, self.heading):
            return self.raw.file()

    def check_end(self) -> None:
        """Refuses text that was read to its end and does not end with a line break."""
        if self.last not in b"\r\n":
            raise cut_off(self.path, self.heading)

    def close(self) -> None:
        """Notes that no more is wanted: Arrow does so before the checksum is asked for."""
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.raw.close()

    def _opened(self) -> Any:
        first = self.raw.read(2)
        self.raw.seek(0)
        if not first:
            raise Refused.one("the file is empty", file=self.path, heading=self.heading)
        if first == _GZIP:
            return gzip.GzipFile(fileobj=self.raw)
        if self.path.suffix.lower() == ".gz":
            words = "the file ends in .gz and is not compressed so"
            raise Refused.one(words, file=self.path, remedy=_FETCH, heading=self.heading)
        if self.path.suffix.lower() != ZIP:
            return self.raw
        archive = zipfile.ZipFile(self.raw)
        held = archive.namelist()
        if len(held) != 1:
            words = f"the archive holds {len(held)} files, not one"
            raise Refused.one(words, file=self.path, remedy="unpack it", heading=self.heading)
        return archive.open(held[0])


class _Raw:
    """Reads the bytes as they lie in the file; the checksum goes on wherever a read continues what it has seen."""

    def __init__(self, path: Path, advance: Callable[[float], None]):
        self.path, self.advance = path, advance
        self.stream = path.open("rb")
        self.digest, self.size = hashlib.sha256(), 0
        self.seek, self.tell, self.seekable = self.stream.seek, self.stream.tell, self.stream.seekable
        self.close = self.stream.close

    def read(self, size: int = -1) -> bytes:
        start = self.stream.tell()
        block = self.stream.read(size)
        new = start + len(block) - self.size
        # An archive is read from its end first: what lies there is taken in when the rest has been.
        if start <= self.size and new > 0:
            self.digest.update(block[-new:] if new < len(block) else block)
            self.size += new
            self.advance(new)
        return block

    def file(self) -> File:
        self.stream.seek(self.size)
        while self.read(1 << 20):
            pass
        return File(self.path.name, self.digest.hexdigest(), self.size)


@contextmanager
def refusing_damage(path: Path, heading: str | None = None) -> Iterator[None]:
    """Refuses what unpacking a file, or reading it from the disk, raises."""
    try:
        yield
    except _DAMAGED as error:
        words = f": {error}" if str(error) else ""
        raise Refused.one(
            f"the compressed file is damaged or cut short{words}", file=path, remedy=_FETCH, heading=heading
        ) from error
    except OSError as error:
        raise Refused.one(f"cannot be read: {error.strerror or error}", file=path, heading=heading) from error


def check_end(path: Path, heading: str) -> None:
    """Refuses a text file that does not end with a line break, before it is read; one that is packed tells when it is read."""
    with refusing_damage(path, heading), path.open("rb") as stream:
        if stream.read(2) == _GZIP or path.suffix.lower() == ZIP:
            return
        stream.seek(-1, 2)
        if stream.read(1) not in b"\r\n":
            raise cut_off(path, heading)


def cut_off(path: Path, heading: str | None) -> Refused:
    """Gives the refusal of a text that does not end with a line break."""
    return Refused.one(
        "the last line does not end: the file may be cut off", file=path,
        remedy=f"{_FETCH}; if it is whole, add a line break at its end", heading=heading,
    )
