"""Two routers over the same queries in the same orders: by how much the one is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore_metallm.evaluation.resampling import paired, pigeonhole, resampled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.stats import Estimate
    from evalcore_metallm.evaluation.passes import Outcomes
    from evalcore_metallm.metrics.resampled import Part, PassMetric

    Floats = NDArray[np.float64]

__all__ = ["differences"]


def differences(
    metric: PassMetric, ours: Mapping[str, Outcomes], theirs: Mapping[str, Outcomes]
) -> dict[str, Estimate]:
    """How much higher each part of a metric is for one router than for another.

    Both are resampled together: what makes an order or a query hard for both cancels.

    Args:
        metric: of which the parts are.
        ours: the passes of the one, by order.
        theirs: those of the other; orders that only one of them has do not count.

    Returns:
        The parts that both have; nothing where they have no order in common.
    """
    orders = sorted(ours.keys() & theirs.keys())
    if not orders:
        return {}
    seen = [metric.observed(ours[order]) for order in orders]
    against = [metric.observed(theirs[order]) for order in orders]
    means = pigeonhole(paired(seen, against), resamples=metric.settings.resamples)
    width = seen[0].values.shape[1]
    parts, others = (metric.parts(list(of.values())) for of in (ours, theirs))
    return {
        name: resampled(means, _difference(part, others[name], width))
        for name, part in parts.items()
        if name in others
    }


def _difference(part: Part, other: Part, width: int) -> Callable[[Floats], Floats]:
    return lambda means: part.statistic(means[:, :width]) - other.statistic(means[:, width:])
