"""Task `series`."""

from __future__ import annotations

import os
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from suite_contracts import ErrorContract

from evalcore import Attempt, DataPath
from evalcore.errors import TaskError
from evalcore_implicit.suites.csvfile import read_csv
from evalcore_implicit.suites.prices import TimeSeries, read_series
from evalcore_implicit.suites.series import Series, SeriesSettings
from evalcore_implicit.suites.windows import part, windows

FOLDER = Path(os.environ.get("EVALCORE_SHARED", ""), "data", "series")
needs_data = pytest.mark.skipif(
    "EVALCORE_SHARED" not in os.environ or not FOLDER.is_dir(),
    reason="EVALCORE_SHARED names no folder with series",
)

SMALL = {"split": "2020-12-31", "bands": [2, 6], "look_back": 8, "horizon": 3, "drawings": 2}


def days(count, start="2020-01-01"):
    return np.datetime64(start, "s") + np.arange(count) * np.timedelta64(1, "D")


def walk(count, seed=0):
    return np.exp(np.random.default_rng(seed).normal(0, 0.02, count).cumsum())


def series_of(values, times=None):
    times = days(len(values)) if times is None else times
    return TimeSeries(times, np.asarray(values, float), tuple(map(str, range(len(values)))))


def rows_of(times, values, header="Date,Price"):
    cells = (f"{time},{value}" for time, value in zip(times, values, strict=True))
    return "\n".join([header, *cells])


def daily(count, seed=0):
    return rows_of((str(time)[:10] for time in days(count)), walk(count, seed))


@pytest.fixture
def task(tmp_path):
    def write_and_make(content, **given):
        path = tmp_path / "series.csv"
        path.write_text(content)
        return Series(SeriesSettings.model_validate({"path": str(path), **SMALL, **given}))

    return write_and_make


@pytest.fixture
def read(tmp_path):
    def write_and_read(content, **given):
        path = tmp_path / "series.csv"
        path.write_text(content)
        return read_series(read_csv(DataPath(path)), "Date", "Price", **given)

    return write_and_read


class TestSeries(ErrorContract):
    component = "series"

    @pytest.fixture
    def component_settings(self, tmp_path):
        (tmp_path / "series.csv").write_text(daily(600))
        return {"path": str(tmp_path / "series.csv"), **SMALL}

    @pytest.fixture(autouse=True)
    def answers(self, cases):
        def tested(case):
            parts, _ = case.hidden
            return (parts.reference, *parts.bands)

        self.right = {
            name: tuple(found.targets for found in tested(case)) for name, case in cases.items()
        }
        self.wrong = {
            name: tuple(found.naive for found in tested(case)) for name, case in cases.items()
        }


lengths = st.integers(1, 6)


def of_the_definition(prices, target, look_back, horizon, t):
    """Inputs, target and naive forecast at row t; r[i] is the return from row i to i + 1."""
    r = [100 * np.log(later / earlier) for earlier, later in pairwise(prices)]
    if target == "value":
        return prices[t - look_back + 1 : t + 1], prices[t + horizon], prices[t]
    inputs, ahead, behind = r[t - look_back : t], r[t : t + horizon], r[t - horizon : t]
    if target == "returns":
        return inputs, sum(ahead), 0.0
    return inputs, *(np.sqrt(sum(x * x for x in part) / horizon) for part in (ahead, behind))


@settings(max_examples=30)
@given(
    st.integers(13, 40),
    lengths,
    lengths,
    st.sampled_from(["returns", "volatility", "value"]),
    st.integers(0, 9),
)
def test_targets_are_those_of_their_definition(count, look_back, horizon, target, seed):
    prices = walk(count, seed)
    no_gap = np.zeros(count - 1, dtype=bool)
    found = windows(series_of(prices), target, look_back, horizon, no_gap)
    first = {
        "returns": look_back,
        "volatility": max(look_back, horizon),
        "value": look_back - 1,
    }[target]
    assert len(found) == count - horizon - first
    for i in (0, len(found) // 2, len(found) - 1):
        t = first + i
        inputs, truth, naive = of_the_definition(prices, target, look_back, horizon, t)
        np.testing.assert_allclose(found.inputs[i], inputs)
        np.testing.assert_allclose(found.targets[i], [truth])
        np.testing.assert_allclose(found.naive[i], [naive])
        assert found.first[i] == days(count)[t + 1]
        assert found.last[i] == days(count)[t + horizon]


@settings(max_examples=30)
@given(
    st.integers(0, 2**32 - 1),
    lengths,
    st.integers(1, 4),
    st.integers(300, 400),
    st.floats(0.05, 0.3),
)
def test_no_two_parts_share_a_row_of_a_target(seed, look_back, horizon, after, reference):
    steps = np.random.default_rng(seed).integers(1, 3, 500)
    times = np.datetime64("2020-01-01", "s") + np.cumsum(steps) * np.timedelta64(1, "D")
    series = series_of(walk(len(times)), times)
    split = date.fromordinal(date(2020, 1, 1).toordinal() + after)
    found = windows(series, "volatility", look_back, horizon, np.zeros(len(times) - 1, dtype=bool))
    parts = part(found, split, reference, (1, 2))
    known = np.datetime64(split, "s") + np.timedelta64(1, "D")
    assert max(parts.training.last.max(), parts.reference.last.max()) < known
    for earlier, later in pairwise(parts.bands):
        assert known <= earlier.first.min()
        assert earlier.first.max() < later.first.min()
    ours, theirs = parts.training, parts.reference
    apart = (ours.last[:, None] < theirs.first) | (theirs.last < ours.first[:, None])
    assert apart.all()


@pytest.mark.parametrize("target", ["returns", "volatility", "value"])
def test_what_comes_later_is_not_known_in_training(task, target):
    given = {"target": target, "horizon": 4}
    first = next(task(daily(600), **given).cases())
    values = walk(600)
    later = days(600) > np.datetime64("2020-12-31")
    values[later] *= 3 * walk(int(later.sum()), 1)
    other = next(task(rows_of((str(t)[:10] for t in days(600)), values), **given).cases())
    for name in ("inputs", "targets"):
        ours, theirs = (getattr(case.sample.public, name) for case in (first, other))
        np.testing.assert_array_equal(ours, theirs)
    assert first.hidden[1] == other.hidden[1]
    ours, theirs = (case.sample.public.shifts for case in (first, other))
    assert ours[0] == theirs[0]
    assert all(one != another for one, another in zip(ours[1:], theirs[1:], strict=True))


def test_what_is_held_out_is_of_all_the_training_period():
    found = windows(series_of(walk(1100)), "value", 5, 3, np.zeros(1099, dtype=bool))
    parts = part(found, date(2022, 9, 30), 0.2, (2,))
    reference = (parts.reference.first - days(1)[0]) / np.timedelta64(1, "D")
    stretches = np.split(reference, np.flatnonzero(np.diff(reference) > 1) + 1)
    assert len(stretches) == 10
    assert np.ptp([len(stretch) for stretch in stretches]) <= 1
    assert len(reference) / (found.last <= np.datetime64("2022-09-30")).sum() == pytest.approx(
        0.2, abs=0.01
    )
    starts = [stretch[0] for stretch in stretches]
    assert np.ptp(np.diff(starts)) <= 2
    # Of each stretch two targets before it and, but for the last, two after it reach into it.
    assert (
        len(parts.training) + len(parts.reference) + 10 * 2 + 9 * 2
        == (found.last <= np.datetime64("2022-09-30")).sum()
    )


def test_bands_end_on_the_day_of_their_months_or_the_last_of_the_month():
    found = windows(series_of(walk(800)), "value", 2, 1, np.zeros(799, dtype=bool))
    parts = part(found, date(2020, 8, 31), 0.1, (6, 10))
    spans = [(str(band.first[0])[:10], str(band.first[-1])[:10]) for band in parts.bands]
    assert spans == [("2020-09-01", "2021-02-28"), ("2021-03-01", "2021-06-30")]
    assert str(parts.reference.last[-1])[:10] == "2020-08-31"


def test_the_measure_is_relative_to_the_naive_forecast_of_the_training(task):
    made = task(daily(600))
    case = next(made.cases())
    parts, scale = case.hidden
    assert scale == np.abs(parts.training.targets - parts.training.naive).mean()
    tested = (parts.reference, *parts.bands)
    score = made.score(case, Attempt(tuple(found.naive for found in tested)))
    assert score.details["axis"] == "months"
    assert (score.details["measure"], score.details["better"]) == ("mase", "lower")
    shifts = score.details["shifts"]
    assert [shift["at"] for shift in shifts] == [0, 2, 6]
    assert [shift["inside"] for shift in shifts] == [True, False, False]
    assert [shift["name"] for shift in shifts] == ["held out", "0-2 months", "2-6 months"]
    assert [shift["n"] for shift in shifts] == [len(found) for found in tested]
    for shift, found in zip(shifts, tested, strict=True):
        error = np.abs(found.targets - found.naive).mean()
        assert shift["values"]["mae"] == pytest.approx(error)
        assert shift["values"]["mase"] == pytest.approx(error / scale)
    assert score.value == shifts[0]["values"]["mase"]


def test_a_forecast_is_on_record_with_its_dates(task):
    made = task(daily(1500), split="2021-12-31", bands=[3, 24])
    case = next(made.cases())
    parts, _ = case.hidden
    tested = (parts.reference, *parts.bands)
    answer = tuple(found.targets + 1 for found in tested)
    forecasts = made.score(case, Attempt(answer)).details["forecast"]
    assert [one["name"] for one in forecasts] == ["held out", "0-3 months", "3-24 months"]
    for one, found in zip(forecasts, tested, strict=True):
        assert len(one["time"]) == min(200, len(found))
        assert one["time"][0] == str(found.last[0])[:10]
        assert one["time"][-1] == str(found.last[-1])[:10]
        np.testing.assert_allclose(one["predicted"], np.add(one["truth"], 1))


def test_drawings_have_the_same_data(task):
    first, second = task(daily(600)).cases()
    assert first.sample.public == second.sample.public
    assert [case.sample.id for case in (first, second)] == ["drawing-0", "drawing-1"]


def test_r2_is_left_out_where_the_truth_is_constant(task):
    values = walk(600)
    values[days(600) >= np.datetime64("2021-03-01")] = 1.0
    made = task(rows_of((str(t)[:10] for t in days(600)), values), target="value")
    case = next(made.cases())
    parts, _ = case.hidden
    answer = tuple(found.naive for found in (parts.reference, *parts.bands))
    inside, _, constant = made.score(case, Attempt(answer)).details["shifts"]
    assert "r2" in inside["values"]
    assert "r2" not in constant["values"]


def test_times_of_a_zone_are_those_of_utc(read):
    text = "2020-01-01T23:00:00-05:00,1\n2020-01-02T12:00:00Z,2\n"
    assert read(f"Date,Price\n{text}").times.tolist() == [
        np.datetime64("2020-01-02T04:00:00").item(),
        np.datetime64("2020-01-02T12:00:00").item(),
    ]


def test_another_format_of_times(read):
    found = read("Date,Price\n12/31/2019,1\n01/02/2020,2\n", time_format="%m/%d/%Y")
    assert [str(time)[:10] for time in found.times] == ["2019-12-31", "2020-01-02"]
    with pytest.raises(TaskError, match=r"csv:2: Date: found '12/31/2019'.*ISO 8601"):
        read("Date,Price\n12/31/2019,1\n")


OUT_OF_ORDER = "Date,Price\n2020-01-02,2\n2020-01-03,3\n2020-01-01,1\n"


def test_rows_out_of_order(read):
    with pytest.raises(TaskError, match=r"csv:4: found 2020-01-01 after 2020-01-03.*`order: sort`"):
        read(OUT_OF_ORDER)
    found = read(OUT_OF_ORDER, order="sort")
    assert found.values.tolist() == [1, 2, 3]
    assert found.places[0].endswith("csv:4")


@pytest.mark.parametrize(
    ("duplicates", "kept"), [("first", [1, 2, 6]), ("last", [1, 4, 6]), ("mean", [1, 3, 6])]
)
def test_rows_of_one_time(read, duplicates, kept):
    text = "Date,Price\n2020-01-01,1\n2020-01-02,2\n2020-01-02,4\n2020-01-03,6\n"
    assert read(text, duplicates=duplicates).values.tolist() == kept
    with pytest.raises(TaskError, match=r"csv:4: found 2020-01-02 again, first at .*csv:3"):
        read(text)


@settings(max_examples=30)
@given(st.permutations(range(12)), st.sampled_from(["first", "last", "mean"]))
def test_a_series_that_is_sorted_ascends(order, duplicates):
    times, values = days(6)[np.array(order) // 2], np.array(order, float)
    kept = read_shuffled(times, values, duplicates)
    assert kept.times.tolist() == days(6).tolist()
    for day, value in enumerate(kept.values):
        same = [one for one in order if one // 2 == day]
        assert value == {"first": same[0], "last": same[-1], "mean": np.mean(same)}[duplicates]


def read_shuffled(times, values, duplicates):
    class Made:
        path = "made.csv"

        def __len__(self):
            return len(values)

        def texts(self, name):
            return [str(time) for time in times]

        def numbers(self, name):
            return values

        def place(self, row):
            return str(row)

    return read_series(Made(), "time", "value", order="sort", duplicates=duplicates)


def test_a_row_without_a_value(read):
    text = "Date,Price\n2020-01-01,1\n2020-01-02,\n2020-01-03,3\n"
    with pytest.raises(TaskError, match=r"csv:3: Price: found '', expected .* `gaps: skip`"):
        read(text)
    assert read(text, gaps="skip").values.tolist() == [1, 3]


def test_a_long_step_divides_windows(task):
    times, values = days(600), walk(600)
    kept = (times < np.datetime64("2020-05-01")) | (times > np.datetime64("2020-05-14"))
    text = rows_of((str(time)[:10] for time in times[kept]), values[kept])
    message = r"csv:123: found 15 days from 2020-04-30 to 2020-05-15.*`gaps: skip`"
    with pytest.raises(TaskError, match=message):
        task(text).preflight()
    assert len(list(task(text, gap_days=15).cases())) == 2
    skipped = next(task(text, gaps="skip").cases()).hidden[0].training
    days_long = (skipped.last - skipped.first) / np.timedelta64(1, "D")
    assert days_long.tolist() == [2] * len(skipped)
    reach = skipped.first - 9 * np.timedelta64(1, "D")  # the price before the first return
    gap = np.datetime64("2020-05-02")
    assert not ((reach <= gap) & (gap <= skipped.last)).any()
    whole = next(task(text, gap_days=15).cases()).hidden[0].training
    assert ((whole.first - 9 * np.timedelta64(1, "D") <= gap) & (gap <= whole.last)).any()


@pytest.mark.parametrize("value", [0.0, -36.98])
def test_a_value_without_a_logarithm(task, value):
    values = walk(600)
    values[110] = value
    text = rows_of((str(time)[:10] for time in days(600)), values)
    message = rf"csv:112: found the value {value:g} at 2020-04-20.*`non_positive: skip`"
    with pytest.raises(TaskError, match=message):
        task(text).preflight()
    task(text, target="value").preflight()
    skipped = next(task(text, non_positive="skip").cases()).sample.public
    inputs = np.concatenate([skipped.inputs, skipped.shifts[0].inputs])
    returns = 100 * np.diff(np.log(np.delete(values, 110)))
    assert any(np.allclose(row, returns[105:113]) for row in inputs)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"split": "2025-01-01"}, r"found no targets from 2025-01-02.*are of .* to 2021-08-22"),
        ({"split": "2019-01-01"}, "found no targets to learn from"),
        ({"bands": [6, 12, 24]}, "from 2021-07-01 to before 2022-01-01|from 2022-01-01 to before"),
        ({"look_back": 700}, "found 600 rows, expected at least 704"),
        ({"value": "Volume"}, "found no column 'Volume', expected it among 'Date', 'Price'"),
    ],
)
def test_what_cannot_be_divided_is_refused(task, given, problem):
    with pytest.raises(TaskError, match=problem):
        task(daily(600), **given).preflight()


def test_a_series_that_stays_has_no_scale(task):
    text = rows_of((str(time)[:10] for time in days(600)), np.ones(600))
    with pytest.raises(TaskError, match="the naive forecast is right on all"):
        task(text, target="value").preflight()


def test_bands_ascend(task):
    with pytest.raises(ValidationError, match="must ascend"):
        task(daily(600), bands=[6, 6])


@needs_data
@pytest.mark.parametrize(
    ("file", "given", "rows"),
    [
        ("oil_brent_daily.csv", {}, 9958),
        ("oil_wti_daily.csv", {"non_positive": "skip"}, 10226),
        ("natural_gas_henry_hub_daily.csv", {"gaps": "skip"}, 7437),
        ("vix_daily.csv", {"value": "CLOSE"}, 9235),
        ("stocks_plotly_2007_2016.csv", {"value": "AAPL", "split": "2011-06-30"}, 2306),
    ],
)
def test_real_series(file, given, rows):
    chosen = {"path": str(FOLDER / file), "split": "2014-06-30", **given}
    made = Series(SeriesSettings.model_validate(chosen))
    case = next(made.cases())
    parts, _ = case.hidden
    tested = (parts.reference, *parts.bands)
    assert sum(map(len, (parts.training, *tested))) < rows
    assert all(len(band) > 100 for band in tested)
    score = made.score(case, Attempt(tuple(found.naive for found in tested)))
    assert all(0.3 < shift["values"]["mase"] < 5 for shift in score.details["shifts"])


@needs_data
@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("oil_wti_daily.csv", "csv:8645: found the value -36.98 at 2020-04-20"),
        ("natural_gas_henry_hub_daily.csv", "csv:5286: Price: found ''"),
    ],
)
def test_what_is_wrong_with_real_series_is_named(file, problem):
    chosen = {"path": str(FOLDER / file), "split": "2014-06-30"}
    with pytest.raises(TaskError, match=problem):
        Series(SeriesSettings.model_validate(chosen)).preflight()
