"""A policy laboratory for regional innovation in global value chains.

    import redqueen as rq

    trial = rq.Trial("hsinchu", seeds=20)
    effect = rq.compare(trial.run(), "no_public_research")
    effect.table("value_added", by="region")

The public names load what they need when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redqueen.cases.case import Case, bundled, case
    from redqueen.errors import Refused
    from redqueen.lab.compare import Effect, compare, compare_all
    from redqueen.lab.outcomes import OUTCOMES
    from redqueen.lab.sampling import Samples, latin_hypercube, sobol
    from redqueen.lab.trial import Site, Trial
    from redqueen.lab.trial_file import read_trial
    from redqueen.model.schedule import Schedule
    from redqueen.model.simulate import History, burn_in, simulate
    from redqueen.model.world import World
    from redqueen.policies.policy import Change, Policy, catalogue, policy

    __version__: str

_HOMES = {
    "redqueen.cases.case": ("Case", "bundled", "case"),
    "redqueen.errors": ("Refused",),
    "redqueen.lab.compare": ("Effect", "compare", "compare_all"),
    "redqueen.lab.outcomes": ("OUTCOMES",),
    "redqueen.lab.sampling": ("Samples", "latin_hypercube", "sobol"),
    "redqueen.lab.trial": ("Site", "Trial"),
    "redqueen.lab.trial_file": ("read_trial",),
    "redqueen.model.schedule": ("Schedule",),
    "redqueen.model.simulate": ("History", "burn_in", "simulate"),
    "redqueen.model.world": ("World",),
    "redqueen.policies.policy": ("Change", "Policy", "catalogue", "policy"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "OUTCOMES", "Case", "Change", "Effect", "History", "Policy", "Refused", "Samples", "Schedule", "Site", "Trial", "World",
    "bundled", "burn_in", "case", "catalogue", "compare", "compare_all", "latin_hypercube", "policy", "read_trial", "simulate",
    "sobol",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        value: object = _version()
    elif name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module 'redqueen' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("redqueen")
    except PackageNotFoundError:
        return "not installed"
