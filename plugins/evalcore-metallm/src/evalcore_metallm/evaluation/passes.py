"""A pass over a log: what a strategy sees of it, and what came of a router's choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalcore_metallm.oracles import budget_frontier, quality_oracle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore_metallm.logs.routing import Arm, RoutingLog

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["QUERIES", "REGRETS", "Outcomes", "Pass", "Regret"]

QUERIES = 10_000
"""Dollars are told for so many queries, as in the tables of MetaLLM."""

Regret = Literal["reward", "quality", "budget", "best-single"]
_ROUNDING = 1e-12
"""Rewards that differ by less are equal but for rounding."""

REGRETS: tuple[Regret, ...] = ("reward", "quality", "budget", "best-single")


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """The public side of a pass: what was seen before, and the queries to come in their order.

    Attributes:
        train: queries with all their outcomes, to learn from; `None` where there is no such part.
        validation: queries with all their outcomes, to choose a price on; likewise.
        ids: of the queries to come.
        queries: their texts.
        arms: the models to choose from.
    """

    train: RoutingLog | None
    validation: RoutingLog | None
    ids: tuple[str, ...]
    queries: tuple[str, ...]
    arms: tuple[Arm, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pass):
            return NotImplemented
        mine, others = (
            (one.ids, one.queries, one.arms, _content(one.train), _content(one.validation))
            for one in (self, other)
        )
        return mine == others

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Outcomes:
    """What came of a router's choices in a pass, and what could have come of others.

    A router is graded at P prices, on n queries and k models.

    Attributes:
        queries: numbers of the queries in the log, shape (n,).
        prices: p of the router's reward, quality - p * cost / scale, shape (P,).
        scale: dollars of a query that p is the price of.
        arms: names of the models.
        chosen: numbers of the models chosen, -1 where none was asked, shape (P, n).
        quality: of what was chosen, shape (P, n).
        cost: in dollars, shape (P, n).
        single_quality: of each model, shape (k, n).
        single_cost: in dollars, shape (k, n).
    """

    queries: Ints
    prices: Floats
    scale: float
    arms: tuple[str, ...]
    chosen: Ints
    quality: Floats
    cost: Floats
    single_quality: Floats
    single_cost: Floats

    def regret(self, against: Regret) -> Floats:
        """What each query was worth less than with hindsight, shape (P, n).

        `reward`, `quality`: the best choice for each query, by the reward at the router's own p, or
        by quality alone. `best-single`: the one model that would have had the highest mean reward.
        `budget`: the plan of highest quality that costs no more than the router did. By the duality
        of linear programs its mean quality is b p* + mean_i max_j (a_ij - p* c_ij), where p* is
        what a dollar more would buy at the router's cost b; so the regret is that of the reward at
        p*, and a mean over queries as the others are.
        """
        match against:
            case "quality":
                return self._reward_regret(np.zeros(len(self.prices)))
            case "reward":
                return self._reward_regret(self.prices / self.scale)
            case "budget":
                return self._reward_regret(self._shadow_prices())
            case "best-single":
                per_dollar = self.prices / self.scale
                return self._best_single(per_dollar) - self._reward(per_dollar)

    @cached_property
    def quality_oracle(self) -> tuple[Floats, Floats]:
        """Quality and cost of the best model for each query, of equal ones the cheapest: (n,)."""
        quality, cost = self.single_quality.T, self.single_cost.T
        best = quality_oracle(quality, cost)[:, None]
        picked = (np.take_along_axis(of, best, axis=1)[:, 0] for of in (quality, cost))
        return next(picked), next(picked)

    def at(self, prices: Sequence[float]) -> Outcomes:
        """The same at some of the prices; all if none is named, or there is one alone.

        Raises:
            ValueError: if the router was graded at none of them.
        """
        if not prices or self.prices.size == 1:
            return self
        kept = np.isin(self.prices, prices)
        if not kept.any():
            found = ", ".join(f"{price:g}" for price in self.prices)
            raise ValueError(f"found none of the prices wanted, expected some of: {found}")
        return replace(
            self,
            prices=self.prices[kept],
            chosen=self.chosen[kept],
            quality=self.quality[kept],
            cost=self.cost[kept],
        )

    def details(self) -> dict[str, Any]:
        """As a record keeps it."""
        return {
            "queries": self.queries,
            "prices": self.prices,
            "scale": self.scale,
            "arms": self.arms,
            "chosen": self.chosen,
            "quality": self.quality,
            "cost": self.cost,
            "single": {"quality": self.single_quality, "cost": self.single_cost},
        }

    @classmethod
    def of_details(cls, details: Mapping[str, Any]) -> Outcomes:
        """What `details` gave, from a record."""
        single = details["single"]
        return cls(
            np.array(details["queries"], dtype=np.intp),
            np.array(details["prices"], dtype=np.float64),
            float(details["scale"]),
            tuple(details["arms"]),
            np.array(details["chosen"], dtype=np.intp),
            np.array(details["quality"], dtype=np.float64),
            np.array(details["cost"], dtype=np.float64),
            np.array(single["quality"], dtype=np.float64),
            np.array(single["cost"], dtype=np.float64),
        )

    def _reward(self, per_dollar: Floats) -> Floats:
        rewards: Floats = self.quality - per_dollar[:, None] * self.cost
        return rewards

    def _reward_regret(self, per_dollar: Floats) -> Floats:
        # One price at a time: k times n numbers, however many prices there are.
        best = [(self.single_quality - p * self.single_cost).max(axis=0) for p in per_dollar]
        regret: Floats = np.stack(best) - self._reward(per_dollar)
        regret[np.abs(regret) < _ROUNDING] = 0.0
        return regret

    def _best_single(self, per_dollar: Floats) -> Floats:
        singles = (self.single_quality - p * self.single_cost for p in per_dollar)
        best: Floats = np.stack([rewards[rewards.mean(axis=1).argmax()] for rewards in singles])
        return best

    def _shadow_prices(self) -> Floats:
        """p* at the mean cost of each price: the slope of the best plans' frontier, shape (P,)."""
        frontier = budget_frontier(self.single_quality.T, self.single_cost.T)
        slopes = np.append(np.diff(frontier.quality) / np.diff(frontier.cost), 0.0)
        after = np.searchsorted(frontier.cost, self.cost.mean(axis=1), side="right")
        shadow: Floats = slopes[np.maximum(after - 1, 0)]
        return shadow


def _content(log: RoutingLog | None) -> tuple[Any, ...]:
    if log is None:
        return ()
    return log.ids, log.queries, log.arms, log.quality.tobytes(), log.cost.tobytes()
