"""A toy register of claims, and a stand-in for the model with planted effects."""

import re

import numpy
from toy_trial import write_case

from redqueen.studies.claims import study
from redqueen.studies.claims.reading import read_register

SEEDS = 6
# A small spread: with a large one the seeds that a threshold would need are sought among hundreds of thousands.
CLAIM = """
[[claim]]
id = "{id}"
says = "Officers help"
source = "book2001: page 3"
mechanism = "they teach"
world = "{world}"
region = "south"
horizons = [[1, 3], [3, 5]]
seeds = {seeds}
spread = 0.02
{more}
[[claim.contrast]]
{contrast}

{rest}
[claim.rival]
says = "money does it"
name = "money"
{rival}
"""
SOURCE = '[source]\nbook2001 = "A book"\n'
#: Money given to households is a public cost, and nothing else is.
COST = 'arm = "gifts"\noutcome = "public_cost"\ndirection = "up"\nthreshold = 0.1'
LITTLE = '\n[[claim.arm]]\nname = "little"\n[[claim.arm.change]]\ninstrument = "lump_sum"\nintensity = 0.01\n'
INSTEAD = 'kind = "instead"\narm = "little"' + LITTLE


def claim(folder, *, id="A", contrast=COST, rival=INSTEAD, rest="", more="", seeds=SEEDS, world=None):
    world = world or write_case(folder)
    text = CLAIM.format(id=id, world=world, contrast=contrast, rival=rival, rest=rest, more=more, seeds=seeds)
    # A fact is measured over the whole run.
    return re.sub("horizons = .*\n", "", text) if '"fact"' in contrast else text


def write(folder, *claims):
    path = folder / "register.toml"
    path.write_text(SOURCE + "".join(claims))
    return path


def register(folder, **options):
    return read_register(write(folder, claim(folder, **options)))


class Planted:
    """Stands in for running: a walk of luck in each seed, times what an arm does; counts its calls."""

    def __init__(self, monkeypatch, effect):
        self.effect, self.calls, self.fail = effect, [], lambda part: None
        monkeypatch.setattr(study, "run_part", self.run)

    def run(self, part, advance=None):
        self.calls.append(part.key)
        self.fail(part)
        return {
            label: [
                [[self.value(label, treatment.world, measure, seed) for seed in part.seeds] for _ in part.windows]
                for measure in part.measures
            ]
            for label, treatment in part.treatments.items()
        }

    def value(self, label, world, measure, seed):
        luck, noise = (numpy.random.default_rng([seed, place]).normal() for place in (0, sum(map(ord, label))))
        return float(numpy.exp(luck + 0.02 * noise + self.effect(label, world)))
