"""Keep a trial in a folder that loses nothing: Zarr arrays that any reader opens, and a journal of the blocks that are whole.

A folder of a trial holds

- `manifest.json`: what the trial is (key, seeds, points, worlds, policies, versions); written once, whole or not at all;
- `trial.toml` and `inputs/`: the trial as a file, with copies of what it names, where it was made from files;
- `data/`: a Zarr group a world, whose arrays have one chunk a block: all policies at one point in one seed;
- `blocks.jsonl`: a line a finished block, with the sizes and the SHA-256 of its chunks, written after them: a block without
  its line is not there, whatever its chunks hold;
- `unfinished/`: finished members of blocks that are not whole yet;
- `locks`: a process that runs a block holds a lock on a byte of it, which ends with the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.errors import Fault, Refused, nearest
from redqueen.lab.chunks import Arrays, lay_out_arrays, open_arrays, shapes_of
from redqueen.lab.dataset import NOT_RUN, finished
from redqueen.lab.directories import json_text
from redqueen.lab.fingerprints import code_digest, origins
from redqueen.lab.jobs import Member
from redqueen.lab.journal import Journal
from redqueen.lab.member_files import packed, unpacked
from redqueen.lab.run import together
from redqueen.model.schedule import Decision
from redqueen.progress import progress_bar
from redqueen.writing import sweep_drafts, write_whole

try:
    import fcntl
except ImportError:
    # Elsewhere two processes may run the same block; they find the same bits.
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import xarray

    from redqueen.lab.trial import Block, Trial

__all__ = ["MANIFEST", "Damage", "Stored", "TrialStore", "find_trial", "stored_trials", "trial_in"]

MANIFEST, TRIAL_FILE = "manifest.json", "trial.toml"
_DATA, _JOURNAL, _UNFINISHED, _LOCKS = "data", "blocks.jsonl", "unfinished", "locks"
#: Layout of the folder; another is refused.
FORMAT = 1
#: Letters of the key in the name of a folder.
KEY_LETTERS = 10
_MEMBER = "member"


@dataclass(frozen=True)
class Damage:
    """Names a block that is no longer what was written, and what is wrong with it."""

    world: str
    sample: int
    seed: int
    reason: str

    @property
    def place(self) -> str:
        """Gives the block in words."""
        return f"{self.world}, point {self.sample}, seed {self.seed}"


@dataclass(frozen=True)
class Stored:
    """Describes a trial in a store: how much of it is there, and what failed. `complete` where no block is missing."""

    name: str
    folder: Path
    key: str
    worlds: tuple[str, ...]
    policies: int
    samples: int
    seeds: int
    blocks: int
    blocks_done: int
    members: int
    members_done: int
    failed: int
    bytes: int
    redqueen: str

    @property
    def complete(self) -> bool:
        return self.blocks_done == self.blocks


class TrialStore:
    """Reads the folder of a trial; with the trial itself also writes to it.

    `of` finds or makes the folder of a trial in a store, `open` reads one that is there.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any], trial: Trial | None = None):
        self.folder = folder
        self.manifest = manifest
        self.trial = trial
        self._journal = Journal(folder / _JOURNAL)
        self._whole: dict[tuple[str, int, int], dict[str, Any]] = {}
        self._blocks = _addresses(manifest)
        self._sampled = manifest["ranges"] is not None
        self._pending: dict[tuple[str, int, int], dict[str, Member]] = {}
        self._locks: Any = None
        self.refresh()

    @classmethod
    def of(cls, trial: Trial, root: str | Path) -> TrialStore:
        """Gives the store of a trial below a folder of trials, made if it is not there."""
        folder = Path(root) / f"{trial.name[:60]}-{trial.key[:KEY_LETTERS]}"
        with _writing(folder):
            if not (folder / MANIFEST).exists():
                _make(folder, trial)
        found = cls.open(folder)
        found.use(trial)
        return found

    @classmethod
    def open(cls, folder: str | Path) -> TrialStore:
        """Opens the folder of a trial; refuses what is none, or was laid out otherwise."""
        folder = Path(folder)
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            known = manifest["made_by"] == "redqueen" and "format" in manifest
        except (OSError, ValueError, KeyError, TypeError):
            known = False
        if not known:
            inside = [one.name for one in stored_trials(folder)] if folder.is_dir() else []
            remedy = f"it holds {', '.join(inside[:5])}: name one of them" if inside else "redqueen trials lists what is stored"
            raise Refused.one("this is not the folder of a trial", file=folder, remedy=remedy)
        if manifest["format"] != FORMAT:
            raise Refused.one(
                f"laid out by redqueen {manifest['redqueen']} in format {manifest['format']}; this one reads format {FORMAT}",
                file=folder, remedy="open it with that version, or run the trial again",
            )
        return cls(folder, manifest)

    def use(self, trial: Trial) -> None:
        """Takes the trial that is to be run into this folder; refuses one that would find other bits."""
        if trial.key != self.manifest["key"]:
            then, now = self.manifest["redqueen"], origins()["redqueen"]
            same = self.manifest["code"] == code_digest()
            code = "its case, policies or parameters changed" if same else "the model's code is another"
            raise Refused.one(
                f"the trial was begun otherwise: {code} (redqueen {then} then, {now} now)", file=self.folder,
                remedy=f"run it anew: redqueen trial {self.folder / TRIAL_FILE}",
            )
        self.trial = trial
        self.withdraw(self.damages())
        if len(self._whole) < len(self._blocks):
            sweep_drafts(self.folder)

    # What is there

    def has(self, block: Block) -> bool:
        """Says whether a block is finished and whole."""
        return tuple(block) in self._whole

    def refresh(self) -> None:
        """Learns of blocks that others have finished."""
        for record in self._journal.news():
            block = tuple(record["block"])
            if record.get("withdrawn"):
                self._whole.pop(block, None)
            else:
                self._whole[block] = record

    def describe(self) -> Stored:
        """Counts what is there."""
        manifest = self.manifest
        arms = {name: len(world["arms"]) for name, world in manifest["worlds"].items()}
        waiting = sum(1 for _ in (self.folder / _UNFINISHED).glob(f"*.{_MEMBER}"))
        return Stored(
            manifest["name"], self.folder, manifest["key"], tuple(arms),
            max(len(world["policies"]) for world in manifest["worlds"].values()), manifest["samples"], len(manifest["seeds"]),
            len(self._blocks), len(self._whole), sum(arms[world] for world, _, _ in self._blocks),
            sum(arms[world] for world, _, _ in self._whole) + waiting,
            sum(len(record["failures"]) for record in self._whole.values()),
            sum(sum(record["sizes"]) for record in self._whole.values()), manifest["redqueen"],
        )

    def result(self, *, partial: bool = False) -> Any:
        """Opens the result, read when it is used: a dataset, or a tree of them by world where there are several.

        Members that have not been run are NaN, and so said in the coordinate `failure`; without `partial` a trial of which no
        block is there is refused, as is one with damaged blocks.
        """
        damaged = self.damages()
        if damaged:
            raise Refused(
                [_fault(self.folder, one) for one in damaged[:20]],
                f"{len(damaged)} blocks are damaged; redqueen resume {self.folder} runs them again",
            )
        if not self._whole and not partial:
            raise Refused.one("no block of this trial is finished", file=self.folder, remedy=f"redqueen resume {self.folder}")
        return together({name: self._opened(name) for name in self.manifest["worlds"]})

    def damages(self, *, checksums: bool = False, progress: bool = False) -> list[Damage]:
        """Lists finished blocks whose chunks are not what was written: by their sizes, with `checksums` by their content."""
        found = []
        with progress_bar(len(self._whole), f"{self.folder.name}: {len(self._whole)} blocks", show=progress) as advance:
            for (world, sample, seed), record in list(self._whole.items()):
                reason = _what_is_wrong(list(self._of(world).paths(sample, seed).values()), record, checksums)
                if reason:
                    found.append(Damage(world, sample, self.manifest["seeds"][seed], reason))
                advance(1)
        return found

    def withdraw(self, damages: list[Damage]) -> None:
        """Takes blocks back, so that they are run again."""
        seeds = self.manifest["seeds"]
        for one in damages:
            block = (one.world, one.sample, seeds.index(one.seed))
            with _writing(self.folder):
                self._journal.add({"block": block, "withdrawn": True})
        self.refresh()

    def withdraw_failures(self) -> int:
        """Takes back the blocks in which a member failed, so that they are run again; counts them."""
        seeds = self.manifest["seeds"]
        failed = [block for block, record in self._whole.items() if record["failures"]]
        self.withdraw([Damage(world, sample, seeds[seed], "failed") for world, sample, seed in failed])
        return len(failed)

    # Running

    def start(self, block: Block) -> Mapping[str, Member] | None:
        """Claims a block; gives the members of it that are known, or None where it is finished or somebody else is running it."""
        self.refresh()
        if self.has(block) or not self._lock(block):
            return None
        # Who held it may have finished it before letting go.
        self.refresh()
        if self.has(block):
            self._unlock(block)
            return None
        known = dict(self._unfinished(block))
        self._pending[_address(block)] = dict(known)
        if known and self._arms(block) == known.keys():
            self._commit(block)
        return known

    def keep(self, block: Block, arm: str, member: Member) -> None:
        """Keeps one finished member; the last one of a block makes the block whole."""
        pending = self._pending.setdefault(_address(block), {})
        pending[arm] = member
        if self._arms(block) == pending.keys():
            self._commit(block)
        elif not member.failure:
            content = packed(member)
            with _writing(self.folder):
                path = self._draft(block, arm)
                path.parent.mkdir(exist_ok=True)
                write_whole(path, content)

    def release(self) -> None:
        """Lets go of every block that is not finished."""
        self._pending.clear()
        if self._locks is not None:
            os.close(self._locks)
            self._locks = None

    def _commit(self, block: Block) -> None:
        members = self._pending.pop(_address(block))
        policies = self.manifest["worlds"][block.world]["policies"]
        with _writing(self.folder):
            sizes, checksum = self._of(block.world).write(block.sample, block.seed, members)
            self._journal.add({
                "block": list(block), "sizes": sizes, "sha256": checksum,
                "failures": {name: members[name].failure for name in policies if members[name].failure},
                "decisions": {name: [list(one) for one in members[name].decisions] for name in policies if members[name].decisions},
            })
        self.refresh()
        for arm in self._arms(block):
            self._draft(block, arm).unlink(missing_ok=True)
        self._unlock(block)

    def _of(self, world: str) -> Arrays:
        there = self.manifest["worlds"][world]
        return Arrays(self.folder / _DATA / world, there["policies"], there["arrays"], self._sampled)

    def _arms(self, block: Block) -> set[str]:
        return set(self.manifest["worlds"][block.world]["arms"])

    def _draft(self, block: Block, arm: str) -> Path:
        position = self.manifest["worlds"][block.world]["arms"].index(arm)
        return self.folder / _UNFINISHED / f"{self._blocks[_address(block)]}.{position}.{_MEMBER}"

    def _unfinished(self, block: Block) -> Iterator[tuple[str, Member]]:
        for arm in self.manifest["worlds"][block.world]["arms"]:
            member = unpacked(self._draft(block, arm))
            if member is not None:
                yield arm, member

    def _lock(self, block: Block) -> bool:
        if fcntl is None:
            return True
        if self._locks is None:
            with _writing(self.folder):
                self._locks = os.open(self.folder / _LOCKS, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._blocks[_address(block)])
        except (BlockingIOError, PermissionError):
            return False
        except OSError:
            # A file system without locks: two processes may run the same block; they find the same bits.
            return True
        return True

    def _unlock(self, block: Block) -> None:
        if fcntl is not None and self._locks is not None:
            with contextlib.suppress(OSError):
                fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, self._blocks[_address(block)])

    # Reading

    def _opened(self, name: str) -> xarray.Dataset:
        whole = {block[1:]: record for block, record in self._whole.items() if block[0] == name}
        opened = open_arrays(self.folder / _DATA / name, lambda sample, seed: (sample, seed) in whole)
        policies = self.manifest["worlds"][name]["policies"]
        failures: dict[tuple[int, int, int], str] = {}
        decisions: dict[tuple[int, int, int], Any] = {}
        for world, sample, seed in self._blocks:
            if world != name:
                continue
            record = whole.get((sample, seed))
            for position, policy in enumerate(policies):
                if record is None:
                    failures[position, sample, seed] = NOT_RUN
                elif policy in record["failures"]:
                    failures[position, sample, seed] = record["failures"][policy]
                elif policy in record["decisions"]:
                    decisions[position, sample, seed] = [Decision(*one) for one in record["decisions"][policy]]
        return finished(opened, failures, decisions)


def stored_trials(root: str | Path) -> list[Stored]:
    """Describes the trials in a store, by name; folders that hold none are passed over."""
    found = []
    for manifest in sorted(Path(root).glob(f"*/{MANIFEST}")):
        with contextlib.suppress(Refused):
            found.append(TrialStore.open(manifest.parent).describe())
    return found


def find_trial(named: str | Path, root: str | Path) -> Path:
    """Finds the folder of a trial: a path, or in a store the name of a folder or as much of it as tells it apart."""
    if (Path(named) / MANIFEST).exists():
        return Path(named)
    there = [one.folder.name for one in stored_trials(root)] if Path(root).is_dir() else []
    found = [name for name in there if name == str(named)] or [name for name in there if name.startswith(str(named))]
    if len(found) == 1:
        return Path(root) / found[0]
    if found:
        raise Refused.one(f"'{named}' may be {', '.join(found)}", field="TRIAL", remedy="give more of the name")
    remedy = nearest(named, there) or (f"it has {', '.join(there[:8])}" if there else "redqueen trial FILE makes one")
    raise Refused.one(f"the store {root} has no trial '{named}'", field="TRIAL", remedy=remedy)


def trial_in(folder: str | Path) -> Trial:
    """Reads the trial that a folder was made for from the files kept in it."""
    from redqueen.lab.trial_file import read_trial

    path = Path(folder) / TRIAL_FILE
    if not path.exists():
        raise Refused.one(
            "this trial was made in Python from objects that no file states", file=folder,
            remedy="run the same call again: it goes on there"
        )
    return read_trial(path)


def _make(folder: Path, trial: Trial) -> None:
    """Makes the folder of a trial, whole or not at all; somebody else who makes it at the same time may win."""
    from redqueen.lab.trial_file import trial_files

    if folder.exists() and any(folder.iterdir()):
        raise Refused.one(
            "this folder holds files that redqueen did not make", file=folder, remedy="name another store, or move it away"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.parent / f".{folder.name}.{os.getpid()}.unfinished"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        (draft / _UNFINISHED).mkdir(parents=True)
        for name in trial.worlds:
            lay_out_arrays(draft / _DATA, trial, name)
        for name, content in trial_files(trial).items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (draft / _JOURNAL).touch()
        (draft / MANIFEST).write_text(json_text(_manifest(trial)) + "\n", encoding="utf-8")
        draft.rename(folder)
    except OSError:
        if not (folder / MANIFEST).exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _manifest(trial: Trial) -> dict[str, Any]:
    samples = trial.samples
    return {
        "made_by": "redqueen",
        "format": FORMAT,
        "name": trial.name,
        "key": trial.key,
        "code": code_digest(),
        **origins(),
        "command": trial.command,
        "seeds": trial.seeds,
        "samples": 1 if samples is None else len(samples),
        "ranges": None if samples is None else {name: list(limits) for name, limits in samples.ranges.items()},
        "parameters": trial.parameters,
        "worlds": {
            name: {"policies": world.policies, "arms": list(world.arms), "arrays": shapes_of(trial, name)} for name,
            world in trial.worlds.items()
        },
    }


def _address(block: Block) -> tuple[str, int, int]:
    return (block.world, block.sample, block.seed)


def _addresses(manifest: Mapping[str, Any]) -> dict[tuple[str, int, int], int]:
    """Numbers the blocks in the order in which they are run."""
    places = itertools.product(range(len(manifest["seeds"])), range(manifest["samples"]), manifest["worlds"])
    return {(world, sample, seed): number for number, (seed, sample, world) in enumerate(places)}


def _what_is_wrong(paths: list[Path], record: Mapping[str, Any], checksums: bool) -> str:
    digest = hashlib.sha256()
    for path, size in zip(paths, record["sizes"], strict=True):
        try:
            there = path.stat().st_size
            if checksums:
                digest.update(path.read_bytes())
        except OSError as error:
            return f"{path.parent.name}: {error.strerror}"
        if there != size:
            return f"{path.parent.name}: {there} bytes where {size} were written"
    return "the content is not what was written" if checksums and digest.hexdigest() != record["sha256"] else ""


def _fault(folder: Path, damage: Damage) -> Fault:
    return Fault(damage.reason, file=str(folder), field=damage.place)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Says in a user's words why nothing can be written; whatever was finished is kept."""
    try:
        yield
    except OSError as error:
        remedy = "what is finished is kept: make room, or name a place of yours, and the same command goes on"
        raise Refused.one(f"cannot be written: {error.strerror or error}", file=folder, remedy=remedy) from error
