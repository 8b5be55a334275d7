"""Tasks `rolling-average` and `rolling-argmax`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from suite_contracts import ErrorContract, answers, score_of, shifted, task_of

from evalcore.errors import TaskError
from evalcore.testing import TaskContract
from evalcore_implicit.suites.rolling_argmax import RollingArgmax, RollingArgmaxSettings
from evalcore_implicit.suites.rolling_average import RollingAverage, RollingAverageSettings

SMALL = {"drawings": 2, "samples": 200, "test_samples": 20}
seeds = st.integers(0, 2**32 - 1)


def average(**given):
    return task_of(RollingAverage, RollingAverageSettings, **{**SMALL, **given})


def argmax(**given):
    return task_of(RollingArgmax, RollingArgmaxSettings, **{**SMALL, **given})


def one_hot(truth):
    return np.eye(10)[truth]


class TestRollingAverage(ErrorContract):
    component = "rolling-average"
    settings: ClassVar = {**SMALL, "axis": "length"}
    right: ClassVar = answers(average(axis="length"), lambda truth: truth)
    wrong: ClassVar = answers(average(axis="length"), lambda truth: 0 * truth)


class TestRollingArgmax(TaskContract):
    component = "rolling-argmax"
    settings: ClassVar = SMALL
    right: ClassVar = answers(argmax(), one_hot)
    wrong: ClassVar = answers(argmax(), lambda truth: -one_hot(truth))


@given(seeds, st.sampled_from(["range", "offset", "length"]), st.integers(1, 12))
@settings(max_examples=25)
def test_the_truth_is_the_mean(seed, axis, length):
    for inputs, truth in shifted(average(seed=seed, axis=axis, length=length)).values():
        expected = [[sum(row) / len(row)] for row in inputs.tolist()]
        np.testing.assert_allclose(truth, expected, rtol=1e-9, atol=1e-9)


@given(seeds, st.integers(1, 12))
@settings(max_examples=10)
def test_the_truth_is_the_mean_of_what_came(seed, length):
    for inputs, truth in shifted(average(seed=seed, target="running", length=length)).values():
        assert truth.shape == inputs.shape
        for step in range(length):
            expected = inputs[:, : step + 1].mean(axis=1)
            np.testing.assert_allclose(truth[:, step], expected, rtol=1e-9, atol=1e-9)


@given(seeds, st.sampled_from(["range", "offset"]))
@settings(max_examples=10)
def test_the_truth_is_where_the_greatest_number_stands(seed, axis):
    for inputs, truth in shifted(argmax(seed=seed, axis=axis)).values():
        assert truth.dtype == np.int64
        assert truth.tolist() == [row.index(max(row)) for row in inputs.tolist()]


def test_lengths_are_those_of_the_sequences():
    task = average(axis="length", length=4)
    assert next(task.cases()).sample.public.inputs.shape == (200, 4)
    shapes = {at: inputs.shape for at, (inputs, _) in shifted(task).items()}
    assert shapes == {at: (20, at) for at in (4, 8, 12, 20, 28, 40)}
    score = score_of(task, lambda truth: truth)
    assert [shift["inside"] for shift in score.details["shifts"]] == [True, *[False] * 5]
    assert score.details["axis"] == "length"


def test_lengths_are_drawn_from_the_training_range():
    task = average(axis="length", shifts=[100], test_samples=500)
    inputs, truth = shifted(task)[100.0]
    assert np.abs(inputs).max() <= 1
    assert inputs.var() == pytest.approx(1 / 3, rel=0.03)
    assert truth.var() == pytest.approx(1 / 300, rel=0.3)


def test_positions_are_measured_by_accuracy_and_cross_entropy():
    score = score_of(argmax(), one_hot)
    assert score.value == 1.0
    assert (score.details["measure"], score.details["better"]) == ("accuracy", "higher")
    expected = np.log(np.e + 9) - 1
    for shift in score.details["shifts"]:
        assert shift["values"]["cross_entropy"] == pytest.approx(expected)


def test_positions_are_classes_of_equal_share():
    classes = next(argmax(samples=20_000).cases()).sample.public.targets
    assert classes.shape == (20_000,)
    shares = np.bincount(classes) / len(classes)
    np.testing.assert_allclose(shares, 0.1, atol=0.01)


def test_a_position_that_no_training_sample_has_is_told():
    with pytest.raises(TaskError, match=r"drawing-0 has training samples of \d of 10 positions"):
        next(argmax(samples=10).cases())


@pytest.mark.parametrize("given", [{"axis": "length", "shifts": [20.5]}, {"length": 0}])
def test_lengths_that_cannot_be_are_refused(given):
    with pytest.raises(ValidationError, match="length"):
        average(**given)


def test_a_grid_of_ranges_is_none_of_lengths():
    with pytest.raises(ValidationError, match="`full` is a grid of ranges or offsets"):
        average(axis="length", full=True)


def test_a_running_average_has_no_other_lengths():
    with pytest.raises(ValidationError, match="set `target: mean`"):
        average(axis="length", target="running")


def test_positions_have_no_other_lengths():
    with pytest.raises(ValidationError, match="those of longer sequences were not learned"):
        argmax(axis="length")
    with pytest.raises(ValidationError, match="length"):
        argmax(length=1)
    with pytest.raises(ValidationError, match="found 9 training samples"):
        argmax(samples=9)
