"""A cascade: arms are asked in turn, until a scorer takes an answer for good enough."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.policies.policy import Estimate, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalcore_metallm.policies.catalogue import CascadeSettings
    from evalcore_metallm.policies.policy import Bools, Floats, Ints, Pool, State

__all__ = ["Cascade"]


class Plan(NamedTuple):
    """Arms in the order in which they are asked, and the score from which each is accepted.

    Attributes:
        arms: m of them.
        thresholds: of all but the last, m - 1.
    """

    arms: tuple[int, ...]
    thresholds: tuple[float, ...]


class Cascade(Policy):
    """Asks the arms of a plan until the score of an answer reaches its threshold.

    Chen, Zaharia and Zou, "FrugalGPT" (arXiv 2305.05176), where the scorer is a trained model.
    Here it is simulated from the true quality q, which it takes for 1 - q as often as `noise` says,
    as "RouterBench" does (Hu et al., arXiv 2403.12031): a cascade can be replayed on a log, and
    cannot be served. All arms that were asked are paid for: see `escalate`.

    Orders and thresholds that the settings do not name are those of the highest mean reward on
    training queries at the price: of each order, and orders are by rising cost, the thresholds are
    found from the last to the first, each the best one, on all training queries, for those behind.

    Attributes:
        outcomes: score, quality and cost of each arm on the training queries, shape (3, n, k).
    """

    learned = ("outcomes",)

    def __init__(self, settings: CascadeSettings, pool: Pool, width: int, **others: Any) -> None:
        super().__init__(settings, pool, width, **others)
        self._settings = settings
        self._named = tuple(pool.number(name) for name in settings.arms)
        self.outcomes = np.empty((3, 0, self.arms))
        self._found: tuple[float, Plan] | None = None

    @property
    def plan(self) -> Plan:
        """What is asked in turn at the price.

        Raises:
            EvalcoreError: if it is to be found on training queries, and there was none.
        """
        if len(self._named) == len(self._settings.thresholds) + 1:
            return Plan(self._named, self._settings.thresholds)
        if self._found is None or self._found[0] != self.price:
            self._found = self.price, self._best_plan()
        return self._found[1]

    def estimate(self, contexts: Floats) -> Estimate:
        """How early an arm is asked; nothing is known of single queries."""
        wanted = np.full(self.arms, -float(self.arms))
        wanted[list(self.plan.arms)] = -np.arange(len(self.plan.arms))
        shape = len(contexts), self.arms
        return Estimate(np.broadcast_to(wanted, shape), np.zeros(shape))

    def escalate(
        self, contexts: Floats, arms: Ints, quality: Floats, allowed: Bools | None = None
    ) -> Ints:
        """The next arm of the plan where the score of an answer is below its threshold."""
        among = np.broadcast_to(True if allowed is None else allowed, (len(arms), self.arms))
        scores = self._scores(quality)
        after = [self._next(*asked) for asked in zip(arms.tolist(), scores, among, strict=True)]
        return np.array(after, dtype=np.intp)

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """Keep the queries of which every outcome is known, with scores of them."""
        known = ~np.isnan(quality + cost).any(axis=1)
        self.outcomes = np.stack([self._scores(quality), quality, cost])[:, known]
        self._found = None

    def restore(self, state: State) -> None:
        """Take over what `state` gave, of a policy that was made alike."""
        queries = np.size(state.get("outcomes", ())) // (3 * self.arms)
        self.outcomes = np.empty((3, queries, self.arms))
        super().restore(state)
        self._found = None

    def _scores(self, quality: Floats) -> Floats:
        """What the scorer says of answers."""
        wrong = self._rng.random(quality.shape) < self._settings.noise
        return np.where(wrong, 1.0 - quality, quality)

    def _next(self, arm: int, score: float, allowed: Bools) -> int:
        arms, thresholds = self.plan
        place = arms.index(arm) if arm in arms else len(thresholds)
        if place == len(thresholds) or score >= thresholds[place]:
            return -1
        return next((later for later in arms[place + 1 :] if allowed[later]), -1)

    def _best_plan(self) -> Plan:
        if not self.outcomes.size:
            raise EvalcoreError(
                "found no training query whose outcome is known for every model, which a cascade "
                "needs to find its plan: give some, or name its arms and thresholds"
            )
        scores, quality, cost = self.outcomes
        plans = (
            _best_thresholds(order, scores, quality, self.price * cost) for order in self._orders()
        )
        return max(plans, key=lambda found: found[0])[1]

    def _orders(self) -> Iterator[tuple[int, ...]]:
        if self._named:
            yield self._named
            return
        by_cost = np.argsort(self.outcomes[2].mean(axis=0), kind="stable").tolist()
        for length in range(1, self._settings.length + 1):
            yield from combinations(by_cost, length)


def _best_thresholds(
    order: tuple[int, ...], scores: Floats, quality: Floats, paid: Floats
) -> tuple[float, Plan]:
    """The mean reward of the best thresholds of an order, and its plan."""
    *before, last = order
    rewards = quality[:, last] - paid[:, last]
    thresholds: list[float] = []
    for arm in reversed(before):
        thresholds.append(_best_threshold(scores[:, arm], quality[:, arm] - rewards))
        accepted = scores[:, arm] >= thresholds[-1]
        rewards = np.where(accepted, quality[:, arm], rewards) - paid[:, arm]
    return float(rewards.mean()), Plan(order, tuple(reversed(thresholds)))


def _best_threshold(scores: Floats, gains: Floats) -> float:
    """From which score on the gains of accepting add up to most; infinite if never to any."""
    values, places = np.unique(scores, return_inverse=True)
    from_each = np.bincount(places, gains)[::-1].cumsum()[::-1]
    best = from_each.argmax()
    return float(values[best]) if from_each[best] > 0 else np.inf
