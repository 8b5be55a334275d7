"""Means of quality and cost for each arm, which policies that see no context go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalcore_metallm.policies.policy import Estimate, Policy

if TYPE_CHECKING:
    from typing import Any

    from evalcore_metallm.policies.policy import Floats, Ints

__all__ = ["AveragingPolicy"]


class AveragingPolicy(Policy):
    """Counts outcomes, and sums their quality and cost, for each arm.

    Attributes:
        counts: outcomes of each arm, shape (k,).
        sums: of quality and of cost, shape (2, k).
    """

    learned = ("counts", "sums")

    def __init__(self, *pool: Any, **others: Any) -> None:
        super().__init__(*pool, **others)
        self.counts = np.zeros(self.arms)
        self.sums = np.zeros((2, self.arms))

    def estimate(self, contexts: Floats) -> Estimate:
        """The means; of an arm that was never tried an infinite quality."""
        quality = np.where(self.counts > 0, self.sums[0] / np.maximum(self.counts, 1.0), np.inf)
        return self.everywhere(contexts, quality, self.mean_cost())

    def mean_cost(self) -> Floats:
        """Of each arm, shape (k,); of one that was never tried what is known beforehand."""
        means = self.sums[1] / np.maximum(self.counts, 1.0)
        return np.where(self.counts > 0, means, self.pool.costs)

    def everywhere(self, contexts: Floats, quality: Floats, cost: Floats) -> Estimate:
        """The same for every query."""
        shape = len(contexts), self.arms
        return Estimate(np.broadcast_to(quality, shape), np.broadcast_to(cost, shape))

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """Count what is known."""
        known = ~np.isnan(quality + cost)
        self.counts = known.sum(axis=0).astype(float)
        self.sums = np.stack([np.where(known, part, 0.0).sum(axis=0) for part in (quality, cost)])

    def update(self, contexts: Floats, arms: Ints, quality: Floats, cost: Floats) -> None:
        """Count the outcomes."""
        self.counts += np.bincount(arms, minlength=self.arms)
        self.sums += np.stack([np.bincount(arms, part, self.arms) for part in (quality, cost)])
