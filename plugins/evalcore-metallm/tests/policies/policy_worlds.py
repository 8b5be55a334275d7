"""A small world that routers learn in, and all policies to put there."""

from __future__ import annotations

import numpy as np
from pydantic import TypeAdapter

from evalcore_metallm.policies.catalogue import PolicySettings, make

ARMS, WIDTH = 3, 5
COSTS = np.array([0.1, 0.1, 1.0])
CONTEXTUAL = ["linucb", "hybrid-linucb", "linear-thompson", "squarecb", "logistic"]
CONTEXT_FREE = ["epsilon-greedy", "ucb1", "beta-thompson"]
SUPERVISED = ["nearest-neighbours", "mlp"]
LEARNING = [*CONTEXTUAL, *CONTEXT_FREE, "budgeted-linucb"]
FIXED = [{"use": "static", "arm": 1}, "cheapest", "best-on-training", "random"]
PLAIN = [*LEARNING, *SUPERVISED, *FIXED]
EVERY = [
    *PLAIN,
    "cascade",
    {"use": "epsilon-greedy", "decay": True},
    {"use": "linucb", "discount": 0.9},
]


def world(seed, queries=600):
    """The first arm answers some queries, the second the others, and the third both, dearly."""
    rng = np.random.default_rng(seed)
    contexts = np.column_stack([rng.standard_normal((queries, WIDTH - 1)), np.ones(queries)])
    right = np.column_stack([contexts[:, 0] > 0, contexts[:, 0] < 0, np.ones(queries)])
    quality = np.abs(right - (rng.random((queries, ARMS)) < 0.1))
    return contexts, quality, np.tile(COSTS, (queries, 1))


def new(settings, price=0.0, seed=0, costs=COSTS, **more):
    settings = {"use": settings} if isinstance(settings, str) else settings
    valid = TypeAdapter(PolicySettings).validate_python({**settings, **more})
    return make(valid, len(costs), WIDTH, price, seed, np.asarray(costs))


def started(settings, **more):
    policy = new(settings, **more)
    policy.warm_start(*world(1))
    return policy


def step(policy, world, row):
    """One query of a world: chosen, answered, learned."""
    contexts, quality, cost = (part[row : row + 1] for part in world)
    arms, _ = policy.choose(contexts)
    outcome = quality[[0], arms], cost[[0], arms]
    policy.update(contexts, arms, *outcome)
    return int(arms[0]), *(float(part[0]) for part in outcome)


def played(policy, seed, queries=1500):
    """The mean reward at price 0.5 of each tenth of a stream."""
    there = world(seed, queries)
    outcomes = [step(policy, there, row) for row in range(queries)]
    rewards = [quality - 0.5 * cost for _, quality, cost in outcomes]
    return np.array(rewards).reshape(10, -1).mean(axis=1)
