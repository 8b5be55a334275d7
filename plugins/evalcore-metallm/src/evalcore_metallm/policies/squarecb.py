"""SquareCB: propensities in closed form, from how much worse an arm looks than the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore_metallm.policies.linear import LinearPolicy
from evalcore_metallm.policies.policy import shares_of_best

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import SquareCbSettings
    from evalcore_metallm.policies.policy import Bools, Floats

__all__ = ["SquareCb"]


class SquareCb(LinearPolicy):
    """An arm that is not the best has 1 / (m + gamma gap), of m arms allowed; the best the rest.

    Foster and Rakhlin, "Beyond UCB: Optimal and Efficient Contextual Bandits with Regression
    Oracles" (ICML 2020), with ridge regression for the oracle. Every arm that may be picked is, at
    times, which makes its logs good ones to grade other policies by.
    """

    def __init__(self, settings: SquareCbSettings, *pool: Any, **others: Any) -> None:
        super().__init__(settings, *pool, **others)
        self.gamma = settings.gamma

    def probabilities(self, contexts: Floats, allowed: Bools | None = None) -> Floats:
        """In closed form; of several best arms each has an equal part of the rest."""
        scores = self.scores(contexts)
        best = shares_of_best(scores, allowed)
        among = np.broadcast_to(True if allowed is None else allowed, scores.shape)
        gaps = np.where(best > 0, scores, -np.inf).max(axis=1, keepdims=True) - scores
        count = among.sum(axis=1, keepdims=True)
        others = (among & (best == 0)) / (count + self.gamma * np.maximum(gaps, 0.0))
        shares: Floats = others + best * (1.0 - others.sum(axis=1, keepdims=True))
        return shares
