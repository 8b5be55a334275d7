"""From predictions and the truth to the score of a drawing: a measure at every shift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalcore.data import Score
from evalcore.errors import TaskError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore_implicit.suites.drawing import Shift

    Floats = NDArray[np.float64]

__all__ = [
    "POINTS",
    "Better",
    "Point",
    "accuracy",
    "classification",
    "cross_entropy",
    "forecast",
    "mae",
    "mape",
    "mase",
    "mse",
    "predictions",
    "r2",
    "regression",
    "rmse",
    "scored",
    "smape",
]

POINTS = 200
"""Points of a forecast on record, at most."""

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one shift.

    Attributes:
        at: the shift, on the task's axis.
        values: by the names of the measures.
        n: samples that they are over.
        inside: whether the data are distributed as those of the training.
        name: of the shift, where a number says too little.
    """

    at: float
    values: Mapping[str, float]
    n: int
    inside: bool = False
    name: str = ""


def scored(axis: str, measure: str, better: Better, curve: Sequence[Point], **extras: Any) -> Score:
    """The score of a drawing: the main measure in distribution, with the whole curve on record.

    Args:
        axis: what the shifts are distances of, such as `range`.
        measure: name of the main measure, which every point has.
        better: which end of it is the good one.
        curve: a point for each shift, at least one of them inside; the first of those is the
            reference.
        extras: what else goes on record (JSON-ready), such as `forecast`.

    Raises:
        TaskError: if a value is not finite.
        ValueError: if no point is inside, or one lacks the main measure.
    """
    inside = [point for point in curve if point.inside]
    if not inside:
        raise ValueError("found no point inside the training distribution, expected one or more")
    for point in curve:
        if measure not in point.values:
            found = ", ".join(point.values) or "none"
            raise ValueError(f"found the measures {found} at {_place(axis, point)}, not {measure}")
        for name, value in point.values.items():
            if not math.isfinite(value):
                raise TaskError(
                    f"{name} is {value} at {_place(axis, point)}: the predictions there, or the "
                    "truth, leave it without a value"
                )
    shifts = [
        {
            "at": float(point.at),
            "name": point.name,
            "inside": bool(point.inside),
            "n": int(point.n),
            "values": {name: float(value) for name, value in point.values.items()},
        }
        for point in curve
    ]
    details = {"axis": axis, "measure": measure, "better": better, "shifts": shifts, **extras}
    return Score(float(inside[0].values[measure]), details=details)


def predictions(answer: Any, shifts: Sequence[Shift], columns: int) -> tuple[Floats, ...]:
    """The outputs of an answer, one array for each shift.

    Args:
        answer: a sequence of arrays, one for each shift, of shape (samples, columns).
        shifts: of the drawing.
        columns: outputs, or classes, of a sample.

    Raises:
        TaskError: if the answer is of another form, or holds a number that is not finite.
    """
    if not isinstance(answer, tuple | list) or len(answer) != len(shifts):
        found = f"{len(answer)} of them" if isinstance(answer, tuple | list) else repr(answer)[:80]
        raise TaskError(f"expected arrays for {len(shifts)} shifts in a tuple, found {found}")
    return tuple(
        _checked(outputs, shift, columns) for outputs, shift in zip(answer, shifts, strict=True)
    )


def regression(
    predicted: Floats, truth: Floats, measures: Iterable[str] = ("mse", "mae", "r2")
) -> dict[str, float]:
    """Measures of predicted values.

    Args:
        predicted: shape (samples, outputs).
        truth: the same shape.
        measures: out of mse, rmse, mae, r2, smape and mape.
    """
    return {name: _OF_VALUES[name](predicted, truth) for name in measures}


def classification(scores: Floats, classes: NDArray[np.integer[Any]]) -> dict[str, float]:
    """Accuracy and cross-entropy of the scores of classes.

    Args:
        scores: shape (samples, classes); the highest of a row is the class that is predicted, and
            their softmax how likely each is.
        classes: the true ones, shape (samples,).
    """
    return {
        "accuracy": accuracy(scores, classes),
        "cross_entropy": cross_entropy(scores, classes),
    }


def mse(predicted: Floats, truth: Floats) -> float:
    """Mean squared error; the arrays have one shape."""
    with np.errstate(over="ignore"):
        return float(np.mean(_errors(predicted, truth) ** 2))


def rmse(predicted: Floats, truth: Floats) -> float:
    """Root of the mean squared error, in the unit of the truth."""
    return math.sqrt(mse(predicted, truth))


def mae(predicted: Floats, truth: Floats) -> float:
    """Mean absolute error, in the unit of the truth."""
    return float(np.mean(np.abs(_errors(predicted, truth))))


def r2(predicted: Floats, truth: Floats) -> float:
    """Share of the truth's variance that is predicted, the mean over outputs.

    It is NaN where an output's truth is constant.

    Args:
        predicted: shape (samples, outputs).
        truth: the same shape.
    """
    with np.errstate(over="ignore"):
        rest = np.sum(_errors(predicted, truth) ** 2, axis=0)
        total = np.sum((truth - truth.mean(axis=0)) ** 2, axis=0)
    if not np.all(total > 0):
        return math.nan
    return float(np.mean(1.0 - rest / total))


def smape(predicted: Floats, truth: Floats) -> float:
    """Mean of 2|p - t| / (|p| + |t|), from 0 to 2; a prediction of 0 for 0 counts 0."""
    errors = np.abs(_errors(predicted, truth))
    size = np.abs(predicted) + np.abs(truth)
    return float(np.mean(np.divide(2.0 * errors, size, out=np.zeros_like(size), where=size > 0)))


def mape(predicted: Floats, truth: Floats) -> float:
    """Mean of |p - t| / |t|, not in percent; infinite where a truth is 0."""
    errors = np.abs(_errors(predicted, truth))
    if not np.all(truth):
        return math.inf
    return float(np.mean(errors / np.abs(truth)))


def mase(predicted: Floats, truth: Floats, scale: float) -> float:
    """Mean absolute error over that of a naive forecast (Hyndman and Koehler, 2006).

    Args:
        predicted: shape (samples, outputs).
        truth: the same shape.
        scale: mean absolute error of the naive forecast, such as the last value; where it is 0
            this is infinite.
    """
    error = mae(predicted, truth)
    return error / scale if scale > 0 else math.inf


def accuracy(scores: Floats, classes: NDArray[np.integer[Any]]) -> float:
    """Share of the samples whose highest score, of equal ones the first, is that of the class."""
    return float(np.mean(scores.argmax(axis=1) == classes))


def cross_entropy(scores: Floats, classes: NDArray[np.integer[Any]]) -> float:
    """Mean negative logarithm of the softmax of the scores at the true class, in nats."""
    with np.errstate(over="ignore"):
        shifted = scores - scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.sum(np.exp(shifted), axis=1))
    return float(np.mean(log_sum - shifted[np.arange(len(classes)), classes]))


def forecast(
    name: str, time: Sequence[Any] | NDArray[Any], truth: Floats, predicted: Floats
) -> dict[str, Any]:
    """A stretch of a series and of what was predicted of it, as the record of a score keeps it.

    The three are of one length, shape (points,), in the order of time; of more than `POINTS` those
    kept are spread evenly.
    """
    kept = np.unique(np.linspace(0, len(truth) - 1, POINTS).round().astype(int))
    return {
        "name": name,
        "time": [time[i].item() if isinstance(time[i], np.generic) else time[i] for i in kept],
        "truth": [float(truth[i]) for i in kept],
        "predicted": [float(predicted[i]) for i in kept],
    }


_OF_VALUES: dict[str, Callable[[Floats, Floats], float]] = {
    "mse": mse,
    "rmse": rmse,
    "mae": mae,
    "r2": r2,
    "smape": smape,
    "mape": mape,
}


def _errors(predicted: Floats, truth: Floats) -> Floats:
    if predicted.shape != truth.shape:
        raise ValueError(f"found {predicted.shape} for a truth of shape {truth.shape}")
    errors: Floats = predicted - truth
    return errors


def _checked(outputs: Any, shift: Shift, columns: int) -> Floats:
    where = f"the shift {shift.name or format(shift.at, 'g')}"
    expected = (len(shift.inputs), columns)
    if not isinstance(outputs, np.ndarray) or outputs.dtype.kind not in "fiu":
        raise TaskError(f"found {type(outputs).__name__} at {where}, expected an array of numbers")
    if outputs.shape != expected:
        raise TaskError(f"found outputs of shape {outputs.shape} at {where}, expected {expected}")
    values = outputs.astype(np.float64)
    if bad := int(np.sum(~np.isfinite(values))):
        raise TaskError(
            f"{bad} of {values.size} outputs at {where} are not finite: the model does not "
            "extrapolate this far, or its fit diverged"
        )
    return values


def _place(axis: str, point: Point) -> str:
    return f"{axis} {point.name or format(point.at, 'g')}"
