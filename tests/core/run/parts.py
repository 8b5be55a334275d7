"""Components that a test makes of functions, and runs of them."""

from __future__ import annotations

import json
from typing import Any

from evalcore import Attempt, Case, Sample, Score, Settings, Strategy, Task
from evalcore.rundir import open_store
from evalcore.session import run_spec
from evalcore.spec import load_spec

HIDDEN = "the hidden truth of a sample"


def samples(count):
    return [Case(Sample(f"s{i:03}", f"{i} + 1"), i + 1) for i in range(count)]


def task_of(cases=5, *, score=None, feedback=None, **methods):
    """A task; `cases` is a number, a list or a function that yields."""

    class Made(Task[Settings]):
        def cases(self):
            if callable(cases):
                return cases()
            return iter(samples(cases) if isinstance(cases, int) else cases)

        def score(self, case, attempt):
            if score:
                return score(case, attempt)
            right = attempt.answer == str(case.hidden)
            return Score(float(right), "right" if right else "wrong")

    for name, method in {"feedback": feedback, **methods}.items():
        if method is not None:
            setattr(Made, name, method)
    return Made


def strategy_of(attempt):
    """A strategy of a coroutine function of sample and context."""

    class Made(Strategy[Settings]):
        async def attempt(self, sample, context):
            return await attempt(sample, context)

    return Made


async def asks(sample, context):
    """One call; the answer is the attempt."""
    return Attempt((await context.model.generate(sample.input)).text)


async def adds(sample, context):
    """The right answer, without a model."""
    return Attempt(str(int(sample.input.split()[0]) + 1))


def write_spec(folder, **keys):
    spec = {"evalcore": 1, "name": "test", "reports": [], "task": "numbers", "strategy": "made"}
    file = folder / "spec.json"
    file.write_text(json.dumps({**spec, **keys}))
    return file


def run(folder, *, session: dict[str, Any] | None = None, **keys):
    """Run a spec of the given keys in the folder `run`: how it ended."""
    spec = load_spec(write_spec(folder, **keys))
    return run_spec(spec, folder / "run", **(session or {}))


def records(folder):
    store = open_store(folder / "run")
    try:
        return list(store.records())
    finally:
        store.close()


def outline(folder):
    """What of the records must be the same, however the run went."""
    return [
        (r.cell, r.sample, r.attempt, r.seed, r.answer, r.score, r.messages, r.details, r.metadata)
        for r in records(folder)
    ]
