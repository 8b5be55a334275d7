"""A logistic bandit: quality as a probability, with what is not known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from evalcore_metallm.policies.policy import Estimate, Policy

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import LogisticSettings
    from evalcore_metallm.policies.policy import Floats, Ints, Pool

__all__ = ["Logistic"]


class Logistic(Policy):
    """sigmoid(x' w_j + alpha sqrt(x' H_j^-1 x)) - p c_j, with the mean cost c_j of the arm.

    A Bayesian logistic regression for each arm, its posterior taken as normal around its mode
    (Laplace) and moved by one Newton step for each outcome, after Chapelle and Li, "An Empirical
    Evaluation of Thompson Sampling" (NeurIPS 2011, algorithm 3), with the whole Hessian H_j, and
    with an upper bound instead of a draw. A quality between 0 and 1 counts in part.

    Attributes:
        weights: w_j, shape (k, d).
        inverse: H_j^-1, shape (k, d, d).
        costs: how many are known of each arm, and their sum, shape (2, k).
    """

    learned = ("weights", "inverse", "costs")

    def __init__(self, settings: LogisticSettings, pool: Pool, width: int, **others: Any) -> None:
        super().__init__(settings, pool, width, **others)
        self.alpha, self._ridge = settings.alpha, settings.ridge
        self.weights = np.zeros((self.arms, width))
        self.inverse = np.tile(np.eye(width) / settings.ridge, (self.arms, 1, 1))
        self.costs = np.zeros((2, self.arms))

    def estimate(self, contexts: Floats) -> Estimate:
        """Upper confidence bounds of quality, and mean costs."""
        squares = [((contexts @ inverse) * contexts).sum(axis=1) for inverse in self.inverse]
        deviations = np.sqrt(np.maximum(squares, 0.0)).T
        quality = expit(contexts @ self.weights.T + self.alpha * deviations)
        counts, sums = self.costs
        cost = np.where(counts > 0, sums / np.maximum(counts, 1.0), self.pool.costs)
        return Estimate(quality, np.broadcast_to(cost, quality.shape))

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """Find the mode of each arm from what is known of it."""
        known = ~np.isnan(quality + cost)
        self.costs = np.stack([known.sum(axis=0), np.where(known, cost, 0.0).sum(axis=0)])
        for arm, rows in enumerate(known.T):
            self._fit(arm, contexts[rows], quality[rows, arm])

    def update(self, contexts: Floats, arms: Ints, quality: Floats, cost: Floats) -> None:
        """Learn one outcome after the other."""
        for x, arm, solved, spent in zip(contexts, arms, quality, cost, strict=True):
            expected = expit(self.weights[arm] @ x)
            along = self.inverse[arm] @ x
            slope = expected * (1 - expected)
            scale = 1 + slope * (x @ along)
            self.inverse[arm] -= np.outer(along, along * (slope / scale))
            self.weights[arm] += along * ((solved - expected) / scale)
            self.costs[:, arm] += 1.0, spent

    def _fit(self, arm: int, contexts: Floats, quality: Floats) -> None:
        """The mode, where the cross-entropy and the prior together are least."""

        def loss(weights: Floats) -> tuple[float, Floats]:
            logits = contexts @ weights
            misfit = np.logaddexp(0.0, logits).sum() - quality @ logits
            slope = contexts.T @ (expit(logits) - quality) + self._ridge * weights
            return misfit + self._ridge / 2 * (weights @ weights), slope

        self.weights[arm] = minimize(loss, np.zeros(self.width), jac=True, method="L-BFGS-B").x
        expected = expit(contexts @ self.weights[arm])
        hessian = (contexts.T * (expected * (1 - expected))) @ contexts
        self.inverse[arm] = np.linalg.inv(hessian + self._ridge * np.eye(self.width))
