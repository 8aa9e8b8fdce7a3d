"""One quarter of the model, in order: the table of contents."""

import cython

if cython.compiled:
    from cython.cimports.redqueen.model.rules import (
        accounts, affiliates, census, costs, entry, environment, exit, government, innovation, labour, market, mobility, outcomes,
        sourcing,
        supply, talent, ties,
    )
    from cython.cimports.redqueen.model.state import State
else:
    from redqueen.model.rules import (
        accounts, affiliates, census, costs, entry, environment, exit, government, innovation, labour, market, mobility, outcomes,
        sourcing,
        supply, talent, ties,
    )
    from redqueen.model.state import State


def run_quarter(state: State) -> None:
    """Move a state by one quarter."""
    state.reset_outcomes()
    state.make_room(spare=64 + most_founders(state))
    # The whole quarter without Python's lock: threads that took turns at every rule would be no faster than one.
    with cython.nogil:
        run_rules(state)
    state.quarter += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def run_rules(state: State) -> cython.void:
    census.take_census(state)

    # The world outside the firms, and what governments do about it.
    environment.change_environment(state)
    government.spend_public_money(state)

    # Costs and suppliers; what unbundling changed is priced again.
    costs.measure_effort(state)
    costs.price_units(state)
    sourcing.choose_suppliers(state)
    census.take_census(state)
    sourcing.drop_lost_suppliers(state)
    costs.price_units(state)

    # Sales, orders up the chain, innovation, books.
    market.clear_markets(state)
    supply.supply_chain(state)
    innovation.innovate(state)
    accounts.close_books(state)

    # People: ties, moves, talent, new firms.
    ties.renew_ties(state)
    mobility.move_people(state)
    talent.move_talent(state)
    entry.found_firms(state)
    affiliates.open_affiliates(state)

    # Exits last: nobody may use a slot in the quarter in which it becomes free.
    census.take_census(state)
    exit.end_firms(state)

    # Wages, the public budget, and what the quarter amounted to.
    labour.set_wages(state)
    government.levy_public_cost(state)
    labour.spend_incomes(state)
    outcomes.measure_outcomes(state)


def most_founders(state: State) -> int:
    """Give how many firms a quarter may bring: twice as many spin-offs as are usual, at most one a firm, and those of no parent
    firm.
    """
    arrays, parameters = state.arrays, state.parameters
    usual = parameters.spinoff_rate * float(arrays["founding"].max())
    fresh = parameters.fresh_entry * arrays["talent"].diagonal() * arrays["founding"]
    public = parameters.public_spinoff * arrays["public_research_organisation"] * arrays["founding"]
    return int(state.n_alive * min(1.0, 2.0 * usual) + (fresh + public).sum()) + 2 * state.n_regions
