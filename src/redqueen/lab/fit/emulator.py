"""Emulate a target over the space of parameters: its mean, how sure the emulator is of it, and how it varies from run to run."""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from redqueen.errors import require
from redqueen.lab.fit.targets import CUT

__all__ = ["LEAST_SEEDS", "Check", "Emulator", "emulate", "least_points"]

#: Runs of a point without which nobody knows how runs vary.
LEAST_SEEDS = 2
#: Share of leave-one-out errors that may lie beyond the cut: what Pukelsheim's rule allows.
BEYOND = 0.05
#: Standard errors by which the mean square of the errors may pass one.
CLEAR = 3.0
#: Starts of the search for the kernel's scales, and the draw of all starts but the first.
STARTS, DRAW = 2, 1
#: Variance of the coefficients of the linear trend, in variances of the target: wide, so that the points decide.
TREND = 9.0
#: Least variance between runs, against its median over points: runs that agree by accident are not without luck.
LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class Check:
    """Holds what leaving out each point in turn says of an emulator.

    An error is the mean of the runs at a point less what the other points foretell of it, over the standard deviation foretold
    (emulator and luck of the runs). `beyond` is the share of errors past 3, `mean_square` their mean square, which should be
    one; `explained` is the share of the variance between points that is foretold. `fault` says why the emulator fails, None
    where it holds.
    """

    errors: numpy.ndarray
    beyond: float
    mean_square: float
    explained: float
    fault: str | None


@dataclass(frozen=True)
class Emulator:
    """Foretells one target anywhere in the unit cube of parameters; on the target's scale (logs where it is compared in logs).

    `points` and `undefined` count the points that it learnt from and those at which the target is not defined in two runs.
    A target that is the same at all points, or known at too few, has no emulator: `check.fault` says so.
    """

    target: str
    points: int
    undefined: int
    check: Check
    _mean: Any = None
    _spread: Any = None
    _scale: tuple[float, float] = (0.0, 1.0)

    @property
    def usable(self) -> bool:
        """Says whether it may rule anything out."""
        return self.check.fault is None

    def foretell(self, unit: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """Gives the mean of runs at points [n, parameter], the variance of that mean (emulator), and that of one run (ensemble)."""
        shift, scale = self._scale
        with _one_thread():
            mean, deviation = self._mean.predict(_centred(unit), return_std=True)
            if self._spread is None:
                between = numpy.zeros(len(unit))
            else:
                between = self._spread.expect(_centred(unit))
        return shift + scale * mean, (scale * deviation) ** 2, scale**2 * between

    def expect(self, unit: numpy.ndarray) -> numpy.ndarray:
        """Gives the mean of runs at points [n, parameter]."""
        with _one_thread():
            return self._scale[0] + self._scale[1] * self._mean.predict(_centred(unit))


def least_points(parameters: int) -> int:
    """Gives the fewest points from which an emulator of so many parameters is learnt: twice what a plane needs."""
    return 2 * (parameters + 1)


def emulate(target: str, unit: numpy.ndarray, outputs: numpy.ndarray, *, draw: int = DRAW) -> Emulator:
    """Learns one target from runs at points of the unit cube, [point, parameter], with outputs [point, seed], NaN where undefined.

    The mean of runs is a linear trend and a Gaussian process of Matern's kernel (nu = 5/2) with a length for each parameter, seen
    at each point with the variance of the mean of its runs (a Kriging of noisy points: Ankenman, Nelson and Staum 2010). The
    variance between runs is a process of its own, of log s^2 with the known variance of that logarithm under normal luck, at the
    level of the variances pooled, so that a few runs a point are enough. Lengths and variances are those of the greatest
    likelihood; errors are those of leaving out each point with them held (Rasmussen and Williams 2006, 5.4.2). Needs
    scikit-learn.
    """
    known = numpy.isfinite(outputs)
    counts = known.sum(axis=1)
    kept = counts >= LEAST_SEEDS
    undefined = int((~kept).sum())
    size = int(kept.sum())
    if size < least_points(unit.shape[1]):
        return _without(target, size, undefined, f"is defined at {size} of {len(unit)} points: too few to learn from")
    values = numpy.where(known, outputs, numpy.nan)[kept]
    unit, counts = unit[kept], counts[kept]
    means = numpy.nanmean(values, axis=1)
    shift, scale = float(means.mean()), float(means.std(ddof=1))
    if not scale > 1e-9 * abs(shift):
        return _without(target, size, undefined, f"is the same at all {size} points")
    standard = (means - shift) / scale
    variances = numpy.nanvar(values, axis=1, ddof=1) / scale**2
    where = _centred(unit)
    with _one_thread(), _quiet():
        spread = _learn_spread(where, variances, counts, draw)
        between = numpy.zeros(size) if spread is None else spread.expect(where)
        mean = _learn_mean(where, standard, between / counts, draw)
        check = _checked(mean, standard)
    return Emulator(target, size, undefined, check, mean, spread, (shift, scale))


def _learn_mean(where: numpy.ndarray, values: numpy.ndarray, noise: numpy.ndarray, draw: int) -> Any:
    kernels = require("sklearn.gaussian_process.kernels", "explain")
    process = require("sklearn.gaussian_process", "explain")
    lengths = numpy.ones(where.shape[1])
    kernel = kernels.ConstantKernel(TREND, "fixed") * kernels.DotProduct(1.0, "fixed") + kernels.ConstantKernel(
        0.5, (1e-4, 1e2)
    ) * kernels.Matern(lengths, (0.1, 50.0), nu=2.5)
    # The least noise keeps the matrix of a simulator without luck well-conditioned.
    learner = process.GaussianProcessRegressor(
        kernel, alpha=numpy.maximum(noise, 1e-8), n_restarts_optimizer=STARTS - 1, random_state=draw
    )
    return learner.fit(where, values)


def _learn_spread(where: numpy.ndarray, variances: numpy.ndarray, counts: numpy.ndarray, draw: int) -> _Spread | None:
    """Learns log variance between runs; None where runs of a point never differ."""
    if not (variances > 1e-18).any():
        return None
    special = require("scipy.special", "explain")
    kernels = require("sklearn.gaussian_process.kernels", "explain")
    process = require("sklearn.gaussian_process", "explain")
    least = LEAST_VARIANCE * float(numpy.median(variances[variances > 1e-18]))
    half = (counts - 1) / 2
    # log s^2 of normal luck has this bias and this variance (a log chi-square).
    logs = numpy.log(numpy.maximum(variances, least)) - (special.digamma(half) - numpy.log(half))
    kernel = kernels.ConstantKernel(TREND, "fixed") * kernels.DotProduct(1.0, "fixed") + kernels.ConstantKernel(
        0.5, (1e-4, 1e2)
    ) * kernels.RBF(1.0, (0.3, 50.0))
    learner = process.GaussianProcessRegressor(
        kernel, alpha=special.polygamma(1, half), n_restarts_optimizer=STARTS - 1, random_state=draw
    )
    learnt = _Spread(learner.fit(where, logs - logs.mean()), 1.0)
    # Logarithms of few runs tell the shape; the level is best known from all variances pooled.
    freedom = counts - 1
    return _Spread(learnt.process, float((variances * freedom).sum() / (learnt.expect(where) * freedom).sum()))


@dataclass(frozen=True)
class _Spread:
    """How runs of a point vary: a process of the logarithm of the variance, and the level that the pooled variances give it."""

    process: Any
    level: float

    def expect(self, where: numpy.ndarray) -> numpy.ndarray:
        log, unsure = self.process.predict(where, return_std=True)
        return self.level * numpy.exp(log + unsure**2 / 2)


def _checked(learner: Any, values: numpy.ndarray) -> Check:
    """Leaves out each point in turn, by the closed form: error_i = [K^-1 y]_i / sqrt([K^-1]_ii)."""
    linalg = require("scipy.linalg", "explain")
    inverse = linalg.cho_solve((learner.L_, True), numpy.eye(len(values)))
    diagonal = numpy.diag(inverse)
    missed = (inverse @ values) / diagonal
    errors = missed * numpy.sqrt(diagonal)
    beyond = float((numpy.abs(errors) > CUT).mean())
    mean_square = float((errors**2).mean())
    explained = 1.0 - float((missed**2).sum() / ((values - values.mean()) ** 2).sum())
    return Check(errors, beyond, mean_square, explained, _fault(beyond, mean_square, len(values)))


def _fault(beyond: float, mean_square: float, size: int) -> str | None:
    most = 1 + CLEAR * math.sqrt(2 / size)
    if beyond > BEYOND:
        allowed = f"{100 * BEYOND:.0f} % may be"
        return f"{100 * beyond:.0f} % of left-out points are missed by more than {CUT:g} of its standard deviations ({allowed})"
    if mean_square > most:
        return f"it is too sure of itself: the mean square of its errors is {mean_square:.2f} (at most {most:.2f})"
    return None


def _without(target: str, size: int, undefined: int, fault: str) -> Emulator:
    return Emulator(target, size, undefined, Check(numpy.zeros(0), math.nan, math.nan, math.nan, fault))


def _centred(unit: Sequence[Sequence[float]] | numpy.ndarray) -> numpy.ndarray:
    return 2.0 * numpy.asarray(unit, dtype=float) - 1.0


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps linear algebra to one thread, so that sums are in the same order on any machine."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _controller() -> Any:
    # Looking for the loaded libraries takes longer than most predictions: once is enough, as they are loaded by then.
    process = require("sklearn.gaussian_process", "explain")
    assert process is not None
    return require("threadpoolctl", "explain").ThreadpoolController()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # scikit-learn warns of lengths at their limits: a parameter without effect.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
