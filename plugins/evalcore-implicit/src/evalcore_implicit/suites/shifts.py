"""Settings of tasks that are drawn by chance, and the grids of their shifts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from evalcore.errors import TaskError
from evalcore.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Axis", "DrawnSettings", "UniformSettings", "check_size", "with_inside"]

Axis = Literal["range", "offset", "length"]

_HALF_DECADES = tuple(10 ** (k / 2) for k in range(11))
"""logspace(0, 5, 11)."""
_FULL = tuple(10 ** (1 + 4 * k / 99) for k in range(100))
"""logspace(1, 5, 100)."""
_LENGTHS = (1, 2, 3, 5, 7, 10)
_MOST_NUMBERS = 2**29

Number = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


class DrawnSettings(Settings):
    """How often a task is drawn, and how far from the training data it is tried."""

    drawings: int = Field(5, ge=1)
    """How many samples the task has, each with training and test data of its own."""
    shifts: tuple[Number, ...] | None = Field(None, min_length=1)
    """Where to try what was learned, on the task's axis; a grid of it where not set. The place of
    the training data is added where it is not among them."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Of the data: drawing i and each of its shifts have numbers of their own, by this seed."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        given = self.shifts or ()
        if twice := sorted({at for at in given if given.count(at) > 1}):
            raise ValueError(f"`shifts` has {twice[0]:g} twice, expected each once")
        return self


class UniformSettings(DrawnSettings):
    """Independent uniform inputs, the training ones from -bound to bound.

    The test inputs are drawn by `axis` and a number of `shifts`: `range` s, from -s/2 to s/2, the
    training data being at s = 2 * bound; `offset` c, from c - bound to c + bound, the training data
    being at 0; `length` T, of sequences of T numbers.
    """

    axis: Axis = "range"
    """What the test data differ in from the training data: the range or the offset of the inputs,
    or the length of the sequences where the task has sequences."""
    samples: int = Field(10_000, ge=1)
    """Training samples of a drawing."""
    test_samples: int = Field(1000, ge=2)
    """Test samples at each shift."""
    full: bool = False
    """Instead of `shifts`, on the axes `range` and `offset`: the hundred shifts of the published
    curves, bound * logspace(1, 5, 100)."""
    bound: float = Field(1.0, gt=0, le=1e12, allow_inf_nan=False)
    """Greatest size of a training input."""

    @model_validator(mode="after")
    def _fits_the_axis(self) -> Self:
        if self.full and (self.shifts is not None or self.axis == "length"):
            raise ValueError("`full` is a grid of ranges or offsets, and stands without `shifts`")
        for at in self.shifts or ():
            if self.axis == "range" and not at:
                raise ValueError("`shifts` has 0: a range is more than 0; 2 * bound is training's")
            if self.axis == "length" and (at < 1 or at != math.floor(at)):
                raise ValueError(f"`shifts` has {at:g}: a length is a whole number from 1")
        return self

    def inside(self, length: int) -> float:
        """Where on the axis the training data lie.

        Args:
            length: of a training sample.
        """
        return {"range": 2 * self.bound, "offset": 0.0, "length": float(length)}[self.axis]

    def grid(self, length: int) -> tuple[float, ...]:
        """The shifts in ascending order, the place of the training data among them.

        Without `shifts`: the places of bound * logspace(0, 5, 11) that lie beyond the training
        data, for a range and an offset; up to ten times the training length.

        Args:
            length: of a training sample.
        """
        inside = self.inside(length)
        if self.shifts is not None:
            return with_inside(self.shifts, inside)
        if self.axis == "length":
            return tuple(float(length * times) for times in _LENGTHS)
        least = 2 if self.axis == "range" else 0
        factors = _FULL if self.full else _HALF_DECADES
        places = [self.bound * at for at in factors if at > least]
        return with_inside(places, inside)


def check_size(numbers: int, remedy: str) -> None:
    """Refuse to draw more data than is reasonable.

    Args:
        numbers: of 8 bytes, in the arrays of a drawing.
        remedy: which settings to change, and how.

    Raises:
        TaskError: if a drawing has more than 4 GiB.
    """
    if numbers > _MOST_NUMBERS:
        raise TaskError(
            f"a drawing would take {numbers / 2**27:.1f} GiB, expected at most "
            f"{_MOST_NUMBERS / 2**27:g}: {remedy}"
        )


def with_inside(shifts: Sequence[float], inside: float) -> tuple[float, ...]:
    """The shifts in ascending order, with the place of the training data once."""
    others = [at for at in shifts if not math.isclose(at, inside, rel_tol=1e-9)]
    return tuple(sorted([*others, inside]))
