"""Task `arithmetic`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from suite_contracts import ErrorContract, answers, shifted, task_of

from evalcore_implicit.suites.arithmetic import Arithmetic, ArithmeticSettings

SMALL = {"drawings": 2, "samples": 60, "test_samples": 10}


def arithmetic(**given):
    return task_of(Arithmetic, ArithmeticSettings, **{**SMALL, **given})


class TestArithmetic(ErrorContract):
    component = "arithmetic"
    settings: ClassVar = SMALL
    right: ClassVar = answers(arithmetic(), lambda truth: truth)
    wrong: ClassVar = answers(arithmetic(), lambda truth: truth + 1)


def is_range(weights):
    """Whether these are ones in a row, and zeros elsewhere."""
    found = np.flatnonzero(weights)
    return len(found) > 0 and np.array_equal(found, np.arange(found[0], found[-1] + 1))


def is_of_two_ranges(weights, sign):
    """Whether weights are those of a sum over one range plus or minus that over another."""
    n = len(weights)
    ranges = [
        np.r_[np.zeros(a), np.ones(b - a), np.zeros(n - b)]
        for a in range(n)
        for b in range(a + 1, n + 1)
    ]
    assert all(map(is_range, ranges))
    return any(np.array_equal(p + sign * q, weights) for p in ranges for q in ranges)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([("add", 1), ("subtract", -1)]),
    st.integers(2, 6),
    st.sampled_from(["range", "offset"]),
)
@settings(max_examples=25)
def test_the_truth_is_made_of_two_sums_over_ranges(seed, operation, dim, axis):
    name, sign = operation
    task = arithmetic(seed=seed, operation=name, dim=dim, axis=axis)
    for case in task.cases():
        drawing = case.sample.public
        fit = np.linalg.lstsq(drawing.inputs, drawing.targets[:, 0], rcond=None)[0]
        weights = fit.round()
        np.testing.assert_allclose(fit, weights, atol=1e-9)
        assert is_of_two_ranges(weights, sign)
        assert weights.any(), "the difference is 0 whatever the inputs are"
        for shift, truth in zip(drawing.shifts, case.hidden, strict=True):
            expected = (shift.inputs * weights).sum(axis=1, keepdims=True)
            np.testing.assert_allclose(truth, expected, rtol=1e-9, atol=1e-6)


def test_the_ranges_are_of_the_drawing_and_the_shapes_those_of_the_source():
    task = arithmetic(samples=100, drawings=3)
    weights = []
    for case in task.cases():
        drawing = case.sample.public
        assert drawing.inputs.shape == (100, 50)
        assert drawing.targets.shape == (100, 1)
        fit = np.linalg.lstsq(drawing.inputs, drawing.targets, rcond=None)[0]
        weights.append(fit.round().ravel().tolist())
    assert weights[0] != weights[1] != weights[2] != weights[0]


def test_the_second_sum_is_added_to_or_subtracted_from_the_first():
    rng = np.random.default_rng([0, 0])
    (a, b), (c, d) = (sorted(rng.choice(51, 2, replace=False)) for _ in range(2))
    for operation, sign in (("add", 1), ("subtract", -1)):
        for inputs, truth in shifted(arithmetic(operation=operation)).values():
            expected = inputs[:, a:b].sum(axis=1) + sign * inputs[:, c:d].sum(axis=1)
            np.testing.assert_allclose(truth[:, 0], expected, rtol=1e-9, atol=1e-6)


def test_the_operations_have_the_same_inputs():
    added, subtracted = shifted(arithmetic()), shifted(arithmetic(operation="subtract"))
    for at, (inputs, _) in added.items():
        np.testing.assert_array_equal(subtracted[at][0], inputs)


@pytest.mark.parametrize("given", [{"dim": 1}, {"operation": "multiply"}, {"axis": "length"}])
def test_settings_that_cannot_be_are_refused(given):
    with pytest.raises(ValidationError, match=next(iter(given))):
        arithmetic(**given)
