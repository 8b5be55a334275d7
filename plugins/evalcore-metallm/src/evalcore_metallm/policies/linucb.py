"""LinUCB with disjoint models: the policy of MetaLLM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore_metallm.policies.linear import LinearPolicy
from evalcore_metallm.policies.policy import Estimate

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import LinUcbSettings
    from evalcore_metallm.policies.policy import Bools, Floats

__all__ = ["LinUcb"]


class LinUcb(LinearPolicy):
    """x' theta_j + alpha sqrt(x' A_j^-1 x).

    MetaLLM (arXiv 2407.10834, algorithm 1), after Li et al., "A Contextual-Bandit Approach to
    Personalized News Article Recommendation" (WWW 2010, algorithm 1).
    """

    def __init__(self, settings: LinUcbSettings, *pool: Any, **others: Any) -> None:
        super().__init__(settings, *pool, **others)
        self.alpha, self._paper_compat = settings.alpha, settings.paper_compat
        self._all_for_one = np.eye(self.arms)

    def estimate(self, contexts: Floats) -> Estimate:
        """As predicted, of quality the upper confidence bound."""
        quality, cost = super().estimate(contexts)
        if self.alpha:
            quality = quality + self.alpha * self.models.deviations(contexts)
        return Estimate(quality, cost)

    def probabilities(self, contexts: Floats, allowed: Bools | None = None) -> Floats:
        """As of every policy; with `paper_compat` the first of the best arms has all."""
        shares = super().probabilities(contexts, allowed)
        if self._paper_compat:
            shares = self._all_for_one[shares.argmax(axis=1)]
        return shares
