"""Task `rolling-argmax`: where the greatest number of a sequence stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from evalcore.errors import TaskError
from evalcore_implicit.suites.scoring import classification
from evalcore_implicit.suites.shifts import UniformSettings
from evalcore_implicit.suites.uniform import UniformTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evalcore.data import Case
    from evalcore_implicit.suites.scoring import Better
    from evalcore_implicit.suites.uniform import Floats, Rule

__all__ = ["RollingArgmax", "RollingArgmaxSettings"]


class RollingArgmaxSettings(UniformSettings):
    """The data of positions."""

    axis: Literal["range", "offset"] = "range"
    """What the test inputs differ in from the training inputs, their range or their offset."""
    length: int = Field(10, ge=2)
    """Numbers in a sequence, and classes."""

    @field_validator("axis", mode="before")
    @classmethod
    def _no_lengths(cls, axis: Any) -> Any:
        if axis == "length":
            raise ValueError(
                "the classes are the positions, and those of longer sequences were not learned: "
                "set `range` or `offset`, or use rolling-average for lengths"
            )
        return axis

    @model_validator(mode="after")
    def _samples_of_all(self) -> Self:
        if self.samples < self.length:
            raise ValueError(
                f"found {self.samples} training samples, expected more than the {self.length} "
                "positions: raise `samples`"
            )
        return self


class RollingArgmax(UniformTask[RollingArgmaxSettings]):
    """The position of the greatest number of a sequence, as a class; of equal ones the first.

    At a great offset numbers of single precision are often equal where these are not: at 1e5 about
    one in 256 pairs of numbers from a range of 2.
    """

    measure: ClassVar[str] = "accuracy"
    better: ClassVar[Better] = "higher"

    @property
    def width(self) -> int:
        """The length of a sequence."""
        return self.settings.length

    @property
    def columns(self) -> int:
        """A class for each position."""
        return self.settings.length

    def rule(self, rng: np.random.Generator) -> Rule:
        """The position, of every drawing."""
        return _position

    def measured(self, outputs: Floats, truth: NDArray[Any]) -> dict[str, float]:
        """Accuracy and cross-entropy."""
        return classification(outputs, truth)

    def cases(self) -> Iterator[Case]:
        """The drawings.

        Raises:
            TaskError: if a position is not among the training data.
        """
        for case in super().cases():
            found = len(np.unique(case.sample.public.targets))
            if found < self.settings.length:
                raise TaskError(
                    f"{case.sample.id} has training samples of {found} of {self.settings.length} "
                    "positions, expected all of them: raise `samples`"
                )
            yield case


def _position(inputs: Floats) -> NDArray[np.int64]:
    positions: NDArray[np.int64] = inputs.argmax(axis=1).astype(np.int64)
    return positions
