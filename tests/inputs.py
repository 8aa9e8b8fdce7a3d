"""Kinds of input that redqueen takes, each with inputs that are right, ways to spoil them, and what reads them.

`try_one` gives "taken" or "refused"; anything else that happens is a fault of redqueen. See benchmarks/fuzz.py.
"""

import contextlib
import gzip
import io
import json
import random
import shutil
import signal
import tomllib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import hostile
from hostile import BYTES, TEXT, TREE, Edit
from monitored import GOALS, LONGER
from toy_trial import CASE

from redqueen.errors import Refused

FILES = Path(__file__).parent / "files"
#: Seconds after which an input counts as one that hangs.
PATIENCE = 30.0
TAKEN, REFUSED = "taken", "refused"
POLICY = """
[policy]
name = "helpers"
title = "Officers for the south"
question = "Do they help?"
source = "office: report of 1991"
not_modelled = ["holidays"]

[source]
office = "The office of the south"

[[change]]
instrument = "capacity_building"
where = ["target", "north"]
from = 1991
until = 1993.5
intensity = { value = 20, source = "office: page 3" }
per = "worker"

[[change]]
instrument = "smart_specialisation"
stages = ["parts"]
intensity = 2

[[government]]
name = "council"
style = "experiment"
where = ["north", "south"]
menu = ["free_markets", "none"]
from = 1991
every = 1
window = 1
lag = 0.25
noise = 0.01
start = "draw"
emulate = 0.5
"""
TRIAL = """
[trial]
name = "doubt"
seeds = 3
quarters = 12
policies = ["officers", "helpers.toml", "free_markets"]
reference = "none"
outcomes = ["value_added", "jobs"]
placebo = true

[[world]]
name = "here"
case = "toy.toml"
region = "south"

[[world]]
name = "there"
case = "toy.toml"
region = "north"

[parameters]
novelty_success = 0.2

[uncertain]
spinoff_rate = [0.05, 0.3]
learning_rivals = "declared"

[samples]
method = "latin_hypercube"
count = 8
draw = 3
"""
POINTS = "spinoff_rate,learning_rivals\n0.1,0.2\n0.2,0.15\n0.3,0.1\n"
ON_POINTS = TRIAL.partition("[uncertain]")[0] + '[samples]\nfile = "points.csv"\n'
OBSERVATIONS = (
    "indicator,year,value,region,unit,source,note,entered_by\n"
    "jobs,1994,205,south,heads,office: yearly survey,,ann\njobs,1995,207.5,south,heads,office,\"a, \"\"note\"\"\",ann\n"
    "quality,1994,-0.4,,,office,,ann\nquality,1996,1e-3,south,log quality,office,,bob\n"
)
BESIDE = {
    "toy.toml": LONGER.encode(), "helpers.toml": POLICY.partition("[[government]]")[0].replace('"north"', '"south"').replace(
        '["target", "south"]', '"target"').encode(), "points.csv": POINTS.encode(),
}  # fmt: skip


class Hang(BaseException):
    """Ends an input that takes too long; no handler of the program may take it for its own."""


@dataclass
class Kind:
    """A kind of input: inputs that are right by name, what stands beside them, what reads one, and which edits spoil it."""

    name: str
    right: dict[str, bytes]
    read: Callable[[Path], object]
    beside: dict[str, bytes] = field(default_factory=dict)
    families: tuple[dict[str, Callable], ...] = (TREE, TEXT, BYTES)

    def spoiled(self, name: str, listed: list[Edit]) -> bytes:
        """Give a right input with edits: those of trees first, as they need one that can still be read."""
        data = self.right[name]
        trees = [edit for edit in listed if edit[0] in TREE]
        if trees:
            data = hostile.toml_text(hostile.changed_tree(tomllib.loads(data.decode()), trees)).encode("utf-8", "surrogatepass")
        return hostile.changed_bytes(data, [edit for edit in listed if edit[0] not in TREE])

    def try_one(self, folder: Path, name: str, listed: list[Edit]) -> str:
        """Lay an input in a folder and read it; the folder must be as it was afterwards."""
        given = {**self.beside, name: self.spoiled(name, listed)}
        for beside, content in given.items():
            if not (folder / beside).exists() or beside == name:
                (folder / beside).write_bytes(content)
        before = sorted(folder.iterdir())
        found = attempt(lambda: self.read(folder / name))
        left = [path.name for path in sorted(folder.iterdir()) if path not in before]
        assert not left, f"left behind: {left}"
        return found


def attempt(call: Callable[[], object]) -> str:
    """Call, and tell whether what was given was taken or refused; a refusal says something and can be printed."""
    with patience(), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            call()
        except Refused as refusal:
            assert refusal.faults and str(refusal).encode("utf-8",
                "surrogateescape") and all(fault.message for fault in refusal.faults)
            assert len(str(refusal)) < 2_000_000, "a refusal of megabytes"
            return REFUSED
    return TAKEN


@contextlib.contextmanager
def patience(seconds: float = PATIENCE) -> Iterator[None]:
    """End what takes longer, as a fault."""

    def end(number, frame):
        raise Hang(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _case(path: Path) -> None:
    """Read a case, lay its policies out, show it, and run a world that is small for a few quarters."""
    from redqueen.cases.case import read_case
    from redqueen.lab.trial import Trial
    from redqueen.policies.policy import lay_out_policy
    from redqueen.report.case_page import case_document

    found = read_case(path)
    for name in found.policies:
        lay_out_policy(found.policies[name], found.world, found.region or found.world.regions[0])
    json.dumps(case_document(found, "x"), default=str)
    world = found.world
    firms, workers = (world.endowments[name].sum() for name in ("first_firms", "workers"))
    if world.burn_in <= 8 and firms <= 100 and workers <= 20_000 and len(world.stages) * len(world.regions) <= 12:
        quarters = min(4, world.quarters)
        policies = list(found.policies)[:3]
        Trial(found, policies=policies, seeds=1, quarters=quarters, region=found.region or world.regions[0]).run(1, progress=False)


def _policy(path: Path) -> None:
    """Read a policy, in a world and without, show it, and write it down again."""
    from redqueen.cases.case import read_case
    from redqueen.policies.policy import read_policy
    from redqueen.policies.writing import policy_text, stands_alone
    from redqueen.report.case_page import policy_document

    found = read_policy(path)
    json.dumps(policy_document(found, "file"), default=str)
    if stands_alone(found):
        tomllib.loads(policy_text(found))
    read_policy(path, read_case(path.with_name("toy.toml")).world, "south")


def _trial(path: Path) -> None:
    from redqueen.lab.trial_file import read_trial, trial_files

    found = read_trial(path)
    if found.members < 5000:
        trial_files(found)


def _points(path: Path) -> None:
    _trial(path.with_name("on_points.toml"))


def _goals(path: Path) -> None:
    from redqueen.app.recognising import goals_about
    from redqueen.studies.monitor.goals import read_goals

    goals_about(read_goals(path))


def _observations(path: Path) -> None:
    from redqueen.studies.monitor.arriving import far_apart, read_entries
    from redqueen.studies.monitor.goals import read_goals

    plan = read_goals(path.with_name("goals.toml"))
    far_apart(plan, read_entries(path, plan), [])


def _table(path: Path) -> None:
    """Read a table as `redqueen read -o` does, and read what was kept of it."""
    from redqueen.evidence.formats import layout_of, read_evidence
    from redqueen.evidence.keeping import keep
    from redqueen.evidence.opening import Opened

    kept = path.with_name("kept.parquet")
    try:
        keep(Opened(layout_of(path), path, progress=False), kept, "redqueen read")
        read_evidence(kept, progress=False)
    finally:
        if kept.exists():
            kept.unlink()


def _register(path: Path) -> None:
    from redqueen.evidence.formats import read_evidence

    read_evidence(path, format="organisations", progress=False)


def _fit(path: Path) -> None:
    """Lay a fit out as the words of a command ask for it; what would be run is not."""
    from redqueen.cli import _parser
    from redqueen.cli.fit import plan_of
    from redqueen.errors import Faults

    words = [word.decode("utf-8", "surrogateescape") for word in path.read_bytes().split(b"\n")]
    plan_of(_parser().parse_args(["fit", *words]), Faults())


FIT = (
    "--parameters novelty_success,spinoff_rate=0.05:0.3 --targets entry_plus_exit,firm_size_tail --points 20 --waves 2 --seeds 2 "
    "--quarters 60 --discrepancy 0.5 --discrepancy-of entry_plus_exit=0.1 --rank 2"
).replace(" ", "\n")


def tables() -> dict[str, bytes]:
    """Give a table of every kind of file: text in many layouts, packed, Parquet, workbooks."""
    import pandas

    found = {path.name: path.read_bytes() for path in sorted(FILES.iterdir()) if path.is_file() and path.suffix != ".toml"}
    long = found["long_table.csv"]
    sheet, parquet = io.BytesIO(), io.BytesIO()
    pandas.read_csv(io.BytesIO(long)).to_parquet(parquet)
    _workbook(sheet)
    return {
        **found, "long_table.csv.gz": gzip.compress(long, mtime=0), "long.parquet": parquet.getvalue(),
        "WIOT2014_Nov16_ROW.xlsx": sheet.getvalue(),
    }  # fmt: skip


def _workbook(place: io.BytesIO) -> None:
    from world_tables import wiod_rows, world, write_xlsx

    write_xlsx(place, wiod_rows(world(("AUS", "ROW"), ("A01", "C26"), 5), 2016, 2014), "2014")


def kinds() -> dict[str, Callable[[], Kind]]:
    """Give every kind of file by name; each is made when it is asked for."""
    from redqueen.cases.case import bundled_file
    from redqueen.policies.policy import catalogue

    texts = (TEXT, BYTES)
    return {
        "case": lambda: Kind("case", {"toy.toml": CASE.encode(), "red-queen.toml": bundled_file("red-queen").read_bytes(),
                                      "ipad.toml": bundled_file("ipad").read_bytes()}, _case),
        "policy": lambda: Kind("policy", {"input.toml": POLICY.encode(), **{f"{name}_.toml": Path(file).read_bytes() for name,
        file in catalogue().items()}},
                               _policy, BESIDE),
        "trial": lambda: Kind("trial", {"input.toml": TRIAL.encode(), "on_points.toml": ON_POINTS.encode()}, _trial, BESIDE),
        "points": lambda: Kind("points", {"points.csv": POINTS.encode()}, _points, {**BESIDE,
        "on_points.toml": ON_POINTS.encode()}, texts),
        "table": lambda: Kind("table", tables(), _table, {}, texts),
        "register": lambda: Kind("register", {name: (FILES / name).read_bytes() for name in ("organisations.csv",
        "organisations_register.csv")}, _register,
                                 {}, texts),
        "goals": lambda: Kind("goals", {"goals.toml": GOALS.encode()}, _goals, BESIDE),
        "observation": lambda: Kind("observation", {"observations.csv": OBSERVATIONS.encode()}, _observations, {**BESIDE,
        "goals.toml": GOALS.encode()}, texts),
        "fit": lambda: Kind("fit", {"words": FIT.encode()}, _fit, {}, texts),
    }  # fmt: skip


def choose(kind: Kind, draw: random.Random) -> tuple[str, list[Edit]]:
    """Draw a right input and what is done to it."""
    return draw.choice(sorted(kind.right)), hostile.drawn(draw.choice(kind.families), draw)


def emptied(folder: Path) -> Path:
    """Give a folder without what the inputs before have left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
