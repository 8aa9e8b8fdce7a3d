"""The compiled rules and the same files interpreted give the same bits, and interpreted arithmetic raises no warning."""

import json
from pathlib import Path

import pytest

#: A dozen firms, instruments of all kinds, and chances so high that every kind of event happens within a few quarters.
SCRIPT = f"""
import hashlib, json, sys, warnings
import numpy
sys.path.append({str(Path(__file__).parent)!r})
warnings.simplefilter("error")
numpy.seterr(divide="raise", invalid="raise", over="raise")
from worlds import toy
from redqueen.model.instruments import INSTRUMENTS
from redqueen.model.rules import market
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import simulate

lively = {{
    "consider": 1.0, "novelty_success": 0.6, "novel_quarters": 2.0, "second_quarters": 2.0, "process_quarters": 1.0, "production_quarters": 1.0,
    "novel_staff": 0.5, "second_staff": 0.5, "process_staff": 0.2, "production_staff": 0.2, "turbulence": 0.05, "choice_temperature": 2.0,
    "scan": 0.5, "switching_threshold": 0.0, "take_back": 0.5, "take_back_cash": 10.0, "take_back_threshold": 0.0, "unbundling_spinoff": 1.0,
    "spinoff_rate": 0.4, "spinoff_size": 0.5, "fresh_entry": 0.001, "public_spinoff": 0.01, "returnee_founders": 0.1, "lead_entry": 0.3,
    "affiliate_rate": 0.05, "affiliate_gain": 0.0, "affiliate_cash": 5.0, "exit_hazard": 0.02, "venture_exit_heads": 4.0, "diaspora_rate": 0.1,
    "emigration_rate": 0.02, "return_rate": 0.02, "mover_delay": 1.0, "first_lead_cash": 300.0, "first_cash": 60.0,
}}
def busy(embargoed, first, last):
    schedule = Schedule.empty(12, 2)
    for number, row in enumerate(INSTRUMENTS):
        if row.name != "embargo":
            schedule.set(row.name, 1, number % 3, 12, 0.5 * min(row.high, 50.0), 0b0111 if row.targeted else None)
    schedule.set("embargo", embargoed, first, last, 1.0)
    return schedule

one_chain = toy(regions=2, stages=("components", "fabrication", "assembly", "brand"), scale=0.08, quarters=12, burn_in=2, tariff=0.2, red_tape=0.5,
                mobility=0.4, associations=0.5, first_diaspora=[[0.0, 300.0], [400.0, 0.0]], state_share=0.3, parameters=lively)
switched = lively | {{"bit_designs": 0.0, "heritage": 0.0, "attention": 0.0, "venture_patience": 2.0, "exit_hazard": 0.1, "tie_least": 0.2, "tie_decay": 0.1}}
two_chains = toy(regions=2, industries=2, stages=("components", "fabrication", "brand"), scale=0.1, quarters=12, burn_in=2, first_tie_share=0.5,
                 integrated_share=0.0, value_market=[0.0, 300.0], frontier_market=[0.0, 500.0], venture_money=20.0, parameters=switched)
histories = [simulate(one_chain, busy(1, 8, 10), seed=4, check=True), simulate(two_chains, busy(0, 3, 9), seed=5, check=True)]
events = ("entries", "exits", "spinoffs", "public_spinoffs", "returnee_firms", "venture_firms", "affiliates_opened", "moves", "starts", "successes")
counts = {{name: sum(history.arrays[name].sum(axis=(0, 1)) for history in histories).tolist() for name in events}}
bits = {{
    f"{{number}} {{name}}": hashlib.sha256(array.tobytes()).hexdigest()
    for number, history in enumerate(histories) for name, array in (history.arrays | history.yearly | history.state.arrays).items()
}}
print(json.dumps({{"interpreted": market.__file__.endswith(".py"), "bits": bits, "counts": counts}}))
"""


@pytest.fixture(scope="module")
def runs(interpreted, compiled):
    return json.loads(interpreted(SCRIPT)), json.loads(compiled(SCRIPT))


def test_compiled_and_interpreted_rules_give_the_same_bits(runs):
    by_hand, by_machine = runs
    if by_machine["interpreted"]:
        pytest.skip("the rules are not compiled here: there is nothing to compare")
    assert by_hand["interpreted"]
    assert [name for name in by_machine["bits"] if by_machine["bits"][name] != by_hand["bits"][name]] == []


def test_the_compared_run_has_events_of_every_kind(runs):
    """Otherwise the comparison would say little."""
    counts = runs[0]["counts"]
    assert [name for name, count in counts.items() if name not in ("starts", "successes") and not count] == []
    assert [mode for mode, count in enumerate(counts["starts"]) if not count] == []
    assert [mode for mode, count in enumerate(counts["successes"]) if not count] == []
