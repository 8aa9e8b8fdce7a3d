"""The user's folder: what was opened, what runs and ran, goals and the trials that are kept; nothing outside of it is touched.

    files/ID/       a file that was opened, and about.json
    jobs/ID/        a job: job.json, its inputs, what it said, progress.json, rc
    goals/ID/       a goals file, what it names, its ledger and its runs, and about.json
    trials/         members that were run, as of `redqueen trial`
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from redqueen.app.answers import json_bytes, unknown
from redqueen.errors import Refused
from redqueen.writing import write_whole

try:
    import fcntl
except ImportError:
    # Elsewhere two servers may share a folder without knowing.
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from redqueen.cases.case import Case

__all__ = [
    "ABOUT", "BROUGHT", "FILES", "GOALS", "JOBS", "TRIALS", "Folder", "clean_name", "made", "now", "read_json", "usual_folder",
    "write_json",
]

FILES, JOBS, GOALS, TRIALS = "files", "jobs", "goals", "trials"
ABOUT = "about.json"
#: Begins the name of a case that was opened here.
BROUGHT = "brought:"
_PARTS = (FILES, JOBS, GOALS, TRIALS)
_ID = re.compile(r"[0-9a-f]{16}")
_LOCK = ".lock"
_UNFINISHED = ".unfinished"
_LONGEST = 120


class Folder:
    """Finds and makes what is in the folder, by id alone; `close` lets go of it.

    An id is sixteen hexadecimal digits; what is a link, or leads out of the folder, is not there. Refuses a folder that another
    server uses, and one that nothing may be written into.
    """

    def __init__(self, place: str | Path, *, holder: str = ""):
        self.root = Path(place).expanduser().absolute()
        try:
            for part in _PARTS:
                self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
                (self.root / part).mkdir(exist_ok=True)
            self.root = self.root.resolve()
            for part in _PARTS:
                if (self.root / part).is_symlink():
                    words = "is a link, and could lead anywhere"
                    raise Refused.one(words, file=self.root / part, field="--folder", remedy="remove it")
            self._lock = self._locked(holder)
        except OSError as error:
            words = f"nothing can be written here: {error.strerror or error}"
            raise Refused.one(words, file=place, field="--folder", remedy="give --folder another") from error
        self._sweep()

    def close(self) -> None:
        """Lets go of the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def new(self, part: str) -> tuple[str, Path]:
        """Makes a place for something new, which is not there until `settle` is called on it; gives its id and the place."""
        while True:
            name = secrets.token_hex(8)
            draft = self.root / part / f".{name}{_UNFINISHED}"
            if not (self.root / part / name).exists():
                draft.mkdir()
                return name, draft

    def settle(self, part: str, name: str, draft: Path) -> Path:
        """Puts what was made in its place, whole."""
        place = self.root / part / name
        draft.rename(place)
        return place

    def place(self, part: str, name: str) -> Path:
        """Gives the place of an id; refuses with 404 what is none, what is not there, and links."""
        found = self.root / part / name if _ID.fullmatch(name) else None
        if found is None or found.is_symlink() or not found.is_dir():
            raise unknown(f"there is no such one of {part}")
        return found

    def inside(self, place: Path, name: str) -> Path:
        """Gives a file in a place; refuses with 404 what is a link or leads elsewhere."""
        found = place / name
        if found.is_symlink() or found.parent != place or not found.resolve().is_relative_to(self.root) or not found.is_file():
            raise unknown(f"{name} is no longer there")
        return found

    def ids(self, part: str) -> list[str]:
        """Lists the ids of a part, in the order in which they were made."""
        found = [one for one in (self.root / part).iterdir() if _ID.fullmatch(one.name) and one.is_dir() and not one.is_symlink()]
        return [one.name for one in sorted(found, key=lambda one: (self.about(one).get("added", 0.0), one.name))]

    def about(self, place: Path) -> dict[str, Any]:
        """Reads what is noted of a place; nothing where that cannot be read."""
        return read_json(place / ABOUT)

    def remove(self, part: str, name: str) -> None:
        """Removes what an id has."""
        shutil.rmtree(self.place(part, name), ignore_errors=True)

    def file(self, name: str) -> Path:
        """Gives the opened file of an id."""
        place = self.place(FILES, name)
        return self.inside(place, str(self.about(place).get("name", "")))

    def case_file(self, name: str) -> str:
        """Gives what `redqueen.cases.case.case` takes for the name of a case: itself where it is bundled, else its file."""
        from redqueen.cases.case import bundled
        from redqueen.errors import nearest

        if not name.startswith(BROUGHT):
            if name not in bundled():
                remedy = nearest(name, bundled()) or f"there is {', '.join(bundled())}"
                raise Refused.one(f"no case is called '{name}'", field="case", remedy=remedy)
            return name
        identity = name.removeprefix(BROUGHT)
        place = self.root / FILES / identity
        if not _ID.fullmatch(identity) or place.is_symlink() or self.about(place).get("kind") != "case":
            raise Refused.one("the case file is not opened here", field="case", remedy="open the file again")
        return str(self.file(identity))

    def find_case(self, name: str) -> Case:
        """Gives the case of a scenario: bundled, or "brought:" and the id of a file that was opened; read again when it changes."""
        from redqueen.cases.case import bundled_file

        file = self.case_file(name)
        state = (Path(file) if name.startswith(BROUGHT) else bundled_file(file)).stat()
        return _case(file, state.st_mtime_ns, state.st_size)

    def shown(self, text: str) -> str:
        """Writes a text without places of this folder: of a file in it its name stays."""
        return self._places.sub("", text)

    @property
    def _places(self) -> re.Pattern[str]:
        root, parts = re.escape(str(self.root)), "|".join(_PARTS)
        return re.compile(rf"{root}(?:/(?:{parts})(?:/\.?[0-9a-f]{{16}}(?:{re.escape(_UNFINISHED)})?)?)?/?")

    def _locked(self, holder: str) -> IO[str] | None:
        file = (self.root / _LOCK).open("a+", encoding="utf-8")
        if fcntl is None:
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip()
            file.close()
            words = f"another redqueen app uses this folder{f': {who}' if who else ''}"
            raise Refused.one(words, file=self.root, field="--folder", remedy="use that one, or give --folder another") from None
        except OSError:
            # A file system without locks.
            return file
        file.truncate(0)
        file.write(f"{holder or 'process'} ({os.getpid()})\n")
        file.flush()
        return file

    def note_holder(self, holder: str) -> None:
        """Notes the address of the server that holds the folder, for who tries to start another."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.write(f"{holder} (process {os.getpid()})\n")
            self._lock.flush()

    def _sweep(self) -> None:
        for part in _PARTS:
            for left in (self.root / part).glob(f".*{_UNFINISHED}"):
                if left.is_symlink():
                    continue
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def clean_name(name: str) -> str:
    """Gives the name of a file without what could lead elsewhere; refuses one of which nothing is left."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(letter if letter.isalnum() or letter in "._-+() " else "_" for letter in last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept.encode()) > _LONGEST:
        room = _LONGEST - len((dot + ending).encode())
        kept = (stem if dot else kept).encode()[: max(room, 1)].decode(errors="ignore") + (dot + ending if dot and room > 0 else "")
    if not kept or kept == ABOUT:
        raise Refused.one(f"'{name[:60]}' cannot be the name of a file", field="name", remedy="letters, digits, . - and _")
    return kept


def usual_folder() -> Path:
    """Gives the folder that is used unless another is named."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "redqueen"


@functools.lru_cache(maxsize=32)
def _case(file: str, modified: int, size: int) -> Case:
    from redqueen.cases.case import case

    return case(file)


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object of the folder; an empty one where there is none."""
    if path.is_symlink():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: Any) -> None:
    """Writes JSON whole or not at all."""
    write_whole(path, json_bytes(content))


def now() -> float:
    """Gives the time in seconds, as it is noted in the folder."""
    return round(time.time(), 3)


@contextlib.contextmanager
def made(folder: Folder, part: str) -> Iterator[tuple[str, Path]]:
    """Gives an id and a place to make something new in; it settles at the end, and vanishes on an error."""
    name, draft = folder.new(part)
    try:
        yield name, draft
        folder.settle(part, name, draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
