"""How good probabilities of events are: ranking, size and calibration."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Calibration", "average_precision", "brier_score", "calibration", "precision_at", "roc_auc"]


class Calibration(NamedTuple):
    """Holds, for groups of cells by rising probability, the mean probability, the share of events and the number of cells.

    `error` is the mean distance between the first two, weighted by cells (expected calibration error).
    """

    predicted: np.ndarray
    observed: np.ndarray
    cells: np.ndarray
    error: float


def roc_auc(event: np.ndarray, score: np.ndarray) -> float:
    """Gives the chance that a cell with an event has a higher score than one without; equal scores count half.

    Area under the ROC curve by mid-ranks. `event` and `score` [cells] -> 0 to 1; NaN where all or none have the event.
    Source: Hanley and McNeil 1982 (hanley_mcneil_1982).
    """
    happened = np.asarray(event, dtype=bool)
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    yes, no = int(happened.sum()), int((~happened).sum())
    return float((ranks[happened].sum() - yes * (yes + 1) / 2) / (yes * no)) if yes and no else float("nan")


def average_precision(event: np.ndarray, score: np.ndarray) -> float:
    """Gives the mean precision over the events, from the highest score down; equal scores are taken together.

    sum_k (recall_k - recall_{k-1}) precision_k over distinct scores. `event` and `score` [cells] -> 0 to 1; NaN without events.
    """
    hits, taken = _by_falling_score(event, score)
    if not hits.sum():
        return float("nan")
    return float(np.sum(hits / hits.sum() * (np.cumsum(hits) / np.cumsum(taken))))


def precision_at(event: np.ndarray, score: np.ndarray, first: int) -> float:
    """Gives the share of events among the `first` cells of highest score; of equal scores the same part each.

    `event` and `score` [cells] -> 0 to 1; of all cells where there are fewer.
    """
    hits, taken = _by_falling_score(event, score)
    wanted = min(first, int(taken.sum()))
    used = np.clip(wanted - (np.cumsum(taken) - taken), 0, taken)
    return float(np.sum(hits * used / taken) / wanted) if wanted else float("nan")


def brier_score(event: np.ndarray, probability: np.ndarray) -> float:
    """Gives the mean squared distance of probabilities from what happened: 0 is perfect. Source: Brier 1950 (brier_1950)."""
    return float(np.mean((np.asarray(probability, dtype=float) - np.asarray(event, dtype=float)) ** 2))


def calibration(event: np.ndarray, probability: np.ndarray, groups: int = 10) -> Calibration:
    """Sets the share of events against the probability, in groups of as many cells each, by rising probability."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, groups) if part.size]
    predicted = np.array([float(np.mean(np.asarray(probability, dtype=float)[part])) for part in parts])
    observed = np.array([float(np.mean(np.asarray(event, dtype=float)[part])) for part in parts])
    count = np.array([part.size for part in parts])
    return Calibration(predicted, observed, count, float(np.average(np.abs(predicted - observed), weights=count)))


def _by_falling_score(event: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives the events and the cells at each distinct score, the highest first."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    hits = np.bincount(place, weights=np.asarray(event, dtype=float), minlength=len(count))
    return hits[::-1], count[::-1]
