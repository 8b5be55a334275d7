from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.data import Result
from evalcore.numerals import MISSING, counted, known, number_formats


def result(value, low=None, high=None, metric="mean"):
    return Result("runs/a", "base", {}, metric, value, low, high, 10, 0)


def written(*results):
    (form,) = number_formats(results).values()
    return [form.estimate(each) for each in results]


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        ((0.41687, 0.36, 0.48), "0.417 [0.36, 0.48]"),
        ((0.41687, 0.12, 0.72), "0.42 [0.12, 0.72]"),
        ((0.41687, 0.387, 0.447), "0.417 [0.387, 0.447]"),
        ((0.41687, 0.41634, 0.41746), "0.41687 [0.4163, 0.4175]"),
        ((3.21, 2.1, 4.4), "3.2 [2.1, 4.4]"),
        ((1234.5, 1180.2, 1291.8), "1234 [1180, 1292]"),
        ((1234567.8, 1200000.0, 1300000.0), "1,234,568 [1,200,000, 1,300,000]"),
        ((3e-12, 1e-12, 5e-12), "3.00e-12 [1.00e-12, 5.00e-12]"),
        ((-0.0001, -0.06, 0.06), "0.000 [-0.06, 0.06]"),
        ((0.5, 0.5, 0.5), "0.500 [0.500, 0.500]"),
        ((0.0269, None, None), "0.027"),
        ((0.00123, None, None), "0.00123"),
        ((14.2, None, None), "14.2"),
        ((480.0, None, None), "480"),
        ((0.0, None, None), "0"),
        ((4.2e15, None, None), "4.20e+15"),
        ((None, None, None), MISSING),
        ((math.nan, math.nan, math.nan), MISSING),
    ],
)
def test_an_estimate_has_the_digits_that_its_interval_supports(estimate, expected):
    assert written(result(*estimate)) == [expected]


def test_all_cells_of_a_metric_are_written_alike():
    cells = [
        result(0.3, 0.24, 0.36),
        result(0.5, 0.44, 0.56),
        result(0.5, 0.4999, 0.5001),
        result(None),
        result(1),
    ]
    assert written(*cells) == [
        "0.300 [0.24, 0.36]",
        "0.500 [0.44, 0.56]",
        "0.500 [0.50, 0.50]",
        MISSING,
        "1.000",
    ]


def test_each_metric_has_its_own_format():
    forms = number_formats([result(0.3, metric="cost/dollars"), result(300, metric="cost/calls")])
    assert [(metric, form.decimals) for metric, form in forms.items()] == [
        ("cost/dollars", 3),
        ("cost/calls", 0),
    ]


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e11, max_value=1e11))
def test_what_is_written_is_near_the_value(value):
    (text,) = written(result(value))
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0.06, abs=1e-300)


def test_known_is_a_finite_number():
    assert [known(value) for value in (0, 0.5, np.float32(1))] == [True] * 3
    assert [known(value) for value in (None, math.nan, math.inf, True, "1")] == [False] * 5


def test_counted_agrees_with_its_number():
    assert [counted(number, "cell") for number in (0, 1, 2)] == ["0 cells", "1 cell", "2 cells"]


def test_numbers_that_differ_by_an_error_of_rounding_read_alike():
    form = number_formats([result(0.6225, 0.6215, 0.6235)])["mean"]
    assert form.value(0.6225 - 1e-16) == form.value(0.6225 + 1e-16)
