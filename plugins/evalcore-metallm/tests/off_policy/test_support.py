"""What a log cannot tell is refused, arm by arm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore_metallm.logs.deployment import DeploymentLog
from evalcore_metallm.off_policy.support import NoSupport, check_support, overlap


def log_of(arm, propensity, probabilities=None, arms=("cheap", "dear")):
    n = len(arm)
    return DeploymentLog(
        ids=tuple(f"q{number}" for number in range(n)),
        queries=("",) * n,
        groups=("",) * n,
        arms=arms,
        arm=np.array(arm),
        quality=np.ones(n),
        cost=np.ones(n),
        propensity=np.array(propensity),
        probabilities=probabilities,
    )


def refusal(log, target):
    with pytest.raises(NoSupport) as error:
        check_support(log, np.array(target, dtype=float))
    return str(error.value)


def test_a_router_that_never_explored_tells_of_no_other():
    log = log_of([0, 1, 0], [1.0, 1.0, 0.5])
    assert refusal(log, [[1, 0], [1, 0], [0, 1]]) == (
        "the log cannot tell what the new router would earn, which may choose\n"
        "  cheap, on 1 of 3 queries where its propensity in the log is 0\n"
        "expected the deployed router to give each of these models a chance there: let it explore, "
        "or evaluate a router without them"
    )


def test_a_model_that_the_log_never_saw():
    log = log_of([0, 1], [0.5, 0.5], arms=("cheap", "dear", "new"))
    text = refusal(log, [[0.5, 0.4, 0.1], [1, 0, 0]])
    assert "  new, to which no query of the log went\n" in text
    assert "cheap" not in text
    check_support(log, np.array([[0.5, 0.5, 0.0], [1, 0, 0]]))


def test_probabilities_of_the_log_tell_what_the_pick_alone_does_not():
    picks = [0, 1, 1], [0.5, 0.25, 0.75]
    probabilities = np.array([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.0, 0.75, 0.25]])
    log = log_of(*picks, probabilities, arms=("a", "b", "c"))
    text = refusal(log, [[0, 0, 1], [0, 0, 1], [1, 0, 0]])
    assert "  a, on 1 of 3 queries" in text
    assert "  c, to which no query of the log went" in text
    check_support(log, np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 1, 0]]))


def test_a_log_without_a_single_pick_of_the_new_router():
    log = log_of([0, 1], [0.5, 0.5])
    assert refusal(log, [[0, 1], [1, 0]]).startswith("of 2 queries of the log none went to a model")


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1))
def test_refused_exactly_where_a_wanted_arm_had_no_chance_or_was_never_seen(seed):
    rng = np.random.default_rng(seed)
    n, k = 6, 3
    probabilities = (
        rng.dirichlet(np.ones(k), size=n) * (rng.random((n, k)) < 0.8)
        + np.eye(k)[rng.integers(k, size=n)]
    )
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    arm = np.array([rng.choice(k, p=row) for row in probabilities])
    target = np.eye(k)[rng.integers(k, size=n)]
    target[0] = np.eye(k)[arm[0]]
    log = log_of(arm, probabilities[np.arange(n), arm], probabilities, arms=("a", "b", "c"))
    wanted = [(i, j) for i in range(n) for j in range(k) if target[i, j] > 0]
    if all(probabilities[i, j] > 0 and j in arm for i, j in wanted):
        check_support(log, target)
    else:
        assert refusal(log, target).startswith("the log cannot tell")


def test_overlap_by_hand():
    found = overlap(np.array([2.0, 0.0, 1.0, 1.0]))
    assert found[:4] == (4, pytest.approx(16 / 6), 2.0, 1.0)
    assert found.mean_error == pytest.approx(np.std([2, 0, 1, 1]) / 2)
    assert not found.doubtful
    assert overlap(np.full(100, 0.9)).doubtful
    assert overlap(np.tile([0.0, 1.0], 200)).doubtful
