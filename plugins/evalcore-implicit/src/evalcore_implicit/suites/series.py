"""Task `series`: a dated series of one's own, in its future."""

from __future__ import annotations

import math
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from evalcore.data import Case, Sample
from evalcore.errors import TaskError
from evalcore.settings import DataPath, Settings
from evalcore.task import Task
from evalcore_implicit.suites.csvfile import Missing, read_csv
from evalcore_implicit.suites.drawing import Drawing, Shift
from evalcore_implicit.suites.prices import (
    Duplicates,
    Order,
    long_steps,
    positive,
    read_series,
    shown,
)
from evalcore_implicit.suites.scoring import (
    Point,
    forecast,
    mae,
    mase,
    predictions,
    regression,
    scored,
)
from evalcore_implicit.suites.windows import Target, part, windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.data import Attempt, Score
    from evalcore_implicit.suites.windows import Parts, Windows

__all__ = ["Series", "SeriesSettings"]

Months = Annotated[int, Field(gt=0, le=1200)]


class SeriesSettings(Settings):
    """A series, what of it is predicted, and which parts of time are told apart."""

    path: DataPath
    """A CSV file with a header."""
    time: str = "Date"
    """Column of the times."""
    value: str = "Price"
    """Column of the values."""
    delimiter: str = Field(",", min_length=1, max_length=1)
    """What stands between cells."""
    time_format: str | None = None
    """How times are written, as of Python's `strptime`, such as `%m/%d/%Y`; ISO 8601 if not set."""
    target: Target = "volatility"
    """What is predicted: the log return in percent over the next `horizon` rows, its volatility
    (the root of the mean squared daily return, in percent), or the value `horizon` rows ahead."""
    horizon: int = Field(5, ge=1)
    """Rows ahead that are predicted: days, where each row is a day."""
    look_back: int = Field(20, ge=1)
    """Rows that are predicted from: returns in percent, or values where `target` is `value`."""
    split: date
    """Last day of the training period."""
    reference: float = Field(0.1, gt=0, lt=1)
    """Share of the training period's samples that is held out as in distribution: the last ones of
    each tenth of the period."""
    bands: tuple[Months, ...] = Field((6, 18, 36, 54), min_length=1)
    """Months after the split in which bands end, each of which begins where the one before ends."""
    gaps: Missing = "error"
    """Rows without a value, and steps of more than `gap_days`: `skip` leaves out such rows, and
    what reaches across such steps."""
    gap_days: float = Field(10, gt=0)
    """Days between rows above which there is a gap."""
    order: Order = "error"
    """Rows that are not in the order of time."""
    duplicates: Duplicates = "error"
    """Rows of the same time: keep the `first` or `last` in the file, or the `mean`."""
    non_positive: Missing = "error"
    """Values of 0 or less, where returns are taken: `skip` takes one return across them."""
    drawings: int = Field(5, ge=1)
    """How often each model is fitted, with another seed and the same data."""

    @model_validator(mode="after")
    def _bands_ascend(self) -> Self:
        if any(later <= earlier for earlier, later in pairwise(self.bands)):
            raise ValueError("`bands` must ascend: each is the month in which a band ends")
        return self


class Series(Task[SeriesSettings]):
    """Learn to predict a series up to a day, and predict it ever later.

    No target of the training data, of those held out and of the bands has a row in common with one
    of another part: what would reach over the split, or into what is held out, is left out. Inputs
    hold whatever came before. Nothing is scaled.

    The measure is MASE: the mean absolute error over that which the naive forecast of
    `evalcore_implicit.suites.windows.windows` has on the training data, at every shift the same. A
    band lies on the axis at its last month, and the data held out at 0.

    A series is drawn once, by the world: drawings are fits of the same arrays with other seeds, and
    intervals over them tell of the fits alone, not of what another series would give.
    """

    def cases(self) -> Iterator[Case]:
        """The drawings, all of the same data."""
        parts = self._parts
        for number in range(self.settings.drawings):
            yield self._case(number, parts)

    def size(self) -> int:
        """The number of drawings."""
        return self.settings.drawings

    def preflight(self) -> None:
        """Read the series and divide it.

        Raises:
            TaskError: if that cannot be done; the text names the line where there is one.
        """
        self._scale(self._parts)

    def score(self, case: Case, attempt: Attempt) -> Score:
        """The MASE on the data held out; on record, all measures and a forecast at every shift.

        Raises:
            TaskError: if the answer is not a finite array of one column for every shift.
        """
        shifts = case.sample.public.shifts
        parts, scale = case.hidden
        tested = (parts.reference, *parts.bands)
        answered = predictions(attempt.answer, shifts, 1)
        curve = [
            Point(shift.at, _measured(outputs, truth, scale), len(truth), not shift.at, shift.name)
            for shift, outputs, truth in zip(shifts, answered, tested, strict=True)
        ]
        forecasts = [
            forecast(
                shift.name,
                [shown(time) for time in truth.last],
                truth.targets[:, 0],
                outputs[:, 0],
            )
            for shift, outputs, truth in zip(shifts, answered, tested, strict=True)
        ]
        return scored("months", "mase", "lower", curve, forecast=forecasts)

    @cached_property
    def _parts(self) -> Parts:
        settings = self.settings
        series = read_series(
            read_csv(settings.path, settings.delimiter),
            settings.time,
            settings.value,
            time_format=settings.time_format,
            gaps=settings.gaps,
            order=settings.order,
            duplicates=settings.duplicates,
        )
        if settings.target != "value":
            series = positive(series, settings.non_positive)
        found = windows(
            series,
            settings.target,
            settings.look_back,
            settings.horizon,
            long_steps(series, settings.gap_days, settings.gaps),
        )
        return part(found, settings.split, settings.reference, settings.bands)

    def _scale(self, parts: Parts) -> float:
        """The mean absolute error of the naive forecast on the training data."""
        scale = mae(parts.training.naive, parts.training.targets)
        if not scale:
            raise TaskError(
                f"the naive forecast is right on all {len(parts.training)} training targets, so "
                "that MASE is without a value; take another series, `target` or `split`"
            )
        return scale

    def _case(self, number: int, parts: Parts) -> Case:
        bands = self.settings.bands
        names = [f"{begin}-{end} months" for begin, end in pairwise((0, *bands))]
        shifts = (
            Shift(0.0, parts.reference.inputs, "held out"),
            *(
                Shift(float(at), band.inputs, name)
                for at, band, name in zip(bands, parts.bands, names, strict=True)
            ),
        )
        training = parts.training
        sample = Sample(
            f"drawing-{number}",
            f"Learn {self.settings.target} from {len(training)} samples up to "
            f"{shown(training.last[-1])} and predict it up to {bands[-1]} months after "
            f"{self.settings.split}.",
            Drawing(training.inputs, training.targets, shifts),
            {"drawing": number},
        )
        return Case(sample, (parts, self._scale(parts)))


def _measured(outputs: NDArray[np.float64], truth: Windows, scale: float) -> dict[str, float]:
    others = regression(outputs, truth.targets, ("mae", "rmse", "smape", "r2"))
    # The truth of a band may be constant, which leaves R2 without a value.
    defined = {name: value for name, value in others.items() if not math.isnan(value)}
    return {"mase": mase(outputs, truth.targets, scale), **defined}
