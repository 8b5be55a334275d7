"""What is to be predicted of a series from what came before it, and in which part of time."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evalcore.errors import TaskError
from evalcore_implicit.suites.prices import log_returns, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalcore_implicit.suites.prices import TimeSeries

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

__all__ = ["Parts", "Target", "Windows", "part", "windows"]

Target = Literal["returns", "volatility", "value"]

_STRETCHES = 10
"""Of the training period that are held out: of one, at its end, the series may be another."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Samples of a series, in the order of time.

    Attributes:
        inputs: what came before, the newest last, shape (m, look_back).
        targets: what is to be predicted, shape (m, 1).
        naive: the forecast that nothing changes, shape (m, 1).
        first: times of the first row that each target is made of, shape (m,).
        last: times of the last one, shape (m,).
    """

    inputs: Floats
    targets: Floats
    naive: Floats
    first: Times
    last: Times

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, kept: NDArray[np.bool_]) -> Windows:
        """Copies of those of a mask."""
        return Windows(
            self.inputs[kept],
            self.targets[kept],
            self.naive[kept],
            self.first[kept],
            self.last[kept],
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Samples by the part of time that their targets are in.

    Attributes:
        training: those to learn from.
        reference: those of stretches of the training period, held out.
        bands: those of each band after the split.
    """

    training: Windows
    reference: Windows
    bands: tuple[Windows, ...]


def windows(
    series: TimeSeries,
    target: Target,
    look_back: int,
    horizon: int,
    long: NDArray[np.bool_],
) -> Windows:
    """Every window of a series that no gap divides.

    With r the log returns in percent, h the horizon and t the newest row of the inputs, the target
    and the naive forecast are:

    - `returns`: r[t+1] + ... + r[t+h], and 0, for the price stays as it is;
    - `volatility`: sqrt((r[t+1]^2 + ... + r[t+h]^2) / h), and the same of r[t-h+1] to r[t];
    - `value`: the value at t + h, and the value at t.

    Args:
        series: the values, all positive unless the target is `value`.
        target: what is to be predicted.
        look_back: inputs of a sample: returns, or values where the target is `value`.
        horizon: rows ahead.
        long: which steps of the series are gaps, shape (n - 1,).

    Raises:
        TaskError: if the series is too short for one window.
    """
    values = series if target == "value" else log_returns(series)
    before = max(look_back, horizon) if target == "volatility" else look_back
    length = before + horizon
    if len(values) < length:
        raise TaskError(
            f"found {len(series)} rows, expected at least {length + len(series) - len(values)} for "
            f"`look_back: {look_back}` and `horizon: {horizon}`"
        )
    spans = sliding_window_view(values.values, length)
    past, future = spans[:, :before], spans[:, before:]
    if target == "returns":
        targets, naive = future.sum(axis=1), np.zeros(len(spans))
    elif target == "volatility":
        targets, naive = _root_mean_square(future), _root_mean_square(past[:, -horizon:])
    else:
        targets, naive = future[:, -1], past[:, -1]
    steps = length - 1 if target == "value" else length
    whole = np.logical_not(np.any(sliding_window_view(long, steps), axis=1))
    found = Windows(
        past[:, -look_back:],
        targets[:, None],
        naive[:, None],
        values.times[before : before + len(spans)],
        values.times[length - 1 :],
    )
    return found.take(whole)


def part(found: Windows, split: date, reference: float, bands: Sequence[int]) -> Parts:
    """Divide samples by time, so that no target is made of rows of two parts.

    Args:
        found: the samples.
        split: the last day of the training period.
        reference: share of the training period's samples that is held out: the last samples of
            each tenth of it.
        bands: months after the split in which each band ends, ascending; the first begins after the
            split, and each other one where the one before it ends.

    Raises:
        TaskError: if a part has no sample; the text says what the series has.
    """
    learned = found.last < _after(split)
    within = np.flatnonzero(learned)
    held_out = np.zeros(len(found), dtype=bool)
    for period in np.array_split(within, min(_STRETCHES, within.size)) if within.size else ():
        stretch = period[-int(np.ceil(reference * period.size)) :]
        held_out[stretch] = True
        # A target whose rows are in part those of a target held out would tell of it.
        begin, end = found.first[stretch[0]], found.last[stretch[-1]]
        learned &= (found.last < begin) | (end < found.first)
    edges = [_after(split), *(_after(_months_later(split, months)) for months in bands)]
    named = {
        "to learn from": learned,
        "held out of the training period": held_out,
        **{
            f"from {shown(begin)} to before {shown(end)}": (begin <= found.first)
            & (found.first < end)
            for begin, end in pairwise(edges)
        },
    }
    empty = [name for name, rows in named.items() if not rows.any()]
    if empty:
        has = f"{shown(found.first[0])} to {shown(found.last[-1])}" if len(found) else "no time"
        raise TaskError(
            f"found no targets {empty[0]}; the {len(found)} that the series has are of {has}, and "
            f"{within.size} are up to `split: {split}`; set another `split`, or other `bands`"
        )
    training, held, *later = (found.take(rows) for rows in named.values())
    return Parts(training, held, tuple(later))


def _root_mean_square(rows: Floats) -> Floats:
    roots: Floats = np.sqrt(np.mean(rows**2, axis=1))
    return roots


def _after(day: date) -> np.datetime64:
    """The first second after a day."""
    return np.datetime64(day, "s") + np.timedelta64(1, "D")


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
