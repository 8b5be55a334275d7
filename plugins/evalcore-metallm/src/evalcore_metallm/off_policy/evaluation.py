"""Quality, cost and reward of a router on the queries of another one's log, each with an interval.

See the package for what does not hold where the logging router was learning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalcore.stats import Estimate
from evalcore_metallm.off_policy.estimators import (
    Terms,
    clipped_ips,
    direct_method,
    doubly_robust,
    importance_weights,
    ips,
    on_policy,
    snips,
    switch_doubly_robust,
)
from evalcore_metallm.off_policy.intervals import (
    empirical_bernstein,
    percentiles,
    resampled_totals,
    totals_of_groups,
)
from evalcore_metallm.off_policy.support import Overlap, check_support, overlap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evalcore_metallm.logs.deployment import DeploymentLog

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["Evaluation", "Value", "estimates", "evaluate"]


class Value(NamedTuple):
    """What a router is worth by one estimator.

    Attributes:
        quality: mean quality of a query.
        cost: mean dollars of a query.
        reward: quality - price * cost.
        gain: how much higher the quality is than the reference's.
        saving: 1 - cost / cost of the reference; NaN where that costs nothing.
    """

    quality: Estimate
    cost: Estimate
    reward: Estimate
    gain: Estimate
    saving: Estimate


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a log tells of a router.

    Attributes:
        values: by the name of the estimator.
        deployed: the same of the router that wrote the log, as it was seen, compared with itself.
        overlap: how much of the log tells of the new router.
        most: the M at which weights were clipped.
        quality_at_least: a bound of the quality from below that holds at any number of queries, by
            clipped weights, with the confidence of one end of an interval; NaN where queries come
            in groups, or there is one.
    """

    values: Mapping[str, Value]
    deployed: Value
    overlap: Overlap
    most: float
    quality_at_least: float


def evaluate(
    log: DeploymentLog,
    target: Floats,
    predicted: Floats,
    *,
    reference: Floats | None = None,
    price: float = 0.0,
    groups: Ints | None = None,
    most: float | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Evaluation:
    """Estimate the value of a router by each estimator, from one set of resampled queries.

    Intervals are percentiles of the bootstrap over queries, or over groups of them. They take the
    predictions as given. For doubly robust estimates that is right, as the error that cross-fitted
    predictions bring is of a lower order; of the direct method they do not tell how wrong its model
    is. Where weights leave an effective number of queries of about 100, intervals of 95 % cover in
    fact about 90 %.

    Args:
        log: of the deployed router.
        target: the probability of each arm under the new router, shape (n, k).
        predicted: quality and cost of each arm, by models that did not see the query's outcome
            (`cross_fitted`), shape (n, k, 2).
        reference: the probabilities of the router to compare with; the deployed one if not given.
        price: what quality is worth a dollar.
        groups: codes of queries that are not independent of each other, shape (n,).
        most: the weight M from which on `clipped-ips` clips and `switch-dr` believes the model;
            sqrt(n) if not given, so that the bias vanishes with n.
        resamples: of the bootstrap.
        confidence: of each interval.
        seed: of the bootstrap.

    Raises:
        NoSupport: if the log cannot tell the value of the new router, or of the reference.
    """
    most = math.sqrt(len(log)) if most is None else most
    check_support(log, target)
    terms = estimates(log, target, predicted, most)
    seen = on_policy(_outcomes(log))
    against = dict.fromkeys(terms, seen)
    if reference is not None:
        check_support(log, reference)
        against = estimates(log, reference, predicted, most)
    columns = [_columns(terms[name], against[name]) for name in terms] + [_columns(seen, seen)]
    values = _values(np.stack(columns, axis=1), groups, price, resamples, confidence, seed)
    clipped = terms["clipped-ips"].numerator[:, 0]
    return Evaluation(
        dict(zip(terms, values, strict=False)),
        values[-1],
        overlap(importance_weights(target, log.arm, log.propensity)),
        most,
        math.nan if groups is not None else _at_least(clipped, most, confidence),
    )


def estimates(
    log: DeploymentLog, target: Floats, predicted: Floats, most: float
) -> dict[str, Terms]:
    """The terms of every estimator, by its name; arguments as of `evaluate`."""
    outcomes, arms = _outcomes(log), log.arm
    weights = importance_weights(target, arms, log.propensity)
    return {
        "doubly-robust": doubly_robust(weights, outcomes, arms, target, predicted),
        "switch-dr": switch_doubly_robust(weights, outcomes, arms, target, predicted, most),
        "snips": snips(weights, outcomes),
        "ips": ips(weights, outcomes),
        "clipped-ips": clipped_ips(weights, outcomes, most),
        "direct": direct_method(target, predicted),
    }


def _outcomes(log: DeploymentLog) -> Floats:
    return np.column_stack([log.quality, log.cost])


def _columns(new: Terms, reference: Terms) -> Floats:
    """What `_statistics` takes sums of, shape (n, 6)."""
    return np.column_stack([*new, *reference])


def _statistics(sums: Floats, price: float) -> Floats:
    """The fields of `Value` along the last axis, from sums of `_columns` along the last axis."""
    quality, cost = np.moveaxis(sums[..., :2] / sums[..., 2:3], -1, 0)
    quality_before, cost_before = np.moveaxis(sums[..., 3:5] / sums[..., 5:6], -1, 0)
    gain, saving = quality - quality_before, 1 - cost / cost_before
    return np.stack([quality, cost, quality - price * cost, gain, saving], axis=-1)


def _values(
    columns: Floats,
    groups: Ints | None,
    price: float,
    resamples: int,
    confidence: float,
    seed: int,
) -> list[Value]:
    """The values of columns of shape (n, estimators, 6)."""
    n, estimators, width = columns.shape
    totals = totals_of_groups(columns.reshape(n, -1), groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = _statistics(columns.sum(axis=0), price)
        low = high = np.full_like(value, np.nan)
        if len(totals) > 1:
            drawn = resampled_totals(totals, resamples, seed).reshape(-1, estimators, width)
            low, high = percentiles(_statistics(drawn, price), confidence)
    return [
        Value(*(Estimate(*ends, n, len(totals)) for ends in zip(*of, strict=True)))
        for of in zip(value.tolist(), low.tolist(), high.tolist(), strict=True)
    ]


def _at_least(clipped: Floats, most: float, confidence: float) -> float:
    if len(clipped) < 2:
        return math.nan
    return float(clipped.mean()) - empirical_bernstein(clipped, most, (1 + confidence) / 2)
