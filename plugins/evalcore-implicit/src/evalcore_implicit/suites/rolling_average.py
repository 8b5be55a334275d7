"""Task `rolling-average`: the mean of a sequence of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from evalcore_implicit.suites.shifts import UniformSettings
from evalcore_implicit.suites.uniform import UniformTask

if TYPE_CHECKING:
    from evalcore_implicit.suites.uniform import Floats, Rule

__all__ = ["RollingAverage", "RollingAverageSettings"]


class RollingAverageSettings(UniformSettings):
    """The data of averages."""

    length: int = Field(10, ge=1)
    """Numbers in a training sequence."""
    target: Literal["mean", "running"] = "mean"
    """`mean`: of the whole sequence. `running`: of its first 1, 2, ... numbers, as many outputs as
    the sequence is long."""

    @model_validator(mode="after")
    def _one_number_of_outputs(self) -> Self:
        if self.axis == "length" and self.target == "running":
            raise ValueError(
                "a running average of other lengths has other outputs than were learned: set "
                "`target: mean`, or another axis"
            )
        return self


class RollingAverage(UniformTask[RollingAverageSettings]):
    """The mean of a sequence; inputs of shape (samples, length)."""

    @property
    def width(self) -> int:
        """The length of a training sequence."""
        return self.settings.length

    @property
    def columns(self) -> int:
        """One mean, or one after each number."""
        return self.settings.length if self.settings.target == "running" else 1

    def rule(self, rng: np.random.Generator) -> Rule:
        """The mean, of every drawing."""
        return _running_mean if self.settings.target == "running" else _mean


def _mean(inputs: Floats) -> Floats:
    means: Floats = inputs.mean(axis=1, keepdims=True)
    return means


def _running_mean(inputs: Floats) -> Floats:
    means: Floats = np.cumsum(inputs, axis=1) / np.arange(1, inputs.shape[1] + 1)
    return means
