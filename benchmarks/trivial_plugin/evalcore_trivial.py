"""A plugin of two parts that do next to nothing, so that what is measured is evalcore itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from evalcore import (
    Attempt,
    Case,
    Component,
    Generation,
    LanguageModel,
    Request,
    Sample,
    Score,
    Settings,
    Task,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = "42"


@hookimpl
def evalcore_tasks() -> list[Component]:
    return [
        Component(
            name="trivial",
            summary="One-line questions, all with one answer",
            path="evalcore_trivial:Trivial",
            settings="evalcore_trivial:TrivialSettings",
        )
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    return [
        Component(
            name="fixed",
            summary="Gives one answer to everything",
            path="evalcore_trivial:Fixed",
            settings="evalcore_trivial:FixedSettings",
        )
    ]


class TrivialSettings(Settings):
    samples: int


class Trivial(Task[TrivialSettings]):
    def cases(self) -> Iterator[Case]:
        for number in range(self.settings.samples):
            yield Case(Sample(str(number), f"What is {number} * 0 + 42?"), ANSWER)

    def score(self, case: Case, attempt: Attempt) -> Score:
        right = attempt.answer == case.hidden
        return Score(float(right), "right" if right else "wrong")

    def size(self) -> int:
        return self.settings.samples


class FixedSettings(Settings):
    seconds: float = 0.0


class Fixed(LanguageModel[FixedSettings]):
    async def generate(self, request: Request) -> Generation:
        if self.settings.seconds:
            await asyncio.sleep(self.settings.seconds)
        return Generation(ANSWER, prompt_tokens=8, completion_tokens=1)
