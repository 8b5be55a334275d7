"""Linear Thompson sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from evalcore_metallm.policies.drawing import LEVELS, chances_of_best
from evalcore_metallm.policies.linear import LinearPolicy

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import LinearThompsonSettings
    from evalcore_metallm.policies.policy import Bools, Floats

__all__ = ["LinearThompson"]


class LinearThompson(LinearPolicy):
    """An arm is picked as often as its drawn reward is the best one.

    Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear Payoffs" (ICML 2013):
    theta_j + v L_j^-T eta with A_j = L_j L_j' and normal eta. For one query the reward x' theta_j
    drawn so is N(x' theta_j, v^2 x' A_j^-1 x), for |L_j^-1 x|^2 = x' A_j^-1 x: no factor is needed,
    and of independent normals the chance of each to be the best is an integral in one variable. The
    arm is drawn by these chances, which are its propensities.
    """

    def __init__(self, settings: LinearThompsonSettings, *pool: Any, **others: Any) -> None:
        super().__init__(settings, *pool, **others)
        self.spread = settings.spread

    def probabilities(self, contexts: Floats, allowed: Bools | None = None) -> Floats:
        """How likely an arm's draw is the best."""
        means = self.scores(contexts)
        deviations = self.spread * self.models.deviations(contexts)
        deviations = np.maximum(deviations, np.finfo(float).tiny)

        def quantiles(arm: int) -> Floats:
            found: Floats = means[:, arm, None] + deviations[:, arm, None] * ndtri(LEVELS)
            return found

        def distribution(arm: int, rewards: Floats) -> Floats:
            return np.asarray(ndtr((rewards - means[:, arm, None]) / deviations[:, arm, None]))

        return chances_of_best(quantiles, distribution, means.shape, allowed)
