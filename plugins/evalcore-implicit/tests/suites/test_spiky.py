"""Task `spiky`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from suite_contracts import ErrorContract, answers, score_of, task_of

from evalcore.errors import TaskError
from evalcore_implicit.suites.spiky import Spiky, SpikySettings, draw_series

SMALL = {"drawings": 2, "points": 3000, "look_back": 10}


def spiky(**given):
    return task_of(Spiky, SpikySettings, **{**SMALL, **given})


class TestSpiky(ErrorContract):
    component = "spiky"
    settings: ClassVar = SMALL
    right: ClassVar = answers(spiky(), lambda windows: windows.targets)
    wrong: ClassVar = answers(spiky(), lambda windows: windows.inputs[:, -1:])


class TestSpikyLevels(ErrorContract):
    component = "spiky"
    settings: ClassVar = {**SMALL, "axis": "level"}
    right: ClassVar = answers(spiky(axis="level"), lambda windows: windows.targets)
    wrong: ClassVar = answers(spiky(axis="level"), lambda windows: windows.inputs[:, -1:])


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
@settings(max_examples=20)
def test_the_series_is_that_of_its_definition(seed, level):
    series = draw_series(np.random.default_rng(seed), 10_000, level)
    x = np.linspace(0, 100, 10_000)
    spikes = level / 2 * sum(np.sin(f * x) for f in (2, 23, 78, 100))
    np.testing.assert_allclose(series.values[series.spiky], spikes[series.spiky], atol=1e-9)
    noise = (series.values - np.sin(x))[~series.spiky]
    assert noise.mean() == pytest.approx(0.0, abs=0.005 * level)
    assert noise.std() == pytest.approx(0.05 * level, rel=0.06)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
@settings(max_examples=20)
def test_the_regions_are_as_many_and_as_long_as_defined(seed, level):
    spiky = draw_series(np.random.default_rng(seed), 10_000, level).spiky
    edges = np.diff(np.r_[0, spiky.astype(int), 0])
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    assert lengths.min() >= 100 + level
    assert len(lengths) <= 20 + level
    assert spiky.sum() <= (20 + level) * (100 + level)


def test_regions_that_do_not_overlap_are_all_there():
    spiky = draw_series(np.random.default_rng(0), 1_000_000, 7).spiky
    assert spiky.sum() == 27 * 107


def test_the_windows_of_the_published_settings():
    case = next(spiky(points=10_000, look_back=60).cases())
    drawing = case.sample.public
    assert drawing.inputs.shape == (6000 - 59, 59)
    assert drawing.targets.shape == (6000 - 59, 1)
    assert [(shift.at, shift.name) for shift in drawing.shifts] == [(0.0, "calm"), (1.0, "spiky")]
    assert sum(len(shift.inputs) for shift in drawing.shifts) == 4000 - 59


def test_windows_lie_in_one_part_and_are_told_apart_by_their_spikes():
    settings = SpikySettings.model_validate(SMALL)
    case = next(spiky().cases())
    drawing = case.sample.public
    series = draw_series(np.random.default_rng([0, 0]), 3000, 7)
    np.testing.assert_array_equal(
        np.c_[drawing.inputs, drawing.targets],
        [series.values[i : i + 10] for i in range(settings.cut() - 9)],
    )
    seen = []
    for shift, windows in zip(drawing.shifts, case.hidden, strict=True):
        for inputs, target, time in zip(shift.inputs, windows.targets, windows.time, strict=True):
            np.testing.assert_array_equal([*inputs, *target], series.values[time - 9 : time + 1])
            assert series.spiky[time - 9 : time + 1].any() == (shift.name == "spiky")
            seen.append(int(time))
    assert sorted(seen) == list(range(settings.cut() + 9, 3000))


def test_calm_windows_are_the_reference():
    score = score_of(spiky(), lambda windows: windows.targets + 0.5)
    calm, spikes = score.details["shifts"]
    assert (calm["inside"], spikes["inside"]) == (True, False)
    assert (score.details["measure"], score.details["better"]) == ("rmse", "lower")
    assert score.value == pytest.approx(0.5)
    assert set(calm["values"]) == {"rmse", "mae", "r2", "smape", "mape"}
    assert spikes["values"]["r2"] > calm["values"]["r2"]


def test_levels_have_series_of_their_own():
    task = spiky(axis="level", shifts=[20, 5])
    case = next(task.cases())
    five, seven, twenty = case.hidden
    assert [shift.at for shift in case.sample.public.shifts] == [5, 7, 20]
    assert five.targets.std() < seven.targets.std() < twenty.targets.std()
    assert not np.array_equal(seven.targets, next(spiky().cases()).hidden[0].targets)
    score = score_of(task, lambda windows: windows.targets)
    assert [shift["inside"] for shift in score.details["shifts"]] == [False, True, False]
    alone = next(spiky(axis="level", shifts=[20]).cases()).hidden[-1]
    np.testing.assert_array_equal(alone.targets, twenty.targets)


def test_the_training_level_is_distributed_as_the_training_data():
    task = spiky(axis="level", shifts=[20], drawings=20, points=10_000, train_share=0.5)
    trained, tested = [], []
    for case in task.cases():
        trained.append(case.sample.public.targets.std())
        tested.append(case.hidden[0].targets.std())
    assert np.mean(trained) == pytest.approx(np.mean(tested), rel=0.1)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["calm and spiky"]),
        ({"axis": "level"}, ["level 5", "level 20"]),
        ({"axis": "level", "shifts": [7]}, ["level 7"]),
    ],
)
def test_a_forecast_shows_the_first_spikes(given, names):
    task = spiky(**given)
    score = score_of(task, lambda windows: windows.targets + 1.0)
    assert [shown["name"] for shown in score.details["forecast"]] == names
    hidden = next(task.cases()).hidden
    spikes = min(time for each in hidden for time in each.time[each.spiky])
    for shown in score.details["forecast"]:
        assert len(shown["time"]) == 200
        assert np.all(np.diff(shown["time"]) == 1)
        np.testing.assert_allclose(np.subtract(shown["predicted"], shown["truth"]), 1.0)
    if not given:
        assert spikes in score.details["forecast"][0]["time"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shifts": [5]}, "`shifts` is for the axis `level`"),
        ({"axis": "level", "shifts": [0]}, "whole number from 1"),
        ({"axis": "level", "shifts": [7.5]}, "whole number from 1"),
        ({"axis": "level", "shifts": [5, 5]}, "5 twice"),
        ({"points": 107}, "a region of spikes takes 107 points"),
        ({"look_back": 1}, "look_back"),
        ({"look_back": 1200}, "more than `look_back` in each"),
        ({"train_share": 1}, "train_share"),
        ({"level": 0}, "level"),
    ],
)
def test_settings_that_cannot_be_are_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        spiky(**given)


def test_a_test_part_of_spikes_alone_is_told():
    with pytest.raises(TaskError, match="calm windows to test on, expected 2 or more: raise"):
        list(spiky(points=300, level=90, look_back=2).cases())


def test_a_drawing_too_large_is_refused_before_it_is_made():
    spiky().preflight()
    with pytest.raises(TaskError, match="lower `points` or `look_back`"):
        spiky(points=10_000_000, look_back=1000).preflight()
