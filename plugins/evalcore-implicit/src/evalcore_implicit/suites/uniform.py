"""What the tasks with independent uniform inputs and a noise-free truth have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from evalcore.data import Case, Sample
from evalcore.task import Task
from evalcore_implicit.suites.drawing import Drawing, Shift, generator, generator_at
from evalcore_implicit.suites.scoring import Point, predictions, regression, scored
from evalcore_implicit.suites.shifts import UniformSettings, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalcore.data import Attempt, Score
    from evalcore_implicit.suites.scoring import Better

__all__ = ["Floats", "Rule", "UniformTask"]

S = TypeVar("S", bound=UniformSettings)

Floats = NDArray[np.float64]
Rule = Callable[[Floats], NDArray[Any]]
"""From inputs of shape (samples, width) to their targets, without noise."""


class UniformTask(Task[S]):
    """Learn a function from inputs in a small range; predict it where the inputs are others.

    A sample is a drawing: `Sample.public` is a `Drawing`, the hidden side the targets at each of
    its shifts. Its training data, and the data at each shift, are drawn by generators of their own,
    so that a shift has the same data whatever the others are.
    """

    measure: ClassVar[str] = "mse"
    better: ClassVar[Better] = "lower"

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers in a training sample."""

    @property
    def columns(self) -> int:
        """Outputs, or classes, of a sample."""
        return 1

    @abstractmethod
    def rule(self, rng: np.random.Generator) -> Rule:
        """The function of a drawing."""

    def measured(self, outputs: Floats, truth: NDArray[Any]) -> dict[str, float]:
        """The measures at one shift.

        Args:
            outputs: shape (samples, columns).
            truth: what the rule gave for the same inputs.
        """
        return regression(outputs, truth)

    def cases(self) -> Iterator[Case]:
        """The drawings, each made when it is asked for."""
        return (self._case(number) for number in range(self.settings.drawings))

    def size(self) -> int:
        """The number of drawings."""
        return self.settings.drawings

    def preflight(self) -> None:
        """Tell whether a drawing would be too large.

        Raises:
            TaskError: if it has more than 4 GiB.
        """
        settings = self.settings
        tested = sum(self._width_at(at) for at in settings.grid(self.width))
        check_size(
            settings.samples * self.width + settings.test_samples * tested,
            "lower `samples` or `test_samples`, or set fewer or smaller `shifts`",
        )

    def score(self, case: Case, attempt: Attempt) -> Score:
        """The main measure in distribution; on record, all measures at every shift.

        Raises:
            TaskError: if the answer is not an array of the right shape for every shift, or not
                finite.
        """
        shifts = case.sample.public.shifts
        answered = predictions(attempt.answer, shifts, self.columns)
        inside = self.settings.inside(self.width)
        curve = [
            Point(shift.at, self.measured(outputs, truth), len(truth), shift.at == inside)
            for shift, outputs, truth in zip(shifts, answered, case.hidden, strict=True)
        ]
        return scored(self.settings.axis, self.measure, self.better, curve)

    def _case(self, number: int) -> Case:
        settings = self.settings
        rng = generator(settings.seed, number)
        rule = self.rule(rng)
        inputs = rng.uniform(-settings.bound, settings.bound, (settings.samples, self.width))
        shifts = tuple(self._shift(number, at) for at in settings.grid(self.width))
        sample = Sample(
            f"drawing-{number}",
            f"Learn a function from {settings.samples} samples and predict it at "
            f"{len(shifts)} shifts of {settings.axis}.",
            Drawing(inputs, rule(inputs), shifts),
            {"drawing": number},
        )
        return Case(sample, tuple(rule(np.asarray(shift.inputs)) for shift in shifts))

    def _shift(self, number: int, at: float) -> Shift:
        settings = self.settings
        low, high = -settings.bound, settings.bound
        if settings.axis == "range":
            low, high = -at / 2, at / 2
        elif settings.axis == "offset":
            low, high = at + low, at + high
        rng = generator_at(settings.seed, number, at)
        return Shift(at, rng.uniform(low, high, (settings.test_samples, self._width_at(at))))

    def _width_at(self, at: float) -> int:
        return int(at) if self.settings.axis == "length" else self.width
