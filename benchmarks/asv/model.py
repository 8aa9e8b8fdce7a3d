"""The full model: one quarter, one run, an ensemble, their memory.

Process time, as other users of the machine matter less to it.
"""

import sys
import time
from pathlib import Path

import redqueen
from redqueen.cases.case import case
from redqueen.model.simulate import burn_in, simulate, step

sys.path.append(str(Path(__file__).resolve().parent.parent))


def world_of(firms):
    """Give the world of the case `recipes` with about so many firms, as speed.py does."""
    from speed import scaled

    world = case("recipes").world
    return scaled(world, firms / world.endowments["first_firms"].sum())


class OneQuarter:
    """A quarter of a burnt-in world; the state moves on from one to the next."""

    params = [1_000, 10_000]
    param_names = ["firms"]
    timer = time.process_time

    def setup(self, firms):
        self.state = burn_in(world_of(firms), seed=1)

    def time_quarter(self, firms):
        step(self.state, None)

    def peakmem_quarter(self, firms):
        step(self.state, None)

    def track_bytes_a_slot(self, firms):
        return sum(array.nbytes for array in self.state.arrays.values()) / self.state.n_firms

    track_bytes_a_slot.unit = "bytes"


class OneRun:
    """A whole run of a case with its burn-in, and what is kept of it."""

    timer = time.process_time

    def setup(self):
        self.world = case("hsinchu").world

    def time_run(self):
        simulate(self.world, seed=1)

    def peakmem_run(self):
        simulate(self.world, seed=1)


class Ensemble:
    """A trial of two policies and four seeds, from asking to the labelled result: wall time by threads, and memory."""

    params = [1, 2]
    param_names = ["threads"]

    def time_ensemble(self, threads):
        self.run(threads)

    def peakmem_ensemble(self, threads):
        self.run(threads)

    def run(self, threads):
        redqueen.Trial("recipes", policies=["none", "free_markets"], seeds=4, quarters=40).run(threads=threads)
