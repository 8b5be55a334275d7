"""Bandits that see no context: they find the best single model, and what it costs to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betainc, betaincinv

from evalcore_metallm.policies.averages import AveragingPolicy
from evalcore_metallm.policies.drawing import LEVELS, chances_of_best
from evalcore_metallm.policies.policy import Estimate, shares_of_best

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import EpsilonGreedySettings
    from evalcore_metallm.policies.policy import Bools, Floats

__all__ = ["BetaThompson", "EpsilonGreedy", "Ucb1"]


class EpsilonGreedy(AveragingPolicy):
    """The best arm so far, and any arm with probability epsilon.

    Sutton and Barto, "Reinforcement Learning" (2nd edition 2018, section 2.4). With `decay` epsilon
    falls as 1 / t once t outcomes are more than 1 / epsilon (Auer et al., Machine Learning 47,
    2002, figure 3).
    """

    def __init__(self, settings: EpsilonGreedySettings, *pool: Any, **others: Any) -> None:
        super().__init__(settings, *pool, **others)
        self._settings = settings

    def probabilities(self, contexts: Floats, allowed: Bools | None = None) -> Floats:
        """Those of the best arm, mixed with equal ones."""
        epsilon = self._settings.epsilon
        if self._settings.decay:
            epsilon = min(epsilon, 1.0 / max(self.counts.sum(), 1.0))
        any_arm = shares_of_best(np.zeros((len(contexts), self.arms)), allowed)
        return (1 - epsilon) * super().probabilities(contexts, allowed) + epsilon * any_arm


class Ucb1(AveragingPolicy):
    """Mean + sqrt(2 ln t / n_j), on rewards that are scaled to between 0 and 1.

    Auer, Cesa-Bianchi and Fischer, "Finite-time Analysis of the Multiarmed Bandit Problem"
    (Machine Learning 47, 2002, figure 1). Rewards lie between -p and 1, so the bonus is 1 + p times
    as much: once for quality, and p times for cost.
    """

    def estimate(self, contexts: Floats) -> Estimate:
        """Means with the bonus; an arm that was never tried is infinitely good."""
        counts = np.maximum(self.counts, 1.0)
        bonus = np.sqrt(2 * np.log(max(counts.sum(), 1.0)) / counts)
        quality, cost = super().estimate(contexts)
        return Estimate(quality + bonus, cost - bonus)


class BetaThompson(AveragingPolicy):
    """Picks an arm as often as its quality, drawn from Beta(1 + sum q, 1 + sum (1 - q)), is best.

    Agrawal and Goyal, "Analysis of Thompson Sampling for the Multi-armed Bandit Problem" (COLT
    2012), with qualities between 0 and 1 counted in part. The mean cost is subtracted.
    """

    def estimate(self, contexts: Floats) -> Estimate:
        """The means of the distributions that are drawn from."""
        good, bad = self._beta()
        return self.everywhere(contexts, good / (good + bad), self.mean_cost())

    def probabilities(self, contexts: Floats, allowed: Bools | None = None) -> Floats:
        """How likely an arm's draw is the best."""
        good, bad = self._beta()
        price = self.price * self.mean_cost()

        def quantiles(arm: int) -> Floats:
            return np.atleast_2d(betaincinv(good[arm], bad[arm], LEVELS) - price[arm])

        def distribution(arm: int, rewards: Floats) -> Floats:
            quality = np.clip(rewards + price[arm], 0.0, 1.0)
            return np.asarray(betainc(good[arm], bad[arm], quality))

        if allowed is None or np.ndim(allowed) == 1:
            one = chances_of_best(quantiles, distribution, (1, self.arms), allowed)
            return np.repeat(one, len(contexts), axis=0)
        return np.concatenate(
            [chances_of_best(quantiles, distribution, (1, self.arms), row) for row in allowed]
        )

    def _beta(self) -> tuple[Floats, Floats]:
        return 1.0 + self.sums[0], 1.0 + self.counts - self.sums[0]
