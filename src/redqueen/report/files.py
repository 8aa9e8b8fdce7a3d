"""Put results into a directory: tables, a summary and figures, each saying how it was made."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redqueen.lab.compare import BEYOND, Effect
from redqueen.lab.dataset import DECISION_COLUMNS
from redqueen.lab.directories import write_csv, write_json, write_text
from redqueen.lab.kept import LEDGER_COLUMNS, VARIABLES, ledger_rows
from redqueen.lab.outcomes import BY_NAME
from redqueen.lab.tables import simulated_tables
from redqueen.lab.tidy import (
    FLOW_COLUMNS,
    REGION_COLUMNS,
    SALES_COLUMNS,
    STAGE_COLUMNS,
    TALENT_COLUMNS,
    changes,
    costs,
    decision_rows,
    evidence_rows,
    input_output_rows,
    measured_years,
    region_rows,
    stage_rows,
    yearly_rows,
)
from redqueen.report.known import FACT_COLUMNS, HOLDING_COLUMNS
from redqueen.studies.keeping import Ledger
from redqueen.studies.known import KnownFact

if TYPE_CHECKING:
    import xarray

#: Outcomes whose futures are drawn unless others are asked for.
DRAWN = ("value_added", "income_per_head", "jobs", "quality_sold", "distance_to_frontier", "novel_share")

EFFECT_COLUMNS = (
    "policy",
    "region",
    "outcome",
    "stage",
    "effect",
    "low",
    "high",
    "unit",
    "seeds",
    "verdict",
    "reason",
    "variance_ratio",
    "level_policy",
    "level_reference",
)

_RUN_README = """One run of the case {case} under the policy {policy}, seed {seed}.

Made again by: {command}

regions.csv   every recorded variable and every outcome by quarter and region
stages.csv    every recorded variable by quarter, region and stage (no region: of the world)
flows.csv     sales of each region's stages to firms of each region's stages, last quarter of each year
sales.csv     sales of each region's lead firms to each region's market, last quarter of each year
talent.csv    talent by origin and residence, last quarter of each year
summary.json  where each outcome starts and ends, and what made it
{facts}{ledger}{decisions}{tables}
Cells that are not listed in flows.csv, sales.csv and talent.csv are zero. Time is the start of a quarter, as a year.
All numbers are simulated.
"""

_RUN_TABLES = """
What publishers of real regions publish, for redqueen read and redqueen diagnose; figures of a year are those of its last
quarter, and money is that of a quarter:

activities.csv         value added, output, exports, jobs and firms at work by region, activity (stage) and year
input_output_YYYY.csv  who buys from whom: rows sell to columns, as REGION_STAGE and final demand REGION_FD; the accounts close.
                       In-house supplies count at cost; {outside} sells materials, and what nobody in a trade bloc makes, from
                       outside the chain
ties.csv               ties of the firms of a region with those of a partner (itself: at home, counted from both ends), and
                       people abroad: talent by the region where it lives and the partner that it is from
region_measures.csv    income, quality made, the frontier's quality and R&D by mode of innovation, by region and year
"""

_COMPARISON_README = """Effects of {policies}{placebos_too} against {reference} in the case {case}.

Made again by: {command}

effects.csv, effects.json  effect of every policy on every outcome of every region, with {level:g} % intervals
effects.png, effects.svg   the main ones, drawn
fan_*.png, fan_*.svg       futures of an outcome under each policy
{facts}{ledger}{decisions}
Outcomes are means over the last {quarters} quarters. Policies share their luck seed by seed ({seeds} seeds); intervals are
Student's for paired differences. Where the unit is %, the effect is 100 (exp(x) - 1) of the mean log ratio x; elsewhere it
is a difference. An interval says how sure the simulation is of its own mean, not how sure one may be of the world; and of
twenty intervals of 95 % about one leaves out zero by chance.
{arms}All numbers are simulated. Case file SHA-256 {case_hash}; parameters SHA-256 {parameter_hash}; redqueen {redqueen}.
"""


_RUN_FACTS = "facts.csv     what is known of the case's past beside the simulated figure\n"
_COMPARISON_FACTS = """\
facts.csv                  what is known of the case's past beside the simulated median and the band that holds nine tenths
                           of the seeds: hit or miss, with the distance in widths of the band
"""
_RUN_LEDGER = """\
ledger.csv    who keeps what final users pay for products of each region's lead firms, in the last year: value added (and its
              share of what they pay), jobs and wages by region and stage, through the whole chain
"""
_COMPARISON_LEDGER = """\
ledger.csv                 who keeps what final users pay for products of {lead}'s lead firms, in {year}: shares in % by place
                           and stage, jobs and wages, means over seeds; changes against {reference} in points, paired by seed
"""
_RUN_DECISIONS = "decisions.csv what governments decided, when and why\n"
_COMPARISON_DECISIONS = "decisions.csv              what governments decided in every run, when and why\n"

#: Files of the tables of evidence of a run, by kind; input-output tables have one a year.
_TABLE_FILES = {"activities": "activities", "ties": "ties", "regions": "region_measures"}

_PLACEBOS = """The placebo of a policy does nothing but give households the money that the policy cost in each seed, quarter and
region; beyond, beyond_low and beyond_high compare a policy to its placebo. The region's levy pays for both.
"""

_EQUAL_COST = """Policies were topped up to equal cost: households get what a policy leaves of the dearest one's cost in each seed,
quarter and region, and their levy pays for it. A policy that does nothing costs nothing.
"""


def write_run(folder: Path, result: xarray.Dataset, facts: Sequence[KnownFact] = ()) -> bool:
    """Writes the first member of a trial: tables, facts, summary and figures; says whether figures could be drawn.

    The same history lies there as the tables that publishers make: see `lab/tables.py`.
    """
    member = result.isel(policy=0, seed=0)
    write_csv(folder / "regions.csv", REGION_COLUMNS, region_rows(member))
    write_csv(folder / "stages.csv", STAGE_COLUMNS, stage_rows(member))
    for name, variable, columns in (
        ("flows", "flows", FLOW_COLUMNS),
        ("sales", "final_sales", SALES_COLUMNS),
        ("talent", "talent", TALENT_COLUMNS),
    ):
        if variable in member:
            write_csv(folder / f"{name}.csv", columns, yearly_rows(member, variable))
    content = summary(result)
    write_json(folder / "summary.json", content)
    decisions = _RUN_DECISIONS if _write_decisions(folder, result) else ""
    words = {
        **content, "facts": _RUN_FACTS if _write_facts(folder, facts) else "", "ledger": _write_run_ledger(folder, member),
        "decisions": decisions, "tables": _write_tables(folder, member),
    }
    write_text(folder / "README.txt", _RUN_README.format(**words))
    if not can_draw():
        return False
    from redqueen.report.figures import paths, save

    for outcome in _drawn(result, None):
        save(paths(result, outcome), folder, f"path_{outcome}")
    return True


def write_comparison(
    folder: Path,
    effects: Sequence[Effect],
    outcomes: Sequence[str] | None = None,
    facts: Sequence[KnownFact] = (),
    ledger: Ledger | None = None,
) -> bool:
    """Writes the effects of a trial: tables, document, README and figures; says whether figures could be drawn."""
    result = effects[0].result
    rows = [row for effect in effects for row in effect.to_json_rows()]
    columns = (*EFFECT_COLUMNS, *BEYOND) if any(effect.beyond for effect in effects) else EFFECT_COLUMNS
    write_csv(folder / "effects.csv", columns, ([row.get(name) for name in columns] for row in rows))
    write_json(folder / "effects.json", effects_document(effects, None, facts, ledger))
    first, end = effects[0].window
    placebos = json.loads(result.attrs["placebos"]).values()
    words = {
        **result.attrs,
        "policies": ", ".join(effect.policy for effect in effects if effect.policy not in placebos),
        "placebos_too": " and their placebos" if placebos else "",
        "reference": effects[0].to,
        "level": 100 * effects[0].level,
        "quarters": end - first,
        "seeds": effects[0].seeds,
        "facts": _COMPARISON_FACTS if _write_facts(folder, facts) else "",
        "ledger": _write_ledger(folder, ledger),
        "decisions": _COMPARISON_DECISIONS if _write_decisions(folder, result) else "",
        "arms": _arms_words(result),
    }
    write_text(folder / "README.txt", _COMPARISON_README.format(**words))
    if not can_draw():
        return False
    from redqueen.report.figures import effects as draw_effects
    from redqueen.report.figures import fan, save

    save(draw_effects(effects, outcomes=outcomes), folder, "effects")
    for outcome in _drawn(result, outcomes):
        save(fan(result, outcome), folder, f"fan_{outcome}")
    return True


def effects_document(
    effects: Sequence[Effect], regions: Sequence[str] | None = None, facts: Sequence[KnownFact] = (), ledger: Ledger | None = None
) -> dict[str, Any]:
    """Gives what `redqueen compare --json` prints: every effect (in `regions` where named, and on the world's outcomes), what is
    known, who keeps what where the case asks for it, and what made it."""
    result = effects[0].result
    names = ("redqueen", "case_hash", "parameter_hash", "command")
    placebos, equal_cost = json.loads(result.attrs["placebos"]), bool(result.attrs["equal_cost"])
    arms: dict[str, Any] = {"placebos": placebos} if placebos else {}
    if equal_cost:
        arms["equal_cost"] = True
    if arms:
        arms["costs"] = [one._asdict() for one in costs(result)]
    return {
        "case": result.attrs["case"],
        "seeds": effects[0].seeds,
        "quarters": int(result.attrs["quarters"]),
        "reference": effects[0].to,
        "window": list(effects[0].window),
        "level": effects[0].level,
        "effects": [
            row
            for effect in effects
            for row in effect.to_json_rows()
            if regions is None or row["region"] in regions or BY_NAME[str(row["outcome"])].of_the_world
        ],
        "facts": [one.to_json() for one in facts],
        **({} if ledger is None else {"ledger": _ledger_document(ledger)}),
        **arms,
        "policy_files": json.loads(result.attrs["policy_files"]),
        **{name: result.attrs[name] for name in names},
    }


def summary(result: xarray.Dataset) -> dict[str, Any]:
    """Gives where each outcome of the first member starts and ends, and what made it."""
    member = result.isel(policy=0, seed=0)
    first, last = measured_years(member)
    attributes = result.attrs
    return {
        "case": attributes["case"],
        "policy": member["policy"].item(),
        "seed": member["seed"].item(),
        "quarters": int(attributes["quarters"]),
        "first_year": first,
        "last_year": last,
        "outcomes": [
            {"region": one.region, "outcome": one.outcome.name, "start": one.start, "end": one.end, "unit": one.outcome.unit}
            for one in changes(member)
        ],
        "policy_files": json.loads(attributes["policy_files"]),
        **{name: attributes[name] for name in ("redqueen", "python", "numpy", "case_hash", "parameter_hash", "command")},
    }


def _write_tables(folder: Path, member: xarray.Dataset) -> str:
    """Writes a run as tables of evidence; gives what the README says of them."""
    tables = simulated_tables(member)
    outside = ""
    for table in tables:
        if table.kind == "input_output":
            outside = table.regions[-1]
            for one in table.tables:
                header, *rows = input_output_rows(one)
                write_csv(folder / f"input_output_{one.year}.csv", header, rows)
        else:
            write_csv(folder / f"{_TABLE_FILES[table.kind]}.csv", (*table.rows, "unit"), evidence_rows(table))
    return _RUN_TABLES.format(outside=outside) if tables else ""


def _write_facts(folder: Path, facts: Sequence[KnownFact]) -> bool:
    """Writes what is known beside what was simulated; says whether anything is known."""
    if facts:
        rows = (one.to_json() for one in facts)
        write_csv(folder / "facts.csv", FACT_COLUMNS, ([row[name] for name in FACT_COLUMNS] for row in rows))
    return bool(facts)


def _write_run_ledger(folder: Path, member: xarray.Dataset) -> str:
    """Writes who keeps what in the last year of a run; gives what the README says of it."""
    rows = list(ledger_rows(member)) if all(name in member for name in VARIABLES) else []
    if rows:
        write_csv(folder / "ledger.csv", LEDGER_COLUMNS, rows)
    return _RUN_LEDGER if rows else ""


def _write_ledger(folder: Path, ledger: Ledger | None) -> str:
    """Writes who keeps what under each policy; gives what the README says of it."""
    if ledger is None:
        return ""
    rows = (one.to_json() for one in ledger.holdings)
    write_csv(folder / "ledger.csv", HOLDING_COLUMNS, ([row[name] for name in HOLDING_COLUMNS] for row in rows))
    return _COMPARISON_LEDGER.format(lead=ledger.lead, year=ledger.year, reference=ledger.reference)


def _ledger_document(ledger: Ledger) -> dict[str, Any]:
    return {
        "lead_firms_of": ledger.lead, "year": ledger.year, "reference": ledger.reference, "seeds": ledger.seeds,
        "holdings": [one.to_json() for one in ledger.holdings],
    }


def _write_decisions(folder: Path, result: xarray.Dataset) -> bool:
    """Writes what governments decided; says whether there was anything."""
    rows = decision_rows(result)
    if rows:
        write_csv(folder / "decisions.csv", DECISION_COLUMNS, rows)
    return bool(rows)


def _arms_words(result: xarray.Dataset) -> str:
    words = _PLACEBOS if json.loads(result.attrs["placebos"]) else ""
    return words + (_EQUAL_COST if result.attrs["equal_cost"] else "")


def can_draw() -> bool:
    """Says whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def _drawn(result: xarray.Dataset, outcomes: Sequence[str] | None) -> list[str]:
    """Lists the outcomes to draw: those asked for that are not by stage, or the usual ones that were recorded."""
    wanted = (
        [name for name in DRAWN if all(variable in result for variable in BY_NAME[name].variables)]
        if outcomes is None
        else outcomes
    )
    return [name for name in wanted if not BY_NAME[name].by_stage]
