"""A small model whose stocks have closed forms."""

from worlds import toy

from redqueen.model.founding import found
from redqueen.model.rules.census import take_census
from redqueen.model.schedule import Schedule
from redqueen.model.simulate import use_instruments


def small(firms=1, quarters=1, instruments=None, **options):
    """Give a state of one region with that many component makers and as many lead firms that buy on the pool."""
    world = toy(regions=1, stages=("components", "brand"), first_firms=firms, integrated_share=0.0, burn_in=0, **options)
    state = found(world, seed=1)
    schedule = Schedule.empty(1, 1)
    for name, dose in (instruments or {}).items():
        schedule.set(name, 0, 0, 1, dose)
    use_instruments(state, schedule, 0)
    take_census(state)
    return state
