"""A router in front of live models, whose state follows from what it is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.logs.routing import Arm
from evalcore_metallm.policies.budgeted_linucb import BudgetedLinUcb
from evalcore_metallm.router import Router

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore_metallm.strategy import RouteSettings

__all__ = ["PassRouter", "Picked"]


class Picked(NamedTuple):
    """The model that is to be asked.

    Attributes:
        arm: its name.
        propensity: the probability with which it was picked.
        tried: whether it was its turn, before the router had a choice.
    """

    arm: str
    propensity: float
    tried: bool


class _Told(NamedTuple):
    query: str
    arm: str | None
    quality: float | None
    dollars: float


class PassRouter:
    """The router of one pass.

    Where it does not begin with a saved router, each model is first asked in turn; then it knows
    the costs that prices are relative to, and learns from these queries first. A router that does
    the same whatever it is told begins at once.

    Args:
        settings: of the strategy.
        seed: of what the policy draws when it is made.
    """

    def __init__(self, settings: RouteSettings, seed: int) -> None:
        self._settings, self._seed = settings, seed
        self._told: list[_Told] = []
        self._learned = 0
        self._router: Router | None = None

    def tell(self, query: str, arm: str | None, quality: float | None, dollars: float) -> None:
        """Say what came of a query; of a failed one there may be no model and no quality.

        Raises:
            EvalcoreError: if the quality is not between 0 and 1.
        """
        if quality is not None and not 0 <= quality <= 1:
            raise EvalcoreError(
                f"found a score of {quality:g}, expected the quality of an answer, from 0 to 1"
            )
        self._told.append(_Told(query, arm, quality, dollars))

    def pick(self, query: str, arms: Sequence[str], seed: int) -> Picked:
        """The model to ask.

        Args:
            query: its text.
            arms: names of the models there are.
            seed: of the choice.

        Raises:
            EvalcoreError: if the saved router is of other models, or the policy or the features
                must be trained.
        """
        turn = len(self._told)
        if self._router is None and turn < self._turns() * len(arms):
            return Picked(arms[turn % len(arms)], 1.0, tried=True)
        router = self._router = self._router or self._begun(arms)
        self._learn(router)
        router.policy.seed_choice(seed)
        choices = router.choose([query])
        arm = router.arms[choices.arms[0]].name
        return Picked(arm, float(choices.propensity[0]), tried=False)

    def _turns(self) -> int:
        """How often each model is asked before the router chooses."""
        settings = self._settings
        knows = settings.router is not None or settings.is_indifferent()
        return settings.tries if settings.online and not knows else 0

    def _begun(self, arms: Sequence[str]) -> Router:
        path = self._settings.router
        if path is not None:
            return loaded(path, arms, self._settings.price if self._is_priced() else None)
        indifferent = self._settings.is_indifferent()
        if not (self._settings.online or indifferent):
            raise EvalcoreError(
                "a live router that does not learn knows nothing: name a saved one as `router`, or "
                "leave `online` as it is"
            )
        costs = [0.0] * len(arms) if indifferent else self._mean_costs(arms)
        return Router.cold(
            [Arm(arm) for arm in arms], costs, self._settings.of_router(), self._seed
        )

    def _is_priced(self) -> bool:
        return "price" in self._settings.model_fields_set

    def _learn(self, router: Router) -> None:
        """Learn what was told since."""
        names = [arm.name for arm in router.arms]
        for told in self._told[self._learned :]:
            if told.arm is not None and told.quality is not None:
                arm = names.index(told.arm)
                router.learn([told.query], [arm], [told.quality], [told.dollars])
        self._learned = len(self._told)

    def _mean_costs(self, arms: Sequence[str]) -> list[float]:
        """Dollars of a query by model; of one of which none is known, the mean of the others."""
        spent = [[told.dollars for told in self._told if told.arm == arm] for arm in arms]
        known = [float(np.mean(of_arm)) for of_arm in spent if of_arm]
        if not known:
            raise EvalcoreError("no model answered while each was tried: see the failed attempts")
        others = float(np.mean(known))
        return [float(np.mean(of_arm)) if of_arm else others for of_arm in spent]


def loaded(path: str, arms: Sequence[str], price: float | None) -> Router:
    """A saved router for these models, in whatever order.

    Where it keeps to a budget, what was spent of it before does not count here.

    Args:
        path: its file.
        arms: names of the models.
        price: to set; the router's own if not given.

    Raises:
        EvalcoreError: if it cannot be read, or is of other models.
    """
    router = Router.load(Path(path))
    names = [arm.name for arm in router.arms]
    if set(names) != set(arms):
        raise EvalcoreError(
            f"{path} is a router of {', '.join(sorted(names))}, and there are "
            f"{', '.join(sorted(arms))}: expected the same models"
        )
    if price is not None:
        router.price = price
    if isinstance(router.policy, BudgetedLinUcb):
        router.policy.renew()
    return router
