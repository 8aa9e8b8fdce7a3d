"""Give redqueen inputs that nobody should send, and count what it does with them: taken, refused, or a fault of its own.

python benchmarks/fuzz.py --inputs 2000                        # every kind of input, as in docs/reliability.md
python benchmarks/fuzz.py --inputs 500 --seed 7 case websocket # some kinds, from another seed
python benchmarks/fuzz.py --inputs 500 schema                  # what Schemathesis makes of the app (pip install schemathesis)

An input is one that is right, changed by up to four edits (tests/hostile.py); number and seed say which, so that every one can be
had again: a fault is printed with the words that repeat it. Exit code 1 where there was any.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# In the place of this folder, whose modules have names of theirs.
sys.path[0] = str(Path(__file__).resolve().parents[1] / "tests")

import inputs

from redqueen.progress import progress_bar

#: What is tried besides files: see tests/messages.py.
MESSAGES = ("http", "websocket", "schema")
USUAL = (*inputs.kinds(), "http", "websocket")
#: Most bytes of memory that the whole run may take.
MEMORY = 8 << 30
#: Faults of a kind that are printed whole, and seconds beyond which the slowest input is named.
TOLD, SLOW = 5, 3.0


@dataclass
class Count:
    """Counts what became of the inputs of a kind."""

    kind: str
    outcomes: Counter = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_input: int = -1
    seconds: float = 0.0
    left: int = 0
    faults: dict[str, list[int]] = field(default_factory=dict)

    def line(self) -> str:
        """Gives the row of the table."""
        tried, wrong = sum(self.outcomes.values()), sum(map(len, self.faults.values()))
        cells = (
            tried, self.outcomes[inputs.REFUSED], self.outcomes[inputs.TAKEN], wrong, f"{self.slowest:.2f} s", self.left,
            f"{self.seconds:.0f} s"
        )
        return f"| {self.kind} | " + " | ".join(map(str, cells)) + " |"


def main() -> int:
    """Runs the kinds that are named and prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "kinds", nargs="*", metavar="KIND", help=f"among {', '.join((*inputs.kinds(), *MESSAGES))} (default: all but schema)"
    )
    parser.add_argument("--inputs", type=int, default=200, help="inputs of each kind (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other inputs (default: %(default)s)")
    parser.add_argument("--only", type=int, help="the input of this number alone, with its traceback")
    asked = parser.parse_args()
    unknown = [kind for kind in asked.kinds if kind not in (*inputs.kinds(), *MESSAGES)]
    if unknown:
        parser.error(f"there is no kind {', '.join(unknown)}")
    # Something that hangs where no signal reaches ends the run, and says where; what takes all memory is a fault of its own.
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(
        "| input | tried | refused | taken | faults | slowest | files left | took |\n| --- | --- | --- | --- | --- | --- | --- | "
        "--- |", flush=True
    )
    counts = []
    for kind in asked.kinds or USUAL:
        counts.append(run(kind, asked.inputs, asked.seed, asked.only))
        print(counts[-1].line(), flush=True)
    return int(any(count.faults for count in counts))


def run(kind: str, many: int, seed: int, only: int | None = None) -> Count:
    """Tries the inputs of one kind."""
    count = Count(kind)
    with tempfile.TemporaryDirectory(prefix="fuzz") as place, _trying(
        kind, Path(place)
    ) as trying, progress_bar(many, kind) as advance:
        for number in range(many) if only is None else [only]:
            draw = random.Random(f"{kind} {seed} {number}")
            faulthandler.dump_traceback_later(4 * inputs.PATIENCE, exit=True)
            began = time.perf_counter()
            try:
                count.outcomes[trying(draw)] += 1
            except (Exception, inputs.Hang) as error:
                count.outcomes["fault"] += 1
                _note(count, error, number, seed, only is not None)
            took = time.perf_counter() - began
            count.seconds += took
            if took > count.slowest:
                count.slowest, count.slowest_input = took, number
            advance(1)
        faulthandler.cancel_dump_traceback_later()
    if count.slowest > SLOW:
        print(f"  slowest: python benchmarks/fuzz.py --seed {seed} --only {count.slowest_input} {kind}", file=sys.stderr)
    return count


def _trying(kind: str, folder: Path):
    if kind in MESSAGES:
        import messages

        return getattr(messages, kind)(folder)
    return _Files(inputs.kinds()[kind](), folder)


class _Files:
    """Tries files of a kind, each in a folder that is as new."""

    def __init__(self, kind: inputs.Kind, folder: Path):
        self.kind, self.folder = kind, folder / "given"

    def __enter__(self) -> Callable[[random.Random], str]:
        return self.try_one

    def __exit__(self, *raised: object) -> None:
        pass

    def try_one(self, draw: random.Random) -> str:
        name, listed = inputs.choose(self.kind, draw)
        return self.kind.try_one(inputs.emptied(self.folder), name, listed)


def _note(count: Count, error: BaseException, number: int, seed: int, whole: bool) -> None:
    """Counts a fault by where it happened, and prints the first ones."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if "redqueen" in frame.filename and "/tests/" not in frame.filename] or frames
    where = f"{type(error).__name__} at {Path(mine[-1].filename).name}:{mine[-1].lineno}"
    count.left += str(error).startswith("left behind")
    known = count.faults.setdefault(where, [])
    known.append(number)
    if (len(known) == 1 and len(count.faults) <= TOLD) or whole:
        print(
            f"  fault: {where}: {str(error)[:300]}\n  again: python benchmarks/fuzz.py --seed {seed} --only {number} {count.kind}",
            file=sys.stderr
        )
        if whole:
            traceback.print_exception(error)


if __name__ == "__main__":
    raise SystemExit(main())
