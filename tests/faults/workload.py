"""A plugin for the tests that kill runs: its model writes down each call that it is asked."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from evalcore import (
    Attempt,
    Case,
    Component,
    Generation,
    LanguageModel,
    Message,
    Sample,
    Score,
    Settings,
    Strategy,
    Task,
    hookimpl,
)


@hookimpl
def evalcore_tasks():
    return [Component("sums", "Sums", "workload:Sums", "workload:SumsSettings")]


@hookimpl
def evalcore_models():
    return [Component("counted", "Counts", "workload:Counted", "workload:CountedSettings")]


@hookimpl
def evalcore_strategies():
    return [Component("steps", "Several calls", "workload:Steps", "workload:StepsSettings")]


class SumsSettings(Settings):
    count: int
    broken_at: int | None = None
    """Where the task raises."""


class Sums(Task[SumsSettings]):
    workers = 2

    def cases(self):
        for i in range(self.settings.count):
            if i == self.settings.broken_at:
                raise OSError("the disk is gone")
            yield Case(Sample(f"s{i}", f"{i} " * 40), i)

    def score(self, case, attempt):
        return Score(float(len(attempt.answer) % 2), "odd" if len(attempt.answer) % 2 else "even")

    def size(self):
        return self.settings.count


class CountedSettings(Settings):
    log: str
    """File to which each call is added, as a line."""
    seconds: float = 0.001
    key: str = ""


class Counted(LanguageModel[CountedSettings]):
    async def open(self):
        self._log = os.open(self.settings.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def generate(self, request):
        line = f"{request.sample} {request.attempt} {request.call} {request.seed} {request.stop}\n"
        os.write(self._log, line.encode())
        await asyncio.sleep(self.settings.seconds * (request.seed % 3))
        if self.settings.key:
            raise RuntimeError(f"refused: {self.settings.key}")
        return Generation("x" * (request.seed % 500), "stop", 10, 5)

    async def close(self):
        os.close(self._log)


class StepsSettings(Settings):
    calls: int = 3
    mark: str = "none"


class Steps(Strategy[StepsSettings]):
    async def attempt(self, sample, context):
        messages = [Message("user", sample.input)]
        for _ in range(self.settings.calls):
            answer = await context.model.generate(messages, stop=(self.settings.mark,))
            messages.append(Message("assistant", answer.text))
        return Attempt(messages[-1].content, tuple(messages))


def calls(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []
