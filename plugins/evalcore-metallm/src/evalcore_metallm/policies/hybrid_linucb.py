"""LinUCB with hybrid models: what all arms have in common is learned from all outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore_metallm.policies.linear import LinearPolicy
from evalcore_metallm.policies.policy import Estimate

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import HybridLinUcbSettings
    from evalcore_metallm.policies.policy import Floats, Ints

__all__ = ["HybridLinUcb"]


class HybridLinUcb(LinearPolicy):
    """z' beta + x' theta_j, with what is not known of both.

    Li et al., "A Contextual-Bandit Approach to Personalized News Article Recommendation" (WWW
    2010, algorithm 2), with z = x: beta is how easy a query is for any model. Then B_j = A_j -
    lam I, so that all of the algorithm follows from A_j^-1, the disjoint theta_j = A_j^-1 b_j and
    A_0 = lam I + lam sum_j (I - lam A_j^-1): with w_j = lam A_j^-1 x

        b_0 = lam sum_j theta_j,  beta = A_0^-1 b_0,
        score = x' theta_j + w_j' beta + alpha sqrt(w_j' A_0^-1 w_j + x' A_j^-1 x),

    and an outcome adds w_j w_j' / (1 + x' A_j^-1 x) to A_0: an update takes O(d^2).
    """

    learned = ("shared_inverse",)

    def __init__(self, settings: HybridLinUcbSettings, *pool: Any, **others: Any) -> None:
        super().__init__(settings, *pool, **others)
        self.alpha = settings.alpha
        self.shared_inverse = np.eye(self.width) / settings.ridge  # A_0^-1

    def estimate(self, contexts: Floats) -> Estimate:
        """As predicted, of quality the upper confidence bound."""
        ridge = self.models.ridge
        predicted = self.models.predicted(contexts)
        beta = self.shared_inverse @ (ridge * self.models.weights.sum(axis=0)).T
        bonus = np.empty((len(contexts), self.arms))
        for arm, along in enumerate(self.models.products(contexts)):
            left = ridge * along  # w_j, a row for each query
            predicted[:, arm] += left @ beta
            variance = np.einsum("nd,nd->n", left @ self.shared_inverse, left)
            variance += np.einsum("nd,nd->n", along, contexts)
            bonus[:, arm] = self.alpha * np.sqrt(np.maximum(variance, 0.0))
        return Estimate(predicted[..., 0] + bonus, predicted[..., 1])

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """Fit the arms' own models, and A_0 from them."""
        super().warm_start(contexts, quality, cost)
        ridge, unit = self.models.ridge, np.eye(self.width)
        learned = self.arms * unit - ridge * self.models.inverse.sum(axis=0)
        self.shared_inverse = np.linalg.inv(ridge * (unit + learned))

    def update(self, contexts: Floats, arms: Ints, quality: Floats, cost: Floats) -> None:
        """Learn one outcome after the other."""
        outcomes = np.stack([quality, cost], axis=1)
        for row, (arm, outcome) in enumerate(zip(arms.tolist(), outcomes, strict=True)):
            along = self.models.product(contexts[row], arm)
            left = self.models.ridge * along
            shared = self.shared_inverse @ left
            scale = 1.0 + contexts[row] @ along + left @ shared
            self.shared_inverse -= np.outer(shared, shared / scale)
            self.models.update(contexts[row], arm, outcome)
