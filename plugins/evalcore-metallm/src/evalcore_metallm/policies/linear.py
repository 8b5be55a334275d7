"""Policies on linear models of quality and cost, which share what they learn and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore_metallm.policies.catalogue import DiscountedSettings
from evalcore_metallm.policies.policy import Estimate, Policy
from evalcore_metallm.regression import ArmRegressions

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import LinearSettings
    from evalcore_metallm.policies.policy import Floats, Ints, Pool, State

__all__ = ["LinearPolicy"]


class LinearPolicy(Policy):
    """Ridge regressions of quality and cost for each arm, which share A_j = lam I + sum x x'.

    The reward is linear in p, and so is theta: x' theta_j is x' theta_j of quality - p x' theta_j
    of cost, and nothing is fitted anew where p moves.

    Attributes:
        models: the regressions; targets are quality and cost.
    """

    def __init__(self, settings: LinearSettings, pool: Pool, width: int, **others: Any) -> None:
        super().__init__(settings, pool, width, **others)
        discount = settings.discount if isinstance(settings, DiscountedSettings) else 1.0
        self.models = ArmRegressions(self.arms, width, 2, settings.ridge, discount)

    def estimate(self, contexts: Floats) -> Estimate:
        """As predicted."""
        predicted = self.models.predicted(contexts)
        return Estimate(predicted[..., 0], predicted[..., 1])

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """One factorisation for all arms, unless outcomes are missing."""
        self.models.fit(contexts, np.stack([quality, cost], axis=2))

    def update(self, contexts: Floats, arms: Ints, quality: Floats, cost: Floats) -> None:
        """Learn one outcome after the other."""
        outcomes = np.array([quality, cost]).T
        for context, arm, outcome in zip(contexts, arms.tolist(), outcomes, strict=True):
            self.models.update(context, arm, outcome)

    def state(self) -> State:
        """With A_j^-1 and theta_j."""
        return {**super().state(), **self.models.state()}

    def restore(self, state: State) -> None:
        """Likewise."""
        super().restore(state)
        self.models.restore(state)  # type: ignore[arg-type]  # arrays of the regressions' own kind
