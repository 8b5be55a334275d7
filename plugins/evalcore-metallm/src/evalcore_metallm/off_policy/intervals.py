"""How sure an estimate is: the bootstrap of many totals at once, and a bound for any n."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["empirical_bernstein", "percentiles", "resampled_totals", "totals_of_groups"]

#: How many picks are drawn at a time: they stay within a few megabytes.
_BLOCK = 2**20


def totals_of_groups(values: Floats, groups: Ints | None) -> Floats:
    """The sums of values of shape (n, m) over groups, shape (g, m); of queries, without groups."""
    if groups is None:
        return values
    names, group = np.unique(groups, return_inverse=True)
    totals = np.zeros((len(names), values.shape[1]))
    np.add.at(totals, group, values)
    return totals


def resampled_totals(totals: Floats, resamples: int, seed: int) -> Floats:
    """Column sums over as many rows as there are, drawn with replacement: shape (resamples, m).

    All columns see the same draws, so that what is computed of them is paired. A draw is how often
    each row comes, and a block of resamples one matrix product.

    Args:
        totals: shape (g, m).
        resamples: their number.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    rows = len(totals)
    block = max(1, _BLOCK // rows)
    return np.concatenate(
        [
            _counts(rng, rows, min(block, resamples - start)) @ totals
            for start in range(0, resamples, block)
        ]
    )


def percentiles(drawn: Floats, confidence: float) -> tuple[Floats, Floats]:
    """The ends of the percentile intervals of resamples along the first axis.

    Unknown (NaN) where the statistic of a resample is no number (Efron and Tibshirani, "An
    introduction to the bootstrap", 1993, chapter 13).
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return low, high


def empirical_bernstein(values: Floats, most: float, confidence: float) -> float:
    """How far below the mean of independent values from 0 to `most` their expectation may be.

    It is no further with that confidence, at any n and for any distribution: Maurer and Pontil,
    "Empirical Bernstein bounds and sample variance penalization", COLT 2009, theorem 4.

    Args:
        values: shape (n,), n above 1.
        most: the highest value possible.
        confidence: of this one side.
    """
    n, log = len(values), math.log(2 / (1 - confidence))
    variance = float(values.var(ddof=1))
    return math.sqrt(2 * variance * log / n) + 7 * most * log / (3 * (n - 1))


def _counts(rng: np.random.Generator, rows: int, resamples: int) -> Floats:
    """How often each row is drawn, shape (resamples, rows)."""
    drawn = rng.integers(rows, size=(resamples, rows))
    drawn += np.arange(resamples)[:, None] * rows
    counts = np.bincount(drawn.ravel(), minlength=resamples * rows)
    return counts.reshape(resamples, rows).astype(np.float64)
