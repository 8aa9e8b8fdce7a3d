"""What turns the state of a cell into the probability that it crosses the threshold, from a yardstick to trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from redqueen.errors import require
from redqueen.studies.forecast.windows import FEATURES, GAIN, event, of_kind

__all__ = ["AVERAGE", "MODELS", "Model", "average", "learn", "recalibrate"]

#: Takes cells of one kind of one window (features are standardised over them), gives their probabilities.
Model = Callable[[pd.DataFrame], np.ndarray]

AVERAGE = "average"

#: Every model by name, in words.
MODELS: dict[str, str] = {
    "current RCA": "logit of RCA at the start alone: persistence",
    "density": "logit of relatedness density alone",
    "noisy walk": "ln RCA wanders with noise that falls with size: four numbers are learnt",
    "logit": "logit of all features and the noisy walk's score, with a ridge",
    "forest": "extremely randomised trees (geurts_2006) of the same, recalibrated on held-back past windows",
    "boosting": "gradient boosting of shallow trees (friedman_2001) of the same, recalibrated on held-back past windows",
    AVERAGE: "mean log odds of logit, forest and boosting",
}

_AVERAGED = ("logit", "forest", "boosting")
# Trees are recalibrated; a logit is calibrated by its own fit.
_RECALIBRATED = ("forest", "boosting")

# Inverse strength of the ridge; one feature alone needs none that matters.
_RIDGE, _NO_RIDGE = 0.1, 100.0
# A region's cells are much alike: few in a leaf would learn regions by heart.
_FOREST = {"n_estimators": 100, "min_samples_leaf": 10, "max_features": 0.4, "random_state": 0, "n_jobs": 1}
_BOOSTING = {
    "learning_rate": 0.05, "max_iter": 60, "max_leaf_nodes": 6, "min_samples_leaf": 20, "l2_regularization": 5.0,
    "early_stopping": False, "random_state": 0,
}
# Standard deviations beyond which a feature counts as this far.
_FARTHEST = 4.0
_LEAST_CHANCE = 1e-4
# Cells for which the recalibration would as soon believe the trees as the past.
_TRUST = 200.0


def learn(windows: Sequence[pd.DataFrame], kind: str) -> dict[str, Model]:
    """Learns every model but the average from past windows, for one kind of event; needs scikit-learn.

    `windows` are cells as `windows.cells` gives them, one table a window, with what has become of them. Cells whose end is
    unknown are left out. The same windows give the same models.
    """
    windows = [frame[np.isfinite(frame["after"])] for frame in windows]
    mine = [of_kind(frame, kind) for frame in windows]
    happened = np.concatenate([event(frame, kind) for frame in mine])
    walk = _noisy_walk(pd.concat(mine))

    def known(frame: pd.DataFrame) -> np.ndarray:
        return np.column_stack([_standardised(frame), walk(frame)])

    linear = require("sklearn.linear_model", "forecast")
    ensemble = require("sklearn.ensemble", "forecast")
    features = np.concatenate([known(frame) for frame in mine])

    # Tables are small: threads would wait for each other most of the time.
    alone = partial(require("threadpoolctl", "forecast").threadpool_limits, limits=1)

    def fitted(classifier: Any, take: Callable[[pd.DataFrame], np.ndarray], table: np.ndarray) -> Model:
        with alone():
            classifier.fit(table, happened)

        def chances(frame: pd.DataFrame) -> np.ndarray:
            with alone():
                return classifier.predict_proba(take(frame))[:, 1]

        return chances

    def logit(take: Callable[[pd.DataFrame], np.ndarray], table: np.ndarray, ridge: float) -> Model:
        return fitted(linear.LogisticRegression(C=ridge, max_iter=1000), take, table)

    sign = 1.0 if kind == GAIN else -1.0
    cumulative = require("scipy.special", "forecast").ndtr
    return {
        "current RCA": logit(_nearness, np.concatenate([_nearness(frame) for frame in mine]), _NO_RIDGE),
        "density": logit(_density, np.concatenate([_density(frame) for frame in mine]), _NO_RIDGE),
        "noisy walk": lambda frame: cumulative(sign * walk(frame)),
        "logit": logit(known, features, _RIDGE),
        "forest": fitted(ensemble.ExtraTreesClassifier(**_FOREST), known, features),
        "boosting": fitted(ensemble.HistGradientBoostingClassifier(**_BOOSTING), known, features),
    }


def recalibrate(past: Mapping[str, np.ndarray], happened: np.ndarray, found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Adjusts the log odds of trees to what came true of their forecasts of windows that they had not seen.

    ln odds = a + b ln odds of the trees, with a ridge that draws (a, b) to (0, 1): without past forecasts nothing changes.
    `past` are probabilities by model and `happened` what came true [cells]; `found` are those to adjust.
    Source: Platt 1999 (platt_1999).
    """
    return {
        name: _adjusted(past[name], happened, values) if name in _RECALIBRATED and len(happened) else values
        for name, values in found.items()
    }


def average(found: Mapping[str, np.ndarray]) -> np.ndarray:
    """Gives the probability at the mean log odds of logit, forest and boosting."""
    return _chance(np.mean([_log_odds(found[name]) for name in _AVERAGED], axis=0))


def _standardised(frame: pd.DataFrame) -> np.ndarray:
    """Gives features in standard deviations from their mean over the cells of the window; 0 where unknown or all the same."""
    values = frame[list(FEATURES)].to_numpy()
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - np.where(known, values, 0.0).sum(axis=0) / count, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    # Rounding leaves a little where all are the same.
    return np.clip(centred / np.where(spread > 1e-9, spread, np.inf), -_FARTHEST, _FARTHEST)


def _nearness(frame: pd.DataFrame) -> np.ndarray:
    return frame["nearness"].to_numpy()[:, None]


def _density(frame: pd.DataFrame) -> np.ndarray:
    return np.nan_to_num(frame["density"].to_numpy())[:, None]


def _noisy_walk(frame: pd.DataFrame) -> Model:
    """Learns the score of a walk, of which the normal distribution function is the chance of RCA of 1 or more at the end.

    score = (shift + level + last (now - level)) / sqrt(spread^2 + noisiness x noise / (value at RCA 1 + noise)): ln RCA wanders by
    a normal step from a mean of the last years, of which the last counts the more the less noise there is, and is itself measured
    with noise that falls with size. How fast it returns to its mean scales spread. By maximum likelihood.
    """
    optimise = require("scipy.optimize", "forecast")
    log_cumulative = require("scipy.special", "forecast").log_ndtr
    side = np.where(frame["after"] >= 1.0, 1.0, -1.0)
    level, beyond, chance = frame["level"].to_numpy(), (frame["now"] - frame["level"]).to_numpy(), _part_noise(frame)

    def loss(shape: np.ndarray) -> float:
        score = (shape[0] + level + shape[3] * beyond) / np.sqrt(np.exp(2 * shape[1]) + np.exp(shape[2]) * chance)
        # A weak pull to an ordinary walk keeps a table without noise, or without change, from running off.
        return -log_cumulative(side * score).mean() + 1e-4 * float(np.sum((shape - _ORDINARY) ** 2))

    found = optimise.minimize(loss, _ORDINARY, method="Nelder-Mead", options={"maxiter": 1000, "xatol": 1e-4, "fatol": 1e-8})
    shift, spread, noisiness, last = found.x

    def score(table: pd.DataFrame) -> np.ndarray:
        middle = (1 - last) * table["level"].to_numpy() + last * table["now"].to_numpy()
        return (shift + middle) / np.sqrt(np.exp(2 * spread) + np.exp(noisiness) * _part_noise(table))

    return score


# No shift; a walk of half a log unit; noise as of counts by chance; half of what the last year says beyond the mean.
_ORDINARY = np.array([0.0, np.log(0.5), 0.0, 0.5])


def _part_noise(frame: pd.DataFrame) -> np.ndarray:
    noise = frame["noise"].to_numpy()
    return noise / (frame["expected_value"].to_numpy() + noise)


def _adjusted(before: np.ndarray, happened: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Fits a and b of ln odds = a + b x by Newton's steps, drawn to (0, 1) as strongly as by `_TRUST` cells; b is positive."""
    table = np.column_stack([np.ones(len(before)), _log_odds(before)])
    target, line = np.asarray(happened, dtype=float), np.array([0.0, 1.0])
    pull = _TRUST * np.diag([0.25, 0.25])
    for _ in range(50):
        chance = _chance(table @ line)
        slope = table.T @ (target - chance) - pull @ (line - np.array([0.0, 1.0]))
        step = np.linalg.solve(table.T @ (table * (chance * (1 - chance))[:, None]) + pull, slope)
        line = line + step
        if np.abs(step).max() < 1e-10:
            break
    return _chance(line[0] + max(line[1], 0.1) * _log_odds(values))


def _log_odds(chance: np.ndarray) -> np.ndarray:
    bounded = np.clip(chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    return np.log(bounded / (1 - bounded))


def _chance(log_odds: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-log_odds))
