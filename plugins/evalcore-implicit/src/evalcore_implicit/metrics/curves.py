"""What is on record of the drawings of a cell: a measure at each shift."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evalcore import stats
from evalcore.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Floats = NDArray[np.float64]

__all__ = ["Curves", "MeasureSettings", "Place", "by_sample", "curves_of", "estimate"]


class MeasureSettings(Settings):
    """Which measure is meant."""

    measure: str | None = None
    """Such as `accuracy`; the task's main measure where none is named."""


class Place(NamedTuple):
    """A shift of which drawings have a value.

    Attributes:
        at: Where on the axis it lies.
        name: What it is called; such as `range=10` where the task has no name for it.
    """

    at: float
    name: str


class Curves(NamedTuple):
    """A measure at each shift, of each attempt that did not fail.

    Attributes:
        axis: What the shifts are distances of, such as `range`.
        measure: What was measured.
        higher: Whether more is better.
        places: The shifts, P of them, by ascending `at`.
        keys: By which a shift on record is known to be one of them.
        inside: Which of them is the reference, at which data are as in training.
        values: Shape (A, P); NaN where an attempt has no value at a shift.
        counts: Predictions behind each value, shape (A, P).
        samples: The sample of each attempt as a code, shape (A,).
    """

    axis: str
    measure: str
    higher: bool
    places: tuple[Place, ...]
    keys: tuple[tuple[float, str], ...]
    inside: int
    values: Floats
    counts: Floats
    samples: NDArray[np.int64]

    @property
    def range(self) -> tuple[float, float]:
        """Between which values the measure is."""
        return _RANGES.get(self.measure, (-math.inf, math.inf) if self.higher else (0, math.inf))

    def place_of(self, shift: Mapping[str, Any]) -> int:
        """Which of the places a shift on record has."""
        return self.keys.index(_key(shift))


def curves_of(scores: Scores, measure: str | None = None) -> Curves | None:
    """The curves of a cell; `None` where every attempt failed, or there is none.

    Args:
        scores: of a cell whose task scores drawings with shifts.
        measure: which one; the main one where none is named.

    Raises:
        ValueError: if an attempt has no curve on record, curves are over different axes, or there
            is no such measure.
    """
    kept = np.flatnonzero(~scores.failed)
    if not kept.size:
        return None
    columns = scores.details("score.axis", "score.measure", "score.better", "score.shifts")
    axes, mains, betters, shifts = ([column[i] for i in kept] for column in columns)
    if not all(shifts):
        raise ValueError(
            "found an attempt without a curve over shifts, expected a task such as rolling-argmax, "
            "whose samples are drawings"
        )
    measure = measure or mains[0]
    for what, found in (("axis", axes), ("main measure", mains)):
        if len(set(found)) > 1:
            raise ValueError(f"found drawings whose {what} is {' or '.join(sorted(set(found)))}")
    _check_measure(measure, shifts)
    keys = sorted({_key(shift) for curve in shifts for shift in curve})
    values, counts = np.full((2, len(kept), len(keys)), np.nan)
    for row, curve in enumerate(shifts):
        for shift in curve:
            column = keys.index(_key(shift))
            values[row, column] = shift["values"].get(measure, np.nan)
            counts[row, column] = shift["n"]
    first = next(shift for curve in shifts for shift in curve if shift["inside"])
    better = betters[0] if measure == mains[0] else _BETTER.get(measure, betters[0])
    return Curves(
        axis=axes[0],
        measure=measure,
        higher=better == "higher",
        places=_places(axes[0], keys),
        keys=tuple(keys),
        inside=keys.index(_key(first)),
        values=values,
        counts=counts,
        samples=scores.sample[kept],
    )


def estimate(
    values: Floats,
    samples: NDArray[np.int64],
    *,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    """The mean over drawings of the attempts that have a value; both of shape (A,).

    Args:
        values: of attempts.
        samples: their codes.
        within: between which the mean is for sure; the interval is cut to it.
    """
    known = ~np.isnan(values)
    found = stats.mean(values[known], samples[known])
    low, high = (float(np.clip(end, *within)) for end in (found.low, found.high))
    return replace(found, low=low, high=high)


def by_sample(values: Floats, samples: NDArray[np.int64], scores: Scores) -> Floats:
    """The mean value of each sample of a cell, NaN where it has none.

    Args:
        values: of attempts, shape (A,).
        samples: their codes, shape (A,).
        scores: of the cell, for the samples whose attempts all failed.
    """
    known = ~np.isnan(values)
    size = int(scores.sample.max()) + 1
    counts = np.bincount(samples[known], minlength=size)
    sums = np.bincount(samples[known], weights=values[known], minlength=size)
    means = np.full(size, np.nan)
    known = counts > 0
    means[known] = sums[known] / counts[known]
    return means


#: Between which values measures are, other than errors, which are 0 or more.
_RANGES = {"accuracy": (0.0, 1.0), "r2": (-math.inf, 1.0)}

#: What is better of measures that stand beside a task's main one.
_BETTER = dict.fromkeys(("accuracy", "r2"), "higher") | dict.fromkeys(
    ("cross_entropy", "km", "mae", "mape", "mase", "mse", "rmse", "smape"), "lower"
)


def _check_measure(measure: str, shifts: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    found = {name for curve in shifts for shift in curve for name in shift["values"]}
    if measure not in found:
        raise ValueError(f"found the measures {', '.join(sorted(found))}, not {measure!r}")


def _key(shift: Mapping[str, Any]) -> tuple[float, str]:
    return float(shift["at"]), str(shift["name"])


def _places(axis: str, keys: Sequence[tuple[float, str]]) -> tuple[Place, ...]:
    """The shifts with a name each, their own where it is of this shift alone."""
    own = [name for _, name in keys]
    return tuple(Place(at, _name(f"{axis}={at:g}", name, own.count(name))) for at, name in keys)


def _name(place: str, name: str, shared: int) -> str:
    if not name:
        return place
    return name if shared == 1 else f"{name},{place}"
