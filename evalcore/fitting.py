"""What a worker process does for an estimator: its fit, and predictions from it.

What a fit learned goes back and forth as bytes: the process of the run imports nothing to read it.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore.encoding import encode
from evalcore.model import Estimator, Fitted, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from evalcore.settings import Settings

__all__ = ["Learned", "fit", "predict"]


class Learned(NamedTuple):
    """What a fit learned, on its way between processes.

    Attributes:
        state: `Fitted.state`, pickled.
        details: as `Fitted` has them.
    """

    state: bytes
    details: Mapping[str, Any]


def fit(
    cls: type[Estimator[Any]],
    settings: Settings,
    inputs: NDArray[Any],
    targets: NDArray[Any],
    seed: int,
    *,
    tell: Callable[[float], None],
) -> Learned:
    """Fit an estimator of this class.

    Raises:
        TypeError: if what it returns is not what `Estimator.fit` returns.
    """
    fitted = cls(settings).fit(inputs, targets, seed=seed, tell=tell)
    if not isinstance(fitted, Fitted):
        raise TypeError(f"fit returned {type(fitted).__name__}, expected Fitted")
    _check_details(fitted.details)
    return Learned(pickle.dumps(fitted.state, pickle.HIGHEST_PROTOCOL), fitted.details)


def predict(
    cls: type[Estimator[Any]],
    settings: Settings,
    state: bytes,
    inputs: NDArray[Any],
    *,
    tell: Callable[[float], None],
) -> Prediction:
    """Predict with an estimator of this class, from the state of a fit.

    Raises:
        TypeError, ValueError: if what it returns is not what `Estimator.predict` returns.
    """
    prediction = cls(settings).predict(pickle.loads(state), inputs)  # noqa: S301 - its own
    if not isinstance(prediction, Prediction):
        raise TypeError(f"predict returned {type(prediction).__name__}, expected Prediction")
    import numpy as np

    outputs = np.asarray(prediction.outputs)
    if outputs.ndim != 2 or len(outputs) != len(inputs):
        raise ValueError(
            f"predict returned outputs of shape {outputs.shape}, expected ({len(inputs)}, outputs)"
        )
    _check_details(prediction.details)
    return Prediction(outputs, prediction.details)


def _check_details(details: Mapping[str, Any]) -> None:
    try:
        encode(details)
    except Exception as error:
        raise TypeError(f"the details cannot be written as JSON: {error}") from None
