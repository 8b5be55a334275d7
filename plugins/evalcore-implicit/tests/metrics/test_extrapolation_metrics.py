"""Curves, areas and doublings, on records made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_curves import RANGES, curve, drawings, shift

from evalcore.testing import record
from evalcore_implicit.metrics.curve import ExtrapolationCurve
from evalcore_implicit.metrics.forecast import ExtrapolationForecast
from evalcore_implicit.metrics.map import ExtrapolationMap
from evalcore_implicit.metrics.reach import (
    ExtrapolationArea,
    ExtrapolationDoubling,
    area,
    doubling,
)

ACCURACY = {"measure": "accuracy", "better": "higher"}
places = st.lists(st.floats(0.01, 1e6), min_size=2, max_size=8, unique=True).map(sorted)


def power_law(exponent, factor=1.0, at=RANGES):
    return [factor * (place / at[0]) ** exponent for place in at]


def test_a_curve_has_a_part_for_each_shift_with_its_place(asked):
    records = drawings([curve(power_law(2)), curve(power_law(2, factor=3)), None])
    found = asked(ExtrapolationCurve, records)
    assert list(found) == ["range=2", "range=10", "range=100", "range=1000"]
    assert [(part.axis, part.at, part.n) for part in found.values()] == [
        ("range", at, 2) for at in RANGES
    ]
    assert found["range=10"].value == pytest.approx((25 + 75) / 2)
    assert found["range=10"].low < found["range=10"].value < found["range=10"].high


def test_what_is_measured_is_told_and_intervals_keep_to_its_range(asked):
    """Of few drawings that differ much, Student's interval would reach beyond."""
    errors = asked(ExtrapolationCurve, drawings([curve([0.1, 90.0, 1e3, 1e6]), curve([1.0] * 4)]))
    assert {(part.of, part.low) for part in errors.values()} == {("mse", 0.0)}
    rows = [[0.9] * 4, [1.0] * 4]
    hits = asked(ExtrapolationCurve, drawings([curve(row, **ACCURACY) for row in rows]))
    assert {(part.of, part.high) for part in hits.values()} == {("accuracy", 1.0)}


def test_a_doubling_is_not_beyond_the_last_shift(asked):
    never = [curve([1.0] * 4), curve([1.0] * 4), curve(power_law(2))]
    found = asked(ExtrapolationDoubling, drawings(never))["log10-shift"]
    assert found.high == math.log10(RANGES[-1])
    assert found.low < found.value < found.high


def test_named_shifts_are_called_by_their_names(asked):
    shifts = [
        shift(0, inside=True, name="region", km=1.0),
        shift(10, name="band", km=2.0),
        shift(20, name="band", km=4.0),
    ]
    details = {"axis": "degrees", "measure": "km", "better": "lower", "shifts": shifts}
    found = asked(ExtrapolationCurve, drawings([details]))
    assert list(found) == ["region", "band,degrees=10", "band,degrees=20"]


def test_another_measure_can_be_asked_for(asked):
    shifts = [shift(2, inside=True, mse=4.0, r2=0.5), shift(10, mse=9.0, r2=0.25)]
    details = {"axis": "range", "measure": "mse", "better": "lower", "shifts": shifts}
    records = drawings([details])
    found = asked(ExtrapolationCurve, records, measure="r2")
    assert [part.value for part in found.values()] == [0.5, 0.25]
    # R² is better the higher it is, though the task's main measure is an error.
    assert asked(ExtrapolationArea, records, measure="r2")["mean"].value == pytest.approx(0.375)
    with pytest.raises(ValueError, match="found the measures mse, r2, not 'accuracy'"):
        asked(ExtrapolationCurve, records, measure="accuracy")


def test_a_shift_that_a_drawing_lacks_is_measured_by_the_others(asked):
    records = drawings([curve([1.0, 2.0], at=(2, 10)), curve([3.0], at=(2,))])
    found = asked(ExtrapolationCurve, records)
    assert (found["range=2"].value, found["range=2"].n) == (2.0, 2)
    assert (found["range=10"].value, found["range=10"].n) == (2.0, 1)
    values = asked(ExtrapolationCurve, records, "per_sample")["range=10"]
    np.testing.assert_array_equal(values, [2.0, np.nan])


@pytest.mark.parametrize("metric", [ExtrapolationForecast, ExtrapolationMap])
def test_metrics_with_pictures_are_silent_of_tasks_without(asked, metric):
    records = drawings([curve([1.0, 2.0, 3.0, 4.0])])
    assert asked(metric, records) == {}
    assert asked(metric, records, "per_sample") == {}


def test_records_of_other_tasks_are_refused(asked):
    with pytest.raises(ValueError, match="without a curve over shifts"):
        asked(ExtrapolationCurve, [record("question", 1.0)])
    mixed = drawings([curve([1.0, 2.0, 3.0, 4.0]), curve([1.0, 2.0, 3.0, 4.0], axis="offset")])
    with pytest.raises(ValueError, match="axis is offset or range"):
        asked(ExtrapolationCurve, mixed)


@given(places, st.floats(-1e3, 1e3))
def test_the_area_of_a_constant_curve_is_the_constant(at, height):
    assert area(at, np.full(len(at), height)) == pytest.approx(height, rel=1e-9, abs=1e-9)


@given(places, st.floats(-3, 3), st.floats(-5, 5))
def test_the_area_of_a_power_law_is_its_height_in_the_middle(at, exponent, offset):
    heights = offset + exponent * np.log10(at)
    if at[-1] <= 10 * at[0]:
        middle = offset + exponent * np.log10(at)
        assert min(middle) - 1e-9 <= area(at, heights) <= max(middle) + 1e-9
    else:
        middle = offset + exponent * (math.log10(at[0]) + math.log10(at[-1])) / 2
        assert area(at, heights) == pytest.approx(middle, rel=1e-6, abs=1e-6)


def test_the_area_leaves_out_what_is_not_known_and_places_at_0():
    assert area([2, 10, 1000], np.array([1.0, np.nan, 3.0])) == pytest.approx(2.0)
    assert area([0, 1, 100], np.array([50.0, 1.0, 3.0])) == pytest.approx(2.0)
    assert area([0, 5, 10], np.array([0.0, 1.0, 0.0])) == pytest.approx(0.5)
    assert area([3], np.array([7.0])) == 7.0
    assert math.isnan(area([3, 4], np.array([np.nan, np.nan])))


def test_the_area_of_errors_is_of_their_logarithm_and_that_of_hits_is_not(asked):
    errors = asked(ExtrapolationArea, drawings([curve([1e-2, 1e-2, 1e-2, 1e-2])]))
    assert {name: part.value for name, part in errors.items()} == {"log10": -2.0}
    none = asked(ExtrapolationArea, drawings([curve([0.0, 0.0, 0.0, 0.0])]), floor=1e-6)
    assert none["log10"].value == pytest.approx(-6)
    hits = asked(ExtrapolationArea, drawings([curve([0.5] * 4, **ACCURACY)]))
    assert {name: part.value for name, part in hits.items()} == {"mean": 0.5}


@given(st.floats(0.2, 4), st.floats(1e-6, 1e6))
def test_the_doubling_of_a_power_law_is_met_exactly(exponent, factor):
    at = np.array([1.0, 3.0, 9.0, 27.0, 81.0])
    found, censored = doubling(at, factor * at**exponent, 0, floor=1e-12)
    assert not censored
    assert found == pytest.approx(2 ** (1 / exponent))


@given(st.lists(st.floats(0, 1e3), min_size=2, max_size=8), st.integers(0, 6))
def test_a_doubling_lies_between_the_reference_and_the_last_shift(errors, inside):
    inside = min(inside, len(errors) - 2)
    at = np.arange(1.0, len(errors) + 1)
    found, censored = doubling(at, np.array(errors), inside, floor=1e-3)
    assert at[inside] < found <= at[-1]
    if censored:
        assert found == at[-1]
        assert max(errors[inside + 1 :]) <= 2 * max(errors[inside], 1e-3)


def test_a_doubling_from_0_on_is_on_a_line():
    assert doubling([0, 4], np.array([1.0, 3.0]), 0, floor=1e-12) == (2.0, False)
    assert doubling([0, 4], np.array([np.nan, 3.0]), 0, floor=1e-12) is None
    assert doubling([0, 4], np.array([1.0, np.nan]), 0, floor=1e-12) is None
    assert doubling([4], np.array([1.0]), 0, floor=1e-12) is None


def test_doublings_that_are_never_reached_are_told(asked):
    records = drawings([curve(power_law(1)), curve([1.0] * 4), None])
    found = asked(ExtrapolationDoubling, records)
    assert list(found) == ["log10-shift", "censored"]
    assert found["log10-shift"].value == pytest.approx((math.log10(4) + 3) / 2)
    assert found["censored"].value == 0.5
    values = asked(ExtrapolationDoubling, records, "per_sample")
    np.testing.assert_allclose(values["log10-shift"], [math.log10(4), 3, np.nan])
    np.testing.assert_array_equal(values["censored"], [0, 1, np.nan])


def test_the_error_of_hits_is_what_they_lack_of_1(asked):
    # From 0.2 to 0.4 in the middle between 2 and 10, over the logarithm of both.
    records = drawings([curve([0.8, 0.2, 0.1, 0.1], **ACCURACY)])
    found = asked(ExtrapolationDoubling, records)["log10-shift"].value
    assert found == pytest.approx(math.log10(2 * 5 ** (math.log(2) / math.log(4))))
    # Of 100 predictions without an error, two errors are twice the least that could be seen.
    records = drawings([curve([1.0, 0.98, 0.5, 0.5], **ACCURACY)])
    assert asked(ExtrapolationDoubling, records)["log10-shift"].value >= 1 - 1e-9


def test_over_a_short_axis_the_doubling_is_a_shift(asked):
    months = curve([1.0, 1.5, 2.5], at=(0, 6, 12), measure="mase", axis="months")
    found = asked(ExtrapolationDoubling, drawings([months]))
    assert list(found) == ["shift", "censored"]
    assert found["shift"].value == pytest.approx(
        6 + 6 * math.log(2 / 1.5) / math.log(2.5 / 1.5), rel=0.1
    )
