"""Task `spiky`: forecast a series that is calm but for regions of violent swings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field, model_validator

from evalcore.data import Case, Sample
from evalcore.errors import TaskError
from evalcore.task import Task
from evalcore_implicit.suites.drawing import Drawing, Shift, generator, generator_at
from evalcore_implicit.suites.scoring import (
    POINTS,
    Point,
    forecast,
    predictions,
    regression,
    scored,
)
from evalcore_implicit.suites.shifts import DrawnSettings, check_size, with_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evalcore.data import Attempt, Score

    Floats = NDArray[np.float64]

__all__ = ["Spiky", "SpikySettings", "draw_series"]

_FREQUENCIES = (2, 23, 78, 100)
_END = 100.0
_MEASURES = ("rmse", "mae", "r2", "smape", "mape")
_LEVELS = (5.0, 7.0, 9.0, 12.0, 16.0, 20.0)
_CALM, _SPIKY = 0.0, 1.0


class SpikySettings(DrawnSettings):
    """The series, and what is tried on it.

    The axis `split` has two shifts: 0, the windows after the training part that touch no region of
    spikes, and 1, those that touch one. On the axis `level` the test series are drawn with spikes
    of the levels in `shifts`, by default 5, 7, 9, 12, 16 and 20; the training level is inside.
    """

    axis: Literal["split", "level"] = "split"
    """What the test windows differ in: whether they touch spikes, or how high the spikes are."""
    level: int = Field(7, ge=1, le=1000)
    """Of the spikes in training: 20 + level regions of 100 + level points, swings of level / 2 for
    each of four frequencies, and noise of 0.05 * level between them."""
    points: int = Field(10_000, ge=100)
    """Length of a series."""
    look_back: int = Field(60, ge=2)
    """Points of a window: the last is forecast from those before it."""
    train_share: float = Field(0.6, gt=0, lt=1)
    """Share of the points, the first ones, that the training windows lie in."""

    @model_validator(mode="after")
    def _fits_the_axis(self) -> Self:
        if self.axis == "split" and self.shifts is not None:
            raise ValueError("`shifts` is for the axis `level`: `split` has calm and spiky windows")
        for at in self.shifts or ():
            if at < 1 or at != int(at) or at > 1000:
                raise ValueError(f"`shifts` has {at:g}: a level is a whole number from 1 to 1000")
        longest = 100 + max(self.levels())
        if self.points <= longest:
            raise ValueError(
                f"a region of spikes takes {longest} points, and `points` is {self.points}: raise "
                "it or lower the levels"
            )
        if min(self.cut(), self.points - self.cut()) <= self.look_back:
            raise ValueError(
                f"the training part has {self.cut()} points and the test part "
                f"{self.points - self.cut()}, expected more than `look_back` in each"
            )
        return self

    def levels(self) -> tuple[int, ...]:
        """The levels of the test series in ascending order, that of the training among them."""
        if self.axis == "split":
            return (self.level,)
        given = _LEVELS if self.shifts is None else self.shifts
        return tuple(int(at) for at in with_inside(given, self.level))

    def cut(self) -> int:
        """Number of points in the training part."""
        return round(self.train_share * self.points)


class Spiky(Task[SpikySettings]):
    """Predict the next point of a series with regions of spikes.

    The training windows, calm and spiky ones, lie in the first part of a series. On the axis
    `split` the test windows lie in the rest of it. On the axis `level` each level has a series of
    its own, of which the same rest is predicted. The truth is the series, whose noise no model can
    predict.
    """

    def cases(self) -> Iterator[Case]:
        """The drawings, each made when it is asked for.

        Raises:
            TaskError: if a drawing has fewer than two windows to test on at a shift.
        """
        return (self._case(number) for number in range(self.settings.drawings))

    def size(self) -> int:
        """The number of drawings."""
        return self.settings.drawings

    def preflight(self) -> None:
        """Tell whether a drawing would be too large.

        Raises:
            TaskError: if it has more than 4 GiB.
        """
        settings = self.settings
        windows = settings.cut() + len(settings.levels()) * (settings.points - settings.cut())
        check_size(windows * settings.look_back, "lower `points` or `look_back`")

    def score(self, case: Case, attempt: Attempt) -> Score:
        """The root mean squared error in distribution; on record, all measures at every shift.

        Raises:
            TaskError: if the answer is not an array of the right shape for every shift, or not
                finite, or a measure has no value.
        """
        shifts = case.sample.public.shifts
        answered = predictions(attempt.answer, shifts, 1)
        inside = _CALM if self.settings.axis == "split" else float(self.settings.level)
        tested = list(zip(shifts, answered, case.hidden, strict=True))
        curve = [
            Point(
                shift.at,
                regression(outputs, windows.targets, _MEASURES),
                len(outputs),
                shift.at == inside,
                shift.name,
            )
            for shift, outputs, windows in tested
        ]
        forecasts = self._forecasts(tested)
        return scored(self.settings.axis, "rmse", "lower", curve, forecast=forecasts)

    def _case(self, number: int) -> Case:
        settings = self.settings
        rng = generator(settings.seed, number)
        series = draw_series(rng, settings.points, settings.level)
        train = _windows(series, 0, settings.cut(), settings.look_back)
        tested = list(self._tested(number, series))
        for at, name, windows in tested:
            if len(windows.targets) < 2:
                raise TaskError(
                    f"drawing-{number} has {len(windows.targets)} {name or format(at, 'g')} "
                    "windows to test on, expected 2 or more: raise `points`, lower `train_share`, "
                    "or set another `seed`"
                )
        sample = Sample(
            f"drawing-{number}",
            f"Learn to forecast a point of a series from the {settings.look_back - 1} before it, "
            f"and forecast at {len(tested)} shifts of {settings.axis}.",
            Drawing(
                train.inputs,
                train.targets,
                tuple(Shift(at, windows.inputs, name) for at, name, windows in tested),
            ),
            {"drawing": number},
        )
        return Case(sample, tuple(windows for _, _, windows in tested))

    def _tested(self, number: int, series: Series) -> Iterator[tuple[float, str, Windows]]:
        """Place, name and windows of each shift."""
        settings = self.settings
        if settings.axis == "split":
            windows = _windows(series, settings.cut(), settings.points, settings.look_back)
            yield _CALM, "calm", windows.where(~windows.spiky)
            yield _SPIKY, "spiky", windows.where(windows.spiky)
            return
        for level in settings.levels():
            rng = generator_at(settings.seed, number, level)
            other = draw_series(rng, settings.points, level)
            windows = _windows(other, settings.cut(), settings.points, settings.look_back)
            yield float(level), "", windows

    def _forecasts(self, tested: list[tuple[Shift, Floats, Windows]]) -> list[dict[str, Any]]:
        """A stretch at the first spikes: of the one test series, or of the two outermost levels."""
        if self.settings.axis == "split":
            outputs = np.concatenate([outputs for _, outputs, _ in tested])
            windows = Windows(
                *map(np.concatenate, zip(*(each for *_, each in tested), strict=True))
            )
            order = np.argsort(windows.time)
            return [_stretch("calm and spiky", outputs[order], windows.where(order))]
        ends = tested if len(tested) < 2 else [tested[0], tested[-1]]
        return [_stretch(f"level {shift.at:g}", outputs, each) for shift, outputs, each in ends]


class Series(NamedTuple):
    """A drawn series.

    Attributes:
        values: shape (points,).
        spiky: which points lie in a region of spikes, shape (points,).
    """

    values: Floats
    spiky: NDArray[np.bool_]


class Windows(NamedTuple):
    """Windows of a series, and what follows each.

    Attributes:
        inputs: shape (windows, look_back - 1).
        targets: the point after each, shape (windows, 1).
        spiky: which windows touch a region of spikes, their target included, shape (windows,).
        time: number of the target in the series, shape (windows,).
    """

    inputs: Floats
    targets: Floats
    spiky: NDArray[np.bool_]
    time: NDArray[np.int64]

    def where(self, chosen: NDArray[Any]) -> Windows:
        """Some of them, by a mask or by numbers."""
        return Windows(*(each[chosen] for each in self))


def draw_series(rng: np.random.Generator, points: int, level: int) -> Series:
    """A calm series with regions of spikes, as `spiky_data.py` of torchidl 0.0.4 draws it.

    At x from 0 to 100 it is (level / 2) * (sin 2x + sin 23x + sin 78x + sin 100x) in 20 + level
    regions of 100 + level points, which may overlap, and sin x with normal noise of standard
    deviation 0.05 * level elsewhere.

    Args:
        rng: draws the starts of the regions, then the noise.
        points: length of the series.
        level: of the spikes; a region must be shorter than the series.
    """
    size = 100 + level
    x = np.linspace(0.0, _END, points)
    starts = rng.integers(0, points - size, 20 + level)
    spiky = np.zeros(points, dtype=bool)
    for start in starts:
        spiky[start : start + size] = True
    spikes = level / 2 * np.sin(np.outer(x, _FREQUENCIES)).sum(axis=1)
    calm = np.sin(x) + rng.normal(0.0, 0.05 * level, points)
    return Series(np.where(spiky, spikes, calm), spiky)


def _windows(series: Series, start: int, end: int, look_back: int) -> Windows:
    """The windows that lie between two points of a series."""
    values = sliding_window_view(series.values[start:end], look_back)
    touched = sliding_window_view(series.spiky[start:end], look_back)
    spiky: NDArray[np.bool_] = np.asarray(touched.any(axis=1))
    time = np.arange(start + look_back - 1, end, dtype=np.int64)
    return Windows(values[:, :-1].copy(), values[:, -1:].copy(), spiky, time)


def _stretch(name: str, outputs: Floats, windows: Windows) -> dict[str, Any]:
    """What was predicted around the first spiky window, where there is one."""
    first = int(np.argmax(windows.spiky))
    begin = max(0, min(first - POINTS // 4, len(windows.time) - POINTS))
    part = slice(begin, begin + POINTS)
    return forecast(name, windows.time[part], windows.targets[part, 0], outputs[part, 0])
