"""What the estimators of series alone share: windows of the past, and what is wanted of the future.

An input is a row of the last values of a series, the newest last: daily log returns in percent
where a volatility or a return is the target, else the values themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.samples import Samples, check_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Target", "check_targets", "check_windows", "repeated", "seen_last", "windows"]

Target = Literal["value", "returns", "volatility"]

_FURTHEST = 60
"""Steps ahead up to which a value is looked for."""

_MOST = 0.5
"""Share of the targets from which on they are taken for what is forecast."""


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


def seen_last(rows: Floats, target: Target, horizon: int) -> Floats:
    """What the target was at the end of each window, shape (samples,).

    Of `value` it is the last one; of `returns` the sum of the last `horizon` of them, of
    `volatility` the root of their mean square.
    """
    last = rows[:, -horizon:]
    seen: Floats = rows[:, -1]
    if target == "returns":
        seen = last.sum(axis=1)
    elif target == "volatility":
        seen = np.sqrt(np.square(last).mean(axis=1))
    return seen


def check_targets(rows: Floats, targets: Floats, target: Target, horizon: int) -> None:
    """Look whether targets are what is forecast, where the next windows show what came.

    Args:
        rows: windows of training, shape (samples, look_back).
        targets: shape (samples, outputs).
        target: what is forecast.
        horizon: of `returns` and `volatility`; a `value` may be of any step ahead, up to 60.

    Raises:
        EvalcoreError: if most of them are something else.
    """
    steps = range(1, _FURTHEST + 1) if target == "value" else [horizon]
    shares = [_share_that_came(rows, targets, target, step) for step in steps]
    known = [share for share in shares if share is not None]
    if known and max(known) < _MOST:
        over = "" if target == "value" else f" with `horizon: {horizon}`"
        raise EvalcoreError(
            f"the targets are not the `target: {target}`{over} of the series that the windows are "
            "cut from: set `target` and `horizon` of the model as those of the task"
        )


def _share_that_came(rows: Floats, targets: Floats, target: Target, steps: int) -> float | None:
    """How many targets are what came; none where no windows follow each other for so long."""
    if len(rows) <= steps:
        return None
    follows = np.concatenate([[0], np.cumsum((rows[1:, :-1] == rows[:-1, 1:]).all(axis=1))])
    whole = follows[steps:] - follows[:-steps] == steps
    if not whole.any():
        return None
    came = np.lib.stride_tricks.sliding_window_view(rows[1:, -1], steps)[whole]
    seen = seen_last(came, target, steps)
    right = np.isclose(seen[:, None], targets[:-steps][whole], rtol=1e-6, atol=1e-12)
    return float(right.any(axis=1).mean())


def repeated(forecast: Floats, outputs: int) -> Floats:
    """The same forecast for each output, shape (samples, outputs)."""
    return np.repeat(forecast[:, None], outputs, axis=1)
