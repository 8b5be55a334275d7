"""Estimators of a policy's value from the outcomes of another one.

n queries, k arms, t outcomes of a query, such as its quality and its cost. The new policy picks arm
a for query x with probability pi(a|x); the log's picked a_i with probability mu(a_i|x_i), its
propensity, and saw the outcomes r_i. Regressions q(x,a) predict outcomes.

Every estimator is a ratio of two sums over queries, and returns what each query adds to them. So a
resample of queries, whatever the estimator, is a matter of weighing terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = [
    "Terms",
    "clipped_ips",
    "direct_method",
    "doubly_robust",
    "importance_weights",
    "ips",
    "on_policy",
    "snips",
    "switch_doubly_robust",
]


class Terms(NamedTuple):
    """What each query adds to an estimate.

    Attributes:
        numerator: shape (n, t).
        denominator: shape (n,).
    """

    numerator: Floats
    denominator: Floats

    @property
    def value(self) -> Floats:
        """The estimates, shape (t,)."""
        value: Floats = self.numerator.sum(axis=0) / self.denominator.sum()
        return value


def importance_weights(target: Floats, arms: Ints, propensity: Floats) -> Floats:
    """w_i = pi(a_i|x_i) / mu(a_i|x_i), shape (n,); 0 where the new policy never picks a_i.

    Args:
        target: pi, shape (n, k).
        arms: a_i, shape (n,).
        propensity: mu(a_i|x_i), shape (n,), above 0 wherever pi(a_i|x_i) is.
    """
    wanted = target[np.arange(len(arms)), arms]
    return np.divide(wanted, propensity, out=np.zeros_like(wanted), where=wanted > 0)


def on_policy(outcomes: Floats) -> Terms:
    """Mean r_i: the value of the policy that wrote the log."""
    return _mean(outcomes)


def ips(weights: Floats, outcomes: Floats) -> Terms:
    """Inverse propensity scores, mean w_i r_i: unbiased (Horvitz and Thompson, JASA 1952)."""
    return _mean(weights[:, None] * outcomes)


def clipped_ips(weights: Floats, outcomes: Floats, most: float) -> Terms:
    """Mean min(w_i, M) r_i: less variance, and too low a value where outcomes are at least 0.

    E. Ionides, "Truncated importance sampling", JCGS 2008.
    """
    return ips(np.minimum(weights, most), outcomes)


def snips(weights: Floats, outcomes: Floats) -> Terms:
    """Self-normalised inverse propensity scores, sum w_i r_i / sum w_i.

    Biased by O(1/n), and within the range of the outcomes (Swaminathan and Joachims, "The
    self-normalized estimator for counterfactual learning", NeurIPS 2015).
    """
    return Terms(weights[:, None] * outcomes, weights)


def direct_method(target: Floats, predicted: Floats) -> Terms:
    """Mean sum_a pi(a|x_i) q(x_i,a): as good as the regressions are.

    Args:
        target: pi, shape (n, k).
        predicted: q, shape (n, k, t).
    """
    return _mean(np.einsum("nk,nkt->nt", target, predicted))


def doubly_robust(
    weights: Floats, outcomes: Floats, arms: Ints, target: Floats, predicted: Floats
) -> Terms:
    """Mean sum_a pi(a|x_i) q(x_i,a) + w_i (r_i - q(x_i,a_i)).

    Unbiased whatever q is, if q for a query was not fitted on its own outcome; the better q, the
    less its variance (Dudík, Langford and Li, "Doubly robust policy evaluation and learning", ICML
    2011).

    Args:
        weights: w, shape (n,).
        outcomes: r, shape (n, t).
        arms: a_i, shape (n,).
        target: pi, shape (n, k).
        predicted: q, shape (n, k, t).
    """
    residuals = outcomes - predicted[np.arange(len(arms)), arms]
    return _mean(direct_method(target, predicted).numerator + weights[:, None] * residuals)


def switch_doubly_robust(
    weights: Floats, outcomes: Floats, arms: Ints, target: Floats, predicted: Floats, most: float
) -> Terms:
    """Doubly robust, but q alone is believed where w_i > M.

    Wang, Agarwal and Dudík, "Optimal and adaptive off-policy evaluation in contextual bandits",
    ICML 2017. Arguments as of `doubly_robust`.
    """
    kept = np.where(weights <= most, weights, 0.0)
    return doubly_robust(kept, outcomes, arms, target, predicted)


def _mean(values: Floats) -> Terms:
    return Terms(values, np.ones(len(values)))
