"""Write a diagnosis as a self-contained HTML page or as a figure; matplotlib is loaded when something is drawn."""

from __future__ import annotations

import html
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

from redqueen.errors import Faults
from redqueen.report.diagnosis import blocks, sentences, title
from redqueen.report.figures import COLOURS, FAINT, INK, drawing
from redqueen.studies.forecast import HORIZON
from redqueen.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from redqueen.studies.diagnose import Diagnosis

__all__ = ["ENDINGS", "check_page", "figure", "page", "write_page"]

#: What a page or figure may be written as.
ENDINGS = (".html", ".png", ".svg")
_MARK = "made by redqueen diagnose"
_SHOWN, _LONGEST = 10, 34
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .2rem .6rem .2rem 0; text-align: left; border-bottom: 1px solid #e3e3e3; }
th { font-weight: 600; color: #666; } .n { text-align: right; font-variant-numeric: tabular-nums; }
p.below, footer { color: #666; font-size: .88rem; } svg { max-width: 100%; height: auto; }
"""


def check_page(place: str, faults: Faults, mark: str = _MARK) -> None:
    """Notes what keeps a page from being written: another ending, a folder in the way, a file without the mark of who writes it."""
    path = Path(place)
    if path.suffix not in ENDINGS:
        faults.add(f"the name ends in one of {', '.join(ENDINGS)}", file=place, field="-o")
    elif path.is_dir():
        faults.add("this is a folder", file=place, field="-o", remedy="name a file")
    elif not path.absolute().parent.is_dir():
        faults.add("its folder does not exist", file=place, field="-o", remedy=f"make {path.parent} first")
    elif path.exists() and mark.encode() not in path.read_bytes():
        faults.add("exists, and redqueen did not make it", file=place, field="-o", remedy="give another name")


def write_page(diagnosis: Diagnosis, place: str, command: str) -> None:
    """Writes the page (.html) or the figure (.png, .svg), whole or not at all."""
    path = Path(place)
    if path.suffix == ".html":
        content = page(diagnosis, command).encode()
    else:
        stream = io.BytesIO()
        words = {"Description" if path.suffix == ".png" else "Title": f"{_MARK}: {command}"}
        _save(diagnosis, stream, path.suffix[1:], words)
        content = stream.getvalue()
    with whole_file(path) as draft:
        draft.write_bytes(content)


def page(diagnosis: Diagnosis, command: str) -> str:
    """Gives the whole diagnosis as one HTML document that needs nothing else: figure, sentences, tables, what is not known."""
    stream = io.BytesIO()
    _save(diagnosis, stream, "svg", {})
    drawn = stream.getvalue().decode()
    drawn = drawn[drawn.index("<svg") :]
    parts = [f"<h1>{_text(title(diagnosis))}</h1>", _list(sentences(diagnosis)), f"<figure>{drawn}</figure>"]
    for heading, columns, right, rows, below in blocks(diagnosis):
        kinds = [' class="n"' if name in right else "" for name in columns]
        head = "".join(f"<th{kind}>{_text(name)}</th>" for name, kind in zip(columns, kinds, strict=True))
        body = "".join(
            f"<tr>{''.join(f'<td{kind}>{_text(cell)}</td>' for cell, kind in zip(row, kinds, strict=True))}</tr>" for row in rows
        )
        parts.append(f"<h2>{_text(heading)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        parts.append(f'<p class="below">{_text(below)}</p>' if below else "")
    if diagnosis.notes:
        parts.append(f"<h2>Not known from these tables</h2>{_list(diagnosis.notes)}")
    sources = [f"{', '.join(one['files'])}: {one['title']}" for one in diagnosis.tables]
    parts.append(
        f"<footer><p>Tables: {_text('; '.join(sources))}.</p><p>{_MARK.capitalize()}: <code>{_text(command)}</code></p></footer>"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<meta name=\"generator\" "
        f"content=\"{_MARK}\"><title>{_text(title(diagnosis))}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(part for part in parts if part) + "</body></html>\n"
    )


def figure(diagnosis: Diagnosis) -> Figure:
    """Draws strengths with their intervals, what is near, the place in the chain and the distance to the frontier."""
    panels = [draw for has, draw in (
        (diagnosis.strengths, _draw_strengths), (diagnosis.adjacent, _draw_near),
        (diagnosis.chain.get("kept"), _draw_kept), (diagnosis.innovation.get("paths"), _draw_paths),
    ) if has]
    with drawing() as pyplot:
        columns = min(2, max(1, len(panels)))
        rows = max(1, -(-len(panels) // columns))
        drawn, axes = pyplot.subplots(rows, columns, squeeze=False, figsize=(6.2 * columns, 3.6 * rows))
        for axis, draw in zip(axes.flat, panels, strict=False):
            draw(axis, diagnosis)
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        drawn.suptitle(title(diagnosis), x=0.01, ha="left", fontweight="bold")
    return drawn


def _save(diagnosis: Diagnosis, stream: io.BytesIO, kind: str, words: dict[str, str]) -> None:
    with drawing():
        drawn = figure(diagnosis)
        # No date: the same diagnosis draws the same bytes.
        drawn.savefig(stream, format=kind, metadata=({"Date": None} if kind == "svg" else {}) | words)


def _draw_strengths(axis: Axes, diagnosis: Diagnosis) -> None:
    first = diagnosis.strengths[0]
    rows = [row for row in diagnosis.strengths if (row.table, row.measure) == (first.table, first.measure)][:_SHOWN][::-1]
    for place, row in enumerate(rows):
        if row.low is not None and row.high is not None:
            axis.plot([row.low, row.high], [place, place], color=COLOURS[0], linewidth=1.6)
        axis.plot(row.rca, place, "o", color=COLOURS[0], markerfacecolor="white" if row.sure is False else COLOURS[0])
        if row.before:
            axis.plot(row.before, place, "|", color=FAINT, markersize=9)
    axis.axvline(1, color=INK, linewidth=0.8)
    axis.set_xscale("log")
    low, high = axis.get_xlim()
    axis.set_xticks([tick for tick in _TICKS if low <= tick <= high], [f"{tick:g}" for tick in _TICKS if low <= tick <= high])
    axis.set_xticks([], minor=True)
    axis.set_yticks(range(len(rows)), [_short(row.name) for row in rows])
    axis.set_title(f"Distinctively good at: {first.measure}, {first.year}")
    axis.set_xlabel(f"RCA (log scale){'; stroke: up to ten years before' if any(row.before for row in rows) else ''}")


def _draw_near(axis: Axes, diagnosis: Diagnosis) -> None:
    first = diagnosis.adjacent[0]
    rows = [row for row in diagnosis.adjacent if (row.table, row.measure) == (first.table, first.measure)][:_SHOWN][::-1]
    known = rows[-1].probability is not None
    lengths = [row.density if not known else math.nan if row.probability is None else 100 * row.probability for row in rows]
    axis.barh(range(len(rows)), lengths, color=COLOURS[2], height=0.6)
    axis.set_yticks(range(len(rows)), [_short(row.name) for row in rows])
    axis.set_title(f"Within reach: {first.measure}")
    axis.set_xlabel(f"chance of a specialisation by {first.year + HORIZON}, %" if known else "relatedness, %")


def _draw_kept(axis: Axes, diagnosis: Diagnosis) -> None:
    rows = diagnosis.chain["kept"][:_SHOWN][::-1]
    axis.barh(range(len(rows)), [row["share"] for row in rows], color=COLOURS[1], height=0.6)
    for place, row in enumerate(rows):
        if row.get("share_before") is not None:
            axis.plot(row["share_before"], place, "|", color=INK, markersize=12)
    axis.set_yticks(range(len(rows)), [_short(row["name"]) for row in rows])
    axis.set_title(f"Value it keeps of the world's final products, {diagnosis.chain['year']}")
    before = diagnosis.chain.get("year_before")
    axis.set_xlabel(f"% of the product's value{f'; stroke: {before}' if before else ''}")


def _draw_paths(axis: Axes, diagnosis: Diagnosis) -> None:
    one = diagnosis.innovation["paths"][0]
    for place, path in enumerate(one["regions"]):
        mine = place == 0
        axis.plot(
            path["years"], path["values"], color=COLOURS[0] if mine else FAINT, linewidth=2 if mine else 0.9,
            alpha=1 if mine else 0.7
        )
        axis.annotate(
            path["name"], (path["years"][-1], path["values"][-1]), xytext=(3, 0), textcoords="offset points", fontsize=8,
            va="center", color=COLOURS[0] if mine else FAINT
        )
    axis.margins(x=0.16)
    axis.set_title(f"{one['measure'].capitalize()}, % of the frontier")
    axis.set_xlabel("year")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip(' ,;')}…"


def _list(items: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(item)}</li>' for item in items)}</ul>" if items else ""


def _text(value: object) -> str:
    return html.escape(str(value))
