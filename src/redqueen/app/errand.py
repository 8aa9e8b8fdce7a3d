"""Runs the command of one job and notes how it ended; a process of its own, so that a job outlives the server that began it.

`python -m redqueen.app.errand FOLDER` reads the words of the command from `job.json` there. It writes `process.json` (whose process
this is), `stdout`, `stderr` and at the end `rc`; the command itself keeps `progress.json` and, where it is refused, `faults.json`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from redqueen.errors import FAULTS
from redqueen.progress import PROGRESS
from redqueen.writing import write_whole

__all__ = ["began", "is_there", "main"]

#: How much a job steps back behind what answers the page.
NICE = 10
_DIE_WITH_PARENT = 1


def main(folder: Path) -> int:
    """Runs the command of a job's folder to its end, and gives its exit code."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    write_whole(folder / "process.json", json.dumps({"pid": os.getpid(), "began": began(os.getpid())}).encode())
    words = json.loads((folder / "job.json").read_text(encoding="utf-8"))["words"]
    environment = {**os.environ, PROGRESS: str(folder / "progress.json"), FAULTS: str(folder / "faults.json")}
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "redqueen", *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            env=environment,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        code = process.wait()
    write_whole(folder / "rc", str(code).encode())
    return code


def began(process: int) -> str | None:
    """Says when a process began, in words that no other process of that number has; None where there is none."""
    stat = Path(f"/proc/{process}/stat")
    try:
        # The name, in brackets, may hold anything; a process that is over and not yet waited for is none.
        after = stat.read_text(errors="replace").rpartition(")")[2].split()
        return None if after[0] in "ZX" else f"{_boot()} {after[19]}"
    except (OSError, IndexError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        done = subprocess.run(["ps", "-o", "lstart=,stat=", "-p", str(process)], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    words = done.stdout.split()
    return " ".join(words[:-1]) if words and not words[-1].startswith("Z") else None


def is_there(process: int, since: str | None) -> bool:
    """Says whether a process is still the one that began then."""
    return since is not None and process > 0 and began(process) == since


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _end_with_parent() -> None:
    """Asks the kernel to end this process with its parent: nobody would note how it ended."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
