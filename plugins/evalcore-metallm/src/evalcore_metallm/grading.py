"""A router on its way through a pass: what it chooses, asks and learns."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evalcore.data import Attempt
from evalcore.errors import EvalcoreError
from evalcore_metallm.dial import choices_over_prices, price_for_budget
from evalcore_metallm.evaluation.contexts import contexts_of
from evalcore_metallm.evaluation.passes import QUERIES
from evalcore_metallm.pass_router import loaded
from evalcore_metallm.policies.budgeted_linucb import BudgetedLinUcb, BudgetSpent
from evalcore_metallm.policies.context_free import BetaThompson, EpsilonGreedy
from evalcore_metallm.policies.fixed import BestOnTraining, Random
from evalcore_metallm.policies.linear_thompson import LinearThompson
from evalcore_metallm.policies.policy import Policy
from evalcore_metallm.policies.squarecb import SquareCb
from evalcore_metallm.router import Router

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalcore.strategy import Context
    from evalcore_metallm.evaluation.passes import Pass
    from evalcore_metallm.strategy import RouteSettings

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["graded"]

_DRAWING = (Random, EpsilonGreedy, BetaThompson, LinearThompson, SquareCb)
"""Policies whose choices depend on chance, not only where two are equally good."""


async def graded(one: Pass, settings: RouteSettings, context: Context) -> Attempt:
    """The choices of a router for all queries of a pass, at each price.

    At each price it begins with what it learned from the training part. Where it learns nothing on
    the way, and no choice depends on chance or on an outcome, all prices follow from one
    prediction.

    Raises:
        EvalcoreError: if the router cannot be made, or there is nothing to choose a price on.
    """
    router = await asyncio.to_thread(_router, one, settings, context.seed)
    prices = await asyncio.to_thread(_prices, router, one, settings)
    answer: dict[str, Any] = {"prices": prices, "scale": router.scale}
    if _is_frozen(router.policy, settings):
        answer["arms"] = await asyncio.to_thread(choices_over_prices, router, one.queries, prices)
    else:
        contexts = await asyncio.to_thread(router.contexts, one.queries)
        walks = [await _walked(router, contexts, price, settings, context) for price in prices]
        answer["arms"] = np.stack([walk.arms for walk in walks])
        answer["propensity"] = np.stack([walk.propensity for walk in walks])
        if _asks_on(router.policy):
            answer["asked"] = [walk.asked for walk in walks]
    return Attempt(answer, details={"budget": settings.budget} if settings.budget else {})


def _router(one: Pass, settings: RouteSettings, seed: int) -> Router:
    """The router as it begins the pass."""
    if settings.router is not None:
        return _saved(settings.router, one, settings)
    if one.train is None:
        raise EvalcoreError(
            "the pass has no training part, by which a router knows what a query costs: give "
            "`split.train` a share, however small, or name a saved `router`"
        )
    # What is cold has seen no outcome; the texts of queries, and what models cost, are no outcome.
    of_router = settings.of_router()
    featuriser = contexts_of(one, one.train, of_router.features)
    router = Router(one.arms, one.train.mean_cost(), of_router, featuriser, seed)
    if settings.warm_start:
        router.warm_start(one.train)
    return router


def _saved(path: str, one: Pass, settings: RouteSettings) -> Router:
    names = [arm.name for arm in one.arms]
    price = settings.price if "price" in settings.model_fields_set else None
    router = loaded(path, names, price)
    ordered = [arm.name for arm in router.arms]
    if ordered != names:
        raise EvalcoreError(
            f"{path} has the models of the log in another order: name them in the task as "
            f"`columns.arms: [{', '.join(ordered)}]`"
        )
    return router


def _prices(router: Router, one: Pass, settings: RouteSettings) -> Sequence[float]:
    if settings.prices is not None:
        return settings.prices
    if settings.budget is None or isinstance(router.policy, BudgetedLinUcb):
        return (router.price,)
    if one.validation is None:
        raise EvalcoreError(
            "a price is chosen for a budget on the validation part, and the pass has none: give "
            "`split.validation` a share"
        )
    budget = settings.budget / QUERIES
    return (price_for_budget(router, one.validation.queries, one.validation.cost, budget),)


def _is_frozen(policy: Policy, settings: RouteSettings) -> bool:
    """Whether each choice is that of the highest score, whatever came of the others."""
    return not (isinstance(policy, _DRAWING) or _learns(policy, settings) or _asks_on(policy))


def _learns(policy: Policy, settings: RouteSettings) -> bool:
    return settings.online and type(policy).update not in {Policy.update, BestOnTraining.update}


def _asks_on(policy: Policy) -> bool:
    """Whether it asks other models after an answer that is not good enough."""
    return type(policy).escalate is not Policy.escalate


class _Walk(NamedTuple):
    """What was chosen for each query: the models, how likely, and all that were asked."""

    arms: Ints
    propensity: Floats
    asked: list[list[int]]


async def _walked(
    router: Router, contexts: Floats, price: float, settings: RouteSettings, context: Context
) -> _Walk:
    policy = copy.deepcopy(router.policy)
    policy.price = price
    policy.seed_choice(context.seed)
    if isinstance(policy, BudgetedLinUcb) and settings.budget is not None:
        policy.grant(settings.budget / QUERIES / router.scale * len(contexts), len(contexts))
    batch = settings.batch if _learns(policy, settings) else len(contexts)
    found = [
        await _step(policy, contexts, np.arange(start, stop), router.scale, settings, context)
        for start, stop in _batches(len(contexts), batch)
    ]
    return _Walk(
        np.concatenate([step.arms for step in found]),
        np.concatenate([step.propensity for step in found]),
        [asked for step in found for asked in step.asked],
    )


async def _step(
    policy: Policy,
    contexts: Floats,
    rows: Ints,
    scale: float,
    settings: RouteSettings,
    context: Context,
) -> _Walk:
    """Choose for some queries, ask on where the policy does, then learn."""
    seen = contexts[rows]
    asked: list[list[int]] = [[] for _ in rows]
    try:
        arms, propensity = policy.choose(seen)
    except BudgetSpent:
        return _Walk(np.full(rows.size, -1), np.ones(rows.size), asked)
    lessons = []
    asking = np.arange(rows.size)
    while asking.size:
        quality, cost = await _outcomes(context, rows[asking], arms[asking])
        lessons.append((asking, arms[asking], quality, cost / scale))
        for place in asking:
            asked[place].append(int(arms[place]))
        further = policy.escalate(seen[asking], arms[asking], quality)
        asking = asking[further >= 0]
        arms[asking] = further[further >= 0]
    if settings.online:
        for places, asked_arms, quality, cost in lessons:
            policy.update(seen[places], asked_arms, quality, cost)
    return _Walk(arms, propensity, asked)


async def _outcomes(context: Context, rows: Ints, arms: Ints) -> tuple[Floats, Floats]:
    """Quality and dollars of models on queries."""
    feedback = await context.feedback({"queries": rows, "arms": arms})
    return np.array(feedback.details["quality"]), np.array(feedback.details["cost"])


def _batches(queries: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, queries)) for start in range(0, queries, size)]
