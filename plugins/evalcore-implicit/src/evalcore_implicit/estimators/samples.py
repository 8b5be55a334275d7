"""What estimators are given, checked: every array is finite and of the shape that is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Samples", "Scaling", "check_inputs", "check_samples", "flat", "sequences"]


class Samples(NamedTuple):
    """Training data.

    Attributes:
        inputs: shape (samples, ...).
        targets: values of shape (samples, outputs), or classes of shape (samples,).
        outputs: number of values, or of classes.
    """

    inputs: Floats
    targets: NDArray[Any]
    outputs: int

    @property
    def classes(self) -> bool:
        """Whether the targets are classes."""
        return self.targets.ndim == 1


@dataclass(frozen=True, slots=True)
class Scaling:
    """Shifts and scales to mean 0 and standard deviation 1; what does not vary is shifted only.

    Attributes:
        mean: of the training data, over all axes but the last.
        deviation: likewise; 1 where it would be 0.
    """

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, values: Floats) -> Scaling:
        """The scaling of training data, shape (..., columns)."""
        axes = tuple(range(values.ndim - 1))
        mean = values.mean(axis=axes)
        deviation = values.std(axis=axes)
        # The deviation of equal values is only rounding.
        varies = deviation > 1e-12 * np.abs(mean)
        return cls(mean, np.where(varies, deviation, 1.0))

    @classmethod
    def none(cls, columns: int) -> Scaling:
        """One that changes nothing."""
        return cls(np.zeros(columns), np.ones(columns))

    def apply(self, values: Floats) -> Floats:
        """To mean 0 and standard deviation 1."""
        return (values - self.mean) / self.deviation

    def undo(self, values: Floats) -> Floats:
        """Back."""
        return values * self.deviation + self.mean


def check_samples(inputs: NDArray[Any], targets: NDArray[Any]) -> Samples:
    """Training data as numbers that an estimator can learn from.

    Raises:
        EvalcoreError: if they are not finite, not of one length, fewer than two, or of shapes and
            types other than those of `Estimator.fit`.
    """
    given = _numbers("inputs", inputs)
    wanted = np.asarray(targets)
    if len(wanted) != len(given) if wanted.ndim else True:
        raise EvalcoreError(
            f"found inputs of shape {given.shape} and targets of shape {wanted.shape}, expected as "
            "many targets as inputs"
        )
    if len(given) < 2:
        raise EvalcoreError("found 1 sample to learn from, expected 2 or more")
    if np.issubdtype(wanted.dtype, np.integer):
        return Samples(given, *_classes(wanted))
    if wanted.ndim != 2 or not wanted.shape[1]:
        raise EvalcoreError(
            f"found targets of shape {wanted.shape} and type {wanted.dtype}, expected values of "
            "shape (samples, outputs), or classes as whole numbers of shape (samples,)"
        )
    return Samples(given, _finite("targets", wanted), wanted.shape[1])


def check_inputs(inputs: NDArray[Any]) -> Floats:
    """Inputs to predict from.

    Raises:
        EvalcoreError: if they are no finite numbers of shape (samples, ...), or none.
    """
    return _numbers("inputs", inputs)


def flat(inputs: Floats, features: int | None = None) -> Floats:
    """Inputs as rows, shape (samples, features).

    Args:
        inputs: shape (samples, ...).
        features: that the rows had when the estimator was fitted.

    Raises:
        EvalcoreError: if they have another number of features.
    """
    rows = inputs.reshape(len(inputs), -1)
    if features is not None and rows.shape[1] != features:
        raise EvalcoreError(
            f"found inputs of shape {inputs.shape}, with {rows.shape[1]} numbers a sample; this "
            f"model was fitted to {features} and reads no other number: for sequences of other "
            "lengths use rnn, lstm, gru, implicit-rnn, cnn or transformer"
        )
    return rows


def sequences(inputs: Floats, features: int | None = None) -> Floats:
    """Inputs as sequences, shape (samples, time, features).

    Args:
        inputs: shape (samples, time, features), or (samples, time) for sequences of one number.
        features: that a time step had when the estimator was fitted.

    Raises:
        EvalcoreError: if they are no sequences, or of another number of features.
    """
    if inputs.ndim not in {2, 3}:
        raise EvalcoreError(
            f"found inputs of shape {inputs.shape}, expected sequences: (samples, time), or "
            "(samples, time, features)"
        )
    steps = inputs[:, :, None] if inputs.ndim == 2 else inputs
    if features is not None and steps.shape[2] != features:
        raise EvalcoreError(
            f"found inputs of shape {inputs.shape}, with {steps.shape[2]} numbers a time step; "
            f"this model was fitted to {features}"
        )
    return steps


def _classes(targets: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    if targets.ndim != 1:
        raise EvalcoreError(
            f"found targets of shape {targets.shape} and type {targets.dtype}, expected classes of "
            "shape (samples,); make values floating-point numbers"
        )
    if targets.min() < 0:
        raise EvalcoreError(f"found the class {targets.min()}, expected classes counted from 0")
    count = int(targets.max()) + 1
    if count < 2:
        raise EvalcoreError("found the class 0 alone, expected 2 classes or more")
    return targets.astype(np.int64), count


def _numbers(name: str, values: NDArray[Any]) -> Floats:
    array = np.asarray(values)
    if array.ndim < 2 or not array.size:
        raise EvalcoreError(
            f"found {name} of shape {array.shape}, expected (samples, ...) with one number or more"
        )
    return _finite(name, array)


def _finite(name: str, array: NDArray[Any]) -> Floats:
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise EvalcoreError(f"found {name} of type {array.dtype}, expected real numbers")
    numbers = array.astype(np.float64)
    bad = ~np.isfinite(numbers)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise EvalcoreError(
            f"found {numbers[place]} in the {name} at {list(place)}, and {int(bad.sum())} numbers "
            "in all that are not finite; leave their samples out, or fill them in"
        )
    return numbers
