"""Task `identity`, and what it shares with the other tasks of uniform inputs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from suite_contracts import ErrorContract, answers, score_of, shifted, task_of

from evalcore.errors import TaskError
from evalcore_implicit.suites.identity import Identity, IdentitySettings

SMALL = {"drawings": 2, "samples": 20, "test_samples": 8, "dim": 3}


def identity(**given):
    return task_of(Identity, IdentitySettings, **{**SMALL, **given})


class TestIdentity(ErrorContract):
    component = "identity"
    settings: ClassVar = SMALL
    right: ClassVar = answers(identity(), lambda truth: truth)
    wrong: ClassVar = answers(identity(), lambda truth: 0.9 * truth)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["range", "offset"]), st.integers(1, 5))
@settings(max_examples=20)
def test_the_truth_is_the_input(seed, axis, dim):
    for inputs, truth in shifted(identity(seed=seed, axis=axis, dim=dim)).values():
        np.testing.assert_array_equal(truth, inputs)
        assert truth.shape == (8, dim)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_a_seed_draws_the_same_again_and_drawings_differ(seed):
    first, second = (case.sample.public for case in identity(seed=seed).cases())
    again, _ = (case.sample.public for case in identity(seed=seed).cases())
    assert first == again
    other = next(identity(seed=(seed + 1) % 2**32).cases()).sample.public
    for drawing in (second, other):
        assert not np.array_equal(drawing.inputs, first.inputs)
        for shift, same in zip(drawing.shifts, first.shifts, strict=True):
            assert shift.at == same.at
            assert not np.array_equal(shift.inputs, same.inputs)


@given(st.sets(st.floats(3, 1e6), min_size=1, max_size=4), st.sampled_from(["range", "offset"]))
@settings(max_examples=20)
def test_other_shifts_change_nothing_of_a_shift(places, axis):
    alone = shifted(identity(axis=axis, shifts=[1e7]))
    among = shifted(identity(axis=axis, shifts=[*places, 1e7]))
    for at, (inputs, _) in alone.items():
        np.testing.assert_array_equal(among[at][0], inputs)


def test_shifts_have_numbers_of_their_own():
    near, far = (inputs / at for at, (inputs, _) in shifted(identity(shifts=[10])).items())
    assert not np.allclose(near, far)


@pytest.mark.parametrize("axis", ["range", "offset"])
@pytest.mark.parametrize("bound", [1.0, 4.0])
def test_inside_is_distributed_as_the_training_data(axis, bound):
    task = identity(axis=axis, bound=bound, samples=20_000, test_samples=20_000)
    case = next(task.cases())
    shifts = {shift.at: shift.inputs for shift in case.sample.public.shifts}
    inside = shifts[2 * bound if axis == "range" else 0.0]
    for inputs in (case.sample.public.inputs, inside):
        assert np.abs(inputs).max() <= bound
        assert inputs.mean() == pytest.approx(0.0, abs=0.02 * bound)
        assert inputs.var() == pytest.approx(bound**2 / 3, rel=0.03)
        assert np.mean(inputs**4) == pytest.approx(bound**4 / 5, rel=0.03)
    assert not np.array_equal(inside, case.sample.public.inputs)


@given(st.floats(1e-3, 1e6))
@settings(max_examples=20)
def test_a_range_is_the_whole_width_around_zero(at):
    inputs, _ = shifted(identity(shifts=[at], test_samples=2000))[at]
    assert np.abs(inputs).max() <= at / 2
    assert inputs.min() < -0.49 * at
    assert inputs.max() > 0.49 * at


@given(st.floats(0, 1e6))
@settings(max_examples=20)
def test_an_offset_moves_the_training_range(at):
    inputs, _ = shifted(identity(axis="offset", shifts=[at], test_samples=2000))[at]
    assert np.abs(inputs - at).max() <= 1 + 1e-9
    assert inputs.min() < at - 0.98
    assert inputs.max() > at + 0.98


def places(**given):
    return [shift.at for shift in next(identity(**given).cases()).sample.public.shifts]


def test_the_grids():
    half_decades = np.logspace(0, 5, 11)
    assert places() == pytest.approx([2, *half_decades[1:]])
    assert places(bound=3) == pytest.approx([6, *3 * half_decades[1:]])
    assert places(axis="offset") == pytest.approx([0, *half_decades])
    assert places(full=True) == pytest.approx([2, *np.logspace(1, 5, 100)])


def test_the_place_of_the_training_data_is_added_once_and_in_order():
    assert places(shifts=[50, 10]) == [2, 10, 50]
    assert places(shifts=[50, 2, 1]) == [1, 2, 50]
    assert places(axis="offset", shifts=[3]) == [0, 3]


def test_only_the_place_of_the_training_data_is_inside():
    score = score_of(identity(shifts=[1, 10]), lambda truth: truth + 0.5)
    assert [shift["inside"] for shift in score.details["shifts"]] == [False, True, False]
    assert [shift["n"] for shift in score.details["shifts"]] == [8, 8, 8]
    assert score.details["axis"] == "range"
    assert (score.details["measure"], score.details["better"]) == ("mse", "lower")
    assert score.value == pytest.approx(0.25)


def test_the_value_is_that_inside_and_the_curve_that_of_every_shift():
    score = score_of(identity(shifts=[10, 1000]), lambda truth: 0.9 * truth)
    inside, ten, thousand = (shift["values"] for shift in score.details["shifts"])
    assert score.value == inside["mse"]
    assert inside["mse"] < ten["mse"] < thousand["mse"]
    # A relative error of a tenth is the same share of the variance at every range.
    for values in (inside, ten, thousand):
        assert values["r2"] == pytest.approx(0.99, abs=0.005)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"samples": 0}, "samples"),
        ({"drawings": 0}, "drawings"),
        ({"dim": 0}, "dim"),
        ({"bound": 0}, "bound"),
        ({"seed": -1}, "seed"),
        ({"shifts": [-1]}, "greater than or equal to 0"),
        ({"shifts": []}, "shifts"),
        ({"shifts": [float("inf")]}, "shifts"),
        ({"shifts": [3, 4, 3]}, "3 twice"),
        ({"shifts": [0]}, "a range is more than 0"),
        ({"axis": "length"}, "axis"),
        ({"full": True, "shifts": [3]}, "without `shifts`"),
    ],
)
def test_settings_that_cannot_be_are_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        identity(**given)


def test_a_drawing_too_large_is_refused_before_it_is_made():
    identity(samples=10_000, dim=1000).preflight()
    with pytest.raises(TaskError, match=r"would take 7\.\d GiB, expected at most 4: lower"):
        identity(samples=1_000_000, dim=1000).preflight()


def test_drawings_are_made_one_at_a_time():
    cases = identity(drawings=10**9).cases()
    assert next(cases).sample.id == "drawing-0"
    assert next(cases).sample.id == "drawing-1"
