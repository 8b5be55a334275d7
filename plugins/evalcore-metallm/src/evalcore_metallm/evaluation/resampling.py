"""Intervals for what was seen of some queries in some orders, which are both drawn by chance.

A query is in the test parts of several orders, and all queries of an order meet what one router
has learned: values are neither independent over queries nor over orders. The pigeonhole bootstrap
draws orders and queries anew, each for itself, and a value counts as often as its order was drawn
times as often as its query was (Owen, "The Pigeonhole Bootstrap", Annals of Applied Statistics 1,
2007). Its variance is no smaller, on the mean, than the true one.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalcore.stats import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["Means", "Observed", "paired", "pigeonhole", "resampled"]

#: Weights of queries that are held at a time: 16 MiB of them.
_BLOCK = 2**21

#: Numbers that differ by a smaller share of them are equal but for rounding.
_ROUNDING = 1e-12


class Observed(NamedTuple):
    """What was seen in one order.

    Attributes:
        queries: which queries were seen, by their numbers in the log, shape (n,).
        values: of each query some quantities, shape (n, q), without NaN.
    """

    queries: Ints
    values: Floats


class Means(NamedTuple):
    """The means of some quantities over orders and queries.

    Attributes:
        found: of what was seen, shape (1, q).
        resampled: of each resample, shape (resamples, q); NaN where nothing seen was drawn.
        orders: their number.
        queries: number of queries that were seen in an order or more.
    """

    found: Floats
    resampled: Floats
    orders: int
    queries: int


def pigeonhole(orders: Sequence[Observed], *, resamples: int = 1000, seed: int = 0) -> Means:
    """The means of each quantity as seen, and as they would be of other orders and queries.

    Resample r draws as many orders and queries as there are, with replacement; with u_ri and v_rj
    for how often order i and query j were drawn, a mean is

        sum_ij u_ri v_rj x_ij / sum_ij u_ri v_rj

    over the queries j that were seen in order i: for each order a product of matrices.

    Args:
        orders: what was seen in each, one at least, with the same quantities.
        resamples: their number R.
        seed: of the draws; they are the same for orders of the same queries.
    """
    numbers, codes = _coded(orders)
    rng = np.random.default_rng(seed)
    values = [_with_ones(order.values) for order in orders]
    seen = np.stack([table.sum(axis=0) for table in values]).sum(axis=0, keepdims=True)
    block = max(1, _BLOCK // max(1, numbers.size))
    drawn = []
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        of_orders = _draw(rng, len(orders), size)
        of_queries = _draw(rng, numbers.size, size)
        totals = np.zeros((size, seen.shape[1]))
        for order, (rows, table) in enumerate(zip(codes, values, strict=True)):
            totals += of_orders[:, order, None] * (of_queries[:, rows] @ table)
        drawn.append(totals)
    return Means(_divided(seen), _divided(np.concatenate(drawn)), len(orders), numbers.size)


def paired(ours: Sequence[Observed], theirs: Sequence[Observed]) -> list[Observed]:
    """Two routers in the same orders, at the queries that both met: their quantities side by side.

    What makes a query or an order hard for both then cancels in each resample of a difference.

    Args:
        ours: what was seen of the one router, order by order.
        theirs: what was seen of the other, in the same orders.

    Returns:
        For each order quantities of shape (n, q + q'), those of the first router first.

    Raises:
        ValueError: if the numbers of orders differ.
    """
    pairs = []
    for one, other in zip(ours, theirs, strict=True):
        common, a, b = np.intersect1d(
            one.queries, other.queries, assume_unique=True, return_indices=True
        )
        pairs.append(Observed(common, np.hstack([one.values[a], other.values[b]])))
    return pairs


def resampled(
    means: Means,
    statistic: Callable[[Floats], Floats],
    *,
    confidence: float = 0.95,
    axis: str = "",
    at: float | None = None,
) -> Estimate:
    """A function of means, with the bias-corrected percentile interval of the resamples.

    A hull is higher over resamples than over what was seen, for it takes the best of more noise.
    The share of resamples below the value tells by how much, and which of them are the ends (Efron,
    "Better Bootstrap Confidence Intervals", JASA 82, 1987, section 2); the value is always between.

    A resample in which the function is not defined counts as lower than all others. So where more
    of them than a tail holds are undefined, the lower end is unknown.

    Args:
        means: of the pigeonhole bootstrap.
        statistic: takes means of shape (r, q) and returns one number for each row, shape (r,).
        confidence: probability that the interval should cover the true value.
        axis: as of `Estimate`.
        at: as of `Estimate`.

    Returns:
        `n` counts the orders, `clusters` the queries. The interval is unknown with one query.
    """
    value = float(statistic(means.found)[0])
    low = high = np.nan
    if means.queries > 1 and np.isfinite(value):
        drawn = np.nan_to_num(statistic(means.resampled), nan=-np.inf)
        below, above = _levels(drawn, value, confidence)
        low = _finite(np.quantile(drawn, below, method="lower"))
        high = _finite(np.quantile(drawn, above, method="higher"))
    return Estimate(
        value, min(low, value), max(high, value), means.orders, means.queries, axis=axis, at=at
    )


def _levels(drawn: Floats, value: float, confidence: float) -> tuple[float, float]:
    """The shares of resamples below the ends of the interval."""
    normal = NormalDist()
    z = normal.inv_cdf((1 + confidence) / 2)
    close = np.abs(drawn - value) <= _ROUNDING * abs(value)
    share = float(np.mean((drawn < value) & ~close) + np.mean(close) / 2)
    edge = 0.5 / drawn.size
    bias = normal.inv_cdf(min(max(share, edge), 1 - edge))
    bias = min(max(bias, -z), z)  # beyond it the value would not be in its own interval
    return normal.cdf(2 * bias - z), normal.cdf(2 * bias + z)


def _coded(orders: Sequence[Observed]) -> tuple[Ints, list[Ints]]:
    """The queries of all orders, and those of each as numbers among them."""
    numbers, codes = np.unique(np.concatenate([o.queries for o in orders]), return_inverse=True)
    ends = np.cumsum([order.queries.size for order in orders])[:-1]
    return numbers, np.split(codes, ends)


def _with_ones(values: Floats) -> Floats:
    return np.hstack([values, np.ones((len(values), 1))])


def _draw(rng: np.random.Generator, units: int, resamples: int) -> Floats:
    """How many times each unit is drawn, shape (resamples, units)."""
    drawn = rng.integers(units, size=(resamples, units))
    drawn += np.arange(resamples)[:, None] * units
    counts = np.bincount(drawn.ravel(), minlength=resamples * units)
    return counts.reshape(resamples, units).astype(np.float64)


def _divided(totals: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        means: Floats = totals[:, :-1] / totals[:, -1:]
    return means


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.nan
