"""The value of a saved router from the log of a deployed one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from evalcore.errors import EvalcoreError
from evalcore_metallm.logs import DeploymentColumns, PriceSettings
from evalcore_metallm.off_policy.evaluation import evaluate
from evalcore_metallm.off_policy.reward_models import cross_fitted
from evalcore_metallm.policies.budgeted_linucb import BudgetedLinUcb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalcore_metallm.logs import DeploymentLog
    from evalcore_metallm.off_policy.evaluation import Evaluation
    from evalcore_metallm.router import Router

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["EvaluationSettings", "evaluate_router"]


class EvaluationSettings(PriceSettings):
    """How a log is read, and how the value of a router is estimated from it."""

    columns: DeploymentColumns = DeploymentColumns()
    """Where the log's rows hold what is wanted of them."""
    price: float | None = Field(None, ge=0)
    """What quality is worth the mean cost of the dearest model, for the new router's choices and in
    the reward; the router's own if not set."""
    independent: Literal["groups", "queries"] = "groups"
    """What intervals take as independent: the groups that the log names, such as users or tasks,
    and each query without one; or every query."""
    clip: float | None = Field(None, gt=0)
    """The importance weight from which on `clipped-ips` clips and `switch-dr` believes the model of
    outcomes; the square root of the number of queries if not set."""
    folds: int = Field(5, ge=2)
    """Models of outcomes predict each of so many parts of the log from the others."""
    ridge: float = Field(10.0, gt=0)
    """The penalty of squared weights in these models."""
    resamples: int = Field(2000, ge=100)
    """Of the bootstrap."""
    confidence: float = Field(0.95, gt=0, lt=1)
    """Of each interval."""
    seed: int = Field(0, ge=0)
    """Of the folds and the bootstrap."""


def evaluate_router(
    log: DeploymentLog,
    router: Router,
    settings: EvaluationSettings,
    reference: Router | None = None,
) -> Evaluation:
    """Estimate what a router, as it stands, would have earned on the queries of a log.

    One that keeps to a budget chooses for each query as if nothing of it were spent.

    Args:
        log: of the deployed router; its queries with their texts, none of which either router has
            learned from.
        router: the new one; takes the price of the settings.
        settings: of the estimates.
        reference: what to compare with; the deployed router if not given.

    Raises:
        EvalcoreError: if the log has no texts, or fewer than two queries or groups; or if a router
            is a cascade.
        NoSupport: if the log cannot tell.
    """
    if not all(log.queries):
        raise EvalcoreError(
            f"{sum(not query for query in log.queries):,} of {len(log):,} queries of the log have "
            "no text, expected one each for the router to choose by (a server keeps them with "
            "`log_queries: true`)"
        )
    if settings.price is not None:
        router.price = settings.price
    routers = [router] if reference is None else [router, reference]
    for one in routers:
        _refuse_cascade(one)
    names = list(dict.fromkeys([*log.arms, *(arm.name for one in routers for arm in one.arms)]))
    log = _widened(log, names)
    groups = None if settings.independent == "queries" else _group_codes(log)
    contexts = router.contexts(log.queries)
    predicted = cross_fitted(
        contexts,
        log.arm,
        np.column_stack([log.quality, log.cost]),
        len(names),
        groups=groups,
        folds=settings.folds,
        ridge=settings.ridge,
        seed=settings.seed,
    )
    against = None
    if reference is not None:
        against = _probabilities(reference, reference.contexts(log.queries), names)
    return evaluate(
        log,
        _probabilities(router, contexts, names),
        predicted,
        reference=against,
        price=router.price / router.scale,
        groups=groups,
        most=settings.clip,
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )


def _refuse_cascade(router: Router) -> None:
    if router.settings.policy.use == "cascade":
        raise EvalcoreError(
            "found a cascade, which may ask several models for one query; expected a router that "
            "asks one, for the log tells of one a query: replay a log with the outcome of every "
            "model instead"
        )


def _group_codes(log: DeploymentLog) -> Ints | None:
    """A code for each group of queries, and for each query that is in none, shape (n,).

    None if the log has no groups.
    """
    if not any(log.groups):
        return None
    names = [(group, "" if group else id_) for group, id_ in zip(log.groups, log.ids, strict=True)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names])


def _widened(log: DeploymentLog, names: Sequence[str]) -> DeploymentLog:
    """The log with more arms, which its router could not choose."""
    probabilities = log.probabilities
    if probabilities is not None:
        probabilities = np.pad(probabilities, ((0, 0), (0, len(names) - len(log.arms))))
    return replace(log, arms=tuple(names), probabilities=probabilities)


def _probabilities(router: Router, contexts: Floats, names: Sequence[str]) -> Floats:
    """How likely the router is to choose each arm, shape (n, k)."""
    policy = copy.copy(router.policy)
    if isinstance(policy, BudgetedLinUcb):
        policy.renew()
    found = np.zeros((len(contexts), len(names)))
    places = [names.index(arm.name) for arm in router.arms]
    found[:, places] = policy.probabilities(contexts)
    return found
