"""Estimates are right on the mean, and 95 % intervals hold the truth in about 95 % of logs."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
from simulated_logs import World, coverage, invented, softmax

from evalcore_metallm.off_policy.estimators import importance_weights, ips
from evalcore_metallm.off_policy.evaluation import estimates
from evalcore_metallm.off_policy.reward_models import cross_fitted

SHARED = os.environ.get("EVALCORE_SHARED")


def errors_over_logs(world, count, predict, most=1.5):
    """(mean - truth) / standard error of each estimate of quality and cost, over many logs."""
    rng = np.random.default_rng(11)
    rows = np.arange(len(world.contexts))
    found: dict[str, list[np.ndarray]] = {}
    for number in range(count):
        log = world.log(rows, rng)
        terms = estimates(log, world.target, predict(log, number), most)
        for name, of in terms.items():
            found.setdefault(name, []).append(of.value)
    truth = np.array(world.truth(0.0)[:2])
    return {
        name: (np.mean(values, axis=0) - truth) / (np.std(values, axis=0) / count**0.5)
        for name, values in found.items()
    }


def test_ips_and_doubly_robust_are_unbiased_over_2000_logs_and_the_others_are_seen_not_to_be():
    world = invented(60, seed=5)
    wrong = np.random.default_rng(0).normal(size=(60, 3, 2)) * [0.3, 1e-4] + [0.2, 1e-3]
    errors = errors_over_logs(world, 2000, lambda log, number: wrong)
    for name in ("ips", "doubly-robust"):
        assert np.abs(errors[name]).max() < 3.5, name
    for name in ("clipped-ips", "switch-dr"):
        assert np.abs(errors[name]).max() > 10, name


def test_cross_fitted_models_leave_doubly_robust_estimates_unbiased():
    world = invented(40, seed=6)

    def predict(log, number):
        outcomes = np.column_stack([log.quality, log.cost])
        return cross_fitted(world.contexts, log.arm, outcomes, 3, folds=2, ridge=0.1, seed=number)

    errors = errors_over_logs(world, 400, predict)
    assert np.abs(errors["doubly-robust"]).max() < 3.5


def test_weights_are_right_on_the_mean_even_where_the_router_learned_and_plain_means_are_not():
    logs, steps, rng = 4000, 40, np.random.default_rng(3)
    picked, won, weighed = np.ones((logs, 2)), rng.random((logs, 2)) < 0.5, np.zeros(logs)
    won = won.astype(float)  # of one first pick of each of two equal models
    for _ in range(steps):
        greedy = (won / picked).argmax(axis=1)
        arm = np.where(rng.random(logs) < 0.2, rng.integers(2, size=logs), greedy)
        propensity = np.where(arm == greedy, 0.9, 0.1)
        outcome = rng.random(logs) < 0.5
        weights = importance_weights(np.tile([0.0, 1.0], (logs, 1)), arm, propensity)
        weighed += ips(weights, outcome[:, None]).numerator[:, 0] / steps
        picked[np.arange(logs), arm] += 1
        won[np.arange(logs), arm] += outcome
    errors = [
        (found.mean() - 0.5) / (found.std() / logs**0.5)
        for found in (weighed, (won / picked)[:, 1])
    ]
    assert abs(errors[0]) < 3.5
    assert errors[1] < -10


def test_intervals_hold_the_truth_in_95_of_100_invented_logs():
    covered = coverage(invented(50_000), 300.0, queries=400, logs=500, resamples=400)
    for name in ("doubly-robust", "switch-dr", "snips", "ips", "clipped-ips"):
        assert min(covered[name]) >= 0.92, (name, covered[name])
        assert max(covered[name]) <= 0.98, (name, covered[name])
    assert covered["direct"].quality < 0.7  # no interval knows how wrong a model is


@pytest.mark.skipif(SHARED is None, reason="EVALCORE_SHARED, a folder with data, is not set")
def test_intervals_hold_the_truth_in_95_of_100_logs_of_recorded_answers():
    covered = coverage(recorded(Path(str(SHARED))), 50.0, queries=500, logs=300, resamples=400)
    for name in ("doubly-robust", "snips", "ips"):
        assert min(covered[name]) >= 0.92, (name, covered[name])
        assert max(covered[name]) <= 0.98, (name, covered[name])


def recorded(shared: Path) -> World:
    """Two models on MMLU; the deployed router likes the dear one for long texts."""
    file = shared / "data/routing/dev/routellm_mmlu_2models.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
        rows = [json.loads(line) for line in lines]
    quality = np.array([list(row["scores"].values()) for row in rows], dtype=float)
    lengths = np.array([len(row["query"]) for row in rows])
    _, subject = np.unique([row["subject"] for row in rows], return_inverse=True)
    contexts = np.column_stack([np.eye(subject.max() + 1)[subject], np.log(lengths)])
    gap = (quality[:, 1] - quality[:, 0]) @ np.eye(subject.max() + 1)[subject]
    hard = (gap / np.bincount(subject) > 0.12)[subject]
    dear = 0.6 * softmax(np.column_stack([np.zeros(len(rows)), np.log(lengths / 350)])) + 0.2
    return World(
        contexts,
        quality,
        np.outer(lengths / 4, [0.24e-6, 24.7e-6]),
        dear,
        np.where(hard[:, None], [0.05, 0.95], [0.95, 0.05]),
    )
