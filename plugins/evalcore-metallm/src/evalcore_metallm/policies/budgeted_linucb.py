"""LinUCB under a budget: a price that follows the spending, and an account that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.policies.linear import LinearPolicy
from evalcore_metallm.policies.policy import Choices, Estimate, shares_of_best

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import BudgetedLinUcbSettings
    from evalcore_metallm.policies.policy import Bools, Floats, Ints, Pool, State

__all__ = ["BudgetSpent", "BudgetedLinUcb"]


class BudgetSpent(EvalcoreError):  # noqa: N818 - it says what it is
    """Nothing is left of the budget, and the policy is to refuse queries then."""


class BudgetedLinUcb(LinearPolicy):
    """UCB(quality) - p LCB(cost), and each outcome moves p by rate * (cost - left / queries left).

    The primal-dual method for bandits with knapsacks (Badanidiyuru, Kleinberg and Slivkins, FOCS
    2013; with contexts Agrawal and Devanur, "Linear Contextual Bandits with Knapsacks", NeurIPS
    2016), by gradient steps on the price of the budget.

    That keeps to the budget on average; an account keeps to it on every path. A query is held at
    the highest cost seen of its arm until its outcome is learned, and with `when_spent: refuse` no
    query is let in unless what is spent and held is below the budget: where one outcome is learned
    before the next choice, spending is never above the budget by more than one query's cost. With
    several under way it can be above by what they cost more than they are held at. An arm is picked
    only if what is left pays it and the cheapest arm for all queries to come; if that is true of
    none, the cheapest is. With `when_spent: cheapest` it is beyond the budget too.

    Attributes:
        price: p; it may be set at any time, and moves on from there.
        account: the budget, what of it is spent, and the queries left, shape (3,).
        under_way: queries of each arm whose outcome was not learned yet, shape (k,).
        highest: cost of a query seen of each arm, shape (k,).
    """

    learned = ("account", "under_way", "highest")

    def __init__(
        self, settings: BudgetedLinUcbSettings, pool: Pool, width: int, **others: Any
    ) -> None:
        super().__init__(settings, pool, width, **others)
        self._settings = settings
        self.renew()
        self.highest = pool.costs.astype(float)

    def grant(self, budget: float, queries: int) -> None:
        """From here on spend this much, on this many queries, whatever was spent before.

        Args:
            budget: in all, in units of what the dearest arm costs on average.
            queries: that it is for.
        """
        self.account = np.array([budget, 0.0, queries])

    def renew(self) -> None:
        """Begin again with what the settings grant, and no query under way."""
        self.grant(self._settings.budget * self._settings.queries, self._settings.queries)
        self.under_way = np.zeros(self.arms)

    def estimate(self, contexts: Floats) -> Estimate:
        """The upper confidence bound of quality, and the lower one of cost."""
        quality, cost = super().estimate(contexts)
        bonus = self._settings.alpha * self.models.deviations(contexts)
        return Estimate(quality + bonus, np.maximum(cost - bonus, 0.0))

    def probabilities(self, contexts: Floats, allowed: Bools | None = None) -> Floats:
        """As of every policy, each query as if it were the only one.

        Raises:
            BudgetSpent: if nothing is left, and queries are to be refused then.
        """
        scores = self.scores(contexts)
        paid = [self._paid(row) for row in self._each_allowed(scores, allowed)]
        return shares_of_best(scores, np.reshape(paid, scores.shape))

    def choose(self, contexts: Floats, allowed: Bools | None = None) -> Choices:
        """Pick an arm for one query after the other, and hold what they may cost.

        Raises:
            BudgetSpent: if nothing is left for one of them, and queries are to be refused then;
                nothing is held of any.
        """
        scores, before = self.scores(contexts), self.under_way.copy()
        chosen = Choices(np.empty(len(scores), dtype=np.intp), np.empty(len(scores)))
        try:
            for row, among in enumerate(self._each_allowed(scores, allowed)):
                one = self._drawn(shares_of_best(scores[[row]], self._paid(among)))
                self.under_way[one.arms] += 1
                chosen.arms[row], chosen.propensity[row] = one.arms[0], one.propensity[0]
        except BudgetSpent:
            self.under_way = before
            raise
        return chosen

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """Learn what arms cost, which is not charged."""
        super().warm_start(contexts, quality, cost)
        self.highest = np.fmax(self.highest, np.fmax.reduce(cost, axis=0))

    def update(self, contexts: Floats, arms: Ints, quality: Floats, cost: Floats) -> None:
        """Learn the outcomes, charge them, and move the price."""
        super().update(contexts, arms, quality, cost)
        for arm, paid in zip(arms.tolist(), cost.tolist(), strict=True):
            self.under_way[arm] = max(self.under_way[arm] - 1, 0)
            self.highest[arm] = max(self.highest[arm], paid)
            budget, spent, queries = self.account.tolist()
            step = self._settings.rate * (paid - (budget - spent) / max(queries, 1))
            self.price = min(max(self.price + step, 0.0), self._settings.highest_price)
            self.account = np.array([budget, spent + paid, max(queries - 1, 0)])

    def state(self) -> State:
        """With the price, which is learned here."""
        return {**super().state(), "price": np.array(self.price)}

    def restore(self, state: State) -> None:
        """Likewise."""
        super().restore(state)
        self.price = float(state["price"])

    def _each_allowed(self, scores: Floats, allowed: Bools | None) -> Bools:
        return np.broadcast_to(True if allowed is None else allowed, scores.shape)

    def _paid(self, allowed: Bools) -> Bools:
        """The arms that the next query may be sent to, shape (k,).

        Raises:
            BudgetSpent: as `choose`.
        """
        budget, spent, queries = self.account.tolist()
        left = budget - spent - float(self.under_way @ self.highest)
        if left <= 0 and self._settings.when_spent == "refuse":
            raise BudgetSpent(
                f"nothing is left of the budget: found {spent:g} of {budget:g} spent and "
                f"{self.under_way.sum():g} queries under way, in units of what the dearest model "
                "costs on average; grant more, or set when_spent: cheapest"
            )
        costs = np.where(allowed, self.pool.costs, np.inf)
        to_come = max(queries - self.under_way.sum() - 1, 0)
        paid: Bools = allowed & (self.highest + to_come * costs.min() <= left)
        return paid if paid.any() else allowed & (costs == costs.min())
