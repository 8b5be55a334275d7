"""Task `example-sums`: sums of two whole numbers."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from evalcore import Attempt, Case, Sample, Score, Settings, Task
from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Iterator


class SumsSettings(Settings):
    """Which sums are asked for."""

    count: int = Field(default=20, ge=1)
    """How many sums."""
    digits: int = Field(default=2, ge=1, le=9)
    """How many digits each number has at most."""
    seed: int = 0
    """Which numbers are drawn."""


class Sums(Task[SumsSettings]):
    """Yields questions with their answers hidden, and scores what comes back."""

    def cases(self) -> Iterator[Case]:
        """Draw the numbers; the same settings draw the same ones."""
        settings = self.settings
        draw = random.Random(settings.seed)
        for i in range(settings.count):
            a, b = (draw.randrange(10**settings.digits) for _ in range(2))
            sample = Sample(
                id=str(i),
                input=f"What is {a} + {b}? Answer with the number alone.",
                metadata={"carries": a % 10 + b % 10 > 9},
            )
            yield Case(sample, hidden=str(a + b))

    def score(self, case: Case, attempt: Attempt) -> Score:
        """1 if the last number of the answer is the sum."""
        numbers = re.findall(r"-?\d+", str(attempt.answer))
        if not numbers:
            return Score(0.0, label="no number")
        right = numbers[-1] == case.hidden
        return Score(1.0 if right else 0.0, label="right" if right else "wrong")

    def size(self) -> int:
        """The number of sums, for the display of progress."""
        return self.settings.count
