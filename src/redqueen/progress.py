"""A bar with the time left on standard error, quiet where that is not a terminal; where a file is named for it, also that file."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from redqueen.writing import write_whole

__all__ = ["PROGRESS", "progress_bar"]

#: Names the file in which the bar is kept as JSON: title, done, total, and the time at which it began.
PROGRESS = "REDQUEEN_PROGRESS"
#: Seconds between two writes of that file.
_APART = 0.2


@contextlib.contextmanager
def progress_bar(total: float, title: str, *, show: bool = True) -> Iterator[Callable[[float], None]]:
    """Shows a bar with the time left on standard error, where that is a terminal; gives the function that advances it."""
    if not show:
        yield lambda done: None
        return
    with _kept(total, title) as keep:
        if not sys.stderr.isatty():
            yield keep
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total)

            def advance(done: float) -> None:
                bar.advance(task, done)
                keep(done)

            yield advance


@contextlib.contextmanager
def _kept(total: float, title: str) -> Iterator[Callable[[float], None]]:
    """Keeps how far it is in the file that the environment names, a few times a second; does nothing where it names none."""
    named = os.environ.get(PROGRESS)
    if not named:
        yield lambda done: None
        return
    lock, began = threading.Lock(), time.time()
    done, written = 0.0, 0.0

    def write() -> None:
        nonlocal written
        written = time.monotonic()
        # Whoever looks at it can do without; what runs goes on where it cannot be written.
        with contextlib.suppress(OSError):
            write_whole(Path(named), json.dumps({"title": title, "done": done, "total": total, "began": began}).encode())

    def keep(more: float) -> None:
        nonlocal done
        with lock:
            done += more
            if time.monotonic() - written >= _APART:
                write()

    write()
    try:
        yield keep
    finally:
        with lock:
            write()
