"""The ledger notices when one number of the state is changed behind its back, and says which account it spoils."""

import inspect
import re

import numpy
import pytest
from worlds import toy

from redqueen.model import kinds
from redqueen.model.instruments import INSTRUMENTS
from redqueen.model.ledger import Ledger, LedgerError
from redqueen.model.quarter import run_quarter
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import burn_in, use_instruments

WORLD = toy(tariff=0.2)


@pytest.fixture(scope="module")
def start():
    """Give a state in which all kinds of public money are about to be spent."""
    schedule = Schedule.empty(1, 3)
    for instrument in INSTRUMENTS:
        if instrument.name != "embargo":
            schedule.set(instrument.name, 1, 0, 1, 0.1 * min(instrument.high, 100.0))
    state = burn_in(WORLD, seed=3)
    use_instruments(state, schedule, 0)
    return state


@pytest.fixture
def quarter(start):
    """Give a state and its ledger, between the end of a quarter and the closing of its accounts."""
    state = start.copy()
    ledger = Ledger(state)
    ledger.open()
    run_quarter(state)
    return state, ledger


def first(state, name="alive"):
    """Give the first living firm, or the first entry at or above one of a field."""
    return tuple(numpy.argwhere(state.arrays[name] > 0)[0])


def dead(state):
    return numpy.flatnonzero(state.arrays["alive"] == 0)[0]


def add(name, amount=1.0, where=first):
    """Change one number by an amount: that of the first living firm, or at a fixed place."""

    def change(state):
        place = where(state) if callable(where) else where
        state.arrays[name][place] += amount

    return change


def put(name, value, where=first):
    def change(state):
        state.arrays[name][where(state) if callable(where) else where] = value(state) if callable(value) else value

    return change


def at_work(state):
    """Give the first living firm and a stage that it does."""
    firm = first(state)[0]
    return firm, int(state.arrays["stages"][firm]).bit_length() - 1


def told(state):
    """Give the first firm and slot of a tie."""
    return tuple(numpy.argwhere((state.arrays["contact"] >= 0) & (state.arrays["alive"] == 1)[:, None])[0])


def working_on(state):
    """Give the first living firm and stage with a project that goes on."""
    arrays = state.arrays
    return tuple(
        numpy.argwhere((arrays["alive"] == 1)[:, None] & (arrays["project"] != kinds.IDLE) & (arrays["project_left"] > 1))[0]
    )


def on_sale(state):
    return (numpy.flatnonzero(state.arrays["product_firm"] >= 0)[0],)


def misplace_product(state):
    state.arrays["product_of"][state.arrays["product_firm"][on_sale(state)]] += 1


def bury_firm(state):
    state.arrays["alive"][first(state)] = 0


TAMPERED = {
    "units of stage 2": add("stage_units", where=(1, 2)),
    "units of stage 1": add("input_orders", where=1),
    "units of stage 4": add("product_orders", where=4),
    "outlay": add("outlay", where=0),
    "outlay after a tariff": add("tariff_paid", where=2),
    "value added, by sales": add("materials_paid", where=0),
    "value added, by incomes": add("interest_paid", where=0),
    "value added, by incomes after a subsidy": add("wage_subsidies", where=1),
    "value added of region 1, by stage": add("stage_outside", where=(1, 2)),
    "value added of region 0, by stage after a sale": add("flows", where=(2, 1, 0, 5)),
    "research by mode": add("research_by_mode", where=(0, 1)),
    "wages by stage": add("stage_wages", where=(0, 0)),
    "profit by stage": add("stage_profit", where=(0, 5)),
    "cash": add("cash"),
    "cash after a dividend": add("dividends", where=0),
    "jobs by stage": add("stage_jobs", where=(2, 3)),
    "talent of region 1": add("talent", where=(1, 0)),
    "firms": add("entries", where=0),
    "cash after a burial": bury_firm,
    "firms by region": add("firms", where=2),
    "public cost": add("transfers", where=1),
    "public finance": add("levy", where=1),
    "contact points at living firms": put("contact", dead, told),
    "input_supplier points at living firms": put("input_supplier", dead, at_work),
    "owner_firm points at living firms": put("owner_firm", dead),
    "supplier points at living firms": put("supplier", dead, lambda state: (*on_sale(state), 0)),
    "champion points at living firms": put("champion", dead, 1),
    "products belong to living firms": put("product_firm", dead, on_sale),
    "firms know their products": misplace_product,
    "quality is finite": put("quality", numpy.nan, at_work),
    "unit_cost is finite": put("unit_cost", numpy.inf, at_work),
    "wage is finite": put("wage", numpy.nan, 0),
    "brand is finite": put("brand", numpy.inf, lambda state: (*on_sale(state), 0)),
    "flexibility is a share": put("flexibility", 1.5, at_work),
    "financed is a share": put("financed", -0.1),
    "strength is a share": put("strength", 1.1, told),
    "cost progress stays above its limit": put("cost_progress", -5.0, at_work),
    "escrow covers projects": add("project_budget", where=working_on),
}
#: Numbers of the state that are no arrays.
COUNTED = {"n_free": "firm slots", "entries_refused": "no entrant was refused for want of a slot"}


def test_an_honest_quarter_closes(quarter):
    quarter[1].close()


@pytest.mark.parametrize("account", TAMPERED)
def test_the_ledger_names_the_account_that_was_tampered_with(quarter, account):
    state, ledger = quarter
    TAMPERED[account](state)
    with pytest.raises(LedgerError) as caught:
        ledger.close()
    assert str(caught.value).startswith(f"quarter {WORLD.burn_in}: {account.split(' after ')[0]}:")


@pytest.mark.parametrize(("count", "account"), COUNTED.items())
def test_slots_are_counted(quarter, count, account):
    state, ledger = quarter
    setattr(state, count, getattr(state, count) + 1)
    with pytest.raises(LedgerError, match=account):
        ledger.close()


@pytest.mark.parametrize("wrong", [1e-6, numpy.nan, numpy.inf])
def test_a_millionth_is_noticed_and_so_is_no_number_at_all(quarter, wrong):
    state, ledger = quarter
    state.arrays["outlay"][0] *= 1.0 + wrong
    with pytest.raises(LedgerError, match="outlay"):
        ledger.close()


def test_the_residual_is_told(quarter):
    state, ledger = quarter
    state.arrays["stage_jobs"][0, 0] += 2.5
    with pytest.raises(LedgerError, match=r"jobs by stage: .* against .*, residual 2\.5"):
        ledger.close()


def test_every_account_is_tampered_with_here():
    """A new account of the ledger asks for a line above."""
    named = set(re.findall(r'self\.(?:equal|require)\(f?"([^"]*)"', inspect.getsource(Ledger)))
    said = {account.split(" after ")[0] for account in TAMPERED} | set(COUNTED.values())
    missing = [name for name in named if not any(re.fullmatch(re.sub(r"\{\w+\}", r"\\w+", name), account) for account in said)]
    assert missing == []
