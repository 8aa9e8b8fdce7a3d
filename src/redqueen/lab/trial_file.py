"""Trials as files: read what a person wrote, and write a trial down with copies of the files that it names."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy

from redqueen.cases.case import Case, bundled, bundled_file, case
from redqueen.errors import Faults, Refused, nearest
from redqueen.lab.outcomes import OUTCOMES, chosen, variables_of
from redqueen.lab.sampling import DRAW, LATIN_HYPERCUBE, METHODS, POINTS, SOBOL, Samples, latin_hypercube, sobol
from redqueen.lab.trial import SEEDS, Site, Trial
from redqueen.model.fields import FIELDS
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.document import Document, Section, named
from redqueen.policies.policy import catalogue
from redqueen.policies.writing import toml_value

__all__ = ["DECLARED", "KEYS", "read_samples", "read_trial", "trial_files"]

#: Stands for the whole declared range of a parameter.
DECLARED = "declared"
#: Points of the uncertain parameters, unless asked otherwise.
COUNT = 64
# More than anybody runs, of seeds, points and quarters.
_MOST = 1_000_000

#: What stands in a trial file: its tables, their keys and what each key says.
KEYS: dict[str, dict[str, str]] = {
    "trial": {
        "name": "what its folder begins with",
        "seeds": "how many, or a list of them",
        "quarters": "length of every run (the whole history unless given)",
        "policies": "names of the case or the catalogue, or policy files (the case's own unless given)",
        "reference": 'the policy that others are compared to ("none" unless the case says another)',
        "outcomes": "measures that are kept, with what they are made from",
        "variables": "arrays that are kept, by their own names",
        "placebo": "true: beside each policy its money alone, given to households",
        "equal_cost": "true: every policy costs what the dearest does",
        "own_luck": "true: each point has a luck of its own in each seed: independent draws of what is uncertain, as for forecasts",
    },
    "world": {
        "name": "what it is called in results",
        "case": "a bundled case, or a case file",
        "region": "where policies of the catalogue act (the case's own region unless given)",
    },
    "parameters": {"NAME": "an assumption and its value, in all members"},
    "uncertain": {"NAME": f'an assumption and its range, [low, high], or "{DECLARED}": the range that it is declared with'},
    "samples": {
        "method": "how points are spread: latin_hypercube, sobol, or points of a file",
        "count": f"how many points ({COUNT} unless given)",
        "draw": "which draw of them",
        "file": "with method points: a table with a column for each assumption",
    },
}
_PARAMETERS = {parameter.name: parameter for parameter in PARAMETERS}


def read_trial(path: str | Path, *, command: str | None = None) -> Trial:
    """Reads a trial file: `[trial]`, `[[world]]`, `[parameters]`, `[uncertain]` and `[samples]`.

    Paths in it are relative to the file. Raises `Refused` with every fault of the file, each with its line, and of the trial that
    it describes.
    """
    document = Document(path, "trial")
    root = document.root
    root.only(KEYS)
    heading = root.section("trial") or Section(document, ("trial",), {}, "trial")
    heading.only(KEYS["trial"])
    folder = Path(path).parent
    worlds = _read_worlds(root, folder)
    parameters = _read_parameters(root)
    samples = read_samples(root, folder)
    options = {
        "seeds": _read_seeds(heading),
        "quarters": _whole(heading, "quarters", None),
        "policies": _located(heading.texts("policies", default=None), folder),
        "reference": heading.text("reference", default=None, one_line=True),
        "variables": _read_variables(heading),
        "placebo": heading.flag("placebo"),
        "equal_cost": heading.flag("equal_cost"),
        "own_luck": heading.flag("own_luck"),
        "name": heading.word("name", default=Path(path).stem),
    }
    # What is wrong with the trial itself is told together with what is wrong with its file.
    trial = None
    if worlds:
        try:
            only = next(iter(worlds.values()))
            asked: Any = worlds if len(worlds) > 1 else only.case
            options["reference"] = options["reference"] or _usual_reference(worlds)
            trial = Trial(
                asked, parameters=parameters, samples=samples, region=only.region if len(worlds) == 1 else None, command=command,
                **options
            )
        except Refused as refusal:
            document.faults.extend(refusal.faults)
    document.refuse_if_any()
    assert trial is not None
    return trial


def trial_files(trial: Trial) -> dict[str, bytes]:
    """Writes a trial down: file name -> content, `trial.toml` and copies of the files that it names under `inputs/`.

    Gives nothing where the trial was made from objects that no file states.
    """
    asked = trial.asked
    files: dict[str, bytes] = {}
    worlds = {name: _named_case(world.case, files) for name, world in trial.worlds.items()}
    policies = asked["policies"]
    if isinstance(policies, (str, Path)):
        policies = [policies]
    if policies is not None and (isinstance(policies, Mapping) or not all(isinstance(item, (str, Path)) for item in policies)):
        return {}
    if any(case is None for case in worlds.values()):
        return {}
    known = {*catalogue(), *(name for world in trial.worlds.values() if world.case for name in world.case.policies)}
    named_policies = None if policies is None else [_named_policy(item, known, files) for item in policies]
    references = {world.reference for world in trial.worlds.values()}
    reference = asked["reference"] or (references.pop() if len(references) == 1 else None)
    lines = ["# Written by redqueen, to be run again: redqueen trial FILE", "[trial]", f"name = {toml_value(trial.name)}"]
    lines += [f"seeds = {toml_value(trial.seeds)}"]
    for key, value in (
        ("quarters", asked["quarters"]), ("policies", named_policies), ("reference", reference),
        ("variables", None if trial.variables is None else list(trial.variables)), ("placebo", asked["placebo"] or None),
        ("equal_cost", asked["equal_cost"] or None), ("own_luck", asked["own_luck"] or None),
    ):
        if value is not None:
            lines.append(f"{key} = {toml_value(value)}")
    for name, written in worlds.items():
        region = trial.worlds[name].region
        lines += ["", "[[world]]", f"name = {toml_value(name)}", f"case = {toml_value(written)}"]
        lines += [f"region = {toml_value(region)}"] if region else []
    if trial.parameters:
        lines += ["", "[parameters]", *(f"{name} = {toml_value(value)}" for name, value in trial.parameters.items())]
    if trial.samples is not None:
        ranges = trial.samples.ranges
        lines += ["", "[uncertain]", *(f"{name} = {toml_value(list(limits))}" for name, limits in ranges.items())]
        lines += ["", "[samples]", f"method = {toml_value(trial.samples.method)}", 'file = "inputs/points.csv"']
        files["inputs/points.csv"] = _points_text(trial.samples)
    return {"trial.toml": ("\n".join(lines) + "\n").encode(), **files}


def _read_worlds(root: Section, folder: Path) -> dict[str, Site]:
    found: dict[str, Site] = {}
    sections = root.sections("world")
    if not sections and "world" not in root.table:
        root.fault(None, "'[[world]]' is missing", 'add [[world]] with case = "hsinchu", or a case file')
    for section in sections:
        section.only(KEYS["world"])
        case = section.text("case", one_line=True)
        region = section.text("region", default=None, one_line=True)
        usual = None if case is None else f"{Path(case).stem}{f'_{region}' if region and len(sections) > 1 else ''}"
        name = section.word("name", default=usual)
        if case is None or name is None:
            continue
        if name in found:
            section.fault("name", f"two worlds are called '{name}'", "give one of them a name of its own")
        if case.endswith(".toml"):
            case = str(folder / case)
        elif case not in bundled():
            section.fault(
                "case", f"no bundled case '{case}'", nearest(case, bundled()) or "name a .toml file, or see redqueen cases"
            )
            continue
        found[name] = Site(case, region)
    return found


def _usual_reference(worlds: Mapping[str, Site]) -> str | None:
    """Gives the reference of the cases where they have the same; otherwise each world keeps its own."""
    found = {case(site.case).reference for site in worlds.values() if isinstance(site.case, str)}
    return found.pop() if len(found) == 1 else None


def _read_seeds(section: Section) -> Any:
    value = section.table.get("seeds", SEEDS)
    if isinstance(value, list):
        if not value or not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in value):
            section.fault("seeds", "must be a number of seeds, or a list of whole numbers")
            return 1
        return value
    return _whole(section, "seeds", SEEDS) or 1


def _whole(section: Section, key: str, default: int | None) -> int | None:
    value = section.table.get(key, default)
    if value is default:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        section.fault(key, f"must be a whole number of 1 or more, and at most {_MOST:,}")
        return default
    return value


def _read_variables(section: Section) -> tuple[str, ...] | None:
    names, variables = section.texts("outcomes", default=None), section.texts("variables", default=None)
    if names is not None and variables is not None:
        section.fault(
            "variables", "outcomes and variables are both named", "name outcomes, or the variables that they are measured from"
        )
    for name in names or ():
        named(section, "outcomes", name, [outcome.name for outcome in OUTCOMES], "outcome")
    for name in variables or ():
        named(section, "variables", name, [field.name for field in FIELDS], "variable")
    if names is None:
        return variables
    return variables_of(chosen(list(names), faults=Faults()))


def _read_parameters(root: Section) -> dict[str, float]:
    section = root.section("parameters")
    found = {}
    for name in section.table if section else ():
        assert section is not None
        if named(section, name, name, _PARAMETERS, "parameter"):
            row = _PARAMETERS[name]
            value = section.number(name, row.unit, row.low, row.high)
            if value is not None:
                found[name] = value
    return found


def read_samples(root: Section, folder: Path) -> Samples | None:
    """Reads `[uncertain]` and `[samples]` of a file; None where neither is written, or what is written is at fault, which is noted.
    """
    uncertain, section = root.section("uncertain"), root.section("samples")
    if uncertain is None and section is None:
        return None
    ranges = _read_ranges(uncertain) if uncertain is not None else {}
    section = section or Section(root.document, ("samples",), {}, "samples")
    section.only(KEYS["samples"])
    file = section.text("file", default=None, one_line=True)
    method = section.text("method", default=POINTS if file else LATIN_HYPERCUBE, one_line=True)
    count, draw = _whole(section, "count", COUNT), _whole(section, "draw", DRAW)
    if file is not None:
        return _read_points(section, folder / file, ranges, method or POINTS)
    if method == POINTS:
        section.fault("method", "points need a file", 'add file = "plausible.csv"')
    elif method is not None and not named(section, "method", method, METHODS, "method"):
        return None
    if uncertain is None or not uncertain.table:
        root.fault(
            None, "[samples] needs [uncertain]",
            'say what is uncertain, as in novelty_success = [0.1, 0.3] or attention = "declared"'
        )
    # Ranges that could not be read would be fewer dimensions.
    if not ranges or method == POINTS or len(ranges) < len(uncertain.table if uncertain else ()):
        return None
    lay_out = sobol if method == SOBOL else latin_hypercube
    return lay_out(ranges, count or COUNT, draw=draw or DRAW)


def _read_ranges(section: Section) -> dict[str, tuple[float, float]]:
    found = {}
    for name, value in section.table.items():
        if not named(section, name, name, _PARAMETERS, "parameter"):
            continue
        row = _PARAMETERS[name]
        if value == DECLARED:
            found[name] = (row.low, row.high)
            continue
        if not isinstance(value, list) or len(value) != 2:
            section.fault(
                name, f"must be two numbers, lowest and highest ({row.unit})", f'or "{DECLARED}", for {row.low:g} to {row.high:g}'
            )
            continue
        limits = [section.checked(name, limit, row.unit, row.low, row.high, (place,)) for place, limit in enumerate(value)]
        if limits[0] is None or limits[1] is None:
            continue
        if limits[0] >= limits[1]:
            section.fault(name, f"{limits[0]:g} is not below {limits[1]:g}", "give the lowest first")
            continue
        found[name] = (limits[0], limits[1])
    return found


def _read_points(section: Section, path: Path, ranges: Mapping[str, tuple[float, float]], method: str) -> Samples | None:
    """Reads points from a table with a column a parameter; other columns are passed over."""
    faults = Faults(file=path)
    if os.path.exists(path) and not os.path.isfile(path):
        section.fault("file", f"{path} is not a file")
        return None
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, ValueError, csv.Error) as error:
        section.fault("file", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")
        return None
    header = rows[0] if rows else []
    columns = {name.strip(): place for place, name in enumerate(header) if name.strip() in _PARAMETERS}
    if ranges:
        for name in ranges:
            if name not in columns:
                faults.add(f"has no column '{name}'", line=1, remedy=nearest(name, header) or f"it has {', '.join(header)}")
        columns = {name: columns[name] for name in ranges if name in columns}
    if not columns:
        faults.add("no column bears the name of a parameter", line=1, remedy="redqueen parameters lists them")
    points = []
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        point = []
        for name, place in columns.items():
            limit = _PARAMETERS[name]
            try:
                value = float(row[place])
            except (ValueError, IndexError):
                faults.add("is not a number", line=line, field=name)
                continue
            if not limit.low <= value <= limit.high:
                faults.add(f"{value:g} is outside {limit.low:g} to {limit.high:g} ({limit.unit})", line=line, field=name)
            point.append(value)
        points.append(point)
    if columns and not points:
        faults.add("holds no point", line=2)
    section.document.faults.extend(faults[:20])
    if faults:
        return None
    array = numpy.array(points, dtype=float)
    found = dict(ranges) or {name: (_PARAMETERS[name].low, _PARAMETERS[name].high) for name in columns}
    return Samples(found, array, method)


def _located(policies: tuple[str, ...] | None, folder: Path) -> list[str] | None:
    return None if policies is None else [str(folder / name) if name.endswith(".toml") else name for name in policies]


def _named_case(case: Case | None, files: dict[str, bytes]) -> str | None:
    """Names a case for a file beside which its copy lies; None where no file states it as it is."""
    if case is None or not case.file:
        return None
    if case.name in bundled() and Path(case.file) == bundled_file(case.name):
        return case.name
    try:
        content = Path(case.file).read_bytes()
    except OSError:
        return None
    return _copied(Path(case.file), content, files)


def _named_policy(item: str | Path, known: set[str], files: dict[str, bytes]) -> str:
    if isinstance(item, str) and (item in known or not item.endswith(".toml")):
        return item
    return _copied(Path(item), Path(item).read_bytes(), files)


def _copied(path: Path, content: bytes, files: dict[str, bytes]) -> str:
    name, number = f"inputs/{path.name}", 2
    while files.get(name, content) != content:
        name, number = f"inputs/{path.stem}_{number}.toml", number + 1
    files[name] = content
    return name


def _points_text(samples: Samples) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(samples.names)
    # The shortest number that reads back as the same bits.
    writer.writerows([repr(value) for value in row] for row in samples.points.tolist())
    return text.getvalue().encode()

