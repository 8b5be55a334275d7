"""Metric `model-size`: what a fitted model holds, and what it takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_implicit.metrics.curves import by_sample, estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Floats = NDArray[np.float64]

__all__ = ["ModelSize", "ModelSizeSettings"]

_PARTS = ("parameters", "operations", "seconds")


class ModelSizeSettings(Settings):
    """There is nothing to set."""


class ModelSize(Metric[ModelSizeSettings]):
    """Size of the fitted models.

    `parameters` learned, `operations` of one prediction (multiplications with additions), and
    `seconds` of the processor that the fit took; each where the model tells it.
    """

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """The parts that a model tells."""
        samples, columns = _columns(scores)
        return {
            name: estimate(column, samples, within=(0, math.inf))
            for name, column in columns.items()
        }

    def per_sample(self, scores: Scores) -> Mapping[str, Floats]:
        """Those of each drawing."""
        samples, columns = _columns(scores)
        return {name: by_sample(column, samples, scores) for name, column in columns.items()}


def _columns(scores: Scores) -> tuple[NDArray[np.int64], dict[str, Floats]]:
    """The samples of the attempts that did not fail, and what their fits have on record."""
    kept = np.flatnonzero(~scores.failed)
    found = scores.details(*(f"details.fit.{name}" for name in _PARTS))
    columns = {
        name: np.array([np.nan if of[i] is None else float(of[i]) for i in kept])
        for name, of in zip(_PARTS, found, strict=True)
    }
    known = {name: column for name, column in columns.items() if not np.isnan(column).all()}
    return scores.sample[kept], known
