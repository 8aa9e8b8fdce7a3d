"""Tells what a file that somebody opens is, and whether it can be used; in a process whose memory and time are limited.

`python -m redqueen.app.recognising FILE [YEAR]` prints one JSON document: what the file is, or its faults. Nothing in a file is
ever carried out; a file that unpacks into more than there is room for, or that takes for ever, ends this process and no other.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from redqueen.errors import Faults, Refused

__all__ = ["MEMORY", "MOST_TEXT", "SECONDS", "UNPACKED", "recognise_file", "told"]

#: Most bytes of memory and seconds of a processor that reading a file may take.
MEMORY, SECONDS = 6 << 30, 300
#: Most bytes that a packed file may unpack into, and that a file which a person writes may have.
UNPACKED, MOST_TEXT = 2 << 30, 4 << 20
_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_HEADING = "the file cannot be opened"
_NAMED = {"world": ("case",), "monitor": ("case", "policy"), "samples": ("file",)}


def recognise_file(path: Path, year: int | None = None) -> dict[str, Any]:
    """Says what a file is: `kind`, `summary` in a sentence, `notes`, and what each kind has; raises `Refused` with every fault.

    Kinds: case, policy, goals, trial (TOML, told apart as by `redqueen check`), observations (figures to be recorded), register (of
    organisations), table (of evidence).
    """
    if path.suffix.lower() == ".toml":
        return _written(path)
    check_unpacked(path)
    return _figures(path) or _table(path, year)


def check_unpacked(path: Path, most: int = UNPACKED) -> None:
    """Refuses a file that unpacks into more than is taken."""
    size, packed = 0, max(path.stat().st_size, 1)
    with path.open("rb") as stream:
        first = stream.read(4)
    try:
        if first.startswith(_GZIP):
            with gzip.open(path) as stream:
                while block := stream.read(_BLOCK):
                    size += len(block)
                    if size > most:
                        break
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                # What is declared bounds what is read: more of it fails its checksum.
                size = sum(one.file_size for one in archive.infolist())
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile):
        # The readers say what is wrong with it.
        return
    except Exception as error:
        raise Refused.one(f"cannot be unpacked: {error}", file=path, heading=_HEADING) from None
    if size > most:
        raise Refused.one(
            f"unpacks from {packed:,} bytes into more than {most:,}", file=path, heading=_HEADING,
            remedy="keep what is needed with redqueen read -o, and open that",
        )


def check_names(path: Path, *, local: bool = True) -> None:
    """Refuses a trial or goals file that names a file outside of its own folder, or a database where that is not for it to say."""
    from redqueen.policies.document import Document

    document = Document(path, "file")
    root, faults = document.root, Faults(file=path)
    for table, key, value, place in _names_in(root.table):
        if not _stays(value):
            faults.add(
                f"'{value[:80]}' is not a file beside it", line=document.line(place), field=f"{table}.{key}",
                remedy="open that file first, and name it without its folder",
            )
        elif key != "ledger" and not os.path.isfile(path.parent / value):
            faults.add(
                f"'{value[:80]}' is not opened here", line=document.line(place), field=f"{table}.{key}",
                remedy="open that file first",
            )
    ledger = root.table.get("monitor", {}).get("ledger") if isinstance(root.table.get("monitor"), dict) else None
    if isinstance(ledger, str) and "://" in ledger and not local:
        faults.add(
            "a database is not asked for others", line=document.line(("monitor", "ledger")), field="monitor.ledger",
            remedy="leave it out, or serve the app on your own machine",
        )
    faults.refuse_if_any(_HEADING)


def names_in(path: Path) -> list[str]:
    """Lists the files that a trial or goals file names."""
    from redqueen.policies.document import Document

    return [value for _, key, value, _ in _names_in(Document(path, "file").root.table) if key != "ledger"]


def _names_in(content: dict[str, Any]) -> Iterator[tuple[str, str, str, tuple[str | int, ...]]]:
    """Yields the table, the key, the text and the place of everything that readers take for a file."""
    for table, keys in _NAMED.items():
        sections = content.get(table)
        for position, section in enumerate(sections if isinstance(sections, list) else [sections]):
            if not isinstance(section, dict):
                continue
            at = (table, position) if isinstance(sections, list) else (table,)
            for key in keys:
                value = section.get(key)
                if isinstance(value, str) and (value.endswith(".toml") or key == "file"):
                    yield table, key, value, (*at, key)
    trial = content.get("trial")
    policies = trial.get("policies") if isinstance(trial, dict) else None
    for position, value in enumerate(policies if isinstance(policies, list) else [policies]):
        if isinstance(value, str) and value.endswith(".toml"):
            yield "trial", "policies", value, ("trial", "policies", position)
    monitor = content.get("monitor")
    ledger = monitor.get("ledger") if isinstance(monitor, dict) else None
    if isinstance(ledger, str) and "://" not in ledger:
        yield "monitor", "ledger", ledger, ("monitor", "ledger")


def _stays(name: str) -> bool:
    return name not in ("", ".", "..") and not any(letter in name for letter in "/\\\0") and not name.startswith(".")


def _written(path: Path) -> dict[str, Any]:
    """Recognises a TOML file by its tables."""
    from redqueen.policies.document import Document

    if path.stat().st_size > MOST_TEXT:
        raise Refused.one(f"is larger than {MOST_TEXT:,} bytes, which nobody writes", file=path, heading=_HEADING)
    content = Document(path, "file").root.table
    if "monitor" in content:
        return _goals(path)
    if "world" in content or "trial" in content:
        return _trial(path)
    if "change" in content or isinstance(content.get("policy"), dict):
        return _policy(path)
    return _case(path)


def _case(path: Path) -> dict[str, Any]:
    from redqueen.cases.case import read_case

    found = read_case(path)
    world = found.world
    counted = f"{len(world.regions)} regions, {len(found.policies)} policies, {world.quarters} quarters from {world.start:g}"
    return {"kind": "case", "summary": f"case {found.name}: {found.title}; {counted}", "notes": [], "regions": len(world.regions)}


def _policy(path: Path) -> dict[str, Any]:
    from redqueen.policies.policy import read_policy

    found = read_policy(path)
    governments = f", {len(found.governments)} governments" if found.governments else ""
    words = f"policy {found.name}{f': {found.title}' if found.title else ''}; {len(found.changes)} changes{governments}"
    from redqueen.report.case_page import policy_document

    return {"kind": "policy", "summary": words, "notes": [], "policy": policy_document(found, "file")}


def _trial(path: Path) -> dict[str, Any]:
    from redqueen.lab.trial_file import read_trial

    check_names(path)
    found = read_trial(path)
    return {"kind": "trial", "summary": f"trial {found.name}: {len(found.worlds)} worlds, {found.members} members", "notes": []}


def _goals(path: Path) -> dict[str, Any]:
    from redqueen.studies.monitor.goals import read_goals

    check_names(path)
    plan = read_goals(path)
    words = f"goals {plan.name} for {plan.region} in {plan.case.name}: {len(plan.indicators)} indicators, {len(plan.goals)} goals"
    return {"kind": "goals", "summary": words, "notes": [], "about": goals_about(plan)}


def goals_about(plan: Any) -> dict[str, Any]:
    """Gives what a list of goals shows of one."""
    return {
        "name": plan.name, "case": plan.case.name, "region": plan.region, "goals": len(plan.goals),
        "years": [plan.since, plan.horizon],
    }


def _figures(path: Path) -> dict[str, Any] | None:
    """Recognises a csv file of observations, which is read when it is known of which goals they are."""
    from redqueen.evidence.sample import look
    from redqueen.studies.monitor.arriving import names_figures

    sample = look(path)
    if path.suffix.lower() == ".parquet" or not names_figures(sample.columns):
        return None
    if path.stat().st_size > MOST_TEXT:
        raise Refused.one(f"figures in more than {MOST_TEXT:,} bytes were observed by nobody", file=path, heading=_HEADING)
    rows = max(path.read_bytes().count(b"\n") - 1, 1)
    return {"kind": "observations", "summary": f"figures to be recorded: {rows} rows", "notes": [], "rows": rows}


def _table(path: Path, year: int | None) -> dict[str, Any]:
    from redqueen.evidence.formats import formats, read_evidence

    # Read as it will be used, so that what has no room is found here.
    found = read_evidence(path, year=year, without=("partner",), progress=False)
    known = formats().get(found.format)
    title = known.title if known else found.format
    years = [found.years[0], found.years[-1]] if found.years else []
    if found.kind == "organisations":
        return {
            "kind": "register", "summary": f"register of {len(found.rows):,} organisations ({title})", "notes": list(found.notes),
            "measures": [], "regions": len(set(found.rows["region"])), "years": [], "rows": len(found.rows), "format": found.format,
            "of": found.kind,
        }
    measures = found.measures or [found.kind.replace("_", "-")]
    when = "" if not years else f", {years[0]}" if years[0] == years[1] else f", {years[0]}-{years[1]}"
    kind = getattr(known, "kind", found.kind) if found.format != "kept" else found.kind
    words = f"{title}: {', '.join(measures[:4])}{' and more' if len(measures) > 4 else ''}; {len(found.regions):,} regions{when}"
    rows = len(found.rows) if not found.tables else sum(table.intermediate.size for table in found.tables)
    return {
        "kind": "table", "summary": words, "notes": list(found.notes), "measures": measures, "regions": len(found.regions),
        "years": years, "rows": rows, "format": found.format, "of": kind,
    }


def _limit() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def told(path: Path, year: int | None = None) -> str:
    """Says what a file is, or its faults, as one JSON document."""
    from redqueen.lab.directories import json_text

    try:
        try:
            found: dict[str, Any] = recognise_file(path, year)
        except MemoryError:
            raise Refused.one("reading it takes more memory than there is for it", file=path, heading=_HEADING) from None
    except Refused as refusal:
        found = {"heading": refusal.heading, "faults": [asdict(fault) for fault in refusal.faults]}
    return json_text(found)


def main(words: list[str]) -> int:
    """Prints what a file is, within the limits of its process."""
    _limit()
    print(told(Path(words[0]), int(words[1]) if len(words) > 1 else None))
    return 0


if __name__ == "__main__":
    # Threads of the libraries would each reserve memory of their own.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    raise SystemExit(main(sys.argv[1:]))
