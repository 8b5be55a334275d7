"""Cost against quality: what is worth having, and one number for a router over all costs.

A router at several prices is a set of points (mean cost of a query, mean quality). What is between
two of them can be had as well, by asking the one for some queries and the other for the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evalcore_metallm.oracles import Frontier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["average_quality", "concave_hull", "pareto_set", "router_hull", "saving"]


def pareto_set(cost: Floats, quality: Floats) -> NDArray[np.intp]:
    """The points than which none is both cheaper and better, by rising cost.

    Args:
        cost: shape (n,).
        quality: shape (n,).

    Returns:
        Their numbers; of equal points the first.
    """
    order = np.lexsort((-quality, cost))
    before = np.concatenate([[-np.inf], np.maximum.accumulate(quality[order])[:-1]])
    return order[quality[order] > before]


def concave_hull(cost: Floats, quality: Floats) -> Frontier:
    """The corners of the lowest curve above all points that neither falls nor bends upwards.

    Andrew's monotone chain, over the points of the Pareto set: O(n log n).

    Args:
        cost: shape (n,), n at least 1.
        quality: shape (n,).
    """
    corners: list[tuple[float, float]] = []
    kept = pareto_set(cost, quality)
    for point in zip(cost[kept].tolist(), quality[kept].tolist(), strict=True):
        while len(corners) > 1 and not _bends_down(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    return Frontier(*np.array(corners).T)


def router_hull(
    cost: Floats, quality: Floats, single_cost: Floats, single_quality: Floats
) -> Frontier:
    """The hull of a router's points and of the cheapest single model.

    At a price that is high enough a router asks the cheapest model alone: that point is every
    router's, and with it the curves of all begin at one cost.

    Args:
        cost: of the router at each price, shape (P,).
        quality: likewise.
        single_cost: of each model asked alone, shape (k,).
        single_quality: likewise.
    """
    cheapest = np.lexsort((-single_quality, single_cost))[0]
    return concave_hull(
        np.append(cost, single_cost[cheapest]), np.append(quality, single_quality[cheapest])
    )


def average_quality(hull: Frontier, low: float, high: float) -> float:
    """AIQ, the average improvement in quality: the mean height of a hull between two costs.

        1 / (high - low) * integral from low to high of hull(c) dc

    Hu et al., "RouterBench" (arXiv 2403.12031, section 3.3). To be compared, routers are measured
    between the same two costs, those of the cheapest and of the dearest model asked alone. Beyond
    its last corner a hull is flat. Of the models alone the hull is that of the zero router.

    Returns:
        NaN where both costs are the same, or the hull begins above the lower one.
    """
    if not low < high or hull.cost[0] > low:
        return math.nan
    inner = hull.cost[(hull.cost > low) & (hull.cost < high)]
    at = np.concatenate([[low], inner, [high]])
    height = np.interp(at, hull.cost, hull.quality)
    return float(np.diff(at) @ (height[1:] + height[:-1]) / 2 / (high - low))


def saving(hull: Frontier, cost: float, quality: float) -> float:
    """The share of a reference's cost that is saved where the hull is just as good.

        1 - c / cost, with hull(c) = quality

    Args:
        hull: of a router.
        cost: of the reference.
        quality: of the reference.

    Returns:
        NaN where the hull never reaches the quality: nothing can then be said of its cost.
    """
    if quality > hull.quality[-1] or not cost > 0:
        return math.nan
    return 1.0 - float(np.interp(quality, hull.quality, hull.cost)) / cost


def _bends_down(
    one: tuple[float, float], middle: tuple[float, float], other: tuple[float, float]
) -> bool:
    """Whether the line through the three, by rising cost, is steeper before the middle."""
    before = (middle[1] - one[1]) * (other[0] - middle[0])
    return before > (other[1] - middle[1]) * (middle[0] - one[0])
