"""Task `identity`: give back what was given, in a range that was not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from evalcore_implicit.suites.shifts import UniformSettings
from evalcore_implicit.suites.uniform import UniformTask

if TYPE_CHECKING:
    import numpy as np

    from evalcore_implicit.suites.uniform import Rule

__all__ = ["Identity", "IdentitySettings"]


class IdentitySettings(UniformSettings):
    """The data of the identity."""

    axis: Literal["range", "offset"] = "range"
    """What the test inputs differ in from the training inputs, their range or their offset."""
    dim: int = Field(10, ge=1)
    """Numbers in a sample."""


class Identity(UniformTask[IdentitySettings]):
    """The targets are the inputs (Decugis et al., arXiv:2407.14430).

    Inputs from -(k + shift) to k + shift, where k is the bound of training, are those of the range
    2 * (k + shift).
    """

    @property
    def width(self) -> int:
        """Numbers in a sample."""
        return self.settings.dim

    @property
    def columns(self) -> int:
        """As many outputs as inputs."""
        return self.settings.dim

    def rule(self, rng: np.random.Generator) -> Rule:
        """The identity, of every drawing."""
        return lambda inputs: inputs.copy()
