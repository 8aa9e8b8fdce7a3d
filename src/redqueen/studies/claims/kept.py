"""Keep what parts have found, so that a stopped register goes on where it was."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from redqueen.errors import Refused
from redqueen.lab.directories import MARKER, check_place, json_text
from redqueen.writing import sweep_drafts, write_whole

PARTS = "parts"
FILES = ("claims.md", "claims.csv", "claims.json")


class Kept:
    """A directory with one file a part, each written whole or not at all; several processes may use it at once."""

    def __init__(self, place: str | Path):
        """Makes the directory ours; refuses one that holds files of others."""
        self.place = Path(place)
        check_place(self.place)
        try:
            (self.place / PARTS).mkdir(parents=True, exist_ok=True)
            marker = self.place / MARKER
            if not marker.exists():
                self.write(marker, json_text({"made_by": "redqueen", "command": "redqueen claims", "files": [*FILES]}))
        except OSError as error:
            reason = f"cannot be written: {error.strerror}"
            raise Refused.one(reason, file=self.place, field="-o", remedy="name a directory of yours") from None

    def read(self, key: str) -> Any | None:
        """Gives what a part has found; None where it was not run, or its file is damaged."""
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
            return content["values"] if content["key"] == key and content["sum"] == _sum(content["values"]) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, key: str, title: str, values: Any) -> None:
        """Writes what a part has found."""
        # Python writes the shortest number that reads back as the same bits, and NaN as such.
        text = json.dumps({"key": key, "title": title, "sum": _sum(values), "values": values})
        self.write(self._path(key), text)

    def write(self, path: Path, text: str) -> None:
        """Writes a text, whole or not at all."""
        write_whole(path, (text.rstrip("\n") + "\n").encode())

    def sweep(self) -> None:
        """Removes what processes that are long gone left unfinished."""
        sweep_drafts(self.place)

    def _path(self, key: str) -> Path:
        return self.place / PARTS / f"{key}.json"


def _sum(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
