"""A file of lines that are only ever added: what was written whole is read, what was cut off is not there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

__all__ = ["Journal"]


class Journal:
    """Adds records to a file, each a line of JSON with its own checksum; several processes may add and read at once.

    A line is written by one call, and begins with a line break of its own, so that half a line left by a full disk or a kill
    spoils no other.
    """

    def __init__(self, path: Path):
        self.path = path
        self._read = 0

    def add(self, record: dict[str, Any]) -> None:
        """Adds a record; raises OSError where it cannot be written whole, and then it is not there."""
        text = json.dumps(record, sort_keys=True)
        line = f"\n{_sum(text)} {text}\n".encode()
        place = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            if os.write(place, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(place)

    def news(self) -> list[dict[str, Any]]:
        """Gives the records that were added since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
        except FileNotFoundError:
            return []
        # A line that somebody is writing now is read next time.
        whole = content.rpartition(b"\n")[0] + b"\n" if b"\n" in content else b""
        self._read += len(whole)
        found = []
        for line in whole.splitlines():
            checksum, _, text = line.partition(b" ")
            if text and checksum.decode("ascii", "replace") == _sum(text.decode("utf-8", "replace")):
                found.append(json.loads(text))
        return found


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
