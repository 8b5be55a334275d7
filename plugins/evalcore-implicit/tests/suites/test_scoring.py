"""Measures against their definitions, and what an answer must be to be scored."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evalcore.errors import TaskError
from evalcore_implicit.suites.drawing import Shift
from evalcore_implicit.suites.scoring import (
    Point,
    accuracy,
    classification,
    cross_entropy,
    forecast,
    mae,
    mape,
    mase,
    mse,
    predictions,
    r2,
    regression,
    rmse,
    scored,
    smape,
)

TRUTH = np.array([[1.0, 2.0], [3.0, -2.0], [5.0, 0.5]])
PREDICTED = np.array([[2.0, 2.0], [1.0, -1.0], [5.0, 1.5]])
VALUES = arrays(np.float64, (5, 2), elements=st.integers(-(10**6), 10**6).map(lambda n: n / 1000))


def test_measures_are_those_of_their_definitions():
    assert mse(PREDICTED, TRUTH) == pytest.approx((1 + 4 + 1 + 1) / 6)
    assert rmse(PREDICTED, TRUTH) == pytest.approx(math.sqrt(7 / 6))
    assert mae(PREDICTED, TRUTH) == pytest.approx((1 + 2 + 1 + 1) / 6)
    first, second = 1 - 5 / 8, 1 - 2 / np.sum((TRUTH[:, 1] - 0.5 / 3) ** 2)
    assert r2(PREDICTED, TRUTH) == pytest.approx((first + second) / 2)
    assert smape(PREDICTED, TRUTH) == pytest.approx(2 * (1 / 3 + 2 / 4 + 1 / 3 + 1 / 2) / 6)
    assert mape(PREDICTED, TRUTH) == pytest.approx((1 + 2 / 3 + 1 / 2 + 2) / 6)
    assert mase(PREDICTED, TRUTH, 0.5) == pytest.approx(2 * 5 / 6)


def test_measures_of_classes_are_those_of_their_definitions():
    scores = np.log([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    classes = np.array([0, 1, 2])
    assert accuracy(scores, classes) == pytest.approx(2 / 3)
    assert cross_entropy(scores, classes) == pytest.approx(-np.log([0.7, 0.3, 0.8]).mean())
    measured = classification(scores + 7.0, classes)
    assert measured["cross_entropy"] == pytest.approx(cross_entropy(scores, classes))


def test_the_first_of_equal_scores_is_the_class():
    assert accuracy(np.zeros((2, 3)), np.array([0, 1])) == 0.5


def test_cross_entropy_of_large_scores_does_not_overflow():
    assert cross_entropy(np.array([[1e6, 0.0]]), np.array([1])) == pytest.approx(1e6)


@given(VALUES, VALUES)
def test_measures_keep_to_their_bounds(predicted, truth):
    measured = regression(predicted, truth, ("mse", "rmse", "mae", "smape"))
    assert measured["mae"] <= measured["rmse"] * (1 + 1e-9)
    assert measured["rmse"] ** 2 == pytest.approx(measured["mse"])
    assert 0 <= measured["smape"] <= 2 * (1 + 1e-12)
    assert smape(predicted, truth) == smape(truth, predicted)


@given(VALUES)
def test_the_truth_itself_has_no_error(truth):
    assert regression(truth, truth, ("mse", "rmse", "mae", "smape")) == {
        "mse": 0,
        "rmse": 0,
        "mae": 0,
        "smape": 0,
    }


@given(VALUES, st.floats(0.1, 10))
def test_r2_does_not_depend_on_the_unit(truth, unit):
    truth = truth + np.arange(10).reshape(5, 2) * 1e4
    predicted = truth + np.sin(truth)
    assert r2(unit * predicted, unit * truth) == pytest.approx(r2(predicted, truth))


def test_measures_without_a_value_are_not_finite():
    constant = np.ones((3, 1))
    assert math.isnan(r2(constant, constant))
    assert mape(constant, np.array([[0.0], [1.0], [1.0]])) == math.inf
    assert mase(constant, constant, 0.0) == math.inf
    assert mse(np.full((1, 1), 1e200), np.zeros((1, 1))) == math.inf


def test_a_prediction_of_another_shape_is_no_broadcast():
    with pytest.raises(ValueError, match=r"found \(3,\) for a truth of shape \(3, 2\)"):
        mse(np.zeros(3), np.zeros((3, 2)))


def curve():
    return [
        Point(1.0, {"mse": 3.0}, 10),
        Point(2.0, {"mse": 5.0, "r2": 0.5}, 10, inside=True),
        Point(3.0, {"mse": 7.0}, 10, inside=True, name="far"),
    ]


def test_the_score_is_the_main_measure_at_the_first_shift_inside():
    score = scored("range", "mse", "lower", curve(), map={"error": [1.0]})
    assert score.value == 5.0
    assert json.loads(json.dumps(score.details)) == {
        "axis": "range",
        "measure": "mse",
        "better": "lower",
        "shifts": [
            {"at": 1.0, "name": "", "inside": False, "n": 10, "values": {"mse": 3.0}},
            {"at": 2.0, "name": "", "inside": True, "n": 10, "values": {"mse": 5.0, "r2": 0.5}},
            {"at": 3.0, "name": "far", "inside": True, "n": 10, "values": {"mse": 7.0}},
        ],
        "map": {"error": [1.0]},
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_fails_the_attempt_and_tells_the_shift(value):
    points = [*curve(), Point(1e5, {"mse": 1.0, "r2": value}, 10)]
    with pytest.raises(TaskError, match=rf"r2 is {value} at range 100000: "):
        scored("range", "mse", "lower", points)


def test_a_curve_needs_a_reference_and_the_main_measure():
    with pytest.raises(ValueError, match="no point inside"):
        scored("range", "mse", "lower", [Point(1.0, {"mse": 1.0}, 10)])
    points = [Point(1.0, {"mae": 1.0}, 10, inside=True, name="far")]
    with pytest.raises(ValueError, match="found the measures mae at range far, not mse"):
        scored("range", "mse", "lower", points)


SHIFTS = (Shift(2.0, np.zeros((3, 4))), Shift(10.0, np.zeros((5, 4)), "far"))


def test_predictions_are_one_array_for_each_shift():
    near, far = predictions([np.ones((3, 2), np.float32), np.ones((5, 2), int)], SHIFTS, 2)
    assert near.dtype == far.dtype == np.float64
    assert (near.shape, far.shape) == ((3, 2), (5, 2))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("text", "expected arrays for 2 shifts in a tuple, found 'text'"),
        (None, "found None"),
        ((np.ones((3, 2)),), "found 1 of them"),
        ((np.ones((3, 2)), [[1.0]]), "found list at the shift far"),
        ((np.ones((3, 2)), np.full((5, 2), "1")), "expected an array of numbers"),
        ((np.ones((3, 2)), np.ones((5, 2), bool)), "expected an array of numbers"),
        ((np.ones((3, 1)), np.ones((5, 2))), r"shape \(3, 1\) at the shift 2, expected \(3, 2\)"),
        ((np.ones(3), np.ones((5, 2))), r"shape \(3,\) at the shift 2"),
        ((np.ones((3, 2)), np.ones((3, 2))), r"shape \(3, 2\) at the shift far"),
    ],
)
def test_an_answer_of_another_form_is_refused(answer, message):
    with pytest.raises(TaskError, match=message):
        predictions(answer, SHIFTS, 2)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_outputs_that_are_not_finite_fail_and_tell_the_shift(bad):
    far = np.ones((5, 2))
    far[2, 1] = far[4, 0] = bad
    with pytest.raises(TaskError, match="2 of 10 outputs at the shift far are not finite"):
        predictions((np.ones((3, 2)), far), SHIFTS, 2)


@given(st.integers(1, 1000))
def test_a_forecast_keeps_its_ends_and_not_too_many_points(points):
    series = np.arange(points) * 1.0
    kept = forecast("spikes", np.arange(points), series, series + 0.5)
    json.dumps(kept)
    assert len(kept["time"]) == min(points, 200)
    assert (kept["time"][0], kept["time"][-1]) == (0, points - 1)
    assert kept["truth"] == [float(at) for at in kept["time"]]
    assert kept["predicted"] == [at + 0.5 for at in kept["time"]]


def test_the_time_of_a_forecast_may_be_a_date():
    kept = forecast("rates", ["2020-01-01", "2020-01-02"], np.zeros(2), np.zeros(2))
    assert kept["time"] == ["2020-01-01", "2020-01-02"]
