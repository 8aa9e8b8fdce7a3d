"""How observations arrive: from a csv file, or out of any table that is read as evidence; checked against the plan they are for."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from redqueen.cases.worlds import YEARS
from redqueen.errors import Faults, Refused, nearest
from redqueen.evidence.checking import MISSING
from redqueen.evidence.evidence import Evidence
from redqueen.evidence.facts import sources
from redqueen.evidence.formats import formats, read_evidence
from redqueen.evidence.unpacking import Unpacked
from redqueen.studies.choosing import choose_activity, choose_region
from redqueen.studies.monitor.ledger import EXPORTED, Entry, capped

if TYPE_CHECKING:
    from redqueen.studies.monitor.goals import Indicator, Plan
    from redqueen.studies.monitor.ledger import Observation

__all__ = ["ALL", "COLUMNS", "check_entries", "far_apart", "from_table", "names_figures", "read_entries"]

#: The columns of a csv file of observations.
COLUMNS = ("indicator", "year", "date", "value", "region", "unit", "source", "note", "entered_by")
#: Stands for the sum over all activities of a table.
ALL = "ALL"

_HEADING = "nothing was recorded"
_SEPARATORS = (",", ";", "\t")
# What was matched is not given back: a cell of a hundred thousand digits takes no longer than its length.
_NUMBER = re.compile(r"[+-]?(\d++\.?\d*+|\.\d++)(e[+-]?\d++)?", re.ASCII | re.IGNORECASE)
# Names that are listed, and letters of a cell that are shown.
_LISTED, _LETTERS = 12, 60
# Growth or decline in a year, a logarithm, beyond which a figure may be a slip: a doubling; and how many are told.
_JUMP, _TOLD = 0.7, 5


def read_entries(path: str | Path, plan: Plan, *, entered_by: str = "", source: str | None = None) -> list[Entry]:
    """Reads the observations of a csv file: columns indicator, year (or date) and value; region, unit, source, note and entered_by.

    Separated by commas, semicolons or tabs, told by the header. A date stands for its calendar year. Without a region or a unit
    it is the indicator's; `source` and `entered_by` hold for rows that name none. Other columns of an export are passed over.
    Refuses, all at once and each with its line, what cannot be read and what `check_entries` notes.
    """
    faults = Faults(file=path)
    entries = []
    for line, cells in _rows(Path(path), faults):
        entry = _entry(cells, line, plan, entered_by, source, faults)
        if entry is not None:
            entries.append(entry)
    if not entries and not faults:
        faults.add("holds no observation", remedy="give a row for each: indicator, year, value")
    _check(entries, plan, faults)
    if faults:
        raise Refused(capped(sorted(faults, key=lambda fault: fault.line or 0)), _HEADING)
    return entries


def from_table(
    place: str | Path,
    plan: Plan,
    indicator: str,
    *,
    region: str | None = None,
    measure: str | None = None,
    activity: str | None = None,
    scale: float = 1.0,
    entered_by: str = "",
    source: str | None = None,
    note: str = "",
    format: str | None = None,
    notes: list[str] | None = None,
    progress: bool = True,
) -> list[Entry]:
    """Takes one series out of a file or folder that `redqueen.evidence` reads, as observations of an indicator.

    `region`, `measure` and `activity` are as the table names them; `activity` = `ALL` sums over all of them; a region that is not
    given is the indicator's, where the table knows its name. Figures are multiplied by `scale`, which brings them to the
    indicator's unit. Years outside the run, or before monitoring begins, are left out, and `notes` is told which. The source
    is the file's name and its publisher, unless given. Refuses what may mean several series, with what there is.
    """
    faults = Faults()
    if indicator not in plan.indicators:
        faults.add(f"no indicator is called '{indicator}'", remedy=_among(indicator, plan.indicators))
    if not (math.isfinite(scale) and scale > 0):
        faults.add(f"{scale} cannot bring figures to a unit", field="scale", remedy="give a number above zero")
    faults.refuse_if_any(_HEADING)
    asked = plan.indicators[indicator]
    # Trade is summed over partners: an indicator is of one region.
    table = read_evidence(place, format=format, without=("partner",), progress=progress)
    if table.kind not in ("activities", "regions"):
        kind = table.kind.replace("_", "-")
        raise Refused.one(f"a table of {kind} holds no series of one region", file=place, heading=_HEADING)
    series, words = _series(table, asked.region if region is None else region, measure, activity, place)
    kept = series[(series.index >= plan.since) & (series.index <= plan.last)]
    if kept.empty:
        raise Refused.one(
            f"it has {_years(list(series.index))} alone, and {plan.since} to {plan.last} can be observed",
            file=place,
            heading=_HEADING,
        )
    if notes is not None and len(kept) < len(series):
        left = [year for year in series.index if year not in kept.index]
        notes.append(f"{len(left)} of {len(series)} years left out, {_years(left)}: {plan.since} to {plan.last} can be observed")
    if source is None:
        known = formats().get(table.format)
        source = ", ".join([Path(place).name, *([sources()[known.source].publisher] if known else [])])
    told = "; ".join(text for text in (words, f"times {scale:g}" if scale != 1 else "", note) if text)
    entries = [
        Entry(indicator, asked.region, int(str(year)), float(value) * scale, asked.unit, source, entered_by, told, file=str(place))
        for year, value in kept.items()
    ]
    _check(entries, plan, faults)
    if faults:
        raise Refused(capped(faults), _HEADING)
    return entries


def check_entries(entries: Sequence[Entry], plan: Plan, faults: Faults) -> None:
    """Notes what cannot be an observation of a plan: by indicator, region, year, unit or figure, or because it stands twice.

    Of many faults the first are noted, and how many more there are.
    """
    mine = Faults()
    _check(entries, plan, mine)
    faults.extend(capped(mine))


def far_apart(plan: Plan, entries: Sequence[Entry], known: Sequence[Observation]) -> list[str]:
    """Says which figures are far from the one before or after: slips of a digit happen."""
    there = {(one.indicator, one.year): one.value for one in (*known, *entries) if one.value is not None}
    found = []
    for one in entries:
        indicator = plan.indicators.get(one.indicator)
        years = [year for name, year in there if name == one.indicator and year != one.year]
        if one.value is None or indicator is None or not indicator.relative or not years:
            continue
        year = min(years, key=lambda other: (abs(other - one.year), other))
        apart = abs(float(indicator.working(one.value) - indicator.working(there[one.indicator, year])))
        if apart > _JUMP * abs(year - one.year):
            found.append(
                f"{one.indicator} of {one.year}, {one.value:g}, is far from {there[one.indicator, year]:g} of {year}: a slip?"
            )
    return found[:_TOLD]


def names_figures(columns: Sequence[str]) -> bool:
    """Says whether a header is that of a csv file of observations."""
    named = {name.strip().casefold() for name in columns}
    return {"indicator", "value"} <= named and bool({"year", "date"} & named)


def _check(entries: Sequence[Entry], plan: Plan, mine: Faults) -> None:
    for name, told in (("source", "say where the figure is from"), ("entered_by", "say who enters it")):
        without = [entry for entry in entries if not str(getattr(entry, name)).strip()]
        # What all of them lack is said once.
        for entry in without[:1] if len(without) == len(entries) else without:
            line = entry.line if len(without) < len(entries) else None
            mine.add("is missing", file=entry.file, line=line, field=name, remedy=told)
    first: dict[tuple[str, str, int], Entry] = {}
    for entry in entries:
        place: dict[str, Any] = {"file": entry.file, "line": entry.line}
        indicator = plan.indicators.get(entry.indicator)
        if indicator is None:
            mine.add(
                f"no indicator is called '{entry.indicator}'",
                field="indicator",
                remedy=_among(entry.indicator, plan.indicators),
                **place,
            )
        else:
            _check_figure(entry, indicator, mine, place)
        _check_year(entry.year, plan, mine, place)
        before = first.setdefault(entry.key, entry)
        if before is not entry:
            where = f"first on line {before.line}" if before.line else "keep one of the two"
            mine.add(f"{entry.named} stands twice", remedy=where, **place)


def _check_figure(entry: Entry, indicator: Indicator, faults: Faults, place: dict[str, Any]) -> None:
    if entry.region != indicator.region:
        remedy = "declare an indicator of that region in the goals file" if entry.region else None
        faults.add(
            f"{indicator.name} is observed in {indicator.region}, not in '{entry.region}'", field="region", remedy=remedy, **place
        )
    if entry.unit != indicator.unit:
        remedy = "convert the figure, and give it in the indicator's unit"
        faults.add(f"{indicator.name} is in '{indicator.unit}', not in '{entry.unit}'", field="unit", remedy=remedy, **place)
    if entry.value is None:
        return
    if not math.isfinite(entry.value):
        faults.add(f"{entry.value} is no figure", field="value", **place)
    elif not math.isfinite(float(indicator.working(entry.value))):
        lowest = "zero and less" if indicator.measured.since is None or indicator.base is not None else "a fall by all or more"
        faults.add(
            f"{entry.value:g} {indicator.unit} cannot be: {indicator.name} is worked with as a ratio, and {lowest} has none",
            field="value",
            remedy="leave out a year without a figure",
            **place,
        )


def _check_year(year: Any, plan: Plan, faults: Faults, place: dict[str, Any]) -> None:
    if isinstance(year, bool) or not isinstance(year, (int, float)) or not math.isfinite(year) or year % 1:
        faults.add(f"'{year}' is no whole year", field="year", **place)
    elif year < plan.since:
        faults.add(f"{year:g} is too early: monitoring begins with {plan.since}", field="year", **place)
    elif year > plan.last:
        faults.add(f"{year:g} is too late: the last year of the run that can be observed is {plan.last}", field="year", **place)


# A csv file


def _rows(path: Path, faults: Faults) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields the rows below the header by column, each with its line; a header that is wrong is noted, and ends it."""
    text = _text(path)
    start = text.lstrip("\r\n")
    header = start.splitlines()[0] if start.strip() else ""
    separator = max(_SEPARATORS, key=lambda one: len(_named(header, one) & {*COLUMNS, *EXPORTED}))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names: list[str] = []
    line = 1
    try:
        for cells in reader:
            first, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            # Spreadsheets end lines with separators of columns that nobody filled.
            while len(cells) > len(names) and not cells[-1].strip():
                cells.pop()
            if not names:
                names = [cell.strip().casefold() for cell in cells]
                if not _header_is_right(names, first, faults):
                    return
            elif len(cells) != len(names):
                faults.add(
                    f"{len(cells)} cells, where the header names {len(names)} columns",
                    line=first,
                    remedy='put a text with a separator in "quotes"',
                )
            else:
                yield first, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    except csv.Error as error:
        faults.add(f"cannot be read on: {error}", line=line, remedy='is a " not closed?')
    if not names:
        faults.add("is empty", remedy=f"begin with the header {'indicator, year, value'}")


def _text(path: Path) -> str:
    with Unpacked(path, _HEADING) as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused.one(
            "is not text in UTF-8", file=path, line=line, remedy="save it as CSV in UTF-8", heading=_HEADING
        ) from error
    if "\0" in text:
        raise Refused.one(
            "is no text", file=path, line=text.count("\n", 0, text.index("\0")) + 1, remedy="save it as CSV", heading=_HEADING
        )
    return text


def _named(header: str, separator: str) -> set[str]:
    return {cell.strip().strip('"').strip().casefold() for cell in header.split(separator)}


def _header_is_right(names: list[str], line: int, faults: Faults) -> bool:
    before = len(faults)
    known = {*COLUMNS, *EXPORTED}
    for name in dict.fromkeys(names):
        if name not in known:
            faults.add(f"no column is called '{name[:_LETTERS]}'", line=line, remedy=_among(name, COLUMNS))
        elif names.count(name) > 1:
            faults.add(f"the column {name} stands twice", line=line)
    for name in ("indicator", "value"):
        if name not in names:
            faults.add(
                f"the column {name} is missing", line=line, remedy="the header is indicator, year, value, and more if wanted"
            )
    if ("year" in names) == ("date" in names):
        faults.add("one column says when: year, or date", line=line)
    return len(faults) == before


def _entry(cells: dict[str, str], line: int, plan: Plan, entered_by: str, source: str | None, faults: Faults) -> Entry | None:
    before = len(faults)
    value, year = _value(cells["value"], line, faults), _year(cells, line, faults)
    if not cells["indicator"]:
        faults.add("is missing", field="indicator", line=line)
    if len(faults) > before:
        return None
    indicator = plan.indicators.get(cells["indicator"])
    own_region, own_unit = (indicator.region, indicator.unit) if indicator else ("", "")
    return Entry(
        cells["indicator"],
        cells.get("region") or own_region,
        year,
        value,
        cells.get("unit") or own_unit,
        cells.get("source") or source or "",
        cells.get("entered_by") or entered_by,
        cells.get("note", ""),
        file=str(faults.file),
        line=line,
    )


def _value(cell: str, line: int, faults: Faults) -> float:
    value = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    if cell in MISSING:
        faults.add(
            "is missing", field="value", line=line, remedy="leave out a year without a figure; a figure is withdrawn by name"
        )
    elif not math.isfinite(value):
        remedy = "write it as 1234.5, without signs for thousands" if re.search(r"\d", cell) else None
        faults.add(f"'{cell[:_LETTERS]}' is no finite number", field="value", line=line, remedy=remedy)
    return value


def _year(cells: dict[str, str], line: int, faults: Faults) -> int:
    """Reads a year, or the calendar year of a date."""
    column = "year" if "year" in cells else "date"
    cell = cells[column]
    year = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    if math.isnan(year):
        with contextlib.suppress(ValueError):
            year = datetime.date.fromisoformat(cell).year
    if not (YEARS[0] <= year <= YEARS[1]) or year % 1:
        told = f"'{cell[:_LETTERS]}' is no whole year between {YEARS[0]:g} and {YEARS[1]:g}" if cell else "is missing"
        faults.add(told, field=column, line=line, remedy="write it as 1998, or as 1998-12-31")
        return 0
    return int(year)


# A table of evidence


def _series(table: Evidence, region: str, measure: str | None, activity: str | None, place: str | Path) -> tuple[pd.Series, str]:
    """Gives one figure a year, and in words what it is."""
    faults = Faults(file=place)
    chosen: dict[str, str] = {}
    try:
        chosen["region"] = choose_region(region.replace("_", " ") if region not in table.regions else region, [table])
    except Refused as refusal:
        faults.extend(refusal.faults)
    if measure is None and len(table.measures) == 1:
        measure = table.measures[0]
    if measure is None or measure not in table.units:
        told = "it holds several measures" if measure is None else f"it holds no measure '{measure}'"
        faults.add(told, field="measure", remedy=_among(measure or "", table.measures))
    if activity is not None and not table.activities:
        faults.add(f"it has no activities, and so no '{activity}'", field="activity", remedy="leave it out")
    elif activity is None and len(table.activities) > 1:
        faults.add("it holds several activities", field="activity", remedy=f"{ALL} sums them; there is {_listed(table.activities)}")
    elif activity is not None and (activity != ALL or ALL in table.activities):
        try:
            chosen["activity"] = choose_activity(activity, table)
        except Refused as refusal:
            faults.extend(refusal.faults)
    faults.refuse_if_any(_HEADING)
    rows = table.rows[(table.rows["region"] == chosen["region"]) & (table.rows["measure"] == measure)]
    words = [f"{measure} of {table.name_of(chosen['region'])}", f"{table.units[str(measure)]}"]
    if "activity" in chosen:
        rows = rows[rows["activity"] == chosen["activity"]]
        words.insert(1, table.name_of(chosen["activity"], "activity"))
    if rows.empty:
        raise Refused.one(f"it holds no {', '.join(words[:-1])}", file=place, heading=_HEADING)
    by_year = rows.groupby("year")["value"]
    if "activity" not in chosen and table.activities:
        counts = by_year.size()
        least = f"{counts.min()} to " if counts.min() < counts.max() else ""
        words.insert(1, f"sum over {least}{counts.max()} activities")
    return by_year.sum().sort_index(), ", ".join(words)


def _years(years: Sequence[int]) -> str:
    if len(years) < 2 or len(years) == years[-1] - years[0] + 1:
        return " to ".join(str(year) for year in dict.fromkeys((*years[:1], *years[-1:])))
    return f"{len(years)} years from {years[0]} to {years[-1]}"


def _among(asked: str, known: Any) -> str:
    return nearest(asked, known) or f"there is {_listed(known)}"


def _listed(known: Any) -> str:
    names = list(known)
    return f"{', '.join(map(str, names[:_LISTED]))}{f' and {len(names) - _LISTED} more' if len(names) > _LISTED else ''}"
