"""What routers are compared with: one model for all queries, or any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.policies.averages import AveragingPolicy
from evalcore_metallm.policies.policy import Estimate, Policy

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import StaticSettings
    from evalcore_metallm.policies.policy import Floats, Pool

__all__ = ["BestOnTraining", "Cheapest", "Random", "Static"]


class Indifferent(Policy):
    """Wants each arm as much as `wanted` says, whatever the query and the price.

    Attributes:
        wanted: shape (k,).
    """

    wanted: Floats

    def estimate(self, contexts: Floats) -> Estimate:
        """As wanted, at no cost."""
        shape = len(contexts), self.arms
        return Estimate(np.broadcast_to(self.wanted, shape), np.zeros(shape))


class Static(Indifferent):
    """Always the same arm.

    Raises:
        EvalcoreError: if no arm has that name.
    """

    def __init__(self, settings: StaticSettings, pool: Pool, *others: Any, **more: Any) -> None:
        super().__init__(settings, pool, *others, **more)
        self.wanted = np.eye(self.arms)[pool.number(settings.arm)]


class Cheapest(Indifferent):
    """The arm of the lowest mean cost, as far as it was known beforehand."""

    def __init__(self, *pool: Any, **others: Any) -> None:
        super().__init__(*pool, **others)
        self.wanted = -self.pool.costs


class Random(Indifferent):
    """Any arm, with equal probability."""

    def __init__(self, *pool: Any, **others: Any) -> None:
        super().__init__(*pool, **others)
        self.wanted = np.zeros(self.arms)


class BestOnTraining(AveragingPolicy):
    """The arm of the highest mean reward on the queries that it was started with."""

    def estimate(self, contexts: Floats) -> Estimate:
        """The means.

        Raises:
            EvalcoreError: if it was started with no outcome.
        """
        if not self.counts.any():
            raise EvalcoreError(
                "best-on-training learns from training queries alone, and has seen none"
            )
        quality, cost = super().estimate(contexts)
        return Estimate(np.where(np.isinf(quality), -np.inf, quality), cost)

    def update(self, *outcomes: Any) -> None:
        """Nothing is learned after the start."""
