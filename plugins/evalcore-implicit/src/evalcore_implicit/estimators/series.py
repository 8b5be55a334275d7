"""What the estimators of series alone share: windows of the past, and what is wanted of the future.

An input is a row of the last values of a series, the newest last: daily log returns in percent
where a volatility or a return is the target, else the values themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.samples import Samples, check_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["check_windows", "repeated", "windows"]


def windows(inputs: Floats, least: int = 1) -> Floats:
    """Inputs as windows, shape (samples, look_back).

    Raises:
        EvalcoreError: if they are not of that shape, or shorter than `least`.
    """
    rows = inputs[:, :, 0] if inputs.ndim == 3 and inputs.shape[2] == 1 else inputs
    if rows.ndim != 2:
        raise EvalcoreError(
            f"found inputs of shape {inputs.shape}, expected windows of a series: "
            "(samples, look_back)"
        )
    if rows.shape[1] < least:
        raise EvalcoreError(
            f"found windows of {rows.shape[1]} values, expected {least} or more: raise `look_back` "
            "of the task, or lower `horizon`"
        )
    return rows


def check_windows(inputs: NDArray[Any], targets: NDArray[Any]) -> Samples:
    """Training data with values as targets.

    Raises:
        EvalcoreError: if they are not finite, or the targets are classes.
    """
    samples = check_samples(inputs, targets)
    if samples.classes:
        raise EvalcoreError("found classes as targets, expected the values of a series")
    return samples


def repeated(forecast: Floats, outputs: int) -> Floats:
    """The same forecast for each output, shape (samples, outputs)."""
    return np.repeat(forecast[:, None], outputs, axis=1)
