"""Deployed routers over queries of which every model's outcome is known: so is every truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalcore_metallm.logs.deployment import DeploymentLog
from evalcore_metallm.off_policy.evaluation import Value, evaluate
from evalcore_metallm.off_policy.reward_models import cross_fitted


@dataclass(frozen=True)
class World:
    """Contexts (n, d), quality and cost (n, k), and probabilities (n, k) of two routers."""

    contexts: np.ndarray
    quality: np.ndarray
    cost: np.ndarray
    deployed: np.ndarray
    target: np.ndarray

    def truth(self, price: float) -> Value:
        """The fields of `Value`, over all queries."""
        quality, cost = ((self.target * it).sum(1).mean() for it in (self.quality, self.cost))
        before, spent = ((self.deployed * it).sum(1).mean() for it in (self.quality, self.cost))
        return Value(quality, cost, quality - price * cost, quality - before, 1 - cost / spent)

    def log(self, rows: np.ndarray, rng: np.random.Generator) -> DeploymentLog:
        """What the deployed router picks for these queries."""
        probabilities = self.deployed[rows]
        arm = (probabilities.cumsum(axis=1) > rng.random((len(rows), 1))).argmax(axis=1)
        return DeploymentLog(
            ids=tuple(map(str, range(len(rows)))),
            queries=("",) * len(rows),
            groups=("",) * len(rows),
            arms=tuple("abcdefgh"[: probabilities.shape[1]]),
            arm=arm,
            quality=self.quality[rows, arm],
            cost=self.cost[rows, arm],
            propensity=probabilities[np.arange(len(rows)), arm],
            probabilities=probabilities,
        )


def invented(queries: int, seed: int = 0) -> World:
    """Three models, the dearer the better on the whole, and a router that knows where."""
    rng = np.random.default_rng(seed)
    contexts = rng.normal(size=(queries, 4))
    likely = 1 / (1 + np.exp(-(contexts @ rng.normal(size=(4, 3)) * 0.8 + [-0.5, 0.3, 1.0])))
    cost = rng.gamma(3, 1 / 3, size=(queries, 3)) * [1e-4, 3e-4, 1e-3]
    best = np.eye(3)[(likely - [0.0, 0.1, 0.25]).argmax(axis=1)]
    return World(
        contexts,
        (rng.random((queries, 3)) < likely).astype(float),
        cost,
        0.6 * softmax(contexts @ rng.normal(size=(4, 3)) * 0.5) + 0.4 / 3,
        0.9 * best + 0.1 / 3,
    )


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def coverage(
    world: World, price: float, *, queries: int, logs: int, resamples: int, seed: int = 0
) -> dict[str, Value]:
    """The share of logs whose 95 % interval holds the truth, by estimator.

    Each log is of queries drawn anew, as those of a deployment are.
    """
    rng = np.random.default_rng(seed)
    truth = world.truth(price)
    hits: dict[str, list[list[bool]]] = {}
    for number in range(logs):
        rows = rng.integers(len(world.contexts), size=queries)
        log = world.log(rows, rng)
        outcomes = np.column_stack([log.quality, log.cost])
        predicted = cross_fitted(
            world.contexts[rows], log.arm, outcomes, len(log.arms), folds=3, seed=number
        )
        found = evaluate(
            log, world.target[rows], predicted, price=price, resamples=resamples, seed=number
        )
        for name, value in found.values.items():
            held = [of.low <= true <= of.high for of, true in zip(value, truth, strict=True)]
            hits.setdefault(name, []).append(held)
    return {name: Value(*np.mean(held, axis=0)) for name, held in hits.items()}
