"""A dated series from a CSV file: what is wrong with it is named, and mended as the spec says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalcore.errors import TaskError
from evalcore_implicit.suites.csvfile import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore_implicit.suites.csvfile import CsvFile, Missing

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

__all__ = [
    "Duplicates",
    "Order",
    "TimeSeries",
    "log_returns",
    "long_steps",
    "positive",
    "read_series",
    "shown",
]

Order = Literal["error", "sort"]
Duplicates = Literal["error", "first", "last", "mean"]


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Values at times that ascend, each time once.

    Attributes:
        times: shape (n,), in seconds, of UTC where the file names a zone.
        values: shape (n,), finite.
        places: where each stands, for the text of an error.
    """

    times: Times
    values: Floats
    places: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> TimeSeries:
        """Those of a mask, or at indices in ascending order."""
        indices = np.arange(len(self))[kept]
        return TimeSeries(
            self.times[indices], self.values[indices], tuple(self.places[i] for i in indices)
        )


def read_series(
    file: CsvFile,
    time: str,
    value: str,
    *,
    time_format: str | None = None,
    gaps: Missing = "error",
    order: Order = "error",
    duplicates: Duplicates = "error",
) -> TimeSeries:
    """A series from two columns of a file.

    Args:
        file: where it stands.
        time: name of the column of times.
        value: name of the column of values.
        time_format: of the times, as of `datetime.strptime`; ISO 8601 if `None`.
        gaps: what to do with a row without a value; one left out leaves a longer step.
        order: what to do with rows that are not in the order of time.
        duplicates: what to do with rows of one time: keep the first or the last in the file, or
            the mean of all.

    Raises:
        TaskError: if something is wrong and is to be an error; the text names the line, and the
            setting that would mend it.
    """
    times = _times(file, time, time_format)
    values = file.numbers(value)
    kept = complete(file, {value: values}, gaps, "gaps")
    places = np.array([file.place(row) for row in range(len(file))], dtype=object)
    times, values, places = times[kept], values[kept], places[kept]
    _check_steps(times, places, order, duplicates)
    ascending = np.argsort(times, kind="stable")
    times, values, places = times[ascending], values[ascending], places[ascending]
    once, first, count = np.unique(times, return_index=True, return_counts=True)
    if duplicates == "mean":
        values = np.add.reduceat(values, first) / count
    else:
        values = values[first + count - 1 if duplicates == "last" else first]
    return TimeSeries(once, values, tuple(places[first]))


def positive(series: TimeSeries, otherwise: Missing) -> TimeSeries:
    """The values of a series that have a logarithm.

    Raises:
        TaskError: if one is 0 or less, and that is an error; the text names the line and the date.
    """
    kept = series.values > 0
    if otherwise == "error" and not kept.all():
        row = int(np.argmin(kept))
        raise TaskError(
            f"{series.places[row]}: found the value {series.values[row]:g} at "
            f"{shown(series.times[row])}, which has no logarithm; leave it out with "
            "`non_positive: skip`, which takes one return across it, or set `target: value`"
        )
    return series.take(kept)


def log_returns(series: TimeSeries) -> TimeSeries:
    """100 log(p[t] / p[t-1]) at the time of p[t], of positive values; one less than these."""
    values = 100 * np.diff(np.log(series.values))
    return TimeSeries(series.times[1:], values, series.places[1:])


def long_steps(series: TimeSeries, days: float, gaps: Missing) -> NDArray[np.bool_]:
    """Which steps from a time to the next are a gap, being longer than some days, shape (n - 1,).

    Raises:
        TaskError: if one is, and that is an error; the text names the line.
    """
    found = np.diff(series.times) / np.timedelta64(1, "D")
    long: NDArray[np.bool_] = found > days
    if gaps == "error" and long.any():
        row = int(np.argmax(long))
        raise TaskError(
            f"{series.places[row + 1]}: found {found[row]:g} days from {shown(series.times[row])} "
            f"to {shown(series.times[row + 1])}, and {int(long.sum())} steps in all of more than "
            f"`gap_days: {days:g}`; leave out what reaches across them with `gaps: skip`, or allow "
            "longer steps"
        )
    return long


def shown(time: np.datetime64) -> str:
    """A time in ISO 8601, as a date where it is midnight."""
    return str(time).removesuffix("T00:00:00")


def _times(file: CsvFile, name: str, time_format: str | None) -> Times:
    expected = f"a time as {time_format}" if time_format else "a time in ISO 8601 as 2014-06-30"
    found = np.empty(len(file), dtype="datetime64[s]")
    for row, text in enumerate(file.texts(name)):
        try:
            time = _time(text, time_format)
        except ValueError:
            raise TaskError(
                f"{file.place(row)}: {name}: found {text!r:.60}, expected {expected}; set "
                "`time_format` to how times are written"
            ) from None
        if time.tzinfo is not None:
            time = time.astimezone(UTC).replace(tzinfo=None)
        found[row] = np.datetime64(time, "s")
    return found


def _time(text: str, time_format: str | None) -> datetime:
    if time_format is None:
        return datetime.fromisoformat(text)
    return datetime.strptime(text, time_format)  # noqa: DTZ007 - the format says whether


def _check_steps(
    times: Times, places: NDArray[np.object_], order: Order, duplicates: Duplicates
) -> None:
    """Refuse a time that is before or at one that came before it, where that is an error."""
    before = np.maximum.accumulate(times)[:-1]
    back = np.flatnonzero(times[1:] < before)
    if order == "error" and back.size:
        row = int(back[0]) + 1
        raise TaskError(
            f"{places[row]}: found {shown(times[row])} after {shown(times[row - 1])}, and "
            f"{back.size} such places in all; sort the file, or set "
            "`order: sort`"
        )
    _, first, count = np.unique(times, return_index=True, return_counts=True)
    if duplicates == "error" and (count > 1).any():
        one = int(first[count > 1].min())
        other = one + 1 + int(np.flatnonzero(times[one + 1 :] == times[one])[0])
        raise TaskError(
            f"{places[other]}: found {shown(times[other])} again, first at {places[one]}, and "
            f"{int(np.sum(count > 1))} such times in all; mend the file, or set "
            "`duplicates: first`, `last` or `mean`"
        )
