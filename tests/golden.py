"""Short runs whose every bit is kept, so that no change of results goes unnoticed. Renewing them asks for a reason.

    python tests/golden.py --renew --reason "why results change"
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from worlds import toy

from redqueen.cases.case import case
from redqueen.model.instruments import INSTRUMENTS
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import History, simulate

FOLDER = Path(__file__).parent / "golden"
REASONS = FOLDER / "reasons.md"
QUARTERS = 40
SEED = 1
#: Readable figures of the last quarter, so that a reason can say what changed: outcome -> digits.
FIGURES = {"value_added": 3, "wage": 4, "firms": 0, "jobs": 2, "quality_sold": 4, "income_per_head": 4, "public_cost": 3}


def toy_without_policy() -> History:
    return simulate(toy(quarters=QUARTERS), seed=SEED)


def toy_with_every_instrument() -> History:
    """Runs the toy with every instrument but the embargo, a little, in one region."""
    schedule = Schedule.empty(QUARTERS, 3)
    for row in INSTRUMENTS:
        if row.name != "embargo":
            schedule.set(row.name, 1, 4, 32, 0.1 * min(row.high, 100.0), 0b001111 if row.targeted else None)
    return simulate(toy(quarters=QUARTERS, tariff=0.1, red_tape=0.5, state_share=0.2), schedule, seed=SEED)


def hsinchu_as_it_happened() -> History:
    bundle = case("hsinchu")
    whole = bundle.schedule("as_it_happened")
    schedule = Schedule(whole.intensity[:, :QUARTERS], whole.target[:, :QUARTERS])
    return simulate(replace(bundle.world, quarters=QUARTERS), schedule, seed=SEED)


RUNS: dict[str, Callable[[], History]] = {
    run.__name__: run for run in (toy_without_policy, toy_with_every_instrument, hsinchu_as_it_happened)
}


def fingerprint(name: str) -> dict[str, dict]:
    """Runs a golden run; gives the SHA-256 of every array and a few figures by region."""
    history = RUNS[name]()
    arrays = history.arrays | history.yearly
    return {
        "figures": {
            outcome: [round(float(value), digits) for value in history.arrays[outcome][-1]] for outcome, digits in FIGURES.items()
        },
        "sha256": {array: hashlib.sha256(arrays[array].tobytes()).hexdigest() for array in sorted(arrays)},
    }


def kept(name: str) -> dict[str, dict] | None:
    """Reads what was kept of a golden run; None if nothing was."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def renew(reason: str) -> list[str]:
    """Keeps every run anew and notes the reason; gives the names of the runs that changed."""
    now = {name: fingerprint(name) for name in RUNS}
    changed = [name for name in RUNS if now[name] != kept(name)]
    gone = [path for path in sorted(FOLDER.glob("*.json")) if path.stem not in RUNS]
    if changed or gone:
        FOLDER.mkdir(exist_ok=True)
        for name in changed:
            (FOLDER / f"{name}.json").write_text(json.dumps(now[name], indent=1) + "\n", encoding="utf-8")
        for path in gone:
            path.unlink()
        before = REASONS.read_text(encoding="utf-8") if REASONS.exists() else "# Why the golden runs changed, latest last\n\n"
        REASONS.write_text(f"{before}- {reason} ({', '.join(changed) or 'runs removed'})\n", encoding="utf-8")
    return changed


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="keep the runs of today")
    parser.add_argument("--reason", default="", help="why results change, in one sentence")
    asked = parser.parse_args(arguments)
    reason = " ".join(asked.reason.split())
    if not asked.renew:
        parser.error("say --renew to keep the runs of today; the test compares them")
    if not reason:
        parser.error('say why results change: --reason "..."')
    changed = renew(reason)
    print(f"renewed: {', '.join(changed)}" if changed else "nothing has changed: nothing is renewed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
