"""What all tasks of images have in common."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic import Field

from evalcore.data import Case, Sample
from evalcore.task import Task
from evalcore_implicit.images.attacks import AttackSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.data import Attempt, Score
    from evalcore_implicit.images.drawing import Images

__all__ = ["Drawn", "ImageSettings", "ImageTask"]


class ImageSettings(AttackSettings):
    """What is drawn, and how contenders are attacked."""

    drawings: int = Field(5, ge=1)
    """How many samples the task has, each with images of its own."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Of all that is drawn, and of the attacks."""


S = TypeVar("S", bound=ImageSettings)


class Drawn(NamedTuple):
    """Images of one drawing, and the classes of those to be tested with."""

    images: Images
    test_labels: NDArray[np.int64]


class ImageTask(Task[S]):
    """Learn classes of images; answer with classifiers, which the task tests and attacks.

    `Sample.public` is `Images`, the hidden side the classes of its test images. An answer is a
    sequence of `Contender`; the score is the share of test images that the first of them tells
    right. On record, under `contenders`, is each of them: `name`, `strength`, `accuracy`;
    `agreement`, the share of test images that it puts in the same class as the one called
    `teacher`; `weights` that are not 0, in `total` and by matrix; their `share` of those of the
    teacher; `operations`, `iterations` and `norm` as the strategy has them; `sensitivity`, the
    largest sum of a row of its matrix S, and `radius`, the mean over the attacked images of the
    change of all pixels up to which S certifies the class, 0 where the class is wrong; and
    `attacks`, the accuracy by attack and strength. What is not known is `None`.
    """

    workers = os.cpu_count() or 1

    @abstractmethod
    def drawn(self, number: int) -> Drawn:
        """The images of a drawing, the same whenever they are asked for."""

    def cases(self) -> Iterator[Case]:
        """The drawings, each made when it is asked for."""
        return (self._case(number) for number in range(self.settings.drawings))

    def size(self) -> int:
        """The number of drawings."""
        return self.settings.drawings

    def score(self, case: Case, attempt: Attempt) -> Score:
        """Test and attack every contender.

        Raises:
            TaskError: if the answer is no sequence of contenders, or one of them does not take the
                images, or gives no scores of classes.
        """
        from evalcore_implicit.images.scoring import scored

        number, labels = case.hidden
        seed = (self.settings.seed, number)
        return scored(attempt.answer, case.sample.public.test_inputs, labels, self.settings, seed)

    def _case(self, number: int) -> Case:
        images, test_labels = self.drawn(number)
        sample = Sample(
            f"drawing-{number}",
            f"Learn {len(set(images.labels.tolist()))} classes from {len(images.labels)} images "
            f"and tell {len(test_labels)} others.",
            images,
            {"drawing": number},
        )
        return Case(sample, (number, test_labels))
