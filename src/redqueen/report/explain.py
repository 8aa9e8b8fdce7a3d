"""Show why a policy has its effect: sentences, tables, one document and the files of a directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.lab.directories import write_csv, write_json, write_text
from redqueen.lab.explain.boxes import Box, NoBox, Restriction
from redqueen.lab.explain.explaining import ENOUGH_EACH, Explanation, Where
from redqueen.lab.explain.flipping import Flip, Shares
from redqueen.lab.explain.surrogate import SURE, TRUSTED
from redqueen.lab.intervals import LEVEL
from redqueen.lab.sampling import POINTS
from redqueen.model.parameters import PARAMETERS
from redqueen.policies.change import SWITCH
from redqueen.report.terminal import paragraph, say, table
from redqueen.report.words import chance_words, counted, effect_words, markdown_table, number, place_words, unit_words

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "COLUMNS", "assumption_rows", "blocks", "box_words", "explanation_document", "r2_words", "sentences", "show_explanation",
    "title", "write_explanation",
]

COLUMNS = (
    "assumption", "low", "high", "kept", "mu_star", "mu_low", "mu_high", "mu_of_luck", "chance", "sigma", "sigma_chance", "flips",
    "steps", "first", "first_low", "first_high", "total", "total_low", "total_high",
)

_PARAMETER = {parameter.name: parameter for parameter in PARAMETERS}
#: Assumptions that a sentence names one by one.
_NAMED = 3


def title(found: Explanation) -> str:
    """Says what is explained."""
    stage = f" ({found.stage})" if found.stage else ""
    return f"Why {found.policy} changes {found.outcome.words}{stage} of {place_words(found.region)}, against {found.to}"


def show_explanation(console: Console, found: Explanation) -> None:
    """Prints what was found: sentences first, then a table of the screen, one of the indices and one of the boxes."""
    say(console, title(found), style="bold")
    say(console, _made_of(found))
    console.print()
    for heading, lines in sentences(found).items():
        paragraph(console, heading, lines)
    for heading, columns, rows, below in blocks(found):
        table(console, columns, rows, title=heading, right=columns[1:], whole=columns[1:])
        if below:
            say(console, below)
            console.print()


def sentences(found: Explanation) -> dict[str, list[str]]:
    """Gives the answer in sentences, by heading: the effect, what it hangs on, what turns it, where it holds, what to doubt."""
    return {
        "The effect": _effect(found),
        "What it hangs on": _hangs(found),
        "What turns its sign": _turns(found),
        "Where it holds": [line for line in (_where(found, "raises", found.raises), _where(found, "lowers", found.lowers)) if line],
        "How far to trust this": _trust(found),
    }


def blocks(found: Explanation) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]], str]]:
    """Gives the tables: heading, columns, rows, and what stands below."""
    made: list[tuple[str, tuple[str, ...], list[tuple[str, ...]], str]] = []
    rows: list[tuple[str, ...]]
    if found.screen is not None:
        rows = [
            (
                one.name, number(one.mu_star), number(one.luck), number(one.sigma), chance_words(one.chance),
                chance_words(one.spread_chance), f"{one.flips} of {one.steps}",
            )
            for one in found.screen.assumptions
        ]
        heading = f"Walks: effect of each assumption's whole range on the effect, {found.unit}"
        below = (
            "mu*: mean size over walks; luck: what seeds alone would give; sigma: how it differs by place; p: chance that luck "
            "alone does as much, of mu* and of sigma; turned: clear reversals of sign among the steps."
        )
        made.append((heading, ("assumption", "mu*", "luck", "sigma", "p", "p sigma", "turned"), rows, below))
    if found.indices is not None:
        rows = [
            (
                one.name, _percent(one.total), _span(one.total_low, one.total_high), _percent(one.first), _span(
                    one.first_low, one.first_high
                ),
            )
            for one in found.indices.rows
        ]
        heading = "Share of the surrogate's variance, % (Sobol indices)"
        below = (
            "total: with all interactions; first: alone. Intervals carry the surrogate's error. An assumption made up for the "
            f"purpose gets {_percent(found.indices.idle)} % or less in nineteen of twenty refits."
        )
        made.append((heading, ("assumption", "total", "interval", "first", "interval "), rows, below))
    rows = []
    for words, where in (("raises", found.raises), ("lowers", found.lowers)):
        for kind, one in (("box", where.box), ("tree", where.leaf)):
            if isinstance(one, Box):
                apart = "-" if one.density_apart is None else _percent(one.density_apart)
                rows.append((
                    f"{words}: {box_words(one.restrictions)} ({kind})", str(one.inside), _percent(one.density), apart,
                    _percent(one.coverage), _percent(one.coverage_apart), _percent(one.base),
                ))
    if rows:
        below = (
            "density: % of the points inside that are cases; coverage: % of all cases that are inside; apart: the same of points "
            "left out when the box was looked for; base: density of all points."
        )
        made.append(("Where the sign holds", ("where", "points", "density", "apart", "coverage", "apart ", "base"), rows, below))
    return made


def box_words(restrictions: Sequence[Restriction]) -> str:
    """Writes the restrictions of a box: novelty_success < 0.12 and credit_share > 1.4."""
    return " and ".join(_restriction(one) for one in restrictions)


def r2_words(value: float) -> str:
    """Writes an R2 to two places; to three where two would hide on which side of `TRUSTED` it is."""
    return f"{value:.3f}" if abs(value - TRUSTED) < 0.005 else f"{value:.2f}"


def explanation_document(found: Explanation, command: str) -> dict[str, Any]:
    """Gives what `redqueen explain --json` prints; effects are in `unit`, shares from 0 to 1."""
    surrogate = found.surrogate
    return {
        "case": found.case, "trial": found.trial, "policy": found.policy, "to": found.to, "outcome": found.outcome.name,
        "region": found.region, "stage": found.stage, "window": list(found.window), "unit": found.unit, "points": found.points,
        "left_out": found.left_out, "seeds": found.seeds, "sampling": found.method,
        "ranges": {name: list(limits) for name, limits in found.ranges.items()},
        "meanings": {name: _PARAMETER[name].meaning for name in found.names if name in _PARAMETER},
        "kept": list(found.kept), "mean": found.mean, "mean_low": found.mean_low, "mean_high": found.mean_high,
        "tried": [{"assumptions": list(names), "r2": r2} for names, r2 in found.tried.items()], "shares": asdict(found.shares),
        "screen": None if found.screen is None else asdict(found.screen),
        "surrogate": {
            "kind": surrogate.kind, **asdict(surrogate.quality),
            "luck": {**asdict(surrogate.luck), "ceiling": surrogate.luck.ceiling},
            "says": surrogate.says, "trusted": surrogate.trusted,
        },
        "indices": None if found.indices is None else asdict(found.indices),
        "curves": None if found.curves is None else [asdict(one) for one in found.curves],
        "space": None if found.space is None else asdict(found.space),
        "flips": [
            {
                "assumption": one.name, "above_zero_when": one.side, "crosses_at": one.at, "by_walks": one.by_walks,
                "by_curve": one.by_curve,
            }
            for one in found.flips
        ],
        **{words: _where_document(where) for words, where in (("raises", found.raises), ("lowers", found.lowers))},
        "sentences": sentences(found), "command": command, "made_of": dict(found.origin),
    }


def assumption_rows(found: Explanation) -> Iterator[tuple[Any, ...]]:
    """Gives `COLUMNS`, a row an assumption, those with the largest total index first, then by mu*."""
    walked = {} if found.screen is None else {one.name: one for one in found.screen.assumptions}
    indexed = {} if found.indices is None else {one.name: one for one in found.indices.rows}
    for name in found.order:
        one, index = walked.get(name), indexed.get(name)
        screen = (None,) * 8 if one is None else (
            one.mu_star, one.mu_low, one.mu_high, one.luck, one.chance, one.sigma, one.spread_chance, one.flips,
        )
        shares = (None,) * 6 if index is None else (
            index.first, index.first_low, index.first_high, index.total, index.total_low, index.total_high,
        )
        yield name, *found.ranges[name], name in found.kept, *screen, None if one is None else one.steps, *shares


def write_explanation(folder: Path, found: Explanation, command: str) -> bool:
    """Writes page, tables, document and figures; says whether figures could be drawn."""
    from redqueen.report.explain_figures import figures_of
    from redqueen.report.figures import save
    from redqueen.report.files import can_draw

    drawn = figures_of(found, command) if can_draw() else {}
    write_csv(folder / "assumptions.csv", COLUMNS, assumption_rows(found))
    points = ([*row, effect] for row, effect in zip(found.values.tolist(), found.effects.tolist(), strict=True))
    write_csv(folder / "points.csv", (*found.names, "effect"), points)
    write_json(folder / "explain.json", explanation_document(found, command))
    write_text(folder / "explain.md", _page(found, command, list(drawn)))
    for name, figure in drawn.items():
        save(figure, folder, name)
    return bool(drawn)


def _page(found: Explanation, command: str, figures: Sequence[str]) -> str:
    parts = [f"# {title(found)}", f"Made by `{command}`. {_made_of(found)} All numbers are simulated."]
    for heading, lines in sentences(found).items():
        parts += [f"## {heading}", "\n".join(f"- {line}" for line in lines)]
    parts += [f"![{name}]({name}.png)" for name in figures]
    for heading, columns, rows, below in blocks(found):
        parts += [f"**{heading}**", markdown_table([column.strip() for column in columns], rows).rstrip(), below]
    parts.append("assumptions.csv and points.csv hold the numbers, explain.json all of it.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _made_of(found: Explanation) -> str:
    first, end = found.years
    left = f" ({found.left_out} more were left out: members failed)" if found.left_out else ""
    walked = "" if found.screen is None else f", and walks of {found.screen.points + found.screen.missing} points"
    return (
        f"Case {found.case}, means of {first:g} to {end:g}, {found.points} points{left} over {len(found.names)} assumptions with "
        f"{found.seeds} seeds each{walked}."
    )


def _effect(found: Explanation) -> list[str]:
    lines = [
        f"Over the space it is {_mean(found)} in the mean. {_shares(found.shares)} "
        f"({100 * LEVEL:g} % over {found.seeds} seeds at each point)."
    ]
    if found.space is not None:
        how = "" if found.surrogate.trusted else ", which is not to be trusted"
        shares = _shares(found.space, of="space")
        lines.append(f"By the surrogate{how}, over the whole space: {shares[0].lower()}{shares[1:]}.")
    return lines


def _hangs(found: Explanation) -> list[str]:
    lines = []
    if found.screen is not None:
        matter = [one.name for one in found.screen.assumptions if one.matters]
        if matter:
            lines.append(f"In the walks these matter beyond luck, the most first: {', '.join(matter)}.")
        else:
            lines.append("In the walks no assumption matters by more than the luck of the seeds.")
        hidden = sorted(one.seen for one in found.screen.assumptions if one.seen is not None)
        if hidden:
            lines[-1] += (
                f" Luck hides there what does less than about {number(hidden[len(hidden) // 2])} over its range, so that what is "
                "not seen may still be there."
            )
        lines += _kept(found)
        varying = [one.name for one in found.screen.assumptions if one.matters and one.varies]
        if varying:
            lines.append(f"What these do depends on where they are, or on others: {', '.join(varying)}.")
    if found.indices is not None:
        told = [one for one in found.indices.rows if one.total > found.indices.idle]
        if told:
            first = "; ".join(
                f"{one.name} {_percent(one.total)} % ({_span(one.total_low, one.total_high)})" for one in told[:_NAMED]
            )
            lines.append(f"Of the variance over the space hang on, interactions included: {first}.")
        alone = sum(one.first for one in found.indices.rows)
        lines.append(f"Alone, without interactions, they make {_percent(min(1.0, alone))} % of it.")
    return lines


def _kept(found: Explanation) -> list[str]:
    """Says which assumptions the surrogate is of, where there was a choice."""
    if len(found.tried) < 2:
        return []
    fewer, every = sorted(found.tried, key=len)
    words = f"R2 {r2_words(found.tried[fewer])} of those, {r2_words(found.tried[every])} of all"
    if found.kept == every:
        return [f"A surrogate of all {len(every)} predicts better than one of those ({words}): all were kept."]
    return [f"A surrogate of those predicts no worse than one of all ({words}): the others were left out."]


def _turns(found: Explanation) -> list[str]:
    lines = [_flip(one) for one in found.flips]
    if any(one.by_curve for one in found.flips) and not found.surrogate.trusted:
        lines.append("The mean effect is by a surrogate that is not to be trusted: see whether walks and boxes say the same.")
    if not lines:
        if found.curves is None and found.screen is None:
            return ["Nothing can be said: there were no walks, and no surrogate."]
        by_walks = [] if found.screen is None else ["the walks"]
        by_curves = [] if found.curves is None else ["the mean effect along its range"]
        return [f"No assumption turns it round beyond error, by {' or by '.join([*by_walks, *by_curves])}."]
    return lines


def _flip(one: Flip) -> str:
    side = "above zero in more than one part of its range" if one.side is None else f"above zero where it is {one.side}"
    how = []
    if one.by_curve and one.at is not None:
        assert one.curve is not None
        span = "" if one.curve.between is None else f" ({number(one.curve.between[0])} to {number(one.curve.between[1])})"
        how.append(f"the mean effect crosses zero at {number(one.at)}{span}")
    elif one.by_curve:
        how.append("the mean effect crosses zero more than once")
    if one.by_walks:
        assert one.walks is not None
        how.append(f"{one.walks.flips} of {one.walks.steps} steps in the walks turn it clearly")
    if one.by_walks and not one.by_curve and one.curve is not None:
        how.append("the mean over the others does not turn beyond its error: it hangs on them")
    return f"{one.name}: {side}; {'; '.join(how)}."


def _where(found: Explanation, verb: str, where: Where) -> str:
    share = f"{where.cases} of {found.points} points"
    if isinstance(where.box, NoBox):
        return f"{verb}: at {share}; no box: {where.box.reason}."
    box = where.box
    apart = "" if box.density_apart is None else f", {_percent(box.density_apart)} % of points left out of the search"
    agreed = "" if where.agreement is None else f" A tree finds {_agreement(where.agreement)}."
    chance = 0.0 if box.chance is None else 100 * box.chance
    return (
        f"{verb} {found.outcome.words} where {box_words(box.restrictions)}: {_percent(box.density)} % of the points inside{apart} "
        f"(of all: {_percent(box.base)} %), {_percent(box.coverage)} % of all such points. Shuffled points give as good a box in "
        f"{chance:.2g} % of cases.{agreed}"
    )


def _agreement(share: float) -> str:
    words = f"({_percent(share)} % of the points of either lie in both)"
    return f"much the same place {words}" if share >= 0.5 else f"another place {words}"


def _trust(found: Explanation) -> list[str]:
    surrogate, quality, luck = found.surrogate, found.surrogate.quality, found.surrogate.luck
    lines = [
        f"The surrogate, {_kind(surrogate.kind)} of {counted(len(found.kept), 'assumption')}, predicts points that it has not "
        f"seen with an R2 of {r2_words(quality.r2)} (folds {quality.r2_low:.2f} to {quality.r2_high:.2f}) and an error of "
        f"{number(quality.rmse)} ({number(quality.rmse_low)} to {number(quality.rmse_high)}), where points differ by "
        f"{number(luck.spread)}."
    ]
    if luck.ceiling is not None:
        alone = f"The luck of {luck.seeds} seeds alone is an error of {number(luck.error)}"
        lines.append(f"{alone}: no surrogate could pass an R2 of {luck.ceiling:.2f}.")
        if surrogate.says and quality.beyond_luck is not None and quality.beyond_luck > 0:
            lines[-1] += f" Of what luck leaves it explains some {_percent(quality.beyond_luck)} % (a rough figure)."
    if not surrogate.says:
        lucky = luck.chance is not None and luck.chance >= SURE
        why = "points differ by no more than the luck of their seeds" if lucky else "it does no better than the mean of the points"
        lines.append(f"So it is refused, and no indices are given: {why}.")
    elif not surrogate.trusted:
        lines.append(f"Below {TRUSTED:g} its indices and curves are not to be trusted. {_help(found)}")
    if found.points < ENOUGH_EACH * len(found.kept):
        lines.append(f"{ENOUGH_EACH * len(found.kept)} points, ten for each assumption kept, are usually advised.")
    if found.method == POINTS:
        lines.append(
            "The points do not fill the ranges evenly: indices, curves and shares speak of the ranges, boxes of the points."
        )
    if found.seeds < 2:
        lines.append("With one seed luck cannot be told from effect.")
    lines.append("Signs hold within the ranges that were declared, for this model.")
    return lines


def _help(found: Explanation) -> str:
    quality = found.surrogate.quality
    if quality.points_needed is not None:
        return f"Some {_rounded(quality.points_needed)} points would bring it there, by how it learnt up to now (rough)."
    if quality.seeds_needed is not None:
        return f"More points will not bring it there: luck is too large. Some {quality.seeds_needed} seeds at each might."
    return "How many points would help cannot be told from these, half of which teach as much as all; try twice as many."


def _kind(words: str) -> str:
    return words if words.endswith("s") and not words.endswith("ss") else f"a {words}"


def _rounded(count: int) -> int:
    """Rounds up to one digit, as an extrapolation deserves."""
    size = 10 ** (len(str(count)) - 1)
    return -(-count // size) * size


def _shares(shares: Shares, *, of: str = "points") -> str:
    said = f"{_percent(shares.above)} % of the {of if of == 'space' else f'{shares.of} {of}'}"
    below, unclear = _percent(shares.below), _percent(shares.unclear)
    return f"It clearly raises in {said}, clearly lowers in {below} %, and is not clear in {unclear} %"


def _restriction(one: Restriction) -> str:
    if one.name in _PARAMETER and _PARAMETER[one.name].unit == SWITCH:
        return f"{one.name} is {'on' if one.low is not None else 'off'}"
    if one.low is None:
        return f"{one.name} < {number(one.high)}"
    if one.high is None:
        return f"{one.name} > {number(one.low)}"
    return f"{number(one.low)} < {one.name} < {number(one.high)}"


def _where_document(where: Where) -> dict[str, Any]:
    found: dict[str, Any] = {"cases": where.cases, "agreement": where.agreement}
    for kind, one in (("box", where.box), ("tree", where.leaf)):
        found[kind] = asdict(one) | ({"words": box_words(one.restrictions)} if isinstance(one, Box) else {})
    return found


def _mean(found: Explanation) -> str:
    effect, interval = effect_words(*(found.shown(value) for value in (found.mean, found.mean_low, found.mean_high)))
    return f"{effect} {unit_words(found.outcome.effect_unit)} ({interval})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _span(low: float, high: float) -> str:
    return f"{_percent(low)} to {_percent(high)}"
