"""Draw futures and effects; matplotlib is loaded when something is drawn."""

from __future__ import annotations

import contextlib
import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.errors import Faults, require
from redqueen.lab.compare import Effect, Row
from redqueen.lab.futures import Futures, futures
from redqueen.lab.intervals import LEAST_SEEDS, LOWERS, NO_DIFFERENCE, RAISES
from redqueen.lab.outcomes import BY_NAME, DOWN, SMOOTHING, UP, WORLD, Outcome, series
from redqueen.report.words import capital, place_words, title_of, unit_words
from redqueen.writing import whole_file

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers tell apart; yellow is left out (too pale on white).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
INK, FAINT, GRID = "#222222", "#666666", "#e3e3e3"
BETTER, WORSE, UNCLEAR = "#0072B2", "#D55E00", "#777777"

#: Endings of figures.
FORMATS = (".png", ".svg")
# What would date a file, or say what drew it.
_UNDATED = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}

_DOTS = "Filled dot: the interval leaves out zero; hollow: it does not. "
_FEW = f"Fewer than {LEAST_SEEDS} seeds: all dots are hollow. "
BEYOND_NOTE = "Square below: beyond giving households the same money. "

_STYLE = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "grid.color": GRID,
    "axes.axisbelow": True,
    "ytick.major.size": 0,
    "axes.linewidth": 0.8,
    "figure.dpi": 100,
    "savefig.dpi": 150,
    # Text stays text, and nothing random or dated enters the file: the same result draws the same bytes.
    "svg.fonttype": "none",
    "svg.hashsalt": "redqueen",
}

_PANEL_WIDTH, _PANEL_HEIGHT, _MOST_COLUMNS = 4.2, 2.7, 3
# Characters of a policy's title in a line of a panel's head, beside a row of effects, and at the end of a line.
_HEAD, _BESIDE, _AT_END = 40, 30, 18
# How far below an effect stands what is beyond the money, in rows.
_BELOW = 0.3


def fan(
    result: xarray.Dataset,
    outcome: str,
    *,
    region: str | None = None,
    policies: Sequence[str] | None = None,
    reference: str | None = None,
    stage: str | None = None,
    command: str | None = None,
) -> Figure:
    """Draws the futures of an outcome: one panel a policy, each over the reference's dashed median.

    Bands hold half and nine tenths of the seeds, the line is their median; where a policy has a placebo, its median is dotted.
    `policies` are all but the reference and placebos of others unless named; `command` goes into the footer in place of the
    trial's own.
    """
    reference = str(result.attrs["reference"]) if reference is None else reference
    placebos = json.loads(result.attrs.get("placebos", "{}"))
    of_others = {name for policy, name in placebos.items() if policy != reference}
    all_names = [str(name) for name in result["policy"].values if str(name) not in of_others]
    named = [name for name in (all_names if policies is None else policies) if name != reference]
    fans = futures(result, outcome, region, [*named, reference], stage)
    base, shown = fans[-1], fans[:-1] or fans
    dotted = {name: futures(result, outcome, region, [placebos[name]], stage)[0] for name in named if name in placebos}
    with drawing() as pyplot:
        columns = min(len(shown), _MOST_COLUMNS)
        rows = -(-len(shown) // columns)
        width = _PANEL_WIDTH * columns + (2.0 if columns == 1 else 0.6)
        figure, axes = pyplot.subplots(
            rows, columns, sharex=True, sharey=True, squeeze=False, figsize=(width, _PANEL_HEIGHT * rows + 1.5)
        )
        for position, (axis, one) in enumerate(zip(axes.flat, shown, strict=False)):
            _draw_fan(axis, one, base, COLOURS[position % len(COLOURS)], title_of(result, one.policy))
            if one.policy in dotted:
                axis.plot(one.time, dotted[one.policy].median, color=INK, linewidth=1.4, linestyle=":")
        for axis in axes.flat[len(shown) :]:
            axis.set_visible(False)
        # Panels above an empty place carry their own years.
        for position in range(max(0, len(shown) - columns), len(shown)):
            axes.flat[position].xaxis.set_tick_params(labelbottom=True)
        for axis in axes[:, 0]:
            axis.set_ylabel(unit_words(base.outcome.unit))
        # Only at the right edge: elsewhere the words would push columns apart.
        for position in range(columns - 1, len(shown), columns) if base not in shown else ():
            _label_reference(axes.flat[position], base, title_of(result, base.policy))
        words = base.outcome.words + (f" ({stage})" if stage else "")
        _heading(figure, f"{capital(words)}, {place_words(base.region)}")
        bands = f"Line: median. Bands: half and nine tenths of {result.sizes['seed']} seeds. "
        bands += f"Dashed: median of the reference, {_quoted(result, base.policy)}."
        if dotted:
            bands += " Dotted: median where nothing is done but households get the policy's money."
        if base.outcome.smoothed and "quarter" in result[base.outcome.variables[0]].dims:
            bands += f" Means of {SMOOTHING} quarters."
        _footer(figure, [bands, _origin(result, command)])
    return figure


def paths(result: xarray.Dataset, outcome: str, *, command: str | None = None) -> Figure:
    """Draws an outcome of every region in a trial's first member, each line with its name at its end."""
    member = result.isel(policy=[0], seed=[0])
    policy = str(member["policy"].values[0])
    names = [
        str(name) for name in series(member, BY_NAME[outcome])["region"].values if name != WORLD or BY_NAME[outcome].of_the_world
    ]
    with drawing() as pyplot:
        figure, axes = pyplot.subplots(1, 1, squeeze=False, figsize=(_PANEL_WIDTH + 2.6, _PANEL_HEIGHT + 1.5))
        axis = axes[0, 0]
        ends = []
        for position, region in enumerate(names):
            one = futures(member, outcome, region)[0]
            axis.plot(one.time, one.median, color=COLOURS[position % len(COLOURS)], linewidth=1.8)
            ends.append((float(one.median[-1]), region, COLOURS[position % len(COLOURS)]))
        axis.margins(x=0)
        axis.locator_params(axis="x", nbins=6, integer=True)
        axis.set_ylabel(unit_words(BY_NAME[outcome].unit))
        _label_ends(axis, ends)
        _heading(figure, f"{capital(BY_NAME[outcome].words)} under {_quoted(member, policy)}")
        note = [f"Means of {SMOOTHING} quarters."] if BY_NAME[outcome].smoothed else []
        _footer(figure, [*note, _origin(member, command)])
    return figure


def effects(
    found: Sequence[Effect], *, region: str | None = None, outcomes: Sequence[str] | None = None, command: str | None = None
) -> Figure:
    """Draws effects with their intervals: one panel an outcome, one dot a policy.

    A filled dot has an interval without zero, a hollow one spans it; a square below is what a policy with a placebo does
    beyond its money. `outcomes` are the headline ones unless named.
    """
    result = found[0].result
    region = region or str(result.attrs.get("region") or result["region"].values[0])
    placebos = {effect.beyond.to for effect in found if effect.beyond}
    drawn = [effect for effect in found if effect.policy not in placebos]
    rows, beyond = (
        [row for effect in some for row in effect.rows if row.region == region and row.stage is None]
        for some in (drawn, [effect.beyond for effect in drawn if effect.beyond])
    )
    present = list(dict.fromkeys(row.outcome for row in rows))
    shown = [name for name in present if (name in outcomes if outcomes is not None else BY_NAME[name].headline)] or present
    policies = [effect.policy for effect in drawn]
    titles = [textwrap.fill(title_of(result, policy), _BESIDE) for policy in policies]
    with drawing() as pyplot:
        columns = min(len(shown), _MOST_COLUMNS)
        lines = -(-len(shown) // columns)
        lines_of_text = sum(max(1 + title.count("\n"), 2 if beyond else 1) for title in titles)
        height = 0.75 + 0.24 * lines_of_text
        figure, axes = pyplot.subplots(
            lines, columns, sharey=True, squeeze=False, figsize=(2.2 + 3.3 * columns, height * lines + 1.6)
        )
        for axis, name in zip(axes.flat, shown, strict=False):
            _draw_effects(axis, BY_NAME[name], [row for row in rows if row.outcome == name], policies)
            _draw_effects(axis, BY_NAME[name], [row for row in beyond if row.outcome == name], policies, marker="s", below=_BELOW)
            _name_rows(axis, BY_NAME[name], titles)
        for axis in axes.flat[len(shown) :]:
            axis.set_visible(False)
        _heading(figure, f"Effects in {place_words(region)} against {_quoted(result, found[0].to)}")
        first, end = (result["time"].values[position] for position in (found[0].window[0], found[0].window[1] - 1))
        note = (
            f"Bars: {100 * found[0].level:g} % intervals, paired by seed. {_DOTS if found[0].seeds >= LEAST_SEEDS else _FEW}"
            f"{BEYOND_NOTE if beyond else ''}Blue: better, orange: worse. "
            f"{found[0].seeds} seeds, quarters from {first:g} to {end:g}."
        )
        _footer(figure, [note, _origin(result, command)])
    return figure


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Writes a figure as PNG and as SVG; the same figure gives the same bytes."""
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    for path in paths:
        save_as(figure, path)
    return paths


def check_figure(place: str | Path | None, faults: Faults | None = None) -> None:
    """Refuses a place whose ending is no figure's, or notes it in `faults`; None is no place."""
    if place is None or Path(place).suffix in FORMATS:
        return
    mine = Faults() if faults is None else faults
    ending = Path(place).suffix or Path(place).name
    mine.add(f"no figure ends in '{ending}'", file=place, field="--figure", remedy="name a .png or .svg file")
    if faults is None:
        mine.refuse_if_any()


def save_as(figure: Figure, place: str | Path, dots: int | None = None) -> None:
    """Writes a figure as PNG or SVG by the ending of its name, whole or not at all; the same figure gives the same bytes."""
    check_figure(place)
    kind = Path(place).suffix[1:]
    options: dict[str, Any] = {} if dots is None else {"dpi": dots}
    with drawing(), whole_file(place) as draft:
        figure.savefig(draft, format=kind, metadata=_UNDATED[kind], **options)


@contextlib.contextmanager
def drawing() -> Iterator[Any]:
    """Lends matplotlib in our style, without a window and without touching the reader's settings."""
    matplotlib = require("matplotlib", "figures")
    figures = require("matplotlib.figure", "figures")
    agg = require("matplotlib.backends.backend_agg", "figures")

    class Subplots:
        @staticmethod
        def subplots(rows: int, columns: int, *, figsize: tuple[float, float], **options: object) -> tuple[Figure, object]:
            figure = figures.Figure(figsize=figsize, layout="constrained")
            figure.get_layout_engine().set(w_pad=0.1, h_pad=0.06)
            agg.FigureCanvasAgg(figure)
            return figure, figure.subplots(rows, columns, **options)

    with matplotlib.rc_context(_STYLE):
        yield Subplots


def _draw_fan(axis: Axes, one: Futures, base: Futures, colour: str, title: str) -> None:
    axis.fill_between(one.time, one.lowest, one.highest, color=colour, alpha=0.16, linewidth=0)
    axis.fill_between(one.time, one.low, one.high, color=colour, alpha=0.3, linewidth=0)
    axis.plot(one.time, one.median, color=colour, linewidth=1.8)
    if one is not base:
        axis.plot(base.time, base.median, color=INK, linewidth=1.2, linestyle=(0, (4, 2.5)))
    axis.set_title(textwrap.fill(title, _HEAD), color=colour)
    axis.margins(x=0)
    axis.locator_params(axis="x", nbins=5, integer=True)
    axis.locator_params(axis="y", nbins=5)


def _draw_effects(
    axis: Axes, outcome: Outcome, rows: Sequence[Row], policies: Sequence[str], *, marker: str = "o", below: float = 0.0
) -> None:
    size = 5.5 if marker == "o" else 4.0
    for row in rows:
        height = policies.index(row.policy) + below
        if row.effect is None:
            axis.annotate(
                "not defined", (0, height), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8, color=FAINT
            )
            continue
        clear = row.verdict in (RAISES, LOWERS)
        colours = {(RAISES, UP): BETTER, (LOWERS, DOWN): BETTER, (RAISES, DOWN): WORSE, (LOWERS, UP): WORSE}
        colour = colours.get((row.verdict, outcome.better), UNCLEAR)
        if row.low is not None and row.high is not None and row.verdict != NO_DIFFERENCE:
            axis.plot([row.low, row.high], [height, height], color=colour, linewidth=1.8, solid_capstyle="butt")
        axis.plot(row.effect, height, marker, markersize=size, markerfacecolor=colour if clear else "white", markeredgecolor=colour)


def _name_rows(axis: Axes, outcome: Outcome, titles: Sequence[str]) -> None:
    axis.axvline(0, color=INK, linewidth=0.9, zorder=1)
    axis.set_yticks(range(len(titles)), titles)
    axis.tick_params(axis="y", labelcolor=INK)
    axis.set_ylim(len(titles) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")
    axis.set_title(capital(outcome.words), fontsize=9)
    axis.set_xlabel(unit_words(outcome.effect_unit), fontsize=8.5, color=FAINT)
    axis.locator_params(axis="x", nbins=5)


def _label_reference(axis: Axes, base: Futures, title: str) -> None:
    place = (base.time[-1], base.median[-1])
    axis.annotate(
        textwrap.fill(title, _AT_END), place, xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5,
        annotation_clip=False
    )


def _label_ends(axis: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Names lines at their ends, moved apart so that no two names touch."""
    low, high = axis.get_ylim()
    apart = (high - low) * 0.065
    height = -float("inf")
    for value, name, colour in sorted(ends):
        height = max(value, height + apart)
        axis.annotate(
            name,
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=colour,
            annotation_clip=False,
        )


def _heading(figure: Figure, title: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")


def _footer(figure: Figure, lines: Sequence[str]) -> None:
    # A character of 7.5 points is about 0.062 inches wide.
    width = int(figure.get_figwidth() / 0.062)
    text = "\n".join(part for line in lines for part in textwrap.wrap(line, width, break_on_hyphens=False))
    figure.supxlabel(text, x=0.01, ha="left", fontsize=7.5, color=FAINT)


def _origin(result: xarray.Dataset, command: str | None) -> str:
    return (
        f"Simulated: case {result.attrs['case']}, seeds {_ranges(result['seed'].values.tolist())}, "
        f"redqueen {result.attrs['redqueen']}. Made by: {command or result.attrs['command']}"
    )


def _ranges(seeds: Sequence[int]) -> str:
    """Writes seeds shortly: 1-20, or 1, 5, 9."""
    if len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}-{seeds[-1]}"
    return ", ".join(map(str, seeds))


def _quoted(result: xarray.Dataset, policy: str) -> str:
    return f'"{title_of(result, policy)}"'
