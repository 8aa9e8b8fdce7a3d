"""Which kinds of innovation a region spends on: the mix of research, and of products against processes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["ProductProcessMix", "ResearchMix", "product_process_mix", "research_intensity", "research_mix"]


class ResearchMix(NamedTuple):
    """Holds the parts of spending on research and development, shares of 1 that add up to 1; see `research_mix`."""

    basic: np.ndarray
    applied: np.ndarray
    experimental: np.ndarray


class ProductProcessMix(NamedTuple):
    """Holds the parts of spending on innovation, shares of 1; see `product_process_mix`."""

    novel: np.ndarray
    second: np.ndarray
    process: np.ndarray
    product: np.ndarray
    novel_in_product: np.ndarray


def research_mix(basic: np.ndarray, applied: np.ndarray, experimental: np.ndarray) -> ResearchMix:
    """Gives the parts of research and development that are basic research, applied research and experimental development.

    share_k = x_k / (basic + applied + experimental). Spending of the same regions (and years), any one unit, not negative ->
    three arrays of that shape, shares of 1; NaN where nothing is spent or a part is not known. What the three leave of a
    published total belongs to no part. Source: OECD 2015, the three types of its chapter 2 (frascati_2015).
    """
    return ResearchMix(*_shares(basic, applied, experimental))


def product_process_mix(
    novel: np.ndarray, second: np.ndarray, process: np.ndarray, production: np.ndarray | float = 0.0
) -> ProductProcessMix:
    """Gives the parts of innovation that go into novel products, second-generation products and processes.

    With total = novel + second + process + production: novel / total, second / total, (process + production) / total;
    product = (novel + second) / total, the complement of process; novel_in_product = novel / (novel + second), how much of
    the work on products is on what nobody has. Spending (or counts) of the same regions and years, any one unit ->
    five arrays of that shape, shares of 1; NaN where there is nothing to divide. Changes of production (flexibility of what
    and how much is made) count as process. Source: Utterback and Abernathy 1975, product against process
    (utterback_abernathy_1975); Breznitz and Murphree 2010, the second generation (breznitz_murphree_2010).
    """
    novel, second = np.asarray(novel, dtype=float), np.asarray(second, dtype=float)
    of_novel, of_second, of_process = _shares(novel, second, np.asarray(process, dtype=float) + production)
    return ProductProcessMix(of_novel, of_second, of_process, of_novel + of_second, _share(novel, novel + second))


def research_intensity(research: np.ndarray, income: np.ndarray) -> np.ndarray:
    """Gives spending on research and development over income: x / y, a share of 1; NaN where there is no income.

    `research` and `income` (GDP, or value added) of the same regions and years, in one money unit. Source: OECD 2015
    (frascati_2015).
    """
    return _share(research, income)


def _shares(*parts: np.ndarray) -> list[np.ndarray]:
    arrays = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in parts))
    total = np.sum(arrays, axis=0)
    return [_share(part, total) for part in arrays]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    part, whole = np.broadcast_arrays(np.asarray(part, dtype=float), np.asarray(whole, dtype=float))
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
