"""One quarter of the model, in order: the table of contents."""

from redqueen.model.rules.accounts import close_books
from redqueen.model.rules.affiliates import open_affiliates
from redqueen.model.rules.census import take_census
from redqueen.model.rules.costs import measure_effort, price_units
from redqueen.model.rules.entry import found_firms
from redqueen.model.rules.environment import change_environment
from redqueen.model.rules.exit import end_firms
from redqueen.model.rules.government import levy_public_cost, spend_public_money
from redqueen.model.rules.innovation import innovate
from redqueen.model.rules.labour import set_wages, spend_incomes
from redqueen.model.rules.market import clear_markets
from redqueen.model.rules.mobility import move_people
from redqueen.model.rules.outcomes import measure_outcomes
from redqueen.model.rules.sourcing import choose_suppliers, drop_lost_suppliers
from redqueen.model.rules.supply import supply_chain
from redqueen.model.rules.talent import move_talent
from redqueen.model.rules.ties import renew_ties
from redqueen.model.state import State


def run_quarter(state: State) -> None:
    """Move a state by one quarter."""
    state.reset_outcomes()
    state.make_room(spare=64 + most_founders(state))
    take_census(state)

    # The world outside the firms, and what governments do about it.
    change_environment(state)
    spend_public_money(state)

    # Costs and suppliers; what unbundling changed is priced again.
    measure_effort(state)
    price_units(state)
    choose_suppliers(state)
    take_census(state)
    drop_lost_suppliers(state)
    price_units(state)

    # Sales, orders up the chain, innovation, books.
    clear_markets(state)
    supply_chain(state)
    innovate(state)
    close_books(state)

    # People: ties, moves, talent, new firms.
    renew_ties(state)
    move_people(state)
    move_talent(state)
    found_firms(state)
    open_affiliates(state)

    # Exits last: nobody may use a slot in the quarter in which it becomes free.
    take_census(state)
    end_firms(state)

    # Wages, the public budget, and what the quarter amounted to.
    set_wages(state)
    levy_public_cost(state)
    spend_incomes(state)
    measure_outcomes(state)
    state.quarter += 1


def most_founders(state: State) -> int:
    """Give how many firms a quarter may bring: twice as many spin-offs as are usual, at most one a firm, and those of no parent firm."""
    arrays, parameters = state.arrays, state.parameters
    usual = parameters.spinoff_rate * float(arrays["founding"].max())
    fresh = parameters.fresh_entry * arrays["talent"].diagonal() * arrays["founding"]
    public = parameters.public_spinoff * arrays["public_research_organisation"] * arrays["founding"]
    return int(state.n_alive * min(1.0, 2.0 * usual) + (fresh + public).sum()) + 2 * state.n_regions
